"""Seed rows into a table: loading twice changes nothing, a changed row keeps its history, the town's edits stay."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import literal
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.ids import new_id
from app.models.base import Identified, Versioned
from app.models.organisation import SeedHistory, SeedRecord

M = TypeVar("M", bound=Identified)
Values = Mapping[str, Any]

KEY_LENGTH = 200
# Below the parameter limits of both drivers.
CHUNK = 500
# A row that stood in the table before any seed spoke of it belongs to the town: no version ever equals this.
FOREIGN_VERSION = 0


@dataclass(frozen=True, slots=True)
class DatasetOutcome:
    """What loading one dataset did. `kept`: edited, removed or made by the town, so left alone."""

    dataset: str
    inserted: int
    updated: int
    unchanged: int
    kept: int
    # Keys that were loaded once and stand in the file no more: their rows are left.
    missing: tuple[str, ...]

    @property
    def changed(self) -> bool:
        return bool(self.inserted or self.updated)


def seed_key(values: Values, key: Sequence[str]) -> str:
    """The key columns as one text; a long one (a pattern) is cut and told apart by its hash."""
    text = "|".join(str(to_jsonable_python(values[column])) for column in key)
    if len(text) <= KEY_LENGTH:
        return text
    return f"{text[: KEY_LENGTH - 65]}#{hashlib.sha256(text.encode()).hexdigest()}"


async def sync_rows(
    session: AsyncSession, dataset: str, model: type[M], rows: Sequence[Values], *, key: Sequence[str], now: datetime
) -> DatasetOutcome:
    """Bring `rows` (column values of `model`) into its table; `key` names the columns that identify a row.

    A row whose `version` has moved since the last load was edited by the town and is never overwritten. A row with
    the same key that the town made itself is adopted as it stands, never duplicated. Flushes; the caller commits.
    """
    wanted = _by_key(dataset, rows, key)
    known = await _known(session, dataset, model)
    fresh = {name: values for name, values in wanted.items() if name not in known}
    changed: dict[str, Values] = {}
    kept = unchanged = 0
    for name, values in wanted.items():
        if name not in known:
            continue
        content, version_then, version_now = known[name]
        if version_now != version_then:
            kept += 1
        elif content == to_jsonable_python(values):
            unchanged += 1
        else:
            changed[name] = values
    adopted = await _insert(session, dataset, model, fresh, key, now)
    updated = await _update(session, dataset, model, changed, now)
    return DatasetOutcome(
        dataset=dataset,
        inserted=len(fresh) - adopted,
        updated=updated,
        unchanged=unchanged,
        kept=kept + adopted + len(changed) - updated,
        missing=tuple(sorted(known.keys() - wanted.keys())),
    )


async def seed_targets(session: AsyncSession, dataset: str) -> dict[str, UUID]:
    """Which row a key of the dataset became: names in later files refer to it even after the town renamed the row."""
    rows = await session.exec(
        select(col(SeedRecord.key), col(SeedRecord.target_id)).where(SeedRecord.dataset == dataset)
    )
    return dict(rows.all())


def _by_key(dataset: str, rows: Sequence[Values], key: Sequence[str]) -> dict[str, Values]:
    wanted = {seed_key(values, key): values for values in rows}
    if len(wanted) != len(rows):
        raise ValueError(f"duplicate keys in dataset {dataset}")
    return wanted


async def _known(session: AsyncSession, dataset: str, model: type[M]) -> dict[str, tuple[Any, int, int | None]]:
    """`{key: (content, version when loaded, version now)}`; None where the row is gone."""
    # A table without versions has rows that nobody edits: present or gone.
    version = col(model.version) if issubclass(model, Versioned) else literal(1)
    target = select(col(model.id).label("id"), version.label("version")).subquery()
    found = await session.exec(
        select(col(SeedRecord.key), col(SeedRecord.content), col(SeedRecord.target_version), target.c.version)
        .outerjoin(target, target.c.id == col(SeedRecord.target_id))
        .where(SeedRecord.dataset == dataset)
    )
    return {name: (content, then, version_now) for name, content, then, version_now in found}


async def _insert(
    session: AsyncSession, dataset: str, model: type[M], fresh: Mapping[str, Values], key: Sequence[str], now: datetime
) -> int:
    """Returns how many rows were there already and are adopted."""
    present = await _present(session, model, fresh, key)
    for name, values in fresh.items():
        target_id = present.get(name)
        if target_id is None:
            target_id = new_id()
            stamps = {"created_at": now, "updated_at": now} if issubclass(model, Versioned) else {"created_at": now}
            session.add(model(id=target_id, **{**values, **stamps}))
            version = 1
        else:
            version = FOREIGN_VERSION
        session.add(
            SeedRecord(
                dataset=dataset, key=name, content=to_jsonable_python(values),
                target_id=target_id, target_version=version, loaded_at=now,
            )
        )  # fmt: skip
    await session.flush()
    return len(present)


async def _present(
    session: AsyncSession, model: type[M], fresh: Mapping[str, Values], key: Sequence[str]
) -> dict[str, UUID]:
    """Rows of the table that carry the key of a fresh seed row."""
    columns: list[Any] = [getattr(model, column) for column in key]
    present: dict[str, UUID] = {}
    for part in _chunks(sorted({values[key[0]] for values in fresh.values()})):
        found = await session.exec(select(col(model.id), *columns).where(columns[0].in_(part)))
        for row in found:
            name = seed_key(dict(zip(key, row[1:], strict=True)), key)
            if name in fresh:
                present[name] = row[0]
    return present


async def _update(
    session: AsyncSession, dataset: str, model: type[M], changed: Mapping[str, Values], now: datetime
) -> int:
    """Write the changed rows unless someone was faster; the replaced content goes into the history."""
    records: dict[str, SeedRecord] = {}
    for part in _chunks(sorted(changed)):
        found = await session.exec(
            select(SeedRecord).where(SeedRecord.dataset == dataset, col(SeedRecord.key).in_(part)).with_for_update()
        )
        records.update({record.key: record for record in found})
    targets: dict[UUID, M] = {}
    for ids in _chunks(sorted(record.target_id for record in records.values())):
        statement = select(model).where(col(model.id).in_(ids)).order_by(col(model.id)).with_for_update()
        rows = await session.exec(statement.execution_options(populate_existing=True))
        targets.update({row.id: row for row in rows})
    updated = 0
    for name, record in records.items():
        target = targets.get(record.target_id)
        if target is None or getattr(target, "version", 1) != record.target_version:
            continue
        _apply(session, record, target, changed[name], now)
        updated += 1
    await session.flush()
    return updated


def _apply(session: AsyncSession, record: SeedRecord, target: Identified, values: Values, now: datetime) -> None:
    session.add(SeedHistory(dataset=record.dataset, key=record.key, content=record.content, created_at=now))
    for column, value in values.items():
        setattr(target, column, value)
    if isinstance(target, Versioned):
        target.touch(now)
        record.target_version = target.version
    record.content = to_jsonable_python(values)
    record.loaded_at = now
    session.add(target)
    session.add(record)


def _chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
