"""Alembic's environment: one chain for both databases.

SQLite: batch mode copies and drops tables, so foreign keys are off while it runs (with them on, ON DELETE CASCADE would
empty the children) and checked at the end. PostgreSQL: an advisory lock lets one migrator run, `lock_timeout` keeps a
migration from queueing before live traffic.
"""

import asyncio
from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, event, pool
from sqlalchemy.ext.asyncio import create_async_engine

import app.models  # noqa: F401  # fills the metadata
from app.core.columns import EnumText, UtcDateTime, metadata
from app.core.settings import Settings

ADVISORY_LOCK = 350_581_101


def render_item(type_: str, obj: Any, autogen_context: AutogenContext) -> str | bool:
    """Migrations must not import the application: our types are written as plain ones."""
    if type_ != "type":
        return False
    if isinstance(obj, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(obj, EnumText):
        return "sa.String(length=40)"
    if obj.__class__.__name__ == "AutoString":
        return f"sa.String(length={obj.length})" if obj.length else "sa.String()"
    return False


def include_name(name: str | None, type_: str, parent_names: Any) -> bool:
    """Full-text indexes are written by hand, differently for each database."""
    return not (type_ == "table" and name is not None and "_fts" in name)


def run(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    if not sqlite:
        connection.execute(sa.text("SET lock_timeout = '5s'"))
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=sqlite,
        render_item=render_item,
        include_name=include_name,
        compare_type=True,
        compare_server_default=True,
        # On SQLite the transaction is the only lock: between two of them another process would step in.
        transaction_per_migration=not sqlite,
        # Under our own BEGIN (below) SQLite's DDL is transactional. Told otherwise, Alembic commits after each revision.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if sqlite:
        broken = connection.execute(sa.text("PRAGMA foreign_key_check")).all()
        if broken:
            raise RuntimeError(f"foreign keys broken after migration: {len(broken)} rows")
    else:
        connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()


async def run_with_own_engine(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine.sync_engine, "connect")
        def configure(connection: Any, record: Any) -> None:
            connection.isolation_level = None
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA busy_timeout=30000")
            cursor.execute("PRAGMA foreign_keys=OFF")
            cursor.close()

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(run_with_own_engine(context.config.attributes.get("url") or Settings().database_url))
