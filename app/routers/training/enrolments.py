"""菜单式培训：报名、候补、集体报名。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import (
    Cursor,
    KeyRequired,
    Limit,
    Now,
    Reads,
    RuntimeDep,
    Unit,
    assisted,
    limited,
    require,
)
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.routers.workbooks import WORKBOOK, workbook
from app.rules.common.files import FileUnusableError
from app.rules.identity.access import Reach
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission, SelfReviewError
from app.rules.organisation import EnterpriseNotFoundError
from app.rules.training import classes as class_rules
from app.rules.training import courses as course_rules
from app.rules.training import enrolments as rules
from app.schemas.base import ExpectedVersion
from app.schemas.training.classes import (
    ClassEnrolmentRead,
    EnrolmentList,
    FirmPeopleRead,
    FirmPersonRead,
    GroupFileForm,
    GroupForm,
    GroupRead,
    LateForm,
    MoveUpForm,
    RefuseForm,
)
from app.services.training import enrolment_office, enrolments, groups
from app.services.training.class_views import enrolment_read, group_read

router = make_router("training")
Learner = Annotated[Actor, assisted(AgentScope.TRAINING)]
LearnerAt = Annotated[Actor, assisted(AgentScope.TRAINING, Reach.OPEN)]
LearnerOf = Annotated[Actor, assisted(AgentScope.TRAINING, Reach.SELF)]
OfficerOf = Annotated[Actor, require(Permission.TRAINING_MANAGE, Reach.TOWN)]
SecondOfficer = Annotated[Actor, require(Permission.TRAINING_MANAGE, Reach.SECOND)]
TrainerOf = Annotated[
    Actor, require(Permission.SELF, Reach.UNSEEN, (Permission.TRAINING_TEACH, Reach.SCOPE), (Permission.TRAINING_MANAGE, Reach.TOWN)),
]  # fmt: skip
Firm = Annotated[Actor, require(Permission.TRAINING_ENTER, Reach.FIRM)]
FirmAt = Annotated[Actor, require(Permission.TRAINING_ENTER, Reach.OPEN)]
EntryReader = Annotated[
    Actor,
    require(Permission.SELF, Reach.SELF, (Permission.TRAINING_ENTER, Reach.FIRM), (Permission.TRAINING_MANAGE, Reach.TOWN)),
]  # fmt: skip
Leaver = Annotated[Actor, require(Permission.SELF, Reach.SELF, (Permission.TRAINING_ENTER, Reach.FIRM))]
StateOf = Annotated[rules.EnrolmentState | None, Query(description="只看这种状态")]
GATE_ERRORS = (
    ConsentMissingError, course_rules.EntrantAgeUnknownError, course_rules.EntrantTooYoungError,
    course_rules.PrerequisiteError, rules.EnrolledTwiceError, rules.SessionClashError,
)  # fmt: skip
CLASS_ERRORS = (
    IdempotencyKeyMissingError, class_rules.ClassNotFoundError, class_rules.NotTakingError,
    class_rules.EnrolmentOverError,
)  # fmt: skip
GROUP_ERRORS = (
    *CLASS_ERRORS, EnterpriseNotFoundError, rules.GroupSizeError, rules.NotOnRosterError, rules.OnlyFirmError,
    rules.GroupGatesError,
)  # fmt: skip
OWN_ERRORS = (IdempotencyKeyMissingError, rules.EnrolmentNotFoundError, rules.EnrolmentStateError, StaleError)


@router.post(
    "/training/classes/{class_id}/enrol", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, *CLASS_ERRORS, *GATE_ERRORS, rules.OnlyFirmError),
)  # fmt: skip
async def enrol(actor: LearnerAt, class_id: UUID, session: Unit, now: Now) -> ClassEnrolmentRead:
    """报名：有名额即录取，没有名额进入候补；需要批准的班先待批准（与候补是两回事）。"""
    return enrolment_read(await enrolments.enrol(session, actor, class_id, now=now), actor, now)


@router.get("/training/my-enrolments", responses=read_errors(*AGENT_ERRORS, CursorInvalidError))
async def list_my_enrolments(
    actor: Learner, session: Reads, runtime: RuntimeDep, now: Now, cursor: Cursor = None, limit: Limit = 20
) -> Page[ClassEnrolmentRead]:
    """我的报名和结果，新的在前。"""
    found, following = await enrolments.list_mine(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[enrolment_read(one, actor, now) for one in found], next_cursor=following)


@router.get("/training/enrolments/{enrolment_id}", responses=read_errors(rules.EnrolmentNotFoundError))
async def get_enrolment(actor: EntryReader, enrolment_id: UUID, session: Reads, now: Now) -> ClassEnrolmentRead:
    """一份报名：本人、代为报名的企业、培训专员看得到。"""
    return enrolment_read(await enrolments.look(session, actor, enrolment_id), actor, now)


@router.post(
    "/training/enrolments/{enrolment_id}/accept", dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, *OWN_ERRORS, rules.OfferOverError, rules.SessionClashError, rules.GroupAnswersError
    ),
)  # fmt: skip
async def accept_seat(
    actor: LearnerOf, enrolment_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> ClassEnrolmentRead:
    """确认递补到的名额。"""
    done = await enrolments.accept(session, actor, enrolment_id, expected_version=form.expected_version, now=now)
    return enrolment_read(done, actor, now)


@router.post(
    "/training/enrolments/{enrolment_id}/decline", dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, *OWN_ERRORS),
)  # fmt: skip
async def decline_seat(
    actor: LearnerOf, enrolment_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> ClassEnrolmentRead:
    """放弃递补到的名额，随即给下一位。"""
    done = await enrolments.decline(session, actor, enrolment_id, expected_version=form.expected_version, now=now)
    return enrolment_read(done, actor, now)


@router.post(
    "/training/enrolments/{enrolment_id}/withdraw", dependencies=[KeyRequired],
    responses=write_errors(*OWN_ERRORS, rules.ClassBegunError),
)  # fmt: skip
async def withdraw_enrolment(
    actor: Leaver, enrolment_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> ClassEnrolmentRead:
    """开课前退出；企业可以退出由它报名的人。空出的名额按次序递补。"""
    done = await enrolments.withdraw(session, actor, enrolment_id, expected_version=form.expected_version, now=now)
    return enrolment_read(done, actor, now)


@router.post(
    "/training/enrolments/{enrolment_id}/approve", dependencies=[KeyRequired],
    responses=write_errors(*OWN_ERRORS, SelfReviewError),
)  # fmt: skip
async def approve_enrolment(
    actor: SecondOfficer, enrolment_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> ClassEnrolmentRead:
    """批准报名：有名额即录取，没有名额进入候补。"""
    done = await enrolment_office.approve(session, actor, enrolment_id, expected_version=form.expected_version, now=now)
    return enrolment_read(done, actor, now)


@router.post(
    "/training/enrolments/{enrolment_id}/refuse", dependencies=[KeyRequired],
    responses=write_errors(*OWN_ERRORS, SelfReviewError),
)  # fmt: skip
async def refuse_enrolment(
    actor: SecondOfficer, enrolment_id: UUID, form: RefuseForm, session: Unit, now: Now
) -> ClassEnrolmentRead:
    """不批准报名，写明理由。"""
    done = await enrolment_office.refuse(
        session, actor, enrolment_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return enrolment_read(done, actor, now)


@router.post(
    "/training/enrolments/{enrolment_id}/move-up", dependencies=[KeyRequired],
    responses=write_errors(*OWN_ERRORS, SelfReviewError, rules.JumpFirstError),
)  # fmt: skip
async def move_up_enrolment(
    actor: SecondOfficer, enrolment_id: UUID, form: MoveUpForm, session: Unit, now: Now
) -> ClassEnrolmentRead:
    """把候补的人调到最前，理由永久保留，本人看得到。"""
    done = await enrolment_office.move_up(
        session, actor, enrolment_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return enrolment_read(done, actor, now)


@router.post(
    "/training/classes/{class_id}/late", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, class_rules.ClassNotFoundError, rules.NotLateError, rules.ClassFullError,
        SelfReviewError, *GATE_ERRORS,
    ),
)  # fmt: skip
async def let_in_late(actor: OfficerOf, class_id: UUID, form: LateForm, session: Unit, now: Now) -> ClassEnrolmentRead:
    """插班：上课中的班有空位时录取一人，写明理由；此前的课记为“当时尚未录取”。"""
    done = await enrolment_office.let_in_late(
        session, actor, class_id, person_id=form.person_id, reason=form.reason, now=now
    )
    return enrolment_read(done, actor, now)


@router.get("/training/classes/{class_id}/enrolments", responses=read_errors(class_rules.ClassNotFoundError))
async def list_class_enrolments(
    actor: TrainerOf, class_id: UUID, session: Reads, now: Now, state: StateOf = None
) -> EnrolmentList:
    """一个班的报名，候补按次序在前；培训专员和本班教师。"""
    found = await enrolments.list_of_class(session, actor, class_id, state=state)
    return EnrolmentList(items=[enrolment_read(one, actor, now) for one in found])


@router.post(
    "/training/classes/{class_id}/groups", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(*GROUP_ERRORS),
)  # fmt: skip
async def enter_group(actor: FirmAt, class_id: UUID, form: GroupForm, session: Unit, now: Now) -> GroupRead:
    """集体报名：本企业名单上的人，全部录取或全部候补，或有几个名额先录几个。"""
    done = await groups.enter(
        session, actor, class_id, enterprise_id=form.enterprise_id, mode=form.mode, people=form.person_ids, now=now
    )
    return group_read(done, actor, now)


@router.post(
    "/training/classes/{class_id}/group-file", status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired, limited(RateKind.SHEET)],
    responses=write_errors(
        *GROUP_ERRORS, TooManyRequestsError, rules.RosterFileError, FileUnusableError
    ),
)  # fmt: skip
async def enter_group_from_file(
    actor: FirmAt, class_id: UUID, form: GroupFileForm, session: Unit, runtime: RuntimeDep, now: Now
) -> GroupRead:
    """按 Excel 名单集体报名：姓名和手机号都与本企业名单一致才算；有一行不对就一个也不报。"""
    done = await groups.enter_from_file(
        runtime,
        session,
        actor,
        class_id,
        enterprise_id=form.enterprise_id,
        mode=form.mode,
        file_id=form.file_id,
        now=now,
    )
    return group_read(done, actor, now)


@router.get(
    "/training/firms/{enterprise_id}/groups", responses=read_errors(EnterpriseNotFoundError, CursorInvalidError)
)
async def list_entry_groups(
    actor: Firm, enterprise_id: UUID, session: Reads, runtime: RuntimeDep, now: Now, cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[GroupRead]:  # fmt: skip
    """本企业的集体报名，新的在前。"""
    found, following = await groups.list_of_firm(
        session, runtime.cursors, actor, enterprise_id, cursor=cursor, limit=limit
    )
    return Page(items=[group_read(one, actor, now) for one in found], next_cursor=following)


@router.get("/training/firms/{enterprise_id}/people", responses=read_errors(EnterpriseNotFoundError))
async def list_firm_people(actor: Firm, enterprise_id: UUID, session: Reads) -> FirmPeopleRead:
    """可以由本企业报名的人：已扫企业码加入名单的。"""
    found = await groups.people_of_firm(session, actor, enterprise_id)
    return FirmPeopleRead(items=[FirmPersonRead(person_id=key, name=name) for key, name in found])


@router.get(
    "/training/firms/{enterprise_id}/roster-template.xlsx", response_class=Response,
    dependencies=[limited(RateKind.SHEET)],
    responses=WORKBOOK | read_errors(EnterpriseNotFoundError, TooManyRequestsError),
)  # fmt: skip
async def get_roster_template(actor: Firm, enterprise_id: UUID, runtime: RuntimeDep) -> Response:
    """报名名单模板（Excel）。"""
    return workbook(await groups.template(runtime, actor, enterprise_id), "training-roster")


@router.post(
    "/training/groups/{group_id}/accept", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.GroupNotFoundError, rules.NothingOfferedError, rules.OfferOverError,
        rules.SessionClashError, StaleError,
    ),
)  # fmt: skip
async def accept_group_seats(actor: Firm, group_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> GroupRead:
    """整组确认递补到的名额。"""
    done = await groups.accept(session, actor, group_id, expected_version=form.expected_version, now=now)
    return group_read(done, actor, now)


@router.post(
    "/training/groups/{group_id}/split", dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.GroupNotFoundError, rules.GroupSplitError, StaleError),
)  # fmt: skip
async def split_group(actor: Firm, group_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> GroupRead:
    """改为分开录取：保留原来的次序，有几个名额先录几个。"""
    done = await groups.split(session, actor, group_id, expected_version=form.expected_version, now=now)
    return group_read(done, actor, now)
