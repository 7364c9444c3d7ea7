"""Every way into a case: by a person, by a firm, by telephone or at the counter, from a difference or a posting."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import crypto_of
from app.core.events import emit
from app.core.ids import new_id
from app.core.security import one_time_code
from app.models.disputes import CaseDeadline, CaseParty, CaseStatement, DisputeCase
from app.rules.disputes import cases as rules
from app.rules.disputes.cases import OPEN, CaseKind, IntakeChannel
from app.rules.disputes.clocks import ClockKind
from app.rules.disputes.log import CaseEventKind
from app.rules.disputes.parties import CasePartyKind, CasePartyState, CaseSide, ConsentWay, PartyConsent
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor, check_permission
from app.rules.organisation import EnterpriseNotFoundError
from app.schemas.disputes.cases import CasePartyForm, FirmCaseForm, RecordCaseForm, SubmitCaseForm
from app.services.disputes import log, policies
from app.services.disputes.events import CaseWaits
from app.services.disputes.standing import ANSWER, HANDLE
from app.services.gigs import referrals
from app.services.identity.assisted import note_act
from app.services.identity.consents import consents_of
from app.services.identity.people import hold_person, people_with_phone
from app.services.jobs import vacancies
from app.services.organisation import enterprises, liaison

PARTY, STATEMENT = "case_party", "case_statement"
VACANCY, SETTLEMENT = "vacancy", "settlement"
NUMBER_SIGNS = 8


@dataclass(frozen=True, slots=True)
class Start:
    """What a case begins with, whatever way it came."""

    kind: CaseKind
    channel: IntakeChannel
    opened_by: UUID
    known_on: date | None = None
    employed: bool | None = None
    employment_ended_on: date | None = None
    injured: bool = False
    subject_kind: str | None = None
    subject_id: UUID | None = None
    separated_from: UUID | None = None
    # Both sides know already.
    asked: bool = False


@dataclass(frozen=True, slots=True)
class PartyStart:
    side: CaseSide
    kind: CasePartyKind
    person_id: UUID | None = None
    enterprise_id: UUID | None = None
    area_id: UUID | None = None
    name: str | None = None
    phone: str | None = None
    claim: str | None = None
    claim_fen: int | None = None
    facts: str | None = None
    statement: str | None = None
    way: ConsentWay = ConsentWay.SELF
    # Who asks for mediation has agreed to it.
    asks: bool = False


async def submit(session: AsyncSession, actor: Actor, form: SubmitCaseForm, *, now: datetime) -> DisputeCase:
    """By the person, or for them by whoever may (代办): with the consent that this purpose asks for."""
    check_dates(form.known_on, form.employment_ended_on, china_date(now))
    check_consent(await consents_of(session, actor.person_id), ConsentPurpose.DISPUTE)
    await hold_person(session, actor.person_id)
    other = await _party(session, CaseSide.RESPONDENT, form.respondent)
    if other.enterprise_id in actor.enterprises(ANSWER) or other.person_id == actor.person_id:
        raise rules.RespondentError
    await _check_first(session, actor.person_id, form.kind, other)
    facts = await _posting(session, actor, form.subject_id, now) if form.subject_id is not None else None
    mine = PartyStart(
        CaseSide.COMPLAINANT, CasePartyKind.PERSON, person_id=actor.person_id, claim=form.claim,
        claim_fen=form.claim_fen, facts=facts, statement=form.statement, asks=True,
    )  # fmt: skip
    channel = IntakeChannel.POSTING if facts is not None else IntakeChannel.MINI_PROGRAM
    start = Start(
        form.kind, IntakeChannel.ON_BEHALF if actor.agent_id is not None else channel, actor.caller_id, form.known_on,
        form.employed, form.employment_ended_on, form.injured, VACANCY if facts is not None else None, form.subject_id,
    )  # fmt: skip
    case = await open_case(session, start, [mine, other], actor=actor, now=now)
    await note_act(
        session, crypto_of(session), actor, operation="submit_case", subject_kind="dispute_case", subject_id=case.id,
        subject_version=case.version, before=None, told=f"提交调解申请（{case.kind.label}）", now=now, undoable=False,
    )  # fmt: skip
    return case


async def submit_for_firm(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, form: FirmCaseForm, *, now: datetime
) -> DisputeCase:
    check_permission(actor, ANSWER)
    if enterprise_id not in actor.enterprises(ANSWER):
        raise EnterpriseNotFoundError
    check_dates(form.known_on, None, china_date(now))
    other = await _party(session, CaseSide.RESPONDENT, form.respondent)
    if other.enterprise_id == enterprise_id or other.person_id == actor.person_id:
        raise rules.RespondentError
    mine = PartyStart(
        CaseSide.COMPLAINANT, CasePartyKind.ENTERPRISE, enterprise_id=enterprise_id, claim=form.claim,
        claim_fen=form.claim_fen, statement=form.statement, asks=True,
    )  # fmt: skip
    start = Start(form.kind, IntakeChannel.FIRM, actor.caller_id, form.known_on)
    return await open_case(session, start, [mine, other], actor=actor, now=now)


async def record(session: AsyncSession, actor: Actor, form: RecordCaseForm, *, now: datetime) -> DisputeCase:
    """From a telephone call or at the counter, written down while the person speaks (劳动争议调解仲裁法 第十二条)."""
    check_permission(actor, HANDLE)
    check_dates(form.known_on, form.employment_ended_on, china_date(now))
    way = ConsentWay.PHONE if form.channel is IntakeChannel.PHONE else ConsentWay.PRESENT
    one = await _party(session, CaseSide.COMPLAINANT, form.complainant)
    other = await _party(session, CaseSide.RESPONDENT, form.respondent)
    same = one.enterprise_id is not None and one.enterprise_id == other.enterprise_id
    if same or (one.person_id is not None and one.person_id == other.person_id):
        raise rules.RespondentError
    asking = replace(one, claim=form.claim, claim_fen=form.claim_fen, statement=form.statement, way=way, asks=True)
    start = Start(
        form.kind, form.channel, actor.caller_id, form.known_on, form.employed, form.employment_ended_on, form.injured
    )
    return await open_case(session, start, [asking, other], actor=actor, now=now)


async def open_from_referral(session: AsyncSession, referral_id: UUID, *, by: UUID, now: datetime) -> None:
    """A side chose mediation over a time sheet or a settlement: that is the application, received now."""
    if not await policies.are_loaded(session):
        # The sweep opens it once the numbers are there; the difference itself is on record.
        return
    referral = await referrals.take(session, referral_id, now=now)
    if referral is None:
        return
    facts: dict[str, Any] = json.loads(referral.facts)
    wages = referral.subject_kind == SETTLEMENT
    sides = (CaseSide.COMPLAINANT, CaseSide.RESPONDENT)
    of_worker, of_firm = sides if referral.by_worker else sides[::-1]
    owed = max(0, facts["due_fen"] - facts["paid_fen"]) if wages else None
    asking = owed if referral.by_worker else None
    worker = PartyStart(
        of_worker, CasePartyKind.PERSON, person_id=referral.person_id, claim_fen=asking, facts=referral.facts,
        claim=_claim_of(facts, owed) if referral.by_worker else None,
    )  # fmt: skip
    firm = PartyStart(
        of_firm, CasePartyKind.ENTERPRISE, enterprise_id=referral.enterprise_id,
        claim=None if referral.by_worker else _claim_of(facts, owed),
    )  # fmt: skip
    start = Start(
        CaseKind.WAGES, IntakeChannel.SETTLEMENT if wages else IntakeChannel.TIMESHEET, by,
        min(_known(facts, wages=wages), china_date(now)), subject_kind=referral.subject_kind,
        subject_id=referral.subject_id, asked=True,
    )  # fmt: skip
    await open_case(session, start, [worker, firm], actor=None, now=now)


async def open_untaken(session: AsyncSession, *, now: datetime, limit: int = 50) -> int:
    """The sweep: what was taken to mediation before there were cases."""
    found = await referrals.untaken(session, limit) if await policies.are_loaded(session) else []
    for referral_id, person_id in found:
        await open_from_referral(session, referral_id, by=person_id, now=now)
    return len(found)


async def open_case(
    session: AsyncSession, start: Start, parties: Sequence[PartyStart], *, actor: Actor | None, now: datetime
) -> DisputeCase:
    """The one place where a case comes into being: with number, place, parties, first event, clocks, desk."""
    firm = next((one.enterprise_id for one in parties if one.enterprise_id is not None), None)
    village = next((one.area_id for one in parties if one.area_id is not None), None)
    area_id = village if village is not None or firm is None else await enterprises.area_of(session, firm)
    case = DisputeCase(
        id=new_id(), created_at=now, updated_at=now, number=f"TJ{china_date(now).year}-{one_time_code(NUMBER_SIGNS)}",
        kind=start.kind, channel=start.channel, enterprise_id=firm, area_id=area_id, subject_kind=start.subject_kind,
        subject_id=start.subject_id, known_on=start.known_on, employed=start.employed, injured=start.injured,
        employment_ended_on=start.employment_ended_on, opened_by=start.opened_by,
        separated_from_id=start.separated_from, asked_at=now if start.asked else None,
    )  # fmt: skip
    session.add(case)
    await session.flush()
    for one in parties:
        await add_party(session, case, one, by=start.opened_by, now=now)
    await log.note(session, case, CaseEventKind.SUBMITTED, actor=actor, now=now, channel=start.channel.value)
    await tell_desk(session, case, now=now)
    return case


async def add_party(session: AsyncSession, case: DisputeCase, one: PartyStart, *, by: UUID, now: datetime) -> CaseParty:
    crypto, row_id = crypto_of(session), new_id()
    row = CaseParty(
        id=row_id, created_at=now, updated_at=now, case_id=case.id, side=one.side, kind=one.kind,
        person_id=one.person_id, enterprise_id=one.enterprise_id, area_id=one.area_id, claim_fen=one.claim_fen,
    )  # fmt: skip
    if one.asks:
        row.consent, row.consent_way, row.consented_at = PartyConsent.GIVEN, one.way, now
    for name in ("name", "phone", "claim", "facts"):
        words = getattr(one, name)
        if words is not None:
            setattr(row, f"{name}_sealed", crypto.seal(PARTY, name, row_id, words))
    session.add(row)
    await session.flush()
    if one.statement is not None:
        await add_statement(session, row, one.statement, by=by, way=one.way, now=now)
    return row


async def add_statement(
    session: AsyncSession, party: CaseParty, words: str, *, by: UUID, way: ConsentWay, now: datetime,
    concession: bool = False,
) -> CaseStatement:  # fmt: skip
    row_id = new_id()
    row = CaseStatement(
        id=row_id, created_at=now, updated_at=now, case_id=party.case_id, party_id=party.id, by_person_id=by, way=way,
        words_sealed=crypto_of(session).seal(STATEMENT, "words", row_id, words), concession=concession,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return row


async def tell_desk(session: AsyncSession, case: DisputeCase, *, now: datetime) -> None:
    """Nobody manages it yet, or any more."""
    found = await session.exec(
        select(col(CaseDeadline.due_at)).where(
            CaseDeadline.case_id == case.id, CaseDeadline.kind == ClockKind.FIRST_ANSWER
        )
    )
    await emit(session, CaseWaits(at=now, case_id=case.id, number=case.number, due_at=found.one_or_none()))


async def party_start(session: AsyncSession, side: CaseSide, form: CasePartyForm) -> PartyStart:
    return await _party(session, side, form)


def check_dates(known_on: date | None, ended_on: date | None, today: date) -> None:
    if any(day is not None and day > today for day in (known_on, ended_on)):
        raise rules.CaseDatesError


async def _party(session: AsyncSession, side: CaseSide, form: CasePartyForm) -> PartyStart:
    """A telephone that belongs to exactly one registered person makes it theirs; the answer does not say so."""
    if form.kind is CasePartyKind.ENTERPRISE:
        if form.enterprise_id is None or not await enterprises.exists(session, form.enterprise_id):
            raise rules.RespondentError
        return PartyStart(side, form.kind, enterprise_id=form.enterprise_id)
    if form.kind is CasePartyKind.VILLAGE:
        if form.area_id is None or await liaison.area_kind(session, form.area_id) is None:
            raise rules.RespondentError
        return PartyStart(side, form.kind, area_id=form.area_id)
    if form.name is None:
        raise rules.RespondentError
    known = await people_with_phone(session, crypto_of(session), form.phone) if form.phone is not None else []
    if len(known) == 1:
        return PartyStart(side, CasePartyKind.PERSON, person_id=known[0].person_id, name=form.name, phone=form.phone)
    return PartyStart(side, CasePartyKind.OUTSIDER, name=form.name, phone=form.phone)


async def _posting(session: AsyncSession, actor: Actor, vacancy_id: UUID, now: datetime) -> str:
    """What the posting said, as the person could read it."""
    if not await vacancies.is_visible(session, actor, vacancy_id, now=now):
        raise rules.CaseSubjectError
    row = await vacancies.get_visible(session, actor, vacancy_id, now=now)
    return json.dumps(
        {
            "vacancy": {
                "title": row.title, "state": row.state.value, "content_version": row.content_version,
                "published_at": None if row.published_at is None else row.published_at.isoformat(),
            }
        },
        ensure_ascii=False,
    )  # fmt: skip


async def _check_first(session: AsyncSession, person_id: UUID, kind: CaseKind, other: PartyStart) -> None:
    """One open case about the same with the same firm: more of it belongs into that one."""
    if other.enterprise_id is None:
        return
    found = await session.exec(
        select(col(DisputeCase.number))
        .join(CaseParty, col(CaseParty.case_id) == col(DisputeCase.id))
        .where(
            DisputeCase.kind == kind, DisputeCase.enterprise_id == other.enterprise_id,
            col(DisputeCase.state).in_(sorted(OPEN)), CaseParty.person_id == person_id,
            CaseParty.side == CaseSide.COMPLAINANT, CaseParty.state == CasePartyState.ACTIVE,
        )
        .limit(1)
    )  # fmt: skip
    number = found.one_or_none()
    if number is not None:
        raise rules.CaseAlreadyOpenError(number=number)


def _known(facts: dict[str, Any], *, wages: bool) -> date:
    """The day on which the wages were due, or the work was done."""
    return (
        date.fromisoformat(facts["due_on"]) if wages else china_date(datetime.fromisoformat(facts["shift"]["ends_at"]))
    )


def _claim_of(facts: dict[str, Any], owed: int | None) -> str:
    if owed is not None:
        first, last = facts["period"]
        return f"支付{first}至{last}的工资，尚欠{owed / 100:.2f}元"
    return f"核定“{facts['shift']['title']}”班次的工时或件数并支付工资"
