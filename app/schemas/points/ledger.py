"""Points as a person sees them, and the trial balance. Whole points."""

from pydantic import Field

from app.rules.points.ledger import AccountKind, EntryKind
from app.schemas.base import Instant, Output


class ExpiringRead(Output):
    points: int
    at: Instant = Field(description="They are gone from this moment on")


class PointsRead(Output):
    available: int = Field(description="Free to spend")
    held: int = Field(description="Set aside for redemptions under way")
    debt: int = Field(description="Taken back after it was spent; what comes in pays it first")
    expiring: list[ExpiringRead] = Field(description="What `available` consists of, soonest first")


class EntryRead(Output):
    """One line of the history."""

    seq: int = Field(description="Numbers the lines of this account without a gap; for `after_seq`")
    at: Instant
    kind: EntryKind
    kind_label: str
    points: int = Field(description="Signed: what this account got or gave")
    balance_after: int = Field(description="Available less debt after it; below zero where something is owed")
    told: str


class AccountBalance(Output):
    kind: AccountKind
    kind_label: str
    balance: int = Field(description="What was issued stands below zero: all of them add up to 0")


class TrialBalanceRead(Output):
    as_of: int = Field(description="Sequence number of the last entry that is counted")
    accounts: list[AccountBalance]
    total: int = Field(description="0, or the ledger is broken")
    liability: int = Field(description="What people hold and have set aside: goods are owed for it")
