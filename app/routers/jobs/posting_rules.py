"""发布规则和词条：查看，提出变更，由另一人确认后生效。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from app.core.errors import StaleError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, Limit, Now, Reads, RuntimeDep, Unit, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission, SelfReviewError
from app.rules.jobs import posting_changes as rules
from app.rules.jobs.posting_changes import ChangeKind
from app.rules.jobs.takedowns import PostingRuleUnknownError
from app.schemas.jobs.posting_changes import (
    ChangeDecision,
    EndForm,
    PostingChangeRead,
    PostingRuleRead,
    PostingTermRead,
    RuleForm,
    TermForm,
)
from app.services.jobs import posting_changes
from app.services.jobs.office_views import change_read

router = make_router("jobs")
Reader = Annotated[Actor, require(Permission.VACANCY_REVIEW)]
Second = Annotated[Actor, require(Permission.VACANCY_REVIEW, Reach.SECOND)]
RuleName = Annotated[str | None, Query(max_length=40, pattern=r"^[a-z0-9_]+$", description="Of one rule only")]


@router.get("/posting-rules", responses=read_errors())
async def list_posting_rules(actor: Reader, session: Reads) -> list[PostingRuleRead]:
    """发布规则：每条的法律依据、严重程度、改法和生效日期，含已停用的。"""
    return [PostingRuleRead.model_validate(row) for row in await posting_changes.list_rules(session, actor)]


@router.get("/posting-terms", responses=read_errors(CursorInvalidError))
async def list_posting_terms(
    actor: Reader,
    session: Reads,
    runtime: RuntimeDep,
    rule_id: RuleName = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[PostingTermRead]:
    """词条：每条规则的用词和不算的语境，含已停用的。"""
    rows, following = await posting_changes.list_terms(
        session, runtime.cursors, actor, rule_id=rule_id, cursor=cursor, limit=limit
    )
    return Page(items=[PostingTermRead.model_validate(row) for row in rows], next_cursor=following)


@router.get("/posting-changes", responses=read_errors(CursorInvalidError))
async def list_posting_changes(
    actor: Reader, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[PostingChangeRead]:
    """规则和词条的变更，待确认的和办过的。"""
    rows, following = await posting_changes.list_changes(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[change_read(row) for row in rows], next_cursor=following)


@router.post("/posting-rules", status_code=status.HTTP_202_ACCEPTED, responses=write_errors(rules.ChangePeriodError))
async def propose_posting_rule(actor: Reader, form: RuleForm, session: Unit, now: Now) -> PostingChangeRead:
    """提出新增一条发布规则；另一位专员确认后按生效日期起作用，无需发版。"""
    return change_read(await posting_changes.propose_rule(session, actor, form, now=now))


@router.post(
    "/posting-terms",
    status_code=status.HTTP_202_ACCEPTED,
    responses=write_errors(rules.ChangePeriodError, rules.ChangeWordError, PostingRuleUnknownError),
)
async def propose_posting_term(actor: Reader, form: TermForm, session: Unit, now: Now) -> PostingChangeRead:
    """提出新增一个词条；另一位专员确认后按生效日期起作用，无需发版。"""
    return change_read(await posting_changes.propose_term(session, actor, form, now=now))


@router.post(
    "/posting-rules/end",
    status_code=status.HTTP_202_ACCEPTED,
    responses=write_errors(rules.ChangePeriodError, rules.ChangeTargetError),
)
async def propose_end_of_posting_rule(actor: Reader, form: EndForm, session: Unit, now: Now) -> PostingChangeRead:
    """提出停用一条发布规则。"""
    return change_read(await posting_changes.propose_end(session, actor, ChangeKind.END_RULE, form, now=now))


@router.post(
    "/posting-terms/end",
    status_code=status.HTTP_202_ACCEPTED,
    responses=write_errors(rules.ChangePeriodError, rules.ChangeTargetError),
)
async def propose_end_of_posting_term(actor: Reader, form: EndForm, session: Unit, now: Now) -> PostingChangeRead:
    """提出停用一个词条。"""
    return change_read(await posting_changes.propose_end(session, actor, ChangeKind.END_TERM, form, now=now))


@router.post(
    "/posting-changes/{change_id}/decide",
    responses=write_errors(
        rules.ChangeNotFoundError,
        rules.ChangeStateError,
        rules.ChangeTargetError,
        rules.ChangeExistsError,
        SelfReviewError,
        StaleError,
    ),
)
async def decide_posting_change(
    actor: Second, change_id: UUID, form: ChangeDecision, session: Unit, now: Now
) -> PostingChangeRead:
    """确认或退回一项变更；不能确认自己提出的。"""
    row = await posting_changes.decide(session, actor, change_id, now=now, **form.model_dump())
    return change_read(row)
