"""From a token to an actor: session, person and appointments in force, in one query on every request."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.columns import UtcDateTime
from app.core.errors import UnauthorisedError
from app.core.security import TokenClaims
from app.models.identity import Appointment, LoginSession, Person
from app.rules.identity import console
from app.rules.identity.apps import ClientApp
from app.rules.identity.people import PersonState
from app.rules.identity.roles import Actor, Grant
from app.services.runtime import Runtime

# A console session's last sign of life is kept to the minute, not to the call.
AWAKE_EVERY = timedelta(minutes=1)
_now = bindparam("now", type_=UtcDateTime)
_idle_since = bindparam("idle_since", type_=UtcDateTime)
# Built once: compiling a statement on every request costs as much as running it.
_STATEMENT = (
    select(
        col(LoginSession.app),
        col(LoginSession.seen_at),
        col(Appointment.role),
        col(Appointment.scope_kind),
        col(Appointment.scope_id),
    )
    .select_from(LoginSession)
    .join(Person, col(Person.id) == col(LoginSession.person_id))
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
        or_(col(LoginSession.seen_at).is_(None), col(LoginSession.seen_at) > _idle_since),
        col(Person.state) == PersonState.ACTIVE,
    )
)


async def load_actor(connection: AsyncConnection, claims: TokenClaims, now: datetime) -> tuple[Actor, bool]:
    """Ending an appointment, a session or an account works on the next call, in every process: nothing is cached.

    The second value: a console session whose last sign of life should be renewed.
    """
    values = {
        "now": now, "idle_since": now - console.IDLE, "session_id": claims.session_id, "person_id": claims.person_id,
    }  # fmt: skip
    rows = (await connection.execute(_STATEMENT, values)).all()
    if not rows or rows[0].app != claims.app:
        raise UnauthorisedError
    grants = tuple(Grant(row.role, row.scope_kind, row.scope_id) for row in rows if row.role is not None)
    seen_at = rows[0].seen_at
    return (
        Actor(person_id=claims.person_id, session_id=claims.session_id, app=ClientApp.of(rows[0].app), grants=grants),
        seen_at is not None and now - seen_at >= AWAKE_EVERY,
    )


async def keep_awake(runtime: Runtime, actor: Actor, now: datetime) -> None:
    async with runtime.db.unit_of_work() as session:
        await session.exec(update(LoginSession).where(col(LoginSession.id) == actor.session_id).values(seen_at=now))


def actor_key(person_id: UUID) -> str:
    """Who an idempotency key belongs to: keys of two sessions of one person are the same person's."""
    return person_id.hex
