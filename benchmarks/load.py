"""A load generator in one thread: N kept-alive connections, one request under way on each, raw sockets under epoll.

An asynchronous HTTP client costs more than the floor it would measure; this one spends some 15 µs on an answer.
"""

import os
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 18
# Seconds after which a server that has not answered at all is taken for dead.
LONGEST = 30.0
HEADER_END = b"\r\n\r\n"
LENGTH = b"content-length: "


@dataclass(frozen=True, slots=True)
class Run:
    """`latencies` in seconds, sorted; `cpu` is the server's own processor time for one answer, in seconds."""

    per_second: float
    latencies: list[float]
    cpu: float

    def quantile(self, share: float) -> float:
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def request(port: int, path: str, token: str | None = None) -> bytes:
    """What a mini-program sends, in bytes. `path` is already encoded."""
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept: application/json", "User-Agent: bench"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class _Line:
    """One connection: sends its requests in turn, the next when the answer is complete."""

    def __init__(self, port: int, requests: Sequence[bytes], first: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests, self._turn = requests, first
        self._buffer = b""
        self.sent = 0.0

    def send(self) -> None:
        self._turn += 1
        self._buffer = b""
        self.sent = time.perf_counter()
        self.socket.sendall(self._requests[self._turn % len(self._requests)])

    def receive(self) -> bool:
        """True when the answer is complete; anything but success ends the run."""
        part = self.socket.recv(CHUNK)
        if not part:
            raise RuntimeError("服务关闭了连接")
        self._buffer = self._buffer + part if self._buffer else part
        head = self._buffer.find(HEADER_END)
        if head < 0:
            return False
        at = self._buffer.find(LENGTH, 0, head)
        end = self._buffer.find(b"\r\n", at)
        if not self._buffer.startswith(b"HTTP/1.1 20") or at < 0:
            raise RuntimeError(self._buffer[:400].decode(errors="replace"))
        return len(self._buffer) >= head + 4 + int(self._buffer[at + len(LENGTH) : end])


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with its threads so far: what a busy neighbour on the machine does not change."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(port: int, pid: int, requests: Sequence[bytes], *, seconds: float, connections: int = 16) -> Run:
    """Closed loop for `seconds`, or until the first answer; each connection starts at another of the requests."""
    lines = [_Line(port, requests, n) for n in range(connections)]
    latencies: list[float] = []
    with selectors.DefaultSelector() as selector:
        for line in lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send()
        spent = cpu_seconds(pid)
        started = time.perf_counter()
        end = started + seconds
        now = started
        while now < end or (not latencies and now < started + LONGEST):
            for key, _ in selector.select(1.0):
                line = key.data
                if line.receive():
                    now = time.perf_counter()
                    latencies.append(now - line.sent)
                    line.send()
            now = time.perf_counter()
        spent = cpu_seconds(pid) - spent
    for line in lines:
        line.socket.close()
    if not latencies:
        raise RuntimeError("没有收到任何回答")
    return Run(len(latencies) / (now - started), sorted(latencies), spent / len(latencies))


def once(port: int, pid: int, requests: Sequence[bytes], *, connections: int = 16) -> Run:
    """Each request exactly once: what changes a row cannot be asked again."""
    lines = [_Line(port, requests[place::connections], -1) for place in range(min(connections, len(requests)))]
    left = {line: len(requests[place::connections]) for place, line in enumerate(lines)}
    latencies: list[float] = []
    with selectors.DefaultSelector() as selector:
        spent = cpu_seconds(pid)
        started = now = time.perf_counter()
        for line in lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send()
        while left:
            for key, _ in selector.select(LONGEST):
                line = key.data
                if not line.receive():
                    continue
                now = time.perf_counter()
                latencies.append(now - line.sent)
                left[line] -= 1
                if left[line]:
                    line.send()
                else:
                    del left[line]
                    selector.unregister(line.socket)
            if time.perf_counter() - now > LONGEST:
                raise RuntimeError("服务没有回答")
        spent = cpu_seconds(pid) - spent
    for line in lines:
        line.socket.close()
    return Run(len(latencies) / (now - started), sorted(latencies), spent / len(latencies))
