"""One application in full: with the posting as its person saw it, and what both sides say after the hire."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.models.jobs import ApplicationStep, KeptCheck, VacancyVersion
from app.rules.identity.roles import Actor
from app.services.jobs.applications import Candidate, Tracked, check_own, get_candidate, steps_of, track
from app.services.jobs.kept import checks_of
from app.services.jobs.versions import version_of


@dataclass(frozen=True, slots=True)
class TrackedDetail:
    tracked: Tracked
    seen: VacancyVersion | None
    kept: Sequence[KeptCheck]


@dataclass(frozen=True, slots=True)
class CandidateDetail:
    candidate: Candidate
    steps: Sequence[ApplicationStep]
    seen: VacancyVersion | None
    kept: Sequence[KeptCheck]


async def own_detail(session: AsyncSession, actor: Actor, application_id: UUID) -> TrackedDetail:
    await check_own(session, actor, application_id)
    tracked = await track(session, application_id)
    seen = await version_of(session, tracked.application)
    return TrackedDetail(tracked, seen, await checks_of(session, application_id))


async def candidate_detail(
    session: AsyncSession, crypto: Crypto, actor: Actor, application_id: UUID, *, now: datetime
) -> CandidateDetail:
    candidate = await get_candidate(session, crypto, actor, application_id, now=now)
    steps = (await steps_of(session, [application_id])).get(application_id, [])
    seen = await version_of(session, candidate.application)
    return CandidateDetail(candidate, steps, seen, await checks_of(session, application_id))
