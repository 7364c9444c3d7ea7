"""Whether balance, history page and redemption cost the same however long the history of one account is.

Postings are written straight into the tables (each entry takes a point from issuance and gives it to the person; balances
and lots kept in step), the ledger is verified, then each call is made over ASGI in this process, one after the other.
"""

import asyncio
import statistics
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, select, text, update

from app.core.security import TokenClaims, Tokens
from app.core.settings import Settings
from app.main import create_app
from app.models.points import JournalEntry
from app.rules.points.ledger import AccountKind, EntryKind, expiry_of
from app.services.points import book, ledger, verification
from app.services.runtime import Runtime, open_runtime
from benchmarks import bench_redeem
from benchmarks.bench_list import Kind, machine
from benchmarks.generate import migrate
from benchmarks.replay import V1, Databases

LENGTHS = (1_000, 10_000, 100_000, 1_000_000)
CALLS, BATCH = 200, 5_000
console = Console(width=140)
ENTRY, POSTING, LOT, ACCOUNT = book.ENTRY, book.POSTING, book.LOT, book.ACCOUNT


def run(database: Kind) -> None:
    console.print(f"{machine()}；进程内 ASGI，逐个调用 {CALLS} 次，中位数，毫秒")
    for kind in (Kind.SQLITE, Kind.POSTGRESQL) if database is Kind.BOTH else (database,):
        with tempfile.TemporaryDirectory(prefix="sanqu-bench-") as name, ExitStack() as stack:
            url = Databases(kind, Path(name), stack).url("filled")
            migrate(url)
            asyncio.run(_curve(kind, Settings(database_url=url, data_dir=Path(name), log_level="CRITICAL")))


async def _curve(kind: Kind, settings: Settings) -> None:
    table = Table(title=str(kind))
    for heading in ("分录", "余额", "明细一页", "兑换"):
        table.add_column(heading, justify="right")
    async with open_runtime(settings) as runtime:
        now = runtime.clock.now()
        async with runtime.db.unit_of_work() as session:
            (shelf, *_) = await bench_redeem.on_offer(session, now, len(LENGTHS) * CALLS * 2)
            ((person, login),) = await bench_redeem.members(session, now, 1)
        end = expiry_of(now.date())
        async with runtime.db.unit_of_work() as session:
            await ledger.credit(session, person, 1_000_000, cause="bench:first", told="起始", expires_at=end, now=now)
        for length in LENGTHS:
            await _lengthen(runtime, person, length, now)
            if length == LENGTHS[-1]:
                async with runtime.db.snapshot() as connection:
                    assert await verification.verify(connection) == []
            table.add_row(f"{length:,}", *(f"{one:.2f}" for one in await _times(settings, person, login, shelf)))
    console.print(table)


async def _lengthen(runtime: Runtime, person: UUID, length: int, now: datetime) -> None:
    """Up to so many postings of the person's account."""
    async with runtime.db.connection() as connection:
        account = (await connection.execute(select(ACCOUNT).where(ACCOUNT.c.person_id == person))).one()
        issuance_id = book.system_account(AccountKind.ISSUANCE, account.id.int % book.SHARDS)
        issuance = (await connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == issuance_id))).one()
        last = (await connection.execute(text("SELECT max(seq) FROM journal_entry"))).scalar_one()
    more = length - account.seq
    for begin in range(0, more, BATCH):
        numbers = range(begin + 1, min(begin + BATCH, more) + 1)
        async with runtime.db.unit_of_work() as session:
            connection = await session.connection()
            await connection.execute(insert(ENTRY), [_entry(last + n, now) for n in numbers])
            sides = [(account, 1), (issuance, -1)]
            rows = [_posting(last + n, side, n, sign) for n in numbers for side, sign in sides]
            await connection.execute(insert(POSTING), rows)
    async with runtime.db.unit_of_work() as session:
        connection = await session.connection()
        for row, sign in ((account, 1), (issuance, -1)):
            values = {"balance": row.balance + sign * more, "seq": row.seq + more}
            await connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == row.id).values(**values))
        grown = {"granted": LOT.c.granted + more, "remaining": LOT.c.remaining + more}
        await connection.execute(update(LOT).where(LOT.c.account_id == account.id).values(**grown))
        if connection.dialect.name == "postgresql":
            await connection.execute(
                text("SELECT setval(pg_get_serial_sequence('journal_entry', 'seq'), :last)"),
                {"last": last + max(more, 1)},
            )
    async with runtime.db.writer.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("ANALYZE"))


def _entry(seq: int, now: datetime) -> dict[str, Any]:
    row = JournalEntry(
        seq=seq, created_at=now, kind=EntryKind.CREDIT, cause=f"bench:{seq}", told="志愿服务1小时", expires_at=None
    )
    return row.model_dump()


def _posting(seq: int, account: Any, number: int, sign: int) -> dict[str, Any]:
    return {
        "entry_seq": seq, "account_id": account.id, "points": sign, "account_seq": account.seq + number,
        "balance_after": account.balance + sign * number,
    }  # fmt: skip


async def _times(settings: Settings, person: UUID, login: UUID, shelf: dict[str, str]) -> Sequence[float]:
    tokens = Tokens(settings.token_ring, timedelta(minutes=settings.access_token_minutes))
    token = tokens.issue(TokenClaims("zhipin", person, login), datetime.now(UTC))
    app = create_app(settings.model_copy(update={"rate_limits": {"redeem": "1000000/60"}}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url=f"http://bench{V1}",
            headers={"Authorization": f"Bearer {token}"},
        ) as client,
    ):

        async def timed(*call: Any, **more: Any) -> float:
            found = []
            for _ in range(CALLS):
                if call[0] == "POST":
                    more["headers"] = {"Idempotency-Key": uuid.uuid4().hex}
                began = time.perf_counter()
                answer = await client.request(*call, **more)
                found.append(time.perf_counter() - began)
                answer.raise_for_status()
            return statistics.median(found) * 1000

        return [
            await timed("GET", "/me/points"), await timed("GET", "/me/points/entries"),
            await timed("POST", "/me/redemptions", json=shelf),
        ]  # fmt: skip
