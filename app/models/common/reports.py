"""举报 and share codes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, sql
from sqlmodel import Field

from app.core.columns import Table, UtcDateTime, sealed, str_enum
from app.models.base import Versioned
from app.rules.common.reports import ReportReason, ReportState, ReportSubject
from app.rules.common.sharing import ShareKind
from app.rules.identity.apps import WechatApp


class Report(Versioned, table=True):
    """What a person reports, the clock that runs, and the answer."""

    __table_args__ = (
        Index(
            "uq_report_open", "reporter_id", "subject_kind", "subject_id", unique=True,
            postgresql_where=sql.text("state IN ('submitted', 'handling')"),
            sqlite_where=sql.text("state IN ('submitted', 'handling')"),
        ),
        Index("ix_report_state_due", "state", "due_at", "id"),
        Index("ix_report_subject", "subject_kind", "subject_id"),
        Index("ix_report_reporter", "reporter_id", "created_at", "id"),
    )  # fmt: skip
    reporter_id: UUID = Field(foreign_key="person.id")
    subject_kind: ReportSubject = Field(sa_type=str_enum(ReportSubject))
    subject_id: UUID
    reason: ReportReason = Field(sa_type=str_enum(ReportReason))
    text_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("text"))
    state: ReportState = Field(default=ReportState.SUBMITTED, sa_type=str_enum(ReportState))
    first_due_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    # A due date across a year whose holidays are not yet published may move.
    due_provisional: bool = False
    taken_by: UUID | None = Field(default=None, foreign_key="person.id")
    taken_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reply_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("reply"))
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ShareCode(Table, table=True):
    """Ten base-32 characters → kind, target, mini-program."""

    code: str = Field(primary_key=True, max_length=10)
    kind: ShareKind = Field(sa_type=str_enum(ShareKind))
    target_id: UUID = Field(index=True)
    app: WechatApp = Field(sa_type=str_enum(WechatApp))
    created_by: UUID = Field(foreign_key="person.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
