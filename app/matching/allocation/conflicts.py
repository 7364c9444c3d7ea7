"""What pins break among themselves: they stand in every plan, and whoever set them is told."""

from app.matching.allocation.columns import Columns
from app.matching.allocation.eligibility import Pairs
from app.matching.allocation.law import Law
from app.matching.allocation.problem import Conflict, Problem, Rule, Shift, Worker


def conflicts_of(problem: Problem, columns: Columns, law: Law, pairs: Pairs) -> tuple[Conflict, ...]:
    del pairs
    found: list[Conflict] = []
    for worker, shift in sorted(problem.pins):
        if worker not in columns.worker_at or shift not in columns.shift_at:
            found.append(Conflict(worker, shift, Rule.UNKNOWN, "指定的人或班次不在这次配工里"))
            continue
        person = columns.workers.rows[columns.worker_at[worker]]
        job = columns.shifts.rows[columns.shift_at[shift]]
        fault = _of_pair(problem, person, job)
        if fault is not None:
            found.append(Conflict(worker, shift, *fault))
    for at, shifts in enumerate(law.pinned):
        found += _of_worker(columns, law, at, list(shifts))
    found += _of_shifts(columns, law)
    return tuple(found)


def _of_pair(problem: Problem, person: Worker, job: Shift) -> tuple[Rule, str] | None:  # noqa: PLR0911  # one line a rule
    if (person.key, job.key) in problem.bans:
        return Rule.BAN, "同一个人既指定又排除"
    if job.process not in person.skills:
        return Rule.SKILL, "指定的人不会这道工序"
    if person.skills[job.process] < job.level:
        return Rule.LEVEL, f"指定的人只有{person.skills[job.process]}级，要求{job.level}级"
    if not any(window.start <= job.start and job.end <= window.end for window in person.free):
        return Rule.AVAILABILITY, "不在指定的人可上班的时间里"
    if job.start < person.birthday_16:
        return Rule.AGE, "指定的人开班时未满16周岁"
    hazards = problem.limits.minor_hazards
    hard = job.closed_to_minors or job.night or bool(job.hazards if hazards is None else job.hazards & hazards)
    if job.start < person.birthday_18 and (hard or not person.minor_ready):
        return Rule.MINOR, "指定的人未成年，这个班次不能安排或未登记体检"
    if job.enterprise in person.blocks:
        return Rule.BLOCK, "指定的人与这家企业互不选择"
    if person.least_fen_per_hour is not None and job.fen_per_hour < person.least_fen_per_hour:
        return Rule.PAY, "低于指定的人要的工资"
    return None


def _of_worker(columns: Columns, law: Law, at: int, shifts: list[int]) -> list[Conflict]:
    key = columns.workers.rows[at].key
    found = []
    by_start = sorted(shifts, key=lambda shift: law.start[shift])
    for place, one in enumerate(by_start):
        for other in by_start[place + 1 :]:
            if not law.apart(at, one, other):
                overlap = law.start[other] < law.end[one]
                told = "指定的两个班次时间重叠" if overlap else "指定的两个班次间隔不够休息和路程"
                name = columns.shifts.rows[other].key
                found.append(Conflict(key, name, Rule.OVERLAP if overlap else Rule.REST, told))
    for employer in sorted({law.enterprise[shift] for shift in shifts}):
        for (limit, _), minutes in law.excess(at, employer, shifts).items():
            which = {"day": "一天", "week": "一周", "month": "一个月的加班"}[limit]
            found.append(Conflict(key, None, Rule.HOURS, f"指定的班次使{which}超出上限{minutes}分钟"))
    return found


def _of_shifts(columns: Columns, law: Law) -> list[Conflict]:
    counted: dict[int, int] = {}
    for shifts in law.pinned:
        for shift in shifts:
            counted[shift] = counted.get(shift, 0) + 1
    rows = columns.shifts.rows
    return [
        Conflict(None, rows[shift].key, Rule.SEATS, f"指定了{people}人，只有{rows[shift].seats}个名额")
        for shift, people in sorted(counted.items())
        if people > rows[shift].seats
    ]
