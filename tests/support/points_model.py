"""One person's points as the page words them, in plain Python, which shares nothing with the service; and how a machine that
compares the two is run.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from app.core.errors import AppError
from app.core.settings import Settings
from app.services.points import verification
from app.services.runtime import Runtime, open_runtime


@dataclass
class Plain:
    """One person: what expires when, what is owed, what is set aside."""

    lots: dict[datetime, int] = field(default_factory=dict)
    debt: int = 0

    def free(self) -> int:
        return sum(self.lots.values())

    def expire(self, now: datetime) -> int:
        return sum(self.lots.pop(end) for end in [end for end in self.lots if end <= now])

    def gain(self, end: datetime, points: int) -> None:
        paid = min(points, self.debt)
        self.debt -= paid
        if points > paid:
            self.lots[end] = self.lots.get(end, 0) + points - paid

    def lose(self, points: int, first: datetime | None) -> list[tuple[datetime, int]]:
        took = []
        for end in sorted(self.lots, key=lambda one: (one != first, one)):
            some = min(points, self.lots[end])
            if some:
                took.append((end, some))
                points -= some
                self.lots[end] -= some
        self.lots = {end: left for end, left in self.lots.items() if left}
        self.debt += points
        return took

    def settle(self) -> None:
        """Whoever owes has nothing to spend."""
        owed, self.debt = self.debt, 0
        self.lose(owed, None)


class Machine(RuleBasedStateMachine):
    """`runtime` and `loop` are set by `run_histories`."""

    runtime: Runtime
    loop: asyncio.Runner

    def act(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            async with self.runtime.db.unit_of_work() as session:
                return await work(session)

        return self.loop.run(run())

    def tried(self, work: Callable[[Any], Awaitable[Any]]) -> tuple[Any, str | None]:
        """What came of it, or the code of the refusal."""
        try:
            return self.act(work), None
        except AppError as exc:
            return None, exc.code

    def teardown(self) -> None:
        async def faults() -> list[verification.Fault]:
            async with self.runtime.db.snapshot() as connection:
                return await verification.verify(connection)

        assert self.loop.run(faults()) == []


def run_histories(machine: type[Machine], database: str, folder: Path, *, steps: int) -> None:
    with asyncio.Runner() as loop:
        opening = open_runtime(Settings(database_url=database, data_dir=folder))
        runtime = loop.run(opening.__aenter__())
        try:
            here = type("Here", (machine,), {"runtime": runtime, "loop": loop})
            run_state_machine_as_test(
                here, settings=hypothesis.settings(max_examples=30, stateful_step_count=steps, deadline=None)
            )
        finally:
            loop.run(opening.__aexit__(None, None, None))
