"""Applications that nobody has touched for a week: the firm is reminded, its liaison cadre is told the count."""

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.daily import claim_day
from app.core.events import emit
from app.models.jobs import Application, Vacancy
from app.rules.jobs.kept import OPEN_OFFER, UNTOUCHED, WAITING_STATES
from app.services.events import ApplicationsUntouched, LiaisonDigest
from app.services.organisation.liaison import firms_of_cadres

# Vacancies in one transaction of the sweep.
SWEEP_BATCH = 50


async def remind_firms(session: AsyncSession, *, now: datetime) -> int:
    """Each application once a week, one notice for each vacancy; returns how many vacancies were looked at."""
    waiting = select(col(Application.vacancy_id)).where(_due(now)).distinct().limit(SWEEP_BATCH)
    ids = (await session.exec(waiting)).all()
    rows = await session.exec(
        select(Vacancy).where(col(Vacancy.id).in_(ids)).order_by(col(Vacancy.id)).with_for_update(skip_locked=True)
    )
    vacancies = rows.all()
    for vacancy in vacancies:
        await _remind(session, vacancy, now)
    return len(vacancies)


async def _remind(session: AsyncSession, vacancy: Vacancy, now: datetime) -> None:
    """The vacancy is locked, as for every step of its applications: another worker finds nothing left to do."""
    found = await session.exec(
        select(col(Application.id), col(Application.state), col(Application.person_id))
        .where(Application.vacancy_id == vacancy.id, _due(now))
        .order_by(col(Application.id))
    )
    due = found.all()
    if not due:
        return
    await session.exec(
        update(Application).where(col(Application.id).in_([row[0] for row in due])).values(reminded_at=now)
    )
    offered = tuple(person_id for _, state, person_id in due if state in OPEN_OFFER)
    await emit(
        session,
        ApplicationsUntouched(
            at=now, vacancy_id=vacancy.id, enterprise_id=vacancy.enterprise_id, title=vacancy.title,
            enterprise_name=vacancy.enterprise_name, waiting=len(due) - len(offered), offered=len(offered),
            people=offered,
        ),
    )  # fmt: skip


async def digest_of_week(session: AsyncSession, *, now: datetime) -> int:
    """Monday's word to the liaison cadres who are users: how many wait at which of their firms. No names of people.

    Once for each week, by whichever worker comes first; where all of them slept on Monday, on the day they wake.
    """
    today = china_date(now)
    if not await claim_day(session, "liaison_digest", today - timedelta(days=today.weekday())):
        return 0
    firms = await firms_of_cadres(session)
    ids: set[UUID] = {enterprise_id for _, enterprise_id in firms}
    rows = await session.exec(
        select(col(Vacancy.enterprise_id), col(Vacancy.enterprise_name), func.count())
        .join(Application, col(Application.vacancy_id) == col(Vacancy.id))
        .where(
            col(Vacancy.enterprise_id).in_(ids),
            col(Application.state).in_(WAITING_STATES),
            col(Application.moved_at) <= now - UNTOUCHED,
        )
        .group_by(col(Vacancy.enterprise_id), col(Vacancy.enterprise_name))
    )
    names: dict[UUID, str] = {}
    counts: Counter[UUID] = Counter()
    for enterprise_id, name, count in rows:
        names[enterprise_id] = name
        counts[enterprise_id] += count
    told = 0
    for cadre_id in sorted({cadre for cadre, _ in firms}):
        mine = sorted({enterprise for cadre, enterprise in firms if cadre == cadre_id} & counts.keys())
        if mine:
            told += 1
            await emit(
                session,
                LiaisonDigest(at=now, cadre_id=cadre_id, firms=tuple((names[one], counts[one]) for one in mine)),
            )
    return told


def _due(now: datetime) -> ColumnElement[bool]:
    before = now - UNTOUCHED
    return (
        col(Application.state).in_(WAITING_STATES | OPEN_OFFER)
        & (col(Application.moved_at) <= before)
        & or_(col(Application.reminded_at).is_(None), col(Application.reminded_at) <= before)
    )
