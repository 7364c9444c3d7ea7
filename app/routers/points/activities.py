"""志愿活动：发布、报名、确认时长。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit, assisted, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission
from app.rules.points import activities as rules
from app.schemas.points.activities import (
    ActivityForm,
    ActivityRead,
    CancelActivityForm,
    HoursForm,
    ParticipantList,
    VoidHoursForm,
)
from app.services.points import activities
from app.services.points.programme_views import activity_read, participants_read

router = make_router("points")
Organiser = Annotated[Actor, require(Permission.ACTIVITY_MANAGE)]
OrganiserOf = Annotated[Actor, require(Permission.ACTIVITY_MANAGE, Reach.SCOPE)]
Volunteer = Annotated[Actor, assisted(AgentScope.POINTS)]
VolunteerAt = Annotated[Actor, assisted(AgentScope.POINTS, Reach.OPEN)]
Mine = Annotated[bool, Query(description="只看我报名的")]
JOIN_ERRORS = (
    *AGENT_ERRORS, IdempotencyKeyMissingError, rules.ActivityNotFoundError, rules.ActivityStateError,
    rules.ActivityOverError, rules.ParticipationStateError,
)  # fmt: skip


@router.get("/activities", responses=read_errors(*AGENT_ERRORS, CursorInvalidError))
async def list_activities(
    actor: Volunteer, session: Reads, runtime: RuntimeDep, now: Now, mine: Mine = False, grid_id: UUID | None = None,
    cursor: Cursor = None, limit: Limit = 20,
) -> Page[ActivityRead]:  # fmt: skip
    """志愿活动，开始时间晚的在前。"""
    found, following = await activities.list_activities(
        session, runtime.cursors, actor, mine=mine, grid_id=grid_id, cursor=cursor, limit=limit
    )
    return Page(items=[activity_read(one, now) for one in found], next_cursor=following)


@router.post(
    "/activities", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.ActivityBackdatedError, rules.ActivityPeriodError, rules.GridUnknownError
    ),
)  # fmt: skip
async def announce_activity(actor: Organiser, form: ActivityForm, session: Unit, now: Now) -> ActivityRead:
    """发布活动，须在开始之前；补录的活动不计分。网格员只能发布本网格的。"""
    return activity_read(await activities.announce(session, actor, form, now=now), now)


@router.get("/activities/{activity_id}", responses=read_errors(*AGENT_ERRORS, rules.ActivityNotFoundError))
async def get_activity(actor: VolunteerAt, activity_id: UUID, session: Reads, now: Now) -> ActivityRead:
    """一个活动，以及我的报名和时长。"""
    return activity_read(await activities.look(session, actor, activity_id), now)


@router.post(
    "/activities/{activity_id}/join", dependencies=[KeyRequired],
    responses=write_errors(*JOIN_ERRORS, ConsentMissingError, rules.ActivityFullError),
)  # fmt: skip
async def join_activity(actor: VolunteerAt, activity_id: UUID, session: Unit, now: Now) -> ActivityRead:
    """报名；重复报名不变。"""
    return activity_read(await activities.join(session, actor, activity_id, now=now), now)


@router.post(
    "/activities/{activity_id}/leave", dependencies=[KeyRequired],
    responses=write_errors(*JOIN_ERRORS, rules.ParticipationNotFoundError),
)  # fmt: skip
async def leave_activity(actor: VolunteerAt, activity_id: UUID, session: Unit, now: Now) -> ActivityRead:
    """退出活动。"""
    return activity_read(await activities.leave(session, actor, activity_id, now=now), now)


@router.post(
    "/activities/{activity_id}/cancel", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.ActivityNotFoundError, rules.ActivityStateError, rules.ActivityConfirmedError, StaleError
    ),
)  # fmt: skip
async def cancel_activity(
    actor: OrganiserOf, activity_id: UUID, form: CancelActivityForm, session: Unit, now: Now
) -> ActivityRead:
    """取消活动并说明原因，报名的人会收到通知。"""
    done = await activities.cancel(
        session, actor, activity_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return activity_read(done, now)


@router.get("/activities/{activity_id}/people", responses=read_errors(rules.ActivityNotFoundError))
async def list_activity_people(actor: OrganiserOf, activity_id: UUID, session: Reads) -> ParticipantList:
    """报名的人和已确认的时长。"""
    return participants_read(await activities.list_people(session, actor, activity_id))


@router.post(
    "/activities/{activity_id}/hours", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.ActivityNotFoundError, rules.ActivityStateError, rules.OwnHoursError,
        rules.ParticipationNotFoundError, rules.ParticipationStateError, rules.ActivityNotOverError, rules.ConfirmLateError,
        rules.MinutesError, rules.HoursConfirmedError,
        rules.OverlappingHoursError,
    ),
)  # fmt: skip
async def confirm_activity_hours(
    actor: OrganiserOf, activity_id: UUID, form: HoursForm, session: Unit, now: Now
) -> ParticipantList:
    """确认志愿者的时长，积分随即按规则入账；不能确认自己的。"""
    return participants_read(await activities.confirm_hours(session, actor, activity_id, form, now=now))


@router.post(
    "/activities/{activity_id}/people/{person_id}/void", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.ActivityNotFoundError, rules.OwnHoursError, rules.ParticipationNotFoundError,
        rules.ParticipationStateError, StaleError,
    ),
)  # fmt: skip
async def void_activity_hours(
    actor: OrganiserOf, activity_id: UUID, person_id: UUID, form: VoidHoursForm, session: Unit, now: Now
) -> ParticipantList:
    """撤销有误的时长，积分随之冲回；之后可按正确的时长重新确认。"""
    found = await activities.void_hours(
        session, actor, activity_id, person_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return participants_read(found)
