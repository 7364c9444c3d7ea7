"""`./dev demo`: one real story, played over HTTP against processes of its own on a temporary SQLite file."""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from demo import disputes, fairs, gigs, measured, office, people, points, search, steps, survey, training, weeks
from demo.client import Caller, Refused, Sandbox
from demo.stack import Stack
from demo.teller import Teller

TEMPLATE = "TPL_APPLICATION_MOVED"
TEMPLATES = f'{{"zhipin": {{"application_moved": "{TEMPLATE}"}}}}'


def main() -> None:
    teller = Teller()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sanqu-demo-") as folder:
        print("宝盖三区联创后端 · 演示：新建一个 SQLite 文件，启动 API、后台进程和微信沙箱，以下全部通过 HTTP。")
        with Stack(Path(folder), environment={"SANQU_WECHAT_TEMPLATES": TEMPLATES}) as stack:
            sandbox = Sandbox(stack.sandbox_url)
            admin, officer = first_staff(teller, stack, sandbox)
            recruiter, firm_id = the_firm(teller, stack, sandbox, officer)
            vacancy = the_vacancies(teller, recruiter, firm_id)
            seeker = the_villager(teller, stack, sandbox, vacancy)
            search.looking_around(teller, seeker, vacancy)
            the_funnel(teller, stack, sandbox, recruiter, seeker, vacancy)
            the_messages(teller, sandbox, seeker, admin)
            people.own_data(teller, sandbox, officer, seeker, vacancy)
            survey.the_survey(teller, stack, sandbox, admin, officer)
            fairs.the_fair(teller, stack, sandbox, officer, recruiter, firm_id)
            second = steps.login(stack, sandbox, "zhipin", "公共服务办公室主任")
            steps.claim_and_appoint(admin, second, steps.SECOND_OFFICER, "jobs_officer")
            imported = office.a_sheet(teller, recruiter, firm_id)
            office.taken_down(teller, officer, second, recruiter, imported)
            office.a_new_word(teller, officer, second, recruiter)
            people.desk_and_log(teller, stack, officer, admin)
            weeks.from_invitation_to_thirty_days(teller, stack, sandbox, recruiter, firm_id)
            gigs.a_week(teller, stack, sandbox, admin, second, recruiter, firm_id)
            ahead = points.a_year(teller, stack, sandbox, admin)
            training.a_class(teller, stack, sandbox, admin, recruiter, firm_id, ahead)
            disputes.twelve_wages(teller, stack, sandbox, admin, recruiter, firm_id, ahead)
            measured.against_simple_orders(teller, stack)
    print(f"\n共核对 {len(teller.checked)} 项，全部做到，用时 {time.monotonic() - started:.1f} 秒。")


def first_staff(teller: Teller, stack: Stack, sandbox: Sandbox) -> tuple[Caller, Caller]:
    teller.chapter("一、名册与第一批工作人员")
    report = stack.command("seed", "--report")
    teller.check("载入方案的名册：专班 31 人、党组织 20 个；再次载入不改变任何内容", "31" in report and "20" in report)
    admin = steps.login(stack, sandbox, "zhipin", "党群服务中心主任")
    code = steps.claim_first_admin(stack, admin)
    teller.say(f"sanqu bootstrap 打印认领码 {code[:3]}…，{steps.ADMIN}（附件1）凭码认领名册上的记录")
    me = admin.get("/me")
    teller.check(f"{me['roster_name']} 成为{me['roles'][0]['role_label']}", me["roles"][0]["role"] == "town_admin")
    try:
        admin.post("/roster/claims", code=code, name=steps.OFFICER)
        refused = False
    except Refused as exc:
        refused = exc.body["code"] == "claim_code_invalid"
    teller.check("同一个认领码不能再用", refused)
    officer = steps.login(stack, sandbox, "zhipin", "经济发展办公室主任")
    steps.claim_and_appoint(admin, officer, steps.OFFICER, "jobs_officer")
    roles = [role["role_label"] for role in officer.get("/me")["roles"]]
    teller.check(f"{steps.OFFICER} 认领记录并受任为招聘专员", roles == ["招聘专员"])
    links = admin.get("/liaison-links", state="unknown")
    teller.check(
        "挂钩名单的 7 对空白如实标为未知，并附推测待确认", len(links) == 14 and all(x["suggested"] for x in links)
    )
    return admin, officer


def the_firm(teller: Teller, stack: Stack, sandbox: Sandbox, officer: Caller) -> tuple[Caller, str]:
    teller.chapter("二、企业认领与核验")
    recruiter = steps.login(stack, sandbox, "zhipin", "华联招聘员")
    firm = recruiter.get("/enterprises", name=steps.FIRM)[0]
    teller.check(f"附件2 的“{firm['name']}”可以找到，状态为{firm['state_label']}", firm["state"] == "draft")
    try:
        recruiter.post(f"/enterprises/{firm['id']}/claims", uscc="91350581MA0DEM0XX0")
        message = ""
    except Refused as exc:
        message = exc.body["message"]
    teller.check(f"抄错的信用代码被退回：{message}", "校验位" in message)
    licence = the_licence(teller, recruiter)
    claim = steps.claim_firm(recruiter, steps.FIRM, licence_file_id=licence["file_id"])
    teller.say(f"招聘员以信用代码 {claim['uscc']} 认领（{claim['note']}）")
    tasks = officer.get("/tasks")["items"]
    teller.check("专员的待办里出现这次认领", any(task["subject_id"] == claim["id"] for task in tasks))
    approved = steps.approve_claim(officer, claim)
    teller.check(f"专员核对后：{approved['state_label']}", approved["state"] == "approved")
    notice = recruiter.get("/me/notices")["items"][0]
    teller.check(f"招聘员收到通知：{notice['body']}", notice["kind"] == "enterprise_reviewed")
    return recruiter, firm["id"]


def the_licence(teller: Teller, recruiter: Caller) -> dict[str, Any]:
    """A photograph with the camera's data in it, as a phone takes it; WeChat's verdict comes by push."""
    photograph = steps.photograph("BUSINESS LICENCE (DEMO)")
    try:
        recruiter.upload("licence.jpg", b"%PDF-1.7 not a picture", "licence")
        refusal = ""
    except Refused as exc:
        refusal = exc.body["message"]
    teller.check(f"内容与名称不符的文件被退回：{refusal}", bool(refusal))
    file = steps.await_file(recruiter, recruiter.upload("licence.jpg", photograph, "licence"))
    teller.check("执照照片上传，微信的检查结论经加密推送到达，状态变为可用", file["state"] == "ready")
    shown = recruiter.fetch(file["url"])
    camera = steps.CAMERA.encode()
    cleaned = shown.is_success and camera in photograph and camera not in shown.content
    teller.check("十分钟内有效的签名链接可以看到照片，拍摄信息已去除", cleaned)
    return file


def the_vacancies(teller: Teller, recruiter: Caller, firm_id: str) -> dict[str, Any]:
    teller.chapter("三、发布岗位")
    form = steps.vacancy_form(recruiter, firm_id)
    saved: dict[str, Any] = recruiter.post("/vacancies", **form)["vacancy"]
    teller.check(
        f"“{saved['title']}”（{saved['occupation_name']}）发布，{saved['enterprise_label']}",
        saved["state"] == "published",
    )
    bad = form | {"requirements": "限女，35岁以下，押金300元"}
    try:
        recruiter.post("/vacancies", **bad)
        findings: list[dict[str, Any]] = []
    except Refused as exc:
        teller.say(f"另一条写着“{bad['requirements']}”：{exc.body['message']}")
        findings = exc.body["fields"]
    *findings, twice = findings
    teller.check("与刚发布的几乎相同，也提醒一句", twice["severity"] == "warn" and saved["title"] in twice["message"])
    for finding in findings:
        mark = "拦截" if finding["severity"] == "block" else "提醒"
        teller.say(
            f"  [{mark}] {finding['path']} 第{finding['start'] + 1}–{finding['end']}字“{finding['quote']}”：{finding['message']}"
        )
        teller.say(f"         依据 {finding['law']}；{finding['mend']}")
    severities = sorted(finding["severity"] for finding in findings)
    teller.check("性别限制和押金被拦截，年龄上限被提醒，每条都有依据和改法", severities == ["block", "block", "warn"])
    text = bad["requirements"]
    teller.check("每条的位置正是原文", all(text[f["start"] : f["end"]] == f["quote"] for f in findings))
    found = recruiter.get("/vacancies", q="平车", with_total="true")
    teller.check(
        "搜“平车”找到这一个岗位，被拒的没有留下",
        [item["id"] for item in found["items"]] == [saved["id"]] and found["total"] == 1,
    )
    for title, low, night, place in (
        ("锁边工", 500000, True, (24.7265, 118.6702)), ("打包工", 480000, False, (24.7530, 118.6400)),
    ):  # fmt: skip
        code = recruiter.get("/occupations", q=title)["items"][0]["code"]
        other = form | {
            "title": title, "occupation_code": code, "shift_pattern": "night" if night else "day",
            "features": ["night_work"] if night else [], "duties": f"{title}岗位，按工艺单操作。", "requirements": "",
            "required_machines": [], "required_years": None, "headcount": 3,
            "pay": {"unit": "month", "min_fen": low, "max_fen": low, "cycle": "monthly"},
            "place": form["place"] | {"latitude": place[0], "longitude": place[1]},
        }  # fmt: skip
        recruiter.post("/vacancies", **other)
    return saved


def the_villager(teller: Teller, stack: Stack, sandbox: Sandbox, vacancy: dict[str, Any]) -> Caller:
    teller.chapter("四、塘后村的一位村民")
    other_app = steps.login(stack, sandbox, "linggong", "塘后村村民")
    seeker = steps.login(stack, sandbox, "zhipin", "塘后村村民")
    teller.check("先从零工配产、再从宝盖职聘登录，是同一个人", other_app.person_id == seeker.person_id)
    for missing in seeker.get("/me")["missing_consents"]:
        seeker.put(f"/me/consents/{missing['purpose']}", policy_version=missing["policy_version"])
    area = next(area for area in seeker.get("/areas") if area["name"] == "塘后村")
    home = next(p for p in seeker.get("/me/consents")["purposes"] if p["purpose"] == "exact_location")
    seeker.put("/me/consents/exact_location", policy_version=home["policy_version"])
    teller.say("单独同意用精确位置计算路程（敏感信息，不同意也能用其他功能）")
    # The story is told at any hour; otherwise messages would wait for the morning.
    seeker.put("/me/night-messages", wanted=True)
    seeker.put(
        "/me/seeker-profile",
        wanted=[vacancy["occupation_code"]], experience_years={vacancy["occupation_code"]: 3}, machines=["平车"],
        wish_pay_unit="month", wish_pay_fen=600000, shift_patterns=["day"], commute_limit_m=6000, vehicle="ebike",
        wants_meals=True, seeker_state="at_home", home_area_id=area["id"],
        home={"address": "塘后村", "latitude": 24.7402, "longitude": 118.6580, "coord_type": "gcj02"},
    )  # fmt: skip
    teller.say("登记了想做的工种、三年平车、期望工资和路程，没有简历")
    answer = seeker.get("/me/recommended-vacancies")
    for place, item in enumerate(answer["items"], 1):
        teller.say(f"{place}. {item['vacancy']['title']} · {item['score']} 分（把握 {item['confidence']}%）")
        teller.say("     合适：" + " · ".join(item["reasons"]))
        teller.say("     不合：" + ("；".join(item["gaps"]) or "没有"))
        teller.say(
            "     " + " + ".join(f"{part['label']}{part['points']}" for part in item["parts"]) + f" = {item['score']}"
        )
    first = answer["items"][0]
    teller.check("平车工排在第一", first["vacancy"]["id"] == vacancy["id"])
    sums = all(sum(part["points"] for part in item["parts"]) == item["score"] for item in answer["items"])
    teller.check(
        "每个岗位的各项得分相加正好等于总分，都有理由", sums and all(item["reasons"] for item in answer["items"])
    )
    told = seeker.get(f"/me/recommended-vacancies/{vacancy['id']}")
    teller.say(f"为什么：{told['text']}")
    teller.check("问任何一个岗位，都说得出得分和名次", told["score"] == first["score"] and told["place"]["rank"] == 1)
    return seeker


def the_funnel(
    teller: Teller, stack: Stack, sandbox: Sandbox, recruiter: Caller, seeker: Caller, vacancy: dict[str, Any]
) -> None:
    teller.chapter("五、应聘与录用")
    try:
        seeker.post_keyed("/applications", vacancy_id=vacancy["id"], release_contact=True)
        message = ""
    except Refused as exc:
        message = exc.body["message"]
    teller.check(f"资料不全时说明缺什么：{message}", "手机号" in message)
    person = seeker.get("/me")["person"]
    seeker.put("/me/profile", name="林小梅", birth_date="1988-03-12", expected_version=person["version"])
    shown = seeker.give_phone("13850000001")
    teller.check(f"手机号经微信授权取得，只显示 {shown['phone_masked']}", shown["phone_masked"] == "138****0001")
    sandbox.post("/_sbx/subscriptions", app="zhipin", person="塘后村村民", template_id=TEMPLATE, accepts=4)
    mine = seeker.post_keyed("/applications", vacancy_id=vacancy["id"], release_contact=True)
    teller.check(
        f"应聘成功：{mine['state_label']}，岗位版本 {mine['vacancy_content_version']} 留存", mine["state"] == "applied"
    )
    rival = steps.login(stack, sandbox, "zhipin", "仑后村村民")
    for missing in rival.get("/me")["missing_consents"]:
        rival.put(f"/me/consents/{missing['purpose']}", policy_version=missing["policy_version"])
    rival.put("/me/seeker-profile", wanted=[], shift_patterns=["night"], wish_pay_unit="month", wish_pay_fen=900000)
    rival.put("/me/profile", name="王大海", birth_date="1995-07-01", expected_version=1)
    rival.give_phone("13850000002")
    rival.post_keyed("/applications", vacancy_id=vacancy["id"], release_contact=True)
    candidates = recruiter.get(f"/vacancies/{vacancy['id']}/candidates")["items"]
    for candidate in candidates:
        contact = candidate["contact"]
        teller.say(
            f"{contact['name']} {contact['phone']} · {candidate['score']} 分：" + " · ".join(candidate["reasons"])
        )
        teller.say("     不合：" + ("；".join(candidate["gaps"]) or "没有"))
    best = candidates[0]
    teller.check("招聘员看到应聘者同意提供的联系方式，合适的人在前", best["contact"]["phone"] == "13850000001")
    step = best
    for state in ("interview", "offered", "hired"):
        step = recruiter.post_keyed(f"/applications/{best['id']}/steps", state=state, expected_version=step["version"])
        teller.say(f"→ {step['state_label']}")
    teller.check("面试、拟录用、录用逐步推进", step["state"] == "hired")
    closed = recruiter.get(f"/vacancies/{vacancy['id']}")
    teller.check("招满 1 人，岗位自动关闭", closed["state"] == "filled" and closed["open_seats"] == 0)
    track = [s["state_label"] for s in seeker.get(f"/me/applications/{mine['id']}")["steps"]]
    teller.check("应聘者看到每一步：" + " → ".join(track), track[-1] == "已录用")
    told = rival.get("/me/notices")["items"][0]
    teller.check(f"另一位应聘者被告知：{told['body']}", told["kind"] == "vacancy_filled")
    teller.check(
        "已关闭的岗位不再出现在列表中", all(v["id"] != vacancy["id"] for v in seeker.get("/vacancies")["items"])
    )


def the_messages(teller: Teller, sandbox: Sandbox, seeker: Caller, admin: Caller) -> None:
    teller.chapter("六、消息经后台进程送到微信")
    path = "/cgi-bin/message/subscribe/send"
    deadline = time.monotonic() + 20
    while len(sandbox.calls(path)) < 3 and time.monotonic() < deadline:
        time.sleep(0.2)
    count = len(sandbox.calls(path))
    teller.check(f"三步进展各送出一条订阅消息（沙箱收到 {count} 条）", count == 3)
    unread = seeker.get("/me")["unread_notices"]
    teller.check(f"同样的三条也在“我的通知”里（未读 {unread}）", unread == 3)
    token_calls = len(sandbox.calls("/cgi-bin/stable_token"))
    teller.check(f"API 与后台进程共用微信令牌，共取 {token_calls} 次", token_calls == 1)
    teller.check("管理员看不到应聘与联系方式", _refused(admin))


def _refused(admin: Caller) -> bool:
    try:
        admin.get("/vacancies/00000000-0000-7000-8000-000000000000/candidates")
    except Refused as exc:
        return exc.status in {403, 404}
    return False


if __name__ == "__main__":
    try:
        main()
    except Refused as exc:
        sys.exit(f"\n✗ 服务拒绝了一步：{exc} {exc.body.get('fields')}")
