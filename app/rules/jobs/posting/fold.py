"""Folding a typed text to the form in which words are looked up, keeping where each character came from.

Evasions (限 女, 押１付１, 押.金, 招女工 in traditional characters, zero-width characters) disappear in the fold; offsets lead
back to the text as the person typed it.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

# Letters without a sound of their own that stand for a word.
SIGNS = {"♀": "女", "♂": "男", "➕": "+", "﹢": "+"}
STRONG = frozenset("。！!？?；;\n\r…")
WEAK = frozenset(",，()（）[]【】{}「」『』《》〈〉<>“”‘’\"|")
LISTING = frozenset("、/&")
KEPT = frozenset("+%:")
# What joins two numbers and must not vanish: 18-45岁 is not 1845岁.
BETWEEN_DIGITS = {".": "."} | dict.fromkeys("-~—–―〜", "-")


@dataclass(frozen=True, slots=True)
class Folded:
    """`origin[i]` is the offset, in the typed text, of the folded character `text[i]`."""

    text: str
    origin: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        return self.origin[start], self.origin[end - 1] + 1


@dataclass(frozen=True, slots=True)
class Views:
    """One text, three ways. `tight` drops blanks and noise; `spaced` reads a blank as the end of a clause;
    `bare` drops commas and brackets too, for words that were taken apart with them."""

    tight: Folded
    spaced: Folded
    bare: Folded


@cache
def _converter() -> Callable[[str], str]:
    import opencc

    convert: Callable[[str], str] = opencc.OpenCC("t2s").convert
    return convert


@lru_cache(maxsize=8192)
def _simple(char: str) -> str:
    """One typed character in compatibility form, lower case, simplified: １ → 1, ㊛ → 女, 僅 → 仅."""
    plain = SIGNS.get(char) or unicodedata.normalize("NFKC", char).lower()
    return "".join(_converter()(one) if ord(one) > 0x2E7F else one for one in plain)  # noqa: PLR2004 – first Han radical


def _mark(char: str) -> str | None:
    """The folded sign of a character that is neither letter nor figure; "" drops it, None keeps it as it is."""
    if char in STRONG:
        return ";"
    if char in WEAK:
        return ","
    if char in LISTING:
        return "、"
    if char in KEPT:
        return None
    if char.isspace() or unicodedata.category(char)[0] in "PSZC":
        return ""
    return None


def _characters(text: str) -> list[tuple[str, int]]:
    return [(one, at) for at, char in enumerate(text) for one in (char if char in "…\n\r" else _simple(char))]


def _joins_numbers(characters: list[tuple[str, int]], at: int) -> bool:
    around = [characters[i][0] for i in (at - 1, at + 1) if 0 <= i < len(characters)]
    return len(around) == 2 and all(one.isdigit() for one in around)  # noqa: PLR2004 – one on either side


def _fold(characters: list[tuple[str, int]], *, blank: str, drop: str) -> Folded:
    made: list[str] = []
    origin: list[int] = []
    for at, (char, source) in enumerate(characters):
        sign = _mark(char)
        if char.isspace() and sign == "":
            sign = blank
        if char in BETWEEN_DIGITS and _joins_numbers(characters, at):
            sign = BETWEEN_DIGITS[char]
        kept = char if sign is None else sign
        if kept and kept not in drop:
            made.append(kept)
            origin.append(source)
    return Folded("".join(made), tuple(origin))


def fold(text: str) -> Views:
    """The three folded views of `text`; every folded character knows its offset in `text`."""
    characters = _characters(text)
    return Views(
        tight=_fold(characters, blank="", drop=""),
        spaced=_fold(characters, blank=",", drop=""),
        bare=_fold(characters, blank="", drop=",、:"),
    )


def fold_phrase(phrase: str) -> str:
    """A word of the table as it stands in folded text."""
    return fold(phrase).tight.text
