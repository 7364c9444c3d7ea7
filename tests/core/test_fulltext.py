"""The full-text index: the same words find the same documents on both databases."""

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import fulltext
from app.core.db import Database

WORDS = ["平车", "平", "缝纫", "包吃住", "宝盖", "cnc", "500", "and", "or", "not", "near", "5", "车"]
INDEX = {
    "sqlite": "CREATE VIRTUAL TABLE probe_fts USING fts5(tokens, tokenize='unicode61', detail=none, columnsize=0)",
    "postgresql": "CREATE TABLE probe_fts (seq BIGINT PRIMARY KEY, tokens TSVECTOR NOT NULL)",
}
probe = sa.table("probe", sa.column("seq", sa.BigInteger))


@pytest.fixture
async def index(db: Database, kind: str) -> Database:
    async with db.unit_of_work() as session:
        await session.exec(sa.text(INDEX[kind]))
        await session.exec(sa.text("CREATE TABLE probe (seq BIGINT PRIMARY KEY)"))
        await session.exec(sa.text("INSERT INTO probe (seq) VALUES (1), (2), (3)"))
    return db


async def put(db: Database, documents: dict[int, list[str]]) -> None:
    async with db.unit_of_work() as session:
        for seq, tokens in documents.items():
            await fulltext.put(session, "probe", seq, tokens)


async def found(db: Database, kind: str, tokens: list[str]) -> set[int]:
    words = sa.bindparam("words", fulltext.expression(kind, tokens), type_=sa.Text)
    statement = sa.select(probe.c.seq).where(fulltext.matches(kind, "probe", probe.c.seq, words))
    async with db.connection() as connection:
        return set((await connection.execute(statement)).scalars())


@pytest.mark.parametrize(
    ("tokens", "hits"),
    [
        (["平车"], {1, 2}),
        (["平车", "缝纫"], {1}),
        (["缝纫", "cnc"], set()),
        (["500"], {3}),
        (["50"], set()),
        # A word is a word: neither part of another nor an operator.
        (["平"], set()),
        (["and"], set()),
        (["not", "平车"], set()),
    ],
)
async def test_all_words_must_match(index: Database, kind: str, tokens: list[str], hits: set[int]) -> None:
    await put(index, {1: ["平车", "缝纫", "宝盖"], 2: ["平车", "包吃住"], 3: ["cnc", "500"]})
    assert await found(index, kind, tokens) == hits


async def test_indexing_again_replaces_and_no_words_removes(index: Database, kind: str) -> None:
    await put(index, {1: ["平车"], 2: ["平车"]})
    await put(index, {1: ["包吃住"], 2: []})
    assert await found(index, kind, ["平车"]) == set()
    assert await found(index, kind, ["包吃住"]) == {1}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=6), min_size=3, max_size=3),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
)
async def test_it_is_set_inclusion(index: Database, kind: str, documents: list[list[str]], query: list[str]) -> None:
    await put(index, {seq: tokens for seq, tokens in enumerate(documents, 1)})  # noqa: C416
    expected = {seq for seq, tokens in enumerate(documents, 1) if set(query) <= set(tokens)}
    assert await found(index, kind, query) == expected
