"""The audit log's hash chain: sealed by the worker in batches, so that it serialises nobody; verified by anybody with the key.

`chain(n) = HMAC-SHA256(key, chain(n-1) | entry n)` with a key that is not in the database: who can write the tables can
still not make a chain that holds. The head, under the same key, tells how far it must reach; a printed head (anchor)
kept elsewhere also tells of a database that was set back as a whole.
"""

import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col
from sqlmodel import select as model_select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import driver_code
from app.core.upsert import insert_or_ignore
from app.models.identity import AuditEntry, AuditHead

BATCH = 500
GENESIS = "0" * 64
HEAD_ID = 1
# `(seq, chain)` as printed once.
Anchor = tuple[int, str]
# Whole to the last character: a line that was cut short must not look like a forged log.
ANCHOR = re.compile(r"seq=([0-9]{1,18}) chain=([0-9a-f]{64})\b")
# A value that is none of its column's kind, as SQLite lets anybody write it.
UNREADABLE = (ValueError, TypeError)
_entry: Any = AuditEntry.__table__  # type: ignore[attr-defined]


class AuditHeadBrokenError(RuntimeError):
    """The stored head does not bear our mark, entries lie behind it or cannot be read: nothing may be sealed onto it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first place at which the chain does not hold. `seq` as far as it is known."""

    kind: str
    seq: int | None
    entry_id: str | None

    def __str__(self) -> str:
        place = "" if self.seq is None else f"第 {self.seq} 条"
        return f"{place}{'' if self.entry_id is None else f'（{self.entry_id}）'}{self.kind}"


@dataclass(frozen=True, slots=True)
class Verification:
    checked: int
    head_seq: int
    head_chain: str
    unsealed: int
    unsealed_since: datetime | None
    fault: Fault | None
    # The anchor speaks of entries that have been purged since: there is nothing left to compare it with.
    anchor_purged: bool = False


class AuditKey:
    """Derived from the index secret, which is kept apart from the database."""

    def __init__(self, crypto: Crypto) -> None:
        self._key = crypto.derived_key("audit")

    def link(self, previous: str, row: Any, seq: int) -> str:
        return self._mac(f"{previous}|{_canonical(row, seq)}")

    def head(self, head: AuditHead) -> str:
        return self._mac(f"head|{head.seq}|{head.chain}|{head.base_seq}|{head.base_chain}")

    def vouches(self, head: AuditHead) -> bool:
        """Whether the head is as we left it. Compared as bytes: whoever altered it need not have written ASCII."""
        return hmac.compare_digest(str(head.mac).encode(), self.head(head).encode())

    def _mac(self, text: str) -> str:
        # JSON may hold half a character, which is for this to notice and not to stumble over.
        return hmac.new(self._key, text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()


async def seal(session: AsyncSession, crypto: Crypto, *, now: datetime, limit: int = BATCH) -> int:
    """The oldest unsealed entries get their place; 0 where there are none or another worker is at it."""
    key = AuditKey(crypto)
    head = await _lock_head(session, key, now)
    if head is None:
        return 0
    connection = await session.connection()
    if not key.vouches(head) or await _first_seq(connection, _entry.c.seq > head.seq):
        raise AuditHeadBrokenError
    found = await _read(connection, _waiting(limit))
    if found is None:
        raise AuditHeadBrokenError
    seq, chain, changes = head.seq, head.chain, []
    for row in found:
        seq += 1
        chain = key.link(chain, row, seq)
        changes.append({"b_id": row.id, "b_seq": seq, "b_chain": chain})
    if not changes:
        return 0
    await connection.execute(
        update(_entry)
        .where(_entry.c.id == bindparam("b_id"))
        .values(seq=bindparam("b_seq"), chain=bindparam("b_chain")),
        changes,
    )
    head.seq, head.chain, head.sealed_at = seq, chain, now
    head.mac = key.head(head)
    return len(changes)


async def verify(connection: AsyncConnection, crypto: Crypto, *, anchor: Anchor | None = None) -> Verification:
    """Walks the whole chain and names the first entry at which it does not hold; `anchor`: a head printed earlier.

    `connection`: a snapshot, or what is sealed and purged meanwhile would look like a fault.
    """
    key = AuditKey(crypto)
    rows = await _read(connection, select(AuditHead.__table__).where(col(AuditHead.id) == HEAD_ID))  # type: ignore[attr-defined]
    head = AuditHead(**rows[0]._mapping) if rows else None  # noqa: SLF001  # SQLAlchemy's public name for it
    checked, fault = 0, None
    if rows is None:
        fault = Fault("封存记录的末端被改动", None, None)
    elif head is not None:
        checked, fault = await _walk(connection, key, head, anchor)
    elif anchor not in {None, (0, GENESIS)} or await _first_seq(connection) is not None:
        fault = Fault("封存记录的末端不见了", None, None)
    waiting, since = await _tail(connection)
    if fault is None and await _read(connection, _waiting(BATCH)) is None:
        fault = Fault("尚未封存的记录中有读不出来的内容", None, None)
    return Verification(
        checked=checked, head_seq=head.seq if head else 0, head_chain=head.chain if head else GENESIS,
        unsealed=waiting, unsealed_since=since, fault=fault,
        anchor_purged=head is not None and anchor is not None and anchor[0] < head.base_seq,
    )  # fmt: skip


async def head(connection: AsyncConnection) -> tuple[int, str]:
    """`(seq, chain)` of the newest sealed entry."""
    found = await connection.execute(
        select(col(AuditHead.seq), col(AuditHead.chain)).where(col(AuditHead.id) == HEAD_ID)
    )
    row = found.one_or_none()
    return (0, GENESIS) if row is None else (row.seq, row.chain)


def anchor_line(head_seq: int, head_chain: str, now: datetime) -> str:
    """One line for a place outside this machine: a notebook, a mailbox, a notary."""
    return f"sanqu-audit {now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} seq={head_seq} chain={head_chain}"


def parse_anchor(line: str) -> Anchor:
    """ValueError where the line is none of ours."""
    found = ANCHOR.search(line)
    if found is None:
        raise ValueError("锚点应为 sanqu audit anchor 打印的完整一行")
    return int(found[1]), found[2]


async def purge(session: AsyncSession, crypto: Crypto, *, before: datetime, now: datetime) -> int:
    """Sealed entries older than their retention go, in order; the chain begins anew behind them.

    No further than the chain holds: purging must not take the traces of a tampering with it.
    """
    key = AuditKey(crypto)
    head = await _lock_head(session, key, now)
    if head is None or not key.vouches(head):
        return 0
    connection = await session.connection()
    last, chain = head.base_seq, head.base_chain
    async for row in _sealed(connection, last):
        if row is None or row.seq != last + 1 or row.seq > head.seq or row.created_at >= before:
            break
        if row.chain != key.link(chain, row, row.seq):
            break
        last, chain = row.seq, row.chain
    if last == head.base_seq:
        return 0
    gone = await connection.execute(delete(_entry).where(_entry.c.seq <= last))
    head.base_seq, head.base_chain = last, chain
    head.mac = key.head(head)
    return gone.rowcount


async def _lock_head(session: AsyncSession, key: AuditKey, now: datetime) -> AuditHead | None:
    fresh = AuditHead(id=HEAD_ID, seq=0, chain=GENESIS, base_seq=0, base_chain=GENESIS, mac="", sealed_at=now)
    fresh.mac = key.head(fresh)
    await insert_or_ignore(session, AuditHead, fresh.model_dump())
    locked = model_select(AuditHead).where(AuditHead.id == HEAD_ID).with_for_update(skip_locked=True)
    try:
        return (await session.exec(locked)).one_or_none()
    except UNREADABLE as exc:
        raise AuditHeadBrokenError from exc


async def _walk(
    connection: AsyncConnection, key: AuditKey, head: AuditHead, wanted: Anchor | None
) -> tuple[int, Fault | None]:
    if fault := await _judge_base(connection, key, head, wanted):
        return 0, fault
    previous, expected, checked = head.base_chain, head.base_seq + 1, 0
    async for row in _sealed(connection, head.base_seq):
        if row is None:
            return checked, Fault("读不出来，内容被改动", expected, None)
        if fault := await _judge_entry(connection, key, head, row, expected, previous):
            return checked, fault
        if wanted is not None and wanted[0] == row.seq and wanted[1] != row.chain:
            return checked, Fault("与外部留存的锚点不符，整条链被重写", row.seq, str(row.id))
        previous, expected, checked = row.chain, expected + 1, checked + 1
    return checked, _judge_end(head, expected, previous, wanted)


async def _judge_base(
    connection: AsyncConnection, key: AuditKey, head: AuditHead, wanted: Anchor | None
) -> Fault | None:
    if not key.vouches(head):
        return Fault("封存记录的末端被改动", head.seq, None)
    if added := await _first_seq(connection, _entry.c.seq <= head.base_seq):
        return Fault("的位置早已清除，是后加的", *added)
    if wanted is not None and wanted[0] == head.base_seq and wanted[1] != head.base_chain:
        return Fault("与外部留存的锚点不符，整条链被重写", head.base_seq, None)
    return None


async def _judge_entry(
    connection: AsyncConnection, key: AuditKey, head: AuditHead, row: Any, expected: int, previous: str
) -> Fault | None:
    if expected > head.seq:
        return Fault("起的记录不在封存末端之内，是后加的", row.seq, str(row.id))
    if row.seq != expected:
        return Fault("被删除", expected, None)
    made = key.link(previous, row, row.seq)
    if made == row.chain:
        return None
    # Which of the two does not fit: the next link, or the head, was made from the true chain value of this one.
    following = await _read(connection, select(_entry).where(_entry.c.seq == row.seq + 1))
    if following:
        only_chain = key.link(made, following[0], following[0].seq) == following[0].chain
    else:
        only_chain = (row.seq, made) == (head.seq, head.chain)
    return Fault("的链值被改动" if only_chain else "的内容或顺序被改动", row.seq, str(row.id))


def _judge_end(head: AuditHead, expected: int, last: str, wanted: Anchor | None) -> Fault | None:
    """`expected`: the first sequence number that was not there; `last`: the chain value before it."""
    if expected <= head.seq:
        return Fault("起的末尾记录被删除", expected, None)
    if last != head.chain:
        return Fault("与封存末端不符，记录出自另一段历史", head.seq, None)
    if wanted is not None and wanted[0] > head.seq:
        return Fault("起的记录在外部锚点之后被整体退回", head.seq + 1, None)
    return None


def _waiting(limit: int) -> Any:
    return select(_entry).where(_entry.c.seq.is_(None)).order_by(_entry.c.created_at, _entry.c.id).limit(limit)


async def _tail(connection: AsyncConnection) -> tuple[int, datetime | None]:
    """How many entries wait for their seal, and since when where that can be read."""
    unsealed = _entry.c.seq.is_(None)
    counted = (await connection.execute(select(func.count()).select_from(_entry).where(unsealed))).scalar_one()
    oldest = await _read(connection, select(func.min(_entry.c.created_at)).where(unsealed))
    return counted, oldest[0][0] if oldest else None


async def _sealed(connection: AsyncConnection, after: int) -> AsyncIterator[Any]:
    """In order, a batch at a time: the log may be long. None in place of an entry that cannot be read, and the end."""
    limit = BATCH
    while True:
        rows = await _read(connection, select(_entry).where(_entry.c.seq > after).order_by(_entry.c.seq).limit(limit))
        if rows is None and limit == 1:
            yield None
            return
        if rows is None:
            # Somewhere in this batch: one by one up to there.
            limit = 1
            continue
        for row in rows:
            yield row
        if not rows:
            return
        after = rows[-1].seq


async def _read(connection: AsyncConnection, statement: Any) -> list[Any] | None:
    """None where a value cannot be read."""
    try:
        return list((await connection.execute(statement)).all())
    except UNREADABLE:
        return None
    except OperationalError as exc:
        # SQLite's driver says so of text that is no UTF-8; whatever the database itself complains of has a code.
        if driver_code(exc) or exc.connection_invalidated:
            raise
        return None


async def _first_seq(connection: AsyncConnection, *where: Any) -> tuple[int | None, str | None] | None:
    """`(seq, id)` of the first sealed entry that meets the conditions, as far as they can be read."""
    rows = await _read(
        connection,
        select(_entry.c.seq, _entry.c.id).where(_entry.c.seq.is_not(None), *where).order_by(_entry.c.seq).limit(1),
    )
    if rows is None:
        return None, None
    return (rows[0].seq, str(rows[0].id)) if rows else None


def _canonical(row: Any, seq: int) -> str:
    """The entry as one text, the same on both databases."""
    at: datetime = row.created_at.astimezone(UTC)
    fields = [
        seq, str(row.id), at.isoformat(timespec="microseconds"), None if row.actor_id is None else str(row.actor_id),
        row.act, row.subject_kind, row.subject_id, row.details,
    ]  # fmt: skip
    # A value of a foreign kind (SQLite) is written out as it is, to be found different.
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=repr)
