"""Whether the ledger holds: everything that must add up, asked of one moment (`Database.snapshot`)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.models.points import JournalEntry, PointsAccount, PointsHold, PointsHoldPart, PointsLot, Posting
from app.rules.points.ledger import OWNERS, AccountKind, HoldState
from app.services.points.programme_checks import of_programme

SHOWN = 20
_account: Any = PointsAccount.__table__  # type: ignore[attr-defined]
_entry: Any = JournalEntry.__table__  # type: ignore[attr-defined]
_posting: Any = Posting.__table__  # type: ignore[attr-defined]
_lot: Any = PointsLot.__table__  # type: ignore[attr-defined]
_hold: Any = PointsHold.__table__  # type: ignore[attr-defined]
_part: Any = PointsHoldPart.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule, and what breaks it (ids and numbers, no names)."""

    rule: str
    thing: str


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Balances by kind of account, of entries up to `as_of`. `issued` is positive; what is left of it stands beside."""

    as_of: int
    balances: dict[AccountKind, int]

    @property
    def total(self) -> int:
        """Zero."""
        return sum(self.balances.values())

    @property
    def liability(self) -> int:
        """What people hold or have set aside: goods that are owed for it."""
        return sum(self.balances[kind] for kind in (*OWNERS, AccountKind.HELD))


async def trial_balance(connection: AsyncConnection, as_of: int | None = None) -> TrialBalance:
    """From the balances that are kept; of an earlier moment from the postings up to it."""
    last = (await connection.execute(select(func.max(_entry.c.seq)))).scalar_one() or 0
    if as_of is None or as_of >= last:
        statement = select(_account.c.kind, func.sum(_account.c.balance)).group_by(_account.c.kind)
    else:
        statement = (
            select(_account.c.kind, func.sum(_posting.c.points))
            .join(_account, _account.c.id == _posting.c.account_id)
            .where(_posting.c.entry_seq <= as_of)
            .group_by(_account.c.kind)
        )
    found = dict.fromkeys(AccountKind, 0)
    found |= {kind: int(balance) for kind, balance in await connection.execute(statement)}
    return TrialBalance(last if as_of is None else min(as_of, last), found)


async def verify(connection: AsyncConnection) -> list[Fault]:
    """Empty where all holds; else at most `SHOWN` of each rule."""
    found = []
    for rule, statement in [*_of_entries(), *_of_lots(), *of_programme()]:
        rows = await connection.execute(statement.limit(SHOWN))
        found += [Fault(rule, " ".join(str(value) for value in row)) for row in rows]
    balance = await trial_balance(connection)
    if balance.total != 0:
        found.append(Fault("全部账户合计为零", str(balance.total)))
    held = select(func.coalesce(func.sum(_hold.c.points), 0)).where(_hold.c.state == HoldState.HELD)
    waiting = (await connection.execute(held)).scalar_one()
    if waiting != balance.balances[AccountKind.HELD]:
        found.append(Fault("冻结账户等于未结的冻结", f"{balance.balances[AccountKind.HELD]} {waiting}"))
    return found


def _of_entries() -> list[tuple[str, Select[Any]]]:
    """Entries, postings, balances. Each finds what breaks it."""
    by_entry = (
        select(_posting.c.entry_seq, func.sum(_posting.c.points), func.count())
        .group_by(_posting.c.entry_seq)
        .having(or_(func.sum(_posting.c.points) != 0, func.count() < 2))  # noqa: PLR2004 - double entry
    )
    bare = select(_entry.c.seq).where(
        ~select(_posting.c.entry_seq).where(_posting.c.entry_seq == _entry.c.seq).exists()
    )
    of_account = (
        select(
            _posting.c.account_id, func.sum(_posting.c.points).label("points"), func.count().label("number"),
            func.max(_posting.c.account_seq).label("last"),
        )
        .group_by(_posting.c.account_id)
        .subquery()
    )  # fmt: skip
    kept = (
        select(_account.c.id, _account.c.balance, of_account.c.points)
        .outerjoin(of_account, of_account.c.account_id == _account.c.id)
        .where(
            or_(
                _account.c.balance != func.coalesce(of_account.c.points, 0),
                _account.c.seq != func.coalesce(of_account.c.number, 0),
                _account.c.seq != func.coalesce(of_account.c.last, 0),
            )
        )
    )
    running = select(
        _posting.c.account_id, _posting.c.account_seq, _posting.c.balance_after,
        func.sum(_posting.c.points)
        .over(partition_by=_posting.c.account_id, order_by=_posting.c.account_seq)
        .label("sum"),
    ).subquery()  # fmt: skip
    chain = select(running.c.account_id, running.c.account_seq).where(running.c.balance_after != running.c.sum)
    return [
        ("每笔分录合计为零且至少两边", by_entry), ("没有缺少分录的记账", bare), ("余额等于分录之和，编号连续", kept),
        ("每步余额相符", chain),
    ]  # fmt: skip


def _of_lots() -> list[tuple[str, Select[Any]]]:
    """Lots and holds against the balances."""
    lots = (
        select(_lot.c.account_id, func.sum(_lot.c.remaining).label("remaining")).group_by(_lot.c.account_id).subquery()
    )
    person = (
        select(_account.c.id, _account.c.balance, _account.c.debt, lots.c.remaining)
        .outerjoin(lots, lots.c.account_id == _account.c.id)
        .where(
            _account.c.kind.in_(sorted(OWNERS)),
            _account.c.balance != func.coalesce(lots.c.remaining, 0) - _account.c.debt,
        )
    )
    idle_debt = (
        select(_account.c.id, _account.c.debt, lots.c.remaining)
        .join(lots, lots.c.account_id == _account.c.id)
        .where(and_(_account.c.debt > 0, lots.c.remaining > 0))
    )
    waiting = case((_hold.c.state == HoldState.HELD, _part.c.points), else_=0)
    of_lot = (
        select(_part.c.lot_id, func.sum(waiting).label("held"))
        .join(_hold, _hold.c.id == _part.c.hold_id)
        .group_by(_part.c.lot_id)
        .subquery()
    )
    held = (
        select(_lot.c.id, _lot.c.held, of_lot.c.held)
        .outerjoin(of_lot, of_lot.c.lot_id == _lot.c.id)
        .where(_lot.c.held != func.coalesce(of_lot.c.held, 0))
    )
    parts = (
        select(_hold.c.id, _hold.c.points, func.sum(_part.c.points))
        .join(_part, _part.c.hold_id == _hold.c.id)
        .group_by(_hold.c.id, _hold.c.points)
        .having(func.sum(_part.c.points) != _hold.c.points)
    )
    return [
        ("个人余额等于各批剩余减欠分", person), ("有剩余就没有欠分", idle_debt), ("每批冻结数等于未结冻结", held),
        ("每笔冻结等于各批之和", parts),
    ]  # fmt: skip
