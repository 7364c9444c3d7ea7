"""PDF documents in Chinese, set by Typst in a process of its own, with a bundled open font.

`write` fills a template of `app/documents` with plain data. A character that the font does not have is written as its
number in brackets: a name must never turn into an empty box.
"""

import asyncio
import io
import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from app.core.sanitise import SECRETS, converse, limit_this_process

MEDIA_TYPE = "application/pdf"
DOCUMENTS = Path(__file__).parents[1] / "documents"
AT_A_TIME = 2
CPU_SECONDS = 30
# Never a character: what the font shows for it is what it shows for everything that it lacks.
NO_CHARACTER = "\uffff"
GLYPH_SIZE = 16


class Pdfs:
    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_A_TIME)

    async def write(self, template: str, data: dict[str, Any]) -> bytes:
        """`template`: the stem of a file in `app/documents`."""
        async with self._turns:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "app.core.pdf", template,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if not name.startswith(SECRETS)},
            )  # fmt: skip
            out = await converse(process, json.dumps(data, ensure_ascii=False).encode())
        if process.returncode != 0 or not out.startswith(b"%PDF"):
            raise RuntimeError("the document could not be written")
        return out


def render(template: str, data: Any) -> bytes:
    """In this process: typesetting holds its core."""
    import typst  # heavy, and only wanted in the process of its own

    words = json.dumps(legible(data), ensure_ascii=False)
    path = DOCUMENTS / f"{template}.typ"
    return bytes(
        typst.compile(str(path), font_paths=[str(font().parent)], ignore_system_fonts=True, sys_inputs={"data": words})
    )


def legible(data: Any) -> Any:
    """The same with every character that the font lacks written as `[U+…]`."""
    if isinstance(data, str):
        return "".join(sign if has_glyph(sign) else f"[U+{ord(sign):X}]" for sign in data)
    if isinstance(data, dict):
        return {key: legible(value) for key, value in data.items()}
    if isinstance(data, list):
        return [legible(value) for value in data]
    return data


@cache
def has_glyph(sign: str) -> bool:
    return sign.isspace() or _picture(sign) != _picture(NO_CHARACTER)


@cache
def _picture(sign: str) -> bytes:
    return bytes(_face().getmask(sign))


@cache
def _face() -> Any:
    from PIL import ImageFont  # as above

    return ImageFont.truetype(io.BytesIO(font().read_bytes()), GLYPH_SIZE)


@cache
def font() -> Path:
    import pylopdf_fonts_zh_cn  # as above

    return Path(pylopdf_fonts_zh_cn.sans_path())


def main() -> None:
    limit_this_process(CPU_SECONDS)
    sys.stdout.buffer.write(render(sys.argv[1], json.loads(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
