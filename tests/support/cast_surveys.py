"""Rows of the employment survey for the cast: waves and answers in the caller's grid, and elsewhere."""

import uuid
from uuid import UUID

from app.core.clock import china_date
from app.core.ids import new_id
from app.models.jobs import SurveyAnswer, SurveyAssignment, SurveyHousehold, SurveyWave
from app.rules.identity.roles import Role
from app.rules.jobs.surveys import HouseholdSource, SurveyOutcome, SurveyUnit, SurveyWaveState
from tests.factories.world import Someone
from tests.support.cast import OTHER, OWN, Cast, Rows, rows


async def waves(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """An open wave; own is where the caller's grid is in it, another's one that goes elsewhere."""
    del role
    here = await cast.once("wave", lambda: _wave(cast, cast.grid))
    there = await cast.once("wave elsewhere", lambda: _wave(cast, cast.far_grid))
    await cast.once(("assigned", someone.id), lambda: _assigned(cast, someone, here, cast.grid))
    return rows("wave_id", here, here, there)


async def answers(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Of a household in the caller's grid, and of one elsewhere."""
    aims = await waves(cast, someone, role)

    async def make(wave: str, grid: str) -> str:
        household = await cast.once(("household", grid), lambda: _household(cast, grid))
        return await cast.add(
            SurveyAnswer, wave_id=UUID(wave), household_id=UUID(household), client_id=uuid.uuid4(), content_hash="",
            member_no=1, outcome=SurveyOutcome.ABSENT, recorded_at=cast.world.clock.now(),
            recorded_by=UUID(cast.colleague.id),
        )  # fmt: skip

    near = await cast.once("answer", lambda: make(aims[OWN]["wave_id"], cast.grid))
    far = await cast.once("answer elsewhere", lambda: make(aims[OTHER]["wave_id"], cast.far_grid))
    return rows("answer_id", near, near, far)


async def _wave(cast: Cast, grid: str) -> str:
    today = china_date(cast.world.clock.now())
    made = await cast.add(
        SurveyWave, name="测试摸底", unit=SurveyUnit.PERSON, questions_version="2026-11", opens_on=today,
        closes_on=today, state=SurveyWaveState.OPEN, created_by=UUID(cast.colleague.id),
    )  # fmt: skip
    await _assigned(cast, cast.colleague, made, grid)
    return made


async def _assigned(cast: Cast, someone: Someone, wave: str, grid: str) -> str:
    return await cast.add(
        SurveyAssignment, wave_id=UUID(wave), grid_id=UUID(grid), person_id=UUID(someone.id),
        assigned_by=UUID(cast.stranger.id),
    )  # fmt: skip


async def _household(cast: Cast, grid: str) -> str:
    row_id = new_id()
    return await cast.add(
        SurveyHousehold, id=row_id, client_id=uuid.uuid4(), grid_id=UUID(grid), address_hash=uuid.uuid4().hex,
        address_sealed=cast.world.crypto.seal("survey_household", "address", row_id, "测试路1号"),
        source=HouseholdSource.VISIT, recorded_by=UUID(cast.colleague.id),
    )  # fmt: skip
