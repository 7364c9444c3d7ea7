"""A household's purse: made, joined with a code, filled by its members, left. What was given into it stays in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.db import ReadSession, lock
from app.core.ids import new_id
from app.core.security import normal_code, one_time_code
from app.core.upsert import insert_or_ignore
from app.models.points import HouseholdMember, PointsHousehold
from app.rules.identity.masks import mask_name
from app.rules.identity.roles import Actor
from app.rules.points import households as rules
from app.services.identity import audit
from app.services.identity.people import facts_of
from app.services.points import ledger, own

SUBJECT = "points_household"
CODE_PURPOSE = "household_code"
CODE_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Household:
    row: PointsHousehold
    points: own.Points
    # Masked names, in the order in which they joined.
    members: Sequence[str]


async def found(session: AsyncSession, actor: Actor, name: str, *, now: datetime) -> Household:
    row = PointsHousehold(created_at=now, updated_at=now, name=name)
    session.add(row)
    await session.flush()
    await _join(session, actor.person_id, row.id, now)
    audit.by(session, actor, "household_founded", SUBJECT, row.id, now=now)
    return await _opened(session, row, now)


async def issue_code(session: AsyncSession, actor: Actor, *, now: datetime) -> tuple[str, datetime]:
    """For the others of the household; a new one ends the one before."""
    row = await _lock_mine(session, actor)
    code = one_time_code(CODE_LENGTH)
    row.code_hash = crypto_of(session).keyed_hash(CODE_PURPOSE, code)
    row.code_until = now + rules.CODE_LIVES
    row.touch(now)
    audit.by(session, actor, "household_code_issued", SUBJECT, row.id, now=now)
    await session.flush()
    return code, row.code_until


async def join(session: AsyncSession, actor: Actor, code: str, *, now: datetime) -> Household:
    wanted = crypto_of(session).keyed_hash(CODE_PURPOSE, normal_code(code))
    showing = await session.exec(select(PointsHousehold).where(PointsHousehold.code_hash == wanted).with_for_update())
    row = showing.one_or_none()
    if row is None or row.code_until is None or row.code_until <= now:
        raise rules.HouseholdCodeError
    counted = await session.exec(
        select(func.count()).select_from(HouseholdMember).where(HouseholdMember.household_id == row.id)
    )
    if counted.one() >= rules.MOST_MEMBERS:
        raise rules.HouseholdFullError(most=rules.MOST_MEMBERS)
    await _join(session, actor.person_id, row.id, now)
    audit.by(session, actor, "household_joined", SUBJECT, row.id, now=now)
    return await _opened(session, row, now)


async def leave(session: AsyncSession, actor: Actor, *, now: datetime) -> None:
    """What was given stays with the others; nobody takes out more than they redeem."""
    row = await _lock_mine(session, actor)
    await leave_quietly(session, actor.person_id)
    audit.by(session, actor, "household_left", SUBJECT, row.id, now=now)


async def leave_quietly(session: AsyncSession, person_id: UUID) -> None:
    await session.exec(delete(HouseholdMember).where(col(HouseholdMember.person_id) == person_id))


async def give(session: AsyncSession, actor: Actor, points: int, *, now: datetime) -> Household:
    """From one's own account into the purse; the points keep their day of expiry."""
    row = await _mine(session, actor.person_id)
    await ledger.pool(
        session, actor.person_id, row.id, points, told=f"转入家庭账户“{row.name}”", cause=f"pool:{new_id()}", now=now
    )
    return await _opened(session, row, now)


async def look(session: ReadSession, actor: Actor, *, now: datetime) -> Household:
    return await _opened(session, await _mine(session, actor.person_id), now)


async def _mine(session: AsyncSession | ReadSession, person_id: UUID) -> PointsHousehold:
    mine = await session.exec(
        select(PointsHousehold)
        .join(HouseholdMember, col(HouseholdMember.household_id) == col(PointsHousehold.id))
        .where(HouseholdMember.person_id == person_id)
    )
    row = mine.one_or_none()
    if row is None:
        raise rules.NoHouseholdError
    return row


async def _lock_mine(session: AsyncSession, actor: Actor) -> PointsHousehold:
    row = await _mine(session, actor.person_id)
    return await lock(session, PointsHousehold, row.id, rules.NoHouseholdError)


async def _join(session: AsyncSession, person_id: UUID, household_id: UUID, now: datetime) -> None:
    values = {"person_id": person_id, "household_id": household_id, "joined_at": now}
    if not await insert_or_ignore(session, HouseholdMember, values):
        raise rules.HouseholdTakenError


async def _opened(session: AsyncSession | ReadSession, row: PointsHousehold, now: datetime) -> Household:
    members = await session.exec(
        select(col(HouseholdMember.person_id))
        .where(HouseholdMember.household_id == row.id)
        .order_by(col(HouseholdMember.joined_at), col(HouseholdMember.person_id))
    )
    people = members.all()
    facts = await facts_of(session, crypto_of(session), people)
    names = [facts[one].name if one in facts else None for one in people]
    purse = await own.points_of_household(session, row.id, now=now)
    return Household(row, purse, [mask_name(name) if name else "未填姓名" for name in names])


async def share_one(session: AsyncSession, person_id: UUID, others: Sequence[UUID]) -> bool:
    """The person and one of the others are members of one household."""
    mine = select(col(HouseholdMember.household_id)).where(HouseholdMember.person_id == person_id)
    rows = await session.exec(
        select(col(HouseholdMember.person_id))
        .where(col(HouseholdMember.person_id).in_(others), col(HouseholdMember.household_id).in_(mine))
        .limit(1)
    )
    return rows.one_or_none() is not None
