"""The console's pages as a browser sees them: what they show, hostile texts, headers, failures, nothing from outside."""

import logging
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import update
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from app.core.crypto import Crypto
from app.core.db import Database
from app.core.errors import ForbiddenError, UnauthorisedError
from app.core.ids import new_id
from app.core.metrics import REQUESTS
from app.core.settings import Settings
from app.models.identity import AuditEntry, Person
from app.models.organisation import Area, Grid
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Role, ScopeKind
from app.services.common.tasks import open_task
from demo.steps import ADMIN
from tests.factories.world import World, ok, refused
from tests.support.api import column
from tests.support.console import SIGN_IN, Account, Browser, error_of, mark_of, open_account, signed_out, staff

PERSON: Any = Person.__table__.c  # type: ignore[attr-defined]
AUDIT: Any = AuditEntry.__table__.c  # type: ignore[attr-defined]
OUTSIDE = re.compile(r"""(?:src|href|action|content|url\()\s*=?\s*["']?\s*(?:https?:)?//""", re.IGNORECASE)


async def test_tasks_with_their_deadlines_and_hostile_texts(world: World, browser: Browser):
    person = await world.person()
    await world.appoint(person, Role.GIGS_OFFICER)
    account = await open_account(world, person, "su.jin")
    now = world.clock.now()
    async with world.runtime.db.unit_of_work() as session:
        evil = '"><img src=x onerror=alert(1)>{{7*7}}'
        await open_task(
            session, TaskKind.REPORT, new_id(), title=f"举报 {evil}", now=now, due_at=now - timedelta(hours=1)
        )
        await open_task(
            session, TaskKind.ENTERPRISE_REVIEW, new_id(), title="审核甲厂", now=now, due_at=now + timedelta(days=1)
        )
        await open_task(session, TaskKind.PERSON_MERGE, new_id(), title="别人的事", now=now)
    crypto: Crypto = world.crypto
    async with world.runtime.db.unit_of_work() as session:
        sealed = crypto.seal("person", "name", UUID(person.id), "<script>alert(2)</script>")
        await session.exec(update(Person).where(PERSON.id == UUID(person.id)).values(name_sealed=sealed))
    page = await browser.enter(account)
    assert "<img src=x" not in page.text
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in page.text
    assert "onerror=alert(1)&gt;{{7*7}}" in page.text
    assert "别人的事" not in page.text
    overdue, coming = re.findall(r"(已逾期)?\s*(?:</span>)?\s*办理期限 (\d{4}-\d\d-\d\d \d\d:\d\d)", page.text)[::-1]
    # Ten o'clock in China is the clock of these tests.
    assert (overdue[0], overdue[1][-5:]) == ("已逾期", "09:00")
    assert (coming[0], coming[1][-5:]) == ("", "10:00")


async def test_offices_are_named_with_their_place(world: World, browser: Browser):
    person = await world.person()
    async with world.runtime.db.reading() as session:
        area = (await session.exec(select(Area).order_by(Area.name))).first()
        grid = (await session.exec(select(Grid).where(Grid.area_id == area.id, Grid.number == 2))).one()
    await world.appoint(person, Role.GRID_MEMBER, ScopeKind.GRID, str(grid.id))
    await world.appoint(person, Role.LIAISON_CADRE, ScopeKind.AREA, str(area.id))
    page = await browser.enter(await open_account(world, person, "wang.ge"))
    assert f"网格员（网格：{area.name}第2网格）" in page.text
    assert f"挂钩干部（片区：{area.name}）" in page.text


async def test_one_session_is_ended_from_the_page(world: World, browser: Browser):
    person, account = await staff(world)
    page = await browser.enter(account)
    rows = ok(await person.get("/me/sessions"))
    phone = next(row["id"] for row in rows if row["app"] == "zhipin")
    assert f"/console/sessions/{phone}/end" in page.text
    own = next(row["id"] for row in rows if row["app"] == "console")
    assert f"/console/sessions/{own}/end" not in page.text
    answer = await browser.post(f"/console/sessions/{phone}/end", mark_of(page))
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/")
    refused(await person.get("/me"), 401, "token_invalid")
    page = await browser.get()
    assert "已结束这个登录" in page.text
    assert "已结束这个登录" not in (await browser.get()).text
    again = await browser.post(f"/console/sessions/{phone}/end", mark_of(page))
    assert again.status_code == 404
    assert error_of(again) == "没有找到这个登录，可能已经退出"
    assert again.headers["x-request-id"] in again.text


async def test_nobody_ends_the_session_of_another(world: World, browser: Browser):
    _, account = await staff(world)
    other = ok(await (await world.admin()).get("/me/sessions"))[0]["id"]
    page = await browser.enter(account)
    assert (await browser.post(f"/console/sessions/{other}/end", mark_of(page))).status_code == 404
    ok(await (await world.admin()).get("/me"))


async def test_all_sessions_are_ended_from_the_page(world: World, browser: Browser):
    person, account = await staff(world)
    page = await browser.enter(account)
    signed_out(await browser.post("/console/sessions/end-all", mark_of(page)))
    assert "已退出所有设备和网页上的登录" in (await browser.get(SIGN_IN)).text
    refused(await person.get("/me"), 401, "token_invalid")
    signed_out(await browser.get())


async def test_unknown_addresses(browser: Browser, account: Account):
    for path in ("/console/nothing", "/console/_api/person/relation-lookup", "/console/person/list", "/console//"):
        signed_out(await browser.get(path))
    page = await browser.enter(account)
    for path in (
        "/console/nothing",
        "/console/person/list",
        "/console/sign-in/",
        "/console/static/nothing.js",
        "/console//",
    ):
        answer = await browser.get(path)
        assert answer.status_code == 404, path
        assert error_of(answer) == "没有找到，可能已删除或不对您开放"
        assert answer.headers["x-request-id"] in answer.text
    assert (await browser.post("/console/sessions/not-a-number/end", mark_of(page))).status_code == 404
    wrong = await browser.get("/console/sign-out")
    assert (wrong.status_code, error_of(wrong)) == (405, "这个地址不支持该请求方法")
    assert wrong.headers["allow"] == "POST"


async def test_what_is_no_form_is_refused(browser: Browser):
    urlencoded = "application/x-www-form-urlencoded"
    for content, kind, status in (
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 403),
        (b"--x\r\nbroken", "multipart/form-data", 422),
        (b"\xff\xfe=%ff&csrftoken=%00", urlencoded, 403),
        (b"a=" + b"b" * 1_100_000, urlencoded, 413),
        (b"{}", "application/json", 403),
        (b"", "", 403),
    ):
        answer = await browser.http.post(SIGN_IN, content=content, headers={"Content-Type": kind})
        assert answer.status_code == status, (kind, content[:20], answer.text)
        assert any("一" <= char <= "龥" for char in answer.text)


async def test_every_page_forbids_what_it_does_not_need(browser: Browser, account: Account):
    pages = [await browser.get("/console/x"), await browser.get(SIGN_IN), await browser.post(SIGN_IN)]
    pages += [await browser.enter(account), await browser.get("/console/x")]
    assert [page.status_code for page in pages] == [303, 200, 403, 200, 404]
    for page in pages:
        policy = page.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert " style=" not in page.text
        assert "<style" not in page.text
        assert not re.search(r"<script(?! src=\"/console/static/)", page.text)
        assert not re.search(r" on[a-z]+=", page.text)


async def test_nothing_is_fetched_from_another_host(browser: Browser, account: Account):
    pages = [await browser.get(SIGN_IN), await browser.enter(account), await browser.get("/console/x")]
    files: set[str] = set()
    for page in pages:
        assert OUTSIDE.findall(page.text) == []
        assert "console.test" not in page.text
        files |= {found for found in re.findall(r'(?:src|href)="([^"]+)"', page.text) if "/static/" in found}
    assert len(files) >= 4
    for file in sorted(files):
        answer = await browser.get(file)
        assert answer.status_code == 200, file
        assert answer.headers["cache-control"] == "max-age=86400"
        assert "set-cookie" not in answer.headers or "csrf" in answer.headers["set-cookie"]
        if ".css" in file:
            assert "@import" not in answer.text, file
            for url in re.findall(r"url\(\s*[\"']?([^\"')]{1,80})", answer.text):
                assert url.startswith(("data:", "../")), (file, url)
                if url.startswith("../"):
                    font = str(httpx.URL(f"http://console.test{file}").join(url).copy_with(query=None))
                    assert (await browser.get(font)).status_code == 200, font


async def test_paths_are_counted_by_route(world: World, browser: Browser, account: Account):
    await browser.get("/console/guess-1")
    page = await browser.enter(account)
    await browser.get("/console/guess-2")
    await browser.get("/console/static/console.css")
    await browser.post(f"/console/sessions/{new_id()}/end", mark_of(page))
    labels = {sample.labels["route"] for metric in REQUESTS.collect() for sample in metric.samples}
    assert {label for label in labels if label.startswith("/console")} <= {
        "/console", "/console/", "/console/sign-in", "/console/sign-out", "/console/static", "/console/sessions/end-all",
        "/console/sessions/{session_id:uuid}/end",
    }  # fmt: skip
    assert "/console/sessions/{session_id:uuid}/end" in labels
    assert not [label for label in labels if "guess" in label]


async def test_no_log_line_names_anybody(world: World, browser: Browser, account: Account):
    lines: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    shell, listener = logging.getLogger("starlette_admin"), Listener(logging.DEBUG)
    level = shell.level
    shell.addHandler(listener)
    shell.setLevel(logging.DEBUG)
    try:
        await browser.sign_in(account, totp="000000")
        await browser.post(SIGN_IN, "forged", username=account.username)
        await browser.get("/console/?q=secret")
        page = await browser.enter(account)
        await browser.post("/console/sign-out", mark_of(page))
    finally:
        shell.removeHandler(listener)
        shell.setLevel(level)
    assert lines
    said = "\n".join(lines)
    for private in (account.username, account.password, "203.0.113.7", "q=secret", ADMIN):
        assert private not in said


async def test_a_database_that_is_away_is_a_page_too(world: World, browser: Browser, account: Account):
    await browser.enter(account)
    state = world.api.app.state  # type: ignore[attr-defined]
    whole = state.runtime
    gone = Settings(
        database_url="postgresql+asyncpg://nobody@127.0.0.1:9/none", data_dir=whole.settings.data_dir,
        database_timeout_seconds=0.5,
    )  # fmt: skip
    state.runtime = replace(whole, db=Database(gone))
    try:
        answer = await browser.get()
    finally:
        await state.runtime.db.close()
        state.runtime = whole
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "数据库暂时无法访问" in error_of(answer)
    assert (await browser.get()).status_code == 200


async def test_refusals_and_accidents_of_a_page(world: World, browser: Browser, account: Account):
    """What a later page may raise: denied and audited, the session gone meanwhile, a mistake of ours."""
    app = world.api.app  # type: ignore[attr-defined]
    routes = next(route for route in app.routes if isinstance(route, Mount) and route.path == "/console").routes
    raised = {"denied": ForbiddenError(), "gone": UnauthorisedError(), "broken": RuntimeError("陈小坛 13850000001")}

    async def fail(request: Request) -> Response:
        raise raised[request.url.path.rsplit("/", 1)[1]]

    added = [Route(f"/{name}", fail, name=name) for name in raised]
    routes.extend(added)
    try:
        await browser.enter(account)
        answers = {name: await browser.get(f"/console/{name}") for name in raised}
    finally:
        del routes[-len(added) :]
    assert (answers["denied"].status_code, error_of(answers["denied"])) == (403, "您没有进行此操作的权限")
    denied = AUDIT.act == "denied"
    assert await column(world, AUDIT.subject_id, denied) == "console:denied"
    assert await column(world, AUDIT.actor_id, denied) == UUID((await world.admin()).id)
    signed_out(answers["gone"])
    assert answers["broken"].status_code == 500
    assert error_of(answers["broken"]).startswith("系统出错")
    assert "13850000001" not in answers["broken"].text
    assert answers["broken"].headers["x-request-id"] in answers["broken"].text
