"""The day of a fair over HTTP: check-in, applications on the spot, the board, the report and its follow-up."""

import asyncio
import io
import zipfile
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import select

from app.models.identity import AuditEntry
from app.models.jobs import Application, FairCheckIn, FairReport, FairTally, FairVisits
from app.rules.jobs.fairs import CHECK_INS_KEPT
from app.tasks.retention import purge
from app.tasks.sweeps import sweep
from tests.factories.world import Someone, World, ok, refused
from tests.support import fairs
from tests.support.jobs import Hiring, count, counted, key


async def again(world: World, person: Someone) -> Someone:
    """The same person, logged in anew after the clock has moved."""
    return await world.person(person.name, person.app)


async def test_people_check_in_with_the_code_on_the_screen(world: World, hiring: Hiring) -> None:
    stall, visitor = await fairs.published(world), await world.seeker()
    path = f"{stall.path}/check-ins"
    refused(await stall.officer.get(f"{stall.path}/check-in-code"), 409, "fair_not_running")
    await stall.move("start")
    shown = ok(await stall.officer.get(f"{stall.path}/check-in-code"))
    assert ok(await visitor.get(stall.path))["actions"] == [{"action": "check_in", "allowed": True, "reason": None}]
    first = ok(await visitor.post(path, {"code": shown["code"]}))
    assert (first["first"], first["fair_id"]) == (True, stall.fair["id"])
    second = ok(await visitor.post(path, {"code": shown["code"]}))
    assert second == first | {"first": False}
    assert await count(world, FairCheckIn) == 1
    seen = ok(await visitor.get(stall.path))
    assert seen["checked_in_at"] == first["checked_in_at"]
    assert seen["actions"] == [{"action": "check_in", "allowed": False, "reason": "您已签到"}]
    # The screen goes on; the photograph of a minute ago does not hold.
    world.clock.advance(timedelta(seconds=60))
    other = await world.seeker()
    refused(await other.post(path, {"code": shown["code"]}), 422, "check_in_code_expired", "code")
    fresh = await stall.code()
    assert fresh != shown["code"]
    elsewhere = await fairs.running(world)
    refused(await other.post(path, {"code": await elsewhere.code()}), 422, "check_in_code_elsewhere", "code")
    for forged in ("x", fresh[:-1] + ("A" if fresh[-1] != "A" else "B"), fresh + "A", "签到码", "A" * 48):
        refused(await other.post(path, {"code": forged}), 422, "check_in_code_invalid", "code")
    for bad in ({}, {"code": ""}, {"code": fresh, "person_id": other.id}):
        assert refused(await other.post(path, bad), 422, "invalid_fields")
    refused(await world.anonymous.post(path, {"code": fresh}), 401, "token_invalid")
    stranger = await world.person()
    refused(await stranger.post(path, {"code": fresh}), 422, "consent_missing", "consent")
    assert ok(await other.post(path, {"code": fresh}))["first"] is True
    await stall.move("end")
    refused(await (await world.seeker()).post(path, {"code": fresh}), 409, "fair_not_running")


async def test_sixteen_scans_at_once_are_one_visitor(world: World, hiring: Hiring) -> None:
    stall, visitor = await fairs.running(world), await world.seeker()
    code = await stall.code()
    answers = await asyncio.gather(*(visitor.post(f"{stall.path}/check-ins", {"code": code}) for _ in range(16)))
    done = [a.json() for a in answers if a.status_code == 200]
    assert {a.status_code for a in answers} <= {200, 503}
    assert [a["first"] for a in done].count(True) == 1
    assert len({a["checked_in_at"] for a in done}) == 1
    assert await count(world, FairCheckIn) == await count(world, AuditEntry, AuditEntry.act == "fair_checked_in") == 1


async def test_people_without_a_phone_are_counted_or_checked_in_by_their_agent(world: World, hiring: Hiring) -> None:
    stall, granny, helper = await fairs.running(world), await world.seeker(), await world.person()
    offered = ok(await granny.post("/representations", {
        "kind": "relative", "scopes": ["jobs"], "valid_to": (world.clock.now() + timedelta(days=3)).isoformat(),
        "text_version": ok(await granny.get("/config", app="zhipin"))["representation_text_version"],
    }))  # fmt: skip
    taken = ok(await helper.post("/representations/claims", {"code": offered["code"]}))
    headers = helper.headers | {"X-On-Behalf-Of": taken["id"]}
    body = {"code": await stall.code()}
    answer = await world.api.post(f"/api/v1{stall.path}/check-ins", json=body, headers=headers)
    assert ok(answer)["first"] is True
    assert ok(await granny.get(stall.path))["checked_in_at"] is not None
    assert ok(await helper.get(stall.path))["checked_in_at"] is None
    act = ok(await granny.get("/me/assisted-acts"))[0]
    assert act["operation"] == "check_in_at_fair"
    assert "签到" in ok(await granny.get("/me/notices"))["items"][0]["body"]
    # "I was not there": the check-in goes.
    ok(await granny.post(f"/me/assisted-acts/{act['id']}/undo"))
    assert await count(world, FairCheckIn) == 0
    once = key()
    for _ in range(2):
        assert ok(await stall.officer.post(f"{stall.path}/tallies", {"people": 3}, key=once))["people"] == 3
    assert ok(await stall.officer.post(f"{stall.path}/tallies", {"people": 4}, key=key()))["people"] == 7
    refused(await stall.officer.post(f"{stall.path}/tallies", {"people": 4}), 422, "idempotency_key_missing")
    for bad in (0, -1, 501, "viele"):
        refused(
            await stall.officer.post(f"{stall.path}/tallies", {"people": bad}, key=key()),
            422,
            "invalid_fields",
            "people",
        )
    refused(await granny.post(f"{stall.path}/tallies", {"people": 1}, key=key()), 403, "forbidden")
    assert await count(world, FairTally) == 2
    assert (await stall.board())["checked_in"] == 7


async def test_the_online_fair_has_no_door(world: World, hiring: Hiring) -> None:
    stall = await fairs.running(world, kind="online", place=None, corridor="pages/fair/corridor")
    booth, vacancy, seeker = await stall.join(hiring), await hiring.post(), await world.seeker()
    refused(await stall.officer.get(f"{stall.path}/check-in-code"), 409, "fair_online")
    refused(await seeker.post(f"{stall.path}/check-ins", {"code": "x"}), 409, "fair_online")
    assert ok(await seeker.get(stall.path))["actions"] == []
    await stall.choose(hiring, booth, vacancy)
    assert (await stall.apply(seeker, vacancy))["fair_id"] == stall.fair["id"]
    for _ in range(3):
        assert (await world.anonymous.post(f"{stall.path}/visits")).status_code == 204
    world.clock.advance(timedelta(hours=1))
    assert (await (await again(world, seeker)).post(f"{stall.path}/visits")).status_code == 204
    assert await count(world, FairVisits) == 2
    assert (await stall.board())["visits"] == 4


async def test_an_application_on_the_spot(world: World, hiring: Hiring) -> None:
    stall, seeker = await fairs.published(world), await world.seeker()
    vacancy, second = await hiring.post(), await hiring.post(title="锁边工")
    booth = await stall.join(hiring)
    saved = await stall.choose(hiring, booth, vacancy)
    refused(await seeker.post("/applications", stall.application(vacancy), key=key()), 409, "fair_not_running")
    await stall.move("start")
    refused(await seeker.post("/applications", stall.application(vacancy), key=key()), 409, "check_in_missing")
    await stall.check_in(seeker)
    refused(await seeker.post("/applications", stall.application(second), key=key()), 409, "vacancy_not_at_fair")
    lost = {"vacancy_id": vacancy["id"], "release_contact": True, "fair_id": "019abcde-0000-7000-8000-00000000dead"}
    refused(await seeker.post("/applications", lost, key=key()), 404, "fair_not_found")
    assert await count(world, Application) == 0
    mine = await stall.apply(seeker, vacancy)
    assert mine["fair_id"] == stall.fair["id"]
    candidate = ok(await hiring.recruiter.get(f"/vacancies/{vacancy['id']}/candidates"))["items"][0]
    assert candidate["fair_id"] == stall.fair["id"]
    # The same person does not become two applications because there is a fair.
    refused(await seeker.post("/applications", stall.application(vacancy), key=key()), 409, "already_applied")
    # Elsewhere it is an ordinary application.
    assert (await world.apply(seeker, second["id"]))["fair_id"] is None
    # A firm that has left offers nothing here any more.
    gone = {"expected_version": saved["booth"]["version"]}
    ok(await hiring.recruiter.post(f"{stall.path}/booths/{booth['id']}/withdraw", gone))
    late = await world.seeker()
    await stall.check_in(late)
    refused(await late.post("/applications", stall.application(vacancy), key=key()), 409, "vacancy_not_at_fair")


async def _fair_with_results(world: World, hiring: Hiring) -> tuple[fairs.Stall, dict[str, Any], list[dict[str, Any]]]:
    """Six apply for the sewing post, one for the other; two are interviewed, one of them is wanted and hired."""
    stall = await fairs.running(world)
    sewing, other = await hiring.post(headcount=5), await hiring.post(
        title="打包工", occupation_code=await world.occupation("打包工")
    )  # fmt: skip
    await stall.choose(hiring, await stall.join(hiring, "A01"), sewing, other)
    people = [await world.seeker() for _ in range(7)]
    made = []
    for place, person in enumerate(people):
        await stall.check_in(person)
        made.append(await stall.apply(person, other if place == 6 else sewing))
    interviewed = ok(await hiring.step(made[0], "interview"))
    ok(await hiring.step(made[1], "interview"))
    offered = ok(await hiring.step(interviewed, "offered"))
    ok(await hiring.step(offered, "hired"))
    refusal = ok(await hiring.recruiter.get(f"/vacancies/{sewing['id']}/candidates"))["items"]
    turned = next(c for c in refusal if c["id"] == made[1]["id"])
    ok(await hiring.step(turned, "rejected", reason="skill"))
    return stall, sewing, made


async def test_the_board_shows_numbers_and_hides_the_small_ones(world: World, hiring: Hiring) -> None:
    stall, _, _ = await _fair_with_results(world, hiring)
    board = await stall.board()
    assert (board["enterprises"], board["vacancies"], board["openings"], board["checked_in"]) == (1, 2, 6, 7)
    assert (board["applications"], board["interviews"], board["intents"]) == (7, None, None)
    by_name = {o["occupation_name"]: o for o in board["occupations"]}
    assert {o["openings"] for o in by_name.values()} == {4, 2}
    # Six and one: the one is hidden, and so is the six, which would tell it.
    assert {o["applications"] for o in by_name.values()} == {None}
    ran = []
    for _ in range(2):
        with counted(world.runtime.db.reader) as statements:
            await stall.board()
        ran.append(len(statements))
        await stall.choose(
            hiring, (ok(await stall.officer.get(f"{stall.path}/booths"))["items"])[0], await hiring.post()
        )
    assert ran == [5, 5]
    draft = await fairs.planned(world)
    refused(await world.anonymous.get(f"{draft.path}/board"), 404, "fair_not_found")


async def test_the_report_is_computed_once_and_followed_up(world: World, hiring: Hiring) -> None:
    stall, sewing, made = await _fair_with_results(world, hiring)
    refused(await stall.officer.get(f"{stall.path}/report"), 404, "fair_report_not_found")
    refused(
        await stall.officer.post(f"{stall.path}/report", {"expected_version": stall.fair["version"]}),
        409,
        "fair_state_wrong",
    )
    ended = await stall.move("end")
    answers = await asyncio.gather(
        *(stall.officer.post(f"{stall.path}/report", {"expected_version": ended["version"]}) for _ in range(4))
    )
    assert [a.status_code for a in answers].count(201) == 1
    assert await count(world, FairReport) == 1
    report = ok(await stall.officer.get(f"{stall.path}/report"))
    assert ok(await world.anonymous.get(stall.path))["state"] == "reported"
    totals = report["content"]["totals"]
    assert totals == {
        "enterprises": 1, "vacancies": 2, "headcount": 7, "openings": 6, "visits": 0, "checked_in": 7,
        "applications": 7, "interviews": 2, "intents": 1, "hired": 1,
    }  # fmt: skip
    firm = report["content"]["enterprises"][0]
    assert (firm["key"], firm["booth_number"], firm["applications"], firm["hired"]) == (hiring.firm_id, "A01", 7, 1)
    assert sorted((o["applications"], o["hired"]) for o in report["content"]["occupations"]) == [(1, 0), (6, 1)]
    assert report["follow_up"] is None
    assert ok(await stall.officer.get("/tasks", kind="fair_report"))["items"] == []
    for someone in (hiring.recruiter, await world.seeker()):
        refused(await someone.get(f"{stall.path}/report"), 403, "forbidden")
    # What happens later is not in the report but in its second part.
    rest = next(
        c
        for c in ok(await hiring.recruiter.get(f"/vacancies/{sewing['id']}/candidates"))["items"]
        if c["id"] == made[2]["id"]
    )
    ok(await hiring.step(rest, "hired"))
    async with world.runtime.db.reading() as session:
        row = (await session.exec(select(Application).where(Application.id == UUID(made[0]["id"])))).one()
    world.clock.advance(timedelta(days=30))
    hiring.recruiter = await again(world, hiring.recruiter)
    kept = {"id": made[0]["id"], "version": row.version}
    ok(await hiring.step(kept, "kept_30d"))
    assert (await sweep(world.runtime))["fairs_followed_up"] == 0
    world.clock.advance(timedelta(days=15))
    done = await asyncio.gather(sweep(world.runtime), sweep(world.runtime))
    assert sum(one["fairs_followed_up"] for one in done) == 1
    officer = await again(world, stall.officer)
    later = ok(await officer.get(f"{stall.path}/report"))
    assert later["content"] == report["content"]
    assert (later["follow_up"]["hired"], later["follow_up"]["kept_30d"]) == (2, 1)
    assert later["follow_up"]["enterprises"][0]["hired"] == 2
    book = await officer.get(f"{stall.path}/report.xlsx")
    assert book.status_code == 200
    assert book.headers["content-type"].startswith("application/vnd.openxmlformats")
    with zipfile.ZipFile(io.BytesIO(book.content)) as archive:
        sheets = archive.read("xl/workbook.xml").decode()
        texts = archive.read("xl/sharedStrings.xml").decode()
    assert all(name in sheets for name in ("概况", "企业", "职业", "回访（企业）", "回访（职业）"))
    assert "华联" in texts
    refused(await (await again(world, hiring.recruiter)).get(f"{stall.path}/report.xlsx"), 403, "forbidden")


async def test_who_came_is_forgotten_and_stays_counted(world: World, hiring: Hiring) -> None:
    stall, leaver, stayer = await fairs.running(world), await world.seeker(), await world.seeker()
    await stall.check_in(leaver)
    await stall.check_in(stayer)
    exported = ok(await leaver.post("/me/export"))["tables"]["fair_check_in"]
    assert [row["fair_id"] for row in exported] == [stall.fair["id"]]
    ok(await leaver.post("/me/deletion", {"confirm": "注销"}))
    assert await count(world, FairCheckIn) == 2
    assert await count(world, FairCheckIn, FairCheckIn.person_id.is_(None)) == 1  # type: ignore[union-attr]
    await stall.move("end")
    world.clock.advance(CHECK_INS_KEPT)
    assert next(p.rows for p in await purge(world.runtime, dry_run=True) if "签到" in p.what) == 0
    world.clock.advance(timedelta(days=3))
    assert next(p.rows for p in await purge(world.runtime, dry_run=True) if "签到" in p.what) == 1
    await purge(world.runtime, dry_run=False)
    assert await count(world, FairCheckIn, FairCheckIn.person_id.is_(None)) == 2  # type: ignore[union-attr]


async def test_the_doors_close_while_people_apply(world: World, hiring: Hiring) -> None:
    """Whatever was let in before the end is in the report, whatever came after is refused."""
    stall = await fairs.running(world)
    vacancy = await hiring.post(headcount=9)
    await stall.choose(hiring, await stall.join(hiring), vacancy)
    seekers = [await world.seeker() for _ in range(4)]
    for seeker in seekers:
        await stall.check_in(seeker)
    calls = [seeker.post("/applications", stall.application(vacancy), key=key()) for seeker in seekers]
    end = stall.officer.post(f"{stall.path}/end", {"expected_version": stall.fair["version"]})
    *early, ended, late = await asyncio.gather(*calls[:3], end, calls[3])
    answers = [*early, late]
    assert {a.status_code for a in answers} <= {201, 409, 503}
    assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"fair_not_running"}
    made = ok(await stall.officer.post(f"{stall.path}/report", {"expected_version": ok(ended)["version"]}))
    assert made["content"]["totals"]["applications"] == [a.status_code for a in answers].count(201)
