"""Column types that behave alike on SQLite and PostgreSQL, and the one metadata of all tables."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, String
from sqlalchemy.orm import declared_attr
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

# Named from the first revision on: an unnamed constraint cannot be dropped in a batch migration.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)
SEALED = "sealed"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, kept in UTC. SQLite would drop the zone and keep the wall time: eight hours wrong."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: use the clock")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumText(TypeDecorator[StrEnum]):
    """A string enumeration stored by value in a VARCHAR: adding a member needs no migration."""

    impl = String(40)
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        del dialect
        return None if value is None else self.enum(value)


def str_enum(enum: type[StrEnum]) -> Any:
    """For `Field(sa_type=str_enum(X))`: SQLModel wants a callable type, not an instance, in shared mixins."""
    return lambda: EnumText(enum)


def sealed(name: str) -> dict[str, Any]:
    """`sa_column_kwargs=sealed("phone")`: this column holds `Crypto.seal(table, name, row id, …)`.

    The mark is how key rotation and the scan for plain values find every sealed column.
    """
    return {"info": {SEALED: name}}


def snake(name: str) -> str:
    """`LiaisonLink` → `liaison_link`."""
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


class Table(SQLModel):
    """Base of every table: our metadata, and the class name in snake case as the table's name."""

    metadata = metadata

    @declared_attr.directive
    @classmethod
    def __tablename__(cls) -> str:
        return snake(cls.__name__)
