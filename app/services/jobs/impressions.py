"""What was recommended to whom, and how often a vacancy was shown: written behind the answers, in batches.

A reader waits for no write. What waits in the buffer is written every few seconds and when the process ends; killed outright,
it loses these seconds: a count that is a little low, nothing that anybody relies on.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.db import Database
from app.core.errors import AppError
from app.core.ids import new_id
from app.core.logging import get_logger
from app.models.identity import Person
from app.models.jobs import Impression, VacancyExposure
from app.rules.identity.people import PersonState

WRITTEN_EVERY_SECONDS = 3.0
BATCH = 500
# Beyond it the oldest go: a database that stays away must not fill the memory.
KEPT_AT_MOST = 20_000
log = get_logger()


@dataclass(frozen=True, slots=True)
class Shown:
    person_id: UUID
    vacancy_id: UUID
    rank: int
    score: int
    personalised: bool
    at: datetime


class Impressions:
    """The buffer of one process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: deque[Shown] = deque(maxlen=KEPT_AT_MOST)
        self._writing = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def note(self, shown: Sequence[Shown]) -> None:
        self._waiting.extend(shown)

    async def write(self) -> int:
        """Everything that waits, a batch a transaction; returns how many rows. What fails waits for the next time."""
        total = 0
        async with self._writing:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                try:
                    async with self._db.unit_of_work() as session:
                        total += await _store(session, batch)
                except BaseException:
                    self._waiting.extendleft(reversed(batch[: KEPT_AT_MOST - len(self._waiting)]))
                    raise
        return total

    @asynccontextmanager
    async def written_behind(self) -> AsyncIterator[None]:
        """While the process serves; at its end what still waits is written."""
        writer = asyncio.create_task(self._keep_writing())
        try:
            yield
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            await self._try()

    async def _keep_writing(self) -> None:
        while True:
            await asyncio.sleep(WRITTEN_EVERY_SECONDS)
            await self._try()

    async def _try(self) -> None:
        try:
            await self.write()
        except (AppError, DBAPIError) as exc:
            log.warning("impressions wait", error=type(exc).__name__, count=len(self._waiting))


async def _store(session: AsyncSession, batch: Sequence[Shown]) -> int:
    """Rows of people who are still there; the day's counters in one order, so that two processes cannot block each other."""
    connection = await session.connection()
    people = {shown.person_id for shown in batch}
    found = await connection.execute(
        # Under a share of the row's lock: an account that is being deleted takes its rows with it or leaves none.
        select(col(Person.id)).where(col(Person.id).in_(people), col(Person.state) == PersonState.ACTIVE).order_by(col(Person.id)).with_for_update(read=True)
    )  # fmt: skip
    active = set(found.scalars())
    rows = [
        {
            "id": new_id(), "created_at": shown.at, "person_id": shown.person_id, "vacancy_id": shown.vacancy_id,
            "rank": shown.rank, "score": shown.score, "personalised": shown.personalised,
        }
        for shown in batch
        if shown.person_id in active
    ]  # fmt: skip
    if rows:
        await connection.execute(insert(Impression), rows)
    counts: Counter[tuple[UUID, date]] = Counter((shown.vacancy_id, china_date(shown.at)) for shown in batch)
    upsert = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    statement = upsert(VacancyExposure)
    statement = statement.on_conflict_do_update(
        index_elements=["vacancy_id", "day"],
        set_={"shown": col(VacancyExposure.shown) + statement.excluded.shown},
    )
    await connection.execute(
        statement,
        [{"vacancy_id": vacancy_id, "day": day, "shown": shown} for (vacancy_id, day), shown in sorted(counts.items())],
    )
    return len(rows)
