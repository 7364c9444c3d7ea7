"""Chapters of the story from the firm's desk and the office: a sheet of postings, a take-down with its appeal, a new word."""

import io
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook

from demo import steps
from demo.client import Caller, Refused
from demo.teller import Teller

WRONG_NUMBER = "两个"
WORD = "翻身车间计划"


def a_sheet(teller: Teller, recruiter: Caller, firm_id: str) -> dict[str, Any]:
    """Two good rows and a faulty one; returns one of the postings that came of it."""
    teller.chapter("十、用表格批量发布")
    heads = [str(name) for name in _opened(recruiter.download("/vacancy-import-template"))[0]]
    teller.say(f"模板有 {len(heads)} 列：" + "、".join(name for name in heads[1:8]) + "……")
    lines = [_line("裁床工", 2), _line("质检员", WRONG_NUMBER), _line("后道工", 3)]
    job = _imported(recruiter, firm_id, heads, lines)
    teller.check(
        f"三行导入：发布 {job['published']} 行，未导入 {job['refused']} 行",
        (job["rows"], job["published"], job["refused"]) == (3, 2, 1),
    )
    rows = {row["number"]: row for row in recruiter.get(f"/vacancy-imports/{job['id']}/rows")["items"]}
    (issue,) = rows[3]["issues"]
    column = next(place for place, name in enumerate(heads) if name.rstrip("*") == "招聘人数")
    teller.check(
        f"错的一格被点名：{issue['message']}",
        issue["cell"] == f"{chr(ord('A') + column)}3" and WRONG_NUMBER in issue["message"],
    )
    again = _imported(recruiter, firm_id, heads, [_line("质检员", 2)])
    teller.check("只把改好的那一行再导入，随即发布", (again["rows"], again["published"]) == (1, 1))
    head, *exported = _opened(recruiter.download(f"/enterprises/{firm_id}/vacancies.xlsx"))
    titles = [str(line[head.index("岗位名称")]) for line in exported]
    listed = recruiter.get(f"/enterprises/{firm_id}/vacancies")
    teller.check(
        f"导出的表格再打开：{len(titles)} 个岗位，与页面所见相同，刚导入的都在",
        sorted(titles) == sorted(row["title"] for row in listed) and {"裁床工", "质检员", "后道工"} <= set(titles),
    )
    made: dict[str, Any] = recruiter.get(f"/vacancies/{rows[2]['vacancy_id']}")
    return made


def taken_down(teller: Teller, officer: Caller, second: Caller, recruiter: Caller, vacancy: dict[str, Any]) -> None:
    teller.chapter("十一、下架、申诉、答复")
    photograph = steps.photograph("RECEIPT (DEMO)")
    proof = steps.await_file(officer, officer.upload("receipt.jpg", photograph, "evidence"))
    path = f"/vacancies/{vacancy['id']}"
    down = officer.post(
        f"{path}/take-down", rule_id="deposit", evidence="入职时收取服装押金300元，有收据照片", file_ids=[proof["file_id"]],
        expected_version=vacancy["version"],
    )  # fmt: skip
    notice = recruiter.get("/me/notices")["items"][0]
    teller.say(f"企业收到：{notice['body']}")
    teller.check(
        f"“{vacancy['title']}”{down['state_label']}，企业看到规则、依据、事实和申诉办法",
        all(part in notice["body"] for part in ("《劳动合同法》第九条", "服装押金300元", "申诉")),
    )
    (standing,) = recruiter.get(f"{path}/take-downs")
    shown = recruiter.fetch(standing["files"][0]["url"])
    teller.check("凭据照片企业也能看到", shown.is_success)
    appeal = recruiter.post(
        f"{path}/appeal",
        text="收据是统一购买工作服的自愿登记，已全部退回，附退款记录。",
        expected_version=standing["version"],
    )
    decision = {"overturn": True, "text": "已核实退款，撤销下架。", "expected_version": appeal["version"]}
    teller.check("下架的人不能自己答复申诉", _refused(officer, f"{path}/decide-appeal", decision) == "self_review")
    done = second.post(f"{path}/decide-appeal", **decision)
    teller.check(
        f"另一位专员答复：{done['answer']}岗位恢复招聘",
        done["state"] == "overturned" and recruiter.get(path)["state"] == "published",
    )


def a_new_word(teller: Teller, officer: Caller, second: Caller, recruiter: Caller) -> None:
    teller.chapter("十二、发布规则由工作人员修改，另一人确认")
    change = officer.post(
        "/posting-terms", rule_id="hype", pattern=WORD, unless=[f"不承诺{WORD}"], effective_from=str(_today()),
        source="演示：招聘专员会商记录",
    )  # fmt: skip
    teller.say(f"{change['kind_label']}“{WORD}”，{change['state_label']}")
    before = _found(recruiter, WORD)
    decision = {"confirm": True, "note": "与会商记录一致", "expected_version": change["version"]}
    path = f"/posting-changes/{change['id']}/decide"
    alone = _refused(officer, path, decision) == "self_review"
    teller.check("未经确认的词条不起作用，提出的人也不能自己确认", alone and not before)
    second.post(path, **decision)
    (found,) = _found(recruiter, "翻 身 車 間 計 劃")
    teller.check(f"确认后立即生效，换个写法也认得：{found['message']}", found["rule_id"] == "hype")
    teller.check("写“不承诺……”的不受影响", not _found(recruiter, f"不承诺{WORD}"))


def _found(recruiter: Caller, text: str) -> list[dict[str, Any]]:
    said = recruiter.post("/vacancies/lint", requirements=text)["findings"]
    return [finding for finding in said if finding["quote"]]


def _refused(caller: Caller, path: str, form: dict[str, Any]) -> str:
    try:
        caller.post(path, **form)
    except Refused as exc:
        return str(exc.body["code"])
    return ""


def _today() -> Any:
    return (datetime.now(UTC) + timedelta(hours=8)).date()


def _line(title: str, headcount: Any) -> dict[str, Any]:
    return {
        "岗位名称": title, "职业": "平车工", "用工类型": "直接招用", "招聘人数": headcount, "计薪方式": "月薪",
        "工资下限（元）": 5000, "工资上限（元）": 7000, "发薪周期": "月结", "每天工作小时": 8, "每月工作天数": 26,
        "班次": "白班", "上班时间": "08:00", "下班时间": "17:30", "工作地址": "宝盖镇科技园回兴路188号",
        "福利": "包吃、社会保险", "工作内容": f"{title}岗位，按工艺单操作。", "任职要求": "男女不限。",
        "有效期至": str(_today() + timedelta(days=30)),
    }  # fmt: skip


def _opened(content: bytes) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def _imported(recruiter: Caller, firm_id: str, heads: list[str], lines: list[dict[str, Any]]) -> dict[str, Any]:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet("岗位")
        for number, line in enumerate([dict(zip(heads, heads, strict=True)), *lines]):
            known = {name.rstrip("*"): value for name, value in line.items()}
            page.write_row(number, 0, [known.get(name.rstrip("*")) for name in heads])
    file = recruiter.upload("岗位.xlsx", out.getvalue(), "vacancy_import")
    path = f"/enterprises/{firm_id}/vacancy-imports"
    job: dict[str, Any] = recruiter.post_keyed(path, file_id=file["file_id"], submit=True)
    deadline = time.monotonic() + 30
    while job["finished_at"] is None and time.monotonic() < deadline:
        time.sleep(0.2)
        job = recruiter.get(f"/vacancy-imports/{job['id']}")
    return job
