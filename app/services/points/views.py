"""From the ledger to answers."""

from uuid import UUID

from app.core.db import ReadSession
from app.core.pages import Page
from app.rules.identity.roles import Actor, Permission, check_town_wide
from app.schemas.points.ledger import AccountBalance, EntryRead, PointsRead, TrialBalanceRead
from app.services.points import own, verification
from app.services.points.reward_views import points_read
from app.services.runtime import Runtime


async def my_points(runtime: Runtime, session: ReadSession, person_id: UUID) -> PointsRead:
    return points_read(await own.points_of(session, person_id, now=runtime.clock.now()))


async def my_entries(
    runtime: Runtime, session: ReadSession, person_id: UUID, *, after_seq: int | None, cursor: str | None, limit: int
) -> Page[EntryRead]:
    rows, following = await own.history(
        session, runtime.cursors, person_id, after_seq=after_seq, cursor=cursor, limit=limit
    )
    items = [
        EntryRead(
            seq=row.seq, at=row.at, kind=row.kind, kind_label=row.kind.label, points=row.points,
            balance_after=row.balance_after, told=row.told,
        )
        for row in rows
    ]  # fmt: skip
    return Page(items=items, next_cursor=following)


async def trial_balance(runtime: Runtime, actor: Actor, as_of: int | None) -> TrialBalanceRead:
    check_town_wide(actor, Permission.POINTS_READ)
    async with runtime.db.snapshot() as connection:
        found = await verification.trial_balance(connection, as_of)
    accounts = [
        AccountBalance(kind=kind, kind_label=kind.label, balance=balance) for kind, balance in found.balances.items()
    ]
    return TrialBalanceRead(as_of=found.as_of, accounts=accounts, total=found.total, liability=found.liability)
