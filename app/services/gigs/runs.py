"""Runs of the allocation: asked for, watched, cancelled, adjusted, published. The solving itself is in `run_work.py`."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import outbox
from app.core.clock import CHINA, china_date
from app.core.db import ReadSession, check_version, lock
from app.core.errors import FieldIssue, ForbiddenError
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.matching.allocation import to_json
from app.matching.plan_check import check_plan
from app.matching.plan_check.statements import restate
from app.models.gigs import AllocationRun, PlanUnfilled, Shift, ShiftOrder, TrainingProposal
from app.rules.gigs.allocation import (
    PLAN_HOLDS,
    PlanBreaksRulesError,
    PlanOldError,
    RunNotFoundError,
    RunOpenError,
    RunState,
    band_of,
    check_horizon,
    check_run_step,
)
from app.rules.gigs.availability import midnight
from app.rules.gigs.hours import week_of
from app.rules.identity.roles import Actor, Permission
from app.services.gigs import problem_of
from app.services.gigs.events import PlanLacked
from app.services.gigs.problem_of import Horizon
from app.services.identity import audit
from app.services.runtime import Runtime

SUBJECT = "allocation_run"
PUBLISH_TOPIC = "gigs.plan"
TOWN = "town"
R = RunState
# What is short because nobody can do it: training may help.
UNSKILLED = frozenset({"skill", "level", "no_leader"})


def visible_to(actor: Actor) -> ColumnElement[bool]:
    if actor.town_wide(Permission.ALLOCATION_RUN):
        return true()
    return col(AllocationRun.enterprise_id).in_(sorted(actor.enterprises(Permission.ALLOCATION_RUN)))


async def start(
    session: AsyncSession,
    actor: Actor,
    *,
    enterprise_id: UUID | None,
    first: date,
    days: int,
    limit_seconds: int,
    seed: int,
    now: datetime,
) -> AllocationRun:
    """Queued for the worker. A firm plans its own shifts, the office anybody's."""
    mine = enterprise_id is not None and enterprise_id in actor.enterprises(Permission.ALLOCATION_RUN)
    if not mine and not actor.town_wide(Permission.ALLOCATION_RUN):
        raise ForbiddenError
    check_horizon(first, days, china_date(now))
    row = AllocationRun(
        id=new_id(), created_at=now, updated_at=now, scope=TOWN if enterprise_id is None else str(enterprise_id),
        enterprise_id=enterprise_id, horizon_starts_at=max(midnight(first), now),
        horizon_ends_at=midnight(first + timedelta(days=days)), seed=seed, limit_seconds=limit_seconds,
        requested_by=actor.person_id,
    )  # fmt: skip
    if not await insert_or_ignore(session, AllocationRun, row.model_dump()):
        raise RunOpenError
    audit.by(session, actor, "allocation_started", SUBJECT, row.id, now=now)
    return await lock(session, AllocationRun, row.id, RunNotFoundError)


async def get(session: ReadSession | AsyncSession, actor: Actor, run_id: UUID) -> AllocationRun:
    found = await session.exec(select(AllocationRun).where(AllocationRun.id == run_id, visible_to(actor)))
    row = found.one_or_none()
    if row is None:
        raise RunNotFoundError
    return row


async def list_runs(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[AllocationRun], str | None]:
    """Newest first."""
    query = {"list": "allocation runs", "person": actor.person_id}
    keys = [col(AllocationRun.created_at), col(AllocationRun.id)]
    statement = select(AllocationRun).where(visible_to(actor))
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])


async def cancel(
    session: AsyncSession, actor: Actor, run_id: UUID, *, expected_version: int, now: datetime
) -> AllocationRun:
    """A run that is being solved stops at its next word; a queued or finished one at once."""
    row = await _lock(session, actor, run_id)
    if row.state is R.RUNNING:
        # Its version moves with every word of the solver: whoever wants it to end wants that whatever it says now.
        row.cancel_asked = True
        row.touch(now)
    else:
        check_version(row.version, expected_version)
        check_run_step(row.state, R.CANCELLED)
        row.state, row.ended_at = R.CANCELLED, now
        row.touch(now)
    await session.flush()
    audit.by(session, actor, "allocation_cancelled", SUBJECT, row.id, now=now)
    return row


async def edit(
    runtime: Runtime,
    session: AsyncSession,
    actor: Actor,
    run_id: UUID,
    *,
    add: Sequence[tuple[UUID, UUID]],
    remove: Sequence[tuple[UUID, UUID]],
    expected_version: int,
    now: datetime,
) -> AllocationRun:
    """People put on shifts or taken off, by hand: `(person, shift)`. The rules are asked as of the plan itself."""
    async with runtime.db.reading() as reading:
        seen = await get(reading, actor, run_id)
        if seen.state is not R.READY or seen.plan is None:
            check_run_step(seen.state, R.PUBLISHED)
            raise RunNotFoundError
        also = {person for person, _ in add}
        found = await problem_of.build(reading, seen.enterprise_id, horizon_of(seen), now=now, also=also)
        problem = to_json(found)
    pairs = [tuple(pair) for pair in seen.plan["assignments"]]
    gone = {(str(person), str(shift)) for person, shift in remove}
    wanted = [pair for pair in pairs if pair not in gone]
    wanted += [(str(person), str(shift)) for person, shift in add]
    plan = {**seen.plan, "assignments": [list(pair) for pair in sorted(set(wanted))]}
    verdict = await asyncio.to_thread(check_plan, problem, plan, statements=False)
    if verdict.violations:
        raise PlanBreaksRulesError(
            first=verdict.violations[0].text,
            fields=[FieldIssue(path="add", message=one.text) for one in verdict.violations[:20]],
        )
    row = await _lock(session, actor, run_id)
    check_version(row.version, expected_version)
    if row.state is not R.READY:
        check_run_step(row.state, R.PUBLISHED)
    row.plan = restate(problem, plan, words="人工调整后空出")
    row.verdict = verdict.as_dict()
    row.touch(now)
    await session.flush()
    audit.by(session, actor, "allocation_edited", SUBJECT, row.id, now=now)
    return row


async def publish(
    session: AsyncSession, actor: Actor, run_id: UUID, *, expected_version: int, now: datetime
) -> AllocationRun:
    """The plan becomes offers: one message for each shift, so that no long transaction holds many seats.

    A shift's message is done whole or not at all, and doing it twice does no harm. Everybody is asked about as they are
    then: who took another seat meanwhile is left out, which the run counts in `progress.skipped`.
    """
    row = await _lock(session, actor, run_id)
    check_version(row.version, expected_version)
    check_run_step(row.state, R.PUBLISHED)
    if row.ended_at is not None and now - row.ended_at > PLAN_HOLDS:
        raise PlanOldError(hours=int((now - row.ended_at) / timedelta(hours=1)))
    plan = row.plan or {}
    row.state, row.published_at = R.PUBLISHED, now
    row.progress = {**row.progress, "offered": 0, "skipped": 0, "withdrawn": 0}
    row.touch(now)
    await session.flush()
    shifts = sorted({shift for _, shift in plan["assignments"]} | {shift for _, shift in plan.get("offers", ())})
    payloads = {f"plan:{row.id}:{shift}": {"run_id": str(row.id), "shift_id": shift} for shift in shifts}
    await outbox.enqueue_all(session, topic=PUBLISH_TOPIC, payloads=payloads, now=now)
    await _record_short(session, row, plan, now)
    audit.by(session, actor, "allocation_published", SUBJECT, row.id, now=now)
    return row


def horizon_of(row: AllocationRun) -> Horizon:
    return Horizon(row.horizon_starts_at, row.horizon_ends_at)


async def _record_short(session: AsyncSession, row: AllocationRun, plan: Mapping[str, Any], now: datetime) -> None:
    """Each open seat with its reason; and what nobody can do, as proposed training: process × level × time."""
    unfilled = plan["unfilled"]
    session.add_all(
        PlanUnfilled(
            id=new_id(), created_at=now, run_id=row.id, shift_id=UUID(one["shift"]), halves=one["seats"],
            reason=one["text"][:200],
        )
        for one in unfilled
    )  # fmt: skip
    await session.flush()
    short = {UUID(one["shift"]): int(one["seats"]) for one in unfilled if one["code"] in UNSKILLED}
    rows = await session.exec(
        select(Shift, ShiftOrder)
        .join(ShiftOrder, col(ShiftOrder.id) == col(Shift.order_id))
        .where(col(Shift.id).in_(short))
    )
    sums: dict[tuple[str, int, date, str], list[int]] = defaultdict(lambda: [0, 0])
    for shift, order in rows:
        band = band_of(shift.starts_at.astimezone(CHINA).hour)
        total = sums[order.process_code, order.level, week_of(shift.day), band]
        total[0] += short[shift.id]
        total[1] += 1
    for (process, level, week, band), (halves, shifts) in sorted(sums.items()):
        await _propose(session, row.id, (process, level, week, band), halves, shifts, now)


async def _propose(
    session: AsyncSession, run_id: UUID, key: tuple[str, int, date, str], halves: int, shifts: int, now: datetime
) -> None:
    """The last plan of a week says what is short in it."""
    process, level, week, band = key
    fresh = TrainingProposal(
        id=new_id(), created_at=now, updated_at=now, process_code=process, level=level, week=week, time_band=band,
        short_halves=halves, shifts=shifts, run_id=run_id,
    )  # fmt: skip
    lacked = PlanLacked(at=now, proposal_id=fresh.id, process_code=process, level=level, halves=halves, shifts=shifts)
    if await insert_or_ignore(session, TrainingProposal, fresh.model_dump()):
        await emit(session, lacked)
        return
    found = await session.exec(
        select(TrainingProposal)
        .where(
            TrainingProposal.process_code == process, TrainingProposal.level == level, TrainingProposal.week == week,
            TrainingProposal.time_band == band,
        )
        .with_for_update()
    )  # fmt: skip
    known = found.one()
    known.short_halves, known.shifts, known.run_id, known.updated_at = halves, shifts, run_id, now
    await session.flush()
    await emit(session, lacked.model_copy(update={"proposal_id": known.id}))


async def proposals(session: ReadSession, *, since: datetime) -> Sequence[TrainingProposal]:
    """What was short in the plans of this week and later, the most first; at most 200."""
    rows = await session.exec(
        select(TrainingProposal)
        .where(TrainingProposal.week >= week_of(china_date(since)))
        .order_by(col(TrainingProposal.short_halves).desc(), col(TrainingProposal.id))
        .limit(200)
    )
    return rows.all()


async def _lock(session: AsyncSession, actor: Actor, run_id: UUID) -> AllocationRun:
    await get(session, actor, run_id)
    return await lock(session, AllocationRun, run_id, RunNotFoundError)
