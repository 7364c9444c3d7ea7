"""A chapter of the story that takes weeks: invited, interviewed, hired, still there after thirty days."""

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from demo import steps
from demo.client import Caller, Refused, Sandbox
from demo.stack import Stack
from demo.teller import Teller

CHINA = timezone(timedelta(hours=8))
INTERVIEW_DAYS, KEPT_DAYS = 3, 34


def from_invitation_to_thirty_days(
    teller: Teller, stack: Stack, sandbox: Sandbox, recruiter: Caller, firm_id: str
) -> None:
    teller.chapter("十四、从邀请到在岗满30天")
    seeker = steps.login(stack, sandbox, "zhipin", "仑后村村民")
    own = recruiter.get(f"/enterprises/{firm_id}/vacancies")
    vacancy = next(row for row in own if row["title"] == "打包工")
    _register(teller, seeker, vacancy)
    application = _invite(teller, recruiter, seeker, vacancy)
    interview = _interview(teller, recruiter, seeker, application)
    stack.restart_ahead(INTERVIEW_DAYS)
    for person in (recruiter, seeker):
        person.login()
    teller.say(f"……{INTERVIEW_DAYS} 天以后（API 与后台进程换上快进的时钟）")
    recruiter.post_keyed(
        f"/interviews/{interview['id']}/result", result="passed", expected_version=interview["version"]
    )
    step = recruiter.get(f"/applications/{application['id']}")
    teller.check("面试通过，应聘随之变为“拟录用”", step["state"] == "offered")
    step = recruiter.post_keyed(
        f"/applications/{application['id']}/steps", state="hired", expected_version=step["version"]
    )
    try:
        recruiter.post_keyed(f"/applications/{step['id']}/steps", state="kept_30d", expected_version=step["version"])
        message = ""
    except Refused as exc:
        message = exc.body["message"]
    teller.check(f"录用当天不能记“在岗满30天”：{message}", "录用满30天后才能确认" in message)
    stack.restart_ahead(KEPT_DAYS)
    for person in (recruiter, seeker):
        person.login()
    teller.say(f"……录用后第 {KEPT_DAYS - INTERVIEW_DAYS} 天")
    _kept(teller, recruiter, seeker, step)


def _register(teller: Teller, seeker: Caller, vacancy: dict[str, Any]) -> None:
    before = seeker.get("/me/seeker-profile")
    question = before["next_question"]
    teller.say(
        f"登记完整度 {before['completeness']['percent']}%；下一个最有用的问题：{question['question']}（{question['why']}）"
    )
    code = vacancy["occupation_code"]
    after = seeker.put(
        "/me/seeker-profile", wanted=[code], experience_years={code: 2}, shift_patterns=["day"],
        earliest_start=str(datetime.now(UTC).date()), wish_pay_unit="month", wish_pay_fen=450000, machines=["打包机"],
        expected_version=before["version"],
    )  # fmt: skip
    percent = after["completeness"]["percent"]
    teller.check(f"补了几项，完整度 {percent}%", percent > before["completeness"]["percent"])
    seeker.put("/me/findable", findable=True, text_version=after["findable_text_version"])
    teller.say("本人读过说明，打开“允许企业找到我”（默认关闭）：" + after["findable_text"][:42] + "……")


def _invite(teller: Teller, recruiter: Caller, seeker: Caller, vacancy: dict[str, Any]) -> dict[str, Any]:
    shown = recruiter.get(f"/vacancies/{vacancy['id']}/suggested-seekers")["items"]
    teller.say(f"“{vacancy['title']}”推荐 {len(shown)} 人：{shown[0]['score']} 分，" + " · ".join(shown[0]["reasons"]))
    masked = "王大海" not in str(shown) and "13850000002" not in str(shown) and seeker.person_id not in str(shown)
    teller.check("招聘员只看到匹配理由，没有姓名、电话和编号", len(shown) == 1 and masked)
    sent = recruiter.post_keyed(f"/vacancies/{vacancy['id']}/invitations", seeker_ref=shown[0]["seeker_ref"])
    told = seeker.get("/me/notices")["items"][0]
    teller.check(f"本人收到：{told['body']}", told["kind"] == "invitation")
    path = f"/me/invitations/{sent['id']}/accept"
    application: dict[str, Any] = seeker.post_keyed(path, release_contact=True, expected_version=sent["version"])
    candidate = recruiter.get(f"/applications/{application['id']}")
    teller.check(
        "本人接受，成为一份应聘，此时才给出联系方式",
        application["source"] == "invitation" and candidate["contact"]["name"] == "王大海",
    )
    seen = candidate["seen"]
    teller.check(
        f"双方都能看到当时的岗位原文（第 {seen['number']} 版，{seen['title']}）", seen["title"] == vacancy["title"]
    )
    return application


def _interview(teller: Teller, recruiter: Caller, seeker: Caller, application: dict[str, Any]) -> dict[str, Any]:
    def slot(hour: int, days: int) -> dict[str, Any]:
        day = datetime.now(CHINA).replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=days)
        return {"starts_at": day.isoformat(), "minutes": 30}

    path = f"/applications/{application['id']}/interviews"
    meeting = recruiter.post_keyed(path, slots=[slot(9, 1), slot(14, 1)])
    mine = f"/me/interviews/{meeting['id']}"
    asked = seeker.post_keyed(f"{mine}/ask-other", words="明天有事，后天都可以", expected_version=meeting["version"])
    teller.say(f"求职者请求另约：“{asked['asked']}”")
    again = recruiter.post_keyed(
        f"/interviews/{meeting['id']}/reschedule", slots=[slot(10, 2)], expected_version=asked["version"]
    )
    agreed: dict[str, Any] = seeker.post_keyed(f"{mine}/confirm", slot=0, expected_version=again["version"])
    teller.check(f"改约后确认：{agreed['starts_at']}，{agreed['slots'][0]['place']}", agreed["state"] == "confirmed")
    return agreed


def _kept(teller: Teller, recruiter: Caller, seeker: Caller, step: dict[str, Any]) -> None:
    deadline = time.monotonic() + 20
    asked: list[str] = []
    while not asked and time.monotonic() < deadline:
        time.sleep(0.2)
        # The other hire of the story is asked about as well.
        bodies = [row["body"] for row in recruiter.get("/me/notices")["items"] if row["kind"] == "kept_asked"]
        asked = [body for body in bodies if "打包工" in body]
    teller.check(f"后台到期询问企业：{asked[0] if asked else ''}", len(asked) == 1)
    path = f"/applications/{step['id']}/kept"
    done = recruiter.post_keyed(path, days=30, answer="on_post", expected_version=step["version"])
    teller.check("企业确认在岗，应聘变为“在岗满30天”", done["state"] == "kept_30d")
    mine = seeker.post_keyed(f"/me{path}", days=30, answer="on_post")
    track = " → ".join(one["state_label"] for one in mine["steps"])
    teller.check(f"本人也确认，双方说法一致：{track}", mine["kept"][0]["person_says"] == "on_post")
