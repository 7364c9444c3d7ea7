"""Competitions: from rows to answers. Thousandths inside, hundredths (rounded half up) outside."""

from collections.abc import Sequence
from datetime import datetime

from app.models.training import Competition, CompetitionScore
from app.rules.identity.roles import Actor
from app.rules.training.competitions import COMPETITION_NEXT, DROP_FROM_JUDGES, ENTRY_NEXT, CompetitionState, EntryState
from app.schemas.base import Action
from app.schemas.training.competitions import (
    CompetitionObjectionList,
    CompetitionObjectionRead,
    CompetitionRead,
    ContestantRead,
    ResultLine,
    ResultList,
    ScoreList,
    ScoreRead,
)
from app.services.training.competitions import MANAGE, Line, Seen
from app.services.training.contestants import Objected, Opened

S, N = CompetitionState, EntryState
VERBS = {
    S.REGISTERING: "open", S.ELIGIBILITY_CHECKED: "close", S.THEORY: "theory", S.PRACTICAL: "practical",
    S.PROVISIONAL: "results", S.OBJECTIONS: "publish", S.FINAL: "finalise", S.AWARDED: "award", S.CANCELLED: "cancel",
}  # fmt: skip


def competition_read(seen: Seen, actor: Actor, now: datetime) -> CompetitionRead:
    row, mine = seen.row, seen.mine
    values = row.model_dump(exclude={"created_at", "updated_at", "announced_by"})
    return CompetitionRead(
        **values, state_label=row.state.label, tie_label=row.tie.label, my_entry_id=mine.id if mine else None,
        my_state=mine.state if mine else None, actions=[*_office(row, actor), _enter(seen, now)],
    )  # fmt: skip


def entry_read(found: Opened) -> ContestantRead:
    row = found.row
    open_now = found.competition.state is S.REGISTERING
    return ContestantRead(
        id=row.id, competition_id=row.competition_id, number=row.number, category=row.category,
        person_id=row.person_id if found.shown else None, person_name=found.name, state=row.state,
        state_label=row.state.label, reason=found.reason,
        theory_hundredths=hundredths(row.theory_milli) if found.shown else None,
        practical_hundredths=hundredths(row.practical_milli) if found.shown else None,
        total_hundredths=hundredths(row.total_milli) if found.shown else None,
        rank=row.rank if found.shown else None, award=row.award, version=row.version,
        actions=[
            Action(
                action=verb, allowed=open_now and target in ENTRY_NEXT[row.state],
                reason=None if open_now and target in ENTRY_NEXT[row.state] else f"报名当前为“{row.state.label}”",
            )
            for verb, target in (("check", N.ELIGIBLE), ("leave", N.WITHDRAWN))
        ] if found.shown else [],
    )  # fmt: skip


def scores_read(found: Sequence[tuple[int, CompetitionScore]]) -> ScoreList:
    return ScoreList(
        items=[
            ScoreRead(number=number, part=score.part, part_label=score.part.label, tenths=score.tenths)
            for number, score in found
        ]
    )


def results_read(row: Competition, lines: Sequence[Line]) -> ResultList:
    dropped = "，去掉一个最高分和一个最低分" if row.drop_extremes and row.judges >= DROP_FROM_JUDGES else ""
    told = (
        f"总分=理论×{row.theory_weight}%+实操×{100 - row.theory_weight}%；实操由{row.judges}名裁判打分{dropped}取平均；"
        f"{row.tie.label}"
    )
    return ResultList(
        state_label=row.state.label, objections_until=row.objections_until, told=told,
        items=[
            ResultLine(
                number=line.entry.number, category=line.entry.category, name=line.name,
                theory_hundredths=hundredths(line.entry.theory_milli) or 0,
                practical_hundredths=hundredths(line.entry.practical_milli) or 0,
                total_hundredths=hundredths(line.entry.total_milli) or 0, rank=line.entry.rank or 0, award=line.entry.award,
            )
            for line in lines
        ],
    )  # fmt: skip


def objection_read(found: Objected) -> CompetitionObjectionRead:
    row = found.row
    return CompetitionObjectionRead(
        id=row.id, entry_number=found.number, state=row.state, state_label=row.state.label, words=found.words,
        answer=found.answer, created_at=row.created_at,
    )  # fmt: skip


def objections_read(found: Sequence[Objected]) -> CompetitionObjectionList:
    return CompetitionObjectionList(items=[objection_read(one) for one in found])


def hundredths(milli: int | None) -> int | None:
    return None if milli is None else (milli + 5) // 10


def _office(row: Competition, actor: Actor) -> list[Action]:
    if not actor.town_wide(MANAGE):
        return []
    return [
        Action(
            action=verb, allowed=state in COMPETITION_NEXT[row.state],
            reason=None if state in COMPETITION_NEXT[row.state] else f"竞赛当前为“{row.state.label}”",
        )
        for state, verb in VERBS.items()
    ]  # fmt: skip


def _enter(seen: Seen, now: datetime) -> Action:
    row, mine = seen.row, seen.mine
    reason = None
    if row.state is not S.REGISTERING or now >= row.registering_until:
        reason = f"竞赛当前为“{row.state.label}”，或报名已经截止"
    elif mine is not None and mine.state is not N.WITHDRAWN:
        reason = f"您的报名当前为“{mine.state.label}”"
    elif row.capacity is not None and row.entered >= row.capacity:
        reason = f"竞赛的{row.capacity}个名额已满"
    return Action(action="enter", allowed=reason is None, reason=reason)
