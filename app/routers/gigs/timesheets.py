"""工时单、对账、考勤导入。"""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit, assisted, limited, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.routers.workbooks import WORKBOOK, workbook
from app.rules.common.files import FileUnusableError
from app.rules.gigs import timesheets as rules
from app.rules.gigs.clock_sheet import TimesheetImportNotFoundError
from app.rules.gigs.offers import AssignmentNotFoundError, AssignmentStateError
from app.rules.gigs.orders import ShiftNotFoundError
from app.rules.gigs.terms import Side
from app.rules.identity.access import Reach
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission
from app.schemas.base import ExpectedVersion
from app.schemas.gigs.site import (
    AnswerForm,
    BatchForm,
    ClockImportForm,
    ClockImportRead,
    RecordForm,
    TimesheetRead,
)
from app.services.gigs import clock_imports, sheet_acts, sheet_lists, site_views
from app.services.gigs.site_views import record_form
from app.services.gigs.timesheets import Line

router = make_router("gigs")
Worker = Annotated[Actor, assisted(AgentScope.GIGS)]
WorkerRow = Annotated[Actor, assisted(AgentScope.GIGS, Reach.SELF)]
Site = Annotated[Actor, require(Permission.GIG_SITE)]
SiteOf = Annotated[Actor, require(Permission.GIG_SITE, Reach.FIRM)]
RECORDING = (
    IdempotencyKeyMissingError, rules.TimesheetNotFoundError, rules.TimesheetStateError, rules.DifferenceReasonMissingError,
    rules.PiecesNotPaidError, rules.PieceLineUnknownError, rules.PieceLineTwiceError, StaleError,
)  # fmt: skip
AGREEING = (
    IdempotencyKeyMissingError, rules.TimesheetNotFoundError, rules.TimesheetStateError, rules.NotYourTurnError, StaleError,
)  # fmt: skip
ANSWERING = (
    *AGREEING, rules.DifferenceNotFoundError, rules.DifferenceStateError, rules.PiecesNotPaidError,
    rules.PieceLineUnknownError, rules.PieceLineTwiceError,
)  # fmt: skip
MEDIATING = (
    IdempotencyKeyMissingError, rules.TimesheetNotFoundError, rules.TimesheetStateError, rules.DifferenceNotFoundError,
    rules.DifferenceStateError, rules.AnswerFirstError, StaleError,
)  # fmt: skip
FirmQuery = Annotated[UUID | None, Query(description="只看这家企业")]
ShiftQuery = Annotated[UUID | None, Query(description="只看这个班次")]
StateQuery = Annotated[rules.TimesheetState | None, Query(description="只看这种状态")]
DayQuery = Annotated[dt.date, Query(description="哪一天的班次")]


@router.get("/me/timesheets", responses=read_errors(*AGENT_ERRORS, CursorInvalidError))
async def list_my_timesheets(
    actor: Worker, session: Reads, runtime: RuntimeDep, now: Now, cursor: Cursor = None, limit: Limit = 20
) -> Page[TimesheetRead]:
    """我的工时单，新的在前。"""
    return await sheet_lists.of_mine(session, runtime, actor, cursor=cursor, limit=limit, now=now)


@router.get("/me/timesheets/{timesheet_id}", responses=read_errors(*AGENT_ERRORS, rules.TimesheetNotFoundError))
async def get_my_timesheet(
    actor: WorkerRow, timesheet_id: UUID, session: Reads, runtime: RuntimeDep, now: Now
) -> TimesheetRead:
    """一份工时单：签到签退、双方记录、对账、现在可以做什么。"""
    return await sheet_acts.look(session, runtime.crypto, actor, Side.WORKER, timesheet_id, now=now)


@router.post(
    "/me/timesheets/{timesheet_id}/record",
    dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, *RECORDING),
)
async def record_my_timesheet(
    actor: WorkerRow, timesheet_id: UUID, form: RecordForm, session: Unit, runtime: RuntimeDep, now: Now
) -> TimesheetRead:
    """填写我的工时：与企业的记录相同即为确认，不同则说明理由，进入对账。"""
    return await sheet_acts.record(
        session, runtime.crypto, actor, Side.WORKER, timesheet_id, record_form(form.minutes, form.pieces),
        reason=form.reason, expected_version=form.expected_version, now=now,
    )  # fmt: skip


@router.post(
    "/me/timesheets/{timesheet_id}/agree",
    dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, *AGREEING),
)
async def agree_to_my_timesheet(
    actor: WorkerRow, timesheet_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> TimesheetRead:
    """企业填写的工时无误。"""
    return await sheet_acts.agree(
        session, runtime.crypto, actor, Side.WORKER, timesheet_id, expected_version=form.expected_version, now=now
    )


@router.post(
    "/me/timesheets/{timesheet_id}/answer",
    dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, *ANSWERING),
)
async def answer_my_timesheet(
    actor: WorkerRow, timesheet_id: UUID, form: AnswerForm, session: Unit, runtime: RuntimeDep, now: Now
) -> TimesheetRead:
    """答复对账：接受对方的数，或写明您认为的数和理由。"""
    return await sheet_acts.answer(
        session, runtime.crypto, actor, Side.WORKER, timesheet_id,
        offered=None if form.accept else record_form(form.minutes or 0, form.pieces), words=form.words,
        expected_version=form.expected_version, now=now,
    )  # fmt: skip


@router.post(
    "/me/timesheets/{timesheet_id}/mediate",
    dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, *MEDIATING),
)
async def mediate_my_timesheet(
    actor: WorkerRow, timesheet_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> TimesheetRead:
    """选择调解：对方答复后或两日未答复时；事实随之备好，双方都认可的部分照常支付。"""
    return await sheet_acts.mediate(
        session, runtime.crypto, actor, Side.WORKER, timesheet_id, expected_version=form.expected_version, now=now
    )


@router.get("/timesheets", responses=read_errors(CursorInvalidError))
async def list_timesheets(
    actor: Site, session: Reads, runtime: RuntimeDep, now: Now, enterprise_id: FirmQuery = None,
    shift_id: ShiftQuery = None, state: StateQuery = None, cursor: Cursor = None, limit: Limit = 20,
) -> Page[TimesheetRead]:  # fmt: skip
    """本企业的工时单，新的在前。"""
    return await sheet_lists.of_firm(
        session, runtime, actor, enterprise_id=enterprise_id, shift_id=shift_id, state=state, cursor=cursor, limit=limit,
        now=now,
    )  # fmt: skip


@router.get("/timesheets/{timesheet_id}", responses=read_errors(rules.TimesheetNotFoundError))
async def get_timesheet(
    actor: SiteOf, timesheet_id: UUID, session: Reads, runtime: RuntimeDep, now: Now
) -> TimesheetRead:
    """一份工时单。"""
    return await sheet_acts.look(session, runtime.crypto, actor, Side.FIRM, timesheet_id, now=now)


@router.post("/timesheets/{timesheet_id}/record", dependencies=[KeyRequired], responses=write_errors(*RECORDING))
async def record_timesheet(
    actor: SiteOf, timesheet_id: UUID, form: RecordForm, session: Unit, runtime: RuntimeDep, now: Now
) -> TimesheetRead:
    """企业填写工时：与本人的记录相同即为确认，不同则说明理由，进入对账。"""
    return await sheet_acts.record(
        session, runtime.crypto, actor, Side.FIRM, timesheet_id, record_form(form.minutes, form.pieces),
        reason=form.reason, expected_version=form.expected_version, now=now,
    )  # fmt: skip


@router.post("/timesheets/{timesheet_id}/agree", dependencies=[KeyRequired], responses=write_errors(*AGREEING))
async def agree_to_timesheet(
    actor: SiteOf, timesheet_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> TimesheetRead:
    """本人填写的工时无误。"""
    return await sheet_acts.agree(
        session, runtime.crypto, actor, Side.FIRM, timesheet_id, expected_version=form.expected_version, now=now
    )


@router.post("/timesheets/{timesheet_id}/answer", dependencies=[KeyRequired], responses=write_errors(*ANSWERING))
async def answer_timesheet(
    actor: SiteOf, timesheet_id: UUID, form: AnswerForm, session: Unit, runtime: RuntimeDep, now: Now
) -> TimesheetRead:
    """答复对账：接受本人的数，或写明企业认可的数和理由。"""
    return await sheet_acts.answer(
        session, runtime.crypto, actor, Side.FIRM, timesheet_id,
        offered=None if form.accept else record_form(form.minutes or 0, form.pieces), words=form.words,
        expected_version=form.expected_version, now=now,
    )  # fmt: skip


@router.post("/timesheets/{timesheet_id}/mediate", dependencies=[KeyRequired], responses=write_errors(*MEDIATING))
async def mediate_timesheet(
    actor: SiteOf, timesheet_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> TimesheetRead:
    """企业选择调解。"""
    return await sheet_acts.mediate(
        session, runtime.crypto, actor, Side.FIRM, timesheet_id, expected_version=form.expected_version, now=now
    )


@router.post(
    "/shifts/{shift_id}/timesheets",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, ShiftNotFoundError, AssignmentNotFoundError, AssignmentStateError,
        rules.ShiftNotOverError, rules.PiecesNotPaidError, rules.PieceLineUnknownError, rules.PieceLineTwiceError,
    ),
)  # fmt: skip
async def record_shift(
    actor: SiteOf, shift_id: UUID, form: BatchForm, session: Unit, runtime: RuntimeDep, now: Now
) -> list[TimesheetRead]:
    """整班一起填工时：班次结束后，全部成功或全部不变；本人已先填写的，留给单独答复。"""
    lines = [Line(line.assignment_id, record_form(line.minutes, line.pieces)) for line in form.lines]
    return await sheet_acts.state_batch(session, runtime.crypto, actor, shift_id, lines, now=now)


@router.get(
    "/enterprises/{enterprise_id}/timesheet-template",
    response_class=Response,
    dependencies=[limited(RateKind.SHEET)],
    responses=read_errors(TooManyRequestsError, TimesheetImportNotFoundError) | WORKBOOK,
)
async def get_timesheet_template(
    actor: SiteOf, enterprise_id: UUID, day: DayQuery, session: Reads, runtime: RuntimeDep
) -> Response:
    """考勤导入模板（xlsx）：已填好这一天的人，也可以用考勤机导出的表，列名改成一样即可。"""
    return workbook(await clock_imports.template(runtime, session, actor, enterprise_id, day), f"timesheets-{day}")


@router.post(
    "/enterprises/{enterprise_id}/timesheet-imports",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, TimesheetImportNotFoundError, FileUnusableError),
)
async def import_timesheets(
    actor: SiteOf, enterprise_id: UUID, form: ClockImportForm, session: Unit, runtime: RuntimeDep, now: Now
) -> ClockImportRead:
    """从考勤机或 Excel 表导入（先按用途 timesheet_import 上传文件）：能读的行变成企业的记录，不能读的逐格说明。"""
    return site_views.import_read(
        await clock_imports.run(
            runtime, session, actor, enterprise_id, file_id=form.file_id, file_name=form.file_name, now=now
        )
    )


@router.get("/enterprises/{enterprise_id}/timesheet-imports", responses=read_errors(TimesheetImportNotFoundError))
async def list_timesheet_imports(actor: SiteOf, enterprise_id: UUID, session: Reads) -> list[ClockImportRead]:
    """最近五十次考勤导入。"""
    return [site_views.import_read(row) for row in await clock_imports.list_of_firm(session, actor, enterprise_id)]


@router.get("/timesheet-imports/{import_id}", responses=read_errors(TimesheetImportNotFoundError))
async def get_timesheet_import(actor: SiteOf, import_id: UUID, session: Reads) -> ClockImportRead:
    """一次考勤导入的结果。"""
    return site_views.import_read(await clock_imports.get(session, actor, import_id))
