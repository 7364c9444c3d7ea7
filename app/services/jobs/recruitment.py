"""招聘服务记录: what the law keeps of a seeker after the account is gone."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.jobs import Application, Vacancy


async def recruitment_records(session: AsyncSession, person_id: UUID) -> list[dict[str, str]]:
    """What the law keeps of a seeker for three years: which posting in which version, when, how it ended."""
    rows = await session.exec(
        select(Application, Vacancy)
        .join(Vacancy, col(Vacancy.id) == col(Application.vacancy_id))
        .where(Application.person_id == person_id)
        .order_by(col(Application.created_at), col(Application.id))
    )
    return [
        {
            "application_id": str(application.id), "vacancy_id": str(vacancy.id), "title": vacancy.title,
            "enterprise": vacancy.enterprise_name, "content_version": str(application.vacancy_content_version),
            "state": application.state.value, "applied_at": application.created_at.isoformat(),
            "ended_at": application.updated_at.isoformat(),
        }
        for application, vacancy in rows
    ]  # fmt: skip
