"""统一配工：计算、查看、调整、发布，指定与排除，缺工。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.gigs import allocation as rules
from app.rules.gigs.orders import ShiftNotFoundError
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission
from app.schemas.base import ExpectedVersion
from app.schemas.gigs.runs import (
    EditForm,
    IdleRead,
    OpenSeatRead,
    PinForm,
    PinRead,
    PlannedRead,
    ProposalRead,
    RunForm,
    RunRead,
)
from app.services.gigs import pins, run_views, runs

router = make_router("gigs")
Planner = Annotated[Actor, require(Permission.ALLOCATION_RUN)]
# A firm's own, or the office's, which plans for the town.
PlannerOf = Annotated[Actor, require(Permission.ALLOCATION_RUN, Reach.FIRM, (Permission.GIG_DECIDE, Reach.TOWN))]
Officer = Annotated[Actor, require(Permission.GIG_DECIDE)]
MOVING = (IdempotencyKeyMissingError, rules.RunNotFoundError, rules.RunStateError, StaleError)


@router.post(
    "/allocation-runs",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.RunOpenError, rules.RunNotFoundError, rules.RunHorizonError
    ),
)
async def start_allocation(actor: PlannerOf, form: RunForm, session: Unit, now: Now) -> RunRead:
    """开始配工：排队后由后台计算，先有即时方案，再逐步改进；企业配自己的班次，零工专员可配全镇。"""
    row = await runs.start(
        session, actor, enterprise_id=form.enterprise_id, first=form.first_day, days=form.days,
        limit_seconds=form.limit_seconds, seed=form.seed, now=now,
    )  # fmt: skip
    return run_views.run_read(row)


@router.get("/allocation-runs", responses=read_errors(CursorInvalidError))
async def list_allocations(
    actor: Planner, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[RunRead]:
    """配工记录，新的在前。"""
    rows, following = await runs.list_runs(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[run_views.run_read(row) for row in rows], next_cursor=following)


@router.get("/allocation-runs/{run_id}", responses=read_errors(rules.RunNotFoundError))
async def get_allocation(actor: PlannerOf, run_id: UUID, session: Reads) -> RunRead:
    """一次配工：进度、五个目标各自的值、界和差距、独立核对的结果。"""
    return run_views.run_read(await runs.get(session, actor, run_id))


@router.get("/allocation-runs/{run_id}/assignments", responses=read_errors(rules.RunNotFoundError, CursorInvalidError))
async def list_allocated(
    actor: PlannerOf, run_id: UUID, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[PlannedRead]:
    """方案里谁上哪个班；接受之前姓名只显示姓。"""
    return await run_views.planned(session, runtime, actor, run_id, cursor=cursor, limit=limit)


@router.get("/allocation-runs/{run_id}/unfilled", responses=read_errors(rules.RunNotFoundError, CursorInvalidError))
async def list_unfilled(
    actor: PlannerOf, run_id: UUID, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[OpenSeatRead]:
    """没有排上人的名额，逐个说明原因。"""
    return await run_views.open_seats(session, runtime, actor, run_id, cursor=cursor, limit=limit)


@router.get("/allocation-runs/{run_id}/unallotted", responses=read_errors(rules.RunNotFoundError, CursorInvalidError))
async def list_unallotted(
    actor: PlannerOf, run_id: UUID, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[IdleRead]:
    """愿意上班却没有排上的人，逐个说明原因；只有零工专员可见。"""
    return await run_views.idle(session, runtime, actor, run_id, cursor=cursor, limit=limit)


@router.post(
    "/allocation-runs/{run_id}/edits",
    dependencies=[KeyRequired],
    responses=write_errors(*MOVING, rules.PlanBreaksRulesError),
)
async def edit_allocation(
    actor: PlannerOf, run_id: UUID, form: EditForm, session: Unit, runtime: RuntimeDep, now: Now
) -> RunRead:
    """人工调整方案：加人、减人；违反任何一条规则的调整不保存，并说明是哪一条、差多少。"""
    row = await runs.edit(
        runtime, session, actor, run_id, add=[(pair.person_id, pair.shift_id) for pair in form.add],
        remove=[(pair.person_id, pair.shift_id) for pair in form.remove], expected_version=form.expected_version, now=now,
    )  # fmt: skip
    return run_views.run_read(row)


@router.post(
    "/allocation-runs/{run_id}/publish",
    dependencies=[KeyRequired],
    responses=write_errors(*MOVING, rules.PlanOldError),
)
async def publish_allocation(actor: PlannerOf, run_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> RunRead:
    """发布方案：变成有答复期限的邀约；其间已另有安排的人不勉强，计入未发出。"""
    return run_views.run_read(
        await runs.publish(session, actor, run_id, expected_version=form.expected_version, now=now)
    )


@router.post("/allocation-runs/{run_id}/cancel", dependencies=[KeyRequired], responses=write_errors(*MOVING))
async def cancel_allocation(actor: PlannerOf, run_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> RunRead:
    """取消：正在计算的随即停止，没有任何人受影响。"""
    return run_views.run_read(
        await runs.cancel(session, actor, run_id, expected_version=form.expected_version, now=now)
    )


@router.get("/shifts/{shift_id}/pins", responses=read_errors(ShiftNotFoundError))
async def list_plan_pins(actor: PlannerOf, shift_id: UUID, session: Reads, runtime: RuntimeDep) -> list[PinRead]:
    """这个班次指定和排除的人。"""
    return [run_views.pin_read(one) for one in await pins.list_of_shift(session, runtime.crypto, actor, shift_id)]


@router.put(
    "/shifts/{shift_id}/pins/{person_id}",
    responses=write_errors(ShiftNotFoundError, rules.PinNotFoundError, rules.PinUnlawfulError),
)
async def put_plan_pin(
    actor: PlannerOf, shift_id: UUID, person_id: UUID, form: PinForm, session: Unit, runtime: RuntimeDep, now: Now
) -> list[PinRead]:
    """指定或排除一个人；指定时同样核对年龄、工时和休息。"""
    await pins.put(session, actor, shift_id, person_id, kind=form.kind, reason=form.reason, now=now)
    return [run_views.pin_read(one) for one in await pins.list_of_shift(session, runtime.crypto, actor, shift_id)]


@router.delete(
    "/shifts/{shift_id}/pins/{person_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(ShiftNotFoundError, rules.PinNotFoundError),
)
async def remove_plan_pin(actor: PlannerOf, shift_id: UUID, person_id: UUID, session: Unit, now: Now) -> None:
    """取消指定或排除。"""
    await pins.take_off(session, actor, shift_id, person_id, now=now)


@router.get("/training-proposals", responses=read_errors())
async def list_training_proposals(actor: Officer, session: Reads, now: Now) -> list[ProposalRead]:
    """配工里因没有会的人而缺的工序、等级和时段：建议的培训需求。"""
    del actor
    return await run_views.proposals_read(session, await runs.proposals(session, since=now))
