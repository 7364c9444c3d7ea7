"""`sanqu purge`: what has been kept as long as it had to be, goes. Each line says what and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import col

from app.core.clock import china_date
from app.models.common import Call, Notice, NoticeDelivery, PushEvent, ShareCode
from app.models.identity import AuditEntry, RetainedRecord
from app.models.jobs import Application, ApplicationStep
from app.rules.identity.privacy import (
    APPLICATIONS_KEPT,
    AUDIT_KEPT,
    LOGS_KEPT,
    NOTICES_KEPT,
    ORPHANS_KEPT,
    PUSH_EVENTS_KEPT,
    RETENTION,
    RetentionClass,
)
from app.rules.jobs.fairs import CHECK_INS_KEPT
from app.services.common import file_sweeps
from app.services.identity import audit, audit_chain
from app.services.jobs import fair_entries
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


async def purge(runtime: Runtime, *, dry_run: bool) -> list[Purged]:
    """Counts with `dry_run`, else deletes rule by rule, each in its own transaction; audited."""
    now = runtime.clock.now()
    done = [await _apply(runtime, rule, dry_run=dry_run) for rule in _rules(now)]
    done.append(await _check_ins(runtime, now, dry_run=dry_run))
    done.append(await _returned_papers(runtime, now, dry_run=dry_run))
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
            children=((ApplicationStep, col(ApplicationStep.application_id)),),
        ),
        _Rule(
            "通知", "满两年不再需要", Notice, col(Notice.created_at) < now - NOTICES_KEPT,
            children=((NoticeDelivery, col(NoticeDelivery.notice_id)), (Call, col(Call.notice_id))),
        ),
        _Rule("微信推送原文", "处理完毕满30天", PushEvent, col(PushEvent.created_at) < now - PUSH_EVENTS_KEPT),
        _Rule("过期分享码", f"过期满{LOGS_KEPT.days}天", ShareCode, col(ShareCode.expires_at) < now - LOGS_KEPT),
    ]  # fmt: skip


async def _apply(runtime: Runtime, rule: _Rule, *, dry_run: bool) -> Purged:
    async with runtime.db.unit_of_work() as session:
        connection = await session.connection()
        if dry_run:
            counted = await connection.execute(select(func.count()).select_from(rule.table).where(rule.due))
            return Purged(rule.what, rule.why, counted.scalar_one())
        for child, key in rule.children:
            await connection.execute(delete(child).where(key.in_(select(rule.table.id).where(rule.due))))
        gone = await connection.execute(delete(rule.table).where(rule.due))
        return Purged(rule.what, rule.why, gone.rowcount)


async def _check_ins(runtime: Runtime, now: datetime, *, dry_run: bool) -> Purged:
    async with runtime.db.unit_of_work() as session:
        rows = await fair_entries.forget_old(session, before=now - CHECK_INS_KEPT, dry_run=dry_run)
    return Purged("招聘会签到上的人", f"结束满{CHECK_INS_KEPT.days}天，只留人数", rows)


async def _returned_papers(runtime: Runtime, now: datetime, *, dry_run: bool) -> Purged:
    kept = RETENTION[RetentionClass.ENTERPRISE_PAPERS]
    async with runtime.db.unit_of_work() as session:
        before = now - timedelta(days=366 * kept.years)
        rows = await papers.forget_returned(session, before=before, dry_run=dry_run)
    return Purged("退回的认领所附材料", kept.source, rows)


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
