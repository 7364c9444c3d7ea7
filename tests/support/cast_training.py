"""Rows of 菜单式培训 for the matrix of permissions: demands, classes, enrolments, groups, declarations, competitions."""

from datetime import timedelta
from uuid import UUID

from app.models.training import (
    Competition,
    CompetitionEntry,
    Course,
    Enrolment,
    EntryGroup,
    TrainingClass,
    TrainingDemand,
)
from app.rules.identity.roles import Role
from app.rules.training.classes import ClassState
from app.rules.training.courses import CourseBrand
from app.rules.training.demands import Asker, DemandState
from app.rules.training.enrolments import EnrolmentState, GroupMode
from tests.factories.world import Someone
from tests.support.cast import Cast, Rows, rows


async def courses(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del someone, role
    made = await _course(cast)
    return rows("course_id", made, made, made)


async def demands(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Of oneself, and of others."""
    del role

    async def by(person: Someone) -> str:
        values = {
            "asker": Asker.PERSON, "person_id": UUID(person.id), "state": DemandState.SUBMITTED, "heads": 1,
            "expires_at": cast.world.clock.now() + timedelta(days=9),
        }  # fmt: skip
        return str(await cast.once(("demand", person.id), lambda: cast.add(TrainingDemand, **values)))

    return rows("demand_id", await by(someone), await by(cast.colleague), await by(cast.stranger))


async def classes(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Own is the one for which the partial trainer was appointed."""
    del someone, role
    return rows("class_id", cast.klass, cast.klass, cast.far_class)


async def shown_classes(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Open to everybody; entered by the firm of the form."""
    del someone, role
    made = await cast.once("shown class", lambda: a_class(cast, ClassState.ENROLLING))
    found = rows("class_id", made, made, made)
    return {relation: aim | {"enterprise_id": cast.firm} for relation, aim in found.items()}


async def enrolments(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Of oneself; made by one's firm; of a stranger."""
    del role

    async def of(person: Someone, firm: str | None = None) -> str:
        values = {
            "class_id": UUID(cast.klass), "person_id": UUID(person.id), "state": EnrolmentState.PENDING_APPROVAL,
            "enterprise_id": None if firm is None else UUID(firm),
        }  # fmt: skip
        return str(await cast.once(("enrolment", person.id), lambda: cast.add(Enrolment, **values)))

    mine = await of(someone)
    return rows("enrolment_id", mine, await of(cast.colleague, cast.firm), await of(cast.stranger, cast.rival))


async def groups(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del someone, role

    async def of(firm: str) -> str:
        values = {
            "class_id": UUID(cast.klass), "enterprise_id": UUID(firm), "mode": GroupMode.PARTLY, "heads": 2,
            "made_by": UUID(cast.stranger.id),
        }  # fmt: skip
        return str(await cast.once(("entry group", firm), lambda: cast.add(EntryGroup, **values)))

    own = await of(cast.firm)
    return rows("group_id", own, own, await of(cast.rival))


async def competitions(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Own is the one for which the partial judge was appointed."""
    del someone, role
    return rows("competition_id", cast.contest, cast.contest, cast.far_contest)


async def contestants(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del role

    async def of(person: Someone) -> str:
        values = {
            "competition_id": UUID(cast.contest), "person_id": UUID(person.id), "category": "一组",
            "number": UUID(person.id).int % 1_000_000,
        }  # fmt: skip
        return str(await cast.once(("contestant", person.id), lambda: cast.add(CompetitionEntry, **values)))

    return rows("entry_id", await of(someone), await of(cast.colleague), await of(cast.stranger))


async def _course(cast: Cast) -> str:
    values = {
        "code": "cast_course",
        "title": "测试课",
        "brand": CourseBrand.SKILL,
        "hours": 4,
        "minimum": 1,
        "capacity": 9,
    }
    return str(await cast.once("course", lambda: cast.add(Course, **values)))


async def a_class(cast: Cast, state: ClassState = ClassState.APPROVED) -> str:
    """Approved, it is not shown yet: only who manages or teaches it sees it."""
    soon = cast.world.clock.now() + timedelta(days=2)
    return await cast.add(
        TrainingClass, course_id=UUID(await _course(cast)), title="测试班", state=state, capacity=9,
        enrol_until=soon, first_at=soon, last_at=soon + timedelta(hours=3), created_by=UUID(cast.stranger.id),
    )  # fmt: skip


async def a_contest(cast: Cast) -> str:
    soon = cast.world.clock.now() + timedelta(days=2)
    return await cast.add(
        Competition, title="测试竞赛", occupation_code="60706.01", categories=["一组"], place="测试路1号",
        registering_until=soon, theory_at=soon, practical_at=soon, theory_weight=30, judges=1,
        announced_by=UUID(cast.stranger.id),
    )  # fmt: skip
