"""Every standing there is in one case, and which of its parts each really gets over HTTP."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.rules.disputes.access import Piece, Standing
from app.rules.identity.roles import Role, ScopeKind
from tests.factories.world import Someone, World, ok
from tests.support.disputes import Court, open_court
from tests.support.identity import auditor
from tests.support.jobs import key
from tests.support.uploads import pdf, uploaded

P, S = Piece, Standing
# The liaison cadre of the firm that the tests use, as annex 2 prints it.
CADRE = "高德坤"
MARKS = {
    "own": "申请人没有出示的话", "shown": "申请人出示的话", "theirs": "企业没有出示的话", "their_shown": "企业出示的话",
    "paper": "申请人没有出示的证据", "their_paper": "企业没有出示的证据", "note": "内部记录的话", "minutes": "笔录里的话",
    "agreement": "协议里的话",
}  # fmt: skip


@dataclass(frozen=True)
class Cells:
    """`seen[standing][piece]`, and every status with which reads of the case were refused to that standing."""

    seen: dict[Standing, dict[Piece, bool]]
    refusals: dict[Standing, set[int]]
    # Whose access went at once: the manager before, too.
    gone: dict[str, set[int]]


async def measure(world: World) -> Cells:
    court = await open_court(world)
    people, case, gone = await _one_case(world, court)
    seen, refusals = {}, {}
    for standing, person in people.items():
        seen[standing], refusals[standing] = await _look(standing, person, case)
    return Cells(seen, refusals, {name: (await _look(S.STRANGER, one, case))[1] for name, one in gone.items()})


async def _one_case(world: World, court: Court) -> tuple[dict[Standing, Someone], dict[str, Any], dict[str, Someone]]:
    worker, second = await court.worker(), await world.person()
    await world.appoint(second, Role.CASE_MANAGER)
    case = await court.consented(worker)
    handed = await court.do(case, "manager", person_id=second.id, reason="休假移交")
    assert handed["told"] == "已移交"
    former, court.manager = court.manager, second
    seat = await court.seat(case, court.mediator, "mediator", "mediators")
    await court.vote(seat, worker, court.owner)
    await court.do(case, "begin")
    members = {}
    for standing in (S.SEATED, S.DECLINED, S.RECUSED, S.FORMER):
        person = await world.person()
        await world.appoint(person, Role.MEDIATOR)
        members[standing] = person
        seat = await court.do(case, "seats", person_id=person.id, role="member", body="union")
        if standing is S.DECLINED:
            ok(await court.answer(seat, person, "decline"))
            continue
        answered = ok(await court.answer(seat, person, "accept"))
        assert answered["case_id"] == case["id"]
        if standing is S.RECUSED:
            ok(await court.answer(seat, person, "recuse", version=2))
        elif standing is S.FORMER:
            replaced = {"reason": "另有任务", "expected_version": 2}
            ok(await court.manager.post(f"/case-seats/{seat['id']}/replace", replaced, key=key()))
    lawyer = await world.person()
    named = {"kind": "agent", "person_id": lawyer.id, "may_concede": False}
    ok(await worker.post(f"/cases/{case['id']}/representatives", named, key=key()))
    cadre, grid = await world.person(), await world.person()
    await world.claim_record(await world.admin(), cadre, CADRE)
    await world.appoint(cadre, Role.LIAISON_CADRE)
    await world.appoint(grid, Role.GRID_MEMBER)
    await _fill(world, court, worker, case)
    people = {
        S.COMPLAINANT: worker, S.RESPONDENT: court.owner, S.REPRESENTATIVE: lawyer, S.MANAGER: court.manager,
        S.MEDIATOR: court.mediator, **members, S.CADRE: cadre, S.GRID_MEMBER: grid, S.TOWN_ADMIN: await world.admin(),
        S.AUDITOR: await auditor(world), S.STRANGER: await world.person(),
    }  # fmt: skip
    other = await world.person()
    await world.appoint(other, Role.CASE_MANAGER, ScopeKind.TOWN, None)
    return people, case, {"former manager": former, "another manager": other}


async def _fill(world: World, court: Court, worker: Someone, case: dict[str, Any]) -> None:
    for person, unshown, shown, paper in (
        (worker, "own", "shown", "paper"), (court.owner, "theirs", "their_shown", "their_paper"),
    ):  # fmt: skip
        for mark, release in ((unshown, False), (shown, True)):
            ok(await court.say(person, case, "statements", words=MARKS[mark], release=release))
        file = await uploaded(person, pdf(), purpose="case_evidence")
        ok(await court.say(person, case, "evidence", file_id=file["file_id"], about=MARKS[paper]))
    ok(await court.mediator.post(f"/cases/{case['id']}/notes", {"words": MARKS["note"]}, key=key()))
    start = (world.clock.now() + timedelta(minutes=10)).isoformat()
    sitting = await court.do(case, "sessions", starts_at=start, mode="call", place="电话会议")
    world.clock.advance(timedelta(minutes=20))
    form = {"minutes": MARKS["minutes"], "present_parties": [], "present_seats": [], "expected_version": 1}
    ok(await court.mediator.post(f"/mediation-sessions/{sitting['id']}/minutes", form, key=key()))
    await court.drafted(case, content=MARKS["agreement"])


async def _look(standing: Standing, person: Someone, case: dict[str, Any]) -> tuple[dict[Piece, bool], set[int]]:
    refused: set[int] = set()

    async def text(part: str) -> str:
        answer = await person.get(f"/cases/{case['id']}{part}")
        if answer.is_success:
            return answer.text
        refused.add(answer.status_code)
        return ""

    said, papers = await text("/statements"), await text("/evidence")
    listed = ok(await person.get("/cases", with_total=True))
    found = ok(await person.get("/cases", number=case["number"].lower()))
    theirs = standing is S.RESPONDENT
    mine, other = ("theirs", "own") if theirs else ("own", "theirs")
    my_paper, other_paper = ("their_paper", "paper") if theirs else ("paper", "their_paper")
    await text("")
    await text("/events")
    await text("/seats")
    return {
        P.OWN_STATEMENT: MARKS[mine] in said, P.OTHER_STATEMENT: MARKS[other] in said,
        P.RELEASED: MARKS["shown" if theirs else "their_shown"] in said, P.OWN_EVIDENCE: MARKS[my_paper] in papers,
        P.OTHER_EVIDENCE: MARKS[other_paper] in papers, P.NOTE: MARKS["note"] in await text("/notes"),
        P.MINUTES: MARKS["minutes"] in await text("/sessions"), P.AGREEMENT: MARKS["agreement"] in await text("/agreements"),
        P.DEADLINES: "mediation" in await text("/deadlines"),
        P.LIST: case["id"] in [one["id"] for one in listed["items"]], P.COUNT: listed["total"] > 0,
        P.SEARCH: case["id"] in [one["id"] for one in found["items"]],
    }, refused  # fmt: skip
