"""`sanqu seed`: the plan's tables, the code tables and the posting rules, loaded again and again without harm.

Seeding gives nobody a right: it makes no person and no appointment, only unclaimed roster records.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.models.organisation import (
    Area,
    CivicBody,
    Enterprise,
    EnterpriseName,
    Figure,
    Grid,
    LiaisonLink,
    PartyOrganisation,
    PlanItem,
    RosterPerson,
    TaskForceMember,
)
from app.rules.common.tasks import TaskKind
from app.rules.organisation import LiaisonState
from app.services.common.calendar import load_calendar
from app.services.common.codes import load_codes
from app.services.common.tasks import close_tasks, open_task
from app.services.disputes.policies import load_dispute_policies
from app.services.gigs.seeding import load_labour_limits
from app.services.jobs.seeding import load_posting_rules, open_wage_tasks
from app.services.jobs.survey_questions import load_questions
from app.services.organisation.seed_files import SeedFileError, read_csv, typed_rows
from app.services.organisation.seed_sync import DatasetOutcome, seed_targets, sync_rows
from app.services.points.policy import load_rules as load_points_rules
from app.services.training.seeding import load_training

__all__ = ["DatasetOutcome", "SeedFileError", "SeedOutcome", "load_seeds", "sync_rows"]


@dataclass(frozen=True, slots=True)
class SeedOutcome:
    datasets: tuple[DatasetOutcome, ...]
    # Tasks opened by this run; those that wait already are not counted.
    tasks_opened: int

    @property
    def changed(self) -> bool:
        """False where the run found everything as it should be."""
        return any(outcome.changed for outcome in self.datasets) or self.tasks_opened > 0

    def of(self, dataset: str) -> DatasetOutcome:
        return next(outcome for outcome in self.datasets if outcome.dataset == dataset)


async def load_seeds(session: AsyncSession, *, directory: Path, now: datetime) -> SeedOutcome:
    """Load every dataset in the order of its references and open a task for whatever the sources leave unknown.

    Raises `SeedFileError` (with file, line and column) before the first row of a bad file is written; the caller's
    unit of work then rolls everything back.
    """
    outcomes = [
        *await _load_plan(session, directory, now),
        *await _load_areas(session, directory, now),
        *await _load_people(session, directory, now),
        *await _load_hosts(session, directory, now),
        *await _load_party(session, directory, now),
        *await load_codes(session, directory=directory, now=now),
        await load_calendar(session, directory=directory, now=now),
        *await load_posting_rules(session, directory=directory, now=now),
        await load_labour_limits(session, directory=directory, now=now),
        await load_dispute_policies(session, directory=directory, now=now),
        *await load_questions(session, directory=directory, now=now),
        await load_points_rules(session, directory=directory, now=now),
        *await load_training(session, directory=directory, now=now),
    ]
    opened = await _open_tasks(session, now) + await open_wage_tasks(session, now=now)
    return SeedOutcome(datasets=tuple(outcomes), tasks_opened=opened)


async def _load_plan(session: AsyncSession, directory: Path, now: datetime) -> list[DatasetOutcome]:
    figures = typed_rows("figures.csv", Figure, read_csv(directory, "figures.csv"))
    items = typed_rows("plan_items.csv", PlanItem, read_csv(directory, "plan_items.csv"))
    return [
        await sync_rows(session, "figures", Figure, figures, key=("subject", "figure"), now=now),
        await sync_rows(session, "plan_items", PlanItem, items, key=("kind", "name"), now=now),
    ]


async def _load_areas(session: AsyncSession, directory: Path, now: datetime) -> list[DatasetOutcome]:
    areas = typed_rows("areas.csv", Area, read_csv(directory, "areas.csv"))
    done = await sync_rows(session, "areas", Area, areas, key=("name",), now=now)
    ids = await seed_targets(session, "areas")
    rows = [
        {"area_id": _refer("grids.csv", ids, row["area"]), "number": row["number"]}
        for row in read_csv(directory, "grids.csv")
    ]
    grids = typed_rows("grids.csv", Grid, rows)
    return [done, await sync_rows(session, "grids", Grid, grids, key=("area_id", "number"), now=now)]


async def _load_people(session: AsyncSession, directory: Path, now: datetime) -> list[DatasetOutcome]:
    """Everybody whom the two annexes name, once per name; then the work team."""
    team = read_csv(directory, "task_force.csv")
    names = [row["name"] for row in team]
    names += [row["secretary"] for row in read_csv(directory, "party_organisations.csv")]
    for row in read_csv(directory, "liaison_links.csv"):
        names += [row["printed"], row["suggested"]]
    # Order kept, so that ids follow the printed order.
    people = typed_rows("task_force.csv", RosterPerson, [{"name": name} for name in dict.fromkeys(names) if name])
    done = await sync_rows(session, "roster_people", RosterPerson, people, key=("name",), now=now)
    ids = await seed_targets(session, "roster_people")
    rows = [
        {"seq": row["seq"], "roster_person_id": ids[row["name"]], "role": row["role"], "post": row["post"]}
        for row in team
    ]
    members = typed_rows("task_force.csv", TaskForceMember, rows)
    return [done, await sync_rows(session, "task_force", TaskForceMember, members, key=("seq",), now=now)]


async def _load_hosts(session: AsyncSession, directory: Path, now: datetime) -> list[DatasetOutcome]:
    """What stands behind the party organisations: firms under all their names, and bodies that are no firm."""
    areas = await seed_targets(session, "areas")
    rows = [
        {
            "name": row["name"],
            "address": row["address"],
            # Only where the address itself says so; elsewhere the area is unknown.
            "area_id": _refer("enterprises.csv", areas, row["area"]) if row["area"] else None,
        }
        for row in read_csv(directory, "enterprises.csv")
    ]
    firms = typed_rows("enterprises.csv", Enterprise, rows)
    bodies = typed_rows("civic_bodies.csv", CivicBody, read_csv(directory, "civic_bodies.csv"))
    done = [
        await sync_rows(session, "enterprises", Enterprise, firms, key=("name",), now=now),
        await sync_rows(session, "civic_bodies", CivicBody, bodies, key=("name",), now=now),
    ]
    ids = await seed_targets(session, "enterprises")
    file = "enterprise_names.csv"
    others = [
        {"name": row["name"], "enterprise_id": _refer(file, ids, row["enterprise"]), "source": row["source"]}
        for row in read_csv(directory, file)
    ]
    names = typed_rows(file, EnterpriseName, others)
    return [*done, await sync_rows(session, "enterprise_names", EnterpriseName, names, key=("name",), now=now)]


async def _load_party(session: AsyncSession, directory: Path, now: datetime) -> list[DatasetOutcome]:
    people = await seed_targets(session, "roster_people")
    hosts = {
        "enterprise": await seed_targets(session, "enterprises"),
        "civic_body": await seed_targets(session, "civic_bodies"),
    }
    file = "party_organisations.csv"
    rows = [_party_row(file, row, people, hosts) for row in read_csv(directory, file)]
    parties = typed_rows(file, PartyOrganisation, rows)
    done = await sync_rows(session, "party_organisations", PartyOrganisation, parties, key=("seq",), now=now)
    ids = await seed_targets(session, "party_organisations")
    file = "liaison_links.csv"
    links = [_link_row(file, row, people, ids) for row in read_csv(directory, file)]
    typed = typed_rows(file, LiaisonLink, links)
    key = ("party_organisation_id", "role")
    linked = await sync_rows(session, "liaison_links", LiaisonLink, typed, key=key, now=now)
    if linked.updated:
        await _close_answered_tasks(session, now)
    return [done, linked]


def _party_row(
    file: str, row: Mapping[str, str], people: Mapping[str, UUID], hosts: Mapping[str, Mapping[str, UUID]]
) -> dict[str, Any]:
    if row["host_kind"] not in hosts:
        raise SeedFileError(f"{file} 的 host_kind 填写有误：{row['host_kind']}")
    return {
        "seq": row["seq"],
        "name": row["name"],
        "secretary_id": people[row["secretary"]],
        "address": row["address"],
        **{
            f"{kind}_id": _refer(file, ids, row["host"]) if kind == row["host_kind"] else None
            for kind, ids in hosts.items()
        },
    }


def _link_row(
    file: str, row: Mapping[str, str], people: Mapping[str, UUID], parties: Mapping[str, UUID]
) -> dict[str, Any]:
    """A printed cell names its person; a blank one is unknown and carries the inference beside it."""
    return {
        "party_organisation_id": _refer(file, parties, row["party_organisation"]),
        "role": row["role"],
        "state": LiaisonState.PRINTED if row["printed"] else LiaisonState.UNKNOWN,
        "roster_person_id": people.get(row["printed"]),
        "suggested_person_id": people.get(row["suggested"]),
        "valid_from": datetime.combine(_day(file, row["valid_from"]), time(), CHINA),
    }


def _day(file: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise SeedFileError(f"{file} 的日期填写有误：{text}") from exc


def _refer(file: str, ids: Mapping[str, UUID], name: str) -> UUID:
    if name not in ids:
        raise SeedFileError(f"{file} 引用了没有登记的名称：{name}")
    return ids[name]


async def _open_tasks(session: AsyncSession, now: datetime) -> int:
    """By the present state of the rows, so that a gap which the town has filled is not asked for again."""
    titles = [*await _unknown_links(session), *await _unknown_grids(session), *await _unknown_phones(session)]
    return sum(
        [await open_task(session, kind, subject, title=title, now=now) for kind, subject, title in titles],
    )


async def _close_answered_tasks(session: AsyncSession, now: datetime) -> None:
    """A later edition of the list may fill a blank cell; nobody need be asked for it any more."""
    known = await session.exec(select(col(LiaisonLink.id)).where(LiaisonLink.state == LiaisonState.PRINTED))
    for link_id in known.all():
        await close_tasks(session, TaskKind.LIAISON_UNKNOWN, link_id, by=None, now=now)


async def _unknown_links(session: AsyncSession) -> Sequence[tuple[TaskKind, UUID, str]]:
    found = await session.exec(
        select(LiaisonLink, PartyOrganisation, col(RosterPerson.name))
        .join(PartyOrganisation, col(PartyOrganisation.id) == col(LiaisonLink.party_organisation_id))
        .outerjoin(RosterPerson, col(RosterPerson.id) == col(LiaisonLink.suggested_person_id))
        .where(LiaisonLink.state == LiaisonState.UNKNOWN, col(LiaisonLink.valid_to).is_(None))
        .order_by(col(PartyOrganisation.seq), col(LiaisonLink.role))
    )
    return [
        (
            TaskKind.LIAISON_UNKNOWN,
            link.id,
            f"{party.name}：名单中{link.role.label}空白，" + (f"推测为{name}，请核实" if name else "请补全"),
        )
        for link, party, name in found
    ]


async def _unknown_grids(session: AsyncSession) -> Sequence[tuple[TaskKind, UUID, str]]:
    found = await session.exec(
        select(Grid, col(Area.name))
        .join(Area, col(Area.id) == col(Grid.area_id))
        .where(or_(col(Grid.name).is_(None), col(Grid.leader_id).is_(None)))
        .order_by(col(Area.id), col(Grid.number))
    )
    return [
        (TaskKind.GRID_UNKNOWN, grid.id, f"{area}第{grid.number}网格：请补全网格名称与网格长") for grid, area in found
    ]


async def _unknown_phones(session: AsyncSession) -> Sequence[tuple[TaskKind, UUID, str]]:
    """Annex 2 prints a column for the secretary's telephone; the public copy leaves it empty."""
    found = await session.exec(
        select(PartyOrganisation, col(RosterPerson.name))
        .join(RosterPerson, col(RosterPerson.id) == col(PartyOrganisation.secretary_id))
        .where(col(PartyOrganisation.secretary_phone).is_(None))
        .order_by(col(PartyOrganisation.seq))
    )
    return [
        (TaskKind.SECRETARY_PHONE_UNKNOWN, party.id, f"{party.name}：请补全书记{name}的电话") for party, name in found
    ]
