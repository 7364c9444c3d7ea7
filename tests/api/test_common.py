"""Configuration, dictionary, code tables, trades, notices, the staff's tasks and health."""

import asyncio
import base64
import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.core.clock import FixedClock
from app.core.settings import Settings
from app.models.common import Notice
from app.rules.common.notices import NoticeKind
from app.rules.common.tasks import TaskKind
from app.rules.identity.consents import POLICY_VERSIONS
from app.rules.identity.roles import Role, ScopeKind
from app.services.common.health import head_revision
from app.services.common.notices import notify
from app.services.common.tasks import open_task
from tests.factories.world import V1, Someone, World, ok, refused
from tests.support.api import NOBODY, another_instance, nothing_stored

NOTICE: Any = Notice.__table__.c
CACHED = ["/config?app=zhipin", "/config?app=linggong", "/dictionary", "/dictionary/industry",
          "/dictionary/occupation?parent=6"]  # fmt: skip


async def give_notices(world: World, person: Someone, number: int) -> list[str]:
    """Oldest first; all at the same instant, so that only the tie-break orders them."""
    async with world.runtime.db.unit_of_work() as session:
        rows = [
            await notify(
                session, person_id=UUID(person.id), kind=NoticeKind.APPLICATION_MOVED, title="应聘进展",
                body=f"第{index}条", page="pages/application/detail", now=world.clock.now(), template_data={},
            )
            for index in range(number)
        ]  # fmt: skip
    return [str(row.id) for row in rows]


async def pages(person: Someone, path: str, **query: Any) -> list[list[str]]:
    """The ids, page by page, to the end."""
    found: list[list[str]] = []
    cursor = None
    while True:
        page = ok(await person.get(path, **query, **({"cursor": cursor} if cursor else {})))
        found.append([row["id"] for row in page["items"]])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def test_config_of_each_app(world: World):
    zhipin, linggong = [ok(await world.api.get(f"{V1}/config?app={app}")) for app in ("zhipin", "linggong")]
    assert (zhipin["app_name"], linggong["app_name"]) == ("宝盖职聘", "零工配产")
    assert zhipin["templates"] == {"application_moved": "TPL_MOVED"}
    assert linggong["templates"] == {}
    assert zhipin["policy_versions"] == {purpose.value: version for purpose, version in POLICY_VERSIONS.items()}
    assert zhipin["limits"] == {
        "body_bytes": 1_048_576, "page_size": 100, "upload_bytes": 10_485_760, "image_pixels": 40_000_000,
        "pdf_pages": 50,
        "sheet_rows": 20_000,
    }  # fmt: skip
    assert zhipin["hotline"] is None
    assert zhipin["least_client_version"]
    async with nothing_stored(world):
        refused(await world.api.get(f"{V1}/config"), 422, "invalid_fields", "query.app")
        refused(await world.api.get(f"{V1}/config?app=other"), 422, "invalid_fields", "query.app")


async def test_the_hotline_is_a_setting(world: World, settings: Settings, clock: FixedClock):
    with_hotline = settings.model_copy(update={"hotline": "0595-88000000"})
    async with another_instance(world, with_hotline, clock) as other:
        answer = await other.api.get(f"{V1}/config?app=zhipin")
    assert ok(answer)["hotline"] == "0595-88000000"
    assert answer.headers["ETag"] != (await world.api.get(f"{V1}/config?app=zhipin")).headers["ETag"]


@pytest.mark.parametrize("path", CACHED)
async def test_what_is_known_is_not_sent_again(world: World, path: str):
    first = await world.api.get(V1 + path)
    tag = first.headers["ETag"]
    assert ok(first)
    assert (await world.api.get(V1 + path)).headers["ETag"] == tag
    again = await world.api.get(V1 + path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    # As a proxy that compresses, or a client that holds several copies, sends it back (RFC 9110 §13.1.2).
    for held in (f"W/{tag}", f'"old", {tag}', "*"):
        assert (await world.api.get(V1 + path, headers={"If-None-Match": held})).status_code == 304, held
    for held in ('"old"', "", tag.strip('"')):
        assert (await world.api.get(V1 + path, headers={"If-None-Match": held})).status_code == 200, held


async def test_the_dictionary_knows_every_code_of_the_document(world: World):
    """Each enumeration that the API speaks has a Chinese label for every code, in the same order."""
    enums = ok(await world.api.get(f"{V1}/dictionary"))["enums"]
    labelled = {tuple(row["code"] for row in rows) for rows in enums.values()}
    schemas = ok(await world.api.get("/openapi.json"))["components"]["schemas"]
    spoken = {name: tuple(schema["enum"]) for name, schema in schemas.items() if "enum" in schema}
    assert spoken
    assert {name for name, codes in spoken.items() if codes not in labelled} == set()
    for rows in enums.values():
        assert all(any("一" <= character <= "龥" for character in row["label"]) for row in rows), rows


async def test_code_tables_whole_and_by_parent(world: World):
    known = {row["name"]: row["revision"] for row in ok(await world.api.get(f"{V1}/dictionary"))["code_tables"]}
    assert set(known) == {"industry", "division", "occupation"}
    for name, size in {"industry": 1967, "division": 189}.items():
        table = ok(await world.api.get(f"{V1}/dictionary/{name}"))
        assert (table["name"], table["revision"], len(table["items"])) == (name, known[name], size)
    occupations = ok(await world.api.get(f"{V1}/dictionary/occupation"))["items"]
    assert any(row["ours"] for row in occupations)
    parent = next(row["parent"] for row in occupations if row["parent"])
    children = ok(await world.api.get(f"{V1}/dictionary/occupation", params={"parent": parent}))["items"]
    assert children == [row for row in occupations if row["parent"] == parent] != []
    assert ok(await world.api.get(f"{V1}/dictionary/occupation?parent=none"))["items"] == []
    async with nothing_stored(world):
        for name in ("industries", "occupation_alias", "person", "%00"):
            refused(await world.api.get(f"{V1}/dictionary/{name}"), 404, "code_table_not_found")
        for parent in ("1" * 21, "\x00"):
            answer = await world.api.get(f"{V1}/dictionary/industry", params={"parent": parent})
            refused(answer, 422, "invalid_fields", "query.parent")


async def test_trades_are_found_by_what_people_call_them(world: World):
    async def find(word: str) -> list[dict[str, str]]:
        return ok(await world.api.get(f"{V1}/occupations", params={"q": word}))["items"]

    hits = await find("平车")
    assert hits
    assert "平车" in hits[0]["matched"]
    assert await find(" 平车 ") == hits
    assert len(await find("工")) == 20
    for nothing in ("%", "_", "%%", "\\", "查无此工种"):
        assert await find(nothing) == [], nothing
    for wrong in ("", " ", "字" * 41, "平\x00车"):
        refused(await world.api.get(f"{V1}/occupations", params={"q": wrong}), 422, "invalid_fields", "query.q")
    refused(await world.api.get(f"{V1}/occupations"), 422, "invalid_fields", "query.q")


async def test_notices_page_newest_first_without_gap_or_repeat(world: World):
    person, other = await world.person(), await world.person()
    made = await give_notices(world, person, 7)
    await give_notices(world, other, 2)
    for limit, sizes in {1: [1] * 7, 3: [3, 3, 1], 7: [7], 100: [7]}.items():
        found = await pages(person, "/me/notices", limit=limit)
        assert [len(page) for page in found] == sizes
        assert [row for page in found for row in page] == made[::-1]
    page = ok(await person.get("/me/notices", limit=1))["items"][0]
    assert {key: page[key] for key in ("kind", "title", "body", "read")} == {
        "kind": "application_moved", "title": "应聘进展", "body": "第6条", "read": False,
    }  # fmt: skip


async def test_a_notice_that_comes_while_turning_pages_moves_nothing(world: World):
    person = await world.person()
    made = await give_notices(world, person, 4)
    first = ok(await person.get("/me/notices", limit=2))
    await give_notices(world, person, 1)
    second = ok(await person.get("/me/notices", limit=2, cursor=first["next_cursor"]))
    assert [row["id"] for row in [*first["items"], *second["items"]]] == made[::-1]


async def test_reading_a_notice_is_ones_own_affair(world: World):
    person, other = await world.person(), await world.person()
    first, second = await give_notices(world, person, 2)
    async with nothing_stored(world):
        refused(await other.post(f"/me/notices/{first}/read"), 404, "notice_not_found")
        refused(await person.post(f"/me/notices/{NOBODY}/read"), 404, "notice_not_found")
        refused(await person.post("/me/notices/1/read"), 422, "invalid_fields", "path.notice_id")
        refused(await world.anonymous.post(f"/me/notices/{first}/read"), 401, "token_invalid")
        refused(await world.anonymous.get("/me/notices"), 401, "token_invalid")
    assert ok(await person.get("/me"))["unread_notices"] == 2
    for answer in await asyncio.gather(*(person.post(f"/me/notices/{first}/read") for _ in range(3))):
        assert (answer.status_code, answer.content) == (204, b"")
    read = {row["id"]: row["read"] for row in ok(await person.get("/me/notices"))["items"]}
    assert read == {first: True, second: False}
    assert ok(await other.get("/me/notices")) == {"items": [], "next_cursor": None}


async def test_tasks_are_the_business_of_an_office(world: World):
    admin, officer, villager = await world.admin(), await world.officer(), await world.person()
    trainer, gigs = await world.person(), await world.person()
    await world.appoint(trainer, Role.TRAINER)
    await world.appoint(gigs, Role.GIGS_OFFICER)
    partial = await world.person()
    area = ok(await world.anonymous.get("/areas"))[0]["id"]
    await world.appoint(partial, Role.JOBS_OFFICER, ScopeKind.AREA, area)
    async with world.runtime.db.unit_of_work() as session:
        for kind in TaskKind:
            subject = UUID(villager.id)
            await open_task(session, kind, subject, title=f"测试：{kind.label}", now=world.clock.now())

    async def kinds(someone: Someone) -> set[str]:
        items = [row for row in ok(await someone.get("/tasks", limit=100))["items"] if row["title"][:3] == "测试："]
        assert all(row["kind_label"] in row["title"] for row in items)
        assert all(row["subject_id"] == villager.id for row in items)
        return {row["kind"] for row in items}

    offices = {
        "enterprise_review", "enterprise_claim", "suspension_appeal", "papers_expired", "content_review", "report",
    }  # fmt: skip
    of_jobs = {
        "vacancy_review", "vacancy_sample", "takedown_appeal", "posting_change", "wage_unverified", "kept_contradicted",
        "survey_publish", "fair_report", "fair_booth",
    }  # fmt: skip
    assert await kinds(admin) == {
        "person_merge", "account_abandoned", "wechat_punished",
        "liaison_unknown", "grid_unknown", "secretary_phone_unknown",
    }  # fmt: skip
    assert await kinds(officer) == offices | of_jobs
    of_gigs = {
        "gig_order_review", "minor_confirm", "skill_proof", "no_show_appeal", "wage_overdue", "publishing_block",
        "block_appeal", "worker_blocked", "accident",
    }  # fmt: skip
    assert await kinds(gigs) == offices | of_gigs
    assert await kinds(trainer) == await kinds(partial) == set()
    refused(await villager.get("/tasks"), 403, "forbidden")
    refused(await world.anonymous.get("/tasks"), 401, "token_invalid")


async def test_tasks_page_newest_first(world: World):
    admin, villager = await world.admin(), await world.person()
    async with world.runtime.db.unit_of_work() as session:
        for kind in (TaskKind.PERSON_MERGE, TaskKind.GRID_UNKNOWN, TaskKind.LIAISON_UNKNOWN):
            await open_task(session, kind, UUID(villager.id), title="测试", now=world.clock.now())
    (whole,) = await pages(admin, "/tasks", limit=100)
    assert len(whole) >= 3
    found = await pages(admin, "/tasks", limit=2)
    assert [row for page in found for row in page] == whole


def tampered(cursor: str) -> dict[str, str]:
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    mac, body = raw[:12], raw[12:]

    def packed(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).decode().rstrip("=")

    values = json.loads(body)
    older = json.dumps([*values[:2], ["t", values[2][1] - 1], values[3]], separators=(",", ":")).encode()
    return {
        "other values under the old signature": packed(mac + older),
        "another version": packed(mac + body.replace(b"[1,", b"[2,", 1)),
        "without signature": packed(body),
        "cut off": cursor[:-4],
        "one letter": ("A" if cursor[0] != "A" else "B") + cursor[1:],
        "made up": "AAAA",
        "signature only": packed(mac),
        "not base64": "!!!!",
        "one character": "A",
        "Chinese": "下一页",
        "control character": "\x00",
        "empty": "",
    }


async def test_cursors_that_are_not_ours_are_refused_by_name(world: World):
    person, other, admin = await world.person(), await world.person(), await world.admin()
    await give_notices(world, person, 2)
    await give_notices(world, other, 2)
    mine, theirs = [ok(await who.get("/me/notices", limit=1))["next_cursor"] for who in (person, other)]
    ok(await person.get("/me/notices", limit=1, cursor=mine))
    bad = tampered(mine) | {"another person's list": theirs}
    for case, cursor in bad.items():
        assert refused(await person.get("/me/notices", cursor=cursor), 422, "cursor_invalid", "query.cursor"), case
    # A page of notices is not a page of tasks, nor the reverse, even for one person.
    await give_notices(world, admin, 2)
    notices = ok(await admin.get("/me/notices", limit=1))["next_cursor"]
    refused(await admin.get("/tasks", cursor=notices), 422, "cursor_invalid", "query.cursor")
    refused(await person.get("/me/notices", cursor="A" * 401), 422, "invalid_fields", "query.cursor")


@pytest.mark.parametrize("path", ["/me/notices", "/tasks"])
async def test_page_sizes(world: World, path: str):
    admin = await world.admin()
    ok(await admin.get(path, limit=100))
    for limit in (0, -1, 101, 10**30, "NaN", "1.5", "ten", "", "1e2"):
        refused(await admin.get(path, limit=limit), 422, "invalid_fields", "query.limit")


async def test_health(world: World):
    assert ok(await world.api.get("/livez")) == {"status": "ok", "migration": None}
    assert ok(await world.api.get("/readyz")) == {"status": "ok", "migration": head_revision()}
    world.api.app.state.draining.set()  # type: ignore[attr-defined]
    draining = await world.api.get("/readyz")
    assert refused(draining, 503, "draining")["retryable"]
    assert int(draining.headers["Retry-After"]) >= 1
    assert (await world.api.get("/livez")).status_code == 200


async def test_a_database_of_another_release_is_not_ready(world: World):
    async with world.runtime.db.unit_of_work() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    body = refused(await world.api.get("/readyz"), 503, "migration_missing")
    assert "sanqu migrate" in body["message"]


async def test_every_answer_has_an_id_and_the_edge_headers(world: World):
    asked = [f"{V1}/areas", f"{V1}/nowhere", f"{V1}/me", "/livez"]
    answers = [await world.api.get(path) for path in asked]
    ids = [answer.headers["X-Request-ID"] for answer in answers]
    assert len(set(ids)) == len(ids)
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if answer.is_error:
            assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


async def test_the_api_page_needs_no_other_host(api: httpx.AsyncClient):
    page = await api.get("/docs")
    assert page.status_code == 200
    assert "https://" not in page.text.replace("https://www.w3.org", "")
    for file in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"/static/swagger/{file}" in page.text
        assert (await api.get(f"/static/swagger/{file}")).status_code == 200
