"""The same API and worker under a clock that runs ahead: for the part of the story that takes weeks.

`python -m demo.ahead DAYS api PORT` or `python -m demo.ahead DAYS worker`; settings from the environment as ever.
"""

import asyncio
import signal
import sys
from datetime import datetime, timedelta

import uvicorn

from app.core.clock import SystemClock
from app.core.logging import configure_logging
from app.core.settings import Settings
from app.main import create_app
from app.services import reactions
from app.services.runtime import open_runtime
from app.tasks.worker import run_worker


class AheadClock(SystemClock):
    def __init__(self, days: int) -> None:
        self._ahead = timedelta(days=days)

    def now(self) -> datetime:
        return super().now() + self._ahead


async def work(clock: AheadClock) -> None:
    settings, stop = Settings(), asyncio.Event()
    configure_logging(settings.log_level)
    reactions.register()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_runtime(settings, clock) as runtime:
        await run_worker(runtime, stop)


def main() -> None:
    days, what, *rest = sys.argv[1:]
    clock = AheadClock(int(days))
    if what == "worker":
        asyncio.run(work(clock))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    app = create_app(Settings(), clock)
    uvicorn.Server(uvicorn.Config(app, port=int(rest[0]), log_config=None, access_log=False, server_header=False)).run()


if __name__ == "__main__":
    main()
