"""Areas, grids, party organisations and liaison links: reads, and the confirmation of blank cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, check_version, lock
from app.models.organisation import Area, Grid, LiaisonLink, PartyOrganisation, RosterPerson
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Actor, Permission, RosterPersonNotFoundError, check_permission, check_town_wide
from app.rules.organisation import AreaKind, LiaisonKnownError, LiaisonLinkNotFoundError, LiaisonRole, LiaisonState
from app.services.common.tasks import close_tasks
from app.services.identity import audit


@dataclass(frozen=True, slots=True)
class AreaRow:
    id: UUID
    name: str
    kind: AreaKind
    grids: int


@dataclass(frozen=True, slots=True)
class LiaisonRow:
    id: UUID
    version: int
    party_organisation: str
    secretary: str
    address: str
    role: LiaisonRole
    state: LiaisonState
    person: str | None
    suggested: str | None
    suggested_id: UUID | None


async def list_areas(session: ReadSession) -> Sequence[AreaRow]:
    rows = await session.exec(
        select(Area, func.count(col(Grid.id)))
        .outerjoin(Grid, col(Grid.area_id) == col(Area.id))
        .group_by(col(Area.id))
        .order_by(col(Area.id))
    )
    return [AreaRow(area.id, area.name, area.kind, grids) for area, grids in rows]


async def area_names(session: AsyncSession) -> Sequence[tuple[UUID, str]]:
    return (await session.exec(select(col(Area.id), col(Area.name)).order_by(col(Area.id)))).all()


async def area_kind(session: AsyncSession, area_id: UUID) -> AreaKind | None:
    """None where there is no such area."""
    return (await session.exec(select(col(Area.kind)).where(Area.id == area_id))).one_or_none()


async def list_liaison(session: ReadSession, actor: Actor, *, state: LiaisonState | None) -> Sequence[LiaisonRow]:
    """The current links in printed order; a blank cell shows its suggestion and whose inference it is."""
    check_permission(actor, Permission.ORGANISATION_READ)
    names: dict[UUID | None, str] = {row.id: row.name for row in await session.exec(select(RosterPerson))}
    statement = (
        select(LiaisonLink, PartyOrganisation)
        .join(PartyOrganisation, col(PartyOrganisation.id) == col(LiaisonLink.party_organisation_id))
        .where(col(LiaisonLink.valid_to).is_(None))
        .order_by(col(PartyOrganisation.seq), col(LiaisonLink.role))
    )
    if state is not None:
        statement = statement.where(LiaisonLink.state == state)
    return [_liaison_row(link, party, names) for link, party in await session.exec(statement)]


async def firms_of_cadres(session: AsyncSession | ReadSession) -> list[tuple[UUID, UUID]]:
    """`(person, enterprise)`: the known liaison cadres who have claimed their record, and the firms they stand beside."""
    rows = await session.exec(
        select(RosterPerson.person_id, PartyOrganisation.enterprise_id)
        .join(LiaisonLink, col(LiaisonLink.roster_person_id) == col(RosterPerson.id))
        .join(PartyOrganisation, col(PartyOrganisation.id) == col(LiaisonLink.party_organisation_id))
        .where(
            LiaisonLink.role == LiaisonRole.CADRE,
            LiaisonLink.state != LiaisonState.UNKNOWN,
            col(LiaisonLink.valid_to).is_(None),
            col(RosterPerson.person_id).is_not(None),
            col(PartyOrganisation.enterprise_id).is_not(None),
        )
        .order_by(col(RosterPerson.person_id), col(PartyOrganisation.enterprise_id))
    )
    return [(person, firm) for person, firm in rows if person is not None and firm is not None]


def _liaison_row(link: LiaisonLink, party: PartyOrganisation, names: Mapping[UUID | None, str]) -> LiaisonRow:
    return LiaisonRow(
        id=link.id,
        version=link.version,
        party_organisation=party.name,
        secretary=names[party.secretary_id],
        address=party.address,
        role=link.role,
        state=link.state,
        person=names.get(link.roster_person_id),
        suggested=names.get(link.suggested_person_id),
        suggested_id=link.suggested_person_id,
    )


async def confirm_liaison(
    session: AsyncSession, actor: Actor, link_id: UUID, *, roster_person_id: UUID, expected_version: int, now: datetime
) -> LiaisonLink:
    """A person of the town says who stands in a cell that the printed list leaves blank."""
    check_town_wide(actor, Permission.LIAISON_CONFIRM)
    link = await lock(session, LiaisonLink, link_id, LiaisonLinkNotFoundError)
    check_version(link.version, expected_version)
    if link.state is not LiaisonState.UNKNOWN:
        raise LiaisonKnownError(current=link.state.label)
    await lock(session, RosterPerson, roster_person_id, RosterPersonNotFoundError)
    link.roster_person_id = roster_person_id
    link.state = LiaisonState.CONFIRMED
    link.confirmed_by = actor.person_id
    link.touch(now)
    await close_tasks(session, TaskKind.LIAISON_UNKNOWN, link.id, by=actor.person_id, now=now)
    audit.record(
        session, "liaison_confirmed", actor_id=actor.person_id, subject_kind="liaison_link", subject_id=link.id, now=now
    )
    return link
