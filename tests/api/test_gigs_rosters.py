"""Rosters that grow by scanning, the firm's word, blocks with their flag; both sides' privacy; merging of records."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.events import emit
from app.models.gigs import RosterMember, WageClaim, WeeklyWindow, WorkerProfile
from app.models.organisation import Enterprise
from app.services.events import SettlementClaimed
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY
from tests.support.gig_people import registered, taken
from tests.support.gigs import FLAT_SEAM, Floor, at, floor, gigs_officer, order, shift, worker
from tests.support.jobs import Hiring, count, counted, key, rival, set_columns
from tests.support.privacy import acting, put_rows, relative_of, told
from tests.support.uploads import pdf, uploaded

REASON = "多次约好不来"


async def code_of(firm: Floor) -> str:
    return str(ok(await firm.dispatcher.get(f"/enterprises/{firm.firm_id}/roster-code"))["code"])


async def joined(world: World, firm: Floor, person: Someone | None = None, **form: Any) -> Someone:
    someone, _ = await registered(world, person, **form)
    ok(await someone.post("/me/rosters", {"code": await code_of(firm)}, key=key()))
    return someone


async def roster(firm: Floor) -> list[dict[str, Any]]:
    return list(ok(await firm.dispatcher.get(f"/enterprises/{firm.firm_id}/roster"))["items"])


async def block(firm: Floor, person: Someone, reason: str = REASON) -> Any:
    form = {"person_id": person.id, "reason": reason}
    return await firm.dispatcher.post(f"/enterprises/{firm.firm_id}/worker-blocks", form, key=key())


async def claimed(world: World, firm: Floor, person: Someone) -> None:
    event = SettlementClaimed(at=world.clock.now(), enterprise_id=UUID(firm.firm_id), person_id=UUID(person.id))
    async with world.runtime.db.unit_of_work() as session:
        await emit(session, event)


async def test_who_scans_the_screen_is_on_the_list(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    person = await joined(world, firm)
    ok(await person.post("/me/rosters", {"code": await code_of(firm)}, key=key()))
    (member,) = await roster(firm)
    assert (member["person_id"], member["name"], member["active"], member["favourite"]) == (
        person.id, "林*梅", True, False,
    )  # fmt: skip
    assert [skill["process_code"] for skill in member["skills"]] == ["61101.01", "61101.02"]
    (mine,) = ok(await person.get("/me/rosters"))
    assert (mine["enterprise_id"], mine["enterprise_name"]) == (firm.firm_id, firm.firm_name)
    left = await person.call("DELETE", f"/me/rosters/{firm.firm_id}")
    assert (left.status_code, await roster(firm), ok(await person.get("/me/rosters"))) == (204, [], [])
    refused(await person.call("DELETE", f"/me/rosters/{firm.firm_id}"), 404, "roster_member_not_found")
    # Back again: a new entry, the old one stays as history.
    ok(await person.post("/me/rosters", {"code": await code_of(firm)}, key=key()))
    assert (len(await roster(firm)), await count(world, RosterMember)) == (1, 2)


async def test_a_poster_works_too_and_other_codes_do_not(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    person, _ = await registered(world)
    share = {"kind": "enterprise", "target_id": firm.firm_id, "app": "linggong"}
    poster = ok(await firm.dispatcher.post("/share-codes", share))["code"]
    assert ok(await person.post("/me/rosters", {"code": poster}, key=key()))["enterprise_id"] == firm.firm_id
    vacancy = await hiring.post()
    other = ok(await person.post("/share-codes", {"kind": "vacancy", "target_id": vacancy["id"], "app": "zhipin"}))
    for wrong in (other["code"], "K7M2P9QRTW", "x" * 48):
        refused(await person.post("/me/rosters", {"code": wrong}, key=key()), 422, "roster_code_invalid", "code")
    good = await code_of(firm)
    forged = good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB")
    refused(await person.post("/me/rosters", {"code": forged}, key=key()), 422, "roster_code_invalid", "code")
    world.clock.advance(timedelta(minutes=3))
    refused(await person.post("/me/rosters", {"code": good}, key=key()), 422, "roster_code_expired", "code")


async def test_a_suspended_firm_gathers_nobody(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    person, _ = await registered(world)
    good = await code_of(firm)
    await set_columns(world, Enterprise, firm.firm_id, state="suspended")
    refused(await person.post("/me/rosters", {"code": good}, key=key()), 422, "roster_code_invalid")
    refused(await firm.dispatcher.get(f"/enterprises/{firm.firm_id}/roster-code"), 404, "enterprise_not_found")


async def test_joining_needs_a_registration_and_consent(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    code = {"code": await code_of(firm)}
    refused(await (await world.person()).post("/me/rosters", code, key=key()), 422, "consent_missing")
    refused(await (await world.seeker()).post("/me/rosters", code, key=key()), 404, "worker_profile_missing")


async def test_hiding_from_a_firm_leaves_its_list_and_keeps_off_it(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    person = await joined(world, firm)
    lists: dict[str, Any] = {"favourites": [], "blocks": [], "hidden_from": [firm.firm_id], "expected_version": 1}
    ok(await person.put("/me/worker-relations", lists))
    assert await roster(firm) == []
    refused(await person.post("/me/rosters", {"code": await code_of(firm)}, key=key()), 409, "roster_hidden")
    ok(
        await person.put(
            "/me/worker-relations", lists | {"hidden_from": [], "blocks": [firm.firm_id], "expected_version": 2}
        )
    )
    refused(await person.post("/me/rosters", {"code": await code_of(firm)}, key=key()), 409, "roster_hidden")
    ok(await person.put("/me/worker-relations", lists | {"hidden_from": [], "expected_version": 3}))
    ok(await person.post("/me/rosters", {"code": await code_of(firm)}, key=key()))


async def test_withdrawn_service_leaves_every_list(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    person = await joined(world, firm)
    ok(await person.call("DELETE", "/me/consents/service"))
    assert await roster(firm) == []


async def test_an_agents_scan_is_undone(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    person, _ = await registered(world)
    son = await world.person()
    agent = acting(son, await relative_of(person, son, "relative", "gigs"))
    ok(await agent.post("/me/rosters", {"code": await code_of(firm)}, key=key()))
    (act,) = ok(await person.get("/me/assisted-acts"))
    ok(await person.post(f"/me/assisted-acts/{act['id']}/undo"))
    assert await roster(firm) == []
    ok(await agent.post("/me/rosters", {"code": await code_of(firm)}, key=key()))
    assert (await agent.call("DELETE", f"/me/rosters/{firm.firm_id}")).status_code == 204
    latest = ok(await person.get("/me/assisted-acts"))[0]
    refused(await person.post(f"/me/assisted-acts/{latest['id']}/undo"), 409, "assisted_act_not_undoable")


async def test_the_firm_favours_and_removes(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    person = await joined(world, firm)
    path = f"/enterprises/{firm.firm_id}/roster/{person.id}"
    form = {"favourite": True, "expected_version": 1}
    assert ok(await firm.dispatcher.put(path, form))["favourite"] is True
    refused(await firm.dispatcher.put(path, form), 409, "stale")
    assert (await firm.dispatcher.call("DELETE", path)).status_code == 204
    refused(await firm.dispatcher.call("DELETE", path), 404, "roster_member_not_found")
    refused(await firm.dispatcher.put(path, form), 404, "roster_member_not_found")


async def test_another_firms_list_does_not_exist(world: World, hiring: Hiring) -> None:
    firm, other = await floor(world, hiring), await floor(world, await rival(world))
    person = await joined(world, firm)
    stranger, path = other.dispatcher, f"/enterprises/{firm.firm_id}"
    favour = {"favourite": True, "expected_version": 1}
    for answer in (
        await stranger.get(f"{path}/roster"),
        await stranger.get(f"{path}/roster-code"),
        await stranger.get(f"{path}/worker-blocks"),
        await stranger.put(f"{path}/roster/{person.id}", favour),
        await stranger.call("DELETE", f"{path}/roster/{person.id}"),
        await stranger.post(
            f"{path}/roster/{person.id}/skills/{FLAT_SEAM}/vouch", {"level": 1, "expected_version": 1}, key=key()
        ),
        await stranger.post(f"{path}/worker-blocks", {"person_id": person.id, "reason": REASON}, key=key()),
        await stranger.call("DELETE", f"{path}/worker-blocks/{NOBODY}"),
    ):
        refused(answer, 404, "enterprise_not_found")
    refused(await person.get(f"{path}/roster"), 403, "forbidden")
    # On one's own list only one's own people.
    refused(
        await stranger.put(f"/enterprises/{other.firm_id}/roster/{person.id}", favour), 404, "roster_member_not_found"
    )
    refused(await block(other, person), 404, "worker_unknown")


async def test_the_firms_word_for_a_skill(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    person = await joined(world, firm)
    path = f"/enterprises/{firm.firm_id}/roster/{person.id}/skills/{FLAT_SEAM}/vouch"
    found = ok(await firm.dispatcher.post(path, {"level": 4, "expected_version": 1}, key=key()))
    assert (found["level"], found["proof"], found["proof_pending"]) == (4, "firm", False)
    assert "认定您的" in (await told(person))[0]["body"]
    refused(await firm.dispatcher.post(path, {"level": 5, "expected_version": 1}, key=key()), 409, "stale")
    unknown = path.replace(FLAT_SEAM, "61103.01")
    refused(
        await firm.dispatcher.post(unknown, {"level": 1, "expected_version": 1}, key=key()),
        404,
        "worker_skill_not_found",
    )
    # What the town has looked at, no firm changes.
    file_id = (await uploaded(person, pdf(), purpose="skill_proof"))["file_id"]
    ok(
        await person.post(
            f"/me/worker-skills/{FLAT_SEAM}/proof", {"file_id": file_id, "expected_version": 2}, key=key()
        )
    )
    officer = await gigs_officer(world)
    (waiting,) = ok(await officer.get("/tasks", kind="skill_proof"))["items"]
    form = {"approve": True, "proof": "town", "expected_version": 3}
    ok(await officer.post(f"/skill-proofs/{waiting['subject_id']}/decide", form, key=key()))
    refused(await firm.dispatcher.post(path, {"level": 5, "expected_version": 4}, key=key()), 409, "already_proved")


async def test_pages_of_a_list_cost_the_same(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    people = [await joined(world, firm) for _ in range(3)]
    path = f"/enterprises/{firm.firm_id}/roster"
    with counted(world.runtime.db.reader) as one:
        page = ok(await firm.dispatcher.get(path, limit=1))
    with counted(world.runtime.db.reader) as three:
        whole = ok(await firm.dispatcher.get(path))
    assert len(one) == len(three)
    seen = [page["items"][0]["person_id"]]
    while page["next_cursor"]:
        page = ok(await firm.dispatcher.get(path, limit=1, cursor=page["next_cursor"]))
        seen += [item["person_id"] for item in page["items"]]
    assert seen == [person.id for person in reversed(people)] == [item["person_id"] for item in whole["items"]]
    refused(await firm.dispatcher.get(path, cursor="x"), 422, "cursor_invalid")


async def test_a_block_takes_off_the_list_and_is_lifted(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    person = await joined(world, firm)
    made = ok(await block(firm, person))
    assert (made["name"], made["flagged"]) == ("林*梅", False)
    assert await roster(firm) == []
    refused(await block(firm, person), 404, "worker_unknown")
    ok(await person.post("/me/rosters", {"code": await code_of(firm)}, key=key()))
    refused(await block(firm, person), 409, "worker_already_blocked")
    path = f"/enterprises/{firm.firm_id}/worker-blocks"
    assert [row["id"] for row in ok(await firm.dispatcher.get(path))] == [made["id"]]
    assert (await firm.dispatcher.call("DELETE", f"{path}/{made['id']}")).status_code == 204
    refused(await firm.dispatcher.call("DELETE", f"{path}/{made['id']}"), 404, "worker_block_not_found")
    again = ok(await block(firm, person, "又多次迟到"))
    assert (again["id"], again["reason"]) == (made["id"], "又多次迟到")
    # The person is not told, and their own data hold the list alone.
    assert all("不再邀请" not in notice["body"] for notice in await told(person))


async def test_somebody_who_worked_here_can_be_blocked(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    person = await worker(world)
    refused(await block(firm, person), 404, "worker_unknown")
    of = await order(firm)
    await taken(world, person, await shift(firm, of, at(world, 1, 8)))
    ok(await block(firm, person))


async def test_a_block_soon_after_a_wage_claim_is_looked_at(world: World, hiring: Hiring) -> None:
    firm, officer = await floor(world, hiring), await gigs_officer(world)
    late, soon = await joined(world, firm), await joined(world, firm)
    await claimed(world, firm, late)
    world.clock.advance(timedelta(minutes=5))
    await claimed(world, firm, soon)
    made = ok(await block(firm, soon))
    assert made["flagged"] is True
    (task,) = ok(await officer.get("/tasks", kind="worker_blocked"))["items"]
    assert task["subject_id"] == made["id"]
    (shown,) = ok(await officer.get("/flagged-worker-blocks"))
    assert (shown["enterprise_name"], shown["flagged_days"], shown["reason"]) == (firm.firm_name, 0, REASON)
    form = {"lift": True, "note": "与讨薪有关，已要求改正", "expected_version": shown["version"]}
    path = f"/worker-blocks/{made['id']}/review"
    refused(await officer.post(path, form | {"expected_version": 9}, key=key()), 409, "stale")
    refused(await officer.post(f"/worker-blocks/{NOBODY}/review", form, key=key()), 404, "worker_block_not_found")
    refused(await firm.dispatcher.get("/flagged-worker-blocks"), 403, "forbidden")
    lifted = ok(await officer.post(path, form, key=key()))
    assert lifted["lifted_at"] is not None
    assert "已由零工专员解除" in (await told(firm.dispatcher))[0]["body"]
    refused(
        await officer.post(path, form | {"expected_version": lifted["version"]}, key=key()),
        409,
        "worker_block_not_flagged",
    )
    assert ok(await firm.dispatcher.get(f"/enterprises/{firm.firm_id}/worker-blocks")) == []
    assert await count(world, WageClaim) == 2


async def test_a_block_that_stands_and_one_that_the_firm_takes_back(world: World, hiring: Hiring) -> None:
    firm, officer = await floor(world, hiring), await gigs_officer(world)
    first, second = await joined(world, firm), await joined(world, firm)
    for person in (first, second):
        await claimed(world, firm, person)
    kept, taken_back = ok(await block(firm, first)), ok(await block(firm, second))
    form = {"lift": False, "note": "确有旷工记录", "expected_version": kept["version"]}
    assert ok(await officer.post(f"/worker-blocks/{kept['id']}/review", form, key=key()))["lifted_at"] is None
    path = f"/enterprises/{firm.firm_id}/worker-blocks"
    assert (await firm.dispatcher.call("DELETE", f"{path}/{taken_back['id']}")).status_code == 204
    assert ok(await officer.get("/tasks", kind="worker_blocked"))["items"] == []
    assert [row["id"] for row in ok(await firm.dispatcher.get(path))] == [kept["id"]]


async def test_a_block_long_after_a_claim_is_not_flagged(world: World, hiring: Hiring) -> None:
    firm = await floor(world, hiring)
    person = await joined(world, firm)
    now = world.clock.now()
    for days, flagged in ((31, False), (30, True)):
        pair = {"enterprise_id": UUID(firm.firm_id), "person_id": UUID(person.id)}
        await put_rows(world, WageClaim, pair | {"created_at": now - timedelta(days=days)})
        made = ok(await block(firm, person))
        assert made["flagged"] is flagged
        await firm.dispatcher.call("DELETE", f"/enterprises/{firm.firm_id}/worker-blocks/{made['id']}")
        ok(await person.post("/me/rosters", {"code": await code_of(firm)}, key=key()))


WEEK = {"weekday": 0, "start_minute": 480, "end_minute": 1020}


async def with_a_week(world: World, firm: Floor, app: str) -> Someone:
    person = await world.person(app=app)
    await world.consent(person, "service")
    await joined(world, firm, person, companions=[])
    ok(await person.put("/me/availability", {"windows": [WEEK], "days": [], "anchors": [], "expected_version": 1}))
    return person


async def test_a_registration_goes_with_the_record_that_is_merged(world: World, hiring: Hiring) -> None:
    firm, admin = await floor(world, hiring), await world.admin()
    source, target = await with_a_week(world, firm, "linggong"), await world.person()
    assert (await admin.post(f"/people/{source.id}/merge", {"into": target.id})).status_code == 204
    moved = ok(await target.get("/me/worker-profile"))
    assert (moved["windows"], len(moved["skills"]), moved["active"]) == ([WEEK], 2, True)
    assert [row["person_id"] for row in await roster(firm)] == [target.id]


async def test_the_old_registration_rests_where_there_is_a_newer_one(world: World, hiring: Hiring) -> None:
    firm, admin = await floor(world, hiring), await world.admin()
    source, target = await with_a_week(world, firm, "linggong"), await with_a_week(world, firm, "zhipin")
    assert (await target.call("DELETE", f"/me/rosters/{firm.firm_id}")).status_code == 204
    assert (await admin.post(f"/people/{source.id}/merge", {"into": target.id})).status_code == 204
    assert ok(await target.get("/me/worker-profile"))["windows"] == [WEEK]
    # The old record stood on a list that the new one had left: it is the person's list.
    assert [row["person_id"] for row in await roster(firm)] == [target.id]
    old = WorkerProfile.person_id == UUID(source.id)
    assert await count(world, WorkerProfile, old) == 1
    assert await count(world, WorkerProfile, old, WorkerProfile.active) == 0
    assert await count(world, WeeklyWindow, WeeklyWindow.person_id == UUID(source.id)) == 1
