"""A firm does not want somebody any more: its right, with its reason; flagged where a wage claim came shortly before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.models.gigs import Assignment, WageClaim, WorkerBlock
from app.models.organisation import Enterprise
from app.rules.common.notices import NoticeKind
from app.rules.common.tasks import TaskKind
from app.rules.gigs.profiles import (
    AlreadyBlockedError,
    BlockNotFlaggedError,
    WorkerBlockNotFoundError,
    WorkerUnknownError,
    flagged_days,
)
from app.rules.identity.roles import Actor, Permission, check_permission, check_town_wide
from app.services.common.notices import notify_all
from app.services.common.tasks import close_tasks, open_task
from app.services.events import WorkerBlocked
from app.services.gigs import rosters
from app.services.gigs.law import limits_on
from app.services.gigs.rosters import check_firm, masked_names
from app.services.identity import audit
from app.services.identity.members import people_with
from app.services.organisation.enterprises import get_enterprise

SUBJECT = "worker_block"


@dataclass(frozen=True, slots=True)
class Blocked:
    """`name`: masked. `enterprise_name`: for the office, which sees blocks of all firms."""

    row: WorkerBlock
    name: str | None
    enterprise_name: str


async def block(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    enterprise_id: UUID,
    *,
    person_id: UUID,
    reason: str,
    now: datetime,
) -> Blocked:
    """Somebody of one's list or who has worked here. They leave the list; offers still open are taken back."""
    check_firm(actor, enterprise_id)
    if not await _knows(session, enterprise_id, person_id):
        raise WorkerUnknownError
    row = await _of_pair(session, enterprise_id, person_id)
    if row is not None and row.lifted_at is None:
        raise AlreadyBlockedError
    if row is None:
        row = WorkerBlock(
            created_at=now, updated_at=now, enterprise_id=enterprise_id, person_id=person_id, reason=reason,
            blocked_by=actor.person_id,
        )  # fmt: skip
        session.add(row)
    else:
        row.reason, row.blocked_by, row.lifted_at, row.created_at = reason, actor.person_id, None, now
        row.touch(now)
    limits = await limits_on(session, china_date(now))
    row.flagged_days = flagged_days(await _last_claim(session, enterprise_id, person_id), now, limits)
    await session.flush()
    firm = await get_enterprise(session, enterprise_id)
    if row.flagged_days is not None:
        await open_task(
            session,
            TaskKind.WORKER_BLOCKED,
            row.id,
            title=f"{firm.name}：讨薪{row.flagged_days}天后拉黑一名零工",
            now=now,
        )
    await rosters.leave_some(session, person_id, [enterprise_id], now=now)
    audit.by(session, actor, "worker_blocked", SUBJECT, row.id, now=now, enterprise=str(enterprise_id))
    await emit(session, WorkerBlocked(at=now, enterprise_id=enterprise_id, person_id=person_id))
    names = await masked_names(session, crypto, [person_id])
    return Blocked(row, names.get(person_id), firm.name)


async def lift(session: AsyncSession, actor: Actor, enterprise_id: UUID, block_id: UUID, *, now: datetime) -> None:
    """The firm thinks better of it."""
    check_firm(actor, enterprise_id)
    row = await lock(session, WorkerBlock, block_id, WorkerBlockNotFoundError)
    if row.enterprise_id != enterprise_id or row.lifted_at is not None:
        raise WorkerBlockNotFoundError
    row.lifted_at = now
    row.touch(now)
    await close_tasks(session, TaskKind.WORKER_BLOCKED, row.id, by=actor.person_id, now=now, note="企业已自行解除")
    audit.by(session, actor, "worker_unblocked", SUBJECT, row.id, now=now)


async def list_blocks(session: ReadSession, crypto: Crypto, actor: Actor, enterprise_id: UUID) -> list[Blocked]:
    """The firm's own, newest first, at most 200."""
    check_firm(actor, enterprise_id)
    return await _list(
        session, crypto, WorkerBlock.enterprise_id == enterprise_id, col(WorkerBlock.lifted_at).is_(None)
    )


async def list_flagged(session: ReadSession, crypto: Crypto, actor: Actor) -> list[Blocked]:
    """Those of all firms that came soon after a wage claim, newest first, at most 200; for the office."""
    check_permission(actor, Permission.GIG_DECIDE)
    if not actor.town_wide(Permission.GIG_DECIDE):
        return []
    return await _list(session, crypto, col(WorkerBlock.flagged_days).is_not(None))


async def review(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    block_id: UUID,
    *,
    lifted: bool,
    note: str,
    expected_version: int,
    now: datetime,
) -> Blocked:
    """The office has asked both: the block stands, or is taken off and the firm told why."""
    check_town_wide(actor, Permission.GIG_DECIDE)
    row = await lock(session, WorkerBlock, block_id, WorkerBlockNotFoundError)
    check_version(row.version, expected_version)
    if not await close_tasks(session, TaskKind.WORKER_BLOCKED, row.id, by=actor.person_id, now=now, note=note):
        raise BlockNotFlaggedError
    if lifted and row.lifted_at is None:
        row.lifted_at = now
    row.touch(now)
    firm = await get_enterprise(session, row.enterprise_id)
    audit.by(session, actor, "worker_block_reviewed", SUBJECT, row.id, now=now, lifted=str(lifted))
    result = "已由零工专员解除" if lifted else "经零工专员核对，予以保留"
    await notify_all(
        session, await people_with(session, Permission.GIG_ORDER_WRITE, row.enterprise_id, now=now),
        kind=NoticeKind.GIG_STANDING, now=now, title="“不再邀请”核对结果",
        body=f"您企业在讨薪{row.flagged_days}天后设置的一条“不再邀请”{result}：{note}。",
        page="pages/enterprise/blocks", template_data={"thing1": "不再邀请", "phrase2": "已解除" if lifted else "保留"},
    )  # fmt: skip
    names = await masked_names(session, crypto, [row.person_id])
    return Blocked(row, names.get(row.person_id), firm.name)


async def blocked_by(session: AsyncSession, enterprise_id: UUID, person_ids: Sequence[UUID]) -> set[UUID]:
    """Those of them whom the firm does not want."""
    rows = await session.exec(
        select(col(WorkerBlock.person_id)).where(
            WorkerBlock.enterprise_id == enterprise_id, col(WorkerBlock.person_id).in_(person_ids),
            col(WorkerBlock.lifted_at).is_(None),
        )
    )  # fmt: skip
    return set(rows.all())


async def note_claim(session: AsyncSession, enterprise_id: UUID, person_id: UUID, *, now: datetime) -> None:
    """A wage claim was made: remembered by its day, for the question whether a block followed it."""
    session.add(WageClaim(created_at=now, enterprise_id=enterprise_id, person_id=person_id))
    await session.flush()


async def _list(session: ReadSession, crypto: Crypto, *conditions: object) -> list[Blocked]:
    rows = (
        await session.exec(
            select(WorkerBlock, col(Enterprise.name))
            .join(Enterprise, col(Enterprise.id) == col(WorkerBlock.enterprise_id))
            .where(*conditions)  # type: ignore[arg-type]  # conditions of columns
            .order_by(col(WorkerBlock.created_at).desc(), col(WorkerBlock.id).desc())
            .limit(200)
        )
    ).all()
    names = await masked_names(session, crypto, [row.person_id for row, _ in rows])
    return [Blocked(row, names.get(row.person_id), firm) for row, firm in rows]


async def _of_pair(session: AsyncSession, enterprise_id: UUID, person_id: UUID) -> WorkerBlock | None:
    found = await session.exec(
        select(WorkerBlock)
        .where(WorkerBlock.enterprise_id == enterprise_id, WorkerBlock.person_id == person_id)
        .with_for_update()
    )
    return found.one_or_none()


async def _knows(session: AsyncSession, enterprise_id: UUID, person_id: UUID) -> bool:
    if await rosters.is_member(session, enterprise_id, person_id):
        return True
    worked = await session.exec(
        select(col(Assignment.id))
        .where(Assignment.enterprise_id == enterprise_id, Assignment.person_id == person_id)
        .limit(1)
    )
    return worked.one_or_none() is not None


async def _last_claim(session: AsyncSession, enterprise_id: UUID, person_id: UUID) -> datetime | None:
    found = await session.exec(
        select(func.max(col(WageClaim.created_at))).where(
            WageClaim.enterprise_id == enterprise_id, WageClaim.person_id == person_id
        )
    )
    return found.one()
