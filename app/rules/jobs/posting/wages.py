"""Pay against the local minimum wage (最低工资规定 第五条、第十二条). Money in fen; hourly values may be fractions."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.rules.jobs.pay import compute_hourly_fen
from app.rules.jobs.posting.facts import FULL_DAY_MINUTES, MONTH_HOURS, PAID_DAYS, is_part_time
from app.rules.jobs.posting.issues import Issue, number, yuan
from app.rules.jobs.posting.rows import MinimumWage, PostingDraft
from app.rules.jobs.terms import PayUnit

# 劳动法 第四十四条: overtime on working days is paid at 150 %.
OVERTIME_RATE = 1.5


@dataclass(frozen=True, slots=True)
class _Offer:
    """The least that a posting promises: fen per month or per hour, and how it was computed."""

    field: str
    fen: float
    per: PayUnit
    told: str


@dataclass(frozen=True, slots=True)
class _Floor:
    """The least that is owed. `refuses` where a person has confirmed the number and the law bears a refusal."""

    fen: float
    told: str
    refuses: bool


def wage_issues(draft: PostingDraft, wages: list[MinimumWage]) -> Iterator[Issue]:
    """At most one issue. Several rows may be in force: an older confirmed one stays until its successor is confirmed."""
    offer = _offer(draft)
    if offer is None:
        if draft.pay_unit is PayUnit.PIECE and draft.piece_rate_fen and draft.piece_per_quantity:
            yield Issue(
                rule_id="below_minimum_wage",
                field="piece_hourly_output",
                message="没有填写每小时产量，无法核对计件工资是否低于最低工资",
                params={"floor": "当地最低工资"},
                only_warns=True,
            )
        return
    missed = [floor for wage in wages for floor in _floors(draft, offer, wage) if offer.fen < floor.fen]
    if not missed:
        return
    worst = max(missed, key=lambda floor: (floor.refuses, floor.fen))
    yield Issue(
        rule_id="below_minimum_wage",
        field=offer.field,
        message=f"{offer.told}，低于{worst.told}",
        params={"floor": _price(worst.fen, offer.per)},
        only_warns=not worst.refuses,
    )


def _offer(draft: PostingDraft) -> _Offer | None:
    if draft.pay_unit is PayUnit.PIECE:
        return _piece_offer(draft)
    field = "pay_min_fen" if draft.pay_min_fen is not None else "pay_max_fen"
    fen = draft.pay_min_fen if draft.pay_min_fen is not None else draft.pay_max_fen
    if fen is None or draft.pay_unit is None:
        return None
    if draft.pay_unit is PayUnit.HOUR:
        return _Offer(field, fen, PayUnit.HOUR, f"时薪{yuan(fen)}元")
    if is_part_time(draft) and draft.minutes_per_day:
        hours = draft.minutes_per_day / 60 * (draft.days_per_month or PAID_DAYS)
        told = f"月薪{yuan(fen)}元÷每月{number(hours)}小时＝每小时{yuan(fen / hours)}元"
        return _Offer(field, fen / hours, PayUnit.HOUR, told)
    return _Offer(field, fen, PayUnit.MONTH, f"月薪{yuan(fen)}元")


def _piece_offer(draft: PostingDraft) -> _Offer | None:
    rate, quantity, output = draft.piece_rate_fen, draft.piece_per_quantity, draft.piece_hourly_output
    if rate is None or not quantity or not output:
        return None
    fen = compute_hourly_fen(
        PayUnit.PIECE, piece_rate_fen=rate, piece_per_quantity=quantity, piece_hourly_output=output
    )
    if fen is None:
        return None
    told = f"每{quantity}件{yuan(rate)}元、每小时{output}件，合每小时{yuan(fen)}元"
    return _Offer("piece_rate_fen", fen, PayUnit.HOUR, told)


def _floors(draft: PostingDraft, offer: _Offer, wage: MinimumWage) -> Iterator[_Floor]:
    """The hourly standard is made for part-time work (最低工资规定 第五条); full-time pay is held to the monthly one.

    Full-time pay under the hourly standard, and monthly pay that overtime pushes under the floor, only warn.
    """
    confirmed = bool(wage.verified_by)
    since = f"{wage.effective_from.year}年{wage.effective_from.month}月起" + ("" if confirmed else "、尚待镇里核实")
    if offer.per is PayUnit.MONTH:
        yield _Floor(wage.monthly_fen, f"月最低工资{yuan(wage.monthly_fen)}元（{since}）", confirmed)
        yield from _overtime_floor(draft, wage, since)
        return
    if wage.hourly_fen is not None:
        full_time = draft.minutes_per_day is not None and not is_part_time(draft)
        told = f"小时最低工资{yuan(wage.hourly_fen)}元（{since}）"
        yield _Floor(wage.hourly_fen, told, confirmed and not full_time)
    per_hour = wage.monthly_fen / MONTH_HOURS
    told = f"月最低工资{yuan(wage.monthly_fen)}元÷{MONTH_HOURS}小时＝{yuan(per_hour)}元（{since}）"
    yield _Floor(per_hour, told, confirmed)


def _overtime_floor(draft: PostingDraft, wage: MinimumWage, since: str) -> Iterator[_Floor]:
    """最低工资规定 第十二条: the minimum does not include overtime pay."""
    if draft.minutes_per_day is None or draft.days_per_month is None or draft.minutes_per_day <= FULL_DAY_MINUTES:
        return
    hours = draft.minutes_per_day * draft.days_per_month / 60
    if hours <= MONTH_HOURS:
        return
    owed = wage.monthly_fen / MONTH_HOURS * (MONTH_HOURS + OVERTIME_RATE * (hours - MONTH_HOURS))
    told = f"月最低工资{yuan(wage.monthly_fen)}元加上每月{number(hours - MONTH_HOURS)}小时加班费后的{yuan(owed)}元（{since}）"
    yield _Floor(owed, told, refuses=False)


def _price(fen: float, per: PayUnit) -> str:
    return f"每月{yuan(fen)}元" if per is PayUnit.MONTH else f"每小时{yuan(fen)}元"
