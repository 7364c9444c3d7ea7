"""零工登记: form, times, lists of firms, proofs, papers of minors; agents; what consent, merging and deletion do."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.clock import china_date
from app.models.gigs import Anchor, DayException, RosterMember, WageClaim, WeeklyWindow, WorkerProfile, WorkerSkill
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY
from tests.support.gig_people import HOME, SKILLS, born, minor, registered, worker_form, worker_id
from tests.support.gigs import FLAT_SEAM, OVERLOCK, gigs_officer
from tests.support.jobs import count, key
from tests.support.privacy import acting, holding, relative_of, told
from tests.support.uploads import look, pdf, uploaded

PATH = "/me/worker-profile"
WEEK = [{"weekday": day, "start_minute": 480, "end_minute": 1020} for day in range(5)]
ANCHOR = {"weekday": 0, "minute": 990} | HOME


def times(version: int, **changes: Any) -> dict[str, Any]:
    return {"windows": WEEK, "days": [], "anchors": [], "expected_version": version} | changes


async def agent_of(world: World, person: Someone) -> Someone:
    son = await world.person()
    return acting(son, await relative_of(person, son, "relative", "gigs"))


async def task(officer: Someone, kind: str) -> dict[str, Any]:
    (found,) = ok(await officer.get("/tasks", kind=kind))["items"]
    return dict(found)


async def test_somebody_registers_and_changes_the_whole_form(world: World) -> None:
    person = await world.seeker()
    refused(await person.get(PATH), 404, "worker_profile_missing")
    made = ok(await person.put(PATH, worker_form()))
    assert [(skill["process_name"], skill["level"], skill["proof"]) for skill in made["skills"]] == [
        ("平缝工", 3, "claimed"), ("包缝工", 2, "claimed"),
    ]  # fmt: skip
    assert (made["availability_known"], made["home"], made["companions"]) == (False, None, ["塘后姐妹"])
    assert any("不会自动排班" in note for note in made["notes"])
    assert ok(await person.get(PATH)) == made
    refused(await person.put(PATH, worker_form()), 409, "stale", "expected_version")
    refused(await person.put(PATH, worker_form(expected_version=9)), 409, "stale", "expected_version")
    changed = ok(await person.put(PATH, worker_form(skills=SKILLS[:1], urgent=False, expected_version=1)))
    assert (changed["version"], len(changed["skills"]), changed["urgent"]) == (2, 1, False)


async def test_what_a_form_is_refused_for(world: World) -> None:
    person = await world.person(app="linggong")
    refused(await person.put(PATH, worker_form(companions=[])), 422, "consent_missing", "consent")
    await world.consent(person, "service")
    bad = [{"process_code": "99999.99", "level": 1}]
    refused(await person.put(PATH, worker_form(skills=bad)), 422, "process_unknown", "skills")
    refused(await person.put(PATH, worker_form(skills=[SKILLS[0]] * 2)), 422, "invalid_fields")
    refused(await person.put(PATH, worker_form(home=HOME)), 422, "consent_missing")
    refused(await person.put(PATH, worker_form(home_area_id=NOBODY)), 422, "area_unknown")
    refused(await person.put(PATH, worker_form(phone="1")), 422, "invalid_fields", "phone")
    await born(world, person, 15, 364)
    refused(await person.put(PATH, worker_form()), 422, "under_working_age")
    assert await count(world, WorkerProfile) == 0


async def test_the_home_is_sealed_and_goes_with_its_consent(world: World) -> None:
    person, made = await registered(world, home=HOME)
    assert made["home"] == HOME
    made = ok(await person.put("/me/availability", times(1, anchors=[ANCHOR])))
    assert made["anchors"] == [ANCHOR]
    assert await holding(world, "24.726500,118.670200") == {"worker_profile.home_sealed", "anchor.place_sealed"}
    ok(await person.call("DELETE", "/me/consents/exact_location"))
    gone = ok(await person.get(PATH))
    assert (gone["home"], gone["anchors"], len(gone["windows"])) == (None, [], 5)
    assert await holding(world, "24.726500,118.670200") == set()


async def test_times_are_replaced_as_a_whole(world: World) -> None:
    person, made = await registered(world)
    today = china_date(world.clock.now())
    day = {"day": str(today + timedelta(days=1)), "start_minute": None, "end_minute": None}
    saved = ok(await person.put("/me/availability", times(made["version"], days=[day])))
    assert (saved["windows"], saved["days"], saved["availability_known"]) == (WEEK, [day], True)
    refused(await person.put("/me/availability", times(made["version"])), 409, "stale")
    again = ok(await person.put("/me/availability", times(saved["version"], windows=WEEK[:1])))
    assert (again["windows"], again["days"]) == (WEEK[:1], [])
    free = {"weekday": 0, "start_minute": 600, "end_minute": 600}
    refused(await person.put("/me/availability", times(3, windows=[free])), 422, "invalid_fields")
    late = {"day": str(today + timedelta(days=93)), "start_minute": 0, "end_minute": 60}
    refused(await person.put("/me/availability", times(3, days=[late])), 422, "availability_day_wrong", "days")
    half = day | {"start_minute": 60}
    refused(await person.put("/me/availability", times(3, days=[half])), 422, "invalid_fields")
    both = [day, day | {"start_minute": 60, "end_minute": 90}]
    refused(await person.put("/me/availability", times(3, days=both)), 422, "invalid_fields")
    refused(await person.put("/me/availability", times(3, anchors=[ANCHOR])), 422, "consent_missing")
    refused(await (await world.seeker()).put("/me/availability", times(1)), 404, "worker_profile_missing")


async def test_lists_of_firms_are_ones_own(world: World) -> None:
    person, made = await registered(world)
    form = {"favourites": [NOBODY], "blocks": [], "hidden_from": [], "expected_version": made["version"]}
    saved = ok(await person.put("/me/worker-relations", form))
    assert (saved["favourites"], saved["version"]) == ([NOBODY], 2)
    refused(await person.put("/me/worker-relations", form), 409, "stale")
    both = form | {"blocks": [NOBODY], "expected_version": 2}
    refused(await person.put("/me/worker-relations", both), 422, "invalid_fields")


async def test_overtime_through_an_agent_needs_the_persons_own_word(world: World) -> None:
    person, made = await registered(world)
    agent = await agent_of(world, person)
    form = worker_form(overtime_consent=True, expected_version=made["version"])
    refused(await agent.put(PATH, form), 403, "own_code_needed")
    assert ok(await person.get(PATH))["overtime_consent"] is False
    # Other changes need none, and taking it back neither.
    made = ok(await agent.put(PATH, form | {"overtime_consent": False, "reach_m": 3000}))
    made = ok(await person.put(PATH, form | {"expected_version": made["version"]}))
    assert ok(await agent.put(PATH, form | {"overtime_consent": False, "expected_version": made["version"]}))


async def test_what_an_agent_wrote_is_undone(world: World) -> None:
    person, _ = await registered(world, home=HOME)
    before = ok(await person.put("/me/availability", times(1, anchors=[ANCHOR])))
    agent = await agent_of(world, person)
    ok(await agent.put(PATH, worker_form(skills=[], expected_version=2)))
    ok(await agent.put("/me/availability", times(3, windows=[])))
    relations = {"favourites": [NOBODY], "blocks": [], "hidden_from": [], "expected_version": 4}
    ok(await agent.put("/me/worker-relations", relations))
    assert "替您办理" in (await told(person))[0]["body"]
    acts = ok(await person.get("/me/assisted-acts"))
    assert [act["operation"] for act in acts] == [
        "save_my_worker_relations", "save_my_availability", "save_my_worker_profile",
    ]  # fmt: skip
    ok(await person.post(f"/me/assisted-acts/{acts[0]['id']}/undo"))
    # Version by version: the older act is of another state now.
    refused(await person.post(f"/me/assisted-acts/{acts[1]['id']}/undo"), 409, "assisted_act_not_undoable")
    again = ok(await person.get(PATH))
    assert again["favourites"] == []
    ok(await agent.put(PATH, worker_form(skills=SKILLS, home=HOME, expected_version=again["version"])))
    ok(await agent.put("/me/availability", times(again["version"] + 1, anchors=[ANCHOR])))
    latest = ok(await person.get("/me/assisted-acts"))[0]
    ok(await person.post(f"/me/assisted-acts/{latest['id']}/undo"))
    assert ok(await person.get(PATH))["windows"] == []
    assert before["windows"] == WEEK


async def test_a_registration_that_an_agent_made_goes_when_undone(world: World) -> None:
    person = await world.seeker()
    agent = await agent_of(world, person)
    ok(await agent.put(PATH, worker_form(companions=[])))
    (act,) = ok(await person.get("/me/assisted-acts"))
    ok(await person.post(f"/me/assisted-acts/{act['id']}/undo"))
    refused(await person.get(PATH), 404, "worker_profile_missing")
    assert await count(world, WorkerSkill) == 0


async def test_a_certificate_is_looked_at_by_the_office(world: World) -> None:
    person, made = await registered(world)
    officer = await gigs_officer(world)
    file_id = (await uploaded(person, pdf(), purpose="skill_proof"))["file_id"]
    path, form = f"/me/worker-skills/{FLAT_SEAM}/proof", {"file_id": file_id, "expected_version": 1}
    refused(await person.post(f"/me/worker-skills/{FLAT_SEAM}9/proof", form, key=key()), 404, "worker_skill_not_found")
    refused(await person.post(path, form | {"expected_version": 2}, key=key()), 409, "stale")
    refused(await person.post(path, form | {"file_id": NOBODY}, key=key()), 422, "file_unusable")
    skill = ok(await person.post(path, form, key=key()))
    assert (skill["proof"], skill["proof_pending"], skill["version"]) == ("claimed", True, 2)
    assert made["skills"][0]["proof_pending"] is False
    waiting = await task(officer, "skill_proof")
    shown = ok(await officer.get(f"/skill-proofs/{waiting['subject_id']}"))
    assert (shown["name"], shown["process_name"], shown["level"], shown["file_id"]) == ("林*梅", "平缝工", 3, file_id)
    assert (await look(officer, file_id)).is_success
    decide = f"/skill-proofs/{waiting['subject_id']}/decide"
    good = {"approve": True, "proof": "certificate", "level": 4, "expected_version": 2}
    refused(await officer.post(decide, good | {"proof": "firm"}, key=key()), 422, "invalid_fields")
    refused(await officer.post(decide, good | {"expected_version": 1}, key=key()), 409, "stale")
    assert ok(await officer.post(decide, good, key=key()))["proof_label"] == "证书"
    refused(await officer.post(decide, good | {"expected_version": 3}, key=key()), 409, "nothing_to_prove")
    now = ok(await person.get(PATH))
    first = now["skills"][0]
    assert (first["level"], first["proof"], first["proof_pending"]) == (4, "certificate", False)
    assert "已核对为4级" in (await told(person))[0]["body"]
    # A level above what was proved is the person's own word again; below it the proof stays.
    lower = [{"process_code": FLAT_SEAM, "level": 3}]
    now = ok(await person.put(PATH, worker_form(skills=lower, expected_version=now["version"])))
    assert now["skills"][0]["proof"] == "certificate"
    higher = [{"process_code": FLAT_SEAM, "level": 5}]
    now = ok(await person.put(PATH, worker_form(skills=higher, expected_version=now["version"])))
    assert now["skills"][0]["proof"] == "claimed"


async def test_a_refused_proof_goes_and_says_why(world: World) -> None:
    person, _ = await registered(world)
    officer = await gigs_officer(world)
    file_id = (await uploaded(person, pdf(), purpose="skill_proof"))["file_id"]
    ok(await person.post(f"/me/worker-skills/{OVERLOCK}/proof", {"file_id": file_id, "expected_version": 1}, key=key()))
    waiting = await task(officer, "skill_proof")
    decide = f"/skill-proofs/{waiting['subject_id']}/decide"
    refused(await officer.post(decide, {"approve": False, "expected_version": 2}, key=key()), 422, "invalid_fields")
    ok(await officer.post(decide, {"approve": False, "reason": "照片看不清", "expected_version": 2}, key=key()))
    assert "照片看不清" in (await told(person))[0]["body"]
    assert ok(await person.get(PATH))["skills"][1]["proof_pending"] is False
    refused(await officer.get(f"/skill-proofs/{waiting['subject_id']}"), 404, "worker_skill_not_found")
    refused(await look(officer, file_id), 404, "file_not_found")


async def test_a_skill_given_up_takes_its_question_along(world: World) -> None:
    person, made = await registered(world)
    officer = await gigs_officer(world)
    file_id = (await uploaded(person, pdf(), purpose="skill_proof"))["file_id"]
    ok(await person.post(f"/me/worker-skills/{OVERLOCK}/proof", {"file_id": file_id, "expected_version": 1}, key=key()))
    ok(await person.put(PATH, worker_form(skills=SKILLS[:1], expected_version=made["version"])))
    assert ok(await officer.get("/tasks", kind="skill_proof"))["items"] == []


async def test_papers_of_minors_are_looked_at_before_anything(world: World) -> None:
    person, made = await minor(world)
    assert (made["minor"], made["version"]) == ({"needed": True, "submitted": True, "ready_until": None}, 2)
    officer = await gigs_officer(world)
    waiting = await task(officer, "minor_confirm")
    shown = ok(await officer.get(f"/minor-papers/{waiting['subject_id']}"))
    assert (shown["name"], shown["age"]) == ("林*梅", 16)
    for file_id in (shown["registration_file_id"], shown["health_file_id"]):
        assert (await look(officer, file_id)).is_success
    decide = f"/minor-papers/{waiting['subject_id']}/decide"
    today = china_date(world.clock.now())
    good = {"approve": True, "ready_until": str(today + timedelta(days=365)), "expected_version": 2}
    for days in (-1, 366):
        form = good | {"ready_until": str(today + timedelta(days=days))}
        refused(await officer.post(decide, form, key=key()), 422, "minor_ready_until_wrong", "ready_until")
    refused(await officer.post(decide, good | {"ready_until": None}, key=key()), 422, "invalid_fields")
    refused(await officer.post(decide, good | {"expected_version": 1}, key=key()), 409, "stale")
    assert ok(await officer.post(decide, good, key=key()))["ready_until"] == good["ready_until"]
    refused(await officer.post(decide, good | {"expected_version": 3}, key=key()), 409, "nothing_to_prove")
    now = ok(await person.get(PATH))
    assert now["minor"]["ready_until"] == good["ready_until"]
    assert any("已核对" in note for note in now["notes"])
    # Other papers: the office looks again first.
    papers = [(await uploaded(person, pdf(), purpose="minor_paper"))["file_id"] for _ in range(2)]
    form = {"registration_file_id": papers[0], "health_file_id": papers[1], "expected_version": now["version"]}
    assert ok(await person.put("/me/minor-papers", form))["minor"]["ready_until"] is None
    refused(await look(officer, shown["health_file_id"]), 404, "file_not_found")
    ok(
        await officer.post(
            decide, {"approve": False, "reason": "体检表过期", "expected_version": now["version"] + 1}, key=key()
        )
    )
    assert ok(await person.get(PATH))["minor"]["submitted"] is False
    refused(await officer.get(f"/minor-papers/{waiting['subject_id']}"), 404, "worker_papers_not_found")


async def test_papers_are_asked_of_those_who_need_them_with_their_consent(world: World) -> None:
    person, made = await registered(world)
    papers = [(await uploaded(person, pdf(), purpose="minor_paper"))["file_id"] for _ in range(2)]
    form = {"registration_file_id": papers[0], "health_file_id": papers[1], "expected_version": made["version"]}
    refused(await person.put("/me/minor-papers", form), 422, "consent_missing")
    await world.consent(person, "health")
    refused(await person.put("/me/minor-papers", form), 422, "not_a_minor")


async def test_withdrawn_health_consent_takes_the_papers(world: World) -> None:
    person, _ = await minor(world)
    officer = await gigs_officer(world)
    shown = ok(await officer.get(f"/minor-papers/{await worker_id(world, person)}"))
    ok(await person.call("DELETE", "/me/consents/health"))
    assert ok(await person.get(PATH))["minor"] == {"needed": True, "submitted": False, "ready_until": None}
    assert ok(await officer.get("/tasks", kind="minor_confirm"))["items"] == []
    assert ok(await look(person, shown["health_file_id"]))["state"] == "refused"


async def test_nobody_decides_about_their_own_papers(world: World) -> None:
    officer = await gigs_officer(world)
    await world.consent(officer, "service")
    await registered(world, officer, companions=[])
    file_id = (await uploaded(officer, pdf(), purpose="skill_proof"))["file_id"]
    ok(
        await officer.post(
            f"/me/worker-skills/{FLAT_SEAM}/proof", {"file_id": file_id, "expected_version": 1}, key=key()
        )
    )
    waiting = await task(officer, "skill_proof")
    form = {"approve": True, "proof": "town", "expected_version": 2}
    refused(await officer.post(f"/skill-proofs/{waiting['subject_id']}/decide", form, key=key()), 403, "self_review")


async def test_without_the_service_nobody_is_asked_any_more(world: World) -> None:
    person, _ = await registered(world)
    ok(await person.call("DELETE", "/me/consents/service"))
    now = ok(await person.get(PATH))
    assert (now["active"], now["urgent"]) == (False, False)


async def test_an_ended_account_leaves_nothing(world: World) -> None:
    person, _ = await registered(world, home=HOME)
    ok(await person.put("/me/availability", times(1, anchors=[ANCHOR])))
    file_id = (await uploaded(person, pdf(), purpose="skill_proof"))["file_id"]
    ok(
        await person.post(
            f"/me/worker-skills/{FLAT_SEAM}/proof", {"file_id": file_id, "expected_version": 1}, key=key()
        )
    )
    officer = await gigs_officer(world)
    ok(await person.post("/me/deletion", {"confirm": "注销"}))
    for model in (WorkerProfile, WorkerSkill, WeeklyWindow, DayException, Anchor, RosterMember, WageClaim):
        assert await count(world, model, model.person_id == UUID(person.id)) == 0
    assert ok(await officer.get("/tasks", kind="skill_proof"))["items"] == []
    refused(await look(officer, file_id), 404, "file_not_found")
