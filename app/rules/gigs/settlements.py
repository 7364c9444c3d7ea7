"""Settlements: what is owed, when it is due, what follows when it is not paid. Pure."""

from app.core.errors import ConflictError, NotFoundError
from app.core.labels import Labelled


class SettlementState(Labelled):
    DUE = "due", "待支付"
    OVERDUE = "overdue", "已逾期"
    # The firm says it has paid, with proof.
    PAID = "paid", "企业已登记支付"
    RECEIVED = "received", "本人已收到"
    # The worker says that it did not arrive, or not all.
    CONTESTED = "contested", "本人有异议"
    REFERRED = "referred", "已选择调解"


class LineKind(Labelled):
    WORK = "work", "工时或计件"
    OVERTIME = "overtime", "加班加付"
    # A sheet that changed after its settlement was paid.
    ADJUSTMENT = "adjustment", "补差"
    STANDBY = "standby", "候补费"
    LATE_CANCEL = "late_cancel", "临时取消补偿"
    TOP_UP = "top_up", "补足最低小时工资"
    DEDUCTION = "deduction", "扣款"


class BlockState(Labelled):
    """A publishing block: the system proposes, the officer decides after notice, the firm may appeal."""

    PROPOSED = "proposed", "待告知"
    NOTIFIED = "notified", "已告知，待决定"
    IN_FORCE = "in_force", "暂停发布"
    DISMISSED = "dismissed", "不予暂停"
    APPEALED = "appealed", "申诉中"
    LIFTED = "lifted", "已解除"


S = SettlementState
# Late: not paid, or registered as paid and said not to have arrived. What was taken to mediation is argued about there.
LATE_STATES = (S.OVERDUE, S.CONTESTED)
NEXT: dict[SettlementState, frozenset[SettlementState]] = {
    S.DUE: frozenset({S.PAID, S.OVERDUE}),
    S.OVERDUE: frozenset({S.PAID, S.REFERRED}),
    S.PAID: frozenset({S.RECEIVED, S.CONTESTED}),
    S.CONTESTED: frozenset({S.PAID, S.RECEIVED, S.REFERRED}),
    S.REFERRED: frozenset({S.PAID, S.RECEIVED}),
    S.RECEIVED: frozenset(),
}
B = BlockState
BLOCK_NEXT: dict[BlockState, frozenset[BlockState]] = {
    B.PROPOSED: frozenset({B.NOTIFIED, B.DISMISSED}),
    B.NOTIFIED: frozenset({B.IN_FORCE, B.DISMISSED}),
    B.IN_FORCE: frozenset({B.APPEALED, B.LIFTED}),
    B.APPEALED: frozenset({B.IN_FORCE, B.LIFTED}),
    B.DISMISSED: frozenset(),
    B.LIFTED: frozenset(),
}


def check_settlement_step(current: SettlementState, target: SettlementState) -> None:
    if target not in NEXT[current]:
        raise SettlementStateError(current=current.label, target=target.label)


def check_block_step(current: BlockState, target: BlockState) -> None:
    if target not in BLOCK_NEXT[current]:
        raise BlockStateError(current=current.label, target=target.label)


class SettlementStateError(ConflictError):
    code = "settlement_state_wrong"
    message = "结算当前为“{current}”，不能变为“{target}”"


class BlockStateError(ConflictError):
    code = "publishing_block_state_wrong"
    message = "暂停发布当前为“{current}”，不能变为“{target}”"


class BlockNotFoundError(NotFoundError):
    code = "publishing_block_not_found"
    message = "没有找到这次暂停发布"


class BlockAnswerPendingError(ConflictError):
    code = "block_answer_pending"
    message = "企业可在{until}前陈述申辩，答复后或到期后再决定"


class PublishingBlockedError(ConflictError):
    """Says the way out: pay, or appeal."""

    code = "publishing_blocked"
    message = "因逾期工资{settlements}笔共{yuan}元，已暂停发布新的用工订单；支付并登记后自动解除，也可以申诉"
