"""Firms that nobody seeded: the form, its papers, and the way to approval."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from app.core.clock import china_date
from app.rules.identity.roles import Role
from demo.steps import fictional_credit_code
from tests.factories.world import Someone, World, ok
from tests.support.uploads import pdf, uploaded

NEW_FIRM = "石狮市新测服装有限公司"
NEW_CODE = fictional_credit_code("91350581MA0DEM0WW")
PERMIT = "350581000001"


@dataclass
class Firm:
    """A registered firm with its owner."""

    world: World
    owner: Someone
    id: str

    async def details(self, reader: Someone | None = None) -> dict[str, Any]:
        read: dict[str, Any] = ok(await (reader or self.owner).get(f"/enterprises/{self.id}"))
        return read

    async def act(self, person: Someone, verb: str, **form: Any) -> httpx.Response:
        """With the version of this moment, where none is given."""
        version = {"expected_version": (await self.details())["version"]}
        return await person.post(f"/enterprises/{self.id}/{verb}", version | form)

    async def permit(self, days: int, kind: str = "hr_service") -> httpx.Response:
        paper = await uploaded(self.owner, pdf(), purpose="agency_licence")
        form = {"number": PERMIT, "valid_to": day(self.world, days), "file_id": paper["file_id"]}
        return await self.owner.put(f"/enterprises/{self.id}/licences/{kind}", form)


def day(world: World, days: int) -> str:
    """So many days from today, in China."""
    return str(china_date(world.clock.now()) + timedelta(days=days))


async def papers(owner: Someone, *, bare: bool = False, **changes: Any) -> dict[str, Any]:
    """The whole form; with licence and letter uploaded unless it is `bare`."""
    files: list[str | None] = [None, None]
    if not bare:
        made = [await uploaded(owner, pdf(), purpose=kind) for kind in ("licence", "authorisation")]
        files = [file["file_id"] for file in made]
    return {
        "name": NEW_FIRM, "kind": "employer", "uscc": NEW_CODE, "address": "宝盖镇科技园示例路1号", "handler": "王小测",
        "licence_file_id": files[0], "authorisation_file_id": files[1],
        "authorisation_valid_to": day(owner.world, 200),
    } | changes  # fmt: skip


async def registered(world: World, *, bare: bool = False, **changes: Any) -> Firm:
    owner = await world.person()
    made = ok(await owner.post("/enterprises", await papers(owner, bare=bare, **changes)))
    return Firm(world, owner, made["id"])


async def approved(world: World, **changes: Any) -> Firm:
    firm = await registered(world, **changes)
    if changes.get("kind") == "agency":
        ok(await firm.permit(100))
    ok(await firm.act(firm.owner, "submit"))
    ok(await firm.act(await world.officer(), "approve"))
    return firm


async def second_officer(world: World) -> Someone:
    person = await world.person()
    await world.appoint(person, Role.GIGS_OFFICER)
    return person
