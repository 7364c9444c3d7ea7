"""What a sandbox is started with: the mini-programs it plays and how its answers look."""

import re
from dataclasses import dataclass

# 真实的小程序 appid 是 wx 加 16 位十六进制；沙箱只认编造的账号
_REAL_APPID = re.compile(r"wx[0-9a-f]{16}")


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

    def __post_init__(self) -> None:
        if _REAL_APPID.fullmatch(self.appid) or not self.secret.startswith("sandbox-"):
            message = "沙箱只接受编造的 appid，密钥须以 sandbox- 开头；请不要填写真实账号"
            raise ValueError(message)


DEFAULT_APPS = (
    AppConfig(name="zhipin", appid="wxbaogai0000zhipin", secret="sandbox-secret-zhipin"),
    AppConfig(name="linggong", appid="wxbaogai000linggong", secret="sandbox-secret-linggong"),
)


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """`content_type` is text/plain because WeChat's own header cannot be trusted: a client must parse the bytes."""

    apps: tuple[AppConfig, ...] = DEFAULT_APPS
    key: str = "sandbox"
    content_type: str = "text/plain"
    numeric_country_code: bool = True  # the official example shows a number, the official table says string
    rid_tails: bool = True
