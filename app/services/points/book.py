"""The rows of the ledger: the only place that writes accounts, entries, postings, lots and holds. Its acts stand in `ledger`.

Whose account it is stands locked from the first statement on, so that what one person does is decided one after the other;
accounts of the system come last and are split into shards, so that many people at once wait for each other but briefly.
Each act costs the same however long the history: conditional updates and single inserts, no object graphs.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.ids import new_id
from app.core.parts import in_parts
from app.core.upsert import insert_or_ignore
from app.models.points import JournalEntry, PointsAccount, PointsHold, PointsHoldPart, PointsLot, Posting
from app.rules.points import ledger as rules
from app.rules.points.ledger import AccountKind, EntryKind, HoldState, Lot, Part

SHARDS = 16
# The accounts of the system have ids that everybody can work out.
NAMES = UUID("6f3ae3a2-5a0c-4c55-9b0e-6c0a5d0d7c11")
# Rows in one statement.
BATCH = 200
CONNECTION = "points_connection"
A = AccountKind
ACCOUNT: Any = PointsAccount.__table__  # type: ignore[attr-defined]
ENTRY: Any = JournalEntry.__table__  # type: ignore[attr-defined]
POSTING: Any = Posting.__table__  # type: ignore[attr-defined]
LOT: Any = PointsLot.__table__  # type: ignore[attr-defined]
HOLD: Any = PointsHold.__table__  # type: ignore[attr-defined]
PART: Any = PointsHoldPart.__table__  # type: ignore[attr-defined]


# Built once: what every hold and every end of one sends.
_COLUMNS = (ACCOUNT.c.id, ACCOUNT.c.balance, ACCOUNT.c.debt, ACCOUNT.c.moved_to)
_OF_PERSON = select(*_COLUMNS).where(ACCOUNT.c.person_id == bindparam("owner")).with_for_update()
_OPEN_LOTS = (
    select(LOT.c.id, LOT.c.remaining, LOT.c.expires_at)
    .where(LOT.c.account_id == bindparam("account"), LOT.c.remaining > 0)
    .order_by(LOT.c.expires_at)
)
_ENTER = insert(ENTRY).returning(ENTRY.c.seq)
_POST = insert(POSTING)
_ADD = (
    update(ACCOUNT)
    .where(ACCOUNT.c.id == bindparam("account"))
    .values(balance=ACCOUNT.c.balance + bindparam("change"), seq=ACCOUNT.c.seq + 1)
    .returning(ACCOUNT.c.seq, ACCOUNT.c.balance)
)
_MOVE = (
    update(LOT)
    .where(LOT.c.id.in_(bindparam("lots", expanding=True)))
    .values(remaining=LOT.c.remaining + bindparam("more"), held=LOT.c.held + bindparam("aside"))
)


@dataclass(frozen=True, slots=True)
class Account:
    """As it stands under its lock."""

    id: UUID
    balance: int
    debt: int
    moved_to: UUID | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A hold under its lock. `turn` counts how often it was fulfilled and undone."""

    id: UUID
    account_id: UUID
    points: int
    state: HoldState
    turn: int

    @property
    def cause(self) -> str:
        return f"hold:{self.id}:{self.turn}"


def system_account(kind: AccountKind, shard: int) -> UUID:
    return uuid.uuid5(NAMES, f"{kind.value}:{shard}")


SYSTEM_ACCOUNTS = {system_account(kind, shard): (kind, shard) for kind in rules.SYSTEM for shard in range(SHARDS)}


async def lock_account(session: AsyncSession, person_id: UUID, *, now: datetime) -> Account:
    """The person's account, made where there is none yet; of a merged record that of the other."""
    row = (await do(session, _OF_PERSON, {"owner": person_id})).one_or_none()
    if row is None:
        fresh = PointsAccount(id=new_id(), created_at=now, kind=A.PERSON, person_id=person_id)
        return await _lock_or_make(session, ACCOUNT.c.person_id == person_id, fresh)
    found = Account(*row)
    return found if found.moved_to is None else await lock_current(session, found.moved_to)


async def lock_household(session: AsyncSession, household_id: UUID, *, now: datetime) -> Account:
    """The purse of a household. Whoever locks a member's account too locks that one first."""
    row = PointsAccount(id=new_id(), created_at=now, kind=A.HOUSEHOLD, household_id=household_id)
    return await _lock_or_make(session, ACCOUNT.c.household_id == household_id, row)


async def _lock_or_make(session: AsyncSession, mine: Any, row: PointsAccount) -> Account:
    found = await locked(session, mine)
    if found is None:
        await insert_or_ignore(session, PointsAccount, row.model_dump())
        found = await locked(session, mine)
    if found is None:
        raise RuntimeError("an account that was just made is not there")
    return found


async def post(
    session: AsyncSession, kind: EntryKind, account_id: UUID, points: int, *, cause: str, told: str, now: datetime,
    actor_id: UUID | None = None, expires_at: datetime | None = None,
) -> None:  # fmt: skip
    """`account_id`: the owner's, on whichever side the kind says, or neither."""
    shard = account_id.int % SHARDS
    giver, taker = (account_id if owner is A.PERSON else system_account(owner, shard) for owner in rules.MOVES[kind])
    # The owner's own first: that lock is held anyway, the others as briefly as can be and in one order.
    sides = sorted([(-points, giver), (points, taker)], key=lambda side: (side[1] != account_id, side[1]))
    values = {"kind": kind, "cause": cause, "actor_id": actor_id, "expires_at": expires_at, "told": told}
    await write(session, values, sides, now)


async def write(
    session: AsyncSession, values: dict[str, Any], sides: Sequence[tuple[int, UUID]], now: datetime
) -> None:
    """The entry, both balances, both postings."""
    made = await do(session, _ENTER, {"created_at": now} | values | {"told": values["told"][:200]})
    seq, postings = made.scalar_one(), []
    for change, account_id in sides:
        number, balance = await _add(session, account_id, change, now)
        postings.append(
            {
                "entry_seq": seq,
                "account_id": account_id,
                "points": change,
                "account_seq": number,
                "balance_after": balance,
            }
        )
    await do(session, _POST, postings)


async def _add(session: AsyncSession, account_id: UUID, change: int, now: datetime) -> tuple[int, int]:
    """The number of the posting in its account, and the balance after it."""
    values = {"account": account_id, "change": change}
    found = (await do(session, _ADD, values)).one_or_none()
    if found is None:
        # One of the system to which nothing was posted before.
        kind, shard = SYSTEM_ACCOUNTS[account_id]
        row = PointsAccount(id=account_id, created_at=now, kind=kind, shard=shard)
        await insert_or_ignore(session, PointsAccount, row.model_dump())
        found = (await do(session, _ADD, values)).one()
    return found.seq, found.balance


async def into_lot(
    session: AsyncSession, account_id: UUID, expires_at: datetime, *, granted: int, remaining: int, now: datetime,
    held: int = 0,
) -> UUID:  # fmt: skip
    """The account is locked, so nobody makes the same lot meanwhile."""
    mine = (LOT.c.account_id == account_id) & (LOT.c.expires_at == expires_at)
    more = {"granted": LOT.c.granted + granted, "remaining": LOT.c.remaining + remaining, "held": LOT.c.held + held}
    found = await do(session, update(LOT).where(mine).values(**more).returning(LOT.c.id))
    lot_id: UUID | None = found.scalar_one_or_none()
    if lot_id is None:
        lot_id = new_id()
        values = {"granted": granted, "remaining": remaining, "held": held, "expires_at": expires_at}
        await do(session, insert(LOT).values(id=lot_id, created_at=now, account_id=account_id, **values))
    return lot_id


async def change_debt(session: AsyncSession, account_id: UUID, more: int) -> None:
    if more:
        await do(session, update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(debt=ACCOUNT.c.debt + more))


async def settle_debt(session: AsyncSession, account_id: UUID) -> None:
    """Whoever owes has nothing to spend."""
    account = await locked(session, ACCOUNT.c.id == account_id)
    if account is None or not account.debt:
        return
    taken = rules.take_back(await open_lots(session, account_id), account.debt)
    await move_lots(session, taken.parts, remaining=-1)
    await change_debt(session, account_id, taken.debt - account.debt)


async def move_lots(session: AsyncSession, parts: Sequence[Part], *, remaining: int = 0, held: int = 0) -> None:
    """Each part times these signs, lots of equal parts in one statement. The CHECK refuses what a lot does not hold."""
    of: dict[int, list[UUID]] = {}
    for part in parts:
        of.setdefault(part.points, []).append(part.lot_id)
    for points, lots in of.items():
        for some in in_parts(lots, BATCH):
            await do(session, _MOVE, {"lots": list(some), "more": remaining * points, "aside": held * points})


async def do(session: AsyncSession, statement: Any, values: Any = None) -> Any:
    """In the transaction of the session, without its objects: nothing here is one.

    The connection is asked for once: a unit of work has one transaction from its first statement to its end.
    """
    connection = session.info.get(CONNECTION)
    if connection is None:
        connection = session.info[CONNECTION] = await session.connection()
    return await connection.execute(statement, values)


async def locked(session: AsyncSession, where: Any) -> Account | None:
    row = (await do(session, select(*_COLUMNS).where(where).with_for_update())).one_or_none()
    return None if row is None else Account(*row)


async def lock_current(session: AsyncSession, account_id: UUID) -> Account:
    """The account, or the one that it was merged into."""
    found = await locked(session, ACCOUNT.c.id == account_id)
    while found is not None and found.moved_to is not None:
        found = await locked(session, ACCOUNT.c.id == found.moved_to)
    if found is None:
        raise RuntimeError("an account that was posted to is not there")
    return found


async def lock_hold(session: AsyncSession, hold_id: UUID) -> Held:
    """The account first, as everywhere, then the hold; anew where a merge took it to another account meanwhile."""
    owner = select(HOLD.c.account_id).where(HOLD.c.id == hold_id).scalar_subquery()
    columns = (HOLD.c.account_id, HOLD.c.points, HOLD.c.state, HOLD.c.turns)
    while True:
        account = await locked(session, ACCOUNT.c.id == owner)
        row = (await do(session, select(*columns).where(HOLD.c.id == hold_id).with_for_update())).one()
        if account is not None and account.id == row.account_id:
            return Held(hold_id, row.account_id, row.points, row.state, row.turns)


async def end_hold(session: AsyncSession, held: Held, state: HoldState) -> None:
    await do(session, update(HOLD).where(HOLD.c.id == held.id).values(state=state))


async def parts_of(session: AsyncSession, hold_id: UUID) -> list[tuple[Part, datetime]]:
    """The parts of a hold, each with when its lot expires; first expiring first."""
    rows = await do(
        session,
        select(PART.c.lot_id, PART.c.points, LOT.c.expires_at)
        .join(LOT, LOT.c.id == PART.c.lot_id)
        .where(PART.c.hold_id == hold_id)
        .order_by(LOT.c.expires_at),
    )
    return [(Part(row.lot_id, row.points), row.expires_at) for row in rows]


async def open_lots(session: AsyncSession, account_id: UUID) -> list[Lot]:
    rows = await do(session, _OPEN_LOTS, {"account": account_id})
    return [Lot(row.id, row.remaining, row.expires_at) for row in rows]


async def entry_of(session: AsyncSession, kind: EntryKind, cause: str) -> int | None:
    found: int | None = (
        await do(session, select(ENTRY.c.seq).where(ENTRY.c.kind == kind, ENTRY.c.cause == cause))
    ).scalar_one_or_none()
    return found
