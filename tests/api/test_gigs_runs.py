"""Plans over HTTP: built from the rows, solved in a process of their own, checked, adjusted, published, killed half way."""

import asyncio
import os
import subprocess
import sys
import textwrap
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from app.core.clock import china_date
from app.core.ids import new_id
from app.core.settings import Settings
from app.matching.allocation import from_json, to_json
from app.matching.plan_check import RULES
from app.models.gigs import AllocationRun, Assignment, Offer, PlanUnfilled, RosterMember, Shift, TrainingProposal
from app.rules.gigs.allocation import LEASE, RunState
from app.rules.gigs.offers import AssignmentState, OfferSource, OfferState
from app.rules.identity.roles import Role
from app.services.gigs import board, offers, problem_of, run_work
from app.tasks.delivery import deliver_due
from tests.factories.world import Someone, World, ok, refused
from tests.support import gigs
from tests.support.command import environment
from tests.support.funnel import later
from tests.support.gig_people import taken
from tests.support.gigs import FLAT_SEAM, OVERLOCK, Floor, gigs_officer
from tests.support.jobs import Hiring, count, counted, key
from tests.support.training import course_form

pytestmark = pytest.mark.anyio
Row = dict[str, Any]


@pytest.fixture
async def floor(world: World, hiring: Hiring) -> Floor:
    return await gigs.floor(world, hiring)


def form(world: World, floor: Floor | None, **changes: Any) -> Row:
    first = china_date(world.clock.now()) + timedelta(days=3)
    firm = None if floor is None else floor.firm_id
    return {"enterprise_id": firm, "first_day": str(first), "days": 3, "limit_seconds": 5} | changes


async def started(someone: Someone, body: Row) -> Row:
    answer = await someone.post("/allocation-runs", body, key=key())
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def solved(world: World, floor: Floor, **changes: Any) -> Row:
    row = await started(floor.dispatcher, form(world, floor, **changes))
    assert await run_work.work_one(world.runtime)
    return dict(ok(await floor.dispatcher.get(f"/allocation-runs/{row['id']}")))


async def act(someone: Someone, row: Row, verb: str, **more: Any) -> Any:
    return await someone.post(
        f"/allocation-runs/{row['id']}/{verb}", {"expected_version": row["version"]} | more, key=key()
    )


async def pages(someone: Someone, row: Row, name: str) -> list[Row]:
    return list(ok(await someone.get(f"/allocation-runs/{row['id']}/{name}", limit=100))["items"])


async def delivered(world: World) -> None:
    """The worker's messages, until none is due."""
    while (await deliver_due(world.runtime, "test")).delivered:
        pass


async def test_from_rows_to_offers(world: World, floor: Floor) -> None:
    """Two can sew; four are wanted, and one who overlocks at level five, whom nobody is."""
    able = [await gigs.worker(world) for _ in range(2)]
    unable = await gigs.worker(world, skills={OVERLOCK: 1})
    sewing = await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 8), heads=4)
    locking = await gigs.order(floor, process_code=OVERLOCK, process_name="锁边", level=5)
    expert = await gigs.shift(floor, locking, gigs.at(world, 4, 8), heads=1)
    row = await solved(world, floor)
    assert (row["state"], row["assigned"], row["unfilled"], row["attempts"]) == ("ready", 2, 2, 1)
    assert row["check"]["rules"] == len(RULES)
    assert (row["check"]["violations"], row["check"]["checked"] > 10) == ([], True)
    assert [one["gap"] for one in row["objectives"]] == [0.0] * 5
    assert "已证明不能再好" in row["text"]
    assert {(one["person_id"], one["shift_id"]) for one in await pages(floor.dispatcher, row, "assignments")} == {
        (person.id, str(sewing.id)) for person in able
    }
    reasons = {one["shift_id"]: one for one in await pages(floor.dispatcher, row, "unfilled")}
    assert (reasons[str(sewing.id)]["halves"], reasons[str(expert.id)]["halves"]) == (4, 2)
    assert "锁边" in reasons[str(expert.id)]["reason"]
    assert "5级" in reasons[str(expert.id)]["reason"] or "五级" in reasons[str(expert.id)]["reason"]
    # Who is not on its shifts is none of the firm's business.
    assert await pages(floor.dispatcher, row, "unallotted") == []
    (idle,) = await pages(await gigs_officer(world), row, "unallotted")
    assert (idle["person_id"], bool(idle["reason"])) == (unable.id, True)
    assert await count(world, Offer) == 0
    done = ok(await act(floor.dispatcher, row, "publish"))
    assert done["state"] == "published"
    await delivered(world)
    told = ok(await floor.dispatcher.get(f"/allocation-runs/{row['id']}"))
    assert (told["offered"], told["skipped"], told["withdrawn"]) == (2, 0, 0)
    (asked,) = ok(await able[0].get("/me/shift-offers"))["items"]
    assert (asked["source"], asked["shift"]["shift_id"]) == ("plan", str(sewing.id))
    assert asked["reason"].startswith("统一配工：会平车")
    assert await count(world, PlanUnfilled) == 2
    async with world.runtime.db.reading() as session:
        short = (await session.exec(select(TrainingProposal))).all()
    # Two of four sew, and the town has no third; nobody overlocks at that level.
    assert {(one.process_code, one.level, one.time_band, one.short_halves, one.shifts) for one in short} == {
        (FLAT_SEAM, 2, "day", 4, 1), (OVERLOCK, 5, "day", 2, 1),
    }  # fmt: skip
    proposed = [one["text"] for one in ok(await (await gigs_officer(world)).get("/training-proposals"))]
    assert ["2级2人" in proposed[0], "5级1人" in proposed[1]] == [True, True]
    # The training office hears of it with the numbers, and what it takes up is taken up here.
    trainer = await world.person()
    await world.appoint(trainer, Role.TRAINING_OFFICER)
    shortages = ok(await trainer.get("/training/shortages"))["items"]
    assert {(one["kind"], one["occupation_code"], one["level"], one["heads"]) for one in shortages} == {
        ("allocation", FLAT_SEAM, 2, 2), ("allocation", OVERLOCK, 5, 1),
    }  # fmt: skip
    course = ok(await trainer.post("/training/courses", course_form(1, minimum=1), key=key()))
    course = ok(await trainer.post(f"/training/courses/{course['id']}/publish", {"expected_version": 1}, key=key()))
    lock = next(one for one in shortages if one["occupation_code"] == OVERLOCK)
    take = {"course_id": course["id"], "heads": 1, "expected_version": lock["version"]}
    ok(await trainer.post(f"/training/shortages/{lock['id']}/take", take, key=key()))
    states = {
        one["process_code"]: one["state"] for one in ok(await (await gigs_officer(world)).get("/training-proposals"))
    }
    assert states == {FLAT_SEAM: "proposed", OVERLOCK: "taken"}
    refused(await act(floor.dispatcher, told, "publish"), 409, "allocation_run_state_wrong")
    # Delivered twice by a worker that died in between: nobody is asked twice.
    async with world.runtime.db.unit_of_work() as session:
        await run_work.publish_shift(session, UUID(row["id"]), sewing.id, now=world.clock.now())
    assert await count(world, Offer) == 2


async def test_the_problem_says_what_the_rows_say(world: World, floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = await gigs.worker(
        world, least_hour_fen=2300, reach_m=4000, overtime_consent=True, favourites=[floor.firm_id],
        blocks=[str(new_id())], companions=["塘后姐妹"], wanted_minutes_week=1200,
    )  # fmt: skip
    friend = await gigs.worker(world, companions=["塘后姐妹"], night_ok=False)
    order = await gigs.order(floor, hazards=["noise"], leaders_per=5, leader_level=4, priority=3)
    shift = await gigs.shift(floor, order, gigs.at(world, 4, 8), heads=3)
    other = await gigs.order(floor)
    seated = await gigs.shift(floor, other, gigs.at(world, 5, 8))
    held = await taken(world, worker, seated, AssignmentState.ACCEPTED)
    worked = await gigs.shift(floor, other, gigs.at(world, -3, 8), state="done")
    await taken(world, worker, worked, AssignmentState.DONE)
    horizon = problem_of.Horizon(gigs.at(world, 3, 0), gigs.at(world, 6, 0))
    async with world.runtime.db.unit_of_work() as session:
        problem = await problem_of.build(session, UUID(floor.firm_id), horizon, now=world.clock.now())
    made = {one.key: one for one in problem.workers}
    mine = made[worker.id]
    assert (mine.skills, mine.least_fen_per_hour, mine.reach_m) == ({FLAT_SEAM: 3}, 2300, 4000)
    assert (mine.wanted_minutes, mine.wanted_past_minutes, mine.past_minutes) == (1200, 1200 * 25 // 7, 480)
    assert (mine.favourites, len(mine.blocks), mine.overtime_consent) == (frozenset({floor.firm_id}), 1, True)
    assert [done.work_minutes for done in mine.done] == [480]
    assert mine.group == made[friend.id].group is not None
    assert mine.birthday_18 < mine.free[0].start
    # Whoever does not work at night is free from six to ten.
    assert all((window.end - window.start) <= 16 * 60 for window in made[friend.id].free)
    jobs = {one.key: one for one in problem.shifts}
    job = jobs[str(shift.id)]
    assert (job.heads, job.priority, job.hazards, job.leaders_per, job.leader_level) == (6, 3, {"noise"}, 5, 4)
    assert (job.end - job.start, job.work_minutes, job.fen_per_hour, job.closed_to_minors) == (540, 480, 2500, True)
    assert problem.pins == {(worker.id, str(held.shift_id))}
    assert problem.horizon_days == 3
    assert to_json(from_json(to_json(problem))) == to_json(problem)
    # More people than a statement takes parameters are asked about in parts.
    monkeypatch.setattr(problem_of, "AT_ONCE", 1)
    async with world.runtime.db.unit_of_work() as session:
        in_parts = await problem_of.build(session, UUID(floor.firm_id), horizon, now=world.clock.now())
    assert in_parts == problem


async def test_building_costs_the_same_for_ten_and_for_forty(world: World, floor: Floor) -> None:
    order = await gigs.order(floor)
    await gigs.shift(floor, order, gigs.at(world, 4, 8))
    horizon = problem_of.Horizon(gigs.at(world, 3, 0), gigs.at(world, 6, 0))

    async def cost(people: int) -> int:
        for _ in range(people):
            await gigs.worker(world)
        await gigs.shift(floor, order, gigs.at(world, 5, 8))
        with counted(world.runtime.db.reader) as seen:
            async with world.runtime.db.reading() as session:
                await problem_of.build(session, None, horizon, now=world.clock.now())
        return len(seen)

    assert await cost(10) == await cost(30)


async def test_one_run_at_a_time_and_whose(world: World, floor: Floor) -> None:
    await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 8))
    row = await started(floor.dispatcher, form(world, floor))
    answers = await asyncio.gather(
        *(floor.dispatcher.post("/allocation-runs", form(world, floor), key=key()) for _ in range(4))
    )
    assert {(one.status_code, one.json()["code"]) for one in answers} == {(409, "allocation_run_open")}
    office = await gigs_officer(world)
    town = await started(office, form(world, None))
    refused(await floor.dispatcher.get(f"/allocation-runs/{town['id']}"), 404, "allocation_run_not_found")
    assert ok(await office.get(f"/allocation-runs/{row['id']}"))["id"] == row["id"]
    refused(await floor.dispatcher.post("/allocation-runs", form(world, None), key=key()), 403, "forbidden")
    refused(await act(floor.dispatcher, row, "publish"), 409, "allocation_run_state_wrong")
    cancelled = ok(await act(floor.dispatcher, row, "cancel"))
    assert cancelled["state"] == "cancelled"
    refused(await act(floor.dispatcher, cancelled, "cancel"), 409, "allocation_run_state_wrong")


async def test_a_horizon_that_is_over(world: World, floor: Floor) -> None:
    today = china_date(world.clock.now())
    for first, days in ((today - timedelta(days=3), 3), (today + timedelta(days=367), 1)):
        body = form(world, floor, first_day=str(first), days=days)
        answer = await floor.dispatcher.post("/allocation-runs", body, key=key())
        refused(answer, 422, "allocation_horizon_wrong", "first_day")
    assert (await started(floor.dispatcher, form(world, floor, first_day=str(today))))["state"] == "queued"


async def test_nothing_to_plan(world: World, floor: Floor) -> None:
    row = await solved(world, floor)
    assert (row["state"], row["failure"]) == ("failed", "这段时间没有等待配工的班次")
    assert not await run_work.work_one(world.runtime)


async def test_edits_are_held_to_every_rule(world: World, floor: Floor) -> None:
    able, spare = await gigs.worker(world), await gigs.worker(world)
    blocked = await gigs.worker(world, blocks=[floor.firm_id])
    unskilled = await gigs.worker(world, skills={OVERLOCK: 3})
    order = await gigs.order(floor)
    one = await gigs.shift(floor, order, gigs.at(world, 4, 8), heads=2)
    clash = await gigs.shift(floor, order, gigs.at(world, 4, 12), heads=2)
    row = await solved(world, floor)
    pairs = {(p["person_id"], p["shift_id"]) for p in await pages(floor.dispatcher, row, "assignments")}
    assert len(pairs) == 2

    def pair(person: Someone, shift: Shift) -> Row:
        return {"person_id": person.id, "shift_id": str(shift.id)}

    free = one if (able.id, str(one.id)) not in pairs else clash
    for add, word in (
        ([pair(able, free)], "重叠"), ([pair(blocked, one)], "屏蔽"), ([pair(unskilled, one)], "工序"),
        ([{"person_id": str(new_id()), "shift_id": str(one.id)}], "不存在"),
    ):  # fmt: skip
        body = refused(await act(floor.dispatcher, row, "edits", add=add), 409, "plan_breaks_rules", "add")
        assert any(word in field["message"] for field in body["fields"]), (word, body)
    assert ok(await floor.dispatcher.get(f"/allocation-runs/{row['id']}"))["version"] == row["version"]
    mine = next(pair for pair in pairs if pair[0] == spare.id)
    gone = [{"person_id": mine[0], "shift_id": mine[1]}]
    edited = ok(await act(floor.dispatcher, row, "edits", remove=gone))
    assert (edited["assigned"], edited["check"]["violations"]) == (1, [])
    open_seats = {seat["shift_id"]: seat for seat in await pages(floor.dispatcher, edited, "unfilled")}
    assert open_seats[mine[1]]["reason"]
    refused(await act(floor.dispatcher, row, "publish"), 409, "stale")
    back = ok(await act(floor.dispatcher, edited, "edits", add=gone))
    assert back["assigned"] == 2


async def test_what_happened_meanwhile_is_left_out(world: World, floor: Floor) -> None:
    """Between the plan and its publishing one takes another firm's seat at that time; nobody is asked to be in two places."""
    busy, free = await gigs.worker(world), await gigs.worker(world)
    order = await gigs.order(floor)
    shift = await gigs.shift(floor, order, gigs.at(world, 4, 8), heads=2)
    row = await solved(world, floor)
    assert row["assigned"] == 2
    elsewhere = await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 9))
    await taken(world, busy, elsewhere)
    ok(await act(floor.dispatcher, row, "publish"))
    await delivered(world)
    told = ok(await floor.dispatcher.get(f"/allocation-runs/{row['id']}"))
    assert (told["offered"], told["skipped"]) == (1, 1)
    assert await count(world, Offer, Offer.person_id == UUID(free.id), Offer.shift_id == shift.id) == 1
    assert await count(world, Offer, Offer.person_id == UUID(busy.id)) == 0


async def test_a_second_plan_changes_little_and_takes_back_what_it_must(world: World, floor: Floor) -> None:
    people = [await gigs.worker(world) for _ in range(3)]
    order = await gigs.order(floor)
    shift = await gigs.shift(floor, order, gigs.at(world, 4, 8), heads=2)
    async with world.runtime.db.unit_of_work() as session:
        on = (await board.hold_shifts(session, [shift.id]))[shift.id]
        for person in people[:2]:
            await offers.make(session, on, UUID(person.id), source=OfferSource.PLAN, now=world.clock.now())
    row = await solved(world, floor)
    assert row["objectives"][4]["value"] == 0
    # Now one of the two is not wanted: the office says so.
    office = await gigs_officer(world)
    path = f"/shifts/{shift.id}/pins/{people[0].id}"
    ok(await office.put(path, {"kind": "ban", "reason": "上次没来"}))
    ok(await act(floor.dispatcher, row, "cancel"))
    again = await solved(world, floor)
    assert again["objectives"][4]["value"] == 1
    ok(await act(floor.dispatcher, again, "publish"))
    await delivered(world)
    async with world.runtime.db.reading() as session:
        rows = (await session.exec(select(Offer).order_by(col(Offer.created_at)))).all()
    states = {str(row.person_id): row.state for row in rows}
    assert states[people[0].id] is OfferState.WITHDRAWN
    assert [states[person.id] for person in people[1:]] == [OfferState.OFFERED] * 2


async def test_pins(world: World, floor: Floor) -> None:
    stranger, known = await gigs.worker(world), await gigs.worker(world)
    now = world.clock.now()
    async with world.runtime.db.unit_of_work() as session:
        session.add(
            RosterMember(
                id=new_id(), created_at=now, updated_at=now, enterprise_id=UUID(floor.firm_id), person_id=UUID(known.id)
            )
        )
    shift = await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 8))
    pin = {"kind": "pin", "reason": "带过这条线"}
    refused(await floor.dispatcher.put(f"/shifts/{shift.id}/pins/{stranger.id}", pin), 404, "plan_pin_not_found")
    (made,) = ok(await floor.dispatcher.put(f"/shifts/{shift.id}/pins/{known.id}", pin))
    assert made["kind_label"] == "指定"
    row = await solved(world, floor)
    assert known.id in {one["person_id"] for one in await pages(floor.dispatcher, row, "assignments")}
    clash = await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 10))
    await taken(world, known, clash)
    body = refused(await floor.dispatcher.put(f"/shifts/{shift.id}/pins/{known.id}", pin), 409, "pin_unlawful")
    assert len(body["message"]) > 8
    assert (await floor.dispatcher.call("DELETE", f"/shifts/{shift.id}/pins/{known.id}")).status_code == 204
    refused(await floor.dispatcher.call("DELETE", f"/shifts/{shift.id}/pins/{known.id}"), 404, "plan_pin_not_found")


async def test_a_plan_of_yesterday_is_not_published(world: World, floor: Floor) -> None:
    await gigs.worker(world)
    await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 8))
    row = await solved(world, floor)
    await later(world, timedelta(hours=13), floor.dispatcher)
    refused(await act(floor.dispatcher, row, "publish"), 409, "plan_old")


async def test_cancelled_while_it_is_solved(world: World, floor: Floor) -> None:
    await gigs.worker(world)
    await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 8))
    row = await started(floor.dispatcher, form(world, floor))
    solving = asyncio.create_task(run_work.work_one(world.runtime))
    while (seen := ok(await floor.dispatcher.get(f"/allocation-runs/{row['id']}")))["state"] == "queued":
        await asyncio.sleep(0.01)
    if seen["state"] == "running":
        ok(await act(floor.dispatcher, seen, "cancel"))
    assert await solving
    ended = ok(await floor.dispatcher.get(f"/allocation-runs/{row['id']}"))
    assert ended["state"] in {"cancelled", "ready"}
    assert await count(world, Offer) == 0


async def test_a_worker_that_fell_silent(world: World, floor: Floor) -> None:
    """Its lease ends, another takes the run up; what the first says later counts for nothing; three deaths are enough."""
    await gigs.worker(world)
    await gigs.shift(floor, await gigs.order(floor), gigs.at(world, 4, 8))
    row = await started(floor.dispatcher, form(world, floor))
    first = await run_work._take(world.runtime)
    assert first is not None
    assert await run_work._take(world.runtime) is None
    world.clock.advance(LEASE + timedelta(seconds=1))
    second = await run_work._take(world.runtime)
    assert (second is not None, second and second.attempts) == (True, 2)
    with pytest.raises(run_work._LostError):
        await run_work._keep(world.runtime, first, None, {"offers": []})
    world.clock.advance(LEASE + timedelta(seconds=1))
    assert await run_work.work_one(world.runtime)
    assert ok(await floor.dispatcher.get(f"/allocation-runs/{row['id']}"))["state"] == "ready"
    lost = await started(floor.dispatcher, form(world, floor))
    for _ in range(3):
        assert await run_work._take(world.runtime) is not None
        world.clock.advance(LEASE + timedelta(seconds=1))
    assert await run_work.work_one(world.runtime)
    ended = ok(await floor.dispatcher.get(f"/allocation-runs/{lost['id']}"))
    assert (ended["state"], "3次" in ended["failure"]) == ("failed", True)


SOLVE = """
import asyncio
from app.core.settings import Settings
from app.services.gigs import run_work
from app.services.runtime import open_runtime

async def main():
    async with open_runtime(Settings()) as runtime:
        await run_work.work_one(runtime)

asyncio.run(main())
"""


async def test_killed_in_the_middle_of_a_solve(world: World, floor: Floor, settings: Settings, tmp_path: Path) -> None:
    """kill -9 of a real process: its solver dies with it, nobody is booked, and the run goes on elsewhere."""
    for _ in range(30):
        await gigs.worker(world)
    order = await gigs.order(floor)
    for day in range(3, 6):
        for hour in (6, 8, 10, 14):
            await gigs.shift(floor, order, gigs.at(world, day, hour), heads=4)
    row = await started(floor.dispatcher, form(world, floor, limit_seconds=60))
    script = tmp_path / "solve.py"
    script.write_text(textwrap.dedent(SOLVE))
    process = subprocess.Popen([sys.executable, str(script)], env=environment(settings), cwd=Path.cwd())  # our own
    children: list[int] = []
    try:
        deadline = time.monotonic() + 60
        while not children or not await _has_plan(world, row["id"]):
            assert time.monotonic() < deadline, "没有开始计算"
            assert process.poll() is None or await _has_plan(world, row["id"])
            children = children or _children(process.pid)
            await asyncio.sleep(0.02)
    finally:
        process.kill()
        process.wait()
    deadline = time.monotonic() + 20
    while any(_alive(child) for child in children):
        assert time.monotonic() < deadline, "求解进程没有随之结束"
        await asyncio.sleep(0.05)
    assert await count(world, Offer) == await count(world, Assignment) == 0
    async with world.runtime.db.unit_of_work() as session:
        current = await session.get_one(AllocationRun, UUID(row["id"]))
        if current.state is RunState.RUNNING:
            # That process had the real time of day; the lease is over when it is over.
            current.lease_until = world.clock.now() - timedelta(seconds=1)
            current.limit_seconds = 5
    await run_work.work_one(world.runtime)
    ended = ok(await floor.dispatcher.get(f"/allocation-runs/{row['id']}"))
    assert (ended["state"], ended["check"]["violations"]) == ("ready", [])
    assert ended["attempts"] in {1, 2}


async def _has_plan(world: World, run_id: str) -> bool:
    async with world.runtime.db.reading() as session:
        return (await session.get_one(AllocationRun, UUID(run_id))).plan is not None


def _children(pid: int) -> list[int]:
    try:
        return [int(part) for part in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]
    except (ProcessLookupError, OSError):
        return False
