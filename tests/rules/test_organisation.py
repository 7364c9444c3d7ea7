"""Credit codes and the review of an enterprise claim."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.organisation import (
    CLAIM_NEXT,
    ClaimStateError,
    CreditCodeChecksumError,
    CreditCodeError,
    CreditCodeFormatError,
    CreditCodeLengthError,
    EnterpriseClaimState,
    check_claim_transition,
    check_credit_code,
)
from demo.steps import fictional_credit_code

# GB 32100-2015: the alphabet leaves out I O Z S V; weights are powers of 3 modulo 31.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [3**i % 31 for i in range(17)]
SUBMITTED, APPROVED, RETURNED = EnterpriseClaimState


def check_digit(body: str) -> str:
    """An independent reading of the standard, to judge the library by."""
    total = sum(ALPHABET.index(c) * weight for c, weight in zip(body, WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31]


bodies = st.builds(
    lambda head, division, tail: head + division + tail,
    st.sampled_from(["91", "92", "93", "11", "12", "51", "52"]),
    st.just("350581"),
    st.text(ALPHABET, min_size=9, max_size=9),
)


@given(bodies)
def test_a_code_made_by_the_standard_is_taken(body: str) -> None:
    code = body + check_digit(body)
    assert check_credit_code(code) == code
    assert check_credit_code(f" {code.lower()} ") == code


@given(bodies, st.integers(8, 16), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_found(body: str, place: int, other: str) -> None:
    code = body + check_digit(body)
    wrong = code[:place] + other + code[place + 1 :]
    if wrong == code:
        return
    with pytest.raises(CreditCodeChecksumError):
        check_credit_code(wrong)


@given(st.text(max_size=30))
def test_whatever_is_typed_is_answered_by_our_own_error(text: str) -> None:
    refusal: CreditCodeError | None = None
    code = ""
    try:
        code = check_credit_code(text)
    except CreditCodeError as refused:
        refusal = refused
    if refusal is None:
        assert len(code) == 18
        return
    assert refusal.code == "credit_code_invalid"
    assert refusal.fields[0].path == "uscc"


def test_each_mistake_is_named() -> None:
    good = fictional_credit_code("91350581MA0DEM0XX")
    assert check_credit_code(good) == good
    with pytest.raises(CreditCodeLengthError, match="您填了17位"):
        check_credit_code(good[:17])
    with pytest.raises(CreditCodeLengthError, match="您填了0位"):
        check_credit_code("")
    with pytest.raises(CreditCodeFormatError, match="I、O、Z、S、V"):
        check_credit_code(good[:10] + "I" + good[11:])
    with pytest.raises(CreditCodeChecksumError, match="校验位"):
        check_credit_code(good[:17] + ("1" if good[17] != "1" else "2"))


@pytest.mark.parametrize(("current", "target"), list(product(EnterpriseClaimState, repeat=2)))
def test_claim_edges(current: EnterpriseClaimState, target: EnterpriseClaimState) -> None:
    allowed = {(SUBMITTED, APPROVED), (SUBMITTED, RETURNED)}
    assert (target in CLAIM_NEXT[current]) is ((current, target) in allowed)
    if (current, target) in allowed:
        check_claim_transition(current, target)
        return
    with pytest.raises(ClaimStateError) as refused:
        check_claim_transition(current, target)
    assert current.label in refused.value.text


def test_every_state_stands_in_the_table() -> None:
    assert set(CLAIM_NEXT) == set(EnterpriseClaimState)
