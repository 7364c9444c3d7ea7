"""Postings from a sheet: the job is queued with its file, seen while it runs, cancelled; the work is in `import_work.py`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import outbox
from app.core.db import ReadSession, lock
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.models.jobs import VacancyImport, VacancyImportRow
from app.rules.common.files import FilePurpose
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs.imports import (
    ImportNotFoundError,
    ImportRunningError,
    ImportState,
    RowState,
    check_import_transition,
)
from app.rules.jobs.vacancies import EnterpriseNotYoursError
from app.services.common import files
from app.services.identity import audit
from app.services.jobs import vacancies

TOPIC = "jobs.vacancy_import"
SUBJECT = "vacancy_import"


async def start(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, *, file_id: UUID, submit: bool, now: datetime
) -> VacancyImport:
    """Queued; a firm has one running at a time."""
    await vacancies.lock_approved(session, actor, enterprise_id, submit=submit, now=now)
    row = VacancyImport(
        id=new_id(), created_at=now, updated_at=now, enterprise_id=enterprise_id, file_id=file_id,
        imported_by=actor.person_id, app=actor.app, submit=submit,
    )  # fmt: skip
    await files.bind(
        session, actor, [file_id], purpose=FilePurpose.VACANCY_IMPORT, subject_kind=SUBJECT, subject_id=row.id, now=now
    )
    if not await insert_or_ignore(session, VacancyImport, row.model_dump()):
        raise ImportRunningError
    await outbox.enqueue(
        session, topic=TOPIC, payload={"import_id": str(row.id)}, now=now, dedupe_key=f"import:{row.id}"
    )
    audit.by(session, actor, "vacancy_import_started", SUBJECT, row.id, now=now)
    return await lock(session, VacancyImport, row.id, ImportNotFoundError)


async def get(session: AsyncSession, actor: Actor, import_id: UUID) -> VacancyImport:
    mine = sorted(actor.enterprises(Permission.VACANCY_WRITE))
    found = await session.exec(
        select(VacancyImport).where(VacancyImport.id == import_id, col(VacancyImport.enterprise_id).in_(mine))
    )
    row = found.one_or_none()
    if row is None:
        raise ImportNotFoundError
    return row


async def list_of_firm(session: ReadSession, actor: Actor, enterprise_id: UUID) -> Sequence[VacancyImport]:
    """The newest fifty."""
    if enterprise_id not in actor.enterprises(Permission.VACANCY_WRITE):
        raise EnterpriseNotYoursError
    rows = await session.exec(
        select(VacancyImport)
        .where(VacancyImport.enterprise_id == enterprise_id)
        .order_by(col(VacancyImport.created_at).desc(), col(VacancyImport.id).desc())
        .limit(50)
    )
    return rows.all()


async def list_rows(
    session: ReadSession,
    cursors: Cursors,
    actor: Actor,
    import_id: UUID,
    *,
    state: RowState | None,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[VacancyImportRow], str | None]:
    """What became of each row, last row first."""
    await get(session, actor, import_id)
    query: dict[str, Any] = {"list": "import_rows", "import": str(import_id), "state": state}
    keys = [col(VacancyImportRow.number)]
    statement = select(VacancyImportRow).where(VacancyImportRow.import_id == import_id)
    if state is not None:
        statement = statement.where(VacancyImportRow.state == state)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(keys[0].desc()).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.number])


async def cancel(session: AsyncSession, actor: Actor, import_id: UUID, *, now: datetime) -> VacancyImport:
    """What was imported stays; what waits does not come. Twice is once."""
    await get(session, actor, import_id)
    row = await lock(session, VacancyImport, import_id, ImportNotFoundError)
    if row.state is ImportState.CANCELLED:
        return row
    check_import_transition(row.state, ImportState.CANCELLED)
    row.state, row.finished_at = ImportState.CANCELLED, now
    row.touch(now)
    await forget_cells(session, row.id)
    await files.forget_uses(session, SUBJECT, row.id)
    audit.by(session, actor, "vacancy_import_cancelled", SUBJECT, row.id, now=now)
    return row


async def forget_cells(session: AsyncSession, import_id: UUID) -> None:
    """Rows that nobody will work on any more: what stood in them goes with them."""
    await session.exec(
        delete(VacancyImportRow).where(
            col(VacancyImportRow.import_id) == import_id, col(VacancyImportRow.state) == RowState.WAITING
        )
    )
