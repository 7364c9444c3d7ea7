"""A firm taken off the lists with evidence, heard on appeal by another officer, and restored."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.models.organisation import Enterprise, EnterpriseSuspension
from app.rules.common.files import FilePurpose
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_town_wide
from app.rules.organisation import (
    APPEAL_WORKDAYS,
    EnterpriseNotFoundError,
    EnterpriseState,
    SuspensionNotFoundError,
    SuspensionState,
    check_enterprise_transition,
    check_suspension_transition,
)
from app.services.common import files
from app.services.common.calendar import deadline
from app.services.common.tasks import close_tasks, open_task
from app.services.events import EnterpriseRestored, EnterpriseSuspended
from app.services.identity import audit
from app.services.organisation.enterprises import get_enterprise

SUBJECT = "enterprise_suspension"


async def suspend(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    enterprise_id: UUID,
    *,
    basis: str,
    evidence: str,
    file_ids: Sequence[UUID],
    expected_version: int,
    now: datetime,
) -> EnterpriseSuspension:
    """With the rule, the evidence and its files; its postings leave the lists in the same transaction."""
    check_town_wide(actor, Permission.ENTERPRISE_REVIEW)
    enterprise = await lock(session, Enterprise, enterprise_id, EnterpriseNotFoundError)
    if enterprise_id in {grant.scope_id for grant in actor.grants}:
        raise SelfReviewError
    check_version(enterprise.version, expected_version)
    check_enterprise_transition(enterprise.state, EnterpriseState.SUSPENDED)
    row_id = new_id()
    row = EnterpriseSuspension(
        id=row_id, created_at=now, updated_at=now, enterprise_id=enterprise_id, basis=basis,
        evidence_sealed=crypto.seal(SUBJECT, "evidence", row_id, evidence), suspended_by=actor.person_id,
    )  # fmt: skip
    session.add(row)
    enterprise.state = EnterpriseState.SUSPENDED
    enterprise.touch(now)
    await session.flush()
    await files.bind(
        session, actor, file_ids, purpose=FilePurpose.EVIDENCE, subject_kind=SUBJECT, subject_id=row.id, now=now
    )
    audit.by(session, actor, "enterprise_suspended", "enterprise", enterprise_id, now=now)
    await emit(
        session,
        EnterpriseSuspended(at=now, enterprise_id=enterprise_id, enterprise_name=enterprise.name, basis=basis),
    )
    return row


async def appeal(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    suspension_id: UUID,
    *,
    text: str,
    file_ids: Sequence[UUID],
    expected_version: int,
    now: datetime,
) -> EnterpriseSuspension:
    """The firm's answer; another officer than the one who suspended looks within five working days."""
    row = await _of_own_firm(session, actor, suspension_id)
    check_version(row.version, expected_version)
    check_suspension_transition(row.state, SuspensionState.APPEALED)
    row.state = SuspensionState.APPEALED
    row.appeal_sealed = crypto.seal(SUBJECT, "appeal", row.id, text)
    row.appealed_by, row.appealed_at = actor.person_id, now
    row.touch(now)
    await files.bind(
        session, actor, file_ids, purpose=FilePurpose.EVIDENCE, subject_kind=SUBJECT, subject_id=row.id, now=now
    )
    enterprise = await lock(session, Enterprise, row.enterprise_id, EnterpriseNotFoundError)
    await open_task(
        session, TaskKind.SUSPENSION_APPEAL, row.id, title=f"答复“{enterprise.name}”对暂停的申诉", now=now,
        due_at=(await deadline(session, now, APPEAL_WORKDAYS)).at,
    )  # fmt: skip
    audit.by(session, actor, "suspension_appealed", SUBJECT, row.id, now=now)
    return row


async def answer(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    suspension_id: UUID,
    *,
    lift: bool,
    text: str,
    expected_version: int,
    now: datetime,
) -> EnterpriseSuspension:
    """Lift, or uphold after an appeal. Who suspended may lift, but does not judge the appeal against it."""
    check_town_wide(actor, Permission.ENTERPRISE_REVIEW)
    row = await lock(session, EnterpriseSuspension, suspension_id, SuspensionNotFoundError)
    if row.enterprise_id in {grant.scope_id for grant in actor.grants}:
        raise SelfReviewError
    if not lift and row.suspended_by == actor.person_id:
        raise SelfReviewError
    check_version(row.version, expected_version)
    target = SuspensionState.LIFTED if lift else SuspensionState.UPHELD
    check_suspension_transition(row.state, target)
    row.state = target
    row.answer_sealed = crypto.seal(SUBJECT, "answer", row.id, text)
    row.answered_by, row.answered_at = actor.person_id, now
    row.touch(now)
    await close_tasks(session, TaskKind.SUSPENSION_APPEAL, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, f"suspension_{target.value}", SUBJECT, row.id, now=now)
    if lift:
        enterprise = await lock(session, Enterprise, row.enterprise_id, EnterpriseNotFoundError)
        check_enterprise_transition(enterprise.state, EnterpriseState.APPROVED)
        enterprise.state = EnterpriseState.APPROVED
        enterprise.touch(now)
        await session.flush()
        await emit(session, EnterpriseRestored(at=now, enterprise_id=enterprise.id, enterprise_name=enterprise.name))
    return row


async def list_suspensions(session: ReadSession, actor: Actor, enterprise_id: UUID) -> Sequence[EnterpriseSuspension]:
    """The firm's own history, and the office's; newest first, at most 50."""
    mine = enterprise_id in actor.enterprises(Permission.ENTERPRISE_MANAGE)
    if not mine and not actor.town_wide(Permission.ENTERPRISE_REVIEW):
        raise EnterpriseNotFoundError
    await get_enterprise(session, enterprise_id)
    rows = await session.exec(
        select(EnterpriseSuspension)
        .where(EnterpriseSuspension.enterprise_id == enterprise_id)
        .order_by(col(EnterpriseSuspension.created_at).desc(), col(EnterpriseSuspension.id).desc())
        .limit(50)
    )
    return rows.all()


def opened(crypto: Crypto, row: EnterpriseSuspension) -> dict[str, str | None]:
    return {
        column: crypto.open_if(SUBJECT, column, row.id, getattr(row, f"{column}_sealed"))
        for column in ("evidence", "appeal", "answer")
    }


async def _of_own_firm(session: AsyncSession, actor: Actor, suspension_id: UUID) -> EnterpriseSuspension:
    mine = sorted(actor.enterprises(Permission.ENTERPRISE_MANAGE))
    found = await session.exec(
        select(col(EnterpriseSuspension.id)).where(
            EnterpriseSuspension.id == suspension_id, col(EnterpriseSuspension.enterprise_id).in_(mine)
        )
    )
    if found.one_or_none() is None:
        raise SuspensionNotFoundError
    return await lock(session, EnterpriseSuspension, suspension_id, SuspensionNotFoundError)
