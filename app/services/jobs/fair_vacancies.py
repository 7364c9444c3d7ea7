"""The vacancies at a booth: the firm's own postings, the same rows as everywhere, never copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, literal
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.db import ReadSession, check_version, lock
from app.core.pages import Cursors, after
from app.models.jobs import Fair, FairBooth, FairCheckIn, FairVacancy, Vacancy, VacancyVersion
from app.models.organisation import Enterprise
from app.rules.identity.roles import Actor
from app.rules.jobs.fairs import (
    BoothNotConfirmedError,
    BoothNotFoundError,
    BoothState,
    CheckInMissingError,
    FairVacancyUnknownError,
    NotAtFairError,
    check_open_to_firms,
    check_running,
    checks_in,
)
from app.rules.jobs.posting import Finding, check_students
from app.rules.jobs.vacancies import VacancyState
from app.services.identity import audit
from app.services.jobs import posting
from app.services.jobs.fair_booths import SUBJECT, Placed, own_fit_firm, placed
from app.services.jobs.fairs import hold, seen
from app.services.jobs.rulebook import current_rule_book


@dataclass(frozen=True, slots=True)
class AtFair:
    """A posting as the fair shows it. `readable`: its present words have been public, nothing unseen is shown."""

    vacancy: Vacancy
    number: str | None
    readable: bool


async def choose_vacancies(
    session: AsyncSession,
    actor: Actor,
    fair_id: UUID,
    enterprise_id: UUID,
    *,
    vacancy_ids: Sequence[UUID],
    expected_version: int,
    now: datetime,
) -> tuple[Placed, list[Finding]]:
    """Replaces the choice. Newly chosen ones are open postings of this firm; one that closed later may stay and shows so."""
    enterprise = await own_fit_firm(session, actor, enterprise_id, now)
    fair = await hold(session, actor, fair_id)
    check_open_to_firms(fair.state)
    booth = await _lock_booth(session, fair, enterprise)
    check_version(booth.version, expected_version)
    if booth.state is not BoothState.CONFIRMED:
        raise BoothNotConfirmedError(current=booth.state.label)
    known = set((await session.exec(select(col(FairVacancy.vacancy_id)).where(FairVacancy.booth_id == booth.id))).all())
    wanted = set(vacancy_ids)
    added = await _openings(session, enterprise, wanted - known, now)
    if len(added) != len(wanted - known):
        raise FairVacancyUnknownError(count=len(wanted - known) - len(added))
    findings = await _student_findings(session, enterprise, added, now)
    posting.refuse_blocked(findings)
    await session.exec(
        delete(FairVacancy).where(
            col(FairVacancy.booth_id) == booth.id, col(FairVacancy.vacancy_id).not_in(sorted(wanted))
        )
    )
    session.add_all(FairVacancy(fair_id=fair_id, vacancy_id=row.id, booth_id=booth.id, created_at=now) for row in added)
    booth.touch(now)
    await session.flush()
    audit.by(session, actor, "fair_vacancies_chosen", SUBJECT, booth.id, now=now, count=str(len(wanted)))
    return await placed(session, booth, fair), findings


async def list_vacancies(
    session: ReadSession, cursors: Cursors, actor: Actor | None, fair_id: UUID, *, cursor: str | None, limit: int
) -> tuple[list[AtFair], str | None]:
    """What confirmed firms offer at the fair, newest first; what was closed since is shown as closed."""
    await seen(session, actor, fair_id)
    query: dict[str, Any] = {"list": "fair_vacancies", "fair": fair_id}
    keys = [col(FairVacancy.created_at), col(FairVacancy.vacancy_id)]
    statement = (
        select(FairVacancy, Vacancy, col(FairBooth.number), col(VacancyVersion.number))
        .join(Vacancy, col(Vacancy.id) == col(FairVacancy.vacancy_id))
        .join(FairBooth, col(FairBooth.id) == col(FairVacancy.booth_id))
        .outerjoin(
            VacancyVersion,
            and_(
                col(VacancyVersion.vacancy_id) == col(Vacancy.id),
                col(VacancyVersion.number) == col(Vacancy.content_version),
            ),
        )
        .where(FairVacancy.fair_id == fair_id, FairBooth.state == BoothState.CONFIRMED)
    )
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    rows, following = cursors.page(query, rows, limit, lambda row: [row[0].created_at, row[0].vacancy_id])
    return [
        AtFair(vacancy, number, frozen is not None and vacancy.state is not VacancyState.TAKEN_DOWN)
        for _, vacancy, number, frozen in rows
    ], following


async def check_on_the_spot(session: AsyncSession, actor: Actor, fair_id: UUID, vacancy_id: UUID) -> None:
    """An application made at the fair: it runs, the posting stands there, and the person has come (not needed online)."""
    fair = await hold(session, actor, fair_id)
    check_running(fair.state)
    stands = await session.exec(
        select(literal(1))
        .select_from(FairVacancy)
        .join(FairBooth, col(FairBooth.id) == col(FairVacancy.booth_id))
        .where(
            FairVacancy.fair_id == fair_id, FairVacancy.vacancy_id == vacancy_id,
            FairBooth.state == BoothState.CONFIRMED,
        )
    )  # fmt: skip
    if stands.one_or_none() is None:
        raise NotAtFairError
    if checks_in(fair.kind):
        came = await session.exec(
            select(col(FairCheckIn.id)).where(FairCheckIn.fair_id == fair_id, FairCheckIn.person_id == actor.person_id)
        )
        if came.one_or_none() is None:
            raise CheckInMissingError


async def _lock_booth(session: AsyncSession, fair: Fair, enterprise: Enterprise) -> FairBooth:
    found = await session.exec(
        select(col(FairBooth.id)).where(FairBooth.fair_id == fair.id, FairBooth.enterprise_id == enterprise.id)
    )
    booth_id = found.one_or_none()
    if booth_id is None:
        raise BoothNotFoundError
    return await lock(session, FairBooth, booth_id, BoothNotFoundError)


async def _openings(session: AsyncSession, enterprise: Enterprise, ids: set[UUID], now: datetime) -> Sequence[Vacancy]:
    found = await session.exec(
        select(Vacancy)
        .where(
            col(Vacancy.id).in_(sorted(ids)), Vacancy.enterprise_id == enterprise.id,
            Vacancy.state == VacancyState.PUBLISHED, col(Vacancy.valid_until) >= china_date(now),
        )
        .order_by(col(Vacancy.id))
    )  # fmt: skip
    return found.all()


async def _student_findings(
    session: AsyncSession, enterprise: Enterprise, rows: Sequence[Vacancy], now: datetime
) -> list[Finding]:
    """The limits may be younger than the posting: they are asked again where students are invited to come."""
    book, today = await current_rule_book(session), china_date(now)
    return [
        finding
        for row in rows
        for finding in check_students(
            posting.draft_of_row(row, approved=True, kind=enterprise.kind.value), book, today=today
        )
    ]
