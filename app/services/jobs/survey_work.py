"""The grid members' side of 就业摸底: which grids are theirs, the households in them, what was answered before."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, and_, case, cast, false, func, or_, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, fetch, lock
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.models.jobs import SurveyAnswer, SurveyAssignment, SurveyHousehold, SurveyWave
from app.rules.identity.roles import Actor, Permission, ScopeKind, check_permission
from app.rules.jobs.surveys import (
    ClientIdTakenError,
    HouseholdKnownError,
    HouseholdNotFoundError,
    HouseholdState,
    SurveyGridError,
    SurveyOutcome,
    SurveyWaveNotFoundError,
    SurveyWaveState,
    VisitState,
)
from app.schemas.jobs.surveys import HouseholdForm, HouseholdUpdate
from app.services.identity import audit
from app.services.organisation.facts import all_grids, grids_of_areas

SUBJECT = "survey_household"
# Best first: a household that answered once has answered.
RANKS = {VisitState.ANSWERED: 3, VisitState.REFUSED: 2, VisitState.ABSENT: 1, VisitState.UNVISITED: 0}
STATES = {rank: state for state, rank in RANKS.items()}


@dataclass(slots=True)
class Tally:
    """Households of a grid in a wave, by how their visits ended."""

    grid_id: UUID
    counts: dict[VisitState, int] = field(default_factory=dict)

    @property
    def known(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Visited:
    """A household as its grid member sees it: what this wave has of it, and the last wave's answers."""

    household: SurveyHousehold
    answers: Sequence[SurveyAnswer]
    earlier: Sequence[SurveyAnswer]

    @property
    def visit_state(self) -> VisitState:
        return STATES[max((rank_of(answer.outcome) for answer in self.answers), default=0)]


def rank_of(outcome: SurveyOutcome) -> int:
    return {SurveyOutcome.ANSWERED: 3, SurveyOutcome.ABSENT: 1}.get(outcome, 2)


def by_office(actor: Actor, permission: Permission, grid_id: Any) -> ColumnElement[bool]:
    """The grids that an office reaches: the town's all, an area's, its own."""
    if actor.town_wide(permission):
        return true()
    areas, grids = sorted(actor.scopes(permission, ScopeKind.AREA)), sorted(actor.scopes(permission, ScopeKind.GRID))
    reached = [grid_id.in_(grids)] if grids else []
    reached += [grid_id.in_(grids_of_areas(areas))] if areas else []
    return or_(*reached) if reached else false()


def assigned_to(actor: Actor) -> ColumnElement[bool]:
    """Assignments that count: by the officer's word, or while the office that they follow from is held."""
    grid_id = col(SurveyAssignment.grid_id)
    given = col(SurveyAssignment.assigned_by).is_not(None)
    mine = col(SurveyAssignment.person_id) == actor.person_id
    return and_(mine, or_(given, by_office(actor, Permission.SURVEY_ANSWER, grid_id)))


def reached_grids(actor: Actor, grid_id: Any) -> ColumnElement[bool]:
    """Whose households this person may see and add: of their own grids, and of those given to them in an open wave."""
    given = (
        select(col(SurveyAssignment.grid_id))
        .join(SurveyWave, col(SurveyWave.id) == col(SurveyAssignment.wave_id))
        .where(assigned_to(actor), SurveyWave.state == SurveyWaveState.OPEN)
    )
    return or_(by_office(actor, Permission.SURVEY_ANSWER, grid_id), grid_id.in_(given))


async def grids_in_wave(session: AsyncSession, actor: Actor, wave_id: UUID) -> set[UUID]:
    """The grids of this wave that are this person's; without any the wave does not exist for them."""
    check_permission(actor, Permission.SURVEY_ANSWER)
    rows = await session.exec(
        select(col(SurveyAssignment.grid_id)).where(SurveyAssignment.wave_id == wave_id, assigned_to(actor))
    )
    found = set(rows.all())
    if not found:
        raise SurveyWaveNotFoundError
    return found


async def add_household(
    session: AsyncSession, crypto: Crypto, actor: Actor, form: HouseholdForm, *, now: datetime
) -> SurveyHousehold:
    """A household met at the door. Sent again, or known under the same address: the row that is there."""
    check_permission(actor, Permission.SURVEY_ANSWER)
    await _check_reach(session, actor, form.grid_id)
    row = SurveyHousehold(
        id=new_id(), created_at=now, updated_at=now, client_id=form.client_id, grid_id=form.grid_id,
        address_sealed=b"", address_hash=_hash(crypto, form.address), source=form.source, recorded_by=actor.person_id,
    )  # fmt: skip
    row.address_sealed = crypto.seal(SUBJECT, "address", row.id, form.address)
    if await insert_or_ignore(session, SurveyHousehold, row.model_dump()):
        audit.by(session, actor, "survey_household_added", SUBJECT, row.id, now=now)
        return row
    found = await session.exec(
        select(SurveyHousehold).where(
            or_(
                col(SurveyHousehold.client_id) == form.client_id,
                (col(SurveyHousehold.grid_id) == form.grid_id)
                & (col(SurveyHousehold.address_hash) == row.address_hash),
            )
        )
    )
    there = found.all()
    if any(
        one.client_id == form.client_id and (one.grid_id, one.address_hash) != (form.grid_id, row.address_hash)
        and one.version == 1
        for one in there
    ):  # fmt: skip
        raise ClientIdTakenError
    return next((one for one in there if one.client_id == form.client_id), there[0])


async def get_household(session: AsyncSession, actor: Actor, household_id: UUID) -> SurveyHousehold:
    check_permission(actor, Permission.SURVEY_ANSWER)
    found = await session.exec(
        select(SurveyHousehold).where(
            SurveyHousehold.id == household_id, reached_grids(actor, col(SurveyHousehold.grid_id))
        )
    )
    row = found.one_or_none()
    if row is None:
        raise HouseholdNotFoundError
    return row


async def update_household(
    session: AsyncSession, crypto: Crypto, actor: Actor, household_id: UUID, form: HouseholdUpdate, *, now: datetime
) -> SurveyHousehold:
    """The address as it should read, or that nobody lives there any more."""
    await get_household(session, actor, household_id)
    row = await lock(session, SurveyHousehold, household_id, HouseholdNotFoundError)
    check_version(row.version, form.expected_version)
    await _check_address_free(session, row, _hash(crypto, form.address))
    row.address_sealed = crypto.seal(SUBJECT, "address", row.id, form.address)
    row.address_hash, row.source, row.state = _hash(crypto, form.address), form.source, form.state
    row.touch(now)
    audit.by(session, actor, "survey_household_updated", SUBJECT, row.id, now=now, state=form.state.value)
    await session.flush()
    return row


async def list_households(
    session: ReadSession,
    cursors: Cursors,
    actor: Actor,
    wave_id: UUID,
    *,
    grid_id: UUID | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[Visited], str | None]:
    """Households of one's grids in a wave with what is there of them: as many statements for a hundred as for one."""
    mine = await grids_in_wave(session, actor, wave_id)
    if grid_id is not None and grid_id not in mine:
        raise SurveyGridError
    query = {"list": "survey_households", "person": actor.person_id, "wave": wave_id, "grid": grid_id}
    keys = [col(SurveyHousehold.created_at), col(SurveyHousehold.id)]
    wanted = sorted(mine) if grid_id is None else [grid_id]
    statement = select(SurveyHousehold).where(
        col(SurveyHousehold.grid_id).in_(wanted), SurveyHousehold.state == HouseholdState.LIVED_IN
    )
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    rows, following = cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])
    ids = [row.id for row in rows]
    current = await _answers_of(session, ids, wave_id)
    earlier = await _earlier(session, ids, wave_id)
    return [Visited(row, current.get(row.id, []), earlier.get(row.id, [])) for row in rows], following


async def list_work(session: ReadSession, actor: Actor) -> list[tuple[SurveyWave, list[Tally]]]:
    """The open waves in which something is this person's, with how far each grid is."""
    check_permission(actor, Permission.SURVEY_ANSWER)
    rows = await session.exec(
        select(SurveyWave, col(SurveyAssignment.grid_id))
        .join(SurveyAssignment, col(SurveyAssignment.wave_id) == col(SurveyWave.id))
        .where(SurveyWave.state == SurveyWaveState.OPEN, assigned_to(actor))
        .order_by(col(SurveyWave.closes_on), col(SurveyWave.id))
    )
    waves: dict[UUID, tuple[SurveyWave, set[UUID]]] = {}
    for wave, grid_id in rows:
        waves.setdefault(wave.id, (wave, set()))[1].add(grid_id)
    done = await tallies(session, list(waves), {grid for _, grids in waves.values() for grid in grids})
    return [
        (
            wave,
            [done.get((wave.id, grid.id)) or Tally(grid.id) for grid in await all_grids(session) if grid.id in grids],
        )
        for wave, grids in waves.values()
    ]


async def progress(session: ReadSession, actor: Actor, wave_id: UUID) -> list[Tally]:
    """By grid, as far as the office reaches; numbers of households, nobody's name."""
    check_permission(actor, Permission.SURVEY_READ)
    wave = await fetch(session, SurveyWave, wave_id, SurveyWaveNotFoundError)
    if wave.state in {SurveyWaveState.DRAFT, SurveyWaveState.CANCELLED}:
        raise SurveyWaveNotFoundError
    areas, grids = (
        actor.scopes(Permission.SURVEY_READ, ScopeKind.AREA),
        actor.scopes(Permission.SURVEY_READ, ScopeKind.GRID),
    )
    everything = actor.town_wide(Permission.SURVEY_READ)
    reached = [
        grid for grid in await all_grids(session) if everything or grid.id in grids or grid.area_id in areas
    ]  # fmt: skip
    done = await tallies(session, [wave_id], {grid.id for grid in reached})
    return [done.get((wave_id, grid.id)) or Tally(grid.id) for grid in reached]


async def tallies(
    session: AsyncSession, wave_ids: Sequence[UUID], grid_ids: set[UUID]
) -> dict[tuple[UUID, UUID], Tally]:
    """`(wave, grid)` → households by how their visits ended; one grouped statement."""
    if not wave_ids or not grid_ids:
        return {}
    rank = func.coalesce(
        func.max(
            case(
                (col(SurveyAnswer.outcome) == SurveyOutcome.ANSWERED, 3),
                (col(SurveyAnswer.outcome) == SurveyOutcome.ABSENT, 1),
                (col(SurveyAnswer.id).is_not(None), 2),
                else_=0,
            )
        ),
        0,
    )
    household, wave = col(SurveyHousehold.id), col(SurveyWave.id)
    each = (
        select(
            wave.label("wave_id"),
            col(SurveyHousehold.grid_id).label("grid_id"),
            household,
            cast(rank, Integer).label("rank"),
        )
        .select_from(SurveyHousehold)
        .join(SurveyWave, wave.in_(wave_ids))
        .outerjoin(SurveyAnswer, (col(SurveyAnswer.household_id) == household) & (col(SurveyAnswer.wave_id) == wave))
        .where(col(SurveyHousehold.grid_id).in_(sorted(grid_ids)), SurveyHousehold.state == HouseholdState.LIVED_IN)
        .group_by(wave, col(SurveyHousehold.grid_id), household)
        .subquery()
    )
    rows = await session.exec(
        select(each.c.wave_id, each.c.grid_id, each.c.rank, func.count()).group_by(
            each.c.wave_id, each.c.grid_id, each.c.rank
        )
    )
    found: dict[tuple[UUID, UUID], Tally] = {}
    for wave_id, grid_id, best, count in rows:
        tally = found.setdefault((wave_id, grid_id), Tally(grid_id))
        tally.counts[STATES[best]] = count
    return found


async def _answers_of(
    session: AsyncSession, household_ids: Sequence[UUID], wave_id: UUID
) -> dict[UUID, list[SurveyAnswer]]:
    rows = await session.exec(
        select(SurveyAnswer)
        .where(col(SurveyAnswer.household_id).in_(household_ids), SurveyAnswer.wave_id == wave_id)
        .order_by(col(SurveyAnswer.member_no), col(SurveyAnswer.recorded_at), col(SurveyAnswer.id))
    )
    grouped: dict[UUID, list[SurveyAnswer]] = {}
    for row in rows:
        grouped.setdefault(row.household_id, []).append(row)
    return grouped


async def _earlier(
    session: AsyncSession, household_ids: Sequence[UUID], wave_id: UUID
) -> dict[UUID, list[SurveyAnswer]]:
    """The latest answer of each member in another wave."""
    place = (
        func.row_number()
        .over(
            partition_by=(col(SurveyAnswer.household_id), col(SurveyAnswer.member_no)),
            order_by=(col(SurveyAnswer.recorded_at).desc(), col(SurveyAnswer.id).desc()),
        )
        .label("place")
    )
    latest = (
        select(col(SurveyAnswer.id), place)
        .join(SurveyWave, col(SurveyWave.id) == col(SurveyAnswer.wave_id))
        .where(
            col(SurveyAnswer.household_id).in_(household_ids),
            SurveyAnswer.wave_id != wave_id,
            SurveyWave.state != SurveyWaveState.CANCELLED,
            SurveyAnswer.outcome == SurveyOutcome.ANSWERED,
        )
        .subquery()
    )
    rows = await session.exec(
        select(SurveyAnswer)
        .join(latest, latest.c.id == col(SurveyAnswer.id))
        .where(latest.c.place == 1)
        .order_by(col(SurveyAnswer.member_no))
    )
    grouped: dict[UUID, list[SurveyAnswer]] = {}
    for row in rows:
        grouped.setdefault(row.household_id, []).append(row)
    return grouped


async def _check_reach(session: AsyncSession, actor: Actor, grid_id: UUID) -> None:
    grid = next((grid for grid in await all_grids(session) if grid.id == grid_id), None)
    if grid is None:
        raise SurveyGridError
    permission = Permission.SURVEY_ANSWER
    if actor.town_wide(permission) or grid.id in actor.scopes(permission, ScopeKind.GRID):
        return
    if grid.area_id in actor.scopes(permission, ScopeKind.AREA):
        return
    given = await session.exec(
        select(col(SurveyAssignment.id))
        .join(SurveyWave, col(SurveyWave.id) == col(SurveyAssignment.wave_id))
        .where(assigned_to(actor), SurveyWave.state == SurveyWaveState.OPEN, SurveyAssignment.grid_id == grid_id)
        .limit(1)
    )
    if given.one_or_none() is None:
        raise SurveyGridError


async def _check_address_free(session: AsyncSession, row: SurveyHousehold, address_hash: str) -> None:
    found = await session.exec(
        select(col(SurveyHousehold.id)).where(
            SurveyHousehold.grid_id == row.grid_id,
            SurveyHousehold.address_hash == address_hash,
            SurveyHousehold.id != row.id,
        )
    )
    if found.one_or_none() is not None:
        raise HouseholdKnownError


def open_address(crypto: Crypto, row: SurveyHousehold) -> str:
    return crypto.open_text(SUBJECT, "address", row.id, row.address_sealed)


def _hash(crypto: Crypto, address: str) -> str:
    """The same words for the same door; blanks are no difference."""
    return crypto.keyed_hash("survey_address", "".join(address.split()))
