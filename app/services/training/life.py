"""What training sets going and what sets training going: profiles, shortages, records that merge, accounts that end."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.events import subscribe
from app.rules.identity.consents import ConsentPurpose
from app.services.events import AccountDeleted, ConsentGiven, ConsentWithdrawn, PersonMerged, ProfileMade
from app.services.gigs.events import PlanLacked
from app.services.training import certificates, contestants, declarations, demands, enrolments, proofs, shortages


def register() -> None:
    subscribe(ConsentGiven, show_skills)
    subscribe(ConsentWithdrawn, hide_skills)
    subscribe(ProfileMade, fill_profile)
    subscribe(PlanLacked, propose_training)
    subscribe(AccountDeleted, close_account)
    subscribe(PersonMerged, follow_merge)


async def show_skills(session: AsyncSession, event: ConsentGiven) -> None:
    if event.purpose is ConsentPurpose.SKILL_PROFILE:
        await proofs.publish(session, event.person_id, now=event.at)


async def hide_skills(session: AsyncSession, event: ConsentWithdrawn) -> None:
    """What was learned stays on record; the profiles show it no more. Without the service there are no seats either."""
    if event.purpose is ConsentPurpose.SKILL_PROFILE:
        await proofs.hide_all(session, event.person_id, now=event.at)
    elif event.purpose is ConsentPurpose.SERVICE:
        await enrolments.leave_all(session, event.person_id, now=event.at)
        await demands.end_all_of(session, event.person_id, now=event.at)


async def fill_profile(session: AsyncSession, event: ProfileMade) -> None:
    """Registered after the certificate: what holds is there from the first day."""
    await proofs.publish(session, event.person_id, now=event.at)


async def propose_training(session: AsyncSession, event: PlanLacked) -> None:
    await shortages.propose_from_plan(
        session, proposal_id=event.proposal_id, process_code=event.process_code, level=event.level,
        halves=event.halves, shifts=event.shifts, now=event.at,
    )  # fmt: skip


async def follow_merge(session: AsyncSession, event: PersonMerged) -> None:
    """What both records had is there once; certificates of both stand in the profiles of the one that lives on."""
    await enrolments.leave_all(session, event.source_id, now=event.at)
    await demands.end_all_of(session, event.source_id, now=event.at)
    await contestants.leave_all(session, event.source_id, now=event.at)
    await declarations.end_all_of(session, event.source_id, now=event.at)
    await proofs.publish(session, event.target_id, now=event.at)


async def close_account(session: AsyncSession, event: AccountDeleted) -> None:
    """What is open ends, seats go to the list; certificates keep their numbers and lose the name."""
    await enrolments.leave_all(session, event.person_id, now=event.at)
    await demands.end_all_of(session, event.person_id, now=event.at)
    await contestants.leave_all(session, event.person_id, now=event.at)
    await declarations.end_all_of(session, event.person_id, now=event.at)
    await certificates.forget_names(session, event.person_id, now=event.at)
