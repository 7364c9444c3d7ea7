"""From rows to answers: people, sessions, consents, representations; masked unless the caller is the person."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.models.identity import AssistedAct, Consent, LoginSession, Person, Representation
from app.rules.identity.consents import POLICY_VERSIONS, SENSITIVE, ConsentPurpose
from app.rules.identity.masks import mask_id_number, mask_name, mask_phone
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor
from app.schemas.identity.me import AccessRead, ConsentRead, ConsentsRead, ConsentState, PersonRead
from app.schemas.identity.onbehalf import AssistedActRead, RepresentationRead
from app.schemas.identity.people import AccountStateRead, MergePairRead, PersonMasked
from app.schemas.identity.sessions import ConsoleSignInRead, SessionRead
from app.services.identity.assisted import name_of_agent
from app.services.identity.console import SignedIn
from app.services.identity.merges import MergePair
from app.services.identity.people import PersonFacts
from app.services.identity.reveal import Access


def person_read(facts: PersonFacts, now: datetime) -> PersonRead:
    return PersonRead(
        id=facts.person_id,
        version=facts.version,
        name=facts.name,
        name_held=facts.name_held,
        phone_masked=facts.phone and mask_phone(facts.phone),
        birth_date=facts.birth_date,
        age_band=facts.band(china_date(now)),
        id_number_masked=facts.id_number and mask_id_number(facts.id_number),
    )


def person_masked(facts: PersonFacts) -> PersonMasked:
    return PersonMasked(
        id=facts.person_id,
        version=facts.version,
        name_masked=facts.name and mask_name(facts.name),
        phone_masked=facts.phone and mask_phone(facts.phone),
        birth_year=facts.birth_date.year if facts.birth_date else None,
        id_number_masked=facts.id_number and mask_id_number(facts.id_number),
    )


def session_read(row: LoginSession, actor: Actor) -> SessionRead:
    return SessionRead(
        id=row.id, app=row.app, app_label=row.app.label, opened_at=row.created_at, expires_at=row.expires_at,
        current=row.id == actor.session_id,
    )  # fmt: skip


def sign_in_read(signed_in: SignedIn) -> ConsoleSignInRead:
    opened = signed_in.session
    return ConsoleSignInRead(
        access_token=opened.access_token, expires_in=opened.expires_in, refresh_token=opened.refresh_token,
        refresh_expires_in=opened.refresh_expires_in, device_token=signed_in.device_token,
    )  # fmt: skip


def consents_read(history: Sequence[Consent]) -> ConsentsRead:
    given = {(row.purpose, row.policy_version) for row in history if row.withdrawn_at is None}
    return ConsentsRead(
        purposes=[
            ConsentState(
                purpose=purpose, label=purpose.label, sensitive=purpose in SENSITIVE,
                policy_version=POLICY_VERSIONS[purpose], given=(purpose, POLICY_VERSIONS[purpose]) in given,
            )
            for purpose in ConsentPurpose
        ],
        history=[
            ConsentRead(
                purpose=row.purpose, label=row.purpose.label, policy_version=row.policy_version, app=row.app,
                method=row.method, given_at=row.created_at, withdrawn_at=row.withdrawn_at,
            )
            for row in history
        ],
    )  # fmt: skip


def representation_read(row: Representation, actor: Actor) -> RepresentationRead:
    return RepresentationRead(
        id=row.id, version=row.version, kind=row.kind, kind_label=row.kind.label, state=row.state,
        person_id=row.person_id, agent_id=row.agent_id, mine=row.person_id == actor.person_id,
        scopes=[AgentScope.of(scope) for scope in row.scopes], method=row.method, text_version=row.text_version,
        valid_from=row.valid_from, valid_to=row.valid_to,
    )  # fmt: skip


def act_read(row: AssistedAct) -> AssistedActRead:
    return AssistedActRead(
        id=row.id, operation=row.operation, agent_id=row.agent_id, at=row.created_at, undone_at=row.undone_at
    )


def account_read(row: Person) -> AccountStateRead:
    return AccountStateRead(id=row.id, version=row.version, state=row.state.value, state_label=row.state.label)


def merge_pair_read(pair: MergePair) -> MergePairRead:
    return MergePairRead(
        task_id=pair.task.id, title=pair.task.title, first=person_masked(pair.first),
        second=None if pair.second is None else person_masked(pair.second),
    )  # fmt: skip


async def accesses_read(session: ReadSession, crypto: Crypto, found: Sequence[Access]) -> list[AccessRead]:
    names: dict[UUID, str] = {}
    for access in found:
        if access.actor_id is not None and access.actor_id not in names:
            names[access.actor_id] = await name_of_agent(session, crypto, access.actor_id)
    return [
        AccessRead(
            at=access.at, by=names.get(access.actor_id, "系统") if access.actor_id else "系统", act=access.act,
            fields=access.fields.split(",") if access.fields else [], reason=access.reason,
            reason_label=access.reason.label if access.reason else None,
        )
        for access in found
    ]  # fmt: skip
