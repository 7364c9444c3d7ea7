"""Masks everywhere; a full value only by a reveal with a reason, which the person sees; contacts given and taken back."""

from typing import Any
from uuid import UUID

from app.models.identity import Person
from app.rules.identity.people import PersonState, RevealReason
from app.rules.identity.roles import Role
from demo.steps import OFFICER
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import nothing_stored
from tests.support.jobs import Hiring, key, set_columns
from tests.support.privacy import BORN, ID_NUMBER, acts, full_person, give_phone, grid_member, rows

PHONE = "13850000007"
EVERYTHING = {"name": "林小梅", "phone": PHONE, "id_number": ID_NUMBER, "birth_date": BORN}


async def reveal(reader: Someone, person: Someone, *fields: str, **more: Any) -> Any:
    return await reader.post(f"/people/{person.id}/reveal", {"fields": fields, "reason": "contact"} | more)


async def test_an_office_reveals_for_a_reason_and_the_person_sees_it(world: World) -> None:
    officer, seeker = await world.officer(), await full_person(world)
    once = key()
    form = {"fields": list(EVERYTHING), "reason": "verify", "reference_id": seeker.id}
    answers = [await officer.post(f"/people/{seeker.id}/reveal", form, key=once) for _ in range(2)]
    assert [ok(answer)["values"] for answer in answers] == [EVERYTHING] * 2
    # A revealed value is not kept as an answer: the second look is a look of its own, and counted.
    assert "Idempotent-Replayed" not in answers[1].headers
    assert await rows(world, "idempotency_record") == []
    entries = await acts(world, "revealed")
    assert [(row["actor_id"], row["subject_id"], row["details"]) for row in entries] == [
        (UUID(officer.id), seeker.id,
         {"fields": "birth_date,id_number,name,phone", "reason": "verify", "reference": seeker.id}),
    ] * 2  # fmt: skip
    for secret in EVERYTHING.values():
        assert secret not in str(await rows(world, "audit_entry"))
    ok(await reveal(officer, seeker, "phone"))
    seen = ok(await seeker.get("/me/accesses"))
    assert [(row["act"], row["fields"], row["reason"], row["reason_label"]) for row in seen] == [
        ("revealed", ["phone"], "contact", "联系本人办理业务"),
        *[("revealed", ["birth_date", "id_number", "name", "phone"], "verify", "核对身份")] * 2,
    ]
    # By the name under which the public roster prints the officer.
    assert {row["by"] for row in seen} == {OFFICER}
    assert ok(await (await world.person()).get("/me/accesses")) == []


async def test_without_a_reason_or_a_value_nothing_is_shown(world: World) -> None:
    officer, seeker = await world.officer(), await full_person(world)
    bare = await world.person()
    path = f"/people/{seeker.id}/reveal"
    async with nothing_stored(world):
        for wrong, field in (
            ({"fields": ["phone"]}, "reason"), ({"fields": ["phone"], "reason": ""}, "reason"),
            ({"fields": ["phone"], "reason": "看看"}, "reason"), ({"fields": ["phone"], "reason": None}, "reason"),
            ({"fields": [], "reason": "contact"}, "fields"), ({"reason": "contact"}, "fields"),
            ({"fields": ["unionid"], "reason": "contact"}, "fields.0"),
            ({"fields": ["name"] * 5, "reason": "contact"}, "fields"),
            ({"fields": ["phone"], "reason": "contact", "because": "…"}, "because"),
        ):  # fmt: skip
            answer = await officer.post(path, wrong)
            refused(answer, 422, "invalid_fields", field)
            assert PHONE not in answer.text
        body = refused(await reveal(officer, bare, "phone", "id_number"), 422, "nothing_to_reveal", "fields")
    assert body["message"] == "这个人没有登记手机号、身份证号，请去掉后再查看"
    assert ok(await seeker.get("/me/accesses")) == []
    for reason in RevealReason:
        assert ok(await reveal(officer, seeker, "phone", reason=reason.value))["values"] == {"phone": PHONE}
    assert len(ok(await seeker.get("/me/accesses"))) == len(RevealReason)


async def test_who_may_look_and_at_whom(world: World) -> None:
    areas = ok(await (await world.person()).get("/areas"))
    here, there = areas[0]["id"], areas[1]["id"]
    neighbour, stranger = await world.seeker(home_area_id=here), await world.seeker()
    member, far, clerk = await grid_member(world, here), await grid_member(world, there), await world.person()
    await world.appoint(clerk, Role.POINTS_CLERK)
    assert ok(await reveal(member, neighbour, "phone"))["values"] == {"phone": "13850000001"}
    # Where somebody lives is unknown or elsewhere: for this office they do not exist.
    for reader, person in ((far, neighbour), (member, stranger), (far, stranger)):
        refused(await reveal(reader, person, "phone"), 404, "person_invisible")
    for reader in (clerk, await world.admin(), neighbour, stranger):
        refused(await reveal(reader, neighbour, "phone"), 403, "forbidden")
    refused(await reveal(world.anonymous, neighbour, "phone"), 401, "token_invalid")
    assert len(await acts(world, "revealed")) == 1
    # The one at the counter is found also where nobody knows yet where they live; masked, and exactly this number.
    search = {"phone": "13850000001"}
    found = {reader.id: ok(await reader.post("/people/search", search))["items"] for reader in (member, far, clerk)}
    assert {row["id"] for row in found[member.id]} == {row["id"] for row in found[clerk.id]} == {
        neighbour.id, stranger.id,
    }  # fmt: skip
    assert [row["id"] for row in found[far.id]] == [stranger.id]
    assert found[far.id][0] == {
        "id": stranger.id, "version": found[far.id][0]["version"], "name_masked": "林*梅",
        "phone_masked": "138****0001", "birth_year": 1988, "id_number_masked": None,
    }  # fmt: skip
    assert ok(await member.post("/people/search", {"phone": "13850000002"}))["items"] == []
    refused(await member.post("/people/search", {"phone": "1385000"}), 422, "invalid_fields", "phone")
    refused(await stranger.post("/people/search", search), 403, "forbidden")
    looks = [(row["act"], row["reason"]) for row in ok(await neighbour.get("/me/accesses"))]
    assert sorted(looks, key=str) == [("person_found", None), ("person_found", None), ("revealed", "contact")]


async def test_who_is_no_longer_active_cannot_be_looked_up(world: World) -> None:
    officer, member, seeker = await world.officer(), await grid_member(world), await full_person(world)
    for state in (PersonState.DISABLED, PersonState.MERGED, PersonState.DELETED):
        await set_columns(world, Person, seeker.id, state=state)
        refused(await reveal(officer, seeker, "phone"), 404, "person_invisible")
        assert ok(await member.post("/people/search", {"phone": PHONE}))["items"] == []
    assert await acts(world, "revealed", "person_found") == []


async def test_an_old_answer_does_not_hand_out_a_contact_that_was_taken_back(world: World, hiring: Hiring) -> None:
    """The firm repeats the very call that once showed name and number."""
    vacancy, seeker, once = await hiring.post(), await world.seeker(), key()
    mine = await world.apply(seeker, vacancy["id"])
    path, step = f"/applications/{mine['id']}/steps", {"state": "viewed", "expected_version": 1}
    first = await hiring.recruiter.post(path, step, key=once)
    assert ok(first)["contact"] == {"name": "林小梅", "phone": "13850000001"}
    assert ok(first)["score"] is not None
    revoke = f"/me/applications/{mine['id']}/revoke-contact"
    refused(await seeker.post(revoke, {"expected_version": 1}, key=key()), 409, "stale", "expected_version")
    ok(await seeker.post(revoke, {"expected_version": 2}, key=key()))
    again = await hiring.recruiter.post(path, step, key=once)
    assert again.headers["Idempotent-Replayed"] == "true"
    blank: dict[str, Any] = {"contact": None, "score": None, "confidence": None, "parts": [], "reasons": [], "gaps": []}
    assert ok(again) == ok(first) | blank
    next_step = await hiring.recruiter.post(path, {"state": "interview", "expected_version": 3}, key=key())
    listed = await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/candidates")
    assert {name: ok(next_step)[name] for name in blank} == blank
    assert {name: ok(listed)["items"][0][name] for name in blank} == blank
    for answer in (again, next_step, listed):
        assert "林小梅" not in answer.text
        assert "13850000001" not in answer.text
    # The application itself goes on, and its owner may end it.
    assert ok(await seeker.get(f"/me/applications/{mine['id']}"))["state"] == "interview"
    assert [row["actor_id"] for row in await acts(world, "contact_revoked")] == [UUID(seeker.id)]


async def test_a_contact_goes_to_one_firm_as_it_is_now_and_until_it_says_no(world: World, hiring: Hiring) -> None:
    vacancy, declined, seeker = await hiring.post(), await hiring.post(), await full_person(world)
    mine, other = await world.apply(seeker, vacancy["id"]), await world.apply(seeker, declined["id"])

    async def contact(of: dict[str, Any]) -> Any:
        (shown,) = ok(await hiring.recruiter.get(f"/vacancies/{of['id']}/candidates"))["items"]
        return shown["contact"]

    # A correction reaches the firm; identity number and birth date never do.
    await give_phone(seeker, "13850000008")
    version = ok(await seeker.get("/me"))["person"]["version"]
    ok(await seeker.put("/me/profile", {"name": "林小美", "birth_date": BORN, "expected_version": version}))
    answer = await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/candidates")
    assert await contact(vacancy) == {"name": "林小美", "phone": "13850000008"}
    assert ID_NUMBER not in answer.text
    assert BORN not in answer.text
    # A name that a second person has not looked at yet is masked.
    held = {"name": "林SBX_REVIEW梅", "birth_date": BORN, "expected_version": version + 1}
    assert ok(await seeker.put("/me/profile", held))["name_held"] is True
    assert (await contact(vacancy))["name"] == "林" + "*" * 10 + "梅"
    # No office's business: applications are between the two.
    ok(await hiring.step(other, "rejected", reason="pay"))
    assert (await contact(declined), await contact(vacancy) is None) == (None, False)
    revoke = {"expected_version": 1}
    path = f"/me/applications/{mine['id']}/revoke-contact"
    refused(await hiring.recruiter.post(path, revoke, key=key()), 404, "application_not_found")
    refused(await seeker.post(path, revoke), 422, "idempotency_key_missing", "header.Idempotency-Key")
    for _ in range(2):  # taking back twice is taking back once
        ok(await seeker.post(path, {"expected_version": (await rows(world, "application"))[0]["version"]}, key=key()))
    assert await contact(vacancy) is None
    assert len(await acts(world, "contact_revoked")) == 1
