"""Minimum wages as dated rows: confirmed by staff against the order, after which falling below them blocks."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, check_version, lock
from app.models.jobs import MinimumWageRow
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Actor, Permission, check_permission, check_town_wide
from app.rules.jobs.vacancies import WageConfirmedError, WageNotFoundError
from app.services.common.tasks import close_tasks
from app.services.identity import audit


async def list_wages(session: ReadSession, actor: Actor) -> Sequence[MinimumWageRow]:
    """All rows, newest first; a few per decade."""
    check_permission(actor, Permission.WAGE_CONFIRM)
    rows = await session.exec(
        select(MinimumWageRow)
        .order_by(col(MinimumWageRow.effective_from).desc(), col(MinimumWageRow.division))
        .limit(200)
    )
    return rows.all()


async def confirm_wage(
    session: AsyncSession,
    actor: Actor,
    wage_id: UUID,
    *,
    monthly_fen: int,
    hourly_fen: int | None,
    source: str,
    expected_version: int,
    now: datetime,
) -> MinimumWageRow:
    """The officer has the order at hand and writes what it says; from then on the row blocks."""
    check_town_wide(actor, Permission.WAGE_CONFIRM)
    row = await lock(session, MinimumWageRow, wage_id, WageNotFoundError)
    check_version(row.version, expected_version)
    if row.verified_by is not None:
        raise WageConfirmedError
    row.monthly_fen, row.hourly_fen, row.source = monthly_fen, hourly_fen, source
    row.verified_by = str(actor.person_id)
    row.touch(now)
    await close_tasks(session, TaskKind.WAGE_UNVERIFIED, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, "wage_confirmed", "minimum_wage", row.id, now=now)
    return row
