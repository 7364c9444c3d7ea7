"""What training proves of a worker's skills, and how a skill stands again once the proof is gone."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.events import subscribe
from app.models.gigs import TrainingProposal, WorkerProfile, WorkerSkill
from app.rules.gigs.allocation import ProposalState
from app.rules.gigs.terms import Proof
from app.rules.training.demands import ShortageKind
from app.services.gigs.skills import find_skill
from app.services.training.events import ShortageDecided, SkillProven, SkillUnproven


def register() -> None:
    subscribe(SkillProven, add)
    subscribe(SkillUnproven, remove)
    subscribe(ShortageDecided, take_proposal)


async def add(session: AsyncSession, event: SkillProven) -> None:
    """A higher level, or one that somebody has vouched for at the same level, is left as it is."""
    if event.process_code is None or event.gig_level is None or not await _is_worker(session, event):
        return
    row = await find_skill(session, event.person_id, event.process_code)
    if row is None:
        row = WorkerSkill(
            created_at=event.at, updated_at=event.at, person_id=event.person_id, process_code=event.process_code,
            level=event.gig_level, proof=Proof.CERTIFICATE, proved_at=event.at, cause=event.cause,
        )  # fmt: skip
        session.add(row)
    elif row.cause is None and (
        row.level < event.gig_level or (row.level, row.proof) == (event.gig_level, Proof.CLAIMED)
    ):
        row.before_level, row.before_proof = row.level, row.proof
        row.level, row.proof, row.proved_at, row.cause = event.gig_level, Proof.CERTIFICATE, event.at, event.cause
        row.touch(event.at)
    await session.flush()


async def remove(session: AsyncSession, event: SkillUnproven) -> None:
    """As it was before: what the person or the firm had said, or nothing."""
    found = await session.exec(
        select(WorkerSkill)
        .where(WorkerSkill.person_id == event.person_id, WorkerSkill.cause == event.cause)
        .order_by(col(WorkerSkill.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for row in found.all():
        if row.before_level is None:
            await session.delete(row)
            continue
        row.level, row.proof, row.proved_at = row.before_level, row.before_proof or Proof.CLAIMED, None
        row.cause = row.before_level = row.before_proof = None
        row.touch(event.at)
    await session.flush()


async def take_proposal(session: AsyncSession, event: ShortageDecided) -> None:
    """The proposal of a plan has become a demand."""
    if event.kind is not ShortageKind.ALLOCATION or not event.taken:
        return
    found = await session.exec(
        select(TrainingProposal)
        .where(TrainingProposal.id == UUID(event.key), TrainingProposal.state == ProposalState.PROPOSED)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is not None:
        row.state, row.updated_at = ProposalState.TAKEN, event.at
        await session.flush()


async def _is_worker(session: AsyncSession, event: SkillProven) -> bool:
    """The registration's row is the lock of everything about the worker."""
    found = await session.exec(
        select(WorkerProfile)
        .where(WorkerProfile.person_id == event.person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is not None:
        row.touch(event.at)
    return row is not None
