"""Staff: bootstrap and claim codes, appointments with their scopes and times, and the last administrator."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.core.clock import FixedClock
from app.core.tables import IdempotencyRecord
from app.models.identity import Appointment, ClaimCode
from app.rules.identity.roles import Role, ScopeKind
from app.services.identity import staff
from demo.steps import ADMIN, FIRM, OFFICER
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY, count, nothing_stored, roster_id

CODE: Any = ClaimCode.__table__.c
OTHER = "赖晓伟"
END = {"expected_version": 1}
MANAGING = [
    ("GET", "/appointments"),
    ("POST", "/appointments"),
    ("POST", f"/appointments/{NOBODY}/end"),
    ("POST", f"/roster/{NOBODY}/claim-codes"),
]


async def bootstrap(world: World, name: str | None = ADMIN) -> str:
    async with world.runtime.db.unit_of_work() as session:
        return await staff.bootstrap(session, staff_name=name, now=world.clock.now())


async def claim(person: Someone, code: str, name: str) -> Any:
    return await person.post("/roster/claims", {"code": code, "name": name})


async def issue(admin: Someone, name: str) -> str:
    answer = await admin.post(f"/roster/{await roster_id(admin, name)}/claim-codes")
    assert answer.status_code == 201
    return str(answer.json()["claim_code"])


async def relogin(person: Someone) -> Someone:
    return await person.world.person(person.name, person.app)


def form(person: Someone, role: Role = Role.GRID_MEMBER, **changes: Any) -> dict[str, Any]:
    return {
        "person_id": person.id, "role": role, "scope_kind": "town", "scope_id": None, "source": "镇党委会议决定",
    } | changes  # fmt: skip


def body_of(method: str, path: str) -> dict[str, Any]:
    if method == "GET" or path.endswith("claim-codes"):
        return {}
    if path.endswith("/end"):
        return {"json": END}
    return {"json": {"person_id": NOBODY, "role": "trainer", "scope_kind": "town", "source": "测试"}}


@pytest.mark.parametrize(("method", "path"), [*MANAGING, ("POST", "/roster/claims")])
async def test_without_a_token_nothing(world: World, method: str, path: str):
    async with nothing_stored(world):
        refused(await world.anonymous.call(method, path, **body_of(method, path)), 401, "token_invalid")


@pytest.mark.parametrize(("method", "path"), MANAGING)
async def test_only_a_town_admin_manages_staff(world: World, method: str, path: str):
    villager, officer, recruiter = await world.person(), await world.officer(), (await world.firm())[0]
    area = (await world.anonymous.get("/areas")).json()[0]["id"]
    partial = await world.person()
    await world.appoint(partial, Role.TOWN_ADMIN, ScopeKind.AREA, area)
    async with nothing_stored(world):
        for someone in (villager, officer, recruiter, partial):
            refused(await someone.call(method, path, **body_of(method, path)), 403, "forbidden")


async def test_the_first_admin_comes_by_a_code_that_works_once(world: World):
    code = await bootstrap(world)
    first, second = await world.person(), await world.person()
    refused(await first.get("/roster"), 403, "forbidden")
    record = ok(await claim(first, code, ADMIN))["roster_person_id"]
    assert record == await roster_id(first, ADMIN)
    assert ok(await first.get("/me"))["roster_name"] == ADMIN
    (appointment,) = ok(await first.get("/appointments", limit=100))["items"]
    assert (appointment["person_id"], appointment["role"], appointment["scope_kind"]) == (
        first.id,
        "town_admin",
        "town",
    )
    async with nothing_stored(world):
        refused(await claim(second, code, ADMIN), 422, "claim_code_invalid", "code")
        refused(await claim(second, code, OTHER), 422, "claim_code_invalid", "code")
        refused(await second.get("/roster"), 403, "forbidden")


async def test_a_second_bootstrap_kills_the_first_code(world: World):
    first, second = await bootstrap(world), await bootstrap(world)
    person = await world.person()
    refused(await claim(person, first, ADMIN), 422, "claim_code_invalid", "code")
    ok(await claim(person, second, ADMIN))


async def test_a_bootstrap_code_without_a_name_opens_the_record_that_is_named(world: World):
    code = await bootstrap(world, None)
    person = await world.person()
    refused(await claim(person, code, "查无此人"), 422, "claim_name_mismatch", "name")
    ok(await claim(person, code, OTHER))
    assert ok(await person.get("/me"))["roster_name"] == OTHER


async def test_one_code_claimed_by_many_at_once_gives_one_admin(world: World):
    code = await bootstrap(world, None)
    people = [await world.person() for _ in range(4)]
    answers = await asyncio.gather(*(claim(person, code, ADMIN) for person in people))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422]
    assert await count(world, Appointment.__table__) == 1


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: code.lower(),
        lambda code: f"{code[:5]}-{code[5:]}",
        lambda code: f" {code[:3]} {code[3:6]} {code[6:]} ",
        lambda code: code.replace("0", "O").replace("1", "I"),
        lambda code: code.replace("0", "o").replace("1", "l"),
    ],
    ids=["lower case", "dashes", "spaces", "O and I", "o and l"],
)
async def test_a_code_may_be_typed_as_people_type(world: World, typed):
    person = await world.person()
    code = await bootstrap(world)
    for _ in range(200):
        # Some codes hold neither digit: one that does is what the test is about.
        if "0" in code and "1" in code:
            break
        code = await bootstrap(world)
    ok(await claim(person, typed(code), f" {ADMIN} "))


async def test_wrong_codes_and_wrong_names(world: World, clock: FixedClock):
    admin, person = await world.admin(), await world.person()
    code = await issue(admin, OFFICER)
    async with nothing_stored(world):
        wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
        refused(await claim(person, wrong, OFFICER), 422, "claim_code_invalid", "code")
        refused(await claim(person, "????????", OFFICER), 422, "claim_code_invalid", "code")
        # The code of one record does not open another, whether the name exists or not.
        for name in (OTHER, "查无此人", ADMIN):
            refused(await claim(person, code, name), 422, "claim_name_mismatch", "name")
        clock.advance(timedelta(days=7))
        person = Someone(world, person.name, "zhipin", "", person.id)
    person = await relogin(person)
    refused(await claim(person, code, OFFICER), 422, "claim_code_invalid", "code")


async def test_a_code_lives_seven_days(world: World, clock: FixedClock):
    admin, person = await world.admin(), await world.person()
    answer = ok(await admin.post(f"/roster/{await roster_id(admin, OFFICER)}/claim-codes"))
    expires = datetime.fromisoformat(answer["expires_at"])
    assert expires == (clock.now() + timedelta(days=7)).replace(microsecond=0)
    clock.advance(timedelta(days=7) - timedelta(seconds=1))
    ok(await claim(await relogin(person), answer["claim_code"], OFFICER))


async def test_a_code_shown_once_is_not_kept_for_a_repeat(world: World):
    admin = await world.admin()
    path = f"/roster/{await roster_id(admin, OFFICER)}/claim-codes"
    answers = [await admin.post(path, key="claim-code-0001") for _ in range(2)]
    assert len({ok(answer)["claim_code"] for answer in answers}) == 2
    assert await count(world, IdempotencyRecord.__table__) == 0


async def test_claiming_gives_no_role(world: World):
    admin, person = await world.admin(), await world.person()
    code = await issue(admin, OFFICER)
    ok(await claim(person, code, OFFICER))
    refused(await person.get("/roster"), 403, "forbidden")
    row = next(row for row in ok(await admin.get("/roster")) if row["name"] == OFFICER)
    assert row["person_id"] == person.id
    assert await count(world, ClaimCode.__table__, CODE.code_hash == code) == 0, "a code is kept as its hash only"


async def test_one_record_one_person(world: World):
    admin, first, second = await world.admin(), await world.person(), await world.person()
    # The second is an open code: the name in the claim picks the record.
    codes = [await issue(admin, OFFICER), await bootstrap(world, None), await issue(admin, OTHER)]
    ok(await claim(first, codes[0], OFFICER))
    async with nothing_stored(world):
        refused(await claim(second, codes[1], OFFICER), 409, "roster_person_taken")
        refused(await claim(first, codes[2], OTHER), 409, "already_claimed")
        again = await admin.post(f"/roster/{await roster_id(admin, OFFICER)}/claim-codes")
        refused(again, 409, "roster_person_taken")
    # The refusals spent nothing.
    ok(await claim(second, codes[2], OTHER))


async def test_one_person_with_two_codes_at_once_claims_one(world: World):
    admin, person = await world.admin(), await world.person()
    codes = {name: await issue(admin, name) for name in (OFFICER, OTHER)}
    answers = await asyncio.gather(*(claim(person, code, name) for name, code in codes.items()))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    claimed = [row for row in ok(await admin.get("/roster")) if row["person_id"] == person.id]
    assert len(claimed) == 1


async def test_codes_for_records_that_are_not(world: World):
    admin = await world.admin()
    async with nothing_stored(world):
        refused(await admin.post(f"/roster/{NOBODY}/claim-codes"), 404, "roster_person_not_found")
        refused(await admin.post("/roster/1/claim-codes"), 422, "invalid_fields", "path.roster_person_id")


async def test_an_appointment_works_at_once_and_its_end_on_the_next_call(world: World, clock: FixedClock):
    admin, person = await world.admin(), await world.person()
    refused(await person.get("/roster"), 403, "forbidden")
    answer = await admin.post("/appointments", form(person, Role.GRID_LEADER))
    assert answer.status_code == 201
    made = ok(answer)
    assert (made["valid_to"], made["version"], made["source"]) == (None, 1, "镇党委会议决定")
    assert made in ok(await admin.get("/appointments", limit=100))["items"]
    assert len(ok(await person.get("/roster"))) == 66
    ended = ok(await admin.post(f"/appointments/{made['id']}/end", END))
    assert (ended["id"], ended["version"]) == (made["id"], 2)
    refused(await person.get("/roster"), 403, "forbidden")
    assert ok(await person.get("/me"))["roles"] == []
    assert made["id"] not in [row["id"] for row in ok(await admin.get("/appointments", limit=100))["items"]]


async def test_appointments_have_a_beginning_and_an_end(world: World, clock: FixedClock):
    admin, person = await world.admin(), await world.person()
    start, end = clock.now() + timedelta(minutes=10), clock.now() + timedelta(minutes=20)
    made = ok(await admin.post("/appointments", form(person, valid_from=start.isoformat(), valid_to=end.isoformat())))
    assert made in ok(await admin.get("/appointments", limit=100))["items"]
    refused(await person.get("/roster"), 403, "forbidden")
    clock.advance(timedelta(minutes=10))
    ok(await person.get("/roster"))
    clock.advance(timedelta(minutes=10))
    refused(await person.get("/roster"), 403, "forbidden")
    refused(await admin.post(f"/appointments/{made['id']}/end", END), 409, "appointment_ended")
    assert made["id"] not in [row["id"] for row in ok(await admin.get("/appointments", limit=100))["items"]]


async def test_an_appointment_ended_before_it_began_never_begins(world: World, clock: FixedClock):
    admin, person = await world.admin(), await world.person()
    start = clock.now() + timedelta(minutes=10)
    made = ok(await admin.post("/appointments", form(person, valid_from=start.isoformat())))
    ok(await admin.post(f"/appointments/{made['id']}/end", END))
    assert made["id"] not in [row["id"] for row in ok(await admin.get("/appointments", limit=100))["items"]]
    again = await admin.post(f"/appointments/{made['id']}/end", {"expected_version": 2})
    refused(again, 409, "appointment_ended")
    clock.advance(timedelta(minutes=10))
    refused(await person.get("/roster"), 403, "forbidden")


async def test_ending_names_the_version_and_happens_once(world: World):
    admin, person = await world.admin(), await world.person()
    made = await world.appoint(person, Role.TRAINER)
    async with nothing_stored(world):
        stale = await admin.post(f"/appointments/{made['id']}/end", {"expected_version": 2})
        refused(stale, 409, "stale", "expected_version")
        refused(await admin.post(f"/appointments/{NOBODY}/end", END), 404, "appointment_not_found")
        refused(await admin.post("/appointments/x/end", END), 422, "invalid_fields", "path.appointment_id")
    answers = await asyncio.gather(*(admin.post(f"/appointments/{made['id']}/end", END) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


SCOPES = [
    ({"role": "recruiter"}, "scope_not_allowed", "scope_kind"),
    ({"role": "jobs_officer", "scope_kind": "enterprise", "scope_id": NOBODY}, "scope_not_allowed", "scope_kind"),
    ({"role": "grid_leader", "scope_kind": "case", "scope_id": NOBODY}, "scope_not_allowed", "scope_kind"),
    ({"scope_id": NOBODY}, "scope_id_wrong", "scope_id"),
    ({"scope_kind": "area"}, "scope_id_wrong", "scope_id"),
    ({"scope_kind": "area", "scope_id": NOBODY}, "scope_id_wrong", "scope_id"),
    ({"scope_kind": "grid", "scope_id": NOBODY}, "scope_id_wrong", "scope_id"),
    ({"role": "owner", "scope_kind": "enterprise", "scope_id": NOBODY}, "scope_id_wrong", "scope_id"),
    ({"person_id": NOBODY}, "person_not_found", "person_id"),
    ({"valid_from": "2026-11-24T08:00:00+08:00", "valid_to": "2026-11-24T00:00:00Z"}, "appointment_period_wrong",
     "valid_to"),
    ({"valid_to": "2020-01-01T00:00:00+08:00"}, "appointment_period_wrong", "valid_to"),
    ({"valid_to": "2030-01-01T00:00:00"}, "invalid_fields", "valid_to"),
    ({"valid_to": "9999-12-31T23:59:59-12:00"}, "invalid_fields", "valid_to"),
    ({"valid_from": "0001-01-01T00:00:00+12:00"}, "invalid_fields", "valid_from"),
    ({"valid_to": "明天"}, "invalid_fields", "valid_to"),
    ({"role": "king"}, "invalid_fields", "role"),
    ({"scope_kind": "world"}, "invalid_fields", "scope_kind"),
    ({"source": " "}, "invalid_fields", "source"),
    ({"source": "字" * 201}, "invalid_fields", "source"),
]  # fmt: skip


async def test_appointments_that_make_no_sense_are_refused_by_field(world: World):
    admin, person = await world.admin(), await world.person()
    async with nothing_stored(world):
        for changes, code, field in SCOPES:
            refused(await admin.post("/appointments", form(person, **changes)), 422, code, field)


async def test_scopes_that_exist_are_taken(world: World):
    admin, person = await world.admin(), await world.person()
    area = ok(await world.anonymous.get("/areas"))[0]["id"]
    firm = ok(await person.get("/enterprises", name=FIRM))[0]["id"]
    await world.appoint(person, Role.GRID_LEADER, ScopeKind.AREA, area)
    await world.appoint(person, Role.OWNER, ScopeKind.ENTERPRISE, firm)
    roles = {(role["role"], role["scope_kind"], role["scope_id"]) for role in ok(await person.get("/me"))["roles"]}
    assert roles == {("grid_leader", "area", area), ("owner", "enterprise", firm)}
    assert len(ok(await admin.get("/appointments", limit=100))["items"]) == 3


async def test_the_last_admin_stays(world: World, clock: FixedClock):
    admin, second = await world.admin(), await world.person()
    (mine,) = ok(await admin.get("/appointments", limit=100))["items"]
    area = ok(await world.anonymous.get("/areas"))[0]["id"]
    # Neither an admin of one area nor one to come can take the place of the last one.
    await world.appoint(second, Role.TOWN_ADMIN, ScopeKind.AREA, area)
    tomorrow = (clock.now() + timedelta(days=1)).isoformat()
    later = await world.person()
    ok(await admin.post("/appointments", form(later, Role.TOWN_ADMIN, valid_from=tomorrow)))
    refused(await admin.post(f"/appointments/{mine['id']}/end", END), 409, "last_admin")
    ok(await admin.get("/appointments", limit=100))["items"]
    theirs = await world.appoint(second, Role.TOWN_ADMIN)
    ok(await second.post(f"/appointments/{mine['id']}/end", END))
    refused(await admin.get("/appointments"), 403, "forbidden")
    refused(await second.post(f"/appointments/{theirs['id']}/end", END), 409, "last_admin")


async def test_two_admins_who_end_each_other_at_once_leave_one(world: World):
    first, second = await world.admin(), await world.person()
    (mine,) = ok(await first.get("/appointments", limit=100))["items"]
    theirs = await world.appoint(second, Role.TOWN_ADMIN)
    answers = await asyncio.gather(
        first.post(f"/appointments/{theirs['id']}/end", END), second.post(f"/appointments/{mine['id']}/end", END)
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 409], [200, 403])
    left = [person for person in (first, second) if (await person.get("/appointments")).is_success]
    assert len(left) == 1
