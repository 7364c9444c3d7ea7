"""Cases: from rows to answers, with what the caller may do now, and where else one can turn."""

from collections.abc import Sequence
from datetime import datetime

from app.core.clock import china_date
from app.models.disputes import CaseDeadline, CaseEvent, CaseNote, DisputeCase, DisputePolicyRow
from app.rules.disputes.access import Act, Standing
from app.rules.disputes.cases import (
    AT_THE_TABLE,
    NEXT,
    ROUTE_TOLD,
    STOPPABLE,
    WITHOUT_AGREEMENT,
    CaseState,
    Route,
    is_labour,
    routes_of,
)
from app.rules.disputes.clocks import ClockKind, ClockState
from app.rules.disputes.log import CaseLevel
from app.rules.disputes.parties import CasePartyKind, CaseSide, PartyConsent
from app.schemas.base import Action
from app.schemas.disputes.cases import (
    CaseContact,
    CaseContactList,
    CaseEventList,
    CaseEventRead,
    CaseList,
    CaseListItem,
    CaseNoteList,
    CaseNoteRead,
    CasePartyRead,
    CaseRead,
    CaseStepRead,
    CaseTieRead,
    DeadlineList,
    DeadlineRead,
    DeskItem,
    DeskList,
    DisputePolicyList,
    DisputePolicyRead,
    RouteRead,
)
from app.services.disputes.desk import OnDesk
from app.services.disputes.people import Contact
from app.services.disputes.reading import CaseView, PartyView

C = CaseState
# Which clock tells the days that are left for a way.
CLOCK_OF = {Route.ARBITRATION: ClockKind.ARBITRATION_LIMIT, Route.COURT: ClockKind.CIVIL_LIMIT}
STEPS = {
    "screen": C.SCREENED, "accept": C.ACCEPTED, "advise-out": C.ADVISED_OUT, "ask-consent": C.CONSENT_PENDING,
    "begin": C.MEDIATING, "suspend": C.SUSPENDED, "escalate": C.ESCALATED, "end": C.ENDED, "follow-up": C.FOLLOW_UP,
    "close": C.CLOSED,
}  # fmt: skip


def case_read(view: CaseView, now: datetime) -> CaseRead:
    case, place = view.place.case, view.place
    clocks = [deadline_read(row, now) for row in view.deadlines]
    over = (
        case.state in WITHOUT_AGREEMENT
        or case.state is C.BREACHED
        or (case.outcome is not None and case.end_reason is not None)
    )
    routes = [_route(route, clocks) for route in routes_of(case.kind)]
    return CaseRead(
        id=case.id, number=case.number, kind=case.kind, kind_label=case.kind.label, labour=is_labour(case.kind),
        cause=case.cause, channel=case.channel, channel_label=case.channel.label, state=case.state,
        state_label=case.state.label, level=case.level, level_label=case.level.label, mediation_body=case.mediation_body,
        collective=view.collective, claimants=view.claimants, manager=view.manager,
        mediator=view.mediator, standings=sorted(place.standings, key=list(Standing).index),
        parties=[_party(one) for one in view.parties],
        ties=[CaseTieRead(role=one.role, label=one.label, name=one.name, told=one.told) for one in view.ties],
        routes=routes, deadlines=clocks, extension_days=case.extension_days, end_reason=case.end_reason,
        end_reason_label=None if case.end_reason is None else case.end_reason.label,
        exit_notice=exit_notice(routes) if over else None, merged_into_id=case.merged_into_id,
        follow_up=view.follow_up, known_on=case.known_on, employed=case.employed,
        employment_ended_on=case.employment_ended_on, injured=case.injured, created_at=case.created_at,
        version=case.version, actions=_actions(view),
    )  # fmt: skip


def step_read(case: DisputeCase, told: str) -> CaseStepRead:
    return CaseStepRead(
        id=case.id, number=case.number, kind=case.kind, state=case.state, state_label=case.state.label,
        level=case.level, told=told, version=case.version,
    )  # fmt: skip


def exit_notice(routes: Sequence[RouteRead]) -> str:
    """Told where mediation does not go on (人民调解法 第二十六条): every way, with its days."""
    lines = [f"{one.label}：{one.told}{_left(one.days_left)}" for one in routes]
    return "调解没有达成或没有履行协议，您还可以：" + "；".join(lines)


def deadline_read(row: CaseDeadline, now: datetime) -> DeadlineRead:
    running = row.state is ClockState.RUNNING
    left = None if row.due_on is None or not running else (row.due_on - china_date(now)).days
    label = row.state.label
    if row.kind is ClockKind.ARBITRATION_OPENS and running and left is not None and left < 0:
        label = "已满15日，可以申请仲裁"
    return DeadlineRead(
        kind=row.kind, label=row.kind.label, state=row.state, state_label=label, starts_on=row.starts_on,
        due_on=row.due_on, days_left=left, overdue=running and row.due_at is not None and now >= row.due_at,
        met_on=row.met_on, provisional=row.provisional, told=row.told,
    )  # fmt: skip


def deadlines_read(rows: Sequence[CaseDeadline], now: datetime) -> DeadlineList:
    return DeadlineList(items=[deadline_read(row, now) for row in rows])


def cases_read(rows: Sequence[DisputeCase], following: str | None, total: int | None) -> CaseList:
    return CaseList(
        items=[
            CaseListItem(
                id=row.id, number=row.number, kind=row.kind, kind_label=row.kind.label, state=row.state,
                state_label=row.state.label, created_at=row.created_at, version=row.version,
            )
            for row in rows
        ],
        next_cursor=following, total=total,
    )  # fmt: skip


def desk_read(rows: Sequence[OnDesk], following: str | None) -> DeskList:
    return DeskList(
        items=[
            DeskItem(
                id=one.case.id, number=one.case.number, kind=one.case.kind, kind_label=one.case.kind.label,
                state=one.case.state, state_label=one.case.state.label, channel_label=one.case.channel.label,
                enterprise_name=one.enterprise_name, claimants=one.claimants, created_at=one.case.created_at,
                answer_due_at=one.answer_due_at, version=one.case.version,
            )
            for one in rows
        ],
        next_cursor=following,
    )  # fmt: skip


def events_read(found: Sequence[tuple[CaseEvent, str | None]]) -> CaseEventList:
    return CaseEventList(
        items=[
            CaseEventRead(
                seq=row.seq, kind=row.kind, label=row.kind.label, at=row.created_at, told=_told(row), words=words
            )
            for row, words in found
        ]
    )


def note_read(row: CaseNote, words: str, by: str) -> CaseNoteRead:
    return CaseNoteRead(id=row.id, words=words, by=by, created_at=row.created_at)


def notes_read(found: Sequence[tuple[CaseNote, str, str]]) -> CaseNoteList:
    return CaseNoteList(items=[note_read(*one) for one in found])


def contacts_read(found: Sequence[Contact]) -> CaseContactList:
    return CaseContactList(items=[CaseContact(party_id=one.party_id, name=one.name, phone=one.phone) for one in found])


def policies_read(rows: Sequence[DisputePolicyRow]) -> DisputePolicyList:
    return DisputePolicyList(items=[DisputePolicyRead.model_validate(row) for row in rows])


def _party(one: PartyView) -> CasePartyRead:
    row = one.row
    return CasePartyRead(
        id=row.id, side=row.side, side_label=row.side.label,
        # Who was named by the other side stays “named”: whether they are registered is nobody's business.
        kind=CasePartyKind.OUTSIDER if row.name_sealed is not None and not one.mine else row.kind,
        name=one.name, mine=one.mine, state=row.state, consent=row.consent, consent_label=row.consent.label,
        claim=one.claim, claim_fen=row.claim_fen if one.opens else None, facts=one.facts,
        representative=one.representative, satisfaction=row.satisfaction if one.mine else None,
    )  # fmt: skip


def _route(route: Route, clocks: Sequence[DeadlineRead]) -> RouteRead:
    clock = next((one for one in clocks if one.kind is CLOCK_OF.get(route) and one.state is not ClockState.VOID), None)
    told = ROUTE_TOLD[route]
    if clock is not None and clock.due_on is not None:
        told = f"{told}；时效到{clock.due_on.isoformat()}"
    elif clock is not None:
        told = f"{told}；{clock.told}"
    return RouteRead(route=route, label=route.label, told=told, days_left=None if clock is None else clock.days_left)


def _left(days: int | None) -> str:
    return "" if days is None else f"（还有{days}天）" if days >= 0 else "（已过期限）"


def _told(row: CaseEvent) -> str:
    data = row.data
    if "level" in data:
        named = "、".join(data["names"]) or "公开名单没有记载"
        why = f"，因“{ClockKind.of(data['clock']).label}”逾期" if "clock" in data else ""
        return f"{row.kind.label}：{CaseLevel.of(data['level']).label}（{named}）{why}"
    if "days" in data:
        return f"{row.kind.label}：{data['days']}日"
    if "side" in data:
        return f"{row.kind.label}（{CaseSide.of(data['side']).label}）"
    return row.kind.label


def _actions(view: CaseView) -> list[Action]:
    place, state = view.place, view.place.case.state
    found: list[Action] = []
    if place.may(Act.MANAGE):
        for name, target in STEPS.items():
            found.append(_action(name, target in NEXT[state], state))
        found.append(_action("resume", state in {C.SUSPENDED, C.ESCALATED}, state))
    if place.may(Act.MEDIATE):
        found += [
            _action("sessions", state in AT_THE_TABLE, state),
            _action("agreements", state in {*AT_THE_TABLE, C.AGREED_WRITTEN}, state),
        ]
    if place.may(Act.SPEAK):
        asked = any(one.mine and one.row.consent is PartyConsent.PENDING for one in view.parties)
        found.append(_action("consent", asked and state in STOPPABLE, state))
        claims = any(one.mine and one.row.side is CaseSide.COMPLAINANT for one in view.parties)
        found.append(_action("leave", claims and view.claimants > 1 and state in STOPPABLE, state))
        found.append(_action("withdraw", claims and view.claimants == 1 and state in STOPPABLE, state))
    return found


def _action(name: str, allowed: bool, state: CaseState) -> Action:
    return Action(action=name, allowed=allowed, reason=None if allowed else f"案件当前为“{state.label}”")
