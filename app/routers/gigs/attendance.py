"""未到岗、申诉、评价。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit, assisted, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.gigs import offers as rules
from app.rules.gigs import standing
from app.rules.gigs.profiles import WorkerProfileMissingError
from app.rules.identity.access import Reach
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission
from app.schemas.base import ExpectedVersion
from app.schemas.gigs.offers import (
    AppealForm,
    NoShowAppeal,
    NoShowDecision,
    NoShowRead,
    RatingForm,
    RatingRead,
    ShiftPeople,
    StandingRead,
)
from app.services.gigs import attendance, offer_views, ratings, shift_people

router = make_router("gigs")
Worker = Annotated[Actor, assisted(AgentScope.GIGS)]
WorkerRow = Annotated[Actor, assisted(AgentScope.GIGS, Reach.SELF)]
SiteOf = Annotated[Actor, require(Permission.GIG_SITE, Reach.FIRM)]
Officer = Annotated[Actor, require(Permission.GIG_DECIDE)]
OfficerOf = Annotated[Actor, require(Permission.GIG_DECIDE, Reach.TOWN)]


@router.post(
    "/assignments/{assignment_id}/no-show",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.AssignmentNotFoundError, rules.AssignmentStateError, standing.NotYetLateError, StaleError,
    ),
)  # fmt: skip
async def mark_no_show(
    actor: SiteOf, assignment_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> ShiftPeople:
    """登记未到岗：开班后可登记，名额立即补位；本人可以申诉。"""
    row = await attendance.mark_no_show(session, actor, assignment_id, expected_version=form.expected_version, now=now)
    return offer_views.shift_people(await shift_people.of_shift(session, runtime.crypto, actor, row.shift_id))


@router.get("/me/no-shows", responses=read_errors(*AGENT_ERRORS))
async def list_my_no_shows(actor: Worker, session: Reads, runtime: RuntimeDep) -> list[NoShowRead]:
    """我的取消与未到岗记录：每条写明按哪条规则计分、何时失效、能否申诉。"""
    return [offer_views.no_show_read(row, runtime.crypto) for row in await attendance.list_mine(session, actor)]


@router.post(
    "/me/no-shows/{no_show_id}/appeal",
    dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, standing.NoShowNotFoundError, standing.NoShowStateError,
        standing.AppealTooLateError, StaleError,
    ),
)  # fmt: skip
async def appeal_no_show(
    actor: WorkerRow, no_show_id: UUID, form: AppealForm, session: Unit, runtime: RuntimeDep, now: Now
) -> NoShowRead:
    """申诉：5个工作日内提出，5个工作日内答复。"""
    row = await attendance.appeal(
        session,
        runtime.crypto,
        actor,
        no_show_id,
        words=form.words,
        expected_version=form.expected_version,
        now=now,
    )
    return offer_views.no_show_read(row, runtime.crypto)


@router.get("/no-show-appeals", responses=read_errors(CursorInvalidError))
async def list_no_show_appeals(
    actor: Officer, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[NoShowAppeal]:
    """等待答复的申诉。"""
    del actor
    rows, following = await attendance.list_appeals(session, runtime.cursors, cursor=cursor, limit=limit)
    return Page(items=[offer_views.appeal_read(row, runtime.crypto) for row in rows], next_cursor=following)


@router.post(
    "/no-shows/{no_show_id}/decision",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, standing.NoShowNotFoundError, standing.NoShowStateError, StaleError
    ),
)
async def decide_no_show(
    actor: OfficerOf, no_show_id: UUID, form: NoShowDecision, session: Unit, runtime: RuntimeDep, now: Now
) -> NoShowRead:
    """答复申诉：维持或撤销，写明理由，本人会收到。"""
    row = await attendance.decide(
        session, actor, no_show_id, uphold=form.uphold, decision=form.decision, expected_version=form.expected_version, now=now,
    )  # fmt: skip
    return offer_views.no_show_read(row, runtime.crypto)


@router.get("/me/standing", responses=read_errors(*AGENT_ERRORS))
async def get_my_standing(actor: Worker, session: Reads, runtime: RuntimeDep, now: Now) -> StandingRead:
    """我的到岗情况：有效计分、到岗次数、评价，以及由此带来什么。"""
    found = await attendance.standing_of(session, actor.person_id, now=now)
    return offer_views.standing_read(found, await ratings.mean_of_worker(session, actor.person_id), runtime.crypto)


@router.post(
    "/me/assignments/{assignment_id}/rating",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, rules.AssignmentNotFoundError, WorkerProfileMissingError,
        standing.RatingClosedError, standing.AlreadyRatedError,
    ),
)  # fmt: skip
async def rate_firm(actor: WorkerRow, assignment_id: UUID, form: RatingForm, session: Unit, now: Now) -> RatingRead:
    """评价企业（1至5星），每个班次一次；满5次才显示平均。"""
    return offer_views.rating_read(await ratings.rate_firm(session, actor, assignment_id, stars=form.stars, now=now))


@router.post(
    "/assignments/{assignment_id}/rating",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError,
        rules.AssignmentNotFoundError,
        standing.RatingClosedError,
        standing.AlreadyRatedError,
    ),
)
async def rate_worker(actor: SiteOf, assignment_id: UUID, form: RatingForm, session: Unit, now: Now) -> RatingRead:
    """评价零工（1至5星），每个班次一次。"""
    return offer_views.rating_read(await ratings.rate_worker(session, actor, assignment_id, stars=form.stars, now=now))
