"""What is spent first, what a reversal takes, what a debt takes."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.zone import CHINA
from app.rules.points import ledger as rules
from app.rules.points.ledger import MOVES, NEXT, SYSTEM, AccountKind, EntryKind, HoldState, Lot, Part

NEW_YEAR = datetime(2028, 1, 1, tzinfo=CHINA)


def lot(number: int, remaining: int, days: int = 0) -> Lot:
    return Lot(UUID(int=number), remaining, NEW_YEAR + timedelta(days=days))


def test_first_expiring_first() -> None:
    lots = [lot(1, 30, days=2), lot(2, 10, days=0), lot(3, 20, days=1)]
    assert rules.spend(lots, 25) == (Part(UUID(int=2), 10), Part(UUID(int=3), 15))
    assert rules.spend(lots, 60)[-1] == Part(UUID(int=1), 30)
    with pytest.raises(rules.NotEnoughPointsError) as refused:
        rules.spend(lots, 61)
    assert refused.value.params == {"available": 60, "needed": 61}


def test_a_reversal_takes_its_own_first_and_owes_the_rest() -> None:
    lots = [lot(1, 30, days=2), lot(2, 10, days=0)]
    own = rules.take_back(lots, 35, first=lots[0].expires_at)
    assert (own.parts, own.debt) == ((Part(UUID(int=1), 30), Part(UUID(int=2), 5)), 0)
    assert rules.take_back(lots, 50, first=lots[0].expires_at).debt == 10
    assert rules.take_back([], 7).debt == 7


@given(st.lists(st.integers(0, 50), max_size=6), st.integers(1, 400))
def test_nothing_is_taken_twice_or_lost(remaining: list[int], points: int) -> None:
    lots = [lot(at, some, days=-at) for at, some in enumerate(remaining)]
    taken = rules.take_back(lots, points)
    assert sum(part.points for part in taken.parts) + taken.debt == points
    held = {one.id: one.remaining for one in lots}
    assert all(0 < part.points <= held[part.lot_id] for part in taken.parts)
    assert taken.debt == max(0, points - sum(remaining))


def test_the_points_of_a_year_end_with_the_next() -> None:
    assert rules.expiry_of(date(2026, 12, 31)) == datetime(2028, 1, 1, tzinfo=CHINA)
    assert rules.expiry_of(date(2027, 1, 1)) == datetime(2029, 1, 1, tzinfo=CHINA)
    last = datetime(2027, 12, 31, 23, 59, 59, 900_000, tzinfo=CHINA)
    rules.check_expiry(NEW_YEAR, last)
    for over in (NEW_YEAR, NEW_YEAR - timedelta(seconds=1)):
        with pytest.raises(ValueError, match="midnight"):
            rules.check_expiry(over, NEW_YEAR)
    assert rules.midnight_after(last) == NEW_YEAR
    assert rules.midnight_after(NEW_YEAR) == NEW_YEAR + timedelta(days=1)


@pytest.mark.parametrize("points", [0, -1, rules.MOST + 1, 2**63])
def test_amounts_that_cannot_be_meant(points: int) -> None:
    with pytest.raises(rules.PointsAmountError):
        rules.check_points(points)


def test_every_kind_of_entry_moves_between_two_accounts() -> None:
    assert set(MOVES) == set(EntryKind) - {EntryKind.MERGE, EntryKind.POOL}
    assert all(giver is not taker for giver, taker in MOVES.values())
    assert {kind for move in MOVES.values() for kind in move} == set(AccountKind) - {AccountKind.HOUSEHOLD}
    assert AccountKind.PERSON not in SYSTEM


@pytest.mark.parametrize("current", list(HoldState))
@pytest.mark.parametrize("target", list(HoldState))
def test_a_hold_ends_once(current: HoldState, target: HoldState) -> None:
    if target in NEXT[current]:
        rules.check_hold_step(current, target)
    else:
        with pytest.raises(rules.HoldStateError):
            rules.check_hold_step(current, target)
