"""After the agreement: promises kept, broken, made good; the court's confirmation. The platform moves no money."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import crypto_of
from app.core.db import check_version, lock
from app.models.disputes import AgreementTerm, CaseAgreement, CaseDeadline, DisputeCase
from app.rules.disputes import agreements as rules
from app.rules.disputes.access import Act, Piece, check_act
from app.rules.disputes.agreements import (
    DONE,
    AgreementState,
    ConfirmationState,
    TermState,
    check_confirmation_step,
    check_term_step,
)
from app.rules.disputes.cases import CaseState
from app.rules.disputes.clocks import ClockKind
from app.rules.disputes.log import CaseEventKind
from app.rules.disputes.parties import CasePartyKind
from app.rules.identity.roles import Actor
from app.schemas.disputes.agreements import TermDoneForm
from app.services.disputes import asking, log
from app.services.disputes.agreeing import TABLE, Opened, enter_agreement, opened
from app.services.disputes.speaking import own_word
from app.services.disputes.standing import Place, enter, party_in

C, E, T, F = CaseState, CaseEventKind, TermState, ConfirmationState


async def term_done(
    session: AsyncSession, actor: Actor, term_id: UUID, form: TermDoneForm, *, own_code: str | None, now: datetime
) -> Opened:
    """Who owes it says that it is done; who gets it, or where nobody registered gets it the manager, says that it is so."""
    case, row, place, term = await _enter_term(session, actor, term_id)
    check_version(term.version, form.expected_version)
    if row.state is not AgreementState.EFFECTIVE:
        raise rules.TermStateError(current=row.state.label, target=T.PERFORMED.label)
    target = await _said_by(session, place, term)
    check_term_step(term.state, target)
    await own_word(session, actor, "register_term_done", own_code, now=now)
    if form.done_on > china_date(now):
        raise rules.TermDoneDateError
    term.state, term.done_on = target, form.done_on
    term.touch(now)
    await session.flush()
    await log.note(session, case, E.TERM_DONE, actor=actor, now=now, number=term.number, state=target.value)
    if target is T.CLAIMED:
        await asking.ask(session, case, "核对协议的履行登记", now=now)
    await _settle(session, case, row, actor, now)
    return await opened(session, row, case)


async def term_not_done(
    session: AsyncSession, actor: Actor, term_id: UUID, *, expected_version: int, now: datetime
) -> Opened:
    """Past its date without having been performed: by who gets it, or the manager. The ways to enforce are told."""
    case, row, place, term = await _enter_term(session, actor, term_id)
    check_version(term.version, expected_version)
    gets = term.to_party_id in {party.id for party in place.mine}
    if not gets:
        check_act(place.standings, Act.MANAGE)
    if row.state is not AgreementState.EFFECTIVE:
        raise rules.TermStateError(current=row.state.label, target=T.BREACHED.label)
    if china_date(now) <= term.due_on:
        raise rules.NotBreachedYetError(until=term.due_on.isoformat())
    check_term_step(term.state, T.BREACHED)
    term.state, term.done_on = T.BREACHED, None
    term.touch(now)
    await session.flush()
    if case.state is C.PERFORMING:
        await log.move(session, case, C.BREACHED, E.BREACHED, actor=actor, now=now, number=term.number)
    else:
        await log.note(session, case, E.BREACHED, actor=actor, now=now, number=term.number)
    return await opened(session, row, case)


async def apply_for_confirmation(
    session: AsyncSession, actor: Actor, agreement_id: UUID, *, expected_version: int, now: datetime
) -> Opened:
    """Jointly, within 30 days of effect; the manager registers that both have applied (人民调解法 第三十三条)."""
    case, row, _ = await _managed(session, actor, agreement_id, expected_version)
    check_confirmation_step(row.confirmation, F.APPLIED)
    clock = await session.exec(
        select(col(CaseDeadline.due_at)).where(
            CaseDeadline.case_id == case.id, CaseDeadline.kind == ClockKind.CONFIRMATION
        )
    )
    due_at = clock.one_or_none()
    if due_at is not None and now >= due_at:
        raise rules.ConfirmationWindowError
    row.confirmation = F.APPLIED
    row.touch(now)
    await session.flush()
    await log.note(session, case, E.CONFIRMATION_APPLIED, actor=actor, now=now)
    return await opened(session, row, case)


async def decide_confirmation(
    session: AsyncSession, actor: Actor, agreement_id: UUID, *, confirmed: bool, court: str, expected_version: int,
    now: datetime,
) -> Opened:  # fmt: skip
    case, row, _ = await _managed(session, actor, agreement_id, expected_version)
    target = F.CONFIRMED if confirmed else F.REFUSED
    check_confirmation_step(row.confirmation, target)
    row.confirmation = target
    row.court_sealed = crypto_of(session).seal(TABLE, "court", row.id, court)
    row.touch(now)
    await session.flush()
    await log.note(session, case, E.CONFIRMATION_DECIDED, actor=actor, now=now, confirmed=confirmed)
    return await opened(session, row, case)


async def lapse_windows(session: AsyncSession, *, now: datetime, limit: int = 50) -> int:
    """The sweep: thirty days are over and nobody has applied."""
    rows = await session.exec(
        select(CaseAgreement)
        .join(CaseDeadline, col(CaseDeadline.case_id) == col(CaseAgreement.case_id))
        .where(
            CaseAgreement.confirmation == F.WINDOW, CaseAgreement.state == AgreementState.EFFECTIVE,
            CaseDeadline.kind == ClockKind.CONFIRMATION, col(CaseDeadline.due_at) <= now,
        )
        .order_by(col(CaseAgreement.id))
        .limit(limit)
        .with_for_update(of=CaseAgreement)
    )  # fmt: skip
    found = rows.all()
    for row in found:
        row.confirmation = F.LAPSED
        row.touch(now)
    await session.flush()
    return len(found)


async def _said_by(session: AsyncSession, place: Place, term: AgreementTerm) -> TermState:
    """What this caller's word makes of it."""
    mine = {party.id for party in place.mine}
    late = term.state is T.BREACHED
    if term.to_party_id in mine:
        return T.REMEDIED if late else T.PERFORMED
    if term.party_id in mine:
        return T.CLAIMED
    check_act(place.standings, Act.MANAGE)
    if term.to_party_id is not None:
        gets = await party_in(session, place.case.id, term.to_party_id)
        if gets.kind not in {CasePartyKind.OUTSIDER, CasePartyKind.VILLAGE}:
            raise rules.RecipientConfirmsError
    return T.REMEDIED if late else T.PERFORMED


async def _settle(session: AsyncSession, case: DisputeCase, row: CaseAgreement, actor: Actor, now: datetime) -> None:
    """The last promise kept, late or in time, ends the case well."""
    terms = await session.exec(select(col(AgreementTerm.state)).where(AgreementTerm.agreement_id == row.id))
    if all(state in DONE for state in terms.all()):
        await log.move(session, case, C.PERFORMED, E.PERFORMED, actor=actor, now=now)


async def _enter_term(
    session: AsyncSession, actor: Actor, term_id: UUID
) -> tuple[DisputeCase, CaseAgreement, Place, AgreementTerm]:
    known = await session.exec(select(col(AgreementTerm.agreement_id)).where(AgreementTerm.id == term_id))
    agreement_id = known.one_or_none()
    if agreement_id is None:
        raise rules.TermNotFoundError
    try:
        case, row, place = await enter_agreement(session, actor, agreement_id, Piece.AGREEMENT)
    except rules.AgreementNotFoundError as exc:
        raise rules.TermNotFoundError from exc
    return case, row, place, await lock(session, AgreementTerm, term_id, rules.TermNotFoundError)


async def _managed(
    session: AsyncSession, actor: Actor, agreement_id: UUID, expected_version: int
) -> tuple[DisputeCase, CaseAgreement, Place]:
    case, row, _ = await enter_agreement(session, actor, agreement_id, Piece.AGREEMENT)
    place = await enter(session, actor, case.id, Act.MANAGE)
    check_version(row.version, expected_version)
    return case, row, place
