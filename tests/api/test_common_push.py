"""WeChat's pushes through the whole application: believed or refused, stored once, worked off, and what they change."""

import json
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select

from app.core.settings import Settings
from app.models.common import ContentReview, File, MediaCheck, PushEvent
from app.models.identity import AuditEntry, WechatIdentity
from app.services.common.push import AGAIN, EARLY
from demo.steps import FIRM
from tests.factories.world import V1, Someone, World, ok, refused
from tests.support.api import column, count, nothing_stored
from tests.support.pushing import APPS, PUSHED, arrived, online, push, reachable, wechat, work
from tests.support.uploads import follow, look, objects, pdf, photo, uploaded
from wechat_sandbox import pushcrypto
from wechat_sandbox.config import DEFAULT_APPS

ENTRIES: Any = AuditEntry.__table__.c  # type: ignore[attr-defined]
IDENTITIES: Any = WechatIdentity.__table__.c  # type: ignore[attr-defined]
REVIEWS: Any = ContentReview.__table__.c  # type: ignore[attr-defined]
UNKNOWN = {"Event": "wxa_some_new_event"}
REFUSED = {"status": 403, "accepted": False}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return reachable(settings)


async def left(person: Someone, app: str = "zhipin") -> dict[str, int]:
    remaining: dict[str, int] = ok(await person.get("/me/subscriptions", app=app))["remaining"]
    return remaining


async def why_refused(world: World) -> list[str]:
    async with world.runtime.db.connection() as connection:
        rows = await connection.execute(select(ENTRIES.details).where(ENTRIES.act == "push_refused"))
    return sorted(row.details["why"] for row in rows)


async def test_wechat_finds_our_address(world: World) -> None:
    async with online(world):
        for app in APPS:
            told = await wechat(world, "/_sbx/push-check", app=app)
            assert (told["ok"], told["status"], told["answer"]) == (True, 200, told["echostr"])
            forged = await wechat(world, "/_sbx/push-check", app=app, wrong_signature=True)
            assert (forged["ok"], forged["status"]) == (False, 403)
            assert forged["echostr"] not in forged["answer"]
    query = {"signature": "x", "timestamp": "1", "nonce": "1", "echostr": "1"}
    refused(await world.api.get(f"{V1}/wechat/push/other", params=query), 422, "invalid_fields", "path.app")
    for name in query:
        less = {key: value for key, value in query.items() if key != name}
        answer = await world.api.get(f"{V1}/wechat/push/zhipin", params=less)
        refused(answer, 422, "invalid_fields", f"query.{name}")


async def test_what_is_not_wechats_is_refused_noted_and_not_stored(world: World) -> None:
    forgeries: list[dict[str, Any]] = [
        {"wrong_signature": True}, {"wrong_appid": True}, {"plain": True},
        {"timestamp_offset": -660}, {"timestamp_offset": 660},
    ]  # fmt: skip
    async with online(world):
        async with nothing_stored(world):
            for forgery in forgeries:
                told = await push(world, UNKNOWN, **forgery)
                assert {key: told[key] for key in REFUSED} == REFUSED, forgery
                body = json.loads(told["answer"])
                # Nothing is told of which check failed.
                assert (body["code"], body["params"], body["fields"]) == ("push_refused", {}, [])
        assert await why_refused(world) == [
            "PushError", "PushError", "PushForeignError", "PushFormatError", "PushSignatureError",
        ]  # fmt: skip
        # A clock that differs a little, or a message that is sent again, is WeChat's all the same.
        for offset in (-540, 540):
            assert (await push(world, UNKNOWN | {"n": offset}, timestamp_offset=offset))["accepted"]


def sealed(world: World, event: dict[str, Any]) -> dict[str, Any]:
    """A push as it goes over the line, to be recorded and sent again."""
    app, timestamp = DEFAULT_APPS[0], str(int(world.clock.now().timestamp()))
    encrypted = pushcrypto.seal(app.push_aes_key, app.appid, json.dumps(event).encode(), secrets.token_bytes(16))
    signature = pushcrypto.signature(app.push_token, timestamp, "1", encrypted)
    query = {"timestamp": timestamp, "nonce": "1", "msg_signature": signature, "encrypt_type": "aes"}
    return {"params": query, "json": {"Encrypt": encrypted}}


async def test_a_recorded_push_plays_once_and_then_not_at_all(world: World) -> None:
    person = await world.person()
    async with world.runtime.db.connection() as connection:
        openid = (await connection.execute(select(IDENTITIES.openid))).scalar_one()
    row = {"TemplateId": "TPL_MOVED", "SubscribeStatusString": "accept"}
    event = {
        "Event": "subscribe_msg_popup_event", "FromUserName": openid, "CreateTime": 1764000000, "MsgType": "event",
        "List": [row],
    }  # fmt: skip
    recorded = sealed(world, event)
    for _ in range(3):
        answer = await world.api.post(f"{V1}/wechat/push/zhipin", **recorded)
        assert (answer.status_code, answer.text) == (200, "success")
        assert answer.headers["content-type"].startswith("text/plain")
        await work(world)
    assert await left(person) == {"TPL_MOVED": 1}
    assert await count(world, PushEvent.__table__) == 1  # type: ignore[attr-defined]
    # Who it names lies sealed, and is cleared with the rest after a month.
    assert openid.encode() not in await column(world, PUSHED.payload_sealed)
    # The other mini-program's Token and key are others.
    refused(await world.api.post(f"{V1}/wechat/push/linggong", **recorded), 403, "push_refused")
    world.clock.advance(timedelta(minutes=10, seconds=1))
    refused(await world.api.post(f"{V1}/wechat/push/zhipin", **recorded), 403, "push_refused")
    large = b'{"Encrypt":"' + b"A" * 1_048_577 + b'"}'
    refused(await world.api.post(f"{V1}/wechat/push/zhipin", content=large), 413, "body_too_large")


async def test_accepts_are_counted_once_per_app_and_person(world: World) -> None:
    person, other = await world.person("林小梅"), await world.person()
    at_work = await world.person("林小梅", "linggong")
    assert at_work.id == person.id
    async with online(world):
        await wechat(world, "/_sbx/subscribe", app="zhipin", person=person.name,
                     answers={"TPL_MOVED": "accept", "TPL_X": "reject"})  # fmt: skip
        await wechat(world, "/_sbx/subscribe", app="linggong", person=person.name, answers={"TPL_S": "accept"})
        row = {"TemplateId": "TPL_MOVED", "SubscribeStatusString": "acceptWithAudio"}
        event = {"Event": "subscribe_msg_popup_event", "List": row}
        await push(world, event, person.name, duplicated=True)
        await work(world)
        # A refusal in the dialog takes back no earlier accept; switching it off in the settings does.
        assert (await left(person), await left(at_work, "linggong")) == ({"TPL_MOVED": 2}, {"TPL_S": 1})
        refusal = {"app": "zhipin", "person": person.name, "answers": {"TPL_MOVED": "reject"}, "single": True}
        await wechat(world, "/_sbx/subscribe", **refusal)
        await work(world)
        assert await left(person) == {"TPL_MOVED": 2}
        off = {"app": "zhipin", "person": person.name, "template_id": "TPL_MOVED"}
        await wechat(world, "/_sbx/subscription-settings", **off)
        await work(world)
    assert await left(person) == {"TPL_MOVED": 0}
    assert (await left(other), await left(person, "linggong")) == ({}, {"TPL_S": 1})


async def test_each_verdict_on_a_picture_has_its_consequence(world: World, settings: Settings) -> None:
    person = await world.person()
    verdicts = ("pass", "review", "risky", "fail")
    async with online(world):
        await wechat(world, "/_sbx/media", app="zhipin", push_twice=True, delay_seconds=0)
        made = []
        for verdict in verdicts:
            await wechat(world, "/_sbx/media", app="zhipin", verdict=verdict)
            made.append(await uploaded(person, photo(), "a.jpg", "illustration"))
            await work(world)
        await arrived(world, len(verdicts))
    await work(world)
    passed, doubtful, risky, failed = [ok(await look(person, file)) for file in made]
    assert [row["state"] for row in (passed, doubtful, risky, failed)] == ["ready", "checking", "refused", "checking"]
    assert (risky["url"], risky["refused_because"]) == (None, "未通过微信内容安全检查")
    refused(await follow(person, made[2]["url"]), 404, "file_link_invalid")
    because = {}
    for row in ok(await (await world.officer()).get("/content-reviews"))["items"]:
        because[row["subject_id"]] = row["held_because"]
    assert because == {
        doubtful["file_id"]: "微信内容安全检查建议人工复核", failed["file_id"]: "微信没有取到图片，转人工复核",
    }  # fmt: skip
    (notice,) = ok(await person.get("/me/notices"))["items"]
    assert (notice["kind"], notice["title"]) == ("content_reviewed", "图片未通过检查")
    assert "企业或岗位图片" in notice["body"]
    await work(world)
    assert len(objects(settings.data_dir)) == 3
    assert [call["body"]["media_url"] for call in world.sandbox.calls("/wxa/media_check_async")] != []


async def test_a_verdict_that_comes_before_our_own_row(world: World) -> None:
    person, stranger = await world.person(), await world.person()
    async with online(world):
        await wechat(world, "/_sbx/media", app="zhipin", push_before_answer=True)
        made = await uploaded(person, photo(), "a.jpg", "illustration")
        await work(world)
        assert ok(await look(stranger, made))["state"] == "ready"
        # Its own delivery comes later and changes nothing.
        await work(world)
        # One about a picture that nobody here has asked about waits for ever, and harms nobody.
        stray = {"Event": "wxa_media_check", "trace_id": "nobody-0001", "errcode": 0, "result": {"suggest": "risky"}}
        assert (await push(world, stray, person.name))["accepted"]
        await work(world)
    assert ok(await look(stranger, made))["state"] == "ready"
    assert await count(world, PushEvent.__table__, PUSHED.handled_at.is_(None)) == 1  # type: ignore[attr-defined]
    assert await count(world, ContentReview.__table__) == 0  # type: ignore[attr-defined]


async def test_a_verdict_that_looks_for_our_row_at_the_same_moment(world: World) -> None:
    """Its own delivery finds no row, and whoever brings the row has looked for it already: it is looked at again."""
    person = await world.person()
    async with online(world):
        await wechat(world, "/_sbx/media", app="zhipin", delay_seconds=30)
        made = await uploaded(person, photo(), "a.jpg", "illustration")
        await work(world)
        checks = MediaCheck.__table__  # type: ignore[attr-defined]
        async with world.runtime.db.unit_of_work() as session:
            connection = await session.connection()
            ours = dict((await connection.execute(select(checks))).mappings().one())
            await connection.execute(delete(checks))
        event = {
            "Event": "wxa_media_check", "trace_id": ours["trace_id"], "errcode": 0, "result": {"suggest": "pass"},
        }  # fmt: skip
        assert (await push(world, event, person.name))["accepted"]
        assert (await work(world)).postponed == 1
        async with world.runtime.db.unit_of_work() as session:
            await (await session.connection()).execute(insert(checks).values(ours))
        assert ok(await look(person, made))["state"] == "checking"
        world.clock.advance(AGAIN)
        await work(world)
    assert ok(await look(person, made))["state"] == "ready"
    assert await count(world, PushEvent.__table__, PUSHED.handled_at.is_(None)) == 0  # type: ignore[attr-defined]


async def test_a_verdict_about_nothing_is_given_up(world: World) -> None:
    person = await world.person()
    async with online(world):
        stray = {"Event": "wxa_media_check", "trace_id": "nobody-0002", "errcode": 0, "result": {"suggest": "pass"}}
        assert (await push(world, stray, person.name))["accepted"]
    assert (await work(world)).postponed == 1
    world.clock.advance(EARLY)
    outcome = await work(world)
    assert (outcome.delivered, outcome.postponed) == (1, 0)
    assert (await work(world)).delivered == 0


async def test_what_is_taken_back_in_wechat_is_erased_here(world: World) -> None:
    home = {"address": "宝盖镇塘后村", "latitude": 24.7265, "longitude": 118.6702, "coord_type": "gcj02"}
    person, other = await world.seeker(home=home), await world.seeker(home=home)
    picture, paper = await uploaded(person, photo(), "a.jpg"), await uploaded(person, pdf())
    used = await uploaded(person, pdf(2))
    firm = ok(await person.get("/enterprises", name=FIRM))[0]["id"]
    form = {"subject_kind": "enterprise", "subject_id": firm, "reason": "fee", "file_ids": [used["file_id"]]}
    ok(await person.post("/reports", form, key="revoke-0001"))
    before = ok(await other.get("/me"))["person"], ok(await other.get("/me/seeker-profile"))
    async with online(world):
        codes = ["8", "13", "14", "15", "5", "999"]
        told = await wechat(world, "/_sbx/revoke", app="zhipin", person=person.name, codes=codes)
        assert all(attempt["accepted"] for attempt in told["pushes"])
    await work(world)
    profile, seeking = ok(await person.get("/me"))["person"], ok(await person.get("/me/seeker-profile"))
    assert (profile["phone_masked"], seeking["home_known"]) == (None, False)
    assert profile["name"] == "林小梅"
    states = [ok(await look(person, file)) for file in (picture, paper, used)]
    # What an office works with stays: the report is still open.
    assert [row["state"] for row in states] == ["refused", "refused", "ready"]
    assert states[0]["refused_because"] == "本人在微信中收回授权"
    assert (ok(await other.get("/me"))["person"], ok(await other.get("/me/seeker-profile"))) == before
    acts = ENTRIES.act == "wechat_data_revoked"
    assert await count(world, AuditEntry.__table__, acts) == len(codes)  # type: ignore[attr-defined]


async def test_a_closed_wechat_account_ends_its_way_in(world: World) -> None:
    admin = await world.admin()
    person = await world.person("林小梅")
    await world.person("林小梅", "linggong")
    async with online(world):
        await wechat(world, "/_sbx/cancel", app="linggong", person=person.name)
        await work(world)
        # The other mini-program's account is another one.
        assert ok(await person.get("/me"))["person"]["id"] == person.id
        assert ok(await admin.get("/tasks", kind="account_abandoned"))["items"] == []
        await wechat(world, "/_sbx/cancel", app="zhipin", person=person.name)
        await work(world)
    refused(await person.get("/me"), 401, "token_invalid")
    assert await count(world, WechatIdentity.__table__, IDENTITIES.person_id == UUID(person.id)) == 0  # type: ignore[attr-defined]
    (task,) = ok(await admin.get("/tasks", kind="account_abandoned"))["items"]
    assert (task["subject_id"], task["actions"][0]["allowed"]) == (person.id, True)
    # A new account of the same name is another person until staff say otherwise.
    assert (await world.person("林小梅")).id != person.id
    form = {"note": "已核实，本人不再使用", "expected_version": 1}
    ok(await admin.post(f"/tasks/{task['id']}/finish", form))
    refused(await admin.post(f"/tasks/{task['id']}/finish", form | {"expected_version": 2}), 409, "task_done")


async def test_events_without_a_meaning_here_are_taken_and_change_nothing(world: World) -> None:
    person, admin = await world.person(), await world.admin()
    async with online(world):
        odd: list[dict[str, Any]] = [
            UNKNOWN, {"MsgType": "text", "MsgId": 7, "Content": "您好"}, {"Event": "user_authorization_revoke"},
            {"Event": "subscribe_msg_sent_event", "List": [{"MsgID": "1"}]}, {"Event": "x" * 500, "List": [[]]},
            {"Event": "subscribe_msg_popup_event", "List": [{"SubscribeStatusString": "accept"}]},
            {"Event": "user_authorization_cancellation", "OpenID": "nobody"},
        ]  # fmt: skip
        for event in odd:
            assert (await push(world, event, person.name))["answer"] == "success", event
        before = ok(await person.get("/me")), await left(person)
        outcome = await work(world)
        assert (outcome.delivered, outcome.given_up) == (len(odd), 0)
        assert (ok(await person.get("/me")), await left(person)) == before
        assert await count(world, PushEvent.__table__, PUSHED.handled_at.is_(None)) == 0  # type: ignore[attr-defined]
        # A punishment by the platform is staff's business, once however often it is told.
        for when in (1764000000, 1764000001):
            await push(world, {"Event": "wxa_punish_event", "CreateTime": when}, person.name)
        await work(world)
    (task,) = ok(await admin.get("/tasks", kind="wechat_punished"))["items"]
    assert "宝盖职聘" in task["title"]
    assert await count(world, File.__table__) == 0  # type: ignore[attr-defined]
