"""零工配产: a week's orders of three firms of the plan, one plan for the town, a no-show, a time sheet, a wage."""

import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from demo import steps
from demo.client import Caller, Refused, Sandbox
from demo.stack import Stack
from demo.teller import Teller

CHINA = timezone(timedelta(hours=8))
SEWING, LOCKING = "61101.01", "61101.02"
# The story of weeks before this one has gone so far ahead; the day at work is the next, its end the one after.
PLANNED, AT_WORK, AFTER = 34, 35, 36
PLACE = {"latitude": 24.7236, "longitude": 118.6651, "coord_type": "gcj02"}
# Annex 2 of the plan; the credit codes are made up.
OTHER_FIRMS = (("卡宾服饰（中国）有限公司", "91350581MA0DEM0K1"), ("石狮市季季乐服装织造有限公司", "91350581MA0DEM0J2"))
PEOPLE = ("蔡阿美", "林小梅", "王阿芬", "陈美丽", "李秀英", "吴金针", "许淑贞", "洪巧云")


class Floor:
    """A firm that orders shifts."""

    def __init__(self, owner: Caller, firm_id: str, name: str) -> None:
        self.owner, self.id, self.name = owner, firm_id, name


def a_week(teller: Teller, stack: Stack, sandbox: Sandbox, admin: Caller, officer: Caller, recruiter: Caller, firm_id: str) -> None:  # fmt: skip
    """`recruiter` and `firm_id`: the firm that the story began with."""
    for person in (admin, officer, recruiter):
        person.login()
    own = Floor(recruiter, firm_id, steps.FIRM)
    floors = [own, *(_firm(stack, sandbox, officer, name, body) for name, body in OTHER_FIRMS)]
    for floor in floors:
        steps.appoint(admin, floor.owner, "owner", "enterprise", floor.id)
    office = steps.login(stack, sandbox, "linggong", "零工专员")
    steps.appoint(admin, office, "gigs_officer", "town", None)
    workers = _workers(teller, stack, sandbox)
    shift = _orders(teller, floors)
    _plan(teller, office, shift)
    seats = _accept(teller, workers, shift)
    stack.restart_ahead(AT_WORK)
    for person in (office, *(floor.owner for floor in floors), *workers):
        person.login()
    teller.say("……第二天，开班两分钟（API 与后台进程换上快进的时钟）")
    present = _gate(teller, own, workers, seats, shift)
    stack.restart_ahead(AFTER)
    for person in (office, *(floor.owner for floor in floors), *workers):
        person.login()
    _hours_and_wages(teller, own, present, shift)


def _firm(stack: Stack, sandbox: Sandbox, officer: Caller, name: str, body: str) -> Floor:
    owner = steps.login(stack, sandbox, "linggong", f"{name[:3]}派工员")
    firm = owner.get("/enterprises", name=name)[0]
    claim = owner.post(
        f"/enterprises/{firm['id']}/claims", uscc=steps.fictional_credit_code(body), note=steps.FICTIONAL_NOTE
    )
    steps.approve_claim(officer, claim)
    return Floor(owner, firm["id"], firm["name"])


def _workers(teller: Teller, stack: Stack, sandbox: Sandbox) -> list[Caller]:
    teller.chapter("十五、零工登记")
    found = []
    for name in PEOPLE:
        person = steps.login(stack, sandbox, "linggong", name)
        for missing in person.get("/me")["missing_consents"]:
            person.put(f"/me/consents/{missing['purpose']}", policy_version=missing["policy_version"])
        version = person.get("/me")["person"]["version"]
        person.put("/me/profile", name=name, birth_date="1986-05-04", expected_version=version)
        person.put("/me/night-messages", wanted=True)
        row = person.put(
            "/me/worker-profile", skills=[{"process_code": SEWING, "level": 3}], wanted_minutes_week=2400, urgent=True,
            night_ok=True,
        )  # fmt: skip
        week = [{"weekday": day, "start_minute": 0, "end_minute": 1440} for day in range(7)]
        person.put("/me/availability", windows=week, days=[], anchors=[], expected_version=row["version"])
        found.append(person)
    teller.check(f"{len(found)} 位村民登记：会平车三级、每天都可以、想每周做 40 小时", len(found) == len(PEOPLE))
    return found


def _start() -> datetime:
    """Two minutes before the clock of the day at work."""
    return datetime.now(UTC) + timedelta(days=AT_WORK, minutes=-2)


def _orders(teller: Teller, floors: list[Floor]) -> dict[str, Any]:
    """The first shift is the one that the story follows."""
    teller.chapter("十六、三家企业一周的用工订单")
    begin, found = _start(), []
    for floor in floors:
        for code, title, level, heads in ((SEWING, "平车工", 2, 2), (LOCKING, "包缝工", 5, 1)):
            shifts = [
                {
                    "starts_at": (begin + timedelta(days=day)).isoformat(), "heads": heads, "break_minutes": 30,
                    "ends_at": (begin + timedelta(days=day, hours=4, minutes=30)).isoformat(),
                }
                for day in range(3)
            ]  # fmt: skip
            made = floor.owner.post_keyed(
                "/shift-orders", enterprise_id=floor.id, title=title, process_code=code, level=level,
                fill_mode="allocate", pay={"unit": "hour", "hour_fen": 2600, "lines": []}, wage_period="shift",
                pay_days=3, cover="work_injury", late_cancel_fen=5000,
                place={"address": "宝盖镇科技园回兴路188号", **PLACE}, duties="按样衣操作，自带剪刀。", shifts=shifts,
                submit=True,
            )  # fmt: skip
            found.append(made["shifts"][0])
        teller.say(f"{floor.name}：平车二级 2 人、包缝五级 1 人，连续三天，时薪 26.00 元，工伤保险，临时取消补偿 50 元")
    followed: dict[str, Any] = found[0]
    shown = floors[0].owner.get(f"/shifts/{followed['id']}/people")
    teller.check("条件写全的订单直接发布，等待统一配工", shown["seats"] == 4 and shown["taken"] == 0)
    return followed


def _plan(teller: Teller, office: Caller, shift: dict[str, Any]) -> None:
    teller.chapter("十七、全镇统一配工")
    first = str(datetime.fromisoformat(shift["starts_at"]).astimezone(CHINA).date())
    run = office.post_keyed("/allocation-runs", first_day=first, days=7, limit_seconds=20)
    path = f"/allocation-runs/{run['id']}"
    deadline = time.monotonic() + 60
    while run["state"] in {"queued", "running"} and time.monotonic() < deadline:
        time.sleep(0.2)
        run = office.get(path)
    teller.check(f"后台算出方案：{run['text']}", run["state"] == "ready")
    for one in run["objectives"]:
        teller.say(f"目标“{one['name']}”：{one['value']}，界 {one['bound']}，差距 {one['gap'] * 100:.2f}%")
    check = run["check"]
    teller.check(
        f"另写的核对程序逐条检查：{check['rules']} 条规则，比较 {check['checked']} 次，违规 {len(check['violations'])}",
        check["violations"] == [] and check["checked"] > 0,
    )
    unfilled = office.get(f"{path}/unfilled", limit=100)["items"]
    lock = next(one for one in unfilled if one["title"] == "包缝工")
    teller.check(f"没有排上的名额说明原因：{lock['reason']}", "包缝" in lock["reason"])
    done = office.post_keyed(f"{path}/publish", expected_version=run["version"])
    deadline = time.monotonic() + 20
    while (done["offered"] or 0) + (done["skipped"] or 0) < done["assigned"] and time.monotonic() < deadline:
        time.sleep(0.2)
        done = office.get(path)
    teller.check(f"发布后变成 {done['offered']} 份有期限的邀约", done["offered"] == done["assigned"] > 0)
    short = office.get("/training-proposals")
    teller.check(f"缺工记成建议的培训需求：{short[0]['text']}", any("包缝" in one["text"] for one in short))


def _accept(teller: Teller, workers: list[Caller], shift: dict[str, Any]) -> list[tuple[Caller, dict[str, Any]]]:
    """Everybody takes what they are offered; who has the seats of the shift that is followed."""
    seats, told = [], ""
    for person in workers:
        for offer in person.get("/me/shift-offers")["items"]:
            told = told or f"{offer['shift']['enterprise_name'][:8]}…“{offer['shift']['title']}”：{offer['reason']}"
            seat = person.post_keyed(f"/me/shift-offers/{offer['id']}/accept", expected_version=offer["version"])
            if seat["shift"]["shift_id"] == shift["id"]:
                seats.append((person, seat))
    teller.say(told)
    teller.check(f"各自接受；{steps.FIRM[6:10]}的第一个班次有了 {len(seats)} 人", len(seats) == 2)  # two heads
    label = seats[0][1]["label_text"]
    teller.say(f"双方都看到：{label}")
    return seats


def _gate(
    teller: Teller,
    firm: Floor,
    workers: list[Caller],
    seats: list[tuple[Caller, dict[str, Any]]],
    shift: dict[str, Any],
) -> list[Caller]:
    """One scans the code at the gate, one does not come; whoever was free has the seat within the minute."""
    teller.chapter("十八、签到与补位")
    (first, mine), (second, missed) = seats
    teller.check("开班前32小时内接受，即已确认到岗", mine["state"] == missed["state"] == "confirmed")
    code = firm.owner.get(f"/shifts/{shift['id']}/check-in-code")["code"]
    marked = first.post_keyed(f"/me/assignments/{mine['id']}/scan", kind="in", code=code)
    teller.check("扫现场半分钟一换的动态码签到", marked["state"] == "present")
    people = firm.owner.get(f"/shifts/{shift['id']}/people")["people"]
    late = next(one for one in people if one["assignment_id"] == missed["id"])
    began = time.monotonic()
    firm.owner.post_keyed(f"/assignments/{missed['id']}/no-show", expected_version=late["version"])
    spare, offer = _asked(workers, shift, {first.person_id, second.person_id})
    seat = spare.post_keyed(f"/me/shift-offers/{offer['id']}/accept", expected_version=offer["version"])
    seconds = time.monotonic() - began
    code = firm.owner.get(f"/shifts/{shift['id']}/check-in-code")["code"]
    spare.post_keyed(f"/me/assignments/{seat['id']}/scan", kind="in", code=code)
    teller.check(f"派工员登记一人未到岗，{seconds:.1f} 秒后有人补上：{offer['reason']}", seconds < 60)
    record = second.get("/me/no-shows")[0]
    teller.check(f"未到岗的人收到记录，可以申诉：{record['rule']}", record["points"] > 0)
    return [first, spare]


def _asked(workers: list[Caller], shift: dict[str, Any], besides: set[str]) -> tuple[Caller, dict[str, Any]]:
    deadline = time.monotonic() + 50
    while time.monotonic() < deadline:
        for person in workers:
            if person.person_id in besides:
                continue
            for offer in person.get("/me/shift-offers")["items"]:
                if offer["state"] == "offered" and offer["shift"]["shift_id"] == shift["id"]:
                    return person, offer
        time.sleep(0.1)
    raise SystemExit("\n✗ 没有做到：空出的名额没有人被问到")


def _hours_and_wages(teller: Teller, firm: Floor, present: list[Caller], shift: dict[str, Any]) -> None:
    teller.chapter("十九、工时、对账与工资")
    people = firm.owner.get(f"/shifts/{shift['id']}/people")["people"]
    here = [one["assignment_id"] for one in people if one["state"] in {"present", "done"}]
    lines = [{"assignment_id": one, "minutes": 210} for one in here]
    firm.owner.post_keyed(f"/shifts/{shift['id']}/timesheets", lines=lines)
    agreed, argued = (
        next(row for row in person.get("/me/timesheets")["items"] if row["assignment_id"] in here) for person in present
    )
    done = present[0].post_keyed(f"/me/timesheets/{agreed['id']}/agree", expected_version=agreed["version"])
    teller.check(f"一人确认企业填写的 {done['final']['text']}", done["state"] == "agreed")
    said = present[1].post_keyed(
        f"/me/timesheets/{argued['id']}/record",
        minutes=240,
        reason="收班后又做了半小时",
        expected_version=argued["version"],
    )
    teller.check(
        f"另一人认为是 {said['difference']['claimed']['text']}，进入对账；双方都认可的 {said['final']['text']} 照常支付",
        said["state"] == "disputed",
    )
    closed = firm.owner.post_keyed(f"/timesheets/{argued['id']}/answer", accept=True, expected_version=said["version"])
    teller.check("企业核对后接受", closed["state"] == "agreed")
    wage = present[1].get("/me/settlements")["items"][0]
    teller.check(
        f"结算：{wage['lines'][0]['reckoning']}；最迟 {wage['due_on']}：{wage['due_because']}", wage["due_fen"] == 10400
    )
    _pay(teller, firm, present[1], wage)


def _pay(teller: Teller, firm: Floor, person: Caller, wage: dict[str, Any]) -> None:
    today = str((datetime.now(UTC) + timedelta(days=AFTER)).astimezone(CHINA).date())
    try:
        firm.owner.post_keyed(
            f"/settlements/{wage['id']}/pay", paid_fen=wage["due_fen"] + 1, paid_on=today, paid_by="wechat",
            expected_version=wage["version"],
        )  # fmt: skip
        refusal = ""
    except Refused as exc:
        refusal = exc.body["message"]
    teller.check(f"多登记一分被退回：{refusal}", "104.00" in refusal)
    # Their last statement serves as the paper that the firm shows: a PDF like any other.
    proof = firm.owner.upload("transfer.pdf", person.download(f"/me/settlements.pdf{_days(wage)}"), "wage_proof")
    paid = firm.owner.post_keyed(
        f"/settlements/{wage['id']}/pay", paid_fen=wage["due_fen"], paid_on=today, paid_by="wechat",
        proof_file_id=proof["file_id"], expected_version=wage["version"],
    )  # fmt: skip
    seen = person.get(f"/me/settlements/{wage['id']}")
    teller.check("本人可以打开企业的支付凭据", bool(seen["proof_url"]))
    got = person.post_keyed(f"/me/settlements/{wage['id']}/receive", expected_version=paid["version"])
    teller.check("企业登记付给本人，本人确认收到", got["state"] == "received")
    query = _days(wage)
    content = firm.owner.download(f"/enterprises/{firm.id}/settlements.xlsx{query}")
    printed = person.download(f"/me/settlements.pdf{query}")
    teller.check(f"本人的结算单（PDF，{len(printed):,} 字节）", printed[:5] == b"%PDF-")
    teller.check(f"工资支付台账（Excel，{len(content):,} 字节）含法定各栏", content[:2] == b"PK")


def _days(wage: dict[str, Any]) -> str:
    last = date.fromisoformat(wage["period_end"])
    return f"?from={last - timedelta(days=7)}&to={last + timedelta(days=1)}"
