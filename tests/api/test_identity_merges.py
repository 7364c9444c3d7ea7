"""Two records of one human: noticed by the system, decided by staff, joined without losing or doubling anything."""

import uuid
from typing import Any
from uuid import UUID

from app.rules.common.reports import ReportReason
from app.rules.identity.roles import Role, ScopeKind
from demo.steps import FIRM, fictional_credit_code
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY, count, nothing_stored
from tests.support.jobs import Hiring, key
from tests.support.privacy import (
    BORN,
    HOME,
    ID_NUMBER,
    acts,
    give_id_number,
    give_phone,
    holding,
    relative_of,
    row_of,
    table_of,
    told,
)

NAME = "林小梅"


async def two_records(world: World) -> tuple[Someone, Someone]:
    """One human in two mini-programs, of which one was not bound to the open platform."""
    world.sandbox.post("/_sbx/persons", person=NAME, no_unionid=True)
    first = await world.person(NAME, "zhipin")
    world.sandbox.post("/_sbx/persons", person=NAME, no_unionid=False)
    second = await world.person(NAME, "linggong")
    assert first.id != second.id
    return first, second


async def merge_task(admin: Someone) -> dict[str, Any]:
    (task,) = ok(await admin.get("/tasks", kind="person_merge"))["items"]
    return dict(task)


async def merged(admin: Someone, source: Someone, into: Someone) -> Any:
    return await admin.post(f"/people/{source.id}/merge", {"into": into.id})


async def ready(world: World, person: Someone) -> None:
    """What an application needs, in whichever mini-program the person is."""
    for purpose in ("service", "personal_recommendation"):
        await world.consent(person, purpose)
    ok(await person.put("/me/seeker-profile", {"wanted": [await world.occupation()]}))
    version = ok(await person.get("/me"))["person"]["version"]
    ok(await person.put("/me/profile", {"name": NAME, "birth_date": BORN, "expected_version": version}))
    await give_phone(person, "13850000021")


async def owned(world: World, name: str, person: Someone, column: str = "person_id") -> int:
    found = table_of(name)
    return await count(world, found, found.c[column] == UUID(person.id))


async def test_a_unionid_that_comes_later_leads_to_one_person_by_the_word_of_staff(
    world: World, hiring: Hiring
) -> None:
    admin, vacancy = await world.admin(), await hiring.post()
    first, second = await two_records(world)
    await ready(world, first)
    mine = await world.apply(first, vacancy["id"])
    await give_id_number(first)
    unionid = (await row_of(world, "person", second.id))["unionid"]
    # WeChat now names the same human in both mini-programs.
    first = await world.person(NAME, "zhipin")
    task = await merge_task(admin)
    assert (task["subject_id"], task["other_id"]) == (first.id, second.id)
    pair = ok(await admin.get(f"/person-merges/{task['id']}"))
    assert (pair["first"]["name_masked"], pair["first"]["id_number_masked"]) == ("林*梅", "999***********0028")
    assert (pair["second"]["id"], pair["second"]["name_masked"]) == (second.id, None)
    assert NAME not in str(pair)
    assert (await merged(admin, first, second)).status_code == 204
    # The old session is over; the next login in either mini-program is the one person.
    refused(await first.get("/me"), 401, "token_invalid")
    for app in ("zhipin", "linggong"):
        assert (await world.person(NAME, app)).id == second.id
    me = ok(await second.get("/me"))["person"]
    assert (me["name"], me["phone_masked"], me["birth_date"], me["id_number_masked"]) == (
        NAME, "138****0021", BORN, "999***********0028",
    )  # fmt: skip
    assert ok(await second.get(f"/me/applications/{mine['id']}"))["state"] == "applied"
    (shown,) = ok(await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/candidates"))["items"]
    assert shown["contact"] == {"name": NAME, "phone": "13850000021"}
    old, new = await row_of(world, "person", first.id), await row_of(world, "person", second.id)
    assert (old["state"], old["merged_into"], old["unionid"], new["unionid"]) == (
        "merged", UUID(second.id), None, unionid,
    )  # fmt: skip
    assert await holding(world, ID_NUMBER) == {"person.id_number_sealed"}
    assert {old[name] for name in old if name.endswith(("_sealed", "_hash"))} == {None}
    for table in ("application", "consent", "notice", "seeker_profile", "wechat_identity"):
        assert await owned(world, table, first) == 0, table_of
        assert await owned(world, table, second) > 0, table_of
    assert ok(await admin.get("/tasks", kind="person_merge"))["items"] == []
    (entry,) = await acts(world, "merged")
    assert (entry["actor_id"], entry["subject_id"], entry["details"]) == (
        UUID(admin.id), first.id, {"into": second.id},
    )  # fmt: skip
    assert (await told(second))[0]["title"] == "两份档案已合并"
    refused(await merged(admin, first, second), 409, "person_state_wrong")
    refused(await merged(admin, second, first), 404, "person_invisible")


async def test_the_same_identity_number_twice_is_a_question_for_staff(world: World) -> None:
    admin, one, other = await world.admin(), await world.person(), await world.person()
    await give_id_number(one)
    # Not refused: that would tell a stranger that the number is known here.
    await give_id_number(other)
    task = await merge_task(admin)
    assert {task["subject_id"], task["other_id"]} == {one.id, other.id}
    officer = await world.officer()
    for reader, status, code in ((officer, 403, "forbidden"), (one, 403, "forbidden")):
        refused(await reader.get(f"/person-merges/{task['id']}"), status, code)
        refused(await merged(reader, one, other), status, code)
        refused(await reader.post(f"/person-merges/{task['id']}/dismiss"), status, code)
    refused(await admin.get(f"/person-merges/{NOBODY}"), 404, "task_not_found")
    async with nothing_stored(world):
        refused(await merged(admin, one, one), 422, "merge_with_itself", "into")
        refused(await admin.post(f"/people/{one.id}/merge", {"into": NOBODY}), 404, "person_invisible")
        refused(await admin.post(f"/people/{NOBODY}/merge", {"into": one.id}), 404, "person_invisible")
        # Two accounts in the same mini-program: which of them is to stay, the person says first.
        body = refused(await merged(admin, one, other), 409, "merge_conflict")
        assert "微信账号不同" in body["message"]
        # Nobody decides about a record of their own.
        refused(await merged(admin, admin, one), 403, "self_review")
        refused(await merged(admin, one, admin), 403, "self_review")
    # They are two after all.
    assert (await admin.post(f"/person-merges/{task['id']}/dismiss")).status_code == 204
    assert ok(await admin.get("/tasks", kind="person_merge"))["items"] == []
    assert [row["actor_id"] for row in await acts(world, "merge_dismissed")] == [UUID(admin.id)]
    assert {(await row_of(world, "person", someone.id))["state"] for someone in (one, other)} == {"active"}


async def test_records_that_contradict_each_other_are_not_joined(world: World) -> None:
    admin, (first, second) = await world.admin(), await two_records(world)
    for person, born in ((first, "1988-03-12"), (second, "1988-03-13")):
        ok(await person.put("/me/profile", {"name": NAME, "birth_date": born, "expected_version": 1}))
    async with nothing_stored(world):
        body = refused(await merged(admin, first, second), 409, "merge_conflict")
        assert "出生日期不同" in body["message"]
        assert "1988" not in str(body)
    version = ok(await second.get("/me"))["person"]["version"]
    ok(await second.put("/me/profile", {"name": NAME, "birth_date": BORN, "expected_version": version}))
    assert (await merged(admin, first, second)).status_code == 204


async def test_what_the_office_has_dismissed_is_not_asked_at_every_login(world: World) -> None:
    admin, (first, second) = await world.admin(), await two_records(world)
    assert (await world.person(NAME, "zhipin")).id == first.id
    task = await merge_task(admin)
    assert (await admin.post(f"/person-merges/{task['id']}/dismiss")).status_code == 204
    assert (await world.person(NAME, "zhipin")).id == first.id
    assert (await world.person(NAME, "linggong")).id == second.id
    assert ok(await admin.get("/tasks", kind="person_merge"))["items"] == []


async def test_what_both_records_had_running_runs_once(world: World, hiring: Hiring) -> None:
    """An application, a report and a claim may each stand once per person: the kept record's own counts."""
    admin, (first, second) = await world.admin(), await two_records(world)
    both, lone, tried = await hiring.post(), await hiring.post(), await hiring.post()
    firm = ok(await first.get("/enterprises", name="石狮市森鸿服装有限公司"))[0]["id"]
    report = {"subject_kind": "vacancy", "subject_id": both["id"], "reason": ReportReason.FEE, "text": "要交押金"}
    for person in (first, second):
        await ready(world, person)
        await world.apply(person, both["id"])
        ok(await person.post("/reports", report, key=key()))
        ok(await person.post(f"/enterprises/{firm}/claims", {"uscc": fictional_credit_code("91350581MA0DEM0YY")}))
    again = await world.apply(second, tried["id"])
    ok(await second.post(f"/me/applications/{again['id']}/withdraw", {"expected_version": 1}, key=key()))
    for vacancy in (lone, tried):
        await world.apply(first, vacancy["id"])
    assert (await merged(admin, first, second)).status_code == 204
    second = await world.person(NAME, "linggong")
    states = sorted((row["vacancy_id"], row["state"]) for row in ok(await second.get("/me/applications"))["items"])
    assert states == sorted([
        (both["id"], "applied"), (lone["id"], "applied"), (tried["id"], "applied"), (tried["id"], "withdrawn"),
    ])  # fmt: skip
    # The firm sees the human once; the double stands there as withdrawn, without a contact.
    seen = ok(await hiring.recruiter.get(f"/vacancies/{both['id']}/candidates"))["items"]
    assert [(row["state"], row["contact"] is None) for row in seen] == [("applied", False), ("withdrawn", True)]
    for table, column in (("report", "reporter_id"), ("enterprise_claim", "person_id")):
        assert await owned(world, table, second, column) == await owned(world, table, first, column) == 1, table_of
    assert await owned(world, "seeker_profile", second) == 1


async def test_a_merged_record_leaves_with_its_person(world: World, hiring: Hiring) -> None:
    """What stayed behind with the old record is still the person's: in the export, and gone with the account."""
    admin, (first, second) = await world.admin(), await two_records(world)
    friend = await world.person()
    for person in (first, second):
        await world.consent(person, "service")
    await world.consent(first, "exact_location")
    ok(await first.put("/me/seeker-profile", {"wanted": [], "home": HOME}))
    ok(await second.put("/me/seeker-profile", {"wanted": []}))
    given = await relative_of(first, friend)
    assert (await merged(admin, first, second)).status_code == 204
    # Whoever acted for the old record acts no more: the person names them anew.
    assert (await row_of(world, "representation", given["id"]))["state"] == "revoked"
    tables = ok(await second.post("/me/export"))["tables"]
    assert sorted(row["home"] or "" for row in tables["seeker_profile"]) == ["", "24.731234,118.651234"]
    assert [row["id"] for row in tables["representation"]] == [given["id"]]
    assert {row["person_id"] for row in tables["login_session"]} == {first.id, second.id}
    assert (await second.post("/me/deletion", {"confirm": "注销"})).status_code == 204
    assert await holding(world, "118.651234") == set()
    for table in ("seeker_profile", "login_session", "wechat_identity"):
        assert await owned(world, table, first) == await owned(world, table, second) == 0, table_of


async def test_offices_and_firms_come_along(world: World) -> None:
    admin, (first, second) = await world.admin(), await two_records(world)
    firm = ok(await first.get("/enterprises", name=FIRM))[0]["id"]
    await world.appoint(first, Role.RECRUITER, ScopeKind.ENTERPRISE, firm)
    await world.appoint(first, Role.MEDIATOR)
    await world.claim_record(admin, first, "高德坤")
    assert (await merged(admin, first, second)).status_code == 204
    me = ok(await second.get("/me"))
    assert {row["role"] for row in me["roles"]} == {"recruiter", "mediator"}
    assert me["roster_name"] == "高德坤"
    # Who did what stays who did it: the log is not rewritten.
    assert {row["actor_id"] for row in await acts(world, "roster_claimed")} >= {UUID(first.id)}
    other = await world.person(f"p{uuid.uuid4().hex[:8]}", "zhipin")
    await world.claim_record(admin, other, "杨玲玲")
    refused(await merged(admin, other, second), 409, "merge_conflict")
