"""The chain: up, down and up again with rows in every table, no drift, on both databases."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, pool
from sqlalchemy.ext.asyncio import create_async_engine

import app.models  # noqa: F401  # fills the metadata
from app.core import fulltext
from app.core.columns import EnumText, UtcDateTime, metadata
from app.core.db import Database
from app.core.ids import new_id
from app.core.settings import Settings
from app.services.common.health import head_revision
from tests.conftest import ROOT, Databases, alembic_config, in_thread, migrate

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
FULLTEXT = "vacancy_document_fts"


def downgrade(url: str, revision: str) -> None:
    in_thread(lambda: command.downgrade(alembic_config(url), revision))


async def on(url: str, work: Callable[[Connection], Any]) -> Any:
    """Run synchronous work on a plain connection: autocommit, foreign keys enforced."""
    engine = create_async_engine(url, poolclass=pool.NullPool, isolation_level="AUTOCOMMIT")
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=ON").close())
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def tables(connection: Connection) -> set[str]:
    """Our tables; the shadow tables of SQLite's full-text index are its own."""
    return {name for name in sa.inspect(connection).get_table_names() if not name.startswith(f"{FULLTEXT}_")}


def counts(connection: Connection, only: set[str] | None = None) -> dict[str, int]:
    return {
        table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
        if only is None or table.name in only
    }


def drift(connection: Connection) -> list[Any]:
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_name": lambda name, kind, _: not (kind == "table" and name is not None and "_fts" in name),
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def broken_keys(connection: Connection) -> list[Any]:
    return list(connection.execute(sa.text("PRAGMA foreign_key_check")))


# Columns whose check compares them with another one.
ENDS = frozenset(
    {
        "ends_at",
        "horizon_ends_at",
        "ends_on",
        "end_minute",
        "seats",
        "standby_seats",
        "granted",
        "points",
        "received",
        "capacity",
    }
)


def fill(connection: Connection) -> None:
    """One made-up row in every table that the seeds leave empty; parents come first."""
    for table in metadata.sorted_tables:
        if connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one():
            continue
        values = {
            column.name: value
            for column in table.columns
            if (value := _value(connection, column)) is not None or not column.nullable
        }
        connection.execute(table.insert().values(**values))


def _value(connection: Connection, column: sa.Column[Any]) -> Any:  # noqa: PLR0911
    if column.name == "valid_to":
        # Periods end after they begin, or not at all.
        later = NOW + timedelta(days=1)
        return None if column.nullable else (later if isinstance(column.type, UtcDateTime) else later.date())
    if column.name in ENDS:
        return _end(column)
    if column.name == "borrower_id":
        # A firm does not lend people to itself.
        firms = connection.execute(sa.select(next(iter(column.foreign_keys)).column).limit(2)).scalars().all()
        return firms[1]
    if column.table.name == "training_demand" and column.name in {"enterprise_id", "grid_id"}:
        # A person asks for themselves.
        return None
    if column.table.name == "session_attendance" and column.name == "seat_id":
        # A party or a seat.
        return None
    if column.name == "agent_id" and column.nullable:
        # Nobody acts for themselves.
        return None
    for key in column.foreign_keys:
        return connection.execute(sa.select(key.column).limit(1)).scalar()
    kind = column.type
    if isinstance(kind, EnumText):
        return next(iter(kind.enum))
    if isinstance(kind, UtcDateTime):
        return NOW
    if isinstance(kind, sa.Uuid):
        return new_id()
    if isinstance(kind, sa.LargeBinary):
        return b"sealed"
    if isinstance(kind, sa.JSON):
        return {}
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.Date):
        return date(2026, 11, 24)
    if isinstance(kind, sa.Float):
        return 24.7
    return 1 if isinstance(kind, sa.Integer) else "值"


def _end(column: sa.Column[Any]) -> Any:
    """Later than the beginning that the other columns give; more seats than are taken and offered, more points than are left, as many pieces as came in."""
    later = NOW + timedelta(days=1)
    if isinstance(column.type, sa.Integer):
        return 4
    return later if isinstance(column.type, UtcDateTime) else later.date()


@pytest.fixture
async def full_url(database_url: str, tmp_path: Path) -> str:
    """Seeded, and a row in every table, the full-text index included."""
    await on(database_url, fill)
    db = Database(Settings(database_url=database_url, data_dir=tmp_path))
    async with db.unit_of_work() as session:
        seq = (await session.exec(sa.text("SELECT seq FROM vacancy_document LIMIT 1"))).one()[0]
        await fulltext.put(session, "vacancy_document", seq, ["平车", "缝纫"])
    await db.close()
    return database_url


@pytest.fixture
def bare_url(databases: Databases, kind: str) -> Iterator[str]:
    url = databases.bare(kind)
    yield url
    databases.drop(url)


def test_one_head_one_root_and_a_note_for_each() -> None:
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    revisions = list(scripts.walk_revisions())
    assert scripts.get_heads() == [head_revision()]
    assert scripts.get_bases() == ["0001"]
    assert not any(revision.is_branch_point or revision.is_merge_point for revision in revisions)
    notes = (ROOT / "migrations" / "NOTES.md").read_text()
    for revision in revisions:
        assert f"| {revision.revision} " in notes, revision
        assert Path(revision.path).name.startswith(f"{revision.revision}_")


def test_migrations_do_not_import_the_application() -> None:
    """A revision must do tomorrow what it does today, whatever the models have become."""
    for path in (ROOT / "migrations" / "versions").glob("*.py"):
        text = path.read_text()
        assert "from app" not in text, path.name
        assert "import app" not in text, path.name


async def test_no_drift(empty_database_url: str) -> None:
    assert await on(empty_database_url, drift) == []


async def test_drift_would_be_seen(empty_database_url: str) -> None:
    await on(empty_database_url, lambda c: c.execute(sa.text("ALTER TABLE area ADD COLUMN colour VARCHAR(9)")))
    await on(empty_database_url, lambda c: c.execute(sa.text("DROP INDEX ix_vacancy_enterprise")))
    found = {entry[0] for entry in await on(empty_database_url, drift)}
    assert found == {"remove_column", "add_index"}


async def test_every_table_has_a_row(full_url: str) -> None:
    """What the tests below rely on."""
    assert [name for name, count in (await on(full_url, counts)).items() if not count] == []


async def test_the_last_step_down_and_up_keeps_the_rows(full_url: str) -> None:
    before = await on(full_url, counts)
    downgrade(full_url, "-1")
    # A step that made tables takes them away again, and their rows with them.
    below = await on(full_url, tables)
    kept = {name: count for name, count in before.items() if name in below}
    assert await on(full_url, lambda connection: counts(connection, below)) == kept
    migrate(full_url)
    assert await on(full_url, lambda connection: counts(connection, below)) == kept
    assert await on(full_url, drift) == []


async def test_down_to_nothing_and_up_again(full_url: str) -> None:
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    whole = await on(full_url, tables)
    for _ in scripts.walk_revisions():
        downgrade(full_url, "-1")
    assert await on(full_url, tables) == {"alembic_version"}
    migrate(full_url)
    assert await on(full_url, tables) == whole
    assert set((await on(full_url, counts)).values()) == {0}
    assert await on(full_url, drift) == []


async def test_up_twice_is_up_once(full_url: str) -> None:
    before = await on(full_url, counts)
    migrate(full_url)
    assert await on(full_url, counts) == before


async def test_three_migrators_at_once(bare_url: str, tmp_path: Path) -> None:
    """Processes of a rolling start: one migrates, the others wait and find it done."""
    environment = os.environ | {"SANQU_DATABASE_URL": bare_url, "SANQU_DATA_DIR": str(tmp_path)}
    program = [sys.executable, "-c", "from app.cli import main; main()", "migrate"]
    processes = [
        subprocess.Popen(
            program, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(3)
    ]
    said = [(await asyncio.to_thread(process.communicate))[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], "\n".join(said)
    assert await on(bare_url, drift) == []


async def test_names_are_the_same_on_both_databases(empty_database_url: str) -> None:
    def named(connection: Connection) -> set[str]:
        inspector = sa.inspect(connection)
        found: set[str] = set()
        for table in metadata.sorted_tables:
            found |= {str(index["name"]) for index in inspector.get_indexes(table.name)}
            found |= {str(unique["name"]) for unique in inspector.get_unique_constraints(table.name)}
            found |= {str(key["name"]) for key in inspector.get_foreign_keys(table.name)}
            found |= {str(check["name"]) for check in inspector.get_check_constraints(table.name)}
            found.add(str(inspector.get_pk_constraint(table.name)["name"]))
        return found

    declared = {str(index.name) for table in metadata.tables.values() for index in table.indexes}
    preparer = sa.create_engine("sqlite://").dialect.identifier_preparer
    declared |= {
        str(preparer.format_constraint(constraint))
        for table in metadata.tables.values()
        for constraint in table.constraints
    }
    assert declared == await on(empty_database_url, named)


@pytest.mark.sqlite_only
async def test_seeded_and_filled_keys_are_whole(full_url: str) -> None:
    assert await on(full_url, broken_keys) == []


@pytest.mark.sqlite_only
async def test_a_migration_that_finds_broken_keys_says_so(full_url: str) -> None:
    def break_one(connection: Connection) -> None:
        connection.execute(sa.text("PRAGMA foreign_keys=OFF"))
        connection.execute(sa.text("UPDATE notice SET person_id = :id"), {"id": UUID(int=1).hex})

    downgrade(full_url, "-1")
    await on(full_url, break_one)
    with pytest.raises(RuntimeError, match="foreign keys broken"):
        migrate(full_url)


@pytest.mark.postgresql_only
async def test_sequences_are_64_bits_wide(empty_database_url: str) -> None:
    def kind(connection: Connection) -> str:
        columns = sa.inspect(connection).get_columns("vacancy_document")
        return str(next(column["type"] for column in columns if column["name"] == "seq"))

    assert await on(empty_database_url, kind) == "BIGINT"
