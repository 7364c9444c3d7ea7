"""Vacancies that stay open for want of a skill: the numbers by trade, for training."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.models.jobs import Application, Vacancy
from app.rules.jobs.applications import RejectReason
from app.rules.jobs.vacancies import VacancyState

POSTINGS_AT_MOST = 2000


@dataclass(slots=True)
class SkillGap:
    """Of one trade: postings that are open too long, seats still free, applications, those refused for want of skill."""

    occupation_code: str
    postings: int = 0
    seats: int = 0
    applications: int = 0
    unskilled: int = 0


async def skill_gaps(session: AsyncSession | ReadSession, *, now: datetime, days: int) -> list[SkillGap]:
    """Published so many days ago, seats free, something asked of the person, and too few who have it."""
    rows = await session.exec(
        select(Vacancy)
        .where(
            Vacancy.state == VacancyState.PUBLISHED, col(Vacancy.published_at) <= now - timedelta(days=days),
            col(Vacancy.hired_count) < col(Vacancy.headcount),
        )
        .order_by(col(Vacancy.published_at).desc(), col(Vacancy.id))
        .limit(POSTINGS_AT_MOST)
    )  # fmt: skip
    asking = [row for row in rows if row.required_certificates or row.required_machines or row.required_level]
    refused = case((col(Application.reason) == RejectReason.SKILL, 1), else_=0)
    counts = await session.exec(
        select(col(Application.vacancy_id), func.count(), func.sum(refused))
        .where(col(Application.vacancy_id).in_([row.id for row in asking]))
        .group_by(col(Application.vacancy_id))
    )
    came = {vacancy_id: (int(count), int(unskilled or 0)) for vacancy_id, count, unskilled in counts}
    gaps: dict[str, SkillGap] = {}
    for row in asking:
        applications, unskilled = came.get(row.id, (0, 0))
        free = row.headcount - row.hired_count
        if applications >= free and not unskilled:
            continue
        gap = gaps.setdefault(row.occupation_code, SkillGap(row.occupation_code))
        gap.postings += 1
        gap.seats += free
        gap.applications += applications
        gap.unskilled += unskilled
    return [gaps[code] for code in sorted(gaps)]
