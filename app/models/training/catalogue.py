"""What may be learned: providers, courses, menus; and the dated rows of the subsidy."""

from datetime import date
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.core.columns import Table, str_enum
from app.models.base import Identified, Versioned
from app.rules.jobs.terms import SkillLevel
from app.rules.training.courses import Audience, CourseBrand, CourseState, MenuState, PassBy, ProviderKind
from app.rules.training.reports import SubsidyKind


class TrainingProvider(Versioned, table=True):
    """Who teaches: the town itself, a school, an institution, a partner of the plan."""

    name: str = Field(max_length=80, unique=True)
    kind: ProviderKind = Field(sa_type=str_enum(ProviderKind))
    phone: str | None = Field(default=None, max_length=30)
    # Where the row comes from, e.g. a line of the plan.
    source: str = Field(default="", max_length=200)


class Course(Versioned, table=True):
    __table_args__ = (
        CheckConstraint("hours > 0", name="hours"),
        CheckConstraint("minimum > 0 AND minimum <= capacity", name="sizes"),
        CheckConstraint("least_share BETWEEN 1 AND 100", name="share"),
        CheckConstraint("pass_score BETWEEN 0 AND 100", name="score"),
        CheckConstraint("gig_level IS NULL OR (gig_level BETWEEN 1 AND 5 AND process_code IS NOT NULL)", name="skill"),
    )
    code: str = Field(max_length=40, unique=True)
    title: str = Field(max_length=60)
    brand: CourseBrand = Field(sa_type=str_enum(CourseBrand))
    audience: Audience = Field(default=Audience.EVERYONE, sa_type=str_enum(Audience))
    state: CourseState = Field(default=CourseState.DRAFT, sa_type=str_enum(CourseState), index=True)
    description: str = Field(default="", max_length=500)
    # 学时 of 45 minutes.
    hours: int
    provider_id: UUID | None = Field(default=None, foreign_key="training_provider.id", index=True)
    # Codes of courses that must have been passed.
    prerequisites: list[str] = Field(default_factory=list, sa_type=JSON)
    # What to bring, or is handed out.
    materials: list[str] = Field(default_factory=list, sa_type=JSON)
    # 特种作业: full age only.
    licensed: bool = False
    least_age: int | None = None
    minimum: int
    capacity: int
    pass_by: PassBy = Field(default=PassBy.HOURS, sa_type=str_enum(PassBy))
    # Per cent of the hours, and points of a hundred.
    least_share: int = 80
    pass_score: int = 60
    certified: bool = True
    # A certificate holds so many years; None: for good.
    valid_years: int | None = None
    # What a pass adds to the profiles: a word that vacancies ask for, a trade and a level; a process of the gigs.
    skill_word: str | None = Field(default=None, max_length=20)
    occupation_code: str | None = Field(default=None, max_length=20, index=True)
    level: SkillLevel | None = Field(default=None, sa_type=str_enum(SkillLevel))
    process_code: str | None = Field(default=None, max_length=20)
    gig_level: int | None = None
    source: str = Field(default="", max_length=200)


class CourseMenu(Versioned, table=True):
    """What is offered to an audience in a quarter."""

    __table_args__ = (
        CheckConstraint("quarter BETWEEN 1 AND 4", name="quarter"),
        UniqueConstraint("year", "quarter", "title"),
    )
    title: str = Field(max_length=60)
    year: int
    quarter: int
    audience: Audience = Field(default=Audience.EVERYONE, sa_type=str_enum(Audience))
    state: MenuState = Field(default=MenuState.DRAFT, sa_type=str_enum(MenuState))
    source: str = Field(default="", max_length=200)


class MenuCourse(Table, table=True):
    menu_id: UUID = Field(foreign_key="course_menu.id", primary_key=True)
    course_id: UUID = Field(foreign_key="course.id", primary_key=True, index=True)
    place: int


class SubsidyRate(Versioned, table=True):
    """A number of the training subsidy, dated. Fen for the rate, 学时 for the others."""

    __table_args__ = (UniqueConstraint("kind", "valid_from"),)
    kind: SubsidyKind = Field(sa_type=str_enum(SubsidyKind))
    value: int
    valid_from: date
    valid_to: date | None = None
    # False: read in a copy, to be checked against the official text.
    confirmed: bool = False
    source: str = Field(max_length=300)


class DeclarationMaterial(Identified, table=True):
    """What a declaration of a kind must come with."""

    __table_args__ = (UniqueConstraint("kind", "code"),)
    kind: str = Field(max_length=20)
    code: str = Field(max_length=40)
    label: str = Field(max_length=60)
    required: bool = True
    place: int
    confirmed: bool = False
    source: str = Field(max_length=200)
