"""The plan's ladder (三（五）2) for one case: who is meant by a step, as far as the public rosters name them."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.models.disputes import DisputeCase
from app.rules.disputes.log import CaseLevel
from app.rules.disputes.panel import POST_WORDS, SeatBody
from app.services.organisation import ties
from app.services.organisation.ties import Named


async def people_at(session: AsyncSession | ReadSession, case: DisputeCase, level: CaseLevel) -> list[Named]:
    """None where nobody is named: the plan names neither grid leaders nor a leader of the city; the park's committee has its office."""
    if level is CaseLevel.GRID:
        leader = await ties.grid_leader(session, case.grid_id)
        return [] if leader is None else [leader]
    if level is CaseLevel.VILLAGE_OR_PARK:
        return await _village_or_park(session, case)
    if level is CaseLevel.TASK_FORCE:
        return await ties.work_team(session, leaders_only=True)
    if level is CaseLevel.CONFERENCE:
        return await ties.work_team(session, leaders_only=False)
    return []


async def _village_or_park(session: AsyncSession | ReadSession, case: DisputeCase) -> list[Named]:
    names = [] if case.area_id is None else list((await ties.village_names(session, [case.area_id])).values())
    secretaries = await ties.people_with_posts(session, POST_WORDS[SeatBody.VILLAGE_COMMITTEES])
    found = [one for one in secretaries if any(one.post.startswith(name) for name in names)]
    return found or await ties.people_with_posts(session, POST_WORDS[SeatBody.PARTY_COMMITTEE])
