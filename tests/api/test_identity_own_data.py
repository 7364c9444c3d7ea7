"""My data: all of it and only mine; an account that ends, what the law keeps of it, and for how long."""

import asyncio
import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from app.core.clock import china_date
from app.models.common import SubscriptionCounter
from app.rules.identity.apps import WechatApp
from app.rules.identity.roles import Role, ScopeKind
from app.services.identity.person_tables import HIDDEN_COLUMNS, PERSON_COLUMNS, OnDeletion
from demo.steps import FIRM
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import count, nothing_stored
from tests.support.identity import phone as log_in
from tests.support.jobs import Hiring, key
from tests.support.privacy import (
    BORN,
    HOME,
    ID_NUMBER,
    acting,
    acts,
    full_person,
    give_phone,
    grid_member,
    holding,
    opened,
    record_form,
    relative_of,
    row_of,
    rows,
    table_of,
)
from tests.support.uploads import pdf, uploaded

PHONE = "13850000007"
SECRETS = (PHONE, ID_NUMBER, "118.651234")
COMPLAINT = "面试时要交三百元服装费"
WORD = {"confirm": "注销"}


async def busy_person(world: World, hiring: Hiring) -> Someone:
    """Somebody who has done everything that leaves rows behind."""
    vacancy = await hiring.post()
    person, relative, member = await full_person(world), await world.person(), await grid_member(world)
    mine = await world.apply(person, vacancy["id"])
    ok(await hiring.step(mine, "interview"))
    evidence = await uploaded(person, pdf())
    await uploaded(person, pdf(2))
    report = {
        "subject_kind": "vacancy", "subject_id": vacancy["id"], "reason": "fee", "text": COMPLAINT,
        "file_ids": [evidence["file_id"]],
    }  # fmt: skip
    ok(await person.post("/reports", report, key=key()))
    accepted = await relative_of(person, relative)
    code = {"operation": "give_consent"}
    ok(await relative.post(f"/representations/{accepted['id']}/own-codes", code))
    ok(await member.post("/representations/recorded", record_form(person, note="在塘后村窗口口头同意")))
    form = {"wanted": [], "home": HOME, "expected_version": ok(await person.get("/me/seeker-profile"))["version"]}
    ok(await acting(relative, accepted).put("/me/seeker-profile", form))
    await world.apply(person, (await hiring.post())["id"])
    async with world.runtime.db.unit_of_work() as session:
        session.add(
            SubscriptionCounter(
                person_id=UUID(person.id), app=WechatApp.ZHIPIN, template_id="TPL_MOVED", remaining=1,
                updated_at=world.clock.now(),
            )
        )  # fmt: skip
    return person


async def stranger(world: World, hiring: Hiring) -> Someone:
    """Somebody else with data of the same kinds."""
    person = await world.seeker()
    version = ok(await person.get("/me"))["person"]["version"]
    ok(await person.put("/me/profile", {"name": "王大力", "birth_date": "1990-01-01", "expected_version": version}))
    await give_phone(person, "13850000009")
    await world.apply(person, (await hiring.post())["id"])
    return person


async def test_the_export_holds_everything_of_mine_and_nothing_of_others(world: World, hiring: Hiring) -> None:
    person, other = await busy_person(world, hiring), await stranger(world, hiring)
    answer = await person.post("/me/export", key="export-00000001")
    export = json.loads(answer.content)
    assert (export["format"], export["person_id"]) == ("sanqu-export-1", person.id)
    tables: dict[str, list[dict[str, Any]]] = export["tables"]
    for place, rule in PERSON_COLUMNS.items():
        name, column = place.split(".")
        held = await rows(world, name, table_of(name).c[column] == UUID(person.id))
        shown = [row for row in tables.get(name, []) if row[column] == person.id]
        assert len(shown) == len(held) or not rule.exported, place
    assert {
        "person", "wechat_identity", "login_session", "consent", "seeker_profile", "application", "application_step",
        "file", "file_use", "report", "representation", "assisted_act", "notice", "subscription_counter",
    } <= set(tables)  # fmt: skip
    # Sealed values are opened, under the name of the value.
    (me,) = tables["person"]
    assert (me["name"], me["phone"], me["birth_date"], me["id_number"]) == ("林小梅", PHONE, BORN, ID_NUMBER)
    assert tables["report"][0]["text"] == COMPLAINT
    assert "在塘后村窗口口头同意" in {row["note"] for row in tables["representation"]}
    assert sorted(row["state"] for row in tables["application_step"]) == ["applied", "applied", "interview"]
    names = {name for table in tables.values() for row in table for name in row}
    assert not names & HIDDEN_COLUMNS
    assert not [name for name in names if name.endswith(("_sealed", "_hash"))]
    for foreign in ("王大力", "13850000009", "1990-01-01", other.id, "session_key"):
        assert foreign not in answer.text
    # It is not kept as an answer, and the person sees that it was made.
    assert "export_my_data" not in {row["operation"] for row in await rows(world, "idempotency_record")}
    assert [row["act"] for row in ok(await person.get("/me/accesses"))] == ["exported"]
    for _ in range(4):
        ok(await person.post("/me/export"))
    limited = await person.post("/me/export")
    refused(limited, 429, "too_many_requests")
    assert int(limited.headers["Retry-After"]) > 0
    refused(await world.anonymous.post("/me/export"), 401, "token_invalid")


async def test_a_slip_of_the_finger_deletes_nobody(world: World) -> None:
    admin, person = await world.admin(), await world.person()
    owner, recruiter = await world.person(), await world.person()
    firm = ok(await owner.get("/enterprises", name=FIRM))[0]
    await world.appoint(owner, Role.OWNER, ScopeKind.ENTERPRISE, firm["id"])
    await world.appoint(recruiter, Role.RECRUITER, ScopeKind.ENTERPRISE, firm["id"])
    async with nothing_stored(world):
        for word in ("", "yes", "注", "注销账号"):
            body = refused(await person.post("/me/deletion", {"confirm": word}), 422, "deletion_word_wrong", "confirm")
            assert "请输入“注销”以确认" in body["message"]
        refused(await person.post("/me/deletion", {}), 422, "invalid_fields", "confirm")
        refused(await world.anonymous.post("/me/deletion", WORD), 401, "token_invalid")
        body = refused(await admin.post("/me/deletion", WORD), 409, "deletion_blocked")
        assert "最后一位系统管理员" in body["message"]
        body = refused(await owner.post("/me/deletion", WORD), 409, "deletion_blocked")
        assert f"您是“{FIRM}”唯一的负责人" in body["message"]
    await world.appoint(person, Role.OWNER, ScopeKind.ENTERPRISE, firm["id"])
    assert (await owner.post("/me/deletion", {"confirm": " 注销 "})).status_code == 204


async def test_of_a_deleted_account_only_what_the_law_keeps_is_left_and_sealed(world: World, hiring: Hiring) -> None:
    person, other = await busy_person(world, hiring), await stranger(world, hiring)
    openid = (await rows(world, "wechat_identity", table_of("wechat_identity").c.person_id == UUID(person.id)))[0][
        "openid"
    ]
    unionid = (await row_of(world, "person", person.id))["unionid"]
    assert await holding(world, *SECRETS) >= {"person.phone_sealed", "seeker_profile.home_sealed"}
    answer = await person.post("/me/deletion", WORD, key="deletion-0000001")
    assert answer.status_code == 204
    # Every value is gone from every table but from the sealed record.
    assert await holding(world, *SECRETS) == {"retained_record.content_sealed"}
    assert await holding(world, openid, unionid) == set()
    gone = await row_of(world, "person", person.id)
    assert gone["state"] == "deleted"
    assert {gone[name] for name in gone if name.endswith(("_sealed", "_hash")) or name == "unionid"} == {None}
    for place, rule in PERSON_COLUMNS.items():
        name, column = place.split(".")
        if rule.on_deletion is OnDeletion.DELETE:
            assert await count(world, table_of(name), table_of(name).c[column] == UUID(person.id)) == 0
    assert "在塘后村窗口口头同意" in (await opened(world))["representation.note_sealed"]
    assert {row["state"] for row in await rows(world, "representation")} == {"revoked"}
    # Uploads that nothing names are gone, evidence stays with its report.
    files = await rows(world, "file", table_of("file").c.owner_id == UUID(person.id))
    assert sorted((row["bound"], row["object_name"] is None) for row in files) == [(False, True), (True, False)]
    assert {row["caller"] for row in await rows(world, "idempotency_record")} & {UUID(person.id).hex} == set()
    # The other person has lost nothing.
    assert ok(await other.get("/me"))["person"]["name"] == "王大力"
    assert len(ok(await other.get("/me/applications"))["items"]) == 1


async def test_the_sealed_record_says_what_until_when(world: World, hiring: Hiring) -> None:
    person = await busy_person(world, hiring)
    applications = ok(await person.get("/me/applications"))["items"]
    assert (await person.post("/me/deletion", WORD)).status_code == 204
    today = china_date(world.clock.now())
    kept = {row["retention_class"]: row for row in await rows(world, "retained_record")}
    assert set(kept) == {"recruitment", "consent_proof"}
    assert {row["keep_until"] for row in kept.values()} == {date(today.year + 3, today.month, today.day)}
    assert {row["person_id"] for row in kept.values()} == {UUID(person.id)}
    contents = [json.loads(text) for text in (await opened(world))["retained_record.content_sealed"]]
    served = next(content for content in contents if "applications" in content)
    assert (served["name"], served["phone"]) == ("林小梅", PHONE)
    assert {row["application_id"] for row in served["applications"]} == {row["id"] for row in applications}
    assert {row["enterprise"] for row in served["applications"]} == {FIRM}
    agreed = next(content for content in contents if "consents" in content)
    assert {row["purpose"] for row in agreed["consents"]} == {
        "service", "personal_recommendation", "exact_location", "id_number",
    }  # fmt: skip
    # More than the law asks for is not kept.
    assert ID_NUMBER not in str(contents)
    assert BORN not in str(contents)
    # Ids only: consents, steps and the log go on counting.
    assert await count(world, table_of("consent"), table_of("consent").c.person_id == UUID(person.id)) == 4
    assert [row["actor_id"] for row in await acts(world, "account_deleted")] == [UUID(person.id)]


async def test_after_a_deletion_others_see_nobody_and_the_person_begins_anew(world: World, hiring: Hiring) -> None:
    vacancy, member, officer = await hiring.post(), await grid_member(world), await world.officer()
    device = await log_in(world, "林小梅")
    seeker = device.someone
    for purpose in ("service", "personal_recommendation"):
        await world.consent(seeker, purpose)
    ok(await seeker.put("/me/seeker-profile", {"wanted": []}))
    ok(await seeker.put("/me/profile", {"name": "林小梅", "birth_date": BORN, "expected_version": 1}))
    await give_phone(seeker, PHONE)
    mine = await world.apply(seeker, vacancy["id"])
    assert (await seeker.post("/me/deletion", WORD)).status_code == 204
    refused(await seeker.get("/me"), 401, "token_invalid")
    assert (await device.refresh()).status_code == 401
    answer = await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/candidates")
    (shown,) = ok(answer)["items"]
    assert (shown["id"], shown["state"], shown["contact"], shown["score"]) == (mine["id"], "withdrawn", None, None)
    assert "林小梅" not in answer.text
    refused(await hiring.step(shown, "interview"), 409, "application_state_wrong")
    assert ok(await member.post("/people/search", {"phone": PHONE}))["items"] == []
    refused(
        await officer.post(f"/people/{seeker.id}/reveal", {"fields": ["name"], "reason": "contact"}),
        404,
        "person_invisible",
    )
    refused(await member.post("/representations/recorded", record_form(seeker)), 404, "person_invisible")
    anew = await world.person("林小梅")
    assert anew.id != seeker.id
    me = ok(await anew.get("/me"))
    assert (me["person"]["name"], me["person"]["phone_masked"], me["has_seeker_profile"]) == (None, None, False)
    assert len(me["missing_consents"]) == 2
    assert ok(await anew.get("/me/applications"))["items"] == []
    # The name can be used again, and the number.
    await give_phone(anew, PHONE)
    assert [row["id"] for row in ok(await member.post("/people/search", {"phone": PHONE}))["items"]] == [anew.id]


async def test_who_worked_for_a_firm_or_the_town_leaves_no_gap(world: World, hiring: Hiring) -> None:
    vacancy, officer, admin = await hiring.post(), await world.officer(), await world.admin()
    record = (await rows(world, "roster_person", table_of("roster_person").c.person_id == UUID(officer.id)))[0]
    for leaving in (officer, hiring.recruiter):
        assert (await leaving.post("/me/deletion", WORD)).status_code == 204
        refused(await leaving.get("/me"), 401, "token_invalid")
    # The posting is the firm's, the public roster is the town's.
    assert ok(await world.anonymous.get(f"/vacancies/{vacancy['id']}"))["state"] == "published"
    successor = await world.person()
    assert await world.claim_record(admin, successor, record["name"]) == str(record["id"])
    assert ok(await successor.get("/me"))["roles"] == []
    held = await rows(world, "appointment", table_of("appointment").c.person_id == UUID(officer.id))
    assert {row["valid_to"] is not None and row["valid_to"] <= world.clock.now() for row in held} == {True}


async def test_two_taps_on_delete_are_one_deletion(world: World, hiring: Hiring) -> None:
    seeker = await full_person(world)
    await world.apply(seeker, (await hiring.post())["id"])
    answers = await asyncio.gather(*(seeker.post("/me/deletion", WORD) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [204, 401, 401, 401]
    kept = await rows(world, "retained_record")
    assert sorted(row["retention_class"] for row in kept) == ["consent_proof", "recruitment"]
    assert len(await acts(world, "account_deleted")) == 1
    assert await count(world, table_of("application")) == 1
    assert await count(world, table_of("notice"), table_of("notice").c.person_id == UUID(seeker.id)) == 0


async def test_a_right_that_ended_yesterday_does_not_hold_anybody(world: World) -> None:
    """The last owner by a letter that has run out may leave."""
    admin, owner = await world.admin(), await world.person()
    firm = ok(await owner.get("/enterprises", name=FIRM))[0]
    held = await world.appoint(owner, Role.OWNER, ScopeKind.ENTERPRISE, firm["id"])
    refused(await owner.post("/me/deletion", WORD), 409, "deletion_blocked")
    ok(await admin.post(f"/appointments/{held['id']}/end", {"expected_version": 1}))
    world.clock.advance(timedelta(seconds=1))
    assert (await owner.post("/me/deletion", WORD)).status_code == 204
