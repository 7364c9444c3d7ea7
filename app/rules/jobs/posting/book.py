"""The rule book: dated rows compiled once, then asked for the rules, words and wages of a day."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Self

import ahocorasick

from app.rules.jobs.posting.families import CONTEXTS, MACROS
from app.rules.jobs.posting.rows import InternLimit, MinimumWage, PostingRule, PostingTerm, in_force
from app.rules.jobs.posting.text import Reading, View, read, squeeze

# 石狮市 (GB/T 2260): the minimum wage of the town is the city's.
SHISHI = "350581"
# Stands in `unless` for the lawful uses of the words of its rule.
LAWFUL = "<外>"
# A word may be taken apart with a comma (押，金), but it does not reach over the end of a sentence.
SENTENCE_ENDS = frozenset("。！？!?；;\n\r")


@dataclass(frozen=True, slots=True)
class Hit:
    """A word of the table in a text: `[start, end)` in characters of the text as typed."""

    rule_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Word:
    term: PostingTerm
    phrase: str
    regex: re.Pattern[str] | None
    unless: tuple[re.Pattern[str], ...]


def _expand(pattern: str) -> str:
    for name, meaning in MACROS.items():
        pattern = pattern.replace(name, meaning)
    return pattern


def _lawful(term: PostingTerm) -> str:
    return term.unless.replace(LAWFUL, CONTEXTS.get(term.rule_id, ""))


@cache
def _context(part: str) -> re.Pattern[str]:
    """One object for a context that many words share: it is searched once in a text."""
    return re.compile(_expand(part))


def _alternatives(unless: str) -> Iterator[str]:
    """Split at `|`, but not inside brackets: each context is searched on its own, so that none hides another."""
    depth, part = 0, ""
    for char in unless:
        depth += (char in "([") - (char in ")]")
        if char == "|" and depth == 0:
            yield part
            part = ""
        else:
            part += char
    yield part


def _compile(term: PostingTerm) -> _Word:
    try:
        regex = re.compile(_expand(term.pattern)) if term.kind == "regex" else None
        unless = tuple(_context(part) for part in _alternatives(_lawful(term)) if part)
    except re.error as exc:
        raise ValueError(f"词条 {term.rule_id}“{term.pattern}”的表达式写法有误") from exc
    phrase = "" if regex else squeeze(term.pattern)
    if not regex and not phrase:
        raise ValueError(f"词条 {term.rule_id} 的用词是空的")
    return _Word(term, phrase, regex, unless)


class RuleBook:
    """Compiled rows. Immutable; ask it for a day."""

    def __init__(
        self,
        rules: Sequence[PostingRule],
        words: Sequence[_Word],
        wages: Sequence[MinimumWage],
        division: str,
        limits: Sequence[InternLimit] = (),
    ) -> None:
        self._limits = limits
        self._rules: dict[str, list[PostingRule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.rule_id, []).append(rule)
        self._regexes = [(word, word.regex) for word in words if word.regex]
        self._wages = [wage for wage in wages if wage.division == division]
        self._phrases: Any = ahocorasick.Automaton()
        by_phrase: dict[str, list[_Word]] = {}
        for word in words:
            if not word.regex:
                by_phrase.setdefault(word.phrase, []).append(word)
        for phrase, same in by_phrase.items():
            self._phrases.add_word(phrase, same)
        self._has_phrases = bool(by_phrase)
        self._phrases.make_automaton()

    @classmethod
    def from_rows(
        cls,
        *,
        rules: Iterable[PostingRule],
        terms: Iterable[PostingTerm],
        wages: Iterable[MinimumWage],
        limits: Iterable[InternLimit] = (),
        division: str = SHISHI,
    ) -> Self:
        """Compile the rows. `division`: whose minimum wage holds. ValueError names a row that cannot be compiled."""
        return cls(tuple(rules), tuple(_compile(term) for term in terms), tuple(wages), division, tuple(limits))

    def rule(self, rule_id: str, today: date) -> PostingRule | None:
        """The rule as it stands on `today`; of two dated rows in force the later one holds."""
        valid = [
            rule for rule in self._rules.get(rule_id, ()) if in_force(rule.effective_from, rule.effective_to, today)
        ]
        return max(valid, key=lambda rule: rule.effective_from, default=None)

    def is_loaded(self, today: date) -> bool:
        """Whether any rule at all is in force: a book without rows must not pass every posting."""
        return any(self.rule(rule_id, today) for rule_id in self._rules)

    def wages(self, today: date) -> list[MinimumWage]:
        """The wage rows in force: the newest that is verified and the newest that is not."""
        valid = [wage for wage in self._wages if in_force(wage.effective_from, wage.effective_to, today)]
        newest = {bool(wage.verified_by): wage for wage in sorted(valid, key=lambda wage: wage.effective_from)}
        return list(newest.values())

    def limits(self, today: date) -> dict[str, InternLimit]:
        """The limits for students in force; of two dated rows in force the later one holds."""
        valid = [limit for limit in self._limits if in_force(limit.effective_from, limit.effective_to, today)]
        return {limit.limit_id: limit for limit in sorted(valid, key=lambda limit: limit.effective_from)}

    def hits(self, text: str, today: date) -> list[Hit]:
        """The words of the table in `text`, look-alikes left out, overlapping hits of a rule merged, in text order."""
        if not text:
            return []
        reading = read(text)
        lawful = _Lawful()
        found = [
            Hit(word.term.rule_id, start, end)
            for word, start, end in self._candidates(text, reading, lawful)
            if in_force(word.term.effective_from, word.term.effective_to, today)
            and not lawful.excuse(word, reading, start, end)
        ]
        return _merged(found)

    def _candidates(self, text: str, reading: Reading, lawful: "_Lawful") -> Iterator[tuple[_Word, int, int]]:
        for view in reading.plain:
            yield from self._in_phrases(view)
            yield from self._in_regexes(view)
        for word, start, end in self._in_phrases(reading.tight):
            if SENTENCE_ENDS.isdisjoint(text[start:end]) and not lawful.excuse_in(word, reading.tight, start, end):
                yield word, start, end

    def _in_regexes(self, view: View) -> Iterator[tuple[_Word, int, int]]:
        for word, regex in self._regexes:
            for match in regex.finditer(view.text):
                if match.end() > match.start():
                    yield word, *view.span(*match.span())

    def _in_phrases(self, view: View) -> Iterator[tuple[_Word, int, int]]:
        if not self._has_phrases:
            return
        for last, words in self._phrases.iter(view.text):
            for word in words:
                yield word, *view.span(last + 1 - len(word.phrase), last + 1)


class _Lawful:
    """Where the look-alike contexts of a text stand; each context is searched once in each view."""

    def __init__(self) -> None:
        self._spans: dict[tuple[re.Pattern[str], int], list[tuple[int, int]]] = {}

    def excuse(self, word: _Word, reading: Reading, start: int, end: int) -> bool:
        """Inside a look-alike context. The tight view excuses its own hits only: 学费全免，押金300 is no 免押金."""
        return any(self.excuse_in(word, view, start, end) for view in reading.plain)

    def excuse_in(self, word: _Word, view: View, start: int, end: int) -> bool:
        return any(
            first <= start and end <= last for context in word.unless for first, last in self._places(context, view)
        )

    def _places(self, context: re.Pattern[str], view: View) -> list[tuple[int, int]]:
        key = (context, id(view))
        places = self._spans.get(key)
        if places is None:
            places = self._spans[key] = []
            at = 0
            # Searched again from behind each beginning: contexts of one kind may overlap.
            while match := context.search(view.text, at):
                if match.end() > match.start():
                    places.append(view.span(*match.span()))
                at = match.start() + 1
        return places


def _merged(hits: Iterable[Hit]) -> list[Hit]:
    made: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.rule_id, hit.start, hit.end)):
        if made and made[-1].rule_id == hit.rule_id and hit.start < made[-1].end:
            made[-1] = Hit(hit.rule_id, made[-1].start, max(made[-1].end, hit.end))
        else:
            made.append(hit)
    return sorted(made, key=lambda hit: (hit.start, hit.rule_id, hit.end))
