"""What other parts of the service set going in points: facts that earn, records that merge, accounts that end.

A further source of points emits its fact, and gets a handler here that calls `awards.credit_facts` with a cause of its own.
"""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.events import emit, subscribe
from app.rules.points.activities import whole_hours
from app.rules.points.earning import FactKind
from app.rules.training.courses import WITHOUT_POINTS
from app.services.events import AccountDeleted, PersonMerged
from app.services.points import activities, awards, claims, households, ledger, redemptions
from app.services.points.events import (
    HoursConfirmed,
    HoursVoided,
    PointsAwarded,
    PointsTakenBack,
)
from app.services.training.events import ClassPassed, PassRevoked
from app.services.training.proofs import cause_of

TOLD = 120


def register() -> None:
    subscribe(ClassPassed, credit_pass)
    subscribe(PassRevoked, take_pass_back)
    subscribe(HoursConfirmed, credit_hours)
    subscribe(HoursVoided, take_hours_back)
    subscribe(PersonMerged, move_points)
    subscribe(AccountDeleted, close_account)


async def credit_hours(session: AsyncSession, event: HoursConfirmed) -> None:
    """Whole hours; what is left of an hour earns nothing."""
    facts = [
        awards.Fact(
            cause=one.cause, person_id=one.person_id, on_day=event.on_day, quantity=whole_hours(one.minutes),
            told=f"志愿服务：{event.title} {whole_hours(one.minutes)}小时", grid_id=event.grid_id,
            actor_id=event.confirmed_by,
        )
        for one in event.hours
    ]  # fmt: skip
    for award in await awards.credit_facts(session, FactKind.VOLUNTEER_HOURS, facts, now=event.at):
        await emit(
            session,
            PointsAwarded(
                at=event.at, person_id=award.person_id, told=award.told, points=award.points, state=award.state
            ),
        )


async def credit_pass(session: AsyncSession, event: ClassPassed) -> None:
    """Once for each pass; party study earns nothing."""
    if event.brand in WITHOUT_POINTS:
        return
    told = f"培训合格：{event.title}"[:TOLD]
    fact = awards.Fact(
        cause=cause_of(event.enrolment_id), person_id=event.person_id, on_day=event.on_day, quantity=1, told=told,
        grid_id=None, actor_id=event.by,
    )  # fmt: skip
    for award in await awards.credit_facts(session, FactKind.CLASS_PASSED, [fact], now=event.at):
        await emit(
            session,
            PointsAwarded(
                at=event.at, person_id=award.person_id, told=award.told, points=award.points, state=award.state
            ),
        )


async def take_pass_back(session: AsyncSession, event: PassRevoked) -> None:
    told = "培训证书撤销"
    for award in await awards.take_back(
        session, event.cause, event.person_id, told=told, now=event.at, actor_id=event.by
    ):
        await emit(session, PointsTakenBack(at=event.at, person_id=award.person_id, told=told, points=award.points))


async def take_hours_back(session: AsyncSession, event: HoursVoided) -> None:
    told = f"志愿服务时长撤销：{event.title}"[:TOLD]
    for award in await awards.take_back(
        session, event.cause, event.person_id, told=told, now=event.at, actor_id=event.voided_by
    ):
        await emit(session, PointsTakenBack(at=event.at, person_id=award.person_id, told=told, points=award.points))


async def move_points(session: AsyncSession, event: PersonMerged) -> None:
    await ledger.merge(session, event.source_id, event.target_id, now=event.at)


async def close_account(session: AsyncSession, event: AccountDeleted) -> None:
    """What is open ends, what is free is gone; the entries stay without a name, since the ledger is never rewritten."""
    await activities.leave_all(session, event.person_id, now=event.at)
    await claims.withdraw_all(session, event.person_id, now=event.at)
    await redemptions.end_all_of(session, event.person_id, because="本人注销账号", now=event.at)
    await households.leave_quietly(session, event.person_id)
    await ledger.forfeit(session, event.person_id, told="账号注销，剩余积分作废", now=event.at)
