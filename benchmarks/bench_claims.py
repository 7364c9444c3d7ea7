"""Claims of seats over HTTP against their own statements, played by a bare ASGI application; see `replay.py`.

`./dev bench claims [--claims N] [--database …]`: workers and first-come shifts, each claimed once.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy import func
from sqlmodel import col, select

from app.core.clock import china_date
from app.core.ids import new_id
from app.core.settings import Settings
from app.models.gigs import Assignment, OrderVersion, Shift, ShiftOrder, WorkerProfile
from app.models.identity import Consent, LoginSession, Person
from app.models.organisation import Enterprise
from app.rules.gigs.orders import OrderState, ShiftState
from app.rules.gigs.terms import Cover, FillMode, GigPayUnit, WagePeriod
from app.rules.identity.apps import ClientApp
from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose
from app.services.organisation.seeding import load_seeds
from app.services.runtime import Runtime, open_runtime
from benchmarks import replay
from benchmarks.bench_list import Kind
from benchmarks.generate import ROOT
from benchmarks.replay import Act, Call

# Seats of a shift: many people come to one factory's gate, and to several factories at a time.
HEADS = 50


async def fill(settings: Settings, number: int) -> list[Call]:
    async with open_runtime(settings) as runtime:
        now = runtime.clock.now()
        async with runtime.db.unit_of_work() as session:
            await load_seeds(session, directory=ROOT / "seeds", now=now)
            firm = (await session.exec(select(Enterprise).order_by(col(Enterprise.id)).limit(1))).one()
            shifts = await _shifts(session, firm, now, -(-number // HEADS))
            return [await _worker(session, runtime, place, shifts[place % len(shifts)], now) for place in range(number)]


async def _shifts(session: Any, firm: Enterprise, now: datetime, number: int) -> list[UUID]:
    order = ShiftOrder(
        id=new_id(), created_at=now, updated_at=now, published_at=now, state=OrderState.PUBLISHED,
        enterprise_id=firm.id, enterprise_name=firm.name, title="平车工白班", process_code="61101.01", process_name="平车",
        fill_mode=FillMode.FIRST_COME, pay_unit=GigPayUnit.HOUR, hour_fen=2500, effective_hour_fen=2500,
        wage_period=WagePeriod.WEEK, pay_days=3, cover=Cover.WORK_INJURY, late_cancel_fen=5000,
        place_address="宝盖镇科技园", duties="合缝", posted_by=new_id(),
    )  # fmt: skip
    poster = Person(id=order.posted_by, created_at=now, updated_at=now)
    start = now + timedelta(days=4)
    shifts = [
        Shift(
            id=new_id(), created_at=now, updated_at=now, order_id=order.id, enterprise_id=firm.id, state=ShiftState.OPEN,
            day=china_date(start), starts_at=start, ends_at=start + timedelta(hours=8), work_minutes=480, night=False,
            seats=2 * HEADS,
        )
        for _ in range(number)
    ]  # fmt: skip
    version = OrderVersion(order_id=order.id, number=1, content=order.model_dump(mode="json"), created_at=now)
    for rows in ([poster], [order], [version], shifts):
        session.add_all(rows)
        # No relationship tells in which order they go.
        await session.flush()
    return [shift.id for shift in shifts]


async def _worker(session: Any, runtime: Runtime, place: int, shift: UUID, now: datetime) -> Call:
    person, login = new_id(), new_id()
    session.add(
        Person(
            id=person, created_at=now, updated_at=now,
            birth_date_sealed=runtime.crypto.seal("person", "birth_date", person, "1988-03-12"),
        )
    )  # fmt: skip
    await session.flush()
    month = now + timedelta(days=30)
    session.add_all(
        [
            LoginSession(id=login, created_at=now, person_id=person, app=ClientApp.LINGGONG, expires_at=month, latest_at=month),
            Consent(
                created_at=now, person_id=person, purpose=ConsentPurpose.SERVICE, app=ClientApp.LINGGONG,
                policy_version=POLICY_VERSIONS[ConsentPurpose.SERVICE],
            ),
            WorkerProfile(id=new_id(), created_at=now, updated_at=now, person_id=person),
        ]
    )  # fmt: skip
    return Call("linggong", person, login, f"/shifts/{shift}/claims", None, f"bench-claim-{place:06d}")


async def taken(settings: Settings) -> tuple[int, int]:
    """Seats as the shifts count them, and people who have one."""
    async with open_runtime(settings) as runtime, runtime.db.reading() as session:
        halves = (await session.exec(select(func.sum(Shift.taken)))).one()
        return int(halves or 0), int((await session.exec(select(func.count()).select_from(Assignment))).one())


def main(
    claims: Annotated[int, typer.Option(help="接单次数")] = 2000,
    database: Annotated[Kind, typer.Option(help="哪个数据库")] = Kind.BOTH,
) -> None:
    """抢班次的速度比：应用对照执行同样语句的最简 ASGI 服务。"""
    replay.run(Act("接单", fill, taken, lambda number: (2 * number, number)), claims, database)


if __name__ == "__main__":
    typer.run(main)
