"""Recommended vacancies for a seeker, and ranked candidates for a firm, each with parts, reasons and gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.matching.recommendation import OccupationTree, RankedItem, VacancyColumns, rank_seekers, rank_vacancies
from app.models.jobs import SeekerProfile, Vacancy
from app.rules.identity.ages import check_may_work
from app.rules.identity.consents import ConsentPurpose
from app.rules.identity.roles import Actor
from app.rules.jobs.vacancies import VacancyState
from app.services.common.codes import OCCUPATION, list_codes, revision_of
from app.services.identity.consents import lacking_consents
from app.services.identity.people import facts_of_one
from app.services.jobs.cards import seeker_card, vacancy_card
from app.services.jobs.seekers import get_profile

# The newest open postings that are scored, exactly, in one pass. The town has some 200 firms; an index in memory for
# tens of thousands of postings replaces this query, not the engine behind it.
CONSIDERED_AT_MOST = 2000


@dataclass(frozen=True, slots=True)
class Recommended:
    vacancy: Vacancy
    item: RankedItem | None


@dataclass(frozen=True, slots=True)
class Recommendation:
    items: list[Recommended]
    personalised: bool
    considered: int


async def recommend(session: ReadSession, crypto: Crypto, actor: Actor, *, limit: int, now: datetime) -> Recommendation:
    """Open vacancies in the order that suits both sides best.

    Without the person's consent to personal recommendation: newest first, unscored (个人信息保护法 第二十四条).
    """
    profile = await get_profile(session, actor.person_id)
    facts = await facts_of_one(session, crypto, actor.person_id)
    check_may_work(facts.birth_date, china_date(now))
    rows = await open_vacancies(session, profile, now)
    if ConsentPurpose.PERSONAL_RECOMMENDATION in await lacking_consents(session, actor.person_id):
        return Recommendation([Recommended(row, None) for row in rows[:limit]], personalised=False, considered=0)
    tree = await occupation_tree(session)
    columns = VacancyColumns.from_cards([vacancy_card(row) for row in rows])
    ranked = rank_vacancies(seeker_card(crypto, profile), columns, tree, now=now, limit=limit)
    by_id = {row.id: row for row in rows}
    return Recommendation([Recommended(by_id[item.id], item) for item in ranked], True, len(rows))


async def rank_candidates(
    session: AsyncSession,
    crypto: Crypto,
    vacancy: Vacancy,
    profiles: Sequence[SeekerProfile],
    *,
    now: datetime,
    limit: int | None = None,
) -> dict[UUID, RankedItem]:
    """People for one vacancy, best first, scored by the same engine, told from the firm's side."""
    tree = await occupation_tree(session)
    cards = [seeker_card(crypto, profile) for profile in profiles]
    ranked = rank_seekers(vacancy_card(vacancy), cards, tree, now=now, limit=len(cards) if limit is None else limit)
    return {item.id: item for item in ranked}


async def open_vacancies(
    session: AsyncSession, profile: SeekerProfile, now: datetime, *, at_most: int = CONSIDERED_AT_MOST
) -> Sequence[Vacancy]:
    """The newest open postings of firms from which this person does not hide."""
    rows = await session.exec(
        select(Vacancy)
        .where(
            Vacancy.state == VacancyState.PUBLISHED,
            col(Vacancy.valid_until) >= china_date(now),
            col(Vacancy.enterprise_id).not_in([UUID(value) for value in profile.hidden_from]),
        )
        .order_by(col(Vacancy.published_at).desc(), col(Vacancy.id).desc())
        .limit(at_most)
    )
    return rows.all()


# One tree per state of the code table: it changes when the town edits an occupation, not between requests.
_trees: dict[str, OccupationTree] = {}


async def occupation_tree(session: AsyncSession) -> OccupationTree:
    """The code table as the engine reads it, kept until it changes."""
    revision = await revision_of(session, OCCUPATION)
    if revision not in _trees:
        rows = await list_codes(session, OCCUPATION)
        _trees.clear()
        _trees[revision] = OccupationTree.from_rows((row.code, row.name, row.parent) for row in rows)
    return _trees[revision]
