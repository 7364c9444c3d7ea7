"""代办: on recorded consent, within its scope and time; told, undone, and never where the person's own word is needed."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose
from app.rules.identity.roles import Role
from tests.architecture.matrix import operations
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY, count, nothing_stored
from tests.support.jobs import Hiring, key
from tests.support.privacy import (
    acting,
    acts,
    give_phone,
    grid_member,
    offer_form,
    opened,
    record_form,
    relative_of,
    row_of,
    rows,
    table_of,
    told,
)
from tests.support.uploads import pdf, uploaded

REPRESENTATION = table_of("representation").c
AGREE = {"policy_version": POLICY_VERSIONS[ConsentPurpose.SERVICE]}
PARAMETER = re.compile(r"\{[^}]+\}")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


async def end_role(world: World, person: Someone) -> None:
    admin = await world.admin()
    held = next(row for row in ok(await admin.get("/appointments"))["items"] if row["person_id"] == person.id)
    ok(await admin.post(f"/appointments/{held['id']}/end", {"expected_version": held["version"]}))


async def code_for(agent: Someone, representation: dict[str, Any], operation: str = "give_consent") -> str:
    """Sent to the person; here the person reads it in their own mini-program and says it."""
    path = f"/representations/{representation['id']}/own-codes"
    assert "code" not in ok(await agent.post(path, {"operation": operation}))
    sealed = (await opened(agent.world))["own_code.code_sealed"]
    return sealed[-1]


async def test_a_grid_member_registers_somebody_at_the_counter_and_applies_for_them(
    world: World, hiring: Hiring
) -> None:
    """Nobody with a mini-program of their own: a record kept by staff, a spoken consent for the day."""
    vacancy, member = await hiring.post(), await grid_member(world)
    form = {"name": "王阿婆", "birth_date": "1972-03-01", "phone": "13850000011"}
    person_id = ok(await member.post("/assisted-people", form))["person_id"]
    refused(await member.post("/assisted-people", form | {"birth_date": "2020-01-01"}), 422, "under_working_age")
    for wrong, code, field in (
        ({"method": "self"}, "representation_method_wrong", "method"),
        ({"method": "guardian"}, "representation_method_wrong", "method"),
        ({"method": "signed"}, "evidence_needed", "evidence_file_id"),
        ({"text_version": "2020-01"}, "representation_text_wrong", "text_version"),
        ({"scopes": []}, "invalid_fields", "scopes"),
        ({"valid_to": (world.clock.now() + DAY + MINUTE).isoformat()}, "representation_period_wrong", "valid_to"),
    ):  # fmt: skip
        answer = await member.post("/representations/recorded", record_form(person_id) | wrong)
        refused(answer, 422, code, field)
    refused(await member.post("/representations/recorded", record_form(NOBODY)), 404, "person_invisible")
    refused(await member.post("/representations/recorded", record_form(member)), 422, "representation_of_oneself")
    note = "本人在塘后村便民窗口口头同意"
    recorded = ok(await member.post("/representations/recorded", record_form(person_id, note=note)))
    assert (recorded["kind"], recorded["method"], recorded["mine"]) == ("staff", "verbal", False)
    assert (await opened(world))["representation.note_sealed"] == [note]
    agent = acting(member, recorded)
    assert ok(await agent.get("/me"))["person"]["id"] == person_id
    # Terms are accepted by the person alone: with the code that was sent to their telephone.
    agent.own_code = await code_for(member, recorded)
    ok(await agent.put("/me/consents/service", AGREE))
    agent.own_code = None
    ok(await agent.put("/me/seeker-profile", {"wanted": [await world.occupation()]}))
    ok(await agent.post("/applications", {"vacancy_id": vacancy["id"], "release_contact": True}, key=key()))
    given = await rows(world, "consent", table_of("consent").c.person_id == UUID(person_id))
    assert [row["method"] for row in given] == ["own_code"]
    # The log names the human at the screen, and for whom.
    (applied,) = await acts(world, "applied")
    assert (applied["actor_id"], applied["details"]["on_behalf_of"]) == (UUID(member.id), person_id)
    # A spoken consent ends with the day, an office at once.
    world.clock.advance(timedelta(hours=1))
    await end_role(world, member)
    refused(await agent.get("/me"), 403, "not_represented")
    await world.appoint(member, Role.GRID_MEMBER)
    ok(await agent.get("/me"))
    world.clock.advance(DAY - timedelta(hours=1))
    member = await world.person(member.name)
    refused(await acting(member, recorded).get("/me"), 403, "not_represented")
    assert ok(await member.get("/representations")) == []


async def test_a_signed_consent_lasts_and_can_be_taken_back_by_the_person(world: World) -> None:
    member, person, other = await grid_member(world), await world.seeker(), await grid_member(world)
    proof = await uploaded(member, pdf(), purpose="consent_proof")
    wrong = await uploaded(member, pdf(), purpose="evidence")
    signed = record_form(person, method="signed", evidence_file_id=proof["file_id"])
    refused(
        await member.post("/representations/recorded", signed | {"evidence_file_id": wrong["file_id"]}), 422,
        "file_unusable",
    )  # fmt: skip
    recorded = ok(await member.post("/representations/recorded", signed))
    notice = (await told(person))[0]
    assert (notice["kind"], notice["title"]) == ("representation", "代办授权变动")
    assert "经您签字，可在" in notice["body"]
    assert "随时" in notice["body"]
    world.clock.advance(timedelta(days=360))
    member, person, other = [await world.person(someone.name) for someone in (member, person, other)]
    agent = acting(member, recorded)
    ok(await agent.get("/me"))
    # Neither another member nor a stranger can use it; the person ends it, with effect on the next call.
    for foreign in (other, await world.person()):
        refused(await acting(foreign, recorded).get("/me"), 403, "not_represented")
        path = f"/representations/{recorded['id']}/revoke"
        refused(await foreign.post(path, {"expected_version": 1}), 404, "representation_not_found")
    refused(await person.post(path, {"expected_version": 9}), 409, "stale", "expected_version")
    revoked = ok(await person.post(path, {"expected_version": 1}))
    assert (revoked["state"], revoked["mine"]) == ("revoked", True)
    refused(await agent.get("/me"), 403, "not_represented")
    for bad in ("", "x", NOBODY, person.id):
        refused(await acting(member, {"id": bad}).get("/me"), 403, "not_represented")
    row = await row_of(world, "representation", recorded["id"])
    assert (row["revoked_by"], row["evidence_file_id"]) == (UUID(person.id), UUID(proof["file_id"]))


async def test_a_relative_acts_within_the_scope_they_were_given(world: World, hiring: Hiring) -> None:
    person, daughter, thief = await world.seeker(), await world.person(), await world.person()
    vacancy = await hiring.post()
    offered = ok(await person.post("/representations", offer_form("relative", "jobs")))
    code = offered["code"]
    assert (offered["representation"]["state"], offered["representation"]["agent_id"]) == ("offered", None)
    refused(await person.post("/representations", offer_form("staff")), 422, "representation_method_wrong", "method")
    refused(await person.post("/representations/claims", {"code": code}), 422, "representation_of_oneself")
    refused(await thief.post("/representations/claims", {"code": "A" * 10}), 422, "representation_code_invalid", "code")
    accepted = ok(await daughter.post("/representations/claims", {"code": code.lower()}))
    assert (accepted["state"], accepted["agent_id"], accepted["scopes"]) == ("active", daughter.id, ["jobs"])
    refused(await thief.post("/representations/claims", {"code": code}), 422, "representation_code_invalid", "code")
    agent = acting(daughter, accepted)
    body = refused(await agent.get("/me"), 403, "representation_out_of_scope")
    assert body["message"] == "代办授权不包括“个人资料”"
    mine = ok(await agent.post("/applications", {"vacancy_id": vacancy["id"], "release_contact": True}, key=key()))
    # What an agent takes back, the person hears of as well.
    withdraw = f"/me/applications/{mine['id']}/withdraw"
    ok(await agent.post(withdraw, {"expected_version": 1}, key=key()))
    bodies = [row["body"] for row in await told(person) if row["kind"] == "assisted"]
    assert bodies == [
        "您的代办人替您办理了：撤回应聘“平车工”。如不同意，请重新办理，并可撤销代办授权。",
        "您的代办人替您办理了：应聘“平车工”。如不同意，15天内可在“代办记录”里撤销。",
    ]
    taken_back = ok(await person.get("/me/assisted-acts"))[0]
    answer = await person.post(f"/me/assisted-acts/{taken_back['id']}/undo")
    assert "撤回的不能恢复" in refused(answer, 409, "assisted_act_not_undoable")["message"]
    # An unused code ends after a day; the agent may lay it down, too.
    late = ok(await person.post("/representations", offer_form()))["code"]
    ok(await daughter.post(f"/representations/{accepted['id']}/revoke", {"expected_version": accepted["version"]}))
    assert "不再是您的代办人" in (await told(person))[0]["body"]
    refused(await agent.get("/me/applications"), 403, "not_represented")
    world.clock.advance(DAY)
    thief = await world.person(thief.name)
    refused(await thief.post("/representations/claims", {"code": late}), 422, "representation_code_invalid", "code")
    assert await count(world, table_of("representation"), REPRESENTATION.state == "active") == 0


async def test_the_persons_own_word_is_one_code_for_one_act(world: World) -> None:
    person, agent = await world.person(), await world.person()
    accepted = await relative_of(person, agent)
    helper, path = acting(agent, accepted), f"/representations/{accepted['id']}/own-codes"
    body = refused(await helper.put("/me/consents/service", AGREE), 403, "own_code_needed")
    assert "X-Own-Code" in body["message"]
    helper.own_code = await code_for(agent, accepted, "save_my_profile")
    refused(await helper.put("/me/consents/service", AGREE), 403, "own_code_wrong")
    first, second = await code_for(agent, accepted), await code_for(agent, accepted)
    shown = ok(await person.get("/me/own-codes"))
    assert [(row["operation"], row["code"]) for row in shown if row["operation"] == "give_consent"] == [
        ("give_consent", second)
    ]
    assert second not in str(await rows(world, "notice"))
    assert ok(await agent.get("/me/own-codes")) == []
    for wrong in {first, "000000", second[:5]} - {second}:
        helper.own_code = wrong
        refused(await helper.put("/me/consents/service", AGREE), 403, "own_code_wrong")
    helper.own_code = f" {second} "
    ok(await helper.put("/me/consents/service", AGREE))
    other = {"policy_version": POLICY_VERSIONS[ConsentPurpose.HEALTH]}
    refused(await helper.put("/me/consents/health", other), 403, "own_code_wrong")
    # Five wrong tries spend the code, whatever comes after; ten minutes do so, too.
    right = await code_for(agent, accepted)
    for _ in range(5):
        helper.own_code = "x"
        refused(await helper.put("/me/consents/health", other), 403, "own_code_wrong")
    helper.own_code = right
    refused(await helper.put("/me/consents/health", other), 403, "own_code_wrong")
    helper.own_code = await code_for(agent, accepted)
    world.clock.advance(10 * MINUTE)
    refused(await helper.put("/me/consents/health", other), 403, "own_code_wrong")
    assert ok(await person.get("/me/own-codes")) == []
    # Only the agent of this authorisation may have one sent.
    for foreign in (person, await world.person()):
        refused(await foreign.post(path, {"operation": "give_consent"}), 404, "representation_not_found")
    history = ok(await person.get("/me/consents"))["history"]
    assert [(row["purpose"], row["method"]) for row in history] == [("service", "own_code")]


async def test_a_consent_that_an_agent_withdraws_is_told(world: World) -> None:
    person, agent = await world.seeker(), await world.person()
    helper = acting(agent, await relative_of(person, agent))
    for _ in range(2):
        assert (await helper.call("DELETE", "/me/consents/personal_recommendation")).status_code == 204
    (notice,) = [row for row in await told(person) if row["kind"] == "assisted"]
    assert "撤回同意“个性化岗位推荐”" in notice["body"]
    assert [row["operation"] for row in ok(await person.get("/me/assisted-acts"))] == ["withdraw_consent"]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_what_is_only_the_persons_own_refuses_every_agent(world: World) -> None:
    """All routes that are not marked for agents: signing in anew, identity number, export, deletion, every office."""
    person, agent = await world.person(), await world.admin()
    helper = acting(agent, await relative_of(person, agent))
    own = [operation for operation in operations() if operation.permission and not operation.on_behalf]
    for operation in own:
        path = PARAMETER.sub(lambda part: "service" if part[0] == "{purpose}" else NOBODY, operation.path)
        answer = await world.api.request(operation.method, path, headers=helper.headers | {"Idempotency-Key": key()})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_on_behalf"), operation
    open_to_agents = [operation.name for operation in operations() if operation.on_behalf]
    assert {
        "delete_my_account", "export_my_data", "save_my_id_number", "save_my_phone", "revoke_contact", "revoke_representation",
        "list_my_own_codes", "undo_assisted_act", "reveal_person", "list_my_notices",
    } <= {operation.name for operation in own}  # fmt: skip
    assert sorted(open_to_agents) == [
        "accept_invitation", "accept_seat", "accept_shift_offer", "add_case_evidence", "add_case_statement",
        "agree_to_my_timesheet", "answer_my_timesheet", "answer_quote", "appeal_no_show",
        "appeal_points_claim", "apply_to_vacancy", "appoint_case_representative", "ask_other_time",
        "cancel_redemption", "check_in_at_fair", "claim_points", "claim_shift", "confirm_assignment",
        "confirm_interview", "confirm_minutes", "confirm_wage_received", "consent_to_sharing",
        "contest_payment", "decline_invitation", "decline_seat", "decline_shift_offer",
        "dismiss_case_representative", "drop_demand", "enrol", "enter_competition", "explain_recommendation",
        "get_activity", "get_case", "get_me", "get_my_application", "get_my_assignment", "get_my_interview",
        "get_my_invitation", "get_my_points_claim", "get_my_redemption", "get_my_seeker_profile",
        "get_my_settlement", "get_my_shift_offer", "get_my_standing", "get_my_timesheet",
        "get_my_worker_profile", "get_shift", "give_consent", "join_activity", "join_roster", "join_waiting",
        "leave_activity", "leave_assignment", "leave_case", "leave_competition", "leave_roster",
        "leave_waiting", "list_activities", "list_case_agreements", "list_case_deadlines", "list_case_events",
        "list_case_evidence", "list_case_seats", "list_case_statements", "list_cases",
        "list_mediation_sessions", "list_my_accidents", "list_my_applications", "list_my_assignments",
        "list_my_consents", "list_my_declarations", "list_my_demands", "list_my_enrolments",
        "list_my_interviews", "list_my_invitations", "list_my_marks", "list_my_no_shows",
        "list_my_points_claims", "list_my_redemptions", "list_my_rosters", "list_my_settlements",
        "list_my_sharing", "list_my_shift_offers", "list_my_timesheets", "list_my_waiting", "list_shifts",
        "mark_by_place", "mediate_my_timesheet", "mediate_my_wage", "name_pick_up_helper", "object_to_results",
        "place_demand", "print_agreement", "print_inspection_file", "print_my_settlements", "rate_case",
        "rate_firm", "recommend_vacancies", "record_my_timesheet", "redeem_reward", "register_term_done",
        "register_term_not_done", "release_case_evidence", "release_case_statement", "report_my_accident",
        "save_my_availability", "save_my_profile", "save_my_seeker_profile", "save_my_worker_profile",
        "save_my_worker_relations", "say_case_consent", "scan_shift_code", "set_findable", "show_my_code",
        "sign_agreement", "submit_case", "submit_declaration", "submit_demand", "submit_minor_papers",
        "submit_skill_proof", "update_declaration", "update_demand", "vote_on_extension", "vote_on_seat",
        "withdraw_application", "withdraw_case", "withdraw_consent", "withdraw_declaration",
        "withdraw_points_claim", "withdraw_sharing_consent", "write_declaration",
    ]  # fmt: skip


async def test_an_agents_offices_do_not_count_in_anothers_affairs(world: World) -> None:
    person, officer = await world.seeker(), await world.officer()
    helper = acting(officer, await relative_of(person, officer))
    assert ok(await helper.get("/me"))["roles"] == []
    async with nothing_stored(world):
        refused(
            await helper.post(f"/people/{person.id}/reveal", {"fields": ["phone"], "reason": "contact"}), 403,
            "not_on_behalf",
        )  # fmt: skip
    # A stored answer is one's own: the same key for oneself is another call.
    form, once = {"name": "陈代办", "birth_date": "1980-01-01"}, key()
    ok(await officer.put("/me/profile", form | {"expected_version": 1}, key=once))
    version = ok(await helper.get("/me"))["person"]["version"]
    answer = await helper.put("/me/profile", form | {"expected_version": version}, key=once)
    refused(answer, 422, "idempotency_key_reused")
    await give_phone(officer, "13850000012")
    assert ok(await helper.get("/me"))["person"]["name"] == "林小梅"
