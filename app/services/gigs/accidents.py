"""Accidents at work: one tap starts the firm's thirty days (《工伤保险条例》第十七条); the office follows until it is filed.

What happened to a body is health data: sealed, for the person, the firm that has to apply, and the gigs office.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors
from app.core.upsert import insert_or_ignore
from app.models.gigs import AccidentReport, Assignment
from app.rules.common.tasks import TaskKind
from app.rules.gigs.terms import Side
from app.rules.gigs.timesheets import (
    AccidentNotFoundError,
    AccidentState,
    FiledOnError,
    check_accident_step,
    check_happened_at,
    claim_due_on,
)
from app.rules.identity.roles import Actor, Permission
from app.services.common.lists import newest_first
from app.services.common.tasks import close_tasks, open_task
from app.services.gigs import assignments, law
from app.services.gigs.events import AccidentMoved, AccidentReported
from app.services.identity import audit
from app.services.identity.assisted import note_act

SUBJECT = "accident_report"
TABLE = "accident_report"
# The firm hears once more this long before its last day.
REMIND_BEFORE = timedelta(days=7)
SWEEP_BATCH = 50
C = AccidentState
OPEN = (C.REPORTED, C.ACKNOWLEDGED)


async def report_own(
    session: AsyncSession, crypto: Crypto, actor: Actor, assignment_id: UUID, *, client_id: UUID,
    happened_at: datetime | None, account: str, now: datetime,
) -> AccidentReport:  # fmt: skip
    held = await assignments.get_mine(session, actor, assignment_id)
    row = await _report(session, crypto, held.row, Side.WORKER, client_id, happened_at, account, now)
    audit.by(session, actor, "accident_reported", SUBJECT, row.id, now=now)
    await note_act(
        session, crypto, actor, operation="report_accident", subject_kind=SUBJECT, subject_id=row.id,
        subject_version=row.version, before=None, told=f"报告“{held.on.order.title}”的工伤事故", now=now, undoable=False,
    )  # fmt: skip
    return row


async def report_for_firm(
    session: AsyncSession, crypto: Crypto, actor: Actor, assignment_id: UUID, *, client_id: UUID,
    happened_at: datetime | None, account: str, now: datetime,
) -> AccidentReport:  # fmt: skip
    assignment = await assignments.get_of_firm(session, actor, assignment_id)
    row = await _report(session, crypto, assignment, Side.FIRM, client_id, happened_at, account, now)
    audit.by(session, actor, "accident_reported", SUBJECT, row.id, now=now)
    return row


async def acknowledge(
    session: AsyncSession, actor: Actor, accident_id: UUID, *, expected_version: int, now: datetime
) -> AccidentReport:
    row = await _lock_of_firm(session, actor, accident_id, expected_version)
    check_accident_step(row.state, C.ACKNOWLEDGED)
    row.state, row.acknowledged_at = C.ACKNOWLEDGED, now
    return await _moved(session, actor, row, Side.WORKER, "企业已知悉您的事故报告。", now)


async def file(
    session: AsyncSession, actor: Actor, accident_id: UUID, *, filed_on: date, expected_version: int, now: datetime
) -> AccidentReport:
    """The firm has applied for the 工伤认定 on that day."""
    row = await _lock_of_firm(session, actor, accident_id, expected_version)
    check_accident_step(row.state, C.FILED)
    happened_on = china_date(row.happened_at)
    if not happened_on <= filed_on <= china_date(now):
        raise FiledOnError(happened_on=happened_on.isoformat())
    row.state, row.filed_on = C.FILED, filed_on
    words = f"企业已于{filed_on.isoformat()}申请工伤认定。"
    return await _moved(session, actor, row, Side.WORKER, words, now)


async def close(
    session: AsyncSession, actor: Actor, accident_id: UUID, *, note: str, expected_version: int, now: datetime
) -> AccidentReport:
    """The office ends the matter, with a word on how: recognised, refused, no injury."""
    row = await lock(session, AccidentReport, accident_id, AccidentNotFoundError)
    check_version(row.version, expected_version)
    check_accident_step(row.state, C.CLOSED)
    row.state, row.closed_at = C.CLOSED, now
    row.touch(now)
    await session.flush()
    await close_tasks(session, TaskKind.ACCIDENT, row.id, by=actor.person_id, now=now, note=note)
    audit.by(session, actor, "accident_closed", SUBJECT, row.id, now=now)
    for side in Side:
        await _tell(session, row, side, "零工专员已办结这份事故报告。", now)
    return row


async def get_mine(session: ReadSession, actor: Actor, accident_id: UUID) -> AccidentReport:
    return await _get(session, AccidentReport.person_id == actor.person_id, accident_id)


async def get_of_firm(session: ReadSession | AsyncSession, actor: Actor, accident_id: UUID) -> AccidentReport:
    mine = sorted(actor.enterprises(Permission.GIG_SITE))
    return await _get(session, col(AccidentReport.enterprise_id).in_(mine), accident_id)


async def list_mine(session: ReadSession, actor: Actor) -> Sequence[AccidentReport]:
    """Newest first, at most 100."""
    statement = select(AccidentReport).where(AccidentReport.person_id == actor.person_id)
    return (await session.exec(statement.order_by(col(AccidentReport.created_at).desc()).limit(100))).all()


async def list_of_firm(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[AccidentReport], str | None]:
    mine = sorted(actor.enterprises(Permission.GIG_SITE))
    query = {"list": "accidents", "person": actor.person_id}
    statement = select(AccidentReport).where(col(AccidentReport.enterprise_id).in_(mine))
    return await newest_first(session, cursors, query, AccidentReport, statement, cursor=cursor, limit=limit)


async def list_all(
    session: ReadSession, cursors: Cursors, *, state: AccidentState | None, cursor: str | None, limit: int
) -> tuple[Sequence[AccidentReport], str | None]:
    """For the gigs office."""
    query = {"list": "all accidents", "state": state}
    statement = select(AccidentReport)
    if state is not None:
        statement = statement.where(AccidentReport.state == state)
    return await newest_first(session, cursors, query, AccidentReport, statement, cursor=cursor, limit=limit)


async def remind_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: a week before the firm's last day it hears once more, and the person of their own right."""
    today = china_date(now)
    rows = (
        await session.exec(
            select(AccidentReport)
            .where(
                col(AccidentReport.state).in_(OPEN), col(AccidentReport.claim_due_on) <= today + REMIND_BEFORE,
                col(AccidentReport.reminded_at).is_(None),
            )
            .order_by(col(AccidentReport.claim_due_on), col(AccidentReport.id))
            .limit(SWEEP_BATCH)
            .with_for_update(skip_locked=True)
        )
    ).all()  # fmt: skip
    for row in rows:
        row.reminded_at = now
        await session.flush()
        due, own = row.claim_due_on.isoformat(), row.own_claim_until.isoformat()
        await _tell(session, row, Side.FIRM, f"工伤认定申请截止{due}，请尽快办理并登记申请日期。", now)
        words = f"企业还没有登记工伤认定申请（截止{due}）。企业不申请的，您可在{own}前自己申请。"
        await _tell(session, row, Side.WORKER, words, now)
    return len(rows)


async def _report(
    session: AsyncSession, crypto: Crypto, assignment: Assignment, side: Side, client_id: UUID,
    happened_at: datetime | None, account: str, now: datetime,
) -> AccidentReport:  # fmt: skip
    """Sent twice from a phone without a network is one report."""
    limits = await law.limits_on(session, china_date(now))
    at = happened_at or now
    check_happened_at(at, assignment.starts_at, now, own_days=limits.injury_own_claim_days)
    day = china_date(at)
    row = AccidentReport(
        id=new_id(), created_at=now, updated_at=now, assignment_id=assignment.id, enterprise_id=assignment.enterprise_id,
        person_id=assignment.person_id, client_id=client_id, happened_at=at, reported_by=side, account_sealed=b"",
        claim_due_on=claim_due_on(day, days=limits.injury_claim_days),
        own_claim_until=claim_due_on(day, days=limits.injury_own_claim_days),
    )  # fmt: skip
    row.account_sealed = crypto.seal(TABLE, "account", row.id, account)
    if not await insert_or_ignore(session, AccidentReport, row.model_dump()):
        found = await session.exec(
            select(AccidentReport).where(
                AccidentReport.assignment_id == assignment.id, AccidentReport.client_id == client_id
            )
        )
        return found.one()
    title = f"跟进工伤事故，企业应在{row.claim_due_on.isoformat()}前申请"
    due_at = datetime(row.claim_due_on.year, row.claim_due_on.month, row.claim_due_on.day, 17, tzinfo=CHINA)
    await open_task(session, TaskKind.ACCIDENT, row.id, title=title, now=now, due_at=due_at)
    await emit(
        session,
        AccidentReported(
            at=now, accident_id=row.id, shift_id=assignment.shift_id, enterprise_id=row.enterprise_id,
            person_id=row.person_id, by=side, claim_due_on=row.claim_due_on,
        ),
    )  # fmt: skip
    return await lock(session, AccidentReport, row.id, AccidentNotFoundError)


async def _moved(
    session: AsyncSession, actor: Actor, row: AccidentReport, side: Side, words: str, now: datetime
) -> AccidentReport:
    row.touch(now)
    await session.flush()
    audit.by(session, actor, f"accident_{row.state}", SUBJECT, row.id, now=now)
    await _tell(session, row, side, words, now)
    return row


async def _tell(session: AsyncSession, row: AccidentReport, side: Side, words: str, now: datetime) -> None:
    found = await session.exec(select(col(Assignment.shift_id)).where(Assignment.id == row.assignment_id))
    await emit(
        session,
        AccidentMoved(
            at=now, accident_id=row.id, shift_id=found.one(), enterprise_id=row.enterprise_id,
            person_id=row.person_id, side=side, words=words,
        ),
    )  # fmt: skip


async def _lock_of_firm(
    session: AsyncSession, actor: Actor, accident_id: UUID, expected_version: int
) -> AccidentReport:
    await get_of_firm(session, actor, accident_id)
    row = await lock(session, AccidentReport, accident_id, AccidentNotFoundError)
    check_version(row.version, expected_version)
    return row


async def _get(session: ReadSession | AsyncSession, whose: Any, accident_id: UUID) -> AccidentReport:
    row = (await session.exec(select(AccidentReport).where(AccidentReport.id == accident_id, whose))).one_or_none()
    if row is None:
        raise AccidentNotFoundError
    return row
