"""Settlements: what a firm owes one person for one wage period, line by line, each with its sum in words.

A sheet becomes payable (or what counts of it changes), a 候补 was not needed, a seat was called off too late: each adds its
line to the settlement of its wage period while that is open, and to a next part of the period once it has been paid.
"""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.events import emit
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.gigs import Assignment, Settlement, SettlementLine, Timesheet
from app.rules.gigs import pay
from app.rules.gigs.pay import Owed
from app.rules.gigs.settlements import LineKind, SettlementState, check_settlement_step
from app.rules.gigs.terms import RelationLabel, Side, WagePeriod
from app.rules.gigs.timesheets import Record, TimesheetState
from app.services.common.calendar import work_calendar
from app.services.gigs import assignments, law, reckoning, timesheets
from app.services.gigs.assignments import Held
from app.services.gigs.events import AssignmentEnded, CompensationOwed, PayMoved, TimesheetPayable

SUBJECT = "settlement"
OPEN = (SettlementState.DUE, SettlementState.OVERDUE)
ARGUED = (TimesheetState.DISPUTED, TimesheetState.REFERRED)
K = LineKind


async def add_sheet(session: AsyncSession, event: TimesheetPayable) -> None:
    """The sheet is locked by whoever made it payable. It is paid once: what changes later is told apart."""
    sheet = (await session.exec(select(Timesheet).where(Timesheet.id == event.timesheet_id))).one()
    held = await _held(session, sheet.assignment_id)
    record = Record.of(sheet.final_minutes or 0, sheet.final_pieces)
    owed: Owed | None = pay.work_owed(record, held.terms.content)
    known = await _lines_of_sheet(session, sheet.id)
    settled = await lock_row(session, known[0].settlement_id) if known else await _open(session, held, event.at)
    if known and settled.state not in OPEN:
        settled = await _open(session, held, event.at)
    mine = [line for line in known if line.settlement_id == settled.id]
    paid = [line for line in known if line.settlement_id != settled.id]
    if paid and owed is not None:
        # Money that was paid is asked back by the firm, not by the platform.
        rest = max(Fraction(0), owed.exact - sum((Fraction(line.exact) for line in paid), Fraction(0)))
        more = max(0, record.minutes - sum(line.minutes for line in paid))
        told = f"{sheet.day.isoformat()}工时更正为{record.told()}，补足差额"
        owed = Owed(K.ADJUSTMENT, rest, told, more) if rest or more else None
    await _replace(session, settled, mine, owed, held, sheet.id, event.at)
    await resum(session, settled, event.at)


async def add_compensation(session: AsyncSession, event: CompensationOwed) -> None:
    held = await _held(session, event.assignment_id)
    told = f"开班前不足{event.hours}小时被取消，按订单约定补偿"
    await _add_once(session, held, Owed(K.LATE_CANCEL, Fraction(event.fen), told), event.at)


async def add_standby(session: AsyncSession, event: AssignmentEnded) -> None:
    """Who held a 候补 seat to the end and was not needed has the stand-by pay that the firm agreed to."""
    held = await _held(session, event.assignment_id)
    fen = int(held.terms.content["standby_fen"] or 0)
    if fen:
        await _add_once(session, held, Owed(K.STANDBY, Fraction(fen), "候补到岗未上岗，按订单约定支付候补费"), event.at)


async def _add_once(session: AsyncSession, held: Held, owed: Owed, now: datetime) -> None:
    known = await session.exec(
        select(col(SettlementLine.id)).where(
            SettlementLine.assignment_id == held.row.id, SettlementLine.kind == owed.kind
        )
    )
    if known.first() is not None:
        return
    settled = await _open(session, held, now)
    await reckoning.add_line(session, settled, owed, held.row.id, None, now)
    await resum(session, settled, now)


async def _held(session: AsyncSession, assignment_id: UUID) -> Held:
    row = (await session.exec(select(Assignment).where(Assignment.id == assignment_id))).one()
    return (await assignments.with_terms(session, [row]))[0]


async def _open(session: AsyncSession, held: Held, now: datetime) -> Settlement:
    """The open settlement of the wage period of a shift's day, locked; a next part where the last one is paid."""
    terms = held.terms.content
    kind = pay.period_kind(WagePeriod.of(terms["wage_period"]), held.row.label)
    period = pay.period_of(kind, held.on.shift.day)
    whose = (
        Settlement.enterprise_id == held.row.enterprise_id, Settlement.person_id == held.row.person_id,
        Settlement.period_start == period.start, Settlement.period_end == period.end,
    )  # fmt: skip
    part = 1
    while True:
        statement = select(Settlement).where(*whose).order_by(col(Settlement.part).desc()).limit(1).with_for_update()
        row = (await session.exec(statement.execution_options(populate_existing=True))).one_or_none()
        if row is not None and row.state in OPEN:
            # Whichever of the accepted orders promised the earlier day.
            row.pay_days = min(row.pay_days, int(terms["pay_days"]))
            return row
        part = 1 if row is None else row.part + 1
        fresh = Settlement(
            id=new_id(), created_at=now, updated_at=now, enterprise_id=held.row.enterprise_id,
            person_id=held.row.person_id, period_start=period.start, period_end=period.end, part=part, wage_period=kind,
            pay_days=int(terms["pay_days"]), due_fen=0, due_on=period.end, due_because="",
        )  # fmt: skip
        # Somebody else may be making the same one: then that one is found in the next round.
        await insert_or_ignore(session, Settlement, fresh.model_dump())


async def lock_row(session: AsyncSession, settlement_id: UUID) -> Settlement:
    statement = select(Settlement).where(Settlement.id == settlement_id).with_for_update()
    return (await session.exec(statement.execution_options(populate_existing=True))).one()


async def _lines_of_sheet(session: AsyncSession, timesheet_id: UUID) -> list[SettlementLine]:
    """What a sheet has brought so far, the newest part first."""
    rows = await session.exec(
        select(SettlementLine)
        .join(Settlement, col(Settlement.id) == col(SettlementLine.settlement_id))
        .where(SettlementLine.timesheet_id == timesheet_id, col(SettlementLine.kind).in_(reckoning.EARNED))
        .order_by(col(Settlement.part).desc(), col(SettlementLine.created_at))
    )
    return list(rows.all())


async def _replace(
    session: AsyncSession,
    settled: Settlement,
    known: Sequence[SettlementLine],
    owed: Owed | None,
    held: Held,
    timesheet_id: UUID,
    now: datetime,
) -> None:
    """The line of a sheet in this settlement becomes what is owed now."""
    for line in known:
        if owed is None or line.kind is not owed.kind:
            await session.delete(line)
    same = next((line for line in known if owed is not None and line.kind is owed.kind), None)
    if owed is not None and same is not None:
        same.minutes, same.exact, same.reckoning = owed.minutes, str(owed.exact), owed.told[: reckoning.LONGEST_TOLD]
        same.pieces = [piece.as_dict() for piece in owed.pieces]
    elif owed is not None:
        await reckoning.add_line(session, settled, owed, held.row.id, timesheet_id, now)
    await session.flush()


async def resum(session: AsyncSession, settled: Settlement, now: datetime) -> None:
    """Lines, their sum, what is argued about, and when it is due; told once, when there is something to pay."""
    lines, seats = await reckoning.reckon(session, settled, now)
    cut = await reckoning.sum_up(session, settled, lines)
    work = [(seats[line.assignment_id].day, seats[line.assignment_id].label) for line in lines if line.assignment_id]
    limits = await law.limits_on(session, china_date(now))
    due = pay.due_of(
        pay.Period(settled.period_start, settled.period_end), work or [(settled.period_end, RelationLabel.PART_TIME)],
        kind=settled.wage_period, pay_days=settled.pay_days, part_time_days=limits.part_time_pay_days,
        calendar=await work_calendar(session), task_ends=await reckoning.task_ends(session, settled, seats.values()),
    )  # fmt: skip
    first = settled.due_fen == 0
    settled.due_fen, settled.due_on, settled.due_because = max(0, sum(line.fen for line in lines)), due.day, due.because
    settled.disputed_fen = await _disputed(session, lines)
    if settled.paid_fen and settled.paid_fen >= settled.due_fen and settled.state in OPEN:
        # A part was paid before, and no more than that is due any longer.
        check_settlement_step(settled.state, SettlementState.PAID)
        settled.state = SettlementState.PAID
    settled.touch(now)
    await session.flush()
    if first and settled.due_fen:
        words = f"应付{pay.yuan(settled.due_fen)}元，最迟{due.day.isoformat()}支付：{due.because}。"
        await tell(session, settled, Side.WORKER, "工资结算", words, now)
    if cut:
        words = f"工资变少，扣款超过法定上限的{pay.yuan(cut)}元已退回（{pay.DEDUCTION_LAW}），应付{pay.yuan(settled.due_fen)}元。"
        await tell(session, settled, None, "扣款按上限减少", words, now)


async def _disputed(session: AsyncSession, lines: Sequence[SettlementLine]) -> int:
    """What the side that says more would have, above what is undisputed."""
    ids = {line.timesheet_id for line in lines if line.kind is K.WORK and line.timesheet_id is not None}
    rows = await session.exec(select(Timesheet).where(col(Timesheet.id).in_(ids), col(Timesheet.state).in_(ARGUED)))
    total = Fraction(0)
    for sheet in rows.all():
        terms = (await _held(session, sheet.assignment_id)).terms.content
        sides = [pay.work_owed(timesheets.record_of(sheet, side), terms) for side in Side]
        now_due = pay.work_owed(Record.of(sheet.final_minutes or 0, sheet.final_pieces), terms)
        total += max(side.exact for side in sides) - now_due.exact
    return pay.rounded(total)


async def tell(
    session: AsyncSession,
    settled: Settlement,
    side: Side | None,
    title: str,
    words: str,
    now: datetime,
    *,
    overdue: bool = False,
) -> None:
    await emit(
        session,
        PayMoved(
            at=now, settlement_id=settled.id, enterprise_id=settled.enterprise_id, person_id=settled.person_id,
            side=side, overdue=overdue, title=title, words=words,
        ),
    )  # fmt: skip
