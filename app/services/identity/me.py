"""`GET /me`: one answer with everything the first page needs about the caller."""

from datetime import datetime

from sqlmodel import col, select

from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.models.identity import ConsoleAccount
from app.rules.identity.consents import POLICY_VERSIONS
from app.rules.identity.roles import Actor
from app.schemas.identity.me import AppointmentHeld, MeRead, MissingConsent
from app.services.common.notices import count_unread
from app.services.common.tasks import count_open
from app.services.identity.consents import lacking_consents
from app.services.identity.people import facts_of_one, wants_night_messages
from app.services.identity.views import person_read
from app.services.jobs.seekers import find_profile
from app.services.organisation.roster import record_of


async def read_me(session: ReadSession, crypto: Crypto, actor: Actor, *, now: datetime) -> MeRead:
    facts = await facts_of_one(session, crypto, actor.person_id)
    record = await record_of(session, actor.person_id)
    account = await session.exec(
        select(col(ConsoleAccount.id)).where(
            ConsoleAccount.person_id == actor.person_id, col(ConsoleAccount.confirmed_at).is_not(None)
        )
    )
    return MeRead(
        person=person_read(facts, now),
        app=actor.app,
        roles=[
            AppointmentHeld(
                role=grant.role, role_label=grant.role.label, scope_kind=grant.scope_kind, scope_id=grant.scope_id
            )
            for grant in actor.grants
        ],
        roster_name=record.name if record else None,
        has_seeker_profile=await find_profile(session, actor.person_id) is not None,
        has_console_account=account.one_or_none() is not None,
        night_messages=await wants_night_messages(session, actor.person_id),
        missing_consents=[
            MissingConsent(purpose=purpose, label=purpose.label, policy_version=POLICY_VERSIONS[purpose])
            for purpose in await lacking_consents(session, actor.person_id)
        ],
        unread_notices=await count_unread(session, actor.person_id),
        open_tasks=await count_open(session, actor),
    )
