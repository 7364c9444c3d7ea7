"""The public list of vacancies against the bare ASGI floor, on both databases, as ratios measured in one run.

One API process on core 0 (`sanqu serve` with all its middleware and its log), load and database on the other core,
16 connections, floor and app in turn. Before a figure is printed both must give the same ids on several pages.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer
from rich.console import Console
from rich.table import Table

from app.core.security import TokenClaims, Tokens
from app.core.settings import Settings
from app.matching.tokens import query_tokens
from app.services.runtime import open_runtime
from benchmarks import load
from benchmarks.generate import fill
from benchmarks.town import Size
from demo.stack import BIN, free_port
from tests.support.postgresql import Cluster, find_binaries

LIST = "/api/v1/vacancies"
WORDS = ("平车工", "包缝", "电商客服", "夜宵 平车", "宋塘路", "叉车", "健康", "仓管员 回兴路", "拉链", "新手可带教")
PAGES = 5
READY_SECONDS = 60
WARM_SECONDS = 0.7
CONNECTIONS = 16
GOAL = 0.40
console = Console(width=120)


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
    floor: int
    app: int
    token: str


def pin(core: int) -> None:
    """This process and its children on one core; without effect where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


@contextmanager
def server(words: Sequence[str], port: int, path: str, environment: dict[str, str], core: int) -> Iterator[None]:
    """A process on its core, answering `path`; ended at the end."""
    process = subprocess.Popen(
        words,
        env=environment,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509  # no threads run here when it forks
    )
    try:
        _await(process, f"http://127.0.0.1:{port}{path}")
        yield
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
    floor, app = free_port(), free_port()
    with ExitStack() as stack:
        words = [sys.executable, "-m", "benchmarks.floor", url, str(floor)]
        stack.enter_context(server(words, floor, "/", environment, core))
        words = [str(BIN / "sanqu"), "serve", "--port", str(app)]
        stack.enter_context(server(words, app, "/readyz", environment, core))
        yield Servers(floor, app, _token(settings, *someone))


def _token(settings: Settings, person: Any, session: Any) -> str:
    from datetime import timedelta

    tokens = Tokens(settings.token_ring, timedelta(minutes=settings.access_token_minutes))
    return tokens.issue(TokenClaims("zhipin", person, session), datetime.now(UTC))


def _get(port: int, path: str, token: str | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=30, trust_env=False)
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(answer.text)
    found: dict[str, Any] = answer.json()
    return found


def floor_search(words: str) -> str:
    return f"/?kind=search&tokens={quote(' '.join(query_tokens(words)))}"


def _ids(answer: dict[str, Any]) -> list[str]:
    return [str(item["id"]).replace("-", "") for item in answer["items"]]
