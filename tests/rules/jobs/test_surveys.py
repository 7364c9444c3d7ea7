"""The rule book of 就业摸底: states, answers, ages in bands."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from app.rules.jobs.surveys import (
    CLOCK_SKEW,
    NEXT,
    Question,
    QuestionKind,
    SurveyAgeBand,
    SurveyAnswersError,
    SurveyPeriodError,
    SurveyRecordedAtError,
    SurveyTooYoungError,
    SurveyWaveState,
    SurveyWaveStateError,
    age_band,
    check_answers,
    check_period,
    check_recorded,
    check_transition,
    counted_choices,
    occupation_codes,
)

TODAY = date(2026, 12, 1)
NOW = datetime(2026, 12, 2, 4, tzinfo=UTC)
STATE = Question("employment_state", QuestionKind.SINGLE, "就业状况", True, {"employed": "有", "at_home": "在家"})
HOURS = Question(
    "hours_worked", QuestionKind.NUMBER, "工时", True, only_if=("employment_state", frozenset({"employed"})),
    minimum=1, maximum=112,
)  # fmt: skip
WISHES = Question(
    "training_wishes",
    QuestionKind.MULTIPLE,
    "培训",
    False,
    {"none": "没有", "a": "甲", "b": "乙", "c": "丙"},
    maximum=2,
)
TRADE = Question("occupation_wanted", QuestionKind.OCCUPATIONS, "工种", False, maximum=1)
QUESTIONS = (STATE, HOURS, WISHES, TRADE)
CODES = frozenset({"61103.01", "61103"})


@pytest.mark.parametrize(("current", "target"), list(product(SurveyWaveState, SurveyWaveState)))
def test_every_step_of_a_wave(current: SurveyWaveState, target: SurveyWaveState) -> None:
    if target in NEXT[current]:
        check_transition(current, target)
    else:
        with pytest.raises(SurveyWaveStateError) as refusal:
            check_transition(current, target)
        assert current.label in refusal.value.text


def test_a_wave_has_an_end() -> None:
    check_period(TODAY, TODAY)
    check_period(TODAY, TODAY + timedelta(days=366))
    for closes_on in (TODAY - timedelta(days=1), TODAY + timedelta(days=367)):
        with pytest.raises(SurveyPeriodError):
            check_period(TODAY, closes_on)


def test_the_device_says_when_within_the_wave_and_not_ahead_of_time() -> None:
    opens, ends = NOW - timedelta(days=1), NOW + timedelta(days=1)
    for good in (opens, NOW, NOW + CLOCK_SKEW):
        check_recorded(good, opens_at=opens, ends_at=ends, now=NOW)
    for bad in (opens - timedelta(seconds=1), NOW + CLOCK_SKEW + timedelta(seconds=1)):
        with pytest.raises(SurveyRecordedAtError):
            check_recorded(bad, opens_at=opens, ends_at=ends, now=NOW)
    with pytest.raises(SurveyRecordedAtError):
        check_recorded(ends, opens_at=opens, ends_at=ends, now=ends)


def test_good_answers_come_back_in_the_order_of_the_questions() -> None:
    given = {
        "training_wishes": ["a", "b"],
        "hours_worked": 40,
        "employment_state": "employed",
        "occupation_wanted": ["61103"],
    }
    answers = check_answers(QUESTIONS, given, CODES)
    assert answers == given
    assert list(answers) == [question.key for question in QUESTIONS]
    assert counted_choices(answers) == [
        ("employment_state", "employed"), ("training_wishes", "a"), ("training_wishes", "b"),
    ]  # fmt: skip
    assert occupation_codes(QUESTIONS, given) == {"61103"}
    assert check_answers(QUESTIONS, {"employment_state": "at_home", "training_wishes": []}, CODES) == {
        "employment_state": "at_home"
    }


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, {"employment_state": "必填"}),
        ({"employment_state": "rich"}, {"employment_state": "选项"}),
        ({"employment_state": ["at_home"]}, {"employment_state": "选项"}),
        ({"employment_state": "employed"}, {"hours_worked": "必填"}),
        ({"employment_state": "employed", "hours_worked": 0}, {"hours_worked": "1 到 112"}),
        ({"employment_state": "employed", "hours_worked": True}, {"hours_worked": "整数"}),
        ({"employment_state": "employed", "hours_worked": "40"}, {"hours_worked": "整数"}),
        ({"employment_state": "at_home", "hours_worked": 40}, {"hours_worked": "不用填"}),
        ({"employment_state": "at_home", "training_wishes": ["none", "a"]}, {"training_wishes": "没有"}),
        ({"employment_state": "at_home", "training_wishes": ["a", "a"]}, {"training_wishes": "两次"}),
        ({"employment_state": "at_home", "training_wishes": ["a", "b", "c"]}, {"training_wishes": "最多选 2 项"}),
        ({"employment_state": "at_home", "training_wishes": "a"}, {"training_wishes": "列表"}),
        ({"employment_state": "at_home", "training_wishes": ["z"]}, {"training_wishes": "选项"}),
        ({"employment_state": "at_home", "occupation_wanted": ["99999"]}, {"occupation_wanted": "职业代码"}),
        ({"employment_state": "at_home", "income": 5}, {"income": "没有这道题"}),
        ({"income": 5, "employment_state": "employed"}, {"income": "没有这道题", "hours_worked": "必填"}),
    ],
)
def test_every_wrong_answer_is_named(given: dict[str, object], wrong: dict[str, str]) -> None:
    with pytest.raises(SurveyAnswersError) as refusal:
        check_answers(QUESTIONS, given, CODES)
    found = {issue.path.removeprefix("answers."): issue.message for issue in refusal.value.fields}
    assert found.keys() == wrong.keys()
    assert all(words in found[key] for key, words in wrong.items())


def test_ages_in_bands_by_birthday() -> None:
    edges = {16: SurveyAgeBand.FROM_16, 24: SurveyAgeBand.FROM_16, 25: SurveyAgeBand.FROM_25, 54: SurveyAgeBand.FROM_45,
             55: SurveyAgeBand.FROM_55, 64: SurveyAgeBand.FROM_55, 65: SurveyAgeBand.FROM_65, 99: SurveyAgeBand.FROM_65}  # fmt: skip
    for age, band in edges.items():
        assert age_band(TODAY.replace(year=TODAY.year - age), TODAY) is band
    assert age_band(None, TODAY) is SurveyAgeBand.UNKNOWN
    with pytest.raises(SurveyTooYoungError):
        age_band(TODAY.replace(year=TODAY.year - 16) + timedelta(days=1), TODAY)
