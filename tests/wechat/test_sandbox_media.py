"""Media checks in the sandbox: accepted at once, downloaded, judged, pushed when and as often as told."""

from typing import Any

import pytest
from fastapi.responses import RedirectResponse, Response

from demo.stack import free_port
from tests.wechat.support import LINGGONG, MEDIA, ZHIPIN, Receiver, Wechat, until
from wechat_sandbox.media import DOWNLOAD_BYTES


def check(raw: Wechat, url: str, openid: str = "", /, **change: Any) -> Any:
    body = {"media_url": url, "media_type": 2, "version": 2, "scene": 1, "openid": openid or raw.openid(), **change}
    body = {key: value for key, value in body.items() if value is not None}
    return raw.post(MEDIA, body, raw.token())


@pytest.fixture
def photo(receiver: Receiver) -> str:
    receiver.files["photo.jpg"] = Response(b"\xff\xd8 no markers")
    return f"{receiver.url}/files/photo.jpg"


def verdict(receiver: Receiver) -> tuple[int, Any]:
    (event,) = until(lambda: receiver.events)
    return event.errcode, event.result


def test_a_picture_is_fetched_and_passes(raw: Wechat, receiver: Receiver, photo: str):
    raw.control("media", app="zhipin", delay_seconds=0)
    openid = raw.openid()
    answer = check(raw, photo + "?sig=a%2Fb&t=1", openid)
    assert set(answer) == {"errcode", "errmsg", "trace_id"}
    assert answer["errcode"] == 0
    (event,) = until(lambda: receiver.events)
    assert (event.name, event.openid, event.trace_id) == ("wxa_media_check", openid, answer["trace_id"])
    assert (event.errcode, event.result) == (0, {"suggest": "pass", "label": 100})
    assert receiver.messages[0]["appid"] == ZHIPIN[0]
    assert receiver.messages[0]["detail"][0]["suggest"] == "pass"
    assert receiver.fetched == [photo + "?sig=a%2Fb&t=1"], "the address as it is"
    (seen,) = raw.seen("media")
    assert (seen["trace_id"], seen["suggest"], seen["bytes"]) == (answer["trace_id"], "pass", 13)


@pytest.mark.parametrize(
    ("name", "content", "result"),
    [
        ("SBX_RISKY.jpg", b"x", ("risky", 20002)),
        ("SBX_REVIEW.jpg", b"x", ("review", 21000)),
        ("a.jpg", b"\xff\xd8..SBX_RISKY..", ("risky", 20002)),
        ("b.jpg", b"SBX_REVIEW\x00", ("review", 21000)),
        ("SBX_REVIEW.png", b"SBX_RISKY", ("risky", 20002)),
    ],
)
def test_markers(raw: Wechat, receiver: Receiver, name: str, content: bytes, result: tuple[str, int]):
    receiver.files[name] = Response(content)
    raw.control("media", app="zhipin", delay_seconds=0)
    check(raw, f"{receiver.url}/files/{name}")
    assert verdict(receiver) == (0, {"suggest": result[0], "label": result[1]})


def test_queued_verdicts_go_first_and_belong_to_their_app(raw: Wechat, receiver: Receiver, photo: str):
    raw.control("media", app="linggong", verdict="risky")
    raw.control("media", app="zhipin", verdict="review", times=2, delay_seconds=0)
    assert raw.control("media", app="zhipin", verdict="fail")["queued"] == ["review", "review", "fail"]
    openid = raw.openid()
    for index in range(4):
        check(raw, f"{photo}?{index}", openid)
    until(lambda: len(receiver.events) == 4)
    by_trace = {event.trace_id: event for event in receiver.events}
    seen = sorted(raw.seen("media"), key=lambda row: row["media_url"])
    assert [row["suggest"] for row in seen] == ["review", "review", None, "pass"]
    assert [by_trace[row["trace_id"]].errcode for row in seen] == [0, 0, -1008, 0]
    assert by_trace[seen[2]["trace_id"]].result is None


@pytest.mark.parametrize("kind", ["away", "not found", "moved", "too large", "cut off"])
def test_what_cannot_be_fetched_has_no_verdict(raw: Wechat, receiver: Receiver, photo: str, kind: str):
    raw.control("media", app="zhipin", verdict="pass", delay_seconds=0)
    receiver.files["moved.jpg"] = RedirectResponse(photo)
    receiver.files["large.jpg"] = Response(bytes(DOWNLOAD_BYTES + 1))
    receiver.files["short.jpg"] = Response(b"x", headers={"content-length": "2"})
    name = {"moved": "moved.jpg", "too large": "large.jpg", "not found": "none.jpg", "cut off": "short.jpg"}.get(kind)
    url = f"{receiver.url}/files/{name}" if name else f"http://127.0.0.1:{free_port()}/a.jpg"
    check(raw, url)
    assert verdict(receiver) == (-1008, None)
    assert receiver.messages[0]["detail"] == []
    assert "result" not in receiver.messages[0]


def test_the_largest_file(raw: Wechat, receiver: Receiver):
    receiver.files["large.jpg"] = Response(bytes(DOWNLOAD_BYTES))
    raw.control("media", app="zhipin", delay_seconds=0)
    check(raw, f"{receiver.url}/files/large.jpg")
    assert verdict(receiver) == (0, {"suggest": "pass", "label": 100})


def test_twice(raw: Wechat, receiver: Receiver, photo: str):
    raw.control("media", app="zhipin", delay_seconds=0, push_twice=True)
    check(raw, photo)
    first, second = until(lambda: receiver.events[1:] and receiver.events)
    assert first.dedupe_key == second.dedupe_key


def test_before_the_answer(raw: Wechat, receiver: Receiver, photo: str):
    raw.control("media", app="zhipin", delay_seconds=600, push_before_answer=True)
    answer = check(raw, photo)
    assert [event.trace_id for event in receiver.events] == [answer["trace_id"]], "it is there already"


def test_later(raw: Wechat, receiver: Receiver, photo: str):
    raw.control("media", app="zhipin", delay_seconds=600)
    check(raw, photo)
    until(lambda: raw.seen("media"))
    assert receiver.events == []
    # A reset ends what is on its way: the next test starts with nothing.
    raw.control("reset")
    assert raw.seen("media") == []


def test_the_same_address_within_a_minute(raw: Wechat, receiver: Receiver, photo: str):
    openid = raw.openid()
    assert [check(raw, photo, openid)["errcode"] for _ in range(2)] == [0, 87020]
    assert check(raw, photo + "?other", openid)["errcode"] == 0
    other = {"media_url": photo, "media_type": 2, "version": 2, "scene": 1, "openid": raw.openid("linggong")}
    assert raw.post(MEDIA, other, raw.token(LINGGONG))["errcode"] == 0
    raw.control("clock", advance_seconds=60)
    assert check(raw, photo, openid)["errcode"] == 0


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"media_type": 3}, 40004),
        ({"media_type": "2"}, 40004),
        ({"media_type": True}, 40004),
        ({"media_type": None}, 40004),
        ({"version": 1}, 47001),
        ({"version": None}, 47001),
        ({"scene": 5}, 40129),
        ({"scene": None}, 40129),
        ({"media_url": None}, 47001),
        ({"media_url": "ftp://x/a.jpg"}, 47001),
        ({"media_url": "/a.jpg"}, 47001),
        ({"media_url": "http:///a.jpg"}, 47001),
        ({"media_url": "http://a:b:c/"}, 47001),
        ({"openid": None}, 47001),
        ({"openid": "nobody"}, 40003),
        ({"media_type": 1}, 0),
    ],
)
def test_what_is_asked_for_is_checked(raw: Wechat, change: dict[str, Any], errcode: int):
    """Nobody listens at the push address either: there is none."""
    assert check(raw, "http://127.0.0.1:1/a.jpg", **change)["errcode"] == errcode


def test_who_asks_is_checked(raw: Wechat):
    url = "http://127.0.0.1:1/a.jpg"
    assert check(raw, url, raw.openid("linggong"))["errcode"] == 43104
    openid = raw.openid()
    raw.control("clock", advance_seconds=7201)
    assert check(raw, url, openid)["errcode"] == 61010
    assert raw.post(MEDIA, {}, "")["errcode"] == 41001
    assert raw.http.get(MEDIA).json()["errcode"] == 43002
