"""Uploaded files, what they are used for, and the checks of what people publish."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Table, Versioned
from app.rules.common.content import ContentKind, ReviewState, Verdict
from app.rules.common.files import FileKind, FilePurpose, FileState
from app.rules.identity.apps import ClientApp, WechatApp


class File(Versioned, table=True):
    """An upload. The object lies in the store under a made-up name, encrypted with a key of its own."""

    __table_args__ = (Index("ix_file_orphan", "bound", "created_at"),)
    owner_id: UUID = Field(foreign_key="person.id", index=True)
    app: ClientApp = Field(sa_type=str_enum(ClientApp))
    purpose: FilePurpose = Field(sa_type=str_enum(FilePurpose))
    kind: FileKind = Field(sa_type=str_enum(FileKind))
    state: FileState = Field(sa_type=str_enum(FileState))
    media_type: str = Field(max_length=80)
    size: int
    width: int | None = None
    height: int | None = None
    # NULL once the object is gone: refused, revoked or deleted. The row stays where others refer to it.
    object_name: str | None = Field(default=None, max_length=80)
    key_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("key"))
    refused_because: str | None = Field(default=None, max_length=120)
    # False: no form names it yet; such a file goes after a day.
    bound: bool = False


class FileUse(Table, table=True):
    """Which thing a file belongs to: decides who may see it."""

    file_id: UUID = Field(foreign_key="file.id", primary_key=True)
    subject_kind: str = Field(primary_key=True, max_length=40)
    subject_id: UUID = Field(primary_key=True, index=True)


class MediaCheck(Identified, table=True):
    """An image handed to mediaCheckAsync; the verdict comes as a push event with its trace id."""

    __table_args__ = (UniqueConstraint("app", "trace_id"),)
    file_id: UUID = Field(foreign_key="file.id", index=True)
    app: WechatApp = Field(sa_type=str_enum(WechatApp))
    trace_id: str = Field(max_length=100)
    verdict: Verdict | None = Field(default=None, sa_type=str_enum(Verdict))
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PushEvent(Identified, table=True):
    """An event as WeChat pushed it, stored before it is answered; handled by the worker. Sealed: it names people."""

    app: WechatApp = Field(sa_type=str_enum(WechatApp))
    event: str = Field(max_length=60)
    dedupe_key: str = Field(max_length=200, unique=True)
    # A verdict may come before our own row with its trace id has been committed.
    trace_id: str | None = Field(default=None, max_length=100, index=True)
    payload_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("payload"))
    handled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ContentReview(Versioned, table=True):
    """Something held for a second person: a doubtful image, or a text that WeChat could not be asked about."""

    __table_args__ = (UniqueConstraint("subject_kind", "subject_id"),)
    kind: ContentKind = Field(sa_type=str_enum(ContentKind))
    subject_kind: str = Field(max_length=40)
    subject_id: UUID
    author_id: UUID = Field(foreign_key="person.id", index=True)
    held_because: str = Field(max_length=200)
    state: ReviewState = Field(default=ReviewState.OPEN, sa_type=str_enum(ReviewState), index=True)
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    note: str | None = Field(default=None, max_length=200)
