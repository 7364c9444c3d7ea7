"""The control API of the pushed events: addresses, events of every kind, media verdicts, and what the service answered.

A control that causes an event pushes it before it answers: `pushes` holds every attempt, and is empty without an address.
"""

import asyncio
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import Field, StringConstraints, model_validator

from wechat_sandbox import events
from wechat_sandbox.config import AES_KEY_PATTERN, PushTarget
from wechat_sandbox.inputs import Input, Person, apply, find_app
from wechat_sandbox.push import GENUINE, RESENDS, Forgery, check_url, deliver
from wechat_sandbox.state import AppState, Sandbox, openid_of


class PushSettings(Input):
    app: str
    url: str | None = Field(pattern=r"^https?://.+", description="null: nothing is pushed any more")
    token: str | None = Field(default=None, min_length=3, max_length=32)
    aes_key: str | None = Field(default=None, pattern=AES_KEY_PATTERN)
    mode: Literal["plain", "safe"] = "safe"


class NewPush(Input):
    app: str
    event: dict[str, Any]
    person: str | None = None
    wrong_signature: bool = False
    wrong_appid: bool = False
    timestamp_offset: int = Field(default=0, description="Seconds; negative is a stale message")
    plain: bool = False
    duplicated: bool = Field(default=False, description="Twice at once")
    resends: int | None = Field(default=None, ge=0, le=RESENDS, description="3; 0 for what WeChat would not send")


class PushCheck(Input):
    app: str
    wrong_signature: bool = False


class Answers(Person):
    answers: dict[str, Literal["accept", "reject"]] = Field(min_length=1, max_length=5)
    single: bool = Field(default=False, description="List as one object instead of an array: for one answer only")

    @model_validator(mode="after")
    def one_answer(self) -> "Answers":
        if self.single and len(self.answers) > 1:
            message = "single 只能用于一个模板"
            raise ValueError(message)
        return self


class Setting(Person):
    template_id: str = Field(min_length=1)
    status: Literal["reject"] = "reject"
    single: bool = False


class SentFailure(Input):
    app: str
    error_code: str = Field(default="20002", pattern=r"^\d+$")
    error_status: str = "fail"
    times: int = Field(default=1, ge=1, le=1000)


class Revocation(Person):
    codes: list[Annotated[str, StringConstraints(pattern=r"^\d{1,4}$")]] = Field(min_length=1)


class NextMedia(Input):
    app: str
    verdict: Literal["pass", "review", "risky", "fail"] | None = Field(default=None, description="Before any marker")
    times: int = Field(default=1, ge=1, le=1000)
    delay_seconds: float | None = Field(default=None, ge=0, le=1800)
    push_twice: bool | None = None
    push_before_answer: bool | None = Field(default=None, description="The event arrives before the trace_id")


def add_push_side(router: APIRouter, sandbox: Sandbox) -> None:
    _add_push_settings(router, sandbox)
    _add_person_side(router, sandbox)
    _add_media_side(router, sandbox)


async def _push_all(sandbox: Sandbox, app: AppState, messages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One after another; every attempt."""
    return [attempt for message in messages for attempt in await deliver(sandbox, app, message)]


def _target(app: AppState) -> PushTarget:
    if app.push is None:
        raise HTTPException(409, f"小程序“{app.config.name}”没有设置消息推送地址")
    return app.push


def _add_push_settings(router: APIRouter, sandbox: Sandbox) -> None:
    """消息推送 in the console, and events sent by hand."""

    @router.post("/push-config")
    async def push_config(body: PushSettings) -> dict[str, Any]:
        app = find_app(sandbox, body.app)
        token, aes_key = body.token or app.config.push_token, body.aes_key or app.config.push_aes_key
        app.push = PushTarget(body.url, token, aes_key, body.mode) if body.url else None
        return {}

    @router.post("/push-check")
    async def push_check(body: PushCheck) -> dict[str, Any]:
        target = _target(find_app(sandbox, body.app))
        return await check_url(sandbox, target, wrong_signature=body.wrong_signature)

    @router.post("/push")
    async def push(body: NewPush) -> dict[str, Any]:
        app = find_app(sandbox, body.app)
        _target(app)
        message = {"ToUserName": app.config.username, "CreateTime": int(sandbox.now()), "MsgType": "event"}
        if body.person is not None:
            message["FromUserName"] = openid_of(app.config.appid, body.person)
        message |= body.event
        forgery = Forgery(body.wrong_signature, body.wrong_appid, body.plain, body.timestamp_offset)
        resends = body.resends if body.resends is not None else RESENDS if forgery == GENUINE else 0
        copies = [deliver(sandbox, app, message, forgery, resends) for _ in range(2 if body.duplicated else 1)]
        sent = await asyncio.gather(*copies)
        pushes = [attempt for attempts in sent for attempt in attempts]
        return {"accepted": all(attempts[-1]["accepted"] for attempts in sent), "pushes": pushes}

    @router.get("/pushes")
    async def pushes(app: str | None = None, event: str | None = None) -> dict[str, Any]:
        return {
            "pushes": [
                push
                for push in sandbox.pushes
                if app in (None, push["app"]) and event in (None, push["event"].get("Event"))
            ]
        }


def _add_person_side(router: APIRouter, sandbox: Sandbox) -> None:
    """What the person decides: subscriptions, the use of their data, the account."""

    @router.post("/subscribe")
    async def subscribe(body: Answers) -> dict[str, Any]:
        app = find_app(sandbox, body.app)
        openid = openid_of(app.config.appid, body.person)
        for template_id, answer in body.answers.items():
            sandbox.subscriptions[openid, template_id] += answer == "accept"
        left = {template_id: sandbox.subscriptions[openid, template_id] for template_id in body.answers}
        message = events.popup_answered(sandbox, app, openid, body.answers, single=body.single)
        return {"left": left, "pushes": await _push_all(sandbox, app, [message])}

    @router.post("/subscription-settings")
    async def subscription_settings(body: Setting) -> dict[str, Any]:
        app = find_app(sandbox, body.app)
        openid = openid_of(app.config.appid, body.person)
        sandbox.subscriptions[openid, body.template_id] = 0
        message = events.setting_changed(sandbox, app, openid, body.template_id, body.status, single=body.single)
        return {"left": {body.template_id: 0}, "pushes": await _push_all(sandbox, app, [message])}

    @router.post("/sent-failures")
    async def sent_failures(body: SentFailure) -> dict[str, Any]:
        failures = [(body.error_code, body.error_status)] * body.times
        find_app(sandbox, body.app).sent_failures.extend(failures)
        return {}

    @router.post("/revoke")
    async def revoke(body: Revocation) -> dict[str, Any]:
        app = find_app(sandbox, body.app)
        openid = openid_of(app.config.appid, body.person)
        messages = events.authorization_revoked(sandbox, app, openid, body.codes)
        return {"pushes": await _push_all(sandbox, app, messages)}

    @router.post("/cancel")
    async def cancel(body: Person) -> dict[str, Any]:
        app = find_app(sandbox, body.app)
        message = events.account_cancelled(sandbox, app, openid_of(app.config.appid, body.person))
        return {"pushes": await _push_all(sandbox, app, [message])}


def _add_media_side(router: APIRouter, sandbox: Sandbox) -> None:
    """Verdicts of the next media checks, and what became of the earlier ones."""

    @router.post("/media")
    async def media(body: NextMedia) -> dict[str, Any]:
        options = find_app(sandbox, body.app).media
        if body.verdict is not None:
            options.verdicts.extend([body.verdict] * body.times)
        apply(options, body, "delay_seconds", "push_twice", "push_before_answer")
        return {"queued": list(options.verdicts)}

    @router.get("/media")
    async def media_checks(app: str | None = None) -> dict[str, Any]:
        return {"checks": [check for check in sandbox.media_checks if app in (None, check["app"])]}
