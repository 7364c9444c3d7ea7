"""The law asked of the rows: what counts as worked, per employer and per person, and the label with its numbers."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from app.core.clock import china_date
from app.core.ids import new_id
from app.models.gigs import LabourLimitRow, Shift, ShiftOrder, Timesheet
from app.rules.gigs import refusals
from app.rules.gigs.labels import Label
from app.rules.gigs.labour import limits_of
from app.rules.gigs.offers import WORKED, AssignmentState
from app.rules.gigs.profiles import WorkerProfileMissingError
from app.rules.gigs.sharing import NotSharedError
from app.rules.gigs.terms import RelationLabel
from app.services.gigs import law
from tests.factories.world import Someone, World
from tests.rules.gigs.material import rows as seed_rows
from tests.support.gig_people import born, taken
from tests.support.gigs import at, floor, order, shift, worker
from tests.support.jobs import Hiring, counted, rival


async def ask(world: World, person: Someone, wanted: Shift, of: ShiftOrder, **options: Any) -> Label:
    async with world.runtime.db.unit_of_work() as session:
        await law.lock_worker(session, UUID(person.id))
        return await law.check_may_take(
            session, person_id=UUID(person.id), shift=wanted, order=of, now=world.clock.now(), **options
        )


async def test_the_rows_of_the_database_are_those_of_the_file(world: World) -> None:
    today = china_date(world.clock.now())
    async with world.runtime.db.reading() as session:
        assert await law.limits_on(session, today) == limits_of(seed_rows(), today)


async def test_an_edited_row_counts_at_once(world: World, hiring: Hiring) -> None:
    firm, person = await floor(world, hiring), await worker(world)
    of = await order(firm)
    wanted = await shift(firm, of, at(world, 2, 8))
    assert (await ask(world, person, wanted, of)).day_minutes == 480
    async with world.runtime.db.unit_of_work() as session:
        row = (await session.exec(select(LabourLimitRow).where(LabourLimitRow.limit_id == "day_minutes"))).one()
        row.value = 420
    with pytest.raises(refusals.OvertimeConsentError, match="7小时"):
        await ask(world, person, wanted, of)


async def test_without_a_registration_or_a_birth_date(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    of = await order(firm)
    wanted = await shift(firm, of, at(world, 2, 8))
    with pytest.raises(WorkerProfileMissingError):
        await ask(world, await world.seeker(), wanted, of)
    with pytest.raises(refusals.BirthDateMissingError):
        await ask(world, await worker(world, await world.person()), wanted, of)


async def test_only_what_is_promised_or_worked_counts(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    of = await order(firm)
    wanted = await shift(firm, of, at(world, 2, 8))
    same_day = await shift(firm, of, at(world, 2, 12))
    for state in AssignmentState:
        person = await worker(world)
        held = await taken(world, person, same_day, state)
        if state in WORKED:
            with pytest.raises(refusals.OverlapError):
                await ask(world, person, wanted, of)
            # A swap: the seat that this one replaces does not count.
            await ask(world, person, wanted, of, exclude_assignment=held.id)
        else:
            await ask(world, person, wanted, of)


async def test_hours_with_one_firm_bind_and_of_all_firms_warn(world: World, hiring: Hiring) -> None:
    firm, other = await floor(world, hiring), await floor(world, await rival(world))
    person = await worker(world, outside_minutes_week=60)
    of, elsewhere = await order(firm), await order(other)
    # A Monday ahead: five days with the other firm.
    monday = (7 - china_date(world.clock.now()).weekday()) % 7 + 7
    for day in range(5):
        await taken(world, person, await shift(other, elsewhere, at(world, monday + day, 8)))
    label = await ask(world, person, await shift(firm, of, at(world, monday + 5, 8)), of)
    assert (label.kind, label.day_minutes, label.week_minutes) == (RelationLabel.TASK_CONTRACT, 480, 120)
    assert "合计49小时（含您自报的平台外1小时）" in label.warnings[0]
    with pytest.raises(refusals.OvertimeConsentError):
        await ask(world, person, await shift(other, elsewhere, at(world, monday + 5, 8)), elsewhere)
    async with world.runtime.db.unit_of_work() as session:
        (await law.lock_worker(session, UUID(person.id))).overtime_consent = True
    await ask(world, person, await shift(other, elsewhere, at(world, monday + 5, 8)), elsewhere)
    await taken(world, person, await shift(other, elsewhere, at(world, monday + 5, 8)))
    with pytest.raises(refusals.RestDayError):
        await ask(world, person, await shift(firm, of, at(world, monday + 6, 8)), of)


async def test_the_settled_time_sheet_counts_not_the_plan(world: World, hiring: Hiring) -> None:
    firm, person = await floor(world, hiring), await worker(world)
    of = await order(firm)
    morning = await taken(
        world, person, await shift(firm, of, at(world, 2, 0), minutes=240, breaks=0), AssignmentState.DONE
    )
    later = await shift(firm, of, at(world, 2, 15, 30), minutes=270, breaks=0)
    with pytest.raises(refusals.OvertimeConsentError):
        await ask(world, person, later, of)
    now = world.clock.now()
    async with world.runtime.db.unit_of_work() as session:
        session.add(
            Timesheet(
                created_at=now, updated_at=now, assignment_id=morning.id, enterprise_id=of.enterprise_id,
                person_id=UUID(person.id), day=china_date(morning.starts_at), final_minutes=180,
            )
        )  # fmt: skip
    assert (await ask(world, person, later, of)).day_minutes == 450


async def test_minors_by_the_day_of_the_shift(world: World, hiring: Hiring) -> None:
    firm, person = await floor(world, hiring), await world.seeker()
    # Sixteen in three days.
    await born(world, person, 16, -3)
    await worker(world, person)
    of, dusty = await order(firm, minimum_age=16), await order(firm, minimum_age=16, hazards=["dust"])
    with pytest.raises(refusals.UnderAgeError, match="16周岁"):
        await ask(world, person, await shift(firm, of, at(world, 2, 8)), of)
    wanted = await shift(firm, of, at(world, 3, 8))
    with pytest.raises(refusals.MinorNotReadyError):
        await ask(world, person, wanted, of)
    async with world.runtime.db.unit_of_work() as session:
        ready = china_date(world.clock.now()) + timedelta(days=4)
        (await law.lock_worker(session, UUID(person.id))).minor_ready_until = ready
    await ask(world, person, wanted, of)
    with pytest.raises(refusals.MinorHazardError, match="粉尘"):
        await ask(world, person, await shift(firm, dusty, at(world, 3, 8)), dusty)
    with pytest.raises(refusals.MinorNightError):
        await ask(world, person, await shift(firm, of, at(world, 3, 20)), of)
    with pytest.raises(refusals.MinorNotReadyError):
        await ask(world, person, await shift(firm, of, at(world, 5, 8)), of)


async def test_the_way_between_two_firms(world: World, hiring: Hiring) -> None:
    firm, person = await floor(world, hiring), await worker(world)
    near, far = await order(firm, east_m=0, north_m=0), await order(firm, east_m=30_000, north_m=0)
    await taken(world, person, await shift(firm, near, at(world, 2, 0), minutes=60, breaks=0))
    wanted = await shift(firm, far, at(world, 2, 12), minutes=60, breaks=0)
    await ask(world, person, wanted, far)
    async with world.runtime.db.unit_of_work() as session:
        row = (await session.exec(select(LabourLimitRow).where(LabourLimitRow.limit_id == "rest_between"))).one()
        row.confirmed = False
    await ask(world, person, wanted, far)
    soon = await shift(firm, far, at(world, 2, 3), minutes=60, breaks=0)
    with pytest.raises(refusals.TravelError):
        await ask(world, person, soon, far)


async def test_since_when_the_contract_is_due_and_the_shared_label(world: World, hiring: Hiring) -> None:
    firm, person = await floor(world, hiring), await worker(world)
    of = await order(firm)
    first = await taken(world, person, await shift(firm, of, at(world, -60, 8)), AssignmentState.DONE)
    wanted = await shift(firm, of, at(world, 2, 8))
    due = china_date(first.starts_at) + timedelta(days=30)
    label = await ask(world, person, wanted, of)
    assert f"{due.year}年{due.month}月{due.day}日前" in label.text
    lent = of.model_copy(update={"sharing_id": new_id()})
    with pytest.raises(NotSharedError):
        await ask(world, person, wanted, lent)
    async with world.runtime.db.reading() as session:
        label = await law.preview(session, person_id=UUID(person.id), shift=wanted, order=lent)
    assert label.kind is RelationLabel.SHARED


async def test_a_preview_says_the_label_whatever_the_law_says(world: World, hiring: Hiring) -> None:
    firm, person = await floor(world, hiring), await worker(world)
    of = await order(firm)
    wanted = await shift(firm, of, at(world, 2, 8), minutes=660, breaks=0)
    with pytest.raises(refusals.OvertimeConsentError):
        await ask(world, person, wanted, of)
    async with world.runtime.db.reading() as session:
        label = await law.preview(session, person_id=UUID(person.id), shift=wanted, order=of)
    assert label.day_minutes == 660


async def test_the_question_costs_the_same_whatever_was_worked(world: World, hiring: Hiring) -> None:
    firm, person = await floor(world, hiring), await worker(world)
    of = await order(firm)
    wanted = await shift(firm, of, at(world, 20, 8))
    with counted(world.runtime.db.writer) as few:
        await ask(world, person, wanted, of)
    for day in range(1, 13, 2):
        await taken(world, person, await shift(firm, of, at(world, day, 8)))
    with counted(world.runtime.db.writer) as many:
        await ask(world, person, wanted, of)
    assert len(few) == len(many) <= 8
