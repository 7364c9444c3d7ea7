"""The console as one mounted application, from starlette-admin's shell and pages of our own.

Of the shell: page frame, menu, flash messages, form marks. Not its model views, which read and commit by themselves, nor
their routes; what a page shows and does goes through services. Templates stand in `templates/` and win over the library's.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import starlette_admin
from asgi_correlation_id import correlation_id
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette_admin.base import BaseAdmin
from starlette_admin.i18n import I18nConfig

from app.console.frame import FormGuard, Frame, as_app_error
from app.console.gate import SignIn
from app.console.home import HomeView
from app.console.places import HOME, ROOT, STATIC, go
from app.core.clock import CHINA
from app.core.crypto import Crypto
from app.core.errors import AppError
from app.core.settings import Settings

HERE = Path(__file__).parent
TITLE = "三区联创工作台"


class Console(BaseAdmin):
    def __init__(self, owner: FastAPI, secret: bytes) -> None:
        super().__init__(
            title=TITLE,
            base_url=ROOT,
            route_name="console",
            templates_dir=str(HERE / "templates"),
            static_dir=str(HERE / "static"),
            index_view=HomeView(),
            auth_provider=SignIn(),
            secret_key=secret.hex(),
            middlewares=[Middleware(Frame, site=self, owner=owner)],
            # One language, one zone: no cookie or header of the browser has a say.
            i18n_config=I18nConfig(default_locale="zh", language_cookie_name=None, language_header_name=None),
            timezone_config=None,
        )

    def failure(self, request: Request, error: AppError) -> Response:
        """Any refusal as a page, with the number to quote."""
        headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
        context = {"status": int(error.status), "text": error.text, "request_id": correlation_id.get() or ""}
        return self.templates.TemplateResponse(request, "failure.html", context, int(error.status), headers)

    def _init_csrf(self) -> None:
        self.middlewares.append(Middleware(FormGuard, secret_key=self.secret_key or ""))

    def _collect_core_routes(self) -> list[Route]:
        """Lists, forms, exports and files of model views: there are none."""
        return []

    def _setup_templates(self) -> None:
        super()._setup_templates()
        more: dict[str, Any] = self.templates.env.globals
        # Paths alone: the library's helpers repeat the Host header, and a scheme that a proxy may have changed.
        more |= {"root": ROOT, "files": ROOT + STATIC, "shell_version": starlette_admin.__version__}
        self.templates.env.filters["china_time"] = china_time


def china_time(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"


def install(app: FastAPI, settings: Settings) -> None:
    """Mount the console; its middleware stands inside the mount and costs the API nothing."""
    site = Console(app, Crypto(settings.field_ring, settings.index_secret).derived_key("console"))
    site.mount_to(app)
    # The library's default sends a path with one slash too many to an absolute address.
    site.app.router.redirect_slashes = False
    site.app.add_exception_handler(HTTPException, _hand_on)
    app.add_route(ROOT, _to_home, methods=["GET"], include_in_schema=False)


async def _to_home(request: Request) -> Response:
    del request
    return go(HOME)


async def _hand_on(request: Request, exc: Exception) -> Response:
    """To the frame, which makes the page of every failure."""
    del request
    raise as_app_error(exc) from exc
