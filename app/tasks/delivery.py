"""Delivery of the outbox: lease, do, tick off. Business goes on while WeChat is away; what leaves follows later."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.core import outbox
from app.core.errors import AppError
from app.core.logging import get_logger
from app.core.sms import SmsAwayError
from app.core.storage import StorageAwayError
from app.core.tables import OutboxMessage, OutboxState
from app.rules.identity.apps import WechatApp
from app.services.common import files, media, notices, push, reach
from app.services.common.reach import NobodyReachedError, NotNowError
from app.services.gigs import refill, run_work, runs
from app.services.jobs import import_work, imports
from app.services.runtime import Runtime
from app.wechat.errors import WechatError, WechatUnavailable

BATCH = 20
log = get_logger()


@dataclass(frozen=True, slots=True)
class Outcome:
    delivered: int
    postponed: int
    given_up: int


@dataclass(frozen=True, slots=True)
class _Result:
    """`later`: the attempt counts; `until`: it does not, the moment was wrong."""

    state: OutboxState | None
    error: str | None = None
    wait: int | None = None
    until: datetime | None = None

    @property
    def name(self) -> str:
        if self.until is not None:
            return "waits"
        return "later" if self.state is None else {OutboxState.DONE: "done"}.get(self.state, "dead")


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
    return Outcome(results.count("done"), results.count("later") + results.count("waits"), results.count("dead"))


def _lease_holds(runtime: Runtime, message: OutboxMessage) -> bool:
    send = timedelta(seconds=len(WechatApp) * runtime.settings.wechat_timeout_seconds)
    return message.leased_until is not None and runtime.clock.now() + send < message.leased_until


async def _give_back(runtime: Runtime, holder: str, messages: Sequence[OutboxMessage]) -> None:
    async with runtime.db.unit_of_work() as session:
        until = runtime.clock.now() + timedelta(seconds=outbox.FIRST_DELAY_SECONDS)
        for message in messages:
            await outbox.give_back(session, message, holder=holder, until=until)


async def _deliver_one(runtime: Runtime, holder: str, message: OutboxMessage) -> str:
    result = await _try(runtime, message)
    async with runtime.db.unit_of_work() as session:
        now = runtime.clock.now()
        if result.until is not None:
            await outbox.give_back(session, message, holder=holder, until=result.until)
        elif result.state is None:
            error = result.error or "unknown"
            await outbox.postpone(session, message, holder=holder, now=now, error=error, wait=result.wait)
        else:
            await outbox.finish(session, message.id, holder=holder, now=now, state=result.state, error=result.error)
    log.info("outbox", topic=message.topic, outbox_id=str(message.id), state=result.name, error=result.error)
    return result.name


async def _try(runtime: Runtime, message: OutboxMessage) -> _Result:
    try:
        await HANDLERS[message.topic](runtime, message.payload)
    except NotNowError as exc:
        return _Result(None, until=exc.until)
    except WechatUnavailable as exc:
        return _Result(None, type(exc).__name__, wait=exc.retry_after)
    except (SmsAwayError, StorageAwayError) as exc:
        return _Result(None, type(exc).__name__)
    except (NobodyReachedError, KeyError, ValueError, WechatError) as exc:
        # Final: a wrong template or an unsubscribed person does not mend itself. The notice row remains.
        return _Result(OutboxState.DEAD, type(exc).__name__)
    except AppError:
        raise  # the database is away: the lease ends by itself
    except Exception as exc:
        # One message that breaks its handler must not stop all the others behind it, restart after restart.
        log.exception("outbox handler", topic=message.topic, outbox_id=str(message.id))
        return _Result(None, type(exc).__name__)
    return _Result(OutboxState.DONE)


async def _deliver_notice(runtime: Runtime, payload: dict[str, str]) -> None:
    await reach.deliver(runtime, UUID(payload["notice_id"]))


async def _fall_back(runtime: Runtime, payload: dict[str, str]) -> None:
    await reach.fall_back(runtime, UUID(payload["notice_id"]))


async def _check_media(runtime: Runtime, payload: dict[str, str]) -> None:
    await media.ask(runtime, UUID(payload["file_id"]))


async def _handle_push(runtime: Runtime, payload: dict[str, str]) -> None:
    await push.handle(runtime, UUID(payload["push_event_id"]))


async def _delete_object(runtime: Runtime, payload: dict[str, str]) -> None:
    await runtime.storage.delete(payload["object_name"])


async def _import_vacancies(runtime: Runtime, payload: dict[str, str]) -> None:
    """A slice at a time: an import of an hour must not stand before the messages that came after it."""
    if await import_work.work(runtime, UUID(payload["import_id"])):
        raise NotNowError(runtime.clock.now())


async def _refill_shift(runtime: Runtime, payload: dict[str, str]) -> None:
    """A round of twenty offers at a time; what is left is asked for at once, behind the other messages."""
    async with runtime.db.unit_of_work() as session:
        again = await refill.refill(session, UUID(payload["shift_id"]), now=runtime.clock.now())
    if again:
        raise NotNowError(runtime.clock.now())


async def _publish_shift(runtime: Runtime, payload: dict[str, str]) -> None:
    async with runtime.db.unit_of_work() as session:
        await run_work.publish_shift(
            session, UUID(payload["run_id"]), UUID(payload["shift_id"]), now=runtime.clock.now()
        )


HANDLERS: dict[str, Callable[[Runtime, dict[str, str]], Awaitable[None]]] = {
    notices.TOPIC: _deliver_notice,
    reach.FALLBACK_TOPIC: _fall_back,
    files.CHECK_TOPIC: _check_media,
    push.TOPIC: _handle_push,
    files.DELETE_TOPIC: _delete_object,
    imports.TOPIC: _import_vacancies,
    refill.TOPIC: _refill_shift,
    runs.PUBLISH_TOPIC: _publish_shift,
}
