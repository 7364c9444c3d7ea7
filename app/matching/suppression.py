"""Statistical disclosure control: which cells of an additive table are not shown, so that none of them can be computed.

Primary: a count below the minimum. Complementary: further cells, until no hidden one is pinned down by what is shown. The
test is the attacker's own: with every shown number and every relation known and counts not negative, the least and the
greatest possible value of each hidden cell (two linear programmes) must lie as far apart as the minimum already tells.
"Not shown" alone says 0 to 4; a hidden cell stays at least as open as that. Method: cell suppression, Hundepool et al., Statistical Disclosure Control (2012), chapter 4.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# A count below this is not shown (jobs design, 就业摸底).
MINIMUM = 5
EXACT = 1e-6
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """`total` is the sum of `parts`; everybody who reads the tables knows it."""

    total: Key
    parts: tuple[Key, ...]

    @property
    def keys(self) -> tuple[Key, ...]:
        return (self.total, *self.parts)


def hidden_cells(cells: Mapping[Key, int], relations: Sequence[Relation], *, minimum: int = MINIMUM) -> frozenset[Key]:
    """The keys that must not be shown. `cells` are counts of people; `relations` all sums that hold between them."""
    hidden = {key for key, count in cells.items() if count < minimum}
    _pair(cells, relations, hidden)
    while pinned := _pinned(cells, relations, hidden, minimum - 1):
        before = len(hidden)
        for key in pinned:
            _hide_beside(key, cells, relations, hidden)
        if len(hidden) == before:
            # Nothing is left to hide beside them: nothing that is shown speaks of them.
            break
        _pair(cells, relations, hidden)
    return frozenset(hidden)


def possible_values(
    cells: Mapping[Key, int], relations: Sequence[Relation], hidden: Iterable[Key]
) -> dict[Key, tuple[float, float]]:
    """What a reader can work out of each hidden cell: its least and greatest value (inf where nothing bounds it)."""
    bounds: dict[Key, tuple[float, float]] = {}
    for group, inside in _components(relations, frozenset(hidden)):
        bounds |= _bounds(group, inside, cells, None)
    return bounds


def _pair(cells: Mapping[Key, int], relations: Sequence[Relation], hidden: set[Key]) -> None:
    """Cheap first step: a relation with one hidden cell gives it away by subtraction."""
    cost = _costs(cells, relations)
    again = True
    while again:
        again = False
        for relation in relations:
            shown = [key for key in relation.keys if key not in hidden]
            if len(relation.keys) - len(shown) == 1 and shown:
                hidden.add(min(shown, key=cost.__getitem__))
                again = True


def _hide_beside(key: Key, cells: Mapping[Key, int], relations: Sequence[Relation], hidden: set[Key]) -> None:
    """One more cell of a sum that the pinned one stands in; where all of them are hidden, of one further on."""
    cost = _costs(cells, relations)
    seen, front = {key}, {key}
    while front:
        beside = {other for one in relations if not front.isdisjoint(one.keys) for other in one.keys} - seen
        if shown := beside - hidden:
            hidden.add(min(shown, key=cost.__getitem__))
            return
        seen |= beside
        front = beside


def _costs(cells: Mapping[Key, int], relations: Sequence[Relation]) -> dict[Key, tuple[int, int, str]]:
    """What hiding a cell costs: details before the sums over them, small before large, and always the same order."""
    above = {relation.total: relation for relation in relations}

    def level(key: Key) -> int:
        return 0 if key not in above else 1 + max(level(part) for part in above[key].parts)

    return {key: (level(key), count, str(key)) for key, count in cells.items()}


def _pinned(cells: Mapping[Key, int], relations: Sequence[Relation], hidden: set[Key], width: int) -> list[Key]:
    """The tightest cell of each component: hiding one more beside it often frees the others too."""
    found: list[Key] = []
    for group, inside in _components(relations, frozenset(hidden)):
        spans = {key: most - least for key, (least, most) in _bounds(group, inside, cells, width).items()}
        tightest = min(spans, key=lambda key: (spans[key], str(key)))
        if spans[tightest] < width - EXACT:
            found.append(tightest)
    return found


def _components(relations: Sequence[Relation], hidden: frozenset[Key]) -> Iterable[tuple[list[Key], list[Relation]]]:
    """Hidden cells that hang together through sums; a shown cell is a number and joins nothing."""
    touching: dict[Key, list[int]] = {key: [] for key in hidden}
    for place, relation in enumerate(relations):
        for key in relation.keys:
            if key in hidden:
                touching[key].append(place)
    left = dict.fromkeys(sorted(hidden, key=str))
    while left:
        front, group, inside = [next(iter(left))], dict[Key, None](), dict[int, None]()
        while front:
            key = front.pop()
            if key in group:
                continue
            group[key] = None
            for place in touching[key]:
                if place not in inside:
                    inside[place] = None
                    front += [other for other in relations[place].keys if other in hidden]
        for key in group:
            left.pop(key, None)
        yield list(group), [relations[place] for place in inside]


def _bounds(
    group: Sequence[Key], inside: Sequence[Relation], cells: Mapping[Key, int], enough: int | None
) -> dict[Key, tuple[float, float]]:
    """Least and greatest value of each key. `enough`: stop as soon as a cell is known to be that open."""
    import highspy

    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    size, place = len(group), {key: number for number, key in enumerate(group)}
    infinity = highspy.kHighsInf
    solver.addVars(size, np.zeros(size), np.full(size, infinity))
    for relation in inside:
        _add_sum(solver, relation, place, cells)
    # The truth is one possible table; every solution found widens what is known of all cells at once.
    least = np.array([cells[key] for key in group], dtype=float)
    most = least.copy()
    columns = np.arange(size, dtype=np.int32)
    for number in range(size):
        solver.changeColsCost(size, columns, np.eye(1, size, number)[0])
        for sense in (highspy.ObjSense.kMaximize, highspy.ObjSense.kMinimize):
            if enough is not None and most[number] - least[number] >= enough:
                continue
            solver.changeObjectiveSense(sense)
            solver.run()
            if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                values = np.asarray(solver.getSolution().col_value)
                least, most = np.minimum(least, values), np.maximum(most, values)
            else:
                # Feasible by the truth and not bounded.
                most[number] = np.inf
    return {key: (float(least[number]), float(most[number])) for number, key in enumerate(group)}


def _add_sum(solver: Any, relation: Relation, place: Mapping[Key, int], cells: Mapping[Key, int]) -> None:
    known, columns, factors = 0, list[int](), list[float]()
    for key in relation.keys:
        sign = -1 if key == relation.total else 1
        if key in place:
            columns.append(place[key])
            factors.append(float(sign))
        else:
            known += sign * cells[key]
    right = float(-known)
    solver.addRow(right, right, len(columns), np.array(columns, dtype=np.int32), np.array(factors))
