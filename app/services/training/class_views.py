"""Classes, enrolments, groups: from rows to answers, with what the caller may do now."""

from datetime import datetime

from app.core.errors import AppError
from app.models.training import ClassSession, TrainingClass
from app.rules.identity.roles import Actor, ScopeKind
from app.rules.training import classes as class_rules
from app.rules.training import enrolments as rules
from app.rules.training.classes import CLASS_NEXT, ClassState, minutes_of, periods_of
from app.rules.training.enrolments import ENROLMENT_NEXT, EnrolmentState, GroupMode
from app.schemas.base import Action
from app.schemas.training.classes import ClassEnrolmentRead, ClassListItem, ClassRead, ClassSessionRead, GroupRead
from app.services.training.classes import MANAGE, Seen
from app.services.training.enrolments import ENTER, Entry
from app.services.training.gates import GONE
from app.services.training.groups import Together
from app.services.training.seats import free_of

E = EnrolmentState
VERBS = {
    ClassState.APPROVED: "approve", ClassState.ENROLLING: "open", ClassState.CLOSED: "close",
    ClassState.COMPLETED: "complete", ClassState.CANCELLED: "cancel",
}  # fmt: skip
OFFICE = {E.ENROLLED: "approve", E.REFUSED: "refuse", E.OFFERED: "move_up"}
OFFICE_FROM = {E.ENROLLED: E.PENDING_APPROVAL, E.REFUSED: E.PENDING_APPROVAL, E.OFFERED: E.WAITLISTED}


def class_read(seen: Seen, actor: Actor, now: datetime) -> ClassRead:
    row, mine = seen.row, seen.mine
    return ClassRead(
        id=row.id, course_id=row.course_id, course_title=seen.course.title, title=row.title, state=row.state,
        state_label=row.state.label, provider_id=row.provider_id, only_enterprise_id=row.only_enterprise_id,
        pool_id=row.pool_id, capacity=row.capacity, free=free_of(row), waiting=seen.waiting,
        needs_approval=row.needs_approval, enrol_until=row.enrol_until, first_at=row.first_at, last_at=row.last_at,
        minutes=row.minutes, hours=periods_of(row.minutes), cost_fen=row.cost_fen, subsidised=row.subsidised,
        filing_number=row.filing_number, cancelled_because=row.cancelled_because, version=row.version,
        sessions=[_session(one, seen) for one in seen.sessions], my_enrolment_id=mine.id if mine else None,
        my_state=mine.state if mine else None, my_state_label=mine.state.label if mine else None,
        actions=[*_office(row, actor), _enrol(seen, now)],
    )  # fmt: skip


def class_item(row: TrainingClass) -> ClassListItem:
    return ClassListItem(
        id=row.id, course_id=row.course_id, title=row.title, state=row.state, state_label=row.state.label,
        only_enterprise_id=row.only_enterprise_id, capacity=row.capacity, free=free_of(row),
        enrol_until=row.enrol_until, first_at=row.first_at, last_at=row.last_at, hours=periods_of(row.minutes),
        version=row.version,
    )  # fmt: skip


def enrolment_read(found: Entry, actor: Actor, now: datetime) -> ClassEnrolmentRead:
    row = found.row
    return ClassEnrolmentRead(
        id=row.id, class_id=row.class_id, class_title=found.klass.title, person_id=row.person_id,
        person_name=found.name, state=row.state, state_label=row.state.label, group_id=row.group_id,
        enterprise_id=row.enterprise_id, ahead=found.ahead, offered_until=row.offered_until,
        moved_up=row.jumped_by is not None, jump_reason=found.jump_reason, reason=found.reason, minutes=row.minutes,
        score=row.score, told=row.told, created_at=row.created_at, version=row.version,
        actions=_entry_actions(found, actor, now),
    )  # fmt: skip


def group_read(found: Together, actor: Actor, now: datetime) -> GroupRead:
    group = found.group
    offered = [one for one in found.entries if one.row.state is E.OFFERED]
    together = group.mode is GroupMode.ALL
    return GroupRead(
        id=group.id, class_id=group.class_id, class_title=found.klass.title, enterprise_id=group.enterprise_id,
        mode=group.mode, mode_label=group.mode.label, heads=group.heads, version=group.version,
        entries=[enrolment_read(one, actor, now) for one in found.entries],
        actions=[
            Action(action="accept", allowed=bool(offered), reason=None if offered else rules.NothingOfferedError().text),
            Action(action="split", allowed=together, reason=None if together else rules.GroupSplitError().text),
        ],
    )  # fmt: skip


def _session(one: ClassSession, seen: Seen) -> ClassSessionRead:
    return ClassSessionRead(
        id=one.id, number=one.number, starts_at=one.starts_at, ends_at=one.ends_at,
        minutes=minutes_of(one.starts_at, one.ends_at), venue=one.venue, trainer_id=one.trainer_id,
        trainer_name=seen.trainers.get(one.trainer_id) if one.trainer_id else None, topic=one.topic, version=one.version,
    )  # fmt: skip


def _office(row: TrainingClass, actor: Actor) -> list[Action]:
    if not actor.town_wide(MANAGE):
        return []
    return [
        Action(
            action=verb, allowed=state in CLASS_NEXT[row.state],
            reason=None
            if state in CLASS_NEXT[row.state]
            else class_rules.ClassStateError(current=row.state.label, target=state.label).text,
        )
        for state, verb in VERBS.items()
    ]  # fmt: skip


def _enrol(seen: Seen, now: datetime) -> Action:
    row, mine = seen.row, seen.mine
    reason = None
    try:
        class_rules.check_taking(row.state, row.enrol_until, now)
        if mine is not None and mine.state not in GONE:
            raise rules.EnrolledTwiceError(who="您", state=mine.state.label)
        if row.only_enterprise_id is not None:
            raise rules.OnlyFirmError(firm="某企业")
    except AppError as error:
        reason = error.text
    return Action(action="enrol", allowed=reason is None, reason=reason)


def _entry_actions(found: Entry, actor: Actor, now: datetime) -> list[Action]:
    row = found.row
    mine = row.person_id == actor.person_id
    if not mine and actor.town_wide(MANAGE):
        return [_step(row.state, verb, target, OFFICE_FROM[target]) for target, verb in OFFICE.items()]
    of_firm = row.enterprise_id is not None and row.enterprise_id in actor.scopes(ENTER, ScopeKind.ENTERPRISE)
    if not mine and not of_firm:
        return []
    begun = now >= found.klass.first_at
    may_go = E.WITHDRAWN in ENROLMENT_NEXT[row.state] and not begun
    why = rules.ClassBegunError().text if begun else _why(row.state)
    withdraw = Action(action="withdraw", allowed=may_go, reason=None if may_go else why)
    if not mine:
        return [withdraw]
    together = found.group is not None and found.group.mode is GroupMode.ALL
    accept = _step(row.state, "accept", E.ENROLLED, E.OFFERED)
    if together and accept.allowed:
        accept = Action(action="accept", allowed=False, reason=rules.GroupAnswersError().text)
    return [accept, _step(row.state, "decline", E.DECLINED, E.OFFERED), withdraw]


def _step(state: EnrolmentState, verb: str, target: EnrolmentState, source: EnrolmentState) -> Action:
    allowed = state is source and target in ENROLMENT_NEXT[state]
    return Action(action=verb, allowed=allowed, reason=None if allowed else _why(state))


def _why(state: EnrolmentState) -> str:
    return f"报名当前为“{state.label}”"
