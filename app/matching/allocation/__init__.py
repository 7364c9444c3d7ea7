"""The allocation of people to shifts: one solve of a horizon, lexicographic, under the law. Arrays in, plan out."""

from app.matching.allocation.export import plan_to_json, to_json
from app.matching.allocation.problem import (
    Anchor,
    Conflict,
    DoneShift,
    Limits,
    Plan,
    Problem,
    Progress,
    Reason,
    Rule,
    Shift,
    Status,
    Unallotted,
    Unfilled,
    Window,
    Worker,
)
from app.matching.allocation.restore import from_json
from app.matching.allocation.solve import solve

__all__ = [
    "Anchor",
    "Conflict",
    "DoneShift",
    "Limits",
    "Plan",
    "Problem",
    "Progress",
    "Reason",
    "Rule",
    "Shift",
    "Status",
    "Unallotted",
    "Unfilled",
    "Window",
    "Worker",
    "from_json",
    "plan_to_json",
    "solve",
    "to_json",
]
