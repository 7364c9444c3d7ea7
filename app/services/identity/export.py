"""My data as one machine-readable answer: everything that points at me, opened, and nothing of anybody else.

个人信息保护法 第四十五条: the person may read and copy what is held about them.
"""

from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import Table as SqlTable
from sqlalchemy import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.core.columns import SEALED, metadata
from app.core.crypto import Crypto
from app.rules.identity.roles import Actor
from app.services.identity import audit
from app.services.identity.people import records_of
from app.services.identity.person_tables import CHILDREN, EXPORTED_CHILDREN, HIDDEN_COLUMNS, PERSON_COLUMNS

FORMAT = "sanqu-export-1"


async def export_mine(session: AsyncSession, crypto: Crypto, actor: Actor, *, now: datetime) -> dict[str, Any]:
    """`{format, exported_at, person_id, tables: {name: [rows]}}`; audited."""
    person, mine = metadata.tables["person"], await records_of(session, actor.person_id)
    tables: dict[str, list[dict[str, Any]]] = {
        "person": await _rows(session, crypto, person, person.c.id == actor.person_id)
    }
    for place, rule in PERSON_COLUMNS.items():
        if not rule.exported:
            continue
        name, column = place.split(".")
        table = metadata.tables[name]
        tables.setdefault(name, []).extend(await _rows(session, crypto, table, table.c[column].in_(mine)))
    for place, parent in CHILDREN.items():
        name, column = place.split(".")
        if name in EXPORTED_CHILDREN:
            table = metadata.tables[name]
            ids = [UUID(row["id"]) for row in tables.get(parent, [])]
            tables[name] = await _rows(session, crypto, table, table.c[column].in_(ids))
    audit.by(session, actor, "exported", "person", actor.person_id, now=now)
    return {
        "format": FORMAT,
        "exported_at": now.astimezone(CHINA).isoformat(timespec="seconds"),
        "person_id": str(actor.person_id),
        "tables": {name: rows for name, rows in sorted(tables.items()) if rows},
    }


async def _rows(session: AsyncSession, crypto: Crypto, table: SqlTable, mine: Any) -> list[dict[str, Any]]:
    keys = list(table.primary_key.columns)
    connection = await session.connection()
    found = await connection.execute(select(table).where(mine).order_by(*keys))
    rows = []
    for row in found.mappings():
        row_id = "/".join(str(row[key.name]) for key in keys)
        rows.append({
            _plain_name(column): _value(crypto, table.name, column, row_id, row[column.name])
            for column in table.columns
            if column.name not in HIDDEN_COLUMNS
        })  # fmt: skip
    return rows


def _plain_name(column: Any) -> str:
    return str(column.info.get(SEALED, column.name))


def _value(crypto: Crypto, table: str, column: Any, row_id: str, value: Any) -> Any:
    if value is None:
        return None
    if SEALED in column.info:
        return crypto.open_text(table, column.info[SEALED], row_id, value)
    if isinstance(value, datetime):
        return value.astimezone(CHINA).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, UUID) else value
