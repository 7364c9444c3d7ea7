"""From a vacancy's row to the plain card that the matching engine reads."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, TypeVar

from sqlmodel import col

from app.matching.recommendation import VacancyCard
from app.models.jobs import Vacancy
from app.rules.jobs.terms import Benefit, WorkFeature
from app.services.jobs.derived import hourly_fen_of, place_of

E = TypeVar("E", bound=StrEnum)
# What a card is made of; `vacancy_card` takes rows of these columns as well as the model.
CARD_COLUMNS: tuple[Any, ...] = (
    col(Vacancy.id), col(Vacancy.enterprise_id), col(Vacancy.occupation_code), col(Vacancy.headcount),
    col(Vacancy.pay_unit), col(Vacancy.pay_min_fen), col(Vacancy.pay_max_fen), col(Vacancy.piece_rate_fen),
    col(Vacancy.piece_per_quantity), col(Vacancy.piece_hourly_output), col(Vacancy.minutes_per_day),
    col(Vacancy.days_per_month), col(Vacancy.shift_pattern), col(Vacancy.work_start_minute),
    col(Vacancy.work_end_minute), col(Vacancy.latitude), col(Vacancy.longitude), col(Vacancy.coord_type),
    col(Vacancy.benefits), col(Vacancy.features), col(Vacancy.pay_cycle), col(Vacancy.required_years),
    col(Vacancy.required_machines), col(Vacancy.required_level), col(Vacancy.required_certificates),
    col(Vacancy.start_date), col(Vacancy.published_at), col(Vacancy.created_at), col(Vacancy.valid_until),
)  # fmt: skip


def members(enum: type[E], codes: Iterable[str]) -> frozenset[E]:
    return frozenset(enum(code) for code in codes)


def vacancy_card(row: Any) -> VacancyCard:
    place, hourly = place_of(row), hourly_fen_of(row)
    return VacancyCard(
        id=row.id, enterprise_id=row.enterprise_id, occupation_code=row.occupation_code,
        headcount=row.headcount, hourly_fen=hourly, pay_unit=row.pay_unit, minutes_per_day=row.minutes_per_day,
        shift_pattern=row.shift_pattern, work_start_minute=row.work_start_minute,
        work_end_minute=row.work_end_minute, lat=place[0] if place else None, lon=place[1] if place else None,
        benefits=members(Benefit, row.benefits), features=members(WorkFeature, row.features),
        pay_cycle=row.pay_cycle, required_years=row.required_years,
        required_machines=frozenset(row.required_machines), required_level=row.required_level,
        required_certificates=frozenset(row.required_certificates), start_date=row.start_date,
        published_at=row.published_at or row.created_at, valid_until=row.valid_until,
    )  # fmt: skip
