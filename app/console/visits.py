"""Who is looking at a page: from the browser's cookie to the actor, through the one query of every API request.

The session's cookie is a token of ours (HS256, `kid`, bound to the session's row) with an audience of its own. An access
token lives two hours and could not carry a working day; this one lives as long as a console session may, and what it is
worth is decided by the row on every request: ended, idle, person disabled, appointment over. The audience keeps the two
apart: as a Bearer token of the API it names an app that no session has, and an access token is no cookie.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import UnauthorisedError
from app.core.security import TokenError, Tokens
from app.rules.identity.apps import ClientApp
from app.rules.identity.console import ABSOLUTE, DEVICE_LIFETIME, ConsoleNotForYouError
from app.rules.identity.roles import Actor
from app.services.identity.actors import keep_awake, load_actor
from app.services.identity.console import SignedIn
from app.services.runtime import Runtime

SESSION_COOKIE = "sanqu_console"
DEVICE_COOKIE = "sanqu_console_device"
AUDIENCE = "console_page"
ENDED = "登录已超时或已在别处退出，请重新登录"


@dataclass(frozen=True, slots=True)
class Visit:
    """`actor`: a member of staff whose session is alive. Else `why` says what became of the session, if there was one."""

    actor: Actor | None = None
    why: str | None = None


def runtime_of(request: Request) -> Runtime:
    runtime: Runtime = request.state.runtime
    return runtime


def actor_of(request: Request) -> Actor:
    """For pages: whoever gets that far is signed in."""
    actor: Actor | None = request.state.visit.actor
    if actor is None:
        raise UnauthorisedError
    return actor


async def recognise(request: Request) -> Visit:
    runtime = runtime_of(request)
    now = runtime.clock.now()
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        return Visit()
    try:
        claims = runtime.tokens.read(token, now)
        if claims.app != AUDIENCE:
            return Visit(why=ENDED)
        async with runtime.db.connection() as connection:
            actor, stale = await load_actor(connection, replace(claims, app=ClientApp.CONSOLE.value), now)
    except (TokenError, UnauthorisedError):
        return Visit(why=ENDED)
    if not actor.is_staff:
        return Visit(why=ConsoleNotForYouError.message)
    if stale:
        await keep_awake(runtime, actor, now)
    return Visit(actor=actor)


def remember(response: Response, runtime: Runtime, signed_in: SignedIn, now: datetime) -> None:
    """Both cookies after a sign-in. The session's ends with the browser; path and flags are the frame's business."""
    claims = runtime.tokens.read(signed_in.session.access_token, now)
    token = Tokens(runtime.settings.token_ring, ABSOLUTE).issue(replace(claims, app=AUDIENCE), now)
    response.set_cookie(SESSION_COOKIE, token)
    response.set_cookie(DEVICE_COOKIE, signed_in.device_token, max_age=int(DEVICE_LIFETIME.total_seconds()))


def forget(response: Response) -> None:
    response.delete_cookie(SESSION_COOKIE)
