"""What parties do: agree or not, say and show, release, name who stands for them, leave, take back."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import crypto_of
from app.core.db import ReadSession, lock
from app.core.errors import AppError
from app.core.ids import new_id
from app.models.disputes import CaseEvidence, CaseParty, CaseStatement, DisputeCase, PartyRepresentative
from app.rules.common.files import FilePurpose
from app.rules.disputes import parties as rules
from app.rules.disputes.access import Act, Piece
from app.rules.disputes.cases import (
    STOPPABLE,
    CaseNotFoundError,
    CaseState,
    CaseStateError,
    EndReason,
    check_open,
)
from app.rules.disputes.log import CaseEventKind
from app.rules.disputes.parties import (
    CaseSide,
    ConsentWay,
    PartyConsent,
    RepresentativeKind,
    RepresentativeState,
    check_party_consent,
)
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor
from app.schemas.disputes.parties import EvidenceForm, RepresentativeForm, StatementForm
from app.services.common import files
from app.services.disputes import agreeing, log
from app.services.disputes.intake import add_statement
from app.services.disputes.policies import policies_on
from app.services.disputes.speaking import is_themselves, own_word, speaker
from app.services.disputes.standing import Place, enter, look, parties_of
from app.services.identity.consents import consents_of
from app.services.identity.people import active_among

EVIDENCE, STATEMENT = "case_evidence", "case_statement"
C, E = CaseState, CaseEventKind
G = PartyConsent
T = TypeVar("T", CaseStatement, CaseEvidence)


@dataclass(frozen=True, slots=True)
class Shown:
    """A statement or a piece of evidence with its words opened."""

    row: CaseStatement | CaseEvidence
    words: str
    mine: bool


async def say_consent(
    session: AsyncSession, actor: Actor, case_id: UUID, *, agree: bool, party_id: UUID | None, way: ConsentWay | None,
    own_code: str | None, now: datetime,
) -> Place:  # fmt: skip
    """Each party for itself. A clear no ends it (人民调解法 第十七条); one of many who claim leaves by it."""
    place = await enter(session, actor, case_id, Act.SPEAK if way is None else Act.MANAGE)
    case = place.case
    party, how = await speaker(session, actor, place, party_id, way, own=True, now=now)
    if case.state not in STOPPABLE:
        raise CaseStateError(current=case.state.label, target=C.CONSENTED.label)
    if agree and how is ConsentWay.SELF and party.person_id is not None:
        check_consent(await consents_of(session, party.person_id), ConsentPurpose.DISPUTE)
    target = G.GIVEN if agree else G.REFUSED
    check_party_consent(party.consent, target)
    await own_word(session, actor, "say_case_consent", own_code, now=now)
    party.consent, party.consent_way, party.consented_at = target, how, now
    party.touch(now)
    await log.note(session, case, E.CONSENT_SAID, actor=actor, now=now, side=party.side.value, agree=agree)
    if agree:
        await settle_consents(session, case, now)
        return place
    others = [
        row for row in await parties_of(session, case.id) if row.side is CaseSide.COMPLAINANT and row.id != party.id
    ]
    if party.side is CaseSide.COMPLAINANT and others:
        await take_out(session, case, party, actor=actor, now=now)
        return place
    await stop(session, case, EndReason.UNWILLING, actor=actor, now=now)
    return place


async def withdraw(
    session: AsyncSession, actor: Actor, case_id: UUID, *, expected_version: int, now: datetime
) -> Place:
    """The only one who claims takes the application back."""
    place = await enter(session, actor, case_id, Act.SPEAK, expected_version=expected_version)
    case = place.case
    party, _ = await speaker(session, actor, place, None, None, own=True, now=now)
    claimants = [row for row in await parties_of(session, case.id) if row.side is CaseSide.COMPLAINANT]
    if party.side is not CaseSide.COMPLAINANT or len(claimants) > 1:
        raise rules.NotOnlyComplainantError
    await agreeing.abandon_current(session, case, now=now)
    case.end_reason = EndReason.WITHDRAWN
    await log.move(session, case, C.ENDED, E.ENDED, actor=actor, now=now, reason=EndReason.WITHDRAWN.value)
    return place


async def stop(
    session: AsyncSession, case: DisputeCase, reason: EndReason, *, actor: Actor | None, now: datetime
) -> None:
    """Refused where it had not begun, ended where it had; the other ways are told either way."""
    await agreeing.abandon_current(session, case, now=now)
    if case.state in {C.CONSENT_PENDING, C.CONSENTED, C.MEDIATOR_PROPOSED, C.OBJECTION}:
        await log.move(session, case, C.REFUSED, E.REFUSED, actor=actor, now=now)
        return
    case.end_reason = reason
    await log.move(session, case, C.ENDED, E.ENDED, actor=actor, now=now, reason=reason.value)


async def take_out(
    session: AsyncSession, case: DisputeCase, party: CaseParty, *, actor: Actor | None, now: datetime
) -> None:
    """One of several who claim is in the case no more; a text that named them is drawn up anew."""
    party.state, party.left_at = rules.CasePartyState.LEFT, now
    party.touch(now)
    for row in await _representatives_of(session, party.id):
        _end(row, now)
    for row in await _representatives_by(session, case.id, party.person_id):
        if row.kind is RepresentativeKind.ELECTED:
            _end(row, now)
    await session.flush()
    await log.note(session, case, E.PARTY_LEFT, actor=actor, now=now, side=party.side.value)
    if case.state is C.AGREED_WRITTEN:
        await agreeing.abandon_current(session, case, now=now)
        await log.move(session, case, C.MEDIATING, E.MEDIATING, actor=actor, now=now)
    # Perhaps theirs was the only word that was still wanted.
    await settle_consents(session, case, now)


async def state_words(
    session: AsyncSession, actor: Actor, case_id: UUID, form: StatementForm, *, now: datetime
) -> Shown:
    place = await enter(session, actor, case_id, Act.SPEAK if form.way is None else Act.MANAGE)
    check_open(place.case.state)
    party, how = await speaker(session, actor, place, form.party_id, form.way, now=now)
    row = await add_statement(
        session, party, form.words, by=actor.caller_id, way=how, now=now, concession=form.concession
    )
    if form.release:
        row.released_at = now
        row.touch(now)
        await session.flush()
    return Shown(row, form.words, mine=form.way is None)


async def release_statement(session: AsyncSession, actor: Actor, statement_id: UUID, *, now: datetime) -> Shown:
    row = await _lock_said(session, actor, CaseStatement, statement_id, rules.StatementNotFoundError)
    row.released_at = now
    row.touch(now)
    await session.flush()
    return Shown(row, crypto_of(session).open_text(STATEMENT, "words", row.id, row.words_sealed), mine=True)


async def statements(session: AsyncSession, actor: Actor, case_id: UUID) -> tuple[Place, list[Shown]]:
    """One's own side's by whoever wrote them, of the other side what it shows; all of it for who sits."""
    place = await look(session, actor, case_id, Piece.OWN_STATEMENT)
    order = (col(CaseStatement.created_at), col(CaseStatement.id))
    rows = await session.exec(select(CaseStatement).where(CaseStatement.case_id == case_id).order_by(*order))
    seen = await visible_rows(session, place, list(rows.all()), Piece.OTHER_STATEMENT)
    crypto = crypto_of(session)
    return place, [
        Shown(row, crypto.open_text(STATEMENT, "words", row.id, row.words_sealed), mine=mine) for row, mine in seen
    ]


async def show_evidence(
    session: AsyncSession, actor: Actor, case_id: UUID, form: EvidenceForm, *, now: datetime
) -> Shown:
    """A file of one's own upload; from then on it is seen through the case only, also by who uploaded it."""
    place = await enter(session, actor, case_id, Act.SPEAK if form.party_id is None else Act.SHOW)
    check_open(place.case.state)
    if place.mine and (form.party_id is None or form.party_id in {party.id for party in place.mine}):
        party, _ = await speaker(session, actor, place, form.party_id, None, now=now)
    else:
        party, _ = await speaker(session, actor, place, form.party_id, ConsentWay.PRESENT, now=now)
    row_id = new_id()
    await files.bind(
        session, actor, [form.file_id], purpose=FilePurpose.CASE_EVIDENCE, subject_kind=EVIDENCE, subject_id=row_id,
        now=now,
    )  # fmt: skip
    row = CaseEvidence(
        id=row_id, created_at=now, updated_at=now, case_id=case_id, party_id=party.id, file_id=form.file_id,
        about_sealed=crypto_of(session).seal(EVIDENCE, "about", row_id, form.about), by_person_id=actor.caller_id,
        released_at=now if form.release else None,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return Shown(row, form.about, mine=party.id in {one.id for one in place.mine})


async def release_evidence(session: AsyncSession, actor: Actor, evidence_id: UUID, *, now: datetime) -> Shown:
    row = await _lock_said(session, actor, CaseEvidence, evidence_id, rules.EvidenceNotFoundError)
    row.released_at = now
    row.touch(now)
    await session.flush()
    return Shown(row, crypto_of(session).open_text(EVIDENCE, "about", row.id, row.about_sealed), mine=True)


async def evidence(session: AsyncSession, actor: Actor, case_id: UUID) -> tuple[Place, list[Shown]]:
    place = await look(session, actor, case_id, Piece.OWN_EVIDENCE)
    order = (col(CaseEvidence.created_at), col(CaseEvidence.id))
    rows = await session.exec(select(CaseEvidence).where(CaseEvidence.case_id == case_id).order_by(*order))
    seen = await visible_rows(session, place, list(rows.all()), Piece.OTHER_EVIDENCE)
    crypto = crypto_of(session)
    return place, [
        Shown(row, crypto.open_text(EVIDENCE, "about", row.id, row.about_sealed), mine=mine) for row, mine in seen
    ]


async def visible_rows(
    session: AsyncSession | ReadSession, place: Place, rows: list[T], all_of_it: Piece
) -> list[tuple[T, bool]]:
    """A row with whether it is of the caller's own party. Fellows who claim do not see one another's."""
    mine = {party.id for party in place.mine}
    if place.sees(all_of_it):
        return [(row, row.party_id in mine) for row in rows]
    sides = {row.id: row.side for row in await parties_of(session, place.case.id, all_of_them=True)}
    return [
        (row, row.party_id in mine)
        for row in rows
        if row.party_id in mine or (row.released_at is not None and sides.get(row.party_id) not in place.sides)
    ]


async def appoint_representative(
    session: AsyncSession, actor: Actor, case_id: UUID, form: RepresentativeForm, *, now: datetime
) -> PartyRepresentative:
    """By the party itself. Ten or more may elect from among themselves; each may name an agent."""
    place = await enter(session, actor, case_id, Act.SPEAK)
    case = place.case
    check_open(case.state)
    party, _ = await speaker(session, actor, place, None, None, own=True, now=now)
    if await _representatives_of(session, party.id):
        raise rules.RepresentativeTakenError
    if form.kind is RepresentativeKind.ELECTED:
        person_id = await _elected(session, case, party, form.colleague_id, now)
    else:
        person_id = await _agent(session, party, form.person_id)
    row = PartyRepresentative(
        created_at=now, updated_at=now, case_id=case.id, party_id=party.id, person_id=person_id, kind=form.kind,
        may_concede=form.may_concede,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return row


async def dismiss_representative(session: AsyncSession, actor: Actor, representative_id: UUID, *, now: datetime) -> PartyRepresentative:  # fmt: skip
    """At any time, by the party alone."""
    missing = rules.CaseRepresentativeNotFoundError
    row = await lock(session, PartyRepresentative, representative_id, missing)
    found = await session.exec(select(CaseParty).where(CaseParty.id == row.party_id))
    if row.state is not RepresentativeState.ACTIVE or not is_themselves(actor, found.one()):
        raise missing
    _end(row, now)
    await session.flush()
    return row


async def stand_for_nobody(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """Somebody who goes for good speaks for nobody any more."""
    rows = await session.exec(
        select(PartyRepresentative).where(
            PartyRepresentative.person_id == person_id, PartyRepresentative.state == RepresentativeState.ACTIVE
        )
    )
    for row in rows.all():
        _end(row, now)
    await session.flush()


async def representatives_of_case(
    session: AsyncSession | ReadSession, case_id: UUID
) -> dict[UUID, PartyRepresentative]:
    """Party → who stands for it."""
    rows = await session.exec(
        select(PartyRepresentative).where(
            PartyRepresentative.case_id == case_id, PartyRepresentative.state == RepresentativeState.ACTIVE
        )
    )
    return {row.party_id: row for row in rows}


async def settle_consents(session: AsyncSession, case: DisputeCase, now: datetime) -> None:
    agreed = all(row.consent is G.GIVEN for row in await parties_of(session, case.id))
    if agreed and case.state is C.CONSENT_PENDING:
        await log.move(session, case, C.CONSENTED, E.CONSENTED, actor=None, now=now)


async def _elected(
    session: AsyncSession, case: DisputeCase, party: CaseParty, colleague_id: UUID | None, now: datetime,
) -> UUID:  # fmt: skip
    claimants = [row for row in await parties_of(session, case.id) if row.side is CaseSide.COMPLAINANT]
    colleague = next((row for row in claimants if row.id == colleague_id and row.id != party.id), None)
    if colleague is None or colleague.person_id is None or party.side is not CaseSide.COMPLAINANT:
        raise rules.RepresentativeError
    policies = await policies_on(session, china_date(now))
    rows = await session.exec(
        select(col(PartyRepresentative.person_id)).where(
            PartyRepresentative.case_id == case.id, PartyRepresentative.kind == RepresentativeKind.ELECTED,
            PartyRepresentative.state == RepresentativeState.ACTIVE,
        )
    )  # fmt: skip
    chosen = set(rows.all()) | {colleague.person_id}
    rules.check_election(
        len(claimants), policies["representatives_from"].value, len(chosen), policies["representatives_most"].value
    )
    return colleague.person_id


async def _agent(session: AsyncSession, party: CaseParty, person_id: UUID | None) -> UUID:
    other = [row for row in await parties_of(session, party.case_id) if row.side is not party.side]
    known = person_id is not None and person_id in await active_among(session, [person_id])
    if person_id is None or not known or person_id in {party.person_id, *(row.person_id for row in other)}:
        raise rules.RepresentativeError
    return person_id


async def _representatives_of(session: AsyncSession, party_id: UUID) -> list[PartyRepresentative]:
    rows = await session.exec(
        select(PartyRepresentative).where(
            PartyRepresentative.party_id == party_id, PartyRepresentative.state == RepresentativeState.ACTIVE
        )
    )
    return list(rows.all())


async def _representatives_by(
    session: AsyncSession, case_id: UUID, person_id: UUID | None
) -> list[PartyRepresentative]:
    if person_id is None:
        return []
    rows = await session.exec(
        select(PartyRepresentative).where(
            PartyRepresentative.case_id == case_id, PartyRepresentative.person_id == person_id,
            PartyRepresentative.state == RepresentativeState.ACTIVE,
        )
    )  # fmt: skip
    return list(rows.all())


async def _lock_said(session: AsyncSession, actor: Actor, table: type[T], row_id: UUID, missing: type[AppError]) -> T:
    """Of one's own party, not yet shown, in a case that runs."""
    known = await session.exec(select(table).where(col(table.id) == row_id))
    row = known.one_or_none()
    if row is None:
        raise missing
    try:
        place = await enter(session, actor, row.case_id, Act.SPEAK)
    except CaseNotFoundError as exc:
        raise missing from exc
    if row.party_id not in {party.id for party in place.mine}:
        raise missing
    check_open(place.case.state)
    row = await lock(session, table, row_id, missing)
    if row.released_at is not None:
        raise rules.AlreadyReleasedError
    return row


def _end(row: PartyRepresentative, now: datetime) -> None:
    row.state, row.ended_at = RepresentativeState.ENDED, now
    row.touch(now)
