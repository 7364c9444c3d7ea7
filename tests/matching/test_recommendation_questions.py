"""What is known of a seeker, and which answer would help most: the engine's own parts and weights."""

from dataclasses import replace
from datetime import date

import pytest

from app.matching.recommendation import PartKey, VacancyColumns, assess
from app.matching.recommendation.parts import SCORED, WEIGHTS
from app.matching.recommendation.questions import QUESTIONS
from app.rules.jobs.terms import PayCycle, ShiftPattern, SkillLevel, WorkFeature
from app.schemas.jobs.seekers import SeekerForm
from tests.matching.strategies import HOME, NOW, TREE, seeker, vacancy

WHOLE = seeker(
    wanted=("60501.01",), experience={"60501.01": 3.0}, machines=frozenset({"平车"}), level=SkillLevel.JUNIOR,
    wish_hourly_fen=2000, shift_patterns=frozenset({ShiftPattern.DAY}), earliest_start=date(2026, 7, 20),
    wants_meals=False, home_lat=HOME[0], home_lon=HOME[1], pay_cycles=frozenset({PayCycle.MONTHLY}),
)  # fmt: skip
# What makes a part of the whole card unknown again.
BLANKS = {
    PartKey.PAY: {"wish_hourly_fen": None}, PartKey.OCCUPATION: {"wanted": ()}, PartKey.COMMUTE: {"home_lat": None, "home_lon": None},
    PartKey.HOURS: {"shift_patterns": frozenset()}, PartKey.BOARD: {"wants_meals": None},
    PartKey.PAY_CYCLE: {"pay_cycles": frozenset()}, PartKey.EXPERIENCE: {"experience": {}},
    PartKey.MACHINES: {"machines": frozenset()}, PartKey.START: {"earliest_start": None}, PartKey.LEVEL: {"level": None},
}  # fmt: skip
# A posting that says everything and asks for everything.
FULL = {
    "hourly_fen": 2200, "lat": HOME[0], "lon": HOME[1], "shift_pattern": ShiftPattern.DAY, "pay_cycle": PayCycle.MONTHLY,
    "required_machines": frozenset({"平车"}), "required_level": SkillLevel.JUNIOR,
}  # fmt: skip


def asked(person, *cards):
    return assess(person, VacancyColumns.from_cards(cards), TREE, now=NOW)


def test_every_part_of_the_score_has_a_question_about_fields_of_the_form() -> None:
    assert set(QUESTIONS) == set(SCORED) == set(BLANKS)
    fields = {name for question in QUESTIONS.values() for name in question.fields}
    assert fields <= set(SeekerForm.model_fields)


def test_nobody_known_is_nought_and_everything_known_asks_nothing() -> None:
    nothing, everything = asked(seeker(), vacancy(**FULL)), asked(WHOLE, vacancy(**FULL))
    assert (nothing.percent, everything.percent, everything.next_question) == (0, 100, None)
    assert sum(part.weight for part in nothing.parts) == pytest.approx(1)


@pytest.mark.parametrize("key", SCORED)
def test_the_one_thing_missing_is_asked_for_and_costs_its_weight(key) -> None:
    found = asked(replace(WHOLE, **BLANKS[key]), vacancy(1, **FULL), vacancy(2, **FULL))
    weight = next(weights[key] for weights in WEIGHTS.values() if key in weights) / 2
    assert found.percent == int(100 * (1 - weight) + 0.5)
    assert (found.next_question.key, found.next_question.helps, found.next_question.considered) == (key, 2, 2)


def test_of_two_the_one_that_helps_at_more_vacancies_times_its_weight() -> None:
    person = replace(WHOLE, machines=frozenset(), pay_cycles=frozenset())
    plain = {key: value for key, value in FULL.items() if key != "required_machines"}
    # Machines weigh 0.25, the pay cycle 0.07: three in eleven ask for a machine, then one in eleven does.
    few = [vacancy(number, **FULL) for number in range(1, 4)] + [vacancy(number, **plain) for number in range(4, 12)]
    assert asked(person, *few).next_question.key is PartKey.PAY_CYCLE
    many = few + [vacancy(number, **FULL) for number in range(12, 20)]
    assert asked(person, *many).next_question.key is PartKey.MACHINES


def test_what_the_posting_does_not_say_is_no_question_to_the_seeker() -> None:
    person = replace(WHOLE, wish_hourly_fen=None, pay_cycles=frozenset())
    silent = {key: value for key, value in FULL.items() if key != "hourly_fen"}
    found = asked(person, vacancy(**silent)).next_question
    assert (found.key, found.helps) == (PartKey.PAY_CYCLE, 1)


def test_vacancies_behind_a_gate_do_not_count_and_without_any_the_weight_decides() -> None:
    person = replace(WHOLE, level=None, earliest_start=None, no_list=frozenset({WorkFeature.DUST}))
    shut = vacancy(1, **FULL, features=frozenset({WorkFeature.DUST}))
    assert asked(person, shut).next_question.considered == 0
    for found in (asked(person, shut), asked(person)):
        assert (found.next_question.key, found.next_question.helps) == (PartKey.START, 0)
