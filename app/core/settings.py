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

from pydantic import BaseModel, ConfigDict, PrivateAttr, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# The sandbox's well-known test identities: never valid at WeChat.
SANDBOX_APPS = {
    "zhipin": ("wxbaogai0000zhipin", "sandbox-secret-zhipin"),
    "linggong": ("wxbaogai000linggong", "sandbox-secret-linggong"),
}
# Token and EncodingAESKey of the sandbox's message push, as fictional as the rest.
SANDBOX_PUSH = {
    "zhipin": ("bg_sandbox_token", "e4XgsUeuAgsgm+FOvCAHCqkz8cwC0/IGWCGYbODnX9I"),
    "linggong": ("bg_sandbox_token_linggong", "EG9X5vZH18559pR+i8XwEl5HGEXDhdR1xCEgoOHb0Ec"),
}
SANDBOX_BASE = "http://127.0.0.1:8010"
WECHAT_BASE = "https://api.weixin.qq.com"
KEY_BYTES = 32
# 32 bytes in base64 without the sign at the end.
AES_KEY_LENGTH = 43


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


class Template(BaseModel):
    """A subscription template whose keywords bear other numbers than ours."""

    model_config = ConfigDict(extra="forbid")

    id: str
    keys: dict[str, str]


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
    # Message push (消息推送), safe mode, JSON: its Token and EncodingAESKey per mini-program.
    wechat_zhipin_push_token: SecretStr = SecretStr("")
    wechat_zhipin_push_aes_key: SecretStr = SecretStr("")
    wechat_linggong_push_token: SecretStr = SecretStr("")
    wechat_linggong_push_aes_key: SecretStr = SecretStr("")
    # Subscription templates as JSON: {"zhipin": {"application_moved": "template id"}}. Where a chosen template names its
    # keywords otherwise: {"application_moved": {"id": "…", "keys": {"thing1": "thing4", "thing2": "phrase3"}}}
    wechat_templates: dict[str, dict[str, str | Template]] = {}
    wechat_timeout_seconds: float = 5.0

    # Where WeChat and phones reach this service from outside: signed links are made with it.
    public_base_url: str = ""
    # Uploads: a folder (default: files/ in data_dir) or an object store, s3://bucket/prefix with AWS_* variables.
    files_url: str = ""
    # SMS port, off until an address is set: POST {phone, template, params} with the secret as bearer token.
    sms_url: str = ""
    sms_secret: SecretStr = SecretStr("")
    # Kind of notice → template of the SMS provider, as JSON.
    sms_templates: dict[str, str] = {}
    # GET /metrics answers only to this bearer token; unset: not at all.
    metrics_token: SecretStr = SecretStr("")
    # aes (AES-256-GCM) or sm4 (SM4-GCM, GB/T 32907) for newly sealed values; both are read.
    field_suite: Literal["aes", "sm4"] = "aes"

    # Limits (design: each a setting).
    body_limit_bytes: int = 1_048_576
    # mediaCheckAsync takes at most 10 MB.
    upload_limit_bytes: int = 10 * 1_048_576
    image_pixels: int = 40_000_000
    pdf_pages: int = 50
    # Rows of a sheet of postings, and what it may unpack to.
    sheet_rows: int = 20_000
    sheet_unpacked_bytes: int = 100 * 1_048_576
    # Kind → "count/seconds" as JSON, over the defaults of core/rates.py.
    rate_limits: dict[str, str] = {}
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
    _field_keys_from_file: bool = PrivateAttr(default=False)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.database_url:
            self.database_url = f"sqlite+aiosqlite:///{self.data_dir / 'sanqu.sqlite3'}"
        if not self.public_base_url and self.profile != "production":
            self.public_base_url = f"http://{self.host}:{self.port}"
        if not self.files_url:
            self.files_url = f"file://{(self.data_dir / 'files').resolve()}"
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

    def wechat_push(self) -> dict[str, tuple[str, str]]:
        """`{app: (Token, EncodingAESKey)}` of the message push."""
        if self.uses_sandbox:
            return dict(SANDBOX_PUSH)
        return {
            app: (
                _plain(getattr(self, f"wechat_{app}_push_token")),
                _plain(getattr(self, f"wechat_{app}_push_aes_key")),
            )
            for app in ("zhipin", "linggong")
        }

    @property
    def keys_path(self) -> Path | None:
        """The file that holds the field keys, where they come from a file: rotation writes it, processes follow it."""
        return self.data_dir / "keys.json" if self._field_keys_from_file else None

    def template_of(self, app: str, kind: str) -> Template | None:
        found = self.wechat_templates.get(app, {}).get(kind)
        return Template(id=found, keys={}) if isinstance(found, str) else found

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
                "wechat_zhipin_push_token",
                "wechat_zhipin_push_aes_key",
                "wechat_linggong_push_token",
                "wechat_linggong_push_aes_key",
                "public_base_url",
            )
            if not _plain(getattr(self, name))
        ]
        if missing:
            raise WrongSettingsError("生产环境缺少设置：" + "、".join(missing))
        if self.is_sqlite:
            raise WrongSettingsError("生产环境须使用 PostgreSQL：请设置 SANQU_DATABASE_URL")
        if not self.wechat_api_base.startswith("https://"):
            raise WrongSettingsError("生产环境的 SANQU_WECHAT_API_BASE 须为 https 地址")
        if not self.public_base_url.startswith("https://"):
            raise WrongSettingsError("生产环境的 SANQU_PUBLIC_BASE_URL 须为 https 地址，微信和手机由它访问本服务")
        if any(len(key) != AES_KEY_LENGTH for _, key in self.wechat_push().values()):
            raise WrongSettingsError("EncodingAESKey 应为 43 个字符，请从小程序后台的消息推送页复制")
        if any("sandbox" in secret for _, secret in self.wechat_credentials().values()):
            raise WrongSettingsError("生产环境不能使用沙箱的小程序密钥")
        # Malformed keys must stop the start, not the first request.
        _ = (self.token_ring, self.field_ring, self.index_secret)

    def _load_or_make_keys(self) -> None:
        path = self.data_dir / "keys.json"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            made = {"token_keys": fresh_key("t1"), "field_keys": fresh_key("f1"), "index_key": fresh_key("i")[2:]}
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
        self._field_keys_from_file = not _plain(self.field_keys)
        self.token_keys = SecretStr(_plain(self.token_keys) or kept["token_keys"])
        self.field_keys = SecretStr(_plain(self.field_keys) or kept["field_keys"])
        self.index_key = SecretStr(_plain(self.index_key) or kept["index_key"])


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return b""


def fresh_key(name: str) -> str:
    """`name:base64` of 32 random bytes, as a key ring is written."""
    return f"{name}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def _plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
