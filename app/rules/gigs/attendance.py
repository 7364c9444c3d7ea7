"""How many people to invite so that enough come, and what not coming costs. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import comb

from app.rules.gigs.standing import Excuse, NoShowState

# 17 % of claimed shifts go unworked (Clipboard Health, `reference/jobs-gigs.md` section 2): what is assumed before the
# town's own counts say otherwise, with the weight of so many shifts.
PRIOR_SHOW, PRIOR_WEIGHT = 0.83, 20
# More than that never helps: it would be paid stand-by for people who will not be needed.
MOST_EXTRA = 20


def show_rate(came: int, expected: int) -> float:
    """Share of people who come, shrunk towards the prior: (came + p·w) / (expected + w)."""
    return (came + PRIOR_SHOW * PRIOR_WEIGHT) / (expected + PRIOR_WEIGHT)


def enough_show(invited: int, heads: int, rate: float) -> float:
    """P(at least `heads` of `invited` come), each by himself with probability `rate`."""
    return sum(comb(invited, k) * rate**k * (1 - rate) ** (invited - k) for k in range(heads, invited + 1))


def extra_needed(heads: int, rate: float, *, percent: int) -> int:
    """候补 to invite beyond the heads so that P(show ≥ heads) ≥ percent/100 over acceptances.

    At 17 % no-show, 10 needed: 4 more (P = 0.93; 3 give 0.83).
    """
    for extra in range(MOST_EXTRA + 1):
        if enough_show(heads + extra, heads, rate) >= percent / 100:
            return extra
    return MOST_EXTRA


@dataclass(frozen=True, slots=True)
class NoShowRule:
    """The house rows: `free_hours` 48, `late_hours` 6, `decay_days` 90."""

    free_hours: int
    late_hours: int
    decay_days: int


@dataclass(frozen=True, slots=True)
class Counted:
    points: int
    rule: str


def points_for(notice: timedelta | None, rule: NoShowRule) -> Counted:
    """By the notice given before the start; None: nothing was said and nobody came."""
    if notice is None:
        return Counted(2, "未到岗且没有说明，计2分")
    hours = notice / timedelta(hours=1)
    said = f"提前{_span(notice)}取消"
    if hours >= rule.free_hours:
        return Counted(0, f"{said}，满{rule.free_hours}小时，不计分")
    if hours >= rule.late_hours:
        return Counted(1, f"{said}，不足{rule.free_hours}小时，计1分")
    return Counted(2, f"{said}，不足{rule.late_hours}小时，计2分")


def _span(notice: timedelta) -> str:
    minutes = max(0, int(notice / timedelta(minutes=1)))
    return f"{minutes // 60}小时{minutes % 60}分" if minutes >= 60 else f"{minutes}分钟"  # noqa: PLR2004


def expiry(day: date, rule: NoShowRule) -> date:
    """From this day on a record no longer counts."""
    return day + timedelta(days=rule.decay_days)


def counts(state: NoShowState, expires_on: date, today: date) -> bool:
    return state in {NoShowState.COUNTED, NoShowState.APPEALED, NoShowState.UPHELD} and today < expires_on


def state_for(excuse: Excuse | None, *, points: int) -> NoShowState:
    """Illness, an accident, changed terms and what never arrived are never counted."""
    return NoShowState.EXCUSED if excuse is not None or points == 0 else NoShowState.COUNTED


def is_free_cancel(accepted_at: datetime, now: datetime, *, minutes: int) -> bool:
    """Second thoughts: within so many minutes of accepting."""
    return now - accepted_at <= timedelta(minutes=minutes)
