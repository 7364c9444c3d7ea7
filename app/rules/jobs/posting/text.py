"""Reading a text as a person does who is being tricked: width, case, script, gaps and marks do not matter.

Every normalised character remembers where it stood, so that findings quote the text as it was written.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from app.rules.jobs.posting.respelling import SIGNS, respell

# In patterns and views a clause ends at this character, whatever stood there.
BOUNDARY = "，"
# Between listed things ("不收押金、服装费"): a negation reaches over it, not over a boundary.
LISTING = "、"
_LISTING = frozenset("、/&")
_GAP = " "
# So many characters with gaps between them are one spread word.
LONE_CHARACTERS = 3
# Between digits these carry meaning ("18-45岁", "3.5元"); elsewhere they are decoration.
_DASHES = frozenset("-‐‑‒–−~〜～至到")
_LONG_DASHES = frozenset("—―")
# Invisible and combining characters, and surrogates left over from a bad client.
_DROPPED = frozenset({"Cf", "Mn", "Me", "Cs", "Co", "Cn"})
# Fillers typed inside a word ("押*金", "押·金"). Anything else that is not a letter or digit ends a clause.
_FILLERS = frozenset("*·•・_.-^`'\"“”‘’=#~@…丨|｜︱┃│丶")


# How a word is said, in brackets inside a sentence ("信耶苏(su)的", "35岁（含）以下"): not read. A means of contact in brackets is.
_GLOSS = re.compile(
    r"(?<=[一-龥])[（(](?!wx|vx|qq|tg|v|q)[a-zA-Z]{2,6}[)）](?=[一-龥])|[（(](?:含|含本数)[)）]", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class View:
    """A normalised reading: `origin[i]` is the offset of `text[i]` in the text as given."""

    text: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets into the text as given for a half-open range of this view."""
        return self.origin[start], self.origin[end - 1] + 1


@dataclass(frozen=True, slots=True)
class Reading:
    """Three views of one text.

    `split`: blanks and marks end a clause ("女 35岁" is two). `joined`: blanks are gone ("限 女" is one word), marks
    stay. `tight`: marks are gone too, for words with a mark pushed inside ("押，金").
    """

    split: View
    joined: View
    tight: View

    @property
    def plain(self) -> tuple[View, ...]:
        """`joined` and, where blanks make a difference, `split`."""
        return (self.joined,) if self.joined.text == self.split.text else (self.joined, self.split)


@cache
def _traditional_table() -> dict[str, str]:
    """Traditional → simplified for single characters; the dictionary is read at the first text that is checked."""
    from opencc import OpenCC

    converter = OpenCC("t2s")
    ideographs = [chr(point) for point in range(0x4E00, 0xA000)]
    converted = converter.convert("\n".join(ideographs)).split("\n")
    return {old: new for old, new in zip(ideographs, converted, strict=True) if old != new and len(new) == 1}


@cache
def _letters(char: str) -> str:
    """One character as the characters it stands for: half width, lower case, simplified, without accents."""
    if unicodedata.category(char) in _DROPPED:
        return ""
    plain = SIGNS[char] if char in SIGNS else unicodedata.normalize("NFKD", char).lower()
    table = _traditional_table()
    return "".join(_token(table.get(part, part)) for part in plain if unicodedata.category(part) not in _DROPPED)


def _token(part: str) -> str:
    if part in _LISTING:
        return LISTING
    if part.isalnum() or part in "%+:" or part in _DASHES or part in _FILLERS:
        return part
    if part in _LONG_DASHES or part in "\r\n\v\f\u2028\u2029":
        return BOUNDARY
    return _GAP if part.isspace() else BOUNDARY


def _tokens(text: str) -> list[tuple[str, int]]:
    glossed = {offset for match in _GLOSS.finditer(text) for offset in range(*match.span())}
    raw = [(letter, offset) for offset, char in enumerate(text) if offset not in glossed for letter in _letters(char)]
    kept: list[tuple[str, int]] = []
    for index, (letter, offset) in enumerate(raw):
        if letter == BOUNDARY and text[offset] in _LONG_DASHES:
            # Between numbers a range like any other ("18—45岁"), elsewhere the end of a clause.
            following = next((other for other, _ in raw[index + 1 :] if other not in {_GAP, BOUNDARY}), "")
            kept.append(("-" if _is_range(kept, following) else letter, offset))
            continue
        if letter not in _FILLERS and letter not in _DASHES:
            kept.append((letter, offset))
            continue
        following = next((other for other, _ in raw[index + 1 :] if other != _GAP), "")
        if letter in "至到":
            # A word elsewhere ("做到年底"), a dash between numbers ("18至45岁").
            kept.append(("-" if _is_range(kept, following) else letter, offset))
        elif _is_range(kept, following) and (letter == "." or letter in _DASHES):
            kept.append(("." if letter == "." else "-", offset))
    return kept


def _is_range(before: list[tuple[str, int]], following: str) -> bool:
    previous = next((letter for letter, _ in reversed(before) if letter != _GAP), "")
    return previous.isdigit() and following.isdigit()


def _view(tokens: list[tuple[str, int]]) -> View:
    """Runs of boundaries become one; none at the start, so that `(?<![^，])` means the start of a clause."""
    kept: list[tuple[str, int]] = []
    for letter, offset in tokens:
        if letter == BOUNDARY and (not kept or kept[-1][0] == BOUNDARY):
            continue
        kept.append((letter, offset))
    text, origin = respell("".join(letter for letter, _ in kept), tuple(offset for _, offset in kept))
    return View(text, origin)


def _spaced_out(tokens: list[tuple[str, int]]) -> set[int]:
    """Gaps inside a run of at least three lone characters ("不 限 男 女"): somebody has spread a word, and said no more."""
    words: list[tuple[int, int]] = []
    start = 0
    for index, (letter, _) in enumerate([*tokens, (_GAP, 0)]):
        if letter == _GAP:
            if index > start:
                words.append((start, index))
            start = index + 1
    spaced: set[int] = set()
    run: list[tuple[int, int]] = []
    for word in [*words, (0, 0)]:
        if word[1] - word[0] == 1 and tokens[word[0]][0] != BOUNDARY:
            run.append(word)
            continue
        if len(run) >= LONE_CHARACTERS:
            spaced.update(range(run[0][0], run[-1][1]))
        run = []
    return spaced


def read(text: str) -> Reading:
    tokens = _tokens(text)
    spaced = _spaced_out(tokens)
    return Reading(
        split=_view(
            [
                (BOUNDARY if letter == _GAP else letter, offset)
                for index, (letter, offset) in enumerate(tokens)
                if letter != _GAP or index not in spaced
            ]
        ),
        joined=_view([(letter, offset) for letter, offset in tokens if letter != _GAP]),
        tight=_view([(letter, offset) for letter, offset in tokens if letter not in (_GAP, BOUNDARY, LISTING, ":")]),
    )


def squeeze(phrase: str) -> str:
    """A phrase of the rule book in the form in which texts are searched."""
    return read(phrase).tight.text
