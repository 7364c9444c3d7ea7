"""The worker's part of a run: take it under a lease, solve in a process of its own, keep each better plan as it is found.

Nothing but the run's own row is written until somebody publishes: a worker killed at any moment leaves nobody half booked.
Its solver ends with it; another worker takes the run up when the lease is over, from the instant plan on.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.db import lock
from app.core.logging import get_logger
from app.core.metrics import ALLOCATION_GAP, ALLOCATION_SECONDS
from app.core.sanitise import SECRETS
from app.matching.allocation import to_json
from app.models.gigs import AllocationRun, Offer, WorkerProfile
from app.rules.gigs.allocation import LEASE, MOST_ATTEMPTS, RunNotFoundError, RunState, check_run_step
from app.rules.gigs.offers import OfferSource, OfferState
from app.services.gigs import board, homes, offers, problem_of, refill
from app.services.gigs.board import OnBoard
from app.services.gigs.runs import horizon_of
from app.services.runtime import Runtime

R = RunState
# Words of the solver that take longer than this: the lease is renewed and a wish to cancel is heard.
TICK_SECONDS = 2.0
# What the process may take beyond the limit of the solve: reading, checking.
GRACE_SECONDS = 60.0
LINE_BYTES = 256 * 2**20
log = get_logger()


async def work_one(runtime: Runtime) -> bool:
    """One run from the queue, to its end; False where none waits."""
    row = await _take(runtime)
    if row is None:
        return False
    try:
        await _solve(runtime, row)
    except _LostError:
        log.warning("allocation run lost", run_id=str(row.id))
    return True


class _LostError(Exception):
    """Another worker has the run, or somebody has ended it."""


async def _take(runtime: Runtime) -> AllocationRun | None:
    """The oldest that waits, or whose worker has fallen silent. Three deaths are enough."""
    now = runtime.clock.now()
    async with runtime.db.unit_of_work() as session:
        waiting = (col(AllocationRun.state) == R.QUEUED) | (
            (col(AllocationRun.state) == R.RUNNING) & (col(AllocationRun.lease_until) < now)
        )
        row = (
            await session.exec(
                select(AllocationRun)
                .where(waiting)
                .order_by(col(AllocationRun.created_at), col(AllocationRun.id))
                .limit(1)
                .with_for_update(skip_locked=True)
            )
        ).one_or_none()
        if row is None:
            return None
        if row.state is R.RUNNING:
            check_run_step(row.state, R.QUEUED)
            row.state = R.QUEUED
        if row.attempts >= MOST_ATTEMPTS:
            _end(row, R.FAILED, now, failure=f"计算{row.attempts}次都没有完成，请缩小范围或缩短天数后重试")
            return row
        check_run_step(row.state, R.RUNNING)
        row.state, row.started_at, row.lease_until = R.RUNNING, row.started_at or now, now + LEASE
        row.attempts += 1
        row.touch(now)
        return row


async def _solve(runtime: Runtime, row: AllocationRun) -> None:
    if row.state is not R.RUNNING:
        return
    async with runtime.db.reading() as session:
        problem = to_json(await problem_of.build(session, row.enterprise_id, horizon_of(row), now=runtime.clock.now()))
    if not problem["shifts"]:
        await _finish(runtime, row, failure="这段时间没有等待配工的班次", verdict=None)
        return
    asked = {"problem": problem, "seed": row.seed, "seconds": row.limit_seconds}
    verdict: dict[str, Any] | None = None
    async with contextlib.aclosing(_words(asked, row.limit_seconds + GRACE_SECONDS)) as words:
        async for said in words:
            if said is not None and "verdict" in said:
                verdict = said["verdict"]
            await _keep(runtime, row, said, problem)
    if verdict is None:
        await _finish(runtime, row, failure="计算进程意外结束", verdict=None)
    elif verdict["violations"]:
        await _finish(runtime, row, failure="独立核对发现方案不合规则，不能发布", verdict=verdict)
    else:
        await _finish(runtime, row, failure=None, verdict=verdict)


async def _words(asked: dict[str, Any], seconds: float) -> AsyncGenerator[dict[str, Any] | None, None]:
    """What the solver says, and None whenever it has been silent for a while; it is gone when nobody listens any more."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.matching.solving", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, limit=LINE_BYTES,
        env={name: value for name, value in os.environ.items() if not name.startswith(SECRETS)},
    )  # fmt: skip
    assert process.stdin is not None  # noqa: S101  # a pipe was asked for
    assert process.stdout is not None  # noqa: S101
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    try:
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        with contextlib.suppress(ConnectionError):
            await process.stdin.drain()
        line = asyncio.ensure_future(process.stdout.readline())
        while loop.time() < until:
            done, _ = await asyncio.wait({line}, timeout=TICK_SECONDS)
            if not done:
                yield None
                continue
            if not line.result():
                return
            yield json.loads(line.result())
            line = asyncio.ensure_future(process.stdout.readline())
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()


async def _keep(runtime: Runtime, row: AllocationRun, said: dict[str, Any] | None, problem: dict[str, Any]) -> None:
    """Progress, a better plan, or a sign of life; and the place where a wish to cancel is heard."""
    now = runtime.clock.now()
    async with runtime.db.unit_of_work() as session:
        current = await _mine(session, row)
        current.lease_until = now + LEASE
        if said is not None and "plan" in said:
            plan = {**said["plan"], "offers": [list(pair) for pair in problem["offers"]]}
            current.plan = plan
            current.progress = {
                "phase": plan["stage"], "seconds": said["seconds"], "shortfall": plan["objectives"][0],
                "bound": plan["bounds"][0], "total": plan["total"], "gap": plan["gaps"][0],
            }  # fmt: skip
            current.touch(now)
        elif said is not None and "progress" in said:
            told = said["progress"]
            current.progress = {
                **current.progress, "phase": told["stage"], "seconds": round(told["seconds"], 1),
                "shortfall": told["objectives"][0], "bound": told["bounds"][0],
            }  # fmt: skip
        if current.cancel_asked:
            _end(current, R.CANCELLED, now)
    if current.state is not R.RUNNING:
        raise _LostError


async def _finish(runtime: Runtime, row: AllocationRun, *, failure: str | None, verdict: dict[str, Any] | None) -> None:
    now = runtime.clock.now()
    async with runtime.db.unit_of_work() as session:
        current = await _mine(session, row)
        current.verdict = verdict
        _end(current, R.READY if failure is None else R.FAILED, now, failure=failure)
        if current.plan is not None and current.started_at is not None:
            ALLOCATION_GAP.set(current.plan["gaps"][0])
            ALLOCATION_SECONDS.observe((now - current.started_at).total_seconds())


async def _mine(session: AsyncSession, row: AllocationRun) -> AllocationRun:
    """The run under its lock, if this worker still has it: whoever took it up later has counted one attempt more."""
    current = await lock(session, AllocationRun, row.id, RunNotFoundError)
    if current.state is not R.RUNNING or current.attempts != row.attempts:
        raise _LostError
    return current


def _end(row: AllocationRun, state: RunState, now: datetime, *, failure: str | None = None) -> None:
    check_run_step(row.state, state)
    row.state, row.ended_at, row.lease_until, row.failure = state, now, None, failure
    row.touch(now)


async def publish_shift(session: AsyncSession, run_id: UUID, shift_id: UUID, *, now: datetime) -> None:
    """One shift of a published plan, in one transaction: what the plan no longer has is taken back, the rest is offered."""
    row = (await session.exec(select(AllocationRun).where(AllocationRun.id == run_id))).one_or_none()
    on = (await board.hold_shifts(session, [shift_id])).get(shift_id)
    if row is None or row.plan is None or on is None:
        return
    wanted = sorted(UUID(person) for person, shift in row.plan["assignments"] if shift == str(shift_id))
    open_now = await session.exec(
        select(Offer).where(
            Offer.shift_id == shift_id, Offer.state == OfferState.OFFERED, Offer.source == OfferSource.PLAN
        )
    )
    old = [offer.id for offer in open_now if offer.person_id not in wanted]
    await offers.take_back(session, old, now=now)
    offered = skipped = 0
    for person_id in wanted:
        if await offers.is_on(session, shift_id, person_id):
            continue
        made = None
        if await refill.may_take(session, on, person_id, now):
            reason = await _reason(session, on, person_id)
            made = await offers.make(
                session, on, person_id, source=OfferSource.PLAN, run_id=run_id, now=now, reason=reason
            )
        offered, skipped = offered + (made is not None), skipped + (made is None)
    run = await lock(session, AllocationRun, run_id, RunNotFoundError)
    told = run.progress
    run.progress = {
        **told, "offered": told.get("offered", 0) + offered, "skipped": told.get("skipped", 0) + skipped,
        "withdrawn": told.get("withdrawn", 0) + len(old),
    }  # fmt: skip
    if skipped:
        # Who cannot come any more leaves a seat that the next best may have.
        await refill.ask(session, shift_id, now=now)


async def forget_old(session: AsyncSession, *, before: datetime, dry_run: bool) -> int:
    """Plans speak of who was free when: their words go, the numbers stay."""
    rows = (
        await session.exec(
            select(AllocationRun).where(col(AllocationRun.plan).is_not(None), col(AllocationRun.created_at) < before)
        )
    ).all()
    for row in rows if not dry_run else ():
        row.plan = None
    return len(rows)


async def _reason(session: AsyncSession, on: OnBoard, person_id: UUID) -> str:
    found = await session.exec(select(WorkerProfile).where(WorkerProfile.person_id == person_id))
    profile = found.one_or_none()
    said = [f"统一配工：会{on.order.process_name}，班次在您填写的可上班时间内"]
    away = None if profile is None else homes.metres(crypto_of(session), profile, on.order)
    if away is not None:
        said.append(f"离家约{away / 1000:.1f}公里")
    return "，".join(said)
