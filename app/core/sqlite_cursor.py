"""SQLite statements in one change of threads each.

The driver runs SQLite in a thread of its own, and SQLAlchemy's adapter asks it four times a statement: for a cursor, to
execute, for the rows, to close. Each time two threads take turns on the interpreter's lock, which costs more than the
statement. Here one function does all four in that thread.
"""

import collections
import sqlite3
from typing import Any

from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor


class OneHopCursor(AsyncAdapt_aiosqlite_cursor):
    __slots__ = ("_description", "_lastrowid", "_rowcount", "arraysize")

    def __init__(self, adapt_connection: Any) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows = collections.deque()
        self._description: Any = None
        self._lastrowid, self._rowcount, self.arraysize = 0, -1, 1

    @property
    def description(self) -> Any:
        return self._description

    @property
    def rowcount(self) -> int:
        return self._rowcount

    @property
    def lastrowid(self) -> int:
        return self._lastrowid

    def close(self) -> None:
        self._rows.clear()

    async def _async_soft_close(self) -> None:
        """Nothing is open."""

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        async with self._adapt_connection._execute_mutex:
            self._take(await self._connection._execute(_run, self._connection._conn, operation, parameters))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        async with self._adapt_connection._execute_mutex:
            self._take(await self._connection._execute(_run_many, self._connection._conn, operation, seq_of_parameters))

    def _take(self, found: tuple[Any, int, int, list[Any]]) -> None:
        self._description, self._rowcount, self._lastrowid, rows = found
        self._rows = collections.deque(rows)


def _run(connection: sqlite3.Connection, operation: str, parameters: Any) -> tuple[Any, int, int, list[Any]]:
    cursor = connection.execute(operation, () if parameters is None else parameters)
    rows = cursor.fetchall() if cursor.description else []
    found = cursor.description, cursor.rowcount, cursor.lastrowid or 0, rows
    cursor.close()
    return found


def _run_many(connection: sqlite3.Connection, operation: str, seq: Any) -> tuple[Any, int, int, list[Any]]:
    cursor = connection.executemany(operation, seq)
    found = cursor.description, cursor.rowcount, cursor.lastrowid or 0, list[Any]()
    cursor.close()
    return found


def install() -> None:
    """For every SQLite engine of this process; the adapter has no setting for it."""
    AsyncAdapt_aiosqlite_connection._cursor_cls = OneHopCursor
