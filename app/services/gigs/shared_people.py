"""Who may take a shift of lent people (`sharing_agreements.py` has the agreements themselves)."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.gigs import SharedWorker, SharingAgreement
from app.rules.gigs.sharing import NotSharedError
from app.rules.gigs.standing import SharingState

H = SharingState


async def check_shared(session: AsyncSession, sharing_id: UUID, person_id: UUID, day: date) -> None:
    """Whether somebody may take a shift of lent people: named, with their own consent, while the agreement holds."""
    found = await session.exec(
        select(SharingAgreement)
        .join(SharedWorker, col(SharedWorker.agreement_id) == col(SharingAgreement.id))
        .where(
            SharingAgreement.id == sharing_id, SharedWorker.person_id == person_id,
            col(SharedWorker.consented_at).is_not(None),
        )
    )  # fmt: skip
    known = found.one_or_none()
    if known is None or known.state is not H.ACTIVE or not known.starts_on <= day <= known.ends_on:
        raise NotSharedError


async def people_of(session: AsyncSession, sharing_ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """`(agreement, person)` of those who may be asked."""
    rows = await session.exec(
        select(col(SharedWorker.agreement_id), col(SharedWorker.person_id))
        .join(SharingAgreement, col(SharingAgreement.id) == col(SharedWorker.agreement_id))
        .where(
            col(SharedWorker.agreement_id).in_(sharing_ids), col(SharedWorker.consented_at).is_not(None),
            SharingAgreement.state == H.ACTIVE,
        )
    )  # fmt: skip
    return set(rows.all())
