"""jobs: search by area, pay, benefits and distance; saved vacancies and saved searches

Purpose and concerns: see NOTES.md.
"""

import json
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BATCH = 1000
PUBLISHED = "state = 'published'"
INDEXES = {
    "ix_vacancy_public_area": ["area_id", "published_at", "id"],
    "ix_vacancy_public_pay": ["hourly_fen", "published_at", "id"],
    "ix_vacancy_public_place": ["east_m", "north_m", "state", "valid_until", "published_at", "id"],
}


def upgrade() -> None:
    with op.batch_alter_table("vacancy", schema=None) as batch_op:
        batch_op.add_column(sa.Column("area_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("hourly_fen", sa.Integer(), nullable=False, server_default=sa.text("0")))
        batch_op.add_column(sa.Column("benefit_bits", sa.Integer(), nullable=False, server_default=sa.text("0")))
        batch_op.add_column(sa.Column("east_m", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("north_m", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_vacancy_area_id_area"), "area", ["area_id"], ["id"])
    with op.batch_alter_table("vacancy", schema=None) as batch_op:
        batch_op.alter_column("hourly_fen", server_default=None)
        batch_op.alter_column("benefit_bits", server_default=None)
    fill_derived(op.get_bind())
    with op.batch_alter_table("vacancy", schema=None) as batch_op:
        for name, columns in INDEXES.items():
            batch_op.create_index(
                name, columns, unique=False,
                postgresql_where=sa.text(PUBLISHED), sqlite_where=sa.text(PUBLISHED),
            )  # fmt: skip

    op.create_table(
        "saved_vacancy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("vacancy_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("enterprise_name", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_vacancy_person_id_person")),
        sa.ForeignKeyConstraint(["vacancy_id"], ["vacancy.id"], name=op.f("fk_saved_vacancy_vacancy_id_vacancy")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_vacancy")),
        sa.UniqueConstraint("person_id", "vacancy_id", name=op.f("uq_saved_vacancy_person_id_vacancy_id")),
    )
    with op.batch_alter_table("saved_vacancy", schema=None) as batch_op:
        batch_op.create_index("ix_saved_vacancy_person", ["person_id", "created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_saved_vacancy_vacancy_id"), ["vacancy_id"], unique=False)

    op.create_table(
        "saved_search",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("notify", sa.Boolean(), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("point_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("told_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_search_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_search")),
    )
    with op.batch_alter_table("saved_search", schema=None) as batch_op:
        batch_op.create_index("ix_saved_search_due", ["told_on", "person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_saved_search_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("saved_search", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_saved_search_person_id"))
        batch_op.drop_index("ix_saved_search_due")

    op.drop_table("saved_search")
    with op.batch_alter_table("saved_vacancy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_saved_vacancy_vacancy_id"))
        batch_op.drop_index("ix_saved_vacancy_person")

    op.drop_table("saved_vacancy")
    with op.batch_alter_table("vacancy", schema=None) as batch_op:
        for name in INDEXES:
            batch_op.drop_index(name, postgresql_where=sa.text(PUBLISHED), sqlite_where=sa.text(PUBLISHED))
    with op.batch_alter_table("vacancy", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_vacancy_area_id_area"), type_="foreignkey")
        for name in ("north_m", "east_m", "benefit_bits", "hourly_fen", "area_id"):
            batch_op.drop_column(name)


# -- What the service makes of the rows that are there: as it did at this revision ---------------------------------

vacancy = sa.table(
    "vacancy",
    sa.column("id", sa.Uuid()), sa.column("pay_unit"), sa.column("pay_min_fen"), sa.column("pay_max_fen"),
    sa.column("piece_rate_fen"), sa.column("piece_per_quantity"), sa.column("piece_hourly_output"),
    sa.column("minutes_per_day"), sa.column("days_per_month"), sa.column("benefits", sa.JSON()),
    sa.column("latitude", sa.Float()), sa.column("longitude", sa.Float()), sa.column("coord_type"),
    sa.column("hourly_fen", sa.Integer()), sa.column("benefit_bits", sa.Integer()), sa.column("east_m", sa.Integer()),
    sa.column("north_m", sa.Integer()),
)  # fmt: skip
BITS = {
    "meals": 1, "lodging": 2, "meal_allowance": 4, "lodging_allowance": 8, "social_insurance": 16, "housing_fund": 32,
    "shuttle": 64, "paid_leave": 128,
}  # fmt: skip
MOST_FEN = 100_000_000
EARTH_M, AXIS, ECCENTRICITY = 6_371_008.8, 6_378_245.0, 0.006_693_421_622_965_943
SOUTH, NORTH, WEST, EAST = 0.8293, 55.8271, 72.004, 137.8347
ORIGIN_LAT, ORIGIN_LON = 24.73, 118.66


def fill_derived(connection: sa.Connection) -> None:
    connection.execute(
        sa.text(
            "UPDATE vacancy SET area_id = "
            "(SELECT enterprise.area_id FROM enterprise WHERE enterprise.id = vacancy.enterprise_id)"
        )
    )
    changed = (
        sa.update(vacancy)
        .where(vacancy.c.id == sa.bindparam("row_id", type_=sa.Uuid()))
        .values({name: sa.bindparam(f"new_{name}") for name in ("hourly_fen", "benefit_bits", "east_m", "north_m")})
    )
    for rows in batches(connection):
        connection.execute(changed, [derived(row) for row in rows])


def batches(connection: sa.Connection) -> Iterator[Sequence[Any]]:
    statement = sa.select(vacancy).order_by(vacancy.c.id).limit(BATCH)
    rows = connection.execute(statement).all()
    while rows:
        yield rows
        rows = connection.execute(statement.where(vacancy.c.id > rows[-1].id)).all()


def derived(row: Any) -> dict[str, Any]:
    benefits = row.benefits if isinstance(row.benefits, list) else json.loads(row.benefits or "[]")
    east, north = grid(row.latitude, row.longitude, row.coord_type)
    return {
        "row_id": row.id, "new_hourly_fen": min(hourly(row), MOST_FEN),
        "new_benefit_bits": sum(BITS.get(benefit, 0) for benefit in set(benefits)),
        "new_east_m": east, "new_north_m": north,
    }  # fmt: skip


def hourly(row: Any) -> int:
    if row.pay_unit == "piece":
        if not row.piece_rate_fen or not row.piece_per_quantity or not row.piece_hourly_output:
            return 0
        return half_up(Fraction(row.piece_rate_fen * row.piece_hourly_output, row.piece_per_quantity))
    if row.pay_min_fen is None:
        return 0
    middle = Fraction(row.pay_min_fen + (row.pay_min_fen if row.pay_max_fen is None else row.pay_max_fen), 2)
    if row.pay_unit == "hour":
        return half_up(middle)
    days = Fraction(row.days_per_month) if row.days_per_month else Fraction(87, 4)
    return half_up(middle / (days * Fraction(row.minutes_per_day or 480, 60)))


def half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


def grid(latitude: float | None, longitude: float | None, coord_type: str | None) -> tuple[int | None, int | None]:
    if latitude is None or longitude is None or coord_type is None:
        return None, None
    if coord_type == "wgs84" and SOUTH < latitude < NORTH and WEST < longitude < EAST:
        latitude, longitude = shifted(latitude, longitude)
    degree = math.radians(EARTH_M)
    east = (longitude - ORIGIN_LON) * degree * math.cos(math.radians(ORIGIN_LAT))
    return math.floor(east + 0.5), math.floor((latitude - ORIGIN_LAT) * degree + 0.5)


def shifted(latitude: float, longitude: float) -> tuple[float, float]:
    """WGS-84 to GCJ-02 by the public formula."""
    x, y = longitude - 105.0, latitude - 35.0
    wave = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    up = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + wave
    up += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    up += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    right = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + wave
    right += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    right += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    radians = math.radians(latitude)
    magic = 1 - ECCENTRICITY * math.sin(radians) ** 2
    up = math.degrees(up / (AXIS * (1 - ECCENTRICITY) / magic**1.5))
    right = math.degrees(right / (AXIS / math.sqrt(magic) * math.cos(radians)))
    return latitude + up, longitude + right
