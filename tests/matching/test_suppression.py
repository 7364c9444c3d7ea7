"""No hidden count can be worked out: against a reader who tries every table that fits what is shown."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.suppression import MINIMUM, Key, Relation, hidden_cells, possible_values

ROWS, COLUMNS = ("a", "b", "c"), ("x", "y")


def table(counts: list[list[int]]) -> tuple[dict[Key, int], list[Relation]]:
    """Rows × columns with every margin, as a town publishes it."""
    rows, columns = ROWS[: len(counts)], COLUMNS[: len(counts[0])]
    cells: dict[Key, int] = {
        (row, column): counts[i][j] for i, row in enumerate(rows) for j, column in enumerate(columns)
    }
    relations = []
    for row in rows:
        cells[row, "all"] = sum(cells[row, column] for column in columns)
        relations.append(Relation((row, "all"), tuple((row, column) for column in columns)))
    for column in (*columns, "all"):
        cells["all", column] = sum(cells[row, column] for row in rows)
        relations.append(Relation(("all", column), tuple((row, column) for row in rows)))
    relations.append(Relation(("all", "all"), tuple(("all", column) for column in columns)))
    return cells, relations


def values_that_fit(cells: dict[Key, int], hidden: frozenset[Key], most: int) -> dict[Key, set[int]]:
    """Every two-by-two table of counts up to `most` with the same shown numbers: no algebra, only trying."""
    tried = np.meshgrid(*[np.arange(most + 1)] * 4, indexing="ij")
    guess, _ = table([[grid.ravel() for grid in tried[:2]], [grid.ravel() for grid in tried[2:]]])  # type: ignore[list-item]
    fits = np.ones((most + 1) ** 4, dtype=bool)
    for key in cells.keys() - hidden:
        fits &= guess[key] == cells[key]
    return {key: set(np.asarray(guess[key])[fits].tolist()) for key in cells}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=2, max_size=2))
def test_a_reader_who_tries_everything_learns_no_hidden_count(counts: list[list[int]]) -> None:
    cells, relations = table(counts)
    hidden = hidden_cells(cells, relations)
    assert {key for key, count in cells.items() if count < MINIMUM} <= hidden
    fitting = values_that_fit(cells, hidden, 18)
    for key in hidden:
        # As open as "fewer than five" alone leaves it.
        assert cells[key] in fitting[key]
        assert max(fitting[key]) - min(fitting[key]) >= MINIMUM - 1, (key, counts, sorted(map(str, hidden)))


def test_one_small_cell_takes_others_with_it_and_no_more_than_needed() -> None:
    cells, relations = table([[3, 20], [40, 30], [50, 60]])
    hidden = hidden_cells(cells, relations)
    inner = {key for key in hidden if "all" not in key}
    # A rectangle: two in its row, two in its column.
    assert ("a", "x") in inner
    assert len(inner) == 4
    assert hidden == inner
    least, most = possible_values(cells, relations, hidden)["a", "x"]
    assert most - least >= MINIMUM - 1


def test_two_small_cells_whose_sum_gives_them_away_are_not_left_alone() -> None:
    """0 + 1 = 1: two hidden cells, and still only two possible tables."""
    total, parts = ("t",), (("p",), ("q",), ("r",))
    cells: dict[Key, int] = {total: 31, parts[0]: 0, parts[1]: 1, parts[2]: 30}
    hidden = hidden_cells(cells, [Relation(total, parts)])
    assert hidden == set(parts)


def test_levels_that_add_up_do_not_betray_each_other() -> None:
    """An area is the sum of its grids: a grid hidden below must not come out above, nor through another measure."""
    grids = {"g1": 2, "g2": 30, "g3": 25, "g4": 40}
    cells: dict[Key, int] = {(grid,): count for grid, count in grids.items()}
    cells |= {("north",): 32, ("south",): 65, ("town",): 97}
    relations = [
        Relation(("north",), (("g1",), ("g2",))), Relation(("south",), (("g3",), ("g4",))),
        Relation(("town",), (("north",), ("south",))),
    ]  # fmt: skip
    hidden = hidden_cells(cells, relations)
    assert {("g1",), ("g2",)} <= hidden
    bounds = possible_values(cells, relations, hidden)
    assert all(most - least >= MINIMUM - 1 for least, most in bounds.values())


def test_large_counts_are_all_shown_and_an_empty_table_shows_nothing() -> None:
    cells, relations = table([[10, 20], [30, 40]])
    assert hidden_cells(cells, relations) == frozenset()
    cells, relations = table([[0, 0], [0, 0]])
    assert hidden_cells(cells, relations) == set(cells)


def test_the_same_counts_hide_the_same_cells() -> None:
    counts = [[3, 9], [12, 1], [7, 30]]
    assert len({hidden_cells(*table(counts)) for _ in range(3)}) == 1
