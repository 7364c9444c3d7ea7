"""What an agent did is undone by the person: as it was before, within fifteen days, and while nothing is built on it."""

from datetime import timedelta
from typing import Any

from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY
from tests.support.jobs import Hiring, key
from tests.support.privacy import HOME, acting, acts, holding, relative_of, told

SECOND, WITHIN = timedelta(seconds=1), timedelta(days=15)


async def undo(person: Someone, act: dict[str, Any]) -> Any:
    return await person.post(f"/me/assisted-acts/{act['id']}/undo")


async def latest(person: Someone) -> dict[str, Any]:
    acts_for_me: list[dict[str, Any]] = ok(await person.get("/me/assisted-acts"))
    return acts_for_me[0]


async def version(person: Someone) -> int:
    return int(ok(await person.get("/me"))["person"]["version"])


async def test_undone_everything_is_as_it_was(world: World, hiring: Hiring) -> None:
    person, son = await world.seeker(home=HOME, vehicle="ebike"), await world.person()
    ok(await son.put("/me/profile", {"name": "林大山", "birth_date": "1985-02-01", "expected_version": 1}))
    agent, vacancy = acting(son, await relative_of(person, son)), await hiring.post()
    profile = ok(await person.get("/me/seeker-profile"))
    ok(await agent.put("/me/seeker-profile", {"wanted": [], "expected_version": profile["version"]}))
    named = {"name": "林小美", "birth_date": "1988-03-13", "expected_version": await version(person)}
    ok(await agent.put("/me/profile", named))
    mine = ok(await agent.post("/applications", {"vacancy_id": vacancy["id"], "release_contact": True}, key=key()))
    done = ok(await person.get("/me/assisted-acts"))
    assert [row["operation"] for row in done] == ["apply_to_vacancy", "save_my_profile", "save_my_seeker_profile"]
    assert {row["agent_id"] for row in done} == {son.id}
    # A relative is named masked, which the person recognises.
    assert [row["body"].split("替您")[0] for row in (await told(person))[:3]] == ["林*山"] * 3
    for act in done:
        # Neither the agent nor anybody else takes it back.
        refused(await undo(son, act), 404, "assisted_act_not_found")
        refused(await undo(agent, act), 403, "not_on_behalf")
        assert ok(await undo(person, act))["undone_at"] is not None
        refused(await undo(person, act), 409, "assisted_act_undone")
    refused(await undo(person, {"id": NOBODY}), 404, "assisted_act_not_found")
    again = ok(await person.get("/me/seeker-profile"))
    assert again == profile | {"version": again["version"]}
    assert again["home_known"] is True
    me = ok(await person.get("/me"))["person"]
    assert (me["name"], me["birth_date"]) == ("林小梅", "1988-03-12")
    assert ok(await person.get(f"/me/applications/{mine['id']}"))["state"] == "withdrawn"
    (shown,) = ok(await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/candidates"))["items"]
    assert shown["contact"] is None
    assert len(await acts(world, "assisted_act_undone")) == 3


async def test_what_was_made_goes_and_what_was_changed_since_stays(world: World, hiring: Hiring) -> None:
    person, son, vacancy = await world.person(), await world.person(), await hiring.post()
    for purpose in ("service", "personal_recommendation"):
        await world.consent(person, purpose)
    agent = acting(son, await relative_of(person, son))
    ok(await agent.put("/me/seeker-profile", {"wanted": [], "vehicle": "ebike"}))
    ok(await undo(person, await latest(person)))
    refused(await person.get("/me/seeker-profile"), 404, "seeker_profile_missing")
    ok(await agent.put("/me/seeker-profile", {"wanted": []}))
    ok(await person.put("/me/seeker-profile", {"wanted": [], "vehicle": "walk", "expected_version": 1}))
    body = refused(await undo(person, await latest(person)), 409, "assisted_act_not_undoable")
    assert "此后内容又有变动" in body["message"]
    assert ok(await person.get("/me/seeker-profile"))["vehicle"] == "walk"
    # A firm has gone a step further: the person withdraws it themselves.
    seeker = await world.seeker()
    agent = acting(son, await relative_of(seeker, son))
    mine = ok(await agent.post("/applications", {"vacancy_id": vacancy["id"], "release_contact": True}, key=key()))
    ok(await hiring.step({"id": mine["id"], "version": 1}, "interview"))
    refused(await undo(seeker, await latest(seeker)), 409, "assisted_act_not_undoable")
    assert ok(await seeker.get(f"/me/applications/{mine['id']}"))["state"] == "interview"


async def test_after_fifteen_days_an_act_stands(world: World) -> None:
    person, son = await world.seeker(), await world.person()
    agent = acting(son, await relative_of(person, son))
    ok(await agent.put("/me/seeker-profile", {"wanted": [], "vehicle": "walk", "expected_version": 1}))
    ok(await agent.put("/me/seeker-profile", {"wanted": [], "vehicle": "ebike", "expected_version": 2}))
    act = await latest(person)
    world.clock.advance(WITHIN + SECOND)
    person = await world.person(person.name)
    assert "已超过15天" in refused(await undo(person, act), 409, "assisted_act_not_undoable")["message"]
    world.clock.advance(-SECOND)
    ok(await undo(person, act))
    assert ok(await person.get("/me/seeker-profile"))["vehicle"] == "walk"


async def test_a_place_whose_consent_was_withdrawn_does_not_come_back(world: World) -> None:
    person, son = await world.seeker(home=HOME), await world.person()
    agent = acting(son, await relative_of(person, son))
    ok(await agent.put("/me/seeker-profile", {"wanted": [], "vehicle": "walk", "expected_version": 1}))
    assert (await person.call("DELETE", "/me/consents/exact_location")).status_code == 204
    ok(await undo(person, await latest(person)))
    assert ok(await person.get("/me/seeker-profile"))["home_known"] is False
    assert "seeker_profile.home_sealed" not in await holding(world, "118.651234")


async def test_a_name_that_was_held_does_not_take_the_old_one_with_it(world: World) -> None:
    """The agent's doubtful name waits for a second person; undone, nobody need look any more."""
    person, son, officer = await world.seeker(), await world.person(), await world.officer()
    agent = acting(son, await relative_of(person, son))
    held = {"name": "林SBX_REVIEW梅", "birth_date": "1988-03-12", "expected_version": await version(person)}
    assert ok(await agent.put("/me/profile", held))["name_held"] is True
    assert len(ok(await officer.get("/content-reviews"))["items"]) == 1
    ok(await undo(person, await latest(person)))
    me = ok(await person.get("/me"))["person"]
    assert (me["name"], me["name_held"]) == ("林小梅", False)
    assert ok(await officer.get("/content-reviews"))["items"] == []
