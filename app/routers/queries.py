"""A long form in the query, read by Pydantic at one go.

FastAPI looks at the type of each query parameter anew on every request: with the seventeen of the public list that was a
third of the whole answer. So this one dependency reads them, and the document is told what it reads.
"""

from typing import Any, Generic, TypeVar, get_origin

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


class QueryForm(Generic[M]):
    """`Annotated[Form, Depends(QueryForm(Form))]` with `openapi_extra=QueryForm(Form).document()`."""

    def __init__(self, model: type[M]) -> None:
        self.model = model
        # Parameters that may come several times; of any other the last one counts, as with FastAPI.
        self._lists = [name for name, field in model.model_fields.items() if get_origin(field.annotation) is list]

    async def __call__(self, request: Request) -> M:
        query = request.query_params
        values: dict[str, Any] = dict(query)
        values |= {name: query.getlist(name) for name in self._lists if name in values}
        try:
            return self.model.model_validate(values)
        except ValidationError as exc:
            # As FastAPI reports it: the one handler of refusals knows no other shape.
            raise RequestValidationError([error | {"loc": ("query", *error["loc"])} for error in exc.errors()]) from exc

    def document(self) -> dict[str, Any]:
        """The parameters as the API's document lists them."""
        schema = self.model.model_json_schema()
        named = schema.pop("$defs", {})
        return {
            "parameters": [
                {"name": name, "in": "query", "required": False, **_described(_whole(field, named))}
                for name, field in schema["properties"].items()
            ]
        }


def _described(field: dict[str, Any]) -> dict[str, Any]:
    described = {"description": field["description"]} if "description" in field else {}
    return {"schema": field, **described}


def _whole(node: Any, named: dict[str, Any]) -> Any:
    """A schema without references: what it names is written in its place."""
    if isinstance(node, list):
        return [_whole(part, named) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        rest = {key: value for key, value in node.items() if key != "$ref"}
        return _whole(named[node["$ref"].rsplit("/", 1)[1]], named) | rest
    return {key: _whole(value, named) for key, value in node.items()}
