"""The route class of every router: operation ids are function names, keyed answers are kept in the transaction."""

import json
from collections.abc import Callable, Coroutine
from functools import cached_property
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from app.core import idempotency
from app.core.errors import (
    AppError,
    ConflictError,
    DatabaseAwayError,
    ForbiddenError,
    InvalidFieldsError,
    TooLargeError,
    UnauthorisedError,
    UnavailableError,
    errors,
)
from app.routers.failures import MalformedBodyError, UnsupportedMediaError
from app.rules.identity.onbehalf import NotOnBehalfError, NotRepresentedError, OutOfScopeError

PREFIX, ANY = "/api/v1", "*"
# What any request with a body may be refused for, before its route is asked.
BODY_ERRORS: tuple[type[AppError], ...] = (TooLargeError, MalformedBodyError, UnsupportedMediaError)


# What a call on behalf of somebody else may be refused for.
AGENT_ERRORS: tuple[type[AppError], ...] = (NotRepresentedError, OutOfScopeError)
# What another person can take back at any time is not kept with an answer: a repeated one shows these fields as they
# are shown once it has been taken back.
KEPT_WITHOUT: dict[str, dict[str, Any]] = {
    "move_application": {"contact": None, "score": None, "confidence": None, "parts": [], "reasons": [], "gaps": []},
}


class KeyedRoute(APIRoute):
    """Writes the answer of a keyed call beside its claim, after the service and before the commit."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_and_keep(request: Request) -> Response:
            response = await handle(request)
            session, call = getattr(request.state, "keyed", (None, None))
            if session is not None and call is not None:
                crypto = request.app.state.runtime.crypto
                kept = _without(call.operation, response.status_code, bytes(response.body))
                await idempotency.keep(session, call, crypto, response.status_code, kept)
            return response

        return handle_and_keep


def _without(operation: str, status: int, body: bytes) -> bytes:
    taken = KEPT_WITHOUT.get(operation)
    if taken is None or status >= HTTPStatus.MULTIPLE_CHOICES:
        return body
    return json.dumps(json.loads(body) | taken, ensure_ascii=False, separators=(",", ":")).encode()


class IndexedRouter(APIRouter):
    """Looks at its routes only for a path that one of them can begin.

    Routes are tried one after the other, and there are hundreds: without this, finding the one was an eighth of a request.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path: str = scope["path"]
        if path.startswith(PREFIX + "/") and not self._beginnings & set(_beginnings(path)):
            return Match.NONE, {}
        return super().matches(scope)

    @cached_property
    def _beginnings(self) -> frozenset[tuple[str, str]]:
        """Asked for once, when all routes are there."""
        return frozenset(
            (first, ANY if second.startswith("{") else second)
            for route in self.routes
            for first, second in [_segments(getattr(route, "path", ""))]
        )


def _segments(path: str) -> tuple[str, str]:
    """The two after the prefix; no name of ours begins with a parameter."""
    first, _, rest = path.removeprefix(PREFIX + "/").partition("/")
    return first, rest.partition("/")[0]


def _beginnings(path: str) -> tuple[tuple[str, str], tuple[str, str]]:
    first, second = _segments(path)
    return (first, second), (first, ANY)


def make_router(tag: str) -> APIRouter:
    return IndexedRouter(
        prefix=PREFIX,
        tags=[tag],
        route_class=KeyedRoute,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )


def read_errors(*classes: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """What any signed-in read may answer, and the route's own."""
    return errors(
        UnauthorisedError, ForbiddenError, NotOnBehalfError, InvalidFieldsError, DatabaseAwayError, UnavailableError,
        *classes,
    )  # fmt: skip


def public_errors(*classes: type[AppError]) -> dict[int | str, dict[str, Any]]:
    return errors(InvalidFieldsError, DatabaseAwayError, UnavailableError, *classes)


def write_errors(*classes: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """What any signed-in write may answer, and the route's own."""
    return read_errors(
        *BODY_ERRORS, ConflictError, idempotency.InProgressError, idempotency.IdempotencyKeyReusedError, *classes
    )
