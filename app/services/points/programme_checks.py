"""What must hold between the ledger and what it is kept for: shelves, redemptions, budgets, awards. Part of `verification`."""

from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select

from app.models.points import JournalEntry, PointsAward, PointsBudget, PointsHold, Redemption, RewardStock
from app.rules.points.earning import AwardState
from app.rules.points.ledger import EntryKind, HoldState
from app.rules.points.rewards import OPEN, RedemptionState

_entry: Any = JournalEntry.__table__  # type: ignore[attr-defined]
_hold: Any = PointsHold.__table__  # type: ignore[attr-defined]
_award: Any = PointsAward.__table__  # type: ignore[attr-defined]
_budget: Any = PointsBudget.__table__  # type: ignore[attr-defined]
_stock: Any = RewardStock.__table__  # type: ignore[attr-defined]
_redemption: Any = Redemption.__table__  # type: ignore[attr-defined]


def of_programme() -> list[tuple[str, Select[Any]]]:
    """Each finds what breaks it."""
    return [
        ("库存的冻结和已领等于兑换", _shelves()),
        ("兑换与积分冻结的状态相符", _redemptions()),
        ("预算的已发放等于已入账的得分", _budgets()),
        ("已入账的得分都有分录，且没有冲回", _awards()),
    ]


def _shelves() -> Select[Any]:
    open_, done = (
        func.sum(case((_redemption.c.state.in_(states), 1), else_=0))
        for states in (sorted(OPEN), [RedemptionState.FULFILLED])
    )
    counted = (
        select(_redemption.c.reward_id, _redemption.c.site_id, open_.label("held"), done.label("fulfilled"))
        .group_by(_redemption.c.reward_id, _redemption.c.site_id)
        .subquery()
    )
    both = and_(counted.c.reward_id == _stock.c.reward_id, counted.c.site_id == _stock.c.site_id)
    return (
        select(_stock.c.reward_id, _stock.c.site_id, _stock.c.held, counted.c.held)
        .outerjoin(counted, both)
        .where(
            or_(
                _stock.c.held != func.coalesce(counted.c.held, 0),
                _stock.c.fulfilled != func.coalesce(counted.c.fulfilled, 0),
            )
        )
    )


def _redemptions() -> Select[Any]:
    state = _redemption.c.state
    wrong = or_(
        and_(state.in_(sorted(OPEN)), _hold.c.state != HoldState.HELD),
        and_(state == RedemptionState.FULFILLED, _hold.c.state != HoldState.FULFILLED),
        and_(
            state.not_in([*sorted(OPEN), RedemptionState.FULFILLED]),
            _hold.c.state.not_in([HoldState.RELEASED, HoldState.LAPSED]),
        ),
    )
    return select(_redemption.c.id, state, _hold.c.state).join(_hold, _hold.c.id == _redemption.c.hold_id).where(wrong)


def _budgets() -> Select[Any]:
    given = (
        select(_award.c.year, func.sum(_award.c.points).label("points"))
        .where(_award.c.state == AwardState.CREDITED)
        .group_by(_award.c.year)
        .subquery()
    )
    return (
        select(_budget.c.year, _budget.c.granted, given.c.points)
        .outerjoin(given, given.c.year == _budget.c.year)
        .where(_budget.c.granted != func.coalesce(given.c.points, 0))
    )


def _awards() -> Select[Any]:
    """Counted: as many credits that were not reversed as awards, of each rule. (Ids as text differ between the databases.)"""
    reversed_ = _entry.alias()
    stands = ~select(reversed_.c.seq).where(
        reversed_.c.kind == EntryKind.REVERSAL, reversed_.c.cause == _entry.c.cause
    ).exists()  # fmt: skip
    entries = (
        select(func.count())
        .where(
            _entry.c.kind == EntryKind.CREDIT,
            func.substr(_entry.c.cause, 1, func.length(_award.c.code) + 1) == _award.c.code + ":",
            stands,
        )
        .scalar_subquery()
    )
    return (
        select(_award.c.code, func.count(), entries)
        .where(_award.c.state == AwardState.CREDITED)
        .group_by(_award.c.code)
        .having(func.count() != entries)
    )
