"""Real processes: health, the API page, a graceful end, a database that goes away and comes back, a missing migration."""

import asyncio
import os
import re
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.core.errors import DatabaseAwayError
from app.core.settings import Settings
from demo import steps
from demo.client import Caller, Refused, Sandbox
from demo.stack import BIN, Stack
from tests.conftest import MISSING, PG_ENV, Databases, migrate
from tests.support.proxy import Proxy

ON_SQLITE = pytest.mark.parametrize("town", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("town", ["postgresql"], indirect=True)
LOGIN = "/sns/jscode2session"
# operations.md: a database that is away has been answered with 503 by then.
AWAY_SECONDS = 3.0


@dataclass
class Town:
    stack: Stack
    sandbox: Sandbox
    proxy: Proxy | None
    opened: ExitStack

    def sign_in(self, person: str) -> Caller:
        caller = steps.login(self.stack, self.sandbox, "zhipin", person)
        self.opened.callback(caller.close)
        return caller

    def get(self, path: str, **more: Any) -> httpx.Response:
        return httpx.get(self.stack.api_url + path, trust_env=False, timeout=30, **more)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def town(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    environment = {"SANQU_WORKER_POLL_SECONDS": "0.2"}
    with ExitStack() as opened:
        proxy = None
        if request.param == "postgresql":
            if PG_ENV not in os.environ:
                pytest.skip(MISSING)
            url = databases.make("postgresql", seeded=True)
            opened.callback(databases.drop, url)
            before, port, after = split(url)
            proxy = opened.enter_context(Proxy(port))
            environment["SANQU_DATABASE_URL"] = f"{before}{proxy.port}{after}"
        stack = opened.enter_context(
            Stack(
                tmp_path_factory.mktemp("town"),
                environment=environment,
            )
        )
        sandbox = Sandbox(stack.sandbox_url)
        opened.callback(sandbox.close)
        yield Town(stack, sandbox, proxy, opened)


def split(url: str) -> tuple[str, int, str]:
    """Around the port."""
    before, port, after = re.fullmatch(r"(.*:)(\d+)(/.*)", url).groups()
    return before, int(port), after


def eventually(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """Polls until it holds; a refused connection counts as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = condition()
        except httpx.HTTPError:
            found = None
        except Refused as exc:
            if not exc.body["retryable"]:
                raise
            found = None
        if found:
            return found
        assert time.monotonic() < deadline, "等了太久"
        time.sleep(0.05)


def assert_unavailable(answer: httpx.Response, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (503, code), answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["retryable"] is True


def test_health_and_the_api_page_without_any_outside_host(town: Town) -> None:
    assert town.get("/livez").json() == {"status": "ok", "migration": None}
    assert town.get("/readyz").json()["migration"]
    page = town.get("/docs")
    assert page.status_code == 200
    assert re.findall(r"https?://[^\s\"'<>]+", page.text) == []
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len([file for file in files if file.startswith("/static/")]) >= 2
    for file in files:
        if file.startswith("data:"):
            continue
        answer = town.get(file)
        assert answer.status_code == 200, file
        assert not re.search(r"(?:@import|url\()\s*[\"']?https?:", answer.text), file
        assert not re.search(r"https?://[\w.-]*(?:cdn|unpkg|jsdelivr|googleapis|cloudflare)[\w.-]*", answer.text), file
    document = town.get("/openapi.json").json()
    assert "/openapi.json" in page.text
    assert "/api/v1/vacancies" in document["paths"]


def test_sigterm_lets_the_request_finish_and_ends_with_zero(town: Town) -> None:
    town.sandbox.post("/_sbx/faults", path=LOGIN, kind="slow", seconds=2.5, applied=True)
    before = len(town.sandbox.calls(LOGIN))
    code = town.sandbox.login_code("zhipin", "收尾的人")
    answers: list[httpx.Response] = []
    body = {"app": "zhipin", "code": code}
    request = threading.Thread(
        target=lambda: answers.append(
            httpx.post(town.stack.api_url + "/api/v1/auth/wechat/login", json=body, trust_env=False, timeout=30)
        )
    )
    request.start()
    eventually(lambda: len(town.sandbox.calls(LOGIN)) > before)
    assert answers == []
    ended: list[int] = []
    ending = threading.Thread(target=lambda: ended.append(town.stack.kill("api0", signal.SIGTERM)))
    ending.start()

    def turned_away() -> bool:
        try:
            return town.get("/readyz").status_code == 503
        except httpx.HTTPError:
            return True

    eventually(turned_away)
    request.join(30)
    assert [answer.status_code for answer in answers] == [200]
    ending.join(30)
    town.stack.start_api()
    town.stack.await_api()
    assert ended == [0]
    # The answer that was given is true: the session it opened is there.
    headers = {"Authorization": f"Bearer {answers[0].json()['access_token']}"}
    assert town.get("/api/v1/me", headers=headers).status_code == 200


def test_the_worker_ends_with_zero_too(town: Town) -> None:
    try:
        assert town.stack.kill("worker", signal.SIGTERM) == 0
    finally:
        town.stack.start("worker", [str(BIN / "sanqu"), "worker"])


@ON_POSTGRESQL
@pytest.mark.parametrize("fault", ["cut", "freeze"])
def test_a_database_that_is_away_is_answered_in_time_and_comes_back(town: Town, fault: str) -> None:
    assert town.proxy is not None
    caller = town.sign_in(f"断网时的人{fault}")
    headers = dict(caller._http.headers)
    process = town.stack._processes["api0"]
    profile = {"name": "王大海", "birth_date": "1990-01-01", "expected_version": 1}
    assert town.get("/api/v1/vacancies").status_code == 200
    getattr(town.proxy, fault)()
    try:
        # More than the pool holds, one after another: each is answered, none waits for the one before.
        for _ in range(3):
            for path in ("/api/v1/vacancies", "/api/v1/me", "/api/v1/areas"):
                with httpx.Client(base_url=town.stack.api_url, timeout=AWAY_SECONDS, trust_env=False) as client:
                    assert_unavailable(client.get(path, headers=headers), "database_unavailable")
        with httpx.Client(base_url=town.stack.api_url, timeout=AWAY_SECONDS, trust_env=False) as client:
            answer = client.put("/api/v1/me/profile", json=profile, headers=headers)
            assert_unavailable(answer, "database_unavailable")
            assert_unavailable(client.get("/readyz"), "database_unavailable")
            assert client.get("/livez").status_code == 200
    finally:
        town.proxy.mend()
    eventually(lambda: town.get("/readyz").status_code == 200)
    me = eventually(lambda: caller.get("/me"))
    assert me["person"]["version"] == 1
    # A pool may still hold dead connections: the client is told to try again, and does.
    saved = eventually(lambda: caller.put("/me/profile", **profile))
    assert saved["version"] == 2
    assert process.poll() is None
    assert town.stack.died() is None


@ON_POSTGRESQL
def test_a_frozen_database_keeps_nobody_of_a_crowd_waiting(town: Town) -> None:
    """Twice as many as the pool holds, at once: each has its answer in time."""
    assert town.proxy is not None
    answers: list[int | str] = []

    def ask() -> None:
        try:
            with httpx.Client(base_url=town.stack.api_url, timeout=AWAY_SECONDS, trust_env=False) as client:
                answers.append(client.get("/api/v1/vacancies").status_code)
        except httpx.HTTPError as exc:
            answers.append(type(exc).__name__)

    town.proxy.freeze()
    try:
        crowd = [threading.Thread(target=ask) for _ in range(40)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join()
    finally:
        town.proxy.mend()
    assert answers == [503] * 40
    eventually(lambda: town.get("/api/v1/vacancies").status_code == 200)


async def first_value(held: Any, value: int) -> int:
    connection = await held.connection() if isinstance(held, AsyncSession) else held
    return (await connection.execute(text(f"SELECT {value}"))).scalar_one()


async def caught(scope: Any, proxy: Proxy) -> None:
    async with asyncio.timeout(AWAY_SECONDS), scope() as held:
        await first_value(held, 1)
        proxy.freeze()
        await first_value(held, 2)


async def test_a_transaction_caught_by_the_freeze_ends_in_time(databases: Databases, tmp_path: Path) -> None:
    if PG_ENV not in os.environ:
        pytest.skip(MISSING)
    url = databases.make("postgresql", seeded=False)
    before, port, after = split(url)
    with Proxy(port) as proxy:
        db = Database(Settings(database_url=f"{before}{proxy.port}{after}", data_dir=tmp_path))
        try:
            for scope in (db.unit_of_work, db.reading, db.connection):
                with pytest.raises(DatabaseAwayError):
                    await caught(scope, proxy)
                proxy.mend()
                async with scope() as held:
                    assert await first_value(held, 3) == 3
        finally:
            await db.close()
    databases.drop(url)


@ON_SQLITE
def test_a_locked_file_is_answered_in_time_and_readers_go_on(town: Town) -> None:
    """SQLite: another process holds the write lock; readers go on, writers hear 503, then all is well again."""
    caller = town.sign_in("锁住时的人")
    version = caller.get("/me")["person"]["version"]
    headers = dict(caller._http.headers)
    holder = sqlite3.connect(town.stack.data_dir / "sanqu.sqlite3", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    profile = {"name": "王大海", "birth_date": "1990-01-01", "expected_version": version}
    with httpx.Client(base_url=town.stack.api_url + "/api/v1", timeout=AWAY_SECONDS, trust_env=False) as client:
        try:
            assert_unavailable(client.put("/me/profile", json=profile, headers=headers), "unavailable")
            assert client.get("/vacancies").status_code == 200
            assert client.get("/me", headers=headers).json()["person"]["version"] == version
        finally:
            holder.execute("ROLLBACK")
            holder.close()
        assert client.put("/me/profile", json=profile, headers=headers).json()["version"] == version + 1


@pytest.mark.parametrize("found", [None, "0001"])
def test_a_missing_migration_is_not_ready_and_says_what_to_do(
    databases: Databases, tmp_path: Path, kind: str, found: str | None
) -> None:
    url = databases.bare(kind)
    if found:
        migrate(url, found)
    stack = Stack(tmp_path, environment={"SANQU_DATABASE_URL": url})
    try:
        stack.start_api()
        eventually(lambda: httpx.get(stack.api_url + "/livez", trust_env=False).status_code == 200)
        answer = httpx.get(stack.api_url + "/readyz", trust_env=False)
        assert_unavailable(answer, "migration_missing")
        assert "sanqu migrate" in answer.json()["message"]
        stack.command("migrate")
        # Ready without a restart.
        assert httpx.get(stack.api_url + "/readyz", trust_env=False).status_code == 200
    finally:
        stack.stop()
        databases.drop(url)
