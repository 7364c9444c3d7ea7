"""Signing in and out, and the gate that nothing but the sign-in page and its files stands in front of."""

import re
import unicodedata
from typing import Any

from pydantic import ValidationError
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette_admin.auth import AdminUser, BaseAuthProvider
from starlette_admin.flash import flash, get_flashed_messages

from app.console.places import HOME, SIGN_IN, SIGN_OUT, go, inside, to_sign_in
from app.console.visits import DEVICE_COOKIE, actor_of, forget, recognise, remember, runtime_of
from app.core.errors import AppError
from app.core.rates import RateKind
from app.rules.identity.console import FormIncompleteError
from app.schemas.identity.sessions import ConsoleSignInForm
from app.services.identity import console, sessions

STATIC_ROUTE, SIGN_IN_ROUTE, SIGN_OUT_ROUTE = "static", "login", "logout"
DEVICE_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,100}")
USERNAME_SHOWN = 40


class Gate:
    """Not the library's `AuthMiddleware`: that one logs addresses and sends people to absolute addresses."""

    def __init__(self, app: ASGIApp, *, provider: "SignIn") -> None:
        self._app = app
        self._provider = provider

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A socket finds no route behind the gate.
        if scope["type"] == "http":
            route = _matched(scope)
            if route != STATIC_ROUTE:
                request = Request(scope, receive)
                user = await self._provider.authenticate(request)
                request.state.admin_user, request.state.is_anonymous = user, user is None
                if user is None and route != SIGN_IN_ROUTE:
                    returns = request.method == "GET" and route is not None
                    response = to_sign_in(inside(_address(request)) if returns else HOME)
                    await response(scope, receive, send)
                    return
        await self._app(scope, receive, send)


class SignIn(BaseAuthProvider):
    """The library's page knows two fields and logs what is typed into the first: this one does neither."""

    templates: Jinja2Templates

    def __init__(self) -> None:
        super().__init__(login_path=SIGN_IN, logout_path=SIGN_OUT)

    def get_middleware(self) -> Middleware:
        return Middleware(Gate, provider=self)

    def get_routes(self, templates: Jinja2Templates) -> list[Route]:
        self.templates = templates
        return [
            Route(SIGN_IN, self.show, methods=["GET"], name=SIGN_IN_ROUTE),
            Route(SIGN_IN, self.sign_in, methods=["POST"], name=SIGN_IN_ROUTE),
            Route(SIGN_OUT, self.sign_out, methods=["POST"], name=SIGN_OUT_ROUTE),
        ]

    async def authenticate(self, request: Request) -> AdminUser | None:
        """The page itself loads the name: most requests do not show it."""
        request.state.visit = visit = await recognise(request)
        return None if visit.actor is None else AdminUser(username="")

    async def show(self, request: Request) -> Response:
        after = inside(request.query_params.get("next"))
        if request.state.visit.actor is not None:
            return go(after)
        response = self._page(request, 200, after=after, username="", error=request.state.visit.why)
        if request.state.visit.why is not None:
            # Said once; from now on this browser is nobody's.
            forget(response)
        return response

    async def sign_in(self, request: Request) -> Response:
        runtime = runtime_of(request)
        now = runtime.clock.now()
        async with request.form() as form:
            typed = {key: value for key, value in form.items() if isinstance(value, str)}
        after = inside(typed.get("next"))
        try:
            address = request.client.host if request.client else ""
            await runtime.rates.take(RateKind.SIGN_IN, runtime.address_key(address), now)
            checked = _checked(typed, request.cookies.get(DEVICE_COOKIE))
            signed_in = await console.sign_in(
                runtime,
                username=checked.username,
                password=checked.password.get_secret_value(),
                totp=checked.totp,
                device_token=checked.device_token,
            )
        except AppError as exc:
            if int(exc.status) >= 500:  # noqa: PLR2004
                raise
            name = typed.get("username", "")[:USERNAME_SHOWN]
            response = self._page(request, int(exc.status), after=after, username=name, error=exc.text)
            if exc.retry_after is not None:
                response.headers["Retry-After"] = str(exc.retry_after)
            return response
        response = go(after)
        remember(response, runtime, signed_in, now)
        return response

    async def sign_out(self, request: Request) -> Response:
        runtime, actor = runtime_of(request), actor_of(request)
        async with runtime.db.unit_of_work() as session:
            await sessions.logout(session, actor, now=runtime.clock.now())
        flash(request, "您已退出登录", "success")
        response = to_sign_in()
        forget(response)
        return response

    def _page(self, request: Request, status: int, **context: Any) -> Response:
        context["flashed_messages"] = get_flashed_messages(request)
        return self.templates.TemplateResponse(request, "sign_in.html", context, status)


def _checked(typed: dict[str, str], device_token: str | None) -> ConsoleSignInForm:
    """The JSON route's own form. Digits may come full-width or in two groups, as phones show them."""
    known = device_token is not None and DEVICE_TOKEN.fullmatch(device_token) is not None
    try:
        return ConsoleSignInForm.model_validate(
            {
                "username": typed.get("username", "").strip(),
                "password": typed.get("password", ""),
                "totp": re.sub(r"\s", "", unicodedata.normalize("NFKC", typed.get("totp", ""))),
                "device_token": device_token if known else None,
            }
        )
    except ValidationError:
        # Not `from`: the library's error quotes the password.
        raise FormIncompleteError from None


def _matched(scope: Scope) -> str | None:
    for route in scope["app"].routes:
        if route.matches(scope)[0] is Match.FULL:
            return str(route.name)
    return None


def _address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
