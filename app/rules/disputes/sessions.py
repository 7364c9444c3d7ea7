"""Mediation sessions: time, place or call, who was there, minutes confirmed by those present. Pure."""

from datetime import datetime

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled


class SessionMode(Labelled):
    ONSITE = "onsite", "现场"
    CALL = "call", "电话或视频"


class MediationSessionState(Labelled):
    SCHEDULED = "scheduled", "已安排"
    HELD = "held", "已进行"
    CANCELLED = "cancelled", "已取消"


SESSION_NEXT: dict[MediationSessionState, frozenset[MediationSessionState]] = {
    MediationSessionState.SCHEDULED: frozenset({MediationSessionState.HELD, MediationSessionState.CANCELLED}),
    MediationSessionState.HELD: frozenset(),
    MediationSessionState.CANCELLED: frozenset(),
}


class MinutesWord(Labelled):
    """What somebody who was there says of the minutes."""

    PENDING = "pending", "未确认"
    CONFIRMED = "confirmed", "确认无误"
    OBJECTED = "objected", "有异议"


def check_session_step(current: MediationSessionState, target: MediationSessionState) -> None:
    if target not in SESSION_NEXT[current]:
        raise MediationSessionStateError(current=current.label, target=target.label)


def check_held(starts_at: datetime, now: datetime) -> None:
    if now < starts_at:
        raise SessionNotBegunError


class MediationSessionNotFoundError(NotFoundError):
    code = "mediation_session_not_found"
    message = "没有找到这次调解"


class MediationSessionStateError(ConflictError):
    code = "mediation_session_state_wrong"
    message = "这次调解当前为“{current}”，不能变为“{target}”"


class SessionNotBegunError(ConflictError):
    code = "mediation_session_not_begun"
    message = "还没有到调解时间，不能登记笔录"


class SessionTimeError(UnprocessableError):
    code = "mediation_session_time_wrong"
    message = "调解时间应在现在之后"
    field = "starts_at"


class MinutesNotYoursError(ConflictError):
    code = "minutes_not_yours"
    message = "只有到场的人可以确认笔录，每人一次"


class AttendeeError(UnprocessableError):
    code = "session_attendee_wrong"
    message = "到场的人须是本案当事人或小组成员"
    field = "present"
