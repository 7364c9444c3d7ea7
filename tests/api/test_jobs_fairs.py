"""Job fairs over HTTP: planning, states, who sees and manages them, booths, vacancies."""

import asyncio
from datetime import timedelta
from typing import Any

from app.models.common import Task
from app.models.jobs import Fair, FairBooth, Vacancy
from app.models.organisation import Enterprise
from app.rules.identity.roles import Role, ScopeKind
from app.tasks.sweeps import sweep
from tests.factories.world import World, ok, refused
from tests.support import fairs
from tests.support.jobs import NOBODY, Hiring, count, counted, key, rival, set_columns, unapproved


async def test_a_fair_is_planned_and_announced(world: World, hiring: Hiring) -> None:
    officer = await world.officer()
    area = ok(await world.anonymous.get("/areas"))[0]
    body = fairs.form(world, area_ids=[area["id"]])
    once = key()
    fair = ok(await officer.post("/fairs", body, key=once))
    assert ok(await officer.post("/fairs", body, key=once)) == fair
    assert await count(world, Fair) == 1
    assert (fair["state"], fair["state_label"], fair["version"]) == ("draft", "筹备中", 1)
    assert (fair["place"], fair["area_ids"], fair["capacity"]) == (fairs.PLACE, [area["id"]], 40)
    # A draft is the office's: for everybody else it does not exist.
    for someone in (world.anonymous, hiring.recruiter):
        refused(await someone.get(f"/fairs/{fair['id']}"), 404, "fair_not_found")
        assert ok(await someone.get("/fairs"))["items"] == []
        refused(await someone.post(f"/fairs/{fair['id']}/visits"), 404, "fair_not_found")
    assert [item["id"] for item in ok(await officer.get("/fairs"))["items"]] == [fair["id"]]
    changed = ok(await officer.put(f"/fairs/{fair['id']}", body | {"title": "改名的招聘会", "expected_version": 1}))
    assert (changed["title"], changed["version"]) == ("改名的招聘会", 2)
    stale = await officer.put(f"/fairs/{fair['id']}", body | {"expected_version": 1})
    refused(stale, 409, "stale", "expected_version")
    shown = ok(await officer.post(f"/fairs/{fair['id']}/publish", {"expected_version": 2}))
    assert {a["action"] for a in shown["actions"] if a["allowed"]} == {"update", "start", "cancel"}
    seen = ok(await world.anonymous.get(f"/fairs/{fair['id']}"))
    assert (seen["state"], seen["checked_in_at"]) == ("published", None)
    assert seen["actions"] == [{"action": "check_in", "allowed": False, "reason": "请先登录"}]
    found = ok(await world.anonymous.get("/fairs", area_id=area["id"], kind="onsite", state="published"))["items"]
    assert [item["id"] for item in found] == [fair["id"]]
    for query in ({"area_id": NOBODY}, {"kind": "online"}, {"state": "running"}):
        assert ok(await world.anonymous.get("/fairs", **query))["items"] == []


async def test_forms_that_lack_what_their_kind_needs(world: World) -> None:
    officer = await world.officer()
    body = fairs.form(world)
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"place": None}, "fair_place_missing", "place"),
        ({"kind": "online", "place": None}, "corridor_missing", "corridor"),
        ({"kind": "campus"}, "school_missing", "school"),
        ({"ends_at": body["starts_at"]}, "fair_period_wrong", "ends_at"),
        ({"starts_at": "2020-01-01T09:00:00+08:00", "ends_at": "2020-01-01T16:00:00+08:00"}, "fair_period_wrong", "ends_at"),
        ({"area_ids": [NOBODY]}, "fair_area_unknown", "area_ids"),
        ({"capacity": 0}, "invalid_fields", "capacity"),
        ({"corridor": "http://example.com"}, "invalid_fields", "corridor"),
        ({"corridor": "javascript:alert(1)"}, "invalid_fields", "corridor"),
        ({"starts_at": "2027-01-01T09:00:00"}, "invalid_fields", "starts_at"),
        ({"title": "会"}, "invalid_fields", "title"),
        ({"secret": 1}, "invalid_fields", "secret"),
    ]  # fmt: skip
    for changes, code, field in cases:
        refused(await officer.post("/fairs", body | changes, key=key()), 422, code, field)
    refused(await officer.post("/fairs", body), 422, "idempotency_key_missing")
    assert await count(world, Fair) == 0
    online = {"kind": "online", "place": None, "corridor": "pages/fair/corridor?id=1"}
    assert ok(await officer.post("/fairs", body | online, key=key()))["place"] is None
    campus = ok(await officer.post("/fairs", body | {"kind": "campus", "school": "石狮鹏山工贸学校"}, key=key()))
    assert campus["school"] == "石狮鹏山工贸学校"


async def test_only_the_office_plans_and_an_officer_of_one_fair_runs_that_one(world: World, hiring: Hiring) -> None:
    stall, other = await fairs.published(world), await fairs.published(world)
    helper = await world.person()
    body = fairs.form(world)
    start = f"{stall.path}/start"
    for someone in (helper, hiring.recruiter, await world.admin()):
        refused(await someone.post("/fairs", body, key=key()), 403, "forbidden")
        refused(await someone.post(start, {"expected_version": 2}), 403, "forbidden")
        refused(await someone.get(f"{stall.path}/check-in-code"), 403, "forbidden")
    refused(await world.anonymous.post(start, {"expected_version": 2}), 401, "token_invalid")
    await world.appoint(helper, Role.JOBS_OFFICER, ScopeKind.FAIR, stall.fair["id"])
    assert ok(await helper.post(start, {"expected_version": 2}))["state"] == "running"
    assert "end" in {a["action"] for a in ok(await helper.get(stall.path))["actions"] if a["allowed"]}
    assert ok(await helper.get(f"{stall.path}/check-in-code"))["code"]
    # Another fair is not theirs, nor is making one.
    refused(await helper.post(f"{other.path}/start", {"expected_version": 2}), 404, "fair_not_found")
    refused(await helper.get(f"{other.path}/report"), 404, "fair_not_found")
    refused(await helper.post("/fairs", body, key=key()), 403, "forbidden")
    refused(await helper.get(f"/fairs/{NOBODY}/report"), 404, "fair_not_found")
    admin = await world.admin()
    unknown = {
        "person_id": helper.id,
        "role": "jobs_officer",
        "scope_kind": "fair",
        "scope_id": NOBODY,
        "source": "测试任命",
    }
    refused(await admin.post("/appointments", unknown), 422, "scope_id_wrong")


async def test_states_and_the_clock(world: World, hiring: Hiring) -> None:
    stall = await fairs.planned(world, **fairs.soon(world))
    for verb in ("start", "end", "report"):
        wrong = await stall.officer.post(f"{stall.path}/{verb}", {"expected_version": 1})
        refused(wrong, 409, "fair_state_wrong")
    await stall.move("publish")
    assert (await sweep(world.runtime))["fairs_turned"] == 0
    world.clock.advance(timedelta(minutes=10))
    assert (await sweep(world.runtime))["fairs_turned"] == 1
    shown = ok(await world.anonymous.get(stall.path))
    assert shown["state"] == "running"
    late = await stall.officer.put(stall.path, fairs.form(world) | {"expected_version": shown["version"]})
    refused(late, 409, "fair_locked")
    world.clock.advance(timedelta(minutes=30))
    await asyncio.gather(sweep(world.runtime), sweep(world.runtime))
    ended = ok(await world.anonymous.get(stall.path))
    assert (ended["state"], ended["version"]) == ("ended", shown["version"] + 1)
    assert ended["ended_at"] is not None
    assert len(ok(await stall.officer.get("/tasks", kind="fair_report"))["items"]) == 1
    # A draft that lay until its day was over is not announced any more.
    old = await fairs.planned(world, **fairs.soon(world))
    world.clock.advance(timedelta(minutes=40))
    refused(await old.officer.post(f"{old.path}/publish", {"expected_version": 1}), 422, "fair_period_wrong", "ends_at")


async def test_a_cancelled_fair_says_why(world: World, hiring: Hiring) -> None:
    stall = await fairs.published(world)
    await stall.join(hiring)
    version = stall.fair["version"]
    refused(
        await stall.officer.post(f"{stall.path}/cancel", {"expected_version": version}), 422, "invalid_fields", "reason"
    )
    await stall.move("cancel", reason="受台风影响改期")
    seen = ok(await world.anonymous.get(stall.path))
    assert (seen["state"], seen["cancelled_because"]) == ("cancelled", "受台风影响改期")
    told = ok(await hiring.recruiter.get("/me/notices"))["items"][0]
    assert told["kind"] == "fair"
    assert "受台风影响改期" in told["body"]
    late = await hiring.recruiter.post(f"{stall.path}/booths", {"enterprise_id": hiring.firm_id})
    refused(late, 409, "fair_closed")


async def test_a_firm_applies_and_is_confirmed(world: World, hiring: Hiring) -> None:
    stall = await fairs.published(world)
    body = {"enterprise_id": hiring.firm_id}
    asked = ok(await hiring.recruiter.post(f"{stall.path}/booths", body))
    assert (asked["state"], asked["number"], asked["vacancy_count"]) == ("applied", None, 0)
    refused(await hiring.recruiter.post(f"{stall.path}/booths", body), 409, "booth_state_wrong")
    assert ok(await world.anonymous.get(f"{stall.path}/booths"))["items"] == []
    waiting = ok(await stall.officer.get(f"{stall.path}/booths"))["items"]
    assert [(b["id"], b["state_label"]) for b in waiting] == [(asked["id"], "已报名")]
    assert {a["action"] for a in waiting[0]["actions"] if a["allowed"]} == {"confirm", "decline"}
    assert len(ok(await stall.officer.get("/tasks", kind="fair_booth"))["items"]) == 1
    booth = await stall.confirm(asked, "A03")
    assert (booth["state"], booth["number"]) == ("confirmed", "A03")
    assert ok(await stall.officer.get("/tasks", kind="fair_booth"))["items"] == []
    shown = ok(await world.anonymous.get(f"{stall.path}/booths"))["items"][0]
    assert (shown["number"], shown["actions"]) == ("A03", [])
    assert "A03" in ok(await hiring.recruiter.get("/me/notices"))["items"][0]["body"]
    mine = ok(await hiring.recruiter.get(f"/enterprises/{hiring.firm_id}/booths"))
    assert [(b["fair_title"], b["state"]) for b in mine] == [("宝盖镇秋季现场招聘会", "confirmed")]
    moved = {"number": "B01", "expected_version": booth["version"]}
    assert ok(await stall.officer.post(f"{stall.path}/booths/{booth['id']}/number", moved))["number"] == "B01"
    # It leaves, and may ask again.
    gone = ok(
        await hiring.recruiter.post(
            f"{stall.path}/booths/{booth['id']}/withdraw", {"expected_version": booth["version"] + 1}
        )
    )
    assert gone["state"] == "withdrawn"
    again = ok(await hiring.recruiter.post(f"{stall.path}/booths", body))
    assert (again["id"], again["state"], again["number"]) == (booth["id"], "applied", None)
    no = {"reason": "展位已满", "expected_version": again["version"]}
    assert (
        ok(await stall.officer.post(f"{stall.path}/booths/{booth['id']}/decline", no))["declined_because"] == "展位已满"
    )
    assert await count(world, FairBooth) == 1


async def test_invitations_are_the_firms_to_accept(world: World, hiring: Hiring) -> None:
    stall, other = await fairs.published(world), await rival(world)
    body = {"enterprise_id": hiring.firm_id, "number": "A01"}
    invited = ok(await stall.officer.post(f"{stall.path}/invitations", body))
    path = f"{stall.path}/booths/{invited['id']}"
    refused(await stall.officer.post(f"{path}/confirm", {"expected_version": 1}), 409, "booth_state_wrong")
    refused(await other.recruiter.post(f"{path}/accept", {"expected_version": 1}), 404, "booth_not_found")
    refused(await stall.officer.post(f"{path}/accept", {"expected_version": 1}), 403, "forbidden")
    # Meanwhile the number goes to another firm: the invitation still holds.
    assert (await stall.join(other, "A01"))["number"] == "A01"
    refused(
        await stall.officer.post(f"{path}/number", {"number": "A01", "expected_version": 1}), 409, "booth_number_taken"
    )
    accepted = ok(await hiring.recruiter.post(f"{path}/accept", {"expected_version": 1}))
    assert (accepted["state"], accepted["number"]) == ("confirmed", None)
    clash = {"number": "A01", "expected_version": accepted["version"]}
    refused(await stall.officer.post(f"{path}/number", clash), 409, "booth_number_taken")
    refused(
        await stall.officer.post(f"{stall.path}/invitations", {"enterprise_id": NOBODY}), 404, "enterprise_not_found"
    )


async def test_the_last_booth_goes_to_one_firm(world: World, hiring: Hiring) -> None:
    stall, other = await fairs.published(world, capacity=1), await rival(world)
    asked = [ok(await h.recruiter.post(f"{stall.path}/booths", {"enterprise_id": h.firm_id})) for h in (hiring, other)]
    answers = await asyncio.gather(
        *(
            stall.officer.post(f"{stall.path}/booths/{b['id']}/confirm", {"expected_version": 1})
            for b in asked
            for _ in range(4)
        )
    )
    assert [a.status_code for a in answers].count(200) == 1
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"fair_full", "stale"}
    assert await count(world, FairBooth, FairBooth.state == "confirmed") == 1
    smaller = fairs.form(world, capacity=1)
    assert (
        ok(await stall.officer.put(stall.path, smaller | {"expected_version": stall.fair["version"]}))["capacity"] == 1
    )
    await set_columns(world, Fair, stall.fair["id"], capacity=2)
    second = next(a for a in asked if a["id"] != next(x.json()["id"] for x in answers if x.status_code == 200))
    await stall.confirm(second)
    too_small = await stall.officer.put(stall.path, smaller | {"expected_version": stall.fair["version"] + 1})
    refused(too_small, 422, "fair_capacity_taken", "capacity")


async def test_only_fit_firms_take_part_and_a_suspended_one_drops_out(world: World, hiring: Hiring) -> None:
    stall, unknown = await fairs.published(world), await unapproved(world)
    asked = await unknown.recruiter.post(f"{stall.path}/booths", {"enterprise_id": unknown.firm_id})
    refused(asked, 409, "firm_unfit")
    refused(
        await stall.officer.post(f"{stall.path}/invitations", {"enterprise_id": unknown.firm_id}), 409, "firm_unfit"
    )
    not_mine = await unknown.recruiter.post(f"{stall.path}/booths", {"enterprise_id": hiring.firm_id})
    refused(not_mine, 404, "enterprise_not_found")
    booth, vacancy = await stall.join(hiring, "A01"), await hiring.post()
    await stall.choose(hiring, booth, vacancy)
    assert len(ok(await world.anonymous.get(f"{stall.path}/vacancies"))["items"]) == 1
    enterprise = next(e for e in ok(await stall.officer.get("/enterprises", name="华联")) if e["id"] == hiring.firm_id)
    suspend = {
        "basis": "就业促进法第六十五条",
        "evidence": "收取押金，有收据。",
        "file_ids": [],
        "expected_version": enterprise["version"],
    }
    ok(await stall.officer.post(f"/enterprises/{hiring.firm_id}/suspend", suspend))
    assert ok(await world.anonymous.get(f"{stall.path}/booths"))["items"] == []
    assert ok(await world.anonymous.get(f"{stall.path}/vacancies"))["items"] == []
    dropped = ok(await stall.officer.get(f"{stall.path}/booths"))["items"][0]
    assert (dropped["state"], dropped["vacancy_count"]) == ("dropped", 1)
    assert (await stall.board())["enterprises"] == 0
    back = await hiring.recruiter.post(f"{stall.path}/booths", {"enterprise_id": hiring.firm_id})
    refused(back, 409, "firm_unfit")
    bodies = [n["body"] for n in ok(await hiring.recruiter.get("/me/notices"))["items"]]
    assert any("移出参展名单" in body for body in bodies)


async def test_expired_papers_keep_a_firm_out(world: World, hiring: Hiring) -> None:
    stall = await fairs.published(world)
    yesterday = (world.clock.now() - timedelta(days=1)).date()
    await set_columns(world, Enterprise, hiring.firm_id, verified_until=yesterday)
    asked = await hiring.recruiter.post(f"{stall.path}/booths", {"enterprise_id": hiring.firm_id})
    refused(asked, 409, "firm_unfit")
    assert await count(world, Task, Task.kind == "fair_booth") == 0


async def test_a_firm_brings_its_own_open_vacancies(world: World, hiring: Hiring) -> None:
    stall, other = await fairs.published(world), await rival(world)
    mine, second, theirs = await hiring.post(), await hiring.post(title="锁边工"), await other.post()
    path = f"{stall.path}/vacancies"
    none = {"version": 1}
    refused(await hiring.recruiter.put(path, fairs.chosen(hiring, none, mine)), 404, "booth_not_found")
    asked = ok(await hiring.recruiter.post(f"{stall.path}/booths", {"enterprise_id": hiring.firm_id}))
    refused(await hiring.recruiter.put(path, fairs.chosen(hiring, asked, mine)), 409, "booth_not_confirmed")
    booth = await stall.confirm(asked, "A01")
    foreign = refused(
        await hiring.recruiter.put(path, fairs.chosen(hiring, booth, mine, theirs)),
        422,
        "fair_vacancy_unknown",
        "vacancy_ids",
    )
    assert foreign["params"] == {"count": 1}
    refused(await other.recruiter.put(path, fairs.chosen(hiring, booth, mine)), 404, "enterprise_not_found")
    refused(await hiring.recruiter.put(path, fairs.chosen(hiring, {"version": 9}, mine)), 409, "stale")
    refused(await hiring.recruiter.put(path, fairs.chosen(hiring, booth, mine, mine)), 422, "invalid_fields")
    saved = await stall.choose(hiring, booth, mine, second)
    assert (saved["booth"]["vacancy_count"], saved["findings"]) == (2, [])
    shown = ok(await world.anonymous.get(path))["items"]
    assert {(v["title"], v["booth_number"], v["open"], v["open_seats"]) for v in shown} == {
        ("平车工", "A01", True, 2),
        ("锁边工", "A01", True, 2),
    }
    # The same row: what closes is closed here too, and stays chosen.
    ok(await hiring.recruiter.post(f"/vacancies/{mine['id']}/withdraw", {"expected_version": mine["version"]}))
    closed = next(v for v in ok(await world.anonymous.get(path))["items"] if v["vacancy_id"] == mine["id"])
    assert (closed["open"], closed["state_label"], closed["open_seats"]) == (False, "已撤回", 0)
    kept = await stall.choose(hiring, saved["booth"], mine, second)
    assert kept["booth"]["vacancy_count"] == 2
    fewer = await stall.choose(hiring, kept["booth"], second)
    refused(await hiring.recruiter.put(path, fairs.chosen(hiring, fewer["booth"], mine)), 422, "fair_vacancy_unknown")


async def test_lists_are_paged_in_a_fixed_number_of_statements(world: World, hiring: Hiring) -> None:
    stalls = [await fairs.published(world) for _ in range(3)]
    stall, other = stalls[0], await rival(world)
    for firm in (hiring, other):
        booth = await stall.join(firm)
        await stall.choose(firm, booth, await firm.post(), await firm.post())
    for where, rows in (("/fairs", 3), (f"{stall.path}/booths", 2), (f"{stall.path}/vacancies", 4)):
        ran = []
        for limit in (1, 2):
            with counted(world.runtime.db.reader) as statements:
                page = ok(await world.anonymous.get(where, limit=limit))
            assert len(page["items"]) == limit
            ran.append(len(statements))
        assert ran[0] == ran[1] <= 4
        seen: list[str] = []
        cursor: dict[str, Any] = {}
        while cursor is not None:
            page = ok(await world.anonymous.get(where, limit=1, **cursor))
            seen += [str(item) for item in page["items"]]
            cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
        assert len(seen) == len(set(seen)) == rows
        refused(await world.anonymous.get(where, cursor="x"), 422, "cursor_invalid", "query.cursor")


async def test_a_poster_leads_to_a_public_fair(world: World, hiring: Hiring) -> None:
    stall = await fairs.planned(world)
    body = {"kind": "fair", "target_id": stall.fair["id"], "app": "zhipin"}
    refused(await stall.officer.post("/share-codes", body), 404, "share_target_not_found")
    await stall.move("publish")
    code = ok(await stall.officer.post("/share-codes", body))["code"]
    read = ok(await world.anonymous.get(f"/share-codes/{code}"))
    assert (read["target_id"], read["page"]) == (stall.fair["id"], "pages/fair/detail")


async def test_students_at_work_are_held_to_the_limits(world: World, hiring: Hiring) -> None:
    lawful = {
        "engagement": "student", "title": "服装工艺实习生", "headcount": 2, "days_per_month": 22, "minimum_age": 16,
        "firm_staff_count": 100, "post_staff_count": 20, "post_pay_fen": 600000,
    }  # fmt: skip
    body = await hiring.form(**lawful | {"headcount": 11, "shift_pattern": "night"})
    broken = refused(await hiring.recruiter.post("/vacancies", body), 422, "posting_refused")
    assert {f["rule_id"] for f in broken["fields"] if f["severity"] == "block"} == {
        "student_firm_share", "student_post_share", "student_night",
    }  # fmt: skip
    posted = ok(await hiring.recruiter.post("/vacancies", await hiring.form(**lawful)))
    assert [f for f in posted["findings"] if f["rule_id"].startswith("student")] == []
    silent = {"engagement": "student", "title": "实习生", "days_per_month": 22}
    linted = ok(await hiring.recruiter.post("/vacancies/lint", silent))["findings"]
    assert {f["rule_id"] for f in linted if f["rule_id"].startswith("student") and f["severity"] == "warn"} == {
        "student_firm_share", "student_post_share", "student_age", "student_night",
    }  # fmt: skip
    # What the firm says of its staff and their pay is not the public's.
    public = ok(await world.anonymous.get(f"/vacancies/{posted['vacancy']['id']}"))
    assert (public["firm_staff_count"], public["post_pay_fen"], posted["vacancy"]["firm_staff_count"]) == (
        None,
        None,
        100,
    )
    # A posting that was out before the limits is asked when it is brought to students.
    stall = await fairs.published(world, kind="campus", school="石狮鹏山工贸学校")
    booth = await stall.join(hiring)
    await set_columns(world, Vacancy, posted["vacancy"]["id"], firm_staff_count=10)
    blocked = await hiring.recruiter.put(f"{stall.path}/vacancies", fairs.chosen(hiring, booth, posted["vacancy"]))
    assert refused(blocked, 422, "posting_refused")["fields"][0]["rule_id"] == "student_firm_share"
    await set_columns(world, Vacancy, posted["vacancy"]["id"], firm_staff_count=None)
    saved = await stall.choose(hiring, booth, posted["vacancy"])
    assert [(f["rule_id"], f["severity"]) for f in saved["findings"]] == [("student_firm_share", "warn")]
