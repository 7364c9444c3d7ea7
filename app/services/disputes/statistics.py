"""Counts of cases by kind, cause, area, grid and outcome: small cells hidden, and those from which they could be reckoned."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.core.db import ReadSession
from app.matching.suppression import MINIMUM, Key, Relation, hidden_cells
from app.models.disputes import DisputeCase
from app.rules.disputes.cases import CaseState
from app.rules.disputes.conferences import ConferencePeriodError
from app.rules.identity.roles import Actor, check_town_wide
from app.services.disputes.standing import HANDLE
from app.services.organisation.facts import all_grids
from app.services.organisation.ties import village_names

YEAR = timedelta(days=366)
UNKNOWN, RUNNING = "未登记", "办理中"
BY = {"kind": "类型", "cause": "事由", "area": "村、园区", "grid": "网格", "outcome": "结果"}
TOTAL: Key = ("total",)


@dataclass(frozen=True, slots=True)
class Figure:
    """`count` None: too small to be shown, or hidden so that a small one cannot be worked out."""

    by: str
    label: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    first: date
    last: date
    total: int | None
    rows: list[Figure]


async def figures(session: ReadSession | AsyncSession, actor: Actor, *, first: date, last: date) -> Figures:
    """Cases submitted on these days; merged ones count once, in the case that took them over."""
    check_town_wide(actor, HANDLE)
    if last < first or last - first > YEAR:
        raise ConferencePeriodError
    since = datetime.combine(first, time(), CHINA)
    until = datetime.combine(last + timedelta(days=1), time(), CHINA)
    rows = await session.exec(
        select(DisputeCase).where(
            col(DisputeCase.created_at) >= since,
            col(DisputeCase.created_at) < until,
            DisputeCase.state != CaseState.MERGED,
        )
    )
    found = rows.all()
    areas = await village_names(session, {case.area_id for case in found if case.area_id is not None})
    grids = {grid.id: grid.name for grid in await all_grids(session)}
    counted: Counter[Key] = Counter()
    for case in found:
        counted["kind", case.kind.label] += 1
        counted["cause", case.cause.label if case.cause is not None else UNKNOWN] += 1
        counted["area", areas.get(case.area_id, UNKNOWN) if case.area_id is not None else UNKNOWN] += 1
        counted["grid", grids.get(case.grid_id, UNKNOWN) if case.grid_id is not None else UNKNOWN] += 1
        counted["outcome", case.outcome.label if case.outcome is not None else RUNNING] += 1
    return Figures(first, last, *_shown(counted, len(found)))


def _shown(counted: Counter[Key], total: int) -> tuple[int | None, list[Figure]]:
    cells: dict[Key, int] = {TOTAL: total, **counted}
    relations = [
        Relation(TOTAL, tuple(sorted(key for key in counted if key[0] == by)))
        for by in BY
        if any(k[0] == by for k in counted)
    ]
    hidden = hidden_cells(cells, relations)
    order = list(BY)
    # In the order of their labels where hidden: an order by size would tell.
    place = {
        key: (order.index(key[0]), key in hidden, 0 if key in hidden else -counted[key], key[1]) for key in counted
    }
    keys = sorted(counted, key=lambda key: place[key])
    rows = [Figure(key[0], key[1], None if key in hidden else counted[key]) for key in keys]
    return (None if TOTAL in hidden else total), rows


def told() -> str:
    return f"少于{MINIMUM}件的不显示；为防止推算，可能同时隐去其他数字"
