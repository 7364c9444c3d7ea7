"""`INSERT … ON CONFLICT DO NOTHING` on both databases: the race-free way to be first."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel.ext.asyncio.session import AsyncSession


async def insert_or_ignore(session: AsyncSession, table: Any, values: dict[str, Any]) -> bool:
    """True where the row is ours; False where a row with the same key was there first."""
    connection = await session.connection()
    return await connection.run_sync(insert_or_ignore_sync, table.__table__, values)


def insert_or_ignore_sync(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    insert = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    done = connection.execute(insert(table).values(**values).on_conflict_do_nothing())
    return done.rowcount == 1


async def upsert(session: AsyncSession, table: Any, values: dict[str, Any], *, keys: Sequence[str]) -> None:
    """Insert, or overwrite every column but `keys` of the row that has these keys."""
    connection = await session.connection()
    insert = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    statement = insert(table.__table__).values(**values)
    changes = {name: statement.excluded[name] for name in values if name not in keys}
    await connection.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=changes))
