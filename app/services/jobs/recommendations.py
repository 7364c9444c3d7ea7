"""Recommended vacancies for a seeker, and ranked candidates for a firm, each with parts, reasons and gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import Database
from app.matching.recommendation import (
    EXPOSURE_DAYS,
    FRESH_FOR,
    FRESH_SHARE,
    Exposure,
    Gate,
    Hit,
    OccupationTree,
    Place,
    RankedItem,
    VacancyIndex,
    closed_by,
    explain,
    gate_text,
    pool_size,
    rank_seekers,
    rerank,
)
from app.models.jobs import SeekerProfile, Vacancy, VacancyExposure
from app.rules.identity.roles import Actor
from app.rules.jobs.vacancies import VacancyNotFoundError, VacancyState
from app.services.common.codes import OCCUPATION, list_codes, revision_of
from app.services.jobs.asking import Asking, who_asks
from app.services.jobs.cards import seeker_card
from app.services.jobs.displays import DISPLAY_COLUMNS, Displayed, Displays, displayed
from app.services.jobs.impressions import Shown
from app.services.jobs.vacancies import visible_to
from app.services.jobs.vacancy_cards import CARD_COLUMNS, vacancy_card
from app.services.runtime import Runtime

# A vacancy that changes again and again while one answer is made is left out at last.
TRIES = 3
_SHOWN = (
    select(func.coalesce(func.sum(col(VacancyExposure.shown)), 0))
    .where(col(VacancyExposure.vacancy_id) == col(Vacancy.id), col(VacancyExposure.day) > bindparam("since_day"))
    .correlate(Vacancy)
    .scalar_subquery()
    .label("shown")
)
_COLUMNS = (*CARD_COLUMNS, *DISPLAY_COLUMNS)
# The gates of time and state once more, in the database.
_STILL_OPEN = (col(Vacancy.state) == VacancyState.PUBLISHED, col(Vacancy.valid_until) >= bindparam("today"))
_LISTED = col(Vacancy.id).in_(bindparam("ids", expanding=True))
_POOL = select(
    col(Vacancy.id),
    col(Vacancy.feed_seq),
    (col(Vacancy.headcount) - col(Vacancy.hired_count)).label("openings"),
    _SHOWN,
).where(_LISTED, *_STILL_OPEN)
_DISPLAYED = select(*_COLUMNS).where(_LISTED)
_NEWEST = (
    select(*_COLUMNS)
    .where(*_STILL_OPEN, col(Vacancy.enterprise_id).not_in(bindparam("hidden", expanding=True)))
    .order_by(col(Vacancy.published_at).desc(), col(Vacancy.id).desc())
    .limit(bindparam("rows"))
)
_NEWER = select(func.count()).select_from(Vacancy).where(*_STILL_OPEN)


@dataclass(frozen=True, slots=True)
class Recommended:
    vacancy: Displayed
    item: RankedItem | None
    moved_because: str | None


@dataclass(frozen=True, slots=True)
class Recommendation:
    items: list[Recommended]
    personalised: bool
    considered: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """One vacancy for one seeker: scored, or closed by a gate, or unscored where the person wants nothing personal."""

    vacancy: Displayed
    personalised: bool
    item: RankedItem | None
    gate: Gate | None
    gate_text: str | None
    place: Place | None


async def recommend(
    runtime: Runtime, connection: AsyncConnection, actor: Actor, *, limit: int, now: datetime
) -> Recommendation:
    """Open vacancies in the order that suits both sides best; what is shown is noted.

    Without the person's consent to personal recommendation: newest first, unscored (个人信息保护法 第二十四条).
    """
    asking = await who_asks(connection, runtime.crypto, actor.person_id, now=now)
    if asking.personalised:
        found = await _ranked(runtime, connection, asking, limit=limit, now=now)
    else:
        rows = await _newest(connection, asking, limit=limit, now=now)
        found = Recommendation(
            [Recommended(displayed(row), None, None) for row in rows], personalised=False, considered=0
        )
    runtime.impressions.note([
        Shown(
            actor.person_id, one.vacancy.id, rank, one.item.score if one.item else 0, found.personalised, now
        )
        for rank, one in enumerate(found.items, 1)
    ])  # fmt: skip
    return found


async def explain_one(
    runtime: Runtime, connection: AsyncConnection, actor: Actor, vacancy_id: UUID, *, now: datetime
) -> Explanation:
    """Any vacancy that the person can see: why it stands where it stands, or what keeps the two apart."""
    asking = await who_asks(connection, runtime.crypto, actor.person_id, now=now)
    visible = select(*_COLUMNS).where(col(Vacancy.id) == vacancy_id, visible_to(actor, now))
    row = (await connection.execute(visible)).one_or_none()
    if row is None:
        raise VacancyNotFoundError
    if not asking.personalised:
        place = await _place_by_age(connection, row, now=now)
        return Explanation(displayed(row), personalised=False, item=None, gate=None, gate_text=None, place=place)
    card, seeker = vacancy_card(row), asking.seeker
    gate = Gate.NOT_VALID if row.state is not VacancyState.PUBLISHED else closed_by(seeker, card, now=now)
    if gate is not None:
        said = gate_text(gate, seeker, card)
        return Explanation(displayed(row), personalised=True, item=None, gate=gate, gate_text=said, place=None)
    tree = await _tree_at(runtime.db, asking.revision)
    index = await runtime.openings.follow(connection, max(asking.head, row.feed_seq or 0))
    item = explain(seeker, card, tree, index.population(seeker, tree, now=now), now)
    return Explanation(displayed(row), True, item, None, None, index.place(seeker, tree, vacancy_id, now=now))


async def rank_candidates(
    session: AsyncSession,
    crypto: Crypto,
    vacancy: Vacancy,
    profiles: Sequence[SeekerProfile],
    *,
    now: datetime,
    limit: int | None = None,
) -> dict[UUID, RankedItem]:
    """People for one vacancy, best first, scored by the same engine, told from the firm's side."""
    tree = await occupation_tree(session)
    cards = [seeker_card(crypto, profile) for profile in profiles]
    ranked = rank_seekers(vacancy_card(vacancy), cards, tree, now=now, limit=len(cards) if limit is None else limit)
    return {item.id: item for item in ranked}


async def _ranked(
    runtime: Runtime, connection: AsyncConnection, asking: Asking, *, limit: int, now: datetime
) -> Recommendation:
    tree = await _tree_at(runtime.db, asking.revision)
    since, head = now - FRESH_FOR, asking.head
    for _ in range(TRIES):
        index = await runtime.openings.follow(connection, head)
        seen = runtime.openings.seen or 0
        best = index.best(asking.seeker, tree, now=now, today=china_date(now), limit=pool_size(limit))
        fresh = _fresh(index, asking, tree, best.hits[:limit], best.population, limit=limit, since=since, now=now)
        rows = await _rows(connection, [*best.hits, *fresh], now=now)
        head = max((row.feed_seq or 0 for row in rows.values()), default=0)
        if head <= seen:
            break
    # What is newer than the index is not told with numbers that are not its own.
    rows = {key: row for key, row in rows.items() if (row.feed_seq or 0) <= seen}
    exposures = {key: Exposure(row.shown, row.openings) for key, row in rows.items()}
    page = rerank(best.hits, fresh, exposures, limit=limit, since=since.timestamp() * 1e6)
    displays = await _displays(runtime.displays, connection, [rows[placed.hit.id] for placed in page])
    items = []
    for placed in page:
        display = displays.get(placed.hit.id)
        if display is not None:
            item = placed.hit.item(asking.seeker, display.card, tree, now)
            items.append(Recommended(display, item, placed.moved_because))
    return Recommendation(items, personalised=True, considered=best.considered)


async def _displays(known: Displays, connection: AsyncConnection, rows: Sequence[Any]) -> dict[UUID, Displayed]:
    """What is shown of each: kept from before where it has not changed, else read; left out where it changes just now."""
    found = {row.id: kept for row in rows if (kept := known.get(row.id, row.feed_seq)) is not None}
    missing = {row.id: row.feed_seq for row in rows if row.id not in found}
    if missing:
        for row in await connection.execute(_DISPLAYED, {"ids": list(missing)}):
            if row.feed_seq == missing[row.id]:
                found[row.id] = displayed(row)
                known.put(found[row.id])
    return found


def _fresh(
    index: VacancyIndex,
    asking: Asking,
    tree: OccupationTree,
    page: Sequence[Hit],
    population: Any,
    *,
    limit: int,
    since: datetime,
    now: datetime,
) -> list[Hit]:
    """Only where the page has too few new ones of its own."""
    wanted = limit // FRESH_SHARE
    if sum(hit.published > since.timestamp() * 1e6 for hit in page) >= wanted:
        return []
    return index.fresh(asking.seeker, tree, population, now=now, since=since, limit=2 * wanted)


async def _rows(connection: AsyncConnection, hits: Sequence[Hit], *, now: datetime) -> dict[UUID, Any]:
    today = china_date(now)
    values = {"ids": list({hit.id for hit in hits}), "today": today, "since_day": today - timedelta(days=EXPOSURE_DAYS)}
    found: Any = (await connection.execute(_POOL, values)).all()
    return {row.id: row for row in found}


async def _newest(connection: AsyncConnection, asking: Asking, *, limit: int, now: datetime) -> Sequence[Row[Any]]:
    values = {"today": china_date(now), "hidden": sorted(asking.seeker.hidden_from), "rows": limit}
    return (await connection.execute(_NEWEST, values)).all()


async def _place_by_age(connection: AsyncConnection, row: Row[Any], *, now: datetime) -> Place | None:
    """Newest first: how many are newer, of all that are open."""
    if row.state is not VacancyState.PUBLISHED or row.valid_until < china_date(now):
        return None
    values = {"today": china_date(now)}
    at, same = col(Vacancy.published_at), col(Vacancy.published_at) == row.published_at
    newer = _NEWER.where((at > row.published_at) | (same & (col(Vacancy.id) > row.id)))
    rank = (await connection.execute(newer, values)).scalar_one() + 1
    return Place(rank, (await connection.execute(_NEWER, values)).scalar_one())


# One tree per state of the code table: it changes when the town edits an occupation, not between requests.
_trees: dict[str, OccupationTree] = {}


async def _tree_at(db: Database, revision: str) -> OccupationTree:
    if revision in _trees:
        return _trees[revision]
    async with db.reading() as session:
        return await occupation_tree(session)


async def occupation_tree(session: AsyncSession) -> OccupationTree:
    """The code table as the engine reads it, kept until it changes."""
    revision = await revision_of(session, OCCUPATION)
    if revision not in _trees:
        rows = await list_codes(session, OCCUPATION)
        _trees.clear()
        _trees[revision] = OccupationTree.from_rows((row.code, row.name, row.parent) for row in rows)
    return _trees[revision]
