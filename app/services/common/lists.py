"""A list of rows, newest first, page by page: what most lists are."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlmodel import col

from app.core.db import ReadSession
from app.core.pages import Cursors, after
from app.models.base import Identified

M = TypeVar("M", bound=Identified)


async def newest_first(
    session: ReadSession,
    cursors: Cursors,
    query: Mapping[str, Any],
    model: type[M],
    statement: Any,
    *,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[M], str | None]:
    """A page of `statement` (a select of `model`) and the cursor of the next one. `query`: what the cursor belongs to."""
    keys = [col(model.created_at), col(model.id)]
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])
