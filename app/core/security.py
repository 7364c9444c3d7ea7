"""Access tokens (JWT, RFC 7519) and one-time codes."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt

from app.core.ids import new_id
from app.core.settings import KeyRing

ISSUER = "sanqu"
ALGORITHM = "HS256"
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


def digest(secret: str) -> str:
    """SHA-256 in hex: for look-up of high-entropy secrets that must not be stored."""
    return hashlib.sha256(secret.encode()).hexdigest()
