"""Field encryption and keyed hashes.

A sealed value is `suite(1) | key id length(1) | key id | nonce(12) | ciphertext+tag`. The associated data is
`table.column.row_id`, so a sealed value copied to another row or column does not open. Suite 1 is AES-256-GCM (NIST SP
800-38D); suite 2 is SM4-GCM (GB/T 32907, RFC 8998) where a deployment demands it. Both are read, one is written.
"""

import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from app.core.settings import KeyRing, Settings

SUITE_AES_GCM, SUITE_SM4_GCM = 1, 2
NONCE_BYTES, TAG_BYTES, SM4_KEY_BYTES = 12, 16, 16
# How long a process may go on sealing with the key before the one that a rotation has just made current.
FOLLOW_SECONDS = 1.0


class SealBrokenError(RuntimeError):
    """A sealed value does not open here: wrong key, wrong row, or it was altered."""


class FollowedRing:
    """The key ring in a file: read again when the file has changed, so that a rotation needs no restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._looked = 0.0
        self._changed = 0
        self._ring = self._read()

    def __call__(self, *, wanted: str | None = None) -> KeyRing:
        """`wanted`: a key id just met, which may be younger than our last look."""
        clock = time.monotonic()
        unknown = wanted is not None and wanted not in self._ring.keys
        if unknown or clock - self._looked >= FOLLOW_SECONDS:
            self._looked = clock
            if self._path.stat().st_mtime_ns != self._changed:
                self._ring = self._read()
        return self._ring

    def _read(self) -> KeyRing:
        self._changed = self._path.stat().st_mtime_ns
        return KeyRing(json.loads(self._path.read_text())["field_keys"])


def ring_of(settings: Settings) -> Callable[..., KeyRing]:
    """Follows the key file where the keys come from one; fixed where they come from the environment."""
    if settings.keys_path is not None:
        return FollowedRing(settings.keys_path)
    return fixed_ring(settings.field_ring)


def fixed_ring(ring: KeyRing) -> Callable[..., KeyRing]:
    def same(*, wanted: str | None = None) -> KeyRing:
        del wanted
        return ring

    return same


class Crypto:
    def __init__(
        self, ring: KeyRing | Callable[..., KeyRing], index_secret: bytes, *, suite: Literal["aes", "sm4"] = "aes"
    ) -> None:
        self._ring: Callable[..., KeyRing] = fixed_ring(ring) if isinstance(ring, KeyRing) else ring
        self._index_secret = index_secret
        self._suite = SUITE_SM4_GCM if suite == "sm4" else SUITE_AES_GCM

    @property
    def current_key_id(self) -> str:
        return str(self._ring().current)

    def seal(self, table: str, column: str, row_id: UUID | str | int, plain: str | bytes) -> bytes:
        data = plain.encode() if isinstance(plain, str) else plain
        ring = self._ring()
        nonce = os.urandom(NONCE_BYTES)
        encrypt = _sm4_encrypt if self._suite == SUITE_SM4_GCM else _aes_encrypt
        sealed = encrypt(ring.keys[ring.current], nonce, data, _place(table, column, row_id))
        return self.mark(ring.current) + nonce + sealed

    def mark(self, key_id: str) -> bytes:
        """The first bytes of everything that this suite seals with this key: rotation looks for them."""
        name = key_id.encode()
        return bytes([self._suite, len(name)]) + name

    def open(self, table: str, column: str, row_id: UUID | str | int, sealed: bytes) -> bytes:
        """The plain bytes; `SealBrokenError` where the value was altered, moved, or its key is gone."""
        try:
            suite, length = sealed[0], sealed[1]
            key_id = sealed[2 : 2 + length].decode()
            body = sealed[2 + length :]
            key = self._ring(wanted=key_id).keys[key_id]
            decrypt = {SUITE_AES_GCM: _aes_decrypt, SUITE_SM4_GCM: _sm4_decrypt}[suite]
            return decrypt(key, body[:NONCE_BYTES], body[NONCE_BYTES:], _place(table, column, row_id))
        except (InvalidTag, KeyError, IndexError, UnicodeDecodeError, ValueError) as exc:
            raise SealBrokenError(f"{table}.{column} does not open") from exc

    def open_text(self, table: str, column: str, row_id: UUID | str | int, sealed: bytes) -> str:
        return self.open(table, column, row_id, sealed).decode()

    def open_if(self, table: str, column: str, row_id: UUID | str | int, sealed: bytes | None) -> str | None:
        """The text of a column that may be empty."""
        return None if sealed is None else self.open_text(table, column, row_id, sealed)

    def keyed_hash(self, purpose: str, value: str) -> str:
        """HMAC-SHA256 in hex, for equality look-ups of sealed values. `purpose` keeps the uses apart."""
        return hmac.new(self._index_secret, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()

    def derived_key(self, purpose: str) -> bytes:
        """32 bytes for a use of its own: signed links, refresh tokens, the audit chain."""
        return hmac.new(self._index_secret, f"key\0{purpose}".encode(), hashlib.sha256).digest()


def crypto_of(session: Any) -> Crypto:
    """What opens sealed values, from the unit of work itself: a reaction is handed a session and an event, no runtime.

    `services/runtime` gives it to the database, which gives it to every session.
    """
    crypto: Crypto = session.info["crypto"]
    return crypto


def _aes_encrypt(key: bytes, nonce: bytes, data: bytes, place: bytes) -> bytes:
    return AESGCM(key).encrypt(nonce, data, place)


def _aes_decrypt(key: bytes, nonce: bytes, sealed: bytes, place: bytes) -> bytes:
    return AESGCM(key).decrypt(nonce, sealed, place)


def _sm4(key: bytes) -> SM4:
    # SM4 takes 128 bits; the half of a random key would do as well, but a derived key keeps the suites apart.
    return SM4(hashlib.sha256(b"sm4\0" + key).digest()[:SM4_KEY_BYTES])


def _sm4_encrypt(key: bytes, nonce: bytes, data: bytes, place: bytes) -> bytes:
    encryptor = Cipher(_sm4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(place)
    return encryptor.update(data) + encryptor.finalize() + encryptor.tag


def _sm4_decrypt(key: bytes, nonce: bytes, sealed: bytes, place: bytes) -> bytes:
    if len(sealed) < TAG_BYTES:
        raise InvalidTag
    decryptor = Cipher(_sm4(key), modes.GCM(nonce, sealed[-TAG_BYTES:])).decryptor()
    decryptor.authenticate_additional_data(place)
    return decryptor.update(sealed[:-TAG_BYTES]) + decryptor.finalize()


def _place(table: str, column: str, row_id: UUID | str | int) -> bytes:
    return f"{table}.{column}.{row_id}".encode()
