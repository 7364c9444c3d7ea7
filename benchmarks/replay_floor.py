"""The floor of an act: the statements of the application's own calls, played again by a bare ASGI callable.

`python -m benchmarks.replay_floor DSN PORT FILE`: `GET /?n=7` runs what call 7 ran, with its own values: its reads on an
autocommit connection, its writes in one transaction, committed before the answer. No framework, no objects, no checks.
"""

import asyncio
import pickle
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiosqlite
import asyncpg
import uvicorn

POOL = 20
# (writes, statement, parameters), in order.
Step = tuple[bool, str, Any]
DONE = b'{"done":true}'
# The one number that the database gives out, and where it goes: calls are played in another order than they were recorded.
NUMBERS, NUMBERED = "INSERT INTO journal_entry", "INSERT INTO posting"


def numbered(statement: str, values: Any, number: Any) -> Any:
    return (number, *values[1:]) if statement.startswith(NUMBERED) else values


class Postgres:
    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def open(self) -> None:
        self._pool = await asyncpg.create_pool(self._dsn, min_size=POOL, max_size=POOL)

    async def play(self, steps: list[Step]) -> None:
        async with self._pool.acquire() as connection:
            for writes, statement, values in steps:
                if not writes:
                    await connection.fetch(statement, *values)
            async with connection.transaction():
                number = None
                for writes, statement, values in steps:
                    if writes:
                        rows = await connection.fetch(statement, *numbered(statement, values, number))
                        number = rows[0][0] if statement.startswith(NUMBERS) else number


class Lite:
    """One writer, as SQLite has it; reads on connections of their own."""

    def __init__(self, path: str) -> None:
        self._path, self._turn = path, asyncio.Lock()
        self._readers: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()

    async def open(self) -> None:
        self._writer = await self._connect()
        for _ in range(POOL):
            self._readers.put_nowait(await self._connect())

    async def _connect(self) -> aiosqlite.Connection:
        connection = await aiosqlite.connect(self._path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            await connection.execute(f"PRAGMA {pragma}")
        return connection

    async def play(self, steps: list[Step]) -> None:
        reader = await self._readers.get()
        try:
            for writes, statement, values in steps:
                if not writes:
                    await reader.execute_fetchall(statement, values)
        finally:
            self._readers.put_nowait(reader)
        async with self._turn:
            await self._writer.execute("BEGIN IMMEDIATE")
            number = None
            for writes, statement, values in steps:
                if writes:
                    rows = list(await self._writer.execute_fetchall(statement, numbered(statement, values, number)))
                    number = rows[0][0] if statement.startswith(NUMBERS) else number
            await self._writer.execute("COMMIT")


def application(source: Postgres | Lite, claims: list[list[Step]]) -> Callable[..., Awaitable[None]]:
    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await source.open()
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        query = scope["query_string"]
        if query:
            await source.play(claims[int(query[2:])])
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(DONE)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": DONE})

    return app


def main() -> None:
    dsn, port, file = sys.argv[1:]
    claims = pickle.loads(Path(file).read_bytes())  # noqa: S301  # written by the benchmark a moment ago
    lite = dsn.startswith("sqlite")
    source = Lite(dsn.split(":///", 1)[1]) if lite else Postgres(dsn.replace("+asyncpg", ""))
    uvicorn.run(application(source, claims), port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
