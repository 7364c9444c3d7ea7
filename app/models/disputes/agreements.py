"""Agreements with their versions, terms and signatures; the quarterly joint conference and its resolutions."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Versioned
from app.rules.disputes.agreements import AgreementForm, AgreementState, ConfirmationState, SignerKind, TermState
from app.rules.disputes.cases import MediationBody
from app.rules.disputes.conferences import ConferenceState
from app.rules.disputes.parties import ConsentWay


class CaseAgreement(Versioned, table=True):
    """A version of what was agreed; at most one is being signed or in effect."""

    __table_args__ = (
        UniqueConstraint("case_id", "number"),
        Index(
            "uq_case_agreement_current", "case_id", unique=True,
            postgresql_where=sql.text("state IN ('signing', 'effective')"),
            sqlite_where=sql.text("state IN ('signing', 'effective')"),
        ),
    )  # fmt: skip
    case_id: UUID = Field(foreign_key="dispute_case.id")
    # 1, 2, 3 … in its case.
    number: int
    form: AgreementForm = Field(sa_type=str_enum(AgreementForm))
    body: MediationBody = Field(sa_type=str_enum(MediationBody))
    state: AgreementState = Field(default=AgreementState.SIGNING, sa_type=str_enum(AgreementState))
    facts_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("facts"))
    responsibility_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("responsibility"))
    content_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("content"))
    manner_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("manner"))
    drafted_by: UUID = Field(foreign_key="person.id")
    effective_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    confirmation: ConfirmationState = Field(default=ConfirmationState.NONE, sa_type=str_enum(ConfirmationState))
    # The court's number, or why it did not confirm.
    court_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("court"))


class AgreementTerm(Versioned, table=True):
    """One promise: who, what, how much, until when. No promise without a date."""

    __table_args__ = (
        UniqueConstraint("agreement_id", "number"),
        CheckConstraint("amount_fen IS NULL OR amount_fen >= 0", name="amount"),
    )
    agreement_id: UUID = Field(foreign_key="case_agreement.id")
    number: int
    party_id: UUID = Field(foreign_key="case_party.id", index=True)
    to_party_id: UUID | None = Field(default=None, foreign_key="case_party.id", index=True)
    what_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("what"))
    amount_fen: int | None = None
    due_on: date
    state: TermState = Field(default=TermState.DUE, sa_type=str_enum(TermState))
    done_on: date | None = None


class AgreementSignature(Identified, table=True):
    __table_args__ = (UniqueConstraint("agreement_id", "signer_id"),)
    agreement_id: UUID = Field(foreign_key="case_agreement.id")
    kind: SignerKind = Field(sa_type=str_enum(SignerKind))
    # The party, the mediator's seat, or for the seal the case.
    signer_id: UUID
    way: ConsentWay = Field(sa_type=str_enum(ConsentWay))
    by_person_id: UUID = Field(foreign_key="person.id")


class Conference(Versioned, table=True):
    """党建联席会议 of a quarter: an agenda drafted from the figures, opened with what is not done."""

    title: str = Field(max_length=60)
    held_on: date
    state: ConferenceState = Field(default=ConferenceState.DRAFT, sa_type=str_enum(ConferenceState))
    # Of which days the figures are.
    first: date
    last: date
    # [{"told": …, "kind": "unfinished" | "figures" | "own"}]
    agenda: list[dict[str, Any]] = Field(sa_type=JSON)
    called_by: UUID = Field(foreign_key="person.id")
    # Minutes go upward: when, to whom.
    reported_on: date | None = None
    reported_to: str | None = Field(default=None, max_length=60)


class ConferenceResolution(Identified, table=True):
    """What was resolved; done when its task is."""

    __table_args__ = (UniqueConstraint("conference_id", "number"),)
    conference_id: UUID = Field(foreign_key="conference.id")
    number: int
    words: str = Field(max_length=300)
    responsible: str = Field(max_length=60)
    due_on: date
