"""就业摸底：轮次、分派、进度、统计。"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response, status

from app.core.errors import StaleError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, Limit, Now, Reads, RuntimeDep, Unit, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs import surveys as rules
from app.schemas.base import ExpectedVersion
from app.schemas.jobs.survey_statistics import SurveyStatistics
from app.schemas.jobs.surveys import (
    SurveyAssignmentRead,
    SurveyMembersForm,
    SurveyProgress,
    SurveyQuestionSet,
    SurveyWaveForm,
    SurveyWaveRead,
    SurveyWaveUpdate,
)
from app.services.jobs import survey_questions, survey_statistics, survey_views, survey_work, surveys

router = make_router("jobs")
Staff = Annotated[Actor, require(Permission.ORGANISATION_READ)]
StaffOf = Annotated[Actor, require(Permission.ORGANISATION_READ, Reach.TOWN)]
Officer = Annotated[Actor, require(Permission.SURVEY_MANAGE)]
OfficerOf = Annotated[Actor, require(Permission.SURVEY_MANAGE, Reach.TOWN)]
Watcher = Annotated[Actor, require(Permission.SURVEY_READ, Reach.TOWN)]
FORM = (rules.SurveyPeriodError, rules.QuestionsUnknownError)
MOVE = (rules.SurveyWaveNotFoundError, rules.SurveyWaveStateError, StaleError)
COUNTED = (rules.SurveyWaveNotFoundError, rules.SurveyNotCountedError)


@router.get("/survey-questions", responses=read_errors())
async def list_survey_questions(
    actor: Staff,
    session: Reads,
    version: Annotated[str | None, Query(max_length=20, pattern=r"^[0-9A-Za-z.-]+$")] = None,
) -> list[SurveyQuestionSet]:
    """摸底的题目和选项，按版本，新的在前。"""
    del actor
    return [survey_views.question_set_read(found) for found in await survey_questions.question_sets(session, version)]


@router.post("/survey-waves", status_code=status.HTTP_201_CREATED, responses=write_errors(*FORM))
async def create_survey_wave(actor: Officer, form: SurveyWaveForm, session: Unit, now: Now) -> SurveyWaveRead:
    """新建一轮摸底（草稿）：按户或按人，用哪一版题目，起止日期。"""
    return survey_views.wave_read(await surveys.create_wave(session, actor, form, now=now), actor)


@router.get("/survey-waves", responses=read_errors(CursorInvalidError))
async def list_survey_waves(
    actor: Staff, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[SurveyWaveRead]:
    """各轮摸底，新的在前；草稿和已取消的只有招聘专员看得到。"""
    rows, following = await surveys.list_waves(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[survey_views.wave_read(row, actor) for row in rows], next_cursor=following)


@router.get("/survey-waves/{wave_id}", responses=read_errors(rules.SurveyWaveNotFoundError))
async def get_survey_wave(actor: StaffOf, wave_id: UUID, session: Reads) -> SurveyWaveRead:
    """一轮摸底。"""
    return survey_views.wave_read(await surveys.get_wave(session, actor, wave_id), actor)


@router.put(
    "/survey-waves/{wave_id}",
    responses=write_errors(*FORM, rules.SurveyWaveNotFoundError, rules.SurveyNotOpenError, StaleError),
)
async def update_survey_wave(
    actor: OfficerOf, wave_id: UUID, form: SurveyWaveUpdate, session: Unit, now: Now
) -> SurveyWaveRead:
    """修改草稿；开始以后题目不再变。"""
    return survey_views.wave_read(await surveys.update_wave(session, actor, wave_id, form, now=now), actor)


@router.post("/survey-waves/{wave_id}/open", responses=write_errors(*MOVE, rules.SurveyEndedError))
async def open_survey_wave(
    actor: OfficerOf, wave_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> SurveyWaveRead:
    """开始：各网格按任职分派给网格员并通知；专员分派过的网格不变。"""
    row = await surveys.open_wave(session, actor, wave_id, expected_version=form.expected_version, now=now)
    return survey_views.wave_read(row, actor)


@router.post("/survey-waves/{wave_id}/close", responses=write_errors(*MOVE))
async def close_survey_wave(
    actor: OfficerOf, wave_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> SurveyWaveRead:
    """结束：不再收答卷；过了结束日期三天会自动结束。"""
    row = await surveys.close_wave(session, actor, wave_id, expected_version=form.expected_version, now=now)
    return survey_views.wave_read(row, actor)


@router.post("/survey-waves/{wave_id}/publish", responses=write_errors(*MOVE))
async def publish_survey_wave(
    actor: OfficerOf, wave_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> SurveyWaveRead:
    """公布统计：少于5人的数和由其他数能推算出来的数都不显示；公布后不再变。"""
    row = await survey_statistics.publish_wave(
        runtime, session, actor, wave_id, expected_version=form.expected_version, now=now
    )
    return survey_views.wave_read(row, actor)


@router.post("/survey-waves/{wave_id}/cancel", responses=write_errors(*MOVE))
async def cancel_survey_wave(
    actor: OfficerOf, wave_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> SurveyWaveRead:
    """取消：已收的答卷失去用途，随即清除。"""
    row = await surveys.cancel_wave(session, actor, wave_id, expected_version=form.expected_version, now=now)
    return survey_views.wave_read(row, actor)


@router.get("/survey-waves/{wave_id}/assignments", responses=read_errors(rules.SurveyWaveNotFoundError))
async def list_survey_assignments(actor: OfficerOf, wave_id: UUID, session: Reads) -> list[SurveyAssignmentRead]:
    """每个网格由谁走访；没有人的网格也列出。"""
    rows = await surveys.list_assignments(session, actor, wave_id)
    return await survey_views.assignments_read(session, rows)


@router.put(
    "/survey-waves/{wave_id}/grids/{grid_id}/members",
    responses=write_errors(
        rules.SurveyWaveNotFoundError,
        rules.SurveyNotOpenError,
        rules.SurveyGridError,
        rules.SurveyMemberError,
        StaleError,
    ),
)
async def assign_survey_grid(
    actor: OfficerOf, wave_id: UUID, grid_id: UUID, form: SurveyMembersForm, session: Unit, now: Now
) -> SurveyWaveRead:
    """把一个网格分派给指定的网格员，代替按任职的分派。"""
    return survey_views.wave_read(await surveys.assign(session, actor, wave_id, grid_id, form, now=now), actor)


@router.get("/survey-waves/{wave_id}/progress", responses=read_errors(rules.SurveyWaveNotFoundError))
async def get_survey_progress(actor: Watcher, wave_id: UUID, session: Reads) -> SurveyProgress:
    """各网格的进度：已知、已走访、已答、拒访、不在家的户数；网格长只看到自己的网格。"""
    found = await survey_work.progress(session, actor, wave_id)
    return await survey_views.progress_read(session, wave_id, found)


@router.get("/survey-waves/{wave_id}/statistics", responses=read_errors(*COUNTED))
async def get_survey_statistics(actor: StaffOf, wave_id: UUID, session: Reads, runtime: RuntimeDep) -> SurveyStatistics:
    """公布的统计，按片区、网格、年龄段、职业；招聘专员在公布前可以预览。"""
    content: dict[str, Any] = await survey_statistics.statistics_of(runtime, session, actor, wave_id)
    return SurveyStatistics.model_validate(content)


@router.get(
    "/survey-waves/{wave_id}/statistics.xlsx",
    response_class=Response,
    responses=read_errors(*COUNTED)
    | {200: {"content": {survey_statistics.SHEET_CONTENT: {}}, "description": "Excel 文件"}},
)
async def export_survey_statistics(actor: StaffOf, wave_id: UUID, session: Reads, runtime: RuntimeDep) -> Response:
    """统计的 Excel 文件，只有统计，没有任何个人信息。"""
    content = await survey_statistics.statistics_of(runtime, session, actor, wave_id)
    return Response(
        survey_statistics.as_workbook(content),
        media_type=survey_statistics.SHEET_CONTENT,
        headers={"Content-Disposition": 'attachment; filename="survey-statistics.xlsx"', "Cache-Control": "no-store"},
    )
