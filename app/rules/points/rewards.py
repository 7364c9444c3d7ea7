"""Rewards (礼遇), their stock, and redemption: hold, code, handing over, cancel, lapse, undo. Pure; whole points, pieces.

No cash, no top-up, no price in money (points design).
"""

from datetime import datetime, timedelta

from app.core.errors import AppError, ConflictError, NotFoundError
from app.core.labels import Labelled

UNDO_WITHIN = timedelta(minutes=10)
CODE_LENGTH = 10
LONGEST_HOLD_DAYS = 60
# Wrong codes of one clerk; then nothing is looked up for them until the time is over.
WRONG_CODES = 10
WRONG_CODES_WITHIN = timedelta(minutes=15)
STOCK_MOST = 100_000


class RewardKind(Labelled):
    GOODS = "goods", "物品"
    SERVICE = "service", "服务"
    COURTESY = "courtesy", "礼遇"
    HONOUR = "honour", "荣誉"


class RewardState(Labelled):
    DRAFT = "draft", "未上架"
    OFFERED = "offered", "可兑换"
    PAUSED = "paused", "暂停兑换"
    ENDED = "ended", "已下架"


W = RewardState
REWARD_NEXT: dict[RewardState, frozenset[RewardState]] = {
    W.DRAFT: frozenset({W.OFFERED, W.ENDED}),
    W.OFFERED: frozenset({W.PAUSED, W.ENDED}),
    W.PAUSED: frozenset({W.OFFERED, W.ENDED}),
    W.ENDED: frozenset(),
}


class RedemptionState(Labelled):
    # Points and piece are set aside; the site gets it ready.
    HELD = "held", "备货中"
    READY = "ready", "可领取"
    FULFILLED = "fulfilled", "已领取"
    CANCELLED = "cancelled", "已取消"
    LAPSED = "lapsed", "逾期未领"
    # The site cannot hand it over: a fault of ours.
    REJECTED = "rejected", "无法兑换，已退回"


D = RedemptionState
REDEMPTION_NEXT: dict[RedemptionState, frozenset[RedemptionState]] = {
    D.HELD: frozenset({D.READY, D.CANCELLED, D.LAPSED, D.REJECTED}),
    D.READY: frozenset({D.FULFILLED, D.CANCELLED, D.LAPSED, D.REJECTED}),
    # A clerk's slip.
    D.FULFILLED: frozenset({D.READY}),
    D.CANCELLED: frozenset(),
    D.LAPSED: frozenset(),
    D.REJECTED: frozenset(),
}
# Points and a piece are set aside for it.
OPEN = frozenset({D.HELD, D.READY})
# It counts towards what one person may have.
COUNTED = OPEN | {D.FULFILLED}


class StockChangeKind(Labelled):
    RECEIPT = "receipt", "入库"
    WRITE_OFF = "write_off", "报损核销"


class StockChangeState(Labelled):
    REQUESTED = "requested", "待第二人审核"
    DONE = "done", "已登记"
    REFUSED = "refused", "未同意"


STOCK_CHANGE_NEXT: dict[StockChangeState, frozenset[StockChangeState]] = {
    StockChangeState.REQUESTED: frozenset({StockChangeState.DONE, StockChangeState.REFUSED}),
    StockChangeState.DONE: frozenset(),
    StockChangeState.REFUSED: frozenset(),
}


class PickedUpBy(Labelled):
    SELF = "self", "本人领取"
    HELPER = "helper", "代领"


def check_reward_move(current: RewardState, target: RewardState) -> None:
    if target not in REWARD_NEXT[current]:
        raise RewardStateError(current=current.label, target=target.label)


def check_step(current: RedemptionState, target: RedemptionState) -> None:
    if target not in REDEMPTION_NEXT[current]:
        raise RedemptionStateError(current=current.label, target=target.label)


def check_stock_change(current: StockChangeState, target: StockChangeState) -> None:
    if target not in STOCK_CHANGE_NEXT[current]:
        raise StockChangeStateError(current=current.label)


def check_in_time(until: datetime, now: datetime) -> None:
    """The sweep may be late; time is not."""
    if now >= until:
        raise RedemptionLapsedError


def check_undo(fulfilled_at: datetime, now: datetime) -> None:
    if now > fulfilled_at + UNDO_WITHIN:
        raise UndoLateError(minutes=UNDO_WITHIN // timedelta(minutes=1))


def check_guesses(wrong: int, since: datetime, now: datetime) -> None:
    """Raises CodeLockedError while a clerk has typed too many wrong codes."""
    until = since + WRONG_CODES_WITHIN
    if wrong >= WRONG_CODES and now < until:
        seconds = max(int((until - now).total_seconds()), 1)
        raise CodeLockedError(minutes=-(-seconds // 60), retry_after=seconds)


class SiteNotFoundError(NotFoundError):
    code = "points_site_not_found"
    message = "没有找到这个兑换点"


class SiteNameTakenError(ConflictError):
    code = "points_site_name_taken"
    message = "已有名为“{name}”的兑换点"


class RewardNotFoundError(NotFoundError):
    code = "reward_not_found"
    message = "没有找到这项礼遇"


class RewardStateError(ConflictError):
    code = "reward_state_wrong"
    message = "这项礼遇当前为“{current}”，不能变为“{target}”"


class RewardNotOfferedError(ConflictError):
    code = "reward_not_offered"
    message = "这项礼遇现在不能兑换"


class RewardStockNotFoundError(NotFoundError):
    code = "reward_not_at_site"
    message = "这项礼遇不在这个兑换点发放"


class SoldOutError(ConflictError):
    code = "reward_sold_out"
    message = "这个兑换点已经兑完，可以看看其他兑换点"


class RewardLimitError(ConflictError):
    code = "reward_limit_reached"
    message = "每人最多兑换{limit}份，您已兑换{had}份"


class AdultsOnlyError(ConflictError):
    code = "reward_adults_only"
    message = "这项礼遇只面向成年人，请先在个人资料里填写出生日期"


class StockShortError(ConflictError):
    code = "reward_stock_short"
    message = "可用库存只有{free}份，不能核销{quantity}份"


class StockChangeNotFoundError(NotFoundError):
    code = "stock_change_not_found"
    message = "没有找到这条库存记录"


class StockChangeStateError(ConflictError):
    code = "stock_change_state_wrong"
    message = "这条库存记录当前为“{current}”，不能再审核"


class RedemptionNotFoundError(NotFoundError):
    code = "redemption_not_found"
    message = "没有找到这次兑换"


class RedemptionStateError(ConflictError):
    code = "redemption_state_wrong"
    message = "这次兑换当前为“{current}”，不能变为“{target}”"


class RedemptionLapsedError(ConflictError):
    code = "redemption_lapsed"
    message = "领取期限已过，积分会自动退回"


class UndoLateError(ConflictError):
    code = "redemption_undo_late"
    message = "核销后{minutes}分钟内可以撤销，期限已过"


class HelperMissingError(ConflictError):
    code = "redemption_helper_missing"
    message = "本人没有指定代领人，请由本人领取，或请本人先在小程序里填写代领人"


class CodeWrongError(NotFoundError):
    """Also for what never was a code: a guess learns nothing."""

    code = "pick_up_code_wrong"
    message = "领取码不正确，请核对后重新输入或扫码"
    field = "code"


class CodeElsewhereError(ConflictError):
    code = "pick_up_code_elsewhere"
    message = "这个领取码属于另一个兑换点，请到本人选择的兑换点领取"


class CodeLockedError(AppError):
    status = 429
    code = "pick_up_code_locked"
    message = "错误的领取码太多，请{minutes}分钟后再试"
    retryable = True
