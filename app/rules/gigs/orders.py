"""Orders and their shifts: states, who may move them, errors. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from app.core.errors import ConflictError, FieldIssue, NotFoundError, UnprocessableError
from app.core.labels import Labelled
from app.rules.gigs.terms import GigPayUnit


class OrderState(Labelled):
    DRAFT = "draft", "草稿"
    # Held for a person of the office: findings, an undecided content check, or a firm that is not approved.
    IN_REVIEW = "in_review", "审核中"
    RETURNED = "returned", "已退回"
    PUBLISHED = "published", "已发布"
    ALLOCATING = "allocating", "配工中"
    CONFIRMED = "confirmed", "已排定"
    RUNNING = "running", "进行中"
    DONE = "done", "已完成"
    CANCELLED = "cancelled", "已取消"


class ShiftState(Labelled):
    PLANNED = "planned", "未发布"
    OPEN = "open", "招人中"
    RUNNING = "running", "进行中"
    DONE = "done", "已结束"
    CANCELLED = "cancelled", "已取消"


O = OrderState  # noqa: E741  # one letter keeps the table a table
NEXT: dict[OrderState, frozenset[OrderState]] = {
    O.DRAFT: frozenset({O.IN_REVIEW, O.PUBLISHED, O.CANCELLED}),
    O.IN_REVIEW: frozenset({O.PUBLISHED, O.RETURNED, O.CANCELLED}),
    O.RETURNED: frozenset({O.IN_REVIEW, O.PUBLISHED, O.CANCELLED}),
    O.PUBLISHED: frozenset({O.ALLOCATING, O.CONFIRMED, O.RUNNING, O.CANCELLED}),
    O.ALLOCATING: frozenset({O.PUBLISHED, O.CONFIRMED, O.RUNNING, O.CANCELLED}),
    # A seat that falls free makes it look for people again.
    O.CONFIRMED: frozenset({O.ALLOCATING, O.RUNNING, O.CANCELLED}),
    O.RUNNING: frozenset({O.DONE}),
    O.DONE: frozenset(),
    O.CANCELLED: frozenset(),
}
S = ShiftState
SHIFT_NEXT: dict[ShiftState, frozenset[ShiftState]] = {
    S.PLANNED: frozenset({S.OPEN, S.CANCELLED}),
    S.OPEN: frozenset({S.RUNNING, S.CANCELLED}),
    S.RUNNING: frozenset({S.DONE}),
    S.DONE: frozenset(),
    S.CANCELLED: frozenset(),
}
# What a form may still change freely; later a change makes a new version that only later acceptances see.
EDITABLE = frozenset({O.DRAFT, O.RETURNED})
# Seen by workers.
PUBLIC = frozenset({O.PUBLISHED, O.ALLOCATING, O.CONFIRMED, O.RUNNING})


def check_order_step(current: OrderState, target: OrderState) -> None:
    if target not in NEXT[current]:
        raise OrderStateError(current=current.label, target=target.label)


def check_shift_step(current: ShiftState, target: ShiftState) -> None:
    if target not in SHIFT_NEXT[current]:
        raise ShiftStateError(current=current.label, target=target.label)


class OrderNotFoundError(NotFoundError):
    code = "shift_order_not_found"
    message = "没有找到这张用工订单"


class ShiftNotFoundError(NotFoundError):
    code = "shift_not_found"
    message = "没有找到这个班次"


class OrderStateError(ConflictError):
    code = "shift_order_state_wrong"
    message = "订单当前为“{current}”，不能变为“{target}”"


class ShiftStateError(ConflictError):
    code = "shift_state_wrong"
    message = "班次当前为“{current}”，不能变为“{target}”"


# A shift that is worked in one stretch: the law's eight hours and three of overtime (劳动法 第三十六、四十一条).
SHORTEST, LONGEST_WORK = timedelta(minutes=60), timedelta(hours=11)
LONGEST = timedelta(hours=14)
AHEAD = timedelta(days=60)
NIGHT_FROM, NIGHT_TO = time(22), time(6)


@dataclass(frozen=True, slots=True)
class ShiftPlan:
    """One stretch of work as the form gives it."""

    starts_at: datetime
    ends_at: datetime
    break_minutes: int
    heads: int
    half: bool


def work_minutes(plan: ShiftPlan) -> int:
    return int((plan.ends_at - plan.starts_at) / timedelta(minutes=1)) - plan.break_minutes


def is_night(starts_at: datetime, ends_at: datetime) -> bool:
    """Touches 22:00–06:00 in China. Both are given in China Standard Time."""
    day = starts_at.date() - timedelta(days=1)
    while day <= ends_at.date():
        begin = datetime.combine(day, NIGHT_FROM, starts_at.tzinfo)
        end = datetime.combine(day + timedelta(days=1), NIGHT_TO, starts_at.tzinfo)
        if starts_at < end and begin < ends_at:
            return True
        day += timedelta(days=1)
    return False


def check_shifts(plans: Sequence[ShiftPlan], now: datetime) -> None:
    """Every fault of every shift at once, each with its place in the form."""
    issues = []
    for place, plan in enumerate(plans):
        fault = _fault(plan, now)
        if fault is not None:
            issues.append(FieldIssue(path=f"shifts.{place}.{fault[0]}", message=fault[1]))
    seen: dict[tuple[datetime, datetime, bool], int] = {}
    for place, plan in enumerate(plans):
        first = seen.setdefault((plan.starts_at, plan.ends_at, plan.half), place)
        if first != place:
            told = f"与第{first + 1}个班次的时间完全相同，请合并人数"
            issues.append(FieldIssue(path=f"shifts.{place}.starts_at", message=told))
    if issues:
        raise ShiftsWrongError(fields=issues)


def _fault(plan: ShiftPlan, now: datetime) -> tuple[str, str] | None:  # noqa: PLR0911  # one line a rule
    length = plan.ends_at - plan.starts_at
    if length <= timedelta(0):
        return "ends_at", "下班时间要晚于上班时间；跨过半夜的请写第二天的日期"
    if plan.starts_at <= now:
        return "starts_at", "开班时间已过，请填将来的时间"
    if plan.starts_at > now + AHEAD:
        return "starts_at", f"最多提前{AHEAD.days}天安排"
    if length > LONGEST:
        return "ends_at", f"一个班次从上班到下班最长{LONGEST // timedelta(hours=1)}小时，请拆成两个班次"
    worked = timedelta(minutes=work_minutes(plan))
    if worked < SHORTEST:
        return "break_minutes", f"扣除休息后不足{SHORTEST // timedelta(minutes=1)}分钟"
    if worked > LONGEST_WORK:
        return (
            "ends_at",
            f"扣除休息后{worked / timedelta(hours=1):.1f}小时，超过每天8小时加3小时加班的上限（《劳动法》第三十六条、第四十一条）",
        )
    return None


def effective_hour_fen(hour_fen: int | None, lines: Sequence[tuple[int, int, int]]) -> int:
    """Fen an hour. `lines`: (rate in fen, for so many pieces, pieces an hour); the lowest line counts: nobody is promised more."""
    if hour_fen is not None:
        return hour_fen
    return min((rate * output // quantity for rate, quantity, output in lines), default=0)


def check_pay(unit: GigPayUnit, hour_fen: int | None, lines: int) -> None:
    if unit is GigPayUnit.HOUR and (hour_fen is None or lines):
        raise GigPayError(fields=[FieldIssue(path="pay.hour_fen", message="时薪订单只填每小时多少分，不填工价")])
    if unit is GigPayUnit.PIECE and (hour_fen is not None or not lines):
        raise GigPayError(fields=[FieldIssue(path="pay.lines", message="计件订单至少填一行工价，不填时薪")])


def check_wage(hour_fen: int, floor_fen: int, path: str) -> None:
    """最低工资规定 第十二条: piece pay, by its stated output, is held to the hourly minimum too."""
    if hour_fen < floor_fen:
        told = f"折合每小时{hour_fen / 100:.2f}元，低于小时最低工资{floor_fen / 100:.2f}元"
        raise BelowMinimumWageError(fields=[FieldIssue(path=path, message=told)])


def check_minors(minimum_age: int, hazards: Sequence[str], closed: frozenset[str], labels: dict[str, str]) -> None:
    """未成年工特殊保护规定 第三条: what is closed to minors must say 18."""
    found = [labels[hazard] for hazard in hazards if hazard in closed]
    if minimum_age < 18 and found:  # noqa: PLR2004  # the age of majority, as the message says
        told = f"有{'、'.join(found)}，最低年龄请填18周岁"
        raise OrderHazardError(fields=[FieldIssue(path="minimum_age", message=told)])


class ShiftsWrongError(UnprocessableError):
    code = "shifts_wrong"
    message = "班次填写有误，请按提示修改"


class GigPayError(UnprocessableError):
    code = "gig_pay_wrong"
    message = "工资填写有误，请按提示修改"


class BelowMinimumWageError(UnprocessableError):
    code = "below_minimum_wage"
    message = "工资低于当地最低工资标准，请提高单价或核对产量"


class OrderHazardError(UnprocessableError):
    code = "order_hazard"
    message = "这项工作不对未成年人开放"


class StandbyPayMissingError(UnprocessableError):
    code = "standby_pay_missing"
    message = "招候补要写明候补费"
    field = "standby_fen"


class OrderNotEditableError(ConflictError):
    code = "shift_order_not_editable"
    message = "订单{current}，条件已对接单的人固定；可以取消班次，或新建订单"


class TemplateNotFoundError(NotFoundError):
    code = "order_template_not_found"
    message = "没有找到这个模板"


class TemplateTakenError(ConflictError):
    code = "order_template_taken"
    message = "已有同名模板“{name}”"
