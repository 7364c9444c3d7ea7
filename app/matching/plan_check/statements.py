"""What a plan says of itself: objectives, bounds, gaps, and a reason for everything that was not done."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from app.matching.plan_check.measures import Row, metres, units
from app.matching.plan_check.shifts import is_leader
from app.matching.plan_check.verdict import Findings

NEAR = 1e-6
WEEK = 7
QUARTERS = 4


def check_statements(
    problem: Row,
    plan: Row,
    people: Mapping[str, Sequence[Row]],
    shifts: Mapping[str, Sequence[Row]],
    said: Findings,
) -> None:
    """`people`: by shift; `shifts`: by worker."""
    found = objectives(problem, plan, people, shifts)
    stated = plan["objectives"]
    for number, (one, other) in enumerate(zip(found, stated, strict=True)):
        said.hold("objectives", one == other, f"第{number + 1}个目标写{other}，实为{one}")
    total = sum(shift["priority"] * shift["heads"] for shift in problem["shifts"])
    said.hold("total", plan["total"] == total, f"写{plan['total']}，实为{total}")
    _check_bounds(plan, said)
    _check_reasons(problem, plan, people, shifts, said)
    _check_leaders(problem, plan, people, said)


def objectives(
    problem: Row, plan: Row, people: Mapping[str, Sequence[Row]], shifts: Mapping[str, Sequence[Row]]
) -> list[int]:
    placed = {tuple(pair) for pair in plan["assignments"]}
    short = sum(shift["priority"] * missing(shift, people) for shift in problem["shifts"])
    willing = [worker for worker in problem["workers"] if is_willing(worker)]
    idle = sum(not shifts.get(worker["key"]) for worker in willing)
    unfair = sum(_unfair(worker, shifts.get(worker["key"], ()), problem["horizon_days"]) for worker in willing)
    best = max((shift["fen_per_hour"] for shift in problem["shifts"]), default=0)
    by_key = {worker["key"]: worker for worker in problem["workers"]}
    cost = sum(_cost(by_key[key], shift, best) for key, rows in shifts.items() for shift in rows)
    changes = sum(tuple(offer) not in placed for offer in problem["offers"])
    return [short, idle, unfair, cost, changes]


def missing(shift: Row, people: Mapping[str, Sequence[Row]]) -> int:
    """Half seats that nobody has."""
    return max(0, int(shift["heads"]) - len(people.get(shift["key"], ())) * units(shift))


def is_willing(worker: Row) -> bool:
    return bool(worker["free"]) and worker["wanted_minutes"] > 0


def _unfair(worker: Row, rows: Sequence[Row], horizon: int) -> int:
    target = worker["wanted_past_minutes"] + worker["wanted_minutes"] * horizon // WEEK
    work = worker["past_minutes"] + sum(row["work_minutes"] for row in rows)
    return sum(max(0, quarter * target // QUARTERS - work) for quarter in range(1, QUARTERS + 1))


def _cost(worker: Row, shift: Row, best: int) -> int:
    away = 50
    if worker["home"] is not None and shift["place"] is not None:
        away = min(200, math.floor(metres(worker["home"], shift["place"]) / 100))
    pay = min(100, (best - shift["fen_per_hour"]) // 20)
    return int(away + pay + (0 if shift["enterprise"] in worker["favourites"] else 100))


def _check_bounds(plan: Row, said: Findings) -> None:
    stated, bounds, gaps = plan["objectives"], plan["bounds"], plan["gaps"]
    for number, (value, bound) in enumerate(zip(stated, bounds, strict=True)):
        said.hold("bounds", bound <= value + NEAR, f"第{number + 1}个界{bound}高于目标值{value}")
    wanted = gaps_of(stated, bounds, plan["total"])
    for number, (one, other) in enumerate(zip(wanted, gaps, strict=True)):
        said.hold("gaps", abs(one - other) <= NEAR, f"第{number + 1}个差距写{other}，实为{one}")
    if plan["status"] == "optimal":
        proven = all(value == bound for value, bound in zip(stated, bounds, strict=True))
        said.hold("bounds", proven, "写已证最优，但有目标没有达到界")


def _check_reasons(
    problem: Row,
    plan: Row,
    people: Mapping[str, Sequence[Row]],
    shifts: Mapping[str, Sequence[Row]],
    said: Findings,
) -> None:
    told = {row["shift"]: row for row in plan["unfilled"]}
    times = Counter(row["shift"] for row in plan["unfilled"])
    for shift in problem["shifts"]:
        key, seats = shift["key"], missing(shift, people)
        row = told.get(key)
        stated = 0 if row is None else row["seats"]
        said.hold("unfilled", stated == seats, f"写缺{stated}个半位，实缺{seats}个", shift=key)
        if seats and row is not None:
            said.hold("unfilled", is_sentence(row["text"]) and times[key] == 1, "没有一句原因", shift=key)
    listed = {row["worker"]: row for row in plan["unallotted"]}
    for worker in problem["workers"]:
        key = worker["key"]
        row = listed.get(key)
        if shifts.get(key):
            said.hold("unallotted", row is None, "已排上却列为没排上", worker=key)
        elif is_willing(worker):
            said.hold("unallotted", row is not None and is_sentence(row["text"]), "没有一句原因", worker=key)


def _check_leaders(problem: Row, plan: Row, people: Mapping[str, Sequence[Row]], said: Findings) -> None:
    by_key = {shift["key"]: shift for shift in problem["shifts"]}
    for shift_key, leaders in plan["leaders"]:
        here = {worker["key"]: worker for worker in people.get(shift_key, ())}
        for key in leaders:
            holds = key in here and is_leader(here[key], by_key[shift_key])
            said.hold("leader_names", holds, "不在班上或等级不够", worker=key, shift=shift_key)


def is_sentence(text: Any) -> bool:
    return isinstance(text, str) and any("一" <= sign <= "鿿" for sign in text)


def restate(problem: Row, plan: Row, *, words: str) -> dict[str, Any]:
    """The plan with what it says of itself made anew after its assignments were changed by hand.

    Seats that are open now and were not before get `words` as their reason; bounds stay, objectives and gaps follow.
    """
    people: dict[str, list[Row]] = {}
    shifts: dict[str, list[Row]] = {}
    workers = {row["key"]: row for row in problem["workers"]}
    by_key = {row["key"]: row for row in problem["shifts"]}
    for worker, shift in plan["assignments"]:
        people.setdefault(shift, []).append(workers[worker])
        shifts.setdefault(worker, []).append(by_key[shift])
    told = {row["shift"]: row for row in plan["unfilled"]}
    unfilled = []
    for shift in problem["shifts"]:
        seats = missing(shift, people)
        if seats:
            known = told.get(shift["key"], {"code": "edited", "passed": {}, "text": words})
            unfilled.append({**known, "shift": shift["key"], "seats": seats})
    listed = {row["worker"]: row for row in plan["unallotted"]}
    unallotted = [
        listed.get(key, {"worker": key, "code": "edited", "passed": {}, "text": words})
        for key, worker in workers.items()
        if is_willing(worker) and key not in shifts
    ]
    values = objectives(problem, plan, people, shifts)
    total = sum(shift["priority"] * shift["heads"] for shift in problem["shifts"])
    return {
        **plan, "objectives": values, "total": total, "unfilled": unfilled, "unallotted": unallotted,
        "gaps": gaps_of(values, plan["bounds"], total), "status": "edited",
    }  # fmt: skip


def gaps_of(values: Sequence[int], bounds: Sequence[int], total: int) -> list[float]:
    room = total - bounds[0]
    share = 1.0 if room <= 0 else (total - values[0]) / room
    rest = list(zip(values, bounds, strict=True))[1:]
    return [1 - share, *((value - bound) / max(1, value) for value, bound in rest)]
