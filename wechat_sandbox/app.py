"""The ASGI app: WeChat's addresses at the root, the control API under `/_sbx/`."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response

from wechat_sandbox import sms
from wechat_sandbox.api import answer
from wechat_sandbox.calls import Call
from wechat_sandbox.config import SandboxConfig
from wechat_sandbox.controls import control_router
from wechat_sandbox.errors import WechatError
from wechat_sandbox.state import Fault, Sandbox

# The three arguments of an ASGI application (asgi.readthedocs.io).
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_MASKED = frozenset({"secret", "access_token"})
# A push that goes before its answer may fail: the caller, who waits 5 seconds, is answered all the same.
_FIRST_SECONDS = 4
_GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"


def create_app(config: SandboxConfig | None = None) -> FastAPI:
    """A sandbox with a memory of its own. `app.state.sandbox` is that memory."""
    sandbox = Sandbox(config or SandboxConfig())
    app = FastAPI(title="微信沙箱", openapi_url=None, redirect_slashes=False)
    app.state.sandbox = sandbox
    app.include_router(control_router(sandbox))
    app.mount("/", Gateway(sandbox))
    return app


class Gateway:
    """Every call that is not a control: chunked refused, faults played, the rest answered, all of it recorded."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        raw = await _read_body(receive)
        if raw is None:
            return
        authorization = request.headers.get("authorization", "")
        call = Call(request.method, request.url.path, dict(request.query_params), raw, authorization)
        if "chunked" in request.headers.get("transfer-encoding", "").lower():
            self._record(call, None)
            await Response(status_code=412)(scope, receive, send)
            return
        fault = self.sandbox.take_fault(call.path)
        if fault is None:
            response = await self._respond(call)
            await response(scope, receive, send)
        else:
            await self._play(fault, call, scope, receive, send)

    async def _respond(self, call: Call) -> Response:
        if call.path == sms.PATH:
            status, said = sms.send_sms(self.sandbox, call)
            self._record(call, 0 if said["accepted"] else None)
            return self._json(said, status)
        payload: dict[str, Any] | bytes
        try:
            payload = answer(self.sandbox, call)
        except WechatError as error:
            payload = self._refusal(error)
        self._record(call, 0 if isinstance(payload, bytes) else payload.get("errcode", 0))
        if call.first is not None:
            await asyncio.wait([call.first], timeout=_FIRST_SECONDS)
        return Response(payload, media_type="image/png") if isinstance(payload, bytes) else self._json(payload)

    async def _play(self, fault: Fault, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        # What an applied call did stays done; only its answer is late or lost, as when a line breaks.
        response = await self._respond(call) if fault.applied else None
        if fault.kind == "slow":
            if await _client_leaves(receive, fault.seconds):
                if response is None:
                    self._record(call, None)
                return
            response = response or await self._respond(call)
        elif response is None:
            self._record(call, fault.errcode if fault.kind == "errcode" else None)
        if fault.kind == "reset":
            # An answer that is begun and never finished makes the server close the connection.
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"512")]})
            return
        if fault.kind == "errcode":
            response = self._json(self._refusal(WechatError(fault.errcode)))
        elif fault.kind == "html":
            response = Response(_GATEWAY_PAGE, status_code=502, media_type="text/html")
        elif fault.kind == "empty":
            response = Response(b"", media_type=self.sandbox.content_type)
        if response is not None:
            await response(scope, receive, send)

    def _refusal(self, error: WechatError) -> dict[str, Any]:
        tail = f", rid: {int(self.sandbox.now()):08x}-{secrets.token_hex(4)}" if self.sandbox.rid_tails else ""
        return {"errcode": error.errcode, "errmsg": error.errmsg + tail}

    def _json(self, payload: dict[str, Any], status: int = 200) -> Response:
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        return Response(body, status_code=status, media_type=self.sandbox.content_type)

    def _record(self, call: Call, answer_errcode: int | None) -> None:
        """A call that a fault cut short was never understood: its app and body are worked out here, if they can be."""
        body = call.body or _readable(call.raw)
        token = self.sandbox.tokens.get(call.query.get("access_token", ""))
        named = body.get("appid") if isinstance(body, dict) else None
        self.sandbox.record(
            path=call.path,
            appid=call.appid or (token.appid if token else None) or call.query.get("appid") or named,
            query=_masked(call.query),
            body=_masked(body) if isinstance(body, dict) else body,
            answer_errcode=answer_errcode,
        )


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body; None if the caller hangs up before its end."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _readable(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    # What is not an object may hide a secret in a place unknown: only its size is kept.
    return body if isinstance(body, dict) else f"（不是 JSON 对象，{len(raw)} 字节）"


def _masked(values: Any) -> dict[str, Any]:
    return {key: "***" if key in _MASKED else value for key, value in dict(values).items()}


async def _client_leaves(receive: Receive, seconds: float) -> bool:
    """Wait; True as soon as the caller hangs up. The body is read already, so `receive` tells only of that."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True
