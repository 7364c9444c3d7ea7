"""举报: who may report what, the clock in working days, the office's answer, and what follows from it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.core.clock import FixedClock
from app.core.settings import Settings
from app.models.common import Report
from app.rules.common.reports import REPORT_NEXT, ReportState, ReportStateError, check_report_transition
from app.rules.identity.roles import Role, ScopeKind
from demo.steps import FIRM
from tests.factories.world import Someone, World, ok, refused
from tests.support.api import NOBODY, column, count, nothing_stored
from tests.support.identity import auditor, disable, entries
from tests.support.jobs import Hiring, counted, key
from tests.support.uploads import pdf, uploaded

REPORTS: Any = Report.__table__.c  # type: ignore[attr-defined]
TEXT = "面试时要交300元服装费"
REPLY = "经核实收取服装费，已下架并责令退还。"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The allowance of a day is tested elsewhere; here the number of open reports is."""
    return settings.model_copy(update={"rate_limits": {"report": "1000/60"}})


async def report(person: Someone, kind: str, subject: str, **changes: Any) -> httpx.Response:
    form = {"subject_kind": kind, "subject_id": subject, "reason": "fee", "text": TEXT} | changes
    return await person.post("/reports", form, key=key())


async def decide(officer: Someone, made: dict[str, Any], *, uphold: bool, version: int | None = None) -> httpx.Response:
    form = {"uphold": uphold, "reply": REPLY, "expected_version": version or made["version"]}
    return await officer.post(f"/reports/{made['id']}/decide", form)


async def test_a_report_is_taken_answered_and_its_posting_leaves_the_lists(world: World, hiring: Hiring) -> None:
    officer, person, watcher = await world.officer(), await world.person(), await auditor(world)
    vacancy = await hiring.post()
    proof = await uploaded(person, pdf())
    answer = await report(person, "vacancy", vacancy["id"], file_ids=[proof["file_id"]])
    made = ok(answer)
    assert answer.status_code == 201
    assert {k: made[k] for k in ("state", "state_label", "reason_label", "text", "file_ids", "reply", "actions")} == {
        "state": "submitted", "state_label": "已提交", "reason_label": "收取押金或费用", "text": TEXT,
        "file_ids": [proof["file_id"]], "reply": None, "actions": [],
    }  # fmt: skip
    (task,) = ok(await officer.get("/tasks", kind="report"))["items"]
    assert (task["subject_id"], task["due_at"]) == (made["id"], made["first_due_at"])
    taken = ok(await officer.post(f"/reports/{made['id']}/take", {"expected_version": 1}))
    assert (taken["state"], taken["version"], taken["text"]) == ("handling", 2, TEXT)
    decided = ok(await decide(officer, taken, uphold=True))
    assert (decided["state"], decided["reply"]) == ("upheld", REPLY)
    assert [action["allowed"] for action in decided["actions"]] == [False, False]
    assert vacancy["id"] not in [row["id"] for row in ok(await person.get("/vacancies"))["items"]]
    refused(await person.get(f"/vacancies/{vacancy['id']}"), 404, "vacancy_not_found")
    (mine,) = ok(await person.get("/me/reports"))["items"]
    assert (mine["reply"], mine["version"]) == (REPLY, 3)
    told = ok(await person.get("/me/notices"))["items"]
    assert [row["kind"] for row in told] == ["report_answered"] * 2
    # What is on a lock screen says nothing of the matter.
    assert all(REPLY not in row["body"] and TEXT not in row["body"] for row in told)
    assert ok(await officer.get("/tasks", kind="report"))["items"] == []
    acts = [await entries(watcher, act=act) for act in ("reported", "report_taken", "report_upheld")]
    assert [(len(found), found[0]["actor_id"]) for found in acts] == [(1, person.id), (1, officer.id), (1, officer.id)]
    # Words and answer lie sealed.
    assert TEXT.encode() not in await column(world, REPORTS.text_sealed)


async def test_who_sees_a_report(world: World, hiring: Hiring) -> None:
    person, partial = await world.person(), await world.person()
    area = ok(await world.anonymous.get("/areas"))[0]["id"]
    await world.appoint(partial, Role.JOBS_OFFICER, ScopeKind.AREA, area)
    made = ok(await report(person, "enterprise", hiring.firm_id))
    officer = await world.officer()
    (seen,) = ok(await officer.get("/reports"))["items"]
    # The office judges the thing, not who reported it.
    assert person.id not in str(seen)
    assert [action["allowed"] for action in seen["actions"]] == [True, True]
    assert ok(await officer.get("/reports", state="handling"))["items"] == []
    assert ok(await hiring.recruiter.get("/me/reports"))["items"] == []
    async with nothing_stored(world):
        for someone in (person, partial, hiring.recruiter, await world.admin()):
            refused(await someone.get("/reports"), 403, "forbidden")
            refused(await someone.post(f"/reports/{made['id']}/take", {"expected_version": 1}), 403, "forbidden")
            refused(await decide(someone, made, uphold=True), 403, "forbidden")
        refused(await world.anonymous.get("/me/reports"), 401, "token_invalid")
        refused(await report(world.anonymous, "enterprise", hiring.firm_id), 401, "token_invalid")


async def test_what_one_does_not_see_one_does_not_report(world: World, hiring: Hiring) -> None:
    person, other, gone = await world.person(), await world.person(), await world.person()
    draft = await hiring.post(submit=False)
    paper = await uploaded(other, pdf(), purpose="licence")
    ok(await disable(await world.admin(), gone))
    (notice,) = ok(await hiring.recruiter.get("/me/notices"))["items"]
    invisible = [
        ("vacancy", draft["id"]), ("vacancy", NOBODY), ("enterprise", NOBODY), ("person", NOBODY), ("person", gone.id),
        ("file", paper["file_id"]), ("file", NOBODY), ("notice", notice["id"]), ("notice", NOBODY),
    ]  # fmt: skip
    async with nothing_stored(world):
        for kind, subject in invisible:
            refused(await report(person, kind, subject), 404, "report_subject_not_found")
        refused(await report(person, "person", person.id), 422, "report_of_oneself", "subject_id")
        for wrong in ({"reason": "bored"}, {"subject_kind": "town"}, {"text": "字" * 1001}, {"subject_id": "1"}):
            answer = await report(person, "person", other.id, **wrong)
            refused(answer, 422, "invalid_fields", next(iter(wrong)))
        form = {"subject_kind": "person", "subject_id": other.id, "reason": "fee"}
        refused(await person.post("/reports", form), 422, "idempotency_key_missing")
    for kind, subject in (("person", other.id), ("enterprise", hiring.firm_id)):
        ok(await report(person, kind, subject, text=""))
    ok(await report(other, "file", paper["file_id"]))
    ok(await report(hiring.recruiter, "notice", notice["id"]))


async def test_the_same_thing_is_reported_once_at_a_time(world: World, hiring: Hiring) -> None:
    officer, person, other = await world.officer(), await world.person(), await world.person()
    first = ok(await report(person, "enterprise", hiring.firm_id))
    async with nothing_stored(world):
        refused(await report(person, "enterprise", hiring.firm_id, reason="false"), 409, "report_repeated")
    # Another person's complaint of the same thing is another complaint.
    ok(await report(other, "enterprise", hiring.firm_id))
    ok(await decide(officer, first, uphold=False))
    (notice, *_) = ok(await person.get("/me/notices"))["items"]
    assert notice["title"] == "举报处理进展"
    second = ok(await report(person, "enterprise", hiring.firm_id))
    assert second["id"] != first["id"]
    # A firm's fate is an act of its own: upheld words alone change nothing of it.
    ok(await decide(officer, second, uphold=True))
    assert ok(await person.get("/enterprises", name=FIRM))[0]["state"] == "approved"


async def test_twenty_open_reports_are_enough_for_one_person(world: World) -> None:
    officer, person = await world.officer(), await world.person()
    firms = [firm["id"] for firm in ok(await person.get("/enterprises", name="公司"))][:10]
    subjects = [*(("enterprise", firm) for firm in firms), *[("person", (await world.person()).id) for _ in range(10)]]
    made = [ok(await report(person, *subject)) for subject in subjects]
    async with nothing_stored(world):
        body = refused(await report(person, "person", officer.id), 409, "reports_open")
    assert "20 条" in body["message"]
    ok(await decide(officer, made[0], uphold=False))
    ok(await report(person, "person", officer.id))
    # A page of them costs what one costs.
    for reader, path in ((person, "/me/reports"), (officer, "/reports")):
        taken = []
        for limit in (1, 20):
            with counted(world.runtime.db.reader) as statements:
                assert len(ok(await reader.get(path, limit=limit))["items"]) == limit
            taken.append(len(statements))
        assert taken[0] == taken[1], path


async def test_who_reported_or_is_reported_does_not_judge(world: World) -> None:
    officer, second, person = await world.officer(), await world.person(), await world.person()
    await world.appoint(second, Role.GIGS_OFFICER)
    theirs, of_them = ok(await report(officer, "person", person.id)), ok(await report(person, "person", officer.id))
    async with nothing_stored(world):
        for made in (theirs, of_them):
            refused(await officer.post(f"/reports/{made['id']}/take", {"expected_version": 1}), 403, "self_review")
            refused(await decide(officer, made, uphold=False), 403, "self_review")
        refused(await decide(second, of_them, uphold=False, version=7), 409, "stale", "expected_version")
        refused(await second.post(f"/reports/{NOBODY}/take", {"expected_version": 1}), 404, "report_not_found")
    assert ok(await decide(second, of_them, uphold=False))["state"] == "dismissed"
    async with nothing_stored(world):
        answer = await second.post(f"/reports/{of_them['id']}/take", {"expected_version": 2})
        assert "不属实" in refused(answer, 409, "report_state_wrong")["message"]
        refused(await decide(second, of_them, uphold=True, version=2), 409, "report_state_wrong")


async def test_a_reported_picture_is_gone_when_it_was_rightly_reported(world: World) -> None:
    officer, person = await world.officer(), await world.person()
    paper = await uploaded(person, pdf())
    made = ok(await report(person, "file", paper["file_id"]))
    ok(await decide(officer, made, uphold=True))
    gone = ok(await person.get(f"/files/{paper['file_id']}"))
    assert (gone["state"], gone["url"], gone["refused_because"]) == ("refused", None, "经举报核实后删除")


@pytest.mark.parametrize("state", list(ReportState))
def test_a_report_moves_only_forwards(state: ReportState) -> None:
    for target in ReportState:
        if target in REPORT_NEXT[state]:
            check_report_transition(state, target)
        else:
            with pytest.raises(ReportStateError) as raised:
                check_report_transition(state, target)
            assert state.label in raised.value.text
    assert (REPORT_NEXT[state] == frozenset()) == (state in {ReportState.UPHELD, ReportState.DISMISSED})


class TestClock:
    @pytest.fixture
    def clock(self) -> FixedClock:
        return FixedClock(datetime(2026, 4, 30, 15, 59, tzinfo=UTC))

    async def test_the_clock_counts_working_days_as_they_are_published(self, world: World, clock: FixedClock) -> None:
        """Thursday, 23:59, before May Day: Friday to Tuesday are off, and the Saturday after them is worked."""
        person = await world.person()
        firms = [row["id"] for row in ok(await person.get("/enterprises", name="公司"))]
        made = ok(await report(person, "enterprise", firms[0]))
        assert (made["first_due_at"], made["due_at"]) == ("2026-05-07T00:00:00+08:00", "2026-05-12T00:00:00+08:00")
        assert made["due_provisional"] is False
        # A minute past midnight is another day, though a day off.
        clock.advance(timedelta(minutes=2))
        later = ok(await report(person, "enterprise", firms[1]))
        assert later["first_due_at"] == made["first_due_at"]
        # Whether a year without a published plan is in between, is said.
        clock.advance(timedelta(days=365 * 4))
        person = await world.person(person.name)
        far = ok(await report(person, "enterprise", firms[2]))
        assert far["due_provisional"] is True
        assert await count(world, Report.__table__) == 3  # type: ignore[attr-defined]
