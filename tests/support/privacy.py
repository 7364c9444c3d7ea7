"""What the tests of privacy share: people with all their data, agents, every sealed value opened, rows as they stand."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from app.core.columns import SEALED, metadata
from app.core.ids import new_id
from app.models.identity import Consent
from app.rules.identity.apps import ClientApp
from app.rules.identity.consents import ConsentPurpose
from app.rules.identity.onbehalf import REPRESENTATION_VERSION
from app.rules.identity.roles import Role, ScopeKind
from tests.factories.world import Someone, World, ok

HOME = {"address": "塘后村", "latitude": 24.731234, "longitude": 118.651234, "coord_type": "gcj02"}
# Right by its check digit; six digits of an area that never was.
ID_NUMBER = "999999198803120028"
BORN = "1988-03-12"


@dataclass
class Agent(Someone):
    """A person at their own screen, in somebody else's affairs."""

    representation_id: str = ""
    own_code: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        code = {"X-Own-Code": self.own_code} if self.own_code else {}
        return {"Authorization": f"Bearer {self.token}", "X-On-Behalf-Of": self.representation_id} | code


def acting(agent: Someone, representation: dict[str, Any], own_code: str | None = None) -> Agent:
    return Agent(agent.world, agent.name, agent.app, agent.token, agent.id, representation["id"], own_code)


def offer_form(kind: str = "relative", *scopes: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "scopes": list(scopes or ("profile", "jobs")), "text_version": REPRESENTATION_VERSION} | more


def record_form(person: Someone | str, *scopes: str, **more: Any) -> dict[str, Any]:
    person_id = person if isinstance(person, str) else person.id
    return {
        "person_id": person_id, "scopes": list(scopes or ("profile", "jobs")), "text_version": REPRESENTATION_VERSION,
        "method": "verbal",
    } | more  # fmt: skip


async def relative_of(person: Someone, agent: Someone, kind: str = "relative", *scopes: str) -> dict[str, Any]:
    """The person hands over a code, the agent types it in."""
    code = ok(await person.post("/representations", offer_form(kind, *scopes)))["code"]
    accepted: dict[str, Any] = ok(await agent.post("/representations/claims", {"code": code}))
    return accepted


async def grid_member(world: World, area_id: str | None = None) -> Someone:
    person = await world.person()
    await world.appoint(person, Role.GRID_MEMBER, ScopeKind.AREA if area_id else ScopeKind.TOWN, area_id)
    return person


async def give_phone(person: Someone, number: str) -> None:
    code = person.world.sandbox.phone_code(person.app, person.name, number)
    ok(await person.post("/me/phone", {"code": code}))


async def give_id_number(person: Someone, number: str = ID_NUMBER) -> None:
    await person.world.consent(person, "id_number")
    version = ok(await person.get("/me"))["person"]["version"]
    ok(await person.put("/me/id-number", {"id_number": number, "expected_version": version}))


async def full_person(world: World, phone: str = "13850000007") -> Someone:
    """A seeker of whom everything is known."""
    seeker = await world.seeker(home=HOME)
    await give_phone(seeker, phone)
    await give_id_number(seeker)
    return seeker


async def agreed_before(world: World, person: Someone, purpose: ConsentPurpose, version: str = "2025-01") -> None:
    """What the person agreed to while an earlier text was in force."""
    async with world.runtime.db.unit_of_work() as session:
        session.add(
            Consent(
                created_at=world.clock.now() - timedelta(days=300), person_id=UUID(person.id), purpose=purpose,
                policy_version=version, app=ClientApp.ZHIPIN,
            )
        )  # fmt: skip


def table_of(name: str) -> Any:
    return metadata.tables[name]


async def rows(world: World, name: str, *where: Any) -> list[dict[str, Any]]:
    """Rows as they lie in the database, oldest first where the table tells."""
    found = table_of(name)
    order = [found.c[key] for key in ("created_at", "id") if key in found.c]
    async with world.runtime.db.connection() as connection:
        result = await connection.execute(select(found).where(*where).order_by(*order))
        return [dict(row) for row in result.mappings()]


async def row_of(world: World, name: str, row_id: str | UUID) -> dict[str, Any]:
    (row,) = await rows(world, name, table_of(name).c.id == UUID(str(row_id)))
    return row


async def opened(world: World) -> dict[str, list[str]]:
    """Every sealed value of the whole database, opened: `table.column` → values."""
    found: dict[str, list[str]] = {}
    async with world.runtime.db.connection() as connection:
        for table in metadata.sorted_tables:
            sealed = [column for column in table.columns if SEALED in column.info]
            for row in (await connection.execute(select(table))).mappings() if sealed else ():
                row_id = "/".join(str(row[key.name]) for key in table.primary_key.columns)
                for column in sealed:
                    if row[column.name] is not None:
                        value = world.crypto.open(table.name, column.info[SEALED], row_id, row[column.name])
                        found.setdefault(f"{table.name}.{column.name}", []).append(value.decode(errors="replace"))
    return found


async def holding(world: World, *secrets: str) -> set[str]:
    """Where in the database any of these stands, sealed or plain. Only the seeds' own books are not read."""
    places = {place for place, values in (await opened(world)).items() if _any(secrets, values)}
    async with world.runtime.db.connection() as connection:
        for table in metadata.sorted_tables:
            if table.name.startswith(("code_", "seed_")):
                continue
            for row in (await connection.execute(select(table))).mappings():
                places |= {f"{table.name}.{name}" for name, value in row.items() if _any(secrets, [str(value)])}
    return places


def _any(secrets: tuple[str, ...], values: list[str]) -> bool:
    return any(secret in value for secret in secrets for value in values)


async def put_rows(world: World, model: Any, *values: dict[str, Any]) -> list[UUID]:
    """Rows that only the past could have left behind."""
    filled = [{"id": new_id()} | row for row in values]
    async with world.runtime.db.unit_of_work() as session:
        await (await session.connection()).execute(insert(model), filled)
    return [row["id"] for row in filled]


async def acts(world: World, *names: str, subject: str | None = None) -> list[dict[str, Any]]:
    """Entries of the audit log of these acts, oldest first."""
    entry = table_of("audit_entry")
    about = [] if subject is None else [entry.c.subject_id == subject]
    return await rows(world, "audit_entry", entry.c.act.in_(names), *about)


async def told(person: Someone) -> list[dict[str, Any]]:
    """The person's notices, newest first."""
    items: list[dict[str, Any]] = ok(await person.get("/me/notices", limit=100))["items"]
    return items


def edges(now: datetime, kept: timedelta) -> Iterator[datetime]:
    """One day within the time of keeping, and one day past it."""
    yield now - kept + timedelta(days=1)
    yield now - kept - timedelta(days=1)
