"""Interviews over HTTP: slots, answers of both sides, overlaps, results that move the application, reminders."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.models.jobs import Application, Interview
from app.rules.jobs.interviews import INTERVIEW_NEXT, RUNNING, InterviewState
from app.tasks.sweeps import sweep
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import column
from tests.support.funnel import at, confirm, later, propose, slots, told
from tests.support.jobs import CONTENT_CHECK, NOBODY, Hiring, count, counted, key, rival, set_columns

I = InterviewState  # noqa: E741  # as in the rule book's tables


async def arranged(world: World, hiring: Hiring) -> tuple[Someone, dict[str, Any], dict[str, Any]]:
    """A seeker, the application, and an interview with two times tomorrow."""
    seeker = await world.seeker()
    application = await world.apply(seeker, (await hiring.post(headcount=9))["id"])
    interview = ok(await propose(hiring, application, at(world, 9), at(world, 14)))
    return seeker, application, interview


async def firm_act(hiring: Hiring, interview: dict[str, Any], act: str, **form: Any) -> Any:
    body = {"expected_version": interview["version"]} | form
    return await hiring.recruiter.post(f"/interviews/{interview['id']}/{act}", body, key=key())


async def test_from_the_first_offer_to_the_agreed_time(world: World, hiring: Hiring) -> None:
    seeker, application, interview = await arranged(world, hiring)
    assert (interview["state"], interview["round"], interview["chosen"], interview["version"]) == (
        "proposed",
        1,
        None,
        1,
    )
    assert [(slot["number"], slot["minutes"], slot["mode"]) for slot in interview["slots"]] == [
        (0, 30, "onsite"),
        (1, 30, "onsite"),
    ]
    # No place named: the workplace.
    assert interview["slots"][0]["place"] == "宝盖镇科技园回兴路188号"
    assert {a["action"]: a["allowed"] for a in interview["actions"]} == {
        "reschedule": True,
        "cancel": True,
        "result": False,
    }
    read = ok(await seeker.get(f"/me/applications/{application['id']}"))
    assert (read["state"], [step["state"] for step in read["steps"]]) == ("interview", ["applied", "interview"])
    assert "可选时间" in (await told(seeker, "interview"))[0]
    refused(await propose(hiring, application, at(world, 10)), 409, "interview_running")
    mine = ok(await seeker.get("/me/interviews"))["items"]
    assert [one["id"] for one in mine] == [interview["id"]]
    assert ok(await seeker.get(f"/me/interviews/{interview['id']}")) == mine[0]
    refused(await confirm(seeker, interview, 2), 422, "interview_slot_unknown", "slot")
    refused(await confirm(seeker, interview, expected_version=3), 409, "stale")
    agreed = ok(await confirm(seeker, interview, 1))
    assert (agreed["state"], agreed["chosen"], agreed["starts_at"]) == (
        "confirmed",
        1,
        interview["slots"][1]["starts_at"],
    )
    assert "约定了面试时间" in (await told(hiring.recruiter, "interview"))[0]
    refused(await confirm(seeker, agreed), 409, "interview_state_wrong")
    listed = ok(await hiring.recruiter.get(f"/applications/{application['id']}/interviews"))["items"]
    assert [one["state"] for one in listed] == ["confirmed"]


async def test_other_times_in_the_seekers_words_and_a_new_offer(world: World, hiring: Hiring, kind: str) -> None:
    seeker, _, interview = await arranged(world, hiring)
    agreed = ok(await confirm(seeker, interview))
    path, words = f"/me/interviews/{interview['id']}/ask-other", "孩子放学后，十八点以后都可以"
    form = {"words": words, "expected_version": agreed["version"]}
    refused(await seeker.post(path, form | {"words": "SBX_RISKY"}, key=key()), 422, "text_risky", "words")
    refused(await seeker.post(path, form | {"words": "SBX_REVIEW"}, key=key()), 422, "words_unchecked", "words")
    refused(await seeker.post(path, form | {"words": "x" * 101}, key=key()), 422, "invalid_fields", "words")
    asked = ok(await seeker.post(path, form, key=key()))
    assert (asked["state"], asked["asked"], asked["chosen"], asked["starts_at"]) == ("other_asked", words, None, None)
    shown = ok(await hiring.recruiter.get(f"/applications/{asked['application_id']}/interviews"))["items"][0]
    assert shown["asked"] == words
    assert words.encode() not in await column(world, Interview.asked_sealed, Interview.state == "other_asked")
    # Neither the notice nor the audit repeats them.
    assert all(words not in body for body in await told(hiring.recruiter, "interview"))
    again = ok(await firm_act(hiring, asked, "reschedule", slots=slots(at(world, 19), place="厂门口", note="找陈主管")))
    assert (again["state"], again["round"], again["slots"][0]["place"], again["slots"][0]["note"]) == (
        "proposed",
        2,
        "厂门口",
        "找陈主管",
    )
    agreed = ok(await confirm(seeker, again))
    gone = ok(await firm_act(hiring, agreed, "cancel"))
    assert gone["state"] == "cancelled"
    assert "的面试已取消" in (await told(seeker, "interview"))[0]
    refused(await firm_act(hiring, gone, "reschedule", slots=slots(at(world, 19))), 409, "interview_state_wrong")
    # The application goes on: another one can be arranged.
    assert ok(await propose(hiring, {"id": gone["application_id"]}, at(world, 10)))["round"] == 1


async def test_without_words_also_where_wechat_is_away(world: World, hiring: Hiring) -> None:
    seeker, _, interview = await arranged(world, hiring)
    world.sandbox.post("/_sbx/faults", path=CONTENT_CHECK, kind="errcode", errcode=-1, times=99)
    path = f"/me/interviews/{interview['id']}/ask-other"
    body = refused(
        await seeker.post(path, {"words": "周末", "expected_version": 1}, key=key()), 422, "words_unchecked", "words"
    )
    assert "或不填写" in body["message"]
    assert ok(await seeker.post(path, {"expected_version": 1}, key=key()))["asked"] is None


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"starts_at": "2020-01-01T09:00:00+08:00"}, "interview_slots_wrong", "slots.0.starts_at"),
        ({"starts_at": "2026-11-24T09:00:00"}, "invalid_fields", "slots.0.starts_at"),
        ({"minutes": 9}, "invalid_fields", "slots.0.minutes"), ({"minutes": 241}, "invalid_fields", "slots.0.minutes"),
        ({"mode": "telepathy"}, "invalid_fields", "slots.0.mode"), ({"place": "x" * 121}, "invalid_fields", "slots.0.place"),
        ({"room": 3}, "invalid_fields", "slots.0.room"), ({"note": "SBX_RISKY"}, "text_risky", "slots.0.note"),
        ({"place": "SBX_REVIEW"}, "words_unchecked", "slots.0.place"),
    ],
)  # fmt: skip
async def test_malformed_slots_name_the_field(
    world: World, hiring: Hiring, change: dict[str, Any], code: str, field: str
) -> None:
    application = await world.apply(await world.seeker(), (await hiring.post())["id"])
    path = f"/applications/{application['id']}/interviews"
    form = {"slots": [slots(at(world, 9))[0] | change]}
    refused(await hiring.recruiter.post(path, form, key=key()), 422, code, field)
    assert await count(world, Interview) == 0
    assert await count(world, Application, Application.state == "applied") == 1


async def test_slots_of_one_offer(world: World, hiring: Hiring) -> None:
    application = await world.apply(await world.seeker(), (await hiring.post())["id"])
    for starts in ([], [at(world, 8 + hour) for hour in range(6)]):
        refused(await propose(hiring, application, *starts), 422, "invalid_fields", "slots")
    for hour in (6, 22):
        refused(await propose(hiring, application, at(world, hour)), 422, "interview_slots_wrong", "slots.0.starts_at")
    refused(
        await propose(hiring, application, at(world, 9), at(world, 9, 20)),
        422,
        "interview_slots_wrong",
        "slots.1.starts_at",
    )
    # In any order, by any offset: shown by time.
    found = ok(await propose(hiring, application, at(world, 15), at(world, 9), mode="online"))
    assert [slot["starts_at"][11:16] for slot in found["slots"]] == ["09:00", "15:00"]
    assert found["slots"][0]["place"] == ""


async def test_two_agreed_interviews_never_overlap(world: World, hiring: Hiring) -> None:
    other = await rival(world)
    seeker = await world.seeker()
    one = await world.apply(seeker, (await hiring.post())["id"])
    two = await world.apply(seeker, (await other.post())["id"])
    first = ok(await propose(hiring, one, at(world, 9)))
    second = ok(await propose(other, two, at(world, 9, 20), at(world, 9, 30), minutes=10))
    # At once from two sides: one of the two is agreed.
    answers = await asyncio.gather(confirm(seeker, first), confirm(seeker, second))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"interview_overlap"}
    assert await count(world, Interview, Interview.state == "confirmed") == 1
    if answers[0].status_code == 200:
        body = refused(await confirm(seeker, second), 409, "interview_overlap")
        assert "09:00–09:30" in body["params"]["other"]
        # One ends when the other begins: no overlap.
        ok(await confirm(seeker, second, 1))
    # Another person's agreed time is nobody's hindrance.
    stranger = await world.seeker()
    third = await world.apply(stranger, (await hiring.post())["id"])
    ok(await confirm(stranger, ok(await propose(hiring, third, at(world, 9)))))


async def test_confirming_while_the_firm_moves_on_never_deadlocks(world: World, hiring: Hiring) -> None:
    for _ in range(4):
        seeker, application, interview = await arranged(world, hiring)
        answers = await asyncio.gather(
            confirm(seeker, interview), hiring.step({"id": application["id"], "version": 2}, "offered")
        )
        assert [answer.status_code for answer in answers] == [200, 200]


async def test_results_move_the_application(world: World, hiring: Hiring) -> None:
    seeker, application, interview = await arranged(world, hiring)
    agreed = ok(await confirm(seeker, interview))
    refused(await firm_act(hiring, agreed, "result", result="passed"), 409, "interview_not_yet")
    await later(world, timedelta(days=1), seeker, hiring.recruiter)
    refused(await firm_act(hiring, agreed, "result", result="failed"), 422, "interview_reason_wrong", "reason")
    refused(
        await firm_act(hiring, agreed, "result", result="passed", reason="pay"), 422, "interview_reason_wrong", "reason"
    )
    refused(await firm_act(hiring, agreed, "result", result="great"), 422, "invalid_fields", "result")
    assert ok(await firm_act(hiring, agreed, "result", result="passed"))["state"] == "passed"
    assert ok(await seeker.get(f"/me/applications/{application['id']}"))["state"] == "offered"
    for result, reason, state, why in (
        ("failed", "skill", "rejected", "skill"), ("no_show", None, "interview", None), ("no_show", "no_show", "rejected", "no_show"),
    ):  # fmt: skip
        person, _, meeting = await arranged(world, hiring)
        agreed = ok(await confirm(person, meeting))
        await later(world, timedelta(days=1), person, hiring.recruiter)
        assert ok(await firm_act(hiring, agreed, "result", result=result, reason=reason))["state"] == result
        read = ok(await person.get("/me/applications"))["items"][0]
        assert (read["state"], read["reason"]) == (state, why)
    assert "登记为未到场" in (await told(person, "interview"))[0]


async def test_what_runs_ends_with_the_application(world: World, hiring: Hiring) -> None:
    seeker, application, interview = await arranged(world, hiring)
    ok(
        await seeker.post(
            f"/me/interviews/{interview['id']}/ask-other", {"words": "周末", "expected_version": 1}, key=key()
        )
    )
    version = ok(await seeker.get(f"/me/applications/{application['id']}"))["version"]
    ok(await seeker.post(f"/me/applications/{application['id']}/withdraw", {"expected_version": version}, key=key()))
    assert await count(world, Interview, Interview.state == "cancelled", Interview.asked_sealed.is_(None)) == 1
    assert "一次面试已取消" in (await told(hiring.recruiter, "interview"))[0]
    refused(await propose(hiring, application, at(world, 9)), 409, "application_state_wrong")
    other, application, interview = await arranged(world, hiring)
    ok(await hiring.step({"id": application["id"], "version": 2}, "hired"))
    assert ok(await other.get(f"/me/interviews/{interview['id']}"))["state"] == "cancelled"
    third, _, interview = await arranged(world, hiring)
    ok(await third.post("/me/deletion", {"confirm": "注销"}))
    assert await count(world, Interview, Interview.state == "cancelled") == 3


async def test_strangers_see_nothing(world: World, hiring: Hiring) -> None:
    seeker, application, interview = await arranged(world, hiring)
    other, stranger = await rival(world), await world.seeker()
    refused(await other.recruiter.get(f"/applications/{application['id']}/interviews"), 404, "application_not_found")
    refused(await propose(other, application, at(world, 9)), 404, "application_not_found")
    for act, form in (
        ("reschedule", {"slots": slots(at(world, 9))}), ("cancel", {}), ("result", {"result": "passed"}),
    ):  # fmt: skip
        refused(await firm_act(other, interview, act, **form), 404, "interview_not_found")
        refused(await firm_act(hiring, interview | {"id": NOBODY}, act, **form), 404, "interview_not_found")
        body = {"expected_version": 1} | form
        refused(await seeker.post(f"/interviews/{interview['id']}/{act}", body, key=key()), 403, "forbidden")
        refused(
            await world.anonymous.post(f"/interviews/{interview['id']}/{act}", body, key=key()), 401, "token_invalid"
        )
        refused(
            await hiring.recruiter.post(f"/interviews/{interview['id']}/{act}", body), 422, "idempotency_key_missing"
        )
    for person in (stranger, hiring.recruiter):
        refused(await person.get(f"/me/interviews/{interview['id']}"), 404, "interview_not_found")
        refused(await confirm(person, interview), 404, "interview_not_found")
        path = f"/me/interviews/{interview['id']}/ask-other"
        refused(await person.post(path, {"expected_version": 1}, key=key()), 404, "interview_not_found")
        assert ok(await person.get("/me/interviews"))["items"] == []


async def test_every_move_of_the_table_and_no_other(world: World, hiring: Hiring) -> None:
    """All states by all acts of both sides."""
    seeker, _, interview = await arranged(world, hiring)
    version = 100
    acts = {
        "reschedule": I.PROPOSED, "cancel": I.CANCELLED, "result": I.NO_SHOW, "confirm": I.CONFIRMED, "ask-other": I.OTHER_ASKED,
    }  # fmt: skip
    for state in I:
        for act, target in acts.items():
            version += 1
            begun = world.clock.now() - timedelta(hours=1)
            await set_columns(
                world, Interview, interview["id"], state=state, version=version, chosen=0, starts_at=begun,
                ends_at=begun + timedelta(minutes=30), slots=slots(at(world, 9), mode="onsite", place="", note=""),
            )  # fmt: skip
            now = interview | {"version": version}
            if act == "confirm":
                answer = await confirm(seeker, now)
            elif act == "ask-other":
                path = f"/me/interviews/{interview['id']}/ask-other"
                answer = await seeker.post(path, {"expected_version": version}, key=key())
            else:
                form = {"reschedule": {"slots": slots(at(world, 9))}, "result": {"result": "no_show"}}.get(act, {})
                answer = await firm_act(hiring, now, act, **form)
            if target in INTERVIEW_NEXT[state] or (act == "reschedule" and state in RUNNING):
                assert ok(answer)["state"] == target
            else:
                refused(answer, 409, "interview_state_wrong")
    assert await count(world, Application, Application.state == "interview") == 1


async def test_reminders_and_what_was_never_agreed(world: World, hiring: Hiring) -> None:
    seeker = await world.seeker()
    application = await world.apply(seeker, (await hiring.post())["id"])
    interview = ok(await propose(hiring, application, at(world, 15, days=3), place="二楼会议室"))
    ok(await confirm(seeker, interview))
    await sweep(world.runtime)
    assert await told(seeker, "interview_soon") == []
    for moment, heard in ((at(world, 15, days=2), 1), (at(world, 13, days=3), 2)):
        await later(world, moment - timedelta(seconds=1) - world.clock.now())
        assert (await sweep(world.runtime))["interviews_reminded"] == 0
        await later(world, timedelta(seconds=1), seeker, hiring.recruiter)
        results = await asyncio.gather(sweep(world.runtime), sweep(world.runtime))
        assert sum(result["interviews_reminded"] for result in results) == 1
        for person in (seeker, hiring.recruiter):
            bodies = await told(person, "interview_soon")
            assert len(bodies) == heard
            assert "15:00" in bodies[0]
            assert "二楼会议室" in bodies[0]
    late = await world.seeker()
    application = await world.apply(late, (await hiring.post(title="缝纫工"))["id"])
    unanswered = ok(await propose(hiring, application, at(world, 9), at(world, 15)))
    await later(world, timedelta(days=1, hours=1), late, hiring.recruiter)
    # The first time has passed, the second has not: still open, and the passed one cannot be agreed.
    assert (await sweep(world.runtime))["interviews_lapsed"] == 0
    refused(await confirm(late, unanswered), 409, "interview_slot_past")
    await later(world, timedelta(hours=4), late, hiring.recruiter)
    assert (await sweep(world.runtime))["interviews_lapsed"] == 1
    assert ok(await late.get(f"/me/interviews/{unanswered['id']}"))["state"] == "lapsed"
    for person in (late, hiring.recruiter):
        assert any("没有约成" in body for body in await told(person, "interview"))


async def test_my_interviews_page_by_page_with_as_many_statements(world: World, hiring: Hiring) -> None:
    seeker = await world.seeker()
    made = []
    for hour in (9, 10, 11, 12, 13):
        application = await world.apply(seeker, (await hiring.post())["id"])
        made.append(ok(await propose(hiring, application, at(world, hour)))["id"])
    with counted(world.runtime.db.reader) as few:
        page = ok(await seeker.get("/me/interviews", limit=2))
    with counted(world.runtime.db.reader) as many:
        whole = ok(await seeker.get("/me/interviews", limit=5))
    assert len(few) == len(many)
    assert [one["id"] for one in whole["items"]] == made[::-1]
    following = ok(await seeker.get("/me/interviews", limit=2, cursor=page["next_cursor"]))
    assert [one["id"] for one in page["items"] + following["items"]] == made[::-1][:4]
    refused(await seeker.get("/me/invitations", cursor=page["next_cursor"]), 422, "cursor_invalid", "query.cursor")
