"""Signed links: a right to one file for a short while, in the address itself, for what sends no header (`<image>`).

`?e=<unix seconds>&w=<for what>&s=<HMAC>`. A link is nobody's identity: it opens this one file until then.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

MAC_BYTES = 18


class Links:
    def __init__(self, key: bytes, base_url: str) -> None:
        self._key = key
        self._base = base_url.rstrip("/")

    def make(self, path: str, file_id: UUID, *, use: str, now: datetime, lifetime: timedelta) -> str:
        """The whole address; `use` separates a person's look from WeChat's check."""
        expires = int((now + lifetime).timestamp())
        return f"{self._base}{path}?e={expires}&w={use}&s={self._sign(file_id, use, expires)}"

    def holds(self, file_id: UUID, *, use: str, expires: int, signature: str, now: datetime) -> bool:
        made = self._sign(file_id, use, expires)
        return hmac.compare_digest(made.encode(), signature.encode()) and now.timestamp() < expires

    def _sign(self, file_id: UUID, use: str, expires: int) -> str:
        mac = hmac.new(self._key, f"{file_id}|{use}|{expires}".encode(), hashlib.sha256).digest()[:MAC_BYTES]
        return base64.urlsafe_b64encode(mac).decode()
