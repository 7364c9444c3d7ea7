"""Runs of the allocation: states, errors. Pure; the engine is `matching/allocation`."""

from datetime import date, timedelta

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled


class RunState(Labelled):
    QUEUED = "queued", "排队"
    RUNNING = "running", "计算中"
    # Solved: a person of the firm or the office looks at the plan before it is published.
    READY = "ready", "方案待发布"
    PUBLISHED = "published", "已发布"
    CANCELLED = "cancelled", "已取消"
    FAILED = "failed", "失败"


class PinKind(Labelled):
    PIN = "pin", "指定"
    BAN = "ban", "排除"


class ProposalState(Labelled):
    PROPOSED = "proposed", "待培训接收"
    TAKEN = "taken", "已转为点单"


R = RunState
NEXT: dict[RunState, frozenset[RunState]] = {
    R.QUEUED: frozenset({R.RUNNING, R.CANCELLED, R.FAILED}),
    # A worker that died: the run is taken up again from its instant plan.
    R.RUNNING: frozenset({R.QUEUED, R.READY, R.CANCELLED, R.FAILED}),
    R.READY: frozenset({R.PUBLISHED, R.CANCELLED}),
    R.PUBLISHED: frozenset(),
    R.CANCELLED: frozenset(),
    R.FAILED: frozenset(),
}


def check_run_step(current: RunState, target: RunState) -> None:
    if target not in NEXT[current]:
        raise RunStateError(current=current.label, target=target.label)


class RunStateError(ConflictError):
    code = "allocation_run_state_wrong"
    message = "这次配工当前为“{current}”，不能变为“{target}”"


# Solving anew after a worker died: so often, then it is said that it cannot be done.
MOST_ATTEMPTS = 3
LEASE = timedelta(seconds=30)
# A plan older than this no longer knows who is free.
PLAN_HOLDS = timedelta(hours=12)
PLANS_KEPT = timedelta(days=90)
MOST_DAYS = 14
FARTHEST_DAYS = 366
MOST_SECONDS = 300
BANDS = ((6, "night", "夜班"), (18, "day", "白天"), (22, "evening", "晚上"), (24, "night", "夜班"))


def band_of(hour: int) -> str:
    """When in the day a shift begins: day (06–18), evening (18–22), night."""
    return next(name for until, name, _ in BANDS if hour < until)


def check_horizon(first: date, days: int, today: date) -> None:
    """Not over yet, and not further ahead than anybody orders."""
    if first + timedelta(days=days) <= today or first > today + timedelta(days=FARTHEST_DAYS):
        raise RunHorizonError(days=FARTHEST_DAYS)


class RunHorizonError(UnprocessableError):
    code = "allocation_horizon_wrong"
    message = "配工的日期应包含今天以后的日子，且在{days}天以内"
    field = "first_day"


class RunNotFoundError(NotFoundError):
    code = "allocation_run_not_found"
    message = "没有找到这次配工"


class RunOpenError(ConflictError):
    """Says the way out."""

    code = "allocation_run_open"
    message = "已有一次配工正在计算，请等它完成，或先取消"


class PlanOldError(ConflictError):
    code = "plan_old"
    message = "方案是{hours}小时前算的，请重新配工"


class PlanBreaksRulesError(ConflictError):
    """The first breach in words; `fields` has all of them."""

    code = "plan_breaks_rules"
    message = "这样调整不合规则：{first}"


class PinUnlawfulError(ConflictError):
    code = "pin_unlawful"
    message = "不能指定：{why}"


class PinNotFoundError(NotFoundError):
    code = "plan_pin_not_found"
    message = "没有找到这个人或这条指定"
