"""Enrolments over HTTP against their own statements, played by a bare ASGI application; see `replay.py`.

`./dev bench enrol [--enrolments N] [--database …]`: so many people ask for the seats of ten classes; half of them wait.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from sqlalchemy import func
from sqlmodel import col, select

from app.core.ids import new_id
from app.core.settings import Settings
from app.models.identity import Person
from app.models.training import ClassSession, Course, Enrolment, TrainingClass
from app.rules.training.classes import ClassState
from app.rules.training.courses import CourseBrand, CourseState
from app.services.runtime import open_runtime
from benchmarks import replay
from benchmarks.bench_list import Kind
from benchmarks.bench_redeem import members
from benchmarks.replay import Act, Call

CLASSES = 10


async def fill(settings: Settings, number: int) -> list[Call]:
    async with open_runtime(settings) as runtime:
        now = runtime.clock.now()
        async with runtime.db.unit_of_work() as session:
            classes = await open_classes(session, now, max(1, number // CLASSES // 2))
            people = await members(session, now, number)
    return [
        Call(
            "zhipin",
            person,
            login,
            f"/training/classes/{classes[place % CLASSES]}/enrol",
            {},
            f"bench-enrol-{place:06d}",
        )
        for place, (person, login) in enumerate(people)
    ]


async def open_classes(session: Any, now: datetime, capacity: int) -> list[str]:
    office, course = new_id(), new_id()
    session.add(Person(id=office, created_at=now, updated_at=now))
    session.add(
        Course(
            id=course, created_at=now, updated_at=now, code="bench", title="电工", brand=CourseBrand.SKILL, hours=24,
            minimum=1, capacity=500, state=CourseState.PUBLISHED,
        )
    )  # fmt: skip
    await session.flush()
    made = []
    for place in range(CLASSES):
        start = now + timedelta(days=5 + place)
        klass = TrainingClass(
            created_at=now, updated_at=now, course_id=course, title=f"第{place}期", state=ClassState.ENROLLING,
            capacity=capacity, enrol_until=start, first_at=start, last_at=start + timedelta(hours=3), created_by=office,
        )  # fmt: skip
        session.add(klass)
        await session.flush()
        session.add(
            ClassSession(
                created_at=now, updated_at=now, class_id=klass.id, number=1, starts_at=start,
                ends_at=start + timedelta(hours=3), venue=f"培训室{place}",
            )
        )  # fmt: skip
        made.append(str(klass.id))
    await session.flush()
    return made


async def enrolled(settings: Settings) -> tuple[int, int]:
    """Enrolments, and people who have one."""
    async with open_runtime(settings) as runtime, runtime.db.reading() as session:
        people = await session.exec(select(func.count(col(Enrolment.person_id).distinct())))
        return int((await session.exec(select(func.count()).select_from(Enrolment))).one()), int(people.one())


def main(
    enrolments: Annotated[int, typer.Option(help="报名次数")] = 1000,
    database: Annotated[Kind, typer.Option(help="哪个数据库")] = Kind.BOTH,
) -> None:
    """报名的速度比：应用对照执行同样语句的最简 ASGI 服务。"""
    replay.run(Act("报名", fill, enrolled, lambda number: (number, number)), enrolments, database)


if __name__ == "__main__":
    typer.run(main)
