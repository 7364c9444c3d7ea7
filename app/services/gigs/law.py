"""The law of hours and ages, asked of the rows: may this person take this shift, and under which label."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.core.crypto import crypto_of
from app.models.gigs import Assignment, LabourLimitRow, Shift, ShiftOrder, Timesheet, WorkerProfile
from app.rules.gigs.hours import Stretch, Wanted, Worker, check_take, span_of
from app.rules.gigs.labels import Label, label_of
from app.rules.gigs.labour import Limits, limits_of
from app.rules.gigs.offers import WORKED
from app.rules.gigs.profiles import WorkerProfileMissingError
from app.services.gigs import shared_people
from app.services.identity.people import facts_of

__all__ = ["Label", "Standing", "check_may_take", "limits_on", "lock_worker", "preview", "standings_of", "work_of"]


_LIMIT_COLUMNS = tuple(
    LabourLimitRow.__table__.columns[name]  # type: ignore[attr-defined]
    for name in (
        "limit_id", "kind", "scope", "value", "confirmed", "law", "article", "effective_from", "effective_to",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """A person as the law sees them, for many questions at once: the plan, the preview, the offer."""

    person_id: UUID
    worker: Worker


async def limits_on(session: AsyncSession, day: date) -> Limits:
    """The numbers in force on a day: some fifty rows, read once in a transaction, so that an edit counts at once."""
    kept: dict[date, Limits] = session.sync_session.info.setdefault("labour_limits", {})
    if day not in kept:
        # Columns, not objects: this is asked for with every seat.
        rows = await session.exec(select(*_LIMIT_COLUMNS).where(LabourLimitRow.effective_from <= day))
        kept[day] = limits_of(rows.all(), day)
    return kept[day]


async def lock_worker(session: AsyncSession, person_id: UUID) -> WorkerProfile:
    """The person's row under a lock, fresh: two seats for one person are decided one after the other."""
    found = await session.exec(
        select(WorkerProfile)
        .where(WorkerProfile.person_id == person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is None:
        raise WorkerProfileMissingError
    return row


async def check_may_take(
    session: AsyncSession,
    *,
    person_id: UUID,
    shift: Shift,
    order: ShiftOrder,
    now: datetime,
    exclude_assignment: UUID | None = None,
) -> Label:
    """The law for one person and one shift; a `LabourLawError` that names rule and numbers, or the label.

    The caller holds the lock of the person's row (`lock_worker`); `exclude_assignment` is the seat that this one replaces.
    """
    del now  # The law asks for the day of the shift, whenever that is asked.
    if order.sharing_id is not None:
        await shared_people.check_shared(session, order.sharing_id, person_id, shift.day)
    worker, wanted, held, limits = await _facts(session, person_id, shift, order, exclude_assignment)
    check_take(worker, wanted, held, limits)
    return await _label(session, person_id, wanted, (worker, held, limits), order)


async def preview(session: AsyncSession, *, person_id: UUID, shift: Shift, order: ShiftOrder) -> Label:
    """The label as it would be, whether or not the law lets the person take the shift; without a lock."""
    worker, wanted, held, limits = await _facts(session, person_id, shift, order, None)
    return await _label(session, person_id, wanted, (worker, held, limits), order)


async def standings_of(session: AsyncSession, person_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """What the law asks about each registered worker; three statements for any number of people."""
    rows = await session.exec(select(WorkerProfile).where(col(WorkerProfile.person_id).in_(person_ids)))
    facts = await facts_of(session, crypto_of(session), person_ids)
    return {
        row.person_id: Standing(
            row.person_id,
            Worker(
                born=facts[row.person_id].birth_date, overtime_consent=row.overtime_consent,
                minor_ready_until=row.minor_ready_until, student=row.student, retired=row.retired,
                outside_minutes_week=row.outside_minutes_week, vehicle=row.vehicle,
            ),
        )
        for row in rows
        if row.person_id in facts
    }  # fmt: skip


async def work_of(
    session: AsyncSession,
    person_ids: Sequence[UUID],
    first: date,
    last: date,
    *,
    without: UUID | None = None,
    without_shifts: Collection[UUID] = (),
) -> dict[UUID, list[Stretch]]:
    """Everything that these people worked or promised on Chinese days `first` … `last`, in order.

    Worked minutes are those of the time sheet where both sides settled one, else those of the shift.
    """
    statement = (
        select(Assignment, col(Timesheet.final_minutes), col(ShiftOrder.east_m), col(ShiftOrder.north_m))
        .join(Shift, col(Shift.id) == col(Assignment.shift_id))
        .join(ShiftOrder, col(ShiftOrder.id) == col(Shift.order_id))
        .outerjoin(Timesheet, col(Timesheet.assignment_id) == col(Assignment.id))
        .where(
            col(Assignment.person_id).in_(person_ids),
            col(Assignment.state).in_(WORKED),
            # One that began the evening before reaches into the first day.
            col(Assignment.starts_at) >= _midnight(first) - timedelta(days=1),
            col(Assignment.starts_at) < _midnight(last) + timedelta(days=1),
        )
        .order_by(col(Assignment.starts_at), col(Assignment.id))
    )
    if without is not None:
        statement = statement.where(col(Assignment.id) != without)
    if without_shifts:
        statement = statement.where(col(Assignment.shift_id).not_in(without_shifts))
    found: dict[UUID, list[Stretch]] = {person_id: [] for person_id in person_ids}
    for row, final_minutes, east_m, north_m in await session.exec(statement):
        minutes = row.work_minutes if final_minutes is None else final_minutes
        place = None if east_m is None or north_m is None else (east_m, north_m)
        found[row.person_id].append(Stretch(row.enterprise_id, row.starts_at, row.ends_at, minutes, place))
    return found


async def _facts(
    session: AsyncSession, person_id: UUID, shift: Shift, order: ShiftOrder, without: UUID | None
) -> tuple[Worker, Wanted, list[Stretch], Limits]:
    standing = (await standings_of(session, [person_id])).get(person_id)
    if standing is None:
        raise WorkerProfileMissingError
    limits = await limits_on(session, shift.day)
    wanted = Wanted(
        stretch=Stretch(shift.enterprise_id, shift.starts_at, shift.ends_at, shift.work_minutes, _place(order)),
        hazards=order.hazards, minimum_age=order.minimum_age,
    )  # fmt: skip
    first, last = span_of(wanted.stretch, limits)
    held = (await work_of(session, [person_id], first, last, without=without))[person_id]
    return standing.worker, wanted, held, limits


async def _label(
    session: AsyncSession,
    person_id: UUID,
    wanted: Wanted,
    known: tuple[Worker, list[Stretch], Limits],
    order: ShiftOrder,
) -> Label:
    worker, held, limits = known
    began = await session.exec(
        select(func.min(col(Assignment.starts_at))).where(
            Assignment.person_id == person_id, Assignment.enterprise_id == wanted.stretch.enterprise_id,
            col(Assignment.state).in_(WORKED),
        )
    )  # fmt: skip
    earliest = began.one()
    return label_of(
        worker, wanted.stretch, held, limits, shared=order.sharing_id is not None,
        since=None if earliest is None else china_date(earliest),
    )  # fmt: skip


def _place(order: ShiftOrder) -> tuple[int, int] | None:
    return None if order.east_m is None or order.north_m is None else (order.east_m, order.north_m)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)
