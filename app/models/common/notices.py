"""Shared nouns: notices, the staff's tasks, code tables."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, Index, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, str_enum
from app.models.base import Identified, Table, Versioned
from app.rules.common import NoticeKind, TaskKind, TaskState


class Notice(Identified, table=True):
    """A message to one person. The text is made for the reader and holds no other person's data."""

    __table_args__ = (
        Index(
            "ix_notice_unread", "person_id",
            postgresql_where=sql.text("read_at IS NULL"), sqlite_where=sql.text("read_at IS NULL"),
        ),
        Index("ix_notice_person_created", "person_id", "created_at", "id"),
    )  # fmt: skip
    person_id: UUID = Field(foreign_key="person.id")
    kind: NoticeKind = Field(sa_type=str_enum(NoticeKind))
    title: str = Field(max_length=40)
    body: str = Field(max_length=300)
    # Where a tap leads in the mini-program, e.g. pages/application/detail?id=…
    page: str = Field(max_length=120)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Short values for a WeChat template, e.g. {"thing1": "平车工"}.
    template_data: dict[str, str] = Field(default_factory=dict, sa_type=JSON)


class Task(Versioned, table=True):
    """One thing that waits for staff; at most one open task per kind and subject."""

    __table_args__ = (
        Index(
            "uq_task_open", "kind", "subject_id", unique=True,
            postgresql_where=sql.text("state = 'open'"), sqlite_where=sql.text("state = 'open'"),
        ),
        Index("ix_task_state_created", "state", "created_at", "id"),
    )  # fmt: skip
    kind: TaskKind = Field(sa_type=str_enum(TaskKind))
    state: TaskState = Field(default=TaskState.OPEN, sa_type=str_enum(TaskState))
    subject_id: UUID
    title: str = Field(max_length=120)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: UUID | None = Field(default=None, foreign_key="person.id")
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


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
