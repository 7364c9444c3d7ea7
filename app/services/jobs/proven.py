"""What training proves in a seeker's registration: with consent, as long as the certificate holds."""

from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.events import subscribe
from app.models.jobs import SeekerProfile
from app.services.training.events import SkillProven, SkillUnproven


def register() -> None:
    subscribe(SkillProven, add)
    subscribe(SkillUnproven, remove)


async def add(session: AsyncSession, event: SkillProven) -> None:
    """Said twice it stands there once. Without a registration there is nothing to add it to yet."""
    row = await _lock(session, event.person_id)
    if row is None or (event.word is None and event.occupation_code is None):
        return
    fresh: dict[str, str | None] = {
        "cause": event.cause, "title": event.title, "word": event.word,
        "level": event.level.value if event.level is not None else None, "occupation_code": event.occupation_code,
    }  # fmt: skip
    kept = [one for one in row.proven or [] if one["cause"] != event.cause]
    if [*kept, fresh] == row.proven:
        return
    row.proven = [*kept, fresh]
    row.touch(event.at)
    await session.flush()


async def remove(session: AsyncSession, event: SkillUnproven) -> None:
    row = await _lock(session, event.person_id)
    if row is None or all(one["cause"] != event.cause for one in row.proven or []):
        return
    row.proven = [one for one in row.proven or [] if one["cause"] != event.cause]
    row.touch(event.at)
    await session.flush()


async def _lock(session: AsyncSession, person_id: UUID) -> SeekerProfile | None:
    found = await session.exec(
        select(SeekerProfile)
        .where(SeekerProfile.person_id == person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()
