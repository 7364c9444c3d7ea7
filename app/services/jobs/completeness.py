"""How much is known of a seeker, and which question to ask next."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.matching.recommendation import Completeness, VacancyColumns, assess
from app.models.jobs import SeekerProfile
from app.services.jobs.cards import seeker_card, vacancy_card
from app.services.jobs.recommendations import occupation_tree, open_vacancies

# The newest so many say well enough what the town asks for.
CONSIDERED_AT_MOST = 500


async def assess_profile(session: AsyncSession, crypto: Crypto, row: SeekerProfile, *, now: datetime) -> Completeness:
    """Over the vacancies that are open to this person now."""
    rows = await open_vacancies(session, row, now, at_most=CONSIDERED_AT_MOST)
    columns = VacancyColumns.from_cards([vacancy_card(vacancy) for vacancy in rows])
    return assess(seeker_card(crypto, row), columns, await occupation_tree(session), now=now)
