"""What is published of a wave of 就业摸底."""

from uuid import UUID

from pydantic import Field

from app.rules.jobs.surveys import SurveyUnit
from app.schemas.base import Output


class MeasureRead(Output):
    key: str
    label: str


class StatisticsRow(Output):
    code: str
    label: str
    counts: dict[str, int | None] = Field(description="Measure → people; null: not shown")


class StatisticsTable(Output):
    dimension: str
    label: str
    rows: list[StatisticsRow]


class SurveyStatistics(Output):
    wave_id: UUID
    name: str
    unit: SurveyUnit
    published: bool
    minimum: int = Field(description="Smaller counts are not shown, nor what would give them away")
    hidden: int = Field(description="How many cells are not shown")
    measures: list[MeasureRead]
    tables: list[StatisticsTable]
