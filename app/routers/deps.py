"""Every dependency of the routes: runtime, time, actor, permission, the unit of work, reads."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, BinaryIO

from fastapi import Depends, Header, Query, Request, params
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from app.core import idempotency
from app.core.db import ReadConnection, ReadSession, WriteSession
from app.core.errors import AppError, FieldIssue, InvalidFieldsError, UnauthorisedError
from app.core.rates import PEOPLE_PER_ADDRESS, PER_ADDRESS, RateKind
from app.core.security import TokenClaims, TokenError
from app.rules.identity.access import Reach, Way
from app.rules.identity.onbehalf import AgentScope, NotOnBehalfError
from app.rules.identity.roles import Actor, Permission, check_permission
from app.services.identity import audit
from app.services.identity.actors import actor_key, keep_awake, load_actor
from app.services.identity.onbehalf import stand_in
from app.services.runtime import Runtime

# Routes that answer anybody; every other route has an actor. Names of operations, checked by a test.
PUBLIC = frozenset({
    "list_fairs", "get_fair", "list_fair_booths", "list_fair_vacancies", "get_fair_board", "count_fair_visit",
    "verify_certificate", "show_verification", "get_config", "get_dictionary", "get_code_table", "find_occupation", "wechat_login",
    "list_vacancies", "count_vacancy_facets", "get_vacancy", "list_areas", "livez", "readyz", "refresh_tokens", "sign_in_to_console",
    "get_file_content", "read_share_code", "get_policy", "check_push_address", "receive_push", "get_metrics",
})  # fmt: skip
# Answers with a secret that is shown once: nothing of them is kept, so a repeated call is a new one.
UNKEPT = frozenset(
    {
        "issue_claim_code",
        "issue_household_code",
        "offer_representation",
        "invite_member",
        "open_console_account",
        "export_my_data",
        "reveal_person",
        "reveal_survey_answer",
        "reveal_case_contacts",
    }
)
BEARER = "bearer "
KEY_HEADER = "Idempotency-Key"
# Parameters that make a list a search.
COSTLY = ("q", "latitude")


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
    request: Request,
    runtime: RuntimeDep,
    now: Now,
    # The document says it once, as the security scheme of `Requires`.
    authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Actor | None:
    """Read on an autocommit connection, before any transaction. A token that is sent must be valid."""
    if authorization is None:
        return None
    # Two headers are two claims; whatever stands before us may have looked at the other one.
    if len(request.headers.getlist("authorization")) > 1 or not authorization.lower().startswith(BEARER):
        raise UnauthorisedError
    try:
        claims: TokenClaims = runtime.tokens.read(authorization[len(BEARER) :].strip(), now)
    except TokenError as exc:
        raise UnauthorisedError from exc
    async with runtime.db.connection() as connection:
        actor, stale = await load_actor(connection, claims, now)
    if stale:
        await keep_awake(runtime, actor, now)
    request.state.actor = actor
    return actor


MaybeActor = Annotated[Actor | None, Depends(maybe_actor)]


ON_BEHALF_HEADER = "x-on-behalf-of"
OnBehalf = Annotated[
    str | None,
    Header(alias="X-On-Behalf-Of", description="代办：代办授权（representation）的编号，仅限其范围内的事项"),
]


class Requires(SecurityBase):
    """The permission of a route and whose rows it reaches, visible in its signature and to the architecture tests.

    In the OpenAPI document: the bearer scheme, on exactly the operations that have an actor.
    """

    model = HTTPBearer(bearerFormat="JWT", description="`access_token` of the login; 401 means: log in again")
    scheme_name = "bearer"

    # Whether another person's agent may call this, and in which of their affairs.
    scope: AgentScope | None = None

    def __init__(self, permission: Permission, reach: Reach, also: tuple[Way, ...] = ()) -> None:
        self.permission = permission
        self.reach = reach
        # Further rows that the query shows to who holds these; nobody is refused for the lack of them.
        self.also = also

    async def __call__(self, request: Request, actor: MaybeActor) -> Actor:
        if actor is None:
            raise UnauthorisedError
        if ON_BEHALF_HEADER in request.headers:
            raise NotOnBehalfError
        check_permission(actor, self.permission)
        return actor


class RequiresSelfOrAgent(Requires):
    """One's own affairs, or those of a person for whom the caller may act (代办)."""

    def __init__(self, scope: AgentScope, reach: Reach, also: tuple[Way, ...] = ()) -> None:
        super().__init__(Permission.SELF, reach, also)
        self.scope = scope

    async def __call__(self, request: Request, actor: MaybeActor, on_behalf_of: OnBehalf = None) -> Actor:
        if actor is None:
            raise UnauthorisedError
        if on_behalf_of is None:
            return actor
        assert self.scope is not None  # noqa: S101  # set by the constructor
        runtime = runtime_of(request)
        async with runtime.db.connection() as connection:
            return await stand_in(connection, actor, on_behalf_of, self.scope, runtime.clock.now())


def require(permission: Permission, reach: Reach = Reach.NONE, *also: Way) -> Any:
    return Depends(Requires(permission, reach, also))


def assisted(scope: AgentScope, reach: Reach = Reach.NONE, *also: Way) -> Any:
    return Depends(RequiresSelfOrAgent(scope, reach, also))


# The commonest case: any signed-in person, about their own affairs, and rows of theirs that the path names.
Self = Annotated[Actor, require(Permission.SELF)]
SelfRow = Annotated[Actor, require(Permission.SELF, Reach.SELF)]


class Limited:
    """An allowance per person when signed in, per address when not; shared by all processes."""

    def __init__(self, kind: RateKind, *, only_searches: bool = False) -> None:
        self.kind = kind
        self.only_searches = only_searches

    async def __call__(self, request: Request, actor: MaybeActor) -> None:
        # Leafing through the newest costs next to nothing; looking for words or around a point does.
        if self.only_searches and not any(request.query_params.get(name) for name in COSTLY):
            return
        runtime = runtime_of(request)
        if actor is not None:
            await runtime.rates.take(self.kind, actor.caller_id.hex, runtime.clock.now())
            return
        people = PEOPLE_PER_ADDRESS if self.kind in PER_ADDRESS else 1
        await runtime.rates.take(self.kind, caller_of(request, runtime), runtime.clock.now(), people=people)


class LimitedByAddress:
    """For calls that make a session: a stale token that a client still sends must not stand in their way."""

    def __init__(self, kind: RateKind) -> None:
        self.kind = kind

    async def __call__(self, request: Request) -> None:
        runtime = runtime_of(request)
        await runtime.rates.take(self.kind, caller_of(request, runtime), runtime.clock.now())


def limited(kind: RateKind, *, only_searches: bool = False) -> Any:
    return Depends(Limited(kind, only_searches=only_searches))


def limited_by_address(kind: RateKind) -> Any:
    return Depends(LimitedByAddress(kind))


def caller_of(request: Request, runtime: Runtime) -> str:
    return runtime.address_key(request.client.host if request.client else "")


async def unit(
    request: Request,
    runtime: RuntimeDep,
    actor: MaybeActor,
    now: Now,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias=KEY_HEADER,
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
    try:
        async with runtime.db.unit_of_work(hook) as session:
            request.state.keyed = (session, call)
            yield session
    except AppError as exc:
        if exc.aftermath is not None:
            # Rolled back: what must survive the refusal gets a transaction of its own.
            async with runtime.db.unit_of_work() as second:
                await exc.aftermath(second)
        raise


# scope="function": with FastAPI's default the code after `yield`, the commit, would run after the answer was sent.
Unit = Annotated[WriteSession, Depends(unit, scope="function")]


async def key_required(idempotency_key: Annotated[str | None, Header(alias=KEY_HEADER)] = None) -> None:
    if idempotency_key is None:
        raise idempotency.IdempotencyKeyMissingError


KeyRequired = Depends(key_required)


async def reads(request: Request) -> AsyncIterator[ReadSession]:
    async with runtime_of(request).db.reading() as session:
        yield session


Reads = Annotated[ReadSession, Depends(reads, scope="function")]


async def witnessed(runtime: RuntimeDep) -> AsyncIterator[ReadSession]:
    """For reads that must stand in the audit log: written after the route and before the answer, or there is no answer."""
    async with runtime.db.reading() as session:
        looks = audit.watch(session)
        yield session
    async with runtime.db.unit_of_work() as second:
        audit.write_down(second, looks)


Witnessed = Annotated[ReadSession, Depends(witnessed, scope="function")]


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
            fields=[FieldIssue(path=f"header.{KEY_HEADER}", message="应为 8 到 80 个英文字母、数字或符号")]
        )
    return idempotency.KeyedCall(
        caller=actor_key(actor.caller_id),
        operation=request.scope["route"].name,
        key=key,
        fingerprint=idempotency.fingerprint(_aim(request), await _content(request)),
    )


def _aim(request: Request) -> dict[str, Any]:
    """What the call is about beside its body: the path, and for whom somebody acts."""
    return request.path_params | {ON_BEHALF_HEADER: request.headers.get(ON_BEHALF_HEADER, "")}


def _digest(file: BinaryIO) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # spooled files read into buffers


async def _content(request: Request) -> bytes:
    """The body; of a form its parts, because a retried upload has another boundary."""
    if not any(isinstance(field.field_info, params.Form) for field in request.scope["route"].dependant.body_params):
        return await request.body()
    parts = []
    for name, value in sorted((await request.form()).multi_items(), key=lambda item: item[0]):
        if isinstance(value, str):
            parts.append(f"{name}={value}")
            continue
        digest = await asyncio.to_thread(_digest, value.file)
        await value.seek(0)
        parts.append(f"{name}={digest}")
    return "\n".join(parts).encode()
