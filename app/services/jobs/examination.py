"""A posting that stands, looked at with today's rules: what the reviewer sees beside its text."""

from uuid import UUID

from sqlmodel import select

from app.core.clock import china_date
from app.core.db import ReadSession
from app.models.jobs import Vacancy
from app.rules.identity.roles import Actor, Permission, check_town_wide
from app.rules.jobs.posting import Finding
from app.rules.jobs.vacancies import VacancyNotFoundError
from app.schemas.jobs.vacancies import Pay, Place, VacancyLint
from app.services.jobs import duplicates, posting
from app.services.jobs.rulebook import current_rule_book
from app.services.organisation.enterprises import get_enterprise, may_publish
from app.services.runtime import Runtime


async def findings_of(runtime: Runtime, session: ReadSession, actor: Actor, vacancy_id: UUID) -> list[Finding]:
    check_town_wide(actor, Permission.VACANCY_REVIEW)
    row = (await session.exec(select(Vacancy).where(Vacancy.id == vacancy_id))).one_or_none()
    if row is None:
        raise VacancyNotFoundError
    today = china_date(runtime.clock.now())
    enterprise = await get_enterprise(session, row.enterprise_id)
    book, form = await current_rule_book(session), _form_of(row)
    approved = await may_publish(session, enterprise, today)
    found = posting.check_form(form, book, approved=approved, kind=enterprise.kind.value, today=today)
    return found + await duplicates.find(session, row.enterprise_id, form, book, today=today, besides=row.id)


def _form_of(row: Vacancy) -> VacancyLint:
    """As it stands, without asking whether it could be posted like this today: that is what the findings say."""
    pay = Pay.model_construct(
        unit=row.pay_unit, min_fen=row.pay_min_fen, max_fen=row.pay_max_fen, piece_rate_fen=row.piece_rate_fen,
        piece_per_quantity=row.piece_per_quantity, piece_hourly_output=row.piece_hourly_output, cycle=row.pay_cycle,
    )  # fmt: skip
    place = Place.model_construct(
        address=row.place_address, latitude=row.latitude, longitude=row.longitude, coord_type=row.coord_type
    )
    same = VacancyLint.model_fields.keys() & Vacancy.model_fields.keys()
    return VacancyLint.model_construct(
        **{name: getattr(row, name) for name in same}, pay=pay, place=place, vacancy_id=row.id
    )
