"""The columns of a clock's sheet (考勤机) and what each row says. Pure.

Nothing is altered in silence: a cell that is not plainly what its column asks for is named with its place. What a message
says never repeats a person's name: it is stored with the import.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.core.errors import NotFoundError
from app.core.zone import CHINA
from app.rules.gigs.timesheets import DAY_MINUTES
from app.rules.jobs.import_sheet import Cell, CellError, Note, clock, day, hours, place_of, whole, words

ERRORS_KEPT = 500


@dataclass(frozen=True, slots=True)
class ClockColumn:
    label: str
    name: str
    read: Callable[[Cell, Note], Any]
    wide: int = 12


COLUMNS: tuple[ClockColumn, ...] = (
    ClockColumn("日期", "day", day, 14),
    ClockColumn("姓名", "name", words, 14),
    ClockColumn("手机后四位", "tail", words, 12),
    ClockColumn("签到", "came", clock, 10),
    ClockColumn("签退", "went", clock, 10),
    ClockColumn("工时（小时）", "minutes", hours, 14),
    ClockColumn("款式", "style", words, 16),
    ClockColumn("件数", "pieces", whole, 10),
)
REQUIRED = ("日期", "姓名")


@dataclass(frozen=True, slots=True)
class ClockIssue:
    row: int
    cell: str
    column: str
    message: str

    def as_dict(self) -> dict[str, Any]:
        return {"row": self.row, "cell": self.cell, "column": self.column, "message": self.message}


@dataclass(slots=True)
class ClockRow:
    """`came` and `went` as instants; `minutes` as the sheet says, else None. `issues`: why the row counts for nothing."""

    number: int
    day: date | None = None
    name: str | None = None
    tail: str | None = None
    came: datetime | None = None
    went: datetime | None = None
    minutes: int | None = None
    style: str | None = None
    pieces: int | None = None
    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    issues: list[ClockIssue] = field(default_factory=list)

    def refuse(self, name: str, message: str) -> None:
        cell, column = self.places.get(name, (f"第{self.number}行", "整行"))
        self.issues.append(ClockIssue(self.number, cell, column, f"{cell} {column}{message}"))


def heading_problem(head: Sequence[Cell]) -> str | None:
    """None where the sheet can be read; unknown columns of a clock's own are passed over."""
    said = [_label(cell) for cell in head]
    missing = [label for label in REQUIRED if label not in said]
    if missing:
        return f"表头缺少“{'”“'.join(missing)}”，请使用模板，或把考勤机导出的列名改成模板里的"
    twice = {label for label in said if label and said.count(label) > 1 and label in {c.label for c in COLUMNS}}
    if twice:
        return f"表头“{'”“'.join(sorted(twice))}”出现了两次，请删去一列"
    if "工时（小时）" not in said and not {"签到", "签退"} <= set(said):
        return "表头应有“签到”和“签退”，或有“工时（小时）”"
    return None


def read_row(head: Sequence[Cell], number: int, cells: Sequence[Cell]) -> ClockRow:
    row = ClockRow(number)
    known = {column.label: column for column in COLUMNS}
    values: dict[str, Any] = {}
    for index, cell in enumerate(head):
        column = known.get(_label(cell))
        if column is None:
            continue
        row.places[column.name] = (place_of(index, number), column.label)
        try:
            values[column.name] = column.read(cells[index] if index < len(cells) else None, Note())
        except CellError as exc:
            row.refuse(column.name, str(exc))
    if not row.issues:
        _take(row, values)
    return row


def _take(row: ClockRow, values: dict[str, Any]) -> None:
    for name, label in (("day", "日期"), ("name", "姓名")):
        if not values.get(name):
            row.refuse(name, f"没有填写，请补上{label}")
    if row.issues:
        return
    row.day, row.name, row.tail = date.fromisoformat(values["day"]), values["name"], values.get("tail")
    row.minutes, row.style, row.pieces = values.get("minutes"), values.get("style"), values.get("pieces")
    came, went = values.get("came"), values.get("went")
    if (came is None or went is None) and row.minutes is None:
        row.refuse("minutes" if "minutes" in row.places else "went", "没有填写：签到和签退都要填，或填工时")
        return
    midnight = datetime(row.day.year, row.day.month, row.day.day, tzinfo=CHINA)
    row.came = None if came is None else (midnight + timedelta(minutes=came)).astimezone(UTC)
    if went is not None:
        # Past midnight: a night shift's check-out stands on the line of the evening.
        later = went + (DAY_MINUTES if came is not None and went < came else 0)
        row.went = (midnight + timedelta(minutes=later)).astimezone(UTC)
    if row.minutes is not None and not 0 <= row.minutes <= DAY_MINUTES:
        row.refuse("minutes", f"应在0到24小时之间，写的是{row.minutes / 60:g}小时")
    if row.pieces is not None and row.pieces < 0:
        row.refuse("pieces", f"不能是负数，写的是{row.pieces}")
    if (row.pieces is None) != (row.style is None):
        row.refuse("style" if row.style is None else "pieces", "没有填写：款式和件数要一起填")


def _label(cell: Cell) -> str:
    return "" if cell is None or cell[0] != "s" else str(cell[1]).strip().rstrip("*＊").strip()


class TimesheetImportNotFoundError(NotFoundError):
    code = "timesheet_import_not_found"
    message = "没有找到这次考勤导入"
