"""Around every answer of the console: the runtime in, headers and hardened cookies out, failures as Chinese pages."""

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette_admin.security.csrf import CSRFMiddleware

from app.console.places import ROOT, STATIC, to_sign_in
from app.console.visits import Visit
from app.core.errors import (
    AppError,
    ForbiddenError,
    MethodNotAllowedError,
    NotFoundError,
    UnauthorisedError,
    UnprocessableError,
)
from app.core.logging import get_logger
from app.rules.identity.console import FormExpiredError
from app.services.identity.audit import record_denial

if TYPE_CHECKING:
    from app.console.site import Console

# Pages bring no script or style of their own. The vendored style sheet draws its marks as data: images.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = [(b"content-security-policy", POLICY.encode()), (b"cache-control", b"no-store")]
# The addresses of files carry the version of what they come from.
FILE_HEADERS = [(b"cache-control", b"max-age=86400")]
# By the standard, what a person types into the address line has no site; older browsers do not send it at all.
OWN_SITES = {None, "same-origin", "none"}
SERVER_ERRORS = 500
log = get_logger()


class Place:
    """What `core/middleware.Edge` calls a route: a template out of a fixed set, never an address as it was typed."""

    def __init__(self, path: str) -> None:
        self.path = path


class Frame:
    def __init__(self, app: ASGIApp, *, site: "Console", owner: Starlette) -> None:
        self._app = app
        self._site = site
        # Whose state holds the runtime: inside the mount `request.app` is the console's own application.
        self._owner = owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {}).update(runtime=self._owner.state.runtime, visit=Visit())
        started = False

        async def framed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = self._dressed(scope, message["headers"])
            await send(message)

        try:
            await self._app(scope, receive, framed)
        except Exception as exc:
            if started:
                raise
            response = await self._answer(Request(scope), exc)
            await response(scope, receive, framed)
        finally:
            inner = getattr(scope.get("route"), "path", "")
            scope["route"] = Place(inner if inner.startswith(ROOT) else ROOT + inner)

    def _dressed(self, scope: Scope, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """One place decides how cookies travel, also those of the library: here only, no script, no other site."""
        settings = self._owner.state.runtime.settings
        secure = scope["scheme"] == "https" or settings.profile == "production"
        is_file = scope["path"].startswith(f"{ROOT}{STATIC}/")
        kept = [(key, _hardened(value, secure=secure) if key == b"set-cookie" else value) for key, value in headers]
        return [*kept, *(FILE_HEADERS if is_file else PAGE_HEADERS)]

    async def _answer(self, request: Request, exc: Exception) -> Response:
        if isinstance(exc, UnauthorisedError):
            # The session ended between the look at the cookie and the page.
            return to_sign_in()
        if not isinstance(exc, AppError | HTTPException):
            log.error("unexpected", exc_info=exc)
        error = as_app_error(exc)
        if isinstance(exc, AppError) and int(error.status) >= SERVER_ERRORS:
            log.warning("refused", code=error.code, status=int(error.status), exc_info=exc)
        actor = request.state.visit.actor
        if isinstance(error, ForbiddenError) and actor is not None:
            name = getattr(request.scope.get("route"), "name", "")
            await record_denial(request.state.runtime, actor, f"console:{name}", error.code)
        response = self._site.failure(request, error)
        refusal = exc.__cause__ or exc
        if isinstance(refusal, HTTPException) and refusal.headers:
            # Which methods an address does allow.
            response.headers.update(refusal.headers)
        return response


class FormGuard(CSRFMiddleware):
    """The library's double submission, refused as a page; a request that says it comes from elsewhere is not looked at."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        passed = False

        async def onward(allowed: Request) -> Response:
            nonlocal passed
            passed = True
            return await call_next(allowed)

        # A neighbour under the same domain can plant a cookie together with its mark; it cannot hide where it is.
        if request.method not in self.safe_methods and request.headers.get("sec-fetch-site") not in OWN_SITES:
            raise FormExpiredError
        response = await super().dispatch(request, onward)
        if not passed:
            raise FormExpiredError
        return response


def as_app_error(exc: Exception) -> AppError:
    """The console's own words for what the framework refuses, and none of its own for what nobody expected."""
    if isinstance(exc, AppError):
        return exc
    if isinstance(exc, HTTPException):
        known = {404: NotFoundError, 403: ForbiddenError, 405: MethodNotAllowedError, 400: UnprocessableError}
        return known.get(exc.status_code, AppError)()
    return AppError()


def _hardened(header: bytes, *, secure: bool) -> bytes:
    cookie = SimpleCookie(header.decode("latin-1"))
    for morsel in cookie.values():
        morsel["path"], morsel["samesite"] = ROOT, "Strict"
        morsel["httponly"] = morsel["secure"] = True
        if not secure:
            morsel["secure"] = ""
    return cookie.output(header="", sep="").strip().encode("latin-1")
