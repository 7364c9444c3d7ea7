"""The first answer to a keyed call is the only one, on both databases."""

import asyncio
import json

import pytest
from sqlalchemy import text
from sqlmodel import select

from app.core.tables import IdempotencyRecord
from tests.core.conftest import SECRET_WORD, Small

KEY = "key-00000001"


async def records(small: Small) -> list[IdempotencyRecord]:
    async with small.runtime.db.reading() as session:
        return list((await session.exec(select(IdempotencyRecord))).all())


async def test_same_key_same_body_same_answer(small: Small) -> None:
    who = await small.person()
    first = await small.note(who, KEY)
    second = await small.note(who, KEY)
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert first.headers["content-type"] == second.headers["content-type"]
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert await small.notes() == 1
    assert len(await records(small)) == 1


async def test_without_a_key_every_call_counts(small: Small) -> None:
    who = await small.person()
    for _ in range(2):
        assert (await small.note(who, None)).status_code == 201
    assert await small.notes() == 2
    assert await records(small) == []


async def test_another_body_under_the_same_key(small: Small) -> None:
    who = await small.person()
    first = await small.note(who, KEY, "甲")
    other = await small.note(who, KEY, "乙")
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"
    assert other.json()["fields"][0]["path"] == "header.Idempotency-Key"
    assert await small.notes() == 1
    assert (await small.note(who, KEY, "甲")).content == first.content


async def test_another_path_under_the_same_key(small: Small) -> None:
    who = await small.person()
    assert (await small.note(who, KEY)).status_code == 201
    other = await small.note(who, KEY, path="/places/b/notes")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await small.notes() == 1


async def test_another_operation_has_its_own_keys(small: Small) -> None:
    who = await small.person()
    assert (await small.note(who, KEY)).status_code == 201
    other = await small.note(who, KEY, path="/other-notes")
    assert other.status_code == 201
    assert "Idempotent-Replayed" not in other.headers
    assert await small.notes() == 2


async def test_another_person_has_their_own_keys(small: Small) -> None:
    mine = await small.note(await small.person(), KEY)
    theirs = await small.note(await small.person(), KEY)
    assert mine.status_code == theirs.status_code == 201
    assert mine.json()["id"] != theirs.json()["id"]
    assert await small.notes() == 2


async def test_a_refusal_is_not_kept(small: Small) -> None:
    who = await small.person()
    assert (await small.note(who, KEY, refuse=True)).status_code == 409
    assert await records(small) == []
    # The same key may carry the mended body.
    assert (await small.note(who, KEY)).status_code == 201
    assert await small.notes() == 1


async def test_only_successes_are_kept(small: Small) -> None:
    who = await small.person()
    for count in (1, 2):
        answer = await small.note(who, KEY, path="/soft-refusals")
        assert (answer.status_code, answer.json()) == (409, {"code": "soft"})
        assert "Idempotent-Replayed" not in answer.headers
        assert await small.notes() == count
        # No claim is left that would call the key in progress for as long as keys are kept.
        assert await records(small) == []


async def test_an_invalid_body_is_not_kept(small: Small) -> None:
    who = await small.person() | {"Idempotency-Key": KEY}
    answer = await small.http.post("/api/v1/places/a/notes", headers=who, json={"text": "甲", "typo": 1})
    assert answer.status_code == 422
    assert await records(small) == []
    assert await small.notes() == 0


async def test_a_stranger_gets_no_stored_answer(small: Small) -> None:
    await small.note(await small.person(), KEY)
    answer = await small.note({}, KEY)
    assert answer.status_code == 401
    assert SECRET_WORD not in answer.text


@pytest.mark.parametrize("key", ["short", "x" * 81, "key 1\x7f000000", ""])
async def test_a_malformed_key(small: Small, key: str) -> None:
    headers = await small.person() | {"Idempotency-Key": key}
    answer = await small.http.post("/api/v1/places/a/notes", headers=headers, json={"text": "甲"})
    assert answer.status_code == 422, answer.text
    assert answer.json()["fields"][0]["path"] == "header.Idempotency-Key"
    assert await small.notes() == 0


@pytest.mark.parametrize("length", [8, 80])
async def test_keys_at_the_bounds(small: Small, length: int) -> None:
    who = await small.person()
    assert (await small.note(who, "x" * length)).status_code == 201
    assert (await small.note(who, "x" * length)).headers["Idempotent-Replayed"] == "true"


async def test_the_stored_answer_is_sealed(small: Small) -> None:
    who = await small.person()
    answer = await small.note(who, KEY, "求职者的话")
    async with small.runtime.db.connection() as connection:
        columns = (await connection.execute(text("SELECT * FROM idempotency_record"))).one()
    raw = b"\0".join(value if isinstance(value, bytes) else str(value).encode() for value in columns)
    for secret in (SECRET_WORD, "求职者的话"):
        assert secret in answer.text
        assert secret.encode() not in raw
        assert json.dumps(secret).encode() not in raw


@pytest.mark.sqlite_only
async def test_nothing_of_it_stands_in_the_file(small: Small) -> None:
    who = await small.person()
    await small.note(who, KEY, "求职者的话")
    settings = small.runtime.settings
    name = settings.database_url.split("///", 1)[1].rsplit("/", 1)
    from pathlib import Path

    found = list(Path(name[0]).glob(name[1] + "*"))
    whole = b"".join(path.read_bytes() for path in found)
    assert KEY.encode() in whole
    assert SECRET_WORD.encode() not in whole


async def test_a_stored_answer_opens_only_in_its_row(small: Small) -> None:
    """Somebody with write access to the database moves another person's answer into their own row: it does not open."""
    mine, theirs = await small.person(), await small.person()
    await small.note(mine, KEY)
    await small.note(theirs, KEY)
    first, second = await records(small)
    async with small.runtime.db.unit_of_work() as session:
        row = await session.get(IdempotencyRecord, (first.caller, first.operation, first.key))
        assert row is not None
        row.response = second.response
    answers = [await small.note(who, KEY) for who in (mine, theirs)]
    assert sorted(answer.status_code for answer in answers) == [201, 500]


async def test_sixty_four_identical_calls_at_once(small: Small) -> None:
    who = await small.person()
    answers = await asyncio.gather(*(small.note(who, KEY) for _ in range(64)))
    done = [answer for answer in answers if answer.status_code == 201]
    waiting = [answer for answer in answers if answer.status_code != 201]
    assert done
    assert len({answer.content for answer in done}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in done) == 1
    for answer in waiting:
        # Allowed where the machine is slow: told to come back, never told a falsehood.
        assert (answer.status_code, answer.json()["retryable"]) in {(409, True), (503, True)}, answer.text
        assert int(answer.headers["Retry-After"]) > 0
    assert await small.notes() == 1
    assert len(await records(small)) == 1
    assert (await small.note(who, KEY)).content == done[0].content


async def test_sixty_four_calls_with_keys_of_their_own(small: Small) -> None:
    """The guard slows nobody else down to a refusal."""
    who = await small.person()
    answers = await asyncio.gather(*(small.note(who, f"key-{i:08}") for i in range(64)))
    done = [answer for answer in answers if answer.status_code == 201]
    assert all(answer.json().get("retryable", True) for answer in answers)
    assert len({answer.json()["id"] for answer in done}) == len(done) == await small.notes()


@pytest.mark.postgresql_only
async def test_a_call_that_runs_too_long_answers_in_progress(small: Small) -> None:
    """The claim waits for the running call's row at most for the lock timeout, then says so."""
    who = await small.person()
    await small.note(who, KEY)
    (row,) = await records(small)
    caller = row.caller
    async with small.runtime.db.unit_of_work() as session:
        session.add(
            IdempotencyRecord(
                caller=caller, operation=row.operation, key="key-00000002", fingerprint=row.fingerprint,
                created_at=row.created_at,
            )
        )  # fmt: skip
        await session.flush()
        answer = await small.note(who, "key-00000002")
        assert (answer.status_code, answer.json()["code"]) == (409, "in_progress"), answer.text
        assert answer.headers["Retry-After"] == "2"
        assert await small.notes() == 1
        await session.rollback()
    assert (await small.note(who, "key-00000002")).status_code == 201
