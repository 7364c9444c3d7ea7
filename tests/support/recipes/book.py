"""What a recipe is: the one valid call of an operation, and the book of them all."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from demo.client import Caller

if TYPE_CHECKING:
    from tests.support.recipes.town import Town

API = "/api/v1"
# Refused without `Idempotency-Key`; the document marks it by this code among the refusals.
KEY_NEEDED = "idempotency_key_missing"


@dataclass
class Call:
    """Who calls, about which row, with what. `caller` None: without a token. `file`: name, content, purpose."""

    caller: Caller | None = None
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    file: tuple[str, bytes, str] | None = None

    @property
    def token(self) -> dict[str, str]:
        return {} if self.caller is None else {"Authorization": self.caller._http.headers["Authorization"]}


Recipe = Callable[["Town"], Call]
RECIPES: dict[str, Recipe] = {}


def recipe(make: Recipe) -> Recipe:
    """The function's name is the operation's id."""
    name = make.__name__
    assert name not in RECIPES, name
    RECIPES[name] = make
    return make


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    keyed: bool
    succeeds_with: int


def operations_of(document: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            good = next(int(status) for status in described["responses"] if status.startswith("2"))
            keyed = KEY_NEEDED in described["responses"].get("422", {}).get("x-codes", ())
            yield Operation(described["operationId"], method.upper(), path, keyed, good)


def send(url: str, operation: Operation, call: Call) -> httpx.Response:
    """As a phone would: with the caller's own connection, and a fresh key where one is needed."""
    headers = call.token | call.headers
    if operation.keyed:
        headers["Idempotency-Key"] = uuid.uuid4().hex
    more: dict[str, Any] = {}
    if call.file is not None:
        name, content, purpose = call.file
        more = {"files": {"file": (name, content)}, "data": {"purpose": purpose}}
    elif call.body is not None:
        more = {"content": json.dumps(call.body)}
        headers["Content-Type"] = "application/json"
    client = httpx if call.caller is None else call.caller._http
    address = url + operation.path.format(**call.path)
    answer: httpx.Response = client.request(
        operation.method, address, params=call.query, headers=headers, timeout=30, **more
    )
    return answer
