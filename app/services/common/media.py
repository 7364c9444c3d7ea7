"""Asking WeChat about an uploaded image (mediaCheckAsync); the verdict comes later as a push event."""

from uuid import UUID

from sqlmodel import select

from app.core.db import lock
from app.models.common import File, MediaCheck
from app.rules.common.files import FileNotFoundHereError, FileState
from app.services.common import files, push
from app.services.identity.openids import openid_of
from app.services.runtime import Runtime
from app.wechat.errors import WechatRejected

# Scene 1: profile; images here are papers and illustrations.
SCENE = 1


async def ask(runtime: Runtime, file_id: UUID) -> None:
    """Outside any transaction; `WechatUnavailable` means again later, a refusal goes to a second person."""
    async with runtime.db.reading() as session:
        row = (await session.exec(select(File).where(File.id == file_id))).one_or_none()
        if row is None or row.state is not FileState.CHECKING:
            return
        app = row.app.wechat
        openid = await openid_of(session, row.owner_id, app)
    trace_id, because = None, "上传者没有本小程序的微信身份"
    if app is not None and openid is not None:
        try:
            trace_id = await runtime.wechat.media_check(
                app.value, openid, files.check_link_of(runtime, row), scene=SCENE
            )
        except WechatRejected:
            because = "微信没有受理图片检查"
    now = runtime.clock.now()
    async with runtime.db.unit_of_work() as session:
        if trace_id is None or app is None:
            locked = await lock(session, File, file_id, FileNotFoundHereError)
            await files.hold_for_review(session, locked, because=f"{because}，转人工复核", now=now)
            return
        session.add(MediaCheck(created_at=now, file_id=file_id, app=app, trace_id=trace_id[:100]))
        await session.flush()
        # It may have answered before this row was there.
        await push.settle_early_verdict(session, runtime, app, trace_id[:100], now=now)
