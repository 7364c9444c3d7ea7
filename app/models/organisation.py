"""The three areas, their grids, enterprises, party organisations, liaison, the task force, and what was seeded."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Table, Versioned
from app.rules.identity.roles import Role
from app.rules.organisation import (
    AreaKind,
    CivicBodyKind,
    EnterpriseClaimState,
    EnterpriseKind,
    EnterpriseState,
    LiaisonRole,
    LiaisonState,
    LicenceKind,
    PlanItemKind,
    SuspensionState,
    TaskForceRole,
    VerifiedHow,
)


class Area(Versioned, table=True):
    name: str = Field(max_length=60, unique=True)
    kind: AreaKind = Field(sa_type=str_enum(AreaKind))
    section: str = Field(max_length=20)


class Grid(Versioned, table=True):
    """A unit grid. The plan gives neither names nor leaders: both stay NULL until the town says."""

    __table_args__ = (UniqueConstraint("area_id", "number"),)
    area_id: UUID = Field(foreign_key="area.id")
    number: int
    name: str | None = Field(default=None, max_length=60)
    leader_id: UUID | None = Field(default=None, foreign_key="roster_person.id", index=True)


class RosterPerson(Versioned, table=True):
    """A person printed in the public rosters: an unclaimed record until they claim it themselves. Gives no right."""

    name: str = Field(max_length=40, unique=True)
    person_id: UUID | None = Field(default=None, foreign_key="person.id", unique=True)
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TaskForceMember(Versioned, table=True):
    """Annex 1: the work team (专班), in printed order."""

    seq: int = Field(unique=True)
    roster_person_id: UUID = Field(foreign_key="roster_person.id", index=True)
    role: TaskForceRole = Field(sa_type=str_enum(TaskForceRole))
    post: str = Field(max_length=80)


class Enterprise(Versioned, table=True):
    name: str = Field(max_length=80, unique=True)
    kind: EnterpriseKind = Field(default=EnterpriseKind.EMPLOYER, sa_type=str_enum(EnterpriseKind))
    state: EnterpriseState = Field(default=EnterpriseState.DRAFT, sa_type=str_enum(EnterpriseState), index=True)
    uscc: str | None = Field(default=None, max_length=18, unique=True)
    address: str | None = Field(default=None, max_length=120)
    area_id: UUID | None = Field(default=None, foreign_key="area.id", index=True)
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    approved_by: UUID | None = Field(default=None, foreign_key="person.id")
    verified_how: VerifiedHow | None = Field(default=None, sa_type=str_enum(VerifiedHow))
    verified_until: date | None = Field(default=None, index=True)
    # A firm that nobody seeded: who registered it, for whom they act, and why it came back.
    registered_by: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    handler_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("handler"))
    licence_valid_to: date | None = None
    authorisation_valid_to: date | None = None
    returned_because: str | None = Field(default=None, max_length=200)


class EnterpriseLicence(Versioned, table=True):
    """An agency's permit; it publishes only while one is valid."""

    __table_args__ = (UniqueConstraint("enterprise_id", "kind"),)
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    kind: LicenceKind = Field(sa_type=str_enum(LicenceKind))
    number: str = Field(max_length=60)
    valid_to: date
    file_id: UUID = Field(foreign_key="file.id", index=True)
    verified_by: UUID | None = Field(default=None, foreign_key="person.id")
    verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class EnterpriseSuspension(Versioned, table=True):
    """A firm taken off the lists: on what basis, what it says to that, how it ended."""

    __table_args__ = (
        Index(
            "uq_enterprise_suspension_current", "enterprise_id", unique=True,
            postgresql_where=sql.text("state <> 'lifted'"), sqlite_where=sql.text("state <> 'lifted'"),
        ),
    )  # fmt: skip
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    state: SuspensionState = Field(default=SuspensionState.IN_FORCE, sa_type=str_enum(SuspensionState))
    # Rule or law with article.
    basis: str = Field(max_length=200)
    evidence_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("evidence"))
    suspended_by: UUID = Field(foreign_key="person.id")
    appeal_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("appeal"))
    appealed_by: UUID | None = Field(default=None, foreign_key="person.id")
    appealed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("answer"))
    answered_by: UUID | None = Field(default=None, foreign_key="person.id")
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MemberInvite(Identified, table=True):
    """A single-use code with which a colleague joins a firm."""

    enterprise_id: UUID = Field(foreign_key="enterprise.id", index=True)
    role: Role = Field(sa_type=str_enum(Role))
    code_hash: str = Field(max_length=64, unique=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    # Until when the colleague's right lasts; NULL: open.
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)
    issued_by: UUID = Field(foreign_key="person.id")
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    used_by: UUID | None = Field(default=None, foreign_key="person.id")


class EnterpriseName(Identified, table=True):
    """Another name under which a source speaks of the same firm: an inference, with its source."""

    name: str = Field(max_length=80, unique=True)
    enterprise_id: UUID = Field(foreign_key="enterprise.id", index=True)
    source: str = Field(max_length=60)


class EnterpriseClaim(Versioned, table=True):
    """A person says: I recruit for this firm, and here is its credit code."""

    __table_args__ = (
        Index(
            "uq_enterprise_claim_pending", "enterprise_id", "person_id", unique=True,
            postgresql_where=sql.text("state = 'submitted'"), sqlite_where=sql.text("state = 'submitted'"),
        ),
    )  # fmt: skip
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    uscc: str = Field(max_length=18)
    # What the claimant adds for the reviewer, e.g. that the papers are shown at the counter.
    note: str = Field(default="", max_length=200)
    role: Role = Field(default=Role.RECRUITER, sa_type=str_enum(Role))
    licence_file_id: UUID | None = Field(default=None, foreign_key="file.id", index=True)
    authorisation_file_id: UUID | None = Field(default=None, foreign_key="file.id", index=True)
    # The right that the claim brings ends with the letter that gives it.
    authorisation_valid_to: date | None = None
    state: EnterpriseClaimState = Field(
        default=EnterpriseClaimState.SUBMITTED, sa_type=str_enum(EnterpriseClaimState), index=True
    )
    reviewed_by: UUID | None = Field(default=None, foreign_key="person.id")
    reviewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str | None = Field(default=None, max_length=200)


class CivicBody(Versioned, table=True):
    """What stands behind a party organisation that is no enterprise: a joint branch, a park, a social organisation."""

    name: str = Field(max_length=80, unique=True)
    kind: CivicBodyKind = Field(sa_type=str_enum(CivicBodyKind))
    other_name: str | None = Field(default=None, max_length=80)


class PartyOrganisation(Versioned, table=True):
    """Annex 2. Membership of the party is sensitive: only what the public roster prints is stored."""

    __table_args__ = (CheckConstraint("(enterprise_id IS NULL) <> (civic_body_id IS NULL)", name="one_host"),)
    seq: int = Field(unique=True)
    name: str = Field(max_length=80, unique=True)
    secretary_id: UUID = Field(foreign_key="roster_person.id", index=True)
    # The column 书记及电话 carries no numbers in the public text: unknown.
    secretary_phone: str | None = Field(default=None, max_length=20)
    confirmed_by: UUID | None = Field(default=None, foreign_key="person.id")
    address: str = Field(max_length=120)
    enterprise_id: UUID | None = Field(default=None, foreign_key="enterprise.id", index=True)
    civic_body_id: UUID | None = Field(default=None, foreign_key="civic_body.id", index=True)


class LiaisonLink(Versioned, table=True):
    """挂钩: who of the town stands beside which party organisation, dated."""

    __table_args__ = (
        Index(
            "uq_liaison_link_current", "party_organisation_id", "role", unique=True,
            postgresql_where=sql.text("valid_to IS NULL"), sqlite_where=sql.text("valid_to IS NULL"),
        ),
        CheckConstraint("(state = 'unknown') = (roster_person_id IS NULL)", name="unknown_is_empty"),
    )  # fmt: skip
    party_organisation_id: UUID = Field(foreign_key="party_organisation.id")
    role: LiaisonRole = Field(sa_type=str_enum(LiaisonRole))
    state: LiaisonState = Field(sa_type=str_enum(LiaisonState))
    roster_person_id: UUID | None = Field(default=None, foreign_key="roster_person.id", index=True)
    # What the merged cell of the printed table most likely said: an inference for staff to confirm, never a fact.
    suggested_person_id: UUID | None = Field(default=None, foreign_key="roster_person.id", index=True)
    confirmed_by: UUID | None = Field(default=None, foreign_key="person.id")
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Figure(Versioned, table=True):
    """A figure as the plan states it, with the section it stands in."""

    __table_args__ = (UniqueConstraint("subject", "figure"),)
    subject: str = Field(max_length=80)
    figure: str = Field(max_length=120)
    value: str = Field(max_length=40)
    unit: str = Field(max_length=60)
    section: str = Field(max_length=20)


class PlanItem(Versioned, table=True):
    """Something that the plan names: a course brand, a competition, a team, a partner, a need."""

    __table_args__ = (UniqueConstraint("kind", "name"),)
    kind: PlanItemKind = Field(sa_type=str_enum(PlanItemKind))
    name: str = Field(max_length=120)
    section: str = Field(max_length=20)
    note: str = Field(default="", max_length=200)


class SeedRecord(Table, table=True):
    """What a seed file said of a row when it was last loaded, so that loading again changes only what changed."""

    dataset: str = Field(primary_key=True, max_length=40)
    key: str = Field(primary_key=True, max_length=200)
    content: dict[str, Any] = Field(sa_type=JSON)
    target_id: UUID = Field(index=True)
    # The target's version when we last wrote it: a higher one means that the town has edited the row since.
    target_version: int
    loaded_at: datetime = Field(sa_type=UtcDateTime)


class SeedHistory(Identified, table=True):
    """The content that a changed seed row replaced."""

    dataset: str = Field(max_length=40)
    key: str = Field(max_length=200)
    content: dict[str, Any] = Field(sa_type=JSON)
