"""The public list and keyword search: newest first, the same ids in the same order on both databases."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import fulltext
from app.core.db import Database
from app.core.errors import AppError
from app.core.logging import get_logger
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.matching.tokens import index_tokens, query_tokens, use_words
from app.models.jobs import Vacancy, VacancyDocument
from app.rules.jobs.terms import PayUnit
from app.rules.jobs.vacancies import OPEN, VacancyState
from app.services.common.codes import aliases_of, all_aliases
from app.services.organisation.enterprises import place_names

DOCUMENT = "vacancy_document"
log = get_logger()
# Columns only: a list neither loads texts nor makes objects it does not show.
LIST_COLUMNS = (
    Vacancy.id, Vacancy.title, Vacancy.enterprise_id, Vacancy.enterprise_name, Vacancy.occupation_code,
    Vacancy.occupation_name, Vacancy.pay_unit, Vacancy.pay_min_fen, Vacancy.pay_max_fen, Vacancy.piece_rate_fen,
    Vacancy.piece_per_quantity, Vacancy.pay_cycle, Vacancy.shift_pattern, Vacancy.headcount, Vacancy.hired_count,
    Vacancy.place_address, Vacancy.benefits, Vacancy.valid_until, Vacancy.published_at,
)  # fmt: skip


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
    conditions = _conditions(connection.dialect.name, query, today)
    keys = [col(Vacancy.published_at), col(Vacancy.id)]
    statement = select(*map(col, LIST_COLUMNS)).where(*conditions)
    if query.cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query.identity(), query.cursor)))
    rows = (await connection.execute(statement.order_by(*(k.desc() for k in keys)).limit(query.limit + 1))).all()
    rows, following = cursors.page(query.identity(), rows, query.limit, lambda row: [row.published_at, row.id])
    total = None
    if query.with_total:
        counted = await connection.execute(select(func.count()).select_from(Vacancy).where(*conditions))
        total = counted.scalar_one()
    return ListPage(rows, following, total)


def _conditions(dialect: str, query: ListQuery, today: date) -> list[Any]:
    # A literal, so that both planners see that the partial index of the public list applies.
    conditions = [col(Vacancy.state) == VacancyState.PUBLISHED, col(Vacancy.valid_until) >= today]
    if query.occupation_code is not None:
        # A code stands for its whole branch: 611 finds 61103 and our 61103.01.
        conditions.append(col(Vacancy.occupation_code).like(query.occupation_code + "%"))
    if query.enterprise_id is not None:
        conditions.append(col(Vacancy.enterprise_id) == query.enterprise_id)
    if query.pay_unit is not None:
        conditions.append(col(Vacancy.pay_unit) == query.pay_unit)
    if query.q:
        tokens = query_tokens(query.q)
        document = select(col(VacancyDocument.vacancy_id)).where(
            fulltext.matches(dialect, DOCUMENT, col(VacancyDocument.seq), tokens)
        )
        # Only punctuation was typed: nothing can match.
        conditions.append(col(Vacancy.id).in_(document) if tokens else col(Vacancy.id).is_(None))
    return conditions


async def load_words(db: Database) -> None:
    """Teach the segmenter the town's own words: trades, villages, firms. Without the database it knows the common ones."""
    try:
        async with db.reading() as session:
            words = [*await all_aliases(session), *await place_names(session)]
    except AppError as exc:
        log.warning("words not loaded", code=exc.code)
        return
    await asyncio.to_thread(use_words, words)


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
