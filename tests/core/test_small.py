"""The small parts: clock, ids, labels, events, upserts, validation in words."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError
from sqlmodel import select

from app.core import events
from app.core.clock import CHINA, FixedClock, SystemClock, china_date
from app.core.columns import snake
from app.core.db import Database
from app.core.ids import new_id
from app.core.labels import Labelled
from app.core.sentences import FALLBACK, SENTENCES
from app.core.upsert import insert_or_ignore, upsert
from app.models.common import CodeTableVersion

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def test_the_system_clock_is_aware_and_runs() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert timedelta(0) <= second - first < timedelta(minutes=1)


def test_a_fixed_clock_moves_only_when_told() -> None:
    clock = FixedClock(NOW.astimezone(CHINA))
    assert clock.now() == clock.now() == NOW
    assert clock.now().tzinfo is UTC
    clock.advance(timedelta(seconds=1))
    assert clock.now() == NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 24, 16, 0, tzinfo=UTC), date(2026, 11, 25)),
        (datetime(2026, 11, 24, 0, 0, tzinfo=CHINA), date(2026, 11, 24)),
        (datetime(2026, 11, 24, 12, 0, tzinfo=timezone(timedelta(hours=-5))), date(2026, 11, 25)),
    ],
)
def test_the_day_is_counted_in_china(instant: datetime, day: date) -> None:
    assert china_date(instant) == day


def test_ids_grow_with_time() -> None:
    ids = [new_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert ids == sorted(ids)
    assert {(one.version, one.variant) for one in ids} == {(7, "specified in RFC 4122")}


def test_a_label_rides_on_the_value() -> None:
    class Colour(Labelled):
        RED = "red", "红"

    assert Colour("red") is Colour.RED
    assert (Colour.RED, Colour.RED.label, str(Colour.RED), f"{Colour.RED}") == ("red", "红", "red", "red")
    with pytest.raises(ValueError, match="green"):
        Colour("green")


def test_snake() -> None:
    assert [snake(name) for name in ("LiaisonLink", "Area", "PostingRuleRow")] == [
        "liaison_link",
        "area",
        "posting_rule_row",
    ]


class Happened(events.Event):
    what: str


class OtherThing(events.Event):
    pass


async def test_handlers_run_in_order_once_in_the_same_session() -> None:
    heard: list[Any] = []

    async def first(session: Any, event: Happened) -> None:
        heard.append(("first", session, event.what))

    async def second(session: Any, event: Happened) -> None:
        heard.append(("second", session, event.what))

    for handler in (first, second, first):
        events.subscribe(Happened, handler)
    marker: Any = object()
    await events.emit(marker, Happened(at=NOW, what="x"))
    await events.emit(marker, OtherThing(at=NOW))
    assert heard == [("first", marker, "x"), ("second", marker, "x")]
    with pytest.raises(ValidationError):
        Happened(at=NOW, what="x").what = "y"


async def test_a_handler_that_fails_undoes_the_fact(db: Database) -> None:
    class Failing(events.Event):
        pass

    async def fail(session: Any, event: Failing) -> None:
        raise RuntimeError

    events.subscribe(Failing, fail)

    async def work() -> None:
        async with db.unit_of_work() as session:
            session.add(CodeTableVersion(code_table="x", revision="1"))
            await session.flush()
            await events.emit(session, Failing(at=NOW))

    with pytest.raises(RuntimeError):
        await work()
    assert await versions(db) == []


async def versions(db: Database) -> Sequence[tuple[str, str]]:
    async with db.reading() as session:
        return [(row.code_table, row.revision) for row in (await session.exec(select(CodeTableVersion))).all()]


async def test_the_first_insert_wins(db: Database) -> None:
    async def insert(revision: str) -> bool:
        async with db.unit_of_work() as session:
            return await insert_or_ignore(session, CodeTableVersion, {"code_table": "x", "revision": revision})

    outcomes = await asyncio.gather(*(insert(str(n)) for n in range(8)))
    assert sum(outcomes) == 1
    assert await versions(db) == [("x", str(outcomes.index(True)))]


async def test_the_last_upsert_wins_and_touches_no_other_row(db: Database) -> None:
    async with db.unit_of_work() as session:
        for name, revision in (("x", "1"), ("y", "1"), ("x", "2")):
            await upsert(session, CodeTableVersion, {"code_table": name, "revision": revision}, keys=["code_table"])
    assert sorted(await versions(db)) == [("x", "2"), ("y", "1")]


def test_sentences_of_validation_are_chinese_and_fillable() -> None:
    class Form(BaseModel):
        count: int = Field(ge=1, le=9)
        word: str = Field(min_length=2, max_length=3)
        words: list[str] = Field(min_length=1, max_length=2)
        at: datetime
        day: date

    bad = [
        {"count": 0, "word": "a", "words": [], "at": "x", "day": "y"},
        {"count": 10, "word": "abcd", "words": ["a"] * 3, "at": None, "day": None},
        {"count": "x", "word": 1, "words": "x", "at": [], "day": 1.5},
        {"count": 1.5},
    ]
    seen = set()
    for body in bad:
        with pytest.raises(ValidationError) as refused:
            Form.model_validate(body)
        for error in refused.value.errors():
            template = SENTENCES.get(error["type"], FALLBACK)
            words = template.format(**{key: str(value) for key, value in error.get("ctx", {}).items()})
            assert any("一" <= char <= "龥" for char in words)
            assert "{" not in words
            seen.add(error["type"])
    assert {"missing", "greater_than_equal", "less_than_equal", "too_long", "too_short", "int_from_float"} <= seen
