"""Excel in and out, each in a process of its own: a sheet made to eat memory or time kills that process and nothing else.

`inspect` looks at the archive before anything is unpacked for good: real sizes, macros, links to other files, a document
type. `read` hands over what stands in the cells with its kind (a formula is named as one, never computed, never replaced
by its last value). `write` makes a workbook in which every text is text, whatever sign it begins with.
"""

import asyncio
import contextlib
import datetime as dt
import io
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from app.core.sanitise import SECRETS, converse, limit_this_process

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENTRIES = 200
# A sheet of repeated words packs to a fiftieth; what packs much better is made to be unpacked.
RATIO = 200
RATIO_FROM = 1_048_576
BLOCK = 262_144
WALL_SECONDS = 120.0
CPU_SECONDS = 100
AT_A_TIME = 2
_ROW = re.compile(rb"<(?:\w+:)?row[\s>/]")
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*)>(\s*<(?:\w+:)?f[\s>/])?")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_PLACE = re.compile(rb'\br="([A-Z]{1,3}[0-9]{1,7})"')
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_LINKS = ("externallinks/", "connections.xml", "querytables/", "embeddings/", "activex/")
_MACROS = ("vbaproject", "macrosheets/")

# One cell as it travels: None, or [kind, value]; kinds: s text, n number, d day, i instant, t time, b truth, f formula, e error.
Cell = tuple[str, Any] | None


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet to be written. `drop_downs`: column → a list in `lists`; `wide`: columns in characters."""

    title: str
    head: list[str]
    rows: list[list[Any]]
    wide: list[int] = field(default_factory=list)
    lists: dict[str, list[str]] = field(default_factory=dict)
    drop_downs: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SheetRows:
    """`problem` says in a word why there is nothing: broken, empty, rows, bomb, macros, links."""

    problem: str | None
    # (number as the sheet counts, cells from column A on), blank rows left out.
    rows: list[tuple[int, list[Cell]]]


class Sheets:
    def __init__(self, rows: int, unpacked_bytes: int) -> None:
        self.rows = rows
        self._words = {"rows": rows, "bytes": unpacked_bytes}
        self._turns = asyncio.Semaphore(AT_A_TIME)

    async def read(self, content: bytes) -> SheetRows:
        head, body = await self._run({"act": "read", **self._words}, content)
        if head is None or head["problem"] is not None:
            return SheetRows("broken" if head is None else head["problem"], [])
        return SheetRows(None, [(number, [tuple(c) if c else None for c in cells]) for number, cells in _lines(body)])

    async def write(self, table: Table) -> bytes:
        head, body = await self._run({"act": "write"}, json.dumps(asdict(table), ensure_ascii=False).encode())
        if head is None:
            raise RuntimeError("the workbook could not be written")
        return body

    async def _run(self, words: dict[str, Any], content: bytes) -> tuple[dict[str, Any] | None, bytes]:
        async with self._turns:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "app.core.sheets", json.dumps(words),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if not name.startswith(SECRETS)},
            )  # fmt: skip
            out = await converse(process, content, WALL_SECONDS)
        head, _, body = out.partition(b"\n")
        if process.returncode != 0 or not head:
            return None, b""
        return json.loads(head), body


def inspect(content: bytes, *, rows: int, unpacked: int) -> tuple[str | None, bytes]:
    """`(problem, xml of the sheet that is read)`. Sizes are counted while unpacking: what a header declares is a claim."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [info.filename.lower().replace("\\", "/") for info in archive.infolist()]
            if len(names) > ENTRIES:
                return "bomb", b""
            if any(sign in name for name in names for sign in _MACROS):
                return "macros", b""
            if any(sign in name for name in names for sign in _LINKS):
                return "links", b""
            if "xl/workbook.xml" not in names or "[content_types].xml" not in names:
                return "broken", b""
            return _unpacked(archive, rows, unpacked)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError):
        return "broken", b""


def _unpacked(archive: zipfile.ZipFile, rows: int, limit: int) -> tuple[str | None, bytes]:
    total, sheet = 0, b""
    wanted = _sheet_path(archive)
    for info in archive.infolist():
        parts, size = [], 0
        with archive.open(info) as stream:
            while block := stream.read(BLOCK):
                size += len(block)
                total += len(block)
                if total > limit or (size > RATIO_FROM and size > RATIO * max(info.compress_size, 1)):
                    return "bomb", b""
                parts.append(block)
        body = b"".join(parts)
        if info.filename.endswith((".xml", ".rels")) and (b"<!DOCTYPE" in body or b"<!ENTITY" in body):
            return "broken", b""
        if info.filename.endswith(".rels") and _points_outside(body):
            return "links", b""
        if info.filename == wanted:
            sheet = body
    # The heading and an example are rows too.
    if sum(1 for _ in _ROW.finditer(sheet)) > rows + 2:
        return "rows", b""
    return (None, sheet) if sheet else ("broken", b"")


def _points_outside(links: bytes) -> bool:
    """To anything but the address of a page: that is a text with a colour, and nothing fetches it."""
    outside = (link[0] for link in _RELATION.finditer(links) if b'TargetMode="External"' in link[0])
    return any(b"/hyperlink" not in link for link in outside)


def _sheet_path(archive: zipfile.ZipFile) -> str:
    """The file of the first sheet, by the workbook's own list."""
    book = archive.read("xl/workbook.xml")[:BLOCK]
    links = archive.read("xl/_rels/workbook.xml.rels")[:BLOCK]
    first = re.search(rb"<(?:\w+:)?sheet\b[^>]*\b(?:\w+:)?id=\"([^\"]+)\"", book)
    for link in _RELATION.finditer(links):
        target = re.search(rb'\bTarget="([^"]+)"', link[0])
        name = re.search(rb'\bId="([^"]+)"', link[0])
        if first and name and target and name[1] == first[1]:
            path = target[1].decode()
            return path.lstrip("/") if path.startswith("/") else f"xl/{path}"
    return "xl/worksheets/sheet1.xml"


def marked(sheet: bytes) -> dict[str, str] | None:
    """Cells that hold a formula or an error, by place; None where one does not say where it stands."""
    found: dict[str, str] = {}
    formulas = 0
    for cell in _CELL.finditer(sheet):
        if cell[2] is None and b't="e"' not in cell[1]:
            continue
        formulas += cell[2] is not None
        place = _PLACE.search(cell[1])
        if place is None:
            return None
        found[place[1].decode()] = "f" if cell[2] else "e"
    return found if formulas == sum(1 for _ in _FORMULA.finditer(sheet)) else None


def _lines(body: bytes) -> Iterator[tuple[int, list[Any]]]:
    for line in body.splitlines():
        number, cells = json.loads(line)
        yield number, cells


def main() -> None:
    asked = json.loads(sys.argv[1])
    limit_this_process(CPU_SECONDS)
    content = sys.stdin.buffer.read()
    if asked["act"] == "write":
        head, body = {"problem": None}, _written(Table(**json.loads(content)))
    else:
        head, body = _read(content, asked)
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + body)


def _read(content: bytes, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    from python_calamine import CalamineError, CalamineWorkbook
    from xlsxwriter.utility import xl_rowcol_to_cell

    problem, sheet = inspect(content, rows=asked["rows"], unpacked=asked["bytes"])
    if problem is not None:
        return {"problem": problem}, b""
    signs = marked(sheet)
    if signs is None:
        return {"problem": "broken"}, b""
    try:
        table = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        lines = []
        for number, row in enumerate(table.to_python(skip_empty_area=False), start=1):
            cells = [_cell(value, signs.get(xl_rowcol_to_cell(number - 1, i))) for i, value in enumerate(row)]
            if any(cell is not None for cell in cells):
                lines.append(json.dumps([number, cells], ensure_ascii=False))
    except (CalamineError, OSError, ValueError):
        return {"problem": "broken"}, b""
    return {"problem": None if lines else "empty"}, "\n".join(lines).encode()


def _cell(value: Any, sign: str | None) -> list[Any] | None:  # noqa: PLR0911  # one line for each kind
    if sign is not None:
        return [sign, ""]
    if isinstance(value, bool):
        return ["b", value]
    if isinstance(value, (int, float)):
        return ["n", value]
    if isinstance(value, dt.datetime):
        return ["d", value.date().isoformat()] if value.time() == dt.time() else ["i", value.isoformat()]
    if isinstance(value, dt.date):
        return ["d", value.isoformat()]
    if isinstance(value, dt.time):
        return ["t", value.isoformat("minutes")]
    if isinstance(value, dt.timedelta):
        return ["t", f"{int(value.total_seconds()) // 3600:02}:{int(value.total_seconds()) % 3600 // 60:02}"]
    # A line's end inside a cell is one sign, and our lines must not break at others.
    text = str(value).replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n").replace("\x85", "\n")
    return ["s", text] if text.strip() else None


def _written(table: Table) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    # Nothing becomes a formula, a link or a number by what it looks like.
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, {"in_memory": True, **plain}) as book:
        bold, text, day = book.add_format({"bold": True}), book.add_format({"num_format": "@"}), book.add_format()
        day.set_num_format("yyyy-mm-dd")
        sheet = book.add_worksheet(table.title)
        for index, name in enumerate(table.head):
            sheet.set_column(index, index, table.wide[index] if table.wide else 14)
            sheet.write_string(0, index, name, bold)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(table.rows, start=1):
            _write_row(sheet, number, row, text)
        _write_lists(book, sheet, table)
        if table.notes:
            notes = book.add_worksheet("填写说明")
            notes.set_column(0, 0, 100)
            for number, line in enumerate(table.notes):
                notes.write_string(number, 0, line)
    return out.getvalue()


def _write_row(sheet: Any, number: int, row: Sequence[Any], text: Any) -> None:
    for index, value in enumerate(row):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            sheet.write_number(number, index, value)
        elif value is not None and value != "":
            sheet.write_string(number, index, str(value), text)


def _write_lists(book: Any, sheet: Any, table: Table) -> None:
    if not table.lists:
        return
    from xlsxwriter.utility import xl_col_to_name

    lists = book.add_worksheet("选项")
    for index, (name, words) in enumerate(table.lists.items()):
        lists.write_string(0, index, name)
        for number, word in enumerate(words, start=1):
            lists.write_string(number, index, word)
    places = {name: index for index, name in enumerate(table.lists)}
    for head, name in table.drop_downs.items():
        column, at = table.head.index(head), xl_col_to_name(places[name])
        source = f"=选项!${at}$2:${at}${len(table.lists[name]) + 1}"
        sheet.data_validation(
            1, column, 20_001, column,
            {"validate": "list", "source": source, "error_title": "请从列表中选择", "error_message": f"“{head}”请从列表中选择"},
        )  # fmt: skip


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
