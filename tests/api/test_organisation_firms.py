"""Firms: registered by their handler, reviewed by an officer, verified until a day; an agency with its permit."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.models.organisation import Enterprise
from app.rules.identity.roles import ScopeKind
from app.tasks.sweeps import sweep, sweep_daily
from demo.steps import FIRM, fictional_credit_code
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY, column, nothing_stored
from tests.support.firms import NEW_CODE, NEW_FIRM, PERMIT, approved, day, papers, registered, second_officer
from tests.support.funnel import later, told
from tests.support.identity import auditor, entries
from tests.support.jobs import set_columns
from tests.support.uploads import look, pdf, uploaded

FIRMS: Any = Enterprise.__table__.c  # type: ignore[attr-defined]


async def label_of(reader: Someone, name: str = NEW_FIRM) -> tuple[str, str]:
    (row,) = ok(await reader.get("/enterprises", name=name))
    return row["state"], row["label"]


async def test_a_firm_is_registered_completed_reviewed_and_wears_its_label(world: World) -> None:
    officer, stranger, watcher = await world.officer(), await world.person(), await auditor(world)
    firm = await registered(world, licence_valid_to=day(world, 90))
    made = await firm.details()
    assert {key: made[key] for key in ("name", "uscc", "handler", "state", "label", "version", "verified_until")} == {
        "name": NEW_FIRM, "uscc": NEW_CODE, "handler": "王小测", "state": "draft", "label": "", "version": 1,
        "verified_until": None,
    }  # fmt: skip
    assert len(made["file_ids"]) == 2
    assert [(role["role"], role["scope_id"]) for role in ok(await firm.owner.get("/me"))["roles"]] == [
        ("owner", firm.id)
    ]
    form = await world.vacancy_form(firm.id)
    refused(await firm.owner.post("/vacancies", form), 422, "posting_refused")
    assert ok(await firm.act(firm.owner, "submit"))["state"] == "submitted"
    (task,) = ok(await officer.get("/tasks", kind="enterprise_review"))["items"]
    assert (task["subject_id"], NEW_FIRM in task["title"]) == (firm.id, True)
    assert task["due_at"] > task["created_at"]
    for file_id in made["file_ids"]:
        assert ok(await look(officer, file_id))["kind"] == "pdf"
    seen = ok(await firm.act(officer, "approve", how="counter"))
    until = day(world, 90)
    label = f"已核验（窗口核对原件，{day(world, 0)}，有效至{until}）"
    assert (seen["state"], seen["label"], seen["verified_until"]) == ("approved", label, until)
    assert await label_of(stranger) == ("approved", label)
    assert str(await column(world, FIRMS.approved_by, FIRMS.id == UUID(firm.id))) == officer.id
    assert ok(await officer.get("/tasks", kind="enterprise_review"))["items"] == []
    (notice,) = ok(await firm.owner.get("/me/notices"))["items"]
    assert (notice["kind"], NEW_FIRM in notice["body"]) == ("enterprise_reviewed", True)
    assert ok(await firm.owner.post("/vacancies", form))["vacancy"]["enterprise_label"] == label
    for act, who in (("enterprise_registered", firm.owner), ("enterprise_approved", officer)):
        assert [entry["actor_id"] for entry in await entries(watcher, act=act)] == [who.id]


async def test_what_is_missing_is_named_and_what_has_expired_is_not_taken(world: World) -> None:
    firm = await registered(world, bare=True, kind="agency")
    async with nothing_stored(world):
        body = refused(await firm.act(firm.owner, "submit"), 422, "enterprise_papers_missing", "licence_file_id")
    assert [issue["path"] for issue in body["fields"]] == ["licence_file_id", "authorisation_file_id", "licences"]
    assert "营业执照、授权委托书、人力资源服务或劳务派遣许可证" in body["message"]
    form = await papers(firm.owner, authorisation_valid_to=day(world, -1), expected_version=1)
    changed = ok(await firm.owner.put(f"/enterprises/{firm.id}", form))
    assert (changed["kind"], changed["version"], len(changed["file_ids"])) == ("employer", 2, 2)
    async with nothing_stored(world):
        body = refused(await firm.act(firm.owner, "submit"), 422, "paper_expired")
        assert "授权委托书" in body["message"]
        refused(await firm.owner.put(f"/enterprises/{firm.id}", form), 409, "stale", "expected_version")
    # The last day counts.
    ok(await firm.owner.put(f"/enterprises/{firm.id}", form | {
        "authorisation_valid_to": day(world, 0), "licence_valid_to": day(world, 0), "expected_version": 2,
    }))  # fmt: skip
    assert ok(await firm.act(firm.owner, "submit"))["state"] == "submitted"
    async with nothing_stored(world):
        refused(
            await firm.owner.put(f"/enterprises/{firm.id}", form | {"expected_version": 4}),
            409,
            "enterprise_state_wrong",
        )
        refused(await firm.act(firm.owner, "submit"), 409, "enterprise_state_wrong")


async def test_a_returned_form_is_mended_and_submitted_again(world: World) -> None:
    officer = await world.officer()
    firm = await registered(world)
    async with nothing_stored(world):
        refused(await firm.act(officer, "approve"), 409, "enterprise_state_wrong")
        refused(await firm.act(officer, "return", reason="名称不符"), 409, "enterprise_state_wrong")
    ok(await firm.act(firm.owner, "submit"))
    returned = ok(await firm.act(officer, "return", reason="营业执照名称与登记不符"))
    assert (returned["state"], returned["returned_because"], returned["label"]) == (
        "returned",
        "营业执照名称与登记不符",
        "",
    )
    (notice,) = ok(await firm.owner.get("/me/notices"))["items"]
    assert "营业执照名称与登记不符" in notice["body"]
    # The papers that lie with it already need not be shown again.
    form = await papers(firm.owner, bare=True, name="石狮市新测制衣有限公司", expected_version=returned["version"])
    ok(await firm.owner.put(f"/enterprises/{firm.id}", form))
    again = ok(await firm.act(firm.owner, "submit"))
    assert (again["state"], again["returned_because"], again["name"]) == ("submitted", None, "石狮市新测制衣有限公司")
    assert ok(await firm.act(officer, "approve"))["state"] == "approved"
    # What is suspended is lifted by its own act, and nothing approves what nobody submitted.
    seeded = ok(await firm.owner.get("/enterprises", name=FIRM))[0]
    async with nothing_stored(world):
        unclaimed = await officer.post(f"/enterprises/{seeded['id']}/approve", {"expected_version": 1})
        refused(unclaimed, 409, "enterprise_state_wrong")
        for verb, more in (("approve", {}), ("return", {"reason": "再看看"})):
            refused(await firm.act(officer, verb, **more), 409, "enterprise_state_wrong")


async def test_a_name_or_code_that_is_known_is_not_registered_twice(world: World) -> None:
    firm = await registered(world, bare=True)
    other = await world.person()
    mine, theirs = await papers(other), await papers(firm.owner)
    code = fictional_credit_code("91350581MA0DEM0YY")
    alias = "石狮市华联服装配件企业有限公司"
    async with nothing_stored(world):
        for name in (FIRM, alias, NEW_FIRM):
            refused(
                await other.post("/enterprises", mine | {"name": name, "uscc": code}),
                409,
                "enterprise_name_taken",
                "name",
            )
        taken = mine | {"name": "石狮市另一服装有限公司"}
        refused(await other.post("/enterprises", taken), 409, "credit_code_taken", "uscc")
        refused(await other.post("/enterprises", taken | {"uscc": code[:-1]}), 422, "credit_code_invalid", "uscc")
        # Another person's papers are nobody's to show.
        stolen = taken | {"uscc": code, "licence_file_id": theirs["licence_file_id"]}
        refused(await other.post("/enterprises", stolen), 422, "file_unusable")
        swapped = taken | {"uscc": code, "licence_file_id": mine["authorisation_file_id"]}
        refused(await other.post("/enterprises", swapped), 422, "file_unusable")
    ok(await other.post("/enterprises", taken | {"uscc": code}))


async def test_who_reads_a_form_and_who_decides_on_it(world: World) -> None:
    firm, officer, stranger, admin = (
        await registered(world),
        await world.officer(),
        await world.person(),
        await world.admin(),
    )
    path = f"/enterprises/{firm.id}"
    assert (await firm.details(officer))["handler"] == "王小测"
    form = await papers(stranger, bare=True, expected_version=1)
    async with nothing_stored(world):
        for someone in (stranger, admin):
            refused(await someone.get(path), 404, "enterprise_not_found")
            refused(await someone.post(f"{path}/approve", {"expected_version": 1}), 403, "forbidden")
        refused(await stranger.put(path, form), 403, "forbidden")
        refused(await officer.post(f"{path}/submit", {"expected_version": 1}), 403, "forbidden")
        refused(
            await officer.post(f"/enterprises/{NOBODY}/approve", {"expected_version": 1}), 404, "enterprise_not_found"
        )
        refused(await firm.act(officer, "approve", expected_version=7), 409, "stale", "expected_version")
    # Another firm's owner holds the permission, and not for this one.
    code = fictional_credit_code("91350581MA0DEM0YY")
    other = await registered(world, bare=True, name="石狮市另一服装有限公司", uscc=code)
    async with nothing_stored(world):
        refused(await other.owner.put(path, form), 404, "enterprise_not_found")
        refused(await other.owner.get(path), 404, "enterprise_not_found")
    # An officer does not review the firm that they registered, nor one in which they hold a post.
    second = await second_officer(world)
    ok(await firm.act(firm.owner, "submit"))
    await world.appoint(second, "recruiter", ScopeKind.ENTERPRISE, firm.id)  # type: ignore[arg-type]
    async with nothing_stored(world):
        refused(await firm.act(second, "approve"), 403, "self_review")


async def test_a_right_ends_with_the_letter_that_gave_it(world: World) -> None:
    officer, person = await world.officer(), await world.person()
    firm = ok(await person.get("/enterprises", name=FIRM))[0]
    code = fictional_credit_code()
    letter = await uploaded(person, pdf(), purpose="authorisation")
    form = {"uscc": code, "role": "owner", "authorisation_file_id": letter["file_id"]}
    path = f"/enterprises/{firm['id']}/claims"
    async with nothing_stored(world):
        refused(await person.post(path, form | {"authorisation_valid_to": day(world, -1)}), 422, "paper_expired")
        refused(await person.post(path, form | {"role": "trainer"}), 422, "claim_role_wrong", "role")
    claim = ok(await person.post(path, form | {"authorisation_valid_to": day(world, 1)}))
    assert (claim["role"], claim["authorisation_valid_to"]) == ("owner", day(world, 1))
    ok(await officer.post(f"/enterprise-claims/{claim['id']}/approve", {"expected_version": 1}))
    (member,) = ok(await person.get(f"/enterprises/{firm['id']}/members"))
    assert member["valid_to"] == f"{day(world, 2)}T00:00:00+08:00"
    # Ten in the morning: the day after tomorrow begins in 38 hours.
    world.clock.advance(timedelta(hours=38) - timedelta(seconds=1))
    person = await world.person(person.name)
    assert len(ok(await person.get(f"/enterprises/{firm['id']}/members"))) == 1
    world.clock.advance(timedelta(seconds=1))
    refused(await person.get(f"/enterprises/{firm['id']}/members"), 403, "forbidden")
    assert ok(await person.get("/me"))["roles"] == []


async def test_the_right_of_who_registered_by_letter_ends_with_it_too(world: World) -> None:
    firm = await approved(world, authorisation_valid_to=day(world, 1))
    assert (
        ok(await firm.owner.get("/me/notices"))["items"][0]["body"]
        == f"您对“{NEW_FIRM}”的登记已通过核对，可以发布岗位。"
    )
    (member,) = ok(await firm.owner.get(f"/enterprises/{firm.id}/members"))
    assert member["valid_to"] == f"{day(world, 2)}T00:00:00+08:00"
    world.clock.advance(timedelta(days=2))
    owner = await world.person(firm.owner.name)
    refused(await owner.get(f"/enterprises/{firm.id}/members"), 403, "forbidden")


async def test_an_agency_publishes_only_while_its_permit_is_seen_and_valid(world: World) -> None:
    officer = await world.officer()
    agency = await approved(world, kind="agency", authorisation_valid_to=day(world, 900))
    label = f"已核验（核对上传的证照，{day(world, 0)}，有效至{day(world, 100)}）；人力资源服务许可证 {PERMIT}"
    assert await label_of(agency.owner) == ("approved", label)
    named = await world.vacancy_form(agency.id, using_firm="石狮市用工服装有限公司")
    body = refused(await agency.owner.post("/vacancies", named | {"using_firm": None}), 422, "posting_refused")
    assert "using_firm" in [issue["path"] for issue in body["fields"]]
    held = ok(await agency.owner.post("/vacancies", named | {"duties": "缝制服装 SBX_REVIEW。"}))["vacancy"]
    assert ok(await agency.owner.post("/vacancies", named))["vacancy"]["state"] == "published"
    # A renewed permit counts once an officer has seen it.
    renewed = ok(await agency.permit(500))
    assert renewed["verified"] is False
    refused(await agency.owner.post("/vacancies", named), 422, "posting_refused")
    publish = {"note": "", "expected_version": held["version"]}
    async with nothing_stored(world):
        refused(await officer.post(f"/vacancies/{held['id']}/approve", publish), 409, "vacancy_state_wrong")
    (task,) = ok(await officer.get("/tasks", kind="enterprise_review"))["items"]
    assert "人力资源服务许可证" in task["title"]
    assert ok(await agency.act(officer, "confirm-papers"))["licences"][0]["verified"] is True
    assert ok(await officer.get("/tasks", kind="enterprise_review"))["items"] == []
    assert ok(await agency.owner.post("/vacancies", named))["vacancy"]["state"] == "published"
    world.clock.advance(timedelta(days=501))
    owner = await world.person(agency.owner.name)
    late = named | {"valid_until": day(world, 20)}
    refused(await owner.post("/vacancies", late), 422, "posting_refused")


async def test_what_an_agency_posted_is_paused_when_its_permit_has_ended(world: World) -> None:
    officer = await world.officer()
    agency = await approved(world, kind="agency", authorisation_valid_to=day(world, 900))
    ok(await agency.permit(20))
    ok(await agency.act(officer, "confirm-papers"))
    form = await world.vacancy_form(agency.id, using_firm="石狮市用工服装有限公司", valid_until=day(world, 60))
    posted = ok(await agency.owner.post("/vacancies", form))["vacancy"]
    recruiter, firm = await world.firm()
    other = await world.vacancy(recruiter, firm)
    # Its last day still counts.
    await later(world, timedelta(days=20), agency.owner, officer)
    assert (await sweep(world.runtime))["unlicensed_paused"] == 0
    await later(world, timedelta(days=1), agency.owner, officer)
    assert (await sweep(world.runtime))["unlicensed_paused"] == 1
    row = ok(await agency.owner.get(f"/vacancies/{posted['id']}"))
    assert (row["state"], row["review_note"]) == ("paused", "许可证已到期")
    assert [item["id"] for item in ok(await world.anonymous.get("/vacancies"))["items"]] == [other["id"]]
    bodies = [body for body in await told(agency.owner, "papers_expiring") if "已到期" in body]
    assert len(bodies) == 1
    assert "招聘中的 1 个岗位已暂停" in bodies[0]
    # Told once; and nobody goes round it by resuming, nor with a permit that no officer has seen.
    assert (await sweep(world.runtime))["unlicensed_paused"] == 0
    assert len(await told(agency.owner, "papers_expiring")) == len(bodies)
    resume = {"expected_version": row["version"]}
    again = f"/vacancies/{posted['id']}/resume"
    body = refused(await agency.owner.post(again, resume), 409, "vacancy_state_wrong")
    assert "许可证已到期或未经核对" in body["message"]
    ok(await agency.permit(300))
    refused(await agency.owner.post(again, resume), 409, "vacancy_state_wrong")
    ok(await agency.act(officer, "confirm-papers"))
    assert ok(await agency.owner.post(again, resume))["state"] == "published"
    # A renewal handed in ahead of time leaves standing what was lawful when it was posted.
    ok(await agency.permit(310))
    assert (await sweep(world.runtime))["unlicensed_paused"] == 0


async def test_permits_that_cannot_be(world: World) -> None:
    employer, code = await registered(world, bare=True), fictional_credit_code("91350581MA0DEM0YY")
    agency = await registered(world, bare=True, kind="agency", name="石狮市新测人力资源有限公司", uscc=code)
    refused(await employer.permit(100), 422, "licence_not_needed", "kind")
    refused(await agency.permit(-1), 422, "paper_expired")
    wrong = await uploaded(agency.owner, pdf(), purpose="licence")
    form = {"number": PERMIT, "valid_to": day(world, 9), "file_id": wrong["file_id"]}
    path = f"/enterprises/{agency.id}/licences/hr_service"
    async with nothing_stored(world):
        refused(await agency.owner.put(path, form), 422, "file_unusable")
        refused(await employer.owner.put(path, form), 404, "enterprise_not_found")
        refused(await agency.owner.put(path.replace("hr_service", "other"), form), 422, "invalid_fields", "path.kind")
    assert ok(await agency.permit(0, "labour_dispatch"))["kind_label"] == "劳务派遣经营许可证"


async def test_papers_that_end_are_announced_and_looked_at_again(world: World) -> None:
    firm, officer = await approved(world), await world.officer()
    await set_columns(world, Enterprise, firm.id, verified_until=world.clock.now().date() + timedelta(days=40))
    told = len(ok(await firm.owner.get("/me/notices"))["items"])
    assert await sweep_daily(world.runtime)
    assert len(ok(await firm.owner.get("/me/notices"))["items"]) == told
    world.clock.advance(timedelta(days=10))
    owner, officer = await world.person(firm.owner.name), await world.person(officer.name)
    # Once, whichever worker comes first and how often it comes.
    assert [await sweep_daily(world.runtime) for _ in range(3)] == [True, False, False]
    notices = ok(await owner.get("/me/notices"))["items"]
    assert (len(notices), notices[0]["kind"]) == (told + 1, "papers_expiring")
    assert day(world, 30) in notices[0]["body"]
    assert (await sweep(world.runtime))["papers_expired"] == 0
    world.clock.advance(timedelta(days=31))
    assert (await sweep(world.runtime))["papers_expired"] == 1
    assert (await sweep(world.runtime))["papers_expired"] == 0
    officer = await world.person(officer.name)
    (task,) = ok(await officer.get("/tasks", kind="papers_expired"))["items"]
    assert task["subject_id"] == firm.id
    version = ok(await officer.get(f"/enterprises/{firm.id}"))["version"]
    path = f"/enterprises/{firm.id}/confirm-papers"
    confirmed = ok(await officer.post(path, {"expected_version": version}))
    assert confirmed["verified_until"] == day(world, 365)
    assert ok(await officer.get("/tasks", kind="papers_expired"))["items"] == []
