"""Staff: claim codes for roster records, claims, dated appointments, the first administrator."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, check_version, lock
from app.core.pages import Cursors, after
from app.core.security import digest, normal_code, one_time_code
from app.models.identity import Appointment, ClaimCode, Person
from app.rules.identity.people import PersonNotFoundError
from app.rules.identity.roles import (
    NOT_BY_ADMIN,
    Actor,
    AlreadyAppointedError,
    AppointmentEndedError,
    AppointmentNotFoundError,
    AppointmentPeriodError,
    AuditorAppointmentError,
    ClaimCodeInvalidError,
    ClaimNameError,
    LastAdminError,
    Permission,
    Role,
    RosterPersonNotFoundError,
    ScopeKind,
    SeparateDutiesError,
    SubstitutePeriodError,
    SubstituteSelfError,
    check_scope,
    check_town_wide,
)
from app.services.identity import audit
from app.services.organisation import roster

CODE_LIFETIME = timedelta(days=7)
# Longer than a request waits for a lock and than two processes' clocks differ: what another request ended just now
# may end a little after our own `now`.
CLOCKS_APART = timedelta(minutes=1)
SUBSTITUTE_AT_MOST = timedelta(days=180)


async def bootstrap(
    session: AsyncSession, *, staff_name: str | None, now: datetime, role: Role = Role.TOWN_ADMIN
) -> str:
    """A single-use code for the first town_admin, or for an auditor, whom no administrator appoints.

    Earlier unused codes for the same role die. Printed once, stored hashed. With a name the code opens that roster
    record only; without one, the name in the claim picks the record.
    """
    record = None if staff_name is None else await roster.by_name(session, staff_name)
    if staff_name is not None and record is None:
        raise RosterPersonNotFoundError
    await session.exec(
        update(ClaimCode)
        .where(col(ClaimCode.grants_role) == role, col(ClaimCode.used_at).is_(None))
        .values(expires_at=now)
    )
    code = _issue(session, roster_person_id=record.id if record else None, role=role, by=None, now=now)
    audit.record(session, "bootstrap_code", actor_id=None, subject_kind="role", subject_id=role.value, now=now)
    return code


async def issue_claim_code(
    session: AsyncSession, actor: Actor, roster_person_id: UUID, *, now: datetime
) -> tuple[str, datetime]:
    """A single-use code for one roster record; handing it over in person is the proof of identity."""
    check_town_wide(actor, Permission.APPOINTMENT_MANAGE)
    await roster.unclaimed(session, roster_person_id)
    # A code that was mislaid dies with the next one.
    await session.exec(
        update(ClaimCode)
        .where(
            col(ClaimCode.roster_person_id) == roster_person_id,
            col(ClaimCode.used_at).is_(None),
            col(ClaimCode.grants_role).is_(None),
        )
        .values(expires_at=now)
    )
    code = _issue(session, roster_person_id=roster_person_id, role=None, by=actor.person_id, now=now)
    audit.record(
        session, "claim_code_issued", actor_id=actor.person_id,
        subject_kind="roster_person", subject_id=roster_person_id, now=now,
    )  # fmt: skip
    return code, now + CODE_LIFETIME


async def claim_roster_person(session: AsyncSession, actor: Actor, *, code: str, name: str, now: datetime) -> UUID:
    """The person behind a roster record shows up with its code; returns the record's id."""
    found = await session.exec(
        select(ClaimCode).where(ClaimCode.code_hash == digest(normal_code(code))).with_for_update()
    )
    claim = found.one_or_none()
    if claim is None or claim.used_at is not None or claim.expires_at <= now:
        raise ClaimCodeInvalidError
    record = await roster.by_name(session, name)
    if record is None or claim.roster_person_id not in (None, record.id):
        raise ClaimNameError
    if claim.grants_role is None or record.person_id != actor.person_id:
        # A code for one more office also finds the person who has claimed the record before.
        await roster.bind(session, record.id, actor.person_id, now=now)
    claim.used_at = now
    claim.used_by = actor.person_id
    if claim.grants_role is not None:
        await _check_duties(session, actor.person_id, claim.grants_role, now)
        session.add(
            Appointment(
                created_at=now, updated_at=now, person_id=actor.person_id, role=claim.grants_role,
                scope_kind=ScopeKind.TOWN, valid_from=now, source="系统初始化",
            )
        )  # fmt: skip
    audit.record(
        session, "roster_claimed", actor_id=actor.person_id, subject_kind="roster_person", subject_id=record.id, now=now
    )
    return record.id


async def appoint(
    session: AsyncSession,
    actor: Actor,
    *,
    person_id: UUID,
    role: Role,
    scope_kind: ScopeKind,
    scope_id: UUID | None,
    valid_from: datetime | None,
    valid_to: datetime | None,
    source: str,
    now: datetime,
) -> Appointment:
    check_town_wide(actor, Permission.APPOINTMENT_MANAGE)
    if role in NOT_BY_ADMIN:
        raise AuditorAppointmentError
    check_scope(role, scope_kind, scope_id)
    await roster.check_scope_exists(session, scope_kind, scope_id)
    start = valid_from or now
    if valid_to is not None and valid_to <= start:
        raise AppointmentPeriodError
    await lock(session, Person, person_id, PersonNotFoundError)
    await _check_duties(session, person_id, role, now)
    await _check_not_held(session, person_id, role, scope_kind, scope_id, start)
    return grant_role(
        session, person_id=person_id, role=role, scope_kind=scope_kind, scope_id=scope_id,
        valid_from=start, valid_to=valid_to, source=source, by=actor.person_id, now=now,
    )  # fmt: skip


def grant_role(
    session: AsyncSession,
    *,
    person_id: UUID,
    role: Role,
    scope_kind: ScopeKind,
    scope_id: UUID | None,
    valid_from: datetime,
    valid_to: datetime | None,
    source: str,
    by: UUID,
    now: datetime,
    substitute_for: UUID | None = None,
) -> Appointment:
    """For services whose own rule has decided that the role is due (a firm's claim approved)."""
    row = Appointment(
        created_at=now, updated_at=now, person_id=person_id, role=role, scope_kind=scope_kind, scope_id=scope_id,
        valid_from=valid_from, valid_to=valid_to, source=source, appointed_by=by, substitute_for=substitute_for,
    )  # fmt: skip
    session.add(row)
    audit.record(
        session, "appointed", actor_id=by, subject_kind="appointment", subject_id=row.id, now=now, role=role.value
    )
    return row


async def limit_role(
    session: AsyncSession, *, person_id: UUID, role: Role, scope_id: UUID, valid_to: datetime, now: datetime
) -> None:
    """A standing right gets the end of the paper on which it rests."""
    await session.exec(
        update(Appointment)
        .where(
            col(Appointment.person_id) == person_id, col(Appointment.role) == role,
            col(Appointment.scope_id) == scope_id, col(Appointment.valid_to).is_(None),
        )
        .values(valid_to=valid_to, updated_at=now, version=col(Appointment.version) + 1)
    )  # fmt: skip


async def end_appointment(
    session: AsyncSession, actor: Actor, appointment_id: UUID, *, expected_version: int, now: datetime
) -> Appointment:
    check_town_wide(actor, Permission.APPOINTMENT_MANAGE)
    # Two who end each other at once must not both succeed.
    admins = await _admins(session, now)
    row = await lock(session, Appointment, appointment_id, AppointmentNotFoundError)
    check_version(row.version, expected_version)
    if row.valid_to is not None and row.valid_to <= now:
        raise AppointmentEndedError
    # Who stands in for this one leaves with it.
    staying = {
        admin.id
        for admin in admins
        if row.id not in {admin.id, admin.substitute_for}
        and (admin.valid_to is None or admin.valid_to > now + CLOCKS_APART)
    }
    if row.id in {admin.id for admin in admins} and not staying:
        raise LastAdminError
    _end(row, now)
    audit.by(session, actor, "appointment_ended", "appointment", row.id, now=now, role=row.role.value)
    # Who stood in for it stands down with it.
    standing_in = await session.exec(
        select(Appointment)
        .where(
            Appointment.substitute_for == row.id,
            or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > now),
        )
        .order_by(col(Appointment.id))
        .with_for_update()
    )
    for substitute in standing_in:
        _end(substitute, now)
        audit.by(session, actor, "appointment_ended", "appointment", substitute.id, now=now, role=row.role.value)
    return row


async def name_substitute(
    session: AsyncSession,
    actor: Actor,
    appointment_id: UUID,
    *,
    person_id: UUID,
    valid_from: datetime | None,
    valid_to: datetime,
    now: datetime,
) -> Appointment:
    """The same role and scope for another person, with dates inside the original's."""
    check_town_wide(actor, Permission.APPOINTMENT_MANAGE)
    row = await lock(session, Appointment, appointment_id, AppointmentNotFoundError)
    if row.valid_to is not None and row.valid_to <= now:
        raise AppointmentEndedError
    if row.role in NOT_BY_ADMIN:
        raise AuditorAppointmentError
    if person_id == row.person_id:
        raise SubstituteSelfError
    start = valid_from or now
    ends_late = row.valid_to is not None and valid_to > row.valid_to
    if not row.valid_from <= start < valid_to <= start + SUBSTITUTE_AT_MOST or ends_late:
        raise SubstitutePeriodError(days=SUBSTITUTE_AT_MOST.days)
    await lock(session, Person, person_id, PersonNotFoundError)
    await _check_duties(session, person_id, row.role, now)
    await _check_not_held(session, person_id, row.role, row.scope_kind, row.scope_id, start)
    return grant_role(
        session, person_id=person_id, role=row.role, scope_kind=row.scope_kind, scope_id=row.scope_id,
        valid_from=start, valid_to=valid_to, source="代理任职", by=actor.person_id, now=now, substitute_for=row.id,
    )  # fmt: skip


async def end_all(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """An account ends: so do its offices, without a word of anybody else."""
    rows = await session.exec(
        select(Appointment)
        .where(
            Appointment.person_id == person_id,
            or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > now),
        )
        .order_by(col(Appointment.id))
        .with_for_update()
    )
    for row in rows:
        _end(row, now)


async def is_last_admin(session: AsyncSession, person_id: UUID, *, now: datetime) -> bool:
    """Under the lock of all administrators: nobody else can leave meanwhile."""
    admins = await _admins(session, now)
    staying = [row for row in admins if row.valid_to is None or row.valid_to > now + CLOCKS_APART]
    return any(row.person_id == person_id for row in admins) and all(row.person_id == person_id for row in staying)


async def list_appointments(
    session: ReadSession,
    cursors: Cursors,
    actor: Actor,
    *,
    person_id: UUID | None,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[Sequence[Appointment], str | None]:
    """In force or to come, newest first; of everybody or of one person."""
    check_town_wide(actor, Permission.APPOINTMENT_MANAGE)
    query: dict[str, Any] = {"list": "appointments", "person": person_id}
    keys = [col(Appointment.created_at), col(Appointment.id)]
    statement = select(Appointment).where(or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > now))
    if person_id is not None:
        statement = statement.where(Appointment.person_id == person_id)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])


async def _admins(session: AsyncSession, now: datetime) -> Sequence[Appointment]:
    """All administrators of the town, locked in id order."""
    rows = await session.exec(
        select(Appointment)
        .where(Appointment.role == Role.TOWN_ADMIN, Appointment.scope_kind == ScopeKind.TOWN, *_in_force(now))
        .order_by(col(Appointment.id))
        .with_for_update()
    )
    return rows.all()


def _end(row: Appointment, now: datetime) -> None:
    # One that has not begun never will: the table wants a period, so it gets the shortest one behind us.
    row.valid_from = min(row.valid_from, now - timedelta(microseconds=1))
    row.valid_to = now
    row.touch(now)


async def _check_duties(session: AsyncSession, person_id: UUID, role: Role, now: datetime) -> None:
    """Nobody audits what they administer: the two offices exclude each other."""
    other = {Role.AUDITOR: Role.TOWN_ADMIN, Role.TOWN_ADMIN: Role.AUDITOR}.get(role)
    if other is None:
        return
    held = await session.exec(
        select(col(Appointment.id)).where(
            Appointment.person_id == person_id,
            Appointment.role == other,
            or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > now),
        )
    )
    if held.first() is not None:
        raise SeparateDutiesError


async def _check_not_held(
    session: AsyncSession, person_id: UUID, role: Role, scope_kind: ScopeKind, scope_id: UUID | None, start: datetime
) -> None:
    same = await session.exec(
        select(col(Appointment.id)).where(
            Appointment.person_id == person_id, Appointment.role == role, Appointment.scope_kind == scope_kind,
            # `==` writes IS NULL for the town, which has no id.
            col(Appointment.scope_id) == scope_id,
            or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > start),
        )
    )  # fmt: skip
    if same.first() is not None:
        raise AlreadyAppointedError(role=role.label)


def _in_force(now: datetime) -> tuple[Any, ...]:
    return (
        col(Appointment.valid_from) <= now,
        or_(col(Appointment.valid_to).is_(None), col(Appointment.valid_to) > now),
    )


def _issue(
    session: AsyncSession, *, roster_person_id: UUID | None, role: Role | None, by: UUID | None, now: datetime
) -> str:
    code = one_time_code()
    session.add(
        ClaimCode(
            created_at=now, code_hash=digest(code), roster_person_id=roster_person_id, grants_role=role,
            expires_at=now + CODE_LIFETIME, issued_by=by,
        )
    )  # fmt: skip
    return code
