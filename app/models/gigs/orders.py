"""Orders, their frozen versions, shifts and templates."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Float, Index, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, str_enum
from app.models.base import Table, Versioned
from app.rules.gigs.orders import OrderState, ShiftState
from app.rules.gigs.terms import Cover, FillMode, GigPayUnit, WagePeriod
from app.rules.jobs.terms import CoordType


class ShiftOrder(Versioned, table=True):
    """What a firm needs: one process, its terms, and shifts. An acceptance freezes the terms of its `OrderVersion`."""

    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
        Index("ix_shift_order_enterprise", "enterprise_id", "created_at", "id"),
        Index("ix_shift_order_state", "state", "created_at", "id"),
    )
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    enterprise_name: str = Field(max_length=80)
    # An agency names the firm that the people will work for.
    using_firm: str | None = Field(default=None, max_length=80)
    using_enterprise_id: UUID | None = Field(default=None, foreign_key="enterprise.id", index=True)
    # A firm that lends its people (共享用工).
    sharing_id: UUID | None = Field(default=None, foreign_key="sharing_agreement.id", index=True)
    state: OrderState = Field(default=OrderState.DRAFT, sa_type=str_enum(OrderState))
    content_version: int = 1
    title: str = Field(max_length=40)
    process_code: str = Field(max_length=20)
    process_name: str = Field(max_length=40)
    level: int = 1
    fill_mode: FillMode = Field(default=FillMode.ALLOCATE, sa_type=str_enum(FillMode))
    pay_unit: GigPayUnit = Field(sa_type=str_enum(GigPayUnit))
    hour_fen: int | None = None
    # 工价: [{style, process_code, rate_fen, per_quantity, hourly_output}], e.g. 850 fen per 1,000 件.
    piece_lines: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    # Made of the two above: what an hour brings by the stated output; 0 where it cannot be known.
    effective_hour_fen: int = 0
    wage_period: WagePeriod = Field(sa_type=str_enum(WagePeriod))
    # Days after the end of the period on which the wage is paid.
    pay_days: int
    cover: Cover = Field(sa_type=str_enum(Cover))
    cover_by: str | None = Field(default=None, max_length=80)
    # Stand-by pay for a 候补 who is not needed, and what a late cancellation by the firm owes each person.
    standby_fen: int | None = None
    late_cancel_fen: int
    place_address: str = Field(max_length=120)
    latitude: float | None = Field(default=None, sa_type=Float)
    longitude: float | None = Field(default=None, sa_type=Float)
    coord_type: CoordType | None = Field(default=None, sa_type=str_enum(CoordType))
    area_id: UUID | None = Field(default=None, foreign_key="area.id", index=True)
    # Metres of the town's grid (`rules.geo.to_grid`), made of the coordinates.
    east_m: int | None = None
    north_m: int | None = None
    meals: bool = False
    hazards: list[str] = Field(default_factory=list, sa_type=JSON)
    gear: str = Field(default="", max_length=120)
    leaders_per: int | None = None
    leader_level: int | None = None
    minimum_age: int = 18
    duties: str = Field(max_length=1000)
    requirements: str = Field(default="", max_length=1000)
    # Urgent first: 1 ordinary … 5.
    priority: int = 1
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    review_note: str | None = Field(default=None, max_length=200)
    cancelled_because: str | None = Field(default=None, max_length=200)
    posted_by: UUID = Field(foreign_key="person.id")


class OrderVersion(Table, table=True):
    """The order's terms as they read, for ever: what somebody accepted."""

    order_id: UUID = Field(foreign_key="shift_order.id", primary_key=True)
    number: int = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_type=JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Shift(Versioned, table=True):
    """One stretch of work. Seats are counted in halves (one head = 2): two half shifts make one head.

    `taken` and `offered` move only by conditional updates of `services/gigs/seats`: together never above `seats`.
    """

    __table_args__ = (
        CheckConstraint("seats > 0 AND standby_seats >= 0", name="seats"),
        CheckConstraint("taken >= 0 AND offered >= 0 AND taken + offered <= seats", name="regular"),
        CheckConstraint(
            "standby_taken >= 0 AND standby_offered >= 0 AND standby_taken + standby_offered <= standby_seats",
            name="standby",
        ),
        CheckConstraint("ends_at > starts_at", name="period"),
        CheckConstraint("work_minutes > 0", name="work"),
        Index("ix_shift_order_starts", "order_id", "starts_at", "id"),
        Index("ix_shift_enterprise", "enterprise_id", "starts_at", "id"),
        # The public list and the horizon of an allocation.
        Index(
            "ix_shift_open", "starts_at", "id",
            postgresql_where=sql.text("state = 'open'"), sqlite_where=sql.text("state = 'open'"),
        ),
        Index("ix_shift_state", "state", "starts_at"),
    )  # fmt: skip
    order_id: UUID = Field(foreign_key="shift_order.id")
    # As in its order: for queries by firm.
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    state: ShiftState = Field(default=ShiftState.PLANNED, sa_type=str_enum(ShiftState))
    # The day in China on which it starts.
    day: date
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    break_minutes: int = 0
    work_minutes: int
    # Touches 22:00–06:00 (国家规定的夜班).
    night: bool
    # Each person fills one half (半天、妈妈班).
    half: bool = False
    # In halves.
    seats: int
    taken: int = 0
    offered: int = 0
    standby_seats: int = 0
    standby_taken: int = 0
    standby_offered: int = 0
    # How far an urgent search has gone: 0 none, 1 roster, 2 verified nearby, 3 all.
    urgent_ring: int = 0
    urgent_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Since when nobody was left to ask; NULL while somebody may be.
    exhausted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class OrderTemplate(Versioned, table=True):
    """An order to make again: the form as it was sent."""

    __table_args__ = (UniqueConstraint("enterprise_id", "name"),)
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    name: str = Field(max_length=40)
    content: dict[str, Any] = Field(sa_type=JSON)
    created_by: UUID = Field(foreign_key="person.id")
