"""An act over HTTP against a bare ASGI application that plays the same statements, durable, on both databases.

A database is filled once and copied three times: on the first copy the application runs every call in this process and its
statements are written down; on the second the application serves, on the third the floor plays what was written down. One
process each on core 0; load and database on the other core, 16 connections, rounds in turn. At the end both databases must
hold the same.
"""

import asyncio
import json
import os
import pickle
import shutil
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import event

from app.core.security import TokenClaims, Tokens
from app.core.settings import Settings
from app.main import create_app
from benchmarks import load
from benchmarks.bench_list import CONNECTIONS, Kind, machine, server
from benchmarks.generate import migrate
from benchmarks.replay_floor import Step
from demo.stack import BIN, free_port
from tests.support.postgresql import Cluster, find_binaries

ROUNDS = 4
GOAL = 0.35
V1 = "/api/v1"
console = Console(width=140)


@dataclass(frozen=True, slots=True)
class Call:
    """One keyed POST of one person."""

    app: str
    person: UUID
    session: UUID
    path: str
    body: dict[str, Any] | None
    key: str


@dataclass(frozen=True, slots=True)
class Act:
    """`fill` makes so many calls possible, `held` says what the database holds (the same in both at the end)."""

    name: str
    fill: Callable[[Settings, int], Awaitable[list[Call]]]
    held: Callable[[Settings], Awaitable[Any]]
    expected: Callable[[int], Any]


class Databases:
    """The filled one and its copies."""

    def __init__(self, kind: Kind, folder: Path, stack: ExitStack) -> None:
        self._kind, self._folder = kind, folder
        if kind is Kind.POSTGRESQL:
            binaries = find_binaries()
            if binaries is None:
                raise RuntimeError("没有找到 PostgreSQL 服务器程序。Debian/Ubuntu：apt install postgresql")
            # Durable, as in production: the cluster of the tests is not.
            self._cluster = Cluster(binaries)
            stack.callback(self._cluster.stop)
            self._cluster.start()
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                self._cluster.sql(f"ALTER SYSTEM SET {name} = on")
            self._cluster.sql("SELECT pg_reload_conf()")
            self._cluster.sql("CREATE DATABASE filled")

    def url(self, name: str) -> str:
        if self._kind is Kind.POSTGRESQL:
            return self._cluster.url(name)
        return f"sqlite+aiosqlite:///{self._folder / name}.sqlite3"

    def copy(self, name: str) -> str:
        if self._kind is Kind.POSTGRESQL:
            self._cluster.sql(f"CREATE DATABASE {name} TEMPLATE filled")
        else:
            with sqlite3.connect(self._folder / "filled.sqlite3") as source:
                source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(self._folder / "filled.sqlite3", self._folder / f"{name}.sqlite3")
        return self.url(name)


def requests_of(settings: Settings, calls: Sequence[Call], port: int) -> list[bytes]:
    tokens = Tokens(settings.token_ring, timedelta(minutes=settings.access_token_minutes))
    found = []
    for call in calls:
        body = b"" if call.body is None else json.dumps(call.body).encode()
        token = tokens.issue(TokenClaims(call.app, call.person, call.session), datetime.now(UTC))
        head = (
            f"POST {V1}{call.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\nUser-Agent: bench\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nIdempotency-Key: {call.key}\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        )
        found.append(head.encode() + body)
    return found


async def record(settings: Settings, calls: Sequence[Call]) -> list[list[Step]]:
    """What each call says to the database, in order; one after the other, in this process."""
    app = create_app(settings)
    tokens = Tokens(settings.token_ring, timedelta(minutes=settings.access_token_minutes))
    found: list[list[Step]] = []
    async with app.router.lifespan_context(app):
        db = app.state.runtime.db

        def listen(engine: Any, *, writes: bool) -> None:
            @event.listens_for(engine.sync_engine, "before_cursor_execute")
            def note(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
                if not statement.startswith("BEGIN"):
                    found[-1].extend((writes, statement, plain(one)) for one in (values if many else [values]))

        listen(db.writer, writes=True)
        listen(db.reader, writes=False)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench") as client:
            for call in calls:
                found.append([])
                token = tokens.issue(TokenClaims(call.app, call.person, call.session), datetime.now(UTC))
                headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": call.key}
                answer = await client.post(V1 + call.path, json=call.body, headers=headers)
                if not answer.is_success:
                    raise RuntimeError(answer.text)
    return found


def plain(values: Any) -> Any:
    return tuple(bytes(one) if isinstance(one, memoryview) else one for one in values)


def measure(act: Act, kind: Kind, number: int, cores: Sequence[int]) -> None:
    with tempfile.TemporaryDirectory(prefix="sanqu-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        databases = Databases(kind, folder, stack)

        def settings_of(url: str) -> Settings:
            return Settings(database_url=url, data_dir=folder, log_level="CRITICAL")

        filled = databases.url("filled")
        migrate(filled)
        calls = asyncio.run(_filled(act, settings_of(filled), number))
        served, played = databases.copy("served"), databases.copy("played")
        steps = asyncio.run(record(settings_of(databases.copy("recorded")), calls))
        file = folder / "steps.pickle"
        file.write_bytes(pickle.dumps(steps))
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SANQU_")}
        environment |= {"SANQU_DATABASE_URL": served, "SANQU_DATA_DIR": str(folder)}
        floor, app = free_port(), free_port()
        words = [sys.executable, "-m", "benchmarks.replay_floor", played, str(floor), str(file)]
        floor_pid = stack.enter_context(server(words, floor, "/", environment, cores[0]))
        words = [str(BIN / "sanqu"), "serve", "--port", str(app)]
        app_pid = stack.enter_context(server(words, app, "/readyz", environment, cores[0]))
        bare = [f"GET /?n={place} HTTP/1.1\r\nHost: 127.0.0.1:{floor}\r\n\r\n".encode() for place in range(number)]
        ours = requests_of(settings_of(served), calls, app)
        runs: list[tuple[load.Run, load.Run]] = []
        for part in range(ROUNDS):
            cut = slice(part * number // ROUNDS, (part + 1) * number // ROUNDS)
            runs.append(
                (
                    load.once(floor, floor_pid, bare[cut], connections=CONNECTIONS),
                    load.once(app, app_pid, ours[cut], connections=CONNECTIONS),
                )
            )
        held = [asyncio.run(_held(act, settings_of(url))) for url in (served, played)]
        if held != [act.expected(number)] * 2:
            raise RuntimeError(f"结果不对：应用 {held[0]}，对照 {held[1]}")
        # The first round warms both up.
        report(act, kind, steps, runs[1:])


async def _filled(act: Act, settings: Settings, number: int) -> list[Call]:
    return await act.fill(settings, number)


async def _held(act: Act, settings: Settings) -> Any:
    return await act.held(settings)


def report(act: Act, kind: Kind, steps: Sequence[Sequence[Step]], runs: Sequence[tuple[load.Run, load.Run]]) -> None:
    reads = statistics.median(sum(not step[0] for step in one) for one in steps)
    writes = statistics.median(sum(step[0] for step in one) for one in steps)
    console.print(f"[bold]{kind}[/]：每次{act.name} {reads:.0f} 条读、{writes:.0f} 条在事务里；双方结果相符")
    table = Table()
    for heading in ("轮", "对照 次/秒", "p50 毫秒", "应用 次/秒", "p50 毫秒", "应用/对照", "按CPU"):
        table.add_column(heading, justify="right")
    for number, (bare, ours) in enumerate(runs, 1):
        table.add_row(
            str(number), f"{bare.per_second:,.0f}", f"{bare.quantile(0.5) * 1000:.1f}", f"{ours.per_second:,.0f}",
            f"{ours.quantile(0.5) * 1000:.1f}", f"{ours.per_second / bare.per_second:.2f}", f"{bare.cpu / ours.cpu:.2f}",
        )  # fmt: skip
    console.print(table)
    ratios = [ours.per_second / bare.per_second for bare, ours in runs]
    console.print(
        f"应用/对照中位数 {statistics.median(ratios):.2f}（{min(ratios):.2f}–{max(ratios):.2f}），目标 ≥ {GOAL:.2f}\n"
    )


def run(act: Act, number: int, database: Kind) -> None:
    cores = sorted(os.sched_getaffinity(0))
    console.print(f"{machine()}；服务 1 个进程在核 {cores[0]}，数据库和压测在核 {cores[-1]}；{CONNECTIONS} 个连接")
    os.sched_setaffinity(0, {cores[-1]})
    for kind in (Kind.SQLITE, Kind.POSTGRESQL) if database is Kind.BOTH else (database,):
        measure(act, kind, number, cores)
