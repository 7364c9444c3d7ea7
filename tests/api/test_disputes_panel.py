"""N: who may sit, checked against the town's own graph; mediators chosen, refused, replaced; what an invitation tells."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from app.models.organisation import Grid, RosterPerson
from app.models.points import HouseholdMember, PointsHousehold, Reward
from app.rules.identity.roles import Role, ScopeKind
from app.rules.points.rewards import RewardKind
from tests.factories.world import Someone, World, ok, refused
from tests.support.disputes import Court, open_court
from tests.support.funnel import told
from tests.support.jobs import key, set_columns
from tests.support.privacy import relative_of

CADRE, SECRETARY, PARTY_AFFAIRS, LEADER = "高德坤", "黄金起", "王珊妮", "陈增坛"
UNION = "林海燕"
RIVAL = "卡宾服饰（中国）有限公司"


@pytest.fixture
async def court(world: World) -> Court:
    return await open_court(world)


async def of_roster(world: World, name: str) -> Someone:
    person = await world.person()
    await world.claim_record(await world.admin(), person, name)
    return person


async def invite(
    court: Court, case: dict[str, Any], who: Someone, role: str = "member", body: str = "union"
) -> dict[str, Any]:
    return await court.do(case, "seats", person_id=who.id, role=role, body=body)


@pytest.mark.parametrize(
    ("name", "conflict"),
    [(CADRE, "cadre"), (SECRETARY, "secretary"), (PARTY_AFFAIRS, "party_affairs"), (LEADER, "leader")],
)
async def test_the_firms_own_people_are_flagged_before_they_are_invited(
    court: Court, world: World, name: str, conflict: str
) -> None:
    worker, person = await court.worker(), await of_roster(world, name)
    case = await court.consented(worker)
    seat = await invite(court, case, person)
    assert (seat["state"], seat["conflicts"]) == ("awaiting_consent", [conflict])
    assert "须全体当事人同意" in seat["told"]
    assert ok(await person.get("/case-invitations"))["items"] == []
    refused(await court.answer(seat, person, "accept"), 404, "panel_seat_not_found")
    asked = ok(await worker.get(f"/cases/{case['id']}/seats"))["items"]
    assert [one["id"] for one in asked if one["state"] == "awaiting_consent"] == [seat["id"]]
    await court.vote(seat, worker)
    refused(await person.get(f"/cases/{case['id']}"), 404, "case_not_found")
    await court.vote(seat, court.owner)
    invited = ok(await person.get("/case-invitations"))["items"]
    assert "各方已同意" in invited[0]["told"]
    ok(await court.answer(invited[0], person, "accept"))
    assert (await court.see(person, case))["standings"] == ["seated"]


async def test_one_no_keeps_them_out(court: Court, world: World) -> None:
    worker, cadre = await court.worker(), await of_roster(world, CADRE)
    case = await court.consented(worker)
    seat = await invite(court, case, cadre)
    await court.vote(seat, worker, agree=False)
    refused(
        await court.owner.post(f"/case-seats/{seat['id']}/vote", {"agree": True}, key=key()),
        409,
        "panel_seat_state_wrong",
    )
    assert ok(await cadre.get("/case-invitations"))["items"] == []


async def test_members_workers_donors_relatives_households(court: Court, world: World) -> None:
    worker = await court.worker()
    case = await court.consented(worker)
    mediators = {}
    for name in ("member", "donor", "agent", "household", "free"):
        mediators[name] = await world.person()
        await world.appoint(mediators[name], Role.MEDIATOR)
    await world.appoint(mediators["member"], Role.RECRUITER, ScopeKind.ENTERPRISE, court.firm)
    rival = (await world.firm(RIVAL, "91350581MA0DEM1XX"))[1]
    await world.appoint(mediators["donor"], Role.RECRUITER, ScopeKind.ENTERPRISE, rival)
    now = world.clock.now()
    async with world.runtime.db.unit_of_work() as session:
        house = PointsHousehold(created_at=now, updated_at=now, name="测试家庭")
        gift = Reward(created_at=now, updated_at=now, title="测试礼遇", kind=RewardKind.GOODS, points=10, donor=RIVAL)
        session.add_all([house, gift])
        await session.flush()
        for person in (worker, mediators["household"]):
            session.add(HouseholdMember(person_id=UUID(person.id), household_id=house.id, joined_at=now))
    await relative_of(worker, mediators["agent"], "relative", "jobs")
    for name, person in mediators.items():
        seat = await invite(court, case, person)
        assert seat["conflicts"] == ([] if name == "free" else [name]), name


async def test_the_one_is_checked_too(court: Court, world: World) -> None:
    worker, other = await court.worker(), await of_roster(world, CADRE)
    await world.appoint(other, Role.CASE_MANAGER)
    case = await court.submit(await court.worker())
    body = refused(await court.step(case, "take", by=other), 409, "manager_conflict")
    assert "当事企业的挂钩干部" in body["message"]
    case = await court.consented(worker)
    answer = await court.step(case, "manager", person_id=other.id, reason="休假移交")
    assert ok(answer)["told"] == "待全体当事人同意后移交"
    refused(await other.get(f"/cases/{case['id']}"), 404, "case_not_found")
    seat = next(
        one
        for one in ok(await court.manager.get(f"/cases/{case['id']}/seats"))["items"]
        if one["state"] == "awaiting_consent"
    )
    await court.vote(seat, worker, court.owner)
    assert (await court.see(other, case))["standings"] == ["manager"]
    refused(await court.manager.get(f"/cases/{case['id']}"), 404, "case_not_found")


async def test_a_party_added_later_puts_seats_on_hold(court: Court, world: World) -> None:
    """The manager turns out to work for the firm that is added: from that moment the desk has the case."""
    worker, second = await court.worker(), await world.person()
    await world.appoint(second, Role.CASE_MANAGER)
    rival = (await world.firm(RIVAL, "91350581MA0DEM1XX"))[1]
    case = await court.taken(worker)
    await world.appoint(court.manager, Role.DISPATCHER, ScopeKind.ENTERPRISE, rival)
    added = {"side": "respondent", "party": {"kind": "enterprise", "enterprise_id": rival}}
    ok(await court.step(case, "parties", **added))
    refused(await court.manager.get(f"/cases/{case['id']}"), 404, "case_not_found")
    desk = ok(await second.get("/case-desk"))["items"]
    assert case["id"] in [one["id"] for one in desk]
    ok(await court.step(desk[0], "take", by=second))
    assert len((await court.see(second, case))["parties"]) == 3


async def test_proposals_by_kind_with_what_is_not_known(court: Court, world: World) -> None:
    worker, union, cadre = await court.worker(), await of_roster(world, UNION), await of_roster(world, CADRE)
    case = await court.accepted(worker)
    found = {one["body"]: one for one in ok(await court.manager.get(f"/cases/{case['id']}/seat-proposals"))["items"]}
    assert set(found) == {"mediators", "union", "public_services", "justice"}
    assert [(one["name"], one["person_id"]) for one in found["union"]["candidates"]] == [(UNION, union.id)]
    assert all(one["person_id"] is None for one in found["justice"]["candidates"])
    assert [one["person_id"] for one in found["mediators"]["candidates"]] == [court.mediator.id]
    del cadre
    await court.do(case, "facts", method="PUT", area_id=None, grid_id=None, known_on=None, employed=None,
                   employment_ended_on=None, injured=True)  # fmt: skip
    again = ok(await court.manager.get(f"/cases/{case['id']}/seat-proposals"))["items"]
    assert "medical" in [one["body"] for one in again]
    power = await court.taken(await court.worker(), kind="other")
    await court.do(power, "screen", cause="utilities")
    found = {one["body"]: one for one in ok(await court.manager.get(f"/cases/{power['id']}/seat-proposals"))["items"]}
    assert found["electricity"]["told"] == "公开名单没有光明行动队的人员，请另行确定"


async def test_who_may_be_invited(court: Court, world: World) -> None:
    worker, neighbour = await court.worker(), await court.worker()
    early = await court.accepted(worker)
    refused(
        await court.step(early, "seats", person_id=court.mediator.id, role="mediator", body="mediators"),
        409,
        "case_state_wrong",
    )
    case = await court.consented(await court.worker())
    refused(
        await court.step(case, "seats", person_id=neighbour.id, role="member", body="union"),
        422,
        "panel_seat_person_wrong",
    )
    expert = await invite(court, case, neighbour, body="expert")
    assert expert["state"] == "awaiting_consent"
    seat = await invite(court, case, court.mediator, "mediator", "mediators")
    refused(
        await court.step(case, "seats", person_id=court.mediator.id, role="member", body="union"),
        409,
        "panel_seat_taken",
    )
    other = await world.person()
    await world.appoint(other, Role.MEDIATOR)
    refused(
        await court.step(case, "seats", person_id=other.id, role="mediator", body="mediators"), 409, "mediator_taken"
    )
    refused(await court.step(case, "begin"), 409, "case_state_wrong")
    refused(await court.answer(seat, other, "accept"), 404, "panel_seat_not_found")
    refused(await court.answer(seat, court.mediator, "accept", version=9), 409, "stale")


async def test_parties_object_and_another_is_found(court: Court, world: World) -> None:
    worker, second = await court.worker(), await world.person()
    await world.appoint(second, Role.MEDIATOR)
    case = await court.consented(worker)
    seat = await court.seat(case, court.mediator, "mediator", "mediators")
    await court.vote(seat, worker)
    refused(await worker.post(f"/case-seats/{seat['id']}/vote", {"agree": True}, key=key()), 409, "case_vote_said")
    await court.vote(seat, court.owner, agree=False)
    assert (await court.see(worker, case))["state"] == "objection"
    refused(await court.mediator.get(f"/cases/{case['id']}"), 404, "case_not_found")
    again = await court.seat(case, second, "mediator", "mediators")
    assert (await court.see(second, case))["mediator"] is not None
    # Nobody says anything within two working days: nobody objects.
    refused(await court.step(case, "begin"), 409, "mediator_choice_open")
    await court.pass_time(timedelta(days=6), worker, second)
    await court.do(case, "begin")
    # At the table a party may still ask for another one; who stepped aside is out at once.
    ok(await court.answer(again, second, "recuse", version=2))
    assert (await court.see(worker, case))["state"] == "objection"
    refused(await second.get(f"/cases/{case['id']}"), 404, "case_not_found")
    third = await world.person()
    await world.appoint(third, Role.MEDIATOR)
    last = await court.seat(case, third, "mediator", "mediators")
    await court.vote(last, worker, court.owner)
    await court.do(case, "begin")
    await court.vote(last, court.owner, agree=False)
    assert (await court.see(worker, case))["state"] == "objection"
    assert any("更换" in one for one in await told(worker, "dispute"))


async def test_escalation_seats_those_who_are_known_and_free(court: Court, world: World) -> None:
    worker, leader, head = await court.worker(), await of_roster(world, "柳建波"), await of_roster(world, LEADER)
    case = await court.mediating(worker)
    grid = ok(await (await world.admin()).get("/grids"))[0]
    area = next(one["id"] for one in ok(await worker.get("/areas")) if one["name"] == grid["area_name"])
    async with world.runtime.db.unit_of_work() as session:
        record = (await session.exec(select(RosterPerson).where(RosterPerson.name == "谢桂明"))).one()
    await set_columns(world, Grid, grid["id"], leader_id=record.id)
    await court.do(case, "facts", method="PUT", area_id=area, grid_id=grid["id"], known_on=None,
                   employed=None, employment_ended_on=None, injured=False)  # fmt: skip
    ties = {one["role"]: one for one in (await court.see(worker, case))["ties"]}
    assert ties["grid_leader"]["name"] == "谢桂明"
    for _ in range(2):
        await court.do(case, "escalate", reason="企业不派人到场")
        await court.do(case, "resume")
    assert ok(await leader.get("/case-invitations"))["items"] == []
    await court.do(case, "escalate", reason="企业仍不派人")
    # The work team's heads: one is free; the other is the firm's own liaison leader.
    assert len(ok(await leader.get("/case-invitations"))["items"]) == 1
    assert ok(await head.get("/case-invitations"))["items"] == []
    log = ok(await court.manager.get(f"/cases/{case['id']}/events"))["items"]
    assert [one["told"] for one in log if one["kind"] == "escalated"] == [
        "提级：网格长（谢桂明）", "提级：村、园区党委（柯秀婷）", "提级：工作专班（陈增坛、柳建波）",
    ]  # fmt: skip
