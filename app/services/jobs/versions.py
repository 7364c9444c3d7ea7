"""The frozen text of a posting, for those to whom it was shown as the one that counts."""

from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.jobs import Application, Invitation, Vacancy, VacancyVersion
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs.vacancies import VersionNotFoundError


async def get_version(session: AsyncSession, actor: Actor, vacancy_id: UUID, number: int) -> VacancyVersion:
    """Whoever applied or was invited on this version, the firm, the jobs office; for others it does not exist."""
    mine = sorted(actor.enterprises(Permission.VACANCY_WRITE))
    seen = [
        select(col(table.id)).where(
            table.person_id == actor.person_id, table.vacancy_id == vacancy_id, table.vacancy_content_version == number
        )
        for table in (Application, Invitation)
    ]
    allowed = or_(*(one.exists() for one in seen), col(Vacancy.enterprise_id).in_(mine))
    if actor.town_wide(Permission.VACANCY_REVIEW):
        allowed = col(Vacancy.id).is_not(None)
    found = await session.exec(
        select(VacancyVersion)
        .join(Vacancy, col(Vacancy.id) == col(VacancyVersion.vacancy_id))
        .where(VacancyVersion.vacancy_id == vacancy_id, VacancyVersion.number == number, allowed)
    )
    row = found.one_or_none()
    if row is None:
        raise VersionNotFoundError
    return row


async def version_of(session: AsyncSession, application: Application) -> VacancyVersion | None:
    """What its person saw; None for rows older than the versions."""
    found = await session.exec(
        select(VacancyVersion).where(
            VacancyVersion.vacancy_id == application.vacancy_id,
            VacancyVersion.number == application.vacancy_content_version,
        )
    )
    return found.one_or_none()
