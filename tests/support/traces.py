"""Looking for values where they must not be, in the ways in which programs write texts down."""

import base64
import contextlib
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import ahocorasick

GZIP_MAGIC = b"\x1f\x8b\x08"
# A window into a stream is enough: nothing here packs more into one.
UNPACKED_AT_MOST = 1 << 20
LEAST = 6


def forms_of(value: str) -> dict[str, set[bytes]]:
    """Name of the way of writing → the bytes to look for."""
    raw = value.encode()
    wide = [value.encode("utf-16-le"), value.encode("utf-16-be")]
    chinese = [value.encode("gb18030")]
    codes = json.dumps(value)[1:-1]
    entities = ["".join(f"&#{ord(c)};" for c in value), "".join(f"&#x{ord(c):x};" for c in value)]
    percent = [quote(value, safe=""), quote(value), quote_plus(value), "".join(f"%{byte:02X}" for byte in raw)]
    escaped = repr(raw)[2:-1]
    return {
        "utf-8": {raw},
        "gbk": set(chinese),
        "utf-16": set(wide),
        "base64": {form for data in (raw, *chinese, *wide) for form in base64_of(data)},
        "hex": {raw.hex().encode(), raw.hex().upper().encode()},
        "percent": {form.encode() for text in percent for form in (text, lowered(text))},
        "escapes": {codes.encode(), codes.upper().replace("\\U", "\\u").encode(), escaped.encode()},
        "entities": {entity.encode() for text in entities for entity in (text, text.upper().replace("&#X", "&#x"))},
    }


def lowered(text: str) -> str:
    """`%E6` as `%e6`; letters that stand for themselves stay."""
    parts = text.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


def base64_of(data: bytes) -> Iterator[bytes]:
    """What is seen of it inside a longer text, at each of the three alignments, in both alphabets."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + data)
        # The first and last characters also hold bits of the neighbours.
        first = (0, 2, 3)[before]
        last = len(whole.rstrip(b"=")) - (1 if (before + len(data)) % 3 else 0)
        seen = whole[first:last]
        yield seen
        yield seen.translate(bytes.maketrans(b"+/", b"-_"))


class Marks:
    """Marked values under names; `find` tells which of them stand in some bytes, and how they are written."""

    def __init__(self, values: Iterable[tuple[str, str]]) -> None:
        # One walk over the bytes for all of them; each byte is a letter of its own.
        self._forms: Any = ahocorasick.Automaton()
        for name, value in values:
            assert len(value.encode()) >= LEAST, f"{name}：太短，到处都会碰巧出现"
            for way, forms in forms_of(value).items():
                for form in forms:
                    if (letters := form.decode("latin-1")) not in self._forms:
                        self._forms.add_word(letters, f"{name}（{way}）")
        self._forms.make_automaton()

    def __len__(self) -> int:
        return len(self._forms)

    def find(self, data: bytes) -> set[str]:
        found = {name for _, name in self._forms.iter(data.decode("latin-1"))}
        for unpacked in streams_in(data):
            found |= {f"{name}，gzip" for _, name in self._forms.iter(unpacked.decode("latin-1"))}
        return found

    def find_in_files(self, folder: Path) -> dict[str, set[str]]:
        """Name of the file → what stands in its name or content; files come and go while a database runs."""
        found = {}
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            here = self.find(name.encode())
            try:
                if path.is_file() and not path.is_symlink():
                    here |= self.find(path.read_bytes())
            except FileNotFoundError:
                continue
            if here:
                found[name] = here
        return found


def streams_in(data: bytes) -> Iterator[bytes]:
    """What lies packed in it."""
    at = data.find(GZIP_MAGIC)
    while at >= 0:
        unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        with contextlib.suppress(zlib.error):
            yield unpacking.decompress(data[at:], UNPACKED_AT_MOST)
        at = data.find(GZIP_MAGIC, at + 1)


def packed(text: str) -> bytes:
    return gzip.compress(text.encode())
