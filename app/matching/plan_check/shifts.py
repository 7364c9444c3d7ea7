"""What must hold of all the people of one shift."""

from collections.abc import Collection, Mapping, Sequence

from app.matching.plan_check.measures import Row, units
from app.matching.plan_check.verdict import Findings


def check_shift(
    shift: Row, people: Sequence[Row], pinned: Collection[str], groups: Mapping[str, Sequence[str]], said: Findings
) -> None:
    stood = [row for row in people if row["key"] in pinned]
    most = max(shift["heads"], len(stood) * units(shift))
    filled = len(people) * units(shift)
    said.hold("seats", filled <= most, f"占{filled}个半位，最多{most}个", shift=shift["key"])
    if shift["leaders_per"] is not None:
        short, before = _unled(shift, people), _unled(shift, stood)
        text = f"每{shift['leaders_per']}人须有一名{shift['leader_level']}级带班，有{short}人没有人带"
        said.hold("leaders", short <= max(0, before), text, shift=shift["key"])
    _check_groups(shift, people, pinned, groups, said)


def is_leader(worker: Row, shift: Row) -> bool:
    return bool(worker["skills"].get(shift["process"], 0) >= shift["leader_level"])


def _unled(shift: Row, people: Sequence[Row]) -> int:
    leaders = sum(is_leader(row, shift) for row in people)
    return len(people) - int(shift["leaders_per"]) * leaders


def _check_groups(
    shift: Row, people: Sequence[Row], pinned: Collection[str], groups: Mapping[str, Sequence[str]], said: Findings
) -> None:
    here = {row["key"] for row in people}
    for group in {row["group"] for row in people if row["group"] is not None}:
        members = groups[group]
        if any(key in pinned for key in members):
            continue
        missing = [key for key in members if key not in here]
        said.hold("group", not missing, f"{group}少了{'、'.join(missing)}", shift=shift["key"])
