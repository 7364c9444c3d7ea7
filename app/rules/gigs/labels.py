"""The label between a worker and a firm, with the numbers behind it: 提示, 不作劳动关系认定. Pure.

Nothing plans for a label: no objective keeps anyone under a threshold, and a threshold that is passed forbids nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.rules.gigs.hours import (
    Stretch,
    Worker,
    is_retired,
    of_employer,
    said,
    said_day,
    week_of,
)
from app.rules.gigs.labour import Limits
from app.rules.gigs.terms import RelationLabel
from app.rules.identity.ages import compute_age

HINT = "（提示，不作劳动关系认定）"
# 劳动合同法实施条例 第二十一条: past the age of retirement there is no labour contract, an agreement takes its place.
RETIREE_TEXT = "已达法定退休年龄的，由企业与您订立书面用工协议，报酬按时支付"


@dataclass(frozen=True, slots=True)
class Label:
    """`day_minutes`: average of the days worked; `week_minutes`: average of the weeks of the window; both rounded up."""

    kind: RelationLabel
    day_minutes: int
    week_minutes: int
    text: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Average:
    """Work with one employer in the window that ends with the day of the shift in question."""

    minutes: int
    days: int
    window_days: int

    @property
    def day(self) -> int:
        return -(-self.minutes // self.days)

    @property
    def week(self) -> int:
        return -(-self.minutes * 7 // self.window_days)

    def part_time(self, limits: Limits) -> bool:
        """劳动合同法 第六十八条: on average ≤ 4 hours of a day worked, and ≤ 24 hours of a week. Exact, not rounded."""
        return (
            self.minutes <= limits.part_time_day * self.days
            and self.minutes * 7 <= limits.part_time_week * self.window_days
        )


def average_of(new: Stretch, held: Sequence[Stretch], limits: Limits) -> Average:
    first = new.day - timedelta(days=limits.label_window_days - 1)
    within = [new, *(other for other in of_employer(held, new) if first <= other.day <= new.day)]
    return Average(
        sum(stretch.work_minutes for stretch in within),
        len({stretch.day for stretch in within}),
        limits.label_window_days,
    )


def label_of(
    worker: Worker, new: Stretch, held: Sequence[Stretch], limits: Limits, *, shared: bool, since: date | None
) -> Label:
    """`shared`: lent by another firm (共享用工). `since`: the person's first day with this employer, if there was one."""
    average = average_of(new, held, limits)
    kind = _kind(worker, new.day, average, limits, shared=shared)
    weeks = limits.label_window_days // 7
    numbers = f"近{weeks}周（含本班）在这家企业共{said(average.minutes)}，上班日平均每天{said(average.day)}，平均每周{said(average.week)}"
    consequence = _consequence(kind, limits, min(since or new.day, new.day))
    return Label(
        kind=kind, day_minutes=average.day, week_minutes=average.week,
        text=f"{kind.label}{HINT}：{numbers}。{consequence}。", warnings=warnings_of(worker, new, held, limits),
    )  # fmt: skip


def _kind(worker: Worker, day: date, average: Average, limits: Limits, *, shared: bool) -> RelationLabel:
    if shared:
        return RelationLabel.SHARED
    if is_retired(worker, day, limits):
        return RelationLabel.RETIREE
    if worker.student and limits.student_label:
        return RelationLabel.STUDENT
    return RelationLabel.PART_TIME if average.part_time(limits) else RelationLabel.TASK_CONTRACT


def _consequence(kind: RelationLabel, limits: Limits, since: date) -> str:
    bounds = f"每天{said(limits.part_time_day)}、每周{said(limits.part_time_week)}"
    if kind is RelationLabel.PART_TIME:
        law = limits.says("part_time_day")
        return f"未超过{bounds}（{law}），工资至少每{limits.part_time_pay_days}日结算一次（{limits.says('part_time_pay_days')}）"
    if kind is RelationLabel.TASK_CONTRACT:
        due = since + timedelta(days=limits.contract_within_days)
        law = limits.says("contract_within_days")
        return f"超过{bounds}，企业应自用工之日起一个月内、即{due.year}年{said_day(due)}前，与您订立书面合同（{law}）"
    if kind is RelationLabel.RETIREE:
        return RETIREE_TEXT
    if kind is RelationLabel.STUDENT:
        return f"在校学生利用业余时间做工，可以不签订劳动合同，报酬照付（{limits.says('student_label')}）"
    return "劳动关系仍在原单位，工资和工伤由原单位负责，以双方协议为准"


def warnings_of(worker: Worker, new: Stretch, held: Sequence[Stretch], limits: Limits) -> tuple[str, ...]:
    """What nobody is forbidden but should know: the person's total of all employers, own hours outside included."""
    monday = week_of(new.day)
    here = new.work_minutes + sum(other.work_minutes for other in held if week_of(other.day) == monday)
    total = here + worker.outside_minutes_week
    outside = f"（含您自报的平台外{said(worker.outside_minutes_week)}）" if worker.outside_minutes_week else ""
    found = []
    if limits.person_week_warn is not None and total > limits.person_week_warn:
        found.append(
            f"这一周您在各单位合计{said(total)}{outside}，超过{said(limits.person_week_warn)}，请注意休息（{limits.says('person_week_warn')}）"
        )
    if worker.student and limits.student_week_warn is not None and total > limits.student_week_warn:
        found.append(
            f"这一周您合计{said(total)}{outside}，勤工助学原则上每周不超过{said(limits.student_week_warn)}（{limits.says('student_week_warn')}）"
        )
    asked = None if is_retired(worker, new.day, limits) else _asked_to_retire(worker, new.day, limits)
    if asked is not None:
        found.append(asked)
    return tuple(found)


def is_minor(worker: Worker, day: date, limits: Limits) -> bool:
    """16 or 17: registration and health check first (未成年工特殊保护规定)."""
    return worker.born is not None and limits.minimum_age <= compute_age(worker.born, day) < limits.adult_age


def notes_of(worker: Worker, day: date, limits: Limits, *, skilled: bool, times_known: bool) -> list[str]:
    """What follows from a registration, said to its owner: what is missing, and the labels with their rules."""
    found = []
    if worker.born is None:
        found.append("还没有填写出生日期：可以先登记，接班次之前要填写")
    if not skilled:
        found.append("还没有填写会做的工序：填写后才能配上班次")
    if not times_known:
        found.append("还没有填写可上班的时间：可能会询问您，但不会自动排班")
    if is_minor(worker, day, limits):
        found.append(_minor_note(worker, day, limits))
    if worker.student and limits.student_label:
        found.append(f"在校学生：可以不签订劳动合同，报酬照付（{limits.says('student_label')}）")
    if is_retired(worker, day, limits):
        overtime = f"，不安排加班（{limits.says('retired_no_overtime')}）" if limits.retired_no_overtime else ""
        found.append(f"{RETIREE_TEXT}{overtime}")
    elif (asked := _asked_to_retire(worker, day, limits)) is not None:
        found.append(asked)
    return found


def _minor_note(worker: Worker, day: date, limits: Limits) -> str:
    ready = worker.minor_ready_until
    if ready is None:
        state = "请先上传未成年工登记证和体检表，由零工专员核对后才能接班次"
    elif ready < day:
        state = f"体检有效期已于{said_day(ready)}届满，请重新体检并上传"
    else:
        state = f"已核对，有效期到{ready.year}年{said_day(ready)}"
    night = "，不安排夜班" if limits.minor_night else ""
    return f"未满{limits.adult_age}周岁：{state}；有粉尘、有毒、高处、重体力等的班次不能接{night}"


def _asked_to_retire(worker: Worker, day: date, limits: Limits) -> str | None:
    """Near the age, nothing said: asked, never guessed."""
    lowest = limits.retired_age_women
    if worker.retired is not None or worker.born is None or lowest is None or compute_age(worker.born, day) < lowest:
        return None
    return f"您已满{lowest}周岁：如已退休或领取养老金，请在零工登记里选择，用工协议的说明会不同"
