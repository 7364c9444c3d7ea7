"""菜单式培训：签到、考勤、结果、评价、我的学习记录。"""

from typing import Annotated
from uuid import UUID

from fastapi import Response, status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import KeyRequired, Now, Reads, RuntimeDep, Self, Unit, limited, require
from app.routers.routing import make_router, read_errors, write_errors
from app.routers.workbooks import WORKBOOK, workbook
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission
from app.rules.training import attendance as rules
from app.rules.training import classes as class_rules
from app.rules.training.certificates import ScoreMissingError, ScoreScaleError
from app.rules.training.reports import FeedbackEarlyError, FeedbackTwiceError
from app.schemas.base import ExpectedVersion
from app.schemas.training.attendance import (
    AttendanceMarkRead,
    AttendanceMarksForm,
    CheckInCodeRead,
    CheckInScanForm,
    FeedbackForm,
    FeedbackRead,
    MarkList,
    ResultsForm,
    TrainingRecordRead,
)
from app.schemas.training.classes import ClassRead, EnrolmentList
from app.services.training import attendance, reports, results
from app.services.training.class_views import class_read, enrolment_read
from app.services.training.report_views import feedback_read, mark_read, marks_read, record_read

router = make_router("training")
Learner = Annotated[Actor, require(Permission.SELF, Reach.SELF)]
TrainerOf = Annotated[
    Actor, require(Permission.SELF, Reach.UNSEEN, (Permission.TRAINING_TEACH, Reach.SCOPE), (Permission.TRAINING_MANAGE, Reach.TOWN)),
]  # fmt: skip
OfficerOf = Annotated[Actor, require(Permission.TRAINING_MANAGE, Reach.TOWN)]
MARK_ERRORS = (
    IdempotencyKeyMissingError, class_rules.ClassSessionNotFoundError, class_rules.ClassStateError, rules.NotInClassError,
    rules.OwnMarkError,
)  # fmt: skip


@router.get("/training/sessions/{session_id}/my-code", responses=read_errors(class_rules.ClassSessionNotFoundError))
async def show_my_check_in_code(
    actor: Learner, session_id: UUID, session: Reads, runtime: RuntimeDep, now: Now
) -> CheckInCodeRead:
    """我这次课的签到码：出示给教师扫。只认本人和这次课，每20秒一换，截图转发无效。"""
    shown = await attendance.show_own_code(session, runtime.crypto, actor, session_id, now=now)
    return CheckInCodeRead(code=shown.code, next_at=shown.next_at, expires_at=shown.expires_at)


@router.post(
    "/training/sessions/{session_id}/scan", dependencies=[KeyRequired],
    responses=write_errors(
        *MARK_ERRORS, rules.CheckInCodeError, rules.CheckInCodeOldError, rules.SessionAheadError, rules.SessionOverError
    ),
)  # fmt: skip
async def scan_check_in_code(
    actor: TrainerOf, session_id: UUID, form: CheckInScanForm, session: Unit, runtime: RuntimeDep, now: Now
) -> AttendanceMarkRead:
    """扫学员的签到码，答复里有姓名，请与本人核对；重复扫不变。"""
    done = await attendance.scan(session, runtime.crypto, actor, session_id, code=form.code, now=now)
    return mark_read(done)


@router.get(
    "/training/sessions/{session_id}/marks",
    responses=read_errors(class_rules.ClassSessionNotFoundError),
)
async def list_session_marks(actor: TrainerOf, session_id: UUID, session: Reads) -> MarkList:
    """一次课的考勤；后来才录取的人记为“当时尚未录取”。"""
    return marks_read(await attendance.list_marks(session, actor, session_id))


@router.post(
    "/training/sessions/{session_id}/marks", dependencies=[KeyRequired],
    responses=write_errors(*MARK_ERRORS, rules.MarkFutureError, rules.MarkWrongError, rules.MarkMinutesError),
)  # fmt: skip
async def set_session_marks(
    actor: TrainerOf, session_id: UUID, form: AttendanceMarksForm, session: Unit, now: Now
) -> MarkList:
    """教师登记或更正考勤，写明理由；没有开始的课不能登记。"""
    return marks_read(await attendance.set_marks(session, actor, session_id, form, now=now))


@router.post(
    "/training/classes/{class_id}/results", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, class_rules.ClassNotFoundError, class_rules.ClassStateError,
        class_rules.ClassMarksMissingError, rules.NotInClassError, rules.OwnMarkError, ScoreMissingError, ScoreScaleError,
    ),
)  # fmt: skip
async def record_class_results(
    actor: TrainerOf, class_id: UUID, form: ResultsForm, session: Unit, now: Now
) -> EnrolmentList:
    """登记结果：学时由考勤算出，考核的填分数；是否合格连同依据的数字写在报名上。"""
    found = await results.record(session, actor, class_id, form, now=now)
    return EnrolmentList(items=[enrolment_read(one, actor, now) for one in found])


@router.post(
    "/training/classes/{class_id}/complete", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, class_rules.ClassNotFoundError, class_rules.ClassStateError,
        class_rules.ClassUnfinishedError, StaleError,
    ),
)  # fmt: skip
async def complete_class(actor: OfficerOf, class_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> ClassRead:
    """结班：人人有结果之后；合格的随即按积分规则计分。"""
    done = await results.complete(session, actor, class_id, expected_version=form.expected_version, now=now)
    return class_read(done, actor, now)


@router.get(
    "/training/classes/{class_id}/roster.xlsx", response_class=Response, dependencies=[limited(RateKind.SHEET)],
    responses=WORKBOOK | read_errors(class_rules.ClassNotFoundError, TooManyRequestsError),
)  # fmt: skip
async def export_class_roster(actor: TrainerOf, class_id: UUID, session: Reads, runtime: RuntimeDep) -> Response:
    """学员名册（Excel）。"""
    return workbook(await reports.class_roster(runtime, session, actor, class_id), "class-roster")


@router.post(
    "/training/classes/{class_id}/feedback", status_code=status.HTTP_204_NO_CONTENT, dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, class_rules.ClassNotFoundError, FeedbackEarlyError, FeedbackTwiceError
    ),
)  # fmt: skip
async def give_class_feedback(actor: Learner, class_id: UUID, form: FeedbackForm, session: Unit, now: Now) -> None:
    """结班后评价一次，不记名；满5份才显示。"""
    await results.give_feedback(session, actor, class_id, form, now=now)


@router.get("/training/classes/{class_id}/feedback", responses=read_errors(class_rules.ClassNotFoundError))
async def get_class_feedback(actor: TrainerOf, class_id: UUID, session: Reads) -> FeedbackRead:
    """评价的平均分和留言，满5份才有。"""
    return feedback_read(await results.read_feedback(session, actor, class_id))


@router.get("/training/my-record", responses=read_errors())
async def get_my_training_record(actor: Self, session: Reads) -> TrainingRecordRead:
    """我学过的班和各年学时；只有本人看得到，不排名。"""
    return record_read(*await results.my_record(session, actor))
