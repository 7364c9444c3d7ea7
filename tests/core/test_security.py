"""Access tokens that are not ours, not now, or not tokens; codes that people type."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.security import CODE_ALPHABET, TokenClaims, TokenError, Tokens, digest, normal_code, one_time_code
from app.core.settings import KeyRing

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
KEY = b"k" * 32
RING = KeyRing(f"t1:{base64.b64encode(KEY).decode()}")
TOKENS = Tokens(RING, timedelta(hours=2))
CLAIMS = TokenClaims("zhipin", uuid4(), uuid4())


def payload(**changes: Any) -> dict[str, Any]:
    whole = {
        "iss": "sanqu", "aud": "zhipin", "sub": str(uuid4()), "sid": str(uuid4()), "jti": "x",
        "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 60,
    }  # fmt: skip
    return {name: value for name, value in (whole | changes).items() if value is not ...}


def forged(claims: dict[str, Any], key: bytes = KEY, algorithm: str = "HS256", **headers: Any) -> str:
    return jwt.encode(claims, key if algorithm != "none" else "", algorithm, headers={"kid": "t1"} | headers)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_round_trip_until_the_last_second() -> None:
    token = TOKENS.issue(CLAIMS, NOW)
    assert TOKENS.read(token, NOW) == CLAIMS
    assert TOKENS.read(token, NOW + timedelta(hours=2, seconds=-1)) == CLAIMS
    with pytest.raises(TokenError):
        TOKENS.read(token, NOW + timedelta(hours=2))
    with pytest.raises(TokenError):
        TOKENS.read(token, NOW + timedelta(days=400))


def test_what_the_forger_below_makes_is_valid_where_nothing_is_forged() -> None:
    assert TOKENS.read(forged(payload()), NOW).app == "zhipin"


@pytest.mark.parametrize(
    "token",
    [
        forged(payload(), key=b"x" * 32),
        forged(payload(), algorithm="none"),
        forged(payload(), algorithm="HS512", key=b"k" * 64),
        forged(payload(), kid="t2"),
        f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(payload())}.AAAA",
        forged(payload(iss="elsewhere")),
        forged(payload(iss=...)),
        forged(payload(exp=int(NOW.timestamp()))),
        forged(payload(exp=...)),
        forged(payload(exp="later")),
        forged(payload(exp=None)),
        forged(payload(sub="not-an-id")),
        forged(payload(sub=...)),
        forged(payload(sub=7)),
        forged(payload(sid=...)),
        forged(payload(sid=[])),
        forged(payload(aud=...)),
        f"{part({'alg': 'none', 'kid': 't1', 'typ': 'JWT'})}.{part(payload())}.",
        f"{part({'alg': 'None', 'kid': 't1'})}.{part(payload())}.",
        f"{part({'alg': 'HS256', 'kid': ['t1']})}.{part(payload())}.AAAA",
        f"{part([])}.{part(payload())}.AAAA",
        forged(payload())[:-2],
        forged(payload()) + "A",
        "." + forged(payload()).split(".", 1)[1],
        "",
        "...",
        "Bearer",
        "\ud800",
        "令牌",
    ],
)
def test_forged(token: str) -> None:
    with pytest.raises(TokenError):
        TOKENS.read(token, NOW)


def test_algorithm_confusion_with_none_keeps_no_door_open() -> None:
    head, body, _ = forged(payload()).split(".")
    none = part({"alg": "none", "kid": "t1"})
    for token in (f"{none}.{body}.", f"{head}.{body}.", f"{none}.{body}"):
        with pytest.raises(TokenError):
            TOKENS.read(token, NOW)


@given(st.text(max_size=200))
def test_garbage(text: str) -> None:
    with pytest.raises(TokenError):
        TOKENS.read(text, NOW)


def test_rotation_reads_the_old_and_signs_with_the_new() -> None:
    old = TOKENS.issue(CLAIMS, NOW)
    second = base64.b64encode(b"n" * 32).decode()
    both = Tokens(KeyRing(f"t2:{second},t1:{base64.b64encode(KEY).decode()}"), timedelta(hours=2))
    assert both.read(old, NOW) == CLAIMS
    new = both.issue(CLAIMS, NOW)
    assert jwt.get_unverified_header(new)["kid"] == "t2"
    with pytest.raises(TokenError):
        TOKENS.read(new, NOW)


def test_two_tokens_of_one_session_differ() -> None:
    assert TOKENS.issue(CLAIMS, NOW) != TOKENS.issue(CLAIMS, NOW)


def test_one_time_codes_are_typeable_and_do_not_repeat() -> None:
    codes = [one_time_code() for _ in range(500)]
    assert len(set(codes)) == 500
    assert {len(code) for code in codes} == {10}
    assert set("".join(codes)) == set(CODE_ALPHABET)
    assert not set("ILOU") & set(CODE_ALPHABET)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("ab12-cd34", "AB12CD34"), (" ab12 cd34 ", "AB12CD34"), ("oOiIlL", "001111"), ("", ""), ("0 - 1", "01")],
)
def test_what_people_type(typed: str, meant: str) -> None:
    assert normal_code(typed) == meant


@given(st.text(CODE_ALPHABET, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_however_it_is_typed_it_is_the_same_code(code: str, random: Any) -> None:
    swaps = {"0": "oO0", "1": "iIlL1"}
    typed = "".join(random.choice(swaps.get(c, c + c.lower())) + random.choice(["", " ", "-"]) for c in code)
    assert normal_code(typed) == code
    assert normal_code(code) == code
    assert digest(normal_code(typed)) == digest(code)
