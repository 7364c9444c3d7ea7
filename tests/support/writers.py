"""Clients that keep writing while servers die, and write down outside of them what was acknowledged."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from demo.client import Caller

WAIT_SECONDS = 60
Acknowledged = tuple[Caller, str, str, str, dict[str, Any], httpx.Response]


@dataclass
class KeyedWriter:
    """A lost answer is asked for again under the same key, as a client must. `round` is what one of them does over and over."""

    caller: Caller
    stop: threading.Event
    acknowledged: list[Acknowledged] = field(default_factory=list, kw_only=True)
    retried: int = field(default=0, kw_only=True)
    failed: BaseException | None = field(default=None, kw_only=True)

    def run(self) -> None:
        try:
            while not self.stop.is_set():
                self.round()
        except BaseException as exc:
            self.failed = exc

    def round(self) -> None:
        raise AssertionError("each kind of writer has its own")

    def write(self, method: str, path: str, key: str, body: dict[str, Any], by: Caller | None = None) -> dict[str, Any]:
        caller, key = by or self.caller, f"{key}-{self.caller.person_id}"[:80]
        while True:
            try:
                answer = _send(caller, method, path, key, body)
            except httpx.HTTPError:
                answer = None
            if answer is not None and answer.is_success:
                self.acknowledged.append((caller, method, path, key, body, answer))
                result: dict[str, Any] = answer.json()
                return result
            assert answer is None or answer.json()["retryable"], answer.text
            self.retried += 1
            time.sleep(0.02)

    def check_answers(self) -> None:
        """Each acknowledged call, asked for again, is answered as it was."""
        for caller, method, path, key, body, first in self.acknowledged:
            again = _send(caller, method, path, key, body)
            assert (again.status_code, again.content) == (first.status_code, first.content), key
            assert again.headers["Idempotent-Replayed"] == "true"

    def told(self, end: str) -> list[dict[str, Any]]:
        """The acknowledged answers of calls whose path ends so."""
        return [answer.json() for _, _, path, _, _, answer in self.acknowledged if path.endswith(end)]


def acknowledged(writers: Sequence[KeyedWriter]) -> int:
    return sum(len(writer.acknowledged) for writer in writers)


def await_progress(writers: Sequence[KeyedWriter], goal: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while acknowledged(writers) < goal:
        assert [writer.failed for writer in writers] == [None] * len(writers)
        assert time.monotonic() < deadline, "写入停住了"
        time.sleep(0.002)


def _send(caller: Caller, method: str, path: str, key: str, body: dict[str, Any]) -> httpx.Response:
    return caller._http.request(method, path, json=body, headers={"Idempotency-Key": key}, timeout=10)
