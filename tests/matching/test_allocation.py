"""The allocation against exhaustive search on small problems, and the rules of the page one by one."""

from collections import defaultdict
from dataclasses import replace
from itertools import chain, combinations, pairwise
from typing import Any

import highspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.allocation import (
    Anchor,
    DoneShift,
    Limits,
    Plan,
    Problem,
    Progress,
    Reason,
    Rule,
    Shift,
    Status,
    Window,
    Worker,
    plan_to_json,
    solve,
    to_json,
)
from app.matching.allocation.book import Book
from app.matching.allocation.ceiling import most_filled, spans
from app.matching.allocation.exchange import exchanged
from app.matching.allocation.instant import greedy
from app.matching.allocation.solve import prepare
from app.matching.plan_check import check_plan
from benchmarks.allocation.generate import Size, generate

DAY = 1440
# Local midnight of a Monday.
MONDAY = 20_619 * DAY - 480
FREE = (Window(MONDAY, MONDAY + 7 * DAY),)
QUARTERS = 4


def worker(key: str, **changes: Any) -> Worker:
    return Worker(key, skills={"flat": 3}, **{"free": FREE, "wanted_minutes": 2400} | changes)


def shift(key: str, day: int = 0, start: int = 480, minutes: int = 480, **changes: Any) -> Shift:
    begin = MONDAY + day * DAY + start
    values = {"enterprise": "e1", "process": "flat", "level": 2, "work_minutes": minutes, "fen_per_hour": 2500}
    return Shift(key=key, start=begin, end=begin + minutes, **values | changes)


def last(problem: Problem, **options: Any) -> Plan:
    """With time enough that a busy machine does not end the search before its proof."""
    return list(solve(problem, **({"seconds": 120.0} | options)))[-1]


def alone(person: Worker, job: Shift, **problem: Any) -> Plan:
    return last(Problem((person,), (job,), names={"flat": "平车"}, **problem))


# --- exhaustive search, written from the page and sharing nothing with the engine


def pair_fits(person: Worker, job: Shift) -> bool:
    return (
        person.skills.get(job.process, 0) >= job.level
        # Minute by minute: windows that touch are one.
        and all(
            any(window.start <= minute < window.end for window in person.free)
            for minute in range(job.start, job.end, 30)
        )
        and job.enterprise not in person.blocks
        and job.fen_per_hour >= (person.least_fen_per_hour or 0)
    )


def plan_fits(problem: Problem, chosen: tuple[tuple[Worker, Shift], ...]) -> bool:
    for job in problem.shifts:
        if sum(one is job for _, one in chosen) * job.unit > job.heads:
            return False
    for person in problem.workers:
        mine = sorted((job for who, job in chosen if who is person), key=lambda job: job.start)
        if any(after.start - before.end < 660 for before, after in pairwise(mine)):
            return False
        if len({(job.start + 480) // DAY for job in mine}) > 6:
            return False
        hours: dict[tuple[str, int], int] = {}
        for job in mine:
            key = (job.enterprise, (job.start + 480) // DAY)
            hours[key] = hours.get(key, 0) + job.work_minutes
        if any(minutes > (660 if person.overtime_consent else 480) for minutes in hours.values()):
            return False
    return True


def measures(problem: Problem, chosen: tuple[tuple[Worker, Shift], ...], days: int) -> tuple[int, int, int]:
    shortfall = sum(
        job.priority * max(0, job.heads - job.unit * sum(one is job for _, one in chosen)) for job in problem.shifts
    )
    idle, unfair = 0, 0
    for person in problem.workers:
        mine = [job for who, job in chosen if who is person]
        if person.free and person.wanted_minutes:
            idle += not mine
            target = person.wanted_minutes * days // 7
            got = sum(job.work_minutes for job in mine)
            unfair += sum(max(0, quarter * target // QUARTERS - got) for quarter in range(1, QUARTERS + 1))
    return shortfall, idle, unfair


def best(problem: Problem, days: int) -> tuple[int, int, int]:
    pairs = [(person, job) for person in problem.workers for job in problem.shifts if pair_fits(person, job)]
    subsets = chain.from_iterable(combinations(pairs, size) for size in range(len(pairs) + 1))
    return min(measures(problem, chosen, days) for chosen in subsets if plan_fits(problem, chosen))


jobs = st.builds(
    lambda day, start, minutes, heads, level, firm, priority, half: (day, start, minutes, heads, level, firm, priority, half),
    st.integers(0, 1), st.sampled_from([360, 480, 780, 1080]), st.sampled_from([240, 480, 600]), st.integers(1, 4),
    st.integers(1, 4), st.sampled_from(["e1", "e2"]), st.sampled_from([1, 2, 5]), st.booleans(),
)  # fmt: skip
folk = st.builds(
    lambda level, start, consent, blocks, wanted: (level, start, consent, blocks, wanted),
    st.integers(1, 4), st.sampled_from([0, 600]), st.booleans(), st.sampled_from([(), ("e1",)]),
    st.sampled_from([0, 1200, 2400]),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(folk, min_size=1, max_size=3), st.lists(jobs, min_size=1, max_size=3))
def test_small_problems_are_solved_as_well_as_by_trying_everything(people: list[Any], work: list[Any]) -> None:
    problem = Problem(
        tuple(
            worker(
                f"w{at}", wanted_minutes=wanted, overtime_consent=consent, blocks=frozenset(blocks),
                free=tuple(Window(MONDAY + day * DAY + start, MONDAY + (day + 1) * DAY) for day in range(3)),
            )
            for at, (_, start, consent, blocks, wanted) in enumerate(people)
        ),
        tuple(
            shift(
                f"s{at}", day, start, minutes, heads=heads, level=level, enterprise=firm, priority=priority, half=half,
                work_minutes=minutes,
            )
            for at, (day, start, minutes, heads, level, firm, priority, half) in enumerate(work)
        ),
        horizon_days=2,
    )  # fmt: skip
    problem = replace(
        problem,
        workers=tuple(
            replace(one, skills={"flat": level}) for one, (level, *_) in zip(problem.workers, people, strict=True)
        ),
    )
    plan = last(problem)
    assert plan.status is Status.OPTIMAL
    assert plan.objectives[:3] == best(problem, 2)
    by_key = {one.key: one for one in (*problem.workers, *problem.shifts)}
    chosen: Any = tuple((by_key[who], by_key[job]) for who, job in plan.assignments)
    assert all(pair_fits(*pair) for pair in chosen)
    assert plan_fits(problem, chosen)
    assert measures(problem, chosen, 2) == plan.objectives[:3]


@pytest.mark.parametrize(
    ("person", "job", "code"),
    [
        ({"skills": {}}, {}, Reason.SKILL),
        ({"skills": {"flat": 1}}, {}, Reason.LEVEL),
        ({"free": ()}, {}, Reason.AVAILABILITY),
        ({"birthday_16": MONDAY + 481}, {}, Reason.AGE),
        ({"birthday_18": MONDAY + 481}, {}, Reason.MINOR),
        ({"birthday_18": MONDAY + 481, "minor_ready": True}, {"hazards": frozenset({"dust"})}, Reason.MINOR),
        ({"birthday_18": MONDAY + 481, "minor_ready": True}, {"night": True}, Reason.MINOR),
        ({"blocks": frozenset({"e1"})}, {}, Reason.BLOCK),
        ({"home": (0.0, 0.0), "reach_m": 999}, {"place": (1000.0, 0.0)}, Reason.REACH),
        ({"least_fen_per_hour": 2501}, {}, Reason.PAY),
        ({"anchors": (Anchor(2500.0, 0.0, MONDAY + 969),)}, {"place": (0.0, 0.0)}, Reason.ANCHOR),
        ({"done": (DoneShift("e2", MONDAY - 660, MONDAY - 179, 480),)}, {}, Reason.REST),
        ({}, {"work_minutes": 481}, Reason.HOURS),
        ({"retired_from": MONDAY, "overtime_consent": True}, {"work_minutes": 481}, Reason.HOURS),
    ],
)
def test_each_rule_closes_a_pair_and_is_named(person: dict[str, Any], job: dict[str, Any], code: Reason) -> None:
    skills = person.pop("skills", {"flat": 3})
    plan = alone(replace(worker("w"), skills=skills, **person), replace(shift("s"), **job))
    assert plan.assignments == ()
    (seat,) = plan.unfilled
    assert (seat.code, seat.seats) == (code, 2)
    assert seat.text


@pytest.mark.parametrize(
    ("person", "job"),
    [
        ({"birthday_16": MONDAY + 480}, {}),
        ({"birthday_18": MONDAY + 480}, {"night": True, "hazards": frozenset({"dust"})}),
        ({"birthday_18": MONDAY + 481, "minor_ready": True}, {}),
        ({"home": (0.0, 0.0), "reach_m": 1000}, {"place": (1000.0, 0.0)}),
        ({"least_fen_per_hour": 2500}, {}),
        ({"anchors": (Anchor(2500.0, 0.0, MONDAY + 970),)}, {"place": (0.0, 0.0)}),
        ({"done": (DoneShift("e2", MONDAY - 660, MONDAY - 180, 480),)}, {}),
        ({"overtime_consent": True}, {"work_minutes": 660}),
    ],
)
def test_at_its_boundary_each_rule_lets_a_pair_pass(person: dict[str, Any], job: dict[str, Any]) -> None:
    plan = alone(replace(worker("w"), **person), replace(shift("s"), **job))
    assert plan.assignments == (("w", "s"),)
    assert (plan.unfilled, plan.unallotted) == ((), ())


def test_one_day_in_seven_is_free() -> None:
    week = Problem((worker("w"),), tuple(shift(f"s{day}", day, minutes=240) for day in range(7)))
    assert len(last(week).assignments) == 6
    assert len(last(replace(week, limits=Limits(week_rest_days=None))).assignments) == 7


def test_forty_hours_bind_per_employer() -> None:
    days = tuple(shift(f"s{day}", day) for day in range(6))
    assert len(last(Problem((worker("w"),), days)).assignments) == 5
    two = tuple(replace(job, enterprise=f"e{at % 2}") for at, job in enumerate(days))
    assert len(last(Problem((worker("w"),), two)).assignments) == 6


def test_a_reason_in_words() -> None:
    night = shift("s", 2, 1320, night=True, level=3)
    away = worker("w", free=(Window(MONDAY, MONDAY + DAY),))
    (seat,) = last(Problem((away,), (night,), names={"flat": "锁边"})).unfilled
    assert seat.text == "无锁边三级且周三夜班可到的人"


def test_pins_stand_bans_hold_and_conflicts_are_told() -> None:
    people, job = (worker("w1"), worker("w2")), shift("s")
    plan = last(Problem(people, (job,), pins=frozenset({("w2", "s")})))
    assert plan.assignments == (("w2", "s"),)
    plan = last(Problem(people, (job,), bans=frozenset({("w1", "s"), ("w2", "s")})))
    assert (plan.assignments, plan.unfilled[0].code) == ((), Reason.BAN)
    blocked = worker("w1", blocks=frozenset({"e1"}))
    plan = last(Problem((blocked,), (job,), pins=frozenset({("w1", "s"), ("nobody", "s")})))
    assert plan.assignments == (("w1", "s"),)
    assert {conflict.rule for conflict in plan.conflicts} == {Rule.BLOCK, Rule.UNKNOWN}


def test_groups_go_together_and_leaders_lead() -> None:
    pair = tuple(worker(f"w{at}", group="g") for at in range(2))
    assert last(Problem(pair, (shift("s"),))).assignments == ()
    assert len(last(Problem(pair, (shift("s", heads=4),))).assignments) == 2
    led = shift("s", heads=6, leaders_per=3, leader_level=4)
    plain = tuple(worker(f"w{at}") for at in range(3))
    assert last(Problem(plain, (led,))).unfilled[0].code is Reason.NO_LEADER
    foreman = replace(plain[0], skills={"flat": 4})
    plan = last(Problem((foreman, *plain[1:]), (led,)))
    assert (len(plan.assignments), plan.leaders) == (3, (("s", ("w0",)),))


def test_unknown_availability_is_never_allotted() -> None:
    plan = alone(worker("w", free=()), shift("s"))
    assert plan.assignments == ()
    assert plan.unallotted[0].code is Reason.UNKNOWN_AVAILABILITY


def test_offers_without_an_answer_are_kept_where_nothing_else_differs() -> None:
    people = tuple(worker(f"w{at}") for at in range(4))
    for kept in people:
        plan = last(Problem(people, (shift("s"),), offers=frozenset({(kept.key, "s")})))
        assert plan.assignments == ((kept.key, "s"),)


def test_the_same_seed_gives_the_same_plan_and_every_plan_is_no_worse() -> None:
    problem = generate(Size(120, 40, 1), 3)
    told: list[Progress] = []
    plans = list(solve(problem, seconds=30, progress=told.append))
    again = list(solve(problem, seconds=30))
    assert plans[-1].status is Status.OPTIMAL
    assert plans[-1] == again[-1]
    values = [plan.objectives for plan in plans]
    assert values == sorted(values, reverse=True)
    assert [one.objectives for one in told] == values
    assert all(low <= value for plan in plans for low, value in zip(plan.bounds, plan.objectives, strict=True))
    assert plan_to_json(plans[-1])["objectives"] == list(plans[-1].objectives)
    assert len(to_json(problem)["workers"]) == 120


def test_cancelled_it_ends_with_the_best_so_far() -> None:
    plans = list(solve(generate(Size(200, 60), 5), seconds=60, cancelled=lambda: True))
    assert plans[-1].status is Status.CANCELLED
    assert plans[-1].assignments == plans[0].assignments


def test_a_problem_that_cannot_be_is_refused() -> None:
    twice = Problem((worker("w"), worker("w")), ())
    with pytest.raises(ValueError, match="twice"):
        list(solve(twice))
    with pytest.raises(ValueError, match="end after start"):
        list(solve(Problem((), (shift("s", minutes=0),))))


def test_nothing_asked_is_answered() -> None:
    assert last(Problem((), ())).status is Status.OPTIMAL
    (one,) = last(Problem((worker("w"),), ())).unallotted
    assert one.code is Reason.NO_SHIFTS


def _programme_of_spans(problem: Problem) -> float:
    """The relaxation of `ceiling` as a linear programme: an independent answer to the same question."""
    known = prepare(problem)
    shifts, pairs = known.columns.shifts, known.pairs
    solver = highspy.Highs()
    solver.silent()
    taken = [solver.addVariable(float(pinned), 1.0) for pinned in pairs.pinned.tolist()]
    filled = [solver.addVariable(0.0, float(seats)) for seats in shifts.seats.tolist()]
    by_shift, by_slot = defaultdict(list), defaultdict(list)
    span = spans(shifts.start, shifts.end, known.law.rest)
    for row, (who, at) in enumerate(zip(pairs.worker.tolist(), pairs.shift.tolist(), strict=True)):
        by_shift[at].append(taken[row])
        if not pairs.pinned[row]:
            by_slot[who, int(span[at])].append(taken[row])
    for at, people in by_shift.items():
        solver.addConstr(filled[at] <= solver.qsum(people))
    for at in set(range(len(filled))) - set(by_shift):
        solver.addConstr(filled[at] <= 0)
    for people in by_slot.values():
        solver.addConstr(solver.qsum(people) <= 1)
    value = (shifts.priority * shifts.unit).tolist()
    solver.maximize(solver.qsum(one * each for one, each in zip(filled, value, strict=True)))
    return float(solver.getObjectiveValue())


@pytest.mark.parametrize("seed", range(1, 7))
@pytest.mark.parametrize("started", ["from nothing", "from a plan"])
def test_the_ceiling_is_the_greatest_weight_of_its_relaxation(seed: int, started: str) -> None:
    problem = generate(Size(80, 60, 3, pins=0.1), seed)
    known = prepare(problem)
    book = Book(known.columns, known.law, known.pairs)
    if started == "from a plan":
        greedy(book, seed)
    found = most_filled(known.columns, known.pairs, known.law.rest, book.chosen())
    assert found == round(_programme_of_spans(problem))


def test_people_who_can_only_be_at_one_place_bound_what_can_be_filled() -> None:
    """Two seats that anybody could take, but at the same time, and one person: proven without a linear programme."""
    problem = Problem((worker("w"),), (shift("s", heads=2), shift("t", start=500, heads=2, priority=5)))
    known = prepare(problem)
    empty = Book(known.columns, known.law, known.pairs).chosen()
    assert most_filled(known.columns, known.pairs, known.law.rest, empty) == 2 * 5


def test_a_seat_of_a_person_with_two_goes_to_one_with_none() -> None:
    """One person stands on both shifts, another who fits one of them on neither: that one gets it, nothing else changes."""
    people = (worker("w1"), worker("w2", free=(Window(MONDAY + DAY, MONDAY + 2 * DAY),)))
    known = prepare(Problem(people, (shift("s1"), shift("s2", day=1))))
    both = np.flatnonzero(known.pairs.worker == 0)
    after = exchanged(Book(known.columns, known.law, known.pairs), known.scale, both, lambda: False)
    assert [(int(known.pairs.worker[row]), int(known.pairs.shift[row])) for row in after] == [(0, 0), (1, 1)]


@pytest.mark.parametrize("seed", range(1, 5))
def test_seats_change_hands_only_for_the_better_and_within_the_law(seed: int) -> None:
    problem = generate(Size(120, 60, 3, pins=0.05), seed)
    known = prepare(problem)
    book = Book(known.columns, known.law, known.pairs)
    greedy(book, seed)
    before = known.scale(book.chosen())
    rows = exchanged(Book(known.columns, known.law, known.pairs), known.scale, book.chosen(), lambda: False)
    after = known.scale(rows)
    assert after[0] == before[0]
    assert after < before
    again = exchanged(Book(known.columns, known.law, known.pairs), known.scale, rows, lambda: False)
    assert known.scale(again) == after
    keys = [
        (known.columns.workers.rows[who].key, known.columns.shifts.rows[at].key)
        for who, at in zip(known.pairs.worker[rows].tolist(), known.pairs.shift[rows].tolist(), strict=True)
    ]
    plan = replace(last(problem, seconds=0.0), assignments=tuple(sorted(keys)))
    verdict = check_plan(to_json(problem), plan_to_json(plan))
    # What it says about counts, reasons and leaders belongs to the other plan: only rules of people and shifts are asked.
    assert not [one for one in verdict.violations if one.worker is not None and one.shift is not None]
