"""菜单式培训：机构、课程、菜单。"""

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
from app.rules.training import courses as rules
from app.schemas.base import ExpectedVersion
from app.schemas.training.catalogue import (
    CourseForm,
    CourseRead,
    CourseUpdate,
    MenuForm,
    MenuList,
    MenuRead,
    MenuUpdate,
    ProviderForm,
    ProviderUpdate,
    TrainingProviderList,
    TrainingProviderRead,
)
from app.services.training import catalogue
from app.services.training.catalogue_views import course_read, courses_read, menu_read, menus_read, provider_read

router = make_router("training")
Officer = Annotated[Actor, require(Permission.TRAINING_MANAGE)]
OfficerOf = Annotated[Actor, require(Permission.TRAINING_MANAGE, Reach.TOWN)]
Reader = Annotated[Actor, require(Permission.SELF, Reach.OPEN)]
Brand = Annotated[rules.CourseBrand | None, Query(description="只看这个品牌")]
StateOf = Annotated[rules.CourseState | None, Query(description="只看这种状态；草稿和下架的只有培训专员看得到")]
COURSE_ERRORS = (
    IdempotencyKeyMissingError, rules.CourseCodeTakenError, rules.CourseOccupationError, rules.CourseUnknownError,
    rules.ClassSizeError, rules.TrainingProviderUnknownError,
)  # fmt: skip


@router.get("/training/providers", responses=read_errors())
async def list_training_providers(actor: Self, session: Reads) -> TrainingProviderList:
    """培训机构和合作单位。"""
    del actor
    return TrainingProviderList(items=[provider_read(row) for row in await catalogue.list_providers(session)])


@router.post(
    "/training/providers", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.TrainingProviderTakenError),
)  # fmt: skip
async def add_training_provider(actor: Officer, form: ProviderForm, session: Unit, now: Now) -> TrainingProviderRead:
    """登记培训机构。"""
    return provider_read(await catalogue.add_provider(session, actor, form, now=now))


@router.put(
    "/training/providers/{provider_id}", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.TrainingProviderNotFoundError, rules.TrainingProviderTakenError, StaleError
    ),
)  # fmt: skip
async def update_training_provider(
    actor: OfficerOf, provider_id: UUID, form: ProviderUpdate, session: Unit, now: Now
) -> TrainingProviderRead:
    """修改培训机构。"""
    done = await catalogue.change_provider(
        session, actor, provider_id, form, expected_version=form.expected_version, now=now
    )
    return provider_read(done)


@router.get("/training/courses", responses=read_errors(CursorInvalidError))
async def list_courses(
    actor: Self, session: Reads, runtime: RuntimeDep, brand: Brand = None, state: StateOf = None,
    cursor: Cursor = None, limit: Limit = 20,
) -> Page[CourseRead]:  # fmt: skip
    """课程，新的在前。"""
    rows, following = await catalogue.list_courses(
        session, runtime.cursors, actor, brand=brand, state=state, cursor=cursor, limit=limit
    )
    return Page(items=await courses_read(session, actor, rows), next_cursor=following)


@router.post(
    "/training/courses", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(*COURSE_ERRORS),
)  # fmt: skip
async def add_course(actor: Officer, form: CourseForm, session: Unit, now: Now) -> CourseRead:
    """新增课程（草稿）。"""
    return await course_read(session, actor, await catalogue.add_course(session, actor, form, now=now))


@router.get("/training/courses/{course_id}", responses=read_errors(rules.CourseNotFoundError))
async def get_course(actor: Reader, course_id: UUID, session: Reads) -> CourseRead:
    """一门课程。"""
    return await course_read(session, actor, await catalogue.look(session, actor, course_id))


@router.put(
    "/training/courses/{course_id}", dependencies=[KeyRequired],
    responses=write_errors(*COURSE_ERRORS, rules.CourseNotFoundError, StaleError),
)  # fmt: skip
async def update_course(actor: OfficerOf, course_id: UUID, form: CourseUpdate, session: Unit, now: Now) -> CourseRead:
    """修改课程；已开的班保留原来的人数和时间。"""
    done = await catalogue.change_course(
        session, actor, course_id, form, expected_version=form.expected_version, now=now
    )
    return await course_read(session, actor, done)


@router.post(
    "/training/courses/{course_id}/publish", dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.CourseNotFoundError, rules.CourseStateError, StaleError),
)  # fmt: skip
async def publish_course(
    actor: OfficerOf, course_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> CourseRead:
    """发布课程，之后可以点单和开班。"""
    done = await catalogue.move_course(
        session, actor, course_id, rules.CourseState.PUBLISHED, expected_version=form.expected_version, now=now
    )
    return await course_read(session, actor, done)


@router.post(
    "/training/courses/{course_id}/withdraw", dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.CourseNotFoundError, rules.CourseStateError, StaleError),
)  # fmt: skip
async def withdraw_course(
    actor: OfficerOf, course_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> CourseRead:
    """下架课程；已开的班不受影响。"""
    done = await catalogue.move_course(
        session, actor, course_id, rules.CourseState.WITHDRAWN, expected_version=form.expected_version, now=now
    )
    return await course_read(session, actor, done)


@router.get("/training/menus", responses=read_errors())
async def list_menus(actor: Self, session: Reads) -> MenuList:
    """各季度的菜单和菜单上的课程，新的在前。"""
    return MenuList(items=await menus_read(session, actor, await catalogue.list_menus(session, actor)))


@router.post(
    "/training/menus", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.MenuCourseError, rules.MenuTakenError),
)  # fmt: skip
async def add_menu(actor: Officer, form: MenuForm, session: Unit, now: Now) -> MenuRead:
    """新建一份菜单（草稿）。"""
    return await menu_read(session, actor, await catalogue.add_menu(session, actor, form, now=now))


@router.put(
    "/training/menus/{menu_id}", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.MenuNotFoundError, rules.MenuCourseError, rules.MenuStateError,
        rules.MenuTakenError, StaleError,
    ),
)  # fmt: skip
async def update_menu(actor: OfficerOf, menu_id: UUID, form: MenuUpdate, session: Unit, now: Now) -> MenuRead:
    """修改菜单。"""
    done = await catalogue.change_menu(session, actor, menu_id, form, expected_version=form.expected_version, now=now)
    return await menu_read(session, actor, done)


@router.post(
    "/training/menus/{menu_id}/publish", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.MenuNotFoundError, rules.MenuStateError, rules.MenuCourseError, StaleError
    ),
)  # fmt: skip
async def publish_menu(actor: OfficerOf, menu_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> MenuRead:
    """发布菜单，所有人可以点单。"""
    done = await catalogue.move_menu(
        session, actor, menu_id, rules.MenuState.PUBLISHED, expected_version=form.expected_version, now=now
    )
    return await menu_read(session, actor, done)


@router.post(
    "/training/menus/{menu_id}/close", dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.MenuNotFoundError, rules.MenuStateError, StaleError),
)  # fmt: skip
async def close_menu(actor: OfficerOf, menu_id: UUID, form: ExpectedVersion, session: Unit, now: Now) -> MenuRead:
    """结束菜单，只有培训专员还看得到。"""
    done = await catalogue.move_menu(
        session, actor, menu_id, rules.MenuState.CLOSED, expected_version=form.expected_version, now=now
    )
    return await menu_read(session, actor, done)
