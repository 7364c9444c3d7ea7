"""Sessions: rotating refresh tokens and what their reuse costs, every end of a session, and the list of one's own."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.core.clock import FixedClock
from app.core.settings import Settings
from app.models.identity import AuditEntry, LoginSession, RefreshToken
from app.rules.identity.console import IDLE
from app.rules.identity.sessions import REFRESH_LIFETIME, SESSION_LIFETIME, SessionEnd
from tests.factories.world import V1, Someone, World, ok, refused
from tests.support.api import LOGIN, NOBODY, another_instance, column, count, fault, login, nothing_stored, seen_by
from tests.support.console import open_account
from tests.support.identity import (
    GRACE,
    Phone,
    auditor,
    disable,
    enable,
    entries,
    phone,
    phone_of,
    refresh,
)

SESSION: Any = LoginSession.__table__.c  # type: ignore[attr-defined]
AUDIT: Any = AuditEntry.__table__.c  # type: ignore[attr-defined]
SECOND = timedelta(seconds=1)


async def session_id(held: Phone) -> str:
    return next(str(row["id"]) for row in ok(await held.someone.get("/me/sessions")) if row["current"])


async def dead(held: Phone) -> None:
    """Neither of its tokens is good for anything, and the attempt leaves nothing behind."""
    world = held.someone.world
    async with nothing_stored(world):
        refused(await held.refresh(), 401, "token_invalid")
        refused(await held.someone.get("/me"), 401, "token_invalid")


async def test_a_refresh_brings_a_new_pair_and_the_old_token_lives_out_its_time(world: World, clock: FixedClock):
    first = await phone(world)
    assert first.answer["refresh_expires_in"] == REFRESH_LIFETIME.total_seconds()
    clock.advance(timedelta(hours=1))
    second = await first.renewed()
    assert set(second.answer) == {"access_token", "expires_in", "refresh_token", "refresh_expires_in"}
    assert (second.answer["expires_in"], second.answer["refresh_expires_in"]) == (7200, 30 * 86400)
    assert second.someone.token != first.someone.token
    assert second.refresh_token != first.refresh_token
    for held in (first, second):
        assert ok(await held.someone.get("/me"))["person"]["id"] == first.someone.id
    clock.advance(timedelta(hours=1))
    refused(await first.someone.get("/me"), 401, "token_invalid")
    ok(await second.someone.get("/me"))
    assert await count(world, LoginSession.__table__) == 1
    async with world.runtime.db.connection() as connection:
        kept = str([(await connection.execute(m.__table__.select())).all() for m in (LoginSession, RefreshToken)])
    for secret in (first.refresh_token, second.refresh_token, first.someone.token, second.someone.token):
        assert secret not in kept


async def test_an_answer_that_was_cut_off_is_given_again(world: World, clock: FixedClock):
    first = await phone(world)
    second = await first.renewed()
    clock.advance(GRACE)
    async with nothing_stored(world):
        again = [await first.renewed() for _ in range(2)]
    assert {held.refresh_token for held in again} == {second.refresh_token}
    # The repeated answer is whole: its access token works as well.
    ok(await again[0].someone.get("/me"))
    third = await second.renewed()
    ok(await third.someone.get("/me"))
    assert await column(world, SESSION.revoked_at) is None


async def test_many_at_once_get_one_successor(world: World):
    first = await phone(world)
    answers = [ok(answer) for answer in await asyncio.gather(*(first.refresh() for _ in range(16)))]
    successors = {answer["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert await count(world, RefreshToken.__table__) == 2
    ok(await refresh(world, successors.pop()))


async def late(held: Phone) -> None:
    held.someone.world.clock.advance(GRACE + SECOND)


async def overtaken(held: Phone) -> None:
    """Whoever holds the successor has used it: the answer had not been cut off."""
    await (await held.renewed()).renewed()


@pytest.mark.parametrize("happens", [late, overtaken])
async def test_a_token_used_again_ends_its_family_and_is_audited_though_the_call_is_refused(
    world: World, happens: Callable[[Phone], Awaitable[None]]
):
    reader = await auditor(world)
    first, other = await phone(world), await phone(world)
    id_of_first = await session_id(first)
    second = await first.renewed()
    await happens(first)
    refused(await first.refresh(), 401, "token_invalid")
    why = await column(world, SESSION.revoked_because, SESSION.id == UUID(id_of_first))
    assert why is SessionEnd.REUSED
    for held in (first, second):
        await dead(held)
    # Another login of the same person is none of the thief's business.
    ok(await other.someone.get("/me"))
    await other.renewed()
    (entry,) = await entries(reader, act="refresh_reused")
    assert (entry["actor_id"], entry["subject_kind"], entry["subject_id"]) == (first.someone.id, "session", id_of_first)


async def test_an_old_token_is_remembered_however_often_its_family_has_moved_on(world: World, clock: FixedClock):
    first = await phone(world)
    held = first
    for _ in range(3):
        clock.advance(timedelta(minutes=1))
        held = await held.renewed()
    refused(await first.refresh(), 401, "token_invalid")
    await dead(held)


async def leave(held: Phone) -> None:
    ok(await held.someone.post("/auth/logout"))


async def leave_everywhere(held: Phone) -> None:
    other = await phone(held.someone.world, held.someone.name, "linggong")
    ok(await other.someone.post("/auth/logout-everywhere"))
    await dead(other)


async def ended_from_another_phone(held: Phone) -> None:
    other = await phone(held.someone.world, held.someone.name)
    assert (await other.someone.post(f"/me/sessions/{await session_id(held)}/end")).status_code == 204
    ok(await other.someone.get("/me"))


async def disabled(held: Phone) -> None:
    ok(await disable(await held.someone.world.admin(), held.someone))


async def disabled_and_enabled(held: Phone) -> None:
    """The account comes back, its old logins do not."""
    await disabled(held)
    ok(await enable(await held.someone.world.admin(), held.someone))
    assert (await held.someone.world.person(held.someone.name)).id == held.someone.id


async def deleted(held: Phone) -> None:
    ok(await held.someone.post("/me/deletion", {"confirm": "注销"}))


async def slept_for_thirty_days(held: Phone) -> None:
    held.someone.world.clock.advance(REFRESH_LIFETIME)


ENDS = [
    leave,
    leave_everywhere,
    ended_from_another_phone,
    disabled,
    disabled_and_enabled,
    deleted,
    slept_for_thirty_days,
]


@pytest.mark.parametrize("end", ENDS)
async def test_after_its_end_a_session_has_no_way_back(world: World, end: Callable[[Phone], Awaitable[None]]):
    first = await phone(world)
    second = await first.renewed()
    second.someone.id = first.someone.id
    await end(second)
    # The old token within its grace as little as the present one.
    for held in (first, second):
        await dead(held)


async def test_a_deleted_person_who_comes_back_is_somebody_new(world: World):
    gone = await phone(world)
    await deleted(gone)
    back = await phone(world)
    assert (back.answer["is_new"], back.answer["person_id"] != gone.someone.id) == (True, True)


async def test_what_was_never_a_refresh_token(world: World):
    held = await phone(world)
    async with nothing_stored(world):
        refused(await refresh(world, "3q2-7wEXAMPLEexampleEXAMPLEexampleEXAMPLEexam"), 401, "token_invalid")
        refused(await refresh(world, held.refresh_token[:-1]), 401, "token_invalid")
        refused(await refresh(world, held.refresh_token.swapcase()), 401, "token_invalid")
        # The other kind of token is not even of the shape.
        refused(await refresh(world, held.someone.token), 422, "invalid_fields", "refresh_token")
        refused(await refresh(world, ""), 422, "invalid_fields", "refresh_token")
        refused(await world.api.post(f"{V1}/auth/refresh", json={}), 422, "invalid_fields", "refresh_token")
    await held.renewed()


async def test_a_stale_token_in_the_header_stands_in_nobodys_way(world: World, clock: FixedClock):
    held = await phone(world)
    clock.advance(timedelta(hours=3))
    refused(await held.someone.get("/me"), 401, "token_invalid")
    ok(await held.someone.post("/auth/refresh", {"refresh_token": held.refresh_token}))
    code = world.sandbox.login_code("zhipin", "林小梅")
    ok(await held.someone.post("/auth/wechat/login", {"app": "zhipin", "code": code}))
    # A bad code is a bad code, with or without a dead token beside it.
    again = await held.someone.post("/auth/wechat/login", {"app": "zhipin", "code": "0a3bXc000neverissued"})
    refused(again, 422, "login_code_invalid", "code")


async def test_a_refresh_needs_no_wechat(world: World):
    held = await phone(world)
    fault(world, LOGIN, "reset", times=5)
    ok(await (await held.renewed()).someone.get("/me"))


async def test_no_refresh_moves_the_absolute_end(world: World, clock: FixedClock):
    held, opened = await phone(world), clock.now()
    clock.advance(REFRESH_LIFETIME - SECOND)
    while clock.now() - opened < SESSION_LIFETIME - REFRESH_LIFETIME:
        held = await held.renewed()
        clock.advance(timedelta(days=29))
    held = await held.renewed()
    left = SESSION_LIFETIME - (clock.now() - opened)
    assert held.answer["refresh_expires_in"] == left.total_seconds() < REFRESH_LIFETIME.total_seconds()
    clock.advance(left - SECOND)
    held = await held.renewed()
    assert held.answer["refresh_expires_in"] == 1
    ok(await held.someone.get("/me"))
    clock.advance(SECOND)
    # Not the access token either, which says of itself that it lives for two hours.
    await dead(held)


async def console_phone(world: World, person: Someone) -> Phone:
    account = await open_account(world, person)
    form = {"username": account.username, "password": account.password, "totp": account.totp.at(world.clock.now())}
    answer = ok(await world.api.post(f"{V1}/auth/console/sign-in", json=form))
    return phone_of(world, person.name, "console", answer)


async def test_a_console_session_ends_by_idling_and_no_refresh_wakes_it(world: World, clock: FixedClock):
    held = await console_phone(world, await world.admin())
    clock.advance(IDLE - SECOND)
    held = await held.renewed()
    ok(await held.someone.get("/me"))
    clock.advance(IDLE - SECOND)
    # A refresh by itself is no sign of life.
    held = await held.renewed()
    clock.advance(SECOND)
    await dead(held)


async def test_leaving_here_leaves_the_others_and_leaving_everywhere_none(world: World):
    admin = await world.admin()
    here, there = await phone(world, admin.name), await phone(world, admin.name, "linggong")
    console = await console_phone(world, admin)
    listed = ok(await here.someone.get("/me/sessions"))
    assert [row["app"] for row in listed] == ["console", "linggong", "zhipin", "zhipin"]
    assert [row["app"] for row in listed if row["current"]] == ["zhipin"]
    assert {row["app_label"] for row in listed} == {"网页工作台", "零工配产", "宝盖职聘"}
    await leave(here)
    await dead(here)
    for held in (there, console):
        ok(await held.someone.get("/me"))
    stranger = await phone(world, "乙")
    ok(await there.someone.post("/auth/logout-everywhere"))
    for held in (there, console):
        await dead(held)
    refused(await admin.get("/me"), 401, "token_invalid")
    ok(await stranger.someone.get("/me"))
    reasons = {SessionEnd.LOGOUT: 1, SessionEnd.EVERYWHERE: 3}
    for why, number in reasons.items():
        assert await count(world, LoginSession.__table__, SESSION.revoked_because == why) == number
    for act in ("logout", "logout_everywhere"):
        assert await count(world, AuditEntry.__table__, AUDIT.act == act) == 1


async def test_one_of_ones_own_sessions_is_ended_and_nobody_elses(world: World, settings: Settings, clock: FixedClock):
    mine, lost, stranger = await phone(world), await phone(world), await phone(world, "乙")
    ids = {name: await session_id(held) for name, held in (("lost", lost), ("stranger", stranger))}
    async with another_instance(world, settings, clock) as other:
        ok(await seen_by(other, lost.someone).get("/me"))
        async with nothing_stored(world):
            for wrong in (ids["stranger"], NOBODY):
                refused(await mine.someone.post(f"/me/sessions/{wrong}/end"), 404, "session_not_found")
            refused(await mine.someone.post("/me/sessions/1/end"), 422, "invalid_fields", "path.session_id")
            refused(await world.anonymous.post(f"/me/sessions/{ids['lost']}/end"), 401, "token_invalid")
        assert (await mine.someone.post(f"/me/sessions/{ids['lost']}/end")).status_code == 204
        refused(await seen_by(other, lost.someone).get("/me"), 401, "token_invalid")
    await dead(lost)
    refused(await mine.someone.post(f"/me/sessions/{ids['lost']}/end"), 404, "session_not_found")
    assert [row["current"] for row in ok(await mine.someone.get("/me/sessions"))] == [True]
    ok(await stranger.someone.get("/me"))
    # One's own present one as well: the same as leaving.
    assert (await mine.someone.post(f"/me/sessions/{await session_id(mine)}/end")).status_code == 204
    await dead(mine)
    assert await count(world, AuditEntry.__table__, AUDIT.act == "session_ended") == 2


async def test_a_disabled_account_hears_so_at_login_and_nowhere_else(world: World):
    admin, held = await world.admin(), await phone(world, app="linggong")
    answer = ok(await disable(admin, held.someone))
    assert (answer["state"], answer["state_label"]) == ("disabled", "已停用")
    await dead(held)
    sessions = await count(world, LoginSession.__table__)
    for app in ("zhipin", "linggong"):
        code = world.sandbox.login_code(app, "林小梅")
        body = refused(await login(world, app, code), 403, "account_disabled")
        assert "党群服务中心" in body["message"]
        # The same code again: refused once more, and not as a dead token.
        assert (await login(world, app, code)).status_code in {403, 409, 422}
    assert await count(world, LoginSession.__table__) == sessions
    async with nothing_stored(world):
        refused(
            await admin.post(f"/people/{admin.id}/disable", {"reason": "试", "expected_version": 1}),
            422,
            "invalid_fields",
        )
    ok(await enable(admin, held.someone))
    assert (await phone(world)).answer["person_id"] == held.someone.id
