"""Engines, the unit of work with the only commit, and reads.

SQLite: WAL, foreign keys, FULL sync; writers queue for a pool of one connection and start with `BEGIN IMMEDIATE`
(a deferred transaction loses updates or dies with "database is locked", ARCHITECTURE.md). PostgreSQL: READ COMMITTED
with row locks, and time limits on the server so that a stuck statement answers 503.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, NewType, TypeVar

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import sqlite_cursor
from app.core.errors import AppError, ConflictError, DatabaseAwayError, StaleError, UnavailableError
from app.core.settings import Settings

# A session on an autocommit, read-only connection. Handing it to a service that writes is a type error.
ReadSession = NewType("ReadSession", AsyncSession)
WriteSession = AsyncSession
ReadConnection = AsyncConnection
BeforeBegin = Callable[[Any], None]
M = TypeVar("M", bound=SQLModel)

# SQLSTATE classes and codes after which the same call may succeed: connection (08), resources and disk (53),
# operator intervention and statement timeout (57), I/O (58); deadlock and serialisation failure; lock timeout.
AWAY_CLASSES = ("08", "53", "57", "58", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY")
RETRY_CODES = ("40001", "40P01", "55P03")
UNIQUE_CODES = ("23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")


# What a limit of ours leaves to a limit behind it, which names the failure better.
ANSWER_SECONDS = 0.2


class Database:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # What every session carries for those who are handed nothing else (`core/crypto.crypto_of`).
        self.carried: dict[str, Any] = {}
        make = _sqlite_engine if settings.is_sqlite else _postgresql_engine
        self.writer: AsyncEngine = make(settings, writes=True)
        self.reader: AsyncEngine = make(settings, writes=False)
        # A little longer than the pool waits, which then speaks for itself.
        self._acquire_seconds = settings.database_timeout_seconds + ANSWER_SECONDS

    @asynccontextmanager
    async def unit_of_work(self, before_begin: BeforeBegin | None = None) -> AsyncIterator[AsyncSession]:
        """One transaction: begun by the first statement, committed here and nowhere else, rolled back on any error.

        `before_begin(sync_session)` may attach work that becomes the transaction's first statement.
        """
        with database_failures():
            async with AsyncSession(self.writer, expire_on_commit=False, info=self.carried) as session:
                if before_begin is not None:
                    before_begin(session.sync_session)
                async with dropped_when_silent(session):
                    yield session
                    await session.commit()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadSession]:
        with database_failures():
            async with AsyncSession(self.reader, expire_on_commit=False, autoflush=False, info=self.carried) as session:
                # A place in the pool and a new connection together, not each, within the limit.
                async with asyncio.timeout(self._acquire_seconds):
                    await session.connection()
                async with dropped_when_silent(session):
                    yield ReadSession(session)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """An autocommit connection for hot reads in SQLAlchemy Core, without the cost of a session."""
        with database_failures():
            async with AsyncExitStack() as opened:
                async with asyncio.timeout(self._acquire_seconds):
                    connection = await opened.enter_async_context(self.reader.connect())
                async with dropped_when_silent(connection):
                    yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Reads that all see the same moment, however long they take: for whoever holds rows against one another."""
        async with self.connection() as connection:
            if self._settings.is_sqlite:
                await connection.exec_driver_sql("BEGIN")
            else:
                await connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection
            # The connection goes back to the pool without it.
            await connection.rollback()

    async def close(self) -> None:
        await self.writer.dispose()
        await self.reader.dispose()


@asynccontextmanager
async def dropped_when_silent(held: AsyncSession | AsyncConnection) -> AsyncIterator[None]:
    """A connection that did not answer is dropped as it is: a farewell would wait for an answer once more."""
    try:
        yield
    except (TimeoutError, OSError):
        await held.invalidate()
        raise


@contextmanager
def database_failures() -> Any:
    """Turns a driver's failure into an honest answer; the driver's text never leaves."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError, OSError, TimeoutError) as exc:
        translated = translate(exc)
        if translated is None:
            raise
        raise translated from exc


def translate(exc: BaseException) -> AppError | None:
    """The answer that a driver's failure deserves; None where it is our own mistake, a 500."""
    if isinstance(exc, PoolTimeoutError):
        return UnavailableError()
    if not isinstance(exc, DBAPIError):
        return DatabaseAwayError()
    code = driver_code(exc)
    if isinstance(exc, IntegrityError):
        # A race that no service expected: the caller looks again.
        return ConflictError() if code in UNIQUE_CODES else None
    if code in RETRY_CODES or code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return UnavailableError()
    gone = exc.connection_invalidated or isinstance(exc, InterfaceError)
    return DatabaseAwayError() if gone or code.startswith(AWAY_CLASSES) else None


def driver_code(exc: DBAPIError) -> str:
    """PostgreSQL's SQLSTATE or SQLite's extended error name; never the text, which differs by version and language."""
    original: Any = exc.orig
    while original is not None:
        code = getattr(original, "sqlstate", None) or getattr(original, "sqlite_errorname", None)
        if code:
            return str(code)
        original = original.__cause__
    return ""


async def fetch(session: AsyncSession, model: type[M], row_id: Any, missing: type[AppError]) -> M:
    """The row as it is, without a lock: for reads."""
    key = model.__table__.primary_key.columns[0]  # type: ignore[attr-defined]
    row = (await session.exec(select(model).where(key == row_id))).one_or_none()
    if row is None:
        raise missing
    return row


async def lock(session: AsyncSession, model: type[M], row_id: Any, missing: type[AppError]) -> M:
    """The row under a lock until the transaction ends (on SQLite the transaction itself is the lock), fresh."""
    key = model.__table__.primary_key.columns[0]  # type: ignore[attr-defined]
    statement = select(model).where(key == row_id).with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).one_or_none()
    if row is None:
        raise missing
    return row


def check_version(current: int, expected: int) -> None:
    """The caller changes what it saw, or hears that it is stale."""
    if current != expected:
        raise StaleError(current=current, expected=expected)


def _sqlite_engine(settings: Settings, *, writes: bool) -> AsyncEngine:
    sqlite_cursor.install()
    engine = create_async_engine(
        settings.database_url,
        poolclass=AsyncAdaptedQueuePool,
        # One writer at a time is SQLite's own rule; queueing for it in the pool is fair and blocks no thread.
        pool_size=1 if writes else settings.reader_pool,
        max_overflow=0,
        pool_timeout=settings.lock_wait_seconds if writes else settings.database_timeout_seconds,
        connect_args={"timeout": settings.lock_wait_seconds},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, record: Any) -> None:
        del record
        # The driver would begin late and by itself; we begin, explicitly, below.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA cache_size=-65536")
        if not writes:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    if writes:

        @event.listens_for(engine.sync_engine, "begin")
        def begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _postgresql_engine(settings: Settings, *, writes: bool) -> AsyncEngine:
    wait_ms = str(int(settings.lock_wait_seconds * 1000))
    limit_ms = str(int(settings.database_timeout_seconds * 1000))
    server = {"application_name": "sanqu", "statement_timeout": limit_ms, "lock_timeout": wait_ms}
    if not writes:
        server["default_transaction_read_only"] = "on"
    engine = create_async_engine(
        settings.database_url,
        # Pinned: correctness must not depend on a role's or a database's default.
        isolation_level="READ COMMITTED" if writes else "AUTOCOMMIT",
        pool_size=settings.writer_pool if writes else settings.reader_pool,
        max_overflow=0,
        pool_timeout=settings.database_timeout_seconds,
        pool_recycle=1800,
        connect_args={
            "timeout": settings.database_timeout_seconds,
            # A database that accepts but never answers; the server's own limit fires first where it still lives.
            "command_timeout": settings.database_timeout_seconds + ANSWER_SECONDS,
            "server_settings": server,
        },
    )

    @event.listens_for(engine.sync_engine, "invalidate")
    def abort(connection: Any, record: Any, exception: BaseException | None) -> None:
        del record, exception
        # Closed without a word to the server, which may be the one that does not answer.
        connection.driver_connection.terminate()

    return engine
