"""Stretches of work and the limits of the seed file, for the tests of the law."""

import csv
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from app.core.clock import CHINA
from app.rules.gigs.hours import Stretch, Wanted, Worker
from app.rules.gigs.labour import Limits, limits_of

SEEDS = Path(__file__).parents[3] / "seeds" / "labour_limits.csv"
FIRM, OTHER = UUID(int=1), UUID(int=2)
# A Monday.
MONDAY = date(2026, 11, 23)
BORN = date(1988, 3, 12)


@dataclass(frozen=True)
class Row:
    limit_id: str
    kind: str
    scope: str
    value: int
    confirmed: bool
    law: str
    article: str
    effective_from: date
    effective_to: date | None = None


def rows() -> list[Row]:
    with SEEDS.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                limit_id=row["limit_id"], kind=row["kind"], scope=row["scope"], value=int(row["value"]),
                confirmed=row["confirmed"] == "true", law=row["law"], article=row["article"],
                effective_from=date.fromisoformat(row["effective_from"]),
                effective_to=date.fromisoformat(row["effective_to"]) if row["effective_to"] else None,
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip


def limits(day: date = MONDAY, **off: Any) -> Limits:
    """`limits(rest_between=None)`: without that row; `limits(overtime_day=60)`: with another number."""
    kept = [row for row in rows() if row.limit_id not in off]
    kept += [
        Row(**(vars(row) | {"value": int(off[row.limit_id]), "confirmed": True}))
        for row in rows()
        if off.get(row.limit_id) is not None
    ]
    return limits_of(kept, day)


def work(day: date, start: str = "08:00", hours: float = 8, *, firm: UUID = FIRM, place: Any = None) -> Stretch:
    hour, minute = (int(part) for part in start.split(":"))
    begins = datetime(day.year, day.month, day.day, hour, minute, tzinfo=CHINA)
    minutes = round(hours * 60)
    return Stretch(firm, begins, begins + timedelta(minutes=minutes), minutes, place)


def days(first: date, count: int, **how: Any) -> list[Stretch]:
    return [work(first + timedelta(days=n), **how) for n in range(count)]


def grown(**changes: Any) -> Worker:
    return Worker(**({"born": BORN} | changes))


def wanted(stretch: Stretch, **changes: Any) -> Wanted:
    return Wanted(stretch=stretch, **changes)
