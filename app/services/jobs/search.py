"""The public list and keyword search: three orders, the same ids in the same order on both databases.

Everything that is sorted or compared is an integer, an instant or an id. Distances are squared whole metres of the town's
own grid, pay is the stored effective hourly amount.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    text,
    tuple_,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import fulltext
from app.core.db import Database
from app.core.errors import AppError
from app.core.logging import get_logger
from app.core.pages import Cursors, SortValue
from app.core.upsert import insert_or_ignore
from app.matching.tokens import index_tokens, query_tokens, use_words
from app.models.jobs import Vacancy, VacancyDocument
from app.rules.geo import to_gcj02, to_grid
from app.rules.jobs.pay import compute_wish_hourly_fen
from app.rules.jobs.search import VacancySort, compute_benefit_bits
from app.rules.jobs.terms import PayUnit
from app.rules.jobs.vacancies import OPEN, VacancyState
from app.schemas.jobs.search import ListParams, SearchFilters
from app.services.common.codes import aliases_of, all_aliases
from app.services.organisation.enterprises import place_names

DOCUMENT = "vacancy_document"
# A process that started without its database learns the words soon after it is there.
WORDS_RETRY_SECONDS = 2.0
log = get_logger()


def _plain_id(column: Any) -> Any:
    """As the driver gives it, text or its own kind of UUID: making sixty UUIDs only to write them out is dear."""
    return type_coerce(col(column), String).label(column.key)


def id_text(raw: Any) -> str:
    """With dashes, of what `_plain_id` read: 32 hex digits on SQLite."""
    text = str(raw)
    return text if "-" in text else f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


# Columns only: a list neither loads texts nor makes objects it does not show. Codes and JSON stay plain
# text: making objects of them costs more than reading the row.
LIST_COLUMNS: tuple[Any, ...] = (
    _plain_id(Vacancy.id), col(Vacancy.title), _plain_id(Vacancy.enterprise_id), col(Vacancy.enterprise_name),
    col(Vacancy.enterprise_label), col(Vacancy.using_firm), col(Vacancy.occupation_code), col(Vacancy.occupation_name),
    type_coerce(col(Vacancy.pay_unit), String).label("pay_unit"),
    col(Vacancy.pay_min_fen), col(Vacancy.pay_max_fen), col(Vacancy.piece_rate_fen), col(Vacancy.piece_per_quantity),
    type_coerce(col(Vacancy.pay_cycle), String).label("pay_cycle"),
    type_coerce(col(Vacancy.shift_pattern), String).label("shift_pattern"), col(Vacancy.hourly_fen),
    col(Vacancy.headcount), col(Vacancy.hired_count), col(Vacancy.place_address), _plain_id(Vacancy.area_id),
    cast(col(Vacancy.benefits), Text).label("benefits"), col(Vacancy.valid_until), col(Vacancy.published_at),
)  # fmt: skip
LIST_NAMES = tuple(str(column.key) for column in LIST_COLUMNS)
# Squared metres from the point asked from. Bound as 64 bits: the square of a metre count does not fit into 32.
_east = col(Vacancy.east_m) - bindparam("east", type_=BigInteger)
_north = col(Vacancy.north_m) - bindparam("north", type_=BigInteger)
SQUARED: Any = _east * _east + _north * _north
# Farther than any two places on earth, squared: what has no coordinates comes last.
FARTHEST = 1_000_000_000_000_000_000
# All keys descend, so that one row-value comparison, which both databases index, says "behind the cursor".
_NEWEST: tuple[Any, ...] = (col(Vacancy.published_at), col(Vacancy.id))
SORTS: dict[VacancySort, tuple[Any, ...]] = {
    VacancySort.NEWEST: _NEWEST,
    VacancySort.NEAREST: (-func.coalesce(SQUARED, literal_column(str(FARTHEST), BigInteger)), *_NEWEST),
    VacancySort.PAY: (col(Vacancy.hourly_fen), *_NEWEST),
}


@dataclass(frozen=True, slots=True)
class ListPage:
    rows: Sequence[Any]
    next_cursor: str | None
    total: int | None


async def list_vacancies(connection: AsyncConnection, cursors: Cursors, params: ListParams, *, today: date) -> ListPage:
    """Published and valid postings. No session: one statement on an autocommit connection."""
    dialect = connection.dialect.name
    identity = _identity(params)
    place: dict[str, Any] = {"rows": params.limit + 1}
    if params.cursor is not None:
        place |= {f"after_{n}": value for n, value in enumerate(cursors.decode(identity, params.cursor))}
    asked = asked_of(dialect, params, today)
    if asked is None:
        return ListPage([], None, 0 if params.with_total else None)
    filters = frozenset(asked)
    statement = _page_statement(dialect, filters, params.sort, behind=params.cursor is not None)
    rows = (await connection.execute(statement, asked | place)).all()
    rows, following = cursors.page(identity, rows, params.limit, _KEYS[params.sort])
    total = None
    if params.with_total:
        total = (await connection.execute(_count_statement(dialect, filters), asked)).scalar_one()
    return ListPage(rows, following, total)


async def count_new(connection: AsyncConnection, filters: SearchFilters, bounds: Mapping[str, Any]) -> int:
    """How many open postings match that were published after `bounds["since"]` and not after `bounds["settled"]`.

    `bounds["today"]`: the date on which they must still be valid.
    """
    dialect = connection.dialect.name
    asked = asked_of(dialect, filters, bounds["today"])
    if asked is None:
        return 0
    asked |= bounds
    found = await connection.execute(_count_statement(dialect, frozenset(asked)), asked)
    return int(found.scalar_one())


def _identity(params: ListParams) -> dict[str, Any]:
    """What a cursor belongs to: the same list in the same order, whatever the page size."""
    given = params.model_dump(mode="json", exclude={"cursor", "limit", "with_total"}, exclude_defaults=True)
    return {"list": "vacancies"} | given


def _newest_of(row: Any) -> list[SortValue]:
    return [row.published_at, UUID(id_text(row.id))]


# What a cursor holds: the values of the order's keys in the page's last row.
_KEYS: dict[VacancySort, Callable[[Any], list[SortValue]]] = {
    VacancySort.NEWEST: _newest_of,
    VacancySort.NEAREST: lambda row: [-FARTHEST if row.squared is None else -row.squared, *_newest_of(row)],
    VacancySort.PAY: lambda row: [row.hourly_fen, *_newest_of(row)],
}


def asked_of(dialect: str, filters: SearchFilters, today: date) -> dict[str, Any] | None:
    """The filters in use with their values; None where nothing can match: only punctuation was typed."""
    asked: dict[str, Any] = {"today": today}
    if filters.occupation_code is not None:
        # A code stands for its whole branch: 611 finds 61103 and our 61103.01.
        asked["occupation"] = filters.occupation_code + "%"
    plain = {
        "enterprise": filters.enterprise_id, "area": filters.area_id, "pay_unit": filters.pay_unit,
        "shift": filters.shift_pattern, "hourly": _least_hourly_fen(filters),
    }  # fmt: skip
    asked |= {name: value for name, value in plain.items() if value is not None}
    if filters.benefits:
        asked["benefits"] = compute_benefit_bits(filters.benefits)
    if filters.latitude is not None and filters.longitude is not None and filters.coord_type is not None:
        asked["east"], asked["north"] = to_grid(*to_gcj02(filters.latitude, filters.longitude, filters.coord_type))
        if filters.within_m is not None:
            reach = filters.within_m
            asked["within"] = reach**2
            asked["west_end"], asked["east_end"] = asked["east"] - reach, asked["east"] + reach
    if filters.q:
        tokens = query_tokens(filters.q)
        if not tokens:
            return None
        asked["words"] = fulltext.expression(dialect, tokens)
    return asked


def _least_hourly_fen(filters: SearchFilters) -> int | None:
    given = [filters.min_hourly_fen] if filters.min_hourly_fen is not None else []
    if filters.min_monthly_fen is not None:
        given.append(compute_wish_hourly_fen(PayUnit.MONTH, filters.min_monthly_fen) or 0)
    return max(given, default=None)


# Statements are built once for each set of filters: building one costs as much as running it.
@cache
def _page_statement(dialect: str, filters: frozenset[str], sort: VacancySort, *, behind: bool) -> Any:
    keys = SORTS[sort]
    walk = "words" not in filters and sort is not VacancySort.NEAREST
    columns = [*LIST_COLUMNS, SQUARED.label("squared")] if "east" in filters else LIST_COLUMNS
    statement = select(*columns).where(*conditions(dialect, filters, Vacancy.__table__.c, walk=walk))  # type: ignore[attr-defined]
    if behind:
        bound = [bindparam(f"after_{n}", type_=key.type) for n, key in enumerate(keys)]
        statement = statement.where(tuple_(*keys) < tuple_(*bound))
    order = [key.desc() for key in keys]
    statement = statement.order_by(*order).limit(bindparam("rows", type_=Integer))
    if sort is VacancySort.NEAREST:
        # No index holds this order. The rows to show are chosen by an index alone and only those are read whole.
        chosen = statement.with_only_columns(col(Vacancy.id)).correlate(None)
        statement = select(*columns).where(col(Vacancy.id).in_(chosen)).order_by(*order)
    return statement


@cache
def _count_statement(dialect: str, filters: frozenset[str]) -> Any:
    where = conditions(dialect, filters, Vacancy.__table__.c)  # type: ignore[attr-defined]
    return select(func.count()).select_from(Vacancy).where(*where)


def conditions(dialect: str, filters: frozenset[str], source: Any, *, walk: bool = False) -> list[Any]:
    """What holds for the open postings among which `filters` choose."""
    # As text: bound, neither planner could tell that the partial index of the public list applies.
    published = f"vacancy.state = '{VacancyState.PUBLISHED.value}'"
    if dialect == "sqlite" and walk:
        # This planner takes an equality for rare and would sort all open postings instead of walking that index.
        published = f"likely({published})"
    possible = choices(source) | {
        "today": source.valid_until >= bindparam("today"),
        "enterprise": source.enterprise_id == bindparam("enterprise"),
        "hourly": source.hourly_fen >= bindparam("hourly", type_=Integer),
        "within": bindparam("within", type_=BigInteger) >= SQUARED,
        # The stripe in which they lie: what the index of places is entered by.
        "west_end": source.east_m >= bindparam("west_end", type_=Integer),
        "east_end": source.east_m <= bindparam("east_end", type_=Integer),
        "since": source.published_at > bindparam("since"),
        "settled": source.published_at <= bindparam("settled"),
        "words": source.id.in_(
            select(col(VacancyDocument.vacancy_id)).where(
                fulltext.matches(dialect, DOCUMENT, col(VacancyDocument.seq), bindparam("words", type_=Text))
            )
        ),
    }
    return [text(published), *(condition for name, condition in possible.items() if name in filters)]


def choices(source: Any) -> dict[str, Any]:
    """The filters that are facets too, over the table or over rows already narrowed by all other filters."""
    bits = bindparam("benefits", type_=Integer)
    return {
        "occupation": source.occupation_code.like(bindparam("occupation")),
        "area": source.area_id == bindparam("area"),
        "shift": source.shift_pattern == bindparam("shift"),
        "benefits": source.benefit_bits.op("&")(bits) == bits,
        "pay_unit": source.pay_unit == bindparam("pay_unit"),
    }


async def load_words(db: Database) -> bool:
    """Teach the segmenter the town's own words: trades, villages, firms. False where the database could not tell them."""
    try:
        async with db.reading() as session:
            words = [*await all_aliases(session), *await place_names(session)]
    except (AppError, DBAPIError) as exc:
        # Away, or not migrated yet: the process starts all the same and says so at /readyz.
        log.warning("words not loaded", error=type(exc).__name__)
        return False
    await asyncio.to_thread(use_words, words)
    return True


async def keep_loading_words(db: Database) -> None:
    while not await load_words(db):  # noqa: ASYNC110  # nobody signals that a database is back
        await asyncio.sleep(WORDS_RETRY_SECONDS)


async def index_vacancy(session: AsyncSession, row: Vacancy) -> None:
    """Bring the search document in step with the state: open postings are found, others are not."""
    await insert_or_ignore(session, VacancyDocument, {"vacancy_id": row.id})
    seq = (
        await session.exec(select(col(VacancyDocument.seq)).where(col(VacancyDocument.vacancy_id) == row.id))  # type: ignore[call-overload]
    ).scalar_one()
    tokens: list[str] = []
    if row.state in OPEN:
        words = [row.title, row.enterprise_name, row.occupation_name, row.duties, row.requirements, row.place_address]
        words += await aliases_of(session, row.occupation_code)
        tokens = index_tokens("\n".join(words))
    await fulltext.put(session, DOCUMENT, seq, tokens)
