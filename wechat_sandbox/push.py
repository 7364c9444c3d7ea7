"""WeChat's push client (消息推送): signs, seals, sends within 5 seconds, sends again up to 3 times, keeps a record."""

import asyncio
import functools
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from wechat_sandbox import pushcrypto
from wechat_sandbox.config import PushTarget
from wechat_sandbox.state import AppState, Sandbox

RESENDS = 3
_ANSWERS = (b"", b"success")
_KEPT_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Forgery:
    """What somebody who is not WeChat could send, or WeChat by a wrong clock. `offset` in seconds."""

    wrong_signature: bool = False
    wrong_appid: bool = False
    plain: bool = False
    offset: int = 0


GENUINE = Forgery()


# Reading the list of certificate authorities takes 40 ms: once for all pushes.
_tls = functools.cache(httpx.create_ssl_context)


def http_client(timeout: float) -> httpx.AsyncClient:
    """WeChat's servers use no proxy of this machine and follow no redirect."""
    return httpx.AsyncClient(verify=_tls(), trust_env=False, timeout=timeout)


def announce(sandbox: Sandbox, app: AppState, message: Mapping[str, Any]) -> None:
    """Push it beside the call that caused it, where the app has a push address."""

    async def push() -> None:
        await deliver(sandbox, app, message)

    if app.push is not None:
        sandbox.spawn(push())


async def deliver(
    sandbox: Sandbox, app: AppState, message: Mapping[str, Any], forgery: Forgery = GENUINE, resends: int = RESENDS
) -> list[dict[str, Any]]:
    """Send until it is taken; every attempt. None without a push address. What the receiver does wrong raises nothing."""
    attempts: list[dict[str, Any]] = []
    while app.push is not None and len(attempts) <= resends:
        if attempts:
            await asyncio.sleep(sandbox.push_resend_seconds)
        attempts.append(await _attempt(sandbox, app, app.push, message, forgery, len(attempts) + 1))
        if attempts[-1]["accepted"]:
            break
    return attempts


async def _attempt(
    sandbox: Sandbox, app: AppState, target: PushTarget, message: Mapping[str, Any], forgery: Forgery, number: int
) -> dict[str, Any]:
    query, body = _request(sandbox, app, target, message, forgery)
    headers = {"Content-Type": sandbox.content_type}
    answer = await _exchange(sandbox, "POST", target.url, query, content=body, headers=headers)
    record = {
        "app": app.config.name,
        "event": dict(message),
        "mode": "plain" if forgery.plain else target.mode,
        "attempt": number,
        **{key: answer[key] for key in ("status", "content_type", "answer", "error", "seconds")},
        "accepted": answer["status"] == 200 and answer["content"] in _ANSWERS,
        "at": sandbox.now_text(),
    }
    sandbox.pushes.append(record)
    return record


def _request(
    sandbox: Sandbox, app: AppState, target: PushTarget, message: Mapping[str, Any], forgery: Forgery
) -> tuple[dict[str, str], bytes]:
    """Query and body. Time, nonce and random bytes are new in every attempt, the message is not."""
    timestamp, nonce = str(int(sandbox.now()) + forgery.offset), str(secrets.randbelow(10**10))
    content = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    token = "wrong-" + target.token if forgery.wrong_signature else target.token
    query = {"signature": pushcrypto.signature(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
    if message.get("FromUserName"):
        query["openid"] = str(message["FromUserName"])
    if forgery.plain or target.mode == "plain":
        return query, content
    appid = "wxsomebodyelse0000" if forgery.wrong_appid else app.config.appid
    sealed = pushcrypto.seal(target.aes_key, appid, content, secrets.token_bytes(16))
    query["encrypt_type"] = "aes"
    query["msg_signature"] = pushcrypto.signature(token, timestamp, nonce, sealed)
    return query, json.dumps({"ToUserName": app.config.username, "Encrypt": sealed}).encode()


async def check_url(sandbox: Sandbox, target: PushTarget, *, wrong_signature: bool = False) -> dict[str, Any]:
    """The GET with which the console tries a push address: `ok` where exactly the echostr came back as text/plain."""
    timestamp, nonce = str(int(sandbox.now())), str(secrets.randbelow(10**10))
    echostr = str(secrets.randbelow(10**19))
    token = "wrong-" + target.token if wrong_signature else target.token
    query = {
        "signature": pushcrypto.signature(token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": echostr,
    }
    answer = await _exchange(sandbox, "GET", target.url, query)
    plain = (answer["content_type"] or "").partition(";")[0].strip() == "text/plain"
    same = answer["status"] == 200 and answer["content"] == echostr.encode()
    return {"ok": same and plain, "echostr": echostr, **{key: answer[key] for key in answer if key != "content"}}


async def _exchange(
    sandbox: Sandbox, method: str, url: str, query: Mapping[str, str], **request: Any
) -> dict[str, Any]:
    """One HTTP call; `status` is None and `error` a name where no whole answer came within the time."""
    limit, started = sandbox.push_timeout_seconds, time.monotonic()
    answer: dict[str, Any] = dict.fromkeys(("status", "content_type", "answer", "content", "error"))
    try:
        async with asyncio.timeout(limit), http_client(limit) as http:
            # The address may have a query of its own, which `params=` would replace.
            response = await http.request(method, httpx.URL(url).copy_merge_params(query), **request)
        answer |= {
            "status": response.status_code,
            "content_type": response.headers.get("content-type"),
            "answer": response.text[:_KEPT_CHARACTERS],
            "content": response.content,
        }
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as exc:
        answer["error"] = type(exc).__name__
    answer["seconds"] = round(time.monotonic() - started, 3)
    return answer
