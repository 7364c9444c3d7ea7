"""The numbers that the office sets by dated rows: how many working days, how many of how many."""

from datetime import date

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.jobs import PostingPolicyRow
from app.rules.jobs.posting_changes import HOUSE_POLICIES, PolicyKey


async def policy(session: AsyncSession, key: PolicyKey, today: date) -> int:
    """The value in force on `today`, of several the newest; the house's own number where no row has been loaded yet."""
    rows = await session.exec(
        select(col(PostingPolicyRow.value))
        .where(
            PostingPolicyRow.key == key.value,
            col(PostingPolicyRow.effective_from) <= today,
            or_(col(PostingPolicyRow.effective_to).is_(None), col(PostingPolicyRow.effective_to) >= today),
        )
        .order_by(col(PostingPolicyRow.effective_from).desc())
        .limit(1)
    )
    value = rows.one_or_none()
    return HOUSE_POLICIES[key] if value is None else value
