"""The edge: bodies that are too large, in our format, with nothing stored."""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.core.middleware import Edge
from app.core.settings import Settings
from app.main import create_app
from app.services.runtime import open_runtime

TEN_MB = 10 * 1024 * 1024
LOGIN = "/api/v1/auth/wechat/login"


@pytest.fixture
async def whole(core_settings: Settings, clock: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The whole application over an empty database."""
    app = create_app(core_settings, clock)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as http:
            yield http


async def chunks(total: int, size: int = 65_536) -> AsyncIterator[bytes]:
    for _ in range(total // size):
        yield b"x" * size


async def rows_in_all_tables(settings: Settings) -> int:
    from app.core.columns import metadata

    async with open_runtime(settings) as runtime, runtime.db.connection() as connection:
        counts = [
            (await connection.execute(text(f"SELECT count(*) FROM {table.name}"))).scalar_one()  # noqa: S608
            for table in metadata.sorted_tables
        ]
    return sum(counts)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("chunked", [False, True])
async def test_ten_megabytes(whole: httpx.AsyncClient, core_settings: Settings, method: str, chunked: bool) -> None:
    content = chunks(TEN_MB) if chunked else b"x" * TEN_MB
    request = whole.build_request(method, LOGIN, content=content, headers={"content-type": "application/json"})
    assert ("content-length" in request.headers) is not chunked
    answer = await whole.send(request)
    assert answer.status_code == 413
    body = answer.json()
    assert set(body) == {"code", "message", "params", "fields", "retryable", "request_id"}
    assert (body["code"], body["params"]) == ("body_too_large", {"limit": 1_048_576})
    assert body["fields"][0]["path"] == "body"
    assert body["request_id"] == answer.headers["x-request-id"] != ""
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert await rows_in_all_tables(core_settings) == 0


async def test_a_length_that_lies(whole: httpx.AsyncClient) -> None:
    """More comes than was announced: what counts is what comes."""
    answer = await whole.post(LOGIN, content=chunks(TEN_MB), headers={"content-length": "10"})
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "many", "１２"])
async def test_a_length_that_is_none(whole: httpx.AsyncClient, length: str) -> None:
    answer = await whole.post(LOGIN, content=chunks(65_536), headers={"content-length": length.encode()})
    assert answer.status_code == 413


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PATCH", "TRACE"])
async def test_methods_without_a_body_read_none(whole: httpx.AsyncClient, method: str) -> None:
    taken = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(160):
            taken += 65_536
            yield b"x" * 65_536

    answer = await whole.request(method, "/livez", content=counted())
    assert answer.status_code in {200, 405}
    assert taken == 0


@pytest.mark.parametrize(("size", "passes"), [(1000, True), (1001, False)])
@pytest.mark.parametrize("parts", [1, 7])
async def test_the_limit_is_exact_and_the_body_arrives_whole(size: int, passes: bool, parts: int) -> None:
    seen: list[bytes] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        assert message["more_body"] is False
        seen.append(message["body"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    body = bytes(i % 251 for i in range(size))
    step = -(-size // parts)
    pieces = [body[i : i + step] for i in range(0, size, step)]
    sent = await run(Edge(inner, body_limit=1000), pieces)
    if passes:
        assert seen == [body]
        assert sent[0]["status"] == 204
    else:
        assert seen == []
        assert sent[0]["status"] == 413
        assert (b"connection", b"close") in sent[0]["headers"]


async def test_it_stops_reading_at_the_limit() -> None:
    """A body without end costs no more memory than the limit."""
    taken = 0

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("the application is never asked")

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 100
            yield b"x" * 100

    sent = await run(Edge(inner, body_limit=1000), endless())
    assert sent[0]["status"] == 413
    assert taken == 1100


async def test_a_caller_who_hangs_up_reaches_the_application_as_such() -> None:
    seen: list[Any] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append((await receive())["type"])

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    await Edge(inner, body_limit=10)({"type": "http", "method": "POST", "headers": []}, receive, send)
    assert seen == ["http.disconnect"]


async def test_every_answer_carries_the_id_and_the_headers(whole: httpx.AsyncClient) -> None:
    for path in ("/livez", "/no/such/place", "/api/v1/me", "/docs", "/api/v1/config?app=zhipin"):
        answer = await whole.get(path)
        assert len(answer.headers["x-request-id"]) == 32, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["x-frame-options"] == "DENY", path
        if not answer.is_success:
            assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_even_a_crash_carries_them(core_settings: Settings, clock: Any) -> None:
    app = create_app(core_settings, clock)

    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError("身份证号 350581199001011234")

    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as http:
            answer = await http.get("/crash")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert answer.json()["request_id"] == answer.headers["x-request-id"] != ""
    assert answer.headers["x-content-type-options"] == "nosniff"


async def run(edge: Edge, pieces: Iterable[bytes]) -> list[dict[str, Any]]:
    """The pieces one by one, each announced as not the last, then an empty last one."""
    iterator = iter(pieces)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        part = next(iterator, None)
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await edge({"type": "http", "method": "POST", "headers": []}, receive, send)
    return sent
