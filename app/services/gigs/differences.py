"""对账: one side objects to a record, the other answers within two days; either may then choose mediation.

What both accept stays payable all the while.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.core.events import emit
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.gigs import MediationReferral, SiteMark, Timesheet, TimesheetDifference
from app.rules.gigs.terms import Side
from app.rules.gigs.timesheets import (
    DifferenceNotFoundError,
    DifferenceReasonMissingError,
    DifferenceState,
    NotYourTurnError,
    Record,
    TimesheetState,
    check_difference_step,
    check_may_mediate,
    check_timesheet_step,
    other_side,
    undisputed,
)
from app.rules.identity.roles import Actor
from app.services.gigs import law, marks, timesheets
from app.services.gigs.events import MediationChosen, WagesClaimed
from app.services.gigs.timesheets import Sheet

TABLE = "timesheet_difference"
SWEEP_BATCH = 100
D, T = DifferenceState, TimesheetState


async def record(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    sheet: Sheet,
    said: Record,
    *,
    reason: str | None,
    now: datetime,
) -> None:
    """One side's record: the first is a statement, the same again an agreement, another one a difference."""
    row = sheet.row
    answering = row.state in {T.STATED, T.PROVISIONAL} and row.stated_by is other_side(sheet.side)
    if not answering:
        await timesheets.state(session, crypto, sheet, actor, said, now=now)
    elif said == timesheets.stated_record(row):
        await timesheets.agree(session, crypto, sheet, actor, now=now)
    else:
        await _raise(session, crypto, actor, sheet, said, reason, now)


async def agree(session: AsyncSession, crypto: Crypto, actor: Actor, sheet: Sheet, *, now: datetime) -> None:
    """The record of the other side is right. In a difference its numbers are accepted by `answer`."""
    row = sheet.row
    check_timesheet_step(T.OPEN if row.state in {T.DISPUTED, T.REFERRED} else row.state, T.AGREED)
    if row.stated_by is sheet.side:
        raise NotYourTurnError(side=other_side(sheet.side).label)
    await timesheets.agree(session, crypto, sheet, actor, now=now)


async def answer(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    sheet: Sheet,
    *,
    offered: Record | None,
    words: str | None,
    now: datetime,
) -> None:
    """The other side accepts what is claimed (`offered` None), or says what it would accept, with its reason."""
    found = await _current(session, sheet.row)
    if offered is None:
        # Whoever did not write the number that is agreed to.
        claimed = Record.of(found.claimed_minutes, found.claimed_pieces)
        if sheet.side is found.raised_by:
            if found.offered_minutes is None:
                raise NotYourTurnError(side=other_side(sheet.side).label)
            claimed = Record.of(found.offered_minutes, found.offered_pieces)
        await _close(session, crypto, actor, sheet, found, claimed, now)
        return
    if sheet.side is found.raised_by:
        raise NotYourTurnError(side=other_side(sheet.side).label)
    check_difference_step(found.state, D.ANSWERED)
    timesheets.check_terms(offered, sheet.terms)
    found.state, found.answered_at = D.ANSWERED, now
    found.offered_minutes, found.offered_pieces = offered.minutes, offered.as_dicts()
    found.answer_sealed = crypto.seal(TABLE, "answer", found.id, words or "")
    found.touch(now)
    sheet.row.touch(now)
    await session.flush()
    await _pay_undisputed(session, sheet, Record.of(found.claimed_minutes, found.claimed_pieces), offered, now)
    await timesheets.note(session, crypto, actor, sheet, "timesheet_answered", f"答复对账：{offered.told()}", now)
    text = f"对方答复了您的对账：{offered.told()}。可以接受，或选择调解；双方都认可的部分照常支付。"
    await timesheets.tell(session, sheet, found.raised_by, text, now)


async def mediate(session: AsyncSession, crypto: Crypto, actor: Actor, sheet: Sheet, *, now: datetime) -> None:
    """A side chooses mediation; the facts as they stand are put together for whoever takes the case."""
    found = await _current(session, sheet.row)
    check_may_mediate(found.state, found.answer_by, now)
    check_timesheet_step(sheet.row.state, T.REFERRED)
    found.state, found.ended_at = D.REFERRED, now
    found.touch(now)
    sheet.row.state = T.REFERRED
    sheet.row.touch(now)
    await session.flush()
    referral = MediationReferral(
        id=new_id(), created_at=now, subject_kind=timesheets.SUBJECT, subject_id=sheet.row.id,
        enterprise_id=sheet.row.enterprise_id, person_id=sheet.row.person_id, chosen_by=sheet.side, facts_sealed=b"",
    )  # fmt: skip
    facts = json.dumps(await _facts(session, crypto, sheet, found), ensure_ascii=False)
    referral.facts_sealed = crypto.seal("mediation_referral", "facts", referral.id, facts)
    if await insert_or_ignore(session, MediationReferral, referral.model_dump()):
        await emit(session, MediationChosen(at=now, referral_id=referral.id, by=actor.caller_id))
    await timesheets.note(session, crypto, actor, sheet, "timesheet_referred", "选择调解工时分歧", now)
    await emit(session, WagesClaimed(at=now, enterprise_id=sheet.row.enterprise_id, person_id=sheet.row.person_id))
    words = f"{sheet.side.label}选择了调解，工时、记录和双方说明已备好；双方都认可的部分照常支付。"
    await timesheets.tell(session, sheet, other_side(sheet.side), words, now)


async def of_sheets(session: ReadSession | AsyncSession, rows: list[Timesheet]) -> dict[Any, TimesheetDifference]:
    """The newest difference of each sheet, by the sheet's id."""
    found = await session.exec(
        select(TimesheetDifference)
        .where(col(TimesheetDifference.timesheet_id).in_([row.id for row in rows]))
        .order_by(col(TimesheetDifference.created_at), col(TimesheetDifference.id))
    )
    return {row.timesheet_id: row for row in found}


async def remind_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: the two days are over without an answer; both hear that mediation may be chosen now."""
    rows = (
        await session.exec(
            select(TimesheetDifference)
            .where(
                TimesheetDifference.state == D.OPEN, col(TimesheetDifference.answer_by) < now,
                col(TimesheetDifference.reminded_at).is_(None),
            )
            .order_by(col(TimesheetDifference.answer_by), col(TimesheetDifference.id))
            .limit(SWEEP_BATCH)
            .with_for_update(skip_locked=True)
        )
    ).all()  # fmt: skip
    for found in rows:
        found.reminded_at = now
        await session.flush()
        row = (await session.exec(select(Timesheet).where(Timesheet.id == found.timesheet_id))).one()
        late = other_side(found.raised_by).label
        words = f"{late}没有在期限内答复对账。任何一方现在都可以选择调解；双方都认可的部分照常支付。"
        await timesheets.tell_row(session, row, None, words, now)
    return len(rows)


async def _raise(
    session: AsyncSession, crypto: Crypto, actor: Actor, sheet: Sheet, said: Record, reason: str | None, now: datetime
) -> None:
    row, theirs = sheet.row, timesheets.stated_record(sheet.row)
    timesheets.check_terms(said, sheet.terms)
    if reason is None:
        raise DifferenceReasonMissingError(other=theirs.told())
    days = (await law.limits_on(session, china_date(now))).difference_days
    timesheets.put_record(row, sheet.side, said)
    found = TimesheetDifference(
        id=new_id(), created_at=now, updated_at=now, timesheet_id=row.id, raised_by=sheet.side,
        claimed_minutes=said.minutes, claimed_pieces=said.as_dicts(), reason_sealed=b"",
        answer_by=now + timedelta(days=days),
    )  # fmt: skip
    found.reason_sealed = crypto.seal(TABLE, "reason", found.id, reason)
    session.add(found)
    await timesheets.settle(session, row, T.DISPUTED, undisputed(said, theirs), now=now)
    await timesheets.note(session, crypto, actor, sheet, "timesheet_disputed", f"提出工时不同：{said.told()}", now)
    if sheet.side is Side.WORKER:
        await emit(session, WagesClaimed(at=now, enterprise_id=row.enterprise_id, person_id=row.person_id))
    words = (
        f"对方认为应为{said.told()}，您填写的是{theirs.told()}。请在"
        f"{found.answer_by.astimezone(CHINA):%m月%d日%H:%M}前答复；双方都认可的部分照常支付。"
    )
    await timesheets.tell(session, sheet, other_side(sheet.side), words, now)


async def _pay_undisputed(session: AsyncSession, sheet: Sheet, one: Record, other: Record, now: datetime) -> None:
    """An offer above what stood undisputed so far is money that nobody argues about any more."""
    row, part = sheet.row, undisputed(one, other)
    if part != Record.of(row.final_minutes or 0, row.final_pieces):
        row.final_minutes, row.final_pieces = part.minutes, part.as_dicts()
        await session.flush()
        await timesheets.emit_payable(session, row, now)


async def _close(
    session: AsyncSession,
    crypto: Crypto,
    actor: Actor,
    sheet: Sheet,
    found: TimesheetDifference,
    agreed: Record,
    now: datetime,
) -> None:
    check_difference_step(found.state, D.AGREED)
    found.state, found.ended_at = D.AGREED, now
    found.touch(now)
    for side in Side:
        timesheets.put_record(sheet.row, side, agreed)
    await timesheets.settle(session, sheet.row, T.AGREED, agreed, now=now)
    await timesheets.note(session, crypto, actor, sheet, "timesheet_agreed", f"对账一致：{agreed.told()}", now)
    await timesheets.tell(session, sheet, other_side(sheet.side), f"对账已一致：{agreed.told()}。", now)


async def _current(session: AsyncSession, row: Timesheet) -> TimesheetDifference:
    found = (
        await session.exec(
            select(TimesheetDifference)
            .where(TimesheetDifference.timesheet_id == row.id)
            .order_by(col(TimesheetDifference.created_at).desc(), col(TimesheetDifference.id).desc())
            .limit(1)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).one_or_none()
    if found is None or found.state is D.AGREED:
        raise DifferenceNotFoundError
    return found


async def _facts(session: AsyncSession, crypto: Crypto, sheet: Sheet, found: TimesheetDifference) -> dict[str, Any]:
    """What a mediator needs on the first page; every value as it stood when mediation was chosen."""
    on, row = sheet.on, sheet.row
    seen: list[SiteMark] = (await marks.many(session, [sheet.assignment.id])).get(sheet.assignment.id, [])
    return {
        "shift": {
            "title": on.order.title, "process": on.order.process_name, "starts_at": on.shift.starts_at.isoformat(),
            "ends_at": on.shift.ends_at.isoformat(), "break_minutes": on.shift.break_minutes,
            "place": on.order.place_address, "enterprise": on.order.enterprise_name, "using_firm": on.order.using_firm,
        },
        "terms": {"order_version": sheet.assignment.order_version, **sheet.terms},
        "label": sheet.assignment.label.value,
        "marks": [{"kind": mark.kind.value, "method": mark.method.value, "at": mark.at.isoformat()} for mark in seen],
        "firm": {"minutes": row.firm_minutes, "pieces": row.firm_pieces},
        "worker": {"minutes": row.worker_minutes, "pieces": row.worker_pieces},
        "undisputed": {"minutes": row.final_minutes, "pieces": row.final_pieces},
        "raised_by": found.raised_by.value, "raised_at": found.created_at.isoformat(),
        "reason": crypto.open_text(TABLE, "reason", found.id, found.reason_sealed),
        "answer_by": found.answer_by.isoformat(),
        "answer": crypto.open_if(TABLE, "answer", found.id, found.answer_sealed),
        "offered": None if found.offered_minutes is None
        else {"minutes": found.offered_minutes, "pieces": found.offered_pieces},
    }  # fmt: skip
