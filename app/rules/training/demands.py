"""点单: what people, firms and grids ask to be taught, pooled until it is enough for a class. Pure."""

from datetime import datetime, timedelta

from app.core.errors import ConflictError, ForbiddenError, NotFoundError, UnprocessableError
from app.core.labels import Labelled

# Nobody waits for ever: a demand that found no class in half a year ends, and its asker is told.
LIVES = timedelta(days=180)
QUOTE_LONGEST = timedelta(days=60)
# A vacancy that has stood open so long is looked at, and so many of them at a time.
UNFILLED_DAYS = 14


class Asker(Labelled):
    PERSON = "person", "本人"
    ENTERPRISE = "enterprise", "企业"
    GRID = "grid", "网格"
    # Found in the records of the service, taken up by an officer.
    SHORTAGE = "shortage", "缺工建议"


class DemandState(Labelled):
    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "已提交"
    POOLED = "pooled", "已合并同类"
    QUOTED = "quoted", "已给方案"
    ACCEPTED = "accepted", "已接受方案"
    CLASS_CREATED = "class_created", "已开班"
    DECLINED = "declined", "已谢绝"
    EXPIRED = "expired", "已到期"


class PoolState(Labelled):
    OPEN = "open", "征集中"
    QUOTED = "quoted", "已给方案"
    CLASS_CREATED = "class_created", "已开班"
    CLOSED = "closed", "已结束"


class ShortageKind(Labelled):
    VACANCY = "vacancy", "长期招不满的岗位"
    ALLOCATION = "allocation", "排班缺人的工序"


class ShortageState(Labelled):
    PROPOSED = "proposed", "待处理"
    TAKEN = "taken", "已转为点单"
    DISMISSED = "dismissed", "不采纳"


D, P, S = DemandState, PoolState, ShortageState
DEMAND_NEXT: dict[DemandState, frozenset[DemandState]] = {
    D.DRAFT: frozenset({D.SUBMITTED, D.POOLED, D.DECLINED}),
    D.SUBMITTED: frozenset({D.POOLED, D.DECLINED, D.EXPIRED}),
    D.POOLED: frozenset({D.QUOTED, D.DECLINED, D.EXPIRED}),
    D.QUOTED: frozenset({D.ACCEPTED, D.DECLINED, D.EXPIRED}),
    D.ACCEPTED: frozenset({D.CLASS_CREATED, D.DECLINED, D.EXPIRED}),
    # The class was cancelled: the wish is as it was before.
    D.CLASS_CREATED: frozenset({D.POOLED}),
    D.DECLINED: frozenset(),
    D.EXPIRED: frozenset(),
}
POOL_NEXT: dict[PoolState, frozenset[PoolState]] = {
    P.OPEN: frozenset({P.QUOTED, P.CLOSED}),
    P.QUOTED: frozenset({P.CLASS_CREATED, P.CLOSED}),
    P.CLASS_CREATED: frozenset(),
    P.CLOSED: frozenset(),
}
SHORTAGE_NEXT: dict[ShortageState, frozenset[ShortageState]] = {
    S.PROPOSED: frozenset({S.TAKEN, S.DISMISSED}),
    S.TAKEN: frozenset(),
    S.DISMISSED: frozenset(),
}
# Counted in a pool: they still want it.
WAITING = frozenset({D.POOLED, D.QUOTED, D.ACCEPTED})
OPEN = frozenset({D.SUBMITTED, *WAITING})


def check_demand_move(current: DemandState, target: DemandState) -> None:
    if target not in DEMAND_NEXT[current]:
        raise DemandStateError(current=current.label, target=target.label)


def check_pool_move(current: PoolState, target: PoolState) -> None:
    if target not in POOL_NEXT[current]:
        raise PoolStateError(current=current.label, target=target.label)


def check_shortage_move(current: ShortageState, target: ShortageState) -> None:
    if target not in SHORTAGE_NEXT[current]:
        raise ShortageStateError(current=current.label, target=target.label)


def check_wish(*, has_course: bool, wish: str | None) -> None:
    if not has_course and not wish:
        raise WishMissingError


def check_heads(asker: Asker, heads: int) -> None:
    if asker is Asker.PERSON and heads != 1:
        raise PersonalHeadsError


def check_quote_until(until: datetime, now: datetime) -> None:
    if not now < until <= now + QUOTE_LONGEST:
        raise QuoteUntilError(days=QUOTE_LONGEST.days)


def is_enough(heads: int, minimum: int) -> bool:
    return heads >= minimum


def vacancy_told(name: str, postings: int, seats: int, days: int, applications: int, unskilled: int) -> str:
    """The numbers behind a proposed demand, in words."""
    return (
        f"{name}：{postings}个岗位挂出{days}天以上仍缺{seats}人，共{applications}人应聘，"
        f"其中{unskilled}人因技能不符未录用"
    )


def plan_told(name: str, level: int, halves: int, shifts: int) -> str:
    return f"{name}：排班缺{level}级{halves / 2:g}人，涉及{shifts}个班次"


class DemandNotFoundError(NotFoundError):
    code = "demand_not_found"
    message = "没有找到这份点单"


class DemandStateError(ConflictError):
    code = "demand_state_wrong"
    message = "点单当前为“{current}”，不能变为“{target}”"


class WishMissingError(UnprocessableError):
    code = "wish_missing"
    message = "请从菜单里选一门课程，或写明想学什么"
    field = "wish"


class PersonalHeadsError(UnprocessableError):
    code = "demand_heads_wrong"
    message = "为本人点单时人数只能是1；替多人点单请由企业或网格提交"
    field = "heads"


class AskerForbiddenError(ForbiddenError):
    code = "demand_asker_forbidden"
    message = "您不能替这个企业或网格点单，请由其负责人、招聘员或网格员提交"


class DemandCourseError(UnprocessableError):
    code = "demand_course_wrong"
    message = "这门课程没有发布，请从菜单里选择"
    field = "course_id"


class DemandTwiceError(ConflictError):
    code = "demand_twice"
    message = "这门课程您已经点过单，还在办理中，不用再点"


class PoolNotFoundError(NotFoundError):
    code = "pool_not_found"
    message = "没有找到这组点单"


class PoolStateError(ConflictError):
    code = "pool_state_wrong"
    message = "这组点单当前为“{current}”，不能变为“{target}”"


class PoolSmallError(ConflictError):
    code = "pool_small"
    message = "已接受方案的有{heads}人，不到开班人数{minimum}人；可以等待更多答复，或调低课程的开班人数"


class QuoteUntilError(UnprocessableError):
    code = "quote_until_wrong"
    message = "答复期限应在今后{days}天以内"
    field = "answer_until"


class QuoteOverError(ConflictError):
    code = "quote_over"
    message = "答复期限已过，不能再答复；可以重新点单"


class ShortageNotFoundError(NotFoundError):
    code = "shortage_not_found"
    message = "没有找到这条缺工建议"


class ShortageStateError(ConflictError):
    code = "shortage_state_wrong"
    message = "这条建议当前为“{current}”，不能变为“{target}”"
