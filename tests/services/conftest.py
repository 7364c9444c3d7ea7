"""A database of either kind for tests that run their own event loop."""

import os
from collections.abc import Iterator

import pytest

from tests.conftest import MISSING, PG_ENV, Databases


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    if request.param == "postgresql" and PG_ENV not in os.environ:
        pytest.skip(MISSING)
    url = databases.make(request.param, seeded=False)
    yield url
    databases.drop(url)
