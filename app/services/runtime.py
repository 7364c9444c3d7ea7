"""What a process holds for its lifetime: settings, engines, keys, clock, the WeChat client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx

from app.core.clock import Clock, SystemClock
from app.core.crypto import Crypto
from app.core.db import Database
from app.core.pages import Cursors
from app.core.security import Tokens
from app.core.settings import Settings
from app.services.identity.app_tokens import DatabaseTokenStore
from app.wechat.client import WechatApp, WechatClient
from app.wechat.tokens import TokenProvider


@dataclass(frozen=True, slots=True)
class Runtime:
    settings: Settings
    clock: Clock
    db: Database
    crypto: Crypto
    tokens: Tokens
    cursors: Cursors
    wechat: WechatClient


@asynccontextmanager
async def open_runtime(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Runtime]:
    """Everything opened, everything closed again; used alike by API, worker and CLI."""
    clock = clock or SystemClock()
    db = Database(settings)
    crypto = Crypto(settings.field_ring, settings.index_secret)
    apps = {key: WechatApp(key, appid, secret) for key, (appid, secret) in settings.wechat_credentials().items()}
    async with httpx.AsyncClient(base_url=settings.wechat_api_base, trust_env=False) as http:
        wechat = WechatClient(
            http=http,
            apps=apps,
            tokens=TokenProvider(DatabaseTokenStore(db, crypto), clock),
            base_url=settings.wechat_api_base,
            timeout_seconds=settings.wechat_timeout_seconds,
        )
        try:
            yield Runtime(
                settings=settings,
                clock=clock,
                db=db,
                crypto=crypto,
                tokens=Tokens(settings.token_ring, timedelta(minutes=settings.access_token_minutes)),
                cursors=Cursors(settings.index_secret),
                wechat=wechat,
            )
        finally:
            await db.close()
