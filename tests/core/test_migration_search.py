"""Revision 0005 makes for the rows that are there what the service makes for new ones."""

import random
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from app.core.columns import metadata
from app.core.ids import new_id
from app.models.jobs import Vacancy
from app.rules.jobs.terms import Benefit, CoordType, PayUnit
from app.services.jobs.derived import derive
from tests.conftest import migrate
from tests.core.test_migrations import downgrade, fill, on

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
# More than the migration takes at a time.
VACANCIES = 1100
DERIVED = ("hourly_fen", "benefit_bits", "east_m", "north_m")
vacancy, enterprise, area = (metadata.tables[name] for name in ("vacancy", "enterprise", "area"))


def add_many(connection: Connection) -> None:
    """Copies of the one that is there, each with its own pay, benefits and place."""
    rng = random.Random(20261124)  # noqa: S311  # the same rows on every run
    template = dict(connection.execute(sa.select(vacancy)).mappings().one())
    area_id = connection.execute(sa.select(area.c.id).limit(1)).scalar_one()
    connection.execute(enterprise.update().where(enterprise.c.id == template["enterprise_id"]).values(area_id=area_id))
    connection.execute(vacancy.insert(), [template | drawn(rng) for _ in range(VACANCIES)])


def drawn(rng: random.Random) -> dict[str, Any]:
    placed = rng.random() < 0.8
    return {
        "id": new_id(), "created_at": NOW, "updated_at": NOW, "pay_unit": rng.choice(list(PayUnit)),
        "pay_min_fen": rng.choice([None, 2301, 550_001, 100_000_000]), "pay_max_fen": rng.choice([None, 800_000]),
        "piece_rate_fen": rng.choice([None, 851, 100_000_000]), "piece_per_quantity": rng.choice([None, 7, 1000]),
        "piece_hourly_output": rng.choice([None, 333, 1_000_000]), "minutes_per_day": rng.choice([450, 480, 601]),
        "days_per_month": rng.choice([None, 22, 26]), "benefits": [b.value for b in Benefit if rng.random() < 0.4],
        "latitude": rng.choice([24.7265, 24.75, -33.9]) if placed else None,
        "longitude": rng.choice([118.6702, 118.6, 18.4]) if placed else None,
        "coord_type": rng.choice(list(CoordType)) if placed else None, "valid_until": date(2026, 12, 1),
    }  # fmt: skip


async def test_old_rows_get_what_new_ones_get(database_url: str) -> None:
    await on(database_url, fill)
    await on(database_url, add_many)
    downgrade(database_url, "0004")
    migrate(database_url)
    rows = await on(database_url, lambda c: c.execute(sa.select(vacancy)).mappings().all())
    area_id = await on(database_url, lambda c: c.execute(sa.select(enterprise.c.area_id).where(enterprise.c.id == rows[0]["enterprise_id"])).scalar_one())  # fmt: skip
    assert len(rows) == VACANCIES + 1
    assert {row["area_id"] for row in rows} == {area_id}
    wrong = []
    for row in rows:
        expected = Vacancy(**row)
        expected.benefits = row["benefits"] or []
        derive(expected)
        if any(getattr(expected, name) != row[name] for name in DERIVED):
            wrong.append(row["id"])
    assert wrong == []
    assert len({row["hourly_fen"] for row in rows}) > 20
