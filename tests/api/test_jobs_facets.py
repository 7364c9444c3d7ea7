"""Search over HTTP: area, pay, shift, benefits, distance, three orders, facets; what it refuses and what it costs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.models.jobs import Vacancy
from app.models.organisation import Enterprise
from tests.factories.world import World, ok, refused
from tests.support.jobs import NOBODY, Hiring, counted, rival, set_columns

HERE = {"latitude": 24.7265, "longitude": 118.6702, "coord_type": "gcj02"}


def place(latitude: float, longitude: float = 118.6702, coord_type: str = "gcj02") -> dict[str, Any]:
    return {"address": "宝盖镇回兴路", "latitude": latitude, "longitude": longitude, "coord_type": coord_type}


def monthly(fen: int) -> dict[str, Any]:
    return {"unit": "month", "min_fen": fen, "max_fen": fen, "cycle": "monthly"}


async def items(world: World, **query: Any) -> list[dict[str, Any]]:
    return ok(await world.anonymous.get("/vacancies", **query))["items"]


async def ids(world: World, **query: Any) -> list[str]:
    return [item["id"] for item in await items(world, **query)]


async def facets(world: World, **query: Any) -> dict[str, Any]:
    answer = ok(await world.anonymous.get("/vacancies/facets", **query))
    return {
        name: value if name == "total" else {c["code"]: c["count"] for c in value} for name, value in answer.items()
    }


async def test_the_area_is_the_firms_unless_the_posting_says_otherwise(world: World, hiring: Hiring) -> None:
    areas = [area["id"] for area in ok(await world.anonymous.get("/areas"))]
    await set_columns(world, Enterprise, hiring.firm_id, area_id=UUID(areas[0]))
    there, elsewhere = await hiring.post(), await hiring.post(area_id=areas[1])
    assert (there["area_id"], elsewhere["area_id"]) == (areas[0], areas[1])
    assert await ids(world, area_id=areas[0]) == [there["id"]]
    assert [item["area_id"] for item in await items(world, area_id=areas[1])] == [areas[1]]
    assert await ids(world, area_id=NOBODY) == []
    form = await hiring.form(area_id=NOBODY)
    refused(await hiring.recruiter.post("/vacancies", form), 422, "area_unknown", "area_id")
    # A changed form without an area goes back to the firm's.
    changed = await hiring.form(expected_version=elsewhere["version"])
    del changed["enterprise_id"]
    saved = ok(await hiring.recruiter.put(f"/vacancies/{elsewhere['id']}", changed))["vacancy"]
    assert saved["area_id"] == areas[0]
    assert await ids(world, area_id=areas[1]) == []


async def test_pay_is_compared_by_the_hour(world: World, hiring: Hiring) -> None:
    month = await hiring.post(pay=monthly(600000))
    long_days = await hiring.post(pay=monthly(600000), minutes_per_day=600, days_per_month=28)
    hour = await hiring.post(pay={"unit": "hour", "min_fen": 3000, "max_fen": 3000, "cycle": "weekly"})
    piece = await hiring.post(pay={"unit": "piece", "piece_rate_fen": 850, "piece_per_quantity": 1000,
                                   "piece_hourly_output": 3000, "cycle": "weekly"})  # fmt: skip
    shown = {item["id"]: item["hourly_fen"] for item in await items(world)}
    assert shown == {month["id"]: 2885, long_days["id"]: 2143, hour["id"]: 3000, piece["id"]: 2550}
    assert month["hourly_fen"] == 2885
    by_pay = [hour["id"], month["id"], piece["id"], long_days["id"]]
    assert await ids(world, sort="pay") == by_pay
    assert await ids(world, sort="pay", min_monthly_fen=600000) == by_pay[:2]
    assert await ids(world, sort="pay", min_hourly_fen=2550) == by_pay[:3]
    assert await ids(world, min_hourly_fen=2885, min_monthly_fen=100) == [hour["id"], month["id"]]
    first = ok(await world.anonymous.get("/vacancies", sort="pay", limit=3))
    rest = ok(await world.anonymous.get("/vacancies", sort="pay", limit=3, cursor=first["next_cursor"]))
    assert [item["id"] for item in first["items"] + rest["items"]] == by_pay
    refused(await world.anonymous.get("/vacancies", cursor=first["next_cursor"]), 422, "cursor_invalid")
    # A better offer moves it, the index with it.
    changed = await hiring.form(pay=monthly(900000), expected_version=long_days["version"])
    del changed["enterprise_id"]
    ok(await hiring.recruiter.put(f"/vacancies/{long_days['id']}", changed))
    assert (await ids(world, sort="pay"))[0] == long_days["id"]


async def test_the_dearest_piece_rate_fits_its_column(world: World, hiring: Hiring) -> None:
    pay = {"unit": "piece", "piece_rate_fen": 100_000_000, "piece_per_quantity": 1, "piece_hourly_output": 1_000_000,
           "cycle": "weekly"}  # fmt: skip
    assert (await hiring.post(pay=pay))["hourly_fen"] == 100_000_000


async def test_nearest_first_with_the_distance_of_each(world: World, hiring: Hiring) -> None:
    near = await hiring.post(place=place(24.7275))
    far = await hiring.post(place=place(24.7465))
    nowhere = await hiring.post(place={"address": "宝盖镇某处"})
    here = await hiring.post(place=place(24.7265))
    found = await items(world, sort="nearest", **HERE)
    assert [item["id"] for item in found] == [here["id"], near["id"], far["id"], nowhere["id"]]
    assert [item["distance_m"] for item in found] == [0, 111, 2224, None]
    # Any order tells the distance, once it is asked from a point; without one there is none.
    assert [item["distance_m"] for item in await items(world, **HERE)] == [0, None, 2224, 111]
    assert {item["distance_m"] for item in await items(world)} == {None}
    assert await ids(world, within_m=2224, **HERE) == [here["id"], far["id"], near["id"]]
    assert await ids(world, within_m=2223, **HERE) == [here["id"], near["id"]]
    # A phone's own coordinates are some hundred metres off on a Chinese map: converted, not taken as they are.
    satellite = {"latitude": 24.72923, "longitude": 118.66537, "coord_type": "wgs84"}
    assert (await items(world, sort="nearest", **satellite))[0]["distance_m"] < 800
    assert await ids(world, sort="nearest", **satellite) != []


async def test_a_walk_by_distance_does_not_stumble_over_newcomers(world: World, hiring: Hiring) -> None:
    posted = [(await hiring.post(title=f"平车工{n}", place=place(24.7265 + n // 2 / 1000)))["id"] for n in range(8)]
    wanted = sorted(range(8), key=lambda n: (n // 2, -n))
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = ok(await world.anonymous.get("/vacancies", sort="nearest", limit=3, **HERE, **cursor))
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
        world.clock.advance(timedelta(seconds=1))
        await hiring.post(title="新来的", place=place(24.7265))
    assert seen == [posted[n] for n in wanted]
    page = ok(await world.anonymous.get("/vacancies", sort="nearest", limit=3, **HERE))
    elsewhere = HERE | {"latitude": 24.8}
    answer = await world.anonymous.get("/vacancies", sort="nearest", limit=3, cursor=page["next_cursor"], **elsewhere)
    refused(answer, 422, "cursor_invalid")


async def test_shift_and_all_of_the_benefits(world: World, hiring: Hiring) -> None:
    both = await hiring.post(benefits=["meals", "lodging", "shuttle"])
    meals = await hiring.post(benefits=["meals"], shift_pattern="night")
    none = await hiring.post(benefits=[])
    assert await ids(world, benefits="meals") == [meals["id"], both["id"]]
    assert await ids(world, benefits=["lodging", "meals"]) == [both["id"]]
    assert await ids(world, benefits=["lodging", "paid_leave"]) == []
    assert await ids(world, shift_pattern="night") == [meals["id"]]
    assert none["id"] in await ids(world, shift_pattern="day")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"latitude": 24.7}, "query.longitude"), ({"latitude": 24.7}, "query.coord_type"),
        ({"longitude": 118.6, "coord_type": "gcj02"}, "query.latitude"), ({"within_m": 500}, "query.latitude"),
        ({"sort": "nearest"}, "query.latitude"), ({"latitude": 91, "longitude": 0, "coord_type": "gcj02"}, "query.latitude"),
        ({"latitude": "nan", "longitude": 0, "coord_type": "gcj02"}, "query.latitude"),
        ({**HERE, "coord_type": "bd09"}, "query.coord_type"), ({**HERE, "within_m": 0}, "query.within_m"),
        ({**HERE, "within_m": 100_001}, "query.within_m"), ({"sort": "cheapest"}, "query.sort"),
        ({"benefits": ["meals", "gold"]}, "query.benefits.1"), ({"area_id": "塘后"}, "query.area_id"),
        ({"min_hourly_fen": -1}, "query.min_hourly_fen"), ({"shift_pattern": "noon"}, "query.shift_pattern"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(world: World, query: dict[str, Any], field: str) -> None:
    body = refused(await world.anonymous.get("/vacancies", **query), 422, "invalid_fields", field)
    assert all(any("一" <= c <= "龥" for c in issue["message"]) for issue in body["fields"])
    if "sort" not in query:
        refused(await world.anonymous.get("/vacancies/facets", **query), 422, "invalid_fields", field)


async def test_facets_leave_out_their_own_filter(world: World, hiring: Hiring) -> None:
    other = await rival(world)
    locking = await world.occupation("锁边工")
    sewing = await world.occupation("平车工")
    areas = [area["id"] for area in ok(await world.anonymous.get("/areas"))]
    await hiring.post(area_id=areas[0], benefits=["meals", "lodging"])
    await hiring.post(area_id=areas[0], shift_pattern="night")
    hourly = {"unit": "hour", "min_fen": 3000, "max_fen": 3000, "cycle": "weekly"}
    await other.post(area_id=areas[1], title="锁边工", occupation_code=locking, duties="锁边。", pay=hourly)
    everything = await facets(world)
    assert everything["total"] == 3
    assert everything["occupations"] == {sewing: 2, locking: 1}
    assert everything["areas"] == {areas[0]: 2, areas[1]: 1, areas[2]: 0}
    assert everything["shift_patterns"] == {"day": 2, "night": 1, "rotating": 0, "flexible": 0}
    assert everything["benefits"]["meals"] == 3
    assert everything["benefits"]["lodging"] == 1
    assert everything["pay_units"] == {"month": 2, "hour": 1, "piece": 0}
    night = await facets(world, shift_pattern="night")
    assert (night["total"], night["shift_patterns"]["day"], night["areas"][areas[1]]) == (1, 2, 0)
    assert night["occupations"] == {sewing: 1}
    two = await facets(world, shift_pattern="day", area_id=areas[1], occupation_code=locking)
    assert (two["total"], two["shift_patterns"], two["areas"][areas[0]]) == (
        1,
        {"day": 1, "night": 0, "rotating": 0, "flexible": 0},
        0,
    )
    assert (await facets(world, q="锁边"))["occupations"] == {locking: 1}
    assert (await facets(world, q="！！！"))["total"] == 0
    assert (await facets(world, within_m=10, **HERE | {"latitude": 24.9}))["total"] == 0
    assert (await facets(world, enterprise_id=other.firm_id))["total"] == 1
    # Each count is what the list finds with that choice.
    for code, count in everything["benefits"].items():
        assert len(await ids(world, benefits=code)) == count
    labels = {c["code"]: c["label"] for c in ok(await world.anonymous.get("/vacancies/facets"))["occupations"]}
    listed = {item["occupation_code"]: item["occupation_name"] for item in await items(world)}
    assert labels == listed


async def test_what_is_closed_is_counted_nowhere(world: World, hiring: Hiring) -> None:
    gone = await hiring.post()
    ok(await hiring.recruiter.post(f"/vacancies/{gone['id']}/pause", {"expected_version": gone["version"]}))
    over = await hiring.post()
    await set_columns(world, Vacancy, over["id"], valid_until=world.clock.now().date() - timedelta(days=2))
    assert (await facets(world))["total"] == 0
    assert await ids(world, sort="pay") == await ids(world, sort="nearest", **HERE) == []


async def test_the_number_of_statements_does_not_grow(world: World, hiring: Hiring) -> None:
    async def measure() -> list[int]:
        taken = []
        for path, query in (
            ("/vacancies", {"sort": "nearest", **HERE}), ("/vacancies", {"sort": "pay", "benefits": "meals"}),
            ("/vacancies/facets", {}), ("/vacancies/facets", {"q": "平车", "shift_pattern": "day", "within_m": 900, **HERE}),
        ):  # fmt: skip
            with counted(world.runtime.db.reader) as statements:
                ok(await world.anonymous.get(path, **query))
            taken.append(len(statements))
        return taken

    await hiring.post()
    assert await measure() == [1, 1, 3, 3]
    for code in ("锁边工", "打包工"):
        await hiring.post(title=code, occupation_code=await world.occupation(code), duties="按单操作。")
    assert await measure() == [1, 1, 3, 3]
