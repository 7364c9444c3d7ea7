"""Signing in to the console: refusals, lock-out, cookies, forms from elsewhere, and everything that ends a session."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from app.core.ids import new_id
from app.core.rates import RateKind
from app.core.security import TokenClaims, Tokens
from app.core.settings import Settings
from app.core.tables import RateBucket
from app.models.identity import AuditEntry, LoginSession, Person
from app.rules.identity.console import ABSOLUTE, IDLE, LOCK
from app.rules.identity.roles import Role
from app.rules.identity.sessions import SessionEnd
from demo.steps import ADMIN
from tests.factories.world import V1, Someone, World, ok, refused
from tests.support.api import column, count
from tests.support.console import (
    SIGN_IN,
    STEP,
    Account,
    Browser,
    cookies_of,
    error_of,
    mark_of,
    open_account,
    signed_out,
    staff,
)

SESSION: Any = LoginSession.__table__.c  # type: ignore[attr-defined]
PERSON: Any = Person.__table__.c  # type: ignore[attr-defined]
AUDIT: Any = AuditEntry.__table__.c  # type: ignore[attr-defined]
WRONG = "用户名、密码或动态码不正确"
ENDED = "登录已超时或已在别处退出，请重新登录"


async def told_why(browser: Browser) -> str:
    """What the sign-in page says of the session that was; said once."""
    page = await browser.get(SIGN_IN)
    assert page.status_code == 200
    said = error_of(page)
    assert "Max-Age=0" in cookies_of(page)["sanqu_console"]
    assert 'id="error"' not in (await browser.get(SIGN_IN)).text
    return said


async def test_signing_in_leads_to_the_first_page(world: World, browser: Browser, account: Account):
    assert (await browser.get("/console")).headers["location"] == "/console/"
    signed_out(await browser.get())
    page = await browser.enter(account)
    assert ADMIN in page.text
    assert "系统管理员（全镇）" in page.text
    assert "本次登录" in page.text
    assert (await browser.get(SIGN_IN)).headers["location"] == "/console/"
    assert await count(world, LoginSession.__table__, SESSION.app == "console") == 1


async def test_the_name_may_be_typed_loosely_and_the_code_as_phones_show_it(
    world: World, browser: Browser, account: Account
):
    code = account.totp.at(world.clock.now())
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    answer = await browser.sign_in(account, username=" Cai.Leiting ", totp=f"{wide[:3]} {wide[3:]}")
    assert answer.status_code == 303


async def test_a_wrong_name_password_or_code_is_one_answer(browser: Browser, account: Account):
    other = "别的一句很长的话 2026"
    for wrong in ({"password": other}, {"totp": "000000"}, {"username": "nobody.here"}):
        answer = await browser.sign_in(account, **wrong)
        assert (answer.status_code, error_of(answer)) == (422, WRONG)
        assert "sanqu_console" not in cookies_of(answer)
        for secret in (account.password, other, "000000"):
            assert secret not in answer.text
    signed_out(await browser.get())


async def test_what_is_not_filled_in_is_said_so(browser: Browser, account: Account):
    for missing in ({"username": ""}, {"username": "甲\0乙"}, {"password": ""}, {"totp": "12345"}, {"totp": "abcdef"}):
        answer = await browser.sign_in(account, **missing)
        assert (answer.status_code, error_of(answer)) == (422, "请填写用户名、密码和6位数字的动态码")
        assert account.password not in answer.text


async def test_a_name_is_kept_and_never_becomes_markup(browser: Browser, account: Account):
    answer = await browser.sign_in(account, username='"><script>alert(1)</script>', password="<b>别的一句很长的话</b>")
    assert answer.status_code == 422
    assert 'value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in answer.text
    assert "<script>" not in answer.text
    assert "别的一句" not in answer.text


async def test_a_code_works_once(world: World, browser: Browser, account: Account):
    code = account.totp.at(world.clock.now())
    async with Browser(world) as other:
        await other.enter(account)
    answer = await browser.sign_in(account, totp=code)
    assert (answer.status_code, error_of(answer)) == (422, WRONG)


async def test_one_code_in_many_hands_at_once_opens_one_session(world: World, account: Account):
    browsers = [Browser(world) for _ in range(5)]
    answers = await asyncio.gather(*(browser.sign_in(account) for browser in browsers))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422, 422]
    for browser in browsers:
        await browser.http.aclose()


async def test_strangers_who_guess_do_not_lock_the_owner_out(world: World, browser: Browser, account: Account):
    await browser.enter(account)
    async with Browser(world) as stranger:
        for _ in range(5):
            assert (await stranger.sign_in(account, totp="000000")).status_code == 422
        locked = await stranger.sign_in(account, totp="000000")
        assert locked.status_code == 429
        assert "15 分钟后再试" in error_of(locked)
        assert 0 < int(locked.headers["retry-after"]) <= LOCK.total_seconds() + 1
        assert account.username in locked.text
        world.clock.advance(STEP)
        assert (await stranger.sign_in(account)).status_code == 429
        # The browser that has signed in before is counted apart.
        del browser.http.cookies["sanqu_console"]
        await browser.enter(account)
        world.clock.advance(LOCK)
        await stranger.enter(account)


async def test_an_address_that_tries_too_often_waits(
    world: World, browser: Browser, account: Account, settings: Settings
):
    now = world.clock.now()
    mark = await browser.mark()
    for _ in range(100):
        await world.runtime.rates.take(RateKind.SIGN_IN, world.runtime.address_key("203.0.113.7"), now)
    answer = await browser.post(SIGN_IN, mark, username=account.username, password="x", totp="123456")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "操作太频繁" in error_of(answer)
    async with Browser(world, address="203.0.113.8") as other:
        await other.enter(account)


async def test_the_json_route_and_the_page_share_one_allowance(world: World, account: Account):
    async with Browser(world) as browser:
        before = await count(world, RateBucket.__table__)
        await browser.sign_in(account, totp="000000")
        form = {"username": account.username, "password": "x", "totp": "000000"}
        answer = await browser.http.post(f"{V1}/auth/console/sign-in", json=form)
        refused(answer, 422, "sign_in_refused")
        assert await count(world, RateBucket.__table__) == before + 1


async def test_who_holds_no_office_is_told_so(world: World, browser: Browser):
    admin, person = await world.admin(), await world.person()
    await world.appoint(person, Role.MEDIATOR)
    account = await open_account(world, person, "wu.zhi")
    await end_offices(world, admin, person)
    answer = await browser.sign_in(account)
    assert (answer.status_code, error_of(answer)) == (403, "网页工作台只对有任职的镇、村工作人员开放")
    signed_out(await browser.get())


async def end_offices(world: World, admin: Someone, person: Someone) -> None:
    for row in ok(await admin.get("/appointments", limit=100))["items"]:
        if row["person_id"] == person.id:
            ok(await admin.post(f"/appointments/{row['id']}/end", {"expected_version": row["version"]}))


async def test_an_ended_appointment_closes_the_console_on_the_next_page(world: World, browser: Browser):
    person, account = await staff(world)
    await browser.enter(account)
    await end_offices(world, await world.admin(), person)
    signed_out(await browser.get())
    assert await told_why(browser) == "网页工作台只对有任职的镇、村工作人员开放"


async def test_leaving_everywhere_ends_the_page_too(world: World, browser: Browser):
    person, account = await staff(world)
    await browser.enter(account)
    ok(await person.post("/auth/logout-everywhere"))
    signed_out(await browser.get())
    assert await told_why(browser) == ENDED


async def test_a_disabled_person_is_out(world: World, browser: Browser):
    person, account = await staff(world)
    await browser.enter(account)
    async with world.runtime.db.unit_of_work() as session:
        await session.exec(update(Person).where(PERSON.id == UUID(person.id)).values(state="disabled"))
    signed_out(await browser.get())
    assert await told_why(browser) == ENDED


async def test_half_an_hour_without_a_page_ends_the_session(world: World, browser: Browser, account: Account):
    await browser.enter(account)
    for _ in range(4):
        world.clock.advance(IDLE - timedelta(seconds=1))
        assert (await browser.get()).status_code == 200
    world.clock.advance(IDLE)
    signed_out(await browser.get())
    assert await told_why(browser) == ENDED
    # Over, so it is no longer among the open ones.
    again = await world.person((await world.admin()).name)
    assert {row["app"] for row in ok(await again.get("/me/sessions"))} == {"zhipin"}


async def test_a_session_ends_after_half_a_day_however_busy(world: World, browser: Browser, account: Account):
    await browser.enter(account)
    started = world.clock.now()
    while world.clock.now() - started < ABSOLUTE - timedelta(minutes=20):
        world.clock.advance(timedelta(minutes=20))
        assert (await browser.get()).status_code == 200
    world.clock.advance(timedelta(minutes=20))
    signed_out(await browser.get())
    assert await told_why(browser) == ENDED


async def test_cookies_travel_here_only(world: World, browser: Browser, account: Account):
    first = await browser.get(SIGN_IN)
    answer = await browser.sign_in(account)
    lines = cookies_of(first) | cookies_of(answer)
    shell = {"starlette_admin_csrftoken", "starlette_admin_flash"}
    assert set(lines) == shell | {"sanqu_console", "sanqu_console_device"}
    for line in lines.values():
        flags = {part.strip().lower() for part in line.split(";")[1:]}
        assert {"httponly", "samesite=strict", "path=/console"} <= flags, line
        assert "secure" not in flags
        assert not any(flag.startswith("domain") for flag in flags)
    assert "Max-Age" not in lines["sanqu_console"]
    assert f"Max-Age={90 * 86400}" in lines["sanqu_console_device"]
    async with Browser(world, scheme="https") as safe:
        world.clock.advance(STEP)
        for line in [*cookies_of(await safe.get(SIGN_IN)).values(), *cookies_of(await safe.sign_in(account)).values()]:
            assert "Secure" in line
        assert (await safe.get()).status_code == 200
    # Behind a balancer that ends TLS a request may look like plain HTTP.
    state = world.api.app.state  # type: ignore[attr-defined]
    state.runtime = replace(state.runtime, settings=state.runtime.settings.model_copy(update={"profile": "production"}))
    async with Browser(world) as behind:
        assert all("Secure" in line for line in cookies_of(await behind.get(SIGN_IN)).values())


async def test_the_cookie_is_no_token_and_a_token_is_no_cookie(world: World, browser: Browser, account: Account):
    await browser.enter(account)
    cookie = browser.http.cookies["sanqu_console"]
    refused(await Someone(world, "", "", cookie, "").get("/me"), 401, "token_invalid")
    world.clock.advance(STEP)
    form = {"username": account.username, "password": account.password, "totp": account.totp.at(world.clock.now())}
    token = ok(await world.api.post(f"{V1}/auth/console/sign-in", json=form))["access_token"]
    for foreign in (token, (await world.admin()).token):
        async with Browser(world) as other:
            other.http.cookies.set("sanqu_console", foreign, domain="console.test", path="/console")
            signed_out(await other.get())


async def test_a_changed_cookie_is_nobody(world: World, browser: Browser, account: Account):
    await browser.enter(account)
    good = browser.http.cookies["sanqu_console"]
    head, body, signature = good.split(".")
    claims = world.runtime.tokens.read(good, world.clock.now())
    foreign = Tokens(Settings(data_dir=world.runtime.settings.data_dir / "other").token_ring, ABSOLUTE)
    changed = [
        f"{head}.{body}.{signature[::-1]}", f"{head}.{body}.", f"{head}.{body[:-2]}AA.{signature}", "x", "a.b.c", good[:-9],
        foreign.issue(claims, world.clock.now()),
        # Signed with our key, for a session of somebody else.
        Tokens(world.runtime.settings.token_ring, ABSOLUTE).issue(replace(claims, person_id=new_id()), world.clock.now()),
        Tokens(world.runtime.settings.token_ring, ABSOLUTE).issue(TokenClaims("console_page", claims.person_id, new_id()), world.clock.now()),
    ]  # fmt: skip
    for value in changed:
        async with Browser(world) as other:
            other.http.cookies.set("sanqu_console", value, domain="console.test", path="/console")
            signed_out(await other.get())
            assert await told_why(other) == ENDED
    assert (await browser.get()).status_code == 200


async def test_signing_out_ends_the_row(world: World, browser: Browser, account: Account):
    page = await browser.enter(account)
    cookie = browser.http.cookies["sanqu_console"]
    answer = await browser.post("/console/sign-out", mark_of(page))
    signed_out(answer)
    assert "Max-Age=0" in cookies_of(answer)["sanqu_console"]
    assert "sanqu_console" not in browser.http.cookies
    assert "您已退出登录" in (await browser.get(SIGN_IN)).text
    assert await column(world, SESSION.revoked_because, SESSION.app == "console") is SessionEnd.LOGOUT
    assert await count(world, AuditEntry.__table__, AUDIT.act == "logout") == 1  # type: ignore[attr-defined]
    browser.http.cookies.set("sanqu_console", cookie, domain="console.test", path="/console")
    signed_out(await browser.get())
    assert (await browser.get("/console/sign-out")).status_code == 303


async def test_a_form_without_its_own_mark_changes_nothing(world: World, browser: Browser, account: Account):
    page = await browser.enter(account)
    good = mark_of(page)
    async with Browser(world) as attacker:
        foreign = await attacker.mark()
    for path in ("/console/sign-out", "/console/sessions/end-all", SIGN_IN):
        for mark in (None, "forged", foreign, good[:-3] + "abc"):
            answer = await browser.post(path, mark)
            assert (answer.status_code, error_of(answer)) == (
                403,
                "这个页面已过期，没有做任何改动，请返回刷新页面后再试",
            )
        assert (await browser.http.post(path, json={"csrftoken": good})).status_code == 403
        neighbour = {"Sec-Fetch-Site": "same-site"}
        assert (await browser.http.post(path, data={"csrftoken": good}, headers=neighbour)).status_code == 403
    browser.http.cookies.delete("starlette_admin_csrftoken")
    assert (await browser.post("/console/sign-out", good)).status_code == 403
    assert (await browser.get()).status_code == 200


async def test_the_way_back_stays_inside(browser: Browser, account: Account):
    for after in (
        "//evil.example", "https://evil.example/", "/\\evil.example", "/console/..//evil.example", "/console//evil.example",
        "/console/%2e%2e/docs", "/docs", "javascript:alert(1)", "/console.evil.example/", "/console/\r\nX: 1", "x" * 400, "",
    ):  # fmt: skip
        page = await browser.get(SIGN_IN, params={"next": after})
        assert 'name="next" value="/console/"' in page.text
    answer = await browser.sign_in(account, next="//evil.example")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/")
    assert (await browser.get(SIGN_IN, params={"next": "//evil.example"})).headers["location"] == "/console/"


async def test_the_way_back_leads_to_the_page_that_was_asked_for(browser: Browser, account: Account):
    answer = await browser.get("/console/", params={"page": "2"})
    signed_out(answer, "?next=%2Fconsole%2F%3Fpage%3D2")
    page = await browser.get(answer.headers["location"])
    assert 'name="next" value="/console/?page=2"' in page.text
    answer = await browser.sign_in(account, next="/console/?page=2")
    assert answer.headers["location"] == "/console/?page=2"
