"""What the public list still gives while a worker imports postings from a sheet: its rate during, over its rate before.

The API has a core of its own; worker, sandbox, database and load share the other one. Published rows go through rules,
content check, versions and the search index like any posting.
"""

import asyncio
import io
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
import xlsxwriter
from rich.console import Console
from sqlmodel import select

from app.core.settings import SANDBOX_BASE, Settings
from app.models.identity import Appointment
from app.models.organisation import Enterprise
from app.rules.identity.roles import Role, ScopeKind
from app.rules.organisation import EnterpriseState
from app.services.runtime import open_runtime
from benchmarks import load
from benchmarks.bench_list import CONNECTIONS, LIST, Kind, _database, machine, server, serving
from benchmarks.generate import fill
from benchmarks.town import Size
from demo.client import Caller, Sandbox
from demo.stack import BIN

GOAL = 0.67
# The import of a large sheet takes longer than anybody wants to measure: so many looks at it are enough.
MEASURES = 12
SANDBOX_PORT = int(SANDBOX_BASE.rsplit(":", 1)[1])
console = Console(width=140)


def workbook(rows: int, code: str) -> bytes:
    row: dict[str, Any] = {
        "岗位名称": "", "职业": code, "用工类型": "直接招用", "招聘人数": 2, "计薪方式": "月薪", "工资下限（元）": 5500,
        "工资上限（元）": 8000, "发薪周期": "月结", "每天工作小时": 8, "每月工作天数": 26, "班次": "白班",
        "工作地址": "宝盖镇科技园回兴路188号", "福利": "包吃、社会保险", "工作内容": "平车缝制服装配件，按样衣和工艺单操作。",
        "有效期至": str((datetime.now(UTC) + timedelta(days=60)).date()),
    }  # fmt: skip
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        page = book.add_worksheet("岗位")
        page.write_row(0, 0, row)
        for number in range(1, rows + 1):
            page.write_row(number, 0, (row | {"岗位名称": f"平车工第{number}组"}).values())
    return out.getvalue()


async def _recruiter(url: str, folder: Path, person_id: str) -> str:
    """The person may post for some approved firm; returns the firm."""
    async with open_runtime(Settings(database_url=url, data_dir=folder)) as runtime:
        now = runtime.clock.now()
        async with runtime.db.unit_of_work() as session:
            found = await session.exec(select(Enterprise).where(Enterprise.state == EnterpriseState.APPROVED).limit(1))
            firm = found.one()
            session.add(
                Appointment(
                    created_at=now, updated_at=now, person_id=UUID(person_id), role=Role.RECRUITER,
                    scope_kind=ScopeKind.ENTERPRISE, scope_id=firm.id, valid_from=now, source="测量",
                )
            )  # fmt: skip
            return str(firm.id)


def _rate(port: int, pid: int, seconds: float) -> float:
    return load.run(port, pid, [load.request(port, LIST)], seconds=seconds, connections=CONNECTIONS).per_second


def _bench(kind: Kind, size: Size, rows: int, seconds: float, cores: list[int]) -> None:
    with tempfile.TemporaryDirectory(prefix="sanqu-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        url = _database(kind, folder, stack)
        town = fill(url, folder, size)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SANQU_")}
        environment |= {"SANQU_DATABASE_URL": url, "SANQU_DATA_DIR": str(folder), "SANQU_LOG_LEVEL": "WARNING"}
        words = [sys.executable, "-m", "wechat_sandbox", "--port", str(SANDBOX_PORT)]
        stack.enter_context(server(words, SANDBOX_PORT, "/_sbx/health", environment, cores[-1]))
        servers = stack.enter_context(serving(url, folder, town.someone, cores[0]))
        address = f"http://127.0.0.1:{servers.app}"
        sandbox = Sandbox(f"http://127.0.0.1:{SANDBOX_PORT}")
        caller = Caller(address, sandbox, "zhipin", "测量的招聘员")
        caller.login()
        firm = asyncio.run(_recruiter(url, folder, caller.person_id))
        code = caller.get("/occupations", q="平车工")["items"][0]["code"]
        file_id = caller.upload("岗位.xlsx", workbook(rows, code), "vacancy_import")["file_id"]
        _rate(servers.app, servers.app_pid, 1.0)
        before = statistics.median(_rate(servers.app, servers.app_pid, seconds) for _ in range(3))
        job = caller.post_keyed(f"/enterprises/{firm}/vacancy-imports", file_id=file_id, submit=True)
        during = _during(caller, job, servers.app, servers.app_pid, seconds, environment, cores[-1])
        console.print(
            f"{kind}：列表 {before:,.0f} → 导入时 {during[0]:,.0f} 请求/秒（中位数），比值 {during[0] / before:.2f}，"
            f"目标 ≥ {GOAL}；导入 {during[1]:,} 行，{during[2]:.1f} 行/秒"
        )


def _during(
    caller: Caller, job: dict[str, Any], port: int, pid: int, seconds: float, environment: dict[str, str], core: int
) -> tuple[float, int, float]:
    """(median rate, rows done, rows a second) while the worker is at it."""
    worker = subprocess.Popen(
        [str(BIN / "sanqu"), "worker"],
        env=environment,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509  # no threads run here when it forks
    )
    try:
        rates, since = [], time.monotonic()
        for _ in range(MEASURES):
            rates.append(_rate(port, pid, seconds))
            now = caller.get(f"/vacancy-imports/{job['id']}")
            if now["finished_at"] is not None:
                break
        passed = time.monotonic() - since
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=35)
    if now["published"] != now["done"] or not now["done"]:
        raise RuntimeError(f"导入的岗位没有全部发布：{now}")
    if now["finished_at"] is not None and len(rates) > 1:
        # The last measurement reaches beyond the end of the import.
        rates.pop()
    return statistics.median(rates), now["done"], now["done"] / passed


def main(
    rows: Annotated[int, typer.Option(help="导入的行数")] = 20_000,
    vacancies: Annotated[int, typer.Option(help="已有的岗位数")] = 100_000,
    seconds: Annotated[float, typer.Option(help="每次测量的秒数")] = 3.0,
    database: Annotated[Kind, typer.Option(help="哪个数据库")] = Kind.BOTH,
) -> None:
    """导入岗位时，公开列表的速度还剩多少。"""
    share = vacancies / Size.vacancies
    size = Size(vacancies, max(20, int(Size.enterprises * share)), max(20, int(Size.seekers * share)))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    cores = sorted(os.sched_getaffinity(0))
    console.print(machine())
    console.print(f"已有 {vacancies:,} 个岗位；服务在核 {cores[0]}，后台进程、数据库、压测在核 {cores[-1]}")
    os.sched_setaffinity(0, {cores[-1]})
    for kind in [Kind.SQLITE, Kind.POSTGRESQL] if database is Kind.BOTH else [database]:
        _bench(kind, size, rows, seconds, cores)


if __name__ == "__main__":
    typer.run(main)
