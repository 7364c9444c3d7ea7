"""Rewards, claims and hours under fire: one piece to one person, one refund, one award; on both databases."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, update
from sqlmodel import col, select

from app.core.clock import china_date
from app.core.ids import new_id
from app.core.zone import CHINA
from app.models.identity import Consent, Person
from app.models.points import (
    Activity,
    ActivityPerson,
    PointsAward,
    PointsBudget,
    PointsRule,
    PointsSite,
    Redemption,
    Reward,
    RewardStock,
)
from app.rules.identity.apps import ClientApp
from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose
from app.rules.identity.roles import Actor, Grant, Role, ScopeKind
from app.rules.points.activities import ParticipationState
from app.rules.points.earning import AwardState, FactKind, RuleState
from app.rules.points.rewards import PickedUpBy, RedemptionState, RewardKind, RewardState
from app.schemas.points.activities import HoursForm, PersonHours
from app.schemas.points.rewards import RedeemForm
from app.services.points import activities, awards, counter, households, ledger, own, redemptions, verification
from tests.factories.world import World
from tests.support.points import Act, attempt, shelf, sound

pytestmark = pytest.mark.anyio
CALLERS, PEOPLE, PIECES, PRICE = 64, 500, 50, 20
ROUNDS = 6


async def at_once(world: World, acts: Sequence[Act]) -> list[Any]:
    """As many at a time as there are callers."""
    gate = asyncio.Semaphore(CALLERS)

    async def one(act: Act) -> Any:
        async with gate:
            return await attempt(world, act)

    return list(await asyncio.gather(*(one(act) for act in acts)))


def actor(person_id: UUID, *grants: Grant) -> Actor:
    return Actor(person_id=person_id, session_id=new_id(), app=ClientApp.LINGGONG, grants=grants)


async def crowd(world: World, many: int, *, points: int = PRICE) -> list[Actor]:
    """People by rows, each with some points."""
    now = world.clock.now()
    people = [new_id() for _ in range(many)]
    purpose = ConsentPurpose.SERVICE
    async with world.runtime.db.unit_of_work() as session:
        connection = await session.connection()
        await connection.execute(
            insert(Person), [Person(id=one, created_at=now, updated_at=now).model_dump() for one in people]
        )
        consents = [
            Consent(
                created_at=now, person_id=one, purpose=purpose, policy_version=POLICY_VERSIONS[purpose], app=ClientApp.LINGGONG
            ).model_dump()
            for one in people
        ]  # fmt: skip
        await connection.execute(insert(Consent), consents)
    if points:
        assert set(await at_once(world, [crediting(world, one, points, f"rule:{one}") for one in people])) == {True}
    return [actor(one) for one in people]


def end_of_next_year(world: World) -> datetime:
    return datetime(china_date(world.clock.now()).year + 2, 1, 1, tzinfo=CHINA)


def crediting(world: World, who: UUID, points: int, cause: str) -> Act:
    now, end = world.clock.now(), end_of_next_year(world)
    return lambda s: ledger.credit(s, who, points, cause=cause, told="志愿服务", expires_at=end, now=now)


async def on_offer(world: World, pieces: int = PIECES, **changes: Any) -> RedeemForm:
    now, reward, site = world.clock.now(), new_id(), new_id()
    values = {"title": "理发", "kind": RewardKind.SERVICE, "points": PRICE, "state": RewardState.OFFERED} | changes
    async with world.runtime.db.unit_of_work() as session:
        session.add(PointsSite(id=site, created_at=now, updated_at=now, name=str(site), address="x", hours="x"))
        session.add(Reward(id=reward, created_at=now, updated_at=now, **values))
        await session.flush()
        session.add(RewardStock(reward_id=reward, site_id=site, received=pieces, free=pieces))
    return RedeemForm(reward_id=reward, site_id=site)


def redeeming(world: World, who: Actor, form: RedeemForm) -> Act:
    return lambda s: redemptions.redeem(s, who, form, now=world.clock.now())


async def points_of(world: World, who: Actor) -> own.Points:
    async with world.runtime.db.reading() as session:
        return await own.points_of(session, who.person_id, now=world.clock.now())


async def count(world: World, model: Any, *conditions: Any) -> int:
    async with world.runtime.db.reading() as session:
        return int((await session.exec(select(func.count()).select_from(model).where(*conditions))).one())


async def test_fifty_pieces_and_five_hundred_people(world: World) -> None:
    people, form = await crowd(world, PEOPLE), await on_offer(world)
    found = await at_once(world, [redeeming(world, one, form) for one in people])
    assert Counter(one if isinstance(one, str) else "got" for one in found) == {
        "got": PIECES, "reward_sold_out": PEOPLE - PIECES,
    }  # fmt: skip
    assert await shelf(world, str(form.reward_id)) == (PIECES, 0, PIECES, 0, 0)
    assert await count(world, Redemption) == PIECES
    await sound(world)


async def test_a_balance_of_one_reward_and_64_redemptions(world: World) -> None:
    (mei,), form = await crowd(world, 1), await on_offer(world)
    found = await at_once(world, [redeeming(world, mei, form) for _ in range(CALLERS)])
    assert Counter(one if isinstance(one, str) else "got" for one in found) == {
        "got": 1,
        "points_not_enough": CALLERS - 1,
    }
    mine = await points_of(world, mei)
    assert (mine.available, mine.held) == (0, PRICE)
    await sound(world)


async def test_a_limit_for_each_person(world: World) -> None:
    (mei,), form = await crowd(world, 1, points=PRICE * CALLERS), await on_offer(world, per_person=3)
    found = await at_once(world, [redeeming(world, mei, form) for _ in range(CALLERS)])
    assert Counter(one if isinstance(one, str) else "got" for one in found) == {
        "got": 3,
        "reward_limit_reached": CALLERS - 3,
    }
    await sound(world)


async def test_cancel_lapse_reject_and_hand_over_at_once_have_one_end(world: World) -> None:
    """Whatever wins: points and piece are either spent once or back once."""
    for _ in range(ROUNDS):
        await one_end(world)
    await sound(world)


async def one_end(world: World) -> None:
    (mei,), form = await crowd(world, 1), await on_offer(world, 1, hold_days=1)
    (person,) = await crowd(world, 1, points=0)
    clerk = actor(person.person_id, Grant(Role.POINTS_CLERK, ScopeKind.SITE, form.site_id))
    made = await attempt(world, redeeming(world, mei, form))
    row_id, now, late = made.row.id, world.clock.now(), made.row.until + timedelta(seconds=1)
    acts: list[Act] = [
        lambda s: redemptions.cancel(s, mei, row_id, expected_version=1, now=now),
        lambda s: redemptions.lapse_due(s, now=late),
        lambda s: counter.reject(s, clerk, row_id, reason="破损", expected_version=1, now=now),
        lambda s: counter.fulfil(s, clerk, made.code, picked_up_by=PickedUpBy.SELF, now=now),
    ] * 4
    found = await at_once(world, acts)
    # A sweep that finds nothing says 0; everybody else hears the state or the version.
    won = [one for one in found if one not in ("redemption_state_wrong", "stale", 0)]
    assert len(won) == 1, found
    async with world.runtime.db.reading() as session:
        row = (await session.exec(select(Redemption).where(Redemption.id == row_id))).one()
    mine, spent = await points_of(world, mei), row.state is RedemptionState.FULFILLED
    assert (mine.available, mine.held) == (0 if spent else PRICE, 0)
    assert await shelf(world, str(form.reward_id)) == ((1, 0, 0, 1, 0) if spent else (1, 1, 0, 0, 0))


async def test_one_code_at_64_counters(world: World) -> None:
    (mei,), form = await crowd(world, 1), await on_offer(world)
    clerks = [
        actor(one.person_id, Grant(Role.POINTS_CLERK, ScopeKind.TOWN)) for one in await crowd(world, CALLERS, points=0)
    ]
    code, now = (await attempt(world, redeeming(world, mei, form))).code, world.clock.now()
    found = await at_once(
        world, [lambda s, c=c: counter.fulfil(s, c, code, picked_up_by=PickedUpBy.SELF, now=now) for c in clerks]
    )
    assert Counter(one if isinstance(one, str) else "handed" for one in found) == {
        "handed": 1,
        "redemption_state_wrong": CALLERS - 1,
    }
    assert await shelf(world, str(form.reward_id)) == (PIECES, PIECES - 1, 0, 1, 0)
    await sound(world)


async def adopted(world: World, **changes: Any) -> UUID:
    now, rule_id = world.clock.now(), new_id()
    today = china_date(now)
    values = {
        "code": "volunteer_hour", "text": "志愿服务满1小时", "fact": FactKind.VOLUNTEER_HOURS, "points": 1, "confirmed_by": "x",
        "source": "x", "state": RuleState.ADOPTED, "valid_from": today, "decided_on": today,
    } | changes  # fmt: skip
    async with world.runtime.db.unit_of_work() as session:
        session.add(PointsRule(id=rule_id, created_at=now, updated_at=now, **values))
    return rule_id


async def budget(world: World, points: int) -> None:
    now, today = world.clock.now(), china_date(world.clock.now())
    (clerk,) = await crowd(world, 1, points=0)
    async with world.runtime.db.unit_of_work() as session:
        session.add(
            PointsBudget(
                created_at=now, updated_at=now, year=today.year, points=points, decided_by="x", decision="x", decided_on=today,
                recorded_by=clerk.person_id,
            )
        )  # fmt: skip


def fact(world: World, who: Actor, cause: str, quantity: int = 1) -> awards.Fact:
    return awards.Fact(cause, who.person_id, china_date(world.clock.now()), quantity, "志愿服务")


async def test_a_budget_is_not_overspent_and_each_fact_counts_once(world: World) -> None:
    """Two hundred facts, each reported four times, and money for seventy."""
    people = await crowd(world, 20, points=0)
    await adopted(world)
    await budget(world, 70)
    facts = [fact(world, who, f"activity:{turn}:1") for who in people for turn in range(10)]
    kind, now = FactKind.VOLUNTEER_HOURS, world.clock.now()
    acts: list[Act] = [lambda s, f=f: awards.credit_facts(s, kind, [f], now=now) for f in facts for _ in range(4)]
    found = await at_once(world, acts)
    assert sum(len(one) for one in found) == len(facts)
    assert await count(world, PointsAward, col(PointsAward.state) == AwardState.CREDITED) == 70
    assert await count(world, PointsAward, col(PointsAward.state) == AwardState.WAITING) == 130
    await sound(world)


async def test_the_cap_of_a_day_holds_for_facts_at_once(world: World) -> None:
    (mei,) = await crowd(world, 1, points=0)
    await adopted(world, cap_day=8)
    await budget(world, 1000)
    kind, now = FactKind.VOLUNTEER_HOURS, world.clock.now()
    facts = [fact(world, mei, f"activity:{turn}:1") for turn in range(CALLERS)]
    acts: list[Act] = [lambda s, f=f: awards.credit_facts(s, kind, [f], now=now) for f in facts]
    await at_once(world, acts)
    assert (await points_of(world, mei)).available == 8
    await sound(world)


async def test_award_and_reversal_race(world: World) -> None:
    """Groups of people in any order: nobody waits for each other in a circle, and each award stands or is taken back once."""
    people = await crowd(world, 8, points=0)
    await adopted(world)
    await budget(world, 10_000)
    kind, now = FactKind.VOLUNTEER_HOURS, world.clock.now()

    def report(turn: int) -> Act:
        some = [fact(world, who, f"activity:{turn}:1") for who in (people if turn % 2 else reversed(people))]
        return lambda s: awards.credit_facts(s, kind, some, now=now)

    def undo(turn: int) -> Act:
        return lambda s: awards.take_back(s, f"activity:{turn}:1", told="撤销", now=now, actor_id=None)

    turns = range(16)
    found = await at_once(world, [act(turn) for turn in turns for act in (report, undo, report, undo)])
    taken = sum(len(one) for place, one in enumerate(found) if place % 2)
    credited = await count(world, PointsAward, col(PointsAward.state) == AwardState.CREDITED)
    assert (taken + credited, await count(world, PointsAward)) == (len(turns) * len(people), len(turns) * len(people))
    balances = [(await points_of(world, who)) for who in people]
    assert sum(one.available - one.debt for one in balances) == credited
    await sound(world)


async def test_two_activities_at_the_same_time_are_confirmed_for_one(world: World) -> None:
    (mei,) = await crowd(world, 1, points=0)
    office = [
        actor(one.person_id, Grant(Role.POINTS_OFFICER, ScopeKind.TOWN)) for one in await crowd(world, 2, points=0)
    ]
    await adopted(world)
    await budget(world, 1000)
    now = world.clock.now()
    start, made = now - timedelta(hours=4), [new_id() for _ in range(2)]
    async with world.runtime.db.unit_of_work() as session:
        for one in made:
            session.add(
                Activity(
                    id=one, created_at=now, updated_at=now, title="清洁", starts_at=start, ends_at=start + timedelta(hours=3),
                    place="x", organised_by=mei.person_id, joined=1,
                )
            )  # fmt: skip
        await session.flush()
        session.add_all(
            ActivityPerson(created_at=now, updated_at=now, activity_id=one, person_id=mei.person_id) for one in made
        )
    form = HoursForm(hours=[PersonHours(person_id=mei.person_id, minutes=120)])
    acts: list[Act] = [
        lambda s, a=a, o=o: activities.confirm_hours(s, o, a, form, now=now)
        for a in made
        for o in office
        for _ in range(8)
    ]
    found = await at_once(world, acts)
    assert sum(not isinstance(one, str) for one in found) == 1, found
    confirmed = col(ActivityPerson.state) == ParticipationState.CONFIRMED
    assert (await count(world, ActivityPerson, confirmed), (await points_of(world, mei)).available) == (1, 2)
    await sound(world)


async def test_a_purse_filled_and_emptied_at_once(world: World) -> None:
    people, form = await crowd(world, 6, points=PRICE * 2), await on_offer(world, 1000)
    now = world.clock.now()

    async def gather_home(session: Any) -> None:
        await households.found(session, people[0], "林家", now=now)
        code, _ = await households.issue_code(session, people[0], now=now)
        for one in people[1:]:
            await households.join(session, one, code, now=now)

    await attempt(world, gather_home)
    ours = form.model_copy(update={"from_household": True})
    acts: list[Act] = [
        act for one in people for _ in range(8)
        for act in (lambda s, o=one: households.give(s, o, 5, now=now), redeeming(world, one, ours))
    ]  # fmt: skip
    found = await at_once(world, acts)
    got = sum(not isinstance(one, str) for place, one in enumerate(found) if place % 2)
    given = sum(not isinstance(one, str) for place, one in enumerate(found) if not place % 2)
    async with world.runtime.db.reading() as session:
        home = await households.look(session, people[0], now=now)
    assert (given, home.points.available + home.points.held) == (48, 48 * 5)
    assert home.points.held == got * PRICE
    await sound(world)


async def test_lapsed_once_by_many_sweeps(world: World) -> None:
    people, form = await crowd(world, 20), await on_offer(world, 100)
    await at_once(world, [redeeming(world, one, form) for one in people])
    late = world.clock.now() + timedelta(days=30)
    found = await at_once(world, [lambda s: redemptions.lapse_due(s, now=late)] * CALLERS)
    # A sweep that meets rows that others hold does without them.
    while await attempt(world, lambda s: redemptions.lapse_due(s, now=late)):
        found.append(1)
    assert sum(found) == 20
    assert await shelf(world, str(form.reward_id)) == (100, 100, 0, 0, 0)
    await sound(world)


async def test_what_does_not_add_up_is_found(world: World) -> None:
    """Rows changed behind the service's back: each is named by the rule that it breaks."""
    people, form = await crowd(world, 2), await on_offer(world, 5)
    await adopted(world)
    await budget(world, 100)
    now = world.clock.now()
    facts = [fact(world, who, "activity:1:1", 2) for who in people]
    await attempt(world, lambda s: awards.credit_facts(s, FactKind.VOLUNTEER_HOURS, facts, now=now))
    await attempt(world, redeeming(world, people[0], form))
    await sound(world)
    spoiled = {
        "库存的冻结和已领等于兑换": update(RewardStock).values(held=0, free=5),
        "兑换与积分冻结的状态相符": update(Redemption).values(state=RedemptionState.LAPSED),
        "预算的已发放等于已入账的得分": update(PointsBudget).values(granted=5),
        "已入账的得分都有分录，且没有冲回": update(PointsAward)
        .where(col(PointsAward.person_id) == people[0].person_id)
        .values(state=AwardState.WAITING),
    }
    for name, statement in spoiled.items():
        async with world.runtime.db.writer.connect() as connection:
            transaction = await connection.begin()
            await connection.execute(statement)
            found = {fault.rule for fault in await verification.verify(connection)}
            await transaction.rollback()
        assert name in found, (name, found)
    await sound(world)
