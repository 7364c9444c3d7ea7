"""Many with the same claim: single cases become one, and anybody may leave it again with what is theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.db import check_version, lock
from app.models.disputes import CaseEvidence, CaseParty, CaseStatement, DisputeCase, PartyRepresentative
from app.rules.disputes.access import Act
from app.rules.disputes.cases import STOPPABLE, CaseNotFoundError, CaseState, CaseStateError, IntakeChannel
from app.rules.disputes.log import CaseEventKind
from app.rules.disputes.parties import AbsorbError, CaseSide, OnlyComplainantError, PartyConsent
from app.rules.identity.roles import Actor
from app.services.disputes import asking, intake, log, panel_changes, parties
from app.services.disputes.intake import PARTY, PartyStart, Start
from app.services.disputes.speaking import speaker
from app.services.disputes.standing import Place, enter, parties_of

C, E = CaseState, CaseEventKind
JOINABLE = frozenset({C.SCREENED, C.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Left:
    case_id: UUID
    number: str
    new: DisputeCase | None


async def absorb(
    session: AsyncSession, actor: Actor, case_id: UUID, case_ids: Sequence[UUID], *, expected_version: int,
    now: datetime,
) -> Place:  # fmt: skip
    """The earliest takes the others over: each keeps claim, amount, facts, statements; consent is asked of each anew."""
    # In id order, so that two who do this at once wait for one another and do not stand still.
    wanted = sorted({case_id, *case_ids})
    rows = {one: await lock(session, DisputeCase, one, CaseNotFoundError) for one in wanted}
    place = await enter(session, actor, case_id, Act.MANAGE)
    check_version(place.case.version, expected_version)
    target = place.case
    others = [rows[one] for one in wanted if one != case_id]
    for other in others:
        await enter(session, actor, other.id, Act.MANAGE)
        fits = other.enterprise_id == target.enterprise_id and other.enterprise_id is not None
        if not fits or other.kind is not target.kind or other.created_at < target.created_at:
            raise AbsorbError
    if not others or any(row.state not in JOINABLE for row in (target, *others)):
        raise AbsorbError
    await _check_distinct(session, target, others)
    for other in others:
        await _take_over(session, target, other)
        other.merged_into_id = target.id
        await log.move(session, other, C.MERGED, E.MERGED, actor=actor, now=now)
    for party in await parties_of(session, target.id):
        if party.side is CaseSide.COMPLAINANT:
            # To go on together is another question than to mediate alone.
            party.consent, party.consent_way, party.consented_at = PartyConsent.PENDING, None, None
            party.touch(now)
    await session.flush()
    await log.note(session, target, E.ABSORBED, actor=actor, now=now, cases=len(others))
    await panel_changes.look_again(session, target, now=now)
    await asking.ask(
        session, target, "知悉：同类案件已合并办理，是否同意共同调解由您本人答复，也可以退出单独办理", now=now
    )
    return place


async def leave(session: AsyncSession, actor: Actor, case_id: UUID, *, separate: bool, now: datetime) -> Left:
    """Anybody may. With a case of their own, if they wish: claim, facts, statements and evidence go along."""
    place = await enter(session, actor, case_id, Act.SPEAK)
    case = place.case
    party, _ = await speaker(session, actor, place, None, None, own=True, now=now)
    if case.state not in STOPPABLE:
        raise CaseStateError(current=case.state.label, target=C.SUBMITTED.label)
    claimants = [row for row in await parties_of(session, case.id) if row.side is CaseSide.COMPLAINANT]
    if party.side is not CaseSide.COMPLAINANT or len(claimants) < 2:  # noqa: PLR2004  # oneself and another
        raise OnlyComplainantError
    await parties.take_out(session, case, party, actor=actor, now=now)
    new = await _separate(session, actor, case, party, now) if separate else None
    return Left(case.id, case.number, new)


async def _check_distinct(session: AsyncSession, target: DisputeCase, others: Sequence[DisputeCase]) -> None:
    """Nobody claims the same twice."""
    people: set[UUID] = set()
    for case in (target, *others):
        for party in await parties_of(session, case.id):
            if party.side is not CaseSide.COMPLAINANT:
                continue
            if party.person_id is None or party.person_id in people:
                raise AbsorbError
            people.add(party.person_id)


async def _take_over(session: AsyncSession, target: DisputeCase, other: DisputeCase) -> None:
    moving = [row.id for row in await parties_of(session, other.id) if row.side is CaseSide.COMPLAINANT]
    for table in (CaseStatement, CaseEvidence, PartyRepresentative):
        await session.exec(
            update(table)
            .where(col(table.party_id).in_(moving))
            .values(case_id=target.id)
            .execution_options(synchronize_session=False)
        )
    await session.exec(
        update(CaseParty)
        .where(col(CaseParty.id).in_(moving))
        .values(case_id=target.id)
        .execution_options(synchronize_session=False)
    )


async def _separate(
    session: AsyncSession, actor: Actor, case: DisputeCase, party: CaseParty, now: datetime
) -> DisputeCase:
    crypto = crypto_of(session)
    mine = PartyStart(
        CaseSide.COMPLAINANT, party.kind, person_id=party.person_id, enterprise_id=party.enterprise_id,
        claim=crypto.open_if(PARTY, "claim", party.id, party.claim_sealed), claim_fen=party.claim_fen,
        facts=crypto.open_if(PARTY, "facts", party.id, party.facts_sealed),
    )  # fmt: skip
    others = [
        PartyStart(
            CaseSide.RESPONDENT, row.kind, person_id=row.person_id, enterprise_id=row.enterprise_id, area_id=row.area_id,
            name=crypto.open_if(PARTY, "name", row.id, row.name_sealed),
            phone=crypto.open_if(PARTY, "phone", row.id, row.phone_sealed),
        )
        for row in await parties_of(session, case.id)
        if row.side is CaseSide.RESPONDENT
    ]  # fmt: skip
    start = Start(
        case.kind, IntakeChannel.SEPARATED, actor.caller_id, case.known_on, case.employed, case.employment_ended_on,
        case.injured, separated_from=case.id, asked=case.asked_at is not None,
    )  # fmt: skip
    new = await intake.open_case(session, start, [mine, *others], actor=actor, now=now)
    own = await session.exec(
        select(col(CaseParty.id)).where(CaseParty.case_id == new.id, CaseParty.side == CaseSide.COMPLAINANT)
    )
    party_id = own.one()
    for table in (CaseStatement, CaseEvidence):
        await session.exec(
            update(table)
            .where(col(table.party_id) == party.id)
            .values(case_id=new.id, party_id=party_id)
            .execution_options(synchronize_session=False)
        )
    return new
