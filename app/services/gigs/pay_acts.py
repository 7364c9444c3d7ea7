"""What either side does with a settlement, answered as that side sees it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.core.pages import Page
from app.rules.gigs.settlements import SettlementState
from app.rules.gigs.terms import Side
from app.rules.identity.roles import Actor
from app.schemas.gigs.pay import OverdueFirm, SettlementRead
from app.services.gigs import pay_views, paying
from app.services.organisation.liaison import firms_of_cadres
from app.services.runtime import Runtime


async def pay(
    session: AsyncSession, crypto: Crypto, actor: Actor, settlement_id: UUID, *, now: datetime, **form: Any
) -> SettlementRead:
    row = await paying.register_payment(session, actor, settlement_id, now=now, **form)
    return await pay_views.settlement_read(session, crypto, row, Side.FIRM)


async def deduct(
    session: AsyncSession, crypto: Crypto, actor: Actor, settlement_id: UUID, *, now: datetime, **form: Any
) -> SettlementRead:
    row = await paying.deduct(session, actor, settlement_id, now=now, **form)
    return await pay_views.settlement_read(session, crypto, row, Side.FIRM)


async def take_off_deduction(
    session: AsyncSession, crypto: Crypto, actor: Actor, settlement_id: UUID, line_id: UUID, expected_version: int, *,
    now: datetime,
) -> SettlementRead:  # fmt: skip
    row = await paying.take_off_deduction(
        session, actor, settlement_id, line_id, expected_version=expected_version, now=now
    )
    return await pay_views.settlement_read(session, crypto, row, Side.FIRM)


async def receive(
    session: AsyncSession, crypto: Crypto, actor: Actor, settlement_id: UUID, expected_version: int, *, now: datetime
) -> SettlementRead:
    row = await paying.receive(session, crypto, actor, settlement_id, expected_version=expected_version, now=now)
    return await pay_views.settlement_read(session, crypto, row, Side.WORKER)


async def contest(
    session: AsyncSession, crypto: Crypto, actor: Actor, settlement_id: UUID, *, words: str, expected_version: int,
    now: datetime,
) -> SettlementRead:  # fmt: skip
    row = await paying.contest(
        session, crypto, actor, settlement_id, words=words, expected_version=expected_version, now=now
    )
    return await pay_views.settlement_read(session, crypto, row, Side.WORKER)


async def mediate(
    session: AsyncSession, crypto: Crypto, actor: Actor, side: Side, settlement_id: UUID, expected_version: int, *,
    now: datetime,
) -> SettlementRead:  # fmt: skip
    row = await paying.mediate(session, crypto, actor, side, settlement_id, expected_version=expected_version, now=now)
    return await pay_views.settlement_read(session, crypto, row, side)


async def look(runtime: Runtime, session: ReadSession, actor: Actor, side: Side, settlement_id: UUID) -> SettlementRead:
    get = paying.get_mine if side is Side.WORKER else paying.get_of_firm
    return await pay_views.looked_at(runtime, session, await get(session, actor, settlement_id), side)


async def list_mine(
    session: ReadSession, runtime: Runtime, actor: Actor, *, cursor: str | None, limit: int
) -> Page[SettlementRead]:
    rows, following = await paying.list_mine(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    items = await pay_views.settlements_read(session, runtime.crypto, rows, Side.WORKER)
    return Page(items=items, next_cursor=following)


async def list_of_firm(
    session: ReadSession,
    runtime: Runtime,
    actor: Actor,
    *,
    enterprise_id: UUID | None,
    state: SettlementState | None,
    first: date | None,
    last: date | None,
    cursor: str | None,
    limit: int,
) -> Page[SettlementRead]:
    rows, following = await paying.list_of_firm(
        session, runtime.cursors, actor, enterprise_id=enterprise_id, state=state, first=first, last=last,
        cursor=cursor, limit=limit,
    )  # fmt: skip
    items = await pay_views.settlements_read(session, runtime.crypto, rows, Side.FIRM)
    return Page(items=items, next_cursor=following)


async def list_late(
    session: ReadSession, runtime: Runtime, enterprise_id: UUID, *, cursor: str | None, limit: int
) -> Page[SettlementRead]:
    rows, following = await paying.list_late(session, runtime.cursors, enterprise_id, cursor=cursor, limit=limit)
    return Page(items=await pay_views.late_read(runtime, session, rows), next_cursor=following)


async def late_firms_of_cadre(session: ReadSession, actor: Actor) -> list[OverdueFirm]:
    """Of the firms that the person stands beside as liaison cadre; counts and sums."""
    firms = sorted({firm for cadre, firm in await firms_of_cadres(session) if cadre == actor.person_id})
    return await pay_views.late_firms(session, firms) if firms else []
