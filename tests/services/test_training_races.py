"""Classes under fire on both databases: ten times oversubscribed, withdrawals, two classes at one time, a cancellation."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from app.core.errors import AppError, UnavailableError
from app.core.ids import new_id
from app.models.identity import Consent, Person
from app.models.training import Enrolment, TrainingClass
from app.rules.identity.apps import ClientApp
from app.rules.identity.consents import POLICY_VERSIONS, ConsentMethod, ConsentPurpose
from app.rules.identity.roles import Actor, Grant, Role, ScopeKind
from app.rules.training.enrolments import EnrolmentState
from app.services.training import classes, enrolments
from tests.factories.world import World
from tests.support.training import School, open_school

E = EnrolmentState
TRIES = 60


@pytest.fixture
async def school(world: World) -> School:
    return await open_school(world)


async def crowd(world: World, count: int) -> list[Actor]:
    """People who use the service, written at once."""
    now, people = world.clock.now(), [new_id() for _ in range(count)]
    async with world.runtime.db.unit_of_work() as session:
        session.add_all(Person(id=one, created_at=now, updated_at=now) for one in people)
        await session.flush()
        session.add_all(
            Consent(
                created_at=now, person_id=one, purpose=ConsentPurpose.SERVICE, app=ClientApp.ZHIPIN,
                policy_version=POLICY_VERSIONS[ConsentPurpose.SERVICE], method=ConsentMethod.SELF,
            )
            for one in people
        )  # fmt: skip
    return [Actor(one, new_id(), ClientApp.ZHIPIN) for one in people]


async def at_once(world: World, acts: Sequence[Any]) -> list[Any]:
    """Each in a transaction of its own, all at the same time; a refusal is an answer, a busy database is asked again."""

    async def one(act: Any) -> Any:
        for _ in range(TRIES):
            try:
                async with world.runtime.db.unit_of_work() as session:
                    return await act(session)
            except UnavailableError:
                await asyncio.sleep(random.uniform(0.01, 0.1))  # noqa: S311  # a pause
            except AppError as error:
                return error.code
        raise AssertionError("the database stayed busy")

    return list(await asyncio.gather(*(one(act) for act in acts)))


def enrolling(world: World, actor: Actor, class_id: UUID) -> Any:
    async def act(session: Any) -> str:
        done = await enrolments.enrol(session, actor, class_id, now=world.clock.now())
        return done.row.state.value

    return act


def ending(world: World, actor: Actor, row: Enrolment, verb: str) -> Any:
    async def act(session: Any) -> str:
        acts = {"withdraw": enrolments.withdraw, "accept": enrolments.accept, "decline": enrolments.decline}
        done = await acts[verb](session, actor, row.id, expected_version=row.version, now=world.clock.now())
        return done.row.state.value

    return act


async def state_of(world: World, class_id: UUID) -> tuple[TrainingClass, list[Enrolment]]:
    async with world.runtime.db.reading() as session:
        klass = (await session.exec(select(TrainingClass).where(TrainingClass.id == class_id))).one()
        rows = (await session.exec(select(Enrolment).where(Enrolment.class_id == class_id))).all()
    return klass, list(rows)


def sound(klass: TrainingClass, rows: Sequence[Enrolment]) -> None:
    """Never oversold; the counters are what the rows say; nobody waits while a seat is free; the order is fair."""
    taken = [row for row in rows if row.state is E.ENROLLED]
    offered = [row for row in rows if row.state is E.OFFERED]
    waiting = sorted(row.place or 0 for row in rows if row.state is E.WAITLISTED)
    assert (klass.taken, klass.offered) == (len(taken), len(offered))
    assert klass.taken + klass.offered <= klass.capacity
    assert not waiting or klass.taken + klass.offered == klass.capacity
    assert len(waiting) == len(set(waiting))


@pytest.mark.parametrize("capacity", [1, 2, 30])
async def test_ten_times_oversubscribed_with_withdrawals(school: School, capacity: int) -> None:
    world = school.world
    made = await school.open_class(await school.course(minimum=1), capacity=capacity)
    class_id, people = UUID(made["id"]), await crowd(world, 10 * capacity)
    by_id = {actor.person_id: actor for actor in people}
    found = await at_once(world, [enrolling(world, one, class_id) for one in people])
    assert (found.count("enrolled"), found.count("waitlisted")) == (capacity, 9 * capacity)
    klass, rows = await state_of(world, class_id)
    sound(klass, rows)
    order = [row.person_id for row in sorted((r for r in rows if r.place is not None), key=lambda r: r.place or 0)]
    promoted: list[UUID] = []
    for _ in range(4):
        _, rows = await state_of(world, class_id)
        seated = [row for row in rows if row.state in {E.ENROLLED, E.OFFERED}]
        random.shuffle(seated)
        # Each act comes twice at the same time: one of the two has an effect.
        acts = []
        for number, row in enumerate(seated):
            verb = "withdraw" if row.state is E.ENROLLED else ("accept", "decline", "withdraw")[number % 3]
            if row.state is E.OFFERED or number % 2 == 0:
                acts += [ending(world, by_id[row.person_id], row, verb)] * 2
        answers = await at_once(world, acts)
        assert sum(answer in {"withdrawn", "enrolled", "declined"} for answer in answers) == len(acts) // 2
        klass, rows = await state_of(world, class_id)
        sound(klass, rows)
        seen = set(promoted)
        promoted += [one for one in order if one not in seen and _left_the_list(rows, one)]
    # Whoever moved up did so in the order of the list, each of them once.
    assert promoted == order[: len(promoted)]


def _left_the_list(rows: Sequence[Enrolment], person_id: UUID) -> bool:
    return next(row for row in rows if row.person_id == person_id).state is not E.WAITLISTED


async def test_two_sessions_at_one_time_are_not_both_enrolled(school: School) -> None:
    world = school.world
    course = await school.course(minimum=1)
    one = UUID((await school.open_class(course, school.session(5, 9)))["id"])
    other = UUID((await school.open_class(course, school.session(5, 10)))["id"])
    people = await crowd(world, 16)
    acts = [enrolling(world, actor, class_id) for actor in people for class_id in (one, other)]
    found = await at_once(world, acts)
    for first, second in zip(found[::2], found[1::2], strict=True):
        assert sorted((first, second)) == ["enrolled", "session_clash"]


async def test_a_class_cancelled_while_offers_are_open_leaves_nothing_open(school: School) -> None:
    world = school.world
    made = await school.open_class(await school.course(minimum=1), capacity=8)
    class_id, people = UUID(made["id"]), await crowd(world, 24)
    by_id = {actor.person_id: actor for actor in people}
    await at_once(world, [enrolling(world, one, class_id) for one in people])
    _, rows = await state_of(world, class_id)
    await at_once(
        world, [ending(world, by_id[row.person_id], row, "withdraw") for row in rows if row.state is E.ENROLLED]
    )
    klass, rows = await state_of(world, class_id)
    offers = [row for row in rows if row.state is E.OFFERED]
    assert len(offers) == 8
    officer = Actor(
        UUID(school.officer.id), new_id(), ClientApp.ZHIPIN, (Grant(Role.TRAINING_OFFICER, ScopeKind.TOWN),)
    )

    async def cancel(session: Any) -> str:
        done = await classes.cancel(
            session, officer, class_id, reason="停电", expected_version=klass.version, now=world.clock.now()
        )
        return done.row.state.value

    async def lapse(session: Any) -> int:
        return await enrolments.lapse_due(session, now=world.clock.now() + timedelta(hours=30))

    acts = [ending(world, by_id[row.person_id], row, "accept") for row in offers]
    await at_once(world, [*acts[:4], cancel, lapse, *acts[4:]])
    klass, rows = await state_of(world, class_id)
    assert (klass.state.value, klass.taken, klass.offered) == ("cancelled", 0, 0)
    open_states = {E.ENROLLED, E.OFFERED, E.WAITLISTED, E.PENDING_APPROVAL}
    assert [row.id for row in rows if row.state in open_states] == []


async def test_one_offer_accepted_and_lapsed_at_once_has_one_end(school: School) -> None:
    world = school.world
    made = await school.open_class(await school.course(minimum=1), capacity=1)
    class_id, people = UUID(made["id"]), await crowd(world, 3)
    for actor in people:
        await at_once(world, [enrolling(world, actor, class_id)])
    _, rows = await state_of(world, class_id)
    first = next(row for row in rows if row.state is E.ENROLLED)
    await at_once(world, [ending(world, people[0], first, "withdraw")])
    _, rows = await state_of(world, class_id)
    offer = next(row for row in rows if row.state is E.OFFERED)
    late = world.clock.now() + timedelta(hours=25)

    async def lapse(session: Any) -> int:
        return await enrolments.lapse_due(session, now=late)

    await at_once(world, [lapse, *[ending(world, people[1], offer, "accept")] * 4, lapse])
    klass, rows = await state_of(world, class_id)
    sound(klass, rows)
    states = sorted(row.state.value for row in rows)
    assert states in (["enrolled", "waitlisted", "withdrawn"], ["lapsed", "offered", "withdrawn"])
