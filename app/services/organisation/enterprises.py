"""Enterprises: look-up, the claim of a seeded firm by its recruiter, and the officer's review."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.db import ReadSession, check_version, lock
from app.core.errors import ForbiddenError
from app.core.events import emit
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.organisation import Area, Enterprise, EnterpriseClaim, EnterpriseLicence, EnterpriseName
from app.rules.common.files import FilePurpose
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import FIRM_ROLES, Actor, Permission, Role, ScopeKind, SelfReviewError, check_permission
from app.rules.organisation import (
    CLAIM_PAPERS,
    REVIEW_WORKDAYS,
    AlreadyMemberError,
    ClaimPendingError,
    ClaimRoleError,
    CreditCodeDiffersError,
    CreditCodeTakenError,
    EnterpriseClaimNotFoundError,
    EnterpriseClaimState,
    EnterpriseKind,
    EnterpriseNotFoundError,
    EnterpriseState,
    PaperExpiredError,
    VerifiedHow,
    check_claim_transition,
    check_credit_code,
    check_enterprise_transition,
    verified_label,
    verified_until,
)
from app.services.common import files
from app.services.common.calendar import deadline, end_of
from app.services.common.tasks import close_tasks, open_task
from app.services.events import EnterpriseClaimReviewed, EnterpriseVerified
from app.services.identity import audit
from app.services.identity.staff import grant_role

FOUND_AT_MOST = 20


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


async def find_by_name(session: AsyncSession, name: str) -> UUID | None:
    """The one firm of exactly this name, or of this other name that a source uses; None where none or several are."""
    other = select(col(EnterpriseName.enterprise_id)).where(EnterpriseName.name == name)
    rows = await session.exec(
        select(col(Enterprise.id)).where(or_(col(Enterprise.name) == name, col(Enterprise.id).in_(other))).limit(2)
    )
    found = rows.all()
    return found[0] if len(found) == 1 else None


async def names_of(session: ReadSession | AsyncSession, enterprise_ids: Collection[UUID]) -> dict[UUID, str]:
    rows = await session.exec(
        select(col(Enterprise.id), col(Enterprise.name)).where(col(Enterprise.id).in_(enterprise_ids))
    )
    return dict(rows.all())


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


@dataclass(frozen=True, slots=True)
class ClaimPapers:
    """What the claimant shows: files already uploaded, and until when the letter of authorisation holds."""

    role: Role
    licence_file_id: UUID | None
    authorisation_file_id: UUID | None
    authorisation_valid_to: date | None


async def exists(session: AsyncSession, enterprise_id: UUID) -> bool:
    found = await session.exec(select(col(Enterprise.id)).where(Enterprise.id == enterprise_id))
    return found.one_or_none() is not None


async def area_of(session: AsyncSession, enterprise_id: UUID) -> UUID | None:
    """None: not known in which area the firm lies."""
    return (await session.exec(select(col(Enterprise.area_id)).where(Enterprise.id == enterprise_id))).one_or_none()


async def is_public(session: AsyncSession, enterprise_id: UUID) -> bool:
    found = await session.exec(
        select(col(Enterprise.id)).where(Enterprise.id == enterprise_id, Enterprise.state == EnterpriseState.APPROVED)
    )
    return found.one_or_none() is not None


async def claim_enterprise(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    *,
    uscc: str,
    note: str,
    papers: ClaimPapers,
    now: datetime,
) -> EnterpriseClaim:
    """“I recruit for this firm.” A seeded firm is claimed, not duplicated; an officer compares the papers."""
    code = check_credit_code(uscc)
    if papers.role not in FIRM_ROLES:
        raise ClaimRoleError
    if papers.authorisation_valid_to is not None and papers.authorisation_valid_to < china_date(now):
        raise PaperExpiredError(paper="授权委托书")
    enterprise = await lock(session, Enterprise, enterprise_id, EnterpriseNotFoundError)
    # Whoever represents the firm as a whole invites for every other post, also for their own.
    if {papers.role, Role.OWNER} & {grant.role for grant in actor.grants if grant.scope_id == enterprise_id}:
        raise AlreadyMemberError
    await _check_code_free(session, enterprise, code)
    claim = EnterpriseClaim(
        id=new_id(), created_at=now, updated_at=now, enterprise_id=enterprise_id,
        person_id=actor.person_id, uscc=code, note=note, role=papers.role,
        licence_file_id=papers.licence_file_id, authorisation_file_id=papers.authorisation_file_id,
        authorisation_valid_to=papers.authorisation_valid_to,
    )  # fmt: skip
    # Before the row that points at them: an unknown file is the caller's mistake and not the database's.
    for file_id, purpose in (
        (papers.licence_file_id, FilePurpose.LICENCE), (papers.authorisation_file_id, FilePurpose.AUTHORISATION),
    ):  # fmt: skip
        if file_id is not None:
            await files.bind(
                session, actor, [file_id], purpose=purpose, subject_kind=CLAIM_PAPERS, subject_id=claim.id,
                now=now,
            )  # fmt: skip
    if not await insert_or_ignore(session, EnterpriseClaim, claim.model_dump()):
        raise ClaimPendingError
    await open_task(
        session, TaskKind.ENTERPRISE_CLAIM, claim.id,
        title=f"核对“{enterprise.name}”的认领", now=now, due_at=(await deadline(session, now, REVIEW_WORKDAYS)).at,
    )  # fmt: skip
    audit.by(session, actor, "enterprise_claimed", "enterprise", enterprise_id, now=now)
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
    how: VerifiedHow,
    expected_version: int,
    now: datetime,
) -> EnterpriseClaim:
    """Approve: the firm is verified with this code and the claimant works for it. Return: with the reason."""
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
        await _approve(session, actor, enterprise, claim, how, now)
    await close_tasks(session, TaskKind.ENTERPRISE_CLAIM, claim.id, by=actor.person_id, now=now)
    audit.record(
        session, f"enterprise_claim_{target.value}", actor_id=actor.person_id,
        subject_kind=CLAIM_PAPERS, subject_id=claim.id, now=now,
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
    session: AsyncSession,
    actor: Actor,
    enterprise: Enterprise,
    claim: EnterpriseClaim,
    how: VerifiedHow,
    now: datetime,
) -> None:
    await _check_code_free(session, enterprise, claim.uscc)
    enterprise.uscc = claim.uscc
    # A suspended firm stays suspended: that is lifted by its own act, not by a second recruiter's claim.
    if enterprise.state is EnterpriseState.DRAFT:
        await mark_verified(session, actor, enterprise, how=how, now=now)
    else:
        enterprise.touch(now)
    letter = claim.authorisation_valid_to
    grant_role(
        session, person_id=claim.person_id, role=claim.role, scope_kind=ScopeKind.ENTERPRISE,
        scope_id=enterprise.id, valid_from=now, valid_to=None if letter is None else end_of(letter),
        source="企业认领经核对通过", by=actor.person_id, now=now,
    )  # fmt: skip


async def mark_verified(
    session: AsyncSession, actor: Actor, enterprise: Enterprise, *, how: VerifiedHow, now: datetime
) -> None:
    """An officer has seen the papers of a firm that was not approved before."""
    check_enterprise_transition(enterprise.state, EnterpriseState.APPROVED)
    enterprise.state = EnterpriseState.APPROVED
    await stamp_verified(session, actor, enterprise, how=how, now=now)


async def stamp_verified(
    session: AsyncSession, actor: Actor, enterprise: Enterprise, *, how: VerifiedHow, now: datetime
) -> None:
    """Who, when, how, until when; the label of every posting follows."""
    licences = await licences_of(session, enterprise.id)
    today = china_date(now)
    enterprise.approved_at, enterprise.approved_by = now, actor.person_id
    enterprise.verified_how = how
    enterprise.verified_until = verified_until(
        today, enterprise.licence_valid_to, *(licence.valid_to for licence in licences)
    )
    for licence in licences:
        licence.verified_by, licence.verified_at = actor.person_id, now
        licence.touch(now)
    enterprise.touch(now)
    await session.flush()
    await emit(session, EnterpriseVerified(at=now, enterprise_id=enterprise.id, label=label_of(enterprise, licences)))


def label_of(enterprise: Enterprise, licences: Sequence[EnterpriseLicence]) -> str:
    """The words beside every posting of this firm; empty where nobody has seen its papers."""
    if enterprise.approved_at is None or enterprise.verified_how is None:
        return ""
    shown = [(licence.kind, licence.number) for licence in licences if licence.verified_at is not None]
    return verified_label(enterprise.verified_how, china_date(enterprise.approved_at), enterprise.verified_until, shown)


async def licences_of(session: AsyncSession, enterprise_id: UUID) -> Sequence[EnterpriseLicence]:
    rows = await session.exec(
        select(EnterpriseLicence)
        .where(EnterpriseLicence.enterprise_id == enterprise_id)
        .order_by(col(EnterpriseLicence.kind))
    )
    return rows.all()


async def licences_of_many(
    session: AsyncSession, enterprise_ids: Sequence[UUID]
) -> dict[UUID, list[EnterpriseLicence]]:
    """For a page of firms, in one query."""
    rows = await session.exec(
        select(EnterpriseLicence)
        .where(col(EnterpriseLicence.enterprise_id).in_(enterprise_ids))
        .order_by(col(EnterpriseLicence.kind))
    )
    found: dict[UUID, list[EnterpriseLicence]] = {}
    for row in rows:
        found.setdefault(row.enterprise_id, []).append(row)
    return found


async def may_publish(session: AsyncSession, enterprise: Enterprise, today: date) -> bool:
    """Verified; an agency only while one of its permits, seen by an officer, is valid."""
    if enterprise.state is not EnterpriseState.APPROVED:
        return False
    if enterprise.kind is not EnterpriseKind.AGENCY:
        return True
    licences = await licences_of(session, enterprise.id)
    return any(licence.verified_at is not None and licence.valid_to >= today for licence in licences)


def why_not(enterprise: Enterprise) -> str:
    """Of a firm that may not publish, in words."""
    approved = enterprise.state is EnterpriseState.APPROVED
    return "企业许可证已到期或未经核对" if approved else f"企业{enterprise.state.label}"


async def _check_code_free(session: AsyncSession, enterprise: Enterprise, code: str) -> None:
    if enterprise.uscc is not None and enterprise.uscc != code:
        raise CreditCodeDiffersError
    holder = await session.exec(
        select(col(Enterprise.id)).where(Enterprise.uscc == code, Enterprise.id != enterprise.id)
    )
    if holder.one_or_none() is not None:
        raise CreditCodeTakenError
