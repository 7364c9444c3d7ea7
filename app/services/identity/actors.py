"""From a token to an actor: session, person and appointments in force, in one query on every request."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.columns import UtcDateTime
from app.core.errors import UnauthorisedError
from app.core.security import TokenClaims
from app.models.identity import Appointment, LoginSession
from app.rules.identity import Actor, Grant

_now = bindparam("now", type_=UtcDateTime)
# Built once: compiling a statement on every request costs as much as running it.
_STATEMENT = (
    select(
        col(LoginSession.app),
        col(Appointment.role),
        col(Appointment.scope_kind),
        col(Appointment.scope_id),
    )
    .select_from(LoginSession)
    .outerjoin(
        Appointment,
        and_(
            col(Appointment.person_id) == col(LoginSession.person_id),
            col(Appointment.valid_from) <= _now,
            or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > _now),
        ),
    )
    .where(
        col(LoginSession.id) == bindparam("session_id"),
        col(LoginSession.person_id) == bindparam("person_id"),
        col(LoginSession.revoked_at).is_(None),
        col(LoginSession.expires_at) > _now,
    )
)


async def load_actor(connection: AsyncConnection, claims: TokenClaims, now: datetime) -> Actor:
    """Ending an appointment or a session works on the next call, in every process: nothing is cached."""
    rows = (
        await connection.execute(
            _STATEMENT, {"now": now, "session_id": claims.session_id, "person_id": claims.person_id}
        )
    ).all()
    if not rows or rows[0].app != claims.app:
        raise UnauthorisedError
    grants = tuple(Grant(row.role, row.scope_kind, row.scope_id) for row in rows if row.role is not None)
    return Actor(person_id=claims.person_id, session_id=claims.session_id, app=rows[0].app, grants=grants)


def actor_key(person_id: UUID) -> str:
    """Who an idempotency key belongs to: keys of two sessions of one person are the same person's."""
    return person_id.hex
