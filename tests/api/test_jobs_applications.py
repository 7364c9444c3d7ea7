"""Applications over HTTP: apply, withdraw, contacts, every step of the funnel, seats, notices."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.models.common import Notice
from app.models.jobs import Application, ApplicationStep, Vacancy
from app.rules.jobs.applications import FIRM_STEPS, NEXT, ApplicationState
from tests.factories.world import Someone, World, ok, refused
from tests.support.jobs import NOBODY, Hiring, another_api, count, key, rival, set_columns, through

A = ApplicationState


def form(vacancy: dict[str, Any], *, release: bool = True) -> dict[str, Any]:
    return {"vacancy_id": vacancy["id"], "release_contact": release}


async def candidates(hiring: Hiring, vacancy: dict[str, Any]) -> list[dict[str, Any]]:
    return ok(await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/candidates"))["items"]


async def notices(person: Someone) -> list[dict[str, Any]]:
    return ok(await person.get("/me/notices", limit=100))["items"]


async def test_an_application_and_what_both_sides_see(world: World, hiring: Hiring) -> None:
    vacancy, seeker = await hiring.post(), await world.seeker()
    answer = await seeker.post("/applications", form(vacancy), key=key())
    mine = ok(answer)
    assert answer.status_code == 201
    assert (mine["state"], mine["state_label"], mine["version"]) == ("applied", "已应聘", 1)
    assert (mine["vacancy_title"], mine["vacancy_content_version"]) == ("平车工", 1)
    assert [step["state"] for step in mine["steps"]] == ["applied"]
    no_offer = "应聘当前为“已应聘”，没有等您答复的录用意向"
    assert mine["actions"] == [
        {"action": "withdraw", "allowed": True, "reason": None},
        *({"action": name, "allowed": False, "reason": no_offer} for name in ("accept_offer", "decline_offer")),
    ]
    read = ok(await seeker.get(f"/me/applications/{mine['id']}"))
    assert {name: read[name] for name in mine} == mine
    assert ok(await seeker.get("/me/applications"))["items"] == [mine]
    shown = (await candidates(hiring, vacancy))[0]
    assert shown["contact"] == {"name": "林小梅", "phone": "13850000001"}
    assert sum(part["points"] for part in shown["parts"]) == shown["score"]
    assert {a["action"] for a in shown["actions"] if a["allowed"]} == {s.value for s in NEXT[A.APPLIED] & FIRM_STEPS}
    told = (await notices(hiring.recruiter))[0]
    assert told["kind"] == "application_received"
    # The notice holds no other person's data.
    assert "林" not in told["body"]


async def test_the_idempotency_key_is_required(world: World, hiring: Hiring) -> None:
    vacancy, seeker = await hiring.post(), await world.seeker()
    header = "header.Idempotency-Key"
    refused(await seeker.post("/applications", form(vacancy)), 422, "idempotency_key_missing", header)
    for bad in ("short", "x" * 81, "a b\tc d e"):
        refused(await seeker.post("/applications", form(vacancy), key=bad), 422, "invalid_fields", header)
    once = key()
    first = await seeker.post("/applications", form(vacancy), key=once)
    again = await seeker.post("/applications", form(vacancy), key=once)
    assert (again.status_code, again.content, again.headers["Idempotent-Replayed"]) == (201, first.content, "true")
    refused(
        await seeker.post("/applications", form(vacancy, release=False), key=once),
        422,
        "idempotency_key_reused",
        header,
    )
    # The same key of another person is another key.
    other = await world.seeker()
    assert ok(await other.post("/applications", form(vacancy), key=once))["id"] != first.json()["id"]
    mine = first.json()
    withdraw = f"/me/applications/{mine['id']}/withdraw"
    refused(await seeker.post(withdraw, {"expected_version": 1}), 422, "idempotency_key_missing", header)
    step = {"state": "viewed", "expected_version": 1}
    path = f"/applications/{mine['id']}/steps"
    refused(await hiring.recruiter.post(path, step), 422, "idempotency_key_missing", header)
    assert await count(world, Application) == 2


async def test_nobody_applies_twice(world: World, hiring: Hiring) -> None:
    vacancy, seeker = await hiring.post(), await world.seeker()
    mine = await world.apply(seeker, vacancy["id"])
    refused(await seeker.post("/applications", form(vacancy), key=key()), 409, "already_applied")
    ok(await seeker.post(f"/me/applications/{mine['id']}/withdraw", {"expected_version": 1}, key=key()))
    # What was withdrawn may be thought over; what was declined may be tried again.
    again = await world.apply(seeker, vacancy["id"])
    assert again["id"] != mine["id"]
    ok(await hiring.step(again, "rejected", reason="schedule"))
    assert ok(await seeker.post("/applications", form(vacancy), key=key()))["state"] == "applied"
    assert await count(world, Application) == 3


async def test_sixty_four_applications_at_once_are_one(world: World, hiring: Hiring) -> None:
    vacancy, seeker = await hiring.post(), await world.seeker()
    answers = await asyncio.gather(
        *(seeker.post("/applications", form(vacancy), key=key()) for _ in range(64)),
    )
    assert [a.status_code for a in answers].count(201) == 1
    assert {a.status_code for a in answers} <= {201, 409, 503}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"already_applied"}
    assert await count(world, Application) == await count(world, ApplicationStep) == 1
    assert await count(world, Notice, Notice.kind == "application_received") == 1


async def test_the_same_key_sixty_four_times_is_one_answer(world: World, hiring: Hiring) -> None:
    vacancy, seeker, once = await hiring.post(), await world.seeker(), key()
    answers = await asyncio.gather(*(seeker.post("/applications", form(vacancy), key=once) for _ in range(64)))
    assert {a.status_code for a in answers} <= {201, 409, 503}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"in_progress"}
    assert all("Retry-After" in a.headers for a in answers if a.status_code != 201)
    done = [a for a in answers if a.status_code == 201]
    assert len({a.content for a in done}) == 1
    assert ["Idempotent-Replayed" in a.headers for a in done].count(False) == 1
    assert ok(await seeker.post("/applications", form(vacancy), key=once)) == done[0].json()
    assert await count(world, Application) == 1


async def test_what_is_still_missing_is_named(world: World, hiring: Hiring) -> None:
    vacancy, person = await hiring.post(), await world.person()
    refused(await person.post("/applications", form(vacancy), key=key()), 422, "consent_missing", "consent")
    policy = ok(await person.get("/me"))["missing_consents"][0]
    ok(await person.put(f"/me/consents/{policy['purpose']}", {"policy_version": policy["policy_version"]}))
    body = refused(await person.post("/applications", form(vacancy), key=key()), 422, "profile_incomplete")
    assert [field["path"] for field in body["fields"]] == ["name", "phone", "birth_date", "seeker_profile"]
    assert body["message"].endswith("姓名、手机号、出生日期、求职登记")
    half = await world.seeker(ready=False)
    body = refused(await half.post("/applications", form(vacancy), key=key()), 422, "profile_incomplete", "phone")
    assert [field["path"] for field in body["fields"]] == ["name", "phone", "birth_date"]
    seeker = await world.seeker()
    answer = await seeker.post("/applications", form(vacancy, release=False), key=key())
    refused(answer, 422, "contact_not_released", "release_contact")
    for bad, field in (
        ({"vacancy_id": "1", "release_contact": True}, "vacancy_id"), ({"vacancy_id": vacancy["id"]}, "release_contact"),
        (form(vacancy) | {"cv": "…"}, "cv"), (form(vacancy) | {"release_contact": "vielleicht"}, "release_contact"),
    ):  # fmt: skip
        refused(await seeker.post("/applications", bad, key=key()), 422, "invalid_fields", field)
    refused(
        await seeker.post("/applications", {"vacancy_id": NOBODY, "release_contact": True}, key=key()),
        404,
        "vacancy_not_found",
    )
    assert await count(world, Application) == 0


async def test_withdrawing_closes_the_contact(world: World, hiring: Hiring) -> None:
    vacancy, seeker = await hiring.post(), await world.seeker()
    mine = await world.apply(seeker, vacancy["id"])
    path = f"/me/applications/{mine['id']}/withdraw"
    refused(await seeker.post(path, {"expected_version": 7}, key=key()), 409, "stale", "expected_version")
    refused(await seeker.post(path, {}, key=key()), 422, "invalid_fields", "expected_version")
    gone = ok(await seeker.post(path, {"expected_version": 1}, key=key()))
    assert (gone["state"], [s["state"] for s in gone["steps"]]) == ("withdrawn", ["applied", "withdrawn"])
    assert gone["actions"][0]["allowed"] is False
    answer = await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/candidates")
    shown = answer.json()["items"][0]
    assert (shown["state"], shown["contact"], shown["score"]) == ("withdrawn", None, None)
    assert "林小梅" not in answer.text
    assert "13850000001" not in answer.text
    refused(await seeker.post(path, {"expected_version": 2}, key=key()), 409, "application_state_wrong")
    refused(await hiring.step(shown, "hired"), 409, "application_state_wrong")


async def test_a_firm_sees_its_own_applicants_only(world: World, hiring: Hiring) -> None:
    other = await rival(world)
    mine, theirs = await hiring.post(), await other.post()
    seeker, officer = await world.seeker(), await world.officer()
    one, two = await world.apply(seeker, mine["id"]), await world.apply(await world.seeker(), theirs["id"])
    assert [c["id"] for c in await candidates(hiring, mine)] == [one["id"]]
    assert [c["id"] for c in await candidates(other, theirs)] == [two["id"]]
    refused(await hiring.recruiter.get(f"/vacancies/{theirs['id']}/candidates"), 404, "vacancy_not_found")
    refused(await hiring.step(two, "viewed"), 404, "application_not_found")
    refused(await officer.get(f"/vacancies/{mine['id']}/candidates"), 403, "forbidden")
    refused(await (await world.admin()).get(f"/vacancies/{mine['id']}/candidates"), 403, "forbidden")
    step = {"state": "viewed", "expected_version": 1}
    for person, status, code in (
        (world.anonymous, 401, "token_invalid"),
        (seeker, 403, "forbidden"),
        (officer, 403, "forbidden"),
    ):
        refused(await person.post(f"/applications/{one['id']}/steps", step, key=key()), status, code)
    refused(await hiring.recruiter.post(f"/applications/{NOBODY}/steps", step, key=key()), 404, "application_not_found")
    # Another seeker's application does not exist; a recruiter is no owner.
    stranger = await world.seeker()
    for person in (stranger, hiring.recruiter):
        refused(await person.get(f"/me/applications/{one['id']}"), 404, "application_not_found")
        path = f"/me/applications/{one['id']}/withdraw"
        refused(await person.post(path, {"expected_version": 1}, key=key()), 404, "application_not_found")
    for path in ("/me/applications", f"/me/applications/{one['id']}"):
        refused(await world.anonymous.get(path), 401, "token_invalid")
    refused(await world.anonymous.post("/applications", form(mine), key=key()), 401, "token_invalid")
    withdraw = f"/me/applications/{one['id']}/withdraw"
    refused(await world.anonymous.post(withdraw, {"expected_version": 1}, key=key()), 401, "token_invalid")
    assert await count(world, ApplicationStep) == 2


async def test_every_step_of_the_table_and_no_other(world: World, hiring: Hiring) -> None:
    """All ten states by all ten targets, from both sides."""
    vacancy, seeker = await hiring.post(headcount=1000), await world.seeker()
    mine = await world.apply(seeker, vacancy["id"])
    version = 100
    for state in A:
        for target in A:
            version += 1
            await set_columns(
                world, Application, mine["id"], state=state, reason=None, version=version, contact_released=True,
                hired_at=world.clock.now() - timedelta(days=90),
            )  # fmt: skip
            reason = {"reason": "other"} if target is A.REJECTED else {}
            answer = await hiring.step(mine | {"version": version}, target.value, **reason)
            if target in NEXT[state] and target in FIRM_STEPS:
                read = ok(answer)
                assert (read["state"], read["version"]) == (target, version + 1)
                allowed = {a["action"] for a in read["actions"] if a["allowed"]}
                assert allowed == {s.value for s in NEXT[target] & FIRM_STEPS}
            else:
                refused(answer, 409, "application_state_wrong")
                assert await count(world, Application, Application.state == state, Application.version == version) == 1
        version += 1
        await set_columns(
            world, Application, mine["id"], state=state, reason=None, version=version, contact_released=True
        )
        path = f"/me/applications/{mine['id']}/withdraw"
        offered = ok(await seeker.get(f"/me/applications/{mine['id']}"))["actions"][0]
        answer = await seeker.post(path, {"expected_version": version}, key=key())
        assert offered["allowed"] == answer.is_success == (A.WITHDRAWN in NEXT[state])
        if not answer.is_success:
            refused(answer, 409, "application_state_wrong")


async def test_a_refusal_needs_its_reason_and_only_a_refusal(world: World, hiring: Hiring) -> None:
    vacancy, seeker = await hiring.post(), await world.seeker()
    mine = await world.apply(seeker, vacancy["id"])
    refused(await hiring.step(mine, "rejected"), 422, "reject_reason_missing", "reason")
    refused(await hiring.step(mine, "viewed", reason="pay"), 422, "reject_reason_surplus", "reason")
    refused(await hiring.step(mine, "rejected", reason="ugly"), 422, "invalid_fields", "reason")
    refused(await hiring.step(mine, "married"), 422, "invalid_fields", "state")
    refused(await hiring.step(mine | {"version": 5}, "viewed"), 409, "stale", "expected_version")
    ok(await hiring.step(mine, "rejected", reason="pay"))
    read = ok(await seeker.get(f"/me/applications/{mine['id']}"))
    assert (read["state"], read["reason"]) == ("rejected", "pay")
    told = (await notices(seeker))[0]
    assert (told["kind"], "工资未谈拢" in told["body"]) == ("application_moved", True)


async def test_the_seeker_sees_every_step_and_is_told(world: World, hiring: Hiring) -> None:
    vacancy, seeker = await hiring.post(), await world.seeker()
    step = await world.apply(seeker, vacancy["id"])
    for state in ("viewed", "interview", "offered", "hired"):
        world.clock.advance(timedelta(minutes=1))
        step = ok(await hiring.step(step, state))
    read = ok(await seeker.get(f"/me/applications/{step['id']}"))
    assert [s["state"] for s in read["steps"]] == ["applied", "viewed", "interview", "offered", "hired"]
    moments = [s["at"] for s in read["steps"]]
    assert moments == sorted(moments)
    assert len([n for n in await notices(seeker) if n["kind"] == "application_moved"]) == 4


async def test_my_applications_page_by_page(world: World, hiring: Hiring) -> None:
    seeker = await world.seeker()
    applied = []
    for index in range(7):
        vacancy = await hiring.post(title=f"平车工{index}")
        applied.append((await world.apply(seeker, vacancy["id"]))["id"])
        if index % 2:
            world.clock.advance(timedelta(seconds=1))
    seen, cursor = [], None
    while True:
        page = ok(await seeker.get("/me/applications", limit=3, **({"cursor": cursor} if cursor else {})))
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == applied[::-1]
    refused(await seeker.get("/me/applications", cursor="x" * 40), 422, "cursor_invalid", "query.cursor")


async def test_the_last_seat_closes_the_vacancy_and_tells_the_others(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post(headcount=1)
    chosen, waiting, declined, gone = [await world.seeker() for _ in range(4)]
    applications = {person.id: await world.apply(person, vacancy["id"]) for person in (chosen, waiting, declined, gone)}
    ok(await hiring.step(applications[declined.id], "rejected", reason="skill"))
    path = f"/me/applications/{applications[gone.id]['id']}/withdraw"
    ok(await gone.post(path, {"expected_version": 1}, key=key()))
    ok(await hiring.step(applications[chosen.id], "hired"))
    own = ok(await hiring.recruiter.get(f"/vacancies/{vacancy['id']}"))
    assert (own["state"], own["open_seats"]) == ("filled", 0)
    kinds = {person.id: [n["kind"] for n in await notices(person)] for person in (chosen, waiting, declined, gone)}
    assert kinds == {
        chosen.id: ["application_moved"], waiting.id: ["vacancy_filled"], declined.id: ["application_moved"], gone.id: [],
    }  # fmt: skip
    refused(await hiring.step(applications[waiting.id], "hired"), 409, "no_seat_left")
    refused(await (await world.seeker()).post("/applications", form(vacancy), key=key()), 409, "vacancy_closed")
    # The one who waits may still be answered.
    ok(await hiring.step(applications[waiting.id], "rejected", reason="filled"))


@pytest.mark.parametrize("instances", [1, 2])
async def test_two_hires_for_one_seat_make_one(world: World, hiring: Hiring, settings: Any, instances: int) -> None:
    vacancy = await hiring.post(headcount=1)
    people = [await world.seeker() for _ in range(6)]
    applications = [await world.apply(person, vacancy["id"]) for person in people]
    async with another_api(settings, world.clock) as second:
        recruiters = [hiring.recruiter, through(hiring.recruiter, second) if instances == 2 else hiring.recruiter]
        hire = {"state": "hired", "expected_version": 1}
        answers: list[httpx.Response] = await asyncio.gather(*(
            recruiters[index % 2].post(f"/applications/{application['id']}/steps", hire, key=key())
            for index, application in enumerate(applications)
        ))  # fmt: skip
    assert [a.status_code for a in answers].count(200) == 1
    assert {a.json()["code"] for a in answers if a.status_code != 200} == {"no_seat_left"}
    assert await count(world, Application, Application.state == "hired") == 1
    assert await count(world, Vacancy, Vacancy.state == "filled", Vacancy.hired_count == 1) == 1
    # A refused hire left nothing behind: no step, no notice of being hired.
    assert await count(world, ApplicationStep, ApplicationStep.state == "hired") == 1
    assert await count(world, Notice, Notice.kind == "application_moved") == 1
    assert await count(world, Notice, Notice.kind == "vacancy_filled") == 5


async def test_two_steps_at_once_from_one_version_are_one(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post()
    application = await world.apply(await world.seeker(), vacancy["id"])
    answers = await asyncio.gather(*(hiring.step(application, "viewed") for _ in range(8)))
    assert [a.status_code for a in answers].count(200) == 1
    assert {a.json()["code"] for a in answers if a.status_code != 200} == {"stale"}
    assert await count(world, ApplicationStep) == 2


async def test_withdrawing_and_hiring_at_once_end_in_one_of_the_two(world: World, hiring: Hiring) -> None:
    vacancy = await hiring.post(headcount=9)
    for _ in range(4):
        seeker = await world.seeker()
        application = await world.apply(seeker, vacancy["id"])
        path = f"/me/applications/{application['id']}/withdraw"
        answers = await asyncio.gather(
            seeker.post(path, {"expected_version": 1}, key=key()), hiring.step(application, "hired")
        )
        assert sorted(a.status_code for a in answers) == [200, 409]
    hired = await count(world, Application, Application.state == "hired")
    assert await count(world, Vacancy, Vacancy.hired_count == hired) == 1


async def test_candidates_are_ranked_best_first_and_the_withdrawn_last(world: World, hiring: Hiring) -> None:
    sewing = await world.occupation()
    vacancy = await hiring.post(required_machines=["平车"], required_years=3)
    novice = await world.seeker(experience_years={sewing: 0})
    gone = await world.seeker(experience_years={sewing: 20}, machines=["平车"])
    master = await world.seeker(experience_years={sewing: 9}, machines=["平车"], shift_patterns=["day"])
    for person in (novice, gone, master):
        await world.apply(person, vacancy["id"])
    mine = ok(await gone.get("/me/applications"))["items"][0]
    ok(await gone.post(f"/me/applications/{mine['id']}/withdraw", {"expected_version": 1}, key=key()))
    listed = await candidates(hiring, vacancy)
    owners = {
        person.id: ok(await person.get("/me/applications"))["items"][0]["id"] for person in (novice, gone, master)
    }
    assert [c["id"] for c in listed] == [owners[master.id], owners[novice.id], owners[gone.id]]
    assert listed[0]["score"] > listed[1]["score"]
    for candidate in listed[:2]:
        # A firm is told the person's wishes as one part, never the wished pay or the home.
        assert [part["key"] for part in candidate["parts"] if part["side"] == "seeker"] == ["wishes"]
