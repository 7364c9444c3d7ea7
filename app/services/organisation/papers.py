"""Papers that end: a word ahead to the firm, a task for the office on the day, and an end to keeping them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.events import emit
from app.models.common import FileUse
from app.models.organisation import Enterprise, EnterpriseClaim, EnterpriseLicence
from app.rules.common.tasks import TaskKind
from app.rules.organisation import (
    CLAIM_PAPERS,
    REMIND_DAYS_AHEAD,
    EnterpriseClaimState,
    EnterpriseKind,
    EnterpriseState,
)
from app.services.common.files import forget_uses
from app.services.common.tasks import open_task
from app.services.events import PapersExpiring


async def remind(session: AsyncSession, *, now: datetime) -> int:
    """Once per paper, thirty days before it ends: the day itself is the mark that it has been said."""
    day = china_date(now) + timedelta(days=REMIND_DAYS_AHEAD)
    told = 0
    for enterprise, paper in [*await _verifications(session, day), *await _licences(session, day)]:
        await emit(
            session,
            PapersExpiring(
                at=now, enterprise_id=enterprise.id, enterprise_name=enterprise.name, paper=paper, valid_to=day
            ),
        )
        told += 1
    return told


async def open_expired(session: AsyncSession, *, now: datetime) -> int:
    """What has ended: the office looks at the firm again. An agency without a permit publishes nothing meanwhile."""
    rows = await session.exec(
        select(Enterprise)
        .where(Enterprise.state == EnterpriseState.APPROVED, col(Enterprise.verified_until) < china_date(now))
        .order_by(col(Enterprise.id))
        .limit(200)
    )
    opened = 0
    for row in rows:
        title = f"“{row.name}”的核验已于{row.verified_until}到期，请重新核对证照"
        opened += await open_task(session, TaskKind.PAPERS_EXPIRED, row.id, title=title, now=now)
    return opened


async def agencies_without_permit(session: AsyncSession, today: date) -> Sequence[Enterprise]:
    """Approved agencies whose every permit has ended. A new one that no officer has seen yet lets nothing new appear
    (`may_publish`), but does not take down what stood there before it was handed in.
    """
    valid = select(col(EnterpriseLicence.id)).where(
        EnterpriseLicence.enterprise_id == Enterprise.id, col(EnterpriseLicence.valid_to) >= today
    )
    rows = await session.exec(
        select(Enterprise)
        .where(Enterprise.state == EnterpriseState.APPROVED, Enterprise.kind == EnterpriseKind.AGENCY, ~valid.exists())
        .order_by(col(Enterprise.id))
    )
    return rows.all()


async def forget_returned(session: AsyncSession, *, before: datetime, dry_run: bool) -> int:
    """Papers of claims that were returned so long ago: the files become orphans, which the sweep erases."""
    rows = await session.exec(
        select(col(EnterpriseClaim.id))
        .join(FileUse, col(FileUse.subject_id) == col(EnterpriseClaim.id))
        .where(
            FileUse.subject_kind == CLAIM_PAPERS,
            EnterpriseClaim.state == EnterpriseClaimState.RETURNED,
            EnterpriseClaim.updated_at < before,
        )
        .distinct()
    )
    claims = sorted(rows.all())
    for claim_id in claims if not dry_run else ():
        await forget_uses(session, CLAIM_PAPERS, claim_id)
    return len(claims)


async def _verifications(session: AsyncSession, day: date) -> list[tuple[Enterprise, str]]:
    rows = await session.exec(
        select(Enterprise).where(Enterprise.state == EnterpriseState.APPROVED, Enterprise.verified_until == day)
    )
    return [(row, "核验") for row in rows]


async def _licences(session: AsyncSession, day: date) -> list[tuple[Enterprise, str]]:
    rows = await session.exec(
        select(Enterprise, EnterpriseLicence)
        .join(EnterpriseLicence, col(EnterpriseLicence.enterprise_id) == col(Enterprise.id))
        .where(EnterpriseLicence.valid_to == day)
    )
    return [(enterprise, licence.kind.label) for enterprise, licence in rows]
