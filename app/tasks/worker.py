"""The worker's loop: deliver what is due, sweep now and then, stop between two messages."""

import asyncio
import os
import socket

from app.core.errors import AppError
from app.core.ids import new_id
from app.core.logging import get_logger
from app.services.runtime import Runtime
from app.tasks.delivery import deliver_due
from app.tasks.sweeps import sweep

SWEEP_EVERY_SECONDS = 60.0
# After a failure (database away) the loop waits this long and goes on: a worker never dies of an outage.
PAUSE_SECONDS = 2.0
log = get_logger()


async def run_worker(runtime: Runtime, stop: asyncio.Event) -> None:
    """Several workers may run; leases keep them apart. Returns soon after `stop` is set."""
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
                next_sweep = loop.time() + SWEEP_EVERY_SECONDS
            outcome = await deliver_due(runtime, holder)
            if outcome.delivered + outcome.postponed + outcome.given_up:
                pause = 0.0
        except AppError as exc:
            log.warning("worker waits", code=exc.code)
            pause = PAUSE_SECONDS
        await _wait(stop, pause)
    log.info("worker stopped", worker=holder)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
