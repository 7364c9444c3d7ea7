"""Orders over HTTP: the form and its faults, publishing, review, cancelling and what it owes, copies, templates, the list."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.models.gigs import OrderVersion, Shift
from app.models.jobs import MinimumWageRow
from app.services.gigs import order_ends
from tests.factories.world import Someone, World, ok, refused
from tests.support import gigs
from tests.support.gigs import FLAT_SEAM, Floor
from tests.support.jobs import Hiring, count, key, set_columns

pytestmark = pytest.mark.anyio


@pytest.fixture
async def floor(world: World, hiring: Hiring) -> Floor:
    return await gigs.floor(world, hiring)


def stretch(world: World, days: int = 4, hour: int = 8, hours: float = 9, **changes: Any) -> dict[str, Any]:
    start = gigs.at(world, days, hour)
    return {
        "starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=hours)).isoformat(), "break_minutes": 60,
        "heads": 2, "half": False, "standby": False,
    } | changes  # fmt: skip


def form(floor: Floor, *shifts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "enterprise_id": floor.firm_id, "title": "平车工白班", "process_code": FLAT_SEAM, "level": 2, "fill_mode": "first_come",
        "pay": {"unit": "hour", "hour_fen": 2500, "lines": []}, "wage_period": "week", "pay_days": 3,
        "cover": "work_injury", "standby_fen": 3000, "late_cancel_fen": 5000,
        "place": {"address": "宝盖镇科技园回兴路188号", "latitude": 24.7236, "longitude": 118.6651, "coord_type": "gcj02"},
        "duties": "合缝、上腰头，按样衣操作。", "shifts": list(shifts) or [stretch(floor.world)], "submit": True,
    } | changes  # fmt: skip


async def place(floor: Floor, *shifts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return ok(await floor.dispatcher.post("/shift-orders", form(floor, *shifts, **changes), key=key()))


async def act(someone: Someone, path: str, row: dict[str, Any], **more: Any) -> Any:
    return await someone.post(path, {"expected_version": row["version"]} | more, key=key())


async def test_a_lawful_order_is_published_at_once_and_found(world: World, floor: Floor) -> None:
    order = await place(floor)
    assert (order["state"], order["terms"]["effective_hour_fen"]) == ("published", 2500)
    (shift,) = order["shifts"]
    assert (shift["state"], shift["seats"], shift["work_minutes"], shift["night"]) == ("open", 4, 480, False)
    assert await count(world, OrderVersion, OrderVersion.order_id == UUID(order["id"])) == 1
    worker = await gigs.worker(world)
    (found,) = ok(await worker.get("/shifts", process_code=FLAT_SEAM))["items"]
    assert (found["shift_id"], found["open_halves"]) == (shift["id"], 4)
    detail = ok(await worker.get(f"/shifts/{shift['id']}"))
    assert detail["refusal"] is None
    assert "不作劳动关系认定" in detail["label_text"]
    assert detail["terms"]["cover_label"] == "工伤保险"


async def test_a_draft_is_nobody_elses_business(world: World, floor: Floor) -> None:
    order = await place(floor, submit=False)
    worker = await gigs.worker(world)
    assert ok(await worker.get("/shifts"))["items"] == []
    refused(await worker.get(f"/shifts/{order['shifts'][0]['id']}"), 404, "shift_not_found")
    refused(await worker.get(f"/shift-orders/{order['id']}"), 403, "forbidden")
    (listed,) = ok(await floor.dispatcher.get(f"/enterprises/{floor.firm_id}/shift-orders"))["items"]
    assert (listed["state"], listed["shifts"], listed["seats"]) == ("draft", 1, 4)


@pytest.mark.parametrize(
    ("shift", "field", "told"),
    [
        ({"hours": 0}, "shifts.0.ends_at", "晚于"), ({"hours": 25}, "shifts.0.ends_at", "最长14小时"),
        ({"hours": -3}, "shifts.0.ends_at", "晚于"), ({"hours": 1.5}, "shifts.0.break_minutes", "不足60分钟"),
        ({"hours": 13}, "shifts.0.ends_at", "劳动法"), ({"days": -1}, "shifts.0.starts_at", "已过"),
        ({"days": 61}, "shifts.0.starts_at", "60天"),
    ],
)  # fmt: skip
async def test_a_shift_that_cannot_be_meant_is_named(
    world: World, floor: Floor, shift: dict[str, Any], field: str, told: str
) -> None:
    answer = await floor.dispatcher.post("/shift-orders", form(floor, stretch(world, **shift)), key=key())
    body = refused(answer, 422, "shifts_wrong", field)
    assert told in body["fields"][0]["message"]


async def test_the_same_shift_twice_is_one_fault(world: World, floor: Floor) -> None:
    answer = await floor.dispatcher.post("/shift-orders", form(floor, stretch(world), stretch(world)), key=key())
    refused(answer, 422, "shifts_wrong", "shifts.1.starts_at")


async def test_a_night_across_the_month_is_one_shift(world: World, floor: Floor) -> None:
    """From 22:00 on the last day: it belongs to the day on which it starts."""
    order = await place(floor, stretch(world, hour=22, hours=8))
    (shift,) = order["shifts"]
    assert (shift["night"], shift["work_minutes"]) == (True, 420)


@pytest.mark.parametrize(
    ("pay", "code", "field"),
    [
        ({"unit": "hour", "hour_fen": 0, "lines": []}, "invalid_fields", "pay.hour_fen"),
        ({"unit": "hour", "hour_fen": -5, "lines": []}, "invalid_fields", "pay.hour_fen"),
        ({"unit": "hour", "hour_fen": 10**12, "lines": []}, "invalid_fields", "pay.hour_fen"),
        ({"unit": "hour", "hour_fen": None, "lines": []}, "gig_pay_wrong", "pay.hour_fen"),
        ({"unit": "piece", "hour_fen": None, "lines": []}, "gig_pay_wrong", "pay.lines"),
    ],
)
async def test_pay_that_cannot_be_meant_is_named(floor: Floor, pay: dict[str, Any], code: str, field: str) -> None:
    refused(await floor.dispatcher.post("/shift-orders", form(floor, pay=pay), key=key()), 422, code, field)


async def test_piece_pay_is_held_to_the_hourly_minimum_by_its_output(world: World, floor: Floor) -> None:
    """850 fen per 1,000 pieces at 2,000 an hour are 17 yuan: below the confirmed minimum of 23."""
    async with world.runtime.db.unit_of_work() as session:
        rows = (await session.exec(MinimumWageRow.__table__.select())).all()  # type: ignore[attr-defined]
    latest = max(rows, key=lambda row: row.effective_from)
    await set_columns(world, MinimumWageRow, latest.id, verified_by="测试")
    line = {"style": "T-01", "process_code": FLAT_SEAM, "rate_fen": 850, "per_quantity": 1000, "hourly_output": 2000}
    pay = {"unit": "piece", "hour_fen": None, "lines": [line]}
    body = refused(
        await floor.dispatcher.post("/shift-orders", form(floor, pay=pay), key=key()),
        422,
        "below_minimum_wage",
        "pay.lines",
    )
    assert "17.00元" in body["fields"][0]["message"]
    assert "23.00元" in body["fields"][0]["message"]
    pay["lines"][0]["hourly_output"] = 3000  # type: ignore[index]
    assert ok(await floor.dispatcher.post("/shift-orders", form(floor, pay=pay), key=key()))["state"] == "published"


async def test_hazards_close_the_order_to_minors(floor: Floor) -> None:
    answer = await floor.dispatcher.post("/shift-orders", form(floor, hazards=["dust"], minimum_age=16), key=key())
    assert "粉尘" in refused(answer, 422, "order_hazard", "minimum_age")["fields"][0]["message"]


async def test_the_posting_rules_hold_for_orders(floor: Floor) -> None:
    answer = await floor.dispatcher.post(
        "/shift-orders", form(floor, requirements="限女性，入职交押金200元"), key=key()
    )
    found = {issue["rule_id"] for issue in refused(answer, 422, "posting_refused", "requirements")["fields"]}
    assert {"sex", "deposit"} <= found
    lint = ok(await floor.dispatcher.post("/shift-orders/lint", form(floor, requirements="限女性")))
    assert (lint["would_publish"], lint["findings"][0]["rule_id"]) == (False, "sex")


async def test_standby_needs_its_pay_and_invites_enough(world: World, floor: Floor) -> None:
    """Ten needed at 17 % who do not come: four more."""
    shift = stretch(world, heads=10, standby=True)
    answer = await floor.dispatcher.post("/shift-orders", form(floor, shift, standby_fen=None), key=key())
    refused(answer, 422, "standby_pay_missing", "standby_fen")
    assert (await place(floor, shift))["shifts"][0]["standby_seats"] == 8


async def test_what_is_held_is_reviewed_by_the_gigs_office(world: World, floor: Floor) -> None:
    order = await place(floor, duties="合缝 SBX_REVIEW。")
    assert order["state"] == "in_review"
    officer = await gigs.gigs_officer(world)
    (held,) = ok(await officer.get("/shift-orders/held"))["items"]
    returned = await act(officer, f"/shift-orders/{order['id']}/review", held, publish=False, note="请写清楚做什么")
    assert ok(returned)["state"] == "returned"
    mine = ok(await floor.dispatcher.get(f"/shift-orders/{order['id']}"))
    assert mine["review_note"] == "请写清楚做什么"


async def test_published_terms_stay(world: World, floor: Floor) -> None:
    order = await place(floor)
    changed = form(floor) | {"expected_version": order["version"]}
    changed.pop("enterprise_id")
    answer = await floor.dispatcher.put(f"/shift-orders/{order['id']}", changed, key=key())
    refused(answer, 409, "shift_order_not_editable")


async def test_cancelling_tells_and_frees_everybody(world: World, floor: Floor) -> None:
    order = await place(floor, stretch(world, heads=1), stretch(world, days=5, heads=1))
    worker = await gigs.worker(world)
    seats = [ok(await worker.post(f"/shifts/{shift['id']}/claims", key=key())) for shift in order["shifts"]]
    first = ok(await floor.dispatcher.get(f"/shift-orders/{order['id']}"))
    cancelled = ok(
        await act(floor.dispatcher, f"/shifts/{order['shifts'][0]['id']}/cancel", first["shifts"][0], reason="客户推迟")
    )
    assert [shift["state"] for shift in cancelled["shifts"]] == ["cancelled", "open"]
    assert ok(await worker.get(f"/me/assignments/{seats[0]['id']}"))["state"] == "called_off"
    done = ok(await act(floor.dispatcher, f"/shift-orders/{order['id']}/cancel", cancelled, reason="客户取消"))
    assert (done["state"], done["cancelled_because"]) == ("cancelled", "客户取消")
    assert ok(await worker.get(f"/me/assignments/{seats[1]['id']}"))["state"] == "called_off"
    assert ok(await worker.get("/shifts"))["items"] == []


async def test_last_week_again_and_templates(world: World, floor: Floor) -> None:
    order = await place(floor)
    copied = ok(await floor.dispatcher.post(f"/shift-orders/{order['id']}/copy", {"days": 7}, key=key()))
    assert (copied["state"], copied["shifts"][0]["state"]) == ("draft", "planned")
    assert copied["shifts"][0]["starts_at"] == (gigs.at(world, 11, 8)).isoformat()
    kept = ok(await floor.dispatcher.post(f"/shift-orders/{order['id']}/template", {"name": "白班"}, key=key()))
    again = await floor.dispatcher.post(f"/shift-orders/{order['id']}/template", {"name": "白班"}, key=key())
    refused(again, 409, "order_template_taken")
    made = ok(await floor.dispatcher.post(f"/order-templates/{kept['id']}/orders", {"days": 14}, key=key()))
    assert made["shifts"][0]["starts_at"] == (gigs.at(world, 18, 8)).isoformat()
    assert [row["name"] for row in ok(await floor.dispatcher.get(f"/enterprises/{floor.firm_id}/order-templates"))] == [
        "白班"
    ]
    assert (await floor.dispatcher.call("DELETE", f"/order-templates/{kept['id']}")).status_code == 204


async def test_another_firms_order_does_not_exist(world: World, floor: Floor) -> None:
    order = await place(floor)
    stranger = await world.person(app="linggong")
    refused(await stranger.get(f"/shift-orders/{order['id']}"), 403, "forbidden")


async def test_the_list_pages_soonest_first_and_knows_distance(world: World, floor: Floor) -> None:
    await place(floor, *(stretch(world, days=days) for days in (6, 3, 5, 4)))
    worker = await gigs.worker(world)
    found, cursor = [], None
    for _ in range(2):
        page = ok(await worker.get("/shifts", limit=2, **({"cursor": cursor} if cursor else {})))
        found += [item["starts_at"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert found == sorted(found)
    assert len(found) == 4
    near = {"latitude": 24.7236, "longitude": 118.6751, "coord_type": "gcj02"}
    assert len(ok(await worker.get("/shifts", **near, within_m=2000))["items"]) == 4
    assert ok(await worker.get("/shifts", **near, within_m=500))["items"] == []
    refused(await worker.get("/shifts", within_m=500), 422, "invalid_fields")


async def test_shifts_turn_by_the_clock(world: World, floor: Floor) -> None:
    order = await place(floor, stretch(world, days=1))
    for hours, states in ((25, ("running", "running")), (9, ("done", "done"))):
        world.clock.advance(timedelta(hours=hours))
        async with world.runtime.db.unit_of_work() as session:
            assert await order_ends.turn_due(session, now=world.clock.now()) >= 0
        dispatcher = await world.person(floor.dispatcher.name, "linggong")
        mine = ok(await dispatcher.get(f"/shift-orders/{order['id']}"))
        assert (mine["state"], mine["shifts"][0]["state"]) == states
    assert await count(world, Shift) == 1
