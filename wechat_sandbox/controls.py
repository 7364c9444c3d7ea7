"""The control API: what a person would do on the phone or in WeChat's consoles, and the record of calls."""

from hmac import compare_digest
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, HTTPException
from pydantic import Field

from wechat_sandbox.inputs import Input, Person, apply, find_app
from wechat_sandbox.push_controls import add_push_side
from wechat_sandbox.state import Fault, Sandbox, Template, openid_of


class Phone(Person):
    phone: str = Field(pattern=r"^\d{5,15}$")
    country_code: str = Field(default="86", pattern=r"^\d{1,4}$")


class Subscription(Person):
    template_id: str = Field(min_length=1)
    accepts: int = Field(default=1, ge=0, le=1000)


class NewTemplate(Input):
    app: str
    template_id: str = Field(min_length=1)
    keys: list[str] = Field(default_factory=list)
    enums: dict[str, list[str]] = Field(default_factory=dict)
    long_term: bool = False


class NewFault(Input):
    path: str = Field(description="WeChat's path, or * for every one")
    kind: Literal["errcode", "html", "empty", "slow", "reset"]
    errcode: int = -1
    seconds: float = Field(default=30, ge=0, le=600)
    times: int = Field(default=1, ge=1)
    applied: bool = Field(default=False, description="The call takes effect, only the answer is late or lost")


class Clock(Input):
    advance_seconds: float = Field(ge=0)


class PersonOptions(Input):
    person: str
    no_unionid: bool | None = None
    blocked: bool | None = None


class AppOptions(Input):
    app: str
    bound: bool | None = None
    ip_allowed: bool | None = None


class Options(Input):
    content_type: str | None = None
    numeric_country_code: bool | None = None
    rid_tails: bool | None = None
    push_timeout_seconds: float | None = Field(default=None, gt=0, le=60)
    push_resend_seconds: float | None = Field(default=None, ge=0, le=60)


def control_router(sandbox: Sandbox) -> APIRouter:
    """Every control of one sandbox; all but health need `X-Sandbox-Key`."""

    def keyed(x_sandbox_key: Annotated[str, Header()] = "") -> None:
        if not compare_digest(x_sandbox_key.encode(), sandbox.config.key.encode()):
            raise HTTPException(403, "请在 X-Sandbox-Key 请求头中提供沙箱口令")

    public = APIRouter(prefix="/_sbx")

    @public.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    guarded = APIRouter(prefix="/_sbx", dependencies=[Depends(keyed)])
    _add_phone_side(guarded, sandbox)
    _add_console_side(guarded, sandbox)
    _add_test_side(guarded, sandbox)
    add_push_side(guarded, sandbox)
    public_and_guarded = APIRouter()
    public_and_guarded.include_router(public)
    public_and_guarded.include_router(guarded)
    return public_and_guarded


def _add_phone_side(router: APIRouter, sandbox: Sandbox) -> None:
    """What the person does in the mini-program: wx.login, the phone button, accepting messages."""

    @router.post("/login")
    async def login(body: Person) -> dict[str, str]:
        appid = find_app(sandbox, body.app).config.appid
        return {"code": sandbox.issue_code("login", appid, body.person)}

    @router.post("/visits")
    async def visits(body: Person) -> dict[str, Any]:
        """The person, signed in since earlier, opens the mini-program: WeChat checks texts of recent visitors only."""
        sandbox.last_login[openid_of(find_app(sandbox, body.app).config.appid, body.person)] = sandbox.now()
        return {}

    @router.post("/phone")
    async def phone(body: Phone) -> dict[str, str]:
        appid = find_app(sandbox, body.app).config.appid
        code = sandbox.issue_code("phone", appid, body.person, phone=body.phone, country_code=body.country_code)
        return {"code": code}

    @router.post("/subscriptions")
    async def subscriptions(body: Subscription) -> dict[str, int]:
        key = (openid_of(find_app(sandbox, body.app).config.appid, body.person), body.template_id)
        sandbox.subscriptions[key] += body.accepts
        return {"left": sandbox.subscriptions[key]}


def _add_console_side(router: APIRouter, sandbox: Sandbox) -> None:
    """What WeChat and the operator decide: people, apps, templates."""

    @router.post("/persons")
    async def persons(body: PersonOptions) -> dict[str, Any]:
        apply(sandbox.people[body.person], body, "no_unionid", "blocked")
        return {}

    @router.post("/apps")
    async def apps(body: AppOptions) -> dict[str, Any]:
        apply(find_app(sandbox, body.app), body, "bound", "ip_allowed")
        return {}

    @router.post("/templates")
    async def templates(body: NewTemplate) -> dict[str, Any]:
        template = Template(frozenset(body.keys), body.enums, long_term=body.long_term)
        find_app(sandbox, body.app).templates[body.template_id] = template
        return {}


def _add_test_side(router: APIRouter, sandbox: Sandbox) -> None:
    """What a test needs: faults, the record, the clock, a clean start."""

    @router.post("/faults")
    async def add_fault(body: NewFault) -> dict[str, Any]:
        sandbox.faults.append(Fault(**body.model_dump()))
        return {}

    @router.delete("/faults")
    async def clear_faults() -> dict[str, Any]:
        sandbox.faults.clear()
        return {}

    @router.get("/calls")
    async def calls(path: str | None = None) -> dict[str, Any]:
        return {"calls": [call for call in sandbox.calls if path is None or call["path"] == path]}

    @router.get("/sms")
    async def sms(phone: str | None = None) -> dict[str, Any]:
        return {"messages": [message for message in sandbox.sms if phone is None or message["phone"] == phone]}

    @router.get("/secrets")
    async def secrets() -> dict[str, Any]:
        """What was handed out in confidence, for a test that looks where it went."""
        return {"session_keys": list(sandbox.session_keys), "access_tokens": list(sandbox.tokens)}

    @router.post("/clock")
    async def clock(body: Clock) -> dict[str, int]:
        sandbox.offset += body.advance_seconds
        return {"now": int(sandbox.now())}

    @router.post("/options")
    async def options(body: Options) -> dict[str, Any]:
        apply(sandbox, body, *Options.model_fields)
        return {}

    @router.post("/reset")
    async def reset() -> dict[str, Any]:
        sandbox.reset()
        return {}
