"""The problem and the plan as plain dictionaries (JSON), for a checker that shares no code with the engine.

# Form

Instants are whole minutes since 1970-01-01 00:00 UTC; lengths are minutes; places are `[x, y]` metres on a plane (straight
lines); pay is fen an hour; seats are half seats; null means unknown or switched off. Lists that stand for sets are sorted.

```
problem = {
  "limits": {
    "day_minutes": 480|null, "week_minutes": 2400|null,    ordinary work per employer
    "overtime_day": 180|null, "overtime_month": 2160|null, overtime per employer
    "rest_between": 660|null, "week_rest_days": 1|null,    per person
    "retired_overtime": false, "minor_hazards": [code]|null (null: every hazard is closed to minors),
    "utc_offset": 480 },
  "horizon_days": 7,              never null here
  "names": {process: name},
  "workers": [{
    "key", "skills": {process: level}, "free": [[start, end]], "anchors": [{"x", "y", "at"}],
    "home": [x, y]|null, "speed_m_per_min": float, "reach_m": int|null, "least_fen_per_hour": int|null,
    "wanted_minutes" (a week), "past_minutes", "wanted_past_minutes",
    "birthday_16": minute, "birthday_18": minute, "retired_from": minute|null,
    "minor_ready": bool, "overtime_consent": bool, "favourites": [enterprise], "blocks": [enterprise],
    "done": [{"enterprise", "start", "end", "work_minutes"}], "group": str|null }],
  "shifts": [{
    "key", "enterprise", "process", "level", "start", "end", "work_minutes", "place": [x, y]|null,
    "heads" (half seats), "half": bool, "priority" (>= 1), "fen_per_hour", "hazards": [code], "night": bool,
    "leaders_per": int|null, "leader_level": int, "closed_to_minors": bool }],
  "pins": [[worker, shift]], "bans": [[worker, shift]], "offers": [[worker, shift]] }

plan = {
  "assignments": [[worker, shift]], "objectives": [5 integers], "bounds": [5 integers], "gaps": [5 numbers],
  "total": int, "status": "running|optimal|time_limit|cancelled", "stage": str,
  "unfilled": [{"shift", "seats" (half seats), "code", "passed": {question: workers left}, "text"}],
  "unallotted": [{"worker", "code", "passed": {question: shifts left}, "text"}],
  "leaders": [[shift, [worker]]],
  "conflicts": [{"worker"|null, "shift"|null, "rule", "text"}] }
```

# Rules

The local day of an instant is floor((minute + utc_offset) / 1440); Monday-based weeks are floor((day + 3) / 7); months are
calendar months of the local date. A shift's hours count whole on the local day, week and month in which it **starts**.

Of a pair (worker, shift) alone:
- skill, level: the process is in `skills`, at `level` or above.
- availability: the whole of start … end lies in the union of the `free` windows (touching windows join). No windows: never.
- age: start >= birthday_16. A minor (start < birthday_18) needs `minor_ready` and a shift that is not `closed_to_minors`,
  not `night` and without a hazard of `minor_hazards`.
- blocks: the enterprise is not in `blocks`. reach: distance home–place <= `reach_m` (not asked where one of the three is
  null). pay: fen_per_hour >= least_fen_per_hour.
- anchors: end + travel <= at, or start >= at + travel; travel = distance / speed_m_per_min (0 without a place).
- done shifts: not overlapping, and at least `rest_between` from each.
- not banned.

Of all the shifts of a person (`done` counted with them, wherever work is counted):
- no two overlap; from the end of one to the start of the next there is at least `rest_between` and at least the travel
  between their places (distances and speed as above; no travel to or from `done`). `rest_between` holds between any two
  shifts, of one day too.
- rest days: in every Monday-based week at least `week_rest_days` local days on which no minute of start … end of any shift
  or done shift falls (a night shift takes both days).
- hours, per employer: on a day, work <= day_minutes; what is more is overtime, at most `overtime_day`. In a week, the
  ordinary work (without the overtime of days) <= week_minutes; what is more is overtime too, of the day on which, counted
  day by day, it arises. `overtime_month` bounds the overtime of the days of a calendar month.
  Overtime needs `overtime_consent`, and unless `retired_overtime`, `retired_from` is null or not before the end of the
  week; else there is none in that week. A row that is null: nothing above it is overtime.

Of all the people of a shift:
- seats: people * (1 if half else 2) <= heads.
- leaders: people <= leaders_per * (people with skills[process] >= leader_level). Leaders are among the people.
- groups: of the workers with one `group` all are on the shift or none.

Pins stand in every plan. No rule may be broken more than the pins alone break it: where the pins alone reach a measure (work of a
day, minutes of overtime, days worked in a week, people, people − leaders_per * leaders) above its limit, the plan may have
that measure and no more. A pair that is not pinned fits every pair of the person, pinned or not, and its own rules. A
group is not asked about on a shift on which one of it is pinned. Pins of unknown workers or shifts are left out and told.

# Objectives, all to be least, the first counting most

0. shortfall: sum of priority * missing half seats (heads − filled, at least 0).
1. idle: willing workers (some `free` window, wanted_minutes > 0) without an assignment.
2. unfairness: for each willing worker with target T = wanted_past_minutes + floor(wanted_minutes * horizon_days / 7) and
   work W = past_minutes + assigned work_minutes: sum over k = 1 … 4 of max(0, floor(k * T / 4) − W). So the first quarter
   of what somebody wanted weighs four times the last.
3. cost: for each assignment distance + pay + preference: min(200, floor(metres / 100)) from home (50 where unknown) +
   min(100, floor((best − fen_per_hour) / 20)) with the best pay of the problem + (0 for a favourite, else 100).
4. changes: offers that are not in the plan.

`bounds[k]`: no plan whose objectives before k are all as low as this plan's or lower has less in k. `total` is objective 0 of
the empty plan. The share of the bound is (total − objectives[0]) / (total − bounds[0]); gaps[0] = 1 − that share;
gaps[k] = (objectives[k] − bounds[k]) / max(1, objectives[k]). `optimal`: every objective equals its bound.
"""

from dataclasses import asdict
from typing import Any

from app.matching.allocation.calendar import horizon_days
from app.matching.allocation.problem import Plan, Problem, Shift, Worker


def to_json(problem: Problem) -> dict[str, Any]:
    """The problem as dictionaries, lists, numbers and words, in the form above."""
    limits = asdict(problem.limits)
    if problem.limits.minor_hazards is not None:
        limits["minor_hazards"] = sorted(problem.limits.minor_hazards)
    return {
        "limits": limits,
        "horizon_days": horizon_days(problem),
        "names": dict(problem.names),
        "workers": [_worker(worker) for worker in problem.workers],
        "shifts": [_shift(shift) for shift in problem.shifts],
        "pins": sorted(map(list, problem.pins)),
        "bans": sorted(map(list, problem.bans)),
        "offers": sorted(map(list, problem.offers)),
    }


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan in the form above."""
    return {
        "assignments": [list(pair) for pair in plan.assignments],
        "objectives": list(plan.objectives),
        "bounds": list(plan.bounds),
        "gaps": list(plan.gaps),
        "total": plan.total,
        "status": plan.status.value,
        "stage": plan.stage,
        "unfilled": [
            {
                "shift": row.shift,
                "seats": row.seats,
                "code": row.code.value,
                "passed": dict(row.passed),
                "text": row.text,
            }
            for row in plan.unfilled
        ],
        "unallotted": [
            {"worker": row.worker, "code": row.code.value, "passed": dict(row.passed), "text": row.text}
            for row in plan.unallotted
        ],
        "leaders": [[shift, list(people)] for shift, people in plan.leaders],
        "conflicts": [
            {"worker": row.worker, "shift": row.shift, "rule": row.rule.value, "text": row.text}
            for row in plan.conflicts
        ],
    }


def _worker(worker: Worker) -> dict[str, Any]:
    row = {name: getattr(worker, name) for name in Worker.__slots__}
    row["skills"] = dict(worker.skills)
    row["free"] = [[window.start, window.end] for window in worker.free]
    row["anchors"] = [asdict(anchor) for anchor in worker.anchors]
    row["home"] = None if worker.home is None else list(worker.home)
    row["favourites"] = sorted(worker.favourites)
    row["blocks"] = sorted(worker.blocks)
    row["done"] = [asdict(done) for done in worker.done]
    return row


def _shift(shift: Shift) -> dict[str, Any]:
    row = {name: getattr(shift, name) for name in Shift.__slots__}
    row["place"] = None if shift.place is None else list(shift.place)
    row["hazards"] = sorted(shift.hazards)
    return row
