"""Taken down by the office with rule and evidence; the firm answers once; another person of the office decides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.models.jobs import Vacancy, VacancyTakedown
from app.models.organisation import Enterprise
from app.rules.common.files import FilePurpose
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_town_wide
from app.rules.jobs.posting_changes import PolicyKey
from app.rules.jobs.takedowns import (
    PostingRuleUnknownError,
    TakedownNotFoundError,
    TakedownState,
    check_appeal_in_time,
    check_takedown_transition,
)
from app.rules.jobs.vacancies import NEXT, VacancyNotFoundError, VacancyState, check_transition
from app.rules.organisation import EnterpriseNotFoundError
from app.services.common import files
from app.services.common.calendar import deadline
from app.services.common.tasks import close_tasks, open_task
from app.services.events import ReportUpheld, TakedownAnswered, VacancyTakenDown
from app.services.identity import audit
from app.services.jobs import vacancies
from app.services.jobs.policies import policy
from app.services.jobs.rulebook import current_rule_book
from app.services.organisation.enterprises import may_publish
from app.services.runtime import Runtime

SUBJECT = "vacancy_takedown"
BASIS_AT_MOST = 300


@dataclass(frozen=True, slots=True)
class OpenedTakedown:
    row: VacancyTakedown
    texts: dict[str, str | None]
    # File → short-lived link, for both sides.
    links: dict[UUID, str]


async def take_down(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    vacancy_id: UUID,
    *,
    rule_id: str,
    evidence: str,
    file_ids: Sequence[UUID],
    expected_version: int,
    now: datetime,
) -> Vacancy:
    """Off the lists at once; the firm hears rule, law, evidence and until when it may answer."""
    check_town_wide(actor, Permission.VACANCY_REVIEW)
    row = await lock(session, Vacancy, vacancy_id, VacancyNotFoundError)
    _check_second(actor, row)
    check_version(row.version, expected_version)
    check_transition(row.state, VacancyState.TAKEN_DOWN)
    rule = (await current_rule_book(session)).rule(rule_id, china_date(now))
    if rule is None:
        raise PostingRuleUnknownError(rule_id=rule_id)
    made = await _record(
        session, row, rule_id=rule_id, basis=f"{rule.title}（{rule.law}{rule.article}）", report_id=None,
        taken_by=actor.person_id, now=now, sealed=lambda id_: crypto.seal(SUBJECT, "evidence", id_, evidence),
    )  # fmt: skip
    await files.bind(
        session, actor, file_ids, purpose=FilePurpose.EVIDENCE, subject_kind=SUBJECT, subject_id=made.id, now=now
    )
    audit.by(session, actor, "vacancy_taken_down", "vacancy", row.id, now=now, rule=rule_id)
    await _tell_taken_down(session, row, made, evidence, now)
    return row


async def take_down_reported(session: AsyncSession, event: ReportUpheld) -> None:
    """A report was upheld: the answer to it is the ground. What is closed already stays as it is."""
    row = await lock(session, Vacancy, event.subject_id, VacancyNotFoundError)
    if VacancyState.TAKEN_DOWN not in NEXT[row.state]:
        return
    made = await _record(
        session, row, rule_id=None, basis=f"举报属实：{event.reply}"[:BASIS_AT_MOST], report_id=event.report_id,
        taken_by=event.decided_by, now=event.at,
    )  # fmt: skip
    await _tell_taken_down(session, row, made, None, event.at)


async def appeal(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    vacancy_id: UUID,
    *,
    text: str,
    file_ids: Sequence[UUID],
    expected_version: int,
    now: datetime,
) -> VacancyTakedown:
    """Once, within the days that the notice named. `expected_version` is the take-down's."""
    await vacancies.get_own(session, actor, vacancy_id)
    vacancy = await lock(session, Vacancy, vacancy_id, VacancyNotFoundError)
    row = await _standing(session, vacancy_id)
    check_version(row.version, expected_version)
    check_takedown_transition(row.state, TakedownState.APPEALED)
    check_appeal_in_time(row.appeal_until, now)
    due = await deadline(session, now, await policy(session, PolicyKey.ANSWER_WORKDAYS, china_date(now)))
    row.state, row.due_at = TakedownState.APPEALED, due.at
    row.appeal_sealed = crypto.seal(SUBJECT, "appeal", row.id, text)
    row.appealed_by, row.appealed_at = actor.person_id, now
    row.touch(now)
    await files.bind(
        session, actor, file_ids, purpose=FilePurpose.EVIDENCE, subject_kind=SUBJECT, subject_id=row.id, now=now
    )
    await open_task(
        session, TaskKind.TAKEDOWN_APPEAL, vacancy_id, now=now, due_at=due.at,
        title=f"答复岗位“{vacancy.title}”（{vacancy.enterprise_name}）的下架申诉",
    )  # fmt: skip
    audit.by(session, actor, "takedown_appealed", "vacancy", vacancy_id, now=now)
    return row


async def decide(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    vacancy_id: UUID,
    *,
    overturn: bool,
    text: str,
    expected_version: int,
    now: datetime,
) -> VacancyTakedown:
    """Another person than who took it down. Overturned: back on the lists, where its date and its firm allow."""
    check_town_wide(actor, Permission.VACANCY_REVIEW)
    seen = await session.exec(select(col(Vacancy.enterprise_id)).where(Vacancy.id == vacancy_id))
    enterprise_id = seen.one_or_none()
    if enterprise_id is None:
        raise VacancyNotFoundError
    enterprise = await lock(session, Enterprise, enterprise_id, EnterpriseNotFoundError)
    vacancy = await lock(session, Vacancy, vacancy_id, VacancyNotFoundError)
    _check_second(actor, vacancy)
    row = await _standing(session, vacancy_id)
    if row.taken_by == actor.person_id:
        raise SelfReviewError
    check_version(row.version, expected_version)
    target = TakedownState.OVERTURNED if overturn else TakedownState.UPHELD
    check_takedown_transition(row.state, target)
    row.state, row.answered_by, row.answered_at = target, actor.person_id, now
    row.answer_sealed = crypto.seal(SUBJECT, "answer", row.id, text)
    row.touch(now)
    if overturn:
        allowed = await may_publish(session, enterprise, china_date(now))
        await vacancies.put_back(session, vacancy, may_publish_now=allowed, now=now)
    await close_tasks(session, TaskKind.TAKEDOWN_APPEAL, vacancy_id, by=actor.person_id, now=now)
    audit.by(session, actor, f"takedown_{target.value}", "vacancy", vacancy_id, now=now)
    await emit(
        session,
        TakedownAnswered(
            at=now, vacancy_id=vacancy_id, enterprise_id=enterprise_id, title=vacancy.title, overturned=overturn,
            vacancy_state=vacancy.state.label, taken_by=row.taken_by,
        ),
    )  # fmt: skip
    return row


async def list_of(session: ReadSession, actor: Actor, vacancy_id: UUID) -> Sequence[VacancyTakedown]:
    """All of one posting, newest first: for its firm and for the office; for anybody else there is no such posting."""
    if not actor.town_wide(Permission.VACANCY_REVIEW):
        await vacancies.get_own(session, actor, vacancy_id)
    elif (await session.exec(select(col(Vacancy.id)).where(Vacancy.id == vacancy_id))).one_or_none() is None:
        raise VacancyNotFoundError
    rows = await session.exec(
        select(VacancyTakedown)
        .where(VacancyTakedown.vacancy_id == vacancy_id)
        .order_by(col(VacancyTakedown.created_at).desc(), col(VacancyTakedown.id).desc())
        .limit(50)
    )
    return rows.all()


async def opened(runtime: Runtime, session: AsyncSession, rows: Sequence[VacancyTakedown]) -> list[OpenedTakedown]:
    """With the words of both sides and their files: whoever may read the one may read the others."""
    used = await files.files_of_many(session, SUBJECT, [row.id for row in rows])
    links = await files.links_of(
        runtime, session, [file_id for ids in used.values() for file_id in ids], reviewing=True
    )
    return [
        OpenedTakedown(
            row,
            {
                name: runtime.crypto.open_if(SUBJECT, name, row.id, getattr(row, f"{name}_sealed"))
                for name in ("evidence", "appeal", "answer")
            },
            {file_id: links[file_id] for file_id in used.get(row.id, []) if file_id in links},
        )
        for row in rows
    ]


def _check_second(actor: Actor, row: Vacancy) -> None:
    """Nobody judges their own posting, or that of a firm for which they act."""
    if row.posted_by == actor.person_id or row.enterprise_id in {grant.scope_id for grant in actor.grants}:
        raise SelfReviewError


async def _record(
    session: AsyncSession,
    vacancy: Vacancy,
    *,
    rule_id: str | None,
    basis: str,
    report_id: UUID | None,
    taken_by: UUID,
    now: datetime,
    sealed: Callable[[UUID], bytes] | None = None,
) -> VacancyTakedown:
    until = await deadline(session, now, await policy(session, PolicyKey.APPEAL_WORKDAYS, china_date(now)))
    row_id = new_id()
    row = VacancyTakedown(
        id=row_id, created_at=now, updated_at=now, vacancy_id=vacancy.id, rule_id=rule_id, basis=basis[:BASIS_AT_MOST],
        report_id=report_id, evidence_sealed=sealed(row_id) if sealed else None, taken_by=taken_by,
        appeal_until=until.at,
    )  # fmt: skip
    session.add(row)
    await vacancies.take_down(session, vacancy.id, note=basis[:200], now=now)
    await close_tasks(session, TaskKind.VACANCY_SAMPLE, vacancy.id, by=taken_by, now=now)
    await session.flush()
    return row


async def _tell_taken_down(
    session: AsyncSession, vacancy: Vacancy, row: VacancyTakedown, evidence: str | None, now: datetime
) -> None:
    await emit(
        session,
        VacancyTakenDown(
            at=now, vacancy_id=vacancy.id, enterprise_id=vacancy.enterprise_id, title=vacancy.title, basis=row.basis,
            evidence=evidence, appeal_until=row.appeal_until,
        ),
    )  # fmt: skip


async def _standing(session: AsyncSession, vacancy_id: UUID) -> VacancyTakedown:
    found = await session.exec(
        select(VacancyTakedown)
        .where(VacancyTakedown.vacancy_id == vacancy_id, VacancyTakedown.state != TakedownState.OVERTURNED)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is None:
        raise TakedownNotFoundError
    return row
