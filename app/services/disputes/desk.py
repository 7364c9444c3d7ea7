"""The desk and the manager's steps: take, hand over, screen, accept, advise out, correct, ask for consent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.pages import Cursors
from app.models.disputes import CaseDeadline, CaseParty, DisputeCase, PanelSeat
from app.rules.disputes import cases as rules
from app.rules.disputes.access import Act
from app.rules.disputes.cases import CaseKind, CaseState, Route, check_body, check_open
from app.rules.disputes.clocks import ClockKind, InterruptionDateError
from app.rules.disputes.log import CaseEventKind, Interruption
from app.rules.disputes.panel import (
    CURRENT,
    ManagerConflictError,
    SeatBody,
    SeatPersonError,
    SeatRole,
    SeatState,
    SeatTakenError,
    told_conflicts,
)
from app.rules.disputes.parties import CasePartyState, CaseSide, PartyConsent
from app.rules.identity.roles import Actor, Role, ScopeKind, check_permission
from app.rules.organisation import GridNotFoundError
from app.schemas.disputes.desk import AddPartyForm, CaseFactsForm
from app.services.common.lists import newest_first
from app.services.disputes import asking, intake, log, panel_changes
from app.services.disputes.conflicts import conflicts_of
from app.services.disputes.events import CaseTaken
from app.services.disputes.standing import HANDLE, SUBJECT, Place, enter, parties_of
from app.services.identity import audit, members
from app.services.organisation import facts, liaison
from app.services.organisation.enterprises import names_of

C, E = CaseState, CaseEventKind


@dataclass(frozen=True, slots=True)
class OnDesk:
    case: DisputeCase
    enterprise_name: str | None
    claimants: int
    answer_due_at: datetime | None


def within_office(actor: Actor) -> ColumnElement[bool]:
    """The part of the town that this office is for; where nobody knows the area yet, the town's own."""
    if actor.town_wide(HANDLE):
        return col(DisputeCase.id).is_not(None)
    areas = sorted(actor.scopes(HANDLE, ScopeKind.AREA))
    grids = sorted(actor.scopes(HANDLE, ScopeKind.GRID))
    return or_(col(DisputeCase.area_id).in_(areas), col(DisputeCase.grid_id).in_(grids))


async def list_desk(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[OnDesk], str | None]:
    """What nobody manages, newest first."""
    check_permission(actor, HANDLE)
    waiting = col(DisputeCase.state).in_(sorted(rules.OPEN))
    statement = select(DisputeCase).where(col(DisputeCase.manager_id).is_(None), waiting, within_office(actor))
    query: dict[str, Any] = {"list": "case desk", "person": actor.person_id}
    rows, following = await newest_first(session, cursors, query, DisputeCase, statement, cursor=cursor, limit=limit)
    return await _on_desk(session, rows), following


async def take(session: AsyncSession, actor: Actor, case_id: UUID, *, expected_version: int, now: datetime) -> Place:
    """One of the office takes it: the first, and nobody who is too close. The “1” is checked like everybody."""
    check_permission(actor, HANDLE)
    case = await lock(session, DisputeCase, case_id, rules.CaseNotFoundError)
    mine = await session.exec(select(col(DisputeCase.id)).where(DisputeCase.id == case_id, within_office(actor)))
    if mine.one_or_none() is None or case.state not in rules.OPEN:
        raise rules.CaseNotFoundError
    if case.manager_id is not None:
        raise rules.CaseTakenError
    check_version(case.version, expected_version)
    conflicts = await conflicts_of(session, case, actor.person_id, now=now)
    if conflicts:
        raise ManagerConflictError(conflicts=told_conflicts(conflicts))
    await panel_changes.drop_waiting_managers(session, case, now=now)
    await panel_changes.seat_manager(session, case, actor.person_id, by=actor.person_id, conflicts=[], now=now)
    await log.note(session, case, E.TAKEN, actor=actor, now=now)
    await emit(session, CaseTaken(at=now, case_id=case.id, by=actor.person_id))
    return await enter(session, actor, case_id, Act.MANAGE)


async def assign(
    session: AsyncSession, actor: Actor, case_id: UUID, person_id: UUID, *, reason: str, expected_version: int,
    now: datetime,
) -> DisputeCase:  # fmt: skip
    """Handed over at once; to somebody too close only once every party has agreed."""
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=expected_version)
    case = place.case
    check_open(case.state)
    if person_id not in await members.holders_of(session, Role.CASE_MANAGER, now=now):
        raise SeatPersonError
    sitting = await session.exec(
        select(col(PanelSeat.id)).where(
            PanelSeat.case_id == case.id, PanelSeat.person_id == person_id, col(PanelSeat.state).in_(sorted(CURRENT))
        )
    )
    if sitting.one_or_none() is not None:
        raise SeatTakenError
    conflicts = await conflicts_of(session, case, person_id, now=now)
    if conflicts:
        seat = PanelSeat(
            created_at=now, updated_at=now, case_id=case.id, person_id=person_id, role=SeatRole.MANAGER,
            body=SeatBody.PARTY_COMMITTEE, state=SeatState.AWAITING_CONSENT, conflicts=conflicts,
            invited_by=actor.person_id,
        )  # fmt: skip
        session.add(seat)
        await log.note(session, case, E.SEAT_INVITED, actor=actor, now=now, words=reason, role=SeatRole.MANAGER.value)
        await asking.ask(session, case, "对拟更换的承办人表示意见", now=now)
        return case
    await panel_changes.seat_manager(session, case, person_id, by=actor.person_id, conflicts=[], now=now)
    await log.note(session, case, E.REASSIGNED, actor=actor, now=now, words=reason)
    return case


async def screen(session: AsyncSession, actor: Actor, case_id: UUID, cause: rules.CaseCause, *, expected_version: int, now: datetime) -> Place:  # fmt: skip
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=expected_version)
    place.case.cause = cause
    await log.move(session, place.case, C.SCREENED, E.SCREENED, actor=actor, now=now, cause=cause.value)
    return place


async def advise_out(
    session: AsyncSession, actor: Actor, case_id: UUID, *, reason: str, routes: Sequence[Route], expected_version: int,
    now: datetime,
) -> Place:  # fmt: skip
    """Not for mediation: with the reason, and where to turn."""
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=expected_version)
    told = [route.value for route in Route if route in set(routes)]
    await log.move(session, place.case, C.ADVISED_OUT, E.ADVISED_OUT, actor=actor, now=now, words=reason, routes=told)
    return place


async def accept(
    session: AsyncSession, actor: Actor, case_id: UUID, body: rules.MediationBody, *, expected_version: int,
    now: datetime,
) -> Place:  # fmt: skip
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=expected_version)
    check_body(place.case.kind, body)
    place.case.mediation_body = body
    await log.move(session, place.case, C.ACCEPTED, E.ACCEPTED, actor=actor, now=now, body=body.value)
    return place


async def ask_consent(session: AsyncSession, actor: Actor, case_id: UUID, *, expected_version: int, now: datetime) -> Place:  # fmt: skip
    """Every party is asked; who has said yes with the application need not say it again."""
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=expected_version)
    case = place.case
    case.asked_at = case.asked_at or now
    await log.move(session, case, C.CONSENT_PENDING, E.CONSENT_ASKED, actor=actor, now=now)
    parties = await parties_of(session, case.id)
    if all(party.consent is PartyConsent.GIVEN for party in parties):
        await log.move(session, case, C.CONSENTED, E.CONSENTED, actor=None, now=now)
        return place
    await asking.ask(session, case, "表示是否同意调解", now=now, pending=True)
    return place


async def change_kind(
    session: AsyncSession, actor: Actor, case_id: UUID, kind: CaseKind, *, reason: str, expected_version: int,
    now: datetime,
) -> Place:  # fmt: skip
    """Logged with its reason; the clocks of the new kind count from the same events."""
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=expected_version)
    case = place.case
    check_open(case.state)
    if kind is case.kind:
        raise rules.SameKindError
    if case.mediation_body is not None:
        check_body(kind, case.mediation_body)
    before, case.kind = case.kind, kind
    data = {"before": before.value, "after": kind.value}
    await log.note(session, case, E.KIND_CHANGED, actor=actor, now=now, words=reason, **data)
    return place


async def change_facts(
    session: AsyncSession, actor: Actor, case_id: UUID, form: CaseFactsForm, *, now: datetime
) -> Place:
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=form.expected_version)
    case = place.case
    check_open(case.state)
    intake.check_dates(form.known_on, form.employment_ended_on, china_date(now))
    if form.area_id is not None and await liaison.area_kind(session, form.area_id) is None:
        raise rules.CasePlaceError
    if form.grid_id is not None and not await facts.grid_exists(session, form.grid_id):
        raise GridNotFoundError
    for name, value in form.model_dump(exclude={"expected_version"}).items():
        setattr(case, name, value)
    await log.note(session, case, E.FACTS_CHANGED, actor=actor, now=now)
    return place


async def add_party(session: AsyncSession, actor: Actor, case_id: UUID, form: AddPartyForm, *, now: datetime) -> Place:
    """Before anybody has been asked: another respondent, or another who claims. Seats are looked at again."""
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=form.expected_version)
    case = place.case
    if case.state not in rules.BEFORE_CONSENT:
        raise rules.CaseStateError(current=case.state.label, target=C.CONSENT_PENDING.label)
    start = await intake.party_start(session, form.side, form.party)
    for row in await parties_of(session, case.id, all_of_them=True):
        same_firm = row.enterprise_id is not None and row.enterprise_id == start.enterprise_id
        if same_firm or (row.person_id is not None and row.person_id == start.person_id):
            raise rules.RespondentError
    if start.enterprise_id is not None and case.enterprise_id is None:
        case.enterprise_id = start.enterprise_id
    named = intake.PartyStart(
        form.side, start.kind, start.person_id, start.enterprise_id, start.area_id, start.name, start.phone,
        claim=form.claim, claim_fen=form.claim_fen,
    )  # fmt: skip
    await intake.add_party(session, case, named, by=actor.caller_id, now=now)
    await log.note(session, case, E.PARTY_ADDED, actor=actor, now=now, side=form.side.value)
    await panel_changes.look_again(session, case, now=now)
    return place


async def interrupt(
    session: AsyncSession, actor: Actor, case_id: UUID, ground: Interruption, *, on: Any, expected_version: int,
    now: datetime,
) -> Place:  # fmt: skip
    """What starts a limitation anew, with its day."""
    place = await enter(session, actor, case_id, Act.MANAGE, expected_version=expected_version)
    if on > china_date(now):
        raise InterruptionDateError
    data = {"ground": ground.value, "on": on.isoformat()}
    await log.note(session, place.case, E.INTERRUPTED, actor=actor, now=now, **data)
    return place


async def return_orphans(session: AsyncSession, *, now: datetime, limit: int = 50) -> int:
    """The sweep: a manager whose appointment has ended has no cases any more; the desk has them."""
    offices = await members.holders_of(session, Role.CASE_MANAGER, now=now)
    rows = await session.exec(
        select(DisputeCase)
        .where(
            col(DisputeCase.manager_id).is_not(None), col(DisputeCase.manager_id).not_in(offices),
            col(DisputeCase.state).in_(sorted(rules.OPEN)),
        )
        .order_by(col(DisputeCase.id))
        .limit(limit)
        .with_for_update()
    )  # fmt: skip
    found = rows.all()
    for case in found:
        await panel_changes.unseat_manager(session, case, now=now)
        await log.note(session, case, E.REASSIGNED, actor=None, now=now)
        await intake.tell_desk(session, case, now=now)
        audit.record(
            session, "case_returned", actor_id=None, subject_kind=SUBJECT, subject_id=case.id, now=now
        )  # fmt: skip
    return len(found)


async def _on_desk(session: ReadSession, rows: Sequence[DisputeCase]) -> list[OnDesk]:
    ids = [row.id for row in rows]
    names = await names_of(session, {row.enterprise_id for row in rows if row.enterprise_id is not None})
    counted = await session.exec(
        select(col(CaseParty.case_id), func.count())
        .where(
            col(CaseParty.case_id).in_(ids), CaseParty.side == CaseSide.COMPLAINANT,
            CaseParty.state == CasePartyState.ACTIVE,
        )
        .group_by(col(CaseParty.case_id))
    )  # fmt: skip
    claimants = dict(counted.all())
    due = await session.exec(
        select(col(CaseDeadline.case_id), col(CaseDeadline.due_at)).where(
            col(CaseDeadline.case_id).in_(ids), CaseDeadline.kind == ClockKind.FIRST_ANSWER
        )
    )
    answers = dict(due.all())
    return [
        OnDesk(
            row, names.get(row.enterprise_id) if row.enterprise_id is not None else None, claimants.get(row.id, 0),
            answers.get(row.id),
        )
        for row in rows
    ]  # fmt: skip
