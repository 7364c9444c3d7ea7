"""Redemption, as the person sees it: points and a piece are set aside at once or not at all; cancel, helper, lapse.

Order of locks, here and at the counter (`counter`): the redemption, the account, the stock, the ledger's own accounts.
Every way out of `held` and `ready` goes through `end`, so points and piece come back exactly once. What a rush sends to the
database is written in Core, statement by statement: `benchmarks/bench_redeem.py` measures it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, insert, select, update
from sqlmodel import col
from sqlmodel import select as select_rows
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto, crypto_of
from app.core.db import ReadSession, check_version
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors
from app.core.security import one_time_code
from app.models.points import HouseholdMember, PointsSite, Redemption, Reward, RewardStock
from app.rules.identity.ages import AgeBand
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor
from app.rules.points import rewards as rules
from app.rules.points.households import NoHouseholdError
from app.rules.points.ledger import midnight_after
from app.rules.points.rewards import COUNTED, OPEN, RedemptionState, RewardState
from app.schemas.points.rewards import RedeemForm
from app.services.common.lists import newest_first
from app.services.identity.consents import consents_of
from app.services.identity.people import facts_of_one
from app.services.points import book, ledger
from app.services.points.book import Account, Held, do
from app.services.points.events import RedemptionMoved, StockLow

SUBJECT = "redemption"
CODE_PURPOSE = "pick_up_code"
REWARD: Any = Reward.__table__  # type: ignore[attr-defined]
STOCK: Any = RewardStock.__table__  # type: ignore[attr-defined]
SITE: Any = PointsSite.__table__  # type: ignore[attr-defined]
REDEMPTION: Any = Redemption.__table__  # type: ignore[attr-defined]
_member: Any = HouseholdMember.__table__  # type: ignore[attr-defined]
# Built once: the statements of a rush.
_OFFER = (
    select(
        REWARD.c.title, REWARD.c.state, REWARD.c.points, REWARD.c.per_person, REWARD.c.adults_only, REWARD.c.prepared,
        REWARD.c.hold_days, REWARD.c.low_stock, STOCK.c.free, SITE,
    )
    .join(STOCK, STOCK.c.reward_id == REWARD.c.id)
    .join(SITE, SITE.c.id == STOCK.c.site_id)
    .where(STOCK.c.reward_id == bindparam("reward"), STOCK.c.site_id == bindparam("site"))
)  # fmt: skip
_MOVE_STOCK = (
    update(STOCK)
    .where(
        STOCK.c.reward_id == bindparam("reward"), STOCK.c.site_id == bindparam("site"),
        STOCK.c.free + bindparam("more_free") >= 0,
    )
    .values(
        free=STOCK.c.free + bindparam("more_free"), held=STOCK.c.held + bindparam("more_held"),
        fulfilled=STOCK.c.fulfilled + bindparam("more_fulfilled"),
    )
    .returning(STOCK.c.free)
)  # fmt: skip
_WRITE = insert(REDEMPTION)


@dataclass(frozen=True, slots=True)
class Opened:
    """A redemption with its site; code and helper opened for the person."""

    row: Redemption
    site: PointsSite
    code: str | None
    helper: str | None
    end_reason: str | None


async def redeem(session: AsyncSession, actor: Actor, form: RedeemForm, *, now: datetime) -> Opened:
    """Points and a piece are set aside, and unless the site has to get it ready first the code is there at once."""
    check_consent(await consents_of(session, actor.person_id), ConsentPurpose.SERVICE)
    offer = await _offer(session, form)
    if offer.adults_only:
        await _check_adult(session, actor, now)
    account = await book.lock_account(session, actor.person_id, now=now)
    household_id = None
    if form.from_household:
        household_id = await _household_of(session, actor.person_id)
        account = await book.lock_household(session, household_id, now=now)
    await _check_limit(session, actor.person_id, form.reward_id, offer.per_person)
    free = await move_stock(session, form.reward_id, form.site_id, free=-1, held=1)
    if free is None:
        raise rules.SoldOutError
    row = await _write(session, actor, form, offer, account, household_id, now)
    if offer.low_stock is not None and free == offer.low_stock:
        await emit(
            session,
            StockLow(
                at=now, reward_id=form.reward_id, site_id=form.site_id, title=offer.title, site=offer.name, free=free
            ),
        )
    site = PointsSite(**{column.name: getattr(offer, column.name) for column in SITE.c})
    return _opened(crypto_of(session), row, site)


async def cancel(
    session: AsyncSession, actor: Actor, redemption_id: UUID, *, expected_version: int, now: datetime
) -> Opened:
    row = await lock_own(session, actor, redemption_id)
    check_version(row.version, expected_version)
    await end(session, row, RedemptionState.CANCELLED, by=actor.caller_id, because="本人取消", now=now)
    return await open_for_person(session, row)


async def name_helper(
    session: AsyncSession,
    actor: Actor,
    redemption_id: UUID,
    *,
    helper: str | None,
    expected_version: int,
    now: datetime,
) -> Opened:
    """Who may fetch it with the code; nobody, where it is empty."""
    row = await lock_own(session, actor, redemption_id)
    check_version(row.version, expected_version)
    if row.state not in OPEN:
        raise rules.RedemptionStateError(current=row.state.label, target=RedemptionState.READY.label)
    row.helper_sealed = None if helper is None else crypto_of(session).seal(SUBJECT, "helper", row.id, helper)
    row.touch(now)
    await session.flush()
    return await open_for_person(session, row)


async def end(
    session: AsyncSession, row: Redemption, target: RedemptionState, *, by: UUID | None, because: str, now: datetime
) -> None:
    """Cancelled, lapsed, rejected: points to their lots, the piece to its shelf. The redemption is locked.

    What the site could not hand over is a fault of ours: points that expired meanwhile live another thirty days.
    """
    rules.check_step(row.state, target)
    held = await book.lock_hold(session, row.hold_id)
    await move_stock(session, row.reward_id, row.site_id, free=1, held=-1)
    await _release(session, row, held, target, by=by, because=because, now=now)


async def end_all_of(session: AsyncSession, person_id: UUID, *, because: str, now: datetime) -> None:
    """Everything that somebody who goes has open. All shelves before the ledger, in one order."""
    found = await session.exec(
        select_rows(Redemption)
        .where(Redemption.person_id == person_id, col(Redemption.state).in_(sorted(OPEN)))
        .order_by(col(Redemption.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    rows = found.all()
    holds = [await book.lock_hold(session, row.hold_id) for row in rows]
    for row in sorted(rows, key=lambda one: (one.reward_id, one.site_id)):
        await move_stock(session, row.reward_id, row.site_id, free=1, held=-1)
    for row, held in zip(rows, holds, strict=True):
        await _release(session, row, held, RedemptionState.CANCELLED, by=None, because=because, now=now)


async def lapse_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: what nobody fetched in time, one a transaction, since each holds an account and a shelf."""
    due = (
        select_rows(Redemption)
        .where(col(Redemption.state).in_(sorted(OPEN)), col(Redemption.until) <= now)
        .order_by(col(Redemption.until), col(Redemption.id))
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    row = (await session.exec(due)).one_or_none()
    if row is None:
        return 0
    await end(session, row, RedemptionState.LAPSED, by=None, because="逾期未领", now=now)
    return 1


async def list_mine(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Opened], str | None]:
    statement = select_rows(Redemption).where(Redemption.person_id == actor.person_id)
    query: dict[str, Any] = {"list": "redemptions", "person": actor.person_id}
    rows, following = await newest_first(session, cursors, query, Redemption, statement, cursor=cursor, limit=limit)
    ids = {row.site_id for row in rows}
    sites = {site.id: site for site in await session.exec(select_rows(PointsSite).where(col(PointsSite.id).in_(ids)))}
    crypto = crypto_of(session)
    return [_opened(crypto, row, sites[row.site_id]) for row in rows], following


async def look(session: ReadSession, actor: Actor, redemption_id: UUID) -> Opened:
    found = await session.exec(
        select_rows(Redemption).where(Redemption.id == redemption_id, Redemption.person_id == actor.person_id)
    )
    row = found.one_or_none()
    if row is None:
        raise rules.RedemptionNotFoundError
    return await open_for_person(session, row)


async def open_for_person(session: AsyncSession | ReadSession, row: Redemption) -> Opened:
    site = (await session.exec(select_rows(PointsSite).where(PointsSite.id == row.site_id))).one()
    return _opened(crypto_of(session), row, site)


async def move_stock(
    session: AsyncSession, reward_id: UUID, site_id: UUID, *, free: int = 0, held: int = 0, fulfilled: int = 0
) -> int | None:
    """How many are free afterwards; None where nothing is left to take."""
    values = {
        "reward": reward_id, "site": site_id, "more_free": free, "more_held": held, "more_fulfilled": fulfilled,
    }  # fmt: skip
    found: int | None = (await do(session, _MOVE_STOCK, values)).scalar_one_or_none()
    return found


def new_code(crypto: Crypto, redemption_id: UUID) -> tuple[str, str, bytes]:
    """The code, its keyed hash for the look-up, and as it is kept for the person's own screen."""
    code = one_time_code(rules.CODE_LENGTH)
    return code, crypto.keyed_hash(CODE_PURPOSE, code), crypto.seal(SUBJECT, "code", redemption_id, code)


async def lock_own(session: AsyncSession, actor: Actor, redemption_id: UUID) -> Redemption:
    found = await session.exec(
        select_rows(Redemption)
        .where(Redemption.id == redemption_id, Redemption.person_id == actor.person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is None:
        raise rules.RedemptionNotFoundError
    return row


async def tell(session: AsyncSession, row: Redemption, returned: int, now: datetime) -> None:
    site = (await session.exec(select_rows(PointsSite).where(PointsSite.id == row.site_id))).one()
    await emit(
        session,
        RedemptionMoved(
            at=now, redemption_id=row.id, person_id=row.person_id, title=row.title, site=site.name, until=row.until,
            state=row.state, returned=returned,
        ),
    )  # fmt: skip


async def _release(
    session: AsyncSession, row: Redemption, held: Held, target: RedemptionState, *, by: UUID | None, because: str,
    now: datetime,
) -> None:  # fmt: skip
    told = f"{target.label}：{row.title}"
    fault = target is RedemptionState.REJECTED
    back = await ledger.release_of(session, held, told=told, now=now, fault=fault, actor_id=by)
    row.state, row.ended_by = target, by
    row.end_reason_sealed = crypto_of(session).seal(SUBJECT, "end_reason", row.id, because)
    row.touch(now)
    await session.flush()
    await tell(session, row, back, now)


async def _offer(session: AsyncSession, form: RedeemForm) -> Any:
    """Read without a lock: what is sold out is refused before anybody waits for anybody."""
    found = await do(session, _OFFER, {"reward": form.reward_id, "site": form.site_id})
    offer = found.one_or_none()
    if offer is None or offer.state is RewardState.DRAFT:
        raise rules.RewardStockNotFoundError
    if offer.state is not RewardState.OFFERED or not offer.open:
        raise rules.RewardNotOfferedError
    if offer.free < 1:
        raise rules.SoldOutError
    return offer


async def _check_adult(session: AsyncSession, actor: Actor, now: datetime) -> None:
    facts = await facts_of_one(session, crypto_of(session), actor.person_id)
    if facts.band(china_date(now)) is not AgeBand.ADULT:
        raise rules.AdultsOnlyError


async def _household_of(session: AsyncSession, person_id: UUID) -> UUID:
    found = await do(session, select(_member.c.household_id).where(_member.c.person_id == person_id))
    household_id: UUID | None = found.scalar_one_or_none()
    if household_id is None:
        raise NoHouseholdError
    return household_id


async def _check_limit(session: AsyncSession, person_id: UUID, reward_id: UUID, limit: int | None) -> None:
    """Under the lock of the person's account, so two at once are counted one after the other."""
    if limit is None:
        return
    counted = select(func.count()).where(
        REDEMPTION.c.person_id == person_id,
        REDEMPTION.c.reward_id == reward_id,
        REDEMPTION.c.state.in_(sorted(COUNTED)),
    )
    had = (await do(session, counted)).scalar_one()
    if had >= limit:
        raise rules.RewardLimitError(limit=limit, had=had)


async def _write(
    session: AsyncSession, actor: Actor, form: RedeemForm, offer: Any, account: Account, household_id: UUID | None,
    now: datetime,
) -> Redemption:  # fmt: skip
    told = f"兑换：{offer.title}"
    hold_id = await ledger.hold_of(session, account, offer.points, told=told, now=now, actor_id=actor.caller_id)
    crypto, redemption_id = crypto_of(session), new_id()
    row = Redemption(
        id=redemption_id, created_at=now, updated_at=now, version=1, person_id=actor.person_id, requested_by=actor.caller_id, reward_id=form.reward_id,
        site_id=form.site_id, hold_id=hold_id, household_id=household_id, title=offer.title, points=offer.points,
        state=RedemptionState.HELD, until=midnight_after(now + timedelta(days=offer.hold_days)),
        helper_sealed=None if form.helper is None else crypto.seal(SUBJECT, "helper", redemption_id, form.helper),
    )  # fmt: skip
    if not offer.prepared:
        row.state = RedemptionState.READY
        _, row.code_hash, row.code_sealed = new_code(crypto, redemption_id)
    await do(session, _WRITE, row.model_dump())
    return row


def _opened(crypto: Crypto, row: Redemption, site: PointsSite) -> Opened:
    code = crypto.open_if(SUBJECT, "code", row.id, row.code_sealed) if row.state is RedemptionState.READY else None
    helper, reason = (
        crypto.open_if(SUBJECT, column, row.id, sealed)
        for column, sealed in (("helper", row.helper_sealed), ("end_reason", row.end_reason_sealed))
    )
    return Opened(row, site, code, helper, reason)
