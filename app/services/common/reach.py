"""How a notice reaches its person: a subscription message, else SMS, else somebody's telephone.

Called by the worker outside any transaction. Each step is written before the next begins, so that a worker that dies
sends at most the one message again that it had not yet noted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import outbox
from app.core.clock import CHINA
from app.core.db import ReadSession, check_version, lock
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.sms import SmsRefusedError
from app.core.upsert import insert_or_ignore, upsert
from app.models.common import Call, Notice, NoticeDelivery, SubscriptionCounter
from app.models.identity import WechatIdentity
from app.models.organisation import Grid
from app.rules.common.notices import (
    NOTICE_REACH,
    CallDoneError,
    CallNotFoundError,
    CallState,
    Channel,
    DeliveryState,
    quiet_until,
)
from app.rules.identity.apps import WechatApp
from app.rules.identity.roles import Actor, Permission, ScopeKind
from app.services.common import notices
from app.services.identity import audit
from app.services.identity.openids import identity_of
from app.services.identity.people import facts_of_one, wants_night_messages
from app.services.jobs.seekers import home_area_of
from app.services.runtime import Runtime
from app.wechat.errors import TemplateValueError, WechatRejected

FALLBACK_TOPIC = "notice.fallback"
NO_SUBSCRIPTION = 43101
# Longer than one send with its retries.
SEND_LEASE = timedelta(seconds=15)
TRY_AGAIN = timedelta(seconds=3)


class NotNowError(Exception):
    """Quiet hours, or another message to the same person is under way: `until` is when to look again."""

    def __init__(self, until: datetime) -> None:
        super().__init__("not now")
        self.until = until


class NobodyReachedError(Exception):
    """No channel was left; the notice row is what the person gets."""


@dataclass(frozen=True, slots=True)
class _Target:
    app: WechatApp
    identity: WechatIdentity
    template_id: str
    data: dict[str, dict[str, str]]


async def deliver(runtime: Runtime, notice_id: UUID) -> None:
    """The whole way from the first channel on; `WechatUnavailable` and `SmsAwayError` mean: again later."""
    async with runtime.db.reading() as session:
        notice = await notices.get_for_delivery(session, notice_id)
        if notice is None or notice.read_at is not None or notice.delivered_at is not None:
            return
        night = await wants_night_messages(session, notice.person_id)
        targets = await _targets(runtime, session, notice)
        tried = await _channels_tried(session, notice.id)
    until = quiet_until(notice.kind, runtime.clock.now().astimezone(CHINA), night_messages=night)
    if until is not None:
        raise NotNowError(until)
    if Channel.WECHAT not in tried:
        for target in targets:
            if await _send_message(runtime, notice, target):
                return
    await fall_back(runtime, notice_id)


async def fall_back(runtime: Runtime, notice_id: UUID) -> None:
    """SMS, then the call list. Also where WeChat reports later that a message did not arrive."""
    async with runtime.db.reading() as session:
        notice = await notices.get_for_delivery(session, notice_id)
        if notice is None or notice.read_at is not None or notice.delivered_at is not None:
            return
        phone = (await facts_of_one(session, runtime.crypto, notice.person_id)).phone
        tried = await _channels_tried(session, notice.id)
    rule = NOTICE_REACH[notice.kind]
    sms = rule.sms and phone is not None and runtime.sms.takes(notice.kind.value, phone) and Channel.SMS not in tried
    if sms and phone is not None and await _send_sms(runtime, notice, phone):
        return
    if not rule.call:
        raise NobodyReachedError
    await _put_on_call_list(runtime, notice)


async def _targets(runtime: Runtime, session: ReadSession, notice: Notice) -> list[_Target]:
    """The mini-programs in which this person has a template of this kind and, as far as we know, accepts left."""
    found = []
    for app in WechatApp:
        template = runtime.settings.template_of(app.value, notice.kind.value)
        identity = await identity_of(session, notice.person_id, app)
        if template is None or identity is None:
            continue
        left = await session.exec(
            select(col(SubscriptionCounter.remaining)).where(
                SubscriptionCounter.person_id == notice.person_id,
                SubscriptionCounter.app == app,
                SubscriptionCounter.template_id == template.id,
            )
        )
        if left.one_or_none() == 0:
            continue
        data = {template.keys.get(key, key): {"value": value} for key, value in notice.template_data.items()}
        found.append(_Target(app, identity, template.id, data))
    return found


async def _channels_tried(session: ReadSession, notice_id: UUID) -> set[Channel]:
    rows = await session.exec(select(col(NoticeDelivery.channel)).where(NoticeDelivery.notice_id == notice_id))
    return set(rows.all())


async def _send_message(runtime: Runtime, notice: Notice, target: _Target) -> bool:
    """True where WeChat took it. One message to one person at a time (43108)."""
    await _hold_the_line(runtime, target)
    try:
        message_id = await runtime.wechat.send_subscribe_message(
            target.app.value, target.identity.openid, target.template_id, page=notice.page, data=target.data
        )
    except WechatRejected as exc:
        await _note_refusal(runtime, notice, target, str(exc.errcode), none_left=exc.errcode == NO_SUBSCRIPTION)
        return False
    except TemplateValueError as exc:
        await _note_refusal(runtime, notice, target, f"template {exc.key}"[:60], none_left=False)
        return False
    finally:
        await _let_go(runtime, target)
    async with runtime.db.unit_of_work() as session:
        now = runtime.clock.now()
        await _count(session, notice.person_id, target.app, target.template_id, -1, now)
        session.add(
            NoticeDelivery(
                created_at=now, notice_id=notice.id, channel=Channel.WECHAT, app=target.app,
                state=DeliveryState.SENT, external_id=message_id,
            )
        )  # fmt: skip
    return True


async def _hold_the_line(runtime: Runtime, target: _Target) -> None:
    now = runtime.clock.now()
    async with runtime.db.unit_of_work() as session:
        done = await session.exec(
            update(WechatIdentity)
            .where(
                col(WechatIdentity.id) == target.identity.id,
                or_(col(WechatIdentity.sending_until).is_(None), col(WechatIdentity.sending_until) <= now),
            )
            .values(sending_until=now + SEND_LEASE)
        )
    if done.rowcount == 0:
        raise NotNowError(now + TRY_AGAIN)


async def _let_go(runtime: Runtime, target: _Target) -> None:
    async with runtime.db.unit_of_work() as session:
        await session.exec(
            update(WechatIdentity).where(col(WechatIdentity.id) == target.identity.id).values(sending_until=None)
        )


async def _note_refusal(runtime: Runtime, notice: Notice, target: _Target, failure: str, *, none_left: bool) -> None:
    async with runtime.db.unit_of_work() as session:
        now = runtime.clock.now()
        if none_left:
            await set_counter(session, notice.person_id, target.app, target.template_id, 0, now=now)
        session.add(
            NoticeDelivery(
                created_at=now, notice_id=notice.id, channel=Channel.WECHAT, app=target.app,
                state=DeliveryState.FAILED, failure=failure, settled_at=now,
            )
        )  # fmt: skip


async def _send_sms(runtime: Runtime, notice: Notice, phone: str) -> bool:
    params = {"title": notice.title, "hotline": runtime.settings.hotline}
    state, external_id, failure = DeliveryState.DELIVERED, None, None
    try:
        external_id = await runtime.sms.send(notice.kind.value, phone, params)
    except SmsRefusedError:
        state, failure = DeliveryState.FAILED, "refused"
    async with runtime.db.unit_of_work() as session:
        now = runtime.clock.now()
        # The port knows no receipts: what the gateway took counts as arrived.
        session.add(
            NoticeDelivery(
                created_at=now, notice_id=notice.id, channel=Channel.SMS, state=state, external_id=external_id,
                failure=failure, settled_at=now,
            )
        )  # fmt: skip
        if state is DeliveryState.DELIVERED:
            await _mark_delivered(session, notice.id, now)
    return state is DeliveryState.DELIVERED


async def _put_on_call_list(runtime: Runtime, notice: Notice) -> None:
    async with runtime.db.unit_of_work() as session:
        now = runtime.clock.now()
        area_id = await home_area_of(session, notice.person_id)
        await insert_or_ignore(
            session,
            Call,
            {
                "id": new_id(), "created_at": now, "updated_at": now, "version": 1, "notice_id": notice.id,
                "person_id": notice.person_id, "state": CallState.OPEN, "scope_id": area_id,
                "scope_kind": ScopeKind.TOWN if area_id is None else ScopeKind.AREA,
            },
        )  # fmt: skip


async def settle_sent(
    session: AsyncSession, app: WechatApp, message_id: str, *, delivered: bool, failure: str | None, now: datetime
) -> None:
    """WeChat's report about a message it took (`subscribe_msg_sent_event`). A failure goes on to the next channel."""
    found = await session.exec(
        select(NoticeDelivery)
        .where(
            NoticeDelivery.channel == Channel.WECHAT,
            NoticeDelivery.app == app,
            NoticeDelivery.external_id == message_id,
        )
        .with_for_update()
    )
    row = found.one_or_none()
    if row is None or row.settled_at is not None:
        return
    row.settled_at = now
    row.state = DeliveryState.DELIVERED if delivered else DeliveryState.FAILED
    if delivered:
        await _mark_delivered(session, row.notice_id, now)
        return
    row.failure = failure
    await outbox.enqueue(
        session, topic=FALLBACK_TOPIC, payload={"notice_id": str(row.notice_id)}, now=now,
        dedupe_key=f"fallback:{row.notice_id}",
    )  # fmt: skip


async def add_accept(
    session: AsyncSession, person_id: UUID, app: WechatApp, template_id: str, *, now: datetime
) -> None:
    """One accept in the dialog is one message. The push event is the truth; a client's own report is not counted too."""
    await _count(session, person_id, app, template_id, 1, now)


async def set_counter(
    session: AsyncSession, person_id: UUID, app: WechatApp, template_id: str, remaining: int, *, now: datetime
) -> None:
    values = {
        "person_id": person_id, "app": app, "template_id": template_id, "remaining": remaining, "updated_at": now,
    }  # fmt: skip
    await upsert(session, SubscriptionCounter, values, keys=["person_id", "app", "template_id"])


async def list_counters(session: ReadSession, actor: Actor, app: WechatApp) -> dict[str, int]:
    """Template id → accepts left, so that the client knows when to ask again."""
    rows = await session.exec(
        select(SubscriptionCounter).where(
            SubscriptionCounter.person_id == actor.person_id, SubscriptionCounter.app == app
        )
    )
    return {row.template_id: row.remaining for row in rows}


def calls_visible_to(actor: Actor) -> ColumnElement[bool]:
    """A dispatcher's firm, a grid member's area, an office for the town everything."""
    if actor.town_wide(Permission.CALL_HANDLE):
        return col(Call.id).is_not(None)
    firms = sorted(actor.scopes(Permission.CALL_HANDLE, ScopeKind.ENTERPRISE))
    areas = sorted(actor.scopes(Permission.CALL_HANDLE, ScopeKind.AREA))
    grids = sorted(actor.scopes(Permission.CALL_HANDLE, ScopeKind.GRID))
    of_grids = select(col(Grid.area_id)).where(col(Grid.id).in_(grids))
    return or_(
        and_(col(Call.scope_kind) == ScopeKind.ENTERPRISE, col(Call.scope_id).in_(firms)),
        and_(
            col(Call.scope_kind) == ScopeKind.AREA,
            or_(col(Call.scope_id).in_(areas), col(Call.scope_id).in_(of_grids)),
        ),
    )


async def list_calls(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[tuple[Call, Notice]], str | None]:
    """Who is to be rung up, newest first."""
    query: dict[str, Any] = {"list": "calls", "person": actor.person_id}
    keys = [col(Call.created_at), col(Call.id)]
    statement = (
        select(Call, Notice)
        .join(Notice, col(Notice.id) == col(Call.notice_id))
        .where(Call.state == CallState.OPEN, calls_visible_to(actor))
    )
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda pair: [pair[0].created_at, pair[0].id])


async def get_call(session: AsyncSession, actor: Actor, call_id: UUID) -> Call:
    found = await session.exec(select(Call).where(Call.id == call_id, calls_visible_to(actor)))
    row = found.one_or_none()
    if row is None:
        raise CallNotFoundError
    return row


async def close_call(
    session: AsyncSession, actor: Actor, call_id: UUID, *, reached: bool, expected_version: int, now: datetime
) -> Call:
    await get_call(session, actor, call_id)
    row = await lock(session, Call, call_id, CallNotFoundError)
    check_version(row.version, expected_version)
    if row.state is not CallState.OPEN:
        raise CallDoneError(current=row.state.label)
    row.state = CallState.REACHED if reached else CallState.UNREACHED
    row.handled_by, row.handled_at = actor.person_id, now
    row.touch(now)
    session.add(
        NoticeDelivery(
            created_at=now, notice_id=row.notice_id, channel=Channel.CALL, settled_at=now,
            state=DeliveryState.DELIVERED if reached else DeliveryState.FAILED,
        )
    )  # fmt: skip
    if reached:
        await _mark_delivered(session, row.notice_id, now)
    audit.by(session, actor, f"call_{row.state.value}", "call", row.id, now=now)
    return row


async def _mark_delivered(session: AsyncSession, notice_id: UUID, now: datetime) -> None:
    await session.exec(
        update(Notice).where(col(Notice.id) == notice_id, col(Notice.delivered_at).is_(None)).values(delivered_at=now)
    )


async def _count(
    session: AsyncSession, person_id: UUID, app: WechatApp, template_id: str, by: int, now: datetime
) -> None:
    """±1 in one statement, never below none. An unknown counter that sent starts at none left."""
    done = await session.exec(
        update(SubscriptionCounter)
        .where(
            col(SubscriptionCounter.person_id) == person_id,
            col(SubscriptionCounter.app) == app,
            col(SubscriptionCounter.template_id) == template_id,
            col(SubscriptionCounter.remaining) + by >= 0,
        )
        .values(remaining=col(SubscriptionCounter.remaining) + by, updated_at=now)
    )
    if done.rowcount == 0 and by > 0:
        row = {"person_id": person_id, "app": app, "template_id": template_id, "remaining": by, "updated_at": now}
        if not await insert_or_ignore(session, SubscriptionCounter, row):
            await _count(session, person_id, app, template_id, by, now)
