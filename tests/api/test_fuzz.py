"""Schemathesis over every operation, signed in as whoever may do it: no failure of ours, answers as declared.

`SANQU_FUZZ_EXAMPLES` cases per operation (default 4, and the wrong methods);
`./dev fuzz` gives a long dose. The same cases on every run. The recipes aim it at rows that exist and at bodies that are
nearly right.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from app.core.rates import RateKind
from app.core.settings import Settings
from demo.client import Sandbox
from tests.architecture.generate import OPENAPI
from tests.support.fuzzing import FUZZED, Fuzzer, packed
from tests.support.recipes import RECIPES, Call, Town, operations_of, send
from tests.support.recipes.town import METRICS_TOKEN
from tests.support.served import town_in

EXAMPLES = int(os.environ.get("SANQU_FUZZ_EXAMPLES", "4"))
SHARDS = 4
# Below it each operation is fuzzed on one of the two databases.
LONG = 50
# What makes a row, what reads it, under which name the answer gives its id, and how the address names that.
MADE = (
    ("create_vacancy", "get_vacancy", "id", "vacancy_id"),
    ("apply_to_vacancy", "get_my_application", "id", "application_id"),
    ("register_enterprise", "get_enterprise", "id", "enterprise_id"),
    ("upload_file", "get_file", "file_id", "file_id"),
    ("create_share_code", "read_share_code", "code", "code"),
)
OPERATIONS = [operation.name for operation in operations_of(json.loads(OPENAPI.read_text()))]


@pytest.fixture
def open_gates(settings: Settings) -> Settings:
    """No allowance is used up by a thousand calls, and the metrics have a reader."""
    changes: dict[str, Any] = {
        "rate_limits": dict.fromkeys(RateKind, "1000000/60"), "metrics_token": SecretStr(METRICS_TOKEN),
        "worker_poll_seconds": 0.1,
    }  # fmt: skip
    return settings.model_copy(update=changes)


@pytest.fixture
def served(open_gates: Settings, sandbox: Sandbox) -> Iterator[tuple[Town, dict[str, Any]]]:
    with town_in(open_gates, sandbox) as both:
        yield both


def test_every_operation_has_a_recipe() -> None:
    assert sorted(RECIPES) == sorted(OPERATIONS)
    assert len(OPERATIONS) > 100


@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_operation_breaks_or_answers_what_it_did_not_declare(
    request: pytest.FixtureRequest, kind: str, shard: int, record_property: Any
) -> None:
    if EXAMPLES < LONG and kind != ("sqlite", "postgresql")[shard % 2]:
        pytest.skip("短剂量：每个接口只在一种数据库上试；两种都试用 ./dev fuzz")
    town, document = request.getfixturevalue("served")
    fuzzer = Fuzzer(town, document, examples=EXAMPLES)
    # Which have no recipe yet, the first test tells.
    mine = [name for name in OPERATIONS[shard::SHARDS] if name in RECIPES]
    with contextlib.closing(fuzzer):
        failures = {name: found for name in mine if (found := fuzzer.fuzz(name))}
    record_property(FUZZED, packed(fuzzer.tallies))
    assert not failures, "\n\n".join(f"{name}：{told}" for name, told in failures.items())
    assert sorted(fuzzer.tallies) == sorted(mine)
    assert [name for name, tally in fuzzer.tallies.items() if not tally.good] == []
    # What takes a body can be varied without end; an address alone has few wrong forms.
    assert [name for name in mine if fuzzer.tallies[name].cases < EXAMPLES and fuzzer.takes_a_body(name)] == []


def test_what_was_made_is_there_and_what_was_deleted_is_gone(served: tuple[Town, dict[str, Any]]) -> None:
    town, document = served
    known = {operation.name: operation for operation in operations_of(document)}
    for made, read, given, named in MADE:
        call = RECIPES[made](town)
        answer = send(town.url, known[made], call).json()
        row = next(value for key, value in flat(answer) if key == given)
        found = send(town.url, known[read], Call(call.caller, {named: row}))
        assert found.status_code == 200, f"{made} → {read}: {found.text}"
        assert (given, row) in flat(found.json())
    discarded = RECIPES["discard_file"](town)
    assert discarded.caller is not None
    link = discarded.caller.get(f"/files/{discarded.path['file_id']}")["url"].split("/api/v1", 1)[1]
    assert discarded.caller._http.get(link).status_code == 200
    assert send(town.url, known["discard_file"], discarded).status_code == 204
    assert discarded.caller._http.get(link).status_code == 404
    # Its owner still reads that it is gone, and why.
    assert discarded.caller.get(f"/files/{discarded.path['file_id']}")["state"] == "refused"


def flat(answer: dict[str, Any]) -> list[tuple[str, Any]]:
    """Names and values of an answer, and of what it wraps."""
    inner = [pair for value in answer.values() if isinstance(value, dict) for pair in value.items()]
    return [*answer.items(), *inner]
