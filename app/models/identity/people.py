"""People, their WeChat identities and sessions, appointments, consents, audit."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from app.core.columns import UtcDateTime, str_enum
from app.models.base import Identified, Table, Versioned
from app.rules.identity import ConsentPurpose, Role, ScopeKind, WechatApp


class Person(Versioned, table=True):
    """One human, in both mini-programs. Personal values are sealed; a keyed hash stands where equality is needed."""

    unionid: str | None = Field(default=None, max_length=64, unique=True)
    name_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone_hash: str | None = Field(default=None, max_length=64, index=True)
    birth_date_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)


class WechatIdentity(Identified, table=True):
    """An openid belongs to one mini-program; messages and content checks need the one of the same app."""

    __table_args__ = (UniqueConstraint("app", "openid"), UniqueConstraint("person_id", "app"))
    person_id: UUID = Field(foreign_key="person.id")
    app: WechatApp = Field(sa_type=str_enum(WechatApp))
    openid: str = Field(max_length=64)


class LoginCode(Table, table=True):
    """A login code in use, so that the same code sent many times at once makes at most one session."""

    code_hash: str = Field(primary_key=True, max_length=64)
    app: WechatApp = Field(sa_type=str_enum(WechatApp))
    claimed_at: datetime = Field(sa_type=UtcDateTime, index=True)
    # The code made a session: from now on it is a used code.
    used: bool = False


class LoginSession(Identified, table=True):
    person_id: UUID = Field(foreign_key="person.id", index=True)
    app: WechatApp = Field(sa_type=str_enum(WechatApp))
    login_code_hash: str | None = Field(default=None, max_length=64, unique=True)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Appointment(Versioned, table=True):
    """任职: a role within a scope, from a day to a day. Ending one works on the next call in every process."""

    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
        Index("ix_appointment_scope", "scope_kind", "scope_id"),
    )
    person_id: UUID = Field(foreign_key="person.id", index=True)
    role: Role = Field(sa_type=str_enum(Role))
    scope_kind: ScopeKind = Field(sa_type=str_enum(ScopeKind))
    scope_id: UUID | None = None
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Why this person holds it: an act of the town in words, or what in the system gave it.
    source: str = Field(max_length=200)
    appointed_by: UUID | None = Field(default=None, foreign_key="person.id")


class ClaimCode(Identified, table=True):
    """A single-use code with which a person claims a seeded roster record, and a first role with it at bootstrap."""

    code_hash: str = Field(max_length=64, unique=True)
    # Open at bootstrap: the name in the claim picks the record.
    roster_person_id: UUID | None = Field(default=None, foreign_key="roster_person.id", index=True)
    grants_role: Role | None = Field(default=None, sa_type=str_enum(Role))
    expires_at: datetime = Field(sa_type=UtcDateTime)
    issued_by: UUID | None = Field(default=None, foreign_key="person.id")
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    used_by: UUID | None = Field(default=None, foreign_key="person.id")


class Consent(Identified, table=True):
    __table_args__ = (Index("ix_consent_person_purpose", "person_id", "purpose"),)
    person_id: UUID = Field(foreign_key="person.id")
    purpose: ConsentPurpose = Field(sa_type=str_enum(ConsentPurpose))
    policy_version: str = Field(max_length=20)
    app: WechatApp = Field(sa_type=str_enum(WechatApp))
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AuditEntry(Identified, table=True):
    """Append-only: who did which security-relevant act to what. Ids and codes only, no personal data."""

    actor_id: UUID | None = Field(default=None, index=True)
    act: str = Field(max_length=60)
    subject_kind: str = Field(max_length=40)
    subject_id: str = Field(max_length=40)
    details: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
