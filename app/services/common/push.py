"""WeChat's pushes: believed, stored and answered at once; handled by the worker (WeChat cuts the line after 5 s).

https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import outbox
from app.core.db import lock
from app.core.errors import ForbiddenError, NotFoundError
from app.core.events import emit
from app.core.ids import new_id
from app.core.logging import get_logger
from app.core.upsert import insert_or_ignore
from app.models.common import File, MediaCheck
from app.models.common import PushEvent as StoredPush
from app.rules.common.content import Verdict
from app.rules.common.tasks import TaskKind
from app.rules.identity.apps import WechatApp
from app.rules.identity.privacy import REVOKED_DATA
from app.services.common import files, reach
from app.services.common.tasks import open_task
from app.services.events import WechatAccountCancelled, WechatDataRevoked
from app.services.identity import audit
from app.services.identity.openids import person_of
from app.services.runtime import Runtime
from app.wechat.push import PushConfig, PushError, PushEvent, open_message, read_event, verify_url

TOPIC = "wechat.push"
# WeChat repeats within seconds; what is older is a recording. The other way round: clocks differ a little.
FRESH = timedelta(minutes=10)
# A verdict may overtake our own row with its trace id by the length of a transaction. If both looked for one another at
# the same moment, neither has seen the other: it is looked at again for a while. Later nobody asks for it any more.
EARLY, AGAIN = timedelta(minutes=2), timedelta(seconds=5)
log = get_logger()


class PushRefusedError(ForbiddenError):
    """Wrongly signed, sealed for another mini-program, or too old: nothing is told of which."""

    code = "push_refused"
    message = "推送消息未通过校验"


class PushUnknownError(NotFoundError):
    code = "push_unknown"
    message = "没有这个小程序"


async def check_address(runtime: Runtime, app: WechatApp, *, signature: str, timestamp: str, nonce: str) -> None:
    """The GET with which WeChat looks whether this address is ours."""
    try:
        verify_url(_config(runtime, app).token, signature, timestamp, nonce)
    except PushError as exc:
        raise PushRefusedError from exc


async def receive(runtime: Runtime, app: WechatApp, query: Mapping[str, str], body: bytes) -> None:
    """Verify, store, answer. The same event again changes nothing; a refusal is audited."""
    try:
        event = read_event(open_message(_config(runtime, app), query, body))
        _check_age(query.get("timestamp", ""), runtime.clock.now())
    except PushError as exc:
        await _note_refusal(runtime, app, type(exc).__name__)
        raise PushRefusedError from exc
    now = runtime.clock.now()
    async with runtime.db.unit_of_work() as session:
        row_id = new_id()
        fresh = await insert_or_ignore(
            session,
            StoredPush,
            {
                "id": row_id, "created_at": now, "app": app, "event": event.name[:60],
                "dedupe_key": f"{app.value}:{event.dedupe_key}", "trace_id": _short(event.trace_id),
                "payload_sealed": runtime.crypto.seal("push_event", "payload", row_id, _packed(event)),
            },
        )  # fmt: skip
        if fresh:
            await outbox.enqueue(session, topic=TOPIC, payload={"push_event_id": str(row_id)}, now=now)


async def handle(runtime: Runtime, push_event_id: UUID) -> None:
    """What an event means, in one transaction; an unknown one means nothing. `NotNowError`: its subject may still come."""
    async with runtime.db.unit_of_work() as session:
        row = await lock(session, StoredPush, push_event_id, PushUnknownError)
        if row.handled_at is not None:
            return
        event = _unpacked(runtime.crypto.open("push_event", "payload", row.id, row.payload_sealed))
        now = runtime.clock.now()
        if await _apply(session, WechatApp.of(row.app), event, now):
            row.handled_at = now
            return
        early = now - row.created_at < EARLY
    if early:
        raise reach.NotNowError(now + AGAIN)


async def settle_early_verdict(
    session: AsyncSession, runtime: Runtime, app: WechatApp, trace_id: str, *, now: datetime
) -> None:
    """The verdict came before our row with its trace id: it was kept and is applied now."""
    found = await session.exec(
        select(StoredPush)
        .where(StoredPush.app == app, StoredPush.trace_id == trace_id, col(StoredPush.handled_at).is_(None))
        .with_for_update()
    )
    for row in found.all():
        event = _unpacked(runtime.crypto.open("push_event", "payload", row.id, row.payload_sealed))
        if await _apply(session, app, event, now):
            row.handled_at = now


async def _apply(session: AsyncSession, app: WechatApp, event: PushEvent, now: datetime) -> bool:
    """False: nothing is known of its subject yet; it stays for whoever brings it."""
    if event.name == "wxa_media_check":
        return await _media_verdict(session, app, event, now)
    if event.name == "wxa_punish_event":
        await open_task(
            session, TaskKind.WECHAT_PUNISHED, _punished_id(app), now=now,
            title=f"微信对“{app.label}”作出处罚，请登录小程序后台查看",
        )  # fmt: skip
        return True
    if event.name == "subscribe_msg_sent_event":
        await _messages_sent(session, app, event, now)
        return True
    person_id = None if event.openid is None else await person_of(session, app, event.openid)
    if person_id is None:
        return True
    if event.name in {"subscribe_msg_popup_event", "subscribe_msg_change_event"}:
        await _subscriptions(session, app, person_id, event, now)
    elif event.name == "user_authorization_revoke":
        await _revoked(session, person_id, event, now)
    elif event.name == "user_authorization_cancellation":
        await emit(session, WechatAccountCancelled(at=now, person_id=person_id, app=app))
    return True


async def _media_verdict(session: AsyncSession, app: WechatApp, event: PushEvent, now: datetime) -> bool:
    found = await session.exec(
        select(MediaCheck).where(MediaCheck.app == app, MediaCheck.trace_id == event.trace_id).with_for_update()
    )
    check = found.one_or_none()
    if check is None:
        return False
    if check.settled_at is not None:
        return True
    row = await lock(session, File, check.file_id, PushUnknownError)
    check.settled_at = now
    check.verdict = _verdict_of(event)
    if check.verdict is Verdict.PASS:
        await files.settle(session, row, ready=True, because=None, now=now)
    elif check.verdict is Verdict.RISKY:
        await files.settle(session, row, ready=False, because="未通过微信内容安全检查", now=now)
    else:
        because = "微信内容安全检查建议人工复核" if event.errcode == 0 else "微信没有取到图片，转人工复核"
        await files.hold_for_review(session, row, because=because, now=now)
    return True


def _verdict_of(event: PushEvent) -> Verdict:
    """An error (-1008: download failed) or an answer that we do not understand is for a person to look at."""
    suggest = (event.result or {}).get("suggest")
    if event.errcode != 0 or suggest not in set(Verdict):
        return Verdict.REVIEW
    return Verdict.of(str(suggest))


async def _messages_sent(session: AsyncSession, app: WechatApp, event: PushEvent, now: datetime) -> None:
    for item in event.items:
        fields = {key.lower(): value for key, value in item.items()}
        if "msgid" in fields:
            code = fields.get("errorcode", "0")
            await reach.settle_sent(
                session, app, fields["msgid"][:64], delivered=code == "0", failure=code[:60], now=now
            )


async def _subscriptions(
    session: AsyncSession, app: WechatApp, person_id: UUID, event: PushEvent, now: datetime
) -> None:
    """Popup: the person answered the dialog, and a refusal there takes back no earlier accept. Change: switched off."""
    for item in event.items:
        fields = {key.lower(): value for key, value in item.items()}
        template, status = fields.get("templateid", "")[:64], fields.get("subscribestatusstring", "")
        if not template:
            continue
        if status.startswith("accept"):
            await reach.add_accept(session, person_id, app, template, now=now)
        elif status == "reject" and event.name == "subscribe_msg_change_event":
            await reach.set_counter(session, person_id, app, template, 0, now=now)


async def _revoked(session: AsyncSession, person_id: UUID, event: PushEvent, now: datetime) -> None:
    for code in event.revoke_codes:
        held = REVOKED_DATA.get(code)
        audit.record(
            session, "wechat_data_revoked", actor_id=person_id, subject_kind="person", subject_id=person_id, now=now,
            revoke_code=code[:10],
        )  # fmt: skip
        if held is not None:
            await emit(session, WechatDataRevoked(at=now, person_id=person_id, held=held))


def _check_age(timestamp: str, now: datetime) -> None:
    if (
        not timestamp.isascii()
        or not timestamp.isdigit()
        or abs(now.timestamp() - int(timestamp[:12])) > FRESH.total_seconds()
    ):
        raise PushError("stale")


def _config(runtime: Runtime, app: WechatApp) -> PushConfig:
    token, aes_key = runtime.settings.wechat_push()[app.value]
    appid, _ = runtime.settings.wechat_credentials()[app.value]
    return PushConfig(token, aes_key, appid)


async def _note_refusal(runtime: Runtime, app: WechatApp, why: str) -> None:
    async with runtime.db.unit_of_work() as session:
        audit.record(
            session, "push_refused", actor_id=None, subject_kind="wechat_app", subject_id=app.value,
            now=runtime.clock.now(), why=why,
        )  # fmt: skip


def _packed(event: PushEvent) -> str:
    fields: dict[str, Any] = {
        "name": event.name, "openid": event.openid, "created": event.created, "trace_id": event.trace_id,
        "msg_ids": event.msg_ids, "items": event.items, "errcode": event.errcode, "result": event.result,
        "revoke_codes": event.revoke_codes,
    }  # fmt: skip
    return json.dumps(fields, ensure_ascii=False)


def _unpacked(packed: bytes) -> PushEvent:
    fields = json.loads(packed)
    for name in ("msg_ids", "items", "revoke_codes"):
        fields[name] = tuple(fields[name])
    return PushEvent(**fields)


def _short(trace_id: str | None) -> str | None:
    return None if trace_id is None else trace_id[:100]


def _punished_id(app: WechatApp) -> UUID:
    """A task wants a subject; the two mini-programs have no rows, so each has a fixed id."""
    return UUID(int=list(WechatApp).index(app) + 1)
