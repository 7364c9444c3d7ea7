"""What people write and show: WeChat's word inside the request, a second person's where WeChat has none."""

from datetime import timedelta
from typing import Any

import pytest

from app.core.settings import Settings
from app.models.common import ContentReview, File
from app.rules.identity.roles import Role, ScopeKind
from app.tasks.sweeps import sweep
from demo.steps import fictional_credit_code
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY, count, fault, nothing_stored
from tests.support.identity import auditor, entries
from tests.support.jobs import CONTENT_CHECK, counted
from tests.support.pushing import online, reachable, wechat, work
from tests.support.uploads import follow, look, objects, photo, uploaded

DECISION = {"approve": True, "note": "", "expected_version": 1}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return reachable(settings)


async def name(person: Someone, words: str, version: int = 1) -> Any:
    return await person.put("/me/profile", {"name": words, "birth_date": "1990-05-01", "expected_version": version})


async def waiting(officer: Someone) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ok(await officer.get("/content-reviews"))["items"]
    return items


async def test_a_risky_text_is_refused_naming_the_field_and_nothing_is_kept(world: World) -> None:
    person = await world.person()
    async with nothing_stored(world):
        refused(await name(person, "SBX_RISKY"), 422, "text_risky", "name")
    assert [call["body"]["scene"] for call in world.sandbox.calls(CONTENT_CHECK)] == [1, 1]
    form = {
        "name": "石狮市新测服装有限公司", "kind": "employer", "uscc": "91350581MA0DEM0XX2", "address": "塘后村 SBX_RISKY",
        "handler": "王小测",
    }  # fmt: skip
    async with nothing_stored(world):
        refused(await person.post("/enterprises", form), 422, "credit_code_invalid", "uscc")
        form["uscc"] = fictional_credit_code("91350581MA0DEM0WW")
        body = refused(await person.post("/enterprises", form), 422, "text_risky", "address")
        # Only the guilty one is named.
        assert [issue["path"] for issue in body["fields"]] == ["address"]


async def test_a_name_that_wechat_cannot_judge_waits_for_a_second_person(world: World) -> None:
    officer, person = await world.officer(), await world.person()
    doubts = {"review": "微信内容安全检查建议人工复核", "away": "微信内容安全检查暂时没有结果，转人工复核"}
    fault(world, CONTENT_CHECK, "html")
    held = ok(await name(person, "林小梅"))
    assert (held["name"], held["name_held"], held["version"]) == ("林小梅", True, 2)
    (review,) = await waiting(officer)
    assert {key: review[key] for key in ("kind", "text", "file_url", "held_because", "state", "version")} == {
        "kind": "text", "text": "林小梅", "file_url": None, "held_because": doubts["away"], "state": "open", "version": 1,
    }  # fmt: skip
    tasks = ok(await officer.get("/tasks", kind="content_review"))["items"]
    assert [task["subject_id"] for task in tasks] == [review["id"]]
    assert "林小梅" not in tasks[0]["title"]
    # Another doubtful name is the same entry, open anew.
    ok(await name(person, "林 SBX_REVIEW", 2))
    (again,) = await waiting(officer)
    assert (again["id"], again["held_because"], again["version"]) == (review["id"], doubts["review"], 2)
    # A clean one needs nobody any more; saving it once more asks nothing.
    assert ok(await name(person, "林小梅", 3))["name_held"] is False
    assert await waiting(officer) == []
    assert ok(await officer.get("/tasks", kind="content_review"))["items"] == []


async def test_the_second_person_decides_once_and_the_author_hears_a_refusal(world: World) -> None:
    officer, person, watcher = await world.officer(), await world.person(), await auditor(world)
    ok(await name(person, "林 SBX_REVIEW"))
    (review,) = await waiting(officer)
    path = f"/content-reviews/{review['id']}/decide"
    partial = await world.person()
    area = ok(await world.anonymous.get("/areas"))[0]["id"]
    await world.appoint(partial, Role.JOBS_OFFICER, ScopeKind.AREA, area)
    async with nothing_stored(world):
        for someone in (person, partial, await world.admin()):
            refused(await someone.post(path, DECISION), 403, "forbidden")
            refused(await someone.get("/content-reviews"), 403, "forbidden")
        refused(await officer.post(f"/content-reviews/{NOBODY}/decide", DECISION), 404, "review_not_found")
        refused(await officer.post(path, DECISION | {"expected_version": 2}), 409, "stale", "expected_version")
        refused(await officer.post(path, DECISION | {"note": "字" * 201}), 422, "invalid_fields", "note")
    decided = ok(await officer.post(path, DECISION | {"approve": False, "note": "不是姓名"}))
    assert (decided["state"], decided["version"], await waiting(officer)) == ("refused", 2, [])
    me = ok(await person.get("/me"))["person"]
    assert (me["name"], me["name_held"]) == (None, False)
    (notice,) = ok(await person.get("/me/notices"))["items"]
    assert (notice["kind"], notice["page"]) == ("content_reviewed", "pages/me/profile")
    assert "不是姓名" in notice["body"]
    async with nothing_stored(world):
        refused(await officer.post(path, DECISION | {"expected_version": 2}), 409, "review_state_wrong")
    (entry,) = await entries(watcher, act="content_refused")
    assert (entry["actor_id"], entry["subject_id"]) == (officer.id, person.id)


async def test_nobody_judges_their_own_words(world: World) -> None:
    officer, second = await world.officer(), await world.person()
    await world.appoint(second, Role.GIGS_OFFICER)
    version = ok(await officer.get("/me"))["person"]["version"]
    ok(await name(officer, "林 SBX_REVIEW", version))
    (review,) = await waiting(officer)
    path = f"/content-reviews/{review['id']}/decide"
    async with nothing_stored(world):
        refused(await officer.post(path, DECISION), 403, "self_review")
    assert ok(await second.post(path, DECISION))["state"] == "approved"
    me = ok(await officer.get("/me"))["person"]
    assert (me["name"], me["name_held"]) == ("林 SBX_REVIEW", False)


async def test_a_picture_about_which_wechat_says_nothing_is_looked_at_by_a_person(
    world: World, settings: Settings
) -> None:
    officer, person, stranger = await world.officer(), await world.person(), await world.person()
    good, bad = [await uploaded(person, photo(), "a.jpg", "illustration") for _ in range(2)]
    async with online(world):
        # Taken, and then nothing: the address for the verdict is gone.
        await wechat(world, "/_sbx/push-config", app="zhipin", url=None)
        await work(world)
    world.clock.advance(timedelta(minutes=40))
    assert (await sweep(world.runtime))["files_unanswered"] == 0
    world.clock.advance(timedelta(seconds=1))
    assert (await sweep(world.runtime))["files_unanswered"] == 2
    assert (await sweep(world.runtime))["files_unanswered"] == 0
    reviews = {row["subject_id"]: row for row in await waiting(officer)}
    assert set(reviews) == {good["file_id"], bad["file_id"]}
    review = reviews[bad["file_id"]]
    assert (review["text"], review["held_because"]) == (None, "微信没有及时给出检查结果")
    assert (await follow(officer, review["file_url"])).headers["content-type"] == "image/jpeg"
    refused(await look(stranger, good), 404, "file_not_found")
    for file, approve in ((good, True), (bad, False)):
        form = DECISION | {"approve": approve, "note": "" if approve else "看不清"}
        ok(await officer.post(f"/content-reviews/{reviews[file['file_id']]['id']}/decide", form))
    assert ok(await look(stranger, good))["state"] == "ready"
    refused(await look(stranger, bad), 404, "file_not_found")
    assert ok(await look(person, bad))["refused_because"] == "未通过复核（看不清）"
    assert ["看不清" in row["body"] for row in ok(await person.get("/me/notices"))["items"]] == [True]
    await work(world)
    assert len(objects(settings.data_dir)) == 1


async def test_whom_wechat_has_not_seen_for_two_hours_is_not_refused_but_held(world: World) -> None:
    person, officer = await world.person(), await world.officer()
    world.sandbox.post("/_sbx/clock", advance_seconds=2 * 3600 + 1)
    assert ok(await name(person, "林小梅"))["name_held"] is True
    made = await uploaded(person, photo(), "a.jpg", "illustration")
    assert (await work(world)).delivered == 1
    reviews = {row["subject_id"]: row["held_because"] for row in await waiting(officer)}
    assert reviews == {
        person.id: "微信内容安全检查暂时没有结果，转人工复核", made["file_id"]: "微信没有受理图片检查，转人工复核",
    }  # fmt: skip


async def test_the_queue_takes_the_same_statements_for_one_and_for_many(world: World) -> None:
    officer = await world.officer()

    async def more(number: int) -> int:
        for _ in range(number):
            person = await world.person()
            ok(await name(person, "林 SBX_REVIEW"))
        with counted(world.runtime.db.reader) as statements:
            assert len(await waiting(officer)) == await count(world, ContentReview.__table__)  # type: ignore[attr-defined]
        return len(statements)

    assert await more(1) == await more(5)
    assert await count(world, File.__table__) == 0  # type: ignore[attr-defined]
