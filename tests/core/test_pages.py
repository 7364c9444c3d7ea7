"""Cursors: whole, or refused by name."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.core.pages import CursorInvalidError, Cursors, after
from app.models.common import Notice

CURSORS = Cursors(b"s" * 32)
QUERY = {"list": "vacancies", "q": "平车", "pay_unit": None}
NOW = datetime(2026, 11, 24, 8, 0, 0, 123456, tzinfo=UTC)
values = st.lists(
    st.one_of(
        st.integers(-(2**63), 2**63 - 1),
        st.datetimes(
            datetime(1902, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
            datetime(2200, 1, 1),  # noqa: DTZ001
            timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]),
        ),
        st.uuids(),
    ),
    max_size=4,
)
queries = st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.text(max_size=8), st.integers(), st.booleans()))


@given(queries, values)
def test_round_trip(query: dict[str, Any], given_values: list[Any]) -> None:
    cursor = CURSORS.encode(query, given_values)
    assert CURSORS.decode(query, cursor) == tuple(given_values)
    assert not set(cursor) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_microseconds_survive_and_instants_come_back_in_utc() -> None:
    here = NOW.astimezone(timezone(timedelta(hours=8)))
    ((back, same_id), row_id) = CURSORS.decode(QUERY, CURSORS.encode(QUERY, (here, row := uuid4()))), row
    assert (back, same_id) == (NOW, row_id)
    assert isinstance(back, datetime)
    assert (back.microsecond, back.tzinfo) == (123456, UTC)


def test_a_list_cursor_fits_the_declared_length() -> None:
    assert len(CURSORS.encode(QUERY, (NOW, uuid4(), 2**63 - 1))) <= 400


@given(queries, queries)
def test_another_query(query: dict[str, Any], other: dict[str, Any]) -> None:
    def known(mapping: dict[str, Any]) -> dict[str, str]:
        return {name: str(value) for name, value in mapping.items() if value is not None}

    assume(known(query) != known(other))
    cursor = CURSORS.encode(query, (1,))
    with pytest.raises(CursorInvalidError):
        CURSORS.decode(other, cursor)


def test_an_absent_filter_is_no_filter() -> None:
    cursor = CURSORS.encode({"q": "平车", "pay_unit": None}, (1,))
    assert CURSORS.decode({"q": "平车"}, cursor) == (1,)


@given(st.data())
def test_tampered(data: st.DataObject) -> None:
    cursor = CURSORS.encode(QUERY, (NOW, UUID(int=7)))
    place = data.draw(st.integers(0, len(cursor) - 1))
    char = data.draw(st.sampled_from("ABYZabyz0189-_=.+/ 中"))
    changed = cursor[:place] + char + cursor[place + 1 :]
    # The last character may carry unused bits: then it is the same cursor in another spelling.
    same = _raw(changed) == _raw(cursor)
    assume(not same)
    with pytest.raises(CursorInvalidError) as refused:
        CURSORS.decode(QUERY, changed)
    assert refused.value.fields[0].path == "query.cursor"


def test_truncated() -> None:
    cursor = CURSORS.encode(QUERY, (NOW, UUID(int=7)))
    for length in range(len(cursor)):
        with pytest.raises(CursorInvalidError):
            CURSORS.decode(QUERY, cursor[:length])


@given(st.text(max_size=120))
def test_garbage(text: str) -> None:
    with pytest.raises(CursorInvalidError):
        CURSORS.decode(QUERY, text)


@given(st.binary(max_size=120))
def test_well_spelt_garbage(raw: bytes) -> None:
    with pytest.raises(CursorInvalidError):
        CURSORS.decode(QUERY, base64.urlsafe_b64encode(raw).decode().rstrip("="))


def test_another_secret() -> None:
    with pytest.raises(CursorInvalidError):
        Cursors(b"t" * 32).decode(QUERY, CURSORS.encode(QUERY, (1,)))


def test_the_condition_needs_as_many_values_as_columns() -> None:
    columns = [Notice.__table__.c.created_at, Notice.__table__.c.id]  # type: ignore[attr-defined]
    assert "(notice.created_at, notice.id) <" in str(after(columns, (NOW, uuid4())))
    with pytest.raises(ValueError, match="zip"):
        after(columns, (NOW,))


def _raw(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except ValueError:
        return None
