"""What no client should send: every operation answers with its own 4xx, in Chinese, by field, and stores nothing.

The cases come from the OpenAPI document, so that a new operation is tested without being listed here.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.core.rates import RateKind
from app.core.settings import Settings
from app.routers.deps import UNKEPT
from app.rules.identity.roles import Role, ScopeKind
from tests.factories.world import V1, Someone, World, ok, refused
from tests.support.api import NOBODY, nothing_stored

JSON = {"Content-Type": "application/json"}
BODY_METHODS = {"post", "put"}
METHODS = {"get", "post", "put", "delete", "patch", "options"}
MEGABYTE = 1_048_576
# Raw JSON texts that a parser of JSON refuses, or must not survive.
MALFORMED = {
    "cut off": b'{"app": "zhipin", "code": "x"',
    "two values": b"{} {}",
    "single quotes": b"{'app': 'zhipin'}",
    "a trailing comma": b'{"app": "zhipin",}',
    "words": "登录".encode(),
    "not UTF-8": b'{"app": "\xff\xfe"}',
    "a NUL byte": b'{"app": "\x00"}',
    "nested lists": b"[" * 100_000,
    "nested lists that close": b"[" * 100_000 + b"]" * 100_000,
    "nested objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a number of 5,000 digits": b'{"expected_version": ' + b"9" * 5000 + b"}",
}
SHAPES = {"nothing": b"", "null": b"null", "a list": b"[]", "a text": b'"x"', "a number": b"1", "NaN": b"NaN"}


# The form of an upload has limits of its own, tested where files are.
UPLOAD = "upload_file"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Thousands of refusals in a row: no allowance may end them early."""
    return settings.model_copy(update={"rate_limits": dict.fromkeys(RateKind, "1000000/1")})


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    document: dict[str, Any]
    schema: dict[str, Any] | None

    @property
    def name(self) -> str:
        return str(self.document["operationId"])

    def parameters(self, place: str) -> list[dict[str, Any]]:
        return [row for row in self.document.get("parameters", ()) if row["in"] == place]

    def url(self, **changes: str) -> str:
        """Every id somebody else's, every code valid."""
        values = {"purpose": "service", "code_table": "industry", "app": "zhipin", "kind": "hr_service"}
        values = {row["name"]: values.get(row["name"], NOBODY) for row in self.parameters("path")} | changes
        return self.path.format_map(values)

    def query(self) -> dict[str, str]:
        """The required parameters, filled in well."""
        good = {
            "app": "zhipin",
            "q": "平车",
            "name": "华联",
            "e": "1",
            "w": "v",
            "s": "x",
            "day": "2026-11-30",
            "from": "2026-11-01",
            "to": "2026-11-30",
            "year": "2026",
            "since": "2026-11-01",
            "until": "2026-11-30",
            "first": "2026-11-01",
            "last": "2026-11-30",
        }
        good |= dict.fromkeys(("signature", "timestamp", "nonce", "echostr"), "x")
        return {row["name"]: good[row["name"]] for row in self.parameters("query") if row.get("required")}


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            schema = schemas[content["schema"]["$ref"].rsplit("/", 1)[1]] if content else None
            yield Operation(method, path, operation, schema)


@pytest.fixture
def every(api: httpx.AsyncClient) -> list[Operation]:
    return list(operations(api.app.openapi()))  # type: ignore[attr-defined]


@pytest.fixture
def with_body(every: list[Operation], kind: str) -> list[Operation]:
    """The shape of a body is refused before any database is asked: half of the operations on each."""
    found = [operation for operation in every if operation.schema is not None]
    assert len(found) > 15
    return found[("sqlite", "postgresql").index(kind) :: 2]


@pytest.fixture
async def mighty(world: World) -> Someone:
    """Nothing is refused to this person for want of a role."""
    person = await world.admin()
    firm = ok(await person.get("/enterprises", name="华联"))[0]["id"]
    for role in (
        Role.JOBS_OFFICER,
        Role.GIGS_OFFICER,
        Role.POINTS_OFFICER,
        Role.POINTS_CLERK,
        Role.GRID_MEMBER,
        Role.TRAINING_OFFICER,
        Role.CASE_MANAGER,
        Role.TRAINER,
        Role.JUDGE,
    ):
        await world.appoint(person, role)
    for role in (Role.RECRUITER, Role.OWNER, Role.DISPATCHER):
        await world.appoint(person, role, ScopeKind.ENTERPRISE, firm)
    return person


async def send(person: Someone, operation: Operation, content: bytes, **headers: str) -> httpx.Response:
    return await person.world.api.request(
        operation.method,
        operation.url(),
        content=content,
        headers=person.headers | JSON | {"Idempotency-Key": uuid4().hex} | headers,
    )


def refusal(answer: httpx.Response, operation: Operation, case: str) -> dict[str, Any]:
    """A 4xx in the one format whose every field has a path and a Chinese sentence."""
    where = f"{operation.name}, {case}: {answer.status_code} {answer.text[:300]}"
    assert 400 <= answer.status_code < 500, where
    body = refused(answer, answer.status_code, answer.json()["code"])
    for issue in body["fields"]:
        assert issue["path"], where
        assert any("一" <= character <= "龥" for character in issue["message"]), where
    return body


def paths(body: dict[str, Any]) -> set[str]:
    return {issue["path"] for issue in body["fields"]}


def roots(body: dict[str, Any]) -> set[str]:
    return {path.split(".")[0] for path in paths(body)}


def example(operation: Operation) -> dict[str, Any]:
    assert operation.schema is not None
    made: dict[str, Any] = json.loads(json.dumps(operation.schema["example"]))
    return made


async def test_what_is_not_json(world: World, mighty: Someone, with_body: list[Operation]):
    async with nothing_stored(world):
        for operation in with_body:
            for case, content in MALFORMED.items():
                body = refusal(await send(mighty, operation, content), operation, case)
                assert (body["code"], paths(body)) == ("body_malformed", {"body"}), (operation.name, case, body)


async def test_json_that_is_no_object(world: World, mighty: Someone, with_body: list[Operation]):
    async with nothing_stored(world):
        for operation in with_body:
            for case, content in SHAPES.items():
                body = refusal(await send(mighty, operation, content), operation, case)
                assert (body["code"], paths(body)) == ("invalid_fields", {"body"}), (operation.name, case, body)


async def test_bodies_that_are_not_declared_to_be_json(world: World, mighty: Someone, with_body: list[Operation]):
    async with nothing_stored(world):
        for operation in with_body:
            content = json.dumps(example(operation)).encode()
            for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data"):
                answer = await send(mighty, operation, content, **{"Content-Type": kind})
                body = refusal(answer, operation, kind)
                assert (answer.status_code, body["code"]) == (415, "unsupported_media_type"), (operation.name, kind)


async def test_unknown_fields_are_refused_by_name(world: World, mighty: Someone, with_body: list[Operation]):
    async with nothing_stored(world):
        for operation in with_body:
            for name in ("unknown", "__proto__", "is_admin", "id", "", "名称"):
                content = json.dumps(example(operation) | {name: 1}).encode()
                body = refusal(await send(mighty, operation, content), operation, f"unknown {name}")
                assert (body["code"], paths(body)) == ("invalid_fields", {name or "body"}), (operation.name, body)


async def test_names_of_fields_that_break_an_answer(world: World, mighty: Someone, with_body: list[Operation]):
    async with nothing_stored(world):
        for operation in with_body:
            content = json.dumps(example(operation))[:-1].encode()
            for case, name in {"surrogate": b"\\ud800", "NUL": b"\\u0000", "long": b"x" * 5000}.items():
                answer = await send(mighty, operation, content + b', "' + name + b'": 1}')
                body = refusal(answer, operation, case)
                assert body["code"] == "invalid_fields"
                assert all(len(path) <= 200 for path in paths(body))


async def test_missing_fields_are_named(world: World, mighty: Someone, with_body: list[Operation]):
    async with nothing_stored(world):
        for operation in with_body:
            assert operation.schema is not None
            for name in operation.schema.get("required", ()):
                form = example(operation)
                del form[name]
                body = refusal(await send(mighty, operation, json.dumps(form).encode()), operation, f"without {name}")
                assert (body["code"], paths(body)) == ("invalid_fields", {name}), (operation.name, body)
                assert body["fields"][0]["message"] == "此项必填"


async def test_every_field_of_the_wrong_type_is_named(world: World, mighty: Someone, with_body: list[Operation]):
    async with nothing_stored(world):
        for operation in with_body:
            for name in example(operation):
                for value in ({"x": []}, [[]], [None], 10**30, -(10**30), 1.5e300, "\x00", "x" * 6000):
                    if (operation.name, name, value) == ("correct_survey_answer", "answers", {"x": []}):
                        # Which questions there are, the row's wave says; here there is no row.
                        continue
                    form = example(operation) | {name: value}
                    answer = await send(mighty, operation, json.dumps(form).encode())
                    body = refusal(answer, operation, f"{name} = {str(value)[:20]}")
                    assert answer.status_code == 422, (operation.name, name, str(value)[:20], body)
                    assert name in roots(body), (operation.name, name, str(value)[:20], body)


async def test_numbers_that_are_none(world: World, mighty: Someone, with_body: list[Operation]):
    async with nothing_stored(world):
        for operation in with_body:
            for name in example(operation):
                form = json.dumps(example(operation) | {name: "@"})
                for number in ("NaN", "Infinity", "-Infinity", "1e400"):
                    answer = await send(mighty, operation, form.replace('"@"', number).encode())
                    body = refusal(answer, operation, f"{name} = {number}")
                    assert name in roots(body), (operation.name, name, number, body)


async def test_characters_that_nobody_types(world: World, mighty: Someone, with_body: list[Operation]):
    async with nothing_stored(world):
        for operation in with_body:
            texts = {name: value for name, value in example(operation).items() if isinstance(value, str)}
            for name, value in texts.items():
                form = json.dumps(example(operation) | {name: value + "@@"}, ensure_ascii=False)
                for character in ("\\u0000", "\\u0007", "\\u001b", "\\ud800", "\\udfff", "\\udc00\\ud800"):
                    answer = await send(mighty, operation, form.replace("@@", character).encode())
                    body = refusal(answer, operation, f"{name} with {character}")
                    assert name in roots(body), (operation.name, name, character, body)


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 65_536):
        yield b" " * 65_536


async def test_bodies_over_the_limit(world: World, mighty: Someone, every: list[Operation]):
    writing = [
        operation for operation in every if operation.method in BODY_METHODS | {"delete"} and operation.name != UPLOAD
    ]
    big = b'{"x": "' + b"x" * (10 * MEGABYTE) + b'"}'
    async with nothing_stored(world):
        for operation in writing:
            for content in (big, chunks(10 * MEGABYTE), b" " * (MEGABYTE + 1)):
                for person in (mighty, world.anonymous):
                    answer = await send(person, operation, content)  # type: ignore[arg-type]
                    body = refused(answer, 413, "body_too_large", "body")
                    assert body["params"] == {"limit": MEGABYTE}
                    assert answer.headers["connection"] == "close"
                    if not isinstance(content, bytes):
                        break
        # A length that is none, or that lies: the bytes count.
        for length in ("-1", "ten", "1e3", str(10**30)):
            refused(await send(mighty, writing[0], b"{}", **{"Content-Length": length}), 413, "body_too_large")
        lying = await send(mighty, writing[0], b" " * (MEGABYTE + 1), **{"Content-Length": "2"})
        refused(lying, 413, "body_too_large")


async def test_a_body_just_within_the_limit_is_read(world: World, mighty: Someone):
    form = json.dumps({"name": "林小梅", "birth_date": "1990-05-01", "expected_version": 1}).encode()
    padded = form + b" " * (MEGABYTE - len(form))
    answer = await world.api.put(f"{V1}/me/profile", content=padded, headers=mighty.headers | JSON)
    assert ok(answer)["name"] == "林小梅"


async def test_ids_that_are_no_ids(world: World, mighty: Someone, every: list[Operation]):
    tested = 0
    async with nothing_stored(world):
        for operation in every:
            for parameter in operation.parameters("path"):
                if parameter["schema"].get("format") != "uuid":
                    continue
                tested += 1
                for value in ("1", "null", "019abcde", NOBODY + "0", NOBODY[:-1] + "g", "%00", "%F0%9F%98%80", "..%2F"):
                    content = json.dumps(example(operation)) if operation.schema else None
                    answer = await world.api.request(
                        operation.method,
                        operation.url(**{parameter["name"]: value}),
                        content=content,
                        headers=mighty.headers | JSON | {"Idempotency-Key": uuid4().hex},
                        params=operation.query(),
                    )
                    if value == "..%2F":
                        refused(answer, 404, "not_found")
                        continue
                    refused(answer, 422, "invalid_fields", f"path.{parameter['name']}")
    assert tested > 15


async def test_query_parameters_of_the_wrong_kind(world: World, mighty: Someone, every: list[Operation]):
    tested = 0
    async with nothing_stored(world):
        for operation in every:
            for parameter in operation.parameters("query"):
                kinds = parameter["schema"].get("anyOf", [parameter["schema"]])
                texts = [kind for kind in kinds if kind.get("type") == "string" and "format" not in kind]
                for value in ("\x00", "\x07", "x" * 5000, "NaN", "1e400", "9" * 40, "[]", "%"):
                    tested += 1
                    answer = await world.api.request(
                        operation.method,
                        operation.url(),
                        headers=mighty.headers,
                        params=operation.query() | {parameter["name"]: value},
                    )
                    where = (
                        f"{operation.name} {parameter['name']}={value[:9]!r}: {answer.status_code} {answer.text[:200]}"
                    )
                    if operation.name == "list_audit_entries":
                        # For auditors alone: whoever may not is told so before anything is read.
                        assert answer.status_code == 403, where
                        continue
                    fits = any(re.search(kind.get("pattern", ""), value) for kind in texts)
                    if fits and answer.status_code in {200, 403, 404}:
                        # A free text that finds nothing, a signature that is none; control characters and excess
                        # never get that far.
                        # The row that the address names is looked for first.
                        gone = answer.status_code == 404 and operation.parameters("path")
                        searches = operation.name in {"list_vacancies", "count_vacancy_facets"}
                        assert value.isprintable() or searches or gone, where
                        assert len(value) < 5000, where
                        continue
                    assert answer.status_code == 422, where
                    # Of a list its first item is named.
                    named = f"query.{parameter['name']}"
                    assert {named, f"{named}.0"} & set(paths(answer.json())), where
    assert tested > 50


async def test_addresses_that_are_none(world: World, mighty: Someone):
    nowhere = ["/api/v1", "/api/v1/", "/api/v2/me", "/api/v1/me/", "/api/v1//me", "/api/v1/ME", "/api/v1/me/%00",
               "/api/v1/" + "x" * 5000, "/api/v1/../me/x", "/me", "/.env", "/api/v1/dictionary/industry/1"]  # fmt: skip
    async with nothing_stored(world):
        for path in nowhere:
            for method in ("GET", "POST", "PUT", "DELETE"):
                refused(await world.api.request(method, path, headers=mighty.headers), 404, "not_found")


async def test_methods_that_an_address_lacks(world: World, mighty: Someone, every: list[Operation]):
    known: dict[str, set[str]] = {}
    for operation in every:
        known.setdefault(operation.url(), set()).add(operation.method)
    async with nothing_stored(world):
        for url, methods in known.items():
            # GET and PUT of …/lint, PUT of …/facets and …/held are those of a posting whose id is no id.
            for method in (
                METHODS - methods - ({"get", "put"} if url.endswith(("/lint", "/facets", "/held")) else set())
            ):
                answer = await world.api.request(method, url, headers=mighty.headers | JSON, content=b"{}")
                refused(answer, 405, "method_not_allowed")
                assert answer.headers["Allow"]


async def test_keys_that_are_none(world: World, mighty: Someone, every: list[Operation]):
    keyed = [
        operation
        for operation in every
        if operation.name not in UNKEPT | {UPLOAD}
        and any(row["name"].lower() == "idempotency-key" for row in operation.parameters("header"))
    ]
    assert len(keyed) > 10
    async with nothing_stored(world):
        for operation in keyed:
            for key in ("", "1234567", "x" * 81, "\x7f" * 10, "键" * 10, "tab\tinside"):
                content = json.dumps(example(operation)) if operation.schema else b""
                answer = await world.api.request(
                    operation.method,
                    operation.url(),
                    content=content,
                    headers=[
                        *mighty.headers.items(),
                        *JSON.items(),
                        ("Idempotency-Key", key.encode()),  # type: ignore[list-item]
                    ],
                )
                refused(answer, 422, "invalid_fields", "header.Idempotency-Key")


async def test_an_id_of_anybody_else_changes_nothing(world: World, every: list[Operation]):
    """A stranger, with a well-formed request for every writing operation on something that is not theirs."""
    stranger = await world.person()
    firm = ok(await stranger.get("/enterprises", name="华联"))[0]["id"]
    known = {"enterprise_id": firm, "roster_person_id": NOBODY}
    async with nothing_stored(world):
        for operation in every:
            if operation.method == "get" or not operation.parameters("path") or operation.schema is None:
                continue
            if operation.name in {"give_consent", "claim_enterprise"}:
                continue  # open to everybody
            ids = {row["name"]: known[row["name"]] for row in operation.parameters("path") if row["name"] in known}
            answer = await world.api.request(
                operation.method,
                operation.url(**ids),
                json=example(operation),
                headers=stranger.headers | {"Idempotency-Key": uuid4().hex},
            )
            assert answer.status_code in {403, 404}, f"{operation.name}: {answer.status_code} {answer.text}"
