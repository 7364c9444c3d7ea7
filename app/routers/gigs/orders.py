"""用工订单：起草、发布、审核、取消、复制、模板。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit, require
from app.routers.routing import BODY_ERRORS, make_router, read_errors, write_errors
from app.rules.common.content import TextRiskyError
from app.rules.gigs import orders as rules
from app.rules.gigs.settlements import PublishingBlockedError
from app.rules.gigs.sharing import SharingNotFoundError, SharingPeriodError, SharingUnusableError
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission, SelfReviewError
from app.rules.jobs.vacancies import EnterpriseNotYoursError, OccupationUnknownError, PostingRefusedError
from app.schemas.gigs.orders import (
    CancelForm,
    CopyForm,
    OrderCreate,
    OrderListItem,
    OrderRead,
    OrderReview,
    OrderUpdate,
    TemplateForm,
    TemplateRead,
)
from app.schemas.jobs.vacancies import LintRead
from app.services.gigs import order_copies, order_ends, order_views, orders
from app.services.jobs import views

router = make_router("gigs")
Dispatcher = Annotated[Actor, require(Permission.GIG_ORDER_WRITE)]
OrderOf = Annotated[Actor, require(Permission.GIG_ORDER_WRITE, Reach.FIRM)]
Office = Annotated[Actor, require(Permission.GIG_ORDER_REVIEW)]
OfficeOf = Annotated[Actor, require(Permission.GIG_ORDER_REVIEW, Reach.TOWN)]
FORM = (
    rules.ShiftsWrongError, rules.GigPayError, rules.BelowMinimumWageError, rules.OrderHazardError,
    rules.StandbyPayMissingError,
)  # fmt: skip
POSTING = (
    IdempotencyKeyMissingError, *FORM, EnterpriseNotYoursError, OccupationUnknownError, PostingRefusedError, TextRiskyError,
    rules.OrderStateError,
    PublishingBlockedError, SharingNotFoundError, SharingUnusableError, SharingPeriodError,
)  # fmt: skip


@router.post("/shift-orders/lint", responses=read_errors(*BODY_ERRORS, *FORM, EnterpriseNotYoursError))
async def lint_order(actor: Dispatcher, form: OrderCreate, session: Reads, runtime: RuntimeDep) -> LintRead:
    """边写边检查：与发布时相同的规则，不保存任何内容。"""
    return views.lint_read(await orders.lint(runtime, session, actor, form))


@router.post(
    "/shift-orders",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(*POSTING),
)
async def create_order(actor: Dispatcher, form: OrderCreate, session: Unit, runtime: RuntimeDep) -> OrderRead:
    """下用工订单：合规且通过内容检查的立即发布，存疑的转零工专员复核，违规的逐条说明；`submit=false` 存草稿。"""
    return order_views.order_read(await orders.create_order(runtime, session, actor, form))


@router.put(
    "/shift-orders/{order_id}",
    dependencies=[KeyRequired],
    responses=write_errors(*POSTING, rules.OrderNotFoundError, rules.OrderNotEditableError, StaleError),
)
async def update_order(
    actor: OrderOf, order_id: UUID, form: OrderUpdate, session: Unit, runtime: RuntimeDep
) -> OrderRead:
    """改草稿或被退回的订单（整份替换）；发布后条件固定，只能取消班次或另下订单。"""
    return order_views.order_read(await orders.update_order(runtime, session, actor, order_id, form))


@router.get("/shift-orders/held", responses=read_errors(CursorInvalidError))
async def list_held_orders(
    actor: Office, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[OrderListItem]:
    """等待复核的订单。"""
    found, following = await orders.list_held(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[order_views.order_item(one) for one in found], next_cursor=following)


@router.get("/shift-orders/{order_id}", responses=read_errors(rules.OrderNotFoundError))
async def get_order(actor: OrderOf, order_id: UUID, session: Reads) -> OrderRead:
    """本企业的一张订单：条件、班次、各班已到位的名额。"""
    return order_views.order_read(await orders.open_own(session, actor, order_id))


@router.get(
    "/enterprises/{enterprise_id}/shift-orders", responses=read_errors(EnterpriseNotYoursError, CursorInvalidError)
)
async def list_orders(
    actor: OrderOf, enterprise_id: UUID, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[OrderListItem]:
    """本企业的订单，新的在前。"""
    found, following = await orders.list_own(session, runtime.cursors, actor, enterprise_id, cursor=cursor, limit=limit)
    return Page(items=[order_views.order_item(one) for one in found], next_cursor=following)


@router.post(
    "/shift-orders/{order_id}/review",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError,
        rules.OrderNotFoundError,
        rules.OrderStateError,
        SelfReviewError,
        PublishingBlockedError,
        StaleError,
    ),
)
async def review_order(actor: OfficeOf, order_id: UUID, form: OrderReview, session: Unit, now: Now) -> OrderRead:
    """复核：发布，或写明原因退回。"""
    opened = await orders.review(
        session, actor, order_id, publish=form.publish, note=form.note, expected_version=form.expected_version, now=now
    )
    return order_views.order_read(opened)


@router.post(
    "/shift-orders/{order_id}/cancel",
    dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.OrderNotFoundError, rules.OrderStateError, StaleError),
)
async def cancel_order(actor: OrderOf, order_id: UUID, form: CancelForm, session: Unit, now: Now) -> OrderRead:
    """取消订单：没开班的班次全部取消，通知已接单的人；不足16小时的按订单写明的数额补偿。"""
    opened = await order_ends.cancel_order(
        session, actor, order_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return order_views.order_read(opened)


@router.post(
    "/shifts/{shift_id}/cancel",
    dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.ShiftNotFoundError, rules.ShiftStateError, StaleError),
)
async def cancel_shift(actor: OrderOf, shift_id: UUID, form: CancelForm, session: Unit, now: Now) -> OrderRead:
    """取消一个班次，规则同取消订单。"""
    opened = await order_ends.cancel_shift(
        session, actor, shift_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return order_views.order_read(opened)


@router.post(
    "/shift-orders/{order_id}/copy",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.OrderNotFoundError, EnterpriseNotYoursError),
)
async def copy_order(actor: OrderOf, order_id: UUID, form: CopyForm, session: Unit, now: Now) -> OrderRead:
    """照搬一张订单到若干天后（7 天：上周照搬），成为草稿。"""
    return order_views.order_read(await order_copies.copy_order(session, actor, order_id, days=form.days, now=now))


@router.post(
    "/shift-orders/{order_id}/template",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.OrderNotFoundError, rules.TemplateTakenError),
)
async def keep_order_template(
    actor: OrderOf, order_id: UUID, form: TemplateForm, session: Unit, now: Now
) -> TemplateRead:
    """存为模板。"""
    return order_views.template_read(
        await order_copies.keep_template(session, actor, order_id, name=form.name, now=now)
    )


@router.get("/enterprises/{enterprise_id}/order-templates", responses=read_errors(EnterpriseNotYoursError))
async def list_order_templates(actor: OrderOf, enterprise_id: UUID, session: Reads) -> list[TemplateRead]:
    """本企业的模板。"""
    return [order_views.template_read(row) for row in await order_copies.list_templates(session, actor, enterprise_id)]


@router.post(
    "/order-templates/{template_id}/orders",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.TemplateNotFoundError, EnterpriseNotYoursError),
)
async def order_from_template(actor: OrderOf, template_id: UUID, form: CopyForm, session: Unit, now: Now) -> OrderRead:
    """按模板下一张草稿订单：各班次移到存模板时的若干天后。"""
    return order_views.order_read(
        await order_copies.from_template(session, actor, template_id, days=form.days, now=now)
    )


@router.delete(
    "/order-templates/{template_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(rules.TemplateNotFoundError),
)
async def drop_order_template(actor: OrderOf, template_id: UUID, session: Unit) -> None:
    """删除模板。"""
    await order_copies.drop_template(session, actor, template_id)
