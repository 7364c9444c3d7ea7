"""What earns points: rules adopted by a recorded decision, budgets of years, caps, awards. Pure; whole points.

No points from paid work, disputes, surveys, consents, study hours, log-ins or metres of a patrol (points design): there is no
kind of fact for them, so no rule can name one.
"""

from dataclasses import dataclass
from datetime import date

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled

# A rule that gives more for one thing is a slip of the hand.
MOST_EACH = 1_000
LONGEST_LIFE_YEARS = 5
BUDGET_MOST = 100_000_000


class FactKind(Labelled):
    """What a rule rewards: facts credit by themselves; what nobody has on record is claimed and confirmed."""

    VOLUNTEER_HOURS = "volunteer_hours", "志愿服务时长（每小时）"
    CLASS_PASSED = "class_passed", "培训合格"
    CLAIM = "claim", "本人申报"


class Evidence(Labelled):
    NONE = "none", "不需要照片"
    OPTIONAL = "optional", "可附照片"
    REQUIRED = "required", "必须附照片"


class RuleState(Labelled):
    PROPOSED = "proposed", "待表决"
    ADOPTED = "adopted", "执行中"
    ENDED = "ended", "已停止"
    WITHDRAWN = "withdrawn", "未采纳"


R = RuleState
RULE_NEXT: dict[RuleState, frozenset[RuleState]] = {
    R.PROPOSED: frozenset({R.ADOPTED, R.WITHDRAWN}),
    R.ADOPTED: frozenset({R.ENDED}),
    R.ENDED: frozenset(),
    R.WITHDRAWN: frozenset(),
}


class AwardState(Labelled):
    CREDITED = "credited", "已入账"
    # The budget of the year is used up: credited by itself once it is raised.
    WAITING = "waiting", "等待预算"
    CAPPED = "capped", "已达上限"
    REVERSED = "reversed", "已冲回"


@dataclass(frozen=True, slots=True)
class Caps:
    """Points of one person from one rule; None: no cap."""

    day: int | None
    month: int | None
    year: int | None


@dataclass(frozen=True, slots=True)
class Earned:
    """What the person has from the rule already, in the day, month and year of the fact."""

    day: int
    month: int
    year: int


def compute_points(each: int, quantity: int, caps: Caps, earned: Earned) -> int:
    """What the fact is worth, as far as the caps leave room; 0 where one is reached."""
    points = each * quantity
    for cap, had in ((caps.day, earned.day), (caps.month, earned.month), (caps.year, earned.year)):
        if cap is not None:
            points = min(points, cap - had)
    return max(points, 0)


def check_rule_move(current: RuleState, target: RuleState) -> None:
    if target not in RULE_NEXT[current]:
        raise RuleStateError(current=current.label, target=target.label)


def check_caps(each: int, caps: Caps) -> None:
    """A cap below one award would cut every one; a longer period's cap is not below a shorter one's."""
    smallest = each
    for cap in (caps.day, caps.month, caps.year):
        if cap is not None:
            if cap < smallest:
                raise RuleCapsError(points=each)
            smallest = cap


def check_days(valid_from: date, valid_to: date | None) -> None:
    if valid_to is not None and valid_to < valid_from:
        raise RuleDaysError


def check_decision(decided_on: date, valid_from: date, today: date) -> None:
    """Nothing done before the decision earns by it: nobody can decide on their own past."""
    if decided_on > today:
        raise DecisionDateError
    if valid_from < decided_on:
        raise RuleBackdatedError(day=decided_on.isoformat())


def covers(valid_from: date, valid_to: date | None, day: date) -> bool:
    return valid_from <= day and (valid_to is None or day <= valid_to)


class RuleNotFoundError(NotFoundError):
    code = "points_rule_not_found"
    message = "没有找到这条积分规则"


class RuleStateError(ConflictError):
    code = "points_rule_state_wrong"
    message = "积分规则当前为“{current}”，不能变为“{target}”"


class RuleCodeTakenError(ConflictError):
    code = "points_rule_code_taken"
    message = "编号“{code}”已有一条执行中的规则，请先停止它"


class RuleCapsError(UnprocessableError):
    code = "points_rule_caps_wrong"
    message = "上限应不低于一次的{points}分，且日上限≤月上限≤年上限"
    field = "cap_day"


class RuleDaysError(UnprocessableError):
    code = "points_rule_days_wrong"
    message = "停止日期不能早于开始日期"
    field = "valid_to"


class RuleBackdatedError(UnprocessableError):
    code = "points_rule_backdated"
    message = "规则不能早于表决日期{day}开始执行，此前的事不计分"
    field = "valid_from"


class DecisionDateError(UnprocessableError):
    code = "points_decision_date_wrong"
    message = "表决日期不能晚于今天"
    field = "decided_on"


class BudgetNotFoundError(NotFoundError):
    code = "points_budget_not_found"
    message = "没有找到这一年的积分预算"


class BudgetTakenError(ConflictError):
    code = "points_budget_taken"
    message = "{year}年已有积分预算，请修改它"


class BudgetYearError(UnprocessableError):
    code = "points_budget_year_wrong"
    message = "只能登记今年（{year}年）或明年的积分预算"
    field = "year"


class BudgetBelowGrantedError(ConflictError):
    code = "points_budget_below_granted"
    message = "已发放{granted}分，预算不能低于它"


class BudgetUsedUpError(ConflictError):
    code = "points_budget_used_up"
    message = "{year}年的积分预算不足以发放{points}分，请先按程序追加预算"


class CapReachedError(ConflictError):
    code = "points_cap_reached"
    message = "这条规则的上限已到，本次不能再得分"
