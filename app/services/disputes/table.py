"""At the table: begin, suspend, go on, extend by all, escalate, end; follow up and close."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.core.crypto import crypto_of
from app.core.events import emit
from app.models.disputes import CaseDeadline, CaseEvent, DisputeCase, PanelSeat
from app.rules.disputes.access import Act
from app.rules.disputes.cases import AT_THE_TABLE, OVER, CaseState, CaseStateError, EndReason, check_at_table
from app.rules.disputes.clocks import ClockKind, ExtensionOpenError, NoExtensionError, check_extension
from app.rules.disputes.log import CaseEventKind, CaseLevel, next_level
from app.rules.disputes.panel import MediatorChoiceOpenError, MediatorMissingError, SeatBody, SeatRole, SeatState
from app.rules.disputes.parties import ConsentWay
from app.rules.identity.roles import Actor
from app.services.disputes import agreeing, asking, ladder, log, panel, panel_changes
from app.services.disputes.conflicts import conflicts_of
from app.services.disputes.events import SeatOffered
from app.services.disputes.policies import policies_on
from app.services.disputes.speaking import speaker
from app.services.disputes.standing import Place, enter, parties_of

C, E = CaseState, CaseEventKind
FOLLOW_UP = "follow_up"


async def begin(session: AsyncSession, actor: Actor, case_id: UUID, *, expected_version: int, now: datetime) -> Place:
    """All parties have agreed to the mediator, or have let the days pass in which they could object."""
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=expected_version)
    case = place.case
    if case.state is not C.MEDIATOR_PROPOSED:
        raise CaseStateError(current=case.state.label, target=C.MEDIATING.label)
    mediator = await panel_changes.mediator_of(session, case.id)
    if mediator is None or mediator.state is not SeatState.ACCEPTED:
        raise MediatorMissingError
    said = await panel_changes.votes_on(session, mediator.id)
    silent = [party for party in await parties_of(session, case.id) if not said.get(party.id)]
    until = await _due(session, case, ClockKind.MEDIATOR_CHOICE)
    if silent and until is not None and now < until:
        raise MediatorChoiceOpenError(until=f"{until.astimezone(CHINA):%m月%d日%H:%M}")
    await log.move(session, case, C.MEDIATING, E.MEDIATING, actor=actor, now=now)
    return place


async def suspend(session: AsyncSession, actor: Actor, case_id: UUID, *, reason: str, expected_version: int, now: datetime) -> Place:  # fmt: skip
    """House clocks stop; the law's run on, and the parties are told so."""
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=expected_version)
    await log.move(session, place.case, C.SUSPENDED, E.SUSPENDED, actor=actor, now=now, words=reason)
    return place


async def resume(session: AsyncSession, actor: Actor, case_id: UUID, *, expected_version: int, now: datetime) -> Place:
    """After a suspension, or taken up by the level to which it was handed."""
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=expected_version)
    if place.case.state not in {C.SUSPENDED, C.ESCALATED}:
        raise CaseStateError(current=place.case.state.label, target=C.MEDIATING.label)
    await log.move(session, place.case, C.MEDIATING, E.MEDIATING, actor=actor, now=now)
    return place


async def ask_extension(
    session: AsyncSession, actor: Actor, case_id: UUID, *, days: int, reason: str, expected_version: int, now: datetime
) -> Place:
    place = await enter(session, actor, case_id, Act.MEDIATE, expected_version=expected_version)
    case = place.case
    check_at_table(case.state)
    check_extension(days, (await policies_on(session, china_date(now)))["extension_most"].value)
    if case.extension_days is not None:
        raise ExtensionOpenError
    case.extension_days = days
    await log.note(session, case, E.EXTENSION_ASKED, actor=actor, now=now, words=reason, days=days)
    await asking.ask(session, case, f"对延期{days}日表示意见", now=now)
    return place


async def vote_extension(
    session: AsyncSession, actor: Actor, case_id: UUID, *, agree: bool, party_id: UUID | None, way: ConsentWay | None,
    now: datetime,
) -> Place:  # fmt: skip
    """Every party's own word; one no, and it stays as it was."""
    place = await enter(session, actor, case_id, Act.SPEAK if way is None else Act.MANAGE)
    case = place.case
    if case.extension_days is None or case.state not in AT_THE_TABLE:
        raise NoExtensionError
    asked = await _asked(session, case)
    party, how = await speaker(session, actor, place, party_id, way, own=True, now=now)
    await panel.record_vote(session, actor, case, asked.id, party.id, agree=agree, way=how, now=now)
    said = await panel_changes.votes_on(session, asked.id)
    if not agree:
        case.extension_days = None
        case.touch(now)
        await session.flush()
        return place
    if {one.id for one in await parties_of(session, case.id)} <= {one for one, yes in said.items() if yes}:
        days, case.extension_days = case.extension_days, None
        if case.state is C.EXTENDED:
            await log.note(session, case, E.EXTENDED, actor=actor, now=now, days=days)
        else:
            await log.move(session, case, C.EXTENDED, E.EXTENDED, actor=actor, now=now, days=days)
    return place


async def escalate(session: AsyncSession, actor: Actor, case_id: UUID, *, reason: str, expected_version: int, now: datetime) -> Place:  # fmt: skip
    """One step up the plan's ladder: who is known there and not too close is invited to the table; the rest is said openly."""
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=expected_version)
    case = place.case
    level = next_level(case.level)
    if case.state not in AT_THE_TABLE:
        raise CaseStateError(current=case.state.label, target=C.ESCALATED.label)
    case.level = level
    people = await ladder.people_at(session, case, level)
    seated = 0
    for one in people:
        seated += await _offer_seat(session, actor, case, one.person_id, level, now)
    # Names as the public rosters print them: who was meant stays in the log.
    named = [one.name for one in people]
    await log.move(
        session, case, C.ESCALATED, E.ESCALATED, actor=actor, now=now, words=reason, level=level.value, names=named,
        invited=seated,
    )  # fmt: skip
    return place


async def end(
    session: AsyncSession, actor: Actor, case_id: UUID, *, reason: EndReason, words: str, expected_version: int,
    now: datetime,
) -> Place:  # fmt: skip
    """Without an agreement, with a reason from the list; the other ways and the days that are left are told."""
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=expected_version)
    case = place.case
    await agreeing.abandon_current(session, case, now=now)
    case.end_reason = reason
    await log.move(session, case, C.ENDED, E.ENDED, actor=actor, now=now, words=words, reason=reason.value)
    return place


async def follow_up(session: AsyncSession, actor: Actor, case_id: UUID, *, words: str, expected_version: int, now: datetime) -> Place:  # fmt: skip
    """What has become of it: performance, satisfaction, later decisions, what still smoulders."""
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=expected_version)
    case = place.case
    case.follow_up_sealed = crypto_of(session).seal("dispute_case", FOLLOW_UP, case.id, words)
    await log.move(session, case, C.FOLLOW_UP, E.FOLLOWED_UP, actor=actor, now=now)
    return place


async def close(session: AsyncSession, actor: Actor, case_id: UUID, *, expected_version: int, now: datetime) -> Place:
    """The volume is complete."""
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=expected_version)
    place.case.closed_at = now
    await log.move(session, place.case, C.CLOSED, E.CLOSED, actor=actor, now=now)
    return place


async def rate(session: AsyncSession, actor: Actor, case_id: UUID, *, score: int, words: str, now: datetime) -> Place:
    """By each party, once it is over; can be said anew until the case is closed."""
    place = await enter(session, actor, case_id, Act.SPEAK)
    if place.case.state not in OVER:
        raise CaseStateError(current=place.case.state.label, target=C.FOLLOW_UP.label)
    party, _ = await speaker(session, actor, place, None, None, own=True, now=now)
    party.satisfaction = score
    party.satisfaction_sealed = crypto_of(session).seal("case_party", "satisfaction", party.id, words)
    party.touch(now)
    await session.flush()
    return place


async def _offer_seat(
    session: AsyncSession, actor: Actor, case: DisputeCase, person_id: UUID | None, level: CaseLevel, now: datetime
) -> bool:
    """Not where nobody knows who it is, where they sit already, or are too close."""
    if person_id is None:
        return False
    if any(seat.person_id == person_id for seat in await panel_changes.seats_of(session, case.id)):
        return False
    if await conflicts_of(session, case, person_id, now=now):
        return False
    body = SeatBody.VILLAGE_COMMITTEES if level is CaseLevel.VILLAGE_OR_PARK else SeatBody.TASK_FORCE
    seat = PanelSeat(
        created_at=now, updated_at=now, case_id=case.id, person_id=person_id, role=SeatRole.MEMBER, body=body,
        state=SeatState.INVITED, invited_by=actor.person_id,
    )  # fmt: skip
    session.add(seat)
    await session.flush()
    await emit(session, SeatOffered(at=now, case_id=case.id, seat_id=seat.id, person_id=person_id))
    return True


async def _asked(session: AsyncSession, case: DisputeCase) -> CaseEvent:
    found = await session.exec(
        select(CaseEvent)
        .where(CaseEvent.case_id == case.id, CaseEvent.kind == E.EXTENSION_ASKED)
        .order_by(col(CaseEvent.seq).desc())
        .limit(1)
    )
    return found.one()


async def _due(session: AsyncSession, case: DisputeCase, kind: ClockKind) -> datetime | None:
    found = await session.exec(
        select(col(CaseDeadline.due_at)).where(CaseDeadline.case_id == case.id, CaseDeadline.kind == kind)
    )
    return found.one_or_none()
