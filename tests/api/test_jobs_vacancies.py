"""Vacancies over HTTP: post, lint, hold, review, change, close; who sees them; every transition."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.core.clock import china_date
from app.models.common import Task
from app.models.jobs import Vacancy, VacancyVersion
from app.models.organisation import Enterprise
from app.rules.jobs.vacancies import EDITABLE, NEXT, VacancyState
from app.rules.organisation import EnterpriseState
from tests.factories.world import World, ok, refused
from tests.support.jobs import (
    CONTENT_CHECK,
    NOBODY,
    Hiring,
    count,
    key,
    rival,
    set_columns,
    unapproved,
    until,
)

BAD = "限女，35岁以下，押金300元"
S = VacancyState


async def test_a_lawful_posting_is_published_at_once_and_seen_by_everybody(world: World, hiring: Hiring) -> None:
    answer = await hiring.recruiter.post("/vacancies", await hiring.form())
    saved = ok(answer)
    assert answer.status_code == 201
    vacancy = saved["vacancy"]
    assert (vacancy["state"], vacancy["state_label"], vacancy["open_seats"]) == ("published", "招聘中", 2)
    assert vacancy["pay"]["min_fen"] == 550000
    today = china_date(world.clock.now())
    assert (
        vacancy["enterprise_label"] == f"已核验（核对上传的证照，{today}，有效至{today.replace(year=today.year + 1)}）"
    )
    read = ok(await world.anonymous.get(f"/vacancies/{vacancy['id']}"))
    assert read | {"actions": []} == vacancy | {"actions": []}
    assert read["actions"] == [{"action": "apply", "allowed": False, "reason": "请先登录"}]
    listed = ok(await world.anonymous.get("/vacancies"))["items"]
    assert [item["id"] for item in listed] == [vacancy["id"]]
    assert await count(world, VacancyVersion) == 1
    own = {action["action"]: action["allowed"] for action in vacancy["actions"]}
    assert own == {"pause": True, "resume": False, "withdraw": True}


async def test_a_blocked_post_lists_every_finding_and_stores_nothing(world: World, hiring: Hiring) -> None:
    form = await hiring.form(requirements=BAD)
    body = refused(await hiring.recruiter.post("/vacancies", form), 422, "posting_refused", "requirements")
    findings = body["fields"]
    assert sorted(finding["severity"] for finding in findings) == ["block", "block", "warn"]
    assert {finding["path"] for finding in findings} == {"requirements"}
    for finding in findings:
        assert BAD[finding["start"] : finding["end"]] == finding["quote"] != ""
        assert all("一" <= finding[name][0] <= "龥" or finding[name][0] in "《“" for name in ("law", "mend", "message"))
        assert finding["rule_id"].isascii()
    quotes = {finding["quote"]: finding["severity"] for finding in findings}
    assert [severity for quote, severity in quotes.items() if "女" in quote] == ["block"]
    assert [severity for quote, severity in quotes.items() if "押金" in quote] == ["block"]
    assert [severity for quote, severity in quotes.items() if "岁" in quote] == ["warn"]
    assert body["params"] == {"blocks": 2}
    assert (
        await count(world, Vacancy)
        == await count(world, VacancyVersion)
        == await count(world, Task, Task.kind == "vacancy_review")
        == 0
    )
    assert ok(await world.anonymous.get("/vacancies"))["items"] == []
    # The rules speak before WeChat is asked.
    assert world.sandbox.calls(CONTENT_CHECK) == []


async def test_lint_says_what_publishing_says(hiring: Hiring) -> None:
    form = await hiring.form(requirements=BAD, minutes_per_day=720)
    linted = {name: value for name, value in form.items() if name not in {"shift_pattern", "benefits"}}
    said = ok(await hiring.recruiter.post("/vacancies/lint", linted))
    answer = await hiring.recruiter.post("/vacancies", form)
    published = refused(answer, 422, "posting_refused")["fields"]
    assert [f | {"path": f["field"]} for f in said["findings"]] == [f | {"field": f["path"]} for f in published]
    assert said["would_publish"] is False
    assert "minutes_per_day" in {finding["field"] for finding in said["findings"]}
    mended = linted | {"requirements": "18至45岁。", "minutes_per_day": 480}
    warned = ok(await hiring.recruiter.post("/vacancies/lint", mended))
    saved = ok(await hiring.recruiter.post("/vacancies", form | {"requirements": "18至45岁。", "minutes_per_day": 480}))
    assert warned == {"findings": saved["findings"], "would_publish": True}
    assert saved["findings"] != []
    assert saved["vacancy"]["state"] == "published"


async def test_lint_needs_nothing_stores_nothing_and_asks_nobody(world: World, hiring: Hiring) -> None:
    said = ok(await hiring.recruiter.post("/vacancies/lint", {}))
    assert {"occupation_code", "pay.unit", "place.address"} <= {finding["field"] for finding in said["findings"]}
    assert await count(world, Vacancy) == 0
    assert world.sandbox.calls(CONTENT_CHECK) == []


async def test_risky_words_are_refused_naming_the_field(world: World, hiring: Hiring) -> None:
    form = await hiring.form(duties="缝制服装 SBX_RISKY 按工艺单操作。")
    body = refused(await hiring.recruiter.post("/vacancies", form), 422, "text_risky", "duties")
    assert [field["path"] for field in body["fields"]] == ["duties"]
    assert await count(world, Vacancy) == 0
    checked = world.sandbox.calls(CONTENT_CHECK)
    assert form["title"] in checked[0]["body"]["content"]


@pytest.mark.parametrize("held_by", ["review", "busy", "html", "empty", "reset", "stalled", "not_seen_lately", "quota"])
async def test_a_doubtful_post_waits_for_the_officer(world: World, hiring: Hiring, held_by: str) -> None:
    duties = "缝制服装 SBX_REVIEW。" if held_by == "review" else "缝制服装。"
    form = await hiring.form(duties=duties)
    if held_by == "not_seen_lately":
        world.sandbox.post("/_sbx/clock", advance_seconds=3 * 3600)
    elif held_by == "busy":
        world.sandbox.post("/_sbx/faults", path=CONTENT_CHECK, kind="errcode", errcode=-1, times=20)
    elif held_by == "quota":
        world.sandbox.post("/_sbx/faults", path=CONTENT_CHECK, kind="errcode", errcode=45011, times=20)
    elif held_by == "stalled":
        world.sandbox.post("/_sbx/faults", path=CONTENT_CHECK, kind="slow", seconds=30, times=20)
    elif held_by != "review":
        world.sandbox.post("/_sbx/faults", path=CONTENT_CHECK, kind=held_by, times=20)
    vacancy = ok(await hiring.recruiter.post("/vacancies", form))["vacancy"]
    assert (vacancy["state"], vacancy["published_at"]) == ("in_review", None)
    assert "复核" in vacancy["review_note"]
    refused(await world.anonymous.get(f"/vacancies/{vacancy['id']}"), 404, "vacancy_not_found")
    assert ok(await world.anonymous.get("/vacancies", q="平车"))["items"] == []

    officer = await world.officer()
    task = next(t for t in ok(await officer.get("/tasks"))["items"] if t["kind"] == "vacancy_review")
    assert (task["subject_id"], task["kind_label"]) == (vacancy["id"], "复核岗位")
    shown = ok(await officer.get(f"/vacancies/{vacancy['id']}"))
    assert {a["action"]: a["allowed"] for a in shown["actions"]} == {"approve": True, "return": True}
    approved = ok(
        await officer.post(
            f"/vacancies/{vacancy['id']}/approve", {"note": "核对无误", "expected_version": shown["version"]}
        )
    )
    assert (approved["state"], approved["review_note"]) == ("published", "核对无误")
    found = ok(await world.anonymous.get("/vacancies", q="平车"))["items"]
    assert [item["id"] for item in found] == [vacancy["id"]]
    # Words between the office and the firm are not the public's business.
    assert ok(await world.anonymous.get(f"/vacancies/{vacancy['id']}"))["review_note"] is None
    assert "vacancy_review" not in {t["kind"] for t in ok(await officer.get("/tasks"))["items"]}
    notice = ok(await hiring.recruiter.get("/me/notices"))["items"][0]
    assert (notice["kind"], "已发布" in notice["body"]) == ("vacancy_reviewed", True)
    again = {"note": "", "expected_version": approved["version"]}
    refused(await officer.post(f"/vacancies/{vacancy['id']}/approve", again), 409, "vacancy_state_wrong")


async def test_a_returned_post_is_mended_and_published(world: World, hiring: Hiring) -> None:
    officer = await world.officer()
    form = await hiring.form(duties="缝制服装 SBX_REVIEW。")
    vacancy = ok(await hiring.recruiter.post("/vacancies", form))["vacancy"]
    path = f"/vacancies/{vacancy['id']}/return"
    refused(
        await officer.post(path, {"note": "", "expected_version": vacancy["version"]}), 422, "invalid_fields", "note"
    )
    refused(await officer.post(path, {"note": "写清地点", "expected_version": 9}), 409, "stale", "expected_version")
    returned = ok(await officer.post(path, {"note": "请补充门牌号", "expected_version": vacancy["version"]}))
    assert (returned["state"], returned["review_note"]) == ("returned", "请补充门牌号")
    notice = ok(await hiring.recruiter.get("/me/notices"))["items"][0]
    assert "请补充门牌号" in notice["body"]
    refused(await world.anonymous.get(f"/vacancies/{vacancy['id']}"), 404, "vacancy_not_found")
    update = await update_form(hiring, returned, duties="缝制服装。")
    mended = ok(await hiring.recruiter.put(f"/vacancies/{vacancy['id']}", update))["vacancy"]
    assert (mended["state"], mended["content_version"], mended["review_note"]) == ("published", 2, None)


async def test_an_update_is_a_new_version_and_the_applicant_keeps_theirs(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post()
    seeker = await world.seeker()
    mine = await world.apply(seeker, vacancy["id"])
    assert mine["vacancy_content_version"] == 1
    world.clock.advance(timedelta(minutes=5))
    update = await update_form(hiring, vacancy, title="平车工（二组）", headcount=3)
    changed = ok(await hiring.recruiter.put(f"/vacancies/{vacancy['id']}", update))["vacancy"]
    assert (changed["state"], changed["content_version"], changed["title"]) == ("published", 2, "平车工（二组）")
    # Freshness in the list cannot be bought by an edit.
    assert changed["published_at"] == vacancy["published_at"]
    assert ok(await seeker.get(f"/me/applications/{mine['id']}"))["vacancy_content_version"] == 1
    async with world.runtime.db.connection() as connection:
        rows = (await connection.execute(VacancyVersion.__table__.select().order_by(VacancyVersion.number))).all()
    assert [(row.number, row.content["title"], row.content["headcount"]) for row in rows] == [
        (1, "平车工", 2), (2, "平车工（二组）", 3),
    ]  # fmt: skip
    found = ok(await world.anonymous.get("/vacancies", q="二组"))["items"]
    assert [item["id"] for item in found] == [vacancy["id"]]
    refused(await hiring.recruiter.put(f"/vacancies/{vacancy['id']}", update), 409, "stale", "expected_version")


async def test_a_published_text_never_changes_unchecked(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post()
    path = f"/vacancies/{vacancy['id']}"
    bad = await update_form(hiring, vacancy, requirements=BAD)
    refused(await hiring.recruiter.put(path, bad), 422, "posting_refused", "requirements")
    risky = await update_form(hiring, vacancy, contact_note="SBX_RISKY 加群")
    refused(await hiring.recruiter.put(path, risky), 422, "text_risky", "contact_note")
    silent = await update_form(hiring, vacancy, submit=False, requirements=BAD)
    refused(await hiring.recruiter.put(path, silent), 409, "vacancy_state_wrong")
    assert ok(await world.anonymous.get(path))["content_version"] == 1
    held = await update_form(hiring, vacancy, duties="SBX_REVIEW 缝制。")
    assert ok(await hiring.recruiter.put(path, held))["vacancy"]["state"] == "in_review"
    refused(await world.anonymous.get(path), 404, "vacancy_not_found")
    assert ok(await world.anonymous.get("/vacancies"))["items"] == []


async def test_a_draft_may_be_anything_and_is_the_firms_own(world: World, hiring: Hiring) -> None:
    draft = ok(await hiring.recruiter.post("/vacancies", await hiring.form(submit=False, requirements=BAD)))
    assert draft["vacancy"]["state"] == "draft"
    assert len(draft["findings"]) == 3
    assert world.sandbox.calls(CONTENT_CHECK) == []
    path = f"/vacancies/{draft['vacancy']['id']}"
    other, seeker = await rival(world), await world.seeker()
    for stranger in (world.anonymous, seeker, other.recruiter):
        refused(await stranger.get(path), 404, "vacancy_not_found")
    assert ok(await hiring.recruiter.get(path))["state"] == "draft"
    assert ok(await (await world.officer()).get(path))["state"] == "draft"
    refused(
        await seeker.post("/applications", {"vacancy_id": path[11:], "release_contact": True}, key=key()),
        404,
        "vacancy_not_found",
    )
    kept = ok(await hiring.recruiter.put(path, await update_form(hiring, draft["vacancy"], submit=False)))["vacancy"]
    assert (kept["state"], kept["version"]) == ("draft", 2)
    published = ok(await hiring.recruiter.put(path, await update_form(hiring, kept)))["vacancy"]
    assert published["state"] == "published"


async def test_pause_resume_withdraw(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post()
    path, reader = f"/vacancies/{vacancy['id']}", world.anonymous
    paused = ok(await hiring.recruiter.post(f"{path}/pause", {"expected_version": vacancy["version"]}))
    assert paused["state"] == "paused"
    refused(await reader.get(path), 404, "vacancy_not_found")
    assert ok(await reader.get("/vacancies", q="平车"))["items"] == []
    refused(await hiring.recruiter.post(f"{path}/resume", {"expected_version": vacancy["version"]}), 409, "stale")
    world.clock.advance(timedelta(minutes=1))
    resumed = ok(await hiring.recruiter.post(f"{path}/resume", {"expected_version": paused["version"]}))
    assert (resumed["state"], resumed["published_at"]) == ("published", vacancy["published_at"])
    assert len(ok(await reader.get("/vacancies", q="平车"))["items"]) == 1
    gone = ok(await hiring.recruiter.post(f"{path}/withdraw", {"expected_version": resumed["version"]}))
    assert gone["state"] == "withdrawn"
    refused(await reader.get(path), 404, "vacancy_not_found")
    assert ok(await reader.get("/vacancies"))["items"] == []
    mine = ok(await hiring.recruiter.get(f"/enterprises/{hiring.firm_id}/vacancies"))
    assert [(row["id"], row["state"]) for row in mine] == [(vacancy["id"], "withdrawn")]
    assert not any(action["allowed"] for action in mine[0]["actions"])


async def test_every_transition_of_the_table_and_no_other(world: World, hiring: Hiring) -> None:
    """All nine states, each act that a person can do: allowed where the table says so, else 409 and nothing changed."""
    officer = await world.officer()
    vacancy = await hiring.post()
    path = f"/vacancies/{vacancy['id']}"
    full = await update_form(hiring, vacancy)
    acts: list[tuple[str, Any, VacancyState, dict[str, Any]]] = [
        ("pause", hiring.recruiter, S.PAUSED, {}), ("resume", hiring.recruiter, S.PUBLISHED, {}),
        ("withdraw", hiring.recruiter, S.WITHDRAWN, {}), ("approve", officer, S.PUBLISHED, {"note": ""}),
        ("return", officer, S.RETURNED, {"note": "请补充"}), ("submit", hiring.recruiter, S.PUBLISHED, full),
        ("held", hiring.recruiter, S.IN_REVIEW, full | {"duties": "SBX_REVIEW 缝制。"}),
        ("keep", hiring.recruiter, S.DRAFT, full | {"submit": False}),
    ]  # fmt: skip
    only_from = {"resume": {S.PAUSED}, "approve": {S.IN_REVIEW}, "return": {S.IN_REVIEW}}
    version = 100
    for state in S:
        for act, person, target, form in acts:
            aim = target
            version += 1
            await set_columns(world, Vacancy, vacancy["id"], state=state, version=version)
            body = form | {"expected_version": version}
            is_update = act in {"submit", "held", "keep"}
            answer = await (person.put(path, body) if is_update else person.post(f"{path}/{act}", body))
            if act == "keep":
                allowed, aim = state in {S.DRAFT, S.RETURNED}, state
            elif is_update:
                allowed = state in EDITABLE
            else:
                allowed = aim in NEXT[state] and state in only_from.get(act, set(S))
            if allowed:
                read = ok(answer)
                reached = (read["vacancy"] if is_update else read)["state"]
                assert reached == aim, (state, act)
                assert is_update or aim in NEXT[state]
            else:
                refused(answer, 409, "vacancy_state_wrong")
                assert await count(world, Vacancy, Vacancy.state == state, Vacancy.version == version) == 1, (
                    state,
                    act,
                )


async def test_actions_tell_beforehand_what_the_service_will_say(world: World, hiring: Hiring) -> None:
    officer = await world.officer()
    vacancy = await hiring.post()
    path = f"/vacancies/{vacancy['id']}"
    for version, state in enumerate(S, start=10):
        for person in (hiring.recruiter, officer):
            await set_columns(world, Vacancy, vacancy["id"], state=state, version=version)
            for action in ok(await person.get(path))["actions"]:
                await set_columns(world, Vacancy, vacancy["id"], state=state, version=version)
                body = {"expected_version": version} | ({"note": "请补充"} if person is officer else {})
                answer = await person.post(f"{path}/{action['action']}", body)
                assert answer.is_success == action["allowed"], (state, action)
                assert (action["reason"] is None) == action["allowed"]


async def test_who_may_and_who_may_not(world: World, hiring: Hiring) -> None:
    officer, other = await world.officer(), await rival(world)
    seeker, vacancy = await world.person(), await hiring.post()
    form, update = await hiring.form(), await update_form(hiring, vacancy)
    path = f"/vacancies/{vacancy['id']}"
    version = {"expected_version": vacancy["version"]}
    mine: list[tuple[str, str, Any]] = [
        ("POST", "/vacancies", form), ("POST", "/vacancies/lint", form | {"title": "平车工"}), ("PUT", path, update),
        ("POST", f"{path}/pause", version), ("POST", f"{path}/resume", version), ("POST", f"{path}/withdraw", version),
        ("GET", f"/enterprises/{hiring.firm_id}/vacancies", None), ("GET", f"{path}/candidates", None),
    ]  # fmt: skip
    reviews = [("POST", f"{path}/{act}", version | {"note": "请补充"}) for act in ("approve", "return")]
    for method, url, body in mine + reviews:
        refused(await world.anonymous.call(method, url, json=body), 401, "token_invalid")
        refused(await seeker.call(method, url, json=body), 403, "forbidden")
    for method, url, body in mine:
        refused(await officer.call(method, url, json=body), 403, "forbidden")
    for method, url, body in reviews:
        refused(await hiring.recruiter.call(method, url, json=body), 403, "forbidden")
    # Another firm's recruiter may recruit, but not here: for them it does not exist.
    lint = {"enterprise_id": hiring.firm_id, "title": "平车工"}
    for method, url, body in mine:
        code = "vacancy_not_found" if path in url else "enterprise_not_found"
        refused(await other.recruiter.call(method, url, json=lint if url.endswith("lint") else body), 404, code)
    for method, url, body in [m for m in mine + reviews if path in m[1]]:
        person = officer if (method, url, body) in reviews else hiring.recruiter
        gone = url.replace(vacancy["id"], NOBODY)
        refused(await person.call(method, gone, json=body), 404, "vacancy_not_found")
        refused(
            await person.call(method, url.replace(vacancy["id"], "x"), json=body),
            422,
            "invalid_fields",
            "path.vacancy_id",
        )
    refused(await world.anonymous.get(f"/vacancies/{NOBODY}"), 404, "vacancy_not_found")
    assert ok(await world.anonymous.get(path))["version"] == vacancy["version"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "平"}, "title"), ({"title": " 平\n "}, "title"), ({"title": "平车\x00工"}, "title"), ({"headcount": 0}, "headcount"),
        ({"headcount": 1.5}, "headcount"), ({"pay": {"unit": "month", "cycle": "monthly", "min_fen": 2, "max_fen": 1}}, "pay"),
        ({"pay": {"unit": "month", "cycle": "monthly", "min_fen": -1}}, "pay.min_fen"), ({"salary": 5}, "salary"),
        ({"place": {"address": "宝盖镇", "latitude": 24.7}}, "place"), ({"valid_until": "明天"}, "valid_until"),
        ({"engagement": "slave"}, "engagement"), ({"occupation_code": "' OR 1=1"}, "occupation_code"),
        ({"benefits": ["meals"] * 9}, "benefits"), ({"enterprise_id": "1"}, "enterprise_id"),
        ({"pay": {"unit": "month", "cycle": "monthly", "min_fen": 10**18}}, "pay.min_fen"), ({"duties": None}, "duties"),
        ({"place": {"address": "宝盖镇", "latitude": 91, "longitude": 0, "coord_type": "gcj02"}}, "place.latitude"),
    ],
)  # fmt: skip
async def test_malformed_forms_name_the_field(
    world: World, hiring: Hiring, changes: dict[str, Any], field: str
) -> None:
    refused(await hiring.recruiter.post("/vacancies", await hiring.form(**changes)), 422, "invalid_fields", field)
    assert await count(world, Vacancy) == 0


async def test_malformed_updates_reviews_and_moves(world: World, hiring: Hiring) -> None:
    officer, vacancy = await world.officer(), await hiring.post()
    path = f"/vacancies/{vacancy['id']}"
    update = await update_form(hiring, vacancy)
    refused(
        await hiring.recruiter.put(path, update | {"enterprise_id": hiring.firm_id}),
        422,
        "invalid_fields",
        "enterprise_id",
    )
    refused(
        await hiring.recruiter.put(path, {k: v for k, v in update.items() if k != "expected_version"}),
        422, "invalid_fields", "expected_version",
    )  # fmt: skip
    for act in ("pause", "resume", "withdraw"):
        refused(await hiring.recruiter.post(f"{path}/{act}", {}), 422, "invalid_fields", "expected_version")
        refused(
            await hiring.recruiter.post(f"{path}/{act}", {"expected_version": 99}), 409, "stale", "expected_version"
        )
    for act in ("approve", "return"):
        refused(await officer.post(f"{path}/{act}", {"note": "请补充", "expected_version": 0}), 422, "invalid_fields")
        refused(await officer.post(f"{path}/{act}", {"note": "请补充", "expected_version": 99}), 409, "stale")
    refused(await hiring.recruiter.post("/vacancies/lint", {"title": "平" * 41}), 422, "invalid_fields", "title")
    refused(await hiring.recruiter.get("/enterprises/1/vacancies"), 422, "invalid_fields", "path.enterprise_id")
    headers = hiring.recruiter.headers | {"Content-Type": "application/json"}
    broken = await world.api.post("/api/v1/vacancies", content=b"{", headers=headers)
    refused(broken, 422, "body_malformed", "body")


async def test_the_occupation_must_be_in_the_table(world: World, hiring: Hiring) -> None:
    form = await hiring.form(occupation_code="99999.99")
    refused(await hiring.recruiter.post("/vacancies", form), 422, "occupation_unknown", "occupation_code")
    assert await count(world, Vacancy) == 0
    vacancy = await hiring.post()
    update = await update_form(hiring, vacancy, occupation_code="99999.99")
    refused(await hiring.recruiter.put(f"/vacancies/{vacancy['id']}", update), 422, "occupation_unknown")


async def test_an_unapproved_firm_may_draft_but_not_publish(world: World) -> None:
    firm = await unapproved(world)
    refused(await firm.recruiter.post("/vacancies", await firm.form()), 422, "posting_refused", "enterprise_id")
    assert await count(world, Vacancy) == 0
    draft = ok(await firm.recruiter.post("/vacancies", await firm.form(submit=False)))["vacancy"]
    assert (draft["state"], draft["enterprise_label"]) == ("draft", "")
    said = ok(await firm.recruiter.post("/vacancies/lint", {"enterprise_id": firm.firm_id}))
    assert "enterprise_id" in {finding["field"] for finding in said["findings"] if finding["severity"] == "block"}


async def test_a_suspended_firm_cannot_publish(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post()
    held = ok(await hiring.recruiter.post("/vacancies", await hiring.form(duties="SBX_REVIEW 缝制。")))["vacancy"]
    await set_columns(world, Enterprise, hiring.firm_id, state=EnterpriseState.SUSPENDED)
    refused(await hiring.recruiter.post("/vacancies", await hiring.form()), 422, "posting_refused", "enterprise_id")
    update = await update_form(hiring, vacancy)
    refused(await hiring.recruiter.put(f"/vacancies/{vacancy['id']}", update), 422, "posting_refused", "enterprise_id")
    body = {"note": "", "expected_version": held["version"]}
    refused(await (await world.officer()).post(f"/vacancies/{held['id']}/approve", body), 409, "vacancy_state_wrong")
    assert await count(world, Vacancy) == 2


async def test_a_firm_suspended_while_wechat_thinks_does_not_publish(world: World, hiring: Hiring) -> None:
    """What the checks relied on is looked at again under the lock."""
    world.sandbox.post("/_sbx/faults", path=CONTENT_CHECK, kind="slow", seconds=1, applied=True)
    posting = asyncio.create_task(hiring.recruiter.post("/vacancies", await hiring.form()))
    await until(lambda: world.sandbox.calls(CONTENT_CHECK))
    await set_columns(world, Enterprise, hiring.firm_id, state=EnterpriseState.SUSPENDED)
    refused(await posting, 409, "vacancy_state_wrong")
    assert await count(world, Vacancy) == 0


async def test_a_stalled_wechat_holds_no_lock(world: World, hiring: Hiring) -> None:
    world.sandbox.post("/_sbx/faults", path=CONTENT_CHECK, kind="slow", seconds=30, applied=True)
    posting = asyncio.create_task(
        hiring.recruiter.post("/vacancies", await hiring.form(), key=key()),
    )
    await until(lambda: world.sandbox.calls(CONTENT_CHECK))
    other = await world.person()
    ok(await other.put("/me/profile", {"name": "王大海", "birth_date": "1990-01-01", "expected_version": 1}))
    assert not posting.done(), "另一次写入排在了等待微信的请求后面"
    assert ok(await posting)["vacancy"]["state"] == "in_review"


async def test_the_same_key_posts_once(world: World, hiring: Hiring) -> None:
    form, once = await hiring.form(), key()
    first = await hiring.recruiter.post("/vacancies", form, key=once)
    again = await hiring.recruiter.post("/vacancies", form, key=once)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    refused(await hiring.recruiter.post("/vacancies", form | {"headcount": 9}, key=once), 422, "idempotency_key_reused")
    assert await count(world, Vacancy) == 1


@pytest.mark.parametrize("waits", ["paused", "in_review", "returned"])
async def test_a_full_vacancy_closes_wherever_it_stands(world: World, hiring: Hiring, waits: str) -> None:
    """Hired while paused or under review: it never opens again with nothing to offer."""
    vacancy, officer = await hiring.post(headcount=1), await world.officer()
    path = f"/vacancies/{vacancy['id']}"
    application = (await candidates_of(world, hiring, vacancy))[0]
    if waits == "paused":
        ok(await hiring.recruiter.post(f"{path}/pause", {"expected_version": vacancy["version"]}))
    else:
        held = await update_form(hiring, vacancy, headcount=1, duties="SBX_REVIEW 缝制。")
        row = ok(await hiring.recruiter.put(path, held))["vacancy"]
        if waits == "returned":
            ok(await officer.post(f"{path}/return", {"note": "请补充", "expected_version": row["version"]}))
    assert ok(await hiring.recruiter.get(path))["state"] == waits
    ok(await hiring.step(application, "hired"))
    full = ok(await hiring.recruiter.get(path))
    assert (full["state"], full["open_seats"]) == ("filled", 0)
    assert "vacancy_review" not in {task["kind"] for task in ok(await officer.get("/tasks"))["items"]}
    for person, act in ((hiring.recruiter, "resume"), (officer, "approve")):
        refused(await person.post(f"{path}/{act}", {"expected_version": full["version"]}), 409, "vacancy_state_wrong")
    assert ok(await world.anonymous.get("/vacancies"))["items"] == []


async def test_a_withdrawn_post_needs_no_review(world: World, hiring: Hiring) -> None:
    held = ok(await hiring.recruiter.post("/vacancies", await hiring.form(duties="SBX_REVIEW 缝制。")))["vacancy"]
    officer = await world.officer()
    assert "vacancy_review" in {task["kind"] for task in ok(await officer.get("/tasks"))["items"]}
    ok(await hiring.recruiter.post(f"/vacancies/{held['id']}/withdraw", {"expected_version": held["version"]}))
    assert "vacancy_review" not in {task["kind"] for task in ok(await officer.get("/tasks"))["items"]}


async def test_fewer_seats_than_hired_people_cannot_be(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post(headcount=3)
    for application in await candidates_of(world, hiring, vacancy, people=2):
        ok(await hiring.step(application, "hired"))
    now = ok(await hiring.recruiter.get(f"/vacancies/{vacancy['id']}"))
    path = f"/vacancies/{vacancy['id']}"
    for seats in (1, 2):
        # As many seats as people would be open with nothing to offer.
        answer = await hiring.recruiter.put(path, await update_form(hiring, now, headcount=seats))
        refused(answer, 422, "headcount_taken", "headcount")
    more = ok(await hiring.recruiter.put(path, await update_form(hiring, now, headcount=4)))["vacancy"]
    assert (more["state"], more["open_seats"]) == ("published", 2)


async def test_a_date_too_far_or_past_is_a_finding(world: World, hiring: Hiring) -> None:
    today = china_date(world.clock.now())
    for days, passes in ((-1, False), (0, True), (90, True), (91, False)):
        answer = await hiring.recruiter.post(
            "/vacancies", await hiring.form(valid_until=str(today + timedelta(days=days)))
        )
        if passes:
            assert ok(answer)["vacancy"]["state"] == "published"
        else:
            refused(answer, 422, "posting_refused", "valid_until")


async def update_form(hiring: Hiring, vacancy: dict[str, Any], **changes: Any) -> dict[str, Any]:
    form = await hiring.form(**changes)
    return {name: value for name, value in form.items() if name != "enterprise_id"} | {
        "expected_version": vacancy["version"]
    }


async def candidates_of(world: World, hiring: Hiring, vacancy: dict[str, Any], people: int = 1) -> list[dict[str, Any]]:
    for _ in range(people):
        await world.apply(await world.seeker(), vacancy["id"])
    return ok(await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/candidates"))["items"]
