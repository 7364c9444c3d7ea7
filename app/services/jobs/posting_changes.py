"""The rules and words of postings changed without a release: proposed, confirmed by a second person, in force by date."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.db import ReadSession, check_version, lock
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.models.jobs import PostingChange, PostingRuleRow, PostingTermRow
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_permission, check_town_wide
from app.rules.jobs.posting import PostingRule, PostingTerm, RuleBook
from app.rules.jobs.posting_changes import (
    ChangeExistsError,
    ChangeKind,
    ChangeNotFoundError,
    ChangePeriodError,
    ChangeState,
    ChangeTargetError,
    ChangeWordError,
    check_change_transition,
    check_period,
    check_words,
    contexts,
)
from app.rules.jobs.takedowns import PostingRuleUnknownError
from app.schemas.jobs.posting_changes import EndForm, RuleForm, TermForm
from app.services.common.tasks import close_tasks, open_task
from app.services.identity import audit

SUBJECT = "posting_change"
TABLES: dict[ChangeKind, type[PostingRuleRow] | type[PostingTermRow]] = {
    ChangeKind.END_RULE: PostingRuleRow,
    ChangeKind.END_TERM: PostingTermRow,
}


async def list_rules(session: ReadSession, actor: Actor) -> Sequence[PostingRuleRow]:
    """Every dated row, some thirty: ended ones too, because a take-down may rest on one."""
    check_permission(actor, Permission.VACANCY_REVIEW)
    rows = await session.exec(
        select(PostingRuleRow).order_by(col(PostingRuleRow.rule_id), col(PostingRuleRow.effective_from)).limit(500)
    )
    return rows.all()


async def list_terms(
    session: ReadSession, cursors: Cursors, actor: Actor, *, rule_id: str | None, cursor: str | None, limit: int
) -> tuple[Sequence[PostingTermRow], str | None]:
    check_permission(actor, Permission.VACANCY_REVIEW)
    query: dict[str, Any] = {"list": "posting_terms", "person": actor.person_id, "rule": rule_id}
    keys = [col(PostingTermRow.created_at), col(PostingTermRow.id)]
    statement = select(PostingTermRow)
    if rule_id is not None:
        statement = statement.where(PostingTermRow.rule_id == rule_id)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])


async def list_changes(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[PostingChange], str | None]:
    check_permission(actor, Permission.VACANCY_REVIEW)
    query: dict[str, Any] = {"list": "posting_changes", "person": actor.person_id}
    keys = [col(PostingChange.created_at), col(PostingChange.id)]
    statement = select(PostingChange)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])


async def propose_rule(session: AsyncSession, actor: Actor, form: RuleForm, *, now: datetime) -> PostingChange:
    check_period(form.effective_from, form.effective_to, china_date(now))
    content = form.model_dump(mode="json")
    return await _propose(session, actor, ChangeKind.ADD_RULE, content, f"{form.title}（{form.rule_id}）", now)


async def propose_term(session: AsyncSession, actor: Actor, form: TermForm, *, now: datetime) -> PostingChange:
    """Plain words only: an expression belongs into a release, where it is measured before it counts."""
    check_period(form.effective_from, form.effective_to, china_date(now))
    check_words([form.pattern, *form.unless])
    known = await session.exec(select(col(PostingRuleRow.id)).where(PostingRuleRow.rule_id == form.rule_id).limit(1))
    if known.one_or_none() is None:
        raise PostingRuleUnknownError(rule_id=form.rule_id)
    _compile(form)
    return await _propose(
        session, actor, ChangeKind.ADD_TERM, form.model_dump(mode="json"), f"“{form.pattern}”（{form.rule_id}）", now
    )


async def propose_end(
    session: AsyncSession, actor: Actor, kind: ChangeKind, form: EndForm, *, now: datetime
) -> PostingChange:
    today = china_date(now)
    if form.effective_to < today:
        raise ChangePeriodError
    row = await _target(session, kind, form.target_id)
    name = row.title if isinstance(row, PostingRuleRow) else row.pattern
    return await _propose(
        session, actor, kind, form.model_dump(mode="json"), f"“{name}”（{row.rule_id}）", now, target_id=row.id
    )


async def decide(
    session: AsyncSession,
    actor: Actor,
    change_id: UUID,
    *,
    confirm: bool,
    note: str,
    expected_version: int,
    now: datetime,
) -> PostingChange:
    """The second person's word; every process follows on its next check, because the state of the rows has changed."""
    check_town_wide(actor, Permission.VACANCY_REVIEW)
    row = await lock(session, PostingChange, change_id, ChangeNotFoundError)
    if row.proposed_by == actor.person_id:
        raise SelfReviewError
    check_version(row.version, expected_version)
    target = ChangeState.CONFIRMED if confirm else ChangeState.REFUSED
    check_change_transition(row.state, target)
    row.state, row.decided_by, row.decided_at, row.note = target, actor.person_id, now, note or None
    row.touch(now)
    if confirm:
        await _put_in_force(session, row, now)
    await close_tasks(session, TaskKind.POSTING_CHANGE, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, f"posting_change_{target.value}", SUBJECT, row.id, now=now, kind=row.kind.value)
    return row


async def _propose(
    session: AsyncSession,
    actor: Actor,
    kind: ChangeKind,
    content: dict[str, Any],
    told: str,
    now: datetime,
    *,
    target_id: UUID | None = None,
) -> PostingChange:
    check_town_wide(actor, Permission.VACANCY_REVIEW)
    row = PostingChange(
        created_at=now, updated_at=now, kind=kind, content=content, target_id=target_id, source=content["source"],
        proposed_by=actor.person_id,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await open_task(session, TaskKind.POSTING_CHANGE, row.id, title=f"{kind.label}：{told}", now=now)
    audit.by(session, actor, "posting_change_proposed", SUBJECT, row.id, now=now, kind=kind.value)
    return row


async def _put_in_force(session: AsyncSession, change: PostingChange, now: datetime) -> None:
    """A date that has passed while it waited becomes today: nothing counts before the second person has said so."""
    today = china_date(now)
    if change.kind in TABLES:
        assert change.target_id is not None  # noqa: S101  # an end always has one
        row = await _target(session, change.kind, change.target_id)
        row.effective_to = max(date.fromisoformat(change.content["effective_to"]), today)
        row.touch(now)
        return
    base = {"id": new_id(), "created_at": now, "updated_at": now, "version": 1}
    if change.kind is ChangeKind.ADD_RULE:
        rule = RuleForm.model_validate(change.content)
        values = rule.model_dump() | {"effective_from": max(rule.effective_from, today)}
        made = await insert_or_ignore(session, PostingRuleRow, base | values)
    else:
        term = TermForm.model_validate(change.content)
        values = term.model_dump(exclude={"source", "unless"}) | {
            "kind": "phrase", "unless": contexts(term.unless), "effective_from": max(term.effective_from, today),
        }  # fmt: skip
        made = await insert_or_ignore(session, PostingTermRow, base | values)
    if not made:
        raise ChangeExistsError


async def _target(session: AsyncSession, kind: ChangeKind, target_id: UUID) -> PostingRuleRow | PostingTermRow:
    row: PostingRuleRow | PostingTermRow = await lock(session, TABLES[kind], target_id, ChangeTargetError)
    if row.effective_to is not None:
        raise ChangeTargetError
    return row


def _compile(form: TermForm) -> None:
    """A word of nothing but marks would be empty in the reading in which texts are searched."""
    term = PostingTerm(form.rule_id, form.pattern, "phrase", contexts(form.unless), form.effective_from, None)
    rules: list[PostingRule] = []
    try:
        RuleBook.from_rows(rules=rules, terms=[term], wages=[])
    except ValueError as exc:
        raise ChangeWordError(word=form.pattern) from exc
