"""Field encryption and keyed hashes.

A sealed value is `suite(1) | key id length(1) | key id | nonce(12) | ciphertext+tag`, AES-256-GCM (NIST SP 800-38D).
The associated data is `table.column.row_id`, so a sealed value copied to another row or column does not open.
Suite 1 is AES-GCM; the byte leaves room for SM4 (GB/T 32907) where a deployment demands it.
"""

import hashlib
import hmac
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.core.settings import KeyRing

SUITE_AES_GCM = 1
NONCE_BYTES = 12


class SealBrokenError(RuntimeError):
    """A sealed value does not open here: wrong key, wrong row, or it was altered."""


class Crypto:
    def __init__(self, ring: KeyRing, index_secret: bytes) -> None:
        self._ring = ring
        self._index_secret = index_secret

    def seal(self, table: str, column: str, row_id: UUID | str, plain: str | bytes) -> bytes:
        data = plain.encode() if isinstance(plain, str) else plain
        key_id = self._ring.current.encode()
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self._ring.keys[self._ring.current]).encrypt(nonce, data, _place(table, column, row_id))
        return bytes([SUITE_AES_GCM, len(key_id)]) + key_id + nonce + sealed

    def open(self, table: str, column: str, row_id: UUID | str, sealed: bytes) -> bytes:
        """The plain bytes; `SealBrokenError` where the value was altered, moved, or its key is gone."""
        try:
            suite, length = sealed[0], sealed[1]
            key_id = sealed[2 : 2 + length].decode()
            nonce = sealed[2 + length : 2 + length + NONCE_BYTES]
            if suite != SUITE_AES_GCM:
                raise SealBrokenError("unknown suite")
            return AESGCM(self._ring.keys[key_id]).decrypt(
                nonce, sealed[2 + length + NONCE_BYTES :], _place(table, column, row_id)
            )
        except (InvalidTag, KeyError, IndexError, UnicodeDecodeError, ValueError) as exc:
            raise SealBrokenError(f"{table}.{column} does not open") from exc

    def open_text(self, table: str, column: str, row_id: UUID | str, sealed: bytes) -> str:
        return self.open(table, column, row_id, sealed).decode()

    def keyed_hash(self, purpose: str, value: str) -> str:
        """HMAC-SHA256 in hex, for equality look-ups of sealed values. `purpose` keeps the uses apart."""
        return hmac.new(self._index_secret, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()


def _place(table: str, column: str, row_id: UUID | str) -> bytes:
    return f"{table}.{column}.{row_id}".encode()
