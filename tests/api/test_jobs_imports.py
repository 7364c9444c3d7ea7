"""Postings from a sheet: the template, row by row through the same rules, every cell named, resumed, cancelled, bombs."""

import asyncio
import io
import zipfile
from datetime import date, time
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from openpyxl.styles.numbers import FORMAT_DATE_YYYYMMDD2
from sqlalchemy import select

from app.models.common import Notice, Task
from app.models.jobs import Vacancy, VacancyImport, VacancyImportRow
from app.models.organisation import Enterprise
from app.rules.organisation import EnterpriseState
from app.services.jobs import import_work
from app.tasks.delivery import deliver_due
from tests.factories.world import World, ok, refused
from tests.support.jobs import CONTENT_CHECK, NOBODY, Hiring, another_api, count, key, rival, set_columns, unapproved
from tests.support.uploads import upload
from tests.support.workbooks import (
    LABELS,
    imported,
    lawful,
    opened,
    place,
    rows_of,
    run,
    sheet,
    start,
    with_entry,
)

BY_THE_BOOK = {"rows": 1, "done": 1, "created": 1, "published": 1, "held": 0, "refused": 0}


def progress(job: dict[str, Any]) -> dict[str, int]:
    return {name: job[name] for name in BY_THE_BOOK}


async def only(world: World, hiring: Hiring, **changes: Any) -> dict[str, Any]:
    """What becomes of a sheet's only row."""
    job = await imported(world, hiring.recruiter, hiring.firm_id, sheet([lawful(world, **changes)]))
    assert job["state"] == "done", job["problem"]
    (row,) = await rows_of(hiring.recruiter, job)
    return row


async def test_a_row_becomes_the_posting_that_the_form_would_make(world: World, hiring: Hiring) -> None:
    job = await start(hiring.recruiter, hiring.firm_id, sheet([lawful(world)]))
    assert (job["state"], job["state_label"], job["rows"]) == ("queued", "排队中", 0)
    assert [action["allowed"] for action in job["actions"]] == [True]
    job = await run(world, hiring.recruiter, job)
    assert (job["state"], progress(job), job["problem"]) == ("done", BY_THE_BOOK, None)
    (row,) = await rows_of(hiring.recruiter, job)
    assert (row["number"], row["state"], row["issues"], row["notes"]) == (2, "published", [], [])
    made = ok(await world.anonymous.get(f"/vacancies/{row['vacancy_id']}"))
    assert (made["title"], made["occupation_code"]) == ("平车工", await world.occupation())
    assert (made["pay"]["min_fen"], made["pay"]["max_fen"], made["minutes_per_day"]) == (550000, 800000, 480)
    assert (made["work_start_minute"], made["work_end_minute"]) == (480, 1050)
    assert made["benefits"] == ["meals", "social_insurance"]
    assert [item["id"] for item in ok(await world.anonymous.get("/vacancies", q="平车"))["items"]] == [made["id"]]
    # WeChat has been asked about its words, as about any other posting's.
    assert "按工艺单操作" in world.sandbox.calls(CONTENT_CHECK)[0]["body"]["content"]
    told = ok(await hiring.recruiter.get("/me/notices"))["items"][0]
    assert (told["kind"], "共1行：发布1个" in told["body"]) == ("import_done", True)
    assert await count(world, VacancyImportRow, VacancyImportRow.cells_sealed.is_not(None)) == 0
    listed = ok(await hiring.recruiter.get(f"/enterprises/{hiring.firm_id}/vacancy-imports"))
    assert [entry["id"] for entry in listed] == [job["id"]]


async def test_the_template_is_filled_and_comes_back(world: World, hiring: Hiring) -> None:
    answer = await hiring.recruiter.get("/vacancy-import-template")
    assert answer.headers["content-type"].startswith("application/vnd.openxmlformats")
    lines = opened(answer.content)
    assert [str(name).rstrip("*") for name in lines[0]] == ["标记", *LABELS]
    assert lines[1][0] == "示例（不导入）"
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    lists = {str(rule.sqref).split(":")[0]: rule.formula1 for rule in book["岗位"].data_validations.dataValidation}
    assert place("用工类型", 2) in lists
    trades = [cell.value for cell in book["选项"]["A"]]
    assert (trades[0], len(trades) > 300) == ("职业", True)
    head = [str(name) for name in lines[0]]
    filled = lawful(world) | {"职业": trades[1]}
    example = {name.rstrip("*"): value for name, value in zip(head, lines[1], strict=True)}
    assert example["职业"] in trades
    job = await imported(world, hiring.recruiter, hiring.firm_id, sheet([example, filled], head))
    (row,) = await rows_of(hiring.recruiter, job)
    assert (progress(job), row["number"], row["state"]) == (BY_THE_BOOK, 3, "published")
    # The example itself is lawful, once it is no longer marked as one.
    job = await imported(world, hiring.recruiter, hiring.firm_id, sheet([example | {"标记": None}], head))
    assert progress(job) == BY_THE_BOOK, await rows_of(hiring.recruiter, job)


# Heading, what stands in the cell, what is said of it.
WRONG: list[tuple[str, Any, str]] = [
    ("工资下限（元）", "面议", "应为数字，写的是“面议”"),
    ("工资下限（元）", 0, "应大于 0，写的是“0”"),
    ("工资下限（元）", -5500, "应大于 0，写的是“-5500”"),
    ("工资上限（元）", 10**12, "不能大于 100000000"),
    ("工资下限（元）", 9000, "最低工资不能高于最高工资"),
    ("工资下限（元）", 5500.125, "最多两位小数（精确到分），写的是“5500.125”"),
    ("工资下限（元）", "1.38E+10", "科学计数法“1.38E+10”"),
    ("工资下限（元）", date(2026, 12, 1), "应为数字，单元格是日期（2026-12-01）"),
    ("工资下限（元）", "=1000*5", "是公式，请改为直接填写的内容"),
    ("岗位名称", "=1+1", "是公式，请改为直接填写的内容"),
    ("招聘人数", 2.5, "应为整数，写的是“2.5”"),
    ("招聘人数", "两", "应为整数，写的是“两”"),
    ("招聘人数", True, "应为整数，单元格是逻辑值"),
    ("招聘人数", None, "没有填写"),
    ("用工类型", "临时", "应为其中之一：直接招用、劳务派遣、共享用工、学生实习；写的是“临时”"),
    ("福利", "包吃、包养老", "写的是“包养老”"),
    ("职业", "月球驾驶员", "“月球驾驶员”不在职业代码表中"),
    ("职业", "99999.99", "“99999.99”不在职业代码表中"),
    ("有效期至", 46387, "应为日期，写的是数字“46387”（可能是 Excel 的日期序号）"),
    ("有效期至", "下个月", "应为日期（如 2026-12-31），写的是“下个月”"),
    ("有效期至", "2026-02-30", "应为日期"),
    ("上班时间", 0.3333, "应为时间（如 08:00），写的是数字“0.3333”"),
    ("上班时间", "八点", "应为时间（如 08:00），写的是“八点”"),
    ("联系说明", 13850000001, "长号码会被 Excel 改写成 1.38E+10 的样子"),
    ("联系说明", "1.385E+10", "科学计数法"),
    ("任职要求", "身份证350581198803120022", "含有像身份证号码的内容"),
    ("任职要求", 350581198803120022, "应为文字，单元格是数字"),
    ("纬度", 24.72, "坐标要同时填写"),
    ("任职要求", "限女，入职交押金300元", "《劳动合同法》第九条"),
    ("工作内容", "缝制服装 SBX_RISKY", ""),
    ("工作内容", "长" * 1001, "最多 1000 个字"),
]  # fmt: skip
# Said of a pair of fields, in the cell of either.
OF_TWO = ("不能高于", "坐标")


@pytest.mark.sqlite_only
async def test_what_is_not_plainly_right_is_refused_and_named(world: World, hiring: Hiring) -> None:
    """Each row of the sheet has one fault."""
    content = sheet([lawful(world, **{label: value}) for label, value, _ in WRONG])
    job = await imported(world, hiring.recruiter, hiring.firm_id, content)
    assert progress(job) == {"rows": len(WRONG), "done": len(WRONG), "refused": len(WRONG)} | dict.fromkeys(
        ("created", "published", "held"), 0
    ), [row for row in await rows_of(hiring.recruiter, job) if row["state"] != "refused"]
    rows = await rows_of(hiring.recruiter, job)
    for (label, _, said), row in zip(WRONG, rows, strict=True):
        fitting = [issue for issue in row["issues"] if said in issue["message"]]
        assert fitting, (label, said, row["issues"])
        at = place(label, row["number"])
        if not any(word in said for word in OF_TWO):
            assert all(issue["message"].startswith(f"{at} {label}") for issue in fitting)
            assert {(issue["cell"], issue["column"]) for issue in fitting} == {(at, label)}
    # A number that may be a person's is not carried further.
    assert "198803120022" not in str(rows)
    assert await count(world, Vacancy) == 0


async def test_a_place_outside_the_world_and_a_coordinate_without_its_system(world: World, hiring: Hiring) -> None:
    content = sheet([
        lawful(world, 纬度=124.7, 经度=118.6, 坐标类型="国测局坐标"),
        lawful(world, 纬度=24.7, 经度=118.6),
        lawful(world, 纬度="北纬24度", 经度=118.6, 坐标类型="国测局坐标"),
        lawful(world, 纬度=24.7, 经度=118.6, 坐标类型="火星坐标"),
        lawful(world, 纬度=24.7, 经度=118.6, 坐标类型="国测局坐标"),
    ])  # fmt: skip
    job = await imported(world, hiring.recruiter, hiring.firm_id, content)
    rows = await rows_of(hiring.recruiter, job)
    assert [row["state"] for row in rows] == ["refused"] * 4 + ["published"]
    assert [row["issues"][0]["cell"] for row in rows[:4]] == [
        place("纬度", 2), place("工作地址", 3), place("纬度", 4), place("坐标类型", 5),
    ]  # fmt: skip
    assert "不能大于 90" in rows[0]["issues"][0]["message"]


async def test_what_is_read_otherwise_than_written_is_said(world: World, hiring: Hiring) -> None:
    changes = {"招聘人数": "３", "工资下限（元）": "５５００", "岗位名称": "平车工 ", "会用的设备": 4}
    row = await only(world, hiring, **changes)
    assert row["state"] == "published"
    said = {note["cell"]: note["message"] for note in row["notes"]}
    assert said == {
        place("招聘人数", 2): f"{place('招聘人数', 2)} 招聘人数：全角的“３”按“3”读取",
        place("工资下限（元）", 2): f"{place('工资下限（元）', 2)} 工资下限（元）：全角的“５５００”按“5500”读取",
        place("岗位名称", 2): f"{place('岗位名称', 2)} 岗位名称：首尾的空格没有读取",
        place("会用的设备", 2): f"{place('会用的设备', 2)} 会用的设备：数字“4”按文字读取",
    }
    made = ok(await world.anonymous.get(f"/vacancies/{row['vacancy_id']}"))
    assert (made["headcount"], made["pay"]["min_fen"], made["required_machines"]) == (3, 550000, ["4"])


async def test_dates_and_times_as_cells_and_as_words(world: World, hiring: Hiring) -> None:
    book = openpyxl.load_workbook(io.BytesIO(sheet([lawful(world), lawful(world, 岗位名称="车工")])))
    page, valid = book.active, date.fromisoformat(lawful(world)["有效期至"])
    assert page is not None
    cell = page[place("有效期至", 2)]
    cell.value, cell.number_format = valid, FORMAT_DATE_YYYYMMDD2
    page[place("上班时间", 2)].value = time(7, 30)
    page[place("有效期至", 3)].value = f"{valid.year}年{valid.month}月{valid.day}日"
    with io.BytesIO() as out:
        book.save(out)
        job = await imported(world, hiring.recruiter, hiring.firm_id, out.getvalue())
    rows = await rows_of(hiring.recruiter, job)
    made = [ok(await world.anonymous.get(f"/vacancies/{row['vacancy_id']}")) for row in rows]
    assert [row["valid_until"] for row in made] == [str(valid)] * 2
    assert made[0]["work_start_minute"] == 450


async def test_doubtful_rows_wait_for_the_office_and_drafts_are_drafts(world: World, hiring: Hiring) -> None:
    content = sheet([lawful(world, 工作内容="缝制 SBX_REVIEW 服装"), lawful(world, 任职要求="押金300元")])
    job = await imported(world, hiring.recruiter, hiring.firm_id, content)
    assert progress(job) == {"rows": 2, "done": 2, "created": 0, "published": 0, "held": 1, "refused": 1}
    assert await count(world, Task, Task.kind == "vacancy_review") == 1
    asked = len(world.sandbox.calls(CONTENT_CHECK))
    job = await imported(world, hiring.recruiter, hiring.firm_id, content, submit=False)
    assert progress(job) == {"rows": 2, "done": 2, "created": 2, "published": 0, "held": 0, "refused": 0}
    # A draft is shown to nobody, so nobody is asked about it; what is wrong with it is said all the same.
    assert len(world.sandbox.calls(CONTENT_CHECK)) == asked
    rows = await rows_of(hiring.recruiter, job)
    assert [row["state"] for row in rows] == ["draft", "draft"]
    assert any("押金" in note["message"] for note in rows[1]["notes"])


async def test_the_same_row_twice_is_a_double_and_says_of_which(world: World, hiring: Hiring) -> None:
    job = await imported(world, hiring.recruiter, hiring.firm_id, sheet([lawful(world), lawful(world)]))
    first, second = await rows_of(hiring.recruiter, job)
    assert first["notes"] == []
    assert "几乎相同" in second["notes"][0]["message"]


@pytest.mark.parametrize(
    ("heads", "rows", "problem"),
    [
        (["标记", *LABELS, "星座"], [{}], "“星座”不是模板里的列"),
        (["标记", *LABELS[1:]], [{}], "缺少这些列：岗位名称"),
        (["标记", *LABELS, "岗位名称"], [{}], "有两列“岗位名称”"),
        (None, [], "没有岗位"),
    ],
)
@pytest.mark.sqlite_only
async def test_a_sheet_that_is_not_the_template_is_not_guessed_at(
    world: World, hiring: Hiring, heads: Any, rows: Any, problem: str
) -> None:
    content = sheet([lawful(world) | row for row in rows], heads)
    job = await imported(world, hiring.recruiter, hiring.firm_id, content)
    assert job["state"] == "failed"
    assert problem in job["problem"]
    assert await count(world, Vacancy) == 0
    # It does not stand in the way of the next one.
    assert (await imported(world, hiring.recruiter, hiring.firm_id, sheet([lawful(world)])))["state"] == "done"


def bomb() -> bytes:
    with io.BytesIO() as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr("xl/workbook.xml", "<workbook/>")
            archive.writestr("xl/_rels/workbook.xml.rels", "<Relationships/>")
            archive.writestr("xl/worksheets/sheet1.xml", b"<sheetData>" + b" " * 60_000_000)
        return out.getvalue()


def many_files() -> bytes:
    with io.BytesIO() as out:
        with zipfile.ZipFile(out, "w") as archive:
            for number in range(300):
                archive.writestr(f"xl/{number}.xml", "x")
        return out.getvalue()


@pytest.mark.sqlite_only
async def test_archives_made_to_do_harm_never_come_in(world: World, hiring: Hiring) -> None:
    good = sheet([lawful(world)])
    outside = (
        b'<Relationships><Relationship Id="x" Type="http://x/externalLinkPath" TargetMode="External" '
        b'Target="file:///etc/passwd"/></Relationships>'
    )
    evil = {
        "解压后过大": [bomb(), many_files()],
        "含有宏": [with_entry(good, "xl/vbaProject.bin", b"x")],
        "链接": [
            with_entry(good, "xl/externalLinks/externalLink1.xml", b"<x/>"),
            with_entry(good, "xl/worksheets/_rels/sheet1.xml.rels", outside),
            with_entry(good, "xl/connections.xml", b"<x/>"),
        ],
        "不是完好的": [
            b"PK\x03\x04" + b"x" * 100, good[:-200], with_entry(b"PK\x05\x06" + bytes(18), "a.txt", b"x"),
            with_entry(good, "xl/x.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'),
        ],
    }  # fmt: skip
    for why, contents in evil.items():
        for content in contents:
            body = refused(await upload(hiring.recruiter, content, "a.xlsx", "vacancy_import"), 422, "sheet_refused")
            assert why in body["message"], body["message"]
    refused(
        await upload(hiring.recruiter, b"\xd0\xcf\x11\xe0" + bytes(600), "a.xls", "vacancy_import"),
        422,
        "file_type_wrong",
    )
    refused(await upload(hiring.recruiter, good, "a.pdf", "vacancy_import"), 422, "file_name_mismatch")
    refused(await upload(hiring.recruiter, good, "a.xlsx", "licence"), 422, "file_type_wrong")


@pytest.mark.sqlite_only
async def test_a_cell_at_the_end_of_the_world_costs_a_process_and_nothing_else(world: World, hiring: Hiring) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["A1"], book.active["XFD1048576"] = "岗位名称", "x"
    with io.BytesIO() as out:
        book.save(out)
        job = await imported(world, hiring.recruiter, hiring.firm_id, out.getvalue())
    assert (job["state"], "不是完好的" in job["problem"]) == ("failed", True)


async def test_a_worker_that_died_goes_on_where_it_was_and_no_row_comes_twice(
    world: World, hiring: Hiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = import_work.BATCH * 3 + 2
    rows = [lawful(world, 岗位名称=f"平车工第{number}组") for number in range(total)]
    job = await start(hiring.recruiter, hiring.firm_id, sheet(rows))
    await import_work.work(world.runtime, UUID(job["id"]))
    async with world.runtime.db.reading() as session:
        row = (await session.exec(select(VacancyImport))).scalars().one()
    # Half way, as a kill would leave it: one batch is done, the next was read and asked about, and not written.
    assert await import_work._batch(world.runtime, row)
    assert ok(await hiring.recruiter.get(f"/vacancy-imports/{job['id']}"))["done"] == import_work.BATCH
    async with another_api(world.api.app.state.settings, world.clock) as second:  # type: ignore[attr-defined]
        others = second.app.state.runtime  # type: ignore[attr-defined]
        await asyncio.gather(*(import_work.work(runtime, row.id) for runtime in (world.runtime, others)))
    job = await run(world, hiring.recruiter, job)
    assert progress(job) | {"published": total, "created": total} == progress(job)
    assert (job["rows"], job["done"], job["refused"]) == (total, total, 0)
    assert await count(world, Vacancy) == total
    numbers = [row["number"] for row in await rows_of(hiring.recruiter, job)]
    assert numbers == list(range(2, total + 2))


async def test_cancelled_half_way_what_is_done_stays(world: World, hiring: Hiring) -> None:
    total = import_work.BATCH + 5
    rows = [lawful(world, 岗位名称=f"平车工第{number}组") for number in range(total)]
    job = await start(hiring.recruiter, hiring.firm_id, sheet(rows))
    await import_work.work(world.runtime, UUID(job["id"]))
    async with world.runtime.db.reading() as session:
        row = (await session.exec(select(VacancyImport))).scalars().one()
    await import_work._batch(world.runtime, row)
    again = await start_again(hiring, sheet(rows))
    refused(again, 409, "import_running")
    for _ in range(2):
        ended = ok(await hiring.recruiter.post(f"/vacancy-imports/{job['id']}/cancel"))
        assert (ended["state"], ended["done"]) == ("cancelled", import_work.BATCH)
    await deliver_due(world.runtime, "worker")
    assert await count(world, Vacancy) == import_work.BATCH
    assert await count(world, VacancyImportRow) == import_work.BATCH
    done = await imported(world, hiring.recruiter, hiring.firm_id, sheet([lawful(world)]))
    refused(await hiring.recruiter.post(f"/vacancy-imports/{done['id']}/cancel"), 409, "import_state_wrong")


async def start_again(hiring: Hiring, content: bytes) -> Any:
    file_id = ok(await upload(hiring.recruiter, content, "b.xlsx", "vacancy_import"))["file_id"]
    path = f"/enterprises/{hiring.firm_id}/vacancy-imports"
    return await hiring.recruiter.post(path, {"file_id": file_id, "submit": True}, key=key())


async def test_a_firm_suspended_meanwhile_gets_no_further(world: World, hiring: Hiring) -> None:
    job = await start(hiring.recruiter, hiring.firm_id, sheet([lawful(world)]))
    await set_columns(world, Enterprise, hiring.firm_id, state=EnterpriseState.SUSPENDED)
    job = await run(world, hiring.recruiter, job)
    assert (job["state"], "已暂停" in job["problem"]) == ("failed", True)
    assert await count(world, Vacancy) == await count(world, VacancyImportRow) == 0
    assert await count(world, Notice, Notice.kind == "import_done") == 1


async def test_an_import_is_its_firms_own(world: World, hiring: Hiring) -> None:
    job = await start(hiring.recruiter, hiring.firm_id, sheet([lawful(world)]))
    other = await rival(world)
    stranger = await world.person()
    for path in (f"/vacancy-imports/{job['id']}", f"/vacancy-imports/{job['id']}/rows"):
        refused(await other.recruiter.get(path), 404, "import_not_found")
        refused(await stranger.get(path), 403, "forbidden")
        refused(await world.anonymous.get(path), 401, "token_invalid")
    refused(await other.recruiter.post(f"/vacancy-imports/{job['id']}/cancel"), 404, "import_not_found")
    refused(await hiring.recruiter.get(f"/vacancy-imports/{NOBODY}"), 404, "import_not_found")
    path = f"/enterprises/{hiring.firm_id}/vacancy-imports"
    form = {"file_id": NOBODY, "submit": True}
    refused(await other.recruiter.post(path, form, key=key()), 404, "enterprise_not_found")
    refused(await hiring.recruiter.post(path, form), 422, "idempotency_key_missing")
    refused(await hiring.recruiter.get(f"/enterprises/{other.firm_id}/vacancy-imports"), 404, "enterprise_not_found")
    # Another's upload, and one that was made for something else.
    theirs = ok(await upload(other.recruiter, sheet([lawful(world)]), "a.xlsx", "vacancy_import"))["file_id"]
    refused(await other.recruiter.get(f"/files/{job['id']}"), 404, "file_not_found")
    ok(await hiring.recruiter.post(f"/vacancy-imports/{job['id']}/cancel"))
    refused(await hiring.recruiter.post(path, {"file_id": theirs, "submit": True}, key=key()), 422, "file_unusable")


async def test_an_unapproved_firm_may_import_drafts(world: World) -> None:
    hiring = await unapproved(world)
    content = sheet([lawful(world)])
    refused(await start_again(hiring, content), 409, "vacancy_state_wrong")
    job = await imported(world, hiring.recruiter, hiring.firm_id, content, submit=False)
    assert progress(job) == BY_THE_BOOK | {"published": 0}


async def test_exports_hold_what_the_screen_shows_and_no_formula(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post(title="=SUM(1)+车工", requirements="@男女不限", duties="-平车缝制服装。")
    mine = await hiring.recruiter.get(f"/enterprises/{hiring.firm_id}/vacancies.xlsx")
    head, line = opened(mine.content)
    values = dict(zip(head, line, strict=True))
    assert (values["岗位名称"], values["任职要求"], values["工作内容"]) == (
        "=SUM(1)+车工", "@男女不限", "-平车缝制服装。",
    )  # fmt: skip
    assert (values["状态"], values["工资下限（元）"], values["福利"]) == ("招聘中", 5500, "包吃")
    seeker = await world.seeker()
    await world.apply(seeker, vacancy["id"])
    path = f"/vacancies/{vacancy['id']}/candidates.xlsx"
    answer = await hiring.recruiter.get(path)
    assert 'filename="candidates.xlsx"' in answer.headers["content-disposition"]
    shown = ok(await hiring.recruiter.get(path.removesuffix(".xlsx")))["items"][0]
    head, line = opened(answer.content)
    assert line[:3] == [shown["contact"]["name"], shown["contact"]["phone"], "已应聘"]
    application = ok(await seeker.get("/me/applications"))["items"][0]
    form = {"expected_version": application["version"]}
    ok(await seeker.post(f"/me/applications/{application['id']}/revoke-contact", form, key=key()))
    assert opened((await hiring.recruiter.get(path)).content)[1][:2] == ["（未开放）", None]
    other = await rival(world)
    refused(await other.recruiter.get(path), 404, "vacancy_not_found")
    refused(await other.recruiter.get(f"/enterprises/{hiring.firm_id}/vacancies.xlsx"), 404, "enterprise_not_found")
    refused(await seeker.get(path), 403, "forbidden")


async def test_what_was_exported_can_be_imported_again(world: World, hiring: Hiring) -> None:
    await hiring.post()
    lines = opened((await hiring.recruiter.get(f"/enterprises/{hiring.firm_id}/vacancies.xlsx")).content)
    head = [str(name) for name in lines[0]][3:]
    again = sheet([dict(zip(head, lines[1][3:], strict=True))], head)
    job = await imported(world, hiring.recruiter, hiring.firm_id, again)
    rows = await rows_of(hiring.recruiter, job)
    assert rows[0]["state"] == "published", rows
    assert "几乎相同" in rows[0]["notes"][0]["message"]
