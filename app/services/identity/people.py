"""A person's own data: name, birth date, phone, consents, and `GET /me`."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import check_version, lock
from app.core.errors import UnauthorisedError
from app.models.identity import Consent, Person, WechatIdentity
from app.rules.identity import (
    POLICY_VERSIONS,
    Actor,
    BirthDateError,
    ConsentPurpose,
    PhoneCodeInvalidError,
    PolicyVersionError,
    WechatApp,
    WechatAwayError,
    compute_age,
    missing_consents,
)
from app.services.identity import audit
from app.services.runtime import Runtime
from app.wechat.errors import WechatError, WechatRejected

# Nobody older than this has ever lived; a typing error has.
OLDEST = 120


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What is known of a person, opened. Only for services that are about to use it."""

    person_id: UUID
    version: int
    name: str | None
    phone: str | None
    birth_date: date | None


async def facts_of(session: AsyncSession, crypto: Crypto, person_ids: list[UUID]) -> dict[UUID, PersonFacts]:
    rows = (await session.exec(select(Person).where(col(Person.id).in_(person_ids)))).all()
    return {row.id: _open(crypto, row) for row in rows}


async def facts_of_one(session: AsyncSession, crypto: Crypto, person_id: UUID) -> PersonFacts:
    found = await facts_of(session, crypto, [person_id])
    if person_id not in found:
        raise UnauthorisedError
    return found[person_id]


async def openid_of(session: AsyncSession, person_id: UUID, app: WechatApp) -> str | None:
    """The openid of the same mini-program: WeChat refuses another's (43104)."""
    found = await session.exec(
        select(col(WechatIdentity.openid)).where(WechatIdentity.person_id == person_id, WechatIdentity.app == app)
    )
    return found.one_or_none()


async def save_profile(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    *,
    name: str,
    birth_date: date,
    expected_version: int,
    now: datetime,
) -> PersonFacts:
    today = china_date(now)
    if birth_date > today or compute_age(birth_date, today) > OLDEST:
        raise BirthDateError(earliest=f"{today.year - OLDEST}年", latest="今天")
    person = await lock(session, Person, actor.person_id, UnauthorisedError)
    check_version(person.version, expected_version)
    person.name_sealed = crypto.seal("person", "name", person.id, name)
    person.birth_date_sealed = crypto.seal("person", "birth_date", person.id, birth_date.isoformat())
    person.touch(now)
    audit.record(
        session, "profile_saved", actor_id=actor.person_id, subject_kind="person", subject_id=person.id, now=now
    )
    await session.flush()
    return _open(crypto, person)


async def save_phone(runtime: Runtime, actor: Actor, *, code: str) -> PersonFacts:
    """The number behind a getPhoneNumber code, which belongs to the mini-program the person is in."""
    try:
        phone = await runtime.wechat.phone_number(actor.app.value, code)
    except WechatRejected as exc:
        if exc.blames_caller:
            raise PhoneCodeInvalidError from exc
        raise WechatAwayError(retry_after=60) from exc
    except WechatError as exc:
        raise WechatAwayError(retry_after=getattr(exc, "retry_after", 2)) from exc
    now = runtime.clock.now()
    async with runtime.db.unit_of_work() as session:
        person = await lock(session, Person, actor.person_id, UnauthorisedError)
        person.phone_sealed = runtime.crypto.seal("person", "phone", person.id, phone.number)
        person.phone_hash = runtime.crypto.keyed_hash("phone", phone.number)
        person.touch(now)
        audit.record(
            session, "phone_saved", actor_id=actor.person_id, subject_kind="person", subject_id=person.id, now=now
        )
        await session.flush()
        return _open(runtime.crypto, person)


async def give_consent(
    session: AsyncSession, actor: Actor, purpose: ConsentPurpose, *, policy_version: str, now: datetime
) -> None:
    """Agree to one purpose in the present version of its text; agreeing twice changes nothing."""
    if policy_version != POLICY_VERSIONS[purpose]:
        raise PolicyVersionError(current=POLICY_VERSIONS[purpose])
    # Two taps at once: the person's row is the lock.
    await lock(session, Person, actor.person_id, UnauthorisedError)
    if (purpose.value, policy_version) in await consents_of(session, actor.person_id):
        return
    session.add(
        Consent(
            created_at=now, person_id=actor.person_id, purpose=purpose, policy_version=policy_version, app=actor.app
        )
    )
    audit.record(
        session, "consent_given", actor_id=actor.person_id, subject_kind="consent", subject_id=purpose.value, now=now
    )


async def withdraw_consent(session: AsyncSession, actor: Actor, purpose: ConsentPurpose, *, now: datetime) -> None:
    """As easy as giving (个人信息保护法 第十五条)."""
    await session.exec(
        update(Consent)
        .where(
            col(Consent.person_id) == actor.person_id,
            col(Consent.purpose) == purpose,
            col(Consent.withdrawn_at).is_(None),
        )
        .values(withdrawn_at=now)
    )
    audit.record(
        session,
        "consent_withdrawn",
        actor_id=actor.person_id,
        subject_kind="consent",
        subject_id=purpose.value,
        now=now,
    )


async def consents_of(session: AsyncSession, person_id: UUID) -> set[tuple[str, str]]:
    """`(purpose, policy version)` agreed to and not withdrawn."""
    rows = await session.exec(
        select(Consent).where(Consent.person_id == person_id, col(Consent.withdrawn_at).is_(None))
    )
    return {(row.purpose.value, row.policy_version) for row in rows}


async def lacking_consents(session: AsyncSession, person_id: UUID) -> list[ConsentPurpose]:
    return missing_consents(await consents_of(session, person_id))


def _open(crypto: Crypto, person: Person) -> PersonFacts:
    def text(column: str, sealed: bytes | None) -> str | None:
        return None if sealed is None else crypto.open_text("person", column, person.id, sealed)

    born = text("birth_date", person.birth_date_sealed)
    return PersonFacts(
        person_id=person.id,
        version=person.version,
        name=text("name", person.name_sealed),
        phone=text("phone", person.phone_sealed),
        birth_date=None if born is None else date.fromisoformat(born),
    )
