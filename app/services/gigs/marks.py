"""Coming and going at the place of work: by the code on the firm's screen, by one's own code, by place, by the dispatcher.

No tracks: of a place only the distance is kept. A code holds for half a minute. The screen's is bound to the shift and
counts for whoever is signed in and has a seat there; one's own is bound to the seat, so that a photograph of it is of no
use to anybody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.core.ids import new_id
from app.core.rotating import CodeFault, RotatingCodes, ShownCode
from app.core.upsert import insert_or_ignore
from app.models.gigs import Assignment, SiteMark
from app.rules.geo import distance_m, to_gcj02
from app.rules.gigs import site
from app.rules.gigs.offers import HOLDING, AssignmentState, SeatsFullError
from app.rules.gigs.terms import MarkKind, MarkMethod, SeatKind
from app.rules.identity.roles import Actor
from app.rules.jobs.terms import CoordType
from app.services.gigs import assignments, attendance, board, claims, law, seats, timesheets
from app.services.gigs.board import OnBoard
from app.services.identity import audit
from app.services.identity.assisted import note_act

SUBJECT = "site_mark"
OFFLINE = "没有网络，事后补传"
FAULTS = {
    CodeFault.FORGED: site.SiteCodeInvalidError,
    CodeFault.ELSEWHERE: site.SiteCodeElsewhereError,
    CodeFault.EXPIRED: site.SiteCodeExpiredError,
}
A = AssignmentState


@dataclass(frozen=True, slots=True)
class Seen:
    """How somebody was seen to come or go. `client_id` and `at`: kept on a phone without a network."""

    kind: MarkKind
    method: MarkMethod
    at: datetime | None = None
    client_id: UUID | None = None
    distance_m: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    assignment: Assignment
    marks: Sequence[SiteMark]
    suggested_minutes: int | None


def shift_codes(crypto: Crypto) -> RotatingCodes:
    return RotatingCodes(crypto.derived_key("gig_site_shift"), timedelta(seconds=site.CODE_SECONDS))


def own_codes(crypto: Crypto) -> RotatingCodes:
    return RotatingCodes(crypto.derived_key("gig_site_person"), timedelta(seconds=site.CODE_SECONDS))


async def show_shift_code(
    session: ReadSession, crypto: Crypto, actor: Actor, shift_id: UUID, *, now: datetime
) -> ShownCode:
    """What the screen at the place of work shows for the next half minute."""
    await board.at_site(session, actor, shift_id)
    return shift_codes(crypto).show(shift_id, now)


async def show_own_code(
    session: ReadSession, crypto: Crypto, actor: Actor, assignment_id: UUID, *, now: datetime
) -> ShownCode:
    """What the person's phone shows to the dispatcher."""
    held = await assignments.get_mine(session, actor, assignment_id)
    return own_codes(crypto).show(held.row.id, now)


async def by_shift_code(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    assignment_id: UUID,
    *,
    kind: MarkKind,
    code: str,
    at: datetime | None,
    client_id: UUID | None,
    now: datetime,
) -> Marked:
    """The person scans the screen. Without a network the phone keeps code and time; the code must have held then."""
    row, on = await assignments.lock_own(session, actor, assignment_id)
    fault = shift_codes(crypto).fault(code, row.shift_id, site.marked_at(at, now))
    if fault is not None:
        raise FAULTS[fault]
    return await _put(
        session, crypto, actor, row, on, Seen(kind, MarkMethod.QR, at, client_id), by_person_id=actor.caller_id, now=now
    )


async def by_place(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    assignment_id: UUID,
    *,
    kind: MarkKind,
    latitude: float,
    longitude: float,
    coord_type: CoordType,
    at: datetime | None,
    client_id: UUID | None,
    now: datetime,
) -> Marked:
    """The phone says where it is; only how far that is from the place of work is kept."""
    row, on = await assignments.lock_own(session, actor, assignment_id)
    order = on.order
    if order.latitude is None or order.longitude is None or order.coord_type is None:
        raise site.NoPlaceError
    metres = distance_m(
        *to_gcj02(latitude, longitude, coord_type), *to_gcj02(order.latitude, order.longitude, order.coord_type)
    )
    site.check_near(metres, await law.limits_on(session, on.shift.day))
    seen = Seen(kind, MarkMethod.GEOFENCE, at, client_id, distance_m=metres)
    return await _put(session, crypto, actor, row, on, seen, by_person_id=actor.caller_id, now=now)


async def by_own_code(
    session: AsyncSession, crypto: Crypto, actor: Actor, shift_id: UUID, *, kind: MarkKind, code: str, now: datetime
) -> Marked:
    """The dispatcher scans the person's phone."""
    await board.at_site(session, actor, shift_id)
    assignment_id = own_codes(crypto).thing_of(code)
    if assignment_id is None:
        raise site.SiteCodeInvalidError
    fault = own_codes(crypto).fault(code, assignment_id, now)
    if fault is not None:
        raise FAULTS[fault]
    found = await session.exec(
        select(col(Assignment.id)).where(Assignment.id == assignment_id, Assignment.shift_id == shift_id)
    )
    if found.one_or_none() is None:
        raise site.SiteCodeElsewhereError
    row, on = await assignments.lock_of_firm(session, actor, assignment_id)
    return await _put(session, crypto, actor, row, on, Seen(kind, MarkMethod.QR), by_person_id=actor.caller_id, now=now)


async def by_hand(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    assignment_id: UUID,
    *,
    kind: MarkKind,
    at: datetime | None,
    reason: str,
    now: datetime,
) -> Marked:
    """The dispatcher says that somebody came or went, and why no code did; also of one who was called missing."""
    row, on = await assignments.lock_of_firm(session, actor, assignment_id)
    if at is not None and at > now + site.CLOCK_SKEW:
        raise site.MarkInFutureError
    seen = Seen(kind, MarkMethod.DISPATCHER, at, reason=reason)
    return await _put(session, crypto, actor, row, on, seen, by_person_id=actor.caller_id, now=now)


async def of_mine(session: ReadSession, actor: Actor, assignment_id: UUID) -> Marked:
    held = await assignments.get_mine(session, actor, assignment_id)
    return await _marked(session, held.row, held.on)


async def of_firm(session: ReadSession, actor: Actor, assignment_id: UUID) -> Marked:
    row = await assignments.get_of_firm(session, actor, assignment_id)
    return await _marked(session, row, (await board.many(session, [row.shift_id]))[row.shift_id])


async def many(session: ReadSession | AsyncSession, assignment_ids: Sequence[UUID]) -> dict[UUID, list[SiteMark]]:
    """The marks of each seat, oldest first; one statement."""
    rows = await session.exec(
        select(SiteMark)
        .where(col(SiteMark.assignment_id).in_(assignment_ids))
        .order_by(col(SiteMark.at), col(SiteMark.id))
    )
    found: dict[UUID, list[SiteMark]] = {}
    for row in rows:
        found.setdefault(row.assignment_id, []).append(row)
    return found


def stretch_of(on: OnBoard) -> site.Stretch:
    return site.Stretch(on.shift.starts_at, on.shift.ends_at, on.shift.break_minutes)


def suggestion(marks: Sequence[SiteMark], stretch: site.Stretch) -> int | None:
    """The first coming and the last going count."""
    came = next((mark.at for mark in marks if mark.kind is MarkKind.IN), None)
    went = next((mark.at for mark in reversed(marks) if mark.kind is MarkKind.OUT), None)
    return site.suggested_minutes(came, went, stretch)


async def put_imported(
    session: AsyncSession, row: Assignment, kind: MarkKind, at: datetime, *, by: UUID, now: datetime
) -> None:
    """A clock's row: kept beside what is known already, once for each kind and time."""
    known = (await many(session, [row.id])).get(row.id, [])
    if any(mark.kind is kind and mark.at == at for mark in known):
        return
    session.add(
        SiteMark(
            id=new_id(), created_at=now, assignment_id=row.id, kind=kind, method=MarkMethod.IMPORT, at=at,
            by_person_id=by,
        )
    )  # fmt: skip
    await session.flush()


async def _put(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    row: Assignment,
    on: OnBoard,
    seen: Seen,
    *,
    by_person_id: UUID,
    now: datetime,
) -> Marked:
    """One mark under the locks of shift and seat. Said twice is said once: the first coming counts, the last going."""
    at = site.marked_at(seen.at, now) if seen.method is not MarkMethod.DISPATCHER else (seen.at or now)
    known = (await many(session, [row.id])).get(row.id, [])
    if any(seen.client_id is not None and mark.client_id == seen.client_id for mark in known) or (
        seen.kind is MarkKind.IN and row.state is A.PRESENT
    ):
        return Marked(row, known, suggestion(known, stretch_of(on)))
    by_firm = seen.method is MarkMethod.DISPATCHER
    limits = await law.limits_on(session, on.shift.day)
    if not by_firm:
        site.check_mark_time(seen.kind, at, stretch_of(on), limits)
    # Whoever looks at the marks sees which of them nobody could check at the time.
    late = OFFLINE if now - at > site.CLOCK_SKEW and not by_firm else None
    mark = SiteMark(
        id=new_id(), created_at=now, assignment_id=row.id, kind=seen.kind, method=seen.method, at=at,
        by_person_id=by_person_id, distance_m=seen.distance_m, reason=seen.reason or late, client_id=seen.client_id,
    )  # fmt: skip
    if not await insert_or_ignore(session, SiteMark, mark.model_dump()):
        return await _marked(session, row, on)
    if seen.kind is MarkKind.IN:
        await _arrive(session, row, by_firm=by_firm, now=now)
    else:
        await _go(session, row, on, now=now)
    audit.by(session, actor, f"came_{seen.kind}", SUBJECT, row.id, now=now, method=seen.method)
    await note_act(
        session, crypto, actor, operation="check_in_at_shift", subject_kind=SUBJECT, subject_id=mark.id,
        subject_version=1, before=None, told=f"在“{on.order.title}”{seen.kind.label}", now=now, undoable=False,
    )  # fmt: skip
    return await _marked(session, row, on)


async def _arrive(session: AsyncSession, row: Assignment, *, by_firm: bool, now: datetime) -> None:
    """Who comes has confirmed. Who was called missing may still find the seat free, and the record is taken back."""
    if row.state is A.ACCEPTED:
        await assignments.move(session, row, A.CONFIRMED, now=now)
    if row.state is A.NO_SHOW:
        free = row.seat is SeatKind.STANDBY or await seats.take(session, row.shift_id, row.seat, row.units)
        # The firm may let one more work than it asked for: it pays for both.
        if not free and not by_firm:
            raise SeatsFullError(waiting=await claims.waiting_count(session, row.shift_id))
        await assignments.move(session, row, A.PRESENT, now=now)
        await attendance.take_back(session, row.id, now=now)
        return
    await assignments.move(session, row, A.PRESENT, now=now)


async def _go(session: AsyncSession, row: Assignment, on: OnBoard, *, now: datetime) -> None:
    """A 候补 who was not needed goes as one: what becomes of that seat decides the end of the shift."""
    if row.state is A.DONE or row.seat is SeatKind.STANDBY:
        return
    if row.state in HOLDING and row.state is not A.PRESENT:
        raise site.NotCheckedInError
    missed = row.state is A.NO_SHOW
    await assignments.move(session, row, A.DONE, now=now)
    if missed:
        await attendance.take_back(session, row.id, now=now)
    await timesheets.open_for(session, row, on, now=now)


async def _marked(session: ReadSession | AsyncSession, row: Assignment, on: OnBoard) -> Marked:
    known = (await many(session, [row.id])).get(row.id, [])
    return Marked(row, known, suggestion(known, stretch_of(on)))


async def end_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: who was there and did not check out has worked to the end; the hours are for the two sides to say.

    So has who confirmed, at a firm that does not check anybody in: silence of a gate is nobody's no-show.
    """
    limits = await law.limits_on(session, china_date(now))
    seen = (
        await session.exec(
            select(Assignment)
            .where(
                or_(col(Assignment.state) == A.PRESENT, (col(Assignment.state) == A.CONFIRMED) & ~attendance.gate_in_use()),
                Assignment.seat == SeatKind.REGULAR,
                col(Assignment.ends_at) <= now - timedelta(minutes=limits.check_out_late_minutes),
            )
            .order_by(col(Assignment.starts_at), col(Assignment.id))
            .limit(assignments.SWEEP_BATCH)
        )
    ).all()  # fmt: skip
    held = await board.hold_shifts(session, [row.shift_id for row in seen])
    for one in seen:
        row = await assignments.lock_row(session, one.id)
        if row.state is A.CONFIRMED:
            await assignments.move(session, row, A.PRESENT, now=now)
        if row.state is A.PRESENT:
            await assignments.move(session, row, A.DONE, now=now)
            await timesheets.open_for(session, row, held[row.shift_id], now=now)
    return len(seen)
