"""Giving a seat up, being called off, not turning up: what it counts, and the appeal against it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto, crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.models.gigs import Assignment, NoShow, SiteMark
from app.rules.common.tasks import TaskKind
from app.rules.gigs.attendance import Counted, NoShowRule, counts, expiry, is_free_cancel, points_for, state_for
from app.rules.gigs.labour import Limits
from app.rules.gigs.offers import LATE_AFTER, WORKED, AssignmentNotFoundError, AssignmentState
from app.rules.gigs.standing import (
    AppealTooLateError,
    Excuse,
    NoShowNotFoundError,
    NoShowState,
    NotYetLateError,
    check_no_show_step,
)
from app.rules.gigs.terms import MarkKind
from app.rules.identity.roles import Actor
from app.services.common.calendar import work_calendar
from app.services.common.tasks import close_tasks, open_task
from app.services.gigs import assignments, board, law
from app.services.gigs.events import CompensationOwed, NoShowCounted, NoShowDecided
from app.services.identity import audit
from app.services.identity.assisted import note_act

SUBJECT = "no_show"
SWEEP_BATCH = 50
A, N = AssignmentState, NoShowState


@dataclass(frozen=True, slots=True)
class Standing:
    """What counts of a person today, and what follows from it."""

    points: int
    records: Sequence[NoShow]
    came: int
    expected: int
    pause_at: int


async def leave(
    session: AsyncSession, crypto: Crypto, actor: Actor, assignment_id: UUID, *, excuse: Excuse | None,
    expected_version: int, now: datetime,
) -> Assignment:  # fmt: skip
    """The person gives the seat up; the next is asked at once. Half an hour after accepting it costs nothing."""
    row, on = await assignments.lock_own(session, actor, assignment_id)
    check_version(row.version, expected_version)
    limits = await law.limits_on(session, on.shift.day)
    second_thoughts = is_free_cancel(row.accepted_at, now, minutes=limits.free_cancel_minutes)
    await assignments.move(session, row, A.LEFT, now=now)
    if not second_thoughts:
        counted = points_for(row.starts_at - now, _rule(limits))
        await _count(session, row, counted, excuse, row.starts_at - now, limits, now)
    audit.by(session, actor, "assignment_left", assignments.SUBJECT, row.id, now=now)
    await note_act(
        session, crypto, actor, operation="leave_assignment", subject_kind=assignments.SUBJECT, subject_id=row.id,
        subject_version=row.version, before=None, told=f"取消零工班次“{on.order.title}”", now=now, undoable=False,
    )  # fmt: skip
    return row


async def call_off(
    session: AsyncSession, actor: Actor, assignment_id: UUID, *, expected_version: int, reason: str, now: datetime
) -> Assignment:
    """The firm takes a seat back. Less than 16 hours before the start it owes what the order states."""
    row, on = await assignments.lock_of_firm(session, actor, assignment_id)
    check_version(row.version, expected_version)
    limits = await law.limits_on(session, on.shift.day)
    await assignments.move(session, row, A.CALLED_OFF, now=now)
    await owe_late_cancel(session, row, limits, now)
    audit.by(session, actor, "assignment_called_off", assignments.SUBJECT, row.id, now=now, reason=reason)
    return row


async def owe_late_cancel(session: AsyncSession, row: Assignment, limits: Limits, now: datetime) -> None:
    held = (await assignments.with_terms(session, [row]))[0]
    late = row.starts_at - now < timedelta(hours=limits.late_cancel_hours)
    fen = int(held.terms.content["late_cancel_fen"]) if late else 0
    if fen:
        await emit(session, CompensationOwed(at=now, assignment_id=row.id, fen=fen, hours=limits.late_cancel_hours))


async def mark_no_show(
    session: AsyncSession, actor: Actor, assignment_id: UUID, *, expected_version: int, now: datetime
) -> Assignment:
    """The dispatcher says that somebody has not come: from the start on; the seat is filled in the same minute."""
    row, on = await assignments.lock_of_firm(session, actor, assignment_id)
    check_version(row.version, expected_version)
    if now < row.starts_at:
        raise NotYetLateError
    limits = await law.limits_on(session, on.shift.day)
    await _missed(session, row, limits, now)
    audit.by(session, actor, "no_show_marked", assignments.SUBJECT, row.id, now=now)
    return row


async def miss_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: half an hour after the start without a mark, at a gate where others were marked.

    A firm that checks nobody in says by hand who is missing.
    """
    marked = select(col(SiteMark.assignment_id))
    seen = (
        await session.exec(
            select(Assignment)
            .where(
                Assignment.state == A.CONFIRMED, col(Assignment.starts_at) <= now - LATE_AFTER,
                col(Assignment.seat) == "regular", col(Assignment.id).not_in(marked), gate_in_use(),
            )
            .order_by(col(Assignment.starts_at), col(Assignment.id))
            .limit(SWEEP_BATCH)
        )
    ).all()  # fmt: skip
    await board.hold_shifts(session, [row.shift_id for row in seen])
    limits = await law.limits_on(session, china_date(now))
    for one in seen:
        row = await lock(session, Assignment, one.id, AssignmentNotFoundError)
        if row.state is A.CONFIRMED:
            await _missed(session, row, limits, now)
    return len(seen)


def gate_in_use() -> ColumnElement[bool]:
    """Whether anybody of the seat's shift was marked as having come."""
    other = aliased(Assignment)
    return (
        select(SiteMark.id)
        .join(other, col(other.id) == col(SiteMark.assignment_id))
        .where(col(other.shift_id) == col(Assignment.shift_id), col(SiteMark.kind) == MarkKind.IN)
        .correlate(Assignment)
        .exists()
    )


async def take_back(session: AsyncSession, assignment_id: UUID, *, now: datetime) -> None:
    """The person was there after all: the record counts nothing, and an appeal against it is answered by that."""
    found = await session.exec(
        select(NoShow)
        .where(NoShow.assignment_id == assignment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is None or row.state not in {N.COUNTED, N.APPEALED}:
        return
    target = N.OVERTURNED if row.state is N.APPEALED else N.EXCUSED
    check_no_show_step(row.state, target)
    row.state, row.points = target, 0
    row.touch(now)
    await session.flush()
    await close_tasks(session, TaskKind.NO_SHOW_APPEAL, row.id, by=None, now=now)
    await emit(session, NoShowDecided(at=now, no_show_id=row.id, person_id=row.person_id, upheld=False))


async def appeal(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    no_show_id: UUID,
    *,
    words: str,
    expected_version: int,
    now: datetime,
) -> NoShow:
    """Within five working days of the record, once; answered within five more."""
    row = await _lock_own(session, actor, no_show_id)
    check_version(row.version, expected_version)
    check_no_show_step(row.state, N.APPEALED)
    days = (await law.limits_on(session, china_date(now))).no_show_appeal_days
    known = await work_calendar(session)
    if china_date(now) > known.add_workdays(china_date(row.created_at), days):
        raise AppealTooLateError(days=days)
    row.state, row.appealed_at = N.APPEALED, now
    row.appeal_sealed = crypto.seal("no_show", "appeal", row.id, words)
    row.appeal_due_at = now + (known.add_workdays(china_date(now), days) - china_date(now))
    row.touch(now)
    await session.flush()
    await open_task(session, TaskKind.NO_SHOW_APPEAL, row.id, title="答复未到岗申诉", now=now, due_at=row.appeal_due_at)
    audit.by(session, actor, "no_show_appealed", SUBJECT, row.id, now=now)
    return row


async def decide(
    session: AsyncSession,
    actor: Actor,
    no_show_id: UUID,
    *,
    uphold: bool,
    decision: str,
    expected_version: int,
    now: datetime,
) -> NoShow:
    row = await lock(session, NoShow, no_show_id, NoShowNotFoundError)
    check_version(row.version, expected_version)
    target = N.UPHELD if uphold else N.OVERTURNED
    check_no_show_step(row.state, target)
    row.state, row.decided_by, row.decided_at = target, actor.person_id, now
    row.decision_sealed = crypto_of(session).seal("no_show", "decision", row.id, decision)
    row.touch(now)
    await session.flush()
    await close_tasks(session, TaskKind.NO_SHOW_APPEAL, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, "no_show_decided", SUBJECT, row.id, now=now, state=target)
    await emit(session, NoShowDecided(at=now, no_show_id=row.id, person_id=row.person_id, upheld=uphold))
    return row


async def list_mine(session: ReadSession, actor: Actor) -> Sequence[NoShow]:
    """Newest first, at most 200."""
    rows = await session.exec(
        select(NoShow)
        .where(NoShow.person_id == actor.person_id)
        .order_by(col(NoShow.created_at).desc(), col(NoShow.id).desc())
        .limit(200)
    )
    return rows.all()


async def list_appeals(
    session: ReadSession, cursors: Cursors, *, cursor: str | None, limit: int
) -> tuple[Sequence[NoShow], str | None]:
    """What waits for an answer, newest first; how long each may wait says its task."""
    query = {"list": "no-show appeals"}
    keys = [col(NoShow.appealed_at), col(NoShow.id)]
    statement = select(NoShow).where(NoShow.state == N.APPEALED)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.appealed_at or row.created_at, row.id])


async def standing_of(session: ReadSession | AsyncSession, person_id: UUID, *, now: datetime) -> Standing:
    today = china_date(now)
    limits = await law.limits_on(session, today)
    rows = await session.exec(select(NoShow).where(NoShow.person_id == person_id, col(NoShow.expires_on) > today))
    records = [row for row in rows if counts(row.state, row.expires_on, today)]
    tallied = await session.exec(
        select(col(Assignment.state), func.count())
        .where(Assignment.person_id == person_id, col(Assignment.ends_at) < now)
        .group_by(col(Assignment.state))
    )
    by_state: dict[AssignmentState, int] = dict(tallied.all())
    came = sum(number for state, number in by_state.items() if state in WORKED)
    expected = came + by_state.get(A.NO_SHOW, 0)
    return Standing(sum(row.points for row in records), records, came, expected, limits.no_show_pause_points)


async def _missed(session: AsyncSession, row: Assignment, limits: Limits, now: datetime) -> None:
    await assignments.move(session, row, A.NO_SHOW, now=now)
    await _count(session, row, points_for(None, _rule(limits)), None, None, limits, now)


async def _count(
    session: AsyncSession,
    row: Assignment,
    counted: Counted,
    excuse: Excuse | None,
    notice: timedelta | None,
    limits: Limits,
    now: datetime,
) -> None:
    state = state_for(excuse, points=counted.points)
    record = NoShow(
        id=new_id(), created_at=now, updated_at=now, assignment_id=row.id, person_id=row.person_id,
        enterprise_id=row.enterprise_id, notice_minutes=-1 if notice is None else int(notice / timedelta(minutes=1)),
        points=0 if state is N.EXCUSED else counted.points, rule=counted.rule, state=state, excuse=excuse,
        expires_on=expiry(china_date(now), _rule(limits)),
    )  # fmt: skip
    session.add(record)
    await session.flush()
    if state is N.COUNTED:
        await emit(
            session,
            NoShowCounted(
                at=now, no_show_id=record.id, person_id=row.person_id, points=record.points, rule=record.rule,
                expires_on=record.expires_on, appeal_days=limits.no_show_appeal_days,
            ),
        )  # fmt: skip


def _rule(limits: Limits) -> NoShowRule:
    return NoShowRule(limits.no_show_free_hours, limits.no_show_late_hours, limits.no_show_decay_days)


async def _lock_own(session: AsyncSession, actor: Actor, no_show_id: UUID) -> NoShow:
    row = await lock(session, NoShow, no_show_id, NoShowNotFoundError)
    if row.person_id != actor.person_id:
        raise NoShowNotFoundError
    return row
