"""Seats: proposed by kind, checked against the graph before an invitation, answered, voted on, replaced."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.errors import AppError
from app.core.events import emit
from app.core.ids import new_id
from app.models.disputes import CaseVote, DisputeCase, PanelSeat
from app.rules.disputes import panel as rules
from app.rules.disputes.access import Act
from app.rules.disputes.cases import AT_THE_TABLE, CaseNotFoundError, CaseState, CaseStateError
from app.rules.disputes.log import CaseEventKind
from app.rules.disputes.panel import POST_WORDS, SeatBody, SeatRole, SeatState, check_seat_step, told_conflicts
from app.rules.disputes.parties import ConsentWay
from app.rules.identity.roles import Actor, Role
from app.schemas.disputes.panel import InviteSeatForm
from app.services.disputes import asking, log, panel_changes
from app.services.disputes.conflicts import conflicts_of
from app.services.disputes.events import SeatOffered
from app.services.disputes.people import party_names
from app.services.disputes.speaking import speaker
from app.services.disputes.standing import enter, look_as, parties_of, parties_of_many
from app.services.identity import members
from app.services.identity.people import active_among, facts_of
from app.services.organisation import ties

TABLE = "panel_seat"
C, E, S = CaseState, CaseEventKind, SeatState
SEATING = frozenset({C.CONSENTED, C.MEDIATOR_PROPOSED, C.OBJECTION, C.ESCALATED, *AT_THE_TABLE})
# Where a party may say that it does not want this mediator.
CHOOSING = frozenset({C.MEDIATOR_PROPOSED, *AT_THE_TABLE})


@dataclass(frozen=True, slots=True)
class Candidate:
    person_id: UUID | None
    name: str
    post: str
    conflicts: list[str]


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation as the invited one sees it."""

    seat: PanelSeat
    case: DisputeCase
    parties: list[str]


async def propose(
    session: AsyncSession, actor: Actor, case_id: UUID, *, now: datetime
) -> list[tuple[SeatBody, list[Candidate]]]:
    """Who could sit for each body that this kind asks for; flagged before anybody is invited."""
    place = await look_as(session, actor, case_id, Act.MANAGE)
    case = place.case
    cause = None if case.cause is None else case.cause.value
    found = []
    for body in rules.bodies_for(case.kind, cause, injured=case.injured):
        candidates = await _mediators(session, now) if body is SeatBody.MEDIATORS else await _named(session, body)
        flagged = [
            Candidate(
                one.person_id, one.name, one.post,
                [] if one.person_id is None else await conflicts_of(session, case, one.person_id, now=now),
            )
            for one in candidates
        ]  # fmt: skip
        found.append((body, flagged))
    return found


async def invite(
    session: AsyncSession, actor: Actor, case_id: UUID, form: InviteSeatForm, *, now: datetime
) -> PanelSeat:
    """Free of conflicts: invited at once. Else, and for outsiders, only once every party has agreed."""
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=form.expected_version)
    case = place.case
    if case.state not in SEATING:
        raise CaseStateError(current=case.state.label, target=C.MEDIATOR_PROPOSED.label)
    await _check_person(session, form.person_id, form.body, now)
    current = await panel_changes.seats_of(session, case.id)
    if any(seat.person_id == form.person_id for seat in current):
        raise rules.SeatTakenError
    if form.role is SeatRole.MEDIATOR and any(seat.role is SeatRole.MEDIATOR for seat in current):
        raise rules.MediatorTakenError
    conflicts = await conflicts_of(session, case, form.person_id, now=now)
    asked = bool(conflicts) or form.body is SeatBody.EXPERT
    seat = PanelSeat(
        id=new_id(), created_at=now, updated_at=now, case_id=case.id, person_id=form.person_id, role=form.role,
        body=form.body, state=S.AWAITING_CONSENT if asked else S.INVITED, conflicts=conflicts,
        invited_by=actor.person_id,
    )  # fmt: skip
    session.add(seat)
    await log.note(session, case, E.SEAT_INVITED, actor=actor, now=now, role=form.role.value, body=form.body.value)
    if asked:
        await asking.ask(session, case, "对拟邀请的小组成员表示意见", now=now)
    else:
        await emit(session, SeatOffered(at=now, case_id=case.id, seat_id=seat.id, person_id=seat.person_id))
    return seat


async def invitations(session: AsyncSession | ReadSession, actor: Actor) -> list[Invited]:
    """Of myself, still open: kind and parties, so that I can say whether I am too close; nothing of the matter."""
    rows = await session.exec(
        select(PanelSeat, DisputeCase)
        .join(DisputeCase, col(DisputeCase.id) == col(PanelSeat.case_id))
        .where(PanelSeat.person_id == actor.person_id, PanelSeat.state == S.INVITED)
        .order_by(col(PanelSeat.id))
        .limit(100)
    )
    found = list(rows.all())
    parties = await parties_of_many(session, [case.id for _, case in found])
    names = await party_names(session, parties)
    return [
        Invited(seat, case, sorted({names[party.id] for party in parties if party.case_id == case.id}))
        for seat, case in found
    ]


async def answer(
    session: AsyncSession, actor: Actor, seat_id: UUID, *, said: str, reason: str | None, expected_version: int,
    now: datetime,
) -> PanelSeat:  # fmt: skip
    """Accepting declares that one is not too close; the graph is asked once more. Stepping aside is possible at any time."""
    case, seat = await _lock(session, seat_id, rules.SeatNotFoundError)
    if seat.person_id != actor.person_id or seat.role is SeatRole.MANAGER or seat.state not in {S.INVITED, S.ACCEPTED}:
        raise rules.SeatNotFoundError
    check_version(seat.version, expected_version)
    target = {"accept": S.ACCEPTED, "decline": S.DECLINED, "recuse": S.RECUSED}[said]
    check_seat_step(seat.state, target)
    if reason is not None:
        seat.reason_sealed = crypto_of(session).seal(TABLE, "reason", seat.id, reason)
    if target is S.ACCEPTED:
        return await _accept(session, actor, case, seat, now)
    sat = seat.state is S.ACCEPTED
    panel_changes.end(seat, target, now)
    await log.note(session, case, E.SEAT_ENDED if sat else E.SEAT_ANSWERED, actor=actor, now=now, answer=said)
    await _mediator_gone(session, case, seat, actor, now)
    return seat


async def vote(
    session: AsyncSession, actor: Actor, seat_id: UUID, *, agree: bool, party_id: UUID | None, way: ConsentWay | None,
    now: datetime,
) -> PanelSeat:  # fmt: skip
    """A party's word on a seat: on somebody flagged before they are invited, on a mediator while they mediate."""
    case, seat = await _lock(session, seat_id, rules.SeatNotFoundError)
    try:
        place = await enter(session, actor, case.id, Act.SPEAK if way is None else Act.MANAGE)
    except CaseNotFoundError as exc:
        raise rules.SeatNotFoundError from exc
    waiting = seat.state is S.AWAITING_CONSENT
    chosen = seat.state is S.ACCEPTED and seat.role is SeatRole.MEDIATOR and case.state in CHOOSING
    if not waiting and not chosen:
        raise rules.SeatStateError(current=seat.state.label, target=S.ACCEPTED.label if agree else S.NOT_WANTED.label)
    party, how = await speaker(session, actor, place, party_id, way, own=True, now=now)
    said = await panel_changes.votes_on(session, seat.id)
    if party.id in said and (said[party.id] is agree or not said[party.id]):
        raise rules.VoteSaidError
    await record_vote(session, actor, case, seat.id, party.id, agree=agree, way=how, now=now)
    if waiting:
        await _settle_consents(session, actor, case, seat, now)
    elif not agree:
        panel_changes.end(seat, S.REPLACED, now)
        await _mediator_gone(session, case, seat, actor, now)
    return seat


async def replace(
    session: AsyncSession, actor: Actor, seat_id: UUID, *, reason: str, expected_version: int, now: datetime
) -> PanelSeat:
    """By the manager; the access goes with the seat."""
    case, seat = await _lock(session, seat_id, rules.SeatNotFoundError)
    try:
        await enter(session, actor, case.id, Act.MANAGE)
    except CaseNotFoundError as exc:
        raise rules.SeatNotFoundError from exc
    check_version(seat.version, expected_version)
    if seat.role is SeatRole.MANAGER and seat.state is S.ACCEPTED:
        raise rules.SeatStateError(current=seat.state.label, target=S.REPLACED.label)
    check_seat_step(seat.state, S.REPLACED)
    seat.reason_sealed = crypto_of(session).seal(TABLE, "reason", seat.id, reason)
    panel_changes.end(seat, S.REPLACED, now)
    await log.note(session, case, E.SEAT_ENDED, actor=actor, now=now, answer="replaced")
    await _mediator_gone(session, case, seat, actor, now)
    return seat


async def votes_of_case(session: AsyncSession | ReadSession, case_id: UUID) -> dict[UUID, int]:
    """Seat → how many parties have agreed."""
    rows = await session.exec(select(CaseVote).where(CaseVote.case_id == case_id))
    found: dict[UUID, int] = {}
    for row in rows:
        found[row.subject_id] = found.get(row.subject_id, 0) + row.agree
    return found


async def seat_names(session: AsyncSession | ReadSession, seats: list[PanelSeat]) -> dict[UUID, str]:
    facts = await facts_of(session, crypto_of(session), sorted({seat.person_id for seat in seats}))
    roster = await ties.roster_names(session, [seat.person_id for seat in seats])
    return {
        seat.id: roster.get(seat.person_id) or (facts[seat.person_id].name if seat.person_id in facts else None) or "工作人员"
        for seat in seats
    }  # fmt: skip


async def _accept(session: AsyncSession, actor: Actor, case: DisputeCase, seat: PanelSeat, now: datetime) -> PanelSeat:
    conflicts = await conflicts_of(session, case, seat.person_id, now=now)
    if set(conflicts) - set(seat.conflicts):
        seat.conflicts, seat.state = conflicts, S.AWAITING_CONSENT
        seat.touch(now)
        await log.note(session, case, E.SEAT_ANSWERED, actor=actor, now=now, answer="conflict")
        await asking.ask(session, case, "对拟邀请的小组成员表示意见", now=now)
        return seat
    seat.state, seat.accepted_at = S.ACCEPTED, now
    seat.touch(now)
    await log.note(session, case, E.SEAT_ANSWERED, actor=actor, now=now, answer="accept")
    if seat.role is SeatRole.MEDIATOR and case.state in {C.CONSENTED, C.OBJECTION}:
        await log.move(session, case, C.MEDIATOR_PROPOSED, E.MEDIATOR_PROPOSED, actor=actor, now=now)
        await asking.ask(session, case, "对调解员表示意见", now=now)
    return seat


async def _settle_consents(
    session: AsyncSession, actor: Actor, case: DisputeCase, seat: PanelSeat, now: datetime
) -> None:
    """All parties yes: invited (a manager takes over at once); one no: it will not be."""
    said = await panel_changes.votes_on(session, seat.id)
    parties = {party.id for party in await parties_of(session, case.id)}
    if any(not agree for party, agree in said.items() if party in parties):
        panel_changes.end(seat, S.NOT_WANTED, now)
        await log.note(session, case, E.SEAT_ENDED, actor=actor, now=now, answer="not_wanted")
        await _mediator_gone(session, case, seat, actor, now)
    elif parties <= set(said):
        if seat.role is SeatRole.MANAGER:
            await panel_changes.seat_manager(
                session, case, seat.person_id, by=seat.invited_by, conflicts=seat.conflicts, now=now, seat=seat
            )
            await log.note(session, case, E.REASSIGNED, actor=actor, now=now)
            return
        seat.state = S.INVITED
        seat.touch(now)
        await session.flush()
        await emit(session, SeatOffered(at=now, case_id=case.id, seat_id=seat.id, person_id=seat.person_id))


async def _mediator_gone(
    session: AsyncSession, case: DisputeCase, seat: PanelSeat, actor: Actor, now: datetime
) -> None:
    """Without a mediator nothing goes on: another is looked for."""
    await session.flush()
    if seat.role is SeatRole.MEDIATOR and case.state in CHOOSING:
        await log.move(session, case, C.OBJECTION, E.OBJECTED, actor=actor, now=now)


async def record_vote(
    session: AsyncSession, actor: Actor, case: DisputeCase, subject_id: UUID, party_id: UUID, *, agree: bool,
    way: ConsentWay, now: datetime,
) -> None:  # fmt: skip
    found = await session.exec(
        select(CaseVote).where(CaseVote.subject_id == subject_id, CaseVote.party_id == party_id).with_for_update()
    )
    row = found.one_or_none()
    if row is not None:
        row.agree, row.way, row.by_person_id = agree, way, actor.caller_id
    else:
        session.add(
            CaseVote(
                created_at=now, case_id=case.id, subject_id=subject_id, party_id=party_id, agree=agree, way=way,
                by_person_id=actor.caller_id,
            )
        )  # fmt: skip
    await session.flush()


async def _lock(session: AsyncSession, seat_id: UUID, missing: type[AppError]) -> tuple[DisputeCase, PanelSeat]:
    """The case first, as everywhere."""
    known = await session.exec(select(col(PanelSeat.case_id)).where(PanelSeat.id == seat_id))
    case_id = known.one_or_none()
    if case_id is None:
        raise missing
    case = await lock(session, DisputeCase, case_id, missing)
    return case, await lock(session, PanelSeat, seat_id, missing)


async def _check_person(session: AsyncSession, person_id: UUID, body: SeatBody, now: datetime) -> None:
    """Of the rosters or of the staff; others only as experts, whom the parties agree to (人民调解法 第二十条)."""
    if body is SeatBody.EXPERT:
        if person_id not in await active_among(session, [person_id]):
            raise rules.SeatPersonError
        return
    known = await ties.on_roster(session, person_id) or await members.holds_staff_office(session, person_id, now=now)
    if not known:
        raise rules.SeatPersonError


async def _named(session: AsyncSession, body: SeatBody) -> list[Candidate]:
    if body is SeatBody.TASK_FORCE:
        found = await ties.work_team(session, leaders_only=True)
    else:
        found = await ties.people_with_posts(session, POST_WORDS[body])
    return [Candidate(one.person_id, one.name, one.post, []) for one in found]


async def _mediators(session: AsyncSession, now: datetime) -> list[Candidate]:
    people = await members.holders_of(session, Role.MEDIATOR, now=now)
    facts = await facts_of(session, crypto_of(session), people)
    return [Candidate(one, facts[one].name or "未登记姓名", Role.MEDIATOR.label, []) for one in people if one in facts]


def conflict_told(conflicts: list[str]) -> str | None:
    return f"与本案有关联：{told_conflicts(conflicts)}；须全体当事人同意才能参加" if conflicts else None
