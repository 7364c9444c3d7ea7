"""Vacancies: post, change, publish, review, close. Every text is frozen as a version when it goes public."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.models.jobs import Vacancy, VacancyVersion
from app.models.organisation import Enterprise
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_permission, check_town_wide
from app.rules.jobs.posting import Finding
from app.rules.jobs.vacancies import (
    EDITABLE,
    NEXT,
    EnterpriseNotYoursError,
    HeadcountTakenError,
    VacancyNotFoundError,
    VacancyState,
    VacancyStateError,
    check_transition,
)
from app.rules.organisation import EnterpriseNotFoundError
from app.schemas.jobs.vacancies import VacancyCreate, VacancyLint, VacancyUpdate
from app.services.common.content import ContentVerdict
from app.services.common.tasks import close_tasks, open_task
from app.services.events import VacancyReviewed
from app.services.identity import audit
from app.services.identity.members import people_with
from app.services.jobs import duplicates, posting, sampling, search
from app.services.jobs.derived import derive
from app.services.jobs.named import area_of, occupation_name
from app.services.jobs.rulebook import current_rule_book
from app.services.organisation.enterprises import get_enterprise, label_of, licences_of, may_publish, why_not
from app.services.runtime import Runtime

# jobs design: anything held is answered within 2 duty hours.
REVIEW_WITHIN = timedelta(hours=2)
SWEEP_BATCH = 200


@dataclass(frozen=True, slots=True)
class Saved:
    vacancy: Vacancy
    findings: list[Finding]


def visible_to(actor: Actor | None, now: datetime) -> ColumnElement[bool]:
    """Everybody sees what is open; a firm all of its own; the jobs office everything."""
    is_open = and_(col(Vacancy.state) == VacancyState.PUBLISHED, col(Vacancy.valid_until) >= china_date(now))
    if actor is None:
        return is_open
    if actor.town_wide(Permission.VACANCY_REVIEW):
        return col(Vacancy.id).is_not(None)
    return or_(is_open, col(Vacancy.enterprise_id).in_(sorted(actor.enterprises(Permission.VACANCY_WRITE))))


async def lint(runtime: Runtime, session: ReadSession, actor: Actor, form: VacancyLint) -> list[Finding]:
    """The same findings as at publishing, while typing; stores nothing and asks WeChat nothing."""
    check_permission(actor, Permission.VACANCY_WRITE)
    approved, kind = True, "employer"
    if form.enterprise_id is not None:
        enterprise = await _own_enterprise(session, actor, form.enterprise_id)
        approved = await may_publish(session, enterprise, china_date(runtime.clock.now()))
        kind = enterprise.kind.value
    book, today = await current_rule_book(session), china_date(runtime.clock.now())
    findings = posting.check_form(form, book, approved=approved, kind=kind, today=today)
    return findings + await duplicates.find(
        session, form.enterprise_id, form, book, today=today, besides=form.vacancy_id
    )


async def create_vacancy(runtime: Runtime, session: AsyncSession, actor: Actor, form: VacancyCreate) -> Saved:
    """Rules and content check first, outside the transaction; then one short transaction re-checks and writes."""
    check_permission(actor, Permission.VACANCY_WRITE)
    findings, verdict = await _examine(runtime, actor, form, form.enterprise_id)
    now = runtime.clock.now()
    enterprise = await lock_approved(session, actor, form.enterprise_id, submit=form.submit, now=now)
    return Saved(await add(runtime, session, actor, enterprise, form, verdict, now), findings)


async def add(
    runtime: Runtime,
    session: AsyncSession,
    actor: Actor,
    enterprise: Enterprise,
    form: VacancyCreate,
    verdict: ContentVerdict,
    now: datetime,
) -> Vacancy:
    """A form that has passed its checks becomes a posting; the caller holds the enterprise's lock."""
    row = Vacancy(
        created_at=now, updated_at=now, enterprise_id=enterprise.id, enterprise_name=enterprise.name,
        enterprise_label=label_of(enterprise, await licences_of(session, enterprise.id)),
        posted_by=actor.person_id, occupation_name=await occupation_name(session, form.occupation_code),
        **posting.columns_of(form),
    )  # fmt: skip
    row.area_id = await area_of(session, form, enterprise)
    derive(row)
    session.add(row)
    await session.flush()
    if form.submit:
        await _submit(runtime, session, row, verdict, now)
    _audit(session, "vacancy_created", actor, row, now)
    return row


async def update_vacancy(
    runtime: Runtime, session: AsyncSession, actor: Actor, vacancy_id: UUID, form: VacancyUpdate
) -> Saved:
    """Replaces the whole form. What is public changes only by a new version that passes the same checks."""
    async with runtime.db.reading() as reading:
        seen = await get_own(reading, actor, vacancy_id)
    findings, verdict = await _examine(runtime, actor, form, seen.enterprise_id, besides=vacancy_id)
    now = runtime.clock.now()
    enterprise = await lock_approved(session, actor, seen.enterprise_id, submit=form.submit, now=now)
    row = await lock(session, Vacancy, vacancy_id, VacancyNotFoundError)
    check_version(row.version, form.expected_version)
    if row.state not in EDITABLE or (row.state in {VacancyState.PUBLISHED, VacancyState.PAUSED} and not form.submit):
        raise VacancyStateError(current=row.state.label, target=VacancyState.DRAFT.label)
    if form.headcount <= row.hired_count:
        raise HeadcountTakenError(hired=row.hired_count)
    for name, value in posting.columns_of(form).items():
        setattr(row, name, value)
    row.occupation_name = await occupation_name(session, form.occupation_code)
    row.area_id = await area_of(session, form, enterprise)
    derive(row)
    row.content_version += 1
    row.touch(now)
    await session.flush()
    if form.submit:
        await _submit(runtime, session, row, verdict, now)
    _audit(session, "vacancy_updated", actor, row, now)
    return Saved(row, findings)


async def get_visible(
    session: ReadSession | AsyncSession, actor: Actor | None, vacancy_id: UUID, *, now: datetime
) -> Vacancy:
    found = await session.exec(select(Vacancy).where(Vacancy.id == vacancy_id, visible_to(actor, now)))
    row = found.one_or_none()
    if row is None:
        raise VacancyNotFoundError
    return row


async def is_visible(session: AsyncSession, actor: Actor | None, vacancy_id: UUID, *, now: datetime) -> bool:
    found = await session.exec(select(col(Vacancy.id)).where(Vacancy.id == vacancy_id, visible_to(actor, now)))
    return found.one_or_none() is not None


async def get_own(session: AsyncSession, actor: Actor, vacancy_id: UUID) -> Vacancy:
    """A vacancy of a firm in which the actor recruits; any other does not exist."""
    mine = sorted(actor.enterprises(Permission.VACANCY_WRITE))
    found = await session.exec(select(Vacancy).where(Vacancy.id == vacancy_id, col(Vacancy.enterprise_id).in_(mine)))
    row = found.one_or_none()
    if row is None:
        raise VacancyNotFoundError
    return row


async def list_own(session: ReadSession, actor: Actor, enterprise_id: UUID) -> Sequence[Vacancy]:
    """All vacancies of one's firm, newest first, at most 200."""
    await _own_enterprise(session, actor, enterprise_id)
    rows = await session.exec(
        select(Vacancy)
        .where(Vacancy.enterprise_id == enterprise_id)
        .order_by(col(Vacancy.created_at).desc(), col(Vacancy.id).desc())
        .limit(200)
    )
    return rows.all()


async def move_own(
    session: AsyncSession, actor: Actor, vacancy_id: UUID, target: VacancyState, *, expected_version: int, now: datetime
) -> Vacancy:
    """Pause, resume or withdraw one's own posting."""
    seen = await get_own(session, actor, vacancy_id)
    if target is VacancyState.PUBLISHED:
        # A firm suspended meanwhile shows nothing new, nor does an agency whose permit has ended.
        await lock_approved(session, actor, seen.enterprise_id, submit=True, now=now)
    row = await lock(session, Vacancy, vacancy_id, VacancyNotFoundError)
    check_version(row.version, expected_version)
    if target is VacancyState.PUBLISHED and row.state is not VacancyState.PAUSED:
        # Publishing anything else goes through the checks of a submitted form.
        raise VacancyStateError(current=row.state.label, target=target.label)
    check_transition(row.state, target)
    await _enter(session, row, target, now)
    # Withdrawn while the office had not looked yet: there is nothing to look at any more.
    await close_tasks(session, TaskKind.VACANCY_REVIEW, row.id, by=actor.person_id, now=now)
    _audit(session, f"vacancy_{target.value}", actor, row, now)
    return row


async def review(
    session: AsyncSession,
    actor: Actor,
    vacancy_id: UUID,
    *,
    publish: bool,
    note: str,
    expected_version: int,
    now: datetime,
) -> Vacancy:
    """The jobs office answers what was held."""
    check_permission(actor, Permission.VACANCY_REVIEW)
    found = await session.exec(select(Vacancy).where(Vacancy.id == vacancy_id, visible_to(actor, now)))
    seen = found.one_or_none()
    if seen is None:
        raise VacancyNotFoundError
    # As for claims: an office for a part of the town reviews nothing, whatever it sees.
    check_town_wide(actor, Permission.VACANCY_REVIEW)
    # Enterprise before vacancy, as where a posting is changed: two locks in two orders are a deadlock.
    enterprise = await lock(session, Enterprise, seen.enterprise_id, EnterpriseNotFoundError)
    row = await lock(session, Vacancy, vacancy_id, VacancyNotFoundError)
    if row.posted_by == actor.person_id:
        raise SelfReviewError
    check_version(row.version, expected_version)
    if row.state is not VacancyState.IN_REVIEW:
        target = VacancyState.PUBLISHED if publish else VacancyState.RETURNED
        raise VacancyStateError(current=row.state.label, target=target.label)
    if publish and not await may_publish(session, enterprise, china_date(now)):
        raise VacancyStateError(current=why_not(enterprise), target=VacancyState.PUBLISHED.label)
    row.review_note = note or None
    await _enter(session, row, VacancyState.PUBLISHED if publish else VacancyState.RETURNED, now)
    await close_tasks(session, TaskKind.VACANCY_REVIEW, row.id, by=actor.person_id, now=now)
    _audit(session, "vacancy_reviewed", actor, row, now)
    await emit(
        session,
        VacancyReviewed(
            at=now, vacancy_id=row.id, person_id=row.posted_by, title=row.title, published=publish, note=note or None
        ),
    )
    return row


async def relabel(session: AsyncSession, enterprise_id: UUID, label: str) -> None:
    """The firm has been verified anew: every posting of it says so."""
    await session.exec(
        update(Vacancy).where(col(Vacancy.enterprise_id) == enterprise_id).values(enterprise_label=label)
    )


async def pause_all(session: AsyncSession, enterprise_id: UUID, *, note: str, now: datetime) -> int:
    """The firm is suspended: nothing of it stays on the lists. It resumes each posting itself, once restored."""
    rows = await session.exec(
        select(Vacancy)
        .where(Vacancy.enterprise_id == enterprise_id, Vacancy.state == VacancyState.PUBLISHED)
        .order_by(col(Vacancy.id))
        .with_for_update()
    )
    found = rows.all()
    for row in found:
        row.review_note = note
        await _enter(session, row, VacancyState.PAUSED, now)
    return len(found)


async def take_down(session: AsyncSession, vacancy_id: UUID, *, note: str, now: datetime) -> None:
    """A report was upheld. What is closed already stays as it is."""
    row = await lock(session, Vacancy, vacancy_id, VacancyNotFoundError)
    if VacancyState.TAKEN_DOWN in NEXT[row.state]:
        row.review_note = note
        await _enter(session, row, VacancyState.TAKEN_DOWN, now)
        await close_tasks(session, TaskKind.VACANCY_REVIEW, row.id, by=None, now=now)


async def put_back(session: AsyncSession, row: Vacancy, *, may_publish_now: bool, now: datetime) -> None:
    """Taken down wrongly: it stands where it would stand now. Only called under the enterprise's and its own lock."""
    row.review_note = None
    if row.valid_until < china_date(now):
        await _enter(session, row, VacancyState.EXPIRED, now)
        return
    row.closed_at = None
    await _enter(session, row, VacancyState.PUBLISHED, now)
    if row.hired_count >= row.headcount:
        await _enter(session, row, VacancyState.FILLED, now)
    elif not may_publish_now:
        # The firm is suspended: it resumes the posting itself, once restored.
        await _enter(session, row, VacancyState.PAUSED, now)


async def close_filled(session: AsyncSession, row: Vacancy, now: datetime) -> None:
    """The headcount is reached. Only called under the vacancy's lock."""
    await _enter(session, row, VacancyState.FILLED, now)
    await close_tasks(session, TaskKind.VACANCY_REVIEW, row.id, by=None, now=now)


async def expire_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: what is past its date closes, a batch at a time in id order."""
    rows = (
        await session.exec(
            select(Vacancy)
            .where(
                col(Vacancy.state).in_([VacancyState.PUBLISHED, VacancyState.PAUSED]),
                col(Vacancy.valid_until) < china_date(now),
            )
            .order_by(col(Vacancy.id))
            .limit(SWEEP_BATCH)
            .with_for_update(skip_locked=True)
        )
    ).all()
    for row in rows:
        await _enter(session, row, VacancyState.EXPIRED, now)
    return len(rows)


async def _examine(
    runtime: Runtime,
    actor: Actor,
    form: VacancyCreate | VacancyUpdate,
    enterprise_id: UUID,
    *,
    besides: UUID | None = None,
) -> tuple[list[Finding], ContentVerdict]:
    async with runtime.db.reading() as reading:
        enterprise = await _own_enterprise(reading, actor, enterprise_id)
        approved = await may_publish(reading, enterprise, china_date(runtime.clock.now()))
        book, today = await current_rule_book(reading), china_date(runtime.clock.now())
        findings = posting.check_form(form, book, approved=approved, kind=enterprise.kind.value, today=today)
        findings += await duplicates.find(reading, enterprise_id, form, book, today=today, besides=besides)
    if not form.submit:
        return findings, ContentVerdict(held=None)
    posting.refuse_blocked(findings)
    return findings, await posting.check_content(runtime, actor, form)


async def _own_enterprise(session: AsyncSession, actor: Actor, enterprise_id: UUID) -> Enterprise:
    if enterprise_id not in actor.enterprises(Permission.VACANCY_WRITE):
        raise EnterpriseNotYoursError
    return await get_enterprise(session, enterprise_id)


async def lock_approved(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, *, submit: bool, now: datetime
) -> Enterprise:
    """What the checks relied on may have changed while WeChat was asked: look again, under the lock."""
    enterprise = await lock(session, Enterprise, enterprise_id, EnterpriseNotFoundError)
    if actor.person_id not in await people_with(session, Permission.VACANCY_WRITE, enterprise_id, now=now):
        raise EnterpriseNotYoursError
    if submit and not await may_publish(session, enterprise, china_date(now)):
        raise VacancyStateError(current=why_not(enterprise), target=VacancyState.PUBLISHED.label)
    return enterprise


async def _submit(
    runtime: Runtime, session: AsyncSession, row: Vacancy, verdict: ContentVerdict, now: datetime
) -> None:
    row.review_note = verdict.held
    if verdict.held is None:
        if row.state is not VacancyState.PUBLISHED:
            check_transition(row.state, VacancyState.PUBLISHED)
        await _enter(session, row, VacancyState.PUBLISHED, now)
        await sampling.draw(session, runtime.crypto, row, now=now)
        return
    await _enter(session, row, VacancyState.IN_REVIEW, now)
    await open_task(
        session, TaskKind.VACANCY_REVIEW, row.id,
        title=f"复核岗位“{row.title}”（{row.enterprise_name}）", now=now, due_at=now + REVIEW_WITHIN,
    )  # fmt: skip


async def _enter(session: AsyncSession, row: Vacancy, target: VacancyState, now: datetime) -> None:
    """The only place that changes a vacancy's state: version frozen, index and instants in step."""
    if row.state is not target:
        check_transition(row.state, target)
        row.state = target
        row.touch(now)
    if target is VacancyState.PUBLISHED:
        # Paused and resumed, or mended: the place in the newest-first list stays, nobody buys freshness that way.
        row.published_at = row.published_at or now
        await _freeze(session, row, now)
    if target in {VacancyState.FILLED, VacancyState.EXPIRED, VacancyState.WITHDRAWN, VacancyState.TAKEN_DOWN}:
        row.closed_at = now
    await session.flush()
    await search.index_vacancy(session, row)


async def _freeze(session: AsyncSession, row: Vacancy, now: datetime) -> None:
    known = await session.exec(
        select(VacancyVersion).where(VacancyVersion.vacancy_id == row.id, VacancyVersion.number == row.content_version)
    )
    if known.one_or_none() is None:
        content = row.model_dump(
            mode="json", exclude={"state", "version", "hired_count", "review_note", "closed_at", "feed_seq"}
        )
        session.add(VacancyVersion(vacancy_id=row.id, number=row.content_version, content=content, created_at=now))


def _audit(session: AsyncSession, act: str, actor: Actor, row: Vacancy, now: datetime) -> None:
    audit.record(session, act, actor_id=actor.person_id, subject_kind="vacancy", subject_id=row.id, now=now)
