"""The shape of a labelled file for `sanqu evaluate`: cards of seekers and vacancies, and labels of pairs."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import ConfigDict, Field

from app.core.clock import CHINA
from app.matching.recommendation import SeekerCard, VacancyCard
from app.rules.geo import to_gcj02
from app.rules.jobs.pay import compute_hourly_fen
from app.rules.jobs.terms import Benefit, WorkFeature
from app.schemas.base import Input
from app.schemas.jobs.seekers import SeekerForm
from app.schemas.jobs.vacancies import Place, VacancyContent

# As in `services/jobs/cards`: a wish "6000 a month" is meant for a month as the town's factories work it.
USUAL_DAYS = 26
Name = Annotated[str, Field(min_length=1, max_length=60)]


def key_of(name: str) -> UUID:
    """Files name people and vacancies as they like."""
    return uuid5(NAMESPACE_URL, name)


def place_of(place: Place | None) -> tuple[float | None, float | None]:
    if place is None or place.latitude is None or place.longitude is None or place.coord_type is None:
        return None, None
    return to_gcj02(place.latitude, place.longitude, place.coord_type)


class LabelledSeeker(SeekerForm):
    """`id` and the fields of the registration."""

    # Texts of several sentences, and addresses, as people write them.
    model_config = ConfigDict(extra="ignore")

    id: Name

    def card(self) -> SeekerCard:
        wish = None
        if self.wish_pay_unit is not None:
            pay = self.wish_pay_fen
            wish = compute_hourly_fen(self.wish_pay_unit, min_fen=pay, max_fen=pay, days_per_month=USUAL_DAYS)
        lat, lon = place_of(self.home)
        return SeekerCard(
            id=key_of(self.id), wanted=tuple(self.wanted), experience=dict(self.experience_years),
            machines=frozenset(self.machines), level=self.level, certificates=frozenset(self.certificates),
            wish_hourly_fen=wish, shift_patterns=frozenset(self.shift_patterns),
            free_until_minute=self.free_until_minute, earliest_start=self.earliest_start,
            commute_limit_m=self.commute_limit_m, vehicle=self.vehicle, wants_meals=self.wants_meals,
            wants_lodging=self.wants_lodging, no_list=frozenset(self.no_list),
            hidden_from=frozenset(self.hidden_from), home_lat=lat, home_lon=lon, pay_cycles=frozenset(self.pay_cycles),
        )  # fmt: skip


class LabelledVacancy(VacancyContent):
    """`id`, when and by whom it was published, and the fields of the posting."""

    model_config = ConfigDict(extra="ignore")

    id: Name
    published_on: date
    enterprise: Name

    @property
    def published_at(self) -> datetime:
        return datetime.combine(self.published_on, time(12), CHINA)

    def card(self) -> VacancyCard:
        pay = self.pay
        lat, lon = place_of(self.place)
        hourly = compute_hourly_fen(
            pay.unit, min_fen=pay.min_fen, max_fen=pay.max_fen, piece_rate_fen=pay.piece_rate_fen,
            piece_per_quantity=pay.piece_per_quantity, piece_hourly_output=pay.piece_hourly_output,
            minutes_per_day=self.minutes_per_day, days_per_month=self.days_per_month,
        )  # fmt: skip
        return VacancyCard(
            id=key_of(self.id), enterprise_id=key_of(self.enterprise), occupation_code=self.occupation_code,
            headcount=self.headcount, hourly_fen=hourly, pay_unit=pay.unit, minutes_per_day=self.minutes_per_day,
            shift_pattern=self.shift_pattern, work_start_minute=self.work_start_minute,
            work_end_minute=self.work_end_minute, lat=lat, lon=lon, benefits=frozenset[Benefit](self.benefits),
            features=frozenset[WorkFeature](self.features), pay_cycle=pay.cycle,
            required_years=self.required_years, required_machines=frozenset(self.required_machines),
            required_level=self.required_level, required_certificates=frozenset(self.required_certificates),
            start_date=self.start_date, published_at=self.published_at, valid_until=self.valid_until,
        )  # fmt: skip

    def words(self, occupation: str) -> str:
        return "\n".join([self.title, occupation, self.duties, self.requirements, *self.required_machines])


class Label(Input):
    """How well a vacancy fits a seeker: 0 not at all, 3 well."""

    seeker: Name
    vacancy: Name
    label: Annotated[float, Field(ge=0, le=3)]


class LabelledFile(Input):
    """`labels` may stand in CSV files beside it instead (`seeker,vacancy,grade`), one for each rater."""

    model_config = ConfigDict(extra="ignore")

    description: str = Field(default="", max_length=5000)
    as_of: date | None = Field(default=None, description="The day of the evaluation; the day after the last posting")
    seekers: Annotated[list[LabelledSeeker], Field(min_length=1)]
    vacancies: Annotated[list[LabelledVacancy], Field(min_length=1)]
    labels: list[Label] = Field(default_factory=list)

    def now(self) -> datetime:
        day = self.as_of or max(vacancy.published_on for vacancy in self.vacancies) + timedelta(days=1)
        return datetime.combine(day, time(12), CHINA)
