"""What the tests of the posting rules share: the seed rows and a lawful draft."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

from app.rules.jobs.posting import MinimumWage, PostingDraft, PostingRule, PostingTerm, RuleBook
from app.rules.jobs.terms import Engagement, PayCycle, PayUnit

SEEDS = Path(__file__).parents[3] / "seeds"
TODAY = date(2026, 6, 1)
DATES = ("effective_from", "effective_to")


def seed_rows(name: str) -> list[dict[str, Any]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    for row in rows:
        row.update({key: date.fromisoformat(row[key]) if row[key] else None for key in DATES})
    return rows


def seed_wages() -> list[MinimumWage]:
    return [
        MinimumWage(
            division=row["division"], monthly_fen=int(row["monthly_fen"]),
            hourly_fen=int(row["hourly_fen"]) if row["hourly_fen"] else None,
            effective_from=row["effective_from"], effective_to=row["effective_to"], source=row["source"],
            verified_by=row["verified_by"] or None,
        )
        for row in seed_rows("minimum_wages.csv")
    ]  # fmt: skip


def seed_book() -> RuleBook:
    return RuleBook.from_rows(
        rules=[PostingRule(**row) for row in seed_rows("posting_rules.csv")],
        terms=[PostingTerm(**row) for row in seed_rows("posting_terms.csv")],
        wages=seed_wages(),
    )


def draft(**changes: Any) -> PostingDraft:
    """A lawful posting of a sewing hand, with the values to be tested put in."""
    values: dict[str, Any] = {
        "title": "平车工", "duties": "平车缝制服装配件。", "requirements": "", "benefits_note": "", "contact_note": "",
        "engagement": Engagement.DIRECT, "occupation_code": "61103.01", "headcount": 2,
        "pay_unit": PayUnit.MONTH, "pay_min_fen": 500_000, "pay_max_fen": 800_000,
        "piece_rate_fen": None, "piece_per_quantity": None, "piece_hourly_output": None,
        "minutes_per_day": 480, "days_per_month": 22, "pay_cycle": PayCycle.MONTHLY,
        "place_address": "宝盖镇科技园", "valid_until": date(2026, 7, 1), "enterprise_approved": True,
        "enterprise_kind": "employer", "minimum_age": None, "features": frozenset(),
    }  # fmt: skip
    return PostingDraft(**values | changes)
