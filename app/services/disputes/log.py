"""The log of a case, and the deadlines that are computed from it: written together, in the transaction of the act."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import crypto_of
from app.core.db import ReadSession
from app.core.events import emit
from app.core.ids import new_id
from app.models.disputes import AgreementTerm, CaseAgreement, CaseDeadline, CaseEvent, DisputeCase
from app.rules.disputes.agreements import DONE, AgreementState
from app.rules.disputes.cases import OUTCOMES, CaseState, check_case_step
from app.rules.disputes.clocks import CaseTimes, Clock, ClockKind, ClockState, Logged, Promise, compute, remind_day
from app.rules.disputes.log import CaseEventKind
from app.rules.identity.roles import Actor
from app.services.common.calendar import end_of, work_calendar
from app.services.disputes.events import CaseMoved
from app.services.disputes.policies import policies_on
from app.services.disputes.standing import SUBJECT
from app.services.identity import audit

TABLE, DEADLINE = "case_event", "case_deadline"
C = CaseState


async def note(
    session: AsyncSession, case: DisputeCase, kind: CaseEventKind, *, actor: Actor | None, now: datetime,
    words: str | None = None, **data: Any,
) -> CaseEvent:  # fmt: skip
    """One event; the clocks follow at once. `data`: codes and numbers only; `words` are sealed."""
    await session.flush()
    last = await session.exec(select(func.max(CaseEvent.seq)).where(CaseEvent.case_id == case.id))
    row = CaseEvent(
        id=new_id(), created_at=now, case_id=case.id, seq=(last.one() or 0) + 1, kind=kind,
        by_person_id=None if actor is None else actor.caller_id, data=data,
    )  # fmt: skip
    if words is not None:
        row.words_sealed = crypto_of(session).seal(TABLE, "words", row.id, words)
    session.add(row)
    case.touch(now)
    await session.flush()
    if actor is not None:
        audit.by(session, actor, f"case_{kind.value}", SUBJECT, case.id, now=now)
    await recompute(session, case, now=now)
    return row


async def move(
    session: AsyncSession, case: DisputeCase, target: CaseState, kind: CaseEventKind, *, actor: Actor | None,
    now: datetime, words: str | None = None, **data: Any,
) -> CaseEvent:  # fmt: skip
    """A step of the state graph with its event; whoever it concerns hears of it."""
    check_case_step(case.state, target)
    case.state, case.outcome = target, OUTCOMES.get(target, case.outcome)
    if target in {C.MERGED, C.ADVISED_OUT, C.REFUSED, C.ENDED, C.PERFORMED}:
        case.ended_at = now
    row = await note(session, case, kind, actor=actor, now=now, words=words, **data)
    await emit(session, CaseMoved(at=now, case_id=case.id, number=case.number, state=target))
    return row


async def recompute(session: AsyncSession, case: DisputeCase, *, now: datetime) -> None:
    """The rows as the whole log makes them; what no longer applies is kept as void."""
    clocks = await clocks_of(session, case, now=now)
    found = await session.exec(
        select(CaseDeadline).where(CaseDeadline.case_id == case.id).execution_options(populate_existing=True)
    )
    rows = {(row.kind, row.subject_id): row for row in found}
    calendar = await work_calendar(session)
    soon = (await policies_on(session, china_date(now)))["due_soon"].value
    for clock in clocks:
        key = (clock.kind, clock.subject_id or case.id)
        row = rows.pop(key, None)
        new = row is None
        if row is None:
            row = CaseDeadline(
                created_at=now, updated_at=now, case_id=case.id, kind=clock.kind, subject_id=key[1], state=clock.state,
                told=clock.told,
            )  # fmt: skip
            session.add(row)
        remind = None if clock.due_on is None else end_of(remind_day(clock.due_on, soon, calendar) - timedelta(days=1))
        _set(row, clock, remind, now, new=new)
    for row in rows.values():
        if row.state is not ClockState.VOID:
            row.state, row.next_at = ClockState.VOID, None
            row.touch(now)
    await session.flush()


async def clocks_of(session: AsyncSession, case: DisputeCase, *, now: datetime) -> list[Clock]:
    events = await events_of(session, case.id)
    log = [Logged(event.kind, china_date(event.created_at), event.data) for event in events]
    terms = await session.exec(
        select(AgreementTerm)
        .join(CaseAgreement, col(CaseAgreement.id) == col(AgreementTerm.agreement_id))
        .where(CaseAgreement.case_id == case.id, CaseAgreement.state == AgreementState.EFFECTIVE)
        .order_by(col(AgreementTerm.number))
    )
    times = CaseTimes(
        case.kind, case.known_on, case.employed, case.employment_ended_on,
        tuple(Promise(term.id, term.due_on, term.done_on if term.state in DONE else None) for term in terms),
    )  # fmt: skip
    # A merged case runs in the one that took it over.
    if case.state is C.MERGED:
        return []
    return compute(log, times, await policies_on(session, china_date(now)), await work_calendar(session))


async def events_of(session: AsyncSession | ReadSession, case_id: UUID) -> Sequence[CaseEvent]:
    rows = await session.exec(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(col(CaseEvent.seq)))
    return rows.all()


async def deadlines_of(session: AsyncSession | ReadSession, case_ids: Sequence[UUID]) -> list[CaseDeadline]:
    """In the order of their kinds; those that are void last."""
    rows = await session.exec(
        select(CaseDeadline).where(col(CaseDeadline.case_id).in_(case_ids)).order_by(col(CaseDeadline.id))
    )
    order = list(ClockKind)
    return sorted(rows, key=lambda row: (row.state is ClockState.VOID, order.index(row.kind)))


def _set(row: CaseDeadline, clock: Clock, remind: datetime | None, now: datetime, *, new: bool) -> None:
    """A date that is new, or runs again, is announced anew; what was said of an unchanged one is not said twice."""
    due_at = None if clock.due_on is None else end_of(clock.due_on)
    again = new or row.due_at != due_at or row.state is not ClockState.RUNNING
    row.state, row.starts_on, row.due_on, row.due_at = clock.state, clock.starts_on, clock.due_on, due_at
    row.met_on, row.told, row.provisional = clock.met_on, clock.told, clock.provisional
    if clock.state is not ClockState.RUNNING:
        row.next_at = None
    elif again:
        row.step, row.next_at = 0, remind if remind is not None and remind > now else due_at
    row.updated_at = now
