"""Share codes: ten characters for a poster, what they lead to, and the mini-program code that carries them."""

import io
import re
from datetime import timedelta
from typing import Any

from PIL import Image

from tests.factories.world import V1, Someone, World, ok, refused
from tests.support.api import NOBODY, fault, nothing_stored
from tests.support.jobs import Hiring

QRCODE = "/wxa/getwxacodeunlimit"


async def share(person: Someone, target: str, kind: str = "vacancy", **changes: Any) -> Any:
    form = {"kind": kind, "target_id": target, "app": "zhipin"} | changes
    return await person.post("/share-codes", form)


async def test_a_code_leads_anybody_to_a_public_thing(world: World, hiring: Hiring) -> None:
    person = await world.person()
    vacancy = await hiring.post()
    answer = await share(person, vacancy["id"])
    made = ok(answer)
    assert answer.status_code == 201
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{10}", made["code"])
    assert made | {"code": ""} == {
        "code": "", "kind": "vacancy", "target_id": vacancy["id"], "app": "zhipin", "page": "pages/vacancy/detail",
        "expires_at": None,
    }  # fmt: skip
    # As people write them down: in small letters, with a stroke, O for zero and l for one.
    code = made["code"]
    spoken = code.replace("0", "O").replace("1", "l").lower()
    for written in (code, code.lower(), f"{code[:5]}-{code[5:]}", spoken):
        assert ok(await world.api.get(f"{V1}/share-codes/{written}")) == made, written
    firm = ok(await share(person, hiring.firm_id, "enterprise", app="linggong"))
    assert firm["page"] == "pages/enterprise/detail"
    assert {row["code"] for row in ok(await person.get("/me/share-codes"))} == {firm["code"], made["code"]}
    assert ok(await hiring.recruiter.get("/me/share-codes")) == []
    refused(await world.api.get(f"{V1}/share-codes/0000000000"), 404, "share_code_not_found")
    for wrong in ("0", "0" * 13, "分享码分享码分享码分", "0000000%250"):
        refused(await world.api.get(f"{V1}/share-codes/{wrong}"), 422, "invalid_fields", "path.code")


async def test_only_what_everybody_may_see_is_shared_and_for_a_sensible_time(world: World, hiring: Hiring) -> None:
    person = await world.person()
    vacancy = await hiring.post()
    draft = await hiring.post(submit=False)
    now = world.clock.now()
    unclaimed = ok(await person.get("/enterprises", name="森鸿"))[0]["id"]
    async with nothing_stored(world):
        for target, kind in (
            (draft["id"], "vacancy"),
            (NOBODY, "vacancy"),
            (unclaimed, "enterprise"),
            (NOBODY, "enterprise"),
        ):
            refused(await share(hiring.recruiter, target, kind), 404, "share_target_not_found")
        refused(await share(person, vacancy["id"], app="linggong"), 422, "share_app_wrong", "app")
        for wrong in (now, now - timedelta(days=1), now + timedelta(days=400, seconds=1)):
            answer = await share(person, vacancy["id"], expires_at=wrong.isoformat())
            refused(answer, 422, "share_period_wrong", "expires_at")
        refused(await share(world.anonymous, vacancy["id"]), 401, "token_invalid")
    short = ok(await share(person, vacancy["id"], expires_at=(now + timedelta(minutes=30)).isoformat()))
    world.clock.advance(timedelta(minutes=30) - timedelta(seconds=1))
    assert ok(await world.api.get(f"{V1}/share-codes/{short['code']}"))["target_id"] == vacancy["id"]
    world.clock.advance(timedelta(seconds=1))
    refused(await world.api.get(f"{V1}/share-codes/{short['code']}"), 404, "share_code_not_found")
    refused(await person.get(f"/share-codes/{short['code']}/qrcode"), 404, "share_code_not_found")


async def test_the_code_to_print_carries_the_scene_and_the_page(world: World, hiring: Hiring) -> None:
    person = await world.person()
    made = ok(await share(person, hiring.firm_id, "enterprise", app="linggong"))
    path = f"/share-codes/{made['code']}/qrcode"
    answer = await person.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    image = Image.open(io.BytesIO(answer.content))
    assert image.text == {"scene": made["code"], "page": "pages/enterprise/detail"}  # type: ignore[attr-defined]
    (call,) = world.sandbox.calls(QRCODE)
    assert (call["appid"], len(call["body"]["scene"])) == ("wxbaogai000linggong", 10)
    refused(await hiring.recruiter.get(path), 404, "share_code_not_found")
    refused(await world.anonymous.get(path), 401, "token_invalid")
    # WeChat says no, is away, or answers with a page: never an error as a picture.
    for kind, more in (("errcode", {"errcode": 45009}), ("html", {}), ("empty", {}), ("errcode", {"errcode": 41030})):
        fault(world, QRCODE, kind, **more)
        away = await person.get(path)
        assert refused(away, 503, "wechat_unavailable")["retryable"]
        assert int(away.headers["Retry-After"]) >= 1
    assert (await person.get(path)).status_code == 200
