"""Whole postings by other hands: sets a and c were looked at while the words were tuned; b and g were never read, e not used.

Before any tuning: a 48 % found and 7 % false alarms, b 35 % and 14 %; c, when the words knew a alone, 71.5 % and 6 %. The aim
of jobs.md is 95 % and 5 % on what the words' author has not seen; b, e and g (a third of the last
two evasions: signs, homophones, hints) say how far away that is: 70 % and 12 %, 61 % and 15 %, 70 % and 26 %. Do not read the rows of
b and g: then they would say nothing any more.
"""

import pytest

from tests.rules.jobs.posting_corpus import measured, postings
from tests.rules.jobs.posting_material import seed_book

BOOK = seed_book()
AIM = (0.95, 0.05)
# Never less than this: recall, false alarms.
FLOORS = {"a": (1.0, 0.0), "b": (0.70, 0.12), "c": (1.0, 0.0), "e": (0.60, 0.15), "g": (0.70, 0.26)}
SIZES = {"a": 100, "b": 100, "c": 200, "e": 150, "g": 100}


@pytest.mark.parametrize("name", FLOORS)
def test_the_corpus_is_read_no_worse_than_measured(name: str) -> None:
    recall, false_alarms = measured(name, BOOK)
    print(f"set {name}: recall {recall:.1%} (aim {AIM[0]:.0%}), false alarms {false_alarms:.1%} (aim {AIM[1]:.0%})")
    least, most = FLOORS[name]
    assert recall >= least
    assert false_alarms <= most


def test_the_corpus_is_whole() -> None:
    for name, size in SIZES.items():
        assert len(postings(f"breaks_{name}")) == len(postings(f"clean_{name}")) == size
