"""Rules with decisions, budgets, activities and claims over HTTP: how points come about, and how they go back."""

from datetime import timedelta
from typing import Any

import pytest

from app.rules.identity.roles import Role, ScopeKind
from app.tasks.sweeps import sweep
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY
from tests.support.funnel import later
from tests.support.jobs import counted, key
from tests.support.points import Office, available, claim, give, member, open_office, rule_form, sound
from tests.support.uploads import photo, uploaded

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(world: World) -> Office:
    return await open_office(world)


async def came(office: Office, *people: Someone, **changes: Any) -> dict[str, Any]:
    """An activity that these have joined, and that is over."""
    made = await office.activity(**changes)
    for one in people:
        ok(await one.post(f"/activities/{made['id']}/join", key=key()))
    await later(office.world, timedelta(hours=4), office.first, office.second, *people)
    return made


async def test_seeded_rules_are_proposals(world: World, office: Office) -> None:
    seen = ok(await office.first.get("/points/rules"))["items"]
    assert {rule["state"] for rule in seen} == {"proposed"}
    assert {"volunteer_hour", "good_samaritan"} <= {rule["code"] for rule in seen}
    assert ok(await (await member(world)).get("/points/rules"))["items"] == []


async def test_a_rule_is_adopted_by_a_recorded_decision(world: World, office: Office) -> None:
    rule = await office.propose(cap_day=10, cap_month=20, cap_year=60)
    form = office.decided | {"valid_from": str(office.today), "expected_version": 1}
    path = f"/points/rules/{rule['id']}"
    # Not by whoever proposed it, not without a decision, not before it, not tomorrow's.
    refused(await office.first.post(f"{path}/adopt", form, key=key()), 403, "self_review")
    bare = {name: value for name, value in form.items() if name != "decision"}
    refused(await office.second.post(f"{path}/adopt", bare, key=key()), 422, "invalid_fields", "decision")
    yesterday, tomorrow = office.today - timedelta(days=1), office.today + timedelta(days=1)
    backdated = await office.adopt(rule, valid_from=str(yesterday))
    refused(backdated, 422, "points_rule_backdated", "valid_from")
    refused(await office.adopt(rule, decided_on=str(tomorrow)), 422, "points_decision_date_wrong", "decided_on")
    refused(await office.adopt(rule, valid_to=str(yesterday)), 422, "points_rule_days_wrong", "valid_to")
    done = ok(await office.adopt(rule))
    assert (done["state"], done["decided_on"]) == ("adopted", str(office.today))
    everybody = ok(await (await member(world)).get("/points/rules"))["items"]
    assert [(one["code"], one["decision"]) for one in everybody] == [(rule["code"], office.decided["decision"])]
    # What was decided on is not rewritten; another rule of the same code waits for the end of this one.
    changed = rule_form(code=rule["code"], expected_version=done["version"])
    refused(await office.first.put(path, changed), 409, "points_rule_state_wrong")
    twin = await office.propose(code=rule["code"])
    refused(await office.adopt(twin), 409, "points_rule_code_taken")
    ok(await office.first.post(f"{path}/end", {"expected_version": done["version"]}, key=key()))
    assert ok(await office.adopt(twin))["state"] == "adopted"


async def test_whoever_changes_a_proposal_does_not_adopt_it(office: Office) -> None:
    rule = await office.propose()
    changed = ok(await office.second.put(f"/points/rules/{rule['id']}", rule_form(points=7, expected_version=1)))
    refused(await office.adopt(changed), 403, "self_review")
    ended = ok(await office.second.post(f"/points/rules/{rule['id']}/end", {"expected_version": 2}, key=key()))
    assert ended["state"] == "withdrawn"


async def test_caps_that_contradict_are_named(office: Office) -> None:
    answer = await office.first.post("/points/rules", rule_form(points=5, cap_day=4), key=key())
    refused(answer, 422, "points_rule_caps_wrong", "cap_day")


async def test_budgets_of_a_year(office: Office) -> None:
    made = await office.budget(100)
    assert (made["granted"], made["left"]) == (0, 100)
    again = office.decided | {"year": office.today.year, "points": 5}
    refused(await office.first.post("/points/budgets", again, key=key()), 409, "points_budget_taken")
    past = again | {"year": office.today.year - 1}
    refused(await office.first.post("/points/budgets", past, key=key()), 422, "points_budget_year_wrong", "year")
    ahead = again | {"year": office.today.year + 1, "decided_on": str(office.today + timedelta(days=1))}
    refused(await office.first.post("/points/budgets", ahead, key=key()), 422, "points_decision_date_wrong")
    assert [row["year"] for row in ok(await office.second.get("/points/budgets"))["items"]] == [office.today.year]


async def test_hours_are_credited_and_taken_back(world: World, office: Office) -> None:
    await office.budget()
    await office.hours_rule(cap_day=2)
    mei, lan = await member(world), await member(world)
    made = await came(office, mei, lan)
    # Three hours count as two: the cap of the day.
    people = ok(await office.confirm(made["id"], (mei, 180), (lan, 90)))["items"]
    assert {one["person_id"]: one["minutes"] for one in people} == {mei.id: 180, lan.id: 90}
    assert (await available(mei), await available(lan)) == (2, 1)
    line = ok(await mei.get("/me/points/entries"))["items"][0]
    assert (line["kind"], line["points"], line["told"]) == ("credit", 2, "志愿服务：河岸清洁 3小时")
    assert ok(await office.first.get("/points/budgets"))["items"][0]["granted"] == 3
    notices = [one["body"] for one in ok(await mei.get("/me/notices"))["items"] if one["kind"] == "points"]
    assert notices == ["志愿服务：河岸清洁 3小时，获得2分。"]
    # Confirmed twice: refused, nothing twice.
    refused(await office.confirm(made["id"], (mei, 60)), 409, "activity_hours_confirmed")
    row = next(one for one in people if one["person_id"] == mei.id)
    path = f"/activities/{made['id']}/people/{mei.id}/void"
    void = {"reason": "签到记录有误", "expected_version": row["version"]}
    voided = ok(await office.second.post(path, void, key=key()))["items"][0]
    assert (voided["state"], voided["minutes"]) == ("voided", None)
    assert ok(await mei.get(f"/activities/{made['id']}"))["void_reason"] == "签到记录有误"
    assert (await available(mei), await available(lan)) == (0, 1)
    refused(
        await office.second.post(path, void | {"expected_version": voided["version"]}, key=key()),
        409,
        "activity_person_state_wrong",
    )
    # The right number, confirmed anew, is a cause of its own.
    ok(await office.confirm(made["id"], (mei, 60)))
    assert await available(mei) == 1
    assert ok(await office.first.get("/points/budgets"))["items"][0]["granted"] == 2
    progress = ok(await mei.get("/me/points/progress"))
    assert (progress["earned"], progress["volunteer_minutes"]) == (1, 60)
    assert [(rule["earned"], rule["cap_year"]) for rule in progress["rules"]] == [(1, None)]
    await sound(world)


async def test_without_an_adopted_rule_nothing_is_earned(world: World, office: Office) -> None:
    await office.budget()
    mei = await member(world)
    made = await came(office, mei)
    ok(await office.confirm(made["id"], (mei, 120)))
    assert await available(mei) == 0
    # Adopted afterwards: what was before the decision earns nothing.
    await later(world, timedelta(days=1), office.first, office.second, mei)
    await office.hours_rule()
    await sweep(world.runtime)
    assert await available(mei) == 0


async def test_what_the_budget_does_not_hold_waits_for_it(world: World, office: Office) -> None:
    budget = await office.budget(2)
    await office.hours_rule()
    mei = await member(world)
    made = await came(office, mei)
    ok(await office.confirm(made["id"], (mei, 180)))
    assert await available(mei) == 0
    body = ok(await mei.get("/me/notices"))["items"][0]["body"]
    assert "应得3分；本年预算不足，追加预算后自动入账" in body
    tasks = ok(await office.first.get("/tasks", kind="points_budget"))["items"]
    assert ["年积分预算不足" in task["title"] for task in tasks] == [True]
    assert (await sweep(world.runtime))["awards_credited"] == 0
    more = office.decided | {"points": 3, "expected_version": budget["version"]}
    ok(await office.first.put(f"/points/budgets/{budget['id']}", more))
    assert (await sweep(world.runtime))["awards_credited"] == 1
    assert (await sweep(world.runtime))["awards_credited"] == 0
    assert await available(mei) == 3
    assert ok(await office.first.get("/tasks", kind="points_budget"))["items"] == []
    less = more | {"points": 2, "expected_version": 2}
    refused(await office.first.put(f"/points/budgets/{budget['id']}", less), 409, "points_budget_below_granted")
    await sound(world)


async def test_nobody_confirms_their_own_hours(world: World, office: Office) -> None:
    await office.hours_rule()
    await world.consent(office.second, "service")
    made = await came(office, office.second)
    refused(await office.confirm(made["id"], (office.second, 60)), 403, "activity_own_hours")
    found = ok(await office.confirm(made["id"], (office.second, 60), by=office.first))["items"][0]
    form = {"reason": "有误", "expected_version": found["version"]}
    path = f"/activities/{made['id']}/people/{office.second.id}/void"
    refused(await office.second.post(path, form, key=key()), 403, "activity_own_hours")


async def test_hours_that_cannot_be(world: World, office: Office) -> None:
    await office.hours_rule()
    mei, stranger = await member(world), await member(world)
    now = world.clock.now()
    first = await office.activity()
    second = await office.activity(title="交通劝导", starts_at=(now + timedelta(hours=2)).isoformat(),
                                   ends_at=(now + timedelta(hours=4)).isoformat())  # fmt: skip
    for made in (first, second):
        ok(await mei.post(f"/activities/{made['id']}/join", key=key()))
    refused(await office.confirm(first["id"], (mei, 60)), 409, "activity_not_over")
    await later(world, timedelta(hours=5), office.first, office.second, mei)
    refused(await office.confirm(first["id"], (mei, 181)), 422, "activity_minutes_wrong", "hours")
    refused(await office.confirm(first["id"], (mei, 60), (stranger, 60)), 404, "activity_person_not_found")
    assert ok(await mei.get("/activities", mine=True))["items"][0]["my_state"] == "joined"
    ok(await office.confirm(first["id"], (mei, 60)))
    # Nobody is in two places at once.
    refused(await office.confirm(second["id"], (mei, 60)), 409, "activity_hours_overlap")
    await later(world, timedelta(days=31), office.first, office.second, mei)
    refused(await office.confirm(second["id"], (mei, 60)), 409, "activity_confirm_late")


async def test_activities_are_announced_ahead_and_joined(world: World, office: Office) -> None:
    mei, lan = await member(world), await member(world)
    now = world.clock.now()
    past = {
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
        "title": "补录",
        "place": "这里",
    }
    refused(await office.first.post("/activities", past, key=key()), 422, "activity_backdated", "starts_at")
    made = await office.activity(capacity=1)
    path = f"/activities/{made['id']}"
    refused(await (await world.person()).post(f"{path}/join", key=key()), 422, "consent_missing")
    joined = ok(await mei.post(f"{path}/join", key=key()))
    assert (joined["my_state"], joined["joined"], joined["actions"][0]["action"]) == ("joined", 1, "leave")
    assert ok(await mei.post(f"{path}/join", key=key()))["joined"] == 1
    refused(await lan.post(f"{path}/join", key=key()), 409, "activity_full")
    action = ok(await lan.get(path))["actions"][0]
    assert (action["allowed"], action["reason"]) == (False, "活动的1个名额已满")
    ok(await mei.post(f"{path}/leave", key=key()))
    refused(await mei.post(f"{path}/leave", key=key()), 409, "activity_person_state_wrong")
    ok(await lan.post(f"{path}/join", key=key()))
    people = ok(await office.first.get(f"{path}/people"))["items"]
    assert [one["person_id"] for one in people] == [lan.id]
    cancelled = ok(await office.first.post(f"{path}/cancel", {"reason": "台风预警", "expected_version": 1}, key=key()))
    assert (cancelled["state"], cancelled["cancelled_because"]) == ("cancelled", "台风预警")
    assert [one["title"] for one in ok(await lan.get("/me/notices"))["items"]] == ["志愿活动取消"]
    assert ok(await mei.get("/me/notices"))["items"] == []
    refused(await mei.post(f"{path}/join", key=key()), 409, "activity_state_wrong")


async def test_a_grid_member_announces_for_their_grid_alone(world: World, office: Office) -> None:
    grids = ok(await (await world.admin()).get("/grids"))
    member_ = await world.person()
    await world.appoint(member_, Role.GRID_MEMBER, ScopeKind.GRID, grids[0]["id"])
    start = world.clock.now() + timedelta(days=1)
    form = {
        "title": "巷道清扫", "starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=1)).isoformat(), "place": "本巷",
    }  # fmt: skip
    refused(await member_.post("/activities", form, key=key()), 403, "forbidden")
    far = form | {"grid_id": grids[-1]["id"]}
    refused(await member_.post("/activities", far, key=key()), 403, "forbidden")
    refused(
        await member_.post("/activities", form | {"grid_id": NOBODY}, key=key()),
        422,
        "activity_grid_unknown",
        "grid_id",
    )
    own = ok(await member_.post("/activities", form | {"grid_id": grids[0]["id"]}, key=key()))
    ok(await member_.get(f"/activities/{own['id']}/people"))
    others = await office.activity(grid_id=grids[-1]["id"])
    refused(await member_.get(f"/activities/{others['id']}/people"), 404, "activity_not_found")
    listed = ok(await member_.get("/activities", grid_id=grids[0]["id"]))["items"]
    assert [one["id"] for one in listed] == [own["id"]]


async def test_hours_confirmed_cannot_be_called_off(world: World, office: Office) -> None:
    mei = await member(world)
    made = await came(office, mei)
    ok(await office.confirm(made["id"], (mei, 60)))
    form = {"reason": "记录有误", "expected_version": 1}
    refused(await office.first.post(f"/activities/{made['id']}/cancel", form, key=key()), 409, "activity_confirmed")


async def test_the_people_of_an_activity_cost_the_same_for_one_and_for_ten(world: World, office: Office) -> None:
    made = await office.activity()
    costs = []
    for many in (1, 9):
        for _ in range(many):
            ok(await (await member(world)).post(f"/activities/{made['id']}/join", key=key()))
        with counted(world.runtime.db.reader) as statements:
            ok(await office.first.get(f"/activities/{made['id']}/people"))
        costs.append(len(statements))
    assert costs[0] == costs[1]


async def test_a_claim_is_reviewed_credited_once_and_told(world: World, office: Office) -> None:
    await office.budget()
    rule, mei = await office.rule(), await member(world)
    made = ok(await claim(mei, rule, office.today))
    assert (made["state"], made["awarded"], made["flags"], made["person_name"]) == ("submitted", None, [], None)
    assert [task["title"] for task in ok(await office.first.get("/tasks", kind="points_claim"))["items"]] == [
        f"待审核：{rule['text']}"
    ]
    path = f"/points/claims/{made['id']}/review"
    form = {"approve": True, "expected_version": made["version"]}
    done = ok(await office.first.post(path, form, key=key()))
    assert (done["state"], done["awarded"]) == ("approved", 5)
    refused(
        await office.second.post(path, form | {"expected_version": done["version"]}, key=key()),
        409,
        "points_claim_state_wrong",
    )
    assert await available(mei) == 5
    assert ok(await office.first.get("/tasks", kind="points_claim"))["items"] == []
    assert "已通过" in ok(await mei.get("/me/notices"))["items"][0]["body"]
    own = ok(await mei.get(f"/me/points/claims/{made['id']}"))
    assert (own["awarded"], own["state"]) == (5, "approved")
    refused(await (await member(world)).get(f"/me/points/claims/{made['id']}"), 404, "points_claim_not_found")
    await sound(world)


async def test_above_the_limit_two_persons_decide(world: World, office: Office) -> None:
    await office.budget()
    rule, mei = await office.rule(points=50, second_above=20), await member(world)
    made = ok(await claim(mei, rule, office.today))
    assert made["needs_second"] is True
    path = f"/points/claims/{made['id']}/review"
    half = ok(await office.first.post(path, {"approve": True, "expected_version": 1}, key=key()))
    assert (half["state"], await available(mei)) == ("reviewed", 0)
    again = {"approve": True, "expected_version": half["version"]}
    refused(await office.first.post(path, again, key=key()), 409, "points_claim_second_reviewer")
    assert ok(await office.second.post(path, again, key=key()))["state"] == "approved"
    assert await available(mei) == 50


async def test_nobody_reviews_their_own_claim(world: World, office: Office) -> None:
    await office.budget()
    rule = await office.rule()
    await world.consent(office.first, "service")
    made = ok(await claim(office.first, rule, office.today))
    path = f"/points/claims/{made['id']}"
    refused(
        await office.first.post(f"{path}/review", {"approve": True, "expected_version": 1}, key=key()),
        403,
        "self_review",
    )
    done = ok(
        await office.second.post(
            f"{path}/review", {"approve": False, "reason": "没有失主确认", "expected_version": 1}, key=key()
        )
    )
    assert (done["state"], done["reason"]) == ("rejected", "没有失主确认")


async def test_an_appeal_is_answered_by_another_and_only_once(world: World, office: Office) -> None:
    await office.budget()
    rule, mei = await office.rule(), await member(world)
    made = ok(await claim(mei, rule, office.today))
    path = f"/points/claims/{made['id']}"
    no = ok(
        await office.first.post(
            f"{path}/review", {"approve": False, "reason": "没有失主确认", "expected_version": 1}, key=key()
        )
    )
    assert "15天内可以申诉一次" in ok(await mei.get("/me/notices"))["items"][0]["body"]
    appeal = {"words": "失主可以作证", "expected_version": no["version"]}
    asked = ok(await mei.post(f"/me{path}/appeal", appeal, key=key()))
    assert (asked["state"], asked["appeal"]) == ("appealed", "失主可以作证")
    answer = {"approve": False, "answer": "失主未到场", "expected_version": asked["version"]}
    refused(await office.first.post(f"{path}/answer", answer, key=key()), 409, "points_claim_second_reviewer")
    upheld = ok(await office.second.post(f"{path}/answer", answer, key=key()))
    assert (upheld["state"], upheld["answer"]) == ("upheld", "失主未到场")
    refused(
        await mei.post(f"/me{path}/appeal", appeal | {"expected_version": upheld["version"]}, key=key()),
        409,
        "points_claim_state_wrong",
    )
    # Another one, heard and granted; then found wrong after all.
    other = ok(await claim(mei, rule, office.today))
    path = f"/points/claims/{other['id']}"
    no = ok(
        await office.first.post(
            f"{path}/review", {"approve": False, "reason": "同一天", "expected_version": 1}, key=key()
        )
    )
    asked = ok(await mei.post(f"/me{path}/appeal", appeal | {"expected_version": no["version"]}, key=key()))
    yes = ok(
        await office.second.post(
            f"{path}/answer", answer | {"approve": True, "expected_version": asked["version"]}, key=key()
        )
    )
    assert (yes["state"], await available(mei)) == ("approved", 5)
    back = {"reason": "查明是同一只钱包", "expected_version": yes["version"]}
    for one in (office.first, office.second):
        refused(await one.post(f"{path}/reverse", back, key=key()), 409, "points_claim_second_reviewer")
    third = await world.person()
    await world.appoint(third, Role.POINTS_OFFICER)
    assert ok(await third.post(f"{path}/reverse", back, key=key()))["state"] == "reversed"
    assert await available(mei) == 0
    await sound(world)


async def test_a_late_appeal(world: World, office: Office) -> None:
    rule, mei = await office.rule(), await member(world)
    made = ok(await claim(mei, rule, office.today))
    form = {"approve": False, "reason": "没有失主确认", "expected_version": 1}
    no = ok(await office.first.post(f"/points/claims/{made['id']}/review", form, key=key()))
    await later(world, timedelta(days=16), mei)
    appeal = {"words": "失主可以作证", "expected_version": no["version"]}
    refused(
        await mei.post(f"/me/points/claims/{made['id']}/appeal", appeal, key=key()), 409, "points_claim_appeal_late"
    )


async def test_what_looks_like_a_double_is_flagged_for_the_reviewers(world: World, office: Office) -> None:
    rule, mei, lan = await office.rule(), await member(world), await member(world)
    picture = photo()
    first = (await uploaded(mei, picture, purpose="points_evidence", name="a.jpg"))["file_id"]
    ok(await claim(mei, rule, office.today, file_ids=[first]))
    copy = (await uploaded(lan, picture, purpose="points_evidence", name="b.jpg"))["file_id"]
    ok(await claim(lan, rule, office.today, file_ids=[copy]))
    for _ in range(3):
        ok(await claim(mei, rule, office.today))
    seen = ok(await office.first.get("/points/claims", state="submitted"))["items"]
    flags = [[flag["code"] for flag in one["flags"]] for one in reversed(seen)]
    assert flags == [[], ["same_photo"], ["same_day"], ["same_day"], ["same_day", "many"]]
    # The person is not told of suspicions.
    assert ok(await mei.get("/me/points/claims"))["items"][0]["flags"] == []
    stolen = await claim(lan, rule, office.today, file_ids=[first])
    refused(stolen, 404, "file_not_found")
    # The reviewer sees the photo.
    ok(await office.first.get(f"/files/{first}"))


async def test_claims_that_cannot_be(world: World, office: Office) -> None:
    rule, mei = await office.rule(evidence="required"), await member(world)
    refused(await claim(mei, rule, office.today), 422, "points_claim_evidence_missing", "file_ids")
    refused(await claim(mei, rule, office.today + timedelta(days=1)), 422, "points_claim_day_wrong", "on_day")
    refused(await claim(mei, rule, office.today - timedelta(days=31)), 422, "points_claim_day_wrong", "on_day")
    # Before the rule was in force; a rule that credits by itself; a proposal; none at all.
    refused(await claim(mei, rule, office.today - timedelta(days=1)), 422, "points_claim_rule_wrong", "rule_id")
    refused(await claim(mei, await office.hours_rule(), office.today), 422, "points_claim_rule_wrong", "rule_id")
    refused(await claim(mei, await office.propose(), office.today), 422, "points_claim_rule_wrong", "rule_id")
    refused(await claim(mei, {"id": NOBODY}, office.today), 422, "points_claim_rule_wrong", "rule_id")
    bare = await office.rule(evidence="none")
    file_id = (await uploaded(mei, photo(), purpose="points_evidence", name="a.jpg"))["file_id"]
    refused(await claim(mei, bare, office.today, file_ids=[file_id]), 422, "points_claim_evidence_unwanted", "file_ids")
    refused(await claim(await world.person(), bare, office.today), 422, "consent_missing")


async def test_caps_and_budget_stop_an_approval(world: World, office: Office) -> None:
    rule, mei = await office.rule(cap_day=5), await member(world)
    made = [ok(await claim(mei, rule, office.today)) for _ in range(2)]

    async def approve(one: dict[str, Any]) -> Any:
        form = {"approve": True, "expected_version": one["version"]}
        return await office.first.post(f"/points/claims/{one['id']}/review", form, key=key())

    refused(await approve(made[0]), 409, "points_budget_used_up")
    await office.budget(5)
    ok(await approve(made[0]))
    refused(await approve(made[1]), 409, "points_cap_reached")
    withdrawn = await mei.post(f"/me/points/claims/{made[1]['id']}/withdraw", {"expected_version": 1}, key=key())
    assert ok(withdrawn)["state"] == "withdrawn"
    await sound(world)


async def test_a_reversal_of_spent_points_is_a_debt_that_later_ones_pay(world: World, office: Office) -> None:
    await office.budget()
    await office.hours_rule()
    mei = await member(world)
    made = await came(office, mei)
    people = ok(await office.confirm(made["id"], (mei, 180)))["items"]
    reward, site = await office.reward(points=2)
    ok(await mei.post("/me/redemptions", {"reward_id": reward, "site_id": site}, key=key()))
    form = {"reason": "签到记录有误", "expected_version": people[0]["version"]}
    ok(await office.second.post(f"/activities/{made['id']}/people/{mei.id}/void", form, key=key()))
    seen = ok(await mei.get("/me/points"))
    assert (seen["available"], seen["held"], seen["debt"]) == (0, 2, 2)
    await give(world, mei, 5)
    seen = ok(await mei.get("/me/points"))
    assert (seen["available"], seen["debt"]) == (3, 0)
    await sound(world)
