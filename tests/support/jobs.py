"""What several tests of the jobs domain arrange: a firm that hires, states set by hand, rows counted."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import event, func, select, update

from app.core.clock import Clock
from app.core.settings import Settings
from app.rules.identity.roles import Role, ScopeKind
from tests.factories.world import Someone, World, ok
from tests.support.apps import entered

OTHER_FIRM = "石狮市森鸿服装有限公司"
OTHER_BODY = "91350581MA0DEM0YY"
NOBODY = "019abcde-0000-7000-8000-00000000dead"
CONTENT_CHECK = "/wxa/msg_sec_check"
SEND = "/cgi-bin/message/subscribe/send"


def key() -> str:
    return uuid4().hex


@dataclass
class Hiring:
    """An approved firm with its recruiter."""

    world: World
    recruiter: Someone
    firm_id: str

    async def post(self, **changes: Any) -> dict[str, Any]:
        return await self.world.vacancy(self.recruiter, self.firm_id, **changes)

    async def form(self, **changes: Any) -> dict[str, Any]:
        return await self.world.vacancy_form(self.firm_id, **changes)

    async def step(self, application: dict[str, Any], state: str, **more: Any) -> httpx.Response:
        form = {"state": state, "expected_version": application["version"]} | more
        return await self.recruiter.post(f"/applications/{application['id']}/steps", form, key=key())


async def approved_firm(world: World) -> Hiring:
    recruiter, firm_id = await world.firm()
    return Hiring(world, recruiter, firm_id)


async def rival(world: World) -> Hiring:
    """Another approved firm."""
    recruiter, firm_id = await world.firm(OTHER_FIRM, OTHER_BODY)
    return Hiring(world, recruiter, firm_id)


async def unapproved(world: World) -> Hiring:
    """A recruiter by appointment of a firm whose papers nobody has seen."""
    recruiter = await world.person()
    firm = ok(await recruiter.get("/enterprises", name=OTHER_FIRM))[0]
    await world.appoint(recruiter, Role.RECRUITER, ScopeKind.ENTERPRISE, firm["id"])
    return Hiring(world, recruiter, firm["id"])


async def set_columns(world: World, model: Any, row_id: str | UUID, **values: Any) -> None:
    """Arrange a row that only time or a later issue's acts would bring about."""
    async with world.runtime.db.unit_of_work() as session:
        connection = await session.connection()
        done = await connection.execute(update(model).where(model.id == UUID(str(row_id))).values(**values))
        assert done.rowcount == 1


async def count(world: World, model: Any, *conditions: Any) -> int:
    async with world.runtime.db.connection() as connection:
        return int((await connection.execute(select(func.count()).select_from(model).where(*conditions))).scalar_one())


async def until(condition: Callable[[], Any]) -> None:
    """Polls; the limit only keeps a failing test from hanging."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


@contextmanager
def counted(engine: Any) -> Iterator[list[str]]:
    """The statements that run on an engine meanwhile."""
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


@asynccontextmanager
async def another_api(settings: Settings, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """A second instance of the application on the same database."""
    async with entered(settings, clock, checked=False) as client:
        yield client


def through(someone: Someone, client: httpx.AsyncClient) -> Someone:
    """The same person, speaking to another instance."""
    world = World(client, someone.world.sandbox, someone.world.clock)
    return Someone(world, someone.name, someone.app, someone.token, someone.id)
