"""Redemptions over HTTP against their own statements, played by a bare ASGI application; see `replay.py`.

`./dev bench redeem [--redemptions N] [--database …]`: so many people with points, ten rewards at ten sites, one each.
`--curve` instead: balance, history page and redemption of one account with 1,000, 10,000, 100,000, 1,000,000 postings.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy import func, insert
from sqlmodel import col, select

from app.core.ids import new_id
from app.core.settings import Settings
from app.models.identity import Consent, LoginSession, Person
from app.models.points import PointsAccount, PointsSite, Redemption, Reward, RewardStock
from app.rules.identity.apps import ClientApp
from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose
from app.rules.points.ledger import expiry_of
from app.rules.points.rewards import RewardKind, RewardState
from app.services.points import book, ledger
from app.services.runtime import open_runtime
from benchmarks import points_curve, replay
from benchmarks.bench_list import Kind
from benchmarks.replay import Act, Call

REWARDS, PRICE = 10, 20


async def fill(settings: Settings, number: int) -> list[Call]:
    async with open_runtime(settings) as runtime:
        now = runtime.clock.now()
        async with runtime.db.unit_of_work() as session:
            shelves = await on_offer(session, now, number)
            people = await members(session, now, number)
            # Made by whoever posts to them first: here before, so that the calls can be played in any order.
            for account_id, (kind, shard) in book.SYSTEM_ACCOUNTS.items():
                session.add(PointsAccount(id=account_id, created_at=now, kind=kind, shard=shard))
        for person, _ in people:
            async with runtime.db.unit_of_work() as session:
                await ledger.credit(
                    session,
                    person,
                    PRICE,
                    cause=f"bench:{person}",
                    told="志愿服务",
                    now=now,
                    expires_at=expiry_of(now.date()),
                )
    return [
        Call("zhipin", person, login, "/me/redemptions", shelves[place % REWARDS], f"bench-redeem-{place:06d}")
        for place, (person, login) in enumerate(people)
    ]


async def on_offer(session: Any, now: datetime, pieces: int) -> list[dict[str, str]]:
    shelves = []
    for place in range(REWARDS):
        reward, site = new_id(), new_id()
        session.add(
            PointsSite(id=site, created_at=now, updated_at=now, name=f"兑换点{place}", address="村委会", hours="每天")
        )
        session.add(
            Reward(
                id=reward, created_at=now, updated_at=now, title="理发一次", kind=RewardKind.SERVICE, points=PRICE,
                state=RewardState.OFFERED,
            )
        )  # fmt: skip
        await session.flush()
        session.add(RewardStock(reward_id=reward, site_id=site, received=pieces, free=pieces))
        shelves.append({"reward_id": str(reward), "site_id": str(site)})
    await session.flush()
    return shelves


async def members(session: Any, now: datetime, number: int) -> list[tuple[UUID, UUID]]:
    """People who are signed in and have agreed to the service."""
    people = [(new_id(), new_id()) for _ in range(number)]
    month, purpose = now + timedelta(days=30), ConsentPurpose.SERVICE
    connection = await session.connection()
    rows: list[tuple[Any, list[dict[str, Any]]]] = [
        (Person, [Person(id=person, created_at=now, updated_at=now).model_dump() for person, _ in people]),
        (
            LoginSession,
            [
                LoginSession(
                    id=login, created_at=now, person_id=person, app=ClientApp.ZHIPIN, expires_at=month, latest_at=month
                ).model_dump()
                for person, login in people
            ],
        ),
        (
            Consent,
            [
                Consent(
                    created_at=now, person_id=person, purpose=purpose, policy_version=POLICY_VERSIONS[purpose], app=ClientApp.ZHIPIN
                ).model_dump()
                for person, _ in people
            ],
        ),
    ]  # fmt: skip
    for table, values in rows:
        await connection.execute(insert(table), values)
    return people


async def redeemed(settings: Settings) -> tuple[int, int]:
    """Redemptions, and pieces that are set aside."""
    async with open_runtime(settings) as runtime, runtime.db.reading() as session:
        held = (await session.exec(select(func.sum(col(RewardStock.held))))).one()
        return int((await session.exec(select(func.count()).select_from(Redemption))).one()), int(held or 0)


def main(
    redemptions: Annotated[int, typer.Option(help="兑换次数")] = 2000,
    database: Annotated[Kind, typer.Option(help="哪个数据库")] = Kind.BOTH,
    curve: Annotated[bool, typer.Option(help="改测账户历史变长时的耗时")] = False,
) -> None:
    """兑换的速度比：应用对照执行同样语句的最简 ASGI 服务；或账户历史从一千笔到一百万笔的耗时。"""
    if curve:
        points_curve.run(database)
        return
    replay.run(Act("兑换", fill, redeemed, lambda number: (number, number)), redemptions, database)


if __name__ == "__main__":
    typer.run(main)
