"""A second look at what was published at once: about one posting in ten, chosen by a keyed hash that nobody can foresee."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import check_version, lock
from app.models.jobs import Vacancy
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_town_wide
from app.rules.jobs.posting_changes import PolicyKey
from app.rules.jobs.takedowns import SampleNotFoundError
from app.rules.jobs.vacancies import VacancyNotFoundError
from app.services.common.calendar import deadline
from app.services.common.tasks import close_tasks, open_task
from app.services.identity import audit
from app.services.jobs.policies import policy

# Hexadecimal digits of the hash that decide: enough for any sensible share.
DIGITS = 12


async def draw(session: AsyncSession, crypto: Crypto, row: Vacancy, *, now: datetime) -> bool:
    """Each published version is drawn once; the key keeps a firm from finding out which ones are looked at."""
    today = china_date(now)
    one_in = await policy(session, PolicyKey.SAMPLE_ONE_IN, today)
    if one_in < 1 or int(crypto.keyed_hash("sample", f"{row.id}:{row.content_version}")[:DIGITS], 16) % one_in:
        return False
    due = await deadline(session, now, await policy(session, PolicyKey.SAMPLE_WORKDAYS, today))
    return await open_task(
        session, TaskKind.VACANCY_SAMPLE, row.id, title=f"抽查岗位“{row.title}”（{row.enterprise_name}）", now=now,
        due_at=due.at,
    )  # fmt: skip


async def find_fine(
    session: AsyncSession, actor: Actor, vacancy_id: UUID, *, note: str, expected_version: int, now: datetime
) -> Vacancy:
    """Looked at and found in order. What is not in order is taken down, which closes the sample too."""
    check_town_wide(actor, Permission.VACANCY_REVIEW)
    row = await lock(session, Vacancy, vacancy_id, VacancyNotFoundError)
    if row.posted_by == actor.person_id or row.enterprise_id in {grant.scope_id for grant in actor.grants}:
        raise SelfReviewError
    check_version(row.version, expected_version)
    if not await close_tasks(session, TaskKind.VACANCY_SAMPLE, row.id, by=actor.person_id, now=now, note=note or None):
        raise SampleNotFoundError
    audit.by(session, actor, "vacancy_sample_fine", "vacancy", row.id, now=now)
    return row
