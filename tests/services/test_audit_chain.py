"""The audit log's chain in use: sealed by workers, verified while it grows, purged from its beginning, printed for a safe place."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.clock import FixedClock
from app.core.settings import Settings
from app.rules.identity.privacy import AUDIT_KEPT
from app.services.identity import audit, audit_chain
from app.services.identity.audit_chain import BATCH, GENESIS
from app.services.runtime import Runtime
from app.tasks import retention
from app.tasks.worker import run_worker
from tests.factories.world import World, ok
from tests.support.api import until
from tests.support.audit import HEAD, Log, open_log
from tests.support.command import sanqu, sanqu_process
from tests.support.identity import auditor, entries

DAY = timedelta(days=1)


@pytest.fixture
def log_settings(empty_database_url: str, tmp_path: Path) -> Settings:
    # A pool of one: whatever a reader leaves on its connection, the next one meets.
    return Settings(database_url=empty_database_url, data_dir=tmp_path, log_level="CRITICAL", reader_pool=1)


@pytest.fixture
async def log(log_settings: Settings, clock: FixedClock) -> AsyncIterator[Log]:
    async with open_log(log_settings, clock) as opened:
        yield opened


async def test_the_worker_seals_what_people_did(world: World, runtime: Runtime, clock: FixedClock) -> None:
    """And the auditor's reading of it changes nothing."""
    log = Log(runtime, clock)
    reader = await auditor(world)
    ok(await (await world.person()).get("/me"))
    before = await entries(reader)
    waiting = await log.verify()
    assert (waiting.checked, waiting.head_seq, waiting.unsealed) == (0, 0, len(before))
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(runtime, stop))

    async def sealed() -> bool:
        return await log.unsealed() == 0

    try:
        await until(sealed)
    finally:
        stop.set()
        await worker
    found = await log.verify()
    assert (found.fault, found.unsealed, found.unsealed_since) == (None, 0, None)
    assert found.checked == found.head_seq == len(before)
    after = await entries(reader)
    assert [row["seq"] for row in after] == list(range(found.head_seq, 0, -1))
    assert [row | {"seq": None} for row in after] == before


async def test_an_empty_log_holds_and_the_tail_is_told_with_its_age(log: Log, clock: FixedClock) -> None:
    empty = await log.verify()
    assert (empty.checked, empty.head_seq, empty.head_chain) == (0, 0, GENESIS)
    assert (empty.unsealed, empty.unsealed_since, empty.fault) == (0, None, None)
    await log.write(2)
    assert await log.seal() == 2
    since = clock.now() + timedelta(seconds=1)
    await log.write(3)
    found = await log.verify()
    assert (found.checked, found.unsealed, found.unsealed_since, found.fault) == (2, 3, since, None)
    assert await log.seal() == 3
    assert await log.seal() == 0
    assert [row.seq for row in await log.rows()] == [1, 2, 3, 4, 5]
    assert (await log.verify()).unsealed_since is None


async def test_two_workers_at_once_make_one_chain(log: Log, log_settings: Settings, clock: FixedClock) -> None:
    """From the very first entry on, over several batches, while more is written."""
    await log.write(BATCH + 20)
    async with open_log(log_settings, clock) as other:
        sealed = await asyncio.gather(
            *(each.seal() for each in (log, other, log, other)), log.write(30), other.write(30)
        )
    total = sum(count or 0 for count in sealed) + await log.seal()
    assert total == BATCH + 80
    assert [row.seq for row in await log.rows()] == list(range(1, total + 1))
    found = await log.verify()
    assert (found.checked, found.head_seq, found.unsealed, found.fault) == (total, total, 0, None)


async def test_a_verification_sees_one_moment_while_the_log_goes_on(log: Log, clock: FixedClock) -> None:
    await log.write(3, at=clock.now() - AUDIT_KEPT - DAY)
    await log.write(2)
    await log.seal()
    async with log.runtime.db.snapshot() as connection:
        assert (await audit_chain.head(connection))[0] == 5
        await log.write(4)
        await log.seal()
        await log.write(1)
        async with log.runtime.db.unit_of_work() as session:
            assert await audit_chain.purge(
                session, log.runtime.crypto, before=clock.now() - AUDIT_KEPT, now=clock.now()
            ) == 3  # fmt: skip
        meanwhile = await audit_chain.verify(connection, log.runtime.crypto)
    assert (meanwhile.checked, meanwhile.head_seq, meanwhile.unsealed, meanwhile.fault) == (5, 5, 0, None)
    # The only connection has gone back without the old moment: the next reader sees the present.
    assert (await log.anchor())[0] == 9
    afterwards = await log.verify()
    assert (afterwards.checked, afterwards.head_seq, afterwards.unsealed, afterwards.fault) == (6, 9, 1, None)


REFUSED = {
    "a sealed entry's content": "UPDATE audit_entry SET act = 'logout' WHERE seq = 1",
    "a sealed entry's place": "UPDATE audit_entry SET seq = 99 WHERE seq = 1",
    "a sealed entry's chain value": "UPDATE audit_entry SET chain = NULL, seq = NULL WHERE seq = 2",
    "an unsealed entry's content": "UPDATE audit_entry SET details = '{}' WHERE seq IS NULL",
    "an unsealed entry's time": "UPDATE audit_entry SET created_at = '2020-01-01 00:00:00' WHERE seq IS NULL",
    "a sealed entry as such": "DELETE FROM audit_entry WHERE seq = 2",
    "an unsealed entry as such": "DELETE FROM audit_entry WHERE seq IS NULL",
    "the whole log": "DELETE FROM audit_entry",
}


async def test_the_application_itself_cannot_change_an_entry(log: Log) -> None:
    await log.write(2)
    await log.seal()
    await log.write(1)
    before = await log.rows()
    whole = {"TRUNCATE": "TRUNCATE audit_entry"} if log.kind == "postgresql" else {}
    for what, statement in (REFUSED | whole).items():
        with pytest.raises(DBAPIError) as refused:
            async with log.runtime.db.unit_of_work() as session:
                await (await session.connection()).execute(text(statement))
        assert "append-only" in str(refused.value) or "kept for 190 days" in str(refused.value), what
        assert await log.rows() == before, what
    assert await log.seal() == 1
    found = await log.verify()
    assert (found.checked, found.fault) == (3, None)


async def purge(log: Log, *, dry_run: bool = False) -> int:
    """As `sanqu purge` counts it."""
    items = await retention.purge(log.runtime, dry_run=dry_run)
    (rows,) = [item.rows for item in items if item.what == "审计记录"]
    return rows


async def test_a_purge_takes_the_beginning_and_the_rest_still_holds(log: Log, clock: FixedClock) -> None:
    old = clock.now() - AUDIT_KEPT - DAY
    await log.write(2, at=old)
    await log.seal()
    gone = await log.anchor()
    await log.write(2, at=old + timedelta(hours=1))
    await log.seal()
    at_the_cut = await log.anchor()
    await log.write(2)
    await log.seal()
    kept = await log.anchor()
    assert (await purge(log, dry_run=True), len(await log.rows())) == (4, 6)
    assert (await purge(log), await purge(log)) == (4, 0)
    # Each purge that was one is an entry itself.
    assert await log.seal() == 2
    assert [row.seq for row in await log.rows()] == [5, 6, 7, 8]
    for anchor, purged in ((kept, False), (at_the_cut, False), (gone, True), (None, False)):
        found = await log.verify(anchor)
        assert (found.fault, found.checked, found.head_seq, found.anchor_purged) == (None, 4, 8, purged)
    assert str((await log.verify((4, "0" * 64))).fault) == "第 4 条与外部留存的锚点不符，整条链被重写"
    await log.tamper("DELETE FROM audit_entry WHERE seq = 5")
    assert str((await log.verify()).fault) == "第 5 条被删除"


async def test_a_log_that_is_old_as_a_whole_goes_and_the_chain_goes_on(log: Log, clock: FixedClock) -> None:
    await log.write(3, at=clock.now() - AUDIT_KEPT - DAY)
    await log.seal()
    end = await log.anchor()
    assert await purge(log) == 3
    assert await log.anchor() == end
    assert await log.seal() == 1
    found = await log.verify(end)
    assert (found.checked, found.head_seq, found.fault) == (1, 4, None)


@pytest.mark.parametrize(
    ("statement", "purged", "says"),
    [
        ("UPDATE audit_entry SET act = 'logout' WHERE seq = 3", 2, "第 3 条（{id}）的内容或顺序被改动"),
        ("DELETE FROM audit_entry WHERE seq = 4", 3, "第 4 条被删除"),
        ("UPDATE audit_entry SET created_at = '2001-01-01 00:00:00'", 0, "第 1 条（{id}）的内容或顺序被改动"),
        ("UPDATE audit_head SET mac = '末端'", 0, "第 6 条封存记录的末端被改动"),
    ],
    ids=["changed", "deleted", "made to look old", "head altered"],
)
async def test_a_purge_does_not_take_the_traces_with_it(
    log: Log, clock: FixedClock, statement: str, purged: int, says: str
) -> None:
    """Whoever makes the log look old waits in vain for the next purge to forget what it was."""
    await log.write(4, at=clock.now() - AUDIT_KEPT - DAY)
    await log.write(2)
    await log.seal()
    await log.tamper(statement)
    assert await purge(log) == purged
    rows = await log.rows()
    assert len(rows) == 1 + 6 - purged - ("DELETE" in statement)
    assert str((await log.verify()).fault) == says.format(id=rows[0].id)
    (head,) = await log.rows(HEAD)
    assert (head.base_seq, head.seq) == (purged, 6)


async def test_the_commands_say_in_a_line_how_it_stands(log: Log, log_settings: Settings, clock: FixedClock) -> None:
    assert await sanqu(log_settings, "audit", "verify") == (0, "相符：0 条；尚未封存 0 条\n")
    await log.write(3)
    await log.seal()
    since = clock.now() + timedelta(seconds=1)
    await log.write(2)
    tail = f"尚未封存 2 条，最早 {since:%Y-%m-%d %H:%M:%S} UTC\n"
    assert await sanqu(log_settings, "audit", "verify") == (0, f"相符：3 条；{tail}")
    code, line = await sanqu(log_settings, "audit", "anchor")
    (_, chain) = await log.anchor()
    assert code == 0
    assert re.fullmatch(rf"sanqu-audit \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ seq=3 chain={chain}\n", line)
    assert await sanqu(log_settings, "audit", "verify", "--anchor", line) == (0, f"相符：3 条；{tail}")
    await log.tamper("UPDATE audit_entry SET act = 'logout' WHERE seq = 2")
    broken = (await log.rows())[1].id
    said = f"不符：第 2 条（{broken}）的内容或顺序被改动。此前 1 条相符；{tail}"
    assert await sanqu(log_settings, "audit", "verify") == (1, said)
    # And as an operator's script meets it.
    assert await sanqu_process(log_settings, "audit", "verify") == (1, said)


async def test_an_anchor_that_is_purged_or_none_at_all(log: Log, log_settings: Settings, clock: FixedClock) -> None:
    await log.write(2, at=clock.now() - AUDIT_KEPT - DAY)
    await log.seal()
    line = audit_chain.anchor_line(*await log.anchor(), clock.now())
    await log.write(1, at=clock.now() - AUDIT_KEPT - DAY)
    await log.write(1)
    await log.seal()
    assert await purge(log) == 3
    code, said = await sanqu(log_settings, "audit", "verify", "--anchor", line)
    assert code == 0
    assert said.startswith("相符：1 条；尚未封存 1 条，最早 ")
    assert said.endswith("；锚点所指的记录已到期清除，无从比对\n")
    code, said = await sanqu(log_settings, "audit", "verify", "--anchor", line[:-1])
    assert code == 2
    assert "锚点应为" in said


@pytest.mark.parametrize("cut", ["", "seq=3", "seq=3 chain=", "seq=3 chain=" + "a" * 63, "seq=3 chain=" + "a" * 65,
                                 "seq=-3 chain=" + "a" * 64, "seq=三 chain=" + "a" * 64, "chain=" + "a" * 64])  # fmt: skip
def test_half_an_anchor_is_none(cut: str) -> None:
    with pytest.raises(ValueError, match="锚点应为 sanqu audit anchor 打印的完整一行"):
        audit_chain.parse_anchor(cut)


def test_an_anchor_is_read_from_the_line_that_was_printed(clock: FixedClock) -> None:
    chain = "0123456789abcdef" * 4
    line = audit_chain.anchor_line(12, chain, clock.now())
    # As printed, and as the worker's log has it.
    for told in (line, f'{{"event": "audit anchor", "anchor": "{line}"}}', f"  {line}\n"):
        assert audit_chain.parse_anchor(told) == (12, chain)


@pytest.mark.postgresql_only
async def test_a_seal_waits_for_nobody_who_is_still_at_it(log: Log, clock: FixedClock) -> None:
    """What is done is sealed; an act under way is sealed once it is done, though it began earlier."""
    async with log.runtime.db.unit_of_work() as session:
        audit.record(session, "login", actor_id=None, subject_kind="session", subject_id="1", now=clock.now())
        await session.flush()
        await log.write(2)
        assert await log.seal() == 2
    assert await log.seal() == 1
    assert [(row.seq, row.subject_id == "1") for row in await log.rows()] == [(1, False), (2, False), (3, True)]
    found = await log.verify()
    assert (found.checked, found.fault) == (3, None)
