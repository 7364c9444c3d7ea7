"""The report of a fair: computed once when the office closes it, followed up after 45 days, written out as Excel."""

import asyncio
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import xlsxwriter
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.core.db import ReadSession, check_version
from app.models.jobs import Fair, FairReport
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Actor, Permission, check_permission
from app.rules.jobs.fairs import (
    FOLLOW_UP_AFTER,
    FairNotFoundError,
    FairReportNotFoundError,
    FairState,
    check_move,
    hide_small,
    hide_total,
)
from app.schemas.jobs.fairs import (
    BoardRead,
    FairReportRead,
    FollowUp,
    FollowUpLine,
    OccupationNumbers,
    ReportContent,
    ReportLine,
    ReportTotals,
)
from app.services.common.tasks import close_tasks
from app.services.identity import audit
from app.services.jobs.fair_numbers import Group, Numbers, numbers_of
from app.services.jobs.fairs import enter, lock_managed, manages, seen

FOLLOW_UP_BATCH = 10
LINE_COLUMNS = {
    "name": "名称", "booth_number": "展位", "vacancies": "岗位数", "headcount": "招聘人数", "applications": "应聘",
    "interviews": "面试", "intents": "达成意向", "hired": "录用",
}  # fmt: skip
TOTAL_COLUMNS = {
    "enterprises": "参展企业", "vacancies": "岗位数", "headcount": "招聘人数", "openings": "结束时空缺", "visits": "页面访问",
    "checked_in": "到场人数", "applications": "应聘", "interviews": "面试", "intents": "达成意向", "hired": "录用",
}  # fmt: skip
FOLLOW_UP_COLUMNS = {"name": "名称", "hired": "已录用", "kept_30d": "登记在岗满30天"}


async def board(session: ReadSession, actor: Actor | None, fair_id: UUID, *, now: datetime) -> BoardRead:
    """Public numbers only; small numbers of people are hidden, and what would give them away."""
    fair = await seen(session, actor, fair_id)
    numbers = await numbers_of(await session.connection(), fair_id, now=now)
    total = numbers.total
    return BoardRead(
        fair_id=fair.id, title=fair.title, state=fair.state, state_label=fair.state.label, at=now,
        enterprises=numbers.confirmed,
        vacancies=total.vacancies, openings=total.openings, visits=numbers.visits,
        checked_in=hide_total(numbers.checked_in), applications=hide_total(total.applications),
        interviews=hide_total(total.interviews), intents=hide_total(total.intents),
        occupations=_occupations(numbers.occupations),
    )  # fmt: skip


def _occupations(groups: Sequence[Group]) -> list[OccupationNumbers]:
    shown = {
        name: hide_small([getattr(group.tally, name) for group in groups])
        for name in ("applications", "interviews", "intents")
    }
    return [
        OccupationNumbers(
            occupation_code=group.key, occupation_name=group.name, openings=group.tally.openings,
            **{name: counts[place] for name, counts in shown.items()},
        )
        for place, group in enumerate(groups)
    ]  # fmt: skip


async def make_report(
    session: AsyncSession, actor: Actor, fair_id: UUID, *, expected_version: int, now: datetime
) -> FairReport:
    """Once: what people will read in a year is what was true at the end."""
    fair = await lock_managed(session, actor, fair_id)
    check_version(fair.version, expected_version)
    check_move(fair.state, FairState.REPORTED)
    ended_at = fair.ended_at or now
    numbers = await numbers_of(await session.connection(), fair_id, now=now)
    row = FairReport(
        created_at=now, fair_id=fair_id, content=_content(fair, ended_at, numbers).model_dump(mode="json"),
        follow_up_due_at=ended_at + FOLLOW_UP_AFTER,
    )  # fmt: skip
    session.add(row)
    await enter(session, fair, FairState.REPORTED, now)
    await close_tasks(session, TaskKind.FAIR_REPORT, fair_id, by=actor.person_id, now=now)
    audit.by(session, actor, "fair_reported", "fair", fair_id, now=now)
    return row


async def get_report(session: ReadSession, actor: Actor, fair_id: UUID) -> FairReport:
    check_permission(actor, Permission.FAIR_MANAGE)
    if not manages(actor, fair_id):
        raise FairNotFoundError
    await seen(session, actor, fair_id)
    row = (await session.exec(select(FairReport).where(FairReport.fair_id == fair_id))).one_or_none()
    if row is None:
        raise FairReportNotFoundError
    return row


async def follow_up_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: the second part of reports whose month is over."""
    rows = await session.exec(
        select(FairReport)
        .where(col(FairReport.followed_up_at).is_(None), col(FairReport.follow_up_due_at) <= now)
        .order_by(col(FairReport.id))
        .limit(FOLLOW_UP_BATCH)
        .with_for_update(skip_locked=True)
    )
    found = rows.all()
    for row in found:
        numbers = await numbers_of(await session.connection(), row.fair_id, now=now)
        row.follow_up, row.followed_up_at = _follow_up(numbers).model_dump(mode="json"), now
        audit.record(
            session, "fair_followed_up", actor_id=None, subject_kind="fair", subject_id=row.fair_id, now=now
        )  # fmt: skip
    await session.flush()
    return len(found)


def report_read(row: FairReport) -> FairReportRead:
    return FairReportRead(
        fair_id=row.fair_id, computed_at=row.created_at, content=ReportContent.model_validate(row.content),
        follow_up_due_at=row.follow_up_due_at, followed_up_at=row.followed_up_at,
        follow_up=None if row.follow_up is None else FollowUp.model_validate(row.follow_up),
    )  # fmt: skip


async def workbook(row: FairReport) -> bytes:
    """The same numbers as a workbook, one sheet for each part; made in a thread."""
    return await asyncio.to_thread(_workbook, report_read(row))


def _content(fair: Fair, ended_at: datetime, numbers: Numbers) -> ReportContent:
    total = numbers.total
    firms = [_line(group) for group in numbers.enterprises]
    return ReportContent(
        title=fair.title, kind_label=fair.kind.label, starts_at=fair.starts_at, ends_at=fair.ends_at,
        ended_at=ended_at, place=fair.place_address or fair.corridor or "", school=fair.school,
        totals=ReportTotals(
            enterprises=numbers.confirmed, vacancies=total.vacancies, headcount=total.headcount, openings=total.openings,
            visits=numbers.visits, checked_in=numbers.checked_in, applications=total.applications,
            interviews=total.interviews, intents=total.intents, hired=total.hired,
        ),
        enterprises=firms, occupations=[_line(group) for group in numbers.occupations],
    )  # fmt: skip


def _line(group: Group) -> ReportLine:
    tally = group.tally
    return ReportLine(
        key=group.key, name=group.name, booth_number=group.number, vacancies=tally.vacancies,
        headcount=tally.headcount, applications=tally.applications, interviews=tally.interviews,
        intents=tally.intents, hired=tally.hired,
    )  # fmt: skip


def _follow_up(numbers: Numbers) -> FollowUp:
    def lines(groups: Sequence[Group]) -> list[FollowUpLine]:
        return [
            FollowUpLine(key=group.key, name=group.name, hired=group.tally.hired, kept_30d=group.tally.kept_30d)
            for group in groups
        ]

    return FollowUp(
        hired=numbers.total.hired, kept_30d=numbers.total.kept_30d,
        enterprises=lines(numbers.enterprises), occupations=lines(numbers.occupations),
    )  # fmt: skip


def _workbook(report: FairReportRead) -> bytes:
    out = io.BytesIO()
    # A firm's name that begins with "=" is a name.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    content = report.content
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet("概况")
        sheet.set_column(0, 1, 24)
        facts = {
            "名称": content.title, "形式": content.kind_label, "地点": content.place, "学校": content.school or "",
            "开始": _shown(content.starts_at), "结束": _shown(content.ended_at), "统计时间": _shown(report.computed_at),
        }  # fmt: skip
        facts |= {label: getattr(content.totals, name) for name, label in TOTAL_COLUMNS.items()}
        for place, (label, value) in enumerate(facts.items()):
            sheet.write(place, 0, label, bold)
            sheet.write(place, 1, value)
        _sheet(book, bold, "企业", LINE_COLUMNS, content.enterprises)
        _sheet(book, bold, "职业", LINE_COLUMNS, content.occupations)
        if report.follow_up is not None:
            _sheet(book, bold, "回访（企业）", FOLLOW_UP_COLUMNS, report.follow_up.enterprises)
            _sheet(book, bold, "回访（职业）", FOLLOW_UP_COLUMNS, report.follow_up.occupations)
    return out.getvalue()


def _sheet(book: Any, bold: Any, title: str, columns: dict[str, str], lines: Sequence[Any]) -> None:
    sheet = book.add_worksheet(title)
    sheet.set_column(0, 0, 36)
    sheet.freeze_panes(1, 0)
    for place, label in enumerate(columns.values()):
        sheet.write(0, place, label, bold)
    for row, line in enumerate(lines, start=1):
        for place, name in enumerate(columns):
            sheet.write(row, place, getattr(line, name))


def _shown(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"
