"""`GET /me`: one answer with everything the first page needs about the caller."""

from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.rules.identity import POLICY_VERSIONS, Actor, mask_phone
from app.schemas.identity import AppointmentHeld, MeRead, MissingConsent, PersonRead
from app.services.common.notices import count_unread
from app.services.common.tasks import count_open
from app.services.identity.people import PersonFacts, facts_of_one, lacking_consents
from app.services.jobs.seekers import find_profile
from app.services.organisation.roster import record_of


async def read_me(session: ReadSession, crypto: Crypto, actor: Actor) -> MeRead:
    facts = await facts_of_one(session, crypto, actor.person_id)
    record = await record_of(session, actor.person_id)
    return MeRead(
        person=person_read(facts),
        app=actor.app,
        roles=[
            AppointmentHeld(
                role=grant.role, role_label=grant.role.label, scope_kind=grant.scope_kind, scope_id=grant.scope_id
            )
            for grant in actor.grants
        ],
        roster_name=record.name if record else None,
        has_seeker_profile=await find_profile(session, actor.person_id) is not None,
        missing_consents=[
            MissingConsent(purpose=purpose, label=purpose.label, policy_version=POLICY_VERSIONS[purpose])
            for purpose in await lacking_consents(session, actor.person_id)
        ],
        unread_notices=await count_unread(session, actor.person_id),
        open_tasks=await count_open(session, actor),
    )


def person_read(facts: PersonFacts) -> PersonRead:
    return PersonRead(
        id=facts.person_id,
        version=facts.version,
        name=facts.name,
        phone_masked=None if facts.phone is None else mask_phone(facts.phone),
        birth_date=facts.birth_date,
    )
