"""One canonicaliser for keyword search on both databases: text in, tokens `[0-9a-z一-龥]+` out.

The rule that keeps recall independent of how a word happens to be cut:

* Index side: every single character and every pair of neighbouring characters of a run of Chinese, every run of
  letters and digits whole, and a number joined to the character behind it (`4线`, `3年`). No dictionary takes part,
  so a new village or trade word never asks for a rebuild of the index.
* Query side: the run is cut into words by the dictionary, and a word gives its neighbouring pairs. Pairs never
  span two words, so `塘后平车工` also finds a posting that says 平车工 in one place and 塘后村 in another. Characters
  that the dictionary leaves over are read together when they are neighbours (a firm's name), alone when not.

Each query token is therefore one or two neighbouring characters of the query, and whatever substring of a document is
typed, its tokens are in the index. A single character is looked up as such and finds every document that holds it;
inside a longer query, characters that carry no meaning alone (招, 的, 找 …) are dropped.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

from opencc import OpenCC
from rjieba import Jieba

FIRST_HAN, LAST_HAN = 0x4E00, 0x9FA5  # 一-龥, the range both databases are given
_RUN = re.compile(r"[一-龥]+|[0-9a-z]+")
_WORD = re.compile(r"[一-龥]{2,}")
# Cut off as single characters they say only that somebody is searching.
_EMPTY = frozenset("的了和与及或在要找招想做个有")


@cache
def _simplified() -> dict[int, str]:
    """Traditional → simplified by single characters.

    OpenCC also converts by phrase (乾坤 stays, 乾 alone becomes 干): a part of a phrase would then read differently from
    the whole and not be found. Repeated until stable, so that `canonical` twice is `canonical` once.
    """
    convert = OpenCC("t2s").convert
    table: dict[int, str] = {}
    for code in range(FIRST_HAN, LAST_HAN + 1):
        char, simple = chr(code), convert(chr(code))
        while simple != (further := convert(simple)):
            simple = further
        # Simple forms outside the range (rare, beyond the basic plane) would vanish from the tokens.
        if simple != char and all(FIRST_HAN <= ord(c) <= LAST_HAN for c in simple):
            table[code] = simple
    return table


def canonical(text: str) -> str:
    """The form in which texts are compared: NFKC (full width → half width), lower case, simplified characters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower()).translate(_simplified())


class Segmenter:
    """Cuts Chinese into words; `words` are the town's own (villages, firms, trades), beside the common dictionary.

    Holds a dictionary of its own (tens of megabytes, a tenth of a second to load): make one for a process, not one for a request.
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._jieba = Jieba()
        # Sorted: the frequency given to a word depends on the words before it.
        for word in sorted({run for text in words for run in _WORD.findall(canonical(text))}):
            self._jieba.add_word(word, None, None)

    def words(self, run: str) -> list[str]:
        """The words of one run of canonical Chinese, in order; they join to the run again."""
        # No guessing of unknown words (hmm): it glues 村平 out of 塘后村平车工.
        return list(self._jieba.cut(run, False))


@cache
def _plain() -> Segmenter:
    return Segmenter()


class _Shared:
    """The segmenter of the process, where the caller names none, and the words it was made with."""

    segmenter: Segmenter | None = None
    words: frozenset[str] = frozenset()


def use_words(words: Iterable[str]) -> None:
    """Make `words` known to every later `query_tokens` of this process. Called at start and after an alias changes."""
    known = frozenset(words)
    if _Shared.segmenter is None or known != _Shared.words:
        _Shared.segmenter, _Shared.words = Segmenter(known), known


def index_tokens(text: str) -> list[str]:
    """What a document is found by: unique, in order of first appearance."""
    return list(dict.fromkeys(_index(canonical(text))))


def query_tokens(text: str, segmenter: Segmenter | None = None) -> list[str]:
    """What a document must hold, all of it, to be found: unique, in order of first appearance.

    Empty when the text holds neither Chinese nor letters nor digits: then nothing was asked for.
    """
    cutter = segmenter or _Shared.segmenter or _plain()
    tokens = list(dict.fromkeys(_query(canonical(text), cutter)))
    return [token for token in tokens if token not in _EMPTY] or tokens


def _index(text: str) -> Iterator[str]:
    for match in _RUN.finditer(text):
        run = match[0]
        if not _is_han(run):
            yield run
            if joined := _counted(text, match):
                yield joined
            continue
        yield from run
        yield from _pairs(run)


def _query(text: str, cutter: Segmenter) -> Iterator[str]:
    for match in _RUN.finditer(text):
        run = match[0]
        if _is_han(run):
            for piece in _pieces(cutter.words(run)):
                yield from _pairs(piece) if len(piece) > 1 else (piece,)
        else:
            # 4线 is not any 4 and any 线.
            yield _counted(text, match) or run


def _pieces(words: Iterable[str]) -> Iterator[str]:
    """Words as they are; neighbouring single characters joined, unless they carry no meaning."""
    rest = ""
    for word in words:
        if len(word) == 1 and word not in _EMPTY:
            rest += word
            continue
        if rest:
            yield rest
            rest = ""
        yield word
    if rest:
        yield rest


def _counted(text: str, match: re.Match[str]) -> str | None:
    """A number with the Chinese character right behind it."""
    following = text[match.end() : match.end() + 1]
    return match[0] + following if match[0].isdecimal() and following and _is_han(following) else None


def _pairs(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(len(run) - 1))


def _is_han(run: str) -> bool:
    return FIRST_HAN <= ord(run[0]) <= LAST_HAN
