"""Rules, budgets, activities, claims: from rows to answers, with what the caller may do now."""

from collections.abc import Sequence
from datetime import datetime

from app.core.errors import AppError
from app.models.points import PointsBudget, PointsRule
from app.rules.identity.roles import Actor, Permission
from app.rules.points import activities as activity_rules
from app.rules.points import claims as claim_rules
from app.rules.points.activities import ActivityState, ParticipationState
from app.rules.points.claims import ClaimFlag, ClaimState
from app.schemas.base import Action, Labelled
from app.schemas.points.activities import ActivityRead, ParticipantList, ParticipantRead
from app.schemas.points.earning import BudgetRead, ClaimRead, RuleRead
from app.services.points.activities import Participant, Seen
from app.services.points.claims import Opened

REVIEW = Permission.POINTS_REVIEW


def rule_read(rule: PointsRule) -> RuleRead:
    values = rule.model_dump(exclude={"proposed_by", "recorded_by", "created_at", "updated_at"})
    return RuleRead(**values, fact_label=rule.fact.label, state_label=rule.state.label)


def budget_read(row: PointsBudget) -> BudgetRead:
    return BudgetRead(
        id=row.id, year=row.year, points=row.points, granted=row.granted, left=row.points - row.granted,
        honour_from=row.honour_from, decided_by=row.decided_by, decision=row.decision, decided_on=row.decided_on,
        version=row.version,
    )  # fmt: skip


def activity_read(seen: Seen, now: datetime) -> ActivityRead:
    row, mine = seen.activity, seen.mine
    joined = mine is not None and mine.state is ParticipationState.JOINED
    return ActivityRead(
        id=row.id, title=row.title, description=row.description, state=row.state, state_label=row.state.label,
        starts_at=row.starts_at, ends_at=row.ends_at, place=row.place, grid_id=row.grid_id, capacity=row.capacity,
        joined=row.joined, cancelled_because=row.cancelled_because, version=row.version,
        my_state=None if mine is None else mine.state, my_minutes=None if mine is None else mine.minutes, void_reason=seen.void_reason,
        actions=[_leave(seen, now) if joined else _join(seen, now)],
    )  # fmt: skip


def participants_read(found: Sequence[Participant]) -> ParticipantList:
    return ParticipantList(
        items=[
            ParticipantRead(
                person_id=one.row.person_id, name=one.name, state=one.row.state, state_label=one.row.state.label,
                minutes=one.row.minutes, version=one.row.version,
            )
            for one in found
        ]
    )  # fmt: skip


def claim_read(opened: Opened, actor: Actor) -> ClaimRead:
    row, rule = opened.row, opened.rule
    office = actor.town_wide(REVIEW) and row.person_id != actor.person_id
    return ClaimRead(
        id=row.id, person_id=row.person_id, person_name=opened.name if office else None, rule_id=row.rule_id,
        rule_text=rule.text, points=rule.points, awarded=opened.awarded, on_day=row.on_day, grid_id=row.grid_id,
        state=row.state, state_label=row.state.label, words=opened.words,
        flags=[Labelled(code=flag, label=ClaimFlag.of(flag).label) for flag in row.flags] if office else [],
        file_ids=list(opened.file_ids), needs_second=claim_rules.needs_second(rule.points, rule.second_above),
        reason=opened.reason, appeal=opened.appeal, answer=opened.answer, created_at=row.created_at,
        decided_at=row.decided_at, version=row.version, actions=_office(opened, actor) if office else _own(opened),
    )  # fmt: skip


def _join(seen: Seen, now: datetime) -> Action:
    row = seen.activity
    why: AppError | None = None
    if row.state is not ActivityState.OPEN:
        why = activity_rules.ActivityStateError(current=row.state.label, target=ParticipationState.JOINED.label)
    elif now >= row.ends_at:
        why = activity_rules.ActivityOverError()
    elif row.capacity is not None and row.joined >= row.capacity:
        why = activity_rules.ActivityFullError(capacity=row.capacity)
    elif seen.mine is not None and seen.mine.state is not ParticipationState.LEFT:
        why = activity_rules.ParticipationStateError(
            current=seen.mine.state.label, target=ParticipationState.JOINED.label
        )
    return _action("join", why)


def _leave(seen: Seen, now: datetime) -> Action:
    return _action("leave", activity_rules.ActivityOverError() if now >= seen.activity.ends_at else None)


def _own(opened: Opened) -> list[Action]:
    return [_move("withdraw", opened, ClaimState.WITHDRAWN), _move("appeal", opened, ClaimState.APPEALED)]


def _office(opened: Opened, actor: Actor) -> list[Action]:
    row = opened.row
    before = {row.reviewed_by, row.decided_by, row.appeal_answered_by}
    second = claim_rules.SecondReviewerError() if actor.person_id in before else None
    review = _move("review", opened, ClaimState.REJECTED)
    answer = _move("answer", opened, ClaimState.UPHELD)
    reverse = _move("reverse", opened, ClaimState.REVERSED)
    return [
        one if not one.allowed or second is None else _action(one.action, second) for one in (review, answer, reverse)
    ]


def _move(name: str, opened: Opened, target: ClaimState) -> Action:
    allowed = target in claim_rules.NEXT[opened.row.state]
    why = claim_rules.PointsClaimStateError(current=opened.row.state.label, target=target.label)
    return _action(name, None if allowed else why)


def _action(name: str, why: AppError | None) -> Action:
    return Action(action=name, allowed=why is None, reason=None if why is None else why.text)
