"""“1+N+X”: unpaid wages of twelve gig workers become one case; a panel without the firm's own cadre; an agreement, broken and made good."""

import io
import time
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

import httpx
from pypdf import PdfReader

from demo import steps
from demo.client import Caller, Refused, Sandbox
from demo.gigs import PLACE, SEWING
from demo.stack import Stack
from demo.teller import Teller

CHINA = timezone(timedelta(hours=8))
HEADS, LEAVING = 12, 2
CADRE, UNION = "高德坤", "林海燕"
# Days: the story before it ends on the fifth; the shift, the record, the wages late, the promise broken.
SHIFT, RECORD, LATE, BROKEN = 6, 7, 15, 31


class Case:
    """As its manager reads it, with a fresh version for each step."""

    def __init__(self, manager: Caller, case_id: str) -> None:
        self.manager, self.id, self.path = manager, case_id, f"/cases/{case_id}"

    @property
    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = self.manager.get(self.path)
        return found

    def step(self, verb: str, by: Caller | None = None, **more: Any) -> dict[str, Any]:
        form = {"expected_version": self.seen["version"]} | more
        done: dict[str, Any] = (by or self.manager).post_keyed(f"{self.path}/{verb}", **form)
        return done


def twelve_wages(
    teller: Teller, stack: Stack, sandbox: Sandbox, admin: Caller, owner: Caller, firm_id: str, ahead: int
) -> None:
    names = ["调解受理员", "专职调解员", "挂钩干部", "总工会副主席"]
    staff = manager, mediator, cadre, union = [steps.login(stack, sandbox, "zhipin", name) for name in names]
    workers = [_worker(stack, sandbox, f"讨薪工人{number}") for number in range(1, HEADS + 1)]
    everybody = [admin, owner, *staff, *workers]

    def days(count: int) -> None:
        stack.restart_ahead(ahead + count)
        for person in everybody:
            person.login()

    for person in (admin, owner):
        person.login()
    steps.appoint(admin, manager, "case_manager", "town", None)
    steps.appoint(admin, mediator, "mediator", "town", None)
    for person, name, role in ((cadre, CADRE, "liaison_cadre"), (union, UNION, "mediator")):
        steps.claim_and_appoint(admin, person, name, role)
    for person in workers:
        _register(person)
    _wages(teller, owner, firm_id, workers, days, ahead)
    days(LATE)
    case = _one_case(teller, manager, workers)
    staying = _consents(teller, case, owner, workers)
    _panel(teller, case, owner, staying, cadre, union, mediator, ahead)
    _sitting(teller, case, owner, staying, mediator)
    _agreement(teller, case, owner, staying, mediator, ahead)
    days(BROKEN)
    _performance(teller, case, staying, ahead)
    _volume(teller, case)


def _worker(stack: Stack, sandbox: Sandbox, name: str) -> Caller:
    return steps.login(stack, sandbox, "linggong", name)


def _register(person: Caller) -> None:
    for missing in person.get("/me")["missing_consents"]:
        person.put(f"/me/consents/{missing['purpose']}", policy_version=missing["policy_version"])
    person.put("/me/consents/dispute", policy_version="2026-11")
    version = person.get("/me")["person"]["version"]
    person.put("/me/profile", name="林小梅", birth_date="1986-05-04", expected_version=version)
    row = person.put("/me/worker-profile", skills=[{"process_code": SEWING, "level": 3}], wanted_minutes_week=2400)
    week = [{"weekday": day, "start_minute": 0, "end_minute": 1440} for day in range(7)]
    person.put("/me/availability", windows=week, days=[], anchors=[], expected_version=row["version"])


def _wages(teller: Teller, owner: Caller, firm_id: str, workers: list[Caller], days: Any, ahead: int) -> None:
    teller.chapter("二十八、十二个人的工资没有发")
    begin = datetime.now(UTC) + timedelta(days=ahead + SHIFT, minutes=-2)
    order = owner.post_keyed(
        "/shift-orders", enterprise_id=firm_id, title="赶货平车工", process_code=SEWING, level=1, fill_mode="first_come",
        pay={"unit": "hour", "hour_fen": 2600, "lines": []}, wage_period="shift", pay_days=3, cover="work_injury",
        late_cancel_fen=5000, place={"address": "宝盖镇科技园回兴路188号", **PLACE}, duties="按样衣操作，自带剪刀。", submit=True,
        shifts=[{
            "starts_at": begin.isoformat(), "ends_at": (begin + timedelta(hours=4)).isoformat(), "heads": HEADS,
            "break_minutes": 0,
        }],
    )  # fmt: skip
    shift = order["shifts"][0]
    seats = [person.post_keyed(f"/shifts/{shift['id']}/claims") for person in workers]
    days(SHIFT)
    for person, seat in zip(workers, seats, strict=True):
        code = owner.get(f"/shifts/{shift['id']}/check-in-code")["code"]
        person.post_keyed(f"/me/assignments/{seat['id']}/scan", kind="in", code=code)
    days(RECORD)
    lines = [{"assignment_id": seat["id"], "minutes": 240} for seat in seats]
    owner.post_keyed(f"/shifts/{shift['id']}/timesheets", lines=lines)
    for person in workers:
        sheet = person.get("/me/timesheets")["items"][0]
        person.post_keyed(f"/me/timesheets/{sheet['id']}/agree", expected_version=sheet["version"])
    wage = workers[0].get("/me/settlements")["items"][0]
    teller.check(
        f"{HEADS}人各做4小时，工时双方确认，每人应付{wage['due_fen'] / 100:.2f}元，最迟{wage['due_on']}",
        wage["due_fen"] == 10400,
    )


def _one_case(teller: Teller, manager: Caller, workers: list[Caller]) -> Case:
    teller.chapter("二十九、从工资结算立案，合并为一起集体案件")
    for person in workers:
        wage = steps.until(partial(_overdue, person))
        person.post_keyed(f"/me/settlements/{wage['id']}/mediate", expected_version=wage["version"])
    desk = manager.get("/case-desk", limit=50)["items"][::-1]
    teller.check(
        f"工资逾期，{len(desk)}人选择调解：每人自动立案，受理台看不到内容，只看到企业和首次答复的期限",
        len(desk) == HEADS and all("claim" not in one for one in desk),
    )
    for one in desk:
        done = manager.post_keyed(f"/cases/{one['id']}/take", expected_version=one["version"])
        manager.post_keyed(f"/cases/{one['id']}/screen", cause="unpaid", expected_version=done["version"])
    case = Case(manager, desk[0]["id"])
    case.step("absorb", case_ids=[one["id"] for one in desk[1:]])
    seen = workers[5].get(case.path)
    claims = [one["claim_fen"] for one in case.seen["parties"] if one["side"] == "complainant"]
    teller.check(
        f"合并为集体案件{seen['number']}，{seen['claimants']}名申请人各自保留请求和金额", claims == [10400] * HEADS
    )
    ties = {one["role"]: one["told"] for one in seen["ties"]}
    teller.say("；".join(ties.values()))
    teller.check(
        "案件打开时已知道企业、党组织、书记、挂钩干部；没有登记的照实说未知",
        "未知" in ties["grid"] and CADRE in ties["cadre"],
    )
    days_left = {one["label"]: one["days_left"] for one in seen["routes"]}
    teller.check(f"第一页就写明其他途径和剩余天数：{days_left}", days_left["劳动争议仲裁"] > 300)
    paper = workers[5].download(f"{case.path}/inspection-file.pdf")
    teller.check("劳动保障监察投诉材料随时可以导出", "劳动保障监察投诉材料" in read(paper))
    return case


def _overdue(person: Caller) -> dict[str, Any] | None:
    wage: dict[str, Any] = person.get("/me/settlements")["items"][0]
    return wage if wage["state"] == "overdue" else None


def _consents(teller: Teller, case: Case, owner: Caller, workers: list[Caller]) -> list[Caller]:
    case.step("accept", mediation_body="labour")
    case.step("ask-consent")
    left = [workers[-1].post_keyed(f"{case.path}/leave", separate=True), workers[-2].post_keyed(f"{case.path}/leave")]
    alone = workers[-1].get(f"/cases/{left[0]['new_case_id']}")
    teller.check(f"{LEAVING}人退出：一人{left[0]['told']}，一人不再调解", alone["claimants"] == 1)
    staying = workers[:-LEAVING]
    for person in (*staying, owner):
        person.post_keyed(f"{case.path}/consent", agree=True)
    gone = _refusal(lambda: workers[-1].get(case.path))
    teller.check(
        "留下的10人和企业各自同意；退出的人再也看不到这起案件（404）", case.seen["state"] == "consented" and gone == 404
    )
    return staying


def _panel(
    teller: Teller, case: Case, owner: Caller, staying: list[Caller], cadre: Caller, union: Caller, mediator: Caller,
    ahead: int,
) -> None:  # fmt: skip
    teller.chapter("三十、调解小组：先查关联，再邀请")
    proposed = {one["label"]: one["candidates"] for one in case.manager.get(f"{case.path}/seat-proposals")["items"]}
    teller.say(
        "按类型提出席位："
        + "；".join(
            f"{label}（{'、'.join(c['name'] for c in found) or '名单没有'}）" for label, found in proposed.items()
        )
    )
    flagged = case.step("seats", person_id=cadre.person_id, role="member", body="party_committee")
    teller.check(
        f"企业自己的挂钩干部{flagged['name']}被标出：{flagged['told']}", flagged["state"] == "awaiting_consent"
    )
    owner.post_keyed(f"/case-seats/{flagged['id']}/vote", agree=True)
    refused = staying[0].post_keyed(f"/case-seats/{flagged['id']}/vote", agree=False)
    teller.check(
        "一名申请人不同意，不邀请他，他也看不到案件",
        refused["state"] == "not_wanted" and _refusal(lambda: cadre.get(case.path)) == 404,
    )
    for person, role, body in ((union, "member", "union"), (mediator, "mediator", "mediators")):
        seat = case.step("seats", person_id=person.person_id, role=role, body=body)
        seen = person.get("/case-invitations")["items"][0]
        assert seen["id"] == seat["id"]  # the invitation just sent
        person.post_keyed(f"/case-seats/{seat['id']}/answer", answer="accept", expected_version=seen["version"])
    for person in (*staying, owner):
        person.post_keyed(f"/case-seats/{seat['id']}/vote", agree=True)
    case.step("begin")
    at = datetime.now(CHINA) + timedelta(days=ahead + LATE, seconds=3)
    case.step(
        "sessions", by=mediator, starts_at=at.isoformat(timespec="seconds"), mode="onsite", place="科技园邻里中心调解室"
    )
    teller.check("工会和调解员就位，各方没有异议，调解开始", case.seen["state"] == "mediating")


def _sitting(teller: Teller, case: Case, owner: Caller, staying: list[Caller], mediator: Caller) -> None:
    # The sitting begins within seconds; its minutes are refused before that.
    time.sleep(3)
    sitting = mediator.get(f"{case.path}/sessions")["items"][0]
    parties = {one["side"]: one["id"] for one in case.seen["parties"] if one["state"] == "active"}
    held = mediator.post_keyed(
        f"/mediation-sessions/{sitting['id']}/minutes", minutes="告知权利义务；核对结算；企业说明原因；提出一次付清的方案。",
        present_parties=[parties["respondent"], _own(staying[0], case)], present_seats=[],
        expected_version=sitting["version"],
    )  # fmt: skip
    for person in (staying[0], owner):
        held = person.post_keyed(f"/mediation-sessions/{sitting['id']}/confirm", confirm=True)
    teller.check(f"第一次调解的笔录由到场的人确认：{held['minutes_told']}", "都已表示意见" in held["minutes_told"])


def _own(person: Caller, case: Case) -> str:
    return next(str(one["id"]) for one in person.get(case.path)["parties"] if one["mine"])


def _agreement(teller: Teller, case: Case, owner: Caller, staying: list[Caller], mediator: Caller, ahead: int) -> None:
    teller.chapter("三十一、协议：签署、盖章、读回 PDF")
    said = owner.post_keyed(
        f"{case.path}/statements", words="货款没有收到，愿意十天内全部付清", release=True, concession=True
    )
    teller.check(f"企业的让步注明：{said['concession_told'][:30]}……", bool(said["concession_told"]))
    parties = {one["id"]: one for one in case.seen["parties"] if one["state"] == "active"}
    firm = next(one["id"] for one in parties.values() if one["side"] == "respondent")
    due = (datetime.now(CHINA) + timedelta(days=ahead + LATE + 10)).date()
    terms = [
        {"party_id": firm, "to_party_id": one["id"], "what": "付清逾期工资", "amount_fen": one["claim_fen"], "due_on": str(due)}
        for one in parties.values() if one["side"] == "complainant"
    ]  # fmt: skip
    form = {
        "form": "written", "facts": "双方确认10名工人的工资逾期未付，每人104元。", "responsibility": "企业承担支付责任。",
        "content": "企业付清10名工人的逾期工资共1040元。", "manner": "微信转账给本人。",
    }  # fmt: skip
    undated = _refusal(
        lambda: case.step(
            "agreements", by=mediator, **form, terms=[{k: v for k, v in terms[0].items() if k != "due_on"}]
        )
    )
    teller.check("没有履行日期的协议被退回", undated == 422)
    agreement = case.step("agreements", by=mediator, **form, terms=terms)
    path = f"/case-agreements/{agreement['id']}"
    for person, signer in (
        *((one, "party") for one in staying),
        (owner, "party"),
        (mediator, "mediator"),
        (case.manager, "seal"),
    ):
        agreement = person.post_keyed(f"{path}/sign", **{"as": signer, "expected_version": agreement["version"]})
    teller.check("10名工人、企业、调解员签名，印章盖上，协议生效，进入履行", agreement["state"] == "effective")
    text = read(staying[0].download(f"{path}/paper.pdf"))
    fields = (
        "劳动争议调解协议书",
        "当事人",
        "主要事实、争议事项和各方责任",
        "协议内容",
        "履行方式和期限",
        "1040元",
        "104.00",
        "三十日内",
    )
    missing = [one for one in fields if one not in text]
    teller.check(f"PDF 用另一个库打开，法定各栏都读得回：{'、'.join(fields[:5])}", not missing)


def _performance(teller: Teller, case: Case, staying: list[Caller], ahead: int) -> None:
    teller.chapter("三十二、逾期、补救、归档")
    day = str((datetime.now(CHINA) + timedelta(days=ahead + LATE + 5)).date())
    for person in staying[1:]:
        _done(person, case, day)
    broken = _term_of(staying[0], case)
    staying[0].post_keyed(f"/agreement-terms/{broken['id']}/not-done", expected_version=broken["version"])
    seen = staying[0].get(case.path)
    teller.check("9人按期收到；1人到期没有收到，登记为逾期未履行", seen["state"] == "breached")
    teller.say(seen["exit_notice"][:120] + "……")
    teller.check("补救途径写明：可以凭协议申请支付令", "支付令" in seen["exit_notice"])
    _done(staying[0], case, str((datetime.now(CHINA) + timedelta(days=ahead + BROKEN)).date()))
    teller.check("企业补付，本人确认，案件变为“已履行”", case.seen["state"] == "performed")
    staying[0].put_keyed(f"{case.path}/satisfaction", score=4, words="慢了几天，钱拿到了")
    case.step("follow-up", reason="电话回访10人：全部收到，没有新的争议")
    case.step("close")


def _term_of(person: Caller, case: Case) -> dict[str, Any]:
    """The promise to this person."""
    own = _own(person, case)
    terms = person.get(f"{case.path}/agreements")["items"][0]["terms"]
    return next(dict(one) for one in terms if one["to_party_id"] == own)


def _done(person: Caller, case: Case, day: str) -> None:
    term = _term_of(person, case)
    person.post_keyed(f"/agreement-terms/{term['id']}/done", done_on=day, expected_version=term["version"])


def _volume(teller: Teller, case: Case) -> None:
    packed = case.manager.download(f"{case.path}/volume.zip")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        text, names = read(archive.read("01-案卷.pdf")), archive.namelist()
    order = [
        "一、申请",
        "二、权利义务告知",
        "三、当事人身份",
        "四、调解小组",
        "五、调解记录",
        "六、调解协议",
        "七、证据目录",
        "八、履行情况",
        "九、回访",
    ]
    places = [text.find(one) for one in order]
    teller.check(f"案卷按归档次序导出（{'、'.join(names)}）", places == sorted(places) and places[0] >= 0)


def read(pdf: bytes) -> str:
    """Without the blanks of typesetting."""
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def _refusal(act: Any) -> int:
    try:
        act()
    except Refused as exc:
        return int(exc.status)
    except httpx.HTTPStatusError as exc:
        return exc.response.status_code
    return 200
