"""Settings from the environment (prefix `SANQU_`), in two profiles.

`embedded` (default) needs no set-up: one SQLite file, keys generated beside it, WeChat spoken to the sandbox on
loopback. `production` refuses to start unless every secret is given and nothing points at a test double.
"""

import base64
import json
import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# The sandbox's well-known test identities: never valid at WeChat.
SANDBOX_APPS = {
    "zhipin": ("wxbaogai0000zhipin", "sandbox-secret-zhipin"),
    "linggong": ("wxbaogai000linggong", "sandbox-secret-linggong"),
}
SANDBOX_BASE = "http://127.0.0.1:8010"
WECHAT_BASE = "https://api.weixin.qq.com"
KEY_BYTES = 32


class WrongSettingsError(RuntimeError):
    """The process must not start with these settings."""


class KeyRing:
    """Named secrets, the first of which is the current one. `k2:base64,k1:base64`."""

    def __init__(self, text: str) -> None:
        self.keys: dict[str, bytes] = {}
        for part in text.split(","):
            name, _, value = part.strip().partition(":")
            key = _decoded(value)
            if not name or name in self.keys or len(key) != KEY_BYTES:
                raise WrongSettingsError("密钥应写成 名称:32字节的base64，多把以逗号分隔，名称不重复")
            self.keys[name] = key
        self.current = next(iter(self.keys))


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="SANQU_", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    profile: Literal["embedded", "production"] = "embedded"
    data_dir: Path = Path("var")
    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    log_level: str = "INFO"
    # Addresses of proxies whose X-Forwarded-For counts, comma separated.
    forwarded_allow_ips: str = "127.0.0.1"

    # Secrets: key rings, first key current. Generated into data_dir/keys.json in the embedded profile.
    token_keys: SecretStr = SecretStr("")
    field_keys: SecretStr = SecretStr("")
    index_key: SecretStr = SecretStr("")

    wechat_api_base: str = ""
    wechat_zhipin_appid: str = ""
    wechat_zhipin_secret: SecretStr = SecretStr("")
    wechat_linggong_appid: str = ""
    wechat_linggong_secret: SecretStr = SecretStr("")
    # Subscription templates as JSON: {"zhipin": {"application_moved": "template id"}}
    wechat_templates: dict[str, dict[str, str]] = {}
    wechat_timeout_seconds: float = 5.0

    # Limits (design: each a setting).
    body_limit_bytes: int = 1_048_576
    page_limit: int = 100
    access_token_minutes: int = 120
    reader_pool: int = 20
    writer_pool: int = 10
    lock_wait_seconds: float = 2.0
    # Below the 3 s within which a dead database must have been answered with 503.
    # Longer than the wait for a lock, so that a lock speaks for itself.
    database_timeout_seconds: float = 2.3
    shutdown_seconds: int = 25
    worker_poll_seconds: float = 1.0
    worker_lease_seconds: int = 60

    hotline: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.database_url:
            self.database_url = f"sqlite+aiosqlite:///{self.data_dir / 'sanqu.sqlite3'}"
        if not self.wechat_api_base:
            self.wechat_api_base = WECHAT_BASE if self.wechat_zhipin_appid else SANDBOX_BASE
        if self.profile == "production":
            self._check_production()
        elif not all(map(_plain, (self.token_keys, self.field_keys, self.index_key))):
            self._load_or_make_keys()
        return self

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def uses_sandbox(self) -> bool:
        return not self.wechat_zhipin_appid

    @cached_property
    def token_ring(self) -> KeyRing:
        return KeyRing(self.token_keys.get_secret_value())

    @cached_property
    def field_ring(self) -> KeyRing:
        return KeyRing(self.field_keys.get_secret_value())

    @cached_property
    def index_secret(self) -> bytes:
        return KeyRing(f"i:{self.index_key.get_secret_value()}").keys["i"]

    def wechat_credentials(self) -> dict[str, tuple[str, str]]:
        """`{app: (appid, secret)}`; the sandbox's where no AppID is set."""
        if self.uses_sandbox:
            return dict(SANDBOX_APPS)
        return {
            "zhipin": (self.wechat_zhipin_appid, self.wechat_zhipin_secret.get_secret_value()),
            "linggong": (self.wechat_linggong_appid, self.wechat_linggong_secret.get_secret_value()),
        }

    def _check_production(self) -> None:
        missing = [
            f"SANQU_{name.upper()}"
            for name in (
                "token_keys",
                "field_keys",
                "index_key",
                "wechat_zhipin_appid",
                "wechat_zhipin_secret",
                "wechat_linggong_appid",
                "wechat_linggong_secret",
            )
            if not _plain(getattr(self, name))
        ]
        if missing:
            raise WrongSettingsError("生产环境缺少设置：" + "、".join(missing))
        if self.is_sqlite:
            raise WrongSettingsError("生产环境须使用 PostgreSQL：请设置 SANQU_DATABASE_URL")
        if not self.wechat_api_base.startswith("https://"):
            raise WrongSettingsError("生产环境的 SANQU_WECHAT_API_BASE 须为 https 地址")
        if any("sandbox" in secret for _, secret in self.wechat_credentials().values()):
            raise WrongSettingsError("生产环境不能使用沙箱的小程序密钥")
        # Malformed keys must stop the start, not the first request.
        _ = (self.token_ring, self.field_ring, self.index_secret)

    def _load_or_make_keys(self) -> None:
        path = self.data_dir / "keys.json"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            made = {"token_keys": _fresh("t1"), "field_keys": _fresh("f1"), "index_key": _fresh("i")[2:]}
            # Random, not the process id: in containers every process is number 1, and a crash may leave one behind.
            temporary = path.with_suffix(f".{secrets.token_hex(8)}")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(made, file)
                file.flush()
                os.fsync(file.fileno())
            try:
                # Three processes start together: whoever links first decides, the others read the winner's keys.
                os.link(temporary, path)
            except FileExistsError:
                pass
            finally:
                temporary.unlink()
        kept = json.loads(path.read_text())
        # What is given stays; the file fills the rest.
        self.token_keys = SecretStr(_plain(self.token_keys) or kept["token_keys"])
        self.field_keys = SecretStr(_plain(self.field_keys) or kept["field_keys"])
        self.index_key = SecretStr(_plain(self.index_key) or kept["index_key"])


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return b""


def _fresh(name: str) -> str:
    return f"{name}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def _plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
