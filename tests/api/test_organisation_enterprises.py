"""Enterprises: finding one under any of its names, claiming it with a credit code, and the officer's review."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from app.models.identity import Appointment
from app.models.organisation import Enterprise
from app.rules.identity.roles import Role, ScopeKind
from app.rules.organisation import EnterpriseState
from demo.steps import FIRM, fictional_credit_code
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY, column, count, nothing_stored

FIRMS: Any = Enterprise.__table__.c
APPOINTED: Any = Appointment.__table__.c
OTHER_FIRM = "石狮市森鸿服装有限公司"
CODE = fictional_credit_code()
OTHER_CODE = fictional_credit_code("91350581MA0DEM0YY")
NAMES = {
    # Annex 2, and the name under which part one speaks of the same firm.
    "福建省石狮市华联服装配件企业有限公司": "石狮市华联服装配件企业有限公司",
    "卡宾服饰（中国）有限公司": "卡宾服饰(中国)有限公司",
    "石狮市大帝集团公司": "大帝集团",
}
V1_APPROVE = {"expected_version": 1}
RETURN = {"reason": "营业执照名称与登记不符", "expected_version": 1}


async def find(person: Someone, name: str) -> list[dict[str, Any]]:
    return ok(await person.get("/enterprises", name=name))


async def claim(person: Someone, name: str = FIRM, uscc: str = CODE) -> dict[str, Any]:
    firm = (await find(person, name))[0]
    answer = await person.post(f"/enterprises/{firm['id']}/claims", {"uscc": uscc})
    assert answer.status_code == 201, answer.text
    return ok(answer)


async def review(officer: Someone, claim_id: str, verb: str, form: dict[str, Any]) -> Any:
    return await officer.post(f"/enterprise-claims/{claim_id}/{verb}", form)


@pytest.mark.parametrize(("annex", "part_one"), NAMES.items())
async def test_a_firm_is_found_under_both_its_names(world: World, annex: str, part_one: str):
    person = await world.person()
    (by_annex,) = await find(person, annex)
    assert by_annex["name"] == annex
    assert (by_annex["state"], by_annex["state_label"], by_annex["version"]) == ("draft", "待认领", 1)
    assert [row["id"] for row in await find(person, f" {part_one} ")] == [by_annex["id"]]
    assert by_annex["id"] in [row["id"] for row in await find(person, annex[2:6])]


async def test_signs_of_like_and_blanks_match_only_themselves(world: World):
    person = await world.person()
    assert len(await find(person, "有限公司")) > 10
    for name in ("%%", "__", "_%", "%司", "有_公司", "\\\\", "\\%", "' OR 1=1 --", "查无此企业"):
        assert await find(person, name) == [], name
    for name in ("", "华", "  ", " 华 ", "字" * 81, "华\x00联"):
        refused(await person.get("/enterprises", name=name), 422, "invalid_fields", "query.name")
    refused(await person.get("/enterprises"), 422, "invalid_fields", "query.name")


async def test_names_are_found_whatever_the_case_of_latin_letters(world: World):
    person, now = await world.person(), world.clock.now()
    async with world.runtime.db.unit_of_work() as session:
        session.add(Enterprise(name="Cabbeen 卡宾（测试）", created_at=now, updated_at=now))
    assert [row["name"] for row in await find(person, "cabbeen")] == ["Cabbeen 卡宾（测试）"]


async def test_enterprises_need_a_token(world: World):
    calls = [
        ("GET", "/enterprises?name=华联", None),
        ("POST", f"/enterprises/{NOBODY}/claims", {"uscc": CODE}),
        ("GET", "/enterprise-claims", None),
        ("POST", f"/enterprise-claims/{NOBODY}/approve", V1_APPROVE),
        ("POST", f"/enterprise-claims/{NOBODY}/return", RETURN),
    ]
    async with nothing_stored(world):
        for method, path, body in calls:
            refused(await world.anonymous.call(method, path, json=body), 401, "token_invalid")


async def test_a_claim_waits_for_the_officer_and_then_works_on_the_next_call(world: World):
    recruiter, officer = await world.person(), await world.officer()
    (firm,) = await find(recruiter, FIRM)
    answer = await recruiter.post(f"/enterprises/{firm['id']}/claims", {"uscc": CODE.lower(), "note": " 原件已出示 "})
    assert answer.status_code == 201
    made = ok(answer)
    assert {key: made[key] for key in ("enterprise_id", "enterprise_name", "uscc", "note", "state", "version")} == {
        "enterprise_id": firm["id"], "enterprise_name": FIRM, "uscc": CODE, "note": "原件已出示",
        "state": "submitted", "version": 1,
    }  # fmt: skip
    assert ok(await recruiter.get("/enterprise-claims")) == [made]
    refused(await recruiter.get(f"/enterprises/{firm['id']}/vacancies"), 403, "forbidden")
    assert [task["subject_id"] for task in ok(await officer.get("/tasks"))["items"]
            if task["kind"] == "enterprise_claim"] == [made["id"]]  # fmt: skip
    approved = ok(await review(officer, made["id"], "approve", V1_APPROVE))
    assert (approved["state"], approved["state_label"], approved["version"]) == ("approved", "已通过", 2)
    (firm,) = await find(recruiter, FIRM)
    assert (firm["state"], firm["version"]) == ("approved", 2)
    assert ok(await recruiter.get(f"/enterprises/{firm['id']}/vacancies")) == []
    assert [(role["role"], role["scope_id"]) for role in ok(await recruiter.get("/me"))["roles"]] == [
        ("recruiter", firm["id"])
    ]
    kinds = [task["kind"] for task in ok(await officer.get("/tasks"))["items"]]
    assert "enterprise_claim" not in kinds
    (notice,) = ok(await recruiter.get("/me/notices"))["items"]
    assert notice["kind"] == "enterprise_reviewed"
    assert FIRM in notice["body"]


MALFORMED = [
    (CODE[:-1], "您填了17位"),
    (CODE + "0", "您填了19位"),
    ("1", "您填了1位"),
    (CODE[:-1] + ("A" if CODE[-1] != "A" else "B"), "校验位"),
    (CODE[:9] + ("1" if CODE[9] != "1" else "2") + CODE[10:], "校验位"),
    (CODE[:10] + "I" + CODE[11:], "不允许的字符"),
    (CODE[:10] + "O" + CODE[11:], "不允许的字符"),
    (CODE[:10] + "#" + CODE[11:], "不允许的字符"),
    (CODE[:10] + "服" + CODE[11:], "不允许的字符"),
    ("A" + CODE[1:], "不允许的字符"),
]


async def test_malformed_credit_codes_each_say_what_is_wrong(world: World):
    person = await world.person()
    (firm,) = await find(person, FIRM)
    async with nothing_stored(world):
        for code, words in MALFORMED:
            answer = await person.post(f"/enterprises/{firm['id']}/claims", {"uscc": code})
            body = refused(answer, 422, "credit_code_invalid", "uscc")
            assert words in body["message"], (code, body["message"])
            assert body["fields"][0]["message"] == body["message"]
        for code in ("", " ", "1" * 41, None, 91350581):
            answer = await person.post(f"/enterprises/{firm['id']}/claims", {"uscc": code})
            refused(answer, 422, "invalid_fields", "uscc")


async def test_claims_on_nothing(world: World):
    person = await world.person()
    async with nothing_stored(world):
        refused(await person.post(f"/enterprises/{NOBODY}/claims", {"uscc": CODE}), 404, "enterprise_not_found")
        refused(await person.post(f"/enterprises/{person.id}/claims", {"uscc": CODE}), 404, "enterprise_not_found")
        refused(await person.post("/enterprises/1/claims", {"uscc": CODE}), 422, "invalid_fields", "path.enterprise_id")


async def test_one_claim_at_a_time_for_one_person_and_firm(world: World):
    person = await world.person()
    await claim(person)
    (firm,) = await find(person, FIRM)
    async with nothing_stored(world):
        again = await person.post(f"/enterprises/{firm['id']}/claims", {"uscc": CODE})
        refused(again, 409, "claim_pending")
    # Another firm is another matter.
    await claim(person, OTHER_FIRM, OTHER_CODE)


async def test_a_double_tap_makes_one_claim(world: World):
    person = await world.person()
    (firm,) = await find(person, FIRM)
    answers = await asyncio.gather(
        *(person.post(f"/enterprises/{firm['id']}/claims", {"uscc": CODE}) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(ok(await person.get("/enterprise-claims"))) == 1


async def test_a_member_need_not_claim_again(world: World):
    recruiter, firm_id = await world.firm()
    answer = await recruiter.post(f"/enterprises/{firm_id}/claims", {"uscc": CODE})
    refused(answer, 409, "already_member")
    owner = await world.person()
    await world.appoint(owner, Role.OWNER, ScopeKind.ENTERPRISE, firm_id)
    refused(await owner.post(f"/enterprises/{firm_id}/claims", {"uscc": CODE}), 409, "already_member")


async def test_taken_and_differing_codes(world: World):
    _, firm_id = await world.firm()
    person = await world.person()
    (other,) = await find(person, OTHER_FIRM)
    async with nothing_stored(world):
        taken = await person.post(f"/enterprises/{other['id']}/claims", {"uscc": CODE})
        refused(taken, 409, "credit_code_taken", "uscc")
        differs = await person.post(f"/enterprises/{firm_id}/claims", {"uscc": OTHER_CODE})
        refused(differs, 409, "credit_code_differs", "uscc")


async def test_codes_that_were_taken_between_claim_and_review(world: World):
    officer = await world.officer()
    first = await claim(await world.person(), FIRM, CODE)
    same_code = await claim(await world.person(), OTHER_FIRM, CODE)
    same_firm = await claim(await world.person(), FIRM, OTHER_CODE)
    ok(await review(officer, first["id"], "approve", V1_APPROVE))
    async with nothing_stored(world):
        refused(await review(officer, same_code["id"], "approve", V1_APPROVE), 409, "credit_code_taken", "uscc")
        refused(await review(officer, same_firm["id"], "approve", V1_APPROVE), 409, "credit_code_differs", "uscc")
    # A refused approval decides nothing: the claim can still be returned.
    assert ok(await review(officer, same_code["id"], "return", RETURN))["state"] == "returned"


async def test_two_firms_with_one_code_approved_at_once(world: World):
    officer = await world.officer()
    claims = [await claim(await world.person(), name, CODE) for name in (FIRM, OTHER_FIRM)]
    answers = await asyncio.gather(*(review(officer, row["id"], "approve", V1_APPROVE) for row in claims))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await count(world, Enterprise.__table__, FIRMS.uscc == CODE) == 1


async def test_two_claimants_of_one_firm_both_recruit(world: World):
    officer, first, second = await world.officer(), await world.person(), await world.person()
    claims = [await claim(person) for person in (first, second)]
    for row in claims:
        ok(await review(officer, row["id"], "approve", V1_APPROVE))
    for person in (first, second):
        assert [role["role"] for role in ok(await person.get("/me"))["roles"]] == ["recruiter"]
    (firm,) = await find(first, FIRM)
    approved_by = await column(world, FIRMS.approved_by, FIRMS.id == UUID(firm["id"]))
    assert (firm["state"], str(approved_by)) == ("approved", officer.id)


async def test_returned_with_a_reason_and_claimed_again(world: World):
    officer, person = await world.officer(), await world.person()
    made = await claim(person)
    returned = ok(await review(officer, made["id"], "return", RETURN))
    assert (returned["state"], returned["reason"]) == ("returned", RETURN["reason"])
    (firm,) = await find(person, FIRM)
    assert (firm["state"], ok(await person.get("/me"))["roles"]) == ("draft", [])
    (notice,) = ok(await person.get("/me/notices"))["items"]
    assert RETURN["reason"] in notice["body"]
    again = await claim(person, FIRM, OTHER_CODE)
    assert again["id"] != made["id"]
    ok(await review(officer, again["id"], "approve", V1_APPROVE))
    states = {row["id"]: row["state"] for row in ok(await person.get("/enterprise-claims"))}
    assert states == {made["id"]: "returned", again["id"]: "approved"}


@pytest.mark.parametrize(("first", "label"), [("approve", "已通过"), ("return", "已退回")])
async def test_a_claim_is_reviewed_once(world: World, first: str, label: str):
    officer, person = await world.officer(), await world.person()
    made = await claim(person)
    ok(await review(officer, made["id"], first, V1_APPROVE if first == "approve" else RETURN))
    async with nothing_stored(world):
        for verb, form in (("approve", V1_APPROVE), ("return", RETURN)):
            refused(await review(officer, made["id"], verb, form), 409, "stale", "expected_version")
            body = refused(
                await review(officer, made["id"], verb, form | {"expected_version": 2}), 409, "claim_state_wrong"
            )
            assert label in body["message"]


async def test_two_reviews_at_once_leave_one_decision(world: World):
    officer, person = await world.officer(), await world.person()
    made = await claim(person)
    answers = await asyncio.gather(
        review(officer, made["id"], "approve", V1_APPROVE),
        review(officer, made["id"], "return", RETURN),
        review(officer, made["id"], "approve", V1_APPROVE),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    decided = next(answer.json()["state"] for answer in answers if answer.is_success)
    recruiters = await count(world, Appointment.__table__, APPOINTED.role == Role.RECRUITER)
    assert recruiters == (1 if decided == "approved" else 0)
    assert len(ok(await person.get("/me/notices"))["items"]) == 1


async def test_reviews_that_cannot_be(world: World):
    officer, person = await world.officer(), await world.person()
    made = await claim(person)
    async with nothing_stored(world):
        for verb, form in (("approve", V1_APPROVE), ("return", RETURN)):
            refused(await review(officer, NOBODY, verb, form), 404, "enterprise_claim_not_found")
            refused(await review(officer, "1", verb, form), 422, "invalid_fields", "path.claim_id")
            stale = await review(officer, made["id"], verb, form | {"expected_version": 7})
            refused(stale, 409, "stale", "expected_version")
        for reason in ("", " ", "字" * 201, None):
            answer = await review(officer, made["id"], "return", RETURN | {"reason": reason})
            refused(answer, 422, "invalid_fields", "reason")


async def test_who_sees_and_who_reviews_claims(world: World):
    officer, admin = await world.officer(), await world.admin()
    claimant, stranger, partial = await world.person(), await world.person(), await world.person()
    area = ok(await world.anonymous.get("/areas"))[0]["id"]
    await world.appoint(partial, Role.JOBS_OFFICER, ScopeKind.AREA, area)
    made = await claim(claimant)
    theirs = await claim(partial, OTHER_FIRM, OTHER_CODE)
    assert [row["id"] for row in ok(await officer.get("/enterprise-claims"))] == [made["id"], theirs["id"]]
    assert ok(await officer.get("/enterprise-claims", state="approved")) == []
    assert len(ok(await officer.get("/enterprise-claims", state="submitted"))) == 2
    assert [row["id"] for row in ok(await claimant.get("/enterprise-claims"))] == [made["id"]]
    assert [row["id"] for row in ok(await partial.get("/enterprise-claims"))] == [theirs["id"]]
    for someone in (stranger, admin):
        assert ok(await someone.get("/enterprise-claims")) == []
    refused(await officer.get("/enterprise-claims", state="lost"), 422, "invalid_fields", "query.state")
    async with nothing_stored(world):
        for verb, form in (("approve", V1_APPROVE), ("return", RETURN)):
            for someone in (claimant, stranger, admin):
                refused(await review(someone, made["id"], verb, form), 403, "forbidden")
            # What the list does not show does not exist; what it shows may still be no business of the reader's.
            refused(await review(partial, made["id"], verb, form), 404, "enterprise_claim_not_found")
            refused(await review(partial, theirs["id"], verb, form), 403, "forbidden")


async def test_a_suspended_firm_is_not_lifted_by_a_second_claim(world: World):
    _, firm_id = await world.firm()
    officer, person = await world.officer(), await world.person()
    async with world.runtime.db.unit_of_work() as session:
        await session.exec(update(Enterprise).where(FIRMS.id == UUID(firm_id)).values(state=EnterpriseState.SUSPENDED))
    made = await claim(person)
    ok(await review(officer, made["id"], "approve", V1_APPROVE))
    assert (await find(person, FIRM))[0]["state"] == "suspended"
