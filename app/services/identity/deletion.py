"""The end of an account: what the law keeps is copied, sealed and dated; the rest is erased (个人信息保护法 第四十七条)."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.columns import metadata
from app.core.crypto import Crypto
from app.core.db import lock
from app.core.errors import UnauthorisedError
from app.core.events import emit
from app.core.tables import IdempotencyRecord
from app.models.identity import AssistedAct, Person, RetainedRecord
from app.rules.common.files import FileKind
from app.rules.identity.people import PersonState
from app.rules.identity.privacy import (
    DeletionBlockedError,
    DeletionWordError,
    RetentionClass,
    keep_until,
)
from app.rules.identity.roles import Actor
from app.rules.identity.sessions import SessionEnd
from app.services.common import files
from app.services.events import AccountDeleted
from app.services.identity import audit, onbehalf, staff
from app.services.identity.actors import actor_key
from app.services.identity.consents import history
from app.services.identity.people import open_person, records_of
from app.services.identity.person_tables import CHILDREN, PERSON_COLUMNS, OnDeletion
from app.services.identity.sessions import end_sessions
from app.services.jobs.recruitment import recruitment_records
from app.services.organisation import roster
from app.services.organisation.members import sole_owner_of

CONFIRM_WORD = "注销"


async def delete_account(session: AsyncSession, crypto: Crypto, actor: Actor, *, confirm: str, now: datetime) -> None:
    """By the person; works at once and cannot be taken back."""
    if confirm.strip() != CONFIRM_WORD:
        raise DeletionWordError(word=CONFIRM_WORD)
    await _check_free(session, actor.person_id, now)
    await erase_person(session, crypto, actor.person_id, now=now)
    audit.by(session, actor, "account_deleted", "person", actor.person_id, now=now)


async def erase_person(session: AsyncSession, crypto: Crypto, person_id: UUID, *, now: datetime) -> None:
    """In this order: keep what must be kept, end what runs, erase."""
    person = await lock(session, Person, person_id, UnauthorisedError)
    if person.state is not PersonState.ACTIVE:
        # Two taps at once: the other one has done it.
        raise UnauthorisedError
    await _retain(session, crypto, person, now)
    await end_sessions(session, person_id, SessionEnd.DELETED, now=now)
    await staff.end_all(session, person_id, now=now)
    await onbehalf.end_all(session, person_id, now=now)
    await roster.unbind(session, person_id, now=now)
    for kind in FileKind:
        await files.erase_uploads(session, person_id, kind, because="账号已注销", now=now)
    await session.exec(update(AssistedAct).where(col(AssistedAct.person_id) == person_id).values(before_sealed=None))
    # Applications withdrawn, contacts closed, the full-text of nothing: each domain for itself.
    await emit(session, AccountDeleted(at=now, person_id=person_id))
    await session.flush()
    for record_id in await records_of(session, person_id):
        await _delete_rows(session, record_id)
    # Stored answers to keyed calls tell what the person was shown.
    await session.exec(delete(IdempotencyRecord).where(col(IdempotencyRecord.caller) == actor_key(person_id)))
    for column in (
        "unionid",
        "name_sealed",
        "phone_sealed",
        "phone_hash",
        "birth_date_sealed",
        "id_number_sealed",
        "id_number_hash",
    ):
        setattr(person, column, None)
    person.state = PersonState.DELETED
    person.touch(now)


async def _check_free(session: AsyncSession, person_id: UUID, now: datetime) -> None:
    if await staff.is_last_admin(session, person_id, now=now):
        raise DeletionBlockedError(why="您是最后一位系统管理员，请先任命另一位")
    firm = await sole_owner_of(session, person_id, now=now)
    if firm is not None:
        raise DeletionBlockedError(why=f"您是“{firm}”唯一的负责人，请先加入另一位")


async def _retain(session: AsyncSession, crypto: Crypto, person: Person, now: datetime) -> None:
    facts = open_person(crypto, person)
    content: dict[str, Any]
    services = await recruitment_records(session, person.id)
    if services:
        content = {"name": facts.name, "phone": facts.phone, "applications": services}
        _keep(session, crypto, person.id, RetentionClass.RECRUITMENT, content, now)
    consents = [
        {"purpose": row.purpose.value, "policy_version": row.policy_version, "method": row.method.value,
         "given_at": row.created_at.isoformat(), "withdrawn_at": row.withdrawn_at and row.withdrawn_at.isoformat()}
        for row in await history(session, person.id)  # type: ignore[arg-type]  # a writing session reads as well
    ]  # fmt: skip
    if consents:
        content = {"name": facts.name, "consents": consents}
        _keep(session, crypto, person.id, RetentionClass.CONSENT_PROOF, content, now)


def _keep(
    session: AsyncSession, crypto: Crypto, person_id: UUID, kind: RetentionClass, content: dict[str, Any], now: datetime
) -> None:
    row = RetainedRecord(
        created_at=now, person_id=person_id, retention_class=kind, content_sealed=b"",
        keep_until=keep_until(kind, china_date(now)),
    )  # fmt: skip
    row.content_sealed = crypto.seal("retained_record", "content", row.id, json.dumps(content, ensure_ascii=False))
    session.add(row)


async def _delete_rows(session: AsyncSession, person_id: UUID) -> None:
    """Children before parents, by the table of person columns."""
    connection = await session.connection()
    for place, rule in PERSON_COLUMNS.items():
        if rule.on_deletion is not OnDeletion.DELETE:
            continue
        name, column = place.split(".")
        table = metadata.tables[name]
        for child_place, parent in CHILDREN.items():
            if parent != name:
                continue
            child, key = child_place.split(".")
            ids = select(table.c.id).where(table.c[column] == person_id)
            await connection.execute(delete(metadata.tables[child]).where(metadata.tables[child].c[key].in_(ids)))
        await connection.execute(delete(table).where(table.c[column] == person_id))
