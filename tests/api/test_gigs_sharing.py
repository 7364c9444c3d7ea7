"""共享用工 over HTTP: two firms, each person's own yes, and shifts that only those people may take; stand-by at the end."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.core.clock import china_date
from app.core.ids import new_id
from app.models.gigs import RosterMember
from app.rules.gigs.offers import AssignmentState
from app.rules.gigs.terms import FillMode, SeatKind
from app.rules.identity.roles import Role, ScopeKind
from app.services.gigs import problem_of
from app.tasks.sweeps import sweep
from tests.api.test_gigs_pay import order_form
from tests.factories.world import Someone, World, ok, refused
from tests.support import gigs
from tests.support.funnel import later, told
from tests.support.gig_people import taken
from tests.support.gigs import FLAT_SEAM, Floor
from tests.support.jobs import Hiring, key
from tests.support.uploads import pdf, uploaded

pytestmark = pytest.mark.anyio
Row = dict[str, Any]


@pytest.fixture
async def floor(world: World, hiring: Hiring) -> Floor:
    return await gigs.floor(world, hiring)


@pytest.fixture
async def borrower(world: World) -> tuple[Someone, str]:
    _, firm_id = await world.firm("卡宾", "91350581MA0DEM9YY")
    person = await world.person(app="linggong")
    await world.appoint(person, Role.DISPATCHER, ScopeKind.ENTERPRISE, firm_id)
    return person, firm_id


async def on_roster(world: World, floor: Floor) -> Someone:
    person, now = await gigs.worker(world), world.clock.now()
    async with world.runtime.db.unit_of_work() as session:
        session.add(
            RosterMember(
                id=new_id(),
                created_at=now,
                updated_at=now,
                enterprise_id=UUID(floor.firm_id),
                person_id=UUID(person.id),
            )
        )
    return person


async def form(world: World, floor: Floor, firm_id: str, *people: Someone, papers: bool = True, **changes: Any) -> Row:
    files = [(await uploaded(floor.dispatcher, pdf(), purpose="sharing_paper"))["file_id"] for _ in range(2 * papers)]
    today = china_date(world.clock.now())
    return {
        "borrower_id": firm_id, "starts_on": str(today), "ends_on": str(today + timedelta(days=10)),
        "process_code": FLAT_SEAM, "terms": "工资由原单位按原标准发放", "firms_file_id": files[0] if papers else None,
        "workers_file_id": files[1] if papers else None, "person_ids": [person.id for person in people],
    } | changes  # fmt: skip


async def create(floor: Floor, body: Row) -> Any:
    return await floor.dispatcher.post(f"/enterprises/{floor.firm_id}/sharing-agreements", body, key=key())


async def step(someone: Someone, row: Row, verb: str, **more: Any) -> Any:
    path = f"/sharing-agreements/{row['id']}/{verb}"
    return await someone.post(path, {"expected_version": row["version"]} | more, key=key())


async def active(world: World, floor: Floor, borrower: tuple[Someone, str], *people: Someone) -> Row:
    row = ok(await create(floor, await form(world, floor, borrower[1], *people)))
    row = ok(await step(floor.dispatcher, row, "offer"))
    return dict(ok(await step(borrower[0], row, "answer", accept=True)))


async def test_from_draft_to_shift(world: World, floor: Floor, borrower: tuple[Someone, str]) -> None:
    lent, unwilling = await on_roster(world, floor), await on_roster(world, floor)
    row = ok(await create(floor, await form(world, floor, borrower[1], lent, unwilling)))
    # A draft is the lender's own matter.
    assert ok(await borrower[0].get("/sharing-agreements")) == []
    assert ok(await lent.get("/me/sharing-agreements")) == []
    refused(await step(borrower[0], row, "answer", accept=True), 404, "sharing_agreement_not_found")
    row = ok(await step(floor.dispatcher, row, "offer"))
    (mine,) = ok(await lent.get("/me/sharing-agreements"))
    assert "劳动关系、工资和工伤保险仍由原单位" in mine["text"]
    assert len(await told(lent, "gig_sharing")) == 1
    refused(await step(floor.dispatcher, row, "answer", accept=True), 404, "sharing_agreement_not_found")
    row = ok(await step(borrower[0], row, "answer", accept=True))
    assert row["state"] == "active"
    assert ok(await lent.post(f"/me/sharing-agreements/{row['id']}/consent"))["consented_at"] is not None
    (seen,) = ok(await borrower[0].get("/sharing-agreements"))
    assert {person["person_id"]: person["consented"] for person in seen["people"]} == {
        lent.id: True,
        unwilling.id: False,
    }
    draft = (await order_form(world, floor)) | {"sharing_id": row["id"], "fill_mode": "first_come"}
    order = ok(await floor.dispatcher.post("/shift-orders", draft, key=key()))
    assert order["using_firm"].startswith("卡宾")
    shift = order["shifts"][0]["id"]
    for stranger in (unwilling, await gigs.worker(world)):
        refused(await stranger.post(f"/shifts/{shift}/claims", key=key()), 409, "not_in_sharing_agreement")
    seat = ok(await lent.post(f"/shifts/{shift}/claims", key=key()))
    assert seat["label"] == "shared"
    assert ok(await lent.post(f"/me/sharing-agreements/{row['id']}/withdraw"))["consented_at"] is None
    stranger = await gigs.worker(world)
    refused(await stranger.post(f"/me/sharing-agreements/{row['id']}/consent"), 404, "sharing_agreement_not_found")


async def test_the_plan_gives_such_shifts_to_nobody_else(
    world: World, floor: Floor, borrower: tuple[Someone, str]
) -> None:
    lent, other = await on_roster(world, floor), await gigs.worker(world)
    row = await active(world, floor, borrower, lent)
    ok(await lent.post(f"/me/sharing-agreements/{row['id']}/consent"))
    order = await gigs.order(floor, sharing_id=UUID(row["id"]))
    await gigs.shift(floor, order, gigs.at(world, 4, 8))
    horizon = problem_of.Horizon(gigs.at(world, 3, 0), gigs.at(world, 6, 0))
    async with world.runtime.db.unit_of_work() as session:
        problem = await problem_of.build(session, UUID(floor.firm_id), horizon, now=world.clock.now())
    process = problem.shifts[0].process
    assert {one.key: process in one.skills for one in problem.workers} == {lent.id: True, other.id: False}


async def test_what_an_agreement_may_not_say(world: World, floor: Floor, borrower: tuple[Someone, str]) -> None:
    lent, stranger = await on_roster(world, floor), await gigs.worker(world)
    today = china_date(world.clock.now())
    for changes, code, field in (
        ({"borrower_id": floor.firm_id}, "sharing_borrower_wrong", "borrower_id"),
        ({"borrower_id": str(new_id())}, "sharing_borrower_wrong", "borrower_id"),
        ({"ends_on": str(today - timedelta(days=1))}, "sharing_dates_wrong", "ends_on"),
        ({"ends_on": str(today + timedelta(days=367))}, "sharing_dates_wrong", "ends_on"),
        ({"terms": "每人每天收取管理费二十元"}, "sharing_for_profit", "terms"),
        ({"person_ids": [stranger.id]}, "people_not_on_roster", "person_ids"),
    ):
        body = await form(world, floor, borrower[1], lent, **changes)
        refused(await create(floor, body), 422, code, field)
    bare = ok(await create(floor, await form(world, floor, borrower[1], lent, papers=False)))
    refused(await step(floor.dispatcher, bare, "offer"), 422, "sharing_incomplete", "firms_file_id")
    row = await active(world, floor, borrower, lent)
    draft = (await order_form(world, floor)) | {"sharing_id": row["id"]}
    refused(
        await floor.dispatcher.post("/shift-orders", draft | {"process_code": "61101.02"}, key=key()), 422,
        "sharing_agreement_unusable", "sharing_id",
    )  # fmt: skip
    far = gigs.at(world, 12, 8)
    late = [{"starts_at": far.isoformat(), "ends_at": (far + timedelta(hours=8)).isoformat(), "heads": 1}]
    refused(
        await floor.dispatcher.post("/shift-orders", draft | {"shifts": late}, key=key()), 422, "sharing_period_wrong",
        "shifts",
    )  # fmt: skip


async def test_it_ends_by_either_firm_or_by_the_calendar(
    world: World, floor: Floor, borrower: tuple[Someone, str]
) -> None:
    lent = await on_roster(world, floor)
    first = await active(world, floor, borrower, lent)
    assert ok(await step(borrower[0], first, "end"))["state"] == "ended"
    await active(world, floor, borrower, lent)
    await later(world, timedelta(days=10), floor.dispatcher)
    assert (await sweep(world.runtime))["sharing_ended"] == 0
    await later(world, timedelta(days=1), floor.dispatcher)
    assert (await sweep(world.runtime))["sharing_ended"] == 1


async def test_who_stood_by_to_the_end_is_paid_for_it(world: World, floor: Floor) -> None:
    order = await gigs.order(floor, fill_mode=FillMode.ALLOCATE, standby_fen=3000)
    shift = await gigs.shift(
        floor, order, world.clock.now() - timedelta(hours=8), state="running", standby_seats=4, standby_taken=4
    )
    waiting, unsure = await gigs.worker(world), await gigs.worker(world)
    spare = await taken(world, waiting, shift, seat=SeatKind.STANDBY)
    await taken(world, unsure, shift, AssignmentState.ACCEPTED, seat=SeatKind.STANDBY)
    await later(world, timedelta(hours=1, minutes=1), waiting, unsure)
    assert (await sweep(world.runtime))["shifts_turned"] == 1
    (seat,) = ok(await waiting.get("/me/assignments"))["items"]
    assert (seat["id"], seat["state"]) == (str(spare.id), "stood_by")
    (row,) = ok(await waiting.get("/me/settlements"))["items"]
    assert [(line["kind"], line["fen"]) for line in row["lines"]] == [("standby", 3000)]
    assert ok(await unsure.get("/me/settlements"))["items"] == []
