"""The public list and keyword search: newest first, the same ids in the same order on both databases."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Integer,
    String,
    Text,
    bindparam,
    cast,
    func,
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
from app.core.pages import Cursors
from app.core.upsert import insert_or_ignore
from app.matching.tokens import index_tokens, query_tokens, use_words
from app.models.jobs import Vacancy, VacancyDocument
from app.rules.jobs.terms import PayUnit
from app.rules.jobs.vacancies import OPEN, VacancyState
from app.services.common.codes import aliases_of, all_aliases
from app.services.organisation.enterprises import place_names

DOCUMENT = "vacancy_document"
# A process that started without its database learns the words soon after it is there.
WORDS_RETRY_SECONDS = 2.0
log = get_logger()
# Columns only: a list neither loads texts nor makes objects it does not show. Codes and JSON stay plain
# text: making objects of them costs more than reading the row.
LIST_COLUMNS: tuple[Any, ...] = (
    col(Vacancy.id), col(Vacancy.title), col(Vacancy.enterprise_id), col(Vacancy.enterprise_name),
    col(Vacancy.enterprise_label), col(Vacancy.using_firm), col(Vacancy.occupation_code), col(Vacancy.occupation_name),
    type_coerce(col(Vacancy.pay_unit), String).label("pay_unit"),
    col(Vacancy.pay_min_fen), col(Vacancy.pay_max_fen), col(Vacancy.piece_rate_fen), col(Vacancy.piece_per_quantity),
    type_coerce(col(Vacancy.pay_cycle), String).label("pay_cycle"),
    type_coerce(col(Vacancy.shift_pattern), String).label("shift_pattern"),
    col(Vacancy.headcount), col(Vacancy.hired_count), col(Vacancy.place_address),
    cast(col(Vacancy.benefits), Text).label("benefits"), col(Vacancy.valid_until), col(Vacancy.published_at),
)  # fmt: skip
LIST_NAMES = tuple(str(column.key) for column in LIST_COLUMNS)
SORT: tuple[Any, ...] = (col(Vacancy.published_at), col(Vacancy.id))


@dataclass(frozen=True, slots=True)
class ListQuery:
    q: str | None
    occupation_code: str | None
    enterprise_id: UUID | None
    pay_unit: PayUnit | None
    cursor: str | None
    limit: int
    with_total: bool

    def identity(self) -> dict[str, Any]:
        """What a cursor belongs to: the same list, whatever the page size."""
        return {
            "list": "vacancies", "q": self.q, "occupation": self.occupation_code,
            "enterprise": self.enterprise_id, "pay_unit": self.pay_unit,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListPage:
    rows: Sequence[Any]
    next_cursor: str | None
    total: int | None


async def list_vacancies(connection: AsyncConnection, cursors: Cursors, query: ListQuery, *, today: date) -> ListPage:
    """Published and valid postings, newest first. No session: one statement on an autocommit connection."""
    dialect = connection.dialect.name
    place: dict[str, Any] = {"rows": query.limit + 1}
    if query.cursor is not None:
        place["after_at"], place["after_id"] = cursors.decode(query.identity(), query.cursor)
    asked = _asked(dialect, query, today)
    if asked is None:
        return ListPage([], None, 0 if query.with_total else None)
    filters = frozenset(asked)
    statement = _page_statement(dialect, filters, behind=query.cursor is not None)
    rows = (await connection.execute(statement, asked | place)).all()
    rows, following = cursors.page(query.identity(), rows, query.limit, lambda row: [row.published_at, row.id])
    total = None
    if query.with_total:
        total = (await connection.execute(_count_statement(dialect, filters), asked)).scalar_one()
    return ListPage(rows, following, total)


def _asked(dialect: str, query: ListQuery, today: date) -> dict[str, Any] | None:
    """The filters in use with their values; None where nothing can match: only punctuation was typed."""
    asked: dict[str, Any] = {"today": today}
    if query.occupation_code is not None:
        # A code stands for its whole branch: 611 finds 61103 and our 61103.01.
        asked["occupation"] = query.occupation_code + "%"
    if query.enterprise_id is not None:
        asked["enterprise"] = query.enterprise_id
    if query.pay_unit is not None:
        asked["pay_unit"] = query.pay_unit
    if query.q:
        tokens = query_tokens(query.q)
        if not tokens:
            return None
        asked["words"] = fulltext.expression(dialect, tokens)
    return asked


# Statements are built once for each set of filters: building one costs as much as running it.
@cache
def _page_statement(dialect: str, filters: frozenset[str], *, behind: bool) -> Any:
    statement = select(*LIST_COLUMNS).where(*_conditions(dialect, filters, walk="words" not in filters))
    if behind:
        bound = [bindparam(n, type_=key.type) for n, key in zip(("after_at", "after_id"), SORT, strict=True)]
        statement = statement.where(tuple_(*SORT) < tuple_(*bound))
    return statement.order_by(*(key.desc() for key in SORT)).limit(bindparam("rows", type_=Integer))


@cache
def _count_statement(dialect: str, filters: frozenset[str]) -> Any:
    return select(func.count()).select_from(Vacancy).where(*_conditions(dialect, filters, walk=False))


def _conditions(dialect: str, filters: frozenset[str], *, walk: bool) -> list[Any]:
    # As text: bound, neither planner could tell that the partial index of the public list applies.
    published = f"vacancy.state = '{VacancyState.PUBLISHED.value}'"
    if dialect == "sqlite" and walk:
        # This planner takes an equality for rare and would sort all open postings instead of walking that index.
        published = f"likely({published})"
    possible = {
        "today": col(Vacancy.valid_until) >= bindparam("today"),
        "occupation": col(Vacancy.occupation_code).like(bindparam("occupation")),
        "enterprise": col(Vacancy.enterprise_id) == bindparam("enterprise"),
        "pay_unit": col(Vacancy.pay_unit) == bindparam("pay_unit"),
        "words": col(Vacancy.id).in_(
            select(col(VacancyDocument.vacancy_id)).where(
                fulltext.matches(dialect, DOCUMENT, col(VacancyDocument.seq), bindparam("words", type_=Text))
            )
        ),
    }
    return [text(published), *(condition for name, condition in possible.items() if name in filters)]


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
