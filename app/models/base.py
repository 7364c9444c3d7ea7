"""Mixins of the domain tables; the metadata with its naming convention is `core.columns.metadata`.

No `from __future__ import annotations` here: it breaks SQLModel's relationships.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from app.core.columns import Table, UtcDateTime, metadata
from app.core.ids import new_id

__all__ = ["Identified", "Table", "Versioned", "metadata"]


class Identified(Table):
    """A UUIDv7 key and the instant of creation."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Versioned(Identified):
    """`version` grows with every change; writers send the one they saw as `expected_version`."""

    version: int = Field(default=1)
    updated_at: datetime = Field(sa_type=UtcDateTime)

    def touch(self, now: datetime) -> None:
        """Count a change. The row is locked by whoever calls, so plain arithmetic is safe."""
        self.version += 1
        self.updated_at = now
