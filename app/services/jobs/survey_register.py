"""With the person's own consent an answer of 就业摸底 becomes a seeker profile in one step (代办)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.db import check_version, lock
from app.models.jobs import SurveyAnswer, SurveyHousehold
from app.rules.identity.ages import check_may_work
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission, check_permission
from app.rules.jobs.surveys import (
    EMPLOYMENT,
    OCCUPATION_WANTED,
    SEEKER_STATES,
    SurveyAnswerNotFoundError,
    SurveyOutcome,
    SurveyOutcomeError,
    SurveyPersonDiffersError,
    SurveyPersonMissingError,
    SurveyRegisteredError,
)
from app.schemas.jobs.seekers import SeekerForm
from app.schemas.jobs.surveys import SurveyPersonIn, SurveyRegisterForm
from app.services.identity import audit, onbehalf
from app.services.identity.consents import consents_of, record_consents
from app.services.identity.people import PersonFacts, people_with_phone
from app.services.jobs import seekers
from app.services.jobs.survey_answers import SUBJECT, Opened, open_answer, own_answer
from app.services.organisation.facts import all_grids
from app.services.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Registered:
    row: SurveyAnswer
    person_id: UUID
    person_is_new: bool
    profile_is_new: bool
    representation_id: UUID


@dataclass(frozen=True, slots=True)
class _Who:
    name: str
    birth_date: date
    phone: str | None


async def register(
    runtime: Runtime, session: AsyncSession, actor: Actor, answer_id: UUID, form: SurveyRegisterForm, *, now: datetime
) -> Registered:
    """The record with this phone where it is the same person, else a new one; a profile that is there is left alone."""
    check_permission(actor, Permission.PERSON_ASSIST)
    crypto = runtime.crypto
    await own_answer(session, actor, answer_id)
    row = await lock(session, SurveyAnswer, answer_id, SurveyAnswerNotFoundError)
    check_version(row.version, form.expected_version)
    if row.outcome is not SurveyOutcome.ANSWERED:
        raise SurveyOutcomeError(current=row.outcome.label)
    if row.person_id is not None:
        raise SurveyRegisteredError
    opened = open_answer(crypto, row)
    who = _who(opened.person or SurveyPersonIn(), form)
    check_may_work(who.birth_date, china_date(now))
    person_id, is_new = await _person(runtime, session, actor, who, now)
    terms = onbehalf.Terms([AgentScope.JOBS], form.text_version, None)
    representation = await onbehalf.record_staff(
        session, crypto, actor, person_id, terms, method=form.method, note=form.note,
        evidence_file_id=form.evidence_file_id, now=now,
    )  # fmt: skip
    await record_consents(
        session, actor, person_id, [*form.purposes, ConsentPurpose.SURVEY], method=form.method,
        representation_id=representation.id, now=now,
    )  # fmt: skip
    check_consent(await consents_of(session, person_id), ConsentPurpose.SERVICE)
    stand_in = Actor(
        person_id=person_id, session_id=actor.session_id, app=actor.app, agent_id=actor.person_id,
        representation_id=representation.id,
    )  # fmt: skip
    profile_is_new = await _profile(runtime, session, stand_in, opened)
    row.person_id, row.registered_at = person_id, now
    row.touch(now)
    audit.by(session, actor, "survey_answer_registered", SUBJECT, row.id, now=now, person=str(person_id))
    await session.flush()
    return Registered(row, person_id, is_new, profile_is_new, representation.id)


def _who(answered: SurveyPersonIn, form: SurveyRegisterForm) -> _Who:
    """What was answered, and what the person adds now."""
    name, born = form.name or answered.name, form.birth_date or answered.birth_date
    missing = [label for label, value in (("姓名", name), ("出生日期", born)) if value is None]
    if name is None or born is None:
        raise SurveyPersonMissingError(missing="、".join(missing))
    return _Who(name, born, None if form.without_phone else form.phone or answered.phone)


async def _person(runtime: Runtime, session: AsyncSession, actor: Actor, who: _Who, now: datetime) -> tuple[UUID, bool]:
    if who.phone is not None and (found := await people_with_phone(session, runtime.crypto, who.phone)):
        same = [facts for facts in found if _is_same(facts, who)]
        if not same:
            raise SurveyPersonDiffersError
        return same[0].person_id, False
    person = await onbehalf.register_person(
        session, runtime.crypto, actor, name=who.name, birth_date=who.birth_date, phone=who.phone, now=now
    )
    return person.id, True


def _is_same(facts: PersonFacts, who: _Who) -> bool:
    """What both state does not contradict. The person is told at once and can undo it."""
    return facts.name in {None, who.name} and facts.birth_date in {None, who.birth_date}


async def _profile(runtime: Runtime, session: AsyncSession, stand_in: Actor, opened: Opened) -> bool:
    if await seekers.find_profile(session, stand_in.person_id) is not None:
        return False
    wanted = opened.answers.get(OCCUPATION_WANTED, [])
    form = SeekerForm(
        wanted=wanted if isinstance(wanted, list) else [],
        seeker_state=SEEKER_STATES.get(str(opened.answers.get(EMPLOYMENT, ""))),
        home_area_id=await _area_of(session, opened.row.household_id),
    )
    await seekers.save_profile(runtime, session, stand_in, form)
    return True


async def _area_of(session: AsyncSession, household_id: UUID) -> UUID | None:
    found = await session.exec(select(SurveyHousehold).where(SurveyHousehold.id == household_id))
    grid_id = found.one().grid_id
    return next((grid.area_id for grid in await all_grids(session) if grid.id == grid_id), None)
