"""What a seeker keeps: vacancies, and searches of which they hear once a day what is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.errors import UnauthorisedError
from app.core.events import emit
from app.core.pages import Cursors, after
from app.models.identity import Person
from app.models.jobs import SavedSearch, SavedVacancy, Vacancy
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor
from app.rules.jobs.search import (
    SAVED_SEARCHES_AT_MOST,
    SAVED_VACANCIES_AT_MOST,
    SETTLED,
    SavedSearchesFullError,
    SavedSearchNameTakenError,
    SavedSearchNotFoundError,
    SavedVacanciesFullError,
    SavedVacancyNotFoundError,
    is_telling_time,
)
from app.rules.jobs.vacancies import VacancyState
from app.schemas.jobs.search import POINT, SavedFilters, SavedSearchForm, SavedSearchUpdate
from app.services.common.content import SCENE_PROFILE, check_texts
from app.services.events import SavedSearchesMatched
from app.services.identity import audit
from app.services.identity.consents import consents_of
from app.services.jobs.search import count_new
from app.services.jobs.vacancies import get_visible
from app.services.runtime import Runtime

SUBJECT = "saved_search"
TELL_BATCH = 50


@dataclass(frozen=True, slots=True)
class Kept:
    """`state` is the one to show: a posting past its date is over before the sweep has met it."""

    saved: SavedVacancy
    vacancy: Vacancy
    state: VacancyState


@dataclass(frozen=True, slots=True)
class OpenedSearch:
    """With the point in plain, for its owner."""

    row: SavedSearch
    filters: SavedFilters


async def save_vacancy(session: AsyncSession, actor: Actor, vacancy_id: UUID, *, now: datetime) -> Kept:
    """Saving twice changes nothing."""
    await _lock_owner(session, actor.person_id)
    vacancy = await get_visible(session, actor, vacancy_id, now=now)
    check_consent(await consents_of(session, actor.person_id), ConsentPurpose.SERVICE)
    row = await _find_saved(session, actor.person_id, vacancy_id)
    if row is None:
        mine = select(func.count()).select_from(SavedVacancy).where(SavedVacancy.person_id == actor.person_id)
        if (await session.exec(mine)).one() >= SAVED_VACANCIES_AT_MOST:
            raise SavedVacanciesFullError(limit=SAVED_VACANCIES_AT_MOST)
        row = SavedVacancy(
            created_at=now, person_id=actor.person_id, vacancy_id=vacancy_id, title=vacancy.title,
            enterprise_name=vacancy.enterprise_name,
        )  # fmt: skip
        session.add(row)
        audit.by(session, actor, "vacancy_saved", "vacancy", vacancy_id, now=now)
    return _kept(row, vacancy, now)


async def drop_vacancy(session: AsyncSession, actor: Actor, vacancy_id: UUID, *, now: datetime) -> None:
    done = await session.exec(
        delete(SavedVacancy).where(
            col(SavedVacancy.person_id) == actor.person_id, col(SavedVacancy.vacancy_id) == vacancy_id
        )
    )
    if done.rowcount == 0:
        raise SavedVacancyNotFoundError
    audit.by(session, actor, "vacancy_dropped", "vacancy", vacancy_id, now=now)


async def list_saved_vacancies(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int, now: datetime
) -> tuple[Sequence[Kept], str | None]:
    """What was saved last comes first; closed ones stay until they are dropped."""
    query: dict[str, Any] = {"list": "saved_vacancies", "person": actor.person_id}
    keys = [col(SavedVacancy.created_at), col(SavedVacancy.id)]
    statement = (
        select(SavedVacancy, Vacancy)
        .join(Vacancy, col(Vacancy.id) == col(SavedVacancy.vacancy_id))
        .where(SavedVacancy.person_id == actor.person_id)
    )
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    found, following = cursors.page(query, rows, limit, lambda row: [row[0].created_at, row[0].id])
    return [_kept(saved, vacancy, now) for saved, vacancy in found], following


async def save_search(runtime: Runtime, session: AsyncSession, actor: Actor, form: SavedSearchForm) -> OpenedSearch:
    await _check_words(runtime, actor, form)
    now = runtime.clock.now()
    others = await _searches_locked(session, actor.person_id)
    if len(others) >= SAVED_SEARCHES_AT_MOST:
        raise SavedSearchesFullError(limit=SAVED_SEARCHES_AT_MOST)
    await _check(session, actor, form, others)
    # Nothing is news that was there when it was saved.
    row = SavedSearch(
        created_at=now, updated_at=now, person_id=actor.person_id, name=form.name, notify=form.notify,
        told_on=china_date(now), told_until=now,
    )  # fmt: skip
    _put_filters(runtime.crypto, row, form.filters)
    session.add(row)
    await session.flush()
    audit.by(session, actor, "search_saved", SUBJECT, row.id, now=now)
    return OpenedSearch(row, form.filters)


async def update_search(
    runtime: Runtime, session: AsyncSession, actor: Actor, search_id: UUID, form: SavedSearchUpdate
) -> OpenedSearch:
    """Replaces the whole form; what is new counts from now."""
    await _check_words(runtime, actor, form)
    now = runtime.clock.now()
    mine = {row.id: row for row in await _searches_locked(session, actor.person_id)}
    row = mine.pop(search_id, None)
    if row is None:
        raise SavedSearchNotFoundError
    check_version(row.version, form.expected_version)
    await _check(session, actor, form, list(mine.values()))
    row.name, row.notify = form.name, form.notify
    row.told_on, row.told_until = china_date(now), now
    _put_filters(runtime.crypto, row, form.filters)
    row.touch(now)
    audit.by(session, actor, "search_saved", SUBJECT, row.id, now=now)
    await session.flush()
    return OpenedSearch(row, form.filters)


async def list_searches(session: ReadSession, crypto: Crypto, actor: Actor) -> list[OpenedSearch]:
    """Oldest first."""
    rows = await session.exec(
        select(SavedSearch).where(SavedSearch.person_id == actor.person_id).order_by(col(SavedSearch.id))
    )
    return [OpenedSearch(row, _open_filters(crypto, row)) for row in rows]


async def drop_search(session: AsyncSession, actor: Actor, search_id: UUID, *, now: datetime) -> None:
    done = await session.exec(
        delete(SavedSearch).where(col(SavedSearch.id) == search_id, col(SavedSearch.person_id) == actor.person_id)
    )
    if done.rowcount == 0:
        raise SavedSearchNotFoundError
    audit.by(session, actor, "search_dropped", SUBJECT, search_id, now=now)


async def tell_new(session: AsyncSession, crypto: Crypto, *, now: datetime) -> int:
    """The daily sweep, a batch of people at a time: whoever has new postings in a saved search hears it once.

    Returns how many searches were looked at. Two workers: the second waits for the rows and finds them done.
    """
    local = now.astimezone(CHINA)
    if not is_telling_time(local):
        return 0
    today = local.date()
    due = (col(SavedSearch.notify) == true(), col(SavedSearch.told_on) < today)
    people = await session.exec(
        select(col(SavedSearch.person_id)).where(*due).distinct().order_by(col(SavedSearch.person_id)).limit(TELL_BATCH)
    )
    rows = await session.exec(
        select(SavedSearch)
        .where(*due, col(SavedSearch.person_id).in_(people.all()))
        .order_by(col(SavedSearch.person_id), col(SavedSearch.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    looked = 0
    for person_id, group in groupby(rows.all(), key=lambda row: row.person_id):
        mine = list(group)
        found = [(row.name, await _count_and_mark(session, crypto, row, today, now)) for row in mine]
        news = tuple((name, count) for name, count in found if count)
        if news:
            await emit(session, SavedSearchesMatched(at=now, person_id=person_id, news=news))
        looked += len(mine)
    return looked


async def erase_points(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """The place goes, and with it what was asked of distance; a search that is wider now stays silent."""
    for row in await _searches_locked(session, person_id):
        if row.point_sealed is not None:
            row.point_sealed = None
            row.filters = {name: value for name, value in row.filters.items() if name != "within_m"}
            row.notify = False
            row.touch(now)


async def forget_all(session: AsyncSession, person_id: UUID) -> None:
    await session.exec(delete(SavedVacancy).where(col(SavedVacancy.person_id) == person_id))
    await session.exec(delete(SavedSearch).where(col(SavedSearch.person_id) == person_id))


async def _count_and_mark(session: AsyncSession, crypto: Crypto, row: SavedSearch, today: date, now: datetime) -> int:
    settled = max(now - SETTLED, row.told_until)
    bounds = {"today": today, "since": row.told_until, "settled": settled}
    count = await count_new(await session.connection(), _open_filters(crypto, row), bounds)
    row.told_on, row.told_until = today, settled
    return count


async def _check_words(runtime: Runtime, actor: Actor, form: SavedSearchForm) -> None:
    """Before the first write. The name goes out in messages; only its owner reads it, so a doubt (`held`) is none."""
    words = {"name": form.name, "filters.q": form.filters.q or ""}
    await check_texts(runtime, actor, {path: text for path, text in words.items() if text}, scene=SCENE_PROFILE)


async def _check(session: AsyncSession, actor: Actor, form: SavedSearchForm, others: Sequence[SavedSearch]) -> None:
    given = await consents_of(session, actor.person_id)
    check_consent(given, ConsentPurpose.SERVICE)
    if form.filters.latitude is not None:
        check_consent(given, ConsentPurpose.EXACT_LOCATION)
    if any(other.name == form.name for other in others):
        raise SavedSearchNameTakenError(name=form.name)


async def _lock_owner(session: AsyncSession, person_id: UUID) -> None:
    """Two taps at once: the person's row is the lock under which things are counted."""
    await lock(session, Person, person_id, UnauthorisedError)


async def _searches_locked(session: AsyncSession, person_id: UUID) -> Sequence[SavedSearch]:
    await _lock_owner(session, person_id)
    rows = await session.exec(
        select(SavedSearch)
        .where(SavedSearch.person_id == person_id)
        .order_by(col(SavedSearch.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def _find_saved(session: AsyncSession, person_id: UUID, vacancy_id: UUID) -> SavedVacancy | None:
    found = await session.exec(
        select(SavedVacancy).where(SavedVacancy.person_id == person_id, SavedVacancy.vacancy_id == vacancy_id)
    )
    return found.one_or_none()


def _kept(saved: SavedVacancy, vacancy: Vacancy, now: datetime) -> Kept:
    over = vacancy.state is VacancyState.PUBLISHED and vacancy.valid_until < china_date(now)
    return Kept(saved, vacancy, VacancyState.EXPIRED if over else vacancy.state)


def _put_filters(crypto: Crypto, row: SavedSearch, filters: SavedFilters) -> None:
    row.filters = filters.model_dump(mode="json", exclude=set(POINT), exclude_defaults=True)
    row.point_sealed = None
    if filters.latitude is not None and filters.longitude is not None and filters.coord_type is not None:
        text = f"{filters.latitude:.6f},{filters.longitude:.6f},{filters.coord_type.value}"
        row.point_sealed = crypto.seal(SUBJECT, "point", row.id, text)


def _open_filters(crypto: Crypto, row: SavedSearch) -> SavedFilters:
    values: dict[str, Any] = dict(row.filters)
    text = crypto.open_if(SUBJECT, "point", row.id, row.point_sealed)
    if text is not None:
        values |= dict(zip(POINT, text.split(","), strict=True))
    return SavedFilters.model_validate(values)
