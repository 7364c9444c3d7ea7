"""企业：查找、登记、认领、审核、许可证、暂停与申诉。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from app.core.errors import StaleError
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Now, Reads, RuntimeDep, Self, Unit, limited, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules import organisation as rules
from app.rules.common.content import TextRiskyError
from app.rules.common.files import FileUnusableError
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission, SelfReviewError
from app.rules.organisation import EnterpriseClaimState, LicenceKind, VerifiedHow
from app.schemas.base import ExpectedVersion, Text
from app.schemas.organisation import enterprises as schemas
from app.services.organisation import enterprises, registration, suspensions
from app.services.organisation.views import claim_read, details_read, enterprise_read, licence_read, suspension_read

router = make_router("organisation")
# Who registered a firm reads its form before anybody is its owner.
FormReader = Annotated[
    Actor,
    require(
        Permission.SELF, Reach.SELF, (Permission.VACANCY_WRITE, Reach.FIRM), (Permission.ENTERPRISE_REVIEW, Reach.TOWN)
    ),
]
Concerned = Annotated[
    Actor,
    require(
        Permission.SELF,
        Reach.UNSEEN,
        (Permission.ENTERPRISE_MANAGE, Reach.FIRM),
        (Permission.ENTERPRISE_REVIEW, Reach.TOWN),
    ),
]
Reviewer = Annotated[Actor, require(Permission.ENTERPRISE_REVIEW, Reach.SECOND)]
Owner = Annotated[Actor, require(Permission.ENTERPRISE_MANAGE, Reach.FIRM)]
PAPERS = (
    rules.CreditCodeError,
    rules.CreditCodeTakenError,
    rules.EnterpriseNameTakenError,
    rules.EnterpriseAreaError,
    FileUnusableError,
    TextRiskyError,
)
REVIEW_ERRORS = write_errors(
    rules.EnterpriseClaimNotFoundError,
    rules.ClaimStateError,
    rules.CreditCodeTakenError,
    rules.CreditCodeDiffersError,
    rules.EnterpriseNotFoundError,
    rules.EnterpriseStateError,
    SelfReviewError,
    StaleError,
)
DECISION_ERRORS = write_errors(rules.EnterpriseNotFoundError, rules.EnterpriseStateError, SelfReviewError, StaleError)
ANSWER_ERRORS = write_errors(
    rules.SuspensionNotFoundError,
    rules.SuspensionStateError,
    rules.EnterpriseNotFoundError,
    rules.EnterpriseStateError,
    SelfReviewError,
    StaleError,
)


@router.get("/enterprises", responses=read_errors())
async def find_enterprises(
    _: Self, session: Reads, name: Annotated[Text, Query(min_length=2, max_length=80)]
) -> list[schemas.EnterpriseRead]:
    """按名称（含别名）查找企业，认领前使用；最多 20 家。"""
    rows = await enterprises.find_enterprises(session, name=name)
    licences = await enterprises.licences_of_many(session, [row.id for row in rows])
    return [enterprise_read(row, licences.get(row.id, [])) for row in rows]


@router.post("/enterprises", status_code=status.HTTP_201_CREATED, responses=write_errors(*PAPERS))
async def register_enterprise(
    actor: Self, form: schemas.EnterpriseForm, session: Unit, runtime: RuntimeDep
) -> schemas.EnterpriseDetailsRead:
    """登记名单上没有的企业（草稿）；登记人成为企业负责人，审核通过前不能发布。"""
    row = await registration.register(runtime, session, actor, form.model_dump())
    return details_read(await registration.details_of(session, runtime.crypto, row))


@router.get("/enterprises/{enterprise_id}", responses=read_errors(rules.EnterpriseNotFoundError))
async def get_enterprise(
    actor: FormReader, enterprise_id: UUID, session: Reads, runtime: RuntimeDep
) -> schemas.EnterpriseDetailsRead:
    """企业登记的全部内容，只对本企业和专员开放。"""
    return details_read(await registration.read_details(session, runtime.crypto, actor, enterprise_id))


@router.put(
    "/enterprises/{enterprise_id}",
    responses=write_errors(*PAPERS, rules.EnterpriseNotFoundError, rules.EnterpriseStateError, StaleError),
)
async def change_enterprise(
    actor: Owner, enterprise_id: UUID, form: schemas.EnterpriseChange, session: Unit, runtime: RuntimeDep
) -> schemas.EnterpriseDetailsRead:
    """修改草稿或被退回的登记（整张表单）。"""
    row = await registration.change(runtime, session, actor, enterprise_id, form.model_dump())
    return details_read(await registration.details_of(session, runtime.crypto, row))


@router.put(
    "/enterprises/{enterprise_id}/licences/{kind}",
    responses=write_errors(
        rules.EnterpriseNotFoundError, rules.LicenceKindError, rules.PaperExpiredError, FileUnusableError
    ),
)
async def save_enterprise_licence(
    actor: Owner, enterprise_id: UUID, kind: LicenceKind, form: schemas.LicenceForm, session: Unit, now: Now
) -> schemas.LicenceRead:
    """人力资源服务机构登记或更新许可证；专员核对后生效。"""
    row = await registration.save_licence(session, actor, enterprise_id, kind=kind, now=now, **form.model_dump())
    return licence_read(row)


@router.post(
    "/enterprises/{enterprise_id}/submit",
    responses=write_errors(
        rules.EnterpriseNotFoundError,
        rules.EnterpriseStateError,
        rules.EnterprisePapersError,
        rules.PaperExpiredError,
        StaleError,
    ),
)
async def submit_enterprise(
    actor: Owner, enterprise_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> schemas.EnterpriseDetailsRead:
    """提交审核；一个工作日内答复。"""
    row = await registration.submit(session, actor, enterprise_id, expected_version=form.expected_version, now=now)
    return details_read(await registration.details_of(session, runtime.crypto, row))


@router.post("/enterprises/{enterprise_id}/approve", responses=DECISION_ERRORS)
async def approve_enterprise(
    actor: Reviewer, enterprise_id: UUID, form: schemas.ReviewForm, session: Unit, runtime: RuntimeDep, now: Now
) -> schemas.EnterpriseDetailsRead:
    """核对证照后通过：记下谁、何时、怎样核对，有效到哪一天。"""
    row = await registration.review(
        session,
        actor,
        enterprise_id,
        approve=True,
        how=form.how,
        reason=None,
        expected_version=form.expected_version,
        now=now,
    )
    return details_read(await registration.details_of(session, runtime.crypto, row))


@router.post("/enterprises/{enterprise_id}/return", responses=DECISION_ERRORS)
async def return_enterprise(
    actor: Reviewer, enterprise_id: UUID, form: schemas.ReturnForm, session: Unit, runtime: RuntimeDep, now: Now
) -> schemas.EnterpriseDetailsRead:
    """退回登记并说明原因。"""
    row = await registration.review(
        session,
        actor,
        enterprise_id,
        approve=False,
        how=VerifiedHow.UPLOAD,
        reason=form.reason,
        expected_version=form.expected_version,
        now=now,
    )
    return details_read(await registration.details_of(session, runtime.crypto, row))


@router.post("/enterprises/{enterprise_id}/confirm-papers", responses=DECISION_ERRORS)
async def confirm_enterprise_papers(
    actor: Reviewer, enterprise_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> schemas.EnterpriseDetailsRead:
    """再次核对已核验企业的证照（到期或更新许可证后），有效期顺延。"""
    row = await registration.confirm_licences(
        session, actor, enterprise_id, expected_version=form.expected_version, now=now
    )
    return details_read(await registration.details_of(session, runtime.crypto, row))


@router.post(
    "/enterprises/{enterprise_id}/claims",
    status_code=status.HTTP_201_CREATED,
    dependencies=[limited(RateKind.CLAIM)],
    responses=write_errors(
        rules.CreditCodeError,
        rules.CreditCodeTakenError,
        rules.CreditCodeDiffersError,
        rules.EnterpriseNotFoundError,
        rules.ClaimPendingError,
        rules.AlreadyMemberError,
        rules.PaperExpiredError,
        rules.ClaimRoleError,
        FileUnusableError,
        TooManyRequestsError,
    ),
)
async def claim_enterprise(
    actor: Self, enterprise_id: UUID, form: schemas.EnterpriseClaimForm, session: Unit, now: Now
) -> schemas.EnterpriseClaimRead:
    """认领名单上的企业；由招聘专员核对证照后生效。"""
    papers = enterprises.ClaimPapers(
        form.role, form.licence_file_id, form.authorisation_file_id, form.authorisation_valid_to
    )
    claim = await enterprises.claim_enterprise(
        session, actor, enterprise_id, uscc=form.uscc, note=form.note, papers=papers, now=now
    )
    return claim_read(claim, (await enterprises.get_enterprise(session, enterprise_id)).name)


@router.get("/enterprise-claims", responses=read_errors())
async def list_enterprise_claims(
    actor: Self, session: Reads, state: Annotated[EnterpriseClaimState | None, Query()] = None
) -> list[schemas.EnterpriseClaimRead]:
    """专员看到全部认领申请，其他人只看到自己的。"""
    return [claim_read(claim, name) for claim, name in await enterprises.list_claims(session, actor, state=state)]


@router.post("/enterprise-claims/{claim_id}/approve", responses=REVIEW_ERRORS)
async def approve_enterprise_claim(
    actor: Reviewer, claim_id: UUID, form: schemas.ReviewForm, session: Unit, now: Now
) -> schemas.EnterpriseClaimRead:
    """通过认领：企业标为已核验，认领人成为该企业的成员。"""
    claim = await enterprises.review_claim(
        session,
        actor,
        claim_id,
        approve=True,
        reason=None,
        how=form.how,
        expected_version=form.expected_version,
        now=now,
    )
    return claim_read(claim, (await enterprises.get_enterprise(session, claim.enterprise_id)).name)


@router.post("/enterprise-claims/{claim_id}/return", responses=REVIEW_ERRORS)
async def return_enterprise_claim(
    actor: Reviewer, claim_id: UUID, form: schemas.ReturnForm, session: Unit, now: Now
) -> schemas.EnterpriseClaimRead:
    """退回认领并说明原因。"""
    claim = await enterprises.review_claim(
        session,
        actor,
        claim_id,
        approve=False,
        reason=form.reason,
        how=VerifiedHow.UPLOAD,
        expected_version=form.expected_version,
        now=now,
    )
    return claim_read(claim, (await enterprises.get_enterprise(session, claim.enterprise_id)).name)


@router.post(
    "/enterprises/{enterprise_id}/suspend",
    responses=write_errors(
        rules.EnterpriseNotFoundError, rules.EnterpriseStateError, SelfReviewError, FileUnusableError, StaleError
    ),
)
async def suspend_enterprise(
    actor: Reviewer, enterprise_id: UUID, form: schemas.SuspendForm, session: Unit, runtime: RuntimeDep, now: Now
) -> schemas.SuspensionRead:
    """暂停企业：写明依据和证据；招聘中的岗位随即暂停，企业可以申诉。"""
    row = await suspensions.suspend(session, runtime.crypto, actor, enterprise_id, now=now, **form.model_dump())
    return suspension_read(runtime.crypto, row)


@router.get("/enterprises/{enterprise_id}/suspensions", responses=read_errors(rules.EnterpriseNotFoundError))
async def list_enterprise_suspensions(
    actor: Concerned, enterprise_id: UUID, session: Reads, runtime: RuntimeDep
) -> list[schemas.SuspensionRead]:
    """企业的历次暂停、申诉和答复，只对企业负责人和专员开放。"""
    rows = await suspensions.list_suspensions(session, actor, enterprise_id)
    return [suspension_read(runtime.crypto, row) for row in rows]


@router.post(
    "/enterprise-suspensions/{suspension_id}/appeal",
    responses=write_errors(
        rules.SuspensionNotFoundError,
        rules.SuspensionStateError,
        rules.EnterpriseNotFoundError,
        FileUnusableError,
        StaleError,
    ),
)
async def appeal_suspension(
    actor: Owner, suspension_id: UUID, form: schemas.AppealForm, session: Unit, runtime: RuntimeDep, now: Now
) -> schemas.SuspensionRead:
    """企业对暂停提出申诉；由另一位专员在五个工作日内答复。"""
    row = await suspensions.appeal(session, runtime.crypto, actor, suspension_id, now=now, **form.model_dump())
    return suspension_read(runtime.crypto, row)


@router.post("/enterprise-suspensions/{suspension_id}/lift", responses=ANSWER_ERRORS)
async def lift_suspension(
    actor: Reviewer, suspension_id: UUID, form: schemas.AnswerForm, session: Unit, runtime: RuntimeDep, now: Now
) -> schemas.SuspensionRead:
    """恢复企业；岗位由企业逐个恢复。"""
    row = await suspensions.answer(
        session, runtime.crypto, actor, suspension_id, lift=True, now=now, **form.model_dump()
    )
    return suspension_read(runtime.crypto, row)


@router.post("/enterprise-suspensions/{suspension_id}/uphold", responses=ANSWER_ERRORS)
async def uphold_suspension(
    actor: Reviewer, suspension_id: UUID, form: schemas.AnswerForm, session: Unit, runtime: RuntimeDep, now: Now
) -> schemas.SuspensionRead:
    """申诉后维持暂停；不能由作出暂停的人答复。"""
    row = await suspensions.answer(
        session, runtime.crypto, actor, suspension_id, lift=False, now=now, **form.model_dump()
    )
    return suspension_read(runtime.crypto, row)
