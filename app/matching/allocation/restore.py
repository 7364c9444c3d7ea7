"""The problem from its dictionaries: the way back of `export.to_json`."""

from collections.abc import Mapping
from typing import Any

from app.matching.allocation.problem import Anchor, DoneShift, Limits, Pair, Problem, Shift, Window, Worker


def from_json(form: Mapping[str, Any]) -> Problem:
    """`from_json(to_json(problem))` is the same problem, its horizon spelled out."""
    limits = dict(form["limits"])
    if limits["minor_hazards"] is not None:
        limits["minor_hazards"] = frozenset(limits["minor_hazards"])
    return Problem(
        workers=tuple(_worker(row) for row in form["workers"]),
        shifts=tuple(_shift(row) for row in form["shifts"]),
        limits=Limits(**limits),
        pins=_pairs(form["pins"]),
        bans=_pairs(form["bans"]),
        offers=_pairs(form["offers"]),
        horizon_days=form["horizon_days"],
        names=dict(form["names"]),
    )


def _pairs(rows: Any) -> frozenset[Pair]:
    return frozenset((worker, shift) for worker, shift in rows)


def _worker(row: Mapping[str, Any]) -> Worker:
    home = row["home"]
    return Worker(
        **dict(row)
        | {
            "free": tuple(Window(start, end) for start, end in row["free"]),
            "anchors": tuple(Anchor(**anchor) for anchor in row["anchors"]),
            "home": None if home is None else (home[0], home[1]),
            "favourites": frozenset(row["favourites"]),
            "blocks": frozenset(row["blocks"]),
            "done": tuple(DoneShift(**done) for done in row["done"]),
        }
    )


def _shift(row: Mapping[str, Any]) -> Shift:
    place = row["place"]
    return Shift(
        **dict(row) | {"place": None if place is None else (place[0], place[1]), "hazards": frozenset(row["hazards"])}
    )
