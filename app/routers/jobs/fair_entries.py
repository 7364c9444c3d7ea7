"""招聘会现场：签到码、签到、人工计数、页面访问。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import ConflictError, UnauthorisedError
from app.core.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError, InProgressError
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import KeyRequired, MaybeActor, Now, Reads, RuntimeDep, Unit, assisted, limited, require
from app.routers.routing import AGENT_ERRORS, BODY_ERRORS, make_router, public_errors, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs import fairs as rules
from app.schemas.jobs.fairs import CheckInCodeRead, CheckInForm, CheckInRead, TallyForm, TallyRead
from app.services.jobs import fair_entries, fair_views

router = make_router("jobs")
OfficeOf = Annotated[Actor, require(Permission.FAIR_MANAGE, Reach.SCOPE)]
# Any fair that is public; for oneself, or by an agent for somebody without a phone.
Visitor = Annotated[Actor, assisted(AgentScope.JOBS, Reach.OPEN)]
DOOR = (rules.FairNotFoundError, rules.FairNotRunningError, rules.OnlineCheckInError)


@router.get("/fairs/{fair_id}/check-in-code", responses=read_errors(*DOOR))
async def get_check_in_code(
    actor: OfficeOf, fair_id: UUID, session: Reads, runtime: RuntimeDep, now: Now
) -> CheckInCodeRead:
    """入口屏幕上的签到码，每30秒更换；把 code 原样做成二维码。"""
    return fair_views.code_read(await fair_entries.show_code(session, runtime.crypto, actor, fair_id, now=now))


@router.post(
    "/fairs/{fair_id}/check-ins",
    responses=write_errors(
        *AGENT_ERRORS,
        *DOOR,
        ConsentMissingError,
        rules.CheckInCodeInvalidError,
        rules.CheckInCodeExpiredError,
        rules.CheckInCodeElsewhereError,
    ),
)
async def check_in_at_fair(
    actor: Visitor, fair_id: UUID, form: CheckInForm, session: Unit, runtime: RuntimeDep, now: Now
) -> CheckInRead:
    """扫入口的签到码签到；每人只计一次，重复扫码不重复计数。没有手机的可由代办人代为签到。"""
    done = await fair_entries.check_in(session, runtime.crypto, actor, fair_id, code=form.code, now=now)
    return fair_views.check_in_read(done)


@router.post(
    "/fairs/{fair_id}/tallies",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(*DOOR, IdempotencyKeyMissingError),
)
async def tally_people(actor: OfficeOf, fair_id: UUID, form: TallyForm, session: Unit, now: Now) -> TallyRead:
    """入口人工计数：没有手机的人，只记人数，不记姓名。"""
    people = await fair_entries.tally(session, actor, fair_id, people=form.people, now=now)
    return TallyRead(fair_id=fair_id, people=people)


@router.post(
    "/fairs/{fair_id}/visits",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[limited(RateKind.VISIT)],
    responses=public_errors(
        *BODY_ERRORS,
        ConflictError,
        InProgressError,
        IdempotencyKeyReusedError,
        UnauthorisedError,
        rules.FairNotFoundError,
        TooManyRequestsError,
    ),
)
async def count_fair_visit(actor: MaybeActor, fair_id: UUID, session: Unit, now: Now) -> None:
    """打开招聘会页面时调用：只按小时计数，不记录是谁。"""
    await fair_entries.count_visit(session, actor, fair_id, now=now)
