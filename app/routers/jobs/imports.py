"""岗位的 Excel 导入、模板和导出。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit, limited, require
from app.routers.routing import make_router, read_errors, write_errors
from app.routers.workbooks import WORKBOOK, workbook
from app.rules.common.files import FileUnusableError
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs import imports as rules
from app.rules.jobs.imports import RowState
from app.rules.jobs.vacancies import EnterpriseNotYoursError, VacancyNotFoundError, VacancyStateError
from app.schemas.jobs.imports import ImportForm, ImportRead, ImportRowRead
from app.services.jobs import imports, sheets
from app.services.jobs.office_views import import_read, import_row_read

router = make_router("jobs")
Recruiter = Annotated[Actor, require(Permission.VACANCY_WRITE)]
RecruiterOf = Annotated[Actor, require(Permission.VACANCY_WRITE, Reach.FIRM)]
HirerOf = Annotated[Actor, require(Permission.APPLICATION_MANAGE, Reach.FIRM)]


@router.get(
    "/vacancy-import-template",
    response_class=Response,
    dependencies=[limited(RateKind.SHEET)],
    responses=read_errors(TooManyRequestsError) | WORKBOOK,
)
async def get_vacancy_import_template(actor: Recruiter, runtime: RuntimeDep) -> Response:
    """岗位导入模板（xlsx）：表头、下拉选项、一行示例、填写说明。"""
    return workbook(await sheets.template(runtime, actor), "vacancies-template")


@router.post(
    "/enterprises/{enterprise_id}/vacancy-imports",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError,
        EnterpriseNotYoursError,
        VacancyStateError,
        FileUnusableError,
        rules.ImportRunningError,
        rules.ImportNotFoundError,
    ),
)
async def start_vacancy_import(
    actor: RecruiterOf, enterprise_id: UUID, form: ImportForm, session: Unit, now: Now
) -> ImportRead:
    """从上传的表格导入岗位（先按用途 vacancy_import 上传文件）；排队后由后台逐行处理，可随时查看进度、取消。"""
    return import_read(await imports.start(session, actor, enterprise_id, now=now, **form.model_dump()))


@router.get("/enterprises/{enterprise_id}/vacancy-imports", responses=read_errors(EnterpriseNotYoursError))
async def list_vacancy_imports(actor: RecruiterOf, enterprise_id: UUID, session: Reads) -> list[ImportRead]:
    """本企业最近的导入。"""
    return [import_read(row) for row in await imports.list_of_firm(session, actor, enterprise_id)]


@router.get("/vacancy-imports/{import_id}", responses=read_errors(rules.ImportNotFoundError))
async def get_vacancy_import(actor: RecruiterOf, import_id: UUID, session: Reads) -> ImportRead:
    """导入的进度：共几行，已处理、已建、待复核、未导入各几行。"""
    return import_read(await imports.get(session, actor, import_id))


@router.get("/vacancy-imports/{import_id}/rows", responses=read_errors(rules.ImportNotFoundError, CursorInvalidError))
async def list_vacancy_import_rows(
    actor: RecruiterOf,
    import_id: UUID,
    session: Reads,
    runtime: RuntimeDep,
    state: Annotated[RowState | None, Query(description="Only rows in this state")] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[ImportRowRead]:
    """逐行的结果：建成哪个岗位，或哪一格有什么问题；导入结束满90天后只留行数，这里为空。"""
    rows, following = await imports.list_rows(
        session, runtime.cursors, actor, import_id, state=state, cursor=cursor, limit=limit
    )
    return Page(items=[import_row_read(row) for row in rows], next_cursor=following)


@router.post(
    "/vacancy-imports/{import_id}/cancel",
    responses=write_errors(rules.ImportNotFoundError, rules.ImportStateError),
)
async def cancel_vacancy_import(actor: RecruiterOf, import_id: UUID, session: Unit, now: Now) -> ImportRead:
    """取消导入：已导入的保留，还没处理的不再导入。"""
    return import_read(await imports.cancel(session, actor, import_id, now=now))


@router.get(
    "/enterprises/{enterprise_id}/vacancies.xlsx",
    response_class=Response,
    dependencies=[limited(RateKind.SHEET)],
    responses=read_errors(EnterpriseNotYoursError, TooManyRequestsError) | WORKBOOK,
)
async def export_enterprise_vacancies(actor: RecruiterOf, enterprise_id: UUID, runtime: RuntimeDep) -> Response:
    """本企业的岗位导出为 Excel，列与导入模板相同。"""
    return workbook(await sheets.firm_vacancies(runtime, actor, enterprise_id), "vacancies")


@router.get(
    "/vacancies/{vacancy_id}/candidates.xlsx",
    response_class=Response,
    dependencies=[limited(RateKind.SHEET)],
    responses=read_errors(VacancyNotFoundError, TooManyRequestsError) | WORKBOOK,
)
async def export_candidates(actor: HirerOf, vacancy_id: UUID, runtime: RuntimeDep) -> Response:
    """应聘者导出为 Excel，内容与页面所见相同；导出会被记录。"""
    return workbook(await sheets.vacancy_candidates(runtime, actor, vacancy_id), "candidates")
