"""What the tests of this folder share: WeChat's own side, and a service in small that takes its pushes."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response

from app.wechat.client import WechatClient
from app.wechat.push import PushConfig, PushError, PushEvent, open_message, read_event, verify_url
from wechat_sandbox.config import DEFAULT_APPS

ZHIPIN = ("wxbaogai0000zhipin", "sandbox-secret-zhipin")
LINGGONG = ("wxbaogai000linggong", "sandbox-secret-linggong")
PHONE = "/wxa/business/getuserphonenumber"
TOKEN = "/cgi-bin/stable_token"
LOGIN = "/sns/jscode2session"
MEDIA = "/wxa/media_check_async"
QRCODE = "/wxa/getwxacodeunlimit"
SEND = "/cgi-bin/message/subscribe/send"
CONFIGS = {app.name: PushConfig(app.push_token, app.push_aes_key, app.appid) for app in DEFAULT_APPS}


class Wechat:
    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def control(self, control: str, /, **body: Any) -> Any:
        answer = self.http.post(f"/_sbx/{control}", json=body, headers={"X-Sandbox-Key": "sandbox"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def calls(self, path: str) -> list[Any]:
        answer = self.http.get("/_sbx/calls", params={"path": path}, headers={"X-Sandbox-Key": "sandbox"})
        return answer.json()["calls"]

    def code(self, app: str, person: str) -> str:
        return self.control("login", app=app, person=person)["code"]

    def session(self, code: str, app: tuple[str, str] = ZHIPIN) -> Any:
        query = {"appid": app[0], "secret": app[1], "js_code": code, "grant_type": "authorization_code"}
        return json.loads(self.http.get(LOGIN, params=query).content)

    def token_answer(self, app: tuple[str, str] = ZHIPIN, *, force: bool = False) -> Any:
        body = {"grant_type": "client_credential", "appid": app[0], "secret": app[1], "force_refresh": force}
        return json.loads(self.http.post(TOKEN, json=body).content)

    def token(self, app: tuple[str, str] = ZHIPIN) -> str:
        return self.token_answer(app)["access_token"]

    def post(self, path: str, body: Any, token: str) -> Any:
        return json.loads(self.http.post(path, params={"access_token": token}, json=body).content)

    def ping(self, token: str) -> int:
        """The errcode of a call whose code is unknown: 40029 shows that the token itself was good."""
        return self.post(PHONE, {"code": "none"}, token)["errcode"]

    def seen(self, kind: str, **query: str) -> list[Any]:
        """What a `GET /_sbx/<kind>` lists."""
        answer = self.http.get(f"/_sbx/{kind}", params=query, headers={"X-Sandbox-Key": "sandbox"})
        assert answer.status_code == 200, answer.text
        (listed,) = answer.json().values()
        return listed

    def openid(self, app: str = "zhipin", person: str = "林小梅") -> str:
        """Somebody who is in the mini-program now."""
        return self.session(self.code(app, person), ZHIPIN if app == "zhipin" else LINGGONG)["openid"]


def until(met: Callable[[], Any], seconds: float = 5) -> Any:
    """Wait for what happens elsewhere: the first answer that is true."""
    deadline = time.monotonic() + seconds
    while not (found := met()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return found


class Receiver:
    """A service in small behind a real socket: takes pushes through app/wechat/push.py, shows files to WeChat."""

    def __init__(self) -> None:
        self.url = ""
        self.queries: list[Mapping[str, str]] = []
        self.messages: list[dict[str, Any]] = []
        self.refused: list[str] = []
        # The answers of the next pushes, or what answers them; without any it is `success`.
        self.answers: list[Response] = []
        self.files: dict[str, Response] = {}
        self.fetched: list[str] = []
        self.app = FastAPI(openapi_url=None)
        self.app.get("/push/{app}")(self.check)
        self.app.post("/push/{app}")(self.take)
        self.app.get("/files/{name}")(self.show)

    @property
    def events(self) -> list[PushEvent]:
        return [read_event(message) for message in self.messages]

    async def check(self, app: str, signature: str, timestamp: str, nonce: str, echostr: str) -> Response:
        if self.answers:
            return self.answers.pop(0)
        try:
            verify_url(CONFIGS[app].token, signature, timestamp, nonce)
        except PushError:
            return Response(status_code=403)
        return PlainTextResponse(echostr)

    async def take(self, app: str, request: Request) -> Response:
        self.queries.append(dict(request.query_params))
        try:
            message = open_message(CONFIGS[app], request.query_params, await request.body())
        except PushError as exc:
            self.refused.append(type(exc).__name__)
            return Response(status_code=403)
        self.messages.append(message)
        return self.answers.pop(0) if self.answers else PlainTextResponse("success")

    async def show(self, name: str, request: Request) -> Response:
        self.fetched.append(str(request.url))
        return self.files.get(name) or Response(status_code=404)


class Answers(httpx.AsyncBaseTransport):
    """WeChat's side answering what it is told; keeps the raw requests."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        if request.url.path == TOKEN:
            return httpx.Response(200, json={"access_token": "68_FICTIONAL", "expires_in": 7200})
        return self.answer(request)


def client_of(wechat: WechatClient, transport: Answers) -> WechatClient:
    http = httpx.AsyncClient(transport=transport)
    return WechatClient(http=http, apps=wechat._apps, tokens=wechat._tokens, base_url="https://wechat.invalid")
