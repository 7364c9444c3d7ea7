"""A seat fell free: 候补 move up, the line is asked, then the next best. Run by the worker, one shift a transaction.

The cause only leaves a message (`ask`): a decline answers at once, and whatever happens to this process the message stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core import outbox
from app.core.clock import CHINA
from app.core.crypto import crypto_of
from app.core.errors import AppError
from app.core.events import emit
from app.models.gigs import (
    Assignment,
    DayException,
    Offer,
    RosterMember,
    WeeklyWindow,
    WorkerBlock,
    WorkerProfile,
    WorkerSkill,
)
from app.rules.gigs.availability import DayPlan, Window, covers, free_between
from app.rules.gigs.offers import HOLDING, AssignmentState, OfferSource, WaitingState, units_of
from app.rules.gigs.orders import ShiftState
from app.rules.gigs.terms import FillMode, Proof, SeatKind
from app.services.gigs import assignments, board, claims, homes, law, offers, seats
from app.services.gigs.board import OnBoard
from app.services.gigs.events import ShiftShort, StandbyPromoted

TOPIC = "gigs.refill"
# At one go: a shift of a hundred free seats is filled in several rounds, each short.
OFFERS_AT_ONCE = 20
LINE_AT_ONCE = 40
CANDIDATES = 200
UNKNOWN_M = 1_000_000


async def ask(session: AsyncSession, shift_id: UUID, *, now: datetime) -> None:
    """Leave word that seats of this shift are free."""
    await outbox.enqueue(session, topic=TOPIC, payload={"shift_id": str(shift_id)}, now=now)


async def refill(session: AsyncSession, shift_id: UUID, *, now: datetime) -> bool:
    """As many offers as there are free seats; True where another round is needed. Repeating it does no harm."""
    on = (await board.hold_shifts(session, [shift_id])).get(shift_id)
    if on is None or not _takes_people(on, now):
        return False
    units = units_of(half=on.shift.half)
    await _promote(session, on, units, now)
    made = await _ask_line(session, on, units, now)
    if on.order.fill_mode is FillMode.ALLOCATE:
        made += await _ask_next_best(session, on, units, now, seat=SeatKind.REGULAR, at_most=OFFERS_AT_ONCE - made)
        made += await _ask_next_best(session, on, units, now, seat=SeatKind.STANDBY, at_most=OFFERS_AT_ONCE - made)
    if made >= OFFERS_AT_ONCE:
        return True
    await session.refresh(on.shift)
    left = seats.free_halves(on.shift)
    if left >= units and on.shift.exhausted_at is None and on.order.fill_mode is FillMode.ALLOCATE:
        on.shift.exhausted_at = now
        await session.flush()
        await emit(
            session,
            ShiftShort(
                at=now, shift_id=shift_id, enterprise_id=on.shift.enterprise_id, title=on.order.title,
                starts_at=on.shift.starts_at, heads_short=-(-left // 2),
            ),
        )  # fmt: skip
    return False


def _takes_people(on: OnBoard, now: datetime) -> bool:
    middle = on.shift.starts_at + (on.shift.ends_at - on.shift.starts_at) / 2
    return on.shift.state in {ShiftState.OPEN, ShiftState.RUNNING} and now < middle


async def _promote(session: AsyncSession, on: OnBoard, units: int, now: datetime) -> None:
    """候补 in the order in which they accepted; who is there already comes before who is still on the way."""
    waiting = [row for row in await assignments.holding_of_shift(session, on.shift.id) if row.seat is SeatKind.STANDBY]
    waiting.sort(key=lambda row: row.state is not AssignmentState.PRESENT)
    for row in waiting:
        if not await seats.promote(session, on.shift.id, units):
            return
        row.seat = SeatKind.REGULAR
        row.touch(now)
        await session.flush()
        await emit(
            session,
            StandbyPromoted(
                at=now, assignment_id=row.id, shift_id=on.shift.id, person_id=row.person_id, title=on.order.title,
                starts_at=on.shift.starts_at,
            ),
        )  # fmt: skip


async def _ask_line(session: AsyncSession, on: OnBoard, units: int, now: datetime) -> int:
    made = 0
    for entry in await claims.line_of(session, on.shift.id, LINE_AT_ONCE):
        await session.refresh(on.shift)
        if seats.free_halves(on.shift) < units or made >= OFFERS_AT_ONCE:
            break
        if not await may_take(session, on, entry.person_id, now):
            continue
        place = await claims.position_of(session, entry)
        offer = await offers.make(
            session,
            on,
            entry.person_id,
            source=OfferSource.WAITING,
            now=now,
            reason=f"您在这个班次排队第{place}位，轮到您了",
        )
        if offer is not None:
            made += 1
            await claims.end_waiting(session, on.shift.id, entry.person_id, WaitingState.OFFERED, now=now)
    return made


async def _ask_next_best(
    session: AsyncSession, on: OnBoard, units: int, now: datetime, *, seat: SeatKind, at_most: int
) -> int:
    await session.refresh(on.shift)
    if seats.free_halves(on.shift, seat) < units or at_most <= 0:
        return 0
    made = 0
    for one in await next_best(session, on):
        await session.refresh(on.shift)
        if seats.free_halves(on.shift, seat) < units or made >= at_most:
            break
        if not await may_take(session, on, one.row.person_id, now):
            continue
        offer = await offers.make(
            session, on, one.row.person_id, source=OfferSource.BACKFILL, seat=seat, now=now, reason=one.reason
        )
        made += offer is not None
    return made


async def may_take(session: AsyncSession, on: OnBoard, person_id: UUID, now: datetime) -> bool:
    """The law and the person's other seats; looked at once more when they accept."""
    try:
        await law.check_may_take(session, person_id=person_id, shift=on.shift, order=on.order, now=now)
    except AppError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class NextBest:
    row: WorkerProfile
    reason: str


async def next_best(session: AsyncSession, on: OnBoard) -> list[NextBest]:
    """Who knows the process, can come at that time and was not asked yet: the firm's favourites, its list, proved, nearest."""
    rows = (await session.exec(_candidates(on))).all()
    free = await _free_at(session, on, [row.person_id for row in rows])
    firm = str(on.shift.enterprise_id)
    rows = [row for row in rows if row.person_id in free and firm not in (*row.blocks, *row.hidden_from)]
    rows = [row for row in rows if not row.least_hour_fen or row.least_hour_fen <= on.order.effective_hour_fen]
    ids = [row.person_id for row in rows]
    roster = await _roster(session, on, ids)
    skills = await _skills(session, on, ids)
    crypto = crypto_of(session)
    away = {row.person_id: homes.metres(crypto, row, on.order) for row in rows}
    near = [row for row in rows if row.reach_m is None or (away[row.person_id] or 0) <= row.reach_m]

    def rank(row: WorkerProfile) -> tuple[int, int, int, int, UUID]:
        skill, metres = skills[row.person_id], away[row.person_id]
        return (
            -roster.get(row.person_id, 0),
            firm not in row.favourites,
            skill.proof is Proof.CLAIMED,
            UNKNOWN_M if metres is None else metres,
            row.person_id,
        )

    return [
        NextBest(row, _reason(on, skills[row.person_id], roster.get(row.person_id, 0), away[row.person_id]))
        for row in sorted(near, key=rank)
    ]


def _candidates(on: OnBoard) -> SelectOfScalar[WorkerProfile]:
    shift, order = on.shift, on.order
    skilled = exists().where(
        col(WorkerSkill.person_id) == col(WorkerProfile.person_id), col(WorkerSkill.process_code) == order.process_code,
        col(WorkerSkill.level) >= order.level,
    )  # fmt: skip
    asked = exists().where(col(Offer.shift_id) == shift.id, col(Offer.person_id) == col(WorkerProfile.person_id))
    # Whoever has had a seat of this shift, and whoever is at work then.
    had = exists().where(
        col(Assignment.shift_id) == shift.id, col(Assignment.person_id) == col(WorkerProfile.person_id)
    )
    busy = exists().where(
        col(Assignment.person_id) == col(WorkerProfile.person_id), col(Assignment.state).in_(HOLDING),
        col(Assignment.starts_at) < shift.ends_at, col(Assignment.ends_at) > shift.starts_at,
    )  # fmt: skip
    refused = exists().where(
        col(WorkerBlock.enterprise_id) == shift.enterprise_id,
        col(WorkerBlock.person_id) == col(WorkerProfile.person_id), col(WorkerBlock.lifted_at).is_(None),
    )  # fmt: skip
    return (
        select(WorkerProfile)
        .where(col(WorkerProfile.active), skilled, ~asked, ~had, ~busy, ~refused)
        .order_by(col(WorkerProfile.person_id))
        .limit(CANDIDATES)
    )


async def _free_at(session: AsyncSession, on: OnBoard, ids: Sequence[UUID]) -> set[UUID]:
    """Unknown availability is not free: such a person may be asked in an urgent search, never allotted."""
    windows: dict[UUID, list[Window]] = {}
    days: dict[UUID, list[DayPlan]] = {}
    for week in await session.exec(select(WeeklyWindow).where(col(WeeklyWindow.person_id).in_(ids))):
        windows.setdefault(week.person_id, []).append(Window(week.weekday, week.start_minute, week.end_minute))
    for day in await session.exec(select(DayException).where(col(DayException.person_id).in_(ids))):
        days.setdefault(day.person_id, []).append(DayPlan(day.day, day.start_minute, day.end_minute))
    first, last = on.shift.day - timedelta(days=1), on.shift.ends_at.astimezone(CHINA).date()
    return {
        one
        for one in ids
        if covers(
            free_between(windows.get(one, []), days.get(one, []), first, last), on.shift.starts_at, on.shift.ends_at
        )
    }


async def _roster(session: AsyncSession, on: OnBoard, ids: Sequence[UUID]) -> dict[UUID, int]:
    """2: a favourite of the firm; 1: on its list."""
    rows = await session.exec(
        select(RosterMember).where(
            RosterMember.enterprise_id == on.shift.enterprise_id, col(RosterMember.left_at).is_(None),
            col(RosterMember.person_id).in_(ids),
        )
    )  # fmt: skip
    return {row.person_id: 2 if row.favourite else 1 for row in rows}


async def _skills(session: AsyncSession, on: OnBoard, ids: Sequence[UUID]) -> dict[UUID, WorkerSkill]:
    rows = await session.exec(
        select(WorkerSkill).where(
            col(WorkerSkill.person_id).in_(ids), WorkerSkill.process_code == on.order.process_code
        )
    )
    return {row.person_id: row for row in rows}


def _reason(on: OnBoard, skill: WorkerSkill, roster: int, metres: int | None) -> str:
    said = [f"{on.order.process_name}{skill.level}级（{skill.proof.label}）"]
    said += [{2: "企业常用的人", 1: "在企业名单上"}[roster]] if roster else []
    said += [f"离家约{metres / 1000:.1f}公里"] if metres is not None else []
    return "，".join(["有人让出名额", *said])
