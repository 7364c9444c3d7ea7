"""The WeChat calls the service uses, each a plain function from a call to the answer's JSON.

Sources: developers.weixin.qq.com, 小程序服务端 API; the page is named at each function.
"""

import json
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import Any

from wechat_sandbox import events, media, qrcode
from wechat_sandbox.calls import Call, check_author, check_scene, is_openid, new_trace
from wechat_sandbox.errors import WechatError
from wechat_sandbox.push import announce
from wechat_sandbox.state import AppState, Sandbox, Template, openid_of, unionid_of
from wechat_sandbox.templates import check_data

CONTENT_CHARACTERS = 2500
# Marker in the text, suggest, label; the worst first.
_MARKERS = (("SBX_FRAUD", "risky", 20008), ("SBX_RISKY", "risky", 20006), ("SBX_REVIEW", "review", 21000))


def answer(sandbox: Sandbox, call: Call) -> dict[str, Any] | bytes:
    """Run the call: an object for JSON, or the bytes of an image.

    Raises WechatError, in WeChat's order: address, method, token, body, then the call's own.
    """
    entry = _CALLS.get(call.path)
    if entry is None:
        raise WechatError(40066)
    method, needs_token, handler = entry
    if call.method != method:
        raise WechatError(43002 if method == "POST" else 43001)
    if needs_token:
        call.appid = sandbox.app_of_token(call.query.get("access_token")).config.appid
    if method == "POST":
        # getUnlimitedQRCode has its own number for a body that is not JSON.
        call.body = _json_object(call.raw, 40169 if call.path == qrcode.PATH else 47001)
    return handler(sandbox, call)


def _json_object(raw: bytes, malformed: int) -> dict[str, Any]:
    if not raw:
        raise WechatError(44002)
    try:
        body = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise WechatError(malformed) from None
    if not isinstance(body, dict):
        raise WechatError(malformed)
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
    session_key = b64encode(secrets.token_bytes(16)).decode()
    sandbox.session_keys.append(session_key)
    result = {"openid": openid, "session_key": session_key}
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


def check_text(sandbox: Sandbox, call: Call) -> dict[str, Any]:
    """`POST /wxa/msg_sec_check` (文本内容安全识别 2.0). errcode is 0 even for risky text: read `result.suggest`."""
    body = call.body
    content = body.get("content")
    if body.get("version") != 2 or not isinstance(content, str) or not 0 < len(content) <= CONTENT_CHARACTERS:
        raise WechatError(47001)
    check_scene(body.get("scene"))
    check_author(sandbox, str(call.appid), body.get("openid"))
    text = "\n".join(str(body.get(key, "")) for key in ("content", "title", "nickname", "signature"))
    marker, suggest, label = next((row for row in _MARKERS if row[0] in text), ("", "pass", 100))
    model = {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}
    keyword: dict[str, Any] = {"strategy": "keyword", "errcode": 0, "suggest": suggest, "label": label}
    if marker:
        keyword |= {"level": 90, "keyword": marker}
    return {
        "errcode": 0,
        "errmsg": "ok",
        "trace_id": new_trace(sandbox),
        "result": {"suggest": suggest, "label": label},
        "detail": [model, keyword],
    }


def send_subscription(sandbox: Sandbox, call: Call) -> dict[str, Any]:
    """`POST /cgi-bin/message/subscribe/send` (发送订阅消息). One accept is one message; 43101 when none is left."""
    body, appid = call.body, str(call.appid)
    app = sandbox.apps[appid]
    openid, template_id = body.get("touser"), body.get("template_id")
    if not isinstance(openid, str) or not is_openid(openid, appid):
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
    msgid = 3_000_000_000 + sandbox.next_serial()
    failure = app.sent_failures.popleft() if app.sent_failures else None
    announce(sandbox, app, events.message_sent(sandbox, app, openid, template_id, msgid, failure))
    return {"errcode": 0, "errmsg": "ok", "msgid": msgid}


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


Handler = Callable[[Sandbox, Call], dict[str, Any] | bytes]
# Address: method, whether an access_token is needed in the query, handler.
_CALLS: Mapping[str, tuple[str, bool, Handler]] = {
    "/sns/jscode2session": ("GET", False, code_to_session),
    "/cgi-bin/stable_token": ("POST", False, stable_token),
    "/wxa/business/getuserphonenumber": ("POST", True, get_phone_number),
    "/wxa/msg_sec_check": ("POST", True, check_text),
    media.PATH: ("POST", True, media.check_media),
    qrcode.PATH: ("POST", True, qrcode.unlimited_qrcode),
    "/cgi-bin/message/subscribe/send": ("POST", True, send_subscription),
}
