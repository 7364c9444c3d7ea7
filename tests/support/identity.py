"""What the tests of sessions and staff share: logins with both tokens, an auditor and what they read, ended accounts."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from app.models.identity import Person
from app.rules.identity.roles import Role
from app.services.identity import staff
from tests.factories.world import V1, Someone, World, ok
from tests.support.api import column, login

AUDITOR = "赖晓伟"
GRACE = timedelta(seconds=30)
PERSON: Any = Person.__table__.c  # type: ignore[attr-defined]


@dataclass
class Phone:
    """One login on one device: the person with the access token, and the refresh token beside it."""

    someone: Someone
    refresh_token: str
    answer: dict[str, Any]

    async def refresh(self) -> httpx.Response:
        return await refresh(self.someone.world, self.refresh_token)

    async def renewed(self) -> "Phone":
        return phone_of(self.someone.world, self.someone.name, self.someone.app, ok(await self.refresh()))


def phone_of(world: World, name: str, app: str, answer: dict[str, Any]) -> Phone:
    person = Someone(world, name, app, answer["access_token"], answer.get("person_id", ""))
    return Phone(person, answer["refresh_token"], answer)


async def phone(world: World, name: str = "林小梅", app: str = "zhipin") -> Phone:
    answer = ok(await login(world, app, world.sandbox.login_code(app, name)))
    return phone_of(world, name, app, answer)


async def refresh(world: World, token: str) -> httpx.Response:
    return await world.api.post(f"{V1}/auth/refresh", json={"refresh_token": token})


async def bootstrap(world: World, role: Role, name: str | None) -> str:
    async with world.runtime.db.unit_of_work() as session:
        return await staff.bootstrap(session, staff_name=name, now=world.clock.now(), role=role)


async def auditor(world: World) -> Someone:
    """Whom no administrator appoints: by a code from the command line."""
    person = await world.person()
    code = await bootstrap(world, Role.AUDITOR, AUDITOR)
    ok(await person.post("/roster/claims", {"code": code, "name": AUDITOR}))
    return person


async def entries(reader: Someone, **query: Any) -> list[dict[str, Any]]:
    """The log as its auditor reads it, newest first."""
    return list(ok(await reader.get("/audit-entries", limit=100, **query))["items"])


async def version_of(world: World, person: Someone) -> int:
    return int(await column(world, PERSON.version, PERSON.id == UUID(person.id)))


async def disable(admin: Someone, person: Someone) -> httpx.Response:
    form = {"reason": "多次发布虚假信息", "expected_version": await version_of(admin.world, person)}
    return await admin.post(f"/people/{person.id}/disable", form)


async def enable(admin: Someone, person: Someone) -> httpx.Response:
    form = {"expected_version": await version_of(admin.world, person)}
    return await admin.post(f"/people/{person.id}/enable", form)
