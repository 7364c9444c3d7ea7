"""A clock's sheet (考勤机、Excel) becomes marks and the firm's records, row by row; what cannot be read is told by cell.

The file is read before the transaction, in a process of its own; then everything is written at once.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto, crypto_of
from app.core.db import ReadSession
from app.core.errors import AppError
from app.core.ids import new_id
from app.core.sheets import Table
from app.models.gigs import Assignment, Shift, Timesheet, TimesheetImport
from app.rules.common.files import SHEET_PROBLEMS, FilePurpose
from app.rules.gigs.clock_sheet import (
    COLUMNS,
    ERRORS_KEPT,
    ClockRow,
    TimesheetImportNotFoundError,
    heading_problem,
    read_row,
)
from app.rules.gigs.offers import AssignmentState
from app.rules.gigs.site import suggested_minutes
from app.rules.gigs.terms import MarkKind, SeatKind, Side
from app.rules.gigs.timesheets import Pieces, Record, ShiftNotOverError, TimesheetState
from app.rules.identity.roles import Actor, Permission
from app.services.common import files
from app.services.gigs import assignments, board, marks, timesheets
from app.services.gigs.board import OnBoard
from app.services.gigs.timesheets import Sheet
from app.services.identity import audit
from app.services.identity.people import facts_of
from app.services.runtime import Runtime

SUBJECT = "timesheet_import"
ROWS_AT_MOST = 1000
A, T = AssignmentState, TimesheetState
# Who may have worked: also one who was called missing, whom the clock has seen.
MAY_HAVE_WORKED = (A.CONFIRMED, A.PRESENT, A.DONE, A.NO_SHOW)


@dataclass(frozen=True, slots=True)
class Read:
    """What stands in the file. `problem`: nothing of it can be used."""

    rows: list[ClockRow]
    problem: str | None


@dataclass(frozen=True, slots=True)
class Seat:
    assignment: Assignment
    on: OnBoard
    name: str
    tail: str


async def template(runtime: Runtime, session: ReadSession, actor: Actor, enterprise_id: UUID, day: date) -> bytes:
    """The sheet with the people of that day already in it."""
    check_firm(actor, enterprise_id)
    seats = await _seats(session, runtime.crypto, enterprise_id, {day})
    rows = [
        [day.isoformat(), seat.name, seat.tail, "", "", "", "", ""]
        for seat in sorted(seats[day], key=lambda seat: (seat.on.shift.starts_at, seat.assignment.accepted_at))
    ]
    table = Table(
        title="考勤", head=[column.label for column in COLUMNS], rows=rows, wide=[column.wide for column in COLUMNS],
        notes=[
            "一人一班一行；计件的，每个款式一行，签到签退只填在第一行也可以。", "签到、签退写成 08:00 的样子；签退早于签到的，按第二天算。",
            "同名的人请填手机后四位。", "写了工时的按工时，没写的按签到签退在班次内的时间减去休息。",
        ],
    )  # fmt: skip
    return await runtime.sheets.write(table)


async def run(
    runtime: Runtime, session: AsyncSession, actor: Actor, enterprise_id: UUID, *, file_id: UUID, file_name: str,
    now: datetime,
) -> TimesheetImport:  # fmt: skip
    read = await _read_file(runtime, actor, enterprise_id, file_id)
    return await _store(session, actor, enterprise_id, file_id=file_id, file_name=file_name, read=read, now=now)


async def _read_file(runtime: Runtime, actor: Actor, enterprise_id: UUID, file_id: UUID) -> Read:
    """Before the transaction. Whether the file may be used by this caller says `files.bind`, inside it."""
    check_firm(actor, enterprise_id)
    async with runtime.db.reading() as session:
        content = await files.content_of(runtime, session, file_id)
    found = await runtime.sheets.read(content)
    if found.problem is not None:
        return Read([], SHEET_PROBLEMS[found.problem])
    (_, head), *lines = found.rows
    problem = heading_problem(head)
    if problem is None and not lines:
        problem = "表格里没有考勤记录，请从第2行起填写"
    if problem is None and len(lines) > ROWS_AT_MOST:
        problem = f"共{len(lines)}行，一次最多{ROWS_AT_MOST}行，请分成几个表格"
    return Read([] if problem else [read_row(head, number, cells) for number, cells in lines], problem)


async def _store(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    *,
    file_id: UUID,
    file_name: str,
    read: Read,
    now: datetime,
) -> TimesheetImport:
    crypto = crypto_of(session)
    row = TimesheetImport(
        id=new_id(), created_at=now, updated_at=now, enterprise_id=enterprise_id, imported_by=actor.person_id,
        file_name=file_name, rows=len(read.rows), accepted=0,
    )  # fmt: skip
    await files.bind(
        session,
        actor,
        [file_id],
        purpose=FilePurpose.TIMESHEET_IMPORT,
        subject_kind=SUBJECT,
        subject_id=row.id,
        now=now,
    )
    if read.problem is not None:
        row.errors = [{"row": 0, "cell": "", "column": "", "message": read.problem}]
    else:
        days = {one.day for one in read.rows if one.day is not None}
        seats = await _seats(session, crypto, enterprise_id, days)
        groups = _matched(read.rows, seats)
        row.accepted = await _write(session, crypto, actor, groups, now)
        issues = [issue.as_dict() for one in read.rows for issue in one.issues]
        row.errors = issues[:ERRORS_KEPT]
    # The upload has served its purpose and goes with the other orphans.
    await files.forget_uses(session, SUBJECT, row.id)
    session.add(row)
    await session.flush()
    audit.by(session, actor, "timesheets_imported", SUBJECT, row.id, now=now, rows=str(row.rows))
    return row


async def get(session: ReadSession, actor: Actor, import_id: UUID) -> TimesheetImport:
    mine = sorted(actor.enterprises(Permission.GIG_SITE))
    found = await session.exec(
        select(TimesheetImport).where(TimesheetImport.id == import_id, col(TimesheetImport.enterprise_id).in_(mine))
    )
    row = found.one_or_none()
    if row is None:
        raise TimesheetImportNotFoundError
    return row


async def list_of_firm(session: ReadSession, actor: Actor, enterprise_id: UUID) -> Sequence[TimesheetImport]:
    """The newest fifty."""
    check_firm(actor, enterprise_id)
    rows = await session.exec(
        select(TimesheetImport)
        .where(TimesheetImport.enterprise_id == enterprise_id)
        .order_by(col(TimesheetImport.created_at).desc(), col(TimesheetImport.id).desc())
        .limit(50)
    )
    return rows.all()


def check_firm(actor: Actor, enterprise_id: UUID) -> None:
    if enterprise_id not in actor.enterprises(Permission.GIG_SITE):
        raise TimesheetImportNotFoundError


async def _seats(
    session: ReadSession | AsyncSession, crypto: Crypto, enterprise_id: UUID, days: set[date]
) -> dict[date, list[Seat]]:
    """Who may have worked on each day, with name and the phone's last four digits; three statements."""
    rows = (
        await session.exec(
            select(Assignment, Shift)
            .join(Shift, col(Shift.id) == col(Assignment.shift_id))
            .where(
                Assignment.enterprise_id == enterprise_id, col(Shift.day).in_(days),
                col(Assignment.state).in_(MAY_HAVE_WORKED),
            )
        )
    ).all()  # fmt: skip
    facts = await facts_of(session, crypto, [row.person_id for row, _ in rows])
    on = await board.many(session, [shift.id for _, shift in rows])
    found: dict[date, list[Seat]] = defaultdict(list)
    for row, shift in rows:
        known = facts.get(row.person_id)
        found[shift.day].append(
            Seat(
                row, on[shift.id], (known.name if known else None) or "", ((known.phone if known else None) or "")[-4:]
            )
        )
    return found


def _matched(rows: Sequence[ClockRow], seats: Mapping[date, list[Seat]]) -> dict[UUID, tuple[Seat, list[ClockRow]]]:
    """Rows by seat. One person's several styles are several rows of one seat."""
    groups: dict[UUID, tuple[Seat, list[ClockRow]]] = {}
    for row in rows:
        if row.issues or row.day is None:
            continue
        named = [seat for seat in seats.get(row.day, []) if seat.name == row.name]
        if row.tail is not None:
            named = [seat for seat in named if seat.tail == row.tail]
        people = {seat.assignment.person_id for seat in named}
        if not named:
            row.refuse("name", "与这一天的上岗安排对不上，请核对姓名、手机后四位和日期")
        elif len(people) > 1:
            row.refuse("name", f"这一天有{len(people)}位同名的人，请填手机后四位")
        else:
            seat = _nearest(row, named, groups)
            groups.setdefault(seat.assignment.id, (seat, []))[1].append(row)
    return groups


def _nearest(row: ClockRow, named: Sequence[Seat], groups: Mapping[UUID, Any]) -> Seat:
    """Of one person's shifts of a day the one whose start is nearest to the coming; without a time the one begun on."""
    if row.came is not None:
        came = row.came
        return min(named, key=lambda seat: abs(seat.on.shift.starts_at - came))
    return next((seat for seat in named if seat.assignment.id in groups), named[0])


async def _write(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    groups: Mapping[UUID, tuple[Seat, list[ClockRow]]],
    now: datetime,
) -> int:
    held = await board.hold_shifts(session, [seat.assignment.shift_id for seat, _ in groups.values()])
    accepted = 0
    for assignment_id in sorted(groups):
        seat, rows = groups[assignment_id]
        accepted += await _write_one(session, crypto, actor, held[seat.assignment.shift_id], assignment_id, rows, now)
    return accepted


async def _write_one(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    on: OnBoard,
    assignment_id: UUID,
    rows: Sequence[ClockRow],
    now: datetime,
) -> int:
    """All rows of a seat or none: how many were taken."""
    seat = await assignments.lock_row(session, assignment_id)
    if seat.seat is SeatKind.STANDBY:
        rows[0].refuse("name", "是候补且没有转正，候补费另行结算，不填工时")
        return 0
    terms = (await timesheets.terms_of(session, [seat], on))[seat.id]
    record = _record(rows, on, terms)
    if record is None:
        return 0
    try:
        timesheets.check_terms(record, terms)
        if now < on.shift.ends_at and seat.state is not A.DONE:
            raise ShiftNotOverError
    except AppError as exc:
        rows[0].refuse("style" if rows[0].style else "name", f"：{exc.text}")
        return 0
    if (mine := await _sheet_of(session, assignment_id)) is not None and not (
        mine.state is T.OPEN or (mine.state is T.STATED and mine.stated_by is Side.FIRM)
    ):
        rows[0].refuse("name", f"：这份工时单当前为“{mine.state.label}”，请在工时单页面处理")
        return 0
    for row in rows:
        for kind, at in ((MarkKind.IN, row.came), (MarkKind.OUT, row.went)):
            if at is not None:
                await marks.put_imported(session, seat, kind, at, by=actor.caller_id, now=now)
    await timesheets.finish(session, seat, on, now=now)
    mine = await _sheet_of(session, assignment_id)
    assert mine is not None  # noqa: S101  # opened by `finish`
    await timesheets.state(session, crypto, Sheet(mine, seat, on, terms, Side.FIRM), actor, record, now=now)
    return len(rows)


def _record(rows: Sequence[ClockRow], on: OnBoard, terms: Mapping[str, Any]) -> Record | None:
    """Hours as written, else between the marks; pieces of all rows. None where a row says what cannot be."""
    said = [row.minutes for row in rows if row.minutes is not None]
    came = min((row.came for row in rows if row.came is not None), default=None)
    went = max((row.went for row in rows if row.went is not None), default=None)
    early = timedelta(hours=3)
    if came is not None and not on.shift.starts_at - early <= came <= on.shift.ends_at:
        rows[0].refuse("came", "与班次时间对不上，请核对日期和签到时间")
        return None
    minutes = sum(said) if said else suggested_minutes(came, went, marks.stretch_of(on))
    if minutes is None:
        rows[0].refuse("went", "没有填写：签到和签退都要填，或填工时")
        return None
    code = {line["style"]: line["process_code"] for line in terms["piece_lines"]}
    pieces = tuple(
        Pieces(row.style, code.get(row.style, ""), row.pieces)
        for row in rows
        if row.style is not None and row.pieces is not None
    )
    return Record(minutes, tuple(sorted(pieces, key=lambda piece: (piece.style, piece.process_code))))


async def _sheet_of(session: AsyncSession, assignment_id: UUID) -> Timesheet | None:
    found = await session.exec(
        select(Timesheet)
        .where(Timesheet.assignment_id == assignment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()
