"""The people printed in the public rosters: unclaimed records until they come themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, lock
from app.models.jobs import Fair
from app.models.organisation import Area, Enterprise, Grid, RosterPerson, TaskForceMember
from app.models.points import PointsSite
from app.models.training import Competition, TrainingClass
from app.rules.identity.roles import (
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

_SCOPE_TABLES: dict[ScopeKind, Any] = {
    ScopeKind.AREA: Area, ScopeKind.GRID: Grid, ScopeKind.ENTERPRISE: Enterprise, ScopeKind.FAIR: Fair,
    ScopeKind.SITE: PointsSite, ScopeKind.CLASS: TrainingClass, ScopeKind.COMPETITION: Competition,
}  # fmt: skip


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


async def unbind(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """The person leaves; the public record stays and waits for its claim again."""
    found = await session.exec(select(RosterPerson).where(RosterPerson.person_id == person_id).with_for_update())
    row = found.one_or_none()
    if row is not None:
        row.person_id, row.claimed_at = None, None
        row.touch(now)


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


async def scope_names(session: ReadSession, scopes: Sequence[tuple[ScopeKind, UUID | None]]) -> dict[UUID, str]:
    """Id → the name that people call it by; a grid without a name by its area and number. Unknown ids are left out."""
    names: dict[UUID, str] = {}
    for kind in (ScopeKind.AREA, ScopeKind.ENTERPRISE):
        if ids := [scope_id for of, scope_id in scopes if of is kind]:
            table = _SCOPE_TABLES[kind]
            names |= {row.id: row.name for row in await session.exec(select(table).where(col(table.id).in_(ids)))}
    if ids := [scope_id for of, scope_id in scopes if of is ScopeKind.FAIR]:
        names |= {fair.id: fair.title for fair in await session.exec(select(Fair).where(col(Fair.id).in_(ids)))}
    if ids := [scope_id for of, scope_id in scopes if of is ScopeKind.SITE]:
        sites = await session.exec(select(PointsSite).where(col(PointsSite.id).in_(ids)))
        names |= {site.id: site.name for site in sites}
    titled: tuple[tuple[ScopeKind, Any], ...] = (
        (ScopeKind.CLASS, TrainingClass), (ScopeKind.COMPETITION, Competition),
    )  # fmt: skip
    for kind, titles in titled:
        if ids := [scope_id for of, scope_id in scopes if of is kind]:
            names |= {row.id: row.title for row in await session.exec(select(titles).where(col(titles.id).in_(ids)))}
    if ids := [scope_id for of, scope_id in scopes if of is ScopeKind.GRID]:
        rows = await session.exec(
            select(Grid, Area).join(Area, col(Area.id) == col(Grid.area_id)).where(col(Grid.id).in_(ids))
        )
        names |= {grid.id: grid.name or f"{area.name}第{grid.number}网格" for grid, area in rows}
    return names


async def check_scope_exists(session: AsyncSession, kind: ScopeKind, scope_id: UUID | None) -> None:
    if kind is ScopeKind.TOWN:
        return
    # No office is given for a case: an answer here would say which cases there are.
    table = _SCOPE_TABLES.get(kind)
    if table is None:
        raise ScopeIdError
    if (await session.exec(select(col(table.id)).where(col(table.id) == scope_id))).one_or_none() is None:
        raise ScopeIdError
