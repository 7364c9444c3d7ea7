"""菜单式培训：职称评聘和等级认定的申报。"""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Self, Unit, assisted, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.common.files import FileUnusableError
from app.rules.identity.access import Reach
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission, SelfReviewError
from app.rules.training import declarations as rules
from app.rules.training.courses import CourseOccupationError
from app.schemas.base import ExpectedVersion
from app.schemas.training.declarations import (
    DeclarationForm,
    DeclarationKinds,
    DeclarationRead,
    DeclarationReturnForm,
    DeclarationUpdate,
    ForwardForm,
    OutcomeForm,
)
from app.services.training import declarations
from app.services.training.declaration_views import declaration_read, kinds_read

router = make_router("training")
Declarant = Annotated[Actor, assisted(AgentScope.TRAINING)]
DeclarantOf = Annotated[Actor, assisted(AgentScope.TRAINING, Reach.SELF)]
Officer = Annotated[Actor, require(Permission.TRAINING_MANAGE)]
SecondOfficer = Annotated[Actor, require(Permission.TRAINING_MANAGE, Reach.SECOND)]
Reader = Annotated[Actor, require(Permission.SELF, Reach.SELF, (Permission.TRAINING_MANAGE, Reach.TOWN))]
StateOf = Annotated[rules.DeclarationState | None, Query(description="只看这种状态")]
FORM_ERRORS = (
    *AGENT_ERRORS, IdempotencyKeyMissingError, CourseOccupationError, rules.DeclarationOpenError,
    rules.MaterialUnknownError, FileUnusableError,
)  # fmt: skip
MOVE_ERRORS = (IdempotencyKeyMissingError, rules.DeclarationNotFoundError, rules.DeclarationStateError, StaleError)


@router.get("/training/declaration-kinds", responses=read_errors())
async def list_declaration_kinds(actor: Self, session: Reads) -> DeclarationKinds:
    """能申报什么，各要哪些材料。"""
    del actor
    return kinds_read(await declarations.materials(session))


@router.get("/training/my-declarations", responses=read_errors(*AGENT_ERRORS, CursorInvalidError))
async def list_my_declarations(
    actor: Declarant, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[DeclarationRead]:
    """我的申报，新的在前。"""
    found, following = await declarations.list_mine(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[declaration_read(one, actor) for one in found], next_cursor=following)


@router.post(
    "/training/declarations", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(*FORM_ERRORS, ConsentMissingError),
)  # fmt: skip
async def write_declaration(actor: Declarant, form: DeclarationForm, session: Unit, now: Now) -> DeclarationRead:
    """写申报（草稿），材料按清单上传。"""
    return declaration_read(await declarations.write(session, actor, form, now=now), actor)


@router.get("/training/declarations", responses=read_errors(CursorInvalidError))
async def list_declarations(
    actor: Officer, session: Reads, runtime: RuntimeDep, state: StateOf = None, cursor: Cursor = None, limit: Limit = 20
) -> Page[DeclarationRead]:
    """已提交的申报。"""
    found, following = await declarations.list_all(
        session, runtime.cursors, actor, state=state, cursor=cursor, limit=limit
    )
    return Page(items=[declaration_read(one, actor) for one in found], next_cursor=following)


@router.get("/training/declarations/{declaration_id}", responses=read_errors(rules.DeclarationNotFoundError))
async def get_declaration(actor: Reader, declaration_id: UUID, session: Reads) -> DeclarationRead:
    """一份申报：本人和培训专员（草稿只有本人）。"""
    return declaration_read(await declarations.look(session, actor, declaration_id), actor)


@router.put(
    "/training/declarations/{declaration_id}", dependencies=[KeyRequired],
    responses=write_errors(
        *FORM_ERRORS, rules.DeclarationNotFoundError, rules.DeclarationNotEditableError, StaleError
    ),
)  # fmt: skip
async def update_declaration(
    actor: DeclarantOf, declaration_id: UUID, form: DeclarationUpdate, session: Unit, now: Now
) -> DeclarationRead:
    """修改草稿或退回补正的申报。"""
    done = await declarations.change(
        session, actor, declaration_id, form, expected_version=form.expected_version, now=now
    )
    return declaration_read(done, actor)


@router.post(
    "/training/declarations/{declaration_id}/submit", dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, *MOVE_ERRORS, rules.MaterialsMissingError),
)  # fmt: skip
async def submit_declaration(
    actor: DeclarantOf, declaration_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> DeclarationRead:
    """提交：必须的材料都在才能提交。"""
    done = await declarations.submit(session, actor, declaration_id, expected_version=form.expected_version, now=now)
    return declaration_read(done, actor)


@router.post(
    "/training/declarations/{declaration_id}/withdraw", dependencies=[KeyRequired],
    responses=write_errors(*AGENT_ERRORS, *MOVE_ERRORS),
)  # fmt: skip
async def withdraw_declaration(
    actor: DeclarantOf, declaration_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> DeclarationRead:
    """撤回；转报之后不能撤回。"""
    done = await declarations.withdraw(session, actor, declaration_id, expected_version=form.expected_version, now=now)
    return declaration_read(done, actor)


@router.post(
    "/training/declarations/{declaration_id}/check", dependencies=[KeyRequired],
    responses=write_errors(*MOVE_ERRORS, SelfReviewError),
)  # fmt: skip
async def check_declaration(
    actor: SecondOfficer, declaration_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> DeclarationRead:
    """初核材料。"""
    done = await declarations.check(session, actor, declaration_id, expected_version=form.expected_version, now=now)
    return declaration_read(done, actor)


@router.post(
    "/training/declarations/{declaration_id}/return", dependencies=[KeyRequired],
    responses=write_errors(*MOVE_ERRORS, SelfReviewError),
)  # fmt: skip
async def return_declaration(
    actor: SecondOfficer, declaration_id: UUID, form: DeclarationReturnForm, session: Unit, now: Now
) -> DeclarationRead:
    """退回补正，写明缺什么。"""
    done = await declarations.send_back(
        session, actor, declaration_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return declaration_read(done, actor)


@router.post(
    "/training/declarations/{declaration_id}/forward", dependencies=[KeyRequired],
    responses=write_errors(*MOVE_ERRORS, SelfReviewError),
)  # fmt: skip
async def forward_declaration(
    actor: SecondOfficer, declaration_id: UUID, form: ForwardForm, session: Unit, now: Now
) -> DeclarationRead:
    """转报受理部门，登记外部受理号。"""
    done = await declarations.forward(
        session, actor, declaration_id, office=form.office, number=form.number, expected_version=form.expected_version,
        now=now,
    )  # fmt: skip
    return declaration_read(done, actor)


@router.post(
    "/training/declarations/{declaration_id}/outcome", dependencies=[KeyRequired],
    responses=write_errors(*MOVE_ERRORS, SelfReviewError),
)  # fmt: skip
async def record_declaration_outcome(
    actor: SecondOfficer, declaration_id: UUID, form: OutcomeForm, session: Unit, now: Now
) -> DeclarationRead:
    """登记受理部门的结果。"""
    done = await declarations.record_outcome(
        session, actor, declaration_id, passed=form.passed, reason=form.reason, expected_version=form.expected_version,
        now=now,
    )  # fmt: skip
    return declaration_read(done, actor)
