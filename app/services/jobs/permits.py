"""An agency whose permit has ended: nothing of it stays on the lists until an officer has seen a new one."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.events import emit
from app.services.events import PermitEnded
from app.services.jobs import vacancies
from app.services.organisation.papers import agencies_without_permit


async def pause_unlicensed(session: AsyncSession, *, now: datetime) -> int:
    """The sweep; returns how many postings. What is paused is not found again, so each firm is told once."""
    paused = 0
    for enterprise in await agencies_without_permit(session, china_date(now)):
        count = await vacancies.pause_all(session, enterprise.id, note="许可证已到期", now=now)
        if count:
            await emit(
                session,
                PermitEnded(at=now, enterprise_id=enterprise.id, enterprise_name=enterprise.name, postings=count),
            )
        paused += count
    return paused
