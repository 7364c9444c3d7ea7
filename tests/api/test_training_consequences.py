"""What training leads to: skills in both registrations with consent, points, taken back again; reports; accounts that end."""

import io
from datetime import datetime, timedelta
from typing import Any

import openpyxl
import pytest

from app.rules.identity.roles import Role
from tests.factories.world import Someone, World, ok, refused
from tests.support.funnel import told
from tests.support.gig_people import born, registered, worker_form
from tests.support.jobs import approved_firm, key
from tests.support.points import Office
from tests.support.privacy import acting, relative_of
from tests.support.training import ELECTRICIAN, School, open_school
from tests.support.uploads import uploaded


@pytest.fixture
async def school(world: World) -> School:
    return await open_school(world)


async def points_office(school: School) -> Office:
    people = [await school.world.person(), await school.world.person()]
    for person in people:
        await school.world.appoint(person, Role.POINTS_OFFICER)
    office = Office(school.world, *people)
    await office.budget()
    await office.rule(code="class_passed", text="培训合格", fact="class_passed", points=10)
    return office


async def balance(person: Someone) -> int:
    return int(ok(await person.get("/me/points"))["available"])


async def skills(person: Someone) -> list[tuple[str, int, str]]:
    row = ok(await person.get("/me/worker-profile"))
    return [(one["process_code"], one["level"], one["proof"]) for one in row["skills"]]


async def proven(person: Someone) -> list[str]:
    return [one["word"] for one in ok(await person.get("/me/seeker-profile"))["proven"]]


async def explained(person: Someone, vacancy_id: str) -> str:
    return str(ok(await person.get(f"/me/recommended-vacancies/{vacancy_id}")))


async def vacancy(school: School, **changes: Any) -> dict[str, Any]:
    hiring = await approved_firm(school.world)
    return await hiring.post(
        title="电工", occupation_code=ELECTRICIAN, duties="维修厂区电路。", **changes
    )  # fmt: skip


async def test_a_pass_strengthens_both_registrations_and_earns_points_until_it_is_revoked(school: School) -> None:
    await points_office(school)
    posting = await vacancy(school, required_certificates=["电工证"])
    person = await school.world.seeker()
    await registered(school.world, person, skills=[{"process_code": ELECTRICIAN, "level": 1}], companions=[])
    assert "岗位必须有电工证，您的求职登记里没有" in await explained(person, posting["id"])
    await school.world.consent(person, "skill_profile")
    (held,) = await school.certified(await school.course(title="电工（初级）"), person)
    assert await proven(person) == ["电工证"]
    assert await skills(person) == [(ELECTRICIAN, 2, "certificate")]
    assert await balance(person) == 10
    entries = ok(await person.get("/me/points/entries"))["items"]
    assert [entry["told"] for entry in entries] == ["培训合格：电工（初级）"]
    assert "持有经核验的“电工证”（电工（初级）培训合格）" in await explained(person, posting["id"])
    done = ok(await school.move(f"/training/certificates/{held['id']}/revoke", held, reason="考勤登记有误"))
    assert done["state"] == "revoked"
    assert await proven(person) == []
    assert await skills(person) == [(ELECTRICIAN, 1, "claimed")]
    assert await balance(person) == 0
    assert [entry["points"] for entry in ok(await person.get("/me/points/entries"))["items"]] == [-10, 10]
    assert "岗位必须有电工证，您的求职登记里没有" in await explained(person, posting["id"])


async def test_nothing_is_written_without_consent_and_it_goes_with_the_consent(school: School) -> None:
    person = await school.world.seeker()
    await registered(school.world, person, skills=[], companions=[])
    (held,) = await school.certified(await school.course(), person)
    assert (await proven(person), await skills(person)) == ([], [])
    await school.world.consent(person, "skill_profile")
    await school.world.consent(person, "skill_profile")
    assert (await proven(person), await skills(person)) == (["电工证"], [(ELECTRICIAN, 2, "certificate")])
    assert (await person.call("DELETE", "/me/consents/skill_profile")).status_code == 204
    assert (await proven(person), await skills(person)) == ([], [])
    assert ok(await person.get(f"/training/certificates/{held['id']}"))["state"] == "issued"


async def test_who_registers_after_the_certificate_finds_it_there(school: School) -> None:
    person = await school.learner()
    await school.world.consent(person, "skill_profile")
    await school.certified(await school.course(valid_years=1), person)
    form = {"wanted": [ELECTRICIAN]}
    assert ok(await person.put("/me/seeker-profile", form))["proven"][0]["level"] == "junior"
    await registered(school.world, person, skills=[], companions=[])
    assert await skills(person) == [(ELECTRICIAN, 2, "certificate")]
    # Their own higher word stands alone: the certificate's end takes nothing of it.
    row = ok(await person.get("/me/worker-profile"))
    higher = worker_form(
        skills=[{"process_code": ELECTRICIAN, "level": 4}], companions=[], expected_version=row["version"]
    )
    ok(await person.put("/me/worker-profile", higher))
    await school.pass_time(school.world.clock.now() + timedelta(days=370), person)
    assert (await proven(person), await skills(person)) == ([], [(ELECTRICIAN, 4, "claimed")])


async def test_the_trade_alone_is_a_reason_and_party_study_earns_nothing(school: School) -> None:
    await points_office(school)
    posting = await vacancy(school)
    person = await school.world.seeker()
    await school.world.consent(person, "skill_profile")
    await school.certified(await school.course(title="电工（初级）", skill_word=None), person)
    assert "电工（初级）培训合格，与岗位对口" in await explained(person, posting["id"])
    assert await balance(person) == 10
    member = await school.learner()
    await school.certified(
        await school.course(brand="party", occupation_code=None, process_code=None, gig_level=None), member
    )
    assert await balance(member) == 0


async def test_a_firm_sees_only_the_entries_it_made(school: School) -> None:
    owner, firm = await school.world.firm()
    await school.world.appoint(owner, Role.OWNER, "enterprise", firm)  # type: ignore[arg-type]
    two = await school.listed(owner, firm, 2)
    course = await school.course(provider_id=ok(await owner.get("/training/providers"))["items"][0]["id"])
    made = await school.open_class(course, provider_id=course["provider_id"], cost_fen=60_000, subsidised=False)
    form = {"enterprise_id": firm, "mode": "all", "person_ids": [one.id for one in two]}
    group = ok(await owner.post(f"/training/classes/{made['id']}/groups", form, key=key()))
    # Privately, another class, by one of them: none of the firm's business.
    own = await school.seat(two[0], await school.open_class(course, school.session(8)))
    await school.pass_time(datetime.fromisoformat(made["last_at"]), *two, owner)
    ok(await school.mark(made, "present", *group["entries"]))
    ok(await school.results(made, *[(entry, score) for entry, score in zip(group["entries"], (90, 30), strict=True)]))
    ok(await school.move(f"/training/classes/{made['id']}/complete", await school.get(made)))
    period = {"since": str(school.at(-1).date()), "until": str(school.at(30).date())}
    report = ok(await owner.get(f"/training/firms/{firm}/report", **period))
    assert (report["entries"], report["passed"], report["hours"]) == (2, 1, 8)
    assert {line["person_name"] for line in report["items"]} == {"林*梅"}
    assert own["id"] not in str(report)
    sheet = await owner.get(f"/training/firms/{firm}/report.xlsx", **period)
    page = openpyxl.load_workbook(io.BytesIO(sheet.content)).active
    assert page is not None
    assert [cell.value for cell in page[1]] == ["开课日期", "培训班", "姓名", "结果", "学时", "分数"]
    assert {page.cell(row, 3).value for row in (2, 3)} == {"林*梅"}
    stranger = await school.learner()
    refused(await stranger.get(f"/training/firms/{firm}/report", **period), 403, "forbidden")
    refused(await owner.get(f"/training/firms/{stranger.id}/report", **period), 404, "enterprise_not_found")
    backwards = {"since": period["until"], "until": period["since"]}
    refused(await owner.get(f"/training/firms/{firm}/report", **backwards), 422, "report_period_wrong")
    path = f"/training/providers/{course['provider_id']}/report"
    of_provider = ok(await school.officer.get(path, **period))
    assert (of_provider["classes"], of_provider["heads"], of_provider["passed"], of_provider["pass_share"]) == (
        1,
        2,
        1,
        50,
    )
    (line,) = of_provider["items"]
    # 600 yuan for 4 学时 and two people; fewer than 20 学时 are not subsidised at all.
    assert (line["hour_cost_fen"], line["ceiling_fen"]) == (7500, 0)
    assert line["told"] == "每人每学时75元，超过补贴上限25元"
    assert line["ceiling_told"] == "全班4学时，不到补贴要求的20学时"
    assert (await school.officer.get(f"{path}.xlsx", **period)).status_code == 200
    roster = await school.trainer.get(f"/training/classes/{made['id']}/roster.xlsx")
    listed = openpyxl.load_workbook(io.BytesIO(roster.content)).active
    assert listed is not None
    assert [listed.cell(row, 2).value for row in (2, 3)] == ["林小梅", "林小梅"]


async def test_a_roster_file_is_read_by_name_and_phone_and_wrong_columns_are_named(school: School) -> None:
    owner, firm = await school.world.firm()
    await school.world.appoint(owner, Role.OWNER, "enterprise", firm)  # type: ignore[arg-type]
    made = await school.open_class(await school.course())
    two = await school.listed(owner, firm, 2)
    for number, person in enumerate(two):
        code = school.world.sandbox.phone_code(person.app, person.name, f"1385000010{number}")
        ok(await person.post("/me/phone", {"code": code}))
    template = await owner.get(f"/training/firms/{firm}/roster-template.xlsx")
    page = openpyxl.load_workbook(io.BytesIO(template.content)).active
    assert page is not None
    assert [cell.value for cell in page[1]] == ["姓名", "手机号"]

    async def send(*rows: tuple[Any, ...]) -> Any:
        book = openpyxl.Workbook()
        assert book.active is not None
        for row in rows:
            book.active.append(row)
        out = io.BytesIO()
        book.save(out)
        file = await uploaded(owner, out.getvalue(), purpose="training_roster", name="名单.xlsx")
        form = {"enterprise_id": firm, "mode": "partly", "file_id": file["file_id"]}
        return await owner.post(f"/training/classes/{made['id']}/group-file", form, key=key())

    head = ("姓名", "手机号")
    for rows, words in (
        ([("名字", "电话"), ("林小梅", "13850000100")], "第1行应为"),
        ([(*head, "身份证号"), ("林小梅", "13850000100", "1")], "第1行应为"),
        ([head], "没有名单"), ([head, ("林小梅", "138")], "第2行：手机号应为11位数字"),
        ([head, ("", "13850000100")], "没有填写姓名"),
        ([head, ("林小梅", "13850000100"), ("林小梅", "13850000999")], "第3行：本企业名单上没有"),
        ([head, *[("林小梅", "13850000100")] * 51], "一次最多50行"),
    ):  # fmt: skip
        body = refused(await send(*rows), 422, "roster_file_wrong", "file_id")
        assert words in body["message"]
        assert "林小梅" not in body["message"]
    assert (await school.get(made))["free"] == 30
    done = ok(await send(head, ("林小梅", 13850000100), ("林小梅", "138 5000 0101")))
    assert {entry["state"] for entry in done["entries"]} == {"enrolled"}


async def test_an_agent_enrols_a_villager_and_the_villager_is_told(school: School) -> None:
    made = await school.open_class(await school.course())
    person, agent = await school.learner(), await school.learner()
    representation = await relative_of(person, agent, "relative", "training")
    entry = await school.seat(acting(agent, representation), made)
    assert entry["person_id"] == person.id
    assert (await school.entry(person, entry))["state"] == "enrolled"
    assert len(await told(person, "training_seat")) == 1


async def test_an_account_that_ends_gives_up_its_seats_and_its_name(school: School) -> None:
    person = await school.learner()
    (held,) = await school.certified(await school.course(), person)
    waiting = await school.learner()
    made = await school.open_class(await school.course(), school.session(20), capacity=1)
    await school.seat(person, made)
    next_one = await school.seat(waiting, made)
    demand = {"asker": "person", "wish": "想学叉车", "heads": 1}
    mine = ok(await person.post("/training/demands", demand, key=key()))
    ok(await person.post("/me/deletion", {"confirm": "注销"}))
    assert (await school.entry(waiting, next_one))["state"] == "offered"
    seen = ok(await school.world.api.get(f"/api/v1/training/verify/{held['number']}"))
    assert (seen["holder"], seen["valid"]) == (None, True)
    gone = ok(await school.officer.get(f"/training/demands/{mine['id']}"))
    assert (gone["state"], gone["wish"]) == ("declined", None)


async def test_who_takes_back_the_consent_to_the_service_gives_up_the_seat(school: School) -> None:
    person, waiting = await school.learner(), await school.learner()
    made = await school.open_class(await school.course(), capacity=1)
    await school.seat(person, made)
    entry = await school.seat(waiting, made)
    assert (await person.call("DELETE", "/me/consents/service")).status_code == 204
    assert (await school.entry(waiting, entry))["state"] == "offered"


async def test_a_merged_record_has_one_seat_and_its_certificates(school: School) -> None:
    world, name = school.world, "林小梅"
    world.sandbox.post("/_sbx/persons", person=name, no_unionid=True)
    first = await world.person(name)
    world.sandbox.post("/_sbx/persons", person=name, no_unionid=False)
    second = await world.person(name, "linggong")
    for person in (first, second):
        await world.consent(person, "service")
    await born(world, first, 30)
    (held,) = await school.certified(await school.course(), first)
    second = await world.person(name, "linggong")
    await world.consent(second, "skill_profile")
    ok(await second.put("/me/seeker-profile", {"wanted": [ELECTRICIAN]}))
    made = await school.open_class(await school.course(), school.session(20), capacity=2)
    for person in (first, second):
        await school.seat(person, made)
    waiting = await school.learner()
    entry = await school.seat(waiting, made)
    admin = await world.person((await world.admin()).name)
    assert (await admin.post(f"/people/{first.id}/merge", {"into": second.id})).status_code == 204
    assert (await school.entry(waiting, entry))["state"] == "offered"
    assert await proven(second) == ["电工证"]
    assert [one["id"] for one in ok(await second.get("/training/my-certificates"))["items"]] == [held["id"]]
