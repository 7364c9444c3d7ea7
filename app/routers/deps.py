"""Every dependency of the routes: runtime, time, actor, permission, the unit of work, reads."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request

from app.core import idempotency
from app.core.db import ReadConnection, ReadSession, WriteSession
from app.core.errors import FieldIssue, InvalidFieldsError, UnauthorisedError
from app.core.security import TokenClaims, TokenError
from app.rules.identity import Actor, Permission, check_permission
from app.services.identity.actors import actor_key, load_actor
from app.services.runtime import Runtime

# Routes that answer anybody; every other route has an actor. Names of operations, checked by a test.
PUBLIC = frozenset({
    "get_config", "get_dictionary", "get_code_table", "find_occupation", "wechat_login",
    "list_vacancies", "get_vacancy", "list_areas", "livez", "readyz",
})  # fmt: skip
# Answers with a secret that is shown once: nothing of them is kept, so a repeated call is a new one.
UNKEPT = frozenset({"issue_claim_code"})
BEARER = "bearer "


def runtime_of(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


# `async`, though nothing is awaited: FastAPI sends plain functions to a thread, two hops a request. What stands in
# every route reads the request itself: each link of a chain of dependencies is solved anew for every request.
async def get_runtime(request: Request) -> Runtime:
    return runtime_of(request)


RuntimeDep = Annotated[Runtime, Depends(get_runtime)]


async def get_now(request: Request) -> datetime:
    return runtime_of(request).clock.now()


Now = Annotated[datetime, Depends(get_now)]


async def maybe_actor(
    request: Request, runtime: RuntimeDep, now: Now, authorization: Annotated[str | None, Header()] = None
) -> Actor | None:
    """Read on an autocommit connection, before any transaction. A token that is sent must be valid."""
    if authorization is None:
        return None
    if not authorization.lower().startswith(BEARER):
        raise UnauthorisedError
    try:
        claims: TokenClaims = runtime.tokens.read(authorization[len(BEARER) :].strip(), now)
    except TokenError as exc:
        raise UnauthorisedError from exc
    async with runtime.db.connection() as connection:
        actor = await load_actor(connection, claims, now)
    request.state.actor = actor
    return actor


MaybeActor = Annotated[Actor | None, Depends(maybe_actor)]


class Requires:
    """The permission of a route, visible in its signature and to the architecture tests."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, actor: MaybeActor) -> Actor:
        if actor is None:
            raise UnauthorisedError
        check_permission(actor, self.permission)
        return actor


def require(permission: Permission) -> Any:
    return Depends(Requires(permission))


# The commonest case: any signed-in person, about their own affairs.
Self = Annotated[Actor, require(Permission.SELF)]


async def unit(
    request: Request,
    runtime: RuntimeDep,
    actor: MaybeActor,
    now: Now,
    idempotency_key: Annotated[
        str | None,
        Header(
            description="A unique value per operation, 8–80 characters, kept for retries: the first answer is repeated",
        ),
    ] = None,
) -> AsyncIterator[WriteSession]:
    """The request's one transaction; committed before the response is sent."""
    call = await _keyed_call(request, actor, idempotency_key)
    hook = None
    if call is not None:
        async with runtime.db.connection() as connection:
            await idempotency.replay(connection, call, runtime.crypto)
        hook = idempotency.claim(call, runtime.crypto, now)
    async with runtime.db.unit_of_work(hook) as session:
        request.state.keyed = (session, call)
        yield session


# scope="function": with FastAPI's default the code after `yield`, the commit, would run after the answer was sent.
Unit = Annotated[WriteSession, Depends(unit, scope="function")]


async def key_required(idempotency_key: Annotated[str | None, Header()] = None) -> None:
    if idempotency_key is None:
        raise idempotency.IdempotencyKeyMissingError


KeyRequired = Depends(key_required)


async def reads(request: Request) -> AsyncIterator[ReadSession]:
    async with runtime_of(request).db.reading() as session:
        yield session


Reads = Annotated[ReadSession, Depends(reads, scope="function")]


async def rows(request: Request) -> AsyncIterator[ReadConnection]:
    async with runtime_of(request).db.connection() as connection:
        yield connection


# For hot lists: Core on an autocommit connection, no session.
Rows = Annotated[ReadConnection, Depends(rows, scope="function")]

Limit = Annotated[int, Query(ge=1, le=100, description="Page size")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before")]


async def _keyed_call(request: Request, actor: Actor | None, key: str | None) -> idempotency.KeyedCall | None:
    if key is None or actor is None or request.scope["route"].name in UNKEPT:
        return None
    if not idempotency.KEY_MIN <= len(key) <= idempotency.KEY_MAX or not key.isascii() or not key.isprintable():
        raise InvalidFieldsError(
            fields=[FieldIssue(path="header.Idempotency-Key", message="应为 8 到 80 个英文字母、数字或符号")]
        )
    return idempotency.KeyedCall(
        caller=actor_key(actor.person_id),
        operation=request.scope["route"].name,
        key=key,
        fingerprint=idempotency.fingerprint(request.path_params, await request.body()),
    )
