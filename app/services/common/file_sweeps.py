"""What time does to uploads: those that nobody named go, those that WeChat is silent about get a second look."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.models.common import ContentReview, File
from app.rules.common.files import FileState
from app.rules.identity.privacy import ORPHANS_KEPT
from app.services.common.files import erase, hold_for_review

# mediaCheckAsync promises its verdict within 30 minutes.
VERDICT_WITHIN = timedelta(minutes=40)


async def sweep_orphans(session: AsyncSession, *, now: datetime, limit: int = 200) -> int:
    """Uploads that no form has named for a day."""
    rows = await session.exec(
        select(File)
        .where(col(File.bound).is_(False), File.created_at < now - ORPHANS_KEPT, col(File.object_name).is_not(None))
        .order_by(col(File.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = rows.all()
    for row in found:
        await erase(session, row, because="上传后一天内没有使用", now=now)
    return len(found)


async def sweep_unanswered(session: AsyncSession, *, now: datetime, limit: int = 200) -> int:
    """Images about which WeChat has said nothing in time: a person looks instead."""
    rows = await session.exec(
        select(File)
        .where(
            File.state == FileState.CHECKING,
            File.created_at < now - VERDICT_WITHIN,
            col(File.id).not_in(select(col(ContentReview.subject_id)).where(ContentReview.subject_kind == "file")),
        )
        .order_by(col(File.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = rows.all()
    for row in found:
        await hold_for_review(session, row, because="微信没有及时给出检查结果", now=now)
    return len(found)


async def strays(session: ReadSession, names: Sequence[str]) -> list[str]:
    """Objects that no row names: their upload's transaction never committed."""
    known = await session.exec(select(col(File.object_name)).where(col(File.object_name).in_(names)))
    return sorted(set(names) - set(known.all()))
