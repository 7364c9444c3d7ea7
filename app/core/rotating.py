"""Short-lived codes that a screen shows and a phone scans: for one thing, for half a minute, signed.

`base64url(thing id ‖ number of the period ‖ HMAC)`. The screen fetches the next one in time; nothing is stored. The code
of the period before still holds, for whoever was scanning when it changed.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

ID_BYTES, PERIOD_BYTES, MAC_BYTES = 16, 5, 15
LENGTH = ID_BYTES + PERIOD_BYTES + MAC_BYTES


class CodeFault(StrEnum):
    FORGED = "forged"
    ELSEWHERE = "elsewhere"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ShownCode:
    code: str
    # When the screen should show the next one, and when this one no longer holds.
    next_at: datetime
    expires_at: datetime


class RotatingCodes:
    def __init__(self, key: bytes, period: timedelta) -> None:
        self._key = key
        self._seconds = int(period.total_seconds())

    def show(self, thing: UUID, now: datetime) -> ShownCode:
        number = int(now.timestamp()) // self._seconds
        body = thing.bytes + number.to_bytes(PERIOD_BYTES, "big")
        return ShownCode(
            base64.urlsafe_b64encode(body + self._mac(body)).decode(),
            next_at=datetime.fromtimestamp((number + 1) * self._seconds, UTC),
            expires_at=datetime.fromtimestamp((number + 2) * self._seconds, UTC),
        )

    def fault(self, code: str, thing: UUID, now: datetime) -> CodeFault | None:
        """None where the code holds for this thing now."""
        try:
            raw = base64.b64decode(code, b"-_", validate=True)
        except (binascii.Error, ValueError):
            return CodeFault.FORGED
        body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        if len(raw) != LENGTH or not hmac.compare_digest(mac, self._mac(body)):
            return CodeFault.FORGED
        if body[:ID_BYTES] != thing.bytes:
            return CodeFault.ELSEWHERE
        number, current = int.from_bytes(body[ID_BYTES:], "big"), int(now.timestamp()) // self._seconds
        # Clocks of two machines differ by less than a period: a code from just ahead holds as well.
        return None if current - 1 <= number <= current + 1 else CodeFault.EXPIRED

    def thing_of(self, code: str) -> UUID | None:
        """Which thing a code speaks of; whether it holds says `fault`. None where it is no code at all."""
        try:
            raw = base64.b64decode(code, b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        return UUID(bytes=raw[:ID_BYTES]) if len(raw) == LENGTH else None

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()[:MAC_BYTES]
