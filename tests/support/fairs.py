"""What several tests of job fairs arrange: a fair that runs, firms at it, people who come."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.core.clock import CHINA
from tests.factories.world import Someone, World, ok
from tests.support.jobs import Hiring, key

PLACE = {"address": "宝盖镇科技园企业服务中心", "latitude": 24.7236, "longitude": 118.6651, "coord_type": "gcj02"}


def form(world: World, **changes: Any) -> dict[str, Any]:
    """Tomorrow at nine, for seven hours."""
    start = (world.clock.now() + timedelta(days=1)).astimezone(CHINA).replace(hour=9, minute=0, second=0, microsecond=0)
    return {
        "title": "宝盖镇秋季现场招聘会", "kind": "onsite", "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=7)).isoformat(), "place": PLACE, "corridor": None, "school": None,
        "capacity": 40, "area_ids": [], "description": "不需要简历。",
    } | changes  # fmt: skip


def soon(world: World) -> dict[str, str]:
    """Begins in ten minutes, for half an hour: within one login."""
    start = world.clock.now() + timedelta(minutes=10)
    return {"starts_at": start.isoformat(), "ends_at": (start + timedelta(minutes=30)).isoformat()}


@dataclass
class Stall:
    """A fair with its officer, and what tests do at it."""

    world: World
    officer: Someone
    fair: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/fairs/{self.fair['id']}"

    async def move(self, verb: str, **more: Any) -> dict[str, Any]:
        self.fair = ok(
            await self.officer.post(f"{self.path}/{verb}", {"expected_version": self.fair["version"]} | more)
        )
        return self.fair

    async def join(self, hiring: Hiring, number: str | None = None) -> dict[str, Any]:
        """The firm applies and is confirmed."""
        asked = ok(await hiring.recruiter.post(f"{self.path}/booths", {"enterprise_id": hiring.firm_id}))
        return await self.confirm(asked, number)

    async def confirm(self, booth: dict[str, Any], number: str | None = None) -> dict[str, Any]:
        answer = {"number": number, "expected_version": booth["version"]}
        return ok(await self.officer.post(f"{self.path}/booths/{booth['id']}/confirm", answer))

    async def choose(self, hiring: Hiring, booth: dict[str, Any], *vacancies: dict[str, Any]) -> dict[str, Any]:
        return ok(await hiring.recruiter.put(f"{self.path}/vacancies", chosen(hiring, booth, *vacancies)))

    async def code(self) -> str:
        return str(ok(await self.officer.get(f"{self.path}/check-in-code"))["code"])

    async def check_in(self, person: Someone) -> dict[str, Any]:
        return ok(await person.post(f"{self.path}/check-ins", {"code": await self.code()}))

    async def apply(self, seeker: Someone, vacancy: dict[str, Any]) -> dict[str, Any]:
        return ok(await seeker.post("/applications", self.application(vacancy), key=key()))

    def application(self, vacancy: dict[str, Any]) -> dict[str, Any]:
        return {"vacancy_id": vacancy["id"], "release_contact": True, "fair_id": self.fair["id"]}

    async def board(self) -> dict[str, Any]:
        return ok(await self.world.anonymous.get(f"{self.path}/board"))


def chosen(hiring: Hiring, booth: dict[str, Any], *vacancies: dict[str, Any]) -> dict[str, Any]:
    return {
        "enterprise_id": hiring.firm_id, "vacancy_ids": [vacancy["id"] for vacancy in vacancies],
        "expected_version": booth["version"],
    }  # fmt: skip


async def planned(world: World, **changes: Any) -> Stall:
    officer = await world.officer()
    return Stall(world, officer, ok(await officer.post("/fairs", form(world, **changes), key=key())))


async def published(world: World, **changes: Any) -> Stall:
    stall = await planned(world, **changes)
    await stall.move("publish")
    return stall


async def running(world: World, **changes: Any) -> Stall:
    stall = await published(world, **changes)
    await stall.move("start")
    return stall
