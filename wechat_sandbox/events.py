"""The events that WeChat pushes, as JSON objects (消息推送; the page is named at each function)."""

from collections.abc import Iterable, Mapping
from typing import Any

from wechat_sandbox.state import AppState, Sandbox, openid_of


def event(sandbox: Sandbox, app: AppState, sender: str, name: str, **fields: Any) -> dict[str, Any]:
    head = {"ToUserName": app.config.username, "FromUserName": sender, "CreateTime": int(sandbox.now())}
    return {**head, "MsgType": "event", "Event": name, **fields}


def media_checked(
    sandbox: Sandbox, app: AppState, openid: str, trace_id: str, verdict: tuple[str, int] | None
) -> dict[str, Any]:
    """音视频内容安全识别. `verdict` is suggest and label; None: the download failed, and there is no result."""
    head = {"appid": app.config.appid, "trace_id": trace_id, "version": 2}
    if verdict is None:
        end: dict[str, Any] = {"detail": [], "errcode": -1008, "errmsg": "download failed"}
    else:
        result = {"suggest": verdict[0], "label": verdict[1]}
        row = {"strategy": "content_model", "errcode": 0, **result, "prob": 90}
        end = {"detail": [row], "errcode": 0, "errmsg": "ok", "result": result}
    return event(sandbox, app, openid, "wxa_media_check", **head, **end)


def _subscription_event(
    sandbox: Sandbox, app: AppState, openid: str, name: str, rows: list[dict[str, str]], *, single: bool
) -> dict[str, Any]:
    message = event(sandbox, app, openid, name, List=rows[0] if single else rows)
    sandbox.subscription_events += 1
    # WeChat writes the time of these now as a string, now as a number.
    if sandbox.subscription_events % 2:
        message["CreateTime"] = str(message["CreateTime"])
    return message


def popup_answered(
    sandbox: Sandbox, app: AppState, openid: str, answers: Mapping[str, str], *, single: bool
) -> dict[str, Any]:
    """订阅消息: the person answered the dialog of wx.requestSubscribeMessage. `answers` by template id."""
    rows = [
        {"TemplateId": template_id, "SubscribeStatusString": answer, "PopupScene": "0"}
        for template_id, answer in answers.items()
    ]
    return _subscription_event(sandbox, app, openid, "subscribe_msg_popup_event", rows, single=single)


def setting_changed(
    sandbox: Sandbox, app: AppState, openid: str, template_id: str, status: str, *, single: bool
) -> dict[str, Any]:
    """订阅消息: the person switched it in the settings."""
    rows = [{"TemplateId": template_id, "SubscribeStatusString": status}]
    return _subscription_event(sandbox, app, openid, "subscribe_msg_change_event", rows, single=single)


def message_sent(
    sandbox: Sandbox, app: AppState, openid: str, template_id: str, msgid: int, failure: tuple[str, str] | None
) -> dict[str, Any]:
    """订阅消息: what became of a message that the send call took."""
    code, status = failure or ("0", "success")
    rows = [{"TemplateId": template_id, "MsgID": str(msgid), "ErrorCode": code, "ErrorStatus": status}]
    return _subscription_event(sandbox, app, openid, "subscribe_msg_sent_event", rows, single=False)


def _platform(app: AppState) -> str:
    """授权用户信息变更: the sender is WeChat's own pushing service; only `OpenID` names the person."""
    return openid_of(app.config.appid, "\0platform")


def authorization_revoked(sandbox: Sandbox, app: AppState, openid: str, codes: Iterable[str]) -> list[dict[str, Any]]:
    """授权用户信息变更: one event for each kind of data whose use the person no longer allows."""
    who = {"OpenID": openid, "AppID": app.config.appid}
    return [event(sandbox, app, _platform(app), "user_authorization_revoke", **who, RevokeInfo=code) for code in codes]


def account_cancelled(sandbox: Sandbox, app: AppState, openid: str) -> dict[str, Any]:
    """授权用户信息变更: the person has deleted the WeChat account."""
    who = {"OpenID": openid, "AppID": app.config.appid}
    return event(sandbox, app, _platform(app), "user_authorization_cancellation", **who)
