"""招聘会与云市集：筹备、发布、进行、结束、总结。"""

from typing import Annotated
from uuid import UUID

from fastapi import Response, status

from app.core.errors import StaleError, UnauthorisedError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, KeyRequired, Limit, MaybeActor, Now, Reads, RuntimeDep, Unit, require
from app.routers.routing import make_router, public_errors, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs import fairs as rules
from app.rules.jobs.fairs import FairKind, FairState
from app.schemas.base import ExpectedVersion
from app.schemas.jobs.fairs import (
    BoardRead,
    CancelFairForm,
    FairForm,
    FairListItem,
    FairRead,
    FairReportRead,
    FairUpdate,
)
from app.services.jobs import fair_entries, fair_reports, fair_views, fairs

router = make_router("jobs")
Office = Annotated[Actor, require(Permission.FAIR_MANAGE)]
OfficeOf = Annotated[Actor, require(Permission.FAIR_MANAGE, Reach.SCOPE)]
FORM_ERRORS = (
    rules.FairPeriodError,
    rules.FairPlaceMissingError,
    rules.CorridorMissingError,
    rules.SchoolMissingError,
    rules.FairAreaUnknownError,
)
MOVE_ERRORS = write_errors(rules.FairNotFoundError, rules.FairStateError, StaleError)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/fairs", responses=public_errors(CursorInvalidError, UnauthorisedError))
async def list_fairs(
    actor: MaybeActor,
    session: Reads,
    runtime: RuntimeDep,
    kind: FairKind | None = None,
    state: FairState | None = None,
    area_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[FairListItem]:
    """招聘会和云市集，开始时间晚的在前；可按形式、状态、片区筛选。"""
    found, following = await fairs.list_fairs(
        session, runtime.cursors, actor, kind=kind, state=state, area_id=area_id, cursor=cursor, limit=limit
    )
    return Page(items=[fair_views.fair_item(one) for one in found], next_cursor=following)


@router.post(
    "/fairs",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, *FORM_ERRORS),
)
async def create_fair(actor: Office, form: FairForm, session: Unit, now: Now) -> FairRead:
    """筹备一场招聘会；发布前只有招聘专员看得到。"""
    return fair_views.fair_read(await fairs.create_fair(session, actor, form, now=now), actor)


@router.get("/fairs/{fair_id}", responses=public_errors(UnauthorisedError, rules.FairNotFoundError))
async def get_fair(actor: MaybeActor, fair_id: UUID, session: Reads) -> FairRead:
    """一场招聘会；登录后可看到自己是否已签到。"""
    found, checked_in_at = await fair_entries.look(session, actor, fair_id)
    return fair_views.fair_read(found, actor, checked_in_at)


@router.put(
    "/fairs/{fair_id}",
    responses=write_errors(
        *FORM_ERRORS, rules.FairNotFoundError, rules.FairLockedError, rules.FairCapacityError, StaleError
    ),
)
async def update_fair(actor: OfficeOf, fair_id: UUID, form: FairUpdate, session: Unit, now: Now) -> FairRead:
    """修改招聘会（整张表单）；开始之后不能再改。"""
    return fair_views.fair_read(await fairs.update_fair(session, actor, fair_id, form, now=now), actor)


@router.post(
    "/fairs/{fair_id}/publish",
    responses=write_errors(rules.FairNotFoundError, rules.FairStateError, rules.FairPeriodError, StaleError),
)
async def publish_fair(actor: OfficeOf, fair_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> FairRead:
    """发布招聘会，企业可以报名参展。"""
    moved = await fairs.move_fair(
        session, actor, fair_id, FairState.PUBLISHED, expected_version=form.expected_version, now=now
    )
    return fair_views.fair_read(moved, actor)


@router.post("/fairs/{fair_id}/start", responses=MOVE_ERRORS)
async def start_fair(actor: OfficeOf, fair_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> FairRead:
    """开始：可以签到和现场应聘。到开始时间会自动开始。"""
    moved = await fairs.move_fair(
        session, actor, fair_id, FairState.RUNNING, expected_version=form.expected_version, now=now
    )
    return fair_views.fair_read(moved, actor)


@router.post("/fairs/{fair_id}/end", responses=MOVE_ERRORS)
async def end_fair(actor: OfficeOf, fair_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> FairRead:
    """结束：不再签到和现场应聘。到结束时间会自动结束。"""
    moved = await fairs.move_fair(
        session, actor, fair_id, FairState.ENDED, expected_version=form.expected_version, now=now
    )
    return fair_views.fair_read(moved, actor)


@router.post("/fairs/{fair_id}/cancel", responses=MOVE_ERRORS)
async def cancel_fair(actor: OfficeOf, fair_id: UUID, form: CancelFairForm, session: Unit, now: Now) -> FairRead:
    """取消并说明原因；已报名和受邀的企业会收到通知。"""
    moved = await fairs.move_fair(
        session,
        actor,
        fair_id,
        FairState.CANCELLED,
        expected_version=form.expected_version,
        now=now,
        reason=form.reason,
    )
    return fair_views.fair_read(moved, actor)


@router.get("/fairs/{fair_id}/board", responses=public_errors(UnauthorisedError, rules.FairNotFoundError))
async def get_fair_board(actor: MaybeActor, fair_id: UUID, session: Reads, now: Now) -> BoardRead:
    """现场大屏：只有总数和各职业的数字，少于5人的不显示。"""
    return await fair_reports.board(session, actor, fair_id, now=now)


@router.post(
    "/fairs/{fair_id}/report",
    status_code=status.HTTP_201_CREATED,
    responses=MOVE_ERRORS,
)
async def make_fair_report(
    actor: OfficeOf, fair_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> FairReportRead:
    """总结已结束的招聘会：数字按企业和职业统计一次，不再变动；45天后自动补上录用回访。"""
    made = await fair_reports.make_report(session, actor, fair_id, expected_version=form.expected_version, now=now)
    return fair_reports.report_read(made)


@router.get("/fairs/{fair_id}/report", responses=read_errors(rules.FairNotFoundError, rules.FairReportNotFoundError))
async def get_fair_report(actor: OfficeOf, fair_id: UUID, session: Reads) -> FairReportRead:
    """招聘会总结，供内部使用。"""
    return fair_reports.report_read(await fair_reports.get_report(session, actor, fair_id))


@router.get(
    "/fairs/{fair_id}/report.xlsx",
    response_class=Response,
    responses=read_errors(rules.FairNotFoundError, rules.FairReportNotFoundError)
    | {200: {"content": {XLSX: {}}, "description": "Excel 工作簿"}},
)
async def download_fair_report(actor: OfficeOf, fair_id: UUID, session: Reads) -> Response:
    """招聘会总结的 Excel 文件。"""
    content = await fair_reports.workbook(await fair_reports.get_report(session, actor, fair_id))
    headers = {"Content-Disposition": f'attachment; filename="fair-{fair_id}.xlsx"'}
    return Response(content, media_type=XLSX, headers=headers)
