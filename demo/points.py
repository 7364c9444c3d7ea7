"""文明积分: a rule adopted, a volunteer's hours, a reward fetched, hours taken back, a lot that expires, the books."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from demo import gigs, steps
from demo.client import Caller, Refused, Sandbox
from demo.stack import Stack
from demo.teller import Teller

CHINA = timezone(timedelta(hours=8))
# The week before this has gone so far ahead.
BEGUN = gigs.AFTER
DONE = BEGUN + 2
DECISION = {"decided_by": "宝盖镇村民代表会议", "decision": "演示：〔2026〕3号决议，45名代表中41名同意"}


def a_year(teller: Teller, stack: Stack, sandbox: Sandbox, admin: Caller) -> int:
    """Starts as many days ahead as the story has come; ends after the next New Year. Returns how far ahead that is."""
    admin.login()
    people = {
        name: steps.login(stack, sandbox, "zhipin", name)
        for name in ("积分专员", "第二位积分专员", "林阿珠", "陈小芳", "兑换员")
    }
    first, second, mei, lan, clerk = people.values()
    for person in (first, second):
        steps.appoint(admin, person, "points_officer", "town", None)
    today = datetime.now(CHINA).date() + timedelta(days=BEGUN)
    short = _rules(teller, first, second, today)
    activity = _joined(teller, first, (mei, lan))
    stack.restart_ahead(DONE)
    for person in (admin, *people.values()):
        person.login()
    teller.say("……两天后，活动已经结束")
    hours = _hours(teller, second, activity, mei, lan)
    _claim(teller, first, mei, short, today)
    _reward(teller, admin, first, clerk, mei)
    _taken_back(teller, second, activity, hours, lan)
    new_year = date((today + timedelta(days=2)).year + 1, 1, 2)
    ahead = (new_year - datetime.now(CHINA).date()).days
    stack.restart_ahead(ahead)
    for person in (first, mei):
        person.login()
    _end_of_year(teller, stack, first, mei)
    return ahead


def _rules(teller: Teller, first: Caller, second: Caller, today: date) -> dict[str, Any]:
    teller.chapter("二十、文明积分：规则与预算")
    rules = first.get("/points/rules")["items"]
    teller.check(f"名册带来的 {len(rules)} 条规则都是待表决的提案", {rule["state"] for rule in rules} == {"proposed"})
    form = DECISION | {"decided_on": str(today), "valid_from": str(today)}
    hour = next(rule for rule in rules if rule["code"] == "volunteer_hour")
    try:
        first.post_keyed(
            f"/points/rules/{hour['id']}/adopt",
            **form | {"valid_from": str(today - timedelta(days=1)), "expected_version": 1},
        )
        message = ""
    except Refused as exc:
        message = exc.body["message"]
    teller.check(f"早于表决的执行日期被退回：{message}", "不计分" in message)
    adopted = first.post_keyed(f"/points/rules/{hour['id']}/adopt", **form, expected_version=1)
    teller.check(f"登记表决后执行：“{adopted['text']}”{adopted['points']}分", adopted["state"] == "adopted")
    short = first.post_keyed(
        "/points/rules", code="demo_lost_property", text="拾金不昧，经失主核实", fact="claim", points=5, lasts_years=0,
        confirmed_by="积分专员", source="演示：当年有效",
    )  # fmt: skip
    try:
        first.post_keyed(f"/points/rules/{short['id']}/adopt", **form, expected_version=1)
        message = ""
    except Refused as exc:
        message = exc.body["message"]
    teller.check(f"提案人不能登记自己的提案：{message}", bool(message))
    short = second.post_keyed(f"/points/rules/{short['id']}/adopt", **form, expected_version=1)
    budget = DECISION | {"decided_on": str(today)}
    row = first.post_keyed("/points/budgets", **budget, year=today.year, points=5000)
    teller.check(f"{row['year']}年预算 {row['points']} 分，剩 {row['left']} 分", row["left"] == 5000)
    return dict(short)


def _joined(teller: Teller, first: Caller, people: tuple[Caller, Caller]) -> dict[str, Any]:
    teller.chapter("二十一、志愿活动与积分")
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=BEGUN, hours=1)
    activity = first.post_keyed(
        "/activities", title="河岸清洁", starts_at=start.isoformat(), ends_at=(start + timedelta(hours=3)).isoformat(),
        place="宝盖镇科技园南门", capacity=30,
    )  # fmt: skip
    for person in people:
        for missing in person.get("/me")["missing_consents"]:
            person.put(f"/me/consents/{missing['purpose']}", policy_version=missing["policy_version"])
        version = person.get("/me")["person"]["version"]
        person.put("/me/profile", name=person.person, birth_date="1970-05-04", expected_version=version)
        activity = person.post_keyed(f"/activities/{activity['id']}/join")
    teller.check(f"活动在开始前发布，{activity['joined']} 人报名", activity["joined"] == 2)
    return dict(activity)


def _hours(teller: Teller, second: Caller, activity: dict[str, Any], mei: Caller, lan: Caller) -> list[dict[str, Any]]:
    hours = [{"person_id": mei.person_id, "minutes": 180}, {"person_id": lan.person_id, "minutes": 60}]
    people: list[dict[str, Any]] = second.post_keyed(f"/activities/{activity['id']}/hours", hours=hours)["items"]
    line = mei.get("/me/points/entries")["items"][0]
    teller.check(f"另一位专员确认时长，积分随即入账：{line['told']} +{line['points']}", line["points"] == 3)
    try:
        second.post_keyed(f"/activities/{activity['id']}/hours", hours=hours)
        message = ""
    except Refused as exc:
        message = exc.body["message"]
    teller.check(f"同一时长不能再确认一次：{message}", lan.get("/me/points")["available"] == 1)
    return people


def _claim(teller: Teller, first: Caller, mei: Caller, rule: dict[str, Any], today: date) -> None:
    claim = mei.post_keyed("/me/points/claims", rule_id=rule["id"], on_day=str(today), words="拾到钱包一只，已交还失主")
    done = first.post_keyed(f"/points/claims/{claim['id']}/review", approve=True, expected_version=claim["version"])
    points = mei.get("/me/points")
    teller.check(
        f"申报“{done['rule_text']}”经审核得 {done['awarded']} 分，现有 {points['available']} 分",
        points["available"] == 8,
    )
    ends = [f"{one['points']}分到{one['at'][:10]}" for one in points["expiring"]]
    teller.check(f"积分按批到期：{'，'.join(ends)}", len(ends) == 2)


def _reward(teller: Teller, admin: Caller, first: Caller, clerk: Caller, mei: Caller) -> None:
    teller.chapter("二十二、兑换与核销")
    site = first.post_keyed(
        "/points/sites", name="塘边村文明积分超市", address="塘边村委会一楼", hours="每天9:00—17:00"
    )
    other = first.post_keyed("/points/sites", name="科技园兑换点", address="企业服务中心", hours="每天9:00—17:00")
    steps.appoint(admin, clerk, "points_clerk", "site", site["id"])
    reward = first.post_keyed("/rewards", title="理发一次", kind="service", donor="爱心理发店", points=2, low_stock=1)
    first.post_keyed(
        f"/rewards/{reward['id']}/stock", site_id=site["id"], kind="receipt", quantity=2, reason="捐赠入库"
    )
    first.post_keyed(f"/rewards/{reward['id']}/move", state="offered", expected_version=1)
    held = mei.post_keyed("/me/redemptions", reward_id=reward["id"], site_id=site["id"], helper="林小妹")
    points = mei.get("/me/points")
    teller.check(f"兑换“{held['title']}”：冻结 {points['held']} 分，领取码 {held['code'][:3]}…", points["held"] == 2)
    try:
        mei.post_keyed("/me/redemptions", reward_id=reward["id"], site_id=other["id"])
        message = ""
    except Refused as exc:
        message = exc.body["message"]
    teller.check(f"别的兑换点没有这份礼遇：{message}", bool(message))
    seen = clerk.post("/redemptions/look-up", code=held["qr_text"])
    teller.say(f"兑换员扫码看到：{seen['title']}，{seen['person_name']}，代领人{seen['helper']}")
    done = clerk.post_keyed("/redemptions/fulfil", code=held["qr_text"], picked_up_by="helper")
    stock = first.get(f"/rewards/{reward['id']}/stock")["items"][0]
    teller.check(
        f"代领人凭码领走；库存 入库{stock['received']}＝可兑{stock['free']}＋冻结{stock['held']}＋已领{stock['fulfilled']}＋核销{stock['written_off']}",
        done["state"] == "fulfilled" and stock["received"] == stock["free"] + stock["fulfilled"],
    )
    low = [task["title"] for task in first.get("/tasks", kind="stock_low")["items"]]
    teller.check(f"库存提醒进入专员的待办：{low[0]}", len(low) == 1)


def _taken_back(
    teller: Teller, second: Caller, activity: dict[str, Any], hours: list[dict[str, Any]], lan: Caller
) -> None:
    row = next(one for one in hours if one["person_id"] == lan.person_id)
    path = f"/activities/{activity['id']}/people/{lan.person_id}/void"
    second.post_keyed(path, reason="签到记录有误", expected_version=row["version"])
    line = lan.get("/me/points/entries")["items"][0]
    teller.check(f"时长撤销，积分随之冲回：{line['points']}，{line['told']}", line["kind"] == "reversal")
    notice = lan.get("/me/notices")["items"][0]["body"]
    teller.check(f"本人收到通知：{notice}", "冲回1分" in notice)


def _end_of_year(teller: Teller, stack: Stack, first: Caller, mei: Caller) -> None:
    teller.chapter("二十三、到期与对账")
    teller.say("……过了年")
    expired = steps.until(lambda: [one for one in mei.get("/me/points/entries")["items"] if one["kind"] == "expiry"])
    teller.check(f"当年有效的一批到期：{expired[0]['points']} 分", expired[0]["points"] == -3)
    teller.check("其余的还在", mei.get("/me/points")["available"] == 3)
    balance = first.get("/points/trial-balance")
    parts = "，".join(f"{row['kind_label']} {row['balance']}" for row in balance["accounts"] if row["balance"])
    teller.check(f"试算平衡：{parts}，合计 {balance['total']}", balance["total"] == 0)
    verified = stack.command("points", "verify").splitlines()
    teller.check(f"sanqu points verify：{verified[0]}", verified[-1] == "相符")
    paper = mei.download(f"/me/points/statement.pdf?year={datetime.now(CHINA).year}")
    teller.check("积分对账单可以打印（PDF）", paper.startswith(b"%PDF"))
