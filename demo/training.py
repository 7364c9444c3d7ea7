"""菜单式培训: two ways of asking, one pool, a class, a waiting list, attendance, a certificate, and its revocation."""

from datetime import datetime, timedelta, timezone
from typing import Any

import httpx

from demo import steps
from demo.client import Caller, Refused, Sandbox
from demo.stack import Stack
from demo.steps import vacancy_form
from demo.teller import Teller

CHINA = timezone(timedelta(hours=8))
WORKERS, VILLAGERS, SEATS = 8, 5, 12
DECISION = {"decided_by": "宝盖镇村民代表会议", "decision": "演示：〔2027〕1号决议"}
WORD = "电工证"


class Calendar:
    """The day on which the story stands: so many days ahead of today."""

    def __init__(self, ahead: int) -> None:
        self.ahead = ahead

    def at(self, days: int, hour: int = 9) -> datetime:
        today = datetime.now(CHINA).replace(hour=hour, minute=0, second=0, microsecond=0)
        return today + timedelta(days=self.ahead + days)


def a_class(
    teller: Teller, stack: Stack, sandbox: Sandbox, admin: Caller, recruiter: Caller, firm_id: str, ahead: int
) -> None:
    calendar = Calendar(ahead)
    for person in (admin, recruiter):
        person.login()
    names = ["培训专员", "培训教师", "塘后网格员", "积分专员", "第二位积分专员"]
    officer, trainer, member, first, second = (steps.login(stack, sandbox, "zhipin", name) for name in names)
    steps.appoint(admin, officer, "training_officer", "town", None)
    steps.appoint(admin, trainer, "trainer", "town", None)
    grid = admin.get("/grids")[0]["id"]
    steps.appoint(admin, member, "grid_member", "grid", grid)
    _points_rule(first, second, calendar)
    posting = _vacancy(recruiter, firm_id, calendar)
    workers = [_worker(stack, sandbox, recruiter, firm_id, f"培训工人{n}") for n in range(1, WORKERS + 1)]
    villagers = [_learner(stack, sandbox, f"培训村民{n}") for n in range(1, VILLAGERS + 1)]
    course = _menu(teller, officer)
    pool, demands = _demand(teller, officer, recruiter, member, course, firm_id, grid)
    made = _class(teller, officer, recruiter, member, course, pool, demands, calendar)
    entries, late = _enrolment(teller, officer, recruiter, workers, villagers, made, firm_id)
    star = villagers[0]
    barred = str(star.get(f"/me/recommended-vacancies/{posting['id']}"))
    teller.check(f"要求{WORD}的岗位现在说：岗位必须有{WORD}，登记里没有", f"岗位必须有{WORD}" in barred)
    everybody = [admin, officer, trainer, first, *workers, *villagers]
    _lessons(teller, stack, everybody, officer, trainer, star, made, entries, late, calendar)
    held = _certificate(teller, stack, officer, star, made, posting)
    _revoked(teller, stack, officer, star, held, posting)


def _points_rule(first: Caller, second: Caller, calendar: Calendar) -> None:
    day = calendar.at(0).date()
    rule = next(rule for rule in first.get("/points/rules")["items"] if rule["code"] == "class_passed")
    form = DECISION | {"decided_on": str(day), "valid_from": str(day), "expected_version": rule["version"]}
    second.post_keyed(f"/points/rules/{rule['id']}/adopt", **form)
    if all(row["year"] != day.year for row in first.get("/points/budgets")["items"]):
        first.post_keyed("/points/budgets", **DECISION, decided_on=str(day), year=day.year, points=100_000)


def _vacancy(recruiter: Caller, firm_id: str, calendar: Calendar) -> dict[str, Any]:
    form = vacancy_form(recruiter, firm_id) | {
        "title": "电工", "occupation_code": recruiter.get("/occupations", q="电工")["items"][0]["code"], "headcount": 3,
        "required_certificates": [WORD], "required_machines": [], "required_years": None, "features": [],
        "duties": "厂区线路和缝纫设备的电路维修。", "requirements": "持证上岗，男女不限。",
        "valid_until": str(calendar.at(40).date()),
    }  # fmt: skip
    made: dict[str, Any] = recruiter.post("/vacancies", **form)["vacancy"]
    return made


def _learner(stack: Stack, sandbox: Sandbox, name: str) -> Caller:
    person = steps.login(stack, sandbox, "zhipin", name)
    me = person.get("/me")
    for missing in me["missing_consents"]:
        person.put(f"/me/consents/{missing['purpose']}", policy_version=missing["policy_version"])
    person.put("/me/consents/skill_profile", policy_version="2026-11")
    form = {"name": "林大山", "birth_date": "1988-06-01", "expected_version": me["person"]["version"]}
    person.put("/me/profile", **form)
    person.put("/me/seeker-profile", wanted=[person.get("/occupations", q="电工")["items"][0]["code"]])
    return person


def _worker(stack: Stack, sandbox: Sandbox, recruiter: Caller, firm_id: str, name: str) -> Caller:
    """On the list of the firm, by scanning its code."""
    person = _learner(stack, sandbox, name)
    person.put("/me/worker-profile", skills=[])
    code = recruiter.get(f"/enterprises/{firm_id}/roster-code")["code"]
    person.post_keyed("/me/rosters", code=code)
    return person


def _menu(teller: Teller, officer: Caller) -> dict[str, Any]:
    teller.chapter("二十四、菜单式培训：菜单与点单")
    menu = next(menu for menu in officer.get("/training/menus")["items"] if menu["title"] == "村民和居民菜单")
    teller.check(
        "方案里的品牌和工种已作为草稿载入，等培训专员核对", {row["state"] for row in menu["courses"]} == {"draft"}
    )
    for row in menu["courses"]:
        officer.post_keyed(f"/training/courses/{row['id']}/publish", expected_version=row["version"])
    officer.post_keyed(f"/training/menus/{menu['id']}/publish", expected_version=menu["version"])
    found = next(
        row for row in officer.get("/training/courses", limit=50)["items"] if row["code"] == "electrician_junior"
    )
    return dict(found)


def _demand(
    teller: Teller, officer: Caller, recruiter: Caller, member: Caller, course: dict[str, Any], firm_id: str, grid: str
) -> tuple[dict[str, Any], list[tuple[Caller, dict[str, Any]]]]:
    firm = recruiter.post_keyed(
        "/training/demands", asker="enterprise", enterprise_id=firm_id, course_id=course["id"], heads=WORKERS
    )
    pool = officer.get(f"/training/pools/{firm['pool_id']}")
    teller.check(f"企业从菜单点单：{pool['told']}", not pool["enough"])
    words = member.post_keyed(
        "/training/demands", asker="grid", grid_id=grid, heads=VILLAGERS, wish="塘后村有人想学修电路，晚上或周末"
    )
    teller.check("网格员用自己的话替村民点单，等专员归类", words["state"] == "submitted")
    officer.post_keyed(
        f"/training/demands/{words['id']}/match", course_id=course["id"], expected_version=words["version"]
    )
    pool = officer.get(f"/training/pools/{firm['pool_id']}")
    teller.check(f"两种点单合在一起：{pool['told']}", pool["enough"] and pool["heads"] == WORKERS + VILLAGERS)
    return pool, [(recruiter, firm), (member, words)]


def _class(
    teller: Teller, officer: Caller, recruiter: Caller, member: Caller, course: dict[str, Any], pool: dict[str, Any],
    demands: list[tuple[Caller, dict[str, Any]]], calendar: Calendar,
) -> dict[str, Any]:  # fmt: skip
    until = calendar.at(2, 18)
    officer.post_keyed(
        f"/training/pools/{pool['id']}/quote", plan="两个全天，科技园培训室，镇里承担费用", each_fen=0,
        answer_until=until.isoformat(), expected_version=pool["version"],
    )  # fmt: skip
    for person, demand in demands:
        seen = person.get(f"/training/demands/{demand['id']}")
        person.post_keyed(f"/training/demands/{demand['id']}/answer", accept=True, expected_version=seen["version"])
    sessions = [
        {
            "starts_at": calendar.at(day).isoformat(), "ends_at": calendar.at(day, 17).isoformat(),
            "venue": "科技园党建+邻里中心三楼", "topic": topic,
        }
        for day, topic in ((3, "安全用电"), (4, "照明与动力线路"))
    ]  # fmt: skip
    made = officer.post_keyed(
        "/training/classes", course_id=course["id"], pool_id=pool["id"], title="电工（初级）第一期", capacity=SEATS,
        enrol_until=until.isoformat(), sessions=sessions, cost_fen=480_000,
    )  # fmt: skip
    told = [person.get(f"/training/demands/{demand['id']}")["state"] for person, demand in demands]
    teller.check("两位点单人都得到答复：已开班", told == ["class_created", "class_created"])
    for verb in ("approve", "open"):
        made = officer.post_keyed(f"/training/classes/{made['id']}/{verb}", expected_version=made["version"])
    del recruiter, member
    return dict(made)


def _enrolment(
    teller: Teller, officer: Caller, recruiter: Caller, workers: list[Caller], villagers: list[Caller],
    made: dict[str, Any], firm_id: str,
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:  # fmt: skip
    """Everybody's entry by person, and that of the last one."""
    teller.chapter("二十五、报名、候补、递补")
    group = recruiter.post_keyed(
        f"/training/classes/{made['id']}/groups", enterprise_id=firm_id, mode="all",
        person_ids=[person.person_id for person in workers],
    )  # fmt: skip
    teller.check(f"企业集体报名{WORKERS}人，一起录取", {one["state"] for one in group["entries"]} == {"enrolled"})
    path = f"/training/classes/{made['id']}/enrol"
    mine = [person.post_keyed(path) for person in villagers]
    states = [one["state"] for one in mine]
    teller.check("12个名额，第五位村民进入候补", states == ["enrolled"] * 4 + ["waitlisted"])
    gone = group["entries"][0]
    path = f"/training/enrolments/{gone['id']}"
    recruiter.post_keyed(f"{path}/withdraw", expected_version=recruiter.get(path)["version"])
    last, path = villagers[-1], f"/training/enrolments/{mine[-1]['id']}"
    offered = last.get(path)
    teller.check(
        f"有人退出，候补的第一位得到名额，{offered['offered_until'][:16]}前确认", offered["state"] == "offered"
    )
    taken = last.post_keyed(f"{path}/accept", expected_version=offered["version"])
    teller.check("确认之后满员，没有多出一个名额", officer.get(f"/training/classes/{made['id']}")["free"] == 0)
    entries = {one["person_id"]: one for one in [*group["entries"][1:], *mine[:-1], taken]}
    return entries, taken


def _lessons(
    teller: Teller, stack: Stack, everybody: list[Caller], officer: Caller, trainer: Caller, star: Caller,
    made: dict[str, Any], entries: dict[str, dict[str, Any]], late: dict[str, Any], calendar: Calendar,
) -> None:  # fmt: skip
    teller.chapter("二十六、签到、考核、结班")
    # The whole day of the first session is before its end whatever the hour is now; marks by hand need it to have begun.
    stack.restart_ahead(calendar.ahead + 5)
    for person in everybody:
        person.login()
    first, second = made["sessions"]
    path = f"/training/sessions/{first['id']}"
    code = star.get(f"{path}/my-code")["code"]
    try:
        trainer.post_keyed(f"/training/sessions/{second['id']}/scan", code=code)
        message = ""
    except Refused as exc:
        message = exc.body["message"]
    teller.check(f"这次课的签到码拿到另一次课：{message}", "签到码不正确" in message)
    for session in (first, second):
        marks = [{"enrolment_id": one["id"], "mark": "present", "minutes": None} for one in entries.values()]
        trainer.post_keyed(f"/training/sessions/{session['id']}/marks", marks=marks, reason="课后按签名表补登")
    steps.until(lambda: officer.get(f"/training/classes/{made['id']}")["state"] == "assessing")
    results = [{"enrolment_id": one["id"], "score": 55 if one["id"] == late["id"] else 86} for one in entries.values()]
    done = trainer.post_keyed(f"/training/classes/{made['id']}/results", results=results)["items"]
    failed = next(one for one in done if one["id"] == late["id"])
    teller.check(f"结果写明依据：{failed['told']}", failed["state"] == "failed")
    fresh = officer.get(f"/training/classes/{made['id']}")
    officer.post_keyed(f"/training/classes/{made['id']}/complete", expected_version=fresh["version"])


def _certificate(
    teller: Teller, stack: Stack, officer: Caller, star: Caller, made: dict[str, Any], posting: dict[str, Any]
) -> dict[str, Any]:
    teller.chapter("二十七、证书、技能、积分")
    issued = officer.post_keyed(f"/training/classes/{made['id']}/certificates")["items"]
    teller.check(f"{len(issued)}人合格领证", len(issued) == SEATS - 1)
    held = dict(star.get("/training/my-certificates")["items"][0])
    paper = star.download(f"/training/certificates/{held['id']}/paper.pdf")
    teller.check(f"证书PDF {len(paper) // 1024} KB，编号{held['number']}", paper.startswith(b"%PDF"))
    page = httpx.get(f"{stack.api_url}/verify/{held['number']}", trust_env=False)
    teller.check("陌生人扫码核验：证书有效，持有人林*山", "证书有效" in page.text and "林*山" in page.text)
    reasons = str(star.get(f"/me/recommended-vacancies/{posting['id']}"))
    teller.check(f"岗位推荐的理由里出现：持有经核验的“{WORD}”", f"持有经核验的“{WORD}”" in reasons)
    entry = star.get("/me/points/entries")["items"][0]
    teller.check(f"积分账上：{entry['told']} {entry['points']:+d}分", entry["points"] == 10)
    return held


def _revoked(
    teller: Teller, stack: Stack, officer: Caller, star: Caller, held: dict[str, Any], posting: dict[str, Any]
) -> None:
    path = f"/training/certificates/{held['id']}"
    officer.post_keyed(f"{path}/revoke", reason="考勤登记有误", expected_version=held["version"])
    page = httpx.get(f"{stack.api_url}/verify/{held['number']}", trust_env=False)
    teller.check("撤销之后再核验：证书已撤销，不再有效", "证书已撤销" in page.text)
    reasons = str(star.get(f"/me/recommended-vacancies/{posting['id']}"))
    points = star.get("/me/points")["available"]
    teller.check("技能从登记里去掉，10分同时冲回", f"岗位必须有{WORD}" in reasons and points == 0)
