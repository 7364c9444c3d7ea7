"""Who belongs to a firm: invited by code, working on the next call, removed at once; suspended and heard."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.rules.identity.roles import Role, ScopeKind
from app.rules.organisation import (
    SUSPENSION_NEXT,
    SuspensionState,
    SuspensionStateError,
    check_suspension_transition,
)
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY, nothing_stored
from tests.support.firms import Firm, day, registered, second_officer
from tests.support.identity import auditor, entries
from tests.support.jobs import Hiring, counted, rival
from tests.support.uploads import look, pdf, uploaded

BASIS = "网络招聘服务管理规定：发布虚假招聘信息"
EVIDENCE = "多名求职者反映到厂后被要求缴纳300元服装费。"


async def invite(firm: Firm, role: str = "recruiter", **more: Any) -> str:
    made = ok(await firm.owner.post(f"/enterprises/{firm.id}/invites", {"role": role} | more))
    code: str = made["code"]
    return code


async def join(person: Someone, code: str) -> httpx.Response:
    return await person.post("/enterprise-invites/claims", {"code": code})


async def members(firm: Firm, reader: Someone | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(await (reader or firm.owner).get(f"/enterprises/{firm.id}/members"))
    return found


async def remove(by: Someone, firm: Firm, member: dict[str, Any], version: int | None = None) -> httpx.Response:
    path = f"/enterprises/{firm.id}/members/{member['appointment_id']}/remove"
    return await by.post(path, {"expected_version": version or member["version"]})


async def test_a_colleague_joins_by_code_works_and_leaves(world: World) -> None:
    firm, colleague, watcher = await registered(world, bare=True), await world.person(), await auditor(world)
    code = await invite(firm)
    written = f"{code[:5]}-{code[5:]}".lower()
    assert ok(await join(colleague, written)) == {"enterprise_id": firm.id, "role": "recruiter"}
    assert ok(await colleague.get(f"/enterprises/{firm.id}"))["handler"] == "王小测"
    found = {member["role"]: member for member in await members(firm)}
    assert {role: member["person_id"] for role, member in found.items()} == {
        "owner": firm.owner.id, "recruiter": colleague.id,
    }  # fmt: skip
    # Who recruits does not manage: no list of members, no invitation, no removal.
    async with nothing_stored(world):
        refused(await colleague.get(f"/enterprises/{firm.id}/members"), 403, "forbidden")
        refused(await colleague.post(f"/enterprises/{firm.id}/invites", {"role": "owner"}), 403, "forbidden")
        refused(await remove(colleague, firm, found["owner"]), 403, "forbidden")
        refused(await remove(firm.owner, firm, found["recruiter"], 7), 409, "stale", "expected_version")
    assert (await remove(firm.owner, firm, found["recruiter"])).status_code == 204
    refused(await colleague.get(f"/enterprises/{firm.id}"), 404, "enterprise_not_found")
    assert ok(await colleague.get("/me"))["roles"] == []
    async with nothing_stored(world):
        refused(await remove(firm.owner, firm, found["recruiter"], 2), 404, "member_not_found")
    for act in ("member_invited", "member_removed"):
        assert [entry["actor_id"] for entry in await entries(watcher, act=act)] == [firm.owner.id]


async def test_codes_that_open_nothing(world: World) -> None:
    firm, colleague, other = await registered(world, bare=True), await world.person(), await world.person()
    async with nothing_stored(world):
        for role in ("jobs_officer", "town_admin"):
            answer = await firm.owner.post(f"/enterprises/{firm.id}/invites", {"role": role})
            refused(answer, 422, "scope_not_allowed")
        past = {"role": "recruiter", "valid_to": world.clock.now().isoformat()}
        refused(await firm.owner.post(f"/enterprises/{firm.id}/invites", past), 422, "appointment_period_wrong")
        refused(await firm.owner.post(f"/enterprises/{NOBODY}/invites", {"role": "owner"}), 404, "enterprise_not_found")
        refused(await join(colleague, "0000000000"), 422, "invite_invalid", "code")
    code, late = await invite(firm), await invite(firm, "dispatcher")
    # Two type it at once: one of them joins.
    answers = await asyncio.gather(*(join(person, code) for person in (colleague, other)))
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    winner = next(who for who, answer in zip((colleague, other), answers, strict=True) if answer.is_success)
    second = await invite(firm)
    async with nothing_stored(world):
        refused(await join(winner, second), 409, "already_appointed")
    # The code that was refused is not used up by it.
    world.clock.advance(timedelta(days=7))
    winner = await world.person(winner.name)
    async with nothing_stored(world):
        for stale in (late, second):
            refused(await join(winner, stale), 422, "invite_invalid", "code")


async def test_a_right_for_a_time_ends_by_itself(world: World) -> None:
    firm, colleague = await registered(world, bare=True), await world.person()
    until = world.clock.now() + timedelta(hours=1)
    ok(await join(colleague, await invite(firm, valid_to=until.isoformat())))
    world.clock.advance(timedelta(hours=1) - timedelta(seconds=1))
    assert len(ok(await colleague.get("/me"))["roles"]) == 1
    world.clock.advance(timedelta(seconds=1))
    assert ok(await colleague.get("/me"))["roles"] == []
    assert [member["role"] for member in await members(firm)] == ["owner"]


async def test_a_firm_keeps_an_owner(world: World) -> None:
    firm, second = await registered(world, bare=True), await world.person()
    (only,) = await members(firm)
    async with nothing_stored(world):
        refused(await remove(firm.owner, firm, only), 409, "last_owner")
        body = refused(await firm.owner.post("/me/deletion", {"confirm": "注销"}), 409, "deletion_blocked")
        assert "石狮市新测服装有限公司" in body["message"]
    ok(await join(second, await invite(firm, "owner")))
    both = await members(firm)
    # Each removes the other at once: one of them stays.
    mine, theirs = [next(row for row in both if row["person_id"] == who.id) for who in (firm.owner, second)]
    answers = await asyncio.gather(remove(firm.owner, firm, theirs), remove(second, firm, mine))
    assert all(answer.status_code in {204, 403, 404, 409} for answer in answers)
    assert [answer.status_code for answer in answers].count(204) == 1
    left = second if answers[1].is_success else firm.owner
    gone = firm.owner if answers[1].is_success else second
    assert [member["person_id"] for member in await members(firm, left)] == [left.id]
    # Who is no owner any more may go altogether.
    assert (await gone.post("/me/deletion", {"confirm": "注销"})).status_code == 204


async def test_members_cost_the_same_statements_for_one_and_for_many(world: World) -> None:
    firm = await registered(world, bare=True)
    taken = []
    for more in (0, 5):
        for _ in range(more):
            ok(await join(await world.person(), await invite(firm)))
        with counted(world.runtime.db.reader) as statements:
            assert len(await members(firm)) == more + 1
        taken.append(len(statements))
    assert taken[0] == taken[1]


async def suspend(by: Someone, hiring: Hiring, **changes: Any) -> httpx.Response:
    version = ok(await hiring.recruiter.get(f"/enterprises/{hiring.firm_id}"))["version"]
    form = {"basis": BASIS, "evidence": EVIDENCE, "expected_version": version} | changes
    return await by.post(f"/enterprises/{hiring.firm_id}/suspend", form)


async def with_owner(world: World, hiring: Hiring) -> Someone:
    owner = await world.person()
    await world.appoint(owner, Role.OWNER, ScopeKind.ENTERPRISE, hiring.firm_id)
    return owner


async def nothing_shows(
    world: World, hiring: Hiring, officer: Someone, second: Someone, *, resume: tuple[str, int], held: dict[str, Any]
) -> None:
    """Neither the firm nor an office shows anything of it meanwhile, and no approval lifts the suspension."""
    async with nothing_stored(world):
        path, version = resume
        refused(await hiring.recruiter.post(path, {"expected_version": version}), 409, "vacancy_state_wrong")
        publish = {"note": "", "expected_version": held["version"]}
        refused(await officer.post(f"/vacancies/{held['id']}/approve", publish), 409, "vacancy_state_wrong")
        firm = ok(await hiring.recruiter.get(f"/enterprises/{hiring.firm_id}"))
        approve = {"expected_version": firm["version"]}
        answer = await second.post(f"/enterprises/{hiring.firm_id}/approve", approve)
        refused(answer, 409, "enterprise_state_wrong")
        refused(await suspend(officer, hiring), 409, "enterprise_state_wrong")


async def test_a_suspended_firm_leaves_the_lists_is_heard_and_comes_back(world: World, hiring: Hiring) -> None:
    officer, second, owner = await world.officer(), await second_officer(world), await with_owner(world, hiring)
    vacancy, held = await hiring.post(), await hiring.post(duties="缝制服装 SBX_REVIEW。")
    proof = await uploaded(officer, pdf())
    row = ok(await suspend(officer, hiring, file_ids=[proof["file_id"]]))
    assert {key: row[key] for key in ("state", "basis", "evidence", "appeal", "answer")} == {
        "state": "in_force", "basis": BASIS, "evidence": EVIDENCE, "appeal": None, "answer": None,
    }  # fmt: skip
    refused(await world.anonymous.get(f"/vacancies/{vacancy['id']}"), 404, "vacancy_not_found")
    for someone in (owner, hiring.recruiter):
        notice = ok(await someone.get("/me/notices"))["items"][0]
        assert (notice["kind"], BASIS in notice["body"]) == ("enterprise_suspended", True)
    own = ok(await hiring.recruiter.get(f"/enterprises/{hiring.firm_id}/vacancies"))
    paused = next(row for row in own if row["id"] == vacancy["id"])
    resume = f"/vacancies/{vacancy['id']}/resume"
    await nothing_shows(world, hiring, officer, second, resume=(resume, paused["version"]), held=held)
    appeal = {"text": "服装费已全部退还，请求恢复。", "expected_version": 1}
    appealed = ok(await owner.post(f"/enterprise-suspensions/{row['id']}/appeal", appeal))
    assert (appealed["state"], appealed["appeal"]) == ("appealed", appeal["text"])
    (task,) = ok(await second.get("/tasks", kind="suspension_appeal"))["items"]
    assert (task["subject_id"], task["due_at"] >= day(world, 5)) == (row["id"], True)
    word = {"text": "已核实退款，恢复发布。", "expected_version": 2}
    async with nothing_stored(world):
        # Who suspended does not judge the complaint about it.
        refused(await officer.post(f"/enterprise-suspensions/{row['id']}/uphold", word), 403, "self_review")
    upheld = ok(await second.post(f"/enterprise-suspensions/{row['id']}/uphold", word))
    assert (upheld["state"], upheld["answer"]) == ("upheld", word["text"])
    lifted = ok(await officer.post(f"/enterprise-suspensions/{row['id']}/lift", word | {"expected_version": 3}))
    assert lifted["state"] == "lifted"
    # Each posting is the firm's own to resume.
    refused(await world.anonymous.get(f"/vacancies/{vacancy['id']}"), 404, "vacancy_not_found")
    ok(await hiring.recruiter.post(resume, {"expected_version": paused["version"]}))
    ok(await world.anonymous.get(f"/vacancies/{vacancy['id']}"))


async def test_who_suspends_appeals_and_reads_of_it(world: World, hiring: Hiring) -> None:
    officer, owner, stranger = await world.officer(), await with_owner(world, hiring), await world.person()
    other = await rival(world)
    other_owner = await with_owner(world, other)
    admin, path = await world.admin(), f"/enterprises/{hiring.firm_id}/suspensions"
    async with nothing_stored(world):
        for someone in (owner, stranger, admin):
            refused(await suspend(someone, hiring), 403, "forbidden")
        refused(await suspend(officer, hiring, expected_version=9), 409, "stale", "expected_version")
        refused(await suspend(officer, hiring, file_ids=[NOBODY]), 422, "file_unusable")
        for field in ("basis", "evidence"):
            refused(await suspend(officer, hiring, **{field: "无"}), 422, "invalid_fields", field)
    proof = await uploaded(officer, pdf())
    row = ok(await suspend(officer, hiring, file_ids=[proof["file_id"]]))
    appeal = {"text": "情况不实，请求恢复。", "expected_version": 1}
    verb = f"/enterprise-suspensions/{row['id']}"
    async with nothing_stored(world):
        refused(await other_owner.post(f"{verb}/appeal", appeal), 404, "suspension_not_found")
        for someone in (hiring.recruiter, stranger, officer):
            refused(await someone.post(f"{verb}/appeal", appeal), 403, "forbidden")
        refused(await owner.post(f"{verb}/lift", appeal), 403, "forbidden")
        refused(await officer.post(f"{verb}/uphold", appeal), 403, "self_review")
        refused(await officer.post(f"/enterprise-suspensions/{NOBODY}/lift", appeal), 404, "suspension_not_found")
        for someone in (other_owner, hiring.recruiter, stranger, admin):
            refused(await someone.get(path), 404, "enterprise_not_found")
    assert [ok(await someone.get(path))[0]["id"] for someone in (owner, officer)] == [row["id"]] * 2
    # The evidence may name those who complained: the firm reads the words, the office the files.
    assert ok(await look(officer, proof))["kind"] == "pdf"
    refused(await look(owner, proof), 404, "file_not_found")
    ok(await owner.post(f"{verb}/appeal", appeal))
    async with nothing_stored(world):
        again = await owner.post(f"{verb}/appeal", appeal | {"expected_version": 2})
        refused(again, 409, "suspension_state_wrong")


def test_a_suspension_moves_only_along_its_table() -> None:
    for state in SuspensionState:
        for target in SuspensionState:
            if target in SUSPENSION_NEXT[state]:
                check_suspension_transition(state, target)
                continue
            with pytest.raises(SuspensionStateError) as raised:
                check_suspension_transition(state, target)
            assert state.label in raised.value.text
