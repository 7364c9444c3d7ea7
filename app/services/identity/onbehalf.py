"""代办: authorisations by the person or recorded by staff, standing in on a call, and the person's own code."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy import select as core_select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.errors import UnauthorisedError
from app.core.security import digest, normal_code, one_time_code
from app.models.identity import OwnCode, Person, Representation
from app.rules.common.files import FilePurpose
from app.rules.common.notices import NoticeKind
from app.rules.identity.ages import check_may_work
from app.rules.identity.consents import ConsentMethod
from app.rules.identity.onbehalf import (
    LONGEST,
    OFFER_LIFETIME,
    OWN_CODE_LIFETIME,
    OWN_CODE_TRIES,
    STAFF_METHODS,
    AgentScope,
    EvidenceNeededError,
    NotRepresentedError,
    OutOfScopeError,
    OwnCodeNeededError,
    OwnCodeWrongError,
    RepresentationCodeError,
    RepresentationKind,
    RepresentationMethodError,
    RepresentationNotFoundError,
    RepresentationState,
    SelfRepresentationError,
    check_agent,
    check_period,
    check_text,
)
from app.rules.identity.people import PersonInvisibleError, PersonState
from app.rules.identity.roles import Actor, Permission, check_permission
from app.services.common import files
from app.services.common.notices import notify
from app.services.identity import audit
from app.services.identity.assisted import name_of_agent

CODE_DIGITS = 6
_table: Any = Representation.__table__  # type: ignore[attr-defined]
_person: Any = Person.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Terms:
    """What an authorisation says. `valid_to` None: as long as its kind of consent may last."""

    scopes: Sequence[AgentScope]
    text_version: str
    valid_to: datetime | None


async def stand_in(
    connection: AsyncConnection, actor: Actor, representation_id: str, scope: AgentScope, now: datetime
) -> Actor:
    """The represented person as the actor of this call, with the caller as agent; the caller's offices do not count."""
    try:
        wanted = UUID(representation_id)
    except ValueError as exc:
        raise NotRepresentedError from exc
    found = await connection.execute(
        core_select(_table.c.person_id, _table.c.kind, _table.c.scopes)
        .join(_person, _person.c.id == _table.c.person_id)
        .where(
            _table.c.id == wanted,
            _table.c.agent_id == actor.person_id,
            _table.c.state == RepresentationState.ACTIVE,
            _table.c.valid_from <= now,
            _table.c.valid_to > now,
            _person.c.state == PersonState.ACTIVE,
        )
    )
    row = found.one_or_none()
    if row is None or (row.kind is RepresentationKind.STAFF and not actor.can(Permission.PERSON_ASSIST)):
        raise NotRepresentedError
    if scope.value not in row.scopes:
        raise OutOfScopeError(scope=scope.label)
    return Actor(
        person_id=row.person_id, session_id=actor.session_id, app=actor.app, agent_id=actor.person_id,
        representation_id=wanted,
    )  # fmt: skip


async def offer(
    session: AsyncSession, actor: Actor, kind: RepresentationKind, terms: Terms, *, now: datetime
) -> tuple[Representation, str]:
    """A relative or guardian of one's own choice: the row and the code to hand over, shown once."""
    if kind is RepresentationKind.STAFF:
        raise RepresentationMethodError
    row = _draw_up(actor.person_id, kind, ConsentMethod.SELF, terms, now)
    code = one_time_code()
    row.code_hash, row.code_expires_at = digest(code), now + OFFER_LIFETIME
    session.add(row)
    audit.by(session, actor, "representation_offered", "representation", row.id, now=now, kind=kind.value)
    await session.flush()
    return row, code


async def accept(session: AsyncSession, crypto: Crypto, actor: Actor, *, code: str, now: datetime) -> Representation:
    """The relative types the code: from now on they may act."""
    found = await session.exec(
        select(Representation).where(Representation.code_hash == digest(normal_code(code))).with_for_update()
    )
    row = found.one_or_none()
    if row is None or row.state is not RepresentationState.OFFERED or row.code_expires_at is None:
        raise RepresentationCodeError
    if row.code_expires_at <= now or row.valid_to <= now:
        raise RepresentationCodeError
    if row.person_id == actor.person_id:
        raise SelfRepresentationError
    check_agent(row.kind, await _born(session, crypto, actor.person_id), china_date(now))
    row.agent_id, row.state, row.code_hash = actor.person_id, RepresentationState.ACTIVE, None
    row.touch(now)
    audit.by(session, actor, "representation_accepted", "representation", row.id, now=now)
    await _tell(session, crypto, row, "已成为您的代办人", now)
    return row


async def record_staff(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    person_id: UUID,
    terms: Terms,
    *,
    method: ConsentMethod,
    note: str,
    evidence_file_id: UUID | None,
    now: datetime,
) -> Representation:
    """A grid member or clerk records the consent of the person before them; the person is told and can revoke it."""
    check_permission(actor, Permission.PERSON_ASSIST)
    if method not in STAFF_METHODS:
        raise RepresentationMethodError
    if method is ConsentMethod.SIGNED and evidence_file_id is None:
        raise EvidenceNeededError(method=method.label)
    if person_id == actor.person_id:
        raise SelfRepresentationError
    person = await lock(session, Person, person_id, PersonInvisibleError)
    if person.state is not PersonState.ACTIVE:
        raise PersonInvisibleError
    row = _draw_up(person_id, RepresentationKind.STAFF, method, terms, now)
    row.agent_id, row.state = actor.person_id, RepresentationState.ACTIVE
    if note:
        row.note_sealed = crypto.seal("representation", "note", row.id, note)
    if evidence_file_id is not None:
        # Before the row that points at it: an unknown file is the caller's mistake and not the database's.
        await files.bind(
            session, actor, [evidence_file_id], purpose=FilePurpose.CONSENT_PROOF, subject_kind="representation",
            subject_id=row.id, now=now,
        )  # fmt: skip
    row.evidence_file_id = evidence_file_id
    session.add(row)
    await session.flush()
    audit.by(session, actor, "representation_recorded", "representation", row.id, now=now, method=method.value)
    await _tell(session, crypto, row, f"经您{method.label}，可在{_until(row.valid_to)}前替您办事", now)
    return row


async def register_person(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    *,
    name: str,
    birth_date: date | None,
    phone: str | None,
    now: datetime,
) -> Person:
    """Somebody without WeChat: a record that staff keep for them. The same phone number alone merges nobody."""
    check_permission(actor, Permission.PERSON_ASSIST)
    check_may_work(birth_date, china_date(now))
    person = Person(created_at=now, updated_at=now)
    person.name_sealed = crypto.seal("person", "name", person.id, name)
    if birth_date is not None:
        person.birth_date_sealed = crypto.seal("person", "birth_date", person.id, birth_date.isoformat())
    if phone is not None:
        person.phone_sealed = crypto.seal("person", "phone", person.id, phone)
        person.phone_hash = crypto.keyed_hash("phone", phone)
    session.add(person)
    audit.by(session, actor, "person_registered", "person", person.id, now=now)
    await session.flush()
    return person


async def representation_of(session: AsyncSession, representation_id: UUID) -> Representation:
    found = await session.exec(select(Representation).where(Representation.id == representation_id))
    row = found.one_or_none()
    if row is None:
        raise RepresentationNotFoundError
    return row


async def list_representations(session: ReadSession, actor: Actor, *, now: datetime) -> Sequence[Representation]:
    """Both sides: who acts for me, and for whom I act; valid or offered, newest first, at most 200."""
    rows = await session.exec(
        select(Representation)
        .where(
            or_(col(Representation.person_id) == actor.person_id, col(Representation.agent_id) == actor.person_id),
            col(Representation.state) != RepresentationState.REVOKED,
            Representation.valid_to > now,
        )
        .order_by(col(Representation.created_at).desc(), col(Representation.id).desc())
        .limit(200)
    )
    return rows.all()


async def have_acted(session: AsyncSession, person_id: UUID, others: Sequence[UUID]) -> bool:
    """One of them has acted, or may act, for the other (代办), at whatever time."""
    rows = await session.exec(
        select(col(Representation.id))
        .where(
            or_(
                (col(Representation.agent_id) == person_id) & col(Representation.person_id).in_(others),
                (col(Representation.person_id) == person_id) & col(Representation.agent_id).in_(others),
            )
        )
        .limit(1)
    )
    return rows.one_or_none() is not None


async def revoke(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    representation_id: UUID,
    *,
    expected_version: int,
    now: datetime,
) -> Representation:
    """By either side, at any time, with effect on the next call."""
    sides = or_(col(Representation.person_id) == actor.person_id, col(Representation.agent_id) == actor.person_id)
    seen = await session.exec(select(col(Representation.id)).where(Representation.id == representation_id, sides))
    if seen.one_or_none() is None:
        raise RepresentationNotFoundError
    row = await lock(session, Representation, representation_id, RepresentationNotFoundError)
    check_version(row.version, expected_version)
    if row.state is RepresentationState.REVOKED:
        return row
    row.state, row.revoked_at, row.revoked_by, row.code_hash = (
        RepresentationState.REVOKED, now, actor.person_id, None,
    )  # fmt: skip
    row.touch(now)
    audit.by(session, actor, "representation_revoked", "representation", row.id, now=now)
    if row.agent_id is not None and actor.person_id == row.agent_id:
        await _tell(session, crypto, row, "不再是您的代办人", now)
    return row


async def end_all(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """An account ends: nobody acts for it and it acts for nobody."""
    sides = or_(col(Representation.person_id) == person_id, col(Representation.agent_id) == person_id)
    await session.exec(
        update(Representation)
        .where(sides, col(Representation.state) != RepresentationState.REVOKED)
        .values(
            state=RepresentationState.REVOKED, revoked_at=now, revoked_by=person_id, code_hash=None, updated_at=now,
            version=col(Representation.version) + 1,
        )
    )  # fmt: skip


async def send_own_code(
    session: AsyncSession, crypto: Crypto, actor: Actor, representation_id: UUID, operation: str, *, now: datetime
) -> OwnCode:
    """Six digits for the person alone, by SMS and in their own mini-program, for one act. Earlier ones die."""
    found = await session.exec(
        select(Representation).where(
            Representation.id == representation_id,
            Representation.agent_id == actor.person_id,
            Representation.state == RepresentationState.ACTIVE,
            Representation.valid_to > now,
        )
    )
    row = found.one_or_none()
    if row is None:
        raise RepresentationNotFoundError
    await session.exec(
        update(OwnCode)
        .where(
            col(OwnCode.representation_id) == row.id,
            col(OwnCode.operation) == operation,
            col(OwnCode.used_at).is_(None),
            col(OwnCode.expires_at) > now,
        )
        .values(expires_at=now)
    )
    own = OwnCode(
        created_at=now, representation_id=row.id, operation=operation, expires_at=now + OWN_CODE_LIFETIME,
        code_sealed=b"",
    )  # fmt: skip
    digits = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))
    own.code_sealed = crypto.seal("own_code", "code", own.id, digits)
    session.add(own)
    audit.by(session, actor, "own_code_sent", "representation", row.id, now=now, operation=operation)
    await notify(
        session, person_id=row.person_id, kind=NoticeKind.OWN_CODE, now=now, title="本人验证码",
        body=f"{await name_of_agent(session, crypto, actor.person_id)}请您确认一件事，验证码在“我的验证码”里，10分钟内有效。不同意就不要告诉对方。",
        page="pages/codes/mine", template_data={"thing1": "请您本人确认", "phrase2": "待确认"},
        deadline_at=own.expires_at,
    )  # fmt: skip
    await session.flush()
    return own


async def list_own_codes(
    session: ReadSession, crypto: Crypto, actor: Actor, *, now: datetime
) -> list[tuple[OwnCode, str]]:
    """The codes that wait for me to say them, opened for me alone."""
    rows = await session.exec(
        select(OwnCode)
        .join(Representation, col(Representation.id) == col(OwnCode.representation_id))
        .where(Representation.person_id == actor.person_id, OwnCode.expires_at > now, col(OwnCode.used_at).is_(None))
        .order_by(col(OwnCode.created_at).desc())
        .limit(20)
    )
    return [(row, crypto.open_text("own_code", "code", row.id, row.code_sealed)) for row in rows]


async def take_own_word(
    session: AsyncSession, crypto: Crypto, actor: Actor, *, operation: str, code: str | None, now: datetime
) -> None:
    """Spend the person's code for this act; nothing to do where the person acts themselves. Wrong tries count."""
    if actor.representation_id is None:
        return
    if code is None:
        raise OwnCodeNeededError
    found = await session.exec(
        select(OwnCode)
        .where(
            OwnCode.representation_id == actor.representation_id,
            OwnCode.operation == operation,
            col(OwnCode.used_at).is_(None),
            OwnCode.expires_at > now,
        )
        .with_for_update()
    )
    row = found.one_or_none()
    if row is None or row.tries >= OWN_CODE_TRIES:
        raise OwnCodeWrongError
    if not secrets.compare_digest(crypto.open("own_code", "code", row.id, row.code_sealed), code.strip().encode()):
        own_id = row.id

        async def count_the_try(second: AsyncSession) -> None:
            await second.exec(update(OwnCode).where(col(OwnCode.id) == own_id).values(tries=col(OwnCode.tries) + 1))

        raise OwnCodeWrongError().surviving(count_the_try)
    row.used_at = now


def _draw_up(
    person_id: UUID, kind: RepresentationKind, method: ConsentMethod, terms: Terms, now: datetime
) -> Representation:
    check_text(terms.text_version)
    valid_to = terms.valid_to or now + LONGEST[method]
    check_period(method, now, valid_to)
    return Representation(
        created_at=now, updated_at=now, person_id=person_id, kind=kind, state=RepresentationState.OFFERED,
        scopes=sorted({scope.value for scope in terms.scopes}), method=method, text_version=terms.text_version,
        valid_from=now, valid_to=valid_to,
    )  # fmt: skip


async def _born(session: AsyncSession, crypto: Crypto, person_id: UUID) -> date | None:
    person = await lock(session, Person, person_id, UnauthorisedError)
    born = crypto.open_if("person", "birth_date", person.id, person.birth_date_sealed)
    return None if born is None else date.fromisoformat(born)


async def _tell(session: AsyncSession, crypto: Crypto, row: Representation, what: str, now: datetime) -> None:
    assert row.agent_id is not None  # noqa: S101  # only told of agents that are there
    await notify(
        session, person_id=row.person_id, kind=NoticeKind.REPRESENTATION, now=now, title="代办授权变动",
        body=f"{await name_of_agent(session, crypto, row.agent_id)}{what}。可随时在“代办人”里撤销。",
        page=f"pages/representation/detail?id={row.id}", template_data={"thing1": "代办授权", "phrase2": "有变动"},
    )  # fmt: skip


def _until(instant: datetime) -> str:
    return f"{instant.astimezone(CHINA):%Y-%m-%d %H:%M}"
