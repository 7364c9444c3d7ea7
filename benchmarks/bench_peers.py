"""The public list beside django-ninja on the same table, in one run: how many of its requests one of ours is worth.

PostgreSQL alone, the peer's own home. Both on the same core, asked in turn, the same twenty ids; ours with all its middleware,
the peer with one. `./dev bench peers` makes the peer's environment from `benchmarks/peers.lock` first.
"""

import os
import signal
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.engine import make_url

from benchmarks import load
from benchmarks.bench_list import (
    CONNECTIONS,
    LIST,
    WARM_SECONDS,
    Kind,
    _columns,
    _database,
    console,
    get_json,
    items_of,
    machine,
    same,
    server,
)
from benchmarks.generate import fill
from benchmarks.town import Size
from demo.stack import BIN, free_port

GOAL = 3.0
PEER = "/vacancies"


def measure(python: Path, size: Size, core: int, *, rounds: int, seconds: float) -> list[list[load.Run]]:
    with tempfile.TemporaryDirectory(prefix="sanqu-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        url = _database(Kind.POSTGRESQL, folder, stack)
        fill(url, folder, size)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SANQU_")}
        environment |= {"SANQU_DATABASE_URL": url, "SANQU_DATA_DIR": str(folder)}
        home, ours, peer = make_url(url), free_port(), free_port()
        where = [home.host or "127.0.0.1", str(home.port), home.username or "", home.database or ""]
        script = str(Path(__file__).with_name("peer_ninja.py"))
        peer_pid = stack.enter_context(
            server(
                [str(python), script, *where, str(peer)],
                peer,
                PEER,
                environment | {"PGPASSWORD": home.password or ""},
                core,
            )
        )
        our_pid = stack.enter_context(
            server([str(BIN / "sanqu"), "serve", "--port", str(ours)], ours, "/readyz", environment, core)
        )
        same("第一页", *([item["id"] for item in items_of(get_json(*side))] for side in ((peer, PEER), (ours, LIST))))
        sides = [(peer, peer_pid, load.request(peer, PEER)), (ours, our_pid, load.request(ours, LIST))]
        runs: list[list[load.Run]] = [[], []]
        for port, pid, asked in sides:
            load.run(port, pid, [asked], seconds=WARM_SECONDS, connections=CONNECTIONS)
        for _ in range(rounds):
            for (port, pid, asked), kept in zip(sides, runs, strict=True):
                kept.append(load.run(port, pid, [asked], seconds=seconds, connections=CONNECTIONS))
    return runs


def main(
    vacancies: Annotated[int, typer.Option(help="岗位数；企业和求职者按比例")] = Size.vacancies,
    seconds: Annotated[float, typer.Option(help="每轮秒数")] = 2.0,
    rounds: Annotated[int, typer.Option(help="轮数")] = 3,
    python: Annotated[Path, typer.Option(help="装有对照框架的解释器")] = Path(".venv-peers/bin/python"),
) -> None:
    """岗位列表对照 django-ninja。"""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    share = vacancies / Size.vacancies
    size = Size(vacancies, max(20, int(Size.enterprises * share)), max(20, int(Size.seekers * share)))
    cores = sorted(os.sched_getaffinity(0))
    console.print(machine())
    os.sched_setaffinity(0, {cores[-1]})
    peer, ours = measure(python.absolute(), size, cores[0], rounds=rounds, seconds=seconds)
    table = Table()
    for heading in ("第一页 20 条", "请求/秒", "毫秒 p50 / p99", "CPU 毫秒"):
        table.add_column(heading, justify="right")
    table.add_row("django-ninja", *_columns(peer))
    table.add_row("本服务", *_columns(ours))
    console.print(table)
    ratios = [b.per_second / a.per_second for a, b in zip(peer, ours, strict=True)]
    console.print(
        f"本服务/django-ninja：{statistics.median(ratios):.2f} 倍（{min(ratios):.2f}–{max(ratios):.2f}）；目标 ≥ {GOAL:.1f}"
    )


if __name__ == "__main__":
    typer.run(main)
