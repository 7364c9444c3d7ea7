"""Pay made comparable: every form of pay as fen per hour. Pure."""

from fractions import Fraction

from app.rules.jobs.terms import PayUnit

# 劳社部发〔2008〕3号: 21.75 paid days a month; 劳动法 第三十六条: 8 hours a day.
STATUTORY_DAYS = Fraction(87, 4)
STATUTORY_MINUTES = 480
# A wish "6000 a month" is meant for a month as the town's factories work it: six days a week, eight hours a day.
# With the statutory 21.75 days every posting that works more days would look as if it paid less than it does.
USUAL_DAYS = 26


def compute_hourly_fen(
    unit: PayUnit,
    *,
    min_fen: int | None = None,
    max_fen: int | None = None,
    piece_rate_fen: int | None = None,
    piece_per_quantity: int | None = None,
    piece_hourly_output: int | None = None,
    minutes_per_day: int | None = None,
    days_per_month: int | None = None,
) -> int | None:
    """Fen per hour, computed exactly and rounded once, half up, to whole fen; None where it cannot be known.

    A range counts with its middle: its ends are a promise to few, and ranking by the upper one would reward whoever
    writes the widest range. An upper end alone promises nothing. Piece pay needs a stated hourly output. What a month
    does not state is statutory: 21.75 days (劳社部发〔2008〕3号) of 8 hours.
    """
    if unit is PayUnit.PIECE:
        if not piece_rate_fen or not piece_per_quantity or not piece_hourly_output:
            return None
        return _round(Fraction(piece_rate_fen * piece_hourly_output, piece_per_quantity))
    if min_fen is None:
        return None
    middle = Fraction(min_fen + (min_fen if max_fen is None else max_fen), 2)
    if unit is PayUnit.HOUR:
        return _round(middle)
    days = Fraction(days_per_month) if days_per_month else STATUTORY_DAYS
    return _round(middle / (days * Fraction(minutes_per_day or STATUTORY_MINUTES, 60)))


def compute_wish_hourly_fen(unit: PayUnit, fen: int) -> int | None:
    """What a person wants to earn, as fen per hour: comparable with `compute_hourly_fen` of a posting."""
    return compute_hourly_fen(unit, min_fen=fen, max_fen=fen, days_per_month=USUAL_DAYS)


def _round(value: Fraction) -> int:
    return int(value + Fraction(1, 2))
