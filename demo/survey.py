"""A chapter of the story: two grid members go from door to door without a signal, one answer becomes a seeker, numbers come out."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from demo import steps
from demo.client import Caller, Refused, Sandbox
from demo.stack import Stack
from demo.teller import Teller

EMPLOYED = {"employment_state": "employed", "hours_worked": 48}
LOOKING = {"employment_state": "unemployed", "wish_to_work": "yes", "training_wishes": ["sewing"]}
AT_HOME = {"employment_state": "at_home", "wish_to_work": "no", "obstacles": ["caring"]}


def the_survey(teller: Teller, stack: Stack, sandbox: Sandbox, admin: Caller, officer: Caller) -> None:
    teller.chapter("八、就业摸底：离线答卷、登记求职、统计")
    grids = admin.get("/grids")[:2]
    members = [steps.login(stack, sandbox, "zhipin", f"第{n}网格网格员") for n in (1, 2)]
    for member, grid in zip(members, grids, strict=True):
        steps.appoint(admin, member, "grid_member", "grid", grid["id"])
    wave = _open(officer)
    work = [member.get("/me/survey-work")["items"][0]["grids"] for member in members]
    teller.check("一轮摸底开始，各网格按任职分派", [w[0]["grid_id"] for w in work] == [grid["id"] for grid in grids])
    answers = f"/survey-waves/{wave['id']}/answers"
    first, second = (_household(member, grid, n) for n, (member, grid) in enumerate(zip(members, grids, strict=True)))
    woman = _item(first, 1, LOOKING) | {
        "person": {"name": "洪阿秀", "birth_date": "1986-05-04", "phone": "13850000066"}
    }
    batch = [
        woman,
        *(_item(first, n, EMPLOYED) for n in range(2, 22)),
        *(_item(first, n, AT_HOME) for n in range(22, 29)),
    ]
    members[0].post(answers, items=batch[:10])
    wrong = _item(first, 29, {"employment_state": "employed", "hours_worked": 0})
    sent = members[0].post(answers, items=[*batch, wrong])
    teller.check(
        f"断线后整批重发：{sent['repeated']} 份已有，{sent['accepted']} 份新收下，{sent['refused']} 份未收下",
        (sent["repeated"], sent["accepted"], sent["refused"]) == (10, 18, 1),
    )
    issue = sent["items"][-1]["error"]["fields"][0]
    teller.say(f"未收下的一份指明：{issue['path']}，{issue['message']}")
    changed = batch[0] | {"answers": EMPLOYED}
    (taken,) = members[0].post(answers, items=[changed])["items"]
    teller.check("同一编号换了内容，只有这一份被拒", taken["error"]["code"] == "client_id_taken")
    _second_grid(members[1], answers, second)
    woman_answer = sent["items"][0]["answer_id"]
    _register(teller, members, officer, woman_answer)
    _statistics(teller, officer, wave, grids[1]["id"])


def _open(officer: Caller) -> dict[str, Any]:
    today = (datetime.now(UTC) + timedelta(hours=8)).date()
    form = {"name": "冬季就业摸底", "unit": "person", "questions_version": "2026-11"}
    wave = officer.post("/survey-waves", **form, opens_on=str(today), closes_on=str(today + timedelta(days=14)))
    opened: dict[str, Any] = officer.post(f"/survey-waves/{wave['id']}/open", expected_version=wave["version"])
    return opened


def _household(member: Caller, grid: dict[str, Any], number: int) -> str:
    form = {"client_id": str(uuid.uuid4()), "address": f"演示路{number + 1}号", "source": "visit"}
    return str(member.post("/survey-households", **form, grid_id=grid["id"])["id"])


def _item(household: str, member: int, answers: dict[str, Any]) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "client_id": str(uuid.uuid4()), "recorded_at": now, "household_id": household, "member_no": member,
        "outcome": "answered", "answers": answers,
        "consent": {"by": "本人", "method": "verbal", "at": now, "policy_version": "2026-11"},
    }  # fmt: skip


def _second_grid(member: Caller, answers: str, household: str) -> None:
    """Three who are at home: too few to be shown."""
    said = [EMPLOYED] * 18 + [LOOKING] * 8 + [AT_HOME] * 3
    member.post(answers, items=[_item(household, n, one) for n, one in enumerate(said, start=1)])


def _register(teller: Teller, members: list[Caller], officer: Caller, answer: str) -> None:
    form = {
        "purposes": ["service"], "method": "verbal", "text_version": "2026-11", "note": "本人在家中口头同意",
        "expected_version": 1,
    }  # fmt: skip
    done = members[0].post_keyed(f"/survey-answers/{answer}/register", **form)
    found = members[0].post("/people/search", phone="13850000066")["items"]
    teller.check(
        "经本人同意，一份答卷登记为求职者，凭手机号找得到",
        done["profile_is_new"] and [row["id"] for row in found] == [done["person_id"]],
    )
    try:
        members[1].get(f"/survey-answers/{answer}")
        seen = True
    except Refused as exc:
        seen = exc.status != 404
    shown = officer.post(f"/survey-answers/{answer}/reveal", fields=["name"], reason="contact")["values"]
    teller.check("别的网格员看不到这份答卷；专员说明理由才看到姓名，有记录", not seen and shown == {"name": "洪阿秀"})


def _statistics(teller: Teller, officer: Caller, wave: dict[str, Any], grid_id: str) -> None:
    path = f"/survey-waves/{wave['id']}"
    closed = officer.post(f"{path}/close", expected_version=officer.get(path)["version"])
    officer.post(f"{path}/publish", expected_version=closed["version"])
    shown = officer.get(f"{path}/statistics")
    tables = {table["dimension"]: table["rows"] for table in shown["tables"]}
    whole = tables["total"][0]["counts"]
    small = next(row["counts"] for row in tables["grid"] if row["code"] == grid_id)["not_working"]
    numbers = [number for rows in tables.values() for row in rows for number in row["counts"].values()]
    teller.say(f"作答 {whole['answered']} 人，其中就业 {whole['employed'] or '＊'} 人；{shown['hidden']} 个数不显示")
    teller.check(
        "第2网格在家的 3 人不显示，公布的数里没有小于 5 的，也推算不出来",
        small is None and all(number is None or number >= shown["minimum"] for number in numbers),
    )
