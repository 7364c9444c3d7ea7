"""From rows to the plain cards that the matching engine reads. Sex, ethnicity, origin, age are not on them."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from app.core.crypto import Crypto
from app.matching.recommendation import SeekerCard, VacancyCard
from app.models.jobs import SeekerProfile, Vacancy
from app.rules.jobs.pay import compute_wish_hourly_fen
from app.rules.jobs.terms import Benefit, PayCycle, ShiftPattern, WorkFeature
from app.services.jobs.derived import hourly_fen_of, place_of
from app.services.jobs.seekers import open_home

E = TypeVar("E", bound=StrEnum)


def members(enum: type[E], codes: Iterable[str]) -> frozenset[E]:
    return frozenset(enum(code) for code in codes)


def seeker_card(crypto: Crypto, row: SeekerProfile) -> SeekerCard:
    home = open_home(crypto, row)
    wish = None
    if row.wish_pay_unit is not None and row.wish_pay_fen is not None:
        wish = compute_wish_hourly_fen(row.wish_pay_unit, row.wish_pay_fen)
    return SeekerCard(
        id=row.person_id, wanted=tuple(row.wanted), experience=dict(row.experience_years),
        machines=frozenset(row.machines), level=row.level, certificates=frozenset(row.certificates),
        wish_hourly_fen=wish, shift_patterns=members(ShiftPattern, row.shift_patterns),
        free_until_minute=row.free_until_minute, earliest_start=row.earliest_start,
        commute_limit_m=row.commute_limit_m, vehicle=row.vehicle, wants_meals=row.wants_meals,
        wants_lodging=row.wants_lodging, no_list=members(WorkFeature, row.no_list),
        hidden_from=frozenset(map(UUID, row.hidden_from)), home_lat=home[0] if home else None,
        home_lon=home[1] if home else None, pay_cycles=members(PayCycle, row.pay_cycles),
    )  # fmt: skip


def vacancy_card(row: Vacancy) -> VacancyCard:
    place = place_of(row)
    return VacancyCard(
        id=row.id, enterprise_id=row.enterprise_id, occupation_code=row.occupation_code,
        headcount=row.headcount, hourly_fen=hourly_fen_of(row), pay_unit=row.pay_unit, minutes_per_day=row.minutes_per_day,
        shift_pattern=row.shift_pattern, work_start_minute=row.work_start_minute,
        work_end_minute=row.work_end_minute, lat=place[0] if place else None, lon=place[1] if place else None,
        benefits=members(Benefit, row.benefits), features=members(WorkFeature, row.features),
        pay_cycle=row.pay_cycle, required_years=row.required_years,
        required_machines=frozenset(row.required_machines), required_level=row.required_level,
        required_certificates=frozenset(row.required_certificates), start_date=row.start_date,
        published_at=row.published_at or row.created_at, valid_until=row.valid_until,
    )  # fmt: skip
