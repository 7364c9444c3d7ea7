"""Taken down with rule and evidence, heard once by another person, put back where it would stand; sampled; rules changed."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from app.core.clock import china_date
from app.models.common import Task
from app.models.jobs import PostingPolicyRow, Vacancy, VacancyTakedown
from app.models.organisation import Enterprise
from app.rules.identity.roles import Role, ScopeKind
from app.rules.jobs.vacancies import VacancyState
from app.rules.organisation import EnterpriseState
from tests.factories.world import Someone, World, ok, refused
from tests.support.jobs import NOBODY, Hiring, count, rival, set_columns
from tests.support.uploads import pdf, uploaded

EVIDENCE = "入职要交服装押金300元，有收据照片"


async def second_officer(world: World) -> Someone:
    person = await world.person()
    await world.appoint(person, Role.JOBS_OFFICER)
    return person


def down_form(vacancy: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"rule_id": "deposit", "evidence": EVIDENCE, "expected_version": vacancy["version"]} | more


async def taken_down(world: World, vacancy: dict[str, Any], **more: Any) -> dict[str, Any]:
    officer = await world.officer()
    row: dict[str, Any] = ok(await officer.post(f"/vacancies/{vacancy['id']}/take-down", down_form(vacancy, **more)))
    return row


async def standing(someone: Someone, vacancy: dict[str, Any]) -> dict[str, Any]:
    return ok(await someone.get(f"/vacancies/{vacancy['id']}/take-downs"))[0]


async def appealed(hiring: Hiring, vacancy: dict[str, Any]) -> dict[str, Any]:
    version = (await standing(hiring.recruiter, vacancy))["version"]
    form = {"text": "押金的说法是旧版文字，现已删除", "expected_version": version}
    row: dict[str, Any] = ok(await hiring.recruiter.post(f"/vacancies/{vacancy['id']}/appeal", form))
    return row


def decision(row: dict[str, Any], *, overturn: bool) -> dict[str, Any]:
    return {"overturn": overturn, "text": "已核实收据与押金无关", "expected_version": row["version"]}


async def test_the_firm_hears_rule_law_facts_and_the_way_to_appeal(world: World, hiring: Hiring) -> None:
    vacancy, officer = await hiring.post(), await world.officer()
    proof = (await uploaded(officer, pdf()))["file_id"]
    down = await taken_down(world, vacancy, file_ids=[proof])
    assert (down["state"], down["state_label"]) == ("taken_down", "已下架")
    refused(await world.anonymous.get(f"/vacancies/{vacancy['id']}"), 404, "vacancy_not_found")
    assert ok(await world.anonymous.get("/vacancies"))["items"] == []
    told = ok(await hiring.recruiter.get("/me/notices"))["items"][0]
    assert told["kind"] == "vacancy_taken_down"
    for part in ("收取押金或担保", "《劳动合同法》第九条", EVIDENCE, "申诉", "另一位专员"):
        assert part in told["body"], told["body"]
    row = await standing(hiring.recruiter, vacancy)
    assert (row["state"], row["rule_id"], row["evidence"]) == ("in_force", "deposit", EVIDENCE)
    assert told["deadline_at"] == row["appeal_until"]
    assert [entry["file_id"] for entry in row["files"]] == [proof]
    assert row["actions"] == [{"action": "appeal", "allowed": True, "reason": None}]
    assert (await standing(officer, vacancy))["actions"][0]["allowed"] is False
    # What is down stays down until an appeal is heard.
    for verb in ("resume", "pause", "withdraw"):
        form = {"expected_version": down["version"]}
        refused(await hiring.recruiter.post(f"/vacancies/{vacancy['id']}/{verb}", form), 409, "vacancy_state_wrong")
    again = down_form(down)
    refused(await officer.post(f"/vacancies/{vacancy['id']}/take-down", again), 409, "vacancy_state_wrong")


async def test_an_appeal_is_heard_by_another_person_and_overturned(world: World, hiring: Hiring) -> None:
    vacancy, officer, other = await hiring.post(), await world.officer(), await second_officer(world)
    await taken_down(world, vacancy)
    path = f"/vacancies/{vacancy['id']}/decide-appeal"
    early = await standing(officer, vacancy)
    refused(await other.post(path, decision(early, overturn=True)), 409, "takedown_state_wrong")
    row = await appealed(hiring, vacancy)
    assert (row["state"], row["appeal"]) == ("appealed", "押金的说法是旧版文字，现已删除")
    twice = {"text": "再申诉一次", "expected_version": row["version"]}
    refused(await hiring.recruiter.post(f"/vacancies/{vacancy['id']}/appeal", twice), 409, "takedown_state_wrong")
    task = next(t for t in ok(await other.get("/tasks"))["items"] if t["kind"] == "takedown_appeal")
    assert (task["subject_id"], task["due_at"]) == (vacancy["id"], row["due_at"])
    refused(await officer.post(path, decision(row, overturn=True)), 403, "self_review")
    refused(await other.post(path, decision(row, overturn=True) | {"expected_version": 99}), 409, "stale")
    refused(await hiring.recruiter.post(path, decision(row, overturn=True)), 403, "forbidden")
    done = ok(await other.post(path, decision(row, overturn=True)))
    assert (done["state"], done["answer"]) == ("overturned", "已核实收据与押金无关")
    public = ok(await world.anonymous.get(f"/vacancies/{vacancy['id']}"))
    assert (public["state"], public["published_at"]) == ("published", vacancy["published_at"])
    assert [item["id"] for item in ok(await world.anonymous.get("/vacancies", q="平车"))["items"]] == [vacancy["id"]]
    for side in (hiring.recruiter, officer):
        bodies = [notice["body"] for notice in ok(await side.get("/me/notices"))["items"]]
        assert any("申诉成立，下架已撤销" in body for body in bodies), bodies
    assert await count(world, Task, Task.kind == "takedown_appeal", Task.state == "open") == 0
    refused(await other.post(path, decision(done, overturn=False)), 404, "takedown_not_found")
    # Put back, it can be taken down again, and that is a new decision.
    await taken_down(world, public)
    assert [r["state"] for r in ok(await officer.get(f"/vacancies/{vacancy['id']}/take-downs"))] == [
        "in_force", "overturned",
    ]  # fmt: skip


async def test_upheld_stays_down(world: World, hiring: Hiring) -> None:
    vacancy, other = await hiring.post(), await second_officer(world)
    await taken_down(world, vacancy)
    row = await appealed(hiring, vacancy)
    done = ok(await other.post(f"/vacancies/{vacancy['id']}/decide-appeal", decision(row, overturn=False)))
    assert done["state"] == "upheld"
    refused(await world.anonymous.get(f"/vacancies/{vacancy['id']}"), 404, "vacancy_not_found")
    assert "维持下架" in ok(await hiring.recruiter.get("/me/notices"))["items"][0]["body"]


@pytest.mark.parametrize(("meanwhile", "state"), [("expired", "expired"), ("full", "filled"), ("suspended", "paused")])
async def test_what_is_put_back_stands_where_it_would_stand_now(
    world: World, hiring: Hiring, meanwhile: str, state: str
) -> None:
    vacancy, other = await hiring.post(), await second_officer(world)
    await taken_down(world, vacancy)
    row = await appealed(hiring, vacancy)
    if meanwhile == "expired":
        await set_columns(world, Vacancy, vacancy["id"], valid_until=china_date(world.clock.now()) - timedelta(days=1))
    elif meanwhile == "full":
        await set_columns(world, Vacancy, vacancy["id"], hired_count=vacancy["headcount"])
    else:
        await set_columns(world, Enterprise, hiring.firm_id, state=EnterpriseState.SUSPENDED)
    ok(await other.post(f"/vacancies/{vacancy['id']}/decide-appeal", decision(row, overturn=True)))
    assert ok(await other.get(f"/vacancies/{vacancy['id']}"))["state"] == state


async def test_two_officers_decide_at_once_and_one_counts(world: World, hiring: Hiring) -> None:
    vacancy, first, second = await hiring.post(), await second_officer(world), await second_officer(world)
    await taken_down(world, vacancy)
    row = await appealed(hiring, vacancy)
    path = f"/vacancies/{vacancy['id']}/decide-appeal"
    answers = await asyncio.gather(
        first.post(path, decision(row, overturn=True)), second.post(path, decision(row, overturn=False))
    )
    assert sum(answer.is_success for answer in answers) == 1
    states = [r["state"] for r in ok(await first.get(f"/vacancies/{vacancy['id']}/take-downs"))]
    assert states in (["overturned"], ["upheld"])


async def test_the_days_of_an_appeal_are_a_dated_row(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post()
    async with world.runtime.db.unit_of_work() as session:
        session.add(
            PostingPolicyRow(
                created_at=world.clock.now(), updated_at=world.clock.now(), key="appeal_workdays", value=1,
                effective_from=date(2026, 1, 1), source="测试",
            )
        )  # fmt: skip
    await taken_down(world, vacancy)
    row = await standing(hiring.recruiter, vacancy)
    world.clock.advance(timedelta(days=12))
    recruiter = await world.person(hiring.recruiter.name)
    form = {"text": "来晚了的申诉", "expected_version": row["version"]}
    refused(await recruiter.post(f"/vacancies/{vacancy['id']}/appeal", form), 409, "appeal_late")


async def test_who_may_not(world: World, hiring: Hiring) -> None:
    vacancy, officer, other = await hiring.post(), await world.officer(), await rival(world)
    path = f"/vacancies/{vacancy['id']}/take-down"
    refused(await hiring.recruiter.post(path, down_form(vacancy)), 403, "forbidden")
    refused(await officer.post(f"/vacancies/{NOBODY}/take-down", down_form(vacancy)), 404, "vacancy_not_found")
    unknown = down_form(vacancy, rule_id="no_such_rule")
    refused(await officer.post(path, unknown), 422, "posting_rule_unknown", "rule_id")
    refused(await officer.post(path, down_form(vacancy, expected_version=7)), 409, "stale")
    refused(await officer.post(path, down_form(vacancy, evidence="")), 422, "invalid_fields", "evidence")
    refused(await officer.post(path, down_form(vacancy, file_ids=[NOBODY])), 422, "file_unusable")
    partial = await world.person()
    area = ok(await world.anonymous.get("/areas"))[0]["id"]
    await world.appoint(partial, Role.JOBS_OFFICER, ScopeKind.AREA, area)
    refused(await partial.post(path, down_form(vacancy)), 403, "forbidden")
    assert await count(world, VacancyTakedown) == 0
    await taken_down(world, vacancy)
    refused(await other.recruiter.get(f"/vacancies/{vacancy['id']}/take-downs"), 404, "vacancy_not_found")
    form = {"text": "不是我的岗位", "expected_version": 1}
    refused(await other.recruiter.post(f"/vacancies/{vacancy['id']}/appeal", form), 404, "vacancy_not_found")
    fine = await hiring.post(title="车工")
    form = {"text": "没有下架的岗位", "expected_version": 1}
    refused(await hiring.recruiter.post(f"/vacancies/{fine['id']}/appeal", form), 404, "takedown_not_found")


async def test_a_report_that_is_upheld_can_be_appealed_too(world: World, hiring: Hiring) -> None:
    vacancy, reporter, officer = await hiring.post(), await world.person(), await world.officer()
    form = {"subject_kind": "vacancy", "subject_id": vacancy["id"], "reason": "fee", "text": "收了我300元"}
    report = ok(await reporter.post("/reports", form, key="report-0001"))
    reply = {"uphold": True, "reply": "经核实该岗位收取服装费", "expected_version": report["version"]}
    ok(await officer.post(f"/reports/{report['id']}/decide", reply))
    row = await standing(hiring.recruiter, vacancy)
    assert (row["rule_id"], row["evidence"]) == (None, None)
    assert row["basis"] == "举报属实：经核实该岗位收取服装费"
    assert "300" not in str(row)
    other = await second_officer(world)
    done = await appealed(hiring, vacancy)
    ok(await other.post(f"/vacancies/{vacancy['id']}/decide-appeal", decision(done, overturn=True)))
    assert ok(await world.anonymous.get(f"/vacancies/{vacancy['id']}"))["state"] == "published"


async def sample_every(world: World, value: int) -> None:
    async with world.runtime.db.unit_of_work() as session:
        session.add(
            PostingPolicyRow(
                created_at=world.clock.now(), updated_at=world.clock.now(), key="sample_one_in", value=value,
                effective_from=date(2026, 1, 1), source="测试",
            )
        )  # fmt: skip


async def test_a_sample_is_found_fine_or_taken_down(world: World, hiring: Hiring) -> None:
    await sample_every(world, 1)
    vacancy, officer = await hiring.post(), await world.officer()
    task = next(t for t in ok(await officer.get("/tasks"))["items"] if t["kind"] == "vacancy_sample")
    assert (task["subject_id"], task["due_at"] is not None) == (vacancy["id"], True)
    path = f"/vacancies/{vacancy['id']}/sample-fine"
    form = {"note": "电话核实无误", "expected_version": vacancy["version"]}
    refused(await hiring.recruiter.post(path, form), 403, "forbidden")
    refused(await officer.post(path, form | {"expected_version": 9}), 409, "stale")
    ok(await officer.post(path, form))
    refused(await officer.post(path, form), 404, "sample_not_found")
    another = await hiring.post(title="车工")
    await taken_down(world, another)
    assert await count(world, Task, Task.kind == "vacancy_sample", Task.state == "open") == 0
    # What waits for a review is looked at anyway.
    held = await hiring.post(duties="缝制服装 SBX_REVIEW", title="裁床")
    assert held["state"] == "in_review"
    assert await count(world, Task, Task.kind == "vacancy_sample") == 2


async def test_about_one_in_ten_is_sampled(world: World, hiring: Hiring) -> None:
    """By the key and the posting's id alone, so that the share can be counted without posting a thousand."""
    crypto = world.runtime.crypto
    drawn = sum(int(crypto.keyed_hash("sample", f"{n}:1")[:12], 16) % 10 == 0 for n in range(2000))
    assert 140 <= drawn <= 260
    await sample_every(world, 1_000_000_000)
    await hiring.post()
    assert await count(world, Task, Task.kind == "vacancy_sample") == 0


async def test_a_double_is_told_while_typing_on_posting_and_to_the_reviewer(world: World, hiring: Hiring) -> None:
    first = await hiring.post()
    form = await hiring.form(title="平车 工", duties="平车缝制服装配件 ，按工艺单操作")
    linted = {name: value for name, value in form.items() if name not in {"shift_pattern", "benefits"}}
    (finding,) = ok(await hiring.recruiter.post("/vacancies/lint", linted))["findings"]
    assert (finding["rule_id"], finding["severity"], finding["field"]) == ("duplicate", "warn", "title")
    assert finding["other_vacancy_id"] == first["id"]
    assert "平车工" in finding["message"]
    saved = ok(await hiring.recruiter.post("/vacancies", form))
    assert saved["findings"] == [finding]
    officer, second = await world.officer(), saved["vacancy"]
    seen = ok(await officer.get(f"/vacancies/{second['id']}/findings"))
    assert [f["other_vacancy_id"] for f in seen["findings"]] == [first["id"]]
    refused(await hiring.recruiter.get(f"/vacancies/{second['id']}/findings"), 403, "forbidden")
    refused(await officer.get(f"/vacancies/{NOBODY}/findings"), 404, "vacancy_not_found")
    # Not of itself, not of another trade, place or firm, not of what is closed.
    assert (
        ok(await hiring.recruiter.post("/vacancies/lint", linted | {"vacancy_id": first["id"]}))["findings"][0][
            "other_vacancy_id"
        ]
        == second["id"]
    )
    elsewhere = linted | {"place": {"address": "宝盖镇塘后村中心路9号"}}
    trade = linted | {"occupation_code": await world.occupation("裁剪")}
    other = await rival(world)
    for someone, changed in ((hiring.recruiter, elsewhere), (hiring.recruiter, trade),
                             (other.recruiter, linted | {"enterprise_id": other.firm_id})):  # fmt: skip
        assert ok(await someone.post("/vacancies/lint", changed))["findings"] == []
    for row in (first, second):
        await set_columns(world, Vacancy, row["id"], state=VacancyState.WITHDRAWN)
    assert ok(await hiring.recruiter.post("/vacancies/lint", linted))["findings"] == []


async def test_pay_of_nothing_and_reposts_without_a_source(hiring: Hiring) -> None:
    for pay in ({"min_fen": 0}, {"min_fen": -1}, {"max_fen": 10**12}, {"min_fen": 900000, "max_fen": 100}):
        form = await hiring.form()
        form["pay"] |= pay
        field = "pay" if len(pay) == 2 else f"pay.{next(iter(pay))}"
        refused(await hiring.recruiter.post("/vacancies", form), 422, "invalid_fields", field)
    form = await hiring.form(requirements="男女不限，转载自老乡群。")
    refused(await hiring.recruiter.post("/vacancies", form), 422, "posting_refused", "requirements")
    named = form | {"repost_source": "石狮市公共就业服务中心"}
    made = ok(await hiring.recruiter.post("/vacancies", named))["vacancy"]
    assert made["repost_source"] == "石狮市公共就业服务中心"
