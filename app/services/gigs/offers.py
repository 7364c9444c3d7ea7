"""Offers: a seat is held for one person for a stated time; accept, decline, lapse, taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.models.common import Notice
from app.models.gigs import Assignment, Offer, Shift
from app.rules.common.notices import NoticeKind, quiet_until
from app.rules.gigs.offers import (
    HOLDING,
    AlreadyOnShiftError,
    OfferNotFoundError,
    OfferSource,
    OfferState,
    SeatsFullError,
    answer_until,
    check_answer,
    check_taking_people,
    units_of,
)
from app.rules.gigs.terms import SeatKind
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor
from app.services.gigs import assignments, board, law, seats
from app.services.gigs.board import OnBoard
from app.services.gigs.events import OfferMade, SeatFreed
from app.services.gigs.law import lock_worker
from app.services.identity import audit
from app.services.identity.assisted import note_act
from app.services.identity.consents import consents_of
from app.services.identity.people import wants_night_messages

SUBJECT = "offer"
SWEEP_BATCH = 100


@dataclass(frozen=True, slots=True)
class Received:
    offer: Offer
    on: OnBoard


async def make(
    session: AsyncSession,
    on: OnBoard,
    person_id: UUID,
    *,
    source: OfferSource,
    now: datetime,
    seat: SeatKind = SeatKind.REGULAR,
    run_id: UUID | None = None,
    ring: int = 0,
    reason: str = "",
) -> Offer | None:
    """Hold a seat for somebody and tell them; None where no seat is free or they are on it already.

    Whether the person may take it is looked at by the caller now and once more at the acceptance.
    """
    if await is_on(session, on.shift.id, person_id):
        return None
    units = units_of(half=on.shift.half)
    if not await seats.hold(session, on.shift.id, seat, units):
        return None
    night = await wants_night_messages(session, person_id)
    asleep = quiet_until(NoticeKind.GIG_OFFER, now.astimezone(CHINA), night_messages=night)
    row = Offer(
        id=new_id(), created_at=now, updated_at=now, shift_id=on.shift.id, person_id=person_id, run_id=run_id, source=source,
        seat=seat, units=units, order_version=on.order.content_version, ring=ring, reason=reason[:200],
        answer_by=answer_until(now, on.shift.starts_at, on.shift.ends_at, quiet_until=asleep),
    )  # fmt: skip
    if not await insert_or_ignore(session, Offer, row.model_dump()):
        await seats.release_held(session, on.shift.id, seat, units)
        return None
    await emit(session, OfferMade(at=now, offer_id=row.id, person_id=person_id, shift_id=on.shift.id))
    return await lock(session, Offer, row.id, OfferNotFoundError)


async def is_on(session: AsyncSession, shift_id: UUID, person_id: UUID) -> bool:
    """Holds a seat of the shift, or is being asked."""
    waiting = select(col(Offer.id)).where(
        Offer.shift_id == shift_id, Offer.person_id == person_id, Offer.state == OfferState.OFFERED
    )
    if (await session.exec(waiting)).first() is not None:
        return True
    holding = select(col(Assignment.id)).where(
        Assignment.shift_id == shift_id, Assignment.person_id == person_id, col(Assignment.state).in_(HOLDING)
    )
    return (await session.exec(holding)).first() is not None


async def accept(
    session: AsyncSession, crypto: Crypto, actor: Actor, offer_id: UUID, *, expected_version: int, now: datetime
) -> Assignment:
    """The seat that was held becomes the person's own; the terms of the version they saw are frozen."""
    seen = await _own(session, actor, offer_id)
    check_consent(await consents_of(session, actor.person_id), ConsentPurpose.SERVICE)
    await lock_worker(session, actor.person_id)
    others = await _clashing(session, seen)
    on = (await board.hold_shifts(session, [seen.shift_id, *(row.shift_id for row in others)]))[seen.shift_id]
    row = await lock(session, Offer, offer_id, OfferNotFoundError)
    check_version(row.version, expected_version)
    check_answer(row.state, OfferState.ACCEPTED, row.answer_by, now)
    check_taking_people(on.shift.state, on.shift.starts_at, on.shift.ends_at, now)
    label = await law.check_may_take(session, person_id=row.person_id, shift=on.shift, order=on.order, now=now)
    if not await seats.keep(session, row.shift_id, row.seat, row.units):
        raise SeatsFullError(waiting=0)
    row.state, row.answered_at = OfferState.ACCEPTED, now
    row.touch(now)
    made = await assignments.begin(
        session,
        on,
        row.person_id,
        seat=row.seat,
        label=label,
        order_version=row.order_version,
        offer_id=row.id,
        now=now,
    )
    await take_back(session, [other.id for other in others], now=now)
    audit.by(session, actor, "offer_accepted", SUBJECT, row.id, now=now)
    await note_act(
        session, crypto, actor, operation="accept_shift_offer", subject_kind="assignment", subject_id=made.id,
        subject_version=made.version, before=None, told=f"接受零工邀约“{on.order.title}”", now=now, undoable=False,
    )  # fmt: skip
    return made


async def decline(
    session: AsyncSession, crypto: Crypto, actor: Actor, offer_id: UUID, *, expected_version: int, now: datetime
) -> Received:
    """No reason needed; the next one is asked at once."""
    seen = await _own(session, actor, offer_id)
    on = (await board.hold_shifts(session, [seen.shift_id]))[seen.shift_id]
    row = await lock(session, Offer, offer_id, OfferNotFoundError)
    check_version(row.version, expected_version)
    check_answer(row.state, OfferState.DECLINED, row.answer_by, now)
    await end(session, row, OfferState.DECLINED, now=now)
    audit.by(session, actor, "offer_declined", SUBJECT, row.id, now=now)
    await note_act(
        session, crypto, actor, operation="decline_shift_offer", subject_kind=SUBJECT, subject_id=row.id,
        subject_version=row.version, before=None, told=f"谢绝零工邀约“{on.order.title}”", now=now, undoable=False,
    )  # fmt: skip
    return Received(row, on)


async def end(session: AsyncSession, row: Offer, target: OfferState, *, now: datetime) -> None:
    """The held seat is free again: said once, by whoever ended it under the offer's lock."""
    check_answer(row.state, target, row.answer_by, now)
    row.state, row.answered_at = target, now
    row.touch(now)
    await session.flush()
    await seats.release_held(session, row.shift_id, row.seat, row.units)
    await emit(session, SeatFreed(at=now, shift_id=row.shift_id))


async def take_back(session: AsyncSession, offer_ids: Sequence[UUID], *, now: datetime) -> None:
    """Somebody took another seat at that time, or a shift is cancelled. Their shifts are locked by the caller."""
    for row in await _lock_open(session, offer_ids):
        await end(session, row, OfferState.WITHDRAWN, now=now)


async def leave_all(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """An account ends, or the consent to the service: no seat waits for an answer any more."""
    rows = await _open(session, Offer.person_id == person_id)
    await board.hold_shifts(session, [row.shift_id for row in rows])
    await take_back(session, [row.id for row in rows], now=now)


async def take_back_between(session: AsyncSession, enterprise_id: UUID, person_id: UUID, *, now: datetime) -> None:
    """What a firm has open for one person."""
    firms = select(col(Shift.id)).where(Shift.enterprise_id == enterprise_id)
    rows = await _open(session, (col(Offer.person_id) == person_id) & col(Offer.shift_id).in_(firms))
    await board.hold_shifts(session, [row.shift_id for row in rows])
    await take_back(session, [row.id for row in rows], now=now)


async def end_of_shift(session: AsyncSession, shift_id: UUID, *, now: datetime) -> None:
    """The shift is cancelled, under its lock."""
    rows = await _open(session, Offer.shift_id == shift_id)
    await take_back(session, [row.id for row in rows], now=now)


async def lapse_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep. What never reached the person is taken back, not lapsed: their silence says nothing."""
    due = select(Offer).where(Offer.state == OfferState.OFFERED, col(Offer.answer_by) < now)
    seen = (await session.exec(due.order_by(col(Offer.answer_by), col(Offer.id)).limit(SWEEP_BATCH))).all()
    await board.hold_shifts(session, [row.shift_id for row in seen])
    rows = await _lock_open(session, [row.id for row in seen])
    told = await _reached(session, [row.notice_id for row in rows if row.notice_id is not None])
    for row in rows:
        await end(session, row, OfferState.LAPSED if row.notice_id in told else OfferState.WITHDRAWN, now=now)
    return len(seen)


async def list_mine(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Received], str | None]:
    """Newest first."""
    query = {"list": "offers", "person": actor.person_id}
    keys = [col(Offer.created_at), col(Offer.id)]
    statement = select(Offer).where(Offer.person_id == actor.person_id)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    rows, following = cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])
    found = await board.many(session, [row.shift_id for row in rows])
    return [Received(row, found[row.shift_id]) for row in rows], following


async def get_mine(session: ReadSession | AsyncSession, actor: Actor, offer_id: UUID) -> Received:
    row = await _own(session, actor, offer_id)
    return Received(row, (await board.many(session, [row.shift_id]))[row.shift_id])


async def check_not_on(session: AsyncSession, shift_id: UUID, person_id: UUID) -> None:
    if await is_on(session, shift_id, person_id):
        raise AlreadyOnShiftError


async def _own(session: ReadSession | AsyncSession, actor: Actor, offer_id: UUID) -> Offer:
    found = await session.exec(select(Offer).where(Offer.id == offer_id, Offer.person_id == actor.person_id))
    row = found.one_or_none()
    if row is None:
        raise OfferNotFoundError
    return row


async def clashing(session: AsyncSession, person_id: UUID, shift: Shift) -> list[Offer]:
    """What else the person is asked for at that time, this shift's own offer left out."""
    rows = await session.exec(
        select(Offer)
        .join(Shift, col(Shift.id) == col(Offer.shift_id))
        .where(
            Offer.person_id == person_id, Offer.state == OfferState.OFFERED, col(Offer.shift_id) != shift.id,
            col(Shift.starts_at) < shift.ends_at, col(Shift.ends_at) > shift.starts_at,
        )
    )  # fmt: skip
    return list(rows.all())


async def _clashing(session: AsyncSession, seen: Offer) -> list[Offer]:
    return await clashing(session, seen.person_id, (await board.of_shift(session, seen.shift_id)).shift)


async def _open(session: AsyncSession, condition: Any) -> Sequence[Offer]:
    return (await session.exec(select(Offer).where(Offer.state == OfferState.OFFERED, condition))).all()


async def _lock_open(session: AsyncSession, offer_ids: Sequence[UUID]) -> Sequence[Offer]:
    """Those that still wait, in id order."""
    rows = await session.exec(
        select(Offer)
        .where(col(Offer.id).in_(offer_ids), Offer.state == OfferState.OFFERED)
        .order_by(col(Offer.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def _reached(session: AsyncSession, notice_ids: Sequence[UUID]) -> set[UUID]:
    rows = await session.exec(
        select(col(Notice.id)).where(
            col(Notice.id).in_(notice_ids),
            col(Notice.delivered_at).is_not(None) | col(Notice.read_at).is_not(None),
        )
    )
    return set(rows.all())
