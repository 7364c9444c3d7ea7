"""Every route: who may call it, when it commits, what it says of itself."""

import csv
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from app.core.labels import Labelled
from app.core.settings import Settings
from app.main import create_app
from app.routers import deps
from app.routers.deps import PUBLIC, Requires
from app.routers.routing import KeyedRoute
from app.rules.identity.access import Reach
from app.rules.identity.roles import Role
from app.services.common import dictionary
from tests.architecture import generate, matrix

# What stands beside the API: the document, its page and the page's files, which answer anybody and touch no data; and the
# web console, whose own gate is tested in test_console.py.
BESIDE = {"/openapi.json", "/docs", "/static", "/console"}
HINT = "与代码不一致，请运行 ./dev openapi 并提交结果"
ERROR_FIELDS = {"code", "message", "params", "fields", "retryable", "request_id"}


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(Settings(data_dir=tmp_path_factory.mktemp("app"), log_level="CRITICAL"))


def routes_of(app: FastAPI) -> list[Any]:
    found = [context for context in iter_route_contexts(app.routes) if context.path not in BESIDE]
    assert len(found) > 40
    return found


@pytest.fixture(scope="module")
def routes(application: FastAPI) -> list[Any]:
    return routes_of(application)


@pytest.fixture(scope="module")
def operations(application: FastAPI) -> list[tuple[str, str, dict[str, Any]]]:
    paths = application.openapi()["paths"]
    return [(method, path, operation) for path, item in paths.items() for method, operation in item.items()]


def tree(dependant: Dependant) -> Iterator[Dependant]:
    for child in dependant.dependencies:
        yield child
        yield from tree(child)


def permissions(route: Any) -> list[str]:
    return [node.call.permission for node in tree(route.dependant) if isinstance(node.call, Requires)]


def uses(route: Any, call: Any) -> bool:
    return any(node.call is call for node in tree(route.dependant))


def test_every_route_has_an_actor_or_is_public(routes: list[Any]) -> None:
    without = {route.name for route in routes if not permissions(route)}
    assert without == set(PUBLIC), "每个接口都要有 actor，或列入 PUBLIC；PUBLIC 里不能有多余的名字"


def test_no_route_asks_for_two_permissions(routes: list[Any]) -> None:
    assert [route.name for route in routes if len(set(permissions(route))) > 1] == []


def test_a_route_without_an_actor_would_be_seen(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, log_level="CRITICAL"))

    @app.get("/api/v1/leak", name="leak")
    async def leak() -> str:
        return "leak"

    assert {route.name for route in routes_of(app) if not permissions(route)} - PUBLIC == {"leak"}


def test_nothing_stands_beside_the_api_but_what_is_listed(application: FastAPI, routes: list[Any]) -> None:
    every = {context.path for context in iter_route_contexts(application.routes)}
    assert every >= BESIDE
    assert all(
        route.path.startswith("/api/v1/") or route.path in {"/livez", "/readyz", "/metrics", "/verify/{number}"}
        for route in routes
    )


def test_names_and_paths_are_unique(routes: list[Any]) -> None:
    names = [route.name for route in routes]
    assert len(names) == len(set(names))
    places = [(method, route.path) for route in routes for method in route.methods]
    assert len(places) == len(set(places))


def test_methods(routes: list[Any]) -> None:
    """`wx.request` has no PATCH; a DELETE carries no body."""
    methods = {method for route in routes for method in route.methods}
    assert methods <= {"GET", "POST", "PUT", "DELETE"}
    assert [route.name for route in routes if "DELETE" in route.methods and route.body_field is not None] == []
    assert [route.name for route in routes if "GET" in route.methods and route.body_field is not None] == []


def test_reads_do_not_open_a_unit_of_work_and_writes_do_not_read_stale(routes: list[Any]) -> None:
    for route in routes:
        if "GET" in route.methods:
            assert not uses(route, deps.unit), f"{route.name}: GET 不能写"
        else:
            assert not (uses(route, deps.unit) and uses(route, deps.reads)), f"{route.name}: 同时读写两个会话"


def test_every_resource_ends_before_the_answer(routes: list[Any]) -> None:
    """With FastAPI's default scope the code after `yield`, the commit, would run after the answer was sent."""
    seen: set[Any] = set()
    for route in routes:
        for node in tree(route.dependant):
            if inspect.isasyncgenfunction(node.call) or inspect.isgeneratorfunction(node.call):
                seen.add(node.call)
                assert node.scope == "function", f"{route.name}: {node.call}"
    assert seen == {deps.unit, deps.reads, deps.rows, deps.witnessed}


def test_every_route_keeps_keyed_answers(routes: list[Any]) -> None:
    assert [route.name for route in routes if not isinstance(route.original_route, KeyedRoute)] == []


def test_keys_are_required_where_something_must_not_happen_twice(routes: list[Any]) -> None:
    required = {route.name for route in routes if uses(route, deps.key_required)}
    assert required == {
        "submit_case", "submit_firm_case", "add_case_note", "record_case", "take_case", "assign_case_manager",
        "screen_case", "advise_out_case", "accept_case", "ask_case_consent", "change_case_kind",
        "update_case_facts", "add_case_party", "absorb_cases", "record_interruption", "say_case_consent",
        "withdraw_case", "leave_case", "add_case_statement", "release_case_statement", "add_case_evidence",
        "release_case_evidence", "appoint_case_representative", "dismiss_case_representative", "rate_case",
        "invite_to_seat", "answer_seat", "vote_on_seat", "replace_seat", "begin_mediation", "suspend_case",
        "resume_case", "ask_for_extension", "vote_on_extension", "escalate_case", "end_case", "follow_up_case",
        "close_case", "arrange_mediation_session", "record_minutes", "confirm_minutes", "cancel_mediation_session",
        "draft_agreement", "sign_agreement", "register_term_done", "register_term_not_done",
        "apply_for_confirmation", "decide_confirmation", "prepare_conference", "hold_conference",
        "propose_points_rule", "adopt_points_rule", "end_points_rule", "open_points_budget", "claim_points",
        "withdraw_points_claim", "appeal_points_claim", "review_points_claim", "answer_points_appeal",
        "reverse_points_claim", "announce_activity", "join_activity", "leave_activity", "cancel_activity",
        "confirm_activity_hours", "void_activity_hours", "open_points_site", "create_reward", "move_reward",
        "change_reward_stock", "decide_stock_change", "redeem_reward", "cancel_redemption", "fulfil_redemption",
        "make_redemption_ready", "reject_redemption", "undo_redemption", "publish_points", "object_to_points",
        "close_points_publication", "answer_points_objection", "found_household", "join_household",
        "leave_household", "give_points_to_household",
        "apply_to_vacancy", "withdraw_application", "accept_offer", "decline_offer", "move_application", "revoke_contact", "upload_file", "submit_report",
        "start_vacancy_import",
        "register_survey_answer",
        "invite_seeker", "withdraw_invitation", "accept_invitation", "decline_invitation", "propose_interview",
        "reschedule_interview", "cancel_interview", "record_interview_result", "confirm_interview", "ask_other_time",
        "answer_kept", "answer_my_kept",
        "create_fair", "tally_people",
        "submit_skill_proof", "decide_skill_proof", "decide_minor_papers", "join_roster", "vouch_for_skill", "block_worker",
        "review_worker_block",
        "create_order", "update_order", "review_order", "cancel_order", "cancel_shift", "copy_order", "keep_order_template",
        "order_from_template", "accept_shift_offer", "decline_shift_offer", "claim_shift", "join_waiting", "leave_waiting",
        "confirm_assignment", "leave_assignment", "begin_urgent", "invite_to_shift", "call_off_assignment", "mark_no_show", "appeal_no_show",
        "decide_no_show", "rate_firm", "rate_worker",
        "scan_shift_code", "mark_by_place", "scan_worker_code", "mark_by_hand", "report_my_accident",
        "report_accident", "acknowledge_accident", "file_accident", "close_accident", "record_my_timesheet",
        "agree_to_my_timesheet", "answer_my_timesheet", "mediate_my_timesheet", "record_timesheet",
        "agree_to_timesheet", "answer_timesheet", "mediate_timesheet", "record_shift", "import_timesheets",
        "confirm_wage_received", "contest_payment", "mediate_my_wage", "pay_settlement", "deduct_from_wage",
        "remove_deduction", "mediate_wage", "notify_publishing_block", "answer_publishing_block",
        "decide_publishing_block", "appeal_publishing_block", "decide_block_appeal",
        "start_allocation", "edit_allocation", "publish_allocation", "cancel_allocation",
        "scan_check_in_code", "set_session_marks", "record_class_results", "complete_class",
        "give_class_feedback", "add_training_provider", "update_training_provider", "add_course",
        "update_course", "publish_course", "withdraw_course", "add_menu", "update_menu", "publish_menu",
        "close_menu", "issue_certificates", "revoke_certificate", "exchange_certificate", "create_class",
        "update_class", "approve_class", "open_class_enrolment", "update_session", "announce_competition",
        "update_competition", "open_competition", "close_competition", "begin_theory", "begin_practical",
        "make_competition_results", "publish_competition_results", "finalise_competition", "award_competition",
        "enter_competition", "leave_competition", "check_competition_entry", "score_competition",
        "object_to_results", "answer_competition_objection", "write_declaration", "update_declaration",
        "submit_declaration", "withdraw_declaration", "check_declaration", "return_declaration",
        "forward_declaration", "record_declaration_outcome", "place_demand", "update_demand", "submit_demand",
        "answer_quote", "match_demand", "decline_demand", "quote_pool", "close_pool", "take_shortage",
        "dismiss_shortage", "enrol", "accept_seat", "decline_seat", "withdraw_enrolment", "approve_enrolment",
        "refuse_enrolment", "move_up_enrolment", "let_in_late", "enter_group", "enter_group_from_file",
        "accept_group_seats", "split_group",
        "cancel_class", "close_class_enrolment", "cancel_competition", "drop_demand",
        "create_sharing", "offer_sharing", "answer_sharing", "end_sharing",
    }  # fmt: skip
    assert [route.name for route in routes if uses(route, deps.key_required) and not uses(route, deps.unit)] == []


def test_operations_describe_themselves(operations: list[Any], routes: list[Any]) -> None:
    endpoints = {route.name: route.endpoint for route in routes}
    assert len(operations) == len(routes)
    for method, path, operation in operations:
        where = f"{method} {path}"
        name = operation["operationId"]
        assert endpoints[name].__name__ == name, where
        assert operation["tags"], where
        description = operation.get("description", "")
        assert any("一" <= char <= "龥" for char in description), f"{where}: 缺少中文说明"
        assert inspect.getdoc(endpoints[name]) == description, where


def test_operations_declare_the_errors_of_their_class(operations: list[Any]) -> None:
    for method, path, operation in operations:
        name = operation["operationId"]
        if name == "livez":
            continue
        declared = {int(status) for status in operation["responses"]}
        expected = {503}
        expected |= {422} if operation.get("parameters") or "requestBody" in operation else set()
        expected |= {401, 403} if name not in PUBLIC else set()
        expected |= {413} if method != "get" else set()
        expected |= {409} if method != "get" and name not in READING_POSTS | NO_409 else set()
        expected |= {404} if "{" in path and name not in NO_404 else set()
        assert declared >= expected, f"{method} {path}: 缺少 {expected - declared}"


# A POST that only looks: the form is too long for a query.
READING_POSTS = {"lint_vacancy", "lint_order"}
# Their path parameter is an enumeration: what is not in it is a 422.
NO_404 = {"give_consent", "withdraw_consent", "get_policy", "check_push_address", "receive_push"}
# The only body that is no JSON: a file in a form.
FORMS = {"upload_file"}
# Nothing of theirs can be in the wrong state: they store what they are given, or open a session.
NO_409 = {"receive_push", "wechat_login", "refresh_tokens"}


def test_errors_have_one_shape(application: FastAPI, operations: list[Any]) -> None:
    document = application.openapi()
    assert set(document["components"]["schemas"]["ErrorBody"]["required"]) == ERROR_FIELDS
    for method, path, operation in operations:
        for status, response in operation["responses"].items():
            if int(status) < 400:
                continue
            where = f"{method} {path} {status}"
            schema = response["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorBody"}, where
            assert response["x-codes"], where
            assert len(set(response["x-codes"])) == len(response["x-codes"]), where


def test_the_token_is_asked_for_where_there_is_an_actor(application: FastAPI, operations: list[Any]) -> None:
    scheme = application.openapi()["components"]["securitySchemes"]["bearer"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    asked = {operation["operationId"]: operation.get("security") for _, _, operation in operations}
    assert {name for name, security in asked.items() if security is None} == PUBLIC
    assert {json.dumps(security) for name, security in asked.items() if name not in PUBLIC} == {'[{"bearer": []}]'}
    # Said once: the header is no parameter beside the scheme. Metrics have a token of their own.
    spoken = {operation["operationId"] for _, _, operation in operations if "authorization" in _headers(operation)}
    assert spoken == {"get_metrics"}


def test_a_key_is_required_where_its_absence_is_refused(routes: list[Any], operations: list[Any]) -> None:
    needed = {route.name for route in routes if uses(route, deps.key_required)}
    offered = {route.name for route in routes if uses(route, deps.unit)}
    assert needed
    assert needed < offered
    for method, path, operation in operations:
        name = operation["operationId"]
        key = _headers(operation).get("idempotency-key")
        assert (key is not None) == (name in offered), f"{method} {path}"
        refused = "idempotency_key_missing" in operation["responses"].get("422", {}).get("x-codes", [])
        assert refused == (name in needed), f"{method} {path}"
        if key is not None:
            assert key["name"] == "Idempotency-Key"
            assert key["required"] == (name in needed), f"{method} {path}"
            assert ("anyOf" in key["schema"]) == (name not in needed), f"{method} {path}"


def _headers(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {p["name"].lower(): p for p in operation.get("parameters", []) if p["in"] == "header"}


def test_every_body_has_an_example(application: FastAPI, operations: list[Any]) -> None:
    schemas = application.openapi()["components"]["schemas"]
    bodies = 0
    for method, path, operation in operations:
        if "requestBody" not in operation:
            continue
        bodies += 1
        if operation["operationId"] in FORMS:
            assert set(operation["requestBody"]["content"]) == {"multipart/form-data"}
            continue
        content = operation["requestBody"]["content"]["application/json"]
        schema = schemas[content["schema"]["$ref"].rsplit("/", 1)[1]]
        assert "example" in schema or "examples" in schema or "example" in content, f"{method} {path}: 缺少示例"
        assert schema.get("additionalProperties") is False, f"{method} {path}: 应拒绝多余字段"
    assert bodies > 15


def test_examples_are_valid(routes: list[Any]) -> None:
    """An example that the service itself would refuse teaches the wrong thing."""
    checked = 0
    for route in routes:
        if route.body_field is None or route.name in FORMS:
            continue
        model = route.body_field.field_info.annotation
        example = model.model_config.get("json_schema_extra", {}).get("example")
        assert example is not None, route.name
        model.model_validate_json(json.dumps(example))
        checked += 1
    assert checked > 15


def test_answers_have_no_defaults(application: FastAPI, operations: list[Any]) -> None:
    """Every field of an answer is always there: optional means null, not absent."""
    schemas = application.openapi()["components"]["schemas"]
    requests = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        for _, _, operation in operations
        if "requestBody" in operation and operation["operationId"] not in FORMS
    } | {"Body_upload_file"}
    answers = reachable(schemas, [operation["responses"] for _, _, operation in operations])
    assert answers
    inputs = reachable(schemas, [schemas[name] for name in requests]) | requests
    for name in answers - inputs:
        schema = schemas[name]
        assert set(schema.get("properties", {})) == set(schema.get("required", [])), name


def reachable(schemas: dict[str, Any], roots: Any) -> set[str]:
    found: set[str] = set()
    front = [roots]
    while front:
        node = front.pop()
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and (name := reference.rsplit("/", 1)[1]) not in found:
                found.add(name)
                front.append(schemas[name])
            front.extend(node.values())
        elif isinstance(node, list):
            front.extend(node)
    return found


def test_the_dictionary_is_complete(application: FastAPI) -> None:
    """Every enumeration that the API speaks, with all its codes in order and a Chinese label for each."""
    published = dictionary.enumerations()
    for module in generate.rule_modules():
        for enum in vars(module).values():
            if isinstance(enum, type) and issubclass(enum, Labelled) and enum is not Labelled:
                name = dictionary.snake(enum.__name__)
                assert published[name] == [{"code": member.value, "label": member.label} for member in enum], name
    for name, entries in published.items():
        assert all(any("一" <= char <= "龥" for char in entry["label"]) for entry in entries), name
        assert len({entry["label"] for entry in entries}) == len(entries), f"{name}: 两个代码同名"
    spoken = {
        name: schema["enum"]
        for name, schema in application.openapi()["components"]["schemas"].items()
        if "enum" in schema
    }
    assert len(spoken) > 10
    for name, codes in spoken.items():
        entries = published[dictionary.snake(name)]
        assert [entry["code"] for entry in entries] == codes, name


def test_enumerations_have_names_of_their_own() -> None:
    """Published by class name: two classes of one name would hide each other."""
    enums = [enum for enum in Labelled.__subclasses__() if enum.__module__.startswith("app.rules")]
    assert len({enum.__name__ for enum in enums}) == len(enums) == len(dictionary.enumerations())


def test_the_committed_document_is_in_step() -> None:
    assert generate.OPENAPI.exists(), HINT
    assert generate.OPENAPI.read_text(encoding="utf-8") == generate.openapi_text(), HINT


def test_the_document_is_the_same_every_time() -> None:
    assert generate.openapi_text() == generate.openapi_text()


def test_the_committed_state_diagrams_are_in_step() -> None:
    assert generate.STATE_MACHINES.exists(), HINT
    text = generate.STATE_MACHINES.read_text(encoding="utf-8")
    assert text == generate.state_machines_text(), HINT
    assert text.count("stateDiagram-v2") == len(generate.transition_tables()) == len(generate.TITLES) >= 3


def test_the_committed_permission_matrix_is_in_step() -> None:
    for path, text in (
        (generate.PERMISSIONS, matrix.csv_text()), (generate.PERMISSION_COUNTS, matrix.counts_text()),
    ):  # fmt: skip
        assert path.exists(), HINT
        assert path.read_text(encoding="utf-8") == text, HINT


def test_the_permission_matrix_has_no_blank_cell(routes: list[Any]) -> None:
    lines = list(csv.reader(generate.PERMISSIONS.read_text(encoding="utf-8").splitlines()))
    assert len(lines) == len(routes) + 1
    assert {line[0] for line in lines[1:]} == {route.name for route in routes}
    assert all(len(line) == len(lines[0]) and all(line) for line in lines)
    # Every role is a column, and none of them may everything.
    for role in Role:
        column = [line[lines[0].index(role.label)] for line in lines[1:]]
        assert {"403"} < set(column), role


def test_a_path_with_an_id_says_whose_rows_it_reaches() -> None:
    """A route about one row cannot have the reach of a list."""
    for operation in matrix.operations():
        if operation.permission is not None and operation.reach is Reach.NONE:
            ids = re.findall(r"{(\w+)}", operation.path)
            assert set(ids) <= NO_ROWS.get(operation.name, set()), f"{operation.name}: 缺少 Reach"


# The id names something that anybody signed in may aim at, or no row at all.
NO_ROWS = {"give_consent": {"purpose"}, "withdraw_consent": {"purpose"}, "claim_enterprise": {"enterprise_id"}}


def test_every_state_machine_is_whole() -> None:
    for name, table in generate.transition_tables():
        enum: Any = type(next(iter(table)))
        assert set(table) == set(enum), name
        assert set().union(*table.values()) <= set(enum), name
        assert not any(state in following for state, following in table.items()), f"{name}: 指向自己"


def test_no_route_is_hidden_by_another(routes: list[Any]) -> None:
    """`/me/x` after `/me/{id}` of the same method would never answer."""
    for place, route in enumerate(routes):
        assert isinstance(route.original_route, APIRoute)
        for earlier in routes[:place]:
            if earlier.methods & route.methods and "{" in earlier.path:
                assert not earlier.original_route.path_regex.match(route.path.replace("{", "x").replace("}", "x")) or (
                    earlier.path.count("/") != route.path.count("/")
                ), f"{route.path} 被 {earlier.path} 遮住"
