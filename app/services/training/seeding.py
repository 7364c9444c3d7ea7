"""The plan's providers, courses and menus (as drafts), the subsidy's rows, the lists of materials."""

from datetime import datetime
from pathlib import Path

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.training import Course, CourseMenu, DeclarationMaterial, MenuCourse, SubsidyRate, TrainingProvider
from app.services.organisation.seed_files import SeedFileError, read_csv, typed_rows
from app.services.organisation.seed_sync import DatasetOutcome, seed_targets, sync_rows


async def load_training(session: AsyncSession, *, directory: Path, now: datetime) -> list[DatasetOutcome]:
    """Drafts for the training officer to look through: what they have changed or published is never taken from a file."""
    providers = typed_rows("training_providers.csv", TrainingProvider, read_csv(directory, "training_providers.csv"))
    done = [await sync_rows(session, "training_providers", TrainingProvider, providers, key=("name",), now=now)]
    ids = await seed_targets(session, "training_providers")
    rows = []
    for row in read_csv(directory, "training_courses.csv"):
        name = row.pop("provider")
        if name not in ids:
            raise SeedFileError(f"training_courses.csv 引用了没有登记的名称：{name}")
        rows.append(row | {"provider_id": str(ids[name])})
    courses = typed_rows("training_courses.csv", Course, rows)
    done.append(await sync_rows(session, "training_courses", Course, courses, key=("code",), now=now))
    done.append(await _load_menus(session, directory, now))
    subsidies = typed_rows("training_subsidies.csv", SubsidyRate, read_csv(directory, "training_subsidies.csv"))
    done.append(
        await sync_rows(session, "training_subsidies", SubsidyRate, subsidies, key=("kind", "valid_from"), now=now)
    )
    materials = typed_rows(
        "declaration_materials.csv", DeclarationMaterial, read_csv(directory, "declaration_materials.csv")
    )
    done.append(
        await sync_rows(session, "declaration_materials", DeclarationMaterial, materials, key=("kind", "code"), now=now)
    )
    return done


async def _load_menus(session: AsyncSession, directory: Path, now: datetime) -> DatasetOutcome:
    """A menu's courses are put on it once, when it is new: later the officer decides."""
    lines = read_csv(directory, "training_menus.csv")
    listed = {(row["title"], row["year"], row["quarter"]): row.pop("courses").split() for row in lines}
    outcome = await sync_rows(
        session, "training_menus", CourseMenu, typed_rows("training_menus.csv", CourseMenu, lines),
        key=("title", "year", "quarter"), now=now,
    )  # fmt: skip
    by_code = dict((await session.exec(select(col(Course.code), col(Course.id)))).all())
    filled = set((await session.exec(select(col(MenuCourse.menu_id)).distinct())).all())
    for menu in (await session.exec(select(CourseMenu))).all():
        codes = listed.get((menu.title, str(menu.year), str(menu.quarter)), [])
        if menu.id not in filled:
            session.add_all(
                MenuCourse(menu_id=menu.id, course_id=by_code[code], place=place) for place, code in enumerate(codes, 1)
            )
    await session.flush()
    return outcome
