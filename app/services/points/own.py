"""What a person sees of their points: what is free, set aside, owed, about to expire; and the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.core.pages import Cursors
from app.rules.points.ledger import EntryKind, HoldState
from app.services.points.book import ACCOUNT, ENTRY, HOLD, LOT, POSTING

_LINES = select(
    POSTING.c.account_seq, ENTRY.c.created_at, ENTRY.c.kind, POSTING.c.points, POSTING.c.balance_after, ENTRY.c.told
).join(ENTRY, ENTRY.c.seq == POSTING.c.entry_seq)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expiring:
    points: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Points:
    """`available`: what has expired since the last sweep is not counted any more."""

    available: int
    held: int
    debt: int
    expiring: tuple[Expiring, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """One line of the history. `points`: signed, as the person's account saw it; `seq` numbers the lines of the account."""

    seq: int
    at: datetime
    kind: EntryKind
    points: int
    balance_after: int
    told: str


async def points_of(session: ReadSession | AsyncSession, person_id: UUID, *, now: datetime) -> Points:
    """Three statements, however long the history: an account has a lot for each day on which something expires."""
    return await _points(session, await _account_of(session, person_id), now)


async def points_of_household(session: ReadSession | AsyncSession, household_id: UUID, *, now: datetime) -> Points:
    columns = (ACCOUNT.c.id, ACCOUNT.c.debt)
    found = await _do(session, select(*columns).where(ACCOUNT.c.household_id == household_id))
    return await _points(session, found.one_or_none(), now)


async def _points(session: ReadSession | AsyncSession, account: Any, now: datetime) -> Points:
    if account is None:
        return Points(0, 0, 0, ())
    lots = await _do(
        session,
        select(LOT.c.remaining, LOT.c.expires_at)
        .where(LOT.c.account_id == account.id, LOT.c.remaining > 0, LOT.c.expires_at > now)
        .order_by(LOT.c.expires_at),
    )
    expiring = tuple(Expiring(row.remaining, row.expires_at) for row in lots)
    held = select(func.coalesce(func.sum(HOLD.c.points), 0)).where(
        HOLD.c.account_id == account.id, HOLD.c.state == HoldState.HELD
    )
    aside = int((await _do(session, held)).scalar_one())
    return Points(sum(lot.points for lot in expiring), aside, account.debt, expiring)


async def history(
    session: ReadSession, cursors: Cursors, person_id: UUID, *, after_seq: int | None, cursor: str | None, limit: int
) -> tuple[Sequence[Moved], str | None]:
    """The newest first; with `after_seq` the lines that came after it, oldest first, for whoever keeps a copy."""
    account = await _account_of(session, person_id)
    query = {"list": "points", "account": None if account is None else account.id, "after": after_seq}
    begun = None if cursor is None else int(str(cursors.decode(query, cursor)[0]))
    if account is None:
        return [], None
    statement = _LINES.where(POSTING.c.account_id == account.id)
    if after_seq is not None:
        statement = statement.where(POSTING.c.account_seq > (after_seq if begun is None else begun))
        statement = statement.order_by(POSTING.c.account_seq)
    else:
        if begun is not None:
            statement = statement.where(POSTING.c.account_seq < begun)
        statement = statement.order_by(POSTING.c.account_seq.desc())
    rows = [Moved(*row) for row in await _do(session, statement.limit(limit + 1))]
    return cursors.page(query, rows, limit, lambda row: [row.seq])


async def lines_between(
    session: ReadSession, person_id: UUID, first: datetime, end: datetime, *, at_most: int
) -> list[Moved]:
    """The oldest first, of one's own account."""
    account = await _account_of(session, person_id)
    if account is None:
        return []
    rows = await _do(
        session,
        _LINES.where(POSTING.c.account_id == account.id, ENTRY.c.created_at >= first, ENTRY.c.created_at < end)
        .order_by(POSTING.c.account_seq)
        .limit(at_most),
    )
    return [Moved(*row) for row in rows]


async def _account_of(session: ReadSession | AsyncSession, person_id: UUID) -> Any:
    """The account, or the one that it was merged into; None where nothing was ever posted."""
    columns = (ACCOUNT.c.id, ACCOUNT.c.debt, ACCOUNT.c.moved_to)
    row = (await _do(session, select(*columns).where(ACCOUNT.c.person_id == person_id))).one_or_none()
    return row if row is None or row.moved_to is None else await _moved(session, row.moved_to)


async def _moved(session: ReadSession | AsyncSession, account_id: UUID) -> Any:
    columns = (ACCOUNT.c.id, ACCOUNT.c.debt, ACCOUNT.c.moved_to)
    row = (await _do(session, select(*columns).where(ACCOUNT.c.id == account_id))).one()
    return row if row.moved_to is None else await _moved(session, row.moved_to)


async def _do(session: ReadSession | AsyncSession, statement: Any) -> Any:
    return await (await session.connection()).execute(statement)
