"""Sealed values open only where they belong, with the right key, unaltered."""

import base64
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.crypto import Crypto, SealBrokenError
from app.core.settings import KeyRing

OLD = base64.b64encode(b"o" * 32).decode()
NEW = base64.b64encode(b"n" * 32).decode()
ROW = uuid4()


def crypto(ring: str = f"k1:{OLD}", index: bytes = b"i" * 32) -> Crypto:
    return Crypto(KeyRing(ring), index)


@given(st.binary(max_size=300))
def test_round_trip(plain: bytes) -> None:
    sealed = crypto().seal("person", "name_sealed", ROW, plain)
    assert crypto().open("person", "name_sealed", ROW, sealed) == plain


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_round_trip(plain: str) -> None:
    sealed = crypto().seal("person", "name_sealed", ROW, plain)
    assert crypto().open_text("person", "name_sealed", ROW, sealed) == plain


def test_the_same_value_never_looks_the_same_and_never_shows() -> None:
    first, second = (crypto().seal("person", "name_sealed", ROW, "林小梅") for _ in range(2))
    assert first != second
    assert "林小梅".encode() not in first


@pytest.mark.parametrize(
    ("table", "column", "row"),
    [
        ("person", "name_sealed", uuid4()),
        ("person", "phone_sealed", ROW),
        ("seeker_profile", "name_sealed", ROW),
        ("person", "name_sealed", ""),
    ],
)
def test_elsewhere_it_does_not_open(table: str, column: str, row: object) -> None:
    sealed = crypto().seal("person", "name_sealed", ROW, "林小梅")
    with pytest.raises(SealBrokenError) as broken:
        crypto().open(table, column, row, sealed)  # type: ignore[arg-type]
    assert "林小梅" not in str(broken.value)


def test_another_key_does_not_open() -> None:
    sealed = crypto().seal("person", "name_sealed", ROW, "林小梅")
    with pytest.raises(SealBrokenError):
        crypto(f"k1:{NEW}").open("person", "name_sealed", ROW, sealed)
    with pytest.raises(SealBrokenError):
        crypto(f"k9:{OLD}").open("person", "name_sealed", ROW, sealed)


def test_no_byte_may_change() -> None:
    sealed = crypto().seal("person", "name_sealed", ROW, "林小梅")
    for place in range(len(sealed)):
        for bit in (1, 128):
            altered = bytearray(sealed)
            altered[place] ^= bit
            with pytest.raises(SealBrokenError):
                crypto().open("person", "name_sealed", ROW, bytes(altered))


def test_no_byte_may_be_missing() -> None:
    sealed = crypto().seal("person", "name_sealed", ROW, "林小梅")
    for length in range(len(sealed)):
        with pytest.raises(SealBrokenError):
            crypto().open("person", "name_sealed", ROW, sealed[:length])


@given(st.binary(max_size=80))
def test_garbage_is_broken_and_nothing_else(garbage: bytes) -> None:
    with pytest.raises(SealBrokenError):
        crypto().open("person", "name_sealed", ROW, garbage)


def test_rotation_opens_the_old_and_seals_with_the_new() -> None:
    old = crypto().seal("person", "name_sealed", ROW, "旧")
    both = crypto(f"k2:{NEW},k1:{OLD}")
    assert both.open_text("person", "name_sealed", ROW, old) == "旧"
    new = both.seal("person", "name_sealed", ROW, "新")
    only_new = crypto(f"k2:{NEW}")
    assert only_new.open_text("person", "name_sealed", ROW, new) == "新"
    with pytest.raises(SealBrokenError):
        only_new.open("person", "name_sealed", ROW, old)


def test_keyed_hashes_depend_on_value_purpose_and_secret_and_on_nothing_else() -> None:
    one = crypto().keyed_hash("phone", "13800138000")
    assert one == crypto(f"k2:{NEW},k1:{OLD}").keyed_hash("phone", "13800138000")
    assert one != crypto().keyed_hash("phone", "13800138001")
    assert one != crypto().keyed_hash("login", "13800138000")
    assert one != crypto(index=b"j" * 32).keyed_hash("phone", "13800138000")
    assert len(one) == 64
