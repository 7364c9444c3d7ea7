"""The public list of vacancies against the bare ASGI floor, on both databases, as ratios measured in one run.

One API process on core 0 (`sanqu serve` with all its middleware and its log), load and database on the other core,
16 connections, floor and app in turn. Before a figure is printed both must give the same ids on several pages.
"""

import asyncio
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer
from rich.console import Console
from rich.table import Table

from app.core.db import Database
from app.core.security import TokenClaims, Tokens
from app.core.settings import Settings
from app.services.jobs.search import load_words
from benchmarks import load
from benchmarks.generate import fill
from benchmarks.town import Size
from demo.stack import BIN, free_port
from tests.support.postgresql import Cluster, find_binaries

LIST = "/api/v1/vacancies"
PAGES = 5
READY_SECONDS = 60
WARM_SECONDS = 0.7
CONNECTIONS = 16
GOAL = 0.40
# A measurement is quiet while strangers take less than this share of the server's core.
QUIET = 0.10
console = Console(width=160)


class Kind(StrEnum):
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Case:
    label: str
    floor: list[bytes]
    app: list[bytes]


@dataclass(frozen=True, slots=True)
class Servers:
    """Ports and processes."""

    floor: int
    app: int
    floor_pid: int
    app_pid: int
    token: str


Plan = Callable[[Servers], list[Case]]


@contextmanager
def server(words: Sequence[str], port: int, path: str, environment: dict[str, str], core: int) -> Iterator[int]:
    """The id of a process on its core that answers `path`; ended at the end."""
    process = subprocess.Popen(
        words,
        env=environment,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509  # no threads run here when it forks
    )
    try:
        _await(process, f"http://127.0.0.1:{port}{path}")
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=35)


def _await(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"进程启动失败（退出码 {process.returncode}）")
        try:
            if httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{url} 没有在 {READY_SECONDS} 秒内就绪")


@contextmanager
def serving(url: str, folder: Path, someone: tuple[Any, Any], core: int) -> Iterator[Servers]:
    """Floor and app side by side on the same core; the one that is not asked costs nothing."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SANQU_")}
    environment |= {"SANQU_DATABASE_URL": url, "SANQU_DATA_DIR": str(folder)}
    settings = Settings(database_url=url, data_dir=folder)
    asyncio.run(_learn_words(settings))
    floor, app = free_port(), free_port()
    with ExitStack() as stack:
        words = [sys.executable, "-m", "benchmarks.floor", url, str(floor)]
        floor_pid = stack.enter_context(server(words, floor, "/", environment, core))
        words = [str(BIN / "sanqu"), "serve", "--port", str(app)]
        app_pid = stack.enter_context(server(words, app, "/readyz", environment, core))
        yield Servers(floor, app, floor_pid, app_pid, _token(settings, *someone))


async def _learn_words(settings: Settings) -> None:
    """The floor is handed the tokens: they must be cut with the words that the application knows."""
    database = Database(settings)
    try:
        await load_words(database)
    finally:
        await database.close()


def _token(settings: Settings, person: Any, session: Any) -> str:
    tokens = Tokens(settings.token_ring, timedelta(minutes=settings.access_token_minutes))
    return tokens.issue(TokenClaims("zhipin", person, session), datetime.now(UTC))


def get_json(port: int, path: str, token: str | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=30, trust_env=False)
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(answer.text)
    found: dict[str, Any] = answer.json()
    return found


def items_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Ids are UUIDs on one side and may be bare hex on the other; everything else must be the same."""
    keys = ("id", "enterprise_id", "area_id")
    return [item | {key: str(item[key]).replace("-", "") for key in keys} for item in answer["items"]]


def check(servers: Servers) -> tuple[str, str]:
    """The same items in the same order on several pages, and the same total. Returns page 2 of both."""
    floor, app = "/", LIST
    second: list[tuple[str, str]] = []
    for number in range(PAGES):
        ours, bare = get_json(servers.app, app), get_json(servers.floor, floor)
        same(f"第 {number + 1} 页", items_of(bare), items_of(ours))
        floor = f"/?kind=after&after={quote(bare['next'])}"
        app = f"{LIST}?cursor={quote(ours['next_cursor'])}"
        second.append((floor, app))
    ours, bare = get_json(servers.app, f"{LIST}?with_total=true"), get_json(servers.floor, "/?kind=total")
    same("总数", bare["total"], ours["total"])
    same("带令牌", items_of(get_json(servers.app, LIST, servers.token)), items_of(ours))
    return second[0]


def same(what: str, floor: Any, ours: Any) -> None:
    if not floor or floor != ours:
        raise RuntimeError(f"{what}：应用和对照的结果不同\n对照 {floor}\n应用 {ours}")


def case(servers: Servers, label: str, floor: Sequence[str], app: Sequence[str], token: str | None = None) -> Case:
    bare = [load.request(servers.floor, path) for path in floor]
    return Case(label, bare, [load.request(servers.app, path, token) for path in app])


def plan(servers: Servers) -> list[Case]:
    """What is measured, once both sides are known to answer the same."""
    second = check(servers)
    console.print(f"{PAGES} 页和总数都与对照相同")
    return [
        case(servers, "第一页（公开）", ["/"], [LIST]),
        case(servers, "第一页（带令牌）", ["/"], [LIST], servers.token),
        case(servers, "第二页（翻页标记）", [second[0]], [second[1]]),
        case(servers, "第一页和总数", ["/?kind=total"], [f"{LIST}?with_total=true"]),
    ]


def measure(servers: Servers, case: Case, *, rounds: int, seconds: float) -> tuple[list[load.Run], list[load.Run]]:
    """Floor, app, floor, app …, after a warm-up of each that does not count."""
    pair = ((servers.floor, servers.floor_pid, case.floor), (servers.app, servers.app_pid, case.app))
    runs: tuple[list[load.Run], list[load.Run]] = ([], [])
    for port, pid, requests in pair:
        load.run(port, pid, requests, seconds=WARM_SECONDS, connections=CONNECTIONS)
    for _ in range(rounds):
        for (port, pid, requests), kept in zip(pair, runs, strict=True):
            kept.append(load.run(port, pid, requests, seconds=seconds, connections=CONNECTIONS))
    return runs


def _strangers(core: int, servers: Servers, before: tuple[float, float] | None = None) -> tuple[float, float]:
    """(seconds, busy seconds of the core that are not ours) so far, or since `before`."""
    line = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith(f"cpu{core} "))
    user, nice, system, _, _, *rest = (int(field) for field in line.split()[1:9])
    busy = (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")
    ours = sum(load.cpu_seconds(pid) for pid in (servers.floor_pid, servers.app_pid))
    first, last = before or (0.0, 0.0)
    return time.monotonic() - first, busy - ours - last


def _columns(runs: list[load.Run]) -> list[str]:
    rates = [run.per_second for run in runs]
    p50, p99 = (statistics.median(run.quantile(share) for run in runs) * 1000 for share in (0.5, 0.99))
    cpu = statistics.median(run.cpu for run in runs) * 1000
    return [
        f"{statistics.median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})",
        f"{p50:.1f} / {p99:.1f}",
        f"{cpu:.2f}",
    ]


def report(kind: str, results: list[tuple[str, list[load.Run], list[load.Run]]]) -> None:
    """Ratios are taken within a round. The one by processor time stands beside, as it does not feel a busy machine."""
    console.print(
        f"[bold]{kind}[/]：请求/秒为各轮中位数（最小–最大）；延迟为 p50 / p99；CPU 为服务进程每个请求的毫秒数"
    )
    table = Table()
    table.add_column("列表")
    for heading in ("对照 请求/秒", "毫秒", "CPU", "应用 请求/秒", "毫秒", "CPU", "应用/对照", "按CPU", "p50倍数"):
        table.add_column(heading, justify="right")
    for label, floor, app in results:
        ratios = [ours.per_second / bare.per_second for bare, ours in zip(floor, app, strict=True)]
        shown = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
        by_cpu = statistics.median(run.cpu for run in floor) / statistics.median(run.cpu for run in app)
        slower = statistics.median(o.quantile(0.5) / b.quantile(0.5) for b, o in zip(floor, app, strict=True))
        table.add_row(label, *_columns(floor), *_columns(app), shown, f"{by_cpu:.2f}", f"{slower:.1f}")
    console.print(table)


def _database(kind: Kind, folder: Path, stack: ExitStack) -> str:
    if kind is Kind.SQLITE:
        return f"sqlite+aiosqlite:///{folder / 'bench.sqlite3'}"
    binaries = find_binaries()
    if binaries is None:
        raise RuntimeError("没有找到 PostgreSQL 服务器程序。Debian/Ubuntu：apt install postgresql")
    cluster = Cluster(binaries)
    stack.callback(cluster.stop)
    cluster.start()
    cluster.sql("CREATE DATABASE bench")
    return cluster.url("bench")


def machine() -> str:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return f"{model}，{len(os.sched_getaffinity(0))} 核，{platform.system()} {platform.release()}，Python {platform.python_version()}"


def _bench(kind: Kind, size: Size, core: int, planned: Plan, *, rounds: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="sanqu-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        url = _database(kind, folder, stack)
        town = fill(url, folder, size)
        with serving(url, folder, town.someone, core) as servers:
            cases = planned(servers)
            since = _strangers(core, servers)
            results = [(case.label, *measure(servers, case, rounds=rounds, seconds=seconds)) for case in cases]
            passed, others = _strangers(core, servers, since)
        report(kind, results)
        if others > QUIET * passed:
            console.print(
                f"[bold]注意[/]：其他进程占用了服务所在核的 {others / passed:.0%}，数字不稳，请在空闲的机器上重测"
            )


def run(planned: Plan, goal: str, kind: Kind, vacancies: int, *, rounds: int, seconds: float) -> None:
    """The whole measurement on one or both databases, for `bench_list` and `bench_search`."""
    share = vacancies / Size.vacancies
    size = Size(vacancies, max(20, int(Size.enterprises * share)), max(20, int(Size.seekers * share)))
    # Asked to end, we still stop the servers and the cluster.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    cores = sorted(os.sched_getaffinity(0))
    console.print(machine())
    console.print(
        f"{vacancies:,} 个岗位；服务 1 个进程在核 {cores[0]}，数据库和压测在核 {cores[-1]}；{CONNECTIONS} 个连接"
    )
    # From here on: this process, and the database that it starts.
    os.sched_setaffinity(0, {cores[-1]})
    for one in [Kind.SQLITE, Kind.POSTGRESQL] if kind is Kind.BOTH else [kind]:
        _bench(one, size, cores[0], planned, rounds=rounds, seconds=seconds)
    console.print(goal)


Vacancies = Annotated[int, typer.Option(help="岗位数；企业和求职者按比例")]
Seconds = Annotated[float, typer.Option(help="每轮秒数")]
Rounds = Annotated[int, typer.Option(help="轮数")]
Which = Annotated[Kind, typer.Option(help="哪个数据库")]


def main(
    vacancies: Vacancies = Size.vacancies, seconds: Seconds = 2.0, rounds: Rounds = 3, database: Which = Kind.BOTH
) -> None:
    """岗位列表对照最简 ASGI 服务的速度比。"""
    run(plan, f"目标：应用/对照 ≥ {GOAL:.2f}", database, vacancies, rounds=rounds, seconds=seconds)


if __name__ == "__main__":
    typer.run(main)
