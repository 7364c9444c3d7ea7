"""A case from its submission to the volume, over HTTP on both databases."""

import io
import zipfile
from datetime import date, timedelta
from typing import Any

import pypdfium2
import pytest

from app.core.clock import china_date
from app.rules.identity.roles import Role, ScopeKind
from tests.factories.world import Someone, World, ok, refused
from tests.support.disputes import Court, open_court
from tests.support.funnel import told
from tests.support.jobs import key
from tests.support.privacy import acting, relative_of


@pytest.fixture
async def court(world: World) -> Court:
    return await open_court(world)


def read_pdf(content: bytes) -> str:
    """Without the blanks that typesetting puts between figures and characters, and at the ends of lines."""
    document = pypdfium2.PdfDocument(content)
    return "".join("".join(page.get_textpage().get_text_range() for page in document).split())


async def test_a_case_goes_from_submission_to_its_volume(court: Court, world: World) -> None:
    worker = await court.worker()
    case = await court.submit(worker)
    assert case["number"].startswith("TJ")
    assert case["state"] == "submitted"
    desk = ok(await court.manager.get("/case-desk"))["items"]
    assert [one["number"] for one in desk] == [case["number"]]
    assert set(desk[0]) & {"claim", "statement", "parties"} == set()

    case = await court.do(case, "take")
    assert ok(await court.manager.get("/case-desk"))["items"] == []
    seen = await court.see(worker, case)
    assert {one["role"] for one in seen["ties"]} == {
        "enterprise", "party_organisation", "secretary", "leader", "cadre", "party_affairs", "grid", "grid_leader", "area",
    }  # fmt: skip
    assert [one["told"] for one in seen["ties"] if one["role"] == "grid"] == ["网格未知：尚未登记在哪个网格"]
    assert [one["route"] for one in seen["routes"]] == ["inspection", "arbitration", "payment_order", "legal_aid"]
    arbitration = next(one for one in seen["routes"] if one["route"] == "arbitration")
    assert arbitration["days_left"] in range(340, 367)
    assert {one["kind"] for one in seen["deadlines"]} >= {
        "first_answer",
        "acceptance",
        "mediation",
        "arbitration_opens",
        "arbitration_limit",
    }

    await court.do(case, "screen", cause="unpaid")
    await court.do(case, "accept", mediation_body="people")
    refused(
        await court.step(case, "sessions", starts_at=in_(world, hours=2), mode="onsite", place="调解室"),
        409,
        "case_not_at_table",
    )
    await court.do(case, "ask-consent")
    ok(await court.say(court.owner, case, "consent", agree=True))
    assert (await court.see(court.manager, case))["state"] == "consented"

    seat = await court.do(case, "seats", person_id=court.mediator.id, role="mediator", body="mediators")
    invited = ok(await court.mediator.get("/case-invitations"))["items"]
    assert invited[0]["id"] == seat["id"]
    assert len(invited[0]["parties"]) == 2
    refused(await court.mediator.get(f"/cases/{case['id']}"), 404, "case_not_found")
    ok(await court.answer(seat, court.mediator, "accept"))
    assert (await court.see(court.mediator, case))["standings"] == ["mediator"]
    refused(await court.step(case, "begin"), 409, "mediator_choice_open")
    await court.vote(seat, worker, court.owner)
    await court.do(case, "begin")

    sitting = await court.do(
        case, "sessions", starts_at=in_(world, hours=2), mode="onsite", place="科技园邻里中心调解室"
    )
    form = {"minutes": "告知权利义务；双方陈述；核对考勤；提出方案。", "expected_version": 1}
    parties = {one["side"]: one["id"] for one in seen["parties"]}
    form |= {"present_parties": list(parties.values()), "present_seats": [seat["id"]]}
    refused(
        await court.mediator.post(f"/mediation-sessions/{sitting['id']}/minutes", form, key=key()),
        409,
        "mediation_session_not_begun",
    )
    await court.pass_time(timedelta(hours=3), worker)
    held = ok(await court.mediator.post(f"/mediation-sessions/{sitting['id']}/minutes", form, key=key()))
    assert held["minutes_told"] == "到场3方，3方还没有确认笔录"
    ok(await worker.post(f"/mediation-sessions/{sitting['id']}/confirm", {"confirm": True}, key=key()))
    objection = {"confirm": False, "objection": "第二项记错了"}
    ok(await court.owner.post(f"/mediation-sessions/{sitting['id']}/confirm", objection, key=key()))
    refused(
        await court.owner.post(f"/mediation-sessions/{sitting['id']}/confirm", objection, key=key()),
        409,
        "minutes_not_yours",
    )

    agreement = await court.drafted(case)
    assert agreement["title"] == "人民调解协议书"
    assert len(agreement["waiting_for"]) == 4
    for who in (worker, court.owner):
        ok(await court.sign(agreement, who))
    refused(await court.sign(agreement, worker), 409, "agreement_signed")
    refused(await court.sign(agreement, worker, "mediator"), 409, "mediator_signs")
    ok(await court.sign(agreement, court.mediator, "mediator"))
    done = ok(await court.sign(agreement, court.manager, "seal"))
    assert done["state"] == "effective"
    assert done["confirmation"] == "window"
    paper = await worker.get(f"/case-agreements/{agreement['id']}/paper.pdf")
    text = read_pdf(paper.content)
    for words in (
        "人民调解协议书",
        case["number"],
        "企业支付8月工资4200元",
        "银行转账",
        "4200.00",
        "企业承担支付责任",
        "三十日内",
    ):
        assert words in text, words

    refused(await court.term(agreement, worker, "not-done"), 409, "agreement_term_not_due")
    day = china_date(world.clock.now()).isoformat()
    claimed = ok(await court.term(agreement, court.owner, "done", done_on=day))
    assert claimed["terms"][0]["state"] == "claimed"
    ok(await court.term(agreement, worker, "done", done_on=day))
    assert (await court.see(worker, case))["state"] == "performed"
    ok(await worker.put(f"/cases/{case['id']}/satisfaction", {"score": 5, "words": "满意"}, key=key()))
    await court.do(case, "follow-up", reason="电话回访：已收到")
    await court.do(case, "close")
    volume = await court.manager.get(f"/cases/{case['id']}/volume.zip")
    with zipfile.ZipFile(io.BytesIO(volume.content)) as archive:
        assert archive.namelist() == ["01-案卷.pdf", "02-协议-第1版.pdf"]
        text = read_pdf(archive.read("01-案卷.pdf"))
    order = [
        "一、申请",
        "二、权利义务告知",
        "三、当事人身份",
        "五、调解记录",
        "六、调解协议",
        "七、证据目录",
        "八、履行情况",
        "九、回访",
    ]
    assert [text.index(one) for one in order] == sorted(text.index(one) for one in order)
    assert "8月做满26天" in text
    assert "第二项记错了" in text
    assert "5分" in text
    assert any("归档" in one for one in await told(worker, "dispute"))


def in_(world: World, **delta: Any) -> str:
    at = world.clock.now() + timedelta(**delta)
    return at.replace(microsecond=0).isoformat()


async def test_every_way_in(court: Court, world: World) -> None:
    """By the person, for another, by the firm, by telephone, from a posting; the record while they speak."""
    worker = await court.worker()
    assert (await court.see(worker, await court.submit(worker)))["channel"] == "mini_program"
    refused(await worker.post("/cases", court.form(), key=key()), 409, "case_already_open")

    helped, agent = await court.worker(), await world.person()
    representation = await relative_of(helped, agent, "relative", "disputes")
    made = ok(await acting(agent, representation).post("/cases", court.form(), key=key()))
    assert (await court.see(helped, made))["channel"] == "on_behalf"
    assert any("提交调解申请" in one for one in await told(helped, "assisted"))

    area = next(one["id"] for one in ok(await worker.get("/areas")) if one["name"] == "塘后村")
    village = court.form(kind="village_enterprise", respondent={"kind": "village", "area_id": area})
    by_firm = await court.owner.post(f"/enterprises/{court.firm}/cases", village, key=key())
    seen = await court.see(court.owner, ok(by_firm))
    assert (seen["channel"], [one["name"] for one in seen["parties"] if one["side"] == "respondent"]) == (
        "firm",
        ["塘后村"],
    )
    refused(
        await court.owner.post(f"/enterprises/{court.firm}/cases", court.form(), key=key()),
        422,
        "case_respondent_wrong",
    )

    spoken = court.form(channel="phone", complainant={"kind": "outsider", "name": "张三", "phone": "13850001111"})
    recorded = ok(await court.manager.post("/case-desk", spoken, key=key()))
    taken = await court.do(recorded, "take")
    seen = await court.see(court.manager, taken)
    assert [one["name"] for one in seen["parties"] if one["side"] == "complainant"] == ["张三"]
    said = ok(await court.manager.get(f"/cases/{taken['id']}/statements"))["items"]
    assert [one["way"] for one in said] == ["phone"]

    recruiter, firm = court.owner, court.firm
    vacancy = await world.vacancy(recruiter, firm)
    other = await court.worker()
    from_posting = await court.submit(other, kind="posting", subject_id=vacancy["id"])
    mine = next(one for one in (await court.see(other, from_posting))["parties"] if one["mine"])
    assert mine["facts"]["vacancy"]["title"] == vacancy["title"]


async def test_what_is_refused_at_the_door(court: Court) -> None:
    person = await court.worker(consent=False)
    refused(await person.post("/cases", court.form(), key=key()), 422, "consent_missing")
    await court.world.consent(person, "dispute")
    tomorrow = (china_date(court.world.clock.now()) + timedelta(days=1)).isoformat()
    refused(await person.post("/cases", court.form(known_on=tomorrow), key=key()), 422, "case_dates_wrong", "known_on")
    gone = {"kind": "enterprise", "enterprise_id": "0193f0f0-0000-7000-8000-00000000dead"}
    refused(await person.post("/cases", court.form(respondent=gone), key=key()), 422, "case_respondent_wrong")
    subject = court.form(subject_id="0193f0f0-0000-7000-8000-00000000dead")
    refused(await person.post("/cases", subject, key=key()), 422, "case_subject_wrong")
    empty = await person.post("/cases", court.form(respondent={"kind": "outsider"}), key=key())
    refused(empty, 422, "invalid_fields", "respondent.name")
    assert ok(await person.get("/cases", with_total=True))["total"] == 0


async def test_the_kind_changes_with_its_clocks(court: Court) -> None:
    """A rider's dispute turns out to be no labour dispute: the reason is logged, the clocks are those of its kind."""
    worker = await court.worker()
    case = await court.accepted(worker)
    before = {one["kind"]: one for one in (await court.see(worker, case))["deadlines"] if one["state"] != "void"}
    assert "civil_limit" not in before
    assert before["mediation"]["told"].count("15日") == 1
    refused(await court.step(case, "kind", method="PUT", kind="wages", reason="还是工资"), 422, "case_kind_same")
    await court.do(case, "kind", method="PUT", kind="platform_work", reason="没有劳动合同，按平台协议接单")
    after = {one["kind"]: one for one in (await court.see(worker, case))["deadlines"] if one["state"] != "void"}
    assert "civil_limit" in after
    assert "30日" in after["mediation"]["told"]
    assert "arbitration_limit" in after
    await court.do(case, "kind", method="PUT", kind="neighbours", reason="与工作无关")
    last = (await court.see(worker, case))["deadlines"]
    assert {one["kind"] for one in last if one["state"] == "void"} == {"arbitration_opens", "arbitration_limit"}
    log = ok(await worker.get(f"/cases/{case['id']}/events"))["items"]
    assert [one["words"] for one in log if one["kind"] == "kind_changed"] == [
        "没有劳动合同，按平台协议接单",
        "与工作无关",
    ]
    labour = await court.accepted(await court.worker(), body="labour")
    refused(
        await court.step(labour, "kind", method="PUT", kind="neighbours", reason="与工作无关"),
        422,
        "mediation_body_wrong",
    )


async def test_refused_and_ended_with_the_other_ways(court: Court) -> None:
    worker = await court.worker()
    case = await court.accepted(worker)
    await court.do(case, "ask-consent")
    ok(await court.say(court.owner, case, "consent", agree=False))
    seen = await court.see(worker, case)
    assert seen["state"] == "refused"
    assert "劳动争议仲裁" in seen["exit_notice"]
    assert "还有" in seen["exit_notice"]
    refused(await court.say(court.owner, case, "consent", agree=True), 409, "case_state_wrong")
    paper = await worker.get(f"/cases/{case['id']}/inspection-file.pdf")
    text = read_pdf(paper.content)
    assert "劳动保障监察投诉材料" in text
    assert "支付8月工资" in text
    assert "8月做满26天" in text

    other = await court.worker()
    case = await court.mediating(other)
    await court.do(case, "end", end_reason="far_apart", reason="双方差距过大")
    seen = await court.see(other, case)
    assert (seen["end_reason_label"], seen["state"]) == ("分歧过大", "ended")
    assert seen["exit_notice"] is not None
    refused(await court.step(case, "resume"), 409, "case_state_wrong")

    third = await court.worker()
    case = await court.taken(third)
    ok(await court.step(case, "withdraw", by=third))
    assert (await court.see(third, case))["end_reason"] == "withdrawn"


async def test_advised_out(court: Court) -> None:
    worker = await court.worker()
    case = await court.taken(worker)
    await court.do(case, "screen", cause="debt")
    await court.do(case, "advise-out", reason="对方在外省", routes=["court"])
    assert (await court.see(worker, case))["exit_notice"] is not None
    await court.do(case, "follow-up", reason="已告知")
    await court.do(case, "close")


async def test_suspended_extended_escalated(court: Court, world: World) -> None:
    worker = await court.worker()
    case = await court.mediating(worker, kind="neighbours")
    limit = await clock(court, worker, case, "mediation")
    await court.do(case, "suspend", reason="等待鉴定")
    assert (await clock(court, worker, case, "mediation"))["state"] == "stopped"
    assert (await clock(court, worker, case, "civil_limit"))["state"] == "running"
    await court.pass_time(timedelta(days=5), worker)
    await court.do(case, "resume")
    assert days(await clock(court, worker, case, "mediation"), limit) >= 5

    await court.do(case, "extension", days=10, reason="核对账目")
    refused(await court.step(case, "extension", days=5, reason="核对账目"), 409, "extension_open")
    ok(await court.say(worker, case, "extension/vote", agree=True))
    assert (await court.see(worker, case))["state"] == "mediating"
    ok(await court.say(court.owner, case, "extension/vote", agree=True))
    assert (await court.see(worker, case))["state"] == "extended"
    assert days(await clock(court, worker, case, "mediation"), limit) >= 15
    await court.do(case, "extension", days=10, reason="再核对账目")
    ok(await court.say(court.owner, case, "extension/vote", agree=False))
    refused(await court.say(worker, case, "extension/vote", agree=True), 409, "extension_none")
    refused(await court.step(case, "extension", days=31, reason="太长了"), 422, "extension_too_long")

    step = await court.do(case, "escalate", reason="企业不派人到场")
    assert step["level"] == "grid"
    assert "网格长" in step["told"]
    assert (await clock(court, worker, case, "escalation_answer"))["state"] == "running"
    refused(await court.step(case, "escalate", reason="企业不派人到场"), 409, "case_state_wrong")
    for level in ("village_or_park", "task_force", "conference", "city_leader"):
        await court.do(case, "resume")
        assert (await court.do(case, "escalate", reason="仍未到场"))["level"] == level
    await court.do(case, "resume")
    refused(await court.step(case, "escalate", reason="仍未到场"), 409, "escalation_at_top")


async def clock(court: Court, who: Someone, case: dict[str, Any], kind: str) -> dict[str, Any]:
    found = ok(await who.get(f"/cases/{case['id']}/deadlines"))["items"]
    return next(dict(one) for one in found if one["kind"] == kind)


def days(one: dict[str, Any], other: dict[str, Any]) -> int:
    return (date.fromisoformat(one["due_on"]) - date.fromisoformat(other["due_on"])).days


async def test_deadlines_are_told_and_go_up_the_ladder(court: Court, world: World) -> None:
    """Due soon, overdue, then whoever of the work team has claimed their record; numbers only."""
    head = await world.person()
    await world.claim_record(await world.admin(), head, "柯秀婷")
    worker = await court.worker()
    case = await court.taken(worker)
    await court.pass_time(timedelta(days=12), worker, head)
    mine = await told(worker, "dispute_deadline")
    assert any("决定是否受理" in one and "已过" in one for one in mine)
    await court.pass_time(timedelta(days=4), worker, head)
    theirs = await told(head, "dispute_deadline")
    assert any(case["number"] in one and "督促" in one for one in theirs)
    assert all("工资" not in one for one in theirs)
    count = len(await told(worker, "dispute_deadline"))
    await court.pass_time(timedelta(minutes=1), worker, head)
    assert len(await told(worker, "dispute_deadline")) == count
    log = ok(await court.manager.get(f"/cases/{case['id']}/events"))["items"]
    up = [one["told"] for one in log if one["kind"] == "escalation_told"]
    assert "逾期提级通知：村、园区党委（柯秀婷），因“决定是否受理”逾期" in up
    refused(await head.get(f"/cases/{case['id']}"), 404, "case_not_found")


async def test_a_manager_whose_office_ends_has_no_cases(court: Court, world: World) -> None:
    worker, other = await court.worker(), await world.person()
    await world.appoint(other, Role.CASE_MANAGER, ScopeKind.TOWN, None)
    case = await court.taken(worker)
    admin = await world.admin()
    held = ok(await admin.get("/appointments", person_id=court.manager.id))["items"]
    row = next(one for one in held if one["role"] == "case_manager")
    ok(await admin.post(f"/appointments/{row['id']}/end", {"expected_version": row["version"]}))
    refused(await court.manager.get(f"/cases/{case['id']}"), 404, "case_not_found")
    await court.pass_time(timedelta(minutes=1), worker, other)
    desk = ok(await other.get("/case-desk"))["items"]
    assert [one["number"] for one in desk] == [case["number"]]
    ok(await court.step(desk[0], "take", by=other))
    assert (await court.see(other, case))["standings"] == ["manager"]
