"""Workbooks for firms: the import template, their postings, the candidates of a posting as they see them on the screen."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.core.clock import CHINA
from app.core.sheets import Table
from app.models.jobs import Vacancy
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs import import_sheet
from app.rules.jobs.import_sheet import COLUMNS, EXAMPLE, MARK
from app.rules.jobs.terms import Benefit, PayUnit, WorkFeature
from app.rules.jobs.vacancies import LONGEST_VALIDITY, EnterpriseNotYoursError
from app.services.common.codes import OCCUPATION, list_codes
from app.services.identity import audit
from app.services.jobs import applications, views
from app.services.runtime import Runtime

# What a person still reads in one sheet.
EXPORTED_AT_MOST = 5000
# Level of the code table from which a trade is fine enough to post under.
FINE_LEVEL = 3
NOTES = [
    "从“岗位”表第2行起，一行一个岗位；标记为“示例”的行不导入。带 * 的列必须填写。",
    "有下拉列表的列请从列表选择；福利、工作特点、设备、证书写几个的，用顿号隔开。",
    "金额单位为元，最多两位小数；时间写成 08:00；日期写成 2026-12-31。",
    "单元格里不要写公式；电话等长号码请先把单元格设为文本。不要填写身份证号码。",
    "看不懂的内容不会猜测或改写：那一行不导入，并指出是哪一格、写的是什么。",
]


async def template(runtime: Runtime, actor: Actor) -> bytes:
    """Headings, drop-downs from the code tables, and one row that says it is an example."""
    del actor
    async with runtime.db.reading() as session:
        codes = await list_codes(session, OCCUPATION)
    trades = [f"{row.code} {row.name}" for row in codes if row.level >= FINE_LEVEL]
    lists = {"职业": trades} | {
        column.label: [member.label for member in column.options] for column in COLUMNS if column.options is not None
    }
    heads = {column.label: column.label + ("*" if column.required else "") for column in COLUMNS}
    sewing = next((name for name in trades if name.startswith("61103")), trades[0] if trades else "")
    last_day = (runtime.clock.now().astimezone(CHINA) + LONGEST_VALIDITY / 3).date().isoformat()
    given = {"职业": sewing, "有效期至": last_day}
    return await runtime.sheets.write(
        Table(
            title="岗位",
            head=[MARK, *heads.values()],
            rows=[[f"{EXAMPLE}（不导入）", *(given.get(column.label, column.example) for column in COLUMNS)]],
            wide=[14, *(column.wide for column in COLUMNS)],
            lists=lists,
            drop_downs={heads[name]: name for name in lists},
            notes=NOTES,
        )
    )


async def firm_vacancies(runtime: Runtime, actor: Actor, enterprise_id: UUID) -> bytes:
    """All postings of one's firm in the columns of the template, newest first, so that they can be imported again."""
    if enterprise_id not in actor.enterprises(Permission.VACANCY_WRITE):
        raise EnterpriseNotYoursError
    async with runtime.db.reading() as session:
        found = await session.exec(
            select(Vacancy)
            .where(Vacancy.enterprise_id == enterprise_id)
            .order_by(col(Vacancy.created_at).desc(), col(Vacancy.id).desc())
            .limit(EXPORTED_AT_MOST)
        )
        rows = found.all()
    return await runtime.sheets.write(
        Table(
            title="岗位",
            head=["状态", "发布时间", "已录用", *(column.label for column in COLUMNS)],
            rows=[_vacancy_line(row) for row in rows],
            wide=[8, 20, 8, *(column.wide for column in COLUMNS)],
        )
    )


async def vacancy_candidates(runtime: Runtime, actor: Actor, vacancy_id: UUID) -> bytes:
    """What the screen shows and nothing more. A list of people that leaves the house is written down first."""
    now = runtime.clock.now()
    async with runtime.db.reading() as session:
        found = await applications.list_candidates(session, runtime.crypto, actor, vacancy_id, now=now)
    shown = [views.candidate_read(candidate) for candidate in found]
    async with runtime.db.unit_of_work() as session:
        audit.by(session, actor, "candidates_exported", "vacancy", vacancy_id, now=now, count=str(len(shown)))
    return await runtime.sheets.write(
        Table(
            title="应聘者",
            head=["姓名", "电话", "状态", "应聘时间", "匹配分", "理由", "不合之处"],
            rows=[
                [
                    row.contact.name if row.contact else "（未开放）", row.contact.phone if row.contact else "",
                    row.state_label, _instant(row.created_at), row.score if row.score is not None else "",
                    " · ".join(row.reasons), " · ".join(row.gaps),
                ]
                for row in shown
            ],
            wide=[12, 16, 10, 20, 8, 40, 40],
        )
    )  # fmt: skip


def _instant(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def _vacancy_line(row: Vacancy) -> list[Any]:
    piece = row.pay_unit is PayUnit.PIECE
    values: dict[str, Any] = {
        "title": row.title, "occupation_code": f"{row.occupation_code} {row.occupation_name}",
        "engagement": row.engagement.label, "headcount": row.headcount, "pay.unit": row.pay_unit.label,
        "pay.min_fen": _yuan(row.pay_min_fen), "pay.max_fen": _yuan(row.pay_max_fen),
        "pay.piece_rate_fen": _yuan(row.piece_rate_fen) if piece else "",
        "pay.piece_per_quantity": row.piece_per_quantity, "pay.piece_hourly_output": row.piece_hourly_output,
        "pay.cycle": row.pay_cycle.label, "minutes_per_day": row.minutes_per_day / 60,
        "days_per_month": row.days_per_month, "shift_pattern": row.shift_pattern.label,
        "work_start_minute": _clock(row.work_start_minute), "work_end_minute": _clock(row.work_end_minute),
        "place.address": row.place_address, "place.latitude": row.latitude, "place.longitude": row.longitude,
        "place.coord_type": row.coord_type.label if row.coord_type else "",
        "benefits": _labels(Benefit, row.benefits), "features": _labels(WorkFeature, row.features),
        "required_years": row.required_years, "required_machines": "、".join(row.required_machines),
        "required_certificates": "、".join(row.required_certificates),
        "required_level": row.required_level.label if row.required_level else "", "minimum_age": row.minimum_age,
        "start_date": row.start_date.isoformat() if row.start_date else "", "duties": row.duties,
        "requirements": row.requirements, "benefits_note": row.benefits_note, "contact_note": row.contact_note,
        "using_firm": row.using_firm, "repost_source": row.repost_source, "valid_until": row.valid_until.isoformat(),
    }  # fmt: skip
    return [
        row.state.label, _instant(row.published_at), row.hired_count,
        *(values[column.path] for column in import_sheet.COLUMNS),
    ]  # fmt: skip


def _labels(options: Any, codes: Sequence[str]) -> str:
    return "、".join(options(code).label for code in codes)


def _yuan(fen: int | None) -> float | None:
    return None if fen is None else fen / 100


def _clock(minute: int | None) -> str:
    return "" if minute is None else f"{minute // 60:02}:{minute % 60:02}"
