"""People for a vacancy and invitations over HTTP: who is shown, what is shown, each answer, limits, races."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.models.common import Notice
from app.models.identity import Person
from app.models.jobs import Application, Invitation, SeekerProfile
from app.rules.jobs.invitations import FINDABLE_VERSION, INVITATIONS_PER_DAY
from app.tasks.sweeps import sweep
from tests.factories.world import Someone, World, ok, refused
from tests.support.funnel import accept, findable, invite, later, suggested, told
from tests.support.jobs import NOBODY, Hiring, count, counted, key, rival, set_columns

ON = {"findable": True, "text_version": FINDABLE_VERSION}
OFF = {"findable": False}


async def test_the_switch_is_off_until_its_words_are_read(world: World, hiring: Hiring) -> None:
    seeker, vacancy = await world.seeker(), await hiring.post()
    profile = ok(await seeker.get("/me/seeker-profile"))
    assert (profile["findable"], profile["findable_at"], profile["findable_text_version"]) == (
        False,
        None,
        FINDABLE_VERSION,
    )
    assert "看不到您的姓名" in profile["findable_text"]
    assert await suggested(hiring, vacancy) == []
    refused(await seeker.put("/me/findable", {"findable": True}), 422, "findable_text_wrong", "text_version")
    on = ok(await seeker.put("/me/findable", ON))
    assert (on["findable"], on["version"]) == (True, profile["version"] + 1)
    assert ok(await seeker.put("/me/findable", ON))["version"] == on["version"]
    assert len(await suggested(hiring, vacancy)) == 1
    # Saving the form says nothing about the switch.
    saved = ok(await seeker.put("/me/seeker-profile", {"machines": ["平车"], "expected_version": on["version"]}))
    assert saved["findable"] is True
    assert ok(await seeker.put("/me/findable", OFF))["findable_at"] is None
    assert await suggested(hiring, vacancy) == []
    refused(await (await world.person()).put("/me/findable", ON), 422, "consent_missing", "consent")
    refused(await (await world.seeker(ready=False)).put("/me/findable", ON), 422, "birth_date_needed", "birth_date")
    nobody = await world.person()
    refused(await nobody.put("/me/findable", OFF), 404, "seeker_profile_missing")
    refused(await world.anonymous.put("/me/findable", ON), 401, "token_invalid")


async def test_a_firm_is_shown_what_fits_and_nothing_of_the_person(world: World, hiring: Hiring) -> None:
    sewing = await world.occupation()
    vacancy = await hiring.post(required_machines=["平车"], required_years=3)
    master = await findable(
        world, experience_years={sewing: 9}, machines=["平车"], wish_pay_unit="month", wish_pay_fen=612300
    )
    await findable(world, experience_years={sewing: 0})
    path = f"/vacancies/{vacancy['id']}/suggested-seekers"
    answer = await hiring.recruiter.get(path)
    items = ok(answer)["items"]
    assert [items[0]["score"] > items[1]["score"], len(items)] == [True, 2]
    assert "平缝工9年" in items[0]["reasons"][0]
    assert set(items[0]) == {"seeker_ref", "score", "confidence", "parts", "reasons", "gaps"}
    assert sum(part["points"] for part in items[0]["parts"]) == items[0]["score"]
    assert [part["key"] for part in items[0]["parts"] if part["side"] == "seeker"] == ["wishes"]
    for secret in ("林小梅", "13850000001", "1988", master.id, "612300", "6123"):
        assert secret not in answer.text
    # The same person reads differently each time and opens at no other vacancy.
    again = ok(await hiring.recruiter.get(path))["items"][0]
    assert again["seeker_ref"] != items[0]["seeker_ref"]
    other = await hiring.post(title="平车组长")
    refused(await invite(hiring, other, again["seeker_ref"]), 422, "seeker_ref_invalid", "seeker_ref")
    assert len(ok(await hiring.recruiter.get(path, limit=1))["items"]) == 1
    engine = world.runtime.db.reader
    with counted(engine) as two:
        await hiring.recruiter.get(path)
    for _ in range(3):
        await findable(world)
    with counted(engine) as five:
        await hiring.recruiter.get(path)
    assert len(five) == len(two)


async def test_who_is_not_shown(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post(features=["night_work"], shift_pattern="night")
    await findable(world, hidden_from=[hiring.firm_id])
    await findable(world, no_list=["night_work"])
    child, unborn, gone, applied = [await findable(world) for _ in range(4)]
    born = world.clock.now().date() - timedelta(days=365 * 15)
    sealed = world.crypto.seal("person", "birth_date", UUID(child.id), born.isoformat())
    await set_columns(world, Person, child.id, birth_date_sealed=sealed)
    await set_columns(world, Person, unborn.id, birth_date_sealed=None)
    ok(await gone.post("/me/deletion", {"confirm": "注销"}))
    await world.apply(applied, vacancy["id"])
    assert await suggested(hiring, vacancy) == []
    shown = await findable(world)
    assert len(await suggested(hiring, vacancy)) == 1
    # A consent to the service taken back hides the person, and the switch stays off when it is given again.
    assert (await shown.call("DELETE", "/me/consents/service")).status_code == 204
    assert await suggested(hiring, vacancy) == []
    await world.consent(shown, "service")
    assert ok(await shown.get("/me/seeker-profile"))["findable"] is False
    paused = ok(
        await hiring.recruiter.post(f"/vacancies/{vacancy['id']}/pause", {"expected_version": vacancy["version"]})
    )
    await findable(world)
    assert await suggested(hiring, paused) == []


async def test_an_invitation_accepted_is_an_application(world: World, hiring: Hiring) -> None:
    vacancy, seeker = await hiring.post(), await findable(world, shift_patterns=["day"])
    answer = await invite(hiring, vacancy)
    sent = ok(answer)
    assert (answer.status_code, sent["state"], sent["application_id"], sent["version"]) == (201, "sent", None, 1)
    assert sent["actions"] == [{"action": "withdraw", "allowed": True, "reason": None}]
    assert await suggested(hiring, vacancy) == []
    body = (await told(seeker, "invitation"))[0]
    assert "邀请您应聘“平车工”" in body
    assert "平缝工正是您想做的" in body
    mine = ok(await seeker.get("/me/invitations"))["items"]
    assert [(one["id"], one["state"]) for one in mine] == [(sent["id"], "sent")]
    assert ok(await seeker.get(f"/me/invitations/{sent['id']}")) == mine[0]
    assert "平缝工正是您想做的" in mine[0]["reasons"]
    assert mine[0]["vacancy"]["id"] == vacancy["id"]
    refused(await accept(seeker, sent, release_contact=False), 422, "contact_not_released", "release_contact")
    refused(await accept(seeker, sent, expected_version=7), 409, "stale", "expected_version")
    application = ok(await accept(seeker, sent))
    assert (application["state"], application["source"]) == ("applied", "invitation")
    listed = ok(await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/invitations"))["items"]
    assert [(one["state"], one["application_id"]) for one in listed] == [("accepted", application["id"])]
    candidate = ok(await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/candidates"))["items"][0]
    assert (candidate["contact"]["phone"], candidate["source"]) == ("13850000001", "invitation")
    assert "邀请已被接受" in (await told(hiring.recruiter, "application_received"))[0]
    refused(await accept(seeker, listed[0]), 409, "invitation_state_wrong")
    assert await count(world, Application) == 1


async def test_declined_withdrawn_lapsed(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post()
    one = await findable(world)
    sent = ok(await invite(hiring, vacancy))
    path = f"/me/invitations/{sent['id']}/decline"
    refused(await one.post(path, {"reason": "ugly", "expected_version": 1}, key=key()), 422, "invalid_fields", "reason")
    refused(await one.post(path, {"reason": "pay", "expected_version": 1}), 422, "idempotency_key_missing")
    gone = ok(await one.post(path, {"reason": "distance", "expected_version": 1}, key=key()))
    assert (gone["state"], gone["reason"], [a["allowed"] for a in gone["actions"]]) == (
        "declined",
        "distance",
        [False, False],
    )
    assert "已谢绝，原因：离家太远" in (await told(hiring.recruiter, "invitation"))[0]
    # Asked once and answered.
    assert await suggested(hiring, vacancy) == []
    two = await findable(world)
    sent = ok(await invite(hiring, vacancy))
    take_back = f"/invitations/{sent['id']}/withdraw"
    refused(await hiring.recruiter.post(take_back, {"expected_version": 9}, key=key()), 409, "stale")
    assert ok(await hiring.recruiter.post(take_back, {"expected_version": 1}, key=key()))["state"] == "withdrawn"
    assert "收回" in (await told(two, "invitation"))[0]
    refused(await accept(two, sent | {"version": 2}), 409, "invitation_state_wrong")
    sent = ok(await invite(hiring, vacancy))
    await later(world, timedelta(days=7), two, hiring.recruiter)
    # By its date, whenever the sweep comes.
    assert ok(await two.get(f"/me/invitations/{sent['id']}"))["state"] == "lapsed"
    refused(await accept(two, sent), 409, "invitation_state_wrong")
    results = await asyncio.gather(sweep(world.runtime), sweep(world.runtime))
    assert sum(result["invitations_lapsed"] for result in results) == 1
    assert await count(world, Invitation, Invitation.state == "lapsed", Invitation.version == 2) == 1
    assert "已过期" in (await told(hiring.recruiter, "invitation"))[0]


async def test_what_a_firm_may_not(world: World, hiring: Hiring) -> None:
    vacancy, other = await hiring.post(), await rival(world)
    seeker = await findable(world)
    shown = (await suggested(hiring, vacancy))[0]["seeker_ref"]
    path, form = f"/vacancies/{vacancy['id']}/invitations", {"seeker_ref": shown}
    for person, status, code in (
        (world.anonymous, 401, "token_invalid"), (seeker, 403, "forbidden"), (await world.officer(), 403, "forbidden"),
        (other.recruiter, 404, "vacancy_not_found"),
    ):  # fmt: skip
        refused(await person.post(path, form, key=key()), status, code)
        refused(await person.get(path), status, code)
        refused(await person.get(f"/vacancies/{vacancy['id']}/suggested-seekers"), status, code)
    refused(await hiring.recruiter.post(path, form), 422, "idempotency_key_missing")
    for bad in ("x" * 40, "short", "ä" * 40, shown[:-2]):
        code = "seeker_ref_invalid" if bad.isascii() and len(bad) > 8 else "invalid_fields"
        refused(await hiring.recruiter.post(path, {"seeker_ref": bad}, key=key()), 422, code, "seeker_ref")
    sent = ok(await invite(hiring, vacancy, shown))
    refused(await invite(hiring, vacancy, shown), 409, "already_invited")
    stranger = await world.seeker()
    for act, body in (
        ("accept", {"release_contact": True, "expected_version": 1}),
        ("decline", {"expected_version": 1}),
    ):
        refused(
            await stranger.post(f"/me/invitations/{sent['id']}/{act}", body, key=key()), 404, "invitation_not_found"
        )
    refused(await stranger.get(f"/me/invitations/{sent['id']}"), 404, "invitation_not_found")
    take_back = {"expected_version": 1}
    refused(
        await other.recruiter.post(f"/invitations/{sent['id']}/withdraw", take_back, key=key()),
        404,
        "invitation_not_found",
    )
    refused(
        await hiring.recruiter.post(f"/invitations/{NOBODY}/withdraw", take_back, key=key()),
        404,
        "invitation_not_found",
    )
    # Hidden between the list and the click: one answer for every cause.
    second = await findable(world)
    ref = (await suggested(hiring, vacancy))[0]["seeker_ref"]
    ok(await second.put("/me/findable", OFF))
    refused(await invite(hiring, vacancy, ref), 409, "seeker_unavailable")
    # The vacancy closed meanwhile: nothing to accept, and the answer says so.
    paused = ok(await hiring.recruiter.get(f"/vacancies/{vacancy['id']}"))
    ok(await hiring.recruiter.post(f"/vacancies/{vacancy['id']}/pause", {"expected_version": paused["version"]}))
    refused(await invite(hiring, vacancy, ref), 409, "vacancy_closed")
    accept_action = ok(await seeker.get(f"/me/invitations/{sent['id']}"))["actions"][0]
    assert (accept_action["allowed"], "已暂停" in accept_action["reason"]) == (False, True)
    refused(await accept(seeker, sent), 409, "vacancy_closed")


async def test_so_many_a_day_and_no_more(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post()
    await findable(world)
    ref = (await suggested(hiring, vacancy))[0]["seeker_ref"]
    async with world.runtime.db.unit_of_work() as session:
        now = world.clock.now()
        session.add_all([
            Invitation(
                created_at=now, updated_at=now, person_id=UUID(hiring.recruiter.id), vacancy_id=UUID(vacancy["id"]),
                vacancy_content_version=1, state="withdrawn", expires_at=now, invited_by=UUID(hiring.recruiter.id),
            )
            for _ in range(INVITATIONS_PER_DAY)
        ])  # fmt: skip
    refused(await invite(hiring, vacancy, ref), 409, "invitation_limit")
    await later(world, timedelta(days=1), hiring.recruiter)
    ok(await invite(hiring, vacancy, ref))
    page = ok(await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/invitations", limit=20))
    rest = ok(
        await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/invitations", limit=20, cursor=page["next_cursor"])
    )
    assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (20, 11, None)


async def test_inviting_at_once_is_one_invitation(world: World, hiring: Hiring) -> None:
    vacancy, seeker = await hiring.post(), await findable(world)
    ref = (await suggested(hiring, vacancy))[0]["seeker_ref"]
    answers = await asyncio.gather(*(invite(hiring, vacancy, ref) for _ in range(6)))
    assert [a.status_code for a in answers].count(201) == 1
    assert {a.json()["code"] for a in answers if a.status_code != 201} == {"already_invited"}
    assert await count(world, Invitation) == 1
    assert await count(world, Notice, Notice.person_id == UUID(seeker.id), Notice.kind == "invitation") == 1


async def test_accepting_and_applying_at_once_are_one_application(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post(headcount=9)
    for _ in range(3):
        seeker = await findable(world)
        sent = ok(await invite(hiring, vacancy))
        form = {"vacancy_id": vacancy["id"], "release_contact": True}
        answers = await asyncio.gather(
            accept(seeker, sent), seeker.post("/applications", form, key=key()), accept(seeker, sent),
            seeker.post("/applications", form, key=key()),
        )  # fmt: skip
        assert sorted(a.status_code for a in answers)[1:] == [409, 409, 409]
        codes = {a.json()["code"] for a in answers if a.status_code == 409}
        assert codes <= {"already_applied", "invitation_state_wrong", "stale"}
        assert await count(world, Application, Application.person_id == UUID(seeker.id)) == 1
        mine = ok(await seeker.get(f"/me/invitations/{sent['id']}"))
        assert mine["state"] == "accepted"
        assert mine["application_id"] == ok(await seeker.get("/me/applications"))["items"][0]["id"]


async def acting(world: World, person: Someone) -> tuple[Someone, str, dict[str, str]]:
    """A relative who may act for the person in their job search."""
    offer = {"kind": "relative", "scopes": ["jobs"], "text_version": "2026-11"}
    made = ok(await person.post("/representations", offer))
    agent = await world.person()
    row = ok(await agent.post("/representations/claims", {"code": made["code"]}))
    return agent, row["id"], {"X-On-Behalf-Of": row["id"]}


async def test_an_agent_needs_the_persons_own_word_to_be_found_and_to_accept(world: World, hiring: Hiring) -> None:
    vacancy, seeker = await hiring.post(), await world.seeker()
    agent, representation, headers = await acting(world, seeker)

    async def call(method: str, path: str, body: Any, operation: str) -> Any:
        async def send(**more: str) -> Any:
            everything = agent.headers | headers | {"Idempotency-Key": key()} | more
            return await world.api.request(method, f"/api/v1{path}", json=body, headers=everything)

        refused(await send(), 403, "own_code_needed")
        ok(await agent.post(f"/representations/{representation}/own-codes", {"operation": operation}))
        code = ok(await seeker.get("/me/own-codes"))[0]["code"]
        wrong = "000000" if code != "000000" else "111111"
        refused(await send(**{"X-Own-Code": wrong}), 403, "own_code_wrong")
        return ok(await send(**{"X-Own-Code": code}))

    assert (await call("PUT", "/me/findable", ON, "set_findable"))["findable"] is True
    sent = ok(await invite(hiring, vacancy))
    form = {"release_contact": True, "expected_version": 1}
    application = await call("POST", f"/me/invitations/{sent['id']}/accept", form, "accept_invitation")
    assert application["source"] == "invitation"
    assert len(ok(await seeker.get("/me/assisted-acts"))) == 1
    # Off again without a code: hiding harms nobody.
    off = await world.api.put("/api/v1/me/findable", json=OFF, headers=agent.headers | headers)
    assert ok(off)["findable"] is False
    assert await count(world, SeekerProfile, SeekerProfile.findable.is_(True)) == 0
