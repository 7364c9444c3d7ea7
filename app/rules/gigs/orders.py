"""Orders and their shifts: states, who may move them, errors. Pure."""

from app.core.errors import ConflictError, NotFoundError
from app.core.labels import Labelled


class OrderState(Labelled):
    DRAFT = "draft", "草稿"
    # Held for a person of the office: findings, an undecided content check, or a firm that is not approved.
    IN_REVIEW = "in_review", "审核中"
    RETURNED = "returned", "已退回"
    PUBLISHED = "published", "已发布"
    ALLOCATING = "allocating", "配工中"
    CONFIRMED = "confirmed", "已排定"
    RUNNING = "running", "进行中"
    DONE = "done", "已完成"
    CANCELLED = "cancelled", "已取消"


class ShiftState(Labelled):
    PLANNED = "planned", "未发布"
    OPEN = "open", "招人中"
    RUNNING = "running", "进行中"
    DONE = "done", "已结束"
    CANCELLED = "cancelled", "已取消"


O = OrderState  # noqa: E741  # one letter keeps the table a table
NEXT: dict[OrderState, frozenset[OrderState]] = {
    O.DRAFT: frozenset({O.IN_REVIEW, O.PUBLISHED, O.CANCELLED}),
    O.IN_REVIEW: frozenset({O.PUBLISHED, O.RETURNED, O.CANCELLED}),
    O.RETURNED: frozenset({O.IN_REVIEW, O.PUBLISHED, O.CANCELLED}),
    O.PUBLISHED: frozenset({O.ALLOCATING, O.CONFIRMED, O.RUNNING, O.CANCELLED}),
    O.ALLOCATING: frozenset({O.PUBLISHED, O.CONFIRMED, O.RUNNING, O.CANCELLED}),
    # A seat that falls free makes it look for people again.
    O.CONFIRMED: frozenset({O.ALLOCATING, O.RUNNING, O.CANCELLED}),
    O.RUNNING: frozenset({O.DONE}),
    O.DONE: frozenset(),
    O.CANCELLED: frozenset(),
}
S = ShiftState
SHIFT_NEXT: dict[ShiftState, frozenset[ShiftState]] = {
    S.PLANNED: frozenset({S.OPEN, S.CANCELLED}),
    S.OPEN: frozenset({S.RUNNING, S.CANCELLED}),
    S.RUNNING: frozenset({S.DONE}),
    S.DONE: frozenset(),
    S.CANCELLED: frozenset(),
}
# What a form may still change freely; later a change makes a new version that only later acceptances see.
EDITABLE = frozenset({O.DRAFT, O.RETURNED})
# Seen by workers.
PUBLIC = frozenset({O.PUBLISHED, O.ALLOCATING, O.CONFIRMED, O.RUNNING})


def check_order_step(current: OrderState, target: OrderState) -> None:
    if target not in NEXT[current]:
        raise OrderStateError(current=current.label, target=target.label)


def check_shift_step(current: ShiftState, target: ShiftState) -> None:
    if target not in SHIFT_NEXT[current]:
        raise ShiftStateError(current=current.label, target=target.label)


class OrderNotFoundError(NotFoundError):
    code = "shift_order_not_found"
    message = "没有找到这张用工订单"


class ShiftNotFoundError(NotFoundError):
    code = "shift_not_found"
    message = "没有找到这个班次"


class OrderStateError(ConflictError):
    code = "shift_order_state_wrong"
    message = "订单当前为“{current}”，不能变为“{target}”"


class ShiftStateError(ConflictError):
    code = "shift_state_wrong"
    message = "班次当前为“{current}”，不能变为“{target}”"
