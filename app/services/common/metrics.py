"""`GET /metrics`: what the process counted, and what waits in the database, for those who hold the token."""

from secrets import compare_digest

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import func, select
from sqlmodel import col

from app.core.errors import NotFoundError
from app.core.metrics import REGISTRY
from app.core.tables import OutboxMessage, OutboxState
from app.models.identity import AuditEntry
from app.services.runtime import Runtime

CONTENT_TYPE = CONTENT_TYPE_LATEST
BEARER = "Bearer "


async def render(runtime: Runtime, authorization: str | None) -> bytes:
    """404 without the token: for the public there is no such page."""
    secret = runtime.settings.metrics_token.get_secret_value()
    given = (authorization or "").removeprefix(BEARER)
    if not secret or not compare_digest(given.encode(), secret.encode()):
        raise NotFoundError
    return generate_latest(REGISTRY) + await _waiting(runtime)


async def _waiting(runtime: Runtime) -> bytes:
    """Gauges read at the moment of asking: they belong to the database and not to this process."""
    async with runtime.db.connection() as connection:
        oldest, pending = (
            await connection.execute(
                select(func.min(col(OutboxMessage.created_at)), func.count()).where(
                    col(OutboxMessage.state) == OutboxState.PENDING
                )
            )
        ).one()
        unsealed = (
            await connection.execute(select(func.count()).select_from(AuditEntry).where(col(AuditEntry.seq).is_(None)))
        ).scalar_one()
    age = 0.0 if oldest is None else max((runtime.clock.now() - oldest).total_seconds(), 0.0)
    gauges = {
        "sanqu_outbox_pending": pending, "sanqu_outbox_oldest_seconds": round(age, 1), "sanqu_audit_unsealed": unsealed,
    }  # fmt: skip
    return "".join(f"# TYPE {name} gauge\n{name} {value}\n" for name, value in gauges.items()).encode()
