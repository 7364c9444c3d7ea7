"""The WeChat calls the service uses, each a plain function from a call to the answer's JSON.

Sources: developers.weixin.qq.com, 小程序服务端 API; the page is named at each function.
"""

import json
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any

from wechat_sandbox.errors import WechatError
from wechat_sandbox.state import AppState, Sandbox, Template, openid_of, openid_prefix, unionid_of
from wechat_sandbox.templates import check_data

ACTIVE_SECONDS = 2 * 3600  # msgSecCheck: the user opened the mini-program within 2 hours
CONTENT_CHARACTERS = 2500
# Marker in the text, suggest, label; the worst first.
_MARKERS = (("SBX_FRAUD", "risky", 20008), ("SBX_RISKY", "risky", 20006), ("SBX_REVIEW", "review", 21000))


@dataclass(slots=True)
class Call:
    """One request. `appid` and `body` are filled in while it is understood, for the record of calls."""

    method: str
    path: str
    query: Mapping[str, str]
    raw: bytes
    appid: str | None = None
    body: dict[str, Any] = field(default_factory=dict)


def answer(sandbox: Sandbox, call: Call) -> dict[str, Any]:
    """Run the call. Raises WechatError, in WeChat's order: address, method, token, body, then the call's own."""
    entry = _CALLS.get(call.path)
    if entry is None:
        raise WechatError(40066)
    method, needs_token, handler = entry
    if call.method != method:
        raise WechatError(43002 if method == "POST" else 43001)
    if needs_token:
        call.appid = sandbox.app_of_token(call.query.get("access_token")).config.appid
    if method == "POST":
        call.body = _json_object(call.raw)
    return handler(sandbox, call)


def _json_object(raw: bytes) -> dict[str, Any]:
    if not raw:
        raise WechatError(44002)
    try:
        body = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise WechatError(47001) from None
    if not isinstance(body, dict):
        raise WechatError(47001)
    return body


def _sign_in_app(sandbox: Sandbox, call: Call, values: Mapping[str, Any], grant_type: str) -> AppState:
    """The app whose appid and secret are given. Raises 41002 41004 40002 40013 40125."""
    appid, secret = values.get("appid"), values.get("secret")
    if not isinstance(appid, str) or not appid:
        raise WechatError(41002)
    call.appid = appid
    if not isinstance(secret, str) or not secret:
        raise WechatError(41004)
    if values.get("grant_type") != grant_type:
        raise WechatError(40002)
    app = sandbox.apps.get(appid)
    if app is None:
        raise WechatError(40013)
    if not compare_digest(secret.encode(), app.config.secret.encode()):
        raise WechatError(40125)
    return app


def code_to_session(sandbox: Sandbox, call: Call) -> dict[str, Any]:
    """`GET /sns/jscode2session` (小程序登录 code2Session). Success carries no errcode; unionid only when bound."""
    app = _sign_in_app(sandbox, call, call.query, "authorization_code")
    code = sandbox.use_code("login", app.config.appid, call.query.get("js_code"), foreign=40029)
    person = sandbox.people[code.person]
    if person.blocked:
        raise WechatError(40226)
    openid = openid_of(app.config.appid, code.person)
    sandbox.last_login[openid] = sandbox.now()
    result = {"openid": openid, "session_key": b64encode(secrets.token_bytes(16)).decode()}
    if app.bound and not person.no_unionid:
        result["unionid"] = unionid_of(app.config.open_account, code.person)
    return result


def stable_token(sandbox: Sandbox, call: Call) -> dict[str, Any]:
    """`POST /cgi-bin/stable_token` (获取稳定版接口调用凭据). `expires_in` in seconds, 300 to 7200."""
    app = _sign_in_app(sandbox, call, call.body, "client_credential")
    if not app.ip_allowed:
        raise WechatError(40164)
    token = sandbox.stable_token(app, force=call.body.get("force_refresh") is True)
    return {"access_token": token.value, "expires_in": round(token.expires - sandbox.now())}


def get_phone_number(sandbox: Sandbox, call: Call) -> dict[str, Any]:
    """`POST /wxa/business/getuserphonenumber` (手机号快速验证). Another app's code answers 40013."""
    appid = str(call.appid)
    code = sandbox.use_code("phone", appid, call.body.get("code"), foreign=40013)
    number = code.country_code
    info = {
        "phoneNumber": code.phone if number == "86" else f"+{number}{code.phone}",
        "purePhoneNumber": code.phone,
        "countryCode": int(number) if sandbox.numeric_country_code else number,
        "watermark": {"timestamp": int(sandbox.now()), "appid": appid},
    }
    return {"errcode": 0, "errmsg": "ok", "phone_info": info}


def _is_openid(openid: object, appid: str) -> bool:
    return isinstance(openid, str) and len(openid) == 28 and openid.startswith(openid_prefix(appid))


def _check_author(sandbox: Sandbox, appid: str, openid: object) -> None:
    if not isinstance(openid, str) or not openid:
        raise WechatError(47001, "openid")
    if not _is_openid(openid, appid):
        raise WechatError(43104 if any(_is_openid(openid, other) for other in sandbox.apps) else 40003)
    if sandbox.now() - sandbox.last_login.get(openid, 0) > ACTIVE_SECONDS:
        raise WechatError(61010)


def check_text(sandbox: Sandbox, call: Call) -> dict[str, Any]:
    """`POST /wxa/msg_sec_check` (文本内容安全识别 2.0). errcode is 0 even for risky text: read `result.suggest`."""
    body = call.body
    content = body.get("content")
    if body.get("version") != 2 or not isinstance(content, str) or not 0 < len(content) <= CONTENT_CHARACTERS:
        raise WechatError(47001)
    scene = body.get("scene")
    if isinstance(scene, bool) or scene not in (1, 2, 3, 4):
        raise WechatError(40129)
    _check_author(sandbox, str(call.appid), body.get("openid"))
    text = "\n".join(str(body.get(key, "")) for key in ("content", "title", "nickname", "signature"))
    marker, suggest, label = next((row for row in _MARKERS if row[0] in text), ("", "pass", 100))
    model = {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}
    keyword: dict[str, Any] = {"strategy": "keyword", "errcode": 0, "suggest": suggest, "label": label}
    if marker:
        keyword |= {"level": 90, "keyword": marker}
    return {
        "errcode": 0,
        "errmsg": "ok",
        "trace_id": f"{int(sandbox.now()):08x}-{secrets.token_hex(4)}-{sandbox.next_serial():08x}",
        "result": {"suggest": suggest, "label": label},
        "detail": [model, keyword],
    }


def send_subscription(sandbox: Sandbox, call: Call) -> dict[str, Any]:
    """`POST /cgi-bin/message/subscribe/send` (发送订阅消息). One accept is one message; 43101 when none is left."""
    body, appid = call.body, str(call.appid)
    app = sandbox.apps[appid]
    openid, template_id = body.get("touser"), body.get("template_id")
    if not isinstance(openid, str) or not _is_openid(openid, appid):
        raise WechatError(40003)
    if not isinstance(template_id, str) or not template_id:
        raise WechatError(40037)
    template = app.templates.get(template_id)
    if template is None and app.config.registered_templates_only:
        raise WechatError(40037)
    _check_send_options(app, body)
    check_data(body.get("data"), template or Template())
    if sandbox.subscriptions[openid, template_id] <= 0:
        raise WechatError(43101)
    if template is None or not template.long_term:
        sandbox.subscriptions[openid, template_id] -= 1
    return {"errcode": 0, "errmsg": "ok", "msgid": 3_000_000_000 + sandbox.next_serial()}


def _check_send_options(app: AppState, body: Mapping[str, Any]) -> None:
    if body.get("miniprogram_state", "formal") not in ("developer", "trial", "formal"):
        raise WechatError(40097, "miniprogram_state")
    if body.get("lang", "zh_CN") not in ("zh_CN", "en_US", "zh_HK", "zh_TW"):
        raise WechatError(40097, "lang")
    page = body.get("page", "")
    if not isinstance(page, str):
        raise WechatError(40097, "page")
    if page and app.config.pages is not None and page.split("?")[0] not in app.config.pages:
        raise WechatError(41030)


Handler = Callable[[Sandbox, Call], dict[str, Any]]
# Address: method, whether an access_token is needed in the query, handler.
_CALLS: Mapping[str, tuple[str, bool, Handler]] = {
    "/sns/jscode2session": ("GET", False, code_to_session),
    "/cgi-bin/stable_token": ("POST", False, stable_token),
    "/wxa/business/getuserphonenumber": ("POST", True, get_phone_number),
    "/wxa/msg_sec_check": ("POST", True, check_text),
    "/cgi-bin/message/subscribe/send": ("POST", True, send_subscription),
}
