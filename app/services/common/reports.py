"""举报: taken from anybody who sees the thing, answered by an office within days, and the reporter hears the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.models.common import Report
from app.models.identity import Person
from app.rules.common.files import FilePurpose
from app.rules.common.notices import NoticeKind
from app.rules.common.reports import (
    FIRST_ANSWER_WORKDAYS,
    OPEN_AT_MOST,
    REPORT_OPEN,
    RESULT_WORKDAYS,
    ReportNotFoundError,
    ReportReason,
    ReportRepeatedError,
    ReportSelfError,
    ReportsOpenError,
    ReportState,
    ReportSubject,
    ReportSubjectError,
    check_report_transition,
)
from app.rules.common.tasks import TaskKind
from app.rules.identity.people import PersonState
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_town_wide
from app.services.common import files
from app.services.common.calendar import deadline
from app.services.common.notices import is_own, notify
from app.services.common.tasks import close_tasks, open_task
from app.services.events import ReportUpheld
from app.services.identity import audit
from app.services.jobs import vacancies
from app.services.organisation import enterprises

SUBJECT = "report"


@dataclass(frozen=True, slots=True)
class OpenedReport:
    report: Report
    text: str | None
    reply: str | None
    file_ids: Sequence[UUID]


async def submit(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    *,
    subject_kind: ReportSubject,
    subject_id: UUID,
    reason: ReportReason,
    text: str,
    file_ids: Sequence[UUID],
    now: datetime,
) -> OpenedReport:
    """What one cannot see, one cannot report. The words are for the office alone and are not content-checked:
    a report that quotes an insult must not be refused for it.
    """
    await _check_subject(session, actor, subject_kind, subject_id, now)
    counted = await session.exec(
        select(func.count())
        .select_from(Report)
        .where(Report.reporter_id == actor.person_id, col(Report.state).in_(REPORT_OPEN))
    )
    if (count := counted.one()) >= OPEN_AT_MOST:
        raise ReportsOpenError(count=count)
    first, result = await deadline(session, now, FIRST_ANSWER_WORKDAYS), await deadline(session, now, RESULT_WORKDAYS)
    row = Report(
        id=new_id(), created_at=now, updated_at=now, reporter_id=actor.person_id, subject_kind=subject_kind,
        subject_id=subject_id, reason=reason, first_due_at=first.at, due_at=result.at,
        due_provisional=result.provisional,
    )  # fmt: skip
    if text:
        row.text_sealed = crypto.seal(SUBJECT, "text", row.id, text)
    if not await insert_or_ignore(session, Report, row.model_dump()):
        raise ReportRepeatedError
    await files.bind(
        session, actor, file_ids, purpose=FilePurpose.EVIDENCE, subject_kind=SUBJECT, subject_id=row.id, now=now
    )
    await open_task(
        session, TaskKind.REPORT, row.id, title=f"举报{subject_kind.label}：{reason.label}", now=now, due_at=first.at
    )
    audit.by(session, actor, "reported", subject_kind.value, subject_id, now=now, report=str(row.id))
    return await _open(session, crypto, await lock(session, Report, row.id, ReportNotFoundError))


async def list_mine(
    session: ReadSession, crypto: Crypto, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[OpenedReport], str | None]:
    return await _list(
        session, crypto, cursors, {"list": "my_reports", "person": actor.person_id},
        select(Report).where(Report.reporter_id == actor.person_id), cursor, limit,
    )  # fmt: skip


async def list_all(
    session: ReadSession,
    crypto: Crypto,
    cursors: Cursors,
    actor: Actor,
    *,
    state: ReportState | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[OpenedReport], str | None]:
    """The office's list, newest first. Who reported is not on it: an office judges the thing, not the reporter."""
    check_town_wide(actor, Permission.REPORT_HANDLE)
    statement = select(Report)
    if state is not None:
        statement = statement.where(Report.state == state)
    query = {"list": "reports", "person": actor.person_id, "state": state}
    return await _list(session, crypto, cursors, query, statement, cursor, limit)


async def take(
    session: AsyncSession, crypto: Crypto, actor: Actor, report_id: UUID, *, expected_version: int, now: datetime
) -> OpenedReport:
    """First answer: somebody looks at it, and the reporter knows."""
    row = await _handled(session, actor, report_id, expected_version)
    check_report_transition(row.state, ReportState.HANDLING)
    row.state, row.taken_by, row.taken_at = ReportState.HANDLING, actor.person_id, now
    row.touch(now)
    audit.by(session, actor, "report_taken", SUBJECT, row.id, now=now)
    await _tell(session, row, "正在处理", "您的举报已有专人处理。", now)
    return await _open(session, crypto, row)


async def decide(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    report_id: UUID,
    *,
    uphold: bool,
    reply: str,
    expected_version: int,
    now: datetime,
) -> OpenedReport:
    """The result in words for the reporter; what is upheld is taken down by its own domain (`reactions.py`)."""
    row = await _handled(session, actor, report_id, expected_version)
    target = ReportState.UPHELD if uphold else ReportState.DISMISSED
    check_report_transition(row.state, target)
    row.state, row.decided_by, row.decided_at = target, actor.person_id, now
    row.taken_by, row.taken_at = row.taken_by or actor.person_id, row.taken_at or now
    row.reply_sealed = crypto.seal(SUBJECT, "reply", row.id, reply)
    row.touch(now)
    await close_tasks(session, TaskKind.REPORT, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, f"report_{target.value}", row.subject_kind.value, row.subject_id, now=now)
    if uphold:
        await emit(
            session,
            ReportUpheld(
                at=now, report_id=row.id, subject_kind=row.subject_kind, subject_id=row.subject_id,
                decided_by=actor.person_id, reply=reply,
            ),
        )  # fmt: skip
    await _tell(session, row, "已有结果", "您的举报已有处理结果，请查看。", now)
    return await _open(session, crypto, row)


async def _check_subject(
    session: AsyncSession, actor: Actor, kind: ReportSubject, subject_id: UUID, now: datetime
) -> None:
    if kind is ReportSubject.VACANCY:
        seen = await vacancies.is_visible(session, actor, subject_id, now=now)
    elif kind is ReportSubject.ENTERPRISE:
        seen = await enterprises.exists(session, subject_id)
    elif kind is ReportSubject.FILE:
        seen = await files.is_visible(session, actor, subject_id)
    elif kind is ReportSubject.NOTICE:
        seen = await is_own(session, actor.person_id, subject_id)
    else:
        if subject_id == actor.person_id:
            raise ReportSelfError
        state = await session.exec(select(col(Person.state)).where(Person.id == subject_id))
        seen = state.one_or_none() is PersonState.ACTIVE
    if not seen:
        raise ReportSubjectError


async def _handled(session: AsyncSession, actor: Actor, report_id: UUID, expected_version: int) -> Report:
    check_town_wide(actor, Permission.REPORT_HANDLE)
    row = await lock(session, Report, report_id, ReportNotFoundError)
    if actor.person_id in {row.reporter_id, row.subject_id}:
        raise SelfReviewError
    check_version(row.version, expected_version)
    return row


async def _list(
    session: ReadSession,
    crypto: Crypto,
    cursors: Cursors,
    query: dict[str, Any],
    statement: Any,
    cursor: str | None,
    limit: int,
) -> tuple[list[OpenedReport], str | None]:
    keys = [col(Report.created_at), col(Report.id)]
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    rows, following = cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])
    used = await files.files_of_many(session, SUBJECT, [row.id for row in rows])
    return [_opened(crypto, row, used.get(row.id, [])) for row in rows], following


async def _open(session: AsyncSession, crypto: Crypto, row: Report) -> OpenedReport:
    return _opened(crypto, row, await files.files_of(session, SUBJECT, row.id))


def _opened(crypto: Crypto, row: Report, file_ids: Sequence[UUID]) -> OpenedReport:
    text = crypto.open_if(SUBJECT, "text", row.id, row.text_sealed)
    return OpenedReport(row, text, crypto.open_if(SUBJECT, "reply", row.id, row.reply_sealed), file_ids)


async def _tell(session: AsyncSession, row: Report, short: str, body: str, now: datetime) -> None:
    await notify(
        session, person_id=row.reporter_id, kind=NoticeKind.REPORT_ANSWERED, now=now, title="举报处理进展", body=body,
        page=f"pages/report/detail?id={row.id}", template_data={"thing1": row.reason.label, "phrase2": short},
    )  # fmt: skip
