"""Uploaded objects: a folder or an S3-compatible store, every object encrypted under a key of its own.

The store sees made-up names and ciphertext. The object's key lies sealed in its row, so that rotating the field keys
re-seals a few bytes per file and erasing the row makes the object unreadable wherever a copy of it may lie.
"""

import os
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import obstore.exceptions
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from obstore.store import ObjectStore, from_url

from app.core.errors import UnavailableError
from app.core.ids import new_id

KEY_BITS = 256
NONCE_BYTES = 12


class StorageAwayError(UnavailableError):
    code = "storage_unavailable"
    message = "文件存储暂时无法访问，请稍后再试"


class ObjectGoneError(Exception):
    """No such object, or it does not open with this key."""


class Storage:
    def __init__(self, url: str) -> None:
        if urlsplit(url).scheme == "file":
            self._store: ObjectStore = from_url(url, mkdir=True)
        else:
            self._store = from_url(url)

    @staticmethod
    def new_key() -> bytes:
        return AESGCM.generate_key(KEY_BITS)

    @staticmethod
    def new_name() -> str:
        """Two levels of folders keep a directory small; nothing of the file or its owner is in the name."""
        name = new_id().hex
        return f"{name[-2:]}/{name}"

    async def put(self, name: str, key: bytes, content: bytes) -> None:
        nonce = os.urandom(NONCE_BYTES)
        await self._guarded(self._store.put_async(name, nonce + AESGCM(key).encrypt(nonce, content, name.encode())))

    async def get(self, name: str, key: bytes) -> bytes:
        try:
            found = await self._store.get_async(name)
            sealed = bytes(await found.bytes_async())
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
        except (obstore.exceptions.NotFoundError, FileNotFoundError, InvalidTag) as exc:
            raise ObjectGoneError from exc
        except (obstore.exceptions.BaseError, OSError) as exc:
            raise StorageAwayError from exc

    async def delete(self, name: str) -> None:
        """Deleting twice is as good as once."""
        try:
            await self._store.delete_async(name)
        except (obstore.exceptions.NotFoundError, FileNotFoundError):
            return
        except (obstore.exceptions.BaseError, OSError) as exc:
            raise StorageAwayError from exc

    async def older_than(self, moment: datetime) -> AsyncIterator[Sequence[str]]:
        """Names of the objects written before `moment`, a listing's page at a time."""
        try:
            async for page in self._store.list():
                yield [str(entry["path"]) for entry in page if entry["last_modified"] < moment]
        except (obstore.exceptions.BaseError, OSError) as exc:
            raise StorageAwayError from exc

    async def _guarded(self, work: object) -> None:
        try:
            await work  # type: ignore[misc]
        except (obstore.exceptions.BaseError, OSError) as exc:
            raise StorageAwayError from exc
