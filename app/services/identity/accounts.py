"""Accounts as a whole: disabled and enabled by staff, with effect on the next call in every process."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import check_version, lock
from app.models.identity import Person
from app.rules.identity.people import PersonInvisibleError, PersonState, check_person_transition
from app.rules.identity.roles import Actor, LastAdminError, Permission, SelfReviewError, check_town_wide
from app.rules.identity.sessions import SessionEnd
from app.services.identity import audit
from app.services.identity.sessions import end_sessions
from app.services.identity.staff import is_last_admin


async def set_state(
    session: AsyncSession,
    actor: Actor,
    person_id: UUID,
    target: PersonState,
    *,
    reason: str | None,
    expected_version: int,
    now: datetime,
) -> Person:
    check_town_wide(actor, Permission.PERSON_MANAGE)
    if person_id == actor.person_id:
        raise SelfReviewError
    if target is PersonState.DISABLED and await is_last_admin(session, person_id, now=now):
        raise LastAdminError
    row = await lock(session, Person, person_id, PersonInvisibleError)
    check_version(row.version, expected_version)
    check_person_transition(row.state, target)
    row.state, row.state_reason = target, reason
    row.touch(now)
    if target is PersonState.DISABLED:
        await end_sessions(session, person_id, SessionEnd.DISABLED, now=now)
    audit.by(session, actor, f"account_{target.value}", "person", person_id, now=now)
    return row
