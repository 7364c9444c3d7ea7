"""WeChat's stand-in over real HTTP, one per test process."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from wechat_sandbox import create_app


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """Base address of a running sandbox, without a trailing slash. Its control key is `sandbox`."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(), log_level="critical", access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="wechat-sandbox")
    thread.start()
    # The listener queues connections from the start; this only catches a server that fails to come up.
    deadline = time.monotonic() + 10
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.started
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()
