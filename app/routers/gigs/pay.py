"""工资结算、逾期、暂停发布。"""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Self, Unit, assisted, limited, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.routers.workbooks import DOCUMENT, WORKBOOK, document, workbook
from app.rules.common.files import FileUnusableError
from app.rules.gigs import pay as rules
from app.rules.gigs import settlements as states
from app.rules.gigs.terms import Side
from app.rules.identity.access import Reach
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission
from app.schemas.base import ExpectedVersion
from app.schemas.gigs.pay import (
    AppealDecision,
    BlockDecision,
    BlockRead,
    BlockWords,
    ContestForm,
    DeductForm,
    OverdueFirm,
    PayForm,
    SettlementRead,
)
from app.services.gigs import pay_acts, pay_views, publishing_blocks

router = make_router("gigs")
Worker = Annotated[Actor, assisted(AgentScope.GIGS)]
WorkerRow = Annotated[Actor, assisted(AgentScope.GIGS, Reach.SELF)]
Payer = Annotated[Actor, require(Permission.GIG_SETTLE)]
PayerOf = Annotated[Actor, require(Permission.GIG_SETTLE, Reach.FIRM)]
Officer = Annotated[Actor, require(Permission.GIG_DECIDE)]
OfficerOf = Annotated[Actor, require(Permission.GIG_DECIDE, Reach.TOWN)]
MOVING = (IdempotencyKeyMissingError, rules.SettlementNotFoundError, states.SettlementStateError, StaleError)
DEDUCTING = (IdempotencyKeyMissingError, rules.SettlementNotFoundError, rules.SettlementClosedError, StaleError)
BLOCKING = (IdempotencyKeyMissingError, states.BlockNotFoundError, states.BlockStateError, StaleError)
FirmQuery = Annotated[UUID | None, Query(description="只看这家企业")]
StateQuery = Annotated[states.SettlementState | None, Query(description="只看这种状态")]
FirstDay = Annotated[dt.date, Query(alias="from", description="结算期结束日，从")]
LastDay = Annotated[dt.date, Query(alias="to", description="结算期结束日，到")]
SinceDay = Annotated[dt.date | None, Query(alias="from", description="只看结算期在这天或以后结束的")]
UntilDay = Annotated[dt.date | None, Query(alias="to", description="只看结算期在这天或以前结束的")]


@router.get("/me/settlements", responses=read_errors(*AGENT_ERRORS, CursorInvalidError))
async def list_my_settlements(
    actor: Worker, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[SettlementRead]:
    """我的工资结算：应付多少、怎么算的、最迟哪天支付、为什么是这一天。"""
    return await pay_acts.list_mine(session, runtime, actor, cursor=cursor, limit=limit)


@router.get(
    "/me/settlements.pdf",
    response_class=Response,
    dependencies=[limited(RateKind.SHEET)],
    responses=read_errors(*AGENT_ERRORS, TooManyRequestsError, rules.TooManyToPrintError) | DOCUMENT,
)
async def print_my_settlements(
    actor: Worker, first: FirstDay, last: LastDay, session: Reads, runtime: RuntimeDep
) -> Response:
    """我的工资结算单（PDF）：逐行明细、应付、扣款、已付、日期。"""
    content = await pay_views.my_statement(runtime, session, actor, first=first, last=last)
    return document(content, f"settlements-{first}-{last}")


@router.get(
    "/enterprises/{enterprise_id}/settlements.pdf",
    response_class=Response,
    dependencies=[limited(RateKind.SHEET)],
    responses=read_errors(TooManyRequestsError, rules.SettlementNotFoundError, rules.TooManyToPrintError) | DOCUMENT,
)
async def print_settlements(
    actor: PayerOf, enterprise_id: UUID, first: FirstDay, last: LastDay, session: Reads, runtime: RuntimeDep
) -> Response:
    """本企业的工资结算单（PDF）：每人一份，可打印签收。"""
    content = await pay_views.statement_of_firm(runtime, session, actor, enterprise_id, first=first, last=last)
    return document(content, f"settlements-{first}-{last}")


@router.get("/me/settlements/{settlement_id}", responses=read_errors(*AGENT_ERRORS, rules.SettlementNotFoundError))
async def get_my_settlement(
    actor: WorkerRow, settlement_id: UUID, session: Reads, runtime: RuntimeDep
) -> SettlementRead:
    """一份工资结算。"""
    return await pay_acts.look(runtime, session, actor, Side.WORKER, settlement_id)


@router.post(
    "/me/settlements/{settlement_id}/receive",
    dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, *MOVING),
)
async def confirm_wage_received(
    actor: WorkerRow, settlement_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> SettlementRead:
    """确认收到工资。"""
    return await pay_acts.receive(session, runtime.crypto, actor, settlement_id, form.expected_version, now=now)


@router.post(
    "/me/settlements/{settlement_id}/contest",
    dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, *MOVING),
)
async def contest_payment(
    actor: WorkerRow, settlement_id: UUID, form: ContestForm, session: Unit, runtime: RuntimeDep, now: Now
) -> SettlementRead:
    """没有收到，或没有足额收到：写明情况，企业须核对；也可以选择调解。"""
    return await pay_acts.contest(session, runtime.crypto, actor, settlement_id, now=now, **form.model_dump())


@router.post(
    "/me/settlements/{settlement_id}/mediate",
    dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, *MOVING),
)
async def mediate_my_wage(
    actor: WorkerRow, settlement_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> SettlementRead:
    """工资逾期或有异议时选择调解，事实随之备好。"""
    return await pay_acts.mediate(
        session, runtime.crypto, actor, Side.WORKER, settlement_id, form.expected_version, now=now
    )


@router.get("/settlements", responses=read_errors(CursorInvalidError))
async def list_settlements(
    actor: Payer, session: Reads, runtime: RuntimeDep, enterprise_id: FirmQuery = None, state: StateQuery = None,
    first: SinceDay = None, last: UntilDay = None, cursor: Cursor = None, limit: Limit = 20,
) -> Page[SettlementRead]:  # fmt: skip
    """本企业的工资结算，新的在前；可按企业、状态、结算期筛选。"""
    return await pay_acts.list_of_firm(
        session, runtime, actor, enterprise_id=enterprise_id, state=state, first=first, last=last, cursor=cursor,
        limit=limit,
    )  # fmt: skip


@router.get(
    "/enterprises/{enterprise_id}/settlements.xlsx",
    response_class=Response,
    dependencies=[limited(RateKind.SHEET)],
    responses=read_errors(TooManyRequestsError, rules.SettlementNotFoundError, rules.TooManyToPrintError) | WORKBOOK,
)
async def export_settlements(
    actor: PayerOf, enterprise_id: UUID, first: FirstDay, last: LastDay, session: Reads, runtime: RuntimeDep
) -> Response:
    """工资支付台账（xlsx）：保障农民工工资支付条例第十五条要求的内容。"""
    content = await pay_views.sheet_of(runtime, session, actor, enterprise_id, first=first, last=last)
    return workbook(content, f"settlements-{first}-{last}")


@router.get("/settlements/{settlement_id}", responses=read_errors(rules.SettlementNotFoundError))
async def get_settlement(actor: PayerOf, settlement_id: UUID, session: Reads, runtime: RuntimeDep) -> SettlementRead:
    """一份工资结算：逐行明细、应付、扣款、已付、凭据、日期。"""
    return await pay_acts.look(runtime, session, actor, Side.FIRM, settlement_id)


@router.post(
    "/settlements/{settlement_id}/pay",
    dependencies=[KeyRequired],
    responses=write_errors(*MOVING, rules.PaidOnError, rules.PaidTooMuchError, FileUnusableError),
)
async def pay_settlement(
    actor: PayerOf, settlement_id: UUID, form: PayForm, session: Unit, runtime: RuntimeDep, now: Now
) -> SettlementRead:
    """登记已支付给本人：平台不经手工资；少于应付的，其余仍然待付。"""
    return await pay_acts.pay(session, runtime.crypto, actor, settlement_id, now=now, **form.model_dump())


@router.post(
    "/settlements/{settlement_id}/deductions",
    dependencies=[KeyRequired],
    responses=write_errors(*DEDUCTING, rules.DeductionTooHighError),
)
async def deduct_from_wage(
    actor: PayerOf, settlement_id: UUID, form: DeductForm, session: Unit, runtime: RuntimeDep, now: Now
) -> SettlementRead:
    """扣款并写明原因：不超过工资的20%，扣后不低于最低工资。"""
    return await pay_acts.deduct(session, runtime.crypto, actor, settlement_id, now=now, **form.model_dump())


@router.post(
    "/settlements/{settlement_id}/deductions/{line_id}/remove",
    dependencies=[KeyRequired],
    responses=write_errors(*DEDUCTING),
)
async def remove_deduction(
    actor: PayerOf, settlement_id: UUID, line_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep,
    now: Now,
) -> SettlementRead:  # fmt: skip
    """撤回一笔扣款。"""
    return await pay_acts.take_off_deduction(
        session, runtime.crypto, actor, settlement_id, line_id, form.expected_version, now=now
    )


@router.post("/settlements/{settlement_id}/mediate", dependencies=[KeyRequired], responses=write_errors(*MOVING))
async def mediate_wage(
    actor: PayerOf, settlement_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> SettlementRead:
    """企业选择调解。"""
    return await pay_acts.mediate(
        session, runtime.crypto, actor, Side.FIRM, settlement_id, form.expected_version, now=now
    )


@router.get("/overdue-wages", responses=read_errors())
async def list_overdue_wages(actor: Officer, session: Reads) -> list[OverdueFirm]:
    """逾期工资：按企业的笔数、人数和金额，逾期最久的在前。"""
    del actor
    return await pay_views.late_firms(session, None)


@router.get("/overdue-wages/{enterprise_id}", responses=read_errors(CursorInvalidError, rules.SettlementNotFoundError))
async def list_overdue_settlements(
    actor: OfficerOf, enterprise_id: UUID, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[SettlementRead]:
    """一家企业逾期或有异议的结算：逐行明细、凭据；姓名只显示一部分。"""
    del actor
    return await pay_acts.list_late(session, runtime, enterprise_id, cursor=cursor, limit=limit)


@router.get("/me/overdue-firms", responses=read_errors())
async def list_my_overdue_firms(actor: Self, session: Reads) -> list[OverdueFirm]:
    """我挂钩联系的企业的逾期工资：笔数、人数和金额，没有姓名。"""
    return await pay_acts.late_firms_of_cadre(session, actor)


@router.get("/publishing-blocks", responses=read_errors())
async def list_publishing_blocks(actor: Officer, session: Reads) -> list[BlockRead]:
    """全镇的暂停发布：进行中的在前。"""
    del actor
    return await pay_views.blocks_read(session, await publishing_blocks.list_all(session), office=True)


@router.get("/firm-publishing-blocks", responses=read_errors())
async def list_firm_publishing_blocks(actor: Payer, session: Reads) -> list[BlockRead]:
    """对本企业的暂停发布：依据、期限、决定、可以做什么。"""
    return await pay_views.blocks_read(session, await publishing_blocks.list_of_firm(session, actor), office=False)


@router.post("/publishing-blocks/{block_id}/notify", dependencies=[KeyRequired], responses=write_errors(*BLOCKING))
async def notify_publishing_block(
    actor: OfficerOf, block_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> BlockRead:
    """告知企业拟暂停发布及其依据，企业有3个工作日陈述申辩。"""
    row = await publishing_blocks.notify_firm(session, actor, block_id, expected_version=form.expected_version, now=now)
    return await pay_views.block_read(session, row, office=True)


@router.post("/publishing-blocks/{block_id}/answer", dependencies=[KeyRequired], responses=write_errors(*BLOCKING))
async def answer_publishing_block(
    actor: PayerOf, block_id: UUID, form: BlockWords, session: Unit, now: Now
) -> BlockRead:
    """企业陈述申辩。"""
    row = await publishing_blocks.answer(session, actor, block_id, now=now, **form.model_dump())
    return await pay_views.block_read(session, row, office=False)


@router.post(
    "/publishing-blocks/{block_id}/decide",
    dependencies=[KeyRequired],
    responses=write_errors(*BLOCKING, states.BlockAnswerPendingError),
)
async def decide_publishing_block(
    actor: OfficerOf, block_id: UUID, form: BlockDecision, session: Unit, now: Now
) -> BlockRead:
    """决定暂停或不予暂停，写明理由；已发布的班次照常进行。"""
    row = await publishing_blocks.decide(session, actor, block_id, now=now, **form.model_dump())
    return await pay_views.block_read(session, row, office=True)


@router.post("/publishing-blocks/{block_id}/appeal", dependencies=[KeyRequired], responses=write_errors(*BLOCKING))
async def appeal_publishing_block(
    actor: PayerOf, block_id: UUID, form: BlockWords, session: Unit, now: Now
) -> BlockRead:
    """企业申诉，5个工作日内答复。"""
    row = await publishing_blocks.appeal(session, actor, block_id, now=now, **form.model_dump())
    return await pay_views.block_read(session, row, office=False)


@router.post(
    "/publishing-blocks/{block_id}/decide-appeal", dependencies=[KeyRequired], responses=write_errors(*BLOCKING)
)
async def decide_block_appeal(
    actor: OfficerOf, block_id: UUID, form: AppealDecision, session: Unit, now: Now
) -> BlockRead:
    """答复申诉，或主动解除。"""
    row = await publishing_blocks.decide_appeal(session, actor, block_id, now=now, **form.model_dump())
    return await pay_views.block_read(session, row, office=True)
