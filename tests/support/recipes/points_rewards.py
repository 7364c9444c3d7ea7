"""文明积分: rewards, redemptions, publication, households."""

import uuid
from datetime import date, timedelta
from typing import Any

from demo.client import Caller
from demo.steps import appoint
from tests.support.recipes.book import Call, recipe
from tests.support.recipes.gigs_offers import aimed
from tests.support.recipes.points import rich
from tests.support.recipes.town import Town

LONG_AGO = date(2021, 1, 1)


def site_form(**changes: Any) -> dict[str, Any]:
    return {
        "name": f"兑换点{uuid.uuid4().hex[:10]}",
        "address": "塘边村委会一楼",
        "hours": "周一至周五9:00—17:00",
    } | changes


def reward_form(**changes: Any) -> dict[str, Any]:
    return {
        "title": "理发一次", "kind": "service", "description": "周六上午", "donor": "爱心理发店", "points": 20, "per_person": 5,
        "low_stock": 1,
    } | changes  # fmt: skip


def site(town: Town) -> dict[str, Any]:
    made: dict[str, Any] = town.points_officer.post_keyed("/points/sites", **site_form())
    return made


def draft(town: Town, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = town.points_officer.post_keyed("/rewards", **reward_form(**changes))
    return made


def stocked(town: Town, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A reward that is offered at a site."""
    place, reward = site(town), draft(town, **changes)
    form = {"site_id": place["id"], "kind": "receipt", "quantity": 50, "reason": "企业捐赠入库"}
    town.points_officer.post_keyed(f"/rewards/{reward['id']}/stock", **form)
    move = {"state": "offered", "expected_version": reward["version"]}
    return town.points_officer.post_keyed(f"/rewards/{reward['id']}/move", **move), place


def redeemed(town: Town, **changes: Any) -> tuple[Caller, dict[str, Any]]:
    reward, place = stocked(town, **changes)
    person = rich(town)
    return person, person.post_keyed("/me/redemptions", reward_id=reward["id"], site_id=place["id"])


def clerk(town: Town, site_id: str) -> Caller:
    caller = town.someone()
    appoint(town.admin, caller, "points_clerk", "site", site_id)
    return caller


def fulfilled(town: Town) -> tuple[Caller, Caller, dict[str, Any]]:
    """The person, the clerk, what the counter shows."""
    person, made = redeemed(town)
    at_counter = clerk(town, made["site_id"])
    return person, at_counter, at_counter.post_keyed("/redemptions/fulfil", code=made["code"])


def write_off(town: Town) -> dict[str, Any]:
    reward, place = stocked(town)
    form = {"site_id": place["id"], "kind": "write_off", "quantity": 1, "reason": "包装破损"}
    made: dict[str, Any] = town.points_officer.post_keyed(f"/rewards/{reward['id']}/stock", **form)
    return made


def published(town: Town, *, lines: bool = True) -> dict[str, Any]:
    """A day of its own, on which something was earned."""
    day = LONG_AGO + timedelta(days=town.serial())
    if lines:
        claim = rich(town).get("/me/points/claims")["items"][0]
        cause = f"claim:{claim['id']}"
        town.restock(f"UPDATE points_award SET on_day = '{day}' WHERE cause = '{cause}'")  # noqa: S608  # an id of ours
    form = {"starts_on": str(day), "ends_on": str(day)}
    made: dict[str, Any] = town.points_officer.post_keyed("/points/publications", **form)
    return made


def objected(town: Town) -> tuple[Caller, dict[str, Any]]:
    made, person = published(town), town.someone()
    form = {"number": 1, "words": town.values.words}
    return person, person.post_keyed(f"/points/publications/{made['id']}/objections", **form)


def household(town: Town) -> Caller:
    person = rich(town)
    person.post_keyed("/me/household", name="林家")
    return person


@recipe
def list_points_sites(town: Town) -> Call:
    site(town)
    return Call(town.someone())


@recipe
def open_points_site(town: Town) -> Call:
    return Call(town.points_officer, body=site_form())


@recipe
def change_points_site(town: Town) -> Call:
    made = site(town)
    return Call(town.points_officer, {"site_id": made["id"]}, body=site_form(expected_version=made["version"]))


@recipe
def list_rewards(town: Town) -> Call:
    _, place = stocked(town)
    return Call(town.someone(), query={"site_id": place["id"], "limit": 5})


@recipe
def create_reward(town: Town) -> Call:
    return Call(town.points_officer, body=reward_form())


@recipe
def change_reward(town: Town) -> Call:
    made = draft(town)
    return Call(town.points_officer, {"reward_id": made["id"]}, body=reward_form(expected_version=made["version"]))


@recipe
def move_reward(town: Town) -> Call:
    return Call(town.points_officer, **aimed(draft(town), "reward_id", state="offered"))


@recipe
def get_reward_stock(town: Town) -> Call:
    return Call(town.points_officer, {"reward_id": stocked(town)[0]["id"]})


@recipe
def change_reward_stock(town: Town) -> Call:
    form = {"site_id": site(town)["id"], "kind": "receipt", "quantity": 5, "reason": "企业捐赠入库"}
    return Call(town.points_officer, {"reward_id": draft(town)["id"]}, body=form)


@recipe
def list_stock_changes(town: Town) -> Call:
    stocked(town)
    return Call(town.points_officer, query={"limit": 5})


@recipe
def decide_stock_change(town: Town) -> Call:
    return Call(town.second_points_officer, **aimed(write_off(town), "change_id", approve=True))


@recipe
def redeem_reward(town: Town) -> Call:
    reward, place = stocked(town)
    return Call(rich(town), body={"reward_id": reward["id"], "site_id": place["id"], "helper": town.values.handler})


@recipe
def list_my_redemptions(town: Town) -> Call:
    return Call(redeemed(town)[0], query={"limit": 5})


@recipe
def get_my_redemption(town: Town) -> Call:
    person, made = redeemed(town)
    return Call(person, {"redemption_id": made["id"]})


@recipe
def cancel_redemption(town: Town) -> Call:
    person, made = redeemed(town)
    return Call(person, **aimed(made, "redemption_id"))


@recipe
def name_pick_up_helper(town: Town) -> Call:
    person, made = redeemed(town)
    return Call(person, **aimed(made, "redemption_id", helper=town.values.handler))


@recipe
def look_up_pick_up_code(town: Town) -> Call:
    _, made = redeemed(town)
    return Call(clerk(town, made["site_id"]), body={"code": made["code"]})


@recipe
def fulfil_redemption(town: Town) -> Call:
    _, made = redeemed(town)
    return Call(clerk(town, made["site_id"]), body={"code": made["qr_text"], "picked_up_by": "self"})


@recipe
def list_site_redemptions(town: Town) -> Call:
    _, made = redeemed(town)
    return Call(clerk(town, made["site_id"]), {"site_id": made["site_id"]}, query={"state": "ready", "limit": 5})


@recipe
def make_redemption_ready(town: Town) -> Call:
    _, made = redeemed(town, prepared=True)
    return Call(clerk(town, made["site_id"]), **aimed(made, "redemption_id"))


@recipe
def reject_redemption(town: Town) -> Call:
    _, made = redeemed(town)
    return Call(clerk(town, made["site_id"]), **aimed(made, "redemption_id", reason="货品损坏"))


@recipe
def undo_redemption(town: Town) -> Call:
    _, at_counter, done = fulfilled(town)
    return Call(at_counter, **aimed(done, "redemption_id"))


@recipe
def list_points_publications(town: Town) -> Call:
    published(town, lines=False)
    return Call(town.someone(), query={"limit": 5})


@recipe
def publish_points(town: Town) -> Call:
    day = str(LONG_AGO + timedelta(days=town.serial()))
    return Call(town.points_officer, body={"starts_on": day, "ends_on": day})


@recipe
def get_points_publication(town: Town) -> Call:
    return Call(town.someone(), {"publication_id": published(town)["id"]}, query={"limit": 5})


@recipe
def object_to_points(town: Town) -> Call:
    form = {"number": 1, "words": town.values.words}
    return Call(town.someone(), {"publication_id": published(town)["id"]}, body=form)


@recipe
def close_points_publication(town: Town) -> Call:
    made = published(town, lines=False)
    town.restock(
        f"UPDATE points_publication SET until = '2022-01-01 00:00:00.000000' WHERE starts_on = '{made['starts_on']}'"  # noqa: S608
    )
    return Call(town.points_officer, **aimed(made, "publication_id"))


@recipe
def list_points_objections(town: Town) -> Call:
    return Call(objected(town)[0], query={"limit": 5})


@recipe
def answer_points_objection(town: Town) -> Call:
    row = objected(town)[1]
    return Call(town.second_points_officer, **aimed(row, "objection_id", uphold=True, answer=town.values.answer))


@recipe
def get_points_totals(town: Town) -> Call:
    return Call(town.someone(), query={"year": 2026})


@recipe
def get_honour_roll(town: Town) -> Call:
    return Call(town.someone(), query={"year": 2026})


@recipe
def get_my_points_progress(town: Town) -> Call:
    return Call(rich(town))


@recipe
def export_my_points(town: Town) -> Call:
    return Call(rich(town), query={"year": 2026})


@recipe
def print_my_points(town: Town) -> Call:
    return Call(rich(town), query={"year": 2026})


@recipe
def get_my_household(town: Town) -> Call:
    return Call(household(town))


@recipe
def found_household(town: Town) -> Call:
    return Call(town.someone(), body={"name": "林家"})


@recipe
def issue_household_code(town: Town) -> Call:
    return Call(household(town))


@recipe
def join_household(town: Town) -> Call:
    return Call(town.someone(), body={"code": household(town).post("/me/household/code")["code"]})


@recipe
def leave_household(town: Town) -> Call:
    return Call(household(town))


@recipe
def give_points_to_household(town: Town) -> Call:
    return Call(household(town), body={"points": 5})
