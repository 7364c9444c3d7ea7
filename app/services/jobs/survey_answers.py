"""Answers of 就业摸底: batches filled in offline, each item by itself; read, corrected, taken back, revealed."""

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import check_version, lock
from app.core.errors import AppError
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.jobs import SurveyAnswer, SurveyAssignment, SurveyChoice, SurveyHousehold, SurveyWave
from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose
from app.rules.identity.people import NothingToRevealError
from app.rules.identity.roles import Actor, Permission, check_permission
from app.rules.jobs.surveys import (
    Answers,
    BatchItemState,
    ClientIdTakenError,
    HouseholdNotFoundError,
    SurveyAgeBand,
    SurveyAnswerExistsError,
    SurveyAnswerNotFoundError,
    SurveyConsentMissingError,
    SurveyConsentTextError,
    SurveyItemError,
    SurveyMemberNumberError,
    SurveyNotOpenError,
    SurveyOutcome,
    SurveyOutcomeError,
    SurveySurplusError,
    SurveyUnit,
    SurveyWaveNotFoundError,
    SurveyWaveState,
    age_band,
    check_answers,
    check_recorded,
    counted_choices,
    occupation_codes,
)
from app.schemas.jobs.surveys import (
    SurveyAnswerForm,
    SurveyAnswerItem,
    SurveyAnswerUpdate,
    SurveyConsentIn,
    SurveyPersonIn,
    SurveyRevealForm,
    UnreadableItem,
)
from app.services.common.codes import OCCUPATION, known_codes
from app.services.identity import audit
from app.services.jobs.survey_questions import QuestionSet, question_set
from app.services.jobs.survey_work import assigned_to, by_office, grids_in_wave, open_address
from app.services.jobs.surveys import day_begins

SUBJECT = "survey_answer"


@dataclass(frozen=True, slots=True)
class ItemResult:
    client_id: UUID | None
    state: BatchItemState
    answer_id: UUID | None = None
    version: int | None = None
    error: AppError | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer with what lies sealed in it."""

    row: SurveyAnswer
    answers: Answers
    person: SurveyPersonIn | None
    consent_by: str | None


@dataclass(frozen=True, slots=True)
class _Round:
    """What every item of a batch is held against."""

    wave: SurveyWave
    questions: QuestionSet
    occupations: frozenset[str]
    households: frozenset[UUID]
    now: datetime


@dataclass(frozen=True, slots=True)
class _Checked:
    answers: Answers
    band: SurveyAgeBand


async def take_batch(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    wave_id: UUID,
    items: Sequence[SurveyAnswerItem | UnreadableItem],
    *,
    now: datetime,
) -> list[ItemResult]:
    """Each item is accepted, known already, or refused with its own reason; none of them is another's business."""
    mine = await grids_in_wave(session, actor, wave_id)
    wave = await _open_wave(session, wave_id)
    readable = [item for item in items if isinstance(item, SurveyAnswerItem)]
    held = await _round(session, wave, mine, readable, now)
    known = await _known(session, [item.client_id for item in readable])
    results: dict[int, ItemResult] = {}
    choices: list[dict[str, Any]] = []
    # In the order of their ids: two batches with the same items the other way round must not wait for each other.
    for place in sorted(range(len(items)), key=lambda n: str(items[n].client_id or "")):
        item = items[place]
        if isinstance(item, UnreadableItem):
            results[place] = _refused(item.client_id, SurveyItemError(fields=item.issues))
        else:
            results[place] = await _take(session, crypto, actor, held, item, known, choices)
    if choices:
        await (await session.connection()).execute(insert(SurveyChoice), choices)
    done = [results[place] for place in range(len(items))]
    accepted = sum(result.state is BatchItemState.ACCEPTED for result in done)
    audit.by(session, actor, "survey_answers_received", "survey_wave", wave.id, now=now, accepted=str(accepted))
    return done


async def _take(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    held: _Round,
    item: SurveyAnswerItem,
    known: dict[UUID, SurveyAnswer],
    choices: list[dict[str, Any]],
) -> ItemResult:
    content = json.dumps(item.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)
    digest = crypto.keyed_hash("survey_answer", f"{held.wave.id}{content}")
    if item.client_id in known:
        return _again(item, known[item.client_id], digest)
    try:
        checked = _check(held, item, held.households)
        check_recorded(
            item.recorded_at, opens_at=day_begins(held.wave.opens_on),
            ends_at=day_begins(held.wave.closes_on + timedelta(days=1)), now=held.now,
        )  # fmt: skip
    except AppError as exc:
        return _refused(item.client_id, exc)
    row = SurveyAnswer(
        id=new_id(), created_at=held.now, updated_at=held.now, wave_id=held.wave.id, household_id=item.household_id,
        client_id=item.client_id, content_hash=digest, member_no=item.member_no, outcome=item.outcome,
        recorded_at=item.recorded_at, recorded_by=actor.person_id,
    )  # fmt: skip
    _fill(crypto, row, checked, item.consent, item.person)
    if not await insert_or_ignore(session, SurveyAnswer, row.model_dump()):
        there = await _known(session, [item.client_id])
        if item.client_id in there:
            return _again(item, there[item.client_id], digest)
        return _refused(item.client_id, SurveyAnswerExistsError(member_no=item.member_no))
    known[item.client_id] = row
    choices += _choice_rows(row.id, checked.answers)
    return ItemResult(item.client_id, BatchItemState.ACCEPTED, row.id, row.version)


async def correct(
    session: AsyncSession, crypto: Crypto, actor: Actor, answer_id: UUID, form: SurveyAnswerUpdate, *, now: datetime
) -> SurveyAnswer:
    """Replaces what was said, as a new version; while the wave runs."""
    await own_answer(session, actor, answer_id)
    row = await lock(session, SurveyAnswer, answer_id, SurveyAnswerNotFoundError)
    check_version(row.version, form.expected_version)
    if row.outcome is not SurveyOutcome.ANSWERED:
        raise SurveyOutcomeError(current=row.outcome.label)
    wave = await _open_wave(session, row.wave_id)
    whole = SurveyAnswerForm.model_construct(
        household_id=row.household_id, member_no=row.member_no, outcome=SurveyOutcome.ANSWERED, consent=form.consent,
        person=form.person, answers=form.answers,
    )  # fmt: skip
    held = await _round(session, wave, None, [whole], now)
    checked = _check(held, whole, {row.household_id})
    _fill(crypto, row, checked, form.consent, form.person)
    row.touch(now)
    await session.exec(delete(SurveyChoice).where(col(SurveyChoice.answer_id) == row.id))
    await session.flush()
    if rows := _choice_rows(row.id, checked.answers):
        await (await session.connection()).execute(insert(SurveyChoice), rows)
    audit.by(session, actor, "survey_answer_corrected", SUBJECT, row.id, now=now)
    return row


async def withdraw(
    session: AsyncSession, actor: Actor, answer_id: UUID, *, expected_version: int, now: datetime
) -> SurveyAnswer:
    """The household takes its consent back at the door: only that there was a visit is left."""
    await own_answer(session, actor, answer_id)
    row = await lock(session, SurveyAnswer, answer_id, SurveyAnswerNotFoundError)
    check_version(row.version, expected_version)
    if row.outcome is not SurveyOutcome.ANSWERED:
        raise SurveyOutcomeError(current=row.outcome.label)
    await _empty(session, [row], now)
    audit.by(session, actor, "survey_answer_withdrawn", SUBJECT, row.id, now=now)
    return row


async def erase_answers_of(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """The person took the consent back, or left: their answers are emptied and no longer point at them."""
    found = await session.exec(
        select(SurveyAnswer).where(SurveyAnswer.person_id == person_id).order_by(col(SurveyAnswer.id)).with_for_update()
    )
    await _empty(session, found.all(), now)


async def read_answer(session: AsyncSession, crypto: Crypto, actor: Actor, answer_id: UUID) -> Opened:
    return open_answer(crypto, await own_answer(session, actor, answer_id))


async def own_answer(session: AsyncSession, actor: Actor, answer_id: UUID) -> SurveyAnswer:
    """Only for whoever the grid is assigned to in that wave."""
    check_permission(actor, Permission.SURVEY_ANSWER)
    found = await session.exec(
        select(SurveyAnswer)
        .join(SurveyHousehold, col(SurveyHousehold.id) == col(SurveyAnswer.household_id))
        .join(
            SurveyAssignment,
            (col(SurveyAssignment.wave_id) == col(SurveyAnswer.wave_id))
            & (col(SurveyAssignment.grid_id) == col(SurveyHousehold.grid_id)),
        )
        .where(SurveyAnswer.id == answer_id, assigned_to(actor))
    )
    row = found.one_or_none()
    if row is None:
        raise SurveyAnswerNotFoundError
    return row


async def reveal(
    session: AsyncSession, crypto: Crypto, actor: Actor, answer_id: UUID, form: SurveyRevealForm, *, now: datetime
) -> dict[str, str]:
    """Name, phone, birth date or address, for a stated reason, within the office's area; audited."""
    check_permission(actor, Permission.PERSON_REVEAL)
    found = await session.exec(
        select(SurveyAnswer, SurveyHousehold)
        .join(SurveyHousehold, col(SurveyHousehold.id) == col(SurveyAnswer.household_id))
        .where(
            SurveyAnswer.id == answer_id,
            by_office(actor, Permission.PERSON_REVEAL, col(SurveyHousehold.grid_id)),
        )
    )
    pair = found.one_or_none()
    if pair is None:
        raise SurveyAnswerNotFoundError
    row, household = pair
    person = open_answer(crypto, row).person
    held: dict[str, Any] = {"address": open_address(crypto, household)} | (person.model_dump() if person else {})
    empty = [name for name in form.fields if held.get(name) is None]
    if empty:
        raise NothingToRevealError(what="、".join(REVEALED[name] for name in empty))
    details = {"fields": ",".join(sorted(form.fields)), "reason": form.reason.value}
    if form.reference_id is not None:
        details["reference"] = str(form.reference_id)
    audit.by(session, actor, "survey_revealed", SUBJECT, row.id, now=now, **details)
    if row.person_id is not None:
        # So that the person finds it among who looked at their data.
        audit.by(session, actor, "revealed", "person", row.person_id, now=now, **_for_person(details))
    return {name: str(held[name]) for name in form.fields}


REVEALED = {"address": "住址", "name": "姓名", "phone": "手机号", "birth_date": "出生日期"}


def open_answer(crypto: Crypto, row: SurveyAnswer) -> Opened:
    answers = crypto.open_if(SUBJECT, "answers", row.id, row.answers_sealed)
    person = crypto.open_if(SUBJECT, "person", row.id, row.person_sealed)
    return Opened(
        row=row,
        answers={} if answers is None else json.loads(answers),
        person=None if person is None else SurveyPersonIn.model_validate_json(person),
        consent_by=crypto.open_if(SUBJECT, "consent_by", row.id, row.consent_by_sealed),
    )


def _check(held: _Round, form: SurveyAnswerForm, households: Container[UUID]) -> _Checked:
    if form.household_id not in households:
        raise HouseholdNotFoundError
    if form.outcome is not SurveyOutcome.ANSWERED:
        if form.answers or form.person is not None or form.consent is not None:
            raise SurveySurplusError(outcome=form.outcome.label)
        return _Checked({}, SurveyAgeBand.UNKNOWN)
    if (form.member_no == 0) != (held.wave.unit is SurveyUnit.HOUSEHOLD):
        raise SurveyMemberNumberError
    if form.consent is None:
        raise SurveyConsentMissingError
    if form.consent.policy_version != POLICY_VERSIONS[ConsentPurpose.SURVEY]:
        raise SurveyConsentTextError(current=POLICY_VERSIONS[ConsentPurpose.SURVEY])
    born: date | None = form.person.birth_date if form.person else None
    band = age_band(born, china_date(held.now))
    return _Checked(check_answers(held.questions.questions, form.answers, held.occupations), band)


def _fill(
    crypto: Crypto, row: SurveyAnswer, checked: _Checked, consent: SurveyConsentIn | None, person: SurveyPersonIn | None
) -> None:
    row.age_band = checked.band
    if consent is None:
        return
    row.answers_sealed = crypto.seal(SUBJECT, "answers", row.id, json.dumps(checked.answers, ensure_ascii=False))
    given = None if person is None else person.model_dump(mode="json", exclude_none=True)
    row.person_sealed = crypto.seal(SUBJECT, "person", row.id, json.dumps(given, ensure_ascii=False)) if given else None
    row.consent_by_sealed = crypto.seal(SUBJECT, "consent_by", row.id, consent.by)
    row.consent_method, row.consent_at, row.consent_version = consent.method, consent.at, consent.policy_version


async def _empty(session: AsyncSession, rows: Sequence[SurveyAnswer], now: datetime) -> None:
    for row in rows:
        row.outcome, row.age_band = SurveyOutcome.WITHDRAWN, SurveyAgeBand.UNKNOWN
        row.answers_sealed = row.person_sealed = row.consent_by_sealed = None
        row.person_id = None
        row.touch(now)
    await session.flush()
    await session.exec(delete(SurveyChoice).where(col(SurveyChoice.answer_id).in_([row.id for row in rows])))


async def _open_wave(session: AsyncSession, wave_id: UUID) -> SurveyWave:
    """Under a lock that batches share and closing waits for."""
    found = await session.exec(select(SurveyWave).where(SurveyWave.id == wave_id).with_for_update(read=True))
    wave = found.one_or_none()
    if wave is None:
        raise SurveyWaveNotFoundError
    if wave.state is not SurveyWaveState.OPEN:
        raise SurveyNotOpenError(current=wave.state.label)
    return wave


async def _round(
    session: AsyncSession, wave: SurveyWave, grids: set[UUID] | None, forms: Sequence[SurveyAnswerForm], now: datetime
) -> _Round:
    """A constant number of statements, however many items."""
    questions = await question_set(session, wave.questions_version)
    codes = {code for form in forms for code in occupation_codes(questions.questions, form.answers)}
    wanted = sorted({form.household_id for form in forms})
    statement = select(col(SurveyHousehold.id)).where(col(SurveyHousehold.id).in_(wanted))
    if grids is not None:
        statement = statement.where(col(SurveyHousehold.grid_id).in_(sorted(grids)))
    households = frozenset((await session.exec(statement)).all())
    return _Round(wave, questions, frozenset(await known_codes(session, OCCUPATION, codes)), households, now)


async def _known(session: AsyncSession, client_ids: Sequence[UUID]) -> dict[UUID, SurveyAnswer]:
    rows = await session.exec(select(SurveyAnswer).where(col(SurveyAnswer.client_id).in_(client_ids)))
    return {row.client_id: row for row in rows}


def _again(item: SurveyAnswerItem, row: SurveyAnswer, digest: str) -> ItemResult:
    if row.content_hash != digest:
        return _refused(item.client_id, ClientIdTakenError())
    return ItemResult(item.client_id, BatchItemState.REPEATED, row.id, row.version)


def _refused(client_id: UUID | None, error: AppError) -> ItemResult:
    return ItemResult(client_id, BatchItemState.REFUSED, error=error)


def _choice_rows(answer_id: UUID, answers: Answers) -> list[dict[str, Any]]:
    return [
        {"answer_id": answer_id, "question_key": key, "code": code} for key, code in counted_choices(answers)
    ]  # fmt: skip


def _for_person(details: Mapping[str, str]) -> dict[str, str]:
    """The list of accesses names fields of the person; an address of the survey is none of them."""
    fields = [name for name in details["fields"].split(",") if name != "address"]
    return dict(details) | {"fields": ",".join(fields)}
