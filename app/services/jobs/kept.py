"""在岗: 30 and 90 days after a hire both sides are asked; where they disagree, somebody of the town looks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.db import check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.jobs import Application, KeptCheck, Vacancy
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Actor
from app.rules.jobs.applications import NEXT, ApplicationNotFoundError, ApplicationState
from app.rules.jobs.kept import (
    DAYS_OF,
    HIRED_STATES,
    MILESTONES,
    KeptAnswer,
    KeptAnsweredError,
    NotHiredError,
    check_kept_due,
    disagree,
)
from app.services.common.tasks import close_tasks, open_task
from app.services.events import ApplicationMoved, KeptAsked
from app.services.identity import audit
from app.services.identity.people import active_among
from app.services.jobs.applications import advance, check_own, lock_of_firm

SWEEP_BATCH = 100
SUBJECT = "kept_check"


async def answer_of_firm(
    session: AsyncSession, actor: Actor, application_id: UUID, answer: KeptAnswer, *, days: int, expected_version: int,
    now: datetime,
) -> None:  # fmt: skip
    """Still there: the application takes that step. Gone: it stays as it is, and the answer is kept."""
    vacancy, application = await lock_of_firm(session, actor, application_id)
    check_version(application.version, expected_version)
    _check_hired(application, days, now)
    if answer is KeptAnswer.ON_POST and MILESTONES[days] in NEXT[application.state]:
        # What follows from the step writes the answer down: `note_step`.
        await advance(session, actor, vacancy, application, MILESTONES[days], reason=None, now=now)
        return
    check = await _locked(session, application, days, now)
    if check.firm_says is not None and check.firm_says is not answer:
        raise KeptAnsweredError(given=check.firm_says.label)
    await _firm_says(session, check, application, vacancy, answer, now)
    audit.by(session, actor, f"kept_{days}_{answer.value}", "application", application.id, now=now)


async def answer_of_person(
    session: AsyncSession, actor: Actor, application_id: UUID, answer: KeptAnswer, *, days: int, now: datetime
) -> None:
    """The person's own word about the same fact; it changes no state, but it is heard."""
    await check_own(session, actor, application_id)
    application = await lock(session, Application, application_id, ApplicationNotFoundError)
    _check_hired(application, days, now)
    vacancy = (await session.exec(select(Vacancy).where(Vacancy.id == application.vacancy_id))).one()
    check = await _locked(session, application, days, now)
    if check.person_says is not None and check.person_says is not answer:
        raise KeptAnsweredError(given=check.person_says.label)
    check.person_says, check.person_said_at = answer, now
    check.touch(now)
    await _compare(session, check, application, vacancy, now)
    audit.by(session, actor, f"kept_{days}_{answer.value}", "application", application.id, now=now)
    await session.flush()


async def note_step(session: AsyncSession, event: ApplicationMoved) -> None:
    """The firm has taken the step 在岗满30/90天: that is its answer, and the person hears the question with it."""
    if event.state not in DAYS_OF:
        return
    found = await session.exec(
        select(Application, Vacancy)
        .join(Vacancy, col(Vacancy.id) == col(Application.vacancy_id))
        .where(Application.id == event.application_id)
    )
    for application, vacancy in found.all():
        # The row is locked by whoever took the step.
        check = await _locked(session, application, DAYS_OF[event.state], event.at)
        await _firm_says(session, check, application, vacancy, KeptAnswer.ON_POST, event.at)


async def checks_of(session: AsyncSession, application_id: UUID) -> Sequence[KeptCheck]:
    rows = await session.exec(
        select(KeptCheck).where(KeptCheck.application_id == application_id).order_by(col(KeptCheck.days))
    )
    return rows.all()


async def ask_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: hires whose 30th or 90th day has come and that nobody was asked about, one batch of each."""
    return sum([await _ask(session, days, now) for days in MILESTONES])


async def _ask(session: AsyncSession, days: int, now: datetime) -> int:
    asked = select(col(KeptCheck.application_id)).where(KeptCheck.days == days)
    rows = await session.exec(
        select(Application, Vacancy)
        .join(Vacancy, col(Vacancy.id) == col(Application.vacancy_id))
        .where(
            col(Application.state).in_(HIRED_STATES),
            col(Application.hired_at) <= now - timedelta(days=days),
            col(Application.id).not_in(asked),
        )
        .order_by(col(Application.id))
        .limit(SWEEP_BATCH)
    )
    due = rows.all()
    alive = await active_among(session, [application.person_id for application, _ in due])
    for application, vacancy in due:
        # Of two workers one writes the row, and only that one asks.
        if await insert_or_ignore(session, KeptCheck, _fresh(application.id, days, now)) and (
            application.person_id in alive
        ):
            await _ask_both(
                session, application, vacancy, days, now, ask_firm=application.state is ApplicationState.HIRED
            )
    return len(due)


async def _ask_both(
    session: AsyncSession, application: Application, vacancy: Vacancy, days: int, now: datetime, *, ask_firm: bool
) -> None:
    await emit(
        session,
        KeptAsked(
            at=now, application_id=application.id, person_id=application.person_id, vacancy_id=vacancy.id,
            enterprise_id=vacancy.enterprise_id, title=vacancy.title, enterprise_name=vacancy.enterprise_name,
            days=days, ask_firm=ask_firm,
        ),
    )  # fmt: skip


def _check_hired(application: Application, days: int, now: datetime) -> None:
    if application.state not in HIRED_STATES:
        raise NotHiredError(current=application.state.label)
    check_kept_due(application.hired_at and china_date(application.hired_at), days, china_date(now))


async def _firm_says(
    session: AsyncSession,
    check: KeptCheck,
    application: Application,
    vacancy: Vacancy,
    answer: KeptAnswer,
    now: datetime,
) -> None:
    check.firm_says, check.firm_said_at = answer, now
    check.touch(now)
    await session.flush()
    await _compare(session, check, application, vacancy, now)


async def _compare(
    session: AsyncSession, check: KeptCheck, application: Application, vacancy: Vacancy, now: datetime
) -> None:
    if disagree(check.firm_says, check.person_says):
        await open_task(
            session, TaskKind.KEPT_CONTRADICTED, check.id, other_id=application.person_id, now=now,
            title=f"核对在岗满{check.days}天：“{vacancy.title}”（{vacancy.enterprise_name}）双方说法不一",
        )  # fmt: skip
    else:
        await close_tasks(session, TaskKind.KEPT_CONTRADICTED, check.id, by=None, now=now)


async def _locked(session: AsyncSession, application: Application, days: int, now: datetime) -> KeptCheck:
    """The milestone's row; made here where the answer comes before the question."""
    await insert_or_ignore(session, KeptCheck, _fresh(application.id, days, now))
    found = await session.exec(
        select(KeptCheck)
        .where(KeptCheck.application_id == application.id, KeptCheck.days == days)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.one()


def _fresh(application_id: UUID, days: int, now: datetime) -> dict[str, object]:
    return {
        "id": new_id(), "created_at": now, "updated_at": now, "version": 1, "application_id": application_id,
        "days": days,
    }  # fmt: skip
