"""What a vacancy is compared by, made of what it says: one place for search and matching, so that both agree."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.errors import FieldIssue
from app.models.jobs import Vacancy
from app.models.organisation import Enterprise
from app.rules.geo import to_gcj02, to_grid
from app.rules.jobs.applications import AreaUnknownError
from app.rules.jobs.pay import compute_hourly_fen
from app.rules.jobs.search import compute_benefit_bits
from app.rules.jobs.terms import Benefit
from app.rules.jobs.vacancies import OccupationUnknownError
from app.schemas.jobs.vacancies import VacancyContent
from app.services.common.codes import code_name
from app.services.organisation.liaison import area_kind

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


async def area_of(session: AsyncSession, form: VacancyContent, enterprise: Enterprise) -> UUID | None:
    """Where the work is: as the form says, else where the firm is."""
    if form.area_id is None:
        return enterprise.area_id
    if await area_kind(session, form.area_id) is None:
        raise AreaUnknownError(fields=[FieldIssue(path="area_id", message=AreaUnknownError.message)])
    return form.area_id


async def occupation_name(session: AsyncSession, code: str) -> str:
    name = await code_name(session, "occupation", code)
    if name is None:
        raise OccupationUnknownError(given=code)
    return name
