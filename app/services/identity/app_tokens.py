"""WeChat's access tokens in the database: one per mini-program, shared by all processes, sealed at rest."""

from datetime import datetime

from sqlalchemy import or_, update
from sqlmodel import col, select

from app.core.crypto import Crypto, SealBrokenError
from app.core.db import Database
from app.core.tables import AppToken
from app.core.upsert import insert_or_ignore, upsert
from app.wechat.tokens import EARLY, StoredToken


class DatabaseTokenStore:
    def __init__(self, db: Database, crypto: Crypto) -> None:
        self._db = db
        self._crypto = crypto

    async def read(self, appid: str) -> StoredToken | None:
        async with self._db.reading() as session:
            row = (await session.exec(select(AppToken).where(AppToken.appid == appid))).one_or_none()
        if row is None or row.token is None or row.expires_at is None:
            return None
        try:
            return StoredToken(self._crypto.open_text("app_token", "token", appid, row.token), row.expires_at)
        except SealBrokenError:
            # Its key is gone: WeChat gives another token, so this one is forgotten and not an outage.
            await self._forget(appid, row.expires_at)
            return None

    async def acquire_refresh(self, appid: str, holder: str, until: datetime, now: datetime) -> bool:
        """A lease on refreshing: the others wait for its result instead of asking WeChat too."""
        async with self._db.unit_of_work() as session:
            first = {"appid": appid, "lease_holder": holder, "lease_until": until}
            if await insert_or_ignore(session, AppToken, first):
                return True
            taken = await session.exec(
                update(AppToken)
                .where(
                    col(AppToken.appid) == appid,
                    # Between our look and this another process may have stored one: then nobody need ask WeChat.
                    or_(col(AppToken.expires_at).is_(None), col(AppToken.expires_at) <= now + EARLY),
                    # One's own lease is renewed: a fetch that failed must not lock its own process out.
                    or_(
                        col(AppToken.lease_until).is_(None),
                        col(AppToken.lease_until) <= now,
                        col(AppToken.lease_holder) == holder,
                    ),
                )
                .values(lease_holder=holder, lease_until=until)
            )
            return taken.rowcount == 1

    async def store(self, appid: str, token: str, expires_at: datetime, holder: str) -> None:
        del holder  # whoever got a token from WeChat got the valid one
        sealed = self._crypto.seal("app_token", "token", appid, token)
        values = {
            "appid": appid, "token": sealed, "expires_at": expires_at, "lease_holder": None, "lease_until": None,
        }  # fmt: skip
        async with self._db.unit_of_work() as session:
            await upsert(session, AppToken, values, keys=["appid"])

    async def drop(self, appid: str, token: str) -> None:
        """Forget this token, unless another process has stored a newer one meanwhile."""
        stored = await self.read(appid)
        if stored is None or stored.token != token:
            return
        await self._forget(appid, stored.expires_at)

    async def _forget(self, appid: str, expires_at: datetime) -> None:
        async with self._db.unit_of_work() as session:
            await session.exec(
                update(AppToken)
                .where(col(AppToken.appid) == appid, col(AppToken.expires_at) == expires_at)
                .values(token=None, expires_at=None)
            )
