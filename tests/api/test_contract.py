"""The OpenAPI document is the contract: the checker on every answer can fail, and the document says what it must."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from app.core.errors import NotFoundError, StaleError, errors
from app.core.settings import Settings
from app.main import create_app
from app.routers.deps import PUBLIC
from tests.factories.world import V1, World, ok
from tests.support.contract import Contract

# Told of an operation in words, not by a front end's code.
HEALTH = {"livez", "readyz"}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    made: dict[str, Any] = create_app(
        Settings(data_dir=tmp_path_factory.mktemp("keys"), log_level="CRITICAL")
    ).openapi()
    return made


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def error(code: str, **changes: Any) -> dict[str, Any]:
    return {
        "code": code,
        "message": "不行",
        "params": {},
        "fields": [],
        "retryable": False,
        "request_id": "1",
    } | changes


ME = {
    "person": {"id": "019abcde-0000-7000-8000-000000000001", "version": 1, "name": None, "name_held": False,
               "phone_masked": None, "birth_date": None, "age_band": "unknown", "id_number_masked": None},
    "app": "zhipin", "roles": [], "roster_name": None, "has_seeker_profile": False, "missing_consents": [],
    "unread_notices": 0, "open_tasks": 0, "has_console_account": False, "night_messages": False,
}  # fmt: skip
GOOD: list[tuple[str, str, int, Any]] = [
    ("GET", f"{V1}/me", 200, ME),
    ("GET", f"{V1}/me", 401, error("token_invalid")),
    ("POST", f"{V1}/auth/logout", 204, None),
    ("GET", f"{V1}/config", 304, None),
    ("GET", f"{V1}/nowhere", 404, error("not_found")),
    ("PATCH", f"{V1}/me", 405, error("method_not_allowed")),
    ("GET", "/docs", 200, None),
]
BAD = {
    "a status that is not declared": ("GET", f"{V1}/me", 409, error("stale")),
    "a server error": ("GET", f"{V1}/me", 500, error("internal")),
    "a code that is not declared": ("GET", f"{V1}/me", 401, error("not_found")),
    "a code of another status": ("PUT", f"{V1}/me/profile", 409, error("birth_date_wrong")),
    "a field left out": ("GET", f"{V1}/me", 200, {key: value for key, value in ME.items() if key != "roles"}),
    "a field of another type": ("GET", f"{V1}/me", 200, ME | {"open_tasks": "0"}),
    "null where there is none": ("GET", f"{V1}/me", 200, ME | {"missing_consents": None}),
    "an enumeration's unknown value": ("GET", f"{V1}/me", 200, ME | {"app": "weixin"}),
    "a list for an object": ("GET", f"{V1}/me", 200, [ME]),
    "an error of another format": ("GET", f"{V1}/me", 401, {"detail": "Unauthorized", "code": "token_invalid"}),
    "a field without its message": ("GET", f"{V1}/me", 401, error("token_invalid", fields=[{"path": "x"}])),
    "an unknown address that answers": ("GET", f"{V1}/nowhere", 200, {}),
    "an unknown address in another format": ("GET", f"{V1}/nowhere", 404, {"detail": "Not Found"}),
    "success of a method that is not declared": ("DELETE", f"{V1}/me", 204, None),
}


def answer(method: str, path: str, status: int, body: Any) -> httpx.Response:
    content = b"" if body is None else json.dumps(body).encode()
    return httpx.Response(status, content=content, request=httpx.Request(method, f"http://api{path}"))


@pytest.mark.parametrize(("method", "path", "status", "body"), GOOD)
async def test_the_checker_lets_the_contract_pass(
    document: dict[str, Any], method: str, path: str, status: int, body: Any
):
    await Contract(document).check(answer(method, path, status, body))


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
async def test_the_checker_stops_what_the_contract_lacks(document: dict[str, Any], case: Any):
    with pytest.raises(AssertionError):
        await Contract(document).check(answer(*case))


async def planted() -> dict[str, str]:
    return {}


async def test_every_api_test_is_watched(world: World, request: pytest.FixtureRequest):
    ok(await world.api.get(f"{V1}/areas"))
    app = world.api.app  # type: ignore[attr-defined]
    app.add_api_route(f"{V1}/planted", planted, methods=["GET"])
    # The application is shared with the tests that follow.
    request.addfinalizer(app.router.routes.pop)
    with pytest.raises(AssertionError, match="planted"):
        await world.api.get(f"{V1}/planted")


def test_operations_are_named_tagged_and_told_in_chinese(document: dict[str, Any]):
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        assert re.fullmatch(r"[a-z][a-z0-9_]*", operation["operationId"]), where
        assert operation["tags"], where
        assert any("一" <= character <= "龥" for character in operation.get("description", "")), where
        assert method in {"get", "post", "put", "delete"}, where


def test_every_body_has_an_example_that_fits_it(document: dict[str, Any]):
    tested = 0
    for _, path, operation in operations(document):
        if "requestBody" not in operation:
            continue
        tested += 1
        content = operation["requestBody"]["content"]
        if set(content) == {"multipart/form-data"}:
            continue  # a file has no example
        reference = content["application/json"]["schema"]["$ref"]
        schema = document["components"]["schemas"][reference.rsplit("/", 1)[1]]
        assert schema["additionalProperties"] is False, f"{path} takes unknown fields"
        validator = Draft202012Validator(schema | {"components": document["components"]})
        assert not list(validator.iter_errors(schema["example"])), path
    assert tested > 15


def test_every_refusal_is_declared_in_the_one_format(document: dict[str, Any]):
    for method, path, operation in operations(document):
        for status, response in operation["responses"].items():
            where = f"{method} {path} {status}"
            if int(status) < 400:
                assert "x-codes" not in response, where
                continue
            assert response["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ErrorBody"}, (
                where
            )
            assert response["x-codes"], where
            assert len(set(response["x-codes"])) == len(response["x-codes"]), where
            assert all(f"`{code}`" in response["description"] for code in response["x-codes"]), where
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_what_any_operation_may_answer_is_declared(document: dict[str, Any]):
    for method, path, operation in operations(document):
        name, where = operation["operationId"], f"{method} {path}"
        codes = {code for response in operation["responses"].values() for code in response.get("x-codes", ())}
        if name in HEALTH:
            continue
        assert {"invalid_fields", "database_unavailable", "unavailable"} <= codes, where
        if name not in PUBLIC:
            assert {"token_invalid", "forbidden"} <= codes, where
        if "requestBody" in operation:
            assert {"body_too_large", "body_malformed", "unsupported_media_type"} <= codes, where
        if any(row["name"].lower() == "idempotency-key" for row in operation.get("parameters", ())):
            assert {"idempotency_key_reused", "in_progress", "conflict"} <= codes, where


def test_one_code_has_one_status(document: dict[str, Any]):
    """A front end branches on the code alone."""
    seen: dict[str, set[str]] = {}
    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            for code in response.get("x-codes", ()):
                assert re.fullmatch(r"[a-z][a-z_]*", code)
                seen.setdefault(code, set()).add(status)
    assert len(seen) > 30
    assert {code: found for code, found in seen.items() if len(found) > 1} == {}


def test_the_declaration_comes_from_the_error_class():
    declared = errors(NotFoundError, StaleError)
    assert {status: row["x-codes"] for status, row in declared.items()} == {404: ["not_found"], 409: ["stale"]}
