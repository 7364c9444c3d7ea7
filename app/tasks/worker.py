"""The worker's loop: seal the audit log, deliver what is due, sweep now and then, stop between two messages."""

import asyncio
import os
import socket

from app.core.errors import AppError
from app.core.ids import new_id
from app.core.logging import get_logger
from app.services.gigs import run_work
from app.services.identity import audit_chain
from app.services.runtime import Runtime
from app.tasks.delivery import deliver_due
from app.tasks.sweeps import sweep, sweep_daily

SWEEP_EVERY_SECONDS = 60.0
# After a failure (database away) the loop waits this long and goes on: a worker never dies of an outage.
PAUSE_SECONDS = 2.0
log = get_logger()


async def run_worker(runtime: Runtime, stop: asyncio.Event) -> None:
    """Several workers may run; leases keep them apart. Returns soon after `stop` is set."""
    solving = asyncio.create_task(_solve_runs(runtime, stop))
    try:
        await _deliver(runtime, stop)
    finally:
        # The solver is another process: it ends with whoever listens to it, and the run is taken up again.
        solving.cancel()
        await asyncio.gather(solving, return_exceptions=True)


async def _solve_runs(runtime: Runtime, stop: asyncio.Event) -> None:
    """Beside the deliveries: a solve of minutes must not stand before the messages."""
    while not stop.is_set():
        try:
            busy = await run_work.work_one(runtime)
        except AppError as exc:
            log.warning("solver waits", code=exc.code)
            await _wait(stop, PAUSE_SECONDS)
        except Exception:
            # One problem that breaks the engine: its lease ends, and after three attempts it is called failed.
            log.exception("allocation run")
            await _wait(stop, PAUSE_SECONDS)
        else:
            await _wait(stop, 0.0 if busy else runtime.settings.worker_poll_seconds)


async def _deliver(runtime: Runtime, stop: asyncio.Event) -> None:
    holder = f"{socket.gethostname()[:20]}:{os.getpid()}:{new_id().hex[-8:]}"
    log.info("worker started", worker=holder)
    loop = asyncio.get_running_loop()
    next_sweep = loop.time()
    while not stop.is_set():
        pause = runtime.settings.worker_poll_seconds
        try:
            if loop.time() >= next_sweep:
                for name, count in (await sweep(runtime)).items():
                    log.info("sweep", sweep=name, count=count)
                if await sweep_daily(runtime):
                    await print_anchor(runtime)
                next_sweep = loop.time() + SWEEP_EVERY_SECONDS
            await seal_audit(runtime)
            outcome = await deliver_due(runtime, holder)
            if outcome.delivered + outcome.postponed + outcome.given_up:
                pause = 0.0
        except AppError as exc:
            log.warning("worker waits", code=exc.code)
            pause = PAUSE_SECONDS
        await _wait(stop, pause)
    log.info("worker stopped", worker=holder)


async def seal_audit(runtime: Runtime) -> int:
    """Everything that is unsealed now, a batch a transaction. A broken head stops sealing and nothing else."""
    total = 0
    try:
        while True:
            async with runtime.db.unit_of_work() as session:
                sealed = await audit_chain.seal(session, runtime.crypto, now=runtime.clock.now())
            total += sealed
            if sealed < audit_chain.BATCH:
                return total
    except audit_chain.AuditHeadBrokenError:
        log.exception("audit head broken")
        return total


async def print_anchor(runtime: Runtime) -> None:
    """The head of the chain into the log once a day, for a place outside this machine."""
    async with runtime.db.connection() as connection:
        seq, chain = await audit_chain.head(connection)
    log.info("audit anchor", anchor=audit_chain.anchor_line(seq, chain, runtime.clock.now()))


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
