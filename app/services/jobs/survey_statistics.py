"""Statistics of a wave: counted by a few grouped statements, small cells and what would give them away not shown."""

import asyncio
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.matching.suppression import MINIMUM, Key, Relation, hidden_cells
from app.models.jobs import SurveyAnswer, SurveyChoice, SurveyHousehold, SurveyWave
from app.rules.identity.roles import Actor, Permission, check_town_wide
from app.rules.jobs.surveys import (
    EMPLOYED,
    EMPLOYMENT,
    NONE,
    OBSTACLES,
    OCCUPATION,
    TRAINING,
    UNEMPLOYED,
    WISH,
    SurveyAgeBand,
    SurveyNotCountedError,
    SurveyOutcome,
    SurveyWaveState,
)
from app.services.common.codes import OCCUPATION as OCCUPATION_CODES
from app.services.common.codes import list_codes
from app.services.jobs.survey_questions import QuestionSet, question_set
from app.services.jobs.surveys import get_wave, publish
from app.services.organisation.facts import GridFacts, all_grids
from app.services.runtime import Runtime

PEOPLE, UNKNOWN, WHOLE = "answered", "unknown", "all"
# Occupations are counted by the second level of the code (中类): three digits.
OCCUPATION_DIGITS = 3
# Each group of measures adds up to all who answered.
GROUPS = (("employed", "unemployed", "not_working"), ("wish_yes", "wish_no", "wish_unasked"))
LABELS = {
    PEOPLE: "作答人数", "employed": "就业", "unemployed": "失业", "not_working": "其他未就业", "wish_yes": "愿意工作",
    "wish_no": "暂不愿意工作", "wish_unasked": "未问就业意愿",
}  # fmt: skip
DIMENSIONS = {
    "total": "全镇",
    "area": "片区",
    "grid": "网格",
    "age_band": "年龄段",
    "occupation": "现在或最近的职业（中类）",
}
SHEET_CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HIDDEN_SIGN = "＊"


@dataclass(slots=True)
class _Counts:
    """`(dimension, row, measure)` → people, and the rows in the order in which they are shown."""

    cells: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    measures: list[tuple[str, str]] = field(default_factory=list)
    # Grid → its area.
    areas: dict[str, str] = field(default_factory=dict)


async def statistics_of(runtime: Runtime, session: AsyncSession, actor: Actor, wave_id: UUID) -> dict[str, Any]:
    """What was published; before that the officer sees what would be."""
    wave = await get_wave(session, actor, wave_id)
    if wave.state is SurveyWaveState.PUBLISHED and wave.statistics is not None:
        return wave.statistics
    if wave.state is not SurveyWaveState.CLOSED or not actor.town_wide(Permission.SURVEY_MANAGE):
        raise SurveyNotCountedError(current=wave.state.label)
    return await compute(runtime, wave) | {"published": False}


async def publish_wave(
    runtime: Runtime, session: AsyncSession, actor: Actor, wave_id: UUID, *, expected_version: int, now: datetime
) -> SurveyWave:
    """Counted before the writing transaction begins: a closed wave takes nothing more."""
    check_town_wide(actor, Permission.SURVEY_MANAGE)
    async with runtime.db.reading() as reading:
        wave = await get_wave(reading, actor, wave_id)
    content = await compute(runtime, wave) if wave.state is SurveyWaveState.CLOSED else {}
    return await publish(session, actor, wave_id, content, expected_version=expected_version, now=now)


async def compute(runtime: Runtime, wave: SurveyWave) -> dict[str, Any]:
    async with runtime.db.reading() as session:
        counts = await _count(session, wave)
    relations = _relations(counts)
    # Linear programmes: beside the event loop.
    hidden = await asyncio.to_thread(hidden_cells, counts.cells, relations)
    return {
        "wave_id": str(wave.id),
        "name": wave.name,
        "unit": wave.unit.value,
        "published": True,
        "minimum": MINIMUM,
        "hidden": len(hidden),
        "measures": [{"key": key, "label": label} for key, label in counts.measures],
        "tables": [_table(counts, dimension, hidden) for dimension in DIMENSIONS],
    }


def as_workbook(content: dict[str, Any]) -> bytes:
    """The same numbers as an Excel file, a sheet for each table; texts are never formulas."""
    import xlsxwriter

    with io.BytesIO() as out:
        with xlsxwriter.Workbook(
            out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        ) as book:
            bold = book.add_format({"bold": True})
            for table in content["tables"]:
                sheet = book.add_worksheet(table["label"][:31])
                sheet.write_string(0, 0, f"{content['name']}：{table['label']}", bold)
                sheet.write_string(1, 0, f"少于{content['minimum']}人及由此可推算的数不显示，以“{HIDDEN_SIGN}”表示")
                sheet.write_row(3, 0, [table["label"], *(measure["label"] for measure in content["measures"])], bold)
                for line, row in enumerate(table["rows"], start=4):
                    sheet.write_string(line, 0, row["label"])
                    for place, measure in enumerate(content["measures"], start=1):
                        count = row["counts"][measure["key"]]
                        sheet.write(line, place, HIDDEN_SIGN if count is None else count)
                sheet.set_column(0, 0, 28)
                sheet.freeze_panes(4, 1)
        return out.getvalue()


async def _count(session: AsyncSession, wave: SurveyWave) -> _Counts:
    """Six grouped statements, however many answers."""
    questions, grids = await question_set(session, wave.questions_version), await all_grids(session)
    occupations = {row.code: row.name for row in await list_codes(session, OCCUPATION_CODES)}
    counts = _Counts(measures=_measures(questions))
    trade = func.coalesce(func.substr(col(SurveyChoice.code), 1, OCCUPATION_DIGITS), UNKNOWN)
    dimensions = {"grid": col(SurveyHousehold.grid_id), "age_band": col(SurveyAnswer.age_band), "occupation": trade}
    for dimension, key in dimensions.items():
        for row, people in await _people(session, wave, dimension, key):
            counts.cells[dimension, _code(row), PEOPLE] += people
        for row, question, code, people in await _chosen(session, wave, dimension, key):
            for measure in _measures_of(question, code):
                counts.cells[dimension, _code(row), measure] += people
    _label_rows(counts, grids, occupations)
    _complete(counts)
    return counts


def _answered(wave: SurveyWave, dimension: str, columns: Sequence[Any]) -> Any:
    statement = (
        select(*columns)
        .select_from(SurveyAnswer)
        .join(SurveyHousehold, col(SurveyHousehold.id) == col(SurveyAnswer.household_id))
        .where(SurveyAnswer.wave_id == wave.id, SurveyAnswer.outcome == SurveyOutcome.ANSWERED)
    )
    if dimension == "occupation":
        named = (col(SurveyChoice.answer_id) == col(SurveyAnswer.id)) & (col(SurveyChoice.question_key) == OCCUPATION)
        statement = statement.outerjoin(SurveyChoice, named)
    return statement


async def _people(session: AsyncSession, wave: SurveyWave, dimension: str, key: Any) -> Any:
    row = key.label("row")
    statement = _answered(wave, dimension, [row, func.count()]).group_by(key)
    return (await session.exec(statement)).all()


async def _chosen(session: AsyncSession, wave: SurveyWave, dimension: str, key: Any) -> Any:
    chosen = SurveyChoice.__table__.alias("chosen")  # type: ignore[attr-defined]
    columns = [key.label("row"), chosen.c.question_key, chosen.c.code, func.count()]
    statement = (
        _answered(wave, dimension, columns)
        .join(chosen, chosen.c.answer_id == col(SurveyAnswer.id))
        .where(chosen.c.question_key.in_([EMPLOYMENT, WISH, TRAINING, OBSTACLES]))
        .group_by(key, chosen.c.question_key, chosen.c.code)
    )
    return (await session.exec(statement)).all()


def _code(row: Any) -> str:
    return str(getattr(row, "value", row))


def _measures(questions: QuestionSet) -> list[tuple[str, str]]:
    found = list(LABELS.items())
    for key, word in ((TRAINING, "想学"), (OBSTACLES, "困难")):
        question = questions.question(key)
        options = {} if question is None else question.options
        found += [(f"{key}:{code}", f"{word}：{label}") for code, label in options.items() if code != NONE]
    return found


def _measures_of(question: str, code: str) -> list[str]:
    if question == EMPLOYMENT:
        return ["employed" if code in EMPLOYED else "unemployed" if code in UNEMPLOYED else "not_working"]
    if question == WISH:
        return ["wish_yes" if code == "yes" else "wish_no"]
    return [] if code == NONE else [f"{question}:{code}"]


def _label_rows(counts: _Counts, grids: Sequence[GridFacts], occupations: dict[str, str]) -> None:
    """Rows in which nobody answered speak of nobody and are left out."""
    there = {key[:2] for key, people in counts.cells.items() if people}
    reached = [grid for grid in grids if ("grid", str(grid.id)) in there]
    trades = sorted(row for dimension, row in there if dimension == "occupation" and row != UNKNOWN)
    named = {code: occupations.get(code, code) for code in trades}
    counts.labels = {
        "total": {WHOLE: "全镇"},
        "area": {str(grid.area_id): grid.area_name for grid in reached},
        "grid": {str(grid.id): grid.name for grid in reached},
        "age_band": {band.value: band.label for band in SurveyAgeBand if ("age_band", band.value) in there},
        "occupation": named | ({UNKNOWN: "未填"} if ("occupation", UNKNOWN) in there else {}),
    }
    counts.areas = {str(grid.id): str(grid.area_id) for grid in reached}


def _complete(counts: _Counts) -> None:
    """Every cell of every row, areas as sums of their grids, and the town as a whole."""
    cells = counts.cells
    for dimension in ("grid", "age_band", "occupation"):
        for row in counts.labels[dimension]:
            cells[dimension, row, "wish_unasked"] = (
                cells[dimension, row, PEOPLE] - cells[dimension, row, "wish_yes"] - cells[dimension, row, "wish_no"]
            )
    for measure, _ in counts.measures:
        for grid, area in counts.areas.items():
            cells["area", area, measure] += cells["grid", grid, measure]
            cells["total", WHOLE, measure] += cells["grid", grid, measure]
        for dimension, rows in counts.labels.items():
            for row in rows:
                # Looked at, so that it is there: nobody is a count too.
                _ = cells[dimension, row, measure]
    counts.cells = dict(cells)


def _relations(counts: _Counts) -> list[Relation]:
    """Every sum that a reader knows to hold."""
    found: list[Relation] = []
    for dimension, rows in counts.labels.items():
        for row in rows:
            found += [
                Relation((dimension, row, PEOPLE), tuple((dimension, row, measure) for measure in group))
                for group in GROUPS
            ]
    for measure, _ in counts.measures:
        whole = ("total", WHOLE, measure)
        for dimension in ("area", "age_band", "occupation"):
            parts = tuple((dimension, row, measure) for row in counts.labels[dimension])
            found += [Relation(whole, parts)] if parts else []
        for area in counts.labels["area"]:
            parts = tuple(("grid", grid, measure) for grid, of in counts.areas.items() if of == area)
            found.append(Relation(("area", area, measure), parts))
    return found


def _table(counts: _Counts, dimension: str, hidden: frozenset[Key]) -> dict[str, Any]:
    rows = [
        {
            "code": row,
            "label": label,
            "counts": {
                measure: None if (dimension, row, measure) in hidden else counts.cells[dimension, row, measure]
                for measure, _ in counts.measures
            },
        }
        for row, label in counts.labels[dimension].items()
    ]
    return {"dimension": dimension, "label": DIMENSIONS[dimension], "rows": rows}
