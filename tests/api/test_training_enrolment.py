"""Classes and enrolment over HTTP: seats, approval, the list, offers, groups, clashes, cancellation."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.factories.world import World, ok, refused
from tests.support.funnel import told
from tests.support.jobs import key
from tests.support.training import School, open_school


@pytest.fixture
async def school(world: World) -> School:
    return await open_school(world)


async def test_a_class_opens_fills_and_lets_the_next_one_in(school: School) -> None:
    made = await school.open_class(await school.course(), capacity=1)
    first, second = await school.learner(), await school.learner()
    seat = await school.seat(first, made)
    assert (seat["state"], seat["state_label"]) == ("enrolled", "已录取")
    waiting = await school.seat(second, made)
    assert (waiting["state"], waiting["ahead"]) == ("waitlisted", 0)
    assert (await school.get(made))["state"] == "full"
    refused(await school.enrol(first, made), 409, "enrolled_twice")
    ok(await school.act(first, seat, "withdraw"))
    offered = await school.entry(second, waiting)
    assert offered["state"] == "offered"
    assert offered["offered_until"] is not None
    assert len(await told(second, "training_seat")) == 1
    assert (await school.get(made))["free"] == 0
    taken = ok(await school.act(second, waiting, "accept"))
    assert taken["state"] == "enrolled"
    assert (await school.get(made))["state"] == "full"


async def test_an_offer_lapses_and_goes_on(school: School) -> None:
    made = await school.open_class(await school.course(), capacity=1)
    people = [await school.learner() for _ in range(3)]
    entries = [await school.seat(person, made) for person in people]
    ok(await school.act(people[0], entries[0], "withdraw"))
    await school.pass_time(school.world.clock.now() + timedelta(hours=25), *people)
    assert [(await school.entry(*pair))["state"] for pair in zip(people, entries, strict=True)] == [
        "withdrawn", "lapsed", "offered",
    ]  # fmt: skip
    refused(await school.act(people[1], entries[1], "accept"), 409, "enrolment_state_wrong")
    ok(await school.act(people[2], entries[2], "decline"))
    assert (await school.get(made))["state"] == "enrolling"


async def test_waiting_for_approval_is_not_waiting_for_a_seat(school: School) -> None:
    made = await school.open_class(await school.course(), capacity=1, needs_approval=True)
    people = [await school.learner() for _ in range(3)]
    entries = [await school.seat(person, made) for person in people]
    assert {entry["state"] for entry in entries} == {"pending_approval"}
    assert {entry["ahead"] for entry in entries} == {None}
    assert (await school.get(made))["free"] == 1
    tasks = ok(await school.officer.get("/tasks", kind="enrolment_approval"))["items"]
    assert [task["subject_id"] for task in tasks] == [made["id"]]
    assert ok(await school.act(school.officer, entries[0], "approve"))["state"] == "enrolled"
    assert ok(await school.act(school.officer, entries[1], "approve"))["state"] == "waitlisted"
    refused(await school.act(school.officer, entries[1], "approve"), 409, "enrolment_state_wrong")
    assert ok(await school.act(school.officer, entries[2], "refuse", reason="不在招生范围"))["state"] == "refused"
    assert (await school.entry(people[2], entries[2]))["reason"] == "不在招生范围"
    assert ok(await school.officer.get("/tasks", kind="enrolment_approval"))["items"] == []
    assert len(await told(people[1], "training_seat")) == 1


async def test_entries_to_party_training_are_always_looked_at(school: School) -> None:
    made = await school.open_class(await school.course(brand="party", audience="party_members"))
    assert made["needs_approval"] is True
    assert (await school.seat(await school.learner(), made))["state"] == "pending_approval"


async def test_the_office_does_not_decide_about_itself(school: School) -> None:
    await school.world.consent(school.officer, "service")
    made = await school.open_class(await school.course(licensed=False), needs_approval=True)
    mine = await school.seat(school.officer, made)
    for verb, more in (("approve", {}), ("refuse", {"reason": "不行"}), ("move-up", {"reason": "我急"})):
        refused(await school.act(school.officer, mine, verb, **more), 403, "self_review")


async def test_a_queue_jump_has_a_reason_that_stays(school: School) -> None:
    made = await school.open_class(await school.course(), capacity=1)
    people = [await school.learner() for _ in range(4)]
    entries = [await school.seat(person, made) for person in people]
    refused(await school.act(school.officer, entries[1], "move-up", reason="下月持证上岗"), 409, "jump_first")
    path = f"/training/enrolments/{entries[3]['id']}/move-up"
    refused(await school.officer.post(path, {"expected_version": 1}, key=key()), 422, "invalid_fields", "reason")
    ok(await school.act(school.officer, entries[3], "move-up", reason="下月持证上岗"))
    moved = await school.entry(people[3], entries[3])
    assert (moved["ahead"], moved["moved_up"], moved["jump_reason"]) == (0, True, "下月持证上岗")
    assert (await school.entry(people[1], entries[1]))["ahead"] == 1
    ok(await school.act(people[0], entries[0], "withdraw"))
    assert (await school.entry(people[3], entries[3]))["state"] == "offered"
    assert (await school.entry(people[3], entries[3]))["jump_reason"] == "下月持证上岗"


async def test_sessions_that_clash_are_refused(school: School) -> None:
    course = await school.course()
    one = await school.open_class(course, school.session(5, 9))
    other = await school.open_class(course, school.session(4, 9), school.session(5, 11))
    free = await school.open_class(course, school.session(5, 12))
    person = await school.learner()
    await school.seat(person, one)
    body = refused(await school.enrol(person, other), 409, "session_clash")
    assert one["title"] in body["message"]
    await school.seat(person, free)


async def test_a_seat_taken_elsewhere_meanwhile_stands_in_the_way_of_an_offer(school: School) -> None:
    course = await school.course()
    full = await school.open_class(course, school.session(5, 9), capacity=1)
    first, person = await school.learner(), await school.learner()
    seat, waiting = await school.seat(first, full), await school.seat(person, full)
    elsewhere = await school.seat(person, await school.open_class(course, school.session(5, 10)))
    ok(await school.act(first, seat, "withdraw"))
    refused(await school.act(person, waiting, "accept"), 409, "session_clash")
    ok(await school.act(person, elsewhere, "withdraw"))
    ok(await school.act(person, waiting, "accept"))


async def test_gates_name_what_is_missing(school: School) -> None:
    basic = await school.course()
    await school.course(published=False)
    more = await school.course(prerequisites=[basic["code"]], licensed=True)
    made = await school.open_class(more)
    stranger = await school.world.person()
    refused(await school.enrol(stranger, made), 422, "consent_missing")
    unknown = await school.learner(years=None)
    refused(await school.enrol(unknown, made), 422, "entrant_age_unknown", "birth_date")
    minor = await school.learner(years=17)
    body = refused(await school.enrol(minor, made), 422, "entrant_too_young", "birth_date")
    assert "18周岁" in body["message"]
    adult = await school.learner(years=18)
    body = refused(await school.enrol(adult, made), 422, "prerequisite_missing")
    assert basic["title"] in body["message"]
    await school.certified(basic, adult)
    later_class = await school.open_class(more, school.session(20))
    assert (await school.seat(adult, later_class))["state"] == "enrolled"


async def test_a_class_that_is_not_open_does_not_exist_and_a_closed_one_refuses(school: School) -> None:
    course = await school.course()
    draft = await school.draft(course)
    person = await school.learner()
    refused(await person.get(f"/training/classes/{draft['id']}"), 404, "class_not_found")
    refused(await school.enrol(person, draft), 404, "class_not_found")
    refused(await school.move(f"/training/classes/{draft['id']}/open", draft), 409, "class_state_wrong")
    made = await school.open_class(course)
    closed = ok(await school.move(f"/training/classes/{made['id']}/close", made))
    refused(await school.enrol(person, closed), 409, "class_not_taking")


async def test_enrolment_ends_by_itself_and_the_list_lapses_when_the_class_begins(school: School) -> None:
    made = await school.open_class(await school.course(), capacity=1, needs_approval=False)
    asked = await school.open_class(await school.course(), school.session(5, 14), needs_approval=True)
    people = [await school.learner() for _ in range(2)]
    entries = [await school.seat(person, made) for person in people]
    question = await school.seat(people[1], asked)
    until = datetime.fromisoformat(made["enrol_until"])
    await school.pass_time(until, *people)
    assert (await school.get(made))["state"] == "closed"
    refused(await school.enrol(await school.learner(), made), 409, "class_not_taking")
    await school.pass_time(datetime.fromisoformat(asked["first_at"]), *people)
    assert (await school.get(made))["state"] == "assessing"
    assert (await school.get(asked))["state"] == "running"
    assert (await school.entry(people[1], entries[1]))["state"] == "lapsed"
    assert (await school.entry(people[1], question))["state"] == "lapsed"
    refused(await school.act(people[0], entries[0], "withdraw"), 409, "class_begun")
    assert ok(await school.officer.get("/tasks", kind="enrolment_approval"))["items"] == []


async def test_a_group_comes_together_or_not_at_all(school: School) -> None:
    owner, firm = await school.world.firm()
    await school.world.appoint(owner, "owner", "enterprise", firm)  # type: ignore[arg-type]
    made = await school.open_class(await school.course(), capacity=3)
    four = await school.listed(owner, firm, 4)
    form = {"enterprise_id": firm, "mode": "all", "person_ids": [one.id for one in four]}
    path = f"/training/classes/{made['id']}/groups"
    early = await school.learner()
    seat = await school.seat(early, made)
    group = ok(await owner.post(path, form, key=key()))
    assert {entry["state"] for entry in group["entries"]} == {"waitlisted"}
    # Nobody passes the group, though two seats are free.
    late = await school.learner()
    waiting = await school.seat(late, made)
    assert (waiting["state"], waiting["ahead"]) == ("waitlisted", 4)
    assert (await school.get(made))["free"] == 2
    ok(await school.act(early, seat, "withdraw"))
    assert (await school.get(made))["free"] == 3
    fresh = ok(await owner.get(f"/training/firms/{firm}/groups"))["items"][0]
    split = ok(await school.move(f"/training/groups/{group['id']}/split", fresh, owner))
    states = sorted(entry["state"] for entry in split["entries"])
    assert states == ["offered", "offered", "offered", "waitlisted"]
    assert (await school.entry(late, waiting))["ahead"] == 1
    taken = ok(await school.move(f"/training/groups/{group['id']}/accept", split, owner))
    assert sorted(entry["state"] for entry in taken["entries"]) == ["enrolled", "enrolled", "enrolled", "waitlisted"]
    refused(await school.move(f"/training/groups/{group['id']}/split", taken, owner), 409, "entry_group_split")


async def test_a_group_that_fits_is_seated_at_once_and_answered_together(school: School) -> None:
    owner, firm = await school.world.firm()
    await school.world.appoint(owner, "owner", "enterprise", firm)  # type: ignore[arg-type]
    made = await school.open_class(await school.course(), capacity=2)
    two = await school.listed(owner, firm, 2)
    early = await school.learner()
    seat = await school.seat(early, made)
    form = {"enterprise_id": firm, "mode": "all", "person_ids": [one.id for one in two]}
    group = ok(await owner.post(f"/training/classes/{made['id']}/groups", form, key=key()))
    ok(await school.act(early, seat, "withdraw"))
    entry = next(entry for entry in group["entries"] if entry["person_id"] == two[0].id)
    refused(await school.act(two[0], entry, "accept"), 409, "entry_group_answers")
    fresh = ok(await owner.get(f"/training/firms/{firm}/groups"))["items"][0]
    done = ok(await school.move(f"/training/groups/{group['id']}/accept", fresh, owner))
    assert {entry["state"] for entry in done["entries"]} == {"enrolled"}
    # Each of them may still go; so may the firm send one home.
    ok(await school.act(two[0], entry, "withdraw"))
    other = next(entry for entry in done["entries"] if entry["person_id"] == two[1].id)
    gone = ok(await school.act(owner, other, "withdraw"))
    assert gone["person_name"] != "林小梅"
    assert len(await told(two[1], "training_seat")) >= 2
    partly = form | {"mode": "partly"}
    three = await school.listed(owner, firm, 1)
    partly["person_ids"] = [*form["person_ids"], three[0].id]
    group = ok(await owner.post(f"/training/classes/{made['id']}/groups", partly, key=key()))
    assert sorted(entry["state"] for entry in group["entries"]) == ["enrolled", "enrolled", "waitlisted"]


async def test_a_group_that_comes_together_is_approved_together(school: School) -> None:
    owner, firm = await school.world.firm()
    await school.world.appoint(owner, "owner", "enterprise", firm)  # type: ignore[arg-type]
    made = await school.open_class(await school.course(), capacity=2, needs_approval=True)
    three = await school.listed(owner, firm, 3)
    form = {"enterprise_id": firm, "mode": "all", "person_ids": [one.id for one in three]}
    group = ok(await owner.post(f"/training/classes/{made['id']}/groups", form, key=key()))
    assert {entry["state"] for entry in group["entries"]} == {"pending_approval"}
    assert ok(await school.act(school.officer, group["entries"][0], "approve"))["state"] == "waitlisted"
    fresh = ok(await owner.get(f"/training/firms/{firm}/groups"))["items"][0]
    assert {entry["state"] for entry in fresh["entries"]} == {"waitlisted"}
    assert (await school.get(made))["free"] == 2


async def test_a_group_is_of_the_firms_own_people_and_all_of_them_fit(school: School) -> None:
    owner, firm = await school.world.firm()
    await school.world.appoint(owner, "owner", "enterprise", firm)  # type: ignore[arg-type]
    made = await school.open_class(await school.course(licensed=True))
    path = f"/training/classes/{made['id']}/groups"
    good, young = await school.listed(owner, firm, 2)
    stranger = await school.learner()
    form: dict[str, Any] = {"enterprise_id": firm, "mode": "all"}
    refused(await owner.post(path, form | {"person_ids": [good.id, stranger.id]}, key=key()), 422, "not_on_roster")
    refused(await owner.post(path, form | {"person_ids": [good.id, good.id]}, key=key()), 422, "group_size_wrong")
    await school.seat(young, made)
    body = refused(await owner.post(path, form | {"person_ids": [good.id, young.id]}, key=key()), 422, "group_gates")
    assert "已经报了这个班" in body["message"]
    assert "林小梅" not in body["message"]
    assert (await school.get(made))["free"] == 29
    assert len(ok(await owner.get(f"/training/firms/{firm}/people"))["items"]) == 2
    alien = await school.open_class(await school.course(), only_enterprise_id=firm)
    refused(await school.enrol(stranger, alien), 403, "class_only_firm")


async def test_a_cancelled_class_ends_everything(school: School) -> None:
    made = await school.open_class(await school.course(), capacity=1)
    people = [await school.learner() for _ in range(3)]
    entries = [await school.seat(person, made) for person in people]
    ok(await school.act(people[0], entries[0], "withdraw"))
    fresh = await school.get(made)
    done = ok(await school.move(f"/training/classes/{made['id']}/cancel", fresh, reason="教师生病"))
    assert (done["state"], done["cancelled_because"], done["free"]) == ("cancelled", "教师生病", 1)
    for person, entry in zip(people[1:], entries[1:], strict=True):
        assert (await school.entry(person, entry))["state"] == "class_cancelled"
        refused(await school.act(person, entry, "accept"), 409, "enrolment_state_wrong")
        assert "教师生病" in (await told(person, "training_class"))[0]
    assert await told(people[0], "training_class") == []
    await school.pass_time(school.world.clock.now() + timedelta(hours=30), *people)
    assert (await school.entry(people[1], entries[1]))["state"] == "class_cancelled"


async def test_places_and_trainers_are_not_in_two_places(school: School) -> None:
    course = await school.course()
    taken = school.session(5, 9, venue="三楼培训室", trainer_id=school.trainer.id)
    await school.draft(course, taken)
    same = school.session(5, 11, venue="三楼培训室")
    refused(await school.officer.post("/training/classes", school.form(course, same), key=key()), 409, "venue_clash")
    busy = school.session(5, 10, trainer_id=school.trainer.id)
    refused(await school.officer.post("/training/classes", school.form(course, busy), key=key()), 409, "trainer_clash")
    twice = [school.session(5, 9), school.session(5, 10)]
    refused(
        await school.officer.post("/training/classes", school.form(course, *twice), key=key()), 422, "sessions_overlap"
    )
    nobody = school.session(6, trainer_id=school.officer.id[:-4] + "dead")
    refused(
        await school.officer.post("/training/classes", school.form(course, nobody), key=key()), 422, "trainer_unknown"
    )
    for changes, code in (
        ({"minutes": 10}, "session_period_wrong"), ({"minutes": 600}, "session_period_wrong"), ({"days": -1}, "session_start_wrong"),
    ):  # fmt: skip
        form = school.form(course, school.session(**changes))
        refused(await school.officer.post("/training/classes", form, key=key()), 422, code)
    form = school.form(course) | {"enrol_until": school.at(6).isoformat()}
    refused(await school.officer.post("/training/classes", form, key=key()), 422, "enrol_until_wrong")


async def test_a_moved_session_is_told_and_does_not_make_people_clash(school: School) -> None:
    course = await school.course()
    made = await school.open_class(course, school.session(5, 9))
    other = await school.open_class(course, school.session(6, 9))
    person = await school.learner()
    await school.seat(person, made)
    await school.seat(person, other)
    session = made["sessions"][0]
    path = f"/training/sessions/{session['id']}"
    clash = school.session(6, 10) | {"expected_version": session["version"]}
    refused(await school.officer.put(path, clash, key=key()), 409, "people_clash")
    moved = ok(await school.officer.put(path, school.session(7, 10) | {"expected_version": 1}, key=key()))
    assert moved["first_at"] == school.at(7, 10).isoformat()
    assert len(await told(person, "training_class")) == 1
    stale = school.session(8, 10) | {"expected_version": 1}
    refused(await school.officer.put(path, stale, key=key()), 409, "stale")


async def test_more_seats_go_to_the_list_and_fewer_than_given_are_refused(school: School) -> None:
    made = await school.open_class(await school.course(), capacity=1)
    people = [await school.learner() for _ in range(3)]
    entries = [await school.seat(person, made) for person in people]
    fresh = await school.get(made)
    form = {
        name: fresh[name] for name in ("title", "capacity", "enrol_until", "cost_fen", "subsidised", "filing_number")
    }
    path = f"/training/classes/{made['id']}"
    grown = form | {"capacity": 2, "expected_version": fresh["version"]}
    done = ok(await school.officer.put(path, grown, key=key()))
    assert (done["free"], done["waiting"]) == (0, 1)
    assert (await school.entry(people[1], entries[1]))["state"] == "offered"
    fewer = form | {"capacity": 1, "expected_version": done["version"]}
    refused(await school.officer.put(path, fewer, key=key()), 409, "capacity_below_taken")


async def test_a_subsidised_class_is_filed_first(school: School) -> None:
    made = await school.draft(await school.course(), subsidised=True)
    refused(await school.move(f"/training/classes/{made['id']}/approve", made), 409, "filing_missing")
    form = {name: made[name] for name in ("title", "capacity", "enrol_until", "cost_fen", "subsidised")}
    form |= {"filing_number": "闽培2026-001", "expected_version": made["version"]}
    filed = ok(await school.officer.put(f"/training/classes/{made['id']}", form, key=key()))
    assert ok(await school.move(f"/training/classes/{made['id']}/approve", filed))["state"] == "approved"
