"""What tests of the gigs domain arrange by rows: workers with skills and time, published orders with shifts.

Straight rows, so that each part of the domain can be tested by itself; how they come about over HTTP is the business of
the tests of profiles and orders.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.core.clock import CHINA, china_date
from app.core.ids import new_id
from app.models.gigs import OrderVersion, Shift, ShiftOrder, WeeklyWindow, WorkerProfile, WorkerSkill
from app.rules.gigs.orders import OrderState, ShiftState
from app.rules.gigs.terms import Cover, FillMode, GigPayUnit, WagePeriod
from app.rules.identity.roles import Role, ScopeKind
from app.rules.jobs.terms import CoordType
from app.services.organisation.enterprises import get_enterprise
from tests.factories.world import Someone, World

# 平车工 and 锁边工 in the town's own finer codes.
FLAT_SEAM, OVERLOCK = "61101.01", "61101.02"
DAY = 1440


@dataclass
class Floor:
    """A firm that orders shifts, with its dispatcher."""

    world: World
    dispatcher: Someone
    firm_id: str
    firm_name: str


async def floor(world: World, hiring: Any) -> Floor:
    """The firm of `hiring` with a dispatcher of its own."""
    dispatcher = await world.person(app="linggong")
    await world.appoint(dispatcher, Role.DISPATCHER, ScopeKind.ENTERPRISE, hiring.firm_id)
    async with world.runtime.db.reading() as session:
        firm = await get_enterprise(session, UUID(hiring.firm_id))
    return Floor(world, dispatcher, hiring.firm_id, firm.name)


async def gigs_officer(world: World) -> Someone:
    if "gigs_officer" not in world.staff:
        person = await world.person(app="linggong")
        await world.appoint(person, Role.GIGS_OFFICER)
        world.staff["gigs_officer"] = person
    return world.staff["gigs_officer"]


async def worker(
    world: World,
    someone: Someone | None = None,
    *,
    skills: dict[str, int] | None = None,
    free: bool = True,
    **profile: Any,
) -> Someone:
    """A grown-up (as `World.seeker` makes them) who can come at any hour, unless `free` is False."""
    person = someone or await world.seeker()
    now = world.clock.now()
    async with world.runtime.db.unit_of_work() as session:
        person_id = UUID(person.id)
        values = {"wanted_minutes_week": 2400, "urgent": True} | profile
        session.add(WorkerProfile(id=new_id(), created_at=now, updated_at=now, person_id=person_id, **values))
        for code, level in (skills or {FLAT_SEAM: 3}).items():
            session.add(
                WorkerSkill(
                    id=new_id(), created_at=now, updated_at=now, person_id=person_id, process_code=code, level=level
                )
            )
        for weekday in range(7) if free else ():
            session.add(
                WeeklyWindow(
                    id=new_id(), created_at=now, person_id=person_id, weekday=weekday, start_minute=0, end_minute=DAY
                )
            )
    return person


def order_content(firm: Floor, **changes: Any) -> dict[str, Any]:
    """Columns of an order as the form of a firm would fill them."""
    return {
        "enterprise_id": UUID(firm.firm_id), "enterprise_name": firm.firm_name, "title": "平车工白班", "process_code": FLAT_SEAM,
        "process_name": "平车", "level": 2, "fill_mode": FillMode.ALLOCATE, "pay_unit": GigPayUnit.HOUR, "hour_fen": 2500,
        "effective_hour_fen": 2500, "wage_period": WagePeriod.WEEK, "pay_days": 3, "cover": Cover.WORK_INJURY,
        "late_cancel_fen": 5000, "standby_fen": 3000, "place_address": "宝盖镇科技园", "latitude": 24.7236,
        "longitude": 118.6651, "coord_type": CoordType.GCJ02, "duties": "合缝、上腰头，自带剪刀。",
    } | changes  # fmt: skip


async def order(firm: Floor, **changes: Any) -> ShiftOrder:
    """A published order without shifts."""
    now = firm.world.clock.now()
    row = ShiftOrder(
        id=new_id(), created_at=now, updated_at=now, published_at=now, state=OrderState.PUBLISHED,
        posted_by=UUID(firm.dispatcher.id), **order_content(firm, **changes),
    )  # fmt: skip
    content = row.model_dump(mode="json")
    async with firm.world.runtime.db.unit_of_work() as session:
        session.add(row)
        await session.flush()
        session.add(OrderVersion(order_id=row.id, number=1, content=content, created_at=now))
    return row


async def shift(
    firm: Floor,
    of: ShiftOrder,
    starts_at: datetime,
    *,
    minutes: int = 540,
    breaks: int = 60,
    heads: int = 2,
    **changes: Any,
) -> Shift:
    """An open shift of the order."""
    now = firm.world.clock.now()
    row = Shift(
        **{
            "id": new_id(), "created_at": now, "updated_at": now, "order_id": of.id, "enterprise_id": of.enterprise_id,
            "state": ShiftState.OPEN, "day": china_date(starts_at), "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=minutes), "break_minutes": breaks, "work_minutes": minutes - breaks,
            "night": False, "seats": heads * 2,
        }
        | changes
    )  # fmt: skip
    async with firm.world.runtime.db.unit_of_work() as session:
        session.add(row)
    return row


def at(world: World, days: int, hour: int, minute: int = 0) -> datetime:
    """So many days from today, at an hour in China."""
    today = world.clock.now().astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=days, hours=hour, minutes=minute)
