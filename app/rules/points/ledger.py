"""The ledger of points: what moves between which accounts, which lots are spent, what a debt takes. Pure; whole points.

Double entry: every entry takes from one account what it gives to another. Points of a person live in lots that expire; a
balance is what the lots hold less the debt, which a reversal of spent points leaves and later credits pay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from app.core.errors import ConflictError, UnprocessableError
from app.core.labels import Labelled
from app.core.zone import CHINA, china_date

# One entry: more is a slip of the hand, and sums stay far from what a column holds.
MOST = 1_000_000


class AccountKind(Labelled):
    """Balances of all accounts add up to zero: what was issued stands below zero."""

    ISSUANCE = "issuance", "发放"
    PERSON = "person", "个人"
    HOUSEHOLD = "household", "家庭"
    HELD = "held", "兑换冻结"
    REDEEMED = "redeemed", "已兑换"
    EXPIRED = "expired", "已到期"
    REVERSED = "reversed", "已冲回"


class EntryKind(Labelled):
    CREDIT = "credit", "获得积分"
    REVERSAL = "reversal", "冲回"
    HOLD = "hold", "兑换冻结"
    RELEASE = "release", "退回"
    FULFIL = "fulfil", "兑换完成"
    # A clerk's slip, within minutes.
    UNDO = "undo", "撤销核销"
    # A hold ends after its lots have expired.
    LAPSE = "lapse", "冻结期间到期"
    EXPIRY = "expiry", "到期"
    # Two records of one human.
    MERGE = "merge", "档案合并"
    # Given into the purse of the household.
    POOL = "pool", "转入家庭账户"
    # Somebody has asked for the deletion of their account.
    FORFEIT = "forfeit", "注销作废"


class HoldState(Labelled):
    HELD = "held", "冻结中"
    RELEASED = "released", "已退回"
    FULFILLED = "fulfilled", "已兑换"
    LAPSED = "lapsed", "已到期"


A, E, H = AccountKind, EntryKind, HoldState
# Whose points these are; everything else is the system's side of the entries.
OWNERS = frozenset({A.PERSON, A.HOUSEHOLD})
SYSTEM = tuple(kind for kind in AccountKind if kind not in OWNERS)
# Who gives and who takes; PERSON stands for the owner, a person or a household. (A merge goes from person to person, a
# gift into the household's purse from person to household.)
MOVES: dict[EntryKind, tuple[AccountKind, AccountKind]] = {
    E.CREDIT: (A.ISSUANCE, A.PERSON),
    E.REVERSAL: (A.PERSON, A.REVERSED),
    E.HOLD: (A.PERSON, A.HELD),
    E.RELEASE: (A.HELD, A.PERSON),
    E.FULFIL: (A.HELD, A.REDEEMED),
    E.UNDO: (A.REDEEMED, A.HELD),
    E.LAPSE: (A.HELD, A.EXPIRED),
    E.EXPIRY: (A.PERSON, A.EXPIRED),
    E.FORFEIT: (A.PERSON, A.EXPIRED),
}
NEXT: dict[HoldState, frozenset[HoldState]] = {
    H.HELD: frozenset({H.RELEASED, H.FULFILLED, H.LAPSED}),
    H.FULFILLED: frozenset({H.HELD}),
    H.RELEASED: frozenset(),
    H.LAPSED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Lot:
    """`remaining`: neither spent nor held nor expired."""

    id: UUID
    remaining: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    lot_id: UUID
    points: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What a reversal or a debt takes: from lots, and as debt what they do not hold any more."""

    parts: tuple[Part, ...]
    debt: int


def expiry_of(granted: date, years: int = 1) -> datetime:
    """The default: the points of a year end with 31 December of the next (石狮 has no number of its own; see the rule)."""
    return datetime.combine(date(granted.year + years + 1, 1, 1), time(), CHINA)


def spend(lots: Sequence[Lot], points: int) -> tuple[Part, ...]:
    """First expiring first. NotEnoughPointsError where they do not hold that much."""
    parts, left = _take(sorted(lots, key=lambda one: one.expires_at), points)
    if left:
        raise NotEnoughPointsError(available=points - left, needed=points)
    return parts


def take_back(lots: Sequence[Lot], points: int, *, first: datetime | None = None) -> Taken:
    """Of the points that expire at `first`, as what is reversed did, then of others; the rest is a debt."""
    by_end = sorted(lots, key=lambda one: (one.expires_at != first, one.expires_at))
    return Taken(*_take(by_end, points))


def pay_debt(points: int, debt: int) -> int:
    """How much of what comes in goes to the debt."""
    return min(points, debt)


def check_points(points: int) -> None:
    if not 1 <= points <= MOST:
        raise PointsAmountError(most=MOST)


def check_hold_step(current: HoldState, target: HoldState) -> None:
    if target not in NEXT[current]:
        raise HoldStateError(current=current.label, target=target.label)


def midnight_after(instant: datetime) -> datetime:
    """Points expire with a day, so that those of many credits expire together."""
    return datetime.combine(china_date(instant) + timedelta(days=1), time(), CHINA)


def check_expiry(expires_at: datetime, now: datetime) -> None:
    """Raises ValueError: a rule that grants what is over already, or in the middle of a day, is a mistake of ours."""
    if expires_at <= now or expires_at.astimezone(CHINA).time() != time():
        raise ValueError("points expire at a midnight to come")


def _take(lots: Sequence[Lot], points: int) -> tuple[tuple[Part, ...], int]:
    parts, left = [], points
    for lot in lots:
        took = min(lot.remaining, left)
        if took > 0:
            parts.append(Part(lot.id, took))
            left -= took
    return tuple(parts), left


class PointsAmountError(UnprocessableError):
    code = "points_amount_wrong"
    message = "积分应是1到{most}之间的整数"
    field = "points"


class NotEnoughPointsError(ConflictError):
    code = "points_not_enough"
    message = "可用积分{available}分，需要{needed}分"


class StatementTooLongError(UnprocessableError):
    code = "points_statement_too_long"
    message = "这一年超过{most}笔，请用明细列表逐页查看"
    field = "year"


class HoldStateError(ConflictError):
    code = "points_hold_state_wrong"
    message = "这笔积分当前为“{current}”，不能变为“{target}”"
