"""The matrix of `docs/permissions.csv` over HTTP: each (permission, reach), each role, each row it distinguishes."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.rules.identity.access import Outcome, Reach, Relation, Way, holds, widest
from app.rules.identity.roles import Permission, Role
from tests.architecture.matrix import CALLERS, Operation, operations
from tests.factories.world import V1, Someone, World, ok, refused
from tests.support import cast as rows_of
from tests.support import cast_disputes as disputes_of
from tests.support import cast_gigs as gigs_of
from tests.support import cast_points as points_of
from tests.support import cast_surveys as surveys_of
from tests.support import cast_training as training_of
from tests.support.api import NOBODY, nothing_stored
from tests.support.cast import GONE, OTHER, Cast, Rows, a_key, assemble, no_row, of_the_town
from tests.support.identity import phone

OPERATIONS = {operation.name: operation for operation in operations()}
WAYS = {operation.ways for operation in operations()} - {()}
GUARDED = [operation for operation in operations() if operation.permission is not None]
# Nobody has read that version of anything: who may write hears 409, and every row stays for the next caller.
STALE = {"expected_version": 999}
ENDS_THE_CALLERS_SESSION = {"logout", "logout_everywhere"}


@dataclass(frozen=True)
class Case:
    operation: str
    rows: Callable[[Cast, Someone, Role | None], Awaitable[Rows]] = no_row
    body: dict[str, Any] | None = field(default=None, hash=False)

    @property
    def guard(self) -> Operation:
        return OPERATIONS[self.operation]


# The body is complete, so that what refuses is the permission and not the form.
CASES = [
    Case("list_candidates", rows_of.vacancies),
    Case("move_application", rows_of.applications, STALE | {"state": "viewed"}),
    Case("list_appointments"),
    Case("appoint", body={"person_id": NOBODY, "role": "recruiter", "scope_kind": "town", "source": "测试"}),
    Case("issue_claim_code", of_the_town("roster_person_id", "/roster")),
    Case("end_appointment", of_the_town("appointment_id", "/appointments"), STALE),
    Case("name_substitute", of_the_town("appointment_id", "/appointments"),
         {"person_id": NOBODY, "valid_to": "2020-01-01T00:00:00+08:00"}),
    Case("list_audit_entries"),
    Case("list_calls"),
    Case("close_call", rows_of.calls, STALE | {"reached": True}),
    Case("list_content_reviews"),
    Case("decide_content_review", rows_of.reviews, STALE | {"approve": True}),
    Case("list_members", rows_of.firms),
    Case("submit_enterprise", rows_of.firms, STALE),
    Case("invite_member", rows_of.firms, {"role": "recruiter"}),
    Case("appeal_suspension", rows_of.suspensions, STALE | {"text": "请求恢复企业"}),
    Case("remove_member", rows_of.members, STALE),
    Case("approve_enterprise_claim", rows_of.claims, STALE),
    Case("return_enterprise_claim", rows_of.claims, STALE | {"reason": "证照不符"}),
    Case("approve_enterprise", rows_of.registrations, STALE),
    Case("return_enterprise", rows_of.registrations, STALE | {"reason": "证照不符"}),
    Case("complete_grid", of_the_town("grid_id", "/grids"), STALE | {"name": "第一网格"}),
    Case("complete_secretary_phone", of_the_town("party_organisation_id", "/party-organisations"),
         STALE | {"phone": "0595-88000000"}),
    Case("confirm_liaison_link", of_the_town("link_id", "/liaison-links"), STALE | {"roster_person_id": NOBODY}),
    Case("list_roster"),
    Case("list_grids"),
    Case("list_liaison_links"),
    Case("find_people", body={"phone": "13850000001"}),
    Case("record_representation", rows_of.people,
         {"scopes": ["jobs"], "text_version": "1999-01", "method": "verbal"}),
    Case("disable_person", rows_of.people, STALE | {"reason": "冒用他人身份"}),
    Case("enable_person", rows_of.people, STALE),
    Case("get_person_merge", rows_of.merges),
    Case("dismiss_person_merge", rows_of.merges),
    Case("reveal_person", rows_of.neighbours, {"fields": ["id_number"], "reason": "contact"}),
    Case("list_reports"),
    Case("take_report", rows_of.reports, STALE),
    Case("decide_report", rows_of.reports, STALE | {"uphold": False, "reply": "不属实"}),
    Case("get_me"),
    Case("mark_notice_read", rows_of.notices),
    Case("list_tasks"),
    Case("finish_task", rows_of.tasks, STALE | {"note": "已办妥"}),
    Case("approve_vacancy", rows_of.vacancies, STALE),
    Case("return_vacancy", rows_of.vacancies, STALE | {"note": "地址不清"}),
    Case("list_enterprise_vacancies", rows_of.firms),
    Case("pause_vacancy", rows_of.vacancies, STALE),
    Case("resume_vacancy", rows_of.vacancies, STALE),
    Case("withdraw_vacancy", rows_of.vacancies, STALE),
    Case("lint_vacancy", body={}),
    Case("explain_recommendation", rows_of.open_vacancies),
    Case("create_fair", body={}),
    Case("start_fair", rows_of.fairs, STALE),
    Case("check_in_at_fair", rows_of.open_fairs, {"code": "x"}),
    Case("create_survey_wave", body={}),
    Case("update_survey_wave", surveys_of.waves, STALE | {
        "name": "改名", "unit": "person", "questions_version": "2026-11", "opens_on": "2026-12-01", "closes_on": "2026-12-20",
    }),
    Case("get_survey_progress", surveys_of.waves),
    Case("get_survey_wave", surveys_of.waves),
    Case("list_my_survey_work"),
    Case("list_wave_households", surveys_of.waves),
    Case("withdraw_survey_answer", surveys_of.answers, STALE),
    Case("reveal_survey_answer", surveys_of.answers, {"fields": ["name"], "reason": "contact"}),
    Case("list_posting_rules"),
    Case("get_vacancy_findings", rows_of.vacancies),
    Case("get_file", rows_of.files),
    Case("get_enterprise", rows_of.registrations),
    Case("list_enterprise_suspensions", rows_of.firms),
    Case("get_vacancy_version", rows_of.versions),
    Case("list_vacancy_takedowns", rows_of.vacancies),
    Case("list_roster_members", rows_of.firms),
    Case("get_minor_papers", rows_of.worker_papers),
    Case("decide_minor_papers", rows_of.worker_papers, STALE | {"approve": False, "reason": "看不清"}),
    Case("list_flagged_worker_blocks"),
    Case("lint_order", body={}),
    Case("get_order", gigs_of.orders),
    Case("list_held_orders"),
    Case("review_order", gigs_of.orders, STALE | {"publish": False, "note": "请写清楚"}),
    Case("list_shift_people", gigs_of.shifts),
    Case("show_shift_code", gigs_of.shifts),
    Case("list_firm_accidents"),
    Case("list_allocations"),
    Case("list_sharing"),
    Case("list_training_proposals"),
    Case("list_settlements"),
    Case("get_settlement", gigs_of.settlements),
    Case("get_allocation", gigs_of.runs),
    Case("list_overdue_wages"),
    Case("list_firm_publishing_blocks"),
    Case("list_accident_reports"),
    Case("get_points_trial_balance"),
    Case("announce_activity",
         body={"title": "补录", "starts_at": "2020-01-01T08:00:00+08:00", "ends_at": "2020-01-01T10:00:00+08:00", "place": "测试"}),
    Case("list_activity_people", points_of.activities),
    Case("list_points_claims"),
    Case("review_points_claim", points_of.claims, STALE | {"approve": True}),
    Case("list_stock_changes"),
    Case("get_reward_stock", points_of.rewards),
    Case("decide_stock_change", points_of.write_offs, STALE | {"approve": True}),
    Case("look_up_pick_up_code", points_of.code, {}),
    Case("list_site_redemptions", points_of.sites),
    Case("list_demands"),
    Case("publish_course", training_of.courses, STALE),
    Case("get_demand", training_of.demands),
    Case("get_enrolment", training_of.enrolments),
    Case("withdraw_enrolment", training_of.enrolments, STALE),
    Case("approve_enrolment", training_of.enrolments, STALE),
    Case("list_class_enrolments", training_of.classes),
    Case("list_entry_groups", rows_of.firms),
    Case("accept_group_seats", training_of.groups, STALE),
    Case("enter_group", training_of.shown_classes, {"mode": "all", "person_ids": [NOBODY, NOBODY]}),
    Case("list_competition_entries", training_of.competitions),
    Case("list_my_competition_scores", training_of.competitions),
    Case("check_competition_entry", training_of.contestants, STALE | {"eligible": True}),
    Case("submit_firm_case", rows_of.firms, disputes_of.COMPLAINT),
    Case("get_case", disputes_of.cases),
    Case("screen_case", disputes_of.managed, STALE | {"cause": "other"}),
    Case("take_case", disputes_of.waiting, STALE),
    Case("list_case_desk"),
    Case("get_conference", disputes_of.conferences),
    Case("list_no_show_appeals"),
    Case("decide_no_show", gigs_of.no_shows, STALE | {"uphold": True, "decision": "维持"}),
    Case("list_minimum_wages"),
    Case("confirm_minimum_wage", of_the_town("wage_id", "/minimum-wages"),
         STALE | {"monthly_fen": 219500, "source": "闽政文件"}),
]  # fmt: skip


@dataclass(frozen=True)
class Probe:
    """One call: who, at whose row, and what the matrix says to it."""

    case: Case
    role: Role | None
    relation: Relation
    caller: Someone = field(hash=False)
    aim: dict[str, str] = field(hash=False)
    expected: Outcome

    def __str__(self) -> str:
        whom = "ordinary" if self.role is None else self.role.value
        return f"{self.case.operation} by {whom} at {self.relation.value}"

    async def call(self) -> httpx.Response:
        return await send(self.caller, self.case.guard, self.aim, self.case.body)

    def agrees(self, answer: httpx.Response) -> bool:
        if self.expected is Outcome.FORBIDDEN:
            return answer.status_code == 403
        if self.expected is Outcome.INVISIBLE:
            return answer.status_code == 404
        # Allowed: done, or refused for what the row or the form is and not for who calls.
        return answer.is_success or answer.status_code in {409, 422}


async def send(
    caller: Someone, operation: Operation, aim: dict[str, str], body: dict[str, Any] | None
) -> httpx.Response:
    path = operation.path.removeprefix(V1).format(**aim)
    in_body = {name: value for name, value in aim.items() if "{" + name + "}" not in operation.path}
    form = {} if body is None else {"json": body | in_body}
    return await caller.call(operation.method, path, key=a_key(), **form)


async def probes_of(cast: Cast, case: Case) -> list[Probe]:
    guard = case.guard
    assert guard.permission is not None
    made = []
    # What an office reaches that is for a part of the town, it is asked for with such an office.
    # Tasks belong to offices for the whole town alone.
    partly = guard.reach is Reach.SCOPE and guard.permission is not Permission.TASK_READ
    # Offices for one thing, on routes that others reach by another office.
    for_one = {Role.TRAINER, Role.JUDGE} if guard.reach is Reach.UNSEEN else set()
    outsiders = await case.rows(cast, cast.people[None], None)
    for role in CALLERS:
        caller = (cast.partial if (partly or role in for_one) and role in cast.partial else cast.people)[role]
        if holds(role, guard.permission):
            aims = await case.rows(cast, caller, role)
        else:
            # Without the permission no row is looked at: another's, and for one caller also what is not there.
            aims = {r: aim for r, aim in outsiders.items() if r is OTHER or (role is None and r is GONE)}
        made += [
            Probe(case, role, relation, caller, aim, widest(role, guard.ways, relation))
            for relation, aim in aims.items()
        ]
    return made


def test_every_pair_of_the_matrix_has_a_case() -> None:
    assert {case.operation for case in CASES} <= set(OPERATIONS), "no such operation"
    assert {case.guard.ways for case in CASES} == WAYS


async def test_every_role_meets_in_every_pair_what_the_matrix_says(world: World) -> None:
    cast = await assemble(world)
    probes = [probe for case in CASES for probe in await probes_of(cast, case)]
    met: dict[Any, set[Outcome]] = defaultdict(set)
    wrong = []

    async def try_each(*expected: Outcome) -> None:
        for probe in probes:
            if probe.expected in expected:
                answer = await probe.call()
                met[probe.case.guard.ways].add(probe.expected)
                if not probe.agrees(answer):
                    wrong.append(f"{probe}: {answer.status_code} {answer.text[:120]}")

    async with nothing_stored(world):
        await try_each(Outcome.FORBIDDEN, Outcome.INVISIBLE)
    await try_each(Outcome.PASS, Outcome.NO_ROW)
    assert wrong == []
    # The table is no less than the matrix: each pair has met every outcome that it has for anybody.
    assert met == {ways: promised(ways) for ways in met}


def promised(ways: tuple[Way, ...]) -> set[Outcome]:
    return {widest(role, ways, relation) for role in CALLERS for relation in Relation}


async def test_without_a_token_nothing_but_the_public_operations_answers(world: World) -> None:
    files = {"file": ("x.png", b"x")}
    async with nothing_stored(world):
        for operation in GUARDED:
            path = operation.path.removeprefix(V1).format_map(defaultdict(lambda: NOBODY))
            form = {"files": files} if operation.name == "upload_file" else {}
            answer = await world.anonymous.call(operation.method, path, key=a_key(), **form)
            assert answer.status_code == 401, f"{operation.name}: {answer.text}"
            refused(answer, 401, "token_invalid")


async def test_a_person_without_any_office_is_denied_what_the_matrix_denies(world: World) -> None:
    person = await world.person()
    denied = [operation for operation in GUARDED if operation.permission is not Permission.SELF]
    own = [operation for operation in GUARDED if operation.permission is Permission.SELF]
    async with nothing_stored(world):
        for operation in denied:
            answer = await aimless(person, operation)
            assert answer.status_code == 403, f"{operation.name}: {answer.text}"
            refused(answer, 403, "forbidden")
        for operation in own:
            if operation.reach in {Reach.SELF, Reach.UNSEEN}:
                answer = await aimless(person, operation)
                assert answer.status_code in {404, 422}, f"{operation.name}: {answer.text}"
    for operation in own:
        if operation.reach is Reach.NONE and operation.name not in ENDS_THE_CALLERS_SESSION:
            answer = await aimless(person, operation)
            assert answer.status_code not in {401, 403}, f"{operation.name}: {answer.text}"
    for name in sorted(ENDS_THE_CALLERS_SESSION):
        ok(await aimless((await phone(world)).someone, OPERATIONS[name]))


async def aimless(person: Someone, operation: Operation) -> httpx.Response:
    """At a row that is not there, without a form: whoever is let in hears 404 or 422."""
    path = operation.path.removeprefix(V1).format_map(defaultdict(lambda: NOBODY))
    return await person.call(operation.method, path, key=a_key())


OWN_ROWS = [
    ("GET", "/me/applications/{application}", None, "application_not_found"),
    ("POST", "/me/applications/{application}/revoke-contact", STALE, "application_not_found"),
    ("POST", "/me/applications/{application}/withdraw", STALE, "application_not_found"),
    ("POST", "/me/notices/{notice}/read", None, "notice_not_found"),
    ("POST", "/representations/{representation}/revoke", STALE, "representation_not_found"),
    ("GET", "/share-codes/{share}/qrcode", None, "share_code_not_found"),
    # The last: it ends the session that asks.
    ("POST", "/me/sessions/{session}/end", None, "session_not_found"),
]  # fmt: skip


async def test_what_is_ones_own_is_there_for_nobody_else(world: World) -> None:
    """Not for the firm, not for an officer, not for the administrator, and the refusal reads as if it never was."""
    recruiter, firm = await world.firm()
    vacancy = await world.vacancy(recruiter, firm)
    seeker = await world.seeker()
    offer = {"kind": "relative", "scopes": ["jobs"], "text_version": "2026-11"}
    share = {"kind": "vacancy", "target_id": vacancy["id"], "app": "zhipin"}
    mine = {
        "application": (await world.apply(seeker, vacancy["id"]))["id"],
        "notice": await Cast(world, firm, "", recruiter, recruiter, "", "", "", "").notice(seeker),
        "representation": ok(await seeker.post("/representations", offer))["representation"]["id"],
        "share": ok(await seeker.post("/share-codes", share))["code"],
        "session": ok(await seeker.get("/me/sessions"))[0]["id"],
    }
    nowhere = dict.fromkeys(mine, NOBODY) | {"share": "0" * 10}
    others = [await world.person(), recruiter, await world.officer(), await world.admin()]

    async def send_each(someone: Someone, aim: dict[str, str]) -> list[tuple[httpx.Response, str]]:
        return [
            (await someone.call(method, path.format(**aim), json=body, key=a_key()), code)
            for method, path, body, code in OWN_ROWS
        ]

    async with nothing_stored(world):
        for someone, aim in [*((other, mine) for other in others), (seeker, nowhere)]:
            for answer, code in await send_each(someone, aim):
                refused(answer, 404, code)
    for answer, _ in await send_each(seeker, mine):
        assert answer.is_success or answer.json()["code"] == "stale", answer.text
