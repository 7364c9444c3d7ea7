"""Hours over HTTP: stated, agreed, silent, argued about, taken to mediation; whole shifts; the clock's sheet."""

import asyncio
import io
import json
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from sqlmodel import select

from app.core import events
from app.core.clock import CHINA
from app.core.events import Event
from app.models.gigs import Assignment, MediationReferral, Shift, SiteMark, Timesheet
from app.rules.gigs.offers import AssignmentState
from app.rules.gigs.terms import GigPayUnit, Side
from app.services.gigs.events import TimesheetPayable, WagesClaimed
from app.tasks.sweeps import sweep
from tests.factories.world import Someone, World, ok, refused
from tests.support import gigs
from tests.support.funnel import later
from tests.support.gig_people import taken
from tests.support.gigs import FLAT_SEAM, Floor
from tests.support.identity import version_of
from tests.support.jobs import Hiring, count, counted, key
from tests.support.uploads import uploaded

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)
PIECES = [
    {"style": "款A", "process_code": FLAT_SEAM, "rate_fen": 85, "per_quantity": 1, "hourly_output": 30},
    {"style": "款B", "process_code": FLAT_SEAM, "rate_fen": 120, "per_quantity": 1, "hourly_output": 20},
]
Row = dict[str, Any]


@pytest.fixture
async def floor(world: World, hiring: Hiring) -> Floor:
    return await gigs.floor(world, hiring)


@pytest.fixture
async def shift(world: World, floor: Floor) -> Shift:
    """Ended an hour ago: eight hours and one hour's break."""
    return await gigs.shift(floor, await gigs.order(floor), world.clock.now() - 10 * HOUR)


async def done(world: World, floor: Floor, shift: Shift, worker: Someone | None = None) -> tuple[Someone, Row]:
    """Somebody whose dispatcher has checked them in and out, and the open sheet as the firm sees it."""
    person = worker or await gigs.worker(world)
    seat = await taken(world, person, shift)
    for kind, at in (("in", shift.starts_at), ("out", shift.ends_at)):
        form = {"kind": kind, "at": at.isoformat(), "reason": "手机没电"}
        ok(await floor.dispatcher.post(f"/assignments/{seat.id}/marks", form, key=key()))
    sheets = ok(await floor.dispatcher.get("/timesheets", shift_id=str(shift.id), limit=100))["items"]
    return person, next(sheet for sheet in sheets if sheet["assignment_id"] == str(seat.id))


async def act(someone: Someone, row: Row, verb: str, *, mine: bool = False, **more: Any) -> Any:
    path = f"/{'me/' if mine else ''}timesheets/{row['id']}/{verb}"
    return await someone.post(path, {"expected_version": row["version"]} | more, key=key())


async def piece_shift(world: World, floor: Floor) -> Shift:
    order = await gigs.order(floor, pay_unit=GigPayUnit.PIECE, hour_fen=None, piece_lines=PIECES)
    return await gigs.shift(floor, order, world.clock.now() - 10 * HOUR)


def listening(monkeypatch: pytest.MonkeyPatch, kind: type[Event]) -> list[Any]:
    """What is told of this kind from now on."""
    heard: list[Any] = []

    async def hear(session: Any, event: Event) -> None:
        del session
        heard.append(event)

    monkeypatch.setitem(events._handlers, kind, [*events._handlers.get(kind, []), hear])
    return heard


def allowed(row: Row) -> set[str]:
    return {action["action"] for action in row["actions"] if action["allowed"]}


async def test_one_states_and_the_other_agrees(world: World, floor: Floor, shift: Shift) -> None:
    worker, row = await done(world, floor, shift)
    assert (row["state"], row["suggested_minutes"], allowed(row)) == ("open", 480, {"record"})
    stated = ok(await act(floor.dispatcher, row, "record", minutes=480))
    assert (stated["state"], stated["firm"]["text"], stated["stated_by"]) == ("stated", "8小时", "firm")
    refused(await act(floor.dispatcher, stated, "agree"), 409, "not_your_turn")
    mine = ok(await worker.get(f"/me/timesheets/{row['id']}"))
    assert (mine["name"], allowed(mine)) == (None, {"record", "agree"})
    agreed = ok(await act(worker, mine, "agree", mine=True))
    assert (agreed["state"], agreed["final"]["minutes"], allowed(agreed)) == ("agreed", 480, set())
    refused(await act(worker, agreed, "agree", mine=True), 409, "timesheet_state_wrong")
    refused(await act(worker, agreed, "record", mine=True, minutes=500, reason="再加"), 409, "timesheet_state_wrong")
    titles = [notice["title"] for notice in ok(await worker.get("/me/notices"))["items"]]
    assert "请确认工时" in titles


async def test_the_same_record_twice_is_an_agreement(world: World, floor: Floor, shift: Shift) -> None:
    worker, row = await done(world, floor, shift)
    stated = ok(await act(worker, row, "record", mine=True, minutes=470))
    # Its author may still put it right.
    stated = ok(await act(worker, stated, "record", mine=True, minutes=480))
    assert ok(await act(floor.dispatcher, stated, "record", minutes=480))["state"] == "agreed"


async def test_both_at_once_is_one_first_statement(world: World, floor: Floor, shift: Shift) -> None:
    worker, row = await done(world, floor, shift)
    answers = await asyncio.gather(
        act(floor.dispatcher, row, "record", minutes=480), act(worker, row, "record", mine=True, minutes=480)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_forty_eight_hours_of_silence(world: World, floor: Floor, shift: Shift) -> None:
    worker, row = await done(world, floor, shift)
    stated = ok(await act(worker, row, "record", mine=True, minutes=500))
    await later(world, timedelta(hours=47, minutes=59), worker, floor.dispatcher)
    assert (await sweep(world.runtime))["timesheets_stood"] == 0
    await later(world, timedelta(minutes=1), worker, floor.dispatcher)
    assert (await sweep(world.runtime))["timesheets_stood"] == 1
    stands = ok(await floor.dispatcher.get(f"/timesheets/{row['id']}"))
    assert (stands["state"], stands["final"]["minutes"]) == ("provisional", 500)
    # Not the last word: the firm may still differ, and what both accept stays.
    refused(await act(floor.dispatcher, stated, "record", minutes=480, reason="早退"), 409, "stale")
    differs = ok(await act(floor.dispatcher, stands, "record", minutes=480, reason="早退20分钟"))
    assert (differs["state"], differs["final"]["minutes"]) == ("disputed", 480)


async def test_nobody_states_anything(world: World, floor: Floor, shift: Shift) -> None:
    worker, _ = await done(world, floor, shift)
    await later(world, timedelta(hours=48), worker)
    assert (await sweep(world.runtime))["timesheets_asked"] == 1
    assert (await sweep(world.runtime))["timesheets_asked"] == 0
    assert any("双方都还没有填写" in notice["body"] for notice in ok(await worker.get("/me/notices"))["items"])


async def disputed(world: World, floor: Floor, shift: Shift) -> tuple[Someone, Row]:
    worker, row = await done(world, floor, shift)
    stated = ok(await act(floor.dispatcher, row, "record", minutes=450))
    refused(await act(worker, stated, "record", mine=True, minutes=480), 422, "difference_reason_missing", "reason")
    return worker, ok(await act(worker, stated, "record", mine=True, minutes=480, reason="没有停电半小时"))


async def test_a_difference_answered_and_agreed(world: World, floor: Floor, shift: Shift) -> None:
    worker, row = await disputed(world, floor, shift)
    assert (row["final"]["minutes"], row["difference"]["state"]) == (450, "open")
    refused(await act(worker, row, "mediate", mine=True), 409, "answer_first")
    refused(await act(worker, row, "answer", mine=True, accept=True), 409, "not_your_turn")
    refused(await act(floor.dispatcher, row, "answer", accept=False), 422, "invalid_fields", "minutes")
    answered = ok(await act(floor.dispatcher, row, "answer", accept=False, minutes=465, words="停电一刻钟"))
    # What the firm offers now is argued about by nobody any more.
    assert (answered["final"]["minutes"], answered["difference"]["offered"]["minutes"]) == (465, 465)
    assert ok(await worker.get(f"/me/timesheets/{row['id']}"))["difference"]["answer"] == "停电一刻钟"
    closed = ok(await act(worker, answered, "answer", mine=True, accept=True))
    assert (closed["state"], closed["final"]["minutes"], closed["difference"]["state"]) == ("agreed", 465, "agreed")
    assert (closed["firm"]["minutes"], closed["worker"]["minutes"]) == (465, 465)
    refused(await act(worker, closed, "mediate", mine=True), 404, "difference_not_found")


async def test_the_firm_accepts_what_is_claimed(world: World, floor: Floor, shift: Shift) -> None:
    _, row = await disputed(world, floor, shift)
    closed = ok(await act(floor.dispatcher, row, "answer", accept=True))
    assert (closed["state"], closed["final"]["minutes"]) == ("agreed", 480)


async def test_mediation_takes_the_facts_along(
    world: World, floor: Floor, shift: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = listening(monkeypatch, WagesClaimed)
    worker, row = await disputed(world, floor, shift)
    await later(world, timedelta(days=2, seconds=1), worker, floor.dispatcher)
    assert (await sweep(world.runtime))["differences_told"] == 1
    assert (await sweep(world.runtime))["differences_told"] == 0
    referred = ok(await act(worker, row, "mediate", mine=True))
    assert (referred["state"], referred["difference"]["state"]) == ("referred", "referred")
    async with world.runtime.db.reading() as session:
        referral = (await session.exec(select(MediationReferral))).one()
    sealed = world.crypto.open_text("mediation_referral", "facts", referral.id, referral.facts_sealed)
    facts = json.loads(sealed)
    assert (facts["firm"]["minutes"], facts["worker"]["minutes"], facts["undisputed"]["minutes"]) == (450, 480, 450)
    assert (facts["reason"], facts["terms"]["hour_fen"], len(facts["marks"])) == ("没有停电半小时", 2500, 2)
    assert referral.chosen_by is Side.WORKER
    assert len(claims) == 2
    # The two may still agree.
    closed = ok(await act(floor.dispatcher, referred, "answer", accept=True))
    assert (closed["state"], closed["final"]["minutes"]) == ("agreed", 480)


async def test_a_firm_chooses_mediation(world: World, floor: Floor, shift: Shift) -> None:
    worker, row = await disputed(world, floor, shift)
    answered = ok(await act(floor.dispatcher, row, "answer", accept=False, minutes=450, words="就是450"))
    assert ok(await act(floor.dispatcher, answered, "mediate"))["state"] == "referred"
    assert any("选择了调解" in notice["body"] for notice in ok(await worker.get("/me/notices"))["items"])


async def test_pieces(world: World, floor: Floor) -> None:
    worker, row = await done(world, floor, await piece_shift(world, floor))
    line = {"style": "款A", "process_code": FLAT_SEAM, "quantity": 200}
    odd = line | {"style": "款C"}
    refused(await act(floor.dispatcher, row, "record", minutes=480, pieces=[odd]), 422, "piece_line_unknown", "pieces")
    refused(
        await act(floor.dispatcher, row, "record", minutes=480, pieces=[line, line]), 422, "piece_line_twice", "pieces"
    )
    stated = ok(await act(floor.dispatcher, row, "record", minutes=480, pieces=[line]))
    more = [line | {"quantity": 230}, line | {"style": "款B", "quantity": 10}]
    differs = ok(await act(worker, stated, "record", mine=True, minutes=480, pieces=more, reason="少记了30件"))
    assert differs["final"]["pieces"] == [line]
    hourly, sheet = await done(
        world, floor, await gigs.shift(floor, await gigs.order(floor), world.clock.now() - 10 * HOUR)
    )
    refused(await act(hourly, sheet, "record", mine=True, minutes=480, pieces=[line]), 422, "pieces_not_paid", "pieces")


async def test_a_whole_shift_at_once(world: World, floor: Floor, shift: Shift) -> None:
    people = [await gigs.worker(world) for _ in range(3)]
    seats = [await taken(world, person, shift) for person in people]
    lines = [{"assignment_id": str(seat.id), "minutes": 480 - number} for number, seat in enumerate(seats)]

    async def send(*rows: Row, shift_id: Any = None) -> Any:
        path = f"/shifts/{shift_id or shift.id}/timesheets"
        return await floor.dispatcher.post(path, {"lines": list(rows)}, key=key())

    foreign = await taken(world, people[0], await gigs.shift(floor, await gigs.order(floor), world.clock.now() + HOUR))
    refused(await send(*lines, {"assignment_id": str(foreign.id), "minutes": 1}), 404, "assignment_not_found")
    assert await count(world, Timesheet) == 0
    made = ok(await send(*lines))
    assert [row["firm"]["minutes"] for row in made] == [480, 479, 478]
    # What a person has stated first waits for an answer of its own.
    agreed = ok(await act(people[0], made[0], "agree", mine=True))
    again = ok(await send(*[line | {"minutes": 470} for line in lines]))
    assert [row["firm"]["minutes"] for row in again] == [480, 470, 470]
    assert again[0]["version"] == agreed["version"]
    ahead = await gigs.shift(floor, await gigs.order(floor), world.clock.now() + HOUR)
    seat = await taken(world, people[1], ahead)
    refused(await send({"assignment_id": str(seat.id), "minutes": 480}, shift_id=ahead.id), 409, "shift_not_over")


async def test_strangers_see_no_sheet(world: World, floor: Floor, shift: Shift) -> None:
    _, row = await done(world, floor, shift)
    stranger = await gigs.worker(world)
    refused(await stranger.get(f"/me/timesheets/{row['id']}"), 404, "timesheet_not_found")
    refused(await act(stranger, row, "record", mine=True, minutes=480), 404, "timesheet_not_found")
    refused(await act(stranger, row, "record", minutes=480), 403, "forbidden")
    assert ok(await stranger.get("/me/timesheets"))["items"] == []


async def test_lists_cost_the_same_for_one_sheet_and_for_ten(world: World, floor: Floor, shift: Shift) -> None:
    await done(world, floor, shift)

    async def cost() -> int:
        with counted(world.runtime.db.reader) as seen:
            ok(await floor.dispatcher.get("/timesheets", limit=50))
        return len(seen)

    one = await cost()
    for _ in range(9):
        await done(world, floor, shift)
    assert await cost() == one


def workbook(*rows: list[Any], head: list[str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(head or ["日期", "姓名", "手机后四位", "签到", "签退", "工时（小时）", "款式", "件数", "部门"])
    for row in rows:
        page.append(row)
    with io.BytesIO() as out:
        book.save(out)
        return out.getvalue()


async def imported(floor: Floor, content: bytes) -> Any:
    file = await uploaded(floor.dispatcher, content, "考勤.xlsx", purpose="timesheet_import")
    form = {"file_id": file["file_id"], "file_name": "考勤.xlsx"}
    return await floor.dispatcher.post(f"/enterprises/{floor.firm_id}/timesheet-imports", form, key=key())


async def name_of(floor: Floor, shift: Shift, seat: Assignment) -> str:
    people = ok(await floor.dispatcher.get(f"/shifts/{shift.id}/people"))["people"]
    return str(next(one["name"] for one in people if one["assignment_id"] == str(seat.id)))


async def test_a_clocks_sheet(world: World, floor: Floor, shift: Shift) -> None:
    people = [await gigs.worker(world) for _ in range(5)]
    for person, name in zip(people, ("林小梅", "王阿芬", "蔡阿美", "陈美丽", "陈美丽"), strict=True):
        form = {"name": name, "birth_date": "1988-03-12", "expected_version": await version_of(world, person)}
        ok(await person.put("/me/profile", form))
    seats = [await taken(world, person, shift) for person in people[:2]]
    missing = await taken(world, people[2], shift, AssignmentState.NO_SHOW)
    day = str(shift.day)
    for person in people[3:]:
        await taken(world, person, shift)
    names = [await name_of(floor, shift, seat) for seat in (*seats, missing)]
    template = await floor.dispatcher.get(f"/enterprises/{floor.firm_id}/timesheet-template", day=day)
    page = openpyxl.load_workbook(io.BytesIO(template.content)).active
    assert page is not None
    assert [page.cell(row, 1).value for row in range(2, 7)] == [day] * 5
    assert {str(page.cell(row, 2).value) for row in range(2, 7)} == {*names, "陈美丽"}
    local = shift.starts_at.astimezone(CHINA)
    end = shift.ends_at.astimezone(CHINA)
    job = ok(
        await imported(
            floor,
            workbook(
                [day, names[0], None, f"{local:%H:%M}", f"{end:%H:%M}", None, None, None, "一车间"],
                [day, names[1], None, None, None, 7.5],
                [day, names[2], None, f"{local:%H:%M}", f"{end:%H:%M}", None],
                [day, "查无此人", None, "08:00", "17:00"],
                [day, names[0], None, "8点", "17:00"],
                [day, "陈美丽", None, "08:00", "17:00"],
            ),
        )
    )
    assert (job["rows"], job["accepted"], [row["cell"] for row in job["errors"]]) == (6, 3, ["B5", "D6", "B7"])
    assert "查无此人" not in json.dumps(job, ensure_ascii=False)
    sheets = ok(await floor.dispatcher.get("/timesheets", shift_id=str(shift.id)))["items"]
    by_seat = {row["assignment_id"]: row for row in sheets}
    assert [by_seat[str(seat.id)]["firm"]["minutes"] for seat in (*seats, missing)] == [480, 450, 480]
    assert await count(world, SiteMark, SiteMark.method == "import") == 4
    # The clock saw who was called missing.
    async with world.runtime.db.reading() as session:
        assert (await session.get_one(Assignment, missing.id)).state is AssignmentState.DONE
    # The same sheet again corrects itself and marks nobody twice.
    assert await count(world, SiteMark) == 4
    assert ok(await floor.dispatcher.get(f"/timesheet-imports/{job['id']}")) == job
    assert [row["id"] for row in ok(await floor.dispatcher.get(f"/enterprises/{floor.firm_id}/timesheet-imports"))] == [
        job["id"]
    ]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("content", "word"),
    [
        (workbook(["2026-11-30", "林小梅", "8"], head=["日期", "姓名", "总工时"]), "表头应有"),
        (workbook(), "没有考勤记录"),
        (workbook(head=["工号", "姓名", "签到", "签退"]), "表头缺少“日期”"),
    ],
)  # fmt: skip
async def test_a_sheet_of_another_kind(world: World, floor: Floor, content: bytes, word: str) -> None:
    job = ok(await imported(floor, content))
    assert word in job["errors"][0]["message"]
    assert (job["accepted"], await count(world, Timesheet)) == (0, 0)


async def test_a_file_of_somebody_else(world: World, floor: Floor) -> None:
    other = await world.person(app="linggong")
    file = await uploaded(other, workbook(), "考勤.xlsx", purpose="timesheet_import")
    form = {"file_id": file["file_id"], "file_name": "考勤.xlsx"}
    path = f"/enterprises/{floor.firm_id}/timesheet-imports"
    refused(await floor.dispatcher.post(path, form, key=key()), 422, "file_unusable")


async def test_wages_hear_of_every_change(
    world: World, floor: Floor, shift: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = listening(monkeypatch, TimesheetPayable)
    _, row = await disputed(world, floor, shift)
    answered = ok(await act(floor.dispatcher, row, "answer", accept=False, minutes=460, words="停电二十分钟"))
    ok(await act(floor.dispatcher, answered, "answer", accept=True))
    assert [event.provisional for event in heard] == [False] * 3
