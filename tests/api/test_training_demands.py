"""点单 over HTTP: courses and menus, three kinds of askers, one pool, a plan, a class, an answer to everybody; shortages."""

from datetime import timedelta
from typing import Any

import pytest

from app.rules.identity.roles import Role, ScopeKind
from app.tasks.sweeps import sweep, sweep_daily
from tests.factories.world import Someone, World, ok, refused
from tests.support.funnel import later, told
from tests.support.jobs import approved_firm, key
from tests.support.training import ELECTRICIAN, School, course_form, open_school


@pytest.fixture
async def school(world: World) -> School:
    return await open_school(world)


async def place(person: Someone, **changes: Any) -> Any:
    form = {"asker": "person", "enterprise_id": None, "grid_id": None, "course_id": None, "heads": 1, "wish": None}
    return await person.post("/training/demands", form | changes, key=key())


async def quote(school: School, pool: dict[str, Any], **changes: Any) -> Any:
    form = {
        "plan": "周末两个全天，科技园培训室，镇里承担费用", "each_fen": 0, "answer_until": school.at(7).isoformat(),
        "expected_version": pool["version"],
    } | changes  # fmt: skip
    return await school.officer.post(f"/training/pools/{pool['id']}/quote", form, key=key())


async def answer(person: Someone, demand: dict[str, Any], *, accept: bool) -> Any:
    fresh = ok(await person.get(f"/training/demands/{demand['id']}"))
    form = {"accept": accept, "expected_version": fresh["version"]}
    return await person.post(f"/training/demands/{demand['id']}/answer", form, key=key())


async def pool_of(school: School, demand: dict[str, Any]) -> dict[str, Any]:
    return dict(ok(await school.officer.get(f"/training/pools/{demand['pool_id']}")))


async def test_the_seeds_are_drafts_that_the_officer_publishes(school: School) -> None:
    person = await school.world.person()
    assert ok(await person.get("/training/courses"))["items"] == []
    assert ok(await person.get("/training/menus"))["items"] == []
    assert len(ok(await person.get("/training/providers"))["items"]) == 6
    drafts = ok(await school.officer.get("/training/courses", limit=50))["items"]
    brands = {course["brand_label"] for course in drafts}
    assert brands >= {"宝盖大讲堂", "宝盖镇党员培训", "人才资源服务沙龙", "沉浸式研修班", "订单班"}
    menus = ok(await school.officer.get("/training/menus"))["items"]
    menu = next(menu for menu in menus if menu["title"] == "村民和居民菜单")
    assert [course["code"] for course in menu["courses"]] == ["baogai_lecture", "electrician_junior", "forklift_basic"]
    refused(await school.move(f"/training/menus/{menu['id']}/publish", menu), 422, "menu_course_unknown")
    for course in menu["courses"]:
        ok(await school.move(f"/training/courses/{course['id']}/publish", course))
    ok(await school.move(f"/training/menus/{menu['id']}/publish", menu))
    (seen,) = ok(await person.get("/training/menus"))["items"]
    assert seen["title"] == "村民和居民菜单"
    assert len(ok(await person.get("/training/subsidies"))["items"]) == 3


async def test_courses_are_checked(school: School) -> None:
    path = "/training/courses"
    form = course_form(1)
    made = ok(await school.officer.post(path, form, key=key()))
    refused(await school.officer.post(path, form, key=key()), 409, "course_code_taken")
    for changes, code in (
        ({"minimum": 40}, "class_size_wrong"), ({"prerequisites": ["no_such"]}, "course_unknown"),
        ({"prerequisites": ["course_2"]}, "course_unknown"), ({"occupation_code": "999"}, "course_occupation_unknown"),
        ({"provider_id": made["id"]}, "training_provider_unknown"), ({"code": "大写"}, "invalid_fields"),
        ({"hours": 0}, "invalid_fields"), ({"least_share": 101}, "invalid_fields"),
    ):  # fmt: skip
        refused(await school.officer.post(path, course_form(2, **changes), key=key()), 422, code)
    person = await school.world.person()
    refused(await person.get(f"{path}/{made['id']}"), 404, "course_not_found")
    changed = course_form(1, title="电工（初级）新版") | {"expected_version": made["version"]}
    assert ok(await school.officer.put(f"{path}/{made['id']}", changed, key=key()))["title"] == "电工（初级）新版"
    refused(await school.officer.put(f"{path}/{made['id']}", changed, key=key()), 409, "stale")
    fresh = ok(await school.officer.get(f"{path}/{made['id']}"))
    gone = ok(await school.move(f"{path}/{made['id']}/withdraw", fresh))
    refused(await school.move(f"{path}/{made['id']}/withdraw", gone), 409, "course_state_wrong")
    provider = {"name": "某培训学校", "kind": "institution", "source": "自行登记"}
    mine = ok(await school.officer.post("/training/providers", provider, key=key()))
    refused(await school.officer.post("/training/providers", provider, key=key()), 409, "training_provider_taken")
    renamed = provider | {"name": "某培训学校二部", "expected_version": mine["version"]}
    ok(await school.officer.put(f"/training/providers/{mine['id']}", renamed, key=key()))
    taken = provider | {"name": "福建技师学院", "expected_version": 2}
    refused(
        await school.officer.put(f"/training/providers/{mine['id']}", taken, key=key()), 409, "training_provider_taken"
    )


async def test_three_kinds_of_askers_make_one_class(school: School) -> None:
    course = await school.course(minimum=14)
    owner, firm = await school.world.firm()
    grids = ok(await (await school.world.admin()).get("/grids"))
    member = await school.world.person()
    await school.world.appoint(member, Role.GRID_MEMBER, ScopeKind.GRID, grids[0]["id"])
    villager = await school.learner()
    of_firm = ok(await place(owner, asker="enterprise", enterprise_id=firm, course_id=course["id"], heads=8))
    of_grid = ok(await place(member, asker="grid", grid_id=grids[0]["id"], course_id=course["id"], heads=5))
    assert of_firm["pool_id"] == of_grid["pool_id"]
    pool = await pool_of(school, of_firm)
    assert (pool["heads"], pool["askers"], pool["enough"]) == (13, 2, False)
    assert ok(await school.officer.get("/tasks", kind="pool_ready"))["items"] == []
    own = ok(await place(villager, course_id=course["id"]))
    refused(await place(villager, course_id=course["id"]), 409, "demand_twice")
    pool = await pool_of(school, own)
    assert pool["told"] == "3份点单共14人，开班要14人，已够开班"
    (task,) = ok(await school.officer.get("/tasks", kind="pool_ready"))["items"]
    assert task["subject_id"] == pool["id"]
    quoted = ok(await quote(school, pool))
    assert ok(await school.officer.get("/tasks", kind="pool_ready"))["items"] == []
    assert "请在" in (await told(villager, "training_demand"))[0]
    seen = ok(await villager.get(f"/training/demands/{own['id']}"))
    assert (seen["state"], seen["plan"]) == ("quoted", "周末两个全天，科技园培训室，镇里承担费用")
    ok(await answer(owner, of_firm, accept=True))
    ok(await answer(villager, own, accept=True))
    form = school.form(course, school.session(10), pool_id=quoted["id"])
    refused(await school.officer.post("/training/classes", form, key=key()), 409, "pool_small")
    ok(await answer(member, of_grid, accept=True))
    made = ok(await school.officer.post("/training/classes", form, key=key()))
    for person, demand in ((owner, of_firm), (member, of_grid), (villager, own)):
        done = ok(await person.get(f"/training/demands/{demand['id']}"))
        assert (done["state"], done["class_id"]) == ("class_created", made["id"])
        assert "已开班" in (await told(person, "training_demand"))[0]
    # The class falls through: all of them wait again, in a new pool.
    ok(await school.move(f"/training/classes/{made['id']}/cancel", made, reason="教师生病"))
    again = ok(await villager.get(f"/training/demands/{own['id']}"))
    assert (again["state"], again["class_id"]) == ("pooled", None)
    assert again["pool_id"] != pool["id"]
    assert (await pool_of(school, again))["heads"] == 14


async def test_who_does_not_answer_and_who_declines_is_told(school: School) -> None:
    course = await school.course(minimum=2)
    people = [await school.learner() for _ in range(3)]
    demands = [ok(await place(person, course_id=course["id"])) for person in people]
    pool = await pool_of(school, demands[0])
    refused(await quote(school, pool, answer_until=school.at(-1).isoformat()), 422, "quote_until_wrong", "answer_until")
    ok(await quote(school, pool))
    ok(await answer(people[0], demands[0], accept=False))
    refused(await answer(people[0], demands[0], accept=True), 409, "demand_state_wrong")
    await later(school.world, timedelta(days=8), school.officer, *people)
    refused(await answer(people[1], demands[1], accept=True), 409, "quote_over")
    await sweep(school.world.runtime)
    states = [
        ok(await one.get(f"/training/demands/{demand['id']}"))["state"]
        for one, demand in zip(people, demands, strict=True)
    ]
    assert states == ["declined", "expired", "expired"]
    assert "已到期" in (await told(people[2], "training_demand"))[0]
    fresh = await pool_of(school, demands[0])
    done = ok(await school.move(f"/training/pools/{pool['id']}/close", fresh, reason="人数不够"))
    assert done["state"] == "closed"
    refused(await school.move(f"/training/pools/{pool['id']}/close", done, reason="人数不够"), 409, "pool_state_wrong")


async def test_free_words_wait_for_the_office(school: School) -> None:
    course = await school.course()
    person = await school.learner()
    refused(await place(person), 422, "wish_missing", "wish")
    refused(await place(person, wish="想学叉车", heads=3), 422, "demand_heads_wrong", "heads")
    draft = ok(await place(person, wish="想学叉车", submit=False))
    assert draft["state"] == "draft"
    assert ok(await school.officer.get("/training/demands"))["items"] == []
    refused(await school.officer.get(f"/training/demands/{draft['id']}"), 404, "demand_not_found")
    form = {"course_id": None, "heads": 1, "wish": "想学叉车，周末", "expected_version": 1}
    changed = ok(await person.put(f"/training/demands/{draft['id']}", form, key=key()))
    sent = ok(await school.move(f"/training/demands/{draft['id']}/submit", changed, person))
    assert (sent["state"], sent["wish"]) == ("submitted", "想学叉车，周末")
    refused(
        await person.put(f"/training/demands/{draft['id']}", form | {"expected_version": 3}, key=key()),
        409,
        "demand_state_wrong",
    )
    (task,) = ok(await school.officer.get("/tasks", kind="demand_match"))["items"]
    assert task["subject_id"] == draft["id"]
    matched = ok(await school.move(f"/training/demands/{draft['id']}/match", sent, course_id=course["id"]))
    assert (matched["state"], matched["course_title"]) == ("pooled", course["title"])
    assert ok(await school.officer.get("/tasks", kind="demand_match"))["items"] == []
    refused(
        await school.move(f"/training/demands/{draft['id']}/match", matched, course_id=course["id"]),
        409,
        "demand_state_wrong",
    )
    other = ok(await place(person, wish="想学水下焊接"))
    done = ok(await school.move(f"/training/demands/{other['id']}/decline", other, reason="本镇没有教师"))
    assert (done["state"], done["reason"]) == ("declined", "本镇没有教师")
    assert "本镇没有教师" not in (await told(person, "training_demand"))[0]
    dropped = ok(await place(person, wish="想学直播"))
    assert ok(await school.move(f"/training/demands/{dropped['id']}/drop", dropped, person))["state"] == "declined"
    assert ok(await school.officer.get("/tasks", kind="demand_match"))["items"] == []
    stranger = await school.learner()
    refused(await stranger.get(f"/training/demands/{other['id']}"), 404, "demand_not_found")
    refused(await school.move(f"/training/demands/{draft['id']}/drop", matched, stranger), 404, "demand_not_found")


async def test_nobody_asks_for_others_without_a_right(school: School) -> None:
    course = await school.course()
    owner, firm = await school.world.firm()
    grids = ok(await (await school.world.admin()).get("/grids"))
    person = await school.learner()
    member = await school.world.person()
    await school.world.appoint(member, Role.GRID_MEMBER, ScopeKind.GRID, grids[0]["id"])
    for asker, more in (
        (person, {"asker": "enterprise", "enterprise_id": firm}), (person, {"asker": "grid", "grid_id": grids[0]["id"]}),
        (owner, {"asker": "grid", "grid_id": grids[0]["id"]}), (member, {"asker": "grid", "grid_id": grids[1]["id"]}),
        (member, {"asker": "enterprise", "enterprise_id": firm}),
    ):  # fmt: skip
        refused(await place(asker, course_id=course["id"], heads=3, **more), 403, "demand_asker_forbidden")
    refused(await place(person, asker="enterprise", course_id=course["id"]), 422, "invalid_fields", "enterprise_id")
    refused(await place(person, asker="shortage", course_id=course["id"]), 422, "invalid_fields", "asker")
    hidden = await school.course(published=False)
    refused(await place(person, course_id=hidden["id"]), 422, "demand_course_wrong", "course_id")


async def test_vacancies_that_nobody_can_fill_propose_training_with_numbers(school: School) -> None:
    hiring = await approved_firm(school.world)
    vacancy = await hiring.post(
        title="电工", occupation_code=ELECTRICIAN, required_certificates=["电工证"], headcount=3, duties="维修厂区电路。",
        valid_until=str((school.world.clock.now() + timedelta(days=60)).date()),
    )  # fmt: skip
    await hiring.post()
    seeker = await school.world.seeker()
    application = await school.world.apply(seeker, vacancy["id"])
    ok(await hiring.step(application, "rejected", reason="skill"))
    await sweep_daily(school.world.runtime)
    assert ok(await school.officer.get("/training/shortages"))["items"] == []
    await later(school.world, timedelta(days=15), school.officer)
    await sweep_daily(school.world.runtime)
    (found,) = ok(await school.officer.get("/training/shortages"))["items"]
    assert found["told"] == "电工：1个岗位挂出14天以上仍缺3人，共1人应聘，其中1人因技能不符未录用"
    assert (found["kind"], found["heads"], found["occupation_name"]) == ("vacancy", 3, "电工")
    assert len(ok(await school.officer.get("/tasks", kind="training_shortage"))["items"]) == 1
    course = await school.course(minimum=3)
    demand = ok(await school.move(f"/training/shortages/{found['id']}/take", found, course_id=course["id"], heads=3))
    assert (demand["asker"], demand["state"], demand["wish"]) == ("shortage", "pooled", found["told"])
    assert ok(await school.officer.get("/tasks", kind="training_shortage"))["items"] == []
    refused(await school.move(f"/training/shortages/{found['id']}/dismiss", found), 409, "stale")
    quoted = ok(await quote(school, await pool_of(school, demand)))
    assert quoted["accepted"] == 3
    await later(school.world, timedelta(days=1), school.officer)
    await sweep_daily(school.world.runtime)
    items = ok(await school.officer.get("/training/shortages"))["items"]
    assert [one["state"] for one in items if one["id"] == found["id"]] == ["taken"]
