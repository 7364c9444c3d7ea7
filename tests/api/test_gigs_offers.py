"""Offers, claims, the line, confirmation, backfill and no-shows over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.core.db import lock
from app.models.gigs import Assignment, NoShow, Offer, RosterMember, Shift
from app.rules.gigs.offers import OfferSource
from app.rules.gigs.orders import ShiftNotFoundError
from app.rules.gigs.terms import FillMode
from app.rules.identity.roles import Role, ScopeKind
from app.services.gigs import assignments, board, law, offers, refill, urgent
from tests.factories.world import Someone, World, ok, refused
from tests.support import gigs
from tests.support.gigs import Floor
from tests.support.jobs import Hiring, count, key, rival, set_columns

pytestmark = pytest.mark.anyio


@pytest.fixture
async def floor(world: World, hiring: Hiring) -> Floor:
    return await gigs.floor(world, hiring)


async def offered(floor: Floor, shift: Shift, worker: Someone) -> dict[str, Any]:
    """An offer from the plan, as the worker sees it."""
    world = floor.world
    async with world.runtime.db.unit_of_work() as session:
        on = (await board.hold_shifts(session, [shift.id]))[shift.id]
        made = await offers.make(session, on, UUID(worker.id), source=OfferSource.PLAN, now=world.clock.now())
    assert made is not None
    return ok(await worker.get(f"/me/shift-offers/{made.id}"))


async def seats(world: World, shift: Shift) -> tuple[int, int]:
    async with world.runtime.db.unit_of_work() as session:
        row = await lock(session, Shift, shift.id, ShiftNotFoundError)
        return row.taken, row.offered


async def fill(world: World, shift: Shift) -> None:
    """What the worker does when it finds the message."""
    async with world.runtime.db.unit_of_work() as session:
        await refill.refill(session, shift.id, now=world.clock.now())


async def answer(worker: Someone, offer: dict[str, Any], verb: str) -> Any:
    return await worker.post(
        f"/me/shift-offers/{offer['id']}/{verb}", {"expected_version": offer["version"]}, key=key()
    )


async def claim(worker: Someone, shift: Shift) -> Any:
    return await worker.post(f"/shifts/{shift.id}/claims", key=key())


async def act(worker: Someone, seat: dict[str, Any], verb: str, **more: Any) -> Any:
    form = {"expected_version": seat["version"]} | more
    return await worker.post(f"/me/assignments/{seat['id']}/{verb}", form, key=key())


async def test_an_offer_holds_a_seat_and_an_acceptance_takes_it(world: World, floor: Floor) -> None:
    worker = await gigs.worker(world)
    shift = await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 8))
    offer = await offered(floor, shift, worker)
    assert await seats(world, shift) == (0, 2)
    assert [action["allowed"] for action in offer["actions"]] == [True, True]
    assert offer["shift"]["cover_label"] == "工伤保险"
    seat = ok(await answer(worker, offer, "accept"))
    assert (seat["state"], seat["order_version"]) == ("accepted", 1)
    assert "不作劳动关系认定" in seat["label_text"]
    assert await seats(world, shift) == (2, 0)
    notices = ok(await worker.get("/me/notices"))["items"]
    assert any("谢绝不需要理由" in notice["body"] for notice in notices)
    refused(await answer(worker, offer, "accept"), 409, "stale")


async def test_inside_32_hours_accepting_is_confirming(world: World, floor: Floor) -> None:
    worker = await gigs.worker(world)
    shift = await gigs.shift(floor, await gigs.order(floor), world.clock.now() + timedelta(hours=31))
    seat = ok(await answer(worker, await offered(floor, shift, worker), "accept"))
    assert seat["state"] == "confirmed"


async def test_declining_frees_the_seat_for_the_next_best(world: World, floor: Floor) -> None:
    first, second = await gigs.worker(world), await gigs.worker(world)
    shift = await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 8), heads=1)
    offer = await offered(floor, shift, first)
    assert ok(await answer(first, offer, "decline"))["state"] == "declined"
    assert await seats(world, shift) == (0, 0)
    await fill(world, shift)
    await fill(world, shift)
    assert await count(world, Offer, Offer.shift_id == shift.id, Offer.person_id == UUID(second.id)) == 1
    (asked,) = ok(await second.get("/me/shift-offers"))["items"]
    assert (asked["source"], asked["state"]) == ("backfill", "offered")
    # Who said no is not asked again.
    assert await count(world, Offer, Offer.shift_id == shift.id) == 2


async def test_an_offer_lapses_only_where_it_arrived(world: World, floor: Floor) -> None:
    told, untold = await gigs.worker(world), await gigs.worker(world)
    order = await gigs.order(floor)
    shift = await gigs.shift(floor, order, gigs.at(world, 5, 8))
    one, other = await offered(floor, shift, told), await offered(floor, shift, untold)
    for notice in ok(await told.get("/me/notices"))["items"]:
        ok(await told.post(f"/me/notices/{notice['id']}/read"))
    world.clock.advance(timedelta(hours=25))
    async with world.runtime.db.unit_of_work() as session:
        assert await offers.lapse_due(session, now=world.clock.now()) == 2
    people = [await world.person(worker.name) for worker in (told, untold)]
    states = [
        ok(await person.get(f"/me/shift-offers/{row['id']}"))["state"]
        for person, row in zip(people, (one, other), strict=True)
    ]
    assert states == ["lapsed", "withdrawn"]
    assert await seats(world, shift) == (0, 0)


async def test_another_persons_offer_does_not_exist(world: World, floor: Floor) -> None:
    worker, stranger = await gigs.worker(world), await gigs.worker(world)
    shift = await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 8))
    offer = await offered(floor, shift, worker)
    refused(await stranger.get(f"/me/shift-offers/{offer['id']}"), 404, "offer_not_found")
    refused(await answer(stranger, offer, "accept"), 404, "offer_not_found")


async def test_taking_one_seat_takes_back_what_clashes(world: World, floor: Floor) -> None:
    worker = await gigs.worker(world)
    order = await gigs.order(floor)
    morning, same = [await gigs.shift(floor, order, gigs.at(world, 4, hour)) for hour in (8, 10)]
    next_day = await gigs.shift(floor, order, gigs.at(world, 5, 8))
    first, clash, later = [await offered(floor, shift, worker) for shift in (morning, same, next_day)]
    ok(await answer(worker, first, "accept"))
    assert ok(await worker.get(f"/me/shift-offers/{clash['id']}"))["state"] == "withdrawn"
    assert ok(await worker.get(f"/me/shift-offers/{later['id']}"))["state"] == "offered"
    assert await seats(world, same) == (0, 0)


async def test_the_law_is_asked_at_the_acceptance(world: World, floor: Floor) -> None:
    """Nine hours of work need overtime's consent: the refusal names the rule."""
    worker = await gigs.worker(world)
    shift = await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 8), minutes=600)
    offer = await offered(floor, shift, worker)
    answered = refused(await answer(worker, offer, "accept"), 409, "overtime_not_agreed")
    assert "劳动法" in answered["message"]
    assert await seats(world, shift) == (0, 2)


async def test_first_come_first_served_then_the_line(world: World, floor: Floor) -> None:
    people = [await gigs.worker(world) for _ in range(4)]
    order = await gigs.order(floor, fill_mode=FillMode.FIRST_COME)
    shift = await gigs.shift(floor, order, gigs.at(world, 4, 8), heads=1)
    seat = ok(await claim(people[0], shift))
    refused(await claim(people[0], shift), 409, "already_on_shift")
    full = refused(await claim(people[1], shift), 409, "seats_full")
    assert "排队" in full["message"]
    places = [ok(await person.post(f"/shifts/{shift.id}/waiting", key=key()))["position"] for person in people[1:]]
    assert places == [1, 2, 3]
    refused(await people[1].post(f"/shifts/{shift.id}/waiting", key=key()), 409, "already_waiting")
    left = await people[1].post(f"/shifts/{shift.id}/waiting/leave", key=key())
    assert left.status_code == 204
    assert ok(await people[2].get("/me/waiting"))[0]["position"] == 1
    ok(await act(people[0], seat, "leave"))
    await fill(world, shift)
    (offer,) = ok(await people[2].get("/me/shift-offers"))["items"]
    assert (offer["source"], "排队第1位" in offer["reason"]) == ("waiting", True)
    assert ok(await people[3].get("/me/waiting"))[0]["position"] == 1
    assert await seats(world, shift) == (0, 2)


async def test_no_line_where_seats_are_free_and_no_grab_where_work_is_allotted(world: World, floor: Floor) -> None:
    worker = await gigs.worker(world)
    free = await gigs.shift(floor, await gigs.order(floor, fill_mode=FillMode.FIRST_COME), gigs.at(world, 4, 8))
    refused(await worker.post(f"/shifts/{free.id}/waiting", key=key()), 409, "seats_still_free")
    allotted = await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 8))
    refused(await claim(worker, allotted), 409, "not_first_come")


@pytest.mark.parametrize(
    ("hours", "excuse", "points", "state"),
    [(72, None, None, None), (20, None, 1, "counted"), (5, None, 2, "counted"), (5, "illness", 0, "excused")],
)
async def test_leaving_counts_by_the_notice_given(
    world: World, floor: Floor, hours: int, excuse: str | None, points: int | None, state: str | None
) -> None:
    """72 hours ahead is a record without points; the first half hour leaves no record at all."""
    worker = await gigs.worker(world)
    order = await gigs.order(floor, fill_mode=FillMode.FIRST_COME)
    shift = await gigs.shift(floor, order, world.clock.now() + timedelta(hours=hours, minutes=31))
    seat = ok(await claim(worker, shift))
    world.clock.advance(timedelta(minutes=31))
    seat = ok(await worker.get(f"/me/assignments/{seat['id']}"))
    ok(await act(worker, seat, "leave", excuse=excuse))
    (record,) = ok(await worker.get("/me/no-shows"))
    assert (record["points"], record["state"]) == ((points, state) if state else (0, "excused"))
    assert await seats(world, shift) == (0, 0)


async def test_second_thoughts_within_half_an_hour_cost_nothing(world: World, floor: Floor) -> None:
    worker = await gigs.worker(world)
    order = await gigs.order(floor, fill_mode=FillMode.FIRST_COME)
    shift = await gigs.shift(floor, order, world.clock.now() + timedelta(hours=5))
    seat = ok(await claim(worker, shift))
    world.clock.advance(timedelta(minutes=30))
    ok(await act(worker, seat, "leave"))
    assert ok(await worker.get("/me/no-shows")) == []


async def test_confirm_from_32_hours_on_else_released_at_16(world: World, floor: Floor) -> None:
    keen, silent = await gigs.worker(world), await gigs.worker(world)
    order = await gigs.order(floor, fill_mode=FillMode.FIRST_COME)
    shift = await gigs.shift(floor, order, world.clock.now() + timedelta(hours=40))
    mine, theirs = ok(await claim(keen, shift)), ok(await claim(silent, shift))
    refused(await act(keen, mine, "confirm"), 409, "confirm_too_early")
    world.clock.advance(timedelta(hours=8))
    async with world.runtime.db.unit_of_work() as session:
        assert await assignments.remind_due(session, now=world.clock.now()) == 2
    keen, silent = [await world.person(one.name) for one in (keen, silent)]
    mine = ok(await keen.get(f"/me/assignments/{mine['id']}"))
    assert ok(await act(keen, mine, "confirm"))["state"] == "confirmed"
    world.clock.advance(timedelta(hours=16))
    async with world.runtime.db.unit_of_work() as session:
        assert await assignments.release_due(session, now=world.clock.now()) == 1
    silent = await world.person(silent.name)
    assert ok(await silent.get(f"/me/assignments/{theirs['id']}"))["state"] == "released"
    # Nobody is punished for not confirming.
    assert ok(await silent.get("/me/no-shows")) == []
    assert await seats(world, shift) == (2, 0)


async def test_a_no_show_is_filled_by_a_standby_and_may_be_appealed(world: World, floor: Floor) -> None:
    absent, standby = await gigs.worker(world), await gigs.worker(world)
    order = await gigs.order(floor)
    shift = await gigs.shift(floor, order, world.clock.now() + timedelta(hours=20), heads=1, standby_seats=2)
    seat = ok(await answer(absent, await offered(floor, shift, absent), "accept"))
    await fill(world, shift)
    (offer,) = ok(await standby.get("/me/shift-offers"))["items"]
    assert (offer["seat"], offer["standby_fen"]) == ("standby", 3000)
    ok(await answer(standby, offer, "accept"))
    early = await floor.dispatcher.post(
        f"/assignments/{seat['id']}/no-show", {"expected_version": seat["version"]}, key=key()
    )
    refused(early, 409, "not_yet_late")
    officer = await gigs.gigs_officer(world)
    world.clock.advance(timedelta(hours=20, minutes=1))
    officer.token = (await world.person(officer.name, officer.app)).token
    dispatcher = await world.person(floor.dispatcher.name, "linggong")
    ok(await dispatcher.post(f"/assignments/{seat['id']}/no-show", {"expected_version": seat["version"]}, key=key()))
    await fill(world, shift)
    people = ok(await dispatcher.get(f"/shifts/{shift.id}/people"))
    assert [(one["state"], one["seat"]) for one in people["people"]] == [
        ("no_show", "regular"),
        ("confirmed", "regular"),
    ]
    assert (people["taken"], people["standby_taken"]) == (2, 0)
    absent = await world.person(absent.name)
    (record,) = ok(await absent.get("/me/no-shows"))
    assert (record["points"], record["rule"]) == (2, "未到岗且没有说明，计2分")
    form = {"words": "当天发烧去医院，有病历。", "expected_version": record["version"]}
    appealed = ok(await absent.post(f"/me/no-shows/{record['id']}/appeal", form, key=key()))
    assert appealed["state"] == "appealed"
    (waiting,) = ok(await officer.get("/no-show-appeals"))["items"]
    assert waiting["words"] == "当天发烧去医院，有病历。"
    decision = {"uphold": False, "decision": "病历属实，撤销记录。", "expected_version": waiting["version"]}
    refused(await dispatcher.post(f"/no-shows/{record['id']}/decision", decision, key=key()), 403, "forbidden")
    ok(await officer.post(f"/no-shows/{record['id']}/decision", decision, key=key()))
    assert ok(await absent.get("/me/standing"))["points"] == 0


async def test_an_appeal_after_five_working_days_is_too_late(world: World, floor: Floor) -> None:
    worker = await gigs.worker(world)
    order = await gigs.order(floor, fill_mode=FillMode.FIRST_COME)
    shift = await gigs.shift(floor, order, world.clock.now() + timedelta(hours=5))
    seat = ok(await claim(worker, shift))
    world.clock.advance(timedelta(minutes=31))
    ok(await act(worker, seat, "leave"))
    world.clock.advance(timedelta(days=8))
    worker = await world.person(worker.name)
    (record,) = ok(await worker.get("/me/no-shows"))
    form = {"words": "当时没有看到通知。", "expected_version": record["version"]}
    refused(await worker.post(f"/me/no-shows/{record['id']}/appeal", form, key=key()), 409, "appeal_too_late")


async def test_the_rings_of_an_urgent_search(world: World, floor: Floor) -> None:
    worker = await gigs.worker(world)
    shift = await gigs.shift(floor, await gigs.order(floor), world.clock.now() + timedelta(hours=3), heads=1)
    form = {"expected_version": shift.version}
    begun = ok(await floor.dispatcher.post(f"/shifts/{shift.id}/urgent", form, key=key()))
    assert begun["urgent_ring"] == 1
    again = {"expected_version": begun["version"]}
    refused(await floor.dispatcher.post(f"/shifts/{shift.id}/urgent", again, key=key()), 409, "urgent_already")
    assert "10 分钟" in refused(await claim(worker, shift), 409, "not_in_ring")["message"]
    for _ in range(2):
        world.clock.advance(timedelta(minutes=10))
        async with world.runtime.db.unit_of_work() as session:
            assert await urgent.widen_due(session, now=world.clock.now()) == 1
    assert ok(await claim(worker, shift))["state"] == "confirmed"


async def test_a_call_off_frees_the_seat_and_tells_the_person(world: World, floor: Floor) -> None:
    worker = await gigs.worker(world)
    order = await gigs.order(floor, fill_mode=FillMode.FIRST_COME)
    shift = await gigs.shift(floor, order, world.clock.now() + timedelta(hours=15))
    seat = ok(await claim(worker, shift))
    form = {"reason": "订单取消", "expected_version": seat["version"]}
    refused(await worker.post(f"/assignments/{seat['id']}/call-off", form, key=key()), 403, "forbidden")
    ok(await floor.dispatcher.post(f"/assignments/{seat['id']}/call-off", form, key=key()))
    assert ok(await worker.get(f"/me/assignments/{seat['id']}"))["state"] == "called_off"
    assert ok(await worker.get("/me/no-shows")) == []
    assert await seats(world, shift) == (0, 0)


async def test_ratings_once_from_each_side_after_the_shift(world: World, floor: Floor) -> None:
    worker = await gigs.worker(world)
    order = await gigs.order(floor, fill_mode=FillMode.FIRST_COME)
    shift = await gigs.shift(floor, order, world.clock.now() + timedelta(hours=15))
    seat = ok(await claim(worker, shift))
    path = f"/me/assignments/{seat['id']}/rating"
    refused(await worker.post(path, {"stars": 5}, key=key()), 409, "rating_closed")
    await set_columns(world, Assignment, seat["id"], state="done")
    ok(await worker.post(path, {"stars": 5}, key=key()))
    refused(await worker.post(path, {"stars": 1}, key=key()), 409, "already_rated")
    ok(await floor.dispatcher.post(f"/assignments/{seat['id']}/rating", {"stars": 4}, key=key()))
    standing = ok(await worker.get("/me/standing"))
    assert (standing["stars"], standing["ratings"]) == (None, 1)


async def test_deleting_the_account_gives_the_seats_back(world: World, floor: Floor) -> None:
    worker = await gigs.worker(world)
    order = await gigs.order(floor, fill_mode=FillMode.FIRST_COME)
    shift = await gigs.shift(floor, order, gigs.at(world, 4, 8))
    ok(await claim(worker, shift))
    ok(await worker.call("DELETE", "/me/consents/service"))
    assert await seats(world, shift) == (0, 0)
    assert await count(world, NoShow) == 0


async def on_list(world: World, floor: Floor) -> Someone:
    worker = await gigs.worker(world)
    now = world.clock.now()
    async with world.runtime.db.unit_of_work() as session:
        session.add(
            RosterMember(created_at=now, updated_at=now, enterprise_id=UUID(floor.firm_id), person_id=UUID(worker.id))
        )
    return worker


async def invite(floor: Floor, shift: Shift, worker: Someone) -> Any:
    return await floor.dispatcher.post(f"/shifts/{shift.id}/invitations", {"person_id": worker.id}, key=key())


async def test_the_dispatcher_asks_one_of_the_list(world: World, floor: Floor) -> None:
    shift = await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 8), heads=1)
    worker, other = await on_list(world, floor), await on_list(world, floor)
    refused(await invite(floor, shift, await gigs.worker(world)), 404, "roster_member_not_found")
    asked = ok(await invite(floor, shift, worker))
    assert (asked["shift_id"], await seats(world, shift)) == (str(shift.id), (0, 2))
    (offer,) = ok(await worker.get("/me/shift-offers"))["items"]
    assert (offer["source"], offer["reason"]) == ("dispatcher", "派工员请您来上这个班")
    refused(await invite(floor, shift, worker), 409, "invite_refused")
    refused(await invite(floor, shift, other), 409, "seats_full")
    ok(await answer(worker, offer, "decline"))
    ok(await invite(floor, shift, other))
    (offer,) = ok(await other.get("/me/shift-offers"))["items"]
    ok(await answer(other, offer, "accept"))
    assert await seats(world, shift) == (2, 0)


async def test_why_somebody_cannot_be_asked_is_not_told(world: World, floor: Floor) -> None:
    """Another shift at that time, a firm that one hides from, a block: one answer, and no seat is held."""
    shift = await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 8))
    first_come = await gigs.order(floor, fill_mode=FillMode.FIRST_COME)
    elsewhere = await gigs.shift(floor, first_come, gigs.at(world, 4, 9))
    busy, hidden, unwanted = [await on_list(world, floor) for _ in range(3)]
    ok(await claim(busy, elsewhere))
    async with world.runtime.db.unit_of_work() as session:
        profile = await law.lock_worker(session, UUID(hidden.id))
        profile.hidden_from = [floor.firm_id]
    form = {"person_id": unwanted.id, "reason": "多次约好不来"}
    ok(await floor.dispatcher.post(f"/enterprises/{floor.firm_id}/worker-blocks", form, key=key()))
    for person in (busy, hidden):
        refused(await invite(floor, shift, person), 409, "invite_refused")
    assert (await invite(floor, shift, unwanted)).status_code in {404, 409}
    assert await seats(world, shift) == (0, 0)


async def test_the_firm_where_the_work_is_sees_an_agencys_order_and_runs_the_gate(world: World, floor: Floor) -> None:
    using = await rival(world)
    place = {"using_firm": "用工单位", "using_enterprise_id": UUID(using.firm_id)}
    order = await gigs.order(floor, fill_mode=FillMode.FIRST_COME, **place)
    shift = await gigs.shift(floor, order, gigs.at(world, 4, 8))
    worker = await gigs.worker(world)
    ok(await claim(worker, shift))
    gate = using.recruiter
    await world.appoint(gate, Role.DISPATCHER, ScopeKind.ENTERPRISE, using.firm_id)
    assert [row["id"] for row in ok(await gate.get(f"/enterprises/{using.firm_id}/shift-orders"))["items"]] == [
        str(order.id)
    ]
    assert ok(await gate.get(f"/shift-orders/{order.id}"))["id"] == str(order.id)
    assert len(ok(await gate.get(f"/shifts/{shift.id}/people"))["people"]) == 1
    assert ok(await gate.get(f"/shifts/{shift.id}/check-in-code"))["code"]
    # What is the employer's stays the employer's.
    refused(await gate.post(f"/shifts/{shift.id}/urgent", {"expected_version": 1}, key=key()), 404, "shift_not_found")
    form = {"expected_version": order.version, "reason": "不归我们取消"}
    refused(await gate.post(f"/shift-orders/{order.id}/cancel", form, key=key()), 404, "shift_order_not_found")
    third = await world.person()
    assert (await third.get(f"/shifts/{shift.id}/people")).status_code in {403, 404}
