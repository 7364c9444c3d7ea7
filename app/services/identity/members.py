"""Who stands behind a firm: the people whose appointments there are in force."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.identity import Appointment
from app.rules.identity.roles import ROLE_PERMISSIONS, STAFF_ROLES, Permission, Role, ScopeKind


async def people_with(
    session: AsyncSession, permission: Permission, enterprise_id: UUID, *, now: datetime
) -> list[UUID]:
    """People who hold the permission in this firm now, in id order."""
    roles = [role for role, held in ROLE_PERMISSIONS.items() if permission in held]
    rows = await session.exec(
        select(col(Appointment.person_id))
        .where(
            Appointment.scope_kind == ScopeKind.ENTERPRISE,
            Appointment.scope_id == enterprise_id,
            col(Appointment.role).in_(roles),
            col(Appointment.valid_from) <= now,
            or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > now),
        )
        .distinct()
    )
    return sorted(rows.all())


async def area_staff(
    session: AsyncSession, permission: Permission, *, now: datetime
) -> list[tuple[UUID, Role, ScopeKind, UUID | None]]:
    """Who of the staff holds the permission now, as what and where: `(person, role, scope kind, scope)`."""
    roles = [role for role, held in ROLE_PERMISSIONS.items() if permission in held]
    rows = await session.exec(
        select(
            col(Appointment.person_id), col(Appointment.role), col(Appointment.scope_kind), col(Appointment.scope_id)
        )
        .where(
            col(Appointment.role).in_(roles),
            col(Appointment.valid_from) <= now,
            or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > now),
        )
        .order_by(col(Appointment.person_id))
    )
    return list(rows.all())


async def firms_of(session: AsyncSession, person_id: UUID, *, now: datetime) -> set[UUID]:
    """The firms in which this person holds any office now."""
    rows = await session.exec(
        select(col(Appointment.scope_id)).where(
            Appointment.person_id == person_id, Appointment.scope_kind == ScopeKind.ENTERPRISE,
            col(Appointment.valid_from) <= now,
            or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > now),
        )
    )  # fmt: skip
    return {scope_id for scope_id in rows if scope_id is not None}


async def holds_staff_office(session: AsyncSession, person_id: UUID, *, now: datetime) -> bool:
    rows = await session.exec(
        select(col(Appointment.id)).where(
            Appointment.person_id == person_id, col(Appointment.role).in_(sorted(STAFF_ROLES)),
            col(Appointment.valid_from) <= now,
            or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > now),
        ).limit(1)
    )  # fmt: skip
    return rows.one_or_none() is not None


async def holders_of(session: AsyncSession, role: Role, *, now: datetime) -> list[UUID]:
    """Who holds this office now, for whatever scope, in id order."""
    rows = await session.exec(
        select(col(Appointment.person_id))
        .where(
            Appointment.role == role, col(Appointment.valid_from) <= now,
            or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > now),
        )
        .distinct()
    )  # fmt: skip
    return sorted(rows.all())
