"""What leaves the process: rows written with the business, delivered later by a worker under a lease.

At least once: a worker that dies between sending and ticking off sends again after its lease; topics choose handlers
whose repetition does no harm, and a `dedupe_key` stops one cause from being enqueued twice.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.ids import new_id
from app.core.tables import OutboxMessage, OutboxState
from app.core.upsert import insert_or_ignore

# With growing pauses, about a day: a longer outage of WeChat makes most messages pointless.
MAX_ATTEMPTS = 32
FIRST_DELAY_SECONDS = 5
LONGEST_DELAY_SECONDS = 3600


async def enqueue(
    session: AsyncSession, *, topic: str, payload: dict[str, str], now: datetime, dedupe_key: str | None = None
) -> bool:
    """Add a message to this transaction; False where the same cause was enqueued before."""
    return await insert_or_ignore(
        session,
        OutboxMessage,
        {
            "id": new_id(),
            "topic": topic,
            "payload": payload,
            "dedupe_key": dedupe_key,
            "state": OutboxState.PENDING,
            "attempts": 0,
            "created_at": now,
            "available_at": now,
        },
    )


async def enqueue_all(
    session: AsyncSession, *, topic: str, payloads: Mapping[str, dict[str, str]], now: datetime
) -> None:
    """Many causes that are new for certain, `{dedupe key: payload}`, in one statement instead of one each."""
    session.add_all(
        OutboxMessage(topic=topic, payload=payload, dedupe_key=key, created_at=now, available_at=now)
        for key, payload in payloads.items()
    )
    await session.flush()


async def lease(
    session: AsyncSession, *, holder: str, now: datetime, seconds: int, limit: int
) -> Sequence[OutboxMessage]:
    """Take up to `limit` due messages for this worker. Another worker's rows are skipped, not waited for."""
    free = or_(col(OutboxMessage.leased_until).is_(None), col(OutboxMessage.leased_until) <= now)
    due = (
        select(OutboxMessage)
        .where(OutboxMessage.state == OutboxState.PENDING, col(OutboxMessage.available_at) <= now, free)
        .order_by(col(OutboxMessage.available_at), col(OutboxMessage.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    messages = (await session.exec(due)).all()
    for message in messages:
        message.leased_by = holder
        message.leased_until = now + timedelta(seconds=seconds)
        message.attempts += 1
    return messages


async def finish(
    session: AsyncSession, message_id: UUID, *, holder: str, now: datetime, state: OutboxState, error: str | None = None
) -> bool:
    """Tick off; False where the lease was lost meanwhile and another worker decides."""
    return await _settle(session, message_id, holder, {"state": state, "finished_at": now, "last_error": error})


async def postpone(
    session: AsyncSession, message: OutboxMessage, *, holder: str, now: datetime, error: str, wait: int | None = None
) -> bool:
    """Try again later, with capped exponential delay and jitter; given up after `MAX_ATTEMPTS`."""
    if message.attempts >= MAX_ATTEMPTS:
        return await finish(session, message.id, holder=holder, now=now, state=OutboxState.DEAD, error=error)
    growing = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (message.attempts - 1))
    # What WeChat asks for is a least: taken alone it would use up all attempts within a minute of an outage.
    delay = max(wait or 0, growing)
    delay = round(delay * random.uniform(0.8, 1.2))  # noqa: S311  # spreading load, not secrecy
    return await _settle(
        session, message.id, holder, {"available_at": now + timedelta(seconds=delay), "last_error": error}
    )


async def give_back(session: AsyncSession, message: OutboxMessage, *, holder: str, until: datetime) -> bool:
    """Not tried: free again from `until` on, and the attempt is not counted."""
    return await _settle(session, message.id, holder, {"available_at": until, "attempts": message.attempts - 1})


async def _settle(session: AsyncSession, message_id: UUID, holder: str, changes: dict[str, object]) -> bool:
    done = await session.exec(
        update(OutboxMessage)
        .where(col(OutboxMessage.id) == message_id, col(OutboxMessage.leased_by) == holder)
        .values(leased_by=None, leased_until=None, **changes)
    )
    return done.rowcount == 1
