"""The sandbox keeps WeChat's contract: what the client meets here, it will meet in production."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.wechat.support import LINGGONG, LOGIN, PHONE, TOKEN, ZHIPIN, Wechat
from wechat_sandbox import AppConfig

SEND = "/cgi-bin/message/subscribe/send"
CHECK = "/wxa/msg_sec_check"


@pytest.fixture
def wechat(raw: Wechat) -> Wechat:
    return raw


def test_controls_need_the_key_and_health_does_not(wechat: Wechat):
    assert wechat.http.get("/_sbx/health").json() == {"status": "ok"}
    assert wechat.http.post("/_sbx/login", json={"app": "zhipin", "person": "甲"}).status_code == 403
    assert wechat.http.get("/_sbx/calls", headers={"X-Sandbox-Key": "其他".encode()}).status_code == 403


def test_real_accounts_are_refused():
    with pytest.raises(ValueError, match="真实账号"):
        AppConfig(name="x", appid="wx0123456789abcdef", secret="sandbox-x")
    with pytest.raises(ValueError, match="真实账号"):
        AppConfig(name="x", appid="wxfictional", secret="0123456789abcdef0123456789abcdef")


def test_one_human_has_two_openids_and_one_unionid(wechat: Wechat):
    first = wechat.session(wechat.code("zhipin", "林小梅"))
    second = wechat.session(wechat.code("linggong", "林小梅"), LINGGONG)
    again = wechat.session(wechat.code("zhipin", "林小梅"))
    assert "errcode" not in first
    assert set(first) == {"openid", "session_key", "unionid"}
    assert len(first["openid"]) == 28
    assert first["openid"] == again["openid"] != second["openid"]
    assert first["unionid"] == second["unionid"]


def test_unionid_is_absent_when_unbound_or_withheld(wechat: Wechat):
    wechat.control("apps", app="zhipin", bound=False)
    assert "unionid" not in wechat.session(wechat.code("zhipin", "甲"))
    wechat.control("apps", app="zhipin", bound=True)
    wechat.control("persons", person="乙", no_unionid=True)
    assert "unionid" not in wechat.session(wechat.code("zhipin", "乙"))
    wechat.control("persons", person="丙", blocked=True)
    assert wechat.session(wechat.code("zhipin", "丙"))["errcode"] == 40226


def test_login_codes_are_single_use_bound_to_the_app_and_live_five_minutes(wechat: Wechat):
    code = wechat.code("zhipin", "甲")
    assert wechat.session(code, LINGGONG)["errcode"] == 40029
    assert "openid" in wechat.session(code)
    assert wechat.session(code)["errcode"] == 40163
    assert wechat.session("unknown")["errcode"] == 40029
    late = wechat.code("zhipin", "甲")
    wechat.control("clock", advance_seconds=300)
    assert wechat.session(late)["errcode"] == 40029


def test_of_64_simultaneous_uses_exactly_one_wins(wechat: Wechat):
    code = wechat.code("zhipin", "甲")
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(wechat.session, [code] * 64))
    assert sum("openid" in answer for answer in answers) == 1
    assert sum(answer.get("errcode") == 40163 for answer in answers) == 63


def test_wrong_credentials(wechat: Wechat):
    assert wechat.token_answer(("wxnobody", "x"))["errcode"] == 40013
    assert wechat.token_answer((ZHIPIN[0], "x"))["errcode"] == 40125
    assert wechat.token_answer(("", "x"))["errcode"] == 41002
    assert wechat.token_answer((ZHIPIN[0], ""))["errcode"] == 41004
    assert wechat.session("x", (ZHIPIN[0], "x"))["errcode"] == 40125
    wechat.control("apps", app="zhipin", ip_allowed=False)
    assert wechat.token_answer()["errcode"] == 40164


def test_stable_token_stays_the_same_then_overlaps_then_expires(wechat: Wechat):
    old = wechat.token_answer()
    assert old["expires_in"] == 7200
    wechat.control("clock", advance_seconds=6800)
    same = wechat.token_answer()
    assert same["access_token"] == old["access_token"]
    assert 300 <= same["expires_in"] <= 400
    wechat.control("clock", advance_seconds=200)
    new = wechat.token()
    assert new != old["access_token"]
    assert wechat.ping(old["access_token"]) == wechat.ping(new) == 40029
    wechat.control("clock", advance_seconds=300)
    assert wechat.ping(old["access_token"]) == 42001
    assert wechat.ping(new) == 40029
    assert wechat.ping("68_unknown") == 40001
    assert wechat.ping("") == 41001


def test_forced_tokens(wechat: Wechat):
    leaked = wechat.token()
    first = wechat.token_answer(force=True)["access_token"]
    assert first != leaked
    assert wechat.token_answer(force=True)["access_token"] == first, "within 30 s nothing is refreshed"
    wechat.control("clock", advance_seconds=30)
    assert wechat.token_answer(force=True)["access_token"] not in {first, leaked}
    assert wechat.ping(leaked) == 40001


def test_more_than_twenty_forced_tokens_a_day(wechat: Wechat):
    codes = []
    for _ in range(43):  # a midnight may fall into the run, two cannot
        codes.append(wechat.token_answer(force=True).get("errcode"))
        wechat.control("clock", advance_seconds=30)
    assert codes[:20].count(45009) == 0
    assert 45009 in codes


def test_phone_codes_belong_to_one_app(wechat: Wechat):
    code = wechat.control("phone", app="zhipin", person="甲", phone="13800138000")["code"]
    assert wechat.post(PHONE, {"code": code}, wechat.token(LINGGONG))["errcode"] == 40013
    assert wechat.post(PHONE, {"code": wechat.code("zhipin", "甲")}, wechat.token())["errcode"] == 40029
    answer = wechat.post(PHONE, {"code": code}, wechat.token())
    info = answer["phone_info"]
    assert (answer["errcode"], info["purePhoneNumber"], info["countryCode"]) == (0, "13800138000", 86)
    assert info["watermark"]["appid"] == ZHIPIN[0]
    assert wechat.post(PHONE, {"code": code}, wechat.token())["errcode"] == 40163


def test_country_code_may_be_a_string_and_foreign_numbers_carry_it(wechat: Wechat):
    wechat.control("options", numeric_country_code=False)
    code = wechat.control("phone", app="zhipin", person="甲", phone="51234567", country_code="852")["code"]
    info = wechat.post(PHONE, {"code": code}, wechat.token())["phone_info"]
    assert info["countryCode"] == "852"
    assert (info["phoneNumber"], info["purePhoneNumber"]) == ("+85251234567", "51234567")


def test_bodies_and_methods(wechat: Wechat):
    url = f"{PHONE}?access_token={wechat.token()}"
    assert wechat.http.get(url).json()["errcode"] == 43002
    assert wechat.http.post(url).json()["errcode"] == 44002
    assert wechat.http.post(url, data={"code": "x"}).json()["errcode"] == 47001
    assert wechat.http.post(url, json=["x"]).json()["errcode"] == 47001
    assert wechat.http.post(url, content=iter([b'{"code":"x"}'])).status_code == 412
    assert wechat.http.get("/cgi-bin/token").json()["errcode"] == 40066


def text(openid: str, content: str = "招聘缝纫工", **change: Any) -> dict[str, Any]:
    return {"openid": openid, "scene": 3, "version": 2, "content": content, **change}


@pytest.mark.parametrize(
    ("content", "suggest", "label"),
    [
        ("招聘缝纫工", "pass", 100),
        ("先交 SBX_FRAUD 押金", "risky", 20008),
        ("SBX_RISKY", "risky", 20006),
        ("SBX_REVIEW", "review", 21000),
        ("SBX_REVIEW SBX_RISKY", "risky", 20006),
    ],
)
def test_texts_are_judged_by_marker_with_errcode_zero(wechat: Wechat, content: str, suggest: str, label: int):
    openid = wechat.session(wechat.code("zhipin", "甲"))["openid"]
    answer = wechat.post(CHECK, text(openid, content), wechat.token())
    assert answer["errcode"] == 0
    assert answer["trace_id"]
    assert answer["result"] == {"suggest": suggest, "label": label}


def test_texts_need_a_present_user_of_this_app(wechat: Wechat):
    openid = wechat.session(wechat.code("zhipin", "甲"))["openid"]
    other = wechat.session(wechat.code("linggong", "甲"), LINGGONG)["openid"]
    token = wechat.token()

    def errcode(body: dict[str, Any]) -> int:
        return wechat.post(CHECK, body, token)["errcode"]

    assert errcode(text(other)) == 43104
    assert errcode(text("nobody")) == 40003
    assert errcode(text(openid, scene=5)) == 40129
    assert errcode(text(openid, version=1)) == 47001
    assert errcode(text(openid, "长" * 2500)) == 0
    assert errcode(text(openid, "长" * 2501)) == 47001
    wechat.control("clock", advance_seconds=7201)
    token = wechat.token()
    assert errcode(text(openid)) == 61010


def message(openid: str, **data: str) -> dict[str, Any]:
    values = {key: {"value": value} for key, value in (data or {"thing1": "夜班 质检"}).items()}
    return {
        "touser": openid,
        "template_id": "TPL_SHIFT_01",
        "page": "pages/shift/detail?id=88",
        "miniprogram_state": "formal",
        "lang": "zh_CN",
        "data": values,
    }


def test_each_accept_is_one_message(wechat: Wechat):
    openid = wechat.session(wechat.code("linggong", "甲"), LINGGONG)["openid"]
    token = wechat.token(LINGGONG)
    assert wechat.post(SEND, message(openid), token)["errcode"] == 43101
    accept = {"app": "linggong", "person": "甲", "template_id": "TPL_SHIFT_01"}
    assert wechat.control("subscriptions", **accept, accepts=2) == {"left": 2}
    assert [wechat.post(SEND, message(openid), token)["errcode"] for _ in range(3)] == [0, 0, 43101]
    assert wechat.post(SEND, message(openid), wechat.token())["errcode"] == 40003
    wechat.control("templates", app="linggong", template_id="TPL_SHIFT_01", keys=["thing1"], long_term=True)
    wechat.control("subscriptions", **accept)
    assert [wechat.post(SEND, message(openid), token)["errcode"] for _ in range(3)] == [0, 0, 0]
    answer = wechat.post(SEND, message(openid, thing2="夜班"), token)
    assert answer["errcode"] == 47003
    assert "thing1" in answer["errmsg"]


GOOD_VALUES = {
    "thing1": ["字" * 20, "夜班 A-3 #1"],
    "number1": ["8", "-3.5", "1" * 32],
    "letter1": ["Abc"],
    "symbol1": ["!@#"],
    "character_string1": ["SO-2026-0001"],
    "time1": ["20:00", "2026-11-25 20:00", "2026年11月25日 08:30", "20:00~22:00"],
    "date2": ["2026-11-25", "2026-11-25 20:00", "2026/11/25", "2026.11.25~2026.11.27"],
    "amount1": ["¥180.50", "180元", "1234567890"],
    "phone_number1": ["0595-88780000", "+86-13800138000"],
    "car_number1": ["闽C12345", "闽C1234挂"],
    "name1": ["林小梅", "Lin Xiaomei", "阿依古丽·买买提"],
    "phrase3": ["已确认"],
    "enum1": ["任意"],
}
BAD_VALUES = {
    "thing1": ["字" * 21, "", " ", "两\n行"],
    "number1": ["八", "1" * 33, "1,000"],
    "letter1": ["A1"],
    "symbol1": ["!!!!!!", "a"],
    "character_string1": ["编号1", "x" * 33],
    "time1": ["24:00", "明天", "2026-11-25"],
    "date2": ["11-25", "20:00", "2026-11-25T20:00:00+08:00"],
    "amount1": ["约 180", "12345678901", "¥¥1"],
    "phone_number1": ["1" * 18, "电话"],
    "car_number1": ["闽C12345678"],
    "name1": ["字" * 11, "x" * 21, "林" + "x" * 10],
    "phrase3": ["已经确认到岗", "ok", "已确认1"],
    "color1": ["红"],
}


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(key, value) for key, values in table.items() for value in values]


@pytest.mark.parametrize(("key", "value"), cases(GOOD_VALUES))
def test_values_within_the_limits(wechat: Wechat, key: str, value: str):
    openid = wechat.session(wechat.code("zhipin", "甲"))["openid"]
    wechat.control("subscriptions", app="zhipin", person="甲", template_id="TPL_SHIFT_01")
    assert wechat.post(SEND, message(openid, **{key: value}), wechat.token())["errcode"] == 0


@pytest.mark.parametrize(("key", "value"), cases(BAD_VALUES))
def test_values_outside_the_limits_name_the_key(wechat: Wechat, key: str, value: str):
    openid = wechat.session(wechat.code("zhipin", "甲"))["openid"]
    answer = wechat.post(SEND, message(openid, **{key: value}), wechat.token())
    assert answer["errcode"] == 47003
    assert f"data.{key}" in answer["errmsg"]


def test_answers_are_text_plain_with_a_rid_tail_unless_told_otherwise(wechat: Wechat):
    def refused() -> httpx.Response:
        return wechat.http.post(TOKEN, json={"appid": "x", "secret": "x", "grant_type": "client_credential"})

    assert refused().headers["content-type"].startswith("text/plain")
    assert ", rid: " in refused().json()["errmsg"]
    wechat.control("options", content_type="application/json", rid_tails=False)
    assert refused().headers["content-type"].startswith("application/json")
    assert refused().json()["errmsg"] == "invalid appid"


def test_faults_run_their_number_of_times(wechat: Wechat):
    wechat.control("faults", path=TOKEN, kind="errcode", errcode=45009, times=2)
    assert [wechat.token_answer().get("errcode") for _ in range(3)] == [45009, 45009, None]
    wechat.control("faults", path=TOKEN, kind="html")
    page = wechat.http.post(TOKEN, json={})
    assert (page.status_code, page.headers["content-type"][:9]) == (502, "text/html")
    wechat.control("faults", path=TOKEN, kind="empty")
    assert wechat.http.post(TOKEN, json={}).content == b""
    wechat.control("faults", path="*", kind="reset")
    with pytest.raises(httpx.RemoteProtocolError):
        wechat.http.post(TOKEN, json={})
    wechat.control("faults", path=TOKEN, kind="errcode")
    wechat.http.delete("/_sbx/faults", headers={"X-Sandbox-Key": "sandbox"})
    assert wechat.token()


def test_a_slow_answer_leaves_no_trace_unless_it_was_applied(wechat: Wechat):
    code = wechat.code("zhipin", "甲")
    wechat.control("faults", path=LOGIN, kind="slow", seconds=30)
    impatient = {"appid": ZHIPIN[0], "secret": ZHIPIN[1], "js_code": code, "grant_type": "authorization_code"}
    with pytest.raises(httpx.ReadTimeout):
        wechat.http.get(LOGIN, params=impatient, timeout=0.2)
    assert "openid" in wechat.session(code)
    second = wechat.code("zhipin", "甲")
    wechat.control("faults", path=LOGIN, kind="reset", applied=True)
    with pytest.raises(httpx.RemoteProtocolError):
        wechat.session(second)
    assert wechat.session(second)["errcode"] == 40163
    wechat.control("faults", path=LOGIN, kind="slow", seconds=0.05)
    assert "openid" in wechat.session(wechat.code("zhipin", "甲"))


def test_calls_are_recorded_without_secrets(wechat: Wechat):
    token = wechat.token()
    wechat.post(PHONE, {"code": "未知"}, token)
    wechat.control("faults", path=TOKEN, kind="html")
    wechat.http.post(TOKEN, json={"appid": ZHIPIN[0], "secret": ZHIPIN[1]})
    (call,) = wechat.calls(PHONE)
    assert set(call) == {"path", "appid", "query", "body", "at", "answer_errcode"}
    assert (call["appid"], call["body"], call["answer_errcode"]) == (ZHIPIN[0], {"code": "未知"}, 40029)
    first, faulted = wechat.calls(TOKEN)
    assert (first["answer_errcode"], faulted["answer_errcode"]) == (0, None)
    assert faulted["appid"] == ZHIPIN[0]
    record = json.dumps([call, first, faulted], ensure_ascii=False)
    assert token not in record
    assert ZHIPIN[1] not in record
