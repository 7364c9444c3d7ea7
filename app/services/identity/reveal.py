"""Looking a person up and seeing a full value: by office and scope, for a stated reason, audited, shown to the person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.models.identity import AuditEntry, Person
from app.models.organisation import Grid
from app.rules.identity.people import (
    NothingToRevealError,
    PersonalField,
    PersonInvisibleError,
    PersonState,
    RevealReason,
)
from app.rules.identity.roles import Actor, Permission, ScopeKind, check_permission
from app.services.identity import audit
from app.services.identity.people import PersonFacts, open_person
from app.services.jobs.seekers import home_area_of

SEEN_ACTS = ("revealed", "person_found", "exported")


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody looked: when, who, at what, why."""

    at: datetime
    actor_id: UUID | None
    act: str
    fields: str
    reason: RevealReason | None


async def find_by_phone(
    session: AsyncSession, crypto: Crypto, actor: Actor, *, phone: str, now: datetime
) -> list[PersonFacts]:
    """Exactly this number, within the office's scope; shown masked. The number travels in the body, never in the URL."""
    check_permission(actor, Permission.PERSON_ASSIST)
    rows = await session.exec(
        select(Person)
        .where(Person.phone_hash == crypto.keyed_hash("phone", phone), Person.state == PersonState.ACTIVE)
        .order_by(col(Person.id))
        .limit(20)
    )
    found = [row for row in rows if await reaches(session, actor, row.id, Permission.PERSON_ASSIST, unknown_area=True)]
    for row in found:
        audit.by(session, actor, "person_found", "person", row.id, now=now)
    return [open_person(crypto, row) for row in found]


async def reveal(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    person_id: UUID,
    *,
    fields: Sequence[PersonalField],
    reason: RevealReason,
    reference_id: UUID | None,
    now: datetime,
) -> dict[PersonalField, str]:
    """The full values, once; who, what and why are in the log and in the person's own list."""
    check_permission(actor, Permission.PERSON_REVEAL)
    if not await reaches(session, actor, person_id, Permission.PERSON_REVEAL):
        raise PersonInvisibleError
    row = (await session.exec(select(Person).where(Person.id == person_id))).one_or_none()
    if row is None or row.state is not PersonState.ACTIVE:
        raise PersonInvisibleError
    facts = open_person(crypto, row)
    values = {field: getattr(facts, field.value) for field in fields}
    empty = [field for field, value in values.items() if value is None]
    if empty:
        raise NothingToRevealError(what="、".join(field.label for field in empty))
    details = {"fields": ",".join(sorted(field.value for field in fields)), "reason": reason.value}
    if reference_id is not None:
        details["reference"] = str(reference_id)
    audit.by(session, actor, "revealed", "person", person_id, now=now, **details)
    return {field: str(value) for field, value in values.items()}


async def reaches(
    session: AsyncSession, actor: Actor, person_id: UUID, permission: Permission, *, unknown_area: bool = False
) -> bool:
    """An office for the town reaches everybody; one for an area those who live there.

    `unknown_area`: also people whose area nobody knows yet, for finding the person who stands at the counter.
    """
    if actor.town_wide(permission):
        return True
    area_id = await home_area_of(session, person_id)
    if area_id is None:
        return unknown_area
    if area_id in actor.scopes(permission, ScopeKind.AREA):
        return True
    grids = sorted(actor.scopes(permission, ScopeKind.GRID))
    found = await session.exec(select(col(Grid.id)).where(col(Grid.id).in_(grids), Grid.area_id == area_id).limit(1))
    return found.one_or_none() is not None


async def accesses_of(session: ReadSession, actor: Actor) -> list[Access]:
    """Who looked at my data, newest first, at most 200."""
    rows = await session.exec(
        select(AuditEntry)
        .where(
            AuditEntry.subject_kind == "person",
            AuditEntry.subject_id == str(actor.person_id),
            col(AuditEntry.act).in_(SEEN_ACTS),
        )
        .order_by(col(AuditEntry.created_at).desc(), col(AuditEntry.id).desc())
        .limit(200)
    )
    return [
        Access(
            at=row.created_at,
            actor_id=row.actor_id,
            act=row.act,
            fields=row.details.get("fields", ""),
            reason=RevealReason.of(row.details["reason"]) if "reason" in row.details else None,
        )
        for row in rows
    ]
