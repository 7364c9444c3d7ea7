"""What was agreed: versions, signatures, effect, performance broken and made good, confirmation; figures and conferences."""

import io
import zipfile
from datetime import timedelta
from uuid import UUID

import pytest

from app.core.clock import china_date
from app.core.ids import new_id
from app.models.disputes import DisputeCase
from app.rules.disputes.cases import CaseCause, CaseKind, CaseOutcome, CaseState, IntakeChannel
from app.rules.identity.roles import Role, ScopeKind
from tests.factories.world import World, ok, refused
from tests.support.disputes import Court, open_court
from tests.support.funnel import later, told
from tests.support.jobs import key
from tests.support.uploads import pdf, uploaded


@pytest.fixture
async def court(world: World) -> Court:
    return await open_court(world)


def today(court: Court, days: int = 0) -> str:
    return (china_date(court.world.clock.now()) + timedelta(days=days)).isoformat()


async def test_no_promise_without_a_date_and_no_party_from_elsewhere(court: Court) -> None:
    worker = await court.worker()
    case = await court.mediating(worker)
    seen = await court.see(court.manager, case)
    draft = court.draft(seen)
    undated = [{name: value for name, value in draft["terms"][0].items() if name != "due_on"}]
    refused(
        await court.step(case, "agreements", **(draft | {"terms": undated})), 422, "invalid_fields", "terms.0.due_on"
    )
    past = [draft["terms"][0] | {"due_on": today(court, -1)}]
    refused(await court.step(case, "agreements", **(draft | {"terms": past})), 422, "agreement_term_date_wrong")
    alien = [draft["terms"][0] | {"party_id": str(new_id())}]
    refused(await court.step(case, "agreements", **(draft | {"terms": alien})), 422, "agreement_term_party_wrong")
    refused(await court.step(case, "agreements", **(draft | {"terms": []})), 422, "invalid_fields", "terms")
    refused(await court.step(case, "agreements", by=worker, **draft), 403, "case_act_not_yours")
    assert ok(await worker.get(f"/cases/{case['id']}/agreements"))["items"] == []


async def test_versions_and_whose_hand_is_missing(court: Court) -> None:
    worker = await court.worker()
    case = await court.mediating(worker)
    first = await court.drafted(case)
    ok(await court.sign(first, worker))
    second = await court.drafted(case, content="企业分两次支付8月工资4200元。")
    versions = ok(await worker.get(f"/cases/{case['id']}/agreements"))["items"]
    assert [(one["number"], one["state"], len(one["signatures"])) for one in versions] == [
        (2, "signing", 0),
        (1, "replaced", 1),
    ]
    refused(await court.sign(first, worker), 409, "case_agreement_state_wrong")
    refused(await court.sign(second, worker, "seal"), 403, "case_act_not_yours")
    refused(await court.sign(second, court.mediator), 403, "case_act_not_yours")
    owner = next(one["id"] for one in (await court.see(worker, case))["parties"] if not one["mine"])
    refused(await court.sign(second, worker, party_id=owner), 404, "case_party_not_found")
    ok(await court.sign(second, court.manager, "seal"))
    ok(await court.sign(second, court.mediator, "mediator"))
    ok(await court.sign(second, worker))
    assert (await court.agreement(second, worker))["waiting_for"] == ["福建省石狮市华联服装配件企业有限公司"]
    done = ok(await court.sign(second, court.manager, party_id=owner, way="paper"))
    assert (done["state"], done["waiting_for"]) == ("effective", [])
    assert any("书面签字" in one for one in await told(court.owner, "dispute_asked"))
    refused(
        await court.step(case, "agreements", **court.draft(await court.see(court.manager, case))),
        409,
        "case_not_at_table",
    )


async def test_who_will_not_sign(court: Court) -> None:
    worker = await court.worker()
    case = await court.mediating(worker)
    draft = await court.drafted(case)
    await court.do(case, "end", end_reason="not_signed", reason="企业反悔")
    assert (await court.agreement(draft, worker))["state"] == "abandoned"
    refused(await court.sign(draft, worker), 409, "case_agreement_state_wrong")


async def test_a_settlement_without_a_body_has_no_window(court: Court) -> None:
    worker = await court.worker()
    case, agreement = await court.agreed(worker, body="none")
    assert (agreement["title"], agreement["confirmation"], agreement["state"]) == ("和解协议书", "none", "effective")
    assert "confirmation" not in {one["kind"] for one in (await court.see(worker, case))["deadlines"]}
    form = {"expected_version": agreement["version"]}
    refused(
        await court.manager.post(f"/case-agreements/{agreement['id']}/confirmation", form, key=key()), 409,
        "confirmation_state_wrong",
    )  # fmt: skip


async def test_an_oral_one_is_in_effect_as_it_is_noted(court: Court) -> None:
    worker = await court.worker()
    case = await court.mediating(worker, kind="neighbours")
    agreement = await court.drafted(case, form="oral")
    assert (agreement["state"], agreement["confirmation"]) == ("effective", "none")
    assert (await court.see(worker, case))["state"] == "performing"


async def test_a_representative_concedes_only_with_that_authority(court: Court, world: World) -> None:
    worker, lawyer = await court.worker(), await world.person()
    case = await court.mediating(worker)
    agreement = await court.drafted(case)
    named = {"kind": "agent", "person_id": lawyer.id, "may_concede": False}
    made = ok(await worker.post(f"/cases/{case['id']}/representatives", named, key=key()))
    refused(await court.sign(agreement, lawyer), 409, "concession_authority_missing")
    ok(await worker.post(f"/case-representatives/{made['id']}/dismiss", key=key()))
    ok(await worker.post(f"/cases/{case['id']}/representatives", named | {"may_concede": True}, key=key()))
    assert len(ok(await court.sign(agreement, lawyer))["signatures"]) == 1
    refused(await court.sign(agreement, worker), 409, "agreement_signed")


async def test_performance_breached_and_remedied(court: Court, world: World) -> None:
    worker = await court.worker()
    case, agreement = await court.agreed(worker)
    refused(await court.term(agreement, worker, "not-done"), 409, "agreement_term_not_due")
    refused(await court.term(agreement, court.manager, "done", done_on=today(court)), 409, "recipient_confirms")
    refused(await court.term(agreement, court.mediator, "done", done_on=today(court)), 403, "case_act_not_yours")
    refused(
        await court.term(agreement, court.owner, "done", done_on=today(court, 1)), 422, "agreement_term_done_on_wrong"
    )
    ok(await court.term(agreement, court.owner, "done", done_on=today(court)))
    refused(await court.term(agreement, court.owner, "done", done_on=today(court)), 409, "agreement_term_state_wrong")
    await court.pass_time(timedelta(days=11), worker)
    assert any("协议履行" in one and "已过" in one for one in await told(worker, "dispute_deadline"))
    # The firm says that it paid; the worker says that nothing came.
    broken = ok(await court.term(agreement, worker, "not-done"))
    assert broken["terms"][0]["state"] == "breached"
    seen = await court.see(worker, case)
    assert seen["state"] == "breached"
    assert "支付令" in seen["exit_notice"]
    refused(await court.term(agreement, court.owner, "not-done"), 403, "case_act_not_yours")
    ok(await court.term(agreement, worker, "done", done_on=today(court)))
    seen = await court.see(worker, case)
    assert (seen["state"], (await court.agreement(agreement, worker))["terms"][0]["state"]) == ("performed", "remedied")


async def test_confirmation_within_thirty_days(court: Court, world: World) -> None:
    worker = await court.worker()
    _, agreement = await court.agreed(worker)
    path = f"/case-agreements/{agreement['id']}/confirmation"
    decision = {"confirmed": True, "court": "（2026）闽0581民特1号", "expected_version": agreement["version"]}
    refused(await court.manager.post(path + "/decision", decision, key=key()), 409, "confirmation_state_wrong")
    applied = ok(await court.manager.post(path, {"expected_version": agreement["version"]}, key=key()))
    assert applied["confirmation"] == "applied"
    decided = ok(
        await court.manager.post(path + "/decision", decision | {"expected_version": applied["version"]}, key=key())
    )
    assert (decided["confirmation"], decided["court"]) == ("confirmed", "（2026）闽0581民特1号")

    other = await court.worker()
    case, late = await court.agreed(other)
    await court.pass_time(timedelta(days=45), other, worker)
    late = await court.agreement(late, other)
    assert late["confirmation"] == "lapsed"
    path = f"/case-agreements/{late['id']}/confirmation"
    refused(
        await court.manager.post(path, {"expected_version": late["version"]}, key=key()),
        409,
        "confirmation_state_wrong",
    )
    assert case["id"]


async def test_the_window_closes_before_the_sweep_comes(court: Court) -> None:
    worker = await court.worker()
    _, agreement = await court.agreed(worker)
    await later(court.world, timedelta(days=45), court.manager, court.mediator, court.owner, worker)
    path = f"/case-agreements/{agreement['id']}/confirmation"
    refused(
        await court.manager.post(path, {"expected_version": agreement["version"]}, key=key()),
        409,
        "confirmation_window_over",
    )


async def test_evidence_goes_into_the_volume(court: Court) -> None:
    worker = await court.worker()
    case = await court.mediating(worker)
    file = await uploaded(worker, pdf(), purpose="case_evidence")
    ok(await court.say(worker, case, "evidence", file_id=file["file_id"], about="8月考勤表"))
    packed = (await court.manager.get(f"/cases/{case['id']}/volume.zip")).content
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["01-案卷.pdf", "03-证据-01.pdf"]
    refused(await court.mediator.get(f"/cases/{case['id']}/volume.zip"), 403, "forbidden")


async def cases(world: World, court: Court, **counts: int) -> None:
    """So many of a kind, as rows: agreed the first half, not agreed the other."""
    now = world.clock.now()
    async with world.runtime.db.unit_of_work() as session:
        for kind, count in counts.items():
            for number in range(count):
                agreed = number < count // 2
                session.add(
                    DisputeCase(
                        created_at=now, updated_at=now, number=f"TJ-{kind}-{number}", kind=CaseKind.of(kind),
                        cause=CaseCause.UNPAID if kind == "wages" else CaseCause.NUISANCE, channel=IntakeChannel.VISIT,
                        state=CaseState.CLOSED, opened_by=UUID(court.manager.id),
                        outcome=CaseOutcome.AGREED if agreed else CaseOutcome.NOT_AGREED,
                    )
                )  # fmt: skip


async def test_small_cells_are_hidden_with_what_would_tell_them(court: Court, world: World) -> None:
    await cases(world, court, wages=12, neighbours=9, training=2)
    found = ok(await court.manager.get("/dispute-figures", first=today(court, -1), last=today(court)))
    rows = {(one["by"], one["label"]): one["count"] for one in found["items"]}
    assert (found["total"], rows["kind", "培训"]) == (23, None)
    # The two others of the kind would give it away by subtraction: one of them is hidden, too.
    assert [rows["kind", "工资报酬"], rows["kind", "邻里纠纷"]].count(None) >= 1
    assert "少于5件的不显示" in found["told"]
    refused(
        await court.manager.get("/dispute-figures", first=today(court, 1), last=today(court)),
        422,
        "conference_period_wrong",
    )
    refused(await court.mediator.get("/dispute-figures", first=today(court), last=today(court)), 403, "forbidden")


async def test_the_next_conference_opens_with_what_is_not_done(court: Court, world: World) -> None:
    await cases(world, court, wages=12)
    form = {
        "title": "第四季度联席会议",
        "held_on": today(court, 3),
        "first": today(court, -30),
        "last": today(court),
        "own": ["冬季用工"],
    }
    made = ok(await court.manager.post("/conferences", form, key=key()))
    assert [one["kind"] for one in made["agenda"]] == ["figures", "figures", "own"]
    assert made["agenda"][0]["told"].startswith("事由“拖欠工资”：12起")
    resolutions = [
        {"words": "开展工资支付专项检查", "responsible": "公共服务办公室", "due_on": today(court, 30)},
        {"words": "公布投诉电话", "responsible": "党建办", "due_on": today(court, 10)},
    ]
    hold = {
        "resolutions": resolutions,
        "reported_to": "挂钩市领导",
        "reported_on": today(court, 4),
        "expected_version": 1,
    }
    held = ok(await court.manager.post(f"/conferences/{made['id']}/hold", hold, key=key()))
    assert [one["done"] for one in held["resolutions"]] == [False, False]
    refused(
        await court.manager.post(f"/conferences/{made['id']}/hold", hold | {"expected_version": 2}, key=key()),
        409,
        "conference_state_wrong",
    )
    tasks = ok(await court.manager.get("/tasks", kind="resolution"))["items"]
    assert len(tasks) == 2
    done = next(one for one in tasks if "公布投诉电话" in one["title"])
    ok(await court.manager.post(f"/tasks/{done['id']}/finish", {"note": "已公布", "expected_version": done["version"]}))
    again = ok(await court.manager.post("/conferences", form | {"title": "第一季度联席会议"}, key=key()))
    assert again["agenda"][0] == {
        "kind": "unfinished", "kind_label": "上次决议未办结", "told": "上次决议未办结：公共服务办公室：开展工资支付专项检查",
    }  # fmt: skip
    seen = ok(await court.manager.get(f"/conferences/{made['id']}"))
    assert [one["done"] for one in seen["resolutions"]] == [False, True]
    assert len(ok(await court.manager.get("/conferences"))["items"]) == 2


async def test_the_desk_of_a_part_of_the_town_has_no_conferences(court: Court, world: World) -> None:
    """And sees on it what lies in its area."""
    worker = await court.worker()
    case = await court.submit(worker)
    areas = {one["name"]: one["id"] for one in ok(await court.manager.get("/areas"))}
    for name, seen in (("宝盖科技园", [case["id"]]), ("塘后村", [])):
        partial = await world.person()
        await world.appoint(partial, Role.CASE_MANAGER, ScopeKind.AREA, areas[name])
        refused(await partial.get("/conferences"), 403, "forbidden")
        assert [one["id"] for one in ok(await partial.get("/case-desk"))["items"]] == seen
        if not seen:
            refused(await court.step(case, "take", by=partial), 404, "case_not_found")
