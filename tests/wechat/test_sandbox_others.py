"""Mini-program codes, and the gateway for text messages that lives beside WeChat."""

import struct
import zlib
from typing import Any

import httpx
import pytest

from tests.wechat.support import QRCODE, ZHIPIN, Wechat
from wechat_sandbox import AppConfig, SandboxConfig
from wechat_sandbox.calls import Call
from wechat_sandbox.errors import WechatError
from wechat_sandbox.qrcode import unlimited_qrcode
from wechat_sandbox.state import Sandbox as State


def chunks(png: bytes) -> dict[bytes, bytes]:
    """The parts of a PNG, each with a right checksum (www.w3.org/TR/png)."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    found, place = {}, 8
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        kind, data = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", png, place + 8 + length)[0] == zlib.crc32(kind + data)
        found[kind + (data.partition(b"\0")[0] if kind == b"tEXt" else b"")] = data
        place += 12 + length
    return found


def code(raw: Wechat, **body: Any) -> httpx.Response:
    return raw.http.post(QRCODE, params={"access_token": raw.token()}, json={"scene": "s=1", **body})


@pytest.mark.parametrize("width", [280, 281, 430, 1280])
def test_a_code_is_a_real_png(raw: Wechat, width: int):
    answer = code(raw, page="pages/firm/index", width=width)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    parts = chunks(answer.content)
    assert struct.unpack(">IIBBBBB", parts[b"IHDR"]) == (width, width, 1, 0, 0, 0, 0)
    pixels = zlib.decompress(parts[b"IDAT"])
    assert len(pixels) == width * (1 + -(-width // 8))
    assert len(set(pixels)) > 2
    assert (parts[b"tEXtscene"], parts[b"tEXtpage"]) == (b"scene\0s=1", b"page\0pages/firm/index")
    assert list(parts)[-1] == b"IEND"


def test_codes_differ_and_stay(raw: Wechat):
    assert code(raw).content == code(raw, page="").content != code(raw, scene="s=2").content
    (call, *_) = raw.calls(QRCODE)
    assert (call["appid"], call["body"], call["answer_errcode"]) == (ZHIPIN[0], {"scene": "s=1"}, 0)


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"scene": "x" * 32}, None),
        ({"scene": "aZ09!#$&'()*+,/:;=?@-._~"}, None),
        ({"scene": "x" * 33}, 40169),
        ({"scene": ""}, 40169),
        ({"scene": "a%20b"}, 40129),
        ({"scene": "岗位"}, 40129),
        ({"scene": "a b"}, 40129),
        ({"scene": 1}, 40129),
        ({"scene": None}, 40129),
        ({"scene": "scancode_time=1"}, 85096),
        ({"page": "/pages/index"}, 41030),
        ({"page": "pages/index?a=1"}, 41030),
        ({"page": 1}, 41030),
        ({"width": 279}, 40097),
        ({"width": 1281}, 40097),
        ({"width": "430"}, 40097),
        ({"width": True}, 40097),
        ({"env_version": "develop"}, None),
        ({"env_version": "beta"}, 40097),
    ],
)
def test_errors_are_json_with_http_200(raw: Wechat, body: dict[str, Any], errcode: int | None):
    answer = code(raw, **body)
    assert answer.status_code == 200
    assert (answer.content[:1] == b"{") is (errcode is not None)
    assert errcode is None or answer.json()["errcode"] == errcode


def test_a_body_that_is_no_json_has_its_own_number(raw: Wechat):
    query = {"access_token": raw.token()}
    assert raw.http.post(QRCODE, params=query, content=b"scene=1").json()["errcode"] == 40169
    assert raw.http.post(QRCODE, params=query).json()["errcode"] == 44002


def test_pages_count_where_they_are_listed_and_looked_at():
    app = AppConfig(name="x", appid="wxfictional", secret="sandbox-x", pages=frozenset({"pages/a"}))
    state = State(SandboxConfig(apps=(app,)))

    def made(**body: Any) -> bytes:
        return unlimited_qrcode(state, Call("POST", QRCODE, {}, b"", appid="wxfictional", body={"scene": "x", **body}))

    assert made(page="pages/a") != made(page="pages/b", check_path=False)
    assert made()
    with pytest.raises(WechatError) as refused:
        made(page="pages/b")
    assert refused.value.errcode == 41030


SMS = "/sms/send"
MESSAGE = {"phone": "13800138000", "template": "interview", "params": {"time": "明天 9:00"}}


def send(raw: Wechat, body: Any = MESSAGE, secret: str = "Bearer sandbox-sms") -> httpx.Response:
    return raw.http.post(SMS, json=body, headers={"Authorization": secret})


def test_text_messages_are_kept_in_full(raw: Wechat):
    answer = send(raw)
    assert (answer.status_code, answer.json()["accepted"]) == (200, True)
    send(raw, MESSAGE | {"phone": "13900139000"})
    (message,) = raw.seen("sms", phone="13800138000")
    assert {key: message[key] for key in MESSAGE} == MESSAGE
    assert message["id"] == answer.json()["id"]
    assert len(raw.seen("sms")) == 2
    assert next(call["body"] for call in raw.calls(SMS)) == MESSAGE
    raw.control("reset")
    assert raw.seen("sms") == []


@pytest.mark.parametrize("secret", ["", "sandbox-sms", "Bearer wrong", "Basic sandbox-sms"])
def test_the_gateway_has_a_secret(raw: Wechat, secret: str):
    answer = send(raw, secret=secret)
    assert (answer.status_code, answer.json()) == (401, {"accepted": False, "error": "unauthorized"})
    assert raw.seen("sms") == []
    assert "sandbox-sms" not in str(raw.calls(SMS))


@pytest.mark.parametrize(
    "body",
    [[], "x", {}, MESSAGE | {"phone": "一二三"}, MESSAGE | {"phone": 13800138000}, MESSAGE | {"template": ""},
     MESSAGE | {"params": []}, {"phone": "13800138000", "template": "x"}],
)  # fmt: skip
def test_text_messages_that_say_nothing(raw: Wechat, body: Any):
    assert send(raw, body).status_code == 400
    assert raw.seen("sms") == []
    assert raw.http.get(SMS).status_code == 405


def test_faults_of_the_gateway(raw: Wechat):
    raw.control("faults", path=SMS, kind="html")
    assert send(raw).status_code == 502
    assert raw.seen("sms") == []
    raw.control("faults", path=SMS, kind="errcode", errcode=-1)
    assert "accepted" not in send(raw).json()
    raw.control("faults", path=SMS, kind="reset", applied=True)
    with pytest.raises(httpx.RemoteProtocolError):
        send(raw)
    assert len(raw.seen("sms")) == 1, "sent, and only the answer was lost"
