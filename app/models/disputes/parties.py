"""X: the parties with their claims, what they say and show, and who stands for them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Versioned
from app.rules.disputes.parties import (
    CasePartyKind,
    CasePartyState,
    CaseSide,
    ConsentWay,
    PartyConsent,
    RepresentativeKind,
    RepresentativeState,
)


class CaseParty(Versioned, table=True):
    """Each has a claim, an amount and a consent of its own, also among many."""

    __table_args__ = (
        UniqueConstraint("case_id", "person_id"),
        UniqueConstraint("case_id", "enterprise_id"),
        CheckConstraint("claim_fen IS NULL OR claim_fen >= 0", name="claim"),
        CheckConstraint("satisfaction IS NULL OR satisfaction BETWEEN 1 AND 5", name="satisfaction"),
        Index("ix_case_party_case", "case_id", "state"),
    )
    case_id: UUID = Field(foreign_key="dispute_case.id")
    side: CaseSide = Field(sa_type=str_enum(CaseSide))
    kind: CasePartyKind = Field(sa_type=str_enum(CasePartyKind))
    person_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    enterprise_id: UUID | None = Field(default=None, foreign_key="enterprise.id", index=True)
    area_id: UUID | None = Field(default=None, foreign_key="area.id", index=True)
    # As given by whoever opened the case, for parties that are not registered.
    name_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("name"))
    phone_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("phone"))
    state: CasePartyState = Field(default=CasePartyState.ACTIVE, sa_type=str_enum(CasePartyState))
    consent: PartyConsent = Field(default=PartyConsent.PENDING, sa_type=str_enum(PartyConsent))
    consent_way: ConsentWay | None = Field(default=None, sa_type=str_enum(ConsentWay))
    consented_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    claim_fen: int | None = None
    claim_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("claim"))
    # JSON: what gigs or the posting had on record when the case was opened.
    facts_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("facts"))
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # 1 to 5, and a word about it, after the end.
    satisfaction: int | None = None
    satisfaction_sealed: bytes | None = Field(
        default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("satisfaction")
    )


class CaseStatement(Versioned, table=True):
    __table_args__ = (Index("ix_case_statement_case", "case_id", "created_at", "id"),)
    case_id: UUID = Field(foreign_key="dispute_case.id")
    party_id: UUID = Field(foreign_key="case_party.id", index=True)
    words_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("words"))
    # Made for the sake of an agreement: not for later use (特邀调解规定 第二十二条).
    concession: bool = False
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    by_person_id: UUID = Field(foreign_key="person.id")
    way: ConsentWay = Field(default=ConsentWay.SELF, sa_type=str_enum(ConsentWay))


class CaseEvidence(Versioned, table=True):
    __table_args__ = (
        UniqueConstraint("case_id", "file_id"),
        Index("ix_case_evidence_case", "case_id", "created_at", "id"),
    )
    case_id: UUID = Field(foreign_key="dispute_case.id")
    party_id: UUID = Field(foreign_key="case_party.id", index=True)
    file_id: UUID = Field(foreign_key="file.id", index=True)
    about_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("about"))
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    by_person_id: UUID = Field(foreign_key="person.id")


class PartyRepresentative(Versioned, table=True):
    """By one party, of one person, revocable; conceding is an authority of its own."""

    __table_args__ = (
        Index(
            "uq_party_representative_current", "party_id", unique=True,
            postgresql_where=sql.text("state = 'active'"), sqlite_where=sql.text("state = 'active'"),
        ),
        Index("ix_party_representative_case", "case_id", "state"),
    )  # fmt: skip
    case_id: UUID = Field(foreign_key="dispute_case.id")
    party_id: UUID = Field(foreign_key="case_party.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    kind: RepresentativeKind = Field(sa_type=str_enum(RepresentativeKind))
    may_concede: bool = False
    state: RepresentativeState = Field(default=RepresentativeState.ACTIVE, sa_type=str_enum(RepresentativeState))
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CaseVote(Identified, table=True):
    """One party's word on a seat, or on an extension."""

    __table_args__ = (UniqueConstraint("subject_id", "party_id"),)
    case_id: UUID = Field(foreign_key="dispute_case.id", index=True)
    # The seat; for an extension the event that asks.
    subject_id: UUID
    party_id: UUID = Field(foreign_key="case_party.id", index=True)
    agree: bool
    way: ConsentWay = Field(sa_type=str_enum(ConsentWay))
    by_person_id: UUID = Field(foreign_key="person.id")
