"""“1+N+X” 调解：提交、查看案件。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from app.core.pages import CursorInvalidError
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import (
    Cursor,
    KeyRequired,
    Limit,
    Now,
    Reads,
    RuntimeDep,
    Unit,
    Witnessed,
    assisted,
    limited,
    require,
)
from app.routers.disputes.ways import KEY, MINE, InCase, Manager
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.routers.workbooks import ARCHIVE, DOCUMENT, archive, document
from app.rules.disputes import cases as rules
from app.rules.disputes.cases import CaseKind, CaseState
from app.rules.identity.access import Reach
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission
from app.rules.organisation import EnterpriseNotFoundError
from app.schemas.disputes.cases import (
    CaseEventList,
    CaseList,
    CaseNoteForm,
    CaseNoteList,
    CaseNoteRead,
    CaseRead,
    CaseStepRead,
    DeadlineList,
    DisputePolicyList,
    FirmCaseForm,
    SubmitCaseForm,
)
from app.services.disputes import intake, papers, policies, reading
from app.services.disputes.views import (
    case_read,
    cases_read,
    deadlines_read,
    events_read,
    note_read,
    notes_read,
    policies_read,
    step_read,
)

router = make_router("disputes")
Mine = Annotated[Actor, assisted(AgentScope.DISPUTES)]
ForFirm = Annotated[Actor, require(Permission.DISPUTE_ANSWER, Reach.FIRM)]
NoteWriter = Annotated[Actor, require(Permission.SELF, Reach.SELF)]
Anybody = Annotated[Actor, require(Permission.SELF)]
SUBMITTED = "申请已提交，1个工作日内有人答复；调解不收费，也不影响您随时走其他途径"


@router.post(
    "/cases", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, KEY, ConsentMissingError, rules.RespondentError, rules.CaseDatesError, rules.CaseSubjectError,
        rules.CaseAlreadyOpenError,
    ),
)  # fmt: skip
async def submit_case(actor: Mine, form: SubmitCaseForm, session: Unit, now: Now) -> CaseStepRead:
    """申请调解；由岗位进入的填写 subject_id。工时、工资的争议在工时单、结算页面选择调解，自动立案。"""
    return step_read(await intake.submit(session, actor, form, now=now), SUBMITTED)


@router.post(
    "/enterprises/{enterprise_id}/cases", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(KEY, EnterpriseNotFoundError, rules.RespondentError, rules.CaseDatesError),
)  # fmt: skip
async def submit_firm_case(
    actor: ForFirm, enterprise_id: UUID, form: FirmCaseForm, session: Unit, now: Now
) -> CaseStepRead:
    """企业申请调解，例如与村、与其他企业或与员工。"""
    return step_read(await intake.submit_for_firm(session, actor, enterprise_id, form, now=now), SUBMITTED)


@router.get("/cases", responses=read_errors(*AGENT_ERRORS, CursorInvalidError))
async def list_cases(
    actor: Mine, session: Reads, runtime: RuntimeDep, state: CaseState | None = None, kind: CaseKind | None = None,
    number: Annotated[str | None, Query(max_length=30, pattern=r"^[A-Za-z0-9 -]+$", description="案件编号，大小写、横线不限")] = None,
    with_total: bool = False, cursor: Cursor = None, limit: Limit = 20,
) -> CaseList:  # fmt: skip
    """与我有关的案件：我是当事人、代表人、承办人或就位的小组成员；数量也只数这些。"""
    found = await reading.list_cases(
        session, runtime.cursors, actor, state=state, kind=kind, number=number, with_total=with_total, cursor=cursor,
        limit=limit,
    )  # fmt: skip
    return cases_read(*found)


@router.get("/dispute-policies", responses=read_errors())
async def list_dispute_policies(actor: Anybody, session: Reads) -> DisputePolicyList:
    """期限和人数的依据：每一项的条文、怎样计算、是否核对过。"""
    del actor
    return policies_read(await policies.list_policies(session))


@router.get("/cases/{case_id}", responses=read_errors(*MINE))
async def get_case(actor: InCase, case_id: UUID, session: Witnessed, now: Now) -> CaseRead:
    """一起案件，按您在其中的身份显示；每次查看都有记录。"""
    return case_read(await reading.get_case(session, actor, case_id, now=now), now)


@router.get("/cases/{case_id}/deadlines", responses=read_errors(*MINE))
async def list_case_deadlines(actor: InCase, case_id: UUID, session: Witnessed, now: Now) -> DeadlineList:
    """所有期限，连同依据；不再适用的排在最后。"""
    return deadlines_read(await reading.deadlines(session, actor, case_id, now=now), now)


@router.get("/cases/{case_id}/events", responses=read_errors(*MINE))
async def list_case_events(actor: InCase, case_id: UUID, session: Witnessed, now: Now) -> CaseEventList:
    """办理经过。"""
    return events_read(await reading.events(session, actor, case_id, now=now))


@router.get("/cases/{case_id}/notes", responses=read_errors(*MINE))
async def list_case_notes(actor: NoteWriter, case_id: UUID, session: Witnessed, now: Now) -> CaseNoteList:
    """内部记录：承办人和调解员之间，当事人看不到。"""
    return notes_read(await reading.notes(session, actor, case_id, now=now))


@router.post(
    "/cases/{case_id}/notes", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(KEY, *MINE),
)  # fmt: skip
async def add_case_note(actor: NoteWriter, case_id: UUID, form: CaseNoteForm, session: Unit, now: Now) -> CaseNoteRead:
    """写一条内部记录。"""
    row = await reading.add_note(session, actor, case_id, form.words, now=now)
    return note_read(*(await reading.opened_notes(session, [row]))[0])


@router.get(
    "/cases/{case_id}/inspection-file.pdf", response_class=Response, dependencies=[limited(RateKind.SHEET)],
    responses=DOCUMENT | read_errors(*MINE, TooManyRequestsError),
)  # fmt: skip
async def print_inspection_file(
    actor: InCase, case_id: UUID, session: Witnessed, runtime: RuntimeDep, now: Now
) -> Response:
    """导出劳动保障监察投诉材料（PDF）：自己一方的请求、陈述、证据目录，随时可以导出。"""
    return document(*await papers.inspection_file(runtime, session, actor, case_id, now=now))


@router.get(
    "/cases/{case_id}/volume.zip", response_class=Response, dependencies=[limited(RateKind.SHEET)],
    responses=ARCHIVE | read_errors(*MINE, TooManyRequestsError),
)  # fmt: skip
async def export_case_volume(
    actor: Manager, case_id: UUID, session: Witnessed, runtime: RuntimeDep, now: Now
) -> Response:
    """导出案卷（ZIP）：按归档次序的案卷 PDF、各版协议、证据原件。"""
    return archive(*await papers.volume(runtime, session, actor, case_id, now=now))
