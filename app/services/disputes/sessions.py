"""Mediation sessions: set, held with minutes, minutes confirmed by those who were there, called off."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.db import check_version, lock
from app.core.events import emit
from app.models.disputes import DisputeCase, MediationSession, SessionAttendance
from app.rules.disputes import sessions as rules
from app.rules.disputes.access import Act, Piece
from app.rules.disputes.cases import CaseNotFoundError, check_at_table
from app.rules.disputes.log import CaseEventKind
from app.rules.disputes.parties import CasePartyKind
from app.rules.disputes.sessions import MediationSessionState, MinutesWord, check_held, check_session_step
from app.rules.identity.roles import Actor
from app.schemas.disputes.panel import MinutesForm, MinutesWordForm, SessionForm
from app.services.disputes import log, panel, panel_changes
from app.services.disputes.events import PartyAsked
from app.services.disputes.people import everybody, party_names
from app.services.disputes.standing import Place, enter, look, parties_of, party_in

TABLE, ATTENDANCE = "mediation_session", "session_attendance"
S, W = MediationSessionState, MinutesWord


@dataclass(frozen=True, slots=True)
class Present:
    row: SessionAttendance
    name: str
    objection: str | None


@dataclass(frozen=True, slots=True)
class Sitting:
    row: MediationSession
    minutes: str | None
    present: list[Present]


async def arrange(session: AsyncSession, actor: Actor, case_id: UUID, form: SessionForm, *, now: datetime) -> Sitting:
    """Only at the table: never before everybody has agreed to mediation."""
    place = await enter(session, actor, case_id, Act.MEDIATE, expected_version=form.expected_version)
    case = place.case
    check_at_table(case.state)
    if form.starts_at <= now:
        raise rules.SessionTimeError
    row = MediationSession(
        created_at=now, updated_at=now, case_id=case.id, starts_at=form.starts_at, mode=form.mode, place=form.place,
        set_by=actor.person_id,
    )  # fmt: skip
    session.add(row)
    case.touch(now)
    await session.flush()
    await _tell(session, case, "有一次调解安排，时间地点见案件页面", now)
    return Sitting(row, None, [])


async def hold(session: AsyncSession, actor: Actor, session_id: UUID, form: MinutesForm, *, now: datetime) -> Sitting:
    """Minutes, and who was there: they are asked to confirm them."""
    case, row, _ = await _enter(session, actor, session_id)
    check_version(row.version, form.expected_version)
    check_session_step(row.state, S.HELD)
    check_held(row.starts_at, now)
    parties = {party.id for party in await parties_of(session, case.id)}
    seats = {seat.id for seat in await panel_changes.seats_of(session, case.id)}
    if not set(form.present_parties) <= parties or not set(form.present_seats) <= seats:
        raise rules.AttendeeError
    row.state, row.minutes_at = S.HELD, now
    row.minutes_sealed = crypto_of(session).seal(TABLE, "minutes", row.id, form.minutes)
    row.touch(now)
    for party_id in sorted(set(form.present_parties)):
        session.add(SessionAttendance(created_at=now, session_id=row.id, party_id=party_id))
    for seat_id in sorted(set(form.present_seats)):
        session.add(SessionAttendance(created_at=now, session_id=row.id, seat_id=seat_id))
    await log.note(session, case, CaseEventKind.SESSION, actor=actor, now=now)
    await _tell(session, case, "调解笔录已登记，请到场的人核对确认", now)
    return (await _opened(session, [row], case))[0]


async def call_off(session: AsyncSession, actor: Actor, session_id: UUID, *, expected_version: int, now: datetime) -> Sitting:  # fmt: skip
    case, row, _ = await _enter(session, actor, session_id)
    check_version(row.version, expected_version)
    check_session_step(row.state, S.CANCELLED)
    row.state = S.CANCELLED
    row.touch(now)
    await session.flush()
    await _tell(session, case, "一次调解已取消", now)
    return Sitting(row, None, [])


async def say_of_minutes(
    session: AsyncSession, actor: Actor, session_id: UUID, form: MinutesWordForm, *, now: datetime
) -> Sitting:
    """By each who was there, once; for a party that is not registered the manager writes it down."""
    found = (await session.exec(select(MediationSession).where(MediationSession.id == session_id))).one_or_none()
    if found is None:
        raise rules.MediationSessionNotFoundError
    place = await _look(session, actor, found.case_id)
    row = await lock(session, MediationSession, session_id, rules.MediationSessionNotFoundError)
    mine = await _mine(session, place, row, form.party_id)
    mine.word, mine.said_at, mine.said_by = W.CONFIRMED if form.confirm else W.OBJECTED, now, actor.caller_id
    if form.objection is not None:
        mine.objection_sealed = crypto_of(session).seal(ATTENDANCE, "objection", mine.id, form.objection)
    row.touch(now)
    await session.flush()
    return (await _opened(session, [row], place.case))[0]


async def list_sessions(session: AsyncSession, actor: Actor, case_id: UUID) -> tuple[Place, list[Sitting]]:
    place = await look(session, actor, case_id, Piece.MINUTES)
    rows = await session.exec(
        select(MediationSession)
        .where(MediationSession.case_id == case_id)
        .order_by(col(MediationSession.starts_at), col(MediationSession.id))
    )
    return place, await _opened(session, list(rows.all()), place.case)


async def of_case(session: AsyncSession, case: DisputeCase) -> list[Sitting]:
    """For the volume."""
    rows = await session.exec(
        select(MediationSession)
        .where(MediationSession.case_id == case.id)
        .order_by(col(MediationSession.starts_at), col(MediationSession.id))
    )
    return await _opened(session, list(rows.all()), case)


async def _mine(session: AsyncSession, place: Place, row: MediationSession, party_id: UUID | None) -> SessionAttendance:
    parties = [party.id for party in place.mine if party_id in {None, party.id}]
    if party_id is not None and not parties and place.may(Act.MANAGE):
        party = await party_in(session, place.case.id, party_id)
        if party.kind in {CasePartyKind.OUTSIDER, CasePartyKind.VILLAGE}:
            parties = [party.id]
    found = await session.exec(
        select(SessionAttendance).where(SessionAttendance.session_id == row.id).order_by(col(SessionAttendance.id))
    )
    for one in found.all():
        as_party = one.party_id is not None and one.party_id in parties
        as_seat = party_id is None and place.seat is not None and one.seat_id == place.seat.id
        if (as_party or as_seat) and one.word is W.PENDING:
            return one
    raise rules.MinutesNotYoursError


async def _opened(session: AsyncSession, rows: list[MediationSession], case: DisputeCase) -> list[Sitting]:
    crypto = crypto_of(session)
    found = await session.exec(
        select(SessionAttendance)
        .where(col(SessionAttendance.session_id).in_([row.id for row in rows]))
        .order_by(col(SessionAttendance.id))
    )
    present = found.all()
    names = await party_names(session, await parties_of(session, case.id, all_of_them=True)) if present else {}
    if present:
        names |= await panel.seat_names(session, await panel_changes.seats_of(session, case.id, all_of_them=True))
    return [
        Sitting(
            row, crypto.open_if(TABLE, "minutes", row.id, row.minutes_sealed),
            [
                Present(
                    one, names[one.party_id or one.seat_id],  # type: ignore[index]  # one of the two is there
                    crypto.open_if(ATTENDANCE, "objection", one.id, one.objection_sealed),
                )
                for one in present
                if one.session_id == row.id
            ],
        )
        for row in rows
    ]  # fmt: skip


async def _enter(session: AsyncSession, actor: Actor, session_id: UUID) -> tuple[DisputeCase, MediationSession, Place]:
    missing = rules.MediationSessionNotFoundError
    known = await session.exec(select(col(MediationSession.case_id)).where(MediationSession.id == session_id))
    case_id = known.one_or_none()
    if case_id is None:
        raise missing
    try:
        place = await enter(session, actor, case_id, Act.MEDIATE)
    except CaseNotFoundError as exc:
        raise missing from exc
    return place.case, await lock(session, MediationSession, session_id, missing), place


async def _look(session: AsyncSession, actor: Actor, case_id: UUID) -> Place:
    await lock(session, DisputeCase, case_id, rules.MediationSessionNotFoundError)
    try:
        return await look(session, actor, case_id, Piece.MINUTES)
    except CaseNotFoundError as exc:
        raise rules.MediationSessionNotFoundError from exc


async def _tell(session: AsyncSession, case: DisputeCase, what: str, now: datetime) -> None:
    people = await everybody(session, case, now=now, panel=True)
    await emit(session, PartyAsked(at=now, case_id=case.id, number=case.number, people=tuple(people), what=what))
