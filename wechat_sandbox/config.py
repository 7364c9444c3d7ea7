"""What a sandbox is started with: the mini-programs it plays and how its answers look."""

import re
from dataclasses import dataclass
from typing import Literal

# 真实的小程序 appid 是 wx 加 16 位十六进制；沙箱只认编造的账号
_REAL_APPID = re.compile(r"wx[0-9a-f]{16}")
# EncodingAESKey: 43 characters of the base64 alphabet, 32 bytes once a "=" is appended (消息推送).
AES_KEY_PATTERN = r"^[A-Za-z0-9+/]{43}$"


@dataclass(frozen=True, slots=True)
class PushTarget:
    """Where and how events are pushed: 消息推送 of one mini-program's console. `mode` is plain or safe; data is JSON."""

    url: str
    token: str
    aes_key: str
    mode: Literal["plain", "safe"] = "safe"


@dataclass(frozen=True, slots=True)
class AppConfig:
    """One mini-program. `open_account` is the WeChat Open Platform account it may be bound to."""

    name: str
    appid: str
    secret: str
    open_account: str = "baogai-open-platform"
    bound: bool = True
    # None: every page counts as published; else other pages answer 41030.
    pages: frozenset[str] | None = None
    # True: only templates registered by `/_sbx/templates` exist, others answer 40037.
    registered_templates_only: bool = False
    # The mini-program's own name, ToUserName of its events.
    username: str = "gh_baogai000001"
    # Empty: nothing is pushed. What is given here stays after `/_sbx/reset`.
    push_url: str = ""
    # Fictional and public, for development only. The pair of the push vectors that were checked with another library.
    push_token: str = "bg_sandbox_token"
    push_aes_key: str = "e4XgsUeuAgsgm+FOvCAHCqkz8cwC0/IGWCGYbODnX9I"

    def __post_init__(self) -> None:
        if _REAL_APPID.fullmatch(self.appid) or not self.secret.startswith("sandbox-"):
            message = "沙箱只接受编造的 appid，密钥须以 sandbox- 开头；请不要填写真实账号"
            raise ValueError(message)
        if re.fullmatch(AES_KEY_PATTERN, self.push_aes_key) is None:
            message = "EncodingAESKey 须为 43 个 base64 字符"
            raise ValueError(message)

    def push_target(self) -> PushTarget | None:
        return PushTarget(self.push_url, self.push_token, self.push_aes_key) if self.push_url else None


DEFAULT_APPS = (
    AppConfig(name="zhipin", appid="wxbaogai0000zhipin", secret="sandbox-secret-zhipin"),
    AppConfig(
        name="linggong",
        appid="wxbaogai000linggong",
        secret="sandbox-secret-linggong",
        username="gh_baogai000002",
        push_token="bg_sandbox_token_linggong",
        push_aes_key="EG9X5vZH18559pR+i8XwEl5HGEXDhdR1xCEgoOHb0Ec",
    ),
)


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """`content_type` is text/plain because WeChat's own header cannot be trusted: a client must parse the bytes."""

    apps: tuple[AppConfig, ...] = DEFAULT_APPS
    key: str = "sandbox"
    content_type: str = "text/plain"
    numeric_country_code: bool = True  # the official example shows a number, the official table says string
    rid_tails: bool = True
    push_timeout_seconds: float = 5.0  # then WeChat cuts the connection
    # WeChat does not tell how long it waits before it sends again; here it is short, so that nobody waits in tests.
    push_resend_seconds: float = 0.1
    media_delay_seconds: float = 0.1  # between the answer of mediaCheckAsync and the event; up to 30 minutes in truth
