"""`sanqu`: serve, migrate, seed, worker, bootstrap."""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from socket import socket
from typing import Annotated, Any

import typer
import uvicorn
from alembic import command
from alembic.config import Config
from rich.console import Console

from app.core.clock import SystemClock
from app.core.errors import AppError
from app.core.logging import configure_logging
from app.core.settings import Settings
from app.main import create_app
from app.services import reactions
from app.services.common.health import ROOT, head_revision
from app.services.identity import staff
from app.services.organisation.report import render_report, seed_report
from app.services.organisation.seeding import SeedOutcome, load_seeds
from app.services.runtime import Runtime, open_runtime
from app.tasks.worker import run_worker

main = typer.Typer(no_args_is_help=True, add_completion=False, help="宝盖三区联创后端")
console = Console()


@main.command()
def serve(
    host: Annotated[str | None, typer.Option(help="监听地址")] = None,
    port: Annotated[int | None, typer.Option(help="监听端口")] = None,
    fd: Annotated[int | None, typer.Option(help="使用已打开的监听套接字")] = None,
) -> None:
    """启动 API。"""
    settings = Settings()
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=host or settings.host,
        port=port if port is not None else settings.port,
        fd=fd,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        proxy_headers=True,
    )

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: Any) -> None:
            # Kept-alive connections hear at once that this process takes no new work.
            app.state.draining.set()
            super().handle_exit(sig, frame)

        async def startup(self, sockets: list[socket] | None = None) -> None:
            await super().startup(sockets)
            # Code, routes and statements live as long as the process: looking for garbage among them stops every
            # request for some 80 ms now and again.
            gc.collect()
            gc.freeze()
            gc.set_threshold(10_000, 20, 20)

    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal once more after it has shut down: an orderly end is 0, not "killed".
        signal.signal(number, lambda *_: sys.exit(0))
    Server(config).run()


@main.command()
def migrate(revision: Annotated[str, typer.Argument(help="目标版本")] = "head") -> None:
    """把数据库结构升级到这一版。"""
    settings = Settings()
    if settings.is_sqlite:
        Path(settings.database_url.split("///", 1)[1]).parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = settings.database_url
    command.upgrade(config, revision)
    console.print(f"数据库结构已是 {head_revision() if revision == 'head' else revision}")


@main.command()
def seed(
    directory: Annotated[Path, typer.Option(help="数据文件目录")] = ROOT / "seeds",
    report: Annotated[bool, typer.Option("--report", help="载入后打印数目、未知项和出入")] = False,
) -> None:
    """载入方案的名册、网格、企业、挂钩联系和代码表；重复载入不改变已有内容。"""

    async def work(runtime: Runtime) -> str:
        async with runtime.db.unit_of_work() as session:
            outcome = await load_seeds(session, directory=directory, now=runtime.clock.now())
        lines = [outcome_line(outcome)]
        if report:
            async with runtime.db.reading() as session:
                lines.append(render_report(await seed_report(session)))
        return "\n".join(lines)

    sys.stdout.write(_run(work) + "\n")


def outcome_line(outcome: SeedOutcome) -> str:
    """One line that says whether anything changed."""
    if not outcome.changed:
        return "载入完成：与数据文件一致，没有改变任何内容"
    counts = {"新增": 0, "更新": 0, "未变": 0, "保留镇里已改": 0}
    for dataset in outcome.datasets:
        for label, count in zip(
            counts, (dataset.inserted, dataset.updated, dataset.unchanged, dataset.kept), strict=True
        ):
            counts[label] += count
    told = "，".join(f"{label} {count} 条" for label, count in counts.items() if count)
    return f"载入完成：{told}；新开待办 {outcome.tasks_opened} 项"


@main.command()
def bootstrap(
    staff_name: Annotated[str | None, typer.Option("--staff", help="名册上的姓名；不填则由认领人填写")] = None,
) -> None:
    """打印第一位系统管理员的一次性认领码；再次运行会作废先前未用的码。"""

    async def work(runtime: Runtime) -> str:
        async with runtime.db.unit_of_work() as session:
            return await staff.bootstrap(session, staff_name=staff_name, now=runtime.clock.now())

    # Alone on its line, so that a script can read it.
    sys.stdout.write(_run(work) + "\n")


@main.command()
def worker() -> None:
    """启动后台工作进程：发送待发消息、到期处理。"""
    configure_logging(Settings().log_level)

    async def work(runtime: Runtime) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        await run_worker(runtime, stop)

    _run(work)


def _run(work: Callable[[Runtime], Awaitable[Any]]) -> Any:
    async def inside() -> Any:
        reactions.register()
        async with open_runtime(Settings(), SystemClock()) as runtime:
            return await work(runtime)

    try:
        return asyncio.run(inside())
    except AppError as exc:
        sys.stderr.write(f"{exc.text}\n")
        raise typer.Exit(1) from exc
