"""Hundreds at one shift: never oversold, nobody at two places at once, each freed seat offered once."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from app.core.errors import AppError, UnavailableError
from app.core.ids import new_id
from app.models.gigs import Assignment, Offer, Shift, WaitingEntry, WeeklyWindow, WorkerProfile, WorkerSkill
from app.models.identity import Consent, Person
from app.rules.gigs.offers import HOLDING, AssignmentState, OfferState, WaitingState
from app.rules.gigs.terms import FillMode
from app.rules.identity.apps import ClientApp
from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose
from app.rules.identity.roles import Actor
from app.services.gigs import attendance, claims, offers, refill
from tests.factories.world import World
from tests.support import gigs
from tests.support.gigs import FLAT_SEAM
from tests.support.jobs import Hiring

pytestmark = pytest.mark.anyio
PEOPLE, HEADS, CALLERS = 500, 50, 64
TRIES = 20
Act = Callable[[Any], Awaitable[Any]]


async def crowd(world: World, many: int) -> list[Actor]:
    """Grown-up workers by rows; nobody here signs in."""
    now, crypto = world.clock.now(), world.crypto
    people = [new_id() for _ in range(many)]
    rows: dict[Any, list[dict[str, Any]]] = {
        Person: [],
        Consent: [],
        WorkerProfile: [],
        WorkerSkill: [],
        WeeklyWindow: [],
    }
    for one in people:
        base = {"id": one, "created_at": now, "updated_at": now, "version": 1}
        born = crypto.seal("person", "birth_date", one, "1990-05-01")
        rows[Person].append(Person(**base, birth_date_sealed=born).model_dump())
        mine = {"created_at": now, "person_id": one}
        service = {"purpose": ConsentPurpose.SERVICE, "policy_version": POLICY_VERSIONS[ConsentPurpose.SERVICE]}
        rows[Consent].append(Consent(**mine, **service, app=ClientApp.LINGGONG).model_dump())
        rows[WorkerProfile].append(WorkerProfile(**mine, updated_at=now, urgent=True).model_dump())
        rows[WorkerSkill].append(WorkerSkill(**mine, updated_at=now, process_code=FLAT_SEAM, level=3).model_dump())
        rows[WeeklyWindow].extend(
            WeeklyWindow(**mine, weekday=day, start_minute=0, end_minute=1440).model_dump() for day in range(7)
        )
    async with world.runtime.db.unit_of_work() as session:
        connection = await session.connection()
        for table, values in rows.items():
            await connection.execute(insert(table), values)
    return [Actor(person_id=one, session_id=new_id(), app=ClientApp.LINGGONG) for one in people]


async def attempt(world: World, act: Act) -> str:
    """What became of it: "done", or the code of the refusal. Whoever hears that the service is busy tries again."""
    for _ in range(TRIES):
        try:
            async with world.runtime.db.unit_of_work() as session:
                await act(session)
        except UnavailableError:
            await asyncio.sleep(0)
        except AppError as exc:
            return exc.code
        else:
            return "done"
    raise AssertionError("busy for ever")


async def tally(world: World, shift: Shift) -> dict[str, int]:
    async with world.runtime.db.connection() as connection:
        row = (
            await connection.execute(select(Shift.taken, Shift.offered, Shift.seats).where(Shift.id == shift.id))  # type: ignore[call-overload]
        ).one()
        held = select(func.coalesce(func.sum(Assignment.units), 0)).where(
            Assignment.shift_id == shift.id,
            Assignment.state.in_(HOLDING),  # type: ignore[attr-defined]
        )
        asked = select(func.coalesce(func.sum(Offer.units), 0)).where(
            Offer.shift_id == shift.id, Offer.state == OfferState.OFFERED
        )
        return {
            "taken": row.taken, "offered": row.offered, "seats": row.seats,
            "held": (await connection.execute(held)).scalar_one(), "asked": (await connection.execute(asked)).scalar_one(),
        }  # fmt: skip


def claiming(world: World, actor: Actor, shift: Shift) -> Act:
    async def act(session: Any) -> Any:
        return await claims.claim(session, world.crypto, actor, shift.id, now=world.clock.now())

    return act


async def test_five_hundred_claim_fifty_seats(world: World, hiring: Hiring) -> None:
    floor = await gigs.floor(world, hiring)
    order = await gigs.order(floor, fill_mode=FillMode.FIRST_COME)
    shift = await gigs.shift(floor, order, gigs.at(world, 4, 8), heads=HEADS)
    people = await crowd(world, PEOPLE)
    found = Counter(await asyncio.gather(*(attempt(world, claiming(world, one, shift)) for one in people)))
    assert found == {"done": HEADS, "seats_full": PEOPLE - HEADS}
    assert await tally(world, shift) == {"taken": 100, "offered": 0, "seats": 100, "held": 100, "asked": 0}


async def test_one_person_claims_two_shifts_at_one_time(world: World, hiring: Hiring) -> None:
    """Whichever comes second finds the first one there."""
    floor = await gigs.floor(world, hiring)
    order = await gigs.order(floor, fill_mode=FillMode.FIRST_COME)
    shifts = [await gigs.shift(floor, order, gigs.at(world, 4, hour)) for hour in (8, 9, 10, 11)]
    people = await crowd(world, 16)
    acts = [claiming(world, one, shift) for one in people for shift in shifts]
    found = Counter(await asyncio.gather(*(attempt(world, act) for act in acts)))
    assert found["done"] == sum([(await tally(world, shift))["held"] for shift in shifts]) // 2
    async with world.runtime.db.connection() as connection:
        per_person = (
            await connection.execute(select(func.count()).select_from(Assignment).group_by(Assignment.person_id))  # type: ignore[arg-type]
        ).scalars()
        assert set(per_person) == {1}


async def test_seats_are_given_up_while_others_stand_in_line(world: World, hiring: Hiring) -> None:
    """Lines, cancellations and declines at once, the worker refilling meanwhile; then everything adds up."""
    floor = await gigs.floor(world, hiring)
    order = await gigs.order(floor, fill_mode=FillMode.FIRST_COME)
    shift = await gigs.shift(floor, order, gigs.at(world, 4, 8), heads=10)
    people = await crowd(world, 40)
    await asyncio.gather(*(attempt(world, claiming(world, one, shift)) for one in people[:10]))
    dice = random.Random(7)  # noqa: S311

    async def stand_in_line(one: Actor) -> str:
        return await attempt(world, lambda s: claims.wait(s, world.crypto, one, shift.id, now=world.clock.now()))

    async def refilled() -> None:
        for _ in range(6):
            await attempt(world, lambda s: refill.refill(s, shift.id, now=world.clock.now()))
            await asyncio.sleep(0)

    acts = [
        *(stand_in_line(one) for one in people[10:]),
        *(attempt(world, leaving(world, one, shift)) for one in people[:6]),
    ]
    dice.shuffle(acts)
    await asyncio.gather(refilled(), *acts)
    await attempt(world, lambda s: refill.refill(s, shift.id, now=world.clock.now()))
    numbers = await tally(world, shift)
    assert numbers["held"] == numbers["taken"]
    assert numbers["asked"] == numbers["offered"]
    assert numbers["taken"] + numbers["offered"] <= numbers["seats"]
    # Half of those who were asked decline, the others accept: each freed seat goes to one other person.
    async with world.runtime.db.unit_of_work() as session:
        waiting = (await session.exec(select(Offer.id, Offer.person_id, Offer.version))).all()  # type: ignore[call-overload]
    by_person = {one.person_id: one for one in people}

    async def answer(row: Any, *, yes: bool) -> str:
        verb = offers.accept if yes else offers.decline
        actor = by_person[row.person_id]
        return await attempt(
            world,
            lambda s: verb(s, world.crypto, actor, row.id, expected_version=row.version, now=world.clock.now()),
        )

    answers = await asyncio.gather(*(answer(row, yes=place % 2 == 0) for place, row in enumerate(waiting)))
    assert set(answers) <= {"done"}
    await attempt(world, lambda s: refill.refill(s, shift.id, now=world.clock.now()))
    numbers = await tally(world, shift)
    assert (numbers["held"], numbers["asked"]) == (numbers["taken"], numbers["offered"])
    async with world.runtime.db.connection() as connection:
        line = select(func.count()).where(WaitingEntry.state == WaitingState.WAITING)
        # A seat is free only where nobody is left in line.
        assert (
            numbers["taken"] + numbers["offered"] == numbers["seats"]
            or (await connection.execute(line)).scalar_one() == 0
        )
        twice = select(func.count()).select_from(Offer).group_by(Offer.person_id)  # type: ignore[arg-type]
        assert set((await connection.execute(twice)).scalars()) <= {1}


async def test_five_hundred_claim_fifty_seats_while_some_give_theirs_up_and_some_decline(
    world: World, hiring: Hiring
) -> None:
    """Everything at once: who finds it full stands in line, every third gives up the seat, every second declines an offer."""
    floor = await gigs.floor(world, hiring)
    shift = await gigs.shift(
        floor, await gigs.order(floor, fill_mode=FillMode.FIRST_COME), gigs.at(world, 4, 8), heads=HEADS
    )
    people = await crowd(world, PEOPLE)
    counts: Counter[str] = Counter()
    under_way = PEOPLE
    # So many callers at a time; the others are on their way.
    callers = asyncio.Semaphore(CALLERS)

    async def one(place: int, actor: Actor) -> None:
        nonlocal under_way
        async with callers:
            found = "seats_still_free"
            # A seat that has just fallen free is claimed, not waited for.
            while found == "seats_still_free":
                found = await attempt(world, claiming(world, actor, shift))
                if found == "seats_full":
                    found = await attempt(
                        world, lambda s: claims.wait(s, world.crypto, actor, shift.id, now=world.clock.now())
                    )
                    counts["waiting"] += found == "done"
                elif found == "done":
                    counts["claimed"] += 1
                    if place % 3 == 0:
                        while counts["waiting"] < HEADS:
                            await asyncio.sleep(0.01)
                        assert await attempt(world, leaving(world, actor, shift)) == "done"
                        counts["left"] += 1
            assert found == "done"
            under_way -= 1

    async def answered() -> int:
        """Whoever was asked answers at once."""
        rows: list[Any] = []

        async def look(session: Any) -> None:
            asked = select(Offer.id, Offer.person_id, Offer.version).where(Offer.state == OfferState.OFFERED)  # type: ignore[call-overload]
            rows.extend((await session.exec(asked)).all())

        await attempt(world, look)
        by_person = {actor.person_id: (place, actor) for place, actor in enumerate(people)}

        async def answer(row: Any) -> None:
            place, actor = by_person[row.person_id]
            verb, name = (offers.decline, "declined") if place % 2 else (offers.accept, "accepted")
            act = lambda s: verb(s, world.crypto, actor, row.id, expected_version=row.version, now=world.clock.now())  # noqa: E731
            counts[name if await attempt(world, act) == "done" else "other"] += 1

        await asyncio.gather(*(answer(row) for row in rows))
        return len(rows)

    async def worker() -> None:
        idle = 0
        while under_way or idle < 2:
            await attempt(world, lambda s: refill.refill(s, shift.id, now=world.clock.now()))
            idle = 0 if await answered() or under_way else idle + 1

    await asyncio.gather(worker(), *(one(place, actor) for place, actor in enumerate(people)))
    # Now nobody claims any more: whoever stands in line is asked about every seat that falls free.
    async with world.runtime.db.connection() as connection:
        holders = select(Assignment.person_id).where(Assignment.state.in_(HOLDING)).limit(20)  # type: ignore[call-overload, attr-defined]
        late = set((await connection.execute(holders)).scalars())
    under_way = len(late)

    async def late_one(actor: Actor) -> None:
        nonlocal under_way
        assert await attempt(world, leaving(world, actor, shift)) == "done"
        counts["left"] += 1
        under_way -= 1

    await asyncio.gather(worker(), *(late_one(actor) for actor in people if actor.person_id in late))
    numbers = await tally(world, shift)
    assert numbers == {"taken": 100, "offered": 0, "seats": 100, "held": 100, "asked": 0}
    assert counts["other"] == 0
    assert counts["claimed"] + counts["accepted"] - counts["left"] == HEADS
    async with world.runtime.db.connection() as connection:
        per_person = select(func.count()).select_from(Offer).group_by(Offer.person_id)  # type: ignore[arg-type]
        assert set((await connection.execute(per_person)).scalars()) <= {1}
        made = (await connection.execute(select(func.count()).select_from(Offer))).scalar_one()
    # Each seat that fell free was offered once, and again only after it was declined.
    assert made == counts["accepted"] + counts["declined"]
    assert counts["left"] > 0
    assert counts["declined"] > 0


def leaving(world: World, actor: Actor, shift: Shift) -> Act:
    async def act(session: Any) -> Any:
        mine = select(Assignment.id, Assignment.version).where(  # type: ignore[call-overload]
            Assignment.person_id == actor.person_id,
            Assignment.shift_id == shift.id,
            Assignment.state.in_(HOLDING),  # type: ignore[attr-defined]
        )
        row = (await session.exec(mine)).one()
        return await attendance.leave(
            session, world.crypto, actor, row.id, excuse=None, expected_version=row.version, now=world.clock.now()
        )

    return act


async def test_an_offer_is_accepted_declined_and_lapsed_at_once(world: World, hiring: Hiring) -> None:
    """One end for each offer, and one seat back for each that was not taken."""
    floor = await gigs.floor(world, hiring)
    shift = await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 8), heads=8)
    people = await crowd(world, 8)
    await attempt(world, lambda s: refill.refill(s, shift.id, now=world.clock.now()))
    async with world.runtime.db.unit_of_work() as session:
        made = (await session.exec(select(Offer.id, Offer.person_id, Offer.version, Offer.answer_by))).all()  # type: ignore[call-overload]
    assert len(made) == 8
    by_person = {one.person_id: one for one in people}
    late = max(row.answer_by for row in made) + timedelta(seconds=1)

    def verb(row: Any, what: Any) -> Act:
        return lambda s: what(
            s, world.crypto, by_person[row.person_id], row.id, expected_version=row.version, now=world.clock.now()
        )

    acts = [verb(row, what) for row in made for what in (offers.accept, offers.decline)]
    acts += [lambda s: offers.lapse_due(s, now=late)] * 4
    found = Counter(await asyncio.gather(*(attempt(world, act) for act in acts)))
    assert set(found) <= {"done", "stale", "offer_state_wrong", "offer_expired"}
    numbers = await tally(world, shift)
    assert (numbers["held"], numbers["asked"], numbers["offered"]) == (numbers["taken"], 0, 0)
    async with world.runtime.db.connection() as connection:
        states = Counter((await connection.execute(select(Offer.state))).scalars())  # type: ignore[call-overload]
        seats = (
            await connection.execute(select(func.count()).where(Assignment.state == AssignmentState.ACCEPTED))
        ).scalar_one()
    assert sum(states.values()) == 8
    assert states[OfferState.OFFERED] == 0
    assert states[OfferState.ACCEPTED] == seats
