"""The counter of a site: a clerk looks a code up, hands over, undoes a slip, gets ready, rejects what cannot be handed over.

Nobody hands over their own. A code of another site and a wrong one look alike to a guesser, and wrong ones are limited.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.db import ReadSession, check_version
from app.core.errors import AppError
from app.core.pages import Cursors
from app.core.security import normal_code
from app.core.upsert import insert_or_ignore
from app.models.points import PickUpGuard, Redemption
from app.rules.identity.masks import mask_name
from app.rules.identity.roles import Actor, Permission, ScopeKind, SelfReviewError, check_permission
from app.rules.points import rewards as rules
from app.rules.points.rewards import WRONG_CODES_WITHIN, PickedUpBy, RedemptionState
from app.services.common.lists import newest_first
from app.services.identity import audit
from app.services.identity.people import facts_of
from app.services.points import book, ledger
from app.services.points.book import do
from app.services.points.redemptions import CODE_PURPOSE, SUBJECT, end, move_stock, new_code, tell

PICK_UP = Permission.POINTS_PICK_UP
_guard: Any = PickUpGuard.__table__  # type: ignore[attr-defined]
# What the mini-program draws as a QR code starts with this.
QR_PREFIX = "BGDH:"


@dataclass(frozen=True, slots=True)
class AtCounter:
    """What a clerk sees."""

    row: Redemption
    name: str | None
    helper: str | None


def serves(actor: Actor, site_id: UUID) -> bool:
    return actor.town_wide(PICK_UP) or site_id in actor.scopes(PICK_UP, ScopeKind.SITE)


async def look_up(session: AsyncSession, actor: Actor, code: str, *, now: datetime) -> AtCounter:
    """What the code is for, before anything is handed over."""
    row = await _by_code(session, actor, code, now)
    return (await _opened(session, [row]))[0]


async def fulfil(
    session: AsyncSession, actor: Actor, code: str, *, picked_up_by: PickedUpBy, now: datetime
) -> AtCounter:
    """Handed over: the code is used up."""
    row = await _by_code(session, actor, code, now)
    _check_not_own(actor, row)
    rules.check_step(row.state, RedemptionState.FULFILLED)
    rules.check_in_time(row.until, now)
    if picked_up_by is PickedUpBy.HELPER and row.helper_sealed is None:
        raise rules.HelperMissingError
    held = await book.lock_hold(session, row.hold_id)
    await move_stock(session, row.reward_id, row.site_id, held=-1, fulfilled=1)
    await ledger.fulfil_of(session, held, told=f"已领取：{row.title}", now=now, actor_id=actor.person_id)
    row.state, row.picked_up_by = RedemptionState.FULFILLED, picked_up_by
    row.fulfilled_by, row.fulfilled_at = actor.person_id, now
    row.touch(now)
    audit.by(session, actor, "redemption_fulfilled", SUBJECT, row.id, now=now, by=picked_up_by.value)
    await session.flush()
    await tell(session, row, 0, now)
    return (await _opened(session, [row]))[0]


async def undo(
    session: AsyncSession, actor: Actor, redemption_id: UUID, *, expected_version: int, now: datetime
) -> AtCounter:
    """A slip, within minutes: as it was before, and the code holds again."""
    row = await _lock_at_site(session, actor, redemption_id)
    check_version(row.version, expected_version)
    _check_not_own(actor, row)
    rules.check_step(row.state, RedemptionState.READY)
    if row.fulfilled_at is not None:
        rules.check_undo(row.fulfilled_at, now)
    held = await book.lock_hold(session, row.hold_id)
    await move_stock(session, row.reward_id, row.site_id, held=1, fulfilled=-1)
    await ledger.undo_of(session, held, told=f"撤销核销：{row.title}", now=now, actor_id=actor.person_id)
    row.state, row.picked_up_by, row.fulfilled_by, row.fulfilled_at = RedemptionState.READY, None, None, None
    row.touch(now)
    audit.by(session, actor, "redemption_undone", SUBJECT, row.id, now=now)
    await session.flush()
    await tell(session, row, 0, now)
    return (await _opened(session, [row]))[0]


async def make_ready(
    session: AsyncSession, actor: Actor, redemption_id: UUID, *, expected_version: int, now: datetime
) -> AtCounter:
    """It lies there: the person gets their code."""
    row = await _lock_at_site(session, actor, redemption_id)
    check_version(row.version, expected_version)
    if row.state is not RedemptionState.HELD:
        raise rules.RedemptionStateError(current=row.state.label, target=RedemptionState.READY.label)
    _check_not_own(actor, row)
    rules.check_in_time(row.until, now)
    row.state = RedemptionState.READY
    _, row.code_hash, row.code_sealed = new_code(crypto_of(session), row.id)
    row.touch(now)
    audit.by(session, actor, "redemption_ready", SUBJECT, row.id, now=now)
    await session.flush()
    await tell(session, row, 0, now)
    return (await _opened(session, [row]))[0]


async def reject(
    session: AsyncSession, actor: Actor, redemption_id: UUID, *, reason: str, expected_version: int, now: datetime
) -> AtCounter:
    """The site cannot hand it over: everything goes back, and nobody loses points by it."""
    row = await _lock_at_site(session, actor, redemption_id)
    check_version(row.version, expected_version)
    _check_not_own(actor, row)
    await end(session, row, RedemptionState.REJECTED, by=actor.person_id, because=reason, now=now)
    audit.by(session, actor, "redemption_rejected", SUBJECT, row.id, now=now)
    return (await _opened(session, [row]))[0]


async def list_of_site(
    session: ReadSession, cursors: Cursors, actor: Actor, site_id: UUID, *, state: RedemptionState | None,
    cursor: str | None, limit: int,
) -> tuple[list[AtCounter], str | None]:  # fmt: skip
    check_permission(actor, PICK_UP)
    if not serves(actor, site_id):
        raise rules.SiteNotFoundError
    query: dict[str, Any] = {"list": "redemptions", "site": site_id, "state": state}
    statement = select(Redemption).where(Redemption.site_id == site_id)
    if state is not None:
        statement = statement.where(Redemption.state == state)
    rows, following = await newest_first(session, cursors, query, Redemption, statement, cursor=cursor, limit=limit)
    return await _opened(session, rows), following


async def _by_code(session: AsyncSession, actor: Actor, typed: str, now: datetime) -> Redemption:
    """The redemption under its lock. What is wrong is counted, after the rollback."""
    check_permission(actor, PICK_UP)
    guard = (await do(session, _guard.select().where(_guard.c.person_id == actor.person_id))).one_or_none()
    if guard is not None:
        rules.check_guesses(guard.wrong, guard.since, now)
    wanted = crypto_of(session).keyed_hash(CODE_PURPOSE, normal_code(typed.strip().removeprefix(QR_PREFIX)))
    found = await session.exec(
        select(Redemption)
        .where(Redemption.code_hash == wanted)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is None:
        raise _counted(rules.CodeWrongError(), actor, now)
    if not serves(actor, row.site_id):
        raise _counted(rules.CodeElsewhereError(), actor, now)
    return row


def _counted(error: AppError, actor: Actor, now: datetime) -> AppError:
    async def count(session: AsyncSession) -> None:
        fresh = PickUpGuard(person_id=actor.person_id, wrong=0, since=now)
        await insert_or_ignore(session, PickUpGuard, fresh.model_dump())
        over = _guard.c.since <= now - WRONG_CODES_WITHIN
        await do(
            session,
            _guard.update()
            .where(_guard.c.person_id == actor.person_id)
            .values(wrong=case((over, 1), else_=_guard.c.wrong + 1), since=case((over, now), else_=_guard.c.since)),
        )
        audit.by(session, actor, "pick_up_code_refused", "person", actor.person_id, now=now, code=error.code)

    return error.surviving(count)


def _check_not_own(actor: Actor, row: Redemption) -> None:
    """Nor what they have asked for on behalf of somebody else."""
    if actor.person_id in {row.person_id, row.requested_by}:
        raise SelfReviewError


async def _lock_at_site(session: AsyncSession, actor: Actor, redemption_id: UUID) -> Redemption:
    check_permission(actor, PICK_UP)
    found = await session.exec(
        select(Redemption)
        .where(Redemption.id == redemption_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is None or not serves(actor, row.site_id):
        raise rules.RedemptionNotFoundError
    return row


async def _opened(session: AsyncSession | ReadSession, rows: Sequence[Redemption]) -> list[AtCounter]:
    crypto = crypto_of(session)
    facts = await facts_of(session, crypto, [row.person_id for row in rows])
    found = []
    for row in rows:
        name = facts[row.person_id].name if row.person_id in facts else None
        helper = crypto.open_if(SUBJECT, "helper", row.id, row.helper_sealed)
        found.append(AtCounter(row, None if name is None else mask_name(name), helper))
    return found
