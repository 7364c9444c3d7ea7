"""“1+N+X” 调解：受理台和承办人。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.pages import CursorInvalidError
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit, require
from app.routers.disputes.ways import KEY, STEP, Desk, Manager
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.disputes import cases as rules
from app.rules.disputes.access import CaseActError
from app.rules.disputes.clocks import InterruptionDateError
from app.rules.disputes.panel import ManagerConflictError, SeatPersonError, SeatTakenError
from app.rules.disputes.parties import AbsorbError
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission
from app.rules.organisation import GridNotFoundError
from app.schemas.base import ExpectedVersion
from app.schemas.disputes.cases import CaseContactList, CaseStepRead, DeskList, RecordCaseForm
from app.schemas.disputes.desk import (
    AbsorbForm,
    AcceptCaseForm,
    AddPartyForm,
    AdviseOutForm,
    AssignManagerForm,
    CaseFactsForm,
    ChangeKindForm,
    InterruptForm,
    ScreenCaseForm,
)
from app.services.disputes import collective, desk, intake, reading
from app.services.disputes.views import contacts_read, desk_read, step_read

router = make_router("disputes")
Taker = Annotated[Actor, require(Permission.DISPUTE_HANDLE, Reach.SCOPE)]


@router.get("/case-desk", responses=read_errors(CursorInvalidError))
async def list_case_desk(
    actor: Desk, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> DeskList:
    """任职范围内还没有人承办的案件；接案之前看不到内容。"""
    return desk_read(*await desk.list_desk(session, runtime.cursors, actor, cursor=cursor, limit=limit))


@router.post(
    "/case-desk", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(KEY, rules.RespondentError, rules.CaseDatesError),
)  # fmt: skip
async def record_case(actor: Desk, form: RecordCaseForm, session: Unit, now: Now) -> CaseStepRead:
    """电话、来访的口头申请，当场记录（劳动争议调解仲裁法第十二条）。"""
    return step_read(await intake.record(session, actor, form, now=now), "已记录，请接案办理")


@router.post(
    "/cases/{case_id}/take", dependencies=[KeyRequired],
    responses=write_errors(*STEP, rules.CaseTakenError, ManagerConflictError),
)  # fmt: skip
async def take_case(actor: Taker, case_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> CaseStepRead:
    """接案；与本案有利害关系的不能接。"""
    place = await desk.take(session, actor, case_id, expected_version=form.expected_version, now=now)
    return step_read(place.case, "您已承办本案")


@router.post(
    "/cases/{case_id}/manager", dependencies=[KeyRequired],
    responses=write_errors(*STEP, rules.CaseOverError, SeatPersonError, SeatTakenError),
)  # fmt: skip
async def assign_case_manager(
    actor: Manager, case_id: UUID, form: AssignManagerForm, session: Unit, now: Now
) -> CaseStepRead:
    """移交给另一位受理员，立即生效；对方与本案有利害关系的，须全体当事人同意才生效。"""
    done = await desk.assign(
        session, actor, case_id, form.person_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return step_read(done, "已移交" if done.manager_id == form.person_id else "待全体当事人同意后移交")


@router.post("/cases/{case_id}/screen", dependencies=[KeyRequired], responses=write_errors(*STEP))
async def screen_case(actor: Manager, case_id: UUID, form: ScreenCaseForm, session: Unit, now: Now) -> CaseStepRead:
    """初核，确定事由。"""
    place = await desk.screen(session, actor, case_id, form.cause, expected_version=form.expected_version, now=now)
    return step_read(place.case, "已初核")


@router.post("/cases/{case_id}/advise-out", dependencies=[KeyRequired], responses=write_errors(*STEP))
async def advise_out_case(actor: Manager, case_id: UUID, form: AdviseOutForm, session: Unit, now: Now) -> CaseStepRead:
    """不适合调解：说明理由，告知其他途径。"""
    place = await desk.advise_out(
        session, actor, case_id, reason=form.reason, routes=form.routes, expected_version=form.expected_version, now=now
    )
    return step_read(place.case, "已告知其他途径")


@router.post(
    "/cases/{case_id}/accept", dependencies=[KeyRequired], responses=write_errors(*STEP, rules.MediationBodyError)
)  # fmt: skip
async def accept_case(actor: Manager, case_id: UUID, form: AcceptCaseForm, session: Unit, now: Now) -> CaseStepRead:
    """受理，确定以哪个组织的名义调解。"""
    place = await desk.accept(
        session, actor, case_id, form.mediation_body, expected_version=form.expected_version, now=now
    )
    return step_read(place.case, "已受理")


@router.post("/cases/{case_id}/ask-consent", dependencies=[KeyRequired], responses=write_errors(*STEP))
async def ask_case_consent(
    actor: Manager, case_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> CaseStepRead:
    """征求各方是否同意调解。"""
    place = await desk.ask_consent(session, actor, case_id, expected_version=form.expected_version, now=now)
    return step_read(place.case, "已征求各方意见")


@router.put(
    "/cases/{case_id}/kind", dependencies=[KeyRequired],
    responses=write_errors(*STEP, rules.CaseOverError, rules.SameKindError, rules.MediationBodyError),
)  # fmt: skip
async def change_case_kind(
    actor: Manager, case_id: UUID, form: ChangeKindForm, session: Unit, now: Now
) -> CaseStepRead:
    """变更类型并说明理由；期限按新类型重新计算。"""
    place = await desk.change_kind(
        session, actor, case_id, form.kind, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return step_read(place.case, "类型已变更，期限已重新计算")


@router.put(
    "/cases/{case_id}/facts", dependencies=[KeyRequired],
    responses=write_errors(*STEP, rules.CaseOverError, rules.CaseDatesError, rules.CasePlaceError, GridNotFoundError),
)  # fmt: skip
async def update_case_facts(
    actor: Manager, case_id: UUID, form: CaseFactsForm, session: Unit, now: Now
) -> CaseStepRead:
    """更正地点和时效所依据的日期（整张表单）。"""
    place = await desk.change_facts(session, actor, case_id, form, now=now)
    return step_read(place.case, "已更正，期限已重新计算")


@router.post(
    "/cases/{case_id}/parties", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(*STEP, rules.RespondentError),
)  # fmt: skip
async def add_case_party(actor: Manager, case_id: UUID, form: AddPartyForm, session: Unit, now: Now) -> CaseStepRead:
    """追加当事人；与新当事人有利害关系的席位随即停用，待各方同意。"""
    place = await desk.add_party(session, actor, case_id, form, now=now)
    return step_read(place.case, "已追加当事人")


@router.post(
    "/cases/{case_id}/absorb", dependencies=[KeyRequired], responses=write_errors(*STEP, AbsorbError)
)  # fmt: skip
async def absorb_cases(actor: Manager, case_id: UUID, form: AbsorbForm, session: Unit, now: Now) -> CaseStepRead:
    """把同一企业、同一类型的案件并入最早的一件；每位申请人保留自己的请求、金额，重新表示是否同意。"""
    place = await collective.absorb(
        session, actor, case_id, form.case_ids, expected_version=form.expected_version, now=now
    )
    return step_read(place.case, f"已并入{len(form.case_ids)}件，待各位申请人本人答复")


@router.post(
    "/cases/{case_id}/interruptions", dependencies=[KeyRequired],
    responses=write_errors(*STEP, InterruptionDateError),
)  # fmt: skip
async def record_interruption(
    actor: Manager, case_id: UUID, form: InterruptForm, session: Unit, now: Now
) -> CaseStepRead:
    """登记时效中断的事由和日期。"""
    place = await desk.interrupt(
        session, actor, case_id, form.ground, on=form.on, expected_version=form.expected_version, now=now
    )
    return step_read(place.case, "已登记，时效已重新计算")


@router.post("/cases/{case_id}/contacts", responses=write_errors(rules.CaseNotFoundError, CaseActError))
async def reveal_case_contacts(actor: Manager, case_id: UUID, session: Unit, now: Now) -> CaseContactList:
    """打开本案的通讯录：一次操作，有记录，当事人看得到。"""
    return contacts_read(await reading.reveal_contacts(session, actor, case_id, now=now))
