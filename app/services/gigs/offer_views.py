"""From rows to answers: offers, seats, the line, standing."""

from datetime import datetime, timedelta

from app.core.crypto import Crypto
from app.models.gigs import Assignment, NoShow, Rating
from app.rules.gigs.labels import HINT
from app.rules.gigs.offers import ASSIGNMENT_NEXT, OFFER_NEXT, AssignmentState, OfferState
from app.rules.gigs.standing import NO_SHOW_NEXT, NoShowState
from app.rules.gigs.terms import SeatKind
from app.schemas.base import Action
from app.schemas.gigs.offers import (
    AssignmentRead,
    NoShowAppeal,
    NoShowRead,
    OfferRead,
    RatingRead,
    ShiftBrief,
    ShiftPeople,
    ShiftPerson,
    StandingRead,
    WaitingRead,
)
from app.services.gigs.assignments import Held
from app.services.gigs.attendance import Standing
from app.services.gigs.board import OnBoard
from app.services.gigs.claims import Waiting
from app.services.gigs.offers import Received
from app.services.gigs.shift_people import People
from app.services.identity.people import PersonFacts

A = AssignmentState


def brief(on: OnBoard) -> ShiftBrief:
    order, shift = on.order, on.shift
    return ShiftBrief(
        shift_id=shift.id, order_id=order.id, enterprise_id=order.enterprise_id, enterprise_name=order.enterprise_name,
        using_firm=order.using_firm, title=order.title, process_code=order.process_code, process_name=order.process_name,
        starts_at=shift.starts_at, ends_at=shift.ends_at, work_minutes=shift.work_minutes, half=shift.half,
        effective_hour_fen=order.effective_hour_fen, place_address=order.place_address, cover=order.cover,
        cover_label=order.cover.label, meals=order.meals,
    )  # fmt: skip


def offer_read(one: Received, now: datetime) -> OfferRead:
    row = one.offer
    over = now > row.answer_by
    actions = [
        _offer_action("accept", row.state, OfferState.ACCEPTED, over=over),
        _offer_action("decline", row.state, OfferState.DECLINED, over=False),
    ]
    return OfferRead(
        id=row.id, version=row.version, shift=brief(one.on), state=row.state, state_label=row.state.label,
        source=row.source, seat=row.seat, seat_label=row.seat.label,
        standby_fen=one.on.order.standby_fen if row.seat is SeatKind.STANDBY else None, created_at=row.created_at,
        answer_by=row.answer_by, answered_at=row.answered_at, reason=row.reason, actions=actions,
    )  # fmt: skip


def _offer_action(name: str, state: OfferState, target: OfferState, *, over: bool) -> Action:
    if target not in OFFER_NEXT[state]:
        return Action(action=name, allowed=False, reason=f"邀约{state.label}")
    return Action(action=name, allowed=not over, reason="答复时间已过" if over else None)


def assignment_read(held: Held, now: datetime, *, confirm_hours: int) -> AssignmentRead:
    row = held.row
    early = row.starts_at - now > timedelta(hours=confirm_hours)
    confirm = _assignment_action("confirm", row.state, A.CONFIRMED)
    if confirm.allowed and early:
        confirm = Action(action="confirm", allowed=False, reason=f"开班前{confirm_hours}小时内再确认")
    return AssignmentRead(
        id=row.id, version=row.version, shift=brief(held.on), state=row.state, state_label=row.state.label, seat=row.seat,
        seat_label=row.seat.label, order_version=row.order_version, label=row.label, label_text=label_text(row),
        label_day_minutes=row.label_day_minutes, label_week_minutes=row.label_week_minutes,
        accepted_at=row.accepted_at, confirmed_at=row.confirmed_at,
        actions=[confirm, _assignment_action("leave", row.state, A.LEFT), _rate_action(row)],
    )  # fmt: skip


def label_text(row: Assignment) -> str:
    day, week = row.label_day_minutes / 60, row.label_week_minutes / 60
    return f"{row.label.label}{HINT}：在这家企业上班日平均每天{day:.1f}小时、平均每周{week:.1f}小时"


def _assignment_action(name: str, state: AssignmentState, target: AssignmentState) -> Action:
    allowed = target in ASSIGNMENT_NEXT[state]
    return Action(action=name, allowed=allowed, reason=None if allowed else f"当前为“{state.label}”")


def _rate_action(row: Assignment) -> Action:
    allowed = row.state is A.DONE
    return Action(action="rate", allowed=allowed, reason=None if allowed else "完成后可以评价")


def waiting_read(one: Waiting) -> WaitingRead:
    return WaitingRead(shift=brief(one.on), position=one.position, joined_at=one.entry.created_at)


def no_show_read(row: NoShow, crypto: Crypto) -> NoShowRead:
    allowed = NoShowState.APPEALED in NO_SHOW_NEXT[row.state]
    reason = None if allowed else f"记录当前为“{row.state.label}”"
    return NoShowRead.model_validate(
        row.model_dump(include=set(NoShowRead.model_fields) - {"state_label", "actions", "decision"})
        | {
            "state_label": row.state.label,
            "decision": crypto.open_if("no_show", "decision", row.id, row.decision_sealed),
            "actions": [Action(action="appeal", allowed=allowed, reason=reason)],
        }
    )


def appeal_read(row: NoShow, crypto: Crypto) -> NoShowAppeal:
    return NoShowAppeal.model_validate(
        row.model_dump(include=set(NoShowAppeal.model_fields) - {"words"})
        | {"words": crypto.open_if("no_show", "appeal", row.id, row.appeal_sealed)}
    )


def standing_read(found: Standing, mean: tuple[float | None, int], crypto: Crypto) -> StandingRead:
    text = f"应到{found.expected}次，到岗{found.came}次，有效计分{found.points}分"
    if found.points >= found.pause_at:
        text += f"，已满{found.pause_at}分：急招暂不推送给您，不影响您自己接单和统一配工"
    return StandingRead(
        points=found.points, came=found.came, expected=found.expected, text=text,
        records=[no_show_read(row, crypto) for row in found.records], stars=mean[0], ratings=mean[1],
    )  # fmt: skip


def rating_read(row: Rating) -> RatingRead:
    return RatingRead(assignment_id=row.assignment_id, stars=row.stars, created_at=row.created_at)


def shift_person(row: Assignment, facts: PersonFacts | None) -> ShiftPerson:
    return ShiftPerson(
        assignment_id=row.id, version=row.version, person_id=row.person_id, name=facts.name if facts else None,
        phone=facts.phone if facts else None, state=row.state, state_label=row.state.label, seat=row.seat,
        seat_label=row.seat.label, label=row.label, label_text=label_text(row), accepted_at=row.accepted_at,
        confirmed_at=row.confirmed_at,
        actions=[
            _assignment_action("call-off", row.state, A.CALLED_OFF), _assignment_action("no-show", row.state, A.NO_SHOW),
            _rate_action(row),
        ],
    )  # fmt: skip


def shift_people(found: People) -> ShiftPeople:
    shift = found.on.shift
    short = None if shift.exhausted_at is None else "合适的人都已问过，暂时没有可以补位的人"
    return ShiftPeople(
        shift_id=shift.id, version=shift.version, seats=shift.seats, taken=shift.taken, offered=shift.offered,
        standby_seats=shift.standby_seats, standby_taken=shift.standby_taken, waiting=found.waiting,
        urgent_ring=shift.urgent_ring, short_reason=short,
        people=[shift_person(row, found.facts.get(row.person_id)) for row in found.rows],
    )  # fmt: skip
