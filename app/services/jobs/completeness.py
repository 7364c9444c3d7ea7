"""How much is known of a seeker, and which question to ask next."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.matching.recommendation import Completeness, VacancyColumns, assess
from app.models.jobs import SeekerProfile, Vacancy
from app.rules.jobs.vacancies import VacancyState
from app.services.jobs.cards import seeker_card
from app.services.jobs.recommendations import occupation_tree
from app.services.jobs.vacancy_cards import CARD_COLUMNS, vacancy_card

# The newest so many say well enough what the town asks for.
CONSIDERED_AT_MOST = 500
_NEWEST = (
    select(*CARD_COLUMNS)
    .where(
        col(Vacancy.state) == VacancyState.PUBLISHED,
        col(Vacancy.valid_until) >= bindparam("today"),
        col(Vacancy.enterprise_id).not_in(bindparam("hidden", expanding=True)),
    )
    .order_by(col(Vacancy.published_at).desc(), col(Vacancy.id).desc())
    .limit(CONSIDERED_AT_MOST)
)


async def assess_profile(session: AsyncSession, crypto: Crypto, row: SeekerProfile, *, now: datetime) -> Completeness:
    """Over the vacancies that are open to this person now."""
    seeker = seeker_card(crypto, row)
    connection = await session.connection()
    found = await connection.execute(_NEWEST, {"today": china_date(now), "hidden": sorted(seeker.hidden_from)})
    columns = VacancyColumns.from_cards([vacancy_card(vacancy) for vacancy in found])
    return assess(seeker, columns, await occupation_tree(session), now=now)
