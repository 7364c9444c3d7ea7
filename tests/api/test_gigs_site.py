"""Coming and going over HTTP: codes, place, the dispatcher's word; who is missing and who is not; accidents."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from app.core.clock import china_date
from app.core.ids import new_id
from app.models.gigs import AccidentReport, Assignment, NoShow, Shift, SiteMark, Timesheet
from app.rules.gigs.offers import AssignmentState
from app.rules.gigs.terms import SeatKind
from app.rules.identity.roles import Role, ScopeKind
from app.tasks.sweeps import sweep
from tests.factories.world import Someone, World, ok, refused
from tests.support import gigs
from tests.support.funnel import later
from tests.support.gig_people import taken
from tests.support.gigs import Floor, gigs_officer
from tests.support.jobs import Hiring, count, key

pytestmark = pytest.mark.anyio
PLACE = {"latitude": 24.7236, "longitude": 118.6651, "coord_type": "gcj02"}
FAR = {"latitude": 24.7336, "longitude": 118.6651, "coord_type": "gcj02"}
HOUR = timedelta(hours=1)


@pytest.fixture
async def floor(world: World, hiring: Hiring) -> Floor:
    return await gigs.floor(world, hiring)


@pytest.fixture
async def shift(world: World, floor: Floor) -> Shift:
    """Begins in half an hour, nine hours with one hour's break."""
    return await gigs.shift(floor, await gigs.order(floor), world.clock.now() + HOUR / 2)


async def seated(world: World, shift: Shift, **changes: Any) -> tuple[Someone, Assignment]:
    """Seats are counted as a claim would count them."""
    worker = await gigs.worker(world)
    row = await taken(world, worker, shift, **changes)
    async with world.runtime.db.unit_of_work() as session:
        current = await session.get_one(Shift, shift.id)
        current.taken += row.units
    return worker, row


async def shown(floor: Floor, shift: Shift) -> str:
    return str(ok(await floor.dispatcher.get(f"/shifts/{shift.id}/check-in-code"))["code"])


async def scan(worker: Someone, row: Assignment, code: str, kind: str = "in", **more: Any) -> Any:
    return await worker.post(f"/me/assignments/{row.id}/scan", {"kind": kind, "code": code} | more, key=key())


async def at_place(worker: Someone, row: Assignment, place: dict[str, Any], kind: str = "in", **more: Any) -> Any:
    return await worker.post(f"/me/assignments/{row.id}/place-mark", {"kind": kind} | place | more, key=key())


async def by_hand(floor: Floor, row: Assignment, kind: str = "in", **more: Any) -> Any:
    form = {"kind": kind, "reason": "手机没电"} | more
    return await floor.dispatcher.post(f"/assignments/{row.id}/marks", form, key=key())


async def state(world: World, row: Assignment) -> AssignmentState:
    async with world.runtime.db.reading() as session:
        return (await session.get_one(Assignment, row.id)).state


async def test_a_day_at_work_by_the_code_on_the_screen(world: World, floor: Floor, shift: Shift) -> None:
    worker, row = await seated(world, shift)
    first = ok(await scan(worker, row, await shown(floor, shift)))
    assert (first["state"], first["suggested_minutes"], len(first["marks"])) == ("present", None, 1)
    # The second tap is the same coming.
    assert len(ok(await scan(worker, row, await shown(floor, shift)))["marks"]) == 1
    await later(world, timedelta(hours=9, minutes=20), worker, floor.dispatcher)
    last = ok(await scan(worker, row, await shown(floor, shift), "out"))
    assert (last["state"], [mark["kind"] for mark in last["marks"]]) == ("done", ["in", "out"])
    # From half an hour before the start to ten minutes before the end: the shift's eight hours less ten minutes.
    assert last["suggested_minutes"] == 470
    assert ok(await worker.get(f"/me/assignments/{row.id}/marks")) == last
    assert ok(await floor.dispatcher.get(f"/assignments/{row.id}/marks")) == last
    assert await count(world, Timesheet) == 1
    told = ok(await floor.dispatcher.get("/me/notices"))["items"]
    assert [notice["title"] for notice in told].count("请填写工时") == 1


async def test_codes_hold_for_half_a_minute_and_for_one_shift(world: World, floor: Floor, shift: Shift) -> None:
    worker, row = await seated(world, shift)
    other = await gigs.shift(floor, await gigs.order(floor), world.clock.now() + HOUR / 2)
    refused(await scan(worker, row, await shown(floor, other)), 422, "site_code_elsewhere", "code")
    refused(await scan(worker, row, "QmFzZTY0"), 422, "site_code_invalid", "code")
    code = await shown(floor, shift)
    world.clock.advance(timedelta(seconds=61))
    refused(await scan(worker, row, code), 422, "site_code_expired", "code")
    assert await count(world, SiteMark) == 0


async def test_a_photograph_of_ones_own_code_is_of_no_use_to_a_friend(world: World, floor: Floor, shift: Shift) -> None:
    worker, row = await seated(world, shift)
    friend, theirs = await seated(world, shift)
    code = ok(await worker.get(f"/me/assignments/{row.id}/check-in-code"))["code"]
    # The friend's phone cannot read it as the screen's, and the dispatcher who scans it marks its owner.
    refused(await scan(friend, theirs, code), 422, "site_code_invalid", "code")
    form = {"kind": "in", "code": code}
    marked = ok(await floor.dispatcher.post(f"/shifts/{shift.id}/scans", form, key=key()))
    assert marked["assignment_id"] == str(row.id)
    assert (await state(world, row), await state(world, theirs)) == (AssignmentState.PRESENT, AssignmentState.CONFIRMED)
    elsewhere = await gigs.shift(floor, await gigs.order(floor), world.clock.now() + HOUR / 2)
    refused(
        await floor.dispatcher.post(f"/shifts/{elsewhere.id}/scans", form, key=key()),
        422,
        "site_code_elsewhere",
        "code",
    )
    refused(await friend.get(f"/me/assignments/{row.id}/check-in-code"), 404, "assignment_not_found")


async def test_a_phone_without_a_network(world: World, floor: Floor, shift: Shift) -> None:
    worker, row = await seated(world, shift)
    kept = {"at": world.clock.now().isoformat(), "client_id": str(new_id())}
    code = await shown(floor, shift)
    await later(world, 3 * HOUR, worker, floor.dispatcher)
    first = ok(await scan(worker, row, code, **kept))
    assert datetime.fromisoformat(first["marks"][0]["at"]) == datetime.fromisoformat(kept["at"]).replace(microsecond=0)
    assert first["marks"][0]["reason"] == "没有网络，事后补传"
    # Sent once more, with another key: the same mark.
    assert ok(await scan(worker, row, code, **kept)) == first
    # The code held then and no longer; a time that the code does not bear out is refused.
    refused(await scan(worker, row, code, "out", at=world.clock.now().isoformat()), 422, "site_code_expired", "code")
    late = {"at": (world.clock.now() - timedelta(hours=13)).isoformat()}
    refused(await scan(worker, row, code, "out", **late), 422, "mark_too_old", "at")


async def test_by_place_only_the_distance_is_kept(world: World, floor: Floor, shift: Shift) -> None:
    worker, row = await seated(world, shift)
    body = refused(await at_place(worker, row, FAR), 409, "too_far_from_site")
    assert "1112 米" in body["message"]
    near = PLACE | {"latitude": 24.7238}
    (mark,) = ok(await at_place(worker, row, near))["marks"]
    assert (mark["method"], mark["distance_m"]) == ("geofence", 22)
    blind = await gigs.shift(
        floor, await gigs.order(floor, latitude=None, longitude=None, coord_type=None), world.clock.now() + HOUR / 2
    )
    other, seat = await seated(world, blind)
    refused(await at_place(other, seat, PLACE), 409, "shift_without_place")


async def test_when_one_may_come_and_go(world: World, floor: Floor) -> None:
    shift = await gigs.shift(floor, await gigs.order(floor), world.clock.now() + 2 * HOUR)
    worker, row = await seated(world, shift)
    refused(await at_place(worker, row, PLACE), 409, "mark_too_early")
    refused(await at_place(worker, row, PLACE, "out"), 409, "out_before_start")
    await later(world, 3 * HOUR, worker, floor.dispatcher)
    refused(await at_place(worker, row, PLACE, "out"), 409, "not_checked_in")
    ok(await at_place(worker, row, PLACE))
    await later(world, 13 * HOUR, worker, floor.dispatcher)
    refused(await at_place(worker, row, PLACE, "out"), 409, "mark_too_late")
    ok(await by_hand(floor, row, "out", at=(world.clock.now() - 5 * HOUR).isoformat()))
    assert await state(world, row) is AssignmentState.DONE


async def test_who_came_and_was_called_missing(world: World, floor: Floor, shift: Shift) -> None:
    """The sweep calls nobody missing at a gate that marked nobody; where others were marked it does, and it may be wrong."""
    one, first = await seated(world, shift)
    _, second = await seated(world, shift)
    world.clock.advance(HOUR + timedelta(minutes=1))
    assert (await sweep(world.runtime))["no_shows_found"] == 0
    ok(await at_place(one, first, PLACE))
    assert (await sweep(world.runtime))["no_shows_found"] == 1
    assert await state(world, second) is AssignmentState.NO_SHOW
    assert await count(world, NoShow) == 1
    marked = ok(await by_hand(floor, second, at=shift.starts_at.isoformat()))
    assert marked["state"] == "present"
    async with world.runtime.db.reading() as session:
        record = (await session.exec(select(NoShow).where(NoShow.assignment_id == second.id))).one()
        again = await session.get_one(Shift, shift.id)
    assert (record.state.value, record.points) == ("excused", 0)
    assert again.taken == 4


async def test_who_comes_late_to_a_seat_that_was_filled(world: World, floor: Floor) -> None:
    shift = await gigs.shift(floor, await gigs.order(floor), world.clock.now() + HOUR / 2, heads=1)
    worker, row = await seated(world, shift)
    world.clock.advance(HOUR)
    form = {"expected_version": 1}
    ok(await floor.dispatcher.post(f"/assignments/{row.id}/no-show", form, key=key()))
    await seated(world, shift)
    refused(await at_place(worker, row, PLACE), 409, "seats_full")
    # The firm may let one more work than it asked for; it pays for both.
    ok(await by_hand(floor, row))
    assert await state(world, row) is AssignmentState.PRESENT


async def test_seats_end_by_the_clock(world: World, floor: Floor, shift: Shift) -> None:
    """Who forgot to check out, and everybody of a firm without a gate; never a 候补 who was not needed."""
    worker, row = await seated(world, shift)
    _, spare = await seated(world, shift, seat=SeatKind.STANDBY)
    ok(await at_place(worker, row, PLACE))
    gateless = await gigs.shift(floor, await gigs.order(floor), world.clock.now() + HOUR / 2)
    _, unmarked = await seated(world, gateless)
    world.clock.advance(timedelta(hours=13, minutes=29))
    assert (await sweep(world.runtime))["seats_ended"] == 0
    world.clock.advance(timedelta(minutes=2))
    done = await sweep(world.runtime)
    assert done["seats_ended"] == 2
    assert [await state(world, one) for one in (row, unmarked)] == [AssignmentState.DONE] * 2
    assert await state(world, spare) is not AssignmentState.DONE
    assert await count(world, Timesheet) == 2


async def test_strangers_see_no_gate(world: World, floor: Floor, shift: Shift) -> None:
    _, row = await seated(world, shift)
    stranger = await gigs.worker(world)
    refused(await scan(stranger, row, await shown(floor, shift)), 404, "assignment_not_found")
    refused(await stranger.get(f"/shifts/{shift.id}/check-in-code"), 403, "forbidden")
    _, other = await world.firm("卡宾", "91350581MA0DEM9YY")
    rival = await world.person(app="linggong")
    await world.appoint(rival, Role.DISPATCHER, ScopeKind.ENTERPRISE, other)
    refused(await rival.get(f"/shifts/{shift.id}/check-in-code"), 404, "shift_not_found")
    form = {"kind": "in", "reason": "他来了"}
    refused(await rival.post(f"/assignments/{row.id}/marks", form, key=key()), 404, "assignment_not_found")


async def test_an_accident_starts_the_thirty_days(world: World, floor: Floor, shift: Shift) -> None:
    worker, row = await seated(world, shift)
    world.clock.advance(HOUR)
    form = {"client_id": str(new_id()), "account": "手指被针扎穿"}
    made = ok(await worker.post(f"/me/assignments/{row.id}/accidents", form, key=key()))
    today = china_date(world.clock.now())
    assert made["claim_due_on"] == str(today + timedelta(days=30))
    assert made["own_claim_until"] == str(today + timedelta(days=365))
    # Sent again from a phone that did not hear the answer.
    again = ok(await worker.post(f"/me/assignments/{row.id}/accidents", form, key=key()))
    assert again["id"] == made["id"]
    assert await count(world, AccidentReport) == 1
    (seen,) = ok(await floor.dispatcher.get("/accidents"))["items"]
    assert (seen["account"], seen["reported_by"]) == ("手指被针扎穿", "worker")
    notices = [n for n in ok(await floor.dispatcher.get("/me/notices"))["items"] if n["kind"] == "gig_accident"]
    assert len(notices) == 1
    assert "针" not in notices[0]["body"]
    office = await gigs_officer(world)
    (task,) = ok(await office.get("/tasks", kind="accident"))["items"]
    assert task["subject_id"] == made["id"]

    async def step(someone: Someone, path: str, row: dict[str, Any], **more: Any) -> Any:
        return await someone.post(f"/{path}", {"expected_version": row["version"]} | more, key=key())

    known = ok(await step(floor.dispatcher, f"accidents/{made['id']}/acknowledge", made))
    tomorrow = str(today + timedelta(days=1))
    refused(
        await step(floor.dispatcher, f"accidents/{made['id']}/file", known, filed_on=tomorrow), 422, "filed_on_wrong",
        "filed_on",
    )  # fmt: skip
    filed = ok(await step(floor.dispatcher, f"accidents/{made['id']}/file", known, filed_on=str(today)))
    closed = ok(await step(office, f"accident-reports/{made['id']}/close", filed, note="已认定工伤"))
    assert closed["state"] == "closed"
    refused(
        await step(office, f"accident-reports/{made['id']}/close", closed, note="再办"), 409, "accident_state_wrong"
    )
    assert ok(await office.get("/tasks", kind="accident"))["items"] == []
    (mine,) = ok(await worker.get("/me/accidents"))
    assert mine["state"] == "closed"


async def test_an_accident_that_nobody_files(world: World, floor: Floor, shift: Shift) -> None:
    worker, row = await seated(world, shift)
    await later(world, HOUR, worker)
    ok(await worker.post(f"/me/assignments/{row.id}/accidents", {"client_id": str(new_id())}, key=key()))
    await later(world, timedelta(days=22), worker)
    assert (await sweep(world.runtime))["accidents_reminded"] == 0
    await later(world, timedelta(days=1), worker)
    assert (await sweep(world.runtime))["accidents_reminded"] == 1
    assert (await sweep(world.runtime))["accidents_reminded"] == 0
    bodies = [notice["body"] for notice in ok(await worker.get("/me/notices"))["items"]]
    assert any("您可在" in body and "自己申请" in body for body in bodies)


async def test_an_accident_at_an_impossible_time(world: World, shift: Shift) -> None:
    worker, row = await seated(world, shift)
    for happened in (world.clock.now() + HOUR, world.clock.now() - timedelta(hours=4)):
        form = {"client_id": str(new_id()), "happened_at": happened.isoformat()}
        refused(
            await worker.post(f"/me/assignments/{row.id}/accidents", form, key=key()), 422, "accident_time_wrong",
            "happened_at",
        )  # fmt: skip
    assert await count(world, AccidentReport) == 0
