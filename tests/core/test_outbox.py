"""Leases, back-off, giving up, and one message per cause."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import select

from app.core.clock import FixedClock
from app.core.db import Database
from app.core.outbox import FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS, MAX_ATTEMPTS, enqueue, finish, lease, postpone
from app.core.tables import OutboxMessage, OutboxState


async def put(db: Database, clock: FixedClock, count: int = 1) -> None:
    async with db.unit_of_work() as session:
        for number in range(count):
            assert await enqueue(session, topic="test", payload={"n": str(number)}, now=clock.now())


async def take(db: Database, clock: FixedClock, holder: str, limit: int = 20) -> Sequence[OutboxMessage]:
    async with db.unit_of_work() as session:
        return await lease(session, holder=holder, now=clock.now(), seconds=60, limit=limit)


async def tick(db: Database, clock: FixedClock, holder: str, message_id: UUID) -> bool:
    async with db.unit_of_work() as session:
        return await finish(session, message_id, holder=holder, now=clock.now(), state=OutboxState.DONE)


async def rows(db: Database) -> Sequence[OutboxMessage]:
    async with db.reading() as session:
        return (await session.exec(select(OutboxMessage).order_by(OutboxMessage.id))).all()  # type: ignore[arg-type]


async def test_what_is_decided_in_a_failing_transaction_is_never_sent(db: Database, clock: FixedClock) -> None:
    async def fail() -> None:
        async with db.unit_of_work() as session:
            await enqueue(session, topic="test", payload={}, now=clock.now(), dedupe_key="once")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await take(db, clock, "a") == []
    async with db.unit_of_work() as session:
        assert await enqueue(session, topic="test", payload={}, now=clock.now(), dedupe_key="once")


async def test_lease_takes_the_oldest_first_up_to_the_limit(db: Database, clock: FixedClock) -> None:
    for _ in range(3):
        await put(db, clock)
        clock.advance(timedelta(seconds=1))
    taken = await take(db, clock, "a", limit=2)
    assert [message.id for message in taken] == [message.id for message in (await rows(db))[:2]]
    assert all(message.attempts == 1 and message.leased_by == "a" for message in taken)
    assert len(await take(db, clock, "b")) == 1
    assert await take(db, clock, "c") == []


async def test_two_workers_never_share_a_message(core_settings, clock: FixedClock) -> None:
    first, second = Database(core_settings), Database(core_settings)
    try:
        await put(first, clock, 40)
        rounds = await asyncio.gather(
            *(take(db, clock, holder, limit=7) for _ in range(4) for db, holder in ((first, "a"), (second, "b")))
        )
        taken = [message.id for batch in rounds for message in batch]
        assert len(taken) == len(set(taken)) == 40
        assert {row.attempts for row in await rows(first)} == {1}
    finally:
        await first.close()
        await second.close()


@pytest.mark.postgresql_only
async def test_a_second_worker_skips_and_does_not_wait(db: Database, clock: FixedClock) -> None:
    await put(db, clock, 10)
    async with db.unit_of_work() as open_session:
        mine = await lease(open_session, holder="a", now=clock.now(), seconds=60, limit=6)
        theirs = await take(db, clock, "b")
        assert (len(mine), len(theirs)) == (6, 4)
        assert not {message.id for message in mine} & {message.id for message in theirs}


async def test_a_lost_lease_decides_nothing(db: Database, clock: FixedClock) -> None:
    await put(db, clock)
    (message,) = await take(db, clock, "a")
    clock.advance(timedelta(seconds=59))
    assert await take(db, clock, "b") == []
    clock.advance(timedelta(seconds=1))
    (again,) = await take(db, clock, "b")
    assert (again.id, again.attempts) == (message.id, 2)
    assert not await tick(db, clock, "a", message.id)
    async with db.unit_of_work() as session:
        assert not await postpone(session, message, holder="a", now=clock.now(), error="X")
    assert (await rows(db))[0].state is OutboxState.PENDING
    assert (await rows(db))[0].leased_by == "b"
    assert await tick(db, clock, "b", message.id)
    assert not await tick(db, clock, "b", message.id)
    (row,) = await rows(db)
    assert (row.state, row.leased_by, row.leased_until, row.finished_at) == (OutboxState.DONE, None, None, clock.now())
    clock.advance(timedelta(days=1))
    assert await take(db, clock, "c") == []


async def test_delays_grow_to_a_cap_and_then_it_is_given_up(db: Database, clock: FixedClock) -> None:
    await put(db, clock)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        (message,) = await take(db, clock, "a")
        assert message.attempts == attempt
        async with db.unit_of_work() as session:
            assert await postpone(session, message, holder="a", now=clock.now(), error="WechatUnavailable")
        (row,) = await rows(db)
        assert row.last_error == "WechatUnavailable"
        if attempt == MAX_ATTEMPTS:
            break
        wait = (row.available_at - clock.now()).total_seconds()
        middle = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (attempt - 1))
        assert 0.8 * middle - 1 <= wait <= 1.2 * middle + 1
        clock.advance(timedelta(seconds=wait - 1))
        assert await take(db, clock, "a") == []
        clock.advance(timedelta(seconds=1))
    assert row.state is OutboxState.DEAD
    assert row.finished_at == clock.now()
    clock.advance(timedelta(days=30))
    assert await take(db, clock, "a") == []


async def test_a_named_wait_is_kept(db: Database, clock: FixedClock) -> None:
    """WeChat says when to come back: about then, not on our own schedule."""
    await put(db, clock)
    (message,) = await take(db, clock, "a")
    async with db.unit_of_work() as session:
        await postpone(session, message, holder="a", now=clock.now(), error="X", wait=600)
    wait = ((await rows(db))[0].available_at - clock.now()).total_seconds()
    assert 480 <= wait <= 720


async def test_one_cause_is_one_message(db: Database, clock: FixedClock) -> None:
    async with db.unit_of_work() as session:
        for expected in (True, False):
            assert (
                await enqueue(session, topic="t", payload={}, now=clock.now(), dedupe_key="application:1:hired")
                is expected
            )
        assert await enqueue(session, topic="t", payload={}, now=clock.now(), dedupe_key="application:2:hired")
        for _ in range(2):
            assert await enqueue(session, topic="t", payload={}, now=clock.now())
    assert len(await rows(db)) == 4


async def test_one_cause_in_many_transactions_at_once(db: Database, clock: FixedClock) -> None:
    async def cause() -> bool:
        async with db.unit_of_work() as session:
            return await enqueue(session, topic="t", payload={}, now=clock.now(), dedupe_key="once")

    outcomes = await asyncio.gather(*(cause() for _ in range(8)))
    assert sorted(outcomes) == [False] * 7 + [True]
    assert len(await rows(db)) == 1


async def test_a_sent_cause_stays_sent(db: Database, clock: FixedClock) -> None:
    async with db.unit_of_work() as session:
        await enqueue(session, topic="t", payload={}, now=clock.now(), dedupe_key="once")
    (message,) = await take(db, clock, "a")
    assert await tick(db, clock, "a", message.id)
    async with db.unit_of_work() as session:
        assert not await enqueue(session, topic="t", payload={}, now=clock.now(), dedupe_key="once")
