"""Volunteer activities: announced, joined, cancelled; hours confirmed by another, voided where they were wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.errors import AppError, ForbiddenError
from app.core.events import emit
from app.core.pages import Cursors, after
from app.models.points import Activity, ActivityPerson
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor, Permission, ScopeKind, check_permission
from app.rules.points import activities as rules
from app.rules.points.activities import ActivityState, ParticipationState
from app.schemas.points.activities import ActivityForm, HoursForm
from app.services.identity import audit
from app.services.identity.consents import consents_of
from app.services.identity.people import facts_of
from app.services.organisation.facts import grid_exists, grids_of_areas
from app.services.points.events import (
    ActivityCancelled,
    HoursConfirmed,
    HoursVoided,
    VolunteerHours,
)

SUBJECT, PERSON = "activity", "activity_person"
MANAGE = Permission.ACTIVITY_MANAGE
# People of an activity on one page: as many as it may have.
PEOPLE_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Seen:
    """An activity, and how the caller takes part in it."""

    activity: Activity
    mine: ActivityPerson | None
    # Why their hours were voided.
    void_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Participant:
    row: ActivityPerson
    name: str | None


def managed_by(actor: Actor) -> ColumnElement[bool]:
    """The town's, an area's, or a grid's."""
    if actor.town_wide(MANAGE):
        return true()
    grids, areas = (sorted(actor.scopes(MANAGE, kind)) for kind in (ScopeKind.GRID, ScopeKind.AREA))
    return or_(col(Activity.grid_id).in_(grids), col(Activity.grid_id).in_(grids_of_areas(areas)))


async def announce(session: AsyncSession, actor: Actor, form: ActivityForm, *, now: datetime) -> Seen:
    check_permission(actor, MANAGE)
    rules.check_period(form.starts_at, form.ends_at, now)
    if form.grid_id is not None and not await grid_exists(session, form.grid_id):
        raise rules.GridUnknownError
    activity = Activity(created_at=now, updated_at=now, organised_by=actor.person_id, **form.model_dump())
    session.add(activity)
    await session.flush()
    await _check_manages(session, actor, activity.id, ForbiddenError)
    audit.by(session, actor, "activity_announced", SUBJECT, activity.id, now=now)
    return Seen(activity, None)


async def cancel(
    session: AsyncSession, actor: Actor, activity_id: UUID, *, reason: str, expected_version: int, now: datetime
) -> Seen:
    """Not once hours were confirmed: those stand, or are voided one by one."""
    activity = await _lock_managed(session, actor, activity_id)
    check_version(activity.version, expected_version)
    rules.check_move(activity.state, ActivityState.CANCELLED)
    rows = (await session.exec(select(ActivityPerson).where(ActivityPerson.activity_id == activity_id))).all()
    confirmed = sum(row.state is ParticipationState.CONFIRMED for row in rows)
    if confirmed:
        raise rules.ActivityConfirmedError(count=confirmed)
    activity.state, activity.cancelled_because = ActivityState.CANCELLED, reason
    activity.touch(now)
    audit.by(session, actor, "activity_cancelled", SUBJECT, activity_id, now=now)
    people = tuple(sorted(row.person_id for row in rows if row.state is ParticipationState.JOINED))
    await emit(
        session, ActivityCancelled(at=now, activity_id=activity_id, title=activity.title, reason=reason, people=people)
    )
    return Seen(activity, None)


async def join(session: AsyncSession, actor: Actor, activity_id: UUID, *, now: datetime) -> Seen:
    """Twice is once. Leaving and coming back is the same row."""
    check_consent(await consents_of(session, actor.person_id), ConsentPurpose.SERVICE)
    activity = await lock(session, Activity, activity_id, rules.ActivityNotFoundError)
    _check_open(activity, now)
    mine = await _mine(session, activity_id, actor.person_id)
    if mine is not None and mine.state is ParticipationState.JOINED:
        return Seen(activity, mine)
    if mine is None:
        mine = ActivityPerson(created_at=now, updated_at=now, activity_id=activity_id, person_id=actor.person_id)
        session.add(mine)
    else:
        rules.check_participation(mine.state, ParticipationState.JOINED)
        mine.state = ParticipationState.JOINED
        mine.touch(now)
    if activity.capacity is not None and activity.joined >= activity.capacity:
        raise rules.ActivityFullError(capacity=activity.capacity)
    activity.joined += 1
    await session.flush()
    return Seen(activity, mine)


async def leave(session: AsyncSession, actor: Actor, activity_id: UUID, *, now: datetime) -> Seen:
    activity = await lock(session, Activity, activity_id, rules.ActivityNotFoundError)
    _check_open(activity, now)
    mine = await _mine(session, activity_id, actor.person_id)
    if mine is None:
        raise rules.ParticipationNotFoundError
    rules.check_participation(mine.state, ParticipationState.LEFT)
    mine.state = ParticipationState.LEFT
    mine.touch(now)
    activity.joined -= 1
    await session.flush()
    return Seen(activity, mine)


async def confirm_hours(
    session: AsyncSession, actor: Actor, activity_id: UUID, form: HoursForm, *, now: datetime
) -> list[Participant]:
    """By somebody else than the volunteer, after the end. All of the form or nothing of it."""
    activity = await _lock_managed(session, actor, activity_id)
    if activity.state is not ActivityState.OPEN:
        raise rules.ActivityStateError(current=activity.state.label, target=ActivityState.OPEN.label)
    minutes = {one.person_id: one.minutes for one in form.hours}
    if actor.person_id in minutes:
        raise rules.OwnHoursError
    rows = await _people_of(session, activity_id, sorted(minutes))
    if len(rows) != len(minutes):
        raise rules.ParticipationNotFoundError
    for row in rows:
        rules.check_hours(minutes[row.person_id], activity.starts_at, activity.ends_at, now)
        if row.state is ParticipationState.CONFIRMED:
            raise rules.HoursConfirmedError(minutes=row.minutes)
        rules.check_participation(row.state, ParticipationState.CONFIRMED)
        row.state, row.minutes, row.void_reason_sealed = ParticipationState.CONFIRMED, minutes[row.person_id], None
        row.confirmed_by, row.confirmed_at, row.turn = actor.person_id, now, row.turn + 1
        row.touch(now)
    await session.flush()
    audit.by(session, actor, "activity_hours_confirmed", SUBJECT, activity_id, now=now, people=str(len(rows)))
    hours = tuple(
        VolunteerHours(at=now, cause=_cause(row), person_id=row.person_id, minutes=minutes[row.person_id])
        for row in rows
    )
    await emit(
        session,
        HoursConfirmed(
            at=now, activity_id=activity_id, title=activity.title, on_day=china_date(activity.starts_at),
            grid_id=activity.grid_id, confirmed_by=actor.person_id, hours=hours,
        ),
    )  # fmt: skip
    # After the credits, which hold the people's accounts: of two confirmations at once the later one sees the earlier.
    await _check_no_overlap(session, activity, sorted(minutes))
    return await _named(session, rows)


async def void_hours(
    session: AsyncSession, actor: Actor, activity_id: UUID, person_id: UUID, *, reason: str, expected_version: int,
    now: datetime,
) -> list[Participant]:  # fmt: skip
    """What was wrong is taken back with what it earned; the right number is confirmed anew."""
    activity = await _lock_managed(session, actor, activity_id)
    if actor.person_id == person_id:
        raise rules.OwnHoursError
    rows = await _people_of(session, activity_id, [person_id])
    if not rows:
        raise rules.ParticipationNotFoundError
    (row,) = rows
    check_version(row.version, expected_version)
    rules.check_participation(row.state, ParticipationState.VOIDED)
    row.state, row.minutes = ParticipationState.VOIDED, None
    row.void_reason_sealed = crypto_of(session).seal(PERSON, "void_reason", row.id, reason)
    row.touch(now)
    await session.flush()
    audit.by(session, actor, "activity_hours_voided", SUBJECT, activity_id, now=now, person=str(person_id))
    await emit(
        session,
        HoursVoided(
            at=now, activity_id=activity_id, title=activity.title, cause=_cause(row), person_id=person_id,
            voided_by=actor.person_id,
        ),
    )  # fmt: skip
    return await _named(session, rows)


async def leave_all(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """Somebody who goes for good does not come to what is ahead, and nobody confirms hours for them any more."""
    rows = await session.exec(
        select(ActivityPerson, Activity)
        .join(Activity, col(Activity.id) == col(ActivityPerson.activity_id))
        .where(ActivityPerson.person_id == person_id, ActivityPerson.state == ParticipationState.JOINED)
        .order_by(col(Activity.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for mine, activity in rows.all():
        mine.state = ParticipationState.LEFT
        mine.touch(now)
        activity.joined -= 1
    await session.flush()


async def look(session: ReadSession, actor: Actor, activity_id: UUID) -> Seen:
    found = (await session.exec(select(Activity).where(Activity.id == activity_id))).one_or_none()
    if found is None:
        raise rules.ActivityNotFoundError
    mine = await _mine(session, activity_id, actor.person_id)
    return Seen(found, mine, None if mine is None else _reason(session, mine))


async def list_activities(
    session: ReadSession, cursors: Cursors, actor: Actor, *, mine: bool, grid_id: UUID | None, cursor: str | None,
    limit: int,
) -> tuple[list[Seen], str | None]:  # fmt: skip
    """The latest first. `mine`: those that the caller has put their name down for."""
    query: dict[str, Any] = {"list": "activities", "mine": actor.person_id if mine else None, "grid": grid_id}
    keys = [col(Activity.starts_at), col(Activity.id)]
    of_mine = (col(ActivityPerson.activity_id) == col(Activity.id)) & (col(ActivityPerson.person_id) == actor.person_id)
    statement = select(Activity, ActivityPerson).join(ActivityPerson, of_mine, isouter=not mine)
    if grid_id is not None:
        statement = statement.where(Activity.grid_id == grid_id)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    page, following = cursors.page(query, rows, limit, lambda row: [row[0].starts_at, row[0].id])
    return [Seen(*row, None if row[1] is None else _reason(session, row[1])) for row in page], following


async def list_people(session: ReadSession, actor: Actor, activity_id: UUID) -> list[Participant]:
    """For those who manage it; names opened for them."""
    check_permission(actor, MANAGE)
    await _check_manages(session, actor, activity_id, rules.ActivityNotFoundError)
    rows = await session.exec(
        select(ActivityPerson)
        .where(ActivityPerson.activity_id == activity_id, ActivityPerson.state != ParticipationState.LEFT)
        .order_by(col(ActivityPerson.created_at), col(ActivityPerson.id))
        .limit(PEOPLE_AT_MOST)
    )
    return await _named(session, rows.all())


def _reason(session: ReadSession, row: ActivityPerson) -> str | None:
    return crypto_of(session).open_if(PERSON, "void_reason", row.id, row.void_reason_sealed)


def _cause(row: ActivityPerson) -> str:
    return f"activity:{row.activity_id}:{row.turn}"


def _check_open(activity: Activity, now: datetime) -> None:
    if activity.state is not ActivityState.OPEN:
        raise rules.ActivityStateError(current=activity.state.label, target=ParticipationState.JOINED.label)
    rules.check_open_for_joining(activity.ends_at, now)


async def _check_manages(session: AsyncSession, actor: Actor, activity_id: UUID, missing: type[AppError]) -> None:
    found = await session.exec(select(col(Activity.id)).where(Activity.id == activity_id, managed_by(actor)))
    if found.one_or_none() is None:
        raise missing


async def _lock_managed(session: AsyncSession, actor: Actor, activity_id: UUID) -> Activity:
    check_permission(actor, MANAGE)
    await _check_manages(session, actor, activity_id, rules.ActivityNotFoundError)
    return await lock(session, Activity, activity_id, rules.ActivityNotFoundError)


async def _mine(session: AsyncSession | ReadSession, activity_id: UUID, person_id: UUID) -> ActivityPerson | None:
    found = await session.exec(
        select(ActivityPerson).where(ActivityPerson.activity_id == activity_id, ActivityPerson.person_id == person_id)
    )
    return found.one_or_none()


async def _people_of(session: AsyncSession, activity_id: UUID, people: Sequence[UUID]) -> Sequence[ActivityPerson]:
    rows = await session.exec(
        select(ActivityPerson)
        .where(ActivityPerson.activity_id == activity_id, col(ActivityPerson.person_id).in_(people))
        .order_by(col(ActivityPerson.person_id))
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def _check_no_overlap(session: AsyncSession, activity: Activity, people: Sequence[UUID]) -> None:
    """Nobody is in two places at once."""
    found = await session.exec(
        select(col(Activity.title))
        .join(ActivityPerson, col(ActivityPerson.activity_id) == col(Activity.id))
        .where(
            col(ActivityPerson.person_id).in_(people),
            ActivityPerson.state == ParticipationState.CONFIRMED,
            Activity.id != activity.id,
            col(Activity.starts_at) < activity.ends_at,
            col(Activity.ends_at) > activity.starts_at,
        )
        .limit(1)
    )
    title = found.one_or_none()
    if title is not None:
        raise rules.OverlappingHoursError(title=title)


async def _named(session: AsyncSession | ReadSession, rows: Sequence[ActivityPerson]) -> list[Participant]:
    facts = await facts_of(session, crypto_of(session), [row.person_id for row in rows])
    return [Participant(row, facts[row.person_id].name if row.person_id in facts else None) for row in rows]
