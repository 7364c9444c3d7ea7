"""The law of hours and ages as dated rows: which numbers bind on a day, per employer or per person. Pure.

Nobody writes these numbers into code: `Limits` is made of the rows of `seeds/labour_limits.csv` that are in force and
confirmed on a day. Its attributes are the `limit_id`s. What a row may switch off is None (a number) or False (a flag)
where no such row stands; what the platform cannot do without has a plain number, and a missing row is an error.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Protocol

from app.core.labels import Labelled

HAZARD = "minor_hazard:"


class LimitKind(Labelled):
    LAW = "law", "法定"
    HOUSE = "house", "平台规则"


class LimitScope(Labelled):
    PER_EMPLOYER = "per_employer", "按用工单位"
    PER_PERSON = "per_person", "按本人"


class LimitRow(Protocol):
    """A row of `labour_limit_row`. `effective_to` is the last day on which it holds."""

    @property
    def limit_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def scope(self) -> str: ...
    @property
    def value(self) -> int: ...
    @property
    def confirmed(self) -> bool: ...
    @property
    def law(self) -> str: ...
    @property
    def article(self) -> str: ...
    @property
    def effective_from(self) -> date: ...
    @property
    def effective_to(self) -> date | None: ...


class LimitMissingError(RuntimeError):
    """No confirmed row of a number that the platform cannot do without: a fault of the installation, not of a caller."""


@dataclass(frozen=True, slots=True)
class Basis:
    """Where a number comes from, for messages."""

    kind: LimitKind
    scope: LimitScope
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The numbers in force on one day, by `limit_id`; units as in the rows: minutes, hours, days, years, percent."""

    # Ages.
    minimum_age: int
    adult_age: int
    retired_age_men: int | None = None
    retired_age_women: int | None = None
    retired_no_overtime: bool = False
    # Students: the label of their own, and hours a week beyond which they are warned.
    student_label: bool = False
    student_week_warn: int | None = None
    # Minors: codes of `Hazard` that are closed to them; nights.
    minor_hazards: frozenset[str] = frozenset()
    minor_night: bool = False
    # How long after the office's look at their papers, at most, a new health check is due.
    minor_ready_days: int
    # Hours, minutes.
    day_minutes: int | None = None
    week_minutes: int | None = None
    overtime_day: int | None = None
    overtime_month: int | None = None
    rest_between: int | None = None
    week_rest_days: int | None = None
    person_week_warn: int | None = None
    # The label.
    part_time_day: int
    part_time_week: int
    part_time_pay_days: int
    label_window_days: int
    contract_within_days: int
    # Offers, confirming, cancelling.
    late_cancel_hours: int
    confirm_hours: int
    release_hours: int
    free_cancel_minutes: int
    show_percent: int
    # No-shows.
    no_show_free_hours: int
    no_show_late_hours: int
    no_show_decay_days: int
    no_show_pause_points: int
    no_show_appeal_days: int
    # Check-in and -out.
    check_in_early_minutes: int
    check_out_late_minutes: int
    geofence_metres: int
    # Time sheets, accidents, wages.
    silence_hours: int
    difference_days: int
    injury_claim_days: int
    injury_own_claim_days: int
    overdue_cadre_days: int
    overdue_officer_days: int
    block_answer_days: int
    block_appeal_days: int
    block_flag_days: int
    wage_record_years: int
    basis: Mapping[str, Basis] = field(default_factory=dict, compare=False)

    def says(self, limit_id: str) -> str:
        """“《劳动法》第三十六条”; empty for a number without a row."""
        found = self.basis.get(limit_id)
        return found.text if found else ""

    def per_employer(self, limit_id: str) -> bool:
        """Whether the number binds with each employer or for the person's total; a number without a row binds nobody."""
        found = self.basis.get(limit_id)
        return found is None or found.scope is LimitScope.PER_EMPLOYER


def limits_of(rows: Iterable[LimitRow], day: date) -> Limits:
    """What the rows say for `day`: of each number the newest confirmed row that has begun and not ended."""
    current: dict[str, LimitRow] = {}
    for row in sorted(rows, key=lambda row: row.effective_from):
        ended = row.effective_to is not None and row.effective_to < day
        if row.confirmed and row.effective_from <= day and not ended:
            current[row.limit_id] = row
    values: dict[str, Any] = {}
    for known in fields(Limits):
        row_of = current.get(known.name)
        if row_of is not None:
            values[known.name] = bool(row_of.value) if known.type is bool else row_of.value
    values["minor_hazards"] = frozenset(
        limit_id.removeprefix(HAZARD) for limit_id, row in current.items() if limit_id.startswith(HAZARD) and row.value
    )
    values["basis"] = {
        limit_id: Basis(LimitKind.of(row.kind), LimitScope.of(row.scope), f"{row.law}{row.article}")
        for limit_id, row in current.items()
    }
    try:
        return Limits(**values)
    except TypeError as exc:
        raise LimitMissingError(f"labour_limits.csv, {day.isoformat()}: {exc}") from exc
