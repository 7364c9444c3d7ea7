"""Code tables, the town's words for trades, and the calendar of working days."""

from datetime import date

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from app.core.columns import Table
from app.models.base import Versioned


class CodeEntry(Versioned, table=True):
    """A row of a code table: industries (GB/T 4754-2017), divisions (GB/T 2260 and townships), occupations."""

    __table_args__ = (UniqueConstraint("code_table", "code"), Index("ix_code_entry_parent", "code_table", "parent"))
    code_table: str = Field(max_length=20)
    code: str = Field(max_length=20)
    name: str = Field(max_length=80)
    parent: str | None = Field(default=None, max_length=20)
    level: int
    # Codes finer than the published table are ours and say so.
    ours: bool = False


class OccupationAlias(Versioned, table=True):
    """What people in the town call a trade: 平车, 锁边, 后道 …"""

    alias: str = Field(max_length=40, unique=True)
    code: str = Field(max_length=20, index=True)


class CodeTableVersion(Table, table=True):
    """Changes when a code table changes: the ETag of `/dictionary`."""

    code_table: str = Field(primary_key=True, max_length=20)
    revision: str = Field(max_length=64)


class CalendarDay(Versioned, table=True):
    """A day on which the State Council's plan departs from the week: off, or worked instead (调休)."""

    day: date = Field(unique=True)
    is_off: bool
    name: str = Field(max_length=20)
    source: str = Field(max_length=200)
