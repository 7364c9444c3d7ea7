"""A recommendation request beside a list request, for a small and a large town, on both databases, in one run.

The same process, middleware and load as in `bench_list`; fifty seekers with their own wishes ask in turn. Before a figure is
printed the index's list is compared with the exhaustive ranking of all open vacancies for some of them.
"""

import asyncio
import os
import signal
import statistics
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlmodel import col, select

from app.core.clock import china_date
from app.core.settings import Settings
from app.matching.recommendation import OccupationTree, VacancyColumns, rank_vacancies
from app.models.jobs import SeekerProfile, Vacancy
from app.rules.jobs.vacancies import VacancyState
from app.services.common.codes import OCCUPATION, list_codes
from app.services.jobs.cards import seeker_card
from app.services.jobs.vacancy_cards import vacancy_card
from app.services.runtime import open_runtime
from benchmarks import load
from benchmarks.bench_list import CONNECTIONS, LIST, Kind, _database, _token, console, get_json, machine, server
from benchmarks.generate import fill
from benchmarks.town import Size, Town
from demo.stack import BIN, free_port

PATH = "/api/v1/me/recommended-vacancies"
SEEKERS, CHECKED, PAGE = 50, 5, 20
WARM_SECONDS = 1.5
GOAL = 2.0


async def check(settings: Settings, town: Town) -> float:
    """The index against the exhaustive ranking with the same means; returns the share of vacancies that it scored."""
    now = datetime.now(UTC)
    people = town.tables["login_session"]["person_id"][:CHECKED]
    async with open_runtime(settings) as runtime, runtime.db.reading() as session:
        index = await runtime.openings.refresh(await session.connection())
        codes = await list_codes(session, OCCUPATION)
        tree = OccupationTree.from_rows((row.code, row.name, row.parent) for row in codes)
        rows = (await session.exec(select(Vacancy).where(Vacancy.state == VacancyState.PUBLISHED))).all()
        columns = VacancyColumns.from_cards([vacancy_card(row) for row in rows])
        scored = []
        for row in await session.exec(select(SeekerProfile).where(col(SeekerProfile.person_id).in_(people))):
            seeker = seeker_card(runtime.crypto, row)
            found = index.best(seeker, tree, now=now, today=china_date(now), limit=PAGE)
            if seeker.wanted:
                items = rank_vacancies(seeker, columns, tree, now=now, limit=PAGE, population=found.population)
                if [hit.id for hit in found.hits] != [item.id for item in items]:
                    raise RuntimeError("索引的结果和逐个计算的不同")
                scored.append(found.scored / len(index))
        return statistics.mean(scored) if scored else float("nan")


def requests(port: int, settings: Settings, town: Town, path: str) -> list[bytes]:
    sessions = town.tables["login_session"]
    pairs = zip(sessions["person_id"][:SEEKERS], sessions["id"][:SEEKERS], strict=True)
    return [load.request(port, path, _token(settings, person, session)) for person, session in pairs]


def measure(kind: Kind, vacancies: int, core: int, *, rounds: int, seconds: float) -> list[Any]:
    share = vacancies / Size.vacancies
    size = Size(vacancies, max(20, int(Size.enterprises * share)), max(100, int(Size.seekers * share)))
    with tempfile.TemporaryDirectory(prefix="sanqu-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        url = _database(kind, folder, stack)
        town = fill(url, folder, size)
        settings = Settings(database_url=url, data_dir=folder)
        # The exhaustive ranking reads all of them in one statement, which no request does.
        patient = Settings(database_url=url, data_dir=folder, database_timeout_seconds=300)
        scored = asyncio.run(check(patient, town))
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SANQU_")}
        environment |= {"SANQU_DATABASE_URL": url, "SANQU_DATA_DIR": str(folder)}
        port = free_port()
        words = [str(BIN / "python"), "-c", "from app.cli import main; main()", "serve", "--port", str(port)]
        pid = stack.enter_context(server(words, port, "/readyz", environment, core))
        considered = get_json(port, PATH, _token(settings, *town.someone))["considered"]
        cases = [requests(port, settings, town, path) for path in (LIST, PATH)]
        runs: list[list[load.Run]] = [[], []]
        for asked in cases:
            load.run(port, pid, asked, seconds=WARM_SECONDS, connections=CONNECTIONS)
        for _ in range(rounds):
            for asked, kept in zip(cases, runs, strict=True):
                kept.append(load.run(port, pid, asked, seconds=seconds, connections=CONNECTIONS))
    return [kind, vacancies, considered, scored, *(_median(kept) for kept in runs)]


def _median(runs: list[load.Run]) -> tuple[float, float, float]:
    """Processor milliseconds of a request, p50 and p99 in milliseconds."""
    p50, p99 = (statistics.median(run.quantile(share) for run in runs) * 1000 for share in (0.5, 0.99))
    return statistics.median(run.cpu for run in runs) * 1000, p50, p99


def report(results: list[list[Any]]) -> None:
    table = Table()
    for heading in (
        "数据库",
        "岗位",
        "比较了",
        "实际打分",
        "列表 CPU",
        "推荐 CPU",
        "推荐 p50 / p99",
        "推荐/列表（CPU）",
    ):
        table.add_column(heading, justify="right")
    for kind, vacancies, considered, scored, (plain, _, _), (cpu, p50, p99) in results:
        table.add_row(
            str(kind), f"{vacancies:,}", f"{considered:,}", f"{scored:.1%}", f"{plain:.2f}", f"{cpu:.2f}",
            f"{p50:.1f} / {p99:.1f}", f"{cpu / plain:.2f}",
        )  # fmt: skip
    console.print(table)


def main(
    sizes: Annotated[list[int] | None, typer.Option("--vacancies", help="岗位数，可多次")] = None,
    seconds: Annotated[float, typer.Option(help="每轮秒数")] = 2.0,
    rounds: Annotated[int, typer.Option(help="轮数")] = 3,
    database: Annotated[Kind, typer.Option(help="哪个数据库")] = Kind.BOTH,
) -> None:
    """推荐请求和列表请求的处理器时间之比，小镇和大镇各一次。"""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    cores = sorted(os.sched_getaffinity(0))
    console.print(machine())
    os.sched_setaffinity(0, {cores[-1]})
    kinds = [Kind.SQLITE, Kind.POSTGRESQL] if database is Kind.BOTH else [database]
    report([
        measure(kind, size, cores[0], rounds=rounds, seconds=seconds)
        for kind in kinds
        for size in sizes or [10_000, 100_000]
    ])  # fmt: skip
    console.print(f"目标：推荐/列表 ≤ {GOAL:.1f}，且随岗位数增长慢于岗位数")


if __name__ == "__main__":
    typer.run(main)
