"""What time does to deadlines: due soon, overdue, then the next step of the ladder; each told once, with who, when and why."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.events import emit
from app.models.disputes import CaseDeadline, DisputeCase
from app.rules.disputes.clocks import LIMITS, ClockKind
from app.rules.disputes.log import LADDER, CaseEventKind, CaseLevel, next_level
from app.services.common.calendar import end_of, work_calendar
from app.services.disputes import ladder, log
from app.services.disputes.events import DeadlineTold
from app.services.disputes.people import everybody
from app.services.disputes.policies import policies_on
from app.services.organisation.ties import Named

SOON, LATE, HANDED_UP = 1, 2, 3
# The office's own duties: only these go up the ladder; what parties promised one another does not.
OFFICE = frozenset({
    ClockKind.FIRST_ANSWER, ClockKind.ACCEPTANCE, ClockKind.CONSENT_ANSWER, ClockKind.MEDIATION,
    ClockKind.ESCALATION_ANSWER, ClockKind.FOLLOW_UP,
})  # fmt: skip


async def tell_due(session: AsyncSession, *, now: datetime, limit: int = 50) -> int:
    """The cases first, then their clocks: the order in which every act takes its locks."""
    due = await session.exec(
        select(col(CaseDeadline.case_id))
        .where(col(CaseDeadline.next_at) <= now)
        .order_by(col(CaseDeadline.next_at), col(CaseDeadline.id))
        .limit(limit)
    )
    cases = await session.exec(
        select(DisputeCase)
        .where(col(DisputeCase.id).in_(set(due.all())))
        .order_by(col(DisputeCase.id))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    held = {case.id: case for case in cases}
    rows = await session.exec(
        select(CaseDeadline)
        .where(col(CaseDeadline.case_id).in_(sorted(held)), col(CaseDeadline.next_at) <= now)
        .order_by(col(CaseDeadline.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = rows.all()
    for row in found:
        await _tell(session, held[row.case_id], row, now)
    await session.flush()
    return len(found)


async def _tell(session: AsyncSession, case: DisputeCase, row: CaseDeadline, now: datetime) -> None:
    due_at = row.due_at
    if due_at is None:
        row.next_at = None
        return
    if row.step < SOON and now < due_at:
        row.step, row.next_at = SOON, due_at
        await _say(session, case, row, SOON, await everybody(session, case, now=now), now)
    elif row.step < LATE:
        row.step = LATE
        row.next_at = await _handing_up(session, row, due_at) if row.kind in OFFICE else None
        await _say(session, case, row, LATE, await everybody(session, case, now=now), now)
    else:
        row.step, row.next_at = HANDED_UP, None
        await _hand_up(session, case, row, now)
    row.touch(now)


async def _hand_up(session: AsyncSession, case: DisputeCase, row: CaseDeadline, now: datetime) -> None:
    """The first step above that has somebody who can be told; the numbers of the case and the clock, nothing of the matter."""
    level: CaseLevel = case.level
    reached: list[Named] = []
    while not reached and level is not LADDER[-1]:
        level = next_level(level)
        reached = [one for one in await ladder.people_at(session, case, level) if one.person_id is not None]
    names = [one.name for one in reached]
    told: dict[str, Any] = {"clock": row.kind.value, "level": level.value, "names": names}
    await log.note(session, case, CaseEventKind.ESCALATION_TOLD, actor=None, now=now, **told)
    people = [one.person_id for one in reached if one.person_id is not None]
    await _say(session, case, row, HANDED_UP, people, now, level)


async def _say(
    session: AsyncSession, case: DisputeCase, row: CaseDeadline, step: int, people: list[UUID], now: datetime,
    level: CaseLevel | None = None,
) -> None:  # fmt: skip
    if row.due_at is None:
        return
    told = DeadlineTold(
        at=now, case_id=case.id, number=case.number, clock=row.kind, due_at=row.due_at, step=step,
        people=tuple(sorted(set(people))), level=level,
    )  # fmt: skip
    await emit(session, told)


async def _handing_up(session: AsyncSession, row: CaseDeadline, due_at: datetime) -> datetime | None:
    """Between being late and the next on the ladder hearing of it."""
    if row.kind in LIMITS:
        return None
    calendar, last = await work_calendar(session), china_date(due_at - timedelta(seconds=1))
    grace = (await policies_on(session, last))["escalation_grace"].value
    return end_of(calendar.add_workdays(last, grace))
