"""Search against a plain Python model: the same ids in the same order on SQLite, on PostgreSQL and in the model."""

import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from app.core.ids import new_id
from app.core.settings import Settings
from app.models.identity import Person
from app.models.jobs import Vacancy
from app.models.organisation import Area, Enterprise
from app.rules.geo import to_gcj02, to_grid
from app.rules.jobs.pay import compute_hourly_fen, compute_wish_hourly_fen
from app.rules.jobs.search import VacancySort, compute_distance_m
from app.rules.jobs.terms import Benefit, CoordType, Engagement, PayCycle, PayUnit, ShiftPattern
from app.rules.jobs.vacancies import VacancyState
from app.schemas.jobs.search import FacetParams, ListParams
from app.services.jobs import facets, search
from app.services.jobs.derived import derive
from app.services.jobs.views import list_page
from app.services.runtime import Runtime, open_runtime
from tests.conftest import MISSING, PG_ENV, Databases

BEGIN = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
VACANCIES, QUERIES = 300, 150
WORDS = ("平车", "锁边", "打包", "夜宵")
# No occupation of the table begins like these: no aliases come in, and the names fall back to the codes.
CODES = ("ZZ1", "ZZ1.01", "ZZ1.02", "ZZ2")
FIRMS = ("福建省石狮市华联服装配件企业有限公司", "石狮市森鸿服装有限公司")


@dataclass(frozen=True)
class Town:
    runtimes: tuple[Runtime, Runtime]
    rows: list[Vacancy]
    firms: list[UUID]
    areas: list[UUID]


def draw(rng: random.Random, index: int, firms: list[UUID], areas: list[UUID]) -> dict[str, Any]:
    """The columns of one posting; many share a value, so that every order has ties."""
    unit = rng.choice(list(PayUnit))
    low = rng.choice([None, 2000, 2500, 3000]) if unit is PayUnit.HOUR else rng.choice([None, 480000, 550000, 600000])
    placed = rng.random() < 0.8
    firm = rng.randrange(2)
    return {
        "id": UUID(int=rng.getrandbits(128)), "created_at": BEGIN, "updated_at": BEGIN, "enterprise_id": firms[firm],
        "enterprise_name": f"企业{firm}", "title": rng.choice(WORDS) + "工", "duties": rng.choice(WORDS),
        "state": VacancyState.PUBLISHED if rng.random() < 0.85 else rng.choice(list(VacancyState)),
        "occupation_code": rng.choice(CODES), "occupation_name": "工", "engagement": Engagement.DIRECT,
        "headcount": 2, "pay_unit": unit, "pay_cycle": PayCycle.MONTHLY, "minutes_per_day": rng.choice([480, 600]),
        "pay_min_fen": None if unit is PayUnit.PIECE else low, "pay_max_fen": low and low + rng.choice([0, 1, 50000]),
        "piece_rate_fen": rng.choice([None, 10, 850]), "piece_per_quantity": rng.choice([None, 1, 100]),
        "piece_hourly_output": rng.choice([None, 300, 1_000_000]), "days_per_month": rng.choice([None, 22, 26]),
        "shift_pattern": rng.choice(list(ShiftPattern)), "place_address": "宝盖镇",
        "latitude": round(24.73 + rng.randrange(-40, 40) / 1000, 3) if placed else None,
        "longitude": round(118.66 + rng.randrange(-40, 40) / 1000, 3) if placed else None,
        "coord_type": rng.choice(list(CoordType)) if placed else None, "area_id": rng.choice([None, *areas]),
        "benefits": [b.value for b in Benefit if rng.random() < 0.3], "valid_until": TODAY + timedelta(days=rng.randrange(-1, 9)),
        "published_at": BEGIN - timedelta(microseconds=index // 5),
    }  # fmt: skip


@pytest.fixture
async def town(databases: Databases, tmp_path: Path) -> AsyncIterator[Town]:
    """The same postings in both databases: the ids of firms and areas are those that each has seeded."""
    if PG_ENV not in os.environ:
        pytest.skip(MISSING)
    urls = [databases.make(kind, seeded=True) for kind in ("sqlite", "postgresql")]
    async with AsyncExitStack() as stack:
        opened = []
        firms, areas = [new_id(), new_id()], [new_id() for _ in range(3)]
        for url in urls:
            runtime = await stack.enter_async_context(open_runtime(Settings(database_url=url, data_dir=tmp_path)))
            opened.append(runtime)
            rows = await fill(runtime, firms, areas)
        yield Town((opened[0], opened[1]), rows, firms, areas)
    for url in urls:
        databases.drop(url)


async def fill(runtime: Runtime, firms: list[UUID], areas: list[UUID]) -> list[Vacancy]:
    rng = random.Random(20261124)  # noqa: S311  # the same cases on every run
    async with runtime.db.unit_of_work() as session:
        kind = (await session.exec(select(Area.kind).limit(1))).one()
        poster = Person(created_at=BEGIN, updated_at=BEGIN)
        session.add(poster)
        for index, area_id in enumerate(areas):
            session.add(
                Area(id=area_id, created_at=BEGIN, updated_at=BEGIN, name=f"片{index}", kind=kind, section="一")
            )
        for index, firm_id in enumerate(firms):
            session.add(Enterprise(id=firm_id, created_at=BEGIN, updated_at=BEGIN, name=f"企业{index}"))
        await session.flush()
        rows = [Vacancy(**draw(rng, index, firms, areas), posted_by=poster.id) for index in range(VACANCIES)]
        for row in rows:
            derive(row)
        session.add_all(rows)
        await session.flush()
        for row in rows:
            await search.index_vacancy(session, row)
    return rows


def ask(rng: random.Random, town: Town) -> dict[str, Any]:
    """A random question: every filter on its own and in company."""
    asked: dict[str, Any] = {}
    options: dict[str, list[Any]] = {
        "q": [*WORDS, "平车 打包", "挖掘机", "！"], "occupation_code": [*CODES, "ZZ"], "enterprise_id": town.firms,
        "area_id": [*town.areas, UUID(int=1)], "pay_unit": list(PayUnit), "shift_pattern": list(ShiftPattern),
        "benefits": [[Benefit.MEALS], [Benefit.MEALS, Benefit.LODGING], [Benefit.PAID_LEAVE, Benefit.SHUTTLE]],
        "min_monthly_fen": [0, 480000, 550000, 600000], "min_hourly_fen": [1, 2000, 2500, 2501, 100_000_000],
    }  # fmt: skip
    for name, values in options.items():
        if rng.random() < 0.2:
            asked[name] = rng.choice(values)
    sort = rng.choice(list(VacancySort))
    if sort is VacancySort.NEAREST or rng.random() < 0.3:
        asked |= {
            "latitude": 24.73 + rng.randrange(-40, 40) / 1000, "longitude": 118.66 + rng.randrange(-40, 40) / 1000,
            "coord_type": rng.choice(list(CoordType)),
        }  # fmt: skip
        if rng.random() < 0.6:
            asked["within_m"] = rng.choice([1, 500, 2000, 5000, 100_000])
    return asked | {"sort": sort}


# -- the model ---------------------------------------------------------------------------------------------------


def hourly(row: Vacancy) -> int:
    found = compute_hourly_fen(
        row.pay_unit, min_fen=row.pay_min_fen, max_fen=row.pay_max_fen, piece_rate_fen=row.piece_rate_fen,
        piece_per_quantity=row.piece_per_quantity, piece_hourly_output=row.piece_hourly_output,
        minutes_per_day=row.minutes_per_day, days_per_month=row.days_per_month,
    )  # fmt: skip
    return min(found or 0, 100_000_000)


def squared(row: Vacancy, asked: dict[str, Any]) -> int | None:
    if row.latitude is None or row.longitude is None or row.coord_type is None or "latitude" not in asked:
        return None
    east, north = to_grid(*to_gcj02(row.latitude, row.longitude, row.coord_type))
    from_east, from_north = to_grid(*to_gcj02(asked["latitude"], asked["longitude"], asked["coord_type"]))
    return (east - from_east) ** 2 + (north - from_north) ** 2


def holds(row: Vacancy, asked: dict[str, Any], *, but: str | None = None) -> bool:  # noqa: PLR0911
    asked = {name: value for name, value in asked.items() if name != but}
    if row.state is not VacancyState.PUBLISHED or row.valid_until < TODAY:
        return False
    if any(
        getattr(row, name) != asked[name]
        for name in ("enterprise_id", "area_id", "pay_unit", "shift_pattern")
        if name in asked
    ):
        return False
    if not row.occupation_code.startswith(asked.get("occupation_code", "")):
        return False
    if not {benefit.value for benefit in asked.get("benefits", [])} <= set(row.benefits):
        return False
    least = [asked["min_hourly_fen"]] if "min_hourly_fen" in asked else []
    if "min_monthly_fen" in asked:
        least.append(compute_wish_hourly_fen(PayUnit.MONTH, asked["min_monthly_fen"]))
    if least and hourly(row) < max(least):
        return False
    if "within_m" in asked:
        away = squared(row, asked)
        if away is None or away > asked["within_m"] ** 2:
            return False
    if "q" in asked:
        text = row.title + "\n" + row.duties
        return asked["q"] != "！" and all(word in text for word in asked["q"].split())
    return True


def expected(town: Town, asked: dict[str, Any]) -> list[Vacancy]:
    def place(row: Vacancy) -> tuple[Any, ...]:
        away = squared(row, asked)
        first = {
            VacancySort.NEWEST: 0, VacancySort.PAY: hourly(row),
            VacancySort.NEAREST: -10**18 if away is None else -away,
        }[asked["sort"]]  # fmt: skip
        return (first, row.published_at, row.id)

    return sorted((row for row in town.rows if holds(row, asked)), key=place, reverse=True)


async def walk(runtime: Runtime, asked: dict[str, Any], limit: int) -> tuple[list[Any], set[int | None]]:
    rows: list[Any] = []
    totals: set[int | None] = set()
    cursor = None
    async with runtime.db.connection() as connection:
        while True:
            params = ListParams(**asked, with_total=True, cursor=cursor, limit=limit)
            page = await search.list_vacancies(connection, runtime.cursors, params, today=TODAY)
            list_page(page)
            rows += page.rows
            totals.add(page.total)
            cursor = page.next_cursor
            if cursor is None:
                return rows, totals


async def test_any_question_has_the_same_answer_on_both_databases_and_in_the_model(town: Town) -> None:
    rng = random.Random(4)  # noqa: S311  # the same cases on every run
    found, used = 0, Counter[str]()
    for number in range(QUERIES):
        asked = ask(rng, town)
        wanted = expected(town, asked)
        for runtime in town.runtimes:
            rows, totals = await walk(runtime, asked, rng.choice([7, 40, 100]) if number % 3 == 0 else 100)
            assert [UUID(search.id_text(row.id)) for row in rows] == [row.id for row in wanted], (
                asked,
                runtime.db.reader.dialect.name,
            )
            assert totals == {len(wanted)}
            if "latitude" in asked:
                ours = [None if (away := squared(row, asked)) is None else compute_distance_m(away) for row in wanted]
                assert [None if row.squared is None else compute_distance_m(row.squared) for row in rows] == ours
        found += len(wanted)
        used.update(asked.keys() if wanted else ())
    # The questions were worth asking: each filter has found something, several times.
    assert found > QUERIES * 10
    assert min(used[name] for name in ListParams.model_fields if name not in {"with_total", "cursor", "limit"}) >= 3


async def test_facets_count_as_the_model_does(town: Town) -> None:
    rng = random.Random(5)  # noqa: S311  # the same cases on every run
    for _ in range(40):
        asked = ask(rng, town)
        del asked["sort"]
        told = []
        for runtime in town.runtimes:
            async with runtime.db.reading() as session:
                told.append(await facets.count_facets(session, FacetParams(**asked), today=TODAY))
        for counted in told:
            # The seeded areas have other ids in each database, and no postings here.
            counted.areas[:] = [area for area in counted.areas if UUID(area.code) in town.areas]
        assert told[0] == told[1], asked

        def left(but: str, asked: dict[str, Any] = asked) -> list[Vacancy]:
            return [row for row in town.rows if holds(row, asked, but=but)]

        assert told[0].total == sum(holds(row, asked) for row in town.rows)
        by_code = Counter(row.occupation_code for row in left("occupation_code"))
        assert [(c.code, c.count) for c in told[0].occupations] == sorted(by_code.items(), key=lambda x: (-x[1], x[0]))
        for counts, filter_name, key in (
            (told[0].areas, "area_id", lambda row: str(row.area_id)),
            (told[0].shift_patterns, "shift_pattern", lambda row: row.shift_pattern.value),
            (told[0].pay_units, "pay_unit", lambda row: row.pay_unit.value),
        ):
            by_key = Counter(key(row) for row in left(filter_name))
            assert {c.code: c.count for c in counts if c.count} == {k: n for k, n in by_key.items() if k != "None"}
        by_benefit = Counter(benefit for row in left("benefits") for benefit in row.benefits)
        assert {c.code: c.count for c in told[0].benefits if c.count} == dict(by_benefit)
