"""What several API tests need: every row counted, a second process on the same database, a person's own table rows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from sqlalchemy import func, select

from app.core.clock import Clock
from app.core.columns import metadata
from app.core.settings import Settings
from app.services.runtime import Runtime
from tests.factories.world import V1, Someone, World, ok
from tests.support.apps import entered

NOBODY = "019abcde-0000-7000-8000-00000000dead"
LOGIN = "/sns/jscode2session"
PHONE = "/wxa/business/getuserphonenumber"
# WeChat's token belongs to the process, not to a person: fetching it is no trace of a refused request.
# What was shown is written seconds after the answer.
TECHNICAL = {"app_token", "rate_bucket", "impression", "vacancy_exposure"}
# A refusal may be written down; that is the trace it is meant to leave.
REFUSALS = ("denied", "push_refused", "sign_in_failed")


async def stored(runtime: Runtime) -> dict[str, int]:
    """Table → number of rows, all tables."""
    tables = {name: table for name, table in metadata.tables.items() if name not in TECHNICAL}
    async with runtime.db.connection() as connection:
        counts = {
            name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for name, table in tables.items()
        }
        entries = tables["audit_entry"]
        denied = select(func.count()).select_from(entries).where(entries.c.act.in_(REFUSALS))
        counts["audit_entry"] -= (await connection.execute(denied)).scalar_one()
    return counts


@asynccontextmanager
async def nothing_stored(world: World) -> AsyncIterator[None]:
    """What happens inside leaves no row behind and takes none away."""
    before = await stored(world.runtime)
    yield
    assert await stored(world.runtime) == before


async def count(world: World, table: Any, *where: Any) -> int:
    async with world.runtime.db.connection() as connection:
        return int((await connection.execute(select(func.count()).select_from(table).where(*where))).scalar_one())


async def column(world: World, what: Any, *where: Any) -> Any:
    """One value of one row."""
    async with world.runtime.db.connection() as connection:
        return (await connection.execute(select(what).where(*where))).scalar_one()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Poll; a test that waits for ever is stopped here."""
    async with asyncio.timeout(20):
        while not await holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def another_instance(world: World, settings: Settings, clock: Clock) -> AsyncIterator[World]:
    """A second API process in all but the process: own engines, own caches, the same database and keys."""
    async with entered(settings, clock) as client:
        yield World(client, world.sandbox, world.clock)


def seen_by(world: World, someone: Someone) -> Someone:
    """The same person with the same token, at another instance."""
    return Someone(world, someone.name, someone.app, someone.token, someone.id)


async def login(world: World, app: str, code: str) -> httpx.Response:
    return await world.api.post(f"{V1}/auth/wechat/login", json={"app": app, "code": code})


async def roster_id(admin: Someone, name: str) -> str:
    return str(next(row for row in ok(await admin.get("/roster")) if row["name"] == name)["id"])


def fault(world: World, path: str, kind: str, **options: Any) -> None:
    """WeChat's next answer at this path."""
    answer = world.sandbox._http.post("/_sbx/faults", json={"path": path, "kind": kind, **options})
    answer.raise_for_status()
