"""The town's points policy: rules proposed, adopted by a recorded decision, ended; the budget of a year."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.db import ReadSession, check_version, lock
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.points import PointsBudget, PointsRule
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_town_wide
from app.rules.points import earning as rules
from app.rules.points.claims import ClaimRuleError
from app.rules.points.earning import Caps, FactKind, RuleState
from app.schemas.points.earning import BudgetForm, BudgetUpdate, DecisionForm, RuleForm, RuleUpdate
from app.services.identity import audit
from app.services.organisation.seed_files import read_csv, typed_rows
from app.services.organisation.seed_sync import DatasetOutcome, sync_rows

RULE, BUDGET = "points_rule", "points_budget"
MANAGE = Permission.POINTS_MANAGE


async def propose(session: AsyncSession, actor: Actor, form: RuleForm, *, now: datetime) -> PointsRule:
    """A proposal earns nothing until it is adopted."""
    check_town_wide(actor, MANAGE)
    _check(form)
    rule = PointsRule(created_at=now, updated_at=now, proposed_by=actor.person_id, **form.model_dump())
    session.add(rule)
    await session.flush()
    audit.by(session, actor, "points_rule_proposed", RULE, rule.id, now=now)
    return rule


async def change(session: AsyncSession, actor: Actor, rule_id: UUID, form: RuleUpdate, *, now: datetime) -> PointsRule:
    """Only a proposal: what was decided on stands as it was decided."""
    check_town_wide(actor, MANAGE)
    rule = await lock(session, PointsRule, rule_id, rules.RuleNotFoundError)
    check_version(rule.version, form.expected_version)
    if rule.state is not RuleState.PROPOSED:
        raise rules.RuleStateError(current=rule.state.label, target=RuleState.PROPOSED.label)
    _check(form)
    for name, value in form.model_dump(exclude={"expected_version"}).items():
        setattr(rule, name, value)
    # Whoever changes a proposal makes it theirs: another one records the decision on it.
    rule.proposed_by = actor.person_id
    rule.touch(now)
    audit.by(session, actor, "points_rule_changed", RULE, rule.id, now=now)
    return rule


async def adopt(session: AsyncSession, actor: Actor, rule_id: UUID, form: DecisionForm, *, now: datetime) -> PointsRule:
    """Who decided, how it is called, and when; from when on it holds. Not by whoever proposed it."""
    check_town_wide(actor, MANAGE)
    rule = await lock(session, PointsRule, rule_id, rules.RuleNotFoundError)
    check_version(rule.version, form.expected_version)
    rules.check_rule_move(rule.state, RuleState.ADOPTED)
    if rule.proposed_by == actor.person_id:
        raise SelfReviewError
    rules.check_decision(form.decided_on, form.valid_from, china_date(now))
    rules.check_days(form.valid_from, form.valid_to)
    taken = await session.exec(
        select(col(PointsRule.id)).where(PointsRule.code == rule.code, PointsRule.state == RuleState.ADOPTED)
    )
    if taken.one_or_none() is not None:
        raise rules.RuleCodeTakenError(code=rule.code)
    rule.state = RuleState.ADOPTED
    rule.decided_by, rule.decision, rule.decided_on = form.decided_by, form.decision, form.decided_on
    rule.valid_from, rule.valid_to, rule.recorded_by = form.valid_from, form.valid_to, actor.person_id
    rule.touch(now)
    audit.by(session, actor, "points_rule_adopted", RULE, rule.id, now=now, decision=form.decision)
    return rule


async def end(
    session: AsyncSession, actor: Actor, rule_id: UUID, *, expected_version: int, now: datetime
) -> PointsRule:
    """An adopted rule earns nothing from today on; a proposal is not taken up."""
    check_town_wide(actor, MANAGE)
    rule = await lock(session, PointsRule, rule_id, rules.RuleNotFoundError)
    check_version(rule.version, expected_version)
    target = RuleState.WITHDRAWN if rule.state is RuleState.PROPOSED else RuleState.ENDED
    rules.check_rule_move(rule.state, target)
    rule.state = target
    rule.touch(now)
    audit.by(session, actor, f"points_rule_{target.value}", RULE, rule.id, now=now)
    return rule


def visible_to(actor: Actor) -> Any:
    """What is in force is everybody's business, proposals the office's."""
    if actor.town_wide(MANAGE):
        return col(PointsRule.id).is_not(None)
    return col(PointsRule.state) == RuleState.ADOPTED


async def list_rules(session: ReadSession, actor: Actor, *, state: RuleState | None) -> Sequence[PointsRule]:
    """By code; there are some dozens."""
    statement = select(PointsRule).where(visible_to(actor)).order_by(col(PointsRule.code), col(PointsRule.created_at))
    if state is not None:
        statement = statement.where(PointsRule.state == state)
    return (await session.exec(statement)).all()


async def rules_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, PointsRule]:
    rows = await session.exec(select(PointsRule).where(col(PointsRule.id).in_(set(ids))))
    return {row.id: row for row in rows}


async def claimable(session: AsyncSession, rule_id: UUID, day: date) -> PointsRule:
    """ClaimRuleError where it does not hold on that day or needs no claim."""
    rule = (await rules_by_id(session, [rule_id])).get(rule_id)
    good = rule is not None and rule.state is RuleState.ADOPTED and rule.fact is FactKind.CLAIM and rule.valid_from
    if rule is None or not good or not rules.covers(rule.valid_from or day, rule.valid_to, day):
        raise ClaimRuleError
    return rule


async def open_budget(session: AsyncSession, actor: Actor, form: BudgetForm, *, now: datetime) -> PointsBudget:
    check_town_wide(actor, MANAGE)
    today = china_date(now)
    if form.year not in {today.year, today.year + 1}:
        raise rules.BudgetYearError(year=today.year)
    _check_decided(form.decided_on, today)
    row = PointsBudget(id=new_id(), created_at=now, updated_at=now, recorded_by=actor.person_id, **form.model_dump())
    if not await insert_or_ignore(session, PointsBudget, row.model_dump()):
        raise rules.BudgetTakenError(year=form.year)
    audit.by(
        session, actor, "points_budget_opened", BUDGET, row.id, now=now, year=str(form.year), points=str(form.points)
    )
    return row


async def change_budget(
    session: AsyncSession, actor: Actor, budget_id: UUID, form: BudgetUpdate, *, now: datetime
) -> PointsBudget:
    """By another decision; never below what has been given."""
    check_town_wide(actor, MANAGE)
    row = await lock(session, PointsBudget, budget_id, rules.BudgetNotFoundError)
    check_version(row.version, form.expected_version)
    _check_decided(form.decided_on, china_date(now))
    if form.points < row.granted:
        raise rules.BudgetBelowGrantedError(granted=row.granted)
    row.points, row.honour_from = form.points, form.honour_from
    row.decided_by, row.decision, row.decided_on = form.decided_by, form.decision, form.decided_on
    row.recorded_by = actor.person_id
    row.touch(now)
    audit.by(session, actor, "points_budget_changed", BUDGET, row.id, now=now, points=str(form.points))
    return row


async def list_budgets(session: ReadSession, actor: Actor) -> Sequence[PointsBudget]:
    check_town_wide(actor, Permission.POINTS_READ)
    return (await session.exec(select(PointsBudget).order_by(col(PointsBudget.year).desc()))).all()


async def budget_of(session: AsyncSession, year: int) -> PointsBudget | None:
    return (await session.exec(select(PointsBudget).where(PointsBudget.year == year))).one_or_none()


async def load_rules(session: AsyncSession, *, directory: Path, now: datetime) -> DatasetOutcome:
    """Proposals to be adopted, not policy: their state is never taken from a file."""
    rows = typed_rows("points_rules.csv", PointsRule, read_csv(directory, "points_rules.csv"))
    return await sync_rows(session, "points_rules", PointsRule, rows, key=("code",), now=now)


def _check(form: RuleForm) -> None:
    rules.check_caps(form.points, Caps(form.cap_day, form.cap_month, form.cap_year))


def _check_decided(decided_on: date, today: date) -> None:
    if decided_on > today:
        raise rules.DecisionDateError
