"""Rewards, stock, redemption over HTTP: hold, code, counter, cancel, lapse, rejection, undo, 代领, write-offs by two."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.core.zone import CHINA
from app.rules.identity.roles import Role, ScopeKind
from app.rules.points.rewards import WRONG_CODES
from app.tasks.sweeps import sweep
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY, nothing_stored
from tests.support.funnel import later
from tests.support.jobs import counted, key
from tests.support.points import (
    Office,
    available,
    cancel,
    give,
    member,
    open_office,
    redeem,
    redeem_form,
    reward_form,
    rich,
    shelf,
    site_form,
    sound,
)

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


@pytest.fixture
async def office(world: World) -> Office:
    return await open_office(world)


async def notices(who: Someone, kind: str = "redemption") -> list[str]:
    return [one["body"] for one in ok(await who.get("/me/notices"))["items"] if one["kind"] == kind]


async def test_from_the_shelf_to_the_hand(world: World, office: Office) -> None:
    reward, site = await office.reward(stock=3)
    mei = await rich(world)
    made = await redeem(mei, reward, site)
    assert (made["state"], made["points"], made["qr_text"]) == ("ready", 20, f"BGDH:{made['code']}")
    assert len(made["code"]) == 10
    seen = ok(await mei.get("/me/points"))
    assert (seen["available"], seen["held"]) == (80, 20)
    assert await shelf(world, reward) == (3, 2, 1, 0, 0)
    clerk = await office.clerk(site)
    at_counter = ok(await clerk.post("/redemptions/look-up", {"code": made["qr_text"]}))
    assert (at_counter["title"], at_counter["state"], at_counter["id"]) == ("理发一次", "ready", made["id"])
    # Typed as people type: small letters, blanks, dashes.
    typed = f" {made['code'][:5].lower()}-{made['code'][5:].lower()} "
    done = ok(await clerk.post("/redemptions/fulfil", {"code": typed}, key=key()))
    assert (done["state"], done["undo_until"] is None) == ("fulfilled", False)
    assert await shelf(world, reward) == (3, 2, 0, 1, 0)
    seen = ok(await mei.get("/me/points"))
    assert (seen["available"], seen["held"]) == (80, 0)
    own = ok(await mei.get(f"/me/redemptions/{made['id']}"))
    assert (own["state"], own["code"], own["picked_up_by"]) == ("fulfilled", None, "self")
    # Used: it is told what it was, and nothing is handed over again.
    refused(await clerk.post("/redemptions/fulfil", {"code": made["code"]}, key=key()), 409, "redemption_state_wrong")
    assert ok(await clerk.post("/redemptions/look-up", {"code": made["code"]}))["state"] == "fulfilled"
    assert "已在“" in (await notices(mei))[0]
    lines = [line["kind"] for line in ok(await mei.get("/me/points/entries"))["items"]]
    assert lines == ["hold", "credit"]
    await sound(world)


async def test_names_at_the_counter_are_masked(world: World, office: Office) -> None:
    reward, site = await office.reward()
    mei = await world.seeker()
    await give(world, mei, 50)
    made = await redeem(mei, reward, site, helper="陈小芳")
    seen = ok(await (await office.clerk(site)).post("/redemptions/look-up", {"code": made["code"]}))
    assert (seen["person_name"], seen["helper"]) == ("林*梅", "陈小芳")
    assert "phone" not in seen


async def test_what_must_be_got_ready_first(world: World, office: Office) -> None:
    reward, site = await office.reward(prepared=True)
    mei = await rich(world)
    made = await redeem(mei, reward, site)
    assert (made["state"], made["code"]) == ("held", None)
    waiting = ok(await (await office.clerk(site)).get(f"/points/sites/{site}/redemptions", state="held"))["items"]
    assert [one["id"] for one in waiting] == [made["id"]]
    ok(await office.at_counter("ready", made))
    refused(await office.at_counter("ready", made | {"version": 2}), 409, "redemption_state_wrong")
    own = ok(await mei.get(f"/me/redemptions/{made['id']}"))
    assert (own["state"], len(own["code"])) == ("ready", 10)
    assert "已备好" in (await notices(mei))[0]
    ok(await office.fulfil(own))
    await sound(world)


async def test_cancelled_points_go_back_to_their_lots(world: World, office: Office) -> None:
    reward, site = await office.reward(points=30)
    mei = await member(world)
    await give(world, mei, 10, ends=datetime(office.today.year + 1, 1, 1, tzinfo=CHINA))
    await give(world, mei, 40, ends=datetime(office.today.year + 2, 1, 1, tzinfo=CHINA))
    before = ok(await mei.get("/me/points"))
    made = await redeem(mei, reward, site)
    refused(await cancel(mei, made | {"version": 9}), 409, "stale")
    done = ok(await cancel(mei, made))
    assert (done["state"], done["ended_because"], done["code"]) == ("cancelled", "本人取消", None)
    assert ok(await mei.get("/me/points")) == before
    assert await shelf(world, reward) == (10, 10, 0, 0, 0)
    refused(await cancel(mei, done), 409, "redemption_state_wrong")
    refused(await office.fulfil(made), 409, "redemption_state_wrong")
    assert await notices(mei) == []
    await sound(world)


async def test_what_nobody_fetches_lapses(world: World, office: Office) -> None:
    reward, site = await office.reward(hold_days=2)
    mei = await rich(world)
    made = await redeem(mei, reward, site)
    await later(world, 3 * DAY, mei, await office.clerk(site))
    # The sweep has not come yet; time has.
    refused(await office.fulfil(made), 409, "redemption_lapsed")
    assert (await sweep(world.runtime))["redemptions_lapsed"] == 1
    assert (await sweep(world.runtime))["redemptions_lapsed"] == 0
    assert (await available(mei), await shelf(world, reward)) == (100, (10, 10, 0, 0, 0))
    assert "逾期未领，退回20分" in (await notices(mei))[0]
    refused(await office.fulfil(made), 409, "redemption_state_wrong")
    await sound(world)


@pytest.mark.parametrize(("by_us", "left"), [(False, 0), (True, 20)])
async def test_points_that_expire_while_they_are_held(world: World, office: Office, by_us: bool, left: int) -> None:
    """A lapse by the person expires them, a fault of ours gives another thirty days."""
    reward, site = await office.reward(hold_days=30)
    mei = await member(world)
    end = (world.clock.now() + 5 * DAY).astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    await give(world, mei, 20, ends=end)
    made = await redeem(mei, reward, site)
    await later(world, 6 * DAY, mei, await office.clerk(site))
    await sweep(world.runtime)
    if by_us:
        done = ok(await office.at_counter("reject", made, reason="货品损坏"))
        assert done["state"] == "rejected"
        assert "无法兑换，退回20分，原因可在兑换页面查看" in (await notices(mei))[0]
    else:
        ok(await cancel(mei, made))
    seen = ok(await mei.get("/me/points"))
    assert (seen["available"], seen["held"]) == (left, 0)
    if by_us:
        ahead = datetime.fromisoformat(seen["expiring"][0]["at"]) - world.clock.now()
        assert 30 * DAY <= ahead <= 31 * DAY
    await sound(world)


async def test_a_slip_is_undone_within_ten_minutes(world: World, office: Office) -> None:
    reward, site = await office.reward()
    mei = await rich(world)
    made = await redeem(mei, reward, site)
    done = ok(await office.fulfil(made))
    undone = ok(await office.at_counter("undo", done))
    assert (undone["state"], undone["fulfilled_at"]) == ("ready", None)
    assert await shelf(world, reward) == (10, 9, 1, 0, 0)
    # The same code holds again.
    done = ok(await office.fulfil(made))
    world.clock.advance(timedelta(minutes=10, seconds=1))
    refused(await office.at_counter("undo", done), 409, "redemption_undo_late")
    assert (await available(mei), await shelf(world, reward)) == (80, (10, 9, 0, 1, 0))
    await sound(world)


async def test_fetched_by_a_helper_who_was_named(world: World, office: Office) -> None:
    reward, site = await office.reward()
    mei = await rich(world)
    made = await redeem(mei, reward, site)
    refused(await office.fulfil(made, picked_up_by="helper"), 409, "redemption_helper_missing")
    path = f"/me/redemptions/{made['id']}/helper"
    named = ok(await mei.put(path, {"helper": "陈小芳", "expected_version": 1}))
    assert named["helper"] == "陈小芳"
    done = ok(await office.fulfil(made, picked_up_by="helper"))
    own = ok(await mei.get(f"/me/redemptions/{made['id']}"))
    assert (own["picked_up_by"], done["helper"]) == ("helper", "陈小芳")
    refused(await mei.put(path, {"helper": None, "expected_version": own["version"]}), 409, "redemption_state_wrong")


async def test_nobody_hands_over_their_own(world: World, office: Office) -> None:
    reward, site = await office.reward()
    clerk = await office.clerk(site)
    await world.consent(clerk, "service")
    await give(world, clerk, 50)
    made = await redeem(clerk, reward, site)
    refused(await office.fulfil(made), 403, "self_review")
    for verb, more in (("reject", {"reason": "货品损坏"}), ("undo", {})):
        refused(await office.at_counter(verb, made, **more), 403, "self_review")
    await sound(world)


async def test_a_clerk_serves_their_site_alone(world: World, office: Office) -> None:
    reward, site = await office.reward()
    _, other = await office.reward()
    mei = await rich(world)
    made = await redeem(mei, reward, site)
    stranger = await office.clerk(other)
    refused(await stranger.post("/redemptions/look-up", {"code": made["code"]}), 409, "pick_up_code_elsewhere")
    refused(
        await stranger.post("/redemptions/fulfil", {"code": made["code"]}, key=key()), 409, "pick_up_code_elsewhere"
    )
    form = {"expected_version": 1, "reason": "货品损坏"}
    refused(await stranger.post(f"/redemptions/{made['id']}/reject", form, key=key()), 404, "redemption_not_found")
    refused(await stranger.get(f"/points/sites/{site}/redemptions"), 404, "points_site_not_found")
    everywhere = await world.person()
    await world.appoint(everywhere, Role.POINTS_CLERK, ScopeKind.TOWN, None)
    ok(await everywhere.post("/redemptions/fulfil", {"code": made["code"]}, key=key()))


async def test_a_thousand_guesses_find_nothing_and_are_stopped(world: World, office: Office) -> None:
    reward, site = await office.reward()
    mei = await rich(world)
    made = await redeem(mei, reward, site)
    clerk = await office.clerk(site)
    answers: list[Any] = []
    for begin in range(0, 1000, 50):
        answers += await asyncio.gather(
            *(clerk.post("/redemptions/look-up", {"code": f"GUESS{number:05d}"}) for number in range(begin, begin + 50))
        )
    codes = [answer.json()["code"] for answer in answers]
    assert set(codes) == {"pick_up_code_wrong", "pick_up_code_locked"}
    # A few that were under way together got through before they were counted; then nothing more.
    assert WRONG_CODES <= codes.count("pick_up_code_wrong") <= 60
    assert set(codes[60:]) == {"pick_up_code_locked"}
    # The right one neither, until the time is over.
    locked = await clerk.post("/redemptions/look-up", {"code": made["code"]})
    refused(locked, 429, "pick_up_code_locked")
    assert int(locked.headers["Retry-After"]) <= 900
    world.clock.advance(timedelta(minutes=15))
    assert ok(await clerk.post("/redemptions/look-up", {"code": made["code"]}))["id"] == made["id"]


async def test_limits_and_eligibility(world: World, office: Office) -> None:
    reward, site = await office.reward(per_person=1, adults_only=True)
    mei, child = await rich(world), await world.seeker()
    refused(await mei.post("/me/redemptions", redeem_form(reward, site), key=key()), 409, "reward_adults_only")
    await give(world, child, 100)
    made = await redeem(child, reward, site)
    again = await child.post("/me/redemptions", redeem_form(reward, site), key=key())
    assert refused(again, 409, "reward_limit_reached")["params"] == {"limit": 1, "had": 1}
    # What was given back does not count.
    ok(await cancel(child, made))
    await redeem(child, reward, site)


async def test_what_cannot_be_redeemed(world: World, office: Office) -> None:
    draft, site = await office.reward(offered=False)
    mei = await rich(world, 10)

    async def attempt(reward: str, place: str, **more: Any) -> Any:
        return await mei.post("/me/redemptions", redeem_form(reward, place, **more), key=key())

    refused(await attempt(draft, site), 404, "reward_not_at_site")
    refused(await attempt(NOBODY, site), 404, "reward_not_at_site")
    reward, place = await office.reward(stock=1)
    refused(await attempt(reward, site), 404, "reward_not_at_site")
    poor = refused(await attempt(reward, place), 409, "points_not_enough")
    assert poor["params"] == {"available": 10, "needed": 20}
    refused(await attempt(reward, place, from_household=True), 404, "household_none")
    await give(world, mei, 90)
    await redeem(mei, reward, place)
    refused(await attempt(reward, place), 409, "reward_sold_out")
    version = 2
    for state, answer in (
        ("paused", "reward_not_offered"),
        ("offered", "reward_sold_out"),
        ("ended", "reward_not_offered"),
    ):
        form = {"state": state, "expected_version": version}
        version = ok(await office.first.post(f"/rewards/{reward}/move", form, key=key()))["version"]
        refused(await attempt(reward, place), 409, answer)
    refused(
        await (await world.person()).post("/me/redemptions", redeem_form(reward, place), key=key()),
        422,
        "consent_missing",
    )
    async with nothing_stored(world):
        refused(await mei.post("/me/redemptions", redeem_form(reward, place)), 422, "idempotency_key_missing")
    await sound(world)


async def test_a_closed_site_hands_out_what_was_promised_and_takes_no_more(world: World, office: Office) -> None:
    reward, site = await office.reward()
    mei = await rich(world)
    made = await redeem(mei, reward, site)
    seen = next(one for one in ok(await mei.get("/points/sites"))["items"] if one["id"] == site)
    closed = site_form(open=False, expected_version=seen["version"])
    assert ok(await office.first.put(f"/points/sites/{site}", closed))["open"] is False
    refused(await mei.post("/me/redemptions", redeem_form(reward, site), key=key()), 409, "reward_not_offered")
    assert ok(await mei.get("/rewards", site_id=site))["items"][0]["sites"] == []
    ok(await office.fulfil(made))
    taken = site_form(name=closed["name"])
    refused(await office.first.post("/points/sites", taken, key=key()), 409, "points_site_name_taken")


async def test_stock_is_written_off_by_two_persons(world: World, office: Office) -> None:
    reward, site = await office.reward(stock=3)
    mei = await rich(world)
    await redeem(mei, reward, site)
    asked = ok(await office.stock(reward, site, 3, "write_off"))
    assert (asked["state"], await shelf(world, reward)) == ("requested", (3, 2, 1, 0, 0))
    path = f"/stock-changes/{asked['id']}/decide"
    form = {"approve": True, "expected_version": 1}
    refused(await office.first.post(path, form, key=key()), 403, "self_review")
    short = refused(await office.second.post(path, form, key=key()), 409, "reward_stock_short")
    assert short["params"] == {"free": 2, "quantity": 3}
    assert ok(await office.second.post(path, form | {"approve": False}, key=key()))["state"] == "refused"
    refused(await office.second.post(path, form | {"expected_version": 2}, key=key()), 409, "stock_change_state_wrong")
    fewer = ok(await office.stock(reward, site, 2, "write_off"))
    ok(await office.second.post(f"/stock-changes/{fewer['id']}/decide", form, key=key()))
    assert await shelf(world, reward) == (3, 0, 1, 0, 2)
    levels = ok(await office.first.get(f"/rewards/{reward}/stock"))["items"][0]
    assert (levels["received"], levels["free"], levels["held"], levels["written_off"]) == (3, 0, 1, 2)
    listed = ok(await office.first.get("/stock-changes"))["items"]
    assert [(one["kind"], one["state"], one["quantity"]) for one in listed] == [
        ("write_off", "done", 2), ("write_off", "refused", 3), ("receipt", "done", 3),
    ]  # fmt: skip
    await sound(world)


async def test_the_office_hears_when_little_is_left(world: World, office: Office) -> None:
    reward, site = await office.reward(stock=3, low_stock=1)
    mei = await rich(world)
    await redeem(mei, reward, site)
    assert ok(await office.first.get("/tasks", kind="stock_low"))["items"] == []
    await redeem(mei, reward, site)
    titles = [task["title"] for task in ok(await office.first.get("/tasks", kind="stock_low"))["items"]]
    assert ["只剩1份" in title for title in titles] == [True]
    assert "请联系捐赠方补充" in (await notices(office.second))[0]
    ok(await office.stock(reward, site, 5))
    assert ok(await office.first.get("/tasks", kind="stock_low"))["items"] == []


async def test_the_catalogue(world: World, office: Office) -> None:
    dear, _ = await office.reward(points=50, title="体检一次")
    cheap, site = await office.reward(points=5, title="毛巾一条")
    draft, _ = await office.reward(offered=False)
    mei = await member(world)
    page = ok(await mei.get("/rewards", limit=1))
    assert [one["id"] for one in page["items"]] == [cheap]
    rest = ok(await mei.get("/rewards", limit=1, cursor=page["next_cursor"]))
    assert ([one["id"] for one in rest["items"]], rest["next_cursor"]) == ([dear], None)
    assert [one["id"] for one in ok(await mei.get("/rewards", site_id=site))["items"]] == [cheap]
    assert draft in [one["id"] for one in ok(await office.first.get("/rewards"))["items"]]
    # A change does not touch what people have redeemed.
    await give(world, mei, 50)
    made = await redeem(mei, cheap, site)
    ok(await office.first.put(f"/rewards/{cheap}", reward_form(points=7, expected_version=2)))
    assert ok(await mei.get(f"/me/redemptions/{made['id']}"))["points"] == 5


async def test_the_last_moment_of_the_year(world: World, office: Office) -> None:
    """At 23:59:59.9 of 31 December points of the year are still good; a tenth of a second later they are gone."""
    reward, site = await office.reward()
    mei, lan = await member(world), await member(world)
    clerk = await office.clerk(site)
    end = datetime(office.today.year + 1, 1, 1, tzinfo=CHINA)
    for one in (mei, lan):
        await give(world, one, 20, ends=end)
    await later(world, end - timedelta(milliseconds=100) - world.clock.now(), mei, lan, clerk)
    made = await redeem(mei, reward, site)
    assert (await available(lan), ok(await lan.get("/me/points"))["expiring"][0]["points"]) == (20, 20)
    world.clock.advance(timedelta(milliseconds=100))
    refused(await lan.post("/me/redemptions", redeem_form(reward, site), key=key()), 409, "points_not_enough")
    assert await available(lan) == 0
    assert (await sweep(world.runtime))["points_expired"] == 1
    assert (await sweep(world.runtime))["points_expired"] == 0
    # What was set aside in time is handed over after it.
    ok(await office.fulfil(made))
    await sound(world)


async def test_a_list_costs_the_same_for_one_and_for_nine(world: World, office: Office) -> None:
    reward, site = await office.reward(stock=20, points=1)
    mei, clerk = await rich(world), await office.clerk(site)
    costs: list[list[int]] = []
    for many in (1, 8):
        for _ in range(many):
            await redeem(mei, reward, site)
        found = []
        for who, path in ((mei, "/me/redemptions"), (clerk, f"/points/sites/{site}/redemptions"), (mei, "/rewards")):
            with counted(world.runtime.db.reader) as statements:
                ok(await who.get(path))
            found.append(len(statements))
        costs.append(found)
    assert costs[0] == costs[1]
