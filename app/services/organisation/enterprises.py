"""Enterprises: look-up, the claim of a seeded firm by its recruiter, and the officer's review."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, check_version, lock
from app.core.errors import ForbiddenError
from app.core.events import emit
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.organisation import Area, Enterprise, EnterpriseClaim, EnterpriseName
from app.rules.common import TaskKind
from app.rules.identity import Actor, Permission, Role, ScopeKind, SelfReviewError, check_permission
from app.rules.organisation import (
    AlreadyMemberError,
    ClaimPendingError,
    CreditCodeDiffersError,
    CreditCodeTakenError,
    EnterpriseClaimNotFoundError,
    EnterpriseClaimState,
    EnterpriseNotFoundError,
    EnterpriseState,
    check_claim_transition,
    check_credit_code,
)
from app.services.common.tasks import close_tasks, open_task
from app.services.events import EnterpriseClaimReviewed
from app.services.identity import audit
from app.services.identity.staff import grant_role

# identity design: review within 1 working day; counted in plain hours until the work calendar is built.
REVIEW_WITHIN = timedelta(days=1)
FOUND_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class EnterpriseLabel:
    """What stands beside every posting: who it is and whether the town has seen its papers."""

    id: UUID
    name: str
    approved: bool
    kind: str


async def find_enterprises(session: ReadSession, *, name: str) -> Sequence[Enterprise]:
    """Firms whose name, or another name a source uses, contains `name`; at most 20, as they were loaded."""
    # LIKE's own signs are escaped: a person who types % looks for %.
    pattern = "%" + name.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    other = select(col(EnterpriseName.enterprise_id)).where(col(EnterpriseName.name).ilike(pattern, escape="\\"))
    rows = await session.exec(
        select(Enterprise)
        .where(or_(col(Enterprise.name).ilike(pattern, escape="\\"), col(Enterprise.id).in_(other)))
        .order_by(col(Enterprise.id))
        .limit(FOUND_AT_MOST)
    )
    return rows.all()


async def place_names(session: AsyncSession) -> list[str]:
    """Areas and firms as people write them, for the segmentation of searches."""
    areas = (await session.exec(select(col(Area.name)))).all()
    firms = (await session.exec(select(col(Enterprise.name)))).all()
    others = (await session.exec(select(col(EnterpriseName.name)))).all()
    return [*areas, *firms, *others]


async def get_enterprise(session: AsyncSession, enterprise_id: UUID) -> Enterprise:
    row = (await session.exec(select(Enterprise).where(Enterprise.id == enterprise_id))).one_or_none()
    if row is None:
        raise EnterpriseNotFoundError
    return row


async def claim_enterprise(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, *, uscc: str, note: str, now: datetime
) -> EnterpriseClaim:
    """“I recruit for this firm.” A seeded firm is claimed, not duplicated; an officer compares the papers."""
    code = check_credit_code(uscc)
    enterprise = await lock(session, Enterprise, enterprise_id, EnterpriseNotFoundError)
    if enterprise_id in {grant.scope_id for grant in actor.grants if grant.scope_kind is ScopeKind.ENTERPRISE}:
        raise AlreadyMemberError
    await _check_code_free(session, enterprise, code)
    claim = EnterpriseClaim(
        id=new_id(), created_at=now, updated_at=now, enterprise_id=enterprise_id,
        person_id=actor.person_id, uscc=code, note=note,
    )  # fmt: skip
    if not await insert_or_ignore(session, EnterpriseClaim, claim.model_dump()):
        raise ClaimPendingError
    await open_task(
        session, TaskKind.ENTERPRISE_CLAIM, claim.id,
        title=f"核对“{enterprise.name}”的认领", now=now, due_at=now + REVIEW_WITHIN,
    )  # fmt: skip
    audit.record(
        session, "enterprise_claimed", actor_id=actor.person_id,
        subject_kind="enterprise", subject_id=enterprise_id, now=now,
    )  # fmt: skip
    return claim


async def list_claims(
    session: ReadSession, actor: Actor, *, state: EnterpriseClaimState | None
) -> Sequence[tuple[EnterpriseClaim, str]]:
    """An officer sees all, a claimant their own; oldest first, at most 200."""
    statement = select(EnterpriseClaim, col(Enterprise.name)).join(
        Enterprise, col(Enterprise.id) == col(EnterpriseClaim.enterprise_id)
    )
    if not actor.town_wide(Permission.ENTERPRISE_REVIEW):
        statement = statement.where(EnterpriseClaim.person_id == actor.person_id)
    if state is not None:
        statement = statement.where(EnterpriseClaim.state == state)
    rows = await session.exec(statement.order_by(col(EnterpriseClaim.created_at), col(EnterpriseClaim.id)).limit(200))
    return [(claim, name) for claim, name in rows]


async def review_claim(
    session: AsyncSession,
    actor: Actor,
    claim_id: UUID,
    *,
    approve: bool,
    reason: str | None,
    expected_version: int,
    now: datetime,
) -> EnterpriseClaim:
    """Approve: the firm is verified with this code and the claimant recruits for it. Return: with the reason."""
    check_permission(actor, Permission.ENTERPRISE_REVIEW)
    claim = await lock(session, EnterpriseClaim, claim_id, EnterpriseClaimNotFoundError)
    if not actor.town_wide(Permission.ENTERPRISE_REVIEW):
        # As in the list: an office for a part of the town sees nobody's claims but its holder's own.
        raise ForbiddenError if claim.person_id == actor.person_id else EnterpriseClaimNotFoundError
    if claim.person_id == actor.person_id:
        raise SelfReviewError
    check_version(claim.version, expected_version)
    target = EnterpriseClaimState.APPROVED if approve else EnterpriseClaimState.RETURNED
    check_claim_transition(claim.state, target)
    enterprise = await lock(session, Enterprise, claim.enterprise_id, EnterpriseNotFoundError)
    claim.state, claim.reason = target, reason
    claim.reviewed_by, claim.reviewed_at = actor.person_id, now
    claim.touch(now)
    if approve:
        await _approve(session, actor, enterprise, claim, now)
    await close_tasks(session, TaskKind.ENTERPRISE_CLAIM, claim.id, by=actor.person_id, now=now)
    audit.record(
        session, f"enterprise_claim_{target.value}", actor_id=actor.person_id,
        subject_kind="enterprise_claim", subject_id=claim.id, now=now,
    )  # fmt: skip
    await emit(
        session,
        EnterpriseClaimReviewed(
            at=now, claim_id=claim.id, person_id=claim.person_id, enterprise_name=enterprise.name,
            approved=approve, reason=reason,
        ),
    )  # fmt: skip
    return claim


async def _approve(
    session: AsyncSession, actor: Actor, enterprise: Enterprise, claim: EnterpriseClaim, now: datetime
) -> None:
    await _check_code_free(session, enterprise, claim.uscc)
    enterprise.uscc = claim.uscc
    # A suspended firm stays suspended: that is lifted by its own act, not by a second recruiter's claim.
    if enterprise.state is EnterpriseState.DRAFT:
        enterprise.state = EnterpriseState.APPROVED
        enterprise.approved_at, enterprise.approved_by = now, actor.person_id
    enterprise.touch(now)
    grant_role(
        session, person_id=claim.person_id, role=Role.RECRUITER, scope_kind=ScopeKind.ENTERPRISE,
        scope_id=enterprise.id, valid_from=now, valid_to=None, source="企业认领经核对通过",
        by=actor.person_id, now=now,
    )  # fmt: skip


async def _check_code_free(session: AsyncSession, enterprise: Enterprise, code: str) -> None:
    if enterprise.uscc is not None and enterprise.uscc != code:
        raise CreditCodeDiffersError
    holder = await session.exec(
        select(col(Enterprise.id)).where(Enterprise.uscc == code, Enterprise.id != enterprise.id)
    )
    if holder.one_or_none() is not None:
        raise CreditCodeTakenError
