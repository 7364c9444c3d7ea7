"""Lists of training ask the database as often for many rows as for few."""

import pytest

from tests.factories.world import Someone, World, ok
from tests.support.jobs import approved_firm, counted, key
from tests.support.training import School, open_school


@pytest.fixture
async def school(world: World) -> School:
    return await open_school(world)


async def reads(school: School, person: Someone, path: str) -> int:
    with counted(school.world.runtime.db.reader) as statements:
        ok(await person.get(path))
    return len(statements)


async def test_no_list_grows_by_the_row(school: School) -> None:
    course = await school.course()
    made = await school.open_class(course, capacity=1)
    firm = await approved_firm(school.world)
    person = await school.learner()

    async def more(count: int) -> None:
        for _ in range(count):
            learner = await school.learner()
            await school.seat(learner, made)
            form = {"asker": "person", "course_id": course["id"], "heads": 1}
            ok(await learner.post("/training/demands", form, key=key()))
            form = {"asker": "enterprise", "enterprise_id": firm.firm_id, "wish": "想学叉车", "heads": 2}
            ok(await firm.recruiter.post("/training/demands", form, key=key()))
            await school.open_class(course, school.session(6 + school.number()))

    paths = [
        (school.officer, f"/training/classes/{made['id']}/enrolments"), (school.officer, "/training/demands"),
        (school.officer, "/training/pools"), (person, "/training/classes"), (firm.recruiter, "/training/my-demands"),
        (school.officer, "/training/courses"), (school.officer, "/training/menus"),
        (school.officer, f"/training/sessions/{made['sessions'][0]['id']}/marks"),
    ]  # fmt: skip
    # One with the seat, one who waits: every kind of row is there.
    await more(2)
    few = [await reads(school, *path) for path in paths]
    await more(6)
    assert [await reads(school, *path) for path in paths] == few


async def test_ones_own_lists_do_not_grow_by_the_row(school: School) -> None:
    course = await school.course()
    person = await school.learner()
    await school.seat(person, await school.open_class(course, school.session(5)))
    few = await reads(school, person, "/training/my-enrolments")
    for day in range(6, 12):
        await school.seat(person, await school.open_class(course, school.session(day)))
    assert await reads(school, person, "/training/my-enrolments") == few
