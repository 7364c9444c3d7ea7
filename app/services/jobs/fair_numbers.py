"""What a fair comes to: the live board, the report computed once at its end, and what became of it a month later."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, case, func
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, select

from app.core.clock import china_date
from app.models.jobs import (
    Application,
    ApplicationStep,
    FairBooth,
    FairCheckIn,
    FairTally,
    FairVacancy,
    FairVisits,
    Vacancy,
)
from app.rules.jobs.applications import ApplicationState
from app.rules.jobs.fairs import BoothState
from app.rules.jobs.vacancies import VacancyState

A = ApplicationState
INTERVIEWED = (A.INTERVIEW,)
# 就业意向: the firm wants the person, whether or not the work has begun.
INTENDED = (A.OFFERED, A.HIRED, A.KEPT_30D, A.KEPT_90D)
HIRED = (A.HIRED, A.KEPT_30D, A.KEPT_90D)
KEPT = (A.KEPT_30D, A.KEPT_90D)


@dataclass(slots=True)
class Tally:
    """Of one firm, one occupation, or all."""

    vacancies: int = 0
    headcount: int = 0
    openings: int = 0
    applications: int = 0
    interviews: int = 0
    intents: int = 0
    hired: int = 0
    kept_30d: int = 0

    def add(self, values: Mapping[str, int]) -> None:
        for name, value in values.items():
            setattr(self, name, getattr(self, name) + value)


class Group(NamedTuple):
    """`key`: the enterprise's id or the occupation's code."""

    key: str
    name: str
    number: str | None
    tally: Tally


@dataclass(frozen=True, slots=True)
class Numbers:
    enterprises: Sequence[Group]
    occupations: Sequence[Group]
    total: Tally
    # Firms that take part; a firm that left is still a group where people applied to it.
    confirmed: int
    checked_in: int
    visits: int


async def numbers_of(connection: AsyncConnection, fair_id: UUID, *, now: datetime) -> Numbers:
    """Four statements, however large the fair. Applications count with the firm they were made to, also one that left."""
    total = Tally()
    firms: dict[str, Group] = {}
    trades: dict[str, Group] = {}
    for booth in await connection.execute(_booths(fair_id)):
        firms[str(booth.enterprise_id)] = Group(str(booth.enterprise_id), booth.name, booth.number, Tally())
    confirmed = len(firms)
    for row in await connection.execute(_offers(fair_id, now)):
        values = {"vacancies": row.vacancies, "headcount": row.headcount, "openings": row.openings}
        _spread(total, firms, trades, row, values)
    for row in await connection.execute(_outcomes(fair_id)):
        values = {name: getattr(row, name) for name in ("applications", "interviews", "intents", "hired", "kept_30d")}
        _spread(total, firms, trades, row, values)
    people = (await connection.execute(_people(fair_id))).one()
    return Numbers(
        enterprises=_by_name(firms.values()), occupations=_by_name(trades.values()), total=total,
        confirmed=confirmed, checked_in=people.scanned + people.counted, visits=people.visits,
    )  # fmt: skip


def _spread(total: Tally, firms: dict[str, Group], trades: dict[str, Group], row: Any, values: dict[str, int]) -> None:
    firm, trade = str(row.enterprise_id), row.occupation_code
    firms.setdefault(firm, Group(firm, row.enterprise_name, None, Tally())).tally.add(values)
    trades.setdefault(trade, Group(trade, row.occupation_name, None, Tally())).tally.add(values)
    total.add(values)


def _by_name(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: (group.number is None, group.number or "", group.name, group.key))


_PLACE = (
    col(Vacancy.enterprise_id), col(Vacancy.enterprise_name), col(Vacancy.occupation_code), col(Vacancy.occupation_name),
)  # fmt: skip


def _booths(fair_id: UUID) -> Select[Any]:
    return select(  # type: ignore[return-value]
        col(FairBooth.enterprise_id), col(FairBooth.enterprise_name).label("name"), col(FairBooth.number)
    ).where(FairBooth.fair_id == fair_id, FairBooth.state == BoothState.CONFIRMED)


def _offers(fair_id: UUID, now: datetime) -> Any:
    """Postings of confirmed firms; seats only of those that still take people."""
    is_open = (col(Vacancy.state) == VacancyState.PUBLISHED) & (col(Vacancy.valid_until) >= china_date(now))
    seats = case((is_open, col(Vacancy.headcount) - col(Vacancy.hired_count)), else_=0)
    return (
        select(  # type: ignore[call-overload]
            *_PLACE,
            func.count().label("vacancies"),
            func.sum(col(Vacancy.headcount)).label("headcount"),
            func.sum(seats).label("openings"),
        )
        .join(FairVacancy, col(FairVacancy.vacancy_id) == col(Vacancy.id))
        .join(FairBooth, col(FairBooth.id) == col(FairVacancy.booth_id))
        .where(FairVacancy.fair_id == fair_id, FairBooth.state == BoothState.CONFIRMED)
        .group_by(*_PLACE)
    )


def _outcomes(fair_id: UUID) -> Any:
    """By the steps that were taken, so that a later step or a refusal hides none of the earlier ones."""
    reached = (
        select(  # type: ignore[call-overload]
            col(ApplicationStep.application_id).label("application_id"),
            _any(INTERVIEWED).label("interviewed"),
            _any(INTENDED).label("intended"),
            _any(HIRED).label("hired"),
            _any(KEPT).label("kept"),
        )
        .join(Application, col(Application.id) == col(ApplicationStep.application_id))
        .where(Application.fair_id == fair_id)
        .group_by(col(ApplicationStep.application_id))
        .subquery()
    )
    return (
        select(  # type: ignore[call-overload]
            *_PLACE,
            func.count().label("applications"),
            func.sum(reached.c.interviewed).label("interviews"),
            func.sum(reached.c.intended).label("intents"),
            func.sum(reached.c.hired).label("hired"),
            func.sum(reached.c.kept).label("kept_30d"),
        )
        .select_from(reached)
        .join(Application, col(Application.id) == reached.c.application_id)
        .join(Vacancy, col(Vacancy.id) == col(Application.vacancy_id))
        .group_by(*_PLACE)
    )


def _any(states: Sequence[ApplicationState]) -> Any:
    return func.max(case((col(ApplicationStep.state).in_(states), 1), else_=0))


def _people(fair_id: UUID) -> Select[Any]:
    scanned = select(func.count()).select_from(FairCheckIn).where(FairCheckIn.fair_id == fair_id)
    counted = select(func.coalesce(func.sum(col(FairTally.people)), 0)).where(FairTally.fair_id == fair_id)
    visits = select(func.coalesce(func.sum(col(FairVisits.visits)), 0)).where(FairVisits.fair_id == fair_id)
    return select(
        scanned.scalar_subquery().label("scanned"),
        counted.scalar_subquery().label("counted"),
        visits.scalar_subquery().label("visits"),
    )
