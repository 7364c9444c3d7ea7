"""The allocation on a seeded town: how much of the most that can be filled is filled, when, and at what gap.

`./dev bench allocation [--workers N --shifts N --days N --seconds N]`; without sizes the three of the design: a day, a week, a
large week. The bound of objective 1 is the engine's own (linear programme or seats); baselines keep the same rules.
"""

import os
import resource
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.matching.allocation import Plan, Problem, plan_to_json, solve, to_json
from app.matching.allocation.solve import prepare
from app.matching.plan_check import check_plan
from benchmarks.allocation.baselines import BASELINES
from benchmarks.allocation.generate import Size, generate
from benchmarks.bench_list import machine

console = Console(width=160)
DESIGN = ((Size(500, 150, 1), 5.0), (Size(3000, 1000), 30.0), (Size(30_000, 10_000), 60.0))
PERCENT = 100


def measure(size: Size, seconds: float, seed: int) -> None:
    problem = generate(size, seed)
    began = time.monotonic()
    plans: list[tuple[float, Plan]] = [
        (time.monotonic() - began, plan) for plan in solve(problem, seed=seed, seconds=seconds)
    ]
    known = prepare(problem)
    last = plans[-1][1]
    most = last.total - last.bounds[0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(
        f"[bold]{size.workers:,} 人 × {size.shifts:,} 班，{size.days} 天[/]：{len(known.pairs):,} 个可行组合，"
        f"结果 {last.status.value}，内存峰值 {peak:,.0f} MB"
    )
    table = Table()
    for heading in ("步骤", "秒", "占上界", "缺口", "无班的人", "公平差", "花费", "改动", "各目标差距"):
        table.add_column(heading, justify="right")
    for label, baseline in BASELINES.items():
        began = time.monotonic()
        value = known.scale(baseline(known, seed))
        share = (last.total - value[0]) / most if most else 1.0
        numbers = (f"{one:,}" for one in value)
        table.add_row(label, f"{time.monotonic() - began:.2f}", f"{share * PERCENT:.3f}%", *numbers, "")
    for seconds_in, plan in plans:
        share = (last.total - plan.objectives[0]) / most if most else 1.0
        gaps = " ".join(f"{gap * PERCENT:.2f}%" for gap in plan.gaps)
        numbers = (f"{one:,}" for one in plan.objectives)
        table.add_row(plan.stage, f"{seconds_in:.2f}", f"{share * PERCENT:.3f}%", *numbers, gaps)
    console.print(table)
    verify(problem, [plan for _, plan in plans])


def verify(problem: Problem, plans: list[Plan]) -> None:
    """The independent check of every plan: a figure of a plan that breaks a rule is worth nothing."""
    form = to_json(problem)
    began = time.monotonic()
    verdicts = [check_plan(form, plan_to_json(plan)) for plan in plans]
    broken = sum(len(verdict.violations) for verdict in verdicts)
    console.print(
        f"独立核对 {len(plans)} 个方案：每个 {verdicts[-1].rules} 条规则，共比较 {sum(one.checked for one in verdicts):,} 次，"
        f"违规 {broken}，用时 {time.monotonic() - began:.1f} 秒\n"
    )
    if broken:
        for verdict in verdicts:
            for one in verdict.violations[:5]:
                console.print(f"[red]{one.text}[/]（{one.worker} {one.shift}）")
        raise typer.Exit(1)


def main(
    workers: Annotated[int | None, typer.Option(help="人数")] = None,
    shifts: Annotated[int | None, typer.Option(help="班次数")] = None,
    days: Annotated[int, typer.Option(help="天数")] = 7,
    seconds: Annotated[float, typer.Option(help="时限，秒")] = 30.0,
    seed: Annotated[int, typer.Option(help="随机种子")] = 1,
) -> None:
    """配工：占上界的比例、用时和各目标的差距，旁边是三种常见做法。"""
    console.print(f"{machine()}；{len(os.sched_getaffinity(0))} 核")
    if workers is not None and shifts is not None:
        measure(Size(workers, shifts, days), seconds, seed)
        return
    for size, limit in DESIGN:
        measure(size, limit, seed)


if __name__ == "__main__":
    typer.run(main)
