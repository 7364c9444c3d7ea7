"""Share codes: short names of public things, as text, as a mini-program code to print, read by anybody."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.core.security import normal_code, one_time_code
from app.core.upsert import insert_or_ignore
from app.models.common import ShareCode
from app.rules.common.sharing import (
    CODE_LENGTH,
    LONGEST_DAYS,
    ShareCodeNotFoundError,
    ShareKind,
    SharePeriodError,
    ShareTargetError,
    share_page,
)
from app.rules.identity.apps import WechatApp
from app.rules.identity.roles import Actor
from app.rules.identity.sessions import WechatAwayError
from app.services.identity import audit
from app.services.jobs import fairs, vacancies
from app.services.organisation import enterprises
from app.services.runtime import Runtime
from app.wechat.errors import WechatError

TRIES = 5


async def create(
    session: AsyncSession,
    actor: Actor,
    *,
    kind: ShareKind,
    target_id: UUID,
    app: WechatApp,
    expires_at: datetime | None,
    now: datetime,
) -> ShareCode:
    """For a thing that everybody may see; without `expires_at` for ever, as a printed poster needs it."""
    share_page(kind, app)
    if expires_at is not None and not now < expires_at <= now + timedelta(days=LONGEST_DAYS):
        raise SharePeriodError(days=LONGEST_DAYS)
    if not await _is_public(session, kind, target_id, now):
        raise ShareTargetError
    for _ in range(TRIES):
        code = one_time_code(CODE_LENGTH)
        row = ShareCode(
            code=code, kind=kind, target_id=target_id, app=app, created_by=actor.person_id, created_at=now,
            expires_at=expires_at,
        )  # fmt: skip
        if await insert_or_ignore(session, ShareCode, row.model_dump()):
            audit.by(session, actor, "shared", kind.value, target_id, now=now)
            return row
    raise ShareTargetError


async def read(session: ReadSession, code: str, *, now: datetime) -> ShareCode:
    """What a scanned code or a typed one leads to."""
    found = await session.exec(select(ShareCode).where(ShareCode.code == normal_code(code)))
    row = found.one_or_none()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        raise ShareCodeNotFoundError
    return row


async def qrcode(runtime: Runtime, actor: Actor, code: str) -> bytes:
    """The mini-program code (小程序码) of one's own share code, as PNG or JPEG bytes from WeChat."""
    async with runtime.db.reading() as session:
        row = await read(session, code, now=runtime.clock.now())
    if row.created_by != actor.person_id:
        raise ShareCodeNotFoundError
    try:
        return await runtime.wechat.unlimited_qrcode(
            row.app.value, scene=row.code, page=share_page(row.kind, row.app),
            check_path=runtime.settings.profile == "production",
        )  # fmt: skip
    except WechatError as exc:
        raise WechatAwayError(retry_after=getattr(exc, "retry_after", 60)) from exc


async def _is_public(session: AsyncSession, kind: ShareKind, target_id: UUID, now: datetime) -> bool:
    if kind is ShareKind.VACANCY:
        return await vacancies.is_visible(session, None, target_id, now=now)
    if kind is ShareKind.FAIR:
        return await fairs.is_public(session, target_id)
    return await enterprises.is_public(session, target_id)


async def codes_of(session: ReadSession, actor: Actor) -> list[ShareCode]:
    """My codes, newest first, at most 200."""
    rows = await session.exec(
        select(ShareCode)
        .where(ShareCode.created_by == actor.person_id)
        .order_by(col(ShareCode.created_at).desc(), col(ShareCode.code))
        .limit(200)
    )
    return list(rows)
