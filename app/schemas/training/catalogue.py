"""Providers, courses, menus. 学时 of 45 minutes, per cent, points of a hundred."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.jobs.terms import SkillLevel
from app.rules.training.courses import QUARTERS, Audience, CourseBrand, CourseState, MenuState, PassBy, ProviderKind
from app.schemas.base import Action, ExpectedVersion, Input, Output, Text, Version, example

Title = Annotated[Text, Field(min_length=2, max_length=60)]
CourseCode = Annotated[
    Text, Field(min_length=2, max_length=40, pattern=r"^[a-z0-9_]+$", description="小写字母、数字、下划线")
]
Heads = Annotated[int, Field(strict=True, ge=1, le=500, description="人数")]
Share = Annotated[int, Field(strict=True, ge=1, le=100, description="百分数")]


class ProviderForm(Input):
    model_config = example({"name": "石狮市某培训学校", "kind": "institution", "phone": None, "source": "机构自行登记"})

    name: Annotated[Text, Field(min_length=2, max_length=80)]
    kind: ProviderKind
    phone: Annotated[Text, Field(min_length=5, max_length=30)] | None = None
    source: Annotated[Text, Field(max_length=200)] = ""


class ProviderUpdate(ProviderForm, ExpectedVersion):
    model_config = example(
        {
            "name": "石狮市某培训学校",
            "kind": "institution",
            "phone": None,
            "source": "机构自行登记",
            "expected_version": 1,
        }
    )


class TrainingProviderRead(Output):
    id: UUID
    name: str
    kind: ProviderKind
    kind_label: str
    phone: str | None
    source: str
    version: int


class TrainingProviderList(Output):
    items: list[TrainingProviderRead]


COURSE = {
    "code": "electrician_junior", "title": "电工（初级）", "brand": "skill", "audience": "everyone", "description": "低压电工基础",
    "hours": 24, "provider_id": None, "prerequisites": [], "materials": ["身份证"], "licensed": True, "least_age": None,
    "minimum": 10, "capacity": 30, "pass_by": "assessment", "least_share": 80, "pass_score": 60, "certified": True,
    "valid_years": None, "skill_word": "电工证", "occupation_code": None, "level": "junior", "process_code": None,
    "gig_level": None, "source": "",
}  # fmt: skip


class CourseForm(Input):
    model_config = example(COURSE)

    code: CourseCode
    title: Title
    brand: CourseBrand
    audience: Audience = Audience.EVERYONE
    description: Annotated[Text, Field(max_length=500)] = ""
    hours: Annotated[int, Field(strict=True, ge=1, le=2000, description="学时，每学时45分钟")]
    provider_id: UUID | None = None
    prerequisites: Annotated[list[CourseCode], Field(max_length=5, description="先修课程的编号")] = Field(
        default_factory=list
    )
    materials: Annotated[list[Annotated[Text, Field(min_length=1, max_length=40)]], Field(max_length=20)] = Field(
        default_factory=list
    )
    licensed: bool = Field(default=False, description="特种作业等持证工种：须年满18周岁")
    least_age: Annotated[int, Field(strict=True, ge=14, le=60)] | None = None
    minimum: Heads
    capacity: Heads
    pass_by: PassBy = PassBy.HOURS
    least_share: Share = 80
    pass_score: Annotated[int, Field(strict=True, ge=0, le=100)] = 60
    certified: bool = True
    valid_years: Annotated[int, Field(strict=True, ge=1, le=20)] | None = Field(
        default=None, description="证书有效年数；空为长期有效"
    )
    skill_word: Annotated[Text, Field(min_length=1, max_length=20)] | None = Field(
        default=None, description="合格后写入求职登记的证书名，与岗位要求的证书同名才对得上"
    )
    occupation_code: Annotated[Text, Field(min_length=1, max_length=20)] | None = None
    level: SkillLevel | None = None
    process_code: Annotated[Text, Field(min_length=1, max_length=20)] | None = Field(
        default=None, description="合格后写入零工登记的工序"
    )
    gig_level: Annotated[int, Field(strict=True, ge=1, le=5)] | None = None
    source: Annotated[Text, Field(max_length=200)] = ""


class CourseUpdate(CourseForm, ExpectedVersion):
    model_config = example(COURSE | {"expected_version": 1})


class CourseRead(Output):
    id: UUID
    code: str
    title: str
    brand: CourseBrand
    brand_label: str
    audience: Audience
    audience_label: str
    state: CourseState
    state_label: str
    description: str
    hours: int
    provider_id: UUID | None
    provider_name: str | None
    prerequisites: list[str]
    materials: list[str]
    licensed: bool
    least_age: int | None
    minimum: int
    capacity: int
    pass_by: PassBy
    least_share: int
    pass_score: int
    certified: bool
    valid_years: int | None
    skill_word: str | None
    occupation_code: str | None
    level: SkillLevel | None
    process_code: str | None
    gig_level: int | None
    source: str
    version: int
    actions: list[Action]


class MenuForm(Input):
    model_config = example(
        {
            "title": "2026年第四季度技能菜单", "year": 2026, "quarter": 4, "audience": "everyone",
            "course_ids": ["019abcde-0000-7000-8000-000000000001"], "source": "",
        }
    )  # fmt: skip

    title: Title
    year: Annotated[int, Field(strict=True, ge=2024, le=2100)]
    quarter: Annotated[int, Field(strict=True, ge=1, le=QUARTERS)]
    audience: Audience = Audience.EVERYONE
    course_ids: Annotated[list[UUID], Field(max_length=60, description="按菜单上的次序")]
    source: Annotated[Text, Field(max_length=200)] = ""


class MenuUpdate(MenuForm):
    model_config = example(
        {
            "title": "2026年第四季度技能菜单", "year": 2026, "quarter": 4, "audience": "everyone", "course_ids": [], "source": "",
            "expected_version": 1,
        }
    )  # fmt: skip

    expected_version: Version


class MenuRead(Output):
    id: UUID
    title: str
    year: int
    quarter: int
    audience: Audience
    audience_label: str
    state: MenuState
    state_label: str
    source: str
    version: int
    courses: list[CourseRead]


class MenuList(Output):
    items: list[MenuRead]
