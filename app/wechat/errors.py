"""What can go wrong with WeChat's server API, and what each errcode asks for.

Codes and meanings: https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html and the API pages.
Exceptions carry code and API only: no secret, token, login code, session_key or openid reaches a log through them.
"""

from dataclasses import dataclass
from enum import StrEnum


class Do(StrEnum):
    """What the client does on an errcode."""

    RETRY = "retry"  # busy: again, with back-off
    LATER = "later"  # a quota is used up: not now
    NEW_TOKEN = "new_token"  # noqa: S105  # the name of an action
    CALLER = "caller"  # the input of the person or of the moment is refused
    OPERATOR = "operator"  # our AppID, secret, address, grant or mistake: somebody must configure or mend


@dataclass(frozen=True, slots=True)
class Meaning:
    do: Do
    text: str
    retry_after: int = 2


ERRCODES: dict[int, Meaning] = {
    -1: Meaning(Do.RETRY, "system busy"),
    40001: Meaning(Do.NEW_TOKEN, "token invalid or not the latest"),
    40014: Meaning(Do.NEW_TOKEN, "token malformed"),
    42001: Meaning(Do.NEW_TOKEN, "token expired"),
    40003: Meaning(Do.CALLER, "openid not of this mini-program"),
    40029: Meaning(Do.CALLER, "code invalid or expired"),
    40163: Meaning(Do.CALLER, "code been used"),
    40226: Meaning(Do.CALLER, "user blocked as high risk"),
    43101: Meaning(Do.CALLER, "no subscription left"),
    43104: Meaning(Do.CALLER, "openid and appid do not match"),
    45168: Meaning(Do.CALLER, "sensitive word in message"),
    47003: Meaning(Do.CALLER, "template value breaks its rule"),
    50002: Meaning(Do.CALLER, "user restricted"),
    61010: Meaning(Do.CALLER, "user not active within two hours"),
    87007: Meaning(Do.CALLER, "session_key missing or expired"),
    87008: Meaning(Do.CALLER, "session signature method"),
    87009: Meaning(Do.CALLER, "session signature invalid"),
    87014: Meaning(Do.CALLER, "risky content (checks of version 1)"),
    # The trace of the first request is the one that will be answered.
    87020: Meaning(Do.CALLER, "same media checked too often"),
    43108: Meaning(Do.LATER, "concurrent send to one user", 5),
    44990: Meaning(Do.LATER, "per-second limit", 2),
    44991: Meaning(Do.LATER, "per-minute limit", 60),
    44993: Meaning(Do.LATER, "per-day limit", 3600),
    45011: Meaning(Do.LATER, "per-minute limit", 60),
    45009: Meaning(Do.LATER, "daily quota", 3600),
    40002: Meaning(Do.OPERATOR, "grant_type invalid or not permitted"),
    40004: Meaning(Do.OPERATOR, "media type invalid"),
    40013: Meaning(Do.OPERATOR, "appid invalid"),
    40037: Meaning(Do.OPERATOR, "template id invalid"),
    40097: Meaning(Do.OPERATOR, "arguments invalid"),
    40125: Meaning(Do.OPERATOR, "secret invalid"),
    40129: Meaning(Do.OPERATOR, "scene invalid"),
    40164: Meaning(Do.OPERATOR, "address not on the allow-list"),
    40165: Meaning(Do.OPERATOR, "path invalid"),
    40169: Meaning(Do.OPERATOR, "scene length, or no JSON"),
    40212: Meaning(Do.OPERATOR, "query invalid"),
    40243: Meaning(Do.OPERATOR, "secret frozen"),
    41001: Meaning(Do.OPERATOR, "token missing"),
    41002: Meaning(Do.OPERATOR, "appid missing"),
    41004: Meaning(Do.OPERATOR, "secret missing"),
    41030: Meaning(Do.OPERATOR, "page not in the published version"),
    43002: Meaning(Do.OPERATOR, "POST required"),
    43107: Meaning(Do.OPERATOR, "subscription messages banned"),
    44002: Meaning(Do.OPERATOR, "body empty"),
    47001: Meaning(Do.OPERATOR, "no JSON, or a field missing"),
    48001: Meaning(Do.OPERATOR, "API not granted"),
    48004: Meaning(Do.OPERATOR, "API banned"),
    61007: Meaning(Do.OPERATOR, "API not granted to the third-party platform"),
    85079: Meaning(Do.OPERATOR, "mini-program not published"),
    85096: Meaning(Do.OPERATOR, "scene holds a reserved word"),
    89503: Meaning(Do.OPERATOR, "address waits for the administrator's approval"),
    89506: Meaning(Do.OPERATOR, "address refused by the administrator"),
    89507: Meaning(Do.OPERATOR, "address refused by the administrator"),
}
UNKNOWN = Meaning(Do.OPERATOR, "unexpected errcode")


class WechatError(Exception):
    """Base. `errcode` is None where no JSON answer came at all."""

    def __init__(self, api: str, errcode: int | None, text: str) -> None:
        super().__init__(f"{api}: {errcode} {text}")
        self.api = api
        self.errcode = errcode


class WechatUnavailable(WechatError):  # noqa: N818  # a state of WeChat
    """No usable answer: network, time-out, no JSON, 5xx, busy after retries, a quota. `retry_after` in seconds."""

    def __init__(self, api: str, errcode: int | None, text: str, *, retry_after: int = 2) -> None:
        super().__init__(api, errcode, text)
        self.retry_after = retry_after


class WechatRejected(WechatError):  # noqa: N818
    """WeChat answered and said no."""

    errcode: int

    @property
    def blames_caller(self) -> bool:
        """True where the person's code or state is at fault; False where our configuration is.

        40013 on a phone code means that the code belongs to the other mini-program: `PhoneCodeForeign`.
        """
        return ERRCODES.get(self.errcode, UNKNOWN).do is Do.CALLER


class PhoneCodeForeign(WechatRejected):
    """getPhoneNumber with a code of the other mini-program (40013, or a foreign watermark)."""

    @property
    def blames_caller(self) -> bool:
        return True


class TemplateValueError(ValueError):
    """A value breaks the rule of its template key; found before anything is sent. `key` names it."""

    def __init__(self, key: str, rule: str) -> None:
        super().__init__(f"{key}: {rule}")
        self.key = key


class QrcodeValueError(ValueError):
    """A value that no mini-program code can hold; found before anything is sent. `key` names it."""

    def __init__(self, key: str, rule: str) -> None:
        super().__init__(f"{key}: {rule}")
        self.key = key
