"""The agreement: drawn up, new versions, signed by everybody, in effect; or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.ids import new_id
from app.models.disputes import AgreementSignature, AgreementTerm, CaseAgreement, CaseParty, DisputeCase
from app.rules.disputes import agreements as rules
from app.rules.disputes.access import Act, Piece
from app.rules.disputes.agreements import (
    AgreementForm,
    AgreementState,
    ConfirmationState,
    SignerKind,
    check_agreement_step,
    check_terms_dates,
)
from app.rules.disputes.cases import CaseNotFoundError, CaseState, MediationBody, NotAtTableError, check_at_table
from app.rules.disputes.log import CaseEventKind
from app.rules.disputes.panel import SeatRole
from app.rules.disputes.parties import ConsentWay
from app.rules.identity.roles import Actor
from app.schemas.disputes.agreements import AgreementDraftForm, SignForm
from app.services.disputes import asking, log
from app.services.disputes.people import party_names
from app.services.disputes.speaking import is_themselves, may_concede, own_word, speaker
from app.services.disputes.standing import Place, enter, look, parties_of

TABLE, TERM = "case_agreement", "agreement_term"
C, E, A = CaseState, CaseEventKind, AgreementState
PARTS = ("facts", "responsibility", "content", "manner")


@dataclass(frozen=True, slots=True)
class Opened:
    """An agreement with its words opened, its promises, who has signed and who has not."""

    row: CaseAgreement
    case: DisputeCase
    words: dict[str, str]
    court: str | None
    terms: list[tuple[AgreementTerm, str]]
    signatures: list[AgreementSignature]
    names: dict[UUID, str]
    waiting_for: list[str]


async def draft(
    session: AsyncSession, actor: Actor, case_id: UUID, form: AgreementDraftForm, *, now: datetime
) -> Opened:
    """By whoever mediates. Oral: noted down and in effect (第二十八条). Written: a version to be signed; an older one goes."""
    place = await enter(session, actor, case_id, Act.MEDIATE, expected_version=form.expected_version)
    case = place.case
    if case.state is not C.AGREED_WRITTEN:
        check_at_table(case.state)
    body = case.mediation_body
    if body is None:
        raise NotAtTableError(current=case.state.label)
    check_terms_dates([term.due_on for term in form.terms], china_date(now))
    parties = {party.id for party in await parties_of(session, case.id)}
    if any(term.party_id not in parties or (term.to_party_id or term.party_id) not in parties for term in form.terms):
        raise rules.TermPartyError
    await abandon_current(session, case, now=now, state=A.REPLACED)
    last = await session.exec(select(func.max(CaseAgreement.number)).where(CaseAgreement.case_id == case.id))
    row_id, crypto = new_id(), crypto_of(session)
    sealed: dict[str, Any] = {f"{part}_sealed": crypto.seal(TABLE, part, row_id, getattr(form, part)) for part in PARTS}
    row = CaseAgreement(
        id=row_id, created_at=now, updated_at=now, case_id=case.id, number=(last.one() or 0) + 1, form=form.form,
        body=body, drafted_by=actor.caller_id, **sealed,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    for number, term in enumerate(form.terms, start=1):
        term_id = new_id()
        session.add(
            AgreementTerm(
                id=term_id, created_at=now, updated_at=now, agreement_id=row.id, number=number,
                party_id=term.party_id, to_party_id=term.to_party_id, amount_fen=term.amount_fen, due_on=term.due_on,
                what_sealed=crypto.seal(TERM, "what", term_id, term.what),
            )
        )  # fmt: skip
    await session.flush()
    oral = form.form is AgreementForm.ORAL
    if oral and case.state is C.AGREED_WRITTEN:
        await log.move(session, case, C.MEDIATING, E.MEDIATING, actor=actor, now=now)
    if case.state is not C.AGREED_WRITTEN:
        target = C.AGREED_ORAL if oral else C.AGREED_WRITTEN
        await log.move(session, case, target, E.AGREED, actor=actor, now=now, version=row.number)
    if oral:
        await _take_effect(session, case, row, actor, now)
    else:
        await asking.ask(session, case, "核对并签署协议", now=now)
    return await opened(session, row, case)


async def sign(
    session: AsyncSession, actor: Actor, agreement_id: UUID, form: SignForm, *, own_code: str | None, now: datetime
) -> Opened:
    """A party for itself, or by a representative who may concede for it; the mediator; the seal by the manager."""
    case, row, place = await enter_agreement(session, actor, agreement_id, Piece.AGREEMENT)
    check_version(row.version, form.expected_version)
    if row.state is not A.SIGNING:
        raise rules.AgreementStateError(current=row.state.label, target=A.EFFECTIVE.label)
    signer_id, way = await _signer(session, actor, place, form, now)
    await own_word(session, actor, "sign_agreement", own_code, now=now)
    had = await session.exec(
        select(col(AgreementSignature.id)).where(
            AgreementSignature.agreement_id == row.id, AgreementSignature.signer_id == signer_id
        )
    )
    if had.one_or_none() is not None:
        raise rules.SignedAlreadyError
    session.add(
        AgreementSignature(
            created_at=now, agreement_id=row.id, kind=form.signer, signer_id=signer_id, way=way,
            by_person_id=actor.caller_id,
        )
    )  # fmt: skip
    row.touch(now)
    await log.note(session, case, E.SIGNED, actor=actor, now=now, signer=form.signer.value)
    if not await _missing(session, case, row):
        await _take_effect(session, case, row, actor, now)
    return await opened(session, row, case)


async def list_agreements(session: AsyncSession, actor: Actor, case_id: UUID) -> list[Opened]:
    """All versions, the newest first."""
    place = await look(session, actor, case_id, Piece.AGREEMENT)
    rows = await session.exec(
        select(CaseAgreement).where(CaseAgreement.case_id == case_id).order_by(col(CaseAgreement.number).desc())
    )
    return await opened_all(session, rows.all(), place.case)


async def find(session: AsyncSession, actor: Actor, agreement_id: UUID) -> Opened:
    row = (await session.exec(select(CaseAgreement).where(CaseAgreement.id == agreement_id))).one_or_none()
    if row is None:
        raise rules.AgreementNotFoundError
    try:
        place = await look(session, actor, row.case_id, Piece.AGREEMENT)
    except CaseNotFoundError as exc:
        raise rules.AgreementNotFoundError from exc
    return await opened(session, row, place.case)


async def abandon_current(
    session: AsyncSession, case: DisputeCase, *, now: datetime, state: AgreementState = A.ABANDONED
) -> None:
    """What is being signed is signed no more; what is in effect stays."""
    rows = await session.exec(
        select(CaseAgreement)
        .where(CaseAgreement.case_id == case.id, CaseAgreement.state == A.SIGNING)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for row in rows.all():
        check_agreement_step(row.state, state)
        row.state = state
        row.touch(now)
    await session.flush()


async def enter_agreement(
    session: AsyncSession, actor: Actor, agreement_id: UUID, piece: Piece
) -> tuple[DisputeCase, CaseAgreement, Place]:
    """The case under a lock, the agreement under a lock, the caller's place; 404 for who does not see agreements."""
    known = await session.exec(select(col(CaseAgreement.case_id)).where(CaseAgreement.id == agreement_id))
    case_id = known.one_or_none()
    if case_id is None:
        raise rules.AgreementNotFoundError
    await lock(session, DisputeCase, case_id, rules.AgreementNotFoundError)
    try:
        place = await look(session, actor, case_id, piece)
    except CaseNotFoundError as exc:
        raise rules.AgreementNotFoundError from exc
    return place.case, await lock(session, CaseAgreement, agreement_id, rules.AgreementNotFoundError), place


async def opened(session: AsyncSession | ReadSession, row: CaseAgreement, case: DisputeCase) -> Opened:
    return (await opened_all(session, [row], case))[0]


async def opened_all(
    session: AsyncSession | ReadSession, rows: Sequence[CaseAgreement], case: DisputeCase
) -> list[Opened]:
    """All versions of one case, in a fixed number of queries."""
    crypto, ids = crypto_of(session), [row.id for row in rows]
    terms = await session.exec(
        select(AgreementTerm).where(col(AgreementTerm.agreement_id).in_(ids)).order_by(col(AgreementTerm.number))
    )
    promised = terms.all()
    signed = await session.exec(
        select(AgreementSignature)
        .where(col(AgreementSignature.agreement_id).in_(ids))
        .order_by(col(AgreementSignature.id))
    )
    signatures = signed.all()
    names = await party_names(session, await parties_of(session, case.id, all_of_them=True))
    return [
        Opened(
            row, case,
            {part: crypto.open_text(TABLE, part, row.id, getattr(row, f"{part}_sealed")) for part in PARTS},
            crypto.open_if(TABLE, "court", row.id, row.court_sealed),
            [
                (term, crypto.open_text(TERM, "what", term.id, term.what_sealed))
                for term in promised
                if term.agreement_id == row.id
            ],
            [one for one in signatures if one.agreement_id == row.id], names,
            # At most one version is being signed.
            await _missing(session, case, row) if row.state is A.SIGNING else [],
        )
        for row in rows
    ]  # fmt: skip


async def _signer(
    session: AsyncSession, actor: Actor, place: Place, form: SignForm, now: datetime
) -> tuple[UUID, ConsentWay]:
    if form.signer is SignerKind.SEAL:
        await enter(session, actor, place.case.id, Act.MANAGE)
        return place.case.id, ConsentWay.SELF
    if form.signer is SignerKind.MEDIATOR:
        seat = place.seat
        if seat is None or seat.role is not SeatRole.MEDIATOR:
            raise rules.MediatorSignsError
        return seat.id, ConsentWay.SELF
    party, way = await speaker(session, actor, place, form.party_id, form.way, now=now)
    if way is ConsentWay.SELF and not is_themselves(actor, party) and not await may_concede(session, actor, party):
        raise rules.MustSignThemselvesError
    return party.id, way


async def _missing(session: AsyncSession | ReadSession, case: DisputeCase, row: CaseAgreement) -> list[str]:
    """Whose hand is still wanted, in words; none: it takes effect."""
    signed = await session.exec(
        select(col(AgreementSignature.signer_id), col(AgreementSignature.kind)).where(
            AgreementSignature.agreement_id == row.id
        )
    )
    found = signed.all()
    have, kinds = {signer for signer, _ in found}, {kind for _, kind in found}
    parties: list[CaseParty] = [party for party in await parties_of(session, case.id) if party.id not in have]
    names = await party_names(session, parties) if parties else {}
    missing = [names[party.id] for party in parties]
    if row.body is not MediationBody.NONE:
        missing += [kind.label for kind in (SignerKind.MEDIATOR, SignerKind.SEAL) if kind not in kinds]
    return missing


async def _take_effect(
    session: AsyncSession, case: DisputeCase, row: CaseAgreement, actor: Actor, now: datetime
) -> None:
    check_agreement_step(row.state, A.EFFECTIVE)
    window = rules.has_window(row.body, row.form)
    row.state, row.effective_at = A.EFFECTIVE, now
    row.confirmation = ConfirmationState.WINDOW if window else ConfirmationState.NONE
    row.touch(now)
    await session.flush()
    await log.move(session, case, C.PERFORMING, E.EFFECTIVE, actor=actor, now=now, window=window)
