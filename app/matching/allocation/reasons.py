"""Why a seat stayed empty and why somebody got nothing: sentences made from the counts of the questions."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from app.matching.allocation.calendar import EPOCH, day_of
from app.matching.allocation.columns import Columns, Ints
from app.matching.allocation.eligibility import FUNNEL, Pairs
from app.matching.allocation.evaluate import Scale
from app.matching.allocation.problem import Reason, Shift, Unallotted, Unfilled

WEEKDAYS = "一二三四五六日"
LEVELS = "零一二三四五六七八九"
EVENING, NIGHT, MORNING = 17 * 60, 21 * 60, 5 * 60
# Of a shift: who is missing. `{who}` the process and level, `{when}` the day and the part of it.
NOBODY_FOR = {
    Reason.SKILL: "无会{process}的人",
    Reason.LEVEL: "会{process}的{before}人都不到{level}级",
    Reason.AVAILABILITY: "无{process}{level}级且{when}可到的人",
    Reason.AGE: "{when}可到的{before}人开班时都未满16周岁",
    Reason.MINOR: "{when}可到的{before}人都未成年，这个班次不能安排",
    Reason.BLOCK: "{when}可到的{before}人与这家企业互不选择",
    Reason.REACH: "{when}可到的{before}人都嫌路远",
    Reason.PAY: "{when}可到的{before}人都要更高的工资",
    Reason.ANCHOR: "{when}可到的{before}人下班后赶不上自己的事",
    Reason.REST: "{when}可到的{before}人与已有的班次间隔不够",
    Reason.HOURS: "{when}可到的{before}人工时已满",
    Reason.BAN: "{when}可到的{before}人都被排除",
    Reason.GROUP: "{when}可到的{before}人要同组一起上，人数不合",
}
FEW_FOR = "{process}{level}级且{when}能安排的只有{left}人，需要{needed}人"
# Of a worker: how far the shifts went.
NOTHING_FOR = {
    Reason.SKILL: "没有您会做的工序的班次",
    Reason.LEVEL: "您会做的工序的{before}个班次要求更高的等级",
    Reason.AVAILABILITY: "等级合适的{before}个班次都不在您可上班的时间里",
    Reason.AGE: "时间合适的{before}个班次开班时您未满16周岁",
    Reason.MINOR: "时间合适的{before}个班次不能安排未成年人",
    Reason.BLOCK: "时间合适的{before}个班次与这些企业互不选择",
    Reason.REACH: "时间合适的{before}个班次超出您愿意走的路程",
    Reason.PAY: "时间和路程合适的{before}个班次低于您要的工资",
    Reason.ANCHOR: "合适的{before}个班次下班后赶不上您的事",
    Reason.REST: "合适的{before}个班次与您已有的班次间隔不够",
    Reason.HOURS: "合适的{before}个班次会超过法定工时",
    Reason.BAN: "合适的{before}个班次把您排除了",
    Reason.GROUP: "合适的{before}个班次坐不下您同组的人",
    Reason.TAKEN: "合适的{before}个班次的名额给了别人",
}


def unfilled(columns: Columns, pairs: Pairs, scale: Scale, rows: Ints) -> tuple[Unfilled, ...]:
    """One for every shift that misses half seats."""
    missing = scale.missing(rows)
    people = np.bincount(pairs.shift[rows], minlength=len(missing))
    leaders = np.bincount(pairs.shift[rows], weights=pairs.leader[rows], minlength=len(missing))
    found = []
    for at in np.flatnonzero(missing).tolist():
        job = columns.shifts.rows[at]
        passed = {reason.value: int(pairs.of_shifts[at, step]) for step, reason in enumerate(FUNNEL)}
        code = _of_shift(job, passed, int(missing[at]), int(people[at]), int(leaders[at]))
        text = _text_of_shift(columns, job, code, passed, int(people[at]))
        found.append(Unfilled(job.key, int(missing[at]), code, passed, text))
    return tuple(found)


def unallotted(columns: Columns, pairs: Pairs, scale: Scale, rows: Ints) -> tuple[Unallotted, ...]:
    """One for every willing worker with nothing, and for those who have not said when they can come."""
    found = []
    busy = np.bincount(pairs.worker[rows], minlength=len(columns.workers.rows)) > 0
    for at in scale.idle(rows).tolist():
        passed = {reason.value: int(pairs.of_workers[at, step]) for step, reason in enumerate(FUNNEL)}
        code = _of_worker(columns, passed)
        before = _before(passed, code)
        text = "这段时间没有班次" if code is Reason.NO_SHIFTS else NOTHING_FOR[code].format(before=before)
        found.append(Unallotted(columns.workers.rows[at].key, code, passed, text))
    for at, row in enumerate(columns.workers.rows):
        if not row.free and row.wanted_minutes > 0 and not busy[at]:
            text = "没有填可上班的时间，只能询问，不能直接安排"
            found.append(Unallotted(row.key, Reason.UNKNOWN_AVAILABILITY, {}, text))
    return tuple(sorted(found, key=lambda one: one.worker))


def _of_shift(job: Shift, passed: Mapping[str, int], missing: int, people: int, leaders: int) -> Reason:
    if missing < job.unit:
        return Reason.ODD_HALF
    if passed[FUNNEL[-1].value] > people:
        # Somebody fit is left: busy elsewhere, or nobody to lead them.
        led = job.leaders_per is None or people < job.leaders_per * leaders
        return Reason.TAKEN if led else Reason.NO_LEADER
    return next(reason for reason in FUNNEL if passed[reason.value] <= people or passed[reason.value] < job.seats)


def _of_worker(columns: Columns, passed: Mapping[str, int]) -> Reason:
    if not columns.shifts.rows:
        return Reason.NO_SHIFTS
    return next((reason for reason in FUNNEL if passed[reason.value] == 0), Reason.TAKEN)


def _before(passed: Mapping[str, int], code: Reason) -> int:
    """How many were left when the question was asked."""
    if code not in FUNNEL:
        return passed[FUNNEL[-1].value] if passed else 0
    step = FUNNEL.index(code)
    return passed[FUNNEL[step - 1].value] if step else 0


def _text_of_shift(columns: Columns, job: Shift, code: Reason, passed: Mapping[str, int], people: int) -> str:
    words = {
        "process": columns.problem.names.get(job.process, job.process),
        "level": LEVELS[job.level] if job.level < len(LEVELS) else str(job.level),
        "when": when(job.start, columns.problem.limits.utc_offset),
        "before": _before(passed, code), "needed": job.seats, "left": passed[FUNNEL[-1].value],
    }  # fmt: skip
    if code is Reason.ODD_HALF:
        return "只剩半个名额，这个班次不收半天的人"
    if code is Reason.TAKEN:
        fit = passed[FUNNEL[-1].value] - people
        return f"还有{fit}人合适，但同一时间在别的班次，或再上就超过工时"
    if code is Reason.NO_LEADER:
        return f"每{job.leaders_per}人要有一名{LEVELS[job.leader_level]}级以上的人带，现有带班的人不够"
    if passed[code.value] == 0:
        return NOBODY_FOR[code].format(**words)
    return FEW_FOR.format(**words)


def when(start: int, utc_offset: int) -> str:
    """周三夜班: the local day on which it starts, and the part of the day."""
    day = EPOCH + timedelta(days=day_of(start, utc_offset))
    minute = (start + utc_offset) % 1440
    part = "白班"
    if minute >= NIGHT or minute < MORNING:
        part = "夜班"
    elif minute >= EVENING:
        part = "晚班"
    return f"周{WEEKDAYS[day.weekday()]}{part}"
