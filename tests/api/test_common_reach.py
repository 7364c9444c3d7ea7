"""How a notice reaches its person: subscription message, SMS, telephone; never at night; codes to share."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.core.clock import CHINA
from app.core.settings import Settings
from app.models.common import Call, Notice, NoticeDelivery
from app.models.identity import WechatIdentity
from app.rules.common.notices import NOTICE_REACH, NoticeKind, quiet_until
from app.rules.identity.roles import Role, ScopeKind
from app.services.common.notices import notify
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY, column, count, fault, nothing_stored
from tests.support.jobs import SEND, set_columns
from tests.support.pushing import arrived, online, reachable, wechat, work

NOTICES: Any = Notice.__table__.c  # type: ignore[attr-defined]
DELIVERIES: Any = NoticeDelivery.__table__.c  # type: ignore[attr-defined]
IDENTITIES: Any = WechatIdentity.__table__.c  # type: ignore[attr-defined]
CALLS: Any = Call.__table__.c  # type: ignore[attr-defined]
SMS = "/sms/send"
PHONE = "13850000001"


@pytest.fixture
def settings(settings: Settings, sandbox_url: str) -> Settings:
    return reachable(
        settings, sms_url=sandbox_url + SMS, sms_secret=type(settings.sms_secret)("sandbox-sms"),
        sms_templates={"application_moved": "SMS_MOVED", "own_code": "SMS_CODE"}, hotline="0595-88000000",
    )  # fmt: skip


async def tell(world: World, person: Someone, kind: NoticeKind = NoticeKind.APPLICATION_MOVED, **data: str) -> UUID:
    async with world.runtime.db.unit_of_work() as session:
        row = await notify(
            session, person_id=UUID(person.id), kind=kind, title="应聘进展", body="平车工：面试。",
            page="pages/application/detail", now=world.clock.now(),
            template_data=data or {"thing1": "平车工", "thing2": "面试"},
        )  # fmt: skip
    notice_id: UUID = row.id
    return notice_id


async def with_phone(world: World) -> Someone:
    person = await world.person()
    code = world.sandbox.phone_code("zhipin", person.name, PHONE)
    ok(await person.post("/me/phone", {"code": code}))
    return person


async def accept(world: World, person: Someone, times: int = 1) -> None:
    for _ in range(times):
        # Two of one second would be one event that is pushed again.
        await wechat(world, "/_sbx/clock", advance_seconds=1)
        form = {"app": "zhipin", "person": person.name, "answers": {"TPL_MOVED": "accept"}}
        await wechat(world, "/_sbx/subscribe", **form)
    await work(world)


async def ways(world: World, notice_id: UUID) -> list[tuple[str, str, str | None]]:
    """Channel, state and failure of each attempt, in order."""
    statement = (
        select(DELIVERIES.channel, DELIVERIES.state, DELIVERIES.failure)
        .where(DELIVERIES.notice_id == notice_id)
        .order_by(DELIVERIES.id)
    )
    async with world.runtime.db.connection() as connection:
        return [(row.channel.value, row.state.value, row.failure) for row in await connection.execute(statement)]


async def is_delivered(world: World, notice_id: UUID) -> bool:
    return await column(world, NOTICES.delivered_at, NOTICES.id == notice_id) is not None


async def left(person: Someone) -> int | None:
    remaining: int | None = ok(await person.get("/me/subscriptions", app="zhipin"))["remaining"].get("TPL_MOVED")
    return remaining


def messages(world: World) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = world.sandbox._http.get("/_sbx/sms").json()["messages"]
    return answer


async def test_a_message_counts_as_arrived_when_wechat_says_so(world: World) -> None:
    person = await with_phone(world)
    async with online(world):
        await accept(world, person, 2)
        assert await left(person) == 2
        notice = await tell(world, person)
        await work(world)
        # Taken, not yet delivered; one accept is spent.
        assert (await left(person), await ways(world, notice)) == (1, [("wechat", "sent", None)])
        await arrived(world, 1, "subscribe_msg_sent_event")
        await work(world)
    assert await ways(world, notice) == [("wechat", "delivered", None)]
    assert await is_delivered(world, notice)
    assert messages(world) == []
    assert await count(world, Call.__table__) == 0  # type: ignore[attr-defined]


async def test_what_wechat_could_not_deliver_goes_by_sms(world: World) -> None:
    person = await with_phone(world)
    async with online(world):
        await accept(world, person)
        await wechat(world, "/_sbx/sent-failures", app="zhipin", error_code="20002")
        notice = await tell(world, person)
        await work(world)
        await arrived(world, 1, "subscribe_msg_sent_event")
        await work(world)
        await work(world)
    assert await ways(world, notice) == [("wechat", "failed", "20002"), ("sms", "delivered", None)]
    (message,) = messages(world)
    assert {key: message[key] for key in ("phone", "template")} == {"phone": PHONE, "template": "SMS_MOVED"}
    # Title and hotline: the body may name what is nobody else's business.
    assert message["params"] == {"title": "应聘进展", "hotline": "0595-88000000"}
    assert await is_delivered(world, notice)


async def test_a_refusal_corrects_the_counter_and_is_not_tried_again(world: World) -> None:
    person = await with_phone(world)
    async with online(world):
        await accept(world, person, 3)
    fault(world, SEND, "errcode", errcode=43101)
    first = await tell(world, person)
    await work(world)
    assert await left(person) == 0
    assert await ways(world, first) == [("wechat", "failed", "43101"), ("sms", "delivered", None)]
    second = await tell(world, person)
    await work(world)
    assert len(world.sandbox.calls(SEND)) == 1
    assert await ways(world, second) == [("sms", "delivered", None)]


async def test_values_that_a_template_does_not_take_are_never_sent(world: World) -> None:
    person = await with_phone(world)
    async with online(world):
        await accept(world, person)
    wrong = {
        "thing1": "平" * 21, "phrase2": "正在处理中了", "character_string3": "编号１", "time4": "25:00",
        "thing5": "第一行\n第二行", "name6": "林小梅2", "number7": "一", "amount8": "12345678901元",
    }  # fmt: skip
    for key, value in wrong.items():
        notice = await tell(world, person, NoticeKind.APPLICATION_MOVED, **({"thing1": "平车工"} | {key: value}))
        await work(world)
        assert await ways(world, notice) == [("wechat", "failed", f"template {key}"), ("sms", "delivered", None)]
    assert world.sandbox.calls(SEND) == []
    # Nothing was sent, so nothing was spent.
    assert await left(person) == 1


async def test_an_sms_gateway_that_is_away_is_asked_again_and_one_that_refuses_is_not(world: World) -> None:
    person = await with_phone(world)
    notice = await tell(world, person)
    fault(world, SMS, "html")
    assert (await work(world)).postponed == 1
    assert await ways(world, notice) == [("wechat", "failed", "43101")]
    world.clock.advance(timedelta(minutes=5))
    assert (await work(world)).delivered == 1
    # WeChat's refusal was final: only the SMS is repeated.
    assert len(world.sandbox.calls(SEND)) == 1
    assert await ways(world, notice) == [("wechat", "failed", "43101"), ("sms", "delivered", None)]
    world.sandbox.post("/_sbx/faults", path=SMS, kind="errcode", errcode=1)
    second = await tell(world, person)
    assert (await work(world)).delivered == 1
    assert await ways(world, second) == [("sms", "failed", "refused")]
    assert await count(world, Call.__table__, CALLS.notice_id == second) == 1  # type: ignore[attr-defined]


async def test_whom_nothing_reaches_is_rung_up_by_their_area(world: World) -> None:
    officer, dispatcher, member, elsewhere = [
        await world.officer(), await world.person(), await world.person(), await world.person(),
    ]  # fmt: skip
    first, second = [row["id"] for row in ok(await world.anonymous.get("/areas"))][:2]
    await world.appoint(member, Role.GRID_MEMBER, ScopeKind.AREA, first)
    await world.appoint(elsewhere, Role.GRID_MEMBER, ScopeKind.AREA, second)
    villager = await world.seeker(ready=False, home_area_id=first)
    notice = await tell(world, villager)
    await work(world)
    (call,) = ok(await member.get("/calls"))["items"]
    assert {key: call[key] for key in ("person_id", "title", "state", "version")} == {
        "person_id": villager.id, "title": "应聘进展", "state": "open", "version": 1,
    }  # fmt: skip
    assert [row["id"] for row in ok(await officer.get("/calls"))["items"]] == [call["id"]]
    assert ok(await elsewhere.get("/calls"))["items"] == []
    path, reached = f"/calls/{call['id']}/close", {"reached": True, "expected_version": 1}
    async with nothing_stored(world):
        refused(await elsewhere.post(path, reached), 404, "call_not_found")
        refused(await member.post(f"/calls/{NOBODY}/close", reached), 404, "call_not_found")
        refused(await dispatcher.post(path, reached), 403, "forbidden")
        refused(await member.post(path, reached | {"expected_version": 2}), 409, "stale", "expected_version")
    ok(await member.post(path, reached))
    assert await is_delivered(world, notice)
    assert (await ways(world, notice))[-1] == ("call", "delivered", None)
    async with nothing_stored(world):
        refused(await officer.post(path, reached | {"expected_version": 2}), 409, "call_done")
    assert ok(await member.get("/calls"))["items"] == []


async def test_a_call_that_reached_nobody_and_one_that_is_spared(world: World) -> None:
    officer, person = await world.officer(), await world.person()
    unreached, read = await tell(world, person), await tell(world, person)
    await work(world)
    calls = {row["title"]: row for row in ok(await officer.get("/calls"))["items"]}
    assert len(ok(await officer.get("/calls"))["items"]) == 2
    assert list(calls) == ["应聘进展"]
    ok(await person.post(f"/me/notices/{read}/read"))
    (waiting,) = ok(await officer.get("/calls"))["items"]
    ok(await officer.post(f"/calls/{waiting['id']}/close", {"reached": False, "expected_version": 1}))
    # Only a delivered offer can lapse: an unanswered telephone delivers nothing.
    assert (await is_delivered(world, unreached), await is_delivered(world, read)) == (False, True)
    spared = await column(world, CALLS.state, CALLS.notice_id == read)
    assert spared.value == "spared"


async def test_nothing_goes_out_at_night_unless_the_person_asked(world: World) -> None:
    person, owl = await with_phone(world), await with_phone(world)
    world.clock.advance(timedelta(hours=11))
    at = world.clock.now().astimezone(CHINA)
    assert at.hour == 21
    person, owl = await world.person(person.name), await world.person(owl.name)
    ok(await owl.put("/me/night-messages", {"wanted": True}))
    quiet, loud, code = (
        await tell(world, person),
        await tell(world, owl),
        await tell(world, person, NoticeKind.OWN_CODE),
    )
    outcome = await work(world)
    assert (outcome.delivered, outcome.postponed) == (2, 1)
    assert await ways(world, quiet) == []
    assert (await ways(world, loud))[-1] == (await ways(world, code))[-1] == ("sms", "delivered", None)
    world.clock.advance(timedelta(hours=10) - timedelta(seconds=1))
    assert (await work(world)).delivered == 0
    world.clock.advance(timedelta(seconds=1))
    assert (await work(world)).delivered == 1
    assert (await ways(world, quiet))[-1] == ("sms", "delivered", None)
    assert len(messages(world)) == 3


@pytest.mark.parametrize(
    ("clock_time", "until"),
    [("20:59", None), ("21:00", "2026-11-27 07:00"), ("23:59", "2026-11-27 07:00"), ("00:00", "2026-11-26 07:00"),
     ("06:59", "2026-11-26 07:00"), ("07:00", None)],
)  # fmt: skip
def test_quiet_hours_end_at_seven(clock_time: str, until: str | None) -> None:
    at = datetime.fromisoformat(f"2026-11-26 {clock_time}").replace(tzinfo=CHINA)
    expected = None if until is None else datetime.fromisoformat(until).replace(tzinfo=CHINA)
    for kind in NoticeKind:
        at_once = NOTICE_REACH[kind].at_night
        assert quiet_until(kind, at, night_messages=False) == (None if at_once else expected), kind
        assert quiet_until(kind, at, night_messages=True) is None


async def test_one_message_to_a_person_at_a_time(world: World) -> None:
    """WeChat refuses two at once to one person (43108): the second waits for the first, and is not lost."""
    person = await with_phone(world)
    async with online(world):
        await accept(world, person, 2)
    identity = await column(world, IDENTITIES.id, IDENTITIES.person_id == UUID(person.id))
    await set_columns(world, WechatIdentity, identity, sending_until=world.clock.now() + timedelta(seconds=15))
    notice = await tell(world, person)
    assert (await work(world)).postponed == 1
    assert (world.sandbox.calls(SEND), await ways(world, notice)) == ([], [])
    # A worker that died while sending holds the line no longer than its lease.
    world.clock.advance(timedelta(seconds=16))
    assert (await work(world)).delivered == 1
    assert await ways(world, notice) == [("wechat", "sent", None)]
