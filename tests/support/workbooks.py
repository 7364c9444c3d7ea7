"""Sheets as firms and tricksters send them, made by another library than the one that reads them."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import openpyxl

from app.core.clock import china_date
from app.rules.jobs.import_sheet import COLUMNS, MARK
from app.tasks.delivery import deliver_due
from tests.factories.world import Someone, World, ok
from tests.support.jobs import key
from tests.support.uploads import upload

LABELS = [column.label for column in COLUMNS]
Row = Mapping[str, Any]


def lawful(world: World, **changes: Any) -> dict[str, Any]:
    return lawful_on(china_date(world.clock.now()), **changes)


def lawful_on(today: date, **changes: Any) -> dict[str, Any]:
    """A row by the headings, the occupation in the town's word for it."""
    valid = today + timedelta(days=30)
    row: dict[str, Any] = {
        "岗位名称": "平车工", "职业": "平车工", "用工类型": "直接招用", "招聘人数": 2, "计薪方式": "月薪",
        "工资下限（元）": 5500, "工资上限（元）": 8000, "发薪周期": "月结", "每天工作小时": 8, "每月工作天数": 26,
        "班次": "白班", "上班时间": "08:00", "下班时间": "17:30", "工作地址": "宝盖镇科技园回兴路188号",
        "福利": "包吃、社会保险", "工作内容": "平车缝制服装配件，按工艺单操作。", "任职要求": "男女不限。",
        "有效期至": valid.isoformat(),
    }  # fmt: skip
    return row | changes


def sheet(rows: Sequence[Row], heads: Sequence[str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    heads = [MARK, *LABELS] if heads is None else heads
    page.append(list(heads))
    for row in rows:
        page.append([row.get(head.rstrip("*")) for head in heads])
    with io.BytesIO() as out:
        book.save(out)
        return out.getvalue()


def place(label: str, number: int) -> str:
    """Where a heading's cell of a row stands."""
    return f"{openpyxl.utils.get_column_letter(LABELS.index(label) + 2)}{number}"


def with_entry(content: bytes, name: str, body: bytes) -> bytes:
    """The same archive with one more file in it."""
    with io.BytesIO(content) as out:
        with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, body)
        return out.getvalue()


def opened(content: bytes) -> list[list[Any]]:
    """Every cell of the first sheet, by another library; a formula would show as one."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    page = book.worksheets[0]
    assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)
    return [[cell.value for cell in row] for row in page.iter_rows()]


async def start(someone: Someone, firm_id: str, content: bytes, *, submit: bool = True) -> dict[str, Any]:
    """Uploaded and queued."""
    file_id = ok(await upload(someone, content, "岗位.xlsx", "vacancy_import"))["file_id"]
    form = {"file_id": file_id, "submit": submit}
    job: dict[str, Any] = ok(await someone.post(f"/enterprises/{firm_id}/vacancy-imports", form, key=key()))
    return job


async def run(world: World, someone: Someone, job: dict[str, Any]) -> dict[str, Any]:
    """The worker, until nothing of this import is left."""
    while True:
        await deliver_due(world.runtime, "worker")
        job = ok(await someone.get(f"/vacancy-imports/{job['id']}"))
        if job["finished_at"] is not None:
            return job


async def imported(world: World, someone: Someone, firm_id: str, content: bytes, **more: Any) -> dict[str, Any]:
    return await run(world, someone, await start(someone, firm_id, content, **more))


async def rows_of(someone: Someone, job: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    """In the order of the sheet."""
    found = ok(await someone.get(f"/vacancy-imports/{job['id']}/rows", limit=100, **query))["items"]
    return list(reversed(found))
