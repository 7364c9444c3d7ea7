"""When workers can come: weekly windows, days of their own, anchors; read for many people at once for the plan."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.models.gigs import Anchor, DayException, WeeklyWindow
from app.rules.geo import to_gcj02
from app.rules.gigs.availability import DayPlan, Window
from app.schemas.gigs.profiles import AvailabilityForm

TABLES = (WeeklyWindow, DayException, Anchor)


@dataclass(frozen=True, slots=True)
class Spot:
    """“At this place by this minute”, degrees in gcj02."""

    weekday: int
    minute: int
    latitude: float
    longitude: float


@dataclass(slots=True)
class Times:
    """Of one person: `rules/gigs/availability` makes stretches of the first two."""

    windows: list[Window] = field(default_factory=list)
    days: list[DayPlan] = field(default_factory=list)
    anchors: list[Spot] = field(default_factory=list)


async def times_of(
    session: AsyncSession, crypto: Crypto, person_ids: Sequence[UUID], *, since: date
) -> dict[UUID, Times]:
    """Three statements for any number of people; days from `since` on."""
    found = {person_id: Times() for person_id in person_ids}
    windows = await session.exec(
        select(WeeklyWindow)
        .where(col(WeeklyWindow.person_id).in_(person_ids))
        .order_by(col(WeeklyWindow.weekday), col(WeeklyWindow.start_minute), col(WeeklyWindow.id))
    )
    for window in windows:
        found[window.person_id].windows.append(Window(window.weekday, window.start_minute, window.end_minute))
    days = await session.exec(
        select(DayException)
        .where(col(DayException.person_id).in_(person_ids), DayException.day >= since)
        .order_by(col(DayException.day), col(DayException.start_minute), col(DayException.id))
    )
    for day in days:
        found[day.person_id].days.append(DayPlan(day.day, day.start_minute, day.end_minute))
    anchors = await session.exec(
        select(Anchor)
        .where(col(Anchor.person_id).in_(person_ids))
        .order_by(col(Anchor.weekday), col(Anchor.minute), col(Anchor.id))
    )
    for row in anchors:
        latitude, longitude = crypto.open_text("anchor", "place", row.id, row.place_sealed).split(",")
        found[row.person_id].anchors.append(Spot(row.weekday, row.minute, float(latitude), float(longitude)))
    return found


async def replace(session: AsyncSession, crypto: Crypto, person_id: UUID, times: Times, *, now: datetime) -> None:
    await forget(session, person_id)
    for window in times.windows:
        session.add(
            WeeklyWindow(
                created_at=now, person_id=person_id, weekday=window.weekday, start_minute=window.start_minute,
                end_minute=window.end_minute,
            )
        )  # fmt: skip
    for plan in times.days:
        session.add(
            DayException(
                created_at=now, person_id=person_id, day=plan.day, start_minute=plan.start_minute,
                end_minute=plan.end_minute,
            )
        )  # fmt: skip
    for spot in times.anchors:
        row = Anchor(created_at=now, person_id=person_id, weekday=spot.weekday, minute=spot.minute, place_sealed=b"")
        row.place_sealed = crypto.seal("anchor", "place", row.id, f"{spot.latitude:.6f},{spot.longitude:.6f}")
        session.add(row)


async def forget(session: AsyncSession, person_id: UUID) -> None:
    for table in TABLES:
        await session.exec(delete(table).where(col(table.person_id) == person_id))


async def forget_anchors(session: AsyncSession, person_id: UUID) -> None:
    """Where somebody is at a fixed hour: gone with the consent to exact places."""
    await session.exec(delete(Anchor).where(col(Anchor.person_id) == person_id))


async def snapshot(session: AsyncSession, crypto: Crypto, person_id: UUID) -> dict[str, Any]:
    times = (await times_of(session, crypto, [person_id], since=date.min))[person_id]
    return {
        "windows": [[w.weekday, w.start_minute, w.end_minute] for w in times.windows],
        "days": [[d.day.isoformat(), d.start_minute, d.end_minute] for d in times.days],
        "anchors": [[a.weekday, a.minute, a.latitude, a.longitude] for a in times.anchors],
    }


async def restore(
    session: AsyncSession, crypto: Crypto, person_id: UUID, kept: dict[str, Any], *, located: bool, now: datetime
) -> None:
    times = Times(
        windows=[Window(*window) for window in kept["windows"]],
        days=[DayPlan(date.fromisoformat(day), start, end) for day, start, end in kept["days"]],
        anchors=[Spot(*spot) for spot in kept["anchors"]] if located else [],
    )
    await replace(session, crypto, person_id, times, now=now)


def times_in(form: AvailabilityForm) -> Times:
    spots = []
    for anchor in form.anchors:
        latitude, longitude = to_gcj02(anchor.latitude, anchor.longitude, anchor.coord_type)
        spots.append(Spot(anchor.weekday, anchor.minute, latitude, longitude))
    return Times(
        windows=[Window(w.weekday, w.start_minute, w.end_minute) for w in form.windows],
        days=[DayPlan(d.day, d.start_minute, d.end_minute) for d in form.days],
        anchors=spots,
    )
