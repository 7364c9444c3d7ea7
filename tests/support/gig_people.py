"""Workers as they register themselves over HTTP, and seats that they hold."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.clock import china_date
from app.core.ids import new_id
from app.models.gigs import Assignment, Shift
from app.rules.gigs.offers import AssignmentState
from app.rules.gigs.terms import RelationLabel, SeatKind
from app.services.gigs.profiles import get_profile
from tests.factories.world import Someone, World, ok
from tests.support.gigs import FLAT_SEAM, OVERLOCK
from tests.support.identity import version_of
from tests.support.uploads import pdf, uploaded

HOME = {"latitude": 24.7265, "longitude": 118.6702, "coord_type": "gcj02"}
SKILLS = [{"process_code": FLAT_SEAM, "level": 3}, {"process_code": OVERLOCK, "level": 2}]


def worker_form(**changes: Any) -> dict[str, Any]:
    return {
        "active": True, "urgent": True, "skills": SKILLS, "least_hour_fen": 2000, "reach_m": 5000, "vehicle": "ebike",
        "wanted_minutes_week": 1800, "outside_minutes_week": 120, "overtime_consent": False, "student": None,
        "retired": None, "night_ok": False, "companions": ["塘后姐妹"], "home_area_id": None, "home": None,
        "expected_version": None,
    } | changes  # fmt: skip


async def registered(world: World, someone: Someone | None = None, **changes: Any) -> tuple[Someone, dict[str, Any]]:
    """Somebody with the consent to the service, and their registration."""
    person = someone or await world.seeker()
    if changes.get("home"):
        await world.consent(person, "exact_location")
    return person, ok(await person.put("/me/worker-profile", worker_form(**changes)))


async def born(world: World, person: Someone, years: int, days: int = 0) -> None:
    """So many years and days old today."""
    today = china_date(world.clock.now()) - timedelta(days=days)
    birthday = today.replace(year=today.year - years)
    form = {"name": "林小梅", "birth_date": str(birthday), "expected_version": await version_of(world, person)}
    ok(await person.put("/me/profile", form))


async def minor(world: World) -> tuple[Someone, dict[str, Any]]:
    """Sixteen and a half, registered, with the consent to health papers, which lie with the office."""
    person = await world.person(app="linggong")
    for purpose in ("service", "health"):
        await world.consent(person, purpose)
    await born(world, person, 16, 180)
    _, row = await registered(world, person, companions=[])
    papers = [(await uploaded(person, pdf(), purpose="minor_paper"))["file_id"] for _ in range(2)]
    form = {"registration_file_id": papers[0], "health_file_id": papers[1], "expected_version": row["version"]}
    return person, ok(await person.put("/me/minor-papers", form))


async def worker_id(world: World, person: Someone) -> str:
    async with world.runtime.db.reading() as session:
        return str((await get_profile(session, UUID(person.id))).id)


async def taken(
    world: World, person: Someone, of: Shift, state: AssignmentState = AssignmentState.CONFIRMED, **changes: Any
) -> Assignment:
    now = world.clock.now()
    values: dict[str, Any] = (
        {
            "id": new_id(), "created_at": now, "updated_at": now, "shift_id": of.id, "person_id": UUID(person.id),
            "enterprise_id": of.enterprise_id, "starts_at": of.starts_at, "ends_at": of.ends_at,
            "work_minutes": of.work_minutes, "seat": SeatKind.REGULAR, "units": 2, "state": state, "order_version": 1,
            "label": RelationLabel.PART_TIME, "label_day_minutes": 0, "label_week_minutes": 0, "accepted_at": now,
        }
        | changes
    )  # fmt: skip
    row = Assignment(**values)
    async with world.runtime.db.unit_of_work() as session:
        session.add(row)
    return row
