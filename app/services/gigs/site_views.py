"""From rows to answers: marks, time sheets, clock imports, accidents."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.core.rotating import ShownCode
from app.models.gigs import (
    AccidentReport,
    Assignment,
    OrderVersion,
    SiteMark,
    Timesheet,
    TimesheetDifference,
    TimesheetImport,
)
from app.rules.gigs.terms import GigPayUnit, Side
from app.rules.gigs.timesheets import (
    ACCIDENT_NEXT,
    AccidentState,
    DifferenceState,
    Pieces,
    Record,
    TimesheetState,
    other_side,
    silent_until,
)
from app.schemas.base import Action
from app.schemas.gigs.site import (
    AccidentRead,
    ClockImportRead,
    ClockIssueRead,
    CodeShown,
    DifferenceRead,
    MarkRead,
    MarksRead,
    PieceForm,
    PieceRead,
    RecordRead,
    TimesheetRead,
)
from app.services.gigs import board, differences, law, marks, offer_views, timesheets
from app.services.gigs.board import OnBoard
from app.services.gigs.marks import Marked
from app.services.identity.people import facts_of

T, D, C = TimesheetState, DifferenceState, AccidentState


def code_shown(shown: ShownCode) -> CodeShown:
    return CodeShown(code=shown.code, next_at=shown.next_at, expires_at=shown.expires_at)


def mark_read(row: SiteMark) -> MarkRead:
    return MarkRead(
        id=row.id, kind=row.kind, kind_label=row.kind.label, method=row.method, method_label=row.method.label, at=row.at,
        distance_m=row.distance_m, reason=row.reason,
    )  # fmt: skip


def marks_read(found: Marked) -> MarksRead:
    return MarksRead(
        assignment_id=found.assignment.id, state=found.assignment.state, state_label=found.assignment.state.label,
        marks=[mark_read(row) for row in found.marks], suggested_minutes=found.suggested_minutes,
    )  # fmt: skip


def record_form(minutes: int, pieces: Iterable[PieceForm]) -> Record:
    rows = [Pieces(piece.style, piece.process_code, piece.quantity) for piece in pieces]
    return Record(minutes, tuple(sorted(rows, key=lambda row: (row.style, row.process_code))))


async def sheets_read(
    session: ReadSession | AsyncSession, crypto: Crypto, rows: Sequence[Timesheet], side: Side, *, now: datetime
) -> list[TimesheetRead]:
    """Six statements, however many sheets there are."""
    ids = [row.assignment_id for row in rows]
    found = await session.exec(select(Assignment).where(col(Assignment.id).in_(ids)))
    seats = {row.id: row for row in found}
    on = await board.many(session, [row.shift_id for row in seats.values()])
    orders = {one.order.id for one in on.values()}
    versions = await session.exec(select(OrderVersion).where(col(OrderVersion.order_id).in_(orders)))
    units = {(row.order_id, row.number): GigPayUnit.of(row.content["pay_unit"]) for row in versions}
    seen = await marks.many(session, ids)
    open_ones = await differences.of_sheets(session, list(rows))
    names: dict[UUID, str | None] = {}
    if side is Side.FIRM:
        facts = await facts_of(session, crypto, [row.person_id for row in rows])
        names = {person_id: known.name for person_id, known in facts.items()}
    hours = (await law.limits_on(session, china_date(now))).silence_hours
    return [
        _sheet_read(
            row, on[seats[row.assignment_id].shift_id], seen.get(row.assignment_id, []),
            _difference_read(crypto, open_ones.get(row.id)),
            unit=units[on[seats[row.assignment_id].shift_id].order.id, seats[row.assignment_id].order_version],
            name=names.get(row.person_id), side=side, hours=hours, now=now,
        )
        for row in rows
    ]  # fmt: skip


async def sheet_read(
    session: ReadSession | AsyncSession, crypto: Crypto, row: Timesheet, side: Side, *, now: datetime
) -> TimesheetRead:
    return (await sheets_read(session, crypto, [row], side, now=now))[0]


def _sheet_read(
    row: Timesheet,
    on: OnBoard,
    seen: Sequence[SiteMark],
    difference: DifferenceRead | None,
    *,
    unit: GigPayUnit,
    name: str | None,
    side: Side,
    hours: int,
    now: datetime,
) -> TimesheetRead:
    firm = None if row.firm_minutes is None else _record_read(timesheets.record_of(row, Side.FIRM))
    worker = None if row.worker_minutes is None else _record_read(timesheets.record_of(row, Side.WORKER))
    final = None if row.final_minutes is None else _record_read(Record.of(row.final_minutes, row.final_pieces))
    waits = row.state is T.STATED and row.stated_at is not None
    return TimesheetRead(
        id=row.id, version=row.version, assignment_id=row.assignment_id, shift=offer_views.brief(on), name=name,
        state=row.state, state_label=row.state.label, pay_unit=unit,
        suggested_minutes=marks.suggestion(seen, marks.stretch_of(on)), marks=[mark_read(mark) for mark in seen],
        firm=firm, worker=worker, stated_by=row.stated_by, stated_at=row.stated_at,
        silent_until=silent_until(row.stated_at, hours=hours) if waits and row.stated_at else None, final=final,
        difference=difference, actions=_sheet_actions(row, difference, side, now),
    )  # fmt: skip


def _sheet_actions(row: Timesheet, difference: DifferenceRead | None, side: Side, now: datetime) -> list[Action]:
    why = f"工时单当前为“{row.state.label}”"
    answering = row.state in {T.STATED, T.PROVISIONAL} and row.stated_by is other_side(side)
    stating = row.state is T.OPEN or (row.state is T.STATED and row.stated_by is side)
    arguing = row.state in {T.DISPUTED, T.REFERRED} and difference is not None
    answer = arguing and difference is not None and (difference.raised_by is not side or difference.offered is not None)
    mediate = (
        row.state is T.DISPUTED
        and difference is not None
        and (difference.state is D.ANSWERED or now > difference.answer_by)
    )
    return [
        _action("record", allowed=stating or answering, why=why),
        _action("agree", allowed=answering, why=why),
        _action("answer", allowed=answer, why="等待对方答复" if arguing else why),
        _action("mediate", allowed=mediate, why="对方答复后或逾期未答复时可以选择调解" if arguing else why),
    ]


def _action(name: str, *, allowed: bool, why: str) -> Action:
    return Action(action=name, allowed=allowed, reason=None if allowed else why)


def _record_read(record: Record) -> RecordRead:
    pieces = [PieceRead(style=p.style, process_code=p.process_code, quantity=p.quantity) for p in record.pieces]
    return RecordRead(minutes=record.minutes, pieces=pieces, text=record.told())


def _difference_read(crypto: Crypto, row: TimesheetDifference | None) -> DifferenceRead | None:
    if row is None:
        return None
    offered = None if row.offered_minutes is None else Record.of(row.offered_minutes, row.offered_pieces)
    return DifferenceRead(
        state=row.state, state_label=row.state.label, raised_by=row.raised_by, raised_by_label=row.raised_by.label,
        claimed=_record_read(Record.of(row.claimed_minutes, row.claimed_pieces)),
        reason=crypto.open_text(differences.TABLE, "reason", row.id, row.reason_sealed), answer_by=row.answer_by,
        offered=None if offered is None else _record_read(offered),
        answer=crypto.open_if(differences.TABLE, "answer", row.id, row.answer_sealed), answered_at=row.answered_at,
    )  # fmt: skip


def import_read(row: TimesheetImport) -> ClockImportRead:
    text = f"共{row.rows}行，读入{row.accepted}行，未读入{row.rows - row.accepted}行，原因逐格列出"
    return ClockImportRead(
        id=row.id, enterprise_id=row.enterprise_id, file_name=row.file_name, created_at=row.created_at, rows=row.rows,
        accepted=row.accepted, errors=[ClockIssueRead.model_validate(issue) for issue in row.errors],
        text=f"共{row.rows}行，全部读入" if row.rows and row.accepted == row.rows else text,
    )  # fmt: skip


def accident_read(row: AccidentReport, crypto: Crypto) -> AccidentRead:
    due, own = row.claim_due_on.isoformat(), row.own_claim_until.isoformat()
    text = f"企业应在{due}前申请工伤认定；企业不申请的，本人可在{own}前申请（《工伤保险条例》第十七条）"
    if row.filed_on is not None:
        text = f"企业已于{row.filed_on.isoformat()}申请工伤认定"
    return AccidentRead(
        id=row.id, version=row.version, assignment_id=row.assignment_id, enterprise_id=row.enterprise_id,
        person_id=row.person_id, state=row.state, state_label=row.state.label, reported_by=row.reported_by,
        happened_at=row.happened_at, created_at=row.created_at,
        account=crypto.open_text("accident_report", "account", row.id, row.account_sealed), claim_due_on=row.claim_due_on,
        own_claim_until=row.own_claim_until, acknowledged_at=row.acknowledged_at, filed_on=row.filed_on,
        closed_at=row.closed_at, text=text,
        actions=[
            _action(name, allowed=target in ACCIDENT_NEXT[row.state], why=f"事故报告当前为“{row.state.label}”")
            for name, target in (("acknowledge", C.ACKNOWLEDGED), ("file", C.FILED), ("close", C.CLOSED))
        ],
    )  # fmt: skip
