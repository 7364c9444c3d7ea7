"""What either side does with a time sheet: each act locks it, does one thing, and answers as that side sees it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.rules.gigs.terms import Side
from app.rules.gigs.timesheets import Record
from app.rules.identity.roles import Actor
from app.schemas.gigs.site import TimesheetRead
from app.services.gigs import differences, site_views, timesheets
from app.services.gigs.timesheets import Line, Sheet


async def record(
    session: AsyncSession, crypto: Crypto, actor: Actor, side: Side, timesheet_id: UUID, said: Record, *,
    reason: str | None, expected_version: int, now: datetime,
) -> TimesheetRead:  # fmt: skip
    sheet = await _locked(session, actor, side, timesheet_id, expected_version)
    await differences.record(session, crypto, actor, sheet, said, reason=reason, now=now)
    return await site_views.sheet_read(session, crypto, sheet.row, side, now=now)


async def agree(
    session: AsyncSession, crypto: Crypto, actor: Actor, side: Side, timesheet_id: UUID, *, expected_version: int,
    now: datetime,
) -> TimesheetRead:  # fmt: skip
    sheet = await _locked(session, actor, side, timesheet_id, expected_version)
    await differences.agree(session, crypto, actor, sheet, now=now)
    return await site_views.sheet_read(session, crypto, sheet.row, side, now=now)


async def answer(
    session: AsyncSession, crypto: Crypto, actor: Actor, side: Side, timesheet_id: UUID, *, offered: Record | None,
    words: str | None, expected_version: int, now: datetime,
) -> TimesheetRead:  # fmt: skip
    sheet = await _locked(session, actor, side, timesheet_id, expected_version)
    await differences.answer(session, crypto, actor, sheet, offered=offered, words=words, now=now)
    return await site_views.sheet_read(session, crypto, sheet.row, side, now=now)


async def mediate(
    session: AsyncSession, crypto: Crypto, actor: Actor, side: Side, timesheet_id: UUID, *, expected_version: int,
    now: datetime,
) -> TimesheetRead:  # fmt: skip
    sheet = await _locked(session, actor, side, timesheet_id, expected_version)
    await differences.mediate(session, crypto, actor, sheet, now=now)
    return await site_views.sheet_read(session, crypto, sheet.row, side, now=now)


async def state_batch(
    session: AsyncSession, crypto: Crypto, actor: Actor, shift_id: UUID, lines: Sequence[Line], *, now: datetime
) -> list[TimesheetRead]:
    rows = await timesheets.state_batch(session, crypto, actor, shift_id, lines, now=now)
    return await site_views.sheets_read(session, crypto, rows, Side.FIRM, now=now)


async def look(
    session: ReadSession, crypto: Crypto, actor: Actor, side: Side, timesheet_id: UUID, *, now: datetime
) -> TimesheetRead:
    get = timesheets.get_mine if side is Side.WORKER else timesheets.get_of_firm
    return await site_views.sheet_read(session, crypto, await get(session, actor, timesheet_id), side, now=now)


async def _locked(session: AsyncSession, actor: Actor, side: Side, timesheet_id: UUID, expected_version: int) -> Sheet:
    lock = timesheets.lock_own if side is Side.WORKER else timesheets.lock_of_firm
    return await lock(session, actor, timesheet_id, expected_version)
