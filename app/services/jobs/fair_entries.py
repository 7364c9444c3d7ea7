"""Who comes to a fair: the entrance's code, check-in once a person, people counted by hand, visits of its pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.core.ids import new_id
from app.core.rotating import CodeFault, RotatingCodes, ShownCode
from app.core.upsert import insert_or_ignore
from app.models.identity import AssistedAct
from app.models.jobs import Fair, FairCheckIn, FairTally, FairVisits
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor, Permission, check_permission
from app.rules.jobs.fairs import (
    CODE_SECONDS,
    CheckInCodeElsewhereError,
    CheckInCodeExpiredError,
    CheckInCodeInvalidError,
    FairNotFoundError,
    OnlineCheckInError,
    check_running,
    checks_in,
)
from app.services.identity import audit
from app.services.identity.assisted import note_act
from app.services.identity.consents import consents_of
from app.services.jobs.fairs import Announced, get_fair, hold, lock_managed, manages, seen

SUBJECT = "fair_check_in"
FAULTS = {
    CodeFault.FORGED: CheckInCodeInvalidError,
    CodeFault.ELSEWHERE: CheckInCodeElsewhereError,
    CodeFault.EXPIRED: CheckInCodeExpiredError,
}


@dataclass(frozen=True, slots=True)
class CheckedIn:
    fair_id: UUID
    at: datetime
    first: bool


def codes(crypto: Crypto) -> RotatingCodes:
    return RotatingCodes(crypto.derived_key("fair_check_in"), timedelta(seconds=CODE_SECONDS))


async def show_code(session: ReadSession, crypto: Crypto, actor: Actor, fair_id: UUID, *, now: datetime) -> ShownCode:
    """What the screen at the entrance shows for the next half minute."""
    check_permission(actor, Permission.FAIR_MANAGE)
    if not manages(actor, fair_id):
        raise FairNotFoundError
    fair = await seen(session, actor, fair_id)
    _check_door(fair)
    return codes(crypto).show(fair_id, now)


async def check_in(
    session: AsyncSession, crypto: Crypto, actor: Actor, fair_id: UUID, *, code: str, now: datetime
) -> CheckedIn:
    """By the person's own scan, or by an agent's for somebody without a phone. The second scan counts nobody again."""
    fair = await hold(session, actor, fair_id)
    check_consent(await consents_of(session, actor.person_id), ConsentPurpose.SERVICE)
    _check_door(fair)
    fault = codes(crypto).fault(code, fair_id, now)
    if fault is not None:
        raise FAULTS[fault]
    row = FairCheckIn(id=new_id(), created_at=now, fair_id=fair_id, person_id=actor.person_id)
    first = await insert_or_ignore(session, FairCheckIn, row.model_dump())
    if not first:
        came_at = await checked_in_at(session, actor, fair_id)
        return CheckedIn(fair_id, came_at or now, first=False)
    audit.by(session, actor, "fair_checked_in", "fair", fair_id, now=now)
    await note_act(
        session, crypto, actor, operation="check_in_at_fair", subject_kind=SUBJECT, subject_id=row.id,
        subject_version=1, before=None, told=f"在“{fair.title}”签到", now=now,
    )  # fmt: skip
    return CheckedIn(fair_id, now, first=True)


async def restore_check_in(
    session: AsyncSession, crypto: Crypto, act: AssistedAct, before: str | None, now: datetime
) -> bool:
    """Undo of an agent's check-in: nobody came. False where it has been made anonymous since."""
    del crypto, before, now
    done = await session.exec(
        delete(FairCheckIn).where(col(FairCheckIn.id) == act.subject_id, col(FairCheckIn.person_id) == act.person_id)
    )
    return bool(done.rowcount)


async def tally(session: AsyncSession, actor: Actor, fair_id: UUID, *, people: int, now: datetime) -> int:
    """People without a phone, counted by whoever stands at the door; returns how many so far."""
    fair = await lock_managed(session, actor, fair_id)
    _check_door(fair)
    session.add(FairTally(created_at=now, fair_id=fair_id, people=people, counted_by=actor.person_id))
    await session.flush()
    audit.by(session, actor, "fair_tallied", "fair", fair_id, now=now, people=str(people))
    counted = await session.exec(select(func.sum(col(FairTally.people))).where(FairTally.fair_id == fair_id))
    return int(counted.one() or 0)


async def count_visit(session: AsyncSession, actor: Actor | None, fair_id: UUID, *, now: datetime) -> None:
    """A page of the fair was opened: counted by the hour, nobody is told apart."""
    await seen(session, actor, fair_id)
    hour = now.replace(minute=0, second=0, microsecond=0)
    await insert_or_ignore(session, FairVisits, {"fair_id": fair_id, "hour": hour, "visits": 0})
    await session.exec(
        update(FairVisits)
        .where(col(FairVisits.fair_id) == fair_id, col(FairVisits.hour) == hour)
        .values(visits=col(FairVisits.visits) + 1)
    )


async def look(session: ReadSession, actor: Actor | None, fair_id: UUID) -> tuple[Announced, datetime | None]:
    """The fair, and when the caller checked in."""
    return await get_fair(session, actor, fair_id), await checked_in_at(session, actor, fair_id)


async def checked_in_at(session: AsyncSession, actor: Actor | None, fair_id: UUID) -> datetime | None:
    if actor is None:
        return None
    found = await session.exec(
        select(col(FairCheckIn.created_at)).where(
            FairCheckIn.fair_id == fair_id, FairCheckIn.person_id == actor.person_id
        )
    )
    return found.one_or_none()


async def forget_person(session: AsyncSession, person_id: UUID) -> None:
    """The account ends: who it was goes, that somebody came stays counted."""
    await session.exec(update(FairCheckIn).where(col(FairCheckIn.person_id) == person_id).values(person_id=None))


async def forget_old(session: AsyncSession, *, before: datetime, dry_run: bool) -> int:
    """Long after the fair nobody needs to know who came."""
    ended = select(col(Fair.id)).where(col(Fair.ends_at) < before)
    due = (col(FairCheckIn.fair_id).in_(ended), col(FairCheckIn.person_id).is_not(None))
    if dry_run:
        return (await session.exec(select(func.count()).select_from(FairCheckIn).where(*due))).one()
    return int((await session.exec(update(FairCheckIn).where(*due).values(person_id=None))).rowcount)


def _check_door(fair: Fair) -> None:
    if not checks_in(fair.kind):
        raise OnlineCheckInError
    check_running(fair.state)
