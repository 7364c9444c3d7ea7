"""Students at work: the limits of 职业学校学生实习管理规定 (教职成〔2021〕4号), as far as a posting shows them.

Known and broken blocks; not stated warns. 订单班 counts as students whatever the kind of employment.
"""

from collections.abc import Iterator, Mapping

from app.rules.jobs.posting.issues import Issue, number, yuan
from app.rules.jobs.posting.rows import InternLimit, PostingDraft
from app.rules.jobs.terms import Engagement, PayUnit, ShiftPattern, WorkFeature
from app.rules.organisation import EnterpriseKind

FIRM_SHARE, POST_SHARE, PAY_SHARE = "firm_share_percent", "post_share_percent", "pay_share_percent"
MINIMUM_AGE, DAY_MINUTES, MONTH_DAYS = "minimum_age", "day_minutes", "month_days"
NIGHT_SHIFTS = frozenset({ShiftPattern.NIGHT, ShiftPattern.ROTATING})
Limits = Mapping[str, InternLimit]


def concerns_students(draft: PostingDraft) -> bool:
    return draft.engagement is Engagement.STUDENT or bool(draft.order_class)


def student_issues(draft: PostingDraft, limits: Limits) -> Iterator[Issue]:
    """A limit without a row in force says nothing."""
    if not concerns_students(draft):
        return
    yield from _share(draft, limits.get(FIRM_SHARE), "student_firm_share", "firm_staff_count", "本单位在岗职工")
    yield from _share(draft, limits.get(POST_SHARE), "student_post_share", "post_staff_count", "同类岗位在岗职工")
    yield from _age(draft, limits.get(MINIMUM_AGE))
    yield from _agent(draft)
    yield from _pay(draft, limits.get(PAY_SHARE))
    yield from _night(draft)
    yield from _rest(draft, limits)


def _share(draft: PostingDraft, limit: InternLimit | None, rule_id: str, field: str, whom: str) -> Iterator[Issue]:
    """第十条: students in all, and in the post, as a share of the staff."""
    if limit is None:
        return
    staff: int | None = getattr(draft, field)
    params = {"limit": str(limit.value), "whom": whom}
    if staff is None:
        told = f"没有填写{whom}人数，无法核对实习学生不超过其{limit.value}%"
        yield Issue(rule_id=rule_id, field=field, message=told, params=params | {"most": "规定人数"}, only_warns=True)
    elif draft.headcount and draft.headcount * 100 > staff * limit.value:
        most = staff * limit.value // 100
        told = f"招收学生{draft.headcount}人，{whom}{staff}人，超过{limit.value}%（最多{most}人）"
        yield Issue(rule_id=rule_id, field="headcount", message=told, params=params | {"most": f"{most}人"})


def _age(draft: PostingDraft, limit: InternLimit | None) -> Iterator[Issue]:
    """第十六条（二）."""
    if limit is None or (draft.minimum_age is not None and draft.minimum_age >= limit.value):
        return
    missing = draft.minimum_age is None
    told = "没有填写最低年龄" if missing else f"最低年龄填了{draft.minimum_age}岁"
    yield Issue(
        rule_id="student_age", field="minimum_age", message=f"{told}，未满{limit.value}周岁的学生不得参加岗位实习",
        params={"limit": str(limit.value)}, only_warns=missing,
    )  # fmt: skip


def _agent(draft: PostingDraft) -> Iterator[Issue]:
    """第十六条（六）."""
    if draft.enterprise_kind == EnterpriseKind.AGENCY or draft.engagement is Engagement.DISPATCHED:
        field = "enterprise_kind" if draft.enterprise_kind == EnterpriseKind.AGENCY else "engagement"
        yield Issue(rule_id="student_agent", field=field, message="学生实习不得通过中介机构、劳务派遣或有偿代理组织")


def _pay(draft: PostingDraft, limit: InternLimit | None) -> Iterator[Issue]:
    """第十八条: of what the firm's own staff earn in the same post."""
    if limit is None or draft.pay_unit is None:
        return
    piece = draft.pay_unit is PayUnit.PIECE
    field = "piece_rate_fen" if piece else "pay_min_fen"
    offered: int | None = getattr(draft, field)
    if draft.post_pay_fen is None:
        told = f"没有填写相同岗位的工资，无法核对学生报酬不低于其{limit.value}%"
        yield Issue(
            rule_id="student_pay", field="post_pay_fen", message=told, params={"floor": "规定"}, only_warns=True
        )
    elif offered is not None and offered * 100 < draft.post_pay_fen * limit.value:
        floor = yuan(draft.post_pay_fen * limit.value / 100)
        told = f"学生报酬{yuan(offered)}元，低于相同岗位工资{yuan(draft.post_pay_fen)}元的{limit.value}%（{floor}元）"
        yield Issue(rule_id="student_pay", field=field, message=told, params={"floor": f"{floor}元"})


def _night(draft: PostingDraft) -> Iterator[Issue]:
    """第十七条: no night shifts."""
    if draft.shift_pattern in NIGHT_SHIFTS or WorkFeature.NIGHT_WORK in draft.features:
        field = "shift_pattern" if draft.shift_pattern in NIGHT_SHIFTS else "features"
        yield Issue(rule_id="student_night", field=field, message="岗位要上夜班，不得安排学生上夜班")
    elif draft.shift_pattern is None:
        told = "没有填写班次，无法核对学生不上夜班"
        yield Issue(rule_id="student_night", field="shift_pattern", message=told, only_warns=True)


def _rest(draft: PostingDraft, limits: Limits) -> Iterator[Issue]:
    """第十七条: no overtime, no work on rest days and holidays."""
    minutes, days = limits.get(DAY_MINUTES), limits.get(MONTH_DAYS)
    if minutes is not None and draft.minutes_per_day is not None and draft.minutes_per_day > minutes.value:
        hours = number(draft.minutes_per_day / 60)
        told = f"每天{hours}小时，不得安排学生加班（每天最多{number(minutes.value / 60)}小时）"
        yield Issue(rule_id="student_rest", field="minutes_per_day", message=told)
    if days is None:
        return
    if draft.days_per_month is None:
        told = "没有填写每月工作天数，无法核对学生不在休息日和法定节假日实习"
        yield Issue(rule_id="student_rest", field="days_per_month", message=told, only_warns=True)
    elif draft.days_per_month > days.value:
        told = f"每月{draft.days_per_month}天，超过一个月的工作日（最多{days.value}天），不得安排学生在休息日和法定节假日实习"
        yield Issue(rule_id="student_rest", field="days_per_month", message=told)
