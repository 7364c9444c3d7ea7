"""A commit that fails answers an error: it happens before the answer, not after it."""

import httpx
import pytest
from sqlalchemy import text

from app.core.db import Database
from tests.core.conftest import SECRET_WORD, Small

PROMISE = (
    "CREATE TABLE promise (id INTEGER PRIMARY KEY, person_id {kind} NOT NULL "
    "REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED)"
)


@pytest.fixture
async def promises(db: Database, kind: str) -> None:
    """A table whose foreign key is checked at the commit, on both databases."""
    async with db.unit_of_work() as session:
        await session.exec(text(PROMISE.format(kind="UUID" if kind == "postgresql" else "CHAR(32)")))


@pytest.mark.usefixtures("promises")
async def test_a_failing_commit_is_a_500_in_our_format(small: Small) -> None:
    who = await small.person()
    answer = await small.http.post("/api/v1/promises", headers=who)
    assert answer.status_code == 500
    body = answer.json()
    assert set(body) == {"code", "message", "params", "fields", "retryable", "request_id"}
    assert body["code"] == "internal"
    assert "promise" not in answer.text
    assert "FOREIGN" not in answer.text.upper()


@pytest.mark.usefixtures("promises")
async def test_with_a_key_the_claim_goes_with_it(small: Small) -> None:
    who = await small.person() | {"Idempotency-Key": "key-00000001"}
    for _ in range(2):
        answer = await small.http.post("/api/v1/promises", headers=who)
        assert answer.status_code == 500
        assert "Idempotent-Replayed" not in answer.headers
    async with small.runtime.db.connection() as connection:
        for table in ("promise", "idempotency_record"):
            assert (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0  # noqa: S608


@pytest.mark.usefixtures("promises")
async def test_the_default_scope_would_lie(small: Small) -> None:
    """Why every unit of work is `scope="function"`: with the framework's default the same failure answers 200."""
    who = await small.person()
    answer = await small.http.post("/api/v1/late-promises", headers=who)
    assert answer.status_code == 200
    async with small.runtime.db.connection() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM promise"))).scalar_one() == 0


async def test_the_writer_is_free_after_a_failure(small: Small) -> None:
    who = await small.person()
    refused = await small.note(who, None, refuse=True)
    assert refused.status_code == 409
    assert await small.notes() == 0
    assert (await small.note(who, None)).status_code == 201
    assert await small.notes() == 1


async def test_reading_routes_cannot_write(small: Small) -> None:
    who = await small.person()
    answer = await small.http.get("/api/v1/write-while-reading", headers=who)
    assert answer.status_code >= 500
    assert await small.notes() == 0


async def test_an_unknown_failure_shows_an_id_and_nothing_else(small: Small) -> None:
    answer: httpx.Response = await small.http.post("/api/v1/crash")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "350581" not in answer.text
    assert SECRET_WORD not in answer.text
