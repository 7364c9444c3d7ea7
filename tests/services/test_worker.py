"""Delivery by workers against the sandbox: once, later, never; leases; the loop."""

import asyncio
from datetime import timedelta
from typing import Any

from sqlmodel import select

from app.core import outbox
from app.core.tables import OutboxMessage, OutboxState
from app.models.common import Notice
from app.services.runtime import Runtime
from app.tasks.delivery import deliver_due
from app.tasks.worker import run_worker
from tests.factories.world import Someone, World, ok
from tests.support.jobs import SEND, Hiring, until

STATES = ("viewed", "shortlisted", "interview", "offered", "hired")


async def moved_seekers(world: World, hiring: Hiring, people: int, *, steps: int, accepts: int) -> list[Someone]:
    """Seekers with `steps` unsent messages each, who have agreed to `accepts`."""
    vacancy = await hiring.post(headcount=people + 1)
    seekers = [await world.seeker() for _ in range(people)]
    applications = [await world.apply(seeker, vacancy["id"]) for seeker in seekers]
    # What has no template is given up first: only the steps remain.
    await deliver_due(world.runtime, "earlier")
    for seeker, application in zip(seekers, applications, strict=True):
        moving = application
        for state in STATES[:steps]:
            moving = ok(await hiring.step(moving, state))
        if accepts:
            world.sandbox.post(
                "/_sbx/subscriptions", app="zhipin", person=seeker.name, template_id="TPL_MOVED", accepts=accepts
            )
    return seekers


async def moved_seeker(world: World, hiring: Hiring, *, steps: int, accepts: int) -> Someone:
    return (await moved_seekers(world, hiring, 1, steps=steps, accepts=accepts))[0]


async def messages(world: World, person: Someone) -> list[OutboxMessage]:
    async with world.runtime.db.reading() as session:
        mine = [str(n.id) for n in await session.exec(select(Notice)) if str(n.person_id) == person.id]
        rows = (await session.exec(select(OutboxMessage).order_by(OutboxMessage.id))).all()
    return [row for row in rows if row.payload.get("notice_id") in mine]


def sent(world: World) -> list[dict[str, Any]]:
    """Bodies that WeChat has taken."""
    return [call["body"] for call in world.sandbox.calls(SEND) if call["answer_errcode"] == 0]


async def test_two_workers_at_once_deliver_each_message_once(world: World, hiring: Hiring, runtime: Runtime) -> None:
    seekers = await moved_seekers(world, hiring, 4, steps=5, accepts=9)
    outcomes = await asyncio.gather(
        *(deliver_due(each, f"worker{index}") for index in range(3) for each in (world.runtime, runtime))
    )
    outcomes.append(await deliver_due(runtime, "last"))
    assert sum(outcome.delivered for outcome in outcomes) == 20
    bodies = sent(world)
    assert len(bodies) == 20
    assert len({(body["touser"], body["data"]["thing2"]["value"]) for body in bodies}) == 20
    for seeker in seekers:
        rows = await messages(world, seeker)
        assert {(row.state, row.attempts, row.leased_by) for row in rows} == {(OutboxState.DONE, 1, None)}
        assert all(row.finished_at is not None for row in rows)


async def test_a_message_says_what_happened_and_where_to_look(world: World, hiring: Hiring) -> None:
    seeker = await moved_seeker(world, hiring, steps=1, accepts=1)
    await deliver_due(world.runtime, "w")
    (body,) = sent(world)
    mine = ok(await seeker.get("/me/applications"))["items"][0]
    assert body["page"] == f"pages/application/detail?id={mine['id']}"
    assert (body["template_id"], body["miniprogram_state"]) == ("TPL_MOVED", "formal")
    assert body["data"] == {"thing1": {"value": "平车工"}, "thing2": {"value": "已查看"}}


async def test_wechat_away_means_later_and_the_rest_of_the_batch_waits(world: World, hiring: Hiring) -> None:
    seeker = await moved_seeker(world, hiring, steps=3, accepts=9)
    for kind in ("html", "empty", "reset"):
        before = len(world.sandbox.calls(SEND))
        world.sandbox.post("/_sbx/faults", path=SEND, kind=kind)
        outcome = await deliver_due(world.runtime, "w")
        assert (outcome.delivered, outcome.postponed, outcome.given_up) == (0, 1, 0)
        # The breaker: one try told enough.
        assert len(world.sandbox.calls(SEND)) == before + 1
        world.clock.advance(timedelta(minutes=5))
    rows = await messages(world, seeker)
    assert {(row.state, row.leased_by) for row in rows} == {(OutboxState.PENDING, None)}
    # Only tries count; its class is all that is kept of a failure.
    assert sum(row.attempts for row in rows) == 3
    assert {row.last_error for row in rows} <= {None, "WechatUnavailable"}
    assert (await deliver_due(world.runtime, "w")).delivered == 3
    assert len(sent(world)) == 3
    assert {row.state for row in await messages(world, seeker)} == {OutboxState.DONE}


async def test_nothing_is_tried_before_its_time(world: World, hiring: Hiring) -> None:
    await moved_seeker(world, hiring, steps=1, accepts=1)
    world.sandbox.post("/_sbx/faults", path=SEND, kind="errcode", errcode=45009)
    assert (await deliver_due(world.runtime, "w")).postponed == 1
    # A daily quota is used up: WeChat wants an hour.
    world.clock.advance(timedelta(minutes=40))
    await deliver_due(world.runtime, "w")
    assert sent(world) == []
    world.clock.advance(timedelta(minutes=40))
    assert (await deliver_due(world.runtime, "w")).delivered == 1


async def test_an_outage_of_two_hours_loses_nothing(world: World, hiring: Hiring) -> None:
    seeker = await moved_seeker(world, hiring, steps=2, accepts=9)
    world.sandbox.post("/_sbx/faults", path=SEND, kind="html", times=10_000)
    for _ in range(240):
        await deliver_due(world.runtime, "w")
        world.clock.advance(timedelta(seconds=30))
    tries = len(world.sandbox.calls(SEND))
    assert 8 < tries < 40
    world.sandbox._http.delete("/_sbx/faults").raise_for_status()
    world.clock.advance(timedelta(hours=2))
    assert (await deliver_due(world.runtime, "w")).delivered == 2
    assert len(sent(world)) == 2
    assert {row.state for row in await messages(world, seeker)} == {OutboxState.DONE}


async def test_a_message_is_given_up_at_last(world: World, hiring: Hiring) -> None:
    seeker = await moved_seeker(world, hiring, steps=1, accepts=1)
    world.sandbox.post("/_sbx/faults", path=SEND, kind="html", times=10_000)
    for _ in range(outbox.MAX_ATTEMPTS):
        # A day each: at the same hour of the morning, when nobody is asleep.
        world.clock.advance(timedelta(days=1))
        await deliver_due(world.runtime, "w")
    (row,) = await messages(world, seeker)
    assert (row.state, row.attempts, row.last_error) == (OutboxState.DEAD, outbox.MAX_ATTEMPTS, "WechatUnavailable")
    world.clock.advance(timedelta(days=1))
    await deliver_due(world.runtime, "w")
    assert len(world.sandbox.calls(SEND)) == outbox.MAX_ATTEMPTS


async def test_without_a_subscription_the_notice_is_what_remains(world: World, hiring: Hiring) -> None:
    seeker = await moved_seeker(world, hiring, steps=2, accepts=1)
    outcome = await deliver_due(world.runtime, "w")
    # What no message reached stands on the call list now: that is an end too.
    assert (outcome.delivered, outcome.given_up) == (2, 0)
    rows = await messages(world, seeker)
    assert [row.state for row in rows] == [OutboxState.DONE, OutboxState.DONE]
    assert [call["answer_errcode"] for call in world.sandbox.calls(SEND)] == [0, 43101]
    assert ok(await seeker.get("/me"))["unread_notices"] == 2
    world.clock.advance(timedelta(hours=1))
    await deliver_due(world.runtime, "w")
    assert len(world.sandbox.calls(SEND)) == 2


async def test_what_was_read_meanwhile_is_not_sent(world: World, hiring: Hiring) -> None:
    seeker = await moved_seeker(world, hiring, steps=1, accepts=1)
    notice = ok(await seeker.get("/me/notices"))["items"][0]
    ok(await seeker.post(f"/me/notices/{notice['id']}/read"))
    assert (await deliver_due(world.runtime, "w")).delivered == 1
    assert world.sandbox.calls(SEND) == []


async def test_a_dead_workers_messages_are_taken_over_when_its_lease_ends(
    world: World, hiring: Hiring, runtime: Runtime
) -> None:
    seeker = await moved_seeker(world, hiring, steps=2, accepts=9)
    async with world.runtime.db.unit_of_work() as session:
        taken = await outbox.lease(session, holder="dead", now=world.clock.now(), seconds=60, limit=20)
    assert len(taken) == 2
    world.clock.advance(timedelta(seconds=59))
    assert (await deliver_due(runtime, "alive")).delivered == 0
    world.clock.advance(timedelta(seconds=1))
    assert (await deliver_due(runtime, "alive")).delivered == 2
    # It was not dead, only slow: its ticks come too late and change nothing.
    async with world.runtime.db.unit_of_work() as session:
        late = await outbox.finish(
            session, taken[0].id, holder="dead", now=world.clock.now(), state=OutboxState.DEAD, error="Late"
        )
        assert late is False
    assert {(row.state, row.last_error) for row in await messages(world, seeker)} == {(OutboxState.DONE, None)}


async def test_a_lease_that_may_end_during_the_send_is_given_back(world: World, hiring: Hiring) -> None:
    seeker = await moved_seeker(world, hiring, steps=1, accepts=1)
    short = world.runtime.settings.model_copy(update={"worker_lease_seconds": 2})
    runtime = Runtime(**{name: getattr(world.runtime, name) for name in Runtime.__slots__} | {"settings": short})
    assert (await deliver_due(runtime, "w")).delivered == 0
    (row,) = await messages(world, seeker)
    assert (row.state, row.attempts, row.leased_by) == (OutboxState.PENDING, 0, None)
    assert world.sandbox.calls(SEND) == []


async def test_the_loop_delivers_sweeps_and_stops_when_told(world: World, hiring: Hiring, runtime: Runtime) -> None:
    seeker = await moved_seeker(world, hiring, steps=3, accepts=9)
    stop = asyncio.Event()
    workers = [asyncio.create_task(run_worker(each, stop)) for each in (world.runtime, runtime)]
    try:
        await until(lambda: len(sent(world)) >= 3)
    finally:
        stop.set()
    await asyncio.gather(*workers)
    assert len(sent(world)) == 3
    assert {row.state for row in await messages(world, seeker)} == {OutboxState.DONE}
