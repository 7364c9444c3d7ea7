"""What sets cases going and what ends somebody's part in them: differences of gigs, consents, accounts, merged records."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.db import lock
from app.core.events import subscribe
from app.models.disputes import CaseParty, DisputeCase, PanelSeat
from app.rules.disputes.cases import STOPPABLE, CaseNotFoundError, EndReason
from app.rules.disputes.panel import CURRENT, SeatRole, SeatState
from app.rules.disputes.parties import CasePartyState, CaseSide
from app.rules.identity.consents import ConsentPurpose
from app.services.disputes import intake, panel_changes, parties
from app.services.disputes.people import TABLE
from app.services.disputes.standing import parties_of
from app.services.events import AccountDeleted, ConsentWithdrawn, PersonMerged
from app.services.gigs.events import MediationChosen
from app.services.identity.people import facts_of


def register() -> None:
    subscribe(MediationChosen, open_case)
    subscribe(ConsentWithdrawn, stop_unconsented)
    subscribe(AccountDeleted, close_account)
    subscribe(PersonMerged, follow_merge)


async def open_case(session: AsyncSession, event: MediationChosen) -> None:
    await intake.open_from_referral(session, event.referral_id, by=event.by, now=event.at)


async def stop_unconsented(session: AsyncSession, event: ConsentWithdrawn) -> None:
    """撤回即终止调解: what has been agreed, and the volume, stay as the law keeps them."""
    if event.purpose is ConsentPurpose.DISPUTE:
        await _step_out(session, event.person_id, event.at)


async def close_account(session: AsyncSession, event: AccountDeleted) -> None:
    await _keep_names(session, event.person_id)
    await _step_out(session, event.person_id, event.at)
    await parties.stand_for_nobody(session, event.person_id, now=event.at)
    await _leave_seats(session, event.person_id, event.at)


async def follow_merge(session: AsyncSession, event: PersonMerged) -> None:
    """Seats stay with the old record and end; a case in which both stand has the person once."""
    await _leave_seats(session, event.source_id, event.at)
    theirs = select(col(CaseParty.case_id)).where(CaseParty.person_id == event.target_id)
    found = await session.exec(
        select(col(CaseParty.case_id)).where(CaseParty.person_id == event.source_id, col(CaseParty.case_id).in_(theirs))
    )
    for case_id in sorted(found.all()):
        await _step_out_of(session, case_id, event.source_id, event.at)


async def _step_out(session: AsyncSession, person_id: UUID, now: datetime) -> None:
    found = await session.exec(
        select(col(CaseParty.case_id))
        .join(DisputeCase, col(DisputeCase.id) == col(CaseParty.case_id))
        .where(
            CaseParty.person_id == person_id, CaseParty.state == CasePartyState.ACTIVE,
            col(DisputeCase.state).in_(sorted(STOPPABLE)),
        )
    )  # fmt: skip
    for case_id in sorted(found.all()):
        await _step_out_of(session, case_id, person_id, now)


async def _step_out_of(session: AsyncSession, case_id: UUID, person_id: UUID, now: datetime) -> None:
    case = await lock(session, DisputeCase, case_id, CaseNotFoundError)
    if case.state not in STOPPABLE:
        return
    rows = await parties_of(session, case.id)
    party = next((row for row in rows if row.person_id == person_id), None)
    if party is None:
        return
    claimants = [row for row in rows if row.side is CaseSide.COMPLAINANT]
    if party.side is CaseSide.COMPLAINANT and len(claimants) > 1:
        await parties.take_out(session, case, party, actor=None, now=now)
        return
    await parties.stop(session, case, EndReason.UNWILLING, actor=None, now=now)


async def _keep_names(session: AsyncSession, person_id: UUID) -> None:
    """The volume of a case keeps under what name somebody was in it, when the person's own record is emptied."""
    crypto = crypto_of(session)
    facts = (await facts_of(session, crypto, [person_id])).get(person_id)
    if facts is None or facts.name is None:
        return
    rows = await session.exec(select(CaseParty).where(CaseParty.person_id == person_id).with_for_update())
    for row in rows.all():
        if row.name_sealed is None:
            row.name_sealed = crypto.seal(TABLE, "name", row.id, facts.name)
    await session.flush()


async def _leave_seats(session: AsyncSession, person_id: UUID, now: datetime) -> None:
    found = await session.exec(
        select(PanelSeat).where(PanelSeat.person_id == person_id, col(PanelSeat.state).in_(sorted(CURRENT)))
    )
    for seat in found.all():
        case = await lock(session, DisputeCase, seat.case_id, CaseNotFoundError)
        if seat.role is SeatRole.MANAGER and case.manager_id == person_id:
            await panel_changes.unseat_manager(session, case, now=now)
            await intake.tell_desk(session, case, now=now)
        else:
            panel_changes.end(seat, SeatState.REPLACED, now)
    await session.flush()
