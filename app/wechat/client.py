"""The client of WeChat's server API. Facts: the API pages named at each method.

Business errors come as HTTP 200 with `errcode`; success may lack `errcode`; the content type cannot be trusted. Bodies
are sent whole (a chunked one is answered 412), in UTF-8 with real Chinese characters.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar

import httpx

from app.core.logging import get_logger
from app.core.metrics import WECHAT
from app.wechat.errors import (
    ERRCODES,
    UNKNOWN,
    Do,
    PhoneCodeForeign,
    WechatError,
    WechatRejected,
    WechatUnavailable,
)
from app.wechat.qrcodes import check_qrcode, is_image
from app.wechat.templates import check_values
from app.wechat.tokens import API as TOKEN_API
from app.wechat.tokens import TokenProvider

BUSY_RETRIES = 3
FOREIGN_APP = 40013
# msgSecCheck v2: at most 2,500 characters a call.
TEXT_LIMIT = 2500
# Parts overlap, so that a word on the seam is seen whole by one of them.
TEXT_OVERLAP = 50
# Where an answer is an image instead of JSON.
IMAGE = "image"
Suggest = Literal["pass", "review", "risky"]
SEVERITY: tuple[Suggest, ...] = ("pass", "review", "risky")
P = ParamSpec("P")
R = TypeVar("R")
log = get_logger()


@dataclass(frozen=True, slots=True)
class WechatApp:
    key: str
    appid: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoginIdentity:
    openid: str = field(repr=False)
    # Only where the mini-program is bound to an open-platform account.
    unionid: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """`number` without the country prefix; mainland numbers have country code 86."""

    number: str = field(repr=False)
    country_code: str


@dataclass(frozen=True, slots=True)
class TextVerdict:
    suggest: Suggest
    label: int


def _counted(call: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Every failure that leaves the client, by API and errcode; codes that we do not know share one label."""

    @wraps(call)
    async def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await call(*args, **kwargs)
        except WechatError as exc:
            code = "away" if exc.errcode is None else str(exc.errcode)
            WECHAT.labels(exc.api, code if exc.errcode is None or exc.errcode in ERRCODES else "other").inc()
            raise

    return inner


class WechatClient:
    def __init__(
        self,
        *,
        http: httpx.AsyncClient,
        apps: Mapping[str, WechatApp],
        tokens: TokenProvider,
        base_url: str,
        timeout_seconds: float = 5.0,
    ) -> None:
        self._http = http
        self._apps = apps
        self._tokens = tokens
        self._base = base_url.rstrip("/")
        self._timeout = timeout_seconds

    async def code_to_session(self, app_key: str, code: str) -> LoginIdentity:
        """code2Session: https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_code2session.html

        Not repeated after a time-out: the code may be spent. The session_key is dropped here and now.
        """
        app = self._apps[app_key]
        query = {
            "appid": app.appid, "secret": app.secret, "js_code": code, "grant_type": "authorization_code",
        }  # fmt: skip
        payload = await self._bounded("GET", "/sns/jscode2session", query, None)
        return LoginIdentity(_text(payload, "openid", "/sns/jscode2session"), payload.get("unionid") or None)

    async def phone_number(self, app_key: str, code: str) -> PhoneNumber:
        """getPhoneNumber: …/API/user-info/phone-number/api_getphonenumber.html. The code is of the same mini-program."""
        api = "/wxa/business/getuserphonenumber"
        try:
            payload = await self._with_token(app_key, api, {"code": code})
        except WechatRejected as exc:
            # At the token's own API the same number says that our AppID is wrong.
            if exc.errcode == FOREIGN_APP and exc.api == api:
                raise PhoneCodeForeign(api, exc.errcode, "code of another mini-program") from exc
            raise
        info = payload.get("phone_info")
        if not isinstance(info, dict):
            raise WechatUnavailable(api, None, "answer without phone_info")
        watermark = info.get("watermark")
        if not isinstance(watermark, dict) or watermark.get("appid") != self._apps[app_key].appid:
            raise PhoneCodeForeign(api, FOREIGN_APP, "watermark of another mini-program")
        # Declared a string, shown as a number in WeChat's own example.
        return PhoneNumber(_text(info, "purePhoneNumber", api), str(info.get("countryCode", "")))

    async def check_text(
        self, app_key: str, openid: str, content: str, *, scene: int, title: str | None = None
    ) -> TextVerdict:
        """MsgSecCheck v2: …/API/sec-center/sec-check/api_msgseccheck.html. Long texts in parts; the worst verdict counts."""
        worst = TextVerdict("pass", 100)
        # An empty text is refused by WeChat (44002) and holds nothing to check.
        last = max(len(content) - TEXT_OVERLAP, 1) if content.strip() else 0
        for start in range(0, last, TEXT_LIMIT - TEXT_OVERLAP):
            body: dict[str, Any] = {
                "content": content[start : start + TEXT_LIMIT], "version": 2, "scene": scene, "openid": openid,
            }  # fmt: skip
            if title:
                body["title"] = title
            payload = await self._with_token(app_key, "/wxa/msg_sec_check", body)
            verdict = _verdict(payload)
            if SEVERITY.index(verdict.suggest) > SEVERITY.index(worst.suggest):
                worst = verdict
        return worst

    async def media_check(
        self, app_key: str, openid: str, media_url: str, *, media_type: Literal[1, 2] = 2, scene: int
    ) -> str:
        """MediaCheckAsync v2: …/API/sec-center/sec-check/api_mediacheckasync.html. Audio (1) or image (2), ≤ 10 MB.

        The trace_id, which means "accepted": the verdict comes as the event `wxa_media_check`, perhaps before this
        returns. WeChat fetches the address within 30 minutes; the same address again is refused with 87020.
        """
        api = "/wxa/media_check_async"
        body = {
            "media_url": media_url, "media_type": media_type, "version": 2, "scene": scene, "openid": openid,
        }  # fmt: skip
        return _text(await self._with_token(app_key, api, body), "trace_id", api)

    async def unlimited_qrcode(
        self,
        app_key: str,
        *,
        scene: str,
        page: str,
        width: int = 430,
        env_version: Literal["release", "trial", "develop"] = "release",
        check_path: bool = True,
    ) -> bytes:
        """GetUnlimitedQRCode: …/API/qrcode-link/qr-code/api_getunlimitedqrcode.html. An image, `width` in pixels.

        Raises `QrcodeValueError` before sending. With `check_path` the page must be in the published version (41030).
        """
        check_qrcode(scene, page, width)
        body = {
            "scene": scene, "page": page, "width": width, "env_version": env_version, "check_path": check_path,
        }  # fmt: skip
        api = "/wxa/getwxacodeunlimit"
        image = (await self._with_token(app_key, api, body, image=True)).get(IMAGE)
        if not isinstance(image, bytes):
            raise WechatUnavailable(api, None, "answer without image")
        return image

    async def send_subscribe_message(
        self,
        app_key: str,
        openid: str,
        template_id: str,
        *,
        page: str,
        data: Mapping[str, Mapping[str, str]],
        miniprogram_state: Literal["developer", "trial", "formal"] = "formal",
    ) -> str | None:
        """subscribeMessage.send: …/API/mp-message-management/subscribe-message/api_sendmessage.html

        The msgid, by which the event `subscribe_msg_sent_event` tells the outcome; WeChat may leave it out.
        """
        check_values(data)
        body = {
            "touser": openid, "template_id": template_id, "page": page, "data": data,
            "miniprogram_state": miniprogram_state, "lang": "zh_CN",
        }  # fmt: skip
        payload = await self._with_token(app_key, "/cgi-bin/message/subscribe/send", body)
        # A number or a text: it is only compared with the text in the event.
        msgid = payload.get("msgid")
        return str(msgid) if msgid and type(msgid) in (int, str) else None

    @_counted
    async def _with_token(
        self, app_key: str, api: str, body: Mapping[str, Any], *, image: bool = False
    ) -> dict[str, Any]:
        """A POST with the app's token; a refused token is replaced once."""
        appid = self._apps[app_key].appid
        try:
            async with asyncio.timeout(self._timeout):
                token = await self._tokens.get(appid, self._fetch_token)
                try:
                    return await self._call("POST", api, {"access_token": token}, body, image=image)
                except WechatRejected as exc:
                    if ERRCODES.get(exc.errcode, UNKNOWN).do is not Do.NEW_TOKEN:
                        raise
                    await self._tokens.drop(appid, token)
                token = await self._tokens.get(appid, self._fetch_token)
                return await self._call("POST", api, {"access_token": token}, body, image=image)
        except TimeoutError as exc:
            raise WechatUnavailable(api, None, "no answer in time") from exc

    async def _fetch_token(self, appid: str) -> tuple[str, int]:
        """GetStableAccessToken in normal mode: `(token, seconds)`."""
        app = next(app for app in self._apps.values() if app.appid == appid)
        body = {
            "grant_type": "client_credential", "appid": appid, "secret": app.secret, "force_refresh": False,
        }  # fmt: skip
        payload = await self._call("POST", TOKEN_API, {}, body)
        return _text(payload, "access_token", TOKEN_API), _whole(payload.get("expires_in"))

    @_counted
    async def _bounded(
        self, method: str, api: str, query: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._call(method, api, query, body)
        except TimeoutError as exc:
            raise WechatUnavailable(api, None, "no answer in time") from exc

    async def _call(
        self,
        method: str,
        api: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None,
        *,
        image: bool = False,
    ) -> dict[str, Any]:
        """One API call; `-1` (busy) is repeated with back-off inside the caller's time bound."""
        for attempt in range(BUSY_RETRIES + 1):
            content = await self._send(method, api, query, body)
            # Images come bare where all went well, errors as JSON with the same HTTP status.
            payload = {IMAGE: content} if image and is_image(content) else _json(content, api)
            errcode = _errcode(payload, api)
            if errcode == 0:
                return payload
            meaning = ERRCODES.get(errcode, UNKNOWN)
            if meaning.do is not Do.RETRY:
                raise _refused(api, errcode)
            if attempt < BUSY_RETRIES:
                await asyncio.sleep(0.1 * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311  # spreading load
        raise WechatUnavailable(api, -1, "busy")

    async def _send(self, method: str, api: str, query: Mapping[str, str], body: Mapping[str, Any] | None) -> bytes:
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            answer = await self._http.request(
                method, self._base + api, params=query, content=content, headers=headers, timeout=self._timeout
            )
        except httpx.HTTPError as exc:
            # The library's text holds the address with secret and token in it: its class is enough.
            log.warning("wechat away", api=api, error=type(exc).__name__)
            raise WechatUnavailable(api, None, type(exc).__name__) from None
        if answer.status_code >= 500:  # noqa: PLR2004
            raise WechatUnavailable(api, None, f"HTTP {answer.status_code}")
        return answer.content


def _json(content: bytes, api: str) -> dict[str, Any]:
    try:
        payload = json.loads(content)
    except (ValueError, RecursionError):
        raise WechatUnavailable(api, None, "answer is no JSON") from None
    if not isinstance(payload, dict):
        raise WechatUnavailable(api, None, "answer is no object")
    return payload


def _errcode(payload: Mapping[str, Any], api: str) -> int:
    """0 where the answer is a success, which may lack the field."""
    try:
        return int(payload.get("errcode") or 0)
    except (TypeError, ValueError, OverflowError):
        raise WechatUnavailable(api, None, "errcode is no number") from None


def _refused(api: str, errcode: int) -> WechatError:
    meaning = ERRCODES.get(errcode, UNKNOWN)
    log.warning("wechat refused", api=api, errcode=errcode)
    if meaning.do is Do.LATER:
        return WechatUnavailable(api, errcode, meaning.text, retry_after=meaning.retry_after)
    return WechatRejected(api, errcode, meaning.text)


def _whole(value: Any) -> int:
    """A number that only refines an answer: anything else counts as none and fails nothing."""
    try:
        return int(value or 0)
    except (TypeError, ValueError, OverflowError):
        return 0


def _text(payload: Mapping[str, Any], name: str, api: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value:
        raise WechatUnavailable(api, None, f"answer without {name}")
    return value


def _verdict(payload: Mapping[str, Any]) -> TextVerdict:
    """An answer that we do not understand is `review`: never published unchecked."""
    result = payload.get("result")
    if not isinstance(result, dict) or result.get("suggest") not in SEVERITY:
        return TextVerdict("review", 0)
    return TextVerdict(result["suggest"], _whole(result.get("label")))
