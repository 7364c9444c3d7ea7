"""Two chapters of the story: a person's data are their own; the console's desk and the log that nobody can rewrite."""

import time
from typing import Any

import pyotp

from demo import steps
from demo.client import Caller, Refused, Sandbox
from demo.stack import Stack
from demo.teller import Teller


def own_data(teller: Teller, sandbox: Sandbox, officer: Caller, seeker: Caller, vacancy: dict[str, Any]) -> None:
    teller.chapter("七、个人信息归本人")
    shown = officer.post(f"/people/{seeker.person_id}/reveal", fields=["phone"], reason="contact")["values"]
    teller.check("招聘专员说明理由后看到完整手机号", shown == {"phone": "13850000001"})
    looked = next(row for row in seeker.get("/me/accesses") if row["act"] == "revealed")
    teller.check(
        f"本人查到：{looked['at']}，{looked['by']}查看了手机号，理由“{looked['reason_label']}”",
        looked["by"] == steps.OFFICER and looked["fields"] == ["phone"],
    )
    before = seeker.get("/me/seeker-profile")
    seeker.delete("/me/consents/exact_location")
    after = seeker.get("/me/seeker-profile")
    teller.check("撤回“精确位置”的同意，住址坐标随即删除", before["home_known"] and not after["home_known"])
    ranked = seeker.get("/me/recommended-vacancies")["items"]
    teller.check("推荐照常，只是不再计算路程", bool(ranked) and after["wanted"] == before["wanted"])
    mine = seeker.post("/me/export")
    tables = mine["tables"]
    applied = [row["vacancy_id"] for row in tables["application"]]
    rows = sum(len(found) for found in tables.values())
    teller.check(
        f"导出我的数据：{len([name for name in tables if tables[name]])} 类、{rows} 条，只有自己的",
        applied == [vacancy["id"]] and [row["id"] for row in tables["person"]] == [seeker.person_id],
    )
    leaver = Caller(seeker.api_url, sandbox, "zhipin", "要注销的村民")
    first = leaver.login()["person_id"]
    leaver.post("/me/deletion", confirm="注销")
    try:
        leaver.get("/me")
        alive = True
    except Refused as exc:
        alive = exc.status != 401
    teller.check("注销账号：令牌随即失效，再登录是一份新档案", not alive and leaver.login()["person_id"] != first)


def desk_and_log(teller: Teller, stack: Stack, officer: Caller, admin: Caller) -> None:
    teller.chapter("十三、网页工作台与审计")
    password = "车间门口第三棵龙眼树下见"
    enrolment = officer.post("/me/console-account", username="cai.wenduan", password=password)
    codes = pyotp.TOTP(enrolment["secret"])
    officer.post("/me/console-account/confirm", totp=codes.now())
    teller.say("专员在小程序里为自己开通网页登录：用户名、密码、动态码")
    try:
        officer.post("/auth/console/sign-in", username="cai.wenduan", password=password, totp=codes.now())
        reused = True
    except Refused as exc:
        reused = exc.body["code"] != "sign_in_refused"
    teller.check("同一个动态码不能再用", not reused)
    # The authenticator's next code: half a minute early is still within the drift.
    officer.post("/auth/console/sign-in", username="cai.wenduan", password=password, totp=codes.at(time.time() + 30))
    sessions = officer.get("/me/sessions")
    teller.say(f"他此刻有 {len(sessions)} 处登录，可以逐个或全部退出")
    appointment = next(
        row for row in admin.get("/appointments", person_id=officer.person_id)["items"] if row["role"] == "jobs_officer"
    )
    admin.post(f"/appointments/{appointment['id']}/end", expected_version=appointment["version"])
    try:
        officer.get("/content-reviews")
        able = True
    except Refused as exc:
        able = exc.status != 403
    teller.check("免去任职，下一次调用就没有权限（不必重新登录）", not able)
    verdict = stack.command("audit", "verify")
    teller.check(f"sanqu audit verify：{verdict}", verdict.startswith("相符"))
