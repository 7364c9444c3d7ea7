"""Certificates, and declarations that go to an outside office."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Versioned
from app.rules.training.certificates import CertificateState
from app.rules.training.declarations import DeclarationKind, DeclarationState


class Certificate(Versioned, table=True):
    __table_args__ = (
        Index(
            "uq_certificate_held", "enrolment_id", unique=True,
            postgresql_where=sql.text("state = 'issued'"), sqlite_where=sql.text("state = 'issued'"),
        ),
        Index("ix_certificate_person", "person_id", "created_at", "id"),
        Index("ix_certificate_valid_to", "state", "expired", "valid_to"),
        Index("ix_certificate_class", "class_id", "created_at", "id"),
    )  # fmt: skip
    number: str = Field(max_length=30, unique=True)
    enrolment_id: UUID = Field(foreign_key="enrolment.id", index=True)
    class_id: UUID = Field(foreign_key="training_class.id")
    course_id: UUID = Field(foreign_key="course.id", index=True)
    person_id: UUID = Field(foreign_key="person.id")
    state: CertificateState = Field(default=CertificateState.ISSUED, sa_type=str_enum(CertificateState))
    # As printed; a changed name is a new certificate. NULL once the account is gone.
    name_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("name"))
    issued_on: date
    valid_to: date | None = None
    minutes: int
    score: int | None = None
    issued_by: UUID = Field(foreign_key="person.id")
    # Its time is over, and the profiles have been told.
    expired: bool = False
    supersedes_id: UUID | None = Field(default=None, foreign_key="certificate.id", index=True)
    ended_by: UUID | None = Field(default=None, foreign_key="person.id")
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("reason"))


class Declaration(Versioned, table=True):
    __table_args__ = (
        Index(
            "uq_declaration_open", "person_id", "kind", "occupation_code", unique=True,
            postgresql_where=sql.text("state NOT IN ('passed', 'failed', 'withdrawn')"),
            sqlite_where=sql.text("state NOT IN ('passed', 'failed', 'withdrawn')"),
        ),
        Index("ix_declaration_person", "person_id", "created_at", "id"),
        Index("ix_declaration_state", "state", "created_at", "id"),
    )  # fmt: skip
    person_id: UUID = Field(foreign_key="person.id")
    kind: DeclarationKind = Field(sa_type=str_enum(DeclarationKind))
    occupation_code: str = Field(max_length=20)
    # What is aimed at, e.g. “助理工程师” or “中级工”.
    target: str = Field(max_length=40)
    state: DeclarationState = Field(default=DeclarationState.DRAFT, sa_type=str_enum(DeclarationState))
    checked_by: UUID | None = Field(default=None, foreign_key="person.id")
    # Where it went and the number it has there.
    outside_office: str | None = Field(default=None, max_length=80)
    outside_number: str | None = Field(default=None, max_length=60)
    forwarded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("reason"))


class DeclarationPaper(Identified, table=True):
    """A paper given for one point of the list."""

    __table_args__ = (UniqueConstraint("declaration_id", "material", "file_id"),)
    declaration_id: UUID = Field(foreign_key="declaration.id")
    material: str = Field(max_length=40)
    file_id: UUID = Field(foreign_key="file.id", index=True)
