"""技能竞赛: announced, moved from stage to stage; results made, published for objections, final, awarded."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.pages import Cursors, after
from app.models.training import Competition, CompetitionEntry, CompetitionObjection, CompetitionScore
from app.rules.identity.masks import mask_name
from app.rules.identity.roles import Actor, Permission, check_town_wide
from app.rules.training import competitions as rules
from app.rules.training.competitions import (
    WITH_RESULTS,
    CompetitionState,
    ContestObjectionState,
    ContestPart,
    EntryState,
    Weighing,
)
from app.rules.training.courses import CourseOccupationError
from app.schemas.training.competitions import CompetitionForm
from app.services.common.calendar import deadline
from app.services.common.codes import OCCUPATION, known_codes
from app.services.identity import audit
from app.services.identity.people import facts_of
from app.services.training.events import CompetitionMoved

SUBJECT = "competition"
MANAGE = Permission.TRAINING_MANAGE
S, N = CompetitionState, EntryState
# Entries of people who take part to the end.
RUNNING = frozenset({N.REGISTERED, N.ELIGIBLE})


@dataclass(frozen=True, slots=True)
class Seen:
    row: Competition
    mine: CompetitionEntry | None


@dataclass(frozen=True, slots=True)
class Line:
    """One of the results, with a masked name."""

    entry: CompetitionEntry
    name: str | None


async def announce(session: AsyncSession, actor: Actor, form: CompetitionForm, *, now: datetime) -> Seen:
    check_town_wide(actor, MANAGE)
    await _check(session, form, now)
    row = Competition(created_at=now, updated_at=now, announced_by=actor.person_id, **form.model_dump())
    session.add(row)
    await session.flush()
    audit.by(session, actor, "competition_announced", SUBJECT, row.id, now=now)
    return Seen(row, None)


async def change(
    session: AsyncSession,
    actor: Actor,
    competition_id: UUID,
    form: CompetitionForm,
    *,
    expected_version: int,
    now: datetime,
) -> Seen:
    """Before anybody can have entered: the rules of the contest do not change under its contestants."""
    row = await lock_managed(session, actor, competition_id, expected_version)
    if row.state is not S.ANNOUNCED:
        raise rules.CompetitionStateError(current=row.state.label, target=S.ANNOUNCED.label)
    await _check(session, form, now)
    for name, value in form.model_dump(exclude={"expected_version"}).items():
        setattr(row, name, value)
    row.touch(now)
    await session.flush()
    audit.by(session, actor, "competition_changed", SUBJECT, row.id, now=now)
    return await seen(session, actor, row)


async def open_registration(
    session: AsyncSession, actor: Actor, competition_id: UUID, *, expected_version: int, now: datetime
) -> Seen:
    row = await lock_managed(session, actor, competition_id, expected_version)
    return await _enter(session, actor, row, S.REGISTERING, now)


async def close_registration(
    session: AsyncSession, actor: Actor, competition_id: UUID, *, expected_version: int, now: datetime
) -> Seen:
    """Everybody's eligibility has been looked at."""
    row = await lock_managed(session, actor, competition_id, expected_version)
    rules.check_competition(row.state, S.ELIGIBILITY_CHECKED)
    left = sum(entry.state is N.REGISTERED for entry in await entries_of(session, row.id))
    if left:
        raise rules.EntriesUncheckedError(count=left)
    return await _enter(session, actor, row, S.ELIGIBILITY_CHECKED, now)


async def begin_theory(
    session: AsyncSession, actor: Actor, competition_id: UUID, *, expected_version: int, now: datetime
) -> Seen:
    row = await lock_managed(session, actor, competition_id, expected_version)
    return await _enter(session, actor, row, S.THEORY, now)


async def begin_practical(
    session: AsyncSession, actor: Actor, competition_id: UUID, *, expected_version: int, now: datetime
) -> Seen:
    row = await lock_managed(session, actor, competition_id, expected_version)
    return await _enter(session, actor, row, S.PRACTICAL, now)


async def make_results(
    session: AsyncSession, actor: Actor, competition_id: UUID, *, expected_version: int, now: datetime
) -> Seen:
    """Means, dropped extremes, totals, ranks by category; not shown to anybody yet."""
    row = await lock_managed(session, actor, competition_id, expected_version)
    if row.state is not S.PROVISIONAL:
        rules.check_competition(row.state, S.PROVISIONAL)
    await _rank(session, row, now)
    return await _enter(session, actor, row, S.PROVISIONAL, now, again=True)


async def publish_results(
    session: AsyncSession, actor: Actor, competition_id: UUID, *, expected_version: int, now: datetime
) -> Seen:
    """For objections, so many working days."""
    row = await lock_managed(session, actor, competition_id, expected_version)
    rules.check_competition(row.state, S.OBJECTIONS)
    await _rank(session, row, now)
    row.objections_until = (await deadline(session, now, row.objection_days)).at
    return await _enter(session, actor, row, S.OBJECTIONS, now)


async def finalise(
    session: AsyncSession, actor: Actor, competition_id: UUID, *, expected_version: int, now: datetime
) -> Seen:
    """The window is over and every objection answered."""
    row = await lock_managed(session, actor, competition_id, expected_version)
    rules.check_competition(row.state, S.FINAL)
    unanswered = await session.exec(
        select(col(CompetitionObjection.id)).where(
            CompetitionObjection.competition_id == row.id, CompetitionObjection.state == ContestObjectionState.OPEN
        )
    )
    rules.check_final(row.objections_until, len(unanswered.all()), now)
    return await _enter(session, actor, row, S.FINAL, now)


async def award(
    session: AsyncSession, actor: Actor, competition_id: UUID, *, expected_version: int, now: datetime
) -> Seen:
    row = await lock_managed(session, actor, competition_id, expected_version)
    rules.check_competition(row.state, S.AWARDED)
    for entry in await entries_of(session, row.id):
        entry.award = row.awards.get(str(entry.rank)) if entry.rank is not None else None
        entry.touch(now)
    return await _enter(session, actor, row, S.AWARDED, now)


async def cancel(
    session: AsyncSession, actor: Actor, competition_id: UUID, *, reason: str, expected_version: int, now: datetime
) -> Seen:
    row = await lock_managed(session, actor, competition_id, expected_version)
    rules.check_competition(row.state, S.CANCELLED)
    row.cancelled_because = reason
    return await _enter(session, actor, row, S.CANCELLED, now)


async def back_to_provisional(session: AsyncSession, row: Competition, *, now: datetime) -> None:
    """An objection was upheld: scores are corrected, and the results are published anew."""
    rules.check_competition(row.state, S.PROVISIONAL)
    row.state, row.objections_until = S.PROVISIONAL, None
    row.touch(now)
    await session.flush()


async def list_competitions(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Seen], str | None]:
    query: dict[str, Any] = {"list": "competitions", "person": actor.person_id}
    keys = [col(Competition.practical_at), col(Competition.id)]
    of_mine = (col(CompetitionEntry.competition_id) == col(Competition.id)) & (
        col(CompetitionEntry.person_id) == actor.person_id
    )
    statement = select(Competition, CompetitionEntry).join(CompetitionEntry, of_mine, isouter=True)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    page, following = cursors.page(query, rows, limit, lambda row: [row[0].practical_at, row[0].id])
    return [Seen(*row) for row in page], following


async def look(session: ReadSession, actor: Actor, competition_id: UUID) -> Seen:
    row = (await session.exec(select(Competition).where(Competition.id == competition_id))).one_or_none()
    if row is None:
        raise rules.CompetitionNotFoundError
    return await seen(session, actor, row)


async def results(session: ReadSession, competition_id: UUID) -> tuple[Competition, list[Line]]:
    """By category and rank, once they are published."""
    row = (await session.exec(select(Competition).where(Competition.id == competition_id))).one_or_none()
    if row is None:
        raise rules.CompetitionNotFoundError
    if row.state not in WITH_RESULTS:
        return row, []
    found = await session.exec(
        select(CompetitionEntry)
        .where(CompetitionEntry.competition_id == competition_id, col(CompetitionEntry.rank).is_not(None))
        .order_by(col(CompetitionEntry.category), col(CompetitionEntry.rank), col(CompetitionEntry.number))
    )
    entries = found.all()
    facts = await facts_of(session, crypto_of(session), sorted({entry.person_id for entry in entries}))
    names = {key: mask_name(one.name) if one.name else None for key, one in facts.items()}
    return row, [Line(entry, names.get(entry.person_id)) for entry in entries]


async def entries_of(session: AsyncSession, competition_id: UUID) -> Sequence[CompetitionEntry]:
    rows = await session.exec(
        select(CompetitionEntry)
        .where(CompetitionEntry.competition_id == competition_id)
        .order_by(col(CompetitionEntry.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def seen(session: AsyncSession | ReadSession, actor: Actor, row: Competition) -> Seen:
    mine = await session.exec(
        select(CompetitionEntry).where(
            CompetitionEntry.competition_id == row.id, CompetitionEntry.person_id == actor.person_id
        )
    )
    return Seen(row, mine.one_or_none())


async def lock_managed(session: AsyncSession, actor: Actor, competition_id: UUID, expected_version: int) -> Competition:
    check_town_wide(actor, MANAGE)
    row = await lock(session, Competition, competition_id, rules.CompetitionNotFoundError)
    check_version(row.version, expected_version)
    return row


async def _rank(session: AsyncSession, row: Competition, now: datetime) -> None:
    entries = {entry.id: entry for entry in await entries_of(session, row.id) if entry.state is N.ELIGIBLE}
    found = await session.exec(
        select(CompetitionScore)
        .where(col(CompetitionScore.entry_id).in_(sorted(entries)))
        .order_by(col(CompetitionScore.id))
    )
    tenths: dict[tuple[UUID, ContestPart], list[int]] = defaultdict(list)
    for score in found:
        tenths[score.entry_id, score.part].append(score.tenths)
    missing = sum(
        not tenths[key, ContestPart.THEORY] or len(tenths[key, ContestPart.PRACTICAL]) < row.judges for key in entries
    )
    if missing:
        raise rules.ScoresMissingError(count=missing)
    scores = {
        str(key): (entry.category, tenths[key, ContestPart.THEORY], tenths[key, ContestPart.PRACTICAL])
        for key, entry in entries.items()
    }
    weighing = Weighing(row.theory_weight, row.drop_extremes, row.tie)
    for result in rules.ranked(scores, weighing):
        entry = entries[UUID(result.entry)]
        entry.theory_milli, entry.practical_milli = result.theory, result.practical
        entry.total_milli, entry.rank = result.total, result.rank
        entry.touch(now)
    await session.flush()


async def _enter(
    session: AsyncSession,
    actor: Actor,
    row: Competition,
    target: CompetitionState,
    now: datetime,
    *,
    again: bool = False,
) -> Seen:
    if not (again and row.state is target):
        rules.check_competition(row.state, target)
    row.state = target
    row.touch(now)
    await session.flush()
    audit.by(session, actor, f"competition_{target.value}", SUBJECT, row.id, now=now)
    people = await session.exec(
        select(col(CompetitionEntry.person_id)).where(
            CompetitionEntry.competition_id == row.id, col(CompetitionEntry.state).in_(sorted(RUNNING))
        )
    )
    await emit(
        session,
        CompetitionMoved(
            at=now, competition_id=row.id, title=row.title, state=target, people=tuple(sorted(people.all()))
        ),
    )
    return await seen(session, actor, row)


async def _check(session: AsyncSession, form: CompetitionForm, now: datetime) -> None:
    rules.check_times(form.registering_until, form.theory_at, form.practical_at, now)
    if not await known_codes(session, OCCUPATION, [form.occupation_code]):
        raise CourseOccupationError(given=form.occupation_code)
