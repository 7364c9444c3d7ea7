"""The floor: the least that any Python server can do for the same list. No framework, no validation, no log line.

A bare ASGI callable under the same uvicorn, one prepared statement, and the answer's JSON made by the database. On
PostgreSQL a pool of asyncpg connections, on SQLite of aiosqlite ones (one hop to a thread per request).
`python -m benchmarks.floor DSN PORT`.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import parse_qsl
from uuid import UUID

import aiosqlite
import asyncpg
import uvicorn

from app.core.clock import SystemClock, china_date

POOL = 20
PLAIN = (
    "title", "enterprise_name", "enterprise_label", "using_firm", "occupation_code", "occupation_name", "pay_unit", "pay_min_fen", "pay_max_fen",
    "piece_rate_fen", "piece_per_quantity", "pay_cycle", "shift_pattern", "place_address",
)  # fmt: skip
NEWEST = "published_at DESC, id DESC"
ROWS = (
    "SELECT id, {plain}, enterprise_id, headcount - hired_count AS open_seats, nullif(hourly_fen, 0) AS hourly_fen, "
    "area_id, benefits, valid_until, published_at, {away} AS away FROM vacancy WHERE {where} ORDER BY {order} LIMIT 20"
)
# `next` is the sort key of the last row, unsigned.
PG_PAGE = (
    "SELECT json_build_object('items', coalesce(json_agg(json_build_object('id', id, {pairs}, 'enterprise_id', "
    "enterprise_id, 'open_seats', open_seats, 'hourly_fen', hourly_fen, 'area_id', area_id, 'distance_m', away, "
    "'benefits', benefits, 'valid_until', valid_until, 'published_at', "
    "to_char(published_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD\"T\"HH24:MI:SS+08:00'))), '[]'::json), 'next', "
    "(array_agg(published_at))[count(*)] || ',' || (array_agg(id))[count(*)], 'total', {total})::text "
    "FROM ({rows}) page"
)
LITE_PAGE = (
    "SELECT json_object('items', json_group_array(json_object('id', id, {pairs}, 'enterprise_id', enterprise_id, "
    "'open_seats', open_seats, 'hourly_fen', hourly_fen, 'area_id', area_id, 'distance_m', away, "
    "'benefits', json(benefits), 'valid_until', valid_until, 'published_at', "
    "strftime('%Y-%m-%dT%H:%M:%S+08:00', published_at, '+8 hours'))), 'next', "
    "json_extract(json_group_array(published_at || ',' || id), '$[#-1]'), 'total', {total}) "
    "FROM ({rows}) page"
)


class Source(Protocol):
    async def page(self, query: dict[str, str]) -> bytes: ...


def _statements(page: str, walk: str, mark: str, after: str, search: str) -> dict[str, str]:
    """The questions as SQL; arguments in this order: today, then what the question adds. Squared metres as `distance_m`."""
    pairs = ", ".join(f"'{name}', {name}" for name in PLAIN)
    until = f"valid_until >= {mark.format(1)}"
    today = f"{walk} AND {until}"
    plain = f"state = 'published' AND {until}"
    found = f"{plain} AND {search}"
    east, north, within = (mark.format(number) for number in (2, 3, 4))
    away = f"((east_m - {east}) * (east_m - {east}) + (north_m - {north}) * (north_m - {north}))"

    def build(where: str, total: str = "NULL", order: str = NEWEST, away: str = "NULL") -> str:
        rows = ROWS.format(plain=", ".join(PLAIN), where=where, order=order, away=away)
        return page.format(pairs=pairs, total=total, rows=rows)

    def count(where: str) -> str:
        return f"(SELECT count(*) FROM vacancy WHERE {where})"

    return {
        "first": build(today),
        "after": build(f"{today} AND {after}"),
        "total": build(today, count(plain)),
        "search": build(found),
        "search_total": build(found, count(found)),
        "pay": build(today, order=f"vacancy.hourly_fen DESC, {NEWEST}"),
        "nearest": build(f"{plain} AND {away} <= {within}", order=f"{away}, {NEWEST}", away=away),
    }


class PostgreSQL:
    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._sql = _statements(
            PG_PAGE,
            "state = 'published'",
            "${}",
            "(published_at, id) < ($2, $3)",
            "id IN (SELECT vacancy_id FROM vacancy_document WHERE seq IN "
            "(SELECT seq FROM vacancy_document_fts WHERE tokens @@ $2::text::tsquery))",
        )

    async def page(self, query: dict[str, str]) -> bytes:
        kind = query.get("kind", "first")
        arguments: list[Any] = [china_date(SystemClock().now())]
        if kind == "after":
            at, row_id = query["after"].split(",")
            arguments += [datetime.fromisoformat(at), UUID(row_id)]
        if kind == "nearest":
            arguments += [int(query[name]) for name in ("east", "north", "within")]
        if kind.startswith("search"):
            arguments.append(" & ".join(f"'{token}'" for token in query["tokens"].split(" ")))
        found: str = await self._pool.fetchval(self._sql[kind], *arguments)
        return found.encode()


class SQLite:
    def __init__(self, pool: asyncio.LifoQueue[aiosqlite.Connection]) -> None:
        self._pool = pool
        self._sql = _statements(
            LITE_PAGE,
            # Without this hint the planner sorts all open postings instead of walking the index of the public list.
            "likely(state = 'published')",
            "?{}",
            "(published_at, id) < (?2, ?3)",
            "id IN (SELECT vacancy_id FROM vacancy_document WHERE seq IN "
            "(SELECT rowid FROM vacancy_document_fts WHERE vacancy_document_fts MATCH ?2))",
        )

    async def page(self, query: dict[str, str]) -> bytes:
        kind = query.get("kind", "first")
        arguments: list[Any] = [china_date(SystemClock().now()).isoformat()]
        if kind == "after":
            arguments += query["after"].split(",")
        if kind == "nearest":
            arguments += [int(query[name]) for name in ("east", "north", "within")]
        if kind.startswith("search"):
            arguments.append(" AND ".join(f'"{token}"' for token in query["tokens"].split(" ")))
        connection = await self._pool.get()
        try:
            rows = await connection.execute_fetchall(self._sql[kind], arguments)
        finally:
            self._pool.put_nowait(connection)
        found: str = next(iter(rows))[0]
        return found.encode()


async def open_source(dsn: str) -> Source:
    if dsn.startswith("postgresql"):
        return PostgreSQL(await asyncpg.create_pool(dsn.replace("+asyncpg", ""), min_size=POOL, max_size=POOL))
    # The connection used last has the warmest page cache.
    pool: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
    for _ in range(POOL):
        connection = await aiosqlite.connect(dsn.split("///", 1)[1])
        await connection.execute("PRAGMA query_only=ON")
        await connection.execute("PRAGMA cache_size=-65536")
        pool.put_nowait(connection)
    return SQLite(pool)


class Floor:
    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._source: Source | None = None

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        if scope["type"] == "lifespan":
            await receive()
            self._source = await open_source(self._dsn)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        assert self._source is not None
        text = scope["query_string"]
        body = await self._source.page(dict(parse_qsl(text.decode())) if text else {})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(Floor(sys.argv[1]), port=int(sys.argv[2]), log_config=None, access_log=False, server_header=False)
