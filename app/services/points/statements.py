"""A person's statement of points (对账单): the lines of a year, as a workbook and as a document to print."""

from datetime import date, datetime, time
from uuid import UUID

from app.core.clock import CHINA
from app.core.db import ReadSession
from app.core.sheets import Table
from app.rules.points.ledger import StatementTooLongError
from app.services.identity.people import facts_of
from app.services.points import own
from app.services.points.own import Moved
from app.services.runtime import Runtime

LINES_AT_MOST = 2000
HEAD = ["序号", "时间", "类别", "原因", "积分", "余额"]
WIDE = [8, 18, 14, 44, 10, 10]
NOTE = "积分不是钱，不能充值、转卖或兑换现金；到期和冲回按镇里公布的规则。如有疑问，请凭本单到宝盖镇积分专员处核对。"


async def sheet(runtime: Runtime, session: ReadSession, person_id: UUID, year: int) -> bytes:
    lines = await _lines(session, person_id, year)
    rows = [[line.seq, *_cells(line)[1:4], line.points, line.balance_after] for line in lines]
    return await runtime.sheets.write(Table(title=f"文明积分{year}年", head=HEAD, rows=rows, wide=WIDE, notes=[NOTE]))


async def paper(runtime: Runtime, session: ReadSession, person_id: UUID, year: int, *, now: datetime) -> bytes:
    lines = await _lines(session, person_id, year)
    facts = (await facts_of(session, runtime.crypto, [person_id])).get(person_id)
    points = await own.points_of(session, person_id, now=now)
    data = {
        "title": "文明积分对账单", "subtitle": f"{year}年，共{len(lines)}笔", "note": NOTE,
        "facts": [
            ["姓名", (facts.name if facts else None) or "未填写"], ["可用积分", str(points.available)],
            ["冻结积分", str(points.held)], ["待抵扣", str(points.debt)],
        ],
        "lines": [_cells(line) for line in lines],
    }  # fmt: skip
    return await runtime.pdfs.write("points_statement", data)


async def _lines(session: ReadSession, person_id: UUID, year: int) -> list[Moved]:
    """The oldest first. StatementTooLongError rather than a statement that leaves something out."""
    first, last = (datetime.combine(date(one, 1, 1), time(), CHINA) for one in (year, year + 1))
    lines = await own.lines_between(session, person_id, first, last, at_most=LINES_AT_MOST + 1)
    if len(lines) > LINES_AT_MOST:
        raise StatementTooLongError(most=LINES_AT_MOST)
    return lines


def _cells(line: Moved) -> list[str]:
    at = line.at.astimezone(CHINA)
    return [
        str(line.seq), f"{at:%Y-%m-%d %H:%M}", line.kind.label, line.told, f"{line.points:+d}", str(line.balance_after)
    ]  # fmt: skip
