"""Looks into an uploaded file in a process of its own, and writes it anew without anything but what is seen.

Run as `python -m app.core.sanitise LIMITS` with the bytes on standard input: a picture or document that is made to eat
memory or time kills this process and nothing else. Images are decoded and encoded again (no EXIF, no thumbnails, nothing
behind the end); of a PDF only its pages are taken over (no scripts, attachments, actions, metadata). Answers one line of
JSON, then the bytes.
"""

import asyncio
import contextlib
import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MEMORY_BYTES = 1024**3
CPU_SECONDS = 20
WALL_SECONDS = 30.0
# Larger pictures are made smaller: a photo of a paper is legible at this, and a phone's is three times as large.
LONGEST_SIDE = 4096
JPEG_QUALITY = 88
# One processor each on the smallest machine.
AT_A_TIME = 2
SECRETS = ("SANQU_", "AWS_", "PG")


@dataclass(frozen=True, slots=True)
class Limits:
    pixels: int
    pages: int
    sheet_rows: int = 20_000
    sheet_bytes: int = 100 * 1_048_576


@dataclass(frozen=True, slots=True)
class Sanitised:
    """`problem` names why there is no content: broken, pixels, pages, of a sheet also bomb, macros, links, rows; then `numbers` says how many."""

    media_type: str
    content: bytes
    width: int | None
    height: int | None
    problem: str | None
    numbers: tuple[int, ...]


class Sanitiser:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._turns = asyncio.Semaphore(AT_A_TIME)

    async def clean(self, content: bytes, media_type: str) -> Sanitised:
        """`media_type` as found in the bytes. A process that dies or takes too long means a broken file."""
        limits = self._limits
        words = json.dumps(
            {
                "type": media_type, "pixels": limits.pixels, "pages": limits.pages, "rows": limits.sheet_rows,
                "bytes": limits.sheet_bytes,
            }
        )  # fmt: skip
        async with self._turns:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "app.core.sanitise", words,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                # Secrets are not the child's business.
                env={name: value for name, value in os.environ.items() if not name.startswith(SECRETS)},
            )  # fmt: skip
            out = await converse(process, content)
        head, _, body = out.partition(b"\n")
        if process.returncode != 0 or not head:
            return Sanitised(media_type, b"", None, None, "broken", ())
        told = json.loads(head)
        return Sanitised(
            told["type"], body, told.get("width"), told.get("height"), told.get("problem"),
            tuple(told.get("numbers", ())),
        )  # fmt: skip


async def converse(process: asyncio.subprocess.Process, content: bytes, seconds: float = WALL_SECONDS) -> bytes:
    """What the process answers to these bytes; nothing where it takes longer, and then it is gone."""
    try:
        async with asyncio.timeout(seconds):
            out, _ = await process.communicate(content)
            return out
    except TimeoutError:
        return b""
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def main() -> None:
    limit_this_process(CPU_SECONDS)
    asked = json.loads(sys.argv[1])
    content = sys.stdin.buffer.read()
    told, body = _worker_of(asked["type"])(content, asked)
    sys.stdout.buffer.write(json.dumps({"type": asked["type"], **told}).encode() + b"\n" + body)


def _worker_of(media_type: str) -> Callable[[bytes, dict[str, Any]], tuple[dict[str, Any], bytes]]:
    if media_type.startswith("image/"):
        return _image
    return _pdf if media_type == "application/pdf" else _sheet


def limit_this_process(cpu_seconds: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # not on every system; there the wall clock alone must do

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))


def _image(content: bytes, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    from PIL import Image, ImageOps

    # Our own limit below, by the header, before a single pixel is decoded.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG", "PNG", "WEBP", "BMP", "GIF"]) as opened:
            width, height = opened.size
            if width * height > asked["pixels"]:
                return {"problem": "pixels", "numbers": [width, height]}, b""
            seen = ImageOps.exif_transpose(opened)
            seen.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            see_through = "A" in seen.getbands() or "transparency" in seen.info
            clean = seen.convert("RGBA" if see_through else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return {"problem": "broken"}, b""
    # A new picture with the pixels alone: `info`, where profiles and comments live, stays behind.
    bare = Image.new(clean.mode, clean.size)
    bare.paste(clean)
    body = io.BytesIO()
    if see_through:
        bare.save(body, "PNG")
    else:
        bare.save(body, "JPEG", quality=JPEG_QUALITY)
    told = {"type": "image/png" if see_through else "image/jpeg", "width": bare.width, "height": bare.height}
    return told, body.getvalue()


def _pdf(content: bytes, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    from pypdf import PdfReader, PdfWriter
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            return {"problem": "broken"}, b""
        pages = len(reader.pages)
        if pages > asked["pages"]:
            return {"problem": "pages", "numbers": [pages]}, b""
        writer = PdfWriter()
        for page in reader.pages:
            # Links, buttons and their actions hang on annotations; page actions on /AA.
            for key in ("/Annots", "/AA", "/Metadata", "/PieceInfo"):
                page.pop(key, None)
            writer.add_page(page)
        writer.metadata = None
        body = io.BytesIO()
        writer.write(body)
    except (PyPdfError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {"problem": "broken"}, b""
    return ({"problem": "broken"}, b"") if pages == 0 else ({}, body.getvalue())


def _sheet(content: bytes, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Looked into, not written anew: only its owner gets it back, and what is read from it comes by another process."""
    from app.core.sheets import inspect

    problem, _ = inspect(content, rows=asked["rows"], unpacked=asked["bytes"])
    return ({}, content) if problem is None else ({"problem": problem}, b"")


if __name__ == "__main__":
    main()
