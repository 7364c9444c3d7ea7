"""Three processes of our own: API, worker, WeChat sandbox, on free or given ports, dying with their parent.

Used by `./dev serve`, `./dev demo` and the end-to-end tests; speaks to the service only through its commands and HTTP.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx

PR_SET_PDEATHSIG = 1
READY_SECONDS = 60.0
SANDBOX_KEY = "sandbox"
BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """Linux: the kernel ends the child when we are killed, even by kill -9. Elsewhere signals must do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Stack:
    """`with Stack(data_dir) as stack:` – migrated, seeded, ready."""

    def __init__(
        self,
        data_dir: Path,
        *,
        api_port: int | None = None,
        sandbox_port: int | None = None,
        environment: Mapping[str, str] | None = None,
        log: IO[str] | None = None,
        apis: int = 1,
    ) -> None:
        self.data_dir = data_dir
        self.api_ports = [api_port or free_port(), *(free_port() for _ in range(apis - 1))]
        self.sandbox_port = sandbox_port or free_port()
        self._log = log
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("SANQU_")},
            "SANQU_DATA_DIR": str(data_dir),
            "SANQU_WECHAT_API_BASE": self.sandbox_url,
            "SANQU_PUBLIC_BASE_URL": self.api_url,
            **(environment or {}),
        }

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_ports[0]}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    def __enter__(self) -> Self:
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            # It needs no database: it comes up while that is made.
            self.start_sandbox()
            self.command("migrate")
            self.command("seed")
            for index in range(len(self.api_ports)):
                self.start_api(index)
            self.start("worker", [str(BIN / "sanqu"), "worker"])
            self._await(self.sandbox_url + "/_sbx/health", "sandbox")
            for index in range(len(self.api_ports)):
                self.await_api(index)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def command(self, *words: str) -> str:
        """Run `sanqu …` to its end and return what it printed."""
        done = subprocess.run(
            [str(BIN / "sanqu"), *words], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"sanqu {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def start_sandbox(self) -> None:
        """It pushes verdicts and revocations to the first API, as WeChat would to the address set in its console."""
        words = [sys.executable, "-m", "wechat_sandbox", "--port", str(self.sandbox_port)]
        for app in ("zhipin", "linggong"):
            words += ["--push", f"{app}={self.api_url}/api/v1/wechat/push/{app}"]
        self.start("sandbox", words)

    def start_api(self, index: int = 0) -> None:
        port = str(self.api_ports[index])
        self.start(f"api{index}", [str(BIN / "sanqu"), "serve", "--port", port])

    def restart_ahead(self, days: int) -> None:
        """API and worker once more on the same data, so many days later by their clock."""
        for name in ("api0", "worker"):
            self.kill(name, signal.SIGTERM)
        words = [sys.executable, "-m", "demo.ahead", str(days)]
        self.start("api0", [*words, "api", str(self.api_ports[0])])
        self.start("worker", [*words, "worker"])
        self.await_api()

    def await_api(self, index: int = 0) -> None:
        self._await(f"http://127.0.0.1:{self.api_ports[index]}/readyz", f"api{index}")

    def start(self, name: str, words: list[str]) -> None:
        self._processes[name] = subprocess.Popen(
            words,
            env=self.environment,
            stdout=self._log or subprocess.DEVNULL,
            stderr=self._log or subprocess.DEVNULL,
            text=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  # no threads run in this process when it forks
        )

    def kill(self, name: str, how: int = signal.SIGKILL) -> int:
        process = self._processes[name]
        process.send_signal(how)
        return process.wait(timeout=40)

    def died(self) -> str | None:
        """The name of a process that ended by itself."""
        return next((name for name, process in self._processes.items() if process.poll() is not None), None)

    def stop(self) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self._processes.values():
            try:
                process.wait(timeout=35)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _await(self, url: str, name: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._processes[name].poll() is not None:
                raise RuntimeError(f"{name} 启动失败（退出码 {self._processes[name].returncode}）")
            try:
                if httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise RuntimeError(f"{name} 没有在 {READY_SECONDS:.0f} 秒内就绪")
