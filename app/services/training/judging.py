"""Judges' scores: by the numbers of the contestants, each judge's own, no more judges than were announced."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, lock
from app.models.training import Competition, CompetitionEntry, CompetitionScore
from app.rules.identity.roles import Actor
from app.rules.training import competitions as rules
from app.rules.training.competitions import HIGHEST_TENTHS, ContestPart, EntryState
from app.schemas.training.competitions import ScoresForm
from app.services.identity import audit
from app.services.training.contestants import check_judge, find, mine_in

N = EntryState


async def score(
    session: AsyncSession, actor: Actor, competition_id: UUID, form: ScoresForm, *, now: datetime
) -> list[tuple[int, CompetitionScore]]:
    """A judge's own scores, by the numbers of the contestants; entered again they are corrected. Nobody scores themselves."""
    check_judge(actor, competition_id)
    row = await lock(session, Competition, competition_id, rules.CompetitionNotFoundError)
    rules.check_scoring(row.state, form.part)
    if await mine_in(session, competition_id, actor.person_id) is not None:
        raise rules.OwnEntryError
    for one in form.scores:
        if not 0 <= one.tenths <= HIGHEST_TENTHS:
            raise rules.ScoreTenthsError(most=HIGHEST_TENTHS // 10)
    wanted = {one.number: one.tenths for one in form.scores}
    found = await session.exec(
        select(CompetitionEntry).where(
            CompetitionEntry.competition_id == competition_id, col(CompetitionEntry.number).in_(sorted(wanted)),
            CompetitionEntry.state == N.ELIGIBLE,
        )
    )  # fmt: skip
    entries = {entry.number: entry for entry in found}
    if len(entries) != len(wanted):
        raise rules.CompetitionEntryNotFoundError
    await _check_panel(session, row, form.part, actor, [entry.id for entry in entries.values()])
    known = await _scores_of(session, actor, form.part, [entry.id for entry in entries.values()])
    done = []
    for number, entry in sorted(entries.items()):
        mine = known.get(entry.id)
        if mine is None:
            mine = CompetitionScore(
                created_at=now, updated_at=now, entry_id=entry.id, part=form.part, judge_id=actor.person_id,
                tenths=wanted[number],
            )  # fmt: skip
            session.add(mine)
        else:
            mine.tenths = wanted[number]
            mine.touch(now)
        done.append((number, mine))
    await session.flush()
    audit.by(session, actor, "competition_scored", "competition", competition_id, now=now, part=form.part.value)
    return done


async def my_scores(session: ReadSession, actor: Actor, competition_id: UUID) -> list[tuple[int, CompetitionScore]]:
    """What the judge has entered; nobody sees another judge's."""
    check_judge(actor, competition_id)
    await find(session, competition_id)
    rows = await session.exec(
        select(col(CompetitionEntry.number), CompetitionScore)
        .join(CompetitionEntry, col(CompetitionEntry.id) == col(CompetitionScore.entry_id))
        .where(CompetitionEntry.competition_id == competition_id, CompetitionScore.judge_id == actor.person_id)
        .order_by(col(CompetitionEntry.number), col(CompetitionScore.part))
    )
    return list(rows.all())


async def _check_panel(
    session: AsyncSession, row: Competition, part: ContestPart, actor: Actor, entry_ids: Sequence[UUID]
) -> None:
    """No more judges than were announced: one score of the theory, so many of the practical part."""
    most = 1 if part is ContestPart.THEORY else row.judges
    counts = await session.exec(
        select(col(CompetitionScore.entry_id), func.count())
        .where(
            col(CompetitionScore.entry_id).in_(entry_ids), CompetitionScore.part == part,
            CompetitionScore.judge_id != actor.person_id,
        )
        .group_by(col(CompetitionScore.entry_id))
    )  # fmt: skip
    if any(count >= most for _, count in counts):
        raise rules.PanelFullError(part=part.label, most=most)


async def _scores_of(
    session: AsyncSession, actor: Actor, part: ContestPart, entry_ids: Sequence[UUID]
) -> dict[UUID, CompetitionScore]:
    rows = await session.exec(
        select(CompetitionScore)
        .where(
            col(CompetitionScore.entry_id).in_(entry_ids), CompetitionScore.part == part,
            CompetitionScore.judge_id == actor.person_id,
        )
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return {row.entry_id: row for row in rows}
