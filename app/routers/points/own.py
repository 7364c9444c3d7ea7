"""我的积分：进度、对账单、家庭账户。"""

from typing import Annotated

from fastapi import Query, Response, status

from app.core.idempotency import IdempotencyKeyMissingError
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import KeyRequired, Now, Reads, RuntimeDep, Self, Unit, limited
from app.routers.routing import make_router, read_errors, write_errors
from app.routers.workbooks import DOCUMENT, WORKBOOK, document, workbook
from app.rules.points import households as rules
from app.rules.points.ledger import NotEnoughPointsError, StatementTooLongError
from app.schemas.points.ledger import (
    GivePointsForm,
    HouseholdCodeRead,
    HouseholdForm,
    HouseholdRead,
    JoinHouseholdForm,
    ProgressRead,
)
from app.services.points import households, progress, statements
from app.services.points.reward_views import household_read, progress_read

router = make_router("points")
Year = Annotated[int, Query(ge=2000, le=2100, description="年份")]
STATEMENT_ERRORS = read_errors(TooManyRequestsError, StatementTooLongError)


@router.get("/me/points/progress", responses=read_errors())
async def get_my_points_progress(actor: Self, session: Reads, now: Now) -> ProgressRead:
    """我今年各条规则的得分和上限，历年志愿时长。"""
    return progress_read(await progress.mine(session, actor, now=now))


@router.get(
    "/me/points/statement.xlsx", response_class=Response, dependencies=[limited(RateKind.SHEET)],
    responses=STATEMENT_ERRORS | WORKBOOK,
)  # fmt: skip
async def export_my_points(actor: Self, session: Reads, runtime: RuntimeDep, year: Year) -> Response:
    """我一年的积分对账单（Excel）。"""
    return workbook(await statements.sheet(runtime, session, actor.person_id, year), f"points-{year}")


@router.get(
    "/me/points/statement.pdf", response_class=Response, dependencies=[limited(RateKind.SHEET)],
    responses=STATEMENT_ERRORS | DOCUMENT,
)  # fmt: skip
async def print_my_points(actor: Self, session: Reads, runtime: RuntimeDep, now: Now, year: Year) -> Response:
    """我一年的积分对账单（PDF）。"""
    return document(await statements.paper(runtime, session, actor.person_id, year, now=now), f"points-{year}")


@router.get("/me/household", responses=read_errors(rules.NoHouseholdError))
async def get_my_household(actor: Self, session: Reads, now: Now) -> HouseholdRead:
    """我的家庭账户：成员（姓名隐去部分）和共有的积分。"""
    return household_read(await households.look(session, actor, now=now))


@router.post(
    "/me/household", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.HouseholdTakenError),
)  # fmt: skip
async def found_household(actor: Self, form: HouseholdForm, session: Unit, now: Now) -> HouseholdRead:
    """建立家庭账户；一个人同时只在一个家庭账户里。"""
    return household_read(await households.found(session, actor, form.name, now=now))


@router.post("/me/household/code", responses=write_errors(rules.NoHouseholdError))
async def issue_household_code(actor: Self, session: Unit, now: Now) -> HouseholdCodeRead:
    """给家人的家庭码，只显示一次，24小时内有效。"""
    code, until = await households.issue_code(session, actor, now=now)
    return HouseholdCodeRead(code=code, expires_at=until)


@router.post(
    "/me/household/join", dependencies=[KeyRequired, limited(RateKind.CLAIM)],
    responses=write_errors(
        IdempotencyKeyMissingError, TooManyRequestsError, rules.HouseholdCodeError, rules.HouseholdFullError, rules.HouseholdTakenError
    ),
)  # fmt: skip
async def join_household(actor: Self, form: JoinHouseholdForm, session: Unit, now: Now) -> HouseholdRead:
    """凭家庭码加入。"""
    return household_read(await households.join(session, actor, form.code, now=now))


@router.post(
    "/me/household/leave", status_code=status.HTTP_204_NO_CONTENT, dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.NoHouseholdError),
)  # fmt: skip
async def leave_household(actor: Self, session: Unit, now: Now) -> None:
    """退出；已转入的积分留在家庭账户。"""
    await households.leave(session, actor, now=now)


@router.post(
    "/me/household/points", dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.NoHouseholdError, NotEnoughPointsError),
)  # fmt: skip
async def give_points_to_household(actor: Self, form: GivePointsForm, session: Unit, now: Now) -> HouseholdRead:
    """把自己的积分转入家庭账户；到期日不变，不能转出。"""
    return household_read(await households.give(session, actor, form.points, now=now))
