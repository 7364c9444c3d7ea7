"""The people printed in the public rosters: unclaimed records until they come themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, lock
from app.models.organisation import Area, Enterprise, Grid, RosterPerson, TaskForceMember
from app.rules.identity import (
    Actor,
    AlreadyClaimedError,
    Permission,
    RosterPersonNotFoundError,
    RosterPersonTakenError,
    ScopeIdError,
    ScopeKind,
    check_permission,
)
from app.rules.organisation import TaskForceRole

_SCOPE_TABLES: dict[ScopeKind, Any] = {ScopeKind.AREA: Area, ScopeKind.GRID: Grid, ScopeKind.ENTERPRISE: Enterprise}


@dataclass(frozen=True, slots=True)
class RosterRow:
    id: UUID
    name: str
    person_id: UUID | None
    task_force_role: TaskForceRole | None
    post: str | None


async def by_name(session: AsyncSession, name: str) -> RosterPerson | None:
    """The public rosters print each name once per person; 赖晓伟 stands in two places and is one."""
    return (await session.exec(select(RosterPerson).where(RosterPerson.name == name.strip()))).one_or_none()


async def unclaimed(session: AsyncSession, roster_person_id: UUID) -> RosterPerson:
    row = await lock(session, RosterPerson, roster_person_id, RosterPersonNotFoundError)
    if row.person_id is not None:
        raise RosterPersonTakenError
    return row


async def bind(session: AsyncSession, roster_person_id: UUID, person_id: UUID, *, now: datetime) -> RosterPerson:
    row = await unclaimed(session, roster_person_id)
    other = await session.exec(select(col(RosterPerson.id)).where(RosterPerson.person_id == person_id))
    if other.one_or_none() is not None:
        raise AlreadyClaimedError
    row.person_id = person_id
    row.claimed_at = now
    row.touch(now)
    return row


async def record_of(session: AsyncSession, person_id: UUID) -> RosterPerson | None:
    return (await session.exec(select(RosterPerson).where(RosterPerson.person_id == person_id))).one_or_none()


async def list_roster(session: ReadSession, actor: Actor) -> Sequence[RosterRow]:
    """Everybody the plan names, the work team first in printed order. The plan bounds their number."""
    check_permission(actor, Permission.ORGANISATION_READ)
    rows = await session.exec(
        select(RosterPerson, TaskForceMember)
        .outerjoin(TaskForceMember, col(TaskForceMember.roster_person_id) == col(RosterPerson.id))
        .order_by(col(TaskForceMember.seq).nulls_last(), col(RosterPerson.id))
    )
    return [_row(person, member) for person, member in rows]


def _row(person: RosterPerson, member: TaskForceMember | None) -> RosterRow:
    role, post = (None, None) if member is None else (member.role, member.post)
    return RosterRow(person.id, person.name, person.person_id, role, post)


async def check_scope_exists(session: AsyncSession, kind: ScopeKind, scope_id: UUID | None) -> None:
    table = _SCOPE_TABLES.get(kind)
    if table is None:
        return
    if (await session.exec(select(col(table.id)).where(col(table.id) == scope_id))).one_or_none() is None:
        raise ScopeIdError
