"""就业摸底: question sets, waves, households, who goes where, answers and what is counted of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, LargeBinary, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Table, Versioned
from app.rules.identity.consents import ConsentMethod
from app.rules.jobs.surveys import (
    HouseholdSource,
    HouseholdState,
    QuestionKind,
    SurveyAgeBand,
    SurveyOutcome,
    SurveyUnit,
    SurveyWaveState,
)


class SurveyQuestion(Versioned, table=True):
    """One question of one dated version of the set."""

    __table_args__ = (UniqueConstraint("questions_version", "key"),)
    questions_version: str = Field(max_length=20)
    key: str = Field(max_length=40)
    seq: int
    kind: QuestionKind = Field(sa_type=str_enum(QuestionKind))
    label: str = Field(max_length=100)
    required: bool
    # Asked only where that other question was answered with one of these codes, separated by "|".
    only_if_key: str | None = Field(default=None, max_length=40)
    only_if_codes: str | None = Field(default=None, max_length=200)
    minimum: int | None = None
    maximum: int | None = None
    effective_from: date
    source: str = Field(max_length=300)


class SurveyOption(Versioned, table=True):
    __table_args__ = (UniqueConstraint("questions_version", "question_key", "code"),)
    questions_version: str = Field(max_length=20)
    question_key: str = Field(max_length=40)
    code: str = Field(max_length=40)
    seq: int
    label: str = Field(max_length=60)


class SurveyWave(Versioned, table=True):
    name: str = Field(max_length=60)
    unit: SurveyUnit = Field(sa_type=str_enum(SurveyUnit))
    questions_version: str = Field(max_length=20)
    opens_on: date
    closes_on: date
    state: SurveyWaveState = Field(default=SurveyWaveState.DRAFT, sa_type=str_enum(SurveyWaveState), index=True)
    created_by: UUID = Field(foreign_key="person.id")
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # What was published, small cells hidden; all that is left once the answers are gone.
    statistics: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    # The last day on which the answers are kept.
    keep_until: date | None = Field(default=None, index=True)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SurveyHousehold(Versioned, table=True):
    """A household as the survey knows it: where, and from where it is known. Nobody's name."""

    # One row per address of a grid: two devices that met the same door mean the same household.
    __table_args__ = (UniqueConstraint("grid_id", "address_hash"),)
    client_id: UUID = Field(unique=True)
    grid_id: UUID = Field(foreign_key="grid.id")
    address_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("address"))
    address_hash: str = Field(max_length=64)
    source: HouseholdSource = Field(sa_type=str_enum(HouseholdSource))
    state: HouseholdState = Field(default=HouseholdState.LIVED_IN, sa_type=str_enum(HouseholdState))
    recorded_by: UUID = Field(foreign_key="person.id")


class SurveyAssignment(Identified, table=True):
    """Who goes through which grid in a wave. `assigned_by` NULL: it follows from the person's appointment."""

    __table_args__ = (UniqueConstraint("wave_id", "grid_id", "person_id"),)
    wave_id: UUID = Field(foreign_key="survey_wave.id")
    grid_id: UUID = Field(foreign_key="grid.id", index=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    assigned_by: UUID | None = Field(default=None, foreign_key="person.id")


class SurveyAnswer(Versioned, table=True):
    """One visit: how it ended and, where somebody agreed to answer, what they said; sealed but for what is counted."""

    __table_args__ = (
        Index(
            "uq_survey_answer_member", "wave_id", "household_id", "member_no", unique=True,
            postgresql_where=sql.text("outcome = 'answered'"), sqlite_where=sql.text("outcome = 'answered'"),
        ),
        Index("ix_survey_answer_wave", "wave_id", "household_id"),
        Index("ix_survey_answer_household", "household_id", "wave_id"),
    )  # fmt: skip
    wave_id: UUID = Field(foreign_key="survey_wave.id")
    household_id: UUID = Field(foreign_key="survey_household.id")
    # Made by the device; stays with the row for ever, so that a repeated batch changes nothing.
    client_id: UUID = Field(unique=True)
    # Of the content as first sent, under a key: a correction leaves it.
    content_hash: str = Field(max_length=64)
    member_no: int
    outcome: SurveyOutcome = Field(sa_type=str_enum(SurveyOutcome))
    age_band: SurveyAgeBand = Field(default=SurveyAgeBand.UNKNOWN, sa_type=str_enum(SurveyAgeBand))
    answers_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("answers"))
    # Name, birth date and phone as JSON, where they were given.
    person_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("person"))
    # Who of the household agreed, in words; how, when, and to which text.
    consent_by_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("consent_by"))
    consent_method: ConsentMethod | None = Field(default=None, sa_type=str_enum(ConsentMethod))
    consent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    consent_version: str | None = Field(default=None, max_length=20)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    recorded_by: UUID = Field(foreign_key="person.id")
    # The seeker whom this answer became.
    person_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    registered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SurveyChoice(Table, table=True):
    """One code of an answer to a question that is counted; codes alone, so that statistics need nothing opened."""

    answer_id: UUID = Field(foreign_key="survey_answer.id", primary_key=True)
    question_key: str = Field(max_length=40, primary_key=True)
    code: str = Field(max_length=40, primary_key=True)
