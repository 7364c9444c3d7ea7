"""The calendar of working days, from its dated rows, and deadlines counted in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.models.common import CalendarDay
from app.rules.common.workdays import WorkCalendar
from app.services.organisation.seed_files import read_csv, typed_rows
from app.services.organisation.seed_sync import DatasetOutcome, sync_rows


@dataclass(frozen=True, slots=True)
class Deadline:
    """`at`: 24:00 of the last day. `provisional`: a year in between has no published plan yet."""

    at: datetime
    provisional: bool


async def work_calendar(session: AsyncSession) -> WorkCalendar:
    """Some thirty rows a year: read where a deadline is made, not kept."""
    return calendar_from((await session.exec(select(CalendarDay))).all())


def calendar_from(rows: Sequence[CalendarDay]) -> WorkCalendar:
    return WorkCalendar(
        holidays=frozenset(row.day for row in rows if row.is_off),
        workdays=frozenset(row.day for row in rows if not row.is_off),
        years=frozenset(row.day.year for row in rows),
    )


async def deadline(session: AsyncSession, now: datetime, workdays: int) -> Deadline:
    """The end of the `workdays`-th working day after today, in China Standard Time."""
    calendar = await work_calendar(session)
    start = china_date(now)
    last = calendar.add_workdays(start, workdays)
    return Deadline(end_of(last), calendar.is_provisional(start, last))


def end_of(day: date) -> datetime:
    """24:00 of a Chinese day."""
    return datetime.combine(day + timedelta(days=1), time(), CHINA)


async def load_calendar(session: AsyncSession, *, directory: Path, now: datetime) -> DatasetOutcome:
    """The days on which the State Council's yearly notices depart from the week; a new year is a few more rows."""
    rows = typed_rows("holidays.csv", CalendarDay, read_csv(directory, "holidays.csv"))
    return await sync_rows(session, "holidays", CalendarDay, rows, key=("day",), now=now)
