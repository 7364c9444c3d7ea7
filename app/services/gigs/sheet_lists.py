"""Pages of time sheets, as each side sees them."""

from datetime import datetime
from uuid import UUID

from app.core.db import ReadSession
from app.core.pages import Page
from app.rules.gigs.terms import Side
from app.rules.gigs.timesheets import TimesheetState
from app.rules.identity.roles import Actor
from app.schemas.gigs.site import TimesheetRead
from app.services.gigs import site_views, timesheets
from app.services.runtime import Runtime


async def of_mine(
    session: ReadSession, runtime: Runtime, actor: Actor, *, cursor: str | None, limit: int, now: datetime
) -> Page[TimesheetRead]:
    rows, following = await timesheets.list_mine(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    items = await site_views.sheets_read(session, runtime.crypto, rows, Side.WORKER, now=now)
    return Page(items=items, next_cursor=following)


async def of_firm(
    session: ReadSession,
    runtime: Runtime,
    actor: Actor,
    *,
    enterprise_id: UUID | None,
    shift_id: UUID | None,
    state: TimesheetState | None,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> Page[TimesheetRead]:
    rows, following = await timesheets.list_of_firm(
        session, runtime.cursors, actor, enterprise_id=enterprise_id, shift_id=shift_id, state=state, cursor=cursor,
        limit=limit,
    )  # fmt: skip
    items = await site_views.sheets_read(session, runtime.crypto, rows, Side.FIRM, now=now)
    return Page(items=items, next_cursor=following)
