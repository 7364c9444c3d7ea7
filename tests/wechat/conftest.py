"""WeChat's stand-in over real HTTP, one per test process; our client on it; a service in small that takes its pushes."""

import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from app.core.clock import FixedClock
from app.core.settings import Settings
from app.services.runtime import Runtime, open_runtime
from app.wechat.client import WechatClient
from demo.client import Sandbox
from tests.wechat.support import Receiver, Wechat
from wechat_sandbox import create_app


@contextlib.contextmanager
def served(app: Any) -> Iterator[str]:
    """An application of this process behind a real socket; its base address without a trailing slash."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_level="critical", access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        # The listener queues connections from the start; this only catches a server that fails to come up.
        deadline = time.monotonic() + 10
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.started
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """Base address of a running sandbox. Its control key is `sandbox`."""
    with served(create_app()) as url:
        yield url


@pytest.fixture
def raw(sandbox_url: str) -> Iterator[Wechat]:
    """The sandbox as it is, without our client."""
    with httpx.Client(base_url=sandbox_url, timeout=10, trust_env=False) as http:
        client = Wechat(http)
        client.control("reset")
        yield client
        client.control("reset")


@pytest.fixture
def receiver(raw: Wechat, sandbox: Sandbox) -> Iterator[Receiver]:
    """Both mini-programs push to it, in safe mode. After the reset of `sandbox`, which would forget that."""
    del sandbox
    made = Receiver()
    with served(made.app) as made.url:
        for app in ("zhipin", "linggong"):
            raw.control("push-config", app=app, url=f"{made.url}/push/{app}")
        yield made
        # Nothing may be on its way any more when the address is gone.
        raw.control("reset")


@pytest.fixture
async def runtime(sandbox: Sandbox, sandbox_url: str, databases: Any, tmp_path: Path) -> AsyncIterator[Runtime]:
    """A process of ours on an empty SQLite file: what is under test here is no matter of the database."""
    url = databases.make("sqlite", seeded=False)
    settings = Settings(
        database_url=url, data_dir=tmp_path, wechat_api_base=sandbox_url, wechat_timeout_seconds=1.5,
        log_level="CRITICAL",
    )  # fmt: skip
    async with open_runtime(settings, FixedClock(datetime.now(UTC))) as opened:
        yield opened
    databases.drop(url)


@pytest.fixture
def wechat(runtime: Runtime) -> WechatClient:
    return runtime.wechat
