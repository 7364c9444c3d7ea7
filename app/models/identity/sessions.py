"""Logins: codes in use, sessions, rotating refresh tokens, accounts of the web console."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Table, Versioned
from app.rules.identity.apps import ClientApp, WechatApp
from app.rules.identity.sessions import SessionEnd


class LoginCode(Table, table=True):
    """A login code in use, so that the same code sent many times at once makes at most one session."""

    code_hash: str = Field(primary_key=True, max_length=64)
    app: WechatApp = Field(sa_type=str_enum(WechatApp))
    claimed_at: datetime = Field(sa_type=UtcDateTime, index=True)
    # The code made a session: from now on it is a used code.
    used: bool = False


class LoginSession(Identified, table=True):
    """One login on one device; its refresh tokens are a family that ends with it."""

    person_id: UUID = Field(foreign_key="person.id", index=True)
    app: ClientApp = Field(sa_type=str_enum(ClientApp))
    login_code_hash: str | None = Field(default=None, max_length=64, unique=True)
    # Until then the last refresh keeps it open; `latest_at` is the end that no refresh moves.
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    latest_at: datetime = Field(sa_type=UtcDateTime)
    # Kept to the minute, and only for the console, whose sessions end by idling.
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_because: SessionEnd | None = Field(default=None, sa_type=str_enum(SessionEnd))


class RefreshToken(Table, table=True):
    """Only hashes: the successor is derived anew from the old token when an answer was cut off."""

    token_hash: str = Field(primary_key=True, max_length=64)
    session_id: UUID = Field(foreign_key="login_session.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    successor_hash: str | None = Field(default=None, max_length=64)


class ConsoleAccount(Versioned, table=True):
    """User name, password and one-time-code secret of a member of staff for the web console."""

    person_id: UUID = Field(foreign_key="person.id", unique=True)
    username: str = Field(max_length=32, unique=True)
    # Argon2id in PHC format, parameters included.
    password_hash: str = Field(max_length=200)
    totp_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("totp"))
    # Set by the first correct code; before that nobody signs in.
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Each code once: the newest time step that was accepted.
    last_step: int = 0


class ConsoleDevice(Identified, table=True):
    """A browser that has signed in before: its failures are counted apart from those of strangers."""

    account_id: UUID = Field(foreign_key="console_account.id", index=True)
    token_hash: str = Field(max_length=64, unique=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class SignInGuard(Table, table=True):
    """Failures of one user name from one known device, or from all unknown ones together."""

    # A keyed hash of name and device: names that do not exist are counted alike.
    key: str = Field(primary_key=True, max_length=64)
    failures: int
    failed_at: datetime = Field(sa_type=UtcDateTime, index=True)
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
