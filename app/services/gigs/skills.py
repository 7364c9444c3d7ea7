"""What workers know, by process, with the names of the processes; for many people at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.gigs import WorkerSkill
from app.services.common.codes import OCCUPATION, names_of


@dataclass(frozen=True, slots=True)
class Skill:
    row: WorkerSkill
    process_name: str


async def skills_of(session: AsyncSession, person_ids: Sequence[UUID]) -> dict[UUID, list[WorkerSkill]]:
    """By code; one statement for any number of people."""
    rows = await session.exec(
        select(WorkerSkill)
        .where(col(WorkerSkill.person_id).in_(person_ids))
        .order_by(col(WorkerSkill.process_code), col(WorkerSkill.id))
    )
    found: dict[UUID, list[WorkerSkill]] = {person_id: [] for person_id in person_ids}
    for row in rows:
        found[row.person_id].append(row)
    return found


async def find_skill(session: AsyncSession, person_id: UUID, process_code: str) -> WorkerSkill | None:
    """Under a lock: whoever asks is about to change it."""
    found = await session.exec(
        select(WorkerSkill)
        .where(WorkerSkill.person_id == person_id, WorkerSkill.process_code == process_code)
        .with_for_update()
    )
    return found.one_or_none()


async def named(session: AsyncSession, rows: Iterable[WorkerSkill]) -> list[Skill]:
    """With the names of the processes, in one statement."""
    rows = list(rows)
    names = await names_of(session, OCCUPATION, {row.process_code for row in rows})
    return [Skill(row, names.get(row.process_code, row.process_code)) for row in rows]


async def named_skills(session: AsyncSession, person_ids: Sequence[UUID]) -> dict[UUID, list[Skill]]:
    rows = await skills_of(session, person_ids)
    found: dict[UUID, list[Skill]] = {person_id: [] for person_id in person_ids}
    for skill in await named(session, [row for mine in rows.values() for row in mine]):
        found[skill.row.person_id].append(skill)
    return found
