"""Technical tables: they belong to the machinery, not to a domain."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, sql
from sqlmodel import Field

from app.core.columns import Table, UtcDateTime, sealed, str_enum
from app.core.ids import new_id
from app.core.labels import Labelled


class IdempotencyRecord(Table, table=True):
    """The first answer to a keyed call, written in the transaction of the business it belongs to."""

    caller: str = Field(primary_key=True, max_length=40)
    operation: str = Field(primary_key=True, max_length=80)
    key: str = Field(primary_key=True, max_length=80)
    fingerprint: str = Field(max_length=64)
    status: int | None = None
    # Sealed: answers hold personal data. NULL only inside the transaction that is still answering.
    response: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("response"))
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)


class OutboxState(Labelled):
    PENDING = "pending", "待发送"
    DONE = "done", "已送达"
    DEAD = "dead", "已放弃"


class OutboxMessage(Table, table=True):
    """Something that must leave the process, written in the transaction that decided it."""

    __table_args__ = (
        # The worker's only question: what is due? Finished rows stay out of the index, so history costs nothing.
        Index(
            "ix_outbox_message_due",
            "available_at",
            "id",
            postgresql_where=sql.text("state = 'pending'"),
            sqlite_where=sql.text("state = 'pending'"),
        ),
    )
    id: UUID = Field(default_factory=new_id, primary_key=True)
    topic: str = Field(max_length=60)
    # Ids only, never personal data: the handler loads what it needs when it sends.
    payload: dict[str, str] = Field(sa_type=JSON)
    # A cause sends once: a second row with the same key is not written.
    dedupe_key: str | None = Field(default=None, max_length=120, unique=True)
    state: OutboxState = Field(default=OutboxState.PENDING, sa_type=str_enum(OutboxState))
    attempts: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    available_at: datetime = Field(sa_type=UtcDateTime)
    leased_by: str | None = Field(default=None, max_length=60)
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # The class of the last failure, never its text: texts may hold personal data.
    last_error: str | None = Field(default=None, max_length=120)


class RateBucket(Table, table=True):
    """One caller's allowance for one kind of call: the theoretical arrival time of GCRA (ITU-T I.371)."""

    kind: str = Field(primary_key=True, max_length=20)
    # A person's id, or a keyed hash of an address: addresses are personal data.
    caller: str = Field(primary_key=True, max_length=64)
    # Microseconds since 1970: integers are added alike by both databases.
    tat: int = Field(sa_type=BigInteger, index=True)


class DailyMark(Table, table=True):
    """On which day something that happens once a day was last done."""

    name: str = Field(primary_key=True, max_length=40)
    day: date


class AppToken(Table, table=True):
    """WeChat's access token of one mini-program, shared by all processes; the lease lets one of them refresh it."""

    appid: str = Field(primary_key=True, max_length=40)
    token: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("token"))
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lease_holder: str | None = Field(default=None, max_length=60)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
