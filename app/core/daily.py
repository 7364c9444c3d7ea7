"""Once a day over all processes: whoever writes the day first does the work, in the same transaction."""

from datetime import date

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.tables import DailyMark
from app.core.upsert import insert_or_ignore


async def claim_day(session: AsyncSession, name: str, day: date) -> bool:
    """True for one caller per name and day."""
    if await insert_or_ignore(session, DailyMark, {"name": name, "day": day}):
        return True
    done = await session.exec(
        update(DailyMark).where(col(DailyMark.name) == name, col(DailyMark.day) < day).values(day=day)
    )
    return done.rowcount == 1
