"""Providers, courses and menus: written by the training officer, read by everybody."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, check_version, lock
from app.core.ids import new_id
from app.core.pages import Cursors
from app.core.upsert import insert_or_ignore
from app.models.training import Course, CourseMenu, MenuCourse, TrainingProvider
from app.rules.identity.roles import Actor, Permission, check_town_wide
from app.rules.training import courses as rules
from app.rules.training.courses import CourseBrand, CourseState, MenuState
from app.schemas.training.catalogue import CourseForm, MenuForm, ProviderForm
from app.services.common.codes import OCCUPATION, known_codes
from app.services.common.lists import newest_first
from app.services.identity import audit

MANAGE = Permission.TRAINING_MANAGE
MENUS_AT_MOST, PROVIDERS_AT_MOST = 40, 500


@dataclass(frozen=True, slots=True)
class Listed:
    """A menu with its courses in order."""

    menu: CourseMenu
    courses: list[Course]


async def list_providers(session: ReadSession) -> Sequence[TrainingProvider]:
    rows = await session.exec(select(TrainingProvider).order_by(col(TrainingProvider.name)).limit(PROVIDERS_AT_MOST))
    return rows.all()


async def add_provider(session: AsyncSession, actor: Actor, form: ProviderForm, *, now: datetime) -> TrainingProvider:
    check_town_wide(actor, MANAGE)
    row = TrainingProvider(id=new_id(), created_at=now, updated_at=now, **form.model_dump())
    if not await insert_or_ignore(session, TrainingProvider, row.model_dump()):
        raise rules.TrainingProviderTakenError(given=form.name)
    audit.by(session, actor, "training_provider_added", "training_provider", row.id, now=now)
    return await lock(session, TrainingProvider, row.id, rules.TrainingProviderNotFoundError)


async def change_provider(
    session: AsyncSession, actor: Actor, provider_id: UUID, form: ProviderForm, *, expected_version: int, now: datetime
) -> TrainingProvider:
    check_town_wide(actor, MANAGE)
    row = await lock(session, TrainingProvider, provider_id, rules.TrainingProviderNotFoundError)
    check_version(row.version, expected_version)
    same = await session.exec(
        select(col(TrainingProvider.id)).where(TrainingProvider.name == form.name, TrainingProvider.id != provider_id)
    )
    if same.one_or_none() is not None:
        raise rules.TrainingProviderTakenError(given=form.name)
    _write(row, form.model_dump(exclude={"expected_version"}), now)
    audit.by(session, actor, "training_provider_changed", "training_provider", row.id, now=now)
    await session.flush()
    return row


async def provider_names(session: AsyncSession | ReadSession, ids: Collection[UUID]) -> dict[UUID, str]:
    rows = await session.exec(
        select(col(TrainingProvider.id), col(TrainingProvider.name)).where(col(TrainingProvider.id).in_(sorted(ids)))
    )
    return dict(rows.all())


async def list_courses(
    session: ReadSession, cursors: Cursors, actor: Actor, *, brand: CourseBrand | None, state: CourseState | None,
    cursor: str | None, limit: int,
) -> tuple[Sequence[Course], str | None]:  # fmt: skip
    """What is published; the office sees drafts and what was taken off too."""
    query: dict[str, Any] = {"list": "courses", "brand": brand, "state": state, "all": actor.town_wide(MANAGE)}
    statement = select(Course)
    if not actor.town_wide(MANAGE):
        statement = statement.where(Course.state == CourseState.PUBLISHED)
    if brand is not None:
        statement = statement.where(Course.brand == brand)
    if state is not None:
        statement = statement.where(Course.state == state)
    return await newest_first(session, cursors, query, Course, statement, cursor=cursor, limit=limit)


async def look(session: AsyncSession | ReadSession, actor: Actor, course_id: UUID) -> Course:
    row = (await session.exec(select(Course).where(Course.id == course_id))).one_or_none()
    if row is None or (row.state is not CourseState.PUBLISHED and not actor.town_wide(MANAGE)):
        raise rules.CourseNotFoundError
    return row


async def add_course(session: AsyncSession, actor: Actor, form: CourseForm, *, now: datetime) -> Course:
    check_town_wide(actor, MANAGE)
    await _check(session, form)
    row = Course(id=new_id(), created_at=now, updated_at=now, **form.model_dump())
    if not await insert_or_ignore(session, Course, row.model_dump()):
        raise rules.CourseCodeTakenError(given=form.code)
    audit.by(session, actor, "course_added", "course", row.id, now=now)
    return await lock(session, Course, row.id, rules.CourseNotFoundError)


async def change_course(
    session: AsyncSession, actor: Actor, course_id: UUID, form: CourseForm, *, expected_version: int, now: datetime
) -> Course:
    """Classes that exist keep what they were made with (seats, times); gates and passing go by the course."""
    check_town_wide(actor, MANAGE)
    row = await lock(session, Course, course_id, rules.CourseNotFoundError)
    check_version(row.version, expected_version)
    await _check(session, form)
    same = await session.exec(select(col(Course.id)).where(Course.code == form.code, Course.id != course_id))
    if same.one_or_none() is not None:
        raise rules.CourseCodeTakenError(given=form.code)
    _write(row, form.model_dump(exclude={"expected_version"}), now)
    audit.by(session, actor, "course_changed", "course", row.id, now=now)
    await session.flush()
    return row


async def move_course(
    session: AsyncSession, actor: Actor, course_id: UUID, target: CourseState, *, expected_version: int, now: datetime
) -> Course:
    check_town_wide(actor, MANAGE)
    row = await lock(session, Course, course_id, rules.CourseNotFoundError)
    check_version(row.version, expected_version)
    rules.check_course_move(row.state, target)
    row.state = target
    row.touch(now)
    audit.by(session, actor, f"course_{target.value}", "course", row.id, now=now)
    await session.flush()
    return row


async def courses_of(session: AsyncSession | ReadSession, ids: Collection[UUID]) -> dict[UUID, Course]:
    rows = await session.exec(select(Course).where(col(Course.id).in_(sorted(ids))))
    return {row.id: row for row in rows}


async def titles_of_codes(session: AsyncSession | ReadSession, codes: Collection[str]) -> dict[str, str]:
    if not codes:
        return {}
    rows = await session.exec(select(col(Course.code), col(Course.title)).where(col(Course.code).in_(sorted(codes))))
    return dict(rows.all())


async def list_menus(session: ReadSession, actor: Actor) -> list[Listed]:
    """The latest quarters first; drafts and ended ones are the office's."""
    statement = select(CourseMenu)
    if not actor.town_wide(MANAGE):
        statement = statement.where(CourseMenu.state == MenuState.PUBLISHED)
    order = (col(CourseMenu.year).desc(), col(CourseMenu.quarter).desc(), col(CourseMenu.id))
    menus = (await session.exec(statement.order_by(*order).limit(MENUS_AT_MOST))).all()
    return await _listed(session, menus)


async def add_menu(session: AsyncSession, actor: Actor, form: MenuForm, *, now: datetime) -> Listed:
    check_town_wide(actor, MANAGE)
    await _check_menu_free(session, form, None)
    row = CourseMenu(created_at=now, updated_at=now, **form.model_dump(exclude={"course_ids"}))
    session.add(row)
    await session.flush()
    await _put_courses(session, row.id, form.course_ids)
    audit.by(session, actor, "menu_added", "course_menu", row.id, now=now)
    return (await _listed(session, [row]))[0]


async def change_menu(
    session: AsyncSession, actor: Actor, menu_id: UUID, form: MenuForm, *, expected_version: int, now: datetime
) -> Listed:
    check_town_wide(actor, MANAGE)
    row = await lock(session, CourseMenu, menu_id, rules.MenuNotFoundError)
    check_version(row.version, expected_version)
    if row.state is MenuState.CLOSED:
        raise rules.MenuStateError(current=row.state.label, target=row.state.label)
    await _check_menu_free(session, form, menu_id)
    _write(row, form.model_dump(exclude={"course_ids", "expected_version"}), now)
    await session.exec(delete(MenuCourse).where(col(MenuCourse.menu_id) == menu_id))
    await _put_courses(session, menu_id, form.course_ids)
    audit.by(session, actor, "menu_changed", "course_menu", row.id, now=now)
    return (await _listed(session, [row]))[0]


async def move_menu(
    session: AsyncSession, actor: Actor, menu_id: UUID, target: MenuState, *, expected_version: int, now: datetime
) -> Listed:
    check_town_wide(actor, MANAGE)
    row = await lock(session, CourseMenu, menu_id, rules.MenuNotFoundError)
    check_version(row.version, expected_version)
    rules.check_menu_move(row.state, target)
    listed = (await _listed(session, [row]))[0]
    if target is MenuState.PUBLISHED and any(one.state is not CourseState.PUBLISHED for one in listed.courses):
        raise rules.MenuCourseError
    row.state = target
    row.touch(now)
    audit.by(session, actor, f"menu_{target.value}", "course_menu", row.id, now=now)
    await session.flush()
    return listed


async def check_provider(session: AsyncSession, provider_id: UUID | None) -> None:
    if provider_id is None:
        return
    found = await session.exec(select(col(TrainingProvider.id)).where(TrainingProvider.id == provider_id))
    if found.one_or_none() is None:
        raise rules.TrainingProviderUnknownError


def _write(row: TrainingProvider | Course | CourseMenu, values: dict[str, Any], now: datetime) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.touch(now)


async def _check(session: AsyncSession, form: CourseForm) -> None:
    rules.check_sizes(form.minimum, form.capacity)
    await check_provider(session, form.provider_id)
    codes = [code for code in (form.occupation_code, form.process_code) if code is not None]
    known = await known_codes(session, OCCUPATION, codes)
    for code in codes:
        if code not in known:
            raise rules.CourseOccupationError(given=code)
    titles = await titles_of_codes(session, set(form.prerequisites))
    for code in form.prerequisites:
        if code not in titles or code == form.code:
            raise rules.CourseUnknownError(given=code)


async def _check_menu_free(session: AsyncSession, form: MenuForm, menu_id: UUID | None) -> None:
    same = select(col(CourseMenu.id)).where(
        CourseMenu.year == form.year, CourseMenu.quarter == form.quarter, CourseMenu.title == form.title,
        CourseMenu.id != menu_id,
    )  # fmt: skip
    if (await session.exec(same)).one_or_none() is not None:
        raise rules.MenuTakenError(given=form.title)


async def _put_courses(session: AsyncSession, menu_id: UUID, ids: Sequence[UUID]) -> None:
    known = await courses_of(session, set(ids))
    if any(one not in known or known[one].state is not CourseState.PUBLISHED for one in ids):
        raise rules.MenuCourseError
    session.add_all(
        MenuCourse(menu_id=menu_id, course_id=one, place=place) for place, one in enumerate(dict.fromkeys(ids), 1)
    )
    await session.flush()


async def _listed(session: AsyncSession | ReadSession, menus: Sequence[CourseMenu]) -> list[Listed]:
    rows = await session.exec(
        select(MenuCourse, Course)
        .join(Course, col(Course.id) == col(MenuCourse.course_id))
        .where(col(MenuCourse.menu_id).in_([menu.id for menu in menus]))
        .order_by(col(MenuCourse.menu_id), col(MenuCourse.place))
    )
    courses: dict[UUID, list[Course]] = {menu.id: [] for menu in menus}
    for line, course in rows:
        courses[line.menu_id].append(course)
    return [Listed(menu, courses[menu.id]) for menu in menus]
