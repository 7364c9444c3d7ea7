"""The sandbox's memory: people, one-time codes, access tokens, subscriptions, faults, the record of calls and pushes.

Nothing here awaits, and one process with one event loop runs it; so each method is atomic, and of many
simultaneous uses of a code exactly one wins without any lock.
"""

import asyncio
import base64
import hashlib
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from wechat_sandbox.config import AppConfig, PushTarget, SandboxConfig
from wechat_sandbox.errors import WechatError

CODE_SECONDS = 300  # wx.login: lives 5 minutes, works once
TOKEN_SECONDS = 7200
OVERLAP_SECONDS = 300  # old and new token both work for 5 minutes
FORCE_GAP_SECONDS = 30
FORCE_PER_DAY = 20
KEPT_CALLS = 10_000


def _digest(*parts: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256("\0".join(parts).encode()).digest()).decode()


def openid_prefix(appid: str) -> str:
    return "o" + _digest("app", appid)[:5]


def openid_of(appid: str, person: str) -> str:
    """28 characters like WeChat's. The prefix tells the app, so a foreign openid is known even after a restart."""
    return openid_prefix(appid) + _digest("openid", appid, person)[:22]


def unionid_of(open_account: str, person: str) -> str:
    return "u" + _digest("open", open_account)[:5] + _digest("unionid", open_account, person)[:22]


@dataclass(slots=True)
class Code:
    """A one-time code: `kind` is login (wx.login) or phone (the getPhoneNumber button); never interchangeable."""

    kind: str
    appid: str
    person: str
    expires: float
    phone: str = ""
    country_code: str = "86"
    used: bool = False


@dataclass(slots=True)
class Token:
    appid: str
    value: str
    expires: float
    killed: bool = False


@dataclass(slots=True)
class Template:
    """A subscription template. `keys` empty: any keys; `long_term` (type 3) is not used up by sending."""

    keys: frozenset[str] = frozenset()
    enums: dict[str, list[str]] = field(default_factory=dict)
    long_term: bool = False


@dataclass(slots=True)
class MediaOptions:
    """How the next media checks of an app end. `verdicts` (pass review risky fail) go before the markers."""

    delay_seconds: float
    verdicts: deque[str] = field(default_factory=deque)
    push_twice: bool = False
    push_before_answer: bool = False


@dataclass(slots=True)
class AppState:
    config: AppConfig
    bound: bool
    media: MediaOptions
    push: PushTarget | None = None
    ip_allowed: bool = True
    current: Token | None = None
    previous: Token | None = None
    forced_at: list[float] = field(default_factory=list)
    templates: dict[str, Template] = field(default_factory=dict)
    # media_url: when it was last accepted, Unix seconds.
    media_seen: dict[str, float] = field(default_factory=dict)
    # ErrorCode and ErrorStatus of the next deliveries of subscription messages; none left: they arrive.
    sent_failures: deque[tuple[str, str]] = field(default_factory=deque)


@dataclass(slots=True)
class PersonState:
    no_unionid: bool = False
    blocked: bool = False


@dataclass(slots=True)
class Fault:
    """`applied`: the call takes effect and only its answer is lost or late (slow, reset, html, empty)."""

    path: str
    kind: str
    errcode: int = -1
    seconds: float = 30
    times: int = 1
    applied: bool = False


class Sandbox:
    """All state of one sandbox. `now()` is Unix seconds, moved forward by the control API."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.tasks: set[asyncio.Task[None]] = set()
        self.reset()

    def reset(self) -> None:
        # What an earlier test left on its way must not reach the next one.
        for task in self.tasks:
            task.cancel()
        self.offset = 0.0
        self.serial = 0
        self.content_type = self.config.content_type
        self.numeric_country_code = self.config.numeric_country_code
        self.rid_tails = self.config.rid_tails
        self.push_timeout_seconds = self.config.push_timeout_seconds
        self.push_resend_seconds = self.config.push_resend_seconds
        self.apps = {app.appid: self._new_app(app) for app in self.config.apps}
        self.people: defaultdict[str, PersonState] = defaultdict(PersonState)
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, Token] = {}
        self.last_login: dict[str, float] = {}
        self.subscriptions: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.subscription_events = 0
        self.faults: list[Fault] = []
        self.calls: deque[dict[str, Any]] = deque(maxlen=KEPT_CALLS)
        self.pushes: deque[dict[str, Any]] = deque(maxlen=KEPT_CALLS)
        self.media_checks: deque[dict[str, Any]] = deque(maxlen=KEPT_CALLS)
        self.sms: deque[dict[str, Any]] = deque(maxlen=KEPT_CALLS)
        self.session_keys: deque[str] = deque(maxlen=KEPT_CALLS)

    def _new_app(self, config: AppConfig) -> AppState:
        media = MediaOptions(self.config.media_delay_seconds)
        return AppState(config, bound=config.bound, media=media, push=config.push_target())

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """What WeChat does on its own time, beside the calls; ended by a reset."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def now(self) -> float:
        return time.time() + self.offset

    def now_text(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="seconds")

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial

    def find_app(self, name: str) -> AppState | None:
        return next((app for app in self.apps.values() if name in {app.config.name, app.config.appid}), None)

    def issue_code(self, kind: str, appid: str, person: str, *, phone: str = "", country_code: str = "86") -> str:
        value = secrets.token_urlsafe(24)
        expires = self.now() + CODE_SECONDS
        self.codes[value] = Code(kind, appid, person, expires, phone=phone, country_code=country_code)
        return value

    def use_code(self, kind: str, appid: str, value: object, *, foreign: int) -> Code:
        """The code, now used up. Raises 40029 unknown or expired, 40163 used, `foreign` if another app's."""
        code = self.codes.get(value) if isinstance(value, str) else None
        if code is None or code.kind != kind:
            raise WechatError(40029)
        if code.appid != appid:
            raise WechatError(foreign)
        if self.now() >= code.expires:
            raise WechatError(40029)
        if code.used:
            raise WechatError(40163)
        code.used = True
        return code

    def stable_token(self, app: AppState, *, force: bool) -> Token:
        """Same token until its last 5 minutes; a forced one at most 20 a day and 30 s apart (else not refreshed)."""
        now = self.now()
        current = app.current
        if force and self._may_force(app, now):
            app.forced_at.append(now)
            return self._replace_token(app, now)
        if current is not None and now < current.expires - OVERLAP_SECONDS:
            return current
        return self._replace_token(app, now)

    @staticmethod
    def _may_force(app: AppState, now: float) -> bool:
        if app.forced_at and now - app.forced_at[-1] < FORCE_GAP_SECONDS:
            return False
        # The day of WeChat's quotas is Beijing's.
        today = int((now + 8 * 3600) // 86_400)
        app.forced_at = [at for at in app.forced_at if int((at + 8 * 3600) // 86_400) == today]
        if len(app.forced_at) >= FORCE_PER_DAY:
            raise WechatError(45009)
        return True

    def _replace_token(self, app: AppState, now: float) -> Token:
        # WeChat remembers the newest and the one before: the newest lives on for the overlap and the one
        # before dies, hence its advice to force twice, 30 s apart, to kill a leaked token at once.
        if app.previous is not None and now < app.previous.expires:
            app.previous.killed = True
        app.previous = app.current
        if app.previous is not None:
            app.previous.expires = min(app.previous.expires, now + OVERLAP_SECONDS)
        value = f"68_SANDBOX_{secrets.token_urlsafe(96)}"
        app.current = self.tokens[value] = Token(app.config.appid, value, now + TOKEN_SECONDS)
        return app.current

    def app_of_token(self, value: str | None) -> AppState:
        """Raises 41001 missing, 40001 unknown or killed, 42001 expired."""
        if not value:
            raise WechatError(41001)
        token = self.tokens.get(value)
        if token is None or token.killed:
            raise WechatError(40001)
        if self.now() >= token.expires:
            raise WechatError(42001)
        return self.apps[token.appid]

    def take_fault(self, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.path in {path, "*"}:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def record(self, *, path: str, appid: str | None, query: Any, body: Any, answer_errcode: int | None) -> None:
        self.calls.append(
            {
                "path": path,
                "appid": appid,
                "query": query,
                "body": body,
                "at": self.now_text(),
                "answer_errcode": answer_errcode,
            }
        )
