"""Who takes part in a competition: entering, withdrawing, eligibility; objections. Scores: `judging`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.models.training import Competition, CompetitionEntry, CompetitionObjection
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor, Permission, ScopeKind, check_permission, check_town_wide
from app.rules.training import competitions as rules
from app.rules.training.competitions import (
    CompetitionState,
    ContestObjectionState,
    EntryState,
)
from app.rules.training.courses import check_age, least_age
from app.services.identity import audit
from app.services.identity.consents import consents_of
from app.services.identity.people import facts_of, facts_of_one
from app.services.training import competitions
from app.services.training.competitions import MANAGE
from app.services.training.events import CompetitionAnswered, CompetitionObjected, ContestantMoved

SUBJECT, OBJECTION = "competition_entry", "competition_objection"
JUDGE = Permission.COMPETITION_JUDGE
S, N = CompetitionState, EntryState


@dataclass(frozen=True, slots=True)
class Opened:
    """An entry; who it is only for those whom the contest does not hide it from."""

    row: CompetitionEntry
    competition: Competition
    name: str | None
    reason: str | None
    shown: bool


@dataclass(frozen=True, slots=True)
class Objected:
    row: CompetitionObjection
    number: int
    words: str
    answer: str | None


async def enter(session: AsyncSession, actor: Actor, competition_id: UUID, *, category: str, now: datetime) -> Opened:
    """While registration is open; a licensed trade from eighteen on. Coming back is the same entry."""
    row = await _lock_open(session, competition_id, now)
    check_consent(await consents_of(session, actor.person_id), ConsentPurpose.SERVICE)
    if category not in row.categories:
        raise rules.CategoryError(categories="、".join(row.categories))
    facts = await facts_of_one(session, crypto_of(session), actor.person_id)
    check_age(facts.birth_date, least_age(None, licensed=row.licensed), china_date(now))
    mine = await mine_in(session, competition_id, actor.person_id)
    if mine is not None:
        rules.check_entry(mine.state, N.REGISTERED)
    if row.capacity is not None and row.entered >= row.capacity:
        raise rules.CompetitionFullError(capacity=row.capacity)
    if mine is None:
        last = await session.exec(
            select(func.max(CompetitionEntry.number)).where(CompetitionEntry.competition_id == competition_id)
        )
        mine = CompetitionEntry(
            created_at=now, updated_at=now, competition_id=competition_id, person_id=actor.person_id, category=category,
            number=(last.one() or 0) + 1,
        )  # fmt: skip
        session.add(mine)
    else:
        mine.state, mine.category = N.REGISTERED, category
        mine.touch(now)
    row.entered += 1
    await session.flush()
    audit.by(session, actor, "competition_entered", SUBJECT, mine.id, now=now)
    return await _opened(session, mine, row, shown=True)


async def leave(session: AsyncSession, actor: Actor, competition_id: UUID, *, now: datetime) -> Opened:
    row = await _lock_open(session, competition_id, now)
    mine = await mine_in(session, competition_id, actor.person_id)
    if mine is None:
        raise rules.CompetitionEntryNotFoundError
    rules.check_entry(mine.state, N.WITHDRAWN)
    mine.state = N.WITHDRAWN
    mine.touch(now)
    row.entered -= 1
    await session.flush()
    return await _opened(session, mine, row, shown=True)


async def check_eligibility(
    session: AsyncSession, actor: Actor, entry_id: UUID, *, eligible: bool, reason: str | None, expected_version: int,
    now: datetime,
) -> Opened:  # fmt: skip
    """By somebody else than the contestant, while registration is open; an entry that is not fit gives its place back."""
    check_town_wide(actor, MANAGE)
    row, entry = await _lock_entry(session, entry_id)
    if entry.person_id == actor.person_id:
        raise rules.OwnEntryError
    check_version(entry.version, expected_version)
    if row.state is not S.REGISTERING:
        raise rules.CompetitionClosedError(state=row.state.label)
    target = N.ELIGIBLE if eligible else N.INELIGIBLE
    rules.check_entry(entry.state, target)
    if not eligible:
        row.entered -= 1
    elif entry.state is N.INELIGIBLE:
        if row.capacity is not None and row.entered >= row.capacity:
            raise rules.CompetitionFullError(capacity=row.capacity)
        row.entered += 1
    entry.state, entry.checked_by = target, actor.person_id
    entry.reason_sealed = None if reason is None else crypto_of(session).seal(SUBJECT, "reason", entry.id, reason)
    entry.touch(now)
    await session.flush()
    audit.by(session, actor, f"competition_entry_{target.value}", SUBJECT, entry.id, now=now)
    await emit(
        session,
        ContestantMoved(
            at=now, competition_id=row.id, person_id=entry.person_id, title=row.title, state=target
        ),
    )  # fmt: skip
    return await _opened(session, entry, row, shown=True)


async def list_entries(session: ReadSession, actor: Actor, competition_id: UUID) -> list[Opened]:
    """The office sees who they are; a judge sees numbers and categories."""
    office = actor.town_wide(MANAGE)
    if not office and not judges(actor, competition_id):
        raise rules.CompetitionNotFoundError
    row = await find(session, competition_id)
    found = await session.exec(
        select(CompetitionEntry)
        .where(CompetitionEntry.competition_id == competition_id)
        .order_by(col(CompetitionEntry.number))
    )
    entries = [entry for entry in found if office or entry.state is N.ELIGIBLE]
    return await _opened_all(session, entries, row, shown=office)


async def object_to(
    session: AsyncSession, actor: Actor, competition_id: UUID, *, words: str, now: datetime
) -> Objected:
    """By who took part, within the window."""
    row = await lock(session, Competition, competition_id, rules.CompetitionNotFoundError)
    mine = await mine_in(session, competition_id, actor.person_id)
    if mine is None or mine.state is not N.ELIGIBLE:
        raise rules.CompetitionEntryNotFoundError
    rules.check_objecting(row.state, row.objections_until, now)
    objection_id = new_id()
    objection = CompetitionObjection(
        id=objection_id, created_at=now, updated_at=now, competition_id=competition_id, entry_id=mine.id,
        person_id=actor.person_id, words_sealed=crypto_of(session).seal(OBJECTION, "words", objection_id, words),
    )  # fmt: skip
    session.add(objection)
    await session.flush()
    audit.by(session, actor, "competition_objected", OBJECTION, objection_id, now=now)
    await emit(
        session,
        CompetitionObjected(
            at=now, competition_id=row.id, objection_id=objection_id, title=row.title, due_at=row.objections_until
        ),
    )
    return Objected(objection, mine.number, words, None)


async def answer(
    session: AsyncSession, actor: Actor, objection_id: UUID, *, uphold: bool, text: str, now: datetime
) -> Objected:
    """Upheld: the results are taken back, the scores corrected, and published anew."""
    check_town_wide(actor, MANAGE)
    known = await session.exec(
        select(col(CompetitionObjection.competition_id)).where(CompetitionObjection.id == objection_id)
    )
    competition_id = known.one_or_none()
    if competition_id is None:
        raise rules.CompetitionObjectionNotFoundError
    row = await lock(session, Competition, competition_id, rules.CompetitionNotFoundError)
    objection = await lock(session, CompetitionObjection, objection_id, rules.CompetitionObjectionNotFoundError)
    if objection.person_id == actor.person_id:
        raise rules.OwnEntryError
    if objection.state is not ContestObjectionState.OPEN:
        raise rules.CompetitionObjectionAnsweredError
    objection.state = ContestObjectionState.UPHELD if uphold else ContestObjectionState.DISMISSED
    objection.answered_by = actor.person_id
    objection.answer_sealed = crypto_of(session).seal(OBJECTION, "answer", objection.id, text)
    objection.touch(now)
    await session.flush()
    if uphold and row.state is S.OBJECTIONS:
        await competitions.back_to_provisional(session, row, now=now)
    audit.by(session, actor, "competition_objection_answered", OBJECTION, objection.id, now=now)
    await emit(
        session,
        CompetitionAnswered(
            at=now, competition_id=row.id, objection_id=objection.id, person_id=objection.person_id, title=row.title,
            upheld=uphold, by=actor.person_id,
        ),
    )  # fmt: skip
    return (await _objected(session, [objection]))[0]


async def list_objections(session: ReadSession, actor: Actor, competition_id: UUID) -> list[Objected]:
    """All of them for the office, one's own for others."""
    await find(session, competition_id)
    statement = select(CompetitionObjection).where(CompetitionObjection.competition_id == competition_id)
    if not actor.town_wide(MANAGE):
        statement = statement.where(CompetitionObjection.person_id == actor.person_id)
    order = (col(CompetitionObjection.created_at), col(CompetitionObjection.id))
    rows = await session.exec(statement.order_by(*order).limit(500))
    return await _objected(session, rows.all())


async def leave_all(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """Somebody who goes for good does not take part in what is still open."""
    found = await session.exec(
        select(col(CompetitionEntry.competition_id))
        .join(Competition, col(Competition.id) == col(CompetitionEntry.competition_id))
        .where(
            CompetitionEntry.person_id == person_id, col(CompetitionEntry.state).in_([N.REGISTERED, N.ELIGIBLE]),
            Competition.state == S.REGISTERING,
        )
        .order_by(col(CompetitionEntry.competition_id))
    )  # fmt: skip
    for competition_id in found.all():
        row = await lock(session, Competition, competition_id, rules.CompetitionNotFoundError)
        mine = await mine_in(session, competition_id, person_id)
        if mine is not None and mine.state in {N.REGISTERED, N.ELIGIBLE} and row.state is S.REGISTERING:
            mine.state = N.WITHDRAWN
            mine.touch(now)
            row.entered -= 1
    await session.flush()


def check_judge(actor: Actor, competition_id: UUID) -> None:
    check_permission(actor, JUDGE)
    if not judges(actor, competition_id):
        raise rules.CompetitionNotFoundError


def judges(actor: Actor, competition_id: UUID) -> bool:
    return actor.town_wide(JUDGE) or competition_id in actor.scopes(JUDGE, ScopeKind.COMPETITION)


async def _lock_open(session: AsyncSession, competition_id: UUID, now: datetime) -> Competition:
    row = await lock(session, Competition, competition_id, rules.CompetitionNotFoundError)
    if row.state is not S.REGISTERING or now >= row.registering_until:
        raise rules.CompetitionClosedError(state=row.state.label)
    return row


async def _lock_entry(session: AsyncSession, entry_id: UUID) -> tuple[Competition, CompetitionEntry]:
    known = await session.exec(select(col(CompetitionEntry.competition_id)).where(CompetitionEntry.id == entry_id))
    competition_id = known.one_or_none()
    if competition_id is None:
        raise rules.CompetitionEntryNotFoundError
    row = await lock(session, Competition, competition_id, rules.CompetitionNotFoundError)
    return row, await lock(session, CompetitionEntry, entry_id, rules.CompetitionEntryNotFoundError)


async def find(session: ReadSession, competition_id: UUID) -> Competition:
    row = (await session.exec(select(Competition).where(Competition.id == competition_id))).one_or_none()
    if row is None:
        raise rules.CompetitionNotFoundError
    return row


async def mine_in(session: AsyncSession, competition_id: UUID, person_id: UUID) -> CompetitionEntry | None:
    found = await session.exec(
        select(CompetitionEntry)
        .where(CompetitionEntry.competition_id == competition_id, CompetitionEntry.person_id == person_id)
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()


async def _opened(session: AsyncSession, entry: CompetitionEntry, row: Competition, *, shown: bool) -> Opened:
    return (await _opened_all(session, [entry], row, shown=shown))[0]


async def _opened_all(
    session: AsyncSession | ReadSession, entries: Sequence[CompetitionEntry], row: Competition, *, shown: bool
) -> list[Opened]:
    crypto = crypto_of(session)
    facts = await facts_of(session, crypto, sorted({entry.person_id for entry in entries})) if shown else {}
    return [
        Opened(
            entry, row, facts[entry.person_id].name if entry.person_id in facts else None,
            crypto.open_if(SUBJECT, "reason", entry.id, entry.reason_sealed) if shown else None, shown,
        )
        for entry in entries
    ]  # fmt: skip


async def _objected(session: AsyncSession | ReadSession, rows: Sequence[CompetitionObjection]) -> list[Objected]:
    crypto = crypto_of(session)
    found = await session.exec(
        select(col(CompetitionEntry.id), col(CompetitionEntry.number)).where(
            col(CompetitionEntry.id).in_({row.entry_id for row in rows})
        )
    )
    numbers = dict(found.all())
    return [
        Objected(
            row, numbers[row.entry_id], crypto.open_text(OBJECTION, "words", row.id, row.words_sealed),
            crypto.open_if(OBJECTION, "answer", row.id, row.answer_sealed),
        )
        for row in rows
    ]  # fmt: skip
