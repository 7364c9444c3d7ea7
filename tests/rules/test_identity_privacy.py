"""Privacy rules: masks, identity numbers, age boundaries, consents by purpose and version, how long what is kept."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import CHINA, china_date
from app.core.errors import AppError
from app.rules.identity.ages import (
    AgeBand,
    BirthDateError,
    TooYoungError,
    check_birth_date,
    check_may_work,
    compute_age,
    compute_band,
)
from app.rules.identity.consents import (
    POLICY_VERSIONS,
    SENSITIVE,
    ConsentMissingError,
    ConsentPurpose,
    check_consent,
)
from app.rules.identity.id_numbers import (
    IdNumberBirthDateError,
    IdNumberChecksumError,
    IdNumberDateError,
    IdNumberError,
    IdNumberShapeError,
    check_id_number,
)
from app.rules.identity.masks import mask_id_number, mask_name
from app.rules.identity.people import PERSON_NEXT, PersonState, PersonStateError, check_person_transition
from app.rules.identity.privacy import (
    APPLICATIONS_KEPT,
    AUDIT_KEPT,
    LOGS_KEPT,
    RETENTION,
    RetentionClass,
    keep_until,
)

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
# The examples that GB 11643-1999 prints.
PRINTED = {"11010519491231002X": date(1949, 12, 31), "440524188001010014": date(1880, 1, 1)}


def numbered(body: str) -> str:
    """Seventeen digits with their check digit (GB 11643-1999, ISO 7064 MOD 11-2), reckoned anew here."""
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


def test_a_masked_identity_number_shows_no_birth_date() -> None:
    assert mask_id_number("350581199001011234") == "350***********1234"
    assert mask_id_number("11010519491231002X") == "110***********002X"
    # Anything of another length is hidden whole.
    assert [mask_id_number(odd) for odd in ("", "350581900101123", "3505811990010112345")] == ["", "*" * 15, "*" * 19]


@given(st.text("陈林王欧阳增坛·A", min_size=2, max_size=40))
def test_a_masked_name_hides_at_least_one_character(name: str) -> None:
    masked = mask_name(name)
    assert len(masked) == len(name)
    assert masked[0] == name[0]
    assert set(masked[1:-1] or masked[1:]) == {"*"}


@pytest.mark.parametrize(("number", "born"), PRINTED.items())
def test_the_printed_examples_are_right(number: str, born: date) -> None:
    assert numbered(number[:17]) == number
    assert check_id_number(number, birth_date=None) == (number, born)
    # As people type it.
    spaced = f" {number[:6]} {number[6:14]} {number[14:].lower()} "
    assert check_id_number(spaced, birth_date=born) == (number, born)


@given(
    st.integers(100000, 999999), st.dates(date(1900, 1, 1), date(2026, 12, 31)), st.integers(0, 999),
    st.integers(0, 17), st.integers(1, 9),
)  # fmt: skip
def test_one_wrong_digit_is_always_noticed(area: int, born: date, serial: int, at: int, shift: int) -> None:
    """Any six digits of an area do: half the codes of today's adults are those of districts long dissolved."""
    number = numbered(f"{area}{born:%Y%m%d}{serial:03}")
    assert check_id_number(number, birth_date=born) == (number, born)
    was = number[at]
    wrong = str((int(was) + shift) % 10) if was.isdigit() else str(shift)
    with pytest.raises(IdNumberChecksumError):
        check_id_number(number[:at] + wrong + number[at + 1 :], birth_date=None)


@pytest.mark.parametrize(
    ("number", "error", "words"),
    [
        ("", IdNumberShapeError, "0位"),
        ("350581900101123", IdNumberShapeError, "15位"),
        ("35058119900101123" * 2, IdNumberShapeError, "34位"),
        ("35058119900101X234", IdNumberShapeError, "17位数字"),
        ("３50581199001011234", IdNumberShapeError, "18位"),
        (numbered("35058119900101123")[:-1] + "Y", IdNumberChecksumError, "最后一位"),
        (numbered("35058119900230123"), IdNumberDateError, "第7至14位"),
        (numbered("35058119901301123"), IdNumberDateError, "第7至14位"),
        (numbered("35058119000229123"), IdNumberDateError, "第7至14位"),
        (numbered("35058119900101123"), IdNumberBirthDateError, "出生日期"),
    ],
)
def test_a_wrong_identity_number_is_told_what_is_wrong(number: str, error: type[IdNumberError], words: str) -> None:
    with pytest.raises(error) as refused:
        check_id_number(number, birth_date=date(1990, 1, 2))
    assert type(refused.value) is error
    assert (refused.value.code, refused.value.fields[0].path) == ("id_number_invalid", "id_number")
    assert words in refused.value.text
    # Nobody's number or date is repeated into an answer or a log.
    assert "1990" not in refused.value.text


BANDS = {14: (AgeBand.CHILD, AgeBand.UNDER_WORKING_AGE), 16: (AgeBand.UNDER_WORKING_AGE, AgeBand.MINOR_WORKER),
         18: (AgeBand.MINOR_WORKER, AgeBand.ADULT)}  # fmt: skip


@pytest.mark.parametrize(
    ("age", "born", "birthday"),
    [
        (age, born, date(born.year + age, *((3, 1) if (born.month, born.day) == (2, 29) and age % 4 else
                                            (born.month, born.day))))
        for age, born in product(BANDS, (date(2010, 6, 15), date(2008, 2, 29), date(2010, 1, 1), date(2010, 12, 31)))
    ],
)  # fmt: skip
def test_a_birthday_begins_at_midnight_in_china(age: int, born: date, birthday: date) -> None:
    """16:00 UTC of the day before. Born on 29 February: on 1 March of a common year, on 29 February of a leap year."""
    midnight = datetime(birthday.year, birthday.month, birthday.day, tzinfo=CHINA)
    hour_before, hour_after = (midnight + timedelta(hours=h) for h in (-1, 1))
    before, after = BANDS[age]
    for instant, band, years in (
        (hour_before, before, age - 1), (midnight - timedelta(microseconds=1), before, age - 1),
        (midnight, after, age), (hour_after, after, age),
    ):  # fmt: skip
        # However the instant is written: in UTC all four stand on the day before.
        today = china_date(instant.astimezone(UTC))
        assert compute_band(born, today) is band, instant
        assert compute_age(born, today) == years, instant
    assert hour_after.astimezone(UTC).date() == birthday - timedelta(days=1)


def test_under_sixteen_there_is_no_work_service() -> None:
    born = date(2010, 11, 24)
    check_may_work(None, date(2026, 1, 1))
    check_may_work(born, date(2026, 11, 24))
    with pytest.raises(TooYoungError) as refused:
        check_may_work(born, date(2026, 11, 23))
    assert (refused.value.fields[0].path, refused.value.params) == ("birth_date", {"age": 16})
    assert "《禁止使用童工规定》第二条" in refused.value.text
    assert compute_band(None, date(2026, 1, 1)) is AgeBand.UNKNOWN


def test_a_birth_date_is_of_somebody_alive() -> None:
    today = date(2026, 11, 26)
    # 120 years old until the day before the 121st birthday.
    for born in (today, date(1905, 11, 27)):
        check_birth_date(born, today)
    for born in (today + timedelta(days=1), date(1905, 11, 26), date.min, date.max):
        with pytest.raises(BirthDateError) as refused:
            check_birth_date(born, today)
        assert refused.value.text == "出生日期应在 1906年 到 今天 之间，请核对"


def test_each_purpose_is_allowed_by_its_own_consent_alone() -> None:
    # All but the two everyday ones are sensitive, whatever is added.
    assert set(ConsentPurpose) - SENSITIVE == {ConsentPurpose.SERVICE, ConsentPurpose.PERSONAL_RECOMMENDATION}
    for given_for, asked in product(ConsentPurpose, ConsentPurpose):
        given = [(given_for.value, POLICY_VERSIONS[given_for])]
        if given_for is asked:
            check_consent(given, asked)
            continue
        with pytest.raises(ConsentMissingError) as refused:
            check_consent(given, asked)
        # The way out stands in the message: which purpose, and where it is given.
        assert f"“{asked.label}”" in refused.value.text
        assert f"PUT /me/consents/{asked.value}" in refused.value.text


@pytest.mark.parametrize("purpose", ConsentPurpose)
def test_a_consent_to_another_version_allows_nothing(purpose: ConsentPurpose) -> None:
    for version in ("2020-01", "", POLICY_VERSIONS[purpose] + "x", "2099-01"):
        with pytest.raises(ConsentMissingError):
            check_consent([(purpose.value, version)], purpose)
    check_consent([(purpose.value, "2020-01"), (purpose.value, POLICY_VERSIONS[purpose])], purpose)


BY_LAW = {
    RetentionClass.RECRUITMENT: "网络招聘服务管理规定",
    RetentionClass.WAGE_LEDGER: "保障农民工工资支付条例 第十五条",
    RetentionClass.CONSENT_PROOF: "个人信息保护法 第五十五、五十六条",
    RetentionClass.ENTERPRISE_PAPERS: "网络招聘服务管理规定",
}


def test_what_is_kept_is_kept_for_three_years_and_says_by_which_law() -> None:
    assert set(RETENTION) == set(RetentionClass)
    for kind, law in BY_LAW.items():
        assert RETENTION[kind].years == 3
        assert law in RETENTION[kind].source
    # What serves the town and no law asks for goes sooner.
    assert RETENTION[RetentionClass.SURVEY].years == 2
    assert "第十九条" in RETENTION[RetentionClass.SURVEY].source
    # What no law asks to be kept is not kept longer than what one does.
    for rule in RETENTION.values():
        assert 0 < rule.years <= 3
        assert f"{rule.years}年" in rule.source
    # Half a year is at most 184 days; the audit log outlives every class.
    assert timedelta(days=184) < LOGS_KEPT == timedelta(days=190)
    assert max(timedelta(days=3 * 366), APPLICATIONS_KEPT) < AUDIT_KEPT


@pytest.mark.parametrize("kind", BY_LAW)
def test_the_last_day_of_keeping(kind: RetentionClass) -> None:
    assert keep_until(kind, date(2026, 11, 26)) == date(2029, 11, 26)
    assert keep_until(kind, date(2024, 2, 29)) == date(2027, 2, 28)
    assert keep_until(kind, date(2025, 2, 28)) == date(2028, 2, 28)


ALLOWED = {
    ("active", "disabled"), ("active", "merged"), ("active", "deleted"), ("disabled", "active"), ("disabled", "merged"),
}  # fmt: skip


@pytest.mark.parametrize(("current", "target"), list(product(PersonState, PersonState)))
def test_every_step_of_a_person_record(current: PersonState, target: PersonState) -> None:
    assert set(PERSON_NEXT) == set(PersonState)
    if (current.value, target.value) in ALLOWED:
        check_person_transition(current, target)
        return
    with pytest.raises(PersonStateError) as refused:
        check_person_transition(current, target)
    error: AppError = refused.value
    assert error.text == f"这个人当前为“{current.label}”，不能变为“{target.label}”"
