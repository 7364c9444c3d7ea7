"""Login through WeChat: one code makes at most one session; one unionid is one person.

Three short steps, so that a stalled WeChat never holds a lock: claim the code, ask WeChat, write the session.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.ids import new_id
from app.core.security import digest
from app.core.upsert import insert_or_ignore
from app.models.identity import LoginCode, Person, WechatIdentity
from app.rules.common.tasks import TaskKind
from app.rules.identity.apps import ClientApp, WechatApp
from app.rules.identity.people import PersonState
from app.rules.identity.sessions import (
    AccountDisabledError,
    LoginBlockedError,
    LoginCodeInvalidError,
    LoginInProgressError,
    WechatAwayError,
)
from app.services.common.tasks import is_settled, open_task
from app.services.identity import sessions
from app.services.runtime import Runtime
from app.wechat.client import LoginIdentity
from app.wechat.errors import WechatError, WechatRejected, WechatUnavailable

# A process that died while asking WeChat frees its code after this long; WeChat itself is given up much earlier.
CLAIM_SECONDS = 15
# Within this a repeated code is a double tap and not a used one.
DOUBLE_TAP_SECONDS = 30
USER_BLOCKED = 40226


@dataclass(frozen=True, slots=True)
class LoginOutcome:
    access_token: str
    # Seconds.
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    person_id: UUID
    is_new: bool


async def login(runtime: Runtime, *, app: WechatApp, code: str) -> LoginOutcome:
    """Exchange a `wx.login` code for a session (code2Session). The session_key is not kept at all."""
    now = runtime.clock.now()
    code_hash = digest(f"{app}:{code}")
    async with runtime.db.unit_of_work() as session:
        await _claim(session, code_hash, app, now)
    try:
        identity = await runtime.wechat.code_to_session(app.value, code)
    except WechatError as exc:
        await _release(runtime, code_hash)
        raise _refusal(exc) from exc
    async with runtime.db.unit_of_work() as session:
        return await _open_session(runtime, session, app, identity, code_hash)


async def _claim(session: AsyncSession, code_hash: str, app: WechatApp, now: datetime) -> None:
    if await insert_or_ignore(
        session, LoginCode, {"code_hash": code_hash, "app": app, "claimed_at": now, "used": False}
    ):
        return
    abandoned = await session.exec(
        update(LoginCode)
        .where(
            col(LoginCode.code_hash) == code_hash,
            col(LoginCode.used).is_(False),
            col(LoginCode.claimed_at) < now - timedelta(seconds=CLAIM_SECONDS),
        )
        .values(claimed_at=now)
    )
    if abandoned.rowcount == 1:
        return
    row = (await session.exec(select(LoginCode).where(LoginCode.code_hash == code_hash))).one_or_none()
    if row is not None and row.used and row.claimed_at < now - timedelta(seconds=DOUBLE_TAP_SECONDS):
        raise LoginCodeInvalidError
    raise LoginInProgressError(retry_after=2)


async def _release(runtime: Runtime, code_hash: str) -> None:
    async with runtime.db.unit_of_work() as session:
        await session.exec(
            delete(LoginCode).where(col(LoginCode.code_hash) == code_hash, col(LoginCode.used).is_(False))
        )


def _refusal(exc: WechatError) -> Exception:
    if isinstance(exc, WechatUnavailable):
        return WechatAwayError(retry_after=exc.retry_after)
    if isinstance(exc, WechatRejected) and exc.errcode == USER_BLOCKED:
        return LoginBlockedError()
    if isinstance(exc, WechatRejected) and exc.blames_caller:
        return LoginCodeInvalidError()
    # Our AppID, secret or address is refused: nothing the person can mend.
    return WechatAwayError(retry_after=60)


async def _open_session(
    runtime: Runtime, session: AsyncSession, app: WechatApp, identity: LoginIdentity, code_hash: str
) -> LoginOutcome:
    now = runtime.clock.now()
    person, is_new = await _person_behind(session, app, identity, now)
    if person.state is not PersonState.ACTIVE:
        raise AccountDisabledError
    opened = await sessions.open_session(
        runtime, session, person.id, ClientApp.of(app.value), login_code_hash=code_hash, now=now
    )
    await session.exec(update(LoginCode).where(col(LoginCode.code_hash) == code_hash).values(used=True))
    return LoginOutcome(
        access_token=opened.access_token,
        expires_in=opened.expires_in,
        refresh_token=opened.refresh_token,
        refresh_expires_in=opened.refresh_expires_in,
        person_id=person.id,
        is_new=is_new,
    )


async def _person_behind(
    session: AsyncSession, app: WechatApp, identity: LoginIdentity, now: datetime
) -> tuple[Person, bool]:
    known = await _known(session, app, identity.openid)
    if known is None:
        person, is_new = await _person_by_unionid(session, identity.unionid, now)
        mine = await insert_or_ignore(
            session,
            WechatIdentity,
            {"id": new_id(), "created_at": now, "person_id": person.id, "app": app, "openid": identity.openid},
        )
        if mine:
            return person, is_new
        # The same newcomer logs in twice at once: the other login has won, and its person is this one's.
        if is_new:
            await session.delete(person)
            await session.flush()
        known = await _known(session, app, identity.openid)
        if known is None:
            raise LoginInProgressError(retry_after=1)
    await _back_fill_unionid(session, known, identity.unionid, now)
    return known, False


async def _known(session: AsyncSession, app: WechatApp, openid: str) -> Person | None:
    found = await session.exec(
        select(Person)
        .join(WechatIdentity, col(WechatIdentity.person_id) == col(Person.id))
        .where(WechatIdentity.app == app, WechatIdentity.openid == openid)
    )
    return found.one_or_none()


async def _person_by_unionid(session: AsyncSession, unionid: str | None, now: datetime) -> tuple[Person, bool]:
    """The person of this unionid, made where there is none. A phone number alone never merges two people."""
    row = Person(id=new_id(), unionid=unionid, created_at=now, updated_at=now)
    is_new = await insert_or_ignore(session, Person, row.model_dump())
    found = await session.exec(select(Person).where(Person.id == row.id if is_new else Person.unionid == unionid))
    return found.one(), is_new


async def _back_fill_unionid(session: AsyncSession, person: Person, unionid: str | None, now: datetime) -> None:
    """A mini-program bound to the open platform later brings the unionid later. Never a silent overwrite."""
    if unionid is None or person.unionid == unionid:
        return
    other = (await session.exec(select(col(Person.id)).where(Person.unionid == unionid))).one_or_none()
    if person.unionid is None and other is None:
        person.unionid = unionid
        person.touch(now)
        return
    if await is_settled(session, TaskKind.PERSON_MERGE, person.id, other):
        # The office has said that they are two people: each login would ask anew.
        return
    await open_task(
        session, TaskKind.PERSON_MERGE, person.id, other_id=other,
        title="同一微信账号对应两份个人档案，请核对是否同一人", now=now,
    )  # fmt: skip
