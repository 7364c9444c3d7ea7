"""Who takes part in a fair: firms apply or are invited, the office confirms, and each brings its own vacancies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.models.jobs import Fair, FairBooth, FairVacancy
from app.models.organisation import Enterprise
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs.fairs import (
    AHEAD,
    TAKING_PART,
    BoothNotFoundError,
    BoothNumberTakenError,
    BoothState,
    BoothStateError,
    FairFullError,
    FirmUnfitError,
    check_booth_move,
    check_open_to_firms,
)
from app.rules.jobs.vacancies import EnterpriseNotYoursError
from app.rules.organisation import EnterpriseNotFoundError
from app.services.common.tasks import close_tasks, open_task
from app.services.events import FairBoothMoved
from app.services.identity import audit
from app.services.jobs.fairs import count_confirmed, hold, lock_managed, manages, seen
from app.services.organisation.enterprises import may_publish

SUBJECT = "fair_booth"
OWN_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Placed:
    """A firm's place at a fair, with how many of its vacancies stand there."""

    booth: FairBooth
    fair: Fair
    vacancies: int


async def apply_for_booth(
    session: AsyncSession, actor: Actor, fair_id: UUID, enterprise_id: UUID, *, now: datetime
) -> Placed:
    """A verified firm asks to take part; the office answers."""
    enterprise = await own_fit_firm(session, actor, enterprise_id, now)
    fair = await hold(session, actor, fair_id)
    check_open_to_firms(fair.state)
    booth = await _enter(session, fair, enterprise, BoothState.APPLIED, now)
    title = f"“{enterprise.name}”报名参加“{fair.title}”"
    await open_task(session, TaskKind.FAIR_BOOTH, booth.id, title=title, now=now, other_id=fair_id)
    audit.by(session, actor, "fair_booth_applied", SUBJECT, booth.id, now=now)
    return await placed(session, booth, fair)


async def invite(
    session: AsyncSession, actor: Actor, fair_id: UUID, enterprise_id: UUID, *, number: str | None, now: datetime
) -> Placed:
    """The office asks a verified firm; the firm accepts or not."""
    enterprise = await lock(session, Enterprise, enterprise_id, EnterpriseNotFoundError)
    await _check_fit(session, enterprise, now)
    fair = await lock_managed(session, actor, fair_id)
    check_open_to_firms(fair.state)
    booth = await _enter(session, fair, enterprise, BoothState.INVITED, now)
    await _number(session, booth, number)
    audit.by(session, actor, "fair_booth_invited", SUBJECT, booth.id, now=now)
    await _tell(session, fair, booth, now)
    return await placed(session, booth, fair)


async def decide(
    session: AsyncSession,
    actor: Actor,
    fair_id: UUID,
    booth_id: UUID,
    *,
    confirm: bool,
    number: str | None = None,
    reason: str | None = None,
    expected_version: int,
    now: datetime,
) -> Placed:
    """The office's answer to an application. Booths are counted under the fair's lock: the last one goes to one firm."""
    seen_booth = await _managed_booth(session, actor, fair_id, booth_id)
    enterprise = await lock(session, Enterprise, seen_booth.enterprise_id, EnterpriseNotFoundError)
    fair = await lock_managed(session, actor, fair_id)
    booth = await lock(session, FairBooth, booth_id, BoothNotFoundError)
    check_version(booth.version, expected_version)
    check_open_to_firms(fair.state)
    target = BoothState.CONFIRMED if confirm else BoothState.DECLINED
    if booth.state is not BoothState.APPLIED:
        # An invitation is the firm's to accept.
        raise BoothStateError(current=booth.state.label, target=target.label)
    if confirm:
        await _check_fit(session, enterprise, now)
        await _check_room(session, fair)
    booth.state, booth.declined_because = target, reason
    booth.touch(now)
    await _number(session, booth, number or booth.number)
    await close_tasks(session, TaskKind.FAIR_BOOTH, booth.id, by=actor.person_id, now=now)
    audit.by(session, actor, f"fair_booth_{target.value}", SUBJECT, booth.id, now=now)
    await _tell(session, fair, booth, now)
    return await placed(session, booth, fair)


async def renumber(
    session: AsyncSession,
    actor: Actor,
    fair_id: UUID,
    booth_id: UUID,
    *,
    number: str | None,
    expected_version: int,
    now: datetime,
) -> Placed:
    """Another booth number for a firm that takes part; the firm is told."""
    await _managed_booth(session, actor, fair_id, booth_id)
    fair = await lock_managed(session, actor, fair_id)
    booth = await lock(session, FairBooth, booth_id, BoothNotFoundError)
    check_version(booth.version, expected_version)
    check_open_to_firms(fair.state)
    if booth.state not in TAKING_PART:
        raise BoothStateError(current=booth.state.label, target=BoothState.CONFIRMED.label)
    booth.touch(now)
    await _number(session, booth, number)
    audit.by(session, actor, "fair_booth_renumbered", SUBJECT, booth.id, now=now)
    if booth.state is BoothState.CONFIRMED:
        await _tell(session, fair, booth, now)
    return await placed(session, booth, fair)


async def answer(
    session: AsyncSession,
    actor: Actor,
    fair_id: UUID,
    booth_id: UUID,
    target: BoothState,
    *,
    expected_version: int,
    now: datetime,
) -> Placed:
    """The firm's own step: it accepts an invitation, or leaves."""
    found = await session.exec(
        select(FairBooth).where(FairBooth.id == booth_id, FairBooth.fair_id == fair_id, _own(actor))
    )
    mine = found.one_or_none()
    if mine is None:
        raise BoothNotFoundError
    enterprise = await lock(session, Enterprise, mine.enterprise_id, EnterpriseNotFoundError)
    accepting = target is BoothState.CONFIRMED
    # Accepting takes one of the places; leaving only reads the fair.
    fair = await lock(session, Fair, fair_id, BoothNotFoundError) if accepting else await hold(session, actor, fair_id)
    booth = await lock(session, FairBooth, booth_id, BoothNotFoundError)
    check_version(booth.version, expected_version)
    check_open_to_firms(fair.state)
    if accepting:
        if booth.state is not BoothState.INVITED:
            raise BoothStateError(current=booth.state.label, target=target.label)
        await _check_fit(session, enterprise, now)
        await _check_room(session, fair)
    check_booth_move(booth.state, target)
    booth.state = target
    booth.touch(now)
    if accepting and booth.number is not None and await _is_taken(session, booth, booth.number):
        # Given away while the invitation lay: the firm is in all the same, the office gives another number.
        booth.number = None
    await session.flush()
    await close_tasks(session, TaskKind.FAIR_BOOTH, booth.id, by=actor.person_id, now=now)
    audit.by(session, actor, f"fair_booth_{target.value}", SUBJECT, booth.id, now=now)
    return await placed(session, booth, fair)


async def drop_all(session: AsyncSession, enterprise_id: UUID, *, now: datetime) -> int:
    """The firm is suspended: it falls out of every fair that lies ahead, in the same transaction."""
    rows = await session.exec(
        select(FairBooth, Fair)
        .join(Fair, col(Fair.id) == col(FairBooth.fair_id))
        .where(
            FairBooth.enterprise_id == enterprise_id,
            col(FairBooth.state).in_(sorted(TAKING_PART)),
            col(Fair.state).in_(sorted(AHEAD)),
        )
        .order_by(col(FairBooth.id))
        .with_for_update(of=FairBooth)
    )
    found = rows.all()
    for booth, fair in found:
        booth.state = BoothState.DROPPED
        booth.touch(now)
        await close_tasks(session, TaskKind.FAIR_BOOTH, booth.id, by=None, now=now)
        await session.flush()
        await _tell(session, fair, booth, now)
    return len(found)


async def list_booths(
    session: ReadSession,
    cursors: Cursors,
    actor: Actor | None,
    fair_id: UUID,
    *,
    cursor: str | None,
    limit: int,
) -> tuple[list[Placed], str | None]:
    """Who takes part, as far as the caller may know: the office sees every application, everybody the confirmed."""
    fair = await seen(session, actor, fair_id)
    office = manages(actor, fair_id)
    query: dict[str, Any] = {"list": "booths", "fair": fair_id, "office": office}
    keys = [col(FairBooth.created_at), col(FairBooth.id)]
    statement = select(FairBooth).where(FairBooth.fair_id == fair_id)
    if not office:
        statement = statement.where(FairBooth.state == BoothState.CONFIRMED)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    rows, following = cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])
    counts = await _counts(session, [row.id for row in rows])
    return [Placed(row, fair, counts.get(row.id, 0)) for row in rows], following


async def list_own_booths(session: ReadSession, actor: Actor, enterprise_id: UUID) -> list[Placed]:
    """The fairs of one's firm, newest first, at most 200, the invitations among them."""
    if enterprise_id not in actor.enterprises(Permission.VACANCY_WRITE):
        raise EnterpriseNotYoursError
    rows = (
        await session.exec(
            select(FairBooth, Fair)
            .join(Fair, col(Fair.id) == col(FairBooth.fair_id))
            .where(FairBooth.enterprise_id == enterprise_id)
            .order_by(col(FairBooth.created_at).desc(), col(FairBooth.id).desc())
            .limit(OWN_AT_MOST)
        )
    ).all()
    counts = await _counts(session, [booth.id for booth, _ in rows])
    return [Placed(booth, fair, counts.get(booth.id, 0)) for booth, fair in rows]


async def placed(session: AsyncSession, booth: FairBooth, fair: Fair) -> Placed:
    return Placed(booth, fair, (await _counts(session, [booth.id])).get(booth.id, 0))


async def own_fit_firm(session: AsyncSession, actor: Actor, enterprise_id: UUID, now: datetime) -> Enterprise:
    """One's own firm under its lock, verified and with valid papers."""
    if enterprise_id not in actor.enterprises(Permission.VACANCY_WRITE):
        raise EnterpriseNotYoursError
    enterprise = await lock(session, Enterprise, enterprise_id, EnterpriseNotFoundError)
    await _check_fit(session, enterprise, now)
    return enterprise


async def _check_fit(session: AsyncSession, enterprise: Enterprise, now: datetime) -> None:
    today = china_date(now)
    expired = enterprise.verified_until is not None and enterprise.verified_until < today
    if expired or not await may_publish(session, enterprise, today):
        raise FirmUnfitError


async def _check_room(session: AsyncSession, fair: Fair) -> None:
    """Under the fair's lock."""
    if await count_confirmed(session, fair.id) >= fair.capacity:
        raise FairFullError(capacity=fair.capacity)


async def _enter(
    session: AsyncSession, fair: Fair, enterprise: Enterprise, state: BoothState, now: datetime
) -> FairBooth:
    """The firm's one row of this fair: made, or taken up again after a refusal. Under the firm's lock."""
    row = FairBooth(
        id=new_id(), created_at=now, updated_at=now, fair_id=fair.id, enterprise_id=enterprise.id,
        enterprise_name=enterprise.name, state=state,
    )  # fmt: skip
    made = await insert_or_ignore(session, FairBooth, row.model_dump())
    found = await session.exec(
        select(FairBooth)
        .where(FairBooth.fair_id == fair.id, FairBooth.enterprise_id == enterprise.id)
        .with_for_update()
    )
    booth = found.one()
    if not made:
        check_booth_move(booth.state, state)
        booth.state, booth.number, booth.declined_because = state, None, None
        booth.enterprise_name = enterprise.name
        booth.touch(now)
        await session.flush()
    return booth


async def _number(session: AsyncSession, booth: FairBooth, number: str | None) -> None:
    """One number, one confirmed firm. Under the fair's lock wherever a number is given."""
    if number is not None and booth.state in TAKING_PART and await _is_taken(session, booth, number):
        raise BoothNumberTakenError(number=number)
    booth.number = number
    await session.flush()


async def _is_taken(session: AsyncSession, booth: FairBooth, number: str) -> bool:
    with session.no_autoflush:
        taken = await session.exec(
            select(col(FairBooth.id)).where(
                FairBooth.fair_id == booth.fair_id, FairBooth.number == number, FairBooth.id != booth.id,
                FairBooth.state == BoothState.CONFIRMED,
            )
        )  # fmt: skip
    return taken.first() is not None


async def _tell(session: AsyncSession, fair: Fair, booth: FairBooth, now: datetime) -> None:
    await emit(
        session,
        FairBoothMoved(
            at=now, fair_id=fair.id, fair_title=fair.title, enterprise_id=booth.enterprise_id, state=booth.state,
            number=booth.number, reason=booth.declined_because,
        ),
    )  # fmt: skip


async def _managed_booth(session: AsyncSession, actor: Actor, fair_id: UUID, booth_id: UUID) -> FairBooth:
    found = await session.exec(select(FairBooth).where(FairBooth.id == booth_id, FairBooth.fair_id == fair_id))
    booth = found.one_or_none()
    if booth is None or not manages(actor, fair_id):
        raise BoothNotFoundError
    return booth


def _own(actor: Actor) -> ColumnElement[bool]:
    return col(FairBooth.enterprise_id).in_(sorted(actor.enterprises(Permission.VACANCY_WRITE)))


async def _counts(session: AsyncSession, booth_ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = await session.exec(
        select(col(FairVacancy.booth_id), func.count())
        .where(col(FairVacancy.booth_id).in_(booth_ids))
        .group_by(col(FairVacancy.booth_id))
    )
    return dict(rows.all())
