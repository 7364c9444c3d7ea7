"""签到签退、工伤事故。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit, assisted, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.gigs import site as rules
from app.rules.gigs import timesheets as sheet_rules
from app.rules.gigs.offers import AssignmentNotFoundError, AssignmentStateError, SeatsFullError
from app.rules.gigs.orders import ShiftNotFoundError
from app.rules.gigs.profiles import WorkerProfileMissingError
from app.rules.identity.access import Reach
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission
from app.schemas.base import ExpectedVersion
from app.schemas.gigs.site import (
    AccidentCloseForm,
    AccidentForm,
    AccidentRead,
    CodeShown,
    FiledForm,
    HandMarkForm,
    HandScanForm,
    MarksRead,
    PlaceForm,
    ScanForm,
)
from app.services.gigs import accidents, marks, site_views

router = make_router("gigs")
Worker = Annotated[Actor, assisted(AgentScope.GIGS)]
WorkerRow = Annotated[Actor, assisted(AgentScope.GIGS, Reach.SELF)]
Site = Annotated[Actor, require(Permission.GIG_SITE)]
SiteOf = Annotated[Actor, require(Permission.GIG_SITE, Reach.FIRM)]
Officer = Annotated[Actor, require(Permission.GIG_DECIDE)]
OfficerOf = Annotated[Actor, require(Permission.GIG_DECIDE, Reach.TOWN)]
StateOf = Annotated[sheet_rules.AccidentState | None, Query(description="只看这种状态")]
MARKING = (
    IdempotencyKeyMissingError, AssignmentNotFoundError, AssignmentStateError, rules.NotCheckedInError,
    rules.MarkInFutureError,
)  # fmt: skip
OWN_MARKING = (
    *AGENT_ERRORS, *MARKING, WorkerProfileMissingError, SeatsFullError, rules.MarkTooOldError, rules.MarkTooEarlyError,
    rules.ShiftOverError, rules.OutBeforeStartError, rules.MarkTooLateError,
)  # fmt: skip
CODE_ERRORS = (rules.SiteCodeInvalidError, rules.SiteCodeElsewhereError, rules.SiteCodeExpiredError)


@router.get("/shifts/{shift_id}/check-in-code", responses=read_errors(ShiftNotFoundError))
async def show_shift_code(actor: SiteOf, shift_id: UUID, session: Reads, runtime: RuntimeDep, now: Now) -> CodeShown:
    """现场屏幕上的签到动态码：每半分钟换一次，只对这个班次有效。"""
    return site_views.code_shown(await marks.show_shift_code(session, runtime.crypto, actor, shift_id, now=now))


@router.get(
    "/me/assignments/{assignment_id}/check-in-code", responses=read_errors(*AGENT_ERRORS, AssignmentNotFoundError)
)
async def show_my_code(
    actor: WorkerRow, assignment_id: UUID, session: Reads, runtime: RuntimeDep, now: Now
) -> CodeShown:
    """我的签到动态码，给派工员扫：只对本人的这个班次有效，拍照转给别人没有用。"""
    return site_views.code_shown(await marks.show_own_code(session, runtime.crypto, actor, assignment_id, now=now))


@router.get("/me/assignments/{assignment_id}/marks", responses=read_errors(*AGENT_ERRORS, AssignmentNotFoundError))
async def list_my_marks(actor: WorkerRow, assignment_id: UUID, session: Reads) -> MarksRead:
    """我在这个班次的签到签退，以及按它们算出的工时。"""
    return site_views.marks_read(await marks.of_mine(session, actor, assignment_id))


@router.post(
    "/me/assignments/{assignment_id}/scan",
    dependencies=[KeyRequired],
    responses=write_errors(*OWN_MARKING, *CODE_ERRORS),
)
async def scan_shift_code(
    actor: WorkerRow, assignment_id: UUID, form: ScanForm, session: Unit, runtime: RuntimeDep, now: Now
) -> MarksRead:
    """扫现场的动态码签到或签退；没有网络时先存在手机里，12小时内补传。"""
    found = await marks.by_shift_code(session, runtime.crypto, actor, assignment_id, now=now, **form.model_dump())
    return site_views.marks_read(found)


@router.post(
    "/me/assignments/{assignment_id}/place-mark",
    dependencies=[KeyRequired],
    responses=write_errors(*OWN_MARKING, rules.NoPlaceError, rules.TooFarError),
)
async def mark_by_place(
    actor: WorkerRow, assignment_id: UUID, form: PlaceForm, session: Unit, runtime: RuntimeDep, now: Now
) -> MarksRead:
    """到场定位签到或签退：300米以内；只记距离，不记位置，不跟踪。"""
    found = await marks.by_place(session, runtime.crypto, actor, assignment_id, now=now, **form.model_dump())
    return site_views.marks_read(found)


@router.get("/assignments/{assignment_id}/marks", responses=read_errors(AssignmentNotFoundError))
async def list_marks(actor: SiteOf, assignment_id: UUID, session: Reads) -> MarksRead:
    """一个人在班次上的签到签退。"""
    return site_views.marks_read(await marks.of_firm(session, actor, assignment_id))


@router.post(
    "/shifts/{shift_id}/scans",
    dependencies=[KeyRequired],
    responses=write_errors(
        *MARKING, *CODE_ERRORS, ShiftNotFoundError, SeatsFullError, rules.MarkTooEarlyError, rules.ShiftOverError,
        rules.OutBeforeStartError, rules.MarkTooLateError,
    ),
)  # fmt: skip
async def scan_worker_code(
    actor: SiteOf, shift_id: UUID, form: HandScanForm, session: Unit, runtime: RuntimeDep, now: Now
) -> MarksRead:
    """派工员扫零工手机上的动态码签到或签退。"""
    found = await marks.by_own_code(session, runtime.crypto, actor, shift_id, now=now, **form.model_dump())
    return site_views.marks_read(found)


@router.post("/assignments/{assignment_id}/marks", dependencies=[KeyRequired], responses=write_errors(*MARKING))
async def mark_by_hand(
    actor: SiteOf, assignment_id: UUID, form: HandMarkForm, session: Unit, runtime: RuntimeDep, now: Now
) -> MarksRead:
    """派工员登记签到或签退，写明为什么没有扫码；已登记未到岗的人确实来了，也在这里改正。"""
    found = await marks.by_hand(session, runtime.crypto, actor, assignment_id, now=now, **form.model_dump())
    return site_views.marks_read(found)


@router.post(
    "/me/assignments/{assignment_id}/accidents",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, AssignmentNotFoundError, sheet_rules.AccidentTimeError
    ),
)
async def report_my_accident(
    actor: WorkerRow, assignment_id: UUID, form: AccidentForm, session: Unit, runtime: RuntimeDep, now: Now
) -> AccidentRead:
    """一键报告工伤事故：企业30日内申请认定的期限从事故当天算起。"""
    row = await accidents.report_own(session, runtime.crypto, actor, assignment_id, now=now, **form.model_dump())
    return site_views.accident_read(row, runtime.crypto)


@router.get("/me/accidents", responses=read_errors(*AGENT_ERRORS))
async def list_my_accidents(actor: Worker, session: Reads, runtime: RuntimeDep) -> list[AccidentRead]:
    """我的事故报告，新的在前。"""
    return [site_views.accident_read(row, runtime.crypto) for row in await accidents.list_mine(session, actor)]


@router.post(
    "/assignments/{assignment_id}/accidents",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, AssignmentNotFoundError, sheet_rules.AccidentTimeError),
)
async def report_accident(
    actor: SiteOf, assignment_id: UUID, form: AccidentForm, session: Unit, runtime: RuntimeDep, now: Now
) -> AccidentRead:
    """企业报告工伤事故。"""
    row = await accidents.report_for_firm(session, runtime.crypto, actor, assignment_id, now=now, **form.model_dump())
    return site_views.accident_read(row, runtime.crypto)


@router.get("/accidents", responses=read_errors(CursorInvalidError))
async def list_firm_accidents(
    actor: Site, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[AccidentRead]:
    """本企业的事故报告，新的在前。"""
    rows, following = await accidents.list_of_firm(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[site_views.accident_read(row, runtime.crypto) for row in rows], next_cursor=following)


@router.post(
    "/accidents/{accident_id}/acknowledge",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, sheet_rules.AccidentNotFoundError, sheet_rules.AccidentStateError, StaleError
    ),
)
async def acknowledge_accident(
    actor: SiteOf, accident_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> AccidentRead:
    """企业已知悉。"""
    row = await accidents.acknowledge(session, actor, accident_id, expected_version=form.expected_version, now=now)
    return site_views.accident_read(row, runtime.crypto)


@router.post(
    "/accidents/{accident_id}/file",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, sheet_rules.AccidentNotFoundError, sheet_rules.AccidentStateError,
        sheet_rules.FiledOnError, StaleError,
    ),
)  # fmt: skip
async def file_accident(
    actor: SiteOf, accident_id: UUID, form: FiledForm, session: Unit, runtime: RuntimeDep, now: Now
) -> AccidentRead:
    """登记企业申请工伤认定的日期。"""
    row = await accidents.file(session, actor, accident_id, now=now, **form.model_dump())
    return site_views.accident_read(row, runtime.crypto)


@router.get("/accident-reports", responses=read_errors(CursorInvalidError))
async def list_accident_reports(
    actor: Officer, session: Reads, runtime: RuntimeDep, state: StateOf = None, cursor: Cursor = None, limit: Limit = 20
) -> Page[AccidentRead]:
    """全镇的事故报告，新的在前。"""
    del actor
    rows, following = await accidents.list_all(session, runtime.cursors, state=state, cursor=cursor, limit=limit)
    return Page(items=[site_views.accident_read(row, runtime.crypto) for row in rows], next_cursor=following)


@router.post(
    "/accident-reports/{accident_id}/close",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, sheet_rules.AccidentNotFoundError, sheet_rules.AccidentStateError, StaleError
    ),
)
async def close_accident(
    actor: OfficerOf, accident_id: UUID, form: AccidentCloseForm, session: Unit, runtime: RuntimeDep, now: Now
) -> AccidentRead:
    """办结，写明结果。"""
    row = await accidents.close(session, actor, accident_id, now=now, **form.model_dump())
    return site_views.accident_read(row, runtime.crypto)
