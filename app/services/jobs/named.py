"""What a posting's form names by a code: the area of the work, the occupation."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.errors import FieldIssue
from app.models.organisation import Enterprise
from app.rules.jobs.applications import AreaUnknownError
from app.rules.jobs.vacancies import OccupationUnknownError
from app.schemas.jobs.vacancies import VacancyContent
from app.services.common.codes import code_name
from app.services.organisation.liaison import area_kind


async def area_of(session: AsyncSession, form: VacancyContent, enterprise: Enterprise) -> UUID | None:
    """Where the work is: as the form says, else where the firm is."""
    if form.area_id is None:
        return enterprise.area_id
    if await area_kind(session, form.area_id) is None:
        raise AreaUnknownError(fields=[FieldIssue(path="area_id", message=AreaUnknownError.message)])
    return form.area_id


async def occupation_name(session: AsyncSession, code: str) -> str:
    name = await code_name(session, "occupation", code)
    if name is None:
        raise OccupationUnknownError(given=code)
    return name
