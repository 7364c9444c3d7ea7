"""`sanqu`: serve, migrate, seed, worker, bootstrap, purge, rotate-key, audit …"""

import asyncio
import gc
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from socket import socket
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from app.core.clock import SystemClock
from app.core.crypto import FOLLOW_SECONDS
from app.core.errors import AppError
from app.core.logging import configure_logging
from app.core.settings import Settings
from app.rules.identity.roles import Role
from app.services import reactions
from app.services.common.health import ROOT, head_revision
from app.services.identity import audit_chain, rotation, staff
from app.services.jobs import evaluation
from app.services.organisation.report import render_report, seed_report
from app.services.organisation.seeding import SeedOutcome, load_seeds
from app.services.points import verification
from app.services.runtime import Runtime, open_runtime
from app.tasks import retention
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
    # Only here: routes and pages take seconds to import, and no other command needs them.
    import uvicorn

    from app.main import create_app

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
    # Half a second to load, and needed by this command alone.
    from alembic import command
    from alembic.config import Config

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
    role: Annotated[
        str, typer.Option(help="town_admin（系统管理员）或 auditor（审计员，管理员不能任命）")
    ] = "town_admin",
) -> None:
    """打印第一位系统管理员（或审计员）的一次性认领码；再次运行会作废先前未用的码。"""
    if role not in {Role.TOWN_ADMIN.value, Role.AUDITOR.value}:
        raise typer.BadParameter("只能是 town_admin 或 auditor")

    async def work(runtime: Runtime) -> str:
        async with runtime.db.unit_of_work() as session:
            return await staff.bootstrap(session, staff_name=staff_name, role=Role.of(role), now=runtime.clock.now())

    # Alone on its line, so that a script can read it.
    sys.stdout.write(_run(work) + "\n")


@main.command()
def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只数一数，不删除")] = False,
) -> None:
    """清除已过保存期限的记录，逐条说明依据。"""
    for item in _run(lambda runtime: retention.purge(runtime, dry_run=dry_run)):
        sys.stdout.write(f"{'将清除' if dry_run else '已清除'} {item.rows} 条 {item.what}（{item.why}）\n")


@main.command("rotate-key")
def rotate_key(
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="确认没有内容再需要旧密钥后，从密钥文件里去掉它们")
    ] = False,
) -> None:
    """换用新的字段密钥，并在服务运行中把所有密文换到新密钥下。"""
    settings = Settings()
    if drop_old:
        _drop_old_keys(settings)
        return
    if settings.keys_path is not None:
        console.print(f"新密钥 {rotation.add_key(settings.keys_path)} 已写入 {settings.keys_path}，等待各进程换用……")
        time.sleep(2 * FOLLOW_SECONDS)
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("重新加密", total=None)
        done = _run(lambda runtime: rotation.reseal_all(runtime, lambda _, count: progress.advance(bar, count)))
    for name, count in done.resealed.items():
        console.print(f"{name}：{count} 条")
    for name, count in done.broken.items():
        console.print(f"[red]{name}：{count} 条任何密钥都打不开，保持原样[/red]")
    console.print("完成。备份仍需旧密钥；确认不再需要后运行 sanqu rotate-key --drop-old")


def _drop_old_keys(settings: Settings) -> None:
    if settings.keys_path is None:
        raise typer.BadParameter("密钥来自环境变量，请在那里去掉旧密钥")
    left = _run(rotation.outdated_count)
    if left:
        sys.stderr.write(f"还有 {left} 条内容在旧密钥下，请先运行 sanqu rotate-key\n")
        raise typer.Exit(1)
    console.print("已去掉旧密钥：" + ("、".join(rotation.drop_old_keys(settings.keys_path)) or "没有"))


audit_commands = typer.Typer(no_args_is_help=True, help="审计记录的封存链")
main.add_typer(audit_commands, name="audit")


@audit_commands.command("verify")
def audit_verify(
    anchor: Annotated[str | None, typer.Option(help="以前打印、保存在外部的一行锚点")] = None,
) -> None:
    """核对整条链：说出第一处不符，并报告尚未封存的末尾。"""
    try:
        wanted = None if anchor is None else audit_chain.parse_anchor(anchor)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc

    async def work(runtime: Runtime) -> audit_chain.Verification:
        async with runtime.db.snapshot() as connection:
            return await audit_chain.verify(connection, runtime.crypto, anchor=wanted)

    found = _run(work)
    tail = f"尚未封存 {found.unsealed} 条" + (
        f"，最早 {found.unsealed_since:%Y-%m-%d %H:%M:%S} UTC" if found.unsealed_since else ""
    )
    if found.fault is not None:
        sys.stdout.write(f"不符：{found.fault}。此前 {found.checked} 条相符；{tail}\n")
        raise typer.Exit(1)
    unmatched = "；锚点所指的记录已到期清除，无从比对" if found.anchor_purged else ""
    sys.stdout.write(f"相符：{found.checked} 条；{tail}{unmatched}\n")


@audit_commands.command("anchor")
def audit_anchor() -> None:
    """打印链的末端一行，请保存到这台机器以外的地方。"""

    async def work(runtime: Runtime) -> str:
        async with runtime.db.connection() as connection:
            seq, chain = await audit_chain.head(connection)
        return audit_chain.anchor_line(seq, chain, runtime.clock.now())

    sys.stdout.write(_run(work) + "\n")


points_commands = typer.Typer(no_args_is_help=True, help="文明积分的账本")
main.add_typer(points_commands, name="points")


@points_commands.command("verify")
def points_verify() -> None:
    """核对账本：每笔合计为零、余额与分录相符、各批与冻结相符；不符的逐条列出。"""

    async def work(runtime: Runtime) -> tuple[verification.TrialBalance, list[verification.Fault]]:
        async with runtime.db.snapshot() as connection:
            return await verification.trial_balance(connection), await verification.verify(connection)

    balance, faults = _run(work)
    sums = "，".join(f"{kind.label} {points}" for kind, points in balance.balances.items())
    sys.stdout.write(f"截至第 {balance.as_of} 笔：{sums}；合计 {balance.total}\n")
    for fault in faults:
        sys.stdout.write(f"不符：{fault.rule}（{fault.thing}）\n")
    if faults:
        raise typer.Exit(1)
    sys.stdout.write("相符\n")


@main.command("evaluate")
def evaluate_recommendation(
    file: Annotated[Path, typer.Argument(help="求职者和岗位的卡片（JSON，格式见 benchmarks/evaluation/README.md）")],
    labels: Annotated[
        list[Path] | None, typer.Option("--labels", help="标注（CSV：seeker,vacancy,grade），每位标注人一个文件")
    ] = None,
    tuning: Annotated[int, typer.Option(min=0, help="前几位求职者用于调参，其余的才是报告")] = 0,
    resamples: Annotated[int, typer.Option(min=100, max=100_000, help="自助法的次数")] = evaluation.RESAMPLES,
    seeds: Annotated[Path, typer.Option(help="职业代码表所在目录")] = ROOT / "seeds",
) -> None:
    """用标注数据比较推荐与几种简单排序；不需要数据库。"""
    try:
        report = evaluation.evaluate(file, labels or [], seeds=seeds, tuning=tuning, resamples=resamples)
    except AppError as exc:
        sys.stderr.write(f"{exc.text}\n")
        raise typer.Exit(1) from exc
    sys.stdout.write(evaluation.render(report) + "\n")


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
