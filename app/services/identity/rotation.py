"""Every sealed value under the current key, while the service runs: old keys open until nothing needs them."""

import json
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, LargeBinary, and_, func, select, tuple_, update
from sqlalchemy import Table as SqlTable

import app.models  # noqa: F401  # fills the metadata
from app.core.columns import SEALED, metadata
from app.core.crypto import Crypto, SealBrokenError
from app.core.errors import UnavailableError
from app.core.settings import KeyRing, fresh_key
from app.services.runtime import Runtime

BATCH = 100
# Each waits for a lock as long as any other transaction (`lock_wait_seconds`).
TRIES = 20


@dataclass(frozen=True, slots=True)
class SealedColumn:
    table: SqlTable
    column: Column[Any]
    # The name that was sealed with it.
    label: str

    @property
    def keys(self) -> list[Column[Any]]:
        return list(self.table.primary_key.columns)


@dataclass(slots=True)
class Rotated:
    """`broken`: values that no key opens, left as they are; `table.column` → how many."""

    resealed: dict[str, int]
    broken: dict[str, int]


def sealed_columns() -> Iterator[SealedColumn]:
    for table in metadata.sorted_tables:
        for column in table.columns:
            if SEALED in column.info:
                yield SealedColumn(table, column, column.info[SEALED])


async def reseal_all(runtime: Runtime, progress: Callable[[str, int], None] | None = None) -> Rotated:
    """A batch a transaction; a value that changes meanwhile is left to whoever changed it."""
    done = Rotated({}, {})
    for sealed in sealed_columns():
        name = f"{sealed.table.name}.{sealed.column.name}"
        last: tuple[Any, ...] | None = None
        while True:
            rows = await _outdated(runtime, sealed, last)
            if not rows:
                break
            last = tuple(rows[-1][: len(sealed.keys)])
            resealed, broken = await _reseal_patiently(runtime, sealed, rows)
            done.resealed[name] = done.resealed.get(name, 0) + resealed
            if broken:
                done.broken[name] = done.broken.get(name, 0) + broken
            if progress is not None:
                progress(name, resealed)
    return done


async def outdated_count(runtime: Runtime) -> int:
    """Values that are not under the current key and suite."""
    total = 0
    for sealed in sealed_columns():
        async with runtime.db.connection() as connection:
            statement = select(func.count()).select_from(sealed.table).where(_is_outdated(runtime.crypto, sealed))
            total += (await connection.execute(statement)).scalar_one()
    return total


def add_key(path: Path) -> str:
    """A fresh key becomes the current one of the key file; returns its name. The file is replaced whole."""
    kept = json.loads(path.read_text())
    ring = KeyRing(kept["field_keys"])
    name = f"f{max((int(key[1:]) for key in ring.keys if key[1:].isdecimal()), default=0) + 1}"
    kept["field_keys"] = f"{fresh_key(name)},{kept['field_keys']}"
    _replace(path, kept)
    return name


def drop_old_keys(path: Path) -> list[str]:
    """Only the current key stays; the caller has made sure that nothing needs the others."""
    kept = json.loads(path.read_text())
    current, *old = kept["field_keys"].split(",")
    kept["field_keys"] = current
    _replace(path, kept)
    return [part.split(":", 1)[0] for part in old]


def _replace(path: Path, content: dict[str, str]) -> None:
    temporary = path.with_suffix(f".{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


async def _outdated(runtime: Runtime, sealed: SealedColumn, last: tuple[Any, ...] | None) -> list[Any]:
    statement = select(*sealed.keys, sealed.column).where(_is_outdated(runtime.crypto, sealed))
    if last is not None:
        statement = statement.where(tuple_(*sealed.keys) > tuple_(*last))
    async with runtime.db.connection() as connection:
        found = await connection.execute(statement.order_by(*sealed.keys).limit(BATCH))
        return list(found.all())


async def _reseal_patiently(runtime: Runtime, sealed: SealedColumn, rows: list[Any]) -> tuple[int, int]:
    """The town's own work has the right of way: a lock that it holds puts the rotation off and does not end it."""
    for _ in range(TRIES - 1):
        try:
            return await _reseal(runtime, sealed, rows)
        except UnavailableError:
            continue
    return await _reseal(runtime, sealed, rows)


async def _reseal(runtime: Runtime, sealed: SealedColumn, rows: list[Any]) -> tuple[int, int]:
    resealed = broken = 0
    async with runtime.db.unit_of_work() as session:
        connection = await session.connection()
        for *ids, old in rows:
            row_id = "/".join(str(part) for part in ids)
            try:
                plain = runtime.crypto.open(sealed.table.name, sealed.label, row_id, old)
            except SealBrokenError:
                broken += 1
                continue
            same_row = and_(*(key == value for key, value in zip(sealed.keys, ids, strict=True)))
            done = await connection.execute(
                update(sealed.table)
                .where(same_row, sealed.column == old)
                .values({sealed.column.name: runtime.crypto.seal(sealed.table.name, sealed.label, row_id, plain)})
            )
            resealed += done.rowcount
    return resealed, broken


def _is_outdated(crypto: Crypto, sealed: SealedColumn) -> Any:
    mark = crypto.mark(crypto.current_key_id)
    head = func.substr(sealed.column, 1, len(mark), type_=LargeBinary)
    return and_(sealed.column.is_not(None), head != mark)
