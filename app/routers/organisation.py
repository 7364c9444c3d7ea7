"""三区、名册、挂钩联系与企业。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from app.core.errors import StaleError
from app.routers.deps import Now, Reads, Self, Unit, require
from app.routers.routing import make_router, public_errors, read_errors, write_errors
from app.rules import organisation as rules
from app.rules.identity.roles import Actor, Permission, RosterPersonNotFoundError, SelfReviewError
from app.rules.organisation import EnterpriseClaimState, LiaisonState
from app.schemas.base import Text
from app.schemas.organisation import (
    ApproveForm,
    AreaRead,
    EnterpriseClaimForm,
    EnterpriseClaimRead,
    EnterpriseRead,
    LiaisonConfirmForm,
    LiaisonRead,
    ReturnForm,
    RosterRead,
)
from app.services.organisation import enterprises, liaison, roster
from app.services.organisation.views import claim_read, enterprise_read

router = make_router("organisation")
Staff = Annotated[Actor, require(Permission.ORGANISATION_READ)]
Confirmer = Annotated[Actor, require(Permission.LIAISON_CONFIRM)]
Reviewer = Annotated[Actor, require(Permission.ENTERPRISE_REVIEW)]
REVIEW_ERRORS = write_errors(rules.EnterpriseClaimNotFoundError, rules.ClaimStateError, rules.CreditCodeTakenError,
                             rules.CreditCodeDiffersError, rules.EnterpriseNotFoundError, SelfReviewError, StaleError)  # fmt: skip


@router.get("/areas", responses=public_errors())
async def list_areas(session: Reads) -> list[AreaRead]:
    """三个片区及其网格数。"""
    return [AreaRead.model_validate(row) for row in await liaison.list_areas(session)]


@router.get("/roster", responses=read_errors())
async def list_roster(actor: Staff, session: Reads) -> list[RosterRead]:
    """公开名册上的人，专班成员在前；person_id 为空表示本人尚未认领。"""
    return [RosterRead.model_validate(row) for row in await roster.list_roster(session, actor)]


@router.get("/liaison-links", responses=read_errors())
async def list_liaison_links(
    actor: Staff, session: Reads, state: Annotated[LiaisonState | None, Query()] = None
) -> list[LiaisonRead]:
    """非公企业党组织挂钩联系名单；名单空白处标为未知并附推测，推测不是事实。"""
    return [LiaisonRead.model_validate(row) for row in await liaison.list_liaison(session, actor, state=state)]


@router.post(
    "/liaison-links/{link_id}/confirm",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(
        rules.LiaisonLinkNotFoundError, rules.LiaisonKnownError, RosterPersonNotFoundError, StaleError
    ),
)
async def confirm_liaison_link(
    actor: Confirmer, link_id: UUID, form: LiaisonConfirmForm, session: Unit, now: Now
) -> None:
    """确认名单空白处的挂钩领导或干部。"""
    await liaison.confirm_liaison(
        session,
        actor,
        link_id,
        roster_person_id=form.roster_person_id,
        expected_version=form.expected_version,
        now=now,
    )


@router.get("/enterprises", responses=read_errors())
async def find_enterprises(
    _: Self, session: Reads, name: Annotated[Text, Query(min_length=2, max_length=80)]
) -> list[EnterpriseRead]:
    """按名称（含别名）查找企业，认领前使用；最多 20 家。"""
    return [enterprise_read(row) for row in await enterprises.find_enterprises(session, name=name)]


@router.post(
    "/enterprises/{enterprise_id}/claims",
    status_code=status.HTTP_201_CREATED,
    responses=write_errors(
        rules.CreditCodeError,
        rules.CreditCodeTakenError,
        rules.CreditCodeDiffersError,
        rules.EnterpriseNotFoundError,
        rules.ClaimPendingError,
        rules.AlreadyMemberError,
    ),
)
async def claim_enterprise(
    actor: Self, enterprise_id: UUID, form: EnterpriseClaimForm, session: Unit, now: Now
) -> EnterpriseClaimRead:
    """认领名单上的企业；由招聘专员核对证照后生效。"""
    claim = await enterprises.claim_enterprise(session, actor, enterprise_id, uscc=form.uscc, note=form.note, now=now)
    return claim_read(claim, (await enterprises.get_enterprise(session, enterprise_id)).name)


@router.get("/enterprise-claims", responses=read_errors())
async def list_enterprise_claims(
    actor: Self, session: Reads, state: Annotated[EnterpriseClaimState | None, Query()] = None
) -> list[EnterpriseClaimRead]:
    """专员看到全部认领申请，其他人只看到自己的。"""
    return [claim_read(claim, name) for claim, name in await enterprises.list_claims(session, actor, state=state)]


@router.post("/enterprise-claims/{claim_id}/approve", responses=REVIEW_ERRORS)
async def approve_enterprise_claim(
    actor: Reviewer, claim_id: UUID, form: ApproveForm, session: Unit, now: Now
) -> EnterpriseClaimRead:
    """通过认领：企业标为已核验，认领人成为该企业的招聘员。"""
    claim = await enterprises.review_claim(
        session, actor, claim_id, approve=True, reason=None, expected_version=form.expected_version, now=now
    )
    return claim_read(claim, (await enterprises.get_enterprise(session, claim.enterprise_id)).name)


@router.post("/enterprise-claims/{claim_id}/return", responses=REVIEW_ERRORS)
async def return_enterprise_claim(
    actor: Reviewer, claim_id: UUID, form: ReturnForm, session: Unit, now: Now
) -> EnterpriseClaimRead:
    """退回认领并说明原因。"""
    claim = await enterprises.review_claim(
        session, actor, claim_id, approve=False, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return claim_read(claim, (await enterprises.get_enterprise(session, claim.enterprise_id)).name)
