"""Vacancies in blocks of their kind, each with the best score that any of them could have for a seeker.

A block is an occupation with a shift; where one grows large it is divided by pay and by place. The bound of a block takes
the best of its rows part by part, so no row of it can score higher: blocks that cannot reach the list are never scored.
"""

from dataclasses import replace
from datetime import datetime

import numpy as np

from app.matching.recommendation.cards import OccupationTree
from app.matching.recommendation.columns import Coded, Floats, Ints, SeekerColumns, VacancyColumns
from app.matching.recommendation.parts import (
    SCORED,
    PartKey,
    Population,
    combine,
    commute_value,
    compute_values,
    experience_value,
)
from app.matching.recommendation.storage import Storage, concatenated
from app.rules.geo import EARTH_M

# Steps of pay within which rows stand together: 15 %.
PAY_STEP = np.log(1.15)
# Degrees within which they do: some 2 km.
CELL = 0.02
# What rounding may take from a bound.
SLACK = 1e-9
Key = tuple[int, ...]
# Per block the best of its rows: the largest or the smallest value of a column.
LARGEST = ("hourly", "meals", "lodging", "start_date")
SMALLEST = ("cycle",)
SUMMARY = (
    *LARGEST, *SMALLEST, "size", "occupation", "shift", "lat_low", "lat_high", "lon_low", "lon_high", "zero_years",
    "free_years", "least_years", "least_level", "machines_free",
)  # fmt: skip


class Blocks:
    def __init__(self, storage: Storage, divided_at: int) -> None:
        self._storage, self._divided_at = storage, divided_at
        self._members: list[Ints] = []
        self._numbers: dict[Key, int] = {}
        self._kinds: dict[Key, int] = {}
        self._divided: set[Key] = set()
        self._key_of: dict[int, Key] = {}
        self._dirty: set[int] = set()
        self._best: dict[str, Floats] = {}

    def put(self, row: int) -> None:
        kind = self._kind(row)
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        if kind not in self._divided and self._kinds[kind] > self._divided_at:
            self._divided.add(kind)
            for other in self._take_out(kind):
                self._insert(other, self._fine(other))
        self._insert(row, self._fine(row) if kind in self._divided else kind)

    def drop(self, row: int) -> None:
        self._kinds[self._kind(row)] -= 1
        at = self._numbers[self._key_of.pop(row)]
        members = self._members[at]
        self._members[at] = members[members != row]
        self._dirty.add(at)

    def _kind(self, row: int) -> Key:
        columns = self._storage.columns
        return (int(columns["occupation"][row]), int(columns["shift"][row]))

    def _fine(self, row: int) -> Key:
        columns = self._storage.columns
        hourly, lat, lon = (float(columns[name][row]) for name in ("hourly", "lat", "lon"))
        pay = -1 if np.isnan(hourly) or hourly <= 0 else int(np.log(hourly) / PAY_STEP)
        cell = (-1, -1) if np.isnan(lat) or np.isnan(lon) else (int((lat + 90) / CELL), int((lon + 180) / CELL))
        return (*self._kind(row), pay, *cell)

    def _insert(self, row: int, key: Key) -> None:
        at = self._numbers.get(key)
        if at is None:
            at = self._numbers[key] = len(self._members)
            self._members.append(np.empty(0, dtype=np.int64))
        self._members[at] = np.append(self._members[at], row)
        self._key_of[row] = key
        self._dirty.add(at)

    def _take_out(self, key: Key) -> list[int]:
        at = self._numbers[key]
        members, self._members[at] = self._members[at], np.empty(0, dtype=np.int64)
        self._dirty.add(at)
        return [int(row) for row in members]

    def rows(self, numbers: Ints) -> Ints:
        return concatenated([self._members[at] for at in numbers])

    def sizes(self) -> Ints:
        self._refresh()
        return self._best["size"][: len(self._members)].astype(np.int64)

    # -- the best of each block ------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """Blocks that changed since the last question."""
        count = len(self._members)
        for name in SUMMARY:
            column = self._best.get(name, np.empty(0))
            if len(column) < count:
                self._best[name] = np.concatenate([column, np.full(max(64, count), np.nan)])[: 2 * max(64, count)]
        for at in self._dirty:
            for name, value in self._summary(self._members[at]).items():
                self._best[name][at] = value
        self._dirty.clear()

    def _summary(self, rows: Ints) -> dict[str, float]:
        if not len(rows):
            return {"size": 0.0, "occupation": 0.0, "shift": 0.0}
        column = {name: values[rows] for name, values in self._storage.columns.items()}
        # fmin and fmax pass over what is not known and give NaN only where nothing is.
        best = {name: np.fmax.reduce(column[name]) for name in LARGEST}
        best |= {name: np.fmin.reduce(column[name]) for name in SMALLEST}
        for name in ("lat", "lon"):
            best[f"{name}_low"] = np.fmin.reduce(column[name])
            best[f"{name}_high"] = np.fmax.reduce(column[name])
        years, level = column["required_years"], column["required_level"]
        asked = years[years > 0]
        free = self._storage.vocabularies["machines"].find(frozenset())
        return best | {
            "size": float(len(rows)),
            "occupation": column["occupation"][0],
            "shift": column["shift"][0],
            "zero_years": float((years == 0).any()),
            "free_years": float(np.isnan(years).any()),
            "least_years": asked.min() if len(asked) else np.nan,
            "least_level": np.nan if np.isnan(level).any() else level.min(),
            "machines_free": float((column["machines"] == free).any()),
        }

    def bounds(self, seekers: SeekerColumns, tree: OccupationTree, population: Population, now: datetime) -> Floats:
        """For each block: no open row of it has a higher mutual score for this one seeker. Empty blocks: -1."""
        self._refresh()
        count = len(self._members)
        best = {name: column[:count] for name, column in self._best.items()}
        ideal = self._ideal(best, count)
        known = dict(compute_values(seekers, ideal, tree, now).values)
        known[PartKey.COMMUTE] = commute_value(seekers, self._least_metres(seekers, best))
        known[PartKey.EXPERIENCE] = self._experience(seekers, ideal, best, tree)
        # Where the shift says nothing the hours of some row may suit wholly.
        if not np.isnan(seekers.free_until[0]):
            known[PartKey.HOURS] = np.where(np.isnan(known[PartKey.HOURS]), 1.0, known[PartKey.HOURS])
        machines = np.where(best["machines_free"] > 0, 1.0, np.nan if not seekers.machines.values[0] else 1.0)
        known[PartKey.MACHINES] = machines
        # The unknown counts as the mean, and a stated match as no less.
        filled = {key: np.fmax(known[key], population.mean(key)) for key in SCORED}
        return np.where(best["size"] > 0, combine(filled).mutual + SLACK, -1.0)

    def _ideal(self, best: dict[str, Floats], count: int) -> VacancyColumns:
        """One vacancy for each block that has the best of all its rows."""
        unknown = np.full(count, np.nan)
        whole = np.zeros(count, dtype=np.int64)
        coded = self._storage.vocabularies
        nothing: Coded[frozenset[str]] = Coded(whole, [frozenset()])
        return VacancyColumns(
            cards=(), published=whole, valid_until=unknown, enterprise=coded["enterprise"].coded(whole),
            occupation=coded["occupation"].coded(best["occupation"].astype(np.int64)),
            hourly=best["hourly"], lat=unknown, lon=unknown,
            shift=coded["shift"].coded(best["shift"].astype(np.int64)), work_end=unknown,
            start_date=best["start_date"], meals=best["meals"], lodging=best["lodging"], cycle=best["cycle"],
            feature_bits=whole, required_years=unknown, required_level=best["least_level"], machines=nothing,
            certificates=nothing,
        )  # fmt: skip

    @staticmethod
    def _experience(
        seekers: SeekerColumns, ideal: VacancyColumns, best: dict[str, Floats], tree: OccupationTree
    ) -> Floats:
        """What is asked least suits best: the better of no experience needed, nothing said, and the fewest years."""
        found = np.full(ideal.size, np.nan)
        cases = (
            (best["zero_years"] > 0, np.zeros(ideal.size)),
            (best["free_years"] > 0, np.full(ideal.size, np.nan)),
            (~np.isnan(best["least_years"]), best["least_years"]),
        )
        for there, years in cases:
            value = experience_value(seekers, replace(ideal, required_years=years), tree)
            found = np.where(there, np.fmax(found, value), found)
        return found

    @staticmethod
    def _least_metres(seekers: SeekerColumns, best: dict[str, Floats]) -> Floats:
        """Not more than the way to any place within the block's box: each term of the haversine at its least."""
        lat, lon = seekers.home_lat[0], seekers.home_lon[0]
        north = np.maximum(np.maximum(best["lat_low"] - lat, lat - best["lat_high"]), 0)
        east = np.maximum(np.maximum(best["lon_low"] - lon, lon - best["lon_high"]), 0)
        # Beyond half the globe the other way round is shorter.
        east = np.where(east + best["lon_high"] - best["lon_low"] > 180, 0.0, east)  # noqa: PLR2004  # degrees
        cosine = np.minimum(np.cos(np.radians(best["lat_low"])), np.cos(np.radians(best["lat_high"])))
        half = np.sin(np.radians(north) / 2) ** 2
        half = half + np.cos(np.radians(lat)) * np.maximum(cosine, 0) * np.sin(np.radians(east) / 2) ** 2
        # A metre for the rounding of the distance.
        metres = 2 * EARTH_M * np.arcsin(np.sqrt(np.minimum(half, 1.0))) - 1
        return np.asarray(np.maximum(metres, 0.0))
