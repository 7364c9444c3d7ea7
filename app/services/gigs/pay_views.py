"""From rows to answers: settlements, late firms, publishing blocks; and a firm's settlements as a sheet."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.core.sheets import Table
from app.models.gigs import Assignment, PublishingBlock, Settlement, SettlementLine, Shift
from app.rules.gigs.settlements import BLOCK_NEXT, LATE_STATES, NEXT, BlockState, LineKind, SettlementState
from app.rules.gigs.terms import Side
from app.rules.identity.masks import mask_name
from app.rules.identity.roles import Actor
from app.schemas.base import Action
from app.schemas.gigs.pay import BlockRead, LineRead, OverdueFirm, SettlementRead
from app.services.common import files
from app.services.gigs import paying, reckoning, settlements
from app.services.identity.people import PersonFacts, facts_of
from app.services.organisation.enterprises import names_of
from app.services.runtime import Runtime

S, B = SettlementState, BlockState
EXPORTED_AT_MOST = 5000
PRINTED_AT_MOST = 200
HEAD = [
    "用工单位", "姓名", "身份证号", "手机", "结算期", "班次日期", "工时（小时）", "件数", "明细", "应付（元）", "其中扣款（元）", "最迟支付日", "已付（元）",
    "支付日期", "支付方式", "有凭据", "状态",
]  # fmt: skip
WIDE = [30, 10, 20, 14, 24, 24, 12, 10, 60, 12, 12, 14, 12, 14, 12, 8, 14]
OWN_ACTS = (("receive", S.RECEIVED), ("contest", S.CONTESTED), ("mediate", S.REFERRED))
FIRM_ACTS = (("pay", S.PAID),)


async def settlements_read(
    session: ReadSession | AsyncSession, crypto: Crypto, rows: Sequence[Settlement], side: Side
) -> list[SettlementRead]:
    """Four statements, however many there are."""
    lines = await reckoning.lines_of(session, [row.id for row in rows])
    days = await _days(session, [line for some in lines.values() for line in some])
    names = await names_of(session, {row.enterprise_id for row in rows})
    facts: Mapping[UUID, PersonFacts] = {}
    if side is Side.FIRM:
        facts = await facts_of(session, crypto, [row.person_id for row in rows])
    return [
        _settlement_read(
            row, lines.get(row.id, []), days, names[row.enterprise_id], facts.get(row.person_id), crypto, side
        )
        for row in rows
    ]


async def looked_at(runtime: Runtime, session: ReadSession, row: Settlement, side: Side) -> SettlementRead:
    """One settlement by itself, with a link to the firm's proof: the person sees what is said to have been paid."""
    read = await settlement_read(session, runtime.crypto, row, side)
    if row.proof_file_id is not None:
        read.proof_url = (await files.links_of(runtime, session, [row.proof_file_id])).get(row.proof_file_id)
    return read


async def late_read(runtime: Runtime, session: ReadSession, rows: Sequence[Settlement]) -> list[SettlementRead]:
    """For the gigs office: names masked, nothing to do, the proofs linked."""
    read = await settlements_read(session, runtime.crypto, rows, Side.FIRM)
    links = await files.links_of(runtime, session, [row.proof_file_id for row in rows if row.proof_file_id is not None])
    for row, one in zip(rows, read, strict=True):
        one.name = mask_name(one.name) if one.name else None
        one.actions = []
        one.proof_url = links.get(row.proof_file_id) if row.proof_file_id else None
    return read


async def settlement_read(
    session: ReadSession | AsyncSession, crypto: Crypto, row: Settlement, side: Side
) -> SettlementRead:
    return (await settlements_read(session, crypto, [row], side))[0]


async def late_firms(session: ReadSession, enterprise_ids: Sequence[UUID] | None) -> list[OverdueFirm]:
    """Sums by firm, the longest late first. `enterprise_ids`: only these; None for all."""
    rest = col(Settlement.due_fen) - col(Settlement.paid_fen)
    statement = (
        select(  # type: ignore[call-overload]  # five columns are one more than it knows

            col(Settlement.enterprise_id), func.count(), func.count(func.distinct(col(Settlement.person_id))),
            func.sum(rest), func.min(col(Settlement.due_on)),
        )
        .where(col(Settlement.state).in_(LATE_STATES))
        .group_by(col(Settlement.enterprise_id))
    )  # fmt: skip
    if enterprise_ids is not None:
        statement = statement.where(col(Settlement.enterprise_id).in_(enterprise_ids))
    rows = (await session.exec(statement)).all()
    names = await names_of(session, {row[0] for row in rows})
    found = [
        OverdueFirm(
            enterprise_id=firm, enterprise_name=names[firm], settlements=count, people=people, fen=int(fen),
            oldest_due_on=oldest,
        )
        for firm, count, people, fen, oldest in rows
    ]  # fmt: skip
    return sorted(found, key=lambda row: (row.oldest_due_on, row.enterprise_id))


async def blocks_read(
    session: ReadSession | AsyncSession, rows: Sequence[PublishingBlock], *, office: bool
) -> list[BlockRead]:
    names = await names_of(session, {row.enterprise_id for row in rows})
    return [_block_read(row, names[row.enterprise_id], office=office) for row in rows if office or _told(row)]


async def block_read(session: ReadSession | AsyncSession, row: PublishingBlock, *, office: bool) -> BlockRead:
    return (await blocks_read(session, [row], office=office))[0]


async def sheet_of(
    runtime: Runtime, session: ReadSession, actor: Actor, enterprise_id: UUID, *, first: date, last: date
) -> bytes:
    """A firm's settlements as a workbook, with the fields that the wage ledger must have."""
    rows = await paying.of_period(session, actor, enterprise_id, first=first, last=last, at_most=EXPORTED_AT_MOST)
    read = await settlements_read(session, runtime.crypto, rows, Side.FIRM)
    table = Table(
        title="工资结算", head=HEAD, rows=[_sheet_row(one) for one in read], wide=WIDE,
        notes=[
            "工资支付台账，至少保存三年（《保障农民工工资支付条例》第十五条）。", "工资只支付给本人；金额单位为元。",
            "明细逐行相加等于应付；有争议、尚未一致的部分不在应付内。",
        ],
    )  # fmt: skip
    return await runtime.sheets.write(table)


async def statement_of_firm(
    runtime: Runtime, session: ReadSession, actor: Actor, enterprise_id: UUID, *, first: date, last: date
) -> bytes:
    rows = await paying.of_period(session, actor, enterprise_id, first=first, last=last, at_most=PRINTED_AT_MOST)
    return await _statement(runtime, await settlements_read(session, runtime.crypto, rows, Side.FIRM), first, last)


async def my_statement(runtime: Runtime, session: ReadSession, actor: Actor, *, first: date, last: date) -> bytes:
    rows = await paying.mine_of_period(session, actor, first=first, last=last, at_most=PRINTED_AT_MOST)
    read = await settlements_read(session, runtime.crypto, rows, Side.WORKER)
    facts = (await facts_of(session, runtime.crypto, [actor.person_id])).get(actor.person_id)
    return await _statement(runtime, read, first, last, own=facts)


async def _statement(
    runtime: Runtime, read: Sequence[SettlementRead], first: date, last: date, *, own: PersonFacts | None = None
) -> bytes:
    data = {
        "title": "工资结算单", "subtitle": f"结算期结束于 {first} 至 {last}，共 {len(read)} 份",
        "note": "依据《保障农民工工资支付条例》第十五条；工资以货币支付给本人。平台只作记录，不经手资金。",
        "settlements": [_printed(one, own) for one in read],
    }  # fmt: skip
    return await runtime.pdfs.write("settlements", data)


def _printed(one: SettlementRead, own: PersonFacts | None) -> dict[str, object]:
    paid = "尚未支付" if one.paid_on is None else f"{one.paid_on}，{one.paid_by.label if one.paid_by else ''}"
    return {
        "facts": [
            ["用工单位", one.enterprise_name], ["姓名", one.name or (own.name if own else None) or "未填写"],
            ["身份证号", one.id_number or _masked_number(own) or "未填写"],
            ["手机", one.phone or _masked_phone(own) or "未填写"], ["结算期", f"{one.period_start} 至 {one.period_end}"],
            ["工时", f"{one.minutes / 60:g} 小时"], ["扣款", f"{one.deducted_fen / 100:.2f} 元"],
            ["最迟支付", str(one.due_on)], ["支付", paid], ["凭据", "有" if one.proof_file_id else "无"],
            ["状态", one.state_label],
        ],
        "lines": [
            [str(line.day or ""), line.kind_label, line.reckoning, f"{line.fen / 100:.2f}"] for line in one.lines
        ],
        "due": f"{one.due_fen / 100:.2f}", "paid": f"{one.paid_fen / 100:.2f}",
    }  # fmt: skip


def _sheet_row(one: SettlementRead) -> list[object]:
    days = sorted({line.day for line in one.lines if line.day is not None})
    return [
        one.enterprise_name, one.name or "", one.id_number or "", one.phone or "", f"{one.period_start}至{one.period_end}", "、".join(map(str, days)),
        round(one.minutes / 60, 2), one.pieces or "", "\n".join(f"{line.kind_label}：{line.reckoning}" for line in one.lines),
        one.due_fen / 100, one.deducted_fen / 100, str(one.due_on), one.paid_fen / 100,
        "" if one.paid_on is None else str(one.paid_on), "" if one.paid_by is None else one.paid_by.label,
        "有" if one.proof_file_id else "无", one.state_label,
    ]  # fmt: skip


async def _days(session: ReadSession | AsyncSession, lines: Sequence[SettlementLine]) -> dict[UUID, date]:
    ids = {line.assignment_id for line in lines if line.assignment_id is not None}
    rows = await session.exec(
        select(col(Assignment.id), col(Shift.day))
        .join(Shift, col(Shift.id) == col(Assignment.shift_id))
        .where(col(Assignment.id).in_(ids))
    )
    return dict(rows.all())


def _settlement_read(
    row: Settlement,
    lines: Sequence[SettlementLine],
    days: Mapping[UUID, date],
    firm: str,
    facts: PersonFacts | None,
    crypto: Crypto,
    side: Side,
) -> SettlementRead:
    contested = crypto.open_if("settlement", "contested", row.id, row.contested_sealed)
    return SettlementRead(
        id=row.id, version=row.version, enterprise_id=row.enterprise_id, enterprise_name=firm,
        name=facts.name if facts else None,
        id_number=_masked_number(facts), phone=_masked_phone(facts), period_start=row.period_start,
        period_end=row.period_end, part=row.part, wage_period=row.wage_period, state=row.state,
        state_label=row.state.label, due_fen=row.due_fen, disputed_fen=row.disputed_fen, due_on=row.due_on,
        due_because=row.due_because, minutes=reckoning.minutes_of(lines),
        pieces=sum(int(piece["quantity"]) for line in lines for piece in line.pieces),
        deducted_fen=-sum(line.fen for line in lines if line.kind is LineKind.DEDUCTION), paid_fen=row.paid_fen,
        paid_on=row.paid_on, paid_by=row.paid_by, proof_file_id=row.proof_file_id, proof_url=None, received_at=row.received_at,
        contested=contested, lines=[_line_read(line, days) for line in lines], actions=_actions(row, side),
    )  # fmt: skip


def _masked_number(facts: PersonFacts | None) -> str | None:
    number = facts.id_number if facts else None
    return None if number is None else f"{number[:3]}***********{number[-4:]}"


def _masked_phone(facts: PersonFacts | None) -> str | None:
    phone = facts.phone if facts else None
    return None if phone is None else f"{phone[:3]}****{phone[-4:]}"


def _line_read(line: SettlementLine, days: Mapping[UUID, date]) -> LineRead:
    return LineRead(
        id=line.id, kind=line.kind, kind_label=line.kind.label,
        day=None if line.assignment_id is None else days.get(line.assignment_id), minutes=line.minutes, fen=line.fen,
        reckoning=line.reckoning,
    )  # fmt: skip


def _actions(row: Settlement, side: Side) -> list[Action]:
    why = f"结算当前为“{row.state.label}”"
    acts = OWN_ACTS if side is Side.WORKER else FIRM_ACTS
    found = [_action(name, allowed=target in NEXT[row.state], why=why) for name, target in acts]
    if side is Side.FIRM:
        found.append(_action("deduct", allowed=row.state in settlements.OPEN, why=why))
        found.append(_action("mediate", allowed=row.state is S.CONTESTED, why="本人对支付有异议时可以选择调解"))
    return found


def _action(name: str, *, allowed: bool, why: str) -> Action:
    return Action(action=name, allowed=allowed, reason=None if allowed else why)


def _told(row: PublishingBlock) -> bool:
    """A proposal is the office's own matter until the firm is told."""
    return row.notified_at is not None


def _block_read(row: PublishingBlock, firm: str, *, office: bool) -> BlockRead:
    why = f"当前为“{row.state.label}”"
    following = BLOCK_NEXT[row.state]
    if office:
        actions = [
            _action("notify", allowed=B.NOTIFIED in following, why=why),
            _action("decide", allowed=B.DISMISSED in following, why=why),
            _action("decide-appeal", allowed=B.LIFTED in following, why=why),
        ]
    else:
        actions = [
            _action("answer", allowed=row.state is B.NOTIFIED, why=why),
            _action("appeal", allowed=B.APPEALED in following, why=why),
        ]
    values = row.model_dump(include=set(BlockRead.model_fields) - {"state_label", "actions", "enterprise_name"})
    return BlockRead.model_validate(
        values | {"state_label": row.state.label, "enterprise_name": firm, "actions": actions}
    )
