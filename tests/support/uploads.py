"""Files as phones and tricksters send them, and the call that uploads one."""

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from PIL import ExifTags, Image, ImageDraw
from pypdf import PdfWriter
from pypdf.actions import JavaScript
from pypdf.annotations import Link
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from tests.factories.world import V1, Someone, ok

CAMERA = "TEST-CAMERA"
# Longitude and latitude that no picture may keep.
PLACE = {1: "N", 2: (24.0, 43.0, 35.4), 3: "E", 4: (118.0, 40.0, 12.7)}
SCRIPT = "SECRETSCRIPT"


def photo(size: tuple[int, int] = (64, 48)) -> bytes:
    """A JPEG as a phone takes it: with the camera's name, the place, a comment, and something behind the end."""
    picture = Image.new("RGB", size, "white")
    ImageDraw.Draw(picture).rectangle((8, 8, 30, 30), fill="red")
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = CAMERA
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.IFD.GPSInfo] = PLACE
    with io.BytesIO() as out:
        picture.save(out, "JPEG", exif=exif, comment=b"SECRET-COMMENT")
        return out.getvalue() + b"SECRET-TAIL"


def picture(kind: str, size: tuple[int, int] = (32, 32)) -> bytes:
    with io.BytesIO() as out:
        Image.new("RGB", size, "blue").save(out, kind)
        return out.getvalue()


def png_of(width: int, height: int, *, pressed: int) -> bytes:
    """A PNG that claims so many pixels, with `pressed` bytes of zeros in its compressed part."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(pressed), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def pdf(pages: int = 1, *, password: str = "") -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if password:
        writer.encrypt(password)
    return _written(writer)


def loaded_pdf() -> bytes:
    """With a script that runs on opening, one on the page, a link, an attachment, and an author."""
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    writer.add_open_action(JavaScript(SCRIPT))
    writer.add_attachment("secret.txt", b"SECRET-ATTACHMENT")
    writer.add_metadata({"/Author": "SECRETAUTHOR"})
    writer.add_annotation(0, Link(rect=(0, 0, 9, 9), url="evil"))
    run = DictionaryObject({NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject(SCRIPT)})
    page[NameObject("/AA")] = DictionaryObject({NameObject("/O"): run})
    return _written(writer)


def archive() -> bytes:
    with io.BytesIO() as out:
        with zipfile.ZipFile(out, "w") as zipped:
            zipped.writestr("a.txt", "a")
        return out.getvalue()


async def upload(
    person: Someone, content: bytes, name: str = "a.pdf", purpose: str = "evidence", key: str | None = None
) -> httpx.Response:
    """`wx.uploadFile`: one file under `file`, its purpose beside it."""
    return await person.world.api.post(
        f"{V1}/files",
        files={"file": (name, content)},
        data={"purpose": purpose},
        headers=person.headers | {"Idempotency-Key": key or uuid4().hex},
    )


async def uploaded(person: Someone, content: bytes, name: str = "a.pdf", purpose: str = "evidence") -> dict[str, Any]:
    made: dict[str, Any] = ok(await upload(person, content, name, purpose))
    return made


async def look(person: Someone, file: dict[str, Any] | str) -> httpx.Response:
    return await person.get(f"/files/{file if isinstance(file, str) else file['file_id']}")


async def follow(person: Someone, url: str) -> httpx.Response:
    """A signed link, as an `<image>` loads it: without a token."""
    address = httpx.URL(url)
    return await person.world.api.get(address.path, params=address.params)


def objects(folder: Path) -> list[bytes]:
    """What lies in the store."""
    place = folder / "files"
    return [path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()]


def _written(writer: PdfWriter) -> bytes:
    with io.BytesIO() as out:
        writer.write(out)
        return out.getvalue()
