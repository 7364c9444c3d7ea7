"""The table of access, a test for each cell on both databases: standing × part of a case, as HTTP really answers."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.rules.disputes.access import ACCESS, Piece, Standing
from tests.conftest import Databases, in_thread, settings_for, town_for
from tests.support.dispute_cells import Cells, measure

_measured: dict[str, Cells] = {}


@pytest.fixture
def cells(kind: str, databases: Databases, sandbox_url: str, tmp_path_factory: pytest.TempPathFactory) -> Cells:
    """Measured once per worker and database; each cell is looked up."""
    if kind not in _measured:
        url, folder = databases.make(kind, seeded=True), tmp_path_factory.mktemp("cells")

        async def run() -> None:
            async with town_for(sandbox_url)(settings_for(url, sandbox_url, Path(folder))) as world:
                _measured[kind] = await measure(world)

        in_thread(lambda: asyncio.run(run()))
    return _measured[kind]


CELLS = [pytest.param(one, piece, id=f"{one.value}-{piece.value}") for one in Standing for piece in Piece]


@pytest.mark.parametrize(("standing", "piece"), CELLS)
def test_cell(cells: Cells, standing: Standing, piece: Piece) -> None:
    assert cells.seen[standing][piece] is (piece in ACCESS[standing])


@pytest.mark.parametrize("standing", [one for one in Standing if not ACCESS[one]])
def test_who_does_not_see_it_hears_that_it_is_not_there(cells: Cells, standing: Standing) -> None:
    assert cells.refusals[standing] == {404}


def test_the_access_of_who_handed_it_over_is_gone_at_once(cells: Cells) -> None:
    nobody: dict[str, Any] = {"former manager": {404}, "another manager": {404}}
    assert cells.gone == nobody
