"""Sessions: opened by a login, kept open by rotating refresh tokens, ended here or everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, lock
from app.core.errors import UnauthorisedError
from app.core.security import RefreshTokens, TokenClaims, digest
from app.models.identity import LoginSession, Person, RefreshToken
from app.rules.identity import console
from app.rules.identity.apps import ClientApp
from app.rules.identity.people import PersonState
from app.rules.identity.roles import Actor
from app.rules.identity.sessions import (
    REFRESH_LIFETIME,
    SESSION_LIFETIME,
    Refreshing,
    SessionEnd,
    SessionNotFoundError,
    judge_refresh,
)
from app.services.identity import audit
from app.services.runtime import Runtime


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """The tokens of a session; life times in seconds."""

    session_id: UUID
    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int


async def open_session(
    runtime: Runtime,
    session: AsyncSession,
    person_id: UUID,
    app: ClientApp,
    *,
    login_code_hash: str | None,
    now: datetime,
) -> OpenedSession:
    """A new session and the first refresh token of its family. The console's ends by idling and after half a day."""
    is_console = app is ClientApp.CONSOLE
    row = LoginSession(
        created_at=now,
        person_id=person_id,
        app=app,
        login_code_hash=login_code_hash,
        expires_at=now + (console.ABSOLUTE if is_console else REFRESH_LIFETIME),
        latest_at=now + (console.ABSOLUTE if is_console else SESSION_LIFETIME),
        seen_at=now if is_console else None,
    )
    session.add(row)
    audit.record(
        session, "login", actor_id=person_id, subject_kind="session", subject_id=row.id, now=now, app=app.value
    )
    # The unique code hash speaks now, not at the commit: a second session from one code ends here.
    await session.flush()
    first = RefreshTokens.first()
    session.add(RefreshToken(token_hash=digest(first), session_id=row.id, created_at=now))
    return _issue(runtime, row, first, now)


async def refresh(runtime: Runtime, *, refresh_token: str) -> OpenedSession:
    """Rotate. A repetition within the grace gets the same successor; a later one ends the family and is audited."""
    now = runtime.clock.now()
    async with runtime.db.unit_of_work() as session:
        # Not raised inside: the end of the family must be committed.
        opened = await _rotate(runtime, session, refresh_token, now)
    if opened is None:
        raise UnauthorisedError
    return opened


async def logout(session: AsyncSession, actor: Actor, *, now: datetime) -> None:
    """Revoke this session; its token is dead on the next call."""
    await _revoke(session, col(LoginSession.id) == actor.session_id, SessionEnd.LOGOUT, now)
    audit.by(session, actor, "logout", "session", actor.session_id, now=now)


async def logout_everywhere(session: AsyncSession, actor: Actor, *, now: datetime) -> None:
    await end_sessions(session, actor.person_id, SessionEnd.EVERYWHERE, now=now)
    audit.by(session, actor, "logout_everywhere", "person", actor.person_id, now=now)


async def end_sessions(
    session: AsyncSession, person_id: UUID, because: SessionEnd, *, now: datetime, app: ClientApp | None = None
) -> None:
    """All sessions of a person, in one app or in every one."""
    which = col(LoginSession.person_id) == person_id
    await _revoke(session, which if app is None else which & (col(LoginSession.app) == app), because, now)


async def end_one(session: AsyncSession, actor: Actor, session_id: UUID, *, now: datetime) -> None:
    """One of one's own sessions: the phone that was lost."""
    mine = (col(LoginSession.id) == session_id) & (col(LoginSession.person_id) == actor.person_id)
    if not await _revoke(session, mine, SessionEnd.LOGOUT, now):
        raise SessionNotFoundError
    audit.by(session, actor, "session_ended", "session", session_id, now=now)


async def list_sessions(session: ReadSession, actor: Actor, *, now: datetime) -> Sequence[LoginSession]:
    """One's open sessions, newest first, at most 100."""
    rows = await session.exec(
        select(LoginSession)
        .where(
            LoginSession.person_id == actor.person_id,
            col(LoginSession.revoked_at).is_(None),
            LoginSession.expires_at > now,
            # A console session that has idled out is over, though nothing was written when it ended.
            or_(col(LoginSession.seen_at).is_(None), col(LoginSession.seen_at) > now - console.IDLE),
        )
        .order_by(col(LoginSession.created_at).desc(), col(LoginSession.id).desc())
        .limit(100)
    )
    return rows.all()


async def _rotate(runtime: Runtime, session: AsyncSession, token: str, now: datetime) -> OpenedSession | None:
    found = await session.exec(select(RefreshToken).where(RefreshToken.token_hash == digest(token)))
    seen = found.one_or_none()
    if seen is None:
        return None
    # The session's row is the lock of its family: 64 repetitions come one after the other.
    family = await lock(session, LoginSession, seen.session_id, UnauthorisedError)
    if not await _is_open(session, family, now):
        return None
    row = await lock(session, RefreshToken, seen.token_hash, UnauthorisedError)
    successor = runtime.refresh_tokens.successor(token)
    decision = judge_refresh(used_at=row.used_at, successor_used=await _is_used(session, row.successor_hash), now=now)
    if decision is Refreshing.REUSED:
        await _revoke(session, col(LoginSession.id) == family.id, SessionEnd.REUSED, now)
        audit.record(
            session, "refresh_reused", actor_id=family.person_id, subject_kind="session", subject_id=family.id, now=now
        )
        return None
    if decision is Refreshing.ROTATE:
        row.used_at, row.successor_hash = now, digest(successor)
        session.add(RefreshToken(token_hash=digest(successor), session_id=family.id, created_at=now))
        family.expires_at = min(now + REFRESH_LIFETIME, family.latest_at)
    return _issue(runtime, family, successor, now)


async def _is_open(session: AsyncSession, family: LoginSession, now: datetime) -> bool:
    state = await session.exec(select(col(Person.state)).where(Person.id == family.person_id))
    idle = family.seen_at is not None and now - family.seen_at >= console.IDLE
    return family.revoked_at is None and family.expires_at > now and not idle and state.one() is PersonState.ACTIVE


async def _is_used(session: AsyncSession, token_hash: str | None) -> bool:
    if token_hash is None:
        return False
    found = await session.exec(select(col(RefreshToken.used_at)).where(RefreshToken.token_hash == token_hash))
    return found.one_or_none() is not None


async def _revoke(session: AsyncSession, which: object, because: SessionEnd, now: datetime) -> int:
    done = await session.exec(
        update(LoginSession)
        .where(which, col(LoginSession.revoked_at).is_(None))  # type: ignore[arg-type]
        .values(revoked_at=now, revoked_because=because)
    )
    return done.rowcount


def _issue(runtime: Runtime, row: LoginSession, refresh_token: str, now: datetime) -> OpenedSession:
    return OpenedSession(
        session_id=row.id,
        access_token=runtime.tokens.issue(TokenClaims(row.app.value, row.person_id, row.id), now),
        expires_in=int(runtime.tokens.lifetime.total_seconds()),
        refresh_token=refresh_token,
        refresh_expires_in=int((row.expires_at - now).total_seconds()),
    )
