"""Login through WeChat's sandbox: codes, outages, one person in two mini-programs, and what a token is worth."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import jwt
import pytest
from sqlalchemy import update

from app.core.clock import FixedClock
from app.core.ids import new_id
from app.core.security import TokenClaims, digest
from app.core.settings import Settings
from app.models.common import Task
from app.models.identity import LoginCode, LoginSession, Person, WechatIdentity
from app.rules.common.tasks import TaskKind
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import LOGIN, another_instance, column, count, fault, login, nothing_stored, seen_by, until

TABLES: Any = {model: model.__table__.c for model in (LoginCode, LoginSession, Person, WechatIdentity, Task)}
SESSION, PERSON, IDENTITY, TASK = (TABLES[model] for model in (LoginSession, Person, WechatIdentity, Task))


async def test_a_login_makes_a_person_and_the_next_one_finds_them(world: World):
    first = ok(await login(world, "zhipin", world.sandbox.login_code("zhipin", "林小梅")))
    second = ok(await login(world, "zhipin", world.sandbox.login_code("zhipin", "林小梅")))
    assert (first["is_new"], second["is_new"]) == (True, False)
    assert first["person_id"] == second["person_id"]
    assert first["access_token"] != second["access_token"]
    assert first["expires_in"] == 7200
    me = ok(await Someone(world, "林小梅", "zhipin", second["access_token"], second["person_id"]).get("/me"))
    assert (me["person"]["id"], me["app"]) == (first["person_id"], "zhipin")


async def test_the_session_key_and_the_code_are_not_kept(world: World):
    code = world.sandbox.login_code("zhipin", "林小梅")
    ok(await login(world, "zhipin", code))
    async with world.runtime.db.connection() as connection:
        rows = [row for model in TABLES for row in (await connection.execute(model.__table__.select())).all()]
    assert rows
    assert code not in str(rows)


def _unknown(world: World) -> str:
    del world
    return "0a3bXc000neverissued"


def _expired(world: World) -> str:
    code = world.sandbox.login_code("zhipin", "甲")
    world.sandbox.post("/_sbx/clock", advance_seconds=301)
    return code


def _foreign(world: World) -> str:
    return world.sandbox.login_code("linggong", "甲")


def _phone(world: World) -> str:
    return world.sandbox.phone_code("zhipin", "甲", "13850000001")


def _used_elsewhere(world: World) -> str:
    """Spent at WeChat without our ever hearing of it."""
    code = world.sandbox.login_code("zhipin", "甲")
    app = world.runtime.settings.wechat_credentials()["zhipin"]
    query = {"appid": app[0], "secret": app[1], "js_code": code, "grant_type": "authorization_code"}
    answer = httpx.get(world.runtime.settings.wechat_api_base + LOGIN, params=query, trust_env=False)
    assert "openid" in answer.json()
    return code


@pytest.mark.parametrize("make", [_unknown, _expired, _foreign, _phone, _used_elsewhere])
async def test_a_bad_code_is_refused_by_name_and_nothing_is_stored(world: World, make):
    code = make(world)
    async with nothing_stored(world):
        refused(await login(world, "zhipin", code), 422, "login_code_invalid", "code")
        # Again: the refusal has not left the code half claimed.
        refused(await login(world, "zhipin", code), 422, "login_code_invalid", "code")


async def test_a_used_code_is_a_double_tap_at_first_and_then_used(world: World, clock: FixedClock):
    code = world.sandbox.login_code("zhipin", "甲")
    token = ok(await login(world, "zhipin", code))["access_token"]
    async with nothing_stored(world):
        double = await login(world, "zhipin", code)
        assert refused(double, 409, "login_in_progress", "code")["retryable"]
        assert 1 <= int(double.headers["Retry-After"]) <= 60
        clock.advance(timedelta(seconds=31))
        refused(await login(world, "zhipin", code), 422, "login_code_invalid", "code")
    ok(await Someone(world, "甲", "zhipin", token, "").get("/me"))


async def test_a_foreign_code_is_still_good_where_it_belongs(world: World):
    code = _foreign(world)
    refused(await login(world, "zhipin", code), 422, "login_code_invalid", "code")
    ok(await login(world, "linggong", code))


OUTAGES = [
    pytest.param({"kind": "errcode", "errcode": -1, "times": 4}, id="busy"),
    pytest.param({"kind": "errcode", "errcode": 45011}, id="minute quota"),
    pytest.param({"kind": "errcode", "errcode": 40125}, id="our secret is refused"),
    pytest.param({"kind": "errcode", "errcode": 12345}, id="unknown errcode"),
    pytest.param({"kind": "html"}, id="html"),
    pytest.param({"kind": "empty"}, id="empty"),
    pytest.param({"kind": "reset"}, id="reset"),
    pytest.param({"kind": "slow", "seconds": 30}, id="slow"),
]


@pytest.mark.parametrize("outage", OUTAGES)
async def test_wechat_away_is_503_and_the_same_code_works_afterwards(world: World, outage: dict[str, Any]):
    code = world.sandbox.login_code("zhipin", "甲")
    fault(world, LOGIN, **outage)
    async with nothing_stored(world):
        answer = await login(world, "zhipin", code)
        assert refused(answer, 503, "wechat_unavailable")["retryable"]
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert ok(await login(world, "zhipin", code))["is_new"]


async def test_a_short_busy_moment_is_not_shown_to_the_person(world: World):
    fault(world, LOGIN, "errcode", errcode=-1, times=2)
    ok(await login(world, "zhipin", world.sandbox.login_code("zhipin", "甲")))


async def test_an_answer_lost_on_the_way_spends_the_code(world: World):
    code = world.sandbox.login_code("zhipin", "甲")
    fault(world, LOGIN, "reset", applied=True)
    async with nothing_stored(world):
        refused(await login(world, "zhipin", code), 503, "wechat_unavailable")
        refused(await login(world, "zhipin", code), 422, "login_code_invalid", "code")


async def test_other_writers_go_on_while_wechat_is_slow(world: World, settings: Settings, clock: FixedClock):
    writer = await world.person()
    patient = settings.model_copy(update={"wechat_timeout_seconds": 5.0})
    fault(world, LOGIN, "slow", seconds=30)
    finished = []
    async with another_instance(world, patient, clock) as slow:

        async def log_in() -> httpx.Response:
            answer = await login(slow, "zhipin", world.sandbox.login_code("zhipin", "乙"))
            finished.append("login")
            return answer

        waiting = asyncio.create_task(log_in())

        async def asking() -> bool:
            return await count(world, LoginCode.__table__, TABLES[LoginCode].used.is_(False)) == 1

        await until(asking)
        ok(await writer.put("/me/profile", {"name": "林小梅", "birth_date": "1990-05-01", "expected_version": 1}))
        ok(await seen_by(slow, writer).call("DELETE", "/me/consents/service"))
        finished.append("write")
        refused(await waiting, 503, "wechat_unavailable")
    assert finished == ["write", "login"]


async def test_one_code_sent_64_times_at_once_makes_one_session(world: World):
    code = world.sandbox.login_code("zhipin", "甲")
    answers = await asyncio.gather(*(login(world, "zhipin", code) for _ in range(64)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409, 422}
    assert await count(world, LoginSession.__table__) == 1
    assert await count(world, Person.__table__) == 1
    token = next(answer.json()["access_token"] for answer in answers if answer.is_success)
    ok(await Someone(world, "甲", "zhipin", token, "").get("/me"))


async def test_one_code_at_two_instances_at_once_makes_one_session(world: World, settings: Settings, clock: FixedClock):
    code = world.sandbox.login_code("zhipin", "甲")
    async with another_instance(world, settings, clock) as other:
        answers = await asyncio.gather(*(login(place, "zhipin", code) for place in [world, other] * 4))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409, 422}
    assert await count(world, LoginSession.__table__) == 1


async def test_a_code_abandoned_by_a_dead_process_is_free_again(world: World, clock: FixedClock):
    code = world.sandbox.login_code("zhipin", "甲")
    ok(await login(world, "zhipin", code))
    other = world.sandbox.login_code("zhipin", "乙")
    # As a process leaves it that died between claiming the code and the answer of WeChat.
    async with world.runtime.db.unit_of_work() as session:
        dead = LoginCode(code_hash=digest(f"zhipin:{other}"), app="zhipin", claimed_at=clock.now(), used=False)
        session.add(dead)
    refused(await login(world, "zhipin", other), 409, "login_in_progress", "code")
    clock.advance(timedelta(seconds=16))
    ok(await login(world, "zhipin", other))


async def test_one_unionid_in_both_apps_is_one_person(world: World):
    first = await world.person("林小梅", "zhipin")
    second = await world.person("林小梅", "linggong")
    assert first.id == second.id
    assert await count(world, Person.__table__) == 1
    assert await count(world, WechatIdentity.__table__) == 2
    assert [ok(await someone.get("/me"))["app"] for someone in (first, second)] == ["zhipin", "linggong"]


async def test_a_newcomer_in_both_apps_at_once_is_one_person(world: World):
    codes = {app: world.sandbox.login_code(app, "林小梅") for app in ("zhipin", "linggong")}
    answers = await asyncio.gather(*(login(world, app, code) for app, code in codes.items()))
    assert len({ok(answer)["person_id"] for answer in answers}) == 1
    assert await count(world, Person.__table__) == 1


async def test_a_newcomer_twice_in_one_app_at_once_is_one_person(world: World):
    codes = [world.sandbox.login_code("zhipin", "林小梅") for _ in range(8)]
    answers = await asyncio.gather(*(login(world, "zhipin", code) for code in codes))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.json()["person_id"] for answer in answers if answer.is_success}) == 1
    assert await count(world, Person.__table__) == 1
    assert await count(world, WechatIdentity.__table__) == 1
    assert {(await world.person("林小梅")).id} == {a.json()["person_id"] for a in answers if a.is_success}


async def test_without_unionid_two_apps_are_two_people(world: World):
    world.sandbox.post("/_sbx/persons", person="林小梅", no_unionid=True)
    first, second = await world.person("林小梅", "zhipin"), await world.person("林小梅", "linggong")
    assert first.id != second.id
    assert (await world.person("林小梅", "zhipin")).id == first.id


async def test_a_unionid_that_comes_later_is_filled_in(world: World):
    world.sandbox.post("/_sbx/apps", app="zhipin", bound=False)
    first = await world.person("林小梅", "zhipin")
    assert await column(world, PERSON.unionid, PERSON.id == UUID(first.id)) is None
    world.sandbox.post("/_sbx/apps", app="zhipin", bound=True)
    assert (await world.person("林小梅", "zhipin")).id == first.id
    assert await column(world, PERSON.unionid, PERSON.id == UUID(first.id)) is not None
    assert (await world.person("林小梅", "linggong")).id == first.id
    assert await count(world, Task.__table__, TASK.kind == TaskKind.PERSON_MERGE) == 0


async def test_a_unionid_of_another_person_is_a_task_and_never_an_overwrite(world: World):
    admin = await world.admin()
    world.sandbox.post("/_sbx/apps", app="zhipin", bound=False)
    first = await world.person("林小梅", "zhipin")
    second = await world.person("林小梅", "linggong")
    held = await column(world, PERSON.unionid, PERSON.id == UUID(second.id))
    world.sandbox.post("/_sbx/apps", app="zhipin", bound=True)
    for _ in range(2):
        assert (await world.person("林小梅", "zhipin")).id == first.id
    assert await column(world, PERSON.unionid, PERSON.id == UUID(first.id)) is None
    assert await column(world, PERSON.unionid, PERSON.id == UUID(second.id)) == held
    tasks = [task for task in ok(await admin.get("/tasks", limit=100))["items"] if task["kind"] == "person_merge"]
    assert [task["subject_id"] for task in tasks] == [first.id]


async def test_a_blocked_user_is_told_where_to_go(world: World):
    world.sandbox.post("/_sbx/persons", person="甲", blocked=True)
    async with nothing_stored(world):
        body = refused(await login(world, "zhipin", world.sandbox.login_code("zhipin", "甲")), 403, "login_blocked")
    assert "党群服务中心" in body["message"]


async def test_logout_kills_this_token_everywhere_and_no_other(world: World, settings: Settings, clock: FixedClock):
    first = await world.person("甲")
    second = await world.person("甲")
    async with another_instance(world, settings, clock) as other:
        ok(await seen_by(other, first).get("/me"))
        assert (await first.post("/auth/logout")).status_code == 204
        refused(await first.get("/me"), 401, "token_invalid")
        refused(await seen_by(other, first).get("/me"), 401, "token_invalid")
        refused(await first.post("/auth/logout"), 401, "token_invalid")
        ok(await seen_by(other, second).get("/me"))


async def test_logout_needs_a_token(world: World):
    refused(await world.anonymous.post("/auth/logout"), 401, "token_invalid")


async def test_a_token_dies_with_its_time(world: World, clock: FixedClock):
    person = await world.person()
    clock.advance(timedelta(minutes=119, seconds=58))
    ok(await person.get("/me"))
    clock.advance(timedelta(seconds=3))
    refused(await person.get("/me"), 401, "token_invalid")


async def test_a_session_revoked_in_the_database_is_dead(world: World, clock: FixedClock):
    person = await world.person()
    async with world.runtime.db.unit_of_work() as session:
        await session.exec(update(LoginSession).values(revoked_at=clock.now()))
    refused(await person.get("/me"), 401, "token_invalid")


async def test_a_token_must_fit_app_person_session_and_key(world: World, clock: FixedClock):
    mine, other = await world.person("甲"), await world.person("乙")
    claims = world.runtime.tokens.read(mine.token, clock.now())
    theirs = world.runtime.tokens.read(other.token, clock.now())
    issue = world.runtime.tokens.issue
    payload = jwt.decode(mine.token, options={"verify_signature": False})
    kid = jwt.get_unverified_header(mine.token)["kid"]
    bad = {
        "the other mini-program": issue(TokenClaims("linggong", claims.person_id, claims.session_id), clock.now()),
        "another's session": issue(TokenClaims("zhipin", claims.person_id, theirs.session_id), clock.now()),
        "an unknown session": issue(TokenClaims("zhipin", claims.person_id, new_id()), clock.now()),
        "issued long ago": issue(claims, clock.now() - timedelta(hours=3)),
        "signed by nobody": jwt.encode(payload, "", "none", headers={"kid": kid}),
        "signed by a stranger": jwt.encode(payload, "x" * 32, "HS256", headers={"kid": kid}),
        "an unknown key": jwt.encode(payload, "x" * 32, "HS256", headers={"kid": "k9"}),
        "without key id": jwt.encode(payload, "x" * 32, "HS256"),
        "altered": mine.token[:-3] + ("aaa" if mine.token[-3:] != "aaa" else "bbb"),
        "not a token": "token",
        "empty": "",
        "not ASCII": "登录".encode().decode("latin-1"),
    }
    ok(await mine.get("/me"))
    for case, token in bad.items():
        answer = await world.api.get("/api/v1/me", headers={"Authorization": f"Bearer {token}".encode("latin-1")})
        assert refused(answer, 401, "token_invalid"), case
    for header in ("", "Basic YTpi", mine.token, f"Token {mine.token}"):
        refused(await world.api.get("/api/v1/me", headers={"Authorization": header}), 401, "token_invalid")
    refused(await world.api.get("/api/v1/me"), 401, "token_invalid")
    lower = await world.api.get("/api/v1/me", headers={"Authorization": f"bearer {mine.token}"})
    assert lower.status_code == 200
