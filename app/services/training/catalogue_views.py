"""Providers, courses, menus: from rows to answers."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.models.training import Course, TrainingProvider
from app.rules.identity.roles import Actor
from app.rules.training.courses import COURSE_NEXT, CourseState
from app.schemas.base import Action
from app.schemas.training.catalogue import CourseRead, MenuRead, TrainingProviderRead
from app.services.training.catalogue import MANAGE, Listed, provider_names

VERBS = {CourseState.PUBLISHED: "publish", CourseState.WITHDRAWN: "withdraw"}


def provider_read(row: TrainingProvider) -> TrainingProviderRead:
    return TrainingProviderRead(
        id=row.id, name=row.name, kind=row.kind, kind_label=row.kind.label, phone=row.phone, source=row.source,
        version=row.version,
    )  # fmt: skip


async def courses_read(session: AsyncSession | ReadSession, actor: Actor, rows: Sequence[Course]) -> list[CourseRead]:
    names = await provider_names(session, {row.provider_id for row in rows if row.provider_id is not None})
    return [_course(row, None if row.provider_id is None else names.get(row.provider_id), actor) for row in rows]


async def course_read(session: AsyncSession | ReadSession, actor: Actor, row: Course) -> CourseRead:
    return (await courses_read(session, actor, [row]))[0]


async def menus_read(session: AsyncSession | ReadSession, actor: Actor, found: Sequence[Listed]) -> list[MenuRead]:
    """One question for the providers of all menus."""
    every = {course.id: course for one in found for course in one.courses}
    read = {course.id: course for course in await courses_read(session, actor, list(every.values()))}
    return [
        MenuRead(
            id=one.menu.id, title=one.menu.title, year=one.menu.year, quarter=one.menu.quarter, audience=one.menu.audience,
            audience_label=one.menu.audience.label, state=one.menu.state, state_label=one.menu.state.label,
            source=one.menu.source, version=one.menu.version, courses=[read[course.id] for course in one.courses],
        )
        for one in found
    ]  # fmt: skip


async def menu_read(session: AsyncSession | ReadSession, actor: Actor, found: Listed) -> MenuRead:
    return (await menus_read(session, actor, [found]))[0]


def _course(row: Course, provider: str | None, actor: Actor) -> CourseRead:
    actions = []
    if actor.town_wide(MANAGE):
        actions = [Action(action=VERBS[state], allowed=True, reason=None) for state in sorted(COURSE_NEXT[row.state])]
    return CourseRead(
        **row.model_dump(exclude={"created_at", "updated_at"}), brand_label=row.brand.label,
        audience_label=row.audience.label, state_label=row.state.label, provider_name=provider, actions=actions,
    )  # fmt: skip
