"""What the plan leaves blank, filled in by the town: names and leaders of grids, telephones of secretaries."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, check_version, lock
from app.models.organisation import Area, Grid, PartyOrganisation, RosterPerson
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Actor, Permission, RosterPersonNotFoundError, check_permission, check_town_wide
from app.rules.organisation import GridNotFoundError, PartyOrganisationNotFoundError, PhoneShapeError
from app.services.common.tasks import close_tasks
from app.services.identity import audit

PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}")


async def list_grids(session: ReadSession, actor: Actor) -> list[tuple[Grid, str, str | None]]:
    """Every grid with its area and its leader's name, in order; the plan bounds their number."""
    check_permission(actor, Permission.ORGANISATION_READ)
    rows = await session.exec(
        select(Grid, col(Area.name), col(RosterPerson.name))
        .join(Area, col(Area.id) == col(Grid.area_id))
        .outerjoin(RosterPerson, col(RosterPerson.id) == col(Grid.leader_id))
        .order_by(col(Area.id), col(Grid.number))
    )
    return [(grid, area, leader) for grid, area, leader in rows]


async def get_grid(session: AsyncSession, grid_id: UUID) -> tuple[Grid, str, str | None]:
    rows = await session.exec(
        select(Grid, col(Area.name), col(RosterPerson.name))
        .join(Area, col(Area.id) == col(Grid.area_id))
        .outerjoin(RosterPerson, col(RosterPerson.id) == col(Grid.leader_id))
        .where(Grid.id == grid_id)
    )
    return rows.one()


async def complete_grid(
    session: AsyncSession,
    actor: Actor,
    grid_id: UUID,
    *,
    name: str,
    leader_id: UUID | None,
    expected_version: int,
    now: datetime,
) -> Grid:
    """Name and leader; the task is done once both are known."""
    check_town_wide(actor, Permission.GRID_COMPLETE)
    row = await lock(session, Grid, grid_id, GridNotFoundError)
    check_version(row.version, expected_version)
    if leader_id is not None:
        await lock(session, RosterPerson, leader_id, RosterPersonNotFoundError)
    row.name, row.leader_id = name, leader_id
    row.touch(now)
    if leader_id is not None:
        await close_tasks(session, TaskKind.GRID_UNKNOWN, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, "grid_completed", "grid", row.id, now=now)
    return row


async def list_parties(session: ReadSession, actor: Actor) -> list[tuple[PartyOrganisation, str]]:
    """The party organisations of annex 2 with their secretaries' names, in printed order."""
    check_permission(actor, Permission.ORGANISATION_READ)
    rows = await session.exec(
        select(PartyOrganisation, col(RosterPerson.name))
        .join(RosterPerson, col(RosterPerson.id) == col(PartyOrganisation.secretary_id))
        .order_by(col(PartyOrganisation.seq))
    )
    return list(rows)


async def complete_phone(
    session: AsyncSession,
    actor: Actor,
    party_organisation_id: UUID,
    *,
    phone: str,
    expected_version: int,
    now: datetime,
) -> PartyOrganisation:
    """The column that the public list prints empty."""
    check_town_wide(actor, Permission.GRID_COMPLETE)
    if PHONE.fullmatch(phone) is None:
        raise PhoneShapeError
    row = await lock(session, PartyOrganisation, party_organisation_id, PartyOrganisationNotFoundError)
    check_version(row.version, expected_version)
    row.secretary_phone, row.confirmed_by = phone, actor.person_id
    row.touch(now)
    await close_tasks(session, TaskKind.SECRETARY_PHONE_UNKNOWN, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, "secretary_phone_completed", "party_organisation", row.id, now=now)
    return row


@dataclass(frozen=True, slots=True)
class GridFacts:
    id: UUID
    name: str
    area_id: UUID
    area_name: str


async def all_grids(session: AsyncSession) -> list[GridFacts]:
    """Every grid under the name that people call it by, in the order of the plan; the plan bounds their number."""
    rows = await session.exec(
        select(Grid, col(Area.name))
        .join(Area, col(Area.id) == col(Grid.area_id))
        .order_by(col(Area.id), col(Grid.number))
    )
    return [GridFacts(grid.id, grid.name or f"{area}第{grid.number}网格", grid.area_id, area) for grid, area in rows]


async def grid_exists(session: AsyncSession, grid_id: UUID) -> bool:
    return (await session.exec(select(col(Grid.id)).where(Grid.id == grid_id))).one_or_none() is not None


def grids_of_areas(area_ids: Sequence[UUID]) -> Any:
    """For `column.in_(…)`: the grids of these areas."""
    return select(col(Grid.id)).where(col(Grid.area_id).in_(area_ids))
