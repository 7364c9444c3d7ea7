"""Reports and rosters: a firm's own entries, a provider's classes with cost and ceiling, a class's list as a workbook."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.core.crypto import crypto_of
from app.core.db import ReadSession
from app.core.sheets import Table
from app.models.training import Enrolment, SubsidyRate, TrainingClass, TrainingProvider
from app.rules.identity.masks import mask_name
from app.rules.identity.roles import Actor, Permission, ScopeKind, check_permission, check_town_wide
from app.rules.organisation import EnterpriseNotFoundError
from app.rules.training import reports as rules
from app.rules.training.attendance import share_of
from app.rules.training.classes import ClassState, periods_of
from app.rules.training.courses import TrainingProviderNotFoundError
from app.rules.training.enrolments import EnrolmentState
from app.rules.training.reports import SubsidyKind, SubsidyRow
from app.services.identity.people import facts_of
from app.services.runtime import Runtime
from app.services.training.enrolments import ENTER, list_of_class

MANAGE = Permission.TRAINING_MANAGE
E = EnrolmentState
LONGEST_YEARS = 3
LINES_AT_MOST = 5000
DAYS_OF_YEAR = 366
WAS_THERE = (E.ATTENDED, E.PASSED, E.FAILED)


@dataclass(frozen=True, slots=True)
class FirmLine:
    enrolment: Enrolment
    klass: TrainingClass
    name: str | None


@dataclass(frozen=True, slots=True)
class ProviderLine:
    klass: TrainingClass
    heads: int
    passed: int
    hours: int
    hour_cost: int | None
    told: str
    ceiling: int | None
    ceiling_told: str


@dataclass(frozen=True, slots=True)
class Period:
    """Both days included."""

    since: date
    until: date

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        after = date.fromordinal(self.until.toordinal() + 1)
        return datetime.combine(self.since, time(), CHINA), datetime.combine(after, time(), CHINA)


def period_of(since: date, until: date) -> Period:
    if not since <= until or (until - since).days > LONGEST_YEARS * DAYS_OF_YEAR:
        raise rules.ReportPeriodError(years=LONGEST_YEARS)
    return Period(since, until)


async def of_firm(session: ReadSession, actor: Actor, enterprise_id: UUID, period: Period) -> list[FirmLine]:
    """Only the entries that the firm itself has made: what its people learn by themselves is theirs."""
    check_permission(actor, ENTER)
    if enterprise_id not in actor.scopes(ENTER, ScopeKind.ENTERPRISE):
        raise EnterpriseNotFoundError
    first, last = period.bounds
    rows = (
        await session.exec(
            select(Enrolment, TrainingClass)
            .join(TrainingClass, col(TrainingClass.id) == col(Enrolment.class_id))
            .where(
                Enrolment.enterprise_id == enterprise_id, col(TrainingClass.first_at) >= first,
                col(TrainingClass.first_at) < last,
            )
            .order_by(col(TrainingClass.first_at), col(Enrolment.id))
            .limit(LINES_AT_MOST)
        )
    ).all()  # fmt: skip
    facts = await facts_of(session, crypto_of(session), sorted({row.person_id for row, _ in rows}))
    names = {key: mask_name(one.name) if one.name else None for key, one in facts.items()}
    return [FirmLine(row, klass, names.get(row.person_id)) for row, klass in rows]


async def of_provider(
    session: ReadSession, actor: Actor, provider_id: UUID, period: Period
) -> tuple[TrainingProvider, list[ProviderLine]]:
    """Completed classes of the period, each with its cost beside what the subsidy would pay at most."""
    check_town_wide(actor, MANAGE)
    found = await session.exec(select(TrainingProvider).where(TrainingProvider.id == provider_id))
    provider = found.one_or_none()
    if provider is None:
        raise TrainingProviderNotFoundError
    first, last = period.bounds
    classes = (
        await session.exec(
            select(TrainingClass)
            .where(
                TrainingClass.provider_id == provider_id, TrainingClass.state == ClassState.COMPLETED,
                col(TrainingClass.first_at) >= first, col(TrainingClass.first_at) < last,
            )
            .order_by(col(TrainingClass.first_at), col(TrainingClass.id))
            .limit(LINES_AT_MOST)
        )
    ).all()  # fmt: skip
    counts = await _counts(session, [klass.id for klass in classes])
    rows = await subsidy_rows(session)
    return provider, [_line(klass, counts[klass.id], rows) for klass in classes]


async def list_subsidies(session: AsyncSession | ReadSession) -> Sequence[SubsidyRate]:
    order = (col(SubsidyRate.kind), col(SubsidyRate.valid_from))
    return (await session.exec(select(SubsidyRate).order_by(*order))).all()


async def subsidy_rows(session: AsyncSession | ReadSession) -> list[SubsidyRow]:
    return [
        SubsidyRow(row.kind, row.value, row.valid_from, row.valid_to, row.confirmed)
        for row in await list_subsidies(session)
    ]


async def firm_sheet(
    runtime: Runtime, session: ReadSession, actor: Actor, enterprise_id: UUID, period: Period
) -> bytes:
    lines = await of_firm(session, actor, enterprise_id, period)
    rows = [
        [
            f"{line.klass.first_at.astimezone(CHINA):%Y-%m-%d}", line.klass.title, line.name or "未填写",
            line.enrolment.state.label, _hours(line.enrolment), line.enrolment.score,
        ]
        for line in lines
    ]  # fmt: skip
    table = Table(
        title="培训情况", head=["开课日期", "培训班", "姓名", "结果", "学时", "分数"], rows=rows,
        wide=[14, 30, 12, 14, 8, 8],
        notes=["只列本企业报名的人次；个人自行参加的培训属于个人信息，不在此列。"],
    )  # fmt: skip
    return await runtime.sheets.write(table)


async def provider_sheet(
    runtime: Runtime, session: ReadSession, actor: Actor, provider_id: UUID, period: Period
) -> bytes:
    provider, lines = await of_provider(session, actor, provider_id, period)
    rows = [
        [
            f"{line.klass.first_at.astimezone(CHINA):%Y-%m-%d}", line.klass.title, line.klass.filing_number or "",
            line.heads, line.passed, line.hours, line.klass.cost_fen / 100, line.told, line.ceiling_told,
        ]
        for line in lines
    ]  # fmt: skip
    table = Table(
        title=provider.name[:28], rows=rows, wide=[14, 30, 18, 10, 10, 8, 12, 44, 44],
        head=["开课日期", "培训班", "备案号", "到课人数", "合格人数", "学时", "费用（元）", "成本", "补贴上限"],
        notes=["补贴标准按开课日适用的一行计算，标“待核对”的以受理部门文件为准。"],
    )  # fmt: skip
    return await runtime.sheets.write(table)


async def class_roster(runtime: Runtime, session: ReadSession, actor: Actor, class_id: UUID) -> bytes:
    """Who is in the class, with the results so far: for the office and the class's trainers."""
    found = await list_of_class(session, actor, class_id, state=None)
    gone = {E.WITHDRAWN, E.REFUSED, E.DECLINED, E.LAPSED, E.CLASS_CANCELLED}
    rows = [
        [
            number, one.name or "未填写", one.row.state.label, "集体" if one.row.group_id else "个人",
            _hours(one.row), one.row.score, one.row.told or "",
        ]
        for number, one in enumerate((one for one in found if one.row.state not in gone), 1)
    ]  # fmt: skip
    table = Table(
        title="学员名册", head=["序号", "姓名", "状态", "报名方式", "学时", "分数", "依据"], rows=rows,
        wide=[8, 14, 14, 10, 8, 8, 50],
    )  # fmt: skip
    return await runtime.sheets.write(table)


async def _counts(session: ReadSession, class_ids: Sequence[UUID]) -> dict[UUID, Counter[EnrolmentState]]:
    rows = await session.exec(
        select(col(Enrolment.class_id), col(Enrolment.state)).where(
            col(Enrolment.class_id).in_(class_ids), col(Enrolment.state).in_(WAS_THERE)
        )
    )
    found: dict[UUID, Counter[EnrolmentState]] = {class_id: Counter() for class_id in class_ids}
    for class_id, state in rows:
        found[class_id][state] += 1
    return found


def _line(klass: TrainingClass, counts: Counter[EnrolmentState], rows: Sequence[SubsidyRow]) -> ProviderLine:
    heads, hours, day = counts.total(), periods_of(klass.minutes), china_date(klass.first_at)
    cost = rules.hour_cost(klass.cost_fen, hours=hours, heads=heads)
    rate = rules.in_force(rows, SubsidyKind.HOUR_RATE, day)
    ceiling, ceiling_told = rules.ceiling_of(rows, hours=hours, heads=counts[E.PASSED], on=day)
    told = rules.cost_told(cost, rate)
    return ProviderLine(klass, heads, counts[E.PASSED], hours, cost, told, ceiling, ceiling_told)


def _hours(row: Enrolment) -> int | None:
    return None if row.minutes is None else periods_of(row.minutes)


def pass_share(lines: Sequence[ProviderLine]) -> int | None:
    heads = sum(line.heads for line in lines)
    return share_of(sum(line.passed for line in lines), heads) if heads else None
