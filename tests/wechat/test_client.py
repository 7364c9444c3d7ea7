"""Our client against the sandbox over real HTTP: every errcode's consequence, odd answers, texts, templates, secrets."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.services.runtime import Runtime
from app.wechat.client import TEXT_LIMIT, TEXT_OVERLAP, LoginIdentity, PhoneNumber, WechatApp, WechatClient
from app.wechat.errors import (
    ERRCODES,
    Do,
    PhoneCodeForeign,
    TemplateValueError,
    WechatError,
    WechatRejected,
    WechatUnavailable,
)
from app.wechat.tokens import StoredToken
from demo.client import Sandbox
from tests.wechat.support import LOGIN, PHONE, SEND, TOKEN, Answers, client_of

CHECK = "/wxa/msg_sec_check"
SECRETS = ("sandbox-secret-zhipin", "sandbox-secret-linggong")
TEMPLATE = "TPL_SHIFT_01"


def fault(sandbox: Sandbox, path: str, kind: str, **options: Any) -> None:
    sandbox._http.post("/_sbx/faults", json={"path": path, "kind": kind, **options}).raise_for_status()


async def login(wechat: WechatClient, sandbox: Sandbox, app: str = "zhipin", person: str = "林小梅") -> LoginIdentity:
    return await wechat.code_to_session(app, sandbox.login_code(app, person))


def number(wechat: WechatClient, sandbox: Sandbox, app: str = "zhipin", phone: str = "13850000001") -> Any:
    return wechat.phone_number(app, sandbox.phone_code(app, "林小梅", phone))


def accept(sandbox: Sandbox, times: int = 1) -> None:
    sandbox.post("/_sbx/subscriptions", app="zhipin", person="林小梅", template_id=TEMPLATE, accepts=times)


def send(wechat: WechatClient, openid: str, **data: str) -> Any:
    values = {key: {"value": value} for key, value in data.items()}
    return wechat.send_subscribe_message("zhipin", openid, TEMPLATE, page="pages/shift/detail?id=1", data=values)


# Login


async def test_code_to_session(wechat: WechatClient, sandbox: Sandbox):
    first, second = await login(wechat, sandbox), await login(wechat, sandbox, "linggong")
    assert first.openid != second.openid
    assert first.unionid == second.unionid
    assert first.unionid is not None
    assert not hasattr(first, "session_key")
    sandbox.post("/_sbx/apps", app="zhipin", bound=False)
    unbound = await login(wechat, sandbox)
    assert (unbound.openid, unbound.unionid) == (first.openid, None)


@pytest.mark.parametrize(
    "options", [{"content_type": "application/json", "rid_tails": False}, {"content_type": "text/html"}]
)
async def test_the_content_type_does_not_matter(wechat: WechatClient, sandbox: Sandbox, options: dict[str, Any]):
    sandbox.post("/_sbx/options", **options)
    assert (await login(wechat, sandbox)).openid
    with pytest.raises(WechatRejected) as refused:
        await wechat.code_to_session("zhipin", "unknown")
    assert refused.value.errcode == 40029


@pytest.mark.parametrize("errcode", sorted(ERRCODES))
async def test_what_each_errcode_leads_to(wechat: WechatClient, sandbox: Sandbox, errcode: int):
    meaning = ERRCODES[errcode]
    fault(sandbox, LOGIN, "errcode", errcode=errcode, times=99)
    with pytest.raises(WechatError) as raised:
        await login(wechat, sandbox)
    error = raised.value
    assert error.errcode == errcode
    assert error.api == LOGIN
    calls = len(sandbox.calls(LOGIN))
    if meaning.do is Do.RETRY:
        assert (type(error), calls) == (WechatUnavailable, 4)
        return
    assert calls == 1, "nothing but busy is repeated: the code may be spent"
    if meaning.do is Do.LATER:
        assert isinstance(error, WechatUnavailable)
        assert error.retry_after == meaning.retry_after
    else:
        assert isinstance(error, WechatRejected)
        assert error.blames_caller is (meaning.do is Do.CALLER)


async def test_an_errcode_nobody_has_told_us_of_is_not_the_persons_fault(wechat: WechatClient, sandbox: Sandbox):
    fault(sandbox, LOGIN, "errcode", errcode=87654)
    with pytest.raises(WechatRejected) as raised:
        await login(wechat, sandbox)
    assert (raised.value.errcode, raised.value.blames_caller) == (87654, False)


@pytest.mark.parametrize("times", [1, 3])
async def test_busy_is_repeated_and_then_forgotten(wechat: WechatClient, sandbox: Sandbox, times: int):
    fault(sandbox, LOGIN, "errcode", errcode=-1, times=times)
    assert (await login(wechat, sandbox)).openid
    assert [call["answer_errcode"] for call in sandbox.calls(LOGIN)] == [-1] * times + [0]


@pytest.mark.parametrize("path", [LOGIN, TOKEN, PHONE])
@pytest.mark.parametrize("kind", ["html", "empty", "reset", "slow"])
async def test_no_usable_answer_is_away_and_over_when_it_is_over(
    wechat: WechatClient, sandbox: Sandbox, path: str, kind: str
):
    fault(sandbox, path, kind, seconds=30)
    with pytest.raises(WechatUnavailable) as raised:
        await (login(wechat, sandbox) if path == LOGIN else number(wechat, sandbox))
    assert raised.value.retry_after >= 1
    assert (await login(wechat, sandbox)).openid
    assert (await number(wechat, sandbox)).number == "13850000001"


async def test_nobody_listening_is_away(wechat: WechatClient, runtime: Runtime):
    lost = WechatClient(
        http=wechat._http, apps=wechat._apps, tokens=wechat._tokens, base_url="http://127.0.0.1:1", timeout_seconds=1.5
    )
    with pytest.raises(WechatUnavailable):
        await lost.code_to_session("zhipin", "code")
    with pytest.raises(WechatUnavailable):
        await lost.phone_number("zhipin", "code")


# Tokens


async def test_a_refused_token_is_replaced_once(wechat: WechatClient, sandbox: Sandbox):
    fault(sandbox, PHONE, "errcode", errcode=40001)
    assert (await number(wechat, sandbox)).number == "13850000001"
    assert (len(sandbox.calls(PHONE)), len(sandbox.calls(TOKEN))) == (2, 2)
    fault(sandbox, PHONE, "errcode", errcode=42001, times=2)
    with pytest.raises(WechatRejected) as raised:
        await number(wechat, sandbox)
    assert (raised.value.errcode, raised.value.blames_caller) == (42001, False)
    assert len(sandbox.calls(PHONE)) == 4


async def test_a_token_that_expired_at_wechat_is_replaced(wechat: WechatClient, sandbox: Sandbox):
    """WeChat's clock and ours differ: the token counts as fresh here and is dead there."""
    await number(wechat, sandbox)
    sandbox.post("/_sbx/clock", advance_seconds=7300)
    assert (await number(wechat, sandbox)).number == "13850000001"
    assert [call["answer_errcode"] for call in sandbox.calls(PHONE)] == [0, 42001, 0]
    await number(wechat, sandbox)
    assert len(sandbox.calls(TOKEN)) == 2


async def test_tokens_are_never_forced_and_never_mixed(wechat: WechatClient, sandbox: Sandbox):
    for errcode in (40001, 40014, 42001):
        fault(sandbox, PHONE, "errcode", errcode=errcode)
        await number(wechat, sandbox)
        await number(wechat, sandbox, "linggong")
    calls = sandbox.calls(TOKEN)
    assert {call["appid"] for call in calls} == {"wxbaogai0000zhipin", "wxbaogai000linggong"}
    assert {(call["body"]["grant_type"], call["body"]["force_refresh"]) for call in calls} == {
        ("client_credential", False)
    }
    assert {call["appid"] for call in sandbox.calls(PHONE)} == {"wxbaogai0000zhipin", "wxbaogai000linggong"}


async def test_many_callers_at_once_share_one_token(wechat: WechatClient, sandbox: Sandbox):
    found = await asyncio.gather(*(number(wechat, sandbox, phone=f"138500000{index:02}") for index in range(32)))
    assert [phone.number for phone in found] == [f"138500000{index:02}" for index in range(32)]
    assert len(sandbox.calls(TOKEN)) == 1


# Phone numbers


@pytest.mark.parametrize("numeric", [True, False])
async def test_phone_numbers_with_their_country(wechat: WechatClient, sandbox: Sandbox, numeric: bool):
    sandbox.post("/_sbx/options", numeric_country_code=numeric)
    assert await number(wechat, sandbox) == PhoneNumber("13850000001", "86")
    code = sandbox.post("/_sbx/phone", app="zhipin", person="甲", phone="51234567", country_code="852")["code"]
    assert await wechat.phone_number("zhipin", code) == PhoneNumber("51234567", "852")


async def test_a_phone_code_of_the_other_app_blames_the_caller(wechat: WechatClient, sandbox: Sandbox):
    code = sandbox.phone_code("linggong", "林小梅", "13850000001")
    with pytest.raises(PhoneCodeForeign) as raised:
        await wechat.phone_number("zhipin", code)
    assert raised.value.blames_caller
    assert (await wechat.phone_number("linggong", code)).number == "13850000001"
    with pytest.raises(WechatRejected) as used:
        await wechat.phone_number("linggong", code)
    assert (used.value.errcode, used.value.blames_caller) == (40163, True)


async def test_our_own_appid_refused_at_the_token_is_not_the_callers_fault(wechat: WechatClient, sandbox: Sandbox):
    """40013 means a foreign code at the phone call, and a wrong AppID everywhere else."""
    fault(sandbox, TOKEN, "errcode", errcode=40125)
    with pytest.raises(WechatRejected) as raised:
        await number(wechat, sandbox)
    assert (raised.value.errcode, raised.value.blames_caller) == (40125, False)
    fault(sandbox, TOKEN, "errcode", errcode=40013)
    with pytest.raises(WechatRejected) as raised:
        await number(wechat, sandbox)
    assert (raised.value.errcode, raised.value.blames_caller) == (40013, False)


# Answers that the sandbox does not give: a server that is not WeChat, or a WeChat that changed


ODD = {
    "a list": b"[]",
    "a text": b'"ok"',
    "null": b"null",
    "cut off": b'{"openid": "o',
    "no openid": b'{"session_key": "k"}',
    "an empty openid": b'{"openid": "", "errcode": 0}',
    "an openid that is a number": b'{"openid": 7}',
    "an errcode that is a word": b'{"errcode": "busy"}',
    "not UTF-8": b'{"openid": "\xff"}',
    "nested": b"[" * 100_000,
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD.keys())
async def test_answers_without_sense_are_away(wechat: WechatClient, content: bytes):
    odd = client_of(wechat, Answers(lambda request: httpx.Response(200, content=content)))
    with pytest.raises(WechatUnavailable):
        await odd.code_to_session("zhipin", "code")


async def test_server_errors_are_away_whatever_they_say(wechat: WechatClient):
    for status in (500, 502, 503, 504):
        odd = client_of(wechat, Answers(lambda request, status=status: httpx.Response(status, json={"openid": "o1"})))
        with pytest.raises(WechatUnavailable):
            await odd.code_to_session("zhipin", "code")


async def test_success_may_lack_errcode_or_write_it_as_text(wechat: WechatClient):
    for head in ({}, {"errcode": 0}, {"errcode": "0"}, {"errcode": None}):
        odd = client_of(wechat, Answers(lambda request, head=head: httpx.Response(200, json=head | {"openid": "o1"})))
        assert await odd.code_to_session("zhipin", "code") == LoginIdentity("o1", None)


async def test_a_watermark_of_another_app_is_a_foreign_code(wechat: WechatClient):
    def phone(watermark: Any) -> WechatClient:
        info = {"purePhoneNumber": "13850000001", "countryCode": "86", "watermark": watermark}
        answer = {"errcode": 0, "phone_info": info}
        return client_of(wechat, Answers(lambda request: httpx.Response(200, json=answer)))

    good = phone({"appid": "wxbaogai0000zhipin"})
    assert await good.phone_number("zhipin", "code") == PhoneNumber("13850000001", "86")
    for watermark in ({"appid": "wxbaogai000linggong"}, {}, None, "x"):
        with pytest.raises(PhoneCodeForeign):
            await phone(watermark).phone_number("zhipin", "code")
    odd = client_of(wechat, Answers(lambda request: httpx.Response(200, json={"errcode": 0})))
    with pytest.raises(WechatUnavailable):
        await odd.phone_number("zhipin", "code")


async def test_verdicts_that_we_do_not_understand_are_for_a_human(wechat: WechatClient):
    for result in (None, {}, {"suggest": "fine"}, "pass", {"suggest": None}):
        odd = client_of(
            wechat, Answers(lambda request, result=result: httpx.Response(200, json={"errcode": 0, "result": result}))
        )
        assert (await odd.check_text("zhipin", "o1", "招聘", scene=3)).suggest == "review"


async def test_bodies_are_whole_and_in_plain_chinese(wechat: WechatClient):
    transport = Answers(lambda request: httpx.Response(200, json={"errcode": 0, "result": {"suggest": "pass"}}))
    await client_of(wechat, transport).check_text("zhipin", "o1", "招聘平车工", scene=3, title="岗位")
    for request in transport.requests:
        assert "transfer-encoding" not in request.headers
        assert int(request.headers["content-length"]) == len(request.content)
    sent = transport.requests[-1]
    assert "招聘平车工".encode() in sent.content
    assert json.loads(sent.content) == {
        "content": "招聘平车工", "version": 2, "scene": 3, "openid": "o1", "title": "岗位",
    }  # fmt: skip


# Texts


@pytest.mark.parametrize(
    ("text", "suggest", "label"),
    [("招聘缝纫工", "pass", 100), ("SBX_FRAUD", "risky", 20008), ("SBX_RISKY", "risky", 20006),
     ("SBX_REVIEW", "review", 21000)],
)  # fmt: skip
async def test_verdicts(wechat: WechatClient, sandbox: Sandbox, text: str, suggest: str, label: int):
    openid = (await login(wechat, sandbox)).openid
    verdict = await wechat.check_text("zhipin", openid, text, scene=3)
    assert (verdict.suggest, verdict.label) == (suggest, label)
    titled = await wechat.check_text("zhipin", openid, "正文", scene=3, title=text)
    assert titled == verdict


STEP = TEXT_LIMIT - TEXT_OVERLAP


@pytest.mark.parametrize("length", [1, 2499, 2500, 2501, STEP + 1, 2 * STEP + 50, 2 * STEP + 51, 10_000])
async def test_long_texts_go_in_parts_that_cover_everything(wechat: WechatClient, sandbox: Sandbox, length: int):
    openid = (await login(wechat, sandbox)).openid
    text = "".join(chr(0x4E00 + index % 20_000) for index in range(length))
    assert (await wechat.check_text("zhipin", openid, text, scene=3)).suggest == "pass"
    parts = [call["body"]["content"] for call in sandbox.calls(CHECK)]
    assert all(0 < len(part) <= TEXT_LIMIT for part in parts)
    joined = parts[0]
    for part in parts[1:]:
        assert part.startswith(joined[-TEXT_OVERLAP:])
        joined += part[TEXT_OVERLAP:]
    assert joined == text
    assert len(parts) == max(1, -(-(length - TEXT_OVERLAP) // STEP))


@pytest.mark.parametrize("start", [0, STEP - 1, STEP, TEXT_LIMIT - 9, TEXT_LIMIT - 5, TEXT_LIMIT, 4991])
async def test_a_word_on_the_seam_is_seen(wechat: WechatClient, sandbox: Sandbox, start: int):
    openid = (await login(wechat, sandbox)).openid
    text = "字" * start + "SBX_RISKY" + "字" * (5000 - start - 9)
    assert (await wechat.check_text("zhipin", openid, text, scene=3)).suggest == "risky"


@pytest.mark.parametrize("order", ["SBX_REVIEW SBX_RISKY", "SBX_RISKY SBX_REVIEW", "SBX_REVIEW 字", "字 SBX_REVIEW"])
async def test_the_worst_verdict_of_all_parts_counts(wechat: WechatClient, sandbox: Sandbox, order: str):
    openid = (await login(wechat, sandbox)).openid
    text = ("字" * 3000).join(order.split())
    verdict = await wechat.check_text("zhipin", openid, text, scene=3)
    assert verdict.suggest == ("risky" if "RISKY" in order else "review")


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
async def test_nothing_to_check_asks_nobody(wechat: WechatClient, sandbox: Sandbox, text: str):
    assert (await wechat.check_text("zhipin", "o1", text, scene=3)).suggest == "pass"
    assert sandbox.calls(CHECK) == []


async def test_an_outage_in_the_last_part_is_no_verdict(wechat: WechatClient, sandbox: Sandbox):
    openid = (await login(wechat, sandbox)).openid
    await wechat.check_text("zhipin", openid, "字", scene=3)
    fault(sandbox, CHECK, "errcode", errcode=-1, times=4)
    with pytest.raises(WechatUnavailable):
        await wechat.check_text("zhipin", openid, "字" * 5000, scene=3)


async def test_texts_of_people_who_are_not_here(wechat: WechatClient, sandbox: Sandbox):
    other = (await login(wechat, sandbox, "linggong")).openid
    mine = (await login(wechat, sandbox)).openid
    for openid, errcode in {other: 43104, "nobody": 40003}.items():
        with pytest.raises(WechatRejected) as raised:
            await wechat.check_text("zhipin", openid, "字", scene=3)
        assert (raised.value.errcode, raised.value.blames_caller) == (errcode, True)
    sandbox.post("/_sbx/clock", advance_seconds=7201)
    with pytest.raises(WechatRejected) as raised:
        await wechat.check_text("zhipin", mine, "字", scene=3)
    assert raised.value.errcode == 61010


# Subscription messages

GOOD = {
    "thing1": ["字", "字" * 20, "夜班 A-3 #1"],
    "number1": ["8", "-3.5", "1" * 32],
    "letter1": ["Abc", "x" * 32],
    "symbol1": ["!@#"],
    "character_string1": ["SO-2026-0001", "x" * 32],
    "time1": ["20:00", "8:30", "2026-11-25 20:00", "2026年11月25日 08:30", "20:00~22:00"],
    "date2": ["2026-11-25", "2026-11-25 20:00", "2026/11/25", "2026.11.25~2026.11.27", "2026年11月25日"],
    "amount1": ["¥180.50", "180元", "1234567890"],
    "phone_number1": ["0595-88780000", "+86-13800138000"],
    "car_number1": ["闽C12345", "闽C1234挂"],
    "name1": ["林小梅", "Lin Xiaomei", "字" * 10, "x" * 20],
    "phrase3": ["已确认", "字" * 5],
    "enum1": ["任意"],
}
BAD = {
    "thing1": ["字" * 21, "", " ", "两\n行", "铃\x07", "行\u2028"],
    "number1": ["八", "1" * 33, "1,000", "", "１"],
    "letter1": ["A1", "x" * 33],
    "symbol1": ["!!!!!!", "a"],
    "character_string1": ["编号1", "x" * 33],
    "time1": ["24:00", "明天", "2026-11-25", "25:61"],
    "date2": ["11-25", "20:00", "2026-11-25T20:00:00+08:00", "2026-13-01", "2026-12-32"],
    "amount1": ["约 180", "12345678901", "¥¥1", "-1"],
    "phone_number1": ["1" * 18, "电话"],
    "car_number1": ["闽C12345678"],
    "name1": ["字" * 11, "x" * 21, "林" + "x" * 10, "林1"],
    "phrase3": ["已经确认到岗", "ok", "已确认1"],
    "color1": ["红"],
    "thing": ["没有号码"],
}


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(key, value) for key, values in table.items() for value in values]


async def test_one_accept_is_one_message(wechat: WechatClient, sandbox: Sandbox):
    openid = (await login(wechat, sandbox)).openid
    accept(sandbox)
    await send(wechat, openid, thing1="平车工", phrase2="已通过")
    with pytest.raises(WechatRejected) as raised:
        await send(wechat, openid, thing1="平车工", phrase2="已通过")
    assert (raised.value.errcode, raised.value.blames_caller) == (43101, True)
    body = sandbox.calls(SEND)[0]["body"]
    assert body == {
        "touser": openid, "template_id": TEMPLATE, "page": "pages/shift/detail?id=1",
        "data": {"thing1": {"value": "平车工"}, "phrase2": {"value": "已通过"}},
        "miniprogram_state": "formal", "lang": "zh_CN",
    }  # fmt: skip


async def test_values_within_the_limits_are_taken_by_wechat(wechat: WechatClient, sandbox: Sandbox):
    openid = (await login(wechat, sandbox)).openid
    accept(sandbox, 1000)
    for key, value in cases(GOOD):
        await send(wechat, openid, **{key: value})
    assert [call["answer_errcode"] for call in sandbox.calls(SEND)] == [0] * len(cases(GOOD))


@pytest.mark.parametrize(("key", "value"), cases(BAD))
async def test_values_outside_the_limits_are_found_before_sending(
    wechat: WechatClient, sandbox: Sandbox, key: str, value: str
):
    with pytest.raises(TemplateValueError) as raised:
        await send(wechat, "o1", thing9="好", **{key: value})
    assert raised.value.key == key
    assert key in str(raised.value)
    assert not value.strip() or value not in str(raised.value).removeprefix(key)
    assert sandbox.calls(SEND) == []


async def test_a_sensitive_word_in_a_message_blames_its_text(wechat: WechatClient, sandbox: Sandbox):
    openid = (await login(wechat, sandbox)).openid
    accept(sandbox)
    with pytest.raises(WechatRejected) as raised:
        await send(wechat, openid, thing1="SBX_RISKY")
    assert (raised.value.errcode, raised.value.blames_caller) == (45168, True)


# Nothing secret


def told(error: BaseException | None) -> str:
    """Everything that a traceback would print of an exception and of those behind it."""
    texts = []
    while error is not None:
        texts += [str(error), repr(error), repr(error.args)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(texts)


async def test_nothing_secret_in_exceptions_and_logs(
    wechat: WechatClient, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
):
    caplog.set_level(logging.WARNING)
    identity = await login(wechat, sandbox)
    await number(wechat, sandbox)
    token = (await wechat._tokens._store.read("wxbaogai0000zhipin")).token  # type: ignore[union-attr]
    login_code, phone_code = (
        sandbox.login_code("zhipin", "林小梅"),
        sandbox.phone_code("zhipin", "林小梅", "13850000001"),
    )
    secrets = (*SECRETS, token, login_code, phone_code, identity.openid, "13850000001", "秘密正文")
    for path, act in {
        LOGIN: lambda: wechat.code_to_session("zhipin", login_code),
        PHONE: lambda: wechat.phone_number("zhipin", phone_code),
        CHECK: lambda: wechat.check_text("zhipin", identity.openid, "秘密正文", scene=3),
    }.items():
        faults = [{"kind": "errcode", "errcode": code} for code in (40125, 45009, 40001, 12345)]
        for outage in [*faults, *({"kind": kind, "seconds": 30} for kind in ("html", "empty", "reset", "slow"))]:
            fault(sandbox, path, **outage, times=2 if outage.get("errcode") == 40001 else 1)
            with pytest.raises(WechatError) as raised:
                await act()
            text = told(raised.value)
            assert path in text
            assert not [secret for secret in secrets if secret in text], (path, outage)
    printed = caplog.text + "".join(capsys.readouterr())
    assert not [secret for secret in secrets if secret in printed]


async def test_nothing_secret_in_reprs(wechat: WechatClient, runtime: Runtime):
    things = [
        LoginIdentity("o-openid", "u-unionid"),
        PhoneNumber("13850000001", "86"),
        StoredToken("68_TOKEN", datetime.now(UTC)),
        WechatApp("zhipin", "wx", "sandbox-secret"),
        wechat._apps,
        wechat,
        runtime,
        runtime.settings,
    ]
    for thing in things:
        for secret in ("o-openid", "u-unionid", "13850000001", "68_TOKEN", "sandbox-secret"):
            assert secret not in repr(thing)
            assert secret not in str(thing)
