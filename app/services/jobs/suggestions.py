"""People for a vacancy: ranked by the same engine, only those who let themselves be found, without a name or an id.

A firm holds a reference that opens for this vacancy alone and reads differently each time: what it is told of somebody at
two vacancies cannot be put together.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto, SealBrokenError
from app.core.db import ReadSession
from app.matching.recommendation import RankedItem
from app.models.jobs import Application, Invitation, SeekerProfile, Vacancy
from app.rules.identity.ages import WORKING_AGE, compute_age
from app.rules.identity.roles import Actor
from app.rules.jobs.applications import ACTIVE
from app.rules.jobs.invitations import ANSWERED, InvitationState, SeekerRefError
from app.rules.jobs.vacancies import VacancyClosedError, check_open
from app.services.identity.people import active_among, facts_of
from app.services.jobs.recommendations import rank_candidates
from app.services.jobs.vacancies import get_own

# The most recently changed profiles that are scored in one pass.
CONSIDERED_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Suggested:
    ref: str
    item: RankedItem


async def suggest(
    session: ReadSession, crypto: Crypto, actor: Actor, vacancy_id: UUID, *, limit: int, now: datetime
) -> list[Suggested]:
    """The best for one's own open vacancy; nobody who has applied, was asked, hides from the firm or is under 16."""
    vacancy = await get_own(session, actor, vacancy_id)
    try:
        check_open(vacancy.state, vacancy.valid_until, china_date(now))
    except VacancyClosedError:
        return []
    rows = await session.exec(
        _findable(vacancy.id)
        .where(SeekerProfile.person_id != actor.person_id)
        .order_by(col(SeekerProfile.updated_at).desc(), col(SeekerProfile.id).desc())
        .limit(CONSIDERED_AT_MOST)
    )
    profiles = await _of_age(session, crypto, rows.all(), now)
    ranked = await rank_candidates(session, crypto, vacancy, profiles, now=now, limit=limit)
    return [Suggested(_refer(crypto, vacancy.id, item.id), item) for item in ranked.values()]


async def find(
    session: AsyncSession, crypto: Crypto, vacancy: Vacancy, seeker_ref: str, *, now: datetime
) -> SeekerProfile | None:
    """The person behind a reference, if they could still be suggested now; None in every other case alike."""
    person_id = person_behind(crypto, vacancy.id, seeker_ref)
    rows = await session.exec(_findable(vacancy.id).where(SeekerProfile.person_id == person_id))
    profiles = await _of_age(session, crypto, rows.all(), now)
    ranked = await rank_candidates(session, crypto, vacancy, profiles, now=now)
    return profiles[0] if person_id in ranked else None


def _findable(vacancy_id: UUID) -> Any:
    taken = select(col(Application.person_id)).where(
        Application.vacancy_id == vacancy_id, col(Application.state).in_(ACTIVE)
    )
    asked = select(col(Invitation.person_id)).where(
        Invitation.vacancy_id == vacancy_id, col(Invitation.state).in_([InvitationState.SENT, *sorted(ANSWERED)])
    )
    person = col(SeekerProfile.person_id)
    return select(SeekerProfile).where(
        col(SeekerProfile.findable).is_(True), person.not_in(taken), person.not_in(asked)
    )


async def _of_age(
    session: AsyncSession, crypto: Crypto, rows: Sequence[SeekerProfile], now: datetime
) -> list[SeekerProfile]:
    """禁止使用童工规定 第二条: whose age is not known is not shown either."""
    ids, today = [row.person_id for row in rows], china_date(now)
    alive, facts = await active_among(session, ids), await facts_of(session, crypto, ids)
    return [
        row
        for row in rows
        if row.person_id in alive
        and (born := facts[row.person_id].birth_date) is not None
        and compute_age(born, today) >= WORKING_AGE
    ]


def _refer(crypto: Crypto, vacancy_id: UUID, person_id: UUID) -> str:
    sealed = crypto.seal("vacancy", "seeker_ref", vacancy_id, person_id.bytes)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def person_behind(crypto: Crypto, vacancy_id: UUID, ref: str) -> UUID:
    """Whom a reference of this vacancy names; any other text names nobody."""
    try:
        sealed = base64.b64decode(ref + "=" * (-len(ref) % 4), b"-_", validate=True)
        return UUID(bytes=crypto.open("vacancy", "seeker_ref", vacancy_id, sealed))
    except (SealBrokenError, binascii.Error, ValueError) as exc:
        raise SeekerRefError from exc
