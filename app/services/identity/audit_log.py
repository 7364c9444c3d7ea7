"""The auditor's view of the log. Whoever writes an act down uses `audit`; whoever proves the chain, `audit_chain`."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.core.db import ReadSession
from app.core.pages import Cursors, after
from app.models.identity import AuditEntry
from app.rules.identity.roles import Actor, Permission, check_town_wide


async def list_entries(
    session: ReadSession,
    cursors: Cursors,
    actor: Actor,
    *,
    actor_id: UUID | None,
    act: str | None,
    subject_id: str | None,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[AuditEntry], str | None]:
    """Newest first; of everybody, of one person, of one kind of act, about one thing."""
    check_town_wide(actor, Permission.AUDIT_READ)
    query: dict[str, Any] = {"list": "audit", "actor": actor_id, "act": act, "subject": subject_id}
    statement = select(AuditEntry)
    for column, value in (
        (AuditEntry.actor_id, actor_id), (AuditEntry.act, act), (AuditEntry.subject_id, subject_id),
    ):  # fmt: skip
        if value is not None:
            statement = statement.where(col(column) == value)
    # Ids are made in the order of time.
    keys = [col(AuditEntry.id)]
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(keys[0].desc()).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.id])
