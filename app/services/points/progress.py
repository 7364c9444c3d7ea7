"""What the year has brought: for oneself, by rule and by grid, and the roll of those who wish to stand on it.

No named ranking: totals hide small groups, the roll has neither places nor points (points design).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from app.core.clock import china_date
from app.core.crypto import crypto_of
from app.core.db import ReadSession
from app.models.points import ActivityPerson, PointsAward, PointsRule
from app.rules.identity.consents import ConsentPurpose
from app.rules.identity.roles import Actor
from app.rules.jobs.fairs import hide_small, hide_total
from app.rules.points.activities import ParticipationState
from app.rules.points.earning import AwardState, RuleState
from app.services.identity.consents import all_consenting
from app.services.identity.people import facts_of
from app.services.organisation.facts import GridFacts, all_grids
from app.services.points import policy


@dataclass(frozen=True, slots=True)
class RuleProgress:
    rule: PointsRule
    earned: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Of the running year. `minutes`: volunteer hours of all years, which never expire."""

    year: int
    earned: int
    minutes: int
    rules: Sequence[RuleProgress]


@dataclass(frozen=True, slots=True)
class Total:
    """Of a grid, an area, or of what no grid was named for. None where fewer people stand behind it than may be shown."""

    name: str
    people: int | None
    points: int | None
    grid_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class AreaTotal:
    """An area (片区) with its grids."""

    whole: Total
    grids: Sequence[Total]


async def mine(session: ReadSession, actor: Actor, *, now: datetime) -> Progress:
    year = china_date(now).year
    rows = await session.exec(
        select(col(PointsAward.code), func.sum(PointsAward.points))
        .where(
            PointsAward.person_id == actor.person_id, PointsAward.state == AwardState.CREDITED,
            col(PointsAward.on_day).between(date(year, 1, 1), date(year, 12, 31)),
        )
        .group_by(col(PointsAward.code))
    )  # fmt: skip
    by_code = {code: int(points) for code, points in rows}
    minutes = await session.exec(
        select(func.coalesce(func.sum(ActivityPerson.minutes), 0)).where(
            ActivityPerson.person_id == actor.person_id, ActivityPerson.state == ParticipationState.CONFIRMED
        )
    )
    adopted = await policy.list_rules(session, actor, state=RuleState.ADOPTED)
    return Progress(
        year,
        sum(by_code.values()),
        int(minutes.one() or 0),
        [RuleProgress(rule, by_code.get(rule.code, 0)) for rule in adopted],
    )


async def totals(session: ReadSession, year: int) -> list[AreaTotal]:
    """Small groups are hidden within each area, so that its whole does not tell them by a difference."""
    rows = await session.exec(
        select(col(PointsAward.grid_id), func.count(func.distinct(PointsAward.person_id)), func.sum(PointsAward.points))
        .where(
            PointsAward.state == AwardState.CREDITED,
            col(PointsAward.on_day).between(date(year, 1, 1), date(year, 12, 31)),
        )
        .group_by(col(PointsAward.grid_id))
    )
    found = {grid_id: (int(people), int(points)) for grid_id, people, points in rows}
    areas: dict[str, list[GridFacts]] = {}
    for grid in await all_grids(session):
        areas.setdefault(grid.area_name, []).append(grid)
    made = [_area(name, grids, found) for name, grids in areas.items()]
    people, points = found.get(None, (0, 0))
    return [*made, AreaTotal(_total("未注明网格", hide_total(people), points), ())]


def _area(name: str, grids: Sequence[GridFacts], found: Mapping[UUID | None, tuple[int, int]]) -> AreaTotal:
    counted = [found.get(grid.id, (0, 0)) for grid in grids]
    shown = hide_small([people for people, _ in counted])
    # Somebody who was in two grids is counted in both: how many they are together is not known from these.
    whole = _total(name, hide_total(sum(people for people, _ in counted)), sum(points for _, points in counted))
    parts = [
        _total(grid.name, people, points, grid.id)
        for grid, people, (_, points) in zip(grids, shown, counted, strict=True)
    ]
    return AreaTotal(whole, parts)


def _total(name: str, people: int | None, points: int, grid_id: UUID | None = None) -> Total:
    return Total(name, people, None if people is None else points, grid_id)


async def honour_roll(session: ReadSession, year: int) -> list[str]:
    """Full names of those who wish it and have earned what the year's decision asks for; in the order of names."""
    budget = await policy.budget_of(session, year)
    if budget is None or budget.honour_from is None:
        return []
    willing = await all_consenting(session, ConsentPurpose.HONOUR_ROLL)
    rows = await session.exec(
        select(col(PointsAward.person_id))
        .where(
            PointsAward.state == AwardState.CREDITED, col(PointsAward.person_id).in_(sorted(willing)),
            col(PointsAward.on_day).between(date(year, 1, 1), date(year, 12, 31)),
        )
        .group_by(col(PointsAward.person_id))
        .having(func.sum(PointsAward.points) >= budget.honour_from)
    )  # fmt: skip
    facts = await facts_of(session, crypto_of(session), rows.all())
    return sorted(one.name for one in facts.values() if one.name and not one.name_held)
