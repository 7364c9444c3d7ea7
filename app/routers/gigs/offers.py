"""邀约、接单、排队、上岗安排、急招。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit, assisted, limited, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.gigs import offers as rules
from app.rules.gigs.orders import ShiftNotFoundError
from app.rules.gigs.profiles import RosterMemberNotFoundError, WorkerProfileMissingError
from app.rules.gigs.refusals import LAW_ERRORS
from app.rules.gigs.sharing import NotSharedError
from app.rules.gigs.urgent import UrgentAlreadyError
from app.rules.identity.access import Reach
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission
from app.schemas.base import ExpectedVersion
from app.schemas.gigs.offers import (
    AssignmentRead,
    CallOffForm,
    InviteForm,
    LeaveForm,
    OfferRead,
    ShiftPeople,
    WaitingRead,
)
from app.services.gigs import (
    assignments,
    attendance,
    claims,
    invites,
    offer_views,
    offers,
    shift_people,
    terms_of,
    urgent,
)

router = make_router("gigs")
Worker = Annotated[Actor, assisted(AgentScope.GIGS)]
WorkerRow = Annotated[Actor, assisted(AgentScope.GIGS, Reach.SELF)]
WorkerOpen = Annotated[Actor, assisted(AgentScope.GIGS, Reach.OPEN)]
SiteOf = Annotated[Actor, require(Permission.GIG_SITE, Reach.FIRM)]
TAKING = (
    *AGENT_ERRORS, IdempotencyKeyMissingError, TooManyRequestsError, ConsentMissingError, WorkerProfileMissingError,
    *LAW_ERRORS, NotSharedError, rules.ShiftClosedError, rules.SeatsFullError, rules.AlreadyOnShiftError,
)  # fmt: skip


@router.get("/me/shift-offers", responses=read_errors(*AGENT_ERRORS, CursorInvalidError))
async def list_my_shift_offers(
    actor: Worker, session: Reads, runtime: RuntimeDep, now: Now, cursor: Cursor = None, limit: Limit = 20
) -> Page[OfferRead]:
    """给我的邀约，新的在前。"""
    found, following = await offers.list_mine(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[offer_views.offer_read(one, now) for one in found], next_cursor=following)


@router.get("/me/shift-offers/{offer_id}", responses=read_errors(*AGENT_ERRORS, rules.OfferNotFoundError))
async def get_my_shift_offer(actor: WorkerRow, offer_id: UUID, session: Reads, now: Now) -> OfferRead:
    """一份邀约：工资、地点、保障、答复期限和为什么找到我。"""
    return offer_views.offer_read(await offers.get_mine(session, actor, offer_id), now)


@router.post(
    "/me/shift-offers/{offer_id}/accept",
    dependencies=[KeyRequired, limited(RateKind.APPLY)],
    responses=write_errors(
        *TAKING, rules.OfferNotFoundError, rules.OfferStateError, rules.OfferExpiredError, StaleError
    ),
)
async def accept_shift_offer(
    actor: WorkerRow, offer_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> AssignmentRead:
    """接受邀约：条件按所见版本固定；同一时间的其他邀约自动收回。开班前32小时内接受即视为确认到岗。"""
    row = await offers.accept(session, runtime.crypto, actor, offer_id, expected_version=form.expected_version, now=now)
    return await terms_of.assignment(session, actor, row.id, now=now)


@router.post(
    "/me/shift-offers/{offer_id}/decline",
    dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, rules.OfferNotFoundError, rules.OfferStateError, StaleError
    ),
)
async def decline_shift_offer(
    actor: WorkerRow, offer_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> OfferRead:
    """谢绝邀约，不需要理由，不影响以后。"""
    found = await offers.decline(
        session, runtime.crypto, actor, offer_id, expected_version=form.expected_version, now=now
    )
    return offer_views.offer_read(found, now)


@router.post(
    "/shifts/{shift_id}/claims",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired, limited(RateKind.APPLY)],
    responses=write_errors(*TAKING, ShiftNotFoundError, rules.NotFirstComeError, rules.NotInRingError),
)
async def claim_shift(
    actor: WorkerOpen, shift_id: UUID, session: Unit, runtime: RuntimeDep, now: Now
) -> AssignmentRead:
    """抢单：先到先得的班次，或急招问到您这一圈时。满了可以排队。"""
    row = await claims.claim(session, runtime.crypto, actor, shift_id, now=now)
    return await terms_of.assignment(session, actor, row.id, now=now)


@router.post(
    "/shifts/{shift_id}/waiting",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, ConsentMissingError, WorkerProfileMissingError, *LAW_ERRORS,
        ShiftNotFoundError, rules.ShiftClosedError, rules.AlreadyOnShiftError, rules.StillFreeError, rules.AlreadyWaitingError,
    ),
)  # fmt: skip
async def join_waiting(actor: WorkerOpen, shift_id: UUID, session: Unit, runtime: RuntimeDep, now: Now) -> WaitingRead:
    """排队：有人让出名额时按先后顺序询问，位置随时可见。"""
    return offer_views.waiting_read(await claims.wait(session, runtime.crypto, actor, shift_id, now=now))


@router.post(
    "/shifts/{shift_id}/waiting/leave",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, IdempotencyKeyMissingError, rules.NotWaitingError),
)
async def leave_waiting(actor: WorkerRow, shift_id: UUID, session: Unit, now: Now) -> None:
    """退出排队。"""
    await claims.leave_line(session, actor, shift_id, now=now)


@router.get("/me/waiting", responses=read_errors(*AGENT_ERRORS))
async def list_my_waiting(actor: Worker, session: Reads) -> list[WaitingRead]:
    """我在排队的班次和位置。"""
    return [offer_views.waiting_read(one) for one in await claims.list_mine(session, actor)]


@router.get("/me/assignments", responses=read_errors(*AGENT_ERRORS, CursorInvalidError))
async def list_my_assignments(
    actor: Worker,
    session: Reads,
    runtime: RuntimeDep,
    now: Now,
    upcoming: bool = False,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[AssignmentRead]:
    """我的上岗安排，开班晚的在前；`upcoming`：只看还没结束的。"""
    found, following = await assignments.list_mine(
        session, runtime.cursors, actor, upcoming=upcoming, cursor=cursor, limit=limit, now=now
    )
    return Page(items=await terms_of.assignments_read(session, found, now=now), next_cursor=following)


@router.get("/me/assignments/{assignment_id}", responses=read_errors(*AGENT_ERRORS, rules.AssignmentNotFoundError))
async def get_my_assignment(actor: WorkerRow, assignment_id: UUID, session: Reads, now: Now) -> AssignmentRead:
    """一个上岗安排：固定下来的条件、用工提示和现在能做什么。"""
    return await terms_of.assignment(session, actor, assignment_id, now=now)


@router.post(
    "/me/assignments/{assignment_id}/confirm",
    dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, rules.AssignmentNotFoundError, rules.AssignmentStateError,
        rules.ConfirmTooEarlyError, StaleError,
    ),
)  # fmt: skip
async def confirm_assignment(
    actor: WorkerRow, assignment_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> AssignmentRead:
    """确认到岗：开班前32小时起；16小时前仍未确认的，名额让给别人。"""
    row = await assignments.confirm(
        session, runtime.crypto, actor, assignment_id, expected_version=form.expected_version, now=now
    )
    return await terms_of.assignment(session, actor, row.id, now=now)


@router.post(
    "/me/assignments/{assignment_id}/leave",
    dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, rules.AssignmentNotFoundError, rules.AssignmentStateError,
        WorkerProfileMissingError, StaleError,
    ),
)  # fmt: skip
async def leave_assignment(
    actor: WorkerRow, assignment_id: UUID, form: LeaveForm, session: Unit, runtime: RuntimeDep, now: Now
) -> AssignmentRead:
    """取消：接受后30分钟内不计；48小时前不计，6至48小时计1分，更晚计2分；生病、事故、条件改变、没收到通知不计。"""
    row = await attendance.leave(
        session,
        runtime.crypto,
        actor,
        assignment_id,
        excuse=form.excuse,
        expected_version=form.expected_version,
        now=now,
    )
    return await terms_of.assignment(session, actor, row.id, now=now)


@router.get("/shifts/{shift_id}/people", responses=read_errors(ShiftNotFoundError))
async def list_shift_people(actor: SiteOf, shift_id: UUID, session: Reads, runtime: RuntimeDep) -> ShiftPeople:
    """班次上的人：名额、候补、排队人数；接受之后可见姓名和电话。"""
    return offer_views.shift_people(await shift_people.of_shift(session, runtime.crypto, actor, shift_id))


@router.post(
    "/shifts/{shift_id}/urgent",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, ShiftNotFoundError, rules.ShiftClosedError, UrgentAlreadyError, StaleError
    ),
)
async def begin_urgent(
    actor: SiteOf, shift_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> ShiftPeople:
    """急招：先问本企业名单，10分钟后问附近经核实的熟手，再10分钟后问所有合适的人；先接先得。"""
    await urgent.begin(session, actor, shift_id, expected_version=form.expected_version, now=now)
    return offer_views.shift_people(await shift_people.of_shift(session, runtime.crypto, actor, shift_id))


@router.post(
    "/shifts/{shift_id}/invitations",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, ShiftNotFoundError, RosterMemberNotFoundError, WorkerProfileMissingError,
        rules.ShiftClosedError, rules.InviteRefusedError, rules.SeatsFullError,
    ),
)  # fmt: skip
async def invite_to_shift(
    actor: SiteOf, shift_id: UUID, form: InviteForm, session: Unit, runtime: RuntimeDep, now: Now
) -> ShiftPeople:
    """请本企业名单里的一个人来上这个班：名额先留着，对方在限时内答复。"""
    await invites.invite(session, actor, shift_id, form.person_id, now=now)
    return offer_views.shift_people(await shift_people.of_shift(session, runtime.crypto, actor, shift_id))


@router.post(
    "/assignments/{assignment_id}/call-off",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.AssignmentNotFoundError, rules.AssignmentStateError, StaleError
    ),
)
async def call_off_assignment(
    actor: SiteOf, assignment_id: UUID, form: CallOffForm, session: Unit, runtime: RuntimeDep, now: Now
) -> ShiftPeople:
    """企业取消一个人的安排：开班前不足16小时的，按订单写明的数额补偿。"""
    row = await attendance.call_off(
        session, actor, assignment_id, expected_version=form.expected_version, reason=form.reason, now=now
    )
    return offer_views.shift_people(await shift_people.of_shift(session, runtime.crypto, actor, row.shift_id))
