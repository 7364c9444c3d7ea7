"""“1+N+X” 调解：协议、履行、司法确认。"""

from uuid import UUID

from fastapi import Response, status

from app.core.errors import StaleError
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import KeyRequired, Now, RuntimeDep, Unit, Witnessed, limited
from app.routers.disputes.ways import KEY, MINE, OWN_WORD, STEP, AtTable, InCase, Manager, OwnCode
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.routers.workbooks import DOCUMENT, document
from app.rules.disputes import agreements as rules
from app.rules.disputes.access import CaseActError
from app.rules.disputes.cases import CaseNotFoundError, CaseStateError, NotAtTableError
from app.rules.disputes.parties import CasePartyNotFoundError, PartySpeaksError
from app.schemas.base import ExpectedVersion
from app.schemas.disputes.agreements import (
    AgreementDraftForm,
    AgreementList,
    AgreementRead,
    ConfirmationForm,
    SignForm,
    TermDoneForm,
)
from app.services.disputes import agreeing, papers, performing, reading
from app.services.disputes.panel_views import agreement_read, agreements_read

router = make_router("disputes")
CHANGE = (KEY, rules.AgreementNotFoundError, CaseActError, StaleError)
TERM = (
    *AGENT_ERRORS, KEY, rules.TermNotFoundError, CaseActError, rules.TermStateError, StaleError, CaseStateError,
)  # fmt: skip
CONFIRM = (*CHANGE, CaseNotFoundError, rules.ConfirmationStateError)


@router.get("/cases/{case_id}/agreements", responses=read_errors(*MINE))
async def list_case_agreements(actor: InCase, case_id: UUID, session: Witnessed, now: Now) -> AgreementList:
    """协议的各个版本，新的在前。"""
    found = await agreeing.list_agreements(session, actor, case_id)
    await reading.note_read_by_id(session, actor, case_id, "agreement", now)
    return agreements_read(found)


@router.post(
    "/cases/{case_id}/agreements", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(*STEP, NotAtTableError, rules.TermDateError, rules.TermPartyError),
)  # fmt: skip
async def draft_agreement(
    actor: AtTable, case_id: UUID, form: AgreementDraftForm, session: Unit, now: Now
) -> AgreementRead:
    """拟定协议：口头的记录后生效；书面的交各方签署，再次提交即为新版本。"""
    return agreement_read(await agreeing.draft(session, actor, case_id, form, now=now))


@router.post(
    "/case-agreements/{agreement_id}/sign", dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, *CHANGE, CaseNotFoundError, rules.AgreementStateError, rules.SignedAlreadyError,
        *OWN_WORD, rules.MediatorSignsError, rules.MustSignThemselvesError, CasePartyNotFoundError, PartySpeaksError,
    ),
)  # fmt: skip
async def sign_agreement(
    actor: InCase, agreement_id: UUID, form: SignForm, session: Unit, now: Now, own_code: OwnCode = None
) -> AgreementRead:
    """签署：当事人、调解员本人，印章由承办人加盖；全部齐了即生效。"""
    return agreement_read(await agreeing.sign(session, actor, agreement_id, form, own_code=own_code, now=now))


@router.get(
    "/case-agreements/{agreement_id}/paper.pdf", response_class=Response, dependencies=[limited(RateKind.SHEET)],
    responses=DOCUMENT | read_errors(*AGENT_ERRORS, rules.AgreementNotFoundError, TooManyRequestsError),
)  # fmt: skip
async def print_agreement(
    actor: InCase, agreement_id: UUID, session: Witnessed, runtime: RuntimeDep, now: Now
) -> Response:
    """协议书（PDF），有法律要求的各项内容和签署情况。"""
    return document(*await papers.agreement_pdf(runtime, session, actor, agreement_id, now=now))


@router.post(
    "/agreement-terms/{term_id}/done", dependencies=[KeyRequired],
    responses=write_errors(*TERM, *OWN_WORD, rules.RecipientConfirmsError, rules.TermDoneDateError, CasePartyNotFoundError),
)  # fmt: skip
async def register_term_done(
    actor: InCase, term_id: UUID, form: TermDoneForm, session: Unit, now: Now, own_code: OwnCode = None
) -> AgreementRead:
    """登记履行：义务人登记为“称已履行”，权利人（未登记的由承办人）确认；逾期后履行的记为补履行。"""
    return agreement_read(await performing.term_done(session, actor, term_id, form, own_code=own_code, now=now))


@router.post(
    "/agreement-terms/{term_id}/not-done", dependencies=[KeyRequired],
    responses=write_errors(*TERM, rules.NotBreachedYetError),
)  # fmt: skip
async def register_term_not_done(
    actor: InCase, term_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> AgreementRead:
    """到期没有履行：权利人或承办人登记；补救途径见案件页面。"""
    return agreement_read(
        await performing.term_not_done(session, actor, term_id, expected_version=form.expected_version, now=now)
    )


@router.post(
    "/case-agreements/{agreement_id}/confirmation", dependencies=[KeyRequired],
    responses=write_errors(*CONFIRM, rules.ConfirmationWindowError),
)  # fmt: skip
async def apply_for_confirmation(
    actor: Manager, agreement_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> AgreementRead:
    """登记各方已共同申请司法确认（生效之日起三十日内）。"""
    done = await performing.apply_for_confirmation(
        session, actor, agreement_id, expected_version=form.expected_version, now=now
    )
    return agreement_read(done)


@router.post(
    "/case-agreements/{agreement_id}/confirmation/decision", dependencies=[KeyRequired],
    responses=write_errors(*CONFIRM),
)  # fmt: skip
async def decide_confirmation(
    actor: Manager, agreement_id: UUID, form: ConfirmationForm, session: Unit, now: Now
) -> AgreementRead:
    """登记法院的决定。"""
    done = await performing.decide_confirmation(
        session, actor, agreement_id, confirmed=form.confirmed, court=form.court,
        expected_version=form.expected_version, now=now,
    )  # fmt: skip
    return agreement_read(done)
