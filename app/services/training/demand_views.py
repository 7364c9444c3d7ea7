"""Demands, pools, proposals: from rows to answers, with what the caller may do now."""

from collections.abc import Mapping
from datetime import datetime

from app.models.training import TrainingShortage
from app.rules.identity.roles import Actor
from app.rules.training.demands import DEMAND_NEXT, POOL_NEXT, Asker, DemandState, PoolState, is_enough
from app.schemas.base import Action
from app.schemas.training.demands import DemandRead, PoolRead, ShortageRead
from app.services.training.demands import Asked
from app.services.training.pools import MANAGE, Counted

D = DemandState
SHOWN = frozenset({D.QUOTED, D.ACCEPTED, D.CLASS_CREATED})


def demand_read(asked: Asked, actor: Actor, now: datetime) -> DemandRead:
    row, pool = asked.row, asked.pool
    quoted = pool is not None and row.state in SHOWN
    return DemandRead(
        id=row.id, asker=row.asker, asker_label=row.asker.label, enterprise_id=row.enterprise_id, grid_id=row.grid_id,
        course_id=row.course_id, course_title=asked.course.title if asked.course else None, pool_id=row.pool_id,
        class_id=row.class_id, state=row.state, state_label=row.state.label, heads=row.heads, wish=asked.wish,
        reason=asked.reason, plan=pool.plan if pool is not None and quoted else None,
        each_fen=pool.each_fen if pool is not None and quoted else None,
        answer_until=pool.answer_until if pool is not None and quoted else None, expires_at=row.expires_at,
        created_at=row.created_at, version=row.version, actions=_demand_actions(asked, actor, now),
    )  # fmt: skip


def pool_read(found: Counted) -> PoolRead:
    pool, course = found.pool, found.course
    enough = is_enough(found.heads, course.minimum)
    side = "已够开班" if enough else f"还差{course.minimum - found.heads}人"
    steps = {PoolState.QUOTED: "quote", PoolState.CLOSED: "close"}
    return PoolRead(
        id=pool.id, course_id=course.id, course_title=course.title, state=pool.state, state_label=pool.state.label,
        heads=found.heads, accepted=found.accepted, askers=found.askers, minimum=course.minimum, enough=enough,
        told=f"{found.askers}份点单共{found.heads}人，开班要{course.minimum}人，{side}", plan=pool.plan,
        each_fen=pool.each_fen, answer_until=pool.answer_until, version=pool.version,
        actions=[
            Action(action=verb, allowed=state in POOL_NEXT[pool.state], reason=_why(state in POOL_NEXT[pool.state], pool.state.label))
            for state, verb in steps.items()
        ],
    )  # fmt: skip


def shortage_read(row: TrainingShortage, names: Mapping[str, str]) -> ShortageRead:
    return ShortageRead(
        id=row.id, kind=row.kind, kind_label=row.kind.label, occupation_code=row.occupation_code,
        occupation_name=names.get(row.occupation_code), level=row.level, heads=row.heads, told=row.told,
        state=row.state, state_label=row.state.label, created_at=row.created_at, version=row.version,
    )  # fmt: skip


def _demand_actions(asked: Asked, actor: Actor, now: datetime) -> list[Action]:
    row = asked.row
    current = row.state
    answered = asked.pool is not None and asked.pool.answer_until is not None and now >= asked.pool.answer_until
    found = [
        Action(action="submit", allowed=current is D.DRAFT, reason=_why(current is D.DRAFT, current.label)),
        Action(
            action="answer", allowed=current is D.QUOTED and not answered,
            reason="答复期限已过" if current is D.QUOTED and answered else _why(current is D.QUOTED, current.label),
        ),
        Action(
            action="drop", allowed=D.DECLINED in DEMAND_NEXT[current],
            reason=_why(D.DECLINED in DEMAND_NEXT[current], current.label),
        ),
    ]  # fmt: skip
    if not actor.town_wide(MANAGE) or (row.asker is Asker.PERSON and row.person_id == actor.person_id):
        return found
    return [
        Action(action="match", allowed=current is D.SUBMITTED, reason=_why(current is D.SUBMITTED, current.label)),
        Action(
            action="decline", allowed=D.DECLINED in DEMAND_NEXT[current],
            reason=_why(D.DECLINED in DEMAND_NEXT[current], current.label),
        ),
    ]  # fmt: skip


def _why(allowed: bool, label: str) -> str | None:
    return None if allowed else f"当前为“{label}”"
