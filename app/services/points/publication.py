"""Publication (公示) of a period: lines as they were that day, objections, their answers, the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.core.crypto import crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.errors import AppError
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors, behind
from app.models.points import (
    PointsAward,
    PointsObjection,
    PointsPublication,
    PointsRule,
    PublicationLine,
    Redemption,
)
from app.rules.common.tasks import TaskKind
from app.rules.identity.consents import ConsentPurpose
from app.rules.identity.roles import Actor, Permission, check_town_wide
from app.rules.points import publication as rules
from app.rules.points.earning import AwardState
from app.rules.points.publication import ObjectionState, PublicationState, PublishedKind
from app.rules.points.rewards import RedemptionState
from app.services.common import calendar
from app.services.common.lists import newest_first
from app.services.common.tasks import close_tasks, open_task
from app.services.identity import audit
from app.services.identity.consents import consenting
from app.services.identity.people import facts_of
from app.services.points import awards, claims
from app.services.points.events import ObjectionAnswered, PointsTakenBack

MANAGE = Permission.POINTS_MANAGE
PUBLICATION, OBJECTION = "points_publication", "points_objection"


@dataclass(frozen=True, slots=True)
class Objection:
    row: PointsObjection
    line: PublicationLine
    words: str
    answer: str | None


async def publish(
    session: AsyncSession, actor: Actor, starts_on: date, ends_on: date, *, now: datetime
) -> PointsPublication:
    """Of a period that is over; open to objections for five working days after today."""
    check_town_wide(actor, MANAGE)
    rules.check_period(starts_on, ends_on, china_date(now))
    await _check_no_overlap(session, starts_on, ends_on)
    publication = PointsPublication(
        id=new_id(), created_at=now, updated_at=now, starts_on=starts_on, ends_on=ends_on, lines=0,
        until=(await calendar.deadline(session, now, rules.WORKDAYS)).at, published_by=actor.person_id,
    )  # fmt: skip
    lines = [*await _awards(session, starts_on, ends_on), *await _redemptions(session, starts_on, ends_on)]
    names = await _names(session, [person_id for person_id, _ in lines])
    publication.lines = len(lines)
    session.add(publication)
    await session.flush()
    for number, (person_id, line) in enumerate(sorted(lines, key=lambda one: (one[1].on_day, one[1].what)), start=1):
        line.publication_id, line.number, line.created_at, line.name = publication.id, number, now, names[person_id]
        session.add(line)
    await session.flush()
    audit.by(session, actor, "points_published", PUBLICATION, publication.id, now=now, lines=str(len(lines)))
    return publication


async def close(
    session: AsyncSession, actor: Actor, publication_id: UUID, *, expected_version: int, now: datetime
) -> PointsPublication:
    """Once the time is over and every objection has its answer."""
    check_town_wide(actor, MANAGE)
    row = await lock(session, PointsPublication, publication_id, rules.PublicationNotFoundError)
    check_version(row.version, expected_version)
    rules.check_publication(row.state, PublicationState.FINAL)
    waiting = await session.exec(
        select(func.count())
        .select_from(PointsObjection)
        .where(PointsObjection.publication_id == row.id, PointsObjection.state == ObjectionState.SUBMITTED)
    )
    unanswered = waiting.one()
    if now < row.until or unanswered:
        last = row.until.astimezone(CHINA)
        raise rules.PublicationRunningError(until=f"{last.month}月{last.day}日", open=unanswered)
    row.state = PublicationState.FINAL
    row.touch(now)
    audit.by(session, actor, "points_publication_final", PUBLICATION, row.id, now=now)
    return row


async def list_publications(
    session: ReadSession, cursors: Cursors, *, cursor: str | None, limit: int
) -> tuple[Sequence[PointsPublication], str | None]:
    query: dict[str, Any] = {"list": "points_publications"}
    return await newest_first(
        session, cursors, query, PointsPublication, select(PointsPublication), cursor=cursor, limit=limit
    )


async def list_lines(
    session: ReadSession, cursors: Cursors, publication_id: UUID, *, cursor: str | None, limit: int
) -> tuple[PointsPublication, Sequence[PublicationLine], str | None]:
    """In the order in which they were published."""
    publication = await _find(session, PointsPublication, publication_id, rules.PublicationNotFoundError)
    query: dict[str, Any] = {"list": "publication_lines", "publication": publication_id}
    keys = [col(PublicationLine.number), col(PublicationLine.id)]
    statement = select(PublicationLine).where(PublicationLine.publication_id == publication_id)
    if cursor is not None:
        statement = statement.where(behind(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*keys).limit(limit + 1))).all()
    page, following = cursors.page(query, rows, limit, lambda row: [row.number, row.id])
    return publication, page, following


async def object_to(
    session: AsyncSession, actor: Actor, publication_id: UUID, number: int, words: str, *, now: datetime
) -> Objection:
    publication = await lock(session, PointsPublication, publication_id, rules.PublicationNotFoundError)
    if publication.state is not PublicationState.PUBLISHED or now >= publication.until:
        raise rules.PublicationClosedError
    line = (
        await session.exec(
            select(PublicationLine).where(
                PublicationLine.publication_id == publication_id, PublicationLine.number == number
            )
        )
    ).one_or_none()
    if line is None:
        raise rules.PublicationLineNotFoundError
    before = await session.exec(
        select(col(PointsObjection.id)).where(
            PointsObjection.line_id == line.id, PointsObjection.person_id == actor.person_id
        )
    )
    if before.one_or_none() is not None:
        raise rules.ObjectionTwiceError
    objection_id = new_id()
    row = PointsObjection(
        id=objection_id, created_at=now, updated_at=now, line_id=line.id, publication_id=publication_id,
        person_id=actor.person_id, words_sealed=crypto_of(session).seal(OBJECTION, "words", objection_id, words),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await open_task(session, TaskKind.POINTS_OBJECTION, row.id, title=f"对积分公示第{number}行的异议", now=now)
    audit.by(session, actor, "points_objection", OBJECTION, row.id, now=now)
    return _opened(session, row, line)


async def answer(
    session: AsyncSession, actor: Actor, objection_id: UUID, *, uphold: bool, words: str, expected_version: int,
    now: datetime,
) -> Objection:  # fmt: skip
    """By somebody whom it does not concern. Upheld: what was credited is taken back at once."""
    check_town_wide(actor, MANAGE)
    row = await lock(session, PointsObjection, objection_id, rules.ObjectionNotFoundError)
    line = await _find(session, PublicationLine, row.line_id, rules.PublicationLineNotFoundError)
    award = (
        None
        if line.award_id is None
        else await _find(session, PointsAward, line.award_id, rules.PublicationLineNotFoundError)
    )
    if actor.person_id == row.person_id or (award is not None and actor.person_id in {award.person_id, award.actor_id}):
        raise rules.ObjectionOwnLineError
    check_version(row.version, expected_version)
    target = ObjectionState.UPHELD if uphold else ObjectionState.DISMISSED
    rules.check_objection(row.state, target)
    if uphold:
        if award is None:
            raise rules.ObjectionNotAwardError
        await _take_back(session, actor, award, words, now)
    row.state, row.answered_by = target, actor.person_id
    row.answer_sealed = crypto_of(session).seal(OBJECTION, "answer", row.id, words)
    row.touch(now)
    await close_tasks(session, TaskKind.POINTS_OBJECTION, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, f"points_objection_{target.value}", OBJECTION, row.id, now=now)
    await session.flush()
    await emit(session, ObjectionAnswered(at=now, objection_id=row.id, person_id=row.person_id, upheld=uphold))
    return _opened(session, row, line)


async def list_objections(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Objection], str | None]:
    """The office sees all of them, others their own."""
    office = actor.town_wide(MANAGE)
    statement = select(PointsObjection)
    if not office:
        statement = statement.where(PointsObjection.person_id == actor.person_id)
    query: dict[str, Any] = {"list": "points_objections", "of": None if office else actor.person_id}
    rows, following = await newest_first(
        session, cursors, query, PointsObjection, statement, cursor=cursor, limit=limit
    )
    ids = {row.line_id for row in rows}
    lines = {
        line.id: line for line in await session.exec(select(PublicationLine).where(col(PublicationLine.id).in_(ids)))
    }
    return [_opened(session, row, lines[row.line_id]) for row in rows], following


def _opened(session: AsyncSession | ReadSession, row: PointsObjection, line: PublicationLine) -> Objection:
    crypto = crypto_of(session)
    return Objection(
        row, line, crypto.open_text(OBJECTION, "words", row.id, row.words_sealed),
        crypto.open_if(OBJECTION, "answer", row.id, row.answer_sealed),
    )  # fmt: skip


async def _take_back(session: AsyncSession, actor: Actor, award: PointsAward, words: str, now: datetime) -> None:
    if award.state is not AwardState.CREDITED:
        # Found and taken back meanwhile.
        return
    claim = await claims.claim_of_cause(session, award.cause)
    if claim is not None:
        await claims.take_back_claim(session, claim, reason=words, actor=actor, now=now)
        return
    told = f"公示异议成立：{award.told}"[:120]
    for row in await awards.take_back(
        session, award.cause, award.person_id, told=told, now=now, actor_id=actor.person_id
    ):
        await emit(session, PointsTakenBack(at=now, person_id=row.person_id, told=told, points=row.points))


async def _awards(session: AsyncSession, starts_on: date, ends_on: date) -> list[tuple[UUID, PublicationLine]]:
    rows = await session.exec(
        select(PointsAward, col(PointsRule.text))
        .join(PointsRule, col(PointsRule.id) == col(PointsAward.rule_id))
        .where(PointsAward.state == AwardState.CREDITED, col(PointsAward.on_day).between(starts_on, ends_on))
    )
    return [
        (award.person_id, _line(PublishedKind.AWARD, text, award.points, award.on_day, award_id=award.id))
        for award, text in rows
    ]


async def _redemptions(session: AsyncSession, starts_on: date, ends_on: date) -> list[tuple[UUID, PublicationLine]]:
    begin = datetime.combine(starts_on, time(), CHINA)
    rows = await session.exec(
        select(Redemption).where(
            Redemption.state == RedemptionState.FULFILLED,
            col(Redemption.fulfilled_at) >= begin,
            col(Redemption.fulfilled_at) < calendar.end_of(ends_on),
        )
    )
    return [
        (
            row.person_id,
            _line(
                PublishedKind.REDEMPTION,
                row.title,
                row.points,
                china_date(row.fulfilled_at or begin),
                redemption_id=row.id,
            ),
        )
        for row in rows
    ]


def _line(kind: PublishedKind, what: str, points: int, on_day: date, **of: Any) -> PublicationLine:
    return PublicationLine(kind=kind, what=what, points=points, on_day=on_day, **of)


async def _names(session: AsyncSession, people: Sequence[UUID]) -> dict[UUID, str]:
    """Masked where the person agreed to be named at all."""
    wanted = sorted(set(people))
    facts = await facts_of(session, crypto_of(session), wanted)
    agreed = await consenting(session, wanted, ConsentPurpose.POINTS_PUBLICATION)
    return {one: rules.shown_name(facts[one].name if one in facts else None, consented=one in agreed) for one in wanted}


async def _check_no_overlap(session: AsyncSession, starts_on: date, ends_on: date) -> None:
    found = await session.exec(
        select(PointsPublication)
        .where(col(PointsPublication.starts_on) <= ends_on, col(PointsPublication.ends_on) >= starts_on)
        .limit(1)
    )
    other = found.one_or_none()
    if other is not None:
        raise rules.PublicationOverlapError(starts_on=str(other.starts_on), ends_on=str(other.ends_on))


async def _find(session: AsyncSession | ReadSession, model: Any, row_id: UUID, missing: type[AppError]) -> Any:
    row = (await session.exec(select(model).where(model.id == row_id))).one_or_none()
    if row is None:
        raise missing
    return row
