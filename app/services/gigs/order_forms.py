"""From the form of an order to its rows, through the rules: pay, shifts, words, hazards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.core.clock import CHINA, china_date
from app.core.errors import FieldIssue
from app.core.ids import new_id
from app.models.gigs import Shift, ShiftOrder
from app.rules.geo import to_gcj02, to_grid
from app.rules.gigs.attendance import PRIOR_SHOW, extra_needed
from app.rules.gigs.labour import Limits
from app.rules.gigs.orders import (
    ShiftPlan,
    ShiftState,
    StandbyPayMissingError,
    check_minors,
    check_pay,
    check_shifts,
    check_wage,
    effective_hour_fen,
    is_night,
    work_minutes,
)
from app.rules.gigs.terms import GigPayUnit, Hazard
from app.rules.jobs.posting import Finding, PostingDraft, RuleBook, check_posting
from app.rules.jobs.terms import Engagement, PayCycle, PayUnit
from app.rules.jobs.vacancies import PostingRefusedError
from app.schemas.gigs.orders import OrderContent, ShiftForm
from app.services.jobs.derived import MOST_FEN

DIVISION = "350581"
# What the rules of postings ask of every posting and an order says elsewhere or not at all.
_ELSEWHERE = frozenset(
    {"duplicate", "validity_too_long", "validity_past", "pay_range_wide", "hours_over_law", "pay_late"}
)
_PATHS = {"piece_rate_fen": "pay.lines", "pay_min_fen": "pay.hour_fen", "place_address": "place.address"}
_CYCLES = {
    "shift": PayCycle.DAILY,
    "week": PayCycle.WEEKLY,
    "half_month": PayCycle.HALF_MONTHLY,
    "month": PayCycle.MONTHLY,
}


def plan_of(form: ShiftForm) -> ShiftPlan:
    return ShiftPlan(
        form.starts_at.astimezone(CHINA), form.ends_at.astimezone(CHINA), form.break_minutes, form.heads, form.half
    )


def hour_fen_of(form: OrderContent) -> int:
    lines = [(line.rate_fen, line.per_quantity, line.hourly_output) for line in form.pay.lines]
    return min(effective_hour_fen(form.pay.hour_fen, lines), MOST_FEN)


def check_values(form: OrderContent, book: RuleBook, limits: Limits, now: datetime) -> None:
    """What no draft may get wrong either: a number that cannot be meant."""
    check_pay(form.pay.unit, form.pay.hour_fen, len(form.pay.lines))
    check_shifts([plan_of(shift) for shift in form.shifts], now)
    if any(shift.standby for shift in form.shifts) and not form.standby_fen:
        raise StandbyPayMissingError
    labels = {hazard.value: hazard.label for hazard in Hazard}
    check_minors(form.minimum_age, form.hazards, limits.minor_hazards, labels)
    path = "pay.hour_fen" if form.pay.unit is GigPayUnit.HOUR else "pay.lines"
    for wage in book.wages(china_date(now)):
        # Not compared with the order yet: it warns elsewhere and blocks nobody.
        if wage.division == DIVISION and wage.hourly_fen is not None and wage.verified_by is not None:
            check_wage(hour_fen_of(form), wage.hourly_fen, path)


def findings_of(form: OrderContent, book: RuleBook, *, approved: bool, kind: str, now: datetime) -> list[Finding]:
    """The posting rules of 宝盖职聘, over the words of an order."""
    today = china_date(now)
    draft = PostingDraft(
        title=form.title, duties=form.duties, requirements=form.requirements, benefits_note=form.gear, contact_note="",
        engagement=Engagement.DIRECT, occupation_code=form.process_code, headcount=sum(s.heads for s in form.shifts),
        pay_unit=PayUnit.HOUR, pay_min_fen=hour_fen_of(form), pay_max_fen=hour_fen_of(form), piece_rate_fen=None,
        piece_per_quantity=None, piece_hourly_output=None, minutes_per_day=480, days_per_month=None,
        pay_cycle=_CYCLES[form.wage_period], place_address=form.place.address, valid_until=today,
        enterprise_approved=approved, enterprise_kind=kind, minimum_age=form.minimum_age, features=frozenset(),
        using_firm=form.using_firm or "",
    )  # fmt: skip
    found = check_posting(draft, book, today=today)
    return [finding for finding in found if finding.rule_id not in _ELSEWHERE]


def refuse_blocked(findings: Sequence[Finding]) -> None:
    blocks = [finding for finding in findings if finding.severity == "block"]
    if blocks:
        raise PostingRefusedError(
            blocks=len(blocks),
            fields=[
                FieldIssue(
                    path=_PATHS.get(one.field, one.field), message=one.message, rule_id=one.rule_id,
                    severity=one.severity, start=one.start, end=one.end, quote=one.quote, law=one.law, mend=one.mend,
                )
                for one in findings
            ],
        )  # fmt: skip


def texts_of(form: OrderContent) -> dict[str, str]:
    """Every word that workers will read."""
    texts = {
        "title": form.title, "duties": form.duties, "requirements": form.requirements, "gear": form.gear,
        "place.address": form.place.address, "using_firm": form.using_firm or "", "cover_by": form.cover_by or "",
    }  # fmt: skip
    texts |= {f"pay.lines.{place}.style": line.style for place, line in enumerate(form.pay.lines)}
    return {path: text for path, text in texts.items() if text}


def columns_of(form: OrderContent) -> dict[str, Any]:
    same = (
        "sharing_id", "using_firm", "title", "process_code", "level", "fill_mode", "wage_period", "pay_days", "cover", "cover_by",
        "standby_fen", "late_cancel_fen", "meals", "gear", "leaders_per", "leader_level", "minimum_age", "duties",
        "requirements", "priority",
    )  # fmt: skip
    place = form.place
    grid: tuple[int, int] | None = None
    if place.latitude is not None and place.longitude is not None and place.coord_type is not None:
        grid = to_grid(*to_gcj02(place.latitude, place.longitude, place.coord_type))
    return {name: getattr(form, name) for name in same} | {
        "pay_unit": form.pay.unit, "hour_fen": form.pay.hour_fen,
        "piece_lines": [line.model_dump() for line in form.pay.lines], "effective_hour_fen": hour_fen_of(form),
        "hazards": [hazard.value for hazard in form.hazards], "place_address": place.address,
        "latitude": place.latitude, "longitude": place.longitude, "coord_type": place.coord_type,
        "east_m": grid[0] if grid else None, "north_m": grid[1] if grid else None,
    }  # fmt: skip


def shifts_of(form: OrderContent, order: ShiftOrder, limits: Limits, now: datetime) -> list[Shift]:
    return [_shift(one, order, limits, now) for one in form.shifts]


def _shift(form: ShiftForm, order: ShiftOrder, limits: Limits, now: datetime) -> Shift:
    plan = plan_of(form)
    extra = extra_needed(form.heads, PRIOR_SHOW, percent=limits.show_percent) if form.standby else 0
    return Shift(
        id=new_id(), created_at=now, updated_at=now, order_id=order.id, enterprise_id=order.enterprise_id,
        state=ShiftState.PLANNED, day=china_date(plan.starts_at), starts_at=plan.starts_at, ends_at=plan.ends_at,
        break_minutes=plan.break_minutes, work_minutes=work_minutes(plan), night=is_night(plan.starts_at, plan.ends_at),
        half=plan.half, seats=plan.heads * 2, standby_seats=extra * 2,
    )  # fmt: skip
