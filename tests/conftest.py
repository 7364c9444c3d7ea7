"""Both databases for every test that touches one, a real sandbox over HTTP, an injected clock.

The schema is made by the migrations and the seeds by the loader, once per worker; each test gets a copy.
"""

import asyncio
import gc
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import hypothesis
import pytest
from alembic import command
from alembic.config import Config

from app.core.clock import CHINA, FixedClock
from app.core.settings import Settings
from app.services.organisation.seeding import load_seeds
from app.services.runtime import Runtime, open_runtime
from demo.client import Sandbox
from demo.stack import free_port
from tests.factories.world import World
from tests.support.apps import entered
from tests.support.console import Account, Browser, open_account
from tests.support.jobs import Hiring
from tests.support.postgresql import Cluster, find_binaries
from tests.support.stage import Opened, Stage

ROOT = Path(__file__).parents[1]
PG_ENV = "SANQU_TEST_PG_PORT"
MISSING = "没有找到 PostgreSQL 服务器程序：PostgreSQL 这一半测试没有运行。Debian/Ubuntu：apt install postgresql"
_clusters: list[Cluster] = []

# The same cases on every run and every machine; a longer search is `./dev test --hypothesis-profile=search`.
# Gates close many random pairs, and a busy machine draws slowly: neither says anything about the code.
QUIET = [hypothesis.HealthCheck.filter_too_much, hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=QUIET)
hypothesis.settings.register_profile("search", max_examples=1000, deadline=None, suppress_health_check=QUIET)
hypothesis.settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    binaries = find_binaries()
    if binaries is None:
        if os.environ.get("CI"):
            pytest.exit(MISSING, returncode=1)
        return
    cluster = Cluster(binaries, in_memory=True)
    cluster.start()
    _clusters.append(cluster)
    os.environ[PG_ENV] = f"{cluster.port}:{cluster.folder}:{binaries}"


def pytest_collection_finish() -> None:
    """What the imports and the collection made stays to the end: walking it again and again took a quarter of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_unconfigure(config: pytest.Config) -> None:
    del config
    while _clusters:
        _clusters.pop().stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if PG_ENV not in os.environ:
        terminalreporter.section("PostgreSQL", sep="!", red=True, bold=True)
        terminalreporter.write_line(MISSING, red=True, bold=True)
    # Not at the top: the workers have no use for it.
    from tests.support.chromium import MISSING_BROWSER, find_browser

    if find_browser() is None:
        terminalreporter.section("Chromium", sep="!", red=True, bold=True)
        terminalreporter.write_line(MISSING_BROWSER, red=True, bold=True)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


class Databases:
    """Makes databases: empty ones by migration, seeded ones by copying a template."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._templates: dict[tuple[str, bool], str] = {}
        self._cluster: Cluster | None = None
        if PG_ENV in os.environ:
            port, place, binaries = os.environ[PG_ENV].split(":")
            self._cluster = Cluster.__new__(Cluster)
            self._cluster.port, self._cluster.folder = int(port), Path(place)
            self._cluster.attach(Path(binaries))

    def make(self, kind: str, *, seeded: bool) -> str:
        return self.copy(kind, self._templates.get((kind, seeded)) or self._template(kind, seeded=seeded))

    def copy(self, kind: str, template: str) -> str:
        name = f"t{uuid4().hex[:16]}"
        if kind == "sqlite":
            target = self.folder / f"{name}.sqlite3"
            shutil.copyfile(template, target)
            return f"sqlite+aiosqlite:///{target}"
        assert self._cluster is not None
        self._cluster.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._cluster.url(name)

    def drop(self, url: str) -> None:
        if url.startswith("sqlite"):
            for leftover in self.folder.glob(Path(url.split("///", 1)[1]).name + "*"):
                leftover.unlink()
        elif self._cluster is not None:
            self._cluster.sql(f"DROP DATABASE IF EXISTS {url.rsplit('/', 1)[1]} WITH (FORCE)")

    def close(self) -> None:
        if self._cluster is not None:
            self._cluster.hang_up()

    def bare(self, kind: str) -> str:
        """A database without any table."""
        name = f"b{uuid4().hex[:16]}"
        if kind == "sqlite":
            return f"sqlite+aiosqlite:///{self.folder / name}.sqlite3"
        assert self._cluster is not None
        self._cluster.sql(f"CREATE DATABASE {name}")
        return self._cluster.url(name)

    def _template(self, kind: str, *, seeded: bool) -> str:
        url = self.bare(kind)
        migrate(url)
        if seeded:
            in_thread(lambda: asyncio.run(_seed(url, self.folder)))
        self._templates[(kind, seeded)] = name_of(url)
        return name_of(url)


def name_of(url: str) -> str:
    """The file of a SQLite database, the name of a PostgreSQL one."""
    return url.split("///", 1)[1] if url.startswith("sqlite") else url.rsplit("/", 1)[1]


async def _seed(url: str, folder: Path) -> None:
    settings = Settings(database_url=url, data_dir=folder)
    async with open_runtime(settings) as runtime, runtime.db.unit_of_work() as session:
        await load_seeds(session, directory=ROOT / "seeds", now=runtime.clock.now())


def in_thread(work) -> None:
    """Alembic's environment runs its own event loop, which a test's loop does not allow in its thread."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as exc:
            failures.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def alembic_config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = url
    return config


def migrate(url: str, revision: str = "head") -> None:
    in_thread(lambda: command.upgrade(alembic_config(url), revision))


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that touches a database runs on both, but for the few whose subject exists on one alone."""
    own = any("kind" in marker.args[0] for marker in metafunc.definition.iter_markers("parametrize"))
    if "kind" not in metafunc.fixturenames or own:
        return
    kinds = ["sqlite", "postgresql"]
    for only in kinds:
        if metafunc.definition.get_closest_marker(f"{only}_only"):
            kinds = [only]
    metafunc.parametrize("kind", kinds, indirect=True)


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    if kind == "postgresql" and PG_ENV not in os.environ:
        pytest.skip(MISSING)
    return kind


_stages: dict[str, Stage] = {}


@pytest.fixture
def stage(
    request: pytest.FixtureRequest,
    databases: Databases,
    kind: str,
    sandbox_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Stage | None:
    """For tests that begin with a firm that hires."""
    if "hiring" not in request.fixturenames:
        return None
    if kind not in _stages:
        settings = settings_for(databases.make(kind, seeded=True), sandbox_url, tmp_path_factory.mktemp("stage"))
        in_thread(lambda: _stages.update({kind: Stage.build(settings, town_for(sandbox_url))}))
    return _stages[kind]


def town_for(sandbox_url: str) -> Opened:
    @asynccontextmanager
    async def opened(settings: Settings) -> AsyncIterator[World]:
        control, clock = Sandbox(sandbox_url), next_morning()
        async with entered(settings, clock, checked=False) as client:
            yield World(client, control, clock)
        control.close()

    return opened


@pytest.fixture
def database_url(databases: Databases, kind: str, stage: Stage | None) -> Iterator[str]:
    """Migrated and seeded, a copy for this test."""
    url = databases.make(kind, seeded=True) if stage is None else databases.copy(kind, name_of(stage.url))
    yield url
    databases.drop(url)


@pytest.fixture
def empty_database_url(databases: Databases, kind: str) -> Iterator[str]:
    """Migrated, without rows."""
    url = databases.make(kind, seeded=False)
    yield url
    databases.drop(url)


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "wechat_sandbox", "--port", str(port)], stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while True:
        try:
            if httpx.get(url + "/_sbx/health", trust_env=False).status_code == 200:
                break
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    yield url
    process.terminate()
    process.wait()


@pytest.fixture
def sandbox(sandbox_url: str, clock: FixedClock) -> Iterator[Sandbox]:
    """WeChat at the same time of day as the service: it signs its pushes with it."""
    control = Sandbox(sandbox_url)
    control.reset()
    ahead = max(0, (clock.now() - datetime.now(UTC)).total_seconds())
    control.post("/_sbx/clock", advance_seconds=ahead)
    yield control
    control.reset()
    control.close()


@pytest.fixture
def settings(database_url: str, sandbox_url: str, tmp_path: Path, stage: Stage | None) -> Settings:
    if stage is not None:
        stage.lend_keys(tmp_path)
    return settings_for(database_url, sandbox_url, tmp_path)


def settings_for(database_url: str, sandbox_url: str, data_dir: Path) -> Settings:
    return Settings(
        database_url=database_url,
        data_dir=data_dir,
        wechat_api_base=sandbox_url,
        # Long enough for a busy machine: a verdict that comes late would hold a posting for review.
        wechat_timeout_seconds=10.0,
        # Likewise: what waits for a lock of its neighbour shall get it, and not be told to come again.
        lock_wait_seconds=10.0,
        database_timeout_seconds=10.3,
        log_level="CRITICAL",
        reader_pool=8,
        writer_pool=8,
        wechat_templates={"zhipin": {"application_moved": "TPL_MOVED"}},
    )


@pytest.fixture
def clock() -> FixedClock:
    """Moves only when told."""
    return next_morning()


def next_morning() -> FixedClock:
    """The next ten o'clock in the morning, whatever the hour of the run: at night no messages go out."""
    today = datetime.now(CHINA).replace(hour=10, minute=0, second=0, microsecond=0)
    return FixedClock(today if today > datetime.now(CHINA) else today + timedelta(days=1))


@pytest.fixture
async def runtime(settings: Settings, clock: FixedClock) -> AsyncIterator[Runtime]:
    async with open_runtime(settings, clock) as opened:
        yield opened


@pytest.fixture
async def api(settings: Settings, clock: FixedClock) -> AsyncIterator[httpx.AsyncClient]:
    """The whole application in this process, commits for real; every answer must agree with the OpenAPI document."""
    async with entered(settings, clock) as client:
        yield client


@pytest.fixture
def world(api: httpx.AsyncClient, sandbox: Sandbox, clock: FixedClock) -> World:
    return World(api, sandbox, clock)


@pytest.fixture
async def hiring(world: World, stage: Stage) -> Hiring:
    """An approved firm with its recruiter."""
    return stage.enter(world)


@pytest.fixture
async def browser(world: World) -> AsyncIterator[Browser]:
    """For the console's pages, at nobody's desk yet."""
    async with Browser(world) as opened:
        yield opened


@pytest.fixture
async def account(world: World) -> Account:
    """The administrator's console account."""
    return await open_account(world, await world.admin())
