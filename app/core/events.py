"""Facts of one domain that others react to, at once and in the same transaction.

A service says what happened with `emit`; who listens stands in `services/reactions.py`, one readable file.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict
from sqlmodel.ext.asyncio.session import AsyncSession


class Event(BaseModel):
    """What happened, in plain ids and values."""

    model_config = ConfigDict(frozen=True)

    at: datetime


E = TypeVar("E", bound=Event)
Handler = Callable[[AsyncSession, Any], Awaitable[None]]
_handlers: dict[type[Event], list[Handler]] = {}


def subscribe(event_type: type[E], handler: Callable[[AsyncSession, E], Awaitable[None]]) -> None:
    """Register once; a second registration of the same handler changes nothing."""
    handlers = _handlers.setdefault(event_type, [])
    if handler not in handlers:
        handlers.append(handler)


async def emit(session: AsyncSession, event: Event) -> None:
    for handler in _handlers.get(type(event), []):
        await handler(session, event)
