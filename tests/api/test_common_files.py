"""Uploads: what is kept of them, who may look, through which links, and when they go."""

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from PIL import Image
from pypdf import PdfReader

from app.core.settings import Settings
from app.models.common import File
from app.rules.identity.roles import Role
from app.tasks.sweeps import sweep
from demo.steps import FIRM, fictional_credit_code
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY, column, count, nothing_stored
from tests.support.pushing import arrived, online, reachable, work
from tests.support.uploads import (
    CAMERA,
    SCRIPT,
    follow,
    loaded_pdf,
    look,
    objects,
    pdf,
    photo,
    picture,
    upload,
    uploaded,
)

FILES: Any = File.__table__.c  # type: ignore[attr-defined]
DAY = timedelta(days=1)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return reachable(settings)


async def report_with(person: Someone, files: list[str], subject: str | None = None) -> httpx.Response:
    """Any form that names files; a firm is what everybody may report."""
    firm = subject or ok(await person.get("/enterprises", name=FIRM))[0]["id"]
    form = {"subject_kind": "enterprise", "subject_id": firm, "reason": "fee", "text": "收费", "file_ids": files}
    return await person.post("/reports", form, key=f"{len(files)}-{firm}")


async def test_a_photograph_is_cleaned_checked_and_then_shown(world: World, settings: Settings) -> None:
    person, other = await world.person(), await world.person()
    raw = photo((640, 480))
    assert CAMERA.encode() in raw
    made = await uploaded(person, raw, "执照.JPG", "illustration")
    # The phone lay on its side: the picture is turned, so that nothing need say so.
    assert {key: made[key] for key in ("state", "kind", "media_type", "width", "height", "refused_because")} == {
        "state": "checking", "kind": "image", "media_type": "image/jpeg", "width": 480, "height": 640,
        "refused_because": None,
    }  # fmt: skip
    assert made["url"].startswith(settings.public_base_url)
    assert (await follow(person, made["url"])).status_code == 200
    refused(await look(other, made), 404, "file_not_found")
    async with online(world):
        assert (await work(world)).delivered == 1
        await arrived(world, 1)
    await work(world)
    ready = ok(await look(other, made))
    assert (ready["state"], ready["refused_because"]) == ("ready", None)
    shown = await follow(other, ready["url"])
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-disposition"] == f'attachment; filename="{UUID(made["file_id"]).hex[-8:]}.jpeg"'
    assert "sandbox" in shown.headers["content-security-policy"]
    seen = Image.open(io.BytesIO(shown.content))
    assert (seen.size, dict(seen.getexif()), len(shown.content)) == ((480, 640), {}, made["size"])
    assert not {"exif", "comment", "icc_profile", "xmp"} & set(seen.info)
    for secret in (CAMERA, "SECRET-COMMENT", "SECRET-TAIL", "GPS"):
        assert secret.encode() not in shown.content
    # In the store lies neither the picture nor its name.
    (stored,) = objects(settings.data_dir)
    assert b"JFIF" not in stored
    assert shown.content[:64] not in stored


async def test_of_a_document_only_the_pages_are_kept(world: World) -> None:
    person = await world.person()
    raw = loaded_pdf()
    assert [
        trick
        for trick in (b"/JavaScript", b"/EmbeddedFiles", b"SECRETAUTHOR", b"(evil)", SCRIPT.encode())
        if trick not in raw
    ] == []
    made = await uploaded(person, raw)
    # A document cannot be asked about: it is ready, and no stranger ever sees it.
    assert (made["state"], made["kind"], made["width"]) == ("ready", "pdf", None)
    shown = (await follow(person, made["url"])).content
    assert len(PdfReader(io.BytesIO(shown)).pages) == 1
    for trick in ("/JavaScript", "/JS", "/AA", "/OpenAction", "/EmbeddedFile", "/Annots", "SECRET", "evil"):
        assert trick.encode() not in shown, trick


# What becomes of bytes is no matter of the database.
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_pictures_of_every_kind_become_jpeg_or_png(world: World) -> None:
    person = await world.person()
    for name in ("PNG", "WEBP", "BMP", "GIF"):
        made = await uploaded(person, picture(name), f"a.{name.lower()}", "licence")
        assert (made["media_type"], made["width"]) == ("image/jpeg", 32), name
    # Larger than anybody needs to read a paper: made smaller, in proportion.
    large = await uploaded(person, picture("PNG", (5000, 1000)), "a.png")
    assert (large["width"], large["height"]) == (4096, 819)
    # A name without an extension claims nothing.
    assert (await uploaded(person, picture("PNG"), "照片"))["kind"] == "image"


async def test_a_link_opens_one_file_for_ten_minutes(world: World) -> None:
    person = await world.person()
    made, second = await uploaded(person, pdf()), await uploaded(person, pdf(2))
    link = httpx.URL(made["url"])
    assert (await follow(person, made["url"])).content != (await follow(person, second["url"])).content
    signature, expires = link.params["s"], int(link.params["e"])
    forged = {
        "another file": httpx.URL(second["url"]).copy_with(params=link.params),
        "longer": link.copy_set_param("e", str(expires + 600)),
        "another use": link.copy_set_param("w", "o"),
        "another signature": link.copy_set_param("s", ("A" if signature[0] != "A" else "B") + signature[1:]),
        "a part of it": link.copy_set_param("s", signature[:-1]),
        "nobody's file": link.copy_with(path=f"/api/v1/files/{NOBODY}/content"),
    }
    for case, url in forged.items():
        assert refused(await follow(person, str(url)), 404, "file_link_invalid"), case
    for name, value in {"s": "签名", "w": "x", "e": "-1"}.items():
        answer = await follow(person, str(link.copy_set_param(name, value)))
        refused(answer, 422, "invalid_fields", f"query.{name}")
    refused(await follow(person, str(link.copy_remove_param("s"))), 422, "invalid_fields", "query.s")
    world.clock.advance(timedelta(minutes=10, seconds=-1))
    assert (await follow(person, made["url"])).status_code == 200
    world.clock.advance(timedelta(seconds=2))
    refused(await follow(person, made["url"]), 404, "file_link_invalid")
    assert (await follow(person, ok(await look(person, made))["url"])).status_code == 200


async def test_what_is_deleted_is_gone_at_once_and_its_object_soon(world: World, settings: Settings) -> None:
    person, other = await world.person(), await world.person()
    made = await uploaded(person, pdf())
    async with nothing_stored(world):
        refused(await other.call("DELETE", f"/files/{made['file_id']}"), 404, "file_not_found")
        refused(await other.call("DELETE", f"/files/{NOBODY}"), 404, "file_not_found")
    assert (await person.call("DELETE", f"/files/{made['file_id']}")).status_code == 204
    refused(await follow(person, made["url"]), 404, "file_link_invalid")
    gone = ok(await look(person, made))
    assert (gone["state"], gone["url"], gone["refused_because"]) == ("refused", None, "本人删除")
    # Its key is erased with it: what is left in the store, or in a copy of it, opens no more.
    assert await column(world, FILES.key_sealed, FILES.id == UUID(made["file_id"])) is None
    assert len(objects(settings.data_dir)) == 1
    await work(world)
    assert objects(settings.data_dir) == []


async def test_a_retried_upload_is_one_file(world: World, settings: Settings) -> None:
    person, other = await world.person(), await world.person()
    first = await upload(person, photo(), "a.jpg", key="same-key-0001")
    again = await upload(person, photo(), "a.jpg", key="same-key-0001")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.json() == first.json()
    refused(await upload(person, pdf(), key="same-key-0001"), 422, "idempotency_key_reused")
    refused(await upload(person, photo(), "a.jpg", "licence", key="same-key-0001"), 422, "idempotency_key_reused")
    assert await count(world, File.__table__) == 1  # type: ignore[attr-defined]
    ok(await upload(other, photo(), "a.jpg", key="same-key-0001"))
    assert len(objects(settings.data_dir)) == 2


async def test_who_reads_a_paper_is_decided_by_what_it_belongs_to(world: World) -> None:
    claimant, stranger, officer, admin = [
        await world.person(), await world.person(), await world.officer(), await world.admin(),
    ]  # fmt: skip
    paper = await uploaded(claimant, pdf(), purpose="licence")
    for someone in (stranger, officer, admin):
        refused(await look(someone, paper), 404, "file_not_found")
    refused(await look(world.anonymous, paper), 401, "token_invalid")
    firm = ok(await claimant.get("/enterprises", name=FIRM))[0]
    form = {"uscc": fictional_credit_code(), "licence_file_id": paper["file_id"]}
    claim = ok(await claimant.post(f"/enterprises/{firm['id']}/claims", form))
    seen = ok(await look(officer, paper))
    assert (await follow(officer, seen["url"])).status_code == 200
    for someone in (stranger, admin):
        refused(await look(someone, paper), 404, "file_not_found")
    ok(await officer.post(f"/enterprise-claims/{claim['id']}/approve", {"expected_version": 1}))
    proof = await uploaded(claimant, pdf(2))
    refused(await look(officer, proof), 404, "file_not_found")
    ok(await report_with(claimant, [proof["file_id"]], ok(await claimant.get("/enterprises", name="森鸿"))[0]["id"]))
    assert ok(await look(officer, proof))["kind"] == "pdf"
    for someone in (stranger, admin):
        refused(await look(someone, proof), 404, "file_not_found")
    # An office for a part of the town reads no papers.
    area = ok(await world.anonymous.get("/areas"))[0]["id"]
    await world.appoint(stranger, Role.JOBS_OFFICER, "area", area)  # type: ignore[arg-type]
    refused(await look(stranger, paper), 404, "file_not_found")


async def test_a_form_takes_ones_own_files_of_its_purpose(world: World) -> None:
    person, other = await world.person(), await world.person()
    mine, deleted = await uploaded(person, pdf()), await uploaded(person, pdf())
    licence, theirs = await uploaded(person, pdf(), purpose="licence"), await uploaded(other, pdf())
    ok(await person.call("DELETE", f"/files/{deleted['file_id']}"))
    firm = ok(await person.get("/enterprises", name=FIRM))[0]["id"]
    for wrong in (licence["file_id"], theirs["file_id"], deleted["file_id"], NOBODY):
        async with nothing_stored(world):
            refused(await report_with(person, [mine["file_id"], wrong], firm), 422, "file_unusable")
    async with nothing_stored(world):
        refused(await report_with(person, [mine["file_id"]] * 10, firm), 422, "invalid_fields", "file_ids")
    ok(await report_with(person, [mine["file_id"]], firm))
    async with nothing_stored(world):
        refused(await person.call("DELETE", f"/files/{mine['file_id']}"), 409, "file_in_use")


async def test_uploads_that_no_form_names_go_after_a_day(world: World, settings: Settings) -> None:
    person = await world.person()
    used, orphan = await uploaded(person, pdf()), await uploaded(person, pdf())
    ok(await report_with(person, [used["file_id"]]))
    world.clock.advance(DAY)
    assert (await sweep(world.runtime))["files_orphaned"] == 0
    world.clock.advance(timedelta(seconds=1))
    assert (await sweep(world.runtime))["files_orphaned"] == 1
    assert (await sweep(world.runtime))["files_orphaned"] == 0
    await work(world)
    assert len(objects(settings.data_dir)) == 1
    again = await world.person(person.name)
    gone, kept = ok(await look(again, orphan)), ok(await look(again, used))
    assert (gone["state"], gone["url"], gone["refused_because"]) == ("refused", None, "上传后一天内没有使用")
    assert (await follow(again, kept["url"])).status_code == 200
