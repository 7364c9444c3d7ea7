"""A town that hires already: made once per worker and database through the API itself, then copied for each test.

Administrator, jobs officer, an approved firm with its recruiter, two registered seekers: some thirty calls that half of
the tests would otherwise begin with.
"""

import asyncio
import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from app.core.settings import Settings
from tests.factories.world import Someone, World
from tests.support.jobs import Hiring, approved_firm

KEYS = "keys.json"
SEEKERS = 2
Opened = Callable[[Settings], AbstractAsyncContextManager[World]]


@dataclass
class Stage:
    """`url` of the database to copy, its key file, and who is signed in there."""

    url: str
    keys: Path
    staff: dict[str, Someone]
    recruiter: Someone
    firm_id: str
    seekers: list[Someone]

    @classmethod
    def build(cls, settings: Settings, opened: Opened) -> "Stage":
        return asyncio.run(cls._build(settings, opened))

    @classmethod
    async def _build(cls, settings: Settings, opened: Opened) -> "Stage":
        async with opened(settings) as world:
            hiring = await approved_firm(world)
            seekers = [await world.seeker() for _ in range(SEEKERS)]
        kept = settings.data_dir / KEYS
        return cls(settings.database_url, kept, world.staff, hiring.recruiter, hiring.firm_id, seekers)

    def lend_keys(self, data_dir: Path) -> None:
        """What lies sealed in the copy opens with the keys it was sealed with."""
        shutil.copyfile(self.keys, data_dir / KEYS)

    def enter(self, world: World) -> Hiring:
        """The same people, speaking to this test's application."""
        world.staff.update({office: self._here(world, person) for office, person in self.staff.items()})
        world.ready.extend(self._here(world, person) for person in self.seekers)
        return Hiring(world, self._here(world, self.recruiter), self.firm_id)

    @staticmethod
    def _here(world: World, person: Someone) -> Someone:
        world.sandbox.post("/_sbx/visits", app=person.app, person=person.name)
        return Someone(world, person.name, person.app, person.token, person.id)
