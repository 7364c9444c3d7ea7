"""The sandbox pushes as WeChat does: signed, sealed, again after failures; and as WeChat would not, on demand."""

import argparse
import asyncio
import json
import subprocess
import sys
from typing import Any

import httpx
import pytest
from fastapi import Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from demo.stack import free_port
from tests.wechat.support import CONFIGS, LINGGONG, SEND, ZHIPIN, Receiver, Wechat, until
from wechat_sandbox import SandboxConfig
from wechat_sandbox.__main__ import push_address
from wechat_sandbox.config import DEFAULT_APPS, AppConfig
from wechat_sandbox.state import Sandbox as State
from wechat_sandbox.state import openid_of

PERSON = "林小梅"
OPENID = openid_of(ZHIPIN[0], PERSON)


def push(raw: Wechat, event: dict[str, Any] | None = None, **options: Any) -> Any:
    return raw.control("push", app="zhipin", event=event or {"Event": "debug_demo"}, **options)


# The address


def test_the_url_check(raw: Wechat, receiver: Receiver):
    for app in ("zhipin", "linggong"):
        check = raw.control("push-check", app=app)
        assert (check["ok"], check["status"], check["answer"]) == (True, 200, check["echostr"])
    assert raw.control("push-check", app="zhipin", wrong_signature=True)["ok"] is False


@pytest.mark.parametrize(
    "answer",
    [
        JSONResponse("123"),
        PlainTextResponse("success"),
        Response(b"", media_type="text/plain"),
        Response(status_code=403),
    ],
)
def test_addresses_that_fail_the_check(raw: Wechat, receiver: Receiver, answer: Response):
    receiver.answers = [answer]
    assert raw.control("push-check", app="zhipin")["ok"] is False


def test_the_echo_must_be_plain_text(raw: Wechat, receiver: Receiver):
    async def echo(app: str, echostr: str) -> Response:
        return Response(echostr if app == "zhipin" else f'"{echostr}"', media_type="application/json")

    receiver.app.get("/echo/{app}")(echo)
    for app in ("zhipin", "linggong"):
        raw.control("push-config", app=app, url=f"{receiver.url}/echo/{app}")
        check = raw.control("push-check", app=app)
        assert (check["ok"], check["status"]) == (False, 200)


def test_nobody_at_the_address(raw: Wechat):
    raw.control("push-config", app="zhipin", url=f"http://127.0.0.1:{free_port()}/push")
    check = raw.control("push-check", app="zhipin")
    assert (check["ok"], check["status"], check["error"]) == (False, None, "ConnectError")


def test_without_an_address_nothing_is_pushed(raw: Wechat):
    for control in ("push-check", "push"):
        body = {"app": "zhipin"} | ({"event": {}} if control == "push" else {})
        answer = raw.http.post(f"/_sbx/{control}", json=body, headers={"X-Sandbox-Key": "sandbox"})
        assert answer.status_code == 409
    assert raw.control("cancel", app="zhipin", person=PERSON) == {"pushes": []}
    assert raw.seen("pushes") == []


def test_an_address_can_be_taken_back_and_ends_with_a_reset(raw: Wechat, receiver: Receiver):
    raw.control("push-config", app="zhipin", url=None)
    assert raw.control("cancel", app="zhipin", person=PERSON) == {"pushes": []}
    assert raw.control("cancel", app="linggong", person=PERSON)["pushes"] != []
    raw.control("reset")
    assert raw.control("cancel", app="linggong", person=PERSON) == {"pushes": []}
    assert raw.seen("pushes") == []


def test_an_address_given_at_the_start_survives_a_reset():
    app = AppConfig(name="x", appid="wxfictional", secret="sandbox-x", push_url="http://127.0.0.1:1/push")
    state = State(SandboxConfig(apps=(app,)))
    state.apps["wxfictional"].push = None
    state.reset()
    target = state.apps["wxfictional"].push
    assert target is not None
    assert (target.url, target.token, target.mode) == (app.push_url, app.push_token, "safe")


def test_the_command_line(receiver: Receiver):
    for wrong in ("nobody=http://x", "zhipin", "zhipin=", "zhipin=ftp://x"):
        with pytest.raises(argparse.ArgumentTypeError, match="小程序=网址"):
            push_address(wrong)
    command = [sys.executable, "-m", "wechat_sandbox", "--port", str(port := free_port())]
    options = [f"--push={app}={receiver.url}/push/{app}" for app in ("zhipin", "linggong")]
    process = subprocess.Popen([*command, *options])
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as http:
            until(lambda: process.poll() is None and healthy(http), seconds=30)
            other = Wechat(http)
            other.control("reset")
            assert [other.control("push-check", app=app)["ok"] for app in ("zhipin", "linggong")] == [True, True]
    finally:
        process.terminate()
        process.wait()


def healthy(http: httpx.Client) -> bool:
    try:
        return http.get("/_sbx/health").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.parametrize("aes_key", ["", "A" * 42, "A" * 43 + "=", "A" * 42 + "_", "A" * 43 + "\n"])
def test_keys_that_cannot_be_right(raw: Wechat, aes_key: str):
    body = {"app": "zhipin", "url": "http://x", "aes_key": aes_key}
    assert raw.http.post("/_sbx/push-config", json=body, headers={"X-Sandbox-Key": "sandbox"}).status_code == 422
    with pytest.raises(ValueError, match="EncodingAESKey"):
        AppConfig(name="x", appid="wxfictional", secret="sandbox-x", push_aes_key=aes_key)


def test_each_app_has_settings_of_its_own():
    assert len({(app.push_token, app.push_aes_key, app.username) for app in DEFAULT_APPS}) == len(DEFAULT_APPS)


# Events


def test_any_event_reaches_the_service_sealed(raw: Wechat, receiver: Receiver):
    answer = push(raw, {"Event": "debug_demo", "说明": "中文"}, person=PERSON)
    (sent,) = answer["pushes"]
    assert answer["accepted"] is True
    assert (sent["status"], sent["answer"], sent["attempt"], sent["mode"]) == (200, "success", 1, "safe")
    (message,) = receiver.messages
    assert message == sent["event"]
    assert message["ToUserName"] == "gh_baogai000001"
    assert (message["FromUserName"], message["MsgType"], message["说明"]) == (OPENID, "event", "中文")
    assert abs(message["CreateTime"] - raw.control("clock", advance_seconds=0)["now"]) < 60
    (query,) = receiver.queries
    assert set(query) == {"signature", "timestamp", "nonce", "openid", "encrypt_type", "msg_signature"}
    assert (query["openid"], query["encrypt_type"]) == (OPENID, "aes")


def test_what_the_event_says_itself_is_left_alone(raw: Wechat, receiver: Receiver):
    said = {"ToUserName": "gh_x", "FromUserName": "o1", "CreateTime": "1", "MsgType": "text", "Content": "在吗"}
    push(raw, said, person=PERSON)
    assert receiver.messages == [said]
    push(raw)
    assert "FromUserName" not in receiver.messages[1]
    assert "openid" not in receiver.queries[1]


def test_own_settings_and_plain_mode(raw: Wechat, receiver: Receiver):
    bodies = []

    async def keep(request: Request) -> Response:
        bodies.append((dict(request.query_params), await request.body(), request.headers["content-type"]))
        return Response()

    receiver.app.post("/keep")(keep)
    raw.control("push-config", app="zhipin", url=f"{receiver.url}/keep?a=b", token="other", aes_key="A" * 43)
    push(raw)
    raw.control("push-config", app="zhipin", url=f"{receiver.url}/keep", mode="plain")
    raw.control("options", content_type="application/json")
    assert push(raw)["accepted"] is True, "an empty body is an answer too"
    (sealed, _, unsure), (plain, body, sure) = bodies
    assert (sealed["a"], "msg_signature" in sealed, "msg_signature" in plain) == ("b", True, False)
    assert (json.loads(body)["Event"], unsure.split(";")[0], sure) == ("debug_demo", "text/plain", "application/json")


@pytest.mark.parametrize(
    ("forgery", "refusal"),
    [
        ({"wrong_signature": True}, "PushSignatureError"),
        ({"wrong_appid": True}, "PushForeignError"),
        ({"plain": True}, "PushFormatError"),
    ],
)
def test_what_wechat_would_not_send(raw: Wechat, receiver: Receiver, forgery: dict[str, Any], refusal: str):
    answer = push(raw, **forgery)
    assert (answer["accepted"], [sent["status"] for sent in answer["pushes"]]) == (False, [403])
    assert (receiver.refused, receiver.messages) == ([refusal], [])
    assert len(push(raw, **forgery, resends=1)["pushes"]) == 2


def test_a_stale_message_is_well_signed(raw: Wechat, receiver: Receiver):
    now = raw.control("clock", advance_seconds=0)["now"]
    assert push(raw, timestamp_offset=-86_400)["accepted"] is True
    assert abs(int(receiver.queries[0]["timestamp"]) - (now - 86_400)) < 60


def test_twice_at_once_is_the_same_event(raw: Wechat, receiver: Receiver):
    answer = push(raw, person=PERSON, duplicated=True)
    assert len(answer["pushes"]) == len(receiver.messages) == 2
    assert len({event.dedupe_key for event in receiver.events}) == 1
    assert len({query["nonce"] for query in receiver.queries}) == 2


# Again


@pytest.mark.parametrize(
    "answer",
    [Response(status_code=500), JSONResponse("success"), PlainTextResponse("ok"), Response(status_code=204),
     PlainTextResponse("success", status_code=202)],
)  # fmt: skip
def test_anything_but_success_is_sent_again(raw: Wechat, receiver: Receiver, answer: Response):
    raw.control("options", push_resend_seconds=0)
    receiver.answers = [answer, Response()]
    result = push(raw)
    assert [(sent["attempt"], sent["accepted"]) for sent in result["pushes"]] == [(1, False), (2, True)]
    assert result["accepted"] is True
    assert receiver.messages[0] == receiver.messages[1]


def test_after_three_times_it_is_lost(raw: Wechat, receiver: Receiver):
    raw.control("options", push_resend_seconds=0)
    receiver.answers = [Response(status_code=503)] * 9
    assert push(raw)["accepted"] is False
    assert len(receiver.messages) == 4
    assert [sent["status"] for sent in raw.seen("pushes", app="zhipin")] == [503] * 4
    receiver.answers = [Response(status_code=503)]
    assert len(push(raw, resends=0)["pushes"]) == 1


def test_a_slow_service_is_cut_off(raw: Wechat, receiver: Receiver):
    taken = []

    async def dawdle() -> Response:
        taken.append(1)
        await asyncio.sleep(1 if len(taken) == 1 else 0)
        return Response()

    receiver.app.post("/slow")(dawdle)
    raw.control("push-config", app="zhipin", url=f"{receiver.url}/slow")
    raw.control("options", push_resend_seconds=0, push_timeout_seconds=0.5)
    late, good = push(raw)["pushes"]
    assert (late["status"], late["accepted"], good["accepted"]) == (None, False, True)
    assert "Timeout" in late["error"]


def test_the_record_of_pushes(raw: Wechat, receiver: Receiver):
    push(raw)
    raw.control("cancel", app="linggong", person=PERSON)
    assert [sent["app"] for sent in raw.seen("pushes")] == ["zhipin", "linggong"]
    assert [sent["app"] for sent in raw.seen("pushes", app="linggong")] == ["linggong"]
    (found,) = raw.seen("pushes", event="debug_demo")
    assert set(found) == {
        "app", "event", "mode", "attempt", "status", "content_type", "answer", "error", "seconds", "accepted", "at",
    }  # fmt: skip


# What people do


def subscribe(raw: Wechat, **answers: str) -> Any:
    return raw.control("subscribe", app="zhipin", person=PERSON, answers=answers)


def test_answers_to_the_dialog_count_and_are_told(raw: Wechat, receiver: Receiver):
    answer = subscribe(raw, TPL_A="accept", TPL_B="reject")
    assert answer["left"] == {"TPL_A": 1, "TPL_B": 0}
    assert subscribe(raw, TPL_A="accept")["left"] == {"TPL_A": 2}
    event = receiver.events[0]
    assert (event.name, event.openid) == ("subscribe_msg_popup_event", OPENID)
    assert event.items == (
        {"TemplateId": "TPL_A", "SubscribeStatusString": "accept", "PopupScene": "0"},
        {"TemplateId": "TPL_B", "SubscribeStatusString": "reject", "PopupScene": "0"},
    )
    assert {type(message["CreateTime"]) for message in receiver.messages} == {str, int}


def test_a_single_answer_may_come_without_its_array(raw: Wechat, receiver: Receiver):
    raw.control("subscribe", app="zhipin", person=PERSON, answers={"TPL_A": "accept"}, single=True)
    assert isinstance(receiver.messages[0]["List"], dict)
    assert receiver.events[0].items[0]["TemplateId"] == "TPL_A"
    two = {"app": "zhipin", "person": PERSON, "answers": {"A": "accept", "B": "accept"}, "single": True}
    assert raw.http.post("/_sbx/subscribe", json=two, headers={"X-Sandbox-Key": "sandbox"}).status_code == 422


def test_refusing_in_the_settings(raw: Wechat, receiver: Receiver):
    subscribe(raw, TPL_A="accept")
    setting = {"app": "zhipin", "person": PERSON, "template_id": "TPL_A"}
    assert raw.control("subscription-settings", **setting, status="reject", single=True)["left"] == {"TPL_A": 0}
    event = receiver.events[1]
    assert event.name == "subscribe_msg_change_event"
    assert event.items == ({"TemplateId": "TPL_A", "SubscribeStatusString": "reject"},)


@pytest.mark.parametrize("failure", [None, ("20002", "user refuse")])
def test_what_became_of_a_message_is_told(raw: Wechat, receiver: Receiver, failure: tuple[str, str] | None):
    subscribe(raw, TPL_A="accept")
    if failure:
        raw.control("sent-failures", app="zhipin", error_code=failure[0], error_status=failure[1])
    message = {"touser": OPENID, "template_id": "TPL_A", "data": {"thing1": {"value": "夜班"}}}
    answer = raw.post(SEND, message, raw.token())
    event = until(lambda: receiver.events[1:])[0]
    assert event.name == "subscribe_msg_sent_event"
    assert event.msg_ids == (str(answer["msgid"]),)
    code, status = failure or ("0", "success")
    assert (event.items[0]["ErrorCode"], event.items[0]["ErrorStatus"]) == (code, status)
    assert raw.post(SEND, message, raw.token())["errcode"] == 43101
    assert len(raw.seen("pushes", event="subscribe_msg_sent_event")) == 1


def test_every_revoked_kind_of_data_is_an_event(raw: Wechat, receiver: Receiver):
    answer = raw.control("revoke", app="zhipin", person=PERSON, codes=["8", "6"])
    assert len(answer["pushes"]) == 2
    assert [event.revoke_codes for event in receiver.events] == [("8",), ("6",)]
    assert len({event.dedupe_key for event in receiver.events}) == 2
    for message, event in zip(receiver.messages, receiver.events, strict=True):
        assert event.name == "user_authorization_revoke"
        assert event.openid == message["OpenID"] == OPENID
        assert message["FromUserName"] != OPENID, "the sender is WeChat's own service"
        assert message["AppID"] == ZHIPIN[0]


def test_an_account_that_is_gone(raw: Wechat, receiver: Receiver):
    raw.control("cancel", app="linggong", person=PERSON)
    (event,) = receiver.events
    assert (event.name, event.openid) == ("user_authorization_cancellation", openid_of(LINGGONG[0], PERSON))
    assert receiver.messages[0]["ToUserName"] == "gh_baogai000002"
    assert CONFIGS["linggong"].token != CONFIGS["zhipin"].token
