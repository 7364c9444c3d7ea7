"""What a check says: how much was looked at, and each breach in a sentence with its numbers."""

from dataclasses import dataclass, field
from typing import Any

# Code → what it is called. Every one of them is looked at in every check.
RULES: dict[str, str] = {
    "known": "人和班次都存在，且不重复",
    "pin": "指定的安排都在",
    "ban": "排除的安排不在",
    "skill": "工序与等级",
    "availability": "可上班时间",
    "age": "最低年龄",
    "minor": "未成年工",
    "block": "互相屏蔽",
    "reach": "通勤距离",
    "pay": "最低工资要求",
    "anchor": "几点前要到某地",
    "done": "与已有班次不冲突",
    "overlap": "班次不重叠",
    "travel": "路上时间",
    "rest": "班间休息",
    "rest_day": "每周休息日",
    "overtime_day": "每日加班上限",
    "overtime_month": "每月加班上限",
    "overtime_consent": "加班须本人同意且允许加班",
    "seats": "名额",
    "leaders": "带班人数",
    "group": "同组同去",
    "objectives": "目标值",
    "total": "总需求",
    "bounds": "界",
    "gaps": "差距",
    "unfilled": "每个空缺都有原因",
    "unallotted": "每个没排上的人都有原因",
    "leader_names": "带班名单",
}


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    worker: str | None
    shift: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rules`: how many were looked at; `checked`: single comparisons made."""

    rules: int
    checked: int
    violations: tuple[Violation, ...]

    @property
    def ok(self) -> bool:
        return not self.violations

    def as_dict(self) -> dict[str, Any]:
        return {
            "rules": self.rules,
            "checked": self.checked,
            "violations": [
                {"rule": one.rule, "worker": one.worker, "shift": one.shift, "text": one.text}
                for one in self.violations
            ],
        }


@dataclass(slots=True)
class Findings:
    """Gathers while a plan is looked through."""

    checked: int = 0
    found: list[Violation] = field(default_factory=list)

    def hold(self, rule: str, holds: bool, text: str, *, worker: str | None = None, shift: str | None = None) -> None:
        """One comparison: `text` says what is wrong where it does not hold."""
        self.checked += 1
        if not holds:
            self.found.append(Violation(rule, worker, shift, f"{RULES[rule]}：{text}"))
