"""WeChat's error codes with its own English errmsg (全局返回码). Business errors travel in HTTP 200."""

from typing import Final

MESSAGES: Final[dict[int, str]] = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40037: "invalid template_id",
    40066: "invalid url",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40163: "code been used",
    40164: "invalid ip, not in whitelist",
    40169: "invalid length for scene, or the data is not json string",
    40226: "code blocked",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41030: "invalid page",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43101: "user refuse to accept the msg",
    43104: "appid and openid not match",
    43107: "subscribe message capability banned",
    43108: "concurrent sending to the same user",
    44002: "empty post data",
    44991: "reach minute quota limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45168: "content contains sensitive words",
    47001: "data format error",
    47003: "argument invalid!",
    61010: "user access record timeout",
    85096: "not allow include scancode_time field",
    87020: "repeated request for the same media",
}


class WechatError(Exception):
    """A refusal by errcode; `detail` is appended to errmsg, as WeChat names the offending field."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        self.errcode = errcode
        text = MESSAGES.get(errcode, "error")
        self.errmsg = f"{text} {detail}" if detail else text
        super().__init__(self.errmsg)
