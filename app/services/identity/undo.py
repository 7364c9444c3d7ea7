"""The person's own word against what an agent did: the row as it was before, or gone where the act made it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import lock
from app.models.identity import AssistedAct
from app.rules.identity.onbehalf import UNDO_WITHIN, AlreadyUndoneError, AssistedActNotFoundError, NotUndoableError
from app.rules.identity.roles import Actor
from app.services.gigs import papers, profiles, rosters
from app.services.identity import audit, people
from app.services.jobs import applications, fair_entries, interviews, invitations, seekers

# `(session, crypto, act, content before, now)` → False where the row has been changed since.
Restore = Callable[[AsyncSession, Crypto, AssistedAct, str | None, datetime], Awaitable[bool]]


async def _never(session: AsyncSession, crypto: Crypto, act: AssistedAct, before: str | None, now: datetime) -> bool:
    del session, crypto, act, before, now
    return False


RESTORERS: dict[str, Restore] = {
    "person": people.restore_profile,
    seekers.SUBJECT: seekers.restore_profile,
    applications.SUBJECT: applications.restore_application,
    # A refusal that the firm has read and a time that both have agreed are changed with it, not undone behind its back.
    invitations.SUBJECT: _never,
    interviews.SUBJECT: _never,
    fair_entries.SUBJECT: fair_entries.restore_check_in,
    profiles.SUBJECT: profiles.restore_profile,
    rosters.SUBJECT: rosters.restore_membership,
    # Other papers take their place.
    papers.PAPERS: _never,
}
# What was taken back is given anew, not restored.
FINAL = frozenset({"withdraw_application", "withdraw_consent", "leave_roster"})


async def undo(session: AsyncSession, crypto: Crypto, actor: Actor, act_id: UUID, *, now: datetime) -> AssistedAct:
    """Within 15 days, once, and only while nothing has been built on it."""
    mine = select(col(AssistedAct.id)).where(AssistedAct.id == act_id, AssistedAct.person_id == actor.person_id)
    if (await session.exec(mine)).one_or_none() is None:
        raise AssistedActNotFoundError
    act = await lock(session, AssistedAct, act_id, AssistedActNotFoundError)
    if act.undone_at is not None:
        raise AlreadyUndoneError
    if now - act.created_at > UNDO_WITHIN:
        raise NotUndoableError(why=f"已超过{UNDO_WITHIN.days}天")
    if act.operation in FINAL:
        raise NotUndoableError(why="撤回的不能恢复，请重新办理")
    before = crypto.open_if("assisted_act", "before", act.id, act.before_sealed)
    if not await RESTORERS[act.subject_kind](session, crypto, act, before, now):
        raise NotUndoableError(why="此后内容又有变动，请直接修改")
    act.undone_at, act.undone_by = now, actor.person_id
    audit.by(session, actor, "assisted_act_undone", act.subject_kind, act.subject_id, now=now)
    return act
