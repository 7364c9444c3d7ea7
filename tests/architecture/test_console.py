"""The console stands behind its gate: every route of it but the sign-in page and the files refuses a stranger."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from app.core.ids import new_id
from app.core.settings import Settings
from app.main import create_app
from app.services.runtime import open_runtime
from tests.support.console import SIGN_IN, mark_of

OPEN = {"/sign-in", "/static"}
# Every route that there is: what the library brings for model views must not come back with a new version.
EVERY = OPEN | {"/", "/sign-out", "/sessions/end-all", "/sessions/{session_id:uuid}/end"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def console_of(app: FastAPI) -> Mount:
    return next(route for route in app.routes if isinstance(route, Mount) and route.path == "/console")


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FastAPI]:
    """With keys and engines, but no database behind them: a stranger is refused before anything is asked."""
    settings = Settings(data_dir=tmp_path, log_level="CRITICAL")
    made = create_app(settings)
    async with open_runtime(settings) as runtime:
        made.state.runtime = runtime
        yield made


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://console.test") as client:
        yield client


async def refusals(app: FastAPI, stranger: httpx.AsyncClient) -> dict[str, set[tuple[int, str]]]:
    """Route → how a stranger was answered by each method, forms with their true mark."""
    mark = mark_of(await stranger.get(SIGN_IN))
    answers: dict[str, set[tuple[int, str]]] = {}
    for route in console_of(app).routes:
        assert isinstance(route, Route | Mount)
        path = "/console" + route.path.replace("{session_id:uuid}", str(new_id()))
        for method in METHODS:
            answer = await stranger.request(method, path, headers={"X-CSRFToken": mark})
            place = answer.headers.get("location", "").split("?")[0]
            answers.setdefault(route.path, set()).add((answer.status_code, place))
    return answers


async def test_these_are_all_routes(app: FastAPI) -> None:
    assert {route.path for route in console_of(app).routes if isinstance(route, Route | Mount)} == EVERY


async def test_a_stranger_sees_the_sign_in_page_and_nothing_else(app: FastAPI, stranger: httpx.AsyncClient) -> None:
    answers = await refusals(app, stranger)
    assert set(answers) == EVERY
    for path in EVERY - OPEN:
        assert answers[path] == {(303, SIGN_IN)}, path


async def test_an_open_page_would_be_seen(app: FastAPI, stranger: httpx.AsyncClient) -> None:
    async def leak(request: Request) -> Response:
        del request
        return Response("leak")

    console_of(app).routes.append(Route("/leak", leak, name="static"))
    assert (200, "") in (await refusals(app, stranger))["/leak"]


async def test_the_api_comes_first(app: FastAPI) -> None:
    """Its requests never look at the console's routes, nor pass through its middleware."""
    paths = [getattr(route, "path", "") for route in app.routes]
    console = paths.index("/console")
    assert all(not path.startswith("/api") for path in paths[console:])
    assert {middleware.cls.__name__ for middleware in app.user_middleware} == {"Edge", "CorrelationIdMiddleware"}
