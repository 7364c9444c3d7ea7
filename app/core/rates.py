"""Rate limits shared by all processes: GCRA (ITU-T I.371) in one upsert of one row per caller and kind of call.

`"60/3600"` means 60 calls an hour, all 60 at once if need be. A refusal changes nothing: the row keeps its arrival time.
Kinds that are called often buy several cells at a time and spend them in the process, so that the limit over all
processes is never exceeded and the database is asked once for many calls.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from app.core.db import Database
from app.core.errors import AppError
from app.core.tables import RateBucket

MICRO = 1_000_000
# A bought cell is worthless after this long: a process must not hoard a caller's allowance.
LOCAL_SECONDS = 30
LOCAL_CALLERS = 10_000
_table: Any = RateBucket.__table__  # type: ignore[attr-defined]


class RateKind(StrEnum):
    """Calls that cost somebody something: money, attention, or a secret's safety."""

    LOGIN = "login"
    SIGN_IN = "sign_in"
    PHONE = "phone"
    CLAIM = "claim"
    APPLY = "apply"
    REDEEM = "redeem"
    UPLOAD = "upload"
    SEARCH = "search"
    EXPORT = "export"
    REVEAL = "reveal"
    REPORT = "report"
    OWN_CODE = "own_code"
    SHARE = "share"
    PUSH = "push"
    SHEET = "sheet"
    VISIT = "visit"
    VERIFY = "verify"


# Signed in: per person. Anonymous: per address, sized for 300 people behind one address.
DEFAULTS: dict[RateKind, str] = {
    RateKind.LOGIN: "900/600",
    RateKind.SIGN_IN: "100/600",
    RateKind.PHONE: "10/3600",
    RateKind.CLAIM: "20/900",
    RateKind.APPLY: "300/3600",
    RateKind.REDEEM: "300/3600",
    RateKind.UPLOAD: "120/3600",
    RateKind.SEARCH: "240/60",
    RateKind.EXPORT: "5/86400",
    RateKind.REVEAL: "200/3600",
    RateKind.REPORT: "20/86400",
    RateKind.OWN_CODE: "10/3600",
    RateKind.SHARE: "60/3600",
    # A workbook is a process of its own for a second or two.
    RateKind.SHEET: "60/3600",
    # Opening the pages of a fair counts as a visit; a counter is no reason to be written to without end.
    RateKind.VISIT: "60/3600",
    # A certificate's number is looked up by anybody; guessing them has an end.
    RateKind.VERIFY: "30/600",
    # WeChat pushes from a few addresses; what is wrongly signed is audited, so that must have an end.
    RateKind.PUSH: "6000/60",
}
# How many cells one question to the database buys.
BOUGHT_AT_ONCE = {RateKind.SEARCH: 20}
# An anonymous address may stand for so many people.
PEOPLE_PER_ADDRESS = 300
PER_ADDRESS = frozenset({RateKind.SEARCH, RateKind.VISIT})


class TooManyRequestsError(AppError):
    status = 429
    code = "too_many_requests"
    message = "操作太频繁，请 {seconds} 秒后再试"
    retryable = True


@dataclass(frozen=True, slots=True)
class Rate:
    count: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> "Rate":
        count, _, seconds = text.partition("/")
        rate = cls(int(count), int(seconds))
        if rate.count < 1 or rate.seconds < 1:
            raise ValueError("a rate is written count/seconds")
        return rate

    @property
    def cell(self) -> int:
        """Microseconds that one call takes of the allowance."""
        return max(self.seconds * MICRO // self.count, 1)


@dataclass(slots=True)
class _Held:
    cells: int
    until: int


class Rates:
    def __init__(self, db: Database, rates: dict[RateKind, Rate]) -> None:
        self._db = db
        self._rates = rates
        self._held: dict[tuple[RateKind, str], _Held] = {}

    async def take(self, kind: RateKind, caller: str, now: datetime, *, people: int = 1) -> None:
        """One call of `caller`; `TooManyRequestsError` with Retry-After where the allowance is used up.

        `people` widens it for a caller that stands for several (an address).
        """
        rate = Rate(self._rates[kind].count * people, self._rates[kind].seconds)
        at = round(now.timestamp() * MICRO)
        if self._spend(kind, caller, at):
            return
        cells = min(BOUGHT_AT_ONCE.get(kind, 1), rate.count)
        wait = await self._buy(kind, caller, rate, at, cells)
        if wait is not None and cells > 1:
            cells, wait = 1, await self._buy(kind, caller, rate, at, 1)
        if wait is not None:
            # Another call of this caller may have bought for several while this one asked.
            if self._spend(kind, caller, at):
                return
            seconds = max(math.ceil(wait / MICRO), 1)
            raise TooManyRequestsError(seconds=seconds, retry_after=seconds)
        if cells > 1:
            if len(self._held) >= LOCAL_CALLERS:
                self._held.clear()
            held = self._held.get((kind, caller))
            spare = held.cells if held is not None and held.until > at else 0
            self._held[kind, caller] = _Held(spare + cells - 1, at + LOCAL_SECONDS * MICRO)

    def _spend(self, kind: RateKind, caller: str, at: int) -> bool:
        """One of the cells that this process has bought ahead for the caller."""
        held = self._held.get((kind, caller))
        if held is None or held.cells < 1 or held.until <= at:
            return False
        held.cells -= 1
        return True

    async def _buy(self, kind: RateKind, caller: str, rate: Rate, now: int, cells: int) -> int | None:
        """None: bought. Else the microseconds until it could be. A transaction of its own: it survives a refusal."""
        cost, window = rate.cell * cells, rate.cell * rate.count
        async with self._db.unit_of_work() as session:
            connection = await session.connection()
            insert = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
            start = case((_table.c.tat > now, _table.c.tat), else_=now)
            statement = (
                insert(_table)
                .values(kind=kind.value, caller=caller, tat=now + cost)
                .on_conflict_do_update(
                    index_elements=["kind", "caller"],
                    set_={"tat": start + cost},
                    where=start + cost <= now + window,
                )
                .returning(_table.c.tat)
            )
            if (await connection.execute(statement)).one_or_none() is not None:
                return None
            found = await connection.execute(
                select(_table.c.tat).where(_table.c.kind == kind.value, _table.c.caller == caller)
            )
            tat: int = found.scalar_one()
            return tat + cost - window - now
