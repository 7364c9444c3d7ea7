"""Differences that a side took to mediation, handed over to the disputes domain: once, with the facts as they stood."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.models.gigs import Assignment, MediationReferral
from app.rules.gigs.terms import Side

TABLE = "mediation_referral"


@dataclass(frozen=True, slots=True)
class Referral:
    """`facts`: JSON in words and numbers; `by_worker`: the person chose, else the firm."""

    subject_kind: str
    subject_id: UUID
    enterprise_id: UUID
    person_id: UUID
    by_worker: bool
    facts: str


async def take(session: AsyncSession, referral_id: UUID, *, now: datetime) -> Referral | None:
    """Marked as handed over; None where it was before."""
    found = await session.exec(
        select(MediationReferral)
        .where(MediationReferral.id == referral_id, col(MediationReferral.taken_at).is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is None:
        return None
    row.taken_at = now
    await session.flush()
    return Referral(
        row.subject_kind, row.subject_id, row.enterprise_id, row.person_id, row.chosen_by is Side.WORKER,
        crypto_of(session).open_text(TABLE, "facts", row.id, row.facts_sealed),
    )  # fmt: skip


async def untaken(session: AsyncSession, limit: int) -> Sequence[tuple[UUID, UUID]]:
    """Chosen before there was anybody to hand them to: `(referral, person)`, oldest first."""
    rows = await session.exec(
        select(col(MediationReferral.id), col(MediationReferral.person_id))
        .where(col(MediationReferral.taken_at).is_(None))
        .order_by(col(MediationReferral.created_at), col(MediationReferral.id))
        .limit(limit)
    )
    return rows.all()


async def has_worked_for(session: AsyncSession, person_id: UUID, enterprise_ids: Sequence[UUID]) -> bool:
    found = await session.exec(
        select(col(Assignment.id))
        .where(Assignment.person_id == person_id, col(Assignment.enterprise_id).in_(enterprise_ids))
        .limit(1)
    )
    return found.one_or_none() is not None
