"""Interviews: the firm offers times, the seeker picks one or asks for others, the result moves the application."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.errors import FieldIssue
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.models.jobs import Application, Interview, Vacancy
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs.applications import (
    NEXT,
    ApplicationNotFoundError,
    ApplicationState,
    ApplicationStateError,
    RejectReason,
)
from app.rules.jobs.interviews import (
    RESULT_STATES,
    InterviewMode,
    InterviewNotFoundError,
    InterviewOverlapError,
    InterviewResult,
    InterviewRunningError,
    InterviewState,
    SlotPastError,
    SlotUnknownError,
    Span,
    WordsUncheckedError,
    check_interview,
    check_new_slots,
    check_result,
    check_slots,
    next_reminder,
    outcome_of,
)
from app.schemas.jobs.interviews import SlotForm
from app.services.common.content import SCENE_COMMENT, check_texts
from app.services.identity import audit
from app.services.identity.assisted import note_act
from app.services.identity.people import hold_person
from app.services.jobs.applications import advance, lock_of_firm, of_firm
from app.services.jobs.interview_news import period, tell
from app.services.runtime import Runtime

SUBJECT = "interview"
MOST_PER_APPLICATION = 50


@dataclass(frozen=True, slots=True)
class Meeting:
    """An interview with whose and what for. `asked`: the seeker's words, opened for the two sides alone."""

    interview: Interview
    application: Application
    vacancy: Vacancy
    asked: str | None


async def propose(
    runtime: Runtime, session: AsyncSession, actor: Actor, application_id: UUID, slots: Sequence[SlotForm]
) -> Meeting:
    """The first times; the application is now at its interview. One interview at a time."""
    await _check_words(runtime, actor, _texts(slots))
    now = runtime.clock.now()
    vacancy, application = await lock_of_firm(session, actor, application_id)
    spans = _check_spans(slots, now)
    if application.state is not ApplicationState.INTERVIEW:
        if ApplicationState.INTERVIEW not in NEXT[application.state]:
            raise ApplicationStateError(current=application.state.label, target=ApplicationState.INTERVIEW.label)
        await advance(session, actor, vacancy, application, ApplicationState.INTERVIEW, reason=None, now=now)
    row = Interview(
        id=new_id(), created_at=now, updated_at=now, application_id=application.id, slots=_stored(slots, vacancy),
        slots_until=spans[-1].starts_at, proposed_by=actor.person_id,
    )  # fmt: skip
    if not await insert_or_ignore(session, Interview, row.model_dump()):
        raise InterviewRunningError
    audit.by(session, actor, "interview_proposed", SUBJECT, row.id, now=now)
    meeting = Meeting(row, application, vacancy, None)
    await tell(session, meeting.interview, application, vacancy, by_firm=True, now=now)
    return meeting


async def reschedule(
    runtime: Runtime,
    session: AsyncSession,
    actor: Actor,
    interview_id: UUID,
    slots: Sequence[SlotForm],
    *,
    expected_version: int,
) -> Meeting:
    """Other times in place of those that were offered or agreed."""
    await _check_words(runtime, actor, _texts(slots))
    now = runtime.clock.now()
    meeting = await _lock_of_firm(session, runtime.crypto, actor, interview_id, expected_version)
    row = meeting.interview
    check_new_slots(row.state)
    spans = _check_spans(slots, now)
    row.state, row.round = InterviewState.PROPOSED, row.round + 1
    row.slots, row.slots_until = _stored(slots, meeting.vacancy), spans[-1].starts_at
    _forget_choice(row)
    await _changed(session, actor, meeting, "interview_rescheduled", by_firm=True, now=now)
    return meeting


async def cancel(
    session: AsyncSession, crypto: Crypto, actor: Actor, interview_id: UUID, *, expected_version: int, now: datetime
) -> Meeting:
    """By the firm; the application stays where it is."""
    meeting = await _lock_of_firm(session, crypto, actor, interview_id, expected_version)
    check_interview(meeting.interview.state, InterviewState.CANCELLED)
    meeting.interview.state, meeting.interview.remind_at = InterviewState.CANCELLED, None
    await _changed(session, actor, meeting, "interview_cancelled", by_firm=True, now=now)
    return meeting


async def record_result(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    interview_id: UUID,
    result: InterviewResult,
    *,
    reason: RejectReason | None,
    expected_version: int,
    now: datetime,
) -> Meeting:
    """Passed: an offer. Failed, or not there with that reason: rejected. Not there without one: another can be arranged."""
    meeting = await _lock_of_firm(session, crypto, actor, interview_id, expected_version)
    row, application = meeting.interview, meeting.application
    check_interview(row.state, RESULT_STATES[result])
    assert row.starts_at is not None  # noqa: S101  # what is confirmed has its time
    check_result(result, reason, starts_at=row.starts_at, now=now)
    row.state, row.remind_at = RESULT_STATES[result], None
    await _changed(session, actor, meeting, f"interview_{result.value}", by_firm=True, now=now)
    target = outcome_of(result, reason)
    # An application that the firm has taken further by hand meanwhile is not taken back.
    if target is not None and target in NEXT[application.state]:
        await advance(session, actor, meeting.vacancy, application, target, reason=reason, now=now)
    return meeting


async def confirm(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    interview_id: UUID,
    *,
    slot: int,
    expected_version: int,
    now: datetime,
) -> Meeting:
    """The seeker picks a time. The person's row is the lock: two agreed interviews never overlap."""
    await get_own(session, crypto, actor, interview_id)
    await hold_person(session, actor.person_id)
    meeting = await _lock_own(session, crypto, actor, interview_id, expected_version)
    row = meeting.interview
    check_interview(row.state, InterviewState.CONFIRMED)
    if slot >= len(row.slots):
        raise SlotUnknownError
    span = span_of(row.slots[slot])
    if span.starts_at <= now:
        raise SlotPastError
    await _check_free(session, actor.person_id, row.id, span)
    row.state, row.chosen, row.starts_at, row.ends_at = InterviewState.CONFIRMED, slot, span.starts_at, span.ends_at
    row.remind_at = next_reminder(span.starts_at.astimezone(CHINA), now.astimezone(CHINA))
    await _changed(session, actor, meeting, "interview_confirmed", by_firm=False, now=now)
    await _note(session, crypto, actor, meeting, "confirm_interview", "约定面试时间", now)
    return meeting


async def ask_other(
    runtime: Runtime, session: AsyncSession, actor: Actor, interview_id: UUID, *, words: str, expected_version: int
) -> Meeting:
    """None of the times suits, or the agreed one no longer does; the firm reads the words, checked before."""
    await _check_words(runtime, actor, {"words": words})
    now, crypto = runtime.clock.now(), runtime.crypto
    await get_own(session, crypto, actor, interview_id)
    meeting = await _lock_own(session, crypto, actor, interview_id, expected_version)
    row = meeting.interview
    check_interview(row.state, InterviewState.OTHER_ASKED)
    row.state = InterviewState.OTHER_ASKED
    row.asked_sealed = crypto.seal(SUBJECT, "asked", row.id, words) if words else None
    _forget_choice(row)
    await _changed(session, actor, meeting, "interview_other_asked", by_firm=False, now=now)
    await _note(session, crypto, actor, meeting, "ask_other_time", "请求另约面试时间", now)
    return Meeting(row, meeting.application, meeting.vacancy, words or None)


async def list_own(
    session: ReadSession, crypto: Crypto, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Meeting], str | None]:
    """All my interviews, the newest first."""
    query = {"list": "my interviews", "person": actor.person_id}
    keys = [col(Interview.created_at), col(Interview.id)]
    statement = _meetings().where(Application.person_id == actor.person_id)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    rows, following = cursors.page(query, rows, limit, lambda found: [found[0].created_at, found[0].id])
    return [_open(crypto, *found) for found in rows], following


async def get_own(session: AsyncSession, crypto: Crypto, actor: Actor, interview_id: UUID) -> Meeting:
    found = await session.exec(
        _meetings().where(Interview.id == interview_id, Application.person_id == actor.person_id)
    )
    return _one(crypto, found.one_or_none())


async def list_of_application(
    session: ReadSession, crypto: Crypto, actor: Actor, application_id: UUID
) -> list[Meeting]:
    """The firm's: every interview of one application, newest first."""
    await of_firm(session, actor, application_id)
    rows = await session.exec(
        _meetings()
        .where(Interview.application_id == application_id)
        .order_by(col(Interview.created_at).desc(), col(Interview.id).desc())
        .limit(MOST_PER_APPLICATION)
    )
    return [_open(crypto, *found) for found in rows]


def span_of(slot: Mapping[str, Any]) -> Span:
    starts_at = datetime.fromisoformat(slot["starts_at"])
    return Span(starts_at, starts_at + timedelta(minutes=slot["minutes"]))


def _meetings() -> Any:
    return (
        select(Interview, Application, Vacancy)
        .join(Application, col(Application.id) == col(Interview.application_id))
        .join(Vacancy, col(Vacancy.id) == col(Application.vacancy_id))
    )


def _one(crypto: Crypto, found: tuple[Interview, Application, Vacancy] | None) -> Meeting:
    if found is None:
        raise InterviewNotFoundError
    return _open(crypto, *found)


def _open(crypto: Crypto, row: Interview, application: Application, vacancy: Vacancy) -> Meeting:
    return Meeting(row, application, vacancy, crypto.open_if(SUBJECT, "asked", row.id, row.asked_sealed))


async def _lock_of_firm(
    session: AsyncSession, crypto: Crypto, actor: Actor, interview_id: UUID, expected_version: int
) -> Meeting:
    """Vacancy, application, interview."""
    mine = sorted(actor.enterprises(Permission.APPLICATION_MANAGE))
    found = await session.exec(_meetings().where(Interview.id == interview_id, col(Vacancy.enterprise_id).in_(mine)))
    seen = _one(crypto, found.one_or_none())
    vacancy, application = await lock_of_firm(session, actor, seen.application.id)
    row = await lock(session, Interview, interview_id, InterviewNotFoundError)
    check_version(row.version, expected_version)
    return _open(crypto, row, application, vacancy)


async def _lock_own(
    session: AsyncSession, crypto: Crypto, actor: Actor, interview_id: UUID, expected_version: int
) -> Meeting:
    """Application, interview; the caller has locked the person where that matters."""
    seen = await get_own(session, crypto, actor, interview_id)
    application = await lock(session, Application, seen.application.id, ApplicationNotFoundError)
    row = await lock(session, Interview, interview_id, InterviewNotFoundError)
    check_version(row.version, expected_version)
    return _open(crypto, row, application, seen.vacancy)


async def _check_free(session: AsyncSession, person_id: UUID, interview_id: UUID, span: Span) -> None:
    found = await session.exec(
        select(Interview)
        .join(Application, col(Application.id) == col(Interview.application_id))
        .where(
            Application.person_id == person_id,
            Interview.id != interview_id,
            Interview.state == InterviewState.CONFIRMED,
            col(Interview.starts_at) < span.ends_at,
            col(Interview.ends_at) > span.starts_at,
        )
        .order_by(col(Interview.starts_at))
        .limit(1)
    )
    other = found.one_or_none()
    if other is not None and other.chosen is not None:
        raise InterviewOverlapError(other=period(span_of(other.slots[other.chosen])))


async def _changed(
    session: AsyncSession, actor: Actor, meeting: Meeting, act: str, *, by_firm: bool, now: datetime
) -> None:
    meeting.interview.touch(now)
    audit.by(session, actor, act, SUBJECT, meeting.interview.id, now=now)
    await session.flush()
    await tell(session, meeting.interview, meeting.application, meeting.vacancy, by_firm=by_firm, now=now)


async def _note(
    session: AsyncSession, crypto: Crypto, actor: Actor, meeting: Meeting, operation: str, told: str, now: datetime
) -> None:
    await note_act(
        session, crypto, actor, operation=operation, subject_kind=SUBJECT, subject_id=meeting.interview.id,
        subject_version=meeting.interview.version, before=None, told=f"{told}“{meeting.vacancy.title}”", now=now,
        undoable=False,
    )  # fmt: skip


async def _check_words(runtime: Runtime, actor: Actor, texts: Mapping[str, str]) -> None:
    """Before the transaction: what a machine will not vouch for is not shown, and the act goes on without it."""
    verdict = await check_texts(runtime, actor, texts, scene=SCENE_COMMENT)
    if verdict.held is not None:
        issues = [FieldIssue(path=path, message=verdict.held) for path, text in texts.items() if text.strip()]
        raise WordsUncheckedError(why=verdict.held, fields=issues)


def _texts(slots: Sequence[SlotForm]) -> dict[str, str]:
    return {
        f"slots.{number}.{name}": getattr(slot, name) or ""
        for number, slot in enumerate(slots)
        for name in ("place", "note")
    }


def _check_spans(slots: Sequence[SlotForm], now: datetime) -> list[Span]:
    """In the order of the form for the findings, then by time."""
    spans = [
        Span(start, start + timedelta(minutes=slot.minutes))
        for slot in slots
        for start in [slot.starts_at.astimezone(CHINA)]
    ]
    check_slots(spans, now)
    return sorted(spans, key=lambda span: span.starts_at)


def _stored(slots: Sequence[SlotForm], vacancy: Vacancy) -> list[dict[str, Any]]:
    """By time. At the workplace where the firm names no other place."""
    return [
        {
            "starts_at": slot.starts_at.astimezone(CHINA).isoformat(timespec="seconds"), "minutes": slot.minutes,
            "mode": slot.mode.value, "note": slot.note,
            "place": slot.place or (vacancy.place_address if slot.mode is InterviewMode.ONSITE else ""),
        }
        for slot in sorted(slots, key=lambda slot: slot.starts_at)
    ]  # fmt: skip


def _forget_choice(row: Interview) -> None:
    row.chosen = row.starts_at = row.ends_at = row.remind_at = None
