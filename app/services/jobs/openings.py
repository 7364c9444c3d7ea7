"""The open vacancies that this process keeps in memory, and how it follows what other processes change."""

import asyncio
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.core.db import Database
from app.core.errors import AppError
from app.core.logging import get_logger
from app.matching.recommendation import Limits, VacancyIndex
from app.models.jobs import Vacancy
from app.rules.jobs.vacancies import OPEN, VacancyState
from app.services.jobs import feed
from app.services.jobs.vacancy_cards import CARD_COLUMNS, vacancy_card

# Rows at a time, so that the first load holds up no request for long.
LOADED_AT_ONCE = 500
_HEAD = select(feed.head())
_OPEN = (
    select(*CARD_COLUMNS)
    .where(col(Vacancy.state) == VacancyState.PUBLISHED)
    .order_by(col(Vacancy.id))
    .limit(LOADED_AT_ONCE)
)
_MORE = _OPEN.where(col(Vacancy.id) > bindparam("last"))
_PLACE: tuple[Any, ...] = (col(Vacancy.feed_seq), col(Vacancy.id))
_CHANGES = (
    select(col(Vacancy.feed_seq), col(Vacancy.state), *CARD_COLUMNS)
    .where(
        tuple_(*_PLACE)
        > tuple_(*(bindparam(name, type_=key.type) for name, key in zip(("seq", "last"), _PLACE, strict=True)))
    )
    .order_by(*_PLACE)
    .limit(LOADED_AT_ONCE)
)
# Behind every row of a number.
LAST_ID = UUID(int=(1 << 128) - 1)
log = get_logger()


class Openings:
    """One per process. Right at the number of the feed that `follow` was given, whatever other processes do."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits
        self._index = VacancyIndex(limits)
        self._lock = asyncio.Lock()
        # The number up to which every change is in the index; None before the first load.
        self.seen: int | None = None
        # The process ends: a first load that is still under way is given up.
        self.closing = False

    async def follow(self, connection: AsyncConnection, head: int) -> VacancyIndex:
        """The index with every change up to `head`, a number that the caller has read from the database."""
        if self.seen is not None and head <= self.seen and not self._index.is_crowded:
            return self._index
        async with self._lock:
            if self.seen is None or self._index.is_crowded:
                await self._load(connection)
            elif head > self.seen:
                await self._catch_up(connection, self.seen)
                self.seen = head
        return self._index

    async def refresh(self, connection: AsyncConnection) -> VacancyIndex:
        """Up to the present head."""
        return await self.follow(connection, (await connection.execute(_HEAD)).scalar_one() or 0)

    async def _load(self, connection: AsyncConnection) -> None:
        # The head first: what changes while the rows are read has a higher number and is read once more.
        head = (await connection.execute(_HEAD)).scalar_one() or 0
        index = VacancyIndex(self._limits)
        rows = (await connection.execute(_OPEN)).all()
        while rows:
            for row in rows:
                index.put(vacancy_card(row))
            if self.closing:
                return
            rows = (await connection.execute(_MORE, {"last": rows[-1].id})).all()
        self._index, self.seen = index, head

    async def _catch_up(self, connection: AsyncConnection, seen: int) -> None:
        """Page by page: what changes meanwhile gets a higher number and stands further on."""
        place = {"seq": seen, "last": LAST_ID}
        while rows := (await connection.execute(_CHANGES, place)).all():
            self._apply(rows)
            if len(rows) < LOADED_AT_ONCE:
                return
            place = {"seq": rows[-1].feed_seq, "last": rows[-1].id}

    def _apply(self, rows: Any) -> None:
        """The same change twice, or a later one of the same row already, changes nothing: rows are as they are now."""
        for row in rows:
            if row.state in OPEN:
                self._index.put(vacancy_card(row))
            else:
                self._index.drop(row.id)


async def warm(db: Database, openings: Openings) -> None:
    """At the start, so that no person waits for the first load; away databases are met again at the first request."""
    try:
        async with db.connection() as connection:
            await openings.refresh(connection)
    except (AppError, DBAPIError) as exc:
        log.warning("openings not loaded", error=type(exc).__name__)
