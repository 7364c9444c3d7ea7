"""Consents: given per purpose and version, withdrawn as easily, with what a withdrawal takes along."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, lock
from app.core.errors import UnauthorisedError
from app.core.events import emit
from app.models.identity import Consent, Person
from app.rules.identity.ages import GUARDIAN_AGE, AgeBand, GuardianNeededError, compute_band
from app.rules.identity.consents import (
    POLICY_VERSIONS,
    ConsentMethod,
    ConsentPurpose,
    PolicyVersionError,
    missing_consents,
)
from app.rules.identity.onbehalf import RepresentationKind
from app.rules.identity.roles import Actor
from app.services.events import ConsentGiven, ConsentWithdrawn
from app.services.identity import audit
from app.services.identity.assisted import note_act
from app.services.identity.onbehalf import representation_of, take_own_word


async def give_consent(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    purpose: ConsentPurpose,
    *,
    policy_version: str,
    own_code: str | None,
    now: datetime,
) -> None:
    """Agree to one purpose in the present version of its text; agreeing twice changes nothing.

    For another: the person's own code, or the guardian's word for a child under 14.
    """
    if policy_version != POLICY_VERSIONS[purpose]:
        raise PolicyVersionError(current=POLICY_VERSIONS[purpose])
    # Two taps at once: the person's row is the lock.
    person = await lock(session, Person, actor.person_id, UnauthorisedError)
    method = await _method(session, crypto, actor, person, own_code=own_code, now=now)
    if (purpose.value, policy_version) in await consents_of(session, actor.person_id):
        return
    session.add(
        Consent(
            created_at=now, person_id=actor.person_id, purpose=purpose, policy_version=policy_version, app=actor.app,
            method=method, representation_id=actor.representation_id,
        )
    )  # fmt: skip
    audit.by(session, actor, "consent_given", "consent", purpose.value, now=now, method=method.value)
    await session.flush()
    await emit(session, ConsentGiven(at=now, person_id=actor.person_id, purpose=purpose))


async def record_consents(
    session: AsyncSession,
    actor: Actor,
    person_id: UUID,
    purposes: Sequence[ConsentPurpose],
    *,
    method: ConsentMethod,
    representation_id: UUID,
    now: datetime,
) -> None:
    """What a person said to staff before them, as it is on record; the representation holds note and evidence.

    What the person has agreed to already stays theirs. The caller has locked the person's row or made it.
    """
    given = await consents_of(session, person_id)
    for purpose in purposes:
        if (purpose.value, POLICY_VERSIONS[purpose]) in given:
            continue
        session.add(
            Consent(
                created_at=now, person_id=person_id, purpose=purpose, policy_version=POLICY_VERSIONS[purpose],
                app=actor.app, method=method, representation_id=representation_id,
            )
        )  # fmt: skip
        audit.by(
            session, actor, "consent_recorded", "consent", purpose.value, now=now, method=method.value,
            person=str(person_id),
        )  # fmt: skip
        await session.flush()
        await emit(session, ConsentGiven(at=now, person_id=person_id, purpose=purpose))


async def withdraw_consent(
    session: AsyncSession, crypto: Crypto, actor: Actor, purpose: ConsentPurpose, *, now: datetime
) -> None:
    """As easy as giving (个人信息保护法 第十五条). What only this purpose needed is erased with it."""
    done = await session.exec(
        update(Consent)
        .where(
            col(Consent.person_id) == actor.person_id,
            col(Consent.purpose) == purpose,
            col(Consent.withdrawn_at).is_(None),
        )
        .values(withdrawn_at=now)
    )
    audit.by(session, actor, "consent_withdrawn", "consent", purpose.value, now=now)
    if done.rowcount:
        await note_act(
            session, crypto, actor, operation="withdraw_consent", subject_kind="consent", subject_id=actor.person_id,
            subject_version=1, before=None, told=f"撤回同意“{purpose.label}”", now=now, undoable=False,
        )  # fmt: skip
        await emit(session, ConsentWithdrawn(at=now, person_id=actor.person_id, purpose=purpose))


async def consents_of(session: AsyncSession, person_id: UUID) -> set[tuple[str, str]]:
    """`(purpose, policy version)` agreed to and not withdrawn."""
    rows = await session.exec(
        select(col(Consent.purpose), col(Consent.policy_version)).where(
            Consent.person_id == person_id, col(Consent.withdrawn_at).is_(None)
        )
    )
    return {(purpose.value, version) for purpose, version in rows}


async def history(session: ReadSession, person_id: UUID) -> Sequence[Consent]:
    """Every consent ever given, newest first, with how and until when."""
    rows = await session.exec(
        select(Consent)
        .where(Consent.person_id == person_id)
        .order_by(col(Consent.created_at).desc(), col(Consent.id).desc())
        .limit(500)
    )
    return rows.all()


async def lacking_consents(session: AsyncSession, person_id: UUID) -> list[ConsentPurpose]:
    return missing_consents(await consents_of(session, person_id))


async def _method(
    session: AsyncSession, crypto: Crypto, actor: Actor, person: Person, *, own_code: str | None, now: datetime
) -> ConsentMethod:
    born = crypto.open_if("person", "birth_date", person.id, person.birth_date_sealed)
    child = compute_band(None if born is None else date.fromisoformat(born), china_date(now)) is AgeBand.CHILD
    if actor.representation_id is None:
        if child:
            raise GuardianNeededError(age=GUARDIAN_AGE)
        return ConsentMethod.SELF
    representation = await representation_of(session, actor.representation_id)
    if representation.kind is RepresentationKind.GUARDIAN and child:
        return ConsentMethod.GUARDIAN
    if child:
        raise GuardianNeededError(age=GUARDIAN_AGE)
    await take_own_word(session, crypto, actor, operation="give_consent", code=own_code, now=now)
    return ConsentMethod.OWN_CODE


async def consenting(session: AsyncSession | ReadSession, people: Sequence[UUID], purpose: ConsentPurpose) -> set[UUID]:
    """Who of them has agreed to this purpose and not taken it back."""
    rows = await session.exec(
        select(col(Consent.person_id)).where(
            col(Consent.person_id).in_(people), Consent.purpose == purpose, col(Consent.withdrawn_at).is_(None)
        )
    )
    return set(rows.all())


async def all_consenting(session: AsyncSession | ReadSession, purpose: ConsentPurpose) -> set[UUID]:
    rows = await session.exec(
        select(col(Consent.person_id)).where(Consent.purpose == purpose, col(Consent.withdrawn_at).is_(None))
    )
    return set(rows.all())
