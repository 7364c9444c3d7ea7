"""Duties kept apart: nobody reviews what they submitted, no retry doubles a right, no administrator picks the auditor."""

import uuid

from app.rules.identity.roles import Role, ScopeKind
from demo.steps import FIRM, fictional_credit_code
from tests.factories.world import World, ok, refused


def form(person_id: str, role: Role) -> dict[str, object]:
    return {"person_id": person_id, "role": role, "scope_kind": "town", "scope_id": None, "source": "测试任命"}


async def test_an_officer_does_not_review_their_own_claim(world: World) -> None:
    officer = await world.officer()
    firm = ok(await officer.get("/enterprises", name=FIRM))[0]
    claim = ok(await officer.post(f"/enterprises/{firm['id']}/claims", {"uscc": fictional_credit_code()}))
    for act, body in (("approve", {}), ("return", {"reason": "自己退回"})):
        answer = await officer.post(f"/enterprise-claims/{claim['id']}/{act}", body | {"expected_version": 1})
        refused(answer, 403, "self_review")
    assert ok(await officer.get("/enterprise-claims"))[0]["state"] == "submitted"


async def test_an_officer_does_not_review_their_own_posting(world: World) -> None:
    recruiter, firm_id = await world.firm()
    vacancy = await world.vacancy(recruiter, firm_id, duties="平车缝制 SBX_REVIEW")
    assert vacancy["state"] == "in_review"
    await world.appoint(recruiter, Role.JOBS_OFFICER)
    answer = await recruiter.post(f"/vacancies/{vacancy['id']}/approve", {"expected_version": vacancy["version"]})
    refused(answer, 403, "self_review")


async def test_a_repeated_appointment_is_not_a_second_one(world: World) -> None:
    admin, person = await world.admin(), await world.person()
    first = ok(await admin.post("/appointments", form(person.id, Role.MEDIATOR)))
    refused(await admin.post("/appointments", form(person.id, Role.MEDIATOR)), 409, "already_appointed")
    ok(await admin.post("/appointments", form(person.id, Role.CASE_MANAGER)))
    area = ok(await admin.get("/areas"))[0]["id"]
    await world.appoint(person, Role.MEDIATOR, ScopeKind.AREA, area)
    ok(await admin.post(f"/appointments/{first['id']}/end", {"expected_version": 1}))
    ok(await admin.post("/appointments", form(person.id, Role.MEDIATOR)))


async def test_no_administrator_appoints_an_auditor(world: World) -> None:
    admin, person = await world.admin(), await world.person()
    refused(await admin.post("/appointments", form(person.id, Role.AUDITOR)), 403, "auditor_not_by_admin")
    assert ok(await person.get("/me"))["roles"] == []


async def test_a_new_claim_code_voids_the_one_before(world: World) -> None:
    admin, person = await world.admin(), await world.person()
    record = next(row for row in ok(await admin.get("/roster")) if row["name"] == "高德坤")
    codes = [ok(await admin.post(f"/roster/{record['id']}/claim-codes"))["claim_code"] for _ in range(2)]
    refused(await person.post("/roster/claims", {"code": codes[0], "name": "高德坤"}), 422, "claim_code_invalid")
    ok(await person.post("/roster/claims", {"code": codes[1], "name": "高德坤"}, key=uuid.uuid4().hex))
