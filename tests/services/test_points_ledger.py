"""The ledger against a plain Python model, and under fire; on both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, rule
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from app.core.ids import new_id
from app.core.zone import CHINA
from app.models.identity import Person
from app.models.points import JournalEntry, PointsAccount, PointsHold, Posting
from app.rules.points.ledger import AccountKind, HoldState
from app.services.points import ledger, own, verification
from tests.factories.world import World
from tests.support.points import attempt
from tests.support.points_model import Machine, Plain, run_histories

BEGIN = datetime(2026, 11, 1, 0, 0, tzinfo=CHINA)
NEXT_YEAR = datetime(2028, 1, 1, tzinfo=CHINA)
DAY = timedelta(days=1)
CALLERS = 64


@dataclass
class Set:
    """A hold of the model: whose, from what, and how it stands."""

    owner: int
    parts: list[tuple[datetime, int]]
    state: str = "held"


class Histories(Machine):
    """Random histories of three people. `runtime` and `loop` are set by the test."""

    credits_made = Bundle("credits_made")
    holds_made = Bundle("holds_made")

    @initialize()
    def begin(self) -> None:
        self.now = BEGIN
        self.people = [new_id() for _ in range(3)]
        self.plain = [Plain() for _ in self.people]
        self.merged: dict[int, int] = {}
        self.sums = dict.fromkeys(("issued", "redeemed", "expired", "reversed"), 0)
        self.causes: dict[str, tuple[int, int, datetime]] = {}
        self.reversed: set[str] = set()
        self.sets: dict[UUID, Set] = {}

        async def make(session: Any) -> None:
            session.add_all([Person(id=one, created_at=BEGIN, updated_at=BEGIN) for one in self.people])

        self.act(make)

    def owner(self, who: int) -> int:
        while who in self.merged:
            who = self.merged[who]
        return who

    def expire(self, who: int) -> None:
        """What is asked of somebody's points finds what has expired gone."""
        self.sums["expired"] += self.plain[who].expire(self.now)

    @rule(target=credits_made, who=st.integers(0, 2), points=st.integers(1, 60), years=st.integers(0, 1))
    def credit(self, who: int, points: int, years: int) -> str:
        cause, end = f"rule:{new_id()}", self.now.replace(month=1, day=1, hour=0, year=self.now.year + 1 + years)
        made = self.act(
            lambda s: ledger.credit(
                s, self.people[who], points, cause=cause, told="志愿服务", expires_at=end, now=self.now
            )
        )
        assert made
        again = self.act(
            lambda s: ledger.credit(s, self.people[who], 7, cause=cause, told="再来", expires_at=end, now=self.now)
        )
        assert not again
        self.plain[self.owner(who)].gain(end, points)
        self.sums["issued"] += points
        self.causes[cause] = (who, points, end)
        return cause

    @rule(cause=credits_made)
    def reverse(self, cause: str) -> None:
        done = self.act(lambda s: ledger.reverse(s, cause, told="事实撤销", now=self.now))
        assert done == (cause not in self.reversed)
        if done:
            who, points, end = self.causes[cause]
            self.expire(self.owner(who))
            self.plain[self.owner(who)].lose(points, end)
            self.sums["reversed"] += points
            self.reversed.add(cause)

    @rule(target=holds_made, who=st.integers(0, 2), points=st.integers(1, 80))
    def hold(self, who: int, points: int) -> UUID | None:
        mine = self.owner(who)
        enough = sum(left for end, left in self.plain[mine].lots.items() if end > self.now) >= points
        made, refused = self.tried(lambda s: ledger.hold(s, self.people[who], points, told="兑换", now=self.now))
        assert refused == (None if enough else "points_not_enough")
        if refused:
            return None
        self.expire(mine)
        self.sets[made] = Set(mine, self.plain[mine].lose(points, None))
        hold_id: UUID = made
        return hold_id

    @rule(made=holds_made, fault=st.booleans())
    def release(self, made: UUID | None, *, fault: bool) -> None:
        self.end(made, "held", lambda s: ledger.release(s, made, told="取消", now=self.now, fault=fault), "released")  # type: ignore[arg-type]
        if made is None or self.sets[made].state != "released":
            return
        self.sets[made].state = "over"
        plain = self.plain[self.sets[made].owner]
        for end, points in self.sets[made].parts:
            if end > self.now or fault:
                lives = end if end > self.now else (self.now + 31 * DAY).replace(hour=0)
                plain.lots[lives] = plain.lots.get(lives, 0) + points
            else:
                self.sums["expired"] += points
        plain.settle()

    @rule(made=holds_made)
    def fulfil(self, made: UUID | None) -> None:
        if self.end(made, "held", lambda s: ledger.fulfil(s, made, told="兑换完成", now=self.now), "fulfilled"):  # type: ignore[arg-type]
            self.sums["redeemed"] += sum(points for _, points in self.sets[made].parts)  # type: ignore[index]

    @rule(made=holds_made)
    def undo(self, made: UUID | None) -> None:
        clerk = self.people[0]
        if self.end(
            made, "fulfilled", lambda s: ledger.undo(s, made, told="撤销", now=self.now, actor_id=clerk), "held"
        ):  # type: ignore[arg-type]
            self.sums["redeemed"] -= sum(points for _, points in self.sets[made].parts)  # type: ignore[index]

    def end(self, made: UUID | None, needs: str, work: Callable[[Any], Awaitable[Any]], target: str) -> bool:
        if made is None:
            return False
        _, refused = self.tried(work)
        assert refused == (None if self.sets[made].state == needs else "points_hold_state_wrong")
        if refused:
            return False
        self.sets[made].state = target
        return True

    @rule(source=st.integers(0, 2), into=st.integers(0, 2))
    def merge(self, source: int, into: int) -> None:
        if source == into or source in self.merged or into in self.merged:
            return
        self.act(lambda s: ledger.merge(s, self.people[source], self.people[into], now=self.now))
        old, new = self.plain[source], self.plain[into]
        self.plain[source], self.merged[source] = Plain(), into
        for end, points in old.lots.items():
            new.lots[end] = new.lots.get(end, 0) + points
        new.debt += old.debt
        new.settle()
        for one in self.sets.values():
            if one.owner == source:
                one.owner = into

    @rule(days=st.sampled_from([1, 40, 200]))
    def time_passes(self, days: int) -> None:
        self.now += days * DAY

    @rule()
    def sweep(self) -> None:
        self.act(lambda s: ledger.expire_due(s, now=self.now))
        for who in range(3):
            self.expire(who)

    @invariant()
    def adds_up(self) -> None:
        if not hasattr(self, "people"):
            return
        for who, person_id in enumerate(self.people):
            # Asked under a merged record, the other answers.
            whose, mine = self.owner(who), self.loop.run(self.seen(person_id))
            plain = self.plain[whose]
            aside = sum(
                points
                for one in self.sets.values()
                if one.owner == whose and one.state == "held"
                for _, points in one.parts
            )
            fresh = sum(left for end, left in plain.lots.items() if end > self.now)
            assert (mine.available, mine.held, mine.debt) == (fresh, aside, plain.debt), who

    async def seen(self, person_id: UUID) -> own.Points:
        async with self.runtime.db.reading() as session:
            return await own.points_of(session, person_id, now=self.now)


def test_random_histories_are_those_of_a_plain_model(database: str, tmp_path: Path) -> None:
    run_histories(Histories, database, tmp_path, steps=30)


# --- under fire


async def person(world: World) -> UUID:
    one = new_id()
    async with world.runtime.db.unit_of_work() as session:
        session.add(Person(id=one, created_at=world.clock.now(), updated_at=world.clock.now()))
    return one


def crediting(world: World, who: UUID, points: int, cause: str) -> Callable[[Any], Awaitable[Any]]:
    now = world.clock.now()
    return lambda s: ledger.credit(s, who, points, cause=cause, told="志愿服务", expires_at=NEXT_YEAR, now=now)


async def holds(world: World) -> None:
    async with world.runtime.db.snapshot() as connection:
        assert await verification.verify(connection) == []


async def points_of(world: World, who: UUID) -> own.Points:
    async with world.runtime.db.reading() as session:
        return await own.points_of(session, who, now=world.clock.now())


@pytest.mark.anyio
async def test_64_credits_of_one_cause_are_one(world: World) -> None:
    who = await person(world)
    found = await asyncio.gather(*(attempt(world, crediting(world, who, 5, "rule:activity:1")) for _ in range(CALLERS)))
    assert sorted(found) == [False] * (CALLERS - 1) + [True]
    assert (await points_of(world, who)).available == 5
    await holds(world)


@pytest.mark.anyio
async def test_64_holds_of_all_the_points_are_one(world: World) -> None:
    who = await person(world)
    await attempt(world, crediting(world, who, 100, "rule:activity:1"))
    found = await asyncio.gather(
        *(
            attempt(world, lambda s: ledger.hold(s, who, 100, told="兑换", now=world.clock.now()))
            for _ in range(CALLERS)
        )
    )
    assert found.count("points_not_enough") == CALLERS - 1
    assert [type(one) for one in found if one != "points_not_enough"] == [UUID]
    mine = await points_of(world, who)
    assert (mine.available, mine.held) == (0, 100)
    await holds(world)


@pytest.mark.anyio
async def test_many_people_at_once(world: World) -> None:
    """Everybody posts to the accounts of the system: none is lost."""
    people = [await person(world) for _ in range(24)]
    acts = [crediting(world, who, at + 1, f"rule:{who}:{turn}") for at, who in enumerate(people) for turn in range(4)]
    assert set(await asyncio.gather(*(attempt(world, act) for act in acts))) == {True}
    async with world.runtime.db.snapshot() as connection:
        balance = await verification.trial_balance(connection)
        assert (balance.balances[AccountKind.PERSON], balance.total) == (4 * sum(range(1, 25)), 0)
    await holds(world)


@pytest.mark.anyio
async def test_a_hold_is_cancelled_fulfilled_and_reversed_at_once(world: World) -> None:
    now = world.clock.now()
    for turn in range(6):
        who = await person(world)
        cause = f"rule:activity:{turn}"
        await attempt(world, crediting(world, who, 10, cause))
        made = await attempt(world, lambda s, who=who: ledger.hold(s, who, 10, told="兑换", now=now))
        acts: list[Callable[[Any], Awaitable[Any]]] = [
            lambda s, made=made: ledger.release(s, made, told="取消", now=now),
            lambda s, made=made: ledger.release(s, made, told="过期", now=now, fault=True),
            lambda s, made=made: ledger.fulfil(s, made, told="兑换完成", now=now),
            lambda s, cause=cause: ledger.reverse(s, cause, told="事实撤销", now=now),
            lambda s: ledger.expire_due(s, now=now),
        ] * 4
        found = await asyncio.gather(*(attempt(world, act) for act in acts))
        ends = [found[at] for at in range(len(acts)) if at % 5 < 3]
        assert ends.count("points_hold_state_wrong") == len(ends) - 1
        assert [found[at] for at in range(len(acts)) if at % 5 == 3].count(True) == 1
        async with world.runtime.db.reading() as session:
            state = (await session.exec(select(PointsHold.state).where(PointsHold.id == made))).one()
        assert state in {HoldState.RELEASED, HoldState.FULFILLED}
        await holds(world)


@pytest.mark.anyio
async def test_expired_once_by_two_sweeps(world: World) -> None:
    people = [await person(world) for _ in range(10)]
    for who in people:
        await attempt(world, crediting(world, who, 3, f"rule:{who}"))
    found = await asyncio.gather(*(attempt(world, lambda s: ledger.expire_due(s, now=NEXT_YEAR)) for _ in range(8)))
    assert sum(found) == 10
    await holds(world)
    async with world.runtime.db.snapshot() as connection:
        assert (await verification.trial_balance(connection)).balances[AccountKind.EXPIRED] == 30


@pytest.mark.anyio
async def test_what_is_written_stays(world: World) -> None:
    """Also where somebody reaches past the service; and what is changed anyway is found."""
    who = await person(world)
    await attempt(world, crediting(world, who, 5, "rule:activity:1"))
    for statement in (
        update(JournalEntry).values(told="别的"), update(Posting).values(points=6), delete(Posting), delete(JournalEntry),
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match="append-only"):
            async with world.runtime.db.writer.begin() as connection:
                await connection.execute(statement)
    async with world.runtime.db.writer.begin() as connection:
        await connection.execute(update(PointsAccount).where(col(PointsAccount.person_id) == who).values(balance=50))
    async with world.runtime.db.snapshot() as connection:
        rules = {fault.rule for fault in await verification.verify(connection)}
    assert {"余额等于分录之和，编号连续", "个人余额等于各批剩余减欠分", "全部账户合计为零"} <= rules


@pytest.mark.anyio
async def test_an_earlier_moment(world: World) -> None:
    who = await person(world)
    for turn in range(3):
        await attempt(world, crediting(world, who, 10, f"rule:{turn}"))
    async with world.runtime.db.snapshot() as connection:
        first = (await connection.execute(text("SELECT min(seq) FROM journal_entry"))).scalar_one()
        earlier = await verification.trial_balance(connection, first)
        assert (earlier.balances[AccountKind.PERSON], earlier.liability, earlier.total) == (10, 10, 0)
        assert (await verification.trial_balance(connection)).liability == 30
