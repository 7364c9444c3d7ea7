"""Checks of a posting's values: lawful elements, dates, ages, hours, pay range, the firm's standing."""

import re
from collections.abc import Iterator
from datetime import date

from app.rules.jobs.posting.issues import Issue, number, yuan
from app.rules.jobs.posting.rows import PostingDraft
from app.rules.jobs.terms import PayCycle, PayUnit, WorkFeature
from app.rules.jobs.vacancies import LONGEST_VALIDITY
from app.rules.organisation import EnterpriseKind

# 劳动法 第十五条、禁止使用童工规定 第二条: full years.
WORKING_AGE = 16
ADULT_AGE = 18
# 劳动法 第三十六条: minutes a day; 第四十一条: overtime hours a month.
FULL_DAY_MINUTES = 480
OVERTIME_HOURS = 36
# 21.75 paid days of 8 hours (劳社部发〔2008〕3号).
PAID_DAYS = 21.75
MONTH_HOURS = 174
# 劳动法 第三十八条: one rest day a week leaves at most 27 of 31.
MOST_DAYS = 27
# 劳动合同法 第六十八条: on average 4 hours a day, 24 a week, is part-time.
PART_TIME_MINUTES = 240
PART_TIME_DAYS = 26
# House rule: a wider range tells nothing.
WIDEST_RANGE = 2
# 未成年工特殊保护规定 (劳部发〔1994〕498号) 第三条: dust, heat from grade 3, loads.
MINOR_HAZARDS = (WorkFeature.HEAVY_LIFTING, WorkFeature.HIGH_TEMPERATURE, WorkFeature.DUST)


# 代人转发 is no repost of somebody else's posting; "转载" and its like are.
_REPOST = re.compile(
    r"转载自|转自(?![动己由])|转发自|(?:本(?:信息|岗位|文|帖)|信息|内容)(?:系|为)?(?:转载|来源|来自)(?!核|管)"
)


def value_issues(draft: PostingDraft, today: date) -> Iterator[Issue]:
    yield from _elements(draft)
    yield from _validity(draft.valid_until, today)
    yield from _enterprise(draft)
    yield from _age(draft)
    yield from _hours(draft.minutes_per_day, draft.days_per_month)
    yield from _pay_range(draft)
    yield from _pay_cycle(draft)
    yield from _source(draft)


def is_part_time(draft: PostingDraft) -> bool:
    """非全日制 by the stated hours (劳动合同法 第六十八条): at most 4 hours a day and, over a month, 24 a week."""
    minutes, days = draft.minutes_per_day, draft.days_per_month
    return minutes is not None and minutes <= PART_TIME_MINUTES and (days is None or days <= PART_TIME_DAYS)


def _elements(draft: PostingDraft) -> Iterator[Issue]:
    """人力资源市场暂行条例 第二十四条: headcount, conditions, kind of employment, duties, place, basic pay."""
    required: tuple[tuple[str, str, bool], ...] = (
        ("occupation_code", "职业", bool(draft.occupation_code)),
        ("headcount", "招聘人数", bool(draft.headcount and draft.headcount > 0)),
        ("minutes_per_day", "工作时间（每天几小时）", bool(draft.minutes_per_day)),
        ("place_address", "工作地点", bool(draft.place_address.strip())),
        ("duties", "工作内容", bool(draft.duties.strip())),
        ("engagement", "用工类型", draft.engagement is not None),
        ("valid_until", "有效期", draft.valid_until is not None),
        *_pay_elements(draft),
    )
    for field, label, given in required:
        if not given:
            yield Issue(
                rule_id="element_missing",
                field=field,
                message=f"没有填写{label}，招聘信息必须写明",
                params={"element": label},
            )


def _pay_elements(draft: PostingDraft) -> list[tuple[str, str, bool]]:
    """Piece pay is told by its rate, or by the monthly pay that it usually makes."""
    ranged = bool(draft.pay_min_fen or draft.pay_max_fen)
    if draft.pay_unit is None:
        return [("pay_unit", "劳动报酬", False)]
    if draft.pay_unit is not PayUnit.PIECE:
        return [("pay_min_fen", f"劳动报酬（{draft.pay_unit.label}多少元）", ranged)]
    if ranged and not draft.piece_rate_fen:
        return []
    return [
        ("piece_rate_fen", "劳动报酬（计件单价）", bool(draft.piece_rate_fen)),
        ("piece_per_quantity", "劳动报酬（单价对应多少件）", bool(draft.piece_per_quantity)),
    ]


def _validity(valid_until: date | None, today: date) -> Iterator[Issue]:
    if valid_until is None:
        return
    days = (valid_until - today).days
    last = today + LONGEST_VALIDITY
    if days < 0:
        yield Issue(
            rule_id="validity_past",
            field="valid_until",
            message=f"有效期到{_day(valid_until)}，已过{-days}天",
            params={"last": _day(last)},
        )
    if valid_until > last:
        yield Issue(
            rule_id="validity_too_long",
            field="valid_until",
            message=f"有效期到{_day(valid_until)}，距今天{days}天，最长{LONGEST_VALIDITY.days}天",
            params={"last": _day(last), "limit": str(LONGEST_VALIDITY.days)},
        )


def _enterprise(draft: PostingDraft) -> Iterator[Issue]:
    if draft.enterprise_kind == EnterpriseKind.AGENCY and not draft.using_firm:
        yield Issue(
            rule_id="using_firm_missing",
            field="using_firm",
            message="人力资源服务机构发布岗位，没有写明用工单位",
            params={},
        )
    if draft.enterprise_approved:
        return
    papers = "营业执照"
    if draft.enterprise_kind == EnterpriseKind.AGENCY:
        papers = "营业执照和有效的人力资源服务或劳务派遣许可证"
    yield Issue(
        rule_id="enterprise_unapproved",
        field="enterprise_approved",
        message=f"发布单位还没有通过核验（需核验{papers}），暂时不能发布",
        params={"papers": papers},
    )


def _age(draft: PostingDraft) -> Iterator[Issue]:
    age = draft.minimum_age
    if age is not None and age < WORKING_AGE:
        yield Issue(
            rule_id="under_16",
            field="minimum_age",
            message=f"最低年龄填了{age}岁，招用不满{WORKING_AGE}周岁的人是使用童工",
            params={"limit": str(WORKING_AGE)},
        )
    hazards = "、".join(feature.label for feature in MINOR_HAZARDS if feature in draft.features)
    if not hazards or (age is not None and age >= ADULT_AGE):
        return
    told = "没有填写最低年龄" if age is None else f"最低年龄为{age}岁"
    yield Issue(
        rule_id="minor_hazard",
        field="minimum_age",
        message=f"岗位有{hazards}，{told}；未满{ADULT_AGE}周岁的人不得从事超标的这类劳动",
        params={"hazards": hazards, "limit": str(ADULT_AGE)},
        # Not told is not the same as open to minors.
        only_warns=age is None,
    )


def _hours(minutes: int | None, days: int | None) -> Iterator[Issue]:
    if minutes is not None and minutes > FULL_DAY_MINUTES:
        yield Issue(
            rule_id="hours_over_law",
            field="minutes_per_day",
            message=f"每天{number(minutes / 60)}小时，超过法定的{FULL_DAY_MINUTES // 60}小时",
        )
    if days is None:
        return
    limit = MONTH_HOURS + OVERTIME_HOURS
    hours = (minutes or 0) * days / 60
    if hours > limit:
        yield Issue(
            rule_id="hours_over_law",
            field="days_per_month",
            message=f"每天{number((minutes or 0) / 60)}小时、每月{days}天，共{number(hours)}小时，"
            f"超过{MONTH_HOURS}＋{OVERTIME_HOURS}＝{limit}小时",
        )
    elif days > MOST_DAYS:
        yield Issue(
            rule_id="hours_over_law",
            field="days_per_month",
            message=f"每月工作{days}天，每周不足一个休息日（每月最多{MOST_DAYS}天）",
        )


def _pay_range(draft: PostingDraft) -> Iterator[Issue]:
    low, high = draft.pay_min_fen, draft.pay_max_fen
    if low and high and high > WIDEST_RANGE * low:
        yield Issue(
            rule_id="pay_range_wide",
            field="pay_max_fen",
            message=f"工资{yuan(low)}—{yuan(high)}元，最高是最低的{number(high / low)}倍，"
            f"超过{WIDEST_RANGE}倍，求职者难以判断",
            params={"limit": yuan(low * WIDEST_RANGE)},
        )


def _pay_cycle(draft: PostingDraft) -> Iterator[Issue]:
    """劳动合同法 第七十二条: part-time work is settled within 15 days."""
    if draft.pay_cycle is PayCycle.MONTHLY and is_part_time(draft):
        yield Issue(
            rule_id="pay_late",
            field="pay_cycle",
            message=f"每天{number((draft.minutes_per_day or 0) / 60)}小时，属非全日制用工，"
            "结算周期最长15天，填写的是月结",
        )


def _source(draft: PostingDraft) -> Iterator[Issue]:
    """人社部等五部门2026年1月通知: who takes over another's posting names where it comes from."""
    if draft.repost_source:
        return
    for field in ("title", "duties", "requirements", "benefits_note", "contact_note"):
        found = _REPOST.search(getattr(draft, field))
        if found is not None:
            yield Issue(rule_id="repost_source_missing", field=field, start=found.start(), end=found.end())
            return


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
