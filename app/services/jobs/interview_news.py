"""What time and the application do to interviews, and the words in which both sides are told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.core.events import emit
from app.models.jobs import Application, Interview, Vacancy
from app.rules.jobs.interviews import RUNNING, InterviewMode, InterviewState, Span, next_reminder
from app.services.events import InterviewChanged, InterviewComing

SWEEP_BATCH = 100


def moment(at: datetime) -> str:
    at = at.astimezone(CHINA)
    return f"{at.month}月{at.day}日 {at:%H:%M}"


def period(span: Span) -> str:
    return f"{moment(span.starts_at)}–{span.ends_at.astimezone(CHINA):%H:%M}"


async def tell(
    session: AsyncSession,
    row: Interview,
    application: Application,
    vacancy: Vacancy,
    *,
    by_firm: bool | None,
    now: datetime,
) -> None:
    await emit(
        session,
        InterviewChanged(
            at=now, interview_id=row.id, application_id=application.id, person_id=application.person_id,
            vacancy_id=vacancy.id, enterprise_id=vacancy.enterprise_id, title=vacancy.title,
            enterprise_name=vacancy.enterprise_name, state=row.state, when=_when(row), by_firm=by_firm,
        ),
    )  # fmt: skip


async def end_of(session: AsyncSession, application_id: UUID, *, erase: bool, now: datetime) -> None:
    """The application is over or has led to work: what was still being arranged is off, the other side is told."""
    found = await session.exec(
        select(Interview)
        .where(Interview.application_id == application_id)
        .order_by(col(Interview.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for row in found.all():
        if erase:
            # The purpose of the person's own words has ended.
            row.asked_sealed = None
        if row.state not in RUNNING:
            continue
        row.state, row.remind_at = InterviewState.CANCELLED, None
        row.touch(now)
        await session.flush()
        application, vacancy = await _around(session, row)
        await tell(session, row, application, vacancy, by_firm=None, now=now)


async def forget_words(session: AsyncSession, person_id: UUID) -> None:
    """The person leaves: their own words go, also where they were hired."""
    theirs = select(col(Application.id)).where(Application.person_id == person_id)
    await session.exec(update(Interview).where(col(Interview.application_id).in_(theirs)).values(asked_sealed=None))


async def lapse_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: the last offered time has begun and nobody agreed to one."""
    rows = (
        await session.exec(
            select(Interview)
            .where(
                col(Interview.state).in_([InterviewState.PROPOSED, InterviewState.OTHER_ASKED]),
                col(Interview.slots_until) <= now,
            )
            .order_by(col(Interview.slots_until), col(Interview.id))
            .limit(SWEEP_BATCH)
            .with_for_update(skip_locked=True)
        )
    ).all()
    for row in rows:
        row.state = InterviewState.LAPSED
        row.touch(now)
        await session.flush()
        application, vacancy = await _around(session, row)
        await tell(session, row, application, vacancy, by_firm=None, now=now)
    return len(rows)


async def remind_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: a day and two hours before, both sides; each moment once, whoever of the workers comes first."""
    rows = (
        await session.exec(
            select(Interview)
            .where(col(Interview.remind_at) <= now, Interview.state == InterviewState.CONFIRMED)
            .order_by(col(Interview.remind_at), col(Interview.id))
            .limit(SWEEP_BATCH)
            .with_for_update(skip_locked=True)
        )
    ).all()
    for row in rows:
        assert row.starts_at is not None  # noqa: S101  # what is confirmed has its time
        row.remind_at = next_reminder(row.starts_at.astimezone(CHINA), now.astimezone(CHINA))
        await session.flush()
        if row.starts_at <= now:
            # The worker was away: a reminder of what has begun only disturbs.
            continue
        application, vacancy = await _around(session, row)
        chosen: dict[str, Any] = row.slots[row.chosen or 0]
        place = chosen["place"] if chosen["mode"] == InterviewMode.ONSITE else "线上面试"
        await emit(
            session,
            InterviewComing(
                at=now, interview_id=row.id, person_id=application.person_id, enterprise_id=vacancy.enterprise_id,
                title=vacancy.title, enterprise_name=vacancy.enterprise_name, when=_when(row), place=place,
            ),
        )  # fmt: skip
    return len(rows)


def _when(row: Interview) -> str:
    if row.starts_at is not None:
        return moment(row.starts_at)
    return "、".join(moment(datetime.fromisoformat(slot["starts_at"])) for slot in row.slots)


async def _around(session: AsyncSession, row: Interview) -> tuple[Application, Vacancy]:
    found = await session.exec(
        select(Application, Vacancy)
        .join(Vacancy, col(Vacancy.id) == col(Application.vacancy_id))
        .where(Application.id == row.application_id)
    )
    application, vacancy = found.one()
    return application, vacancy
