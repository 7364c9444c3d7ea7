"""Who is told what about time sheets and accidents."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.events import subscribe
from app.rules.common.notices import NoticeKind
from app.rules.gigs.terms import Side
from app.rules.identity.roles import Permission
from app.services.common.notices import notify, notify_all
from app.services.gigs import board
from app.services.gigs.events import (
    AccidentMoved,
    AccidentReported,
    TimesheetMoved,
    TimesheetOpened,
    TimesheetStated,
)
from app.services.gigs.words import THING, moment
from app.services.identity.members import people_with

TIMESHEET_PAGE = "pages/timesheet/detail?id="
ACCIDENT_PAGE = "pages/accident/detail?id="


def register() -> None:
    """Called by `news.register`."""
    subscribe(TimesheetOpened, tell_opened)
    subscribe(TimesheetStated, tell_stated)
    subscribe(TimesheetMoved, tell_moved)
    subscribe(AccidentReported, tell_accident)
    subscribe(AccidentMoved, tell_accident_moved)


async def tell_opened(session: AsyncSession, event: TimesheetOpened) -> None:
    """The firm once for a shift; the person can state the hours too and need not be told so each time."""
    if not event.first:
        return
    on = (await board.many(session, [event.shift_id]))[event.shift_id]
    body = f"“{on.order.title}”{moment(on.shift.starts_at)}的班次有人完成，请填写工时；也可以整班一起填或导入考勤表。"
    await _firm(
        session, event, on.order.title, "待填写", "请填写工时", body, f"pages/shift/timesheets?id={event.shift_id}"
    )


async def tell_stated(session: AsyncSession, event: TimesheetStated) -> None:
    on = (await board.many(session, [event.shift_id]))[event.shift_id]
    said = f"“{on.order.title}”{moment(on.shift.starts_at)}：{event.by.label}填写的工时为{event.told}。"
    body = f"{said}请在{moment(event.answer_by)}前确认或提出不同意见，到时没有答复的，暂按这份记录。"
    page = f"{TIMESHEET_PAGE}{event.timesheet_id}"
    if event.by is Side.FIRM:
        await _worker(session, event, on.order.title, "待确认", "请确认工时", body, page)
    else:
        await _firm(session, event, on.order.title, "待确认", "请确认工时", body, page)


async def tell_moved(session: AsyncSession, event: TimesheetMoved) -> None:
    on = (await board.many(session, [event.shift_id]))[event.shift_id]
    body = f"“{on.order.title}”{moment(on.shift.starts_at)}：{event.words}"
    page = f"{TIMESHEET_PAGE}{event.timesheet_id}"
    if event.side is not Side.FIRM:
        await _worker(session, event, on.order.title, "有进展", "工时进展", body, page)
    if event.side is not Side.WORKER:
        await _firm(session, event, on.order.title, "有进展", "工时进展", body, page)


async def tell_accident(session: AsyncSession, event: AccidentReported) -> None:
    """What happened stays in the report: a notice may be read over a shoulder."""
    on = (await board.many(session, [event.shift_id]))[event.shift_id]
    page = f"{ACCIDENT_PAGE}{event.accident_id}"
    said = f"“{on.order.title}”{moment(on.shift.starts_at)}的班次报告了工伤事故。"
    firm = f"{said}请先救治，并在{event.claim_due_on.isoformat()}前申请工伤认定（《工伤保险条例》第十七条）。"
    await _firm(session, event, on.order.title, "事故报告", "工伤事故报告", firm, page, NoticeKind.GIG_ACCIDENT)
    worker = f"{said}企业应在{event.claim_due_on.isoformat()}前申请工伤认定；企业不申请的，您可在一年内自己申请。"
    await _worker(session, event, on.order.title, "事故报告", "工伤事故报告", worker, page, NoticeKind.GIG_ACCIDENT)


async def tell_accident_moved(session: AsyncSession, event: AccidentMoved) -> None:
    on = (await board.many(session, [event.shift_id]))[event.shift_id]
    page = f"{ACCIDENT_PAGE}{event.accident_id}"
    tell = _worker if event.side is Side.WORKER else _firm
    await tell(session, event, on.order.title, "有进展", "工伤事故进展", event.words, page, NoticeKind.GIG_ACCIDENT)


async def _worker(
    session: AsyncSession,
    event: TimesheetStated | TimesheetMoved | AccidentReported | AccidentMoved,
    thing: str,
    phrase: str,
    title: str,
    body: str,
    page: str,
    kind: NoticeKind = NoticeKind.GIG_TIMESHEET,
) -> None:
    await notify(
        session, person_id=event.person_id, kind=kind, now=event.at, title=title, body=body[:300], page=page,
        template_data={"thing1": thing[:THING], "phrase2": phrase},
    )  # fmt: skip


async def _firm(
    session: AsyncSession,
    event: TimesheetOpened | TimesheetStated | TimesheetMoved | AccidentReported | AccidentMoved,
    thing: str,
    phrase: str,
    title: str,
    body: str,
    page: str,
    kind: NoticeKind = NoticeKind.GIG_TIMESHEET,
) -> None:
    people = await people_with(session, Permission.GIG_SITE, event.enterprise_id, now=event.at)
    await notify_all(
        session, people, kind=kind, now=event.at, title=title, body=body[:300], page=page,
        template_data={"thing1": thing[:THING], "phrase2": phrase},
    )  # fmt: skip
