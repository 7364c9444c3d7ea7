"""A person's own data: name, birth date, identity number, phone; opened only for services that are about to use it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.errors import UnauthorisedError
from app.models.identity import AssistedAct, Person
from app.rules.common.content import ContentKind
from app.rules.common.tasks import TaskKind
from app.rules.identity.ages import AgeBand, check_birth_date, compute_band
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.id_numbers import IdNumberBirthDateError, check_id_number
from app.rules.identity.people import PersonState
from app.rules.identity.roles import Actor
from app.rules.identity.sessions import PhoneCodeInvalidError, WechatAwayError
from app.services.common import content
from app.services.common.tasks import open_task
from app.services.identity import audit
from app.services.identity.assisted import note_act
from app.services.identity.consents import consents_of
from app.services.runtime import Runtime
from app.wechat.errors import WechatError, WechatRejected

SEALED = ("name", "phone", "birth_date", "id_number")
NAME_REVIEW = "person_name"


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What is known of a person, opened. `name_held`: a second person has not yet looked at the name."""

    person_id: UUID
    version: int
    name: str | None
    phone: str | None
    birth_date: date | None
    id_number: str | None
    name_held: bool

    def band(self, today: date) -> AgeBand:
        return compute_band(self.birth_date, today)


async def facts_of(session: AsyncSession, crypto: Crypto, person_ids: Sequence[UUID]) -> dict[UUID, PersonFacts]:
    rows = (await session.exec(select(Person).where(col(Person.id).in_(person_ids)))).all()
    return {row.id: open_person(crypto, row) for row in rows}


async def facts_of_one(session: AsyncSession, crypto: Crypto, person_id: UUID) -> PersonFacts:
    found = await facts_of(session, crypto, [person_id])
    if person_id not in found:
        raise UnauthorisedError
    return found[person_id]


async def people_with_phone(session: AsyncSession, crypto: Crypto, phone: str) -> list[PersonFacts]:
    """Every active record with exactly this number, oldest first: a family may share one."""
    rows = await session.exec(
        select(Person)
        .where(Person.phone_hash == crypto.keyed_hash("phone", phone), Person.state == PersonState.ACTIVE)
        .order_by(col(Person.id))
        .limit(20)
    )
    return [open_person(crypto, row) for row in rows]


async def records_of(session: AsyncSession, person_id: UUID) -> list[UUID]:
    """The person and every record that was ever merged into theirs: some rows stay with the old one."""
    found, newest = [person_id], [person_id]
    while newest:
        rows = await session.exec(
            select(col(Person.id)).where(col(Person.merged_into).in_(newest)).order_by(col(Person.id))
        )
        newest = list(rows.all())
        found += newest
    return found


async def active_among(session: AsyncSession, person_ids: Sequence[UUID]) -> set[UUID]:
    """Those of them whose account lives: nobody else is shown, asked or told anything."""
    rows = await session.exec(
        select(col(Person.id)).where(col(Person.id).in_(person_ids), Person.state == PersonState.ACTIVE)
    )
    return set(rows.all())


async def hold_person(session: AsyncSession, person_id: UUID) -> None:
    """One such act at a time for this person. Rows that only point at them are written meanwhile: no deadlock with those."""
    statement = select(col(Person.id)).where(Person.id == person_id).with_for_update(key_share=True)
    if (await session.exec(statement)).one_or_none() is None:
        raise UnauthorisedError


async def hold_people(session: AsyncSession, person_ids: Sequence[UUID]) -> None:
    """The same for several, in the order of their ids, so that two callers never wait for one another."""
    await session.exec(
        select(col(Person.id))
        .where(col(Person.id).in_(person_ids))
        .order_by(col(Person.id))
        .with_for_update(key_share=True)
    )


async def wants_night_messages(session: AsyncSession | ReadSession, person_id: UUID) -> bool:
    found = await session.exec(select(col(Person.night_messages)).where(Person.id == person_id))
    return bool(found.one_or_none())


async def set_night_messages(session: AsyncSession, actor: Actor, *, wanted: bool, now: datetime) -> None:
    """Messages between 21:00 and 07:00: only where the person asks for them."""
    person = await lock(session, Person, actor.person_id, UnauthorisedError)
    if person.night_messages != wanted:
        person.night_messages = wanted
        person.touch(now)


async def save_profile(
    runtime: Runtime,
    session: AsyncSession,
    actor: Actor,
    *,
    name: str,
    birth_date: date,
    expected_version: int,
) -> PersonFacts:
    """Name and birth date. Firms read the name, so it passes the content check or waits for a second person."""
    check_birth_date(birth_date, china_date(runtime.clock.now()))
    verdict = await content.check_texts(runtime, actor, {"name": name}, scene=content.SCENE_PROFILE)
    now, crypto = runtime.clock.now(), runtime.crypto
    person = await lock(session, Person, actor.person_id, UnauthorisedError)
    check_version(person.version, expected_version)
    before = open_person(crypto, person)
    if before.id_number is not None:
        _agree(before.id_number, birth_date)
    changed_name = before.name != name
    person.name_sealed = crypto.seal("person", "name", person.id, name)
    person.birth_date_sealed = crypto.seal("person", "birth_date", person.id, birth_date.isoformat())
    if changed_name:
        person.name_held = verdict.held is not None
    person.touch(now)
    if changed_name and verdict.held is not None:
        await content.hold(
            session, kind=ContentKind.TEXT, subject_kind=NAME_REVIEW, subject_id=person.id, author_id=actor.caller_id,
            because=verdict.held, title="复核一位用户填写的姓名", now=now,
        )  # fmt: skip
    elif changed_name:
        await content.release(session, NAME_REVIEW, person.id, now=now)
    audit.by(session, actor, "profile_saved", "person", person.id, now=now)
    kept = {
        "name": before.name, "birth_date": before.birth_date.isoformat() if before.birth_date else None,
        "name_held": before.name_held,
    }  # fmt: skip
    await note_act(
        session, crypto, actor, operation="save_my_profile", subject_kind="person", subject_id=person.id,
        subject_version=person.version, before=json.dumps(kept, ensure_ascii=False), now=now,
        told="姓名和出生日期",
    )  # fmt: skip
    await session.flush()
    return open_person(crypto, person)


async def restore_profile(
    session: AsyncSession, crypto: Crypto, act: AssistedAct, before: str | None, now: datetime
) -> bool:
    """Undo of an agent's change; False where the person has changed it since."""
    person = await lock(session, Person, act.person_id, UnauthorisedError)
    if person.version != act.subject_version:
        return False
    kept = json.loads(before or "{}")
    held = kept.pop("name_held", person.name_held)
    for column, value in kept.items():
        setattr(person, f"{column}_sealed", None if value is None else crypto.seal("person", column, person.id, value))
    if person.name_held and not held:
        # Nobody need look at the agent's word any more, and a refusal of it must not take the person's own name.
        await content.release(session, NAME_REVIEW, person.id, now=now)
    person.name_held = held
    person.touch(now)
    return True


async def settle_name(session: AsyncSession, person_id: UUID, *, approved: bool, now: datetime) -> None:
    """The second person's word on a name: shown from now on, or gone."""
    person = await lock(session, Person, person_id, UnauthorisedError)
    if not person.name_held:
        return
    person.name_held = False
    if not approved:
        person.name_sealed = None
    person.touch(now)


async def save_id_number(
    session: AsyncSession, crypto: Crypto, actor: Actor, *, id_number: str, expected_version: int, now: datetime
) -> PersonFacts:
    """Needed before the first shift, never to browse or apply. The same number twice is a question for staff."""
    check_consent(await consents_of(session, actor.person_id), ConsentPurpose.ID_NUMBER)
    person = await lock(session, Person, actor.person_id, UnauthorisedError)
    check_version(person.version, expected_version)
    facts = open_person(crypto, person)
    number, born = check_id_number(id_number, birth_date=facts.birth_date)
    check_birth_date(born, china_date(now))
    person.id_number_sealed = crypto.seal("person", "id_number", person.id, number)
    person.id_number_hash = crypto.keyed_hash("id_number", number)
    if facts.birth_date is None:
        person.birth_date_sealed = crypto.seal("person", "birth_date", person.id, born.isoformat())
    person.touch(now)
    audit.by(session, actor, "id_number_saved", "person", person.id, now=now)
    await session.flush()
    await _look_for_a_twin(session, person, now)
    return open_person(crypto, person)


async def save_phone(runtime: Runtime, actor: Actor, *, code: str) -> PersonFacts:
    """The number behind a getPhoneNumber code, which belongs to the mini-program the person is in."""
    app = actor.app.wechat
    if app is None:
        raise PhoneCodeInvalidError
    try:
        phone = await runtime.wechat.phone_number(app.value, code)
    except WechatRejected as exc:
        if exc.blames_caller:
            raise PhoneCodeInvalidError from exc
        raise WechatAwayError(retry_after=60) from exc
    except WechatError as exc:
        raise WechatAwayError(retry_after=getattr(exc, "retry_after", 2)) from exc
    now = runtime.clock.now()
    async with runtime.db.unit_of_work() as session:
        person = await lock(session, Person, actor.person_id, UnauthorisedError)
        put_phone(runtime.crypto, person, phone.number)
        person.touch(now)
        audit.by(session, actor, "phone_saved", "person", person.id, now=now)
        await session.flush()
        return open_person(runtime.crypto, person)


def put_phone(crypto: Crypto, person: Person, number: str) -> None:
    person.phone_sealed = crypto.seal("person", "phone", person.id, number)
    person.phone_hash = crypto.keyed_hash("phone", number)


async def erase_phone(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    person = await lock(session, Person, person_id, UnauthorisedError)
    if person.phone_sealed is not None:
        person.phone_sealed, person.phone_hash = None, None
        person.touch(now)


async def erase_id_number(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    person = await lock(session, Person, person_id, UnauthorisedError)
    if person.id_number_sealed is not None:
        person.id_number_sealed, person.id_number_hash = None, None
        person.touch(now)


def open_person(crypto: Crypto, person: Person) -> PersonFacts:
    opened = {
        column: crypto.open_if("person", column, person.id, getattr(person, f"{column}_sealed")) for column in SEALED
    }
    born = opened["birth_date"]
    return PersonFacts(
        person_id=person.id,
        version=person.version,
        name=opened["name"],
        phone=opened["phone"],
        birth_date=None if born is None else date.fromisoformat(born),
        id_number=opened["id_number"],
        name_held=person.name_held,
    )


def _agree(id_number: str, birth_date: date) -> None:
    if id_number[6:14] != f"{birth_date:%Y%m%d}":
        raise IdNumberBirthDateError


async def _look_for_a_twin(session: AsyncSession, person: Person, now: datetime) -> None:
    """Never refused: that would tell a stranger that the number is known here."""
    found = await session.exec(
        select(col(Person.id))
        .where(Person.id_number_hash == person.id_number_hash, Person.id != person.id)
        .order_by(col(Person.id))
        .limit(1)
    )
    other = found.one_or_none()
    if other is not None:
        await open_task(
            session, TaskKind.PERSON_MERGE, person.id, other_id=other,
            title="同一身份证号出现在两份个人档案，请核对是否同一人", now=now,
        )  # fmt: skip
