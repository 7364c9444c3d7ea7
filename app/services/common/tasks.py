"""The staff's work list: opened by the system where something waits for a person, ticked off by the act itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.models.common import Task
from app.rules.common import TaskKind, TaskState
from app.rules.identity import Actor, Permission

# The column's own length: SQLite would store more, PostgreSQL refuses it.
TITLE_AT_MOST = 120


async def open_task(
    session: AsyncSession,
    kind: TaskKind,
    subject_id: UUID,
    *,
    title: str,
    now: datetime,
    due_at: datetime | None = None,
) -> bool:
    """Open a task unless one of this kind is open for the subject already; False in that case."""
    return await insert_or_ignore(
        session,
        Task,
        {
            "id": new_id(),
            "kind": kind,
            "state": TaskState.OPEN,
            "subject_id": subject_id,
            # Made of a firm's name and a posting's title, which together may be longer than the column.
            "title": title[:TITLE_AT_MOST],
            "due_at": due_at,
            "created_at": now,
            "updated_at": now,
            "version": 1,
        },
    )


async def close_tasks(
    session: AsyncSession, kind: TaskKind, subject_id: UUID, *, by: UUID | None, now: datetime
) -> None:
    """The act that the task waited for has been done."""
    await session.exec(
        update(Task)
        .where(col(Task.kind) == kind, col(Task.subject_id) == subject_id, col(Task.state) == TaskState.OPEN)
        .values(state=TaskState.DONE, done_by=by, done_at=now, updated_at=now, version=col(Task.version) + 1)
    )


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Which kinds of task are this person's business."""
    kinds: set[TaskKind] = set()
    if actor.town_wide(Permission.ENTERPRISE_REVIEW):
        kinds.add(TaskKind.ENTERPRISE_CLAIM)
    if actor.town_wide(Permission.VACANCY_REVIEW):
        kinds |= {TaskKind.VACANCY_REVIEW, TaskKind.WAGE_UNVERIFIED}
    if actor.town_wide(Permission.APPOINTMENT_MANAGE):
        kinds |= {TaskKind.PERSON_MERGE, TaskKind.LIAISON_UNKNOWN, TaskKind.GRID_UNKNOWN}
    return col(Task.kind).in_(sorted(kinds))


async def list_tasks(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Task], str | None]:
    """Open tasks of this person's offices, newest first."""
    query: dict[str, Any] = {"list": "tasks", "person": actor.person_id}
    keys = [col(Task.created_at), col(Task.id)]
    statement = select(Task).where(Task.state == TaskState.OPEN, visible_to(actor))
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])


async def count_open(session: AsyncSession, actor: Actor) -> int:
    if not actor.is_staff:
        return 0
    counted = await session.exec(
        select(func.count()).select_from(Task).where(Task.state == TaskState.OPEN, visible_to(actor))
    )
    return counted.one()
