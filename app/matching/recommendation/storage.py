"""Columns of vacancies that come and go: rows keep their place, a freed place is used again.

Values of sets and codes are numbered once for all rows (`Vocabulary`), so what a seeker's facts mean for each of them is
computed once and remembered.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.matching.recommendation.cards import VacancyCard
from app.matching.recommendation.columns import (
    CYCLES,
    LEVELS,
    Coded,
    Floats,
    Ints,
    Memo,
    VacancyColumns,
    board,
    feature_bits,
)
from app.rules.jobs.terms import Benefit

MEMBERS = ("enterprise", "occupation", "shift", "machines", "certificates")
NUMBERS = (
    "valid_until", "hourly", "lat", "lon", "work_end", "start_date", "meals", "lodging", "cycle", "required_years",
    "required_level",
)  # fmt: skip
WHOLE = ("published", "feature_bits", *MEMBERS)
LOW_BITS = (1 << 64) - 1
# The random part of a UUIDv7 that both halves of the town share alike.
RANDOM_BITS = (1 << 62) - 1


class Vocabulary:
    """Distinct values in the order in which they first came."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.memo = Memo()
        self._numbers: dict[Any, int] = {}

    def number(self, value: Any) -> int:
        found = self._numbers.get(value)
        if found is None:
            found = self._numbers[value] = len(self.values)
            self.values.append(value)
        return found

    def find(self, value: Any) -> int | None:
        return self._numbers.get(value)

    def coded(self, index: Ints) -> Coded[Any]:
        return Coded(index, self.values, self.memo)


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


class Storage:
    """One row per open vacancy, as numpy columns."""

    def __init__(self) -> None:
        self.vocabularies = {name: Vocabulary() for name in MEMBERS}
        self.columns: dict[str, NDArray[Any]] = {}
        self.ids: list[UUID | None] = []
        self.rows: dict[UUID, int] = {}
        self._free: list[int] = []
        self._grow(256)

    def __len__(self) -> int:
        return len(self.rows)

    def _grow(self, size: int) -> None:
        for name in (*NUMBERS, *WHOLE, "id_high", "id_low"):
            kind: Any = np.float64 if name in NUMBERS else np.uint64 if name.startswith("id_") else np.int64
            grown = np.zeros(size, dtype=kind)
            if name in self.columns:
                grown[: len(self.columns[name])] = self.columns[name]
            self.columns[name] = grown

    def put(self, card: VacancyCard) -> int:
        """The row of a vacancy that is not there yet."""
        row = self._free.pop() if self._free else len(self.ids)
        if row == len(self.ids):
            self.ids.append(None)
        if row >= len(self.columns["hourly"]):
            self._grow(2 * row)
        for name, value in self._values(card).items():
            self.columns[name][row] = value
        self.ids[row] = card.id
        self.rows[card.id] = row
        return row

    def drop(self, vacancy_id: UUID) -> None:
        row = self.rows.pop(vacancy_id)
        self.ids[row] = None
        self._free.append(row)

    def _values(self, card: VacancyCard) -> dict[str, Any]:
        """As `VacancyColumns.from_cards` computes them."""
        number = {name: self.vocabularies[name].number for name in MEMBERS}
        return {
            "valid_until": card.valid_until.toordinal(),
            "published": round(card.published_at.timestamp() * 1e6),
            "hourly": _or_nan(card.hourly_fen),
            "lat": _or_nan(card.lat),
            "lon": _or_nan(card.lon),
            "work_end": _or_nan(card.end_minute),
            "start_date": np.nan if card.start_date is None else card.start_date.toordinal(),
            "meals": board(card.benefits, Benefit.MEALS, Benefit.MEAL_ALLOWANCE),
            "lodging": board(card.benefits, Benefit.LODGING, Benefit.LODGING_ALLOWANCE),
            "cycle": np.nan if card.pay_cycle is None else CYCLES.index(card.pay_cycle),
            "required_years": _or_nan(card.required_years),
            "required_level": np.nan if card.required_level is None else LEVELS.index(card.required_level),
            "feature_bits": feature_bits([card.demands])[0],
            "enterprise": number["enterprise"](card.enterprise_id),
            "occupation": number["occupation"](card.occupation_code),
            "shift": number["shift"](card.shift),
            "machines": number["machines"](card.required_machines),
            "certificates": number["certificates"](card.required_certificates),
            "id_high": card.id.int >> 64,
            "id_low": card.id.int & LOW_BITS,
        }

    def take(self, rows: Ints) -> VacancyColumns:
        """These rows as the engine reads them; without cards."""
        column = {name: values[rows] for name, values in self.columns.items()}
        coded = {name: self.vocabularies[name].coded(column[name]) for name in MEMBERS}
        named: dict[str, Any] = {name: column[name] for name in (*NUMBERS, "published", "feature_bits")} | coded
        return VacancyColumns(cards=(), **named)

    def all_rows(self) -> Ints:
        return np.fromiter(self.rows.values(), dtype=np.int64, count=len(self.rows))

    def order(self, rows: Ints, score: Floats) -> Ints:
        """Places of `rows` from the best: by score downwards, newest first, then by id."""
        high, low = self.columns["id_high"][rows], self.columns["id_low"][rows]
        return np.asarray(np.lexsort((low, high, -self.columns["published"][rows], -score)), dtype=np.int64)


class Front:
    """The first so many rows in an order, kept while rows come and go; built anew only where too many have gone."""

    def __init__(self, length: int) -> None:
        self.length = length
        self._keys: list[tuple[int, int, int]] = []
        # Whether rows stand behind the last one that is kept.
        self._more = False
        self._rows: Ints | None = None

    def put(self, key: tuple[int, int], row: int) -> None:
        entry = (*key, row)
        if self._more and self._keys and entry > self._keys[-1]:
            return
        insort(self._keys, entry)
        if len(self._keys) > 2 * self.length:
            del self._keys[self.length :]
            self._more = True
        self._rows = None

    def drop(self, key: tuple[int, int], row: int) -> None:
        entry = (*key, row)
        at = bisect_left(self._keys, entry)
        if at < len(self._keys) and self._keys[at] == entry:
            del self._keys[at]
            self._rows = None

    @property
    def is_low(self) -> bool:
        return self._more and len(self._keys) < self.length

    def rebuild(self, entries: Iterable[tuple[int, int, int]]) -> None:
        ordered = sorted(entries)
        self._keys, self._more = ordered[: 2 * self.length], len(ordered) > 2 * self.length
        self._rows = None

    def rows(self) -> Ints:
        """In order; the same array until something changes."""
        if self._rows is None:
            self._rows = np.array([row for _, _, row in self._keys[: self.length]], dtype=np.int64)
        return self._rows


def concatenated(parts: Sequence[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
