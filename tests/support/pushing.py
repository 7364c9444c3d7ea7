"""The service behind a real socket, so that WeChat's stand-in pushes to it and fetches its pictures."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn

from app.core.settings import Settings
from app.models.common import PushEvent
from app.tasks.delivery import Outcome, deliver_due
from demo.stack import free_port
from tests.factories.world import World
from tests.support.api import count, until

PUSHED: Any = PushEvent.__table__.c  # type: ignore[attr-defined]
APPS = ("zhipin", "linggong")


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The signals belong to the test run."""
        yield


def reachable(settings: Settings, **changes: Any) -> Settings:
    """With an address of its own that signed links name. Give it to `online`."""
    return settings.model_copy(update={"public_base_url": f"http://127.0.0.1:{free_port()}"} | changes)


@contextlib.asynccontextmanager
async def online(world: World) -> AsyncIterator[None]:
    """Serve the application of `world.api` at its public address, in this loop; both mini-programs push to it."""
    address = world.runtime.settings.public_base_url
    listener = socket.create_server(("127.0.0.1", int(address.rsplit(":", 1)[1])))
    app = world.api.app  # type: ignore[attr-defined]
    config = uvicorn.Config(
        app, log_level="critical", access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=1
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        for name in APPS:
            await wechat(world, "/_sbx/push-config", app=name, url=f"{address}/api/v1/wechat/push/{name}")
        yield
    finally:
        server.should_exit = True
        await running
        listener.close()


async def wechat(world: World, path: str, /, **body: Any) -> dict[str, Any]:
    """A control of the sandbox that may call us back meanwhile: not from this loop's own thread."""
    return await asyncio.to_thread(world.sandbox.post, path, **body)


async def push(world: World, event: dict[str, Any], person: str | None = None, **forgery: Any) -> dict[str, Any]:
    """WeChat pushes this; the last attempt's answer."""
    form = {"app": "zhipin", "event": event, "person": person} | forgery
    told = await wechat(world, "/_sbx/push", **form)
    last: dict[str, Any] = told["pushes"][-1]
    return last


async def work(world: World) -> Outcome:
    """One round of the worker."""
    return await deliver_due(world.runtime, "w")


async def arrived(world: World, number: int, name: str = "wxa_media_check") -> None:
    """That many events of this name are stored."""

    async def there() -> bool:
        return await count(world, PushEvent.__table__, PUSHED.event == name) >= number  # type: ignore[attr-defined]

    await until(there)
