"""What the town's own graph says of a firm and of a person: who stands beside the firm, and how close a person is to it.

For cases of mediation: what is known when one opens, whom a step of the plan's ladder means, who may sit. Reads only.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.models.organisation import Area, Grid, LiaisonLink, PartyOrganisation, RosterPerson, TaskForceMember
from app.rules.organisation import AreaKind, LiaisonRole, LiaisonState, TaskForceRole
from app.services.organisation.enterprises import names_of

LEADERS = frozenset({TaskForceRole.LEADER, TaskForceRole.EXECUTIVE_DEPUTY})


@dataclass(frozen=True, slots=True)
class Tie:
    """One line of what a case knows from the organisation. `name` None: unknown, and `told` says so."""

    role: str
    label: str
    name: str | None
    told: str


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody of the public rosters; `person_id` None: has not claimed their record."""

    roster_person_id: UUID
    name: str
    post: str
    person_id: UUID | None


async def ties_of(
    session: AsyncSession | ReadSession, enterprise_id: UUID | None, area_id: UUID | None, grid_id: UUID | None
) -> list[Tie]:
    """Firm, party organisation, secretary, liaison leader and cadre, party-affairs worker, grid, village: all of them."""
    found = await _of_firm(session, enterprise_id)
    area = None if area_id is None else (await session.exec(select(Area).where(Area.id == area_id))).one_or_none()
    grid = None if grid_id is None else (await session.exec(select(Grid).where(Grid.id == grid_id))).one_or_none()
    label = None if grid is None or area is None else grid.name or f"{area.name}第{grid.number}网格"
    leader = (
        None if grid is None or grid.leader_id is None else (await _names(session, [grid.leader_id]))[grid.leader_id]
    )
    found += [
        _tie("grid", "网格", label, "尚未登记在哪个网格"),
        _tie("grid_leader", "网格长", leader, "网格长尚未登记" if grid is not None else "网格未知，网格长也未知"),
        _tie("area", "村、园区", None if area is None else area.name, "尚未登记在哪个村、园区"),
    ]
    return found


async def closeness(
    session: AsyncSession | ReadSession, person_id: UUID, enterprise_ids: Collection[UUID], area_ids: Collection[UUID]
) -> set[str]:
    """How the public rosters tie this person to these firms and villages: codes of the conflicts of interest."""
    record = (await session.exec(select(RosterPerson).where(RosterPerson.person_id == person_id))).one_or_none()
    if record is None:
        return set()
    parties = (
        await session.exec(select(PartyOrganisation).where(col(PartyOrganisation.enterprise_id).in_(enterprise_ids)))
    ).all()
    found = {"secretary"} if any(row.secretary_id == record.id for row in parties) else set()
    links = await session.exec(
        select(LiaisonLink).where(
            col(LiaisonLink.party_organisation_id).in_([row.id for row in parties]), col(LiaisonLink.valid_to).is_(None),
            # A suggested name is nobody's office yet, but close enough to ask about.
            or_(col(LiaisonLink.roster_person_id) == record.id, col(LiaisonLink.suggested_person_id) == record.id),
        )
    )  # fmt: skip
    found |= {link.role.value for link in links}
    posts = await _posts_of(session, record.id)
    for area in await session.exec(select(Area).where(col(Area.id).in_(area_ids), Area.kind == AreaKind.VILLAGE)):
        if any(post.startswith(area.name) for post in posts):
            found.add("village")
    return found


async def people_with_posts(session: AsyncSession | ReadSession, words: Sequence[str]) -> list[Named]:
    """Members of the work team whose printed post contains one of these words, in printed order."""
    rows = await session.exec(
        select(RosterPerson, TaskForceMember)
        .join(TaskForceMember, col(TaskForceMember.roster_person_id) == col(RosterPerson.id))
        .order_by(col(TaskForceMember.seq))
    )
    return [
        Named(person.id, person.name, member.post, person.person_id)
        for person, member in rows
        if any(word in member.post for word in words)
    ]


async def work_team(session: AsyncSession | ReadSession, *, leaders_only: bool) -> list[Named]:
    rows = await session.exec(
        select(RosterPerson, TaskForceMember)
        .join(TaskForceMember, col(TaskForceMember.roster_person_id) == col(RosterPerson.id))
        .order_by(col(TaskForceMember.seq))
    )
    return [
        Named(person.id, person.name, member.post, person.person_id)
        for person, member in rows
        if not leaders_only or member.role in LEADERS
    ]


async def grid_leader(session: AsyncSession | ReadSession, grid_id: UUID | None) -> Named | None:
    found = await session.exec(
        select(RosterPerson).join(Grid, col(Grid.leader_id) == col(RosterPerson.id)).where(Grid.id == grid_id)
    )
    row = found.one_or_none()
    return None if row is None else Named(row.id, row.name, "网格长", row.person_id)


async def village_names(session: AsyncSession | ReadSession, area_ids: Collection[UUID]) -> dict[UUID, str]:
    rows = await session.exec(select(col(Area.id), col(Area.name)).where(col(Area.id).in_(area_ids)))
    return dict(rows.all())


async def roster_names(session: AsyncSession | ReadSession, person_ids: Collection[UUID]) -> dict[UUID, str]:
    """The public name of those who have claimed their record."""
    rows = await session.exec(
        select(col(RosterPerson.person_id), col(RosterPerson.name)).where(col(RosterPerson.person_id).in_(person_ids))
    )
    return {person_id: name for person_id, name in rows if person_id is not None}


async def on_roster(session: AsyncSession, person_id: UUID) -> bool:
    found = await session.exec(select(col(RosterPerson.id)).where(RosterPerson.person_id == person_id))
    return found.one_or_none() is not None


async def _of_firm(session: AsyncSession | ReadSession, enterprise_id: UUID | None) -> list[Tie]:
    name = None if enterprise_id is None else (await names_of(session, [enterprise_id])).get(enterprise_id)
    party = None
    if enterprise_id is not None:
        rows = await session.exec(
            select(PartyOrganisation)
            .where(PartyOrganisation.enterprise_id == enterprise_id)
            .order_by(col(PartyOrganisation.seq))
            .limit(1)
        )
        party = rows.one_or_none()
    found = [_tie("enterprise", "企业", name, "本案没有企业")]
    if party is None:
        missing = "公开名单没有这家企业的党组织" if enterprise_id is not None else "本案没有企业"
        labels = (
            ("party_organisation", "党组织"),
            ("secretary", "书记"),
            *((one.value, one.label) for one in LiaisonRole),
        )
        return [*found, *(_tie(role, label, None, f"{missing}，可先联系镇党建办") for role, label in labels)]
    links = {
        link.role: link
        for link in await session.exec(
            select(LiaisonLink).where(
                LiaisonLink.party_organisation_id == party.id, col(LiaisonLink.valid_to).is_(None)
            )
        )
    }
    ids = {party.secretary_id} | {
        one for link in links.values() for one in (link.roster_person_id, link.suggested_person_id) if one is not None
    }
    names = await _names(session, sorted(ids))
    found += [
        _tie("party_organisation", "党组织", party.name, ""),
        _tie("secretary", "书记", names[party.secretary_id], ""),
    ]
    return found + [_of_link(role, links.get(role), names) for role in LiaisonRole]


def _of_link(role: LiaisonRole, link: LiaisonLink | None, names: Mapping[UUID, str]) -> Tie:
    if link is None:
        return _tie(role.value, role.label, None, "公开名单没有")
    if link.state is LiaisonState.UNKNOWN or link.roster_person_id is None:
        guess = f"，按合并单元格推测为{names[link.suggested_person_id]}，待确认" if link.suggested_person_id else ""
        return _tie(role.value, role.label, None, f"公开名单此格为空{guess}")
    return _tie(role.value, role.label, names[link.roster_person_id], "")


def _tie(role: str, label: str, name: str | None, missing: str) -> Tie:
    return Tie(role, label, name, f"{label}：{name}" if name else f"{label}未知：{missing}")


async def _names(session: AsyncSession | ReadSession, ids: Collection[UUID]) -> dict[UUID, str]:
    rows = await session.exec(select(col(RosterPerson.id), col(RosterPerson.name)).where(col(RosterPerson.id).in_(ids)))
    return dict(rows.all())


async def _posts_of(session: AsyncSession | ReadSession, roster_person_id: UUID) -> list[str]:
    rows = await session.exec(
        select(col(TaskForceMember.post)).where(TaskForceMember.roster_person_id == roster_person_id)
    )
    return list(rows.all())
