"""The parts of the two scores: what each weighs, and its value in [0, 1] for all pairs at once; NaN is unknown.

Weights and curves are set by hand, there being no labelled outcomes yet; each sum of weights is 1. The curves are strictly
monotone where a person would expect it (better paid, nearer), so twins are never ordered the wrong way round.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isnan
from typing import Any, Self

import numpy as np

from app.core.labels import Labelled
from app.matching.recommendation.cards import SAME_SMALL_CLASS, OccupationTree
from app.matching.recommendation.columns import Bools, Floats, SeekerColumns, VacancyColumns
from app.matching.recommendation.gates import gathered, today_of
from app.rules.geo import distances_m
from app.rules.jobs.terms import ShiftPattern, Vehicle


class Side(Labelled):
    SEEKER = "seeker", "求职者"
    ENTERPRISE = "enterprise", "企业"


class PartKey(Labelled):
    """The parts, the seeker's first. WISHES stands for all of them together where an enterprise reads."""

    PAY = "pay", "工资"
    OCCUPATION = "occupation", "工种"
    COMMUTE = "commute", "路程"
    HOURS = "hours", "班次时间"
    BOARD = "board", "吃住"
    PAY_CYCLE = "pay_cycle", "发薪周期"
    EXPERIENCE = "experience", "工作经验"
    MACHINES = "machines", "会用的机器"
    START = "start", "到岗时间"
    LEVEL = "level", "技能等级"
    WISHES = "wishes", "求职意愿"


WEIGHTS: Mapping[Side, Mapping[PartKey, float]] = {
    Side.SEEKER: {
        PartKey.PAY: 0.28, PartKey.OCCUPATION: 0.20, PartKey.COMMUTE: 0.20, PartKey.HOURS: 0.16,
        PartKey.BOARD: 0.09, PartKey.PAY_CYCLE: 0.07,
    },
    Side.ENTERPRISE: {
        PartKey.EXPERIENCE: 0.40, PartKey.MACHINES: 0.25, PartKey.START: 0.20, PartKey.LEVEL: 0.15,
    },
}  # fmt: skip
SCORED = tuple(key for weights in WEIGHTS.values() for key in weights)

# What a part counts as where not one candidate is known: the middle, which moves nobody.
NEUTRAL = 0.5
# A way of about half an hour by the stated vehicle where no limit is set; the town is some 8 km across.
USUAL_COMMUTE_M: Mapping[Vehicle | None, float] = {
    Vehicle.WALK: 2_000, Vehicle.BICYCLE: 5_000, Vehicle.EBIKE: 8_000, Vehicle.BUS: 8_000, Vehicle.CAR: 15_000,
    None: 5_000,
}  # fmt: skip
# At the limit the way has cost this much of the part.
COMMUTE_COST_AT_LIMIT = 0.4
# Pay that just meets the wish.
PAY_AT_WISH = 0.7
# One of the two shifts suits.
HALF_SHIFT = 0.3
# Finishing this much later than the person is free leaves nothing.
LATE_MINUTES = 120
# Starting this much later than wanted leaves nothing.
LATE_DAYS = 30
CYCLE_STEP = 0.4
LEVEL_STEP = 0.25
# Years that count as fully experienced where the vacancy states none; with "no experience needed" a novice starts here.
USUAL_YEARS = 3.0
NOVICE = 0.6


@dataclass(frozen=True, slots=True)
class Population:
    """Per part the mean over the candidates for whom it is known: what an unknown part counts as."""

    means: Mapping[PartKey, float]

    @classmethod
    def neutral(cls) -> Self:
        return cls({})

    def mean(self, key: PartKey) -> float:
        return self.means.get(key, NEUTRAL)


@dataclass(frozen=True, slots=True)
class Values:
    """For each part: its values over the pairs, and where a stated skill matches what is asked."""

    values: Mapping[PartKey, Floats]
    matches: Mapping[PartKey, Bools]

    def take(self, rows: Any) -> "Values":
        return Values(
            {key: column[rows] for key, column in self.values.items()},
            {key: column[rows] for key, column in self.matches.items()},
        )

    def population(self) -> Population:
        means = {}
        for key, column in self.values.items():
            known = column[~np.isnan(column)]
            if known.size:
                means[key] = float(known.mean())
        return Population(means)

    def filled(self, population: Population) -> dict[PartKey, Floats]:
        """Unknown takes the mean. A stated match never counts below it: else silence would pay better than the truth."""
        out = {}
        for key, column in self.values.items():
            mean = population.mean(key)
            filled = np.where(np.isnan(column), mean, column)
            if key in self.matches:
                filled = np.where(self.matches[key], np.maximum(filled, mean), filled)
            out[key] = filled
        return out

    def confidence(self, row: int) -> float:
        """Share of the weights whose part is known, 0–1, both sides alike."""
        known = [
            weight
            for weights in WEIGHTS.values()
            for key, weight in weights.items()
            if not isnan(self.values[key][row])
        ]
        return sum(known) / len(WEIGHTS)


@dataclass(frozen=True, slots=True)
class Scores:
    seeker: Floats
    enterprise: Floats
    mutual: Floats


def side_score(filled: Mapping[PartKey, Floats], side: Side) -> Floats:
    # One part after the other: the same additions in the same order for one pair as for a hundred thousand.
    total: Floats = np.zeros(len(next(iter(filled.values()))))
    for key, weight in WEIGHTS[side].items():
        total = total + weight * filled[key]
    return total


def combine(filled: Mapping[PartKey, Floats]) -> Scores:
    """H = 2SE / (S + E): good only where both sides are served."""
    seeker, enterprise = side_score(filled, Side.SEEKER), side_score(filled, Side.ENTERPRISE)
    both = seeker + enterprise
    mutual = np.divide(2 * seeker * enterprise, both, out=np.zeros_like(both), where=both > 0)
    return Scores(seeker, enterprise, mutual)


def compute_values(seekers: SeekerColumns, vacancies: VacancyColumns, tree: OccupationTree, now: datetime) -> Values:
    """Every part for every pair; one side may have many rows, the other has one."""
    rows = max(len(seekers.cards), vacancies.size)
    values = {
        PartKey.PAY: _pay(seekers, vacancies),
        PartKey.OCCUPATION: _occupation(seekers, vacancies, tree),
        PartKey.COMMUTE: _commute(seekers, vacancies),
        PartKey.HOURS: _hours(seekers, vacancies),
        PartKey.BOARD: _board(seekers, vacancies),
        PartKey.PAY_CYCLE: np.clip(1 - CYCLE_STEP * (vacancies.cycle - seekers.slowest_cycle), 0, 1),
        PartKey.EXPERIENCE: experience_value(seekers, vacancies, tree),
        PartKey.MACHINES: gathered(seekers.machines, vacancies.machines, machine_share, np.float64, "share"),
        PartKey.START: _start(seekers, vacancies, now),
        PartKey.LEVEL: _level(seekers, vacancies),
    }
    matches = {
        PartKey.EXPERIENCE: gathered(
            seekers.experience,
            vacancies.occupation,
            lambda held, code: _same_trade(tree, held, code),
            np.bool_,
            (tree, "trade"),
        ),
        PartKey.MACHINES: gathered(
            seekers.machines, vacancies.machines, lambda held, required: bool(held & required), np.bool_, "any"
        ),
    }
    return Values(
        {key: np.broadcast_to(values[key], (rows,)) for key in SCORED},
        {key: np.broadcast_to(column, (rows,)) for key, column in matches.items()},
    )


def _pay(seekers: SeekerColumns, vacancies: VacancyColumns) -> Floats:
    """Ratio of effective hourly pay to the wish: rising steeply up to the wish, flattening above, always rising."""
    ratio = vacancies.hourly / seekers.wish_hourly
    above = 1 - (1 - PAY_AT_WISH) / np.maximum(ratio, 1.0) ** 2
    return np.asarray(np.where(ratio < 1, PAY_AT_WISH * ratio**2, above))


def _occupation(seekers: SeekerColumns, vacancies: VacancyColumns, tree: OccupationTree) -> Floats:
    def near(wanted: tuple[str, ...], code: str) -> float:
        found = tree.nearest(wanted, code)
        return np.nan if found is None else found[1]

    return np.asarray(gathered(seekers.wanted, vacancies.occupation, near, np.float64, (tree, "near")))


def _commute(seekers: SeekerColumns, vacancies: VacancyColumns) -> Floats:
    metres = distances_m(seekers.home_lat, seekers.home_lon, vacancies.lat, vacancies.lon)
    return commute_value(seekers, metres)


def commute_value(seekers: SeekerColumns, metres: Floats) -> Floats:
    """Distance against the limit, or against the usual way by the vehicle: linear within, falling with its square beyond."""
    usual = np.array([USUAL_COMMUTE_M[vehicle] for vehicle in seekers.vehicle.values])[seekers.vehicle.index]
    limit = np.where(np.isnan(seekers.commute_limit), usual, seekers.commute_limit)
    share = metres / limit
    beyond = (1 - COMMUTE_COST_AT_LIMIT) / np.maximum(share, 1.0) ** 2
    return np.asarray(np.where(share <= 1, 1 - COMMUTE_COST_AT_LIMIT * share, beyond))


def shift_value(accepted: frozenset[ShiftPattern], shift: ShiftPattern | None) -> float:
    """How well a shift suits; NaN where the person has not said or the posting does not."""
    if not accepted or shift is None:
        return np.nan
    both = {ShiftPattern.DAY, ShiftPattern.NIGHT}
    if shift in accepted or shift is ShiftPattern.FLEXIBLE or (shift is ShiftPattern.ROTATING and both <= accepted):
        return 1.0
    return HALF_SHIFT if shift is ShiftPattern.ROTATING and both & accepted else 0.0


def _hours(seekers: SeekerColumns, vacancies: VacancyColumns) -> Floats:
    shift = gathered(seekers.shifts, vacancies.shift, shift_value, np.float64, "shift")
    late = vacancies.work_end - seekers.free_until
    day = np.clip(1 - late / LATE_MINUTES, 0, 1)
    # The worse of the two decides; fmin takes the known one.
    return np.asarray(np.fmin(shift, day))


def _board(seekers: SeekerColumns, vacancies: VacancyColumns) -> Floats:
    """Share of the wished board and lodging that the firm carries; nothing wished is all carried."""
    meals, lodging = seekers.wants_meals == 1, seekers.wants_lodging == 1
    wished = meals * 1.0 + lodging * 1.0
    carried = meals * vacancies.meals + lodging * vacancies.lodging
    value = np.where(wished > 0, carried / np.maximum(wished, 1), 1.0)
    unknown = np.isnan(seekers.wants_meals) & np.isnan(seekers.wants_lodging)
    return np.where(unknown, np.nan, value)


def experience_value(seekers: SeekerColumns, vacancies: VacancyColumns, tree: OccupationTree) -> Floats:
    """Years × closeness of the occupation against the required years."""

    def counted(held: tuple[tuple[str, float], ...], code: str) -> float:
        best = tree.best_experience(dict(held), code)
        return np.nan if best is None else best.counted

    years = gathered(seekers.experience, vacancies.occupation, counted, np.float64, (tree, "counted"))
    required = vacancies.required_years
    target = np.where(required > 0, required, USUAL_YEARS)
    share = np.minimum(years / target, 1.0)
    return np.asarray(np.where(required == 0, NOVICE + (1 - NOVICE) * share, share))


def _same_trade(tree: OccupationTree, held: tuple[tuple[str, float], ...], code: str) -> bool:
    best = tree.best_experience(dict(held), code)
    return best is not None and best.years > 0 and best.closeness >= SAME_SMALL_CLASS


def machine_share(held: frozenset[str], required: frozenset[str]) -> float:
    """Share of the required machines that the person knows; 1 where none is required, NaN where nothing is said."""
    if not required:
        return 1.0
    return len(held & required) / len(required) if held else np.nan


def _start(seekers: SeekerColumns, vacancies: VacancyColumns, now: datetime) -> Floats:
    """Days after the wanted start (or after today, where that is past or open)."""
    late = seekers.earliest_start - np.fmax(vacancies.start_date, today_of(now))
    return np.clip(1 - late / LATE_DAYS, 0, 1)


def _level(seekers: SeekerColumns, vacancies: VacancyColumns) -> Floats:
    value = np.clip(1 + LEVEL_STEP * (seekers.level - vacancies.required_level), 0, 1)
    return np.where(np.isnan(vacancies.required_level), 1.0, value)
