"""The independent check: every rule is caught when a lawful plan is changed to break it, and only that one."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.allocation import plan_to_json, solve, to_json
from app.matching.plan_check import RULES, check_plan
from benchmarks.allocation.generate import Size, generate

DAY = 1440
# Local midnight of Monday 30 November 2026 in China.
MONDAY = 20_787 * DAY - 480
LIMITS = {
    "day_minutes": 480, "week_minutes": 2400, "overtime_day": 180, "overtime_month": 2160, "rest_between": 660,
    "week_rest_days": 1, "retired_overtime": False, "minor_hazards": ["dust"], "utc_offset": 480,
}  # fmt: skip
Row = dict[str, Any]


def worker(key: str = "w1", **changes: Any) -> Row:
    return {
        "key": key, "skills": {"flat": 3}, "free": [[MONDAY, MONDAY + 40 * DAY]], "anchors": [], "home": None,
        "speed_m_per_min": 100.0, "reach_m": None, "least_fen_per_hour": None, "wanted_minutes": 2400, "past_minutes": 0,
        "wanted_past_minutes": 0, "birthday_16": 0, "birthday_18": 0, "retired_from": None, "minor_ready": False,
        "overtime_consent": False, "favourites": [], "blocks": [], "done": [], "group": None,
    } | changes  # fmt: skip


def shift(key: str = "s1", day: int = 0, start: int = 480, minutes: int = 480, **changes: Any) -> Row:
    begin = MONDAY + day * DAY + start
    return {
        "key": key, "enterprise": "e1", "process": "flat", "level": 2, "start": begin, "end": begin + minutes,
        "work_minutes": minutes, "place": None, "heads": 2, "half": False, "priority": 1, "fen_per_hour": 2500,
        "hazards": [], "night": False, "leaders_per": None, "leader_level": 3, "closed_to_minors": False,
    } | changes  # fmt: skip


def problem(workers: list[Row], shifts: list[Row], **changes: Any) -> Row:
    return {
        "limits": dict(LIMITS), "horizon_days": 7, "names": {"flat": "平车"}, "workers": workers, "shifts": shifts,
        "pins": [], "bans": [], "offers": [],
    } | changes  # fmt: skip


def broken(of: Row, *pairs: tuple[str, str]) -> set[str]:
    plan = {"assignments": [list(pair) for pair in pairs]}
    return {one.rule for one in check_plan(of, plan, statements=False).violations}


W, S = worker(), shift()
ONE = ("w1", "s1")
WEEK = [shift(f"d{day}", day) for day in range(7)]
DAYS = [("w1", f"d{day}") for day in range(7)]
MINOR = worker(birthday_18=MONDAY + 400 * DAY, minor_ready=True)
PLACE = shift(place=[3000, 4000])
HOME = worker(home=[0, 0])
LONG = {"minutes": 660, "start": 360}
# name: (rule, broken, the lawful side of the boundary)
PAIRS: dict[str, tuple[str, tuple[Row, Row], tuple[Row, Row]]] = {
    "no skill": ("skill", (worker(skills={}), S), (W, S)),
    "level": ("skill", (worker(skills={"flat": 1}), S), (worker(skills={"flat": 2}), S)),
    "window ends a minute early": (
        "availability", (worker(free=[[S["start"], S["end"] - 1]]), S), (worker(free=[[S["start"], S["end"]]]), S),
    ),
    "hole between windows": (
        "availability", (worker(free=[[S["start"], S["start"] + 60], [S["start"] + 61, S["end"]]]), S),
        (worker(free=[[S["start"] + 60, S["end"]], [S["start"], S["start"] + 60]]), S),
    ),
    "no windows": ("availability", (worker(free=[]), S), (W, S)),
    "fifteen": (
        "age", (MINOR | {"birthday_16": S["start"] + 1}, S), (MINOR | {"birthday_16": S["start"]}, S),
    ),
    "minor without papers": ("minor", (MINOR | {"minor_ready": False}, S), (MINOR, S)),
    "minor turning eighteen": (
        "minor", (MINOR | {"minor_ready": False, "birthday_18": S["start"] + 1}, S),
        (MINOR | {"minor_ready": False, "birthday_18": S["start"]}, S),
    ),
    "minor at night": ("minor", (MINOR, shift(night=True)), (W, shift(night=True))),
    "minor in dust": ("minor", (MINOR, shift(hazards=["dust"])), (MINOR, shift(hazards=["noise"]))),
    "closed to minors": ("minor", (MINOR, shift(closed_to_minors=True)), (W, shift(closed_to_minors=True))),
    "block": ("block", (worker(blocks=["e1"]), S), (worker(blocks=["e2"]), S)),
    "reach": ("reach", (HOME | {"reach_m": 4999}, PLACE), (HOME | {"reach_m": 5000}, PLACE)),
    "pay": ("pay", (worker(least_fen_per_hour=2501), S), (worker(least_fen_per_hour=2500), S)),
    "grandchild at half past four": (
        "anchor", (worker(anchors=[{"x": 0, "y": 0, "at": S["end"] + 49}]), PLACE),
        (worker(anchors=[{"x": 0, "y": 0, "at": S["end"] + 50}]), PLACE),
    ),
    "coming from the anchor": (
        "anchor", (worker(anchors=[{"x": 0, "y": 0, "at": S["start"] - 49}]), PLACE),
        (worker(anchors=[{"x": 0, "y": 0, "at": S["start"] - 50}]), PLACE),
    ),
    "rest from a done shift": (
        "done",
        (worker(done=[{"enterprise": "e2", "start": S["start"] - 900, "end": S["start"] - 659, "work_minutes": 241}]), S),
        (worker(done=[{"enterprise": "e2", "start": S["start"] - 900, "end": S["start"] - 660, "work_minutes": 240}]), S),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair(name: str) -> None:
    rule, wrong, right = PAIRS[name]
    assert broken(problem([wrong[0]], [wrong[1]]), ONE) == {rule}
    assert broken(problem([right[0]], [right[1]]), ONE) == set()


def later(minutes: int, **changes: Any) -> Row:
    """A second shift so many minutes after the end of the first."""
    begin = S["end"] + minutes
    return shift("s2") | {"start": begin, "end": begin + 240, "work_minutes": 240} | changes


NO_REST = {"limits": LIMITS | {"rest_between": None, "day_minutes": None, "week_minutes": None}}
CONSENT = worker(overtime_consent=True)
OVERTIME = [shift("s1", 1, **LONG), shift("s2", 2, **LONG)]
ACROSS = [shift("s1", 0, **LONG), shift("s2", 1, **LONG)]
TWO = (("w1", "s1"), ("w1", "s2"))
# name: (rule, broken problem, its pairs, lawful problem, its pairs)
PEOPLE: dict[str, tuple[str, Row, Any, Row, Any]] = {
    "overlap": (
        "overlap", problem([W], [S, later(-1)], **NO_REST), TWO, problem([W], [S, later(0)], **NO_REST), TWO,
    ),
    "travel": (
        "travel", problem([W], [PLACE, later(49, place=[0, 0])], **NO_REST), TWO,
        problem([W], [PLACE, later(50, place=[0, 0])], **NO_REST), TWO,
    ),
    "rest": ("rest", problem([W], [S, later(659)]), TWO, problem([W], [S, later(660)]), TWO),
    "seven days": (
        "rest_day", problem([CONSENT], [row | {"work_minutes": 60} for row in WEEK]), DAYS,
        problem([CONSENT], [row | {"work_minutes": 60} for row in WEEK]), DAYS[:6],
    ),
    "eight hours without consent": (
        "overtime_consent", problem([W], [shift(work_minutes=481)]), [ONE], problem([W], [shift(work_minutes=480)]), [ONE],
    ),
    "three hours of overtime": (
        "overtime_day", problem([CONSENT], [shift(work_minutes=661)]), [ONE],
        problem([CONSENT], [shift(work_minutes=660)]), [ONE],
    ),
    "forty hours": (
        "overtime_consent", problem([W], [*WEEK[:5], shift("d5", 5, work_minutes=1)]), DAYS[:6],
        problem([W], [*WEEK[:5], shift("d5", 5, work_minutes=1)]), DAYS[:5],
    ),
    "thirty-six hours a month": (
        "overtime_month", problem([CONSENT], OVERTIME, limits=LIMITS | {"overtime_month": 359}), TWO,
        problem([CONSENT], OVERTIME, limits=LIMITS | {"overtime_month": 360}), TWO,
    ),
    # Monday 30 November and Tuesday 1 December: two months.
    "two months": (
        "overtime_month", problem([CONSENT], ACROSS, limits=LIMITS | {"overtime_month": 179}), TWO,
        problem([CONSENT], ACROSS, limits=LIMITS | {"overtime_month": 180}), TWO,
    ),
    "retired": (
        "overtime_consent", problem([CONSENT | {"retired_from": MONDAY + 7 * DAY - 1}], [shift(work_minutes=481)]), [ONE],
        problem([CONSENT | {"retired_from": MONDAY + 7 * DAY}], [shift(work_minutes=481)]), [ONE],
    ),
    "two firms are two employers": (
        "overtime_consent", problem([W], [S, later(660) | {"work_minutes": 9 * 60}]), TWO,
        problem([W], [S | {"work_minutes": 480}, later(660) | {"enterprise": "e2", "work_minutes": 480}]), TWO,
    ),
    "seats": (
        "seats", problem([W, worker("w2")], [S]), [ONE, ("w2", "s1")],
        problem([W, worker("w2")], [S | {"half": True}]), [ONE, ("w2", "s1")],
    ),
    "leaders": (
        "leaders", problem([worker(skills={"flat": 2})], [shift(leaders_per=1)]), [ONE],
        problem([W], [shift(leaders_per=1)]), [ONE],
    ),
    "groups": (
        "group", problem([W | {"group": "g"}, worker("w2", group="g")], [shift(heads=4)]), [ONE],
        problem([W | {"group": "g"}, worker("w2", group="g")], [shift(heads=4)]), [ONE, ("w2", "s1")],
    ),
    "ban": ("ban", problem([W], [S], bans=[list(ONE)]), [ONE], problem([W], [S], bans=[list(ONE)]), []),
    "pin": ("pin", problem([W], [S], pins=[list(ONE)]), [], problem([W], [S], pins=[list(ONE)]), [ONE]),
    "twice": ("known", problem([W], [S]), [ONE, ONE], problem([W], [S]), [ONE]),
    "nobody": ("known", problem([W], [S]), [("w9", "s1")], problem([W], [S]), [ONE]),
    "nothing": ("known", problem([W], [S]), [("w1", "s9")], problem([W], [S]), [ONE]),
}  # fmt: skip


@pytest.mark.parametrize("name", PEOPLE)
def test_a_plan(name: str) -> None:
    rule, wrong, pairs, right, others = PEOPLE[name]
    # Who overlaps has no rest and no time for the way either.
    allowed = {"overlap", "rest", "travel"} if rule == "overlap" else {rule}
    assert broken(wrong, *pairs) & allowed == broken(wrong, *pairs)
    assert rule in broken(wrong, *pairs)
    assert broken(right, *others) == set()


def test_pins_stand_and_are_not_made_worse() -> None:
    """A pinned pair is asked about no rule of its own; nothing is broken further than the pins break it."""
    blocked = worker(blocks=["e1"], skills={})
    assert broken(problem([blocked], [S], pins=[list(ONE)]), ONE) == set()
    long = shift(work_minutes=500)
    assert broken(problem([W], [long], pins=[list(ONE)]), ONE) == set()
    more = problem([W], [long, shift("s2", 1, work_minutes=481)], pins=[list(ONE)])
    assert broken(more, *TWO) == {"overtime_consent"}
    full = problem([W, worker("w2")], [S], pins=[list(ONE), ["w2", "s1"]])
    assert broken(full, ONE, ("w2", "s1")) == set()
    third = full | {"workers": [W, worker("w2"), worker("w3")]}
    assert broken(third, ONE, ("w2", "s1"), ("w3", "s1")) == {"seats"}


SMALL = Size(workers=12, shifts=6, days=2)


def solved(seed: int = 3, size: Size = SMALL) -> tuple[Row, Row]:
    made = generate(size, seed=seed)
    plan = list(solve(made, seed=1, seconds=5.0))[-1]
    return to_json(made), plan_to_json(plan)


FALSE: dict[str, tuple[str, Any]] = {
    "an objective one too low": (
        "objectives",
        lambda plan: plan["objectives"].__setitem__(2, plan["objectives"][2] - 1),
    ),
    "a total": ("total", lambda plan: plan.__setitem__("total", plan["total"] + 1)),
    "a gap": ("gaps", lambda plan: plan["gaps"].__setitem__(3, plan["gaps"][3] + 0.01)),
    "a bound above": ("bounds", lambda plan: plan["bounds"].__setitem__(4, plan["objectives"][4] + 1)),
    "a seat without a reason": ("unfilled", lambda plan: plan["unfilled"].pop()),
    "a reason without words": ("unfilled", lambda plan: plan["unfilled"][0].__setitem__("text", "no")),
    "a person without a reason": ("unallotted", lambda plan: plan["unallotted"].clear()),
    "a leader who is not there": (
        "leader_names",
        lambda plan: plan["leaders"].append([plan["assignments"][0][1], ["x"]]),
    ),
}


@pytest.mark.parametrize("name", FALSE)
def test_a_false_statement(name: str) -> None:
    # More shifts than people can take, and people without any.
    made, plan = crowded()
    assert check_plan(made, plan).ok
    rule, change = FALSE[name]
    false = deepcopy(plan)
    change(false)
    assert {one.rule for one in check_plan(made, false).violations} - {"gaps", "bounds"} <= {rule}
    assert rule in {one.rule for one in check_plan(made, false).violations}


def crowded() -> tuple[Row, Row]:
    for seed in range(1, 60):
        made, plan = solved(seed, Size(workers=14, shifts=8, days=2))
        if plan["unfilled"] and plan["unallotted"] and plan["assignments"]:
            return made, plan
    raise AssertionError("no such problem")


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10_000))
def test_the_engines_plans_hold(seed: int) -> None:
    made, plan = solved(seed)
    verdict = check_plan(made, plan)
    assert verdict.violations == ()
    assert verdict.rules == len(RULES)
    assert verdict.checked > len(plan["assignments"])


def test_every_plan_on_the_way_holds() -> None:
    made = generate(Size(workers=300, shifts=100, days=7), seed=5)
    problem_of = to_json(made)
    seen = [plan_to_json(plan) for plan in solve(made, seed=1, seconds=8.0)]
    assert len(seen) > 1
    for plan in seen:
        assert check_plan(problem_of, plan).violations == ()


def test_every_rule_has_a_case() -> None:
    cases = {rule for rule, *_ in (*PAIRS.values(), *PEOPLE.values(), *FALSE.values())}
    assert set(RULES) - cases == set()
