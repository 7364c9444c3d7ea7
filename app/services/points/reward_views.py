"""Rewards, stock, redemptions, publications, households: from rows to answers."""

from app.core.errors import AppError
from app.models.points import PointsPublication, PointsSite, PublicationLine
from app.rules.points import rewards as rules
from app.rules.points.rewards import OPEN, UNDO_WITHIN, RedemptionState
from app.schemas.base import Action
from app.schemas.points.ledger import (
    AreaTotalRead,
    ExpiringRead,
    HouseholdRead,
    PointsRead,
    ProgressRead,
    RuleProgressRead,
    TotalRead,
)
from app.schemas.points.publication import LineRead, ObjectionRead, PublicationRead
from app.schemas.points.rewards import (
    CounterRead,
    RedemptionRead,
    RewardRead,
    SiteRead,
    StockChangeRead,
    StockLevel,
    StockLevels,
    StockRead,
)
from app.services.points.counter import QR_PREFIX, AtCounter
from app.services.points.households import Household
from app.services.points.own import Points
from app.services.points.progress import AreaTotal, Progress, Total
from app.services.points.publication import Objection
from app.services.points.redemptions import Opened
from app.services.points.rewards import Change, Shelf


def site_read(site: PointsSite) -> SiteRead:
    return SiteRead(
        id=site.id, name=site.name, address=site.address, hours=site.hours, open=site.open, version=site.version
    )


def reward_read(shelf: Shelf) -> RewardRead:
    row = shelf.reward
    sites = [
        StockRead(site_id=site.id, site_name=site.name, address=site.address, hours=site.hours, free=stock.free)
        for stock, site in shelf.stock
        if site.open
    ]
    values = row.model_dump(exclude={"created_at", "updated_at"})
    return RewardRead(**values, kind_label=row.kind.label, state_label=row.state.label, sites=sites)


def levels_read(shelf: Shelf) -> StockLevels:
    return StockLevels(
        items=[
            StockLevel(site_name=site.name, **stock.model_dump(exclude={"reward_id"})) for stock, site in shelf.stock
        ]
    )


def change_read(change: Change) -> StockChangeRead:
    row = change.row
    return StockChangeRead(
        id=row.id, reward_id=row.reward_id, reward_title=change.title, site_id=row.site_id, site_name=change.site,
        kind=row.kind, kind_label=row.kind.label, state=row.state, state_label=row.state.label, quantity=row.quantity,
        reason=row.reason, created_at=row.created_at, version=row.version,
    )  # fmt: skip


def redemption_read(opened: Opened) -> RedemptionRead:
    row, site = opened.row, opened.site
    return RedemptionRead(
        id=row.id, reward_id=row.reward_id, title=row.title, points=row.points, site_id=site.id, site_name=site.name,
        site_address=site.address, site_hours=site.hours, from_household=row.household_id is not None, state=row.state,
        state_label=row.state.label, until=row.until, code=opened.code,
        qr_text=None if opened.code is None else QR_PREFIX + opened.code, helper=opened.helper,
        picked_up_by=row.picked_up_by, fulfilled_at=row.fulfilled_at, ended_because=opened.end_reason,
        created_at=row.created_at, version=row.version, actions=[_cancel(row.state), _helper(row.state)],
    )  # fmt: skip


def counter_read(found: AtCounter) -> CounterRead:
    row = found.row
    done = row.fulfilled_at
    return CounterRead(
        id=row.id, title=row.title, points=row.points, site_id=row.site_id, state=row.state, state_label=row.state.label,
        person_name=found.name, helper=found.helper, until=row.until, fulfilled_at=done,
        undo_until=None if done is None else done + UNDO_WITHIN, version=row.version,
    )  # fmt: skip


def publication_read(row: PointsPublication) -> PublicationRead:
    return PublicationRead(
        id=row.id, starts_on=row.starts_on, ends_on=row.ends_on, state=row.state, state_label=row.state.label,
        until=row.until, lines=row.lines, version=row.version,
    )  # fmt: skip


def line_read(row: PublicationLine) -> LineRead:
    return LineRead(
        number=row.number, kind=row.kind, kind_label=row.kind.label, name=row.name, what=row.what, points=row.points,
        on_day=row.on_day,
    )  # fmt: skip


def objection_read(found: Objection) -> ObjectionRead:
    row, line = found.row, found.line
    return ObjectionRead(
        id=row.id, publication_id=row.publication_id, number=line.number, what=line.what, name=line.name, state=row.state,
        state_label=row.state.label, words=found.words, answer=found.answer, created_at=row.created_at,
        version=row.version,
    )  # fmt: skip


def points_read(found: Points) -> PointsRead:
    expiring = [ExpiringRead(points=one.points, at=one.at) for one in found.expiring]
    return PointsRead(available=found.available, held=found.held, debt=found.debt, expiring=expiring)


def household_read(found: Household) -> HouseholdRead:
    return HouseholdRead(
        id=found.row.id, name=found.row.name, members=list(found.members), points=points_read(found.points)
    )


def progress_read(found: Progress) -> ProgressRead:
    rules_ = [
        RuleProgressRead(rule_id=one.rule.id, text=one.rule.text, earned=one.earned, cap_year=one.rule.cap_year)
        for one in found.rules
    ]
    return ProgressRead(year=found.year, earned=found.earned, volunteer_minutes=found.minutes, rules=rules_)


def area_total_read(one: AreaTotal) -> AreaTotalRead:
    return AreaTotalRead(whole=_total(one.whole), grids=[_total(grid) for grid in one.grids])


def _total(one: Total) -> TotalRead:
    return TotalRead(grid_id=one.grid_id, name=one.name, people=one.people, points=one.points)


def _cancel(state: RedemptionState) -> Action:
    return _action("cancel", state, RedemptionState.CANCELLED)


def _helper(state: RedemptionState) -> Action:
    return _action("helper", state, RedemptionState.READY)


def _action(name: str, state: RedemptionState, target: RedemptionState) -> Action:
    why: AppError | None = (
        None if state in OPEN else rules.RedemptionStateError(current=state.label, target=target.label)
    )
    return Action(action=name, allowed=why is None, reason=None if why is None else why.text)
