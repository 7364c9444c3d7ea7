"""The dated rows of the posting rules."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field

from app.core.columns import UtcDateTime, str_enum
from app.models.base import Versioned
from app.rules.jobs.posting_changes import ChangeKind, ChangeState


class PostingRuleRow(Versioned, table=True):
    """A posting rule, dated, with its law and how to mend. Edited by staff without a release."""

    __table_args__ = (UniqueConstraint("rule_id", "effective_from"),)
    rule_id: str = Field(max_length=40)
    severity: str = Field(max_length=10)
    title: str = Field(max_length=60)
    law: str = Field(max_length=80)
    article: str = Field(max_length=40)
    mend: str = Field(max_length=300)
    effective_from: date
    effective_to: date | None = None
    source: str = Field(max_length=300)


class PostingTermRow(Versioned, table=True):
    """A word or pattern that breaks a rule, and the contexts in which it does not."""

    __table_args__ = (UniqueConstraint("rule_id", "pattern", "effective_from"),)
    rule_id: str = Field(max_length=40)
    pattern: str = Field(max_length=400)
    kind: str = Field(max_length=10)
    unless: str = Field(default="", max_length=600)
    effective_from: date
    effective_to: date | None = None


class InternLimitRow(Versioned, table=True):
    """A limit for students at work, dated: a share in percent, an age in years, a number of days."""

    __table_args__ = (UniqueConstraint("limit_id", "effective_from"),)
    limit_id: str = Field(max_length=40)
    value: int
    law: str = Field(max_length=80)
    article: str = Field(max_length=40)
    effective_from: date
    effective_to: date | None = None
    source: str = Field(max_length=300)


class MinimumWageRow(Versioned, table=True):
    """A local minimum wage, dated. Without `verified_by` it warns and does not block."""

    __table_args__ = (UniqueConstraint("division", "effective_from"),)
    division: str = Field(max_length=12)
    monthly_fen: int
    hourly_fen: int | None = None
    effective_from: date
    effective_to: date | None = None
    source: str = Field(max_length=300)
    verified_by: str | None = Field(default=None, max_length=80)


class PostingPolicyRow(Versioned, table=True):
    """A number that the office sets, dated: working days of an appeal, how many postings are sampled."""

    __table_args__ = (UniqueConstraint("key", "effective_from"),)
    key: str = Field(max_length=40)
    value: int
    effective_from: date
    effective_to: date | None = None
    source: str = Field(max_length=300)


class PostingChange(Versioned, table=True):
    """A change of the rules or words on its way: proposed by one person of the office, confirmed by another."""

    kind: ChangeKind = Field(sa_type=str_enum(ChangeKind))
    state: ChangeState = Field(default=ChangeState.PROPOSED, sa_type=str_enum(ChangeState), index=True)
    # Columns of the new row; for an end the last day.
    content: dict[str, Any] = Field(sa_type=JSON)
    # The row that ends.
    target_id: UUID | None = None
    # The law or notice that asks for it.
    source: str = Field(max_length=300)
    proposed_by: UUID = Field(foreign_key="person.id")
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    note: str | None = Field(default=None, max_length=200)
