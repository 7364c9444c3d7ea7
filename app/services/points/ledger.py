"""The acts of the ledger: credit, reverse, hold, release, fulfil, undo, expire, merge. Each writes its entry and nothing is undone."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.ids import new_id
from app.rules.points import ledger as rules
from app.rules.points.ledger import EntryKind, HoldState, Part
from app.services.points import book
from app.services.points.book import ACCOUNT, ENTRY, HOLD, LOT, PART, POSTING, Account, Held

# Of a lot that expired while a fault of ours kept it held.
GRACE = timedelta(days=30)
BATCH = 200
E, H = EntryKind, HoldState
_SET_ASIDE, _FROM_LOTS = insert(HOLD), insert(PART)


async def credit(
    session: AsyncSession, person_id: UUID, points: int, *, cause: str, told: str, expires_at: datetime, now: datetime,
    actor_id: UUID | None = None,
) -> bool:  # fmt: skip
    """What comes in pays first what is owed. False where the cause was credited before: then nothing changes."""
    rules.check_points(points)
    rules.check_expiry(expires_at, now)
    account = await book.lock_account(session, person_id, now=now)
    if await book.entry_of(session, E.CREDIT, cause) is not None:
        return False
    await book.post(
        session, E.CREDIT, account.id, points, cause=cause, told=told, now=now, actor_id=actor_id, expires_at=expires_at
    )
    paid = rules.pay_debt(points, account.debt)
    await book.into_lot(session, account.id, expires_at, granted=points, remaining=points - paid, now=now)
    await book.change_debt(session, account.id, -paid)
    return True


async def reverse(session: AsyncSession, cause: str, *, told: str, now: datetime, actor_id: UUID | None = None) -> bool:
    """What the credit of this cause brought is taken back, once; what was spent of it becomes a debt."""
    found = await book.do(
        session,
        select(POSTING.c.account_id, POSTING.c.points, ENTRY.c.expires_at)
        .join(ENTRY, ENTRY.c.seq == POSTING.c.entry_seq)
        .where(ENTRY.c.kind == E.CREDIT, ENTRY.c.cause == cause, POSTING.c.points > 0),
    )
    credit = found.one_or_none()
    if credit is None:
        return False
    account = await book.lock_current(session, credit.account_id)
    if await book.entry_of(session, E.REVERSAL, cause) is not None:
        return False
    await _expire_of(session, account.id, now=now)
    taken = rules.take_back(await book.open_lots(session, account.id), credit.points, first=credit.expires_at)
    await book.move_lots(session, taken.parts, remaining=-1)
    await book.change_debt(session, account.id, taken.debt)
    await book.post(session, E.REVERSAL, account.id, credit.points, cause=cause, told=told, now=now, actor_id=actor_id)
    return True


async def hold(
    session: AsyncSession, person_id: UUID, points: int, *, told: str, now: datetime, actor_id: UUID | None = None
) -> UUID:
    """Points are set aside, first expiring first. NotEnoughPointsError changes nothing."""
    account = await book.lock_account(session, person_id, now=now)
    return await hold_of(session, account, points, told=told, now=now, actor_id=actor_id)


async def hold_of(
    session: AsyncSession, account: Account, points: int, *, told: str, now: datetime, actor_id: UUID | None = None
) -> UUID:
    """The same of an account that stands locked: whoever locks something else in between does so after the account."""
    rules.check_points(points)
    lots = await book.open_lots(session, account.id)
    if any(lot.expires_at <= now for lot in lots):
        await _expire_of(session, account.id, now=now)
        lots = [lot for lot in lots if lot.expires_at > now]
    parts = rules.spend(lots, points)
    made = book.Held(new_id(), account.id, points, H.HELD, 0)
    values = {"id": made.id, "created_at": now, "account_id": account.id, "points": points, "state": H.HELD, "turns": 0}
    await book.do(session, _SET_ASIDE, values)
    await book.do(
        session, _FROM_LOTS, [{"hold_id": made.id, "lot_id": part.lot_id, "points": part.points} for part in parts]
    )
    await book.move_lots(session, parts, remaining=-1, held=1)
    await book.post(session, E.HOLD, account.id, points, cause=made.cause, told=told, now=now, actor_id=actor_id)
    return made.id


async def release(
    session: AsyncSession, hold_id: UUID, *, told: str, now: datetime, fault: bool = False,
    actor_id: UUID | None = None,
) -> int:  # fmt: skip
    """Back to the lots. Returns how many points are the person's again.

    What of it has expired meanwhile is gone, unless the reason is ours (`fault`): then it lives another thirty days.
    """
    held = await book.lock_hold(session, hold_id)
    return await release_of(session, held, told=told, now=now, fault=fault, actor_id=actor_id)


async def release_of(
    session: AsyncSession, held: Held, *, told: str, now: datetime, fault: bool = False, actor_id: UUID | None = None
) -> int:
    """The same of a hold that stands locked, with its account."""
    parts = await book.parts_of(session, held.id)
    late = [part for part, expires_at in parts if expires_at <= now]
    lapsed = 0 if fault else sum(part.points for part in late)
    target = H.LAPSED if lapsed == held.points else H.RELEASED
    rules.check_hold_step(held.state, target)
    await book.end_hold(session, held, target)
    await book.move_lots(session, [part for part, _ in parts], held=-1)
    if lapsed:
        await book.post(
            session, E.LAPSE, held.account_id, lapsed, cause=held.cause, told=told, now=now, actor_id=actor_id
        )
    back = held.points - lapsed
    if back:
        await book.post(
            session, E.RELEASE, held.account_id, back, cause=held.cause, told=told, now=now, actor_id=actor_id
        )
        await book.move_lots(session, [part for part, expires_at in parts if expires_at > now], remaining=1)
        if fault and late:
            saved = sum(part.points for part in late)
            end = rules.midnight_after(now + GRACE)
            await book.into_lot(session, held.account_id, end, granted=saved, remaining=saved, now=now)
        await book.settle_debt(session, held.account_id)
    return back


async def fulfil(
    session: AsyncSession, hold_id: UUID, *, told: str, now: datetime, actor_id: UUID | None = None
) -> None:
    """What was set aside is spent."""
    await fulfil_of(session, await book.lock_hold(session, hold_id), told=told, now=now, actor_id=actor_id)


async def fulfil_of(
    session: AsyncSession, held: Held, *, told: str, now: datetime, actor_id: UUID | None = None
) -> None:
    rules.check_hold_step(held.state, H.FULFILLED)
    await book.end_hold(session, held, H.FULFILLED)
    await book.move_lots(session, [part for part, _ in await book.parts_of(session, held.id)], held=-1)
    await book.post(
        session, E.FULFIL, held.account_id, held.points, cause=held.cause, told=told, now=now, actor_id=actor_id
    )


async def undo(session: AsyncSession, hold_id: UUID, *, told: str, now: datetime, actor_id: UUID) -> None:
    """Spent by a slip: set aside again, as it was."""
    await undo_of(session, await book.lock_hold(session, hold_id), told=told, now=now, actor_id=actor_id)


async def undo_of(session: AsyncSession, held: Held, *, told: str, now: datetime, actor_id: UUID) -> None:
    rules.check_hold_step(held.state, H.HELD)
    await book.move_lots(session, [part for part, _ in await book.parts_of(session, held.id)], held=1)
    await book.do(session, update(HOLD).where(HOLD.c.id == held.id).values(state=H.HELD, turns=held.turn + 1))
    await book.post(
        session, E.UNDO, held.account_id, held.points, cause=held.cause, told=told, now=now, actor_id=actor_id
    )


async def pool(
    session: AsyncSession, person_id: UUID, household_id: UUID, points: int, *, told: str, cause: str, now: datetime
) -> None:
    """Into the purse of the household, lot by lot: points do not live longer by it. NotEnoughPointsError changes nothing."""
    rules.check_points(points)
    own = await book.lock_account(session, person_id, now=now)
    await _expire_of(session, own.id, now=now)
    lots = await book.open_lots(session, own.id)
    parts = rules.spend(lots, points)
    ends = {lot.id: lot.expires_at for lot in lots}
    purse = await book.lock_household(session, household_id, now=now)
    await book.move_lots(session, parts, remaining=-1)
    for part in parts:
        await book.into_lot(session, purse.id, ends[part.lot_id], granted=part.points, remaining=part.points, now=now)
    values = {"kind": E.POOL, "cause": cause, "told": told, "actor_id": person_id, "expires_at": None}
    await book.write(session, values, [(-points, own.id), (points, purse.id)], now)


async def forfeit(session: AsyncSession, person_id: UUID, *, told: str, now: datetime) -> int:
    """The account of somebody who goes for good: what is free is gone, a debt stays on record. Returns how many points."""
    account = await book.lock_account(session, person_id, now=now)
    await _expire_of(session, account.id, now=now)
    lots = await book.open_lots(session, account.id)
    points = sum(lot.remaining for lot in lots)
    if points:
        await book.move_lots(session, [Part(lot.id, lot.remaining) for lot in lots], remaining=-1)
        cause = f"account:{account.id}:{now.isoformat()}"
        await book.post(session, E.FORFEIT, account.id, points, cause=cause, told=told, now=now)
    return points


async def merge(session: AsyncSession, source_id: UUID, target_id: UUID, *, now: datetime) -> None:
    """Two records of one human: points, holds and debt of the one become the other's, and what comes later too."""
    # In one order whoever merges whom.
    for person_id in sorted((source_id, target_id)):
        await book.lock_account(session, person_id, now=now)
    source = await book.lock_account(session, source_id, now=now)
    target = await book.lock_account(session, target_id, now=now)
    lots = await book.do(session, select(LOT).where(LOT.c.account_id == source.id))
    for lot in lots.all():
        left = {"granted": lot.remaining + lot.held, "remaining": lot.remaining, "held": lot.held}
        if left["granted"]:
            moved = await book.into_lot(session, target.id, lot.expires_at, now=now, **left)
            await book.do(session, update(PART).where(PART.c.lot_id == lot.id).values(lot_id=moved))
            await book.do(session, update(LOT).where(LOT.c.id == lot.id).values(remaining=0, held=0))
    await book.do(session, update(HOLD).where(HOLD.c.account_id == source.id).values(account_id=target.id))
    await book.change_debt(session, target.id, source.debt)
    if source.balance:
        values = {"kind": E.MERGE, "cause": f"account:{source.id}", "told": "两份个人档案合并"}
        await book.write(session, values, [(-source.balance, source.id), (source.balance, target.id)], now)
    await book.do(session, update(ACCOUNT).where(ACCOUNT.c.id == source.id).values(debt=0, moved_to=target.id))
    await book.settle_debt(session, target.id)


async def expire_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: lots whose time is over. Two sweeps at once: each lot goes in one of them.

    Accounts that somebody else holds are left for the next time: whoever holds one may wait for an account of the system
    that is held here.
    """
    due = select(LOT.c.account_id).where(LOT.c.remaining > 0, LOT.c.expires_at <= now).distinct()
    ids = (await book.do(session, due.limit(BATCH))).scalars().all()
    free = select(ACCOUNT.c.id).where(ACCOUNT.c.id.in_(ids)).order_by(ACCOUNT.c.id).with_for_update(skip_locked=True)
    done = 0
    for account_id in (await book.do(session, free)).scalars().all():
        done += await _expire_of(session, account_id, now=now)
    return done


async def _expire_of(session: AsyncSession, account_id: UUID, *, now: datetime) -> int:
    """Of an account that is locked: what has expired is gone before anything else is done with it."""
    rows = await book.do(
        session,
        select(LOT.c.id, LOT.c.remaining, LOT.c.expires_at)
        .where(LOT.c.account_id == account_id, LOT.c.remaining > 0, LOT.c.expires_at <= now)
        .order_by(LOT.c.expires_at),
    )
    lots = rows.all()
    for lot in lots:
        await book.move_lots(session, [Part(lot.id, lot.remaining)], remaining=-1)
        await book.post(session, E.EXPIRY, account_id, lot.remaining, cause=f"lot:{lot.id}", told="积分到期", now=now)
    return len(lots)
