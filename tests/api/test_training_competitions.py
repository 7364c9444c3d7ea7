"""技能竞赛 over HTTP: entries, judges who see numbers only, dropped extremes, ties, objections, results by category."""

from datetime import timedelta
from typing import Any

import pytest

from app.rules.identity.roles import Role, ScopeKind
from tests.factories.world import Someone, World, ok, refused
from tests.support.funnel import later, told
from tests.support.jobs import key
from tests.support.training import ELECTRICIAN, School, open_school


@pytest.fixture
async def school(world: World) -> School:
    return await open_school(world)


def form(school: School, **changes: Any) -> dict[str, Any]:
    return {
        "title": "宝盖镇第一届电工技能竞赛", "occupation_code": ELECTRICIAN, "licensed": True,
        "categories": ["企业职工组", "村民组"], "place": "科技园党建+邻里中心",
        "registering_until": school.at(3).isoformat(), "theory_at": school.at(5).isoformat(),
        "practical_at": school.at(5, 14).isoformat(), "capacity": 4, "theory_weight": 30, "judges": 5,
        "awards": {"1": "一等奖", "2": "二等奖"},
    } | changes  # fmt: skip


async def announced(school: School, **changes: Any) -> dict[str, Any]:
    made = ok(await school.officer.post("/training/competitions", form(school, **changes), key=key()))
    return dict(ok(await step(school, made, "open")))


async def step(school: School, made: dict[str, Any], verb: str, **more: Any) -> Any:
    fresh = ok(await school.officer.get(f"/training/competitions/{made['id']}"))
    return await school.move(f"/training/competitions/{made['id']}/{verb}", fresh, **more)


async def enter(person: Someone, made: dict[str, Any], category: str = "村民组") -> Any:
    return await person.post(f"/training/competitions/{made['id']}/enter", {"category": category}, key=key())


async def check(school: School, entry: dict[str, Any], *, eligible: bool = True) -> Any:
    form = {"eligible": eligible, "reason": None if eligible else "没有电工证", "expected_version": entry["version"]}
    return await school.officer.post(f"/training/competition-entries/{entry['id']}/check", form, key=key())


async def judge(school: School, made: dict[str, Any]) -> Someone:
    person = await school.world.person()
    await school.world.appoint(person, Role.JUDGE, ScopeKind.COMPETITION, made["id"])
    return person


async def score(by: Someone, made: dict[str, Any], part: str, scores: dict[int, int]) -> Any:
    body = {"part": part, "scores": [{"number": number, "tenths": tenths} for number, tenths in scores.items()]}
    return await by.post(f"/training/competitions/{made['id']}/scores", body, key=key())


async def test_a_competition_from_announcement_to_awards(school: School) -> None:
    made = await announced(school)
    people = [await school.learner() for _ in range(4)]
    minor = await school.learner(years=17)
    refused(await enter(minor, made), 422, "entrant_too_young", "birth_date")
    refused(await enter(people[0], made, "少年组"), 422, "competition_category_wrong", "category")
    entries = [ok(await enter(one, made, "企业职工组" if n == 3 else "村民组")) for n, one in enumerate(people)]
    assert [entry["number"] for entry in entries] == [1, 2, 3, 4]
    refused(await enter(await school.learner(), made), 409, "competition_full")
    refused(await enter(people[0], made), 409, "competition_entry_state_wrong")
    refused(await step(school, made, "close"), 409, "entries_unchecked")
    for entry in entries:
        ok(await check(school, entry))
    judges = [await judge(school, made) for _ in range(6)]
    blind = ok(await judges[0].get(f"/training/competitions/{made['id']}/entries"))["items"]
    assert {(one["person_id"], one["person_name"]) for one in blind} == {(None, None)}
    refused(await score(judges[0], made, "theory", {1: 800}), 409, "scoring_closed")
    ok(await step(school, made, "close"))
    ok(await step(school, made, "theory"))
    ok(await score(judges[0], made, "theory", {1: 800, 2: 800, 3: 900, 4: 700}))
    refused(await score(judges[1], made, "theory", {1: 1000}), 409, "panel_full")
    ok(await step(school, made, "practical"))
    for tenths in (1001, -1):
        refused(await score(judges[0], made, "practical", {1: tenths}), 422, "score_tenths_wrong", "tenths")
    refused(await score(judges[0], made, "practical", {9: 900}), 404, "competition_entry_not_found")
    # Extremes are dropped: 1000 and 0 count for nobody.
    panel = [{1: 1000, 2: 850}, {1: 0, 2: 850}, {1: 800, 2: 850}, {1: 850, 2: 850}, {1: 900, 2: 850}]
    for person, scores in zip(judges[:4], panel[:4], strict=True):
        ok(await score(person, made, "practical", scores | {3: 820, 4: 600}))
    refused(await step(school, made, "results"), 409, "competition_scores_missing")
    ok(await score(judges[4], made, "practical", panel[4] | {3: 820, 4: 600}))
    refused(await score(judges[5], made, "practical", {1: 1000}), 409, "panel_full")
    assert len(ok(await judges[0].get(f"/training/competitions/{made['id']}/my-scores"))["items"]) == 8
    ok(await step(school, made, "results"))
    assert ok(await people[0].get(f"/training/competitions/{made['id']}/results"))["items"] == []
    shown = ok(await step(school, made, "publish"))
    assert shown["state"] == "objections"
    result = ok(await people[0].get(f"/training/competitions/{made['id']}/results"))
    lines = {line["number"]: line for line in result["items"]}
    # 1 and 2: 80×30%+85×70%=83.5, alike in practice as well: both second, behind 3; 4 is alone in its category.
    assert [lines[n]["total_hundredths"] for n in (1, 2, 3, 4)] == [8350, 8350, 8440, 6300]
    assert (lines[3]["total_hundredths"], lines[3]["rank"]) == (8440, 1)
    assert (lines[1]["rank"], lines[2]["rank"], lines[4]["rank"]) == (2, 2, 1)
    assert lines[1]["name"] == "林*梅"
    assert "去掉一个最高分和一个最低分" in result["told"]
    refused(await step(school, made, "finalise"), 409, "objection_window_open")
    words = {"words": "我的实操成绩少算了一项"}
    path = f"/training/competitions/{made['id']}/objections"
    objection = ok(await people[0].post(path, words, key=key()))
    refused(await (await school.learner()).post(path, words, key=key()), 404, "competition_entry_not_found")
    assert ok(await people[1].get(path))["items"] == []
    assert [one["words"] for one in ok(await school.officer.get(path))["items"]] == [words["words"]]
    answer = {"uphold": True, "answer": "复核后更正"}
    answered = f"/training/competition-objections/{objection['id']}/answer"
    assert ok(await school.officer.post(answered, answer, key=key()))["state"] == "upheld"
    refused(await school.officer.post(answered, answer, key=key()), 409, "competition_objection_answered")
    assert "成立" in (await told(people[0], "competition"))[0]
    ok(await score(judges[1], made, "practical", {1: 900}))
    ok(await step(school, made, "results"))
    again = ok(await step(school, made, "publish"))
    await later(school.world, timedelta(days=20), school.officer, *people)
    assert again["objections_until"] is not None
    refused(await people[1].post(path, words, key=key()), 409, "objection_window")
    ok(await step(school, made, "finalise"))
    ok(await step(school, made, "award"))
    final = ok(await people[0].get(f"/training/competitions/{made['id']}/results"))["items"]
    assert {line["number"]: line["award"] for line in final} == {1: "一等奖", 2: None, 3: "二等奖", 4: "一等奖"}


async def test_registration_closes_and_an_unfit_entry_gives_its_place_back(school: School) -> None:
    made = await announced(school, capacity=1)
    person, next_one = await school.learner(), await school.learner()
    entry = ok(await enter(person, made))
    unfit = ok(await check(school, entry, eligible=False))
    assert (unfit["state"], unfit["reason"]) == ("ineligible", "没有电工证")
    refused(
        await school.officer.post(
            f"/training/competition-entries/{entry['id']}/check", {"eligible": False, "expected_version": 2}, key=key()
        ),
        422, "invalid_fields", "reason",
    )  # fmt: skip
    second = ok(await enter(next_one, made))
    refused(await check(school, unfit), 409, "competition_full")
    left = await next_one.post(f"/training/competitions/{made['id']}/leave", key=key())
    assert ok(left)["state"] == "withdrawn"
    again = ok(await enter(next_one, made))
    assert (again["id"], again["number"]) == (second["id"], 2)
    await later(school.world, timedelta(days=4), school.officer, person, next_one)
    refused(await next_one.post(f"/training/competitions/{made['id']}/leave", key=key()), 409, "competition_closed")
    refused(await enter(await school.learner(), made), 409, "competition_closed")
    done = ok(await step(school, made, "cancel", reason="场地停电"))
    assert done["cancelled_because"] == "场地停电"
    assert "已取消" in (await told(next_one, "competition"))[0]


async def test_judges_and_officers_have_no_part_in_their_own(school: School) -> None:
    made = await announced(school)
    other = await announced(school, title="另一场")
    person = await school.learner()
    entry = ok(await enter(person, made))
    await school.world.appoint(person, Role.JUDGE)
    await school.world.appoint(person, Role.TRAINING_OFFICER)
    form = {"eligible": True, "expected_version": entry["version"]}
    refused(await person.post(f"/training/competition-entries/{entry['id']}/check", form, key=key()), 403, "own_entry")
    ok(await check(school, entry))
    ok(await step(school, made, "close"))
    ok(await step(school, made, "theory"))
    refused(await score(person, made, "theory", {1: 900}), 403, "own_entry")
    foreign = await judge(school, other)
    refused(await score(foreign, made, "theory", {1: 900}), 404, "competition_not_found")
    refused(await foreign.get(f"/training/competitions/{made['id']}/entries"), 404, "competition_not_found")


async def test_the_rules_of_a_contest_are_checked_and_stand_still(school: School) -> None:
    path = "/training/competitions"
    for changes, code in (
        ({"registering_until": school.at(9).isoformat()}, "competition_times_wrong"), ({"occupation_code": "x"}, "course_occupation_unknown"),
        ({"categories": ["一组", "一组"]}, "invalid_fields"), ({"awards": {"第一": "奖"}}, "invalid_fields"),
        ({"theory_weight": 101}, "invalid_fields"), ({"judges": 0}, "invalid_fields"),
    ):  # fmt: skip
        refused(await school.officer.post(path, form(school, **changes), key=key()), 422, code)
    made = ok(await school.officer.post(path, form(school), key=key()))
    changed = form(school, title="改名") | {"expected_version": made["version"]}
    made = ok(await school.officer.put(f"{path}/{made['id']}", changed, key=key()))
    assert made["title"] == "改名"
    opened = ok(await step(school, made, "open"))
    late = form(school, judges=3) | {"expected_version": opened["version"]}
    refused(await school.officer.put(f"{path}/{made['id']}", late, key=key()), 409, "competition_state_wrong")
    assert len(ok(await (await school.world.person()).get(path))["items"]) == 1
