"""The rule book of mediation: every edge of every machine, the tables of access, elections, the ladder, the agenda."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.core.errors import AppError, ConflictError
from app.core.labels import Labelled
from app.rules.disputes import agreements, cases, conferences, panel, parties, sessions
from app.rules.disputes.access import ACCESS, ACTS, Act, Piece, Standing, check_act, sees
from app.rules.disputes.agreements import AgreementForm
from app.rules.disputes.cases import CaseKind, CaseState, MediationBody, Route
from app.rules.disputes.log import CaseLevel, next_level
from app.rules.disputes.panel import SeatBody

NOW = datetime(2026, 11, 27, 2, tzinfo=UTC)
MACHINES: list[tuple[Mapping[Any, frozenset[Any]], Callable[[Any, Any], None]]] = [
    (cases.NEXT, cases.check_case_step), (parties.CONSENT_NEXT, parties.check_party_consent),
    (panel.SEAT_NEXT, panel.check_seat_step), (sessions.SESSION_NEXT, sessions.check_session_step),
    (agreements.AGREEMENT_NEXT, agreements.check_agreement_step), (agreements.TERM_NEXT, agreements.check_term_step),
    (agreements.CONFIRMATION_NEXT, agreements.check_confirmation_step),
    (conferences.CONFERENCE_NEXT, conferences.check_conference_step),
]  # fmt: skip
EDGES = [(table, check, one, other) for table, check in MACHINES for one in table for other in table]


@pytest.mark.parametrize(("table", "check"), MACHINES, ids=lambda value: getattr(value, "__name__", "table"))
def test_every_edge(table: Mapping[Labelled, frozenset[Labelled]], check: Callable[[Any, Any], None]) -> None:
    assert set(table) == set(type(next(iter(table))))
    for current, following in table.items():
        for target in table:
            if target in following:
                check(current, target)
            else:
                with pytest.raises(ConflictError) as refusal:
                    check(current, target)
                assert current.label in refusal.value.text


def test_every_end_is_followed_up_and_closed() -> None:
    """From every state but the merged one the volume can be completed."""
    reached = {CaseState.CLOSED}
    while grown := {one for one, following in cases.NEXT.items() if following & reached} - reached:
        reached |= grown
    assert set(CaseState) - reached == {CaseState.MERGED}
    assert len(EDGES) == 22 * 22 + 3 * 3 + 7 * 7 + 3 * 3 + 4 * 4 + 5 * 5 + 6 * 6 + 2 * 2


def refused(code: str, act: Callable[[], Any]) -> None:
    with pytest.raises(AppError) as refusal:
        act()
    assert refusal.value.code == code


def test_no_office_sees_a_case_by_itself() -> None:
    nothing = {Standing.DECLINED, Standing.RECUSED, Standing.FORMER, Standing.CADRE, Standing.GRID_MEMBER,
               Standing.TOWN_ADMIN, Standing.AUDITOR, Standing.STRANGER}  # fmt: skip
    assert set(ACCESS) == set(Standing)
    assert {one for one, seen in ACCESS.items() if not seen} == nothing
    # Only those who manage or mediate see notes; only who sits sees what a side has not shown.
    assert {one for one, seen in ACCESS.items() if Piece.NOTE in seen} == {Standing.MANAGER, Standing.MEDIATOR}
    unshown = {one for one, seen in ACCESS.items() if Piece.OTHER_STATEMENT in seen}
    assert unshown == {Standing.MANAGER, Standing.MEDIATOR, Standing.SEATED}
    assert sees(frozenset({Standing.COMPLAINANT, Standing.SEATED}), Piece.OTHER_STATEMENT)


def test_acts_are_those_of_the_table() -> None:
    for act in Act:
        for standing in Standing:
            if standing in ACTS[act]:
                check_act(frozenset({standing}), act)
            else:
                refused("case_act_not_yours", lambda act=act, standing=standing: check_act(frozenset({standing}), act))


def test_what_may_be_mediated_in_whose_name() -> None:
    cases.check_body(CaseKind.WAGES, MediationBody.LABOUR)
    cases.check_body(CaseKind.PLATFORM_WORK, MediationBody.LABOUR)
    refused("mediation_body_wrong", lambda: cases.check_body(CaseKind.NEIGHBOURS, MediationBody.LABOUR))
    refused("case_over", lambda: cases.check_open(CaseState.ENDED))
    refused("case_not_at_table", lambda: cases.check_at_table(CaseState.CONSENTED))
    assert cases.routes_of(CaseKind.WAGES)[0] is Route.INSPECTION
    assert Route.COURT not in cases.routes_of(CaseKind.WAGES)
    assert set(cases.routes_of(CaseKind.PLATFORM_WORK)) == set(Route)
    assert cases.routes_of(CaseKind.NEIGHBOURS) == (Route.COURT, Route.LEGAL_AID)
    assert set(cases.ROUTE_TOLD) == set(Route)


def test_ten_may_elect_and_not_too_many() -> None:
    parties.check_election(10, 10, 5, 5)
    refused("election_too_few", lambda: parties.check_election(9, 10, 1, 5))
    refused("representatives_full", lambda: parties.check_election(12, 10, 6, 5))


def test_the_seats_of_each_kind() -> None:
    assert set(panel.SEATS) == set(CaseKind)
    assert set(panel.POST_WORDS) == set(SeatBody)
    assert {SeatBody.UNION, SeatBody.PUBLIC_SERVICES} <= set(panel.bodies_for(CaseKind.WAGES, "unpaid"))
    assert SeatBody.VILLAGE_COMMITTEES in panel.bodies_for(CaseKind.VILLAGE_ENTERPRISE, None)
    assert SeatBody.ELECTRICITY in panel.bodies_for(CaseKind.OTHER, "utilities")
    assert SeatBody.MEDICAL in panel.bodies_for(CaseKind.NEIGHBOURS, None, injured=True)
    assert panel.bodies_for(CaseKind.INJURY, None, injured=True).count(SeatBody.MEDICAL) == 1
    assert panel.told_conflicts(["member", "cadre"]) == "当事企业的挂钩干部；在当事企业任职"


def test_the_ladder_goes_up_to_the_city_and_no_further() -> None:
    level, seen = CaseLevel.MANAGER, []
    while level is not CaseLevel.CITY_LEADER:
        level = next_level(level)
        seen.append(level.label)
    assert seen == ["网格长", "村、园区党委", "工作专班", "党建联席会议", "挂钩市领导"]
    refused("escalation_at_top", lambda: next_level(CaseLevel.CITY_LEADER))


def test_what_an_agreement_is_worth() -> None:
    written, oral = AgreementForm.WRITTEN, AgreementForm.ORAL
    assert agreements.has_window(MediationBody.PEOPLE, written)
    assert not agreements.has_window(MediationBody.PEOPLE, oral)
    assert not agreements.has_window(MediationBody.NONE, written)
    assert agreements.title_of(MediationBody.NONE) == "和解协议书"
    refused("agreement_term_date_wrong", lambda: agreements.check_terms_dates([date(2026, 11, 26)], date(2026, 11, 27)))
    agreements.check_terms_dates([date(2026, 11, 27)], date(2026, 11, 27))
    refused("mediation_session_not_begun", lambda: sessions.check_held(NOW, NOW.replace(hour=1)))


def test_the_agenda_opens_with_what_is_not_done() -> None:
    counts = {f"类型“{number}”": number for number in range(5, 12)}
    items = conferences.draft_agenda(["镇公共服务办公室：专项检查"], counts)
    assert items[0] == {"kind": "unfinished", "told": "上次决议未办结：镇公共服务办公室：专项检查"}
    assert [one["told"].split("：")[1].split("起")[0] for one in items[1:]] == ["11", "10", "9", "8", "7"]
