"""Keyset pages: `{items, next_cursor}`.

A cursor is base64url of JSON `[version, fingerprint of the query, sort values…]` plus an HMAC: a tampered cursor, or
one that belongs to another query, is refused by name instead of showing a wrong page. Sort values are integers,
instants and ids only, which compare alike on both databases.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, literal, tuple_

from app.core.errors import UnprocessableError

T = TypeVar("T")
R = TypeVar("R")
VERSION = 1
MAC_BYTES = 12
SortValue = int | datetime | UUID


class CursorInvalidError(UnprocessableError):
    code = "cursor_invalid"
    message = "翻页标记无效或不属于这个查询，请去掉 cursor 从第一页重新开始"
    field = "query.cursor"


class Page(BaseModel, Generic[T]):
    items: list[T]
    next_cursor: str | None = Field(description="Send as `cursor` for the next page; null = end")


class CountedPage(Page[T], Generic[T]):
    total: int | None = Field(description="Exact number of rows, only where `with_total=true` was sent")


class Cursors:
    def __init__(self, secret: bytes) -> None:
        self._secret = hmac.new(secret, b"cursor", hashlib.sha256).digest()

    def encode(self, query: Mapping[str, Any], values: Sequence[SortValue]) -> str:
        body = json.dumps([VERSION, _fingerprint(query), *map(_pack, values)], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._mac(body) + body).decode().rstrip("=")

    def decode(self, query: Mapping[str, Any], cursor: str) -> tuple[SortValue, ...]:
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
            mac, body = raw[:MAC_BYTES], raw[MAC_BYTES:]
            if not hmac.compare_digest(mac, self._mac(body)):
                raise CursorInvalidError
            version, fingerprint, *values = json.loads(body)
        except (binascii.Error, ValueError, UnicodeError) as exc:
            raise CursorInvalidError from exc
        if version != VERSION or fingerprint != _fingerprint(query):
            raise CursorInvalidError
        return tuple(_unpack(value) for value in values)

    def page(
        self, query: Mapping[str, Any], rows: Sequence[R], limit: int, keys: Callable[[R], Sequence[SortValue]]
    ) -> tuple[Sequence[R], str | None]:
        """Of `limit + 1` rows that were read, the page and the cursor of the next one."""
        if len(rows) <= limit:
            return rows, None
        return rows[:limit], self.encode(query, keys(rows[limit - 1]))

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self._secret, body, hashlib.sha256).digest()[:MAC_BYTES]


def after(columns: Sequence[Any], values: Sequence[SortValue]) -> ColumnElement[bool]:
    """Rows behind `values` where all `columns` sort descending: a row-value comparison, which both databases index."""
    return tuple_(*columns) < _bound(columns, values)


def behind(columns: Sequence[Any], values: Sequence[SortValue]) -> ColumnElement[bool]:
    """The same where all `columns` sort ascending: soonest first."""
    return tuple_(*columns) > _bound(columns, values)


def _bound(columns: Sequence[Any], values: Sequence[SortValue]) -> ColumnElement[Any]:
    # With the columns' own types: a bare aware datetime would be cast to a zoneless timestamp.
    return tuple_(*(literal(value, column.type) for column, value in zip(columns, values, strict=True)))


def _fingerprint(query: Mapping[str, Any]) -> str:
    text = json.dumps({k: str(v) for k, v in sorted(query.items()) if v is not None}, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _pack(value: SortValue) -> list[Any]:
    if isinstance(value, datetime):
        # Microseconds as an integer: a float would lose the last digit.
        delta = value - datetime.fromtimestamp(0, UTC)
        return ["t", (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds]
    if isinstance(value, UUID):
        return ["u", value.hex]
    return ["i", value]


def _unpack(packed: list[Any]) -> SortValue:
    kind, value = packed
    if kind == "t":
        seconds, micros = divmod(value, 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)
    if kind == "u":
        return UUID(hex=value)
    return int(value)
