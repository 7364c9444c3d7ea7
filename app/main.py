"""The composition root of the API: `create_app(settings)`. Nothing else imports this module but the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from app.console import install as install_console
from app.core.clock import Clock
from app.core.ids import new_id
from app.core.logging import configure_logging
from app.core.middleware import Edge
from app.core.settings import Settings
from app.routers import common, disputes, failures, gigs, identity, jobs, organisation, points, training
from app.routers.document import finished
from app.services import reactions
from app.services.jobs.openings import warm
from app.services.jobs.search import keep_loading_words, load_words
from app.services.runtime import open_runtime

UPLOAD_PATH = "/api/v1/files"
FORM_BYTES = 8192
STATIC = Path(__file__).parent / "static"
DESCRIPTION = """宝盖镇“三区联创”两个小程序（宝盖职聘、零工配产）的后端接口。

- 登录：`wx.login` 的凭证换取令牌，之后每个请求带 `Authorization: Bearer …`。
- 错误：一律为 `{code, message, params, fields, retryable, request_id}`；程序按 `code` 判断，`message` 给人看。
- 只用 GET、POST、PUT、DELETE；改动需要带上读到的 `version`（`expected_version`）。
- 金额单位为分，时间带时区，编号为字符串。
"""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with open_runtime(app.state.settings, app.state.clock) as runtime:
        app.state.runtime = runtime
        learning = None if await load_words(runtime.db) else asyncio.create_task(keep_loading_words(runtime.db))
        warming = asyncio.create_task(warm(runtime.db, runtime.openings))
        async with runtime.impressions.written_behind():
            yield
        # Waited for: a task that still reads when the database is closed would never end.
        runtime.openings.closing = True
        await warming
        if learning is not None:
            learning.cancel()
            await asyncio.gather(learning, return_exceptions=True)


def create_app(settings: Settings, clock: Clock | None = None) -> FastAPI:
    configure_logging(settings.log_level)
    reactions.register()

    app = FastAPI(
        title="宝盖三区联创 API",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.settings, app.state.clock, app.state.draining = settings, clock, asyncio.Event()
    failures.install(app)
    # Routes are tried in this order, one after the other: the public list, asked most, comes early.
    for router in (
        common.ROOT,
        *jobs.ROUTERS,
        *gigs.ROUTERS,
        *points.ROUTERS,
        *training.ROUTERS,
        *disputes.ROUTERS,
        *common.ROUTERS,
        *identity.ROUTERS,
        *organisation.ROUTERS,
    ):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """The API page, from files of our own: it works without any outside host."""
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="宝盖三区联创 API",
            swagger_js_url="/static/swagger/swagger-ui-bundle.js",
            swagger_css_url="/static/swagger/swagger-ui.css",
            swagger_favicon_url="data:,",
        )

    # After the API: its routes must not wait for the console's to be looked at.
    install_console(app, settings)

    made = app.openapi
    app.openapi = lambda: finished(made(), app.routes)  # type: ignore[method-assign]
    app.add_middleware(
        Edge,
        body_limit=settings.body_limit_bytes,
        # The form around the file needs a little room of its own.
        upload_limit=settings.upload_limit_bytes + FORM_BYTES,
        upload_path=UPLOAD_PATH,
    )
    app.add_middleware(CorrelationIdMiddleware, header_name="X-Request-ID", generator=lambda: new_id().hex)
    return app
