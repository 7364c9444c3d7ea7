"""Access tokens (JWT, RFC 7519) and one-time codes."""

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError

from app.core.ids import new_id
from app.core.settings import KeyRing

ISSUER = "sanqu"
ALGORITHM = "HS256"
IPV6 = 6
PASSWORDS_AT_A_TIME = 2
# Crockford's alphabet without I L O U: read aloud and typed by people.
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class TokenClaims:
    app: str
    person_id: UUID
    session_id: UUID


class TokenError(Exception):
    """Missing, malformed, expired or forged."""


class Tokens:
    """Issues and reads the access tokens `{iss, aud=app, sub, sid, jti, iat, exp}` with `kid`."""

    def __init__(self, ring: KeyRing, lifetime: timedelta) -> None:
        self._ring = ring
        self.lifetime = lifetime

    def issue(self, claims: TokenClaims, now: datetime) -> str:
        payload = {
            "iss": ISSUER,
            "aud": claims.app,
            "sub": str(claims.person_id),
            "sid": str(claims.session_id),
            "jti": str(new_id()),
            "iat": int(now.timestamp()),
            "exp": int((now + self.lifetime).timestamp()),
        }
        ring = self._ring
        return jwt.encode(payload, ring.keys[ring.current], ALGORITHM, headers={"kid": ring.current})

    def read(self, token: str, now: datetime) -> TokenClaims:
        """Signature, issuer, shape and expiry (against the injected clock) are checked; else `TokenError`."""
        try:
            key = self._ring.keys[jwt.get_unverified_header(token)["kid"]]
            payload = jwt.decode(
                token,
                key,
                [ALGORITHM],
                issuer=ISSUER,
                options={"verify_exp": False, "verify_iat": False, "verify_aud": False,
                         "require": ["aud", "sub", "sid", "exp"]},
            )  # fmt: skip
            if payload["exp"] <= now.timestamp():
                raise TokenError("expired")
            return TokenClaims(payload["aud"], UUID(payload["sub"]), UUID(payload["sid"]))
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError) as exc:
            raise TokenError("malformed") from exc


def one_time_code(length: int = 10) -> str:
    """A random code of `length` base-32 characters (5 bits each) for a person to type."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(length))


def normal_code(typed: str) -> str:
    """What a person may type for such a code: any case, spaces and dashes, O for 0, I and L for 1."""
    text = typed.upper().replace("-", "").replace(" ", "")
    return text.translate(str.maketrans("OIL", "011"))


def network_of(address: str) -> str:
    """An IPv6 subscriber has a whole /64; anything that is no address counts as itself."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == IPV6 else str(ip)


def digest(secret: str) -> str:
    """SHA-256 in hex: for look-up of high-entropy secrets that must not be stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


class RefreshTokens:
    """Opaque tokens of 256 bits, stored as hashes. A successor is derived from the old one under a key of ours.

    So an answer that was cut off can be given again without the successor being stored anywhere, and an old token alone
    gives nobody its successor.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    @staticmethod
    def first() -> str:
        return secrets.token_urlsafe(32)

    def successor(self, token: str) -> str:
        made = hmac.new(self._key, token.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).decode().rstrip("=")


class Passwords:
    """Argon2id (RFC 9106) in threads, a few at a time: each hash takes 64 MiB and a fifth of a second on purpose."""

    def __init__(self) -> None:
        self._hasher = PasswordHash.recommended()
        self._turns = asyncio.Semaphore(PASSWORDS_AT_A_TIME)
        self._dummy: str | None = None

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, hashed: str | None) -> bool:
        """`hashed` None: nobody of that name; the time is spent all the same, so that a guesser learns nothing."""
        if hashed is None:
            if self._dummy is None:
                self._dummy = await self.hash(secrets.token_urlsafe(16))
            hashed, password = self._dummy, password + "\0"
        async with self._turns:
            try:
                return await asyncio.to_thread(self._hasher.verify, password, hashed)
            except UnknownHashError:
                return False
