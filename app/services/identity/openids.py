"""Which openid speaks for a person in which mini-program: WeChat refuses another's (43104)."""

from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.identity import WechatIdentity
from app.rules.identity.apps import WechatApp


async def identity_of(session: AsyncSession, person_id: UUID, app: WechatApp | None) -> WechatIdentity | None:
    """None where the person has never opened that mini-program, and always for the console."""
    if app is None:
        return None
    found = await session.exec(
        select(WechatIdentity).where(WechatIdentity.person_id == person_id, WechatIdentity.app == app)
    )
    return found.one_or_none()


async def openid_of(session: AsyncSession, person_id: UUID, app: WechatApp | None) -> str | None:
    identity = await identity_of(session, person_id, app)
    return identity.openid if identity else None


async def person_of(session: AsyncSession, app: WechatApp, openid: str) -> UUID | None:
    """Whose openid this is; None for a stranger."""
    found = await session.exec(select(WechatIdentity).where(WechatIdentity.app == app, WechatIdentity.openid == openid))
    identity = found.one_or_none()
    return identity.person_id if identity else None
