"""A person of the firm or the office says: this person on that shift, or never. The law is asked when it is said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.core.errors import AppError
from app.core.ids import new_id
from app.models.gigs import Assignment, PlanPin, WorkerProfile
from app.rules.gigs.allocation import PinKind, PinNotFoundError, PinUnlawfulError
from app.rules.gigs.orders import ShiftNotFoundError
from app.rules.identity.roles import Actor, Permission
from app.services.gigs import board, law, rosters
from app.services.gigs.board import OnBoard
from app.services.gigs.rosters import masked_names
from app.services.identity import audit

SUBJECT = "plan_pin"


@dataclass(frozen=True, slots=True)
class Pinned:
    row: PlanPin
    name: str | None


async def put(
    session: AsyncSession, actor: Actor, shift_id: UUID, person_id: UUID, *, kind: PinKind, reason: str, now: datetime
) -> PlanPin:
    """Said again it replaces what was said before. Only of people whom the firm knows; anybody else does not exist."""
    on = await _shift_of(session, actor, shift_id)
    await _check_known(session, actor, on, person_id)
    if kind is PinKind.PIN:
        await law.lock_worker(session, person_id)
        try:
            await law.check_may_take(session, person_id=person_id, shift=on.shift, order=on.order, now=now)
        except AppError as exc:
            raise PinUnlawfulError(why=exc.text) from exc
    found = await session.exec(
        select(PlanPin).where(PlanPin.shift_id == shift_id, PlanPin.person_id == person_id).with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        row = PlanPin(
            id=new_id(), created_at=now, updated_at=now, shift_id=shift_id, person_id=person_id, kind=kind, reason=reason,
            set_by=actor.person_id,
        )  # fmt: skip
        session.add(row)
    else:
        row.kind, row.reason, row.set_by = kind, reason, actor.person_id
        row.touch(now)
    await session.flush()
    audit.by(session, actor, "plan_pinned", SUBJECT, row.id, now=now, kind=kind)
    return row


async def take_off(session: AsyncSession, actor: Actor, shift_id: UUID, person_id: UUID, *, now: datetime) -> None:
    await _shift_of(session, actor, shift_id)
    done = await session.exec(
        delete(PlanPin).where(col(PlanPin.shift_id) == shift_id, col(PlanPin.person_id) == person_id)
    )
    if not done.rowcount:
        raise PinNotFoundError
    audit.by(session, actor, "plan_unpinned", SUBJECT, f"{shift_id}", now=now)


async def list_of_shift(
    session: ReadSession | AsyncSession, crypto: Crypto, actor: Actor, shift_id: UUID
) -> Sequence[Pinned]:
    await _shift_of(session, actor, shift_id)
    rows = (
        await session.exec(
            select(PlanPin).where(PlanPin.shift_id == shift_id).order_by(col(PlanPin.created_at), col(PlanPin.id))
        )
    ).all()
    names = await masked_names(session, crypto, [row.person_id for row in rows])
    return [Pinned(row, names.get(row.person_id)) for row in rows]


async def _shift_of(session: AsyncSession | ReadSession, actor: Actor, shift_id: UUID) -> OnBoard:
    on = (await board.many(session, [shift_id])).get(shift_id)
    mine = on is not None and on.shift.enterprise_id in actor.enterprises(Permission.ALLOCATION_RUN)
    if on is None or not (mine or actor.town_wide(Permission.ALLOCATION_RUN)):
        raise ShiftNotFoundError
    return on


async def _check_known(session: AsyncSession, actor: Actor, on: OnBoard, person_id: UUID) -> None:
    worker = await session.exec(select(col(WorkerProfile.id)).where(WorkerProfile.person_id == person_id))
    if worker.one_or_none() is None:
        raise PinNotFoundError
    if actor.town_wide(Permission.ALLOCATION_RUN) or await rosters.is_member(
        session, on.shift.enterprise_id, person_id
    ):
        return
    worked = await session.exec(
        select(col(Assignment.id))
        .where(Assignment.enterprise_id == on.shift.enterprise_id, Assignment.person_id == person_id)
        .limit(1)
    )
    if worked.one_or_none() is None:
        raise PinNotFoundError
