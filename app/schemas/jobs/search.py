"""Search: the filter form of the list, the facets and of saved searches. Money in fen, distances in metres."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from app.rules.jobs.search import VacancySort
from app.rules.jobs.terms import Benefit, CoordType, PayUnit, ShiftPattern
from app.rules.jobs.vacancies import VacancyState
from app.schemas.base import Fen, Input, Instant, Output, Text, Version, example, missing_fields
from app.schemas.jobs.vacancies import Code, VacancyListItem

POINT = ("latitude", "longitude", "coord_type")


class SearchFilters(Input):
    """Whatever is left out does not narrow the list; everything given must hold."""

    q: Annotated[str, Field(max_length=60)] | None = Field(
        default=None, description="Keywords, Chinese, all must match; the town's own words for trades count"
    )
    occupation_code: Code | None = Field(default=None, description="Stands for its whole branch")
    enterprise_id: UUID | None = None
    area_id: UUID | None = Field(default=None, description="Where the work is")
    pay_unit: PayUnit | None = None
    shift_pattern: ShiftPattern | None = None
    benefits: Annotated[list[Benefit], Field(max_length=8)] = Field(default_factory=list, description="All of these")
    min_monthly_fen: Fen | None = Field(
        default=None, description="At least so much for 26 days of 8 hours, by effective hourly pay"
    )
    min_hourly_fen: Fen | None = Field(default=None, description="At least so much effective pay per hour")
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    coord_type: CoordType | None = Field(default=None, description="Required with coordinates")
    within_m: Annotated[int, Field(ge=1, le=100_000)] | None = Field(default=None, description="Needs the point")

    @model_validator(mode="after")
    def _point(self) -> Self:
        given = [name for name in POINT if getattr(self, name) is not None]
        if given and len(given) < len(POINT):
            absent = [name for name in POINT if name not in given]
            raise missing_fields(absent, "坐标要同时填写 latitude、longitude 和 coord_type")
        if self.within_m is not None and not given:
            raise missing_fields(POINT, "按距离筛选要同时填写坐标 latitude、longitude 和 coord_type")
        return self


class FacetParams(SearchFilters):
    # A query, not a body: what we do not know there has never been refused.
    model_config = ConfigDict(extra="ignore")


class ListParams(FacetParams):
    sort: VacancySort = Field(
        default=VacancySort.NEWEST,
        description="`nearest` needs the point and shows postings without coordinates last; `pay` goes by effective pay",
    )
    with_total: bool = False
    cursor: Annotated[str, Field(max_length=400)] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )
    limit: Annotated[int, Field(ge=1, le=100)] = Field(default=20, description="Page size")

    @model_validator(mode="after")
    def _nearest(self) -> Self:
        if self.sort is VacancySort.NEAREST and self.latitude is None:
            raise missing_fields(POINT, "按距离排序要同时填写坐标 latitude、longitude 和 coord_type")
        return self


class FacetCount(Output):
    code: str = Field(description="Send it back as the filter")
    label: str
    count: int


class Facets(Output):
    """How many postings each choice would leave. A facet ignores its own filter and obeys all others."""

    total: int = Field(description="Under all filters")
    occupations: list[FacetCount] = Field(description="The 50 most frequent, most frequent first")
    areas: list[FacetCount]
    shift_patterns: list[FacetCount]
    benefits: list[FacetCount] = Field(description="Each counted for itself: a posting has several")
    pay_units: list[FacetCount]


class SavedVacancyRead(Output):
    vacancy_id: UUID
    title: str = Field(description="As it read when it was saved")
    enterprise_name: str
    saved_at: Instant
    is_open: bool
    state: VacancyState
    state_label: str
    vacancy: VacancyListItem | None = Field(description="null once the posting is not open any more")


class SavedFilters(SearchFilters):
    q: Annotated[Text, Field(max_length=60)] | None = None


class SavedSearchForm(Input):
    model_config = example(
        {
            "name": "离家近的平车", "notify": True,
            "filters": {"q": "平车", "shift_pattern": "day", "benefits": ["meals"], "min_monthly_fen": 500000},
        }
    )  # fmt: skip

    name: Annotated[Text, Field(min_length=1, max_length=20)]
    notify: bool = Field(default=True, description="Say once a day how many new postings there are")
    filters: SavedFilters = Field(
        description="The point is kept sealed; needs the consent `exact_location`, goes when that is withdrawn"
    )


class SavedSearchUpdate(SavedSearchForm):
    """Replaces the whole form."""

    model_config = example(
        {"name": "离家近的平车", "notify": False, "filters": {"q": "平车"}, "expected_version": 1}
    )  # fmt: skip

    expected_version: Version


class FiltersRead(Output):
    q: str | None
    occupation_code: str | None
    enterprise_id: UUID | None
    area_id: UUID | None
    pay_unit: PayUnit | None
    shift_pattern: ShiftPattern | None
    benefits: list[Benefit]
    min_monthly_fen: int | None
    min_hourly_fen: int | None
    latitude: float | None
    longitude: float | None
    coord_type: CoordType | None
    within_m: int | None


class SavedSearchRead(Output):
    id: UUID
    version: int
    name: str
    notify: bool
    filters: FiltersRead
    created_at: Instant
    told_on: date = Field(description="The last day on which it was looked at for new postings")
