"""Long sequences in parts, for statements that take only so many parameters."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_parts(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """As `itertools.batched` of Python 3.12."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
