"""One access token for all processes: single flight, shared failure, leases, on both databases, WeChat's sandbox behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.core.clock import FixedClock
from app.core.settings import Settings
from app.core.tables import AppToken
from app.services.identity.app_tokens import DatabaseTokenStore
from app.services.runtime import Runtime, open_runtime
from app.wechat.client import WechatClient
from app.wechat.errors import WechatRejected, WechatUnavailable
from app.wechat.tokens import TokenProvider
from demo.client import Sandbox

TOKEN = "/cgi-bin/stable_token"
ZHIPIN, LINGGONG = "wxbaogai0000zhipin", "wxbaogai000linggong"
LIFETIME, EARLY, LEASE = timedelta(seconds=7200), timedelta(minutes=5), timedelta(seconds=6)


@dataclass(frozen=True)
class Process:
    """What a process of ours has: its own engines, its own store, its own provider."""

    runtime: Runtime
    clock: FixedClock
    store: DatabaseTokenStore
    tokens: TokenProvider

    @property
    def wechat(self) -> WechatClient:
        return self.runtime.wechat

    async def get(self, appid: str = ZHIPIN) -> str:
        return await self.tokens.get(appid, self.wechat._fetch_token)

    def impatient(self, seconds: float = 0.1) -> "Process":
        """Another process in the same test, which does not wait long for a colleague."""
        return replace(self, tokens=TokenProvider(self.store, self.clock, wait_seconds=seconds))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime.now(UTC))


@pytest.fixture
def settings(empty_database_url: str, sandbox_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=empty_database_url, data_dir=tmp_path, wechat_api_base=sandbox_url, wechat_timeout_seconds=3.0,
        log_level="CRITICAL",
    )  # fmt: skip


@asynccontextmanager
async def start(settings: Settings, clock: FixedClock) -> AsyncIterator[Process]:
    async with open_runtime(settings, clock) as runtime:
        store = DatabaseTokenStore(runtime.db, runtime.crypto)
        yield Process(runtime, clock, store, TokenProvider(store, clock))


@pytest.fixture
async def one(settings: Settings, clock: FixedClock, sandbox: Sandbox) -> AsyncIterator[Process]:
    async with start(settings, clock) as process:
        yield process


@pytest.fixture
async def two(settings: Settings, clock: FixedClock, one: Process) -> AsyncIterator[Process]:
    async with start(settings, clock) as process:
        yield process


def fault(sandbox: Sandbox, kind: str, **options: Any) -> None:
    sandbox._http.post("/_sbx/faults", json={"path": TOKEN, "kind": kind, **options}).raise_for_status()


def calls(sandbox: Sandbox) -> int:
    return len(sandbox.calls(TOKEN))


async def test_64_callers_at_once_ask_wechat_once(one: Process, sandbox: Sandbox):
    tokens = await asyncio.gather(*(one.get() for _ in range(64)))
    assert len(set(tokens)) == 1
    assert tokens[0].startswith("68_SANDBOX_")
    assert calls(sandbox) == 1
    assert await one.get() == tokens[0]
    assert calls(sandbox) == 1


async def test_64_callers_in_two_processes_ask_wechat_once(one: Process, two: Process, sandbox: Sandbox):
    tokens = await asyncio.gather(*(process.get() for process in [one, two] * 32))
    assert len(set(tokens)) == 1
    assert calls(sandbox) == 1


async def test_a_slow_answer_is_waited_for_by_the_other_process(one: Process, two: Process, sandbox: Sandbox):
    fault(sandbox, "slow", seconds=0.5)
    tokens = await asyncio.gather(*(process.get() for process in [one, two] * 8))
    assert len(set(tokens)) == 1
    assert calls(sandbox) == 1


async def test_a_process_that_starts_later_finds_the_token(one: Process, two: Process, sandbox: Sandbox):
    token = await one.get()
    assert await two.get() == token
    assert calls(sandbox) == 1


async def test_each_mini_program_has_its_own(one: Process, sandbox: Sandbox):
    tokens = await asyncio.gather(*(one.get(appid) for appid in [ZHIPIN, LINGGONG] * 8))
    assert tokens[0] != tokens[1]
    assert set(tokens[::2]) == {tokens[0]}
    assert sorted(call["appid"] for call in sandbox.calls(TOKEN)) == sorted([ZHIPIN, LINGGONG])


async def test_the_token_is_sealed_at_rest(one: Process):
    token = await one.get()
    async with one.runtime.db.connection() as connection:
        row = (await connection.execute(AppToken.__table__.select())).one()
    assert token.encode() not in row.token
    assert (row.lease_holder, row.lease_until) == (None, None)
    assert row.expires_at == one.clock.now() + LIFETIME
    stored = await one.store.read(ZHIPIN)
    assert stored is not None
    assert stored.token == token
    assert token not in repr(stored)


async def test_it_is_fetched_again_five_minutes_early_and_not_before(
    one: Process, two: Process, clock: FixedClock, sandbox: Sandbox
):
    token = await one.get()
    clock.advance(LIFETIME - EARLY - timedelta(seconds=1))
    sandbox.post("/_sbx/clock", advance_seconds=(LIFETIME - EARLY).total_seconds() - 1)
    assert await one.get() == await two.get() == token
    assert calls(sandbox) == 1
    clock.advance(timedelta(seconds=2))
    sandbox.post("/_sbx/clock", advance_seconds=2)
    renewed = await asyncio.gather(*(process.get() for process in [one, two] * 16))
    assert len(set(renewed)) == 1
    assert renewed[0] != token
    assert calls(sandbox) == 2
    assert {call["body"]["force_refresh"] for call in sandbox.calls(TOKEN)} == {False}


@pytest.mark.parametrize(
    "outage",
    [{"kind": "html"}, {"kind": "empty"}, {"kind": "reset"}, {"kind": "errcode", "errcode": 45009}],
    ids=["html", "empty", "reset", "quota"],
)
async def test_a_failure_is_shared_by_all_who_waited_for_it(one: Process, sandbox: Sandbox, outage: dict[str, Any]):
    fault(sandbox, **outage)
    results = await asyncio.gather(*(one.get() for _ in range(64)), return_exceptions=True)
    assert {type(result) for result in results} == {WechatUnavailable}
    assert calls(sandbox) == 1
    # Whoever comes afterwards asks anew, under the lease that the same process still holds.
    assert (await one.get()).startswith("68_SANDBOX_")
    assert calls(sandbox) == 2


async def test_a_refusal_is_told_to_the_caller_and_leaves_nothing(one: Process, sandbox: Sandbox):
    fault(sandbox, "errcode", errcode=40164)
    with pytest.raises(WechatRejected) as raised:
        await one.get()
    assert raised.value.errcode == 40164
    assert await one.store.read(ZHIPIN) is None
    assert await one.get()


async def test_a_caller_that_gives_up_does_not_lock_the_others_out(one: Process, sandbox: Sandbox):
    fault(sandbox, "slow", seconds=30)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await one.get()
    assert await one.get()


async def test_the_lease_keeps_other_processes_from_asking(
    one: Process, two: Process, clock: FixedClock, sandbox: Sandbox
):
    fault(sandbox, "html")
    with pytest.raises(WechatUnavailable):
        await one.get()
    with pytest.raises(WechatUnavailable):
        await two.impatient().get()
    assert calls(sandbox) == 1, "the second process waited for the first"
    # The first one died: after the lease anybody may ask.
    clock.advance(LEASE)
    token = await two.impatient().get()
    assert calls(sandbox) == 2
    assert await one.get() == token


async def test_a_lease_is_one_holders_and_is_renewed_by_it(one: Process, two: Process, clock: FixedClock):
    now = clock.now()
    assert await one.store.acquire_refresh(ZHIPIN, "one", now + LEASE, now)
    assert not await two.store.acquire_refresh(ZHIPIN, "two", now + LEASE, now)
    assert await two.store.acquire_refresh(LINGGONG, "two", now + LEASE, now), "another app is another lease"
    later = now + LEASE - timedelta(seconds=1)
    assert await one.store.acquire_refresh(ZHIPIN, "one", later + LEASE, later)
    assert not await two.store.acquire_refresh(ZHIPIN, "two", now + 2 * LEASE, now + LEASE), "it was renewed"
    end = later + LEASE
    assert await two.store.acquire_refresh(ZHIPIN, "two", end + LEASE, end)
    assert not await one.store.acquire_refresh(ZHIPIN, "one", end + LEASE, end)


async def test_of_many_at_once_one_gets_the_lease(one: Process, two: Process, clock: FixedClock):
    now = clock.now()
    won = await asyncio.gather(
        *(
            process.store.acquire_refresh(ZHIPIN, f"holder {index}", now + LEASE, now)
            for index, process in enumerate([one, two] * 4)
        )
    )
    assert won.count(True) == 1


async def test_a_dropped_token_is_fetched_anew_by_every_process(
    one: Process, two: Process, clock: FixedClock, sandbox: Sandbox
):
    token = await one.get()
    assert await two.get() == token
    await one.tokens.drop(ZHIPIN, token)
    assert await one.store.read(ZHIPIN) is None
    await one.get()
    assert calls(sandbox) == 2
    # The other process still holds the old one until WeChat refuses it; then it finds the new one, and asks nobody.
    await one.store.store(ZHIPIN, "68_NEWER", clock.now() + LIFETIME + timedelta(seconds=1), "one")
    await two.tokens.drop(ZHIPIN, token)
    assert await two.get() == "68_NEWER"
    assert calls(sandbox) == 2


async def test_nobody_finds_a_refused_token_while_it_is_dropped(one: Process, clock: FixedClock):
    """Forgotten in memory and not yet in the store: whoever asked between the two got the refused token a second time."""
    refused, going = await one.get(), asyncio.Event()

    class Slow(DatabaseTokenStore):
        async def drop(self, appid: str, token: str) -> None:
            await going.wait()
            await super().drop(appid, token)

    async def fetch(appid: str) -> tuple[str, int]:
        return "68_NEW", 7200

    tokens = TokenProvider(Slow(one.runtime.db, one.runtime.crypto), clock)
    assert await tokens.get(ZHIPIN, fetch) == refused
    dropping = asyncio.create_task(tokens.drop(ZHIPIN, refused))
    await asyncio.sleep(0)
    asking = asyncio.create_task(tokens.get(ZHIPIN, fetch))
    await asyncio.sleep(0.05)
    going.set()
    await dropping
    assert (await asking, await tokens.get(ZHIPIN, fetch)) == ("68_NEW", "68_NEW")


async def test_dropping_an_old_token_spares_a_newer_one(one: Process, clock: FixedClock):
    await one.store.store(ZHIPIN, "68_NEW", clock.now() + LIFETIME, "one")
    await one.store.drop(ZHIPIN, "68_OLD")
    await one.store.drop(LINGGONG, "68_NEW")
    stored = await one.store.read(ZHIPIN)
    assert stored is not None
    assert stored.token == "68_NEW"
    await one.store.drop(ZHIPIN, "68_NEW")
    assert await one.store.read(ZHIPIN) is None


@pytest.mark.parametrize("seconds", [0, 1, 299, 300])
async def test_a_life_too_short_is_still_used(one: Process, seconds: int):
    asked = []

    async def fetch(appid: str) -> tuple[str, int]:
        asked.append(appid)
        return f"68_SHORT_{len(asked)}", seconds

    assert [await one.tokens.get(ZHIPIN, fetch) for _ in range(3)] == ["68_SHORT_1"] * 3
    one.clock.advance(timedelta(seconds=31))
    assert await one.tokens.get(ZHIPIN, fetch) == "68_SHORT_2"


async def test_two_clients_whose_token_wechat_killed_recover_together(one: Process, two: Process, sandbox: Sandbox):
    for process in (one, two):
        await process.wechat.phone_number("zhipin", sandbox.phone_code("zhipin", "甲", "13850000009"))
    assert calls(sandbox) == 1
    sandbox.reset()  # WeChat has forgotten every token: as after a reset of the secret
    codes = [sandbox.phone_code("zhipin", "林小梅", f"1385000000{index}") for index in range(8)]
    processes = [one, two] * 4
    found = await asyncio.gather(
        *(process.wechat.phone_number("zhipin", code) for process, code in zip(processes, codes, strict=True))
    )
    assert [phone.number for phone in found] == [f"1385000000{index}" for index in range(8)]
    assert calls(sandbox) <= 2, "at most one call per process that noticed"
    assert {call["body"]["force_refresh"] for call in sandbox.calls(TOKEN)} == {False}
