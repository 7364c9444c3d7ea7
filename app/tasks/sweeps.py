"""What time does by itself: expired vacancies close, spent technical rows go."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import col

from app.core.tables import IdempotencyRecord, OutboxMessage, OutboxState
from app.models.identity import LoginCode, LoginSession
from app.services.jobs.vacancies import expire_due
from app.services.runtime import Runtime

# House style: keys are kept at least 24 h; a client that retries later than two days starts anew.
IDEMPOTENCY_KEPT = timedelta(days=2)
# WeChat's codes live five minutes; a day is enough to call a used code used.
LOGIN_CODES_KEPT = timedelta(days=1)
# The audit log keeps who logged in; the row itself is of no use once its token is dead.
SESSIONS_KEPT = timedelta(days=1)
OUTBOX_KEPT = timedelta(days=30)


async def sweep(runtime: Runtime) -> dict[str, int]:
    """One round of all sweeps, each in its own short transaction; returns how many rows each touched."""
    now = runtime.clock.now()
    return {
        "vacancies_expired": await _expire(runtime, now),
        "idempotency_purged": await _purge(
            runtime, delete(IdempotencyRecord).where(col(IdempotencyRecord.created_at) < now - IDEMPOTENCY_KEPT)
        ),
        "login_codes_purged": await _purge(
            runtime, delete(LoginCode).where(col(LoginCode.claimed_at) < now - LOGIN_CODES_KEPT)
        ),
        "sessions_purged": await _purge(
            runtime, delete(LoginSession).where(col(LoginSession.expires_at) < now - SESSIONS_KEPT)
        ),
        "outbox_purged": await _purge(
            runtime,
            delete(OutboxMessage).where(
                col(OutboxMessage.state) != OutboxState.PENDING, col(OutboxMessage.finished_at) < now - OUTBOX_KEPT
            ),
        ),
    }


async def _expire(runtime: Runtime, now: datetime) -> int:
    total = 0
    while True:
        async with runtime.db.unit_of_work() as session:
            done = await expire_due(session, now=now)
        total += done
        if not done:
            return total


async def _purge(runtime: Runtime, statement: object) -> int:
    async with runtime.db.unit_of_work() as session:
        done = await session.exec(statement)  # type: ignore[call-overload]
        return int(done.rowcount)
