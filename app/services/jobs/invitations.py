"""Invitations: a firm asks somebody it was shown; the person's own yes makes the application and gives the contact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from sqlalchemy import and_, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.matching.recommendation import RankedItem, VacancyColumns, rank_vacancies
from app.models.jobs import Application, Invitation, SeekerProfile, Vacancy
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs.applications import ApplicationSource, ContactNotReleasedError
from app.rules.jobs.invitations import (
    INVITATION_LIFETIME,
    AlreadyInvitedError,
    DeclineReason,
    InvitationNotFoundError,
    InvitationState,
    SeekerUnavailableError,
    check_daily,
    check_invitation,
)
from app.rules.jobs.vacancies import VacancyNotFoundError, check_open
from app.services.events import InvitationAnswered, SeekerInvited
from app.services.identity import audit
from app.services.identity.assisted import note_act
from app.services.identity.consents import consents_of
from app.services.identity.onbehalf import take_own_word
from app.services.identity.people import hold_person
from app.services.jobs import suggestions
from app.services.jobs.applications import Tracked, enter, track
from app.services.jobs.cards import seeker_card
from app.services.jobs.recommendations import occupation_tree
from app.services.jobs.seekers import check_ready, find_profile
from app.services.jobs.vacancies import get_own
from app.services.jobs.vacancy_cards import vacancy_card

SUBJECT = "invitation"
ACCEPT = "accept_invitation"
SWEEP_BATCH = 200


@dataclass(frozen=True, slots=True)
class Received:
    """An invitation as its person sees it, with what the engine says of the vacancy for them."""

    invitation: Invitation
    vacancy: Vacancy
    item: RankedItem | None


async def invite(
    session: AsyncSession, crypto: Crypto, actor: Actor, vacancy_id: UUID, *, seeker_ref: str, now: datetime
) -> Invitation:
    """One open invitation per person and vacancy, so many a day; the person is told why it could suit them."""
    await get_own(session, actor, vacancy_id)
    vacancy = await lock(session, Vacancy, vacancy_id, VacancyNotFoundError)
    check_open(vacancy.state, vacancy.valid_until, china_date(now))
    check_daily(await _sent_today(session, vacancy_id, now))
    profile = await suggestions.find(session, crypto, vacancy, seeker_ref, now=now)
    if profile is None:
        raise await _why_not(session, crypto, vacancy, seeker_ref)
    row = Invitation(
        id=new_id(), created_at=now, updated_at=now, person_id=profile.person_id, vacancy_id=vacancy.id,
        vacancy_content_version=vacancy.content_version, expires_at=now + INVITATION_LIFETIME,
        invited_by=actor.person_id,
    )  # fmt: skip
    if not await insert_or_ignore(session, Invitation, row.model_dump()):
        raise AlreadyInvitedError
    audit.by(session, actor, "seeker_invited", SUBJECT, row.id, now=now)
    found = (await _explain(session, crypto, profile, [vacancy], now)).get(vacancy.id)
    await emit(
        session,
        SeekerInvited(
            at=now, invitation_id=row.id, person_id=row.person_id, title=vacancy.title,
            enterprise_name=vacancy.enterprise_name, because=found.reasons if found else (),
        ),
    )  # fmt: skip
    return row


async def list_sent(
    session: ReadSession, cursors: Cursors, actor: Actor, vacancy_id: UUID, *, cursor: str | None, limit: int
) -> tuple[Sequence[Invitation], str | None]:
    """What was sent for one's own vacancy, newest first."""
    await get_own(session, actor, vacancy_id)
    query = {"list": "invitations", "vacancy": vacancy_id}
    keys = [col(Invitation.created_at), col(Invitation.id)]
    statement = select(Invitation).where(Invitation.vacancy_id == vacancy_id)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])


async def withdraw(
    session: AsyncSession, actor: Actor, invitation_id: UUID, *, expected_version: int, now: datetime
) -> Invitation:
    mine = sorted(actor.enterprises(Permission.APPLICATION_MANAGE))
    found = await session.exec(
        select(Vacancy)
        .join(Invitation, col(Invitation.vacancy_id) == col(Vacancy.id))
        .where(Invitation.id == invitation_id, col(Vacancy.enterprise_id).in_(mine))
    )
    vacancy = found.one_or_none()
    if vacancy is None:
        raise InvitationNotFoundError
    row = await lock(session, Invitation, invitation_id, InvitationNotFoundError)
    check_version(row.version, expected_version)
    check_invitation(row.state, InvitationState.WITHDRAWN, expires_at=row.expires_at, now=now)
    audit.by(session, actor, "invitation_withdrawn", SUBJECT, row.id, now=now)
    await _answer(session, row, vacancy, InvitationState.WITHDRAWN, now)
    return row


async def list_received(
    session: ReadSession,
    crypto: Crypto,
    cursors: Cursors,
    actor: Actor,
    *,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[list[Received], str | None]:
    """What firms have asked me, newest first, each with reasons and gaps."""
    query = {"list": "my invitations", "person": actor.person_id}
    keys = [col(Invitation.created_at), col(Invitation.id)]
    statement = (
        select(Invitation, Vacancy)
        .join(Vacancy, col(Vacancy.id) == col(Invitation.vacancy_id))
        .where(Invitation.person_id == actor.person_id)
    )
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    rows, following = cursors.page(query, rows, limit, lambda pair: [pair[0].created_at, pair[0].id])
    found = await _explain_own(session, crypto, actor, [vacancy for _, vacancy in rows], now)
    return [Received(row, vacancy, found.get(vacancy.id)) for row, vacancy in rows], following


async def get_received(
    session: AsyncSession, crypto: Crypto, actor: Actor, invitation_id: UUID, *, now: datetime
) -> Received:
    found = await session.exec(
        select(Invitation, Vacancy)
        .join(Vacancy, col(Vacancy.id) == col(Invitation.vacancy_id))
        .where(Invitation.id == invitation_id, Invitation.person_id == actor.person_id)
    )
    pair = found.one_or_none()
    if pair is None:
        raise InvitationNotFoundError
    row, vacancy = pair
    return Received(row, vacancy, (await _explain_own(session, crypto, actor, [vacancy], now)).get(vacancy.id))


async def accept(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    invitation_id: UUID,
    *,
    release_contact: bool,
    expected_version: int,
    own_code: str | None,
    now: datetime,
) -> Tracked:
    """The person's own act, also through an agent: only it gives the contact to the firm."""
    if not release_contact:
        raise ContactNotReleasedError
    seen = await get_received(session, crypto, actor, invitation_id, now=now)
    check_consent(await consents_of(session, actor.person_id), ConsentPurpose.SERVICE)
    await check_ready(session, crypto, actor, now)
    # Person, vacancy, invitation: in this order everywhere.
    await hold_person(session, actor.person_id)
    await take_own_word(session, crypto, actor, operation=ACCEPT, code=own_code, now=now)
    vacancy = await lock(session, Vacancy, seen.vacancy.id, VacancyNotFoundError)
    row = await lock(session, Invitation, invitation_id, InvitationNotFoundError)
    check_version(row.version, expected_version)
    check_invitation(row.state, InvitationState.ACCEPTED, expires_at=row.expires_at, now=now)
    check_open(vacancy.state, vacancy.valid_until, china_date(now))
    # What follows from the application marks the invitation too: `answer_by_applying`.
    application = await enter(session, crypto, actor, vacancy, source=ApplicationSource.INVITATION, now=now)
    audit.by(session, actor, "invitation_accepted", SUBJECT, row.id, now=now)
    return await track(session, application.id)


async def decline(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    invitation_id: UUID,
    *,
    reason: DeclineReason | None,
    expected_version: int,
    now: datetime,
) -> Received:
    seen = await get_received(session, crypto, actor, invitation_id, now=now)
    row = await lock(session, Invitation, invitation_id, InvitationNotFoundError)
    check_version(row.version, expected_version)
    check_invitation(row.state, InvitationState.DECLINED, expires_at=row.expires_at, now=now)
    row.reason = reason
    audit.by(session, actor, "invitation_declined", SUBJECT, row.id, now=now)
    await _answer(session, row, seen.vacancy, InvitationState.DECLINED, now)
    await note_act(
        session, crypto, actor, operation="decline_invitation", subject_kind=SUBJECT, subject_id=row.id,
        subject_version=row.version, before=None, told=f"谢绝岗位邀请“{seen.vacancy.title}”", now=now, undoable=False,
    )  # fmt: skip
    return seen


async def answer_by_applying(session: AsyncSession, application_id: UUID, *, now: datetime) -> None:
    """Who applies has answered, whichever button it was. The vacancy is locked by whoever made the application."""
    found = await session.exec(
        select(Invitation)
        .join(
            Application,
            and_(
                col(Application.person_id) == col(Invitation.person_id),
                col(Application.vacancy_id) == col(Invitation.vacancy_id),
            ),
        )
        .where(Application.id == application_id, Invitation.state == InvitationState.SENT)
        .with_for_update(of=Invitation)
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is not None:
        row.state, row.answered_at, row.application_id = InvitationState.ACCEPTED, now, application_id
        row.touch(now)
        await session.flush()


async def leave_all(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """An account ends, or the consent to the service: no firm waits for an answer any more."""
    await session.exec(
        update(Invitation)
        .where(col(Invitation.person_id) == person_id, col(Invitation.state) == InvitationState.SENT)
        .values(state=InvitationState.LAPSED, updated_at=now, version=col(Invitation.version) + 1)
    )


async def lapse_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: what nobody answered in a week."""
    rows = (
        await session.exec(
            select(Invitation)
            .where(Invitation.state == InvitationState.SENT, col(Invitation.expires_at) <= now)
            .order_by(col(Invitation.expires_at), col(Invitation.id))
            .limit(SWEEP_BATCH)
            .with_for_update(skip_locked=True)
        )
    ).all()
    vacancies = await session.exec(select(Vacancy).where(col(Vacancy.id).in_({row.vacancy_id for row in rows})))
    by_id = {vacancy.id: vacancy for vacancy in vacancies}
    for row in rows:
        await _answer(session, row, by_id[row.vacancy_id], InvitationState.LAPSED, now)
    return len(rows)


async def _answer(
    session: AsyncSession, row: Invitation, vacancy: Vacancy, target: InvitationState, now: datetime
) -> None:
    row.state, row.answered_at = target, now
    row.touch(now)
    await session.flush()
    await emit(
        session,
        InvitationAnswered(
            at=now, invitation_id=row.id, person_id=row.person_id, vacancy_id=vacancy.id,
            enterprise_id=vacancy.enterprise_id, title=vacancy.title, enterprise_name=vacancy.enterprise_name,
            state=target, reason=row.reason,
        ),
    )  # fmt: skip


async def _why_not(session: AsyncSession, crypto: Crypto, vacancy: Vacancy, seeker_ref: str) -> Exception:
    """Only what the firm knows already is told apart: that it has asked this person and waits."""
    waiting = await session.exec(
        select(col(Invitation.id)).where(
            Invitation.person_id == suggestions.person_behind(crypto, vacancy.id, seeker_ref),
            Invitation.vacancy_id == vacancy.id,
            Invitation.state == InvitationState.SENT,
        )
    )
    return SeekerUnavailableError() if waiting.one_or_none() is None else AlreadyInvitedError()


async def _sent_today(session: AsyncSession, vacancy_id: UUID, now: datetime) -> int:
    midnight = datetime.combine(china_date(now), time(), CHINA)
    counted = await session.exec(
        select(func.count())
        .select_from(Invitation)
        .where(Invitation.vacancy_id == vacancy_id, col(Invitation.created_at) >= midnight)
    )
    return counted.one()


async def _explain_own(
    session: AsyncSession, crypto: Crypto, actor: Actor, vacancies: Sequence[Vacancy], now: datetime
) -> dict[UUID, RankedItem]:
    profile = await find_profile(session, actor.person_id)
    return {} if profile is None else await _explain(session, crypto, profile, vacancies, now)


async def _explain(
    session: AsyncSession, crypto: Crypto, profile: SeekerProfile, vacancies: Sequence[Vacancy], now: datetime
) -> dict[UUID, RankedItem]:
    """As the seeker reads it; a vacancy that a gate closes has nothing to say."""
    tree = await occupation_tree(session)
    columns = VacancyColumns.from_cards([vacancy_card(row) for row in {row.id: row for row in vacancies}.values()])
    ranked = rank_vacancies(seeker_card(crypto, profile), columns, tree, now=now, limit=len(vacancies))
    return {item.id: item for item in ranked}
