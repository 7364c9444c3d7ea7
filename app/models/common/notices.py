"""Notices and how they went out; the staff's tasks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import Table, UtcDateTime, str_enum
from app.models.base import Identified, Versioned
from app.rules.common.notices import CallState, Channel, DeliveryState, NoticeKind
from app.rules.common.tasks import TaskKind, TaskState
from app.rules.identity.apps import WechatApp
from app.rules.identity.roles import ScopeKind


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
    # Until when the person must act; an offer lapses then only if it was delivered.
    deadline_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Short values for a WeChat template, e.g. {"thing1": "平车工"}.
    template_data: dict[str, str] = Field(default_factory=dict, sa_type=JSON)


class NoticeDelivery(Identified, table=True):
    """One attempt through one channel."""

    __table_args__ = (UniqueConstraint("channel", "external_id"),)
    notice_id: UUID = Field(foreign_key="notice.id", index=True)
    channel: Channel = Field(sa_type=str_enum(Channel))
    app: WechatApp | None = Field(default=None, sa_type=str_enum(WechatApp))
    state: DeliveryState = Field(sa_type=str_enum(DeliveryState))
    # WeChat's msgid or the SMS gateway's, by which the later report is matched.
    external_id: str | None = Field(default=None, max_length=64)
    # The errcode or class of the failure, never its text.
    failure: str | None = Field(default=None, max_length=60)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SubscriptionCounter(Table, table=True):
    """How many one-off messages of a template a person will still accept; one accept is one message."""

    __table_args__ = (CheckConstraint("remaining >= 0", name="remaining"),)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    app: WechatApp = Field(sa_type=str_enum(WechatApp), primary_key=True)
    template_id: str = Field(primary_key=True, max_length=64)
    remaining: int
    updated_at: datetime = Field(sa_type=UtcDateTime)


class Call(Versioned, table=True):
    """A person whom no message reached: somebody of the firm or the grid rings them up."""

    __table_args__ = (
        Index("ix_call_audience", "scope_kind", "scope_id", "state", "created_at", "id"),
        Index("ix_call_state", "state", "created_at", "id"),
    )
    notice_id: UUID = Field(foreign_key="notice.id", unique=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    # Whose list it stands on: a firm's dispatcher's, a grid member's of an area, or the town's.
    scope_kind: ScopeKind = Field(sa_type=str_enum(ScopeKind))
    scope_id: UUID | None = None
    state: CallState = Field(default=CallState.OPEN, sa_type=str_enum(CallState))
    handled_by: UUID | None = Field(default=None, foreign_key="person.id")
    handled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


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
    # The second record where a task is about two (a merge).
    other_id: UUID | None = None
    title: str = Field(max_length=120)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: UUID | None = Field(default=None, foreign_key="person.id")
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # What was done, in the words of who ticked it off; only where no act of the system says it.
    note: str | None = Field(default=None, max_length=200)
