"""`POST /sms/send`: a gateway for text messages, for development. It is not WeChat's; it only lives on the same port."""

import json
import re
from hmac import compare_digest
from typing import Any

from wechat_sandbox.calls import Call
from wechat_sandbox.state import Sandbox

PATH = "/sms/send"
SECRET = "sandbox-sms"
_PHONE = re.compile(r"\+?[0-9]{5,15}", re.ASCII)


def send_sms(sandbox: Sandbox, call: Call) -> tuple[int, dict[str, Any]]:
    """HTTP status and answer. What is accepted is kept in full, as a phone would show it: `GET /_sbx/sms`."""
    if call.method != "POST":
        return 405, {"accepted": False, "error": "method not allowed"}
    if not compare_digest(call.authorization.encode(), f"Bearer {SECRET}".encode()):
        return 401, {"accepted": False, "error": "unauthorized"}
    body = _body(call.raw)
    problem = _problem(body)
    if body is None or problem:
        return 400, {"accepted": False, "error": problem}
    call.body = body
    message = {"id": f"sms-{sandbox.next_serial():08d}"} | {
        key: body.get(key) for key in ("phone", "template", "params")
    }
    sandbox.sms.append({**message, "at": sandbox.now_text()})
    return 200, {"accepted": True, "id": message["id"]}


def _body(raw: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _problem(body: dict[str, Any] | None) -> str:
    """The name of what is wrong, or nothing."""
    if body is None:
        return "body"
    phone, template = body.get("phone"), body.get("template")
    if not isinstance(phone, str) or _PHONE.fullmatch(phone) is None:
        return "phone"
    if not isinstance(template, str) or not template:
        return "template"
    return "" if isinstance(body.get("params"), dict) else "params"
