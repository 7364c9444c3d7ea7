"""Nobody is in two classes at once: whoever writes holds the people first, so that two classes decide one after the other."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.models.training import ClassSession, Enrolment, TrainingClass
from app.rules.training.classes import OCCUPYING, PeopleClashError
from app.rules.training.enrolments import BUSY


async def find(session: AsyncSession, class_id: UUID, people: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Who of them has a seat, or the promise of one, elsewhere at the time of a session: when, and in which class."""
    mine = aliased(ClassSession)
    overlap = exists().where(
        col(mine.class_id) == class_id,
        col(mine.starts_at) < col(ClassSession.ends_at),
        col(mine.ends_at) > col(ClassSession.starts_at),
    )
    rows = await session.exec(
        select(col(Enrolment.person_id), col(ClassSession.starts_at), col(TrainingClass.title))
        .join(TrainingClass, col(TrainingClass.id) == col(Enrolment.class_id))
        .join(ClassSession, col(ClassSession.class_id) == col(TrainingClass.id))
        .where(
            col(Enrolment.person_id).in_(people), col(Enrolment.state).in_(sorted(BUSY)),
            col(TrainingClass.state).in_(sorted(OCCUPYING)), TrainingClass.id != class_id, overlap,
        )
        .order_by(col(ClassSession.starts_at).desc())
    )  # fmt: skip
    return {person: (f"{at.astimezone(CHINA):%m月%d日%H:%M}", title) for person, at, title in rows}


async def check_moved(session: AsyncSession, class_id: UUID, people: Sequence[UUID]) -> None:
    """A session gets another time: none of those enrolled may be elsewhere then."""
    found = await find(session, class_id, people)
    if found:
        raise PeopleClashError(count=len(found))
