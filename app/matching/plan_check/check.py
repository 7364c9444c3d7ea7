"""The whole check: each pair, each person, each shift, and what the plan says of itself."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from app.matching.plan_check.measures import Clock, Row
from app.matching.plan_check.pairs import check_pair
from app.matching.plan_check.people import check_person
from app.matching.plan_check.shifts import check_shift
from app.matching.plan_check.statements import check_statements
from app.matching.plan_check.verdict import RULES, Findings, Verdict

Pair = tuple[str, str]
Rows = Mapping[str, Row]


def check_plan(problem: Row, plan: Row, *, statements: bool = True) -> Verdict:
    """`problem` and `plan` in the form of `matching/allocation/export.py`.

    `statements=False`: only the assignments are looked at, as of a baseline or an edited plan that says nothing of itself.
    """
    said = Findings()
    workers = {row["key"]: row for row in problem["workers"]}
    shifts = {row["key"]: row for row in problem["shifts"]}
    placed = _placed(plan, workers, shifts, said)
    pins = _pins(problem, placed, workers, shifts, said)
    bans = {tuple(pair) for pair in problem["bans"]}
    for worker, shift in placed - pins:
        said.hold("ban", (worker, shift) not in bans, "已排除", worker=worker, shift=shift)
        check_pair(workers[worker], shifts[shift], problem["limits"], said)
    by_worker = _by_worker(placed, shifts)
    stands = _by_worker(placed & pins, shifts)
    clock = Clock(problem["limits"]["utc_offset"])
    for key, rows in by_worker.items():
        check_person(workers[key], rows, stands.get(key, ()), problem["limits"], clock, said)
    by_shift: dict[str, list[Row]] = defaultdict(list)
    for worker, shift in placed:
        by_shift[shift].append(workers[worker])
    pinned: dict[str, set[str]] = defaultdict(set)
    for worker, shift in pins:
        pinned[shift].add(worker)
    groups = _groups(problem)
    for key, people in by_shift.items():
        check_shift(shifts[key], people, pinned.get(key, set()), groups, said)
    if statements:
        check_statements(problem, plan, by_shift, by_worker, said)
    found = sorted(said.found, key=lambda one: (one.rule, one.worker or "", one.shift or "", one.text))
    return Verdict(len(RULES), said.checked, tuple(found))


def _placed(plan: Row, workers: Rows, shifts: Rows, said: Findings) -> set[Pair]:
    """What does not exist can be asked nothing more."""
    pairs: list[Pair] = [(pair[0], pair[1]) for pair in plan["assignments"]]
    for pair, times in Counter(pairs).items():
        known = pair[0] in workers and pair[1] in shifts and times == 1
        said.hold("known", known, "不存在或出现两次", worker=pair[0], shift=pair[1])
    return {pair for pair in pairs if pair[0] in workers and pair[1] in shifts}


def _pins(problem: Row, placed: set[Pair], workers: Rows, shifts: Rows, said: Findings) -> set[Pair]:
    pins: set[Pair] = {(pair[0], pair[1]) for pair in problem["pins"] if pair[0] in workers and pair[1] in shifts}
    for worker, shift in pins:
        said.hold("pin", (worker, shift) in placed, "指定的安排不在方案里", worker=worker, shift=shift)
    return pins


def _by_worker(pairs: Collection[Pair], shifts: Rows) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for worker, shift in pairs:
        found[worker].append(shifts[shift])
    return found


def _groups(problem: Row) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in problem["workers"]:
        if row["group"] is not None:
            found[row["group"]].append(row["key"])
    return found
