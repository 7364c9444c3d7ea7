"""From rows to answers: runs, their plans, pins, proposals."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.core.pages import Page
from app.models.gigs import AllocationRun, TrainingProposal
from app.rules.gigs.allocation import BANDS, NEXT, RunState
from app.rules.identity.roles import Actor, Permission
from app.schemas.base import Action
from app.schemas.gigs.runs import (
    CheckRead,
    IdleRead,
    Objective,
    OpenSeatRead,
    PinRead,
    PlannedRead,
    ProposalRead,
    RunRead,
)
from app.services.common.codes import OCCUPATION, code_name
from app.services.gigs import board, runs
from app.services.gigs.pins import Pinned
from app.services.gigs.rosters import masked_names
from app.services.runtime import Runtime

NAMES = ("缺口（半位×紧急程度）", "愿意上班却没有班的人", "工时公平差", "偏好、路程与工资", "改动未答复的邀约")
R = RunState


def run_read(row: AllocationRun) -> RunRead:
    plan, told = row.plan or {}, row.progress
    return RunRead(
        id=row.id, version=row.version, enterprise_id=row.enterprise_id, horizon_starts_at=row.horizon_starts_at,
        horizon_ends_at=row.horizon_ends_at, state=row.state, state_label=row.state.label, phase=told.get("phase"),
        seconds=told.get("seconds"), attempts=row.attempts, failure=row.failure, text=_text(row, plan),
        assigned=len(plan.get("assignments", ())), unfilled=len(plan.get("unfilled", ())),
        unallotted=len(plan.get("unallotted", ())), objectives=_objectives(plan), check=_check(row.verdict),
        offered=told.get("offered"), skipped=told.get("skipped"), withdrawn=told.get("withdrawn"),
        created_at=row.created_at, ended_at=row.ended_at, published_at=row.published_at,
        actions=[
            _action("cancel", row, R.CANCELLED), _action("edit", row, R.PUBLISHED), _action("publish", row, R.PUBLISHED),
        ],
    )  # fmt: skip


async def planned(
    session: ReadSession, runtime: Runtime, actor: Actor, run_id: UUID, *, cursor: str | None, limit: int
) -> Page[PlannedRead]:
    """Who is on which shift, by shift and person; three statements."""
    row = await runs.get(session, actor, run_id)
    plan = row.plan or {}
    pairs = sorted((shift, person) for person, shift in plan.get("assignments", ()))
    leads = {(shift, person) for shift, people in plan.get("leaders", ()) for person in people}
    page, following = _slice(runtime, row, "assignments", pairs, cursor, limit)
    on = await board.many(session, [UUID(shift) for shift, _ in page])
    names = await masked_names(session, runtime.crypto, [UUID(person) for _, person in page])
    items = [
        PlannedRead(
            person_id=UUID(person), name=names.get(UUID(person)), shift_id=UUID(shift), title=on[UUID(shift)].order.title,
            starts_at=on[UUID(shift)].shift.starts_at, leads=(shift, person) in leads,
        )
        for shift, person in page
    ]  # fmt: skip
    return Page(items=items, next_cursor=following)


async def open_seats(
    session: ReadSession, runtime: Runtime, actor: Actor, run_id: UUID, *, cursor: str | None, limit: int
) -> Page[OpenSeatRead]:
    row = await runs.get(session, actor, run_id)
    found = sorted((row.plan or {}).get("unfilled", ()), key=lambda one: str(one["shift"]))
    page, following = _slice(runtime, row, "unfilled", found, cursor, limit)
    on = await board.many(session, [UUID(one["shift"]) for one in page])
    items = [
        OpenSeatRead(
            shift_id=UUID(one["shift"]), title=on[UUID(one["shift"])].order.title,
            starts_at=on[UUID(one["shift"])].shift.starts_at, halves=one["seats"], reason=one["text"],
        )
        for one in page
    ]  # fmt: skip
    return Page(items=items, next_cursor=following)


async def idle(
    session: ReadSession, runtime: Runtime, actor: Actor, run_id: UUID, *, cursor: str | None, limit: int
) -> Page[IdleRead]:
    """For the office alone: a firm has nothing to do with people who are not on its shifts."""
    row = await runs.get(session, actor, run_id)
    found: list[dict[str, Any]] = []
    if actor.town_wide(Permission.ALLOCATION_RUN):
        found = sorted((row.plan or {}).get("unallotted", ()), key=lambda one: str(one["worker"]))
    page, following = _slice(runtime, row, "unallotted", found, cursor, limit)
    names = await masked_names(session, runtime.crypto, [UUID(one["worker"]) for one in page])
    items = [
        IdleRead(person_id=UUID(one["worker"]), name=names.get(UUID(one["worker"])), reason=one["text"]) for one in page
    ]
    return Page(items=items, next_cursor=following)


def pin_read(one: Pinned) -> PinRead:
    row = one.row
    return PinRead(
        person_id=row.person_id, name=one.name, shift_id=row.shift_id, kind=row.kind, kind_label=row.kind.label,
        reason=row.reason,
    )  # fmt: skip


async def proposals_read(session: ReadSession | AsyncSession, rows: Sequence[TrainingProposal]) -> list[ProposalRead]:
    names = {code: await code_name(session, OCCUPATION, code) for code in {row.process_code for row in rows}}
    labels = {name: label for _, name, label in BANDS}
    return [
        ProposalRead(
            id=row.id, process_code=row.process_code, process_name=names[row.process_code], level=row.level,
            week=row.week, time_band=row.time_band, time_label=labels[row.time_band], short_halves=row.short_halves,
            shifts=row.shifts, state=row.state,
            text=f"{row.week:%m月%d日}起的一周，{labels[row.time_band]}班缺{names[row.process_code] or row.process_code}"
            f"{row.level}级{row.short_halves / 2:g}人，涉及{row.shifts}个班次",
        )
        for row in rows
    ]  # fmt: skip


def _slice(
    runtime: Runtime, row: AllocationRun, name: str, found: Sequence[Any], cursor: str | None, limit: int
) -> tuple[Sequence[Any], str | None]:
    """A page of a list that lies in the row. A plan that has changed since makes the cursor one of another query."""
    query = {"list": f"run {name}", "run": row.id, "version": row.version}
    begin = 0 if cursor is None else int(str(runtime.cursors.decode(query, cursor)[0]))
    page = list(enumerate(found[begin : begin + limit + 1], begin + 1))
    kept, following = runtime.cursors.page(query, page, limit, lambda one: [one[0]])
    return [one for _, one in kept], following


def _text(row: AllocationRun, plan: dict[str, Any]) -> str:
    if row.failure is not None:
        return row.failure
    if not plan:
        return row.state.label
    total, short, bound = plan["total"], plan["objectives"][0], plan["bounds"][0]
    text = f"按紧急程度折算共需{total}个半位，排上{total - short}个，最多可能{total - bound}个"
    if plan["status"] == "optimal":
        return f"{text}；已证明不能再好"
    return f"{text}；与上界相差{plan['gaps'][0] * 100:.2f}%"


def _objectives(plan: dict[str, Any]) -> list[Objective]:
    if not plan:
        return []
    rows = zip(NAMES, plan["objectives"], plan["bounds"], plan["gaps"], strict=True)
    return [Objective(name=name, value=value, bound=bound, gap=round(gap, 6)) for name, value, bound, gap in rows]


def _check(verdict: dict[str, Any] | None) -> CheckRead | None:
    if verdict is None:
        return None
    texts = [one["text"] for one in verdict["violations"]][:50]
    return CheckRead(rules=verdict["rules"], checked=verdict["checked"], violations=texts)


def _action(name: str, row: AllocationRun, target: RunState) -> Action:
    allowed = target in NEXT[row.state]
    return Action(action=name, allowed=allowed, reason=None if allowed else f"当前为“{row.state.label}”")
