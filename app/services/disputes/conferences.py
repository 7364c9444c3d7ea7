"""党建联席会议: the agenda of a quarter drafted from what is not done and from the figures; resolutions are tasks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.pages import Cursors
from app.models.disputes import Conference, ConferenceResolution
from app.rules.common.tasks import TaskKind
from app.rules.disputes.conferences import (
    AgendaKind,
    ConferenceNotFoundError,
    ConferenceState,
    check_conference_step,
    draft_agenda,
)
from app.rules.identity.roles import Actor, check_town_wide
from app.schemas.disputes.agreements import ConferenceForm, HoldConferenceForm
from app.services.common.calendar import end_of
from app.services.common.lists import newest_first
from app.services.common.tasks import open_subjects
from app.services.disputes import statistics
from app.services.disputes.events import ResolutionMade
from app.services.disputes.standing import HANDLE
from app.services.identity import audit

SUBJECT = "conference"
# By what the agenda speaks of problems.
PROBLEMS = ("kind", "cause")


@dataclass(frozen=True, slots=True)
class Held:
    row: Conference
    resolutions: Sequence[ConferenceResolution]
    unfinished: frozenset[UUID]


async def prepare(session: AsyncSession, actor: Actor, form: ConferenceForm, *, now: datetime) -> Held:
    """What the last ones resolved and is not done comes first; then the most frequent problems of these days."""
    check_town_wide(actor, HANDLE)
    found = await statistics.figures(session, actor, first=form.first, last=form.last)
    counts = {
        f"{statistics.BY[row.by]}“{row.label}”": row.count
        for row in found.rows
        if row.by in PROBLEMS and row.count is not None
    }
    items = draft_agenda(await _unfinished(session), counts)
    items += [{"kind": AgendaKind.OWN.value, "told": words} for words in form.own]
    row = Conference(
        created_at=now, updated_at=now, title=form.title, held_on=form.held_on, first=form.first, last=form.last,
        agenda=items, called_by=actor.person_id,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    audit.by(session, actor, "conference_prepared", SUBJECT, row.id, now=now)
    return Held(row, [], frozenset())


async def hold(
    session: AsyncSession, actor: Actor, conference_id: UUID, form: HoldConferenceForm, *, now: datetime
) -> Held:
    """Its resolutions become tasks; the minutes go upward with day and receiver."""
    check_town_wide(actor, HANDLE)
    row = await lock(session, Conference, conference_id, ConferenceNotFoundError)
    check_version(row.version, form.expected_version)
    check_conference_step(row.state, ConferenceState.HELD)
    row.state, row.reported_to, row.reported_on = ConferenceState.HELD, form.reported_to, form.reported_on
    row.touch(now)
    for number, one in enumerate(form.resolutions, start=1):
        made = ConferenceResolution(
            created_at=now, conference_id=row.id, number=number, words=one.words, responsible=one.responsible,
            due_on=one.due_on,
        )  # fmt: skip
        session.add(made)
        await session.flush()
        words = f"{one.responsible}：{one.words}"
        await emit(session, ResolutionMade(at=now, resolution_id=made.id, words=words, due_at=end_of(one.due_on)))
    audit.by(session, actor, "conference_held", SUBJECT, row.id, now=now)
    return (await _opened(session, [row]))[0]


async def list_conferences(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Held], str | None]:
    check_town_wide(actor, HANDLE)
    rows, following = await newest_first(
        session, cursors, {"list": "conferences", "person": actor.person_id}, Conference, select(Conference),
        cursor=cursor, limit=limit,
    )  # fmt: skip
    return await _opened(session, rows), following


async def get_conference(session: ReadSession, actor: Actor, conference_id: UUID) -> Held:
    check_town_wide(actor, HANDLE)
    row = (await session.exec(select(Conference).where(Conference.id == conference_id))).one_or_none()
    if row is None:
        raise ConferenceNotFoundError
    return (await _opened(session, [row]))[0]


async def _unfinished(session: AsyncSession) -> list[str]:
    """In the order in which they were resolved."""
    left = await open_subjects(session, TaskKind.RESOLUTION)
    rows = await session.exec(
        select(ConferenceResolution)
        .where(col(ConferenceResolution.id).in_(left))
        .order_by(col(ConferenceResolution.created_at), col(ConferenceResolution.id))
    )
    return [f"{row.responsible}：{row.words}" for row in rows]


async def _opened(session: AsyncSession | ReadSession, rows: Sequence[Conference]) -> list[Held]:
    found = await session.exec(
        select(ConferenceResolution)
        .where(col(ConferenceResolution.conference_id).in_([row.id for row in rows]))
        .order_by(col(ConferenceResolution.number))
    )
    resolutions = found.all()
    left = await open_subjects(session, TaskKind.RESOLUTION)
    return [Held(row, [one for one in resolutions if one.conference_id == row.id], frozenset(left)) for row in rows]
