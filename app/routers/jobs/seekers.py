"""求职登记与推荐。"""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from app.core.errors import StaleError
from app.routers.deps import (
    Limit,
    Now,
    Reads,
    Rows,
    RuntimeDep,
    Unit,
    assisted,
)
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.ages import TooYoungError
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor
from app.rules.jobs import applications as funnel
from app.rules.jobs import vacancies as rules
from app.schemas.jobs.seekers import RecommendationExplained, Recommendations, SeekerForm, SeekerRead
from app.services.jobs import completeness, recommendations, recommended, seekers, views

router = make_router("jobs")
Seeker = Annotated[Actor, assisted(AgentScope.JOBS)]


@router.get("/me/seeker-profile", responses=read_errors(*AGENT_ERRORS, funnel.SeekerProfileMissingError))
async def get_my_seeker_profile(actor: Seeker, session: Reads, runtime: RuntimeDep, now: Now) -> SeekerRead:
    """我的求职登记，附完整程度和下一个最有用的问题。"""
    row = await seekers.get_profile(session, actor.person_id)
    return views.seeker_read(row, await completeness.assess_profile(session, runtime.crypto, row, now=now))


@router.put(
    "/me/seeker-profile",
    responses=write_errors(ConsentMissingError, funnel.AreaUnknownError, rules.OccupationUnknownError, StaleError),
)
async def save_my_seeker_profile(
    actor: Seeker, form: SeekerForm, session: Unit, runtime: RuntimeDep, now: Now
) -> SeekerRead:
    """求职登记，不需要简历；没填的算未知，不算不符。"""
    row = await seekers.save_profile(runtime, session, actor, form)
    return views.seeker_read(row, await completeness.assess_profile(session, runtime.crypto, row, now=now))


@router.get(
    "/me/recommended-vacancies",
    responses=read_errors(*AGENT_ERRORS, funnel.SeekerProfileMissingError, TooYoungError),
    response_model=Recommendations,
)
async def recommend_vacancies(
    actor: Seeker, connection: Rows, runtime: RuntimeDep, now: Now, limit: Limit = 20
) -> Response:
    """推荐岗位：总分、各项得分（相加等于总分）、合适的理由和不合之处；位置因展示过多或留给新岗位而变动的，写明原因。"""
    found = await recommendations.recommend(runtime, connection, actor, limit=limit, now=now)
    return Response(recommended.page(found), media_type="application/json")


@router.get(
    "/me/recommended-vacancies/{vacancy_id}",
    responses=read_errors(*AGENT_ERRORS, funnel.SeekerProfileMissingError, rules.VacancyNotFoundError, TooYoungError),
)
async def explain_recommendation(
    actor: Annotated[Actor, assisted(AgentScope.JOBS, Reach.OPEN)],
    vacancy_id: UUID,
    connection: Rows,
    runtime: RuntimeDep,
    now: Now,
) -> RecommendationExplained:
    """任何一个岗位对我意味着什么：得分、理由、不合之处和排名；排不进推荐的，说明被什么条件挡住。"""
    found = await recommendations.explain_one(runtime, connection, actor, vacancy_id, now=now)
    return recommended.explained(found)
