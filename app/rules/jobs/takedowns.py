"""A posting taken off the lists by the office: with rule and evidence, heard once on appeal by another person. Pure.

The law asks that who publishes unlawful contents is told what is wrong and may answer (行政处罚法 第四十四、四十五条: facts,
grounds and law are told, the other side is heard); how many working days either side has is a dated row of the house.
"""

from datetime import datetime

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled


class TakedownState(Labelled):
    IN_FORCE = "in_force", "已下架"
    APPEALED = "appealed", "申诉中"
    UPHELD = "upheld", "维持下架"
    OVERTURNED = "overturned", "已撤销"


T = TakedownState
TAKEDOWN_NEXT: dict[TakedownState, frozenset[TakedownState]] = {
    T.IN_FORCE: frozenset({T.APPEALED}),
    T.APPEALED: frozenset({T.UPHELD, T.OVERTURNED}),
    T.UPHELD: frozenset(),
    T.OVERTURNED: frozenset(),
}


def check_takedown_transition(current: TakedownState, target: TakedownState) -> None:
    if target not in TAKEDOWN_NEXT[current]:
        raise TakedownStateError(current=current.label, target=target.label)


def check_appeal_in_time(appeal_until: datetime, now: datetime) -> None:
    """`appeal_until`: 24:00 of the last working day on which the firm may answer."""
    if now >= appeal_until:
        raise AppealLateError


class TakedownNotFoundError(NotFoundError):
    code = "takedown_not_found"
    message = "没有找到这次下架"


class TakedownStateError(ConflictError):
    code = "takedown_state_wrong"
    message = "这次下架当前为“{current}”，不能变为“{target}”"


class AppealLateError(ConflictError):
    code = "appeal_late"
    message = "申诉期限已过；如有新的情况，请联系镇里的招聘专员"


class PostingRuleUnknownError(UnprocessableError):
    code = "posting_rule_unknown"
    message = "没有“{rule_id}”这条今天有效的发布规则，请从发布规则列表里选择"
    field = "rule_id"


class SampleNotFoundError(NotFoundError):
    code = "sample_not_found"
    message = "这个岗位没有待办的抽查"
