"""How a settlement is reckoned: overtime and the hourly minimum over all parts of the period, whole fen, limits of deductions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.core.ids import new_id
from app.models.gigs import Assignment, Settlement, SettlementLine, Shift
from app.rules.gigs import pay
from app.rules.gigs.offers import WORKED
from app.rules.gigs.orders import ShiftState
from app.rules.gigs.pay import Owed, Worked
from app.rules.gigs.settlements import LineKind
from app.rules.gigs.terms import RelationLabel
from app.services.gigs import law
from app.services.gigs.order_forms import DIVISION
from app.services.jobs.rulebook import current_rule_book

K = LineKind
# What a sheet brings; what is reckoned over the whole period from it; what a deduction is measured against.
EARNED = frozenset({K.WORK, K.ADJUSTMENT})
RECKONED = frozenset({K.OVERTIME, K.TOP_UP})
WAGE = EARNED | {K.TOP_UP}
# With its sum behind it a sentence still fits its column.
LONGEST_TOLD = 260


class Seat(NamedTuple):
    day: date
    label: RelationLabel
    starts_at: datetime
    order_id: UUID


async def reckon(
    session: AsyncSession, settled: Settlement, now: datetime
) -> tuple[list[SettlementLine], dict[UUID, Seat]]:
    """The lines with overtime and minimum reckoned anew over all parts of the period; those come last."""
    parts = await _parts(session, settled)
    lines = await lines_of(session, parts)
    mine = lines.get(settled.id, [])
    earlier = [line for part in parts if part != settled.id for line in lines.get(part, [])]
    for line in mine:
        if line.kind in RECKONED:
            await session.delete(line)
    kept = [line for line in mine if line.kind not in RECKONED]
    seats = await _seats(session, [*earlier, *kept])
    work = _worked([line for line in [*earlier, *kept] if line.kind in EARNED], seats)
    paid: dict[date, Fraction] = {}
    for line in earlier:
        if line.kind is K.OVERTIME and line.assignment_id is not None:
            day = seats[line.assignment_id].day
            paid[day] = paid.get(day, Fraction(0)) + Fraction(line.exact)
    limits = {one.day: (await law.limits_on(session, one.day)).day_minutes for one in work}
    for seat, owed in pay.overtime(work, paid, limits.__getitem__):
        await add_line(session, settled, owed, seat, None, now)
    missing = pay.top_up(
        work, await minimum_hour_fen(session, settled.period_end),
        paid=sum((Fraction(line.exact) for line in earlier if line.kind is K.TOP_UP), Fraction(0)),
        more=sum((Fraction(line.exact) for line in kept if line.kind is K.ADJUSTMENT), Fraction(0)),
    )  # fmt: skip
    if missing is not None:
        await add_line(session, settled, missing, None, None, now)
    await session.flush()
    found = (await lines_of(session, [settled.id])).get(settled.id, [])
    return sorted(found, key=lambda line: line.kind in RECKONED), seats


async def sum_up(session: AsyncSession, settled: Settlement, lines: Sequence[SettlementLine]) -> int:
    """Whole fen for each line; deductions that the wage no longer carries are given back. Returns how much was."""
    _round(lines)
    minimum = await minimum_hour_fen(session, settled.period_end)
    deducted = [line for line in lines if line.kind is K.DEDUCTION]
    most = pay.most_deductible(wage_of(lines), minutes=minutes_of(lines), minimum_fen=minimum)
    beyond = cut = max(0, -sum(line.fen for line in deducted) - most)
    for line in reversed(deducted):
        back = min(beyond, -line.fen)
        line.exact = str(Fraction(line.exact) + back)
        beyond -= back
    if cut:
        _round(lines)
    return cut


def _round(lines: Sequence[SettlementLine]) -> None:
    sums = pay.running_sums(Fraction(line.exact) for line in lines)
    for line, fen in zip(lines, sums, strict=True):
        line.fen = fen
        line.reckoning = f"{line.reckoning.split(' ＝ ')[0]} ＝ {pay.yuan(fen)}元"


def wage_of(lines: Sequence[SettlementLine]) -> int:
    """What a deduction is measured against: pay for work, not compensation or stand-by pay."""
    return sum(line.fen for line in lines if line.kind in WAGE)


def minutes_of(lines: Sequence[SettlementLine]) -> int:
    return sum(line.minutes for line in lines if line.kind in EARNED)


def _worked(lines: Sequence[SettlementLine], seats: Mapping[UUID, Seat]) -> list[Worked]:
    """One entry a seat, by the start of its shift."""
    of: dict[UUID, list[SettlementLine]] = {}
    for line in lines:
        if line.assignment_id is not None:
            of.setdefault(line.assignment_id, []).append(line)
    by_start = sorted(of, key=lambda seat: (seats[seat].starts_at, seat))
    return [
        Worked(
            seat, seats[seat].day, seats[seat].label, sum(line.minutes for line in of[seat]),
            sum((Fraction(line.exact) for line in of[seat]), Fraction(0)),
        )
        for seat in by_start
    ]  # fmt: skip


async def _parts(session: AsyncSession, settled: Settlement) -> list[UUID]:
    """The settlement and the parts of the same period before it."""
    rows = await session.exec(
        select(col(Settlement.id))
        .where(
            Settlement.enterprise_id == settled.enterprise_id, Settlement.person_id == settled.person_id,
            Settlement.period_start == settled.period_start, Settlement.period_end == settled.period_end,
            Settlement.part <= settled.part,
        )
        .order_by(col(Settlement.part))
    )  # fmt: skip
    return list(rows.all())


async def _seats(session: AsyncSession, lines: Sequence[SettlementLine]) -> dict[UUID, Seat]:
    ids = {line.assignment_id for line in lines if line.assignment_id is not None}
    rows = await session.exec(
        select(  # type: ignore[call-overload]  # five columns are one more than it knows
            col(Assignment.id), col(Shift.day), col(Assignment.label), col(Assignment.starts_at), col(Shift.order_id)
        )
        .join(Shift, col(Assignment.shift_id) == col(Shift.id))
        .where(col(Assignment.id).in_(ids))
    )
    return {row[0]: Seat(*row[1:]) for row in rows}


async def task_ends(session: AsyncSession, settled: Settlement, seats: Iterable[Seat]) -> date | None:
    """The last day of the orders of this settlement, or of a later seat that the person has with the firm."""
    orders = {seat.order_id for seat in seats if seat.label is RelationLabel.TASK_CONTRACT}
    if not orders:
        return None
    of_orders = await session.exec(
        select(func.max(Shift.day)).where(col(Shift.order_id).in_(orders), Shift.state != ShiftState.CANCELLED)
    )
    of_person = await session.exec(
        select(func.max(Shift.day))
        .join(Assignment, col(Assignment.shift_id) == col(Shift.id))
        .where(
            Assignment.person_id == settled.person_id, Assignment.enterprise_id == settled.enterprise_id,
            col(Assignment.state).in_(WORKED),
        )
    )  # fmt: skip
    return max((day for day in (of_orders.one(), of_person.one()) if day is not None), default=None)


async def lines_of(
    session: AsyncSession | ReadSession, settlement_ids: Sequence[UUID]
) -> dict[UUID, list[SettlementLine]]:
    rows = await session.exec(
        select(SettlementLine)
        .where(col(SettlementLine.settlement_id).in_(settlement_ids))
        .order_by(col(SettlementLine.created_at), col(SettlementLine.id))
    )
    found: dict[UUID, list[SettlementLine]] = {}
    for row in rows:
        found.setdefault(row.settlement_id, []).append(row)
    return found


async def minimum_hour_fen(session: AsyncSession, day: date) -> int | None:
    """The confirmed hourly minimum of 石狮 on a day; None where a person has confirmed none yet."""
    book = await current_rule_book(session)
    found = [
        wage.hourly_fen
        for wage in book.wages(day)
        if wage.division == DIVISION and wage.hourly_fen is not None and wage.verified_by is not None
    ]
    return max(found, default=None)


async def add_line(
    session: AsyncSession, settled: Settlement, owed: Owed, seat: UUID | None, timesheet_id: UUID | None, now: datetime
) -> None:
    session.add(
        SettlementLine(
            id=new_id(), created_at=now, settlement_id=settled.id, kind=owed.kind, assignment_id=seat,
            timesheet_id=timesheet_id, minutes=owed.minutes, pieces=[piece.as_dict() for piece in owed.pieces],
            exact=str(owed.exact), fen=0, reckoning=owed.told[:LONGEST_TOLD],
        )
    )  # fmt: skip
    await session.flush()
