"""“1+N+X” 调解：当事人。"""

from uuid import UUID

from fastapi import status

from app.routers.deps import KeyRequired, Now, RuntimeDep, Unit, Witnessed
from app.routers.disputes.ways import KEY, MINE, OWN_WORD, STEP, InCase, OwnCode
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.common.files import FileUnusableError
from app.rules.disputes import cases as case_rules
from app.rules.disputes import parties as rules
from app.rules.identity.consents import ConsentMissingError
from app.schemas.disputes.cases import CaseStepRead, PartyWordForm, SatisfactionForm
from app.schemas.disputes.desk import WithdrawCaseForm
from app.schemas.disputes.parties import (
    EvidenceForm,
    EvidenceList,
    EvidenceRead,
    LeaveForm,
    LeftRead,
    RepresentativeForm,
    RepresentativeRead,
    StatementForm,
    StatementList,
    StatementRead,
)
from app.services.disputes import collective, table
from app.services.disputes import parties as parties_service
from app.services.disputes.party_reads import (
    evidence_shown,
    one_evidence,
    one_statement,
    representative_shown,
    statements_shown,
)
from app.services.disputes.views import step_read

router = make_router("disputes")
SPEAKS = (rules.CasePartyNotFoundError, rules.PartySpeaksError)
ACT = (KEY, *MINE, *SPEAKS)


@router.post(
    "/cases/{case_id}/consent", dependencies=[KeyRequired],
    responses=write_errors(*ACT, case_rules.CaseStateError, ConsentMissingError, rules.PartyConsentError, *OWN_WORD),
)  # fmt: skip
async def say_case_consent(
    actor: InCase, case_id: UUID, form: PartyWordForm, session: Unit, now: Now, own_code: OwnCode = None
) -> CaseStepRead:
    """是否同意调解，各方本人答复；不同意即终止（共同申请的一位不同意，只是退出）。"""
    place = await parties_service.say_consent(
        session, actor, case_id, agree=form.agree, party_id=form.party_id, way=form.way, own_code=own_code, now=now
    )
    return step_read(place.case, "已登记：同意调解" if form.agree else "已登记：不同意调解")


@router.post(
    "/cases/{case_id}/withdraw", dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, *STEP, *SPEAKS, rules.NotOnlyComplainantError),
)  # fmt: skip
async def withdraw_case(actor: InCase, case_id: UUID, form: WithdrawCaseForm, session: Unit, now: Now) -> CaseStepRead:
    """唯一的申请人撤回申请。"""
    place = await parties_service.withdraw(session, actor, case_id, expected_version=form.expected_version, now=now)
    return step_read(place.case, "申请已撤回；其他途径和剩余天数见案件页面")


@router.post(
    "/cases/{case_id}/leave", dependencies=[KeyRequired],
    responses=write_errors(*ACT, case_rules.CaseStateError, rules.OnlyComplainantError),
)  # fmt: skip
async def leave_case(actor: InCase, case_id: UUID, form: LeaveForm, session: Unit, now: Now) -> LeftRead:
    """退出共同（集体）案件，可以另立一案。"""
    left = await collective.leave(session, actor, case_id, separate=form.separate, now=now)
    told = f"已退出案件{left.number}" + (f"，另立案件{left.new.number}" if left.new is not None else "")
    return LeftRead(case_id=left.case_id, told=told, new_case_id=left.new.id if left.new is not None else None)


@router.get("/cases/{case_id}/statements", responses=read_errors(*MINE))
async def list_case_statements(actor: InCase, case_id: UUID, session: Witnessed, now: Now) -> StatementList:
    """陈述：自己一方的全部，对方出示的部分；调解小组看得到双方的。"""
    return await statements_shown(session, actor, case_id, now=now)


@router.post(
    "/cases/{case_id}/statements", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(*ACT, case_rules.CaseOverError),
)  # fmt: skip
async def add_case_statement(
    actor: InCase, case_id: UUID, form: StatementForm, session: Unit, now: Now
) -> StatementRead:
    """陈述；不出示的对方看不到，让步注明不得作为以后的证据。"""
    return await one_statement(session, await parties_service.state_words(session, actor, case_id, form, now=now))


@router.post(
    "/case-statements/{statement_id}/release", dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, KEY, rules.StatementNotFoundError, case_rules.CaseOverError, rules.AlreadyReleasedError
    ),
)  # fmt: skip
async def release_case_statement(actor: InCase, statement_id: UUID, session: Unit, now: Now) -> StatementRead:
    """向对方出示自己的一份陈述；出示之后不能收回。"""
    return await one_statement(session, await parties_service.release_statement(session, actor, statement_id, now=now))


@router.get("/cases/{case_id}/evidence", responses=read_errors(*MINE))
async def list_case_evidence(
    actor: InCase, case_id: UUID, session: Witnessed, runtime: RuntimeDep, now: Now
) -> EvidenceList:
    """证据：自己一方的全部，对方出示的部分，链接短时有效。"""
    return await evidence_shown(runtime, session, actor, case_id, now=now)


@router.post(
    "/cases/{case_id}/evidence", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(*ACT, case_rules.CaseOverError, FileUnusableError),
)  # fmt: skip
async def add_case_evidence(
    actor: InCase, case_id: UUID, form: EvidenceForm, session: Unit, runtime: RuntimeDep, now: Now
) -> EvidenceRead:
    """提交证据（先上传，用途 case_evidence）；提交后只能在案件里查看。"""
    shown = await parties_service.show_evidence(session, actor, case_id, form, now=now)
    return await one_evidence(runtime, session, shown)


@router.post(
    "/case-evidence/{evidence_id}/release", dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, KEY, rules.EvidenceNotFoundError, case_rules.CaseOverError, rules.AlreadyReleasedError
    ),
)  # fmt: skip
async def release_case_evidence(
    actor: InCase, evidence_id: UUID, session: Unit, runtime: RuntimeDep, now: Now
) -> EvidenceRead:
    """向对方出示自己的一份证据。"""
    shown = await parties_service.release_evidence(session, actor, evidence_id, now=now)
    return await one_evidence(runtime, session, shown)


@router.post(
    "/cases/{case_id}/representatives", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(
        *ACT, case_rules.CaseOverError, rules.RepresentativeError, rules.RepresentativeTakenError, rules.ElectionError,
        rules.RepresentativesFullError,
    ),
)  # fmt: skip
async def appoint_case_representative(
    actor: InCase, case_id: UUID, form: RepresentativeForm, session: Unit, now: Now
) -> RepresentativeRead:
    """推选代表人（同一请求满10人）或委托代理人；让步须单独授权。"""
    row = await parties_service.appoint_representative(session, actor, case_id, form, now=now)
    return await representative_shown(session, row)


@router.post(
    "/case-representatives/{representative_id}/dismiss", dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, KEY, rules.CaseRepresentativeNotFoundError),
)  # fmt: skip
async def dismiss_case_representative(
    actor: InCase, representative_id: UUID, session: Unit, now: Now
) -> RepresentativeRead:
    """随时撤销自己的代表人或代理人。"""
    row = await parties_service.dismiss_representative(session, actor, representative_id, now=now)
    return await representative_shown(session, row)


@router.put(
    "/cases/{case_id}/satisfaction", dependencies=[KeyRequired],
    responses=write_errors(*ACT, case_rules.CaseStateError),
)  # fmt: skip
async def rate_case(actor: InCase, case_id: UUID, form: SatisfactionForm, session: Unit, now: Now) -> CaseStepRead:
    """结案后的满意度。"""
    place = await table.rate(session, actor, case_id, score=form.score, words=form.words, now=now)
    return step_read(place.case, "谢谢，已登记")
