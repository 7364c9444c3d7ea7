"""The access token of each mini-program: one for all processes, fetched by one of them (getStableAccessToken).

https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.html
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from app.core.clock import Clock
from app.core.ids import new_id
from app.wechat.errors import WechatUnavailable

API = "/cgi-bin/stable_token"
# WeChat hands out the new token during the last five minutes of the old one; both work.
EARLY = timedelta(minutes=5)
SHORTEST = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class StoredToken:
    token: str = field(repr=False)
    expires_at: datetime


Fetch = Callable[[str], Awaitable[tuple[str, int]]]


class TokenStore(Protocol):
    """Where processes share their tokens."""

    async def read(self, appid: str) -> StoredToken | None: ...

    async def acquire_refresh(self, appid: str, holder: str, until: datetime, now: datetime) -> bool:
        """A lease on fetching: True for one process at a time, for nobody while a fresh token is stored."""

    async def store(self, appid: str, token: str, expires_at: datetime, holder: str) -> None: ...

    async def drop(self, appid: str, token: str) -> None:
        """Forget this token, unless a newer one is there already."""


class TokenProvider:
    def __init__(
        self, store: TokenStore, clock: Clock, *, wait_seconds: float = 3.0, lease_seconds: float = 6.0
    ) -> None:
        self._store = store
        self._clock = clock
        self._wait = wait_seconds
        self._lease = timedelta(seconds=lease_seconds)
        self._holder = new_id().hex
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._held: dict[str, StoredToken] = {}
        # The last failure and when it came: whoever queued meanwhile shares it instead of asking one after another.
        self._failed: dict[str, tuple[float, WechatUnavailable]] = {}

    async def get(self, appid: str, fetch: Fetch) -> str:
        """A valid token; 64 callers at once cause one call to WeChat, over all processes."""
        held = self._held.get(appid)
        if held is not None and self._fresh(held):
            return held.token
        arrived = asyncio.get_running_loop().time()
        async with self._locks[appid]:
            held = self._held.get(appid)
            if held is not None and self._fresh(held):
                return held.token
            failed_at, failure = self._failed.get(appid, (0.0, None))
            if failure is not None and failed_at >= arrived:
                raise failure
            try:
                held = self._held[appid] = await self._shared(appid, fetch)
            except WechatUnavailable as exc:
                self._failed[appid] = (asyncio.get_running_loop().time(), exc)
                raise
            return held.token

    async def drop(self, appid: str, token: str) -> None:
        """WeChat refused this token: the next caller fetches, in normal mode, never with force_refresh.

        Under the lock: whoever looked into the store between the two steps would hold the refused token again.
        """
        async with self._locks[appid]:
            held = self._held.get(appid)
            if held is not None and held.token == token:
                del self._held[appid]
            await self._store.drop(appid, token)

    async def _shared(self, appid: str, fetch: Fetch) -> StoredToken:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait
        pause = 0.02
        while True:
            stored = await self._store.read(appid)
            if stored is not None and self._fresh(stored):
                return stored
            now = self._clock.now()
            if await self._store.acquire_refresh(appid, self._holder, now + self._lease, now):
                token, expires_in = await fetch(appid)
                # A life shorter than the overlap would never count as fresh.
                lifetime = max(timedelta(seconds=expires_in), EARLY + SHORTEST)
                fetched = StoredToken(token, now + lifetime)
                await self._store.store(appid, token, fetched.expires_at, self._holder)
                return fetched
            # Another process is asking WeChat, or just has: wait for its answer instead of asking too.
            if loop.time() + pause > deadline:
                raise WechatUnavailable(API, None, "another process holds the refresh")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.3)

    def _fresh(self, token: StoredToken) -> bool:
        return token.expires_at - EARLY > self._clock.now()
