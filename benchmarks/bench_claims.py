"""Claims of seats over HTTP against a bare ASGI application that plays the same statements, durable, on both databases.

`./dev bench claims [--claims N] [--database …]`. A database with workers and first-come shifts is filled once and copied three
times: on the first copy the application runs every claim in this process and its statements are written down; on the second
the application serves, on the third the floor plays what was written down. One process each on core 0; load and
database on the other core, 16 connections, rounds in turn. At the end both databases must hold the same seats.
"""

import asyncio
import os
import pickle
import shutil
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import event, func
from sqlmodel import col, select

from app.core.clock import china_date
from app.core.ids import new_id
from app.core.security import TokenClaims, Tokens
from app.core.settings import Settings
from app.main import create_app
from app.models.gigs import Assignment, OrderVersion, Shift, ShiftOrder, WorkerProfile
from app.models.identity import Consent, LoginSession, Person
from app.models.organisation import Enterprise
from app.rules.gigs.orders import OrderState, ShiftState
from app.rules.gigs.terms import Cover, FillMode, GigPayUnit, WagePeriod
from app.rules.identity.apps import ClientApp
from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose
from app.services.organisation.seeding import load_seeds
from app.services.runtime import Runtime, open_runtime
from benchmarks import load
from benchmarks.bench_list import CONNECTIONS, Kind, machine, server
from benchmarks.claims_floor import Step
from benchmarks.generate import ROOT, migrate
from demo.stack import BIN, free_port
from tests.support.postgresql import Cluster, find_binaries

ROUNDS = 4
GOAL = 0.35
# Seats of a shift: many people come to one factory's gate, and to several factories at a time.
HEADS = 50
console = Console(width=140)


@dataclass(frozen=True, slots=True)
class Claim:
    person: UUID
    session: UUID
    shift: UUID
    key: str


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


async def fill(settings: Settings, number: int) -> list[Claim]:
    async with open_runtime(settings) as runtime:
        now = runtime.clock.now()
        async with runtime.db.unit_of_work() as session:
            await load_seeds(session, directory=ROOT / "seeds", now=now)
            firm = (await session.exec(select(Enterprise).order_by(col(Enterprise.id)).limit(1))).one()
            shifts = await _shifts(session, firm, now, -(-number // HEADS))
            return [await _worker(session, runtime, place, shifts[place % len(shifts)], now) for place in range(number)]


async def _shifts(session: Any, firm: Enterprise, now: datetime, number: int) -> list[UUID]:
    order = ShiftOrder(
        id=new_id(), created_at=now, updated_at=now, published_at=now, state=OrderState.PUBLISHED,
        enterprise_id=firm.id, enterprise_name=firm.name, title="平车工白班", process_code="61101.01", process_name="平车",
        fill_mode=FillMode.FIRST_COME, pay_unit=GigPayUnit.HOUR, hour_fen=2500, effective_hour_fen=2500,
        wage_period=WagePeriod.WEEK, pay_days=3, cover=Cover.WORK_INJURY, late_cancel_fen=5000,
        place_address="宝盖镇科技园", duties="合缝", posted_by=new_id(),
    )  # fmt: skip
    poster = Person(id=order.posted_by, created_at=now, updated_at=now)
    start = now + timedelta(days=4)
    shifts = [
        Shift(
            id=new_id(), created_at=now, updated_at=now, order_id=order.id, enterprise_id=firm.id, state=ShiftState.OPEN,
            day=china_date(start), starts_at=start, ends_at=start + timedelta(hours=8), work_minutes=480, night=False,
            seats=2 * HEADS,
        )
        for _ in range(number)
    ]  # fmt: skip
    version = OrderVersion(order_id=order.id, number=1, content=order.model_dump(mode="json"), created_at=now)
    for rows in ([poster], [order], [version], shifts):
        session.add_all(rows)
        # No relationship tells in which order they go.
        await session.flush()
    return [shift.id for shift in shifts]


async def _worker(session: Any, runtime: Runtime, place: int, shift: UUID, now: datetime) -> Claim:
    person, login = new_id(), new_id()
    session.add(
        Person(
            id=person, created_at=now, updated_at=now,
            birth_date_sealed=runtime.crypto.seal("person", "birth_date", person, "1988-03-12"),
        )
    )  # fmt: skip
    await session.flush()
    month = now + timedelta(days=30)
    session.add_all(
        [
            LoginSession(id=login, created_at=now, person_id=person, app=ClientApp.LINGGONG, expires_at=month, latest_at=month),
            Consent(
                created_at=now, person_id=person, purpose=ConsentPurpose.SERVICE, app=ClientApp.LINGGONG,
                policy_version=POLICY_VERSIONS[ConsentPurpose.SERVICE],
            ),
            WorkerProfile(id=new_id(), created_at=now, updated_at=now, person_id=person),
        ]
    )  # fmt: skip
    return Claim(person, login, shift, f"bench-claim-{place:06d}")


def requests_of(settings: Settings, claims: Sequence[Claim], port: int) -> list[bytes]:
    tokens = Tokens(settings.token_ring, timedelta(minutes=settings.access_token_minutes))
    return [
        (
            f"POST /api/v1/shifts/{claim.shift}/claims HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n"
            f"User-Agent: bench\r\nContent-Length: 0\r\nIdempotency-Key: {claim.key}\r\n"
            f"Authorization: Bearer {tokens.issue(TokenClaims('linggong', claim.person, claim.session), datetime.now(UTC))}"
            "\r\n\r\n"
        ).encode()
        for claim in claims
    ]


async def record(settings: Settings, claims: Sequence[Claim]) -> list[list[Step]]:
    """What each claim says to the database, in order; one after the other, in this process."""
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
            for claim in claims:
                found.append([])
                token = tokens.issue(TokenClaims("linggong", claim.person, claim.session), datetime.now(UTC))
                headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": claim.key}
                answer = await client.post(f"/api/v1/shifts/{claim.shift}/claims", headers=headers)
                if not answer.is_success:
                    raise RuntimeError(answer.text)
    return found


def plain(values: Any) -> Any:
    return tuple(bytes(one) if isinstance(one, memoryview) else one for one in values)


async def taken(settings: Settings) -> tuple[int, int]:
    """Seats as the shifts count them, and people who have one."""
    async with open_runtime(settings) as runtime, runtime.db.reading() as session:
        halves = (await session.exec(select(func.sum(Shift.taken)))).one()
        return int(halves or 0), int((await session.exec(select(func.count()).select_from(Assignment))).one())


def measure(kind: Kind, number: int, cores: Sequence[int]) -> None:
    with tempfile.TemporaryDirectory(prefix="sanqu-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        databases = Databases(kind, folder, stack)

        def settings_of(url: str) -> Settings:
            return Settings(database_url=url, data_dir=folder, log_level="CRITICAL")

        filled = databases.url("filled")
        migrate(filled)
        claims = asyncio.run(fill(settings_of(filled), number))
        served, played = databases.copy("served"), databases.copy("played")
        steps = asyncio.run(record(settings_of(databases.copy("recorded")), claims))
        file = folder / "steps.pickle"
        file.write_bytes(pickle.dumps(steps))
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SANQU_")}
        environment |= {"SANQU_DATABASE_URL": served, "SANQU_DATA_DIR": str(folder)}
        floor, app = free_port(), free_port()
        words = [sys.executable, "-m", "benchmarks.claims_floor", played, str(floor), str(file)]
        floor_pid = stack.enter_context(server(words, floor, "/", environment, cores[0]))
        words = [str(BIN / "sanqu"), "serve", "--port", str(app)]
        app_pid = stack.enter_context(server(words, app, "/readyz", environment, cores[0]))
        bare = [f"GET /?n={place} HTTP/1.1\r\nHost: 127.0.0.1:{floor}\r\n\r\n".encode() for place in range(number)]
        ours = requests_of(settings_of(served), claims, app)
        runs: list[tuple[load.Run, load.Run]] = []
        for part in range(ROUNDS):
            cut = slice(part * number // ROUNDS, (part + 1) * number // ROUNDS)
            runs.append(
                (
                    load.once(floor, floor_pid, bare[cut], connections=CONNECTIONS),
                    load.once(app, app_pid, ours[cut], connections=CONNECTIONS),
                )
            )
        seats = [asyncio.run(taken(settings_of(url))) for url in (served, played)]
        if seats != [(2 * number, number)] * 2:
            raise RuntimeError(f"名额不对：应用 {seats[0]}，对照 {seats[1]}")
        # The first round warms both up.
        report(kind, steps, runs[1:])


def report(kind: Kind, steps: Sequence[Sequence[Step]], runs: Sequence[tuple[load.Run, load.Run]]) -> None:
    reads = statistics.median(sum(not step[0] for step in one) for one in steps)
    writes = statistics.median(sum(step[0] for step in one) for one in steps)
    console.print(f"[bold]{kind}[/]：每次接单 {reads:.0f} 条读、{writes:.0f} 条在事务里；双方名额与人数相符，没有超卖")
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


def main(
    claims: Annotated[int, typer.Option(help="接单次数")] = 2000,
    database: Annotated[Kind, typer.Option(help="哪个数据库")] = Kind.BOTH,
) -> None:
    """抢班次的速度比：应用对照执行同样语句的最简 ASGI 服务。"""
    cores = sorted(os.sched_getaffinity(0))
    console.print(f"{machine()}；服务 1 个进程在核 {cores[0]}，数据库和压测在核 {cores[-1]}；{CONNECTIONS} 个连接")
    os.sched_setaffinity(0, {cores[-1]})
    for kind in (Kind.SQLITE, Kind.POSTGRESQL) if database is Kind.BOTH else (database,):
        measure(kind, claims, cores)


if __name__ == "__main__":
    typer.run(main)
