"""The web console's accounts: opened and mended from the mini-program, signed in to with password and one-time code."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from secrets import compare_digest, token_urlsafe

import pyotp
from sqlalchemy import delete, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import lock
from app.core.errors import AppError
from app.core.ids import new_id
from app.core.security import digest
from app.core.upsert import insert_or_ignore
from app.models.identity import Appointment, ConsoleAccount, ConsoleDevice, Person, SignInGuard
from app.rules.identity.apps import ClientApp
from app.rules.identity.console import (
    DEVICE_LIFETIME,
    FORGOTTEN_AFTER,
    TOTP_DRIFT,
    ConsoleAccountExistsError,
    ConsoleAccountMissingError,
    ConsoleNotForYouError,
    SignInLockedError,
    SignInRefusedError,
    TotpWrongError,
    UsernameTakenError,
    check_password,
    check_username,
    lock_until,
    totp_step,
)
from app.rules.identity.people import PersonState
from app.rules.identity.roles import STAFF_ROLES, Actor
from app.rules.identity.sessions import SessionEnd
from app.services.identity import audit
from app.services.identity.sessions import OpenedSession, end_sessions, open_session
from app.services.runtime import Runtime

ISSUER = "宝盖三区联创"
DEVICE = "device"
UNKNOWN_DEVICE = "unknown"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Shown once: the secret for the authenticator, as its address and for typing."""

    username: str
    otpauth_uri: str
    secret: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    session: OpenedSession
    # For this browser to keep: it is known from now on.
    device_token: str


async def open_account(
    runtime: Runtime, session: AsyncSession, actor: Actor, *, username: str, password: str, replace: bool
) -> Enrolment:
    """By the member of staff, from their own mini-program: WeChat vouches for who they are, also when all is forgotten.

    Not usable before the first correct one-time code. `replace` ends every console session and forgets the devices.
    """
    if not actor.is_staff:
        raise ConsoleNotForYouError
    name = check_username(username)
    check_password(password, username=name)
    hashed = await runtime.passwords.hash(password)
    secret = pyotp.random_base32()
    now = runtime.clock.now()
    found = await session.exec(
        select(ConsoleAccount).where(ConsoleAccount.person_id == actor.person_id).with_for_update()
    )
    row = found.one_or_none()
    if row is not None and row.confirmed_at is not None and not replace:
        raise ConsoleAccountExistsError
    taken = select(col(ConsoleAccount.id)).where(
        ConsoleAccount.username == name, ConsoleAccount.person_id != actor.person_id
    )
    if (await session.exec(taken)).one_or_none() is not None:
        raise UsernameTakenError
    if row is None:
        row = ConsoleAccount(
            id=new_id(), created_at=now, updated_at=now, person_id=actor.person_id, username=name,
            password_hash=hashed, totp_sealed=b"",
        )  # fmt: skip
        row.totp_sealed = runtime.crypto.seal("console_account", "totp", row.id, secret)
        if not await insert_or_ignore(session, ConsoleAccount, row.model_dump()):
            raise UsernameTakenError
    else:
        row.username, row.password_hash, row.confirmed_at, row.last_step = name, hashed, None, 0
        row.totp_sealed = runtime.crypto.seal("console_account", "totp", row.id, secret)
        row.touch(now)
        await session.exec(delete(ConsoleDevice).where(col(ConsoleDevice.account_id) == row.id))
        await end_sessions(session, actor.person_id, SessionEnd.PASSWORD, now=now, app=ClientApp.CONSOLE)
    audit.by(session, actor, "console_account_set", "console_account", row.id, now=now)
    uri = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)
    return Enrolment(name, uri, secret)


async def confirm_account(session: AsyncSession, crypto: Crypto, actor: Actor, *, totp: str, now: datetime) -> None:
    """The first code proves that the authenticator has the secret."""
    row = await _own(session, actor)
    step = _matching_step(crypto, row, totp, now)
    if step is None:
        raise TotpWrongError
    row.last_step = step
    if row.confirmed_at is None:
        row.confirmed_at = now
    row.touch(now)
    audit.by(session, actor, "console_account_confirmed", "console_account", row.id, now=now)


async def unlock(runtime: Runtime, session: AsyncSession, actor: Actor, *, now: datetime) -> None:
    """The owner is never locked out: their own mini-program clears whatever strangers' guesses have counted."""
    row = await _own(session, actor)
    devices = await session.exec(select(col(ConsoleDevice.id)).where(ConsoleDevice.account_id == row.id))
    names = [UNKNOWN_DEVICE, *(device.hex for device in devices)]
    keys = [_guard_key(runtime.crypto, row.username, name) for name in names]
    await session.exec(delete(SignInGuard).where(col(SignInGuard.key).in_(keys)))
    audit.by(session, actor, "console_unlocked", "console_account", row.id, now=now)


async def sign_in(runtime: Runtime, *, username: str, password: str, totp: str, device_token: str | None) -> SignedIn:
    """One answer for a wrong name, password or code; failures are counted per known device, or for all strangers."""
    now = runtime.clock.now()
    name = username.strip().lower()
    async with runtime.db.reading() as session:
        account = (await session.exec(select(ConsoleAccount).where(ConsoleAccount.username == name))).one_or_none()
        device = await _known_device(session, account, device_token, now)
        key = _guard_key(runtime.crypto, name, device.id.hex if device else UNKNOWN_DEVICE)
        guard = (await session.exec(select(SignInGuard).where(SignInGuard.key == key))).one_or_none()
    if guard is not None and guard.locked_until is not None and guard.locked_until > now:
        seconds = ceil((guard.locked_until - now).total_seconds())
        raise SignInLockedError(minutes=-(-seconds // 60), retry_after=seconds)
    right = await runtime.passwords.verify(password, account.password_hash if account else None)
    try:
        return await _enter(runtime, account if right else None, totp, device, key, now)
    except (SignInRefusedError, ConsoleNotForYouError) as exc:
        await _count_failure(runtime, key, account, exc, now)
        raise


async def _enter(
    runtime: Runtime, seen: ConsoleAccount | None, totp: str, device: ConsoleDevice | None, key: str, now: datetime
) -> SignedIn:
    """`seen`: the account whose password was right."""
    if seen is None or seen.confirmed_at is None:
        raise SignInRefusedError
    async with runtime.db.unit_of_work() as session:
        return await _open(runtime, session, seen, totp, device, key, now)


async def _open(
    runtime: Runtime,
    session: AsyncSession,
    seen: ConsoleAccount,
    totp: str,
    device: ConsoleDevice | None,
    key: str,
    now: datetime,
) -> SignedIn:
    """Under the account's lock: of many uses of one code exactly one passes."""
    row = await lock(session, ConsoleAccount, seen.id, SignInRefusedError)
    step = _matching_step(runtime.crypto, row, totp, now)
    if step is None or row.password_hash != seen.password_hash:
        raise SignInRefusedError
    if not await _is_staff_now(session, row, now):
        raise ConsoleNotForYouError
    row.last_step = step
    await session.exec(delete(SignInGuard).where(col(SignInGuard.key) == key))
    token = token_urlsafe(32)
    if device is None:
        device = ConsoleDevice(created_at=now, account_id=row.id, token_hash="", expires_at=now)
    device.token_hash, device.expires_at = digest(token), now + DEVICE_LIFETIME
    await session.merge(device)
    opened = await open_session(runtime, session, row.person_id, ClientApp.CONSOLE, login_code_hash=None, now=now)
    return SignedIn(opened, token)


async def _known_device(
    session: AsyncSession, account: ConsoleAccount | None, token: str | None, now: datetime
) -> ConsoleDevice | None:
    if account is None or not token:
        return None
    found = await session.exec(
        select(ConsoleDevice).where(
            ConsoleDevice.account_id == account.id,
            ConsoleDevice.token_hash == digest(token),
            ConsoleDevice.expires_at > now,
        )
    )
    return found.one_or_none()


async def _is_staff_now(session: AsyncSession, row: ConsoleAccount, now: datetime) -> bool:
    found = await session.exec(
        select(col(Appointment.id))
        .join(Person, col(Person.id) == col(Appointment.person_id))
        .where(
            Appointment.person_id == row.person_id,
            Person.state == PersonState.ACTIVE,
            col(Appointment.role).in_(sorted(STAFF_ROLES)),
            Appointment.valid_from <= now,
            or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > now),
        )
        .limit(1)
    )
    return found.one_or_none() is not None


async def _count_failure(
    runtime: Runtime, key: str, account: ConsoleAccount | None, why: AppError, now: datetime
) -> None:
    """In a transaction of its own, after the refusal: the count must survive it."""
    async with runtime.db.unit_of_work() as session:
        await insert_or_ignore(session, SignInGuard, {"key": key, "failures": 0, "failed_at": now})
        row = await lock(session, SignInGuard, key, SignInRefusedError)
        if now - row.failed_at > FORGOTTEN_AFTER and (row.locked_until is None or row.locked_until <= now):
            row.failures = 0
        row.failures += 1
        row.failed_at = now
        row.locked_until = lock_until(row.failures, now)
        audit.record(
            session, "sign_in_failed", actor_id=account.person_id if account else None,
            subject_kind="console_account", subject_id=account.id if account else "unknown", now=now, code=why.code,
        )  # fmt: skip


async def _own(session: AsyncSession, actor: Actor) -> ConsoleAccount:
    found = await session.exec(
        select(ConsoleAccount).where(ConsoleAccount.person_id == actor.person_id).with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        raise ConsoleAccountMissingError
    return row


def _matching_step(crypto: Crypto, row: ConsoleAccount, typed: str, now: datetime) -> int | None:
    """The time step whose code was typed, if it is newer than the last one used (RFC 6238 §5.2)."""
    totp = pyotp.TOTP(crypto.open_text("console_account", "totp", row.id, row.totp_sealed))
    current = totp_step(now)
    for step in range(current - TOTP_DRIFT, current + TOTP_DRIFT + 1):
        if step > row.last_step and compare_digest(totp.generate_otp(step).encode(), typed.strip().encode()):
            return step
    return None


def _guard_key(crypto: Crypto, username: str, device: str) -> str:
    return crypto.keyed_hash("sign_in", f"{username}|{device}")
