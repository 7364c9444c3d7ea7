"""Consents, acting for one another, what the law keeps, and the audit log."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Table, Versioned
from app.rules.identity.apps import ClientApp
from app.rules.identity.consents import ConsentMethod, ConsentPurpose
from app.rules.identity.onbehalf import RepresentationKind, RepresentationState
from app.rules.identity.privacy import RetentionClass


class Consent(Identified, table=True):
    __table_args__ = (Index("ix_consent_person_purpose", "person_id", "purpose"),)
    person_id: UUID = Field(foreign_key="person.id")
    purpose: ConsentPurpose = Field(sa_type=str_enum(ConsentPurpose))
    policy_version: str = Field(max_length=20)
    app: ClientApp = Field(sa_type=str_enum(ClientApp))
    method: ConsentMethod = Field(default=ConsentMethod.SELF, sa_type=str_enum(ConsentMethod))
    representation_id: UUID | None = Field(default=None, foreign_key="representation.id", index=True)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Representation(Versioned, table=True):
    """代办: who may act for whom, in which affairs, on what recorded consent, from when to when."""

    __table_args__ = (
        CheckConstraint("valid_to > valid_from", name="period"),
        CheckConstraint("agent_id IS NULL OR agent_id <> person_id", name="two_people"),
    )
    person_id: UUID = Field(foreign_key="person.id", index=True)
    # NULL while the person's code waits for the relative.
    agent_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    kind: RepresentationKind = Field(sa_type=str_enum(RepresentationKind))
    state: RepresentationState = Field(sa_type=str_enum(RepresentationState))
    scopes: list[str] = Field(default_factory=list, sa_type=JSON)
    method: ConsentMethod = Field(sa_type=str_enum(ConsentMethod))
    text_version: str = Field(max_length=20)
    # Where a recording lies, who was present: in the words of whoever took the consent.
    note_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("note"))
    evidence_file_id: UUID | None = Field(default=None, foreign_key="file.id", index=True)
    code_hash: str | None = Field(default=None, max_length=64, unique=True)
    code_expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_by: UUID | None = Field(default=None, foreign_key="person.id")


class AssistedAct(Identified, table=True):
    """One thing done for a person by an agent; the person is told and can undo it."""

    __table_args__ = (Index("ix_assisted_act_person", "person_id", "created_at", "id"),)
    representation_id: UUID = Field(foreign_key="representation.id", index=True)
    person_id: UUID = Field(foreign_key="person.id")
    agent_id: UUID = Field(foreign_key="person.id")
    operation: str = Field(max_length=80)
    subject_kind: str = Field(max_length=40)
    subject_id: UUID
    # The subject's version after the act: undoing must not undo what the person has changed since.
    subject_version: int
    # The content before the act as JSON; NULL where the act made the row.
    before_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("before"))
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    undone_by: UUID | None = Field(default=None, foreign_key="person.id")


class OwnCode(Identified, table=True):
    """A code sent to the represented person alone, which the agent must be told: the person's own word for one act."""

    representation_id: UUID = Field(foreign_key="representation.id", index=True)
    operation: str = Field(max_length=80)
    code_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("code"))
    expires_at: datetime = Field(sa_type=UtcDateTime)
    tries: int = 0
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RetainedRecord(Identified, table=True):
    """What the law keeps of a deleted account: sealed, out of use, gone after `keep_until`."""

    person_id: UUID = Field(foreign_key="person.id", index=True)
    retention_class: RetentionClass = Field(sa_type=str_enum(RetentionClass))
    content_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("content"))
    keep_until: date = Field(index=True)


class AuditEntry(Identified, table=True):
    """Append-only: who did which security-relevant act to what. Ids and codes only, no personal data.

    The database refuses changes (triggers, migration 0004); `seq` and `chain` are set once, by the sealing worker.
    """

    __table_args__ = (
        Index(
            "ix_audit_entry_unsealed", "created_at", "id",
            postgresql_where=sql.text("seq IS NULL"), sqlite_where=sql.text("seq IS NULL"),
        ),
        Index("ix_audit_entry_subject", "subject_id", "subject_kind"),
    )  # fmt: skip
    actor_id: UUID | None = Field(default=None, index=True)
    act: str = Field(max_length=60)
    subject_kind: str = Field(max_length=40)
    subject_id: str = Field(max_length=40)
    details: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    seq: int | None = Field(default=None, unique=True)
    chain: str | None = Field(default=None, max_length=64)


class AuditHead(Table, table=True):
    """The end of the chain and its beginning after a purge; one row, itself under a keyed hash."""

    id: int = Field(primary_key=True)
    seq: int
    chain: str = Field(max_length=64)
    base_seq: int
    base_chain: str = Field(max_length=64)
    mac: str = Field(max_length=64)
    sealed_at: datetime = Field(sa_type=UtcDateTime)
