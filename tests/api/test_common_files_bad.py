"""Uploads that are not what they say, or more than they say: refused by name, and nothing of them is kept.

What the sanitiser makes of bytes is no matter of the database: those tests run on one.
"""

from collections.abc import AsyncIterator

import httpx
import pytest

from app.core.settings import Settings
from tests.factories.world import V1, World, ok, refused
from tests.support.api import nothing_stored
from tests.support.uploads import archive, objects, pdf, photo, picture, png_of, upload, uploaded

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><script>alert(1)</script>"
PROGRAM = b"MZ\x90\x00" + bytes(200)
# Name, content, purpose → code. Each in turn, since a database each would be dear.
BAD: dict[str, tuple[str, bytes, str, str]] = {
    "empty": ("a.jpg", b"", "evidence", "file_empty"),
    "SVG": ("a.svg", SVG, "illustration", "file_type_wrong"),
    "SVG as a picture": ("a.png", SVG, "illustration", "file_type_wrong"),
    "a page as a picture": ("a.jpg", HTML, "illustration", "file_type_wrong"),
    "an archive": ("a.zip", archive(), "evidence", "file_type_wrong"),
    "an archive as a document": ("a.pdf", archive(), "evidence", "file_type_wrong"),
    "a program": ("a.exe", PROGRAM, "evidence", "file_type_wrong"),
    "a text": ("a.pdf", "营业执照".encode(), "licence", "file_type_wrong"),
    "a sound": ("a.mp3", b"ID3\x03\x00" + bytes(200), "evidence", "file_type_wrong"),
    "a document where strangers look": ("a.pdf", pdf(), "illustration", "file_type_wrong"),
    "a document named as a picture": ("a.jpg", pdf(), "licence", "file_name_mismatch"),
    "a picture named as a document": ("a.pdf", picture("PNG"), "licence", "file_name_mismatch"),
    "a picture named as a page": ("a.png.html", picture("PNG"), "licence", "file_name_mismatch"),
    "half a picture": ("a.jpg", photo()[:400], "evidence", "file_broken"),
    "the head of one": ("a.png", picture("PNG")[:20], "evidence", "file_broken"),
    "a script behind a picture's first bytes": ("a.gif", b"GIF89a/*" + HTML, "evidence", "file_broken"),
    "a locked document": ("a.pdf", pdf(password="x"), "licence", "file_broken"),
    "a document that is none": ("a.pdf", b"%PDF-1.7 not a document", "licence", "file_broken"),
    "a document without pages": ("a.pdf", pdf(0), "licence", "file_broken"),
    "51 pages": ("a.pdf", pdf(51), "licence", "file_pages"),
    "two and a half thousand million pixels": (
        "a.png", png_of(50_000, 50_000, pressed=20_000_000), "evidence", "image_too_large",
    ),
    "a pixel line too many": ("a.png", png_of(40_000, 1_001, pressed=100), "evidence", "image_too_large"),
}  # fmt: skip
WORDS = {
    "file_empty": "空", "file_type_wrong": "只接受", "file_name_mismatch": "扩展名", "file_broken": "损坏",
    "file_pages": "51 页，最多 50 页", "image_too_large": "超过 4000 万像素",
}  # fmt: skip


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_files_that_are_not_what_they_should_be(world: World, settings: Settings) -> None:
    person = await world.person()
    # No larger than a letter: it is what it unpacks to that counts.
    assert len(BAD["two and a half thousand million pixels"][1]) < 21_000
    async with nothing_stored(world):
        for case, (name, content, purpose, code) in BAD.items():
            body = refused(await upload(person, content, name, purpose), 422, code, "file")
            assert WORDS[code] in body["message"], case
    assert objects(settings.data_dir) == []


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_what_hides_behind_a_good_picture_does_not_survive(world: World) -> None:
    person = await world.person()
    two_faced = picture("JPEG") + archive() + HTML
    made = await uploaded(person, two_faced, "a.jpg")
    shown = (await world.api.get(httpx.URL(made["url"]).raw_path.decode())).content
    assert shown.startswith(b"\xff\xd8")
    assert b"PK\x03\x04" not in shown
    assert b"<script>" not in shown


async def test_uploads_of_unknown_or_too_great_length(world: World, settings: Settings) -> None:
    person = await world.person()
    url, headers = f"{V1}/files", person.headers | {"Idempotency-Key": "length-0001"}

    async def parts() -> AsyncIterator[bytes]:
        yield b"--x\r\n"

    limit = settings.upload_limit_bytes
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    async with nothing_stored(world):
        chunked = await world.api.post(url, content=parts(), headers=headers | form)
        refused(chunked, 413, "length_missing", "header.Content-Length")
        # The head alone tells: not one byte of the body need be read.
        large = headers | form | {"Content-Length": str(2 * limit)}
        refused(await world.api.post(url, content=parts(), headers=large), 413, "body_too_large", "body")
        refused(await world.api.post(url, content=b"{}", headers=headers), 422, "invalid_fields", "file")
    # A whole upload at the limit gets as far as its content.
    at_limit = bytes(limit - 1000)
    refused(await upload(person, at_limit, "a.jpg"), 422, "file_type_wrong", "file")


async def test_forms_around_an_upload(world: World) -> None:
    person = await world.person()
    url, content = f"{V1}/files", picture("PNG")
    key = person.headers | {"Idempotency-Key": "forms-0001"}
    purpose = {"purpose": "evidence"}
    async with nothing_stored(world):
        no_key = await world.api.post(url, files={"file": ("a.png", content)}, data=purpose, headers=person.headers)
        refused(no_key, 422, "idempotency_key_missing")
        refused(await upload(person, content, "a.png", "portrait"), 422, "invalid_fields", "purpose")
        no_purpose = await world.api.post(url, files={"file": ("a.png", content)}, headers=key)
        refused(no_purpose, 422, "invalid_fields", "purpose")
        no_file = await world.api.post(url, files={"other": ("a.png", content)}, data=purpose, headers=key)
        refused(no_file, 422, "invalid_fields", "file")
        bare = await world.api.post(url, data=purpose | {"file": "words"}, headers=key)
        refused(bare, 422, "invalid_fields", "file")
        refused(await upload(world.anonymous, content, "a.png"), 401, "token_invalid")


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_names_are_never_the_names_in_the_store(world: World, settings: Settings) -> None:
    person = await world.person()
    for name in ("../../../etc/passwd.png", "a\x00.png", "“执照”.png", "x" * 300 + ".png", "CON.png"):
        made = await uploaded(person, picture("PNG"), name)
        answer = await world.api.get(httpx.URL(made["url"]).raw_path.decode())
        assert answer.headers["content-disposition"].isascii()
        assert "passwd" not in answer.headers["content-disposition"]
    places = [path.name for path in (settings.data_dir / "files").rglob("*") if path.is_file()]
    assert len(places) == 5
    assert all(len(name) == 32 and int(name, 16) for name in places)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_the_largest_picture_that_is_allowed_is_taken(world: World, settings: Settings) -> None:
    person = await world.person()
    assert settings.image_pixels == 40_000_000
    made = await uploaded(person, picture("PNG", (8000, 5000)), "a.png")
    assert (made["width"], made["height"]) == (4096, 2560)
    assert ok(await person.get(f"/files/{made['file_id']}"))["state"] == "checking"
