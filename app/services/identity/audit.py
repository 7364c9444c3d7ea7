"""The audit log: one entry for each security-relevant act, written in the transaction of the act."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.core.errors import AppError
from app.core.logging import get_logger
from app.models.identity import AuditEntry
from app.rules.identity.roles import Actor
from app.services.runtime import Runtime

log = get_logger()


def record(
    session: AsyncSession,
    act: str,
    *,
    actor_id: UUID | None,
    subject_kind: str,
    subject_id: UUID | str,
    now: datetime,
    **details: str,
) -> None:
    """Ids and codes only: the log outlives the personal data it speaks of."""
    session.add(
        AuditEntry(
            created_at=now,
            actor_id=actor_id,
            act=act,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            details=details,
        )
    )


def by(
    session: AsyncSession,
    actor: Actor,
    act: str,
    subject_kind: str,
    subject_id: UUID | str,
    *,
    now: datetime,
    **details: str,
) -> None:
    """The human at the screen did it; for whom, where it was for another."""
    if actor.agent_id is not None:
        details["on_behalf_of"] = str(actor.person_id)
    record(session, act, actor_id=actor.caller_id, subject_kind=subject_kind, subject_id=subject_id, now=now, **details)


# Entries that a reading session has gathered; `routers.deps.witnessed` writes them down before the answer.
LOOKS = "audit_looks"


def watch(session: ReadSession) -> list[AuditEntry]:
    looks: list[AuditEntry] = []
    session.info[LOOKS] = looks
    return looks


def write_down(session: AsyncSession, looks: Sequence[AuditEntry]) -> None:
    session.add_all(looks)


def looked(
    session: AsyncSession | ReadSession, actor: Actor, act: str, subject_kind: str, subject_id: UUID, *, now: datetime,
    **details: str,
) -> None:  # fmt: skip
    """Somebody read this. From a session that writes it goes with its transaction, from a watched one right after."""
    looks = session.info.get(LOOKS)
    if looks is None:
        by(session, actor, act, subject_kind, subject_id, now=now, **details)
        return
    if actor.agent_id is not None:
        details["on_behalf_of"] = str(actor.person_id)
    looks.append(
        AuditEntry(
            created_at=now, actor_id=actor.caller_id, act=act, subject_kind=subject_kind, subject_id=str(subject_id),
            details=details,
        )
    )  # fmt: skip


async def record_denial(runtime: Runtime, actor: Actor, operation: str, code: str) -> None:
    """Somebody signed in reached for what is not theirs. The refusal stands whether or not this can be written."""
    try:
        async with runtime.db.unit_of_work() as session:
            record(
                session, "denied", actor_id=actor.caller_id, subject_kind="operation", subject_id=operation[:40],
                now=runtime.clock.now(), code=code,
            )  # fmt: skip
    except AppError as exc:
        log.warning("denial not audited", code=exc.code, operation=operation)
