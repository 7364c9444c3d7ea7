"""Who belongs to a firm: members with their roles, invitations by code, leaving."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.security import digest, normal_code, one_time_code
from app.models.identity import Appointment
from app.models.organisation import Enterprise, MemberInvite
from app.rules.identity.roles import (
    FIRM_ROLES,
    Actor,
    AlreadyAppointedError,
    AppointmentPeriodError,
    Permission,
    Role,
    ScopeKind,
    ScopeNotAllowedError,
)
from app.rules.organisation import (
    INVITE_DAYS,
    AlreadyMemberError,
    EnterpriseNotFoundError,
    InviteInvalidError,
    LastOwnerError,
    MemberNotFoundError,
)
from app.services.identity import audit
from app.services.identity.people import facts_of
from app.services.identity.staff import grant_role


@dataclass(frozen=True, slots=True)
class Member:
    appointment: Appointment
    # As the person states it; colleagues of one firm see each other's names.
    name: str | None


async def list_members(
    session: ReadSession, crypto: Crypto, actor: Actor, enterprise_id: UUID, *, now: datetime
) -> list[Member]:
    """In force or to come; bounded by the size of a firm's office."""
    check_manages(actor, enterprise_id)
    rows = (
        await session.exec(
            select(Appointment).where(*_of_firm(enterprise_id, now)).order_by(col(Appointment.id)).limit(200)
        )
    ).all()
    facts = await facts_of(session, crypto, [row.person_id for row in rows])
    return [Member(row, facts[row.person_id].name) for row in rows]


async def invite(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    *,
    role: Role,
    valid_to: datetime | None,
    now: datetime,
) -> tuple[str, datetime]:
    """A single-use code for a colleague; shown once."""
    check_manages(actor, enterprise_id)
    if role not in FIRM_ROLES:
        raise ScopeNotAllowedError(role=role.label, scopes="全镇、片区、网格")
    if valid_to is not None and valid_to <= now:
        raise AppointmentPeriodError
    await lock(session, Enterprise, enterprise_id, EnterpriseNotFoundError)
    code, expires_at = one_time_code(), now + timedelta(days=INVITE_DAYS)
    row = MemberInvite(
        created_at=now, enterprise_id=enterprise_id, role=role, code_hash=digest(code), expires_at=expires_at,
        valid_to=valid_to, issued_by=actor.person_id,
    )  # fmt: skip
    session.add(row)
    audit.by(session, actor, "member_invited", "enterprise", enterprise_id, now=now, role=role.value)
    return code, expires_at


async def join(session: AsyncSession, actor: Actor, *, code: str, now: datetime) -> Appointment:
    """The colleague types the code."""
    found = await session.exec(
        select(MemberInvite).where(MemberInvite.code_hash == digest(normal_code(code))).with_for_update()
    )
    row = found.one_or_none()
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise InviteInvalidError
    held = await session.exec(
        select(col(Appointment.id)).where(
            *_of_firm(row.enterprise_id, now), Appointment.person_id == actor.person_id, Appointment.role == row.role
        )
    )
    if held.first() is not None:
        raise AlreadyAppointedError(role=row.role.label)
    row.used_at, row.used_by = now, actor.person_id
    return grant_role(
        session, person_id=actor.person_id, role=row.role, scope_kind=ScopeKind.ENTERPRISE,
        scope_id=row.enterprise_id, valid_from=now, valid_to=row.valid_to, source="企业负责人邀请",
        by=row.issued_by, now=now,
    )  # fmt: skip


async def remove(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: UUID,
    appointment_id: UUID,
    *,
    expected_version: int,
    now: datetime,
) -> Appointment:
    """A colleague's right in this firm ends at once; a firm keeps an owner."""
    check_manages(actor, enterprise_id)
    # All owners in id order: two who remove each other must not both succeed.
    owners = await _owners(session, enterprise_id, now)
    row = await lock(session, Appointment, appointment_id, MemberNotFoundError)
    if row.scope_kind is not ScopeKind.ENTERPRISE or row.scope_id != enterprise_id:
        raise MemberNotFoundError
    check_version(row.version, expected_version)
    if row.valid_to is not None and row.valid_to <= now:
        raise MemberNotFoundError
    if {owner.id for owner in owners} == {row.id}:
        raise LastOwnerError
    row.valid_from, row.valid_to = min(row.valid_from, now - timedelta(microseconds=1)), now
    row.touch(now)
    audit.by(session, actor, "member_removed", "appointment", row.id, now=now, role=row.role.value)
    return row


async def sole_owner_of(session: AsyncSession, person_id: UUID, *, now: datetime) -> str | None:
    """The name of a firm that would be left without an owner; None where there is none."""
    mine = await session.exec(
        select(col(Appointment.scope_id)).where(
            Appointment.person_id == person_id,
            Appointment.role == Role.OWNER,
            Appointment.valid_from <= now,
            or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > now),
        )
    )
    for enterprise_id in sorted(filter(None, mine)):
        owners = await _owners(session, enterprise_id, now)
        if all(owner.person_id == person_id for owner in owners):
            found = await session.exec(select(col(Enterprise.name)).where(Enterprise.id == enterprise_id))
            return found.one()
    return None


def check_manages(actor: Actor, enterprise_id: UUID) -> None:
    """Another firm does not exist for its callers."""
    if enterprise_id not in actor.enterprises(Permission.ENTERPRISE_MANAGE):
        raise EnterpriseNotFoundError


def check_not_member(actor: Actor, enterprise_id: UUID, role: Role) -> None:
    held = {grant.role for grant in actor.grants if grant.scope_id == enterprise_id}
    if role in held:
        raise AlreadyMemberError


async def _owners(session: AsyncSession, enterprise_id: UUID, now: datetime) -> Sequence[Appointment]:
    rows = await session.exec(
        select(Appointment)
        .where(*_of_firm(enterprise_id, now), Appointment.role == Role.OWNER, Appointment.valid_from <= now)
        .order_by(col(Appointment.id))
        .with_for_update()
    )
    return rows.all()


def _of_firm(enterprise_id: UUID, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """In force or to come."""
    return (
        col(Appointment.scope_kind) == ScopeKind.ENTERPRISE,
        col(Appointment.scope_id) == enterprise_id,
        or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > now),
    )
