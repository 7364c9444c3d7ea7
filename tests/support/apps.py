"""The application in this process, with a client: made once per worker and lent to one test after another.

At its first request an application looks at the signatures of all routes, which takes seconds; that is done once for each
that ever runs at the same time. Settings, clock and runtime are the test's own.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
from fastapi import FastAPI

from app.core.clock import Clock
from app.core.settings import Settings
from app.main import create_app
from tests.support.contract import Contract

_spare: list[FastAPI] = []
_contracts: list[Contract] = []


@contextmanager
def lent(settings: Settings, clock: Clock) -> Iterator[FastAPI]:
    app = _spare.pop() if _spare else create_app(settings, clock)
    app.state.settings, app.state.clock, app.state.draining = settings, clock, asyncio.Event()
    yield app
    # Not where the test failed inside: whatever it left behind goes with it.
    _spare.append(app)


def contract_of(app: FastAPI) -> Contract:
    """One per worker: the document is the same for every app, and its validators are dear to make."""
    if not _contracts:
        _contracts.append(Contract(app.openapi()))
    return _contracts[0]


@asynccontextmanager
async def entered(settings: Settings, clock: Clock, *, checked: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """Started as a process would start it, and stopped. `checked`: every answer must agree with the document."""
    with lent(settings, clock) as app:
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
                client.app = app  # type: ignore[attr-defined]  # for tests that look at its state
                if checked:
                    client.event_hooks["response"].append(contract_of(app).check)
                yield client
