"""Events read leniently: WeChat's own samples, their odd relatives, and what makes two of them the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.wechat.push import PushEvent, read_event

HEAD = {"ToUserName": "gh_x", "FromUserName": "oBG1", "CreateTime": 1764000000, "MsgType": "event"}
MEDIA = HEAD | {
    "Event": "wxa_media_check", "appid": "wxbaogai0000zhipin", "trace_id": "bg-trace-0001", "version": 2,
    "detail": [{"strategy": "content_model", "errcode": 0, "suggest": "pass", "label": 100, "prob": 90}],
    "errcode": 0, "errmsg": "ok", "result": {"suggest": "pass", "label": 100},
}  # fmt: skip
REVOKE = HEAD | {
    "FromUserName": "oPlatform", "Event": "user_authorization_revoke", "OpenID": "oBG1",
    "AppID": "wxbaogai0000zhipin", "RevokeInfo": "8",
}  # fmt: skip
SENT = HEAD | {
    "Event": "subscribe_msg_sent_event",
    "List": [
        {"TemplateId": "TPL_SHIFT_01", "MsgID": "1864323726461255680", "ErrorCode": "0", "ErrorStatus": "success"}
    ],
}


def test_a_media_verdict():
    event = read_event(MEDIA)
    assert event == PushEvent(
        name="wxa_media_check", openid="oBG1", created=1764000000, trace_id="bg-trace-0001", msg_ids=(), items=(),
        errcode=0, result={"suggest": "pass", "label": 100}, revoke_codes=(),
    )  # fmt: skip


@pytest.mark.parametrize("errcode", [-1008, "-1008"])
def test_a_failed_download_has_no_result(errcode: Any):
    failed = {key: value for key, value in MEDIA.items() if key != "result"} | {"errcode": errcode, "detail": []}
    event = read_event(failed)
    assert (event.errcode, event.result, event.trace_id) == (-1008, None, "bg-trace-0001")


ROW = {"TemplateId": "TPL_SHIFT_01", "SubscribeStatusString": "accept", "PopupScene": "0"}


@pytest.mark.parametrize("rows", [[ROW], ROW, [ROW | {"PopupScene": 0}], [ROW, "x", None]])
@pytest.mark.parametrize("created", ["1764000001", 1764000001, 1764000001.0, " 1764000001 "])
def test_a_popup_in_all_its_shapes(rows: Any, created: Any):
    event = read_event(HEAD | {"Event": "subscribe_msg_popup_event", "CreateTime": created, "List": rows})
    assert event.name == "subscribe_msg_popup_event"
    assert event.items == (ROW,)
    assert event.created == 1764000001
    assert event.dedupe_key == read_event(
        HEAD | {"Event": "subscribe_msg_popup_event", "CreateTime": 1764000001, "List": [ROW]}
    ).dedupe_key  # fmt: skip


def test_what_became_of_a_message():
    event = read_event(SENT)
    assert event.msg_ids == ("1864323726461255680",)
    assert (event.items[0]["ErrorCode"], event.items[0]["ErrorStatus"]) == ("0", "success")
    # As a number it is greater than what a float holds exactly.
    number = read_event(SENT | {"List": {"TemplateId": "T", "MsgId": 1864323726461255680}})
    assert number.msg_ids == ("1864323726461255680",)
    assert read_event(HEAD | {"MsgType": "text", "MsgId": 23, "Content": "x"}).msg_ids == ("23",)


@pytest.mark.parametrize("name", ["OpenID", "openid", "OpenId", " OpenID"])
def test_the_person_is_named_by_openid_before_the_sender(name: str):
    changed = {key: value for key, value in REVOKE.items() if key != "OpenID"} | {name: "oBG1"}
    assert read_event(changed).openid == "oBG1"
    assert read_event(HEAD).openid == "oBG1"
    assert read_event({}).openid is None


@pytest.mark.parametrize(
    ("value", "codes"),
    [("8", ("8",)), (8, ("8",)), ("8,13", ("8", "13")), (["6", 7], ("6", "7")), (None, ()), ("", ()), (True, ())],
)
def test_what_is_revoked(value: Any, codes: tuple[str, ...]):
    assert read_event(REVOKE | {"RevokeInfo": value}).revoke_codes == codes


ODD: list[dict[str, Any]] = [
    {},
    {"Event": 7, "CreateTime": "gestern", "List": "x", "result": [], "errcode": "x", "trace_id": {}, "MsgId": True},
    {"Event": None, "CreateTime": None, "List": None, "result": None, "errcode": None, "RevokeInfo": {}},
    {"CreateTime": float("inf"), "errcode": float("nan"), "List": [[{}]]},
    {"CreateTime": 10**30, "errcode": True, "List": [{"MsgID": ["x"]}]},
    {"CreateTime": "9" * 5000, "errcode": "1e3"},
]


@pytest.mark.parametrize("message", ODD)
def test_nothing_is_too_odd(message: dict[str, Any]):
    event = read_event(message)
    assert (event.created, event.errcode, event.result, event.trace_id, event.msg_ids) == (0, 0, None, None, ())
    assert len(event.dedupe_key) == 64


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["Event", "OpenID", "FromUserName", "CreateTime", "List", "errcode", "result", "RevokeInfo"])


@given(st.dictionaries(NAMES | st.text(), JSON))
def test_any_json_is_read(message: dict[str, Any]):
    event = read_event(json.loads(json.dumps(message)))
    assert isinstance(event.created, int)
    assert len(event.dedupe_key) == 64


@pytest.mark.parametrize("message", [MEDIA, REVOKE, SENT])
def test_a_message_sent_again_is_the_same(message: dict[str, Any]):
    again = dict(reversed(message.items()))
    assert read_event(again).dedupe_key == read_event(message).dedupe_key


@pytest.mark.parametrize(
    ("message", "change"),
    [
        (MEDIA, {"trace_id": "bg-trace-0002"}),
        (MEDIA, {"FromUserName": "oBG2"}),
        (MEDIA, {"CreateTime": 1764000001}),
        (MEDIA, {"Event": "wxa_punish_event"}),
        (SENT, {"List": [{"TemplateId": "TPL_SHIFT_01", "MsgID": "1864323726461255681"}]}),
        # Both within one second, and both to be acted on.
        (REVOKE, {"RevokeInfo": "13"}),
        (HEAD | {"List": [ROW]}, {"List": [ROW | {"TemplateId": "TPL_SHIFT_02"}]}),
        (HEAD | {"List": [ROW]}, {"List": [ROW | {"SubscribeStatusString": "reject"}]}),
        (HEAD | {"MsgId": 1}, {"MsgId": 2}),
    ],
)
def test_events_that_only_look_alike(message: dict[str, Any], change: dict[str, Any]):
    assert read_event(message).dedupe_key != read_event(message | change).dedupe_key


def test_the_person_is_not_in_the_repr():
    assert "oBG1" not in repr(read_event(MEDIA))
    assert "oBG1" not in read_event(MEDIA).dedupe_key
