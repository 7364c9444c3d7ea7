"""菜单式培训：培训班和课次。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Self, Unit, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission
from app.rules.training import classes as rules
from app.rules.training.courses import TrainingProviderUnknownError
from app.rules.training.demands import DemandCourseError, PoolNotFoundError, PoolSmallError, PoolStateError
from app.schemas.base import ExpectedVersion
from app.schemas.training.classes import (
    CancelClassForm,
    ClassForm,
    ClassListItem,
    ClassRead,
    ClassSessionUpdate,
    ClassUpdate,
)
from app.services.training import classes
from app.services.training.class_views import class_item, class_read

router = make_router("training")
Officer = Annotated[Actor, require(Permission.TRAINING_MANAGE)]
OfficerOf = Annotated[Actor, require(Permission.TRAINING_MANAGE, Reach.TOWN)]
Reader = Annotated[Actor, require(Permission.SELF, Reach.OPEN)]
StateOf = Annotated[rules.ClassState | None, Query(description="只看这种状态")]
CourseOf = Annotated[UUID | None, Query(description="只看这门课程的班")]
PLACE_ERRORS = (
    rules.SessionStartError, rules.SessionPeriodError, rules.SessionsOverlapError, rules.VenueClashError,
    rules.TrainerClashError, rules.TrainerUnknownError,
)  # fmt: skip
MOVE_ERRORS = (IdempotencyKeyMissingError, rules.ClassNotFoundError, rules.ClassStateError, StaleError)


@router.get("/training/classes", responses=read_errors(CursorInvalidError))
async def list_classes(
    actor: Self, session: Reads, runtime: RuntimeDep, state: StateOf = None, course_id: CourseOf = None,
    cursor: Cursor = None, limit: Limit = 20,
) -> Page[ClassListItem]:  # fmt: skip
    """培训班，开课晚的在前；开始报名之后所有人看得到。"""
    rows, following = await classes.list_classes(
        session, runtime.cursors, actor, state=state, course_id=course_id, cursor=cursor, limit=limit
    )
    return Page(items=[class_item(row) for row in rows], next_cursor=following)


@router.post(
    "/training/classes", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, DemandCourseError, TrainingProviderUnknownError, rules.ClassFirmError,
        rules.EnrolUntilError, rules.PoolCourseError, PoolNotFoundError, PoolStateError, PoolSmallError, *PLACE_ERRORS,
    ),
)  # fmt: skip
async def create_class(actor: Officer, form: ClassForm, session: Unit, now: Now) -> ClassRead:
    """排一个培训班（草稿）：课次、教师、地点逐一核对不冲突；由一组点单开班的，接受方案的点单人随即得到答复。"""
    return class_read(await classes.create(session, actor, form, now=now), actor, now)


@router.get("/training/classes/{class_id}", responses=read_errors(rules.ClassNotFoundError))
async def get_class(actor: Reader, class_id: UUID, session: Reads, now: Now) -> ClassRead:
    """一个培训班：课次、名额、我的报名。"""
    return class_read(await classes.look(session, actor, class_id), actor, now)


@router.put(
    "/training/classes/{class_id}", dependencies=[KeyRequired],
    responses=write_errors(
        *MOVE_ERRORS, rules.CapacityBelowTakenError, rules.EnrolUntilError, rules.FilingMissingError
    ),
)  # fmt: skip
async def update_class(actor: OfficerOf, class_id: UUID, form: ClassUpdate, session: Unit, now: Now) -> ClassRead:
    """修改名额、截止时间、费用、备案号；增加的名额随即按次序给候补的人。"""
    return class_read(await classes.update(session, actor, class_id, form, now=now), actor, now)


@router.post(
    "/training/classes/{class_id}/approve", dependencies=[KeyRequired],
    responses=write_errors(*MOVE_ERRORS, rules.FilingMissingError),
)  # fmt: skip
async def approve_class(actor: OfficerOf, class_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> ClassRead:
    """批准开班；申请补贴的须已备案。"""
    done = await classes.approve(session, actor, class_id, expected_version=form.expected_version, now=now)
    return class_read(done, actor, now)


@router.post(
    "/training/classes/{class_id}/open", dependencies=[KeyRequired],
    responses=write_errors(*MOVE_ERRORS, rules.EnrolUntilError),
)  # fmt: skip
async def open_class_enrolment(
    actor: OfficerOf, class_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> ClassRead:
    """开始报名。"""
    done = await classes.open_enrolment(session, actor, class_id, expected_version=form.expected_version, now=now)
    return class_read(done, actor, now)


@router.post("/training/classes/{class_id}/close", dependencies=[KeyRequired], responses=write_errors(*MOVE_ERRORS))
async def close_class_enrolment(
    actor: OfficerOf, class_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> ClassRead:
    """提前截止报名；候补仍按次序递补，直到开课。"""
    done = await classes.close_enrolment(session, actor, class_id, expected_version=form.expected_version, now=now)
    return class_read(done, actor, now)


@router.post("/training/classes/{class_id}/cancel", dependencies=[KeyRequired], responses=write_errors(*MOVE_ERRORS))
async def cancel_class(actor: OfficerOf, class_id: UUID, form: CancelClassForm, session: Unit, now: Now) -> ClassRead:
    """取消培训班并说明原因：全部报名结束，逐个通知，点单回到待开班。"""
    done = await classes.cancel(
        session, actor, class_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return class_read(done, actor, now)


@router.put(
    "/training/sessions/{session_id}", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.ClassSessionNotFoundError, rules.ClassNotFoundError, rules.ClassStateError,
        rules.SessionBegunError, rules.PeopleClashError, rules.PeopleChangedError, StaleError, *PLACE_ERRORS,
    ),
)  # fmt: skip
async def update_session(
    actor: OfficerOf, session_id: UUID, form: ClassSessionUpdate, session: Unit, now: Now
) -> ClassRead:
    """改一次课的时间、地点、教师；学员会收到通知，有人因此撞课的不能改。"""
    return class_read(await classes.change_session(session, actor, session_id, form, now=now), actor, now)
