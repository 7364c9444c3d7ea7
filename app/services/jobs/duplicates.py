"""Whether a firm's posting is on the lists already in nearly the same words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.models.jobs import Vacancy
from app.rules.geo import to_gcj02
from app.rules.jobs.posting import Finding, RuleBook
from app.rules.jobs.posting.duplicates import OtherPosting, Place, duplicate_issue
from app.rules.jobs.posting.issues import finding_of
from app.rules.jobs.terms import CoordType
from app.rules.jobs.vacancies import VacancyState
from app.schemas.jobs.vacancies import VacancyContent, VacancyLint

# What is on the lists, or may be soon.
STANDING = (VacancyState.PUBLISHED, VacancyState.PAUSED, VacancyState.IN_REVIEW)
# The newest so many of the same trade: a firm with more of them open has other troubles than a double.
LOOKED_AT = 50


async def find(
    session: AsyncSession,
    enterprise_id: UUID | None,
    form: VacancyContent | VacancyLint,
    book: RuleBook,
    *,
    today: date,
    besides: UUID | None = None,
) -> list[Finding]:
    """At most one finding, which names the other posting. One query; nothing where firm, trade or place is not told yet."""
    rule = book.rule("duplicate", today)
    if rule is None or enterprise_id is None or not form.occupation_code or form.place is None or not form.title:
        return []
    place = Place(form.place.address, _point(form.place.latitude, form.place.longitude, form.place.coord_type))
    others = [_other(row) for row in await _standing(session, enterprise_id, form.occupation_code, besides)]
    found = duplicate_issue(form.title, f"{form.duties}\n{form.requirements}", place, others)
    if found is None:
        return []
    issue, other_id = found
    return [replace(finding_of(issue, rule, quote=""), other_id=other_id)]


async def _standing(
    session: AsyncSession, enterprise_id: UUID, occupation_code: str, besides: UUID | None
) -> Sequence[Vacancy]:
    statement = select(Vacancy).where(
        Vacancy.enterprise_id == enterprise_id,
        Vacancy.occupation_code == occupation_code,
        col(Vacancy.state).in_(STANDING),
    )
    if besides is not None:
        statement = statement.where(Vacancy.id != besides)
    return (await session.exec(statement.order_by(col(Vacancy.id).desc()).limit(LOOKED_AT))).all()


def _other(row: Vacancy) -> OtherPosting:
    since = row.published_at or row.created_at
    day = china_date(since)
    return OtherPosting(
        id=str(row.id), title=row.title, text=f"{row.duties}\n{row.requirements}",
        place=Place(row.place_address, _point(row.latitude, row.longitude, row.coord_type)),
        told=f"{row.state.label}，{day.year}年{day.month}月{day.day}日",
    )  # fmt: skip


def _point(latitude: float | None, longitude: float | None, coord_type: CoordType | None) -> tuple[float, float] | None:
    if latitude is None or longitude is None or coord_type is None:
        return None
    return to_gcj02(latitude, longitude, coord_type)
