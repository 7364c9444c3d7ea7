"""`POST /wxa/media_check_async` (音视频内容安全识别 2.0): accepted at once, really downloaded, judged, pushed later."""

import asyncio
import dataclasses
from typing import Any

import httpx

from wechat_sandbox import events
from wechat_sandbox.calls import Call, check_author, check_scene, new_trace
from wechat_sandbox.errors import WechatError
from wechat_sandbox.push import deliver, http_client
from wechat_sandbox.state import AppState, MediaOptions, Sandbox

PATH = "/wxa/media_check_async"
REPEAT_SECONDS = 60
DOWNLOAD_SECONDS = 10
DOWNLOAD_BYTES = 10 * 1024 * 1024
_LABELS = {"pass": 100, "review": 21000, "risky": 20002}
# The worst first. Pictures that are encoded anew lose a marker in their bytes: a queued verdict needs none.
_MARKERS = (("SBX_RISKY", "risky"), ("SBX_REVIEW", "review"))


def check_media(sandbox: Sandbox, call: Call) -> dict[str, Any]:
    """Only "accepted". Raises 47001 40004 40129 43104 40003 61010 87020; the verdict comes as `wxa_media_check`."""
    body, app = call.body, sandbox.apps[str(call.appid)]
    url = _address(body.get("media_url"))
    if body.get("version") != 2 or url is None:
        raise WechatError(47001)
    media_type = body.get("media_type")
    if isinstance(media_type, bool) or media_type not in (1, 2):
        raise WechatError(40004)
    check_scene(body.get("scene"))
    openid = check_author(sandbox, app.config.appid, body.get("openid"))
    if sandbox.now() - app.media_seen.get(url, 0) < REPEAT_SECONDS:
        raise WechatError(87020)
    app.media_seen[url] = sandbox.now()
    trace_id = new_trace(sandbox)
    queued = app.media.verdicts.popleft() if app.media.verdicts else None
    # The options of this moment: a test may have changed them again before the event leaves.
    task = sandbox.spawn(_judge_and_push(sandbox, app, openid, url, trace_id, queued, dataclasses.replace(app.media)))
    if app.media.push_before_answer:
        call.first = task
    return {"errcode": 0, "errmsg": "ok", "trace_id": trace_id}


def _address(value: object) -> str | None:
    try:
        url = httpx.URL(value) if isinstance(value, str) else None
    except httpx.InvalidURL:
        return None
    return str(value) if url is not None and url.scheme in ("http", "https") and url.host else None


async def _judge_and_push(
    sandbox: Sandbox, app: AppState, openid: str, url: str, trace_id: str, queued: str | None, options: MediaOptions
) -> None:
    content = await _download(url)
    verdict = None if content is None else _verdict(url, content, queued)
    sandbox.media_checks.append(
        {
            "app": app.config.name,
            "openid": openid,
            "media_url": url,
            "trace_id": trace_id,
            "bytes": None if content is None else len(content),
            "suggest": verdict and verdict[0],
            "label": verdict and verdict[1],
        }
    )
    if not options.push_before_answer:
        await asyncio.sleep(options.delay_seconds)
    message = events.media_checked(sandbox, app, openid, trace_id, verdict)
    copies = 2 if options.push_twice else 1
    await asyncio.gather(*(deliver(sandbox, app, message) for _ in range(copies)))


def _verdict(url: str, content: bytes, queued: str | None) -> tuple[str, int] | None:
    found = (suggest for marker, suggest in _MARKERS if marker in url or marker.encode() in content)
    suggest = queued or next(found, "pass")
    return None if suggest == "fail" else (suggest, _LABELS[suggest])


async def _download(url: str) -> bytes | None:
    """The file at exactly this address; None if it is away, not 200, over 10 MB or not there within 10 seconds."""
    parts: list[bytes] = []
    try:
        async with (
            asyncio.timeout(DOWNLOAD_SECONDS),
            http_client(DOWNLOAD_SECONDS) as http,
            http.stream("GET", url) as answer,
        ):
            if answer.status_code != 200:
                return None
            async for part in answer.aiter_bytes():
                parts.append(part)
                if sum(map(len, parts)) > DOWNLOAD_BYTES:
                    return None
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
        return None
    return b"".join(parts)
