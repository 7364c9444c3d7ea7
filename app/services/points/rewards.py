"""Rewards, the sites that hand them over, and their stock: what came in, what was written off by two persons."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, check_version, lock
from app.core.pages import Cursors, behind
from app.core.upsert import insert_or_ignore
from app.models.points import PointsSite, Reward, RewardStock, StockChange
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_town_wide
from app.rules.points import rewards as rules
from app.rules.points.rewards import RewardState, StockChangeKind, StockChangeState
from app.schemas.points.rewards import RewardForm, RewardUpdate, SiteForm, SiteUpdate, StockForm
from app.services.common.lists import newest_first
from app.services.common.tasks import close_tasks, open_task
from app.services.identity import audit

MANAGE = Permission.POINTS_MANAGE
REWARD, SITE, CHANGE = "reward", "points_site", "stock_change"
# Seen by everybody.
SHOWN = frozenset({RewardState.OFFERED, RewardState.PAUSED})


@dataclass(frozen=True, slots=True)
class Shelf:
    """A reward with its stock at the sites."""

    reward: Reward
    stock: Sequence[tuple[RewardStock, PointsSite]]


@dataclass(frozen=True, slots=True)
class Change:
    row: StockChange
    title: str
    site: str


async def open_site(session: AsyncSession, actor: Actor, form: SiteForm, *, now: datetime) -> PointsSite:
    check_town_wide(actor, MANAGE)
    site = PointsSite(created_at=now, updated_at=now, **form.model_dump())
    await _check_name(session, form.name, None)
    session.add(site)
    await session.flush()
    audit.by(session, actor, "points_site_opened", SITE, site.id, now=now)
    return site


async def change_site(
    session: AsyncSession, actor: Actor, site_id: UUID, form: SiteUpdate, *, now: datetime
) -> PointsSite:
    check_town_wide(actor, MANAGE)
    site = await lock(session, PointsSite, site_id, rules.SiteNotFoundError)
    check_version(site.version, form.expected_version)
    await _check_name(session, form.name, site_id)
    site.name, site.address, site.hours, site.open = form.name, form.address, form.hours, form.open
    site.touch(now)
    audit.by(session, actor, "points_site_changed", SITE, site_id, now=now)
    return site


async def list_sites(session: ReadSession) -> Sequence[PointsSite]:
    return (await session.exec(select(PointsSite).order_by(col(PointsSite.name)))).all()


async def create(session: AsyncSession, actor: Actor, form: RewardForm, *, now: datetime) -> Shelf:
    """A draft, until it is offered."""
    check_town_wide(actor, MANAGE)
    reward = Reward(created_at=now, updated_at=now, **form.model_dump())
    session.add(reward)
    await session.flush()
    audit.by(session, actor, "reward_created", REWARD, reward.id, now=now)
    return Shelf(reward, ())


async def change(session: AsyncSession, actor: Actor, reward_id: UUID, form: RewardUpdate, *, now: datetime) -> Shelf:
    """What people have redeemed already stands as they redeemed it."""
    reward = await _lock(session, actor, reward_id, form.expected_version)
    if reward.state is RewardState.ENDED:
        raise rules.RewardStateError(current=reward.state.label, target=RewardState.DRAFT.label)
    for name, value in form.model_dump(exclude={"expected_version"}).items():
        setattr(reward, name, value)
    reward.touch(now)
    audit.by(session, actor, "reward_changed", REWARD, reward_id, now=now)
    return await _shelf(session, reward)


async def move(
    session: AsyncSession, actor: Actor, reward_id: UUID, target: RewardState, *, expected_version: int, now: datetime
) -> Shelf:
    reward = await _lock(session, actor, reward_id, expected_version)
    rules.check_reward_move(reward.state, target)
    reward.state = target
    reward.touch(now)
    audit.by(session, actor, f"reward_{target.value}", REWARD, reward_id, now=now)
    return await _shelf(session, reward)


def visible_to(actor: Actor) -> Any:
    if actor.town_wide(MANAGE):
        return col(Reward.id).is_not(None)
    return col(Reward.state).in_(sorted(SHOWN))


async def list_rewards(
    session: ReadSession, cursors: Cursors, actor: Actor, *, site_id: UUID | None, cursor: str | None, limit: int
) -> tuple[list[Shelf], str | None]:
    """The cheapest first."""
    office = actor.town_wide(MANAGE)
    query: dict[str, Any] = {"list": "rewards", "office": office, "site": site_id}
    keys = [col(Reward.points), col(Reward.id)]
    statement = select(Reward).where(visible_to(actor))
    if site_id is not None:
        there = select(RewardStock.reward_id).where(RewardStock.site_id == site_id)
        statement = statement.where(col(Reward.id).in_(there))
    if cursor is not None:
        statement = statement.where(behind(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*keys).limit(limit + 1))).all()
    rows, following = cursors.page(query, rows, limit, lambda row: [row.points, row.id])
    stock = await _stock_of(session, [row.id for row in rows])
    return [Shelf(row, stock.get(row.id, ())) for row in rows], following


async def look(session: ReadSession, actor: Actor, reward_id: UUID) -> Shelf:
    found = await session.exec(select(Reward).where(Reward.id == reward_id, visible_to(actor)))
    reward = found.one_or_none()
    if reward is None:
        raise rules.RewardNotFoundError
    return await _shelf(session, reward)


async def change_stock(
    session: AsyncSession, actor: Actor, reward_id: UUID, form: StockForm, *, now: datetime
) -> Change:
    """What comes in counts at once; a write-off waits for a second person."""
    check_town_wide(actor, MANAGE)
    reward = (await session.exec(select(Reward).where(Reward.id == reward_id))).one_or_none()
    if reward is None:
        raise rules.RewardNotFoundError
    site = (await session.exec(select(PointsSite).where(PointsSite.id == form.site_id))).one_or_none()
    if site is None:
        raise rules.SiteNotFoundError
    receipt = form.kind is StockChangeKind.RECEIPT
    row = StockChange(
        created_at=now, updated_at=now, reward_id=reward_id, site_id=site.id, kind=form.kind, quantity=form.quantity,
        state=StockChangeState.DONE if receipt else StockChangeState.REQUESTED, reason=form.reason,
        requested_by=actor.person_id,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    if receipt:
        await insert_or_ignore(session, RewardStock, RewardStock(reward_id=reward_id, site_id=site.id).model_dump())
        await _add(session, reward_id, site.id, free=form.quantity, received=form.quantity)
        await close_tasks(session, TaskKind.STOCK_LOW, reward_id, by=actor.person_id, now=now)
    else:
        await open_task(
            session,
            TaskKind.WRITE_OFF,
            row.id,
            now=now,
            title=f"{site.name}：“{reward.title}”申请核销{form.quantity}份",
        )
    audit.by(session, actor, f"stock_{form.kind.value}", CHANGE, row.id, now=now, quantity=str(form.quantity))
    return Change(row, reward.title, site.name)


async def decide_write_off(
    session: AsyncSession, actor: Actor, change_id: UUID, *, approve: bool, expected_version: int, now: datetime
) -> Change:
    """By another than who asked. Only what is free can go: what people have redeemed is theirs."""
    check_town_wide(actor, MANAGE)
    row = await lock(session, StockChange, change_id, rules.StockChangeNotFoundError)
    if row.requested_by == actor.person_id:
        raise SelfReviewError
    check_version(row.version, expected_version)
    target = StockChangeState.DONE if approve else StockChangeState.REFUSED
    rules.check_stock_change(row.state, target)
    if approve and not await _add(session, row.reward_id, row.site_id, free=-row.quantity, written_off=row.quantity):
        stock = await session.exec(
            select(col(RewardStock.free)).where(
                RewardStock.reward_id == row.reward_id, RewardStock.site_id == row.site_id
            )
        )
        raise rules.StockShortError(free=stock.one_or_none() or 0, quantity=row.quantity)
    row.state, row.decided_by = target, actor.person_id
    row.touch(now)
    await close_tasks(session, TaskKind.WRITE_OFF, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, f"write_off_{target.value}", CHANGE, row.id, now=now, quantity=str(row.quantity))
    return (await _named(session, [row]))[0]


async def list_changes(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Change], str | None]:
    check_town_wide(actor, MANAGE)
    query: dict[str, Any] = {"list": "stock_changes"}
    rows, following = await newest_first(
        session, cursors, query, StockChange, select(StockChange), cursor=cursor, limit=limit
    )
    return await _named(session, rows), following


async def levels(session: ReadSession, actor: Actor, reward_id: UUID) -> Shelf:
    """For the office: everything that became of the pieces."""
    check_town_wide(actor, MANAGE)
    return await look(session, actor, reward_id)


async def site_of(session: AsyncSession, site_id: UUID) -> PointsSite | None:
    return (await session.exec(select(PointsSite).where(PointsSite.id == site_id))).one_or_none()


async def sites_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, PointsSite]:
    rows = await session.exec(select(PointsSite).where(col(PointsSite.id).in_(set(ids))))
    return {row.id: row for row in rows}


async def _add(
    session: AsyncSession, reward_id: UUID, site_id: UUID, *, free: int, received: int = 0, written_off: int = 0
) -> bool:
    """False where there is not so much."""
    done = await session.exec(
        update(RewardStock)
        .where(
            col(RewardStock.reward_id) == reward_id,
            col(RewardStock.site_id) == site_id,
            col(RewardStock.free) + free >= 0,
        )
        .values(
            free=col(RewardStock.free) + free,
            received=col(RewardStock.received) + received,
            written_off=col(RewardStock.written_off) + written_off,
        )
    )
    return bool(done.rowcount)


async def _lock(session: AsyncSession, actor: Actor, reward_id: UUID, expected_version: int) -> Reward:
    check_town_wide(actor, MANAGE)
    reward = await lock(session, Reward, reward_id, rules.RewardNotFoundError)
    check_version(reward.version, expected_version)
    return reward


async def _shelf(session: AsyncSession, reward: Reward) -> Shelf:
    return Shelf(reward, (await _stock_of(session, [reward.id])).get(reward.id, ()))


async def _stock_of(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[tuple[RewardStock, PointsSite]]]:
    rows = await session.exec(
        select(RewardStock, PointsSite)
        .join(PointsSite, col(PointsSite.id) == col(RewardStock.site_id))
        .where(col(RewardStock.reward_id).in_(ids))
        .order_by(col(PointsSite.name))
        .execution_options(populate_existing=True)
    )
    found: dict[UUID, list[tuple[RewardStock, PointsSite]]] = {}
    for stock, site in rows:
        found.setdefault(stock.reward_id, []).append((stock, site))
    return found


async def _named(session: AsyncSession, rows: Sequence[StockChange]) -> list[Change]:
    titles = {
        reward.id: reward.title
        for reward in await session.exec(select(Reward).where(col(Reward.id).in_({row.reward_id for row in rows})))
    }
    sites = await sites_by_id(session, [row.site_id for row in rows])
    return [Change(row, titles[row.reward_id], sites[row.site_id].name) for row in rows]


async def _check_name(session: AsyncSession, name: str, but: UUID | None) -> None:
    found = await session.exec(select(col(PointsSite.id)).where(PointsSite.name == name))
    taken = found.one_or_none()
    if taken is not None and taken != but:
        raise rules.SiteNameTakenError(name=name)


async def has_donor(session: AsyncSession, names: Collection[str]) -> bool:
    """Somebody of these names has given a reward to the town."""
    rows = await session.exec(select(col(Reward.id)).where(col(Reward.donor).in_(sorted(names))).limit(1))
    return rows.one_or_none() is not None
