"""What a process holds for its lifetime: settings, engines, keys, clock, stores, the clients of other services."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import httpx

from app.core.clock import Clock, SystemClock
from app.core.crypto import Crypto, ring_of
from app.core.db import Database
from app.core.links import Links
from app.core.pages import Cursors
from app.core.pdf import Pdfs
from app.core.rates import DEFAULTS, Rate, RateKind, Rates
from app.core.sanitise import Limits, Sanitiser
from app.core.security import Passwords, RefreshTokens, Tokens, network_of
from app.core.settings import Settings
from app.core.sheets import Sheets
from app.core.sms import SmsGateway
from app.core.storage import Storage
from app.services.identity.app_tokens import DatabaseTokenStore
from app.services.jobs.displays import Displays
from app.services.jobs.impressions import Impressions
from app.services.jobs.openings import Openings
from app.wechat.client import WechatApp, WechatClient
from app.wechat.tokens import TokenProvider


@dataclass(frozen=True, slots=True)
class Runtime:
    settings: Settings
    clock: Clock
    db: Database
    crypto: Crypto
    tokens: Tokens
    refresh_tokens: RefreshTokens
    passwords: Passwords
    cursors: Cursors
    rates: Rates
    storage: Storage
    sanitiser: Sanitiser
    sheets: Sheets
    pdfs: Pdfs
    links: Links
    wechat: WechatClient
    sms: SmsGateway
    openings: Openings
    displays: Displays
    impressions: Impressions

    def address_key(self, address: str) -> str:
        """Whose allowance an anonymous call takes: a keyed hash of the address, which is personal data.

        An IPv6 network counts as one address.
        """
        return self.crypto.keyed_hash("address", network_of(address))


# An idle connection is given up well before a server gives it up (5 s is a usual time): a request that meets the other
# end's farewell fails, and a posting would be held for review because of it.
HTTP_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=2.0)
# Reading the list of certificate authorities takes 40 ms: once per process.
_tls = cache(httpx.create_ssl_context)


@asynccontextmanager
async def open_runtime(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Runtime]:
    """Everything opened, everything closed again; used alike by API, worker and CLI."""
    clock = clock or SystemClock()
    db = Database(settings)
    try:
        async with httpx.AsyncClient(
            base_url=settings.wechat_api_base, trust_env=False, verify=_tls(), limits=HTTP_LIMITS
        ) as http:
            yield _assemble(settings, clock, db, http)
    finally:
        await db.close()


def _assemble(settings: Settings, clock: Clock, db: Database, http: httpx.AsyncClient) -> Runtime:
    crypto = Crypto(ring_of(settings), settings.index_secret, suite=settings.field_suite)
    db.carried["crypto"] = crypto
    apps = {key: WechatApp(key, appid, secret) for key, (appid, secret) in settings.wechat_credentials().items()}
    rates = DEFAULTS | {RateKind(kind): text for kind, text in settings.rate_limits.items()}
    return Runtime(
        settings=settings,
        clock=clock,
        db=db,
        crypto=crypto,
        tokens=Tokens(settings.token_ring, timedelta(minutes=settings.access_token_minutes)),
        refresh_tokens=RefreshTokens(crypto.derived_key("refresh")),
        passwords=Passwords(),
        cursors=Cursors(settings.index_secret),
        rates=Rates(db, {kind: Rate.parse(text) for kind, text in rates.items()}),
        storage=Storage(settings.files_url),
        sanitiser=Sanitiser(
            Limits(settings.image_pixels, settings.pdf_pages, settings.sheet_rows, settings.sheet_unpacked_bytes)
        ),
        sheets=Sheets(settings.sheet_rows, settings.sheet_unpacked_bytes),
        pdfs=Pdfs(),
        links=Links(crypto.derived_key("links"), settings.public_base_url),
        wechat=WechatClient(
            http=http,
            apps=apps,
            tokens=TokenProvider(DatabaseTokenStore(db, crypto), clock),
            base_url=settings.wechat_api_base,
            timeout_seconds=settings.wechat_timeout_seconds,
        ),
        sms=SmsGateway(http, settings.sms_url, settings.sms_secret.get_secret_value(), settings.sms_templates),
        openings=Openings(),
        displays=Displays(),
        impressions=Impressions(db),
    )
