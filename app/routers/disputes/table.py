"""“1+N+X” 调解：开始、安排、延期、中止、提级、终止、回访。"""

from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.routers.deps import KeyRequired, Now, Unit, Witnessed
from app.routers.disputes.ways import KEY, MINE, STEP, AtTable, InCase, Manager
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.disputes import sessions as session_rules
from app.rules.disputes.access import CaseActError
from app.rules.disputes.cases import NotAtTableError
from app.rules.disputes.clocks import ExtensionOpenError, ExtensionTooLongError, NoExtensionError
from app.rules.disputes.log import LadderTopError
from app.rules.disputes.panel import MediatorChoiceOpenError, MediatorMissingError
from app.rules.disputes.parties import CasePartyNotFoundError, PartySpeaksError
from app.schemas.base import ExpectedVersion
from app.schemas.disputes.cases import CaseStepRead, PartyWordForm
from app.schemas.disputes.desk import EndCaseForm, ExtendForm, FollowUpForm, ReasonForm
from app.schemas.disputes.panel import (
    MediationSessionList,
    MediationSessionRead,
    MinutesForm,
    MinutesWordForm,
    SessionForm,
)
from app.services.disputes import reading, sessions, table
from app.services.disputes.panel_views import sitting_read, sittings_read
from app.services.disputes.views import step_read

router = make_router("disputes")
SESSION = (KEY, session_rules.MediationSessionNotFoundError, CaseActError, StaleError)


@router.post(
    "/cases/{case_id}/begin", dependencies=[KeyRequired],
    responses=write_errors(*STEP, MediatorMissingError, MediatorChoiceOpenError),
)  # fmt: skip
async def begin_mediation(
    actor: Manager, case_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> CaseStepRead:
    """各方对调解员没有异议，开始调解。"""
    place = await table.begin(session, actor, case_id, expected_version=form.expected_version, now=now)
    return step_read(place.case, "调解开始")


@router.post("/cases/{case_id}/suspend", dependencies=[KeyRequired], responses=write_errors(*STEP))
async def suspend_case(actor: Manager, case_id: UUID, form: ReasonForm, session: Unit, now: Now) -> CaseStepRead:
    """中止，例如等待鉴定；本平台的期限停止计算，法律规定的时效不停。"""
    place = await table.suspend(
        session, actor, case_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return step_read(place.case, "已中止；法律规定的时效继续计算")


@router.post("/cases/{case_id}/resume", dependencies=[KeyRequired], responses=write_errors(*STEP))
async def resume_case(actor: Manager, case_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> CaseStepRead:
    """中止的事由消除，或提级后继续调解。"""
    place = await table.resume(session, actor, case_id, expected_version=form.expected_version, now=now)
    return step_read(place.case, "继续调解")


@router.post(
    "/cases/{case_id}/extension", dependencies=[KeyRequired],
    responses=write_errors(*STEP, NotAtTableError, ExtensionOpenError, ExtensionTooLongError),
)  # fmt: skip
async def ask_for_extension(actor: AtTable, case_id: UUID, form: ExtendForm, session: Unit, now: Now) -> CaseStepRead:
    """提出延期，征求各方意见。"""
    place = await table.ask_extension(
        session, actor, case_id, days=form.days, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return step_read(place.case, f"已征求延期{form.days}日的意见，各方都同意才延期")


@router.post(
    "/cases/{case_id}/extension/vote", dependencies=[KeyRequired],
    responses=write_errors(KEY, *MINE, NoExtensionError, CasePartyNotFoundError, PartySpeaksError),
)  # fmt: skip
async def vote_on_extension(actor: InCase, case_id: UUID, form: PartyWordForm, session: Unit, now: Now) -> CaseStepRead:
    """对延期表示意见。"""
    place = await table.vote_extension(
        session, actor, case_id, agree=form.agree, party_id=form.party_id, way=form.way, now=now
    )
    return step_read(place.case, "已登记：同意延期" if form.agree else "已登记：不同意延期，期限不变")


@router.post(
    "/cases/{case_id}/escalate", dependencies=[KeyRequired], responses=write_errors(*STEP, LadderTopError)
)  # fmt: skip
async def escalate_case(actor: Manager, case_id: UUID, form: ReasonForm, session: Unit, now: Now) -> CaseStepRead:
    """按网格长、村或园区党委、工作专班、联席会议、挂钩市领导的次序提级一级。"""
    place = await table.escalate(
        session, actor, case_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return step_read(place.case, f"已提级到{place.case.level.label}")


@router.post("/cases/{case_id}/end", dependencies=[KeyRequired], responses=write_errors(*STEP))
async def end_case(actor: Manager, case_id: UUID, form: EndCaseForm, session: Unit, now: Now) -> CaseStepRead:
    """没有达成协议，终止调解，选明理由；各方收到其他途径和剩余天数。"""
    place = await table.end(
        session, actor, case_id, reason=form.end_reason, words=form.reason, expected_version=form.expected_version,
        now=now,
    )  # fmt: skip
    return step_read(place.case, "调解已终止，已告知其他途径")


@router.post("/cases/{case_id}/follow-up", dependencies=[KeyRequired], responses=write_errors(*STEP))
async def follow_up_case(actor: Manager, case_id: UUID, form: FollowUpForm, session: Unit, now: Now) -> CaseStepRead:
    """回访记录：履行、满意度、后来的裁决、遗留风险。"""
    place = await table.follow_up(
        session, actor, case_id, words=form.reason, expected_version=form.expected_version, now=now
    )
    return step_read(place.case, "已登记回访")


@router.post("/cases/{case_id}/close", dependencies=[KeyRequired], responses=write_errors(*STEP))
async def close_case(actor: Manager, case_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> CaseStepRead:
    """归档。"""
    place = await table.close(session, actor, case_id, expected_version=form.expected_version, now=now)
    return step_read(place.case, "已归档")


@router.get("/cases/{case_id}/sessions", responses=read_errors(*MINE))
async def list_mediation_sessions(actor: InCase, case_id: UUID, session: Witnessed, now: Now) -> MediationSessionList:
    """调解安排和笔录。"""
    place, found = await sessions.list_sessions(session, actor, case_id)
    reading.note_read(session, actor, place.case, "minutes", now)
    return sittings_read(found)


@router.post(
    "/cases/{case_id}/sessions", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(*STEP, NotAtTableError, session_rules.SessionTimeError),
)  # fmt: skip
async def arrange_mediation_session(
    actor: AtTable, case_id: UUID, form: SessionForm, session: Unit, now: Now
) -> MediationSessionRead:
    """安排一次调解；各方同意、调解员就位之前不能安排。"""
    return sitting_read(await sessions.arrange(session, actor, case_id, form, now=now))


@router.post(
    "/mediation-sessions/{session_id}/minutes", dependencies=[KeyRequired],
    responses=write_errors(
        *SESSION, session_rules.MediationSessionStateError, session_rules.SessionNotBegunError,
        session_rules.AttendeeError,
    ),
)  # fmt: skip
async def record_minutes(
    actor: AtTable, session_id: UUID, form: MinutesForm, session: Unit, now: Now
) -> MediationSessionRead:
    """登记笔录和到场的人。"""
    return sitting_read(await sessions.hold(session, actor, session_id, form, now=now))


@router.post(
    "/mediation-sessions/{session_id}/confirm", dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, KEY, session_rules.MediationSessionNotFoundError, session_rules.MinutesNotYoursError,
        CasePartyNotFoundError,
    ),
)  # fmt: skip
async def confirm_minutes(
    actor: InCase, session_id: UUID, form: MinutesWordForm, session: Unit, now: Now
) -> MediationSessionRead:
    """到场的人确认笔录，或写明异议。"""
    return sitting_read(await sessions.say_of_minutes(session, actor, session_id, form, now=now))


@router.post(
    "/mediation-sessions/{session_id}/cancel", dependencies=[KeyRequired],
    responses=write_errors(*SESSION, session_rules.MediationSessionStateError),
)  # fmt: skip
async def cancel_mediation_session(
    actor: AtTable, session_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> MediationSessionRead:
    """取消一次调解。"""
    return sitting_read(
        await sessions.call_off(session, actor, session_id, expected_version=form.expected_version, now=now)
    )
