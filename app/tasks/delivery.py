"""Delivery of the outbox: lease, send, tick off. Business goes on while WeChat is away; messages follow later."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.core import outbox
from app.core.errors import AppError
from app.core.logging import get_logger
from app.core.tables import OutboxMessage, OutboxState
from app.rules.identity import WechatApp
from app.services.common import notices
from app.services.identity.people import openid_of
from app.services.runtime import Runtime
from app.wechat.errors import WechatError, WechatRejected, WechatUnavailable

BATCH = 20
log = get_logger()


class Undeliverable(Exception):  # noqa: N818  # an outcome, not a fault
    """Never to arrive this way; the notice row is what the person gets."""


@dataclass(frozen=True, slots=True)
class Outcome:
    delivered: int
    postponed: int
    given_up: int


async def deliver_due(runtime: Runtime, holder: str) -> Outcome:
    """One round: everything due up to a batch. Sending happens outside any transaction."""
    async with runtime.db.unit_of_work() as session:
        messages = await outbox.lease(
            session,
            holder=holder,
            now=runtime.clock.now(),
            seconds=runtime.settings.worker_lease_seconds,
            limit=BATCH,
        )
    results: list[str] = []
    for place, message in enumerate(messages):
        if results[-1:] == ["later"] or not _lease_holds(runtime, message):
            # The breaker: WeChat is away, so the rest of the batch waits instead of timing out one by one. The same
            # where the lease would end during a send: another worker could send the message a second time.
            await _give_back(runtime, holder, messages[place:])
            break
        results.append(await _deliver_one(runtime, holder, message))
    return Outcome(results.count("done"), results.count("later"), results.count("dead"))


def _lease_holds(runtime: Runtime, message: OutboxMessage) -> bool:
    send = timedelta(seconds=len(WechatApp) * runtime.settings.wechat_timeout_seconds)
    return message.leased_until is not None and runtime.clock.now() + send < message.leased_until


async def _give_back(runtime: Runtime, holder: str, messages: Sequence[OutboxMessage]) -> None:
    async with runtime.db.unit_of_work() as session:
        until = runtime.clock.now() + timedelta(seconds=outbox.FIRST_DELAY_SECONDS)
        for message in messages:
            await outbox.give_back(session, message, holder=holder, until=until)


async def _deliver_one(runtime: Runtime, holder: str, message: OutboxMessage) -> str:
    error, wait, state = None, None, OutboxState.DONE
    try:
        await HANDLERS[message.topic](runtime, message)
    except WechatUnavailable as exc:
        error, wait = type(exc).__name__, exc.retry_after
    except (Undeliverable, KeyError, ValueError, WechatError) as exc:
        # Final: a wrong template or an unsubscribed person does not mend itself. The notice row remains.
        error, state = type(exc).__name__, OutboxState.DEAD
    except AppError:
        raise  # the database is away: the lease ends by itself
    except Exception as exc:
        # One message that breaks its handler must not stop all the others behind it, restart after restart.
        log.exception("outbox handler", topic=message.topic, outbox_id=str(message.id))
        error = type(exc).__name__
    async with runtime.db.unit_of_work() as session:
        now = runtime.clock.now()
        if error is not None and state is OutboxState.DONE:
            await outbox.postpone(session, message, holder=holder, now=now, error=error, wait=wait)
            result = "later"
        else:
            await outbox.finish(session, message.id, holder=holder, now=now, state=state, error=error)
            result = "done" if state is OutboxState.DONE else "dead"
    log.info("outbox", topic=message.topic, outbox_id=str(message.id), state=result, error=error)
    return result


async def _send_subscribe_message(runtime: Runtime, message: OutboxMessage) -> None:
    """subscribeMessage.send to each mini-program in which the person may be reached; the first that takes it counts."""
    async with runtime.db.reading() as session:
        notice = await notices.get_for_delivery(session, UUID(message.payload["notice_id"]))
        if notice is None or notice.read_at is not None:
            return  # read meanwhile: nothing to tell any more
        targets = [
            (app, template, await openid_of(session, notice.person_id, app))
            for app in WechatApp
            if (template := runtime.settings.wechat_templates.get(app.value, {}).get(notice.kind.value))
        ]
    refused: WechatRejected | None = None
    for app, template, openid in targets:
        if openid is None:
            continue
        try:
            await runtime.wechat.send_subscribe_message(
                app.value, openid, template, page=notice.page,
                data={key: {"value": value} for key, value in notice.template_data.items()},
            )  # fmt: skip
        except WechatRejected as exc:
            refused = exc
        else:
            return
    # No template, no identity, or no subscription left (43101): the row in GET /me/notices is what the person gets.
    raise Undeliverable from refused


HANDLERS: dict[str, Callable[[Runtime, OutboxMessage], Awaitable[None]]] = {
    notices.TOPIC: _send_subscribe_message,
}
