"""Time sheets: opened when a seat's work is done, stated by one side, agreed by the other, or standing after its silence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors
from app.core.upsert import insert_or_ignore
from app.models.gigs import Assignment, OrderVersion, Timesheet
from app.rules.gigs.offers import AssignmentNotFoundError, AssignmentState
from app.rules.gigs.terms import GigPayUnit, SeatKind, Side
from app.rules.gigs.timesheets import (
    Record,
    ShiftNotOverError,
    TimesheetNotFoundError,
    TimesheetState,
    check_record,
    check_timesheet_step,
    other_side,
    silent_until,
)
from app.rules.identity.roles import Actor, Permission
from app.services.common.lists import newest_first
from app.services.gigs import assignments, attendance, board, law
from app.services.gigs.board import OnBoard
from app.services.gigs.events import TimesheetMoved, TimesheetOpened, TimesheetPayable, TimesheetStated
from app.services.identity import audit
from app.services.identity.assisted import note_act

SUBJECT = "timesheet"
SWEEP_BATCH = 100
A, T = AssignmentState, TimesheetState


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet under its lock, with what its person accepted."""

    row: Timesheet
    assignment: Assignment
    on: OnBoard
    terms: Mapping[str, Any]
    side: Side


@dataclass(frozen=True, slots=True)
class Line:
    """One person's hours in a batch of the dispatcher."""

    assignment_id: UUID
    record: Record


async def open_for(session: AsyncSession, row: Assignment, on: OnBoard, *, now: datetime) -> None:
    """The seat's work is done: its sheet waits for both sides. Under the locks of shift and seat; twice is once."""
    known = await session.exec(
        select(col(Timesheet.id))
        .join(Assignment, col(Assignment.id) == col(Timesheet.assignment_id))
        .where(Assignment.shift_id == on.shift.id)
        .limit(1)
    )
    first = known.one_or_none() is None
    sheet = Timesheet(
        id=new_id(), created_at=now, updated_at=now, assignment_id=row.id, enterprise_id=row.enterprise_id,
        person_id=row.person_id, day=on.shift.day,
    )  # fmt: skip
    if await insert_or_ignore(session, Timesheet, sheet.model_dump()):
        await emit(
            session,
            TimesheetOpened(
                at=now, timesheet_id=sheet.id, shift_id=on.shift.id, enterprise_id=row.enterprise_id,
                person_id=row.person_id, first=first,
            ),
        )  # fmt: skip


async def state(
    session: AsyncSession,
    crypto: Crypto,
    sheet: Sheet,
    actor: Actor,
    record: Record,
    *,
    now: datetime,
) -> None:
    """The first record of a sheet, or a correction by whoever stated it while the other has not answered."""
    check_terms(record, sheet.terms)
    row = sheet.row
    if not (row.state is T.STATED and row.stated_by is sheet.side):
        check_timesheet_step(row.state, T.STATED)
    put_record(row, sheet.side, record)
    row.state, row.stated_by, row.stated_at = T.STATED, sheet.side, now
    row.touch(now)
    await session.flush()
    limits = await law.limits_on(session, row.day)
    await note(session, crypto, actor, sheet, "timesheet_stated", f"填写工时：{record.told()}", now)
    await emit(
        session,
        TimesheetStated(
            at=now, timesheet_id=row.id, shift_id=sheet.on.shift.id, enterprise_id=row.enterprise_id,
            person_id=row.person_id, by=sheet.side, told=record.told(),
            answer_by=silent_until(now, hours=limits.silence_hours),
        ),
    )  # fmt: skip


async def agree(session: AsyncSession, crypto: Crypto, sheet: Sheet, actor: Actor, *, now: datetime) -> None:
    """The other side's record is right."""
    record = stated_record(sheet.row)
    put_record(sheet.row, sheet.side, record)
    await settle(session, sheet.row, T.AGREED, record, now=now)
    await note(session, crypto, actor, sheet, "timesheet_agreed", f"确认工时：{record.told()}", now)
    await tell(session, sheet, other_side(sheet.side), f"工时已由双方确认：{record.told()}。", now)


async def settle(
    session: AsyncSession, row: Timesheet, target: TimesheetState, record: Record, *, now: datetime
) -> None:
    """What counts from now on, and that it may be paid."""
    check_timesheet_step(row.state, target)
    row.state, row.final_minutes, row.final_pieces = target, record.minutes, record.as_dicts()
    if target is T.AGREED:
        row.agreed_at = now
    elif target is T.PROVISIONAL:
        row.provisional_at = now
    row.touch(now)
    await session.flush()
    await emit_payable(session, row, now)


async def emit_payable(session: AsyncSession, row: Timesheet, now: datetime) -> None:
    await emit(
        session,
        TimesheetPayable(
            at=now, timesheet_id=row.id, assignment_id=row.assignment_id, enterprise_id=row.enterprise_id,
            person_id=row.person_id, provisional=row.state is T.PROVISIONAL,
        ),
    )  # fmt: skip


async def state_batch(
    session: AsyncSession, crypto: Crypto, actor: Actor, shift_id: UUID, lines: Sequence[Line], *, now: datetime
) -> list[Timesheet]:
    """The dispatcher states a whole shift at once, after its end: all of it or nothing.

    Somebody without a check-out is done with it; a sheet whose hours the person has stated already waits for an answer of
    its own and is left alone.
    """
    await board.of_firm(session, actor, shift_id)
    on = (await board.hold_shifts(session, [shift_id]))[shift_id]
    ids = [line.assignment_id for line in lines]
    found = await session.exec(
        select(Assignment)
        .where(col(Assignment.id).in_(ids), Assignment.shift_id == shift_id)
        .order_by(col(Assignment.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    seats = {row.id: row for row in found}
    if len(seats) != len(set(ids)):
        raise AssignmentNotFoundError
    for row in seats.values():
        await finish(session, row, on, now=now)
    terms = await terms_of(session, list(seats.values()), on)
    sheets = {row.assignment_id: row for row in await _locked_of(session, ids)}
    for line in lines:
        mine = sheets[line.assignment_id]
        if mine.state is T.OPEN or (mine.state is T.STATED and mine.stated_by is Side.FIRM):
            sheet = Sheet(mine, seats[line.assignment_id], on, terms[line.assignment_id], Side.FIRM)
            await state(session, crypto, sheet, actor, line.record, now=now)
    return [sheets[assignment_id] for assignment_id in ids]


async def finish(session: AsyncSession, row: Assignment, on: OnBoard, *, now: datetime) -> None:
    """Hours are stated for somebody whose check-out, or coming, nobody recorded: after the end only."""
    if row.state is not A.DONE:
        if now < on.shift.ends_at:
            raise ShiftNotOverError
        if row.state is A.CONFIRMED and row.seat is SeatKind.REGULAR:
            await assignments.move(session, row, A.PRESENT, now=now)
        missed = row.state is A.NO_SHOW
        await assignments.move(session, row, A.DONE, now=now)
        if missed:
            await attendance.take_back(session, row.id, now=now)
    await open_for(session, row, on, now=now)


async def lock_own(session: AsyncSession, actor: Actor, timesheet_id: UUID, expected_version: int) -> Sheet:
    return await _lock(session, Timesheet.person_id == actor.person_id, timesheet_id, Side.WORKER, expected_version)


async def lock_of_firm(session: AsyncSession, actor: Actor, timesheet_id: UUID, expected_version: int) -> Sheet:
    mine = col(Timesheet.enterprise_id).in_(sorted(actor.enterprises(Permission.GIG_SITE)))
    return await _lock(session, mine, timesheet_id, Side.FIRM, expected_version)


async def get_mine(session: ReadSession | AsyncSession, actor: Actor, timesheet_id: UUID) -> Timesheet:
    return await _get(session, Timesheet.person_id == actor.person_id, timesheet_id)


async def get_of_firm(session: ReadSession | AsyncSession, actor: Actor, timesheet_id: UUID) -> Timesheet:
    mine = sorted(actor.enterprises(Permission.GIG_SITE))
    return await _get(session, col(Timesheet.enterprise_id).in_(mine), timesheet_id)


async def list_mine(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Timesheet], str | None]:
    """Latest day first."""
    query = {"list": "timesheets", "person": actor.person_id}
    statement = select(Timesheet).where(Timesheet.person_id == actor.person_id)
    return await newest_first(session, cursors, query, Timesheet, statement, cursor=cursor, limit=limit)


async def list_of_firm(
    session: ReadSession,
    cursors: Cursors,
    actor: Actor,
    *,
    enterprise_id: UUID | None,
    shift_id: UUID | None,
    state: TimesheetState | None,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[Timesheet], str | None]:
    query = {"list": "firm timesheets", "firm": enterprise_id, "shift": shift_id, "state": state}
    mine = sorted(actor.enterprises(Permission.GIG_SITE))
    statement = select(Timesheet).where(col(Timesheet.enterprise_id).in_(mine))
    if enterprise_id is not None:
        statement = statement.where(Timesheet.enterprise_id == enterprise_id)
    if shift_id is not None:
        seats = select(col(Assignment.id)).where(Assignment.shift_id == shift_id)
        statement = statement.where(col(Timesheet.assignment_id).in_(seats))
    if state is not None:
        statement = statement.where(Timesheet.state == state)
    return await newest_first(session, cursors, query, Timesheet, statement, cursor=cursor, limit=limit)


async def stand_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: after 48 hours of silence the record of the other side stands provisionally; wages do not wait."""
    limits = await law.limits_on(session, china_date(now))
    rows = (
        await session.exec(
            select(Timesheet)
            .where(Timesheet.state == T.STATED, col(Timesheet.stated_at) <= now - timedelta(hours=limits.silence_hours))
            .order_by(col(Timesheet.stated_at), col(Timesheet.id))
            .limit(SWEEP_BATCH)
            .with_for_update(skip_locked=True)
        )
    ).all()
    for row in rows:
        record = stated_record(row)
        await settle(session, row, T.PROVISIONAL, record, now=now)
        said = Side.FIRM if row.stated_by is Side.FIRM else Side.WORKER
        words = (
            f"{other_side(said).label}{limits.silence_hours}小时没有答复，工时暂按{said.label}的记录：{record.told()}。"
            "仍可确认或提出不同意见，工资支付日期不因此推迟。"
        )
        await tell_row(session, row, None, words, now)
    return len(rows)


async def remind_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: two days after the shift neither side has stated anything; both are asked once more."""
    limits = await law.limits_on(session, china_date(now))
    rows = (
        await session.exec(
            select(Timesheet)
            .where(
                Timesheet.state == T.OPEN, col(Timesheet.reminded_at).is_(None),
                col(Timesheet.created_at) <= now - timedelta(hours=limits.silence_hours),
            )
            .order_by(col(Timesheet.created_at), col(Timesheet.id))
            .limit(SWEEP_BATCH)
            .with_for_update(skip_locked=True)
        )
    ).all()  # fmt: skip
    for row in rows:
        row.reminded_at = now
        await session.flush()
        await tell_row(session, row, None, "这个班次的工时双方都还没有填写，任何一方填写后另一方即可确认。", now)
    return len(rows)


def check_terms(record: Record, terms: Mapping[str, Any]) -> None:
    """The record speaks of what the accepted terms pay."""
    check_record(record, GigPayUnit.of(terms["pay_unit"]), terms["piece_lines"])


def stated_record(row: Timesheet) -> Record:
    """The record of whoever stated first."""
    return record_of(row, row.stated_by or Side.FIRM)


def record_of(row: Timesheet, side: Side) -> Record:
    if side is Side.FIRM:
        return Record.of(row.firm_minutes or 0, row.firm_pieces)
    return Record.of(row.worker_minutes or 0, row.worker_pieces)


async def terms_of(
    session: ReadSession | AsyncSession, rows: Sequence[Assignment], on: OnBoard
) -> dict[UUID, Mapping[str, Any]]:
    """What each of a shift's people accepted, by assignment."""
    versions = await session.exec(select(OrderVersion).where(OrderVersion.order_id == on.order.id))
    by_number = {version.number: version.content for version in versions}
    return {row.id: by_number[row.order_version] for row in rows}


async def tell(session: AsyncSession, sheet: Sheet, side: Side | None, words: str, now: datetime) -> None:
    await emit(
        session,
        TimesheetMoved(
            at=now, timesheet_id=sheet.row.id, shift_id=sheet.on.shift.id, enterprise_id=sheet.row.enterprise_id,
            person_id=sheet.row.person_id, side=side, words=words,
        ),
    )  # fmt: skip


async def tell_row(session: AsyncSession, row: Timesheet, side: Side | None, words: str, now: datetime) -> None:
    found = await session.exec(select(col(Assignment.shift_id)).where(Assignment.id == row.assignment_id))
    await emit(
        session,
        TimesheetMoved(
            at=now, timesheet_id=row.id, shift_id=found.one(), enterprise_id=row.enterprise_id,
            person_id=row.person_id, side=side, words=words,
        ),
    )  # fmt: skip


def put_record(row: Timesheet, side: Side, record: Record) -> None:
    if side is Side.FIRM:
        row.firm_minutes, row.firm_pieces = record.minutes, record.as_dicts()
    else:
        row.worker_minutes, row.worker_pieces = record.minutes, record.as_dicts()


async def _lock(session: AsyncSession, whose: Any, timesheet_id: UUID, side: Side, expected_version: int) -> Sheet:
    await _get(session, whose, timesheet_id)
    row = await lock(session, Timesheet, timesheet_id, TimesheetNotFoundError)
    check_version(row.version, expected_version)
    assignment = (await session.exec(select(Assignment).where(Assignment.id == row.assignment_id))).one()
    on = (await board.many(session, [assignment.shift_id]))[assignment.shift_id]
    terms = (await terms_of(session, [assignment], on))[assignment.id]
    return Sheet(row, assignment, on, terms, side)


async def _locked_of(session: AsyncSession, assignment_ids: Sequence[UUID]) -> Sequence[Timesheet]:
    rows = await session.exec(
        select(Timesheet)
        .where(col(Timesheet.assignment_id).in_(assignment_ids))
        .order_by(col(Timesheet.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def _get(session: ReadSession | AsyncSession, whose: Any, timesheet_id: UUID) -> Timesheet:
    row = (await session.exec(select(Timesheet).where(Timesheet.id == timesheet_id, whose))).one_or_none()
    if row is None:
        raise TimesheetNotFoundError
    return row


async def note(
    session: AsyncSession, crypto: Crypto, actor: Actor, sheet: Sheet, act: str, told: str, now: datetime
) -> None:
    audit.by(session, actor, act, SUBJECT, sheet.row.id, now=now, side=sheet.side)
    await note_act(
        session, crypto, actor, operation=act, subject_kind=SUBJECT, subject_id=sheet.row.id,
        subject_version=sheet.row.version, before=None, told=told, now=now, undoable=False,
    )  # fmt: skip
