"""The unit of work and the reads, on both databases."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlmodel import col, func, select

from app.core.db import Database, check_version, driver_code, lock, translate
from app.core.errors import AppError, ConflictError, DatabaseAwayError, NotFoundError, StaleError, UnavailableError
from app.core.ids import new_id
from app.core.settings import Settings
from app.models.identity import AuditEntry, LoginSession, Person
from app.models.organisation import Area
from app.rules.identity.apps import ClientApp
from app.rules.organisation import AreaKind
from demo.stack import free_port

NOW = datetime(2026, 11, 24, 8, 0, 0, 123456, tzinfo=UTC)


def area(name: str = "塘后村", **changes: Any) -> Area:
    return Area(
        **{"name": name, "kind": AreaKind.VILLAGE, "section": "1", "created_at": NOW, "updated_at": NOW} | changes
    )


async def names(db: Database) -> set[str]:
    async with db.reading() as session:
        return set((await session.exec(select(Area.name))).all())


async def add(db: Database, row: Any) -> None:
    async with db.unit_of_work() as session:
        session.add(row)


async def test_a_commit_is_seen_and_only_after_it(db: Database) -> None:
    async with db.unit_of_work() as session:
        session.add(area())
        await session.flush()
        assert await names(db) == set()
    assert await names(db) == {"塘后村"}


async def test_an_error_rolls_everything_back(db: Database) -> None:
    async def half_done() -> None:
        async with db.unit_of_work() as session:
            session.add(area("一"))
            await session.flush()
            session.add(area("二"))
            await session.flush()
            raise ConflictError

    with pytest.raises(ConflictError):
        await half_done()
    assert await names(db) == set()
    await add(db, area("三"))
    assert await names(db) == {"三"}


async def test_a_cancelled_call_rolls_back_and_frees_the_writer(db: Database) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        async with db.unit_of_work() as session:
            session.add(area("一"))
            await session.flush()
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await add(db, area("二"))
    assert await names(db) == {"二"}


async def test_nothing_begins_before_the_first_statement(db: Database) -> None:
    """A service that waits for WeChat first holds no lock meanwhile."""
    async with db.unit_of_work() as idle:
        assert not idle.in_transaction()
        await add(db, area())
        assert (await idle.exec(select(Area.name))).one() == "塘后村"


async def test_two_processes_count_without_loss(core_settings: Settings) -> None:
    """Read, add one, write: fifty times in each of two processes' pools at once."""
    patient = core_settings.model_copy(update={"lock_wait_seconds": 60.0, "database_timeout_seconds": 60.0})
    first, second = Database(patient), Database(patient)
    row = area()
    await add(first, row)

    async def count(db: Database) -> None:
        async with db.unit_of_work() as session:
            mine = await lock(session, Area, row.id, NotFoundError)
            await asyncio.sleep(0)
            mine.version += 1

    try:
        await asyncio.gather(*(count(db) for _ in range(50) for db in (first, second)))
        async with first.reading() as session:
            assert (await session.exec(select(Area.version))).one() == 101
    finally:
        await first.close()
        await second.close()


async def test_lock_reads_afresh_and_names_what_is_missing(db: Database) -> None:
    row = area()
    await add(db, row)

    class AreaGoneError(NotFoundError):
        code = "area_gone"

    async with db.unit_of_work() as session:
        stale = (await session.exec(select(Area))).one()
        await session.exec(
            update(Area).where(col(Area.id) == row.id).values(version=7),
            execution_options={"synchronize_session": False},
        )
        assert stale.version == 1
        assert (await lock(session, Area, row.id, NotFoundError)).version == 7
        with pytest.raises(AreaGoneError):
            await lock(session, Area, new_id(), AreaGoneError)


def test_stale_says_both_versions() -> None:
    check_version(3, 3)
    for expected in (2, 4):
        with pytest.raises(StaleError) as stale:
            check_version(3, expected)
        assert stale.value.params == {"current": 3, "expected": expected}


async def test_foreign_keys_are_enforced(db: Database) -> None:
    orphan = LoginSession(person_id=new_id(), app=ClientApp.ZHIPIN, created_at=NOW, expires_at=NOW, latest_at=NOW)
    with pytest.raises(IntegrityError):
        await add(db, orphan)
    async with db.reading() as session:
        assert (await session.exec(select(func.count()).select_from(LoginSession))).one() == 0


async def test_check_constraints_are_enforced(db: Database) -> None:
    with pytest.raises(DBAPIError):
        async with db.unit_of_work() as session:
            await session.exec(text("INSERT INTO area (id) VALUES (NULL)"))


@pytest.mark.parametrize("how", ["orm", "core", "raw"])
async def test_a_read_cannot_write(db: Database, how: str) -> None:
    async def sneak() -> None:
        async with db.reading() as session:
            if how == "orm":
                session.add(area())
                await session.flush()
            elif how == "core":
                await session.exec(update(Area).values(version=9))
            else:
                await session.exec(text("DELETE FROM area"))
            await session.commit()

    await add(db, area("在"))
    with pytest.raises((AppError, DBAPIError)):
        await sneak()
    async with db.reading() as session:
        assert [(row.name, row.version) for row in (await session.exec(select(Area))).all()] == [("在", 1)]


async def test_a_read_connection_cannot_write(db: Database) -> None:
    with pytest.raises((AppError, DBAPIError)):
        async with db.connection() as connection:
            await connection.execute(text("CREATE TABLE mine (id INTEGER)"))


async def test_naive_instants_are_refused(db: Database) -> None:
    with pytest.raises(StatementError, match="naive datetime"):
        await add(db, area(created_at=datetime(2026, 11, 24, 8, 0)))  # noqa: DTZ001  # the point
    assert await names(db) == set()


@pytest.mark.parametrize("hours", [8, -5, 0])
async def test_an_instant_comes_back_as_the_same_instant(db: Database, hours: int) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=hours)))
    row = area(created_at=there)
    await add(db, row)
    async with db.reading() as session:
        back = (await session.exec(select(Area))).one().created_at
        assert back == NOW
        assert (back.tzinfo, back.microsecond) == (UTC, 123456)
        # Compared in the database as instants too, from whatever zone.
        for bound, found in ((there, 1), (there + timedelta(microseconds=1), 0)):
            statement = select(func.count()).select_from(Area).where(col(Area.created_at) >= bound)
            assert (await session.exec(statement)).one() == found


async def test_ids_and_enumerations_come_back_as_such(db: Database) -> None:
    row = area()
    await add(db, row)
    async with db.reading() as session:
        back = (await session.exec(select(Area))).one()
    assert isinstance(back.id, UUID)
    assert back.id == row.id
    assert back.kind is AreaKind.VILLAGE
    with pytest.raises(StatementError):
        await add(db, area("错", kind="castle"))


async def test_a_duplicate_is_a_conflict_and_not_a_crash(db: Database) -> None:
    await add(db, area())
    with pytest.raises(ConflictError) as refused:
        await add(db, area())
    assert "塘后村" not in refused.value.text


@pytest.mark.parametrize(
    "statement",
    ["SELECT no_such_column FROM area", "INSERT INTO area (id) VALUES (NULL)", "not sql at all"],
)
async def test_our_own_mistakes_are_not_dressed_up(db: Database, statement: str) -> None:
    with pytest.raises(DBAPIError) as raised:
        async with db.unit_of_work() as session:
            await session.exec(text(statement))
    assert translate(raised.value) is None


async def test_a_held_lock_answers_busy(core_settings: Settings) -> None:
    hasty = core_settings.model_copy(update={"lock_wait_seconds": 0.2})
    first, second = Database(hasty), Database(hasty)
    row = area()
    await add(first, row)
    try:
        async with first.unit_of_work() as holder:
            await lock(holder, Area, row.id, NotFoundError)
            with pytest.raises(UnavailableError) as busy:
                async with second.unit_of_work() as session:
                    await lock(session, Area, row.id, NotFoundError)
            assert (busy.value.code, busy.value.retry_after, busy.value.retryable) == ("unavailable", 2, True)
            # Readers are not held up by it.
            assert await names(second) == {"塘后村"}
        async with second.unit_of_work() as session:
            (await lock(session, Area, row.id, NotFoundError)).version = 2
    finally:
        await first.close()
        await second.close()


async def test_an_exhausted_pool_answers_busy(core_settings: Settings) -> None:
    small = core_settings.model_copy(
        update={"writer_pool": 1, "lock_wait_seconds": 0.2, "database_timeout_seconds": 0.2}
    )
    db = Database(small)
    try:
        async with db.unit_of_work() as holder:
            await holder.exec(select(Area.name))
            with pytest.raises(UnavailableError):
                await add(db, area())
        await add(db, area())
    finally:
        await db.close()


@pytest.mark.postgresql_only
async def test_a_stuck_statement_answers_away_and_the_next_one_works(core_settings: Settings) -> None:
    db = Database(core_settings.model_copy(update={"database_timeout_seconds": 0.3}))
    try:
        with pytest.raises(DatabaseAwayError):
            async with db.unit_of_work() as session:
                await session.exec(text("SELECT pg_sleep(30)"))
        await add(db, area())
        assert await names(db) == {"塘后村"}
    finally:
        await db.close()


@pytest.mark.postgresql_only
async def test_a_killed_connection_answers_away_and_the_next_one_works(db: Database) -> None:
    async with db.unit_of_work() as session:
        session.add(area("一"))
        await session.flush()
        backend = (await session.exec(text("SELECT pg_backend_pid()"))).one()[0]
        async with db.connection() as other:
            await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": backend})
        with pytest.raises(DBAPIError) as raised:
            await session.exec(select(Area.name))
        assert isinstance(translate(raised.value), DatabaseAwayError)
        await session.rollback()
    await add(db, area("二"))
    assert await names(db) == {"二"}


async def test_nobody_listens(tmp_path: Path) -> None:
    db = Database(Settings(database_url=f"postgresql+asyncpg://sanqu@127.0.0.1:{free_port()}/sanqu", data_dir=tmp_path))
    with pytest.raises(DatabaseAwayError):
        await names(db)
    with pytest.raises(DatabaseAwayError):
        await add(db, area())
    await db.close()


async def test_the_file_cannot_be_opened(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    db = Database(Settings(database_url=f"sqlite+aiosqlite:///{tmp_path / 'no' / 'such.sqlite3'}", data_dir=tmp_path))
    with pytest.raises(DatabaseAwayError):
        await names(db)
    await db.close()
    # The driver's thread reports its end to this loop: the loop outlives it.
    while set(threading.enumerate()) - before:
        await asyncio.sleep(0.01)


@pytest.mark.sqlite_only
async def test_sqlite_is_set_up_for_safety(db: Database) -> None:
    async with db.unit_of_work() as session:
        found = {
            name: (await session.exec(text(f"PRAGMA {name}"))).one()[0]
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout", "query_only")
        }
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 2000, "query_only": 0}


@pytest.mark.postgresql_only
async def test_postgresql_is_set_up_for_safety(db: Database) -> None:
    async with db.unit_of_work() as session:
        found = {
            name: (await session.exec(text(f"SHOW {name}"))).one()[0]
            for name in ("transaction_isolation", "statement_timeout", "lock_timeout")
        }
    assert found == {"transaction_isolation": "read committed", "statement_timeout": "2300ms", "lock_timeout": "2s"}


async def test_driver_codes_are_codes(db: Database) -> None:
    await add(db, row := area())
    with pytest.raises(ConflictError) as refused:
        await add(db, area())
    cause = refused.value.__cause__
    assert isinstance(cause, IntegrityError)
    assert driver_code(cause) in {"23505", "SQLITE_CONSTRAINT_UNIQUE"}
    with pytest.raises(ConflictError):
        await add(db, area("别名", id=row.id))
    assert await names(db) == {"塘后村"}


def test_what_is_no_database_error_is_away() -> None:
    assert isinstance(translate(OSError("refused")), DatabaseAwayError)
    assert isinstance(translate(TimeoutError()), DatabaseAwayError)


async def test_rows_of_the_audit_log_are_plain_rows(db: Database) -> None:
    """A person and a session in one unit of work, in the order that their keys demand."""
    person = Person(created_at=NOW, updated_at=NOW)
    async with db.unit_of_work() as session:
        session.add(person)
        await session.flush()
        row = LoginSession(person_id=person.id, app=ClientApp.LINGGONG, created_at=NOW, expires_at=NOW, latest_at=NOW)
        session.add(row)
        session.add(AuditEntry(created_at=NOW, act="a", subject_kind="k", subject_id="1"))
    async with db.connection() as connection:
        for table in ("person", "login_session", "audit_entry"):
            assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 1  # noqa: S608
