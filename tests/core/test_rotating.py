"""Codes on a screen: for one thing, for a short while, made by nobody else."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.core.rotating import CodeFault, RotatingCodes

FAIR, OTHER = UUID(int=7), UUID(int=8)
NOW = datetime(2026, 11, 24, 8, 0, 10, tzinfo=UTC)
PERIOD = timedelta(seconds=30)
CODES = RotatingCodes(b"k" * 32, PERIOD)


def test_it_holds_for_its_period_and_the_next() -> None:
    shown = CODES.show(FAIR, NOW)
    assert shown.next_at == NOW + timedelta(seconds=20)
    assert shown.expires_at == shown.next_at + PERIOD
    assert CODES.fault(shown.code, FAIR, NOW) is None
    assert CODES.fault(shown.code, FAIR, shown.expires_at - timedelta(seconds=1)) is None
    assert CODES.fault(shown.code, FAIR, shown.expires_at) is CodeFault.EXPIRED
    # From a process whose clock is a little ahead, but not from tomorrow.
    assert CODES.fault(CODES.show(FAIR, NOW + PERIOD).code, FAIR, NOW) is None
    assert CODES.fault(CODES.show(FAIR, NOW + timedelta(days=1)).code, FAIR, NOW) is CodeFault.EXPIRED


def test_it_changes_with_the_period_and_the_thing() -> None:
    assert CODES.show(FAIR, NOW).code == CODES.show(FAIR, NOW + timedelta(seconds=19)).code
    assert CODES.show(FAIR, NOW).code != CODES.show(FAIR, NOW + timedelta(seconds=20)).code
    assert CODES.fault(CODES.show(OTHER, NOW).code, FAIR, NOW) is CodeFault.ELSEWHERE


def test_no_byte_can_be_changed() -> None:
    raw = base64.urlsafe_b64decode(CODES.show(FAIR, NOW).code)
    for place in range(len(raw)):
        forged = bytearray(raw)
        forged[place] ^= 1
        assert CODES.fault(base64.urlsafe_b64encode(forged).decode(), FAIR, NOW) is CodeFault.FORGED
    other_key = RotatingCodes(b"x" * 32, PERIOD).show(FAIR, NOW).code
    assert CODES.fault(other_key, FAIR, NOW) is CodeFault.FORGED


@pytest.mark.parametrize("code", ["", "A", "签到", "AAAA", "=" * 8, "A" * 48, "A" * 1000, "!" * 48])
def test_anything_else_is_forged(code: str) -> None:
    assert CODES.fault(code, FAIR, NOW) is CodeFault.FORGED
