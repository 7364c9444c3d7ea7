"""The sheet of a group entry: what its columns are and what each line says. Pure.

Nothing is altered in silence; what a message says never repeats a person's name or number.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Cell = tuple[str, Any] | None
COLUMNS: tuple[tuple[str, int], ...] = (("姓名", 16), ("手机号", 18))
ROWS_AT_MOST = 50
TEXT, NUMBER = "s", "n"
_PHONE = re.compile(r"^1[3-9]\d{9}$")


@dataclass(frozen=True, slots=True)
class RosterLine:
    """`problem`: why the line cannot be used."""

    number: int
    name: str | None
    phone: str | None
    problem: str | None


def heading_problem(head: Sequence[Cell]) -> str | None:
    """None where the columns are exactly those of the template, in its order."""
    said = [str(cell[1]).strip() if cell is not None else "" for cell in head]
    while said and not said[-1]:
        said.pop()
    wanted = [label for label, _ in COLUMNS]
    if said != wanted:
        found = "、".join(f"“{label}”" for label in said[:6]) or "没有内容"
        return f"第1行应为“{'”“'.join(wanted)}”，现在是{found}；请下载模板填写"
    return None


def read_line(number: int, cells: Sequence[Cell]) -> RosterLine:
    name, phone = (_said(cells[index] if index < len(cells) else None) for index in range(len(COLUMNS)))
    if not name:
        return RosterLine(number, None, None, f"第{number}行：没有填写姓名")
    if not phone or not _PHONE.match(phone):
        return RosterLine(number, None, None, f"第{number}行：手机号应为11位数字")
    return RosterLine(number, name, phone, None)


def _said(cell: Cell) -> str:
    """A phone number that Excel took for a number is read as the digits it shows."""
    if cell is None:
        return ""
    kind, value = cell
    if kind == NUMBER and float(value).is_integer():
        return str(int(value))
    return re.sub(r"[\s-]", "", str(value)) if kind in {TEXT, NUMBER} else ""
