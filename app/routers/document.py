"""The OpenAPI document where the framework's own words would be wrong: refusals are JSON, a required key is required."""

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from app.routers.deps import KEY_HEADER, key_required


def finished(document: dict[str, Any], routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """In place; doing it twice changes nothing."""
    keyed = {context.name for context in iter_route_contexts(routes) if _needs_key(context.original_route)}
    for operations in document["paths"].values():
        for operation in operations.values():
            _errors_as_json(operation)
            if operation["operationId"] in keyed:
                _require_key(operation)
    return document


def _errors_as_json(operation: dict[str, Any]) -> None:
    """A refusal is JSON also where the answer is text or an image; the framework writes it as the answer's own type."""
    for response in operation["responses"].values():
        if "x-codes" in response:
            response["content"] = {"application/json": next(iter(response["content"].values()))}


def _require_key(operation: dict[str, Any]) -> None:
    """The framework may not refuse a missing key itself: its sentence would not name the way out."""
    for parameter in operation["parameters"]:
        if parameter["name"] == KEY_HEADER:
            parameter["required"] = True
            parameter["schema"] = {"type": "string", "title": KEY_HEADER}


def _needs_key(route: BaseRoute) -> bool:
    return isinstance(route, APIRoute) and any(node.call is key_required for node in _tree(route.dependant))


def _tree(dependant: Dependant) -> Iterator[Dependant]:
    for child in dependant.dependencies:
        yield child
        yield from _tree(child)
