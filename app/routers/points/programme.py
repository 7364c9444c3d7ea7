"""文明积分的规则、预算、申报。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Self, Unit, assisted, limited, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.common.files import FileNotFoundHereError, FileUnusableError
from app.rules.identity.access import Reach
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission, SelfReviewError
from app.rules.points import claims as claim_rules
from app.rules.points import earning as rules
from app.rules.points.activities import GridUnknownError
from app.rules.points.claims import ClaimState
from app.rules.points.earning import RuleState
from app.schemas.base import ExpectedVersion
from app.schemas.points.earning import (
    AppealAnswerForm,
    AppealForm,
    BudgetForm,
    BudgetList,
    BudgetRead,
    BudgetUpdate,
    ClaimForm,
    ClaimRead,
    DecisionForm,
    ReasonForm,
    ReviewForm,
    RuleForm,
    RuleList,
    RuleRead,
    RuleUpdate,
)
from app.services.points import claims, policy
from app.services.points.programme_views import budget_read, claim_read, rule_read

router = make_router("points")
Office = Annotated[Actor, require(Permission.POINTS_MANAGE)]
OfficeOf = Annotated[Actor, require(Permission.POINTS_MANAGE, Reach.TOWN)]
Reader = Annotated[Actor, require(Permission.POINTS_READ)]
Reviewer = Annotated[Actor, require(Permission.POINTS_REVIEW)]
ReviewerOf = Annotated[Actor, require(Permission.POINTS_REVIEW, Reach.SECOND)]
Claimant = Annotated[Actor, assisted(AgentScope.POINTS)]
ClaimantOf = Annotated[Actor, assisted(AgentScope.POINTS, Reach.SELF)]
CLAIM_DECIDED = (
    SelfReviewError, StaleError, claim_rules.ClaimNotFoundError, claim_rules.PointsClaimStateError, claim_rules.SecondReviewerError,
)  # fmt: skip
CREDITED = (rules.BudgetUsedUpError, rules.CapReachedError)


@router.get("/points/rules", responses=read_errors())
async def list_points_rules(actor: Self, session: Reads, state: RuleState | None = None) -> RuleList:
    """积分规则：执行中的人人可见，写明表决依据、分值、上限；提案只有积分专员看得到。"""
    return RuleList(items=[rule_read(rule) for rule in await policy.list_rules(session, actor, state=state)])


@router.post(
    "/points/rules", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.RuleCapsError),
)  # fmt: skip
async def propose_points_rule(actor: Office, form: RuleForm, session: Unit, now: Now) -> RuleRead:
    """提出一条规则；登记表决结果之前不计分。"""
    return rule_read(await policy.propose(session, actor, form, now=now))


@router.put(
    "/points/rules/{rule_id}",
    responses=write_errors(rules.RuleNotFoundError, rules.RuleStateError, rules.RuleCapsError, StaleError),
)
async def change_points_rule(actor: OfficeOf, rule_id: UUID, form: RuleUpdate, session: Unit, now: Now) -> RuleRead:
    """修改提案（整张表单）；已表决的规则不能改，停止后另提一条。"""
    return rule_read(await policy.change(session, actor, rule_id, form, now=now))


@router.post(
    "/points/rules/{rule_id}/adopt", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.RuleNotFoundError, rules.RuleStateError, rules.RuleCodeTakenError, rules.DecisionDateError,
        rules.RuleBackdatedError, rules.RuleDaysError, SelfReviewError, StaleError,
    ),
)  # fmt: skip
async def adopt_points_rule(actor: OfficeOf, rule_id: UUID, form: DecisionForm, session: Unit, now: Now) -> RuleRead:
    """登记表决结果，规则开始执行；提案人不能登记自己的提案。"""
    return rule_read(await policy.adopt(session, actor, rule_id, form, now=now))


@router.post(
    "/points/rules/{rule_id}/end", dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.RuleNotFoundError, rules.RuleStateError, StaleError),
)  # fmt: skip
async def end_points_rule(actor: OfficeOf, rule_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> RuleRead:
    """停止执行中的规则，或不采纳提案。"""
    return rule_read(await policy.end(session, actor, rule_id, expected_version=form.expected_version, now=now))


@router.get("/points/budgets", responses=read_errors())
async def list_points_budgets(actor: Reader, session: Reads) -> BudgetList:
    """各年的积分预算：上限、已发放、剩余。"""
    return BudgetList(items=[budget_read(row) for row in await policy.list_budgets(session, actor)])


@router.post(
    "/points/budgets", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.BudgetYearError, rules.BudgetTakenError, rules.DecisionDateError
    ),
)  # fmt: skip
async def open_points_budget(actor: Office, form: BudgetForm, session: Unit, now: Now) -> BudgetRead:
    """登记一年的积分预算和依据。"""
    return budget_read(await policy.open_budget(session, actor, form, now=now))


@router.put(
    "/points/budgets/{budget_id}",
    responses=write_errors(
        rules.BudgetNotFoundError, rules.BudgetBelowGrantedError, rules.DecisionDateError, StaleError
    ),
)
async def change_points_budget(
    actor: OfficeOf, budget_id: UUID, form: BudgetUpdate, session: Unit, now: Now
) -> BudgetRead:
    """按新的决定调整预算；等待入账的积分随后自动入账。"""
    return budget_read(await policy.change_budget(session, actor, budget_id, form, now=now))


@router.post(
    "/me/points/claims", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired, limited(RateKind.APPLY)],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, TooManyRequestsError, ConsentMissingError, claim_rules.ClaimDayError,
        claim_rules.ClaimRuleError, claim_rules.EvidenceMissingError, claim_rules.EvidenceUnwantedError, GridUnknownError,
        FileUnusableError, FileNotFoundHereError,
    ),
)  # fmt: skip
async def claim_points(actor: Claimant, form: ClaimForm, session: Unit, runtime: RuntimeDep, now: Now) -> ClaimRead:
    """申报积分：哪条规则、哪天、做了什么；由工作人员审核。"""
    return claim_read(await claims.submit(runtime, session, actor, form, now=now), actor)


@router.get("/me/points/claims", responses=read_errors(*AGENT_ERRORS, CursorInvalidError))
async def list_my_points_claims(
    actor: Claimant, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[ClaimRead]:
    """我的积分申报，新的在前。"""
    found, following = await claims.list_mine(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[claim_read(one, actor) for one in found], next_cursor=following)


@router.get("/me/points/claims/{claim_id}", responses=read_errors(*AGENT_ERRORS, claim_rules.ClaimNotFoundError))
async def get_my_points_claim(actor: ClaimantOf, claim_id: UUID, session: Reads) -> ClaimRead:
    """我的一份积分申报：审核到哪一步，理由和答复。"""
    return claim_read(await claims.look(session, actor, claim_id), actor)


@router.post(
    "/me/points/claims/{claim_id}/withdraw", dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, claim_rules.ClaimNotFoundError, claim_rules.PointsClaimStateError, StaleError
    ),
)  # fmt: skip
async def withdraw_points_claim(
    actor: ClaimantOf, claim_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> ClaimRead:
    """撤回还没有结果的申报。"""
    done = await claims.withdraw(session, actor, claim_id, expected_version=form.expected_version, now=now)
    return claim_read(done, actor)


@router.post(
    "/me/points/claims/{claim_id}/appeal", dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, claim_rules.ClaimNotFoundError, claim_rules.PointsClaimStateError,
        claim_rules.ClaimAppealLateError, StaleError,
    ),
)  # fmt: skip
async def appeal_points_claim(
    actor: ClaimantOf, claim_id: UUID, form: AppealForm, session: Unit, now: Now
) -> ClaimRead:
    """对未通过的申报申诉一次，由另一位工作人员答复。"""
    done = await claims.appeal(
        session, actor, claim_id, words=form.words, expected_version=form.expected_version, now=now
    )
    return claim_read(done, actor)


@router.get("/points/claims", responses=read_errors(CursorInvalidError))
async def list_points_claims(
    actor: Reviewer, session: Reads, runtime: RuntimeDep, state: ClaimState | None = None, cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[ClaimRead]:  # fmt: skip
    """全镇的积分申报，可按状态筛选；疑似重复的有提示。"""
    found, following = await claims.list_all(session, runtime.cursors, actor, state=state, cursor=cursor, limit=limit)
    return Page(items=[claim_read(one, actor) for one in found], next_cursor=following)


@router.post(
    "/points/claims/{claim_id}/review", dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, *CLAIM_DECIDED, *CREDITED),
)  # fmt: skip
async def review_points_claim(
    actor: ReviewerOf, claim_id: UUID, form: ReviewForm, session: Unit, now: Now
) -> ClaimRead:
    """审核申报；超过规则限额的须两人审核，不能审核自己的。"""
    return claim_read(await claims.review(session, actor, claim_id, form, now=now), actor)


@router.post(
    "/points/claims/{claim_id}/answer", dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, *CLAIM_DECIDED, *CREDITED),
)  # fmt: skip
async def answer_points_appeal(
    actor: ReviewerOf, claim_id: UUID, form: AppealAnswerForm, session: Unit, now: Now
) -> ClaimRead:
    """答复申诉：由没有审核过它的工作人员答复。"""
    return claim_read(await claims.answer_appeal(session, actor, claim_id, form, now=now), actor)


@router.post(
    "/points/claims/{claim_id}/reverse", dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, *CLAIM_DECIDED),
)  # fmt: skip
async def reverse_points_claim(
    actor: ReviewerOf, claim_id: UUID, form: ReasonForm, session: Unit, now: Now
) -> ClaimRead:
    """冲回已通过而有误的申报，由没有审核过它的工作人员办理。"""
    done = await claims.reverse(
        session, actor, claim_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return claim_read(done, actor)
