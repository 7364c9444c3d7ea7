"""The edge of the process, in one pure ASGI layer: body limits, security headers, one log line and count per request."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from asgi_correlation_id import correlation_id

from app.core.errors import AppError, LengthMissingError, TooLargeError
from app.core.logging import get_logger
from app.core.metrics import REQUESTS, SECONDS

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
BODY_METHODS = frozenset({"POST", "PUT", "DELETE"})
log = get_logger()


class Edge:
    """`upload_path` takes larger bodies, of declared length, which go on as they come instead of into memory first."""

    def __init__(self, app: App, *, body_limit: int, upload_limit: int = 0, upload_path: str = "") -> None:
        self._app = app
        self._limit = body_limit
        self._upload_limit = upload_limit
        self._upload_path = upload_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *SECURITY_HEADERS]
            await send(message)

        try:
            if scope["method"] in BODY_METHODS:
                taken = await self._take(scope, receive)
                if isinstance(taken, AppError):
                    await _refuse(taken, send_with_headers)
                    return
                receive = taken
            await self._app(scope, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "-")
            REQUESTS.labels(route, scope["method"], status).inc()
            SECONDS.labels(route).observe(seconds)
            log.info("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))

    async def _take(self, scope: Scope, receive: Receive) -> Receive | AppError:
        """Where the body comes from; the refusal where it is too large, or an upload of unknown length."""
        declared = next((v for k, v in scope["headers"] if k == b"content-length"), None)
        if scope.get("path") == self._upload_path and scope["method"] == "POST":
            if declared is None or not declared.isdigit():
                return LengthMissingError()
            if int(declared) > self._upload_limit:
                return TooLargeError(limit=self._upload_limit)
            # The server cuts a body at its declared length: no counting needed.
            return receive
        replayed = await self._read(declared or b"0", receive)
        return TooLargeError(limit=self._limit) if replayed is None else replayed

    async def _read(self, declared: bytes, receive: Receive) -> Receive | None:
        """The whole body, read once up to the limit; None where it is larger. A chunked body has no length to trust."""
        if not declared.isdigit() or int(declared) > self._limit:
            return None
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return _once(message, receive)
            part = message.get("body", b"")
            size += len(part)
            if size > self._limit:
                return None
            parts.append(part)
            if not message.get("more_body", False):
                return _once({"type": "http.request", "body": b"".join(parts), "more_body": False}, receive)


async def _refuse(error: AppError, send: Send) -> None:
    body = error.body(correlation_id.get() or "").model_dump_json().encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        # The rest of the body is still under way: nothing sensible can follow on this connection.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": int(error.status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _once(message: Message, receive: Receive) -> Receive:
    pending = [message]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay
