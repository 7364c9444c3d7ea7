"""面试：约时间、确认、另约、结果。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit, assisted, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.common.content import TextRiskyError
from app.rules.identity.access import Reach
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs import interviews as rules
from app.rules.jobs.applications import ApplicationNotFoundError, ApplicationStateError
from app.rules.jobs.vacancies import VacancyNotFoundError
from app.schemas.base import ExpectedVersion
from app.schemas.jobs.interviews import (
    AskOtherForm,
    ConfirmForm,
    InterviewForm,
    InterviewRead,
    Interviews,
    RescheduleForm,
    ResultForm,
)
from app.services.jobs import interviews
from app.services.jobs.funnel_views import interview_read

router = make_router("jobs")
HirerOf = Annotated[Actor, require(Permission.APPLICATION_MANAGE, Reach.FIRM)]
Seeker = Annotated[Actor, assisted(AgentScope.JOBS)]
SeekerRow = Annotated[Actor, assisted(AgentScope.JOBS, Reach.SELF)]
WORDS = (TextRiskyError, rules.WordsUncheckedError)
# The interview hangs on its application and its vacancy: both are locked with it.
MOVE = (
    IdempotencyKeyMissingError, rules.InterviewNotFoundError, rules.InterviewStateError, ApplicationNotFoundError,
    StaleError,
)  # fmt: skip
FIRM_MOVE = (*MOVE, VacancyNotFoundError)


@router.post(
    "/applications/{application_id}/interviews",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(
        *WORDS,
        IdempotencyKeyMissingError,
        ApplicationNotFoundError,
        VacancyNotFoundError,
        ApplicationStateError,
        rules.SlotsWrongError,
        rules.InterviewRunningError,
    ),
)
async def propose_interview(
    actor: HirerOf, application_id: UUID, form: InterviewForm, session: Unit, runtime: RuntimeDep
) -> InterviewRead:
    """约面试：给出1到5个时间（7:00至22:00），应聘随之进入“约面试”。"""
    meeting = await interviews.propose(runtime, session, actor, application_id, form.slots)
    return interview_read(meeting, for_firm=True)


@router.get("/applications/{application_id}/interviews", responses=read_errors(ApplicationNotFoundError))
async def list_interviews(actor: HirerOf, application_id: UUID, session: Reads, runtime: RuntimeDep) -> Interviews:
    """这份应聘的历次面试。"""
    found = await interviews.list_of_application(session, runtime.crypto, actor, application_id)
    return Interviews(items=[interview_read(meeting, for_firm=True) for meeting in found])


@router.post(
    "/interviews/{interview_id}/reschedule",
    dependencies=[KeyRequired],
    responses=write_errors(*WORDS, *FIRM_MOVE, rules.SlotsWrongError),
)
async def reschedule_interview(
    actor: HirerOf, interview_id: UUID, form: RescheduleForm, session: Unit, runtime: RuntimeDep
) -> InterviewRead:
    """改约：给出新的时间，由求职者重新确认。"""
    meeting = await interviews.reschedule(
        runtime, session, actor, interview_id, form.slots, expected_version=form.expected_version
    )
    return interview_read(meeting, for_firm=True)


@router.post("/interviews/{interview_id}/cancel", dependencies=[KeyRequired], responses=write_errors(*FIRM_MOVE))
async def cancel_interview(
    actor: HirerOf, interview_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> InterviewRead:
    """取消面试；应聘本身不变。"""
    meeting = await interviews.cancel(
        session, runtime.crypto, actor, interview_id, expected_version=form.expected_version, now=now
    )
    return interview_read(meeting, for_firm=True)


@router.post(
    "/interviews/{interview_id}/result",
    dependencies=[KeyRequired],
    responses=write_errors(*FIRM_MOVE, rules.InterviewNotYetError, rules.ResultReasonError, ApplicationStateError),
)
async def record_interview_result(
    actor: HirerOf, interview_id: UUID, form: ResultForm, session: Unit, runtime: RuntimeDep, now: Now
) -> InterviewRead:
    """登记结果：通过即“拟录用”；未通过须选原因；未到场可结束应聘，也可另约。"""
    meeting = await interviews.record_result(
        session,
        runtime.crypto,
        actor,
        interview_id,
        form.result,
        reason=form.reason,
        expected_version=form.expected_version,
        now=now,
    )
    return interview_read(meeting, for_firm=True)


@router.get("/me/interviews", responses=read_errors(*AGENT_ERRORS, CursorInvalidError))
async def list_my_interviews(
    actor: Seeker, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[InterviewRead]:
    """我的面试。"""
    found, following = await interviews.list_own(
        session, runtime.crypto, runtime.cursors, actor, cursor=cursor, limit=limit
    )
    return Page(items=[interview_read(meeting, for_firm=False) for meeting in found], next_cursor=following)


@router.get("/me/interviews/{interview_id}", responses=read_errors(*AGENT_ERRORS, rules.InterviewNotFoundError))
async def get_my_interview(actor: SeekerRow, interview_id: UUID, session: Reads, runtime: RuntimeDep) -> InterviewRead:
    """我的一次面试。"""
    return interview_read(await interviews.get_own(session, runtime.crypto, actor, interview_id), for_firm=False)


@router.post(
    "/me/interviews/{interview_id}/confirm",
    dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, *MOVE, rules.SlotUnknownError, rules.SlotPastError, rules.InterviewOverlapError
    ),
)
async def confirm_interview(
    actor: SeekerRow, interview_id: UUID, form: ConfirmForm, session: Unit, runtime: RuntimeDep, now: Now
) -> InterviewRead:
    """选定一个时间；与已约定的面试冲突时说明是哪个时间。"""
    meeting = await interviews.confirm(
        session,
        runtime.crypto,
        actor,
        interview_id,
        slot=form.slot,
        expected_version=form.expected_version,
        now=now,
    )
    return interview_read(meeting, for_firm=False)


@router.post(
    "/me/interviews/{interview_id}/ask-other",
    dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, *WORDS, *MOVE),
)
async def ask_other_time(
    actor: SeekerRow, interview_id: UUID, form: AskOtherForm, session: Unit, runtime: RuntimeDep
) -> InterviewRead:
    """这些时间都不合适（或约定的时间有变），请企业另约，可以写一句话。"""
    meeting = await interviews.ask_other(
        runtime, session, actor, interview_id, words=form.words, expected_version=form.expected_version
    )
    return interview_read(meeting, for_firm=False)
