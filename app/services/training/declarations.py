"""Declarations: the person's form and papers, the town's check, the outside office's number and word."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.pages import Cursors
from app.models.training import Declaration, DeclarationMaterial, DeclarationPaper
from app.rules.common.files import FilePurpose
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_town_wide
from app.rules.training import declarations as rules
from app.rules.training.courses import CourseOccupationError
from app.rules.training.declarations import DeclarationKind, DeclarationState
from app.schemas.training.declarations import DeclarationForm
from app.services.common import files
from app.services.common.codes import OCCUPATION, known_codes
from app.services.common.lists import newest_first
from app.services.identity import audit
from app.services.identity.consents import consents_of
from app.services.identity.people import facts_of, hold_person
from app.services.training.events import DeclarationMoved

SUBJECT = "declaration"
MANAGE = Permission.TRAINING_MANAGE
S = DeclarationState


@dataclass(frozen=True, slots=True)
class Opened:
    row: Declaration
    papers: list[DeclarationPaper]
    materials: list[DeclarationMaterial]
    name: str | None
    reason: str | None


async def materials(session: AsyncSession | ReadSession) -> dict[DeclarationKind, list[DeclarationMaterial]]:
    """The list of each kind, in order; a dozen rows."""
    rows = await session.exec(select(DeclarationMaterial).order_by(col(DeclarationMaterial.place)))
    found: dict[DeclarationKind, list[DeclarationMaterial]] = {kind: [] for kind in DeclarationKind}
    for row in rows:
        found[DeclarationKind.of(row.kind)].append(row)
    return found


async def write(session: AsyncSession, actor: Actor, form: DeclarationForm, *, now: datetime) -> Opened:
    """A draft; one open for each kind and trade."""
    check_consent(await consents_of(session, actor.person_id), ConsentPurpose.SERVICE)
    await hold_person(session, actor.person_id)
    await _check_free(session, actor.person_id, form, None)
    row = Declaration(
        created_at=now, updated_at=now, person_id=actor.person_id, kind=form.kind, occupation_code=form.occupation_code,
        target=form.target,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await _put_papers(session, actor, row, form, now)
    audit.by(session, actor, "declaration_written", SUBJECT, row.id, now=now)
    return await opened(session, row)


async def change(
    session: AsyncSession,
    actor: Actor,
    declaration_id: UUID,
    form: DeclarationForm,
    *,
    expected_version: int,
    now: datetime,
) -> Opened:
    await hold_person(session, actor.person_id)
    row = await _lock_own(session, actor, declaration_id)
    check_version(row.version, expected_version)
    rules.check_editable(row.state)
    await _check_free(session, actor.person_id, form, row.id)
    row.kind, row.occupation_code, row.target = form.kind, form.occupation_code, form.target
    row.touch(now)
    await session.exec(delete(DeclarationPaper).where(col(DeclarationPaper.declaration_id) == row.id))
    await files.forget_uses(session, SUBJECT, row.id)
    await _put_papers(session, actor, row, form, now)
    return await opened(session, row)


async def submit(
    session: AsyncSession, actor: Actor, declaration_id: UUID, *, expected_version: int, now: datetime
) -> Opened:
    row = await _lock_own(session, actor, declaration_id)
    check_version(row.version, expected_version)
    rules.check_declaration(row.state, S.SUBMITTED)
    found = await opened(session, row)
    required = [(one.code, one.label) for one in found.materials if one.required]
    rules.check_materials(required, {paper.material for paper in found.papers})
    return await _move(session, actor, row, S.SUBMITTED, now)


async def withdraw(
    session: AsyncSession, actor: Actor, declaration_id: UUID, *, expected_version: int, now: datetime
) -> Opened:
    """Before it has gone to the outside office."""
    row = await _lock_own(session, actor, declaration_id)
    check_version(row.version, expected_version)
    rules.check_declaration(row.state, S.WITHDRAWN)
    return await _move(session, actor, row, S.WITHDRAWN, now)


async def check(
    session: AsyncSession, actor: Actor, declaration_id: UUID, *, expected_version: int, now: datetime
) -> Opened:
    """Looked through by the office; returned or forwarded from here."""
    row = await _lock_office(session, actor, declaration_id, expected_version)
    rules.check_declaration(row.state, S.CHECKED)
    row.checked_by, row.reason_sealed = actor.person_id, None
    return await _move(session, actor, row, S.CHECKED, now)


async def send_back(
    session: AsyncSession, actor: Actor, declaration_id: UUID, *, reason: str, expected_version: int, now: datetime
) -> Opened:
    row = await _lock_office(session, actor, declaration_id, expected_version)
    rules.check_declaration(row.state, S.RETURNED)
    row.reason_sealed = crypto_of(session).seal(SUBJECT, "reason", row.id, reason)
    return await _move(session, actor, row, S.RETURNED, now)


async def forward(
    session: AsyncSession, actor: Actor, declaration_id: UUID, *, office: str, number: str, expected_version: int,
    now: datetime,
) -> Opened:  # fmt: skip
    row = await _lock_office(session, actor, declaration_id, expected_version)
    rules.check_declaration(row.state, S.FORWARDED)
    row.outside_office, row.outside_number, row.forwarded_at = office, number, now
    return await _move(session, actor, row, S.FORWARDED, now)


async def record_outcome(
    session: AsyncSession, actor: Actor, declaration_id: UUID, *, passed: bool, reason: str | None,
    expected_version: int, now: datetime,
) -> Opened:  # fmt: skip
    row = await _lock_office(session, actor, declaration_id, expected_version)
    target = S.PASSED if passed else S.FAILED
    rules.check_declaration(row.state, target)
    row.reason_sealed = None if reason is None else crypto_of(session).seal(SUBJECT, "reason", row.id, reason)
    return await _move(session, actor, row, target, now)


async def list_mine(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Opened], str | None]:
    query: dict[str, Any] = {"list": "my declarations", "person": actor.person_id}
    statement = select(Declaration).where(Declaration.person_id == actor.person_id)
    rows, following = await newest_first(session, cursors, query, Declaration, statement, cursor=cursor, limit=limit)
    return await opened_all(session, rows), following


async def list_all(
    session: ReadSession,
    cursors: Cursors,
    actor: Actor,
    *,
    state: DeclarationState | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[Opened], str | None]:
    """What was handed in; a draft is its writer's alone."""
    check_town_wide(actor, MANAGE)
    query: dict[str, Any] = {"list": "declarations", "state": state}
    statement = select(Declaration).where(Declaration.state != S.DRAFT)
    if state is not None:
        statement = statement.where(Declaration.state == state)
    rows, following = await newest_first(session, cursors, query, Declaration, statement, cursor=cursor, limit=limit)
    return await opened_all(session, rows), following


async def look(session: ReadSession, actor: Actor, declaration_id: UUID) -> Opened:
    row = (await session.exec(select(Declaration).where(Declaration.id == declaration_id))).one_or_none()
    mine = row is not None and row.person_id == actor.person_id
    office = row is not None and row.state is not S.DRAFT and actor.town_wide(MANAGE)
    if row is None or not (mine or office):
        raise rules.DeclarationNotFoundError
    return await opened(session, row)


async def end_all_of(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """Somebody who goes: what has not been forwarded is taken back, and its papers are nobody's any more."""
    rows = await session.exec(
        select(Declaration)
        .where(Declaration.person_id == person_id, col(Declaration.state).in_(sorted(rules.OPEN - {S.FORWARDED})))
        .order_by(col(Declaration.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for row in rows.all():
        row.state, row.reason_sealed = S.WITHDRAWN, None
        row.touch(now)
        await session.exec(delete(DeclarationPaper).where(col(DeclarationPaper.declaration_id) == row.id))
        await files.forget_uses(session, SUBJECT, row.id)
        await emit(
            session,
            DeclarationMoved(
                at=now, declaration_id=row.id, person_id=person_id, target=row.target, state=S.WITHDRAWN, by=None
            ),
        )
    await session.flush()


async def opened(session: AsyncSession | ReadSession, row: Declaration) -> Opened:
    return (await opened_all(session, [row]))[0]


async def opened_all(session: AsyncSession | ReadSession, rows: Sequence[Declaration]) -> list[Opened]:
    crypto = crypto_of(session)
    found = await session.exec(
        select(DeclarationPaper)
        .where(col(DeclarationPaper.declaration_id).in_([row.id for row in rows]))
        .order_by(col(DeclarationPaper.material), col(DeclarationPaper.id))
    )
    papers: dict[UUID, list[DeclarationPaper]] = {row.id: [] for row in rows}
    for paper in found:
        papers[paper.declaration_id].append(paper)
    facts = await facts_of(session, crypto, sorted({row.person_id for row in rows}))
    lists = await materials(session)
    return [
        Opened(
            row, papers[row.id], lists[row.kind], facts[row.person_id].name if row.person_id in facts else None,
            crypto.open_if(SUBJECT, "reason", row.id, row.reason_sealed),
        )
        for row in rows
    ]  # fmt: skip


async def _check_free(
    session: AsyncSession, person_id: UUID, form: DeclarationForm, declaration_id: UUID | None
) -> None:
    if not await known_codes(session, OCCUPATION, [form.occupation_code]):
        raise CourseOccupationError(given=form.occupation_code)
    same = await session.exec(
        select(col(Declaration.id)).where(
            Declaration.person_id == person_id, Declaration.kind == form.kind,
            Declaration.occupation_code == form.occupation_code, col(Declaration.state).in_(sorted(rules.OPEN)),
            Declaration.id != declaration_id,
        )
    )  # fmt: skip
    if same.one_or_none() is not None:
        raise rules.DeclarationOpenError


async def _put_papers(
    session: AsyncSession, actor: Actor, row: Declaration, form: DeclarationForm, now: datetime
) -> None:
    known = {one.code for one in (await materials(session))[form.kind]}
    for paper in form.papers:
        if paper.material not in known:
            raise rules.MaterialUnknownError(given=paper.material)
    await files.bind(
        session, actor, [paper.file_id for paper in form.papers], purpose=FilePurpose.DECLARATION_PAPER,
        subject_kind=SUBJECT, subject_id=row.id, now=now,
    )  # fmt: skip
    wanted = {(paper.material, paper.file_id) for paper in form.papers}
    session.add_all(
        DeclarationPaper(created_at=now, declaration_id=row.id, material=material, file_id=file_id)
        for material, file_id in sorted(wanted)
    )
    await session.flush()


async def _lock_own(session: AsyncSession, actor: Actor, declaration_id: UUID) -> Declaration:
    row = await lock(session, Declaration, declaration_id, rules.DeclarationNotFoundError)
    if row.person_id != actor.person_id:
        raise rules.DeclarationNotFoundError
    return row


async def _lock_office(session: AsyncSession, actor: Actor, declaration_id: UUID, expected_version: int) -> Declaration:
    """By somebody else than who declares."""
    check_town_wide(actor, MANAGE)
    row = await lock(session, Declaration, declaration_id, rules.DeclarationNotFoundError)
    if row.person_id == actor.person_id:
        raise SelfReviewError
    if row.state is S.DRAFT:
        raise rules.DeclarationNotFoundError
    check_version(row.version, expected_version)
    return row


async def _move(
    session: AsyncSession, actor: Actor, row: Declaration, target: DeclarationState, now: datetime
) -> Opened:
    row.state = target
    row.touch(now)
    await session.flush()
    audit.by(session, actor, f"declaration_{target.value}", SUBJECT, row.id, now=now)
    await emit(
        session,
        DeclarationMoved(
            at=now, declaration_id=row.id, person_id=row.person_id, target=row.target, state=target, by=actor.caller_id
        ),
    )
    return await opened(session, row)
