"""What other facts do to a worker's registration: a consent withdrawn, an account ended, two records that become one."""

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.events import subscribe
from app.models.gigs import WorkerProfile
from app.rules.identity.consents import ConsentPurpose
from app.rules.identity.privacy import HeldData
from app.services.events import AccountDeleted, ConsentWithdrawn, PersonMerged, SettlementClaimed, WechatDataRevoked
from app.services.gigs import availability, blocks, papers, profiles, rosters


def register() -> None:
    subscribe(ConsentWithdrawn, erase_unconsented)
    subscribe(WechatDataRevoked, erase_revoked)
    subscribe(AccountDeleted, end_registration)
    subscribe(PersonMerged, join_registrations)
    subscribe(SettlementClaimed, remember_claim)


async def erase_unconsented(session: AsyncSession, event: ConsentWithdrawn) -> None:
    """Exact places, health papers; without the service itself nobody is asked or listed any more."""
    if event.purpose is ConsentPurpose.EXACT_LOCATION:
        await profiles.erase_places(session, event.person_id, now=event.at)
    elif event.purpose is ConsentPurpose.HEALTH:
        await papers.erase_health(session, event.person_id, now=event.at)
    elif event.purpose is ConsentPurpose.SERVICE:
        await profiles.retire(session, event.person_id, now=event.at)
        await rosters.leave_some(session, event.person_id, None, now=event.at)


async def erase_revoked(session: AsyncSession, event: WechatDataRevoked) -> None:
    if event.held is HeldData.HOME:
        await profiles.erase_places(session, event.person_id, now=event.at)


async def end_registration(session: AsyncSession, event: AccountDeleted) -> None:
    """The rows go by the table of person columns; what hangs on them goes here."""
    await papers.forget_all(session, event.person_id, now=event.at)


async def join_registrations(session: AsyncSession, event: PersonMerged) -> None:
    """The registration moved where the new record had none: its times go with it. Else the old one rests."""
    left = await session.exec(select(WorkerProfile).where(WorkerProfile.person_id == event.source_id).with_for_update())
    rest = left.one_or_none()
    if rest is None:
        for table in availability.TABLES:
            await session.exec(
                update(table).where(col(table.person_id) == event.source_id).values(person_id=event.target_id)
            )
    elif rest.active or rest.urgent:
        rest.active = rest.urgent = False
        rest.touch(event.at)
    await rosters.follow_merge(session, event.source_id, event.target_id, now=event.at)


async def remember_claim(session: AsyncSession, event: SettlementClaimed) -> None:
    await blocks.note_claim(session, event.enterprise_id, event.person_id, now=event.at)
