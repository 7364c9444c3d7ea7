"""What tests of training arrange: an officer, a trainer, a published course, a class that takes people, a firm's people."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from app.core.clock import CHINA
from app.rules.identity.roles import Role, ScopeKind
from app.tasks.sweeps import sweep
from tests.factories.world import Someone, World, ok
from tests.support.funnel import later
from tests.support.gig_people import born, registered
from tests.support.jobs import key

ELECTRICIAN = "60706.01"


@dataclass
class School:
    """The training office of a small town."""

    world: World
    officer: Someone
    trainer: Someone
    _serial: list[int] = field(default_factory=lambda: [0])

    def number(self) -> int:
        self._serial[0] += 1
        return self._serial[0]

    def at(self, days: int, hour: int = 9, minute: int = 0) -> datetime:
        now = self.world.clock.now().astimezone(CHINA)
        return now.replace(hour=hour, minute=minute, second=0, microsecond=0) + timedelta(days=days)

    def session(self, days: int = 5, hour: int = 9, minutes: int = 180, **changes: Any) -> dict[str, Any]:
        start = self.at(days, hour)
        return {
            "starts_at": start.isoformat(), "ends_at": (start + timedelta(minutes=minutes)).isoformat(),
            "venue": f"培训室{self.number()}", "trainer_id": None,
        } | changes  # fmt: skip

    async def course(self, *, published: bool = True, **changes: Any) -> dict[str, Any]:
        made = ok(await self.officer.post("/training/courses", course_form(self.number(), **changes), key=key()))
        if published:
            made = ok(await self.move(f"/training/courses/{made['id']}/publish", made))
        return dict(made)

    async def move(self, path: str, row: dict[str, Any], by: Someone | None = None, **more: Any) -> httpx.Response:
        return await (by or self.officer).post(path, {"expected_version": row["version"]} | more, key=key())

    async def draft(self, course: dict[str, Any], *sessions: dict[str, Any], **changes: Any) -> dict[str, Any]:
        form = self.form(course, *sessions, **changes)
        return dict(ok(await self.officer.post("/training/classes", form, key=key())))

    def form(self, course: dict[str, Any], *sessions: dict[str, Any], **changes: Any) -> dict[str, Any]:
        planned = list(sessions) or [self.session()]
        first = min(datetime.fromisoformat(one["starts_at"]) for one in planned)
        return {
            "course_id": course["id"], "title": f"{course['title']}第{self.number()}期", "capacity": 30,
            "enrol_until": (first - timedelta(hours=1)).isoformat(), "sessions": planned,
        } | changes  # fmt: skip

    async def open_class(self, course: dict[str, Any], *sessions: dict[str, Any], **changes: Any) -> dict[str, Any]:
        made = await self.draft(course, *sessions, **changes)
        made = ok(await self.move(f"/training/classes/{made['id']}/approve", made))
        return dict(ok(await self.move(f"/training/classes/{made['id']}/open", made)))

    async def get(self, made: dict[str, Any], by: Someone | None = None) -> dict[str, Any]:
        return dict(ok(await (by or self.officer).get(f"/training/classes/{made['id']}")))

    async def learner(self, *, years: int | None = 30, worker: bool = False, app: str = "zhipin") -> Someone:
        """With the consent to the service, name and birth date."""
        person = await self.world.person(app=app)
        await self.world.consent(person, "service")
        if years is not None:
            await born(self.world, person, years)
        if worker:
            await registered(self.world, person, companions=[])
        return person

    async def enrol(self, person: Someone, made: dict[str, Any]) -> httpx.Response:
        return await person.post(f"/training/classes/{made['id']}/enrol", key=key())

    async def seat(self, person: Someone, made: dict[str, Any]) -> dict[str, Any]:
        return dict(ok(await self.enrol(person, made)))

    async def entry(self, person: Someone, enrolment: dict[str, Any]) -> dict[str, Any]:
        return dict(ok(await person.get(f"/training/enrolments/{enrolment['id']}")))

    async def act(self, person: Someone, enrolment: dict[str, Any], verb: str, **more: Any) -> httpx.Response:
        fresh = await self.entry(person, enrolment)
        return await person.post(
            f"/training/enrolments/{enrolment['id']}/{verb}", {"expected_version": fresh["version"]} | more, key=key()
        )

    async def pass_time(self, until: datetime, *people: Someone) -> None:
        """To that moment, and what the clock does by itself."""
        await later(self.world, until - self.world.clock.now(), self.officer, self.trainer, *people)
        await sweep(self.world.runtime)

    async def mark(
        self, made: dict[str, Any], mark: str, *entries: dict[str, Any], session: int = 0, minutes: int | None = None,
        by: Someone | None = None, reason: str = "按签名表登记",
    ) -> httpx.Response:  # fmt: skip
        form = {
            "marks": [{"enrolment_id": one["id"], "mark": mark, "minutes": minutes} for one in entries],
            "reason": reason,
        }
        session_id = made["sessions"][session]["id"]
        return await (by or self.trainer).post(f"/training/sessions/{session_id}/marks", form, key=key())

    async def results(self, made: dict[str, Any], *scores: tuple[dict[str, Any], int | None]) -> httpx.Response:
        form = {"results": [{"enrolment_id": entry["id"], "score": score} for entry, score in scores]}
        return await self.trainer.post(f"/training/classes/{made['id']}/results", form, key=key())

    async def taught(self, course: dict[str, Any], *people: Someone, score: int | None = 80) -> dict[str, Any]:
        """A class from enrolment to its end, passed by all of them."""
        made = await self.open_class(course)
        entries = [await self.seat(person, made) for person in people]
        await self.pass_time(datetime.fromisoformat(made["last_at"]) + timedelta(minutes=5), *people)
        ok(await self.mark(made, "present", *entries))
        ok(await self.results(made, *[(entry, score) for entry in entries]))
        return dict(ok(await self.move(f"/training/classes/{made['id']}/complete", await self.get(made))))

    async def certified(self, course: dict[str, Any], *people: Someone) -> list[dict[str, Any]]:
        made = await self.taught(course, *people)
        done = ok(await self.officer.post(f"/training/classes/{made['id']}/certificates", key=key()))
        return list(done["items"])

    async def listed(self, owner: Someone, firm_id: str, count: int) -> list[Someone]:
        """People of the firm's own list."""
        code = ok(await owner.get(f"/enterprises/{firm_id}/roster-code"))["code"]
        people = []
        for _ in range(count):
            person = await self.learner(worker=True)
            ok(await person.post("/me/rosters", {"code": code}, key=key()))
            people.append(person)
        return people


async def open_school(world: World) -> School:
    officer, trainer = await world.person(), await world.person()
    await world.appoint(officer, Role.TRAINING_OFFICER)
    await world.appoint(trainer, Role.TRAINER, ScopeKind.TOWN)
    return School(world, officer, trainer)


def course_form(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "code": f"course_{number}", "title": f"电工课{number}", "brand": "skill", "hours": 24, "minimum": 2, "capacity": 30,
        "pass_by": "assessment", "skill_word": "电工证", "occupation_code": ELECTRICIAN, "level": "junior",
        "process_code": ELECTRICIAN, "gig_level": 2,
    } | changes  # fmt: skip
