"""Attendance, results and certificates over HTTP: the learner's own code, the trainer's list, PDFs read back, strangers."""

import io
from datetime import datetime, timedelta
from typing import Any

import httpx
import pypdf
import pypdfium2
import pytest
import zxingcpp

from app.rules.identity.roles import Role, ScopeKind
from tests.factories.world import V1, Someone, World, ok, refused
from tests.support.funnel import later, told
from tests.support.identity import version_of
from tests.support.jobs import key
from tests.support.training import School, open_school

RARE = "龑䶮𠅤"


@pytest.fixture
async def school(world: World) -> School:
    return await open_school(world)


async def to_session(
    school: School, made: dict[str, Any], *people: Someone, minutes: int = -5, session: int = 0
) -> None:
    start = datetime.fromisoformat(made["sessions"][session]["starts_at"])
    await school.pass_time(start + timedelta(minutes=minutes), *people)


async def code_of(person: Someone, session_id: str) -> str:
    return str(ok(await person.get(f"/training/sessions/{session_id}/my-code"))["code"])


async def scan(trainer: Someone, session_id: str, code: str) -> httpx.Response:
    return await trainer.post(f"/training/sessions/{session_id}/scan", {"code": code}, key=key())


async def test_a_photographed_code_earns_nothing_for_ten_friends(school: School) -> None:
    made = await school.open_class(await school.course(), school.session(5), school.session(6))
    owner = await school.learner()
    friends = [await school.learner() for _ in range(10)]
    for person in (owner, *friends):
        await school.seat(person, made)
    today, tomorrow = (one["id"] for one in made["sessions"])
    await to_session(school, made, owner, *friends)
    photo = await code_of(owner, today)
    for _ in friends:
        seen = ok(await scan(school.trainer, today, photo))
        assert (seen["person_id"], seen["mark"], seen["minutes"]) == (owner.id, "present", 180)
    marks = ok(await school.trainer.get(f"/training/sessions/{today}/marks"))["items"]
    assert sorted(mark["mark"] for mark in marks) == ["present", *["unmarked"] * 10]
    # Nor at another session, nor a little later, nor by the learner's own hand.
    refused(await scan(school.trainer, tomorrow, photo), 422, "check_in_code_wrong", "code")
    refused(await scan(friends[0], today, photo), 404, "training_session_not_found")
    fresh = await code_of(friends[0], today)
    school.world.clock.advance(timedelta(seconds=60))
    refused(await scan(school.trainer, today, fresh), 422, "check_in_code_old", "code")
    for wrong in ("xxxxxxxx", "A" * 48, photo[:-4] + "AAAA"):
        refused(await scan(school.trainer, today, wrong), 422, "check_in_code_wrong", "code")
    refused(
        await (await school.learner()).get(f"/training/sessions/{today}/my-code"), 404, "training_session_not_found"
    )


async def test_codes_count_only_around_the_session(school: School) -> None:
    made = await school.open_class(await school.course())
    early, late, after = [await school.learner() for _ in range(3)]
    for person in (early, late, after):
        await school.seat(person, made)
    (session,) = made["sessions"]
    await to_session(school, made, early, late, after, minutes=-31)
    refused(await scan(school.trainer, session["id"], await code_of(early, session["id"])), 409, "session_ahead")
    await to_session(school, made, early, late, after, minutes=40)
    seen = ok(await scan(school.trainer, session["id"], await code_of(late, session["id"])))
    assert (seen["mark"], seen["minutes"]) == ("late", 140)
    await to_session(school, made, early, late, after, minutes=180)
    refused(await scan(school.trainer, session["id"], await code_of(after, session["id"])), 409, "session_over")


async def test_marks_by_hand_have_a_reason_and_stay_within_the_session(school: School) -> None:
    made = await school.open_class(await school.course(), school.session(5), school.session(6))
    person, other = await school.learner(), await school.learner()
    mine, theirs = await school.seat(person, made), await school.seat(other, made)
    refused(await school.mark(made, "present", mine), 409, "mark_future")
    await to_session(school, made, person, other, minutes=10)
    refused(await school.mark(made, "present", mine, session=1), 409, "mark_future")
    refused(await school.mark(made, "late", mine, minutes=181), 422, "mark_minutes_wrong", "minutes")
    refused(await school.mark(made, "late", mine), 422, "mark_minutes_wrong")
    refused(await school.mark(made, "absent", mine, minutes=20), 422, "mark_minutes_wrong")
    refused(await school.mark(made, "unmarked", mine), 409, "mark_wrong")
    refused(await school.mark(made, "present", mine, reason=""), 422, "invalid_fields", "reason")
    ghost = {"id": mine["class_id"]}
    refused(await school.mark(made, "present", mine, ghost), 404, "not_in_class")
    listed = ok(await school.trainer.get(f"/training/sessions/{made['sessions'][0]['id']}/marks"))["items"]
    assert {mark["mark"] for mark in listed} == {"unmarked"}
    (late,) = ok(await school.mark(made, "late", mine, minutes=120))["items"]
    assert (late["mark"], late["minutes"], late["way"], late["reason"]) == ("late", 120, "list", "按签名表登记")
    ok(await school.mark(made, "excused", theirs))
    (mended,) = ok(await school.mark(made, "late", mine, minutes=150, reason="核对签名"))["items"]
    assert (mended["minutes"], mended["reason"]) == (150, "核对签名")


async def test_who_came_later_was_not_absent_before(school: School) -> None:
    made = await school.open_class(await school.course(), school.session(5), school.session(6))
    person, late = await school.learner(), await school.learner()
    seat = await school.seat(person, made)
    await to_session(school, made, person, late, minutes=200)
    form = {"person_id": late.id, "reason": "首课前已联系"}
    entry = ok(await school.officer.post(f"/training/classes/{made['id']}/late", form, key=key()))
    assert entry["state"] == "enrolled"
    first = made["sessions"][0]["id"]
    marks = {
        mark["person_id"]: mark["mark"]
        for mark in ok(await school.trainer.get(f"/training/sessions/{first}/marks"))["items"]
    }
    assert marks == {person.id: "unmarked", late.id: "not_enrolled_yet"}
    refused(await school.mark(made, "present", entry), 409, "mark_wrong")
    await to_session(school, made, person, late, session=1, minutes=185)
    ok(await school.mark(made, "present", seat))
    ok(await school.mark(made, "present", seat, entry, session=1))
    done = ok(await school.results(made, (seat, 90), (entry, 90)))["items"]
    # Half of the hours are not enough, whoever was let in late.
    assert {row["person_id"]: row["state"] for row in done} == {person.id: "passed", late.id: "failed"}
    told_of = {row["person_id"]: row["told"] for row in done}
    assert told_of[late.id] == "学时180分钟，占50%（要求80%），考核90分（要求60分）"


async def test_results_come_from_marks_and_scores(school: School) -> None:
    course = await school.course()
    made = await school.open_class(course)
    good, weak, gone = [await school.learner() for _ in range(3)]
    entries = [await school.seat(person, made) for person in (good, weak, gone)]
    refused(await school.results(made, (entries[0], 80)), 409, "class_state_wrong")
    await school.pass_time(datetime.fromisoformat(made["last_at"]), good, weak, gone)
    body = refused(await school.results(made, (entries[0], 80), (entries[1], 80)), 409, "class_marks_missing")
    assert "2人次" in body["message"]
    ok(await school.mark(made, "present", *entries[:2]))
    ok(await school.mark(made, "absent", entries[2]))
    for score in (101, -1, 1_000_000):
        refused(await school.results(made, (entries[0], score)), 422, "score_scale", "score")
    refused(await school.results(made, (entries[0], None)), 422, "score_missing", "score")
    ok(await school.results(made, (entries[0], 86), (entries[1], 59), (entries[2], None)))
    states = [
        (await school.entry(person, entry))["state"] for person, entry in zip((good, weak, gone), entries, strict=True)
    ]
    assert states == ["passed", "failed", "no_show"]
    # A corrected mark takes the result back, and the class cannot be completed without it.
    ok(await school.mark(made, "left_early", entries[0], minutes=100, reason="提前离开"))
    fresh = await school.get(made)
    refused(await school.move(f"/training/classes/{made['id']}/complete", fresh), 409, "class_unfinished")
    (again,) = ok(await school.results(made, (entries[0], 86)))["items"]
    assert (again["state"], again["told"]) == ("failed", "学时100分钟，占55%（要求80%），考核86分（要求60分）")
    done = ok(await school.move(f"/training/classes/{made['id']}/complete", await school.get(made)))
    assert done["state"] == "completed"
    refused(await school.mark(made, "present", entries[0]), 409, "class_state_wrong")


async def test_nobody_marks_themselves_and_trainers_see_their_own_classes(school: School) -> None:
    course = await school.course(pass_by="hours")
    made, other = await school.open_class(course), await school.open_class(course, school.session(6))
    teacher = await school.learner()
    await school.world.appoint(teacher, Role.TRAINER, ScopeKind.CLASS, made["id"])
    mine = await school.seat(teacher, made)
    for path in ("enrolments", "feedback", "certificates", "roster.xlsx"):
        refused(await teacher.get(f"/training/classes/{other['id']}/{path}"), 404, "class_not_found")
    assert len(ok(await teacher.get(f"/training/classes/{made['id']}/enrolments"))["items"]) == 1
    session, foreign = made["sessions"][0]["id"], other["sessions"][0]["id"]
    refused(await teacher.get(f"/training/sessions/{foreign}/marks"), 404, "training_session_not_found")
    await to_session(school, made, teacher, minutes=5)
    refused(await scan(teacher, session, await code_of(teacher, session)), 409, "own_mark")
    refused(await scan(teacher, foreign, "xxxxxxxx"), 404, "training_session_not_found")
    refused(await school.mark(made, "present", mine, by=teacher), 409, "own_mark")


async def test_a_certificate_is_read_back_and_verified_by_a_stranger(school: School) -> None:
    person = await school.learner()
    form = {"name": RARE, "birth_date": "1990-05-01", "expected_version": await version_of(school.world, person)}
    ok(await person.put("/me/profile", form))
    (held,) = await school.certified(await school.course(valid_years=3), person)
    assert (held["state"], held["person_name"], held["hours"], held["score"]) == ("issued", RARE, 4, 80)
    assert "证书已发" in (await told(person, "certificate"))[0]
    mine = ok(await person.get("/training/my-certificates"))["items"]
    assert [one["number"] for one in mine] == [held["number"]]
    answer = await person.get(f"/training/certificates/{held['id']}/paper.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    text = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    assert RARE in text
    assert held["number"] in text
    assert "[U+" not in text
    picture = pypdfium2.PdfDocument(answer.content)[0].render(scale=3).to_pil()
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [held["verify_url"]]
    anonymous = school.world.anonymous
    typed = held["number"].lower().replace("-", " ")
    seen = ok(await school.world.api.get(f"{V1}/training/verify/{typed}"))
    assert (seen["holder"], seen["valid"], seen["told"]) == ("龑*𠅤", True, "证书有效")
    assert person.id not in str(seen)
    page = await school.world.api.get(httpx.URL(held["verify_url"]).raw_path.decode())
    assert page.status_code == 200
    assert "龑*𠅤" in page.text
    assert RARE not in page.text
    missing = await school.world.api.get("/verify/BGPX2026-AAAAA-AAAAA")
    assert (missing.status_code, "没有这个编号" in missing.text) == (404, True)
    other = await school.world.person()
    refused(await other.get(f"/training/certificates/{held['id']}"), 404, "certificate_not_found")
    refused(await other.get(f"/training/certificates/{held['id']}/paper.pdf"), 404, "certificate_not_found")
    assert anonymous.token == ""
    await later(school.world, timedelta(days=3 * 366), person)
    old = ok(await school.world.api.get(f"{V1}/training/verify/{held['number']}"))
    assert (old["valid"], old["told"]) == (False, "证书已过有效期")


async def test_numbers_are_not_found_by_guessing(school: School) -> None:
    """One address has thirty tries in ten minutes; what is refused says nothing."""
    answers = [await school.world.api.get(f"{V1}/training/verify/BGPX2026-AAAAA-{n:05d}") for n in range(40)]
    assert {answer.status_code for answer in answers[:30]} == {404}
    assert {answer.status_code for answer in answers[30:]} == {429}
    refused(answers[-1], 429, "too_many_requests")
    for odd in ("%E7%A7%81%E9%80%A0", "'%20OR%201=1", "%00%00%00%00%00"):
        school.world.clock.advance(timedelta(minutes=1))
        assert (await school.world.api.get(f"{V1}/training/verify/{odd}")).status_code in {404, 422}


async def test_certificates_are_issued_once_revoked_and_exchanged_by_another(school: School) -> None:
    person = await school.learner()
    course = await school.course()
    (held,) = await school.certified(course, person)
    again = ok(await school.officer.post(f"/training/classes/{held['class_id']}/certificates", key=key()))["items"]
    assert [one["number"] for one in again] == [held["number"]]
    path = f"/training/certificates/{held['id']}"
    form = {"name": "林晓梅", "birth_date": "1990-05-01", "expected_version": await version_of(school.world, person)}
    ok(await person.put("/me/profile", form))
    fresh = ok(await school.move(f"{path}/exchange", held))
    assert (fresh["person_name"], fresh["state"]) == ("林晓梅", "issued")
    assert fresh["number"] != held["number"]
    old = ok(await school.world.api.get(f"{V1}/training/verify/{held['number']}"))
    assert (old["state"], old["valid"]) == ("superseded", False)
    refused(
        await school.move(f"{path}/revoke", ok(await person.get(path)), reason="重复"), 409, "certificate_state_wrong"
    )
    gone = ok(await school.move(f"/training/certificates/{fresh['id']}/revoke", fresh, reason="考勤登记有误"))
    assert (gone["state"], gone["reason"]) == ("revoked", "考勤登记有误")
    body = (await told(person, "certificate"))[0]
    assert "撤销" in body
    assert "考勤登记有误" not in body
    seen = ok(await school.world.api.get(f"{V1}/training/verify/{fresh['number']}"))
    assert (seen["told"], "考勤" in str(seen)) == ("证书已撤销，不再有效", False)
    await school.world.appoint(person, Role.TRAINING_OFFICER)
    mine = ok(await person.get(path))
    refused(await school.move(f"{path}/revoke", mine, person, reason="重复"), 409, "own_certificate")


async def test_a_name_that_nobody_has_given_is_not_printed(school: School) -> None:
    nameless = await school.learner(years=None)
    course = await school.course()
    made = await school.taught(course, nameless)
    body = refused(
        await school.officer.post(f"/training/classes/{made['id']}/certificates", key=key()),
        409,
        "certificate_name_missing",
    )
    assert "1位" in body["message"]
    plain = await school.course(certified=False)
    other = await school.taught(plain, await school.learner())
    refused(
        await school.officer.post(f"/training/classes/{other['id']}/certificates", key=key()),
        409,
        "course_without_certificate",
    )
    early = await school.open_class(course, school.session(30))
    refused(
        await school.officer.post(f"/training/classes/{early['id']}/certificates", key=key()),
        409,
        "class_not_completed",
    )


async def test_feedback_is_shown_from_five_answers_on(school: School) -> None:
    people = [await school.learner() for _ in range(5)]
    made = await school.taught(await school.course(), *people)
    path = f"/training/classes/{made['id']}/feedback"
    for score, person in enumerate(people[:4], 2):
        assert (await person.post(path, {"score": score, "words": f"意见{score}"}, key=key())).status_code == 204
    few = ok(await school.trainer.get(path))
    assert (few["answers"], few["shown"], few["mean_hundredths"], few["words"]) == (4, False, None, [])
    assert (await people[4].post(path, {"score": 5, "words": None}, key=key())).status_code == 204
    refused(await people[4].post(path, {"score": 1, "words": None}, key=key()), 409, "feedback_twice")
    refused(await people[4].post(path, {"score": 6, "words": None}, key=key()), 422, "invalid_fields", "score")
    refused(await (await school.learner()).post(path, {"score": 5}, key=key()), 404, "class_not_found")
    shown = ok(await school.trainer.get(path))
    assert (shown["answers"], shown["mean_hundredths"], len(shown["words"])) == (5, 380, 4)
    record = ok(await people[0].get("/training/my-record"))
    assert [(one["state"], one["hours"]) for one in record["items"]] == [("passed", 4)]
    assert [year["hours"] for year in record["years"]] == [4]
    open_class = await school.open_class(await school.course(), school.session(40))
    await school.seat(people[0], open_class)
    refused(
        await people[0].post(f"/training/classes/{open_class['id']}/feedback", {"score": 5}, key=key()),
        409,
        "feedback_early",
    )
