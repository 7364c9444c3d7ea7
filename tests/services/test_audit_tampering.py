"""Whoever may write the tables can change the audit log; `verify` says where. Triggers are dropped first, as they would."""

# ruff: noqa: S608  # nobody else's text comes into these statements

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from app.core.clock import FixedClock
from app.core.crypto import Crypto
from app.core.settings import Settings
from app.models.identity import AuditHead
from app.services.identity.audit_chain import GENESIS, AuditKey
from tests.support.audit import ENTRY, HEAD, Log, open_log

COLUMNS = "id, created_at, actor_id, act, subject_kind, subject_id, details, seq, chain"
FORGED_ID = "0193e0000000700080000000000dead0"
FORGED = f"'{FORGED_ID}', created_at, actor_id, act, subject_kind, subject_id, details"
FALSE_CHAIN = "f" * 64
ENTRIES = 6


@pytest.fixture
async def log(empty_database_url: str, clock: FixedClock, tmp_path: Path) -> AsyncIterator[Log]:
    """Six entries in the chain."""
    settings = Settings(database_url=empty_database_url, data_dir=tmp_path, log_level="CRITICAL")
    async with open_log(settings, clock) as opened:
        await opened.write(ENTRIES)
        assert await opened.seal() == ENTRIES
        found = await opened.verify()
        assert (found.fault, found.checked, found.head_seq, found.unsealed) == (None, ENTRIES, ENTRIES, 0)
        yield opened


@dataclass(frozen=True)
class Tampering:
    statements: tuple[str, ...]
    # `{id}`: of the entry named.
    says: str
    # Of the entry named; None where none is.
    seq: int | None
    # Entries that still fit.
    checked: int


def changed(assignment: str, *, says: str = "的内容或顺序被改动", seq: int = 3) -> Tampering:
    statement = f"UPDATE audit_entry SET {assignment} WHERE seq = {seq}"
    return Tampering((statement,), f"第 {seq} 条（{{id}}）{says}", seq, seq - 1)


def beheaded(*statements: str, seq: int = ENTRIES) -> Tampering:
    return Tampering(statements, f"第 {seq} 条封存记录的末端被改动", None, 0)


def removed(*seqs: int, says: str) -> Tampering:
    numbers = ", ".join(map(str, seqs))
    return Tampering((f"DELETE FROM audit_entry WHERE seq IN ({numbers})",), says, None, min(seqs) - 1)


def added(seq: int, says: str, checked: int, *before: str) -> Tampering:
    """A copy of the third entry, under an id and at a place of its own."""
    copied = f"INSERT INTO audit_entry ({COLUMNS}) SELECT {FORGED}, {seq}, chain FROM audit_entry WHERE seq = 3"
    return Tampering((*before, copied), says, seq, checked)


# A unique number cannot be handed on in one step.
CLOSE_GAP = ("UPDATE audit_entry SET seq = 1 - seq WHERE seq > 3", "UPDATE audit_entry SET seq = -seq WHERE seq < 0")
MAKE_GAP = ("UPDATE audit_entry SET seq = -1 - seq WHERE seq > 3", "UPDATE audit_entry SET seq = -seq WHERE seq < 0")
SWAP = tuple(f"UPDATE audit_entry SET seq = {new} WHERE seq = {old}" for old, new in ((3, -3), (4, 3), (-3, 4)))
SWAP_CHAINS = (
    "UPDATE audit_entry SET chain = (SELECT b.chain FROM audit_entry b WHERE b.seq = 7 - audit_entry.seq) WHERE seq IN (3, 4)",
)
CASES = {
    "the act was changed": changed("act = 'logout'"),
    "the details were changed": changed("""details = '{"app": "linggong"}'"""),
    "the details hold half a character": changed("""details = '{"app": "\\ud800"}'"""),
    "the actor was taken out": changed("actor_id = NULL"),
    "the subject was changed": changed("subject_id = 'x', subject_kind = 'person'", seq=1),
    "the time was changed": changed("created_at = '2020-01-01 00:00:00'"),
    "the id was changed": changed(f"id = '{FORGED_ID}'"),
    "the last entry was changed": changed("act = 'logout'", seq=ENTRIES),
    "a chain value was changed": changed(f"chain = '{FALSE_CHAIN}'", says="的链值被改动"),
    "a chain value was erased": changed("chain = NULL", says="的链值被改动"),
    "the last chain value was changed": changed(f"chain = '{FALSE_CHAIN}'", says="的链值被改动", seq=ENTRIES),
    "the first entry was deleted": removed(1, says="第 1 条被删除"),
    "one in the middle was deleted": removed(3, says="第 3 条被删除"),
    "the last was deleted": removed(6, says="第 6 条起的末尾记录被删除"),
    "the last three were deleted": removed(4, 5, 6, says="第 4 条起的末尾记录被删除"),
    "the gap of a deleted one was closed": Tampering(
        ("DELETE FROM audit_entry WHERE seq = 3", *CLOSE_GAP), "第 3 条（{id}）的内容或顺序被改动", 3, 2
    ),
    "one was inserted in the middle": added(4, "第 4 条（{id}）的内容或顺序被改动", 3, *MAKE_GAP),
    "one was added at the end": added(7, "第 7 条（{id}）起的记录不在封存末端之内，是后加的", ENTRIES),
    "one was added before the beginning": added(0, "第 0 条（{id}）的位置早已清除，是后加的", 0),
    "two were swapped": Tampering(SWAP, "第 3 条（{id}）的内容或顺序被改动", 3, 2),
    "two were swapped but for their chain values": Tampering(
        (*SWAP, *SWAP_CHAINS), "第 3 条（{id}）的内容或顺序被改动", 3, 2
    ),
    "the head was set back": beheaded("UPDATE audit_head SET seq = 5", seq=5),
    "the head's chain was changed": beheaded(f"UPDATE audit_head SET chain = '{FALSE_CHAIN}'"),
    "the beginning was moved": beheaded("UPDATE audit_head SET base_seq = 3", "DELETE FROM audit_entry WHERE seq <= 3"),
    "the head's mark was overwritten": beheaded("UPDATE audit_head SET mac = '末端'"),
    "the head was deleted": Tampering(("DELETE FROM audit_head",), "封存记录的末端不见了", None, 0),
}


@pytest.mark.parametrize("name", CASES)
async def test_the_first_bad_place_is_named(log: Log, name: str) -> None:
    case = CASES[name]
    await log.tamper(*case.statements)
    found = await log.verify()
    ids = {row.seq: row.id for row in await log.rows()}
    assert str(found.fault) == case.says.format(id=ids.get(case.seq))
    assert (found.checked, found.unsealed, found.anchor_purged) == (case.checked, 0, False)


@pytest.mark.parametrize(
    "name", ["one was added at the end", "the head's mark was overwritten", "the head was deleted"]
)
async def test_onto_a_broken_end_nothing_is_sealed_and_nothing_else_stops(log: Log, name: str) -> None:
    case = CASES[name]
    await log.tamper(*case.statements)
    await log.write(2)
    heads = await log.rows(HEAD)
    assert await log.seal() == 0
    assert await log.rows(HEAD) == heads
    found = await log.verify()
    assert str(found.fault)[-10:] == case.says[-10:]
    assert found.unsealed == 2


# On SQLite a value may be of any kind, whatever its column: (the entry's number, what the reading trips over).
UNREADABLE = {
    "an id that is none": (1, "id = 'x'"),
    "bytes for an id": (4, "id = X'00'"),
    "a time that is none": (3, "created_at = '昨天'"),
    "details that are no JSON": (6, "details = '{'"),
}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("name", UNREADABLE)
async def test_an_unreadable_entry_is_named_by_its_number(log: Log, name: str) -> None:
    seq, assignment = UNREADABLE[name]
    await log.tamper(f"UPDATE audit_entry SET {assignment} WHERE seq = {seq}")
    found = await log.verify()
    assert (str(found.fault), found.checked) == (f"第 {seq} 条读不出来，内容被改动", seq - 1)


@pytest.mark.sqlite_only
async def test_text_that_is_none_is_named_too(log: Log) -> None:
    await log.tamper("UPDATE audit_entry SET act = X'00' WHERE seq = 5")
    changed = await log.verify()
    assert (str(changed.fault)[:5], str(changed.fault)[-9:], changed.checked) == ("第 5 条", "的内容或顺序被改动", 4)
    async with log.runtime.db.unit_of_work() as session:
        await (await session.connection()).exec_driver_sql(
            "UPDATE audit_entry SET act = CAST(X'ff' AS TEXT) WHERE seq = 2"
        )
    no_utf8 = await log.verify()
    assert (str(no_utf8.fault), no_utf8.checked) == ("第 2 条读不出来，内容被改动", 1)


@pytest.mark.sqlite_only
async def test_an_unreadable_head_or_tail_is_a_fault_and_stops_the_sealing_alone(log: Log) -> None:
    copied = FORGED.replace("created_at", "'昨天'")
    await log.tamper(f"INSERT INTO audit_entry ({COLUMNS}) SELECT {copied}, NULL, NULL FROM audit_entry WHERE seq = 3")
    tail = await log.verify()
    assert (str(tail.fault), tail.checked) == ("尚未封存的记录中有读不出来的内容", ENTRIES)
    assert (tail.unsealed, tail.unsealed_since) == (1, None)
    assert await log.seal() == 0
    async with log.runtime.db.unit_of_work() as session:
        await (await session.connection()).exec_driver_sql("UPDATE audit_head SET sealed_at = '昨天'")
    head = await log.verify()
    assert (str(head.fault), head.checked, head.unsealed) == ("封存记录的末端被改动", 0, 1)
    assert await log.seal() == 0


async def test_without_the_key_no_chain_can_be_made_that_holds(log: Log) -> None:
    """Everything written anew, with care, from the third entry on: but the key is not in the database."""
    forger = AuditKey(Crypto(log.runtime.settings.field_ring, b"a guess"))
    rows, (head,) = await log.rows(), await log.rows(HEAD)
    chain, statements = rows[1].chain, [update(ENTRY).where(ENTRY.c.seq == 3).values(act="logout")]
    await log.tamper(*statements)
    for row in (await log.rows())[2:]:
        chain = forger.link(chain, row, row.seq)
        statements.append(update(ENTRY).where(ENTRY.c.seq == row.seq).values(chain=chain))
    async with log.runtime.db.unit_of_work() as session:
        connection = await session.connection()
        for statement in statements:
            await connection.execute(statement)
    kept = await log.verify()
    assert (str(kept.fault), kept.checked) == (f"第 3 条（{rows[2].id}）的内容或顺序被改动", 2)
    new_head = AuditHead(**{**head._mapping, "chain": chain})
    async with log.runtime.db.unit_of_work() as session:
        connection = await session.connection()
        await connection.execute(update(HEAD).values(chain=chain, mac=forger.head(new_head)))
    assert str((await log.verify()).fault) == f"第 {ENTRIES} 条封存记录的末端被改动"


async def set_back(log: Log, seq: int, head: dict[str, object]) -> None:
    """The whole log as it was when `head` was its end."""
    await log.tamper(delete(ENTRY).where(ENTRY.c.seq > seq), delete(HEAD), insert(HEAD).values(**head))


async def test_a_log_set_back_as_a_whole_is_told_by_the_line_kept_elsewhere(log: Log) -> None:
    early, (head,) = await log.anchor(), await log.rows(HEAD)
    await log.write(3)
    await log.seal()
    late = await log.anchor()
    assert (early[0], late[0]) == (ENTRIES, ENTRIES + 3)
    assert (await log.verify(early)).fault is None
    assert (await log.verify(late)).fault is None
    await set_back(log, ENTRIES, dict(head._mapping))
    # By itself it is whole: every byte of it was once true.
    assert (await log.verify()).fault is None
    assert (await log.verify(early)).fault is None
    back = await log.verify(late)
    assert (str(back.fault), back.checked) == ("第 7 条起的记录在外部锚点之后被整体退回", ENTRIES)
    # Filled up again, by the service itself: as long as before, and still another story.
    await log.write(3)
    await log.seal()
    assert (await log.verify()).fault is None
    other = await log.verify(late)
    assert str(other.fault) == f"第 9 条（{(await log.rows())[8].id}）与外部留存的锚点不符，整条链被重写"
    assert other.checked == ENTRIES + 2


async def test_entries_of_one_history_under_the_head_of_another(log: Log) -> None:
    (early,) = await log.rows(HEAD)
    await log.write(2)
    await log.seal()
    (late,) = await log.rows(HEAD)
    await set_back(log, ENTRIES, dict(early._mapping))
    await log.write(2)
    await log.seal()
    async with log.runtime.db.unit_of_work() as session:
        await (await session.connection()).execute(update(HEAD).values(**late._mapping))
    found = await log.verify()
    assert (str(found.fault), found.checked) == ("第 8 条与封存末端不符，记录出自另一段历史", ENTRIES + 2)


async def test_an_old_head_over_more_entries_shows_what_lies_behind_it(log: Log) -> None:
    (early,) = await log.rows(HEAD)
    await log.write(2)
    await log.seal()
    await log.tamper(update(HEAD).values(**early._mapping))
    found = await log.verify()
    seventh = (await log.rows())[ENTRIES].id
    assert str(found.fault) == f"第 7 条（{seventh}）起的记录不在封存末端之内，是后加的"
    assert found.checked == ENTRIES
    await log.write(1)
    assert await log.seal() == 0


async def test_a_log_emptied_as_a_whole_is_told_by_an_anchor_alone(log: Log) -> None:
    kept = await log.anchor()
    await log.tamper("DELETE FROM audit_entry", "DELETE FROM audit_head")
    assert (await log.verify()).fault is None
    assert (await log.verify((0, GENESIS))).fault is None
    assert str((await log.verify(kept)).fault) == "封存记录的末端不见了"
