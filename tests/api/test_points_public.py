"""Publication and objections, totals, the honour roll, households, statements, notices of expiry, accounts that end."""

import csv
import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from app.core.zone import CHINA
from app.services.points import ledger
from app.tasks.sweeps import sweep
from tests.factories.world import Someone, World, ok, refused
from tests.support.funnel import later
from tests.support.jobs import key
from tests.support.points import (
    Office,
    available,
    claim,
    give,
    member,
    open_office,
    redeem,
    redeem_form,
    rich,
    shelf,
    sound,
)

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def office(world: World) -> Office:
    return await open_office(world)


async def credited(office: Office, who: Someone, rule: dict[str, Any]) -> dict[str, Any]:
    made = ok(await claim(who, rule, office.today))
    form = {"approve": True, "expected_version": 1}
    return dict(ok(await office.first.post(f"/points/claims/{made['id']}/review", form, key=key())))


async def published(office: Office, *people: Someone) -> dict[str, Any]:
    """The day before, as it was."""
    day = str(office.today)
    await later(office.world, DAY, office.first, office.second, *people)
    return dict(ok(await office.first.post("/points/publications", {"starts_on": day, "ends_on": day}, key=key())))


async def test_what_is_published_and_objected_to(world: World, office: Office) -> None:
    await office.budget()
    rule = await office.rule()
    reward, site = await office.reward(points=3)
    mei, shy, lan = await world.seeker(), await member(world), await member(world)
    await world.consent(mei, "points_publication")
    for one in (mei, shy):
        await credited(office, one, rule)
    ok(await office.fulfil(await redeem(mei, reward, site)))
    made = await published(office, mei, shy, lan)
    assert (made["state"], made["lines"], made["starts_on"]) == ("published", 3, made["ends_on"])
    found = ok(await lan.get(f"/points/publications/{made['id']}", limit=2))
    rest = ok(await lan.get(f"/points/publications/{made['id']}", cursor=found["next_cursor"]))
    lines = [*found["items"], *rest["items"]]
    assert sorted((one["kind"], one["name"], one["what"], one["points"]) for one in lines) == sorted(
        [
            ("award", "林*梅", rule["text"], 5),
            ("award", "未公开姓名", rule["text"], 5),
            ("redemption", "林*梅", "理发一次", 3),
        ]
    )
    assert [one["number"] for one in lines] == [1, 2, 3]
    # Named persons and ids stand nowhere in it.
    assert not any(value in str(lines) for value in ("林小梅", mei.id))
    award = next(one for one in lines if one["kind"] == "award" and one["name"] == "林*梅")
    handed = next(one for one in lines if one["kind"] == "redemption")
    path = f"/points/publications/{made['id']}"

    async def object_to(number: int) -> Any:
        return await lan.post(f"{path}/objections", {"number": number, "words": "那天他没有到场"}, key=key())

    refused(await object_to(4), 404, "publication_line_not_found")
    wrong, other = ok(await object_to(award["number"])), ok(await object_to(handed["number"]))
    refused(await object_to(award["number"]), 409, "objection_twice")
    # The period is not over, and nobody has answered.
    close = {"expected_version": 1}
    refused(await office.first.post(f"{path}/close", close, key=key()), 409, "publication_running")
    yes = {"uphold": True, "answer": "经核实没有到场", "expected_version": 1}
    # Who credited it does not decide on it.
    refused(
        await office.first.post(f"/points/objections/{wrong['id']}/answer", yes, key=key()), 403, "objection_own_line"
    )
    refused(
        await office.second.post(f"/points/objections/{other['id']}/answer", yes, key=key()), 409, "objection_not_award"
    )
    no = yes | {"uphold": False, "answer": "已核对领取记录"}
    ok(await office.second.post(f"/points/objections/{other['id']}/answer", no, key=key()))
    done = ok(await office.second.post(f"/points/objections/{wrong['id']}/answer", yes, key=key()))
    assert (done["state"], done["answer"]) == ("upheld", "经核实没有到场")
    refused(
        await office.second.post(f"/points/objections/{wrong['id']}/answer", yes | {"expected_version": 2}, key=key()),
        409,
        "objection_state_wrong",
    )
    # Three points of it were spent: they are owed.
    seen = ok(await mei.get("/me/points"))
    assert (seen["available"], seen["debt"]) == (0, 3)
    assert ok(await mei.get("/me/points/claims"))["items"][0]["state"] == "reversed"
    assert [one["state"] for one in ok(await lan.get("/points/objections"))["items"]] == ["dismissed", "upheld"]
    assert ok(await mei.get("/points/objections"))["items"] == []
    assert len(ok(await office.first.get("/points/objections"))["items"]) == 2
    await later(world, 8 * DAY, office.first, office.second, lan)
    refused(await object_to(2), 409, "publication_closed")
    assert ok(await office.first.post(f"{path}/close", close, key=key()))["state"] == "final"
    refused(await office.first.post(f"{path}/close", {"expected_version": 2}, key=key()), 409, "publication_closed")
    await sound(world)


async def test_objections_are_open_for_five_working_days(world: World, office: Office) -> None:
    """Counted by hand: after today, weekends and holidays left out, days worked instead counted."""
    made = await published(office)
    with (ROOT / "seeds" / "holidays.csv").open(encoding="utf-8") as file:
        off = {row["day"]: row["is_off"] == "true" for row in csv.DictReader(file)}
    day, left = office.today, 5
    while left:
        day += DAY
        left -= not off.get(str(day), day.weekday() >= 5)
    assert made["until"] == f"{day + DAY}T00:00:00+08:00"
    again = {"starts_on": made["starts_on"], "ends_on": made["ends_on"]}
    refused(await office.second.post("/points/publications", again, key=key()), 409, "publication_overlap")
    today = {"starts_on": str(office.today), "ends_on": str(office.today)}
    refused(
        await office.first.post("/points/publications", today, key=key()), 422, "publication_period_wrong", "ends_on"
    )
    assert [one["id"] for one in ok(await office.first.get("/points/publications"))["items"]] == [made["id"]]


async def test_totals_hide_small_groups(world: World, office: Office) -> None:
    """In one area six people in a grid and one in another; in the second area six in one grid; three nowhere."""
    await office.budget()
    rule = await office.rule()
    grids = ok(await (await world.admin()).get("/grids"))
    areas: dict[str, list[str]] = {}
    for grid in grids:
        areas.setdefault(grid["area_name"], []).append(grid["id"])
    (first, second, *_), (third, *_) = list(areas.values())[:2]
    for grid_id, many in ((first, 6), (second, 1), (third, 6), (None, 3)):
        for _ in range(many):
            one = await member(world)
            made = ok(await claim(one, rule, office.today, grid_id=grid_id))
            form = {"approve": True, "expected_version": 1}
            ok(await office.first.post(f"/points/claims/{made['id']}/review", form, key=key()))
    found = ok(await one.get("/points/totals", year=office.today.year))["items"]
    by_grid = {row["grid_id"]: (row["people"], row["points"]) for area in found for row in area["grids"]}
    # One person alone would be told by the whole of the area, so the next group is hidden with them.
    assert (by_grid[first], by_grid[second], by_grid[third]) == ((None, None), (None, None), (6, 30))
    wholes = {area["whole"]["name"]: (area["whole"]["people"], area["whole"]["points"]) for area in found}
    assert list(wholes.values()) == [(7, 35), (6, 30), (0, 0), (None, None)]
    assert list(wholes)[-1] == "未注明网格"


async def test_the_honour_roll_is_opted_in_to_and_has_no_places(world: World, office: Office) -> None:
    await office.budget(honour_from=10)
    rule = await office.rule(points=10)
    willing, silent, short = await world.seeker(), await world.seeker(), await world.seeker()
    for one in (willing, silent):
        await credited(office, one, rule)
    for one in (willing, short):
        await world.consent(one, "honour_roll")
    assert ok(await short.get("/points/honour-roll", year=office.today.year)) == {
        "year": office.today.year,
        "names": ["林小梅"],
    }
    ok(await willing.call("DELETE", "/me/consents/honour_roll"))
    assert ok(await short.get("/points/honour-roll", year=office.today.year))["names"] == []
    assert ok(await short.get("/points/honour-roll", year=office.today.year - 1))["names"] == []


async def test_a_household_saves_together(world: World, office: Office) -> None:
    reward, site = await office.reward(points=50)
    mei, lan, stranger = await world.seeker(), await rich(world, 20), await rich(world, 30)
    await give(world, mei, 40, ends=datetime(office.today.year + 1, 1, 1, tzinfo=CHINA))
    refused(await mei.get("/me/household"), 404, "household_none")
    refused(await mei.post("/me/household/points", {"points": 5}, key=key()), 404, "household_none")
    ok(await mei.post("/me/household", {"name": "林家"}, key=key()))
    refused(await mei.post("/me/household", {"name": "又一家"}, key=key()), 409, "household_taken")
    old = ok(await mei.post("/me/household/code"))["code"]
    code = ok(await mei.post("/me/household/code"))["code"]
    refused(await lan.post("/me/household/join", {"code": old}, key=key()), 422, "household_code_wrong", "code")
    joined = ok(await lan.post("/me/household/join", {"code": code.lower()}, key=key()))
    assert joined["members"] == ["林*梅", "未填姓名"]
    refused(await mei.post("/me/household/points", {"points": 41}, key=key()), 409, "points_not_enough")
    ok(await mei.post("/me/household/points", {"points": 40}, key=key()))
    purse = ok(await lan.post("/me/household/points", {"points": 15}, key=key()))["points"]
    assert (purse["available"], await available(mei), await available(lan)) == (55, 0, 5)
    # They do not live longer by it.
    assert [one["points"] for one in purse["expiring"]] == [40, 15]
    assert [line["kind"] for line in ok(await mei.get("/me/points/entries"))["items"]] == ["pool", "credit"]
    refused(await lan.post("/me/redemptions", redeem_form(reward, site), key=key()), 409, "points_not_enough")
    made = await redeem(lan, reward, site, from_household=True)
    assert made["from_household"] is True
    assert ok(await mei.get("/me/household"))["points"]["held"] == 50
    # Only who asked for it has the code.
    refused(await mei.get(f"/me/redemptions/{made['id']}"), 404, "redemption_not_found")
    ok(await office.fulfil(made))
    refused(
        await stranger.post("/me/redemptions", redeem_form(reward, site, from_household=True), key=key()),
        404,
        "household_none",
    )
    ok(await lan.post("/me/household/leave", key=key()))
    assert ok(await mei.get("/me/household"))["points"]["available"] == 5
    refused(await lan.post("/me/household/leave", key=key()), 404, "household_none")
    await later(world, 2 * DAY, stranger)
    refused(await stranger.post("/me/household/join", {"code": code}, key=key()), 422, "household_code_wrong")
    await sound(world)


async def test_what_was_given_to_the_household_is_still_owed_after_a_reversal(world: World) -> None:
    mei = await member(world)
    cause = await give(world, mei, 10)
    ok(await mei.post("/me/household", {"name": "林家"}, key=key()))
    ok(await mei.post("/me/household/points", {"points": 10}, key=key()))
    async with world.runtime.db.unit_of_work() as session:
        assert await ledger.reverse(session, cause, told="撤销", now=world.clock.now())
    assert ok(await mei.get("/me/points"))["debt"] == 10
    assert ok(await mei.get("/me/household"))["points"]["available"] == 10
    await sound(world)


async def test_a_household_is_full_at_twelve(world: World) -> None:
    mei = await member(world)
    ok(await mei.post("/me/household", {"name": "大家庭"}, key=key()))
    code = ok(await mei.post("/me/household/code"))["code"]
    for _ in range(11):
        ok(await (await world.person()).post("/me/household/join", {"code": code}, key=key()))
    refused(await (await world.person()).post("/me/household/join", {"code": code}, key=key()), 409, "household_full")


async def test_a_statement_is_read_again_by_another_library(world: World, office: Office) -> None:
    reward, site = await office.reward()
    mei = await world.seeker()
    await give(world, mei, 30)
    await redeem(mei, reward, site)
    answer = await mei.get("/me/points/statement.xlsx", year=office.today.year)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    cells = [[cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)]
    lines = [row for row in cells if row and row[0] in {1, 2}]
    assert [(row[2], row[3], row[4], row[5]) for row in lines] == [
        ("获得积分", "测试", 30, 30), ("兑换冻结", "兑换：理发一次", -20, 10),
    ]  # fmt: skip
    printed = await mei.get("/me/points/statement.pdf", year=office.today.year)
    text = "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(printed.content)).pages).split())
    for part in ("文明积分对账单", f"{office.today.year}年，共2笔", "林小梅", "兑换：理发一次", "-20", "积分不是钱"):
        assert part in text, part
    empty = await (await member(world)).get("/me/points/statement.pdf", year=office.today.year - 1)
    assert empty.content.startswith(b"%PDF")


async def test_expiry_is_told_30_and_7_days_ahead_once_each(world: World, office: Office) -> None:
    mei, lan = await rich(world, 10), await rich(world, 5)
    end = datetime(office.today.year + 2, 1, 1, tzinfo=CHINA)

    async def told() -> int:
        return sum(one["kind"] == "points_expiring" for one in ok(await mei.get("/me/notices"))["items"])

    await later(world, end - 31 * DAY - world.clock.now(), mei, lan)
    await sweep(world.runtime)
    assert await told() == 0
    for days, many in ((1, 1), (1, 1), (22, 2), (1, 2)):
        await later(world, days * DAY, mei, lan)
        await sweep(world.runtime)
        await sweep(world.runtime)
        assert await told() == many, days
    bodies = [one["body"] for one in ok(await mei.get("/me/notices"))["items"]]
    assert bodies[0] == f"您有10分将于{end.year - 1}年12月31日到期，到期前可以兑换礼遇。"
    # Who gets points only days before the end is told once, not twice.
    late = await member(world)
    await give(world, late, 3, ends=end)
    await sweep(world.runtime)
    await sweep(world.runtime)
    assert len(ok(await late.get("/me/notices"))["items"]) == 1


async def test_an_account_that_was_deleted(world: World, office: Office) -> None:
    """What is open ends, what is free is gone; the ledger keeps its entries, without a name."""
    await office.budget()
    rule = await office.rule()
    reward, site = await office.reward()
    mei, lan = await rich(world), await member(world)
    ok(await mei.post("/me/household", {"name": "林家"}, key=key()))
    made = await office.activity()
    ok(await mei.post(f"/activities/{made['id']}/join", key=key()))
    waiting = ok(await claim(mei, rule, office.today))
    held = await redeem(mei, reward, site)
    ok(await office.fulfil(await redeem(mei, reward, site)))
    assert (await mei.post("/me/deletion", {"confirm": "注销"}, key=key())).is_success
    await later(world, DAY, office.first, office.second, lan, await office.clerk(site))
    await sweep(world.runtime)
    assert await shelf(world, reward) == (10, 9, 0, 1, 0)
    assert ok(await lan.get(f"/activities/{made['id']}"))["joined"] == 0
    claims = ok(await office.first.get("/points/claims"))["items"]
    assert [(one["id"], one["state"], one["words"]) for one in claims] == [(waiting["id"], "withdrawn", "")]
    refused(await office.fulfil(held), 409, "redemption_state_wrong")
    balance = ok(await office.first.get("/points/trial-balance"))
    assert (balance["liability"], balance["total"]) == (0, 0)
    await sound(world)


async def test_a_merged_record_keeps_what_both_had(world: World, office: Office) -> None:
    """One human in two mini-programs, of which WeChat tells the service only later."""
    reward, site = await office.reward()
    world.sandbox.post("/_sbx/persons", person="林小梅", no_unionid=True)
    first = await world.person("林小梅", "zhipin")
    world.sandbox.post("/_sbx/persons", person="林小梅", no_unionid=False)
    second = await world.person("林小梅", "linggong")
    await world.consent(first, "service")
    await give(world, first, 30)
    await give(world, second, 40)
    ok(await first.post("/me/household", {"name": "林家"}, key=key()))
    made = await redeem(first, reward, site)
    await world.person("林小梅", "zhipin")
    assert (await (await world.admin()).post(f"/people/{first.id}/merge", {"into": second.id})).status_code == 204
    again = await world.person("林小梅", "zhipin")
    assert again.id == second.id
    seen = ok(await again.get("/me/points"))
    assert (seen["available"], seen["held"]) == (50, 20)
    own = ok(await again.get(f"/me/redemptions/{made['id']}"))
    assert own["code"] == made["code"]
    assert ok(await again.get("/me/household"))["name"] == "林家"
    ok(await office.fulfil(own))
    assert ok(await again.get("/me/points"))["held"] == 0
    await sound(world)
