"""Idempotency keys: the first answer is written in the business transaction and repeated ever after.

Scope: caller + operationId. Fingerprint: path parameters + body. The claim is the first statement of the transaction,
so of two identical calls one does the work and the other waits for it: on PostgreSQL at the unique key (≤ 2 s, then
409), on SQLite in the writers' queue. Only 2xx answers are kept, sealed; nothing is kept of a refusal.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from sqlalchemy import delete, event, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import driver_code
from app.core.errors import ConflictError, UnprocessableError
from app.core.tables import IdempotencyRecord
from app.core.upsert import insert_or_ignore_sync

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEY_MIN, KEY_MAX = 8, 80
LOCK_TIMEOUT = "55P03"
_table: Any = IdempotencyRecord.__table__  # type: ignore[attr-defined]


class IdempotencyKeyMissingError(UnprocessableError):
    code = "idempotency_key_missing"
    message = "缺少 Idempotency-Key 请求头：请为每次操作生成一个 8 到 80 个字符的唯一值，重试时沿用"
    field = "header.Idempotency-Key"


class IdempotencyKeyReusedError(UnprocessableError):
    code = "idempotency_key_reused"
    message = "这个 Idempotency-Key 已用于另一个内容不同的请求，请换一个新的"
    field = "header.Idempotency-Key"


class InProgressError(ConflictError):
    code = "in_progress"
    message = "相同的操作正在处理中，请 {seconds} 秒后再试"
    retryable = True


class ReplayedAnswer(Exception):  # noqa: N818  # not an error: it carries an answer past the service
    def __init__(self, status: int, body: bytes) -> None:
        super().__init__("replayed")
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class KeyedCall:
    caller: str
    operation: str
    key: str
    fingerprint: str

    @property
    def row_id(self) -> str:
        return f"{self.caller}/{self.operation}/{self.key}"

    def where(self) -> Any:
        return (_table.c.caller == self.caller) & (_table.c.operation == self.operation) & (_table.c.key == self.key)


def fingerprint(path_params: dict[str, Any], body: bytes) -> str:
    path = json.dumps({name: str(value) for name, value in sorted(path_params.items())})
    return hashlib.sha256(path.encode() + b"\0" + body).hexdigest()


async def replay(connection: AsyncConnection, call: KeyedCall, crypto: Crypto) -> None:
    """Before any work: raise the stored answer of an earlier identical call, if there is one."""
    row = (await connection.execute(_stored(call))).one_or_none()
    if row is not None:
        _answer(row, call, crypto)


def claim(call: KeyedCall, crypto: Crypto, now: datetime) -> Callable[[Any], None]:
    """Hook for `unit_of_work`: makes the claim the transaction's first statement."""

    def attach(session: Any) -> None:
        def after_begin(session: Any, transaction: Any, connection: Any) -> None:
            del session
            if transaction.nested:
                return
            values = {
                "caller": call.caller, "operation": call.operation, "key": call.key,
                "fingerprint": call.fingerprint, "created_at": now,
            }  # fmt: skip
            try:
                if insert_or_ignore_sync(connection, _table, values):
                    return
            except DBAPIError as exc:
                if driver_code(exc) == LOCK_TIMEOUT:
                    raise InProgressError(seconds=2, retry_after=2) from exc
                raise
            _answer(connection.execute(_stored(call)).one(), call, crypto)

        event.listen(session, "after_begin", after_begin)

    return attach


async def keep(session: AsyncSession, call: KeyedCall, crypto: Crypto, status: int, body: bytes) -> None:
    """Write the answer beside the claim, in the same transaction; what is no success leaves no claim behind."""
    if not session.in_transaction():
        return
    connection = await session.connection()
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        await connection.execute(delete(_table).where(call.where()))
        return
    sealed = crypto.seal("idempotency_record", "response", call.row_id, body)
    await connection.execute(update(_table).where(call.where()).values(status=status, response=sealed))


def _stored(call: KeyedCall) -> Any:
    return select(_table.c.fingerprint, _table.c.status, _table.c.response).where(call.where())


def _answer(row: Any, call: KeyedCall, crypto: Crypto) -> None:
    if row.fingerprint != call.fingerprint:
        raise IdempotencyKeyReusedError
    if row.response is None:
        raise InProgressError(seconds=2, retry_after=2)
    raise ReplayedAnswer(row.status, crypto.open("idempotency_record", "response", call.row_id, row.response))
