"""The index in memory follows what other processes commit: nothing missed, nothing twice, whatever the order."""

import random
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.settings import Settings
from app.models.jobs import FeedHead, Vacancy
from app.rules.jobs.vacancies import VacancyState
from app.services.jobs import vacancies as service
from app.services.jobs.openings import LOADED_AT_ONCE
from app.services.runtime import Runtime, open_runtime
from tests.factories.world import World, ok
from tests.support.jobs import Hiring, another_api, through


@pytest.fixture
async def other(settings: Settings, world: World) -> AsyncIterator[Runtime]:
    """A second process in all but the process."""
    async with open_runtime(settings, world.clock) as opened:
        yield opened


async def copies(world: World, hiring: Hiring, count: int) -> list[UUID]:
    template = UUID((await hiring.post())["id"])
    async with world.runtime.db.unit_of_work() as session:
        row = (await session.exec(select(Vacancy).where(Vacancy.id == template))).one()
        made = [Vacancy(**row.model_dump(exclude={"id"})) for _ in range(count - 1)]
        session.add_all(made)
    return [template, *(row.id for row in made)]


async def known(runtime: Runtime) -> dict[UUID, float]:
    """Vacancy → hourly pay, as this process has it in memory after following the feed."""
    async with runtime.db.connection() as connection:
        index = await runtime.openings.refresh(connection)
    storage = index._storage
    assert len(index) == len(storage.rows) == index.valid(china_date(runtime.clock.now()) - timedelta(days=900))
    return {key: float(storage.columns["hourly"][row]) for key, row in storage.rows.items()}


async def committed(runtime: Runtime) -> dict[UUID, float]:
    """The same as the database has it: from a fresh load."""
    fresh = type(runtime.openings)()
    async with runtime.db.connection() as connection:
        storage = (await fresh.refresh(connection))._storage
    return {key: float(storage.columns["hourly"][row]) for key, row in storage.rows.items()}


async def head(runtime: Runtime) -> int:
    async with runtime.db.connection() as connection:
        return (await connection.execute(select(col(FeedHead.seq)))).scalar_one_or_none() or 0


class Undone(Exception):  # noqa: N818  # a change of mind
    pass


class Transaction:
    """A unit of work that is begun and ended by hand."""

    def __init__(self, runtime: Runtime) -> None:
        self._unit: AbstractAsyncContextManager[AsyncSession] = runtime.db.unit_of_work()

    async def begin(self) -> AsyncSession:
        return await self._unit.__aenter__()

    async def end(self, *, keep: bool = True) -> None:
        if keep:
            await self._unit.__aexit__(None, None, None)
            return
        with suppress(Undone):
            await self._unit.__aexit__(Undone, Undone(), None)


async def change(session: AsyncSession, vacancy_id: UUID, how: str, pay: int) -> None:
    if how == "statement":
        await session.exec(update(Vacancy).where(col(Vacancy.id) == vacancy_id).values(pay_min_fen=pay))
        return
    row = (await session.exec(select(Vacancy).where(Vacancy.id == vacancy_id).with_for_update())).one()
    row.pay_min_fen = pay
    if how == "close":
        row.state = VacancyState.PAUSED if row.state is VacancyState.PUBLISHED else VacancyState.PUBLISHED
    await session.flush()


@pytest.mark.postgresql_only
async def test_who_began_first_and_commits_last_is_not_missed(world: World, hiring: Hiring, other: Runtime) -> None:
    early, late = await copies(world, hiring, 2)
    before = await known(other)
    first, second = Transaction(world.runtime), Transaction(world.runtime)
    await change(await first.begin(), early, "row", 600_000)
    await change(await second.begin(), late, "row", 700_000)
    await second.end()
    between = await known(other)
    assert between[late] > before[late]
    assert between[early] == before[early]
    await first.end()
    after = await known(other)
    assert after[early] > between[early]
    assert after == await committed(world.runtime)


@pytest.mark.parametrize("seed", range(4))
async def test_any_interleaving(world: World, hiring: Hiring, other: Runtime, kind: str, seed: int) -> None:
    """Random beginnings, endings, changes of mind and looks, 60 steps for each seed; on SQLite writers take turns."""
    dice = random.Random(seed)  # noqa: S311  # the same steps on every run
    ids = await copies(world, hiring, 6)
    at_once = 1 if kind == "sqlite" else 4
    running: dict[UUID, Transaction] = {}
    for step in range(60):
        act = dice.choice(["begin", "begin", "end", "look", "look elsewhere"])
        free = [key for key in ids if key not in running]
        if act == "begin" and len(running) < at_once and free:
            vacancy_id = dice.choice(free)
            running[vacancy_id] = Transaction(dice.choice([world.runtime, other]))
            how = dice.choice(["row", "close", "statement"])
            await change(await running[vacancy_id].begin(), vacancy_id, how, 500_000 + 1000 * step)
        elif act == "end" and running:
            await running.pop(dice.choice(sorted(running))).end(keep=dice.random() < 0.8)
        elif act.startswith("look"):
            runtime = other if act == "look elsewhere" else world.runtime
            assert await known(runtime) == await committed(runtime)
    for transaction in running.values():
        await transaction.end()
    assert await known(world.runtime) == await known(other) == await committed(other)


async def test_every_way_of_changing_a_vacancy_is_numbered(world: World, hiring: Hiring, other: Runtime) -> None:
    """And what the index need not know is not: drafts and their changes take no number."""
    ids = await copies(world, hiring, 3)
    firm, now = UUID(hiring.firm_id), world.clock.now()
    assert await known(other) == await committed(other)
    number = await head(other)
    draft = ok(await hiring.recruiter.post("/vacancies", await hiring.form(submit=False)))["vacancy"]
    form = await hiring.form(submit=False, title="平车熟手", expected_version=draft["version"])
    form.pop("enterprise_id")
    ok(await hiring.recruiter.put(f"/vacancies/{draft['id']}", form))
    assert await head(other) == number

    async def numbered(work: Any) -> None:
        nonlocal number
        async with world.runtime.db.unit_of_work() as session:
            await work(session)
        assert await head(other) == number + 1
        number += 1
        assert await known(other) == await committed(other)

    await numbered(lambda session: service.relabel(session, firm, "已核验"))
    await numbered(lambda session: service.take_down(session, ids[0], note="举报属实", now=now))
    assert ids[0] not in await known(other)
    await numbered(lambda session: service.pause_all(session, firm, note="企业已被暂停", now=now))
    assert await known(other) == {}
    # A transaction that changed nothing public takes no number.
    async with world.runtime.db.unit_of_work() as session:
        await service.pause_all(session, firm, note="企业已被暂停", now=now)
    assert await head(other) == number
    fresh = (await hiring.post())["id"]
    assert list(await known(other)) == [UUID(fresh)]
    number = await head(other)
    world.clock.advance(timedelta(days=31))
    # With the two that were paused, which close unnumbered.
    await numbered(lambda session: service.expire_due(session, now=world.clock.now()))
    assert await known(other) == {}


async def test_another_process_recommends_it_on_the_next_request(
    world: World, hiring: Hiring, settings: Settings
) -> None:
    person = await world.seeker()
    async with another_api(settings, world.clock) as second:
        elsewhere = through(person, second)

        async def recommended(someone: Any) -> list[str]:
            return [i["vacancy"]["id"] for i in ok(await someone.get("/me/recommended-vacancies"))["items"]]

        assert await recommended(elsewhere) == []
        vacancy = await hiring.post()
        assert await recommended(elsewhere) == await recommended(person) == [vacancy["id"]]
        recruiter = through(hiring.recruiter, second)
        paused = ok(await recruiter.post(f"/vacancies/{vacancy['id']}/pause", {"expected_version": vacancy["version"]}))
        assert await recommended(person) == []
        ok(await hiring.recruiter.post(f"/vacancies/{vacancy['id']}/resume", {"expected_version": paused["version"]}))
        application = await world.apply(person, vacancy["id"])
        assert await recommended(elsewhere) == [vacancy["id"]]
        # The seat that is taken is told too.
        for state in ("offered", "hired"):
            application = ok(await hiring.step(application, state))
        shown = ok(await elsewhere.get("/me/recommended-vacancies"))["items"]
        assert [item["vacancy"]["open_seats"] for item in shown] == [1]


async def test_what_changed_while_nobody_asked_is_read_page_by_page(
    world: World, hiring: Hiring, other: Runtime
) -> None:
    """One transaction with more rows than a page holds, and some before and behind it."""
    ids = await copies(world, hiring, 2 * LOADED_AT_ONCE + 3)
    await known(other)
    async with world.runtime.db.unit_of_work() as session:
        await change(session, ids[0], "close", 500_000)
    async with world.runtime.db.unit_of_work() as session:
        await session.exec(update(Vacancy).values(pay_min_fen=600_000))
    async with world.runtime.db.unit_of_work() as session:
        await change(session, ids[1], "close", 700_000)
    assert len(await known(other)) == len(ids) - 2
    assert await known(other) == await committed(other)
