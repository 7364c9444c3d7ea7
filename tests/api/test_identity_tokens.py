"""What a token proves, and that nothing else does: forgeries, dead tokens, two at once, an identity named by the client."""

import base64
import hashlib
import hmac
import io
import json
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from PIL import Image

from app.core.clock import FixedClock
from app.core.ids import new_id
from app.models.common import File
from app.models.identity import LoginSession
from app.rules.identity.roles import Role
from tests.factories.world import V1, Someone, World, ok, refused
from tests.support.api import column, count, login, nothing_stored
from tests.support.identity import PERSON, Phone, disable, phone, phone_of, version_of
from tests.support.jobs import key

SESSION: Any = LoginSession.__table__.c  # type: ignore[attr-defined]
FILE: Any = File.__table__.c  # type: ignore[attr-defined]
STRANGER = "s" * 64
PROFILE = {"name": "林小梅", "birth_date": "1990-05-01", "expected_version": 1}
Headers = list[tuple[str, str]]


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def sign(header: dict[str, Any], payload: Any, secret: bytes, hashed: Any = hashlib.sha256) -> str:
    """A JWT by hand: the library would not make some of these."""
    text = f"{part(header)}.{part(payload)}"
    return f"{text}.{part(hmac.new(secret, text.encode(), hashed).digest())}"


def forgeries(world: World, held: Phone, other: Phone) -> dict[str, str]:
    """Made without our key, or by moving parts of true tokens about."""
    mine = held.someone.token
    head, body, signature = mine.split(".")
    payload = jwt.decode(mine, options={"verify_signature": False})
    header = jwt.get_unverified_header(mine)
    theirs = part(payload | {"sub": other.someone.id})
    tomorrow = payload | {"exp": payload["exp"] + 86400}
    stranger = STRANGER.encode()
    return {
        "alg none": f"{part(header | {'alg': 'none'})}.{body}.",
        "alg None in other letters": f"{part(header | {'alg': 'NoNe'})}.{body}.",
        "alg none with the old signature": f"{part(header | {'alg': 'none'})}.{body}.{signature}",
        "no alg": f"{part({'kid': header['kid']})}.{body}.{signature}",
        "a stranger's key": sign(header, payload, stranger),
        "an empty key": sign(header, payload, b""),
        "the key id for a key": sign(header, payload, header["kid"].encode()),
        "a key that is sent along": sign(header | {"jwk": {"kty": "oct", "k": part(stranger)}}, payload, stranger),
        "a key from an address": sign(header | {"jku": "http://127.0.0.1:9/keys"}, payload, stranger),
        "another kid": sign(header | {"kid": "k9"}, payload, stranger),
        "no kid": sign({"alg": "HS256", "typ": "JWT"}, payload, stranger),
        "a kid that is a path": sign(header | {"kid": "../../dev/null"}, payload, b""),
        "a kid that is a list": sign(header | {"kid": [header["kid"]]}, payload, stranger),
        "a kid that is null": sign(header | {"kid": None}, payload, stranger),
        "another's name under the old signature": f"{head}.{theirs}.{signature}",
        "a longer life under the old signature": f"{head}.{part(tomorrow)}.{signature}",
        "another's body under my signature": f"{head}.{other.someone.token.split('.')[1]}.{signature}",
        "no signature": f"{head}.{body}.",
        "half a signature": mine[:-20],
        "two parts": f"{head}.{body}",
        "four parts": f"{mine}.{signature}",
        "a refresh token": held.refresh_token,
        "a session's id": payload["sid"],
        "base64 of nothing": "..",
        "garbage": "%00%ff{}[]'\";--",
        "not JSON inside": f"{head}.{part(b'[1, 2')}.{signature}",
        "very large": "A" * 60_000,
        "very large inside": sign(header, payload | {"pad": "A" * 60_000}, stranger),
        "deeply nested": sign(header, {"sub": json.loads("[" * 400 + "]" * 400)}, stranger),
    }


def misfits(world: World, held: Phone, other: Phone) -> dict[str, str]:
    """Under our own key, as another use of it might be: each claim counts."""
    ring = world.runtime.tokens._ring
    secret, header = ring.keys[ring.current], {"alg": "HS256", "typ": "JWT", "kid": ring.current}
    payload = jwt.decode(held.someone.token, options={"verify_signature": False})
    theirs = jwt.decode(other.someone.token, options={"verify_signature": False})
    now = int(world.clock.now().timestamp())
    changes: dict[str, dict[str, Any]] = {
        "expired this second": {"exp": now},
        "not valid before the day after tomorrow": {"nbf": now + 2 * 86400, "exp": now + 3 * 86400},
        "another issuer": {"iss": "someone-else"},
        "for the other mini-program": {"aud": "linggong"},
        "for the console": {"aud": "console"},
        "for several": {"aud": ["zhipin", "linggong"]},
        "for an unknown app": {"aud": "ZHIPIN"},
        "another's person": {"sub": theirs["sub"]},
        "another's session": {"sid": theirs["sid"]},
        "a session that never was": {"sid": str(new_id())},
        "a person that never was": {"sub": str(new_id())},
        "a name for a person": {"sub": "林小梅"},
        "a list of people": {"sub": [payload["sub"]]},
        "a number for a session": {"sid": 1},
        "words for an expiry": {"exp": "never"},
        "no expiry at all": {"exp": None},
    }
    made = {name: sign(header, payload | change, secret) for name, change in changes.items()}
    for claim in ("iss", "aud", "sub", "sid", "exp"):
        made[f"without {claim}"] = sign(header, {k: v for k, v in payload.items() if k != claim}, secret)
    made["another algorithm"] = sign(header | {"alg": "HS512"}, payload, secret, hashlib.sha512)
    made["an algorithm for pairs of keys"] = sign(header | {"alg": "RS256"}, payload, secret)
    made["no object"] = sign(header, [payload], secret)
    return made


async def turned_away(world: World, headers: Headers, case: str) -> None:
    """Reading and writing alike, in the one code that makes a client log in again."""
    for answer in (
        await world.api.get(f"{V1}/me", headers=headers),
        await world.api.put(f"{V1}/me/profile", json=PROFILE, headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid"), f"{case}: {answer.text}"
        refused(answer, 401, "token_invalid")


async def unnamed(world: World, *people: Someone) -> None:
    """The write that was tried has not happened to anybody."""
    for person in people:
        assert await version_of(world, person) == 1
        assert await column(world, PERSON.name_sealed, PERSON.id == UUID(person.id)) is None


@pytest.mark.parametrize("make", [forgeries, misfits])
async def test_a_token_that_is_not_ours_opens_nothing(
    world: World, make: Callable[[World, Phone, Phone], dict[str, str]]
) -> None:
    held, other = await phone(world), await phone(world, "乙")
    async with nothing_stored(world):
        for case, token in make(world, held, other).items():
            await turned_away(world, [("Authorization", f"Bearer {token}")], case)
    await unnamed(world, held.someone, other.someone)
    # The ones they were made of are as good as before.
    ok(await held.someone.put("/me/profile", PROFILE))
    ok(await other.someone.get("/me"))


async def test_a_true_token_elsewhere_than_in_its_header_is_none(world: World) -> None:
    held, other = await phone(world), await phone(world, "乙")
    mine, theirs = held.someone.token, other.someone.token
    bearer = ("Authorization", f"Bearer {mine}")
    places: dict[str, Headers] = {
        "no header": [],
        "an empty header": [("Authorization", "")],
        "the word alone": [("Authorization", "Bearer")],
        "the word and a space": [("Authorization", "Bearer ")],
        "without the word": [("Authorization", mine)],
        "another scheme": [("Authorization", f"Basic {mine}")],
        "a password": [("Authorization", "Basic " + base64.b64encode(b"admin:admin").decode())],
        "a scheme of our own": [("Authorization", f"Token {mine}")],
        "the word run on": [("Authorization", f"Bearer{mine}")],
        "two tokens in one": [("Authorization", f"Bearer {mine} {theirs}")],
        "a list of tokens": [("Authorization", f"Bearer {mine}, Bearer {theirs}")],
        "a cookie": [("Cookie", f"token={mine}; access_token={mine}; session={mine}")],
        "a header of another name": [
            ("X-Access-Token", mine),
            ("Token", mine),
            ("Proxy-Authorization", f"Bearer {mine}"),
        ],
        # Whichever of two were taken, something in between might have looked at the other.
        "two people at once": [bearer, ("Authorization", f"Bearer {theirs}")],
        "one token twice": [bearer, bearer],
        "a good one and a bad one": [bearer, ("Authorization", "Bearer x")],
        "a bad one and a good one": [("Authorization", "Bearer x"), bearer],
    }
    async with nothing_stored(world):
        for case, headers in places.items():
            await turned_away(world, headers, case)
        for name in ("token", "access_token", "authorization"):
            refused(await world.api.get(f"{V1}/me", params={name: mine}), 401, "token_invalid")
            refused(await world.api.put(f"{V1}/me/profile", json=PROFILE | {name: mine}), 401, "token_invalid")
    await unnamed(world, held.someone, other.someone)
    for spelling in ("bearer", "BEARER"):
        ok(await world.api.get(f"{V1}/me", headers={"authorization": f"{spelling} {mine}"}))


async def left(held: Phone) -> None:
    ok(await held.someone.post("/auth/logout"))


async def reused(held: Phone) -> None:
    """The refresh token was copied: the access token beside it dies with the family."""
    await (await held.renewed()).renewed()
    refused(await held.refresh(), 401, "token_invalid")


async def disabled(held: Phone) -> None:
    ok(await disable(await held.someone.world.admin(), held.someone))


async def deleted(held: Phone) -> None:
    ok(await held.someone.post("/me/deletion", {"confirm": "注销"}))


async def out_of_date(held: Phone) -> None:
    held.someone.world.clock.advance(timedelta(seconds=7200))


@pytest.mark.parametrize("end", [left, reused, disabled, deleted, out_of_date])
async def test_a_dead_token_writes_as_little_as_it_reads(world: World, end: Callable[[Phone], Awaitable[None]]) -> None:
    held = await phone(world)
    await end(held)
    before = await version_of(world, held.someone)
    async with nothing_stored(world):
        await turned_away(world, list(held.someone.headers.items()), end.__name__)
        # Not even the answer of a keyed call that was kept for its owner.
        answer = await held.someone.post(
            "/applications", {"vacancy_id": str(new_id()), "release_contact": True}, key=key()
        )
        refused(answer, 401, "token_invalid")
    assert await version_of(world, held.someone) == before


async def test_an_identity_named_in_headers_or_queries_is_nobodys(world: World) -> None:
    admin, mine = await world.admin(), await world.person("甲")
    named = {
        "X-WX-OPENID": admin.name, "X-WX-UNIONID": admin.name, "X-WX-FROM-OPENID": admin.name, "X-WX-APPID": "zhipin",
        "X-Person-Id": admin.id, "X-User-Id": admin.id, "X-Role": "town_admin", "X-Roles": "town_admin,auditor",
        "X-Forwarded-User": admin.id, "Remote-User": admin.id, "X-Original-URL": "/api/v1/config",
    }  # fmt: skip
    query = {"openid": admin.name, "person_id": admin.id, "role": "town_admin", "owner": admin.id, "actor_id": admin.id}
    async with nothing_stored(world):
        refused(await world.api.get(f"{V1}/me", headers=named, params=query), 401, "token_invalid")
        refused(await world.api.put(f"{V1}/me/profile", json=PROFILE, headers=named), 401, "token_invalid")
        me = ok(await world.api.get(f"{V1}/me", headers=named | mine.headers, params=query))
        assert (me["person"]["id"], me["roles"]) == (mine.id, [])
        for path in ("/appointments", "/audit-entries", "/roster"):
            answer = await world.api.get(V1 + path, headers=named | mine.headers, params=query)
            refused(answer, 403, "forbidden")
        for path in ("/me/sessions", "/me/notices", "/me/applications", "/me/reports"):
            plain = ok(await mine.get(path))
            assert ok(await world.api.get(V1 + path, headers=named | mine.headers, params=query)) == plain
    assert ok(await admin.get("/me"))["person"]["id"] == admin.id


async def test_an_identity_named_in_a_body_is_refused_by_its_name(world: World) -> None:
    admin, mine = await world.admin(), await world.person("甲")
    code = world.sandbox.login_code("zhipin", "乙")
    sending: list[tuple[Someone, str, str, dict[str, Any]]] = [
        (world.anonymous, "POST", "/auth/wechat/login", {"app": "zhipin", "code": code}),
        (mine, "PUT", "/me/profile", PROFILE),
        (mine, "PUT", "/me/night-messages", {"wanted": True}),
        (mine, "POST", "/roster/claims", {"code": "7K3M9QX2VB", "name": "陈一民"}),
        (mine, "POST", "/representations", {"kind": "relative", "scopes": ["jobs"], "text_version": "2026-11"}),
        (mine, "POST", "/reports", {"subject_kind": "person", "subject_id": admin.id, "reason": "other"}),
        (mine, "POST", "/applications", {"vacancy_id": str(new_id()), "release_contact": True}),
        (
            admin,
            "POST",
            "/appointments",
            {"person_id": mine.id, "role": "trainer", "scope_kind": "town", "source": "测试"},
        ),
    ]
    async with nothing_stored(world):
        for someone, method, path, form in sending:
            for name in {"openid", "unionid", "person_id", "owner_id", "roles", "is_admin", "appointed_by"} - set(form):
                answer = await someone.call(method, path, json=form | {name: admin.id}, key=uuid.uuid4().hex)
                refused(answer, 422, "invalid_fields", name)
    await unnamed(world, mine)
    # The code was not spent on the refusals.
    assert ok(await login(world, "zhipin", code))["is_new"]


async def test_an_upload_belongs_to_its_sender_whoever_the_form_names(world: World) -> None:
    """Parts of a form that the operation does not know have no effect."""
    admin, mine = await world.admin(), await world.person("甲")
    made = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(made, "PNG")
    named = {"owner_id": admin.id, "person_id": admin.id, "openid": admin.name, "state": "ready"}
    files, form = {"file": ("证明.png", made.getvalue())}, {"purpose": "evidence"} | named
    ok(await mine.call("POST", "/files", key=key(), files=files, data=form))
    assert await column(world, FILE.owner_id) == UUID(mine.id)


async def test_the_console_is_a_place_of_its_own(world: World, clock: FixedClock) -> None:
    """No mini-program's code opens a console session, and no client says of itself that it is the console."""
    mine = await phone(world)
    code = world.sandbox.login_code("linggong", "林小梅")
    async with nothing_stored(world):
        refused(await login(world, "console", code), 422, "invalid_fields", "app")
        refused(await login(world, "zhipin", code), 422, "login_code_invalid", "code")
    answer = ok(await login(world, "linggong", code))
    there = phone_of(world, "林小梅", "linggong", answer)
    assert there.someone.id == mine.someone.id
    apps = [ok(await held.someone.get("/me"))["app"] for held in (mine, there)]
    assert apps == ["zhipin", "linggong"]
    # Each token is good in both programs' calls, but says of itself where it came from, and the session agrees.
    tokens = [world.runtime.tokens.read(held.someone.token, clock.now()) for held in (mine, there)]
    assert [token.app for token in tokens] == apps
    assert await count(world, LoginSession.__table__, SESSION.app == "console") == 0  # type: ignore[attr-defined]
    assert Role.TOWN_ADMIN not in [role["role"] for role in ok(await mine.someone.get("/me"))["roles"]]
