"""Our client's media checks, mini-program codes and message ids against the sandbox; what comes of them by push."""

import json
from typing import Any

import httpx
import pytest
from fastapi.responses import Response

from app.wechat.client import WechatClient
from app.wechat.errors import QrcodeValueError, WechatError, WechatRejected, WechatUnavailable
from app.wechat.qrcodes import is_image
from demo.client import Sandbox
from tests.wechat.support import MEDIA, QRCODE, SEND, Answers, Receiver, client_of, until

PAGE = "pages/firm/index"
FAULTS = ["html", "empty", "reset", "slow"]


def fault(sandbox: Sandbox, path: str, kind: str, **options: Any) -> None:
    sandbox.post("/_sbx/faults", path=path, kind=kind, **options)


async def openid_of(wechat: WechatClient, sandbox: Sandbox, app: str = "zhipin") -> str:
    return (await wechat.code_to_session(app, sandbox.login_code(app, "林小梅"))).openid


def answering(wechat: WechatClient, content: bytes, **options: Any) -> WechatClient:
    """Our client before a WeChat that always answers this."""
    return client_of(wechat, Answers(lambda request: httpx.Response(200, content=content, **options)))


# Media


@pytest.mark.parametrize(("verdict", "errcode"), [("pass", 0), ("review", 0), ("risky", 0), ("fail", -1008)])
async def test_a_media_check_ends_with_its_event(
    wechat: WechatClient, sandbox: Sandbox, receiver: Receiver, verdict: str, errcode: int
):
    openid = await openid_of(wechat, sandbox)
    receiver.files["a.jpg"] = Response(b"\xff\xd8 picture")
    sandbox.post("/_sbx/media", app="zhipin", verdict=verdict, delay_seconds=0)
    url = f"{receiver.url}/files/a.jpg"
    trace_id = await wechat.media_check("zhipin", openid, url, scene=1)
    (event,) = until(lambda: receiver.events)
    assert (event.name, event.trace_id, event.openid) == ("wxa_media_check", trace_id, openid)
    assert event.errcode == errcode
    assert (event.result and event.result["suggest"]) == (None if errcode else verdict)
    (call,) = sandbox.calls(MEDIA)
    assert call["body"] == {"media_url": url, "media_type": 2, "version": 2, "scene": 1, "openid": openid}


async def test_the_event_may_come_before_the_trace(wechat: WechatClient, sandbox: Sandbox, receiver: Receiver):
    openid = await openid_of(wechat, sandbox)
    sandbox.post("/_sbx/media", app="zhipin", push_before_answer=True)
    trace_id = await wechat.media_check("zhipin", openid, f"{receiver.url}/files/none.mp3", media_type=1, scene=2)
    assert [(event.trace_id, event.errcode) for event in receiver.events] == [(trace_id, -1008)]


async def test_the_same_media_again_names_its_number(wechat: WechatClient, sandbox: Sandbox):
    openid = await openid_of(wechat, sandbox)
    assert await wechat.media_check("zhipin", openid, "http://127.0.0.1:1/a.jpg", scene=1)
    with pytest.raises(WechatRejected) as raised:
        await wechat.media_check("zhipin", openid, "http://127.0.0.1:1/a.jpg", scene=1)
    assert (raised.value.errcode, raised.value.blames_caller) == (87020, True)


async def test_media_of_people_who_are_not_here(wechat: WechatClient, sandbox: Sandbox):
    other, mine = await openid_of(wechat, sandbox, "linggong"), await openid_of(wechat, sandbox)
    sandbox.post("/_sbx/clock", advance_seconds=7201)
    for openid, errcode in {other: 43104, "nobody": 40003, mine: 61010}.items():
        with pytest.raises(WechatRejected) as raised:
            await wechat.media_check("zhipin", openid, "http://127.0.0.1:1/a.jpg", scene=1)
        assert (raised.value.errcode, raised.value.blames_caller) == (errcode, True)


async def test_an_answer_without_a_trace_is_none(wechat: WechatClient):
    for content in (b"{}", b'{"errcode":0}', b'{"trace_id":""}', b'{"trace_id":7}', b"\x89PNG"):
        with pytest.raises(WechatUnavailable):
            await answering(wechat, content).media_check("zhipin", "o1", "http://x/a.jpg", scene=1)


# Codes


async def test_a_code_is_an_image(wechat: WechatClient, sandbox: Sandbox):
    image = await wechat.unlimited_qrcode("zhipin", scene="f=0123456789", page=PAGE)
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    small = await wechat.unlimited_qrcode(
        "linggong", scene="f=1", page=PAGE, width=280, env_version="trial", check_path=False
    )
    assert small != image
    first, second = sandbox.calls(QRCODE)
    assert first["body"] == {
        "scene": "f=0123456789", "page": PAGE, "width": 430, "env_version": "release", "check_path": True,
    }  # fmt: skip
    assert second["body"] | {"scene": "f=1"} == {
        "scene": "f=1", "page": PAGE, "width": 280, "env_version": "trial", "check_path": False,
    }  # fmt: skip
    assert [call["appid"] for call in (first, second)] == ["wxbaogai0000zhipin", "wxbaogai000linggong"]


@pytest.mark.parametrize("scene", ["a", "x" * 32, "aZ09!#$&'()*+,/:;=?@-._~"])
async def test_scenes_that_wechat_takes(wechat: WechatClient, scene: str):
    assert is_image(await wechat.unlimited_qrcode("zhipin", scene=scene, page=PAGE))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("scene", ""), ("scene", "x" * 33), ("scene", "a%20b"), ("scene", "a b"), ("scene", "岗位"), ("scene", "a\n"),
        ("scene", "１"), ("scene", "a|b"), ("scene", "scancode_time=1"), ("page", ""), ("page", "/pages/a"),
        ("page", "pages/a?b=1"), ("width", 279), ("width", 1281),
    ],
)  # fmt: skip
async def test_values_that_no_code_can_hold_are_not_sent(wechat: WechatClient, sandbox: Sandbox, key: str, value: Any):
    with pytest.raises(QrcodeValueError) as raised:
        await wechat.unlimited_qrcode("zhipin", **({"scene": "a", "page": PAGE} | {key: value}))
    assert raised.value.key == key
    assert sandbox.calls(QRCODE) == []


@pytest.mark.parametrize(
    ("errcode", "kind"), [(41030, WechatRejected), (40129, WechatRejected), (45009, WechatUnavailable)]
)
async def test_errors_instead_of_an_image(
    wechat: WechatClient, sandbox: Sandbox, errcode: int, kind: type[WechatError]
):
    for content_type in ("text/plain", "application/json", "image/jpeg"):
        sandbox.post("/_sbx/options", content_type=content_type)
        fault(sandbox, QRCODE, "errcode", errcode=errcode)
        with pytest.raises(kind) as raised:
            await wechat.unlimited_qrcode("zhipin", scene="a", page=PAGE)
        assert raised.value.errcode == errcode


async def test_a_code_after_a_token_that_expired_and_a_busy_moment(wechat: WechatClient, sandbox: Sandbox):
    fault(sandbox, QRCODE, "errcode", errcode=42001)
    fault(sandbox, QRCODE, "errcode", errcode=-1)
    assert is_image(await wechat.unlimited_qrcode("zhipin", scene="a", page=PAGE))
    assert [call["answer_errcode"] for call in sandbox.calls(QRCODE)] == [42001, -1, 0]


@pytest.mark.parametrize("path", [MEDIA, QRCODE])
@pytest.mark.parametrize("kind", FAULTS)
async def test_no_usable_answer_is_away(wechat: WechatClient, sandbox: Sandbox, path: str, kind: str):
    openid = await openid_of(wechat, sandbox)
    fault(sandbox, path, kind, seconds=30)
    act = {
        MEDIA: lambda: wechat.media_check("zhipin", openid, "http://127.0.0.1:1/a.jpg", scene=1),
        QRCODE: lambda: wechat.unlimited_qrcode("zhipin", scene="a", page=PAGE),
    }[path]
    with pytest.raises(WechatUnavailable):
        await act()


@pytest.mark.parametrize("content", [b"\x89PNG...", b"\xff\xd8\xff\xe0", b"RIFF....WEBP", b"GIF89a"])
async def test_any_format_of_image_whatever_its_type(wechat: WechatClient, content: bytes):
    for content_type in ("application/json", "text/plain", "image/jpeg"):
        odd = answering(wechat, content, headers={"content-type": content_type})
        assert await odd.unlimited_qrcode("zhipin", scene="a", page=PAGE) == content


@pytest.mark.parametrize(
    "content",
    [b"", b" \n", b"{}", b'{"errcode":0}', b'{"image":"x"}', b"{cut", b"[]", b'"ok"', b"<html></html>", b" \r\n{}",
     b"\xef\xbb\xbf{}"],
)  # fmt: skip
async def test_what_is_no_image_is_away(wechat: WechatClient, content: bytes):
    with pytest.raises(WechatUnavailable):
        await answering(wechat, content).unlimited_qrcode("zhipin", scene="a", page=PAGE)


async def test_errors_are_seen_behind_white_space(wechat: WechatClient):
    for lead in (b" \r\n", b"\xef\xbb\xbf"):
        odd = answering(wechat, lead + json.dumps({"errcode": 40129}).encode())
        with pytest.raises(WechatRejected):
            await odd.unlimited_qrcode("zhipin", scene="a", page=PAGE)


# Messages


def send(wechat: WechatClient, openid: str) -> Any:
    data = {"thing1": {"value": "夜班"}}
    return wechat.send_subscribe_message("zhipin", openid, "TPL_SHIFT_01", page="pages/a", data=data)


async def test_the_msgid_is_that_of_the_event(wechat: WechatClient, sandbox: Sandbox, receiver: Receiver):
    openid = await openid_of(wechat, sandbox)
    sandbox.post("/_sbx/subscribe", app="zhipin", person="林小梅", answers={"TPL_SHIFT_01": "accept"})
    msgid = await send(wechat, openid)
    event = until(lambda: receiver.events[1:])[0]
    assert event.msg_ids == (msgid,)
    assert [call["answer_errcode"] for call in sandbox.calls(SEND)] == [0]


@pytest.mark.parametrize(
    ("answer", "msgid"),
    [({"msgid": 1864323726461255680}, "1864323726461255680"), ({"msgid": "x1"}, "x1"), ({}, None), ({"msgid": 0}, None),
     ({"msgid": None}, None), ({"msgid": ""}, None), ({"msgid": {}}, None), ({"msgid": True}, None)],
)  # fmt: skip
async def test_the_msgid_may_be_missing(wechat: WechatClient, answer: dict[str, Any], msgid: str | None):
    assert await send(answering(wechat, json.dumps(answer).encode()), "o1") == msgid
