"""Notices: every message to a person is a row; WeChat, SMS and a telephone are only faster ways to the same row."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import outbox
from app.core.db import ReadSession
from app.core.pages import Cursors, after
from app.models.common import Call, Notice
from app.rules.common.notices import CallState, NoticeKind, NoticeNotFoundError
from app.rules.identity.roles import Actor

TOPIC = "notice"


async def notify(
    session: AsyncSession,
    *,
    person_id: UUID,
    kind: NoticeKind,
    title: str,
    body: str,
    page: str,
    now: datetime,
    template_data: dict[str, str],
    deadline_at: datetime | None = None,
) -> Notice:
    """Write the row, and enqueue its delivery in the same transaction: neither exists without the other."""
    notice = Notice(
        created_at=now, person_id=person_id, kind=kind, title=title, body=body, page=page,
        template_data=template_data, deadline_at=deadline_at,
    )  # fmt: skip
    session.add(notice)
    await session.flush()
    await outbox.enqueue(
        session, topic=TOPIC, payload={"notice_id": str(notice.id)}, now=now, dedupe_key=f"notice:{notice.id}"
    )
    return notice


async def notify_all(
    session: AsyncSession,
    person_ids: Sequence[UUID],
    *,
    kind: NoticeKind,
    title: str,
    body: str,
    page: str,
    now: datetime,
    template_data: dict[str, str],
) -> None:
    """The same words to many people: a thousand must not hold the transaction's locks for a thousand round trips."""
    rows = [
        Notice(
            created_at=now, person_id=person_id, kind=kind, title=title, body=body, page=page,
            template_data=template_data,
        )
        for person_id in person_ids
    ]  # fmt: skip
    session.add_all(rows)
    await session.flush()
    payloads = {f"notice:{row.id}": {"notice_id": str(row.id)} for row in rows}
    await outbox.enqueue_all(session, topic=TOPIC, payloads=payloads, now=now)


async def list_notices(
    session: ReadSession, cursors: Cursors, actor: Actor, *, unread: bool, cursor: str | None, limit: int
) -> tuple[Sequence[Notice], str | None]:
    """Own notices, newest first."""
    query: dict[str, Any] = {"list": "notices", "person": actor.person_id, "unread": unread or None}
    keys = [col(Notice.created_at), col(Notice.id)]
    statement = select(Notice).where(Notice.person_id == actor.person_id)
    if unread:
        statement = statement.where(col(Notice.read_at).is_(None))
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])


async def mark_read(session: AsyncSession, actor: Actor, notice_id: UUID, *, now: datetime) -> None:
    """Reading twice changes nothing; another person's notice does not exist. What is read has arrived."""
    done = await session.exec(
        update(Notice)
        .where(col(Notice.id) == notice_id, col(Notice.person_id) == actor.person_id)
        .values(
            read_at=func.coalesce(col(Notice.read_at), now), delivered_at=func.coalesce(col(Notice.delivered_at), now)
        )
    )
    if done.rowcount == 0:
        raise NoticeNotFoundError
    await session.exec(
        update(Call)
        .where(col(Call.notice_id) == notice_id, col(Call.state) == CallState.OPEN)
        .values(state=CallState.SPARED, handled_at=now, updated_at=now, version=col(Call.version) + 1)
    )


async def count_unread(session: AsyncSession, person_id: UUID) -> int:
    counted = await session.exec(
        select(func.count()).select_from(Notice).where(Notice.person_id == person_id, col(Notice.read_at).is_(None))
    )
    return counted.one()


async def get_for_delivery(session: AsyncSession, notice_id: UUID) -> Notice | None:
    return (await session.exec(select(Notice).where(Notice.id == notice_id))).one_or_none()


async def is_own(session: AsyncSession, person_id: UUID, notice_id: UUID) -> bool:
    found = await session.exec(select(col(Notice.id)).where(Notice.id == notice_id, Notice.person_id == person_id))
    return found.one_or_none() is not None
