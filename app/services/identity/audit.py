"""The audit log: one entry for each security-relevant act, written in the transaction of the act."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.identity import AuditEntry


def record(
    session: AsyncSession,
    act: str,
    *,
    actor_id: UUID | None,
    subject_kind: str,
    subject_id: UUID | str,
    now: datetime,
    **details: str,
) -> None:
    """Ids and codes only: the log outlives the personal data it speaks of."""
    session.add(
        AuditEntry(
            created_at=now,
            actor_id=actor_id,
            act=act,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            details=details,
        )
    )
