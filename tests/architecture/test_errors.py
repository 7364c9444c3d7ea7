"""Every expected failure: a code of its own, a Chinese sentence, parameters that are really given."""

import ast
import importlib
import pkgutil
import re
import string
from collections import defaultdict
from collections.abc import Iterator

import pytest

import app
from app.core.errors import AppError, ErrorBody, FieldIssue, errors
from tests.architecture.code import dotted, sources

STATUSES = {401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 503}
# One code for several classes, where a front end treats them alike.
SHARED = {
    "credit_code_invalid": "one field, told in four sentences by what is wrong with it",
    "id_number_invalid": "one field, told in five sentences by what is wrong with it",
    "enterprise_not_found": "not there, or not the caller's: by design the same answer",
}
# Options of the constructor that are no parameters of the sentence.
OPTIONS = {"fields", "retry_after"}


def all_errors() -> list[type[AppError]]:
    for module in pkgutil.walk_packages(app.__path__, "app."):
        importlib.import_module(module.name)

    def below(cls: type[AppError]) -> Iterator[type[AppError]]:
        yield cls
        for child in cls.__subclasses__():
            yield from below(child)

    return sorted({cls for cls in below(AppError) if cls.__module__.startswith("app.")}, key=lambda cls: cls.__name__)


ERRORS = all_errors()
BY_NAME = {cls.__name__: cls for cls in ERRORS}


def placeholders(cls: type[AppError]) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(cls.message) if name is not None}


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(ERRORS) > 60


def test_codes_are_unique() -> None:
    by_code: dict[str, list[type[AppError]]] = defaultdict(list)
    for cls in ERRORS:
        by_code[cls.code].append(cls)
    shared = {code: group for code, group in by_code.items() if len(group) > 1}
    assert set(shared) == set(SHARED), {code: [cls.__name__ for cls in group] for code, group in shared.items()}
    for group in shared.values():
        assert len({int(cls.status) for cls in group}) == 1
        assert len({cls.message for cls in group}) == len(group)


@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)
def test_error(cls: type[AppError]) -> None:
    assert cls.__name__.endswith("Error")
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", cls.code)
    assert int(cls.status) in STATUSES or cls is AppError
    # Only what may pass by itself asks the client to come again.
    if int(cls.status) == 503:
        assert cls.retryable
    if int(cls.status) in {401, 403, 404, 410, 413, 415, 422}:
        assert not cls.retryable
    assert re.search("[一-龥]", cls.message)
    assert not re.search(r"[a-z]\. |[,;!?]", re.sub(r"（.*?）", "", cls.message)), "punctuation of another script"
    given = {name: f"值{name}" for name in placeholders(cls)}
    error = cls(**given)
    assert "{" not in error.text
    assert all(value in error.text for value in given.values())
    body = error.body("r1")
    assert isinstance(body, ErrorBody)
    assert (body.code, body.params, body.request_id) == (cls.code, given, "r1")
    assert [issue.path for issue in body.fields] == ([cls.field] if cls.field else [])
    if cls.status == 503:
        assert error.retry_after


def test_named_fields_go_before_the_usual_one() -> None:
    issue = FieldIssue(path="place.latitude", message="缺少坐标")
    assert BY_NAME["StaleError"](current=2, expected=1, fields=[issue]).fields == [issue]


def test_a_missing_parameter_is_a_loud_mistake() -> None:
    with pytest.raises(KeyError):
        BY_NAME["StaleError"](current=2)


def constructions() -> Iterator[tuple[str, type[AppError], set[str] | None]]:
    """Each place that makes an error: where, which, and the parameters it gives (None: unknown, `**kwargs`)."""
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and (cls := BY_NAME.get(dotted(node.func).split(".")[-1])):
                names = {keyword.arg for keyword in node.keywords}
                known = None if None in names else {name for name in names if name is not None} - OPTIONS
                yield f"{source.name}:{node.lineno}", cls, known
            if isinstance(node, ast.Raise) and node.exc is not None:
                cls = BY_NAME.get(dotted(node.exc).split(".")[-1])
                if cls is not None:
                    yield f"{source.name}:{node.lineno}", cls, set()


def test_every_place_gives_what_the_sentence_needs() -> None:
    places = list(constructions())
    assert len(places) > 60
    wrong = [
        f"{where} {cls.__name__}: {given} ≠ {placeholders(cls)}"
        for where, cls, given in places
        if given is not None and given != placeholders(cls)
    ]
    assert wrong == []


def test_what_is_raised_by_a_helper_needs_no_parameters() -> None:
    """`lock(…, missing)` raises the class as it is."""
    for cls in ERRORS:
        if int(cls.status) == 404:
            assert placeholders(cls) == set(), cls.__name__


def test_every_error_is_used() -> None:
    used = {dotted(node).split(".")[-1] for source in sources() for node in ast.walk(source.tree)
            if isinstance(node, ast.Name | ast.Attribute)}  # fmt: skip
    assert [cls.__name__ for cls in ERRORS if cls.__name__ not in used] == []


def test_the_document_is_made_of_the_classes() -> None:
    made = errors(BY_NAME["StaleError"], BY_NAME["ConflictError"], BY_NAME["ForbiddenError"])
    assert list(made) == [403, 409]
    assert made[409]["x-codes"] == ["stale", "conflict"]
    assert made[409]["model"] is ErrorBody
