"""就业摸底 over HTTP: waves and whose grid it is, batches from devices, corrections, consent taken back."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

from app.core.clock import china_date
from app.models.jobs import SurveyAnswer, SurveyChoice, SurveyHousehold
from app.rules.identity.roles import Role, ScopeKind
from app.tasks.sweeps import sweep
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import count
from tests.support.jobs import NOBODY, counted
from tests.support.privacy import acts, told
from tests.support.surveys import AT_HOME, EMPLOYED, Survey, new_wave, survey

ANSWER: Any = SurveyAnswer.__table__  # type: ignore[attr-defined]


async def test_a_wave_from_draft_to_its_end(world: World) -> None:
    officer, admin = await world.officer(), await world.admin()
    today = china_date(world.clock.now())
    form = {
        "name": "一轮摸底",
        "unit": "person",
        "questions_version": "2026-11",
        "opens_on": str(today),
        "closes_on": str(today),
    }
    refused(await admin.post("/survey-waves", form), 403, "forbidden")
    backwards = form | {"closes_on": str(today - timedelta(days=1))}
    refused(await officer.post("/survey-waves", backwards), 422, "survey_period_wrong", "closes_on")
    unknown = form | {"questions_version": "1999"}
    refused(await officer.post("/survey-waves", unknown), 422, "survey_questions_unknown", "questions_version")
    draft = ok(await officer.post("/survey-waves", form))
    path = f"/survey-waves/{draft['id']}"
    assert [action["action"] for action in draft["actions"] if action["allowed"]] == ["open", "cancel"]
    # A draft is the officer's alone.
    refused(await admin.get(path), 404, "survey_wave_not_found")
    assert ok(await admin.get("/survey-waves"))["items"] == []
    later = form | {"name": "改过的名字", "closes_on": str(today + timedelta(days=5)), "expected_version": 1}
    changed = ok(await officer.put(path, later))
    assert (changed["name"], changed["version"]) == ("改过的名字", 2)
    refused(await officer.put(path, later), 409, "stale", "expected_version")
    refused(await officer.post(f"{path}/close", {"expected_version": 2}), 409, "survey_wave_state_wrong")
    opened = ok(await officer.post(f"{path}/open", {"expected_version": 2}))
    assert (opened["state"], ok(await admin.get(path))["actions"]) == ("open", [])
    refused(await officer.put(path, later | {"expected_version": 3}), 409, "survey_not_open")
    refused(await officer.get(f"{path}/statistics"), 409, "survey_not_counted")
    closed = ok(await officer.post(f"{path}/close", {"expected_version": 3}))
    assert closed["keep_until"] == str(today.replace(year=today.year + 2))
    tasks = ok(await officer.get("/tasks", kind="survey_publish"))["items"]
    assert [task["subject_id"] for task in tasks] == [draft["id"]]
    published = ok(await officer.post(f"{path}/publish", {"expected_version": 4}))
    assert published["state"] == "published"
    assert ok(await officer.get("/tasks", kind="survey_publish"))["items"] == []
    refused(await officer.post(f"{path}/cancel", {"expected_version": 5}), 409, "survey_wave_state_wrong")
    done = [row["act"] for row in await acts(world, *_ACTS, subject=draft["id"])]
    assert done == list(_ACTS)


_ACTS = (
    "survey_wave_created", "survey_wave_updated", "survey_wave_opened", "survey_wave_closed", "survey_wave_published",
)  # fmt: skip


async def test_grids_go_to_whose_office_they_are_unless_the_officer_says_otherwise(world: World) -> None:
    made = await survey(world)
    rows = {row["grid_id"]: row for row in ok(await made.officer.get(f"{made.path}/assignments"))}
    first, second, third = [grid["id"] for grid in made.grids]
    assert [rows[grid]["person_ids"] for grid in (first, second, third)] == [[made.one.id], [made.two.id], []]
    assert [notice["kind"] for notice in await told(made.one)] == ["survey_assigned"]
    work = ok(await made.one.get("/me/survey-work"))["items"]
    assert [[grid["grid_id"] for grid in item["grids"]] for item in work] == [[first]]

    async def give(grid: str, *people: Someone) -> Any:
        version = ok(await made.officer.get(made.path))["version"]
        form = {"person_ids": [person.id for person in people], "expected_version": version}
        return await made.officer.put(f"{made.path}/grids/{grid}/members", form)

    refused(await give(third, made.officer), 422, "survey_member_wrong", "person_ids")
    refused(await give(NOBODY, made.one), 404, "survey_grid_not_found")
    ok(await give(third, made.one))
    ok(await give(second))
    assert ok(await made.two.get("/me/survey-work"))["items"] == []
    refused(await made.two.get(f"{made.path}/households"), 404, "survey_wave_not_found")
    grids = ok(await made.one.get("/me/survey-work"))["items"][0]["grids"]
    assert {grid["grid_id"] for grid in grids} == {first, third}
    # What the officer has given reaches beyond the office; what follows from the office ends with it.
    far = await made.household(made.one, 2)
    held = ok(await (await world.admin()).get("/appointments", person_id=made.one.id))["items"][0]
    end = {"expected_version": held["version"]}
    ok(await (await world.admin()).post(f"/appointments/{held['id']}/end", end))
    refused(await made.one.get("/me/survey-work"), 403, "forbidden")
    await world.appoint(made.one, Role.GRID_MEMBER, ScopeKind.GRID, second)
    shown = ok(await made.one.get(f"{made.path}/households"))["items"]
    assert [row["household"]["id"] for row in shown] == [far]
    refused(await made.one.get(f"{made.path}/households", grid_id=first), 404, "survey_grid_not_found")


async def test_households_are_the_grids_own(world: World) -> None:
    made = await survey(world)
    form = {
        "client_id": str(uuid.uuid4()),
        "grid_id": made.grids[0]["id"],
        "address": "塘后村中心路 1 号",
        "source": "visit",
    }
    refused(await made.two.post("/survey-households", form), 404, "survey_grid_not_found", "grid_id")
    refused(await made.officer.post("/survey-households", form), 403, "forbidden")
    # Sent again, twice at once, and by another device under the same address: one household.
    again = form | {"client_id": str(uuid.uuid4()), "address": "塘后村中心路1号"}
    saved = [
        ok(one) for one in await asyncio.gather(*(made.one.post("/survey-households", f) for f in (form, form, again)))
    ]
    assert len({one["id"] for one in saved}) == 1
    other = form | {"address": "塘后村中心路2号"}
    assert await count(world, SurveyHousehold) == 1
    if saved[0]["client_id"] == form["client_id"]:
        refused(await made.one.post("/survey-households", other), 409, "client_id_taken", "client_id")
    path = f"/survey-households/{saved[0]['id']}"
    assert ok(await made.one.get(path))["address"].replace(" ", "") == "塘后村中心路1号"
    refused(await made.two.get(path), 404, "survey_household_not_found")
    gone = {"address": "塘后村中心路1号", "source": "reported", "state": "gone", "expected_version": 1}
    refused(await made.two.put(path, gone), 404, "survey_household_not_found")
    second = await made.household(made.one, 0, "塘后村中心路9号")
    refused(await made.one.put(f"/survey-households/{second}", gone), 409, "survey_household_known", "address")
    ok(await made.one.put(path, gone))
    refused(await made.one.put(path, gone), 409, "stale")
    shown = ok(await made.one.get(f"{made.path}/households"))["items"]
    assert [row["household"]["id"] for row in shown] == [second]


async def test_a_batch_judges_each_item_by_itself(world: World) -> None:
    made = await survey(world)
    mine, theirs = await made.household(made.one, 0), await made.household(made.two, 1)
    now = world.clock.now()
    good, absent = made.item(mine), made.item(mine, outcome="absent")
    bad = [
        (made.item(theirs), "survey_household_not_found", "household_id"),
        (made.item(mine, member_no=0), "survey_member_no_wrong", "member_no"),
        (made.item(mine, consent=None), "survey_consent_missing", "consent"),
        (made.item(mine, consent=good["consent"] | {"policy_version": "1999"}), "survey_consent_text_wrong", "consent.policy_version"),
        (made.item(mine, outcome="refused", answers=AT_HOME), "survey_answer_surplus", "outcome"),
        (made.item(mine, person={"birth_date": str(china_date(now).replace(year=china_date(now).year - 15))}),
         "survey_under_age", "person.birth_date"),
        (made.item(mine, recorded_at=(now + timedelta(hours=1)).isoformat()), "survey_recorded_at_wrong", "recorded_at"),
        (made.item(mine, recorded_at=(now - timedelta(days=2)).isoformat()), "survey_recorded_at_wrong", "recorded_at"),
        (made.item(mine, answers={"employment_state": "employed", "hours_worked": 0}), "survey_answers_wrong", "answers.hours_worked"),
        (made.item(mine, answers=AT_HOME | {"occupation_wanted": ["99999"]}), "survey_answers_wrong", "answers.occupation_wanted"),
        (made.item(mine, outcome="maybe"), "survey_item_wrong", "outcome"),
        (made.item(mine, person={"phone": "123"}), "survey_item_wrong", "person.phone"),
        ({"client_id": "nonsense", "extra": 1}, "survey_item_wrong", "client_id"),
        (made.item(mine, member_no=1), "survey_answer_exists", "member_no"),
    ]  # fmt: skip
    first = await made.send(made.one, good, absent)
    assert (first["accepted"], first["repeated"], first["refused"]) == (2, 0, 0)
    done = await made.send(made.one, *(item for item, _, _ in bad), made.item(mine, member_no=2))
    assert (done["accepted"], done["refused"]) == (1, len(bad))
    for result, (item, code, path) in zip(done["items"], bad, strict=False):
        assert result["error"]["code"] == code, result
        assert path in [issue["path"] for issue in result["error"]["fields"]], result
        assert any("一" <= c <= "龥" for c in result["error"]["message"])
        assert result["client_id"] == (None if item["client_id"] == "nonsense" else item["client_id"])
    assert await count(world, SurveyAnswer) == 3
    assert await count(world, SurveyChoice) == 2 * 4


async def test_a_batch_that_is_sent_again_changes_nothing(world: World) -> None:
    made = await survey(world)
    household = await made.household(made.one, 0)
    items = [made.item(household, member_no=n) for n in (1, 2, 3)]
    answers = await asyncio.gather(made.send(made.one, *items), made.send(made.one, *reversed(items)))
    states = sorted(row["state"] for answer in answers for row in answer["items"])
    assert states == ["accepted"] * 3 + ["repeated"] * 3
    ids = {row["client_id"]: row["answer_id"] for row in answers[0]["items"]}
    assert ids == {row["client_id"]: row["answer_id"] for row in answers[1]["items"]}
    # The same id with another content is that item's conflict; twice in one batch counts once.
    changed = items[0] | {"answers": EMPLOYED}
    fresh = made.item(household, member_no=4)
    mixed = await made.send(made.one, changed, fresh, fresh, items[1])
    assert [row["state"] for row in mixed["items"]] == ["refused", "accepted", "repeated", "repeated"]
    assert mixed["items"][0]["error"]["code"] == "client_id_taken"
    assert await count(world, SurveyAnswer) == 4
    # Two devices at the same person: the first come.
    rivals = await asyncio.gather(*(made.send(made.one, made.item(household, member_no=5)) for _ in range(2)))
    assert sorted(one["items"][0]["state"] for one in rivals) == ["accepted", "refused"]
    await made.move("close")
    refused(await made.one.post(f"{made.path}/answers", {"items": [fresh]}), 409, "survey_not_open")


async def test_a_correction_is_a_new_version_and_leaves_the_device_its_id(world: World) -> None:
    made = await survey(world)
    household = await made.household(made.one, 0)
    item = made.item(household, person={"name": "林小梅", "birth_date": "1988-03-12", "phone": "13850000001"})
    answer = (await made.send(made.one, item))["items"][0]["answer_id"]
    path = f"/survey-answers/{answer}"
    form = {"consent": item["consent"], "person": None, "answers": EMPLOYED, "expected_version": 1}
    for stranger in (made.two, made.leader):
        refused(await stranger.get(path), 404, "survey_answer_not_found")
        refused(await stranger.put(path, form), 404, "survey_answer_not_found")
    wrong = refused(
        await made.one.put(path, form | {"answers": {"employment_state": "employed"}}), 422, "survey_answers_wrong"
    )
    assert [issue["path"] for issue in wrong["fields"]] == ["answers.hours_worked"]
    assert ok(await made.one.put(path, form))["version"] == 2
    refused(await made.one.put(path, form), 409, "stale", "expected_version")
    read = ok(await made.one.get(path))
    assert (read["answers"], read["person"], read["age_band"]) == (EMPLOYED, None, "unknown")
    assert await count(world, SurveyChoice, SurveyChoice.code == "employed") == await count(world, SurveyChoice) == 1
    repeated = (await made.send(made.one, item))["items"][0]
    assert (repeated["state"], repeated["version"]) == ("repeated", 2)
    taken = ok(await made.one.post(f"{path}/withdraw", {"expected_version": 2}))
    assert taken["outcome"] == "withdrawn"
    refused(await made.one.post(f"{path}/withdraw", {"expected_version": 3}), 409, "survey_outcome_wrong")
    emptied = ok(await made.one.get(path))
    assert (emptied["answers"], emptied["consent"], emptied["person"]) == ({}, None, None)
    assert await count(world, SurveyChoice) == 0
    assert [row["act"] for row in await acts(world, "survey_answer_corrected", "survey_answer_withdrawn")] == [
        "survey_answer_corrected", "survey_answer_withdrawn",
    ]  # fmt: skip


async def test_progress_is_numbers_for_leader_and_officer(world: World) -> None:
    made = await survey(world)
    homes = [await made.household(made.one, 0) for _ in range(4)]
    await made.household(made.two, 1)
    await made.send(
        made.one, made.item(homes[0], outcome="absent"), made.item(homes[0]), made.item(homes[1], outcome="absent"),
        made.item(homes[1], outcome="refused"), made.item(homes[2], outcome="absent"),
    )  # fmt: skip
    shown = ok(await made.leader.get(f"{made.path}/progress"))
    assert [grid["grid_id"] for grid in shown["grids"]] == [made.grids[0]["id"]]
    numbers = ("households", "visited", "answered", "refused", "absent")
    assert [shown["total"][name] for name in numbers] == [4, 3, 1, 1, 1]
    everything = ok(await made.officer.get(f"{made.path}/progress"))
    assert len(everything["grids"]) == 24
    assert [everything["total"][name] for name in numbers] == [5, 3, 1, 1, 1]
    refused(await made.one.get(f"{made.path}/progress"), 403, "forbidden")
    work = ok(await made.one.get("/me/survey-work"))["items"][0]["grids"][0]
    assert [work[name] for name in numbers] == [4, 3, 1, 1, 1]
    listed = ok(await made.one.get(f"{made.path}/households"))["items"]
    assert {row["household"]["id"]: row["visit_state"] for row in listed} == dict(
        zip(homes, ("answered", "refused", "absent", "unvisited"), strict=True)
    )


async def test_the_last_waves_answers_are_offered_and_only_what_is_still_asked(world: World) -> None:
    made = await survey(world)
    household = await made.household(made.one, 0)
    first = await made.answer(made.one, household, person={"name": "林小梅"})
    await made.move("close")
    second = await new_wave(world, made.officer, name="春季就业摸底")
    version = second["version"]
    ok(await made.officer.post(f"/survey-waves/{second['id']}/open", {"expected_version": version}))
    (row,) = ok(await made.one.get(f"/survey-waves/{second['id']}/households"))["items"]
    assert (row["visit_state"], row["answers"]) == ("unvisited", [])
    (offered,) = row["prefill"]
    assert (offered["wave_id"], offered["member_no"], offered["answers"]) == (made.wave["id"], 1, AT_HOME)
    assert offered["person"]["name"] == "林小梅"
    ok(await made.one.post(f"/survey-answers/{first}/withdraw", {"expected_version": 1}))
    (row,) = ok(await made.one.get(f"/survey-waves/{second['id']}/households"))["items"]
    assert row["prefill"] == []


async def test_lists_take_as_many_statements_for_many_as_for_one(world: World) -> None:
    made = await survey(world)

    async def statements() -> list[int]:
        found = []
        for someone, path in (
            (made.one, f"{made.path}/households"), (made.officer, f"{made.path}/progress"),
            (made.one, "/me/survey-work"),
        ):  # fmt: skip
            with counted(world.runtime.db.reader) as seen:
                ok(await someone.get(path))
            found.append(len(seen))
        return found

    async def sent(homes: list[str]) -> int:
        with counted(world.runtime.db.writer) as seen:
            await made.send(made.one, *(made.item(home) for home in homes))
        return len(seen)

    writes = await sent([await made.household(made.one, 0)])
    few = await statements()
    more = await sent([await made.household(made.one, 0) for _ in range(12)])
    assert await statements() == few
    # One insert for each answer, nothing else.
    assert more - writes == 11


async def test_time_closes_a_wave_after_the_devices_have_come_home(world: World) -> None:
    made: Survey = await survey(world)
    world.clock.advance(timedelta(days=17))
    assert (await sweep(world.runtime))["surveys_closed"] == 0
    made.one, made.officer = await world.person(made.one.name), await world.person(made.officer.name)
    late = made.item(await made.household(made.one, 0), recorded_at=made.wave["opens_on"] + "T12:00:00+08:00")
    assert (await made.send(made.one, late))["accepted"] == 1
    world.clock.advance(timedelta(days=1))
    swept = await asyncio.gather(sweep(world.runtime), sweep(world.runtime))
    assert sum(one["surveys_closed"] for one in swept) == 1
    made.officer = await world.person(made.officer.name)
    assert ok(await made.officer.get(made.path))["state"] == "closed"


async def test_what_is_wrong_in_an_answer_is_named_by_the_members_own_fields(world: World) -> None:
    """An answer is a number, a text or a list: which of them was tried is nobody's business."""
    made = await survey(world)
    household = await made.household(made.one, 0)
    wrong = made.item(household, answers=AT_HOME | {"training_wishes": ["sewing", {"other": 1}], "hours_worked": {}})
    (refusal,) = (await made.send(made.one, wrong))["items"]
    told = {issue["path"]: issue["message"] for issue in refusal["error"]["fields"]}
    assert told == {
        "answers.training_wishes.1": "应为文字", "answers.hours_worked": "应为整数，或应为文字，或应为列表",
    }  # fmt: skip
    answer = await made.answer(made.one, household)
    form = {"consent": wrong["consent"], "answers": {"obstacles": [None]}, "expected_version": 1}
    body = refused(await made.one.put(f"/survey-answers/{answer}", form), 422, "invalid_fields", "answers.obstacles.0")
    assert [issue["path"] for issue in body["fields"]] == ["answers.obstacles.0"]
