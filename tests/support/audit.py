"""The audit log as its chain's tests need it: entries one after another, sealed, tampered with, verified."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text

from app.core.clock import FixedClock
from app.core.ids import new_id
from app.core.settings import Settings
from app.models.identity import AuditEntry, AuditHead
from app.services.identity import audit, audit_chain
from app.services.identity.audit_chain import Anchor, Verification
from app.services.runtime import Runtime, open_runtime
from app.tasks.worker import seal_audit

ENTRY: Any = AuditEntry.__table__  # type: ignore[attr-defined]
HEAD: Any = AuditHead.__table__  # type: ignore[attr-defined]
TRIGGERS = {
    "sqlite": ("DROP TRIGGER audit_entry_unchanged", "DROP TRIGGER audit_entry_kept"),
    "postgresql": ("DROP TRIGGER audit_entry_whole ON audit_entry", "DROP TRIGGER audit_entry_guard ON audit_entry"),
}


@dataclass
class Log:
    runtime: Runtime
    clock: FixedClock

    @property
    def kind(self) -> str:
        return "sqlite" if self.runtime.settings.is_sqlite else "postgresql"

    async def write(self, count: int, *, at: datetime | None = None) -> None:
        """Entries a second apart, from `at` or now on."""
        async with self.runtime.db.unit_of_work() as session:
            for number in range(count):
                self.clock.advance(timedelta(seconds=1))
                now = self.clock.now() if at is None else at + timedelta(seconds=number)
                audit.record(
                    session, "login", actor_id=new_id(), subject_kind="session", subject_id=new_id(), now=now, app="zhipin"
                )  # fmt: skip

    async def seal(self) -> int:
        """As the worker does it."""
        return await seal_audit(self.runtime)

    async def verify(self, anchor: Anchor | None = None) -> Verification:
        async with self.runtime.db.snapshot() as connection:
            return await audit_chain.verify(connection, self.runtime.crypto, anchor=anchor)

    async def anchor(self) -> Anchor:
        async with self.runtime.db.connection() as connection:
            return await audit_chain.head(connection)

    async def tamper(self, *statements: Any) -> None:
        """As somebody with the database's own rights: the triggers are no hindrance."""
        async with self.runtime.db.unit_of_work() as session:
            connection = await session.connection()
            for statement in (*TRIGGERS[self.kind], *statements):
                await connection.execute(text(statement) if isinstance(statement, str) else statement)

    async def rows(self, table: Any = ENTRY) -> list[Any]:
        async with self.runtime.db.connection() as connection:
            return list((await connection.execute(select(table).order_by(table.c.seq.nulls_last(), table.c.id))).all())

    async def unsealed(self) -> int:
        async with self.runtime.db.connection() as connection:
            waiting = select(func.count()).select_from(ENTRY).where(ENTRY.c.seq.is_(None))
            return int((await connection.execute(waiting)).scalar_one())


@asynccontextmanager
async def open_log(settings: Settings, clock: FixedClock) -> AsyncIterator[Log]:
    async with open_runtime(settings, clock) as runtime:
        yield Log(runtime, clock)
