"""Being found by firms: a switch of its own, off until the person has read what it means."""

from datetime import datetime
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.models.jobs import SeekerProfile
from app.rules.identity.ages import check_may_work
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor
from app.rules.jobs.applications import SeekerProfileMissingError
from app.rules.jobs.invitations import BirthDateNeededError, check_findable_text
from app.services.identity import audit
from app.services.identity.consents import consents_of
from app.services.identity.onbehalf import take_own_word
from app.services.identity.people import facts_of_one
from app.services.jobs.seekers import SUBJECT

OPERATION = "set_findable"


async def set_findable(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    *,
    findable: bool,
    text_version: str,
    own_code: str | None,
    now: datetime,
) -> SeekerProfile:
    """On: the person's own word, also through an agent, and an age that is known. Off: at once, by anybody who may."""
    if findable:
        check_findable_text(text_version)
        check_consent(await consents_of(session, actor.person_id), ConsentPurpose.SERVICE)
        born = (await facts_of_one(session, crypto, actor.person_id)).birth_date
        if born is None:
            raise BirthDateNeededError
        check_may_work(born, china_date(now))
        await take_own_word(session, crypto, actor, operation=OPERATION, code=own_code, now=now)
    row = await _locked(session, actor.person_id)
    if row is None:
        raise SeekerProfileMissingError
    if row.findable != findable:
        row.findable, row.findable_at = findable, now if findable else None
        row.findable_text = text_version if findable else None
        row.touch(now)
        audit.by(session, actor, "findable_on" if findable else "findable_off", SUBJECT, row.id, now=now)
    await session.flush()
    return row


async def hide(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """The consent to the service has been withdrawn: nobody finds the person any more."""
    row = await _locked(session, person_id)
    if row is not None and row.findable:
        row.findable, row.findable_at, row.findable_text = False, None, None
        row.touch(now)


async def _locked(session: AsyncSession, person_id: UUID) -> SeekerProfile | None:
    statement = select(SeekerProfile).where(SeekerProfile.person_id == person_id).with_for_update()
    return (await session.exec(statement.execution_options(populate_existing=True))).one_or_none()
