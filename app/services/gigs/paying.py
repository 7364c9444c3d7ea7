"""What the two sides say about a settlement: paid, received, not received, deducted, taken to mediation.

The platform moves no money. Wages go to the person who worked: no form has a field for anybody else.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors
from app.core.upsert import insert_or_ignore
from app.models.gigs import MediationReferral, Settlement, SettlementLine
from app.rules.common.files import FilePurpose
from app.rules.gigs import pay
from app.rules.gigs.pay import Owed, SettlementNotFoundError
from app.rules.gigs.settlements import (
    LATE_STATES,
    LineKind,
    SettlementState,
    SettlementStateError,
    check_settlement_step,
)
from app.rules.gigs.terms import PaidBy, Side
from app.rules.identity.roles import Actor, Permission
from app.services.common import files
from app.services.common.lists import newest_first
from app.services.gigs import reckoning, settlements
from app.services.gigs.events import MediationChosen, WagesClaimed
from app.services.identity import audit
from app.services.identity.assisted import note_act

SUBJECT = settlements.SUBJECT
S = SettlementState


async def register_payment(
    session: AsyncSession, actor: Actor, settlement_id: UUID, *, paid_fen: int, paid_on: date, paid_by: PaidBy,
    proof_file_id: UUID | None, expected_version: int, now: datetime,
) -> Settlement:  # fmt: skip
    """The firm says it has paid so much. Less than is due: the rest stays due, and overdue if it was."""
    row = await _lock_of_firm(session, actor, settlement_id, expected_version)
    check_settlement_step(row.state, S.PAID)
    if not row.period_start <= paid_on <= china_date(now):
        raise pay.PaidOnError(start=row.period_start.isoformat())
    # What was contested did not arrive as registered: the firm says anew what it has paid altogether.
    before = 0 if row.state in {S.CONTESTED, S.REFERRED} else row.paid_fen
    pay.check_payment(paid_fen, due_fen=row.due_fen, paid_fen=before)
    if proof_file_id is not None:
        await files.bind(
            session, actor, [proof_file_id], purpose=FilePurpose.WAGE_PROOF, subject_kind=SUBJECT, subject_id=row.id,
            now=now,
        )  # fmt: skip
        row.proof_file_id = proof_file_id
    row.paid_fen, row.paid_on, row.paid_by = before + paid_fen, paid_on, paid_by
    whole = row.paid_fen == row.due_fen
    if whole:
        row.state = S.PAID
    row.touch(now)
    await session.flush()
    audit.by(session, actor, "wage_paid", SUBJECT, row.id, now=now, fen=str(paid_fen))
    rest = "" if whole else f"还差{pay.yuan(row.due_fen - row.paid_fen)}元。"
    words = f"企业登记{paid_on.isoformat()}以{paid_by.label}支付{pay.yuan(paid_fen)}元。{rest}请确认是否收到；没有收到请提出异议。"
    await settlements.tell(session, row, Side.WORKER, "工资支付登记", words, now)
    return row


async def deduct(
    session: AsyncSession, actor: Actor, settlement_id: UUID, *, fen: int, reason: str, expected_version: int,
    now: datetime,
) -> Settlement:  # fmt: skip
    """For damage that the person has caused, with its reason: a fifth at most, and never below the minimum."""
    row = await _lock_of_firm(session, actor, settlement_id, expected_version)
    pay.check_open(row.state)
    lines = (await reckoning.lines_of(session, [row.id])).get(row.id, [])
    deducted = -sum(line.fen for line in lines if line.kind is LineKind.DEDUCTION)
    pay.check_deduction(
        fen, wage_fen=reckoning.wage_of(lines), deducted_fen=deducted, minutes=reckoning.minutes_of(lines),
        minimum_fen=await reckoning.minimum_hour_fen(session, row.period_end),
    )  # fmt: skip
    await reckoning.add_line(session, row, Owed(LineKind.DEDUCTION, Fraction(-fen), reason), None, None, now)
    await settlements.resum(session, row, now)
    audit.by(session, actor, "wage_deducted", SUBJECT, row.id, now=now, fen=str(fen))
    words = f"企业扣款{pay.yuan(fen)}元：{reason}。应付变为{pay.yuan(row.due_fen)}元；有异议可以向企业提出或选择调解。"
    await settlements.tell(session, row, Side.WORKER, "工资扣款", words, now)
    return row


async def take_off_deduction(
    session: AsyncSession, actor: Actor, settlement_id: UUID, line_id: UUID, *, expected_version: int, now: datetime
) -> Settlement:
    row = await _lock_of_firm(session, actor, settlement_id, expected_version)
    pay.check_open(row.state)
    found = await session.exec(
        select(SettlementLine).where(
            SettlementLine.id == line_id, SettlementLine.settlement_id == row.id,
            SettlementLine.kind == LineKind.DEDUCTION,
        )
    )  # fmt: skip
    line = found.one_or_none()
    if line is None:
        raise SettlementNotFoundError
    fen, reason = -line.fen, line.reckoning.split(" ＝ ")[0]
    await session.delete(line)
    await session.flush()
    await settlements.resum(session, row, now)
    audit.by(session, actor, "wage_deduction_taken_off", SUBJECT, row.id, now=now)
    words = f"企业撤回扣款{pay.yuan(fen)}元（{reason}）。应付变为{pay.yuan(row.due_fen)}元。"
    await settlements.tell(session, row, Side.WORKER, "扣款已撤回", words, now)
    return row


async def receive(
    session: AsyncSession, crypto: Crypto, actor: Actor, settlement_id: UUID, *, expected_version: int, now: datetime
) -> Settlement:
    row = await _lock_own(session, actor, settlement_id, expected_version)
    check_settlement_step(row.state, S.RECEIVED)
    row.state, row.received_at = S.RECEIVED, now
    row.touch(now)
    await session.flush()
    await _note(session, crypto, actor, row, "wage_received", "确认收到工资", now)
    await settlements.tell(
        session, row, Side.FIRM, "工资已确认收到", f"{pay.yuan(row.paid_fen)}元已由本人确认收到。", now
    )
    return row


async def contest(
    session: AsyncSession, crypto: Crypto, actor: Actor, settlement_id: UUID, *, words: str, expected_version: int,
    now: datetime,
) -> Settlement:  # fmt: skip
    """It did not arrive, or not all of it."""
    row = await _lock_own(session, actor, settlement_id, expected_version)
    check_settlement_step(row.state, S.CONTESTED)
    row.state = S.CONTESTED
    row.contested_sealed = crypto.seal("settlement", "contested", row.id, words)
    row.touch(now)
    await session.flush()
    await _note(session, crypto, actor, row, "wage_contested", "对工资支付提出异议", now)
    await emit(session, WagesClaimed(at=now, enterprise_id=row.enterprise_id, person_id=row.person_id))
    told = "本人对支付登记有异议，请核对并重新登记，或与本人联系。"
    await settlements.tell(session, row, Side.FIRM, "工资支付有异议", told, now)
    return row


async def mediate(
    session: AsyncSession, crypto: Crypto, actor: Actor, side: Side, settlement_id: UUID, *, expected_version: int,
    now: datetime,
) -> Settlement:  # fmt: skip
    """Overdue or contested: either side may choose mediation, with the facts as they stand."""
    take = _lock_own if side is Side.WORKER else _lock_of_firm
    row = await take(session, actor, settlement_id, expected_version)
    check_settlement_step(row.state, S.REFERRED)
    # A firm argues about a payment that is contested; what it owes and nobody disputes it pays.
    if side is Side.FIRM and row.state is not S.CONTESTED:
        raise SettlementStateError(current=row.state.label, target=S.REFERRED.label)
    before, row.state = row.state, S.REFERRED
    row.touch(now)
    await session.flush()
    referral = MediationReferral(
        id=new_id(), created_at=now, subject_kind=SUBJECT, subject_id=row.id, enterprise_id=row.enterprise_id,
        person_id=row.person_id, chosen_by=side, facts_sealed=b"",
    )  # fmt: skip
    facts = json.dumps(await _facts(session, crypto, row, before), ensure_ascii=False)
    referral.facts_sealed = crypto.seal("mediation_referral", "facts", referral.id, facts)
    if await insert_or_ignore(session, MediationReferral, referral.model_dump()):
        await emit(session, MediationChosen(at=now, referral_id=referral.id, by=actor.caller_id))
    await _note(session, crypto, actor, row, "wage_referred", "选择调解工资争议", now)
    if side is Side.WORKER:
        await emit(session, WagesClaimed(at=now, enterprise_id=row.enterprise_id, person_id=row.person_id))
    other = Side.FIRM if side is Side.WORKER else Side.WORKER
    await settlements.tell(session, row, other, "工资争议调解", f"{side.label}选择了调解，结算和支付记录已备好。", now)
    return row


async def get_mine(session: ReadSession | AsyncSession, actor: Actor, settlement_id: UUID) -> Settlement:
    return await _get(session, Settlement.person_id == actor.person_id, settlement_id)


async def get_of_firm(session: ReadSession | AsyncSession, actor: Actor, settlement_id: UUID) -> Settlement:
    mine = sorted(actor.enterprises(Permission.GIG_SETTLE))
    return await _get(session, col(Settlement.enterprise_id).in_(mine), settlement_id)


async def list_mine(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Settlement], str | None]:
    """The newest first."""
    statement = select(Settlement).where(Settlement.person_id == actor.person_id, Settlement.due_fen > 0)
    query = {"list": "settlements", "person": actor.person_id}
    return await newest_first(session, cursors, query, Settlement, statement, cursor=cursor, limit=limit)


async def list_of_firm(
    session: ReadSession,
    cursors: Cursors,
    actor: Actor,
    *,
    enterprise_id: UUID | None,
    state: SettlementState | None,
    first: date | None,
    last: date | None,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[Settlement], str | None]:
    """`first`, `last`: the wage period ends on or between these days."""
    mine = sorted(actor.enterprises(Permission.GIG_SETTLE))
    statement = select(Settlement).where(col(Settlement.enterprise_id).in_(mine), Settlement.due_fen > 0)
    if enterprise_id is not None:
        statement = statement.where(Settlement.enterprise_id == enterprise_id)
    if state is not None:
        statement = statement.where(Settlement.state == state)
    if first is not None:
        statement = statement.where(Settlement.period_end >= first)
    if last is not None:
        statement = statement.where(Settlement.period_end <= last)
    query = {"list": "firm settlements", "firm": enterprise_id, "state": state, "from": first, "to": last}
    return await newest_first(session, cursors, query, Settlement, statement, cursor=cursor, limit=limit)


async def list_late(
    session: ReadSession, cursors: Cursors, enterprise_id: UUID, *, cursor: str | None, limit: int
) -> tuple[Sequence[Settlement], str | None]:
    """For the gigs office: what one firm is late with."""
    statement = select(Settlement).where(
        Settlement.enterprise_id == enterprise_id, col(Settlement.state).in_(LATE_STATES)
    )
    query = {"list": "late settlements", "firm": enterprise_id}
    return await newest_first(session, cursors, query, Settlement, statement, cursor=cursor, limit=limit)


async def of_period(
    session: ReadSession, actor: Actor, enterprise_id: UUID, *, first: date, last: date, at_most: int
) -> Sequence[Settlement]:
    """A firm's settlements whose wage period ends between two days, for a sheet. More than `at_most` are refused."""
    if enterprise_id not in actor.enterprises(Permission.GIG_SETTLE):
        raise SettlementNotFoundError
    return await _in_period(session, Settlement.enterprise_id == enterprise_id, first, last, at_most)


async def mine_of_period(
    session: ReadSession, actor: Actor, *, first: date, last: date, at_most: int
) -> Sequence[Settlement]:
    return await _in_period(session, Settlement.person_id == actor.person_id, first, last, at_most)


async def _in_period(session: ReadSession, whose: Any, first: date, last: date, at_most: int) -> Sequence[Settlement]:
    where = (whose, col(Settlement.period_end).between(first, last), Settlement.due_fen > 0)
    count = (await session.exec(select(func.count()).select_from(Settlement).where(*where))).one()
    pay.check_printed(count, at_most=at_most)
    rows = await session.exec(select(Settlement).where(*where).order_by(col(Settlement.period_end), col(Settlement.id)))
    return rows.all()


async def _lock_own(session: AsyncSession, actor: Actor, settlement_id: UUID, expected_version: int) -> Settlement:
    await get_mine(session, actor, settlement_id)
    return await _locked(session, settlement_id, expected_version)


async def _lock_of_firm(session: AsyncSession, actor: Actor, settlement_id: UUID, expected_version: int) -> Settlement:
    await get_of_firm(session, actor, settlement_id)
    return await _locked(session, settlement_id, expected_version)


async def _locked(session: AsyncSession, settlement_id: UUID, expected_version: int) -> Settlement:
    row = await lock(session, Settlement, settlement_id, SettlementNotFoundError)
    check_version(row.version, expected_version)
    return row


async def _get(session: ReadSession | AsyncSession, whose: Any, settlement_id: UUID) -> Settlement:
    row = (await session.exec(select(Settlement).where(Settlement.id == settlement_id, whose))).one_or_none()
    if row is None:
        raise SettlementNotFoundError
    return row


async def _facts(session: AsyncSession, crypto: Crypto, row: Settlement, before: SettlementState) -> dict[str, Any]:
    lines = (await reckoning.lines_of(session, [row.id])).get(row.id, [])
    return {
        "period": [row.period_start.isoformat(), row.period_end.isoformat()], "state": before.value,
        "due_fen": row.due_fen, "paid_fen": row.paid_fen, "disputed_fen": row.disputed_fen,
        "due_on": row.due_on.isoformat(), "due_because": row.due_because,
        "paid_on": None if row.paid_on is None else row.paid_on.isoformat(),
        "paid_by": None if row.paid_by is None else row.paid_by.value,
        "contested": crypto.open_if("settlement", "contested", row.id, row.contested_sealed),
        "lines": [{"kind": line.kind.value, "fen": line.fen, "reckoning": line.reckoning} for line in lines],
    }  # fmt: skip


async def _note(
    session: AsyncSession, crypto: Crypto, actor: Actor, row: Settlement, act: str, told: str, now: datetime
) -> None:
    audit.by(session, actor, act, SUBJECT, row.id, now=now)
    await note_act(
        session, crypto, actor, operation=act, subject_kind=SUBJECT, subject_id=row.id, subject_version=row.version,
        before=None, told=told, now=now, undoable=False,
    )  # fmt: skip
