"""What tests of points arrange: two officers, an adopted rule, a budget, people with points, a reward on its shelf."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import func, select

from app.core.clock import china_date
from app.core.errors import AppError, UnavailableError
from app.core.zone import CHINA
from app.models.points import RewardStock
from app.rules.identity.roles import Role, ScopeKind
from app.services.points import ledger, verification
from tests.factories.world import Someone, World, ok
from tests.support.jobs import key

Act = Callable[[Any], Awaitable[Any]]
# How often somebody who hears that the service is busy asks again.
TRIES = 50
DECISION = {"decided_by": "宝盖镇村民代表会议", "decision": "〔2026〕3号决议，41名代表同意"}


@dataclass
class Office:
    """The points office of a small town."""

    world: World
    first: Someone
    second: Someone
    _clerks: dict[str, Someone] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return china_date(self.world.clock.now())

    @property
    def decided(self) -> dict[str, Any]:
        return DECISION | {"decided_on": str(self.today)}

    async def propose(self, **changes: Any) -> dict[str, Any]:
        return dict(ok(await self.first.post("/points/rules", rule_form(**changes), key=key())))

    async def adopt(self, rule: dict[str, Any], **changes: Any) -> httpx.Response:
        form = self.decided | {"valid_from": str(self.today), "expected_version": rule["version"]} | changes
        return await self.second.post(f"/points/rules/{rule['id']}/adopt", form, key=key())

    async def rule(self, **changes: Any) -> dict[str, Any]:
        return dict(ok(await self.adopt(await self.propose(**changes))))

    async def hours_rule(self, **changes: Any) -> dict[str, Any]:
        form = {"code": "volunteer_hour", "text": "志愿服务满1小时", "fact": "volunteer_hours", "points": 1}
        return await self.rule(**(form | changes))

    async def budget(self, points: int = 100_000, **changes: Any) -> dict[str, Any]:
        form = self.decided | {"year": self.today.year, "points": points} | changes
        return dict(ok(await self.first.post("/points/budgets", form, key=key())))

    async def activity(self, **changes: Any) -> dict[str, Any]:
        """From an hour from now on, for three hours: on the same day, as it is ten in the morning."""
        start = self.world.clock.now() + timedelta(hours=1)
        form = {
            "title": "河岸清洁", "starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=3)).isoformat(),
            "place": "宝盖镇科技园南门",
        } | changes  # fmt: skip
        return dict(ok(await self.first.post("/activities", form, key=key())))

    async def confirm(self, activity_id: str, *hours: tuple[Someone, int], by: Someone | None = None) -> httpx.Response:
        form = {"hours": [{"person_id": one.id, "minutes": minutes} for one, minutes in hours]}
        return await (by or self.second).post(f"/activities/{activity_id}/hours", form, key=key())

    async def reward(self, *, stock: int = 10, offered: bool = True, **changes: Any) -> tuple[str, str]:
        """Reward and site, both new."""
        site = ok(await self.first.post("/points/sites", site_form(), key=key()))
        made = ok(await self.first.post("/rewards", reward_form(**changes), key=key()))
        if stock:
            ok(await self.stock(made["id"], site["id"], stock))
        if offered:
            form = {"state": "offered", "expected_version": made["version"]}
            ok(await self.first.post(f"/rewards/{made['id']}/move", form, key=key()))
        return made["id"], site["id"]

    async def stock(self, reward_id: str, site_id: str, quantity: int, kind: str = "receipt") -> httpx.Response:
        form = {"site_id": site_id, "kind": kind, "quantity": quantity, "reason": "企业捐赠"}
        return await self.first.post(f"/rewards/{reward_id}/stock", form, key=key())

    async def clerk(self, site_id: str) -> Someone:
        if site_id not in self._clerks:
            person = await self.world.person()
            await self.world.appoint(person, Role.POINTS_CLERK, ScopeKind.SITE, site_id)
            self._clerks[site_id] = person
        return self._clerks[site_id]

    async def fulfil(self, redemption: dict[str, Any], **more: Any) -> httpx.Response:
        clerk = await self.clerk(redemption["site_id"])
        return await clerk.post("/redemptions/fulfil", {"code": redemption["code"]} | more, key=key())

    async def at_counter(self, verb: str, redemption: dict[str, Any], **more: Any) -> httpx.Response:
        clerk = await self.clerk(redemption["site_id"])
        form = {"expected_version": redemption["version"]} | more
        return await clerk.post(f"/redemptions/{redemption['id']}/{verb}", form, key=key())


async def open_office(world: World) -> Office:
    people = [await world.person(), await world.person()]
    for person in people:
        await world.appoint(person, Role.POINTS_OFFICER)
    return Office(world, *people)


def rule_form(**changes: Any) -> dict[str, Any]:
    return {
        "code": f"r{uuid.uuid4().hex[:20]}", "text": "拾金不昧，经失主核实", "fact": "claim", "points": 5, "evidence": "optional",
        "confirmed_by": "积分专员", "source": "测试",
    } | changes  # fmt: skip


def site_form(**changes: Any) -> dict[str, Any]:
    return {"name": f"兑换点{uuid.uuid4().hex[:10]}", "address": "塘边村委会一楼", "hours": "每天9:00—17:00"} | changes


def reward_form(**changes: Any) -> dict[str, Any]:
    return {"title": "理发一次", "kind": "service", "donor": "爱心理发店", "points": 20} | changes


async def member(world: World) -> Someone:
    """Somebody who uses the service."""
    person = await world.person()
    await world.consent(person, "service")
    return person


async def give(
    world: World, who: Someone, points: int, *, cause: str | None = None, ends: datetime | None = None
) -> str:
    """Points by the ledger itself, as a rule of an earlier year would have brought them."""
    cause = cause or f"test:{uuid.uuid4().hex}"
    ends = ends or datetime(china_date(world.clock.now()).year + 2, 1, 1, tzinfo=CHINA)
    async with world.runtime.db.unit_of_work() as session:
        now = world.clock.now()
        assert await ledger.credit(session, UUID(who.id), points, cause=cause, told="测试", expires_at=ends, now=now)
    return cause


async def rich(world: World, points: int = 100) -> Someone:
    person = await member(world)
    await give(world, person, points)
    return person


def redeem_form(reward_id: str, site_id: str, **more: Any) -> dict[str, Any]:
    return {"reward_id": reward_id, "site_id": site_id} | more


async def redeem(who: Someone, reward_id: str, site_id: str, **more: Any) -> dict[str, Any]:
    return dict(ok(await who.post("/me/redemptions", redeem_form(reward_id, site_id, **more), key=key())))


async def cancel(who: Someone, redemption: dict[str, Any]) -> httpx.Response:
    path = f"/me/redemptions/{redemption['id']}/cancel"
    return await who.post(path, {"expected_version": redemption["version"]}, key=key())


async def claim(who: Someone, rule: dict[str, Any], day: date, **more: Any) -> httpx.Response:
    form = {"rule_id": rule["id"], "on_day": str(day), "words": "拾到钱包一只，已交还失主"} | more
    return await who.post("/me/points/claims", form, key=key())


async def available(who: Someone) -> int:
    return int(ok(await who.get("/me/points"))["available"])


async def shelf(world: World, reward_id: str) -> tuple[int, int, int, int, int]:
    """Received, free, held, fulfilled, written off: over all sites."""
    columns = (
        RewardStock.received, RewardStock.free, RewardStock.held, RewardStock.fulfilled, RewardStock.written_off,
    )  # fmt: skip
    statement = select(*(func.sum(column) for column in columns)).where(RewardStock.reward_id == UUID(reward_id))  # type: ignore[arg-type]
    async with world.runtime.db.connection() as connection:
        row = (await connection.execute(statement)).one()
    return (int(row[0]), int(row[1]), int(row[2]), int(row[3]), int(row[4]))


async def sound(world: World) -> None:
    """The ledger holds, and the pieces of every shelf add up."""
    async with world.runtime.db.snapshot() as connection:
        assert await verification.verify(connection) == []


async def attempt(world: World, act: Act) -> Any:
    """What came of it, or the code of the refusal. Whoever hears that the service is busy tries again."""
    for _ in range(TRIES):
        try:
            async with world.runtime.db.unit_of_work() as session:
                return await act(session)
        except UnavailableError:
            await asyncio.sleep(0)
        except AppError as exc:
            return exc.code
    raise AssertionError("busy for ever")
