"""Urgent fill: the firm's own people first, then proved hands nearby, then everybody who may; each ring for a while."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.crypto import crypto_of
from app.core.db import check_version
from app.core.events import emit
from app.models.gigs import RosterMember, Shift, WorkerProfile, WorkerSkill
from app.rules.gigs.offers import check_taking_people
from app.rules.gigs.terms import Proof
from app.rules.gigs.urgent import NEARBY_M, RING_TIME, RINGS, Ring, UrgentAlreadyError
from app.rules.identity.roles import Actor
from app.services.gigs import board, homes
from app.services.gigs.board import OnBoard
from app.services.gigs.events import UrgentWidened
from app.services.identity import audit

__all__ = ["RING_TIME", "begin", "people_in", "ring_of", "widen_due"]
# Told at once at each ring; more than that is noise, and the first to come gets the seat anyway.
TOLD_AT_MOST = 200


async def begin(session: AsyncSession, actor: Actor, shift_id: UUID, *, expected_version: int, now: datetime) -> Shift:
    """The dispatcher needs people now: the first ring is told and may claim."""
    await board.of_firm(session, actor, shift_id)
    on = (await board.hold_shifts(session, [shift_id]))[shift_id]
    check_version(on.shift.version, expected_version)
    check_taking_people(on.shift.state, on.shift.starts_at, on.shift.ends_at, now)
    if on.shift.urgent_ring:
        raise UrgentAlreadyError(ring=Ring(on.shift.urgent_ring).label)
    audit.by(session, actor, "urgent_begun", "shift", shift_id, now=now)
    await _widen(session, on, now)
    return on.shift


async def widen_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: a ring had its time and seats are still free."""
    rows = (
        await session.exec(
            select(Shift)
            .where(
                col(Shift.urgent_ring).between(1, len(RINGS) - 1), col(Shift.urgent_since) <= now - RING_TIME,
                col(Shift.taken) + col(Shift.offered) < col(Shift.seats), col(Shift.ends_at) > now,
            )
            .order_by(col(Shift.id))
            .limit(50)
            .with_for_update(skip_locked=True)
        )
    ).all()  # fmt: skip
    found = await board.many(session, [row.id for row in rows])
    for row in rows:
        await _widen(session, found[row.id], now)
    return len(rows)


async def _widen(session: AsyncSession, on: OnBoard, now: datetime) -> None:
    on.shift.urgent_ring += 1
    on.shift.urgent_since = now
    on.shift.touch(now)
    await session.flush()
    people = await people_in(session, on, Ring(on.shift.urgent_ring))
    await emit(
        session,
        UrgentWidened(
            at=now, shift_id=on.shift.id, title=on.order.title, enterprise_name=on.order.enterprise_name,
            starts_at=on.shift.starts_at, ring=on.shift.urgent_ring, people=people,
        ),
    )  # fmt: skip


async def people_in(session: AsyncSession, on: OnBoard, ring: Ring) -> tuple[UUID, ...]:
    """Who is told when this ring opens: active, asked for urgent work, able; nobody of an earlier ring twice."""
    rows = (await session.exec(_able(on).order_by(col(WorkerProfile.person_id)).limit(TOLD_AT_MOST * 5))).all()
    rings = await _rings(session, on, rows)
    firm = str(on.shift.enterprise_id)
    open_to = [row for row in rows if row.urgent and firm not in (*row.blocks, *row.hidden_from)]
    return tuple(row.person_id for row in open_to if rings[row.person_id] == ring)[:TOLD_AT_MOST]


async def ring_of(session: AsyncSession, on: OnBoard, person_id: UUID) -> Ring:
    found = await session.exec(select(WorkerProfile).where(WorkerProfile.person_id == person_id))
    return (await _rings(session, on, found.all()))[person_id]


def _able(on: OnBoard) -> SelectOfScalar[WorkerProfile]:
    skilled = exists().where(
        col(WorkerSkill.person_id) == col(WorkerProfile.person_id),
        col(WorkerSkill.process_code) == on.order.process_code,
        col(WorkerSkill.level) >= on.order.level,
    )
    return select(WorkerProfile).where(col(WorkerProfile.active), skilled)


async def _rings(session: AsyncSession, on: OnBoard, rows: Sequence[WorkerProfile]) -> dict[UUID, Ring]:
    ids = [row.person_id for row in rows]
    roster = await session.exec(
        select(col(RosterMember.person_id)).where(
            RosterMember.enterprise_id == on.shift.enterprise_id, col(RosterMember.left_at).is_(None),
            col(RosterMember.person_id).in_(ids),
        )
    )  # fmt: skip
    proved = await session.exec(
        select(col(WorkerSkill.person_id)).where(
            col(WorkerSkill.person_id).in_(ids), WorkerSkill.process_code == on.order.process_code,
            col(WorkerSkill.level) >= on.order.level, col(WorkerSkill.proof) != Proof.CLAIMED,
        )
    )  # fmt: skip
    own, known = set(roster.all()), set(proved.all())
    crypto = crypto_of(session)
    near = {row.person_id for row in rows if homes.within(crypto, row, on.order, NEARBY_M)}
    return {
        row.person_id: Ring.ROSTER if row.person_id in own
        else Ring.NEARBY if row.person_id in known and row.person_id in near
        else Ring.ALL
        for row in rows
    }  # fmt: skip
