"""Classes, their sessions, and who comes: enrolment, groups, marks, feedback."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Versioned
from app.rules.training.attendance import MarkWay, SessionMark
from app.rules.training.classes import ClassState
from app.rules.training.enrolments import EnrolmentState, GroupMode


class TrainingClass(Versioned, table=True):
    """A class. Locked by whatever gives or frees a seat, so that seats and the list are decided one after the other."""

    __table_args__ = (
        CheckConstraint("taken >= 0 AND offered >= 0 AND taken + offered <= capacity", name="seats"),
        CheckConstraint("capacity > 0", name="capacity"),
        Index("ix_training_class_state", "state", "first_at", "id"),
        Index("ix_training_class_first_at", "first_at", "id"),
        Index("ix_training_class_provider", "provider_id", "first_at"),
    )
    course_id: UUID = Field(foreign_key="course.id", index=True)
    pool_id: UUID | None = Field(default=None, foreign_key="demand_pool.id", index=True)
    title: str = Field(max_length=60)
    state: ClassState = Field(default=ClassState.DRAFT, sa_type=str_enum(ClassState))
    provider_id: UUID | None = Field(default=None, foreign_key="training_provider.id")
    # A firm's own class (订单班, 专场): nobody else may enter it.
    only_enterprise_id: UUID | None = Field(default=None, foreign_key="enterprise.id", index=True)
    capacity: int
    taken: int = 0
    offered: int = 0
    # The number that the next entry of the list gets; whoever is moved up gets one from below zero.
    next_place: int = Field(default=1, sa_type=BigInteger)
    first_place: int = Field(default=0, sa_type=BigInteger)
    needs_approval: bool = False
    enrol_until: datetime = Field(sa_type=UtcDateTime)
    # Of the sessions: the first begins, the last ends; minutes of all of them.
    first_at: datetime = Field(sa_type=UtcDateTime)
    last_at: datetime = Field(sa_type=UtcDateTime)
    minutes: int = 0
    # What the whole class costs the town or the firm.
    cost_fen: int = 0
    subsidised: bool = False
    filing_number: str | None = Field(default=None, max_length=60)
    cancelled_because: str | None = Field(default=None, max_length=200)
    created_by: UUID = Field(foreign_key="person.id")
    approved_by: UUID | None = Field(default=None, foreign_key="person.id")


class ClassSession(Versioned, table=True):
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="period"),
        UniqueConstraint("class_id", "number"),
        Index("ix_class_session_trainer", "trainer_id", "starts_at"),
        Index("ix_class_session_venue", "venue", "starts_at"),
        Index("ix_class_session_starts_at", "starts_at"),
    )
    class_id: UUID = Field(foreign_key="training_class.id")
    number: int
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    venue: str = Field(max_length=80)
    trainer_id: UUID | None = Field(default=None, foreign_key="person.id")
    topic: str = Field(default="", max_length=80)


class EntryGroup(Versioned, table=True):
    """People whom a firm enters together."""

    __table_args__ = (Index("ix_entry_group_enterprise", "enterprise_id", "created_at", "id"),)
    class_id: UUID = Field(foreign_key="training_class.id", index=True)
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    mode: GroupMode = Field(sa_type=str_enum(GroupMode))
    heads: int
    made_by: UUID = Field(foreign_key="person.id")


class Enrolment(Versioned, table=True):
    __table_args__ = (
        Index(
            "uq_enrolment_running", "class_id", "person_id", unique=True,
            postgresql_where=sql.text(
                "state NOT IN ('refused', 'lapsed', 'declined', 'withdrawn', 'class_cancelled')"
            ),
            sqlite_where=sql.text("state NOT IN ('refused', 'lapsed', 'declined', 'withdrawn', 'class_cancelled')"),
        ),
        Index(
            "ix_enrolment_waiting", "class_id", "place",
            postgresql_where=sql.text("state = 'waitlisted'"), sqlite_where=sql.text("state = 'waitlisted'"),
        ),
        Index(
            "ix_enrolment_offers", "offered_until",
            postgresql_where=sql.text("state = 'offered'"), sqlite_where=sql.text("state = 'offered'"),
        ),
        Index("ix_enrolment_person", "person_id", "created_at", "id"),
        Index("ix_enrolment_class", "class_id", "state", "created_at", "id"),
        Index("ix_enrolment_enterprise", "enterprise_id", "created_at", "id"),
        CheckConstraint("score IS NULL OR score BETWEEN 0 AND 100", name="score"),
        CheckConstraint("state <> 'offered' OR offered_until IS NOT NULL", name="offer"),
        CheckConstraint("state <> 'waitlisted' OR place IS NOT NULL", name="waiting"),
    )  # fmt: skip
    class_id: UUID = Field(foreign_key="training_class.id")
    person_id: UUID = Field(foreign_key="person.id")
    state: EnrolmentState = Field(default=EnrolmentState.REQUESTED, sa_type=str_enum(EnrolmentState))
    group_id: UUID | None = Field(default=None, foreign_key="entry_group.id", index=True)
    # The firm that made the entry: it sees this one and no other.
    enterprise_id: UUID | None = Field(default=None, foreign_key="enterprise.id")
    # The place on the list, lower first; all of a group that comes together have the same.
    place: int | None = Field(default=None, sa_type=BigInteger)
    jump_reason_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("jump_reason"))
    jumped_by: UUID | None = Field(default=None, foreign_key="person.id")
    offered_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    enrolled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    reason_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("reason"))
    # The result: minutes from the marks, points of a hundred, and the sentence with both.
    minutes: int | None = None
    score: int | None = None
    told: str | None = Field(default=None, max_length=120)


class AttendanceMark(Versioned, table=True):
    """What is known of one person at one session; no row: not marked."""

    __table_args__ = (UniqueConstraint("session_id", "enrolment_id"), CheckConstraint("minutes >= 0", name="minutes"))
    session_id: UUID = Field(foreign_key="class_session.id")
    enrolment_id: UUID = Field(foreign_key="enrolment.id", index=True)
    mark: SessionMark = Field(sa_type=str_enum(SessionMark))
    minutes: int
    way: MarkWay = Field(sa_type=str_enum(MarkWay))
    marked_by: UUID = Field(foreign_key="person.id")
    reason_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("reason"))


class ClassFeedback(Identified, table=True):
    __table_args__ = (
        UniqueConstraint("class_id", "person_id"),
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
    )
    class_id: UUID = Field(foreign_key="training_class.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    score: int
    words_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("words"))
