"""The columns of the import sheet and what each cell must be. Pure.

Nothing is altered in silence: what is not plainly what the column asks for is refused with its cell and what stands in it;
what is read otherwise than it is written (full-width digits, blanks at the ends) is said.
"""

import contextlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from app.core.labels import Labelled
from app.rules.jobs.terms import (
    Benefit,
    CoordType,
    Engagement,
    PayCycle,
    PayUnit,
    ShiftPattern,
    SkillLevel,
    WorkFeature,
)

Cell = tuple[str, Any] | None
MARK = "标记"
EXAMPLE = "示例"
# A number with more digits than this in a column of words is a telephone or card number that Excel has taken for a number.
LONG_DIGITS = 8
_ID_NUMBER = re.compile(r"(?<![0-9])[1-9][0-9]{16}[0-9Xx](?![0-9Xx])")
_SCIENTIFIC = re.compile(r"^[+-]?[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]{1,2}$")
_DATE = re.compile(r"^([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})(?:-|/|\.|月)([0-9]{1,2})日?$")
_CLOCK = re.compile(r"^([0-9]{1,2})[::]([0-9]{2})$")
_LONG = re.compile(r"[0-9]{7,}")
_QUOTED_AT_MOST = 30
_KINDS = {"b": "是逻辑值", "t": "是时间", "i": "是日期和时间", "d": "是日期"}


class CellError(ValueError):
    """What is wrong with a cell, to stand behind its place and its column's name."""


@dataclass(slots=True)
class Note:
    """What was read otherwise than written."""

    said: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    # Dotted path in the posting's form.
    path: str
    read: Callable[[Cell, Note], Any]
    required: bool = False
    wide: int = 12
    example: Any = ""
    options: type[Labelled] | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    cell: str
    column: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return {"cell": self.cell, "column": self.column, "message": self.message}


@dataclass(slots=True)
class ReadRow:
    """`form`: the posting's form as plain values; `places`: path → (cell, column), for what the form's own rules say."""

    form: dict[str, Any]
    places: dict[str, tuple[str, str]]
    issues: list[Issue]
    notes: list[Issue]


def shown(cell: Cell) -> str:
    """What stands in the cell, short, long numbers masked: a report must not carry a person's number further."""
    text = "" if cell is None else _plain_number(cell[1]) if cell[0] == "n" else str(cell[1])
    text = _LONG.sub(lambda found: found[0][:3] + "*" * (len(found[0]) - 3), text.replace("\n", " "))
    return text if len(text) <= _QUOTED_AT_MOST else f"{text[:_QUOTED_AT_MOST]}……"


def _plain_number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 10**15 else repr(float(value))


def _refuse_kind(cell: Cell, wanted: str) -> None:
    assert cell is not None  # noqa: S101  # only called with what stands there
    if cell[0] == "f":
        raise CellError("是公式，请改为直接填写的内容")
    if cell[0] == "e":
        raise CellError("是错误值（如 #N/A），请改为直接填写的内容")
    if cell[0] in _KINDS:
        raise CellError(f"应为{wanted}，单元格{_KINDS[cell[0]]}（{shown(cell)}）")


def _half_width(text: str, note: Note) -> str:
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain != text.strip():
        note.said.append(f"全角的“{text.strip()}”按“{plain}”读取")
    return plain


def _decimal(cell: Cell, wanted: str, note: Note) -> Decimal:
    assert cell is not None  # noqa: S101
    _refuse_kind(cell, wanted)
    if cell[0] == "n":
        return Decimal(_plain_number(cell[1]))
    text = _half_width(cell[1], note)
    if _SCIENTIFIC.match(text):
        raise CellError(f"应为{wanted}，写的是科学计数法“{shown(cell)}”，数值可能已被 Excel 改写，请重新填写")
    if not re.fullmatch(r"[+-]?[0-9]+(?:\.[0-9]+)?", text):
        raise CellError(f"应为{wanted}，写的是“{shown(cell)}”")
    return Decimal(text)


def whole(cell: Cell, note: Note) -> int | None:
    if cell is None:
        return None
    value = _decimal(cell, "整数", note)
    if value != value.to_integral_value():
        raise CellError(f"应为整数，写的是“{shown(cell)}”")
    return int(value)


def yuan(cell: Cell, note: Note) -> int | None:
    """Yuan with at most two decimals, as fen."""
    if cell is None:
        return None
    fen = _decimal(cell, "数字", note) * 100
    if fen != fen.to_integral_value():
        raise CellError(f"最多两位小数（精确到分），写的是“{shown(cell)}”")
    if fen <= 0:
        raise CellError(f"应大于 0，写的是“{shown(cell)}”")
    return int(fen)


def hours(cell: Cell, note: Note) -> int | None:
    """Hours, as minutes."""
    if cell is None:
        return None
    minutes = _decimal(cell, "数字（小时）", note) * 60
    if minutes != minutes.to_integral_value():
        raise CellError(f"换算成分钟后应为整数，写的是“{shown(cell)}”小时")
    return int(minutes)


def degrees(cell: Cell, note: Note) -> float | None:
    return None if cell is None else float(_decimal(cell, "数字（度）", note))


def day(cell: Cell, note: Note) -> str | None:
    """A date cell or a date in words; a bare number may be a date's serial and is not guessed at."""
    if cell is None:
        return None
    if cell[0] == "d":
        return str(cell[1])
    if cell[0] == "n":
        raise CellError(f"应为日期，写的是数字“{shown(cell)}”（可能是 Excel 的日期序号），请写成 2026-12-31 的样子")
    _refuse_kind(cell, "日期")
    found = _DATE.match(_half_width(cell[1], note))
    with contextlib.suppress(ValueError):
        if found is not None:
            return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    raise CellError(f"应为日期（如 2026-12-31），写的是“{shown(cell)}”")


def clock(cell: Cell, note: Note) -> int | None:
    """A time cell or "08:00", as minutes after midnight."""
    if cell is None:
        return None
    if cell[0] == "n":
        raise CellError(f"应为时间（如 08:00），写的是数字“{shown(cell)}”")
    if cell[0] != "t":
        _refuse_kind(cell, "时间")
    found = _CLOCK.match(_half_width(str(cell[1]), note))
    if found is None or int(found[1]) > 24 or int(found[2]) > 59:  # noqa: PLR2004  # a day's hours, an hour's minutes
        raise CellError(f"应为时间（如 08:00），写的是“{shown(cell)}”")
    return int(found[1]) * 60 + int(found[2])


def words(cell: Cell, note: Note) -> str | None:
    if cell is None:
        return None
    _refuse_kind(cell, "文字")
    if cell[0] == "n":
        text = _plain_number(cell[1])
        if len(text) >= LONG_DIGITS or not text.isdigit():
            raise CellError(
                f"应为文字，单元格是数字（{shown(cell)}），长号码会被 Excel 改写成 1.38E+10 的样子；"
                "请把单元格设为文本后重新填写"
            )
        note.said.append(f"数字“{text}”按文字读取")
        return text
    text = str(cell[1])
    if _SCIENTIFIC.match(text.strip()):
        raise CellError(f"写的是科学计数法“{shown(cell)}”，号码可能已被 Excel 改写，请重新填写")
    if _ID_NUMBER.search(unicodedata.normalize("NFKC", text)):
        raise CellError("含有像身份证号码的内容，岗位信息不能写个人证件号，请删去")
    if text != text.strip():
        note.said.append("首尾的空格没有读取")
    return text.strip()


def _listed(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[、,，;；\n]", text) if part.strip()]


def several(cell: Cell, note: Note) -> list[str]:
    """Words with 、 between them."""
    text = words(cell, note)
    return [] if text is None else _listed(text)


def one_of(options: type[Labelled]) -> Callable[[Cell, Note], str | None]:
    def read(cell: Cell, note: Note) -> str | None:
        text = words(cell, note)
        return None if text is None else _option(options, text)

    return read


def some_of(options: type[Labelled]) -> Callable[[Cell, Note], list[str]]:
    def read(cell: Cell, note: Note) -> list[str]:
        return [_option(options, part) for part in several(cell, note)]

    return read


def _option(options: type[Labelled], text: str) -> str:
    for member in options:
        if text in {member.label, member.value}:
            return str(member.value)
    labels = "、".join(member.label for member in options)
    raise CellError(f"应为其中之一：{labels}；写的是“{shown(('s', text))}”")


COLUMNS: tuple[Column, ...] = (
    Column("岗位名称", "title", words, required=True, wide=18, example="平车工"),
    Column("职业", "occupation_code", words, required=True, wide=24, example=""),
    Column("用工类型", "engagement", one_of(Engagement), required=True, example="直接招用", options=Engagement),
    Column("招聘人数", "headcount", whole, required=True, wide=9, example=3),
    Column("计薪方式", "pay.unit", one_of(PayUnit), required=True, wide=9, example="月薪", options=PayUnit),
    Column("工资下限（元）", "pay.min_fen", yuan, example=5500),
    Column("工资上限（元）", "pay.max_fen", yuan, example=8000),
    Column("计件单价（元）", "pay.piece_rate_fen", yuan),
    Column("单价对应件数", "pay.piece_per_quantity", whole),
    Column("每小时产量（件）", "pay.piece_hourly_output", whole),
    Column("发薪周期", "pay.cycle", one_of(PayCycle), required=True, wide=9, example="月结", options=PayCycle),
    Column("每天工作小时", "minutes_per_day", hours, required=True, example=8),
    Column("每月工作天数", "days_per_month", whole, example=26),
    Column("班次", "shift_pattern", one_of(ShiftPattern), required=True, wide=9, example="白班", options=ShiftPattern),
    Column("上班时间", "work_start_minute", clock, wide=9, example="08:00"),
    Column("下班时间", "work_end_minute", clock, wide=9, example="17:30"),
    Column("工作地址", "place.address", words, required=True, wide=28, example="宝盖镇科技园回兴路188号"),
    Column("纬度", "place.latitude", degrees, wide=10),
    Column("经度", "place.longitude", degrees, wide=10),
    Column("坐标类型", "place.coord_type", one_of(CoordType), options=CoordType),
    Column("福利", "benefits", some_of(Benefit), wide=18, example="包吃、社会保险"),
    Column("工作特点", "features", some_of(WorkFeature), wide=14, example="噪声"),
    Column("经验年限", "required_years", whole, wide=9, example=1),
    Column("会用的设备", "required_machines", several, example="平车"),
    Column("证书", "required_certificates", several),
    Column("技能等级", "required_level", one_of(SkillLevel), options=SkillLevel),
    Column("最低年龄", "minimum_age", whole, wide=9, example=18),
    Column("到岗日期", "start_date", day),
    Column("工作内容", "duties", words, required=True, wide=40, example="平车缝制服装配件，按样衣和工艺单操作。"),
    Column("任职要求", "requirements", words, wide=30, example="会操作电脑平车。"),
    Column("福利说明", "benefits_note", words, wide=24),
    Column("联系说明", "contact_note", words, wide=24),
    Column("用工单位", "using_firm", words, wide=24),
    Column("转载来源", "repost_source", words, wide=18),
    Column("有效期至", "valid_until", day, required=True, example=""),
)
BY_LABEL = {column.label: column for column in COLUMNS}


def heading_problem(head: Sequence[Cell]) -> str | None:
    """Why the sheet cannot be read at all, naming the cells; None where every column is one of ours."""
    labels = [_label(cell) for cell in head]
    for index, label in enumerate(labels):
        if label and label != MARK and label not in BY_LABEL:
            return f"第1行 {place_of(index, 1)} 的“{shown(head[index])}”不是模板里的列，请使用下载的模板"
        if label and label in labels[:index]:
            return f"第1行有两列“{label}”，请删去一列"
    missing = [column.label for column in COLUMNS if column.required and column.label not in labels]
    return f"第1行缺少这些列：{'、'.join(missing)}；请使用下载的模板" if missing else None


def is_example(head: Sequence[Cell], cells: Sequence[Cell]) -> bool:
    return any(
        _label(name) == MARK and cell is not None and str(cell[1]).strip().startswith(EXAMPLE)
        for name, cell in zip(head, cells, strict=False)
    )


def read_row(head: Sequence[Cell], number: int, cells: Sequence[Cell]) -> ReadRow:
    """One row by the columns of the heading. `form` lacks what could not be read; `issues` says why, cell by cell."""
    row = ReadRow({}, {}, [], [])
    for index, name in enumerate(head):
        column = BY_LABEL.get(_label(name))
        if column is None:
            continue
        cell = cells[index] if index < len(cells) else None
        place, note = place_of(index, number), Note()
        row.places[column.path] = (place, column.label)
        try:
            value = column.read(cell, note)
        except CellError as exc:
            row.issues.append(Issue(place, column.label, f"{place} {column.label}{exc}"))
            continue
        if column.required and value is None:
            row.issues.append(Issue(place, column.label, f"{place} {column.label}没有填写"))
        elif value is not None and value != []:
            _put(row.form, column.path, value)
        row.notes += [Issue(place, column.label, f"{place} {column.label}：{said}") for said in note.said]
    return row


def place_issues(row: ReadRow, found: Mapping[str, str]) -> list[Issue]:
    """What the form's own rules say (path → words), with the cell it is about; the row's first cell where it has none."""
    issues = []
    for path, message in found.items():
        place, label = row.places.get(path) or next(
            (at for known, at in row.places.items() if known.startswith(f"{path}.") or path.startswith(f"{known}.")),
            next(iter(row.places.values())),
        )
        issues.append(Issue(place, label, f"{place} {label}：{message}"))
    return issues


def place_of(index: int, number: int) -> str:
    """0, 17 → A17."""
    return str(xl_rowcol_to_cell(number - 1, index))


def _label(cell: Cell) -> str:
    return "" if cell is None or cell[0] != "s" else str(cell[1]).strip().rstrip("*＊").strip()


def _put(form: dict[str, Any], path: str, value: Any) -> None:
    head, _, tail = path.partition(".")
    if tail:
        form.setdefault(head, {})[tail] = value
    else:
        form[head] = value
