"""Cards as numpy columns. One side of a computation has one row, the other many: everything broadcasts.

Sets and codes are dictionary-encoded: the distinct values once, and for each row its number among them. What compares
sets is computed for the distinct values and gathered, so no Python loop runs over all vacancies when scoring.
Rows are sorted by id, which makes sums and ties independent of the order in which the caller gave them.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.matching.recommendation.cards import SeekerCard, VacancyCard
from app.rules.jobs.terms import Benefit, PayCycle, ShiftPattern, SkillLevel, Vehicle, WorkFeature

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CYCLES = tuple(PayCycle)
LEVELS = tuple(SkillLevel)
_FEATURE_BIT = {feature: 1 << place for place, feature in enumerate(WorkFeature)}

T = TypeVar("T", bound=Hashable)


MEMO_AT_MOST = 1000


@dataclass(slots=True)
class Memo:
    """Rows `[compare(one, value) for value in values]` by what `one` and `compare` are; they grow with the values."""

    rows: dict[Hashable, NDArray[Any]] = field(default_factory=dict)

    def row(self, key: Hashable, compare: Callable[[Any], Any], values: Sequence[Any], dtype: Any) -> NDArray[Any]:
        known = self.rows.get(key)
        if known is None:
            if len(self.rows) >= MEMO_AT_MOST:
                self.rows.clear()
            known = np.empty(0, dtype=dtype)
        if len(known) < len(values):
            more = np.array([compare(value) for value in values[len(known) :]], dtype=dtype)
            known = np.concatenate([known, more])
        self.rows[key] = known
        return known


@dataclass(frozen=True, slots=True)
class Coded(Generic[T]):
    """`values[index[row]]` is the value of a row."""

    index: Ints
    values: Sequence[T]
    # What was computed for all values before, where they live longer than one computation (`index.Vocabulary`).
    memo: "Memo | None" = None

    @classmethod
    def of(cls, column: Iterable[T]) -> "Coded[T]":
        numbers: dict[T, int] = {}
        index = np.array([numbers.setdefault(value, len(numbers)) for value in column], dtype=np.int64)
        return cls(index, tuple(numbers))


def floats(column: Iterable[float | None]) -> Floats:
    """None becomes NaN."""
    return np.array([np.nan if value is None else value for value in column], dtype=np.float64)


def ordinals(column: Iterable[date | None]) -> Floats:
    return floats(None if day is None else day.toordinal() for day in column)


def places(column: Iterable[Any], order: tuple[Any, ...]) -> Floats:
    """The place of a member in the order of definition."""
    number = {member: place for place, member in enumerate(order)}
    return floats(None if member is None else number[member] for member in column)


def feature_bits(column: Iterable[frozenset[WorkFeature]]) -> Ints:
    return np.array([sum(_FEATURE_BIT[item] for item in features) for features in column], dtype=np.int64)


def board(benefits: frozenset[Benefit], full: Benefit, allowance: Benefit) -> float:
    """What of the board or the lodging the firm carries: an allowance counts as half."""
    return 1.0 if full in benefits else 0.5 if allowance in benefits else 0.0


@dataclass(frozen=True, slots=True)
class SeekerColumns:
    cards: tuple[SeekerCard, ...]
    wish_hourly: Floats
    home_lat: Floats
    home_lon: Floats
    commute_limit: Floats
    vehicle: Coded[Vehicle | None]
    shifts: Coded[frozenset[ShiftPattern]]
    free_until: Floats
    earliest_start: Floats
    wants_meals: Floats
    wants_lodging: Floats
    slowest_cycle: Floats
    level: Floats
    no_bits: Ints
    wanted: Coded[tuple[str, ...]]
    experience: Coded[tuple[tuple[str, float], ...]]
    machines: Coded[frozenset[str]]
    certificates: Coded[frozenset[str]]
    hidden_from: Coded[frozenset[UUID]]

    @classmethod
    def from_cards(cls, given: Iterable[SeekerCard]) -> "SeekerColumns":
        cards = tuple(sorted(given, key=lambda card: card.id))
        return cls(
            cards=cards,
            # A wish of nothing is no wish.
            wish_hourly=floats(card.wish_hourly_fen or None for card in cards),
            home_lat=floats(card.home_lat for card in cards),
            home_lon=floats(card.home_lon for card in cards),
            commute_limit=floats(card.commute_limit_m or None for card in cards),
            vehicle=Coded.of(card.vehicle for card in cards),
            shifts=Coded.of(card.shift_patterns for card in cards),
            free_until=floats(card.free_until_minute for card in cards),
            earliest_start=ordinals(card.earliest_start for card in cards),
            wants_meals=floats(card.wants_meals for card in cards),
            wants_lodging=floats(card.wants_lodging for card in cards),
            slowest_cycle=floats(max(map(CYCLES.index, card.pay_cycles), default=None) for card in cards),
            level=places((card.level for card in cards), LEVELS),
            no_bits=feature_bits(card.no_list for card in cards),
            wanted=Coded.of(card.wanted for card in cards),
            experience=Coded.of(tuple(sorted(card.experience.items())) for card in cards),
            machines=Coded.of(card.machines for card in cards),
            certificates=Coded.of(card.certificates for card in cards),
            hidden_from=Coded.of(card.hidden_from for card in cards),
        )


@dataclass(frozen=True, slots=True)
class VacancyColumns:
    cards: tuple[VacancyCard, ...]
    published: Ints
    """Microseconds since the epoch: newest first among equals."""
    valid_until: Floats
    enterprise: Coded[UUID]
    occupation: Coded[str]
    hourly: Floats
    lat: Floats
    lon: Floats
    shift: Coded[ShiftPattern | None]
    work_end: Floats
    start_date: Floats
    meals: Floats
    lodging: Floats
    cycle: Floats
    feature_bits: Ints
    required_years: Floats
    required_level: Floats
    machines: Coded[frozenset[str]]
    certificates: Coded[frozenset[str]]

    @property
    def size(self) -> int:
        return len(self.published)

    @classmethod
    def from_cards(cls, given: Iterable[VacancyCard]) -> "VacancyColumns":
        cards = tuple(sorted(given, key=lambda card: card.id))
        return cls(
            cards=cards,
            published=np.array([round(card.published_at.timestamp() * 1e6) for card in cards], dtype=np.int64),
            valid_until=ordinals(card.valid_until for card in cards),
            enterprise=Coded.of(card.enterprise_id for card in cards),
            occupation=Coded.of(card.occupation_code for card in cards),
            hourly=floats(card.hourly_fen for card in cards),
            lat=floats(card.lat for card in cards),
            lon=floats(card.lon for card in cards),
            shift=Coded.of(card.shift for card in cards),
            work_end=floats(card.end_minute for card in cards),
            start_date=ordinals(card.start_date for card in cards),
            meals=floats(board(card.benefits, Benefit.MEALS, Benefit.MEAL_ALLOWANCE) for card in cards),
            lodging=floats(board(card.benefits, Benefit.LODGING, Benefit.LODGING_ALLOWANCE) for card in cards),
            cycle=places((card.pay_cycle for card in cards), CYCLES),
            feature_bits=feature_bits(card.demands for card in cards),
            required_years=floats(card.required_years for card in cards),
            required_level=places((card.required_level for card in cards), LEVELS),
            machines=Coded.of(card.required_machines for card in cards),
            certificates=Coded.of(card.required_certificates for card in cards),
        )
