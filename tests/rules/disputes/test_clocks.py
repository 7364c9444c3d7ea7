"""Clocks on the published calendar: 调休, festivals, suspensions, extensions, limitations with their interruptions."""

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import UnprocessableError
from app.rules.common.workdays import WorkCalendar
from app.rules.disputes.cases import CaseKind
from app.rules.disputes.clocks import (
    CasePolicy,
    CaseTimes,
    Clock,
    ClockKind,
    ClockState,
    ClockUnit,
    Logged,
    Promise,
    check_extension,
    compute,
    due_day,
    pauses_of,
    policies_of,
    remind_day,
)
from app.rules.disputes.log import CaseEventKind

SEEDS = Path(__file__).parents[3] / "seeds"
E, K, S = CaseEventKind, ClockKind, ClockState
TERM = UUID(int=1)


def _calendar() -> WorkCalendar:
    with (SEEDS / "holidays.csv").open(encoding="utf-8") as file:
        rows = [(date.fromisoformat(row["day"]), row["is_off"] == "true") for row in csv.DictReader(file)]
    return WorkCalendar(
        holidays=frozenset(day for day, off in rows if off), workdays=frozenset(day for day, off in rows if not off),
        years=frozenset(day.year for day, _ in rows),
    )  # fmt: skip


class Row:
    """A seeded row as the table has it."""

    def __init__(self, row: dict[str, str]) -> None:
        self.key, self.value, self.unit = row["key"], int(row["value"]), ClockUnit.of(row["unit"])
        self.rolls_over, self.stops = row["rolls_over"] == "true", row["stops"] == "true"
        self.statutory = row["statutory"] == "true"
        self.law, self.article = row["law"], row["article"]
        self.effective_from = date.fromisoformat(row["effective_from"])
        self.effective_to = date.fromisoformat(row["effective_to"]) if row["effective_to"] else None


def _rows() -> list[Row]:
    with (SEEDS / "dispute_policies.csv").open(encoding="utf-8") as file:
        return [Row(row) for row in csv.DictReader(file)]


CALENDAR, ROWS = _calendar(), _rows()
POLICIES = policies_of(ROWS, date(2026, 11, 27))


def policy(value: int, unit: str, *, rolls: bool = False, stops: bool = False) -> CasePolicy:
    return CasePolicy("test", value, ClockUnit.of(unit), rolls, stops, "《测试》", "第一条")


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}" if len(text) == 5 else text)


@pytest.mark.parametrize(
    ("start", "rule", "due"),
    [
        # Working days: plain, over a weekend, over 调休 Saturday and Sunday, over the whole Spring Festival.
        ("11-27", policy(1, "workday"), "11-30"),
        ("11-23", policy(3, "workday"), "11-26"),
        ("02-13", policy(1, "workday"), "02-14"),
        ("02-13", policy(2, "workday"), "02-24"),
        ("02-13", policy(3, "workday"), "02-25"),
        ("02-25", policy(3, "workday"), "02-28"),
        ("09-18", policy(1, "workday"), "09-20"),
        ("09-19", policy(1, "workday"), "09-20"),
        ("09-24", policy(3, "workday"), "09-30"),
        ("09-30", policy(1, "workday"), "10-08"),
        ("10-08", policy(2, "workday"), "10-10"),
        ("04-30", policy(2, "workday"), "05-07"),
        # Calendar days, with and without a rest day at the end moving it.
        ("02-01", policy(15, "day"), "02-16"),
        ("02-01", policy(15, "day", rolls=True), "02-24"),
        ("09-01", policy(30, "day", rolls=True), "10-08"),
        ("11-27", policy(1, "day", rolls=True), "11-30"),
        ("01-30", policy(15, "day", rolls=True), "02-14"),
        ("12-31", policy(30, "day", rolls=True), "2027-02-01"),
        # Years: same day, 29 February, a festival at the end, a weekend at the end.
        ("03-02", policy(1, "year"), "2027-03-02"),
        ("2024-02-29", policy(1, "year"), "2025-02-28"),
        ("2025-10-03", policy(1, "year", rolls=True), "10-08"),
        ("2025-02-16", policy(1, "year", rolls=True), "02-24"),
        ("2025-11-28", policy(1, "year", rolls=True), "11-30"),
        ("2023-02-17", policy(3, "year", rolls=True), "02-24"),
    ],
)  # fmt: skip
def test_days_on_the_published_calendar(start: str, rule: CasePolicy, due: str) -> None:
    assert due_day(day(start), rule, CALENDAR) == day(due)


HOUSE = policy(30, "day", rolls=True, stops=True)


@pytest.mark.parametrize(
    ("pauses", "rule", "more", "due"),
    [
        # Begun on 20 April: 30 days end on 20 May.
        ([], HOUSE, 0, "05-20"),
        # Over the end of the month: 29 April to 6 May, eight days, do not count.
        ([("04-28", "05-06")], HOUSE, 0, "05-28"),
        # On and off on one day: nothing.
        ([("04-28", "04-28")], HOUSE, 0, "05-20"),
        # Two, one after the other; the second lies where the first has pushed the end to.
        ([("04-21", "04-23"), ("05-21", "05-24")], HOUSE, 0, "05-25"),
        # After the end: too late to stop anything.
        ([("05-21", "05-29")], HOUSE, 0, "05-20"),
        # Going on: nobody knows the end.
        ([("05-01", None)], HOUSE, 0, None),
        # Extended by all, then suspended.
        ([("04-28", "05-06")], HOUSE, 10, "06-08"),
        # The law's own do not stop.
        ([("04-28", "05-06")], policy(15, "day"), 0, "05-05"),
        # Working days that are suspended do not count either: 21, 22 April count, 23 to 28 do not, then 29.
        ([("04-22", "04-28")], policy(3, "workday", stops=True), 0, "04-29"),
    ],
)
def test_suspensions_and_extensions(
    pauses: list[tuple[str, str | None]], rule: CasePolicy, more: int, due: str | None
) -> None:
    spans = [(day(one), None if other is None else day(other)) for one, other in pauses]
    found = due_day(day("04-20"), rule, CALENDAR, spans, more=more)
    assert found == (None if due is None else day(due))


def log(*events: tuple[str, CaseEventKind] | tuple[str, CaseEventKind, dict[str, Any]]) -> list[Logged]:
    return [Logged(event[1], day(event[0]), event[2] if len(event) > 2 else {}) for event in events]


def clocks(events: list[Logged], times: CaseTimes) -> dict[ClockKind, Clock]:
    return {clock.kind: clock for clock in compute(events, times, POLICIES, CALENDAR)}


SUBMITTED = ("03-02", E.SUBMITTED)
LIMITS = [
    # Known on 10 January 2026; applied on 2 March, which is a claim on the other side: anew from there.
    ("2026-01-10", [], "03-02", "2027-03-02"),
    # Two interruptions: only the last counts.
    ("2026-01-10", ["2026-06-01", "2026-11-20"], "11-20", "2027-11-22"),
    # Out of order, the same.
    ("2026-01-10", ["2026-11-20", "2026-06-01"], "11-20", "2027-11-22"),
    # The year was over before the first: nothing helps, not the application either.
    ("2024-01-10", ["2025-06-01"], "2024-01-10", "2025-01-10"),
    # A chain: each within the year of the one before.
    ("2024-01-10", ["2025-01-09", "2026-01-08"], "03-02", "2027-03-02"),
    # The chain breaks: the second came a day too late (10 January 2026 is a Saturday: until Monday the 12th).
    ("2024-01-10", ["2025-01-10", "2026-01-13"], "2025-01-10", "01-12"),
    # On the very last day, moved by the weekend.
    ("2024-01-10", ["2025-01-10", "2026-01-12"], "03-02", "2027-03-02"),
]


@pytest.mark.parametrize(("known", "interrupted", "start", "due"), LIMITS)
def test_the_limitation_and_its_interruptions(known: str, interrupted: list[str], start: str, due: str) -> None:
    events = log(SUBMITTED, *[("11-27", E.INTERRUPTED, {"on": one, "ground": "claim"}) for one in interrupted])
    found = clocks(events, CaseTimes(CaseKind.CONTRACT, known_on=day(known)))[K.ARBITRATION_LIMIT]
    assert (found.starts_on, found.due_on) == (day(start), day(due))
    assert ("因中断" in found.told) == (day(start) != day(known))


def test_wages_are_not_limited_while_the_job_lasts() -> None:
    known = date(2024, 1, 10)
    running = clocks(log(SUBMITTED), CaseTimes(CaseKind.WAGES, known_on=known, employed=True))[K.ARBITRATION_LIMIT]
    assert (running.state, running.due_on) == (S.UNLIMITED, None)
    assert "第四款" in running.told
    ended = CaseTimes(CaseKind.WAGES, known_on=known, employed=False, employment_ended_on=date(2026, 2, 10))
    over = clocks(log(SUBMITTED), ended)[K.ARBITRATION_LIMIT]
    assert (over.starts_on, over.due_on) == (day("03-02"), day("2027-03-02"))
    # For a contract the job makes no difference, and where nobody said, the stricter counts.
    strict = clocks(log(SUBMITTED), CaseTimes(CaseKind.CONTRACT, known_on=known, employed=True))[K.ARBITRATION_LIMIT]
    assert strict.due_on == date(2025, 1, 10)
    unsaid = clocks(log(SUBMITTED), CaseTimes(CaseKind.WAGES, known_on=known))[K.ARBITRATION_LIMIT]
    assert unsaid.due_on == date(2025, 1, 10)
    unknown = clocks(log(SUBMITTED), CaseTimes(CaseKind.INJURY))[K.ARBITRATION_LIMIT]
    assert (unknown.state, unknown.due_on) == (S.UNKNOWN, None)
    assert "还没有填写" in unknown.told


def test_the_kind_decides_which_clocks_run() -> None:
    events, known = log(SUBMITTED, ("03-04", E.ACCEPTED)), day("01-10")
    labour = clocks(events, CaseTimes(CaseKind.WAGES, known_on=known))
    assert labour[K.MEDIATION].due_on == day("03-17")
    assert labour[K.ARBITRATION_OPENS].due_on == day("03-17")
    assert K.CIVIL_LIMIT not in labour
    civil = clocks(events, CaseTimes(CaseKind.NEIGHBOURS, known_on=known))
    assert civil[K.MEDIATION].due_on == day("04-03")
    assert civil[K.CIVIL_LIMIT].due_on == day("2029-03-02")
    assert not {K.ARBITRATION_OPENS, K.ARBITRATION_LIMIT} & set(civil)
    rider = clocks(events, CaseTimes(CaseKind.PLATFORM_WORK, known_on=known))
    assert {K.ARBITRATION_OPENS, K.ARBITRATION_LIMIT, K.CIVIL_LIMIT} <= set(rider)


def test_the_whole_life_of_a_case() -> None:
    events = log(
        SUBMITTED, ("03-03", E.TAKEN), ("03-05", E.ACCEPTED), ("03-05", E.CONSENT_ASKED), ("03-09", E.CONSENTED),
        ("03-09", E.MEDIATOR_PROPOSED), ("03-10", E.OBJECTED), ("03-12", E.MEDIATOR_PROPOSED), ("03-13", E.MEDIATING),
        ("03-16", E.EXTENDED, {"days": 10}), ("03-20", E.SUSPENDED), ("03-25", E.MEDIATING),
        ("03-26", E.ESCALATED, {"level": "grid"}), ("03-27", E.MEDIATING), ("03-30", E.AGREED),
        ("03-31", E.EFFECTIVE, {"window": True}),
    )  # fmt: skip
    times = CaseTimes(CaseKind.WAGES, known_on=day("01-10"), promises=(Promise(TERM, day("04-20"), None),))
    found = clocks(events, times)
    expected = {
        K.FIRST_ANSWER: ("03-03", "03-03"), K.ACCEPTANCE: ("03-05", "03-05"), K.CONSENT_ANSWER: ("03-10", "03-09"),
        # The second proposal's two days; 25 days from receipt and five that were suspended, moved by the weekend.
        K.MEDIATOR_CHOICE: ("03-16", "03-13"), K.MEDIATION: ("04-01", "03-30"), K.ESCALATION_ANSWER: ("03-31", "03-27"),
        K.ARBITRATION_OPENS: ("03-17", "03-31"), K.ARBITRATION_LIMIT: ("2027-03-02", "03-31"),
        K.CONFIRMATION: ("04-30", None), K.PERFORMANCE: ("04-20", None),
    }  # fmt: skip
    assert set(found) == set(expected)
    for kind, (due, met) in expected.items():
        clock = found[kind]
        assert (clock.due_on, clock.met_on) == (day(due), None if met is None else day(met)), kind
        assert clock.state is (S.RUNNING if met is None else S.MET), kind
    assert "各方同意延长10日" in found[K.MEDIATION].told
    assert found[K.PERFORMANCE].subject_id == TERM


def test_provisional_where_a_year_is_not_published() -> None:
    late = clocks(log(("12-30", E.SUBMITTED)), CaseTimes(CaseKind.WAGES, known_on=day("01-10")))
    assert late[K.ACCEPTANCE].provisional
    assert late[K.ARBITRATION_LIMIT].provisional
    assert late[K.MEDIATION].provisional
    early = clocks(log(("11-20", E.SUBMITTED)), CaseTimes(CaseKind.WAGES))
    assert not early[K.ACCEPTANCE].provisional
    assert not early[K.MEDIATION].provisional


def test_a_suspension_that_goes_on_stops_the_house_and_not_the_law() -> None:
    events = log(SUBMITTED, ("03-04", E.ACCEPTED), ("03-06", E.MEDIATING), ("03-10", E.SUSPENDED))
    found = clocks(events, CaseTimes(CaseKind.WAGES, known_on=day("01-10")))
    assert (found[K.MEDIATION].state, found[K.MEDIATION].due_on) == (S.STOPPED, None)
    assert found[K.ARBITRATION_OPENS].due_on == day("03-17")
    assert pauses_of(log(("03-10", E.SUSPENDED), ("03-12", E.SUSPENDED), ("03-15", E.ENDED))) == [
        (day("03-10"), day("03-15"))
    ]


def test_reminders_and_extensions() -> None:
    assert remind_day(day("02-24"), 1, CALENDAR) == day("02-14")
    assert remind_day(day("10-08"), 2, CALENDAR) == day("09-29")
    check_extension(30, 30)
    with pytest.raises(UnprocessableError):
        check_extension(31, 30)


def test_every_number_is_a_dated_row_with_its_article() -> None:
    """House clocks may be stopped by us, the law's never; what a clock asks for is there."""
    wanted = {
        "first_answer", "acceptance", "consent_answer", "mediator_choice", "mediation_people", "mediation_labour",
        "arbitration_opens", "arbitration_limit", "civil_limit", "escalation_answer", "confirmation", "follow_up",
        "due_soon", "escalation_grace", "extension_most", "representatives_from", "representatives_most",
    }  # fmt: skip
    assert set(POLICIES) == wanted
    for row in ROWS:
        assert row.law
        assert row.article
        assert not (row.statutory and row.stops), row.key
    old, new = (
        Row({**_raw("acceptance"), "effective_to": "2026-06-30"}),
        Row({**_raw("acceptance"), "value": "5", "effective_from": "2026-07-01"}),
    )
    assert policies_of([new, old], date(2026, 6, 30))["acceptance"].value == 3
    assert policies_of([old, new], date(2026, 7, 1))["acceptance"].value == 5


def _raw(key: str) -> dict[str, str]:
    with (SEEDS / "dispute_policies.csv").open(encoding="utf-8") as file:
        return next(row for row in csv.DictReader(file) if row["key"] == key)


DAYS = st.dates(date(2024, 1, 1), date(2026, 11, 30))


@given(DAYS, st.integers(1, 40), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=3), st.booleans())
def test_exactly_so_many_days_count(start: date, count: int, gaps: list[tuple[int, int]], by_workdays: bool) -> None:
    """Counted again, day by day: so many days that count lie between the start and the end, and the end counts."""
    pauses, at = [], start
    for gap, length in gaps:
        begun = at + timedelta(days=gap + 1)
        at = begun + timedelta(days=length)
        pauses.append((begun, at))
    rule = policy(count, "workday" if by_workdays else "day", stops=True)
    due = due_day(start, rule, CALENDAR, pauses)
    assert due is not None

    def counts(one: date) -> bool:
        paused = any(begun < one <= over for begun, over in pauses)
        return not paused and (not by_workdays or CALENDAR.is_workday(one))

    inside = [start + timedelta(days=number) for number in range(1, (due - start).days + 1)]
    assert sum(map(counts, inside)) == count
    assert counts(due)


@given(DAYS, st.lists(DAYS, max_size=6))
def test_an_interruption_never_shortens(known: date, interrupted: list[date]) -> None:
    events = [Logged(E.INTERRUPTED, date(2026, 11, 30), {"on": one.isoformat()}) for one in interrupted]
    times = CaseTimes(CaseKind.CONTRACT, known_on=known)
    alone = clocks(log(("11-30", E.TAKEN)), times)[K.ARBITRATION_LIMIT]
    found = clocks(events, times)[K.ARBITRATION_LIMIT]
    assert alone.due_on is not None
    assert found.due_on is not None
    assert found.due_on >= alone.due_on
    assert found.starts_on in {known, *interrupted}
