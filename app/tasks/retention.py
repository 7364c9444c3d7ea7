"""`sanqu purge`: what has been kept as long as it had to be, goes. Each line says what and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.models.common import Call, Notice, NoticeDelivery, PushEvent, Report, ShareCode
from app.models.identity import (
    AssistedAct,
    AuditEntry,
    Consent,
    OwnCode,
    Person,
    Representation,
    RetainedRecord,
)
from app.models.jobs import (
    Application,
    ApplicationStep,
    Impression,
    Interview,
    Invitation,
    KeptCheck,
    VacancyExposure,
    VacancyImport,
    VacancyImportRow,
)
from app.rules.gigs.allocation import PLANS_KEPT
from app.rules.identity.people import PersonState
from app.rules.identity.privacy import (
    APPLICATIONS_KEPT,
    AUDIT_KEPT,
    IMPORT_ROWS_KEPT,
    IMPRESSIONS_KEPT,
    LOGS_KEPT,
    NOTICES_KEPT,
    ORPHANS_KEPT,
    PUSH_EVENTS_KEPT,
    RETENTION,
    RetentionClass,
)
from app.rules.jobs.fairs import CHECK_INS_KEPT
from app.services.common import file_sweeps, reports
from app.services.common.files import forget_uses
from app.services.gigs import run_work
from app.services.identity import audit, audit_chain
from app.services.jobs import fair_entries, surveys
from app.services.organisation import papers
from app.services.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Purged:
    what: str
    why: str
    rows: int


@dataclass(frozen=True, slots=True)
class _Rule:
    what: str
    why: str
    table: Any
    due: Any
    # Tables whose rows go first: (table, its column, of which column here).
    children: Sequence[tuple[Any, Any]] = ()
    # As what the rows hold files, which become orphans for the sweep.
    holds: str | None = None


async def purge(runtime: Runtime, *, dry_run: bool) -> list[Purged]:
    """Counts with `dry_run`, else deletes rule by rule, each in its own transaction; audited."""
    now = runtime.clock.now()
    done = [await _apply(runtime, rule, dry_run=dry_run) for rule in _rules(now)]
    done.append(await _check_ins(runtime, now, dry_run=dry_run))
    done.append(await _plans(runtime, now, dry_run=dry_run))
    done.append(await _returned_papers(runtime, now, dry_run=dry_run))
    done.append(await _survey_answers(runtime, now, dry_run=dry_run))
    done.append(await _stray_objects(runtime, now, dry_run=dry_run))
    done.append(await _audit_log(runtime, now, dry_run=dry_run))
    if not dry_run:
        async with runtime.db.unit_of_work() as session:
            audit.record(
                session, "purged", actor_id=None, subject_kind="retention", subject_id="all", now=now,
                rows=str(sum(item.rows for item in done)),
            )  # fmt: skip
    return done


def _rules(now: datetime) -> list[_Rule]:
    today = china_date(now)
    long_ended = select(col(VacancyImport.id)).where(col(VacancyImport.finished_at) < now - IMPORT_ROWS_KEPT)
    kept = [
        _Rule(
            f"封存的{kind.label}", RETENTION[kind].source, RetainedRecord,
            (col(RetainedRecord.retention_class) == kind) & (col(RetainedRecord.keep_until) < today),
        )
        for kind in RetentionClass
    ]  # fmt: skip
    return [
        *kept,
        _Rule(
            "应聘记录", RETENTION[RetentionClass.RECRUITMENT].source, Application,
            col(Application.updated_at) < now - APPLICATIONS_KEPT,
            children=(
                (ApplicationStep, col(ApplicationStep.application_id)), (KeptCheck, col(KeptCheck.application_id)),
                (Interview, col(Interview.application_id)), (Invitation, col(Invitation.application_id)),
            ),
        ),
        _Rule(
            "岗位邀请", RETENTION[RetentionClass.RECRUITMENT].source, Invitation,
            (col(Invitation.application_id).is_(None)) & (col(Invitation.updated_at) < now - APPLICATIONS_KEPT),
        ),
        _Rule(
            "通知", "满两年不再需要", Notice, col(Notice.created_at) < now - NOTICES_KEPT,
            children=((NoticeDelivery, col(NoticeDelivery.notice_id)), (Call, col(Call.notice_id))),
        ),
        *_proofs(now),
        _Rule(
            "推荐展示记录", f"满{IMPRESSIONS_KEPT.days}天不再需要", Impression,
            col(Impression.created_at) < now - IMPRESSIONS_KEPT,
        ),
        _Rule(
            "岗位每日展示次数", f"满{IMPRESSIONS_KEPT.days}天不再需要", VacancyExposure,
            col(VacancyExposure.day) < today - IMPRESSIONS_KEPT,
        ),
        _Rule(
            "岗位导入的逐行结果", f"导入结束满{IMPORT_ROWS_KEPT.days}天，只留行数", VacancyImportRow,
            col(VacancyImportRow.import_id).in_(long_ended),
        ),
        _Rule("微信推送原文", "处理完毕满30天", PushEvent, col(PushEvent.created_at) < now - PUSH_EVENTS_KEPT),
        _Rule("过期分享码", f"过期满{LOGS_KEPT.days}天", ShareCode, col(ShareCode.expires_at) < now - LOGS_KEPT),
    ]  # fmt: skip


def _proofs(now: datetime) -> list[_Rule]:
    """Consents, authorisations, reports: evidence, for as long as somebody may still ask for it."""
    kept = RETENTION[RetentionClass.CONSENT_PROOF]
    before = now - timedelta(days=366 * kept.years)
    gone = select(col(Person.id)).where(col(Person.state) == PersonState.DELETED, col(Person.updated_at) < before)
    proven_by = select(col(Consent.id)).where(col(Consent.representation_id) == col(Representation.id))
    return [
        _Rule(
            "同意记录", kept.source, Consent, (col(Consent.withdrawn_at) < before) | col(Consent.person_id).in_(gone)
        ),
        # One that a consent still rests on stays with it.
        _Rule(
            "代办授权", kept.source, Representation,
            (func.coalesce(col(Representation.revoked_at), col(Representation.valid_to)) < before) & ~proven_by.exists(),
            children=(
                (OwnCode, col(OwnCode.representation_id)), (AssistedAct, col(AssistedAct.representation_id)),
            ),
            holds="representation",
        ),
        _Rule(
            "办结的举报", RETENTION[RetentionClass.RECRUITMENT].source, Report, col(Report.decided_at) < before,
            holds=reports.SUBJECT,
        ),
    ]  # fmt: skip


async def _apply(runtime: Runtime, rule: _Rule, *, dry_run: bool) -> Purged:
    async with runtime.db.unit_of_work() as session:
        connection = await session.connection()
        if dry_run:
            counted = await connection.execute(select(func.count()).select_from(rule.table).where(rule.due))
            return Purged(rule.what, rule.why, counted.scalar_one())
        for row_id in await _holders(session, rule):
            await forget_uses(session, str(rule.holds), row_id)
        for child, key in rule.children:
            await connection.execute(delete(child).where(key.in_(select(rule.table.id).where(rule.due))))
        gone = await connection.execute(delete(rule.table).where(rule.due))
        return Purged(rule.what, rule.why, gone.rowcount)


async def _holders(session: AsyncSession, rule: _Rule) -> Sequence[UUID]:
    if rule.holds is None:
        return []
    connection = await session.connection()
    return (await connection.execute(select(rule.table.id).where(rule.due).order_by(rule.table.id))).scalars().all()


async def _check_ins(runtime: Runtime, now: datetime, *, dry_run: bool) -> Purged:
    async with runtime.db.unit_of_work() as session:
        rows = await fair_entries.forget_old(session, before=now - CHECK_INS_KEPT, dry_run=dry_run)
    return Purged("招聘会签到上的人", f"结束满{CHECK_INS_KEPT.days}天，只留人数", rows)


async def _plans(runtime: Runtime, now: datetime, *, dry_run: bool) -> Purged:
    async with runtime.db.unit_of_work() as session:
        rows = await run_work.forget_old(session, before=now - PLANS_KEPT, dry_run=dry_run)
    return Purged("配工方案的内容", f"满{PLANS_KEPT.days}天，谁什么时候有空不再需要；数字保留", rows)


async def _returned_papers(runtime: Runtime, now: datetime, *, dry_run: bool) -> Purged:
    kept = RETENTION[RetentionClass.ENTERPRISE_PAPERS]
    async with runtime.db.unit_of_work() as session:
        before = now - timedelta(days=366 * kept.years)
        rows = await papers.forget_returned(session, before=before, dry_run=dry_run)
    return Purged("退回的认领所附材料", kept.source, rows)


async def _survey_answers(runtime: Runtime, now: datetime, *, dry_run: bool) -> Purged:
    """A batch a transaction: a wave has tens of thousands of answers."""
    rows = 0
    while True:
        async with runtime.db.unit_of_work() as session:
            gone = await surveys.forget_answers(session, now=now, dry_run=dry_run)
        rows += gone
        if dry_run or not gone:
            return Purged("就业摸底的答卷和住户", RETENTION[RetentionClass.SURVEY].source, rows)


async def _stray_objects(runtime: Runtime, now: datetime, *, dry_run: bool) -> Purged:
    """A process that died between storing and committing leaves an object behind, sealed under a key nobody has."""
    found = 0
    async for names in runtime.storage.older_than(now - ORPHANS_KEPT):
        async with runtime.db.reading() as session:
            strays = await file_sweeps.strays(session, names)
        found += len(strays)
        for name in strays if not dry_run else ():
            await runtime.storage.delete(name)
    return Purged("没有登记的存储文件", "上传中断的残留，一天后清理", found)


async def _audit_log(runtime: Runtime, now: datetime, *, dry_run: bool) -> Purged:
    what, why = "审计记录", "网络安全法 第二十一条要求不少于六个月；本系统保存四年"
    async with runtime.db.unit_of_work() as session:
        if dry_run:
            connection = await session.connection()
            old = (col(AuditEntry.seq).is_not(None)) & (col(AuditEntry.created_at) < now - AUDIT_KEPT)
            counted = await connection.execute(select(func.count()).select_from(AuditEntry).where(old))
            return Purged(what, why, counted.scalar_one())
        return Purged(what, why, await audit_chain.purge(session, runtime.crypto, before=now - AUDIT_KEPT, now=now))
