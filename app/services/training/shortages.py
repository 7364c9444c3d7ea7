"""Demand that the records propose: trades that vacancies wait for, processes that plans lacked. An officer decides."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors
from app.core.upsert import insert_or_ignore
from app.models.training import Course, TrainingDemand, TrainingShortage
from app.rules.identity.roles import Actor, check_town_wide
from app.rules.training import demands as rules
from app.rules.training.courses import CourseState
from app.rules.training.demands import UNFILLED_DAYS, Asker, ShortageKind, ShortageState
from app.schemas.training.demands import TakeShortageForm
from app.services.common.codes import OCCUPATION, names_of
from app.services.common.lists import newest_first
from app.services.identity import audit
from app.services.jobs.unfilled import skill_gaps
from app.services.training import pools
from app.services.training.demands import Asked, opened
from app.services.training.events import ShortageDecided, ShortageProposed
from app.services.training.pools import DEMAND, MANAGE

SUBJECT = "training_shortage"
TOLD = 300


async def propose_from_vacancies(session: AsyncSession, *, now: datetime) -> int:
    """Once a day: one proposal for each trade and month, with the numbers of today."""
    month = f"{china_date(now):%Y-%m}"
    gaps = await skill_gaps(session, now=now, days=UNFILLED_DAYS)
    names = await names_of(session, OCCUPATION, {gap.occupation_code for gap in gaps})
    for gap in gaps:
        told = rules.vacancy_told(
            names.get(gap.occupation_code, gap.occupation_code), gap.postings, gap.seats, UNFILLED_DAYS,
            gap.applications, gap.unskilled,
        )  # fmt: skip
        key = f"{gap.occupation_code}:{month}"
        await _put(session, ShortageKind.VACANCY, key, gap.occupation_code, None, gap.seats, told, now)
    return len(gaps)


async def propose_from_plan(
    session: AsyncSession, *, proposal_id: UUID, process_code: str, level: int, halves: int, shifts: int, now: datetime
) -> None:
    """What a published plan of shifts lacked; a later plan of the same week overwrites its numbers."""
    names = await names_of(session, OCCUPATION, {process_code})
    told = rules.plan_told(names.get(process_code, process_code), level, halves, shifts)
    heads = max(1, -(-halves // 2))
    await _put(session, ShortageKind.ALLOCATION, str(proposal_id), process_code, level, heads, told, now)


async def list_shortages(
    session: ReadSession, cursors: Cursors, actor: Actor, *, state: ShortageState | None, cursor: str | None, limit: int
) -> tuple[Sequence[TrainingShortage], str | None]:
    check_town_wide(actor, MANAGE)
    query: dict[str, Any] = {"list": "shortages", "state": state}
    statement = select(TrainingShortage)
    if state is not None:
        statement = statement.where(TrainingShortage.state == state)
    return await newest_first(session, cursors, query, TrainingShortage, statement, cursor=cursor, limit=limit)


async def take(
    session: AsyncSession, actor: Actor, shortage_id: UUID, form: TakeShortageForm, *, now: datetime
) -> Asked:
    """Becomes a demand in the town's name, with the numbers as its words."""
    row = await _lock(session, actor, shortage_id, form.expected_version, ShortageState.TAKEN)
    course = (await session.exec(select(Course).where(Course.id == form.course_id))).one_or_none()
    if course is None or course.state is not CourseState.PUBLISHED:
        raise rules.DemandCourseError
    demand_id = new_id()
    demand = TrainingDemand(
        id=demand_id, created_at=now, updated_at=now, asker=Asker.SHORTAGE, person_id=actor.person_id,
        course_id=course.id, shortage_id=row.id, heads=form.heads, expires_at=now + rules.LIVES,
        wish_sealed=crypto_of(session).seal(DEMAND, "wish", demand_id, row.told),
    )  # fmt: skip
    session.add(demand)
    await session.flush()
    await pools.join(session, demand, course, now=now)
    await _decide(session, actor, row, ShortageState.TAKEN, now)
    return await opened(session, demand)


async def dismiss(
    session: AsyncSession, actor: Actor, shortage_id: UUID, *, expected_version: int, now: datetime
) -> TrainingShortage:
    row = await _lock(session, actor, shortage_id, expected_version, ShortageState.DISMISSED)
    await _decide(session, actor, row, ShortageState.DISMISSED, now)
    return row


async def _put(
    session: AsyncSession, kind: ShortageKind, key: str, code: str, level: int | None, heads: int, told: str,
    now: datetime,
) -> None:  # fmt: skip
    fresh = TrainingShortage(
        id=new_id(), created_at=now, updated_at=now, kind=kind, key=key, occupation_code=code, level=level, heads=heads,
        told=told[:TOLD],
    )  # fmt: skip
    if await insert_or_ignore(session, TrainingShortage, fresh.model_dump()):
        await emit(session, ShortageProposed(at=now, shortage_id=fresh.id, told=fresh.told))
        return
    found = await session.exec(
        select(TrainingShortage)
        .where(TrainingShortage.kind == kind, TrainingShortage.key == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    known = found.one()
    if known.state is ShortageState.PROPOSED and (known.heads, known.told) != (heads, fresh.told):
        known.heads, known.told = heads, fresh.told
        known.touch(now)
        await session.flush()


async def _lock(
    session: AsyncSession, actor: Actor, shortage_id: UUID, expected_version: int, target: ShortageState
) -> TrainingShortage:
    check_town_wide(actor, MANAGE)
    row = await lock(session, TrainingShortage, shortage_id, rules.ShortageNotFoundError)
    check_version(row.version, expected_version)
    rules.check_shortage_move(row.state, target)
    return row


async def _decide(
    session: AsyncSession, actor: Actor, row: TrainingShortage, state: ShortageState, now: datetime
) -> None:
    row.state, row.decided_by = state, actor.person_id
    row.touch(now)
    await session.flush()
    audit.by(session, actor, f"shortage_{state.value}", SUBJECT, row.id, now=now)
    await emit(
        session,
        ShortageDecided(
            at=now, shortage_id=row.id, kind=row.kind, key=row.key, taken=state is ShortageState.TAKEN,
            by=actor.person_id,
        ),
    )  # fmt: skip


async def names_for(session: AsyncSession | ReadSession, rows: Sequence[TrainingShortage]) -> dict[str, str]:
    return await names_of(session, OCCUPATION, {row.occupation_code for row in rows})
