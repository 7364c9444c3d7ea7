"""X: each party's own word, what is shown and what is not, many with one claim, who stands for whom."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.test_identity_on_behalf import code_for
from tests.factories.world import Someone, World, ok, refused
from tests.support.disputes import Court, open_court
from tests.support.funnel import told
from tests.support.jobs import key
from tests.support.privacy import acting, relative_of
from tests.support.uploads import follow, look, pdf, photo, upload, uploaded


@pytest.fixture
async def court(world: World) -> Court:
    return await open_court(world)


def party(seen: dict[str, Any], **want: Any) -> dict[str, Any]:
    return next(dict(one) for one in seen["parties"] if all(one[name] == value for name, value in want.items()))


async def test_nobody_speaks_for_the_other_side(court: Court, world: World) -> None:
    worker = await court.worker()
    case = await court.accepted(worker)
    await court.do(case, "ask-consent")
    seen = await court.see(worker, case)
    theirs = party(seen, mine=False)["id"]
    refused(await court.say(worker, case, "consent", agree=True, party_id=theirs), 404, "case_party_not_found")
    refused(
        await court.say(worker, case, "consent", agree=True, party_id=theirs, way="paper"), 403, "case_act_not_yours"
    )
    refused(
        await court.say(worker, case, "statements", words="我替对方说", party_id=theirs), 404, "case_party_not_found"
    )
    refused(await court.say(court.manager, case, "consent", agree=True), 403, "case_act_not_yours")
    refused(await court.say(worker, case, "consent", agree=True), 409, "party_consent_said")
    stranger = await world.person()
    refused(await court.say(stranger, case, "consent", agree=True), 404, "case_not_found")
    # By telephone only for those who cannot say it themselves; what was signed before the manager is told to the party.
    phoned = await court.say(court.manager, case, "consent", agree=True, party_id=theirs, way="phone")
    refused(phoned, 409, "party_speaks_itself")
    ok(await court.say(court.manager, case, "consent", agree=True, party_id=theirs, way="paper"))
    assert any("书面签字" in one for one in await told(court.owner, "dispute_asked"))
    assert (await court.see(worker, case))["state"] == "consented"


async def test_who_is_not_registered_speaks_through_the_manager(court: Court) -> None:
    worker = await court.worker()
    outsider = {"kind": "outsider", "name": "隔壁老王", "phone": "13850002222"}
    case = await court.accepted(worker, kind="neighbours", respondent=outsider, claim="不在夜间施工")
    await court.do(case, "ask-consent")
    seen = await court.see(court.manager, case)
    other = party(seen, name="隔壁老王")
    assert other["kind"] == "outsider"
    ok(await court.say(court.manager, case, "consent", agree=True, party_id=other["id"], way="phone"))
    said = await court.say(
        court.manager, case, "statements", words="没有在夜间施工", party_id=other["id"], way="phone", release=True
    )
    assert ok(said)["way"] == "phone"
    contacts = ok(await court.manager.post(f"/cases/{case['id']}/contacts"))["items"]
    assert "13850002222" in [one["phone"] for one in contacts]
    refused(await worker.post(f"/cases/{case['id']}/contacts"), 403, "forbidden")
    seen_by = ok(await worker.get("/me/accesses"))
    assert any(one["reason"] == "mediation" for one in (seen_by["items"] if isinstance(seen_by, dict) else seen_by))


async def test_a_telephone_does_not_tell_who_is_registered(court: Court, world: World) -> None:
    """Named by number, a registered person has the case; whoever named them sees the same as of anybody."""
    worker, neighbour = await court.worker(), await court.worker()
    number = "13850003333"
    ok(await neighbour.post("/me/phone", {"code": world.sandbox.phone_code("zhipin", neighbour.name, number)}))
    named = {"kind": "outsider", "name": "老李", "phone": number}
    case = await court.accepted(worker, kind="neighbours", respondent=named)
    assert party(await court.see(worker, case), mine=False)["kind"] == "outsider"
    await court.do(case, "ask-consent")
    theirs = await court.see(neighbour, case)
    assert theirs["standings"] == ["respondent"]


async def test_what_is_not_shown_stays_and_concessions_are_marked(court: Court) -> None:
    worker = await court.worker()
    case = await court.mediating(worker)
    made = ok(await court.say(worker, case, "statements", words="最低可以接受三千五", concession=True))
    assert "不得在以后的仲裁" in made["concession_told"]
    assert ok(await court.owner.get(f"/cases/{case['id']}/statements"))["items"] == []
    refused(
        await court.owner.post(f"/case-statements/{made['id']}/release", key=key()), 404, "case_statement_not_found"
    )
    ok(await worker.post(f"/case-statements/{made['id']}/release", key=key()))
    refused(await worker.post(f"/case-statements/{made['id']}/release", key=key()), 409, "already_released")
    shown = ok(await court.owner.get(f"/cases/{case['id']}/statements"))["items"]
    assert [(one["words"], one["mine"]) for one in shown] == [("最低可以接受三千五", False)]
    text = (await worker.get(f"/cases/{case['id']}/inspection-file.pdf")).content
    assert b"%PDF" in text[:8]


async def test_evidence_is_seen_through_the_case_alone(court: Court, world: World) -> None:
    worker = await court.worker()
    case = await court.mediating(worker)
    image = await uploaded(worker, photo(), name="a.jpg", purpose="case_evidence")
    # Shown to nobody: WeChat is not asked about it.
    assert image["state"] == "ready"
    made = ok(await court.say(worker, case, "evidence", file_id=image["file_id"], about="工牌"))
    assert (await follow(worker, made["url"])).status_code == 200
    refused(await look(worker, image), 404, "file_not_found")
    assert ok(await court.owner.get(f"/cases/{case['id']}/evidence"))["items"] == []
    refused(await look(court.owner, image), 404, "file_not_found")
    ok(await worker.post(f"/case-evidence/{made['id']}/release", key=key()))
    theirs = ok(await court.owner.get(f"/cases/{case['id']}/evidence"))["items"]
    assert (await follow(court.owner, theirs[0]["url"])).status_code == 200
    refused(await court.owner.post(f"/case-evidence/{made['id']}/release", key=key()), 404, "case_evidence_not_found")
    # Somebody else's upload, another purpose, a wrong type, far too large: refused, and nothing is there.
    alien = await uploaded(court.owner, pdf(), purpose="case_evidence")
    refused(await court.say(worker, case, "evidence", file_id=alien["file_id"], about="不是我的"), 422, "file_unusable")
    wrong = await uploaded(worker, pdf(), purpose="evidence")
    refused(await court.say(worker, case, "evidence", file_id=wrong["file_id"], about="用途不对"), 422, "file_unusable")
    refused(await upload(worker, b"GIF not", "a.exe", "case_evidence"), 422, "file_type_wrong")
    assert (await upload(worker, b"%PDF-" + b"0" * 100_000_000, "a.pdf", "case_evidence")).status_code == 413
    assert len(ok(await worker.get(f"/cases/{case['id']}/evidence"))["items"]) == 1
    # What is brought to the counter is put in by the manager, for that party.
    mine = party(await court.see(worker, case), mine=True)["id"]
    brought = await uploaded(court.manager, pdf(), purpose="case_evidence")
    counter = await court.say(
        court.manager, case, "evidence", file_id=brought["file_id"], about="工资条", party_id=mine
    )
    assert ok(counter)["party_id"] == mine
    refused(await look(court.manager, brought), 404, "file_not_found")


async def joined(court: Court, count: int) -> tuple[dict[str, Any], list[Someone]]:
    """So many single cases of one firm, merged into the earliest."""
    workers = [await court.worker() for _ in range(count)]
    cases = []
    for worker in workers:
        case = await court.taken(worker)
        await court.do(case, "screen", cause="unpaid")
        cases.append(case)
        court.world.clock.advance(timedelta(seconds=1))
    ok(await court.step(cases[0], "absorb", case_ids=[one["id"] for one in cases[1:]]))
    return cases[0], workers


async def test_ten_become_one_case_and_each_keeps_what_is_theirs(court: Court) -> None:
    case, workers = await joined(court, 10)
    seen = await court.see(court.manager, case)
    assert (seen["collective"], seen["claimants"]) == (True, 10)
    assert [one["claim_fen"] for one in seen["parties"] if one["side"] == "complainant"] == [420_000] * 10
    mine = await court.see(workers[3], case)
    # Fellows do not see one another's sums.
    assert [one["claim_fen"] is not None for one in mine["parties"] if one["side"] == "complainant"].count(True) == 1
    assert ok(await workers[3].get("/cases", with_total=True))["total"] == 1
    assert len(ok(await workers[3].get(f"/cases/{case['id']}/statements"))["items"]) == 1
    assert any("合并办理" in one for one in await told(workers[3], "dispute_asked"))
    await court.do(case, "accept", mediation_body="labour")
    await court.do(case, "ask-consent")
    assert (await court.see(workers[3], case))["state"] == "consent_pending"

    colleague = party(seen, side="complainant")["id"]
    elected = {"kind": "elected", "colleague_id": colleague, "may_concede": False}
    for worker in workers[1:4]:
        made = ok(await worker.post(f"/cases/{case['id']}/representatives", elected, key=key()))
        assert "不能代为让步" in made["told"]
    refused(
        await workers[1].post(f"/cases/{case['id']}/representatives", elected, key=key()),
        409,
        "case_representative_taken",
    )
    # Consent is each one's own: the representative cannot give it.
    theirs = party(await court.see(workers[1], case), mine=True)["id"]
    refused(await court.say(workers[0], case, "consent", agree=True, party_id=theirs), 404, "case_party_not_found")
    for worker in workers[:8]:
        ok(await court.say(worker, case, "consent", agree=True))
    ok(await court.say(court.owner, case, "consent", agree=True))
    left = ok(await court.say(workers[8], case, "leave", separate=True))
    assert left["new_case_id"] is not None
    assert (await court.see(workers[8], {"id": left["new_case_id"]}))["channel"] == "separated"
    assert len(ok(await workers[8].get(f"/cases/{left['new_case_id']}/statements"))["items"]) == 1
    refused(await workers[8].get(f"/cases/{case['id']}"), 404, "case_not_found")
    # A no is one's own leaving, and the others go on.
    ok(await court.say(workers[9], case, "consent", agree=False))
    after = await court.see(workers[0], case)
    assert (after["state"], after["claimants"], after["collective"]) == ("consented", 8, False)
    other = await court.worker()
    few = {"kind": "elected", "colleague_id": colleague, "may_concede": False}
    refused(await workers[5].post(f"/cases/{case['id']}/representatives", few, key=key()), 409, "election_too_few")
    agent = {"kind": "agent", "person_id": other.id, "may_concede": True}
    named = ok(await workers[5].post(f"/cases/{case['id']}/representatives", agent, key=key()))
    assert (await court.see(other, case))["standings"] == ["representative"]
    ok(await workers[5].post(f"/case-representatives/{named['id']}/dismiss", key=key()))
    refused(await other.get(f"/cases/{case['id']}"), 404, "case_not_found")


async def test_no_more_than_five_are_elected(court: Court) -> None:
    case, workers = await joined(court, 11)
    seen = await court.see(court.manager, case)
    ids = {one["id"]: one for one in seen["parties"] if one["side"] == "complainant"}
    own = [party(await court.see(worker, case), mine=True)["id"] for worker in workers]
    assert set(own) == set(ids)
    for number in range(1, 6):
        form = {"kind": "elected", "colleague_id": own[number - 1], "may_concede": True}
        ok(await workers[number].post(f"/cases/{case['id']}/representatives", form, key=key()))
    form = {"kind": "elected", "colleague_id": own[7], "may_concede": True}
    refused(await workers[6].post(f"/cases/{case['id']}/representatives", form, key=key()), 409, "representatives_full")
    themselves = {"kind": "elected", "colleague_id": own[6], "may_concede": True}
    refused(
        await workers[6].post(f"/cases/{case['id']}/representatives", themselves, key=key()),
        422,
        "case_representative_wrong",
    )


async def test_what_cannot_be_merged(court: Court, world: World) -> None:
    one, other = await court.worker(), await court.worker()
    first = await court.accepted(one)
    refused(await court.step(first, "absorb", case_ids=[first["id"]]), 422, "absorb_wrong")
    court.world.clock.advance(timedelta(seconds=1))
    second = await court.accepted(other, kind="contract")
    refused(await court.step(first, "absorb", case_ids=[second["id"]]), 422, "absorb_wrong")
    await court.do(second, "kind", method="PUT", kind="wages", reason="只争工资")
    # The later one does not take over the earlier one: no clock begins later by it.
    refused(await court.step(second, "absorb", case_ids=[first["id"]]), 422, "absorb_wrong")
    untaken = await court.submit(await court.worker())
    refused(await court.step(first, "absorb", case_ids=[untaken["id"]]), 404, "case_not_found")
    ok(await court.step(first, "absorb", case_ids=[second["id"]]))
    refused(await other.get(f"/cases/{second['id']}"), 404, "case_not_found")
    refused(await court.say(one, first, "withdraw", expected_version=99), 409, "stale")
    refused(await court.step(first, "withdraw", by=one), 409, "not_only_complainant")
    ok(await court.say(one, first, "leave"))
    refused(await court.say(other, first, "leave"), 409, "only_complainant")


async def test_the_consent_to_the_purpose_is_needed_and_its_withdrawal_ends_the_part(court: Court) -> None:
    worker = await court.worker()
    case = await court.mediating(worker)
    ok(await worker.call("DELETE", "/me/consents/dispute"))
    seen = await court.see(court.owner, case)
    assert (seen["state"], seen["end_reason"]) == ("ended", "unwilling")


async def test_an_agent_speaks_within_their_scope(court: Court, world: World) -> None:
    worker, agent = await court.worker(), await world.person()
    case = await court.taken(worker)
    wrong = await relative_of(worker, agent, "relative", "jobs")
    refused(await acting(agent, wrong).get(f"/cases/{case['id']}"), 403, "representation_out_of_scope")
    right = acting(agent, await relative_of(worker, agent, "relative", "disputes"))
    assert (await right.get(f"/cases/{case['id']}")).json()["standings"] == ["complainant"]
    ok(await right.post(f"/cases/{case['id']}/statements", {"words": "替她补充：工牌还在"}, key=key()))
    refused(await right.post(f"/cases/{case['id']}/take", {"expected_version": 1}, key=key()), 403, "not_on_behalf")


async def test_the_account_goes_and_the_case_with_it_is_over(court: Court) -> None:
    """The volume keeps under what name they were in it."""
    worker = await court.worker()
    case = await court.mediating(worker)
    ok(await worker.post("/me/deletion", {"confirm": "注销"}))
    seen = await court.see(court.owner, case)
    assert seen["state"] == "ended"
    assert party(seen, side="complainant")["name"] == "林小梅"


async def test_the_other_side_hears_of_it_when_it_is_asked(court: Court) -> None:
    """Not before somebody of the town has looked: who asks for help is not to be paid back for it."""
    worker = await court.worker()
    case = await court.accepted(worker)
    refused(await court.owner.get(f"/cases/{case['id']}"), 404, "case_not_found")
    assert ok(await court.owner.get("/cases", with_total=True))["total"] == 0
    refused(await court.say(court.owner, case, "consent", agree=False), 404, "case_not_found")
    assert await told(court.owner, "dispute") == []
    await court.do(case, "ask-consent")
    assert (await court.see(court.owner, case))["standings"] == ["respondent"]
    taken_back = await court.accepted(await court.worker())
    await court.do(taken_back, "end", end_reason="settled", reason="已自行和解")
    refused(await court.owner.get(f"/cases/{taken_back['id']}"), 404, "case_not_found")


async def test_to_agree_stays_with_the_person(court: Court, world: World) -> None:
    """An agent needs the code that was sent to the person alone; to say no they need none of it less."""
    (case, workers), agent = await joined(court, 2), await world.person()
    representation = await relative_of(workers[1], agent, "relative", "disputes")
    await court.do(case, "accept", mediation_body="people")
    await court.do(case, "ask-consent")
    bare = acting(agent, representation)
    refused(await court.say(bare, case, "consent", agree=True), 403, "own_code_needed")
    code = await code_for(agent, representation, "say_case_consent")
    ok(await court.say(acting(agent, representation, code), case, "consent", agree=True))
    assert party(await court.see(workers[1], case), mine=True)["consent"] == "given"
