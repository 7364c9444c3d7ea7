"""Pushed messages, opened and read, without a network.

`vectors.json` holds public vectors of other libraries (wechatpy, WxJava, SKIT.FlurlHttpClient.Wechat; each names its
own) as they were collected and verified for this project. The official ones are those of WeChat's page 消息推送.
"""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from app.wechat.push import (
    PushConfig,
    PushError,
    PushForeignError,
    PushFormatError,
    PushSignatureError,
    open_message,
    unseal,
    verify_url,
)
from tests.wechat.support import CONFIGS
from wechat_sandbox import pushcrypto

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())
PUSHED = [vector for vector in VECTORS if vector["kind"].startswith("msg_signature")]
SEALED = [vector for vector in VECTORS if vector["kind"] == "encrypt"]
# Another library's signature over a message whose key nobody has published.
SOME_KEY = "A" * 43

ZHIPIN = CONFIGS["zhipin"]
OFFICIAL = PushConfig("AAAAA", "A" * 43, "wxba5fad812f8e6fb9")
OFFICIAL_POST = {
    "timestamp": "1714112445", "nonce": "415670741", "msg_signature": "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
}  # fmt: skip
OFFICIAL_ENCRYPT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8"
    "XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32I"
    "Ijdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
OWN_POST = {
    "timestamp": "1764000000", "nonce": "20251125", "msg_signature": "85f05743daacb238b1d42ae791716ecb3862ae5e",
}  # fmt: skip
OWN_MESSAGE = (
    '{"ToUserName":"gh_baogai000001","FromUserName":"oBaoGaiUser0001","CreateTime":1764000000,"MsgType":"event",'
    '"Event":"wxa_media_check","appid":"wxbaogai0000zhipin","trace_id":"bg-trace-0001","version":2,'
    '"detail":[{"strategy":"content_model","errcode":0,"suggest":"pass","label":100,"prob":90}],'
    '"errcode":0,"errmsg":"ok","result":{"suggest":"pass","label":100}}'
)
OWN_ENCRYPT = (
    "eEzYKmZJPF6pzMXVMpzFBhnzedT1h8VKK1OJwrwqSSco54m88PRp0s+enANm0BdUeW/H9bpjvMInxJi1ckD+neUFkp2FpXZptZco1dJBcmpTYs16u"
    "TFHqn3BV7MN6abYNSAAqANajlUKirFkTGtRoBaK+Nx4ijsAlVAkF4FZyY37RTxGAAztkmGkdXyqcVkgBUTWXZagz6XnGfTb8evqHUp4ghMtrrSvS6"
    "sVot+omcfnoOhev9CEPpoBnGn5BgtfOqDsvhAtb29jaixHB8W7ThL4r/bIfOVlHwnBs+31s5vHpZ+XBntzfRPfwSEelnqSPFWLxzadScaC2xcuBno"
    "n1nvqjYK1/cioepwF5KCeCHY+hO4PG9Kg/W7aPoXgDFRlAHO4qmKeROLYOtsveCPQwxgnoxPMqlNH6+n+oNQ2d+Q4nnR0A/SztQLgZLKIg4zZSKU2"
    "ZSjOq9iOFkjmMPYiTvEIy9zl5/tPQKXxr9MsCJ2iW78nkZHtW/kFm5x/9cMBHcS9j5lnYVtFkC0xpd5NRv1XQi5Yx6xhmyIuZwbiNIY="
)


def body(encrypted: Any) -> bytes:
    return json.dumps({"ToUserName": "gh_x", "Encrypt": encrypted}).encode()


def query(token: str, encrypted: str, timestamp: str = "1764000000", nonce: str = "1") -> dict[str, str]:
    signature = pushcrypto.signature(token, timestamp, nonce, encrypted)
    return {"timestamp": timestamp, "nonce": nonce, "msg_signature": signature, "encrypt_type": "aes"}


def opened(message: bytes, config: PushConfig = ZHIPIN) -> Any:
    """What comes out of a message that the sandbox has sealed and signed."""
    encrypted = pushcrypto.seal(config.aes_key, config.appid, message, b"0123456789abcdef")
    return open_message(config, query(config.token, encrypted), body(encrypted))


# Vectors


@pytest.mark.parametrize("vector", PUSHED, ids=lambda vector: vector["name"])
def test_signatures_of_other_libraries(vector: dict[str, Any]):
    """All of them carry XML or bare text: signed and sealed as we expect, and refused only as no JSON object."""
    aes_key, appid = vector.get("encoding_aes_key", SOME_KEY), vector.get("app_id", "wx")
    config = PushConfig(vector["token"], aes_key, appid)
    given = {key: vector[key] for key in ("timestamp", "nonce")} | {"msg_signature": vector["signature"]}
    expected = PushFormatError if vector["expect_valid"] else PushSignatureError
    with pytest.raises(expected):
        open_message(config, given, body(vector["encrypt"]))
    if "expect_plain" in vector:
        assert unseal(config, vector["encrypt"]).decode() == vector["expect_plain"]
        assert vector["expect_app_id"] == appid
        with pytest.raises(PushForeignError):
            unseal(PushConfig(vector["token"], aes_key, "wxanother"), vector["encrypt"])


@pytest.mark.parametrize("vector", SEALED, ids=lambda vector: vector["name"])
def test_messages_sealed_by_other_libraries(vector: dict[str, Any]):
    """What they seal, we open; and the sandbox seals the very same bytes."""
    xml = vector.get("expect_xml", "")
    encrypted = vector.get("expect_encrypt") or re.findall(r"<Encrypt><!\[CDATA\[(.*?)\]\]>", xml)[0]
    config = PushConfig(vector["token"], vector["encoding_aes_key"], vector["app_id"])
    assert unseal(config, encrypted).decode() == vector["plain"]
    random = vector["random16"].encode()
    assert pushcrypto.seal(config.aes_key, config.appid, vector["plain"].encode(), random) == encrypted
    if xml:
        signature = pushcrypto.signature(config.token, vector["timestamp"], vector["nonce"], encrypted)
        assert f"<MsgSignature><![CDATA[{signature}]]>" in xml


def test_the_other_vectors_are_of_other_schemes():
    assert len(PUSHED) + len(SEALED) == 8
    assert {vector["kind"] for vector in VECTORS if vector not in PUSHED + SEALED} == {
        "wxa_encryptedData_AES128CBC", "AES256ECB_md5key",
    }  # fmt: skip


def test_the_official_url_check():
    verify_url("AAAAA", "f464b24fc39322e44b38aa78f5edd27bd1441696", "1714036504", "1514711492")
    verify_url(ZHIPIN.token, "501da00152efc863046d2cd1e0d2519ca224d007", "1764000000", "20251125")
    assert pushcrypto.signature("AAAAA", "1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"


@pytest.mark.parametrize(
    ("token", "signature", "timestamp", "nonce"),
    [
        ("AAAAB", "f464b24fc39322e44b38aa78f5edd27bd1441696", "1714036504", "1514711492"),
        ("AAAAA", "f464b24fc39322e44b38aa78f5edd27bd1441697", "1714036504", "1514711492"),
        ("AAAAA", "F464B24FC39322E44B38AA78F5EDD27BD1441696", "1714036504", "1514711492"),
        ("AAAAA", "f464b24fc39322e44b38aa78f5edd27bd1441696", "1714036505", "1514711492"),
        ("AAAAA", "f464b24fc39322e44b38aa78f5edd27bd1441696", "1714036504", ""),
        ("AAAAA", "", "1714036504", "1514711492"),
        ("AAAAA", "签名\ud800", "1714036504", "1514711492"),
        ("", pushcrypto.signature("", "1", "2"), "1", "2"),
    ],
)
def test_url_checks_that_are_not_wechats(token: str, signature: str, timestamp: str, nonce: str):
    with pytest.raises(PushSignatureError):
        verify_url(token, signature, timestamp, nonce)


def test_the_official_message():
    message = open_message(OFFICIAL, OFFICIAL_POST, body(OFFICIAL_ENCRYPT))
    assert (message["Event"], message["MsgType"]) == ("debug_demo", "event")


def test_the_official_reply():
    encrypted = pushcrypto.seal("A" * 43, OFFICIAL.appid, b'{"demo_resp":"good luck"}', b"707722b803182950")
    assert encrypted == "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    signature = pushcrypto.signature("AAAAA", "1713424427", "415670741", encrypted)
    assert signature == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
    assert unseal(OFFICIAL, encrypted) == b'{"demo_resp":"good luck"}'


def test_our_own_message_in_both_directions():
    assert len(OWN_MESSAGE) == 358
    assert open_message(ZHIPIN, OWN_POST, body(OWN_ENCRYPT)) == json.loads(OWN_MESSAGE)
    sealed = pushcrypto.seal(ZHIPIN.aes_key, ZHIPIN.appid, OWN_MESSAGE.encode(), b"0123456789abcdef")
    assert sealed == OWN_ENCRYPT
    signature = pushcrypto.signature(ZHIPIN.token, "1764000000", "20251125", sealed)
    assert signature == OWN_POST["msg_signature"]


@given(st.binary(max_size=100), st.binary(min_size=16, max_size=16))
def test_every_length_and_padding(message: bytes, random: bytes):
    encrypted = pushcrypto.seal(ZHIPIN.aes_key, ZHIPIN.appid, message, random)
    assert unseal(ZHIPIN, encrypted) == message


# Everything that is not right


@pytest.mark.parametrize("missing", ["timestamp", "nonce", "msg_signature"])
def test_all_of_the_query_is_signed(missing: str):
    for change in ({}, {missing: ""}, {missing: OWN_POST[missing] + "0"}):
        given = {key: value for key, value in OWN_POST.items() if key != missing} | change
        with pytest.raises(PushSignatureError):
            open_message(ZHIPIN, given, body(OWN_ENCRYPT))


def test_the_signature_of_the_query_does_not_protect_the_body():
    plain = pushcrypto.signature(ZHIPIN.token, "1764000000", "20251125")
    with pytest.raises(PushSignatureError):
        open_message(ZHIPIN, OWN_POST | {"msg_signature": plain, "signature": plain}, body(OWN_ENCRYPT))


@pytest.mark.parametrize("place", [0, 100, len(OWN_ENCRYPT) - 1])
def test_a_changed_body_is_not_opened(place: int):
    changed = OWN_ENCRYPT[:place] + ("A" if OWN_ENCRYPT[place] != "A" else "B") + OWN_ENCRYPT[place + 1 :]
    with pytest.raises(PushSignatureError):
        open_message(ZHIPIN, OWN_POST, body(changed))


PLAIN_BODIES = {
    "plain mode": OWN_MESSAGE.encode(),
    "XML": f"<xml><Encrypt><![CDATA[{OWN_ENCRYPT}]]></Encrypt></xml>".encode(),
    "nothing": b"",
    "a list": b"[]",
    "a text": b'"success"',
    "not UTF-8": b'{"Encrypt":"\xff"}',
    "nested": b"[" * 100_000,
    "no text": body(7),
    "null": body(None),
    "a list inside": body([OWN_ENCRYPT]),
}


@pytest.mark.parametrize("content", PLAIN_BODIES.values(), ids=PLAIN_BODIES.keys())
def test_only_sealed_json_is_taken(content: bytes):
    with pytest.raises(PushFormatError):
        open_message(ZHIPIN, OWN_POST, content)


def test_compatible_mode_counts_for_what_is_sealed():
    both = json.dumps({"Event": "user_authorization_cancellation", "Encrypt": OWN_ENCRYPT}).encode()
    assert open_message(ZHIPIN, OWN_POST, both)["Event"] == "wxa_media_check"


def encrypt(plain: bytes) -> str:
    """AES alone, for plain texts that no honest side makes."""
    key = base64.b64decode(ZHIPIN.aes_key + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


RANDOM, APPID = b"r" * 16, ZHIPIN.appid.encode()  # with the length and 2 bytes of message: 40 bytes, padded by 24
HONEST = RANDOM + b"\0\0\0\2{}" + APPID + b"\x18" * 24
BROKEN = {
    "no base64": "***",
    "a space in it": OWN_ENCRYPT[:9] + " " + OWN_ENCRYPT[9:],
    "another alphabet": "-_" * 22,
    "cut off": OWN_ENCRYPT[:-1],
    "nothing": "",
    "half a block": base64.b64encode(bytes(16)).decode(),
    "no whole block": base64.b64encode(bytes(33)).decode(),
    "padding 0": encrypt(HONEST[:-1] + b"\0"),
    "padding 33": encrypt(HONEST[:-24] + b"\x21" * 24),
    "uneven padding": encrypt(HONEST[:-2] + b"\x17\x18"),
    "padding of 16 only": encrypt(b"\x10" * 32),
    "all padding": encrypt(b"\x20" * 32),
    "no length": encrypt(RANDOM + b"\0\0\0" + b"\x0d" * 13),
    "too long": encrypt(RANDOM + b"\0\0\1\0{}" + APPID + b"\x18" * 24),
    "little-endian": encrypt(RANDOM + b"\2\0\0\0{}" + APPID + b"\x18" * 24),
    "no object": pushcrypto.seal(ZHIPIN.aes_key, ZHIPIN.appid, b"[1]", RANDOM),
    "XML inside": pushcrypto.seal(ZHIPIN.aes_key, ZHIPIN.appid, b"<xml></xml>", RANDOM),
    "not UTF-8 inside": pushcrypto.seal(ZHIPIN.aes_key, ZHIPIN.appid, b"\xff", RANDOM),
    "empty inside": pushcrypto.seal(ZHIPIN.aes_key, ZHIPIN.appid, b"", RANDOM),
    "sealed with the other key": pushcrypto.seal(CONFIGS["linggong"].aes_key, ZHIPIN.appid, b"{}", RANDOM),
}


@pytest.mark.parametrize("encrypted", BROKEN.values(), ids=BROKEN.keys())
def test_signed_and_still_no_message(encrypted: str):
    with pytest.raises(PushFormatError):
        open_message(ZHIPIN, query(ZHIPIN.token, encrypted), body(encrypted))


def test_the_honest_one_of_them_is_opened():
    assert open_message(ZHIPIN, query(ZHIPIN.token, encrypt(HONEST)), body(encrypt(HONEST))) == {}


@pytest.mark.parametrize("appid", ["wxbaogai000linggong", "", "wxbaogai0000zhipin0", "wxbaogai0000zhipi"])
def test_messages_of_another_app_are_foreign(appid: str):
    encrypted = pushcrypto.seal(ZHIPIN.aes_key, appid, b"{}", RANDOM)
    with pytest.raises(PushForeignError):
        open_message(ZHIPIN, query(ZHIPIN.token, encrypted), body(encrypted))


def test_an_old_message_is_still_wechats():
    assert opened(b'{"Event":"x"}') == {"Event": "x"}
    encrypted = pushcrypto.seal(ZHIPIN.aes_key, ZHIPIN.appid, b"{}", RANDOM)
    assert open_message(ZHIPIN, query(ZHIPIN.token, encrypted, timestamp="1"), body(encrypted)) == {}


@pytest.mark.parametrize("aes_key", ["", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 42 + "\n", "-" * 43, "字" * 43])
def test_settings_that_cannot_be_right(aes_key: str):
    with pytest.raises(ValueError, match="EncodingAESKey"):
        PushConfig("token", aes_key, "wx")
    with pytest.raises(ValueError, match="Token"):
        PushConfig("", "A" * 43, "wx")


def test_nothing_secret_is_told():
    encrypted = pushcrypto.seal(ZHIPIN.aes_key, "wxother", OWN_MESSAGE.encode(), RANDOM)
    told = [repr(ZHIPIN), str(ZHIPIN)]
    for signed, sealed in [
        (OWN_POST, encrypted), (query(ZHIPIN.token, encrypted), encrypted), (query(ZHIPIN.token, "***"), "***"),
        (OWN_POST, "{"),
    ]:  # fmt: skip
        with pytest.raises(PushError) as raised:
            open_message(ZHIPIN, signed, body(sealed))
        told += [str(raised.value), repr(raised.value), repr(raised.value.__cause__)]
    for secret in (ZHIPIN.token, ZHIPIN.aes_key, "oBaoGaiUser0001", encrypted, "bg-trace"):
        assert secret not in "".join(told)
