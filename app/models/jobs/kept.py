"""What both sides say 30 and 90 days after the hire."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.core.columns import UtcDateTime, str_enum
from app.models.base import Versioned
from app.rules.jobs.kept import KeptAnswer


class KeptCheck(Versioned, table=True):
    """One milestone of one hire: asked once, answered by each side for itself."""

    __table_args__ = (UniqueConstraint("application_id", "days"),)
    application_id: UUID = Field(foreign_key="application.id")
    days: int
    firm_says: KeptAnswer | None = Field(default=None, sa_type=str_enum(KeptAnswer))
    firm_said_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    person_says: KeptAnswer | None = Field(default=None, sa_type=str_enum(KeptAnswer))
    person_said_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
