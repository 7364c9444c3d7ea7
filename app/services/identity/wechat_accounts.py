"""A WeChat account that its owner has closed: its identity goes, and with the last one the way in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import lock
from app.core.errors import UnauthorisedError
from app.models.identity import Person, WechatIdentity
from app.rules.common.tasks import TaskKind
from app.rules.identity.apps import ClientApp, WechatApp
from app.rules.identity.sessions import SessionEnd
from app.services.common.tasks import open_task
from app.services.identity import audit
from app.services.identity.sessions import end_sessions


async def forget(session: AsyncSession, person_id: UUID, app: WechatApp, *, now: datetime) -> None:
    """The openid is erased at once; without any identity left, the unionid too, and staff look what is to be kept.

    The account itself is not deleted by WeChat's word alone: running applications and offices are the town's records.
    """
    await session.exec(
        delete(WechatIdentity).where(col(WechatIdentity.person_id) == person_id, col(WechatIdentity.app) == app)
    )
    await end_sessions(session, person_id, SessionEnd.DELETED, now=now, app=ClientApp.of(app.value))
    audit.record(
        session, "wechat_cancelled", actor_id=person_id, subject_kind="person", subject_id=person_id, now=now,
        app=app.value,
    )  # fmt: skip
    left = await session.exec(select(col(WechatIdentity.id)).where(WechatIdentity.person_id == person_id).limit(1))
    if left.one_or_none() is not None:
        return
    person = await lock(session, Person, person_id, UnauthorisedError)
    person.unionid = None
    person.touch(now)
    await open_task(
        session,
        TaskKind.ACCOUNT_ABANDONED,
        person_id,
        title="一位用户注销了微信账号，请核对是否注销其个人档案",
        now=now,
    )
