"""Waves of 就业摸底: drafted, opened with who goes where, closed, published, cancelled; how long answers are kept."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.core.db import ReadSession, check_version, fetch, lock
from app.core.events import emit
from app.core.pages import Cursors, after
from app.models.jobs import SurveyAnswer, SurveyAssignment, SurveyChoice, SurveyHousehold, SurveyWave
from app.rules.common.tasks import TaskKind
from app.rules.identity.privacy import RetentionClass, keep_until
from app.rules.identity.roles import Actor, Permission, Role, ScopeKind, check_permission, check_town_wide
from app.rules.jobs.surveys import (
    SYNC_GRACE,
    SurveyEndedError,
    SurveyGridError,
    SurveyMemberError,
    SurveyNotOpenError,
    SurveyWaveNotFoundError,
    SurveyWaveState,
    check_period,
    check_transition,
)
from app.schemas.jobs.surveys import SurveyMembersForm, SurveyWaveForm, SurveyWaveUpdate
from app.services.common.tasks import close_tasks, open_task
from app.services.events import SurveyOpened
from app.services.identity import audit
from app.services.identity.members import area_staff
from app.services.jobs.survey_questions import question_set
from app.services.organisation.facts import all_grids

SUBJECT = "survey_wave"
# What staff other than the officer see of the waves.
SHOWN = (SurveyWaveState.OPEN, SurveyWaveState.CLOSED, SurveyWaveState.PUBLISHED)
PUBLISH_WITHIN = timedelta(days=30)
BATCH = 20
ERASE_BATCH = 500


async def create_wave(session: AsyncSession, actor: Actor, form: SurveyWaveForm, *, now: datetime) -> SurveyWave:
    check_town_wide(actor, Permission.SURVEY_MANAGE)
    check_period(form.opens_on, form.closes_on)
    await question_set(session, form.questions_version)
    row = SurveyWave(created_at=now, updated_at=now, created_by=actor.person_id, **form.model_dump())
    session.add(row)
    audit.by(session, actor, "survey_wave_created", SUBJECT, row.id, now=now)
    await session.flush()
    return row


async def update_wave(
    session: AsyncSession, actor: Actor, wave_id: UUID, form: SurveyWaveUpdate, *, now: datetime
) -> SurveyWave:
    """Only a draft: once people have been asked, the questions stay."""
    check_town_wide(actor, Permission.SURVEY_MANAGE)
    check_period(form.opens_on, form.closes_on)
    row = await _locked(session, wave_id, form.expected_version)
    if row.state is not SurveyWaveState.DRAFT:
        raise SurveyNotOpenError(current=row.state.label)
    await question_set(session, form.questions_version)
    for name, value in form.model_dump(exclude={"expected_version"}).items():
        setattr(row, name, value)
    row.touch(now)
    audit.by(session, actor, "survey_wave_updated", SUBJECT, row.id, now=now)
    return row


async def open_wave(
    session: AsyncSession, actor: Actor, wave_id: UUID, *, expected_version: int, now: datetime
) -> SurveyWave:
    """From now on answers are taken; every grid goes to those whose office it is, and they are told."""
    check_town_wide(actor, Permission.SURVEY_MANAGE)
    row = await _locked(session, wave_id, expected_version)
    check_transition(row.state, SurveyWaveState.OPEN)
    if row.closes_on < china_date(now):
        raise SurveyEndedError(closes_on=f"{row.closes_on:%Y-%m-%d}")
    row.state = SurveyWaveState.OPEN
    row.touch(now)
    taken = {one.grid_id for one in await assignments(session, row.id)}
    members = await _by_office(session, now)
    for grid_id, person_ids in members.items():
        if grid_id not in taken:
            session.add_all(
                SurveyAssignment(created_at=now, wave_id=row.id, grid_id=grid_id, person_id=person_id)
                for person_id in person_ids
            )
    await session.flush()
    told = tuple(sorted({one.person_id for one in await assignments(session, row.id)}))
    audit.by(session, actor, "survey_wave_opened", SUBJECT, row.id, now=now, members=str(len(told)))
    await emit(session, SurveyOpened(at=now, wave_id=row.id, name=row.name, closes_on=row.closes_on, members=told))
    return row


async def close_wave(
    session: AsyncSession, actor: Actor, wave_id: UUID, *, expected_version: int, now: datetime
) -> SurveyWave:
    check_town_wide(actor, Permission.SURVEY_MANAGE)
    row = await _locked(session, wave_id, expected_version)
    await _close(session, row, now)
    audit.by(session, actor, "survey_wave_closed", SUBJECT, row.id, now=now)
    return row


async def close_due(session: AsyncSession, *, now: datetime) -> int:
    """Waves whose last day is over, the devices' way home included; by the sweep."""
    found = await session.exec(
        select(SurveyWave)
        .where(SurveyWave.state == SurveyWaveState.OPEN, SurveyWave.closes_on < china_date(now - SYNC_GRACE))
        .order_by(col(SurveyWave.id))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    rows = found.all()
    for row in rows:
        await _close(session, row, now)
        audit.record(session, "survey_wave_closed", actor_id=None, subject_kind=SUBJECT, subject_id=row.id, now=now)
    return len(rows)


async def cancel_wave(
    session: AsyncSession, actor: Actor, wave_id: UUID, *, expected_version: int, now: datetime
) -> SurveyWave:
    """What was answered has lost its purpose: the next purge takes it."""
    check_town_wide(actor, Permission.SURVEY_MANAGE)
    row = await _locked(session, wave_id, expected_version)
    check_transition(row.state, SurveyWaveState.CANCELLED)
    row.state, row.closed_at = SurveyWaveState.CANCELLED, now
    row.keep_until = china_date(now) - timedelta(days=1)
    row.touch(now)
    audit.by(session, actor, "survey_wave_cancelled", SUBJECT, row.id, now=now)
    return row


async def assign(
    session: AsyncSession, actor: Actor, wave_id: UUID, grid_id: UUID, form: SurveyMembersForm, *, now: datetime
) -> SurveyWave:
    """The officer says who goes through a grid, instead of whose office it is."""
    check_town_wide(actor, Permission.SURVEY_MANAGE)
    row = await _locked(session, wave_id, form.expected_version)
    if row.state not in {SurveyWaveState.DRAFT, SurveyWaveState.OPEN}:
        raise SurveyNotOpenError(current=row.state.label)
    if grid_id not in {grid.id for grid in await all_grids(session)}:
        raise SurveyGridError
    staff = {person_id for person_id, _, _, _ in await area_staff(session, Permission.SURVEY_ANSWER, now=now)}
    wanted = sorted(set(form.person_ids))
    if not set(wanted) <= staff:
        raise SurveyMemberError
    before = {one.person_id for one in await assignments(session, row.id) if one.grid_id == grid_id}
    await session.exec(
        delete(SurveyAssignment).where(
            col(SurveyAssignment.wave_id) == row.id, col(SurveyAssignment.grid_id) == grid_id
        )
    )
    session.add_all(
        SurveyAssignment(
            created_at=now, wave_id=row.id, grid_id=grid_id, person_id=person_id, assigned_by=actor.person_id
        )
        for person_id in wanted
    )
    row.touch(now)
    audit.by(session, actor, "survey_assigned", SUBJECT, row.id, now=now, grid=str(grid_id), members=str(len(wanted)))
    await session.flush()
    fresh = tuple(person_id for person_id in wanted if person_id not in before)
    if row.state is SurveyWaveState.OPEN and fresh:
        await emit(session, SurveyOpened(at=now, wave_id=row.id, name=row.name, closes_on=row.closes_on, members=fresh))
    return row


async def assignments(session: AsyncSession, wave_id: UUID) -> Sequence[SurveyAssignment]:
    rows = await session.exec(
        select(SurveyAssignment)
        .where(SurveyAssignment.wave_id == wave_id)
        .order_by(col(SurveyAssignment.grid_id), col(SurveyAssignment.person_id))
    )
    return rows.all()


async def list_assignments(session: ReadSession, actor: Actor, wave_id: UUID) -> Sequence[SurveyAssignment]:
    check_town_wide(actor, Permission.SURVEY_MANAGE)
    await fetch(session, SurveyWave, wave_id, SurveyWaveNotFoundError)
    return await assignments(session, wave_id)


async def get_wave(session: AsyncSession, actor: Actor, wave_id: UUID) -> SurveyWave:
    check_permission(actor, Permission.ORGANISATION_READ)
    row = await fetch(session, SurveyWave, wave_id, SurveyWaveNotFoundError)
    if row.state not in SHOWN and not actor.town_wide(Permission.SURVEY_MANAGE):
        raise SurveyWaveNotFoundError
    return row


async def list_waves(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[SurveyWave], str | None]:
    """Newest first; drafts and cancelled ones are the officer's alone."""
    check_permission(actor, Permission.ORGANISATION_READ)
    officer = actor.town_wide(Permission.SURVEY_MANAGE)
    query = {"list": "survey_waves", "all": officer}
    keys = [col(SurveyWave.created_at), col(SurveyWave.id)]
    statement = select(SurveyWave)
    if not officer:
        statement = statement.where(col(SurveyWave.state).in_(SHOWN))
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])


def day_begins(day: date) -> datetime:
    """Midnight in China Standard Time."""
    return datetime.combine(day, time(), CHINA)


async def forget_answers(session: AsyncSession, *, now: datetime, dry_run: bool) -> int:
    """Answers of waves past their keeping, by `sanqu purge`; households that no answer speaks of go with them.

    A batch at a time; returns how many rows went, 0 when none is left. What was published stays.
    """
    due = select(col(SurveyWave.id)).where(
        col(SurveyWave.keep_until) < china_date(now), col(SurveyWave.erased_at).is_(None)
    )
    ids = (
        await session.exec(select(col(SurveyAnswer.id)).where(col(SurveyAnswer.wave_id).in_(due)).limit(ERASE_BATCH))
    ).all()
    if dry_run:
        return len(ids)
    if ids:
        await session.exec(delete(SurveyChoice).where(col(SurveyChoice.answer_id).in_(ids)))
        await session.exec(delete(SurveyAnswer).where(col(SurveyAnswer.id).in_(ids)))
        return len(ids)
    found = await session.exec(select(SurveyWave).where(col(SurveyWave.id).in_(due)).with_for_update())
    for row in found.all():
        row.erased_at = now
        row.touch(now)
        await session.exec(delete(SurveyAssignment).where(col(SurveyAssignment.wave_id) == row.id))
    return await _forget_households(session, now)


async def _forget_households(session: AsyncSession, now: datetime) -> int:
    spoken_of = select(col(SurveyAnswer.id)).where(col(SurveyAnswer.household_id) == col(SurveyHousehold.id))
    # As long as an answer would be kept: a household that was only listed and never asked is not kept for ever.
    stale = keep_until(RetentionClass.SURVEY, china_date(now))
    before = now - timedelta(days=(stale - china_date(now)).days)
    done = await session.exec(
        delete(SurveyHousehold).where(col(SurveyHousehold.updated_at) < before, ~spoken_of.exists())
    )
    return int(done.rowcount)


async def _close(session: AsyncSession, row: SurveyWave, now: datetime) -> None:
    check_transition(row.state, SurveyWaveState.CLOSED)
    row.state, row.closed_at = SurveyWaveState.CLOSED, now
    row.keep_until = keep_until(RetentionClass.SURVEY, china_date(now))
    row.touch(now)
    await open_task(
        session, TaskKind.SURVEY_PUBLISH, row.id, title=f"公布“{row.name}”的统计", now=now, due_at=now + PUBLISH_WITHIN
    )


async def publish(
    session: AsyncSession,
    actor: Actor,
    wave_id: UUID,
    content: dict[str, object],
    *,
    expected_version: int,
    now: datetime,
) -> SurveyWave:
    """`content`: the statistics as they were computed, small cells hidden; they stay as they are from now on."""
    check_town_wide(actor, Permission.SURVEY_MANAGE)
    row = await _locked(session, wave_id, expected_version)
    check_transition(row.state, SurveyWaveState.PUBLISHED)
    row.state, row.published_at, row.statistics = SurveyWaveState.PUBLISHED, now, content
    row.touch(now)
    await close_tasks(session, TaskKind.SURVEY_PUBLISH, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, "survey_wave_published", SUBJECT, row.id, now=now)
    return row


async def _locked(session: AsyncSession, wave_id: UUID, expected_version: int) -> SurveyWave:
    row = await lock(session, SurveyWave, wave_id, SurveyWaveNotFoundError)
    check_version(row.version, expected_version)
    return row


async def _by_office(session: AsyncSession, now: datetime) -> dict[UUID, list[UUID]]:
    """Grid → whose office it is: its members, else its leader, else the members of its area."""
    grids = await all_grids(session)
    staff = await area_staff(session, Permission.SURVEY_ANSWER, now=now)
    orders = (
        (Role.GRID_MEMBER, ScopeKind.GRID),
        (Role.GRID_LEADER, ScopeKind.GRID),
        (Role.GRID_MEMBER, ScopeKind.AREA),
    )
    found: dict[UUID, list[UUID]] = {}
    for grid in grids:
        scopes = {ScopeKind.GRID: grid.id, ScopeKind.AREA: grid.area_id}
        for role, kind in orders:
            people = {
                person for person, held, where, scope in staff if (held, where, scope) == (role, kind, scopes[kind])
            }
            if people:
                found[grid.id] = sorted(people)
                break
    return found
