"""Rows of 零工配产 for the matrix of permissions: orders, shifts, seats and appeals of either firm."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.clock import china_date
from app.models.gigs import AllocationRun, Assignment, NoShow, OrderVersion, Settlement, Shift, ShiftOrder
from app.rules.gigs.allocation import RunState
from app.rules.gigs.offers import AssignmentState
from app.rules.gigs.orders import OrderState, ShiftState
from app.rules.gigs.standing import NoShowState
from app.rules.gigs.terms import RelationLabel, SeatKind, WagePeriod
from app.rules.identity.roles import Role
from tests.factories.world import Someone
from tests.support.cast import OTHER, OWN, SAME, Cast, Rows, rows
from tests.support.gigs import Floor, order_content


async def orders(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del someone, role
    own, other = [await _order(cast, firm) for firm in (cast.firm, cast.rival)]
    return rows("order_id", own, own, other)


async def shifts(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    aimed = await orders(cast, someone, role)
    own, same, other = [await _shift(cast, aimed[relation]["order_id"], relation) for relation in (OWN, SAME, OTHER)]
    return rows("shift_id", own, same, other)


async def no_shows(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Of other people: nobody of the office is a worker here."""
    made = await cast.once("missed", lambda: _missed(cast, someone, role))
    return rows("no_show_id", made, made, made)


async def settlements(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del someone, role
    own, other = [await _settlement(cast, firm) for firm in (cast.firm, cast.rival)]
    return rows("settlement_id", own, own, other)


async def runs(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del someone, role
    own, other = [await _run(cast, firm) for firm in (cast.firm, cast.rival)]
    return rows("run_id", own, own, other)


async def _settlement(cast: Cast, firm: str) -> str:
    day = china_date(cast.world.clock.now())
    values: dict[str, Any] = {
        "enterprise_id": UUID(firm), "person_id": UUID(cast.stranger.id), "period_start": day, "period_end": day,
        "wage_period": WagePeriod.SHIFT, "pay_days": 3, "due_fen": 100, "due_on": day, "due_because": "测试",
    }  # fmt: skip
    return str(await cast.once(("settlement", firm), lambda: cast.add(Settlement, **values)))


async def _run(cast: Cast, firm: str) -> str:
    now = cast.world.clock.now()
    values: dict[str, Any] = {
        "scope": firm, "enterprise_id": UUID(firm), "horizon_starts_at": now, "horizon_ends_at": now + timedelta(days=1),
        "limit_seconds": 5, "state": RunState.CANCELLED, "requested_by": UUID(cast.stranger.id),
    }  # fmt: skip
    return str(await cast.once(("run", firm), lambda: cast.add(AllocationRun, **values)))


async def _order(cast: Cast, firm: str) -> str:
    floor = Floor(cast.world, cast.colleague, firm, "测试企业")

    async def make() -> str:
        posted = {"posted_by": UUID(cast.stranger.id), "state": OrderState.IN_REVIEW}
        order_id = await cast.add(ShiftOrder, **order_content(floor), **posted)
        async with cast.world.runtime.db.unit_of_work() as session:
            session.add(OrderVersion(order_id=UUID(order_id), number=1, content={}, created_at=cast.world.clock.now()))
        return order_id

    return str(await cast.once(("order", firm), make))


async def _shift(cast: Cast, order_id: str, relation: Any) -> str:
    firm = cast.rival if relation is OTHER else cast.firm
    start = cast.world.clock.now() + timedelta(days=3)
    return str(
        await cast.once(
            ("shift", order_id),
            lambda: cast.add(
                Shift, order_id=UUID(order_id), enterprise_id=UUID(firm), state=ShiftState.OPEN, day=china_date(start),
                starts_at=start, ends_at=start + timedelta(hours=8), work_minutes=480, night=False, seats=4,
            ),
        )
    )  # fmt: skip


async def _missed(cast: Cast, someone: Someone, role: Role | None) -> str:
    now = cast.world.clock.now()
    shift_id = (await shifts(cast, someone, role))[OWN]["shift_id"]
    person = UUID(cast.stranger.id)
    seat = await cast.add(
        Assignment, shift_id=UUID(shift_id), person_id=person, enterprise_id=UUID(cast.firm), starts_at=now,
        ends_at=now + timedelta(hours=8), work_minutes=480, seat=SeatKind.REGULAR, units=2, state=AssignmentState.NO_SHOW,
        order_version=1, label=RelationLabel.PART_TIME, label_day_minutes=0, label_week_minutes=0, accepted_at=now,
    )  # fmt: skip
    return await cast.add(
        NoShow, assignment_id=UUID(seat), person_id=person, enterprise_id=UUID(cast.firm), notice_minutes=-1, points=2,
        rule="测试", state=NoShowState.APPEALED, expires_on=china_date(now) + timedelta(days=90), appealed_at=now,
    )  # fmt: skip
