"""What a vacancy is compared by, made of what it says: one place for search and matching, so that both agree."""

from app.models.jobs import Vacancy
from app.rules.geo import to_gcj02, to_grid
from app.rules.jobs.pay import compute_hourly_fen
from app.rules.jobs.search import compute_benefit_bits
from app.rules.jobs.terms import Benefit

# What a form takes as money at most: rate times output of piece work can be a number that no column holds.
MOST_FEN = 100_000_000


def hourly_fen_of(row: Vacancy) -> int | None:
    """Effective pay in fen per hour; None where it cannot be known."""
    return compute_hourly_fen(
        row.pay_unit, min_fen=row.pay_min_fen, max_fen=row.pay_max_fen, piece_rate_fen=row.piece_rate_fen,
        piece_per_quantity=row.piece_per_quantity, piece_hourly_output=row.piece_hourly_output,
        minutes_per_day=row.minutes_per_day, days_per_month=row.days_per_month,
    )  # fmt: skip


def place_of(row: Vacancy) -> tuple[float, float] | None:
    """Latitude and longitude in gcj02."""
    if row.latitude is None or row.longitude is None or row.coord_type is None:
        return None
    return to_gcj02(row.latitude, row.longitude, row.coord_type)


def derive(row: Vacancy) -> None:
    """Bring the columns of search in step with the text. To be called whenever that changes."""
    place = place_of(row)
    row.hourly_fen = min(hourly_fen_of(row) or 0, MOST_FEN)
    row.benefit_bits = compute_benefit_bits(Benefit.of(code) for code in row.benefits)
    row.east_m, row.north_m = (None, None) if place is None else to_grid(*place)
