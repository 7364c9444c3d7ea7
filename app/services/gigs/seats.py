"""The seats of a shift: counted in halves, moved only by conditional updates, so that no two callers get the last one.

`taken + offered <= seats` is in the WHERE of every update that adds, and a CHECK of the table besides. Regular seats and
候补 are counted apart.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.gigs import Shift
from app.rules.gigs.orders import ShiftState
from app.rules.gigs.terms import SeatKind

OPEN_STATES = (ShiftState.OPEN, ShiftState.RUNNING)
_TOTAL = {SeatKind.REGULAR: "seats", SeatKind.STANDBY: "standby_seats"}
_TAKEN = {SeatKind.REGULAR: "taken", SeatKind.STANDBY: "standby_taken"}
_OFFERED = {SeatKind.REGULAR: "offered", SeatKind.STANDBY: "standby_offered"}


def free_halves(shift: Shift, seat: SeatKind = SeatKind.REGULAR) -> int:
    """As last read; only the update decides."""
    return int(getattr(shift, _TOTAL[seat]) - getattr(shift, _TAKEN[seat]) - getattr(shift, _OFFERED[seat]))


async def hold(session: AsyncSession, shift_id: UUID, seat: SeatKind, units: int) -> bool:
    """A seat is kept for somebody who has been asked; False where none is left."""
    return await _add(session, shift_id, seat, _OFFERED[seat], units)


async def take(session: AsyncSession, shift_id: UUID, seat: SeatKind, units: int) -> bool:
    """A seat is taken at once; False where none is left."""
    return await _add(session, shift_id, seat, _TAKEN[seat], units)


async def keep(session: AsyncSession, shift_id: UUID, seat: SeatKind, units: int) -> bool:
    """What was held becomes taken."""
    offered, taken = _column(_OFFERED[seat]), _column(_TAKEN[seat])
    return await _update(
        session, shift_id, offered >= units, {offered.name: offered - units, taken.name: taken + units}
    )


async def release_held(session: AsyncSession, shift_id: UUID, seat: SeatKind, units: int) -> None:
    """The person said no, or time did. Also on a shift that takes nobody any more."""
    offered = _column(_OFFERED[seat])
    await _settled(session, shift_id, offered >= units, {offered.name: offered - units})


async def release_taken(session: AsyncSession, shift_id: UUID, seat: SeatKind, units: int) -> None:
    taken = _column(_TAKEN[seat])
    await _settled(session, shift_id, taken >= units, {taken.name: taken - units})


async def promote(session: AsyncSession, shift_id: UUID, units: int) -> bool:
    """A 候补 moves up to a regular seat; False where none is free."""
    seats, taken, offered = _column("seats"), _column("taken"), _column("offered")
    standby = _column("standby_taken")
    return await _update(
        session,
        shift_id,
        (taken + offered + units <= seats) & (standby >= units),
        {"taken": taken + units, "standby_taken": standby - units},
    )


async def _add(session: AsyncSession, shift_id: UUID, seat: SeatKind, name: str, units: int) -> bool:
    taken, offered, total = _column(_TAKEN[seat]), _column(_OFFERED[seat]), _column(_TOTAL[seat])
    return await _update(session, shift_id, taken + offered + units <= total, {name: _column(name) + units})


async def _update(session: AsyncSession, shift_id: UUID, room: ColumnElement[bool], values: dict[str, Any]) -> bool:
    done = await session.exec(
        update(Shift)
        .where(col(Shift.id) == shift_id, col(Shift.state).in_(OPEN_STATES), room)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return done.rowcount == 1


async def _settled(session: AsyncSession, shift_id: UUID, there: ColumnElement[bool], values: dict[str, Any]) -> None:
    done = await session.exec(
        update(Shift)
        .where(col(Shift.id) == shift_id, there)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        # Counted wrongly somewhere: better no answer than an oversold shift.
        raise RuntimeError("seats of a shift do not add up")


def _column(name: str) -> Any:
    return Shift.__table__.columns[name]  # type: ignore[attr-defined]
