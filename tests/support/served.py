"""The application of this process behind a real socket, with a worker beside it, and the town of the recipes in it."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.clock import SystemClock
from app.core.settings import Settings
from app.main import create_app
from app.rules.identity.roles import Role
from app.services.identity import staff
from app.services.runtime import open_runtime
from app.tasks.worker import run_worker
from demo.client import Sandbox
from demo.stack import free_port
from tests.support.recipes import Town


@contextlib.contextmanager
def served(app: FastAPI) -> Iterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, ws="none", timeout_keep_alive=300))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@contextlib.contextmanager
def working(settings: Settings) -> Iterator[None]:
    """A worker with engines of its own, in a thread of its own."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def work() -> None:
        async with open_runtime(settings) as runtime:
            await run_worker(runtime, stop)

    thread = threading.Thread(target=lambda: loop.run_until_complete(work()))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def execute(url: str, statement: str) -> None:
    async def run() -> None:
        engine = create_async_engine(url)
        try:
            async with engine.begin() as connection:
                await connection.execute(text(statement))
        finally:
            await engine.dispose()

    asyncio.run(run())


def bootstrap(settings: Settings, role: str, name: str) -> str:
    async def run() -> str:
        async with open_runtime(settings) as runtime, runtime.db.unit_of_work() as session:
            return await staff.bootstrap(session, staff_name=name, now=SystemClock().now(), role=Role.of(role))

    return asyncio.run(run())


@contextlib.contextmanager
def town_in(settings: Settings, sandbox: Sandbox) -> Iterator[tuple[Town, dict[str, Any]]]:
    """The town and the OpenAPI document of the application that serves it."""
    app = create_app(settings)
    with served(app) as url, working(settings):
        town = Town(
            url,
            sandbox,
            bootstrap=lambda role, name: bootstrap(settings, role, name),
            restock=lambda statement: execute(settings.database_url, statement),
        )
        with contextlib.closing(town):
            yield town, app.openapi()
