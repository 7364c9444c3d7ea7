"""The funnel: apply, withdraw, and the firm's steps up to hired, when the headcount may close the vacancy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.matching.recommendation import RankedItem
from app.models.identity import AssistedAct
from app.models.jobs import Application, ApplicationStep, Vacancy
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs.applications import (
    ACTIVE,
    FIRM_STEPS,
    NEXT,
    AlreadyAppliedError,
    ApplicationNotFoundError,
    ApplicationSource,
    ApplicationState,
    ApplicationStateError,
    ContactNotReleasedError,
    NoSeatLeftError,
    RejectReason,
    Side,
    check_reason,
    check_step,
)
from app.rules.jobs.kept import DAYS_OF, check_kept_due
from app.rules.jobs.vacancies import NEXT as VACANCY_NEXT
from app.rules.jobs.vacancies import VacancyNotFoundError, VacancyState, check_open
from app.services.events import ApplicationMoved, ApplicationReceived, ApplicationSettled, VacancyFilled
from app.services.identity import audit
from app.services.identity.assisted import note_act
from app.services.identity.consents import consents_of
from app.services.identity.people import PersonFacts, facts_of
from app.services.jobs.fair_vacancies import check_on_the_spot
from app.services.jobs.recommendations import rank_candidates
from app.services.jobs.seekers import check_ready, find_profile, profiles_of
from app.services.jobs.vacancies import close_filled, get_own

# A vacancy's applicants are ranked together: the newest so many.
CANDIDATES_AT_MOST = 500
SUBJECT = "application"


@dataclass(frozen=True, slots=True)
class Tracked:
    """An application with what its owner sees of it."""

    application: Application
    vacancy: Vacancy
    steps: Sequence[ApplicationStep]


@dataclass(frozen=True, slots=True)
class Candidate:
    application: Application
    contact: PersonFacts | None
    item: RankedItem | None


async def apply(
    session: AsyncSession, crypto: Crypto, actor: Actor, *, vacancy_id: UUID, release_contact: bool, now: datetime,
    fair_id: UUID | None = None,
) -> Tracked:  # fmt: skip
    """One active application per person and vacancy; it keeps the version of the posting that it saw."""
    if not release_contact:
        raise ContactNotReleasedError
    check_consent(await consents_of(session, actor.person_id), ConsentPurpose.SERVICE)
    await check_ready(session, crypto, actor, now)
    if fair_id is not None:
        await check_on_the_spot(session, actor, fair_id, vacancy_id)
    vacancy = await lock(session, Vacancy, vacancy_id, VacancyNotFoundError)
    if vacancy.published_at is None:
        # Never public: for a stranger it does not exist.
        raise VacancyNotFoundError
    check_open(vacancy.state, vacancy.valid_until, china_date(now))
    row = await enter(session, crypto, actor, vacancy, source=ApplicationSource.SELF, fair_id=fair_id, now=now)
    return await track(session, row.id)


async def enter(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    vacancy: Vacancy,
    *,
    source: ApplicationSource,
    now: datetime,
    fair_id: UUID | None = None,
) -> Application:
    """The application itself, under the vacancy's lock: whoever comes second finds the first one there."""
    row = Application(
        id=new_id(), created_at=now, updated_at=now, moved_at=now, person_id=actor.person_id, vacancy_id=vacancy.id,
        vacancy_content_version=vacancy.content_version, contact_released=True, source=source, fair_id=fair_id,
    )  # fmt: skip
    if not await insert_or_ignore(session, Application, row.model_dump()):
        raise AlreadyAppliedError
    _step(session, row, actor.caller_id, now)
    audit.by(session, actor, "applied", SUBJECT, row.id, now=now)
    await note_act(
        session, crypto, actor, operation="apply_to_vacancy", subject_kind=SUBJECT, subject_id=row.id,
        subject_version=row.version, before=None, told=f"应聘“{vacancy.title}”", now=now,
    )  # fmt: skip
    await emit(
        session,
        ApplicationReceived(
            at=now, application_id=row.id, vacancy_id=vacancy.id,
            enterprise_id=vacancy.enterprise_id, title=vacancy.title, source=source,
        ),
    )  # fmt: skip
    return row


async def track(session: AsyncSession, application_id: UUID) -> Tracked:
    found = await session.exec(
        select(Application, Vacancy)
        .join(Vacancy, col(Vacancy.id) == col(Application.vacancy_id))
        .where(Application.id == application_id)
    )
    application, vacancy = found.one()
    return Tracked(application, vacancy, (await steps_of(session, [application_id])).get(application_id, []))


async def list_own_applications(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Tracked], str | None]:
    query = {"list": "applications", "person": actor.person_id}
    keys = [col(Application.created_at), col(Application.id)]
    statement = (
        select(Application, Vacancy)
        .join(Vacancy, col(Vacancy.id) == col(Application.vacancy_id))
        .where(Application.person_id == actor.person_id)
    )
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    rows, following = cursors.page(query, rows, limit, lambda pair: [pair[0].created_at, pair[0].id])
    steps = await steps_of(session, [application.id for application, _ in rows])
    return [Tracked(row, vacancy, steps.get(row.id, [])) for row, vacancy in rows], following


async def withdraw(
    session: AsyncSession, crypto: Crypto, actor: Actor, application_id: UUID, *, expected_version: int, now: datetime
) -> Tracked:
    """The seeker's own step; the released contact is closed with it."""
    await check_own(session, actor, application_id)
    row = await lock(session, Application, application_id, ApplicationNotFoundError)
    check_version(row.version, expected_version)
    check_step(row.state, ApplicationState.WITHDRAWN, Side.SEEKER)
    await leave(session, row, actor.caller_id, now)
    audit.by(session, actor, "application_withdrawn", SUBJECT, row.id, now=now)
    await session.flush()
    tracked = await track(session, row.id)
    await note_act(
        session, crypto, actor, operation="withdraw_application", subject_kind=SUBJECT, subject_id=row.id,
        subject_version=row.version, before=None, told=f"撤回应聘“{tracked.vacancy.title}”", now=now, undoable=False,
    )  # fmt: skip
    return tracked


async def revoke_contact(
    session: AsyncSession, actor: Actor, application_id: UUID, *, expected_version: int, now: datetime
) -> Tracked:
    """The firm no longer sees name and number; the application itself goes on."""
    await check_own(session, actor, application_id)
    row = await lock(session, Application, application_id, ApplicationNotFoundError)
    check_version(row.version, expected_version)
    if row.contact_released:
        row.contact_released = False
        row.touch(now)
        audit.by(session, actor, "contact_revoked", SUBJECT, row.id, now=now)
    await session.flush()
    return await track(session, row.id)


async def restore_application(
    session: AsyncSession, crypto: Crypto, act: AssistedAct, before: str | None, now: datetime
) -> bool:
    """Undo of an agent's application: it is withdrawn; False where the firm has moved it on since."""
    del crypto, before
    row = await lock(session, Application, act.subject_id, ApplicationNotFoundError)
    if row.version != act.subject_version or ApplicationState.WITHDRAWN not in NEXT[row.state]:
        return False
    await leave(session, row, act.person_id, now)
    return True


async def leave_all(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """An account ends, or the consent to the service: what runs is withdrawn, no contact stays with a firm."""
    rows = await session.exec(
        select(Application).where(Application.person_id == person_id).order_by(col(Application.id)).with_for_update()
    )
    for row in rows:
        if ApplicationState.WITHDRAWN in NEXT[row.state]:
            await leave(session, row, person_id, now)
        elif row.contact_released:
            row.contact_released = False
            row.touch(now)


async def list_candidates(
    session: ReadSession, crypto: Crypto, actor: Actor, vacancy_id: UUID, *, now: datetime
) -> list[Candidate]:
    """Applicants of one's own vacancy, best first by the shared score; who withdrew stands last, without contact."""
    vacancy = await get_own(session, actor, vacancy_id)
    rows = (
        await session.exec(
            select(Application)
            .where(Application.vacancy_id == vacancy_id)
            .order_by(col(Application.created_at).desc(), col(Application.id).desc())
            .limit(CANDIDATES_AT_MOST)
        )
    ).all()
    people = [row.person_id for row in rows if row.contact_released]
    facts = await facts_of(session, crypto, people)
    profiles = await profiles_of(session, people)
    ranked = await rank_candidates(session, crypto, vacancy, list(profiles.values()), now=now)
    place = {person_id: index for index, person_id in enumerate(ranked)}
    ordered = sorted(rows, key=lambda row: (row.state not in ACTIVE, place.get(row.person_id, len(place))))
    return [Candidate(row, facts.get(row.person_id), ranked.get(row.person_id)) for row in ordered]


async def get_candidate(
    session: AsyncSession, crypto: Crypto, actor: Actor, application_id: UUID, *, now: datetime
) -> Candidate:
    row, vacancy = await of_firm(session, actor, application_id)
    facts = await facts_of(session, crypto, [row.person_id] if row.contact_released else [])
    # As in the list: with the contact the person has taken back what the score is made of.
    profile = await find_profile(session, row.person_id) if row.contact_released else None
    ranked = await rank_candidates(session, crypto, vacancy, [profile] if profile else [], now=now)
    return Candidate(row, facts.get(row.person_id), ranked.get(row.person_id))


async def move(
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    target: ApplicationState,
    *,
    reason: RejectReason | None,
    expected_version: int,
    now: datetime,
) -> Application:
    """A step of the firm. Hiring takes a seat; the last seat closes the vacancy and tells the others."""
    vacancy, row = await lock_of_firm(session, actor, application_id)
    check_version(row.version, expected_version)
    if target not in FIRM_STEPS:
        raise ApplicationStateError(current=row.state.label, target=target.label)
    await advance(session, actor, vacancy, row, target, reason=reason, now=now)
    return row


async def lock_of_firm(session: AsyncSession, actor: Actor, application_id: UUID) -> tuple[Vacancy, Application]:
    """Vacancy before application, everywhere: two locks always taken in the same order cannot deadlock."""
    seen, _ = await of_firm(session, actor, application_id)
    vacancy = await lock(session, Vacancy, seen.vacancy_id, VacancyNotFoundError)
    return vacancy, await lock(session, Application, application_id, ApplicationNotFoundError)


async def advance(
    session: AsyncSession,
    actor: Actor,
    vacancy: Vacancy,
    row: Application,
    target: ApplicationState,
    *,
    reason: RejectReason | None,
    now: datetime,
) -> None:
    """The firm's step itself, both rows locked: checked, written down, told; hiring takes a seat."""
    check_step(row.state, target, Side.FIRM)
    check_reason(target, reason)
    if target in DAYS_OF:
        check_kept_due(row.hired_at and china_date(row.hired_at), DAYS_OF[target], china_date(now))
    row.state, row.reason = target, reason
    if target is ApplicationState.HIRED:
        row.hired_at = now
    if target is ApplicationState.REJECTED:
        # The purpose for which the contact was given has ended (个人信息保护法 第六条).
        row.contact_released = False
    row.touch(now)
    _step(session, row, actor.person_id, now)
    await session.flush()
    await emit(
        session,
        ApplicationMoved(
            at=now, application_id=row.id, person_id=row.person_id, title=vacancy.title,
            enterprise_name=vacancy.enterprise_name, state=target, reason=reason,
        ),
    )  # fmt: skip
    if target in {ApplicationState.REJECTED, ApplicationState.HIRED}:
        await emit(session, ApplicationSettled(at=now, application_id=row.id, state=target))
    if target is ApplicationState.HIRED:
        await _take_seat(session, vacancy, now)


async def _take_seat(session: AsyncSession, vacancy: Vacancy, now: datetime) -> None:
    taken = await session.exec(
        update(Vacancy)
        .where(col(Vacancy.id) == vacancy.id, col(Vacancy.hired_count) < col(Vacancy.headcount))
        .values(hired_count=col(Vacancy.hired_count) + 1, version=col(Vacancy.version) + 1, updated_at=now)
    )
    if taken.rowcount != 1:
        raise NoSeatLeftError(headcount=vacancy.headcount)
    await session.refresh(vacancy)
    if vacancy.hired_count < vacancy.headcount or VacancyState.FILLED not in VACANCY_NEXT[vacancy.state]:
        return
    await close_filled(session, vacancy, now)
    waiting = await session.exec(
        select(col(Application.person_id))
        .where(
            Application.vacancy_id == vacancy.id,
            col(Application.state).in_(
                [ApplicationState.APPLIED, ApplicationState.VIEWED, ApplicationState.SHORTLISTED,
                 ApplicationState.INTERVIEW, ApplicationState.OFFERED]
            ),
        )
        .order_by(col(Application.id))
    )  # fmt: skip
    await emit(
        session,
        VacancyFilled(
            at=now, vacancy_id=vacancy.id, title=vacancy.title, enterprise_name=vacancy.enterprise_name,
            headcount=vacancy.headcount, waiting=tuple(waiting),
        ),
    )  # fmt: skip


async def check_own(session: AsyncSession, actor: Actor, application_id: UUID) -> None:
    found = await session.exec(
        select(col(Application.id)).where(Application.id == application_id, Application.person_id == actor.person_id)
    )
    if found.one_or_none() is None:
        raise ApplicationNotFoundError


async def of_firm(session: AsyncSession, actor: Actor, application_id: UUID) -> tuple[Application, Vacancy]:
    mine = sorted(actor.enterprises(Permission.APPLICATION_MANAGE))
    found = await session.exec(
        select(Application, Vacancy)
        .join(Vacancy, col(Vacancy.id) == col(Application.vacancy_id))
        .where(Application.id == application_id, col(Vacancy.enterprise_id).in_(mine))
    )
    pair = found.one_or_none()
    if pair is None:
        raise ApplicationNotFoundError
    return pair[0], pair[1]


async def steps_of(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[ApplicationStep]]:
    rows = await session.exec(
        select(ApplicationStep)
        .where(col(ApplicationStep.application_id).in_(ids))
        .order_by(col(ApplicationStep.created_at), col(ApplicationStep.id))
    )
    grouped: dict[UUID, list[ApplicationStep]] = {}
    for row in rows:
        grouped.setdefault(row.application_id, []).append(row)
    return grouped


async def leave(session: AsyncSession, row: Application, by: UUID, now: datetime) -> None:
    """Withdrawn: with the application the released contact closes."""
    row.state, row.contact_released = ApplicationState.WITHDRAWN, False
    row.touch(now)
    _step(session, row, by, now)
    await emit(session, ApplicationSettled(at=now, application_id=row.id, state=row.state))


def _step(session: AsyncSession, row: Application, by: UUID, now: datetime) -> None:
    row.moved_at = now
    session.add(ApplicationStep(created_at=now, application_id=row.id, state=row.state, by_person_id=by))
