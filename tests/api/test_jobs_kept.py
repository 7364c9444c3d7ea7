"""After the hire, and what was seen before it: 30 and 90 days, both sides' words, the frozen text of the posting."""

from datetime import timedelta
from typing import Any

import pytest

from app.core.clock import china_date
from app.models.common import Task
from app.models.jobs import KeptCheck
from app.tasks.sweeps import sweep
from tests.factories.world import Someone, World, ok, refused
from tests.support.funnel import later, told
from tests.support.jobs import NOBODY, Hiring, count, key, rival


async def hired(world: World, hiring: Hiring) -> tuple[Someone, dict[str, Any]]:
    seeker = await world.seeker()
    application = await world.apply(seeker, (await hiring.post(headcount=9))["id"])
    return seeker, ok(await hiring.step(application, "hired"))


async def firm_says(hiring: Hiring, application: dict[str, Any], answer: str, days: int = 30, **changes: Any) -> Any:
    form = {"days": days, "answer": answer, "expected_version": application["version"]} | changes
    return await hiring.recruiter.post(f"/applications/{application['id']}/kept", form, key=key())


async def person_says(seeker: Someone, application: dict[str, Any], answer: str, days: int = 30) -> Any:
    path = f"/me/applications/{application['id']}/kept"
    return await seeker.post(path, {"days": days, "answer": answer}, key=key())


async def open_tasks(world: World) -> list[dict[str, Any]]:
    items = ok(await (await world.officer()).get("/tasks", limit=100))["items"]
    return [task for task in items if task["kind"] == "kept_contradicted"]


async def test_thirty_and_ninety_days_later_both_are_asked(world: World, hiring: Hiring) -> None:
    seeker, application = await hired(world, hiring)
    # Not before it is so, by whatever way.
    refused(await hiring.step(application, "kept_30d"), 409, "kept_too_early")
    refused(await firm_says(hiring, application, "on_post"), 409, "kept_too_early")
    body = refused(await person_says(seeker, application, "on_post"), 409, "kept_too_early")
    due = china_date(world.clock.now()) + timedelta(days=30)
    assert body["params"] == {"days": 30, "due": str(due)}
    await later(world, timedelta(days=30) - timedelta(seconds=1), seeker, hiring.recruiter)
    assert (await sweep(world.runtime))["hires_asked"] == 0
    await later(world, timedelta(seconds=1))
    assert (await sweep(world.runtime))["hires_asked"] == 1
    assert (await sweep(world.runtime))["hires_asked"] == 0
    assert [len(await told(person, "kept_asked")) for person in (seeker, hiring.recruiter)] == [1, 1]
    assert "林" not in (await told(hiring.recruiter, "kept_asked"))[0]
    refused(await firm_says(hiring, application, "on_post", expected_version=9), 409, "stale")
    refused(await firm_says(hiring, application, "on_post", days=60), 422, "invalid_fields", "days")
    detail = ok(await firm_says(hiring, application, "on_post"))
    assert (detail["state"], detail["kept"]) == (
        "kept_30d",
        [{"days": 30, "firm_says": "on_post", "person_says": None}],
    )
    mine = ok(await person_says(seeker, application, "on_post"))
    assert (mine["state"], mine["kept"][0]["person_says"]) == ("kept_30d", "on_post")
    assert await open_tasks(world) == []
    refused(await firm_says(hiring, detail, "on_post", days=90), 409, "kept_too_early")
    await later(world, timedelta(days=60), seeker, hiring.recruiter)
    assert (await sweep(world.runtime))["hires_asked"] == 1
    # The step by hand is the same answer.
    last = ok(await hiring.step(detail, "kept_90d"))
    read = ok(await hiring.recruiter.get(f"/applications/{application['id']}"))
    assert (last["state"], read["kept"][1]) == ("kept_90d", {"days": 90, "firm_says": "on_post", "person_says": None})
    assert [step["state"] for step in read["steps"]] == ["applied", "hired", "kept_30d", "kept_90d"]


async def test_two_words_about_one_fact_are_the_officers_task(world: World, hiring: Hiring) -> None:
    seeker, application = await hired(world, hiring)
    await later(world, timedelta(days=30), seeker, hiring.recruiter)
    # Asked or not yet asked: the word counts.
    mine = ok(await person_says(seeker, application, "left"))
    assert (mine["state"], mine["kept"]) == ("hired", [{"days": 30, "firm_says": None, "person_says": "left"}])
    task = (await open_tasks(world))[0]
    assert ("双方说法不一" in task["title"], "林" in task["title"]) == (True, False)
    ok(await firm_says(hiring, application, "on_post"))
    assert [one["id"] for one in await open_tasks(world)] == [task["id"]]
    refused(await person_says(seeker, application, "on_post"), 409, "kept_answered")
    # Looked into, then ticked off with a word.
    officer = await world.officer()
    done = {"note": "已电话核对，3天前离职", "expected_version": task["version"]}
    ok(await officer.post(f"/tasks/{task['id']}/finish", done))
    assert await open_tasks(world) == []
    other, second = await hired(world, hiring)
    await later(world, timedelta(days=30), other, hiring.recruiter)
    ok(await person_says(other, second, "left"))
    assert len(await open_tasks(world)) == 1
    # The firm says the same: nothing left to look into.
    gone = ok(await firm_says(hiring, second, "left"))
    assert (gone["state"], gone["version"], await open_tasks(world)) == ("hired", second["version"], [])
    refused(await firm_says(hiring, gone, "left", days=90), 409, "kept_too_early")
    assert await count(world, KeptCheck) == 2
    assert await count(world, Task, Task.kind == "kept_contradicted") == 2


async def test_whose_word_it_is(world: World, hiring: Hiring) -> None:
    other, stranger = await rival(world), await world.seeker()
    seeker, application = await hired(world, hiring)
    refused(await firm_says(other, application, "on_post"), 404, "application_not_found")
    refused(await other.recruiter.get(f"/applications/{application['id']}"), 404, "application_not_found")
    refused(await stranger.get(f"/applications/{application['id']}"), 403, "forbidden")
    for person in (stranger, hiring.recruiter):
        refused(await person_says(person, application, "left"), 404, "application_not_found")
    refused(await person_says(world.anonymous, application, "left"), 401, "token_invalid")
    refused(await person_says(seeker, application, "maybe"), 422, "invalid_fields", "answer")
    form = {"days": 30, "answer": "left"}
    refused(await seeker.post(f"/me/applications/{application['id']}/kept", form), 422, "idempotency_key_missing")
    waiting = await world.apply(stranger, (await hiring.post())["id"])
    refused(await person_says(stranger, waiting, "left"), 409, "not_hired")
    refused(await firm_says(hiring, waiting, "left"), 409, "not_hired")


async def test_the_posting_as_it_read_then(world: World, hiring: Hiring) -> None:
    other, officer = await rival(world), await world.officer()
    vacancy, seeker, late = await hiring.post(), await world.seeker(), await world.seeker()
    application = await world.apply(seeker, vacancy["id"])
    form = {k: v for k, v in (await hiring.form()).items() if k != "enterprise_id"}
    cheaper = form | {"pay": form["pay"] | {"min_fen": 400000}, "expected_version": vacancy["version"]}
    ok(await hiring.recruiter.put(f"/vacancies/{vacancy['id']}", cheaper))
    path = f"/vacancies/{vacancy['id']}/versions"
    first = ok(await seeker.get(f"{path}/1"))
    assert (first["pay"]["min_fen"], first["number"], first["title"], first["place"]["address"]) == (
        550000, 1, "平车工", "宝盖镇科技园回兴路188号",
    )  # fmt: skip
    assert not {"posted_by", "review_note", "state"} & set(first)
    assert ok(await seeker.get(f"/me/applications/{application['id']}"))["seen"] == first
    detail = ok(await hiring.recruiter.get(f"/applications/{application['id']}"))
    assert (detail["seen"], detail["vacancy_content_version"], detail["contact"]["name"]) == (first, 1, "林小梅")
    await world.apply(late, vacancy["id"])
    assert ok(await late.get(f"{path}/2"))["pay"]["min_fen"] == 400000
    for person in (hiring.recruiter, officer):
        assert [ok(await person.get(f"{path}/{number}"))["number"] for number in (1, 2)] == [1, 2]
    for person, number in (
        (seeker, 2),
        (late, 1),
        (other.recruiter, 1),
        (await world.person(), 1),
        (officer, 3),
        (officer, 99),
    ):
        refused(await person.get(f"{path}/{number}"), 404, "vacancy_version_not_found")
    refused(await seeker.get(f"/vacancies/{NOBODY}/versions/1"), 404, "vacancy_version_not_found")
    refused(await world.anonymous.get(f"{path}/1"), 401, "token_invalid")
    refused(await seeker.get(f"{path}/0"), 422, "invalid_fields", "path.number")


async def test_the_next_question_is_the_one_that_helps(world: World, hiring: Hiring) -> None:
    seeker = await world.seeker()
    alone = ok(await seeker.get("/me/seeker-profile"))
    assert (alone["completeness"]["percent"], alone["next_question"]["helps"]) == (10, 0)
    await hiring.post(required_level="junior", required_machines=["平车"])
    asked = ok(await seeker.get("/me/seeker-profile"))["next_question"]
    assert (asked["key"], asked["fields"], asked["helps"]) == ("experience", ["experience_years"], 1)
    assert "现有1个招聘中的岗位，回答后有1个能比得更准" in asked["why"]
    sewing = await world.occupation()
    form = {"wanted": [sewing], "experience_years": {sewing: 3}, "expected_version": alone["version"]}
    saved = ok(await seeker.put("/me/seeker-profile", form))
    assert (saved["completeness"]["percent"], saved["next_question"]["key"]) == (30, "pay")
    assert sum(part["weight"] for part in saved["completeness"]["parts"]) == pytest.approx(1)
