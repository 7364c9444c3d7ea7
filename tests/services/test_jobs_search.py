"""The same postings in SQLite and in PostgreSQL: the same ids in the same order, for every query."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import select

from app.core.settings import Settings
from app.models.identity import Person
from app.models.jobs import Vacancy
from app.models.organisation import Enterprise
from app.rules.jobs.terms import Engagement, PayCycle, PayUnit, ShiftPattern
from app.rules.jobs.vacancies import VacancyState
from app.schemas.jobs.search import ListParams
from app.services.jobs.search import id_text, index_vacancy, list_vacancies, load_words
from app.services.runtime import Runtime, open_runtime
from tests.conftest import MISSING, PG_ENV, Databases

BEGIN = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
FIRMS = ("福建省石狮市华联服装配件企业有限公司", "石狮市森鸿服装有限公司")
TITLES = ("平车工", "锁边工 计件", "打包工（包吃住）", "服装QC", "CAD制版师", "仓库搬运", "仑后村 夜班保安", "跟单文员")
DUTIES = (
    "缝制童装。",
    "针织锁边，长白班",
    "打包、装箱；搬货",
    "检验T恤 POLO衫",
    "ＣＡＤ 打版",
    "塘后村附近",
    "一天8小时",
    "对账做表Excel",
)
QUERIES = (
    None, "平车", "锁边", "计件", "包吃", "cad", "CAD", "ＣＡＤ制版", "T恤", "童装 平车", "塘后村", "仑后", "华联", "森鸿 锁边",
    "8小时", "excel", "夜班", "石狮市", "服装", "工", "！！", "搬运 仓库", "polo", "村",
)  # fmt: skip


@pytest.fixture
async def both(databases: Databases, tmp_path: Path) -> AsyncIterator[tuple[Runtime, Runtime]]:
    """One runtime per database, with the same 120 vacancies in each."""
    import os

    if PG_ENV not in os.environ:
        pytest.skip(MISSING)
    urls = [databases.make(kind, seeded=True) for kind in ("sqlite", "postgresql")]
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(open_runtime(Settings(database_url=url, data_dir=tmp_path))) for url in urls
        ]
        for runtime in opened:
            await fill(runtime)
        yield opened[0], opened[1]
    for url in urls:
        databases.drop(url)


async def fill(runtime: Runtime) -> None:
    await load_words(runtime.db)
    async with runtime.db.unit_of_work() as session:
        poster = Person(created_at=BEGIN, updated_at=BEGIN)
        session.add(poster)
        firms = {row.name: row.id for row in await session.exec(select(Enterprise))}
        await session.flush()
        for index in range(120):
            # Ties in the instant, and ids whose order is not that of insertion.
            row = Vacancy(
                id=UUID(int=(index * 7919 % 120 << 64) + index),
                created_at=BEGIN, updated_at=BEGIN, enterprise_id=firms[FIRMS[index % 2]], enterprise_name=FIRMS[index % 2],
                state=VacancyState.PAUSED if index % 11 == 0 else VacancyState.PUBLISHED,
                title=TITLES[index % 8], occupation_code=("61103.01", "611", "60204")[index % 3], occupation_name="缝纫工",
                engagement=Engagement.DIRECT, headcount=1 + index % 3, pay_unit=list(PayUnit)[index % 3],
                pay_cycle=PayCycle.MONTHLY, minutes_per_day=480, shift_pattern=ShiftPattern.DAY,
                place_address="宝盖镇科技园", duties=DUTIES[index * 3 % 8],
                valid_until=TODAY + timedelta(days=index % 7 - 1),
                published_at=BEGIN + timedelta(microseconds=index // 4), posted_by=poster.id,
            )  # fmt: skip
            session.add(row)
            await session.flush()
            await index_vacancy(session, row)


async def walk(runtime: Runtime, **given: object) -> tuple[list[UUID], set[int]]:
    """All ids of a query, page by page, and the totals that were told."""
    found: list[UUID] = []
    totals: set[int] = set()
    query = {"with_total": True, "limit": 7} | given
    firm = query.pop("firm", None)
    cursor = None
    async with runtime.db.connection() as connection:
        firm_id = None
        if firm is not None:
            firm_id = (await connection.execute(select(Enterprise.id).where(Enterprise.name == firm))).scalar_one()
        while True:
            asked = ListParams(enterprise_id=firm_id, cursor=cursor, **query)
            page = await list_vacancies(connection, runtime.cursors, asked, today=TODAY)
            found += [UUID(id_text(row.id)) for row in page.rows]
            totals.add(page.total)
            cursor = page.next_cursor
            if cursor is None:
                return found, totals


async def test_the_same_ids_in_the_same_order_on_both_databases(both: tuple[Runtime, Runtime]) -> None:
    sqlite, postgresql = both
    hits: dict[str | None, int] = {}
    for q in QUERIES:
        one, other = await walk(sqlite, q=q), await walk(postgresql, q=q)
        assert one == other, q
        ids, totals = one
        assert totals == {len(ids)}
        assert len(set(ids)) == len(ids)
        hits[q] = len(ids)
    assert hits["！！"] == 0
    # 120 rows without the paused and the expired ones.
    assert hits[None] == sum(1 for index in range(120) if index % 11 and index % 7)
    for q in ("平车", "锁边", "cad", "T恤", "塘后村", "华联", "包吃", "搬运 仓库"):
        assert 0 < hits[q] < hits[None], q
    assert hits["cad"] == hits["CAD"]
    for filters in (
        {"occupation_code": "611"},
        {"occupation_code": "61103"},
        {"pay_unit": PayUnit.HOUR},
        {"firm": FIRMS[1]},
    ):
        for q in (None, "服装", "平车"):
            assert await walk(sqlite, q=q, **filters) == await walk(postgresql, q=q, **filters), (filters, q)


async def test_the_order_is_newest_first_then_by_id(both: tuple[Runtime, Runtime]) -> None:
    for runtime in both:
        async with runtime.db.reading() as session:
            rows = (await session.exec(select(Vacancy).where(Vacancy.state == VacancyState.PUBLISHED))).all()
        expected = sorted(
            (row for row in rows if row.valid_until >= TODAY), key=lambda row: (row.published_at, row.id), reverse=True
        )
        assert (await walk(runtime))[0] == [row.id for row in expected]
