"""Accounts, entries with their postings, lots, holds. Entries and postings are append-only, in the database too."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import Table, UtcDateTime, str_enum
from app.models.base import Identified
from app.rules.points.ledger import AccountKind, EntryKind, HoldState

# SQLite counts up by itself only in a column that is an INTEGER.
SEQ = BigInteger().with_variant(Integer, "sqlite")


class PointsAccount(Identified, table=True):
    """`balance`: the sum of its postings; `seq`: how many there are. Those of the system are split into shards, since everybody
    posts to them.
    """

    __table_args__ = (
        Index(
            "uq_points_account_person", "person_id", unique=True,
            postgresql_where=sql.text("person_id IS NOT NULL"), sqlite_where=sql.text("person_id IS NOT NULL"),
        ),
        Index(
            "uq_points_account_household", "household_id", unique=True,
            postgresql_where=sql.text("household_id IS NOT NULL"), sqlite_where=sql.text("household_id IS NOT NULL"),
        ),
        Index(
            "uq_points_account_shard", "kind", "shard", unique=True,
            postgresql_where=sql.text("person_id IS NULL AND household_id IS NULL"),
            sqlite_where=sql.text("person_id IS NULL AND household_id IS NULL"),
        ),
        CheckConstraint("debt >= 0", name="debt"),
        # Available is balance + debt: spending never goes below zero.
        CheckConstraint("kind NOT IN ('person', 'household') OR balance + debt >= 0", name="available"),
    )  # fmt: skip
    kind: AccountKind = Field(sa_type=str_enum(AccountKind))
    shard: int = 0
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    household_id: UUID | None = Field(default=None, foreign_key="points_household.id")
    # Two records of one human were merged: everything went to this account.
    moved_to: UUID | None = Field(default=None, foreign_key="points_account.id", index=True)
    balance: int = Field(default=0, sa_type=BigInteger)
    debt: int = Field(default=0, sa_type=BigInteger)
    seq: int = Field(default=0, sa_type=BigInteger)


class JournalEntry(Table, table=True):
    """One movement of points. `cause` names what it comes from; nothing is credited twice for one cause."""

    __table_args__ = (UniqueConstraint("kind", "cause"),)
    seq: int | None = Field(default=None, primary_key=True, sa_type=SEQ)
    created_at: datetime = Field(sa_type=UtcDateTime)
    kind: EntryKind = Field(sa_type=str_enum(EntryKind))
    cause: str = Field(max_length=160)
    # Who did it; None where a fact or the clock did.
    actor_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    # Of a credit: until when its points live.
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # What the person reads in their history; no names of others.
    told: str = Field(max_length=200)


class Posting(Table, table=True):
    """One side of an entry, numbered in its account; `balance_after` makes any earlier balance one row to read."""

    __table_args__ = (
        Index("uq_posting_account_seq", "account_id", "account_seq", unique=True),
        CheckConstraint("points <> 0", name="points"),
    )
    entry_seq: int = Field(foreign_key="journal_entry.seq", primary_key=True, sa_type=SEQ)
    account_id: UUID = Field(foreign_key="points_account.id", primary_key=True)
    points: int = Field(sa_type=BigInteger)
    account_seq: int = Field(sa_type=BigInteger)
    balance_after: int = Field(sa_type=BigInteger)


class PointsLot(Identified, table=True):
    """The points of an account that expire at one moment, whichever credits brought them: so an account has few, however long
    its history. `remaining`: free to spend; `held`: set aside for a redemption; the rest is spent or gone.
    """

    __table_args__ = (
        UniqueConstraint("account_id", "expires_at"),
        CheckConstraint("remaining >= 0 AND held >= 0 AND remaining + held <= granted", name="amounts"),
        Index(
            "ix_points_lot_due", "expires_at",
            postgresql_where=sql.text("remaining > 0"), sqlite_where=sql.text("remaining > 0"),
        ),
    )  # fmt: skip
    account_id: UUID = Field(foreign_key="points_account.id")
    granted: int = Field(sa_type=BigInteger)
    remaining: int = Field(sa_type=BigInteger)
    held: int = Field(default=0, sa_type=BigInteger)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    # How many of the notices ahead of the expiry have been given.
    notices: int = 0


class PointsHold(Identified, table=True):
    """Points set aside until something is fulfilled, cancelled or lapses; it ends once."""

    __table_args__ = (
        Index(
            "ix_points_hold_open", "account_id",
            postgresql_where=sql.text("state = 'held'"), sqlite_where=sql.text("state = 'held'"),
        ),
    )  # fmt: skip
    account_id: UUID = Field(foreign_key="points_account.id", index=True)
    points: int
    state: HoldState = Field(default=HoldState.HELD, sa_type=str_enum(HoldState))
    # How often it was fulfilled and undone: part of the causes of its entries.
    turns: int = 0


class PointsHoldPart(Table, table=True):
    """Which lots a hold was taken from, so that it goes back to them."""

    hold_id: UUID = Field(foreign_key="points_hold.id", primary_key=True)
    lot_id: UUID = Field(foreign_key="points_lot.id", primary_key=True, index=True)
    points: int
