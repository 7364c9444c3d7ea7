"""Where in the client's own text something is wrong.

Pydantic's locations also name what only we know: which member of a union was tried, which tag, which wrapper. The text that
was sent decides: a step that leads nowhere in it is not the client's and is left out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.errors import FieldIssue
from app.core.sentences import MISSING_TOGETHER, sentence

PATH_LIMIT = 200
# Said of a field that is not there.
ABSENT = frozenset({"missing", MISSING_TOGETHER})
# Of a value whose every alternative fails: "is no number" says less than what is wrong with a list that is one.
WRONG_KIND = ("_type", "_parsing")
Found = tuple[tuple[Any, ...], tuple[Any, ...] | None, Any]


def field_issues(errors: Sequence[Any], sent: Any) -> list[FieldIssue]:
    """One issue a place, in Pydantic's order; `sent` is what the locations lead into."""
    found = [(*_own_steps(error, sent), error) for error in errors]
    said: dict[str, list[str]] = {}
    for steps, fork, error in found:
        if fork is None or not _outdone(steps, fork, error, found):
            words = said.setdefault(path_of(steps), [])
            if sentence(error) not in words:
                words.append(sentence(error))
    return [FieldIssue(path=path, message="，或".join(words)) for path, words in said.items()]


def path_of(steps: Sequence[Any]) -> str:
    """Dotted. An unknown field's name is the sender's own text: never longer than a field, and without lone surrogates."""
    return ".".join(map(str, steps))[:PATH_LIMIT].encode(errors="replace").decode() or "body"


def _own_steps(error: Any, sent: Any) -> tuple[tuple[Any, ...], tuple[Any, ...] | None]:
    """The steps that are in the text (and a field that is missing there); the place of the first that is not."""
    steps: list[Any] = []
    fork: tuple[Any, ...] | None = None
    last = len(error["loc"]) - 1
    for place, step in enumerate(error["loc"]):
        absent = place == last and error["type"] in ABSENT
        # Where the value at fault has been reached, the rest is ours, even if the client has a field of that name.
        if _leads_on(sent, step) and (absent or sent is not error["input"]):
            sent = sent[step]
        elif not absent:
            fork = tuple(steps) if fork is None else fork
            continue
        steps.append(step)
    return tuple(steps), fork


def _leads_on(sent: Any, step: Any) -> bool:
    if isinstance(sent, Mapping):
        return step in sent
    return isinstance(sent, list | tuple) and isinstance(step, int) and 0 <= step < len(sent)


def _outdone(steps: tuple[Any, ...], fork: tuple[Any, ...], error: Any, found: Sequence[Found]) -> bool:
    """Whether another member of the same union came further with the value, so that it is the one that was meant."""
    rivals = [(own, other) for own, at, other in found if at == fork]
    if any(len(own) > len(steps) for own, _ in rivals):
        return True
    return error["type"].endswith(WRONG_KIND) and any(not other["type"].endswith(WRONG_KIND) for _, other in rivals)
