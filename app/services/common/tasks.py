"""The staff's work list: opened by the system where something waits for a person, ticked off by the act itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, check_version
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.models.common import Task
from app.rules.common.tasks import (
    TASK_PERMISSIONS,
    TaskDoneError,
    TaskKind,
    TaskNotFoundError,
    TaskState,
    check_by_hand,
)
from app.rules.identity.roles import Actor

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
    other_id: UUID | None = None,
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
            "other_id": other_id,
            # Made of a firm's name and a posting's title, which together may be longer than the column.
            "title": title[:TITLE_AT_MOST],
            "due_at": due_at,
            "created_at": now,
            "updated_at": now,
            "version": 1,
        },
    )


async def close_tasks(
    session: AsyncSession,
    kind: TaskKind,
    subject_id: UUID,
    *,
    by: UUID | None,
    now: datetime,
    note: str | None = None,
) -> bool:
    """The act that the task waited for has been done; False where none was open."""
    done = await session.exec(
        update(Task)
        .where(col(Task.kind) == kind, col(Task.subject_id) == subject_id, col(Task.state) == TaskState.OPEN)
        .values(
            state=TaskState.DONE, done_by=by, done_at=now, updated_at=now, version=col(Task.version) + 1, note=note
        )
    )  # fmt: skip
    return bool(done.rowcount)


async def is_settled(session: AsyncSession, kind: TaskKind, subject_id: UUID, other_id: UUID | None) -> bool:
    """Somebody has answered this very question before."""
    found = await session.exec(
        select(col(Task.id))
        .where(
            Task.kind == kind, Task.subject_id == subject_id, Task.other_id == other_id, Task.state == TaskState.DONE
        )
        .limit(1)
    )
    return found.one_or_none() is not None


async def open_subjects(session: AsyncSession | ReadSession, kind: TaskKind) -> set[UUID]:
    """The things of this kind that still wait for somebody."""
    found = await session.exec(select(col(Task.subject_id)).where(Task.kind == kind, Task.state == TaskState.OPEN))
    return set(found.all())


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Which kinds of task are this person's business: those whose act they may do for the whole town."""
    kinds = [kind for kind, permission in TASK_PERMISSIONS.items() if actor.town_wide(permission)]
    return col(Task.kind).in_(sorted(kinds))


async def list_tasks(
    session: ReadSession, cursors: Cursors, actor: Actor, *, kind: TaskKind | None, cursor: str | None, limit: int
) -> tuple[Sequence[Task], str | None]:
    """Open tasks of this person's offices, newest first."""
    query: dict[str, Any] = {"list": "tasks", "person": actor.person_id, "kind": kind}
    keys = [col(Task.created_at), col(Task.id)]
    statement = select(Task).where(Task.state == TaskState.OPEN, visible_to(actor))
    if kind is not None:
        statement = statement.where(Task.kind == kind)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])


async def get_task(session: AsyncSession, actor: Actor, task_id: UUID) -> Task:
    found = await session.exec(select(Task).where(Task.id == task_id, visible_to(actor)))
    row = found.one_or_none()
    if row is None:
        raise TaskNotFoundError
    return row


async def finish_task(
    session: AsyncSession, actor: Actor, task_id: UUID, *, note: str, expected_version: int, now: datetime
) -> Task:
    """Tick off what was done outside the system, with a word about it."""
    found = await session.exec(select(Task).where(Task.id == task_id, visible_to(actor)).with_for_update())
    row = found.one_or_none()
    if row is None:
        raise TaskNotFoundError
    check_by_hand(row.kind)
    if row.state is TaskState.DONE:
        raise TaskDoneError
    check_version(row.version, expected_version)
    row.state, row.note, row.done_by, row.done_at = TaskState.DONE, note, actor.person_id, now
    row.touch(now)
    return row


async def count_open(session: AsyncSession, actor: Actor) -> int:
    if not actor.is_staff:
        return 0
    counted = await session.exec(
        select(func.count()).select_from(Task).where(Task.state == TaskState.OPEN, visible_to(actor))
    )
    return counted.one()
