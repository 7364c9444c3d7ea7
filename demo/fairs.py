"""A chapter of the story: a job fair with two firms of the plan, from the invitation to the report."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

from demo import steps
from demo.client import Caller, Refused, Sandbox
from demo.stack import Stack
from demo.teller import Teller

SECOND_FIRM = "石狮市森鸿服装有限公司"
SECOND_BODY = "91350581MA0DEM0YY"


def the_fair(teller: Teller, stack: Stack, sandbox: Sandbox, officer: Caller, recruiter: Caller, firm_id: str) -> None:
    teller.chapter("九、招聘会")
    fair = announced(teller, officer)
    path = f"/fairs/{fair['id']}"
    second, second_id = another_firm(stack, sandbox, officer)
    invited = officer.post(f"{path}/invitations", enterprise_id=firm_id, number="A01")
    told = recruiter.get("/me/notices")["items"][0]
    teller.check(f"受邀企业收到通知：{told['body']}", told["kind"] == "fair")
    booth = recruiter.post(f"{path}/booths/{invited['id']}/accept", expected_version=invited["version"])
    asked = second.post(f"{path}/booths", enterprise_id=second_id)
    other = officer.post(f"{path}/booths/{asked['id']}/confirm", number="A02", expected_version=asked["version"])
    booths = officer.get(f"{path}/booths")["items"]
    teller.check(
        "两家企业参展：一家受邀、一家报名，展位 A01、A02", sorted(b["number"] for b in booths) == ["A01", "A02"]
    )
    posting = brought(teller, recruiter, second, fair, booth, other)
    started = officer.post(f"{path}/start", expected_version=fair["version"])
    on_the_day(teller, stack, sandbox, officer, recruiter, path, posting)
    reported(teller, officer, path, started)


def announced(teller: Teller, officer: Caller) -> dict[str, Any]:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30)
    fair = officer.post_keyed(
        "/fairs", title="宝盖镇秋季现场招聘会", kind="onsite", starts_at=start.isoformat(),
        ends_at=(start + timedelta(hours=7)).isoformat(), capacity=40, description="不需要简历。",
        place={"address": "宝盖镇科技园企业服务中心", "latitude": 24.7236, "longitude": 118.6651, "coord_type": "gcj02"},
    )  # fmt: skip
    published: dict[str, Any] = officer.post(f"/fairs/{fair['id']}/publish", expected_version=fair["version"])
    teller.check(f"招聘专员筹备并发布“{published['title']}”", published["state"] == "published")
    return published


def another_firm(stack: Stack, sandbox: Sandbox, officer: Caller) -> tuple[Caller, str]:
    recruiter = steps.login(stack, sandbox, "zhipin", "森鸿招聘员")
    firm = recruiter.get("/enterprises", name=SECOND_FIRM)[0]
    code = steps.fictional_credit_code(SECOND_BODY)
    claim = recruiter.post(f"/enterprises/{firm['id']}/claims", uscc=code, note=steps.FICTIONAL_NOTE)
    steps.approve_claim(officer, claim)
    return recruiter, firm["id"]


def brought(
    teller: Teller,
    recruiter: Caller,
    second: Caller,
    fair: dict[str, Any],
    booth: dict[str, Any],
    other: dict[str, Any],
) -> dict[str, Any]:
    """Each its own open postings, the same rows as on the list. Returns the first firm's."""
    found: list[dict[str, Any]] = []
    for caller, place in ((recruiter, booth), (second, other)):
        enterprise_id = place["enterprise_id"]
        if caller is second:
            caller.post("/vacancies", **_posting(caller, enterprise_id))
        rows = [v for v in caller.get(f"/enterprises/{enterprise_id}/vacancies") if v["state"] == "published"]
        chosen = {"enterprise_id": enterprise_id, "vacancy_ids": [v["id"] for v in rows]}
        caller.put(f"/fairs/{fair['id']}/vacancies", **chosen, expected_version=place["version"])
        found += rows
    shown = recruiter.get(f"/fairs/{fair['id']}/vacancies")["items"]
    for row in shown:
        teller.say(f"{row['booth_number']} {row['enterprise_name']}：{row['title']}，招 {row['open_seats']} 人")
    teller.check(
        "两家企业各自选了招聘中的岗位，不另外录入", {v["vacancy_id"] for v in shown} == {v["id"] for v in found}
    )
    students = _posting(second, other["enterprise_id"]) | {
        "engagement": "student", "title": "服装工艺实习生", "headcount": 20, "shift_pattern": "night",
        "firm_staff_count": 80, "post_staff_count": 40, "post_pay_fen": 520000, "minimum_age": 16,
    }  # fmt: skip
    try:
        second.post("/vacancies", **students)
        refused: list[dict[str, Any]] = []
    except Refused as exc:
        refused = [f for f in exc.body["fields"] if f["rule_id"].startswith("student") and f["severity"] == "block"]
    for finding in refused:
        teller.say(f"  [拦截] {finding['message']}（{finding['law']}）")
    teller.check("学生实习的岗位超出比例、安排夜班，被拦截", len(refused) >= 3)
    return found[0]


def on_the_day(
    teller: Teller,
    stack: Stack,
    sandbox: Sandbox,
    officer: Caller,
    recruiter: Caller,
    path: str,
    posting: dict[str, Any],
) -> None:
    visitor = steps.login(stack, sandbox, "zhipin", "科技园女工")
    for missing in visitor.get("/me")["missing_consents"]:
        visitor.put(f"/me/consents/{missing['purpose']}", policy_version=missing["policy_version"])
    visitor.put("/me/seeker-profile", wanted=[posting["occupation_code"]])
    visitor.put("/me/profile", name="陈秀云", birth_date="1990-05-20", expected_version=1)
    visitor.give_phone("13850000003")
    form = {"vacancy_id": posting["id"], "release_contact": True, "fair_id": path.rsplit("/", 1)[1]}
    teller.check(f"没有签到不能现场应聘：{_refusal(visitor, '/applications', form)}", True)
    shown = officer.get(f"{path}/check-in-code")
    first = visitor.post(f"{path}/check-ins", code=shown["code"])
    second = visitor.post(f"{path}/check-ins", code=shown["code"])
    teller.check("扫入口屏幕上每30秒更换的签到码签到，再扫一次不重复计数", first["first"] and not second["first"])
    teller.say(f"伪造的签到码：{_refusal(visitor, f'{path}/check-ins', {'code': 'A' * 48})}")
    total = officer.post_keyed(f"{path}/tallies", people=6)["people"]
    teller.say(f"另有 {total} 位没有手机的，入口只记人数")
    mine = visitor.post_keyed("/applications", **form)
    step: dict[str, Any] = mine
    for state in ("interview", "offered"):
        step = recruiter.post_keyed(f"/applications/{mine['id']}/steps", state=state, expected_version=step["version"])
    teller.check(
        "现场应聘、面试、达成意向，走的是同一条应聘记录", step["state"] == "offered" and step["fair_id"] is not None
    )
    for _ in range(3):
        visitor.post(f"{path}/visits")
    board = visitor.get(f"{path}/board")
    teller.say(
        f"大屏：企业 {board['enterprises']} 家，空缺 {board['openings']} 个，到场 {board['checked_in']} 人，页面访问 {board['visits']} 次"
    )
    teller.check(
        "大屏只有总数，少于5人的数字不显示",
        board["checked_in"] == 7 and board["applications"] is None and board["visits"] == 3,
    )


def _refusal(caller: Caller, path: str, body: dict[str, Any]) -> str:
    try:
        caller.post_keyed(path, **body)
    except Refused as exc:
        return str(exc.body["message"])
    raise SystemExit(f"\n✗ 应当被拒绝：{path}")


def reported(teller: Teller, officer: Caller, path: str, started: dict[str, Any]) -> None:
    ended = officer.post(f"{path}/end", expected_version=started["version"])
    report = officer.post(f"{path}/report", expected_version=ended["version"])
    totals = report["content"]["totals"]
    teller.check(
        f"结束后总结：到场 {totals['checked_in']}、应聘 {totals['applications']}、面试 {totals['interviews']}、意向 {totals['intents']}；"
        "45天后自动补上录用回访",
        (totals["checked_in"], totals["applications"], totals["interviews"], totals["intents"]) == (7, 1, 1, 1),
    )
    book = officer.download(f"{path}/report.xlsx")
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        teller.check("总结可以下载为 Excel", "企业" in archive.read("xl/workbook.xml").decode())


def _posting(recruiter: Caller, firm_id: str) -> dict[str, Any]:
    code = recruiter.get("/occupations", q="平车工")["items"][0]["code"]
    return {
        "enterprise_id": firm_id, "title": "平车工", "occupation_code": code, "engagement": "direct", "headcount": 5,
        "pay": {"unit": "month", "min_fen": 520000, "max_fen": 700000, "cycle": "monthly"}, "minutes_per_day": 480,
        "days_per_month": 22, "shift_pattern": "day", "place": {"address": "宝盖镇科技园"}, "duties": "平车缝制服装。",
        "valid_until": str((datetime.now(UTC) + timedelta(days=40)).date()),
    }  # fmt: skip
