"""Rewards (礼遇), sites, stock, redemptions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, sql
from sqlmodel import Field

from app.core.columns import Table, UtcDateTime, sealed, str_enum
from app.models.base import Versioned
from app.rules.points.rewards import (
    PickedUpBy,
    RedemptionState,
    RewardKind,
    RewardState,
    StockChangeKind,
    StockChangeState,
)


class PointsSite(Versioned, table=True):
    """Where rewards are handed over."""

    name: str = Field(max_length=60, unique=True)
    address: str = Field(max_length=120)
    hours: str = Field(max_length=120)
    open: bool = True


class Reward(Versioned, table=True):
    __table_args__ = (
        CheckConstraint("points > 0", name="points"),
        Index("ix_reward_state", "state", "points", "id"),
    )
    title: str = Field(max_length=40)
    kind: RewardKind = Field(sa_type=str_enum(RewardKind))
    state: RewardState = Field(default=RewardState.DRAFT, sa_type=str_enum(RewardState))
    description: str = Field(default="", max_length=500)
    # Who gives it; None: the town.
    donor: str | None = Field(default=None, max_length=60)
    points: int
    per_person: int | None = None
    adults_only: bool = False
    # The site has to get it ready first.
    prepared: bool = False
    hold_days: int = 14
    # At so few free pieces at a site the office is told; None: never.
    low_stock: int | None = None


class RewardStock(Table, table=True):
    """Pieces of a reward at a site."""

    __table_args__ = (
        CheckConstraint("free >= 0 AND held >= 0 AND fulfilled >= 0 AND written_off >= 0", name="amounts"),
        CheckConstraint("free + held + fulfilled + written_off = received", name="received"),
    )
    reward_id: UUID = Field(foreign_key="reward.id", primary_key=True)
    site_id: UUID = Field(foreign_key="points_site.id", primary_key=True, index=True)
    received: int = 0
    free: int = 0
    held: int = 0
    fulfilled: int = 0
    written_off: int = 0


class StockChange(Versioned, table=True):
    """What came in, and what was written off by two persons."""

    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        Index("ix_stock_change_created", "created_at", "id"),
    )
    reward_id: UUID = Field(foreign_key="reward.id", index=True)
    site_id: UUID = Field(foreign_key="points_site.id", index=True)
    kind: StockChangeKind = Field(sa_type=str_enum(StockChangeKind))
    state: StockChangeState = Field(sa_type=str_enum(StockChangeState))
    quantity: int
    reason: str = Field(max_length=200)
    requested_by: UUID = Field(foreign_key="person.id")
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")


class Redemption(Versioned, table=True):
    __table_args__ = (
        Index("ix_redemption_person", "person_id", "created_at", "id"),
        Index("ix_redemption_site", "site_id", "state", "created_at", "id"),
        Index("ix_redemption_fulfilled", "fulfilled_at"),
        Index(
            "ix_redemption_due", "until",
            postgresql_where=sql.text("state IN ('held', 'ready')"), sqlite_where=sql.text("state IN ('held', 'ready')"),
        ),
    )  # fmt: skip
    person_id: UUID = Field(foreign_key="person.id")
    reward_id: UUID = Field(foreign_key="reward.id", index=True)
    site_id: UUID = Field(foreign_key="points_site.id")
    # The human at the screen: the person, or who acts for them.
    requested_by: UUID = Field(foreign_key="person.id")
    hold_id: UUID = Field(foreign_key="points_hold.id", index=True)
    household_id: UUID | None = Field(default=None, foreign_key="points_household.id", index=True)
    title: str = Field(max_length=40)
    points: int
    state: RedemptionState = Field(sa_type=str_enum(RedemptionState))
    until: datetime = Field(sa_type=UtcDateTime)
    # Keyed hash for the look-up at the counter; the code itself is for the person's own screen.
    code_hash: str | None = Field(default=None, max_length=64, unique=True)
    code_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("code"))
    helper_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("helper"))
    picked_up_by: PickedUpBy | None = Field(default=None, sa_type=str_enum(PickedUpBy))
    fulfilled_by: UUID | None = Field(default=None, foreign_key="person.id")
    fulfilled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: UUID | None = Field(default=None, foreign_key="person.id")
    end_reason_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("end_reason"))


class PickUpGuard(Table, table=True):
    """Wrong codes of a clerk, counted from the first of them on."""

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    wrong: int
    since: datetime = Field(sa_type=UtcDateTime)
