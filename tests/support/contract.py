"""Every answer that a test receives is held against the OpenAPI document: declared status, declared code, schema."""

import re
from functools import cache, cached_property
from typing import Any

import httpx
from jsonschema import Draft202012Validator


class Contract:
    """Hook for an httpx client: `client.event_hooks["response"].append(Contract(app).check)`."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self.seen: set[tuple[str, int, str | None]] = set()
        self._routes = [
            (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), path)
            for path in sorted(document["paths"], key=_fixed_first)
        ]
        self._validator = cache(self._make_validator)

    async def check(self, response: httpx.Response) -> None:
        await response.aread()
        self.compare(response.request.method, response.request.url.path, response)

    def compare(self, method: str, path: str, response: httpx.Response) -> None:
        """AssertionError names what the document does not know."""
        verb, paths = method.lower(), self._document["paths"]
        route = next(
            (route for pattern, route in self._routes if pattern.fullmatch(path) and verb in paths[route]), None
        )
        if route is None:
            self._compare_unknown(path, response)
            return
        operation = paths[route][verb]
        name, status = operation["operationId"], response.status_code
        declared = operation["responses"].get(str(status))
        assert declared is not None, f"{name} 答了没有声明的 {status}：{response.text[:400]}"
        # A page for people is a page also where it says that there is nothing.
        page = response.headers.get("content-type", "").startswith("text/html")
        code = response.json()["code"] if status >= 400 and not page else None
        if code is not None:
            assert code in declared["x-codes"], f"{name} {status} 答了没有声明的 {code}"
        self.seen.add((name, status, code))
        schema = declared.get("content", {}).get("application/json", {}).get("schema")
        if schema and response.content and not page:
            problems = [error.message for error in self._validator(name, str(status)).iter_errors(response.json())]
            assert not problems, f"{name} {status} 与声明的形状不符：{problems[:3]}"

    def _compare_unknown(self, path: str, response: httpx.Response) -> None:
        """An address or a method that the document lacks: refused in the one error format. Pages of files aside."""
        if path.startswith("/api/"):
            assert response.status_code in {404, 405, 413}, f"{path} 不在文档里，却答了 {response.status_code}"
            problems = [error.message for error in self._error_body.iter_errors(response.json())]
            assert not problems, f"{path} 的错误格式不符：{problems[:3]}"

    @cached_property
    def _error_body(self) -> Draft202012Validator:
        return Draft202012Validator(
            {"$ref": "#/components/schemas/ErrorBody", "components": self._document["components"]}
        )

    def _make_validator(self, name: str, status: str) -> Draft202012Validator:
        operation = next(
            operation
            for path in self._document["paths"].values()
            for operation in path.values()
            if operation["operationId"] == name
        )
        schema = operation["responses"][status]["content"]["application/json"]["schema"]
        return Draft202012Validator(schema | {"components": self._document["components"]})


def _fixed_first(path: str) -> tuple[bool, str]:
    """`/vacancies/lint` is not a `/vacancies/{id}`."""
    return "{" in path, path
