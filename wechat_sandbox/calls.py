"""One request to WeChat as it is understood, and the checks that several calls share."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wechat_sandbox.errors import WechatError
from wechat_sandbox.state import Sandbox, openid_prefix

ACTIVE_SECONDS = 2 * 3600  # msgSecCheck, mediaCheckAsync: the user opened the mini-program within 2 hours


@dataclass(slots=True)
class Call:
    """One request. `appid` and `body` are filled in while it is understood, for the record of calls.

    `first`: what is to be over before the answer leaves, though it happens beside the call.
    """

    method: str
    path: str
    query: Mapping[str, str]
    raw: bytes
    authorization: str = ""
    appid: str | None = None
    body: dict[str, Any] = field(default_factory=dict)
    first: asyncio.Task[None] | None = None


def is_openid(openid: object, appid: str) -> bool:
    return isinstance(openid, str) and len(openid) == 28 and openid.startswith(openid_prefix(appid))


def check_author(sandbox: Sandbox, appid: str, openid: object) -> str:
    """The openid of somebody who uses this app now. Raises 47001 missing, 43104 of another app, 40003, 61010."""
    if not isinstance(openid, str) or not openid:
        raise WechatError(47001, "openid")
    if not is_openid(openid, appid):
        raise WechatError(43104 if any(is_openid(openid, other) for other in sandbox.apps) else 40003)
    if sandbox.now() - sandbox.last_login.get(openid, 0) > ACTIVE_SECONDS:
        raise WechatError(61010)
    return openid


def check_scene(scene: object) -> None:
    """1 profile, 2 comment, 3 forum, 4 social log. Raises 40129."""
    if isinstance(scene, bool) or scene not in (1, 2, 3, 4):
        raise WechatError(40129)


def new_trace(sandbox: Sandbox) -> str:
    return f"{int(sandbox.now()):08x}-{secrets.token_hex(4)}-{sandbox.next_serial():08x}"
