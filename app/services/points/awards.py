"""Facts become points: the adopted rule, its caps, the budget of the year, the credit; and all of it back with the fact.

Order of locks: accounts of people (by person), then the budget, then what the ledger locks. The budget's row is the one place
that all credits of a year pass, so several people in one transaction cannot wait for each other in a circle.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import case, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.models.points import PointsAward, PointsBudget, PointsRule
from app.rules.common.tasks import TaskKind
from app.rules.points import earning as rules
from app.rules.points.earning import AwardState, Caps, Earned, FactKind, RuleState
from app.rules.points.ledger import expiry_of
from app.services.common.tasks import close_tasks, open_task
from app.services.points import book, ledger

RETRY_BATCH = 1


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened. `cause` names it for ever; `quantity` counts what the rule counts (hours)."""

    cause: str
    person_id: UUID
    on_day: date
    quantity: int
    told: str
    grid_id: UUID | None = None
    actor_id: UUID | None = None


def caps_of(rule: PointsRule) -> Caps:
    return Caps(rule.cap_day, rule.cap_month, rule.cap_year)


async def rule_for(session: AsyncSession, kind: FactKind, day: date) -> PointsRule | None:
    """The adopted rule that such a fact of this day earns by; None: nothing was decided, nothing is earned."""
    rows = await session.exec(
        select(PointsRule)
        .where(PointsRule.fact == kind, PointsRule.state == RuleState.ADOPTED)
        .order_by(col(PointsRule.code))
    )
    return next((rule for rule in rows if rule.valid_from and rules.covers(rule.valid_from, rule.valid_to, day)), None)


async def credit_facts(
    session: AsyncSession, kind: FactKind, facts: Sequence[Fact], *, now: datetime
) -> list[PointsAward]:
    """Each fact once, whoever reports it how often. Facts of several people in one order."""
    done = []
    found: dict[date, PointsRule | None] = {}
    facts = sorted(facts, key=lambda fact: fact.person_id)
    for fact in facts:
        await book.lock_account(session, fact.person_id, now=now)
    for fact in facts:
        if fact.on_day not in found:
            found[fact.on_day] = await rule_for(session, kind, fact.on_day)
        rule = found[fact.on_day]
        if rule is not None and fact.quantity > 0:
            done += await _credit(session, rule, fact, now=now)
    return done


async def credit_claim(session: AsyncSession, rule: PointsRule, fact: Fact, *, now: datetime) -> PointsAward:
    """A claim that was approved: nothing is left waiting, whoever approves hears it (BudgetUsedUpError, CapReachedError)."""
    await book.lock_account(session, fact.person_id, now=now)
    (award,) = await _credit(session, rule, fact, now=now)
    if award.state is AwardState.CAPPED:
        raise rules.CapReachedError
    if award.state is AwardState.WAITING:
        raise rules.BudgetUsedUpError(year=fact.on_day.year, points=award.points)
    return award


async def take_back(
    session: AsyncSession, cause: str, person_id: UUID | None = None, *, told: str, now: datetime, actor_id: UUID | None
) -> Sequence[PointsAward]:
    """The fact does not hold any more: what it brought is reversed, once. Without `person_id` for all people of the cause."""
    statement = select(PointsAward).where(PointsAward.cause == cause, PointsAward.state != AwardState.REVERSED)
    if person_id is not None:
        statement = statement.where(PointsAward.person_id == person_id)
    found = (await session.exec(statement.order_by(col(PointsAward.person_id)))).all()
    for award in found:
        await book.lock_account(session, award.person_id, now=now)
    # Under the locks of the accounts: another reversal of the same may have been faster.
    rows = (await session.exec(statement.with_for_update().execution_options(populate_existing=True))).all()
    for award in sorted(rows, key=lambda row: row.person_id):
        if award.state is AwardState.CREDITED:
            await _give_budget_back(session, award)
            await ledger.reverse(session, entry_cause(award), told=told, now=now, actor_id=actor_id)
        award.state = AwardState.REVERSED
    await session.flush()
    return rows


async def retry_waiting(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: what waits for a budget that has room again is credited, the oldest first."""
    room = (
        select(col(PointsAward.id), col(PointsAward.person_id))
        .join(PointsBudget, col(PointsBudget.year) == col(PointsAward.year))
        .where(
            PointsAward.state == AwardState.WAITING,
            col(PointsBudget.granted) + col(PointsAward.points) <= col(PointsBudget.points),
        )
        .order_by(col(PointsAward.created_at), col(PointsAward.id))
        .limit(RETRY_BATCH)
    )
    done = 0
    for award_id, person_id in (await session.exec(room)).all():
        await book.lock_account(session, person_id, now=now)
        award = (
            await session.exec(
                select(PointsAward)
                .where(PointsAward.id == award_id, PointsAward.state == AwardState.WAITING)
                .with_for_update()
                .execution_options(populate_existing=True)
            )
        ).one_or_none()
        if award is None:
            continue
        rule = (await session.exec(select(PointsRule).where(PointsRule.id == award.rule_id))).one()
        award.points = rules.compute_points(
            rule.points, award.quantity, caps_of(rule), await earned(session, award.person_id, rule.code, award.on_day)
        )
        await _settle(session, rule, award, now=now)
        if award.state is not AwardState.WAITING:
            await close_tasks(session, TaskKind.POINTS_BUDGET, rule.id, by=None, now=now)
            done += 1
    await session.flush()
    return done


async def earned(session: AsyncSession, person_id: UUID, code: str, day: date) -> Earned:
    """By the day on which it happened, so that a late confirmation does not open the cap of another month."""
    amount = col(PointsAward.points)
    of_day = func.sum(case((col(PointsAward.on_day) == day, amount), else_=0))
    of_month = func.sum(case((col(PointsAward.on_day).between(*_month_of(day)), amount), else_=0))
    row = (
        await session.exec(
            select(func.coalesce(of_day, 0), func.coalesce(of_month, 0), func.coalesce(func.sum(amount), 0)).where(
                PointsAward.person_id == person_id,
                PointsAward.code == code,
                PointsAward.state == AwardState.CREDITED,
                col(PointsAward.on_day).between(date(day.year, 1, 1), date(day.year, 12, 31)),
            )
        )
    ).one()
    return Earned(*(int(value) for value in row))


def entry_cause(award: PointsAward) -> str:
    """Rule, cause, person: what the ledger credits once."""
    return f"{award.code}:{award.cause}:{award.person_id}"


async def _credit(session: AsyncSession, rule: PointsRule, fact: Fact, *, now: datetime) -> list[PointsAward]:
    """Empty where this fact was credited before. The account is locked, so nobody else does it meanwhile."""
    before = await session.exec(
        select(col(PointsAward.id)).where(
            PointsAward.code == rule.code, PointsAward.cause == fact.cause, PointsAward.person_id == fact.person_id
        )
    )
    if before.one_or_none() is not None:
        return []
    had = await earned(session, fact.person_id, rule.code, fact.on_day)
    points = rules.compute_points(rule.points, fact.quantity, caps_of(rule), had)
    award = PointsAward(
        created_at=now, rule_id=rule.id, code=rule.code, person_id=fact.person_id, cause=fact.cause, on_day=fact.on_day,
        year=fact.on_day.year, quantity=fact.quantity, points=points, state=AwardState.WAITING, grid_id=fact.grid_id, told=fact.told[:120],
        actor_id=fact.actor_id,
    )  # fmt: skip
    await _settle(session, rule, award, now=now)
    session.add(award)
    await session.flush()
    return [award]


async def _settle(session: AsyncSession, rule: PointsRule, award: PointsAward, *, now: datetime) -> None:
    """Capped, credited, or still waiting."""
    if award.points == 0:
        award.state = AwardState.CAPPED
        return
    if not await _take_budget(session, award.year, award.points):
        await open_task(
            session,
            TaskKind.POINTS_BUDGET,
            rule.id,
            title=f"{award.year}年积分预算不足，“{rule.text}”有人等待入账",
            now=now,
        )
        return
    award.state = AwardState.CREDITED
    await ledger.credit(
        session, award.person_id, award.points, cause=entry_cause(award), told=award.told, now=now,
        expires_at=expiry_of(china_date(now), rule.lasts_years), actor_id=award.actor_id,
    )  # fmt: skip


async def _take_budget(session: AsyncSession, year: int, points: int) -> bool:
    done = await session.exec(
        update(PointsBudget)
        .where(col(PointsBudget.year) == year, col(PointsBudget.granted) + points <= col(PointsBudget.points))
        .values(granted=col(PointsBudget.granted) + points)
    )
    return bool(done.rowcount)


async def _give_budget_back(session: AsyncSession, award: PointsAward) -> None:
    await session.exec(
        update(PointsBudget)
        .where(col(PointsBudget.year) == award.year)
        .values(granted=col(PointsBudget.granted) - award.points)
    )


def _month_of(day: date) -> tuple[date, date]:
    """Its first and last day."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])
