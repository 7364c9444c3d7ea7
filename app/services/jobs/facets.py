"""Facet counts of the search: how many postings each choice would leave, in one pass over the matching rows."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, func, literal_column, select, union_all
from sqlmodel import col

from app.core.db import ReadSession
from app.core.labels import Labelled
from app.models.jobs import Vacancy
from app.rules.jobs.search import BENEFIT_BITS
from app.rules.jobs.terms import Benefit, PayUnit, ShiftPattern
from app.schemas.jobs.search import FacetCount, Facets, SearchFilters
from app.services.common.codes import OCCUPATION, code_names
from app.services.jobs.search import asked_of, choices, conditions
from app.services.organisation.liaison import area_names

OCCUPATIONS_AT_MOST = 50
TOTAL = "total"
# Facet → the column that it counts by; the names are those of the filters.
COLUMNS = {
    "occupation": "occupation_code", "area": "area_id", "shift": "shift_pattern", "benefits": "benefit_bits",
    "pay_unit": "pay_unit",
}  # fmt: skip


async def count_facets(session: ReadSession, filters: SearchFilters, *, today: date) -> Facets:
    """Three statements whatever is asked: the counts, the names of the areas, the names of the occupations."""
    connection = await session.connection()
    dialect = connection.dialect.name
    asked = asked_of(dialect, filters, today)
    counted: dict[str, dict[str, int]] = {name: {} for name in (*COLUMNS, TOTAL)}
    if asked is not None:
        for facet, key, count in await connection.execute(_statement(dialect, frozenset(asked)), asked):
            counted[facet][key] = count
    frequent = sorted(counted["occupation"].items(), key=lambda item: (-item[1], item[0]))[:OCCUPATIONS_AT_MOST]
    names = await code_names(session, OCCUPATION, [code for code, _ in frequent])
    by_area = {UUID(key): count for key, count in counted["area"].items() if key is not None}
    return Facets(
        total=sum(counted[TOTAL].values()),
        occupations=[FacetCount(code=code, label=names.get(code, code), count=count) for code, count in frequent],
        areas=[
            FacetCount(code=str(area_id), label=name, count=by_area.get(area_id, 0))
            for area_id, name in await area_names(session)
        ],
        shift_patterns=_labelled(ShiftPattern, counted["shift"]),
        benefits=_labelled(Benefit, _single(counted["benefits"])),
        pay_units=_labelled(PayUnit, counted["pay_unit"]),
    )


@cache
def _statement(dialect: str, filters: frozenset[str]) -> Any:
    """Rows `(facet, key, count)`. What narrows every facet is applied once; each facet then leaves its own filter out."""
    table = Vacancy.__table__.c  # type: ignore[attr-defined]
    shared = conditions(dialect, filters - COLUMNS.keys(), table)
    base = select(*(col(getattr(Vacancy, column)) for column in COLUMNS.values())).where(*shared).cte("base")
    own = choices(base.c)
    parts: list[Any] = []
    for facet, column in COLUMNS.items():
        key = base.c[column]
        others = [condition for name, condition in own.items() if name in filters and name != facet]
        counted: Any = select(literal_column(f"'{facet}'").label("facet"), cast(key, Text).label("key"), func.count())
        parts.append(counted.where(*others).group_by(key))
    every = [condition for name, condition in own.items() if name in filters]
    total: Any = select(literal_column(f"'{TOTAL}'"), cast(literal_column("NULL"), Text), func.count())
    parts.append(total.select_from(base).where(*every))
    return union_all(*parts)


def _single(by_bits: dict[str, int]) -> dict[str, int]:
    """Of counts per set of benefits the count of each benefit."""
    sets = [(int(bits), count) for bits, count in by_bits.items()]
    return {benefit: sum(count for bits, count in sets if bits & bit) for benefit, bit in BENEFIT_BITS.items()}


def _labelled(enum: Iterable[Labelled], counted: dict[str, int]) -> list[FacetCount]:
    """Every code in the dictionary's order, those without a posting too."""
    return [FacetCount(code=code.value, label=code.label, count=counted.get(code.value, 0)) for code in enum]
