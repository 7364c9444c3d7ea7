"""Whole postings by another hand: half a was looked at while the words were tuned, half b never was.

Before any tuning: a 48 % found and 7 % false alarms, b 35 % and 14 %. The aim of jobs.md is 95 % and 5 % on what the words'
author has not seen; half b says how far away that is. Do not read its rows: then it would say nothing any more.
"""

import pytest

from tests.rules.jobs.posting_corpus import measured, postings
from tests.rules.jobs.posting_material import seed_book

BOOK = seed_book()
AIM = (0.95, 0.05)
# Never less than this: recall, false alarms.
FLOORS = {"a": (0.99, 0.01), "b": (0.63, 0.14)}


@pytest.mark.parametrize("half", ["a", "b"])
def test_the_corpus_is_read_no_worse_than_measured(half: str) -> None:
    recall, false_alarms = measured(half, BOOK)
    print(f"half {half}: recall {recall:.0%} (aim {AIM[0]:.0%}), false alarms {false_alarms:.0%} (aim {AIM[1]:.0%})")
    least, most = FLOORS[half]
    assert recall >= least
    assert false_alarms <= most


def test_the_corpus_is_whole() -> None:
    for half in FLOORS:
        assert len(postings(f"breaks_{half}")) == len(postings(f"clean_{half}")) == 100
